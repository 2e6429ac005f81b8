#include "engine/schedule.h"

#include "endpoint/webhook.h"
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 64
#define WINDOW_AT_FIRST 1

/* So many stored deliveries are in memory at once, over all lanes, and a few more. */
#define STORED_MAX 65536

/* An attempt that takes longer is a slow one, and so is its lane. */
#define SLOW_US ((int64_t)500 * 1000)

/* For so long, a receiver that closed a kept connection under a request gets a new one for each. */
#define FRESH_US ((int64_t)600 * 1000 * 1000)

/* So many slow attempts for each quick one that the limit allows. */
#define OLD_SHARE 2

enum {
    LANE,
    DELIVERY
}; /* what a timer stands in */

int hd__schedule_init(struct hd__schedule *schedule, struct hd__delivery_source *source, uint32_t max_in_flight,
                      const struct hd__pause_rule *rule) {
    *schedule = (struct hd__schedule){
        .source = source, .max_in_flight = max_in_flight, .rule = *rule, .bucket_count = BUCKETS_AT_FIRST};
    if (pthread_mutex_init(&schedule->state_mutex, NULL) != 0)
        return HD_E_NO_MEMORY;
    schedule->buckets = calloc(schedule->bucket_count, sizeof(struct hd__lane *));
    if (schedule->buckets)
        return HD_OK;
    pthread_mutex_destroy(&schedule->state_mutex);
    return HD_E_NO_MEMORY;
}

static void free_lane(struct hd__lane *lane) {
    hd_webhook_free(lane->webhook);
    while (lane->fresh_count > 0)
        hd__lane_drop_newest(lane);
    free(lane->fresh);
    free(lane->webhook_id);
    free(lane);
}

void hd__schedule_destroy(struct hd__schedule *schedule) {
    for (size_t i = 0; i < schedule->bucket_count; i++)
        while (schedule->buckets[i]) {
            struct hd__lane *lane = schedule->buckets[i];
            schedule->buckets[i] = lane->next_same_hash;
            free_lane(lane);
        }
    free(schedule->buckets);
    hd__timers_destroy(&schedule->timers);
    hd__order_destroy(&schedule->order);
    pthread_mutex_destroy(&schedule->state_mutex);
}

/* ---- States of lanes, which any thread may ask for ---- */

static void set_state(struct hd__schedule *schedule, struct hd__lane *lane, int state) {
    if (lane->state == state)
        return;
    pthread_mutex_lock(&schedule->state_mutex);
    if (lane->state == HD_WEBHOOK_ACTIVE) {
        lane->next_paused = schedule->paused;
        schedule->paused = lane;
    } else if (state == HD_WEBHOOK_ACTIVE) {
        struct hd__lane **at = &schedule->paused;
        while (*at != lane)
            at = &(*at)->next_paused;
        *at = lane->next_paused;
    }
    lane->state = state;
    pthread_mutex_unlock(&schedule->state_mutex);
}

int hd__schedule_state(struct hd__schedule *schedule, const char *webhook_id, int64_t *until_us) {
    pthread_mutex_lock(&schedule->state_mutex);
    const struct hd__lane *lane = schedule->paused;
    while (lane && strcmp(lane->webhook_id, webhook_id) != 0)
        lane = lane->next_paused;
    int state = lane ? lane->state : HD_WEBHOOK_ACTIVE;
    *until_us = lane && state == HD_WEBHOOK_PAUSED ? lane->paused_until_us : 0;
    pthread_mutex_unlock(&schedule->state_mutex);
    return state;
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
    lane->window = WINDOW_AT_FIRST;
    lane->backlog.retry_at_us = INT64_MAX;
    lane->timer.owner = lane;
    lane->timer.kind = LANE;
    if (schedule->lane_count >= schedule->bucket_count)
        grow(schedule);
    link_lane(schedule, lane);
    schedule->lane_count++;
    return lane;
}

static void remove_lane(struct hd__schedule *schedule, struct hd__lane *lane) {
    set_state(schedule, lane, HD_WEBHOOK_ACTIVE);
    hd__timers_clear(&schedule->timers, &lane->timer);
    struct hd__lane **at = bucket_of(schedule, lane->hash);
    while (*at != lane)
        at = &(*at)->next_same_hash;
    *at = lane->next_same_hash;
    schedule->lane_count--;
    free_lane(lane);
}

/* ---- Turns ---- */

