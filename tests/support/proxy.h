/* SPDX-License-Identifier: MIT */
/* An HTTP proxy on 127.0.0.1 that makes tunnels (CONNECT), or does not, as a script says. Whatever host it is asked
 * for, it connects to that port of 127.0.0.1: receivers of tests can have names that no name server knows. */
#ifndef TESTS_SUPPORT_PROXY_H
#define TESTS_SUPPORT_PROXY_H

#include <stddef.h>
#include <stdint.h>

/* A running proxy. */
struct proxy;

struct proxy_script {
    const char *authorization; /* the value of Proxy-Authorization that it wants; NULL if none */
    const char *says;          /* what it says in place of making a tunnel; NULL for a tunnel */
    size_t length;             /* of that; 0 stands for all up to its NUL */
    int stays;                 /* it keeps the connection open after it has said that, and "" is nothing */
};

/* Starts a proxy on a free port. The script must live as long as it. NULL if the system refuses. */
struct proxy *proxy_start(const struct proxy_script *script);

/* Closes all connections and frees the proxy. NULL does nothing. */
void proxy_stop(struct proxy *proxy);

/* Writes "http://USER_INFO127.0.0.1:PORT" into buf. Returns buf. */
const char *proxy_url(const struct proxy *proxy, const char *user_info, char *buf, size_t size);

uint16_t proxy_port(const struct proxy *proxy);

/* How many heads it has read, and the newest of them; "" while there is none. The text is the proxy's, until the next
 * head. */
unsigned proxy_requests(struct proxy *proxy);
const char *proxy_head(struct proxy *proxy);

/* How many connections it has accepted. */
unsigned proxy_connections(struct proxy *proxy);

#endif
