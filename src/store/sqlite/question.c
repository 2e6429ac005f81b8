#include "store/sqlite/query.h"

#include <string.h>

/* ---- Ids as texts ---- */

#define UUID_TEXT 36

static void format(const unsigned char *bytes, char out[UUID_TEXT]) {
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < HD__STORE_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
}

static void uuid_text(sqlite3_context *context, int count, sqlite3_value **values) {
    char text[UUID_TEXT];
    (void)count;
    if (sqlite3_value_bytes(values[0]) != HD__STORE_ID_SIZE)
        return;
    format(sqlite3_value_blob(values[0]), text);
    sqlite3_result_text(context, text, UUID_TEXT, SQLITE_TRANSIENT);
}

int hd__question_functions(sqlite3 *connection) {
    return sqlite3_create_function_v2(connection, "helmdesk_uuid_text", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                      uuid_text, NULL, NULL, NULL);
}

static int value_of(char c) {
    static const char hex[] = "0123456789abcdef";
    const char *at = c ? strchr(hex, c) : NULL;
    return at ? (int)(at - hex) : -1;
}

/* Whether a text is a whole id. */
static int parse(const char *text, unsigned char id[HD__STORE_ID_SIZE]) {
    char again[UUID_TEXT];
    const char *at = text;
    if (strlen(text) != UUID_TEXT)
        return 0;
    for (int i = 0; i < HD__STORE_ID_SIZE; i++) {
        at += *at == '-';
        int high = value_of(*at), low = high < 0 ? -1 : value_of(at[1]);
        if (low < 0)
            return 0;
        id[i] = (unsigned char)(high << 4 | low);
        at += 2;
    }
    format(id, again);
    return memcmp(again, text, UUID_TEXT) == 0;
}

/* ---- The index ---- */

/* Whether nothing that was delivered can match: then the answer was a 2xx, and the reason is none. */
static int is_trouble(const struct hd__log_search *search) {
    return search->outcome > HD_OUTCOME_DELIVERED || (search->reason && search->reason != HD_REASON_DELIVERED) ||
           (search->first_status && (search->last_status < 200 || search->first_status > 299));
}

/* The index that has the rows in order, and the fewest of them. It is named, since without statistics SQLite now and
 * then goes through all of the log by time. Without order, and without a bound, the table itself is the fastest. */
static const char *index_for(const struct hd__log_search *search, int ordered) {
    int has_outcome = search->outcome > HD_OUTCOME_DELIVERED;
    return search->delivery_id             ? "INDEXED BY log_delivery"
           : search->redelivery_of         ? "INDEXED BY log_event"
           : ordered && search->is_forward ? "NOT INDEXED"
           : search->webhook_id            ? (has_outcome ? "INDEXED BY log_webhook_trouble" : "INDEXED BY log_webhook")
           : has_outcome                   ? "INDEXED BY log_trouble"
           : is_trouble(search)            ? "INDEXED BY log_trouble_time"
           : search->project               ? "INDEXED BY log_project"
           : ordered || search->since_ms || search->until_ms ? "INDEXED BY log_time"
                                                             : "NOT INDEXED";
}

/* ---- The question ---- */

#define TEXT                                                                                                           \
    " AND ((?17 >> l.reason) & 1 OR instr(e.search, ?15) > 0 OR instr(lower(b.webhook_name), ?15) > 0 OR "             \
    "instr(helmdesk_uuid_text(l.delivery), ?15) > 0 OR e.id = ?16)"

/* The conditions of a search, each with its own number, so that one that is left out does not shift the rest. Reports
 * of deliveries that did not arrive have indexes of their own; the condition outcome <> 1 is added so that SQLite uses
 * them. */
void hd__question_write(const struct hd__log_search *search, int with_rows, int ordered, char *text, size_t size) {
    sqlite3_snprintf(
        (int)size, text, "FROM log l %s%s WHERE %s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", index_for(search, ordered),
        with_rows || search->text ? " CROSS JOIN label b ON b.key = l.label CROSS JOIN event e ON e.key = l.event" : "",
        !ordered             ? "1"
        : search->is_forward ? "l.id > ?2"
                             : "(l.finished_ms, l.id) < (?1, ?2)",
        ordered && search->up_to_id ? " AND l.id <= ?19" : "", search->until_ms ? " AND l.finished_ms < ?18" : "",
        search->since_ms ? " AND l.finished_ms >= ?8" : "",
        search->webhook_id ? " AND l.history = (SELECT key FROM history WHERE webhook_id = ?4)" : "",
        search->project ? " AND l.project = (SELECT key FROM project WHERE name = ?5)" : "",
        search->type ? " AND l.type = ?6" : "", search->outcome ? " AND l.outcome = ?7" : "",
        is_trouble(search) ? " AND l.outcome <> 1" : "", search->delivery_id ? " AND l.delivery = ?9" : "",
        search->reason ? " AND l.reason = ?10" : "",
        search->first_status ? " AND l.http_status BETWEEN ?11 AND ?12" : "",
        search->tests > HD_TESTS_INCLUDED ? " AND l.is_test = ?13" : "",
        search->redelivery_of ? " AND l.event_use = 2 AND l.event IN (SELECT key FROM event WHERE redelivery_of = ?14)"
                              : "",
        search->text ? TEXT : "",
        !ordered             ? ""
        : search->is_forward ? " ORDER BY l.id LIMIT ?3"
                             : " ORDER BY l.finished_ms DESC, l.id DESC LIMIT ?3");
}

static void bind_place(sqlite3_stmt *statement, const struct hd__log_search *search) {
    int ends_before = search->until_ms && search->until_ms <= search->before_ms; /* one bound, the lower of two */
    hd__sql_int(statement, 1, ends_before ? search->until_ms : search->before_ms);
    hd__sql_int(statement, 2, search->is_forward ? search->after_id : ends_before ? 0 : search->before_id);
    hd__sql_int(statement, 3, (int64_t)search->max);
    hd__sql_int(statement, 19, search->up_to_id);
}

static void bind_text(sqlite3_stmt *statement, const struct hd__log_search *search) {
    unsigned char id[HD__STORE_ID_SIZE];
    hd__sql_text(statement, 15, search->text);
    if (search->text && parse(search->text, id))
        sqlite3_bind_blob(statement, 16, id, sizeof id, SQLITE_TRANSIENT);
    hd__sql_int(statement, 17, (int64_t)search->text_reasons);
}

void hd__question_bind(sqlite3_stmt *statement, const struct hd__log_search *search, int ordered) {
    if (ordered)
        bind_place(statement, search);
    hd__sql_text(statement, 4, search->webhook_id);
    hd__sql_text(statement, 5, search->project);
    hd__sql_int(statement, 6, search->type);
    hd__sql_int(statement, 7, search->outcome - HD__SQL_OUTCOME);
    hd__sql_int(statement, 8, search->since_ms);
    hd__sql_bytes(statement, 9, search->delivery_id, search->delivery_id ? HD__STORE_ID_SIZE : 0);
    hd__sql_int(statement, 10, search->reason - HD__SQL_REASON);
    hd__sql_int(statement, 11, search->first_status);
    hd__sql_int(statement, 12, search->last_status);
    hd__sql_int(statement, 13, search->tests == HD_TESTS_ONLY);
    hd__sql_bytes(statement, 14, search->redelivery_of, search->redelivery_of ? HD__STORE_ID_SIZE : 0);
    bind_text(statement, search);
    hd__sql_int(statement, 18, search->until_ms);
}
