/* Webhooks: put, removed, and reported to clients that do not know them. */
#include "store/sqlite/sqlite.h"

#include <string.h>

/* ---- Numbers for names ---- */

/* Runs a statement that returns a key, and perhaps a number more. */
static int run_for_key(sqlite3_stmt *statement, int64_t *key, int64_t *more) {
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW) {
        *key = hd__sql_get_int(statement, 0);
        if (more)
            *more = hd__sql_get_int(statement, 1);
        code = hd__sql_next(statement); /* to its end, as SQLite asks of RETURNING */
    }
    return hd__sql_end(statement, code);
}

int hd__sqlite_put_project(struct hd__sqlite *store, const char *name, int64_t *key) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_PROJECT);
    hd__sql_text(statement, 1, name);
    *key = 0;
    int code = hd__sql_ask(statement, key);
    if (code != SQLITE_OK || *key != 0)
        return code;
    statement = hd__sql(store, HD__SQL_ADD_PROJECT);
    hd__sql_text(statement, 1, name);
    code = hd__sql_run(statement);
    *key = sqlite3_last_insert_rowid(store->main);
    return code;
}

static int put_label(struct hd__sqlite *store, struct hd__stored_webhook *webhook) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_PUT_LABEL);
    hd__sql_text(statement, 1, webhook->id);
    hd__sql_text(statement, 2, webhook->name);
    hd__sql_text(statement, 3, webhook->masked_url);
    return run_for_key(statement, &webhook->keys.label, NULL);
}

/* Versions of an id go on after a removal, so that no two states of it have the same one. */
static int put_history(struct hd__sqlite *store, struct hd__stored_webhook *webhook) {
    int64_t version = 0;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_PUT_HISTORY);
    hd__sql_text(statement, 1, webhook->id);
    int code = run_for_key(statement, &webhook->keys.history, &version);
    webhook->version = (uint64_t)version;
    return code;
}

/* ---- What is there ---- */

struct present {
    int64_t key; /* 0 for none */
    uint64_t version;
    int64_t discarded_up_to;
    int is_of_project; /* of the one that was asked for */
};

static int find(struct hd__sqlite *store, const char *id, const char *project, struct present *present) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_WEBHOOK);
    hd__sql_text(statement, 1, id);
    int code = hd__sql_next(statement);
    *present = (struct present){0};
    if (code == SQLITE_ROW)
        *present = (struct present){
            .key = hd__sql_get_int(statement, 0),
            .version = (uint64_t)hd__sql_get_int(statement, 2),
            .discarded_up_to = hd__sql_get_int(statement, 3),
            .is_of_project = project && strcmp(hd__sql_get_text(statement, 1), project) == 0,
        };
    return hd__sql_end(statement, code);
}

/* A change that this client makes itself, and need not be told of. */
static int note_own_change(struct hd__sqlite *store) {
    return hd__sqlite_list_add(&store->own_changes, store->state.change) ? SQLITE_OK : SQLITE_NOMEM;
}

static int is_own_change(const struct hd__sqlite *store, int64_t change) {
    for (size_t i = store->own_changes.count; i > 0; i--)
        if (store->own_changes.items[i - 1] == change)
            return 1;
    return 0;
}

/* ---- Reading ---- */

