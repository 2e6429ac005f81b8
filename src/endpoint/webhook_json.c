/* Webhooks as JSON. */
#include "base/json.h"
#include "helmdesk.h"

static void write_events(struct hd__out *out, const hd_webhook *webhook) {
    hd__out_open(out, "events", '[');
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        if (hd_webhook_subscribed(webhook, type))
            hd__out_string(out, NULL, hd_event_type_name(type));
    hd__out_close(out, ']');
}

static void write_headers(struct hd__out *out, const hd_webhook *webhook, int has_values) {
    hd__out_open(out, "headers", '[');
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++) {
        hd__out_open(out, NULL, '[');
        hd__out_string(out, NULL, hd_webhook_header_name(webhook, i));
        hd__out_string(out, NULL, has_values ? hd_webhook_header_value(webhook, i) : NULL);
        hd__out_close(out, ']');
    }
    hd__out_close(out, ']');
}

/* Its own; null for none. */
static void write_rate(struct hd__out *out, const hd_webhook *webhook) {
    if (hd_webhook_rate_count(webhook) == 0) {
        hd__out_null(out, "rate");
        return;
    }
    hd__out_open(out, "rate", '{');
    hd__out_number(out, "count", hd_webhook_rate_count(webhook));
    hd__out_number(out, "period_ms", hd_webhook_rate_period_ms(webhook));
    hd__out_number(out, "burst", hd_webhook_rate_burst(webhook));
    hd__out_close(out, '}');
}

/* Its own, with 0 failures for never; null for that of the client. */
static void write_pause_rule(struct hd__out *out, const hd_webhook *webhook) {
    uint32_t failures = hd_webhook_pause_failures(webhook);
    if (failures == 0) {
        hd__out_null(out, "pause_rule");
        return;
    }
    hd__out_open(out, "pause_rule", '{');
    hd__out_number(out, "failures", failures == HD_PAUSE_NEVER ? 0 : failures);
    hd__out_number(out, "pause_ms", hd_webhook_pause_ms(webhook));
    hd__out_close(out, '}');
}

static void write_delivery(struct hd__out *out, const hd_webhook *webhook) {
    hd__out_number(out, "max_attempts", hd_webhook_max_attempts(webhook));
    hd__out_number(out, "retry_first_ms", hd_webhook_retry_first_ms(webhook));
    hd__out_number(out, "retry_max_ms", hd_webhook_retry_max_ms(webhook));
    hd__out_number(out, "max_in_flight", hd_webhook_max_in_flight(webhook));
    write_rate(out, webhook);
    write_pause_rule(out, webhook);
    hd__out_bool(out, "ordered", hd_webhook_ordered(webhook));
    hd__out_bool(out, "standard_headers", hd_webhook_standard_headers(webhook));
    hd__out_string(out, "client_certificate", hd_webhook_client_certificate(webhook));
}

int hd_webhook_json(const hd_webhook *webhook, int flags, char *buf, size_t size, size_t *length) {
    struct hd__out out = {.buf = buf, .size = size};
    if (!webhook || (!buf && size) || (flags & ~(HD_JSON_URL | HD_JSON_HEADER_VALUES)))
        return HD_E_INVALID;
    hd__out_open(&out, NULL, '{');
    hd__out_number(&out, "schema", HD_JSON_SCHEMA);
    hd__out_string(&out, "id", hd_webhook_id(webhook));
    hd__out_string(&out, "project", hd_webhook_project(webhook));
    hd__out_string(&out, "name", hd_webhook_name(webhook));
    if (flags & HD_JSON_URL)
        hd__out_string(&out, "url", hd_webhook_url(webhook));
    hd__out_string(&out, "url_masked", hd_webhook_masked_url(webhook));
    hd__out_string(&out, "format", hd_format_name(hd_webhook_format(webhook)));
    write_events(&out, webhook);
    hd__out_string(&out, "mode", hd_mode_name(hd_webhook_mode(webhook)));
    write_headers(&out, webhook, flags & HD_JSON_HEADER_VALUES);
    write_delivery(&out, webhook);
    hd__out_bool(&out, "secret_staged", hd_webhook_staged_secret(webhook, NULL) != NULL);
    hd__out_bool(&out, "secret_previous", hd_webhook_previous_secret(webhook, NULL) != NULL);
    hd__out_number(&out, "version", hd_webhook_version(webhook));
    hd__out_close(&out, '}');
    return hd__out_end(&out, length);
}
