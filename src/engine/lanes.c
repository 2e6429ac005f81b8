#include "engine/lanes.h"

#include "endpoint/webhook.h"
#include "store/shards.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 64
#define WINDOW_AT_FIRST 1

int hd__lanes_init(struct hd__lanes *lanes) {
    *lanes = (struct hd__lanes){.bucket_count = BUCKETS_AT_FIRST};
    if (pthread_mutex_init(&lanes->state_mutex, NULL) != 0)
        return HD_E_NO_MEMORY;
    lanes->buckets = calloc(lanes->bucket_count, sizeof(struct hd__lane *));
    if (lanes->buckets)
        return HD_OK;
    pthread_mutex_destroy(&lanes->state_mutex);
    return HD_E_NO_MEMORY;
}

static void free_lane(struct hd__lane *lane) {
    hd_webhook_free(lane->webhook);
    free(lane->fresh);
    free(lane->project);
    free(lane->webhook_id);
    free(lane);
}

void hd__lanes_destroy(struct hd__lanes *lanes) {
    for (size_t i = 0; i < lanes->bucket_count; i++)
        while (lanes->buckets[i]) {
            struct hd__lane *lane = lanes->buckets[i];
            lanes->buckets[i] = lane->next_same_hash;
            free_lane(lane);
        }
    free(lanes->buckets);
    pthread_mutex_destroy(&lanes->state_mutex);
}

/* ---- The table ---- */

static struct hd__lane **bucket_of(const struct hd__lanes *lanes, uint64_t hash) {
    return &lanes->buckets[hash & (lanes->bucket_count - 1)];
}

static int is_lane_of(const struct hd__lane *lane, const hd_webhook *webhook) {
    return lane->key == webhook->label->keys.webhook && strcmp(lane->webhook_id, webhook->id) == 0 &&
           strcmp(lane->project, webhook->project) == 0;
}

struct hd__lane *hd__lanes_find(const struct hd__lanes *lanes, const hd_webhook *webhook) {
    struct hd__lane *lane = *bucket_of(lanes, webhook->id_hash);
    while (lane && lane->webhook != webhook && (lane->hash != webhook->id_hash || !is_lane_of(lane, webhook)))
        lane = lane->next_same_hash;
    return lane;
}

static void link_lane(struct hd__lanes *lanes, struct hd__lane *lane) {
    struct hd__lane **bucket = bucket_of(lanes, lane->hash);
    lane->next_same_hash = *bucket;
    *bucket = lane;
}

/* Without memory the table stays as it is, and only gets slower. */
static void grow(struct hd__lanes *lanes) {
    struct hd__lane **old = lanes->buckets;
    size_t old_count = lanes->bucket_count;
    struct hd__lane **buckets = calloc(old_count * 2, sizeof(struct hd__lane *));
    if (!buckets)
        return;
    lanes->buckets = buckets;
    lanes->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct hd__lane *lane = old[i];
            old[i] = lane->next_same_hash;
            link_lane(lanes, lane);
        }
    }
    free(old);
}

struct hd__lane *hd__lanes_make(struct hd__lanes *lanes, const hd_webhook *webhook) {
    struct hd__lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->webhook_id = strdup(webhook->id);
    lane->project = strdup(webhook->project);
    if (!lane->webhook_id || !lane->project) {
        free_lane(lane);
        return NULL;
    }
    lane->hash = webhook->id_hash;
    lane->key = webhook->label->keys.webhook;
    lane->shard = hd__shard_of(lane->key);
    lane->state = HD_WEBHOOK_ACTIVE;
    lane->window = WINDOW_AT_FIRST;
    lane->backlog.retry_at_us = INT64_MAX;
    if (lanes->count >= lanes->bucket_count)
        grow(lanes);
    link_lane(lanes, lane);
    lanes->count++;
    return lane;
}

