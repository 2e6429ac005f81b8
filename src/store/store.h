/* The seam to a durable store: webhooks, the outbox (what waits), and the delivery log. All that passes it is plain
 * data, so that a store needs nothing of the core.
 *
 * Several clients, in several processes, use one store at the same time. Webhooks are divided among HD__SHARDS shards;
 * a shard belongs to at most one client that delivers at a time. Ownership is a lease: it is checked in the transaction
 * of each step, and who lost it learns so. Each client that delivers gets at most its share of the shards, rounded
 * up. Keys of webhooks follow each other: of few webhooks, too, each client gets about as many as the others, in
 * whichever order shards are left (see shards.h).
 *
 * Every function that returns int returns a status:
 *   HD_OK              it is done;
 *   HD_E_STORE_BUSY    try again: somebody else is in the middle of something for a long time;
 *   HD_E_STORE_FULL    try again: there is no room, although the log has been cut for it. A step without events has a
 *                      little more than one with them, so that what ends deliveries goes on: it is made alone then;
 *   HD_E_STORE_LOST    try again: the way to the store is interrupted, and whether it was done is not known;
 *   HD_E_STORE         broken: trying again helps only after somebody has repaired it;
 *   HD_E_FORKED        the store was opened by another process, of which this one is a child;
 *   HD_E_NO_MEMORY.
 * join, which opens what its role needs, also HD_E_STORE_ACCESS, HD_E_STORE_MISSING (to read: there is none),
 * HD_E_STORE_DAMAGED and HD_E_STORE_VERSION.
 * With any but the first, hd_store.error says in words what happened. */
#ifndef HD_STORE_STORE_H
#define HD_STORE_STORE_H

#include "base/clock.h"
#include "base/store_keys.h"
#include "helmdesk.h"
#include "store/stored_change.h"
#include "store/stored_job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HD__STORE_ABI 11
#define HD__STORE_KEY_SIZE 32
#define HD__STORE_MAX_REPORTS 1000000 /* retention, if the program says nothing else */
#define HD__STORE_MAX_AGE_MS ((int64_t)30 * 24 * 3600 * 1000)
#define HD__STORE_MAX_LOG_BYTES ((uint64_t)4 << 30)
#define HD__STORE_KNOWN_KEYS_MS                                                                                        \
    ((int64_t)24 * 3600 * 1000) /* how long an idempotency key is remembered, at the most                              \
                                 */
#define HD__SHARDS 64
#define HD__STORE_ERROR_SIZE 200
#define HD__STORE_SEARCH_END "\x1f"

struct hd__bytes {
    const void *data;
    size_t len;
};

/* A webhook. What may hold a key is sealed if the store has one (see sign/seal.h): bytes that mean nothing here. */
struct hd__stored_webhook {
    struct hd__store_keys keys;
    const char *id, *project, *name, *masked_url;
    struct hd__bytes url, secret, staged, previous, headers, client_certificate;
    unsigned events;                             /* a bit for each type, 1 << type */
    int format, mode, ordered, standard_headers; /* mode: HD_MODE_... */
    uint32_t max_in_flight, max_attempts, retry_first_ms, retry_max_ms;
    uint32_t rate_count, rate_period_ms, rate_burst; /* 0 for no rate of its own */
    uint32_t pause_failures, pause_ms;               /* 0 for no rule of its own, HD_PAUSE_NEVER for never */
    uint64_t version;                                /* of this webhook: how often it was put */
    uint64_t change; /* which of the store's changes made it so: the larger one is the newer, over all webhooks */
    int is_removed;  /* or moved to another project; kept, as it was last, for what waits */
    int64_t discarded_up_to; /* rows up to this one are to end without an attempt */
};

struct hd__stored_event {
    unsigned char id[HD__STORE_ID_SIZE]; /* a UUIDv7 */
    int type;
    int64_t accepted_at_ms; /* wall clock */
    const char *project;
    struct hd__bytes body; /* as posted in JSON */
    const char *search; /* what a search for text looks through: the ticket's id, "#" and its number, subject, e-mail,
                           name, message, separated by HD__STORE_SEARCH_END; see sought.h */
    const unsigned char *redelivery_of; /* the id of the delivery that is made again with it, or of the event that a job
                                           gives to a webhook that had missed it; NULL for none */
};

