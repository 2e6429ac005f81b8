/* A search of the log as SQL. */
#ifndef HD_STORE_SQLITE_QUERY_H
#define HD_STORE_SQLITE_QUERY_H

#include "store/sqlite/sqlite.h"

#define HD__QUESTION_SIZE 4096

/* Writes "FROM log l ... WHERE ...", with the joins that come before WHERE if the rows are wanted, or a text is
 * searched; ordered says whether the rows are to come in their order, from the search's place on. */
void hd__question_write(const struct hd__log_search *search, int with_rows, int ordered, char *text, size_t size);

/* Binds what that needs. */
void hd__question_bind(sqlite3_stmt *statement, const struct hd__log_search *search, int ordered);

/* Gives a connection what searches use. */
int hd__question_functions(sqlite3 *connection);

#endif
