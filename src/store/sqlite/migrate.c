/* How the tables come into being, and those of older versions become them. */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- From version 1 and 2 to 3, which is 0.1.0's ---- */

static const char *const small_steps[] = {
    "CREATE INDEX log_trouble_time ON log(finished_ms) WHERE outcome <> 1;",
    "ALTER TABLE event ADD COLUMN redelivery_of BLOB;"
    "CREATE INDEX event_redelivery ON event(redelivery_of) WHERE redelivery_of IS NOT NULL;",
};

/* ---- From version 3 to 4 ---- */

static const char set_aside[] =
    "DROP INDEX webhook_removed; DROP INDEX outbox_lane; DROP INDEX event_redelivery; DROP INDEX log_time;"
    "DROP INDEX log_project; DROP INDEX log_webhook; DROP INDEX log_trouble; DROP INDEX log_webhook_trouble;"
    "DROP INDEX log_trouble_time; DROP INDEX log_delivery; DROP INDEX log_event;"
    "ALTER TABLE project RENAME TO old_project; ALTER TABLE label RENAME TO old_label;"
    "ALTER TABLE webhook RENAME TO old_webhook; ALTER TABLE event RENAME TO old_event;"
    "ALTER TABLE outbox RENAME TO old_outbox; ALTER TABLE log RENAME TO old_log";

/* What is searched in events, as the core writes it. */
#define TICKET "json_extract(CAST(body AS TEXT), '$.data.ticket."
#define CUSTOMER "json_extract(CAST(body AS TEXT), '$.data.customer."
#define SEARCH                                                                                                         \
    "CASE WHEN json_valid(CAST(body AS TEXT)) THEN lower(ifnull(" TICKET                                               \
    "id'), '') || char(31) || '#' || ifnull(" TICKET "number'), '') || char(31) || ifnull(" TICKET                     \
    "subject'), '') || char(31) || ifnull(" CUSTOMER "email'), '') || char(31) || ifnull(" CUSTOMER                    \
    "name'), '')) ELSE '' END"

/* Of those that still have deliveries there may be reports already: they count as shared. */
#define COPY_EVENTS(search)                                                                                            \
    "INSERT INTO event(key, id, type, accepted_ms, project, first_row, rows, redelivery_of, search, body) "            \
    "SELECT e.id, helmdesk_uuid(e.id), type, accepted_ms, project, ifnull(min(o.id), 0), "                             \
    "ifnull(max(o.id) - min(o.id) + 2, 0), redelivery_of, " search ", body "                                           \
    "FROM old_event e LEFT JOIN old_outbox o ON o.event = e.id GROUP BY e.id ORDER BY e.id"

static const char copy_webhooks[] =
    "INSERT INTO project SELECT key, name FROM old_project;"
    "INSERT OR IGNORE INTO project(name) SELECT DISTINCT project FROM old_event;"
    "INSERT INTO label SELECT key, webhook_id, webhook_name, masked_url FROM old_label;"
    "INSERT INTO history SELECT key, id, version FROM old_webhook;"
    "INSERT INTO webhook(key, id, history, project, label, events, format, mode, ordered, standard_headers, "
    "max_in_flight, max_attempts, retry_first_ms, retry_max_ms, rate_count, rate_period_ms, rate_burst, version, "
    "change, removed, discarded_up_to, name, url, secret, staged, previous, headers, client_certificate) SELECT key, "
    "id, key, project_key, label, events, format, enabled <> 0, "
    "ordered, "
    "standard_headers, max_in_flight, max_attempts, retry_first_ms, retry_max_ms, 0, 0, 0, version, key, removed, 0, "
    "name, url, secret, staged, previous, headers, x'' FROM old_webhook";

/* Retries were due by the wall clock, which may have been wrong: none waits longer than a day. */
static const char copy_outbox[] =
    "INSERT INTO outbox SELECT id, webhook, CASE WHEN due > 0 THEN max(2, min(due, helmdesk_now() + 86400000)) "
    "WHEN tries > 0 THEN 1 ELSE 0 END, event, delivery, tries, repeated FROM old_outbox ORDER BY id;"
    "UPDATE shard SET repeated_up_to = (SELECT CASE WHEN ifnull((SELECT value FROM meta WHERE name = 'is_open'), 0) "
    "THEN max(ifnull((SELECT value FROM meta WHERE name = 'repeated_up_to'), 0), (SELECT ifnull(max(id), 0) FROM "
    "outbox)) ELSE ifnull((SELECT value FROM meta WHERE name = 'repeated_up_to'), 0) END)";

