#include "replay.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FORGOTTEN SIZE_MAX

struct entry {
    unsigned char digest[HD__REPLAY_DIGEST_SIZE];
    size_t next; /* in its bucket: index + 1; 0 for none; FORGOTTEN if it is in no bucket any more */
};

struct hd__replay {
    pthread_mutex_t mutex;
    struct entry *entries; /* a ring */
    size_t *buckets;       /* index + 1 of the first entry */
    size_t capacity, count, oldest;
};

struct hd__replay *hd__replay_new(size_t capacity) {
    struct hd__replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return NULL;
    replay->capacity = capacity;
    replay->entries = calloc(capacity, sizeof replay->entries[0]);
    replay->buckets = calloc(capacity, sizeof replay->buckets[0]);
    if (replay->entries && replay->buckets && pthread_mutex_init(&replay->mutex, NULL) == 0)
        return replay;
    free(replay->entries);
    free(replay->buckets);
    free(replay);
    return NULL;
}

void hd__replay_free(struct hd__replay *replay) {
    if (!replay)
        return;
    pthread_mutex_destroy(&replay->mutex);
    free(replay->entries);
    free(replay->buckets);
    free(replay);
}

static size_t *bucket_of(struct hd__replay *replay, const unsigned char *digest) {
    uint64_t hash;
    memcpy(&hash, digest, sizeof hash);
    return &replay->buckets[hash % replay->capacity];
}

/* Its index + 1; 0 if it is not there. */
static size_t find(struct hd__replay *replay, const unsigned char *digest) {
    size_t at = *bucket_of(replay, digest);
    while (at && memcmp(replay->entries[at - 1].digest, digest, HD__REPLAY_DIGEST_SIZE) != 0)
        at = replay->entries[at - 1].next;
    return at;
}

/* It keeps its place in the ring until it is the oldest. */
static void take_from_bucket(struct hd__replay *replay, size_t index) {
    struct entry *entry = &replay->entries[index];
    size_t *at = bucket_of(replay, entry->digest);
    while (*at != index + 1)
        at = &replay->entries[*at - 1].next;
    *at = entry->next;
    entry->next = FORGOTTEN;
}

static void drop_oldest(struct hd__replay *replay) {
    if (replay->entries[replay->oldest].next != FORGOTTEN)
        take_from_bucket(replay, replay->oldest);
    replay->oldest = (replay->oldest + 1) % replay->capacity;
    replay->count--;
}

static void remember(struct hd__replay *replay, const unsigned char *digest) {
    if (replay->count == replay->capacity)
        drop_oldest(replay);
    size_t index = (replay->oldest + replay->count++) % replay->capacity;
    size_t *bucket = bucket_of(replay, digest);
    memcpy(replay->entries[index].digest, digest, HD__REPLAY_DIGEST_SIZE);
    replay->entries[index].next = *bucket;
    *bucket = index + 1;
}

int hd__replay_seen(struct hd__replay *replay, const unsigned char digest[HD__REPLAY_DIGEST_SIZE]) {
    pthread_mutex_lock(&replay->mutex);
    int seen = find(replay, digest) != 0;
    if (!seen)
        remember(replay, digest);
    pthread_mutex_unlock(&replay->mutex);
    return seen;
}

void hd__replay_forget(struct hd__replay *replay, const unsigned char digest[HD__REPLAY_DIGEST_SIZE]) {
    pthread_mutex_lock(&replay->mutex);
    size_t at = find(replay, digest);
    if (at)
        take_from_bucket(replay, at - 1);
    pthread_mutex_unlock(&replay->mutex);
}
