#include "engine/delivery.h"

#include "base/reason.h"
#include "endpoint/webhook.h"
#include "store/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(HD__REMOTE_SIZE == HD__ADDRESS_SIZE, "the transport's address goes into the report as it is");

int hd__delivery_new(struct hd__delivery_source *source, struct hd__message *message, hd_webhook *webhook,
                     const char *delivery_id, struct hd__delivery **delivery) {
    struct hd__delivery *made = hd__pool_take(&source->pool);
    if (!made)
        made = malloc(sizeof *made);
    hd_report *report = made && hd__meter_prepare(webhook->meter) == HD_OK
                            ? hd__log_ring_new_report(source->ring, message->event, webhook->label)
                            : NULL;
    if (!report) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    hd__uuid_format(message->event_id, report->event_id);
    report->format = webhook->format;
    report->is_test = message->is_test != 0;
    hd__report_set_redelivery_of(report, hd__message_redelivery_of(message));
    report->accepted_at_ms = message->accepted_at_ms;
    *made = (struct hd__delivery){.message = message, .webhook = hd__webhook_ref(webhook), .report = report};
    int status = HD_OK;
    if (delivery_id)
        memcpy(report->delivery_id, delivery_id, HD__UUID_SIZE);
    else
        status = hd__uuid_new(&source->uuids, source->clock, report->delivery_id);
    if (status == HD_OK)
        *delivery = made;
    else
        hd__delivery_free(source, made);
    return status;
}

void hd__delivery_follow(struct hd__delivery *delivery, hd_webhook *webhook) {
    if (delivery->webhook == webhook)
        return;
    hd_webhook_free(delivery->webhook);
    delivery->webhook = hd__webhook_ref(webhook);
    hd__report_set_label(delivery->report, webhook->label);
    delivery->report->format = webhook->format;
}

int64_t hd__delivery_place(const struct hd__delivery *delivery) {
    return delivery->row ? delivery->row : (int64_t)delivery->message->sequence;
}

void hd__delivery_free(struct hd__delivery_source *source, struct hd__delivery *delivery) {
    hd_webhook_free(delivery->webhook);
    hd_report_free(delivery->report);
    hd_report_free(delivery->next_report);
    if (!hd__pool_give(&source->pool, delivery))
        free(delivery);
}

size_t hd__delivery_size(void) {
    return sizeof(struct hd__delivery) + sizeof(hd_report);
}

hd_report *hd__delivery_next_report(struct hd__delivery_source *source, struct hd__delivery *delivery) {
    hd_report *last = delivery->report, *next = hd__log_ring_new_report(source->ring, last->event, last->label);
    if (!next)
        return NULL;
    memcpy(next->event_id, last->event_id, sizeof next->event_id);
    memcpy(next->delivery_id, last->delivery_id, sizeof next->delivery_id);
    next->format = last->format;
    next->is_test = last->is_test;
    memcpy(next->redelivery_of, last->redelivery_of, sizeof next->redelivery_of);
    next->may_be_repeated = last->may_be_repeated;
    next->attempts = last->attempts;
    next->accepted_at_ms = last->accepted_at_ms;
    delivery->report = next;
    return last;
}

static void add_field(struct hd__exchange *exchange, const char *name, const char *value) {
    exchange->fields[exchange->field_count++] = (struct hd__field){name, value, 0};
}

/* The headers that a customer adds are mostly keys. */
static void add_secret_field(struct hd__exchange *exchange, const struct hd__header *header) {
    exchange->fields[exchange->field_count++] = (struct hd__field){header->name, header->value, 1};
}

/* The headers of Standard Webhooks: the id stays the same over all attempts, the time is that of this one. */
static int add_standard_fields(const struct hd__delivery_source *source, struct hd__attempt *attempt,
                               const struct hd__delivery *delivery) {
    struct hd__exchange *exchange = &attempt->exchange;
    long long seconds = (long long)(hd__wall_ms(source->clock) / 1000);
    struct hd__signed_parts parts = {
        .id = delivery->report->delivery_id,
        .id_len = HD__UUID_SIZE - 1,
        .timestamp = attempt->timestamp,
        .timestamp_len = (size_t)snprintf(attempt->timestamp, sizeof attempt->timestamp, "%lld", seconds),
        .body = exchange->body,
        .body_len = exchange->body_len,
    };
    int status = hd__standard_sign(delivery->webhook->standard_key, &parts, attempt->standard_signature);
    add_field(exchange, "webhook-id", parts.id);
    add_field(exchange, "webhook-timestamp", parts.timestamp);
    add_field(exchange, "webhook-signature", attempt->standard_signature);
    return status;
}

int hd__attempt_prepare(struct hd__delivery_source *source, struct hd__attempt *attempt,
                        struct hd__delivery *delivery) {
    const hd_webhook *webhook = delivery->webhook;
    const struct hd__buffer *body;
    int status = hd__message_body(&source->messages, delivery->message, webhook->format, &body);
    if (status == HD_OK)
        status = hd__message_sign(&source->messages, delivery->message, delivery->webhook, attempt->signature);
    if (status != HD_OK)
        return status;
    struct hd__exchange *exchange = &attempt->exchange;
    exchange->url = webhook->url;
    exchange->parts = &webhook->parts;
    exchange->identity = webhook->identity;
    exchange->masked_target = webhook->masked_target;
    exchange->head = &delivery->report->request;
    exchange->body = body->data;
    exchange->body_len = body->len;
    exchange->owner = delivery;
    add_field(exchange, "Content-Type", "application/json");
    add_field(exchange, "X-Helmdesk-Event", hd_event_name(delivery->message->event));
    add_field(exchange, "X-Helmdesk-Signature", attempt->signature);
    add_field(exchange, "X-Helmdesk-Delivery", delivery->report->delivery_id);
    for (size_t i = 0; i < webhook->header_count; i++)
        add_secret_field(exchange, &webhook->headers[i]);
    return webhook->standard_key ? add_standard_fields(source, attempt, delivery) : HD_OK;
}

/* Slack tells its reasons as words in the body, and uses one status for several of them. */
static void refine_slack_reason(hd_report *report) {
    size_t len;
    const char *body = hd_report_response_body(report, &len);
    if (report->http_status < 400)
        return;
    const char *word = hd__slack_word(body, len, report->format);
    if (word) {
        report->reason = HD_REASON_SLACK;
        report->detail = word;
    }
}

void hd__delivery_take_result(struct hd__delivery *delivery, const struct hd__exchange *exchange) {
    hd_report *report = delivery->report;
    report->reason = exchange->reason;
    report->http_status = exchange->http_status;
    report->retry_after_s = exchange->retry_after_s;
    delivery->kept_connection_died = exchange->kept_connection_died;
    report->dns_ms = exchange->dns_ms;
    report->connect_ms = exchange->connect_ms;
    report->tls_ms = exchange->tls_ms;
    report->wait_ms = exchange->wait_ms;
    report->total_ms = exchange->total_ms;
    memcpy(report->remote_address, exchange->remote_address, sizeof report->remote_address);
    report->response_truncated = exchange->response_truncated;
    hd__report_set_response(report, exchange->response_headers.data, exchange->response_headers.len,
                            exchange->response_body.data, exchange->response_body.len);
    (void)hd__report_set_detail(report, exchange->detail); /* without memory, the reason alone has to do */
    refine_slack_reason(report);
}
