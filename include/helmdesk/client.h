/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/client.h
 * The client: its webhooks, and the worker thread that delivers.
 */
#ifndef HELMDESK_CLIENT_H
#define HELMDESK_CLIENT_H

#include <helmdesk/delivery.h>
#include <helmdesk/event.h>
#include <helmdesk/options.h>
#include <helmdesk/report.h>
#include <helmdesk/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A set of webhooks and the worker thread that delivers to them. */
typedef struct hd_client hd_client;

/**
 * Makes a client and starts its worker thread, which blocks all signals. After fork() make the client in the child.
 * @param options  how to work; NULL for all defaults; copied
 * @param client   receives the client; free it with hd_client_free()
 * Returns: HD_OK; HD_E_THREAD if no thread could be started; HD_E_TRANSPORT if libcurl could not; with a store
 * HD_E_IN_USE if another client uses this hd_store, HD_E_STORE_KEY if its secrets are sealed with another key,
 * HD_E_STORE, HD_E_STORE_FULL, HD_E_STORE_ACCESS, HD_E_STORE_MISSING, HD_E_STORE_DAMAGED or HD_E_STORE_VERSION if it
 * cannot be read or written (hd_store_error() says why); HD_E_INVALID, also for a role without a store; HD_E_NO_MEMORY.
 * Blocks: briefly; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_new(const hd_options *options, hd_client **client);

/**
 * Adds a webhook, or replaces the one with the same id. Who gets an event is decided by the webhooks that there were
 * when it was accepted; URL, secret, limits and all other settings are those that there are when an attempt begins. In
 * another project than before, it is a webhook of its own there: what waits stays the old project's, with the old
 * settings.
 * @param client   the client
 * @param webhook  the webhook; copied
 * Returns: HD_OK; HD_E_FIELD_MISSING (see hd_webhook_missing()); HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or
 * HD_E_URL_ADDRESS if the client's options do not allow its URL; HD_E_STORE or HD_E_STORE_FULL if it cannot be stored;
 * HD_E_STORE_READ_ONLY; HD_E_CLOSED; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_put_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * As hd_client_put_webhook(), but only if the webhook is still as hd_client_get_webhook() or hd_client_list_webhooks()
 * gave it, so that of two people who change the same webhook neither undoes the other's change unseen.
 * @param client   the client
 * @param webhook  a changed copy; a new one returns HD_E_CONFLICT if there is one with its id
 * Returns: as hd_client_put_webhook(); HD_E_CONFLICT if it was changed, removed or added meanwhile: get it again.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_replace_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * Whether hd_client_put_webhook() would take a URL: for a form that says so before anything is stored. Names are not
 * looked up; what they lead to is checked for each connection.
 * @param client  the client
 * @param url     the URL, as for hd_webhook_set_url()
 * Returns: HD_OK; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or HD_E_URL_ADDRESS;
 * HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_check_url(hd_client *client, const char *url);

/**
 * Gives a copy of a webhook, to read or to change and put again.
 * @param client   the client
 * @param id       the webhook's id
 * @param webhook  receives the copy; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_get_webhook(hd_client *client, const char *id, hd_webhook **webhook);

/**
 * Removes a webhook. Deliveries that were accepted before are still made, with its last settings.
 * @param client  the client
 * @param id      the webhook's id
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_CLOSED; HD_E_FORKED; HD_E_INVALID. Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_remove_webhook(hd_client *client, const char *id);

/**
 * Lists the webhooks of a project, or all of them, ordered by project and id.
 * @param client   the client
 * @param project  the project; NULL for all
 * @param list     receives the list; free it with hd_webhook_list_free()
 * Returns: HD_OK, also for an empty list; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_list_webhooks(hd_client *client, const char *project, hd_webhook_list **list);

/**
 * Reports an event to every webhook of its project that subscribes to it, and returns at once: a worker thread
 * delivers. An event that no webhook subscribes to is accepted too, and leaves no report. On failure nothing was
 * queued. From now on the event cannot be changed; it may be sent again.
 * @param client    the client
 * @param event     the event, with project, ticket and customer set; the library takes a reference of its own
 * @param event_id  receives the id by which reports name this event: a UUID (version 7) as text, HD_ID_SIZE bytes with
 *                  the NUL; of an event whose idempotency key was used before, the id of the first event with it; may
 *                  be NULL
 * Returns: HD_OK; HD_E_QUEUE_FULL beyond the limits of hd_options_set_queue_limits(); HD_E_FIELD_MISSING (see
 * hd_event_missing()); HD_E_EVENT_TYPE for an unknown event; HD_E_STORE_DAMAGED for one that a report has in the place
 * of a damaged one (see hd_report_event()); HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_INVALID. With
 * HD_ACCEPT_COMMITTED also HD_E_STORE_FULL, HD_E_STORE or HD_E_NO_MEMORY if the event could not be stored, and is not
 * accepted; HD_E_WRONG_THREAD in the log function. Blocks: no I/O; takes one short lock. With HD_ACCEPT_COMMITTED until
 * the event is on disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_send(hd_client *client, hd_event *event, char event_id[HD_ID_SIZE]);

/**
 * Sends a sample event to one webhook through the very path of real events, ahead of what waits there, and returns the
 * real result. The webhook's subscriptions and mode do not matter. The report is in the log too, marked as test.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param type        HD_TICKET_CREATED, HD_TICKET_RESOLVED or HD_MESSAGE_RECEIVED
 * @param timeout_ms  how long to wait for the result, in milliseconds; 6,000 covers the delivery's own 5,000
 * @param report      receives the report, whatever its outcome; free it with hd_report_free()
 * Returns: HD_OK if there is a result; HD_E_TIMEOUT if there is none yet; HD_E_NOT_FOUND; HD_E_EVENT_TYPE;
 * HD_E_QUEUE_FULL; HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_WRONG_THREAD on the worker thread;
 * HD_E_INVALID; HD_E_NO_MEMORY; what hd_client_store_status() returns, while the store fails. Blocks: up to timeout_ms.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_client_test(hd_client *client, const char *webhook_id, int type, uint32_t timeout_ms, hd_report **report);

/**
 * Gives the next report that this function has not given yet, in the order in which deliveries ended. Reports that the
 * log's limits pushed out before are skipped and counted in HD_COUNTER_REPORTS_MISSED.
 * @param client      the client
 * @param timeout_ms  how long to wait for one, in milliseconds; 0 only asks
 * @param report      receives the report; free it with hd_report_free()
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_CLOSED if the client is closed and all were given; HD_E_FORKED; HD_E_WRONG_THREAD
 * if it would have to wait on the worker thread; HD_E_INVALID. Blocks: up to timeout_ms. Threads: any; each report is
 * given once. Since: 0.1.0
 */