static void link_ready(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__ready *ready = &schedule->ready[lane->is_slow];
    lane->is_ready = 1;
    lane->is_ready_slow = lane->is_slow;
    lane->next_ready = NULL;
    lane->previous_ready = ready->last;
    *(ready->last ? &ready->last->next_ready : &ready->first) = lane;
    ready->last = lane;
}

static void unlink_ready(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__ready *ready = &schedule->ready[lane->is_ready_slow];
    lane->is_ready = 0;
    *(lane->previous_ready ? &lane->previous_ready->next_ready : &ready->first) = lane->next_ready;
    *(lane->next_ready ? &lane->next_ready->previous_ready : &ready->last) = lane->previous_ready;
}

/* Whether the lane's first delivery may start. A test does not wait for a receiver to recover: it is to show how it is.
 */
static int may_start(const struct hd__lane *lane, int64_t now_us) {
    if ((!lane->first && lane->fresh_count == 0) || lane->in_flight >= lane->max_in_flight)
        return 0;
    return (lane->first && lane->first->message->is_test) ||
           (lane->in_flight < lane->window && hd__lane_opens_at(lane) <= now_us);
}

static int has_backlog(const struct hd__lane *lane) {
    return lane->backlog.has_new || lane->backlog.retry_at_us != INT64_MAX;
}

/* Whether the store has something that is to come, and there is room for it. */
static int is_hungry(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    return !schedule->leaves_backlog && (lane->backlog.has_new || lane->backlog.retry_at_us <= now_us) &&
           lane->held < hd__lane_kept(lane) / 2;
}

static void link_hungry(struct hd__schedule *schedule, struct hd__lane *lane) {
    lane->backlog.is_hungry = 1;
    lane->backlog.next_hungry = NULL;
    *(schedule->last_hungry ? &schedule->last_hungry->backlog.next_hungry : &schedule->first_hungry) = lane;
    schedule->last_hungry = lane;
}

static int is_forgettable(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    return lane->assigned == 0 && !has_backlog(lane) && !lane->backlog.is_hungry && lane->state != HD_WEBHOOK_PAUSED &&
           hd__lane_remembered_until(lane, &schedule->rule) <= now_us;
}

/* The same, but for what the store has of it. */
static int64_t wakes_in_memory_at(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    int64_t opens_us = hd__lane_opens_at(lane);
    if (lane->state == HD_WEBHOOK_PAUSED)
        return lane->paused_until_us;
    if ((lane->first || lane->fresh_count > 0) && opens_us > now_us)
        return opens_us;
    return lane->assigned == 0 && !has_backlog(lane) && !lane->backlog.is_hungry
               ? hd__lane_remembered_until(lane, &schedule->rule)
               : INT64_MAX;
}

/* When the lane has to be looked at again if nothing happens to it; INT64_MAX for never. */
static int64_t wakes_at(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    int64_t wakes_us = wakes_in_memory_at(schedule, lane, now_us), retry_us = lane->backlog.retry_at_us;
    int comes_back = !schedule->leaves_backlog && retry_us > now_us;
    return comes_back && retry_us < wakes_us ? retry_us : wakes_us;
}

/* Puts the lane where it belongs now: among those that may start, or to sleep until it may, or away. A timer that is
 * due too early is left as it is, since busy lanes would set it anew all the time: it brings the lane here again. */
static void settle(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    int is_ready = may_start(lane, now_us);
    if (lane->is_ready && (!is_ready || lane->is_ready_slow != lane->is_slow))
        unlink_ready(schedule, lane);
    if (is_ready && !lane->is_ready)
        link_ready(schedule, lane);
    if (!lane->backlog.is_hungry && is_hungry(schedule, lane, now_us))
        link_hungry(schedule, lane);
    if (is_forgettable(schedule, lane, now_us)) {
        remove_lane(schedule, lane);
        return;
    }
    int64_t wakes_us = wakes_at(schedule, lane, now_us);
    if (wakes_us != INT64_MAX && !(lane->timer.index && lane->timer.due_us <= wakes_us))
        hd__timers_set(&schedule->timers, &lane->timer, wakes_us);
}

/* ---- Deliveries come and go ---- */

static struct hd__lane *lane_of(struct hd__schedule *schedule, const hd_webhook *webhook) {
    return find(schedule, hash_of(webhook->id), webhook->id);
}

static struct hd__lane *find_or_make(struct hd__schedule *schedule, const hd_webhook *webhook) {
    uint64_t hash = hash_of(webhook->id);
    struct hd__lane *lane = find(schedule, hash, webhook->id);
    return lane ? lane : make(schedule, hash, webhook->id);
}

