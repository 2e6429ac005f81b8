/* All that is sealed, sealed again: in one transaction, and nothing of what it was before is left in the file. */
#include "store/sqlite/sqlite.h"

typedef int reseal_function(void *user, const char *id, const char *name, struct hd__bytes sealed,
                            struct hd__bytes *again);

struct resealing {
    reseal_function *reseal;
    void *user;
    int status; /* that the function returned, or HD_E_STORE_BUSY */
};

#define COLUMNS 6

/* As they are named when they are sealed. */
static const char *const columns[COLUMNS] = {"url", "secret", "staged", "previous", "headers", "client_certificate"};

#define NEXT                                                                                                           \
    "SELECT key, id, url, secret, staged, previous, headers, client_certificate FROM webhook WHERE key > ?1 "          \
    "ORDER BY key LIMIT 1"
#define CHANGE                                                                                                         \
    "UPDATE webhook SET url = ?2, secret = ?3, staged = ?4, previous = ?5, headers = ?6, client_certificate = ?7 "     \
    "WHERE key = ?1"

struct statements {
    sqlite3_stmt *next, *change;
};

/* What was never there stays so. A bound value is copied, since the next one is made in the same place. */
static int reseal_column(struct resealing *resealing, const struct statements *statements, int column) {
    struct hd__bytes sealed = hd__sql_get_bytes(statements->next, column + 2), again = sealed;
    if (sealed.len > 0)
        resealing->status =
            resealing->reseal(resealing->user, hd__sql_get_text(statements->next, 1), columns[column], sealed, &again);
    if (resealing->status != HD_OK)
        return SQLITE_ABORT;
    return sqlite3_bind_blob64(statements->change, column + 2, again.data ? again.data : "", again.len,
                               SQLITE_TRANSIENT);
}

static int reseal_row(struct resealing *resealing, const struct statements *statements, int64_t key) {
    int code = sqlite3_bind_int64(statements->change, 1, key);
    for (int i = 0; i < COLUMNS && code == SQLITE_OK; i++)
        code = reseal_column(resealing, statements, i);
    (void)sqlite3_reset(statements->next);
    return code == SQLITE_OK ? hd__sql_run(statements->change) : code;
}

static int reseal_rows(struct resealing *resealing, const struct statements *statements) {
    int64_t key = INT64_MIN;
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        hd__sql_int(statements->next, 1, key);
        code = hd__sql_next(statements->next);
        if (code != SQLITE_ROW)
            return hd__sql_end(statements->next, code);
        key = hd__sql_get_int(statements->next, 0);
        code = reseal_row(resealing, statements, key);
    }
    return code;
}

static int is_other_there(struct hd__sqlite *store, int *is_there) {
    int found;
    int code = hd__sqlite_end_gone(store, 1, &found);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_LIST_CLIENTS);
    hd__sql_int(statement, 1, store->client);
    if (code == SQLITE_OK)
        code = hd__sql_next(statement);
    *is_there = code == SQLITE_ROW;
    return hd__sql_end(statement, code);
}

static int reseal_all(struct hd__sqlite *store, void *argument) {
    struct resealing *resealing = argument;
    struct statements statements = {NULL, NULL};
    int is_busy = 0;
    resealing->status = HD_OK;
    int code = is_other_there(store, &is_busy);
    if (code == SQLITE_OK && is_busy) {
        resealing->status = HD_E_STORE_BUSY;
        return SQLITE_ABORT;
    }
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(store->main, NEXT, -1, &statements.next, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(store->main, CHANGE, -1, &statements.change, NULL);
    if (code == SQLITE_OK)
        code = reseal_rows(resealing, &statements);
    sqlite3_finalize(statements.next);
    sqlite3_finalize(statements.change);
    return code;
}

/* What is freed is overwritten from here on (sqlite.org/pragma.html#pragma_secure_delete); what was freed before goes
 * when the file is written anew, if there is room for that. */
static void clear_rest(struct hd__sqlite *store) {
    if (hd__lock_take(&store->lock, NULL) != 0)
        return;
    (void)sqlite3_exec(store->main, "VACUUM", NULL, NULL, NULL);
    hd__sqlite_checkpoint(store);
    hd__lock_drop(&store->lock);
}

int hd__sqlite_reseal(struct hd_store *base, reseal_function *reseal, void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct resealing resealing = {reseal, user, HD_OK};
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    int code = sqlite3_exec(store->main, "PRAGMA secure_delete = ON", NULL, NULL, NULL);
    status = hd__sqlite_status(store, store->main, code);
    if (status == HD_OK)
        status = hd__sqlite_write(store, reseal_all, &resealing, NULL);
    if (status == HD_OK)
        clear_rest(store);
    else if (resealing.status == HD_E_STORE_BUSY)
        (void)hd__sqlite_say(store, HD_E_STORE_BUSY, "another process has the store open: stop it first");
    else if (resealing.status != HD_OK)
        (void)hd__sqlite_say(store, resealing.status, "helmdesk.db: what is sealed in it cannot be read");
    pthread_mutex_unlock(&store->writing);
    return resealing.status != HD_OK ? resealing.status : status;
}
