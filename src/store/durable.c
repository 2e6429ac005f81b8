#include "store/durable.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "event/event.h"
#include "event/render.h"
#include "event/search.h"
#include "sign/seal.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(HD__UUID_BYTES == HD__STORE_ID_SIZE, "a delivery's id");
_Static_assert(HD__SEAL_KEY_SIZE == HD__STORE_KEY_SIZE, "the key that seals");

/* ---- Webhooks ---- */

static const unsigned char *key_of(const struct hd_store *store) {
    return store->has_key ? store->key : NULL;
}

static void free_sealed(struct hd__buffer *buffer) {
    if (buffer->data)
        hd__wipe(buffer->data, buffer->size);
    hd__buffer_free(buffer);
}

/* Nothing stays nothing. */
static int seal(const struct hd_store *store, const hd_webhook *webhook, const char *name, const void *text, size_t len,
                struct hd__buffer *out) {
    return text ? hd__seal(key_of(store), (struct hd__seal_place){webhook->id, name}, text, len, out) : HD_OK;
}

/* The added headers: name, NUL, value, NUL, and so on. */
static int seal_headers(const struct hd_store *store, const hd_webhook *webhook, struct hd__buffer *out) {
    struct hd__buffer plain = {0};
    for (size_t i = 0; i < webhook->header_count; i++) {
        hd__buffer_append(&plain, webhook->headers[i].name, strlen(webhook->headers[i].name) + 1);
        hd__buffer_append(&plain, webhook->headers[i].value, strlen(webhook->headers[i].value) + 1);
    }
    int status = plain.failed ? HD_E_NO_MEMORY : seal(store, webhook, "headers", plain.data, plain.len, out);
    free_sealed(&plain);
    return status;
}

/* The client certificate, and its key. The buffer does not grow: that would leave a copy in freed memory. */
static int seal_identity(const struct hd_store *store, const hd_webhook *webhook, struct hd__buffer *out) {
    const struct hd__identity *identity = webhook->identity;
    struct hd__buffer plain = {0};
    if (!identity)
        return HD_OK;
    hd__buffer_renew(&plain, strlen(identity->certificate) + strlen(identity->key));
    hd__buffer_text(&plain, identity->certificate);
    hd__buffer_text(&plain, identity->key);
    int status = plain.failed ? HD_E_NO_MEMORY : seal(store, webhook, "client_certificate", plain.data, plain.len, out);
    free_sealed(&plain);
    return status;
}

/* What may hold a key. */
struct sealed {
    struct hd__buffer url, secret, staged, previous, headers, client_certificate;
};

static int seal_all(const struct hd_store *store, const hd_webhook *webhook, struct sealed *sealed) {
    int status = seal(store, webhook, "url", webhook->url, strlen(webhook->url), &sealed->url);
    if (status == HD_OK)
        status = seal(store, webhook, "secret", webhook->secret, webhook->secret_len, &sealed->secret);
    if (status == HD_OK)
        status = seal(store, webhook, "staged", webhook->staged, webhook->staged_len, &sealed->staged);
    if (status == HD_OK)
        status = seal(store, webhook, "previous", webhook->previous, webhook->previous_len, &sealed->previous);
    if (status == HD_OK)
        status = seal_identity(store, webhook, &sealed->client_certificate);
    return status == HD_OK ? seal_headers(store, webhook, &sealed->headers) : status;
}

static void free_all_sealed(struct sealed *sealed) {
    free_sealed(&sealed->url);
    free_sealed(&sealed->secret);
    free_sealed(&sealed->staged);
    free_sealed(&sealed->previous);
    free_sealed(&sealed->headers);
    free_sealed(&sealed->client_certificate);
}

static struct hd__bytes bytes_of(const struct hd__buffer *buffer) {
    return (struct hd__bytes){buffer->data, buffer->len};
}

