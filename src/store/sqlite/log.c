#include "store/sqlite/sqlite.h"

#include <string.h>

/* What a row of the log is made of, in the order of read_row(). */
#define ROW                                                                                                            \
    "l.id, l.finished_ms, b.webhook_id, b.webhook_name, b.masked_url, l.webhook, l.project, l.label, e.id, "           \
    "e.type, e.accepted_ms, e.project, e.body, l.delivery, l.format, l.is_test, l.repeated, l.outcome, l.reason, "     \
    "l.detail, l.attempts, l.http_status, l.retry_after_s, l.next_attempt_ms, l.queued_ms, l.dns_ms, l.connect_ms, "   \
    "l.tls_ms, l.wait_ms, l.total_ms, l.address, l.headers, l.body, l.truncated, "                                     \
    "e.redelivery_of"
#define ROW_JOINS " CROSS JOIN label b ON b.key = l.label CROSS JOIN event e ON e.id = l.event"

/* What statistics need, in the order of tell_figures(). */
#define FIGURES "l.id, l.finished_ms, l.outcome, l.reason, l.attempts, l.total_ms"

/* Whether nothing that was delivered can match: then the answer was a 2xx, and the reason is none. */
static int is_trouble(const struct hd__log_search *search) {
    return search->outcome > HD_OUTCOME_DELIVERED || (search->has_reason && search->reason != HD_REASON_DELIVERED) ||
           (search->first_status && (search->last_status < 200 || search->first_status > 299));
}

/* The index that has the rows in order, and the fewest of them. It is named, since without statistics SQLite now and
 * then goes through all of the log by time. */
static const char *index_for(const struct hd__log_search *search) {
    int has_outcome = search->outcome > HD_OUTCOME_DELIVERED;
    return search->delivery_id     ? "log_delivery"
           : search->redelivery_of ? "log_event"
           : search->webhook_id    ? (has_outcome ? "log_webhook_trouble" : "log_webhook")
           : has_outcome           ? "log_trouble"
           : is_trouble(search)    ? "log_trouble_time"
           : search->project       ? "log_project"
                                   : "log_time";
}

/* What is asked for, and who is told. */
struct question {
    const struct hd__log_search *search;
    const char *columns, *joins;
    int (*found)(const struct question *question, sqlite3_stmt *row); /* returns 0 to end */
    int (*tell_row)(void *user, const struct hd__log_row *row);
    void (*tell_figures)(void *user, const struct hd__log_figures *figures);
    void *user;
};

/* The conditions of a search, each with its own number, so that those that are left out leave none behind. Reports that
 * are not of what was delivered have indexes of their own; that outcome <> 1 stands there too tells SQLite so. */
static void write_question(const struct question *question, char *text, size_t size) {
    const struct hd__log_search *search = question->search;
    sqlite3_snprintf(
        (int)size, text,
        "SELECT %s FROM log l INDEXED BY %s%s WHERE (l.finished_ms, l.id) < (?1, ?2)%s%s%s%s%s%s%s%s%s%s%s "
        "ORDER BY l.finished_ms DESC, l.id DESC LIMIT ?3",
        question->columns, index_for(search), question->joins,
        search->webhook_id ? " AND l.webhook = (SELECT key FROM webhook WHERE id = ?4)" : "",
        search->project ? " AND l.project = (SELECT key FROM project WHERE name = ?5)" : "",
        search->type ? " AND l.type = ?6" : "", search->outcome ? " AND l.outcome = ?7" : "",
        is_trouble(search) ? " AND l.outcome <> 1" : "", search->since_ms ? " AND l.finished_ms >= ?8" : "",
        search->delivery_id ? " AND l.delivery = ?9" : "", search->has_reason ? " AND l.reason = ?10" : "",
        search->first_status ? " AND l.http_status BETWEEN ?11 AND ?12" : "",
        search->tests != HD_TESTS_INCLUDED ? " AND l.is_test = ?13" : "",
        search->redelivery_of ? " AND l.event IN (SELECT id FROM event WHERE redelivery_of = ?14)" : "");
}

static void bind(sqlite3_stmt *statement, const struct hd__log_search *search) {
    int ends_before = search->until_ms && search->until_ms <= search->before_ms; /* one bound, the lower of two */
    hd__sql_int(statement, 1, ends_before ? search->until_ms : search->before_ms);
    hd__sql_int(statement, 2, ends_before ? 0 : search->before_id);
    hd__sql_int(statement, 3, (int64_t)search->max);
    hd__sql_text(statement, 4, search->webhook_id);
    hd__sql_text(statement, 5, search->project);
    hd__sql_int(statement, 6, search->type);
    hd__sql_int(statement, 7, search->outcome);
    hd__sql_int(statement, 8, search->since_ms);
    hd__sql_bytes(statement, 9, search->delivery_id, search->delivery_id ? HD__STORE_ID_SIZE : 0);
    hd__sql_int(statement, 10, search->reason);
    hd__sql_int(statement, 11, search->first_status);
    hd__sql_int(statement, 12, search->last_status);
    hd__sql_int(statement, 13, search->tests == HD_TESTS_ONLY);
    hd__sql_bytes(statement, 14, search->redelivery_of, search->redelivery_of ? HD__STORE_ID_SIZE : 0);
}

