#include "engine/message.h"

#include "endpoint/webhook.h"
#include "sign/signature.h"

#include <stdlib.h>
#include <string.h>

#define BODY_KEPT 4096 /* a larger one is given back with the message */

static struct hd__rendered *rendered_of(struct hd__message_pool *pool, struct hd__message *message) {
    if (!message->rendered)
        message->rendered = hd__pool_take(&pool->rendered);
    if (!message->rendered)
        message->rendered = calloc(1, sizeof *message->rendered);
    return message->rendered;
}

struct hd__message *hd__message_new(struct hd__message_pool *pool, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__pool_take(&pool->messages);
    if (!message)
        message = malloc(sizeof *message);
    if (!message)
        return NULL;
    *message = (struct hd__message){
        .event = accepted->event,
        .accepted_us = accepted->at_us,
        .sequence = accepted->sequence,
        .is_test = accepted->is_test != 0,
    };
    memcpy(message->event_id, accepted->event_id, sizeof message->event_id);
    if (hd__uuid_is_none(accepted->redelivery_of))
        return message;
    struct hd__rendered *rendered = rendered_of(pool, message);
    if (rendered)
        memcpy(rendered->redelivery_of, accepted->redelivery_of, sizeof rendered->redelivery_of);
    else
        free(message);
    return rendered ? message : NULL;
}

void hd__rendered_free(void *unused) {
    struct hd__rendered *rendered = unused;
    for (int i = 0; i < HD__FORMATS; i++)
        hd__buffer_free(&rendered->bodies[i]);
    free(rendered->signatures);
    free(rendered);
}

static void give_back(struct hd__message_pool *pool, struct hd__rendered *rendered) {
    for (size_t i = 0; i < rendered->signature_count && i < HD__SIGNED_MAX; i++) {
        hd_webhook_free(rendered->signatures[i].webhook);
        rendered->signatures[i].webhook = NULL;
    }
    rendered->signature_count = 0;
    memset(rendered->redelivery_of, 0, sizeof rendered->redelivery_of);
    for (int i = 0; i < HD__FORMATS; i++)
        hd__buffer_clear(&rendered->bodies[i], BODY_KEPT);
    if (!hd__pool_give(&pool->rendered, rendered))
        hd__rendered_free(rendered);
}

void hd__message_free(struct hd__message_pool *pool, struct hd__message *message) {
    hd_event_free(message->event);
    if (message->rendered)
        give_back(pool, message->rendered);
    if (!hd__pool_give(&pool->messages, message))
        free(message);
}

const unsigned char *hd__message_redelivery_of(const struct hd__message *message) {
    const struct hd__rendered *rendered = message->rendered;
    return rendered && !hd__uuid_is_none(rendered->redelivery_of) ? rendered->redelivery_of : NULL;
}

int hd__message_body(struct hd__message_pool *pool, struct hd__message *message, int format,
                     const struct hd__buffer **body) {
    struct hd__rendered *rendered = rendered_of(pool, message);
    if (!rendered)
        return HD_E_NO_MEMORY;
    struct hd__buffer *buffer = &rendered->bodies[format - HD_FORMAT_JSON];
    if (buffer->len == 0) {
        int status = hd__event_body(message->event, format, buffer);
        if (status != HD_OK) {
            hd__buffer_free(buffer);
            return status;
        }
        if (buffer->size > BODY_KEPT)
            hd__buffer_trim(buffer);
    }
    *body = buffer;
    return HD_OK;
}

static int same_secret(const hd_webhook *a, const hd_webhook *b) {
    return a->secret_len == b->secret_len && memcmp(a->secret, b->secret, a->secret_len) == 0;
}

static const struct hd__signed *find(const struct hd__rendered *rendered, const hd_webhook *webhook) {
    for (size_t i = 0; i < rendered->signature_count && i < HD__SIGNED_MAX; i++)
        if (rendered->signatures[i].format == webhook->format && same_secret(rendered->signatures[i].webhook, webhook))
            return &rendered->signatures[i];
    return NULL;
}

/* Keeps a signature for the next webhook with this secret; if that cannot be, it is simply made again. */
static void remember(struct hd__rendered *rendered, hd_webhook *webhook, const char *signature) {
    if (!rendered->signatures)
        rendered->signatures = calloc(HD__SIGNED_MAX, sizeof rendered->signatures[0]);
    if (!rendered->signatures)
        return;
    struct hd__signed *slot = &rendered->signatures[rendered->signature_count++ % HD__SIGNED_MAX];
    hd_webhook_free(slot->webhook);
    slot->webhook = hd__webhook_ref(webhook);
    slot->format = webhook->format;
    memcpy(slot->signature, signature, HD_SIGNATURE_SIZE);
}

int hd__message_sign(struct hd__message_pool *pool, struct hd__message *message, hd_webhook *webhook,
                     char signature[HD_SIGNATURE_SIZE]) {
    const struct hd__buffer *body;
    int status = hd__message_body(pool, message, webhook->format, &body);
    if (status != HD_OK)
        return status;
    const struct hd__signed *made = find(message->rendered, webhook);
    if (made) {
        memcpy(signature, made->signature, HD_SIGNATURE_SIZE);
        return HD_OK;
    }
    status = hd__sign(webhook->key, body->data, body->len, signature);
    if (status == HD_OK && message->deliveries > 1)
        remember(message->rendered, webhook, signature);
    return status;
}
