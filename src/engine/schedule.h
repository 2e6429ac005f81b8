/* Which delivery is next. Each webhook has a lane, a queue of its own; lanes that may start one take turns, so that a
 * webhook that hangs holds its own places and nothing else. */
#ifndef HD_ENGINE_SCHEDULE_H
#define HD_ENGINE_SCHEDULE_H

#include "engine/delivery.h"

struct hd__lane {
    struct hd__lane *next_same_hash;
    uint64_t hash;
    char *webhook_id;
    struct hd__delivery *first, *last; /* waiting */
    uint32_t in_flight, max_in_flight;
    int is_ready; /* is in the schedule's list of ready lanes */
    struct hd__lane *next_ready;
};

struct hd__schedule {
    struct hd__lane **buckets; /* a hash table by webhook id; its size is a power of two */
    size_t bucket_count;
    size_t lane_count;
    struct hd__lane *first_ready, *last_ready; /* lanes that may start a delivery, in turn */
    size_t waiting;
    uint32_t in_flight, max_in_flight;
};

int hd__schedule_init(struct hd__schedule *schedule, uint32_t max_in_flight);

/* There must be no delivery in it. */
void hd__schedule_destroy(struct hd__schedule *schedule);

/* Finds or makes the lane of a delivery, which is not in it yet. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__schedule_assign(struct hd__schedule *schedule, struct hd__delivery *delivery);

/* Takes back hd__schedule_assign. */
void hd__schedule_unassign(struct hd__schedule *schedule, struct hd__delivery *delivery);

/* Puts an assigned delivery at the end of its lane, or ahead of all that wait there. */
void hd__schedule_add(struct hd__schedule *schedule, struct hd__delivery *delivery, int ahead);

/* Takes out the delivery whose turn it is, and counts it as under way; NULL if none may start now. */
struct hd__delivery *hd__schedule_next(struct hd__schedule *schedule);

/* A delivery from hd__schedule_next is no longer under way; its lane is not to be touched any more. */
void hd__schedule_done(struct hd__schedule *schedule, struct hd__delivery *delivery);

#endif
