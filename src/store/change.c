#include "store/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What a put changes ---- */

#define VALUE_SIZE 128

static void put_field(struct hd__buffer *fields, const char *name, const char *before, const char *after) {
    hd__buffer_append(fields, name, strlen(name) + 1);
    hd__buffer_append(fields, before, strlen(before) + 1);
    hd__buffer_append(fields, after, strlen(after) + 1);
}

static void put_text(struct hd__buffer *fields, const char *name, const char *before, const char *after) {
    if (strcmp(before, after) != 0)
        put_field(fields, name, before, after);
}

/* The texts of a setting whose value is short. */
typedef void write_value(const hd_webhook *webhook, char text[VALUE_SIZE]);

static void write_number(char text[VALUE_SIZE], uint64_t number) {
    snprintf(text, VALUE_SIZE, "%" PRIu64, number);
}

static void write_format(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    snprintf(text, VALUE_SIZE, "%s", hd_format_name(webhook->format));
}

static void write_events(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    int length = 0;
    *text = '\0';
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        if (hd_webhook_subscribed(webhook, type))
            length += snprintf(text + length, (size_t)(VALUE_SIZE - length), "%s%s", length ? ", " : "",
                               hd_event_type_name(type));
}

static void write_mode(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    snprintf(text, VALUE_SIZE, "%s", hd_mode_name(webhook->mode));
}

static void write_attempts(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    write_number(text, webhook->max_attempts);
}

static void write_retry_first(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    write_number(text, hd_webhook_retry_first_ms(webhook));
}

static void write_retry_max(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    write_number(text, hd_webhook_retry_max_ms(webhook));
}

static void write_in_flight(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    write_number(text, webhook->max_in_flight);
}

static void write_rate(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    *text = '\0';
    if (webhook->rate.count)
        snprintf(text, VALUE_SIZE, "%u in %u ms, burst %u", webhook->rate.count, webhook->rate.period_ms,
                 webhook->rate.burst);
}

static void write_pause_rule(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    *text = '\0';
    if (webhook->pause.failures == HD_PAUSE_NEVER)
        strcpy(text, "never");
    else if (webhook->pause.failures)
        snprintf(text, VALUE_SIZE, "after %u, for %u ms", webhook->pause.failures, webhook->pause.pause_ms);
}

static void write_ordered(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    strcpy(text, webhook->ordered ? "true" : "false");
}

static void write_standard_headers(const hd_webhook *webhook, char text[VALUE_SIZE]) {
    strcpy(text, webhook->standard_headers ? "true" : "false");
}

static const struct {
    const char *name;
    write_value *write;
} settings[] = {
    {"format", write_format},
    {"events", write_events},
    {"mode", write_mode},
    {"max_attempts", write_attempts},
    {"retry_first_ms", write_retry_first},
    {"retry_max_ms", write_retry_max},
    {"max_in_flight", write_in_flight},
    {"rate", write_rate},
    {"pause_rule", write_pause_rule},
    {"ordered", write_ordered},
    {"standard_headers", write_standard_headers},
};

static void describe_settings(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields) {
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char old[VALUE_SIZE] = "", new[VALUE_SIZE];
        if (before)
            settings[i].write(before, old);
        settings[i].write(after, new);
        int is_unset = !before && (strcmp(new, "0") == 0 || strcmp(new, "false") == 0);
        put_text(fields, settings[i].name, old, is_unset ? "" : new);
    }
}

/* A part of a URL that is masked is only said to be different. */
static void describe_url(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields) {
    if (!before || strcmp(before->url, after->url) != 0)
        put_field(fields, "url", before ? before->masked_url : "", after->masked_url);
}

static const char *value_of(const hd_webhook *webhook, const char *name) {
    for (size_t i = 0; webhook && i < webhook->header_count; i++)
        if (strcmp(webhook->headers[i].name, name) == 0)
            return webhook->headers[i].value;
    return NULL;
}

/* Its headers' names; values may be secrets. */
static void write_names(const hd_webhook *webhook, struct hd__buffer *names) {
    hd__buffer_text(names, "");
    for (size_t i = 0; webhook && i < webhook->header_count; i++) {
        hd__buffer_text(names, i > 0 ? ", " : "");
        hd__buffer_text(names, webhook->headers[i].name);
    }
}

static int has_same_headers(const hd_webhook *before, const hd_webhook *after) {
    size_t count = before ? before->header_count : 0;
    if (count != after->header_count)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const char *value = value_of(after, before->headers[i].name);
        if (!value || strcmp(value, before->headers[i].value) != 0)
            return 0;
    }
    return 1;
}

static void describe_headers(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields) {
    struct hd__buffer old = {0}, new = {0};
    if (has_same_headers(before, after))
        return;
    write_names(before, &old);
    write_names(after, &new);
    if (old.failed || new.failed)
        fields->failed = 1;
    else
        put_field(fields, "headers", old.data, new.data);
    hd__buffer_free(&old);
    hd__buffer_free(&new);
}

static int has_same_identity(const struct hd__identity *a, const struct hd__identity *b) {
    if (!a || !b)
        return a == b;
    return strcmp(a->certificate, b->certificate) == 0 && strcmp(a->key, b->key) == 0;
}

static void describe_identity(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields) {
    const struct hd__identity *old = before ? before->identity : NULL;
    if (!has_same_identity(old, after->identity))
        put_field(fields, "client_certificate", old ? "set" : "", after->identity ? "set" : "");
}

/* ---- Secrets ---- */

