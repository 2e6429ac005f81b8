/* How far the consumers of the log have come, by their names. */
#include "store/sqlite/sqlite.h"

struct moving {
    const char *name;
    int64_t place;
};

/* ---- The place ---- */

/* -1 for a name that is not known. */
static int read_place(struct hd__sqlite *store, const char *name, int64_t *place) {
    sqlite3_stmt *statement = NULL;
    int status;
    *place = -1;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int code = sqlite3_prepare_v2(reader, "SELECT place FROM consumer WHERE name = ?1", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        hd__sql_text(statement, 1, name);
        code = hd__sql_ask(statement, place);
    }
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status;
}

/* Another process may have added it meanwhile. */
static int add_work(struct hd__sqlite *store, void *argument) {
    struct moving *moving = argument;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_CONSUMER);
    hd__sql_text(statement, 1, moving->name);
    hd__sql_int(statement, 2, store->state.next_log - 1);
    int code = hd__sql_run(statement);
    if (code != SQLITE_OK)
        return code;
    statement = hd__sql(store, HD__SQL_FIND_CONSUMER);
    hd__sql_text(statement, 1, moving->name);
    return hd__sql_ask(statement, &moving->place);
}

static int move_work(struct hd__sqlite *store, void *argument) {
    const struct moving *moving = argument;
    sqlite3_stmt *statement =
        hd__sql(store, moving->place == HD__NO_PLACE ? HD__SQL_DROP_CONSUMER : HD__SQL_MOVE_CONSUMER);
    hd__sql_text(statement, 1, moving->name);
    if (moving->place != HD__NO_PLACE)
        hd__sql_int(statement, 2, moving->place);
    return hd__sql_run(statement);
}

/* A client that has left may still write how far it came. */
static int change(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument),
                  struct moving *moving) {
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    status = !store->is_writer || store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                                               : hd__sqlite_write(store, work, moving, NULL);
    pthread_mutex_unlock(&store->writing);
    return status;
}

int hd__sqlite_find_place(struct hd_store *base, const char *name, int64_t *place) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct moving moving = {.name = name};
    int status = read_place(store, name, &moving.place);
    if (status == HD_OK && moving.place < 0)
        status = change(store, add_work, &moving);
    if (status == HD_OK)
        *place = moving.place;
    return status;
}

int hd__sqlite_move_place(struct hd_store *base, const char *name, int64_t place) {
    struct moving moving = {name, place};
    return change((struct hd__sqlite *)base, move_work, &moving);
}

/* ---- The ends of the log ---- */

/* The oldest are deleted first, and numbers have no gap: what is before the first is deleted. */
int hd__sqlite_ends(struct hd_store *base, int64_t *deleted, int64_t *newest) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    sqlite3_stmt *statement = NULL;
    int status;
    *deleted = *newest = 0;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int code =
        sqlite3_prepare_v2(reader, "SELECT ifnull((SELECT min(id) FROM log), next_log) - 1, next_log - 1 FROM state",
                           -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *deleted = hd__sql_get_int(statement, 0);
        *newest = hd__sql_get_int(statement, 1);
    }
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status;
}
