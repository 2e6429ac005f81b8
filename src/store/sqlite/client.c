/* Clients: which have joined, with which lease, and which step of each was the last one written. */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#define LEASE_MS 30000
#define SAFE_US ((int64_t)24 * 1000000)           /* the rest is for what begins then, and for clocks */
#define RENEW_US ((int64_t)10 * 1000000)          /* a disk may stall for as long after that */
#define REMEMBERED_MS ((int64_t)24 * 3600 * 1000) /* how long the last step of one that is gone is known */
#define GONE_MAX 64                               /* clients that are ended at once */

/* ---- Leases ---- */

int64_t hd__sqlite_now_us(const struct hd__sqlite *store) {
    return store->clock->monotonic_us(store->clock->self);
}

int hd__sqlite_needs_renewal(const struct hd__sqlite *store) {
    return store->client != 0 && hd__sqlite_now_us(store) >= store->renewed_us + RENEW_US;
}

int64_t hd__sqlite_next_round_us(const struct hd__sqlite *store) {
    int64_t now_us = store->now.monotonic_us, other_ms = store->others_until_ms - store->now.ms;
    int64_t renewal_us = (store->client != 0 ? store->renewed_us : now_us) + RENEW_US;
    int64_t other_us = other_ms < LEASE_MS ? now_us + (other_ms + 1) * 1000 : INT64_MAX;
    return renewal_us < other_us ? renewal_us : other_us;
}

void hd__sqlite_note_renewal(struct hd__sqlite *store) {
    store->renewed_us = store->renewing_us;
    store->safe_until_us = store->renewing_us + SAFE_US;
}

int hd__sqlite_renew(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_RENEW_CLIENT);
    hd__sql_int(statement, 1, store->client);
    hd__sql_int(statement, 2, store->now.ms + LEASE_MS);
    store->renewing_us = store->now.monotonic_us;
    return hd__sql_run(statement);
}

static int add_client(struct hd__sqlite *store, int64_t id, uint64_t step) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_CLIENT);
    hd__sql_int(statement, 1, id);
    hd__sql_int(statement, 2, store->role);
    hd__sql_int(statement, 3, store->self.pid);
    hd__sql_int(statement, 4, store->self.began);
    hd__sql_text(statement, 5, store->self.place);
    hd__sql_int(statement, 6, store->now.ms + LEASE_MS);
    hd__sql_int(statement, 7, (int64_t)step);
    hd__sql_int(statement, 8, store->client);
    store->renewing_us = store->now.monotonic_us;
    return hd__sql_run(statement);
}

/* One that was fenced goes on under a new identity, and knows of its last step what it knew. */
int hd__sqlite_ensure_client(struct hd__sqlite *store) {
    uint64_t step = 0;
    if (store->client != 0 && !store->is_fenced)
        return SQLITE_OK;
    int code = store->client != 0 ? hd__sqlite_last_step(store, &step) : SQLITE_OK;
    if (code == SQLITE_OK)
        code = add_client(store, store->state.next_client, step);
    if (code != SQLITE_OK)
        return code;
    store->client = store->state.next_client++;
    store->is_fenced = 0;
    if (store->role == HD__ROLE_DELIVER)
        hd__shards_add_client(&store->shards, store->client);
    store->epoch = store->state.epoch += 1;
    return SQLITE_OK;
}

/* ---- Those that are gone ---- */

static int is_gone(const struct hd__sqlite *store, sqlite3_stmt *row) {
    return hd__sql_get_int(row, 4) < store->now.ms ||
           hd__process_is_gone(&store->self, hd__sql_get_int(row, 1), hd__sql_get_int(row, 2),
                               hd__sql_get_text(row, 3));
}

/* When its lease runs out; and of one that the kernel can be asked about, the process, and when it began. */
static int note_other(struct hd__sqlite *store, sqlite3_stmt *row) {
    int64_t until_ms = hd__sql_get_int(row, 4);
    if (until_ms < store->others_until_ms)
        store->others_until_ms = until_ms;
    if (strcmp(hd__sql_get_text(row, 3), store->self.place) != 0)
        return 1;
    return hd__sqlite_list_add(&store->others, hd__sql_get_int(row, 1)) &&
           hd__sqlite_list_add(&store->others, hd__sql_get_int(row, 2));
}

int hd__sqlite_is_other_gone(const struct hd__sqlite *store) {
    const struct hd__sqlite_list *others = &store->others;
    for (size_t i = 0; i + 1 < others->count; i += 2)
        if (hd__process_is_gone(&store->self, others->items[i], others->items[i + 1], store->self.place))
            return 1;
    return 0;
}

