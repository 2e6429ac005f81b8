/* The store in SQLite: what its files share.
 *
 * A handle has up to three connections, each under a mutex of its own: one for the client's steps and changes (main),
 * one for short questions (reader), one for long ones (counter). Only main writes, and only with the lock of lock.h
 * held, since SQLite up to 3.51.2 can lose a transaction when two connections write or checkpoint at once
 * (sqlite.org/wal.html#walresetbug). */
#ifndef HD_STORE_SQLITE_SQLITE_H
#define HD_STORE_SQLITE_SQLITE_H

#include "store/shards.h"
#include "store/sqlite/lock.h"
#include "store/sqlite/process.h"
#include "store/sqlite/statement.h"
#include "store/sqlite/time.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#define HD__SQLITE_GONE 3 /* the role of a client that was, beside HD__ROLE_... */

#define HD__SQLITE_DATABASE "helmdesk.db"
#define HD__SQLITE_HEADER_WORDS 12 /* of the index of the WAL */

/* The one row that each transaction reads first, and each that writes writes once. */
struct hd__sqlite_state {
    int64_t next_row, next_event, next_log, next_client; /* numbers not given yet */
    int64_t waiting;                                     /* rows of the outbox that are not discarded */
    int64_t discarded; /* no row after this one is discarded: the largest discarded_up_to of all webhooks */
    int64_t log_bytes; /* what the log takes, roughly */
    int64_t change;    /* of webhooks: the last one */
    int64_t epoch;     /* how often clients and shards have changed */
    int64_t last_client, last_step; /* the last step that was written; see client.c */
    int64_t jobs;                   /* that run */
    int64_t job_rows;               /* rows of the outbox that are a job's */
    struct hd__store_time time;     /* when that was */
};

/* A growing list of numbers. */
struct hd__sqlite_list {
    int64_t *items;
    size_t count, size;
};

/* The webhooks of one project, as far as they get events; see fanout.c. */
struct hd__sqlite_feed {
    char *name; /* of the project; NULL for none */
    int64_t project, change;
    struct hd__sqlite_list webhooks; /* a key, then its events, and so on */
};

/* What a report needs to know of its event. */
struct hd__sqlite_event {
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t key;   /* 0 for none */
    int64_t share; /* of its bytes, what each of its deliveries counts for */
    int type;
    int is_shared; /* it has several deliveries, none, or makes one again: see HD__USE_SHARED */
};

/* A report that is to be written. */
struct hd__sqlite_report {
    const struct hd__result *result;
    struct hd__sqlite_event event;
    int64_t id, kept_ms;
};

#define HD__REPORTS_AT_ONCE 16 /* that one statement writes */
#define HD__REPORT_COLUMNS 33

/* What a report has to do with its event. */
enum {
    HD__USE_MORE,   /* another report of this event will follow, or has */
    HD__USE_LAST,   /* with this one, the event goes */
    HD__USE_SHARED, /* it goes with the last one of these, which are in an index of their own */
};

/* All commits up to a moment; see commits.c. */
struct hd__sqlite_commits {
    int is_known;
    uint32_t header[HD__SQLITE_HEADER_WORDS];
};

/* A connection that only reads. */
struct hd__sqlite_reader {
    pthread_mutex_t mutex; /* guards the connection */
    sqlite3 *connection;   /* NULL until it is needed */
};

struct hd__sqlite {
    struct hd_store base;
    char *directory, *database; /* paths */
    uint64_t max_pages;
    dev_t device; /* of the database file that is open */
    ino_t inode;
    struct hd__process self;
    atomic_int is_called_off; /* see hd__sqlite_interrupt() */
    atomic_int is_at_work;    /* a step, look or tend is */
    struct hd__descriptor watched;
    int is_watching; /* that descriptor watches the file that is at the path */