/* A record of the log: of one attempt, or of an end without one. Texts are never NULL. */
struct hd__stored_report {
    struct hd__store_keys keys;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int format, is_test, may_be_repeated, outcome, reason;
    const char *detail;
    uint32_t attempts;
    int http_status;
    uint32_t retry_after_s;
    int64_t finished_at_ms, next_attempt_at_ms; /* wall clock */
    uint32_t queued_ms, dns_ms, connect_ms, tls_ms, wait_ms, total_ms;
    const char *remote_address;
    struct hd__bytes request; /* the head that was sent, secrets masked; empty for none */
    struct hd__bytes response_headers, response_body;
    int response_truncated;
};

/* ---- One step ---- */

/* An event that is added, with a delivery for each webhook that is to get it at that moment, in the same transaction:
 * those of its project that are not off and subscribe to its type. */
struct hd__new_event {
    struct hd__stored_event event;
    const char *key;   /* idempotency key; NULL for none */
    const char *about; /* id of the webhook that an alert is about, which does not get it; NULL for none */
    int64_t webhook; /* key of the only one that is to get it, whatever its mode; 0 for all that subscribe. Nobody gets
                        it if that one is removed, or is of another project */
    size_t added;    /* out: how many deliveries */
    int is_known;    /* out: its key was used before, within the client's window; nothing was added */
    unsigned char known_id[HD__STORE_ID_SIZE]; /* out: then, the id of the first event with it */
};

/* A new row of the outbox. */
struct hd__added {
    size_t event;    /* index in the step's events */
    int64_t webhook; /* key */
    int64_t row;     /* larger than all before; of one webhook, in the order of the step's events */
    unsigned char delivery_id[HD__STORE_ID_SIZE]; /* a UUIDv7 */
};

enum {
    HD__RESULT_ENDED,    /* the row goes */
    HD__RESULT_RETRY,    /* it stays, for a time to come */
    HD__RESULT_RELEASED, /* it stays: the attempt was given up, and may have arrived */
};

struct hd__result {
    int kind;
    int64_t webhook; /* key */
    int64_t row;     /* 0 for what never was in the outbox */
    uint32_t tries;
    int64_t delay_ms; /* of a retry, from now; 0: its owner has it in memory, and after that it is ahead of all new
                         ones: a claim brings it, due since 1, if it is behind after_row */
    unsigned char event_id[HD__STORE_ID_SIZE]; /* what it is about */
    const struct hd__stored_event *event;      /* the event itself, if it was never in the outbox; else NULL */
    const struct hd__stored_report *report;    /* for the log; NULL for none */
    int is_lost; /* out: the row is another client's by now, or gone. Nothing was done to it; its report was stored as
                    one that another attempt follows (HD_OUTCOME_RETRYING) */
};

/* How a webhook's deliveries go, tests and alerts left out. */
struct hd__health {
    uint32_t failures;  /* attempts in a row that failed */
    int reason;         /* of the last of them; 0 for none */
    int64_t since_ms;   /* wall clock: when the first of them failed; 0 for none */
    int is_failing;     /* there are as many as the rule of the client says that delivers to it */
    int told;           /* the last alert about them, one of HD_ALERT_...; 0 for none */
    int64_t alerted_ms; /* wall clock: when the last alert about a failure was sent; 0 for never */
};

/* What keeps a webhook from being sent to, or how it does, has changed. */
struct hd__lane_note {
    int64_t webhook;      /* key */
    int state;            /* of the pause rule: HD_WEBHOOK_ACTIVE, _PAUSED or _PROBING */
    int64_t left_ms;      /* of a pause: until it is over */
    int64_t throttled_ms; /* as long as its receiver asked for patience; 0 if it did not */
    struct hd__health health;
};

/* Whether a note says nothing but that all is well. */
static inline int hd__note_is_empty(const struct hd__lane_note *note) {
    const struct hd__health *health = &note->health;
    return note->state == HD_WEBHOOK_ACTIVE && note->throttled_ms == 0 && health->failures == 0 && health->told == 0 &&
           health->alerted_ms == 0;
}

/* Rows of one webhook that are to come into memory: tests, in the order of acceptance; then those that were tried
 * before and are due, in the order of their time, and then new ones, in the order of acceptance. The marks tell where
 * the last claim ended. */
