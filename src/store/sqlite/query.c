/* The pages of the log. */
#include "store/sqlite/query.h"

/* What a row of the log is made of, in the order of read_row(). */
#define ROW                                                                                                            \
    "SELECT l.id, l.finished_ms, b.webhook_id, b.webhook_name, b.masked_url, l.webhook, l.history, l.project, "        \
    "l.label, e.id, e.type, e.accepted_ms, e.project, e.redelivery_of, e.search, e.body, l.delivery, l.format, "       \
    "l.is_test, l.repeated, l.outcome, l.reason, l.attempts, l.http_status, l.retry_after_s, l.next_attempt_ms, "      \
    "l.queued_ms, l.dns_ms, l.connect_ms, l.tls_ms, l.wait_ms, l.total_ms, l.truncated, l.address, l.detail, "         \
    "l.request, l.headers, l.body "

static uint32_t number(sqlite3_stmt *statement, int column) {
    return (uint32_t)hd__sql_get_int(statement, column);
}

static void read_event(sqlite3_stmt *found, unsigned char redelivery_of[HD__STORE_ID_SIZE],
                       struct hd__stored_event *event) {
    *event = (struct hd__stored_event){
        .type = (int)hd__sql_get_int(found, 10),
        .accepted_at_ms = hd__sql_get_int(found, 11),
        .project = hd__sql_get_text(found, 12),
        .search = hd__sql_get_text(found, 14),
        .body = hd__sql_get_bytes(found, 15),
    };
    hd__sql_get_id(found, 9, event->id);
    if (hd__sql_get_bytes(found, 13).len == HD__STORE_ID_SIZE) {
        hd__sql_get_id(found, 13, redelivery_of);
        event->redelivery_of = redelivery_of;
    }
}

static void read_report(sqlite3_stmt *found, struct hd__stored_report *report) {
    *report = (struct hd__stored_report){
        .keys = {.webhook = hd__sql_get_int(found, 5),
                 .history = hd__sql_get_int(found, 6),
                 .project = hd__sql_get_int(found, 7),
                 .label = hd__sql_get_int(found, 8)},
        .finished_at_ms = hd__sql_get_int(found, 1),
        .format = HD__SQL_FORMAT + (int)hd__sql_get_int(found, 17),
        .is_test = (int)hd__sql_get_int(found, 18),
        .may_be_repeated = (int)hd__sql_get_int(found, 19),
        .outcome = HD__SQL_OUTCOME + (int)hd__sql_get_int(found, 20),
        .reason = HD__SQL_REASON + (int)hd__sql_get_int(found, 21),
        .attempts = number(found, 22),
        .http_status = (int)hd__sql_get_int(found, 23),
        .retry_after_s = number(found, 24),
        .next_attempt_at_ms = hd__sql_get_int(found, 25),
        .queued_ms = number(found, 26),
        .dns_ms = number(found, 27),
        .connect_ms = number(found, 28),
        .tls_ms = number(found, 29),
        .wait_ms = number(found, 30),
        .total_ms = number(found, 31),
        .response_truncated = (int)hd__sql_get_int(found, 32),
        .remote_address = hd__sql_get_text(found, 33),
        .detail = hd__sql_get_text(found, 34),
        .request = hd__sql_get_bytes(found, 35),
        .response_headers = hd__sql_get_bytes(found, 36),
        .response_body = hd__sql_get_bytes(found, 37),
    };
    hd__sql_get_id(found, 16, report->delivery_id);
}

static int tell_one(sqlite3_stmt *found, int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    unsigned char redelivery_of[HD__STORE_ID_SIZE];
    struct hd__log_row row = {
        .id = hd__sql_get_int(found, 0),
        .webhook_id = hd__sql_get_text(found, 2),
        .webhook_name = hd__sql_get_text(found, 3),
        .masked_url = hd__sql_get_text(found, 4),
    };
    read_event(found, redelivery_of, &row.event);
    read_report(found, &row.report);
    return tell(user, &row);
}

static int ask(sqlite3 *reader, const struct hd__log_search *search,
               int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    sqlite3_stmt *statement = NULL;
    int goes_on = 1;
    int code = hd__question_begin(reader, search);
    if (code == SQLITE_OK)
        code = hd__question_prepare(reader, ROW, search, HD__QUESTION_PAGE, 1, &statement);
    while (code == SQLITE_OK && goes_on && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        goes_on = tell_one(statement, tell, user);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* A search for a text may take long, and uses the second connection. */
int hd__sqlite_query(struct hd_store *base, const struct hd__log_search *search,
                     int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct hd__sqlite_reader *from = search->text ? &store->counter : &store->reader;
    int status;
    sqlite3 *reader = hd__sqlite_take_reader(store, from, &status);
    if (!reader)
        return status;
    status = hd__question_end(store, reader, search, ask(reader, search, tell, user));
    hd__sqlite_drop_reader(from);
    return status;
}
