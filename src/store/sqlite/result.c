/* Results of attempts: what they do to the outbox, and their reports in the log. */
#include "store/sqlite/sqlite.h"

#define REPORT_BYTES 400 /* of a report without its texts: its row, and its places in the indexes */

static int64_t size_of(const struct hd__stored_report *report, int64_t share) {
    return REPORT_BYTES + share +
           (int64_t)(report->request.len + report->response_headers.len + report->response_body.len);
}

static void bind_times(sqlite3_stmt *statement, const struct hd__stored_report *report) {
    hd__sql_int(statement, 19, report->next_attempt_at_ms);
    hd__sql_int(statement, 20, report->queued_ms);
    hd__sql_int(statement, 21, report->dns_ms);
    hd__sql_int(statement, 22, report->connect_ms);
    hd__sql_int(statement, 23, report->tls_ms);
    hd__sql_int(statement, 24, report->wait_ms);
    hd__sql_int(statement, 25, report->total_ms);
}

static int use_of(const struct hd__result *result, const struct hd__sqlite_event *event) {
    return event->is_shared                                      ? HD__USE_SHARED
           : result->is_lost || result->kind != HD__RESULT_ENDED ? HD__USE_MORE
                                                                 : HD__USE_LAST;
}

static int write_report(struct hd__sqlite *store, const struct hd__result *result,
                        const struct hd__sqlite_event *event) {
    const struct hd__stored_report *report = result->report;
    int64_t size = size_of(report, event->share);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_REPORT);
    hd__sql_int(statement, 1, store->state.next_log++);
    hd__sql_int(statement, 2, store->now.ms);
    hd__sql_int(statement, 3, report->finished_at_ms);
    hd__sql_int(statement, 4, report->keys.history);
    hd__sql_int(statement, 5, report->keys.webhook);
    hd__sql_int(statement, 6, report->keys.project);
    hd__sql_int(statement, 7, report->keys.label);
    hd__sql_int(statement, 8, event->key);
    hd__sql_int(statement, 9, event->type);
    hd__sql_id(statement, 10, report->delivery_id);
    hd__sql_int(statement, 11, report->format - HD__SQL_FORMAT);
    hd__sql_int(statement, 12, report->is_test);
    hd__sql_int(statement, 13, report->may_be_repeated);
    hd__sql_int(statement, 14, (result->is_lost ? HD_OUTCOME_RETRYING : report->outcome) - HD__SQL_OUTCOME);
    hd__sql_int(statement, 15, report->reason - HD__SQL_REASON);
    hd__sql_int(statement, 16, report->attempts);
    hd__sql_int(statement, 17, report->http_status);
    hd__sql_int(statement, 18, report->retry_after_s);
    bind_times(statement, report);
    hd__sql_int(statement, 26, report->response_truncated);
    hd__sql_int(statement, 27, size);
    hd__sql_int(statement, 28, use_of(result, event));
    hd__sql_text(statement, 29, report->remote_address);
    hd__sql_text(statement, 30, report->detail);
    hd__sql_bytes(statement, 31, report->request.data, report->request.len);
    hd__sql_bytes(statement, 32, report->response_headers.data, report->response_headers.len);
    hd__sql_bytes(statement, 33, report->response_body.data, report->response_body.len);
    store->state.log_bytes += size;
    return hd__sql_run(statement);
}

/* A delivery that ends without a word: its event goes if nothing else is known of it. */
static int end_quietly(struct hd__sqlite *store, const struct hd__result *result,
                       const struct hd__sqlite_event *event) {
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t has_reports = 0;
    if (event->is_shared)
        return hd__sqlite_forget_event(store, event->key);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_HAS_DELIVERY);
    hd__sqlite_make_delivery_id(result->event_id, result->webhook, id);
    hd__sql_id(statement, 1, id);
    int code = hd__sql_ask(statement, &has_reports);
    return code == SQLITE_OK && !has_reports ? hd__sqlite_forget_event(store, event->key) : code;
}

/* A late report of an event that retention has deleted is dropped. The event of a row that was in the outbox exists. */
static int log_result(struct hd__sqlite *store, const struct hd__result *result) {
    struct hd__sqlite_event event;
    int code = hd__sqlite_find_event(store, result->event_id, result->row && !result->is_lost, &event);
    if (code != SQLITE_OK || event.key == 0)
        return code;
    return result->report ? write_report(store, result, &event) : end_quietly(store, result, &event);
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
    return code;
}
