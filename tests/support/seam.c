/* SPDX-License-Identifier: MIT */
#include "support/seam.h"

#include "helmdesk/sqlite.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Time ---- */

static int64_t simulated_us(void *self) {
    return ((struct seam_time *)self)->us;
}

static int64_t simulated_wall(void *self) {
    return ((struct seam_time *)self)->wall_ms;
}

struct seam_time seam_time(void) {
    return (struct seam_time){.us = 1000000000, .wall_ms = 1700000000000};
}

const struct hd__clock *seam_clock(struct seam_time *time) {
    time->clock = (struct hd__clock){simulated_us, simulated_wall, NULL, time};
    return &time->clock;
}

void seam_pass(struct seam_time *time, int64_t ms) {
    time->us += ms * 1000;
    time->wall_ms += ms;
}

/* ---- What a client is told ---- */

static void take_webhook(void *user, const struct hd__stored_webhook *webhook) {
    struct seam *seam = user;
    assert_true(seam->webhook_count < sizeof seam->webhooks / sizeof seam->webhooks[0]);
    struct seam_webhook *taken = &seam->webhooks[seam->webhook_count++];
    *taken = (struct seam_webhook){
        .key = webhook->keys.webhook,
        .mode = webhook->mode,
        .is_removed = webhook->is_removed,
        .version = webhook->version,
        .change = webhook->change,
        .discarded_up_to = webhook->discarded_up_to,
    };
    (void)snprintf(taken->id, sizeof taken->id, "%s", webhook->id);
    (void)snprintf(taken->project, sizeof taken->project, "%s", webhook->project);
    (void)snprintf(taken->name, sizeof taken->name, "%s", webhook->name);
}

static void take_lane(void *user, const struct hd__lane_note *note) {
    struct seam *seam = user;
    assert_true(seam->note_count < sizeof seam->notes / sizeof seam->notes[0]);
    seam->notes[seam->note_count++] = *note;
}

static void take_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    (void)has_tests;
    struct seam *seam = user;
    assert_true(seam->arrived_count < SEAM_MAX);
    seam->arrived[seam->arrived_count++] = (struct seam_arrived){webhook, row};
}

static void take_added(void *user, const struct hd__added *added) {
    struct seam *seam = user;
    assert_true(seam->added_count < SEAM_MAX);
    seam->added[seam->added_count++] = *added;
}

static int take_claimed(void *user, size_t claim, const struct hd__claimed *claimed) {
    struct seam *seam = user;
    assert_true(seam->row_count < SEAM_MAX);
    if (seam->takes == 0)
        return 0;
    seam->takes--;
    struct seam_row *row = &seam->rows[seam->row_count++];
    *row = (struct seam_row){
        .claim = claim,
        .row = claimed->row,
        .due_ms = claimed->due_ms,
        .tries = claimed->tries,
        .may_be_repeated = claimed->may_be_repeated,
        .is_redelivery = claimed->event.redelivery_of != NULL,
    };
    memcpy(row->delivery_id, claimed->delivery_id, HD__STORE_ID_SIZE);
    memcpy(row->event_id, claimed->event.id, HD__STORE_ID_SIZE);
    return 1;
}

/* ---- Life ---- */

void seam_forget(struct seam *seam) {
    seam->webhook_count = seam->note_count = seam->arrived_count = seam->added_count = seam->row_count = 0;
    seam->takes = SIZE_MAX;
}

static int open_store(struct seam *seam, const char *directory) {
    memset(seam, 0, sizeof *seam);
    seam_forget(seam);
    seam->listener = (struct hd__store_listener){take_webhook, take_lane, take_arrived, seam};
    seam->report = (struct hd__stored_report){.detail = "",
                                              .remote_address = "",
                                              .format = HD_FORMAT_JSON,
                                              .outcome = HD_OUTCOME_DELIVERED,
                                              .reason = HD_REASON_DELIVERED};
    return hd_store_sqlite_open(directory, NULL, 0, &seam->store);
}

static int join(struct seam *seam, int role, const struct hd__clock *clock) {
    const struct hd__join join = {
        .role = role, .clock = clock ? clock : &hd__system_clock, .listener = &seam->listener};
    return seam->store->ops->join(seam->store, &join, &seam->state);
}

int seam_join(struct seam *seam, const char *directory, int role, const struct hd__clock *clock) {
    int status = open_store(seam, directory);
    return status == HD_OK ? join(seam, role, clock) : status;
}

void seam_open_bounded(struct seam *seam, const char *directory, uint64_t bytes) {
    assert_int_equal(open_store(seam, directory), HD_OK);
    assert_int_equal(hd_store_sqlite_set_max_bytes(seam->store, bytes), HD_OK);
    assert_int_equal(join(seam, HD__ROLE_DELIVER, NULL), HD_OK);
}

void seam_open(struct seam *seam, const char *directory, int role, const struct hd__clock *clock) {
    int status = seam_join(seam, directory, role, clock);
    if (status != HD_OK)
        fail_msg("%d: %s", status, seam->store ? seam->store->error : "");
}

void seam_drop(struct seam *seam) {
    seam->store->ops->free(seam->store);
    seam->store = NULL;
}

