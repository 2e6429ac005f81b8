#include "engine/schedule.h"

#include "base/reason.h"
#include "endpoint/webhook.h"
#include "engine/backlog.h"
#include "event/event.h"

/* An attempt that takes longer is a slow one, and so is its lane. */
#define SLOW_US ((int64_t)500 * 1000)

/* For so long, a receiver that closed a kept connection under a request gets a new one for each. */
#define FRESH_US ((int64_t)600 * 1000 * 1000)

/* So many slow attempts for each quick one that the limit allows. */
#define OLD_SHARE 2

int hd__schedule_init(struct hd__schedule *schedule, const struct hd__schedule_config *config) {
    *schedule = (struct hd__schedule){.source = config->source,
                                      .max_in_flight = config->max_in_flight,
                                      .rules = config->rules,
                                      .open_shards = UINT64_MAX};
    return hd__lanes_init(&schedule->lanes);
}

void hd__schedule_destroy(struct hd__schedule *schedule) {
    hd__lanes_destroy(&schedule->lanes);
    hd__timers_destroy(&schedule->timers);
    hd__order_destroy(&schedule->order);
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

/* The place of the delivery that is next. There must be one. */
static int64_t next_place(const struct hd__lane *lane) {
    return lane->first ? hd__delivery_place(lane->first) : (int64_t)hd__lane_oldest(lane)->sequence;
}

int hd__schedule_shard_is_open(const struct hd__schedule *schedule, const struct hd__lane *lane) {
    return schedule->open_shards >> lane->shard & 1;
}

/* Whether the lane's first delivery may start. A test starts even if the webhook is paused or held: it is to show the
 * present state. A delivery that is to be discarded waits for nothing. */
static int may_start(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    if (!lane->first && lane->fresh_count == 0)
        return 0;
    if (lane->first && lane->first->message->is_test)
        return lane->in_flight < lane->max_in_flight;
    if (!hd__schedule_shard_is_open(schedule, lane))
        return 0;
    return next_place(lane) <= lane->discarded_up_to ||
           (hd__lane_is_open(lane) && lane->in_flight < lane->window && lane->in_flight < lane->max_in_flight &&
            hd__lane_opens_at(lane) <= now_us);
}

/* Whether nothing is in it, here or in a store. */
static int is_empty(const struct hd__lane *lane) {
    return lane->assigned == 0 && !hd__backlog_is_there(lane) && !lane->backlog.is_hungry;
}

/* That of a webhook that was removed, at once: so do its secrets go. */
static int is_forgettable(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    return is_empty(lane) &&
           (lane->webhook->is_removed ||
            (lane->state != HD_WEBHOOK_PAUSED && hd__lane_remembered_until(lane, &schedule->rules.alert) <= now_us));
}

static void forget_lane(struct hd__schedule *schedule, struct hd__lane *lane) {
    schedule->has_forgotten |= lane->webhook->is_removed;
    hd__timers_clear(&schedule->timers, &lane->timer);
    hd__lanes_remove(&schedule->lanes, lane);
}

/* When the lane has to be looked at again for what is in memory; INT64_MAX for never. */
static int64_t wakes_in_memory_at(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    int64_t opens_us = hd__lane_opens_at(lane);
    if (lane->state == HD_WEBHOOK_PAUSED)
        return lane->paused_until_us;
    if ((lane->first || lane->fresh_count > 0) && opens_us > now_us)
        return opens_us;
    return is_empty(lane) ? hd__lane_remembered_until(lane, &schedule->rules.alert) : INT64_MAX;
}

/* The same for what a store has of it. */
static int64_t wakes_for_backlog_at(const struct hd__lane *lane, int64_t now_us) {
    const struct hd__backlog *backlog = &lane->backlog;
    if (backlog->closed_until_us > now_us)
        return backlog->closed_until_us;
    return backlog->retry_at_us > now_us ? backlog->retry_at_us : INT64_MAX;
}

static int64_t wakes_at(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    int64_t memory_us = wakes_in_memory_at(schedule, lane, now_us), backlog_us = wakes_for_backlog_at(lane, now_us);
    return memory_us < backlog_us ? memory_us : backlog_us;
}

/* Puts the lane where it belongs now: among those that may start, or to sleep until it may, or away. A timer that is
 * due too early is left as it is, since busy lanes would set it anew all the time: it brings the lane here again. */
void hd__schedule_settle(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    lane->backlog.is_draining &= lane->assigned > 0;
    int is_ready = may_start(schedule, lane, now_us);
    if (lane->is_ready && (!is_ready || lane->is_ready_slow != lane->is_slow))
        unlink_ready(schedule, lane);
    if (is_ready && !lane->is_ready)
        link_ready(schedule, lane);
    hd__backlog_note(schedule, lane, now_us);
    if (is_forgettable(schedule, lane, now_us)) {
        forget_lane(schedule, lane);
        return;
    }
    int64_t wakes_us = wakes_at(schedule, lane, now_us);
    if (wakes_us != INT64_MAX && !(lane->timer.index && lane->timer.due_us <= wakes_us))
        hd__timers_set(&schedule->timers, &lane->timer, wakes_us);
}

/* ---- Deliveries come and go ---- */

struct hd__lane *hd__schedule_lane(struct hd__schedule *schedule, hd_webhook *webhook) {
    struct hd__lane *lane = hd__lanes_find(&schedule->lanes, webhook);
    if (!lane && hd__timers_reserve(&schedule->timers, schedule->lanes.count + schedule->deliveries + 1) == HD_OK)
        lane = hd__lanes_make(&schedule->lanes, webhook);
    if (!lane)
        return NULL;
    if (!lane->webhook)
        hd__lane_use_up(lane, schedule->opened_us[lane->shard]);
    lane->timer.owner = lane;
    lane->timer.kind = HD__TIMER_LANE;
    hd__lane_follow(lane, webhook);
    return lane;
}

void hd__schedule_open(struct hd__schedule *schedule, uint64_t open, uint64_t opened, int64_t now_us) {
    schedule->open_shards = open;
    for (int shard = 0; shard < HD__SHARDS; shard++)
        if (opened >> shard & 1)
            schedule->opened_us[shard] = now_us;
    for (struct hd__lane *lane = opened ? hd__lanes_next(&schedule->lanes, NULL) : NULL; lane;
         lane = hd__lanes_next(&schedule->lanes, lane))
        if (opened >> lane->shard & 1)
            hd__lane_use_up(lane, now_us);
}

void hd__schedule_follow(struct hd__schedule *schedule, hd_webhook *webhook, int64_t now_us) {
    struct hd__lane *lane = hd__lanes_find(&schedule->lanes, webhook);
    if (!lane)
        return;
    hd__lane_follow(lane, webhook);
    hd__schedule_settle(schedule, lane, now_us);
}

static void hold(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message) {
    lane->held++;
    lane->held_bytes += message->event->size;
    schedule->held++;
}

void hd__schedule_release(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message) {
    lane->held--;
    lane->held_bytes -= message->event->size;
    schedule->held--;
}

void hd__schedule_leave(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    struct hd__lane *lane = delivery->lane;
    if (delivery->is_ordered) {
        struct hd__delivery *next = hd__order_leave(&schedule->order, delivery);
        if (next)
            hd__lane_prepend(lane, next); /* it is older than all that wait for their turn */
    }
    delivery->lane = NULL;
    lane->assigned--;
    schedule->deliveries--;
    hd__schedule_settle(schedule, lane, now_us);
}

int hd__schedule_make(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                      const char *delivery_id, struct hd__delivery **delivery) {
    int status = hd__timers_reserve(&schedule->timers, schedule->lanes.count + schedule->deliveries + 1);
    if (status == HD_OK && lane->webhook->ordered)
        status = hd__order_prepare(&schedule->order);
    if (status == HD_OK)
        status = hd__delivery_new(schedule->source, message, lane->webhook, delivery_id, delivery);
    if (status != HD_OK)
        return status;
    (*delivery)->lane = lane;
    (*delivery)->timer = (struct hd__timer){.owner = *delivery, .kind = HD__TIMER_DELIVERY};
    schedule->deliveries++;
    return HD_OK;
}

void hd__schedule_enter(struct hd__schedule *schedule, struct hd__delivery *delivery, int ahead) {
    struct hd__lane *lane = delivery->lane;
    lane->assigned++;
    hold(schedule, lane, delivery->message);
    if (!delivery->message->is_test && delivery->webhook->ordered && hd__order_enter(&schedule->order, delivery))
        return;
    if (ahead)
        hd__lane_prepend(lane, delivery);
    else
        hd__lane_append(lane, delivery);
}

int hd__schedule_push(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook, int64_t now_us) {
    struct hd__lane *lane = hd__schedule_lane(schedule, webhook);
    if (!lane)
        return HD_E_NO_MEMORY;
    int status = hd__lane_push(lane, message);
    if (status == HD_OK) {
        lane->assigned++;
        hold(schedule, lane, message);
    }
    hd__schedule_settle(schedule, lane, now_us);
    return status;
}

void hd__schedule_unpush(struct hd__schedule *schedule, const hd_webhook *webhook, int64_t now_us) {
    struct hd__lane *lane = hd__lanes_find(&schedule->lanes, webhook);
    hd__schedule_release(schedule, lane, hd__lane_newest(lane));
    lane->assigned--;
    hd__lane_drop_newest(lane);
    hd__schedule_settle(schedule, lane, now_us);
}

int hd__schedule_push_ahead(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook,
                            int64_t now_us) {
    struct hd__delivery *delivery;
    struct hd__lane *lane = hd__schedule_lane(schedule, webhook);
    if (!lane)
        return HD_E_NO_MEMORY;
    int status = hd__schedule_make(schedule, lane, message, NULL, &delivery);
    if (status == HD_OK)
        hd__schedule_enter(schedule, delivery, 1);
    hd__schedule_settle(schedule, lane, now_us);
    return status;
}

/* ---- What is to be discarded ---- */

int hd__schedule_is_discarded(const struct hd__delivery *delivery) {
    return !delivery->message->is_test && hd__delivery_place(delivery) <= delivery->lane->discarded_up_to;
}

/* Deliveries that wait for a retry do not have to wait any more. */
static void wake_discarded(struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    for (size_t i = schedule->timers.count; i > 0; i--) {
        struct hd__timer *timer = schedule->timers.heap[i - 1];
        struct hd__delivery *delivery = timer->kind == HD__TIMER_DELIVERY ? timer->owner : NULL;
        if (delivery && delivery->lane == lane && hd__schedule_is_discarded(delivery) && timer->due_us > now_us) {
            hd__timers_set(&schedule->timers, timer, now_us);
            i = schedule->timers.count + 1; /* the heap is another one now */
        }
    }
}

void hd__schedule_discard(struct hd__schedule *schedule, struct hd__lane *lane, int64_t up_to, int64_t now_us) {
    if (up_to <= lane->discarded_up_to)
        return;
    lane->discarded_up_to = up_to;
    if (lane->backlog.retry_at_us > now_us && lane->backlog.retry_at_us != INT64_MAX)
        lane->backlog.retry_at_us = now_us; /* nor what a store has of it */
    wake_discarded(schedule, lane, now_us);
    hd__schedule_settle(schedule, lane, now_us);
}

/* ---- Lanes that are too full ---- */

static int is_too_full(const struct hd__lane *lane, size_t free_events, size_t free_bytes, int64_t now_us) {
    return lane->alive_until_us <= now_us && (lane->held > free_events || lane->held_bytes > free_bytes);
}

static struct hd__delivery *take_newest(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->last;
    if (lane->fresh_count > 0) {
        if (hd__schedule_make(schedule, lane, hd__lane_newest(lane), NULL, &delivery) != HD_OK)
            return NULL; /* it stays, for a time with more memory */
        hd__lane_drop_newest(lane);
    } else if (delivery) {
        hd__lane_take_out(lane, delivery);
    }
    return delivery;
}

struct hd__delivery *hd__schedule_trim(struct hd__schedule *schedule, struct hd__lane *lane, size_t free_events,
                                       size_t free_bytes, int64_t now_us) {
    if (lane->held < 2 || !is_too_full(lane, free_events, free_bytes, now_us))
        return NULL;
    struct hd__delivery *delivery = take_newest(schedule, lane);
    if (delivery)
        hd__schedule_release(schedule, lane, delivery->message);
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
    struct hd__delivery *delivery;
    if (hd__schedule_make(schedule, lane, hd__lane_oldest(lane), NULL, &delivery) != HD_OK) {
        schedule->short_of_memory = 1;
        return NULL;
    }
    hd__lane_drop_oldest(lane);
    return delivery->webhook->ordered && hd__order_enter(&schedule->order, delivery) ? NULL : delivery;
}

struct hd__delivery *hd__schedule_take_oldest(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->first;
    if (delivery)
        hd__lane_take_out(lane, delivery);
    else
        delivery = make_oldest(schedule, lane);
    if (delivery)
        hd__schedule_release(schedule, lane, delivery->message);
    return delivery;
}

/* Whether a request is sent for it now: else it only ends. */
static int is_to_be_sent(const struct hd__delivery *delivery) {
    return !hd__schedule_is_discarded(delivery) && !delivery->message->event->is_stand_in;
}

static void begin(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    hd__delivery_follow(delivery, delivery->lane->webhook);
    delivery->started_us = now_us;
    delivery->is_old = delivery->lane->is_slow;
    if (delivery->is_old)
        schedule->old++;
    else
        link_young(schedule, delivery);
    delivery->lane->in_flight++;
    if (is_to_be_sent(delivery))
        hd__lane_started(delivery->lane, now_us);
}

struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule, int64_t now_us) {
    struct hd__lane *lane;
    struct hd__delivery *delivery = NULL;
    while (!delivery && !schedule->short_of_memory && (lane = next_lane(schedule))) {
        delivery = hd__schedule_take_oldest(schedule, lane);
        if (delivery)
            begin(schedule, delivery, now_us);
        unlink_ready(schedule, lane);
        hd__schedule_settle(schedule, lane, now_us);
    }
    return delivery;
}

