/* Something to look at: webhooks, receivers for them in this process, and deliveries that were really made. */
#ifndef DESK_DEMO_H
#define DESK_DEMO_H

#include "tickets.h"

struct demo;

/* The client's options must let it go to http://127.0.0.1. Says what is wrong on stderr, and returns NULL then. */
struct demo *demo_start(hd_client *client, const char *project);

/* Tickets of the last day, of which the newest are on the desk. */
int demo_fill(struct demo *demo, struct tickets *tickets);

/* After the client was closed, and before it is freed. */
void demo_stop(struct demo *demo);

#endif
