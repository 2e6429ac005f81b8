/* A descriptor that says when another client has written. A client that has committed reads a byte of write.lock, which
 * Linux reports to all that watch that file (inotify(7), IN_ACCESS), and which leaves no trace on the disk. To watch
 * the WAL would be too early: it is written and synced before what is in it counts, and that is done in memory
 * (sqlite.org/ walformat.html), of which inotify tells nothing. Changes by programs without this library are not
 * reported.
 *
 * When the file is removed, renamed or replaced, its number of links or its name changes, which is told as well
 * (IN_ATTRIB, IN_MOVE_SELF). */
#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>

static int open_watch(void) {
    return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

/* Watching the same file again changes nothing; but a different file may be in its place. */
static int watch_file(int fd, const char *path) {
    return inotify_add_watch(fd, path, IN_ACCESS | IN_ATTRIB | IN_MOVE_SELF) >= 0;
}

/* Whether one of some events says more than that somebody has written. */
static int has_moved(const char *events, size_t len) {
    struct inotify_event event;
    for (size_t at = 0; at + sizeof event <= len; at += sizeof event + event.len) {
        memcpy(&event, events + at, sizeof event);
        if (event.mask != IN_ACCESS)
            return 1;
    }
    return 0;
}
#else
static int open_watch(void) {
    return -1;
}

static int watch_file(int fd, const char *path) {
    (void)fd, (void)path;
    return 0;
}

static int has_moved(const char *events, size_t len) {
    (void)events, (void)len;
    return 0;
}
#endif

/* A user has a limited number of these (inotify(7), max_user_instances): only clients that wait for news get one. */
int hd__sqlite_watch(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    if (hd__sqlite_check(store) != HD_OK)
        return -1;
    if (store->watched.fd < 0) {
        hd__descriptors_hold();
        hd__descriptor_set(&store->watched, open_watch());
        hd__descriptors_let_go();
    }
    char *path = store->watched.fd >= 0 && !store->is_watching ? hd__sqlite_path(store, "write.lock") : NULL;
    if (path)
        store->is_watching = watch_file(store->watched.fd, path);
    free(path);
    return store->is_watching ? store->watched.fd : -1;
}

/* If the file is not there any more, the next tend looks for it, and the next watch watches what it finds. */
void hd__sqlite_drain(struct hd_store *base) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    char events[4096];
    ssize_t len;
    while (store->watched.fd >= 0 && (len = read(store->watched.fd, events, sizeof events)) > 0)
        if (has_moved(events, (size_t)len)) {
            store->is_watching = 0;
            store->quiet_until_us = 0;
        }
}

void hd__sqlite_unwatch(struct hd__sqlite *store) {
    hd__descriptors_hold();
    hd__descriptor_close(&store->watched);
    hd__descriptors_let_go();
    store->is_watching = 0;
}