static void learn_health(struct hd__schedule *schedule, const struct hd__delivery *delivery, int64_t now_ms) {
    struct hd__health health = delivery->lane->health;
    int reason = delivery->report->reason;
    if (delivery->message->is_test || hd__event_is_alert(delivery->message->event->type) || hd__reason_is_ours(reason))
        return;
    hd__health_learn(&health, reason, &schedule->rules.alert, now_ms);
    hd__lanes_set_health(&schedule->lanes, delivery->lane, &health);
}

void hd__schedule_learn(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us, int64_t now_ms) {
    struct hd__lane *lane = delivery->lane;
    lane->is_slow = now_us - delivery->started_us >= SLOW_US;
    int64_t paused_until_us;
    struct hd__pause_rule rule = hd__webhook_pause_rule(lane->webhook, &schedule->rules.pause);
    learn_health(schedule, delivery, now_ms);
    hd__lanes_throttle(&schedule->lanes, lane, hd__lane_throttle(lane, delivery->report, now_us));
    int state = hd__lane_learn(lane, delivery->report, &rule, now_us, &paused_until_us);
    if (delivery->kept_connection_died)
        lane->fresh_until_us = now_us + FRESH_US;
    if (state != lane->state)
        hd__lanes_set_state(&schedule->lanes, lane, state, paused_until_us);
}

