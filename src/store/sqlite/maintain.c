/* Retention: the log's oldest reports go in small slices, with the events that nothing else needs. The file does not
 * shrink; the space is used again. */
#include "store/sqlite/sqlite.h"

#define SLICE 500 /* reports at once: a few milliseconds */

struct old {
    int64_t report, event;
};

static int64_t newest_report(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEWEST_REPORT);
    int64_t newest = statement && sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return newest;
}

/* The oldest reports that are beyond a limit. The scan ends at the first that is within both: reports are in the order
 * of their time, but for jumps of the clock. */
static int find_old(struct hd__sqlite *store, int64_t now_ms, struct old old[SLICE], size_t *count) {
    uint64_t max_reports = store->base.max_reports;
    int64_t newest = newest_report(store);
    int64_t up_to = max_reports && (uint64_t)newest > max_reports ? newest - (int64_t)max_reports : 0;
    int64_t before_ms = store->base.max_age_ms ? now_ms - store->base.max_age_ms : 0;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_OLD_REPORTS);
    int code = statement ? SQLITE_ROW : SQLITE_NOMEM;
    hd__sql_int(statement, 1, SLICE);
    *count = 0;
    while (code == SQLITE_ROW && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t report = sqlite3_column_int64(statement, 0);
        if (report > up_to && sqlite3_column_int64(statement, 2) >= before_ms)
            break;
        old[(*count)++] = (struct old){report, sqlite3_column_int64(statement, 1)};
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int run_with(struct hd__sqlite *store, int which, int64_t value) {
    sqlite3_stmt *statement = hd__sql(store, which);
    hd__sql_int(statement, 1, value);
    return hd__sql_run(statement);
}

static int forget(struct hd__sqlite *store, const struct old *old, size_t count) {
    int code = hd__sqlite_begin(store);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = run_with(store, HD__SQL_FORGET_REPORT, old[i].report);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = run_with(store, HD__SQL_FORGET_EVENT, old[i].event);
    return hd__sqlite_end(store, code);
}

int hd__sqlite_maintain(struct hd_store *base, int64_t now_ms, int *more) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct old old[SLICE];
    size_t count = 0;
    pthread_mutex_lock(&store->writing);
    int code = find_old(store, now_ms, old, &count);
    if (code == SQLITE_OK && count > 0)
        code = forget(store, old, count);
    if (code == SQLITE_OK)
        hd__sqlite_make_ballast(store);
    int status = hd__sqlite_status(store, store->writer, code);
    pthread_mutex_unlock(&store->writing);
    *more = status == HD_OK && count == SLICE;
    return status;
}