void seam_close(struct seam *seam) {
    assert_int_equal(seam->store->ops->leave(seam->store, 1), HD_OK);
    seam_drop(seam);
}

/* ---- Webhooks ---- */

int seam_put_in(struct seam *seam, const char *id, const char *project, int mode, uint64_t expected,
                struct hd__stored_webhook *webhook) {
    *webhook = (struct hd__stored_webhook){
        .id = id,
        .project = project,
        .name = "Name",
        .masked_url = "https://example.com/***",
        .url = {"https://example.com/secret", 26},
        .secret = {"secret", 6},
        .events = 0xFF,
        .format = HD_FORMAT_JSON,
        .mode = mode,
        .max_in_flight = 4,
        .max_attempts = 1,
    };
    return seam->store->ops->put_webhook(seam->store, webhook, expected, NULL);
}

int64_t seam_put(struct seam *seam, const char *id) {
    struct hd__stored_webhook webhook;
    assert_int_equal(seam_put_in(seam, id, "p", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_OK);
    seam->report.keys = webhook.keys;
    return webhook.keys.webhook;
}

/* ---- Steps ---- */

void seam_id(uint64_t number, unsigned char id[HD__STORE_ID_SIZE]) {
    uint64_t ms = 1700000000000 + number;
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(ms >> (40 - 8 * i));
    id[6] = 0x70;
    id[7] = 0;
    id[8] = 0x80;
    for (int i = 9; i < HD__STORE_ID_SIZE; i++)
        id[i] = (unsigned char)(number >> (8 * (i - 9)));
}

struct hd__new_event seam_event(uint64_t number) {
    struct hd__new_event event = {.event = {.type = 1,
                                            .accepted_at_ms = (int64_t)(1700000000000 + number),
                                            .project = "p",
                                            .body = {"{}", 2},
                                            .search = ""}};
    seam_id(number, event.event.id);
    return event;
}

struct hd__result seam_result(struct seam *seam, int kind, int64_t webhook, int64_t row, uint64_t event) {
    struct hd__result result = {
        .kind = kind, .webhook = webhook, .row = row, .tries = 1, .delay_ms = 1000, .report = &seam->report};
    seam_id(event, result.event_id);
    return result;
}

int seam_again(struct seam *seam, struct hd__step *step) {
    step->number = seam->number;
    step->added = take_added;
    step->claimed = take_claimed;
    step->user = seam;
    return seam->store->ops->step(seam->store, step, &seam->state);
}

int seam_step(struct seam *seam, struct hd__step *step) {
    seam->number++;
    int status = seam_again(seam, step);
    if (status != HD_OK && step->undone)
        seam->number--;
    return status;
}

static void must(struct seam *seam, int status) {
    if (status != HD_OK)
        fail_msg("%d: %s", status, seam->store->error);
}

int64_t seam_send(struct seam *seam, uint64_t event) {
    struct hd__new_event added = seam_event(event);
    struct hd__step step = {.events = &added, .event_count = 1};
    size_t before = seam->added_count;
    must(seam, seam_step(seam, &step));
    return seam->added_count > before ? seam->added[before].row : 0;
}

size_t seam_claim(struct seam *seam, int64_t webhook) {
    struct hd__claim claim = {.webhook = webhook, .max = SEAM_MAX};
    struct hd__step step = {.claims = &claim, .claim_count = 1};
    seam->row_count = 0;
    must(seam, seam_step(seam, &step));
    must(seam, claim.status);
    return seam->row_count;
}

int seam_end(struct seam *seam, int64_t webhook, int64_t row, uint64_t event) {
    struct hd__result result = seam_result(seam, HD__RESULT_ENDED, webhook, row, event);
    struct hd__step step = {.results = &result, .result_count = 1};
    must(seam, seam_step(seam, &step));
    return result.is_lost;
}

int seam_look(struct seam *seam) {
    return seam->store->ops->look(seam->store, &seam->state);
}

int seam_tend(struct seam *seam) {
    int more;
    return seam->store->ops->tend(seam->store, &seam->state, &more);
}

/* ---- Looking ---- */

static int count_row(void *user, const struct hd__log_row *row) {
    (void)row;
    ++*(size_t *)user;
    return 1;
}

size_t seam_reports(struct seam *seam, int outcome) {
    size_t count = 0;
    const struct hd__log_search search = {.outcomes = outcome ? 1U << (outcome - HD_OUTCOME_DELIVERED) : 0,
                                          .before_ms = INT64_MAX,
                                          .before_id = INT64_MAX,
                                          .max = 1000000};
    must(seam, seam->store->ops->query(seam->store, &search, count_row, &count));
    return count;
}

int seam_shards(uint64_t shards) {
    int count = 0;
    for (; shards; shards &= shards - 1)
        count++;
    return count;
}

/* ---- Directories ---- */

void seam_make_directory(char path[64]) {
    (void)snprintf(path, 64, "/tmp/helmdesk.XXXXXX");
    assert_non_null(mkdtemp(path));
}

void seam_remove_directory(const char *path) {
    char file[512];
    DIR *directory = opendir(path);
    if (!directory)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        (void)unlink(file);
    }
    (void)closedir(directory);
    assert_int_equal(rmdir(path), 0);
}
