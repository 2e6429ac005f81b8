/* Deliveries that were put into a store, until its log tells how they ended, whichever process made them. */
#ifndef HD_CLI_PENDING_H
#define HD_CLI_PENDING_H

#include "cli/follow.h"

#define PENDING_MAX 1024 /* beyond them, the oldest of those that are not awaited any more is forgotten */

struct pending_one {
    char event_id[HD_ID_SIZE];
    char webhook_id[129];
    int is_awaited;
};

struct pending {
    struct follow follow;
    struct pending_one *all; /* in the order in which they were added */
    size_t count, awaited;
    size_t left;       /* put in, not awaited, and not ended */
    int64_t active_us; /* when something happened last that they may have waited for */
};

/* Returns CLI_OK, or says what is wrong. To be ended in both cases. */
int cli_pending_begin(const struct place *place, struct pending *pending);
void cli_pending_end(struct pending *pending);

/* One more, which is awaited or not. */
void cli_pending_add(struct pending *pending, const char *event_id, const char *webhook_id, int is_awaited);

/* Tells what the log has of them since the last look; was_awaited is 0 for what had been given up. One that is to be
 * tried again is given up. Returns CLI_OK, or says what is wrong. */
int cli_pending_look(struct pending *pending, void (*tell)(void *user, const hd_report *report, int was_awaited),
                     void *user);

/* Awaits none of them any more. */
void cli_pending_give_up(struct pending *pending);

#endif
