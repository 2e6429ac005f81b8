/* Reports in the log. One statement writes many of them: SQLite opens the table and its indexes once for all, which
 * costs a quarter of what it takes to write one. */
#include "store/sqlite/sqlite.h"

#define REPORT_BYTES 400 /* of a report without its texts: its row, and its places in the indexes */

static int64_t size_of(const struct hd__stored_report *report, int64_t share) {
    return REPORT_BYTES + share +
           (int64_t)(report->request.len + report->response_headers.len + report->response_body.len);
}

static int use_of(const struct hd__result *result, const struct hd__sqlite_event *event) {
    return event->is_shared                                      ? HD__USE_SHARED
           : result->is_lost || result->kind != HD__RESULT_ENDED ? HD__USE_MORE
                                                                 : HD__USE_LAST;
}

/* Each of these binds the columns from one on. */
static void bind_keys(sqlite3_stmt *statement, int first, const struct hd__sqlite_report *at) {
    const struct hd__stored_report *report = at->result->report;
    hd__sql_int(statement, first, at->id);
    hd__sql_int(statement, first + 1, at->kept_ms);
    hd__sql_int(statement, first + 2, report->finished_at_ms);
    hd__sql_int(statement, first + 3, report->keys.history);
    hd__sql_int(statement, first + 4, report->keys.webhook);
    hd__sql_int(statement, first + 5, report->keys.project);
    hd__sql_int(statement, first + 6, report->keys.label);
    hd__sql_int(statement, first + 7, at->event.key);
    hd__sql_int(statement, first + 8, at->event.type);
    hd__sql_id(statement, first + 9, report->delivery_id);
}

static void bind_result(sqlite3_stmt *statement, int first, const struct hd__sqlite_report *at) {
    const struct hd__stored_report *report = at->result->report;
    int outcome = at->result->is_lost ? HD_OUTCOME_RETRYING : report->outcome;
    hd__sql_int(statement, first, report->format - HD__SQL_FORMAT);
    hd__sql_int(statement, first + 1, report->is_test);
    hd__sql_int(statement, first + 2, report->may_be_repeated);
    hd__sql_int(statement, first + 3, outcome - HD__SQL_OUTCOME);
    hd__sql_int(statement, first + 4, report->reason - HD__SQL_REASON);
    hd__sql_int(statement, first + 5, report->attempts);
    hd__sql_int(statement, first + 6, report->http_status);
    hd__sql_int(statement, first + 7, report->retry_after_s);
}

static void bind_times(sqlite3_stmt *statement, int first, const struct hd__stored_report *report) {
    hd__sql_int(statement, first, report->next_attempt_at_ms);
    hd__sql_int(statement, first + 1, report->queued_ms);
    hd__sql_int(statement, first + 2, report->dns_ms);
    hd__sql_int(statement, first + 3, report->connect_ms);
    hd__sql_int(statement, first + 4, report->tls_ms);
    hd__sql_int(statement, first + 5, report->wait_ms);
    hd__sql_int(statement, first + 6, report->total_ms);
}

static void bind_texts(sqlite3_stmt *statement, int first, const struct hd__sqlite_report *at) {
    const struct hd__stored_report *report = at->result->report;
    hd__sql_int(statement, first, report->response_truncated);
    hd__sql_int(statement, first + 1, size_of(report, at->event.share));
    hd__sql_int(statement, first + 2, use_of(at->result, &at->event));
    hd__sql_text(statement, first + 3, report->remote_address);
    hd__sql_text(statement, first + 4, report->detail);
    hd__sql_bytes(statement, first + 5, report->request.data, report->request.len);
    hd__sql_bytes(statement, first + 6, report->response_headers.data, report->response_headers.len);
    hd__sql_bytes(statement, first + 7, report->response_body.data, report->response_body.len);
}

static void bind(sqlite3_stmt *statement, int row, const struct hd__sqlite_report *at) {
    int first = row * HD__REPORT_COLUMNS + 1;
    bind_keys(statement, first, at);
    bind_result(statement, first + 10, at);
    bind_times(statement, first + 18, at->result->report);
    bind_texts(statement, first + 25, at);
}

static int write_all(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_REPORTS);
    for (int i = 0; i < HD__REPORTS_AT_ONCE; i++)
        bind(statement, i, &store->reports[i]);
    return hd__sql_run(statement);
}

static int write_one(struct hd__sqlite *store, const struct hd__sqlite_report *at) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_REPORT);
    bind(statement, 0, at);
    return hd__sql_run(statement);
}

int hd__sqlite_flush_reports(struct hd__sqlite *store) {
    int code = SQLITE_OK;
    for (size_t i = 0; i < store->report_count && code == SQLITE_OK; i++)
        code = write_one(store, &store->reports[i]);
    store->report_count = 0;
    return code;
}

int hd__sqlite_add_report(struct hd__sqlite *store, const struct hd__result *result,
                          const struct hd__sqlite_event *event) {
    store->reports[store->report_count++] = (struct hd__sqlite_report){
        .result = result, .event = *event, .id = store->state.next_log++, .kept_ms = store->now.ms};
    store->state.log_bytes += size_of(result->report, event->share);
    if (store->report_count < HD__REPORTS_AT_ONCE)
        return SQLITE_OK;
    store->report_count = 0;
    return write_all(store);
}
