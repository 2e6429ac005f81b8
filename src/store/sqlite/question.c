#include "store/sought.h"
#include "store/sqlite/query.h"

#include <string.h>

/* ---- Ids as texts ---- */

#define UUID_TEXT 36
#define HAS_COLUMNS 8

static void format(const unsigned char *bytes, char out[UUID_TEXT + 1]) {
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < HD__STORE_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex[bytes[i] >> 4];
        *out++ = hex[bytes[i] & 15];
    }
    *out = '\0';
}

/* The text of an id in a value; "" if it is none. */
static const char *id_text(sqlite3_value *value, char out[UUID_TEXT + 1]) {
    *out = '\0';
    if (sqlite3_value_bytes(value) == HD__STORE_ID_SIZE)
        format(sqlite3_value_blob(value), out);
    return out;
}

/* helmdesk_has(text, and the columns of a row in this order). */
static void has(sqlite3_context *context, int count, sqlite3_value **values) {
    struct hd__sought sought = {.id_count = 0};
    const char *columns[HAS_COLUMNS];
    char event_id[UUID_TEXT + 1], delivery_id[UUID_TEXT + 1];
    for (int i = 0; i < count; i++)
        columns[i] = i == 2 || i == 3 || i == 7 ? "" : (const char *)sqlite3_value_text(values[i]);
    for (int i = 0; i < count; i++)
        if (!columns[i]) {
            sqlite3_result_error_nomem(context);
            return;
        }
    hd__sought_add_event(&sought, columns[1]);
    hd__sought_add_id(&sought, id_text(values[2], event_id));
    hd__sought_add_id(&sought, id_text(values[3], delivery_id));
    hd__sought_add_id(&sought, columns[4]);
    hd__sought_add_text(&sought, columns[5], strlen(columns[5]));
    hd__sought_add_text(&sought, columns[6], strlen(columns[6]));
    hd__sought_add_text(&sought, sqlite3_value_blob(values[7]), (size_t)sqlite3_value_bytes(values[7]));
    sqlite3_result_int(context, hd__sought_has(&sought, columns[0]));
}

int hd__question_functions(sqlite3 *connection) {
    return sqlite3_create_function_v2(connection, "helmdesk_has", HAS_COLUMNS, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                      has, NULL, NULL, NULL);
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
    " AND ((?17 >> l.reason) & 1 OR helmdesk_has(?15, e.search, e.id, l.delivery, b.webhook_id, b.webhook_name, "      \
    "l.detail, l.body))"

/* The conditions of a search, each with its own number, so that one that is left out does not shift the rest. Reports
 * of deliveries that did not arrive have indexes of their own; the condition outcome <> 1 is added so that SQLite uses
 * them. */
void hd__question_write(const struct hd__log_search *search, int with_rows, int ordered, char *text, size_t size) {
    sqlite3_snprintf(
        (int)size, text, "FROM log l %s%s WHERE %s%s%s%s%s%s%s%s%s%s%s%s%s%s%s", index_for(search, ordered),
        with_rows || search->text ? " CROSS JOIN label b ON b.key = l.label CROSS JOIN event e ON e.key = l.event" : "",
        !ordered             ? "1"
        : search->is_forward ? "l.id > ?2"
                             : "(l.finished_ms, l.id) < (?1, ?2)",
        search->until_ms ? " AND l.finished_ms < ?18" : "", search->since_ms ? " AND l.finished_ms >= ?8" : "",
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
}

static void bind_text(sqlite3_stmt *statement, const struct hd__log_search *search) {
    hd__sql_text(statement, 15, search->text);
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
