/* The tables. */
#include "store/sqlite/sqlite.h"

const char hd__sqlite_tables[] =
    /* One row: see struct hd__sqlite_state. */
    "CREATE TABLE state(one INTEGER PRIMARY KEY, next_row INTEGER NOT NULL, next_event INTEGER NOT NULL,"
    "  next_log INTEGER NOT NULL, next_client INTEGER NOT NULL, waiting INTEGER NOT NULL,"
    "  discarded INTEGER NOT NULL, log_bytes INTEGER NOT NULL,"
    "  change INTEGER NOT NULL, epoch INTEGER NOT NULL, last_client INTEGER NOT NULL, last_step INTEGER NOT NULL,"
    "  now_ms INTEGER NOT NULL, monotonic_us INTEGER NOT NULL, wall_ms INTEGER NOT NULL, boot INTEGER NOT NULL);"
    /* role: HD__ROLE_..., or 3 for one that is gone. until_ms: its lease, by the store's clock. step, lost: the number
     * of the last step that was written (state has that of the last client), and which of its results were lost. */
    "CREATE TABLE client(id INTEGER PRIMARY KEY, role INTEGER NOT NULL, pid INTEGER NOT NULL, began INTEGER NOT NULL,"
    "  place TEXT NOT NULL, until_ms INTEGER NOT NULL, step INTEGER NOT NULL, lost BLOB);"
    /* owner: 0 for none. Rows up to repeated_up_to may have been delivered by one that did not end well. */
    "CREATE TABLE shard(shard INTEGER PRIMARY KEY, owner INTEGER NOT NULL, repeated_up_to INTEGER NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63)"
    "  INSERT INTO shard(shard, owner, repeated_up_to) SELECT i, 0, 0 FROM n;"
    "CREATE TABLE project(key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE label(key INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, webhook_name TEXT NOT NULL,"
    "  masked_url TEXT NOT NULL, UNIQUE(webhook_id, webhook_name, masked_url));"
    /* All that ever had an id. */
    "CREATE TABLE history(key INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL);"
    /* removed: 1 while something may wait for it, then 2. mode: 0 for off. */
    "CREATE TABLE webhook(key INTEGER PRIMARY KEY, id TEXT NOT NULL, history INTEGER NOT NULL, project INTEGER NOT "
    "NULL,"
    "  label INTEGER NOT NULL, events INTEGER NOT NULL, format INTEGER NOT NULL, mode INTEGER NOT NULL,"
    "  ordered INTEGER NOT NULL, standard_headers INTEGER NOT NULL, max_in_flight INTEGER NOT NULL,"
    "  max_attempts INTEGER NOT NULL, retry_first_ms INTEGER NOT NULL, retry_max_ms INTEGER NOT NULL,"
    "  rate_count INTEGER NOT NULL, rate_period_ms INTEGER NOT NULL, rate_burst INTEGER NOT NULL,"
    "  pause_failures INTEGER NOT NULL DEFAULT 0, pause_ms INTEGER NOT NULL DEFAULT 0,"
    "  version INTEGER NOT NULL, change INTEGER NOT NULL, removed INTEGER NOT NULL, discarded_up_to INTEGER NOT NULL,"
    "  name TEXT NOT NULL, url BLOB NOT NULL, secret BLOB NOT NULL, staged BLOB NOT NULL, previous BLOB NOT NULL,"
    "  headers BLOB NOT NULL, client_certificate BLOB NOT NULL);"
    /* What keeps webhooks from being sent to: the pause rule's state, and until when their receivers asked for
       patience; and how they do: see struct hd__health. */
    "CREATE TABLE lane(webhook INTEGER PRIMARY KEY, state INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
    "  throttled_until_ms INTEGER NOT NULL, failures INTEGER NOT NULL DEFAULT 0, reason INTEGER NOT NULL DEFAULT 0,"
    "  since_ms INTEGER NOT NULL DEFAULT 0, is_failing INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0,"
    "  alerted_ms INTEGER NOT NULL DEFAULT 0);"
    /* Its deliveries had the rows of the outbox from first_row on. */
    "CREATE TABLE event(key INTEGER PRIMARY KEY, id BLOB NOT NULL, type INTEGER NOT NULL, accepted_ms INTEGER NOT "
    "NULL,"
    "  project TEXT NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL, redelivery_of BLOB,"
    "  search TEXT NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE known_key(project INTEGER NOT NULL, key TEXT NOT NULL, event BLOB NOT NULL, kept_ms INTEGER NOT "
    "NULL,"
    "  PRIMARY KEY(project, key)) WITHOUT ROWID;"
    /* due: -1 for a test, 0 for what was not tried yet, 1 for what its owner keeps in memory, else a time by the
     * store's clock. */
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, webhook INTEGER NOT NULL, due INTEGER NOT NULL, event INTEGER NOT "
    "NULL,"
    "  delivery BLOB NOT NULL, tries INTEGER NOT NULL, repeated INTEGER NOT NULL);"
    /* kept_ms: when it was stored, by the store's clock. size: what it takes, roughly. event_use: HD__USE_... */
    "CREATE TABLE log(id INTEGER PRIMARY KEY, kept_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,"
    "  history INTEGER NOT NULL, webhook INTEGER NOT NULL, project INTEGER NOT NULL, label INTEGER NOT NULL,"
    "  event INTEGER NOT NULL, type INTEGER NOT NULL, delivery BLOB NOT NULL, format INTEGER NOT NULL,"
    "  is_test INTEGER NOT NULL, repeated INTEGER NOT NULL, outcome INTEGER NOT NULL, reason INTEGER NOT NULL,"
    "  attempts INTEGER NOT NULL, http_status INTEGER NOT NULL, retry_after_s INTEGER NOT NULL,"
    "  next_attempt_ms INTEGER NOT NULL, queued_ms INTEGER NOT NULL, dns_ms INTEGER NOT NULL,"
    "  connect_ms INTEGER NOT NULL, tls_ms INTEGER NOT NULL, wait_ms INTEGER NOT NULL, total_ms INTEGER NOT NULL,"
    "  truncated INTEGER NOT NULL, size INTEGER NOT NULL, event_use INTEGER NOT NULL, address TEXT NOT NULL, detail "
    "TEXT NOT NULL,"
    "  request BLOB NOT NULL, headers BLOB NOT NULL, body BLOB NOT NULL);";

