/* The worker's side of a durable store: what its next step is to write. It is kept until it is written, and when the
 * store fails it is tried again. */
#ifndef HD_ENGINE_OUTBOX_H
#define HD_ENGINE_OUTBOX_H

#include "engine/schedule.h"
#include "store/store.h"

#define HD__CLAIMS_MAX 64 /* lanes that one step looks up */

/* A new delivery, beside what the store gets of it. */
struct hd__arrival {
    struct hd__lane *lane;
    hd_webhook *webhook; /* a reference */
};

struct hd__outbox {
    struct hd_store *store; /* NULL for none: then all the rest is unused */
    struct hd__store_state state;
    int status;          /* of the last step */
    int64_t try_at_us;   /* after a failure */
    int64_t now_ms;      /* of the last step: never goes back */
    int64_t now_at_us;   /* monotonic, of the same moment */
    size_t unreadable;   /* rows of the last step */
    int64_t maintain_us; /* when it is next */

    /* events that have come, and their deliveries */
    struct hd__stored_event *events;
    struct hd__message **messages; /* one for each */
    size_t event_count, event_size;
    struct hd__new_delivery *deliveries;
    struct hd__arrival *arrivals; /* one for each */
    size_t delivery_count, delivery_size;

    /* deliveries whose attempt is over */
    struct hd__delivery *first_result, *last_result;
    size_t result_count;
    struct hd__result *results; /* what the store gets of them */
    struct hd__stored_report *reports;
    struct hd__stored_event *result_events;
    size_t result_size;

    struct hd__claim claims[HD__CLAIMS_MAX];
    size_t claim_count;
};

/* Adds an event, whose message is the outbox's from now on. HD_OK or HD_E_NO_MEMORY. */
int hd__outbox_add_event(struct hd__outbox *outbox, struct hd__message_pool *pool, struct hd__message *message);

/* Adds a delivery of the last event. HD_OK or HD_E_NO_MEMORY. */
int hd__outbox_add_delivery(struct hd__outbox *outbox, struct hd__lane *lane, hd_webhook *webhook,
                            const unsigned char delivery_id[HD__STORE_ID_SIZE]);

/* Takes back the last event and its deliveries, so many. The message is the caller's again. */
void hd__outbox_drop_event(struct hd__outbox *outbox, size_t deliveries);

/* Adds a delivery that is over, with its result and its report filled. It cannot fail. */
void hd__outbox_add_result(struct hd__outbox *outbox, struct hd__delivery *delivery);

/* Takes out a result that was written. There must be one. */
struct hd__delivery *hd__outbox_take_result(struct hd__outbox *outbox);

/* Whether there is something to write or to claim. */
int hd__outbox_has_work(const struct hd__outbox *outbox);

/* Writes all of it, or the results alone. Returns the status, which is kept. */
int hd__outbox_step(struct hd__outbox *outbox, struct hd__message_pool *pool, int results_only,
                    int (*claimed)(void *user, size_t claim, const struct hd__claimed *row), void *user);

/* Forgets the events and deliveries of the step. */
void hd__outbox_clear(struct hd__outbox *outbox);

void hd__outbox_destroy(struct hd__outbox *outbox);

#endif
