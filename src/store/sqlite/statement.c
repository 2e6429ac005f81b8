#include "store/sqlite/facts.h"

#include <string.h>

/* What a claim reads of an outbox row and its event. */
#define CLAIMED                                                                                                        \
    "SELECT o.id, o.due, o.tries, o.delivery, o.repeated, e.id, e.type, e.accepted_ms, e.project, e.redelivery_of, "   \
    "e.search, e.body, e.key, e.rows FROM outbox o INDEXED BY outbox_lane CROSS JOIN event e ON e.key = o.event "      \
    "WHERE o.webhook = ?1 AND "

/* Reports, in the order of report.c: HD__REPORT_COLUMNS, and HD__REPORTS_AT_ONCE. */
#define ADD_REPORT                                                                                                     \
    "INSERT INTO log(id, kept_ms, finished_ms, history, webhook, project, label, event, type, delivery, format, "      \
    "is_test, repeated, outcome, reason, attempts, http_status, retry_after_s, next_attempt_ms, queued_ms, dns_ms, "   \
    "connect_ms, tls_ms, wait_ms, total_ms, truncated, size, event_use, address, detail, request, headers, body) "     \
    "VALUES"
#define REPORT "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define FOUR_REPORTS REPORT ", " REPORT ", " REPORT ", " REPORT

/* What a webhook is made of, in the order of webhooks.c. */
#define WEBHOOK                                                                                                        \
    "SELECT w.key, w.history, w.project, w.label, w.id, p.name, w.name, w.url, l.masked_url, w.secret, w.staged, "     \
    "w.previous, w.headers, w.events, w.format, w.mode, w.ordered, w.standard_headers, w.max_in_flight, "              \
    "w.max_attempts, w.retry_first_ms, w.retry_max_ms, w.version, w.change, w.removed, w.discarded_up_to, "            \
    "w.rate_count, w.rate_period_ms, w.rate_burst, w.client_certificate, w.pause_failures, w.pause_ms "                \
    "FROM webhook w CROSS JOIN project p ON p.key = w.project CROSS JOIN label l ON l.key = w.label WHERE "
#define SOMETHING_WAITS "EXISTS(SELECT 1 FROM outbox o WHERE o.webhook = w.key)"

