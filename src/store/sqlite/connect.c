/* Connections to the database, and their settings. */
#include "store/sqlite/query.h"

#include <errno.h>
#include <stdlib.h>

/* Full synchronization costs little when many rows share a commit, and survives a loss of power. */
#define WRITER_SETTINGS                                                                                                \
    "PRAGMA query_only = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"       \
    "PRAGMA journal_size_limit = 16777216"
#define READER_SETTINGS "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY"

/* No connection checkpoints when it is closed: the last one would then delete the WAL, and which one is the last
 * depends on record locks, which a process loses when another part of it closes the file. The database is opened for
 * writing even by clients that only read: SQLite's index of the WAL is a file that every connection writes and that the
 * first one creates. A database that may not be written is opened for reading. */
static int settle(sqlite3 *connection) {
    int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(connection, HD__SQLITE_BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection, READER_SETTINGS, NULL, NULL, NULL);
    /* the WAL and its index are opened, and recovered after a crash, here and under the lock */
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return code;
}

static int why(sqlite3 *connection, int code) {
    int error = sqlite3_system_errno(connection);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return HD_E_STORE_DAMAGED;
    if (code == SQLITE_READONLY || code == SQLITE_PERM ||
        (code == SQLITE_CANTOPEN && (error == EACCES || error == EPERM || error == EROFS)))
        return HD_E_STORE_ACCESS;
    return HD_E_STORE;
}

static int connect(struct hd__sqlite *store, sqlite3 **connection) {
    int code = sqlite3_open_v2(store->database, connection,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (!*connection)
        return HD_E_NO_MEMORY;
    if (code == SQLITE_OK)
        code = settle(*connection);
    int status = hd__sqlite_status(store, *connection, code);
    if (status == HD_E_STORE)
        status = why(*connection, code & 0xFF);
    if (status != HD_OK) {
        sqlite3_close_v2(*connection);
        *connection = NULL;
    }
    return status;
}

int hd__sqlite_connect(struct hd__sqlite *store, sqlite3 **connection) {
    int is_locked = hd__lock_take(&store->lock, NULL) == 0; /* if it may not be opened, the client reads without it */
    int status = connect(store, connection);
    if (is_locked)
        hd__lock_drop(&store->lock);
    return status;
}

int hd__sqlite_be_writer(struct hd__sqlite *store) {
    if (sqlite3_db_readonly(store->main, "main"))
        return hd__sqlite_say(store, HD_E_STORE_ACCESS, "helmdesk.db: it may be read, but not written");
    int code = store->is_writer ? SQLITE_OK : sqlite3_exec(store->main, WRITER_SETTINGS, NULL, NULL, NULL);
    if (code == SQLITE_OK && !store->is_writer)
        code = hd__question_functions(store->main); /* for jobs */
    if (code == SQLITE_OK)
        code = hd__sqlite_apply_bound(store, 0);
    if (code == SQLITE_OK)
        code = sqlite3_wal_autocheckpoint(store->main, HD__SQLITE_WAL_PAGES);
    store->is_writer = code == SQLITE_OK;
    return hd__sqlite_status(store, store->main, code);
}

void hd__sqlite_disconnect(struct hd__sqlite *store) {
    for (int i = 0; i < HD__SQL_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close_v2(store->reader.connection);
    sqlite3_close_v2(store->counter.connection);
    sqlite3_close_v2(store->main);
}

sqlite3 *hd__sqlite_take_reader(struct hd__sqlite *store, struct hd__sqlite_reader *reader, int *status) {
    *status = hd__sqlite_check(store);
    if (*status != HD_OK)
        return NULL;
    pthread_mutex_lock(&reader->mutex);
    if (!reader->connection) {
        pthread_mutex_lock(&store->writing); /* the lock is main's as well */
        *status = hd__sqlite_connect(store, &reader->connection);
        if (*status == HD_OK)
            *status = hd__sqlite_status(store, reader->connection, hd__question_functions(reader->connection));
        if (*status != HD_OK) { /* without its functions it is of no use */
            sqlite3_close_v2(reader->connection);
            reader->connection = NULL;
        }
        pthread_mutex_unlock(&store->writing);
    }
    if (*status == HD_OK)
        return reader->connection;
    pthread_mutex_unlock(&reader->mutex);
    return NULL;
}

void hd__sqlite_drop_reader(struct hd__sqlite_reader *reader) {
    pthread_mutex_unlock(&reader->mutex);
}

/* Does not wait: pages that other connections still read stay in the WAL. With the lock held. */
void hd__sqlite_checkpoint(struct hd__sqlite *store) {
    sqlite3_busy_timeout(store->main, 0);
    sqlite3_wal_checkpoint_v2(store->main, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(store->main, HD__SQLITE_BUSY_MS);
}

int hd__sqlite_read_row(struct hd__sqlite *store, const char *sql, const char *key,
                        void (*take)(struct hd__sqlite *store, sqlite3_stmt *row, void *into), void *into) {
    sqlite3_stmt *statement = NULL;
    int status;
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int code = sqlite3_prepare_v2(reader, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && key)
        hd__sql_text(statement, 1, key);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    int is_found = code == SQLITE_ROW;
    if (is_found)
        take(store, statement, into);
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status == HD_OK && !is_found ? HD_E_NOT_FOUND : status;
}
