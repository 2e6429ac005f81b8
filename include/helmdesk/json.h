/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/json.h
 * Reports, webhooks and statistics as JSON: what the tool prints with --json, and what the dashboard's API returns. An
 * event as JSON is its body: hd_event_render().
 *
 * The text is UTF-8 without whitespace: one object, whose keys are always in the same order. Received bytes that are
 * not UTF-8 become U+FFFD. Times are as hd_time_format() writes them, or null; a number that a double cannot hold
 * exactly is a string of digits. Secrets are never in it. tests/data/report.schema.json, webhook.schema.json,
 * stats.schema.json, job.schema.json and change.schema.json describe the objects.
 */
#ifndef HELMDESK_JSON_H
#define HELMDESK_JSON_H

#include <helmdesk/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The value of the key "schema", which comes first in each object. It increases when a key is removed or changes its
 * meaning. New keys do not change it: ignore keys that you do not know. */
#define HD_JSON_SCHEMA 1

/** Optional parts of the JSON. */
enum hd_json_flags {
    HD_JSON_EXCHANGE = 1,     /**< of a report: the request and the response, with their headers and bodies */
    HD_JSON_URL = 2,          /**< of a webhook: "url", which may be a secret, beside "url_masked" */
    HD_JSON_HEADER_VALUES = 4 /**< of a webhook: the values of its headers, which may be secrets; else null */
};

/**
 * Writes a report as JSON.
 * @param report  the report
 * @param flags   0 or HD_JSON_EXCHANGE
 * @param buf     receives the text and a NUL; may be NULL if size is 0
 * @param size    size of buf in bytes
 * @param length  receives the length of the text in bytes without the NUL, also with HD_E_BUFFER; may be NULL
 * Returns: HD_OK; HD_E_BUFFER if size is not greater than that length: buf then holds an empty text; HD_E_INVALID;
 * HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_report_json(const hd_report *report, int flags, char *buf, size_t size, size_t *length);

/**
 * Writes a webhook as JSON, without its secrets and without the key of its client certificate.
 * @param webhook  the webhook
 * @param flags    0, or HD_JSON_URL and HD_JSON_HEADER_VALUES, combined with |
 * @param buf      as for hd_report_json(), and so are the next two
 * @param size     size of buf in bytes
 * @param length   receives the length of the text; may be NULL
 * Returns: HD_OK; HD_E_BUFFER; HD_E_INVALID. Blocks: no. Threads: any, as long as nobody changes the webhook.
 * Since: 0.1.0
 */
HD_API int hd_webhook_json(const hd_webhook *webhook, int flags, char *buf, size_t size, size_t *length);

/**
 * Writes statistics as JSON.
 * @param stats   the statistics
 * @param buf     as for hd_report_json(), and so are the next two
 * @param size    size of buf in bytes
 * @param length  receives the length of the text; may be NULL
 * Returns: HD_OK; HD_E_BUFFER; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_stats_json(const hd_log_stats *stats, char *buf, size_t size, size_t *length);

/**
 * Writes a job as JSON.
 * @param job     the job
 * @param buf     as for hd_report_json(), and so are the next two
 * @param size    size of buf in bytes
 * @param length  receives the length of the text; may be NULL
 * Returns: HD_OK; HD_E_BUFFER; HD_E_INVALID. Blocks: no. Threads: any, as long as nobody changes the job. Since: 0.1.0
 */
HD_API int hd_job_json(const hd_job *job, char *buf, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