struct hd__claim {
    int64_t webhook;                       /* key */
    size_t max_tests, max;                 /* tests; all others. 0 for none */
    int64_t after_test;                    /* of the tests */
    int64_t after_row;                     /* of the new ones */
    int64_t after_due_ms, after_retry_row; /* of the others */
    int64_t next_due_in_ms;                /* out: of the others, the first that is not due yet; INT64_MAX for none */
    int has_more_tests, has_more;          /* out: max_tests was reached; max was, and is not 0 */
    int status;                            /* out: why nothing (more) of this one could be read; the others go on */
};

struct hd__claimed {
    int64_t row;
    int is_test;
    int64_t due_ms; /* by the store's clock; 0 for a new one, and for a test */
    uint32_t tries;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int may_be_repeated;
    struct hd__stored_event event;
};

/* What happens at once or not at all: events are added with their deliveries, and results, notes and shards that were
 * left are written. When that is committed, rows are claimed of shards that the client owns; claiming changes nothing,
 * since the owner knows what it has in memory.
 *
 * When it fails and `undone` is not set, it is not known whether it happened: the same step is made again unchanged,
 * with the same number, until it is known. It is then applied once: what had been committed is not written again, and
 * is told again. */
struct hd__step {
    uint64_t number; /* of this client: one more than that of the last step that did not fail with `undone` */
    struct hd__new_event *events;
    size_t event_count;
    struct hd__result *results;
    size_t result_count;
    const struct hd__lane_note *notes;
    size_t note_count;
    uint64_t left; /* a bit for each shard that was to be left, and of which nothing is in memory any more */
    struct hd__claim *claims;
    size_t claim_count;
    /* Gets each new row that is in a shard of this client, when it is committed and before any claim. */
    void (*added)(void *user, const struct hd__added *added);
    /* Gets each claimed row. Returns 0 if it cannot take it; then the rest of this claim is left. */
    int (*claimed)(void *user, size_t claim, const struct hd__claimed *row);
    void *user;
    int undone; /* out, with a failure: surely nothing has happened */
};

/* What the store is for this client now. */
struct hd__store_state {
    uint64_t owned;   /* a bit for each shard: its rows may be claimed */
    uint64_t leaving; /* of those, the ones that others are to have: begin nothing more in them, and name them in a
                         step's `left` when nothing of them is in memory any more */
    uint64_t lost;    /* those that were lost since the state was last told, though they may be owned again: what was
                         in memory of them before this call is another client's. What this call told is not */
    int64_t safe_until_us; /* monotonic: up to then nobody else can own them; no attempt begins later */
    uint64_t waiting;      /* rows of the outbox, of all clients, that are not to be discarded */
    uint64_t jobs;         /* that run, whoever runs them */
    int64_t last_row;      /* the newest that there ever was */
};

/* ---- Who uses it ---- */

enum {
    HD__ROLE_DELIVER, /* owns shards */
    HD__ROLE_ACCEPT,  /* adds events and changes webhooks */
    HD__ROLE_READ, /* changes nothing; step, put_webhook, remove_webhook, discard, move_place, add_job, set_job_state,
                     step_job, add_change, and find_place of a name that is not known, answer HD_E_STORE_READ_ONLY */
};

/* What the store tells within join, look, tend and step, on the thread that calls them. */
struct hd__store_listener {
    /* A webhook is there, has changed, or is gone. join tells all that are there, and the removed ones for which
     * something waits; later a change by whomever but this client's own put_webhook and remove_webhook; a removed one
     * when its shard is owned and something waits for it. Never an older change of a webhook after a newer one. When a
     * webhook is put in another project, the one that it was is told as removed, by whomever it is put. */
    void (*webhook)(void *user, const struct hd__stored_webhook *webhook);
    /* What keeps a webhook of a shard that is owned from now on from being sent to, and how it does, unless all is
     * well.
     */
    void (*lane)(void *user, const struct hd__lane_note *note);
    /* Something waits for a webhook of an owned shard that this client has not been told of: its shard is owned from
     * now on, or another client has added rows, one of which is `row`, and some of which may be tests (has_tests). In a
     * step, it is told before `added`. Of a shard that is owned from now on, all is to be claimed from the beginning.
     */
    void (*arrived)(void *user, int64_t webhook, int64_t row, int has_tests);
    void *user;
};

/* How it stands with a webhook. */
struct hd__standing {
    const char *id;
    uint64_t waiting; /* deliveries, and when the event of the oldest was accepted; 0 for none */
    int64_t oldest_ms;
    struct hd__lane_note note; /* what keeps it from being sent to, and how it does */
};

