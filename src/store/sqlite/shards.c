/* Who owns which shards, and that each client that delivers owns its part of them. */
#include "store/sqlite/sqlite.h"

#include <string.h>

static int64_t count_bits(uint64_t bits) {
    int64_t count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

static uint64_t lowest_bit(uint64_t bits) {
    return bits & (~bits + 1);
}

static int64_t share_of(const struct hd__sqlite *store) {
    return store->delivering > 0 ? (HD__SHARDS + store->delivering - 1) / store->delivering : HD__SHARDS;
}

/* What is more than its part goes to others. */
static void plan_leaving(struct hd__sqlite *store) {
    int64_t surplus = count_bits(store->owned) - share_of(store);
    store->leaving &= store->owned;
    while (count_bits(store->leaving) > (surplus > 0 ? surplus : 0))
        store->leaving &= store->leaving - 1;
    while (count_bits(store->leaving) < surplus)
        store->leaving |= lowest_bit(store->owned & ~store->leaving);
}

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

static int see_owners(struct hd__sqlite *store, uint64_t *owned, uint64_t *none) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_SHARDS);
    int code;
    *owned = *none = 0;
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        int shard = hd__shard_of(hd__sql_get_int(statement, 0));
        int64_t owner = hd__sql_get_int(statement, 1);
        if (owner == 0)
            *none |= HD__SHARD_BIT(shard);
        else if (owner == store->client)
            *owned |= HD__SHARD_BIT(shard);
        store->repeated_up_to[shard] = hd__sql_get_int(statement, 2);
    }
    return hd__sql_end(statement, code);
}

int hd__sqlite_see_shards(struct hd__sqlite *store) {
    uint64_t owned, none;
    if (store->epoch == store->state.epoch || store->role == HD__ROLE_READ)
        return SQLITE_OK;
    int code = see_own_row(store);
    if (code == SQLITE_OK)
        code = see_owners(store, &owned, &none);
    if (code == SQLITE_OK)
        code = hd__sql_ask(hd__sql(store, HD__SQL_COUNT_DELIVERING), &store->delivering);
    if (code != SQLITE_OK)
        return code;
    if (store->is_fenced)
        owned = 0;
    store->lost |= store->owned & ~owned;
    store->gained = (store->gained | (owned & ~store->owned)) & owned;
    store->owned = owned;
    store->kept_since &= owned;
    store->free = none;
    store->epoch = store->state.epoch;
    plan_leaving(store);
    return SQLITE_OK;
}

/* ---- Taking and leaving ---- */

int hd__sqlite_wants_shards(const struct hd__sqlite *store) {
    return store->is_fenced || (store->role == HD__ROLE_DELIVER && store->client != 0 && store->free &&
                                count_bits(store->owned) < share_of(store));
}

int hd__sqlite_take_shards(struct hd__sqlite *store) {
    int code = SQLITE_OK;
    int64_t wanted = share_of(store) - count_bits(store->owned);
    for (int64_t shard = 0; shard < HD__SHARDS && wanted > 0 && code == SQLITE_OK; shard++) {
        if (!(store->free & HD__SHARD_BIT(shard)))
            continue;
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_TAKE_SHARD);
        hd__sql_int(statement, 1, shard);
        hd__sql_int(statement, 2, store->client);
        code = hd__sql_run(statement);
        store->free &= ~HD__SHARD_BIT(shard);
        store->owned |= HD__SHARD_BIT(shard);
        store->gained |= HD__SHARD_BIT(shard);
        wanted--;
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
        store->free |= HD__SHARD_BIT(shard);
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