    pthread_mutex_t writing; /* guards all that follows, except the readers */
    sqlite3 *main;
    sqlite3_stmt *statements[HD__SQL_COUNT];
    struct hd__lock lock;
    int is_writer;         /* main may write */
    uint64_t frozen_pages; /* see room.c; 0 for no such bound */
    int may_exceed;        /* the work at hand makes room in the end */
    int may_be_undone;     /* by a loss of power, after which it is of no use */
    int is_relaxed;        /* main's setting is for such work */
    int was_committing;    /* the transaction that failed did so in its COMMIT: it may have happened */
    int is_optional;       /* the work at hand: no room is made for it */
    int is_news;           /* other clients are to be told of that transaction at once */

    int role; /* HD__ROLE_..., or -1 while no client has joined */
    const struct hd__clock *clock;
    int64_t key_window_ms;
    struct hd__store_listener listener;
    struct hd__sqlite_state state; /* in a transaction: as it is now */
    struct hd__store_time now;

    int64_t client;                /* 0 for none yet */
    int is_fenced;                 /* other clients consider it gone */
    int has_lost;                  /* the last step had results that were lost */
    uint64_t owned, leaving, lost; /* a bit for each shard */
    uint64_t kept_since;           /* those that have been owned ever since the last step was written */
    uint64_t gained;               /* of the owned ones, those that the listener has not been told of */
    struct hd__shards shards;      /* who owns what */
    int64_t epoch;                 /* that these are of; -1 if they are not known */
    int64_t repeated_up_to[HD__SHARDS];
    int64_t safe_until_us, renewed_us;
    int64_t renewing_us;           /* when the lease began that is being written; 0 for none */
    struct hd__sqlite_list others; /* clients that the kernel can be asked about: a process, when it began, and so on */

    int64_t others_until_ms;         /* when the first lease of another client runs out, by the store's clock */
    int64_t quiet_until_us;          /* if there are no more commits than */
    struct hd__sqlite_commits quiet; /* these; see tend.c */

    int has_no_index;    /* of texts: what there is of it is deleted */
    int64_t index_at_us; /* it has to wait until then */

    int64_t known_row, known_change;    /* what the listener was told */
    struct hd__sqlite_commits known;    /* those that it was told of */
    int is_joining;                     /* it has just been told all webhooks */
    struct hd__sqlite_list own_changes; /* that it need not be told */
    struct hd__sqlite_feed feed;
    struct hd__added *added; /* rows of the step at hand for the client's own shards */
    size_t added_count, added_size;
    struct hd__sqlite_event *events;                       /* some that are known; see known.c */
    struct hd__sqlite_report reports[HD__REPORTS_AT_ONCE]; /* of the step at hand, not written yet */
    size_t report_count;

    struct hd__sqlite_reader reader, counter;
    int64_t left_from; /* no row before this one waits in left_shards; guarded by the reader's mutex */
    uint64_t left_shards;
};

/* When a row is due that does not wait for a time. */
enum {
    HD__DUE_TEST = -1,
    HD__DUE_NEW = 0
};

#define HD__SHARD_BIT(webhook) (UINT64_C(1) << hd__shard_of(webhook))

/* ---- failure.c ---- */

/* The status for a result code, in the end; notes the words of the connection. With its mutex held. */
int hd__sqlite_status(struct hd__sqlite *store, sqlite3 *connection, int code);

/* Notes what a system call failed of, and returns the status for errno. The message contains the path's last part. */
int hd__sqlite_errno(struct hd__sqlite *store, const char *what, const char *path);

/* Notes words, and returns the status. */
int hd__sqlite_say(struct hd__sqlite *store, int status, const char *words);

/* Whether a store may be used at all: HD_E_FORKED in a child. */
int hd__sqlite_check(struct hd__sqlite *store);

/* ---- files.c ---- */