/* A report belongs to the project of its event. */
static const char copy_log[] =
    "INSERT INTO log(id, kept_ms, finished_ms, history, webhook, project, label, event, type, delivery, format, "
    "is_test, repeated, outcome, reason, attempts, http_status, retry_after_s, next_attempt_ms, queued_ms, dns_ms, "
    "connect_ms, tls_ms, wait_ms, total_ms, truncated, size, event_use, address, detail, request, headers, body) "
    "SELECT l.id, min(l.finished_ms, helmdesk_now()), l.finished_ms, l.webhook, l.webhook, ifnull(p.key, l.project), "
    "l.label, l.event, l.type, l.delivery, l.format, l.is_test, l.repeated, l.outcome, l.reason, l.attempts, "
    "l.http_status, l.retry_after_s, l.next_attempt_ms, l.queued_ms, l.dns_ms, l.connect_ms, l.tls_ms, l.wait_ms, "
    "l.total_ms, l.truncated, 400 + length(l.headers) + length(l.body) + ifnull(length(e.body), 0), 2, l.address, "
    "l.detail, x'', l.headers, l.body FROM old_log l LEFT JOIN old_event e ON e.id = l.event "
    "LEFT JOIN project p ON p.name = e.project ORDER BY l.id";

static const char drop_old[] =
    "DROP TABLE old_project; DROP TABLE old_label; DROP TABLE old_webhook; DROP TABLE old_event; DROP TABLE "
    "old_outbox; DROP TABLE old_log; DROP TABLE meta";

/* ---- What statements need ---- */

struct migration {
    struct hd__sqlite *store;
    struct hd__store_time now;
};

static void tell_now(sqlite3_context *context, int count, sqlite3_value **values) {
    const struct migration *migration = sqlite3_user_data(context);
    (void)count, (void)values;
    sqlite3_result_int64(context, migration->now.ms);
}

/* Events had numbers: milliseconds, and 20 bits more, which all stand in the UUID, so that no two are the same. */
static void make_uuid(sqlite3_context *context, int count, sqlite3_value **values) {
    unsigned char id[HD__STORE_ID_SIZE];
    uint64_t number = (uint64_t)sqlite3_value_int64(values[0]), ms = number >> 20;
    uint64_t mixed = number * 0x9E3779B97F4A7C15U;
    (void)count;
    mixed ^= mixed >> 32;
    mixed *= 0xD6E8FEB86659FD93U;
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(ms >> (40 - 8 * i));
    id[6] = (unsigned char)(0x70 | (number >> 16 & 0x0F));
    id[7] = (unsigned char)(number >> 8);
    id[8] = (unsigned char)(0x80 | (number & 0x3F));
    id[9] = (unsigned char)((number >> 6 & 0x03) | (mixed >> 48 & 0xFC));
    for (int i = 10; i < HD__STORE_ID_SIZE; i++)
        id[i] = (unsigned char)(mixed >> (8 * (i - 10)));
    sqlite3_result_blob(context, id, sizeof id, SQLITE_TRANSIENT);
}