const char hd__sqlite_indexes[] =
    "CREATE UNIQUE INDEX webhook_id ON webhook(id) WHERE removed = 0;"
    "CREATE INDEX webhook_feed ON webhook(project, key, events) WHERE mode <> 0 AND removed = 0;"
    "CREATE INDEX webhook_change ON webhook(change);"
    "CREATE INDEX webhook_removed ON webhook(key) WHERE removed = 1;"
    "CREATE UNIQUE INDEX event_id ON event(id);"
    "CREATE INDEX event_redelivery ON event(redelivery_of) WHERE redelivery_of IS NOT NULL;"
    "CREATE INDEX known_key_time ON known_key(kept_ms);"
    "CREATE INDEX outbox_lane ON outbox(webhook, due, id);"
    /* Each ends with the row's id, as every index does: the order of the log. Most reports are of what was delivered
     * (outcome 1), and those that are not are what people look for. */
    "CREATE INDEX log_time ON log(finished_ms);"
    "CREATE INDEX log_project ON log(project, finished_ms);"
    "CREATE INDEX log_webhook ON log(history, finished_ms);"
    "CREATE INDEX log_trouble ON log(outcome, finished_ms) WHERE outcome <> 1;"
    "CREATE INDEX log_webhook_trouble ON log(history, outcome, finished_ms) WHERE outcome <> 1;"
    "CREATE INDEX log_trouble_time ON log(finished_ms) WHERE outcome <> 1;"
    "CREATE INDEX log_delivery ON log(delivery);"
    "CREATE INDEX log_event ON log(event) WHERE event_use = 2;";

/* place: the number of the last report that the consumer is done with. */
const char hd__sqlite_consumers[] =
    "CREATE TABLE consumer(name TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;";

/* last: the last record or event that it will look at. due_ms: by the store's clock. A job's deliveries that have not
 * ended stand in job_row, by their rows of the outbox. */
const char hd__sqlite_jobs[] =
    "CREATE TABLE job(key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, source INTEGER NOT NULL, state INTEGER NOT "
    "NULL,"
    "  project TEXT, webhook_id TEXT, query TEXT NOT NULL, with_later INTEGER NOT NULL, per_second INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, place INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL, matching INTEGER NOT NULL, webhooks INTEGER NOT NULL, sent INTEGER NOT NULL,"
    "  delivered INTEGER NOT NULL, failed INTEGER NOT NULL, tests INTEGER NOT NULL, removed INTEGER NOT NULL,"
    "  later INTEGER NOT NULL, damaged INTEGER NOT NULL, forgotten INTEGER NOT NULL);"
    "CREATE TABLE job_row(row INTEGER PRIMARY KEY, job INTEGER NOT NULL);"
    "ALTER TABLE state ADD COLUMN jobs INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE state ADD COLUMN job_rows INTEGER NOT NULL DEFAULT 0;";

/* The index of texts: see index.h. finished: when each report of the block ended; facts: see facts.h. id:
 * HD__PART_KEY(). */
const char hd__sqlite_search[] =
    "CREATE TABLE search_block(number INTEGER PRIMARY KEY, units INTEGER NOT NULL, earliest_ms INTEGER NOT NULL,"
    "  latest_ms INTEGER NOT NULL, finished BLOB NOT NULL, facts BLOB NOT NULL);"
    "CREATE TABLE search_part(id INTEGER PRIMARY KEY, postings BLOB NOT NULL);";

/* The record of changes. fields: see struct hd__stored_change. */
const char hd__sqlite_changes[] =
    "CREATE TABLE change(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, action INTEGER NOT NULL, who TEXT NOT NULL,"
    "  project TEXT NOT NULL, webhook TEXT NOT NULL, name TEXT NOT NULL, object TEXT NOT NULL, count INTEGER NOT NULL,"
    "  fields BLOB NOT NULL);"
    "CREATE INDEX change_webhook ON change(webhook);"
    "CREATE INDEX change_project ON change(project);";
