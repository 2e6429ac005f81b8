#include "cli/report.h"

#include "cli/fields.h"
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

int cli_reason_code(int reason) {
    switch (reason) {
    case HD_REASON_DELIVERED:
        return CLI_OK;
    case HD_REASON_TIMEOUT_CONNECT:
    case HD_REASON_TIMEOUT_TOTAL:
    case HD_REASON_DNS:
    case HD_REASON_REFUSED:
    case HD_REASON_UNREACHABLE:
    case HD_REASON_RESET:
    case HD_REASON_TLS_UNTRUSTED:
    case HD_REASON_TLS_NAME:
    case HD_REASON_TLS_EXPIRED:
    case HD_REASON_TLS_PROTOCOL:
    case HD_REASON_TLS_NOT_YET_VALID:
    case HD_REASON_TLS_UNFIT:
    case HD_REASON_TLS_CLIENT_CERTIFICATE:
    case HD_REASON_PROXY_FAILED:
    case HD_REASON_PROXY_REFUSED:
    case HD_REASON_PROXY_GATEWAY:
        return CLI_UNREACHED;
    case HD_REASON_BLOCKED:
        return CLI_BLOCKED;
    case HD_REASON_INTERNAL:
        return CLI_INTERNAL;
    default:
        return CLI_NEGATIVE;
    }
}

int cli_report_code(const hd_report *report) {
    return cli_reason_code(hd_report_reason(report));
}

const char *cli_report_result(const hd_report *report) {
    static char text[64];
    if (hd_report_reason(report) == HD_REASON_SLACK)
        snprintf(text, sizeof text, "%d %s", hd_report_http_status(report), hd_report_detail(report));
    else if (hd_report_http_status(report) && hd_report_reason(report) <= HD_REASON_HTTP_5XX)
        snprintf(text, sizeof text, "%d", hd_report_http_status(report));
    else
        snprintf(text, sizeof text, "%s", hd_reason_name(hd_report_reason(report)));
    return text;
}

static int is_good(const hd_report *report) {
    return hd_report_outcome(report) == HD_OUTCOME_DELIVERED;
}

static void print_times(const hd_report *report) {
    printf("%s(dns %u, connect %u, tls %u, wait %u)%s\n", cli_color(stdout, COLOR_DIM), hd_report_dns_ms(report),
           hd_report_connect_ms(report), hd_report_tls_ms(report), hd_report_wait_ms(report), cli_plain(stdout));
}

/* What the receiver said, when it said no. */
static void print_answer(const hd_report *report) {
    size_t length;
    const char *body = hd_report_response_body(report, &length);
    if (length == 0 || (is_good(report) && !cli_is_verbose()) || cli_is_quiet())
        return;
    fputs("  The answer: ", stderr);
    cli_print_text(stderr, body, length < 200 ? length : 200);
    fputs(length > 200 || hd_report_response_truncated(report) ? "...\n" : "\n", stderr);
}

/* The result already has Slack's word, and the explanation may be the same as the detail. */
int cli_report_says_more(int reason, const char *explanation, const char *detail) {
    return *detail && reason != HD_REASON_SLACK && strcmp(detail, explanation) != 0;
}

const char *cli_report_stop(const char *detail) {
    return *detail && detail[strlen(detail) - 1] == '.' ? "" : ".";
}

void cli_report_hint(int reason, const char *explanation, const char *detail) {
    cli_hint("%s", explanation);
    if (cli_report_says_more(reason, explanation, detail))
        cli_hint("In detail: %s%s", detail, cli_report_stop(detail));
}

void cli_report_print(const hd_report *report) {
    fputs("POST ", stdout);
    cli_print_text(stdout, hd_report_masked_url(report), strlen(hd_report_masked_url(report)));
    printf(" %s %s%s%s in %u ms ", cli_arrow(), cli_color(stdout, is_good(report) ? COLOR_GOOD : COLOR_BAD),
           cli_report_result(report), cli_plain(stdout), hd_report_total_ms(report));
    print_times(report);
    if (cli_is_verbose())
        cli_hint("Delivery %s, to %s.", hd_report_delivery_id(report), hd_report_remote_address(report));
    fflush(stdout);
    if (!is_good(report) && !cli_is_quiet())
        cli_report_hint(hd_report_reason(report), hd_report_explanation(report), hd_report_detail(report));
    if (hd_report_outcome(report) == HD_OUTCOME_RETRYING)
        cli_hint("It is tried again at %s.", cli_clock(hd_report_next_attempt_at_ms(report)));
    print_answer(report);
}

/* An attempt that failed and is tried again counts neither as delivered nor as failed. */
static const char *mark_of(const hd_report *report) {
    return hd_report_outcome(report) == HD_OUTCOME_RETRYING ? (cli_is_utf8() ? "\xe2\x86\xbb" : "~")
           : is_good(report)                                ? cli_tick()
                                                            : cli_cross();
}

void cli_report_line(const hd_report *report) {
    const hd_event *event = hd_report_event(report);
    const char *subject = cli_subject(event), *name = hd_report_webhook_name(report);
    printf("%s  %-16s  %s%s %-16s%s %5u ms  #%lld ", cli_date(hd_report_finished_at_ms(report)), hd_event_name(event),
           cli_color(stdout, is_good(report) ? COLOR_GOOD : COLOR_BAD), mark_of(report), cli_report_result(report),
           cli_plain(stdout), hd_report_total_ms(report), (long long)hd_event_ticket_number(event));
    cli_print_text(stdout, subject ? subject : "", subject ? strlen(subject) : 0);
    printf("  %s", cli_color(stdout, COLOR_DIM));
    cli_print_text(stdout, *name ? name : hd_report_masked_url(report),
                   strlen(*name ? name : hd_report_masked_url(report)));
    printf("%s%s  %s\n", hd_report_is_test(report) ? " (test)" : "", cli_plain(stdout), hd_report_delivery_id(report));
}
