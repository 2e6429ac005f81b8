/* The tables, and how those of older versions become them. */
#include "store/sqlite/sqlite.h"

/* Step n brings version n to version n + 1. Steps are only ever appended. */
static const char *const migrations[] = {
    /* 0 -> 1 */
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE project(key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE label(key INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, webhook_name TEXT NOT NULL,"
    "  masked_url TEXT NOT NULL, UNIQUE(webhook_id, webhook_name, masked_url));"
    /* removed: 1 while something waits for it, then 2; the key stays its own for the log */
    "CREATE TABLE webhook(key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project_key INTEGER NOT NULL,"
    "  label INTEGER NOT NULL, name TEXT NOT NULL, url BLOB NOT NULL, secret BLOB NOT NULL, staged BLOB NOT NULL,"
    "  previous BLOB NOT NULL, headers BLOB NOT NULL, events INTEGER NOT NULL, format INTEGER NOT NULL,"
    "  enabled INTEGER NOT NULL, ordered INTEGER NOT NULL, standard_headers INTEGER NOT NULL,"
    "  max_in_flight INTEGER NOT NULL, max_attempts INTEGER NOT NULL, retry_first_ms INTEGER NOT NULL,"
    "  retry_max_ms INTEGER NOT NULL, version INTEGER NOT NULL, removed INTEGER NOT NULL);"
    "CREATE INDEX webhook_removed ON webhook(key) WHERE removed = 1;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, type INTEGER NOT NULL, accepted_ms INTEGER NOT NULL,"
    "  project TEXT NOT NULL, body BLOB NOT NULL);"
    /* due: 0 for what was not tried yet */
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, webhook INTEGER NOT NULL, due INTEGER NOT NULL, event INTEGER NOT "
    "NULL,"
    "  delivery BLOB NOT NULL, tries INTEGER NOT NULL, repeated INTEGER NOT NULL);"
    "CREATE INDEX outbox_lane ON outbox(webhook, due, id);"
    "CREATE INDEX outbox_event ON outbox(event);"
    "CREATE TABLE log(id INTEGER PRIMARY KEY, finished_ms INTEGER NOT NULL, webhook INTEGER NOT NULL,"
    "  project INTEGER NOT NULL, label INTEGER NOT NULL, event INTEGER NOT NULL, type INTEGER NOT NULL,"
    "  delivery BLOB NOT NULL, format INTEGER NOT NULL, is_test INTEGER NOT NULL, repeated INTEGER NOT NULL,"
    "  outcome INTEGER NOT NULL, reason INTEGER NOT NULL, detail TEXT NOT NULL, attempts INTEGER NOT NULL,"
    "  http_status INTEGER NOT NULL, retry_after_s INTEGER NOT NULL, next_attempt_ms INTEGER NOT NULL,"
    "  queued_ms INTEGER NOT NULL, dns_ms INTEGER NOT NULL, connect_ms INTEGER NOT NULL, tls_ms INTEGER NOT NULL,"
    "  wait_ms INTEGER NOT NULL, total_ms INTEGER NOT NULL, address TEXT NOT NULL, headers BLOB NOT NULL,"
    "  body BLOB NOT NULL, truncated INTEGER NOT NULL);"
    /* Each ends with the row's id, as every index does: the order of the log. Most reports are of what was delivered
     * (outcome 1), and those that are not are what people look for. */
    "CREATE INDEX log_time ON log(finished_ms);"
    "CREATE INDEX log_project ON log(project, finished_ms);"
    "CREATE INDEX log_webhook ON log(webhook, finished_ms);"
    "CREATE INDEX log_trouble ON log(outcome, finished_ms) WHERE outcome <> 1;"
    "CREATE INDEX log_webhook_trouble ON log(webhook, outcome, finished_ms) WHERE outcome <> 1;"
    "CREATE INDEX log_delivery ON log(delivery);"
    "CREATE INDEX log_event ON log(event);",
    /* 1 -> 2: trouble by reason or status, whichever its outcome */
    "CREATE INDEX log_trouble_time ON log(finished_ms) WHERE outcome <> 1;",
    /* 2 -> 3: the delivery that an event makes again */
    ("ALTER TABLE event ADD COLUMN redelivery_of BLOB;"
     "CREATE INDEX event_redelivery ON event(redelivery_of) WHERE redelivery_of IS NOT NULL;"),
};

#define VERSION ((int)(sizeof migrations / sizeof migrations[0]))

static int read_version(struct hd__sqlite *store, int *version) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int write_version(struct hd__sqlite *store, int version) {
    char text[64];
    sqlite3_snprintf(sizeof text, text, "PRAGMA user_version = %d", version);
    return sqlite3_exec(store->writer, text, NULL, NULL, NULL);
}

static int migrate_one(struct hd__sqlite *store, int version) {
    int code = hd__sqlite_begin(store);
    if (code == SQLITE_OK)
        code = sqlite3_exec(store->writer, migrations[version], NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = write_version(store, version + 1);
    return hd__sqlite_end(store, code);
}

int hd__sqlite_check_version(struct hd__sqlite *store) {
    int version = 0;
    int code = read_version(store, &version);
    if (code != SQLITE_OK)
        return hd__sqlite_status(store, store->writer, code);
    return version == VERSION ? HD_OK : version == 0 ? HD_E_STORE : HD_E_STORE_VERSION;
}

int hd__sqlite_migrate(struct hd__sqlite *store) {
    int version = 0;
    int code = read_version(store, &version);
    if (code == SQLITE_OK && version > VERSION)
        return HD_E_STORE_VERSION;
    for (; code == SQLITE_OK && version < VERSION; version++)
        code = migrate_one(store, version);
    return hd__sqlite_status(store, store->writer, code);
}
