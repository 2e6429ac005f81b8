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
 * Makes a client and starts its worker thread, which blocks all signals. If your program forks, make the client in the
 * child.
 * @param options  the client's options; NULL for the defaults; copied
 * @param client   receives the client; free it with hd_client_free()
 * Returns: HD_OK; HD_E_THREAD if no thread could be started; HD_E_TRANSPORT if libcurl could not be started; with a
 * store HD_E_IN_USE if another client uses this hd_store, HD_E_STORE_KEY if its secrets are sealed with another key,
 * HD_E_STORE, HD_E_STORE_FULL, HD_E_STORE_ACCESS, HD_E_STORE_MISSING, HD_E_STORE_DAMAGED or HD_E_STORE_VERSION if it
 * cannot be read or written (hd_store_error() says why); HD_E_INVALID, also for a role without a store; HD_E_NO_MEMORY.
 * Blocks: briefly; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_new(const hd_options *options, hd_client **client);

/**
 * Adds a webhook, or replaces the one with the same id. An event goes to the webhooks that exist when it is accepted.
 * The URL, secret, limits and all other settings are those at the beginning of each attempt. If the project is
 * different from before, the webhook is a separate one in the new project: deliveries that already wait stay with the
 * old project, and keep the old settings.
 * @param client   the client
 * @param webhook  the webhook; copied
 * Returns: HD_OK; HD_E_FIELD_MISSING (see hd_webhook_missing()); HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or
 * HD_E_URL_ADDRESS if the client's options do not allow its URL; HD_E_STORE or HD_E_STORE_FULL if it cannot be stored;
 * HD_E_STORE_READ_ONLY; HD_E_CLOSED; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_put_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * Does the same as hd_client_put_webhook(), but only if the webhook has not changed since hd_client_get_webhook() or
 * hd_client_list_webhooks() returned it. Two people who edit the same webhook then cannot overwrite each other's
 * changes unnoticed.
 * @param client   the client
 * @param webhook  the changed copy, or a new webhook, whose id must not be in use (HD_E_CONFLICT); copied
 * Returns: as hd_client_put_webhook(); HD_E_CONFLICT if it was changed, removed or added meanwhile: get it again.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_replace_webhook(hd_client *client, const hd_webhook *webhook);

/**
 * Checks whether hd_client_put_webhook() would accept a URL, for example to validate a form before anything is stored.
 * Host names are not looked up; their addresses are checked for each connection.
 * @param client  the client
 * @param url     the URL, as for hd_webhook_set_url()
 * Returns: HD_OK; HD_E_URL, HD_E_URL_USERINFO, HD_E_URL_SCHEME, HD_E_URL_PORT, HD_E_URL_HOST or HD_E_URL_ADDRESS;
 * HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_check_url(hd_client *client, const char *url);

/**
 * Gets a copy of a webhook, to read it, or to change it and put it again.
 * @param client   the client
 * @param id       the webhook's id
 * @param webhook  receives the copy; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_get_webhook(hd_client *client, const char *id, hd_webhook **webhook);

/**
 * Removes a webhook. Events accepted before are still delivered to it, with its last settings.
 * @param client  the client
 * @param id      the webhook's id
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_CLOSED; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no; disk with a store. Threads: any. Since: 0.1.0
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
 * Sends an event to every webhook of its project that subscribes to it, and returns at once: the worker thread delivers
 * it. An event that no webhook subscribes to is accepted too, and leaves no report. If this function fails, nothing was
 * queued. After this call the event can no longer be changed, but it may be sent again.
 * @param client    the client
 * @param event     the event, with project, ticket and customer set; the library takes a reference of its own
 * @param event_id  receives the event's id, as in its reports: a UUID (version 7) as text, HD_ID_SIZE bytes with the
 *                  NUL. If the event's idempotency key was used before, it is the id of the first event with that key.
 *                  May be NULL
 * Returns: HD_OK; HD_E_QUEUE_FULL beyond the limits of hd_options_set_queue_limits(); HD_E_FIELD_MISSING (see
 * hd_event_missing()); HD_E_EVENT_TYPE for an unknown event; HD_E_STORE_DAMAGED for the placeholder of an event that is
 * damaged in the store (see hd_report_event()); HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_INVALID. With
 * HD_ACCEPT_COMMITTED also HD_E_STORE_FULL, HD_E_STORE or HD_E_NO_MEMORY if the event could not be stored, and so was
 * not accepted; HD_E_WRONG_THREAD in the log function. With HD_ACCEPT_ASYNC hd_client_next_commit() says that later,
 * and an idempotency key that was used before. Blocks: no I/O; takes one short lock. With HD_ACCEPT_COMMITTED until the
 * event is on disk. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_send(hd_client *client, hd_event *event, char event_id[HD_ID_SIZE]);

/**
 * Sends a sample event to one webhook in the same way as real events, ahead of the deliveries that wait for it, and
 * returns the actual result. The webhook's subscriptions and mode do not matter. The report is also in the log, marked
 * as a test. With a store, the client that delivers to the webhook sends it, so that max_in_flight holds for all of
 * them together. If no client does, this one sends it. A test that could not be sent within a minute ends with
 * HD_OUTCOME_CANCELED.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param type        any type but HD_EVENT_UNKNOWN
 * @param timeout_ms  how long to wait for the result, in milliseconds; 6,000 is enough for the 5,000 that the delivery
 *                    may take
 * @param report      receives the report, whatever its outcome; free it with hd_report_free()
 * Returns: HD_OK if there is a result; HD_E_TIMEOUT if there is none yet; HD_E_NOT_FOUND; HD_E_EVENT_TYPE;
 * HD_E_QUEUE_FULL; HD_E_CLOSED; HD_E_STORE_READ_ONLY; HD_E_FORKED; HD_E_WRONG_THREAD on the worker thread;
 * HD_E_ROLE if this client cannot send (HD_CLIENT_ACCEPT), and no other one delivers to the webhook; HD_E_INVALID;
 * HD_E_NO_MEMORY; what hd_client_store_status() returns, while the store fails. Blocks: up to timeout_ms; disk with a
 * store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_test(hd_client *client, const char *webhook_id, int type, uint32_t timeout_ms, hd_report **report);

/**
 * Gets the next report that this function has not returned yet, in the order in which deliveries ended. Reports that
 * the log's limits have already deleted are skipped, and counted in HD_COUNTER_REPORTS_MISSED.
 * @param client      the client
 * @param timeout_ms  how long to wait for one, in milliseconds; with 0 it does not wait
 * @param report      receives the report; free it with hd_report_free()
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_CLOSED if the client is closed and no report is left; HD_E_FORKED;
 * HD_E_WRONG_THREAD if it would have to wait on the worker thread; HD_E_INVALID. Blocks: up to timeout_ms.
 * Threads: any; each report is returned once. Since: 0.1.0
 */
