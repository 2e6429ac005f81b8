#include "event/slack.h"

#include "event/event.h"
#include "event/mrkdwn.h"

#include <stdio.h>

/* What each field may take of the text's 3,000 bytes, in characters before and in bytes after escaping. In the longest
 * case about 950 bytes are left for the message, which gets all that the fields before it do not use. */
#define SUBJECT_CHARS 255
#define SUBJECT_BYTES 1280
#define EMAIL_CHARS 320
#define EMAIL_BYTES 480
#define PRIORITY_CHARS 32
#define PRIORITY_BYTES 160
#define MESSAGE_CHARS 300

/* The rest of an alert has no text of customers: a count, times, and sentences of the library. */
static void about_webhook(const hd_event *event, struct hd__buffer *out) {
    hd__buffer_text(out, "\n> *Webhook:* ");
    hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_WEBHOOK_NAME, NULL), SUBJECT_CHARS, SUBJECT_BYTES);
    hd__buffer_text(out, "\n> *Failed in a row:* ");
    hd__buffer_text(out, hd_event_get(event, HD_FIELD_FAILURE_COUNT, NULL));
    hd__buffer_text(out, ", since ");
    hd__buffer_text(out, hd_event_get(event, HD_FIELD_FAILURE_SINCE, NULL));
    hd__buffer_text(out, "\n> *Reason:* ");
    hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_FAILURE_EXPLANATION, NULL), MESSAGE_CHARS, SUBJECT_BYTES);
    if (hd_event_type(event) == HD_ALERT_PAUSED) {
        hd__buffer_text(out, "\n> *Paused until:* ");
        hd__buffer_text(out, hd_event_get(event, HD_FIELD_PAUSED_UNTIL, NULL));
    }
}

static void about_ticket(const hd_event *event, struct hd__buffer *out, size_t begin) {
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)hd_event_ticket_number(event));
    hd__buffer_text(out, "\n> *Subject:* ");
    hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), SUBJECT_CHARS, SUBJECT_BYTES);
    hd__buffer_text(out, "\n> *#");
    hd__buffer_text(out, number);
    hd__buffer_text(out, "*\n> *Customer:* ");
    hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), EMAIL_CHARS, EMAIL_BYTES);
    hd__buffer_text(out, "\n> *Priority:* ");
    hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), PRIORITY_CHARS, PRIORITY_BYTES);
    if (hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL)) {
        hd__buffer_text(out, "\n> *Message:* ");
        hd__mrkdwn_text(out, hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL), MESSAGE_CHARS,
                        HD__SLACK_TEXT_MAX - (out->len - begin));
    }
}

void hd__slack_text_of(const hd_event *event, struct hd__buffer *out) {
    static const char *const titles[] = {NULL,
                                         "*New Ticket Created*",
                                         "*Ticket Resolved*",
                                         "*New Message Received*",
                                         "*Webhook Failing*",
                                         "*Webhook Paused*",
                                         "*Webhook Recovered*"};
    size_t begin = out->len;
    hd__buffer_text(out, titles[hd_event_type(event)]);
    if (hd__event_is_alert(hd_event_type(event)))
        about_webhook(event, out);
    else
        about_ticket(event, out, begin);
}
