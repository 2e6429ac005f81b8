#include "engine/schedule.h"

#include "endpoint/webhook.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 64

int hd__schedule_init(struct hd__schedule *schedule, uint32_t max_in_flight) {
    *schedule = (struct hd__schedule){.max_in_flight = max_in_flight, .bucket_count = BUCKETS_AT_FIRST};
    schedule->buckets = calloc(schedule->bucket_count, sizeof(struct hd__lane *));
    return schedule->buckets ? HD_OK : HD_E_NO_MEMORY;
}

void hd__schedule_destroy(struct hd__schedule *schedule) {
    free(schedule->buckets);
}

/* ---- The table of lanes ---- */

/* FNV-1a. The ids are the program's own, so that nobody can aim at collisions. */
static uint64_t hash_of(const char *id) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return hash;
}

static struct hd__lane **bucket_of(const struct hd__schedule *schedule, uint64_t hash) {
    return &schedule->buckets[hash & (schedule->bucket_count - 1)];
}

static struct hd__lane *find(const struct hd__schedule *schedule, uint64_t hash, const char *id) {
    struct hd__lane *lane = *bucket_of(schedule, hash);
    while (lane && (lane->hash != hash || strcmp(lane->webhook_id, id) != 0))
        lane = lane->next_same_hash;
    return lane;
}

static void link_lane(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__lane **bucket = bucket_of(schedule, lane->hash);
    lane->next_same_hash = *bucket;
    *bucket = lane;
}

/* Without memory the table stays as it is, and only gets slower. */
static void grow(struct hd__schedule *schedule) {
    struct hd__lane **old = schedule->buckets;
    size_t old_count = schedule->bucket_count;
    struct hd__lane **buckets = calloc(old_count * 2, sizeof(struct hd__lane *));
    if (!buckets)
        return;
    schedule->buckets = buckets;
    schedule->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct hd__lane *lane = old[i];
            old[i] = lane->next_same_hash;
            link_lane(schedule, lane);
        }
    }
    free(old);
}

static struct hd__lane *make(struct hd__schedule *schedule, uint64_t hash, const char *id) {
    struct hd__lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->webhook_id = strdup(id);
    if (!lane->webhook_id) {
        free(lane);
        return NULL;
    }
    lane->hash = hash;
    if (schedule->lane_count >= schedule->bucket_count)
        grow(schedule);
    link_lane(schedule, lane);
    schedule->lane_count++;
    return lane;
}

static void free_if_idle(struct hd__schedule *schedule, struct hd__lane *lane) {
    if (lane->first || lane->in_flight > 0)
        return;
    struct hd__lane **at = bucket_of(schedule, lane->hash);
    while (*at != lane)
        at = &(*at)->next_same_hash;
    *at = lane->next_same_hash;
    schedule->lane_count--;
    free(lane->webhook_id);
    free(lane);
}

/* ---- Turns ---- */

static void make_ready(struct hd__schedule *schedule, struct hd__lane *lane) {
    if (lane->is_ready || !lane->first || lane->in_flight >= lane->max_in_flight)
        return;
    lane->is_ready = 1;
    lane->next_ready = NULL;
    if (schedule->last_ready)
        schedule->last_ready->next_ready = lane;
    else
        schedule->first_ready = lane;
    schedule->last_ready = lane;
}

static struct hd__lane *take_ready(struct hd__schedule *schedule) {
    struct hd__lane *lane = schedule->first_ready;
    if (!lane)
        return NULL;
    schedule->first_ready = lane->next_ready;
    if (!schedule->first_ready)
        schedule->last_ready = NULL;
    lane->is_ready = 0;
    return lane;
}

static struct hd__delivery *take_first(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->first;
    lane->first = delivery->next;
    if (!lane->first)
        lane->last = NULL;
    delivery->next = NULL;
    schedule->waiting--;
    return delivery;
}

int hd__schedule_assign(struct hd__schedule *schedule, struct hd__delivery *delivery) {
    uint64_t hash = hash_of(delivery->webhook->id);
    struct hd__lane *lane = find(schedule, hash, delivery->webhook->id);
    if (!lane)
        lane = make(schedule, hash, delivery->webhook->id);
    if (!lane)
        return HD_E_NO_MEMORY;
    delivery->lane = lane;
    return HD_OK;
}

void hd__schedule_unassign(struct hd__schedule *schedule, struct hd__delivery *delivery) {
    free_if_idle(schedule, delivery->lane);
    delivery->lane = NULL;
}

void hd__schedule_add(struct hd__schedule *schedule, struct hd__delivery *delivery, int ahead) {
    struct hd__lane *lane = delivery->lane;
    lane->max_in_flight = delivery->webhook->max_in_flight; /* the newest setting counts for the lane */
    if (ahead || !lane->last) {
        delivery->next = lane->first;
        lane->first = delivery;
        if (!lane->last)
            lane->last = delivery;
    } else {
        delivery->next = NULL;
        lane->last->next = delivery;
        lane->last = delivery;
    }
    schedule->waiting++;
    make_ready(schedule, lane);
}

struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule) {
    if (schedule->in_flight >= schedule->max_in_flight)
        return NULL;
    struct hd__lane *lane = take_ready(schedule);
    if (!lane)
        return NULL;
    struct hd__delivery *delivery = take_first(schedule, lane);
    lane->in_flight++;
    schedule->in_flight++;
    make_ready(schedule, lane);
    return delivery;
}

void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery) {
    struct hd__lane *lane = delivery->lane;
    lane->in_flight--;
    schedule->in_flight--;
    make_ready(schedule, lane);
    free_if_idle(schedule, lane);
    delivery->lane = NULL;
}
