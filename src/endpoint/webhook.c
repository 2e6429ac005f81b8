#include "endpoint/webhook.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/uuid.h"
#include "endpoint/url.h"
#include "event/event.h"
#include "sign/secret.h"
#include "sign/standard.h"

#include <stdlib.h>
#include <string.h>

#define IDENT_MAX 128
#define NAME_MAX 256
#define HEADER_NAME_MAX 128
#define HEADER_VALUE_MAX 1024
#define ALL_EVENTS (1u << HD_TICKET_CREATED | 1u << HD_TICKET_RESOLVED | 1u << HD_MESSAGE_RECEIVED)

static int mode_known(int mode) {
    return mode >= HD_MODE_OFF && mode <= HD_MODE_HELD;
}

static hd_webhook *alloc(void) {
    hd_webhook *webhook = calloc(1, sizeof *webhook);
    if (webhook)
        atomic_init(&webhook->references, 1);
    return webhook;
}

int hd_webhook_new(hd_webhook **webhook) {
    if (!webhook)
        return HD_E_INVALID;
    *webhook = NULL;
    hd_webhook *made = alloc();
    if (!made)
        return HD_E_NO_MEMORY;
    made->events = ALL_EVENTS;
    made->format = HD_FORMAT_JSON;
    made->mode = HD_MODE_ON;
    made->max_in_flight = 4;
    made->max_attempts = 1;
    char id[HD__UUID_SIZE], secret[HD_SECRET_SIZE];
    struct hd__uuid_source source = {.left = 0};
    int status = hd__uuid_new(&source, &hd__system_clock, id);
    if (status == HD_OK)
        status = hd_webhook_set_id(made, id);
    if (status == HD_OK)
        status = hd_webhook_set_name(made, "");
    if (status == HD_OK)
        status = hd_generate_secret(secret, sizeof secret);
    if (status == HD_OK)
        status = hd_webhook_set_secret(made, secret, sizeof secret - 1);
    hd__wipe(secret, sizeof secret);
    if (status == HD_OK)
        *webhook = made;
    else
        hd_webhook_free(made);
    return status;
}

hd_webhook *hd__webhook_ref(hd_webhook *webhook) {
    atomic_fetch_add_explicit(&webhook->references, 1, memory_order_relaxed);
    return webhook;
}

static void free_secret(char **secret, size_t *len) {
    if (*secret)
        hd__wipe(*secret, *len);
    free(*secret);
    *secret = NULL;
    *len = 0;
}

static void free_header(struct hd__header *header) {
    free(header->name);
    hd__free_key(header->value);
}

void hd_webhook_free(hd_webhook *webhook) {
    if (!webhook || atomic_fetch_sub_explicit(&webhook->references, 1, memory_order_acq_rel) != 1)
        return;
    free(webhook->id);
    free(webhook->project);
    free(webhook->name);
    hd__free_key(webhook->url);
    free(webhook->masked_url);
    free_secret(&webhook->secret, &webhook->secret_len);
    free_secret(&webhook->staged, &webhook->staged_len);
    free_secret(&webhook->previous, &webhook->previous_len);
    for (size_t i = 0; i < webhook->header_count; i++)
        free_header(&webhook->headers[i]);
    hd__identity_free(webhook->identity);
    hd__label_free(webhook->label);
    hd__meter_free(webhook->meter);
    hd__url_parts_free(&webhook->parts);
    hd__hmac_key_free(webhook->key);
    hd__hmac_key_free(webhook->standard_key);
    free(webhook);
}

/* Copies a secret that fits into a slot, and wipes what was there. */
static int replace_secret(char **slot, size_t *slot_len, const void *secret, size_t secret_len) {
    char *copy = hd__copy_bytes(secret, secret_len);
    if (!copy)
        return HD_E_NO_MEMORY;
    free_secret(slot, slot_len);
    *slot = copy;
    *slot_len = secret_len;
    return HD_OK;
}

