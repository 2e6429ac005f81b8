/* An entry of the record of changes as JSON. */
#include "base/json.h"
#include "helmdesk.h"

static void write_name(struct hd__out *out, const char *key, const char *text) {
    hd__out_string(out, key, *text ? text : NULL);
}

static void write_fields(struct hd__out *out, const hd_change *change) {
    hd__out_open(out, "fields", '[');
    for (size_t i = 0, count = hd_change_field_count(change); i < count; i++) {
        hd__out_open(out, NULL, '{');
        hd__out_string(out, "name", hd_change_field_name(change, i));
        hd__out_string(out, "before", hd_change_field_before(change, i));
        hd__out_string(out, "after", hd_change_field_after(change, i));
        hd__out_close(out, '}');
    }
    hd__out_close(out, ']');
}

int hd_change_json(const hd_change *change, char *buf, size_t size, size_t *length) {
    struct hd__out out = {.buf = buf, .size = size};
    if (!change || (!buf && size))
        return HD_E_INVALID;
    hd__out_open(&out, NULL, '{');
    hd__out_number(&out, "schema", HD_JSON_SCHEMA);
    hd__out_number(&out, "id", (uint64_t)hd_change_id(change));
    hd__out_time(&out, "at", hd_change_at_ms(change));
    write_name(&out, "by", hd_change_by(change));
    hd__out_string(&out, "action", hd_change_action_name(hd_change_action(change)));
    write_name(&out, "project", hd_change_project(change));
    write_name(&out, "webhook_id", hd_change_webhook_id(change));
    hd__out_string(&out, "webhook_name", hd_change_webhook_name(change));
    write_name(&out, "object", hd_change_object(change));
    hd__out_number(&out, "count", hd_change_count(change));
    write_fields(&out, change);
    hd__out_close(&out, '}');
    return hd__out_end(&out, length);
}