static void hold(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message) {
    lane->held++;
    lane->held_bytes += message->event->size;
    schedule->held++;
}

static void release(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message) {
    lane->held--;
    lane->held_bytes -= message->event->size;
    schedule->held--;
}

static void prepend(struct hd__lane *lane, struct hd__delivery *delivery) {
    delivery->previous = NULL;
    delivery->next = lane->first;
    *(lane->first ? &lane->first->previous : &lane->last) = delivery;
    lane->first = delivery;
}

static void append(struct hd__lane *lane, struct hd__delivery *delivery) {
    delivery->next = NULL;
    delivery->previous = lane->last;
    *(lane->last ? &lane->last->next : &lane->first) = delivery;
    lane->last = delivery;
}

static void take_out(struct hd__lane *lane, struct hd__delivery *delivery) {
    *(delivery->previous ? &delivery->previous->next : &lane->first) = delivery->next;
    *(delivery->next ? &delivery->next->previous : &lane->last) = delivery->previous;
}

void hd__schedule_leave(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    struct hd__lane *lane = delivery->lane;
    if (delivery->is_ordered) {
        struct hd__delivery *next = hd__order_leave(&schedule->order, delivery);
        if (next)
            prepend(lane, next); /* it is older than all that wait for their turn */
    }
    delivery->lane = NULL;
    lane->assigned--;
    schedule->deliveries--;
    settle(schedule, lane, now_us);
}

/* With all the memory that it may need here. */
static int make_delivery(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                         hd_webhook *webhook, const char *delivery_id, struct hd__delivery **delivery) {
    int status = hd__timers_reserve(&schedule->timers, schedule->lane_count + schedule->deliveries + 1);
    if (status == HD_OK && webhook->ordered)
        status = hd__order_prepare(&schedule->order);
    if (status == HD_OK)
        status = hd__delivery_new(schedule->source, message, webhook, delivery_id, delivery);
    if (status != HD_OK)
        return status;
    (*delivery)->lane = lane;
    (*delivery)->timer = (struct hd__timer){.owner = *delivery, .kind = DELIVERY};
    schedule->deliveries++;
    return HD_OK;
}

int hd__schedule_push(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook, int64_t now_us) {
    struct hd__lane *lane = find_or_make(schedule, webhook);
    if (!lane)
        return HD_E_NO_MEMORY;
    int status = hd__timers_reserve(&schedule->timers, schedule->lane_count + schedule->deliveries);
    if (status == HD_OK)
        status = hd__lane_push(lane, message, webhook);
    if (status == HD_OK) {
        lane->assigned++;
        hd__lane_follow(lane, webhook);
        hold(schedule, lane, message);
    }
    settle(schedule, lane, now_us);
    return status;
}

/* The fresh delivery's reference to the webhook is the last that is used of it. */
static void forget(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message) {
    release(schedule, lane, message);
    lane->assigned--;
}

void hd__schedule_unpush(struct hd__schedule *schedule, const hd_webhook *webhook, int64_t now_us) {
    struct hd__lane *lane = lane_of(schedule, webhook);
    forget(schedule, lane, hd__lane_newest(lane)->message);
    hd__lane_drop_newest(lane);
    settle(schedule, lane, now_us);
}

int hd__schedule_push_ahead(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook,
                            int64_t now_us) {
    struct hd__delivery *delivery;
    struct hd__lane *lane = find_or_make(schedule, webhook);
    if (!lane)
        return HD_E_NO_MEMORY;
    int status = make_delivery(schedule, lane, message, webhook, NULL, &delivery);
    if (status == HD_OK) {
        lane->assigned++;
        hd__lane_follow(lane, webhook);
        hold(schedule, lane, message);
        prepend(lane, delivery);
    }
    settle(schedule, lane, now_us);
    return status;
}

/* ---- With a durable store ---- */

struct hd__lane *hd__schedule_lane(struct hd__schedule *schedule, hd_webhook *webhook) {
    struct hd__lane *lane = find_or_make(schedule, webhook);
    if (!lane || hd__timers_reserve(&schedule->timers, schedule->lane_count + schedule->deliveries) != HD_OK)
        return NULL;
    if (lane->webhook != webhook) {
        hd_webhook_free(lane->webhook);
        lane->webhook = hd__webhook_ref(webhook);
        lane->backlog.webhook = webhook->label->keys.webhook;
        hd__lane_follow(lane, webhook);
    }
    return lane;
}

