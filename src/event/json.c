/* The two shapes of body, written directly: through Jansson's tree of values they took a quarter of a delivery's
 * instructions. The bytes are those that Jansson writes (JSON_COMPACT), which tests/json_test.c checks. */
#include "event/json.h"

#include "base/clock.h"
#include "base/digits.h"
#include "base/json.h"
#include "event/event.h"

#include <stdint.h>
#include <string.h>

size_t hd__json_size(const char *text, size_t len) {
    size_t size = len;
    for (size_t at = hd__json_plain(text, len); at < len; at += hd__json_plain(text + at, len - at))
        size += (unsigned char)text[at++] < 0x20 ? HD__JSON_ESCAPE_MAX - 1 : 1;
    return size;
}

/* ---- Writing where there is room ---- */

#define LITERAL(at, text) put((at), (text), sizeof(text) - 1)

static inline char *put(char *at, const char *text, size_t len) {
    memcpy(at, text, len);
    return at + len;
}

static char *quoted(char *at, const char *text, size_t len) {
    *at++ = '"';
    at = put(at, text, len);
    *at++ = '"';
    return at;
}

/* The text is valid UTF-8, as its setter has checked. */
static char *string(char *at, const char *text) {
    size_t len = strlen(text);
    *at++ = '"';
    for (;;) {
        size_t plain = hd__json_plain(text, len);
        at = put(at, text, plain);
        if (plain == len)
            break;
        at = hd__json_escape(at, (unsigned char)text[plain]);
        text += plain + 1;
        len -= plain + 1;
    }
    *at++ = '"';
    return at;
}

static char *text_of(char *at, const hd_event *event, int which) {
    const char *text = event->texts[which];
    return event->plain >> which & 1 ? quoted(at, text, strlen(text)) : string(at, text);
}

static char *ticket(char *at, const hd_event *event) {
    char digits[HD__DIGITS_SIZE];
    const char *number = hd__digits((uint64_t)event->ticket_number, digits);
    at = text_of(LITERAL(at, "{\"id\":"), event, HD__EVENT_TICKET_ID);
    at = put(LITERAL(at, ",\"number\":"), number, strlen(number));
    at = text_of(LITERAL(at, ",\"subject\":"), event, HD__EVENT_TICKET_SUBJECT);
    at = text_of(LITERAL(at, ",\"status\":"), event, HD__EVENT_TICKET_STATUS);
    at = text_of(LITERAL(at, ",\"priority\":"), event, HD__EVENT_TICKET_PRIORITY);
    return LITERAL(at, "}");
}

static char *customer(char *at, const hd_event *event) {
    at = text_of(LITERAL(at, "{\"email\":"), event, HD__EVENT_CUSTOMER_EMAIL);
    at = text_of(LITERAL(at, ",\"name\":"), event, HD__EVENT_CUSTOMER_NAME);
    return LITERAL(at, "}");
}

static char *message(char *at, const hd_event *event) {
    at = text_of(LITERAL(at, "{\"id\":"), event, HD__EVENT_MESSAGE_ID);
    at = text_of(LITERAL(at, ",\"sender\":"), event, HD__EVENT_MESSAGE_SENDER);
    at = text_of(LITERAL(at, ",\"body\":"), event, HD__EVENT_MESSAGE_BODY);
    return LITERAL(at, "}");
}

static char *webhook(char *at, const hd_event *event) {
    at = text_of(LITERAL(at, "{\"id\":"), event, HD__EVENT_WEBHOOK_ID);
    at = text_of(LITERAL(at, ",\"name\":"), event, HD__EVENT_WEBHOOK_NAME);
    return LITERAL(at, "}");
}

static char *failure(char *at, const hd_event *event) {
    const char *count = event->texts[HD__EVENT_FAILURE_COUNT];
    at = text_of(LITERAL(at, "{\"since\":"), event, HD__EVENT_FAILURE_SINCE);
    at = put(LITERAL(at, ",\"count\":"), count, strlen(count));
    at = text_of(LITERAL(at, ",\"reason\":"), event, HD__EVENT_FAILURE_REASON);
    at = text_of(LITERAL(at, ",\"explanation\":"), event, HD__EVENT_FAILURE_EXPLANATION);
    return LITERAL(at, "}");
}

static char *about_webhook(char *at, const hd_event *event) {
    at = webhook(LITERAL(at, "{\"webhook\":"), event);
    at = failure(LITERAL(at, ",\"failure\":"), event);
    if (event->type == HD_ALERT_PAUSED)
        at = text_of(LITERAL(at, ",\"paused_until\":"), event, HD__EVENT_PAUSED_UNTIL);
    return LITERAL(at, "}");
}

static char *about_ticket(char *at, const hd_event *event) {
    at = ticket(LITERAL(at, "{\"ticket\":"), event);
    at = customer(LITERAL(at, ",\"customer\":"), event);
    if (event->texts[HD__EVENT_MESSAGE_ID])
        at = message(LITERAL(at, ",\"message\":"), event);
    return LITERAL(at, "}");
}

static char *body(char *at, const hd_event *event) {
    char timestamp[HD__TIMESTAMP_SIZE];
    hd__timestamp_format(event->timestamp_ms, timestamp);
    at = string(LITERAL(at, "{\"event\":"), hd_event_name(event));
    at = put(LITERAL(at, ",\"timestamp\":\""), timestamp, strlen(timestamp));
    at = LITERAL(at, "\",\"data\":");
    at = hd__event_is_alert(event->type) ? about_webhook(at, event) : about_ticket(at, event);
    return LITERAL(at, "}");
}

static void ends(struct hd__buffer *out, char *at) {
    *at = '\0';
    out->len = (size_t)(at - out->data);
}

int hd__json_event(const hd_event *event, struct hd__buffer *out) {
    hd__buffer_reserve(out, out->len + HD__EVENT_FRAME + event->body_size);
    if (out->failed)
        return HD_E_NO_MEMORY;
    ends(out, body(out->data + out->len, event));
    return HD_OK;
}

int hd__json_slack(const char *text, struct hd__buffer *out) {
    static const char before[] = "{\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":";
    static const char after[] = "}}]}";
    hd__buffer_reserve(out, out->len + sizeof before + hd__json_size(text, strlen(text)) + 2 + sizeof after);
    if (out->failed)
        return HD_E_NO_MEMORY;
    ends(out, LITERAL(string(LITERAL(out->data + out->len, before), text), after));
    return HD_OK;
}
