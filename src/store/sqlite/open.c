/* How a store comes into being, is taken by a client, and goes. */
#include "helmdesk/sqlite.h"

#include "store/sqlite/lock.h"
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

_Static_assert(HD_STORE_KEY_SIZE == HD__STORE_KEY_SIZE, "the public name of the same size");

#define BALLAST_BYTES ((off_t)4 * 1024 * 1024)
#define MAX_BYTES_LEAST 1048576
#define PAGE_BYTES 4096

/* ---- Files ---- */

/* The directory, a slash, a name; NULL without memory. To be freed. */
static char *path_of(const struct hd__sqlite *store, const char *name) {
    size_t size = strlen(store->directory) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path)
        sqlite3_snprintf((int)size, path, "%s/%s", store->directory, name);
    return path;
}

static int make_directory(const char *directory) {
    struct stat found;
    if (mkdir(directory, 0700) == 0)
        return HD_OK;
    return errno == EEXIST && stat(directory, &found) == 0 && S_ISDIR(found.st_mode) ? HD_OK
           : errno == ENOSPC                                                         ? HD_E_STORE_FULL
                                                                                     : HD_E_STORE;
}

/* SQLite gives the files beside the database its mode. */
static int make_private_file(const char *path) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == ENOSPC ? HD_E_STORE_FULL : HD_E_STORE;
    close(file);
    return HD_OK;
}

static int has_room_for_ballast(const struct hd__sqlite *store) {
    struct statvfs found;
    return statvfs(store->directory, &found) == 0 &&
           (uint64_t)found.f_bavail * found.f_frsize >= (uint64_t)BALLAST_BYTES / 4 * 5;
}

/* Without it the store works as well, only not as long on a full disk. */
void hd__sqlite_make_ballast(struct hd__sqlite *store) {
    if (store->has_ballast || !has_room_for_ballast(store))
        return;
    char *path = path_of(store, "ballast");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file >= 0) {
        store->has_ballast = posix_fallocate(file, 0, BALLAST_BYTES) == 0;
        close(file);
        if (!store->has_ballast)
            unlink(path);
    }
    free(path);
}

void hd__sqlite_drop_ballast(struct hd__sqlite *store) {
    char *path = store->has_ballast ? path_of(store, "ballast") : NULL;
    if (path && unlink(path) == 0)
        store->has_ballast = 0;
    free(path);
}

/* ---- Connections ---- */

/* Full synchronization costs little when many rows share a commit, and survives a loss of power. */
#define WRITER_SETTINGS                                                                                                \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;"                          \
    "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216"
#define READER_SETTINGS "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY"

/* Only one that checkpoints writes what is in the WAL into the database when it is the last to close; that is settled
 * first, since one that fails is closed too. */
