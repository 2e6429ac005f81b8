#include "event/search.h"

#include <stdio.h>
#include <string.h>

static void append_lower(struct hd__buffer *out, const char *text, const char *end) {
    size_t begin = out->len;
    hd__buffer_append(out, text ? text : "", text ? strlen(text) : 0);
    for (size_t i = begin; !out->failed && i < out->len; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] + ('a' - 'A'));
    hd__buffer_append(out, end, 1);
}

void hd__event_write_search(const hd_event *event, struct hd__buffer *out) {
    char number[32];
    snprintf(number, sizeof number, "#%lld", (long long)hd_event_ticket_number(event));
    append_lower(out, hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "\x1f");
    append_lower(out, number, "\x1f");
    append_lower(out, hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "\x1f");
    append_lower(out, hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "\x1f");
    append_lower(out, hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "");
}