static void read(sqlite3_stmt *row, struct hd__stored_webhook *webhook) {
    *webhook = (struct hd__stored_webhook){
        .keys = {.webhook = hd__sql_get_int(row, 0),
                 .history = hd__sql_get_int(row, 1),
                 .project = hd__sql_get_int(row, 2),
                 .label = hd__sql_get_int(row, 3)},
        .id = hd__sql_get_text(row, 4),
        .project = hd__sql_get_text(row, 5),
        .name = hd__sql_get_text(row, 6),
        .url = hd__sql_get_bytes(row, 7),
        .masked_url = hd__sql_get_text(row, 8),
        .secret = hd__sql_get_bytes(row, 9),
        .staged = hd__sql_get_bytes(row, 10),
        .previous = hd__sql_get_bytes(row, 11),
        .headers = hd__sql_get_bytes(row, 12),
        .events = (unsigned)hd__sql_get_int(row, 13),
        .format = HD__SQL_FORMAT + (int)hd__sql_get_int(row, 14),
        .mode = HD__SQL_MODE + (int)hd__sql_get_int(row, 15),
        .ordered = (int)hd__sql_get_int(row, 16),
        .standard_headers = (int)hd__sql_get_int(row, 17),
        .max_in_flight = (uint32_t)hd__sql_get_int(row, 18),
        .max_attempts = (uint32_t)hd__sql_get_int(row, 19),
        .retry_first_ms = (uint32_t)hd__sql_get_int(row, 20),
        .retry_max_ms = (uint32_t)hd__sql_get_int(row, 21),
        .version = (uint64_t)hd__sql_get_int(row, 22),
        .change = (uint64_t)hd__sql_get_int(row, 23),
        .is_removed = hd__sql_get_int(row, 24) != 0,
        .discarded_up_to = hd__sql_get_int(row, 25),
        .rate_count = (uint32_t)hd__sql_get_int(row, 26),
        .rate_period_ms = (uint32_t)hd__sql_get_int(row, 27),
        .rate_burst = (uint32_t)hd__sql_get_int(row, 28),
        .client_certificate = hd__sql_get_bytes(row, 29),
        .pause_failures = (uint32_t)hd__sql_get_int(row, 30),
        .pause_ms = (uint32_t)hd__sql_get_int(row, 31),
    };
}

/* ---- Putting ---- */

struct putting {
    struct hd__stored_webhook *webhook;
    uint64_t expected;
    struct hd__change_note *note; /* NULL for none */
    int status;
};

static void bind_settings(sqlite3_stmt *statement, const struct hd__stored_webhook *webhook) {
    hd__sql_text(statement, 1, webhook->id);
    hd__sql_int(statement, 2, webhook->keys.history);
    hd__sql_int(statement, 3, webhook->keys.project);
    hd__sql_int(statement, 4, webhook->keys.label);
    hd__sql_text(statement, 5, webhook->name);
    hd__sql_bytes(statement, 6, webhook->url.data, webhook->url.len);
    hd__sql_bytes(statement, 7, webhook->secret.data, webhook->secret.len);
    hd__sql_bytes(statement, 8, webhook->staged.data, webhook->staged.len);
    hd__sql_bytes(statement, 9, webhook->previous.data, webhook->previous.len);
    hd__sql_bytes(statement, 10, webhook->headers.data, webhook->headers.len);
    hd__sql_int(statement, 11, webhook->events);
    hd__sql_int(statement, 12, webhook->format - HD__SQL_FORMAT);
    hd__sql_int(statement, 13, webhook->mode - HD__SQL_MODE);
    hd__sql_int(statement, 14, webhook->ordered);
    hd__sql_int(statement, 15, webhook->standard_headers);
    hd__sql_int(statement, 16, webhook->max_in_flight);
    hd__sql_int(statement, 17, webhook->max_attempts);
    hd__sql_int(statement, 18, webhook->retry_first_ms);
    hd__sql_int(statement, 19, webhook->retry_max_ms);
    hd__sql_int(statement, 20, (int64_t)webhook->version);
    hd__sql_int(statement, 21, (int64_t)webhook->change);
    hd__sql_int(statement, 22, webhook->rate_count);
    hd__sql_int(statement, 23, webhook->rate_period_ms);
    hd__sql_int(statement, 24, webhook->rate_burst);
    hd__sql_bytes(statement, 25, webhook->client_certificate.data, webhook->client_certificate.len);
    hd__sql_int(statement, 26, webhook->pause_failures);
    hd__sql_int(statement, 27, webhook->pause_ms);
}

static int write_webhook(struct hd__sqlite *store, struct hd__stored_webhook *webhook, int64_t key) {
    webhook->change = (uint64_t)++store->state.change;
    sqlite3_stmt *statement = hd__sql(store, key ? HD__SQL_CHANGE_WEBHOOK : HD__SQL_ADD_WEBHOOK);
    bind_settings(statement, webhook);
    if (key)
        hd__sql_int(statement, 28, key);
    int code = hd__sql_run(statement);
    webhook->keys.webhook = key ? key : sqlite3_last_insert_rowid(store->main);
    return code == SQLITE_OK ? note_own_change(store) : code;
}