int hd__schedule_takes(const struct hd__schedule *schedule, const struct hd__lane *lane) {
    return !lane->backlog.has_new && lane->held < hd__lane_kept(lane) && schedule->deliveries < STORED_MAX;
}

void hd__schedule_leave_stored(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    lane->backlog.has_new = 1;
    settle(schedule, lane, now_us);
}

static void note_taken(struct hd__backlog *backlog, const struct hd__stored_delivery *stored) {
    if (stored->due_ms == 0) {
        backlog->after_row = stored->row;
    } else {
        backlog->after_due_ms = stored->due_ms;
        backlog->after_retry_row = stored->row;
    }
}

/* What was tried before goes ahead: it is older. In an ordered lane it never left, or comes in the order of rows. */
static void enter_lane(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__delivery *delivery, int ahead) {
    if (delivery->webhook->ordered && hd__order_enter(&schedule->order, delivery))
        return;
    if (ahead)
        prepend(lane, delivery);
    else
        append(lane, delivery);
}

int hd__schedule_push_stored(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                             hd_webhook *webhook, const struct hd__stored_delivery *stored, int64_t now_us) {
    struct hd__delivery *delivery;
    int status = make_delivery(schedule, lane, message, webhook, stored->delivery_id, &delivery);
    if (status != HD_OK)
        return status;
    delivery->row = stored->row;
    delivery->tries = stored->tries;
    delivery->report->attempts = stored->tries;
    delivery->report->may_be_repeated = stored->may_be_repeated;
    lane->assigned++;
    hold(schedule, lane, message);
    note_taken(&lane->backlog, stored);
    enter_lane(schedule, lane, delivery, stored->due_ms != 0);
    settle(schedule, lane, now_us);
    return HD_OK;
}

void hd__schedule_skip_stored(struct hd__lane *lane, const struct hd__stored_delivery *stored) {
    note_taken(&lane->backlog, stored);
}

void hd__schedule_comes_back(struct hd__lane *lane, int64_t at_us) {
    if (at_us < lane->backlog.retry_at_us)
        lane->backlog.retry_at_us = at_us;
}

size_t hd__schedule_claims(const struct hd__schedule *schedule, struct hd__claim *claims, size_t max) {
    size_t count = 0, deliveries = schedule->deliveries;
    for (const struct hd__lane *lane = schedule->first_hungry; lane && count < max && deliveries < STORED_MAX;
         lane = lane->backlog.next_hungry) {
        size_t kept = hd__lane_kept(lane), room = lane->held < kept ? kept - lane->held : 1;
        claims[count++] = (struct hd__claim){
            .webhook = lane->backlog.webhook,
            .max = room,
            .after_row = lane->backlog.after_row,
            .after_due_ms = lane->backlog.after_due_ms,
            .after_retry_row = lane->backlog.after_retry_row,
        };
        deliveries += room;
    }
    return count;
}

int hd__schedule_is_hungry(const struct hd__schedule *schedule) {
    return schedule->first_hungry && schedule->deliveries < STORED_MAX;
}

struct hd__lane *hd__schedule_claiming(const struct hd__schedule *schedule, size_t index) {
    struct hd__lane *lane = schedule->first_hungry;
    while (index-- > 0)
        lane = lane->backlog.next_hungry;
    return lane;
}

static struct hd__lane *unlink_hungry(struct hd__schedule *schedule) {
    struct hd__lane *lane = schedule->first_hungry;
    schedule->first_hungry = lane->backlog.next_hungry;
    if (!schedule->first_hungry)
        schedule->last_hungry = NULL;
    lane->backlog.is_hungry = 0;
    return lane;
}

void hd__schedule_claimed(struct hd__schedule *schedule, const struct hd__claim *claims, size_t count, int64_t now_us,
                          int64_t now_ms) {
    for (size_t i = 0; i < count; i++) {
        struct hd__lane *lane = unlink_hungry(schedule);
        int64_t next_due_ms = claims[i].next_due_ms;
        lane->backlog.has_new &= claims[i].has_more;
        lane->backlog.retry_at_us = next_due_ms == INT64_MAX ? INT64_MAX : now_us + (next_due_ms - now_ms) * 1000;
        settle(schedule, lane, now_us);
    }
}

/* ---- Lanes that are too full ---- */

static int is_too_full(const struct hd__lane *lane, size_t free_events, size_t free_bytes, int64_t now_us) {
    return lane->alive_until_us <= now_us && (lane->held > free_events || lane->held_bytes > free_bytes);
}