struct hd__join {
    int role;
    const struct hd__clock *clock; /* outlives the client */
    const struct hd__store_listener *listener;
    int64_t
        key_window_ms; /* how long the idempotency keys of its events count; 0 for HD__STORE_KNOWN_KEYS_MS, the most */
};

/* ---- The log ---- */

struct hd__status_range {
    int first, last;
};

/* out: whether the search ended early, and the place to go on from. */
struct hd__log_rest {
    int is_there;
    int64_t before_ms, before_id;
};

struct hd__log_search {
    const char *project;                /* NULL for all; it is the event's */
    const char *const *webhook_ids;     /* any of these */
    size_t webhook_count;               /* 0 for all */
    const unsigned char *delivery_id;   /* NULL for all */
    const unsigned char *redelivery_of; /* NULL for all */
    const char *text;                   /* NULL for all; folded, see base/fold.h and sought.h */
    uint64_t text_reasons;              /* a bit for each reason, from the first, whose name has the text */
    unsigned types, outcomes; /* any of these: a bit for each type, 1 << type, and outcome, from the first; 0 for all */
    uint64_t reasons;         /* the same, from the first */
    const struct hd__status_range *statuses; /* of HTTP: any of these */
    size_t status_count;                     /* 0 for all */
    int tests;                               /* one of HD_TESTS_...; 0 as HD_TESTS_INCLUDED */
    int64_t since_ms, until_ms;              /* by finished_at_ms; 0 for no bound */
    /* Whether nobody waits for the search any more: asked now and then, from the beginning on; then it ends soon, with
     * HD_E_TIMEOUT. NULL for one that goes on to its end. */
    int (*is_over)(const void *over_user);
    const void *over_user;
    int is_forward; /* oldest first, by the order in which they were stored: those after after_id */
    int64_t after_id;
    int64_t up_to_id;  /* the last of those; 0 for no bound */
    int64_t before_ms; /* else newest first; with the next, the place to go on from; INT64_MAX for the newest */
    int64_t before_id;
    size_t max;
    /* A store that would have to look at very many records may look at the newest of them only, and say where it is to
     * go on; newest first only. NULL for one that finds all. */
    struct hd__log_rest *rest;
};

struct hd__log_row {
    int64_t id; /* larger than that of all that were stored before */
    const char *webhook_id, *webhook_name, *masked_url;
    struct hd__stored_event event;
    struct hd__stored_report report;
};

/* So many records with these properties. */
struct hd__log_tally {
    int64_t bucket; /* finished_at_ms / bucket_ms, rounded down; 0 without buckets */
    int outcome, reason;
    int has_attempts;  /* the record's attempts are not 0 */
    uint32_t total_ms; /* 5,000 stands for all that is longer */
    uint64_t count;
};

/* ---- The functions ---- */

enum {
    HD__MORE_NONE,
    HD__MORE_AT_ONCE,
    HD__MORE_WHEN_IDLE
};

#define HD__NO_PLACE (-1)

#define HD__ANY_VERSION UINT64_MAX

struct hd__store_ops {
    /* A client joins. One client uses an open store at a time. */
    int (*join)(struct hd_store *store, const struct hd__join *join, struct hd__store_state *state);
    /* These three are called by one thread at a time. look sees what others have changed, and costs next to nothing if
     * nobody has; it is called when the descriptor of watch says so, and where there is none, up to fifty times a
     * second. tend is called each second: it sees that the store is still there, takes over the shards of clients that
     * are gone, and sees what others have changed; when it is time, or something has changed, it renews the lease and
     * deletes a slice of the log that is beyond its bounds and of keys that are old. While nothing happens, it costs
     * next to nothing as well. *more says whether there is more to do: HD__MORE_AT_ONCE, or HD__MORE_WHEN_IDLE for what
     * should not be in the way of steps. */
    int (*step)(struct hd_store *store, struct hd__step *step, struct hd__store_state *state);
    int (*look)(struct hd_store *store, struct hd__store_state *state);
    int (*tend)(struct hd_store *store, struct hd__store_state *state, int *more);

