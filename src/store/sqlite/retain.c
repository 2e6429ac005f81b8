/* Retention: the log's oldest reports go in small slices, with the events that nothing else needs; keys that are old
 * go, too. The file does not shrink; the space is used again. */
#include "store/sqlite/sqlite.h"

struct old {
    int64_t report, event;
    int use; /* HD__USE_... */
};

/* What is beyond the bounds. Ages are by the store's clock, so that the log is in their order. */
struct bounds {
    int64_t up_to;     /* reports of these ids are too many */
    int64_t before_ms; /* and those stored before are too old */
    int64_t bytes;     /* this much is too much */
};

static struct bounds bounds_of(const struct hd__sqlite *store, int all) {
    const struct hd_store *base = &store->base;
    int64_t newest = store->state.next_log - 1;
    if (all)
        return (struct bounds){.up_to = INT64_MAX};
    return (struct bounds){
        .up_to = base->max_reports && (uint64_t)newest > base->max_reports ? newest - (int64_t)base->max_reports : 0,
        .before_ms = base->max_age_ms ? store->now.ms - base->max_age_ms : 0,
        .bytes = base->max_log_bytes && (uint64_t)store->state.log_bytes > base->max_log_bytes
                     ? store->state.log_bytes - (int64_t)base->max_log_bytes
                     : 0,
    };
}

static int is_beyond(const struct bounds *bounds, sqlite3_stmt *row) {
    return hd__sql_get_int(row, 0) <= bounds->up_to || hd__sql_get_int(row, 3) < bounds->before_ms || bounds->bytes > 0;
}

static int find_old(struct hd__sqlite *store, int all, struct old *old, size_t max, size_t *count) {
    struct bounds bounds = bounds_of(store, all);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_OLD_REPORTS);
    int code;
    *count = 0;
    hd__sql_int(statement, 1, (int64_t)max);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW && is_beyond(&bounds, statement)) {
        old[(*count)++] = (struct old){hd__sql_get_int(statement, 0), hd__sql_get_int(statement, 1),
                                       (int)hd__sql_get_int(statement, 4)};
        bounds.bytes -= hd__sql_get_int(statement, 2);
        store->state.log_bytes -= hd__sql_get_int(statement, 2);
    }
    return hd__sql_end(statement, code);
}

static int run_with(struct hd__sqlite *store, int which, int64_t value) {
    sqlite3_stmt *statement = hd__sql(store, which);
    hd__sql_int(statement, 1, value);
    return hd__sql_run(statement);
}

int hd__sqlite_forget_event(struct hd__sqlite *store, int64_t event) {
    return run_with(store, HD__SQL_FORGET_EVENT, event);
}

int hd__sqlite_forget_reports(struct hd__sqlite *store, int all, size_t max, size_t *count) {
    struct old old[HD__SQLITE_SLICE];
    int code = find_old(store, all, old, max < HD__SQLITE_SLICE ? max : HD__SQLITE_SLICE, count);
    for (size_t i = 0; i < *count && code == SQLITE_OK; i++)
        code = run_with(store, HD__SQL_FORGET_REPORT, old[i].report);
    for (size_t i = 0; i < *count && code == SQLITE_OK; i++)
        code = old[i].use == HD__USE_SHARED ? hd__sqlite_forget_event(store, old[i].event)
               : old[i].use == HD__USE_LAST ? run_with(store, HD__SQL_DROP_EVENT, old[i].event)
                                            : SQLITE_OK;
    return code == SQLITE_OK && *count > 0 ? hd__sqlite_index_forget(store, old[*count - 1].report + 1) : code;
}

int hd__sqlite_has_old_reports(struct hd__sqlite *store, int *has) {
    struct bounds bounds = bounds_of(store, 0);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_OLD_REPORTS);
    hd__sql_int(statement, 1, 1);
    int code = hd__sql_next(statement);
    *has = code == SQLITE_ROW && is_beyond(&bounds, statement);
    return hd__sql_end(statement, code);
}

/* ---- Keys ---- */

int hd__sqlite_has_old_keys(struct hd__sqlite *store, int *has) {
    int64_t oldest_ms = 0;
    int code = hd__sql_ask(hd__sql(store, HD__SQL_OLD_KEY), &oldest_ms); /* 0 if there is none */
    *has = oldest_ms != 0 && oldest_ms <= store->now.ms - HD__STORE_KNOWN_KEYS_MS;
    return code;
}

int hd__sqlite_forget_keys(struct hd__sqlite *store, size_t *count) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_DROP_KEYS);
    hd__sql_int(statement, 1, store->now.ms - HD__STORE_KNOWN_KEYS_MS + 1);
    hd__sql_int(statement, 2, HD__SQLITE_SLICE);
    int code = hd__sql_run(statement);
    *count = code == SQLITE_OK ? (size_t)sqlite3_changes(store->main) : 0;
    return code;
}
