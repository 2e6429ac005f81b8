#include "event/render.h"

#include "event/event.h"
#include "event/json.h"
#include "event/slack.h"

static int slack_body(const hd_event *event, struct hd__buffer *out) {
    struct hd__buffer text = {0};
    if (!hd__event_type_known(hd_event_type(event)))
        return HD_E_EVENT_TYPE;
    hd__slack_text_of(event, &text);
    int status = text.failed ? HD_E_NO_MEMORY : hd__json_slack(text.data, out);
    hd__buffer_free(&text);
    return status;
}

int hd__event_body(const hd_event *event, int format, struct hd__buffer *out) {
    if (hd__event_missing_in_body(event))
        return HD_E_FIELD_MISSING;
    return format == HD_FORMAT_SLACK ? slack_body(event, out) : hd__json_event(event, out);
}

int hd_event_render(const hd_event *event, int format, char *buf, size_t size, size_t *length) {
    if (!event || (!buf && size) || (format != HD_FORMAT_JSON && format != HD_FORMAT_SLACK))
        return HD_E_INVALID;
    struct hd__buffer body = {0};
    int status = hd__event_body(event, format, &body);
    if (status == HD_OK)
        status = hd__buffer_copy_out(&body, buf, size, length);
    hd__buffer_free(&body);
    return status;
}
