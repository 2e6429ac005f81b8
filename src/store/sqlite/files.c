/* The directory and the database file: made, and looked at. */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *hd__sqlite_path(const struct hd__sqlite *store, const char *name) {
    size_t size = strlen(store->directory) + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path)
        sqlite3_snprintf((int)size, path, "%s/%s", store->directory, name);
    return path;
}

static int make_directory(struct hd__sqlite *store) {
    struct stat found;
    if (mkdir(store->directory, 0700) == 0)
        return HD_OK;
    if (errno != EEXIST)
        return hd__sqlite_errno(store, "cannot make it", store->directory);
    if (stat(store->directory, &found) != 0)
        return hd__sqlite_errno(store, "cannot look at it", store->directory);
    errno = ENOTDIR;
    return S_ISDIR(found.st_mode) ? HD_OK : hd__sqlite_errno(store, "cannot use it", store->directory);
}

/* SQLite gives the files beside the database its mode. One that is there is not opened: closing it would drop the
 * record locks that SQLite has on it for another handle of this process. */
static int make_database(struct hd__sqlite *store) {
    int file = open(store->database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int status = file < 0 && errno != EEXIST ? hd__sqlite_errno(store, "cannot make it", store->database) : HD_OK;
    if (file >= 0)
        close(file);
    return status;
}

int hd__sqlite_make_files(struct hd__sqlite *store) {
    int status = make_directory(store);
    if (status == HD_OK && !store->main)
        status = make_database(store);
    if (status == HD_OK && (errno = hd__lock_check(&store->lock, store->directory)) != 0)
        status = hd__sqlite_errno(store, "cannot open its lock", store->directory);
    return status;
}

int hd__sqlite_look_for_database(struct hd__sqlite *store) {
    struct stat found;
    if (stat(store->database, &found) != 0)
        return hd__sqlite_errno(store, "cannot look at it", store->database);
    if (found.st_size == 0)
        return hd__sqlite_say(store, HD_E_STORE_MISSING, HD__SQLITE_DATABASE ": there is nothing in it yet");
    return HD_OK;
}

int hd__sqlite_note_file(struct hd__sqlite *store) {
    struct stat found;
    if (stat(store->database, &found) != 0)
        return hd__sqlite_errno(store, "cannot look at it", store->database);
    store->device = found.st_dev;
    store->inode = found.st_ino;
    return HD_OK;
}

int hd__sqlite_check_file(struct hd__sqlite *store) {
    struct stat found;
    if (stat(store->database, &found) != 0) {
        (void)hd__sqlite_errno(store, "the database is not there any more", store->database);
        return HD_E_STORE;
    }
    if (found.st_dev == store->device && found.st_ino == store->inode)
        return HD_OK;
    return hd__sqlite_say(store, HD_E_STORE, HD__SQLITE_DATABASE ": another file stands in its place");
}
