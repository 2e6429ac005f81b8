/* The store in SQLite: one connection that writes, under one mutex, and one that reads the log, under another. No other
 * connection writes or checkpoints, in this process or elsewhere: besides the time that they would wait for each other,
 * SQLite up to 3.51.2 can lose a transaction when two do at once (sqlite.org/wal.html#walresetbug). A store that is
 * opened to be read has two connections that do neither. */
#ifndef HD_STORE_SQLITE_SQLITE_H
#define HD_STORE_SQLITE_SQLITE_H

#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

/* Prepared once, when first used. */
enum {
    HD__SQL_BEGIN,
    HD__SQL_COMMIT,
    HD__SQL_ROLLBACK,
    HD__SQL_SET_META,
    HD__SQL_LIST_WEBHOOKS,
    HD__SQL_PUT_WEBHOOK,
    HD__SQL_REMOVE_WEBHOOK,
    HD__SQL_CLEAR_WEBHOOKS,
    HD__SQL_PUT_PROJECT,
    HD__SQL_PUT_LABEL,
    HD__SQL_ADD_EVENT,
    HD__SQL_ADD_DELIVERY,
    HD__SQL_END_DELIVERY,
    HD__SQL_RETRY_DELIVERY,
    HD__SQL_RELEASE_DELIVERY,
    HD__SQL_ADD_REPORT,
    HD__SQL_CLAIM_RETRIES,
    HD__SQL_CLAIM_NEW,
    HD__SQL_NEXT_DUE,
    HD__SQL_OLDEST,
    HD__SQL_OLD_REPORTS,
    HD__SQL_FORGET_REPORT,
    HD__SQL_FORGET_EVENT,
    HD__SQL_NEWEST_REPORT,
    HD__SQL_COUNT
};

struct hd__sqlite {
    struct hd_store base;
    char *directory;
    struct hd__lock *lock; /* see lock.h */
    pid_t pid;             /* of the process that opened it */

    pthread_mutex_t writing; /* guards these */
    sqlite3 *writer;         /* of a reader's store: it reads, too */
    sqlite3_stmt *statements[HD__SQL_COUNT];
    int64_t next_row;       /* of the outbox */
    int64_t repeated_up_to; /* rows that a process left behind which did not end well */
    uint64_t waiting;       /* rows of the outbox */
    int has_ballast;

    pthread_mutex_t reading; /* guards this */
    sqlite3 *reader;
};

/* The statement, without values; NULL on failure. With the mutex held. */
sqlite3_stmt *hd__sql(struct hd__sqlite *store, int which);

/* Runs a statement that gives no rows. NULL fails. Returns SQLite's result code, SQLITE_OK for success. */
int hd__sql_run(sqlite3_stmt *statement);

/* Binds values. */
void hd__sql_int(sqlite3_stmt *statement, int index, int64_t value);
void hd__sql_text(sqlite3_stmt *statement, int index, const char *text);
void hd__sql_bytes(sqlite3_stmt *statement, int index, const void *data, size_t len);

/* Reads a column. A text is never NULL. */
const char *hd__sql_get_text(sqlite3_stmt *statement, int column);
struct hd__bytes hd__sql_get_bytes(sqlite3_stmt *statement, int column);
void hd__sql_get_id(sqlite3_stmt *statement, int column, unsigned char id[HD__STORE_ID_SIZE]);

/* The status for a result code; notes SQLite's words in base.error. With the mutex of that connection held. */
int hd__sqlite_status(struct hd__sqlite *store, sqlite3 *connection, int code);

/* Begins a transaction, or ends it: commits if code is SQLITE_OK, else takes it back. Return a result code, the first
 * that was not SQLITE_OK. */
int hd__sqlite_begin(struct hd__sqlite *store);
int hd__sqlite_end(struct hd__sqlite *store, int code);

/* Writes a number that outlives the process. */
int hd__sqlite_set_meta(struct hd__sqlite *store, const char *name, int64_t value);

/* Space that is kept free for results, so that they can be written when the disk is full. */
void hd__sqlite_make_ballast(struct hd__sqlite *store);
void hd__sqlite_drop_ballast(struct hd__sqlite *store);

/* Behind struct hd__store_ops. */
int hd__sqlite_put_webhook(struct hd_store *store, const struct hd__stored_webhook *webhook,
                           struct hd__store_keys *keys);
int hd__sqlite_remove_webhook(struct hd_store *store, int64_t webhook);
int hd__sqlite_list_webhooks(struct hd__sqlite *store,
                             void (*tell)(void *user, const struct hd__stored_webhook *webhook), void *user);
int hd__sqlite_step(struct hd_store *store, struct hd__step *step, struct hd__store_state *state);
void hd__sqlite_tell_state(struct hd__sqlite *store, struct hd__store_state *state);
int hd__sqlite_query(struct hd_store *store, const struct hd__log_search *search,
                     int (*row)(void *user, const struct hd__log_row *row), void *user);
int hd__sqlite_figures(struct hd_store *store, const struct hd__log_search *search,
                       void (*tell)(void *user, const struct hd__log_figures *figures), void *user);
int hd__sqlite_maintain(struct hd_store *store, int64_t now_ms, int *more);

/* Brings the schema up to date. Returns a status. */
int hd__sqlite_migrate(struct hd__sqlite *store);

/* Whether the schema is this version's. Returns HD_OK, HD_E_STORE_VERSION, HD_E_STORE if there is none, or another
 * status. */
int hd__sqlite_check_version(struct hd__sqlite *store);

#endif