HD_API int hd_client_next_report(hd_client *client, uint32_t timeout_ms, hd_report **report);

/** Whether deliveries to a webhook are made. */
enum hd_webhook_state {
    HD_WEBHOOK_ACTIVE = 72,
    HD_WEBHOOK_PAUSED = 73,    /**< by the rule of hd_options_set_pause_rule() */
    HD_WEBHOOK_PROBING = 74,   /**< the pause is over; the next delivery decides */
    HD_WEBHOOK_FORBIDDEN = 75, /**< its URL is not allowed by this client's options: what waits for it is kept */
    HD_WEBHOOK_THROTTLED = 76  /**< its receiver answered 429 or 503, and asked for patience */
};

/** @name Names of states of webhooks
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_WEBHOOK_ACTIVE without a
 * gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "paused"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_webhook_state_name(int number);
HD_API int hd_webhook_state_from_name(const char *name);
HD_API int hd_webhook_state_count(void);
/** @} */

/**
 * Tells whether deliveries to a webhook are made, and if not, until when. A receiver that responds with 429, or 503
 * with a Retry-After, gets nothing more for as long as its Retry-After says, at most 5 minutes; the delivery itself, if
 * it is tried again, waits for the whole Retry-After (see hd_webhook_set_max_attempts()). A 429 without Retry-After, or
 * with 0, asks for 1 second, and for twice as long with each that follows before a success, up to 64 seconds. A 503
 * without it is a failure as any other. Of several responses, the one counts that asks for the latest time. With a
 * store it counts for all clients, and for the one that takes the webhook over. Tests (hd_client_test()) do not wait
 * for it.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param state       receives one of HD_WEBHOOK_...
 * @param until_ms    receives when that ends, in milliseconds since 1970-01-01T00:00:00Z, 0 if it is neither paused nor
 *                    throttled; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_webhook_state(hd_client *client, const char *webhook_id, int *state, int64_t *until_ms);

/**
 * Tells how many deliveries wait for a webhook, and since when.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many; with a store those of all its clients
 * @param since_ms    receives when the event of the oldest was accepted, in milliseconds since 1970-01-01T00:00:00Z; 0
 *                    if none waits; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE if it cannot be read; HD_E_WRONG_THREAD on the
 * worker thread; HD_E_FORKED; HD_E_INVALID. Blocks: for a turn of the worker; disk with a store. Threads: any. Since:
 * 0.1.0
 */
HD_API int hd_client_waiting(hd_client *client, const char *webhook_id, uint64_t *count, int64_t *since_ms);

