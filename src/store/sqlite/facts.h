/* What statistics need of a report, in few bytes. A block of the index (index.h) has it of each of its reports, one
 * after the other: sums over a million reports read some megabytes instead of the log. */
#ifndef HD_STORE_SQLITE_FACTS_H
#define HD_STORE_SQLITE_FACTS_H

#include "store/sqlite/query.h"

/* As the log has them. */
struct hd__facts {
    int64_t history, project;
    int type, outcome, reason, http_status, is_test, has_attempts;
    uint32_t total_ms; /* HD__FACTS_LONGEST_MS stands for all that is longer */
};

#define HD__FACTS_COLUMNS                                                                                              \
    "l.history, l.project, l.type, l.outcome, l.reason, l.http_status, l.is_test, l.attempts <> 0, l.total_ms"
#define HD__FACTS_LONGEST_MS 5000
#define HD__FACTS_MAX 80 /* bytes of a report, at most */

/* Those of a row, whose columns they are from one on. */
void hd__facts_of_row(sqlite3_stmt *row, int column, struct hd__facts *facts);

/* Returns where the next ones go. */
unsigned char *hd__facts_write(unsigned char *out, const struct hd__facts *facts);

/* Returns where the next ones begin; NULL at the end. */
const unsigned char *hd__facts_read(const unsigned char *at, const unsigned char *end, struct hd__facts *facts);

/* Whether they tell if a report matches. */
int hd__facts_fit(const struct hd__log_search *search);

/* Tells those of all reports that match, in any order. Returns a result code. *is_done is 0 if there is no index, or
 * much that is not in it yet: then nothing was told. */
int hd__facts_find(sqlite3 *reader, const struct hd__log_search *search,
                   void (*tell)(void *user, int64_t finished_ms, const struct hd__facts *facts), void *user,
                   int *is_done);

#endif
