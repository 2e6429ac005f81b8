#include "store/sqlite/sqlite.h"

/* Runs a statement that returns a key. */
static int run_for_key(sqlite3_stmt *statement, int64_t *key) {
    int code = statement ? sqlite3_step(statement) : SQLITE_NOMEM;
    if (code == SQLITE_ROW) {
        *key = sqlite3_column_int64(statement, 0);
        code = sqlite3_step(statement); /* to its end, as SQLite asks of RETURNING */
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int put_project(struct hd__sqlite *store, const char *name, int64_t *key) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_PUT_PROJECT);
    hd__sql_text(statement, 1, name);
    return run_for_key(statement, key);
}

static int put_label(struct hd__sqlite *store, const struct hd__stored_webhook *webhook, int64_t *key) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_PUT_LABEL);
    hd__sql_text(statement, 1, webhook->id);
    hd__sql_text(statement, 2, webhook->name);
    hd__sql_text(statement, 3, webhook->masked_url);
    return run_for_key(statement, key);
}

static int put(struct hd__sqlite *store, const struct hd__stored_webhook *webhook, struct hd__store_keys *keys) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_PUT_WEBHOOK);
    hd__sql_text(statement, 1, webhook->id);
    hd__sql_int(statement, 2, keys->project);
    hd__sql_int(statement, 3, keys->label);
    hd__sql_text(statement, 4, webhook->name);
    hd__sql_bytes(statement, 5, webhook->url.data, webhook->url.len);
    hd__sql_bytes(statement, 6, webhook->secret.data, webhook->secret.len);
    hd__sql_bytes(statement, 7, webhook->staged.data, webhook->staged.len);
    hd__sql_bytes(statement, 8, webhook->previous.data, webhook->previous.len);
    hd__sql_bytes(statement, 9, webhook->headers.data, webhook->headers.len);
    hd__sql_int(statement, 10, webhook->events);
    hd__sql_int(statement, 11, webhook->format);
    hd__sql_int(statement, 12, webhook->mode);
    hd__sql_int(statement, 13, webhook->ordered);
    hd__sql_int(statement, 14, webhook->standard_headers);
    hd__sql_int(statement, 15, webhook->max_in_flight);
    hd__sql_int(statement, 16, webhook->max_attempts);
    hd__sql_int(statement, 17, webhook->retry_first_ms);
    hd__sql_int(statement, 18, webhook->retry_max_ms);
    hd__sql_int(statement, 19, (int64_t)webhook->version);
    return run_for_key(statement, &keys->webhook);
}

int hd__sqlite_put_webhook(struct hd_store *base, const struct hd__stored_webhook *webhook,
                           struct hd__store_keys *keys) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    pthread_mutex_lock(&store->writing);
    int code = hd__sqlite_begin(store);
    if (code == SQLITE_OK)
        code = put_project(store, webhook->project, &keys->project);
    if (code == SQLITE_OK)
        code = put_label(store, webhook, &keys->label);
    if (code == SQLITE_OK)
        code = put(store, webhook, keys);
    int status = hd__sqlite_status(store, store->writer, hd__sqlite_end(store, code));
    pthread_mutex_unlock(&store->writing);
    return status;
}

int hd__sqlite_remove_webhook(struct hd_store *base, int64_t webhook) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    pthread_mutex_lock(&store->writing);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_REMOVE_WEBHOOK);
    hd__sql_int(statement, 1, webhook);
    int status = hd__sqlite_status(store, store->writer, hd__sql_run(statement));
    pthread_mutex_unlock(&store->writing);
    return status;
}

static void read(sqlite3_stmt *row, struct hd__stored_webhook *webhook) {
    *webhook = (struct hd__stored_webhook){
        .keys = {.webhook = sqlite3_column_int64(row, 0),
                 .project = sqlite3_column_int64(row, 1),
                 .label = sqlite3_column_int64(row, 2)},
        .id = hd__sql_get_text(row, 3),
        .project = hd__sql_get_text(row, 4),
        .name = hd__sql_get_text(row, 5),
        .url = hd__sql_get_bytes(row, 6),
        .masked_url = hd__sql_get_text(row, 7),
        .secret = hd__sql_get_bytes(row, 8),
        .staged = hd__sql_get_bytes(row, 9),
        .previous = hd__sql_get_bytes(row, 10),
        .headers = hd__sql_get_bytes(row, 11),
        .events = (unsigned)sqlite3_column_int64(row, 12),
        .format = sqlite3_column_int(row, 13),
        .mode = sqlite3_column_int(row, 14),
        .ordered = sqlite3_column_int(row, 15),
        .standard_headers = sqlite3_column_int(row, 16),
        .max_in_flight = (uint32_t)sqlite3_column_int64(row, 17),
        .max_attempts = (uint32_t)sqlite3_column_int64(row, 18),
        .retry_first_ms = (uint32_t)sqlite3_column_int64(row, 19),
        .retry_max_ms = (uint32_t)sqlite3_column_int64(row, 20),
        .version = (uint64_t)sqlite3_column_int64(row, 21),
        .is_removed = sqlite3_column_int(row, 22) != 0,
        .has_waiting = sqlite3_column_int(row, 23),
    };
}

int hd__sqlite_list_webhooks(struct hd__sqlite *store,
                             void (*tell)(void *user, const struct hd__stored_webhook *webhook), void *user) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_WEBHOOKS);
    int code = statement ? SQLITE_ROW : SQLITE_NOMEM;
    while (code == SQLITE_ROW && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct hd__stored_webhook webhook;
        read(statement, &webhook);
        if (!webhook.is_removed || webhook.has_waiting)
            tell(user, &webhook);
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
