/* The texts of an event that a search looks through. */
#ifndef HD_EVENT_SEARCH_H
#define HD_EVENT_SEARCH_H

#include "base/buffer.h"
#include "helmdesk.h"

/* Appends the ticket's id, "#" and its number, its subject, the customer's e-mail and name and the message, with U+001F
 * between them and a NUL after them (see struct hd__stored_event). Without memory out->failed is set. */
void hd__event_write_search(const hd_event *event, struct hd__buffer *out);

#endif
