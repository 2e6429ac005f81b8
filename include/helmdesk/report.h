/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/report.h
 * Reports: the result of each attempt.
 */
#ifndef HELMDESK_REPORT_H
#define HELMDESK_REPORT_H

#include <helmdesk/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The record of one attempt. The last report of a delivery says how the delivery ended. */
typedef struct hd_report hd_report;

/** The outcome of an attempt or of a whole delivery. */
enum hd_outcome {
    HD_OUTCOME_DELIVERED = 64, /**< the receiver responded with a 2xx status */
    HD_OUTCOME_FAILED = 65,    /**< it did not; the reason says why */
    HD_OUTCOME_CANCELED = 66,  /**< the client was closed first, or somebody discarded it */
    HD_OUTCOME_RETRYING = 67   /**< not the end yet: an attempt failed, and another one follows */
};

/** The reason for an outcome. New ones are only ever appended; a number never changes its meaning. */
enum hd_reason {
    HD_REASON_DELIVERED = 128,
    HD_REASON_HTTP_3XX = 129,
    HD_REASON_HTTP_400 = 130,
    HD_REASON_HTTP_401_403 = 131,
    HD_REASON_HTTP_404_410 = 132,
    HD_REASON_HTTP_413 = 133,
    HD_REASON_HTTP_429 = 134,
    HD_REASON_HTTP_4XX = 135,
    HD_REASON_HTTP_5XX = 136,
    HD_REASON_BAD_RESPONSE = 137,
    HD_REASON_RESPONSE_TOO_LARGE = 138,
    HD_REASON_TIMEOUT_CONNECT = 139,
    HD_REASON_TIMEOUT_TOTAL = 140,
    HD_REASON_DNS = 141,
    HD_REASON_REFUSED = 142,
    HD_REASON_UNREACHABLE = 143,
    HD_REASON_RESET = 144,
    HD_REASON_TLS_UNTRUSTED = 145,
    HD_REASON_TLS_NAME = 146,
    HD_REASON_TLS_EXPIRED = 147,
    HD_REASON_TLS_PROTOCOL = 148,
    HD_REASON_BLOCKED = 149,
    HD_REASON_CANCELED = 150,
    HD_REASON_SLACK = 151,
    HD_REASON_INTERNAL = 152,
    HD_REASON_DROPPED = 153,
    HD_REASON_PAUSED = 154, /**< only in logs that 0.1.0 wrote: a pause postpones */
    HD_REASON_DISCARDED = 155,
    HD_REASON_TLS_NOT_YET_VALID = 156,
    HD_REASON_TLS_UNFIT = 157,              /**< a certificate for another purpose, too weak, or revoked */
    HD_REASON_TLS_CLIENT_CERTIFICATE = 158, /**< the receiver wants a client certificate that it accepts */
    HD_REASON_PROXY_FAILED = 159,           /**< the proxy cannot be reached, or is not a proxy */
    HD_REASON_PROXY_REFUSED = 160,          /**< the proxy wants other credentials, or forbids the connection */
    HD_REASON_PROXY_GATEWAY = 161           /**< the proxy made no connection to the receiver */
};

/** @name Names of outcomes
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_OUTCOME_DELIVERED without
 * a gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "retrying"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_outcome_name(int number);
HD_API int hd_outcome_from_name(const char *name);
HD_API int hd_outcome_count(void);
/** @} */

/** @name Names of reasons
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_REASON_DELIVERED without
 * a gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "timeout_total"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_reason_name(int number);
HD_API int hd_reason_from_name(const char *name);
HD_API int hd_reason_count(void);
/** @} */

/**
 * A sentence that tells people what happened and what to do.
 * @param reason  one of HD_REASON_...
 * Returns: static text, never NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_reason_text(int reason);

/** @name Report getters
 * @param report  the report; NULL gives NULL or 0
 * Returns: a value as described below. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
/** The id of the delivery, a UUID: the value of the `X-Helmdesk-Delivery` header. */
HD_API const char *hd_report_delivery_id(const hd_report *report);
/** The id of the event, a UUID, as from hd_webhook_send(). */
HD_API const char *hd_report_event_id(const hd_report *report);
/** The event, which belongs to the report (hd_event_ref() keeps it). hd_event_render() gives the body that was posted.
 * If the event is damaged in the store, this is a placeholder of the same type and project, with the ticket id
 * "unreadable" and the number 0, which cannot be sent again. */
HD_API const hd_event *hd_report_event(const hd_report *report);
HD_API const char *hd_report_webhook_id(const hd_report *report);
HD_API const char *hd_report_webhook_name(const hd_report *report);
/** The webhook's URL, masked as by hd_webhook_masked_url(). */
HD_API const char *hd_report_masked_url(const hd_report *report);
HD_API int hd_report_format(const hd_report *report);
/** 1 for a delivery of hd_client_test(), else 0. */
HD_API int hd_report_is_test(const hd_report *report);
/** 1 if the receiver may have got this delivery before, under the same id: a process ended while the delivery was in
 * the store, and it is not known whether it was under way. */
