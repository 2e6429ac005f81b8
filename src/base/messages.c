#include "base/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message {
    int level;
    char text[HD_MESSAGE_SIZE];
};

struct hd__messages {
    pthread_mutex_t mutex;
    struct hd__notifier *notifier;
    struct message *ring; /* message number n is at index n % capacity */
    size_t capacity;
    uint64_t first, next; /* numbers of the oldest one that is there, and of the one to come */
    uint64_t lost;        /* that were right before the oldest one */
};

struct hd__messages *hd__messages_new(size_t count, struct hd__notifier *notifier) {
    struct hd__messages *messages = calloc(1, sizeof *messages);
    if (!messages)
        return NULL;
    messages->ring = calloc(count, sizeof *messages->ring);
    if (!messages->ring || pthread_mutex_init(&messages->mutex, NULL) != 0) {
        free(messages->ring);
        free(messages);
        return NULL;
    }
    messages->notifier = notifier;
    messages->capacity = count;
    return messages;
}

void hd__messages_free(struct hd__messages *messages) {
    if (!messages)
        return;
    pthread_mutex_destroy(&messages->mutex);
    free(messages->ring);
    free(messages);
}

static void notify(struct hd__messages *messages) {
    hd__notifier_set(messages->notifier, HD__NOTIFY_MESSAGE, messages->first != messages->next);
}

static void put(struct message *message, int level, const char *text) {
    message->level = level;
    (void)snprintf(message->text, sizeof message->text, "%s", text);
}

void hd__messages_add(struct hd__messages *messages, int level, const char *text) {
    pthread_mutex_lock(&messages->mutex);
    if (messages->next - messages->first == messages->capacity) {
        messages->first++;
        messages->lost++;
    }
    put(&messages->ring[messages->next++ % messages->capacity], level, text);
    notify(messages);
    pthread_mutex_unlock(&messages->mutex);
}

static void take(struct hd__messages *messages, struct message *message) {
    if (messages->lost > 0) {
        char text[HD_MESSAGE_SIZE];
        (void)snprintf(text, sizeof text, "%llu messages are missing here: there was no room for them",
                       (unsigned long long)messages->lost);
        put(message, HD_LEVEL_WARNING, text);
        messages->lost = 0;
        return;
    }
    *message = messages->ring[messages->first++ % messages->capacity];
}

int hd__messages_take(struct hd__messages *messages, int *level, char text[HD_MESSAGE_SIZE]) {
    struct message message;
    pthread_mutex_lock(&messages->mutex);
    int is_there = messages->first != messages->next;
    if (is_there)
        take(messages, &message);
    notify(messages);
    pthread_mutex_unlock(&messages->mutex);
    if (!is_there)
        return 0;
    *level = message.level;
    memcpy(text, message.text, sizeof message.text);
    return 1;
}

void hd__messages_notify(struct hd__messages *messages) {
    pthread_mutex_lock(&messages->mutex);
    notify(messages);
    pthread_mutex_unlock(&messages->mutex);
}
