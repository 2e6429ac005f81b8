/* SPDX-License-Identifier: MIT */
/* A store without a client: steps made by way of the seam, for one webhook. */
#ifndef TESTS_BENCH_STEPS_H
#define TESTS_BENCH_STEPS_H

#include "store/store.h"

#define STEP_EVENTS 1000 /* of one step, at the most */
#define WEBHOOKS 100

struct steps {
    hd_store *store;
    struct hd__store_listener listener;
    struct hd__store_state state;
    uint64_t number;                      /* of the last step */
    struct hd__store_keys keys[WEBHOOKS]; /* of the webhooks "w0", "w1" and so on */
    struct hd__new_event events[STEP_EVENTS];
    struct hd__added added[STEP_EVENTS];
    size_t added_count;
    struct hd__result results[STEP_EVENTS];
    struct hd__stored_report reports[STEP_EVENTS];
    char body[1024], request[330];
    size_t body_len;
};

/* Joins the store in a directory, whose webhooks a client has put. */
void steps_begin(struct steps *steps, const char *directory);

/* Leaves it. */
void steps_end(struct steps *steps);

/* The events from a number on are to be added by the next step, for "w0". */
void steps_write_events(struct steps *steps, uint64_t first, size_t count);

/* The deliveries of the events from a number on, which have the rows from `row` on, are to be ended by the next step.
 * Every thousandth has failed; the reports are those of all webhooks in turn, a millisecond after each other. */
void steps_write_results(struct steps *steps, uint64_t first, int64_t row, size_t count);

/* Makes a step with so many events and results. */
void steps_make(struct steps *steps, size_t events, size_t results);

#endif