static int remove_present(struct hd__sqlite *store, const char *id) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_REMOVE_WEBHOOK);
    hd__sql_text(statement, 1, id);
    hd__sql_int(statement, 2, ++store->state.change);
    return hd__sql_run(statement);
}

static int put_all(struct hd__sqlite *store, struct hd__stored_webhook *webhook, const struct present *present) {
    int code = hd__sqlite_put_project(store, webhook->project, &webhook->keys.project);
    if (code == SQLITE_OK)
        code = put_label(store, webhook);
    if (code == SQLITE_OK)
        code = put_history(store, webhook);
    if (code == SQLITE_OK && present->key && !present->is_of_project)
        code = remove_present(store, webhook->id);
    webhook->is_removed = 0;
    webhook->discarded_up_to = present->is_of_project ? present->discarded_up_to : 0;
    return code == SQLITE_OK ? write_webhook(store, webhook, present->is_of_project ? present->key : 0) : code;
}

/* What the put changes of what is there. */
static int describe(struct hd__sqlite *store, struct putting *putting) {
    struct hd__stored_webhook before;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_WHOLE_WEBHOOK);
    hd__sql_text(statement, 1, putting->webhook->id);
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW)
        read(statement, &before);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        putting->status = putting->note->describe(putting->note, code == SQLITE_ROW ? &before : NULL);
    return hd__sql_end(statement, code);
}

static int put_work(struct hd__sqlite *store, void *argument) {
    struct putting *putting = argument;
    struct present present;
    int code = find(store, putting->webhook->id, putting->webhook->project, &present);
    putting->status = HD_OK;
    if (code == SQLITE_OK && putting->expected != HD__ANY_VERSION && putting->expected != present.version)
        putting->status = HD_E_CONFLICT;
    if (code == SQLITE_OK && putting->status == HD_OK && putting->note)
        code = describe(store, putting);
    if (code != SQLITE_OK || putting->status != HD_OK)
        return code;
    code = put_all(store, putting->webhook, &present);
    int is_noted = putting->note && putting->note->it.action;
    return code == SQLITE_OK && is_noted ? hd__sqlite_write_change(store, &putting->note->it, 0) : code;
}

/* Does work of a client that may change something. */
static int change(struct hd_store *base, int (*work)(struct hd__sqlite *store, void *argument), void *argument) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    status = store->role < 0                ? HD_E_CLOSED
             : store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                            : hd__sqlite_write(store, work, argument, NULL);
    pthread_mutex_unlock(&store->writing);
    return status;
}

int hd__sqlite_put_webhook(struct hd_store *base, struct hd__stored_webhook *webhook, uint64_t expected,
                           struct hd__change_note *note) {
    struct putting putting = {webhook, expected, note, HD_OK};
    int status = change(base, put_work, &putting);
    return status == HD_OK ? putting.status : status;
}

/* ---- Removing, and ending what waits ---- */

struct changing {
    const char *id;
    struct hd__change_note *note; /* NULL for none */
    uint64_t change, count;
    int is_found;
};

static int remove_work(struct hd__sqlite *store, void *argument) {
    struct changing *changing = argument;
    struct present present;
    int code = find(store, changing->id, NULL, &present);
    if (code == SQLITE_OK && present.key && changing->note)
        code = hd__sqlite_write_change(store, &changing->note->it, 1);
    if (code == SQLITE_OK)
        code = remove_present(store, changing->id);
    changing->is_found = sqlite3_changes(store->main) > 0;
    changing->change = (uint64_t)store->state.change;
    return code == SQLITE_OK && changing->is_found ? note_own_change(store) : code;
}

int hd__sqlite_remove_webhook(struct hd_store *base, const char *id, uint64_t *change_, struct hd__change_note *note) {
    struct changing changing = {.id = id, .note = note};
    int status = change(base, remove_work, &changing);
    if (status == HD_OK)
        *change_ = changing.change;
    return status == HD_OK && !changing.is_found ? HD_E_NOT_FOUND : status;
}

