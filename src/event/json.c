#include "event/json.h"

#include "base/clock.h"

#include <jansson.h>

/* Takes over value. Jansson answers NULL for text that is not UTF-8 and for a lack of memory, and -1 for a NULL value:
 * the setters have checked the text, so that only memory can be missing here. */
static int set(json_t *object, const char *key, json_t *value) {
    return json_object_set_new_nocheck(object, key, value) == 0;
}

static int append(const char *data, size_t len, void *out) {
    struct hd__buffer *buffer = out;
    hd__buffer_append(buffer, data, len);
    return buffer->failed ? -1 : 0;
}

/* Takes over root, which may be NULL. Compact, in the order of insertion, all but '"', '\' and controls unescaped. */
static int dump(json_t *root, struct hd__buffer *out) {
    int failed = !root || json_dump_callback(root, append, out, JSON_COMPACT) != 0;
    json_decref(root);
    return failed ? HD_E_NO_MEMORY : HD_OK;
}

static json_t *ticket(const hd_event *event) {
    return json_pack("{s:s, s:I, s:s, s:s, s:s}", "id", hd_event_ticket_id(event), "number",
                     (json_int_t)hd_event_ticket_number(event), "subject", hd_event_ticket_subject(event), "status",
                     hd_event_ticket_status(event), "priority", hd_event_ticket_priority(event));
}

static json_t *customer(const hd_event *event) {
    return json_pack("{s:s, s:s}", "email", hd_event_customer_email(event), "name", hd_event_customer_name(event));
}

static json_t *message(const hd_event *event) {
    return json_pack("{s:s, s:s, s:s}", "id", hd_event_message_id(event), "sender", hd_event_message_sender(event),
                     "body", hd_event_message_body(event));
}

int hd__json_event(const hd_event *event, struct hd__buffer *out) {
    char timestamp[HD__TIMESTAMP_SIZE];
    hd__timestamp_format(hd_event_timestamp_ms(event), timestamp);
    json_t *root = json_pack("{s:s, s:s, s:{}}", "event", hd_event_name(event), "timestamp", timestamp, "data");
    json_t *data = json_object_get(root, "data");
    int complete = data && set(data, "ticket", ticket(event)) && set(data, "customer", customer(event)) &&
                   (!hd_event_message_id(event) || set(data, "message", message(event)));
    if (!complete) {
        json_decref(root);
        return HD_E_NO_MEMORY;
    }
    return dump(root, out);
}

int hd__json_slack(const char *text, struct hd__buffer *out) {
    return dump(
        json_pack("{s:[{s:s, s:{s:s, s:s}}]}", "blocks", "type", "section", "text", "type", "mrkdwn", "text", text),
        out);
}
