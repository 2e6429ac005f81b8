#include "dashboard/json.h"

#include "dashboard/text.h"
#include "helmdesk.h"

#include <stdlib.h>
#include <string.h>

static json_t *repaired(const char *text, size_t length) {
    char *copy = malloc(3 * length + 1);
    json_t *value = copy ? json_stringn(copy, hd__dash_repair(text, length, copy)) : NULL;
    free(copy);
    return value;
}

json_t *hd__json_text(const char *text, size_t length) {
    json_t *value = json_stringn(text ? text : "", text ? length : 0);
    return value || !text ? value : repaired(text, length);
}

json_t *hd__json_string(const char *text) {
    return text ? hd__json_text(text, strlen(text)) : json_null();
}

json_t *hd__json_time(int64_t ms) {
    char text[HD_TIME_SIZE];
    return ms > 0 && hd_time_format(ms, text, sizeof text) == HD_OK ? json_string(text) : json_null();
}

void hd__json_set(json_t *object, const char *key, json_t *value, int *failed) {
    if (json_object_set_new(object, key, value) != 0) /* which frees the value in any case, and takes no NULL */
        *failed = 1;
}

void hd__json_add(json_t *list, json_t *item, int *failed) {
    if (json_array_append_new(list, item) != 0)
        *failed = 1;
}

json_t *hd__json_or_nothing(json_t *value, int failed) {
    if (!failed)
        return value;
    json_decref(value);
    return NULL;
}

void hd__json_write_bytes(const char *bytes, size_t length, struct hd__json_text *text) {
    char *grown = text->failed ? NULL : realloc(text->data, text->len + length + 1);
    if (!grown) {
        text->failed = 1;
        return;
    }
    memcpy(grown + text->len, bytes, length);
    text->data = grown;
    text->len += length;
    text->data[text->len] = '\0';
}

/* What is lost is noted here, since Jansson 2.14 does not look at what comes back for an object's keys. */
static int take(const char *bytes, size_t length, void *text) {
    hd__json_write_bytes(bytes, length, text);
    return 0;
}

void hd__json_write(const json_t *value, struct hd__json_text *text) {
    if (!value || json_dump_callback(value, take, text, JSON_COMPACT | JSON_REAL_PRECISION(6)) != 0)
        text->failed = 1;
}

void hd__json_put(const char *string, struct hd__json_text *text) {
    hd__json_write_bytes(string, strlen(string), text);
}

/* Takes the '}' away. */
static void open_again(struct hd__json_text *text) {
    if (text->failed || text->len == 0)
        text->failed = 1;
    else
        text->len--;
}

void hd__json_member(const char *name, struct hd__json_text *text) {
    open_again(text);
    hd__json_put(",\"", text);
    hd__json_put(name, text);
    hd__json_put("\":", text);
}

void hd__json_join(json_t *members, struct hd__json_text *text) {
    open_again(text);
    size_t at = text->len;
    hd__json_write(members, text);
    if (!text->failed)
        text->data[at] = ','; /* was '{' */
    json_decref(members);
}
