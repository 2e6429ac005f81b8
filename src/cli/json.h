/* JSON out, for --json. Reports, webhooks and statistics are as the library writes them (helmdesk/json.h). */
#ifndef HD_CLI_JSON_H
#define HD_CLI_JSON_H

#include "helmdesk.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A string of untrusted bytes: what is not UTF-8 becomes U+FFFD. */
json_t *cli_json_text(const char *text, size_t length);

/* A string, or null for NULL. */
json_t *cli_json_string(const char *text);

/* A time as in bodies; null for 0. */
json_t *cli_json_time(int64_t ms);

/* Writes a value on a line of its own on stdout, and frees it. Returns an exit code. */
int cli_json_print(json_t *value);

/* The same for a report, with flags as for hd_report_json(); and for a webhook and for statistics, with more members,
 * which are freed; for a job, and for a change. */
int cli_json_print_report(const hd_report *report, int flags);
int cli_json_print_webhook(const hd_webhook *webhook, int flags, json_t *more);
int cli_json_print_stats(const hd_log_stats *stats, json_t *more);
int cli_json_print_job(const hd_job *job);
int cli_json_print_change(const hd_change *change);

#endif