static int end_one(struct hd__sqlite *store, int64_t client) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_END_CLIENT);
    hd__sql_int(statement, 1, client);
    hd__sql_int(statement, 2, store->now.ms);
    hd__sql_int(statement, 3, 1);
    int code = hd__sql_run(statement);
    return code == SQLITE_OK ? hd__sqlite_free_shards(store, client, 0) : code;
}

static int drop_old(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_DROP_GONE);
    hd__sql_int(statement, 1, store->now.ms - REMEMBERED_MS);
    return hd__sql_run(statement);
}

int hd__sqlite_end_gone(struct hd__sqlite *store, int writes, int *found) {
    int64_t gone[GONE_MAX];
    int count = 0, code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_CLIENTS);
    hd__sql_int(statement, 1, store->client);
    store->others.count = 0;
    store->others_until_ms = INT64_MAX;
    while ((code = hd__sql_next(statement)) == SQLITE_ROW && count < GONE_MAX) {
        if (is_gone(store, statement)) {
            gone[count++] = hd__sql_get_int(statement, 0);
        } else if (!note_other(store, statement)) {
            code = SQLITE_NOMEM;
            break;
        }
    }
    code = hd__sql_end(statement, code);
    *found = count > 0;
    for (int i = 0; writes && i < count && code == SQLITE_OK; i++)
        code = end_one(store, gone[i]);
    if (writes && count > 0 && code == SQLITE_OK)
        code = drop_old(store);
    return writes && code == SQLITE_OK ? hd__sqlite_see_shards(store) : code;
}

/* ---- Steps ----
 *
 * The state row has the number of the last step, with the client whose step it was, so that a single client writes one
 * row less; it moves to the row of that client when another one makes a step. */

int hd__sqlite_last_step(struct hd__sqlite *store, uint64_t *number) {
    *number = (uint64_t)store->state.last_step;
    if (store->state.last_client == store->client)
        return SQLITE_OK;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_CLIENT);
    hd__sql_int(statement, 1, store->client);
    int code = hd__sql_next(statement);
    *number = code == SQLITE_ROW ? (uint64_t)hd__sql_get_int(statement, 1) : 0;
    return hd__sql_end(statement, code);
}

int hd__sqlite_note_step(struct hd__sqlite *store, uint64_t number) {
    int code = SQLITE_OK;
    if (store->state.last_client != store->client && store->state.last_client != 0) {
        sqlite3_stmt *statement = hd__sql(store, HD__SQL_SET_STEP);
        hd__sql_int(statement, 1, store->state.last_client);
        hd__sql_int(statement, 2, store->state.last_step);
        code = hd__sql_run(statement);
    }
    store->state.last_client = store->client;
    store->state.last_step = (int64_t)number;
    return code;
}

/* Which results were lost: their indexes. */
int hd__sqlite_note_lost(struct hd__sqlite *store, const struct hd__step *step) {
    size_t count = 0;
    uint32_t *indexes = NULL;
    for (size_t i = 0; i < step->result_count; i++)
        count += step->results[i].is_lost != 0;
    if (count == 0 && !store->has_lost)
        return SQLITE_OK;
    if (count > 0 && !(indexes = malloc(count * sizeof *indexes)))
        return SQLITE_NOMEM;
    for (size_t i = 0, at = 0; at < count; i++)
        if (step->results[i].is_lost)
            indexes[at++] = (uint32_t)i;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_SET_LOST);
    hd__sql_int(statement, 1, store->client);
    hd__sql_bytes(statement, 2, indexes, count * sizeof *indexes);
    int code = hd__sql_run(statement);
    free(indexes);
    store->has_lost = count > 0;
    return code;
}

int hd__sqlite_recall_lost(struct hd__sqlite *store, struct hd__step *step) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_CLIENT);
    hd__sql_int(statement, 1, store->client);
    int code = hd__sql_next(statement);
    struct hd__bytes lost = code == SQLITE_ROW ? hd__sql_get_bytes(statement, 2) : (struct hd__bytes){"", 0};
    for (size_t i = 0; i < step->result_count; i++)
        step->results[i].is_lost = 0;
    for (size_t at = 0; at + sizeof(uint32_t) <= lost.len; at += sizeof(uint32_t)) {
        uint32_t index;
        memcpy(&index, (const char *)lost.data + at, sizeof index);
        if (index < step->result_count)
            step->results[index].is_lost = 1;
    }
    return hd__sql_end(statement, code);
}
