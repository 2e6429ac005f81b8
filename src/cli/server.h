/* A small HTTP server on libmicrohttpd: whole requests in, answers out, each connection on a thread of its own. */
#ifndef HD_CLI_SERVER_H
#define HD_CLI_SERVER_H

#include "cli/request.h"
#include "helmdesk/dashboard.h"

#include <stdint.h>

enum reply_kind {
    REPLY_ANSWERS,
    REPLY_HANGS, /* until the client leaves, the server stops, or a minute is over */
    REPLY_RESETS /* the connection */
};

struct reply {
    enum reply_kind kind;
    int64_t delay_ms; /* before it; cut short when the server stops */
    int status;
    char type[128];   /* Content-Type; "" for none */
    const char *name; /* of one more header, static text; NULL for none */
    char value[64];
    struct bytes body;           /* malloc()ed; the server's to free */
    hd_dashboard_response *page; /* in the place of all but the status; the server's to free; NULL for none */
};

/* What a server calls, on its connections' threads, for several requests at once. */
struct server_user {
    void (*reply)(void *user, const struct request *request, struct reply *reply);
    void (*answered)(void *user); /* once after each call of reply: the answer has left, or never will */
    /* NULL, or told of a request whose body was too large to be read, which is answered 413 without a call of reply. */
    void (*too_large)(void *user, const struct request *request);
    void *user;
};

struct server;

/* Listens on an IPv4 or IPv6 address and a port, 0 for any; *port becomes the real one. Returns CLI_OK, or says what is
 * wrong. */
int cli_server_start(const char *host, uint16_t *port, const struct server_user *user, struct server **server);

/* Takes no more connections, lets what is under way have its answer, and frees the server. */
void cli_server_stop(struct server *server);

#endif