/* The directory, a slash, a name; NULL without memory. To be freed. */
char *hd__sqlite_path(const struct hd__sqlite *store, const char *name);
int hd__sqlite_make_files(struct hd__sqlite *store);
/* HD_OK if the database is there; HD_E_STORE_MISSING, or another status. */
int hd__sqlite_look_for_database(struct hd__sqlite *store);
/* Notes which file it is, and says later whether it is still there. */
int hd__sqlite_note_file(struct hd__sqlite *store);
int hd__sqlite_check_file(struct hd__sqlite *store);

/* ---- connect.c ---- */

#define HD__SQLITE_WAL_PAGES 1000 /* that are copied into the database */
#define HD__SQLITE_BUSY_MS 5000   /* as long as SQLite waits for another program that writes, such as its own tool */

int hd__sqlite_connect(struct hd__sqlite *store, sqlite3 **connection);
int hd__sqlite_be_writer(struct hd__sqlite *store);
void hd__sqlite_disconnect(struct hd__sqlite *store);
void hd__sqlite_checkpoint(struct hd__sqlite *store);
/* A connection that reads, with its mutex held; NULL on failure, with the status. */
sqlite3 *hd__sqlite_take_reader(struct hd__sqlite *store, struct hd__sqlite_reader *reader, int *status);
void hd__sqlite_drop_reader(struct hd__sqlite_reader *reader);
/* Asks for one row, by a key unless it is NULL, for a statement that is used now and then. HD_E_NOT_FOUND without one.
 */
int hd__sqlite_read_row(struct hd__sqlite *store, const char *sql, const char *key,
                        void (*take)(struct hd__sqlite *store, sqlite3_stmt *row, void *into), void *into);

/* ---- migrate.c ---- */

#define HD__SQLITE_VERSION 6

/* How a webhook does, in a table lane: see hd__sqlite_health_at(). */
#define HD__SQL_HEALTH "failures, reason, since_ms, is_failing, told, alerted_ms"

/* What is subtracted from a number of the public enums before it is stored: in the database, each family begins where
 * it began in version 0.1.0. */
enum {
    HD__SQL_OUTCOME = HD_OUTCOME_DELIVERED - 1,
    HD__SQL_REASON = HD_REASON_DELIVERED,
    HD__SQL_FORMAT = HD_FORMAT_JSON,
    HD__SQL_MODE = HD_MODE_OFF,
    HD__SQL_STATE = HD_WEBHOOK_ACTIVE,
    HD__SQL_JOB_SOURCE = HD_SOURCE_DELIVERIES,
    HD__SQL_JOB_STATE = HD_JOB_PLANNED,
    HD__SQL_CHANGE = HD_CHANGE_CREATED
};
#define HD__SQLITE_STATE_FIELDS 17
extern const char hd__sqlite_tables[], hd__sqlite_indexes[], hd__sqlite_consumers[], hd__sqlite_jobs[],
    hd__sqlite_search[], hd__sqlite_changes[];
int hd__sqlite_migrate(struct hd__sqlite *store);
/* HD_OK, HD_E_STORE_VERSION, HD_E_STORE_MISSING if there are no tables yet, or another status. */
int hd__sqlite_check_version(struct hd__sqlite *store, int may_be_older);

/* ---- transaction.c ---- */

/* Does some work in a transaction that writes, under the lock, and makes room if there is none. The work returns a
 * result code, and may be done more than once. *undone, which may be NULL, is set if surely nothing was written. */
int hd__sqlite_write(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument), void *argument,
                     int *undone);

/* Begins a transaction, by one of the two statements. */
int hd__sqlite_begin(struct hd__sqlite *store, int which);

/* Read and write the state. Within a transaction. */
int hd__sqlite_read_state(struct hd__sqlite *store);
int hd__sqlite_write_state(struct hd__sqlite *store);

/* A transaction that reads, with the state of that moment. Return a result code. */
int hd__sqlite_read_begin(struct hd__sqlite *store);
void hd__sqlite_read_end(struct hd__sqlite *store);

/* Begins and ends what interrupt ends. */
void hd__sqlite_enter(struct hd__sqlite *store);
void hd__sqlite_leave(struct hd__sqlite *store);
void hd__sqlite_interrupt(struct hd_store *base);

