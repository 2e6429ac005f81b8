/* Takes waiting deliveries out of a schedule, both those in lanes and those that wait for a retry. */
#include "engine/schedule.h"

static struct hd__delivery *take_from_timer(struct hd__schedule *schedule, struct hd__timer *timer) {
    struct hd__delivery *delivery = timer->owner;
    hd__timers_clear(&schedule->timers, timer);
    hd__schedule_release(schedule, delivery->lane, delivery->message);
    return delivery;
}

/* The oldest delivery of a lane, whether it waits for its turn or for others of its ticket. */
static struct hd__delivery *take_waiting(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery;
    do
        delivery = hd__schedule_take_oldest(schedule, lane);
    while (!delivery && !schedule->short_of_memory &&
           lane->fresh_count > 0); /* older deliveries of their tickets come first */
    return delivery;
}

static struct hd__delivery *take_from_lanes(struct hd__schedule *schedule) {
    const struct hd__lanes *lanes = &schedule->lanes;
    for (; schedule->drained_buckets < lanes->bucket_count; schedule->drained_buckets++)
        for (struct hd__lane *lane = lanes->buckets[schedule->drained_buckets]; lane; lane = lane->next_same_hash)
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
        if (timer->kind == HD__TIMER_DELIVERY)
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
        delivery = take_from_lanes(schedule);
    if (!delivery) { /* more came in since the last time */
        schedule->drained_buckets = 0;
        delivery = take_from_lanes(schedule);
    }
    return delivery;
}

static struct hd__timer *timer_in(const struct hd__schedule *schedule, const struct hd__lane *lane) {
    for (size_t i = schedule->timers.count; i > 0; i--) {
        struct hd__timer *timer = schedule->timers.heap[i - 1];
        if (timer->kind == HD__TIMER_DELIVERY && ((struct hd__delivery *)timer->owner)->lane == lane)
            return timer;
    }
    return NULL;
}

static void note_waiting(struct hd__lane *lane, const struct hd__delivery *delivery) {
    if (delivery->message->accepted_us < lane->oldest_us)
        lane->oldest_us = delivery->message->accepted_us;
}

void hd__schedule_note_fresh(struct hd__lane *lane) {
    lane->oldest_us = lane->fresh_count ? hd__lane_oldest(lane)->accepted_us : INT64_MAX;
    for (const struct hd__delivery *delivery = lane->first; delivery; delivery = delivery->next)
        note_waiting(lane, delivery);
}

void hd__schedule_note_retries(struct hd__schedule *schedule) {
    for (size_t i = 0; i < schedule->timers.count; i++) {
        const struct hd__timer *timer = schedule->timers.heap[i];
        const struct hd__delivery *delivery = timer->kind == HD__TIMER_DELIVERY ? timer->owner : NULL;
        if (delivery)
            note_waiting(delivery->lane, delivery);
    }
}

struct hd__delivery *hd__schedule_take_stored(struct hd__schedule *schedule, struct hd__lane *lane) {
    struct hd__delivery *delivery = lane->first;
    while (delivery && !delivery->row)
        delivery = delivery->next;
    if (delivery) {
        hd__lane_take_out(lane, delivery);
        hd__schedule_release(schedule, lane, delivery->message);
        return delivery;
    }
    struct hd__timer *timer = lane->held > 0 ? timer_in(schedule, lane) : NULL;
    return timer ? take_from_timer(schedule, timer) : NULL;
}
