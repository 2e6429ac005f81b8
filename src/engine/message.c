#include "engine/message.h"

#include "endpoint/webhook.h"
#include "sign/signature.h"

#include <stdlib.h>
#include <string.h>

#define BODY_KEPT 4096 /* a larger one is given back with the message */

struct hd__message *hd__message_new(struct hd__pool *pool, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__pool_take(pool);
    if (!message)
        message = calloc(1, sizeof *message);
    if (!message)
        return NULL;
    message->event = accepted->event;
    message->id = accepted->id;
    message->accepted_us = accepted->at_us;
    message->is_test = accepted->target != NULL;
    return message;
}

void hd__message_free_unused(void *unused) {
    struct hd__message *message = unused;
    for (int format = 0; format < HD__FORMATS; format++)
        hd__buffer_free(&message->bodies[format]);
    free(message->signatures);
    free(message);
}

static struct hd__buffer without_text(struct hd__buffer body) {
    if (body.size > BODY_KEPT)
        hd__buffer_free(&body);
    body.len = 0;
    return body;
}

void hd__message_free(struct hd__pool *pool, struct hd__message *message) {
    struct hd__message empty = {.signatures = message->signatures};
    hd_event_free(message->event);
    for (size_t i = 0; i < message->signature_count && i < HD__SIGNED_MAX; i++) {
        hd_webhook_free(message->signatures[i].webhook);
        message->signatures[i].webhook = NULL;
    }
    for (int format = 0; format < HD__FORMATS; format++)
        empty.bodies[format] = without_text(message->bodies[format]);
    *message = empty;
    if (!hd__pool_give(pool, message))
        hd__message_free_unused(message);
}

int hd__message_body(struct hd__message *message, int format, const struct hd__buffer **body) {
    struct hd__buffer *buffer = &message->bodies[format];
    if (buffer->len == 0) {
        int status = hd__event_body(message->event, format, buffer);
        if (status != HD_OK) {
            hd__buffer_free(buffer);
            return status;
        }
    }
    *body = buffer;
    return HD_OK;
}

static int same_secret(const hd_webhook *a, const hd_webhook *b) {
    return a->secret_len == b->secret_len && memcmp(a->secret, b->secret, a->secret_len) == 0;
}

static const struct hd__signed *find(const struct hd__message *message, const hd_webhook *webhook) {
    for (size_t i = 0; i < message->signature_count && i < HD__SIGNED_MAX; i++)
        if (message->signatures[i].format == webhook->format && same_secret(message->signatures[i].webhook, webhook))
            return &message->signatures[i];
    return NULL;
}

/* Keeps a signature for the next webhook with this secret; if that cannot be, it is simply made again. */
static void remember(struct hd__message *message, hd_webhook *webhook, const char *signature) {
    if (message->deliveries < 2)
        return;
    if (!message->signatures)
        message->signatures = calloc(HD__SIGNED_MAX, sizeof message->signatures[0]);
    if (!message->signatures)
        return;
    struct hd__signed *slot = &message->signatures[message->signature_count++ % HD__SIGNED_MAX];
    hd_webhook_free(slot->webhook);
    slot->webhook = hd__webhook_ref(webhook);
    slot->format = webhook->format;
    memcpy(slot->signature, signature, HD_SIGNATURE_SIZE);
}

int hd__message_sign(struct hd__message *message, hd_webhook *webhook, char signature[HD_SIGNATURE_SIZE]) {
    const struct hd__buffer *body;
    const struct hd__signed *made = find(message, webhook);
    if (made) {
        memcpy(signature, made->signature, HD_SIGNATURE_SIZE);
        return HD_OK;
    }
    int status = hd__message_body(message, webhook->format, &body);
    if (status == HD_OK)
        status = hd__sign(webhook->key, body->data, body->len, signature);
    if (status == HD_OK)
        remember(message, webhook, signature);
    return status;
}
