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

/** Bytes of the key that secrets are sealed with. */
#define HD_STORE_KEY_SIZE 32

/**
 * Opens the store in a directory. Hand it to a client with hd_options_set_store(). Any number of processes may have the
 * same directory open at the same time, on one machine and a local file system. What a client needs to write is made
 * when it joins: the directory, with mode 0700, and the files in it, with mode 0600; a store that an older version of
 * the library made is then brought up to date. Besides the database there are helmdesk.db-wal and helmdesk.db-shm,
 * which belong to it and stay, two lock files, and a file of 4 MiB that is deleted when the disk is full.
 *
 * A client that only reads needs a store that is there. It writes helmdesk.db-wal and helmdesk.db-shm alone; if those
 * are missing, it must be allowed to make them.
 * @param directory  its path; the last part of it may be missing
 * @param key        HD_STORE_KEY_SIZE bytes that secrets and added headers of webhooks are encrypted with
 * (AES-256-GCM); NULL to keep them as they are; copied
 * @param key_len    HD_STORE_KEY_SIZE; 0 with NULL
 * @param store      receives the store; free it with hd_store_free()
 * Returns: HD_OK; HD_E_STORE_ACCESS if the process may not read what is there; HD_E_STORE_MISSING if the directory's
 * own directory is not there; HD_E_STORE_DAMAGED if the database is damaged, or no database; HD_E_STORE_VERSION if a
 * newer version of the library made it; HD_E_STORE if the directory cannot be used; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_open(const char *directory, const void *key, size_t key_len, hd_store **store);

/**
 * Looks at the directory of a store that could not be opened, and says in words why: which file, and what the system
 * says of it. Of a store that is open, hd_store_error() says it.
 * @param directory  the path that hd_store_sqlite_open() got; NULL gives 0
 * @param text       receives the words and a NUL, cut if there is not enough room; "" if it can be opened now, or
 *                   without memory; may be NULL if size is 0
 * @param size       bytes at text
 * Returns: how long the words are, without the NUL. Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_store_sqlite_explain(const char *directory, char *text, size_t size);

/**
 * Bounds the database file for the client that is made with this store. At the bound, as on a full disk, the oldest
 * reports of the log are deleted to make room. When there are none left, events are refused (HD_E_STORE_FULL), and no
 * attempt is begun until deliveries have ended.
 * @param store  a store of hd_store_sqlite_open() that no client uses yet
 * @param bytes  1,048,576 or more; 0 for no bound, which is so without this call
 * Returns: HD_OK; HD_E_IN_USE while a client uses it; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_sqlite_set_max_bytes(hd_store *store, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