static int is_same(const char *a, size_t a_len, const char *b, size_t b_len) {
    if (!a || !b)
        return a == b;
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* 0 for none. */
static int secret_action(const hd_webhook *before, const hd_webhook *after) {
    const char *now = after->secret;
    size_t length = after->secret_len;
    if (!is_same(before->secret, before->secret_len, now, length))
        return is_same(before->staged, before->staged_len, now, length)       ? HD_CHANGE_SECRET_ACTIVATED
               : is_same(before->previous, before->previous_len, now, length) ? HD_CHANGE_SECRET_UNDONE
                                                                              : HD_CHANGE_SECRET_REPLACED;
    if (!is_same(before->staged, before->staged_len, after->staged, after->staged_len))
        return after->staged ? HD_CHANGE_SECRET_STAGED : HD_CHANGE_SECRET_UNSTAGED;
    if (!is_same(before->previous, before->previous_len, after->previous, after->previous_len))
        return HD_CHANGE_SECRET_FORGOTTEN;
    return 0;
}

int hd__change_describe(const hd_webhook *before, const hd_webhook *after, struct hd__buffer *fields) {
    size_t length = fields->len;
    put_text(fields, "project", before ? before->project : "", after->project);
    put_text(fields, "name", before ? before->name : "", after->name);
    describe_url(before, after, fields);
    describe_settings(before, after, fields);
    describe_headers(before, after, fields);
    describe_identity(before, after, fields);
    if (!before)
        return HD_CHANGE_CREATED;
    int action = secret_action(before, after);
    return action ? action : fields->len > length ? HD_CHANGE_UPDATED : 0;
}

/* ---- Entries ---- */

struct hd_change {
    struct hd__stored_change it; /* its texts are in the next */
    char *texts;
};

struct hd_change_list {
    hd_change *items;
    size_t count, size;
};

hd_change_list *hd__change_list_new(void) {
    return calloc(1, sizeof(hd_change_list));
}

static const char *copy_text(char **at, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static int copy(const struct hd__stored_change *stored, hd_change *change) {
    size_t size = strlen(stored->by) + strlen(stored->project) + strlen(stored->webhook_id) +
                  strlen(stored->webhook_name) + strlen(stored->object) + 5;
    char *at = change->texts = malloc(size + stored->fields_len);
    if (!at)
        return HD_E_NO_MEMORY;
    change->it = *stored;
    change->it.by = copy_text(&at, stored->by);
    change->it.project = copy_text(&at, stored->project);
    change->it.webhook_id = copy_text(&at, stored->webhook_id);
    change->it.webhook_name = copy_text(&at, stored->webhook_name);
    change->it.object = copy_text(&at, stored->object);
    change->it.fields = stored->fields_len ? memcpy(at, stored->fields, stored->fields_len) : NULL;
    return HD_OK;
}

int hd__change_list_add(hd_change_list *list, const struct hd__stored_change *stored) {
    if (list->count == list->size) {
        size_t size = list->size ? 2 * list->size : 16;
        hd_change *grown = realloc(list->items, size * sizeof *grown);
        if (!grown)
            return HD_E_NO_MEMORY;
        list->items = grown;
        list->size = size;
    }
    int status = copy(stored, &list->items[list->count]);
    list->count += status == HD_OK;
    return status;
}

void hd__change_list_stored(const hd_change_list *list, struct hd__stored_change *stored) {
    *stored = list->items[0].it;
}

size_t hd_change_list_count(const hd_change_list *list) {
    return list ? list->count : 0;
}

const hd_change *hd_change_list_at(const hd_change_list *list, size_t index) {
    return list && index < list->count ? &list->items[index] : NULL;
}

void hd_change_list_free(hd_change_list *list) {
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].texts);
    free(list->items);
    free(list);
}

int64_t hd_change_id(const hd_change *change) {
    return change ? change->it.id : 0;
}

int64_t hd_change_at_ms(const hd_change *change) {
    return change ? change->it.at_ms : 0;
}

int hd_change_action(const hd_change *change) {
    return change ? change->it.action : 0;
}

const char *hd_change_by(const hd_change *change) {
    return change ? change->it.by : "";
}

const char *hd_change_webhook_id(const hd_change *change) {
    return change ? change->it.webhook_id : "";
}

const char *hd_change_webhook_name(const hd_change *change) {
    return change ? change->it.webhook_name : "";
}

const char *hd_change_project(const hd_change *change) {
    return change ? change->it.project : "";
}

const char *hd_change_object(const hd_change *change) {
    return change ? change->it.object : "";
}

uint64_t hd_change_count(const hd_change *change) {
    return change ? change->it.count : 0;
}

/* ---- Fields ---- */

/* The text with this number; NULL beyond the last. */
static const char *text_at(const hd_change *change, size_t number) {
    const char *at = change ? change->it.fields : NULL, *end = at ? at + change->it.fields_len : NULL;
    for (; at && at < end && number > 0; number--)
        at += strlen(at) + 1;
    return at && at < end ? at : NULL;
}

size_t hd_change_field_count(const hd_change *change) {
    size_t count = 0;
    while (text_at(change, 3 * count))
        count++;
    return count;
}

const char *hd_change_field_name(const hd_change *change, size_t index) {
    return text_at(change, 3 * index);
}

const char *hd_change_field_before(const hd_change *change, size_t index) {
    return text_at(change, 3 * index + 1);
}

const char *hd_change_field_after(const hd_change *change, size_t index) {
    return text_at(change, 3 * index + 2);
}