static struct hd__delivery *take_newest(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->last;
    if (lane->fresh_count > 0) {
        struct hd__fresh *newest = hd__lane_newest(lane);
        if (make_delivery(schedule, lane, newest->message, newest->webhook, NULL, &delivery) != HD_OK)
            return NULL; /* it stays, for a time with more memory */
        hd__lane_drop_newest(lane);
    } else if (delivery) {
        take_out(lane, delivery);
    }
    return delivery;
}

struct hd__delivery *hd__schedule_trim(struct hd__schedule *schedule, const hd_webhook *webhook, size_t free_events,
                                       size_t free_bytes, int64_t now_us) {
    struct hd__lane *lane = lane_of(schedule, webhook);
    if (!lane || lane->held < 2 || !is_too_full(lane, free_events, free_bytes, now_us))
        return NULL;
    struct hd__delivery *delivery = take_newest(schedule, lane);
    if (delivery)
        release(schedule, lane, delivery->message);
    return delivery;
}

/* ---- Attempts begin and end ---- */

static void link_young(struct hd__schedule *schedule, struct hd__delivery *delivery) {
    delivery->next = NULL;
    delivery->previous = schedule->last_young;
    *(schedule->last_young ? &schedule->last_young->next : &schedule->first_young) = delivery;
    schedule->last_young = delivery;
    schedule->young++;
}

static void unlink_young(struct hd__schedule *schedule, struct hd__delivery *delivery) {
    *(delivery->previous ? &delivery->previous->next : &schedule->first_young) = delivery->next;
    *(delivery->next ? &delivery->next->previous : &schedule->last_young) = delivery->previous;
    schedule->young--;
}

static int has_old_room(const struct hd__schedule *schedule) {
    return schedule->old < OLD_SHARE * schedule->max_in_flight;
}

/* The lane whose turn it is: quick ones first, since slow ones have their own budget. */
static struct hd__lane *next_lane(const struct hd__schedule *schedule) {
    if (schedule->ready[0].first && schedule->young < schedule->max_in_flight)
        return schedule->ready[0].first;
    return has_old_room(schedule) ? schedule->ready[1].first : NULL;
}

/* The oldest fresh delivery of a lane, made; NULL without memory, or if it has to wait for another one of its ticket.
 */
static struct hd__delivery *make_oldest(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__fresh *oldest = hd__lane_oldest(lane);
    struct hd__delivery *delivery;
    if (make_delivery(schedule, lane, oldest->message, oldest->webhook, NULL, &delivery) != HD_OK) {
        schedule->short_of_memory = 1;
        return NULL;
    }
    hd__lane_drop_oldest(lane);
    return delivery->webhook->ordered && hd__order_enter(&schedule->order, delivery) ? NULL : delivery;
}

static struct hd__delivery *take_oldest(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->first;
    if (delivery)
        take_out(lane, delivery);
    else
        delivery = make_oldest(schedule, lane);
    if (delivery)
        release(schedule, lane, delivery->message);
    return delivery;
}

static void begin(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    delivery->started_us = now_us;
    delivery->is_old = delivery->lane->is_slow;
    if (delivery->is_old)
        schedule->old++;
    else
        link_young(schedule, delivery);
    hd__lane_started(delivery->lane, delivery, now_us);
}

struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule, int64_t now_us) {
    struct hd__lane *lane;
    struct hd__delivery *delivery = NULL;
    while (!delivery && !schedule->short_of_memory && (lane = next_lane(schedule))) {
        delivery = take_oldest(schedule, lane);
        if (delivery)
            begin(schedule, delivery, now_us);
        unlink_ready(schedule, lane);
        settle(schedule, lane, now_us);
    }
    return delivery;
}

void hd__schedule_learn(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    struct hd__lane *lane = delivery->lane;
    lane->is_slow = now_us - delivery->started_us >= SLOW_US;
    int64_t paused_until_us;
    int state = hd__lane_learn(lane, delivery->report, &schedule->rule, now_us, &paused_until_us);
    if (delivery->kept_connection_died)
        lane->fresh_until_us = now_us + FRESH_US;
    if (state == lane->state)
        return;
    pthread_mutex_lock(&schedule->state_mutex);
    lane->paused_until_us = paused_until_us;
    pthread_mutex_unlock(&schedule->state_mutex);
    set_state(schedule, lane, state);
}

void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    if (delivery->is_old)
        schedule->old--;
    else
        unlink_young(schedule, delivery);
    delivery->lane->in_flight--;
    settle(schedule, delivery->lane, now_us);
}

