/* SPDX-License-Identifier: MIT */
/* A client of a store, as the engine is one: it makes steps, and remembers what it is told. */
#ifndef TESTS_SUPPORT_SEAM_H
#define TESTS_SUPPORT_SEAM_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

#define SEAM_MAX 4096

/* A clock that moves when it is told to, or the system's. */
struct seam_time {
    struct hd__clock clock;
    int64_t us, wall_ms;
};

struct seam_webhook {
    int64_t key;
    char id[32], project[32], name[32];
    int mode, is_removed;
    uint64_t version, change;
    int64_t discarded_up_to;
};

struct seam_arrived {
    int64_t webhook, row;
};

struct seam_row {
    size_t claim;
    int64_t row, due_ms;
    uint32_t tries;
    int may_be_repeated, is_redelivery;
    unsigned char delivery_id[HD__STORE_ID_SIZE], event_id[HD__STORE_ID_SIZE];
};

/* A client of a store, with all that it was told since seam_forget(). */
struct seam {
    hd_store *store;
    struct hd__store_state state;
    struct hd__store_listener listener;
    uint64_t number;                 /* of the last step */
    struct hd__stored_report report; /* for results */
    struct seam_webhook webhooks[256];
    size_t webhook_count;
    struct hd__lane_note notes[64];
    size_t note_count;
    struct seam_arrived arrived[SEAM_MAX];
    size_t arrived_count;
    struct hd__added added[SEAM_MAX];
    size_t added_count;
    struct seam_row rows[SEAM_MAX];
    size_t row_count;
    size_t takes; /* of claimed rows; then no more */
};

struct seam_time seam_time(void); /* of 2023 */
/* Sets the clock's own address; call it where the time lies. */
const struct hd__clock *seam_clock(struct seam_time *time);
void seam_pass(struct seam_time *time, int64_t ms);

/* Opens a directory and joins; fails the test if that does not work. NULL: the system's clock. */
void seam_open(struct seam *seam, const char *directory, int role, const struct hd__clock *clock);
void seam_open_bounded(struct seam *seam, const char *directory, uint64_t bytes);
int seam_join(struct seam *seam, const char *directory, int role, const struct hd__clock *clock);
/* Leaves in good order, and frees the store; or only frees it, as a crash would. */
void seam_close(struct seam *seam);
void seam_drop(struct seam *seam);
void seam_forget(struct seam *seam);

/* Puts a webhook of project "p" that wants all types. Returns its key. */
int64_t seam_put(struct seam *seam, const char *id);
int seam_put_in(struct seam *seam, const char *id, const char *project, int mode, uint64_t expected,
                struct hd__stored_webhook *webhook);

/* Makes an id for the event with this number, and the event: of project "p", type 1. */
void seam_id(uint64_t number, unsigned char id[HD__STORE_ID_SIZE]);
struct hd__new_event seam_event(uint64_t number);
struct hd__result seam_result(struct seam *seam, int kind, int64_t webhook, int64_t row, uint64_t event);

/* Makes a step under the next number; or once more under the last one. */
int seam_step(struct seam *seam, struct hd__step *step);
int seam_again(struct seam *seam, struct hd__step *step);
/* Steps with one thing in them, which must work. */
int64_t seam_send(struct seam *seam, uint64_t event); /* returns the first new row that was told; 0 for none */
size_t seam_claim(struct seam *seam, int64_t webhook);
int seam_end(struct seam *seam, int64_t webhook, int64_t row, uint64_t event); /* returns is_lost */

int seam_look(struct seam *seam);
int seam_tend(struct seam *seam);

/* How many reports the log has, and of these with an outcome (0 for all). */
size_t seam_reports(struct seam *seam, int outcome);
int seam_shards(uint64_t shards); /* counts them */

/* Makes a new directory under /tmp; and removes one with the files in it. */
void seam_make_directory(char path[64]);
void seam_remove_directory(const char *path);

#endif
