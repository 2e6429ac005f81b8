/* The queue of one webhook, and what is known of its receiver: how much it may get at once, since when it is silent,
 * whether it asked for patience. */
#ifndef HD_ENGINE_LANE_H
#define HD_ENGINE_LANE_H

#include "endpoint/webhook.h"
#include "engine/delivery.h"
#include "engine/health.h"

struct hd__rules {
    struct hd__pause_rule pause;
    struct hd__alert_rule alert;
};

/* The memory of a delivery that has no object yet, in a ring that is half full: only a pointer to its message, since a
 * million of them may wait. */
#define HD__FRESH_SIZE (2 * sizeof(struct hd__message *))

/* The part of a lane that is in a store and not in memory. */
struct hd__backlog {
    int has_new;                           /* there may be deliveries after after_row that were not tried yet */
    int64_t after_row;                     /* the last of those that came into memory */
    int has_tests;                         /* there may be tests after after_test */
    int64_t after_test;                    /* the last of those that came into memory */
    int64_t retry_at_us;                   /* when the next of those that were tried is due; INT64_MAX for none */
    int64_t after_due_ms, after_retry_row; /* the last of those that came into memory */
    int64_t closed_until_us;               /* it could not be read: no claim before */
    int is_damaged;                        /* the last claim could not read it */
    int is_hungry;                         /* waits for a claim, in the schedule's list */
    struct hd__lane *next_hungry;
    int is_claiming; /* a claim is under way */
    int is_void;     /* what that claim brings is another client's */
    int is_draining; /* what was begun for an earlier owner of the shard has not been written yet: no claim before */
};

struct hd__lane {
    struct hd__lane *next_same_hash;
    uint64_t hash;
    char *project, *webhook_id;
    int64_t key; /* in a store, as the next; 0 without one */
    int shard;
    hd_webhook *webhook; /* a reference to the newest: deliveries go by it when their attempt begins */

    struct hd__delivery *first, *last; /* that go ahead of the fresh ones: tests, and those that have been tried */
    struct hd__message **fresh;        /* a ring: those that have not */
    size_t fresh_head, fresh_count, fresh_size;
    size_t held; /* all of them, and those that wait for a retry or for another one of their ticket */
    size_t held_bytes;
    uint32_t in_flight;
    size_t assigned;   /* all deliveries of this lane: waiting, under way or settled */
    int64_t oldest_us; /* as hd__schedule_note_...() found it (monotonic); INT64_MAX if nothing waits */

    uint32_t max_in_flight;  /* as the webhook says */
    int64_t space_us, burst; /* the same: between requests, and how many need none; 0 for no rate */
    int64_t full_at_us;      /* when the whole burst is there again */
    int64_t counted_us;      /* the last start that the rate counts; 0 for none */
    uint32_t window; /* how many attempts the receiver can take at once: 1 after a timeout, doubled by each success */
    int is_slow;     /* its last attempt took long, or one takes long now */
    int64_t alive_until_us; /* it delivered something not long before */
    int64_t fresh_until_us; /* it closes kept connections under requests */
    int64_t failed_us;      /* when the last attempt failed */
    uint32_t throttles;     /* 429 responses in a row */
    struct hd__health health;

    int state; /* of the pause rule: HD_WEBHOOK_ACTIVE, _PAUSED or _PROBING */
    int64_t paused_until_us;
    int64_t throttled_until_us;  /* the receiver asked for patience; 0 if it did not */
    struct hd__lane *next_noted; /* in the list of those that are not active, or were throttled */

    int64_t discarded_up_to; /* place of the last delivery that is to end without an attempt */
    struct hd__backlog backlog;

    struct hd__timer timer;
    struct hd__lane *previous_ready, *next_ready;
    int is_ready;      /* is in a list of ready lanes */
    int is_ready_slow; /* which one */
};

/* Has the lane go by the webhook as it is now. */
void hd__lane_follow(struct hd__lane *lane, hd_webhook *webhook);

/* What the rate allows is used up at this time: somebody else may have used it. */
void hd__lane_use_up(struct hd__lane *lane, int64_t at_us);

/* Whether attempts may begin at all: it is on, not paused, and allowed. */
int hd__lane_is_open(const struct hd__lane *lane);

/* Adds a delivery object before or after the existing ones, or removes it. */
void hd__lane_prepend(struct hd__lane *lane, struct hd__delivery *delivery);
void hd__lane_append(struct hd__lane *lane, struct hd__delivery *delivery);
void hd__lane_take_out(struct hd__lane *lane, struct hd__delivery *delivery);

/* Adds a delivery for which there is no object yet, after all others. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__lane_push(struct hd__lane *lane, struct hd__message *message);

/* The messages of the oldest fresh delivery, and of the newest. There must be one. */
struct hd__message *hd__lane_oldest(const struct hd__lane *lane);
struct hd__message *hd__lane_newest(const struct hd__lane *lane);

/* Takes it out. */
void hd__lane_drop_oldest(struct hd__lane *lane);
void hd__lane_drop_newest(struct hd__lane *lane);

/* The earliest time at which the next attempt may start. */
int64_t hd__lane_opens_at(const struct hd__lane *lane);

/* A request starts. */
void hd__lane_started(struct hd__lane *lane, int64_t now_us);

/* How long the receiver wants to be left in peace after this report: until when, 0 if it does not ask for that. */
int64_t hd__lane_throttle(struct hd__lane *lane, const hd_report *report, int64_t now_us);

/* What the report of an attempt says about the receiver, after the lane's health has learned of it. Returns the lane's
 * new state, and for HD_WEBHOOK_PAUSED the time at which it ends. */
int hd__lane_learn(struct hd__lane *lane, const hd_report *report, const struct hd__pause_rule *rule, int64_t now_us,
                   int64_t *paused_until_us);

/* How many deliveries it keeps in memory, if there are more in a store. */
size_t hd__lane_kept(const struct hd__lane *lane);

/* Until when the lane has to be remembered although nothing is in it; INT64_MAX for as long as its webhook is there. */
int64_t hd__lane_remembered_until(const struct hd__lane *lane, const struct hd__alert_rule *rule);

#endif
