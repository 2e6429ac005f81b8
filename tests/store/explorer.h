/* SPDX-License-Identifier: MIT */
/* The explorer of interleavings: a few senders on one store, in one thread and in time that only passes when it is told
 * to. A schedule says who does what next, and where it is cut; after each schedule, laws are checked. All schedules up
 * to a length are tried, and longer ones at random. */
#ifndef TESTS_STORE_EXPLORER_H
#define TESTS_STORE_EXPLORER_H

#include "store/stores.h"

#include "support/store_cut.h"

#include "base/uuid.h"

#define SENDERS_MAX 3
#define LANES_MAX 2
#define EVENTS_MAX 6
#define POSTS_MAX 128
#define ROWS_MAX 16
#define TOLD_MAX 64
#define POST_US INT64_C(5000000) /* no attempt takes longer */

/* What a family of schedules begins with, and what may happen in one. */
struct scenario {
    const char *name;
    int length; /* of schedules of which all are tried */
    int senders, lanes;
    int events[SENDERS_MAX]; /* how many each has to send */
    int puts[SENDERS_MAX];   /* how often each is to count up in a webhook, by compare and set */
    int roles[SENDERS_MAX];
    int is_ordered;
    int is_hot;                               /* the first one has an attempt under way */
    int cuts, failures, ends, stalls, passes; /* at most so many in a schedule */
};

/* ---- The receiver ---- */

struct post {
    int sender, event, lane;
    int64_t row, began_us;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int is_marked, has_ended, was_delivered, is_released;
};

/* ---- A sender: a client that is as simple as one can be ---- */

enum {
    ROW_WAITS,
    ROW_FLIES,
    ROW_SETTLES
};

struct row {
    int64_t row, due_us;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int event, post, phase, is_marked;
    uint32_t tries;
};

struct lane {
    struct row rows[ROWS_MAX];
    int count;
    int64_t after_row, after_due_ms, after_retry_row, next_due_us;
    int has_backlog; /* something may be there to be claimed */
    int64_t hint; /* the first row of others that was heard of since the last claim was made up; INT64_MAX for none */
};

/* A result that is to be written, or is in a step that is not known to be made. */
struct pending {
    struct hd__result result;
    struct hd__stored_report report;
    int lane;
};

struct told {
    int what, lane;
    struct row row;
    int64_t due_ms;
};

struct sender {
    struct stage *stage;
    int index, is_alive, is_paused; /* paused: it stands still between a step and what comes of it */
    struct hd_store *store;
    struct hd__store_listener listener;
    struct hd__store_state state;
    uint64_t steps;
    struct lane lanes[LANES_MAX];
    struct row orphans[ROWS_MAX]; /* under way, of shards that were lost */
    int orphan_count;
    int next_event, last_event; /* those that it has not sent */
    struct pending pending[ROWS_MAX];
    int pending_count;
    int is_frozen; /* there is a step that is not known to be made */
    struct hd__step step;
    struct hd__new_event event;
    struct pending settled[ROWS_MAX];
    struct hd__result results[ROWS_MAX];
    struct hd__claim claims[LANES_MAX];
    int claim_lanes[LANES_MAX];
    struct told told[TOLD_MAX];
    int told_count;
    int puts_left;
    int64_t counter; /* as it knows it */
    uint64_t counter_version;
    int cut; /* how its next call is cut */
};

struct stage {
    const struct scenario *scenario;
    const struct store_kind *kind;
    void *place;
    struct hd__clock clock;
    int64_t now_us, pass_us;
    uint64_t random_state;
    struct hd__uuid_source uuids;
    struct sender senders[SENDERS_MAX + 1]; /* the last one is the survivor, who joins if nobody is left */
    int sender_count;
    struct hd__stored_webhook webhooks[LANES_MAX];
    char ids[LANES_MAX][16];
    struct hd__stored_event events[EVENTS_MAX];
    int is_accepted[EVENTS_MAX];
    struct post posts[POSTS_MAX];
    int post_count, puts_made;
    char broken[200]; /* the first law that was broken, in words; "" for none */
};

/* stage.c */
struct stage *stage_new(const struct store_kind *kind, const struct scenario *scenario, void (*prepare)(void *place));
void stage_free(struct stage *stage);
struct sender *stage_join(struct stage *stage, int role, int events, int puts);
void stage_break(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));
char sender_name(int index); /* in what is said of it */
int stage_lane(const struct stage *stage, int64_t webhook);
int stage_event(const struct stage *stage, const unsigned char *id);
/* Lets all go on until nothing is left to do, then checks the laws. */
void stage_finish(struct stage *stage);

/* laws.c: a POST arrives; the end. */
int receive(struct sender *sender, int lane, const struct row *row);
void check_laws(struct stage *stage);

/* digest.c: a number for where it has come to; only if the kind of store has one. */
uint64_t stage_digest(const struct stage *stage);

/* sender.c */
int sender_has_work(const struct sender *sender); /* for a step */
int sender_flies(const struct sender *sender);
void sender_step(struct sender *sender, int cut);
void sender_look(struct sender *sender, int cut);
void sender_tend(struct sender *sender, int cut);
void sender_begin(struct sender *sender); /* attempts, as many as may be */
void sender_end_one(struct sender *sender, int is_delivered);
void sender_put(struct sender *sender);
void sender_run(struct sender *sender); /* until it has nothing to do */
void sender_leave(struct sender *sender);
void sender_die(struct sender *sender);
/* The listener, and what a step tells. */
extern const struct hd__store_listener sender_listener;

/* schedule.c */
struct exploration {
    const struct store_kind *kind;
    const struct scenario *scenario;
    void (*prepare)(void *place); /* NULL for nothing */
    int length;                   /* of a schedule */
    uint64_t count;               /* of schedules that were tried to their end */
    uint64_t merged;              /* of those that came to where another one had been, with as much before it */
    char broken[1200];            /* the first one that breaks a law, and the law; "" for none */
};

/* All of this length; stops at the first one that breaks a law, or after `limit` of them (0: never). */
void explore_all(struct exploration *exploration, uint64_t limit);
/* So many, at random. */
void explore_some(struct exploration *exploration, uint64_t seed, uint64_t count);

#endif
