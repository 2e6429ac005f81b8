/* Transactions of the main connection, and the lock around those that write. */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ROUNDS_MAX 40            /* of making room */
#define FILE_IS_GONE SQLITE_AUTH /* a code that nothing else here gives; what happened is said in words already */

_Static_assert(sizeof(struct hd__sqlite_state) == HD__SQLITE_STATE_FIELDS * sizeof(int64_t), "compared byte by byte");

/* ---- The state ---- */

int hd__sqlite_read_state(struct hd__sqlite *store) {
    int64_t *fields = (int64_t *)&store->state;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_READ_STATE);
    int code = hd__sql_next(statement);
    if (code == SQLITE_DONE)
        return SQLITE_CORRUPT;
    if (code == SQLITE_ROW)
        for (int i = 0; i < HD__SQLITE_STATE_FIELDS; i++)
            fields[i] = hd__sql_get_int(statement, i);
    code = hd__sql_end(statement, code);
    if (code != SQLITE_OK)
        return code;
    store->now = store->state.time;
    hd__store_time_go_on(&store->now, store->clock, store->self.boot);
    return hd__sqlite_see_shards(store);
}

int hd__sqlite_write_state(struct hd__sqlite *store) {
    const int64_t *fields = (const int64_t *)&store->state;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_WRITE_STATE);
    store->state.time = store->now;
    for (int i = 0; i < HD__SQLITE_STATE_FIELDS; i++)
        hd__sql_int(statement, i + 1, fields[i]);
    return hd__sql_run(statement);
}

/* ---- To read ---- */

/* One that could not be taken back for want of memory is taken back now, unless there is none still. What ROLLBACK says
 * does not count: it may fail and have ended the transaction. */
static int end_open(struct hd__sqlite *store) {
    if (!sqlite3_get_autocommit(store->main))
        hd__sql_run(hd__sql(store, HD__SQL_ROLLBACK));
    return sqlite3_get_autocommit(store->main) ? SQLITE_OK : SQLITE_NOMEM;
}

int hd__sqlite_begin(struct hd__sqlite *store, int which) {
    int code = end_open(store);
    return code == SQLITE_OK ? hd__sql_run(hd__sql(store, which)) : code;
}

int hd__sqlite_read_begin(struct hd__sqlite *store) {
    int code = hd__sqlite_begin(store, HD__SQL_BEGIN_READING);
    if (code == SQLITE_OK)
        code = hd__sqlite_read_state(store);
    if (code != SQLITE_OK)
        hd__sqlite_read_end(store);
    return code;
}

/* Never by a COMMIT: what is open may be one that wrote, and could not be taken back. */
void hd__sqlite_read_end(struct hd__sqlite *store) {
    (void)end_open(store);
}

/* ---- To write ---- */

/* What was taken back is not known any more. */
static void forget_all(struct hd__sqlite *store) {
    store->epoch = -1;
    store->known.is_known = 0;
    hd__sqlite_forget_known(store);
    store->feed.change = -1;
    store->has_lost = 1; /* so that it is written anew */
}

static int take_back(struct hd__sqlite *store, int code) {
    (void)end_open(store);
    if (code != SQLITE_OK)
        forget_all(store);
    return code;
}

/* Whether the file that is written is still the one that other clients open. */
static int check_file(struct hd__sqlite *store) {
    return hd__sqlite_check_file(store) == HD_OK ? SQLITE_OK : FILE_IS_GONE;
}

/* What a loss of power may undo is not synced (sqlite.org/pragma.html#pragma_synchronous). It takes nothing along that
 * was synced before, and is synced with what is synced after it. This cannot be changed within a transaction. */