/* ---- shards.c ---- */

/* Reads which client owns which shard, if that has changed. In a transaction. */
int hd__sqlite_see_shards(struct hd__sqlite *store);
/* Whether there is something to take, or a new identity to get. */
int hd__sqlite_wants_shards(const struct hd__sqlite *store);
/* In a transaction that writes. */
int hd__sqlite_take_shards(struct hd__sqlite *store);
int hd__sqlite_leave_shards(struct hd__sqlite *store, uint64_t shards);
int hd__sqlite_free_shards(struct hd__sqlite *store, int64_t client, int is_clean);

/* ---- reseal.c ---- */

int hd__sqlite_reseal(struct hd_store *base,
                      int (*reseal)(void *user, const char *id, const char *name, struct hd__bytes sealed,
                                    struct hd__bytes *again),
                      void *user);

/* ---- open.c ---- */

/* Whether it is a store of this kind. */
int hd__sqlite_is_one(const struct hd_store *base);

/* ---- client.c ---- */

int hd__sqlite_join(struct hd_store *base, const struct hd__join *join, struct hd__store_state *state);
int hd__sqlite_leave_store(struct hd_store *base, int is_clean);
/* In a transaction that writes: gets a row, a new one if it is fenced. */
int hd__sqlite_ensure_client(struct hd__sqlite *store);
int hd__sqlite_renew(struct hd__sqlite *store);
void hd__sqlite_note_renewal(struct hd__sqlite *store);    /* it is committed */
int64_t hd__sqlite_now_us(const struct hd__sqlite *store); /* of the client's clock; monotonic */
int hd__sqlite_needs_renewal(const struct hd__sqlite *store);
int64_t hd__sqlite_next_round_us(const struct hd__sqlite *store); /* when it will, or would */
/* Ends the clients that are gone; *found says whether there are any; writes only if asked to. */
int hd__sqlite_end_gone(struct hd__sqlite *store, int writes, int *found);
/* Whether one is that was there when that was called last, without a look into the database. */
int hd__sqlite_is_other_gone(const struct hd__sqlite *store);
/* Which step was written last; and that this one is. */
int hd__sqlite_last_step(struct hd__sqlite *store, uint64_t *number);
int hd__sqlite_note_step(struct hd__sqlite *store, uint64_t number);
int hd__sqlite_note_lost(struct hd__sqlite *store, const struct hd__step *step);
int hd__sqlite_recall_lost(struct hd__sqlite *store, struct hd__step *step);
void hd__sqlite_fill_state(struct hd__sqlite *store, struct hd__store_state *state);

/* ---- look.c ---- */

int hd__sqlite_look(struct hd_store *base, struct hd__store_state *state);
/* Tells the listener all that it does not know, except the rows from first_own up to end_own. In a transaction. */
int hd__sqlite_tell_news(struct hd__sqlite *store, int64_t first_own, int64_t end_own);
int hd__sqlite_has_news(const struct hd__sqlite *store);

/* ---- commits.c ---- */

/* main has read something before. */
void hd__sqlite_see_commits(const struct hd__sqlite *store, struct hd__sqlite_commits *commits);
/* Whether there are more than there were, or may be. */
int hd__sqlite_has_commits(const struct hd__sqlite_commits *since, const struct hd__sqlite_commits *now);

/* ---- watch.c ---- */

int hd__sqlite_watch(struct hd_store *base);
void hd__sqlite_drain(struct hd_store *base);
void hd__sqlite_unwatch(struct hd__sqlite *store);

/* ---- tend.c, retain.c, room.c ---- */

