/* A client of a store without a loop: it puts events in and changes webhooks, on the threads of its callers. Callers of
 * the same moment share one step. */
#ifndef HD_ENGINE_DIRECT_H
#define HD_ENGINE_DIRECT_H

#include "base/log.h"
#include "base/uuid.h"
#include "store/store.h"
#include "store/webhooks.h"

struct hd__direct;

struct hd__direct_config {
    struct hd_store *store;
    int64_t key_window_ms;         /* how long idempotency keys count */
    int role;                      /* HD__ROLE_ACCEPT or HD__ROLE_READ */
    const struct hd__clock *clock; /* these must outlive it */
    struct hd__webhooks *webhooks;
    struct hd__log log;
};

/* Joins the store. Returns a status. */
int hd__direct_new(const struct hd__direct_config *config, struct hd__direct **direct);

/* Leaves the store, once the calls that are under way have ended: after it, events are refused with HD_E_CLOSED, and
 * the webhooks stay as they are. */
void hd__direct_leave(struct hd__direct *direct);

/* After hd__direct_leave(). */
void hd__direct_free(struct hd__direct *direct);

/* Stores an event, for all that subscribe, or for one webhook as a redelivery. Returns HD_OK with the event's id when
 * it is on disk; else it is not stored, or with HD_E_STORE_LOST nobody knows. */
int hd__direct_submit(struct hd__direct *direct, hd_event *event, hd_webhook *target,
                      const unsigned char redelivery_of[HD__UUID_BYTES], unsigned char id[HD__UUID_BYTES]);

/* Reads what other clients have changed, so that the webhooks are up to date. Returns a status. */
int hd__direct_look(struct hd__direct *direct);

/* As the worker's. */
int hd__direct_put_webhook(struct hd__direct *direct, hd_webhook *snapshot, uint64_t expected,
                           struct hd__change_note *note);
int hd__direct_remove_webhook(struct hd__direct *direct, const char *id, struct hd__change_note *note);

/* How many events it has stored. */
uint64_t hd__direct_accepted(struct hd__direct *direct);

/* How many deliveries of all clients are in the store. */
uint64_t hd__direct_stored(struct hd__direct *direct);

/* Waits until everything that is in the store now has ended, also what other clients deliver. HD_OK or HD_E_TIMEOUT. */
int hd__direct_flush(struct hd__direct *direct, uint32_t timeout_ms);

#endif
