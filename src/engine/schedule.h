/* Which delivery is next. Each webhook has a lane, a queue of its own; lanes that may start one take turns. Attempts
 * that take long, and the lanes that they are from, have a budget of their own, so that receivers that hang use up
 * nothing but that. */
#ifndef HD_ENGINE_SCHEDULE_H
#define HD_ENGINE_SCHEDULE_H

#include "engine/lane.h"
#include "engine/order.h"
#include "store/store.h"

#include <pthread.h>

struct hd__ready {
    struct hd__lane *first, *last;
};

struct hd__schedule {
    struct hd__lane **buckets; /* a hash table by webhook id; its size is a power of two */
    size_t bucket_count;
    size_t lane_count;
    size_t drained_buckets; /* by hd__schedule_take_any */
    struct hd__ready
        ready[2]; /* lanes that may start a delivery, in turn: those of quick receivers, and of slow ones */
    struct hd__delivery *first_young, *last_young; /* under way and not yet slow, in the order of their start */
    struct hd__timers timers;                      /* lanes and deliveries that wait for a time */
    struct hd__order order;
    struct hd__delivery_source *source;
    size_t deliveries;   /* that have been made and have a lane */
    size_t held;         /* those that are not under way, made or not */
    int short_of_memory; /* a delivery could not be made; whoever looks at it resets it */
    uint32_t young, old; /* under way */
    uint32_t max_in_flight;
    struct hd__pause_rule rule;
    pthread_mutex_t state_mutex; /* guards the states of all lanes and this list against hd__schedule_state */
    struct hd__lane *paused;     /* lanes that are not active */
    struct hd__lane *first_hungry, *last_hungry; /* lanes with room for what a store has of them */
    int leaves_backlog;                          /* in the store: no lane is ever hungry */
};

int hd__schedule_init(struct hd__schedule *schedule, struct hd__delivery_source *source, uint32_t max_in_flight,
                      const struct hd__pause_rule *rule);

/* What is still in it ends without a record. */
void hd__schedule_destroy(struct hd__schedule *schedule);

/* Puts a delivery of a message for a webhook at the end of its lane. It is made when its turn comes. Returns HD_OK or
 * HD_E_NO_MEMORY. */
int hd__schedule_push(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook, int64_t now_us);

/* Takes back the newest one of a webhook's lane, which was pushed in this turn. */
void hd__schedule_unpush(struct hd__schedule *schedule, const hd_webhook *webhook, int64_t now_us);

/* Makes a delivery and puts it ahead of all that wait in its lane. Returns a status. */
int hd__schedule_push_ahead(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook,
                            int64_t now_us);

/* ---- With a durable store ---- */

/* The lane of a webhook, which is made if need be; NULL without memory. The webhook has keys. */
struct hd__lane *hd__schedule_lane(struct hd__schedule *schedule, hd_webhook *webhook);

/* What a store says of a delivery. */
struct hd__stored_delivery {
    int64_t row;
    int64_t due_ms; /* 0 for one that was not tried yet */
    const char *delivery_id;
    uint32_t tries;
    int may_be_repeated;
};

/* Whether a new delivery, which has been stored with this row, may come into memory at once. If not, it is left for a
 * claim. */
int hd__schedule_takes(const struct hd__schedule *schedule, const struct hd__lane *lane);
void hd__schedule_leave_stored(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us);

/* Makes a delivery that is stored and puts it at the end of its lane, or, if it was tried before, at its beginning.
 * Returns a status. */
int hd__schedule_push_stored(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                             hd_webhook *webhook, const struct hd__stored_delivery *stored, int64_t now_us);

/* A delivery of a claim that cannot be taken is left in the store until the next start: the next claim goes on behind
 * it. */
void hd__schedule_skip_stored(struct hd__lane *lane, const struct hd__stored_delivery *stored);

/* A delivery that has left memory is due again at this time. Before hd__schedule_leave. */
void hd__schedule_comes_back(struct hd__lane *lane, int64_t at_us);

/* What lanes want from the store: fills up to max claims, and returns how many. They are for the first lanes of the
 * list, and stay so until hd__schedule_claimed. */
size_t hd__schedule_claims(const struct hd__schedule *schedule, struct hd__claim *claims, size_t max);

/* Whether a claim would give something to do. */
int hd__schedule_is_hungry(const struct hd__schedule *schedule);

/* The lane of a claim, by its place. */
struct hd__lane *hd__schedule_claiming(const struct hd__schedule *schedule, size_t index);

/* The claims were made. now_ms is the step's. */
void hd__schedule_claimed(struct hd__schedule *schedule, const struct hd__claim *claims, size_t count, int64_t now_us,
                          int64_t now_ms);

/* A delivery that the schedule gave has ended, and has nothing to do with its lane any more. */
void hd__schedule_leave(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us);

/* Takes out the newest delivery of a webhook's lane if that is too full, where so much of the queue's limits is free:
 * the lane of a receiver that takes nothing may hold as much as it leaves to others, and one. NULL if it is not. */
struct hd__delivery *hd__schedule_trim(struct hd__schedule *schedule, const hd_webhook *webhook, size_t free_events,
                                       size_t free_bytes, int64_t now_us);

/* Makes or takes out the delivery whose turn it is, and counts it as under way; NULL if none may start now. */
struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule, int64_t now_us);

/* What the delivery's report says about its receiver. */
void hd__schedule_learn(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us);

/* A delivery from hd__schedule_next is no longer under way; it is still the lane's. */
void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us);

/* Lets a delivery that is done start again at this time. */
void hd__schedule_retry(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t due_us);

/* Does what is due. Returns the time at which something will be, INT64_MAX for none. */
int64_t hd__schedule_advance(struct hd__schedule *schedule, int64_t now_us);

/* Takes out a delivery that waits for a retry after this time; NULL if there is none. */
struct hd__delivery *hd__schedule_take_later(struct hd__schedule *schedule, int64_t than_us);

/* Takes out any delivery that is not under way; NULL if there is none. */
struct hd__delivery *hd__schedule_take_any(struct hd__schedule *schedule);

/* The HD_WEBHOOK_... state of a webhook, and until when it is paused (monotonic; 0 if it is not). From any thread. */
int hd__schedule_state(struct hd__schedule *schedule, const char *webhook_id, int64_t *until_us);

#endif
