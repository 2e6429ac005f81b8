/* What is done with the whole database while others use it: copied, checked, and asked who uses it. */
#include "helmdesk/sqlite.h"

#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct hd__sqlite *store_of(hd_store *base, int *status) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    *status = hd__sqlite_is_one(base) ? hd__sqlite_check(store) : HD_E_INVALID;
    if (*status == HD_OK)
        *status = hd__sqlite_look_for_database(store);
    return *status == HD_OK ? store : NULL;
}

/* A connection of its own: what takes long delays nobody who uses the same handle. */
static int open_source(struct hd__sqlite *store, sqlite3 **source) {
    *source = NULL;
    pthread_mutex_lock(&store->writing);
    int status = hd__sqlite_connect(store, source);
    pthread_mutex_unlock(&store->writing);
    return status;
}

/* ---- Backup ---- */

struct target {
    char *directory, *part, *database; /* paths; the part becomes the database when it is whole */
    int has_made;                      /* the directory */
};

static char *join_path(const char *directory, const char *name) {
    size_t size = strlen(directory) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", directory, name);
    return path;
}

static int make_target(struct hd__sqlite *store, const char *directory, struct target *target) {
    *target = (struct target){.directory = strdup(directory),
                              .part = join_path(directory, HD__SQLITE_DATABASE ".part"),
                              .database = join_path(directory, HD__SQLITE_DATABASE)};
    if (!target->directory || !target->part || !target->database)
        return HD_E_NO_MEMORY;
    target->has_made = mkdir(directory, 0700) == 0;
    if (!target->has_made && errno != EEXIST)
        return hd__sqlite_errno(store, "cannot make it", directory);
    if (access(target->database, F_OK) == 0) {
        errno = EEXIST;
        return hd__sqlite_errno(store, "a copy never replaces a store", target->database);
    }
    (void)unlink(target->part); /* of a copy that was cut short */
    int file = open(target->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return hd__sqlite_errno(store, "cannot make it", target->part);
    close(file);
    return HD_OK;
}

static void free_target(struct target *target) {
    free(target->directory);
    free(target->part);
    free(target->database);
}

/* All in one step, which sees the database as it is when it begins: those who write meanwhile write into the WAL. */
static int copy_pages(struct hd__sqlite *store, sqlite3 *source, sqlite3 *copy) {
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", source, "main");
    if (!backup)
        return hd__sqlite_status(store, copy, sqlite3_errcode(copy));
    int code = sqlite3_backup_step(backup, -1);
    int end = sqlite3_backup_finish(backup);
    return hd__sqlite_status(store, copy, end != SQLITE_OK ? end : code);
}

static int copy_database(struct hd__sqlite *store, const struct target *target) {
    sqlite3 *source = NULL, *copy = NULL;
    int status = open_source(store, &source);
    if (status == HD_OK) {
        int code = sqlite3_open_v2(target->part, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        status = copy ? hd__sqlite_status(store, copy, code) : HD_E_NO_MEMORY;
    }
    if (status == HD_OK)
        status = copy_pages(store, source, copy);
    sqlite3_close_v2(copy);
    sqlite3_close_v2(source);
    return status;
}

/* The name is on the disk when the directory is. */
static int put_in_place(struct hd__sqlite *store, const struct target *target) {
    int directory = rename(target->part, target->database) == 0 ? open(target->directory, O_RDONLY | O_CLOEXEC) : -1;
    int is_done = directory >= 0 && fsync(directory) == 0;
    int status = is_done ? HD_OK : hd__sqlite_errno(store, "cannot put the copy in its place", target->database);
    if (directory >= 0)
        close(directory);
    return status;
}

int hd_store_sqlite_backup(hd_store *base, const char *directory) {
    struct target target;
    int status;
    struct hd__sqlite *store = store_of(base, &status);
    if (!store || !directory || !*directory)
        return status == HD_OK ? HD_E_INVALID : status;
    status = make_target(store, directory, &target);
    int is_begun = status == HD_OK;
    if (status == HD_OK)
        status = copy_database(store, &target);
    if (status == HD_OK)
        status = put_in_place(store, &target);
    if (status != HD_OK && is_begun)
        (void)unlink(target.part);
    if (status != HD_OK && target.has_made)
        (void)rmdir(target.directory);
    free_target(&target);
    return status;
}

/* ---- Check ---- */

/* A page that could not be had for want of memory, or of the disk, is told as a fault: "unable to get the page. error
 * code=7", "btreeInitPage() returns error code 7". Returns such a code; SQLITE_CORRUPT for a real fault. */
static int code_of_fault(const char *line) {
    const char *at = strstr(line, "error code");
    int code = at ? atoi(at + strlen("error code") + 1) : SQLITE_CORRUPT;
    return code > 0 && (code & 0xFF) != SQLITE_NOTADB ? code : SQLITE_CORRUPT;
}

/* Each row of the pragma is about one fault or several; "ok" alone says that there is none. */
static int read_faults(sqlite3 *source, char *text, size_t size) {
    sqlite3_stmt *statement = NULL;
    size_t used = 0;
    int fault = SQLITE_OK;
    int code = sqlite3_prepare_v2(source, "PRAGMA integrity_check(20)", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 0);
        if (!line || strcmp(line, "ok") == 0)
            continue;
        fault = fault == SQLITE_OK || fault == SQLITE_CORRUPT ? code_of_fault(line) : fault;
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "\n" : "", line);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? fault : code;
}

static int check(struct hd__sqlite *store, sqlite3 *source) {
    char faults[HD__STORE_ERROR_SIZE] = "";
    int code = read_faults(source, faults, sizeof faults);
    if ((code & 0xFF) != SQLITE_CORRUPT && (code & 0xFF) != SQLITE_NOTADB)
        return hd__sqlite_status(store, source, code);
    return hd__sqlite_say(store, HD_E_STORE_DAMAGED, *faults ? faults : sqlite3_errmsg(source));
}

int hd_store_sqlite_check(hd_store *base) {
    sqlite3 *source = NULL;
    int status;
    struct hd__sqlite *store = store_of(base, &status);
    if (!store)
        return status;
    status = open_source(store, &source);
    if (status == HD_OK)
        status = check(store, source);
    sqlite3_close_v2(source);
    return status;
}

/* ---- Clients ---- */

#define CLIENTS                                                                                                        \
    "SELECT role, pid, began, place, (SELECT count(*) FROM shard WHERE owner = client.id) FROM client "                \
    "WHERE role <> 3 ORDER BY id"

static const char *role_name(int64_t role) {
    return role == HD__ROLE_DELIVER ? "deliver" : role == HD__ROLE_ACCEPT ? "accept" : "read";
}

static int write_clients(struct hd__sqlite *store, sqlite3 *source, sqlite3_str *out) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(source, CLIENTS, -1, &statement, NULL);
    for (int i = 0; code == SQLITE_OK || code == SQLITE_ROW; i++) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
            break;
        int64_t pid = sqlite3_column_int64(statement, 1);
        const char *place = (const char *)sqlite3_column_text(statement, 3);
        int is_here = place && *place && strcmp(place, store->self.place) == 0;
        int is_gone = place && hd__process_is_gone(&store->self, pid, sqlite3_column_int64(statement, 2), place);
        sqlite3_str_appendf(out, "%s{\"role\":\"%s\",\"pid\":%lld,\"here\":%s,\"gone\":%s,\"shards\":%lld}",
                            i ? "," : "", role_name(sqlite3_column_int64(statement, 0)), (long long)pid,
                            is_here ? "true" : "false", is_gone ? "true" : "false",
                            (long long)sqlite3_column_int64(statement, 4));
    }
    sqlite3_finalize(statement);
    return code;
}

