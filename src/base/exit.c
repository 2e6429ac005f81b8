#include "base/exit.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct hd__exit_hook *hooks;

static void stop_all(void) {
    pthread_mutex_lock(&mutex);
    for (struct hd__exit_hook *hook = hooks; hook; hook = hook->next)
        hook->stop(hook->user);
    pthread_mutex_unlock(&mutex);
}

static void before_fork(void) {
    pthread_mutex_lock(&mutex);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&mutex);
}

/* The threads of the listed objects are in the parent. */
static void after_fork_in_child(void) {
    hooks = NULL;
    pthread_mutex_unlock(&mutex);
}

static void prepare(void) {
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    atexit(stop_all);
}

void hd__exit_prepare(void) {
    pthread_once(&once, prepare);
}

void hd__exit_add(struct hd__exit_hook *hook) {
    pthread_mutex_lock(&mutex);
    hook->previous = NULL;
    hook->next = hooks;
    if (hooks)
        hooks->previous = hook;
    hooks = hook;
    pthread_mutex_unlock(&mutex);
}

void hd__exit_remove(struct hd__exit_hook *hook) {
    pthread_mutex_lock(&mutex);
    *(hook->previous ? &hook->previous->next : &hooks) = hook->next;
    if (hook->next)
        hook->next->previous = hook->previous;
    pthread_mutex_unlock(&mutex);
}