HD_API int hd_client_next_report(hd_client *client, uint32_t timeout_ms, hd_report **report);

/** Whether deliveries to a webhook are made. */
enum hd_webhook_state {
    HD_WEBHOOK_ACTIVE = 72,
    HD_WEBHOOK_PAUSED = 73,    /**< by the rule of hd_options_set_pause_rule() */
    HD_WEBHOOK_PROBING = 74,   /**< the pause is over; the next delivery decides */
    HD_WEBHOOK_FORBIDDEN = 75, /**< this client's options do not allow its URL; deliveries wait */
    HD_WEBHOOK_THROTTLED = 76, /**< its receiver asked to wait, with 429 or 503 */
    HD_WEBHOOK_FAILING = 77    /**< active, but several attempts in a row have failed: hd_options_set_alert_rule() */
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
 * Tells whether deliveries to a webhook are made, and if not, until when. A receiver that responds with 429, or with
 * 503 and a Retry-After, gets no more requests for as long as its Retry-After says, at most 5 minutes. If the delivery
 * itself is tried again, it waits for the whole Retry-After (see hd_webhook_set_max_attempts()). A 429 without a
 * Retry-After, or with one of 0, means a wait of 1 second, which doubles with each further such response before a
 * success, up to 64 seconds. A 503 without a Retry-After is a failure like any other. If several responses ask for a
 * wait, the latest end applies. With a store, the wait applies to all clients, also to one that takes the webhook over.
 * Tests (hd_client_test()) do not wait.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param state       receives one of HD_WEBHOOK_...
 * @param until_ms    receives when that state ends, in milliseconds since 1970-01-01T00:00:00Z; 0 if the webhook is
 *                    neither paused nor throttled; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_webhook_state(hd_client *client, const char *webhook_id, int *state, int64_t *until_ms);

/**
 * Tells how many attempts of a webhook's deliveries have failed in a row, up to now. Tests and alerts do not count, nor
 * do faults of this program or its proxy. With a store, the count outlives the client.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many; 0 if the last one was delivered
 * @param reason      receives why the last of them failed, one of HD_REASON_...; 0 if count is 0; may be NULL
 * @param since_ms    receives when the first of them failed, in milliseconds since 1970-01-01T00:00:00Z; 0 if count is
 *                    0; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_webhook_failures(hd_client *client, const char *webhook_id, uint32_t *count, int *reason,
                                      int64_t *since_ms);

/**
 * Tells how many deliveries wait for a webhook, and since when.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many; with a store, of all its clients together
 * @param since_ms    receives when the event of the oldest one was accepted, in milliseconds since
 *                    1970-01-01T00:00:00Z; 0 if none waits; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE if it cannot be read; HD_E_WRONG_THREAD on the worker thread; HD_E_FORKED;
 * HD_E_INVALID. Blocks: for one step of the worker; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_waiting(hd_client *client, const char *webhook_id, uint64_t *count, int64_t *since_ms);

/**
 * Discards the deliveries that wait for a webhook, whether it is on, held or off. Each of them ends without another
 * attempt, with HD_OUTCOME_CANCELED and HD_REASON_DISCARDED, and no longer counts as waiting from now on, even if no
 * client delivers that could end it. Deliveries under way and later ones are not affected.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param count       receives how many deliveries waited; may be NULL
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_STORE or HD_E_STORE_FULL if that cannot be stored; HD_E_STORE_READ_ONLY;
 * HD_E_CLOSED; HD_E_WRONG_THREAD on the worker thread; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: for one step
 * of the worker; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_discard(hd_client *client, const char *webhook_id, uint64_t *count);

/**
 * Tells whether the worker can write to the store. While it cannot, it begins no attempt, because it could not record
 * the result; it tries the store again by itself.
 * @param client  the client
 * Returns: HD_OK, also without a store; HD_E_STORE_FULL; HD_E_STORE; HD_E_STORE_BUSY; HD_E_STORE_LOST; HD_E_NO_MEMORY;
 * HD_E_STORE_DAMAGED if a part of it cannot be read, in which case deliveries to other webhooks go on; HD_E_FORKED;
 * HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_store_status(hd_client *client);

/** The counters of hd_client_counter(). */
enum hd_counter {
    HD_COUNTER_ACCEPTED = 96,        /**< events that hd_webhook_send() and hd_client_test() accepted; no tests that
                                         another client sends */
    HD_COUNTER_REFUSED = 97,         /**< events refused with HD_E_QUEUE_FULL */
    HD_COUNTER_PENDING = 98,         /**< events accepted whose deliveries have not all ended, or, with a store, that
                                         are not in it yet */
    HD_COUNTER_WAITING = 99,         /**< deliveries that wait for their turn */
    HD_COUNTER_IN_FLIGHT = 100,      /**< deliveries under way */
    HD_COUNTER_DELIVERED = 101,      /**< deliveries that a receiver confirmed */
    HD_COUNTER_FAILED = 102,         /**< deliveries that failed */
    HD_COUNTER_CANCELED = 103,       /**< deliveries that hd_client_close() ended */
    HD_COUNTER_REPORTS_MISSED = 104, /**< reports deleted before hd_client_next_report() got to them */
    HD_COUNTER_RETRIED = 105,        /**< failed attempts that are followed by another one */
    HD_COUNTER_DROPPED = 106,        /**< of the failed deliveries, those with HD_REASON_DROPPED */
    HD_COUNTER_STORED = 107 /**< deliveries in the store that have neither ended nor been discarded; 0 without one */
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
 * Gets one of the client's counters.
 * @param client  the client; NULL gives 0
 * @param which   one of HD_COUNTER_...
 * Returns: the number; 0 for an unknown one and in a forked child. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint64_t hd_client_counter(hd_client *client, int which);

/**
 * Waits until all deliveries of the events accepted before this call have ended. It discards nothing. With a store, it
 * waits for the deliveries of all its clients, whichever of them accepted the event and whichever delivers it.
 * @param client      the client
 * @param timeout_ms  how long to wait, in milliseconds; with 0 it does not wait
 * Returns: HD_OK; HD_E_TIMEOUT; HD_E_FORKED; HD_E_WRONG_THREAD on the worker thread; HD_E_INVALID.
 * Blocks: up to timeout_ms. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_flush(hd_client *client, uint32_t timeout_ms);

/**
 * Closes the client: it accepts no more events, goes on delivering for up to timeout_ms, then cancels and records the
 * deliveries that are left, and stops the worker thread. Webhooks, log and reports can be read until the client is
 * freed; functions that would change something return HD_E_CLOSED. With a store nothing is canceled: what is left stays
 * in the store for the next client, which may use the same hd_store after this call.
 * @param client      the client
 * @param timeout_ms  how long to deliver, in milliseconds; 0 cancels at once
 * Returns: HD_OK if nothing was canceled or left; HD_E_TIMEOUT if something was; HD_E_FORKED; HD_E_WRONG_THREAD on the
 * worker thread; HD_E_INVALID. If this function or hd_client_begin_close() is called several times, the earliest end
 * applies, and each hd_client_close() returns the same status. Blocks: up to timeout_ms and one step of the worker.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_client_close(hd_client *client, uint32_t timeout_ms);

/**
 * Adds a reference to a client, for an object that may outlive the program's own reference, such as a dashboard. After
 * hd_client_free() has closed the client, it can still be read through this reference, as after hd_client_close().
 * @param client  the client; may be NULL
 * Returns: the same client; release the reference with hd_client_unref(). NULL for NULL.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API hd_client *hd_client_ref(hd_client *client);

/**
 * Releases a reference to a client without closing it. Releasing the last one frees the client; if it is still open, it
 * is closed first, as by hd_client_free().
 * @param client  the client; NULL does nothing
 * Blocks: no; for the last reference, up to the shutdown timeout. Threads: any. Since: 0.1.0
 */
HD_API void hd_client_unref(hd_client *client);

/**
 * Closes the client if it is open, as hd_client_close() does with the options' shutdown timeout, and releases the
 * reference of hd_client_new(). In a forked child it stops nothing and does not wait: it releases the handle, but does
 * not free the store, nor what the worker may have been changing at the time of the fork. On the worker thread (in the
 * log function) it only logs an error.
 * @param client  the client; NULL does nothing
 * Blocks: up to the shutdown timeout. Threads: any. Since: 0.1.0
 */
HD_API void hd_client_free(hd_client *client);

#ifdef __cplusplus
}
#endif

#endif
