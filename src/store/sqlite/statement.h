/* The statements of the main connection, each prepared once, when it is first used; and what binds and reads values. */
#ifndef HD_STORE_SQLITE_STATEMENT_H
#define HD_STORE_SQLITE_STATEMENT_H

#include "store/store.h"

#include <stdint.h>

struct hd__sqlite;
struct sqlite3_stmt;

enum {
    HD__SQL_BEGIN_WRITING,
    HD__SQL_BEGIN_READING,
    HD__SQL_COMMIT,
    HD__SQL_ROLLBACK,
    HD__SQL_READ_STATE,
    HD__SQL_WRITE_STATE,
    HD__SQL_LIST_SHARDS,
    HD__SQL_TAKE_SHARD,
    HD__SQL_LEAVE_SHARD,
    HD__SQL_FREE_SHARDS,
    HD__SQL_LIST_DELIVERING,
    HD__SQL_ADD_CLIENT,
    HD__SQL_FIND_CLIENT,
    HD__SQL_LIST_CLIENTS,
    HD__SQL_RENEW_CLIENT,
    HD__SQL_END_CLIENT,
    HD__SQL_DROP_CLIENT,
    HD__SQL_DROP_GONE,
    HD__SQL_SET_STEP,
    HD__SQL_SET_LOST,
    HD__SQL_FIND_WEBHOOK,
    HD__SQL_WHOLE_WEBHOOK,
    HD__SQL_HAS_WEBHOOK,
    HD__SQL_ADD_WEBHOOK,
    HD__SQL_CHANGE_WEBHOOK,
    HD__SQL_REMOVE_WEBHOOK,
    HD__SQL_DISCARD,
    HD__SQL_MAKE_DUE,
    HD__SQL_DISCARDED_UP_TO,
    HD__SQL_COUNT_WAITING,
    HD__SQL_CLEAR_WEBHOOKS,
    HD__SQL_CLEAR_LANES,
    HD__SQL_HAS_REMOVED,
    HD__SQL_ALL_WEBHOOKS,
    HD__SQL_CHANGED_WEBHOOKS,
    HD__SQL_REMOVED_WEBHOOKS,
    HD__SQL_FIND_PROJECT,
    HD__SQL_ADD_PROJECT,
    HD__SQL_PUT_LABEL,
    HD__SQL_PUT_HISTORY,
    HD__SQL_FEED,
    HD__SQL_FIND_KEY,
    HD__SQL_ADD_KEY,
    HD__SQL_OLD_KEY,
    HD__SQL_DROP_KEYS,
    HD__SQL_ADD_EVENT,
    HD__SQL_FIND_EVENT,
    HD__SQL_EVENT_ROWS,
    HD__SQL_FORGET_EVENT,
    HD__SQL_DROP_EVENT,
    HD__SQL_HAS_DELIVERY,
    HD__SQL_ADD_ROW,
    HD__SQL_END_ROW,
    HD__SQL_RETRY_ROW,
    HD__SQL_RELEASE_ROW,
    HD__SQL_ROWS_OF_EVENT,
    HD__SQL_NEXT_WAITING,
    HD__SQL_NEW_WAITING,
    HD__SQL_CLAIM_TRIED,
    HD__SQL_CLAIM_AT_ONCE,
    HD__SQL_NEXT_DUE,
    HD__SQL_ADD_REPORT,
    HD__SQL_ADD_REPORTS,
    HD__SQL_OLD_REPORTS,
    HD__SQL_FORGET_REPORT,
    HD__SQL_OLDEST_REPORT,
    HD__SQL_INDEX_ROWS,
    HD__SQL_FIRST_BLOCK,
    HD__SQL_LAST_BLOCK,
    HD__SQL_LIST_BLOCKS,
    HD__SQL_ADD_BLOCK,
    HD__SQL_DROP_BLOCKS,
    HD__SQL_NEXT_PART,
    HD__SQL_ADD_PART,
    HD__SQL_DROP_PARTS,
    HD__SQL_ADD_CONSUMER,
    HD__SQL_FIND_CONSUMER,
    HD__SQL_MOVE_CONSUMER,
    HD__SQL_DROP_CONSUMER,
    HD__SQL_ADD_JOB,
    HD__SQL_FORGET_JOBS,
    HD__SQL_FIND_JOB,
    HD__SQL_JOB_IN_THE_WAY,
    HD__SQL_SET_JOB_STATE,
    HD__SQL_MOVE_JOB,
    HD__SQL_READ_EVENT,
    HD__SQL_ADD_JOB_ROW,
    HD__SQL_ADD_CHANGE,
    HD__SQL_CUT_WEBHOOK_CHANGES,
    HD__SQL_CUT_PROJECT_CHANGES,
    HD__SQL_CUT_CHANGES,
    HD__SQL_END_JOB_ROW,
    HD__SQL_COUNT_JOB_ROW,
    HD__SQL_PUT_LANE,
    HD__SQL_DROP_LANE,
    HD__SQL_LIST_LANES,
    HD__SQL_COUNT
};

/* The statement, without values; NULL on failure. With the mutex of main held. */
struct sqlite3_stmt *hd__sql(struct hd__sqlite *store, int which);

/* Runs a statement that gives no rows. NULL fails. Returns SQLite's result code, SQLITE_OK for success. */
int hd__sql_run(struct sqlite3_stmt *statement);

/* Goes on to the next row: SQLITE_ROW, SQLITE_DONE, or what failed. NULL fails. */
int hd__sql_next(struct sqlite3_stmt *statement);

/* Ends the statement. Returns SQLITE_OK for a code that is no failure. */
int hd__sql_end(struct sqlite3_stmt *statement, int code);

/* Asks for one number, which stays as it is if there is no row. */
int hd__sql_ask(struct sqlite3_stmt *statement, int64_t *number);

/* Bind values. */
void hd__sql_int(struct sqlite3_stmt *statement, int index, int64_t value);
void hd__sql_text(struct sqlite3_stmt *statement, int index, const char *text);
void hd__sql_bytes(struct sqlite3_stmt *statement, int index, const void *data, size_t len);
void hd__sql_id(struct sqlite3_stmt *statement, int index, const unsigned char *id); /* NULL for none */

/* Read a column. A text is never NULL. */
int64_t hd__sql_get_int(struct sqlite3_stmt *statement, int column);
const char *hd__sql_get_text(struct sqlite3_stmt *statement, int column);
struct hd__bytes hd__sql_get_bytes(struct sqlite3_stmt *statement, int column);
void hd__sql_get_id(struct sqlite3_stmt *statement, int column, unsigned char id[HD__STORE_ID_SIZE]);

#endif
