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
 * Opens the store in a directory, and makes it if there is none. Hand it to a client with hd_options_set_store(). The
 * directory belongs to one process at a time, on a local file system; what is made has mode 0700 and 0600. A store that
 * an older version of the library made is brought up to date.
 * @param directory  its path; the last part of it is made if it is missing
 * @param key        HD_STORE_KEY_SIZE bytes that secrets and added headers of webhooks are encrypted with
 * (AES-256-GCM); NULL to keep them as they are; copied
 * @param key_len    HD_STORE_KEY_SIZE; 0 with NULL
 * @param store      receives the store; free it with hd_store_free()
 * Returns: HD_OK; HD_E_STORE if the directory cannot be used or its database is damaged; HD_E_STORE_FULL;
 * HD_E_STORE_BUSY if a process has it open; HD_E_STORE_VERSION if a newer version of the library made it; HD_E_INVALID;
 * HD_E_NO_MEMORY. Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_open(const char *directory, const void *key, size_t key_len, hd_store **store);

/**
 * Opens the store in a directory to be read, while another process may have it open and write, or after that has ended
 * in whatever way. Nothing in it is written or brought up to date; SQLite's helmdesk.db-wal and helmdesk.db-shm beside
 * the database are made if they are missing, with its mode, and stay. A client with it has the webhooks that were there
 * when it was made, as they are stored, its log is the store's at any moment, and HD_COUNTER_STORED is what waited when
 * it was made; it delivers nothing, and what would change something answers HD_E_STORE_READ_ONLY.
 * @param directory  its path, on a local file system; the process must be allowed to write there
 * @param key        as for hd_store_sqlite_open(); copied
 * @param key_len    HD_STORE_KEY_SIZE; 0 with NULL
 * @param store      receives the store; free it with hd_store_free()
 * Returns: HD_OK; HD_E_STORE if there is none, or it cannot be read; HD_E_STORE_VERSION if a newer or an older version
 * of the library made it; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_store_sqlite_open_reader(const char *directory, const void *key, size_t key_len, hd_store **store);

/**
 * Bounds the database file. At the bound it is as on a full disk: events are refused (HD_E_STORE_FULL), and no attempt
 * is begun until there is room, which is when hd_store_set_retention() lets reports go, or with the next client and a
 * higher bound.
 * @param store  a store of hd_store_sqlite_open() that no client uses yet
 * @param bytes  1,048,576 or more; 0 for no bound, which is so without this call
 * Returns: HD_OK; HD_E_STORE; HD_E_STATE while a client uses it; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_sqlite_set_max_bytes(hd_store *store, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