static int copy_texts(hd_webhook *to, const hd_webhook *from) {
    int status = hd__replace_text(&to->id, from->id);
    if (status == HD_OK)
        status = hd__replace_text(&to->project, from->project);
    if (status == HD_OK)
        status = hd__replace_text(&to->name, from->name);
    if (status == HD_OK)
        status = hd__replace_text(&to->url, from->url);
    if (status == HD_OK)
        status = hd__replace_text(&to->masked_url, from->masked_url);
    if (status == HD_OK)
        status = hd_webhook_set_secret(to, from->secret, from->secret_len);
    if (status == HD_OK && from->staged)
        status = replace_secret(&to->staged, &to->staged_len, from->staged, from->staged_len);
    if (status == HD_OK && from->previous)
        status = replace_secret(&to->previous, &to->previous_len, from->previous, from->previous_len);
    for (size_t i = 0; status == HD_OK && i < from->header_count; i++)
        status = hd_webhook_set_header(to, from->headers[i].name, from->headers[i].value);
    return status;
}

hd_webhook *hd__webhook_copy(const hd_webhook *webhook) {
    hd_webhook *copy = alloc();
    if (!copy)
        return NULL;
    copy->events = webhook->events;
    copy->format = webhook->format;
    copy->mode = webhook->mode;
    copy->max_in_flight = webhook->max_in_flight;
    copy->max_attempts = webhook->max_attempts;
    copy->retry_first_ms = webhook->retry_first_ms;
    copy->retry_max_ms = webhook->retry_max_ms;
    copy->rate = webhook->rate;
    copy->pause = webhook->pause;
    copy->ordered = webhook->ordered;
    copy->standard_headers = webhook->standard_headers;
    copy->version = webhook->version;
    copy->identity = hd__identity_ref(webhook->identity);
    if (copy_texts(copy, webhook) != HD_OK) {
        hd_webhook_free(copy);
        return NULL;
    }
    return copy;
}

int hd_webhook_copy(const hd_webhook *webhook, hd_webhook **copy) {
    if (!copy)
        return HD_E_INVALID;
    *copy = webhook ? hd__webhook_copy(webhook) : NULL;
    return !webhook ? HD_E_INVALID : *copy ? HD_OK : HD_E_NO_MEMORY;
}

struct hd__label *hd__label_new(const char *webhook_id, const char *webhook_name, const char *masked_url) {
    struct hd__label *label = calloc(1, sizeof *label);
    if (!label)
        return NULL;
    atomic_init(&label->references, 1);
    if (hd__replace_text(&label->webhook_id, webhook_id) != HD_OK ||
        hd__replace_text(&label->webhook_name, webhook_name) != HD_OK ||
        hd__replace_text(&label->masked_url, masked_url) != HD_OK) {
        hd__label_free(label);
        return NULL;
    }
    return label;
}

static int prepare(hd_webhook *snapshot) {
    snapshot->label = hd__label_new(snapshot->id, snapshot->name, snapshot->masked_url);
    snapshot->meter = hd__meter_new();
    snapshot->id_hash = hd__hash(HD__HASH_BEGIN, snapshot->id);
    snapshot->key = hd__hmac_key_new(snapshot->secret, snapshot->secret_len);
    if (!snapshot->label || !snapshot->meter || !snapshot->key)
        return HD_E_NO_MEMORY;
    int status = hd__url_split(snapshot->url, &snapshot->parts);
    if (status == HD_OK)
        snapshot->masked_target = hd__url_masked_target(snapshot->masked_url);
    if (status == HD_OK && snapshot->standard_headers)
        status = hd__standard_key(snapshot->secret, snapshot->secret_len, &snapshot->standard_key);
    return status;
}

int hd__webhook_snapshot(const hd_webhook *webhook, hd_webhook **snapshot) {
    hd_webhook *made = hd__webhook_copy(webhook);
    int status = made ? prepare(made) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        *snapshot = made;
    else
        hd_webhook_free(made);
    return status;
}

void hd__webhook_share_meter(hd_webhook *snapshot, const hd_webhook *replaced) {
    hd__meter_free(snapshot->meter);
    snapshot->meter = hd__meter_ref(replaced->meter);
}

struct hd__label *hd__label_ref(struct hd__label *label) {
    atomic_fetch_add_explicit(&label->references, 1, memory_order_relaxed);
    return label;
}

void hd__label_free(struct hd__label *label) {
    if (!label || atomic_fetch_sub_explicit(&label->references, 1, memory_order_acq_rel) != 1)
        return;
    free(label->webhook_id);
    free(label->webhook_name);
    free(label->masked_url);
    free(label);
}

int hd_webhook_set_id(hd_webhook *webhook, const char *id) {
    if (!webhook)
        return HD_E_INVALID;
    if (!hd__ident_fits(id, 1, IDENT_MAX))
        return HD_E_WEBHOOK_ID;
    return hd__replace_text(&webhook->id, id);
}

