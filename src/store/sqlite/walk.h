/* A search that goes through the index by texts, and then looks at each report that it may find. */
#ifndef HD_STORE_SQLITE_WALK_H
#define HD_STORE_SQLITE_WALK_H

#include "store/sqlite/query.h"

struct hd__walk {
    const struct hd__log_search *search;
    const char *columns; /* as for hd__question_prepare() */
    int has_joins;
    int is_page; /* from the search's place on; else all */
    /* Gets what matches, newest first. Returns 0 to end. */
    int (*tell)(void *user, sqlite3_stmt *row);
    void *user;
};

/* Whether the index is of use for a search. */
int hd__walk_fits(const struct hd__log_search *search);

/* Goes through it. Returns a result code. *is_done is 0 if there is no index, or much that is not in it yet: then
 * nothing was told. */
int hd__walk(sqlite3 *reader, const struct hd__walk *walk, int *is_done);

#endif
