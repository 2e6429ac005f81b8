/* The queue of one webhook, and what is known of its receiver: how much it may get at once, since when it is silent,
 * whether it asked for patience. */
#ifndef HD_ENGINE_LANE_H
#define HD_ENGINE_LANE_H

#include "engine/delivery.h"

/* When a webhook that keeps failing is left alone for a while. */
struct hd__pause_rule {
    uint32_t failures; /* in a row; 0 for never */
    uint32_t pause_ms;
};

/* A delivery that has not been made yet, since a million of them may wait. */
struct hd__fresh {
    struct hd__message *message;
    hd_webhook *webhook; /* a reference */
};

/* What it takes, in a ring that is half full. */
#define HD__FRESH_SIZE (2 * sizeof(struct hd__fresh))

/* What of a lane is in a durable store and not in memory. */
struct hd__backlog {
    int64_t webhook;                       /* its key there; 0 without a store */
    int has_new;                           /* there may be deliveries behind after_row that were not tried yet */
    int64_t after_row;                     /* the last of those that came into memory */
    int64_t retry_at_us;                   /* when the next of those that were tried is due; INT64_MAX for none */
    int64_t after_due_ms, after_retry_row; /* the last of those that came into memory */
    int is_hungry;                         /* waits for a claim, in the schedule's list */
    struct hd__lane *next_hungry;
};

struct hd__lane {
    struct hd__lane *next_same_hash;
    uint64_t hash;
    char *webhook_id;

    struct hd__delivery *first, *last; /* that go ahead of the fresh ones: tests, and those that have been tried */
    struct hd__fresh *fresh;           /* a ring: those that have not */
    size_t fresh_head, fresh_count, fresh_size;
    size_t held; /* all of them, and those that wait for a retry or for another one of their ticket */
    size_t held_bytes;
    uint32_t in_flight;
    size_t assigned; /* deliveries that have this lane, whatever they do */

    uint32_t max_in_flight;  /* as the webhook says */
    uint32_t window;         /* as the receiver's answers allow: 1 after a timeout, doubled by each success */
    int is_slow;             /* its last attempt took long, or one takes long now */
    int64_t alive_until_us;  /* it delivered something not long before */
    int64_t hold_until_us;   /* it asked for patience */
    int64_t spaced_until_us; /* as Slack wants it */
    int64_t fresh_until_us;  /* it closes kept connections under requests */
    int64_t failed_us;       /* when the last attempt failed */
    uint32_t throttles;      /* answers 429 in a row */
    uint32_t failures;       /* failed attempts in a row */

    int state; /* HD_WEBHOOK_... */
    int64_t paused_until_us;
    struct hd__lane *next_paused; /* in the schedule's list of those that are not active */

    struct hd__backlog backlog;
    hd_webhook *webhook; /* with a store: a reference to the newest that was seen */

    struct hd__timer timer;
    struct hd__lane *previous_ready, *next_ready;
    int is_ready;      /* is in a list of ready lanes */
    int is_ready_slow; /* which one */
};

/* What the lane takes over from the webhook of a new delivery: the newest setting counts. */
void hd__lane_follow(struct hd__lane *lane, const hd_webhook *webhook);

/* Puts a delivery behind all others, taking a reference to the webhook. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__lane_push(struct hd__lane *lane, struct hd__message *message, hd_webhook *webhook);

/* The oldest fresh delivery, and the newest. There must be one. */
struct hd__fresh *hd__lane_oldest(const struct hd__lane *lane);
struct hd__fresh *hd__lane_newest(const struct hd__lane *lane);

/* Takes it out, and gives up its reference. */
void hd__lane_drop_oldest(struct hd__lane *lane);
void hd__lane_drop_newest(struct hd__lane *lane);

/* The earliest time at which the next attempt may start. */
int64_t hd__lane_opens_at(const struct hd__lane *lane);

/* An attempt at a delivery starts. */
void hd__lane_started(struct hd__lane *lane, const struct hd__delivery *delivery, int64_t now_us);

/* What the report of an attempt says about the receiver. Returns the lane's new state, and for HD_WEBHOOK_PAUSED the
 * time at which it ends. */
int hd__lane_learn(struct hd__lane *lane, const hd_report *report, const struct hd__pause_rule *rule, int64_t now_us,
                   int64_t *paused_until_us);

/* How many deliveries it keeps in memory, if there are more in a store. */
size_t hd__lane_kept(const struct hd__lane *lane);

/* Until when the lane has to be remembered although nothing is in it. */
int64_t hd__lane_remembered_until(const struct hd__lane *lane, const struct hd__pause_rule *rule);

#endif