int hd__sqlite_tend(struct hd_store *base, struct hd__store_state *state, int *more);
/* Deletes a slice of the log's oldest reports: those beyond the bounds, or all. *count tells how many. */
int hd__sqlite_forget_reports(struct hd__sqlite *store, int all, size_t max, size_t *count);
#define HD__SQLITE_SLICE 500 /* reports, or keys, at once: a few milliseconds */
int hd__sqlite_has_old_reports(struct hd__sqlite *store, int *has);
int hd__sqlite_forget_keys(struct hd__sqlite *store, size_t *count);
int hd__sqlite_has_old_keys(struct hd__sqlite *store, int *has);
/* Forgets an event if nothing needs it, as far as is known of one that is shared. */
int hd__sqlite_forget_event(struct hd__sqlite *store, int64_t event);
/* Space that is kept free, so that there is some when the disk is full; and the bounds. */
int hd__sqlite_apply_bound(struct hd__sqlite *store, int extra);
void hd__sqlite_make_ballast(struct hd__sqlite *store);
/* Lets go of it, and then of some of the log. Returns 0 if there is nothing left. */
int hd__sqlite_make_room(struct hd__sqlite *store, int round);

/* ---- index.c ---- */

/* Whether there are reports that this client is to put into the index of texts, or an index that is not wanted. */
int hd__sqlite_index_wants(struct hd__sqlite *store, int *wants);
/* Does some of that, in a few milliseconds. Returns a status. */
int hd__sqlite_index(struct hd__sqlite *store);
/* Deletes what is of older reports only. In a transaction that writes. */
int hd__sqlite_index_forget(struct hd__sqlite *store, int64_t oldest);

/* ---- step.c, fanout.c, result.c, report.c, claim.c, lane.c ---- */

int hd__sqlite_step(struct hd_store *base, struct hd__step *step, struct hd__store_state *state);
int hd__sqlite_add_event(struct hd__sqlite *store, struct hd__step *step, size_t index);
int hd__sqlite_recall_event(struct hd__sqlite *store, struct hd__step *step, size_t index);
/* Writes an event that is not there yet; *is_new tells. */
int hd__sqlite_write_event(struct hd__sqlite *store, const struct hd__stored_event *event, int64_t first_row,
                           int64_t rows, int *is_new);
/* Adds a row to the outbox, and notes it for the step at hand if its shard is owned. */
int hd__sqlite_add_row(struct hd__sqlite *store, const unsigned char *event_id, int64_t event, int64_t due,
                       struct hd__added *added);
int hd__sqlite_has_webhook(struct hd__sqlite *store, int64_t webhook, const char *project, int64_t *has);
/* Finds an event; its key is 0 if it is not there. One that is surely there need not be looked up. */
int hd__sqlite_find_event(struct hd__sqlite *store, const unsigned char *id, int is_there,
                          struct hd__sqlite_event *event);
/* Events whose rows the client is about to have, so that their reports need not look for them; forgets all of them. */
void hd__sqlite_know_event(struct hd__sqlite *store, const unsigned char *id, const struct hd__sqlite_event *event);
void hd__sqlite_forget_known(struct hd__sqlite *store);
/* Adds a new event with one delivery, which the client does not hear of before it looks. */
int hd__sqlite_add_one(struct hd__sqlite *store, const struct hd__stored_event *event, int64_t webhook, int64_t *row);
void hd__sqlite_make_delivery_id(const unsigned char *event_id, int64_t webhook, unsigned char *id);
/* Adds a report to the log; it is written by the next flush at the latest. */
int hd__sqlite_add_report(struct hd__sqlite *store, const struct hd__result *result,
                          const struct hd__sqlite_event *event);
int hd__sqlite_flush_reports(struct hd__sqlite *store);
int hd__sqlite_write_result(struct hd__sqlite *store, struct hd__result *result);
void hd__sqlite_claim(struct hd__sqlite *store, struct hd__step *step, size_t index);
int hd__sqlite_write_note(struct hd__sqlite *store, const struct hd__lane_note *note);

/* From the columns HD__SQL_HEALTH of a table lane. */
struct hd__health hd__sqlite_health_at(sqlite3_stmt *row, int column);

int hd__sqlite_tell_lanes(struct hd__sqlite *store);
int hd__sqlite_lane_state(struct hd_store *base, const char *id, struct hd__lane_note *note);

