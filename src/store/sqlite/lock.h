/* The lock for writing: one connection at a time, over all processes. It is a lock of flock(), which belongs to an open
 * file and not to a process: it is not lost when another part of the process opens and closes the file, and it ends
 * with the process. A second lock is taken first, so that a connection that waits comes before one that has just
 * written. */
#ifndef HD_STORE_SQLITE_LOCK_H
#define HD_STORE_SQLITE_LOCK_H

#include "store/sqlite/descriptor.h"

#include <stdatomic.h>

struct hd__lock {
    struct hd__descriptor turn, write; /* files */
};

void hd__lock_init(struct hd__lock *lock);

/* Opens the files in a directory, or makes them. Returns 0, or errno. */
int hd__lock_open(struct hd__lock *lock, const char *directory, int makes);

/* Opens them anew if somebody has removed them, or if there is nothing to read in them. Returns 0, or errno. */
int hd__lock_check(struct hd__lock *lock, const char *directory);

/* Waits for the lock, not for ever, and not when *is_called_off. Returns 0, EWOULDBLOCK, ECANCELED, or errno. */
int hd__lock_take(struct hd__lock *lock, const atomic_int *is_called_off);
void hd__lock_drop(struct hd__lock *lock);

/* Tells the clients that watch for it (see watch.c) that something was written. */
void hd__lock_tell(const struct hd__lock *lock);

void hd__lock_close(struct hd__lock *lock);

#endif
