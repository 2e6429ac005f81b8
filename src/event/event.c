#include "event/event.h"

#include "base/clock.h"
#include "base/text.h"
#include "event/json.h"

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

int hd__event_type_known(int type) {
    return type >= HD_TICKET_CREATED && type <= HD_MESSAGE_RECEIVED;
}

hd_event *hd__event_alloc(int type) {
    hd_event *event = calloc(1, sizeof *event);
    if (event) {
        atomic_init(&event->references, 1);
        event->type = type;
        event->size = sizeof *event + HD__EVENT_FRAME;
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

hd_event *hd_event_ref(const hd_event *event) {
    hd_event *shared = (hd_event *)(uintptr_t)event; /* const is what the setters refuse from now on */
    if (!shared)
        return NULL;
    hd__event_freeze(shared);
    return hd__event_ref(shared);
}

static int is_separate(const hd_event *event, int which) {
    return (event->separate >> which & 1) != 0;
}

/* Texts are not const where they were allocated. */
static void free_text(hd_event *event, int which) {
    if (is_separate(event, which))
        free((char *)(uintptr_t)event->texts[which]);
}

void hd_event_free(hd_event *event) {
    if (!event || atomic_fetch_sub_explicit(&event->references, 1, memory_order_acq_rel) != 1)
        return;
    for (int which = 0; event->separate && which < HD__EVENT_TEXTS; which++)
        free_text(event, which);
    free(event);
}

void hd__event_freeze(hd_event *event) {
    atomic_store_explicit(&event->frozen, 1, memory_order_relaxed);
}

static int is_frozen(hd_event *event) {
    return atomic_load_explicit(&event->frozen, memory_order_relaxed);
}

const char *hd__event_text(const hd_event *event, int which) {
    return event->texts[which];
}

/* A text that is about to be set. */
struct placed {
    char *text;
    size_t len;
    int is_separate;
};

/* A copy where there is room for it. */
static int place(hd_event *event, const char *text, struct placed *placed) {
    placed->len = strlen(text);
    placed->is_separate = placed->len >= sizeof event->own - event->own_used;
    placed->text = placed->is_separate ? malloc(placed->len + 1) : event->own + event->own_used;
    if (!placed->text)
        return 0;
    memcpy(placed->text, text, placed->len + 1);
    event->own_used += placed->is_separate ? 0 : (uint32_t)placed->len + 1;
    return 1;
}

/* The memory of the text that is there, or is about to be. */
static void count_text(hd_event *event, const char *text, size_t len, int separate, int sign) {
    size_t in_body = hd__json_size(text, len), size = in_body + (separate ? len + 1 : 0);
    event->body_size += sign > 0 ? in_body : 0 - in_body;
    event->size += sign > 0 ? size : 0 - size;
}

static void replace(hd_event *event, int which, const struct placed *placed) {
    const char *old = event->texts[which];
    if (old)
        count_text(event, old, strlen(old), is_separate(event, which), -1);
    free_text(event, which);
    count_text(event, placed->text, placed->len, placed->is_separate, 1);
    event->texts[which] = placed->text;
    event->separate = (event->separate & ~(1u << which)) | (unsigned)placed->is_separate << which;
}

/* The texts may be of this event itself: none is given up before all are copied. */
int hd__event_set_texts(hd_event *event, const char *const texts[HD__EVENT_TEXTS]) {
    struct placed placed[HD__EVENT_TEXTS];
    uint32_t own_used = event->own_used;
    int count = 0;
    while (count < HD__EVENT_TEXTS && (!texts[count] || place(event, texts[count], &placed[count])))
        count++;
    if (count == HD__EVENT_TEXTS) {
        for (int which = 0; which < HD__EVENT_TEXTS; which++)
            if (texts[which])
                replace(event, which, &placed[which]);
        return HD_OK;
    }
    while (count-- > 0)
        if (texts[count] && placed[count].is_separate)
            free(placed[count].text);
    event->own_used = own_used;
    return HD_E_NO_MEMORY;
}

int hd_event_set_project(hd_event *event, const char *project) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_SENT;
    if (!hd__ident_fits(project, 1, IDENT_MAX))
        return HD_E_PROJECT;
    const char *const texts[HD__EVENT_TEXTS] = {[HD__EVENT_PROJECT] = project};
    return hd__event_set_texts(event, texts);
}

int hd_event_set_timestamp_ms(hd_event *event, int64_t timestamp_ms) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_SENT;
    if (timestamp_ms < 0 || timestamp_ms > HD__TIMESTAMP_MAX)
        return HD_E_TIMESTAMP;
    event->timestamp_ms = timestamp_ms;
    return HD_OK;
}

static int is_in_word(char c) {
    return (c >= 'a' && c <= 'z') || hd__is_digit(c) || c == '_' || c == '-';
}

/* Status and priority: lower-case words, since they stand bare in a Slack message too. */
static int is_word(const char *s) {
    size_t len = 0;
    while (s && len <= WORD_MAX && is_in_word(s[len]))
        len++;
    return len > 0 && len <= WORD_MAX && s[len] == '\0';
}

int hd_event_set_ticket(hd_event *event, const char *id, int64_t number, const char *subject, const char *status,
                        const char *priority) {
    if (!event)
        return HD_E_INVALID;
    if (is_frozen(event))
        return HD_E_SENT;
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
        return HD_E_SENT;
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
    if (is_frozen(event))
        return HD_E_SENT;
    if (event->type != HD_MESSAGE_RECEIVED)
        return HD_E_FIELD;
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
        return HD_E_SENT;
    if (!hd__ident_fits(key, 1, KEY_MAX))
        return HD_E_IDEMPOTENCY_KEY;
    const char *const texts[HD__EVENT_TEXTS] = {[HD__EVENT_KEY] = key};
    return hd__event_set_texts(event, texts);
}

const char *hd_event_idempotency_key(const hd_event *event) {
    return event ? hd__event_text(event, HD__EVENT_KEY) : NULL;
}

const char *hd_event_missing(const hd_event *event) {
    return !event || !event->texts[HD__EVENT_PROJECT] ? "project"
           : !event->texts[HD__EVENT_TICKET_ID]       ? "ticket"
           : !event->texts[HD__EVENT_CUSTOMER_EMAIL]  ? "customer"
                                                      : NULL;
}

int hd_event_type(const hd_event *event) {
    return event ? event->type : HD_EVENT_UNKNOWN;
}

const char *hd_event_name(const hd_event *event) {
    return !event                         ? NULL
           : event->texts[HD__EVENT_NAME] ? hd__event_text(event, HD__EVENT_NAME)
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
