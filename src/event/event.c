#include "event/event.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define IDENT_MAX 128
#define NUMBER_MAX INT64_C(9007199254740991) /* 2^53 - 1: beyond it JavaScript's numbers lose digits (RFC 8259 6) */
#define SUBJECT_MAX 65536
#define WORD_MAX 32
#define EMAIL_MAX 320 /* RFC 3696 erratum 1690: 64 + "@" + 255 */
#define NAME_MAX 1024
#define MESSAGE_MAX 262144
#define KEY_MAX 255
#define BODY_FRAME 320 /* what the JSON body has beside the texts: keys, punctuation, timestamp, number */

static const char *const names[] = {NULL, "ticket.created", "ticket.resolved", "message.received"};

int hd__event_type_known(int type) {
    return type >= HD_TICKET_CREATED && type <= HD_MESSAGE_RECEIVED;
}

const char *hd_event_type_name(int type) {
    return hd__event_type_known(type) ? names[type] : NULL;
}

int hd_event_type_from_name(const char *name) {
    for (int type = HD_TICKET_CREATED; name && type <= HD_MESSAGE_RECEIVED; type++)
        if (strcmp(name, names[type]) == 0)
            return type;
    return HD_EVENT_UNKNOWN;
}

hd_event *hd__event_alloc(int type) {
    hd_event *event = calloc(1, sizeof *event);
    if (event) {
        atomic_init(&event->references, 1);
        event->type = type;
    }
    return event;
}

int hd_event_new(int type, hd_event **event) {
    if (!event)
        return HD_E_INVALID;
    *event = NULL;
    if (!hd__event_type_known(type))
        return HD_E_EVENT_TYPE;
    *event = hd__event_alloc(type);
    if (!*event)
        return HD_E_NO_MEMORY;
    (*event)->timestamp_ms = hd__wall_ms(&hd__system_clock);
    return HD_OK;
}

int hd_event_new_sample(int type, hd_event **event) {
    int status = hd_event_new(type, event);
    if (status != HD_OK)
        return status;
    const char *ticket_status = type == HD_TICKET_RESOLVED ? "resolved" : "open";
    status = hd_event_set_ticket(*event, "3f0c8a52-7d64-4b1e-9a57-2c1d5e8f9b60", 42, "Can't reset password",
                                 ticket_status, "high");
    if (status == HD_OK)
        status = hd_event_set_customer(*event, "user@example.com", "Jane Smith");
    if (status == HD_OK && type == HD_MESSAGE_RECEIVED)
        status = hd_event_set_message(*event, "b8e1f6d4-05c3-4f7a-8e29-6a4d3c2b1f08", "customer",
                                      "The reset link still does not arrive.");
    if (status != HD_OK) {
        hd_event_free(*event);
        *event = NULL;
    }
    return status;
}

hd_event *hd__event_ref(hd_event *event) {
    atomic_fetch_add_explicit(&event->references, 1, memory_order_relaxed);
    return event;
}

static void free_texts(hd_event *event) {
    if (event->texts != event->own)
        free(event->texts);
}

void hd_event_free(hd_event *event) {
    if (!event || atomic_fetch_sub_explicit(&event->references, 1, memory_order_acq_rel) != 1)
        return;
    free_texts(event);
    free(event);
}

void hd__event_freeze(hd_event *event) {
    atomic_store_explicit(&event->frozen, 1, memory_order_relaxed);
}

static int is_frozen(hd_event *event) {
    return atomic_load_explicit(&event->frozen, memory_order_relaxed);
}

const char *hd__event_text(const hd_event *event, int which) {
    return event->begins[which] ? event->texts + event->begins[which] - 1 : NULL;
}

/* Memory of a text in the JSON body, where control characters are written as \u00XX. */
static size_t size_in_body(const char *text, size_t len) {
    size_t size = len;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20)
            size += 5;
        else if (c == '"' || c == '\\')
            size++;
    }
    return size;
}

/* What the texts take in the body, as far as they change. */
static size_t body_size(const hd_event *event, const char *const texts[HD__EVENT_TEXTS]) {
    size_t size = event->body_size;
    for (int i = 0; i < HD__EVENT_TEXTS; i++) {
        const char *old = texts[i] ? hd__event_text(event, i) : NULL;
        size -= old ? size_in_body(old, strlen(old)) : 0;
        size += texts[i] ? size_in_body(texts[i], strlen(texts[i])) : 0;
    }
    return size;
}

/* Puts the texts into place; they may be of this event itself. */
int hd__event_set_texts(hd_event *event, const char *const texts[HD__EVENT_TEXTS]) {
    char small[HD__EVENT_OWN], *piece = small;
    const char *from[HD__EVENT_TEXTS];
    size_t lens[HD__EVENT_TEXTS], total = 0, at = 0, in_body = body_size(event, texts);
    for (int i = 0; i < HD__EVENT_TEXTS; i++) {
        from[i] = texts[i] ? texts[i] : hd__event_text(event, i);
        lens[i] = from[i] ? strlen(from[i]) : 0;
        total += from[i] ? lens[i] + 1 : 0;
    }
    if (total > sizeof small && !(piece = malloc(total)))
        return HD_E_NO_MEMORY;
    for (int i = 0; i < HD__EVENT_TEXTS; i++) {
        if (from[i])
            memcpy(piece + at, from[i], lens[i] + 1);
        event->begins[i] = from[i] ? (uint32_t)at + 1 : 0;
        at += from[i] ? lens[i] + 1 : 0;
    }
    free_texts(event);
    event->size = sizeof *event + (piece == small ? 0 : total) + BODY_FRAME + in_body;
    event->body_size = in_body;
    if (piece == small)
        piece = memcpy(event->own, piece, total);
    event->texts = piece;
    return HD_OK;
}

