/* The lanes that there are, by webhook and project, and what keeps them from being sent to: the pause rule, or their
 * receivers. A webhook that moves to another project has another lane there: what waits in the old one stays that
 * project's. So it is in a store with one that is removed and comes again. */
#ifndef HD_ENGINE_LANES_H
#define HD_ENGINE_LANES_H

#include "engine/lane.h"

#include <pthread.h>

struct hd__lanes {
    struct hd__lane **buckets; /* a hash table; its size is a power of two */
    size_t bucket_count;
    size_t count;
    pthread_mutex_t state_mutex; /* guards the states of all lanes and this list against hd__lanes_state */
    struct hd__lane *noted;      /* lanes of which there is something to tell */
};

int hd__lanes_init(struct hd__lanes *lanes);
void hd__lanes_destroy(struct hd__lanes *lanes);

/* NULL if there is none. */
struct hd__lane *hd__lanes_find(const struct hd__lanes *lanes, const hd_webhook *webhook);

/* A new lane that goes by no webhook yet; NULL without memory. */
struct hd__lane *hd__lanes_make(struct hd__lanes *lanes, const hd_webhook *webhook);

void hd__lanes_remove(struct hd__lanes *lanes, struct hd__lane *lane);

/* The lane after this one, in no order; the first for NULL; NULL after the last. */
struct hd__lane *hd__lanes_next(const struct hd__lanes *lanes, const struct hd__lane *lane);

/* Changes a lane's HD_WEBHOOK_... state, and until when it is paused. */
void hd__lanes_set_state(struct hd__lanes *lanes, struct hd__lane *lane, int state, int64_t until_us);

/* Changes until when a lane is throttled; 0 for not. */
void hd__lanes_throttle(struct hd__lanes *lanes, struct hd__lane *lane, int64_t until_us);

/* Changes how a lane's webhook does. */
void hd__lanes_set_health(struct hd__lanes *lanes, struct hd__lane *lane, const struct hd__health *health);

/* What there is to tell of a lane, for a store and for people. */
struct hd__lane_note hd__lane_note_of(const struct hd__lane *lane, int64_t now_us);

/* How a webhook does. From any thread. */
struct hd__condition hd__lanes_condition(struct hd__lanes *lanes, const hd_webhook *webhook, int64_t now_us);

#endif
