/* The deliveries of lanes that are in a store and not in memory: a lane with room is hungry, a claim reads as many
 * deliveries as it has room for, and marks remember how far the claims have come. */
#ifndef HD_ENGINE_BACKLOG_H
#define HD_ENGINE_BACKLOG_H

#include "engine/schedule.h"
#include "store/store.h"

/* What a store knows about a delivery. */
struct hd__stored_delivery {
    int64_t row;
    int64_t due_ms; /* 0 for one that was not tried yet */
    unsigned char delivery_id[HD__UUID_BYTES];
    uint32_t tries;
    int may_be_repeated;
};

/* Whether the store may have something of a lane that is not in memory. */
int hd__backlog_is_there(const struct hd__lane *lane);

/* Whether it has something that is to come now, and there is room for it. */
int hd__backlog_is_hungry(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us);

/* The store may have tests of a lane that are not in memory. */
void hd__backlog_note_tests(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us);

/* Whether a new delivery that the store has just taken may come into memory at once. If not, a claim will bring it. */
int hd__backlog_takes(const struct hd__schedule *schedule, const struct hd__lane *lane);
void hd__backlog_leave(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us);

/* Makes a delivery that is stored and puts it at the end of its lane, or, if it was tried before or is a test, at its
 * beginning.
 * Returns a status. */
int hd__backlog_push(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                     const struct hd__stored_delivery *stored, int64_t now_us);

/* A delivery that leaves the memory is due again at this time. Before hd__schedule_leave. */
void hd__backlog_comes_back(struct hd__lane *lane, int64_t at_us);

/* Puts a lane into the list of the hungry ones, if it is one and is not there yet. */
void hd__backlog_note(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us);

/* Whether a claim would give something to do. */
int hd__backlog_has_hungry(const struct hd__schedule *schedule);

/* What lanes want from the store: fills up to max claims and their lanes, which are claiming from now on and cannot go
 * away, and returns how many. */
size_t hd__backlog_claims(struct hd__schedule *schedule, struct hd__claim *claims, struct hd__lane **lanes, size_t max,
                          int64_t now_us);

/* A claim was made, or given up for retry_at_us: if its status is not HD_OK, or if is_done is 0. */
void hd__backlog_claimed(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__claim *claim,
                         int is_done, int64_t now_us);

/* Another client has it from now on, or this one has it anew: nothing of it is known. */
void hd__backlog_reset(struct hd__lane *lane);

#endif