void hd__lanes_remove(struct hd__lanes *lanes, struct hd__lane *lane) {
    hd__lanes_set_state(lanes, lane, HD_WEBHOOK_ACTIVE, 0);
    hd__lanes_throttle(lanes, lane, 0);
    hd__lanes_set_health(lanes, lane, &(struct hd__health){0});
    struct hd__lane **at = bucket_of(lanes, lane->hash);
    while (*at != lane)
        at = &(*at)->next_same_hash;
    *at = lane->next_same_hash;
    lanes->count--;
    free_lane(lane);
}

struct hd__lane *hd__lanes_next(const struct hd__lanes *lanes, const struct hd__lane *lane) {
    size_t bucket = 0;
    if (lane && lane->next_same_hash)
        return lane->next_same_hash;
    if (lane)
        bucket = (size_t)(lane->hash & (lanes->bucket_count - 1)) + 1;
    while (bucket < lanes->bucket_count && !lanes->buckets[bucket])
        bucket++;
    return bucket < lanes->bucket_count ? lanes->buckets[bucket] : NULL;
}

/* ---- States, which any thread may ask for ---- */

static int is_noted(const struct hd__lane *lane) {
    return lane->state != HD_WEBHOOK_ACTIVE || lane->throttled_until_us != 0 || lane->health.failures > 0;
}

/* Puts a lane that has changed into the list, or takes it out. With the mutex held. */
static void list(struct hd__lanes *lanes, struct hd__lane *lane, int was_noted) {
    struct hd__lane **at = &lanes->noted;
    if (was_noted == is_noted(lane))
        return;
    if (!was_noted) {
        lane->next_noted = lanes->noted;
        lanes->noted = lane;
        return;
    }
    while (*at != lane)
        at = &(*at)->next_noted;
    *at = lane->next_noted;
}

void hd__lanes_set_state(struct hd__lanes *lanes, struct hd__lane *lane, int state, int64_t until_us) {
    if (lane->state == state && lane->paused_until_us == until_us)
        return;
    pthread_mutex_lock(&lanes->state_mutex);
    int was_noted = is_noted(lane);
    lane->state = state;
    lane->paused_until_us = until_us;
    list(lanes, lane, was_noted);
    pthread_mutex_unlock(&lanes->state_mutex);
}

void hd__lanes_throttle(struct hd__lanes *lanes, struct hd__lane *lane, int64_t until_us) {
    if (lane->throttled_until_us == until_us)
        return;
    pthread_mutex_lock(&lanes->state_mutex);
    int was_noted = is_noted(lane);
    lane->throttled_until_us = until_us;
    list(lanes, lane, was_noted);
    pthread_mutex_unlock(&lanes->state_mutex);
}

void hd__lanes_set_health(struct hd__lanes *lanes, struct hd__lane *lane, const struct hd__health *health) {
    if (memcmp(&lane->health, health, sizeof *health) == 0)
        return;
    pthread_mutex_lock(&lanes->state_mutex);
    int was_noted = is_noted(lane);
    lane->health = *health;
    list(lanes, lane, was_noted);
    pthread_mutex_unlock(&lanes->state_mutex);
}

static int64_t ms_left(int64_t until_us, int64_t now_us) {
    return until_us > now_us ? (until_us - now_us) / 1000 : 0;
}

struct hd__lane_note hd__lane_note_of(const struct hd__lane *lane, int64_t now_us) {
    return (struct hd__lane_note){
        .webhook = lane->key, /* any thread may ask: the webhook is the loop's */
        .state = lane->state,
        .left_ms = lane->state == HD_WEBHOOK_PAUSED ? ms_left(lane->paused_until_us, now_us) : 0,
        .throttled_ms = ms_left(lane->throttled_until_us, now_us),
        .health = lane->health,
    };
}

struct hd__condition hd__lanes_condition(struct hd__lanes *lanes, const hd_webhook *webhook, int64_t now_us) {
    struct hd__lane_note note = {.state = HD_WEBHOOK_ACTIVE};
    pthread_mutex_lock(&lanes->state_mutex);
    const struct hd__lane *lane = lanes->noted;
    while (lane && !is_lane_of(lane, webhook))
        lane = lane->next_noted;
    if (lane)
        note = hd__lane_note_of(lane, now_us);
    pthread_mutex_unlock(&lanes->state_mutex);
    return hd__condition_of(&note);
}