static struct hd__stored_webhook stored_form(const hd_webhook *snapshot, const struct sealed *sealed) {
    return (struct hd__stored_webhook){
        .id = snapshot->id,
        .project = snapshot->project,
        .name = snapshot->name,
        .masked_url = snapshot->masked_url,
        .url = bytes_of(&sealed->url),
        .secret = bytes_of(&sealed->secret),
        .staged = bytes_of(&sealed->staged),
        .previous = bytes_of(&sealed->previous),
        .headers = bytes_of(&sealed->headers),
        .client_certificate = bytes_of(&sealed->client_certificate),
        .events = snapshot->events,
        .format = snapshot->format,
        .mode = snapshot->mode,
        .ordered = snapshot->ordered,
        .standard_headers = snapshot->standard_headers,
        .max_in_flight = snapshot->max_in_flight,
        .max_attempts = snapshot->max_attempts,
        .retry_first_ms = snapshot->retry_first_ms,
        .retry_max_ms = snapshot->retry_max_ms,
        .rate_count = snapshot->rate.count,
        .rate_period_ms = snapshot->rate.period_ms,
        .rate_burst = snapshot->rate.burst,
        .pause_failures = snapshot->pause.failures,
        .pause_ms = snapshot->pause.pause_ms,
    };
}

int hd__durable_put_webhook(struct hd_store *store, hd_webhook *snapshot, uint64_t expected,
                            struct hd__change_note *note) {
    struct sealed sealed = {0};
    int status = seal_all(store, snapshot, &sealed);
    struct hd__stored_webhook stored = stored_form(snapshot, &sealed);
    if (status == HD_OK)
        status = store->ops->put_webhook(store, &stored, expected, note);
    if (status == HD_OK) {
        snapshot->label->keys = stored.keys;
        snapshot->version = stored.version;
    }
    free_all_sealed(&sealed);
    return status;
}

static int unseal(const struct hd_store *store, const char *id, const char *name, struct hd__bytes sealed,
                  struct hd__buffer *out) {
    hd__buffer_append(out, "", 0);
    if (sealed.len == 0)
        return HD_OK;
    return hd__unseal(key_of(store), (struct hd__seal_place){id, name}, sealed.data, sealed.len, out);
}

static int unseal_all(const struct hd_store *store, const struct hd__stored_webhook *stored, struct sealed *plain) {
    int status = unseal(store, stored->id, "url", stored->url, &plain->url);
    if (status == HD_OK)
        status = unseal(store, stored->id, "secret", stored->secret, &plain->secret);
    if (status == HD_OK)
        status = unseal(store, stored->id, "staged", stored->staged, &plain->staged);
    if (status == HD_OK)
        status = unseal(store, stored->id, "previous", stored->previous, &plain->previous);
    if (status == HD_OK)
        status =
            unseal(store, stored->id, "client_certificate", stored->client_certificate, &plain->client_certificate);
    return status == HD_OK ? unseal(store, stored->id, "headers", stored->headers, &plain->headers) : status;
}

/* The previous secret comes back the way it came: it was present once. */
static int read_secrets(hd_webhook *webhook, const struct sealed *plain) {
    const struct hd__buffer *present = &plain->secret, *previous = &plain->previous, *staged = &plain->staged;
    int status = HD_OK;
    if (previous->len > 0) {
        status = hd_webhook_set_secret(webhook, previous->data, previous->len);
        if (status == HD_OK)
            status = hd_webhook_stage_secret(webhook, present->data, present->len);
        if (status == HD_OK)
            status = hd_webhook_activate_secret(webhook);
    } else {
        status = hd_webhook_set_secret(webhook, present->data, present->len);
    }
    if (status == HD_OK && staged->len > 0)
        status = hd_webhook_stage_secret(webhook, staged->data, staged->len);
    return status;
}

static int read_headers(hd_webhook *webhook, const struct hd__buffer *plain) {
    const char *at = plain->data, *end = at + plain->len;
    int status = HD_OK;
    while (plain->len > 0 && at < end && status == HD_OK) {
        const char *value = at + strlen(at) + 1;
        status = value < end ? hd_webhook_set_header(webhook, at, value) : HD_E_STORE;
        at = value < end ? value + strlen(value) + 1 : end;
    }
    return status;
}

static int read_settings(hd_webhook *webhook, const struct hd__stored_webhook *stored) {
    webhook->events = stored->events;
    webhook->version = stored->version;
    int status = hd_webhook_set_format(webhook, stored->format);
    if (status == HD_OK)
        status = hd_webhook_set_mode(webhook, stored->mode);
    if (status == HD_OK)
        status = hd_webhook_set_ordered(webhook, stored->ordered);
    if (status == HD_OK)
        status = hd_webhook_set_standard_headers(webhook, stored->standard_headers);
    if (status == HD_OK)
        status = hd_webhook_set_max_in_flight(webhook, stored->max_in_flight);
    if (status == HD_OK)
        status = hd_webhook_set_max_attempts(webhook, stored->max_attempts);
    if (status == HD_OK && stored->retry_first_ms)
        status = hd_webhook_set_retry_backoff(webhook, stored->retry_first_ms, stored->retry_max_ms);
    if (status == HD_OK)
        status = hd_webhook_set_rate(webhook, stored->rate_count, stored->rate_period_ms, stored->rate_burst);
    if (status == HD_OK)
        status = hd_webhook_set_pause_rule(webhook, stored->pause_failures, stored->pause_ms);
    return status;
}

