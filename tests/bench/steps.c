/* SPDX-License-Identifier: MIT */
#include "steps.h"
#include "crash/crash.h"

#include <stdlib.h>
#include <string.h>

#define FINISHED_MS INT64_C(1700000000000)

/* ---- Ids ---- */

static uint64_t scatter(uint64_t number) {
    number += UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ number >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ number >> 27) * UINT64_C(0x94D049BB133111EB);
    return number ^ number >> 31;
}

/* As a UUIDv7 is: a time, here with 64 events in each millisecond, and random bits. */
static void write_id(uint64_t number, unsigned char id[HD__STORE_ID_SIZE]) {
    uint64_t time_ms = (uint64_t)FINISHED_MS + number / 64, random = scatter(number);
    memset(id, 0, HD__STORE_ID_SIZE);
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(time_ms >> (40 - 8 * i));
    id[6] = 0x70;
    memcpy(id + 8, &random, sizeof random);
}

/* ---- What is told ---- */

static void take_webhook(void *user, const struct hd__stored_webhook *webhook) {
    struct steps *steps = user;
    if (webhook->id[0] == 'w' && !webhook->is_removed)
        steps->keys[strtoul(webhook->id + 1, NULL, 10) % WEBHOOKS] = webhook->keys;
}

static void take_lane(void *user, const struct hd__lane_note *note) {
    (void)user, (void)note;
}

static void take_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    (void)has_tests;
    (void)user, (void)webhook, (void)row;
}

static void take_added(void *user, const struct hd__added *added) {
    struct steps *steps = user;
    steps->added[steps->added_count++] = *added;
}

/* ---- Life ---- */

static void write_body(struct steps *steps) {
    hd_event *event = event_numbered(7);
    must(hd_event_render(event, HD_FORMAT_JSON, steps->body, sizeof steps->body, &steps->body_len) == HD_OK);
    hd_event_free(event);
}

void steps_begin(struct steps *steps, const char *directory) {
    memset(steps, 0, sizeof *steps);
    write_body(steps);
    memset(steps->request, 'h', sizeof steps->request);
    steps->listener = (struct hd__store_listener){take_webhook, take_lane, take_arrived, steps};
    const struct hd__join join = {.role = HD__ROLE_DELIVER, .clock = &hd__system_clock, .listener = &steps->listener};
    must(hd_store_sqlite_open(directory, NULL, 0, &steps->store) == HD_OK);
    must(hd_store_set_retention(steps->store, 0, 0, 0) == HD_OK);
    must(steps->store->ops->join(steps->store, &join, &steps->state) == HD_OK);
    must(steps->keys[0].webhook != 0);
}

void steps_end(struct steps *steps) {
    must(steps->store->ops->leave(steps->store, 1) == HD_OK);
    hd_store_free(steps->store);
}

/* ---- Steps ---- */

void steps_write_events(struct steps *steps, uint64_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        steps->events[i] = (struct hd__new_event){.event = {.type = HD_TICKET_CREATED,
                                                            .accepted_at_ms = FINISHED_MS,
                                                            .project = "p",
                                                            .body = {steps->body, steps->body_len},
                                                            .search = "ticket\x1f"
                                                                      "7\x1f"
                                                                      "can't reset password\x1f"
                                                                      "open\x1fhigh\x1fuser@example.com\x1fjane smith"},
                                                  .webhook = steps->keys[0].webhook};
        write_id(first + i, steps->events[i].event.id);
    }
}

static void write_report(const struct steps *steps, uint64_t number, struct hd__stored_report *report) {
    int has_failed = number % 1000 == 0;
    *report = (struct hd__stored_report){
        .keys = steps->keys[number % WEBHOOKS].webhook ? steps->keys[number % WEBHOOKS] : steps->keys[0],
        .outcome = has_failed ? HD_OUTCOME_FAILED : HD_OUTCOME_DELIVERED,
        .reason = has_failed ? HD_REASON_HTTP_5XX : HD_REASON_DELIVERED,
        .detail = "",
        .attempts = 1,
        .http_status = has_failed ? 500 : 200,
        .finished_at_ms = FINISHED_MS + (int64_t)number,
        .total_ms = 1,
        .remote_address = "203.0.113.7:443",
        .request = {steps->request, sizeof steps->request},
    };
    write_id(number, report->delivery_id);
}

void steps_write_results(struct steps *steps, uint64_t first, int64_t row, size_t count) {
    for (size_t i = 0; i < count; i++) {
        write_report(steps, first + i, &steps->reports[i]);
        steps->results[i] = (struct hd__result){.kind = HD__RESULT_ENDED,
                                                .webhook = steps->keys[0].webhook,
                                                .row = row + (int64_t)i,
                                                .report = &steps->reports[i]};
        write_id(first + i, steps->results[i].event_id);
    }
}

void steps_make(struct steps *steps, size_t events, size_t results) {
    struct hd__step step = {
        .number = ++steps->number,
        .events = steps->events,
        .event_count = events,
        .results = steps->results,
        .result_count = results,
        .added = take_added,
        .user = steps,
    };
    steps->added_count = 0;
    must(steps->store->ops->step(steps->store, &step, &steps->state) == HD_OK);
    must(steps->added_count == events);
    for (size_t i = 0; i < results; i++)
        must(!steps->results[i].is_lost);
}
