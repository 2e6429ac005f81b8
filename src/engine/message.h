/* An accepted event on its way, shared by its deliveries: the bodies, each rendered once, and the signatures, each made
 * once per secret. Only the worker touches it. */
#ifndef HD_ENGINE_MESSAGE_H
#define HD_ENGINE_MESSAGE_H

#include "base/pool.h"
#include "engine/inbox.h"
#include "event/render.h"

/* A signature that was made before, for webhooks that share a secret. */
struct hd__signed {
    int format;
    hd_webhook *webhook; /* a reference, whose secret it is */
    char signature[HD_SIGNATURE_SIZE];
};

#define HD__SIGNED_MAX 16

/* The part of a message that is needed only while one of its deliveries is under way, or for a redelivery. */
struct hd__rendered {
    unsigned char redelivery_of[HD__UUID_BYTES]; /* zeros for none */
    struct hd__buffer bodies[HD__FORMATS];
    struct hd__signed *signatures; /* the last HD__SIGNED_MAX; made when the first is needed */
    size_t signature_count;
};

/* As small as it can be: a million of them may wait. */
struct hd__message {
    struct hd__message *previous, *next; /* in the ledger's list, in the order of acceptance */
    hd_event *event;
    uint64_t sequence;
    unsigned char event_id[HD__UUID_BYTES];
    int64_t accepted_us, accepted_at_ms; /* monotonic and wall clock */
    size_t bytes;                        /* charged to the inbox; 0 if a store has it */
    uint32_t deliveries;                 /* not ended */
    unsigned char is_test;
    unsigned char is_stored;
    struct hd__rendered *rendered; /* NULL before the first attempt */
};

/* Messages, and their parts, to be used again. For one thread. */
struct hd__message_pool {
    struct hd__pool messages, rendered;
};

/* Takes over the entry's reference to the event; NULL without memory. */
struct hd__message *hd__message_new(struct hd__message_pool *pool, const struct hd__accepted *accepted);

void hd__message_free(struct hd__message_pool *pool, struct hd__message *message);

/* The delivery that this one makes again; NULL for none. */
const unsigned char *hd__message_redelivery_of(const struct hd__message *message);

/* Frees what has been rendered, from the pool. */
void hd__rendered_free(void *rendered);

/* The body for a webhook, and its signature. Returns a status. */
int hd__message_body(struct hd__message_pool *pool, struct hd__message *message, int format,
                     const struct hd__buffer **body);
int hd__message_sign(struct hd__message_pool *pool, struct hd__message *message, hd_webhook *webhook,
                     char signature[HD_SIGNATURE_SIZE]);

#endif
