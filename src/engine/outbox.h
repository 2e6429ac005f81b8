/* What the next step of a store will write: new events, and results of deliveries. What was handed to the store does
 * not change until the result of the step is known. */
#ifndef HD_ENGINE_OUTBOX_H
#define HD_ENGINE_OUTBOX_H

#include "engine/ledger.h"
#include "store/store.h"

#define HD__OUTBOX_EVENTS 256                      /* of one step */
#define HD__OUTBOX_RESULTS 4096                    /* of one step */
#define HD__OUTBOX_BYTES ((size_t)4 * 1024 * 1024) /* of one step, about */

struct hd__outbox {
    /* events of the step */
    struct hd__accepted entries[HD__OUTBOX_EVENTS];
    struct hd__message *messages[HD__OUTBOX_EVENTS];
    struct hd__new_event events[HD__OUTBOX_EVENTS];
    struct hd__buffer searches[HD__OUTBOX_EVENTS];
    size_t event_count, event_bytes;

    /* deliveries that are settled: those that are still to be written, and those of the step */
    struct hd__delivery *first_settled, *last_settled;
    size_t settled_count;
    struct hd__delivery **written;
    struct hd__result *results;
    struct hd__stored_report *reports;
    struct hd__stored_event *result_events; /* of tests, which bring their event along */
    struct hd__buffer *result_searches;
    size_t result_count, result_size;
};

/* Adds an event, whose message is the outbox's from now on. HD_OK or HD_E_NO_MEMORY. */
int hd__outbox_add_event(struct hd__outbox *outbox, struct hd__message_pool *pool, const struct hd__accepted *entry,
                         struct hd__message *message);

/* Whether there is room for one more. */
int hd__outbox_takes_event(const struct hd__outbox *outbox);

/* Forgets the events; what they point to is the caller's. */
void hd__outbox_clear_events(struct hd__outbox *outbox);

/* Adds a delivery that is settled. It cannot fail. */
void hd__outbox_add_settled(struct hd__outbox *outbox, struct hd__delivery *delivery);

/* Takes as many of them into the step as it may have. Those for which there is no memory stay. */
void hd__outbox_write_results(struct hd__outbox *outbox, struct hd__message_pool *pool);

/* Puts the results of a step that did not happen back to the settled ones, the oldest first. */
void hd__outbox_take_back(struct hd__outbox *outbox);

void hd__outbox_destroy(struct hd__outbox *outbox);

#endif