static int read_texts(hd_webhook *webhook, const struct hd__stored_webhook *stored, const struct sealed *plain) {
    int status = hd_webhook_set_id(webhook, stored->id);
    if (status == HD_OK)
        status = hd_webhook_set_project(webhook, stored->project);
    if (status == HD_OK)
        status = hd_webhook_set_name(webhook, stored->name);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, plain->url.data ? plain->url.data : "");
    if (status == HD_OK)
        status = read_secrets(webhook, plain);
    if (status == HD_OK && plain->client_certificate.len > 0)
        status =
            hd_webhook_set_client_certificate(webhook, plain->client_certificate.data, plain->client_certificate.len);
    return status == HD_OK ? read_headers(webhook, &plain->headers) : status;
}

int hd__durable_read_webhook(const struct hd_store *store, const struct hd__stored_webhook *stored,
                             hd_webhook **webhook) {
    struct sealed plain = {0};
    hd_webhook *made = NULL;
    int status = unseal_all(store, stored, &plain);
    if (status == HD_OK)
        status = hd_webhook_new(&made);
    if (status == HD_OK) {
        status = read_texts(made, stored, &plain);
        if (status == HD_OK)
            status = read_settings(made, stored);
        if (status != HD_OK && status != HD_E_NO_MEMORY)
            status = HD_E_STORE; /* what is there never passed the setters */
    }
    free_all_sealed(&plain);
    if (status == HD_OK)
        *webhook = made;
    else
        hd_webhook_free(made);
    return status;
}

/* ---- Tests ---- */

static int write_body(const hd_event *event, struct hd__buffer *body, struct hd__buffer *search) {
    int status = hd__event_body(event, HD_FORMAT_JSON, body);
    hd__event_write_search(event, search);
    return status == HD_OK && search->failed ? HD_E_NO_MEMORY : status;
}

int hd__durable_pass_test(struct hd_store *store, hd_event *event, const hd_webhook *webhook,
                          unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed) {
    struct hd__buffer body = {0}, search = {0};
    struct hd__uuid_source uuids = {0};
    struct hd__stored_event stored = {.type = hd_event_type(event), .accepted_at_ms = hd__wall_ms(&hd__system_clock)};
    hd__event_freeze(event);
    int status = hd__uuid_make(&uuids, &hd__system_clock, stored.id);
    if (status == HD_OK)
        status = write_body(event, &body, &search);
    stored.project = hd_event_get(event, HD_FIELD_PROJECT, NULL);
    stored.body = bytes_of(&body);
    stored.search = search.data;
    if (status == HD_OK)
        status = store->ops->pass_test(store, &stored, webhook->label->keys.webhook, delivery_id, is_passed);
    hd__buffer_free(&body);
    hd__buffer_free(&search);
    return status;
}

/* ---- Events and reports ---- */

static int fill_stand_in(hd_event *event) {
    static const struct hd__text texts[] = {
        {HD__EVENT_TICKET_ID, "unreadable", 10}, {HD__EVENT_TICKET_SUBJECT, "", 0},
        {HD__EVENT_TICKET_STATUS, "unknown", 7}, {HD__EVENT_TICKET_PRIORITY, "unknown", 7},
        {HD__EVENT_CUSTOMER_EMAIL, "", 0},       {HD__EVENT_CUSTOMER_NAME, "", 0},
    };
    return hd__event_set_texts(event, texts, sizeof texts / sizeof texts[0]);
}

/* What is in the place of an event that cannot be read, so that its deliveries and reports have one. */
static int stand_in(const struct hd__stored_event *stored, hd_event **event) {
    hd_event *made = hd__event_alloc(hd__event_type_known(stored->type) ? stored->type : HD_TICKET_CREATED);
    if (!made || fill_stand_in(made) != HD_OK ||
        hd_event_set(made, HD_FIELD_PROJECT, stored->project, HD_TEXT_NUL) != HD_OK) {
        hd_event_free(made);
        return HD_E_NO_MEMORY;
    }
    made->is_stand_in = 1;
    hd__event_freeze(made);
    *event = made;
    return HD_E_STORE;
}

