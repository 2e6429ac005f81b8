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
    const char *columns[HAS_COLUMNS] = {NULL};
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

#define DELIVERED_REASON UINT64_C(1)
#define DELIVERED_OUTCOME 1U

static int is_success(const struct hd__log_search *search) {
    for (size_t i = 0; i < search->status_count; i++)
        if (search->statuses[i].last >= 200 && search->statuses[i].first <= 299)
            return 1;
    return search->status_count == 0;
}

/* Whether nothing that was delivered can match: then the answer was a 2xx, and the reason is none. */
static int is_trouble(const struct hd__log_search *search) {
    return (search->outcomes && !(search->outcomes & DELIVERED_OUTCOME)) ||
           (search->reasons && !(search->reasons & DELIVERED_REASON)) || !is_success(search);
}

static int is_one_bit(unsigned bits) {
    return bits && !(bits & (bits - 1));
}

/* The index that has the rows in order, and the fewest of them. It is named, since without statistics SQLite now and
 * then goes through all of the log by time. Without order, and without a bound, the table itself is the fastest. */
static const char *index_for(const struct hd__log_search *search, enum hd__question which) {
    int has_outcome = is_one_bit(search->outcomes) && search->outcomes != DELIVERED_OUTCOME;
    int is_ordered = which == HD__QUESTION_PAGE;
    return which == HD__QUESTION_ONE          ? "NOT INDEXED"
           : search->delivery_id              ? "INDEXED BY log_delivery"
           : search->redelivery_of            ? "INDEXED BY log_event"
           : is_ordered && search->is_forward ? "NOT INDEXED"
           : search->webhook_count == 1 ? (has_outcome ? "INDEXED BY log_webhook_trouble" : "INDEXED BY log_webhook")
           : has_outcome                ? "INDEXED BY log_trouble"
           : is_trouble(search)         ? "INDEXED BY log_trouble_time"
           : search->project            ? "INDEXED BY log_project"
           : is_ordered || search->since_ms || search->until_ms ? "INDEXED BY log_time"
                                                                : "NOT INDEXED";
}

/* ---- The question ---- */

#define TEXT                                                                                                           \
    " AND ((?17 >> l.reason) & 1 OR helmdesk_has(?15, e.search, e.id, l.delivery, b.webhook_id, b.webhook_name, "      \
    "l.detail, l.body))"
#define FIRST_WEBHOOK 20 /* the number of its value */

static void write_if(sqlite3_str *text, int is_wanted, const char *words) {
    if (is_wanted)
        sqlite3_str_appendall(text, words);
}

static void write_webhooks(sqlite3_str *text, const struct hd__log_search *search) {
    if (search->webhook_count == 0)
        return;
    sqlite3_str_appendall(text, search->webhook_count == 1
                                    ? " AND l.history = (SELECT key FROM history WHERE webhook_id = "
                                    : " AND l.history IN (SELECT key FROM history WHERE webhook_id IN (");
    for (size_t i = 0; i < search->webhook_count; i++)
        sqlite3_str_appendf(text, "%s?%d", i ? "," : "", FIRST_WEBHOOK + (int)i);
    sqlite3_str_appendall(text, search->webhook_count == 1 ? ")" : "))");
}

static void write_statuses(sqlite3_str *text, const struct hd__log_search *search) {
    for (size_t i = 0; i < search->status_count; i++)
        sqlite3_str_appendf(text, "%sl.http_status BETWEEN %d AND %d", i ? " OR " : " AND (", search->statuses[i].first,
                            search->statuses[i].last);
    write_if(text, search->status_count > 0, ")");
}

/* Where the rows begin. */
static void write_place(sqlite3_str *text, const struct hd__log_search *search, enum hd__question which) {
    sqlite3_str_appendall(text, which == HD__QUESTION_ALL   ? "1"
                                : which == HD__QUESTION_ONE ? "l.id = ?2"
                                : search->is_forward        ? "l.id > ?2"
                                                            : "(l.finished_ms, l.id) < (?1, ?2)");
}

/* The conditions of a search, each with its own number, so that one that is left out does not shift the rest. Reports
 * that are not of what was delivered have indexes of their own; that outcome <> 1 stands there too tells SQLite so. */
