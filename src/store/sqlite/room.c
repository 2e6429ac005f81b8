/* Room on a full disk, or below a bound: a file that is there to be deleted, and the log's oldest reports.
 *
 * A full disk is left with what the file leaves: the database grows no more until the file can be made again, so that
 * what is deleted makes room in it, and the WAL has what it needs for that. */
#include "store/sqlite/sqlite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BALLAST_BYTES ((off_t)4 * 1024 * 1024) /* as much as the WAL has before it is copied into the database */
#define MOST_REPORTS 8000                      /* that are deleted at once for room */
#define LEAST_SLICE 5
#define FROZEN_WAL_PAGES 200
#define EXTRA_PAGES 256 /* that results may have beyond a bound */

/* ---- The bound ---- */

static int ask_pages(struct hd__sqlite *store, int64_t *pages) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->main, "PRAGMA page_count", -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        *pages = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* The lower of the program's bound and that of a full disk, and so many pages more. */
int hd__sqlite_apply_bound(struct hd__sqlite *store, int extra) {
    char text[64];
    uint64_t pages = store->max_pages ? store->max_pages : UINT32_MAX - 1;
    if (store->frozen_pages && store->frozen_pages < pages)
        pages = store->frozen_pages;
    pages += extra ? EXTRA_PAGES : 0;
    pages = pages < UINT32_MAX - 1 ? pages : UINT32_MAX - 1;
    sqlite3_snprintf(sizeof text, text, "PRAGMA max_page_count = %llu", (unsigned long long)pages);
    return sqlite3_exec(store->main, text, NULL, NULL, NULL);
}

static int is_disk_short(const struct hd__sqlite *store) {
    struct statvfs found;
    return statvfs(store->directory, &found) == 0 &&
           (uint64_t)found.f_bavail * found.f_frsize < (uint64_t)BALLAST_BYTES / 4 * 5;
}

static void freeze(struct hd__sqlite *store) {
    int64_t pages = 0;
    if (store->frozen_pages || !is_disk_short(store) || ask_pages(store, &pages) != SQLITE_OK)
        return;
    store->frozen_pages = (uint64_t)pages;
    (void)hd__sqlite_apply_bound(store, 0);
    sqlite3_wal_autocheckpoint(store->main, FROZEN_WAL_PAGES);
}

static void thaw(struct hd__sqlite *store) {
    if (!store->frozen_pages)
        return;
    store->frozen_pages = 0;
    (void)hd__sqlite_apply_bound(store, 0);
    sqlite3_wal_autocheckpoint(store->main, HD__SQLITE_WAL_PAGES);
}

/* ---- The file ---- */

/* Without it the store works as well, only not as long on a full disk. It may be another client that makes or drops it.
 */
void hd__sqlite_make_ballast(struct hd__sqlite *store) {
    char *path = hd__sqlite_path(store, "ballast");
    int is_there = path && access(path, F_OK) == 0;
    if (path && !is_there && !is_disk_short(store)) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        is_there = file >= 0 && posix_fallocate(file, 0, BALLAST_BYTES) == 0;
        if (file >= 0)
            close(file);
        if (file >= 0 && !is_there)
            unlink(path);
    }
    free(path);
    if (is_there)
        thaw(store);
    else
        freeze(store);
}

static void drop_ballast(struct hd__sqlite *store) {
    char *path = hd__sqlite_path(store, "ballast");
    if (path)
        unlink(path);
    free(path);
}

/* ---- The log ---- */

/* Deletes so many reports in a transaction of its own. Returns how many there were. */
static int drop_slice(struct hd__sqlite *store, size_t max, size_t *count) {
    int code = hd__sqlite_begin(store, HD__SQL_BEGIN_WRITING);
    if (code == SQLITE_OK)
        code = hd__sqlite_read_state(store);
    if (code == SQLITE_OK)
        code = hd__sqlite_forget_reports(store, 1, max, count);
    if (code == SQLITE_OK && *count > 0)
        code = hd__sqlite_write_state(store);
    if (code == SQLITE_OK)
        code = hd__sql_run(hd__sql(store, HD__SQL_COMMIT));
    if (!sqlite3_get_autocommit(store->main))
        hd__sql_run(hd__sql(store, HD__SQL_ROLLBACK));
    return code;
}

/* Slices become smaller if there is no room for what it takes to delete them. */
static size_t drop_reports(struct hd__sqlite *store, size_t wanted) {
    size_t dropped = 0, slice = HD__SQLITE_SLICE, count = 1;
    while (dropped < wanted && count > 0 && slice >= LEAST_SLICE) {
        count = 0;
        int code = drop_slice(store, slice < wanted - dropped ? slice : wanted - dropped, &count);
        if (store->frozen_pages)
            hd__sqlite_checkpoint(store);
        if (code == SQLITE_OK) {
            dropped += count;
        } else {
            slice /= 10;
            count = (code & 0xFF) == SQLITE_FULL;
        }
    }
    return dropped;
}

/* First without the log: often it is the WAL that is in the way. */
int hd__sqlite_make_room(struct hd__sqlite *store, int round) {
    size_t wanted = (size_t)HD__SQLITE_SLICE << (round < 5 ? round : 5) >> 1;
    if (round > 0)
        return drop_reports(store, wanted < MOST_REPORTS ? wanted : MOST_REPORTS) > 0;
    if (is_disk_short(store)) {
        drop_ballast(store);
        hd__sqlite_checkpoint(store);
        hd__sqlite_make_ballast(store);
    }
    return 1;
}