int hd_event_set_project(hd_event *event, const char *project) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_STATE;
    if (!hd__ident_fits(project, 1, IDENT_MAX))
        return HD_E_PROJECT;
    const char *const texts[HD__EVENT_TEXTS] = {[HD__EVENT_PROJECT] = project};
    return hd__event_set_texts(event, texts);
}

int hd_event_set_timestamp_ms(hd_event *event, int64_t timestamp_ms) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_STATE;
    if (timestamp_ms < 0 || timestamp_ms > HD__TIMESTAMP_MAX)
        return HD_E_TIMESTAMP;
    event->timestamp_ms = timestamp_ms;
    return HD_OK;
}

/* Status and priority: lower-case words, since they stand bare in a Slack message too. */
static int is_word(const char *s) {
    return s && strlen(s) <= WORD_MAX && *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

int hd_event_set_ticket(hd_event *event, const char *id, int64_t number, const char *subject, const char *status,
                        const char *priority) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_STATE;
    if (!hd__ident_fits(id, 1, IDENT_MAX))
        return HD_E_TICKET_ID;
    if (number < 1 || number > NUMBER_MAX)
        return HD_E_TICKET_NUMBER;
    if (!hd__text_fits(subject, 0, SUBJECT_MAX))
        return HD_E_TICKET_SUBJECT;
    if (!is_word(status))
        return HD_E_TICKET_STATUS;
    if (!is_word(priority))
        return HD_E_TICKET_PRIORITY;
    const char *const texts[HD__EVENT_TEXTS] = {
        [HD__EVENT_TICKET_ID] = id,
        [HD__EVENT_TICKET_SUBJECT] = subject,
        [HD__EVENT_TICKET_STATUS] = status,
        [HD__EVENT_TICKET_PRIORITY] = priority,
    };
    int result = hd__event_set_texts(event, texts);
    if (result == HD_OK)
        event->ticket_number = number;
    return result;
}

int hd_event_set_customer(hd_event *event, const char *email, const char *name) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_STATE;
    if (!hd__line_fits(email, 0, EMAIL_MAX))
        return HD_E_CUSTOMER_EMAIL;
    if (!hd__text_fits(name, 0, NAME_MAX))
        return HD_E_CUSTOMER_NAME;
    const char *const texts[HD__EVENT_TEXTS] = {[HD__EVENT_CUSTOMER_EMAIL] = email, [HD__EVENT_CUSTOMER_NAME] = name};
    return hd__event_set_texts(event, texts);
}

int hd_event_set_message(hd_event *event, const char *id, const char *sender, const char *body) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event) || event->type != HD_MESSAGE_RECEIVED)
        return HD_E_STATE;
    if (!hd__ident_fits(id, 1, IDENT_MAX))
        return HD_E_MESSAGE_ID;
    if (!sender || (strcmp(sender, "customer") != 0 && strcmp(sender, "agent") != 0))
        return HD_E_MESSAGE_SENDER;
    if (!hd__text_fits(body, 0, MESSAGE_MAX))
        return HD_E_MESSAGE_BODY;
    const char *const texts[HD__EVENT_TEXTS] = {
        [HD__EVENT_MESSAGE_ID] = id, [HD__EVENT_MESSAGE_SENDER] = sender, [HD__EVENT_MESSAGE_BODY] = body};
    return hd__event_set_texts(event, texts);
}

int hd_event_set_idempotency_key(hd_event *event, const char *key) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_STATE;
    if (!hd__ident_fits(key, 1, KEY_MAX))
        return HD_E_IDEMPOTENCY_KEY;
    const char *const texts[HD__EVENT_TEXTS] = {[HD__EVENT_KEY] = key};
    return hd__event_set_texts(event, texts);
}

const char *hd_event_idempotency_key(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_KEY) : NULL;
}

const char *hd_event_missing(const hd_event *event) {
    return !event || !event->begins[HD__EVENT_PROJECT] ? "project"
           : !event->begins[HD__EVENT_TICKET_ID]       ? "ticket"
           : !event->begins[HD__EVENT_CUSTOMER_EMAIL]  ? "customer"
                                                       : NULL;
}

int hd_event_type(const hd_event *event) {
    return event ? event->type : HD_EVENT_UNKNOWN;
}

const char *hd_event_name(const hd_event *event) {
    return !event                          ? NULL
           : event->begins[HD__EVENT_NAME] ? hd__event_text(event, HD__EVENT_NAME)
                                           : hd_event_type_name(event->type);
}

const char *hd_event_project(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_PROJECT) : NULL;
}

int64_t hd_event_timestamp_ms(const hd_event *event) {
    return event ? event->timestamp_ms : 0;
}

const char *hd_event_ticket_id(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_TICKET_ID) : NULL;
}

int64_t hd_event_ticket_number(const hd_event *event) {
    return event ? event->ticket_number : 0;
}

const char *hd_event_ticket_subject(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_TICKET_SUBJECT) : NULL;
}

const char *hd_event_ticket_status(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_TICKET_STATUS) : NULL;
}

const char *hd_event_ticket_priority(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_TICKET_PRIORITY) : NULL;
}

const char *hd_event_customer_email(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_CUSTOMER_EMAIL) : NULL;
}

const char *hd_event_customer_name(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_CUSTOMER_NAME) : NULL;
}

const char *hd_event_message_id(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_MESSAGE_ID) : NULL;
}

const char *hd_event_message_sender(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_MESSAGE_SENDER) : NULL;
}

const char *hd_event_message_body(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_MESSAGE_BODY) : NULL;
}
