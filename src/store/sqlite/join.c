/* A client joins the store, and leaves it. */
#include "store/sqlite/sqlite.h"

#include <errno.h>

/* ---- Opening what its role needs ---- */

static int open_to_read(struct hd__sqlite *store) {
    int status = store->main ? HD_OK : hd__sqlite_look_for_database(store);
    if (status == HD_OK && store->lock.write.fd < 0)
        (void)hd__lock_open(&store->lock, store->directory, 0);
    if (status == HD_OK && !store->main)
        status = hd__sqlite_connect(store, &store->main);
    return status == HD_OK ? hd__sqlite_check_version(store, 0) : status;
}

/* Setting the journal mode and creating the tables writes, while other clients may have the store open. */
static int prepare_to_write(struct hd__sqlite *store) {
    errno = hd__lock_take(&store->lock, &store->is_called_off);
    if (errno)
        return hd__sqlite_errno(store, "cannot lock it", "write.lock");
    int status = hd__sqlite_check_version(store, 1);
    if (status == HD_OK)
        status = hd__sqlite_be_writer(store);
    if (status == HD_OK)
        status = hd__sqlite_migrate(store);
    hd__lock_drop(&store->lock);
    return status;
}

static int open_to_write(struct hd__sqlite *store) {
    int status = hd__sqlite_make_files(store);
    if (status == HD_OK && !store->main)
        status = hd__sqlite_connect(store, &store->main);
    return status == HD_OK ? prepare_to_write(store) : status;
}

/* ---- Joining ---- */

static int join_work(struct hd__sqlite *store, void *argument) {
    int found, code = hd__sqlite_end_gone(store, 1, &found);
    (void)argument;
    if (code == SQLITE_OK)
        code = hd__sqlite_ensure_client(store);
    return code == SQLITE_OK ? hd__sqlite_take_shards(store) : code;
}

static int tell_all(struct hd__sqlite *store) {
    int code = hd__sqlite_read_begin(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_tell_webhooks(store, HD__TELL_ALL);
    if (code == SQLITE_OK) {
        store->known_change = store->state.change;
        store->known_row = store->state.next_row;
        store->is_joining = 1;
        code = hd__sqlite_tell_news(store, 0, 0);
        store->is_joining = 0;
    }
    hd__sqlite_read_end(store);
    return hd__sqlite_status(store, store->main, code);
}

static void begin_with(struct hd__sqlite *store, const struct hd__join *join) {
    store->role = join->role;
    store->clock = join->clock;
    store->key_window_ms = join->key_window_ms > 0 && join->key_window_ms < HD__STORE_KNOWN_KEYS_MS
                               ? join->key_window_ms
                               : HD__STORE_KNOWN_KEYS_MS;
    store->listener = *join->listener;
    store->client = 0;
    store->is_fenced = store->has_lost = 0;
    store->owned = store->leaving = store->lost = store->gained = store->kept_since = 0;
    store->epoch = -1;
    store->known.is_known = 0;
    store->own_changes.count = store->others.count = 0;
    store->others_until_ms = INT64_MAX;
    store->safe_until_us = store->renewed_us = store->quiet_until_us = 0;
}

static int join(struct hd__sqlite *store) {
    int writes = store->role != HD__ROLE_READ;
    int status = writes ? open_to_write(store) : open_to_read(store);
    if (status == HD_OK)
        status = hd__sqlite_note_file(store);
    if (status == HD_OK && writes)
        hd__sqlite_make_ballast(store);
    if (status == HD_OK && store->role == HD__ROLE_DELIVER)
        status = hd__sqlite_write(store, join_work, NULL, NULL);
    return status == HD_OK ? tell_all(store) : status;
}

int hd__sqlite_join(struct hd_store *base, const struct hd__join *join_, struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_enter(store);
    if (store->role >= 0) {
        status = HD_E_IN_USE;
    } else {
        begin_with(store, join_);
        status = join(store);
        if (status == HD_OK)
            hd__sqlite_fill_state(store, state);
        else
            store->role = -1;
    }
    hd__sqlite_leave(store);
    return status;
}

void hd__sqlite_fill_state(struct hd__sqlite *store, struct hd__store_state *state) {
    *state = (struct hd__store_state){
        .owned = store->owned,
        .leaving = store->leaving,
        .lost = store->lost,
        .safe_until_us = store->safe_until_us,
        .waiting = (uint64_t)store->state.waiting,
        .jobs = (uint64_t)store->state.jobs,
        .last_row = store->state.next_row - 1,
    };
    store->lost = 0;
}

/* ---- Leaving ---- */

static int leave_work(struct hd__sqlite *store, void *is_clean) {
    int code = hd__sqlite_free_shards(store, store->client, *(int *)is_clean);
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_DROP_CLIENT);
    hd__sql_int(statement, 1, store->client);
    if (code == SQLITE_OK)
        code = hd__sql_run(statement);
    if (store->state.last_client == store->client)
        store->state.last_client = 0;
    return code;
}

/* What is in the WAL moves into the database if nobody reads it at the moment. */
static void tidy(struct hd__sqlite *store) {
    if (hd__lock_take(&store->lock, NULL) != 0)
        return;
    hd__sqlite_checkpoint(store);
    hd__lock_drop(&store->lock);
}

int hd__sqlite_leave_store(struct hd_store *base, int is_clean) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_unwatch(store);
    pthread_mutex_lock(&store->writing);
    if (store->role >= 0 && store->client != 0)
        status = hd__sqlite_write(store, leave_work, &is_clean, NULL);
    if (store->role == HD__ROLE_DELIVER && status == HD_OK)
        tidy(store);
    store->role = -1;
    store->client = 0;
    store->owned = store->leaving = store->gained = 0;
    pthread_mutex_unlock(&store->writing);
    return status;
}