static int list_clients(struct hd__sqlite *store, sqlite3 *source, sqlite3_str *out) {
    sqlite3_str_appendall(out, "[");
    int status = hd__sqlite_status(store, source, write_clients(store, source, out));
    sqlite3_str_appendall(out, "]");
    return status == HD_OK && sqlite3_str_errcode(out) != SQLITE_OK ? HD_E_NO_MEMORY : status;
}

static int copy_out(sqlite3_str *out, char *buf, size_t size, size_t *length) {
    size_t len = (size_t)sqlite3_str_length(out);
    if (length)
        *length = len;
    if (size <= len)
        return HD_E_BUFFER;
    memcpy(buf, sqlite3_str_value(out), len);
    buf[len] = '\0';
    return HD_OK;
}

int hd_store_sqlite_clients(hd_store *base, char *buf, size_t size, size_t *length) {
    sqlite3 *source = NULL;
    int status;
    struct hd__sqlite *store = store_of(base, &status);
    if (!store || (!buf && size > 0))
        return status == HD_OK ? HD_E_INVALID : status;
    status = open_source(store, &source);
    sqlite3_str *out = status == HD_OK ? sqlite3_str_new(source) : NULL;
    if (out)
        status = list_clients(store, source, out);
    if (status == HD_OK)
        status = copy_out(out, buf, size, length);
    sqlite3_free(out ? sqlite3_str_finish(out) : NULL);
    sqlite3_close_v2(source);
    return status;
}
