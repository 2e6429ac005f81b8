/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/delivery.h
 * How deliveries to a webhook are made: headers, certificate, attempts, rate, order.
 */
#ifndef HELMDESK_DELIVERY_H
#define HELMDESK_DELIVERY_H

#include <helmdesk/webhook.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Adds a header to every delivery, or replaces the one of the same name.
 * @param webhook  the webhook, which holds at most 16 of them
 * @param name     an RFC 9110 token of 1 to 128 characters; not one that libhelmdesk or HTTP itself sets (Host,
 *                 Content-*, Transfer-Encoding, Connection, Expect, Upgrade, TE, Trailer, Keep-Alive, User-Agent,
 *                 X-Helmdesk-*, Webhook-*, Proxy-*); copied
 * @param value    0 to 1,024 visible ASCII characters, spaces and tabs; NULL removes the header; copied
 * Returns: HD_OK; HD_E_HEADER; HD_E_LIMIT for the 17th; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per
 * object. Since: 0.1.0
 */
HD_API int hd_webhook_set_header(hd_webhook *webhook, const char *name, const char *value);

/**
 * Sets the client certificate for a receiver that asks for one (mutual TLS), in place of the one of
 * hd_options_set_client_certificate(). A store protects it in the same way as secrets.
 * @param webhook  the webhook
 * @param pem      PEM text: the certificate, any intermediate certificates, and the unencrypted private key, which may
 *                 also come first; copied; the key is wiped when it is no longer needed. NULL to use the client's. If
 *                 the key does not match the certificate, deliveries fail with HD_REASON_INTERNAL
 * @param pem_len  its length in bytes, at most 32,768
 * Returns: HD_OK; HD_E_CLIENT_CERTIFICATE; HD_E_CLIENT_KEY if the key is encrypted; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_client_certificate(hd_webhook *webhook, const char *pem, size_t pem_len);

/**
 * Sets how many deliveries to this webhook may be under way at once. It begins with one, goes back to one after a
 * timeout, and doubles with each success, up to the limit.
 * @param webhook  the webhook
 * @param limit    1 to 64; a new webhook has 4
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_max_in_flight(hd_webhook *webhook, uint32_t limit);

/**
 * Sets how many times a delivery is tried. A new webhook has one attempt, as the product documents. With more, a failed
 * attempt is followed by another one after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h (up to a fifth more or less, at
 * random), or later if the receiver's Retry-After says so (at most a day). A 410 response ends the delivery. A message
 * that Slack may have accepted is not sent to it again. A receiver can recognize repeated deliveries by the
 * `X-Helmdesk-Delivery` header.
 * @param webhook   the webhook
 * @param attempts  1 to 20
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_max_attempts(hd_webhook *webhook, uint32_t attempts);

/**
 * Sets how long to wait after a failed attempt: first_ms, then twice as long each time, up to max_ms; each wait is up
 * to a fifth longer or shorter, at random.
 * @param webhook   the webhook
 * @param first_ms  1 to 86,400,000 milliseconds; 0, with max_ms also 0, for the schedule of
 *                  hd_webhook_set_max_attempts()
 * @param max_ms    first_ms to 86,400,000 milliseconds
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_retry_backoff(hd_webhook *webhook, uint32_t first_ms, uint32_t max_ms);

/**
 * Sets how often requests to this webhook may start: up to burst at once, then one every period_ms / count
 * milliseconds. Deliveries that have to wait stay in the webhook's queue and do not delay other webhooks. First
 * attempts and retries both count. A test (hd_client_test()) does not wait, but counts as a request. A new webhook has
 * no rate of its own: with HD_FORMAT_JSON there is then no limit; with HD_FORMAT_SLACK Slack's limit applies, one a
 * second with a burst of 5. When the webhook is put into a client again, the new rate also applies to deliveries that
 * already wait. With a store, the rate is for all its clients together. When a client begins to deliver to a webhook,
 * after a start or because it takes over from another client, it treats the burst as used up: the first request starts
 * period_ms / count milliseconds later.
 * @param webhook    the webhook
 * @param count      requests per period, at least one a minute and at most one a millisecond; 0, with the next two also
 *                   0, for no rate of its own
 * @param period_ms  the period in milliseconds, 1 to 86,400,000. For 10 requests a second, pass 10 and 1,000; for 30 a
 *                   minute, 30 and 60,000
 * @param burst      how many may start at once after an idle time, 1 to 1,000; with 1, requests start at least
 *                   period_ms / count milliseconds apart
 * Returns: HD_OK; HD_E_RATE; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_rate(hd_webhook *webhook, uint32_t count, uint32_t period_ms, uint32_t burst);

/** For hd_webhook_set_pause_rule(): the webhook is never paused. */
#define HD_PAUSE_NEVER UINT32_MAX