static int begin_writing(struct hd__sqlite *store) {
    int code = end_open(store);
    if (code == SQLITE_OK && store->is_relaxed != store->may_be_undone)
        code = sqlite3_exec(store->main,
                            store->may_be_undone ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL,
                            NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    store->is_relaxed = store->may_be_undone;
    return hd__sqlite_begin(store, HD__SQL_BEGIN_WRITING);
}

/* A transaction that changed nothing costs no write; and one that leaves the state as it is, such as the renewal of a
 * lease, wakes nobody. */
static int write_once(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument), void *argument) {
    int before = sqlite3_total_changes(store->main);
    store->was_committing = 0;
    int code = begin_writing(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_read_state(store);
    const struct hd__sqlite_state state = store->state;
    if (code == SQLITE_OK)
        code = work(store, argument);
    store->is_news = memcmp(&store->state, &state, offsetof(struct hd__sqlite_state, time)) != 0;
    if (code != SQLITE_OK || sqlite3_total_changes(store->main) == before)
        return take_back(store, code);
    code = hd__sqlite_write_state(store);
    if (code == SQLITE_OK)
        code = check_file(store);
    if (code != SQLITE_OK)
        return take_back(store, code);
    store->was_committing = 1;
    code = hd__sql_run(hd__sql(store, HD__SQL_COMMIT));
    return take_back(store, code);
}

/* A little beyond the bounds, for what ends deliveries: that makes room. */
static int write_beyond(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument),
                        void *argument) {
    int code = hd__sqlite_apply_bound(store, 1);
    if (code == SQLITE_OK)
        code = write_once(store, work, argument);
    (void)hd__sqlite_apply_bound(store, 0);
    return code;
}

/* A full disk or a size limit is noticed before the last page of the WAL is written, and an interrupt before the first;
 * after any other failure of a COMMIT it is not known what was written. */
static int surely_undone(const struct hd__sqlite *store, int code) {
    return !store->was_committing || (code & 0xFF) == SQLITE_FULL || (code & 0xFF) == SQLITE_INTERRUPT;
}

static int lock(struct hd__sqlite *store) {
    errno = hd__lock_take(&store->lock, atomic_load(&store->is_at_work) ? &store->is_called_off : NULL);
    if (errno == 0)
        return HD_OK;
    return hd__sqlite_errno(store, errno == EWOULDBLOCK ? "another client writes for a long time" : "cannot lock it",
                            "write.lock");
}

int hd__sqlite_write(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument), void *argument,
                     int *undone) {
    int round = 0, code;
    int status = lock(store);
    store->renewing_us = 0;
    if (undone)
        *undone = status != HD_OK;
    if (status != HD_OK)
        return status;
    do
        code = write_once(store, work, argument);
    while ((code & 0xFF) == SQLITE_FULL && !store->is_optional && round < ROUNDS_MAX &&
           hd__sqlite_make_room(store, round++));
    if ((code & 0xFF) == SQLITE_FULL && store->may_exceed)
        code = write_beyond(store, work, argument);
    status = code == FILE_IS_GONE ? HD_E_STORE : hd__sqlite_status(store, store->main, code);
    if (status == HD_OK)
        hd__sqlite_see_commits(store, &store->known); /* the state is as they have left it */
    if (status == HD_OK && store->renewing_us)
        hd__sqlite_note_renewal(store);
    if (undone)
        *undone = status != HD_OK && surely_undone(store, code);
    hd__lock_drop(&store->lock);
    if (store->was_committing && store->is_news)
        hd__lock_tell(&store->lock);
    return status;
}

/* ---- What interrupt ends ---- */

/* A thread that waits for the mutex waits for another call on this handle, which ends soon as well. */
void hd__sqlite_enter(struct hd__sqlite *store) {
    atomic_store(&store->is_called_off, 0);
    atomic_store(&store->is_at_work, 1);
    pthread_mutex_lock(&store->writing);
}

void hd__sqlite_leave(struct hd__sqlite *store) {
    atomic_store(&store->is_at_work, 0);
    pthread_mutex_unlock(&store->writing);
}

void hd__sqlite_interrupt(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (hd__sqlite_check(store) != HD_OK || !atomic_load(&store->is_at_work))
        return;
    atomic_store(&store->is_called_off, 1);
    if (store->main)
        sqlite3_interrupt(store->main);
}
