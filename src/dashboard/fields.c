#include "dashboard/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int hd__field_types[3] = {HD_TICKET_CREATED, HD_TICKET_RESOLVED, HD_MESSAGE_RECEIVED};

/* ---- Webhooks ---- */

static json_t *events_of(const hd_webhook *webhook) {
    json_t *list = json_array();
    int failed = list == NULL;
    for (size_t i = 0; i < 3; i++)
        if (hd_webhook_subscribed(webhook, hd__field_types[i]))
            hd__json_add(list, json_string(hd_event_type_name(hd__field_types[i])), &failed);
    return hd__json_or_nothing(list, failed);
}

/* Names only: a value may be a key. */
static json_t *headers_of(const hd_webhook *webhook) {
    json_t *list = json_array();
    int failed = list == NULL;
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++)
        hd__json_add(list, json_pack("[s, n]", hd_webhook_header_name(webhook, i)), &failed);
    return hd__json_or_nothing(list, failed);
}

/* Its own; null for none. */
static json_t *rate_of(const hd_webhook *webhook) {
    if (hd_webhook_rate_count(webhook) == 0)
        return json_null();
    return json_pack("{s:I, s:I, s:I}", "count", (json_int_t)hd_webhook_rate_count(webhook), "period_ms",
                     (json_int_t)hd_webhook_rate_period_ms(webhook), "burst",
                     (json_int_t)hd_webhook_rate_burst(webhook));
}

json_t *hd__field_webhook(const hd_webhook *webhook, int is_admin) {
    json_t *object = json_object();
    int failed = 0;
    hd__json_set(object, "id", json_string(hd_webhook_id(webhook)), &failed);
    hd__json_set(object, "project", json_string(hd_webhook_project(webhook)), &failed);
    hd__json_set(object, "name", json_string(hd_webhook_name(webhook)), &failed);
    if (is_admin)
        hd__json_set(object, "url", json_string(hd_webhook_url(webhook)), &failed);
    hd__json_set(object, "url_masked", json_string(hd_webhook_masked_url(webhook)), &failed);
    hd__json_set(object, "format", json_string(hd_format_name(hd_webhook_format(webhook))), &failed);
    hd__json_set(object, "events", events_of(webhook), &failed);
    hd__json_set(object, "mode", json_string(hd_mode_name(hd_webhook_mode(webhook))), &failed);
    hd__json_set(object, "headers", headers_of(webhook), &failed);
    hd__json_set(object, "max_attempts", json_integer(hd_webhook_max_attempts(webhook)), &failed);
    hd__json_set(object, "max_in_flight", json_integer(hd_webhook_max_in_flight(webhook)), &failed);
    hd__json_set(object, "rate", rate_of(webhook), &failed);
    hd__json_set(object, "ordered", json_boolean(hd_webhook_ordered(webhook)), &failed);
    hd__json_set(object, "standard_headers", json_boolean(hd_webhook_standard_headers(webhook)), &failed);
    hd__json_set(object, "client_certificate", hd__json_string(hd_webhook_client_certificate(webhook)), &failed);
    hd__json_set(object, "secret_staged", json_boolean(hd_webhook_staged_secret(webhook, NULL) != NULL), &failed);
    hd__json_set(object, "secret_previous", json_boolean(hd_webhook_previous_secret(webhook, NULL) != NULL), &failed);
    hd__json_set(object, "version", json_integer((json_int_t)hd_webhook_version(webhook)), &failed);
    return hd__json_or_nothing(object, failed);
}

static json_t *secret_of(const void *secret, size_t length) {
    return secret ? hd__json_text(secret, length) : json_null();
}

json_t *hd__field_secrets(const hd_webhook *webhook) {
    json_t *object = json_object();
    size_t length = 0;
    int failed = 0;
    const void *secret = hd_webhook_secret(webhook, &length);
    hd__json_set(object, "secret", secret_of(secret, length), &failed);
    secret = hd_webhook_staged_secret(webhook, &length);
    hd__json_set(object, "next", secret_of(secret, length), &failed);
    secret = hd_webhook_previous_secret(webhook, &length);
    hd__json_set(object, "previous", secret_of(secret, length), &failed);
    return hd__json_or_nothing(object, failed);
}

/* ---- Deliveries ---- */

json_t *hd__field_result(const hd_report *report) {
    int reason = hd_report_reason(report), status = hd_report_http_status(report);
    char text[80];
    if (reason == HD_REASON_SLACK)
        snprintf(text, sizeof text, "%d %.60s", status, hd_report_detail(report));
    else if (status && reason <= HD_REASON_HTTP_5XX)
        snprintf(text, sizeof text, "%d", status);
    else
        snprintf(text, sizeof text, "%s", hd_reason_name(reason));
    return json_string(text);
}

static json_t *times_of(const hd_report *report) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "dns_ms", (json_int_t)hd_report_dns_ms(report), "connect_ms",
                     (json_int_t)hd_report_connect_ms(report), "tls_ms", (json_int_t)hd_report_tls_ms(report),
                     "first_byte_ms", (json_int_t)hd_report_wait_ms(report), "total_ms",
                     (json_int_t)hd_report_total_ms(report));
}

static void set_event(json_t *object, const hd_event *event, int *failed) {
    hd__json_set(object, "event", hd__json_string(hd_event_name(event)), failed);
    hd__json_set(object, "project", hd__json_string(hd_event_get(event, HD_FIELD_PROJECT, NULL)), failed);
    hd__json_set(object, "ticket_id", hd__json_string(hd_event_get(event, HD_FIELD_TICKET_ID, NULL)), failed);
    hd__json_set(object, "ticket_number", json_integer(hd_event_ticket_number(event)), failed);
    hd__json_set(object, "subject", hd__json_string(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL)), failed);
    hd__json_set(object, "customer_email", hd__json_string(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL)), failed);
    hd__json_set(object, "customer_name", hd__json_string(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL)), failed);
}

