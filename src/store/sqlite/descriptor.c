#include "store/sqlite/descriptor.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hd__descriptor *descriptors;
static pthread_once_t once = PTHREAD_ONCE_INIT;

void hd__descriptors_hold(void) {
    pthread_mutex_lock(&mutex);
}

void hd__descriptors_let_go(void) {
    pthread_mutex_unlock(&mutex);
}

/* In the child. */
static void close_all(void) {
    for (struct hd__descriptor *descriptor = descriptors; descriptor; descriptor = descriptor->next) {
        close(descriptor->fd);
        descriptor->fd = -1;
    }
    descriptors = NULL;
    pthread_mutex_unlock(&mutex);
}

static void watch_forks(void) {
    pthread_atfork(hd__descriptors_hold, hd__descriptors_let_go, close_all);
}

void hd__descriptor_init(struct hd__descriptor *descriptor) {
    *descriptor = (struct hd__descriptor){.fd = -1};
    pthread_once(&once, watch_forks);
}

void hd__descriptor_set(struct hd__descriptor *descriptor, int fd) {
    if (fd < 0)
        return;
    *descriptor = (struct hd__descriptor){.next = descriptors, .fd = fd};
    if (descriptors)
        descriptors->previous = descriptor;
    descriptors = descriptor;
}

void hd__descriptor_close(struct hd__descriptor *descriptor) {
    if (descriptor->fd < 0)
        return;
    if (descriptor->previous)
        descriptor->previous->next = descriptor->next;
    else
        descriptors = descriptor->next;
    if (descriptor->next)
        descriptor->next->previous = descriptor->previous;
    close(descriptor->fd);
    *descriptor = (struct hd__descriptor){.fd = -1};
}
