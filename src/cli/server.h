/* A small HTTP server on libmicrohttpd: whole requests in, answers out, each connection on a thread of its own. */
#ifndef HD_CLI_SERVER_H
#define HD_CLI_SERVER_H

#include "cli/request.h"

#include <stdint.h>

enum reply_kind {
    REPLY_ANSWERS,
    REPLY_HANGS, /* until the client leaves, or the server stops */
    REPLY_RESETS /* the connection */
};

struct reply {
    enum reply_kind kind;
    int64_t delay_ms; /* before it */
    int status;
    const char *type;         /* Content-Type; static text */
    const char *name, *value; /* one more header, static text; NULL for none */
    struct bytes body;        /* malloc()ed; the server's to free */
};

/* Called on the connection's thread, for several requests at once. */
typedef void reply_function(void *user, const struct request *request, struct reply *reply);

struct server;

/* Listens on an IPv4 or IPv6 address and a port, 0 for any; *port becomes the real one. Returns CLI_OK, or says what is
 * wrong. */
int cli_server_start(const char *host, uint16_t *port, reply_function *function, void *user, struct server **server);

/* Takes no more connections; answers what is under way, but for what hangs or waits. */
void cli_server_stop(struct server *server);

#endif
