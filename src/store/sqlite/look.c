/* Reports to the client's listener what other clients have changed. */
#include "store/sqlite/sqlite.h"

/* ---- What the listener does not know ---- */

int hd__sqlite_has_news(const struct hd__sqlite *store) {
    return store->state.change != store->known_change || store->state.next_row != store->known_row || store->gained;
}

/* Of a webhook: the row, and the smallest due, which is that of tests if there are any. */
static void tell_row(const struct hd__sqlite *store, sqlite3_stmt *row) {
    store->listener.arrived(store->listener.user, hd__sql_get_int(row, 0), hd__sql_get_int(row, 1),
                            hd__sql_get_int(row, 2) == HD__DUE_TEST);
}

/* Where something waits, webhook by webhook, in the shards that were gained. */
static int tell_gained(struct hd__sqlite *store) {
    int64_t webhook = 0;
    int code = SQLITE_OK, found = 1;
    while (found && code == SQLITE_OK) {
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEXT_WAITING);
        hd__sql_int(statement, 1, webhook);
        code = hd__sql_next(statement);
        found = code == SQLITE_ROW;
        if (found) {
            webhook = hd__sql_get_int(statement, 0);
            if (store->gained & HD__SHARD_BIT(webhook))
                tell_row(store, statement);
        }
        code = hd__sql_end(statement, code);
    }
    return code;
}

/* Rows that other clients have added. For shards that were gained, everything was reported already. */
static int tell_arrived(struct hd__sqlite *store, int64_t first_own, int64_t end_own) {
    uint64_t shards = store->owned & ~store->gained;
    if (!shards || (store->known_row >= first_own && store->state.next_row <= end_own))
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_NEW_WAITING);
    int code;
    hd__sql_int(statement, 1, store->known_row);
    hd__sql_int(statement, 2, store->state.next_row - 1);
    hd__sql_int(statement, 3, first_own);
    hd__sql_int(statement, 4, end_own - 1);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW)
        if (shards & HD__SHARD_BIT(hd__sql_get_int(statement, 0)))
            tell_row(store, statement);
    return hd__sql_end(statement, code);
}

static int tell_all_of_gained(struct hd__sqlite *store) {
    int code = store->is_joining ? SQLITE_OK : hd__sqlite_tell_webhooks(store, HD__TELL_REMOVED);
    if (code == SQLITE_OK)
        code = hd__sqlite_tell_lanes(store);
    return code == SQLITE_OK ? tell_gained(store) : code;
}

int hd__sqlite_tell_news(struct hd__sqlite *store, int64_t first_own, int64_t end_own) {
    int code = SQLITE_OK;
    if (store->state.change != store->known_change)
        code = hd__sqlite_tell_webhooks(store, HD__TELL_CHANGED);
    if (code == SQLITE_OK && store->gained)
        code = tell_all_of_gained(store);
    if (code == SQLITE_OK && store->state.next_row != store->known_row)
        code = tell_arrived(store, first_own, end_own);
    if (code != SQLITE_OK)
        return code;
    store->known_change = store->state.change;
    store->known_row = store->state.next_row;
    store->gained = 0;
    return SQLITE_OK;
}

/* ---- Looking ---- */

static int take_work(struct hd__sqlite *store, void *argument) {
    int code = hd__sqlite_ensure_client(store);
    (void)argument;
    return code == SQLITE_OK && store->role == HD__ROLE_DELIVER ? hd__sqlite_take_shards(store) : code;
}

static int read_news(struct hd__sqlite *store) {
    int code = hd__sqlite_read_begin(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_tell_news(store, 0, 0);
    hd__sqlite_read_end(store);
    return hd__sqlite_status(store, store->main, code);
}

static int look(struct hd__sqlite *store) {
    struct hd__sqlite_commits commits;
    hd__sqlite_see_commits(store, &commits);
    if (!hd__sqlite_has_commits(&store->known, &commits) && !hd__sqlite_has_news(store) &&
        !hd__sqlite_wants_shards(store))
        return HD_OK;
    int status = read_news(store);
    if (status == HD_OK && hd__sqlite_wants_shards(store)) {
        status = hd__sqlite_write(store, take_work, NULL, NULL);
        if (status == HD_OK)
            status = read_news(store);
    }
    if (status == HD_OK)
        store->known = commits;
    return status;
}

int hd__sqlite_look(struct hd_store *base, struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_enter(store);
    status = store->role < 0 ? HD_E_CLOSED : look(store);
    if (status == HD_OK)
        hd__sqlite_fill_state(store, state);
    hd__sqlite_leave(store);
    return status;
}
