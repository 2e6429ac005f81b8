#include "dashboard/fields.h"

#include <stdlib.h>

/* What the library writes as JSON: first how long it is, then the text. */
static void append(struct hd__json_text *text, int (*write)(const void *, int, char *, size_t, size_t *),
                   const void *object, int flags) {
    size_t length = 0;
    int status = write(object, flags, NULL, 0, &length);
    char *grown = text->failed || status != HD_E_BUFFER ? NULL : realloc(text->data, text->len + length + 1);
    if (!grown) {
        text->failed = 1;
        return;
    }
    text->data = grown;
    text->failed = write(object, flags, text->data + text->len, length + 1, NULL) != HD_OK;
    text->len += length;
}

static int write_webhook(const void *webhook, int flags, char *buf, size_t size, size_t *length) {
    return hd_webhook_json(webhook, flags, buf, size, length);
}

static int write_report(const void *report, int flags, char *buf, size_t size, size_t *length) {
    return hd_report_json(report, flags, buf, size, length);
}

static int write_stats(const void *stats, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_log_stats_json(stats, buf, size, length);
}

static int write_job(const void *job, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_job_json(job, buf, size, length);
}

static int write_change(const void *change, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_change_json(change, buf, size, length);
}

void hd__field_webhook(const hd_webhook *webhook, int is_admin, struct hd__json_text *text) {
    append(text, write_webhook, webhook, is_admin ? HD_JSON_URL : 0);
}

void hd__field_delivery(const hd_report *report, int flags, struct hd__json_text *text) {
    append(text, write_report, report, flags);
}

void hd__field_deliveries(const hd_log_page *page, int flags, struct hd__json_text *text) {
    hd__json_put("{\"data\":[", text);
    for (size_t i = 0; i < hd_log_page_count(page) && !text->failed; i++) {
        hd__json_put(i > 0 ? "," : "", text);
        hd__field_delivery(hd_log_page_at(page, i), flags, text);
    }
    hd__json_put("]}", text);
}

void hd__field_stats(const hd_log_stats *stats, struct hd__json_text *text) {
    append(text, write_stats, stats, 0);
}

void hd__field_job(const hd_job *job, struct hd__json_text *text) {
    append(text, write_job, job, 0);
}

void hd__field_change(const hd_change *change, struct hd__json_text *text) {
    append(text, write_change, change, 0);
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