static void write(sqlite3_str *text, const struct hd__log_search *search, enum hd__question which, int has_joins) {
    sqlite3_str_appendf(text, "FROM log l %s", index_for(search, which));
    write_if(text, has_joins, " CROSS JOIN label b ON b.key = l.label CROSS JOIN event e ON e.key = l.event");
    sqlite3_str_appendall(text, " WHERE ");
    write_place(text, search, which);
    write_if(text, which == HD__QUESTION_PAGE && search->up_to_id, " AND l.id <= ?19");
    write_if(text, search->until_ms != 0, " AND l.finished_ms < ?18");
    write_if(text, search->since_ms != 0, " AND l.finished_ms >= ?8");
    write_webhooks(text, search);
    write_if(text, search->project != NULL, " AND l.project = (SELECT key FROM project WHERE name = ?5)");
    write_if(text, search->types != 0, " AND (?6 >> l.type) & 1");
    write_if(text, search->outcomes != 0,
             is_one_bit(search->outcomes) ? " AND l.outcome = ?7" : " AND (?7 >> (l.outcome - 1)) & 1");
    write_if(text, is_trouble(search), " AND l.outcome <> 1");
    write_if(text, search->delivery_id != NULL, " AND l.delivery = ?9");
    write_if(text, search->reasons != 0, " AND (?10 >> l.reason) & 1");
    write_statuses(text, search);
    write_if(text, search->tests > HD_TESTS_INCLUDED, " AND l.is_test = ?13");
    write_if(text, search->redelivery_of != NULL,
             " AND l.event_use = 2 AND l.event IN (SELECT key FROM event WHERE redelivery_of = ?14)");
    write_if(text, search->text != NULL, TEXT);
    write_if(text, which == HD__QUESTION_PAGE,
             search->is_forward ? " ORDER BY l.id LIMIT ?3" : " ORDER BY l.finished_ms DESC, l.id DESC LIMIT ?3");
}

static void bind_place(sqlite3_stmt *statement, const struct hd__log_search *search) {
    int ends_before = search->until_ms && search->until_ms <= search->before_ms; /* one bound, the lower of two */
    hd__sql_int(statement, 1, ends_before ? search->until_ms : search->before_ms);
    hd__sql_int(statement, 2, search->is_forward ? search->after_id : ends_before ? 0 : search->before_id);
    hd__sql_int(statement, 3, (int64_t)search->max);
    hd__sql_int(statement, 19, search->up_to_id);
}

/* The number of the only bit that is set. */
static int64_t number_of(unsigned bit) {
    int64_t number = 0;
    while (bit >>= 1)
        number++;
    return number;
}

static void bind(sqlite3_stmt *statement, const struct hd__log_search *search, enum hd__question which) {
    if (which == HD__QUESTION_PAGE)
        bind_place(statement, search);
    hd__sql_text(statement, 5, search->project);
    hd__sql_int(statement, 6, search->types);
    hd__sql_int(statement, 7,
                is_one_bit(search->outcomes) ? number_of(search->outcomes) + HD_OUTCOME_DELIVERED - HD__SQL_OUTCOME
                                             : search->outcomes);
    hd__sql_int(statement, 8, search->since_ms);
    hd__sql_bytes(statement, 9, search->delivery_id, search->delivery_id ? HD__STORE_ID_SIZE : 0);
    hd__sql_int(statement, 10, (int64_t)search->reasons);
    hd__sql_int(statement, 13, search->tests == HD_TESTS_ONLY);
    hd__sql_bytes(statement, 14, search->redelivery_of, search->redelivery_of ? HD__STORE_ID_SIZE : 0);
    hd__sql_text(statement, 15, search->text);
    hd__sql_int(statement, 17, (int64_t)search->text_reasons);
    hd__sql_int(statement, 18, search->until_ms);
    for (size_t i = 0; i < search->webhook_count; i++)
        hd__sql_text(statement, FIRST_WEBHOOK + (int)i, search->webhook_ids[i]);
}

int hd__question_prepare(sqlite3 *connection, const char *columns, const struct hd__log_search *search,
                         enum hd__question which, int has_joins, sqlite3_stmt **statement) {
    sqlite3_str *made = sqlite3_str_new(connection);
    *statement = NULL;
    sqlite3_str_appendall(made, columns);
    write(made, search, which, has_joins || search->text);
    int code = sqlite3_str_errcode(made);
    char *text = sqlite3_str_finish(made);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(connection, text, -1, statement, NULL);
    sqlite3_free(text);
    if (code == SQLITE_OK)
        bind(*statement, search, which);
    return code;
}

int hd__question_keys(sqlite3 *connection, const char *sql, const char *const *names, size_t count, int64_t *keys,
                      size_t *found) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    *found = 0;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        hd__sql_text(statement, 1, names[i]);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            keys[(*found)++] = hd__sql_get_int(statement, 0);
        if (code == SQLITE_ROW || code == SQLITE_DONE)
            code = sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

/* ---- The end ---- */

#define STEPS 4000 /* of SQLite's machine between two looks, some tens of microseconds */

static int is_over(void *search) {
    const struct hd__log_search *looked = search;
    return looked->is_over(looked->over_user);
}

int hd__question_begin(sqlite3 *connection, const struct hd__log_search *search) {
    if (!search->is_over)
        return SQLITE_OK;
    sqlite3_progress_handler(connection, STEPS, is_over, (void *)(uintptr_t)search);
    return search->is_over(search->over_user) ? SQLITE_INTERRUPT : SQLITE_OK;
}

int hd__question_end(struct hd__sqlite *store, sqlite3 *connection, const struct hd__log_search *search, int code) {
    sqlite3_progress_handler(connection, 0, NULL, NULL);
    return search->is_over && (code & 0xFF) == SQLITE_INTERRUPT ? HD_E_TIMEOUT
                                                                : hd__sqlite_status(store, connection, code);
}
