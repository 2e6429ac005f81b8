/* Results of attempts: what they do to the outbox. */
#include "store/sqlite/sqlite.h"

/* A delivery that ends without a word: its event goes if nothing else is known of it. */
static int end_quietly(struct hd__sqlite *store, const struct hd__result *result,
                       const struct hd__sqlite_event *event) {
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t has_reports = 0;
    int code = hd__sqlite_flush_reports(store);
    if (code != SQLITE_OK || event->is_shared)
        return code == SQLITE_OK ? hd__sqlite_forget_event(store, event->key) : code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_HAS_DELIVERY);
    hd__sqlite_make_delivery_id(result->event_id, result->webhook, id);
    hd__sql_id(statement, 1, id);
    code = hd__sql_ask(statement, &has_reports);
    return code == SQLITE_OK && !has_reports ? hd__sqlite_forget_event(store, event->key) : code;
}

/* A late report of an event that retention has deleted is dropped. The event of a row that was in the outbox exists. */
static int log_result(struct hd__sqlite *store, const struct hd__result *result) {
    struct hd__sqlite_event event;
    int code = hd__sqlite_find_event(store, result->event_id, result->row && !result->is_lost, &event);
    if (code != SQLITE_OK || event.key == 0)
        return code;
    return result->report ? hd__sqlite_add_report(store, result, &event) : end_quietly(store, result, &event);
}

/* A delivery that its owner keeps in memory is due at 1: for other clients it comes before all new ones. */
static int64_t due_of(const struct hd__sqlite *store, const struct hd__result *result) {
    int64_t due_ms = store->now.ms + result->delay_ms;
    return result->delay_ms <= 0 ? 1 : due_ms > 2 ? due_ms : 2;
}

/* What is discarded has not counted as waiting since then. */
static int count_ended(struct hd__sqlite *store, const struct hd__result *result) {
    int64_t discarded_up_to = 0;
    int code = SQLITE_OK;
    if (result->row <= store->state.discarded) {
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_DISCARDED_UP_TO);
        hd__sql_int(statement, 1, result->webhook);
        code = hd__sql_ask(statement, &discarded_up_to);
    }
    store->state.waiting -= result->row > discarded_up_to;
    return code;
}

static int change_row(struct hd__sqlite *store, struct hd__result *result) {
    static const int statements[] = {
        [HD__RESULT_ENDED] = HD__SQL_END_ROW,
        [HD__RESULT_RETRY] = HD__SQL_RETRY_ROW,
        [HD__RESULT_RELEASED] = HD__SQL_RELEASE_ROW,
    };
    sqlite3_stmt *statement = hd__sql(store, statements[result->kind]);
    hd__sql_int(statement, 1, result->row);
    hd__sql_int(statement, 2, result->webhook);
    if (result->kind == HD__RESULT_RETRY) {
        hd__sql_int(statement, 3, due_of(store, result));
        hd__sql_int(statement, 4, result->tries);
    }
    int code = hd__sql_run(statement);
    result->is_lost = code == SQLITE_OK && sqlite3_changes(store->main) == 0;
    return code == SQLITE_OK && !result->is_lost && result->kind == HD__RESULT_ENDED ? count_ended(store, result)
                                                                                     : code;
}

int hd__sqlite_write_result(struct hd__sqlite *store, struct hd__result *result) {
    int code = SQLITE_OK, is_new;
    result->is_lost = result->row && !(store->owned & HD__SHARD_BIT(result->webhook));
    if (result->row && !result->is_lost)
        code = change_row(store, result);
    if (code == SQLITE_OK && result->event)
        code = hd__sqlite_write_event(store, result->event, 0, 0, &is_new);
    int ends = result->row && !result->is_lost && result->kind == HD__RESULT_ENDED;
    if (code == SQLITE_OK && (result->report || ends))
        code = log_result(store, result);
    if (code == SQLITE_OK && ends && store->state.job_rows > 0)
        code = hd__sqlite_count_job_row(store, result->row,
                                        result->report && result->report->outcome == HD_OUTCOME_DELIVERED);
    return code;
}
