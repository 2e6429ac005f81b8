#include "event/slack.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What each field may take of the text's 3,000 bytes, in characters before and in bytes after escaping. In the longest
 * case about 950 bytes are left for the message, which takes all that the others left. */
#define SUBJECT_CHARS 255
#define SUBJECT_BYTES 1280
#define EMAIL_CHARS 320
#define EMAIL_BYTES 480
#define PRIORITY_CHARS 32
#define PRIORITY_BYTES 160
#define MESSAGE_CHARS 300
#define PLACEHOLDER "\xE2\x80\x94" /* an em dash */
#define ELLIPSIS "\xE2\x80\xA6"

static int is_line_break(unsigned long c) {
    return (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Controls that show nothing, and those that turn the direction of what follows them. */
static int is_dropped(unsigned long c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* Slack wants these three escaped and nothing else (api.slack.com/reference/surfaces/formatting). That also disarms
 * <!here>, <@user> and <url|label>. */
static const char *entity(unsigned long c) {
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
}

/* Appends customer text on one line: its first max_chars characters, in max_bytes bytes, with an ellipsis if that is
 * not all; never cut inside a character or an entity. */
static void field(struct hd__buffer *out, const char *text, size_t max_chars, size_t max_bytes) {
    size_t begin = out->len, len = strlen(text), chars = 0;
    size_t cut = begin; /* up to here there is still room for the ellipsis */
    for (size_t at = 0; at < len;) {
        unsigned long c;
        const char *piece = text + at;
        size_t piece_len = hd__utf8_char(text + at, len - at, &c);
        at += piece_len;
        if (is_line_break(c)) {
            if (c == '\r' && text[at] == '\n')
                at++;
            piece = " ", piece_len = 1;
        } else if (is_dropped(c)) {
            continue;
        } else if (entity(c)) {
            piece = entity(c), piece_len = strlen(piece);
        }
        if (++chars > max_chars || out->len - begin + piece_len > max_bytes) {
            out->len = out->failed ? out->len : cut;
            hd__buffer_text(out, ELLIPSIS);
            return;
        }
        hd__buffer_append(out, piece, piece_len);
        if (out->len - begin + sizeof ELLIPSIS - 1 <= max_bytes)
            cut = out->len;
    }
    if (chars == 0)
        hd__buffer_text(out, PLACEHOLDER);
}

void hd__slack_text_of(const hd_event *event, struct hd__buffer *out) {
    static const char *const titles[] = {NULL, "*New Ticket Created*", "*Ticket Resolved*", "*New Message Received*"};
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)hd_event_ticket_number(event));
    size_t begin = out->len;
    hd__buffer_text(out, titles[hd_event_type(event)]);
    hd__buffer_text(out, "\n> *Subject:* ");
    field(out, hd_event_ticket_subject(event), SUBJECT_CHARS, SUBJECT_BYTES);
    hd__buffer_text(out, "\n> *#");
    hd__buffer_text(out, number);
    hd__buffer_text(out, "*\n> *Customer:* ");
    field(out, hd_event_customer_email(event), EMAIL_CHARS, EMAIL_BYTES);
    hd__buffer_text(out, "\n> *Priority:* ");
    field(out, hd_event_ticket_priority(event), PRIORITY_CHARS, PRIORITY_BYTES);
    if (hd_event_message_id(event)) {
        hd__buffer_text(out, "\n> *Message:* ");
        field(out, hd_event_message_body(event), MESSAGE_CHARS, HD__SLACK_TEXT_MAX - (out->len - begin));
    }
}
