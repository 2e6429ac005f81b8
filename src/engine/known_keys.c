#include "engine/known_keys.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 256

struct hd__known_key {
    struct hd__known_key *next_same_hash, *newer, *older;
    uint64_t hash;
    int64_t at_us;
    unsigned char id[HD__UUID_BYTES];
    char text[]; /* project, NUL, key, NUL */
};

int hd__known_keys_init(struct hd__known_keys *keys, const struct hd__clock *clock) {
    *keys = (struct hd__known_keys){.clock = clock, .bucket_count = BUCKETS_AT_FIRST};
    keys->buckets = calloc(keys->bucket_count, sizeof(struct hd__known_key *));
    if (!keys->buckets)
        return HD_E_NO_MEMORY;
    if (pthread_mutex_init(&keys->mutex, NULL) == 0)
        return HD_OK;
    free(keys->buckets);
    return HD_E_NO_MEMORY;
}

static uint64_t hash_of(const char *project, const char *key) {
    return hd__hash(hd__hash(HD__HASH_BEGIN, project), key);
}

static struct hd__known_key **bucket_of(const struct hd__known_keys *keys, uint64_t hash) {
    return &keys->buckets[(hash >> 16) & (keys->bucket_count - 1)];
}

static void forget(struct hd__known_keys *keys, struct hd__known_key *known) {
    struct hd__known_key **at = bucket_of(keys, known->hash);
    while (*at != known)
        at = &(*at)->next_same_hash;
    *at = known->next_same_hash;
    *(known->older ? &known->older->newer : &keys->oldest) = known->newer;
    *(known->newer ? &known->newer->older : &keys->newest) = known->older;
    keys->count--;
    free(known);
}

void hd__known_keys_destroy(struct hd__known_keys *keys) {
    while (keys->oldest)
        forget(keys, keys->oldest);
    free(keys->buckets);
    pthread_mutex_destroy(&keys->mutex);
}

int hd__known_keys_find(struct hd__known_keys *keys, const char *project, const char *key, int64_t window_ms,
                        unsigned char id[HD__UUID_BYTES]) {
    int64_t since_us = hd__monotonic_us(keys->clock) - window_ms * 1000;
    uint64_t hash = hash_of(project, key);
    while (keys->oldest && keys->oldest->at_us < since_us)
        forget(keys, keys->oldest);
    struct hd__known_key *known = *bucket_of(keys, hash);
    while (known && (known->hash != hash || strcmp(known->text, project) != 0 ||
                     strcmp(known->text + strlen(known->text) + 1, key) != 0))
        known = known->next_same_hash;
    if (known)
        memcpy(id, known->id, HD__UUID_BYTES);
    return known != NULL;
}

/* Without memory the table stays as it is, and only gets slower. */
static void grow(struct hd__known_keys *keys) {
    struct hd__known_key **buckets = calloc(keys->bucket_count * 2, sizeof buckets[0]);
    if (!buckets)
        return;
    free(keys->buckets);
    keys->buckets = buckets;
    keys->bucket_count *= 2;
    for (struct hd__known_key *known = keys->oldest; known; known = known->newer) {
        struct hd__known_key **bucket = bucket_of(keys, known->hash);
        known->next_same_hash = *bucket;
        *bucket = known;
    }
}

int hd__known_keys_add(struct hd__known_keys *keys, const char *project, const char *key,
                       const unsigned char id[HD__UUID_BYTES]) {
    size_t project_size = strlen(project) + 1, key_size = strlen(key) + 1;
    struct hd__known_key *known = malloc(sizeof *known + project_size + key_size);
    if (!known)
        return HD_E_NO_MEMORY;
    if (keys->count >= keys->bucket_count)
        grow(keys);
    *known = (struct hd__known_key){
        .hash = hash_of(project, key), .at_us = hd__monotonic_us(keys->clock), .older = keys->newest};
    memcpy(known->id, id, HD__UUID_BYTES);
    memcpy(known->text, project, project_size);
    memcpy(known->text + project_size, key, key_size);
    struct hd__known_key **bucket = bucket_of(keys, known->hash);
    known->next_same_hash = *bucket;
    *bucket = known;
    *(keys->newest ? &keys->newest->newer : &keys->oldest) = known;
    keys->newest = known;
    keys->count++;
    return HD_OK;
}

void hd__known_keys_undo(struct hd__known_keys *keys) {
    forget(keys, keys->newest);
}
