/* SPDX-License-Identifier: MIT */
/* What the store's benchmark measures, each in a new directory. URLs are those of the benchmark's receiver: one that
 * answers, one that never does. */
#ifndef TESTS_BENCH_STORE_PARTS_H
#define TESTS_BENCH_STORE_PARTS_H

struct urls {
    char ok[64], hang[64];
};

/* ---- store_steps.c: the store alone ---- */

void measure_life(const struct urls *urls);

/* The size of the database in a directory. */
double file_bytes(const char *directory);

/* ---- store_clients.c: what a send costs, and how many deliveries a client makes ---- */

void measure_rates(const struct urls *urls);
void measure_sends(const struct urls *urls);

/* ---- store_bare.c: the least that SQLite takes ---- */

void measure_bare(const struct urls *urls);

/* ---- store_log.c: a million deliveries, first as they wait, then in the log ---- */

void measure_million(const struct urls *urls);

/* Puts the webhooks "w0", "w1" and so on into the store in a directory. */
void put_webhooks(const char *directory, const struct urls *urls);

/* ---- store_search.c: searches for text in a log of a million ---- */

void measure_search(const struct urls *urls);

/* The resident memory of this process with a client on the store in a directory. */
void measure_memory(const char *directory, const char *name);

/* ---- store_shared.c: several processes ---- */

void measure_idle(const struct urls *urls);
void measure_others(const struct urls *urls);

/* What the other process does. */
void send_as_other(const char *directory);

#endif
