/* libmicrohttpd: whole requests in, answers out, each connection on a thread of its own. */
#ifndef DESK_SERVER_H
#define DESK_SERVER_H

#include "http.h"

#include <stdint.h>

struct server_options {
    const char *address;             /* IPv4 or IPv6 */
    uint16_t port;                   /* 0 for any that is free */
    const char *tls_cert, *tls_key;  /* PEM files; NULL for plain HTTP */
    int has_proxy;                   /* all requests come from one address then */
    const char *const (*headers)[2]; /* with each answer but the dashboard's, closed by NULL; static, or NULL */
};

/* What a server calls, on its connections' threads, for several requests at once. */
struct server_user {
    void (*answer)(void *user, const struct http_request *request, struct http_answer *answer);
    int (*may_go_on)(void *user, const struct http_request *request); /* asked now and then during a stream */
    void *user;
};

struct server;

/* Binds the port; on failure says on stderr what is wrong, and returns NULL. Requests are not answered yet. The options
 * may be freed afterwards, except the headers. */
struct server *server_listen(const struct server_options *options);

uint16_t server_port(const struct server *server);

/* Begins to answer. Returns 0, and says why, if it cannot; free the server with server_stop() then too. */
int server_start(struct server *server, const struct server_user *user);

/* Takes no more connections, ends the streams, lets what else is under way have its answer, and frees the server. */
void server_stop(struct server *server);

#endif
