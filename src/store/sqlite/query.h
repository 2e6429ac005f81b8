/* A search of the log as SQL. */
#ifndef HD_STORE_SQLITE_QUERY_H
#define HD_STORE_SQLITE_QUERY_H

#include "store/sqlite/sqlite.h"

enum hd__question {
    HD__QUESTION_PAGE, /* the rows in their order, from the search's place on */
    HD__QUESTION_ONE,  /* one row, by its id, which is the value number HD__QUESTION_ID, if it matches */
    HD__QUESTION_ALL   /* all that match, in any order */
};

#define HD__QUESTION_ID 2

/* Prepares "columns FROM log l ... WHERE ...", with its values. The columns are of l; with has_joins, also of the label
 * b and the event e. Returns a result code; the statement is to be finalized. */
int hd__question_prepare(sqlite3 *connection, const char *columns, const struct hd__log_search *search,
                         enum hd__question which, int has_joins, sqlite3_stmt **statement);

#define HD__KEY_OF_PROJECT "SELECT key FROM project WHERE name = ?1"
#define HD__KEY_OF_HISTORY "SELECT key FROM history WHERE webhook_id = ?1"

/* The keys of some names, as one of these finds them; a name that is not known has none. There is room for a key of
 * each name. Returns a result code. */
int hd__question_keys(sqlite3 *connection, const char *sql, const char *const *names, size_t count, int64_t *keys,
                      size_t *found);

/* Between these two, what runs on a connection ends when the search is over: the first returns a result code, and the
 * second the status for what came of it. */
int hd__question_begin(sqlite3 *connection, const struct hd__log_search *search);
int hd__question_end(struct hd__sqlite *store, sqlite3 *connection, const struct hd__log_search *search, int code);

/* Gives a connection what searches use. */
int hd__question_functions(sqlite3 *connection);

#endif
