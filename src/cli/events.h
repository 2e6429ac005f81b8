/* The events that send sends: one, one many times, or those of a file. */
#ifndef HD_CLI_EVENTS_H
#define HD_CLI_EVENTS_H

#include "cli/input.h"
#include "helmdesk.h"

struct events {
    size_t total;
    hd_event *base;    /* NULL for those of a file */
    struct bytes file; /* a body a line */
    const char *line;  /* the next one */
    size_t next;
};

/* Reads --batch, or --count and the event of this name. What is in a file is checked before anything is sent. Returns
 * CLI_OK, or says what is wrong. */
int cli_events_begin(const struct args *args, const char *name, struct events *events);

/* Makes the next event; it is to be freed. */
int cli_events_next(const struct args *args, struct events *events, hd_event **event);
void cli_events_end(struct events *events);

#endif
