/* What happened. An event is changed by one thread until it is sent; from then on it is frozen, and the threads that
 * need it share it by counted references. */
#ifndef HD_EVENT_EVENT_H
#define HD_EVENT_EVENT_H

#include "helmdesk.h"

#include <stdatomic.h>
#include <stddef.h>

enum {
    HD__EVENT_NAME, /* of an unknown event; else it has none */
    HD__EVENT_PROJECT,
    HD__EVENT_TICKET_ID,
    HD__EVENT_TICKET_SUBJECT,
    HD__EVENT_TICKET_STATUS,
    HD__EVENT_TICKET_PRIORITY,
    HD__EVENT_CUSTOMER_EMAIL,
    HD__EVENT_CUSTOMER_NAME,
    HD__EVENT_MESSAGE_ID,
    HD__EVENT_MESSAGE_SENDER,
    HD__EVENT_MESSAGE_BODY,
    HD__EVENT_KEY, /* idempotency key; not in the body */
    HD__EVENT_TEXTS,

    /* An alert is about a webhook and not about a ticket: what it has is in the same places. */
    HD__EVENT_WEBHOOK_ID = HD__EVENT_TICKET_ID,
    HD__EVENT_WEBHOOK_NAME = HD__EVENT_TICKET_SUBJECT,
    HD__EVENT_FAILURE_REASON = HD__EVENT_TICKET_STATUS,
    HD__EVENT_FAILURE_COUNT = HD__EVENT_TICKET_PRIORITY,
    HD__EVENT_FAILURE_SINCE = HD__EVENT_CUSTOMER_EMAIL,
    HD__EVENT_FAILURE_EXPLANATION = HD__EVENT_CUSTOMER_NAME,
    HD__EVENT_PAUSED_UNTIL = HD__EVENT_MESSAGE_ID
};

/* The largest body that is read. The longest texts that the setters accept, with each byte escaped as \u00XX, make a
 * smaller body. */
#define HD__EVENT_BODY_MAX ((size_t)2 * 1024 * 1024)

#define HD__EVENT_OWN 224
#define HD__EVENT_FRAME 320 /* what the JSON body has beside the texts: keys, punctuation, timestamp, number */

struct hd_event {
    atomic_uint references;
    atomic_int frozen;
    int type;
    int is_stand_in; /* nothing happened: a store cannot read what did, and this is in its place */
    int64_t timestamp_ms;
    int64_t ticket_number;
    int has_number;
    const char *texts[HD__EVENT_TEXTS]; /* each in `own`, or in memory of its own; NULL for none */
    unsigned separate;                  /* a bit for each of those in memory of their own, */
    unsigned plain;                     /* and for each that stands in JSON as it is */
    uint32_t own_used;
    char *json; /* the body that it was read from; NULL for an event of the program or the store */
    size_t json_len;
    size_t body_size; /* the most that the texts take in the JSON body */
    size_t size;      /* memory that all this and its JSON body take */
    char own[HD__EVENT_OWN];
};

int hd__event_type_known(int type);

/* Whether events of this type are about a webhook. */
int hd__event_is_alert(int type);

/* Whether the event is an alert about this webhook, which does not get it. */
int hd__event_is_about(const hd_event *event, const char *webhook_id);

/* An empty event of any type, HD_EVENT_UNKNOWN too; NULL without memory. */
hd_event *hd__event_alloc(int type);

hd_event *hd__event_ref(hd_event *event);

/* From now on the setters return HD_E_SENT. */
void hd__event_freeze(hd_event *event);

int hd__event_is_frozen(hd_event *event);

struct hd__text {
    int which;        /* HD__EVENT_... */
    const char *data; /* need not end in a NUL */
    size_t len;
};

/* Sets these texts, at most HD__EVENT_TEXTS and each once, or none and returns HD_E_NO_MEMORY. */
int hd__event_set_texts(hd_event *event, const struct hd__text *texts, size_t count);

/* A text for a field. */
struct hd__given {
    int field; /* HD_FIELD_... */
    const char *text;
    size_t len; /* or HD_TEXT_NUL */
};

#define HD__GIVEN_MAX 7

/* As hd_event_set(), for at most HD__GIVEN_MAX fields: all of them or none. */
int hd__event_set_given(hd_event *event, const struct hd__given *given, size_t count);

/* As hd_event_missing(), for what a body needs: not the project. */
const char *hd__event_missing_in_body(const hd_event *event);

/* hd_event_parse() without its limit of size: for bodies that this library made. */
int hd__event_read(const void *body, size_t body_len, hd_event **event);

#endif
