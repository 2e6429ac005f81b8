#include "store/sqlite/sqlite.h"

#include <stdio.h>
#include <string.h>

/* What a claim reads of an outbox row and its event. */
#define CLAIMED                                                                                                        \
    "SELECT o.id, o.due, o.tries, o.delivery, o.repeated, e.id, e.type, e.accepted_ms, e.project, e.body, "            \
    "e.redelivery_of "                                                                                                 \
    "FROM outbox o JOIN event e ON e.id = o.event WHERE o.webhook = ?1 AND "

static const char *const texts[HD__SQL_COUNT] = {
    [HD__SQL_BEGIN] = "BEGIN IMMEDIATE",
    [HD__SQL_COMMIT] = "COMMIT",
    [HD__SQL_ROLLBACK] = "ROLLBACK",
    [HD__SQL_SET_META] = "INSERT INTO meta(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
    [HD__SQL_LIST_WEBHOOKS] =
        "SELECT w.key, w.project_key, w.label, w.id, p.name, w.name, w.url, l.masked_url, w.secret, w.staged, "
        "w.previous, "
        "w.headers, w.events, w.format, w.enabled, w.ordered, w.standard_headers, w.max_in_flight, w.max_attempts, "
        "w.retry_first_ms, w.retry_max_ms, w.version, w.removed, EXISTS(SELECT 1 FROM outbox WHERE webhook = w.key) "
        "FROM webhook w JOIN project p ON p.key = w.project_key JOIN label l ON l.key = w.label ORDER BY w.key",
    [HD__SQL_PUT_WEBHOOK] =
        "INSERT INTO webhook(id, project_key, label, name, url, secret, staged, previous, headers, events, format, "
        "enabled, ordered, standard_headers, max_in_flight, max_attempts, retry_first_ms, retry_max_ms, version, "
        "removed) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, 0) "
        "ON CONFLICT(id) DO UPDATE SET project_key = ?2, label = ?3, name = ?4, url = ?5, secret = ?6, staged = ?7, "
        "previous = ?8, headers = ?9, events = ?10, format = ?11, enabled = ?12, ordered = ?13, standard_headers = "
        "?14, "
        "max_in_flight = ?15, max_attempts = ?16, retry_first_ms = ?17, retry_max_ms = ?18, version = ?19, removed = 0 "
        "RETURNING key",
    [HD__SQL_REMOVE_WEBHOOK] = "UPDATE webhook SET removed = 1 WHERE key = ?1",
    [HD__SQL_CLEAR_WEBHOOKS] = "UPDATE webhook SET removed = 2, name = '', url = x'', secret = x'', staged = x'', "
                               "previous = x'', headers = x'' "
                               "WHERE removed = 1 AND NOT EXISTS(SELECT 1 FROM outbox WHERE webhook = webhook.key)",
    [HD__SQL_PUT_PROJECT] =
        "INSERT INTO project(name) VALUES(?1) ON CONFLICT(name) DO UPDATE SET name = ?1 RETURNING key",
    [HD__SQL_PUT_LABEL] =
        "INSERT INTO label(webhook_id, webhook_name, masked_url) VALUES(?1, ?2, ?3) "
        "ON CONFLICT(webhook_id, webhook_name, masked_url) DO UPDATE SET webhook_id = ?1 RETURNING key",
    [HD__SQL_ADD_EVENT] =
        "INSERT INTO event(id, type, accepted_ms, project, body, redelivery_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [HD__SQL_ADD_DELIVERY] =
        "INSERT INTO outbox(id, webhook, due, event, delivery, tries, repeated) VALUES(?1, ?2, 0, ?3, ?4, 0, 0)",
    [HD__SQL_END_DELIVERY] = "DELETE FROM outbox WHERE id = ?1",
    [HD__SQL_RETRY_DELIVERY] = "UPDATE outbox SET due = ?2, tries = ?3 WHERE id = ?1",
    [HD__SQL_RELEASE_DELIVERY] = "UPDATE outbox SET repeated = 1 WHERE id = ?1",
    [HD__SQL_ADD_REPORT] =
        "INSERT INTO log(finished_ms, webhook, project, label, event, type, delivery, format, is_test, repeated, "
        "outcome, "
        "reason, detail, attempts, http_status, retry_after_s, next_attempt_ms, queued_ms, dns_ms, connect_ms, tls_ms, "
        "wait_ms, total_ms, address, headers, body, truncated) VALUES(?1, ?2, ?3, ?4, ?5, (SELECT type FROM event "
        "WHERE "
        "id = ?5), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, "
        "?26)",
    /* ?2 is 1 or more, so that the index skips all that is new */
    [HD__SQL_CLAIM_RETRIES] = CLAIMED "(o.due, o.id) > (?2, ?3) AND o.due <= ?4 ORDER BY o.due, o.id LIMIT ?5",
    [HD__SQL_CLAIM_NEW] = CLAIMED "o.due = 0 AND o.id > ?2 ORDER BY o.id LIMIT ?3",
    [HD__SQL_NEXT_DUE] = "SELECT due FROM outbox WHERE webhook = ?1 AND due > ?2 ORDER BY due LIMIT 1",
    [HD__SQL_OLDEST] = "SELECT event FROM outbox ORDER BY id LIMIT 1",
    [HD__SQL_OLD_REPORTS] = "SELECT id, event, finished_ms FROM log ORDER BY id LIMIT ?1",
    [HD__SQL_FORGET_REPORT] = "DELETE FROM log WHERE id = ?1",
    [HD__SQL_FORGET_EVENT] = "DELETE FROM event WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM log WHERE event = ?1) "
                             "AND NOT EXISTS(SELECT 1 FROM outbox WHERE event = ?1)",
    [HD__SQL_NEWEST_REPORT] = "SELECT id FROM log ORDER BY id DESC LIMIT 1",
};