static void set_outcome(json_t *object, const hd_report *report, int *failed) {
    int status = hd_report_http_status(report);
    hd__json_set(object, "outcome", json_string(hd_outcome_name(hd_report_outcome(report))), failed);
    hd__json_set(object, "reason", json_string(hd_reason_name(hd_report_reason(report))), failed);
    hd__json_set(object, "detail", hd__json_string(hd_report_detail(report)), failed);
    hd__json_set(object, "result", hd__field_result(report), failed);
    hd__json_set(object, "explanation", json_string(hd_report_explanation(report)), failed);
    hd__json_set(object, "status", status ? json_integer(status) : json_null(), failed);
    hd__json_set(object, "attempt", json_integer(hd_report_has_attempt(report) ? hd_report_attempt(report) : 0),
                 failed);
    hd__json_set(object, "queued_ms", json_integer(hd_report_queued_ms(report)), failed);
    hd__json_set(object, "ms", times_of(report), failed);
    hd__json_set(object, "remote_address", hd__json_string(hd_report_remote_address(report)), failed);
    hd__json_set(object, "created_at", hd__json_time(hd_report_accepted_at_ms(report)), failed);
    hd__json_set(object, "finished_at", hd__json_time(hd_report_finished_at_ms(report)), failed);
    hd__json_set(object, "next_attempt_at", hd__json_time(hd_report_next_attempt_at_ms(report)), failed);
    hd__json_set(object, "test", json_boolean(hd_report_is_test(report)), failed);
    hd__json_set(object, "may_be_repeated", json_boolean(hd_report_may_be_repeated(report)), failed);
    hd__json_set(object, "redelivery_of", hd__json_string(hd_report_redelivery_of(report)), failed);
}

json_t *hd__field_delivery(const hd_report *report) {
    json_t *object = json_object();
    int failed = 0;
    hd__json_set(object, "id", json_string(hd_report_delivery_id(report)), &failed);
    hd__json_set(object, "event_id", json_string(hd_report_event_id(report)), &failed);
    hd__json_set(object, "webhook_id", hd__json_string(hd_report_webhook_id(report)), &failed);
    hd__json_set(object, "webhook_name", hd__json_string(hd_report_webhook_name(report)), &failed);
    hd__json_set(object, "url_masked", hd__json_string(hd_report_masked_url(report)), &failed);
    hd__json_set(object, "format", json_string(hd_format_name(hd_report_format(report))), &failed);
    set_event(object, hd_report_event(report), &failed);
    set_outcome(object, report, &failed);
    return hd__json_or_nothing(object, failed);
}

char *hd__field_body(const hd_event *event, int format, size_t *length) {
    *length = 0;
    (void)hd_event_render(event, format, NULL, 0, length);
    char *body = malloc(*length + 1);
    if (body && hd_event_render(event, format, body, *length + 1, NULL) != HD_OK) {
        free(body);
        body = NULL;
    }
    return body;
}

/* A name and a value; null in the place of one that is masked. */
static json_t *header_of(const char *line, size_t length) {
    const char *colon = memchr(line, ':', length), *end = line + length;
    const char *value = !colon ? end : colon + 1 < end && colon[1] == ' ' ? colon + 2 : colon + 1;
    size_t value_length = (size_t)(end - value);
    int is_masked = value_length == 3 && memcmp(value, "***", 3) == 0;
    return json_pack("[o, o]", hd__json_text(line, (size_t)((colon ? colon : end) - line)),
                     is_masked ? json_null() : hd__json_text(value, value_length));
}

/* Header for header as they were sent. */
static json_t *headers_sent(const char *head) {
    json_t *list = json_array();
    int failed = list == NULL;
    for (const char *end; (end = strstr(head, "\r\n")) && end > head; head = end + 2)
        hd__json_add(list, header_of(head, (size_t)(end - head)), &failed);
    return hd__json_or_nothing(list, failed);
}

static json_t *request_of(const hd_report *report) {
    size_t length;
    const char *head = hd_report_request(report, NULL), *headers = strstr(head, "\r\n");
    char *body = hd__field_body(hd_report_event(report), hd_report_format(report), &length);
    json_t *line = headers ? hd__json_text(head, (size_t)(headers - head)) : json_null();
    json_t *object =
        json_pack("{s:o, s:o, s:I, s:o}", "line", line, "headers", headers_sent(headers ? headers + 2 : ""), "bytes",
                  (json_int_t)length, "body", body ? hd__json_text(body, length) : NULL);
    free(body);
    return object;
}

static json_t *response_of(const hd_report *report) {
    size_t headers_length, length;
    const char *headers = hd_report_response_headers(report, &headers_length);
    const char *body = hd_report_response_body(report, &length);
    return json_pack("{s:o, s:I, s:b, s:o}", "headers", hd__json_text(headers, headers_length), "bytes",
                     (json_int_t)length, "truncated", hd_report_response_truncated(report), "body",
                     hd__json_text(body, length));
}

json_t *hd__field_whole_delivery(const hd_report *report) {
    json_t *object = hd__field_delivery(report);
    int failed = 0;
    hd__json_set(object, "request", request_of(report), &failed);
    hd__json_set(object, "response", response_of(report), &failed);
    return hd__json_or_nothing(object, failed);
}
