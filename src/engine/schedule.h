/* Decides which delivery is next. Each webhook has its own queue, a lane; lanes that may start a delivery take turns.
 * Slow attempts, and the lanes they come from, have a separate budget, so that receivers that hang use up only that.
 * For deliveries in a store see backlog.h. */
#ifndef HD_ENGINE_SCHEDULE_H
#define HD_ENGINE_SCHEDULE_H

#include "engine/lanes.h"
#include "engine/order.h"
#include "store/store.h"

struct hd__ready {
    struct hd__lane *first, *last;
};

struct hd__schedule {
    struct hd__lanes lanes;
    struct hd__ready
        ready[2]; /* lanes that may start a delivery, in turn: those of quick receivers, and of slow ones */
    struct hd__delivery *first_young, *last_young; /* under way and not yet slow, in the order of their start */
    struct hd__timers timers;                      /* lanes and deliveries that wait for a time */
    struct hd__order order;
    struct hd__delivery_source *source;
    size_t deliveries;      /* that have been made and have a lane */
    size_t drained_buckets; /* by hd__schedule_take_any */
    size_t held;            /* those that are not under way, made or not */
    int short_of_memory;    /* a delivery could not be made; reset by the caller that reads it */
    uint32_t young, old;    /* under way */
    uint32_t max_in_flight;
    struct hd__rules rules;

    /* with a store */
    uint64_t open_shards;                        /* in whose lanes attempts may begin; all without a store */
    int64_t opened_us[HD__SHARDS];               /* since when; 0 for ever */
    struct hd__lane *first_hungry, *last_hungry; /* lanes with room for what the store has of them */
    int has_forgotten; /* the lane of a webhook that was removed is gone; the keeper resets it */
};

struct hd__schedule_config {
    struct hd__delivery_source *source;
    uint32_t max_in_flight;
    struct hd__rules rules;
};

int hd__schedule_init(struct hd__schedule *schedule, const struct hd__schedule_config *config);

/* The deliveries that are still in it end without a record. */
void hd__schedule_destroy(struct hd__schedule *schedule);

/* The lane of a webhook, which is made if need be, and goes by this webhook from now on; NULL without memory. */
struct hd__lane *hd__schedule_lane(struct hd__schedule *schedule, hd_webhook *webhook);

/* A webhook has changed: its lane, if there is one, goes by it. */
void hd__schedule_follow(struct hd__schedule *schedule, hd_webhook *webhook, int64_t now_us);

/* Attempts may begin in these shards. Those of `opened` were not open before; another client may have owned them, and
 * may have used up what the rates of their webhooks allow. */
void hd__schedule_open(struct hd__schedule *schedule, uint64_t open, uint64_t opened, int64_t now_us);

/* Whether attempts may begin in the shard of a lane. */
int hd__schedule_shard_is_open(const struct hd__schedule *schedule, const struct hd__lane *lane);

/* Deliveries of a lane up to this place are to end without an attempt. */
void hd__schedule_discard(struct hd__schedule *schedule, struct hd__lane *lane, int64_t up_to, int64_t now_us);

/* These note in lanes when the oldest waiting delivery was accepted: call the first one for each lane of interest, for
 * the deliveries in its queue, and then the second one once, for all deliveries that wait for a retry. */
void hd__schedule_note_fresh(struct hd__lane *lane);
void hd__schedule_note_retries(struct hd__schedule *schedule);

/* Whether a delivery is one of them. */
int hd__schedule_is_discarded(const struct hd__delivery *delivery);

/* Puts a delivery of a message for a webhook at the end of its lane. It is made when its turn comes. Returns HD_OK or
 * HD_E_NO_MEMORY. */
int hd__schedule_push(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook, int64_t now_us);

/* Takes back the newest one of a webhook's lane, which was pushed in this turn. */
void hd__schedule_unpush(struct hd__schedule *schedule, const hd_webhook *webhook, int64_t now_us);

/* Makes a delivery and puts it ahead of all that wait in its lane. Returns a status. */
int hd__schedule_push_ahead(struct hd__schedule *schedule, struct hd__message *message, hd_webhook *webhook,
                            int64_t now_us);

/* A delivery that the schedule gave has ended, and has nothing to do with its lane any more. */
void hd__schedule_leave(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us);

/* Takes out the newest delivery of a lane if the lane is too full, given how much of the queue's limits is free: the
 * lane of a receiver that accepts nothing may hold as much as it leaves free, and one more. Returns NULL if the lane is
 * not too full. */
struct hd__delivery *hd__schedule_trim(struct hd__schedule *schedule, struct hd__lane *lane, size_t free_events,
                                       size_t free_bytes, int64_t now_us);

/* Makes or takes out the delivery whose turn it is, and counts it as under way; NULL if none may start now. */
struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule, int64_t now_us);

/* What the delivery's report says about its receiver. */
void hd__schedule_learn(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us, int64_t now_ms);

/* A delivery from hd__schedule_next is no longer under way; it is still the lane's. */
void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t now_us);

/* Lets a delivery that is done start again at this time. */
void hd__schedule_retry(struct hd__schedule *schedule, struct hd__delivery *delivery, int64_t due_us);

/* Does what is due. Returns the time at which something will be, INT64_MAX for none. */
int64_t hd__schedule_advance(struct hd__schedule *schedule, int64_t now_us);

/* Takes out any delivery that is not under way; NULL if there is none. */
struct hd__delivery *hd__schedule_take_any(struct hd__schedule *schedule);

/* Takes out a delivery of a lane that is not under way, and is no test; NULL if there is none, or it waits for one of
 * its ticket that is under way. */
struct hd__delivery *hd__schedule_take_stored(struct hd__schedule *schedule, struct hd__lane *lane);

/* ---- For backlog.c and drain.c ---- */

enum {
    HD__TIMER_LANE,
    HD__TIMER_DELIVERY
}; /* the object that contains a timer */

/* A delivery of this message is no longer held. */
void hd__schedule_release(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__message *message);

/* Takes out or makes the delivery that is next in a lane; NULL without memory, or if it has to wait for another one of
 * its ticket. */
struct hd__delivery *hd__schedule_take_oldest(struct hd__schedule *schedule, struct hd__lane *lane);

/* Makes a delivery, with all the memory that it may need. Returns a status. */
int hd__schedule_make(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                      const char *delivery_id, struct hd__delivery **delivery);

/* Puts a delivery object into its lane, before or after the waiting ones. */
void hd__schedule_enter(struct hd__schedule *schedule, struct hd__delivery *delivery, int ahead);

/* Puts a lane that has changed where it belongs now. It may be gone afterwards. */
void hd__schedule_settle(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us);

#endif
