/* A descriptor that says when another client has written. Who has committed something reads a byte of write.lock, which
 * Linux tells all who watch that file (inotify(7), IN_ACCESS), and which leaves no trace on the disk. To watch the WAL
 * would be too early: it is written and synced before what is in it counts, and that is done in memory (sqlite.org/
 * walformat.html), of which inotify tells nothing. What somebody without this library writes is not told. */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>

static int open_watch(void) {
    return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

/* To watch the same file again changes nothing; another one may stand in its place. */
static int watch_file(int fd, const char *path) {
    return inotify_add_watch(fd, path, IN_ACCESS) >= 0;
}
#else
static int open_watch(void) {
    return -1;
}

static int watch_file(int fd, const char *path) {
    (void)fd, (void)path;
    return 0;
}
#endif

/* A user has a limited number of these (inotify(7), max_user_instances): only who waits for news gets one. */
int hd__sqlite_watch(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (hd__sqlite_check(store) != HD_OK)
        return -1;
    if (store->watched.fd < 0) {
        hd__descriptors_hold();
        hd__descriptor_set(&store->watched, open_watch());
        hd__descriptors_let_go();
    }
    char *path = store->watched.fd >= 0 ? hd__sqlite_path(store, "write.lock") : NULL;
    int is_watched = path && watch_file(store->watched.fd, path);
    free(path);
    return is_watched ? store->watched.fd : -1;
}

void hd__sqlite_drain(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    char events[4096];
    while (store->watched.fd >= 0 && read(store->watched.fd, events, sizeof events) > 0)
        ;
}

void hd__sqlite_unwatch(struct hd__sqlite *store) {
    hd__descriptors_hold();
    hd__descriptor_close(&store->watched);
    hd__descriptors_let_go();
}