    /* These two are optional, NULL in a store that cannot do it, and are called by the same thread. watch returns a
     * descriptor, to be polled for input, that becomes readable when another client may have changed something; -1 if
     * there is none at the moment. It may become readable without that, too, as with changes of the client itself; and
     * as some changes may not be told, tend looks each second all the same. It is called before each tend. The
     * descriptor remains the store's, and is valid until the next call of watch or leave; another one has another
     * number than the last, or -1 was returned in between. drain makes it unreadable until something is changed again:
     * a look after that sees what was changed before it. */
    int (*watch)(struct hd_store *store);
    void (*drain)(struct hd_store *store);

    /* These are called by any thread, at the same time as all others. Where a function takes a note, it writes the
     * entry in the transaction of what it does, and none if it does nothing; NULL for no entry. */

    /* Adds or replaces the webhook with this id, and writes keys, version and change. With an expected version, 0 for a
     * webhook that must not be there yet, HD_E_CONFLICT if it has another one. In another project than before, the
     * old one is as if removed, and what waits for it goes by its settings. */
    int (*put_webhook)(struct hd_store *store, struct hd__stored_webhook *webhook, uint64_t expected,
                       struct hd__change_note *note);
    /* HD_E_NOT_FOUND if there is none. */
    int (*remove_webhook)(struct hd_store *store, const char *id, uint64_t *change, struct hd__change_note *note);
    /* What waits for the webhook with this id is to end without an attempt: sets its discarded_up_to, and makes due
     * what waits for a retry. Counts it; from then on it is not said to wait any more, whoever ends it. */
    int (*discard)(struct hd_store *store, const char *id, uint64_t *count, struct hd__change_note *note);
    /* A test of a webhook (its key) is to be made by the client that owns its shard, or takes it: with the event, a row
     * of the outbox is added that goes ahead of all others, has one attempt, and is not discarded. *is_passed is 0, and
     * nothing was added, if this client owns the shard, or nobody delivers. HD_E_NOT_FOUND if the webhook is removed.
     */
    int (*pass_test)(struct hd_store *store, const struct hd__stored_event *event, int64_t webhook,
                     unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed);
    /* How many deliveries wait for the webhook with this id, and when the event of the oldest was accepted (0 for
     * none).
     */
    int (*waiting)(struct hd_store *store, const char *id, uint64_t *count, int64_t *oldest_ms);
    /* The state of the pause rule for the webhook with this id, whoever owns it. */
    int (*lane_state)(struct hd_store *store, const char *id, struct hd__lane_note *note);
    /* Tells of each webhook that is there what the last two say. What is told lives as long as the call. */
    int (*survey)(struct hd_store *store, void (*tell)(void *user, const struct hd__standing *standing), void *user);
    /* Whether a row up to this one waits in these shards. */
    int (*is_left)(struct hd_store *store, uint64_t shards, int64_t up_to_row, int *is_left);
    /* The row lives as long as the call. row returns 0 to end. */
    int (*query)(struct hd_store *store, const struct hd__log_search *search,
                 int (*row)(void *user, const struct hd__log_row *row), void *user);
    /* Counts what a search finds, whatever its max and its place. bucket_ms 0: no buckets. Of many, the same properties
     * may be told several times, each with a part of the count. */
    int (*tally)(struct hd_store *store, const struct hd__log_search *search, int64_t bucket_ms,
                 void (*tell)(void *user, const struct hd__log_tally *tally), void *user);
    /* The largest number of a record that was deleted, and that of the newest that there ever was; 0 for none. */
    int (*ends)(struct hd_store *store, int64_t *deleted, int64_t *newest);
    /* How far a consumer of the log has come, by its name: the number of the last record that it is done with. A name
     * that is not known is added, with the place before the oldest record. */
    int (*find_place)(struct hd_store *store, const char *name, int64_t *place);
    /* Moves it there, but never back; or, with HD__NO_PLACE, forgets the name. This and the last one also after
     * leave. */
    int (*move_place)(struct hd_store *store, const char *name, int64_t place);
    /* Optional, NULL in a store that cannot do it; called between join and leave, by one thread. Has all that is sealed
     * in webhooks, removed ones too, replaced by what `reseal` makes of it, all of it or nothing: `again` is valid
     * until the next call, and any status of `reseal` but HD_OK ends it and is returned. No part of what it was before
     * is left, as far as the store can see to that. HD_E_STORE_BUSY if another client has joined. */
    int (*reseal)(struct hd_store *store,
                  int (*reseal)(void *user, const char *id, const char *name, struct hd__bytes sealed,
                                struct hd__bytes *again),
                  void *user);
    /* Adds a job, which runs from now on. HD_E_JOB_RUNNING if one runs that may send to the same webhook. */
    int (*add_job)(struct hd_store *store, const struct hd__stored_job *job, struct hd__change_note *note);
    /* Tells of the job with this id, or of all, the newest first. What is told lives as long as the call. */
    int (*find_jobs)(struct hd_store *store, const unsigned char *id,
                     void (*tell)(void *user, const struct hd__stored_job *job), void *user);
    /* Has it stop, if it runs, or run, if it was stopped: HD_JOB_STOPPED or HD_JOB_RUNNING. HD_E_NO_JOB; for the
     * second, HD_E_JOB_RUNNING as above. The note's project and webhook are the job's, and its object is. */
    int (*set_job_state)(struct hd_store *store, const unsigned char *id, int state, int64_t now_ms,
                         struct hd__change_note *note);
    /* Writes an entry about what changes nothing in the store. */
    int (*add_change)(struct hd_store *store, const struct hd__stored_change *change);
    /* Tells of entries, the newest first; also to a client that has left. What is told lives as long as the call. Kept
     * are at least the newest HD__CHANGES_OF_WEBHOOK of a webhook's id, unless its project has HD__CHANGES_OF_PROJECT
     * newer ones, or all have HD__CHANGES_KEPT; and no more than these. */
    int (*find_changes)(struct hd_store *store, const struct hd__change_search *search,
                        void (*tell)(void *user, const struct hd__stored_change *change), void *user);
    int (*plan_job)(struct hd_store *store, struct hd__job_plan *plan);
    /* By the thread of step, look and tend. Does nothing if the job does not run, or is not this client's. Of a step
     * that fails it is not known whether it happened: the next one goes on from where the job is. */
    int (*step_job)(struct hd_store *store, struct hd__job_step *step);
    /* What runs or waits in step, look, tend or step_job on another thread ends soon, with a failure. */
    void (*interrupt)(struct hd_store *store);
    /* The client leaves: its shards are free at once. Clean if all that it had in memory is as the outbox says; else
     * what its shards hold may be repeated. */
    int (*leave)(struct hd_store *store, int is_clean);
    void (*free)(struct hd_store *store);
};

