/* The texts of an event that a search looks through. */
#ifndef HD_EVENT_SEARCH_H
#define HD_EVENT_SEARCH_H

#include "base/buffer.h"
#include "helmdesk.h"

/* Appends the ticket's id, "#" and its number, its subject, the customer's e-mail and name and the message, with U+001F
 * between them and a NUL after them (see struct hd__stored_event). Without memory out->failed is set. */
#define HD__EVENT_SOUGHT 4

/* The texts (HD__EVENT_...) that a search looks through, beside ids; of an alert, the webhook's name and why it fails.
 */
extern const int hd__event_sought[HD__EVENT_SOUGHT];

void hd__event_write_search(const hd_event *event, struct hd__buffer *out);

#endif
