/* Which client owns which shards, and how each client that delivers gets its part of them. */
#include "store/sqlite/sqlite.h"

/* ---- Looking ---- */

static int see_own_row(struct hd__sqlite *store) {
    if (store->client == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_CLIENT);
    hd__sql_int(statement, 1, store->client);
    int code = hd__sql_next(statement);
    store->is_fenced = code == SQLITE_DONE || (code == SQLITE_ROW && hd__sql_get_int(statement, 0) == HD__SQLITE_GONE);
    return hd__sql_end(statement, code);
}

static int see_owners(struct hd__sqlite *store, struct hd__shards *shards) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_SHARDS);
    int code;
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        int shard = hd__shard_of(hd__sql_get_int(statement, 0));
        shards->owners[shard] = hd__sql_get_int(statement, 1);
        store->repeated_up_to[shard] = hd__sql_get_int(statement, 2);
    }
    return hd__sql_end(statement, code);
}

static int see_clients(struct hd__sqlite *store, struct hd__shards *shards) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_DELIVERING);
    int code;
    while ((code = hd__sql_next(statement)) == SQLITE_ROW)
        hd__shards_add_client(shards, hd__sql_get_int(statement, 0));
    return hd__sql_end(statement, code);
}

int hd__sqlite_see_shards(struct hd__sqlite *store) {
    struct hd__shards shards = {.client_count = 0};
    if (store->epoch == store->state.epoch || store->role == HD__ROLE_READ)
        return SQLITE_OK;
    int code = see_own_row(store);
    if (code == SQLITE_OK)
        code = see_owners(store, &shards);
    if (code == SQLITE_OK)
        code = see_clients(store, &shards);
    if (code != SQLITE_OK)
        return code;
    uint64_t owned = store->is_fenced ? 0 : hd__shards_owned(&shards, store->client);
    store->shards = shards;
    store->lost |= store->owned & ~owned;
    store->gained = (store->gained | (owned & ~store->owned)) & owned;
    store->owned = owned;
    store->kept_since &= owned;
    store->epoch = store->state.epoch;
    store->leaving = owned ? hd__shards_to_leave(&shards, store->client, store->leaving) : 0;
    return SQLITE_OK;
}

/* ---- Taking and leaving ---- */

static int is_owner(const struct hd__sqlite *store) {
    return store->role == HD__ROLE_DELIVER && store->client != 0;
}

int hd__sqlite_wants_shards(const struct hd__sqlite *store) {
    return store->is_fenced || (is_owner(store) && hd__shards_to_take(&store->shards, store->client));
}

int hd__sqlite_take_shards(struct hd__sqlite *store) {
    int code = SQLITE_OK;
    uint64_t wanted = hd__shards_to_take(&store->shards, store->client);
    for (int64_t shard = 0; shard < HD__SHARDS && code == SQLITE_OK; shard++) {
        if (!(wanted & HD__SHARD_BIT(shard)))
            continue;
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_TAKE_SHARD);
        hd__sql_int(statement, 1, shard);
        hd__sql_int(statement, 2, store->client);
        code = hd__sql_run(statement);
        store->shards.owners[shard] = store->client;
        store->owned |= HD__SHARD_BIT(shard);
        store->gained |= HD__SHARD_BIT(shard);
        store->epoch = store->state.epoch += 1;
    }
    return code;
}

int hd__sqlite_leave_shards(struct hd__sqlite *store, uint64_t shards) {
    int code = SQLITE_OK;
    for (int64_t shard = 0; shard < HD__SHARDS && code == SQLITE_OK; shard++) {
        if (!(shards & store->owned & HD__SHARD_BIT(shard)))
            continue;
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_LEAVE_SHARD);
        hd__sql_int(statement, 1, shard);
        hd__sql_int(statement, 2, store->client);
        code = hd__sql_run(statement);
        store->shards.owners[shard] = 0;
        store->owned &= ~HD__SHARD_BIT(shard);
        store->kept_since &= ~HD__SHARD_BIT(shard);
        store->gained &= ~HD__SHARD_BIT(shard);
        store->epoch = store->state.epoch += 1;
    }
    store->leaving &= store->owned;
    return code;
}

int hd__sqlite_free_shards(struct hd__sqlite *store, int64_t client, int is_clean) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FREE_SHARDS);
    hd__sql_int(statement, 1, client);
    hd__sql_int(statement, 2, is_clean ? 0 : store->state.next_row - 1);
    store->state.epoch++;
    return hd__sql_run(statement);
}