/* The beginning of every store. */
struct hd_store {
    int abi; /* HD__STORE_ABI */
    const struct hd__store_ops *ops;
    long pid; /* of the process that opened it */
    int has_key;
    unsigned char key[HD__STORE_KEY_SIZE];
    uint64_t max_reports;   /* retention; 0 for any number */
    int64_t max_age_ms;     /* 0 for any age */
    uint64_t max_log_bytes; /* 0 for any size */
    int in_use;             /* by a client; guarded by the core */
    atomic_uint sharers;    /* who has a reference besides the first; of the core */
    pthread_mutex_t error_mutex;
    char error[HD__STORE_ERROR_SIZE]; /* what the last call that failed failed of, in words; no secret is in it; guarded
                                         by the mutex */
};

/* Whether the store may be used: HD_OK; HD_E_INVALID for NULL; HD_E_STORE_VERSION if it was made for another version of
 * this seam; HD_E_FORKED in a child of the process that opened it. */
int hd__store_check(struct hd_store *store);

/* How a webhook does, at the moment. */
struct hd__condition {
    int state;       /* HD_WEBHOOK_... */
    int64_t left_ms; /* how long that lasts; 0 if it is neither paused nor throttled */
    struct hd__health health;
};

/* What a note stands for. */
struct hd__condition hd__condition_of(const struct hd__lane_note *note);

/* The same of a webhook, by what its owner has noted. Returns a status. */
int hd__store_condition(struct hd_store *store, const char *id, struct hd__condition *condition);

/* Copies what the last failure was, in words. Returns how long that is, whatever the size. */
size_t hd__store_error(struct hd_store *store, char *text, size_t size);

/* One more reference, which hd_store_free gives up; NULL for NULL. The last one frees the store. */
struct hd_store *hd__store_ref(struct hd_store *store);

/* A client takes a store, and leaves it. HD_OK; HD_E_IN_USE if another one has it; what hd__store_check says. */
int hd__store_take(struct hd_store *store);
void hd__store_release(struct hd_store *store);

#endif
