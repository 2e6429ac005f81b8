/* SPDX-License-Identifier: MIT */
/*
 * An HTTPS receiver on 127.0.0.1 whose certificate or manners are bad. Its certificates are made when it starts. It is
 * built of mbedTLS, so that it shares no code with the OpenSSL of libcurl.
 */
#ifndef TESTS_HOSTILE_TLS_H
#define TESTS_HOSTILE_TLS_H

#include <stdint.h>

/* A certificate authority, in a file too. */
struct tls_authority;

/* A running receiver. */
struct tls;

enum tls_certificate {
    TLS_GOOD = 0,      /* for localhost and 127.0.0.1 */
    TLS_EXPIRED,       /* in 2001 */
    TLS_NOT_YET_VALID, /* before 2099 */
    TLS_SELF_SIGNED,
    TLS_UNKNOWN_ISSUER, /* signed by an authority that nobody knows */
    TLS_OTHER_HOST      /* for other.example.com */
};

enum tls_manners {
    /* after the handshake and the request */
    TLS_ANSWERS = 0,          /* answers 200, and serves the next request of the connection */
    TLS_HANGS,                /* never answers */
    TLS_CLOSES_UNANSWERED,    /* closes as TLS asks for */
    TLS_RESETS_UNANSWERED,    /* resets the connection */
    TLS_CUT_OFF_AFTER_HEADER, /* answers 200 and a part of its body, and closes without a close_notify */
    TLS_CLOSES_IDLE,          /* answers, promises to keep the connection, and closes it */
    /* instead of the handshake */
    TLS_STALLS,           /* reads nothing, says nothing */
    TLS_STOPS_IN_HELLO,   /* says half a ServerHello */
    TLS_CLOSES_IN_HELLO,  /* the same, and closes */
    TLS_RESETS_IN_HELLO,  /* the same, and resets the connection */
    TLS_REFUSES_VERSION,  /* as a server does that speaks older versions only */
    TLS_SPEAKS_PLAIN_HTTP /* answers 400 without TLS */
};

/* Makes an authority. NULL if mbedTLS or the system refuses. */
struct tls_authority *tls_authority_new(void);

/* Removes its file too. NULL does nothing. */
void tls_authority_free(struct tls_authority *authority);

/* The file with its certificate, for hd_options_set_ca_file(). */
const char *tls_authority_file(const struct tls_authority *authority);

/* Starts a receiver on a free port. NULL if mbedTLS or the system refuses. */
struct tls *tls_start(struct tls_authority *authority, enum tls_certificate certificate, enum tls_manners manners);

/* The same with TLS_GOOD and TLS_ANSWERS at an IPv4 address and a port of this machine. */
struct tls *tls_start_at(struct tls_authority *authority, const char *address, uint16_t port);

/* Closes all connections and frees the receiver. NULL does nothing. */
void tls_stop(struct tls *tls);

uint16_t tls_port(const struct tls *tls);

/* How many whole requests it has read. */
unsigned tls_posts(struct tls *tls);

/* The head of the newest of them, request line and headers as received, with the empty line. "" while there is none. */
const char *tls_head(const struct tls *tls);

/* How many connections it has accepted of all that were made before this call. */
unsigned tls_connections(struct tls *tls);

#endif
