/* The HTML of the toy desk. Whatever comes from people is escaped. */
#ifndef DESK_PAGES_H
#define DESK_PAGES_H

#include "text.h"
#include "tickets.h"

/* Where the dashboard is, and of which project. */
#define PAGES_MOUNT "/admin/"
#define PAGES_PROJECT "acme"

/* The tickets; with forms if they may be changed. */
void pages_tickets(struct text *page, struct tickets *tickets, const char *user, int may_change);

/* One sentence, and a way back. */
void pages_sentence(struct text *page, const char *title, const char *sentence);

#endif