static const char *const texts[HD__SQL_COUNT] = {
    [HD__SQL_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [HD__SQL_BEGIN_READING] = "BEGIN",
    [HD__SQL_COMMIT] = "COMMIT",
    [HD__SQL_ROLLBACK] = "ROLLBACK",
    [HD__SQL_READ_STATE] = "SELECT next_row, next_event, next_log, next_client, waiting, discarded, log_bytes, change, "
                           "epoch, last_client, last_step, jobs, job_rows, now_ms, monotonic_us, wall_ms, boot FROM "
                           "state WHERE one = 1",
    [HD__SQL_WRITE_STATE] =
        "UPDATE state SET next_row = ?1, next_event = ?2, next_log = ?3, next_client = ?4, waiting = ?5, discarded = "
        "?6, log_bytes = ?7, change = ?8, epoch = ?9, last_client = ?10, last_step = ?11, jobs = ?12, job_rows = ?13, "
        "now_ms = ?14, monotonic_us = ?15, wall_ms = ?16, boot = ?17 WHERE one = 1",

    [HD__SQL_LIST_SHARDS] = "SELECT shard, owner, repeated_up_to FROM shard",
    [HD__SQL_TAKE_SHARD] = "UPDATE shard SET owner = ?2 WHERE shard = ?1 AND owner = 0",
    [HD__SQL_LEAVE_SHARD] = "UPDATE shard SET owner = 0 WHERE shard = ?1 AND owner = ?2",
    [HD__SQL_FREE_SHARDS] = "UPDATE shard SET owner = 0, repeated_up_to = max(repeated_up_to, ?2) WHERE owner = ?1",
    [HD__SQL_LIST_DELIVERING] = "SELECT id FROM client WHERE role = 0 ORDER BY id",
    [HD__SQL_ADD_CLIENT] = "INSERT INTO client(id, role, pid, began, place, until_ms, step, lost) "
                           "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT lost FROM client WHERE id = ?8))",
    [HD__SQL_FIND_CLIENT] = "SELECT role, step, lost FROM client WHERE id = ?1",
    [HD__SQL_LIST_CLIENTS] = "SELECT id, pid, began, place, until_ms FROM client WHERE id <> ?1 AND role <> 3",
    [HD__SQL_RENEW_CLIENT] = "UPDATE client SET until_ms = ?2 WHERE id = ?1",
    [HD__SQL_END_CLIENT] = "UPDATE client SET role = 3 WHERE id = ?1 AND role <> 3 AND (until_ms < ?2 OR ?3)",
    [HD__SQL_DROP_CLIENT] = "DELETE FROM client WHERE id = ?1",
    [HD__SQL_DROP_GONE] = "DELETE FROM client WHERE role = 3 AND until_ms < ?1",
    [HD__SQL_SET_STEP] = "UPDATE client SET step = ?2 WHERE id = ?1",
    [HD__SQL_SET_LOST] = "UPDATE client SET lost = ?2 WHERE id = ?1",

    [HD__SQL_FIND_WEBHOOK] = "SELECT w.key, p.name, w.version, w.discarded_up_to FROM webhook w "
                             "CROSS JOIN project p ON p.key = w.project WHERE w.id = ?1 AND w.removed = 0",
    [HD__SQL_HAS_WEBHOOK] =
        "SELECT 1 FROM webhook WHERE key = ?1 AND removed = 0 AND project = (SELECT key FROM project WHERE name = ?2)",
    [HD__SQL_ADD_WEBHOOK] =
        "INSERT INTO webhook(id, history, project, label, name, url, secret, staged, previous, headers, events, "
        "format, mode, ordered, standard_headers, max_in_flight, max_attempts, retry_first_ms, retry_max_ms, version, "
        "change, rate_count, rate_period_ms, rate_burst, client_certificate, pause_failures, pause_ms, removed, "
        "discarded_up_to) VALUES(?1, ?2, "
        "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, "
        "?26, ?27, 0, 0)",
    [HD__SQL_CHANGE_WEBHOOK] =
        "UPDATE webhook SET id = ?1, history = ?2, project = ?3, label = ?4, name = ?5, url = ?6, secret = ?7, staged "
        "= ?8, previous = ?9, headers = ?10, events = ?11, format = ?12, mode = ?13, ordered = ?14, standard_headers = "
        "?15, max_in_flight = ?16, max_attempts = ?17, retry_first_ms = ?18, retry_max_ms = ?19, version = ?20, "
        "change = ?21, rate_count = ?22, rate_period_ms = ?23, rate_burst = ?24, client_certificate = ?25, "
        "pause_failures = ?26, "
        "pause_ms = ?27 WHERE key = ?28",
    [HD__SQL_REMOVE_WEBHOOK] = "UPDATE webhook SET removed = 1, change = ?2 WHERE id = ?1 AND removed = 0",
    [HD__SQL_DISCARD] = "UPDATE webhook SET discarded_up_to = ?2, change = ?3 WHERE key = ?1",
    [HD__SQL_MAKE_DUE] = "UPDATE outbox SET due = ?2 + 1 WHERE webhook = ?1 AND due > ?2 + 1",
    [HD__SQL_DISCARDED_UP_TO] = "SELECT discarded_up_to FROM webhook WHERE key = ?1",
    [HD__SQL_COUNT_WAITING] =
        "SELECT count(*), ifnull(sum(due >= 0), 0) FROM outbox INDEXED BY outbox_lane WHERE webhook = ?1 AND id > ?2",
    [HD__SQL_CLEAR_WEBHOOKS] = "UPDATE webhook SET removed = 2, name = '', url = x'', secret = x'', staged = x'', "
                               "previous = x'', headers = x'', client_certificate = x'' WHERE removed = 1 AND "
                               "NOT EXISTS(SELECT 1 FROM outbox WHERE webhook = webhook.key)",
    [HD__SQL_CLEAR_LANES] = "DELETE FROM lane WHERE webhook IN (SELECT key FROM webhook WHERE removed = 2)",
    [HD__SQL_HAS_REMOVED] = "SELECT 1 FROM webhook w WHERE removed = 1 AND NOT " SOMETHING_WAITS " LIMIT 1",
    [HD__SQL_WHOLE_WEBHOOK] = WEBHOOK "w.id = ?1 AND w.removed = 0",
    [HD__SQL_ALL_WEBHOOKS] = WEBHOOK "w.removed = 0 OR (w.removed = 1 AND " SOMETHING_WAITS ") ORDER BY w.key",
    [HD__SQL_CHANGED_WEBHOOKS] = WEBHOOK "w.change > ?1 ORDER BY w.change",
    [HD__SQL_REMOVED_WEBHOOKS] = WEBHOOK "w.removed = 1 AND " SOMETHING_WAITS,
    [HD__SQL_FIND_PROJECT] = "SELECT key FROM project WHERE name = ?1",
    [HD__SQL_ADD_PROJECT] = "INSERT INTO project(name) VALUES(?1)",
    [HD__SQL_PUT_LABEL] =
        "INSERT INTO label(webhook_id, webhook_name, masked_url) VALUES(?1, ?2, ?3) "
        "ON CONFLICT(webhook_id, webhook_name, masked_url) DO UPDATE SET webhook_id = ?1 RETURNING key",
    [HD__SQL_PUT_HISTORY] = "INSERT INTO history(webhook_id, version) VALUES(?1, 1) "
                            "ON CONFLICT(webhook_id) DO UPDATE SET version = version + 1 RETURNING key, version",
    [HD__SQL_FEED] = "SELECT key, events FROM webhook INDEXED BY webhook_feed "
                     "WHERE project = ?1 AND mode <> 0 AND removed = 0 ORDER BY key",

    [HD__SQL_FIND_KEY] = "SELECT event, kept_ms FROM known_key WHERE project = ?1 AND key = ?2",
    [HD__SQL_ADD_KEY] = "INSERT OR REPLACE INTO known_key(project, key, event, kept_ms) VALUES(?1, ?2, ?3, ?4)",
    [HD__SQL_OLD_KEY] = "SELECT min(kept_ms) FROM known_key",
    [HD__SQL_DROP_KEYS] = "DELETE FROM known_key WHERE (project, key) IN (SELECT project, key FROM known_key "
                          "INDEXED BY known_key_time WHERE kept_ms < ?1 ORDER BY kept_ms LIMIT ?2)",

    [HD__SQL_ADD_EVENT] = "INSERT INTO event(key, id, type, accepted_ms, project, first_row, rows, redelivery_of, "
                          "search, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT(id) DO NOTHING",
    [HD__SQL_FIND_EVENT] = "SELECT key, type, length(body) / max(rows, 1), rows <> 1 OR redelivery_of IS NOT NULL "
                           "FROM event WHERE id = ?1",
    [HD__SQL_EVENT_ROWS] = "SELECT key, first_row, rows FROM event WHERE id = ?1",
    [HD__SQL_FORGET_EVENT] =
        "DELETE FROM event WHERE key = ?1 AND NOT EXISTS(SELECT 1 FROM log WHERE event = ?1 AND event_use = 2) AND NOT "
        "EXISTS(SELECT 1 FROM outbox o WHERE o.id BETWEEN first_row AND first_row + rows - 1 AND o.event = ?1)",
    [HD__SQL_DROP_EVENT] = "DELETE FROM event WHERE key = ?1",
    [HD__SQL_HAS_DELIVERY] = "SELECT 1 FROM log INDEXED BY log_delivery WHERE delivery = ?1 LIMIT 1",

    [HD__SQL_ADD_ROW] =
        "INSERT INTO outbox(id, webhook, due, event, delivery, tries, repeated) VALUES(?1, ?2, ?5, ?3, ?4, 0, 0)",
    [HD__SQL_END_ROW] = "DELETE FROM outbox WHERE id = ?1 AND webhook = ?2",
    [HD__SQL_RETRY_ROW] = "UPDATE outbox SET due = ?3, tries = ?4 WHERE id = ?1 AND webhook = ?2",
    [HD__SQL_RELEASE_ROW] = "UPDATE outbox SET repeated = 1 WHERE id = ?1 AND webhook = ?2",
    [HD__SQL_ROWS_OF_EVENT] = "SELECT id, webhook, delivery FROM outbox WHERE id BETWEEN ?1 AND ?2 AND event = ?3 "
                              "ORDER BY id",
    [HD__SQL_NEXT_WAITING] = "SELECT webhook, id, due FROM outbox INDEXED BY outbox_lane WHERE webhook > ?1 "
                             "ORDER BY webhook, due, id LIMIT 1",
    [HD__SQL_NEW_WAITING] = "SELECT webhook, min(id), min(due) FROM outbox NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND "
                            "id NOT BETWEEN ?3 AND "
                            "?4 GROUP BY webhook",
    /* Tried ones are due from 1 on, so that the index skips all that is new. Those of due 1 stay in the memory of the
       owner, who has got as far as them: other clients find them from the beginning. */
    [HD__SQL_CLAIM_TRIED] =
        CLAIMED "(o.due, o.id) > (?2, ?3) AND o.due <= ?4 AND (o.due > 1 OR o.id > ?5) ORDER BY o.due, o.id LIMIT ?6",
    [HD__SQL_CLAIM_AT_ONCE] = CLAIMED "o.due = ?4 AND o.id > ?2 ORDER BY o.id LIMIT ?3",
    [HD__SQL_NEXT_DUE] = "SELECT due FROM outbox WHERE webhook = ?1 AND due > ?2 ORDER BY due LIMIT 1",

    [HD__SQL_ADD_REPORT] = ADD_REPORT REPORT,
    [HD__SQL_ADD_REPORTS] = ADD_REPORT FOUR_REPORTS ", " FOUR_REPORTS ", " FOUR_REPORTS ", " FOUR_REPORTS,
    [HD__SQL_OLD_REPORTS] = "SELECT id, event, size, kept_ms, event_use FROM log ORDER BY id LIMIT ?1",
    [HD__SQL_FORGET_REPORT] = "DELETE FROM log WHERE id = ?1",
    [HD__SQL_OLDEST_REPORT] = "SELECT id FROM log ORDER BY id LIMIT 1",

    [HD__SQL_INDEX_ROWS] =
        "SELECT l.id, l.finished_ms, l.history, l.project, l.outcome, l.reason, l.delivery, l.detail, l.body, e.id, "
        "e.search, b.webhook_id, b.webhook_name, " HD__FACTS_COLUMNS
        " FROM log l NOT INDEXED LEFT JOIN label b ON b.key = l.label "
        "LEFT JOIN event e ON e.key = l.event WHERE l.id BETWEEN ?1 AND ?2 ORDER BY l.id",
    [HD__SQL_FIRST_BLOCK] = "SELECT number, units FROM search_block ORDER BY number LIMIT 1",
    [HD__SQL_LAST_BLOCK] = "SELECT number, units FROM search_block ORDER BY number DESC LIMIT 1",
    [HD__SQL_LIST_BLOCKS] =
        "SELECT number, earliest_ms, finished, facts FROM search_block WHERE number BETWEEN ?1 AND ?2 ORDER BY number",
    [HD__SQL_ADD_BLOCK] = "INSERT INTO search_block(number, units, earliest_ms, latest_ms, finished, facts) VALUES(?1, "
                          "?2, ?3, ?4, ?5, ?6)",
    [HD__SQL_DROP_BLOCKS] = "DELETE FROM search_block WHERE number BETWEEN ?1 AND ?2",
    [HD__SQL_NEXT_PART] = "SELECT id, postings FROM search_part WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [HD__SQL_ADD_PART] = "INSERT INTO search_part(id, postings) VALUES(?1, ?2)",
    [HD__SQL_DROP_PARTS] = "DELETE FROM search_part WHERE id BETWEEN ?1 AND ?2",

    [HD__SQL_ADD_CONSUMER] = "INSERT INTO consumer(name, place) VALUES(?1, ifnull((SELECT min(id) - 1 FROM log), ?2)) "
                             "ON CONFLICT(name) DO NOTHING",
    [HD__SQL_FIND_CONSUMER] = "SELECT place FROM consumer WHERE name = ?1",
    [HD__SQL_MOVE_CONSUMER] =
        "INSERT INTO consumer(name, place) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET place = "
        "?2 WHERE place < ?2",
    [HD__SQL_DROP_CONSUMER] = "DELETE FROM consumer WHERE name = ?1",

    [HD__SQL_ADD_JOB] =
        "INSERT INTO job(id, source, state, project, webhook_id, query, with_later, per_second, created_ms, ended_ms, "
        "place, last, due_ms, matching, webhooks, sent, delivered, failed, tests, removed, later, damaged, forgotten) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, 0, ?12, ?13, 0, 0, 0, 0, 0, 0, 0, 0)",
    [HD__SQL_FORGET_JOBS] = "DELETE FROM job WHERE key <= (SELECT max(key) FROM job) - ?1 AND state <> ?2",
    [HD__SQL_FIND_JOB] =
        "SELECT key, source, state, project, webhook_id, with_later, per_second, place, last, due_ms, matching, "
        "sent, delivered, failed, tests, removed, later, damaged, forgotten FROM job WHERE id = ?1",
    [HD__SQL_JOB_IN_THE_WAY] =
        "SELECT 1 FROM job WHERE state = ?1 AND id <> ?4 AND (project IS NULL OR ?2 IS NULL OR project = ?2) AND "
        "(webhook_id IS NULL OR ?3 IS NULL OR webhook_id = ?3) LIMIT 1",
    [HD__SQL_SET_JOB_STATE] = "UPDATE job SET state = ?2, ended_ms = ?3 WHERE key = ?1",
    [HD__SQL_MOVE_JOB] =
        "UPDATE job SET place = ?2, due_ms = ?3, sent = ?4, tests = ?5, removed = ?6, later = ?7, damaged = ?8, "
        "forgotten = ?9 WHERE key = ?1",
    [HD__SQL_READ_EVENT] = "SELECT type, project, search, body FROM event WHERE key = ?1",
    [HD__SQL_ADD_JOB_ROW] = "INSERT INTO job_row(row, job) VALUES(?1, ?2)",
    [HD__SQL_ADD_CHANGE] =
        "INSERT INTO change(at_ms, action, who, project, webhook, name, object, count, fields) VALUES(?1, ?2, ?3, "
        "ifnull((SELECT p.name FROM webhook w CROSS JOIN project p ON p.key = w.project WHERE w.id = ?5 AND w.removed "
        "= 0 AND ?10), ?4), ?5, ifnull((SELECT name FROM webhook WHERE id = ?5 AND removed = 0 AND ?10), ?6), ?7, ?8, "
        "?9)",
    [HD__SQL_CUT_WEBHOOK_CHANGES] = "DELETE FROM change WHERE webhook = ?1 AND id <= (SELECT id FROM change WHERE "
                                    "webhook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    [HD__SQL_CUT_PROJECT_CHANGES] =
        "DELETE FROM change WHERE project = (SELECT project FROM change WHERE id = ?1) AND id <= (SELECT id FROM "
        "change WHERE project = (SELECT project FROM change WHERE id = ?1) ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    [HD__SQL_CUT_CHANGES] = "DELETE FROM change WHERE id <= ?1",
    [HD__SQL_END_JOB_ROW] = "DELETE FROM job_row WHERE row = ?1 RETURNING job",
    [HD__SQL_COUNT_JOB_ROW] = "UPDATE job SET delivered = delivered + ?2, failed = failed + 1 - ?2 WHERE key = ?1",

    [HD__SQL_PUT_LANE] = "INSERT OR REPLACE INTO lane(webhook, state, until_ms, throttled_until_ms, " HD__SQL_HEALTH
                         ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [HD__SQL_DROP_LANE] = "DELETE FROM lane WHERE webhook = ?1",
    [HD__SQL_LIST_LANES] = "SELECT webhook, state, until_ms, throttled_until_ms, " HD__SQL_HEALTH " FROM lane",
};

sqlite3_stmt *hd__sql(struct hd__sqlite *store, int which) {
    sqlite3_stmt **statement = &store->statements[which];
    if (!*statement)
        sqlite3_prepare_v3(store->main, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    else
        sqlite3_reset(*statement);
    return *statement;
}

int hd__sql_next(sqlite3_stmt *statement) {
    return statement ? sqlite3_step(statement) : SQLITE_NOMEM;
}

int hd__sql_end(sqlite3_stmt *statement, int code) {
    sqlite3_reset(statement);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

int hd__sql_run(sqlite3_stmt *statement) {
    return hd__sql_end(statement, hd__sql_next(statement));
}

int hd__sql_ask(sqlite3_stmt *statement, int64_t *number) {
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    return hd__sql_end(statement, code);
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

void hd__sql_id(sqlite3_stmt *statement, int index, const unsigned char *id) {
    if (id)
        sqlite3_bind_blob(statement, index, id, HD__STORE_ID_SIZE, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

int64_t hd__sql_get_int(sqlite3_stmt *statement, int column) {
    return sqlite3_column_int64(statement, column);
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
