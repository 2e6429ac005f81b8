#include "transport/head.h"

#include "base/digits.h"
#include "base/text.h"

#include <string.h>

#define LITERAL(list, text) add((list), (text), sizeof(text) - 1)

/* What a head is put together from, so that its length is known before it is written. */
struct pieces {
    struct {
        const char *text;
        size_t len;
    } items[16 + 4 * HD__FIELDS_MAX];
    size_t count, len;
};

static void add(struct pieces *list, const char *text, size_t len) {
    list->items[list->count].text = text;
    list->items[list->count++].len = len;
    list->len += len;
}

static void add_text(struct pieces *list, const char *text) {
    add(list, text, strlen(text));
}

static void write_pieces(const struct pieces *list, size_t room, struct hd__buffer *out) {
    hd__buffer_renew(out, list->len + room);
    if (out->failed)
        return;
    char *at = out->data;
    for (size_t i = 0; i < list->count; at += list->items[i++].len)
        memcpy(at, list->items[i].text, list->items[i].len);
    *at = '\0';
    out->len = list->len;
}

static int is_blank(const struct hd__field *field) {
    return field->value[0] <= ' ' && !field->value[strspn(field->value, " \t")];
}

static void add_field(struct pieces *list, const struct hd__field *field, int masked) {
    add_text(list, field->name);
    if (masked && field->is_secret) {
        LITERAL(list, ": " HD__HEAD_MASK "\r\n");
    } else if (is_blank(field)) {
        LITERAL(list, ":\r\n");
    } else {
        LITERAL(list, ": ");
        add_text(list, field->value);
        LITERAL(list, "\r\n");
    }
}

static int has_field(const struct hd__exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->field_count; i++)
        if (hd__equal_nocase(exchange->fields[i].name, name))
            return 1;
    return 0;
}

static void write_head(const struct hd__exchange *exchange, const char *user_agent, int masked, size_t room,
                       struct hd__buffer *head) {
    struct pieces list;
    char digits[HD__DIGITS_SIZE];
    list.count = list.len = 0;
    add_text(&list, exchange->is_probe ? "HEAD " : "POST ");
    add_text(&list, masked ? exchange->masked_target : exchange->parts->target);
    LITERAL(&list, " HTTP/1.1\r\nHost: ");
    add_text(&list, exchange->parts->authority);
    if (*user_agent) {
        LITERAL(&list, "\r\nUser-Agent: ");
        add_text(&list, user_agent);
    }
    LITERAL(&list, "\r\n");
    if (!has_field(exchange, "Accept"))
        LITERAL(&list, "Accept: */*\r\n");
    for (size_t i = 0; i < exchange->field_count; i++)
        add_field(&list, &exchange->fields[i], masked);
    if (!exchange->is_probe) {
        LITERAL(&list, "Content-Length: ");
        add_text(&list, hd__digits(exchange->body_len, digits));
        LITERAL(&list, "\r\n");
    }
    LITERAL(&list, "\r\n");
    write_pieces(&list, room, head);
}

void hd__head_write(const struct hd__exchange *exchange, const char *user_agent, size_t room, struct hd__buffer *head) {
    write_head(exchange, user_agent, 0, room, head);
}

void hd__head_show(const struct hd__exchange *exchange, const char *user_agent, struct hd__buffer *head) {
    write_head(exchange, user_agent, 1, 0, head);
}
