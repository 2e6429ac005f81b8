#include "event/search.h"

#include "event/event.h"

#include <stdio.h>
#include <string.h>

const int hd__event_sought[HD__EVENT_SOUGHT] = {HD__EVENT_TICKET_SUBJECT, HD__EVENT_CUSTOMER_EMAIL,
                                                HD__EVENT_CUSTOMER_NAME, HD__EVENT_MESSAGE_BODY};

static void append(const hd_event *event, int which, struct hd__buffer *out) {
    const char *text = event->texts[which];
    hd__buffer_append(out, text ? text : "", text ? strlen(text) : 0);
}

/* The separator cannot be in any of the fields before the message; in that it separates nothing. */
void hd__event_write_search(const hd_event *event, struct hd__buffer *out) {
    char number[32];
    int len = snprintf(number, sizeof number, "\x1f#%lld", (long long)hd_event_ticket_number(event));
    append(event, HD__EVENT_TICKET_ID, out);
    hd__buffer_append(out, number, (size_t)len);
    for (size_t i = 0; i < HD__EVENT_SOUGHT; i++) {
        hd__buffer_append(out, "\x1f", 1);
        append(event, hd__event_sought[i], out);
    }
    hd__buffer_append(out, "", 1);
}