static int give_functions(struct migration *migration) {
    sqlite3 *main = migration->store->main;
    int code = sqlite3_create_function_v2(main, "helmdesk_now", 0, SQLITE_UTF8, migration, tell_now, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(main, "helmdesk_uuid", 1, SQLITE_UTF8, NULL, make_uuid, NULL, NULL, NULL);
    return code;
}

/* ---- Steps ---- */

static int run(struct hd__sqlite *store, const char *text) {
    return sqlite3_exec(store->main, text, NULL, NULL, NULL);
}

static int read_version(struct hd__sqlite *store, int *version) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->main, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Some builds of SQLite know nothing of JSON: there older events are not found by their texts. */
static int copy_events(struct hd__sqlite *store) {
    int knows_json = run(store, "SELECT json_valid('1')") == SQLITE_OK;
    return run(store, knows_json ? COPY_EVENTS(SEARCH) : COPY_EVENTS("''"));
}

static int copy_all(struct hd__sqlite *store, int version) {
    int code = SQLITE_OK;
    for (; version < 3 && code == SQLITE_OK; version++)
        code = run(store, small_steps[version - 1]);
    if (code == SQLITE_OK)
        code = run(store, set_aside);
    if (code == SQLITE_OK)
        code = run(store, hd__sqlite_tables);
    if (code == SQLITE_OK)
        code = copy_events(store);
    if (code == SQLITE_OK)
        code = run(store, copy_webhooks);
    if (code == SQLITE_OK)
        code = run(store, copy_outbox);
    if (code == SQLITE_OK)
        code = run(store, copy_log);
    return code == SQLITE_OK ? run(store, drop_old) : code;
}

static int write_state(struct hd__sqlite *store, const struct hd__store_time *now) {
    char text[1024];
    sqlite3_snprintf(
        sizeof text, text,
        "INSERT INTO state SELECT 1, 1 + max((SELECT ifnull(max(id), 0) FROM outbox), (SELECT max(repeated_up_to) FROM "
        "shard)), (SELECT ifnull(max(key), 0) + 1 FROM event), (SELECT ifnull(max(id), 0) + 1 FROM log), 1, (SELECT "
        "count(*) FROM outbox), 0, (SELECT ifnull(sum(size), 0) FROM log), (SELECT ifnull(max(change), 0) FROM "
        "webhook), "
        "0, 0, 0, %lld, %lld, %lld, %lld",
        (long long)now->ms, (long long)now->monotonic_us, (long long)now->wall_ms, (long long)now->boot);
    return run(store, text);
}

/* ---- From version 4 to 5, and to 6 ---- */

/* There were no rules of webhooks, and how they do was not kept. What is discarded does not count as waiting. */
static const char add_columns[] =
    "ALTER TABLE webhook ADD COLUMN pause_failures INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE webhook ADD COLUMN pause_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN reason INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN is_failing INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN told INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lane ADD COLUMN alerted_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE state ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;"
    "UPDATE state SET discarded = (SELECT ifnull(max(discarded_up_to), 0) FROM webhook), waiting = (SELECT count(*) "
    "FROM outbox o CROSS JOIN webhook w ON w.key = o.webhook WHERE o.id > w.discarded_up_to)";

/* Messages were not searched. The index is filled in the course of time. Type 3 is HD_MESSAGE_RECEIVED. */
static const char add_messages[] =
    "UPDATE event SET search = search || char(31) || ifnull(json_extract(CAST(body AS TEXT), '$.data.message.body'), "
    "'') WHERE type = 3 AND json_valid(CAST(body AS TEXT))";

static int add_search(struct hd__sqlite *store) {
    int knows_json = run(store, "SELECT json_valid('1')") == SQLITE_OK;
    int code = run(store, hd__sqlite_search);
    return code == SQLITE_OK && knows_json ? run(store, add_messages) : code;
}

static int write_version(struct hd__sqlite *store) {
    char text[64];
    sqlite3_snprintf(sizeof text, text, "PRAGMA user_version = %d", HD__SQLITE_VERSION);
    return run(store, text);
}

/* ---- All of it ---- */

/* The tables of now but for consumers, from a version before 4 or from nothing. */
static int make_tables(struct migration *migration, int version) {
    struct hd__sqlite *store = migration->store;
    int code = version > 0 ? copy_all(store, version) : run(store, hd__sqlite_tables);
    if (code == SQLITE_OK)
        code = run(store, hd__sqlite_indexes);
    return code == SQLITE_OK ? write_state(store, &migration->now) : code;
}

static int change_all(struct migration *migration, int *version) {
    struct hd__sqlite *store = migration->store;
    int code = read_version(store, version); /* another process may have done it meanwhile */
    if (code != SQLITE_OK || *version >= HD__SQLITE_VERSION)
        return code;
    code = *version < 4 ? make_tables(migration, *version) : run(store, add_columns);
    if (code == SQLITE_OK && *version < 5)
        code = run(store, hd__sqlite_consumers);
    if (code == SQLITE_OK)
        code = run(store, hd__sqlite_jobs);
    if (code == SQLITE_OK)
        code = run(store, hd__sqlite_changes);
    if (code == SQLITE_OK)
        code = add_search(store);
    if (code == SQLITE_OK)
        code = write_version(store);
    if (code == SQLITE_OK)
        *version = HD__SQLITE_VERSION;
    return code;
}

/* A process with 0.1.0 has a record lock on this file as long as it has the store. */
static int keep_old_ones_out(struct hd__sqlite *store, int *file) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = hd__sqlite_path(store, "lock");
    if (!path)
        return HD_E_NO_MEMORY;
    *file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int is_busy = *file >= 0 && fcntl(*file, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN);
    free(path);
    return is_busy
               ? hd__sqlite_say(store, HD_E_STORE_BUSY, "a process with an older version of the library has it open")
               : HD_OK;
}

static int migrate(struct migration *migration) {
    struct hd__sqlite *store = migration->store;
    int version = 0, code = run(store, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = give_functions(migration);
    if (code == SQLITE_OK)
        code = change_all(migration, &version);
    if (code == SQLITE_OK)
        code = run(store, "COMMIT");
    int status = hd__sqlite_status(store, store->main, code);
    if (!sqlite3_get_autocommit(store->main))
        (void)run(store, "ROLLBACK");
    if (status == HD_OK && version > HD__SQLITE_VERSION)
        status = hd__sqlite_say(store, HD_E_STORE_VERSION, "helmdesk.db: a newer version of the library made it");
    return status;
}

int hd__sqlite_migrate(struct hd__sqlite *store) {
    struct migration migration = {store, hd__store_time_begin(store->clock, store->self.boot)};
    int version = 0, file = -1, code = read_version(store, &version);
    if (code != SQLITE_OK || version == HD__SQLITE_VERSION)
        return hd__sqlite_status(store, store->main, code);
    int status = version > 0 ? keep_old_ones_out(store, &file) : HD_OK;
    if (status == HD_OK)
        status = migrate(&migration);
    if (file >= 0)
        close(file);
    return status;
}

int hd__sqlite_check_version(struct hd__sqlite *store, int may_be_older) {
    int version = 0;
    int code = read_version(store, &version);
    if (code != SQLITE_OK)
        return hd__sqlite_status(store, store->main, code);
    if (version == 0)
        return may_be_older ? HD_OK : hd__sqlite_say(store, HD_E_STORE_MISSING, "helmdesk.db: it has no tables yet");
    if (version == HD__SQLITE_VERSION || (version < HD__SQLITE_VERSION && may_be_older))
        return HD_OK;
    return hd__sqlite_say(store, HD_E_STORE_VERSION,
                          version < HD__SQLITE_VERSION ? "helmdesk.db: an older version of the library made it"
                                                       : "helmdesk.db: a newer version of the library made it");
}