/* What was discarded before does not count; a test does not end by that, but does not count from now on either. */
static int count_discarded(struct hd__sqlite *store, const struct present *present, uint64_t *count) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_COUNT_WAITING);
    hd__sql_int(statement, 1, present->key);
    hd__sql_int(statement, 2, present->discarded_up_to);
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW) {
        store->state.waiting -= hd__sql_get_int(statement, 0);
        *count = (uint64_t)hd__sql_get_int(statement, 1);
    }
    return hd__sql_end(statement, code);
}

/* One millisecond from now: later than all that its owner has claimed. */
static int make_due(struct hd__sqlite *store, int64_t webhook) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_MAKE_DUE);
    hd__sql_int(statement, 1, webhook);
    hd__sql_int(statement, 2, store->now.ms);
    return hd__sql_run(statement);
}

static int discard_work(struct hd__sqlite *store, void *argument) {
    struct changing *changing = argument;
    struct present present;
    int code = find(store, changing->id, NULL, &present);
    changing->is_found = present.key != 0;
    if (code != SQLITE_OK || !changing->is_found)
        return code;
    code = count_discarded(store, &present, &changing->count);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_DISCARD);
    hd__sql_int(statement, 1, present.key);
    store->state.discarded = store->state.next_row - 1;
    hd__sql_int(statement, 2, store->state.discarded);
    hd__sql_int(statement, 3, ++store->state.change);
    code = hd__sql_run(statement);
    if (code == SQLITE_OK && changing->count > 0 && changing->note) {
        changing->note->it.count = changing->count;
        code = hd__sqlite_write_change(store, &changing->note->it, 1);
    }
    return code == SQLITE_OK ? make_due(store, present.key) : code;
}

int hd__sqlite_discard(struct hd_store *base, const char *id, uint64_t *count, struct hd__change_note *note) {
    struct changing changing = {.id = id, .note = note};
    int status = change(base, discard_work, &changing);
    if (status == HD_OK)
        *count = changing.count;
    return status == HD_OK && !changing.is_found ? HD_E_NOT_FOUND : status;
}

int hd__sqlite_has_removed(struct hd__sqlite *store, int *has) {
    int64_t found = 0;
    int code = hd__sql_ask(hd__sql(store, HD__SQL_HAS_REMOVED), &found);
    *has = found != 0;
    return code;
}

int hd__sqlite_clear_webhooks(struct hd__sqlite *store) {
    int code = hd__sql_run(hd__sql(store, HD__SQL_CLEAR_WEBHOOKS));
    return code == SQLITE_OK ? hd__sql_run(hd__sql(store, HD__SQL_CLEAR_LANES)) : code;
}

/* ---- Telling ---- */

static int is_to_be_told(const struct hd__sqlite *store, int which, const struct hd__stored_webhook *webhook) {
    switch (which) {
    case HD__TELL_CHANGED:
        return !is_own_change(store, (int64_t)webhook->change);
    case HD__TELL_REMOVED:
        return (store->gained & HD__SHARD_BIT(webhook->keys.webhook)) != 0;
    default:
        return 1;
    }
}

int hd__sqlite_tell_webhooks(struct hd__sqlite *store, int which) {
    static const int statements[] = {
        [HD__TELL_ALL] = HD__SQL_ALL_WEBHOOKS,
        [HD__TELL_CHANGED] = HD__SQL_CHANGED_WEBHOOKS,
        [HD__TELL_REMOVED] = HD__SQL_REMOVED_WEBHOOKS,
    };
    sqlite3_stmt *statement = hd__sql(store, statements[which]);
    int code;
    if (which == HD__TELL_CHANGED)
        hd__sql_int(statement, 1, store->known_change);
    while ((code = hd__sql_next(statement)) == SQLITE_ROW) {
        struct hd__stored_webhook webhook;
        read(statement, &webhook);
        if (is_to_be_told(store, which, &webhook))
            store->listener.webhook(store->listener.user, &webhook);
    }
    if (code == SQLITE_DONE && which == HD__TELL_CHANGED)
        store->own_changes.count = 0;
    return hd__sql_end(statement, code);
}
