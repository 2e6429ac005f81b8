#include "cli/report.h"

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

/* Slack's word stands in the result, and the explanation may be the detail. */
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

/* What failed and is tried again is neither the one nor the other. */
static const char *mark_of(const hd_report *report) {
    return hd_report_outcome(report) == HD_OUTCOME_RETRYING ? (cli_is_utf8() ? "\xe2\x86\xbb" : "~")
           : is_good(report)                                ? cli_tick()
                                                            : cli_cross();
}

void cli_report_line(const hd_report *report) {
    const hd_event *event = hd_report_event(report);
    const char *subject = hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), *name = hd_report_webhook_name(report);
    printf("%s  %-16s  %s%s %-16s%s %5u ms  #%lld ", cli_date(hd_report_finished_at_ms(report)), hd_event_name(event),
           cli_color(stdout, is_good(report) ? COLOR_GOOD : COLOR_BAD), mark_of(report), cli_report_result(report),
           cli_plain(stdout), hd_report_total_ms(report), (long long)hd_event_ticket_number(event));
    cli_print_text(stdout, subject ? subject : "", subject ? strlen(subject) : 0);
    printf("  %s", cli_color(stdout, COLOR_DIM));
    cli_print_text(stdout, *name ? name : hd_report_masked_url(report),
                   strlen(*name ? name : hd_report_masked_url(report)));
    printf("%s%s  %s\n", hd_report_is_test(report) ? " (test)" : "", cli_plain(stdout), hd_report_delivery_id(report));
}

/* ---- JSON ---- */

static json_t *times_json(const hd_report *report) {
    return json_pack("{s:i, s:i, s:i, s:i, s:i}", "dns_ms", (int)hd_report_dns_ms(report), "connect_ms",
                     (int)hd_report_connect_ms(report), "tls_ms", (int)hd_report_tls_ms(report), "first_byte_ms",
                     (int)hd_report_wait_ms(report), "total_ms", (int)hd_report_total_ms(report));
}

/* A name and a value; null in the place of one that is masked. */
static json_t *header_json(const char *line, size_t length) {
    const char *colon = memchr(line, ':', length), *end = line + length;
    const char *value = !colon ? end : colon + 1 < end && colon[1] == ' ' ? colon + 2 : colon + 1;
    size_t value_length = (size_t)(end - value);
    int is_masked = value_length == 3 && memcmp(value, "***", 3) == 0;
    return json_pack("[o, o]", cli_json_text(line, (size_t)((colon ? colon : end) - line)),
                     is_masked ? json_null() : cli_json_text(value, value_length));
}

static json_t *headers_json(const char *head) {
    json_t *list = json_array();
    for (const char *end; (end = strstr(head, "\r\n")) && end > head; head = end + 2)
        json_array_append_new(list, header_json(head, (size_t)(end - head)));
    return list;
}

static json_t *request_json(const hd_report *report) {
    const char *head = hd_report_request(report, NULL), *headers = strstr(head, "\r\n");
    size_t length = 0;
    (void)hd_event_render(hd_report_event(report), hd_report_format(report), NULL, 0, &length);
    char *body = malloc(length + 1);
    json_t *line = headers ? cli_json_text(head, (size_t)(headers - head)) : json_null();
    json_t *request = json_pack("{s:o, s:o, s:I}", "line", line, "headers", headers_json(headers ? headers + 2 : ""),
                                "bytes", (json_int_t)length);
    if (body && hd_event_render(hd_report_event(report), hd_report_format(report), body, length + 1, NULL) == HD_OK)
        json_object_set_new(request, "body", cli_json_text(body, length));
    free(body);
    return request;
}

static json_t *response_json(const hd_report *report) {
    size_t headers_length, length;
    const char *headers = hd_report_response_headers(report, &headers_length);
    const char *body = hd_report_response_body(report, &length);
    return json_pack("{s:o, s:I, s:b, s:o}", "headers", cli_json_text(headers, headers_length), "bytes",
                     (json_int_t)length, "truncated", hd_report_response_truncated(report), "body",
                     cli_json_text(body, length));
}

json_t *cli_report_json(const hd_report *report, int is_whole) {
    const hd_event *event = hd_report_event(report);
    json_t *object = json_object();
    json_object_set_new(object, "id", json_string(hd_report_delivery_id(report)));
    json_object_set_new(object, "event_id", json_string(hd_report_event_id(report)));
    json_object_set_new(object, "event", cli_json_string(hd_event_name(event)));
    json_object_set_new(object, "project", cli_json_string(hd_event_get(event, HD_FIELD_PROJECT, NULL)));
    json_object_set_new(object, "webhook_id", cli_json_string(hd_report_webhook_id(report)));
    json_object_set_new(object, "webhook_name", cli_json_string(hd_report_webhook_name(report)));
    json_object_set_new(object, "url_masked", cli_json_string(hd_report_masked_url(report)));
    json_object_set_new(object, "format", json_string(hd_report_format(report) == HD_FORMAT_SLACK ? "slack" : "json"));
    json_object_set_new(object, "ticket_number", json_integer(hd_event_ticket_number(event)));
    json_object_set_new(object, "subject", cli_json_string(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL)));
    json_object_set_new(object, "outcome", json_string(hd_outcome_name(hd_report_outcome(report))));
    json_object_set_new(object, "reason", json_string(hd_reason_name(hd_report_reason(report))));
    json_object_set_new(object, "detail", cli_json_string(hd_report_detail(report)));
    json_object_set_new(object, "explanation", json_string(hd_report_explanation(report)));
    json_object_set_new(object, "status",
                        hd_report_http_status(report) ? json_integer(hd_report_http_status(report)) : json_null());
    json_object_set_new(object, "attempt", json_integer(hd_report_has_attempt(report) ? hd_report_attempt(report) : 0));
    json_object_set_new(object, "queued_ms", json_integer(hd_report_queued_ms(report)));
    json_object_set_new(object, "ms", times_json(report));
    json_object_set_new(object, "remote_address", cli_json_string(hd_report_remote_address(report)));
    json_object_set_new(object, "created_at", cli_json_time(hd_report_accepted_at_ms(report)));
    json_object_set_new(object, "finished_at", cli_json_time(hd_report_finished_at_ms(report)));
    json_object_set_new(object, "next_attempt_at", cli_json_time(hd_report_next_attempt_at_ms(report)));
    json_object_set_new(object, "test", json_boolean(hd_report_is_test(report)));
    json_object_set_new(object, "may_be_repeated", json_boolean(hd_report_may_be_repeated(report)));
    json_object_set_new(object, "redelivery_of", cli_json_string(hd_report_redelivery_of(report)));
    if (is_whole) {
        json_object_set_new(object, "request", request_json(report));
        json_object_set_new(object, "response", response_json(report));
    }
    return object;
}
