/* SPDX-License-Identifier: MIT */
/* A receiver that does to each connection what a script says, byte for byte, whether that is HTTP or not. */
#ifndef TESTS_HOSTILE_RAW_H
#define TESTS_HOSTILE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A running receiver. */
struct raw;

/* What it reads before it says anything. */
enum raw_reads {
    RAW_READS_REQUEST = 0,
    RAW_READS_HEAD,    /* the request's headers, and of its body only what came with them */
    RAW_READS_SOME,    /* what arrives first */
    RAW_READS_NOTHING, /* and never will */
    RAW_READS_SLOWLY   /* one byte a second, and says nothing */
};

/* What it does when it has said everything. */
enum raw_ends {
    RAW_CLOSES = 0,
    RAW_FINISHES, /* says that nothing more will come (FIN), and reads on */
    RAW_RESETS,   /* resets the connection (RST) */
    RAW_STAYS,    /* keeps the connection open, and does nothing */
    RAW_REPEATS   /* serves the next request of the connection */
};

struct raw_script {
    enum raw_reads reads;
    const char *says;  /* NULL for nothing */
    size_t length;     /* of it; 0 stands for all up to its NUL */
    const char *drips; /* NULL, or what it then says again and again, every so many milliseconds */
    int drip_ms;
    enum raw_ends ends;
};

/* Starts a receiver at an address of this machine; port 0 stands for a free one. The script must live as long as it.
 * NULL if the system refuses. */
struct raw *raw_start(const char *address, uint16_t port, const struct raw_script *script);

/* Closes all connections and frees the receiver. NULL does nothing. */
void raw_stop(struct raw *raw);

uint16_t raw_port(const struct raw *raw);

/* How many whole requests it has read. */
unsigned raw_posts(struct raw *raw);

/* How many connections it has accepted of all that were made before this call. */
unsigned raw_connections(struct raw *raw);

#endif
