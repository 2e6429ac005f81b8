/* One process owns a directory. The lock is the process's (fcntl), so that it ends with it, even if children live on
 * that were forked meanwhile; and since such a lock does not keep a process from itself, a list does. */
#ifndef HD_STORE_SQLITE_LOCK_H
#define HD_STORE_SQLITE_LOCK_H

struct hd__lock;

/* Returns HD_OK, HD_E_STORE_BUSY, HD_E_STORE or HD_E_NO_MEMORY. */
int hd__lock_take(const char *directory, struct hd__lock **lock);

/* NULL does nothing. */
void hd__lock_release(struct hd__lock *lock);

#endif