void hd__schedule_retry(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t due_us) {
    hold(schedule, delivery->lane, delivery->message);
    hd__timers_set(&schedule->timers, &delivery->timer, due_us);
}

/* ---- Time passes ---- */

/* Attempts that have become slow leave the budget of the quick ones, as far as that of the slow ones has room. */
static void age(struct hd__schedule *schedule, int64_t now_us) {
    struct hd__delivery *next;
    for (struct hd__delivery *delivery = schedule->first_young; delivery; delivery = next) {
        if (now_us - delivery->started_us < SLOW_US)
            return;
        next = delivery->next;
        delivery->lane->is_slow = 1;
        if (has_old_room(schedule)) {
            unlink_young(schedule, delivery);
            delivery->is_old = 1;
            schedule->old++;
        }
        settle(schedule, delivery->lane, now_us);
    }
}

static void wake_lane(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    if (lane->state == HD_WEBHOOK_PAUSED && lane->paused_until_us <= now_us) {
        lane->window = 1;
        set_state(schedule, lane, HD_WEBHOOK_PROBING);
    }
    settle(schedule, lane, now_us);
}

/* Retries that are due go ahead of what waits: they are older. */
static void wake_delivery(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    prepend(delivery->lane, delivery);
    settle(schedule, delivery->lane, now_us);
}

int64_t hd__schedule_advance(struct hd__schedule *schedule, int64_t now_us) {
    struct hd__timer *timer;
    age(schedule, now_us);
    while ((timer = hd__timers_first(&schedule->timers)) && timer->due_us <= now_us) {
        hd__timers_clear(&schedule->timers, timer);
        if (timer->kind == LANE)
            wake_lane(schedule, timer->owner, now_us);
        else
            wake_delivery(schedule, timer->owner, now_us);
    }
    int64_t next_us = timer ? timer->due_us : INT64_MAX;
    if (schedule->first_young && has_old_room(schedule) && schedule->first_young->started_us + SLOW_US < next_us)
        next_us = schedule->first_young->started_us + SLOW_US;
    return next_us;
}

/* ---- The end ---- */

static struct hd__delivery *take_from_timer(struct hd__schedule *schedule, struct hd__timer *timer) {
    struct hd__delivery *delivery = timer->owner;
    hd__timers_clear(&schedule->timers, timer);
    release(schedule, delivery->lane, delivery->message);
    return delivery;
}

struct hd__delivery *hd__schedule_take_later(struct hd__schedule *schedule, int64_t than_us) {
    for (size_t i = schedule->timers.count; i > 0; i--) {
        struct hd__timer *timer = schedule->timers.heap[i - 1];
        if (timer->kind == DELIVERY && timer->due_us > than_us)
            return take_from_timer(schedule, timer);
    }
    return NULL;
}

/* The oldest of a lane, whatever it waits for. */
static struct hd__delivery *take_waiting(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery;
    do
        delivery = take_oldest(schedule, lane);
    while (!delivery && !schedule->short_of_memory && lane->fresh_count > 0); /* others of their tickets come first */
    return delivery;
}

static struct hd__delivery *take_from_lane(struct hd__schedule *schedule) {
    for (; schedule->drained_buckets < schedule->bucket_count; schedule->drained_buckets++)
        for (struct hd__lane *lane = schedule->buckets[schedule->drained_buckets]; lane; lane = lane->next_same_hash)
            if (lane->first || (lane->fresh_count > 0 && !schedule->short_of_memory)) {
                struct hd__delivery *delivery = take_waiting(schedule, lane);
                if (delivery)
                    return delivery;
            }
    return NULL;
}

static struct hd__delivery *take_from_timers(struct hd__schedule *schedule) {
    struct hd__timer *timer;
    while ((timer = hd__timers_first(&schedule->timers))) {
        if (timer->kind == DELIVERY)
            return take_from_timer(schedule, timer);
        hd__timers_clear(&schedule->timers, timer);
    }
    return NULL;
}

struct hd__delivery *hd__schedule_take_any(struct hd__schedule *schedule) {
    if (schedule->held == 0)
        return NULL;
    struct hd__delivery *delivery = take_from_timers(schedule);
    if (!delivery)
        delivery = take_from_lane(schedule);
    if (!delivery) { /* more came in since the last time */
        schedule->drained_buckets = 0;
        delivery = take_from_lane(schedule);
    }
    return delivery;
}
