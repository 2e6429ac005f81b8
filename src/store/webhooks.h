/* The configured webhooks, by id and by project. Any thread may call; what is handed out are references to copies that
 * nobody changes any more.
 *
 * An event goes to the webhooks that subscribed when it was accepted, although it may be looked at later, with the
 * settings that they have by then: a change counts from the next event on, by the sequence in which they are accepted,
 * and what it replaced is kept until all events before have found their webhooks. */
#ifndef HD_STORE_WEBHOOKS_H
#define HD_STORE_WEBHOOKS_H

#include "helmdesk.h"

struct hd__webhooks;

/* References to some webhooks. It is what the public hd_webhook_list is. */
struct hd_webhook_list {
    hd_webhook **items;
    size_t count;
    size_t capacity;
};

struct hd__webhooks *hd__webhooks_new(void); /* NULL without memory */
void hd__webhooks_free(struct hd__webhooks *webhooks);

/* Makes room for one more webhook, so that hd__webhooks_put() does not fail. HD_OK or HD_E_NO_MEMORY. */
int hd__webhooks_reserve(struct hd__webhooks *webhooks);

/* Adds a snapshot that nobody else has yet, or replaces the one with its id, for the events from next_event on; takes
 * over the reference on success. HD_OK or HD_E_NO_MEMORY. */
int hd__webhooks_put(struct hd__webhooks *webhooks, hd_webhook *snapshot, uint64_t next_event);

/* A reference; NULL if there is none. */
hd_webhook *hd__webhooks_get(struct hd__webhooks *webhooks, const char *id);

/* Removes a webhook for the events from next_event on. HD_OK or HD_E_NOT_FOUND. */
int hd__webhooks_remove(struct hd__webhooks *webhooks, const char *id, uint64_t next_event);

/* The same, for all events, if it is the webhook with this key in a store: not a newer one with the same id. */
void hd__webhooks_remove_old(struct hd__webhooks *webhooks, const char *id, int64_t key);

/* No event with a smaller id will be asked for any more: forgets what only those would get. */
void hd__webhooks_forget(struct hd__webhooks *webhooks, uint64_t oldest_event);

/* Appends a project's webhooks (all for NULL) to list. HD_OK or HD_E_NO_MEMORY. */
int hd__webhooks_list(struct hd__webhooks *webhooks, const char *project, struct hd_webhook_list *list);

/* Appends to list the webhooks of the event's project that were not off and subscribed to it when it was accepted, each
 * as it is now. HD_OK or HD_E_NO_MEMORY; then list is empty. */
int hd__webhooks_subscribers(struct hd__webhooks *webhooks, const hd_event *event, uint64_t sequence,
                             struct hd_webhook_list *list);

/* Puts references to what was put or removed since the last call into an empty list, the newest last. For one thread.
 */
void hd__webhooks_take_changes(struct hd__webhooks *webhooks, struct hd_webhook_list *changes);

/* Appends a reference. HD_OK or HD_E_NO_MEMORY. */
int hd__webhook_list_add(struct hd_webhook_list *list, hd_webhook *webhook);

/* Gives up the references, but keeps the memory for the next use. */
void hd__webhook_list_clear(struct hd_webhook_list *list);

#endif
