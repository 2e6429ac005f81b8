/* What is answered to whom: the dashboard below its mount, the toy desk, and signing in. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "guard.h"
#include "links.h"
#include "session.h"
#include "tickets.h"

struct desk {
    hd_client *client;
    hd_dashboard *dashboard;
    struct tickets *tickets;
    struct sessions *sessions;
    struct links links;
    struct guard guard;
    const char *cookie; /* the name of it */
    int is_secure;      /* browsers reach it over TLS */
};

/* The server's user (server.h), with a struct desk. Both may be called by several threads at once. */
void desk_answer(void *desk, const struct http_request *request, struct http_answer *answer);
int desk_may_go_on(void *desk, const struct http_request *request);

#endif