void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    if (delivery->is_old)
        schedule->old--;
    else
        unlink_young(schedule, delivery);
    delivery->lane->in_flight--;
    hd__schedule_settle(schedule, delivery->lane, now_us);
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
        hd__schedule_settle(schedule, delivery->lane, now_us);
    }
}

static void wake_lane(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    if (lane->state == HD_WEBHOOK_PAUSED && lane->paused_until_us <= now_us) {
        lane->window = 1;
        hd__lanes_set_state(&schedule->lanes, lane, HD_WEBHOOK_PROBING, 0);
    }
    hd__schedule_settle(schedule, lane, now_us);
}

/* Retries that are due go ahead of what waits: they are older. */
static void wake_delivery(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us) {
    hd__lane_prepend(delivery->lane, delivery);
    hd__schedule_settle(schedule, delivery->lane, now_us);
}

int64_t hd__schedule_advance(struct hd__schedule *schedule, int64_t now_us) {
    struct hd__timer *timer;
    age(schedule, now_us);
    while ((timer = hd__timers_first(&schedule->timers)) && timer->due_us <= now_us) {
        hd__timers_clear(&schedule->timers, timer);
        if (timer->kind == HD__TIMER_LANE)
            wake_lane(schedule, timer->owner, now_us);
        else
            wake_delivery(schedule, timer->owner, now_us);
    }
    int64_t next_us = timer ? timer->due_us : INT64_MAX;
    if (schedule->first_young && has_old_room(schedule) && schedule->first_young->started_us + SLOW_US < next_us)
        next_us = schedule->first_young->started_us + SLOW_US;
    return next_us;
}