/**
 * Discards what waits for a webhook: each of these deliveries ends without another attempt, with HD_OUTCOME_CANCELED
 * and HD_REASON_DISCARDED, whether the webhook is on, held or off. What is under way is not touched, and what comes
 * later is delivered.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many waited; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_CLOSED; HD_E_WRONG_THREAD on the worker thread; HD_E_FORKED; HD_E_INVALID. Blocks: for a turn of the worker;
 * disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_discard(hd_client *client, const char *webhook_id, uint64_t *count);

/**
 * Tells whether the store takes what the worker writes. While it does not, no attempt is begun, so that nothing is sent
 * whose result could not be kept; the worker tries again by itself.
 * @param client  the client
 * Returns: HD_OK, also without a store; HD_E_STORE_FULL; HD_E_STORE; HD_E_STORE_BUSY; HD_E_STORE_LOST; HD_E_NO_MEMORY;
 * HD_E_STORE_DAMAGED if a part of it cannot be read: other webhooks go on then; HD_E_FORKED; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_store_status(hd_client *client);

/** What hd_client_counter() can tell. */
enum hd_counter {
    HD_COUNTER_ACCEPTED = 96,        /**< events that hd_webhook_send() and hd_client_test() took */
    HD_COUNTER_REFUSED = 97,         /**< events refused with HD_E_QUEUE_FULL */
    HD_COUNTER_PENDING = 98,         /**< events accepted whose deliveries have not all ended, or, with a store, that
                                         are not in it yet */
    HD_COUNTER_WAITING = 99,         /**< deliveries that wait for their turn */
    HD_COUNTER_IN_FLIGHT = 100,      /**< deliveries under way */
    HD_COUNTER_DELIVERED = 101,      /**< deliveries that a receiver confirmed */
    HD_COUNTER_FAILED = 102,         /**< deliveries that failed */
    HD_COUNTER_CANCELED = 103,       /**< deliveries that hd_client_close() ended */
    HD_COUNTER_REPORTS_MISSED = 104, /**< reports forgotten before hd_client_next_report() came to them */
    HD_COUNTER_RETRIED = 105,        /**< failed attempts that another one follows */
    HD_COUNTER_DROPPED = 106,        /**< of the failed deliveries, those with HD_REASON_DROPPED */
    HD_COUNTER_STORED = 107          /**< deliveries in the store that have not ended; 0 without one */
};

/** @name Names of counters
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_COUNTER_ACCEPTED without
 * a gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "in_flight"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_counter_name(int number);
HD_API int hd_counter_from_name(const char *name);
HD_API int hd_counter_count(void);
/** @} */

/**
 * Tells one of the client's numbers.
 * @param client  the client; NULL gives 0
 * @param which   one of HD_COUNTER_...
 * Returns: the number; 0 for an unknown one and in a forked child. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint64_t hd_client_counter(hd_client *client, int which);

/**
 * Waits until all deliveries of the events accepted before this call have ended. Drops nothing. With a store, it counts
 * the deliveries of all its clients that wait there, whichever of them accepted the event and whichever delivers it.
 * @param client      the client
 * @param timeout_ms  how long to wait, in milliseconds; 0 only asks
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_FORKED; HD_E_WRONG_THREAD on the worker thread; HD_E_INVALID.
 * Blocks: up to timeout_ms. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_flush(hd_client *client, uint32_t timeout_ms);

/**
 * Ends the client's work: accepts no more events, delivers what was accepted for up to timeout_ms, then cancels and
 * records what is left, and stops the worker thread. Webhooks, log and reports stay readable until the client is
 * freed; what would change something returns HD_E_CLOSED. With a store nothing is canceled: what is left stays there
 * for the next client, which may use the same hd_store from now on.
 * @param client      the client
 * @param timeout_ms  how long to deliver, in milliseconds; 0 cancels at once
 * Returns: HD_OK if nothing was canceled or left; HD_E_TIMEOUT if something was; HD_E_FORKED; HD_E_WRONG_THREAD on the
 * worker thread; HD_E_INVALID. Of several calls, also of hd_client_begin_close(), the earliest end counts, and each
 * hd_client_close() returns the same. Blocks: up to timeout_ms and one step of the worker. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_close(hd_client *client, uint32_t timeout_ms);

/**
 * Adds a reference to a client, for an object that uses it and may live longer than the program's own: a dashboard
 * holds one. What hd_client_free() has closed stays readable for it, as after hd_client_close().
 * @param client  the client; may be NULL
 * Returns: the same client; give the reference up with hd_client_unref(). NULL for NULL.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API hd_client *hd_client_ref(hd_client *client);

/**
 * Gives up a reference to a client, without closing it. The last one closes it, if that was not done, as
 * hd_client_free() does, and frees it.
 * @param client  the client; NULL does nothing
 * Blocks: no; the last one up to the shutdown timeout. Threads: any. Since: 0.1.0
 */
HD_API void hd_client_unref(hd_client *client);

/**
 * Closes the client if it is open, as hd_client_close() with the options' shutdown timeout, and gives up the reference
 * of hd_client_new(). In a forked child it stops nothing and waits for nothing: it releases the handle, and leaves what
 * the worker may have been changing at the moment of the fork, and the store with it. On the worker thread (in the log
 * function) it does nothing but log an error.
 * @param client  the client; NULL does nothing
 * Blocks: up to the shutdown timeout. Threads: any. Since: 0.1.0
 */
HD_API void hd_client_free(hd_client *client);

#ifdef __cplusplus
}
#endif

#endif