int hd_webhook_set_project(hd_webhook *webhook, const char *project) {
    if (!webhook)
        return HD_E_INVALID;
    if (!hd__ident_fits(project, 1, IDENT_MAX))
        return HD_E_PROJECT;
    return hd__replace_text(&webhook->project, project);
}

int hd_webhook_set_name(hd_webhook *webhook, const char *name) {
    if (!webhook)
        return HD_E_INVALID;
    if (!hd__line_fits(name, 0, NAME_MAX))
        return HD_E_WEBHOOK_NAME;
    return hd__replace_text(&webhook->name, name);
}

int hd_webhook_set_url(hd_webhook *webhook, const char *url) {
    if (!webhook)
        return HD_E_INVALID;
    int status = hd__url_check(url);
    if (status != HD_OK)
        return status;
    char *masked = hd__url_mask(url);
    if (!masked || hd__replace_key(&webhook->url, url) != HD_OK) {
        free(masked);
        return HD_E_NO_MEMORY;
    }
    free(webhook->masked_url);
    webhook->masked_url = masked;
    return HD_OK;
}

int hd_webhook_set_secret(hd_webhook *webhook, const void *secret, size_t secret_len) {
    if (!webhook || (!secret && secret_len))
        return HD_E_INVALID;
    if (!hd__secret_fits(secret_len))
        return HD_E_SECRET;
    int status = replace_secret(&webhook->secret, &webhook->secret_len, secret, secret_len);
    if (status == HD_OK) {
        free_secret(&webhook->staged, &webhook->staged_len);
        free_secret(&webhook->previous, &webhook->previous_len);
    }
    return status;
}

int hd_webhook_stage_secret(hd_webhook *webhook, const void *secret, size_t secret_len) {
    if (!webhook || (!secret && secret_len))
        return HD_E_INVALID;
    if (!secret) {
        free_secret(&webhook->staged, &webhook->staged_len);
        return HD_OK;
    }
    if (!hd__secret_fits(secret_len))
        return HD_E_SECRET;
    return replace_secret(&webhook->staged, &webhook->staged_len, secret, secret_len);
}

/* The present secret goes into the slot *to, the one in *from takes its place. */
static int shift(hd_webhook *webhook, char **from, size_t *from_len, char **to, size_t *to_len) {
    if (!*from)
        return HD_E_NO_SECRET;
    free_secret(to, to_len);
    *to = webhook->secret;
    *to_len = webhook->secret_len;
    webhook->secret = *from;
    webhook->secret_len = *from_len;
    *from = NULL;
    *from_len = 0;
    return HD_OK;
}

int hd_webhook_activate_secret(hd_webhook *webhook) {
    return !webhook
               ? HD_E_INVALID
               : shift(webhook, &webhook->staged, &webhook->staged_len, &webhook->previous, &webhook->previous_len);
}

int hd_webhook_undo_secret(hd_webhook *webhook) {
    return !webhook
               ? HD_E_INVALID
               : shift(webhook, &webhook->previous, &webhook->previous_len, &webhook->staged, &webhook->staged_len);
}

int hd_webhook_forget_previous_secret(hd_webhook *webhook) {
    if (!webhook)
        return HD_E_INVALID;
    free_secret(&webhook->previous, &webhook->previous_len);
    return HD_OK;
}

int hd_webhook_set_subscribed(hd_webhook *webhook, int type, int on) {
    if (!webhook || (on != 0 && on != 1))
        return HD_E_INVALID;
    if (!hd__event_type_known(type))
        return HD_E_EVENT_TYPE;
    webhook->events = on ? webhook->events | 1u << type : webhook->events & ~(1u << type);
    return HD_OK;
}

int hd_webhook_set_format(hd_webhook *webhook, int format) {
    if (!webhook || (format != HD_FORMAT_JSON && format != HD_FORMAT_SLACK))
        return HD_E_INVALID;
    webhook->format = format;
    return HD_OK;
}

int hd_webhook_set_mode(hd_webhook *webhook, int mode) {
    if (!webhook || !mode_known(mode))
        return HD_E_INVALID;
    webhook->mode = mode;
    return HD_OK;
}

