/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/store.h
 * Stores: they keep webhooks, undelivered events and the log when the process ends.
 */
#ifndef HELMDESK_STORE_H
#define HELMDESK_STORE_H

#include <helmdesk/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A durable store, such as one of hd_store_sqlite_open() (helmdesk/sqlite.h). */
typedef struct hd_store hd_store;

/**
 * Releases the program's reference to a store. Options that it was set in, and the client that was made with them, hold
 * references of their own, so you may free it before them. Releasing the last reference closes the store.
 * @param store  the store; NULL does nothing
 * Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API void hd_store_free(hd_store *store);

/**
 * Limits the delivery log in a store. Beyond any limit the oldest reports are deleted, a few at a time, with the events
 * that nothing else needs. The defaults are 1,000,000 reports, 30 days and 4 GiB.
 * @param store        a store that no client uses yet
 * @param max_reports  how many reports are kept; 0 for no limit
 * @param max_age_ms   how long they are kept, in milliseconds; 0 for no limit
 * @param max_bytes    the approximate size of the reports and their events, in bytes; 0 for no limit
 * Returns: HD_OK; HD_E_IN_USE while a client uses it; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_set_retention(hd_store *store, uint64_t max_reports, int64_t max_age_ms, uint64_t max_bytes);

/**
 * Deletes what is beyond the limits of hd_store_set_retention() now, all of it. Clients that deliver do so by
 * themselves, a few reports at a time; this is for a store whose limits have become narrower, or that nobody has open.
 * Other clients may use the same store at the same time. The space is used again; the file does not become smaller.
 * @param store  a store that no client uses: other handles on the same store may be in use
 * Returns: HD_OK; HD_E_IN_USE while a client uses this handle; HD_E_STORE and other failures of the store; HD_E_FORKED;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: disk, in proportion to what is deleted. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_store_prune(hd_store *store);

/**
 * Encrypts the secrets in a store with another key: it decrypts them with the key that the store was opened with, and
 * encrypts them with the new one, all of them or none. After a crash the store has either key, and nothing between. No
 * client may have the store open: each keeps the key that it was opened with. The database file is then written anew,
 * if there is room for that, so that what the old key opens is not left in it.
 * @param store    a store that no client uses; it has the new key afterwards
 * @param key      the new key, of HD_STORE_KEY_SIZE bytes; NULL to store secrets unencrypted; copied
 * @param key_len  HD_STORE_KEY_SIZE; 0 with NULL
 * Returns: HD_OK; HD_E_STORE_KEY if the store was opened with a wrong key; HD_E_STORE_BUSY while another client has it
 * open; HD_E_IN_USE while a client uses this handle; HD_E_STORE and other failures of the store; HD_E_FORKED;
 * HD_E_INVALID, also for a kind of store that cannot do it; HD_E_NO_MEMORY. Blocks: disk, in proportion to the
 * database's size. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_store_rekey(hd_store *store, const void *key, size_t key_len);

/**
 * Describes the last failure of a store in words, such as which file could not be read and why.
 * @param store  the store; NULL gives 0
 * @param text   receives the description and a NUL, truncated if there is not enough room; "" if nothing has failed;
 *               may be NULL if size is 0
 * @param size   bytes at text
 * Returns: the length of the whole description in bytes, without the NUL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_store_error(hd_store *store, char *text, size_t size);

/**
 * Makes a client keep its webhooks, its undelivered events and its log in a store. Several clients, in several
 * processes, may use the same store at the same time, each with its own hd_store: they divide the webhooks among
 * themselves, and one client at a time delivers to each webhook. When a client ends or dies, the others deliver what it
 * left. What was accepted is delivered at least once. With a store, hd_options_set_queue_limits() limits only the
 * events that are not in the store yet, and hd_options_set_log_limits() only the reports that hd_client_next_report()
 * has not returned.
 * @param options  the options
 * @param store    the store, to which the options hold a reference; only one client at a time may use it. NULL, the
 *                 default, for none
 * Returns: HD_OK; HD_E_STORE_VERSION if it comes from an incompatible version of the library; HD_E_INVALID. Blocks: no;
 * disk if this closes a store. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_store(hd_options *options, hd_store *store);

/** When hd_webhook_send() returns, with a store. */
enum hd_accept_mode {
    HD_ACCEPT_FAST = 40,      /**< at once; the worker's next step stores the event, usually within milliseconds */
    HD_ACCEPT_COMMITTED = 41, /**< when the event is on disk; all callers at that moment share one commit */
    HD_ACCEPT_ASYNC = 42      /**< at once; hd_client_next_commit() says later whether the event is on disk */
};

/**
 * Sets when hd_webhook_send() returns. An event that is not stored yet is lost if the process dies: with HD_ACCEPT_FAST
 * the events of the last milliseconds, or more while the disk is full; with HD_ACCEPT_COMMITTED no event for which
 * hd_webhook_send() has returned HD_OK; with HD_ACCEPT_ASYNC no event for which hd_client_next_commit() has given
 * HD_OK. HD_ACCEPT_ASYNC is for programs with an event loop; see hd_client_next_commit() (helmdesk/loop.h) for what
 * such a program has to do.
 * @param options  the options; without a store HD_ACCEPT_COMMITTED is the same as HD_ACCEPT_FAST
 * @param mode     HD_ACCEPT_FAST, the default, HD_ACCEPT_COMMITTED or HD_ACCEPT_ASYNC
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_accept_mode(hd_options *options, int mode);

/** What a client does with a store. */
enum hd_client_role {
    HD_CLIENT_DELIVER = 48, /**< all of it: it accepts, and delivers its share of what waits in the store */
    HD_CLIENT_ACCEPT = 49,  /**< accepts events and changes webhooks; others deliver. It has no thread and opens no
                              connection: for programs that end soon, and for servers that fork */
    HD_CLIENT_READ = 50,    /**< reads webhooks and log, and changes nothing */
    HD_CLIENT_OPERATE = 51  /**< as HD_CLIENT_ACCEPT, with a thread, so that hd_client_test() works also if no client
                               delivers: for an operator's tool */
};

/**
 * Sets what a client does with its store. With HD_CLIENT_ACCEPT hd_webhook_send() returns when the event is on disk,
 * whatever hd_options_set_accept_mode() says, and all callers at that moment share one commit. With HD_CLIENT_OPERATE
 * HD_ACCEPT_FAST is the same as HD_ACCEPT_COMMITTED.
 * @param options  the options; without a store only HD_CLIENT_DELIVER is allowed
 * @param role     HD_CLIENT_DELIVER, the default, HD_CLIENT_ACCEPT, HD_CLIENT_READ or HD_CLIENT_OPERATE
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_role(hd_options *options, int role);

/**
 * Sets how long the idempotency key of an event (HD_FIELD_IDEMPOTENCY_KEY) is remembered.
 * @param options    the options
 * @param window_ms  1,000 to 86,400,000 milliseconds; default 86,400,000: a day
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_idempotency_window_ms(hd_options *options, int64_t window_ms);

#ifdef __cplusplus
}
#endif

#endif
