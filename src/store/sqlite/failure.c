/* What failed, as a status and in words. */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void note(struct hd__sqlite *store, const char *what, const char *why, int error) {
    char words[128] = "";
    if (error)
        strerror_r(error, words, sizeof words);
    pthread_mutex_lock(&store->base.error_mutex);
    snprintf(store->base.error, sizeof store->base.error, "%s%s%s%s%s", what, *what && *why ? ": " : "", why,
             *words ? ": " : "", words);
    pthread_mutex_unlock(&store->base.error_mutex);
}

static int status_of(int code) {
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return HD_OK;
    case SQLITE_NOMEM:
        return HD_E_NO_MEMORY;
    case SQLITE_FULL:
        return HD_E_STORE_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return HD_E_STORE_BUSY;
    default:
        return HD_E_STORE;
    }
}

/* A code of SQLite's says nothing of the system's error that does not belong to it. */
static int has_cause(int code) {
    switch (code & 0xFF) {
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return 1;
    default:
        return 0;
    }
}

int hd__sqlite_status(struct hd__sqlite *store, sqlite3 *connection, int code) {
    int status = status_of(code);
    if (status == HD_OK)
        return HD_OK;
    const char *words =
        status == HD_E_NO_MEMORY ? "out of memory"
        : sqlite3_extended_errcode(connection) == code || (sqlite3_errcode(connection) & 0xFF) == (code & 0xFF)
            ? sqlite3_errmsg(connection)
            : sqlite3_errstr(code);
    note(store, "helmdesk.db", words, has_cause(code) ? sqlite3_system_errno(connection) : 0);
    return status;
}

int hd__sqlite_errno(struct hd__sqlite *store, const char *what, const char *path) {
    int error = errno;
    const char *slash = strrchr(path, '/');
    note(store, slash && slash[1] ? slash + 1 : path, what, error);
    switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return HD_E_STORE_ACCESS;
    case ENOENT:
        return HD_E_STORE_MISSING;
    case ENOSPC:
    case EDQUOT:
        return HD_E_STORE_FULL;
    case ENOMEM:
        return HD_E_NO_MEMORY;
    case EWOULDBLOCK:
    case ECANCELED:
        return HD_E_STORE_BUSY;
    default:
        return HD_E_STORE;
    }
}

int hd__sqlite_say(struct hd__sqlite *store, int status, const char *words) {
    note(store, "", words, 0);
    return status;
}

int hd__sqlite_check(struct hd__sqlite *store) {
    return store->base.pid == (long)getpid() ? HD_OK : HD_E_FORKED;
}
