/* The two shapes of body, written directly: through Jansson's tree of values they took a quarter of a delivery's
 * instructions. The bytes are those that Jansson writes (JSON_COMPACT), which tests/json_test.c checks. */
#include "event/json.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static void raw(struct hd__buffer *out, const char *text) {
    hd__buffer_text(out, text);
}

/* RFC 8259 section 7: what has to be escaped, and nothing else. */
static void escaped(struct hd__buffer *out, unsigned char c) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    char form[8];
    const char *found = strchr(from, c);
    if (found)
        snprintf(form, sizeof form, "\\%c", to[found - from]);
    else
        snprintf(form, sizeof form, "\\u%04X", c);
    raw(out, form);
}

static int is_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

/* The text is valid UTF-8, as its setter has checked. */
static void string(struct hd__buffer *out, const char *text) {
    hd__buffer_append(out, "\"", 1);
    for (const char *begin = text;; begin = ++text) {
        while (is_plain((unsigned char)*text))
            text++;
        hd__buffer_append(out, begin, (size_t)(text - begin));
        if (!*text)
            break;
        escaped(out, (unsigned char)*text);
    }
    hd__buffer_append(out, "\"", 1);
}

/* A member, and what stands before its value. */
static void member(struct hd__buffer *out, const char *before, const char *value) {
    raw(out, before);
    string(out, value);
}

static void ticket(struct hd__buffer *out, const hd_event *event) {
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)hd_event_ticket_number(event));
    member(out, "{\"id\":", hd_event_ticket_id(event));
    raw(out, ",\"number\":");
    raw(out, number);
    member(out, ",\"subject\":", hd_event_ticket_subject(event));
    member(out, ",\"status\":", hd_event_ticket_status(event));
    member(out, ",\"priority\":", hd_event_ticket_priority(event));
    raw(out, "}");
}

static void customer(struct hd__buffer *out, const hd_event *event) {
    member(out, "{\"email\":", hd_event_customer_email(event));
    member(out, ",\"name\":", hd_event_customer_name(event));
    raw(out, "}");
}

static void message(struct hd__buffer *out, const hd_event *event) {
    member(out, "{\"id\":", hd_event_message_id(event));
    member(out, ",\"sender\":", hd_event_message_sender(event));
    member(out, ",\"body\":", hd_event_message_body(event));
    raw(out, "}");
}

int hd__json_event(const hd_event *event, struct hd__buffer *out) {
    char timestamp[HD__TIMESTAMP_SIZE];
    hd__timestamp_format(hd_event_timestamp_ms(event), timestamp);
    member(out, "{\"event\":", hd_event_name(event));
    member(out, ",\"timestamp\":", timestamp);
    raw(out, ",\"data\":{\"ticket\":");
    ticket(out, event);
    raw(out, ",\"customer\":");
    customer(out, event);
    if (hd_event_message_id(event)) {
        raw(out, ",\"message\":");
        message(out, event);
    }
    raw(out, "}}");
    return out->failed ? HD_E_NO_MEMORY : HD_OK;
}

int hd__json_slack(const char *text, struct hd__buffer *out) {
    member(out, "{\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":", text);
    raw(out, "}}]}");
    return out->failed ? HD_E_NO_MEMORY : HD_OK;
}
