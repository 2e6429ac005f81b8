#include "replay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* Places are numbers, which are half as large as pointers. */
struct entry {
    struct hd__mark mark;
    uint32_t next_in_bucket; /* of an unused one: the next unused one */
    uint32_t older, newer;
};

struct hd__replay {
    atomic_uint references;
    pthread_mutex_t mutex;
    struct entry *entries;
    uint32_t *buckets; /* the first of each */
    uint32_t capacity;
    uint32_t oldest, newest, unused;
};

struct hd__replay *hd__replay_new(size_t capacity) {
    struct hd__replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return NULL;
    replay->capacity = (uint32_t)capacity;
    replay->entries = calloc(capacity, sizeof replay->entries[0]);
    replay->buckets = calloc(capacity, sizeof replay->buckets[0]);
    if (!replay->entries || !replay->buckets || pthread_mutex_init(&replay->mutex, NULL) != 0) {
        free(replay->entries);
        free(replay->buckets);
        free(replay);
        return NULL;
    }
    atomic_init(&replay->references, 1);
    replay->oldest = replay->newest = NONE;
    for (uint32_t i = 0; i < replay->capacity; i++) {
        replay->buckets[i] = NONE;
        replay->entries[i].next_in_bucket = i + 1 < replay->capacity ? i + 1 : NONE;
    }
    return replay;
}

struct hd__replay *hd__replay_ref(struct hd__replay *replay) {
    atomic_fetch_add_explicit(&replay->references, 1, memory_order_relaxed);
    return replay;
}

void hd__replay_unref(struct hd__replay *replay) {
    if (!replay || atomic_fetch_sub_explicit(&replay->references, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_destroy(&replay->mutex);
    free(replay->entries);
    free(replay->buckets);
    free(replay);
}

static uint32_t *bucket_of(struct hd__replay *replay, const struct hd__mark *mark) {
    uint64_t hash;
    memcpy(&hash, mark->bytes, sizeof hash);
    return &replay->buckets[hash % replay->capacity];
}

static uint32_t find(struct hd__replay *replay, const struct hd__mark *mark) {
    uint32_t at = *bucket_of(replay, mark);
    while (at != NONE && memcmp(&replay->entries[at].mark, mark, sizeof *mark) != 0)
        at = replay->entries[at].next_in_bucket;
    return at;
}

static void take_from_bucket(struct hd__replay *replay, uint32_t place) {
    struct entry *entry = &replay->entries[place];
    uint32_t *at = bucket_of(replay, &entry->mark);
    while (*at != place)
        at = &replay->entries[*at].next_in_bucket;
    *at = entry->next_in_bucket;
}

static void drop(struct hd__replay *replay, uint32_t place) {
    struct entry *entry = &replay->entries[place];
    take_from_bucket(replay, place);
    *(entry->older != NONE ? &replay->entries[entry->older].newer : &replay->oldest) = entry->newer;
    *(entry->newer != NONE ? &replay->entries[entry->newer].older : &replay->newest) = entry->older;
    entry->next_in_bucket = replay->unused;
    replay->unused = place;
}

static void remember(struct hd__replay *replay, const struct hd__mark *mark) {
    if (replay->unused == NONE)
        drop(replay, replay->oldest);
    uint32_t place = replay->unused, *bucket = bucket_of(replay, mark);
    struct entry *entry = &replay->entries[place];
    replay->unused = entry->next_in_bucket;
    *entry = (struct entry){.mark = *mark, .next_in_bucket = *bucket, .older = replay->newest, .newer = NONE};
    *(replay->newest != NONE ? &replay->entries[replay->newest].newer : &replay->oldest) = place;
    replay->newest = place;
    *bucket = place;
}

int hd__replay_admit(struct hd__replay *replay, const struct hd__mark *marks, size_t count) {
    int is_new = 1;
    pthread_mutex_lock(&replay->mutex);
    for (size_t i = 0; i < count; i++)
        is_new = is_new && find(replay, &marks[i]) == NONE;
    for (size_t i = 0; i < count && is_new; i++)
        remember(replay, &marks[i]);
    pthread_mutex_unlock(&replay->mutex);
    return is_new;
}

void hd__replay_forget(struct hd__replay *replay, const struct hd__mark *marks, size_t count) {
    pthread_mutex_lock(&replay->mutex);
    for (size_t i = 0; i < count; i++) {
        uint32_t place = find(replay, &marks[i]);
        if (place != NONE)
            drop(replay, place);
    }
    pthread_mutex_unlock(&replay->mutex);
}