HD_API int hd_report_may_be_repeated(const hd_report *report);
/** The id of the delivery that this one repeats, by hd_client_redeliver() or a job; of a job with HD_SOURCE_MISSED, the
 * id of the event that the webhook had missed. NULL for any other. */
HD_API const char *hd_report_redelivery_of(const hd_report *report);
/** One of HD_OUTCOME_... */
HD_API int hd_report_outcome(const hd_report *report);
/** One of HD_REASON_... */
HD_API int hd_report_reason(const hd_report *report);
/** What this report adds to the reason: Slack's error word, the network that is blocked, a sentence about what is wrong
 * with TLS and what to do, what a proxy did; "" if nothing. */
HD_API const char *hd_report_detail(const hd_report *report);
/** A sentence that tells people what happened and what to do; for Slack and TLS it is more precise than
 * hd_reason_text(). */
HD_API const char *hd_report_explanation(const hd_report *report);
/** The number of the attempt, from 1. If the delivery ended before its next attempt was begun, for example because it
 * was discarded while it waited for a retry, this is the number of the previous attempt. 0 if no attempt was begun. */
HD_API uint32_t hd_report_attempt(const hd_report *report);
/** 1 if the report is about an attempt that was begun; 0 if the delivery ended before its first or next attempt, for
 * example because it was discarded while it waited. Since: 0.1.0 */
HD_API int hd_report_has_attempt(const hd_report *report);
/** The receiver's HTTP status; 0 if no response arrived. */
HD_API int hd_report_http_status(const hd_report *report);
/** What the response's Retry-After asks for, in milliseconds, at most a day; 0 if nothing. */
HD_API uint32_t hd_report_retry_after_ms(const hd_report *report);
/** With HD_OUTCOME_RETRYING: when the next attempt is due, in milliseconds since 1970-01-01T00:00:00Z; else 0. */
HD_API int64_t hd_report_next_attempt_at_ms(const hd_report *report);
/** When hd_webhook_send() accepted the event, in milliseconds since 1970-01-01T00:00:00Z. */
HD_API int64_t hd_report_accepted_at_ms(const hd_report *report);
/** When the delivery ended, in milliseconds since 1970-01-01T00:00:00Z. */
HD_API int64_t hd_report_finished_at_ms(const hd_report *report);
/** The time from hd_webhook_send() to the start of the attempt, in milliseconds. */
HD_API uint32_t hd_report_queued_ms(const hd_report *report);
/** The parts of the attempt, in milliseconds: name lookup, TCP connect, TLS handshake, and from the request to the
 * first byte of the response. With hd_options_set_proxy() the first two are those of the proxy, and the third begins
 * when the connection to the proxy is made. */
HD_API uint32_t hd_report_dns_ms(const hd_report *report);
HD_API uint32_t hd_report_connect_ms(const hd_report *report);
HD_API uint32_t hd_report_tls_ms(const hd_report *report);
HD_API uint32_t hd_report_wait_ms(const hd_report *report);
/** The whole attempt, in milliseconds. */
HD_API uint32_t hd_report_total_ms(const hd_report *report);
/** The address of the connection, such as "203.0.113.7:443" or "[2001:db8::1]:443"; "" if there was none. With
 * hd_options_set_proxy() it is the proxy's: which address the proxy connected to is not known. */
HD_API const char *hd_report_remote_address(const hd_report *report);
/** The head of the attempt's request as it was sent: the request line and every header in their order, each line with
 * CR LF, and an empty line; a NUL follows. If there was no connection, it is what would have been sent. Secrets are
 * masked: the target as by hd_webhook_masked_url(), the value of each header of hd_webhook_set_header() as "***".
 * Signatures are shown. "" if no attempt was begun, or if there was no memory for it. length receives the number of
 * bytes; it may be NULL. */
HD_API const char *hd_report_request(const hd_report *report, size_t *length);
/** Status line and headers of the response as received, at most 8 KiB; untrusted bytes; a NUL follows them. */
HD_API const char *hd_report_response_headers(const hd_report *report, size_t *length);
/** Body of the response as received, at most 16 KiB; untrusted bytes; a NUL follows them. */
HD_API const char *hd_report_response_body(const hd_report *report, size_t *length);
/** 1 if headers or body were cut, or the body did not arrive whole; else 0. */
HD_API int hd_report_response_truncated(const hd_report *report);
/** For a report of hd_probe(): when the receiver's certificate expires, in milliseconds since 1970-01-01T00:00:00Z; 0
 * if there is no certificate, if the time is not known (libcurl with GnuTLS), and for deliveries. Since: 0.1.0 */
HD_API int64_t hd_report_certificate_until_ms(const hd_report *report);
/** @} */

/**
 * Adds a reference to a report, to keep one that belongs to a page.
 * @param report  the report; may be NULL
 * Returns: the same report; free it with hd_report_free(). NULL for NULL. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API hd_report *hd_report_ref(const hd_report *report);

/**
 * Releases a reference to a report. Releasing the last one frees it.
 * @param report  the report; NULL does nothing
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API void hd_report_free(hd_report *report);

#ifdef __cplusplus
}
#endif

#endif