sqlite3_stmt *hd__sql(struct hd__sqlite *store, int which) {
    sqlite3_stmt **statement = &store->statements[which];
    if (!*statement)
        sqlite3_prepare_v3(store->writer, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    else
        sqlite3_reset(*statement);
    return *statement;
}

int hd__sql_run(sqlite3_stmt *statement) {
    int code = statement ? sqlite3_step(statement) : SQLITE_NOMEM;
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void hd__sql_int(sqlite3_stmt *statement, int index, int64_t value) {
    sqlite3_bind_int64(statement, index, value);
}

void hd__sql_text(sqlite3_stmt *statement, int index, const char *text) {
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* No bytes are an empty value, not NULL. */
void hd__sql_bytes(sqlite3_stmt *statement, int index, const void *data, size_t len) {
    sqlite3_bind_blob64(statement, index, len ? data : "", len, SQLITE_STATIC);
}

const char *hd__sql_get_text(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

struct hd__bytes hd__sql_get_bytes(sqlite3_stmt *statement, int column) {
    const void *data = sqlite3_column_blob(statement, column);
    return (struct hd__bytes){data ? data : "", data ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}

void hd__sql_get_id(sqlite3_stmt *statement, int column, unsigned char id[HD__STORE_ID_SIZE]) {
    struct hd__bytes bytes = hd__sql_get_bytes(statement, column);
    memset(id, 0, HD__STORE_ID_SIZE);
    memcpy(id, bytes.data, bytes.len < HD__STORE_ID_SIZE ? bytes.len : HD__STORE_ID_SIZE);
}

int hd__sqlite_status(struct hd__sqlite *store, sqlite3 *connection, int code) {
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return HD_OK;
    case SQLITE_NOMEM:
        return HD_E_NO_MEMORY;
    default:
        snprintf(store->base.error, sizeof store->base.error, "%s", sqlite3_errmsg(connection));
        return (code & 0xFF) == SQLITE_FULL ? HD_E_STORE_FULL : HD_E_STORE;
    }
}

int hd__sqlite_begin(struct hd__sqlite *store) {
    return hd__sql_run(hd__sql(store, HD__SQL_BEGIN));
}

int hd__sqlite_end(struct hd__sqlite *store, int code) {
    if (code == SQLITE_OK)
        code = hd__sql_run(hd__sql(store, HD__SQL_COMMIT));
    if (code != SQLITE_OK && !sqlite3_get_autocommit(store->writer))
        hd__sql_run(hd__sql(store, HD__SQL_ROLLBACK));
    return code;
}

int hd__sqlite_set_meta(struct hd__sqlite *store, const char *name, int64_t value) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_SET_META);
    hd__sql_text(statement, 1, name);
    hd__sql_int(statement, 2, value);
    return hd__sql_run(statement);
}
