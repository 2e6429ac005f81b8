/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/metrics.h
 * Metrics for monitoring: those of a whole client as text for Prometheus, and single counters of one webhook.
 */
#ifndef HELMDESK_METRICS_H
#define HELMDESK_METRICS_H

#include <helmdesk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The Content-Type of what hd_client_metrics() writes. */
#define HD_METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * Writes a client's metrics in the text format of OpenMetrics 1.0, which Prometheus reads. Return the text for GET
 * /metrics. Names begin with "helmdesk_".
 *
 * For the client: the numbers of hd_client_counter(). For each webhook, with the labels "webhook" (its id), "project"
 * and "name": deliveries by how they ended, attempts, retries, failures by reason (those that have occurred),
 * histograms of how long attempts took and of how long events waited for their first one, how many deliveries wait and
 * for how long the oldest does, and its state (see hd_client_webhook_state()). URLs and secrets are not in it.
 *
 * Counters and histograms are for this client alone, since it was made; with a store each process has its own, so add
 * them up in your monitoring system. The number that wait, the age of the oldest, the state and
 * helmdesk_deliveries_stored are the same in all clients of a store: take the maximum. A webhook's counters continue
 * when it is put again, and end when it is removed or moved to a different project.
 *
 * Each webhook takes 12 lines of about 120 bytes, and about 40 lines after its first attempt.
 * @param client  the client
 * @param buf     receives the text and a NUL; may be NULL if size is 0
 * @param size    bytes at buf
 * @param length  receives the text's length in bytes without the NUL, also with HD_E_BUFFER. The next text may be
 *                longer: leave some room
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length; HD_E_STORE and other failures of a store that
 * cannot be read; HD_E_WRONG_THREAD on the worker thread; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: for one
 * step of the worker; disk with a store, which counts what waits. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_metrics(hd_client *client, char *buf, size_t size, size_t *length);

/**
 * Gets one of a webhook's counters, counted by this client since it has had the webhook.
 * @param client      the client
 * @param webhook_id  the webhook's id
 * @param which       HD_COUNTER_DELIVERED, HD_COUNTER_FAILED, HD_COUNTER_CANCELED, HD_COUNTER_RETRIED or
 *                    HD_COUNTER_DROPPED, with the meaning that it has for hd_client_counter()
 * @param value       receives the number
 * Returns: HD_OK; HD_E_NOT_FOUND; HD_E_FORKED; HD_E_INVALID, also for any other counter. Blocks: no; disk with a client
 * of the role HD_CLIENT_ACCEPT or HD_CLIENT_READ. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_webhook_counter(hd_client *client, const char *webhook_id, int which, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif
