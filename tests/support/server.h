/* SPDX-License-Identifier: MIT */
/*
 * A scripted HTTP receiver on 127.0.0.1 that behaves well or badly as the path of the request asks, and remembers every
 * request byte for byte. Plain POSIX sockets and threads; it knows nothing of libhelmdesk.
 *
 * What a path does (more may follow it after a '/' or '?', so that "/ok/7" is another address with the same behaviour):
 *   /status/N               answers N with the body "status N" (no body for 1xx, 204 and 304)
 *   /word/N/TEXT            answers N with the body TEXT, as Slack does with its error words
 *   /redirect/N             answers N with a Location of this server's /landing
 *   /busy/N                 answers 429 with Retry-After: N
 *   /delay/MS               answers 200 after so many milliseconds
 *   /gate                   answers 200 as soon as server_open_gate() was called
 *   /hang                   reads the request and never answers
 *   /close                  reads the request and closes the connection
 *   /close-reused           answers the first request of a connection and closes on the second one
 *   /close-idle             answers, promises to keep the connection, and closes it
 *   /reset                  reads the request and resets the connection (RST)
 *   /garbage                answers something that is not HTTP
 *   /broken-header          answers half a header and closes
 *   /drip-header            sends its header one byte at a time and never ends it
 *   /header-flood           sends header lines without end
 *   /long-header            sends one header line without end
 *   /big-header/N           answers 200 with a header line of N bytes
 *   /interim                answers 100, 103 and then 200
 *   /interim-flood          sends 100 answers without end
 *   /big-body/N             answers 200 with a body of N bytes
 *   /slow-body              answers 200, sends 10 of 1,000 body bytes and then nothing
 *   /short-body             answers 200, sends 10 of 1,000 body bytes and closes
 *   /broken-body            answers 200, sends 10 of 1,000 body bytes and resets
 *   /bad-chunk              answers 200 with 10 good body bytes and then a chunk that is none
 *   /drip                   answers 200 and sends one body byte every 20 ms without end
 *   /endless-body           answers 200 and sends body bytes without end
 *   /trailer-flood          answers 200 with a chunked body and trailers without end
 *   any other               answers 200 with the body "ok"
 */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A running receiver. */
struct server;

/* What the receiver does with a new connection, before any path is known. */
enum server_mode {
    SERVER_READS = 0, /* reads requests and behaves as their paths say */
    SERVER_SILENT,    /* keeps the connection open and never reads */
    SERVER_CLOSES,    /* closes it at once */
    SERVER_RESETS,    /* resets it at once */
    SERVER_GREETS     /* says something that is neither HTTP nor TLS, and closes */
};

/* One complete request as it arrived. It stays the server's and never changes, but for answered_ms. */
struct request {
    char *method;
    char *path;
    char *version;
    char *head; /* request line and headers as received, with the empty line; a NUL follows */
    size_t head_len;
    char **header_names;
    char **header_values;
    size_t header_count;
    char *body; /* a NUL follows */
    size_t body_len;
    int64_t arrived_ms;  /* CLOCK_MONOTONIC */
    int64_t answered_ms; /* the same; 0 as long as it is not, and when it never is */
    unsigned connection; /* 1 for the server's first connection */
};

/* Starts a receiver on a free port. NULL if the system refuses. */
struct server *server_start(void);

/* Starts a receiver at an address and a port of this machine. NULL if the system refuses, as it may below port 1024. */
struct server *server_start_at(const char *address, uint16_t port);

/* Starts a receiver to which connecting never ends, since its backlog is full. NULL if this system cannot do that. */
struct server *server_start_busy(void);

/* Starts a receiver that keeps its port and refuses every connection to it. NULL if the system refuses. */
struct server *server_start_refusing(void);

/* Closes all connections, joins all threads and frees the receiver. NULL does nothing. */
void server_stop(struct server *server);

/* The receiver's port. */
uint16_t server_port(const struct server *server);

/* Writes "http://127.0.0.1:PORT" and the path into buf. Returns buf. */
const char *server_url(const struct server *server, const char *path, char *buf, size_t size);

/* Changes what happens to new connections. */
void server_set_mode(struct server *server, enum server_mode mode);

/* Lets everything pass that waits at /gate, now and later. */
void server_open_gate(struct server *server);

/* How many connections were accepted so far. */
size_t server_connections(struct server *server);

/* How many of them are open. */
size_t server_open_connections(struct server *server);

/* How many complete requests arrived so far: at any path, or at this very path. */
size_t server_requests(struct server *server);
size_t server_requests_at(struct server *server, const char *path);

/* Waits until so many requests arrived. False if they did not within timeout_ms. */
bool server_wait_requests(struct server *server, size_t count, int timeout_ms);

/* The request with this index in order of arrival, or NULL. Valid until server_stop(). */
const struct request *server_request(struct server *server, size_t index);

/* The highest number of requests that were unanswered at one moment: at this very path, or over all if it is NULL. */
size_t server_most_at_once(struct server *server, const char *path);

/* The value of the first header with this name, whatever its case, or NULL. */
const char *request_header(const struct request *request, const char *name);

/* How many headers have this name, whatever its case. */
size_t request_header_count(const struct request *request, const char *name);

/* A loopback port on which nobody listened a moment ago; 0 if there is none. server_start_refusing() keeps it so. */
uint16_t server_refused_port(void);

#endif