static int connect(struct hd__sqlite *store, const char *path, const char *settings, int checkpoints,
                   sqlite3 **connection) {
    int code =
        sqlite3_open_v2(path, connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (!*connection)
        return HD_E_NO_MEMORY;
    if (code == SQLITE_OK)
        code = sqlite3_db_config(*connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !checkpoints, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(*connection, 5000);
    if (code == SQLITE_OK)
        code = sqlite3_exec(*connection, settings, NULL, NULL, NULL);
    return hd__sqlite_status(store, *connection, code);
}

/* Neither writes nor checkpoints, beside the process that does. It is opened to write all the same: SQLite's index of
 * the WAL, in which readers and the writer meet, is a file that each of them writes and that the first one makes. */
static int connect_reader(struct hd__sqlite *store, const char *path, sqlite3 **connection) {
    return connect(store, path, READER_SETTINGS, 0, connection);
}

static int open_database(struct hd__sqlite *store) {
    char *path = path_of(store, "helmdesk.db");
    int status = path ? make_private_file(path) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = connect(store, path, WRITER_SETTINGS, 1, &store->writer);
    if (status == HD_OK)
        status = hd__sqlite_migrate(store);
    if (status == HD_OK)
        status = connect_reader(store, path, &store->reader);
    free(path);
    return status;
}

static int open_to_read(struct hd__sqlite *store) {
    char *path = path_of(store, "helmdesk.db");
    struct stat found;
    int status = !path ? HD_E_NO_MEMORY : stat(path, &found) == 0 ? HD_OK : HD_E_STORE;
    if (status == HD_OK)
        status = connect_reader(store, path, &store->writer);
    if (status == HD_OK)
        status = hd__sqlite_check_version(store);
    if (status == HD_OK)
        status = connect_reader(store, path, &store->reader);
    free(path);
    return status;
}

/* ---- A client takes it, and leaves it ---- */

static int read_number(struct hd__sqlite *store, const char *question, int64_t *number) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->writer, question, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Rows that were there when a process ended without saying so may have been delivered already: which of them were under
 * way is not on disk, since that would cost a write for each attempt. */
static int recover(struct hd__sqlite *store, struct hd__store_state *state) {
    int64_t last_row = 0, is_open = 0, waiting = 0, newest_event = 0;
    int code = read_number(store, "SELECT value FROM meta WHERE name = 'repeated_up_to'", &store->repeated_up_to);
    if (code == SQLITE_OK)
        code = read_number(store, "SELECT value FROM meta WHERE name = 'is_open'", &is_open);
    if (code == SQLITE_OK)
        code = read_number(store, "SELECT ifnull(max(id), 0) FROM outbox", &last_row);
    if (code == SQLITE_OK)
        code = read_number(store, "SELECT count(*) FROM outbox", &waiting);
    if (code == SQLITE_OK)
        code = read_number(store, "SELECT ifnull(max(id), 0) FROM event", &newest_event);
    state->newest_event = (uint64_t)newest_event;
    if (is_open && last_row > store->repeated_up_to)
        store->repeated_up_to = last_row;
    store->next_row = (last_row > store->repeated_up_to ? last_row : store->repeated_up_to) + 1;
    store->waiting = (uint64_t)waiting;
    return code;
}

/* Removed webhooks lose what may hold a key when nothing waits for them: at the beginning and at the end, since in
 * between the client may have events for them that are not in the store yet. */
static int mark_open(struct hd__sqlite *store, int is_open) {
    int code = hd__sqlite_begin(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_set_meta(store, "repeated_up_to", store->repeated_up_to);
    if (code == SQLITE_OK)
        code = hd__sqlite_set_meta(store, "is_open", is_open);
    if (code == SQLITE_OK)
        code = hd__sql_run(hd__sql(store, HD__SQL_CLEAR_WEBHOOKS));
    return hd__sqlite_end(store, code);
}

static int begin(struct hd_store *base, void (*tell)(void *user, const struct hd__stored_webhook *webhook), void *user,
                 struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    pthread_mutex_lock(&store->writing);
    int code = recover(store, state);
    if (code == SQLITE_OK)
        code = mark_open(store, 1);
    if (code == SQLITE_OK)
        code = hd__sqlite_list_webhooks(store, tell, user);
    if (code == SQLITE_OK)
        hd__sqlite_make_ballast(store);
    hd__sqlite_tell_state(store, state);
    int status = hd__sqlite_status(store, store->writer, code);
    pthread_mutex_unlock(&store->writing);
    return status;
}

static int end(struct hd_store *base, int is_clean) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (!is_clean)
        return HD_OK;
    pthread_mutex_lock(&store->writing);
    int status = hd__sqlite_status(store, store->writer, mark_open(store, 0));
    pthread_mutex_unlock(&store->writing);
    return status;
}

/* ---- A client reads it ---- */

struct telling {
    void (*tell)(void *user, const struct hd__stored_webhook *webhook);
    void *user;
};

/* Nothing is to come into memory of what waits for it. */
static void tell_present(void *user, const struct hd__stored_webhook *webhook) {
    const struct telling *telling = user;
    struct hd__stored_webhook present = *webhook;
    present.has_waiting = 0;
    if (!webhook->is_removed)
        telling->tell(telling->user, &present);
}

static int begin_reading(struct hd_store *base, void (*tell)(void *user, const struct hd__stored_webhook *webhook),
                         void *user, struct hd__store_state *state) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct telling telling = {tell, user};
    int64_t waiting = 0;
    *state = (struct hd__store_state){.oldest_event = UINT64_MAX};
    pthread_mutex_lock(&store->writing);
    int code = read_number(store, "SELECT count(*) FROM outbox", &waiting);
    if (code == SQLITE_OK)
        code = hd__sqlite_list_webhooks(store, tell_present, &telling);
    state->waiting = (uint64_t)waiting;
    int status = hd__sqlite_status(store, store->writer, code);
    pthread_mutex_unlock(&store->writing);
    return status;
}

static int maintain_nothing(struct hd_store *store, int64_t now_ms, int *more) {
    (void)store, (void)now_ms;
    *more = 0;
    return HD_OK;
}

static int end_reading(struct hd_store *store, int is_clean) {
    (void)store, (void)is_clean;
    return HD_OK;
}

/* ---- The end ---- */

/* In a forked child, SQLite's files are the parent's, and closing them here would take the parent's locks away
 * (sqlite.org/howtocorrupt.html section 2.6). */
static void free_store(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (store->pid == getpid()) {
        for (int i = 0; i < HD__SQL_COUNT; i++)
            sqlite3_finalize(store->statements[i]);
        sqlite3_close_v2(store->reader);
        sqlite3_close_v2(store->writer);
        hd__lock_release(store->lock);
        pthread_mutex_destroy(&store->reading);
        pthread_mutex_destroy(&store->writing);
    }
    free(store->directory);
    free(store);
}

static const struct hd__store_ops ops = {
    .begin = begin,
    .put_webhook = hd__sqlite_put_webhook,
    .remove_webhook = hd__sqlite_remove_webhook,
    .step = hd__sqlite_step,
    .query = hd__sqlite_query,
    .figures = hd__sqlite_figures,
    .maintain = hd__sqlite_maintain,
    .end = end,
    .free = free_store,
};

static const struct hd__store_ops reader_ops = {
    .begin = begin_reading,
    .query = hd__sqlite_query,
    .figures = hd__sqlite_figures,
    .maintain = maintain_nothing,
    .end = end_reading,
    .free = free_store,
};

/* ---- For programs ---- */

static struct hd__sqlite *make(const char *directory, const struct hd__store_ops *own_ops) {
    struct hd__sqlite *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->directory = strdup(directory);
    if (!store->directory || pthread_mutex_init(&store->writing, NULL) != 0) {
        free(store->directory);
        free(store);
        return NULL;
    }
    pthread_mutex_init(&store->reading, NULL);
    store->pid = getpid();
    store->base = (struct hd_store){
        .abi = HD__STORE_ABI,
        .ops = own_ops,
        .max_reports = HD__STORE_MAX_REPORTS,
        .max_age_ms = HD__STORE_MAX_AGE_MS,
    };
    return store;
}

static int open_to_write(struct hd__sqlite *store) {
    int status = make_directory(store->directory);
    if (status == HD_OK)
        status = hd__lock_take(store->directory, &store->lock);
    return status == HD_OK ? open_database(store) : status;
}

static int open_store(const char *directory, const void *key, size_t key_len, const struct hd__store_ops *own_ops,
                      hd_store **store) {
    if (!store)
        return HD_E_INVALID;
    *store = NULL;
    if (!directory || !*directory || key_len != (key ? HD_STORE_KEY_SIZE : 0))
        return HD_E_INVALID;
    struct hd__sqlite *made = make(directory, own_ops);
    if (!made)
        return HD_E_NO_MEMORY;
    made->base.is_reader = own_ops == &reader_ops;
    int status = made->base.is_reader ? open_to_read(made) : open_to_write(made);
    if (status != HD_OK) {
        free_store(&made->base);
        return status;
    }
    made->base.has_key = key != NULL;
    if (key)
        memcpy(made->base.key, key, key_len);
    *store = &made->base;
    return HD_OK;
}

int hd_store_sqlite_open(const char *directory, const void *key, size_t key_len, hd_store **store) {
    return open_store(directory, key, key_len, &ops, store);
}

int hd_store_sqlite_open_reader(const char *directory, const void *key, size_t key_len, hd_store **store) {
    return open_store(directory, key, key_len, &reader_ops, store);
}

int hd_store_sqlite_set_max_bytes(hd_store *base, uint64_t bytes) {
    char text[64];
    if (!base || base->ops != &ops || (bytes && bytes < MAX_BYTES_LEAST))
        return HD_E_INVALID;
    if (base->in_use)
        return HD_E_STATE;
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    uint64_t pages = bytes && bytes / PAGE_BYTES < UINT32_MAX - 1 ? bytes / PAGE_BYTES : UINT32_MAX - 1;
    sqlite3_snprintf(sizeof text, text, "PRAGMA max_page_count = %llu", (unsigned long long)pages);
    pthread_mutex_lock(&store->writing);
    int status = hd__sqlite_status(store, store->writer, sqlite3_exec(store->writer, text, NULL, NULL, NULL));
    pthread_mutex_unlock(&store->writing);
    return status;
}
