/* What waits, asked by any thread. */
#include "store/sqlite/sqlite.h"

/* Of a webhook w: how many rows wait, and when the event of the first was accepted. */
#define COUNT_OF_KEY                                                                                                   \
    "SELECT count(*) FROM outbox INDEXED BY outbox_lane WHERE webhook = w.key AND id > w.discarded_up_to"
#define OLDEST_OF_KEY                                                                                                  \
    "ifnull((SELECT e.accepted_ms FROM outbox f CROSS JOIN event e ON e.key = f.event WHERE f.id = (SELECT min(id) "   \
    "FROM outbox INDEXED BY outbox_lane WHERE webhook = w.key AND id > w.discarded_up_to)), 0)"

/* What keeps it from being sent to, and how it does, in the order of take_lane_state(); without a lane, what is NULL is
 * read as 0. */
#define LANE                                                                                                           \
    "w.key, ifnull(l.state, 0), ifnull(l.until_ms, 0), ifnull(l.throttled_until_ms, 0), s.now_ms, s.monotonic_us, "    \
    "s.wall_ms, s.boot, " HD__SQL_HEALTH
#define FROM_LANES " FROM webhook w CROSS JOIN state s LEFT JOIN lane l ON l.webhook = w.key"

/* ---- Of one webhook ---- */

struct waiting {
    uint64_t *count;
    int64_t *oldest_ms;
};

static void take_waiting(struct hd__sqlite *store, sqlite3_stmt *row, void *into) {
    const struct waiting *waiting = into;
    (void)store;
    *waiting->count = (uint64_t)hd__sql_get_int(row, 0);
    *waiting->oldest_ms = hd__sql_get_int(row, 1);
}

int hd__sqlite_waiting(struct hd_store *base, const char *id, uint64_t *count, int64_t *oldest_ms) {
    struct waiting waiting = {count, oldest_ms};
    return hd__sqlite_read_row((struct hd__sqlite *)base,
                               "SELECT (" COUNT_OF_KEY "), (" OLDEST_OF_KEY
                               ") FROM webhook w WHERE w.id = ?1 AND w.removed = 0",
                               id, take_waiting, &waiting);
}

/* The store's clock, where no transaction has told it. */
static struct hd__store_time time_at(const struct hd__sqlite *store, sqlite3_stmt *row, int column) {
    struct hd__store_time time = {
        .ms = hd__sql_get_int(row, column),
        .monotonic_us = hd__sql_get_int(row, column + 1),
        .wall_ms = hd__sql_get_int(row, column + 2),
        .boot = hd__sql_get_int(row, column + 3),
    };
    hd__store_time_go_on(&time, store->clock, store->self.boot);
    return time;
}

static void take_lane_state(struct hd__sqlite *store, sqlite3_stmt *row, void *into) {
    int64_t now_ms = time_at(store, row, 4).ms;
    int64_t left_ms = hd__sql_get_int(row, 2) - now_ms, throttled_ms = hd__sql_get_int(row, 3) - now_ms;
    *(struct hd__lane_note *)into = (struct hd__lane_note){.webhook = hd__sql_get_int(row, 0),
                                                           .state = HD__SQL_STATE + (int)hd__sql_get_int(row, 1),
                                                           .left_ms = left_ms > 0 ? left_ms : 0,
                                                           .throttled_ms = throttled_ms > 0 ? throttled_ms : 0,
                                                           .health = hd__sqlite_health_at(row, 8)};
}

int hd__sqlite_lane_state(struct hd_store *base, const char *id, struct hd__lane_note *note) {
    return hd__sqlite_read_row((struct hd__sqlite *)base,
                               "SELECT " LANE FROM_LANES " WHERE w.id = ?1 AND w.removed = 0", id, take_lane_state,
                               note);
}

/* ---- Of all webhooks ---- */

static int ask_all(struct hd__sqlite *store, sqlite3 *reader,
                   void (*tell)(void *user, const struct hd__standing *standing), void *user) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        reader, "SELECT " LANE ", w.id, (" COUNT_OF_KEY "), (" OLDEST_OF_KEY ")" FROM_LANES " WHERE w.removed = 0", -1,
        &statement, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct hd__standing standing = {
            .id = hd__sql_get_text(statement, 14),
            .waiting = (uint64_t)hd__sql_get_int(statement, 15),
            .oldest_ms = hd__sql_get_int(statement, 16),
        };
        take_lane_state(store, statement, &standing.note);
        tell(user, &standing);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

/* It reads all of the outbox, and has the connection for what takes long. */
int hd__sqlite_survey(struct hd_store *base, void (*tell)(void *user, const struct hd__standing *standing),
                      void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->counter, &status);
    if (!reader)
        return status;
    status = hd__sqlite_status(store, reader, ask_all(store, reader, tell, user));
    hd__sqlite_drop_reader(&store->counter);
    return status;
}

/* ---- Of shards ---- */

/* Rows are only deleted, and new ones have larger numbers: what was looked through once is not looked through again. */
int hd__sqlite_is_left(struct hd_store *base, uint64_t shards, int64_t up_to_row, int *is_left) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    sqlite3_stmt *statement = NULL;
    int status;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int is_known = (shards & ~store->left_shards) == 0;
    int code = sqlite3_prepare_v2(
        reader,
        "SELECT id FROM outbox NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND (?3 >> (webhook & 63)) & 1 "
        "ORDER BY id LIMIT 1",
        -1, &statement, NULL);
    if (code == SQLITE_OK) {
        hd__sql_int(statement, 1, is_known ? store->left_from : 0);
        hd__sql_int(statement, 2, up_to_row);
        hd__sql_int(statement, 3, (int64_t)shards);
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        *is_left = code == SQLITE_ROW;
    if (code == SQLITE_ROW) { /* where nothing is left, something up to this row may come yet */
        int64_t first = hd__sql_get_int(statement, 0);
        store->left_from = is_known && shards != store->left_shards ? store->left_from : first;
        store->left_shards = is_known && shards != store->left_shards ? store->left_shards : shards;
    }
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status;
}
