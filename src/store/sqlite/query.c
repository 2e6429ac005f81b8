/* The pages of the log. */
#include "store/sqlite/query.h"

#include "store/sqlite/walk.h"

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

/* ---- Asking ---- */

struct telling {
    const struct hd__log_search *search;
    int (*tell)(void *user, const struct hd__log_row *row);
    void *user;
    size_t told;
};

static int tell_next(void *user, sqlite3_stmt *found) {
    struct telling *telling = user;
    int goes_on = tell_one(found, telling->tell, telling->user);
    return goes_on && ++telling->told < telling->search->max;
}

static int ask(sqlite3 *reader, const struct hd__log_search *search, struct telling *telling) {
    sqlite3_stmt *statement = NULL;
    int goes_on = 1;
    int code = hd__question_prepare(reader, ROW, search, HD__QUESTION_PAGE, 1, &statement);
    while (code == SQLITE_OK && goes_on && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        goes_on = tell_next(telling, statement);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* ---- Windows ---- */

#define WINDOW 5000 /* reports that a search looks at for a page, if it has to look at each */

/* The place of the report that is so many after the search's place; *found is 0 if there are not as many. */
static int find_end(sqlite3 *reader, const struct hd__log_search *search, struct hd__log_rest *end, int *found) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(reader,
                                  "SELECT finished_ms, id FROM log INDEXED BY log_time WHERE (finished_ms, id) < (?1, "
                                  "?2) ORDER BY finished_ms DESC, id DESC LIMIT 1 OFFSET ?3",
                                  -1, &statement, NULL);
    *found = 0;
    if (code == SQLITE_OK) {
        int ends_before = search->until_ms && search->until_ms <= search->before_ms;
        hd__sql_int(statement, 1, ends_before ? search->until_ms : search->before_ms);
        hd__sql_int(statement, 2, ends_before ? 0 : search->before_id);
        hd__sql_int(statement, 3, WINDOW - 1);
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *end = (struct hd__log_rest){1, hd__sql_get_int(statement, 0), hd__sql_get_int(statement, 1)};
        *found = 1;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Looks at the reports of one millisecond more rather than at one twice. A page that is full needs no place: its last
 * report has one. */
static int ask_in_window(sqlite3 *reader, const struct hd__log_search *search, struct telling *telling) {
    struct hd__log_search window = *search;
    struct hd__log_rest end;
    int has_end;
    int code = find_end(reader, search, &end, &has_end);
    if (code == SQLITE_OK && has_end && end.before_ms > search->since_ms)
        window.since_ms = end.before_ms;
    else
        has_end = 0;
    if (code == SQLITE_OK)
        code = ask(reader, &window, telling);
    if (has_end && telling->told < search->max)
        *search->rest = (struct hd__log_rest){1, end.before_ms, 0};
    return code;
}

static int has_window(const struct hd__log_search *search) {
    return search->text && search->rest && !search->is_forward && !search->delivery_id && !search->redelivery_of;
}

static int find(sqlite3 *reader, const struct hd__log_search *search, struct telling *telling) {
    const struct hd__walk walk = {search, ROW, 1, 1, tell_next, telling};
    int is_done = 0;
    int code = hd__question_begin(reader, search);
    if (code == SQLITE_OK && search->max > 0 && hd__walk_fits(search))
        code = hd__walk(reader, &walk, &is_done);
    if (code != SQLITE_OK || is_done)
        return code;
    return has_window(search) ? ask_in_window(reader, search, telling) : ask(reader, search, telling);
}

/* A search for a text may take long, and has the other connection. */
int hd__sqlite_query(struct hd_store *base, const struct hd__log_search *search,
                     int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct hd__sqlite_reader *from = search->text ? &store->counter : &store->reader;
    struct telling telling = {search, tell, user, 0};
    int status;
    sqlite3 *reader = hd__sqlite_take_reader(store, from, &status);
    if (!reader)
        return status;
    status = hd__question_end(store, reader, search, find(reader, search, &telling));
    hd__sqlite_drop_reader(from);
    return status;
}
