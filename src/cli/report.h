/* How one delivery came out, as a line and in full. */
#ifndef HD_CLI_REPORT_H
#define HD_CLI_REPORT_H

#include "helmdesk.h"

/* "POST https://example.com/... -> 200 in 41 ms (dns 2, connect 9, tls 19, wait 11)", and a sentence if it failed. */
void cli_report_print(const hd_report *report);

/* Whether the detail ("" for none) is to be shown next to the explanation. */
int cli_report_says_more(int reason, const char *explanation, const char *detail);

/* The full stop that a detail lacks, which may be a sentence or less. */
const char *cli_report_stop(const char *detail);

/* What the reason means, and the detail in its own words. */
void cli_report_hint(int reason, const char *explanation, const char *detail);

/* A line of a list: time, event, ticket, outcome, how long, webhook. */
void cli_report_line(const hd_report *report);

/* "200", or the reason. */
const char *cli_report_result(const hd_report *report);

/* The exit code of a command that made this one delivery. */
int cli_report_code(const hd_report *report);

/* That of a reason. */
int cli_reason_code(int reason);

#endif
