/* Reports as JSON. */
#include "base/buffer.h"
#include "base/json.h"
#include "event/render.h"
#include "helmdesk.h"

#include <stdio.h>
#include <string.h>

#define MASK "***" /* in the place of a header's value, in the head of a request */

static void write_event(struct hd__out *out, const hd_event *event) {
    hd__out_string(out, "event", hd_event_name(event));
    hd__out_string(out, "project", hd_event_get(event, HD_FIELD_PROJECT, NULL));
    hd__out_string(out, "ticket_id", hd_event_get(event, HD_FIELD_TICKET_ID, NULL));
    hd__out_number(out, "ticket_number", (uint64_t)hd_event_ticket_number(event));
    hd__out_string(out, "subject", hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL));
    hd__out_string(out, "customer_email", hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL));
    hd__out_string(out, "customer_name", hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL));
    hd__out_string(out, "about_webhook_id", hd_event_get(event, HD_FIELD_WEBHOOK_ID, NULL));
    hd__out_string(out, "about_webhook_name", hd_event_get(event, HD_FIELD_WEBHOOK_NAME, NULL));
}

/* "200", "410 channel_is_archived" or "timeout_total". */
static void write_result(struct hd__out *out, const hd_report *report) {
    int reason = hd_report_reason(report), status = hd_report_http_status(report);
    char text[80];
    if (reason == HD_REASON_SLACK)
        snprintf(text, sizeof text, "%d %.60s", status, hd_report_detail(report));
    else if (status && reason <= HD_REASON_HTTP_5XX)
        snprintf(text, sizeof text, "%d", status);
    else
        snprintf(text, sizeof text, "%s", hd_reason_name(reason));
    hd__out_string(out, "result", text);
}

static void write_durations(struct hd__out *out, const hd_report *report) {
    hd__out_open(out, "ms", '{');
    hd__out_number(out, "dns_ms", hd_report_dns_ms(report));
    hd__out_number(out, "connect_ms", hd_report_connect_ms(report));
    hd__out_number(out, "tls_ms", hd_report_tls_ms(report));
    hd__out_number(out, "first_byte_ms", hd_report_wait_ms(report));
    hd__out_number(out, "total_ms", hd_report_total_ms(report));
    hd__out_close(out, '}');
}

static void write_outcome(struct hd__out *out, const hd_report *report) {
    int status = hd_report_http_status(report);
    hd__out_string(out, "outcome", hd_outcome_name(hd_report_outcome(report)));
    hd__out_string(out, "reason", hd_reason_name(hd_report_reason(report)));
    hd__out_string(out, "detail", hd_report_detail(report));
    write_result(out, report);
    hd__out_string(out, "explanation", hd_report_explanation(report));
    if (status)
        hd__out_number(out, "status", (uint64_t)status);
    else
        hd__out_null(out, "status");
    hd__out_number(out, "attempt", hd_report_has_attempt(report) ? hd_report_attempt(report) : 0);
    hd__out_number(out, "queued_ms", hd_report_queued_ms(report));
    write_durations(out, report);
    hd__out_number(out, "retry_after_ms", hd_report_retry_after_ms(report));
    hd__out_string(out, "remote_address", hd_report_remote_address(report));
    hd__out_time(out, "created_at", hd_report_accepted_at_ms(report));
    hd__out_time(out, "finished_at", hd_report_finished_at_ms(report));
    hd__out_time(out, "next_attempt_at", hd_report_next_attempt_at_ms(report));
    hd__out_bool(out, "test", hd_report_is_test(report));
    hd__out_bool(out, "may_be_repeated", hd_report_may_be_repeated(report));
    hd__out_string(out, "redelivery_of", hd_report_redelivery_of(report));
}

/* A name and a value; null in the place of one that is masked. */
static void write_header(struct hd__out *out, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length), *end = line + length;
    const char *value = !colon ? end : colon + 1 < end && colon[1] == ' ' ? colon + 2 : colon + 1;
    size_t value_length = (size_t)(end - value);
    int is_masked = value_length == sizeof MASK - 1 && memcmp(value, MASK, value_length) == 0;
    hd__out_open(out, NULL, '[');
    hd__out_bytes(out, NULL, line, (size_t)((colon ? colon : end) - line));
    hd__out_bytes(out, NULL, is_masked ? NULL : value, value_length);
    hd__out_close(out, ']');
}

/* The lines of a head; a request that was never begun has none. */
static void write_head(struct hd__out *out, const char *head) {
    const char *end = strstr(head, "\r\n");
    hd__out_bytes(out, "line", end ? head : NULL, end ? (size_t)(end - head) : 0);
    hd__out_open(out, "headers", '[');
    while (end) {
        const char *line = end + 2;
        end = strstr(line, "\r\n");
        if (!end || end == line)
            break;
        write_header(out, line, (size_t)(end - line));
    }
    hd__out_close(out, ']');
}

/* An event that the store could not read has no body; it stays null. */
static int write_request(struct hd__out *out, const hd_report *report) {
    const hd_event *event = hd_report_event(report);
    struct hd__buffer body = {0};
    int status = event ? hd__event_body(event, hd_report_format(report), &body) : HD_E_INVALID;
    if (status != HD_E_NO_MEMORY) {
        hd__out_open(out, "request", '{');
        write_head(out, hd_report_request(report, NULL));
        hd__out_number(out, "bytes", body.len);
        hd__out_bytes(out, "body", status == HD_OK ? body.data : NULL, body.len);
        hd__out_close(out, '}');
    }
    hd__buffer_free(&body);
    return status == HD_E_NO_MEMORY ? status : HD_OK;
}

static void write_response(struct hd__out *out, const hd_report *report) {
    size_t headers_length, length;
    const char *headers = hd_report_response_headers(report, &headers_length);
    const char *body = hd_report_response_body(report, &length);
    hd__out_open(out, "response", '{');
    hd__out_bytes(out, "headers", headers, headers_length);
    hd__out_number(out, "bytes", length);
    hd__out_bool(out, "truncated", hd_report_response_truncated(report));
    hd__out_bytes(out, "body", body, length);
    hd__out_close(out, '}');
}

int hd_report_json(const hd_report *report, int flags, char *buf, size_t size, size_t *length) {
    struct hd__out out = {.buf = buf, .size = size};
    int status = HD_OK;
    if (!report || (!buf && size) || (flags & ~HD_JSON_EXCHANGE))
        return HD_E_INVALID;
    hd__out_open(&out, NULL, '{');
    hd__out_number(&out, "schema", HD_JSON_SCHEMA);
    hd__out_string(&out, "id", hd_report_delivery_id(report));
    hd__out_string(&out, "event_id", hd_report_event_id(report));
    hd__out_string(&out, "webhook_id", hd_report_webhook_id(report));
    hd__out_string(&out, "webhook_name", hd_report_webhook_name(report));
    hd__out_string(&out, "url_masked", hd_report_masked_url(report));
    hd__out_string(&out, "format", hd_format_name(hd_report_format(report)));
    write_event(&out, hd_report_event(report));
    write_outcome(&out, report);
    if (flags & HD_JSON_EXCHANGE) {
        status = write_request(&out, report);
        write_response(&out, report);
    }
    hd__out_close(&out, '}');
    return status == HD_OK ? hd__out_end(&out, length) : status;
}
