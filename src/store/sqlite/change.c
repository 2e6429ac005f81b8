/* The record of changes: its entries are written in the transactions of the changes. */
#include "store/sqlite/sqlite.h"

/* In the order of tell_one(). */
#define CHANGE "SELECT id, at_ms, action, who, project, webhook, name, object, count, fields FROM change WHERE id < ?3 "
#define NEWEST "ORDER BY id DESC LIMIT ?4"

/* ---- Writing ---- */

/* The newest of each webhook, of each project, and of all. */
static int cut(struct hd__sqlite *store, int64_t id, const char *webhook_id) {
    int code = SQLITE_OK;
    sqlite3_stmt *statement;
    if (*webhook_id) {
        statement = hd__sql(store, HD__SQL_CUT_WEBHOOK_CHANGES);
        hd__sql_text(statement, 1, webhook_id);
        hd__sql_int(statement, 2, HD__CHANGES_OF_WEBHOOK);
        code = hd__sql_run(statement);
    }
    if (code == SQLITE_OK) {
        statement = hd__sql(store, HD__SQL_CUT_PROJECT_CHANGES);
        hd__sql_int(statement, 1, id);
        hd__sql_int(statement, 2, HD__CHANGES_OF_PROJECT);
        code = hd__sql_run(statement);
    }
    if (code == SQLITE_OK) {
        statement = hd__sql(store, HD__SQL_CUT_CHANGES);
        hd__sql_int(statement, 1, id - HD__CHANGES_KEPT);
        code = hd__sql_run(statement);
    }
    return code;
}

int hd__sqlite_write_change(struct hd__sqlite *store, const struct hd__stored_change *change, int is_as_stored) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_CHANGE);
    hd__sql_int(statement, 1, change->at_ms);
    hd__sql_int(statement, 2, change->action - HD__SQL_CHANGE);
    hd__sql_text(statement, 3, change->by);
    hd__sql_text(statement, 4, change->project);
    hd__sql_text(statement, 5, change->webhook_id);
    hd__sql_text(statement, 6, change->webhook_name);
    hd__sql_text(statement, 7, change->object);
    hd__sql_int(statement, 8, (int64_t)change->count);
    hd__sql_bytes(statement, 9, change->fields_len ? change->fields : "", change->fields_len);
    hd__sql_int(statement, 10, is_as_stored);
    int code = hd__sql_run(statement);
    return code == SQLITE_OK ? cut(store, sqlite3_last_insert_rowid(store->main), change->webhook_id) : code;
}

static int add_work(struct hd__sqlite *store, void *argument) {
    return hd__sqlite_write_change(store, argument, 0);
}

int hd__sqlite_add_change(struct hd_store *base, const struct hd__stored_change *change) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct hd__stored_change copy = *change;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    status = !store->is_writer || store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                                               : hd__sqlite_write(store, add_work, &copy, NULL);
    pthread_mutex_unlock(&store->writing);
    return status;
}

/* ---- Reading ---- */

static void tell_one(sqlite3_stmt *row, void (*tell)(void *user, const struct hd__stored_change *change), void *user) {
    struct hd__bytes fields = hd__sql_get_bytes(row, 9);
    const struct hd__stored_change change = {
        .id = hd__sql_get_int(row, 0),
        .at_ms = hd__sql_get_int(row, 1),
        .action = HD__SQL_CHANGE + (int)hd__sql_get_int(row, 2),
        .by = hd__sql_get_text(row, 3),
        .project = hd__sql_get_text(row, 4),
        .webhook_id = hd__sql_get_text(row, 5),
        .webhook_name = hd__sql_get_text(row, 6),
        .object = hd__sql_get_text(row, 7),
        .count = (uint64_t)hd__sql_get_int(row, 8),
        .fields = fields.data,
        .fields_len = fields.len,
    };
    tell(user, &change);
}

static int prepare(sqlite3 *reader, const struct hd__change_search *search, sqlite3_stmt **statement) {
    const char *text = search->webhook_id ? CHANGE "AND webhook = ?2 AND (?1 IS NULL OR project = ?1) " NEWEST
                       : search->project  ? CHANGE "AND project = ?1 AND ?2 IS NULL " NEWEST
                                          : CHANGE "AND ?1 IS NULL AND ?2 IS NULL " NEWEST;
    int code = sqlite3_prepare_v2(reader, text, -1, statement, NULL);
    if (code != SQLITE_OK)
        return code;
    if (search->project)
        hd__sql_text(*statement, 1, search->project);
    if (search->webhook_id)
        hd__sql_text(*statement, 2, search->webhook_id);
    hd__sql_int(*statement, 3, search->before_id ? search->before_id : INT64_MAX);
    hd__sql_int(*statement, 4, (int64_t)search->max);
    return SQLITE_OK;
}

int hd__sqlite_find_changes(struct hd_store *base, const struct hd__change_search *search,
                            void (*tell)(void *user, const struct hd__stored_change *change), void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    sqlite3_stmt *statement = NULL;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int code = prepare(reader, search, &statement);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        tell_one(statement, tell, user);
        code = SQLITE_OK;
    }
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status;
}
