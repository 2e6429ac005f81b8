#include "event/event.h"

#include "base/clock.h"
#include "base/text.h"
#include "event/json.h"

#include <stdlib.h>
#include <string.h>

int hd__event_type_known(int type) {
    return type >= HD_TICKET_CREATED && type <= HD_ALERT_RECOVERED;
}

int hd__event_is_alert(int type) {
    return type >= HD_ALERT_FAILING && type <= HD_ALERT_RECOVERED;
}

int hd__event_is_about(const hd_event *event, const char *webhook_id) {
    return hd__event_is_alert(event->type) && strcmp(event->texts[HD__EVENT_WEBHOOK_ID], webhook_id) == 0;
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

static int fill_ticket(hd_event *event) {
    const char *ticket_status = event->type == HD_TICKET_RESOLVED ? "resolved" : "open";
    int status = hd_event_set_ticket(event, "3f0c8a52-7d64-4b1e-9a57-2c1d5e8f9b60", 42, "Can't reset password",
                                     ticket_status, "high");
    if (status == HD_OK)
        status = hd_event_set_customer(event, "user@example.com", "Jane Smith");
    if (status == HD_OK && event->type == HD_MESSAGE_RECEIVED)
        status = hd_event_set_message(event, "b8e1f6d4-05c3-4f7a-8e29-6a4d3c2b1f08", "customer",
                                      "The reset link still does not arrive.");
    return status;
}

static int fill_alert(hd_event *event) {
    static const struct hd__given sample[] = {
        {HD_FIELD_WEBHOOK_ID, "9d0b6a1e-53c4-4f2a-8b77-1e5c0d9a4f36", HD_TEXT_NUL},
        {HD_FIELD_WEBHOOK_NAME, "CRM", HD_TEXT_NUL},
        {HD_FIELD_FAILURE_SINCE, "2025-01-15T10:30:00.000Z", HD_TEXT_NUL},
        {HD_FIELD_FAILURE_COUNT, "5", HD_TEXT_NUL},
        {HD_FIELD_FAILURE_REASON, "http_5xx", HD_TEXT_NUL},
        {HD_FIELD_FAILURE_EXPLANATION, "The receiver failed: HTTP 503. See the receiver's own log.", HD_TEXT_NUL},
        {HD_FIELD_PAUSED_UNTIL, "2025-01-15T10:35:00.000Z", HD_TEXT_NUL},
    };
    size_t count = sizeof sample / sizeof sample[0] - (event->type != HD_ALERT_PAUSED);
    return hd__event_set_given(event, sample, count);
}

int hd_event_new_sample(int type, hd_event **event) {
    int status = hd_event_new(type, event);
    if (status != HD_OK)
        return status;
    status = hd__event_is_alert(type) ? fill_alert(*event) : fill_ticket(*event);
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
    free(event->json);
    free(event);
}

void hd__event_freeze(hd_event *event) {
    atomic_store_explicit(&event->frozen, 1, memory_order_relaxed);
}

int hd__event_is_frozen(hd_event *event) {
    return atomic_load_explicit(&event->frozen, memory_order_relaxed);
}

/* A text that is about to be set. */
struct placed {
    char *text;
    size_t len;
    int is_separate;
};

/* A copy where there is room for it. */
static int place(hd_event *event, const struct hd__text *text, struct placed *placed) {
    placed->len = text->len;
    placed->is_separate = placed->len >= sizeof event->own - event->own_used;
    placed->text = placed->is_separate ? malloc(placed->len + 1) : event->own + event->own_used;
    if (!placed->text)
        return 0;
    memcpy(placed->text, text->data, placed->len);
    placed->text[placed->len] = '\0';
    event->own_used += placed->is_separate ? 0 : (uint32_t)placed->len + 1;
    return 1;
}

static void free_old(hd_event *event, int which) {
    const char *old = event->texts[which];
    size_t len = old ? strlen(old) : 0, in_body = event->plain >> which & 1 ? len : hd__json_size(old, len);
    event->body_size -= in_body;
    event->size -= in_body + (is_separate(event, which) ? len + 1 : 0);
    free_text(event, which);
}

static void replace(hd_event *event, int which, const struct placed *placed) {
    size_t in_body = hd__json_size(placed->text, placed->len);
    unsigned others = ~(1u << which), is_plain = in_body == placed->len;
    if (event->texts[which])
        free_old(event, which);
    event->body_size += in_body;
    event->size += in_body + (placed->is_separate ? placed->len + 1 : 0);
    event->texts[which] = placed->text;
    event->separate = (event->separate & others) | (unsigned)placed->is_separate << which;
    event->plain = (event->plain & others) | is_plain << which;
}

/* The texts may be of this event itself: none is given up before all are copied. */
int hd__event_set_texts(hd_event *event, const struct hd__text *texts, size_t count) {
    struct placed placed[HD__EVENT_TEXTS];
    uint32_t own_used = event->own_used;
    size_t done = 0;
    while (done < count && place(event, &texts[done], &placed[done]))
        done++;
    if (done == count) {
        for (size_t i = 0; i < count; i++)
            replace(event, texts[i].which, &placed[i]);
        return HD_OK;
    }
    while (done-- > 0)
        if (placed[done].is_separate)
            free(placed[done].text);
    event->own_used = own_used;
    return HD_E_NO_MEMORY;
}

int hd_event_set_timestamp_ms(hd_event *event, int64_t timestamp_ms) {
    if (!event)
        return HD_E_INVALID;
    if (hd__event_is_frozen(event))
        return HD_E_SENT;
    if (timestamp_ms < 0 || timestamp_ms > HD__TIMESTAMP_MAX)
        return HD_E_TIMESTAMP;
    event->timestamp_ms = timestamp_ms;
    return HD_OK;
}

int hd_event_type(const hd_event *event) {
    return event ? event->type : HD_EVENT_UNKNOWN;
}

const char *hd_event_name(const hd_event *event) {
    return !event                         ? NULL
           : event->texts[HD__EVENT_NAME] ? event->texts[HD__EVENT_NAME]
                                          : hd_event_type_name(event->type);
}

int64_t hd_event_timestamp_ms(const hd_event *event) {
    return event ? event->timestamp_ms : 0;
}

int64_t hd_event_ticket_number(const hd_event *event) {
    return event ? event->ticket_number : 0;
}

const char *hd_event_json(const hd_event *event, size_t *length) {
    if (length)
        *length = event ? event->json_len : 0;
    return event ? event->json : NULL;
}