static uint32_t number(sqlite3_stmt *statement, int column) {
    return (uint32_t)sqlite3_column_int64(statement, column);
}

static void read_row(sqlite3_stmt *found, struct hd__log_row *row) {
    *row = (struct hd__log_row){
        .id = sqlite3_column_int64(found, 0),
        .webhook_id = hd__sql_get_text(found, 2),
        .webhook_name = hd__sql_get_text(found, 3),
        .masked_url = hd__sql_get_text(found, 4),
        .event = {.id = (uint64_t)sqlite3_column_int64(found, 8),
                  .type = sqlite3_column_int(found, 9),
                  .accepted_at_ms = sqlite3_column_int64(found, 10),
                  .project = hd__sql_get_text(found, 11),
                  .body = hd__sql_get_bytes(found, 12),
                  .redelivery_of = hd__sql_get_bytes(found, 34)},
        .report = {.keys = {.webhook = sqlite3_column_int64(found, 5),
                            .project = sqlite3_column_int64(found, 6),
                            .label = sqlite3_column_int64(found, 7)},
                   .finished_at_ms = sqlite3_column_int64(found, 1),
                   .format = sqlite3_column_int(found, 14),
                   .is_test = sqlite3_column_int(found, 15),
                   .may_be_repeated = sqlite3_column_int(found, 16),
                   .outcome = sqlite3_column_int(found, 17),
                   .reason = sqlite3_column_int(found, 18),
                   .detail = hd__sql_get_text(found, 19),
                   .attempts = number(found, 20),
                   .http_status = sqlite3_column_int(found, 21),
                   .retry_after_s = number(found, 22),
                   .next_attempt_at_ms = sqlite3_column_int64(found, 23),
                   .queued_ms = number(found, 24),
                   .dns_ms = number(found, 25),
                   .connect_ms = number(found, 26),
                   .tls_ms = number(found, 27),
                   .wait_ms = number(found, 28),
                   .total_ms = number(found, 29),
                   .remote_address = hd__sql_get_text(found, 30),
                   .response_headers = hd__sql_get_bytes(found, 31),
                   .response_body = hd__sql_get_bytes(found, 32),
                   .response_truncated = sqlite3_column_int(found, 33)},
    };
    hd__sql_get_id(found, 13, row->report.delivery_id);
}

static int tell_row(const struct question *question, sqlite3_stmt *found) {
    struct hd__log_row row;
    read_row(found, &row);
    return question->tell_row(question->user, &row);
}

static int tell_figures(const struct question *question, sqlite3_stmt *found) {
    const struct hd__log_figures figures = {
        .id = sqlite3_column_int64(found, 0),
        .finished_at_ms = sqlite3_column_int64(found, 1),
        .outcome = sqlite3_column_int(found, 2),
        .reason = sqlite3_column_int(found, 3),
        .attempts = number(found, 4),
        .total_ms = number(found, 5),
    };
    question->tell_figures(question->user, &figures);
    return 1;
}

static int search_log(struct hd__sqlite *store, const struct question *question) {
    char text[2048];
    sqlite3_stmt *statement = NULL;
    write_question(question, text, sizeof text);
    int code = sqlite3_prepare_v2(store->reader, text, -1, &statement, NULL), goes_on = 1;
    if (code == SQLITE_OK)
        bind(statement, question->search);
    while (code == SQLITE_OK && goes_on && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        goes_on = question->found(question, statement);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

static int ask(struct hd_store *base, const struct question *question) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    pthread_mutex_lock(&store->reading);
    int code = search_log(store, question);
    pthread_mutex_unlock(&store->reading);
    return code == SQLITE_OK || code == SQLITE_DONE ? HD_OK
           : (code & 0xFF) == SQLITE_NOMEM          ? HD_E_NO_MEMORY
                                                    : HD_E_STORE;
}

int hd__sqlite_query(struct hd_store *base, const struct hd__log_search *search,
                     int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    const struct question question = {
        .search = search,
        .columns = ROW,
        .joins = ROW_JOINS,
        .found = tell_row,
        .tell_row = tell,
        .user = user,
    };
    return ask(base, &question);
}

int hd__sqlite_figures(struct hd_store *base, const struct hd__log_search *search,
                       void (*tell)(void *user, const struct hd__log_figures *figures), void *user) {
    const struct question question = {
        .search = search,
        .columns = FIGURES,
        .joins = "",
        .found = tell_figures,
        .tell_figures = tell,
        .user = user,
    };
    return ask(base, &question);
}