/* ---- webhooks.c, test.c, outbox.c ---- */

int hd__sqlite_put_webhook(struct hd_store *base, struct hd__stored_webhook *webhook, uint64_t expected,
                           struct hd__change_note *note);
int hd__sqlite_remove_webhook(struct hd_store *base, const char *id, uint64_t *change, struct hd__change_note *note);
int hd__sqlite_discard(struct hd_store *base, const char *id, uint64_t *count, struct hd__change_note *note);
int hd__sqlite_pass_test(struct hd_store *base, const struct hd__stored_event *event, int64_t webhook,
                         unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed);
int hd__sqlite_put_project(struct hd__sqlite *store, const char *name, int64_t *key);
/* Tells the webhooks that a statement finds. */
enum {
    HD__TELL_ALL,     /* that are there, and the removed ones for which something waits */
    HD__TELL_CHANGED, /* since known_change, by other clients */
    HD__TELL_REMOVED, /* for which something waits in the shards that were gained */
};
int hd__sqlite_tell_webhooks(struct hd__sqlite *store, int which);
/* Overwrites what may hold a key of removed ones for which nothing waits any more. */
int hd__sqlite_clear_webhooks(struct hd__sqlite *store);
int hd__sqlite_has_removed(struct hd__sqlite *store, int *has);
int hd__sqlite_waiting(struct hd_store *base, const char *id, uint64_t *count, int64_t *oldest_ms);
int hd__sqlite_survey(struct hd_store *base, void (*tell)(void *user, const struct hd__standing *standing), void *user);
int hd__sqlite_is_left(struct hd_store *base, uint64_t shards, int64_t up_to_row, int *is_left);

/* ---- query.c, tally.c ---- */

int hd__sqlite_query(struct hd_store *base, const struct hd__log_search *search,
                     int (*row)(void *user, const struct hd__log_row *row), void *user);
int hd__sqlite_tally(struct hd_store *base, const struct hd__log_search *search, int64_t bucket_ms,
                     void (*tell)(void *user, const struct hd__log_tally *tally), void *user);

/* ---- consumer.c ---- */

int hd__sqlite_find_place(struct hd_store *base, const char *name, int64_t *place);
int hd__sqlite_move_place(struct hd_store *base, const char *name, int64_t place);
int hd__sqlite_ends(struct hd_store *base, int64_t *deleted, int64_t *newest);

/* ---- job.c, job_step.c ---- */

int hd__sqlite_add_job(struct hd_store *base, const struct hd__stored_job *job, struct hd__change_note *note);
int hd__sqlite_find_jobs(struct hd_store *base, const unsigned char *id,
                         void (*tell)(void *user, const struct hd__stored_job *job), void *user);
int hd__sqlite_set_job_state(struct hd_store *base, const unsigned char *id, int state, int64_t now_ms,
                             struct hd__change_note *note);
int hd__sqlite_plan_job(struct hd_store *base, struct hd__job_plan *plan);
int hd__sqlite_step_job(struct hd_store *base, struct hd__job_step *step);
/* A row has ended that may be a job's. */
int hd__sqlite_count_job_row(struct hd__sqlite *store, int64_t row, int is_delivered);

/* ---- change.c ---- */

/* Writes an entry. With is_as_stored, its webhook's name and project are those of the webhook that is there, if one is.
 */
int hd__sqlite_write_change(struct hd__sqlite *store, const struct hd__stored_change *change, int is_as_stored);
int hd__sqlite_add_change(struct hd_store *base, const struct hd__stored_change *change);
int hd__sqlite_find_changes(struct hd_store *base, const struct hd__change_search *search,
                            void (*tell)(void *user, const struct hd__stored_change *change), void *user);

/* ---- list.c ---- */

/* Returns 0 without memory. */
int hd__sqlite_list_add(struct hd__sqlite_list *list, int64_t item);

#endif
