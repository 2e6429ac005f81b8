/* How far the consumers of the log have come, by their names. */
#include "store/sqlite/sqlite.h"

struct moving {
    const char *name;
    int64_t place;
};

/* ---- The place ---- */

static void take_place(struct hd__sqlite *store, sqlite3_stmt *row, void *into) {
    (void)store;
    *(int64_t *)into = hd__sql_get_int(row, 0);
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
    int status =
        hd__sqlite_read_row(store, "SELECT place FROM consumer WHERE name = ?1", name, take_place, &moving.place);
    if (status == HD_E_NOT_FOUND)
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

struct ends {
    int64_t *deleted, *newest;
};

static void take_ends(struct hd__sqlite *store, sqlite3_stmt *row, void *into) {
    const struct ends *ends = into;
    (void)store;
    *ends->deleted = hd__sql_get_int(row, 0);
    *ends->newest = hd__sql_get_int(row, 1);
}

/* The oldest are deleted first, and numbers have no gap: what is before the first is deleted. */
int hd__sqlite_ends(struct hd_store *base, int64_t *deleted, int64_t *newest) {
    struct ends ends = {deleted, newest};
    *deleted = *newest = 0;
    int status = hd__sqlite_read_row((struct hd__sqlite *)base,
                                     "SELECT ifnull((SELECT min(id) FROM log), next_log) - 1, next_log - 1 FROM state",
                                     NULL, take_ends, &ends);
    return status == HD_E_NOT_FOUND ? HD_OK : status;
}
