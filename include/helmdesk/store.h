/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/store.h
 * Stores: where webhooks, undelivered events and the log outlive the process.
 */
#ifndef HELMDESK_STORE_H
#define HELMDESK_STORE_H

#include <helmdesk/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A durable store, as hd_store_sqlite_open() (helmdesk/sqlite.h) gives it. */
typedef struct hd_store hd_store;

/**
 * Gives up the program's reference to a store. The last one closes it: the options that name it and the client that was
 * made with them hold references of their own, so that it may be freed before they are.
 * @param store  the store; NULL does nothing
 * Blocks: disk. Threads: any. Since: 0.1.0
 */
HD_API void hd_store_free(hd_store *store);

/**
 * Bounds the delivery log in a store. Beyond any limit the oldest reports are deleted, in small slices, and with them
 * the events that nothing else needs. Without this call: 1,000,000 reports of the last 30 days, and 4 GiB.
 * @param store        a store that no client uses yet
 * @param max_reports  how many reports are kept; 0 for any number
 * @param max_age_ms   how long, in milliseconds; 0 for ever
 * @param max_bytes    what they and their events take, in bytes, about; 0 for any size
 * Returns: HD_OK; HD_E_IN_USE while a client uses it; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: one per object.
 * Since: 0.1.0
 */
HD_API int hd_store_set_retention(hd_store *store, uint64_t max_reports, int64_t max_age_ms, uint64_t max_bytes);

/**
 * Says in words what the last failure of a store was, such as which file could not be read and why.
 * @param store  the store; NULL gives 0
 * @param text   receives the words and a NUL, cut if there is not enough room; "" if nothing has failed; may be NULL if
 *               size is 0
 * @param size   bytes at text
 * Returns: how long the words are, without the NUL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_store_error(hd_store *store, char *text, size_t size);

/**
 * Has a client keep its webhooks, its undelivered events and its log in a store. Several clients, in several processes,
 * may use the same store at the same time, each with a hd_store of its own: they divide the webhooks among themselves,
 * and each webhook is delivered to by one client at a time. When a client ends or dies, the others deliver what it
 * left. Everything that was accepted is delivered at least once. hd_options_set_queue_limits() then bounds only what is
 * not in the store yet, hd_options_set_log_limits() only what hd_client_next_report() has not given.
 * @param options  the options
 * @param store    the store, of which a reference is taken; one client uses it at a time. NULL for none, as without
 *                 this call
 * Returns: HD_OK; HD_E_STORE_VERSION if it comes from a library that does not fit this one; HD_E_INVALID. Blocks: no;
 * disk if a store goes. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_store(hd_options *options, hd_store *store);

/** When hd_webhook_send() returns, with a store. */
enum hd_accept_mode {
    HD_ACCEPT_FAST = 40,     /**< at once; the worker's next step stores the event, within milliseconds as a rule */
    HD_ACCEPT_COMMITTED = 41 /**< when the event is on disk; all callers at that moment share one commit */
};

/**
 * Sets when hd_webhook_send() returns. An event that is not stored yet is lost if the process dies: with HD_ACCEPT_FAST
 * the events of the last milliseconds, or more while the disk is full; with HD_ACCEPT_COMMITTED no event for which
 * hd_webhook_send() has returned HD_OK.
 * @param options  the options; without a store the mode means nothing
 * @param mode     HD_ACCEPT_FAST, which is so without this call, or HD_ACCEPT_COMMITTED
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_accept_mode(hd_options *options, int mode);

/** What a client does with a store. */
enum hd_client_role {
    HD_CLIENT_DELIVER = 48, /**< all of it: it accepts, and delivers its share of what waits in the store */
    HD_CLIENT_ACCEPT = 49,  /**< accepts events and changes webhooks; others deliver. It has no thread and opens no
                              connection: for programs that end soon, and for servers that fork */
    HD_CLIENT_READ = 50,    /**< reads webhooks and log, and changes nothing */
    HD_CLIENT_OPERATE =
        51 /**< as HD_CLIENT_ACCEPT, with a thread, so that hd_client_test() works: for an operator's tool */
};

/**
 * Sets what a client does with its store. With HD_CLIENT_ACCEPT hd_webhook_send() returns when the event is on disk,
 * whatever hd_options_set_accept_mode() says, and all callers at that moment share one commit.
 * @param options  the options; without a store only HD_CLIENT_DELIVER makes sense
 * @param role     HD_CLIENT_DELIVER, which is so without this call, HD_CLIENT_ACCEPT, HD_CLIENT_READ or
 *                 HD_CLIENT_OPERATE
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_role(hd_options *options, int role);

/**
 * Sets how long the key of an event (HD_FIELD_IDEMPOTENCY_KEY) is remembered.
 * @param options    the options
 * @param window_ms  1,000 to 86,400,000 milliseconds; default 86,400,000: a day
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_options_set_idempotency_window_ms(hd_options *options, int64_t window_ms);

#ifdef __cplusplus
}
#endif

#endif
