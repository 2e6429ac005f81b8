/* SPDX-License-Identifier: MIT */
/*
 * Bad receivers in a process of their own, so that what the test's process grows by is the sender's memory alone. Each
 * kind of receiver that the tests have can stand there.
 */
#ifndef TESTS_HOSTILE_STAGE_H
#define TESTS_HOSTILE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "raw.h"
#include "support/server.h"
#include "tls.h"

#define STAGE_MAX 64

enum actor_kind {
    SCRIPTED = 0, /* support/server.h, whose path says what it does */
    MODE,         /* the same, whose mode says it */
    REFUSING,     /* its port refuses connections */
    BUSY,         /* connecting to it never ends */
    NOWHERE,      /* an address that there is no way to */
    RAW,
    TLS
};

/* What a receiver does. */
struct actor {
    enum actor_kind kind;
    const char *path; /* NULL for "/" */
    enum server_mode mode;
    struct raw_script raw;
    enum tls_certificate certificate;
    enum tls_manners manners;
};

/* Receivers that run. */
struct stage;

/* Starts receivers, at most STAGE_MAX. The process is forked: no other thread may run that it could need. NULL if the
 * system refuses. */
struct stage *stage_open(struct tls_authority *authority, const struct actor *actors, size_t count);

/* Ends the process. NULL does nothing. */
void stage_close(struct stage *stage);

/* Whether this receiver can be had on this system: a busy one cannot everywhere. */
bool stage_has(const struct stage *stage, size_t index);

/* Writes a receiver's URL. Returns buf. */
const char *stage_url(const struct stage *stage, size_t index, char *buf, size_t size);

/* How many whole POSTs each receiver has read so far. False if its process is gone. */
bool stage_count_posts(struct stage *stage, unsigned posts[STAGE_MAX]);

#endif