/* Headers that libhelmdesk sets itself, and those that change how HTTP reads the request. */
static int is_reserved(const char *name) {
    static const char *const whole[] = {"host", "transfer-encoding", "connection", "expect",    "upgrade",
                                        "te",   "trailer",           "keep-alive", "user-agent"};
    static const char *const prefixes[] = {"content-", "x-helmdesk-", "webhook-", "proxy-"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (hd__equal_nocase(name, whole[i]))
            return 1;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (hd__starts_nocase(name, prefixes[i]))
            return 1;
    return 0;
}

static void remove_header(hd_webhook *webhook, size_t index) {
    free_header(&webhook->headers[index]);
    webhook->header_count--;
    memmove(&webhook->headers[index], &webhook->headers[index + 1],
            (webhook->header_count - index) * sizeof webhook->headers[0]);
}

static int add_header(hd_webhook *webhook, const char *name, const char *value) {
    if (webhook->header_count == HD__HEADERS_MAX)
        return HD_E_LIMIT;
    struct hd__header header = {hd__copy_bytes(name, strlen(name)), hd__copy_bytes(value, strlen(value))};
    if (!header.name || !header.value) {
        free_header(&header);
        return HD_E_NO_MEMORY;
    }
    webhook->headers[webhook->header_count++] = header;
    return HD_OK;
}

int hd_webhook_set_header(hd_webhook *webhook, const char *name, const char *value) {
    if (!webhook || !name)
        return HD_E_INVALID;
    if (!hd__token_fits(name, 1, HEADER_NAME_MAX) || is_reserved(name) ||
        (value && !hd__header_value_fits(value, 0, HEADER_VALUE_MAX)))
        return HD_E_HEADER;
    size_t at = 0;
    while (at < webhook->header_count && !hd__equal_nocase(webhook->headers[at].name, name))
        at++;
    if (at == webhook->header_count)
        return value ? add_header(webhook, name, value) : HD_OK;
    if (value)
        return hd__replace_key(&webhook->headers[at].value, value);
    remove_header(webhook, at);
    return HD_OK;
}

const char *hd_webhook_missing(const hd_webhook *webhook) {
    return !webhook || !webhook->project ? "project" : !webhook->url ? "url" : NULL;
}

const char *hd_webhook_id(const hd_webhook *webhook) {
    return webhook ? webhook->id : NULL;
}

const char *hd_webhook_project(const hd_webhook *webhook) {
    return webhook ? webhook->project : NULL;
}

const char *hd_webhook_name(const hd_webhook *webhook) {
    return webhook ? webhook->name : NULL;
}

const char *hd_webhook_url(const hd_webhook *webhook) {
    return webhook ? webhook->url : NULL;
}

const char *hd_webhook_masked_url(const hd_webhook *webhook) {
    return webhook ? webhook->masked_url : NULL;
}

int hd_webhook_subscribed(const hd_webhook *webhook, int type) {
    return webhook && hd__event_type_known(type) && (webhook->events >> type & 1);
}

int hd_webhook_format(const hd_webhook *webhook) {
    return webhook ? webhook->format : 0;
}

int hd_webhook_mode(const hd_webhook *webhook) {
    return webhook ? webhook->mode : 0;
}

static const void *secret_of(const char *secret, size_t len, size_t *secret_len) {
    if (secret_len)
        *secret_len = secret ? len : 0;
    return secret;
}

const void *hd_webhook_secret(const hd_webhook *webhook, size_t *secret_len) {
    return secret_of(webhook ? webhook->secret : NULL, webhook ? webhook->secret_len : 0, secret_len);
}

const void *hd_webhook_staged_secret(const hd_webhook *webhook, size_t *secret_len) {
    return secret_of(webhook ? webhook->staged : NULL, webhook ? webhook->staged_len : 0, secret_len);
}

const void *hd_webhook_previous_secret(const hd_webhook *webhook, size_t *secret_len) {
    return secret_of(webhook ? webhook->previous : NULL, webhook ? webhook->previous_len : 0, secret_len);
}

size_t hd_webhook_header_count(const hd_webhook *webhook) {
    return webhook ? webhook->header_count : 0;
}

const char *hd_webhook_header_name(const hd_webhook *webhook, size_t index) {
    return webhook && index < webhook->header_count ? webhook->headers[index].name : NULL;
}

const char *hd_webhook_header_value(const hd_webhook *webhook, size_t index) {
    return webhook && index < webhook->header_count ? webhook->headers[index].value : NULL;
}

uint64_t hd_webhook_version(const hd_webhook *webhook) {
    return webhook ? webhook->version : 0;
}
