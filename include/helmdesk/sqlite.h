/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/sqlite.h
 * A store in a directory: webhooks, undelivered events and the delivery log outlive the process. Link with
 * libhelmdesk-sqlite (pkg-config helmdesk-sqlite).
 */
#ifndef HELMDESK_SQLITE_H
#define HELMDESK_SQLITE_H

#include <helmdesk.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The size of the key that secrets are encrypted with, in bytes. */
#define HD_STORE_KEY_SIZE 32

/**
 * Opens the store in a directory. Give it to a client with hd_options_set_store(). Any number of processes may have the
 * same directory open at the same time, on one machine and a local file system. hd_client_new() makes the directory
 * (mode 0700) and the files in it (mode 0600) if they are missing, and upgrades a store that an older version of the
 * library made. Besides the database there are helmdesk.db-wal and helmdesk.db-shm, which are part of it and are not
 * deleted, two lock files, and a file of 4 MiB that is deleted when the disk is full.
 *
 * A client that only reads (HD_CLIENT_READ) needs an existing store. It writes only helmdesk.db-wal and
 * helmdesk.db-shm; if they are missing, it needs permission to make them.
 * @param directory  its path; the last part of it may be missing
 * @param key        HD_STORE_KEY_SIZE bytes that secrets and added headers of webhooks are encrypted with
 *                   (AES-256-GCM); NULL to store them unencrypted; copied
 * @param key_len    HD_STORE_KEY_SIZE; 0 with NULL
 * @param store      receives the store; free it with hd_store_free()
 * Returns: HD_OK; HD_E_STORE_ACCESS if the process may not read what is there; HD_E_STORE_MISSING if the parent
 * directory does not exist; HD_E_STORE_DAMAGED if the database is damaged, or is not a database; HD_E_STORE_VERSION if
 * a newer version of the library made it; HD_E_STORE if the directory cannot be used; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_open(const char *directory, const void *key, size_t key_len, hd_store **store);

/**
 * Describes in words why the store in a directory could not be opened: which file, and the system's error for it. For
 * an open store, use hd_store_error().
 * @param directory  the path that was passed to hd_store_sqlite_open(); NULL gives 0
 * @param text       receives the description and a NUL, truncated if there is not enough room; "" if the store can be
 *                   opened now, or if there is no memory; may be NULL if size is 0
 * @param size       bytes at text
 * Returns: the length of the whole description in bytes, without the NUL. Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_store_sqlite_explain(const char *directory, char *text, size_t size);

/**
 * Limits the size of the database file, for the client that is made with this store. At the limit, as on a full disk,
 * the oldest reports of the log are deleted to make room. When there are none left, events are refused
 * (HD_E_STORE_FULL), and no attempt is begun until deliveries have ended.
 * @param store  a store of hd_store_sqlite_open() that no client uses yet
 * @param bytes  1,048,576 or more; 0, the default, for no limit
 * Returns: HD_OK; HD_E_IN_USE while a client uses it; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_sqlite_set_max_bytes(hd_store *store, uint64_t bytes);

/**
 * Copies a store into a directory of its own, which is a store then: webhooks, undelivered events and the log, as they
 * were at one moment. Clients may use the store, and this handle, and go on writing meanwhile. Secrets in the copy are
 * encrypted with the same key. A program that delivers from the copy sends what was undelivered at that moment.
 * @param store      a store of hd_store_sqlite_open()
 * @param directory  where the copy goes; its last part is made if it is missing (mode 0700); it must not hold a store
 * Returns: HD_OK; HD_E_STORE_MISSING if there is nothing to copy; HD_E_STORE_FULL; HD_E_STORE_ACCESS; HD_E_STORE, also
 * if there is a store in the directory (hd_store_error() says so); HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. After a
 * failure nothing is left of the copy. Blocks: disk, in proportion to the size. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_backup(hd_store *store, const char *directory);

/**
 * Looks for damage in the whole database: each page, row and index. Clients may use the store, and this handle,
 * meanwhile.
 * @param store  a store of hd_store_sqlite_open()
 * Returns: HD_OK if nothing is damaged; HD_E_STORE_DAMAGED, with what is wrong in hd_store_error();
 * HD_E_STORE_MISSING; HD_E_STORE; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk, in proportion to the size.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_check(hd_store *store);

/**
 * Lists the clients that have the store open to change it, in JSON: an array of objects with "role" ("deliver" or
 * "accept"), "pid", "here" (it is a process of this system, so that the pid says which), "gone" (it surely does not run
 * any more, and what it had is taken over) and "shards" (how many of the 64 parts of the webhooks it delivers to).
 * Clients that only read are not in it.
 * @param store   a store of hd_store_sqlite_open()
 * @param buf     receives the text and a NUL; may be NULL if size is 0
 * @param size    bytes at buf
 * @param length  receives the text's length in bytes without the NUL, also with HD_E_BUFFER; may be NULL
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length; HD_E_STORE_MISSING; HD_E_STORE; HD_E_FORKED;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_clients(hd_store *store, char *buf, size_t size, size_t *length);

/**
 * Turns the index on or off that searches for text use (hd_log_filter_set_text()). With it, a page of a log with a
 * million reports takes milliseconds, whatever the text, if it has three characters or more, or is a whole id, and
 * hd_log_summarize() reads a few bytes of each report instead of the log. The client that delivers fills it, at most
 * 512 reports behind the log when there is time. Off, the index is deleted, and a search looks at the newest 5,000
 * reports for a page, which may then have few of them, or none, and a cursor.
 * @param store    a store of hd_store_sqlite_open() that no client uses yet. What the client says that delivers to the
 *                 first of the webhooks is done; give all the same
 * @param enabled  0 for off; on by default
 * Returns: HD_OK; HD_E_IN_USE while a client uses it; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_store_sqlite_set_search_index(hd_store *store, int enabled);

#ifdef __cplusplus
}
#endif

#endif