/**
 * Sets when the webhook is paused, in place of the client's rule (hd_options_set_pause_rule()), which is explained
 * there. A pause that has begun goes on until its end.
 * @param webhook   the webhook
 * @param failures  1 to 1,000,000 failed attempts in a row; HD_PAUSE_NEVER; 0 for the client's rule, as of a new
 * webhook
 * @param pause_ms  1,000 to 86,400,000 milliseconds; 0 with HD_PAUSE_NEVER and with 0 failures
 * Returns: HD_OK; HD_E_PAUSE_RULE; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_pause_rule(hd_webhook *webhook, uint32_t failures, uint32_t pause_ms);

/**
 * Sets whether the deliveries for one ticket are made one at a time, in the order in which their events were accepted:
 * each begins after the previous one has ended, retries included. Deliveries for other tickets go on meanwhile; with a
 * store, only while no more than 512 deliveries wait for a previous one.
 * @param webhook  the webhook
 * @param on       1 or 0; a new webhook has 0
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_ordered(hd_webhook *webhook, int on);

/**
 * Sets whether deliveries also have the headers of Standard Webhooks (v1): webhook-id (the delivery's id),
 * webhook-timestamp (the time of the attempt, so that a receiver can reject old requests) and webhook-signature. One
 * secret serves for both: Helmdesk's signature is keyed with the secret exactly as given, "whsec_" included, and this
 * one with the base64-decoded part after "whsec_".
 * @param webhook  the webhook; its secret must be "whsec_" and base64, as hd_generate_secret() makes it, or
 *                 hd_client_put_webhook() returns HD_E_SECRET
 * @param on       1 or 0; a new webhook has 0
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_standard_headers(hd_webhook *webhook, int on);

/** @name Getters of how deliveries are made
 * @param webhook  the webhook; NULL gives 0
 * Returns: what was set. Blocks: no. Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 * @{ */
HD_API uint32_t hd_webhook_max_in_flight(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_max_attempts(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_retry_first_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_retry_max_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_count(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_period_ms(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_rate_burst(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_pause_failures(const hd_webhook *webhook);
HD_API uint32_t hd_webhook_pause_ms(const hd_webhook *webhook);
HD_API int hd_webhook_ordered(const hd_webhook *webhook);
HD_API int hd_webhook_standard_headers(const hd_webhook *webhook);
/** @} */

/**
 * How many headers hd_webhook_set_header() has added.
 * @param webhook  the webhook; NULL gives 0
 * Returns: the number. Blocks: no. Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API size_t hd_webhook_header_count(const hd_webhook *webhook);

/**
 * The name or value of an added header.
 * @param webhook  the webhook
 * @param index    0 to hd_webhook_header_count() - 1
 * Returns: the text; NULL if there is none at that index. Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const char *hd_webhook_header_name(const hd_webhook *webhook, size_t index);
HD_API const char *hd_webhook_header_value(const hd_webhook *webhook, size_t index);

/**
 * The certificate of hd_webhook_set_client_certificate(). No function returns its key.
 * @param webhook  the webhook; NULL gives NULL
 * Returns: PEM text of the certificate and those after it, which belongs to the webhook; NULL if there is none.
 * Blocks: no. Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const char *hd_webhook_client_certificate(const hd_webhook *webhook);

#ifdef __cplusplus
}
#endif

#endif