int hd__durable_read_event(const struct hd__stored_event *stored, hd_event **event) {
    hd_event *read = NULL;
    int status = hd__event_read(stored->body.data, stored->body.len, &read);
    if (status == HD_OK)
        status = hd_event_set(read, HD_FIELD_PROJECT, stored->project, HD_TEXT_NUL);
    if (status == HD_OK) {
        hd__event_freeze(read);
        *event = read;
        return HD_OK;
    }
    hd_event_free(read);
    return status == HD_E_NO_MEMORY ? status : stand_in(stored, event);
}

void hd__durable_write_report(const hd_report *report, struct hd__stored_report *stored) {
    *stored = (struct hd__stored_report){
        .keys = report->label->keys,
        .format = report->format,
        .is_test = report->is_test,
        .may_be_repeated = report->may_be_repeated,
        .outcome = report->outcome,
        .reason = report->reason,
        .detail = report->detail,
        .attempts = report->attempts,
        .http_status = report->http_status,
        .retry_after_s = report->retry_after_s,
        .finished_at_ms = report->finished_at_ms,
        .next_attempt_at_ms = report->next_attempt_at_ms,
        .queued_ms = report->queued_ms,
        .dns_ms = report->dns_ms,
        .connect_ms = report->connect_ms,
        .tls_ms = report->tls_ms,
        .wait_ms = report->wait_ms,
        .total_ms = report->total_ms,
        .remote_address = report->remote_address,
        .response_truncated = report->response_truncated,
    };
    stored->request.data = hd_report_request(report, &stored->request.len);
    stored->response_headers.data = hd_report_response_headers(report, &stored->response_headers.len);
    stored->response_body.data = hd_report_response_body(report, &stored->response_body.len);
    hd__uuid_parse(report->delivery_id, stored->delivery_id);
}

static int read_report(const struct hd__log_row *row, hd_event *event, struct hd__label *label, hd_report **report) {
    const struct hd__stored_report *stored = &row->report;
    hd_report *made = hd__report_new(NULL, event, label);
    if (!made)
        return HD_E_NO_MEMORY;
    made->sequence = (uint64_t)row->id;
    hd__uuid_format(row->event.id, made->event_id);
    hd__uuid_format(stored->delivery_id, made->delivery_id);
    made->format = stored->format;
    made->is_test = stored->is_test;
    made->may_be_repeated = stored->may_be_repeated;
    hd__report_set_redelivery_of(made, row->event.redelivery_of);
    made->outcome = stored->outcome;
    made->reason = stored->reason;
    made->attempts = stored->attempts;
    made->http_status = stored->http_status;
    made->retry_after_s = stored->retry_after_s;
    made->accepted_at_ms = row->event.accepted_at_ms;
    made->finished_at_ms = stored->finished_at_ms;
    made->next_attempt_at_ms = stored->next_attempt_at_ms;
    made->queued_ms = stored->queued_ms;
    made->dns_ms = stored->dns_ms;
    made->connect_ms = stored->connect_ms;
    made->tls_ms = stored->tls_ms;
    made->wait_ms = stored->wait_ms;
    made->total_ms = stored->total_ms;
    strncpy(made->remote_address, stored->remote_address, sizeof made->remote_address - 1);
    hd__report_set_request(made, stored->request.data, stored->request.len);
    hd__report_set_response(made, stored->response_headers.data, stored->response_headers.len,
                            stored->response_body.data, stored->response_body.len);
    made->response_truncated |= stored->response_truncated;
    int status = hd__report_set_detail(made, stored->detail);
    if (status == HD_OK)
        *report = made;
    else
        hd_report_free(made);
    return status;
}

int hd__durable_read_report(const struct hd__log_row *row, hd_report **report) {
    hd_event *event = NULL;
    struct hd__label *label = hd__label_new(row->webhook_id, row->webhook_name, row->masked_url);
    int status = label ? hd__durable_read_event(&row->event, &event) : HD_E_NO_MEMORY;
    if (status == HD_OK || status == HD_E_STORE)
        status = read_report(row, event, label, report);
    hd_event_free(event);
    hd__label_free(label);
    return status;
}
