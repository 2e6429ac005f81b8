#include "event/search.h"

#include <stdio.h>
#include <string.h>

static void append(const hd_event *event, int field, struct hd__buffer *out) {
    const char *text = hd_event_get(event, field, NULL);
    hd__buffer_append(out, text ? text : "", text ? strlen(text) : 0);
}

/* The separator cannot be in any of the fields before the message; in that it separates nothing. */
void hd__event_write_search(const hd_event *event, struct hd__buffer *out) {
    static const int texts[] = {HD_FIELD_TICKET_SUBJECT, HD_FIELD_CUSTOMER_EMAIL, HD_FIELD_CUSTOMER_NAME,
                                HD_FIELD_MESSAGE_BODY};
    char number[32];
    int len = snprintf(number, sizeof number, "\x1f#%lld", (long long)hd_event_ticket_number(event));
    append(event, HD_FIELD_TICKET_ID, out);
    hd__buffer_append(out, number, (size_t)len);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hd__buffer_append(out, "\x1f", 1);
        append(event, texts[i], out);
    }
    hd__buffer_append(out, "", 1);
}
