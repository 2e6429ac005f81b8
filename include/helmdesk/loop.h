/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/loop.h
 * Functions for a program with an event loop (epoll, kqueue, libuv, asyncio): none of them waits.
 *
 * Watch the descriptor of hd_client_poll_fd(). When it is readable, call hd_client_next_report() with a timeout of 0
 * until it returns HD_E_TIMEOUT. To end, call hd_client_begin_close() and let the loop run until
 * hd_client_next_report() returns HD_E_CLOSED; after that, hd_client_free() does not wait for deliveries.
 * examples/epoll.c shows all of this. A program that has to know when an event is on disk sets HD_ACCEPT_ASYNC, and
 * calls hd_client_next_commit() until it returns HD_E_TIMEOUT (or, at the end, HD_E_CLOSED) as well.
 */
#ifndef HELMDESK_LOOP_H
#define HELMDESK_LOOP_H

#include <helmdesk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Gets a descriptor that is readable while there is something to take: a report (hd_client_next_report() with a timeout
 * of 0 would not return HD_E_TIMEOUT), the outcome of an event (hd_client_next_commit() would return HD_OK), or a
 * message (hd_client_next_message() would return HD_OK). Once the client is closed it stays readable. Wait for it to be
 * readable, level-triggered, and do nothing else with it: the library reads and writes it. Several threads may watch
 * it; a thread that comes too late gets HD_E_TIMEOUT.
 * @param client  the client
 * @param fd      receives the descriptor, the same one at each call, or -1 on failure. The client closes it in
 *                hd_client_free(): stop watching it before that
 * Returns: HD_OK; HD_E_ROLE for a client without a thread (HD_CLIENT_ACCEPT, HD_CLIENT_READ): it has no reports, and
 * its messages come only from the program's own calls; HD_E_LIMIT if the process may have no more descriptors;
 * HD_E_FORKED; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_poll_fd(hd_client *client, int *fd);

/**
 * Begins what hd_client_close() does, and returns at once: the client accepts no more events, delivers what was
 * accepted for up to timeout_ms, then cancels and records what is left. It may be called again, and hd_client_close()
 * may be called meanwhile or afterwards, with any timeout: the earliest end applies. hd_client_begin_close(client, 0)
 * thus ends a running close at once. After hd_client_next_report() has returned HD_E_CLOSED, call
 * hd_client_close(client, 0) to learn how it ended; it does not wait then.
 * @param client      the client
 * @param timeout_ms  how long to deliver, in milliseconds from now; 0 cancels at once
 * Returns: HD_OK, also for a closed client; HD_E_FORKED; HD_E_INVALID.
 * Blocks: no. Threads: any, also the worker thread (the log function). Since: 0.1.0
 */
HD_API int hd_client_begin_close(hd_client *client, uint32_t timeout_ms);

/**
 * Takes the oldest outcome of an event that was sent with HD_ACCEPT_ASYNC: whether it is on disk. Each
 * hd_webhook_send() and hd_client_redeliver() that returned HD_OK has one outcome, in the order of the calls. An
 * outcome counts in the limit of events of hd_options_set_queue_limits() until it is taken, so that hd_webhook_send()
 * returns HD_E_QUEUE_FULL in a program that does not take them. Without a store an event is kept as soon as
 * hd_webhook_send() returns, and its outcome is HD_OK. This function also works on a closed client.
 * @param client    the client
 * @param result    receives HD_OK if the event is on disk; otherwise why not: HD_E_STORE_FULL, HD_E_STORE,
 *                  HD_E_STORE_BUSY, HD_E_STORE_LOST or HD_E_NO_MEMORY. The event is then not accepted, and not
 *                  delivered, unless the client was closed while the store did not say whether it had written it
 * @param sent_id   receives the id that hd_webhook_send() gave, HD_ID_SIZE bytes with the NUL
 * @param event_id  receives the event's id, as in its reports: that of the first event with its idempotency key if the
 *                  key was used before, or the same as sent_id; HD_ID_SIZE bytes with the NUL; may be NULL
 * Returns: HD_OK; HD_E_TIMEOUT if there is none now; HD_E_CLOSED if the client is closed and none is left; HD_E_ROLE
 * for a client without a thread, whose hd_webhook_send() waits for the disk; HD_E_FORKED; HD_E_INVALID.
 * Blocks: no. Threads: any; each outcome is returned once. Since: 0.1.0
 */
HD_API int hd_client_next_commit(hd_client *client, int *result, char sent_id[HD_ID_SIZE], char event_id[HD_ID_SIZE]);

/**
 * Takes the oldest of the library's own log lines that hd_options_keep_messages() keeps. It also works on a closed
 * client.
 * @param client  the client
 * @param level   receives one of HD_LEVEL_...
 * @param text    receives the line, as hd_logger gets it, HD_MESSAGE_SIZE bytes with the NUL
 * Returns: HD_OK; HD_E_TIMEOUT if there is none now; HD_E_FORKED; HD_E_INVALID.
 * Blocks: no. Threads: any; each line is returned once. Since: 0.1.0
 */
HD_API int hd_client_next_message(hd_client *client, int *level, char text[HD_MESSAGE_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
