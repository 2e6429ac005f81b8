#include "transport/head.h"

#include "base/digits.h"
#include "base/text.h"

#include <string.h>

#define LITERAL(list, text) add((list), (text), sizeof(text) - 1)

/* A part of a head that is not shown, and what is shown in its place. */
struct secret {
    size_t at, len;
    const char *shown;
};

/* What a head is put together from, so that its length is known before it is written. */
struct pieces {
    struct {
        const char *text;
        size_t len;
    } items[16 + 4 * HD__FIELDS_MAX];
    size_t count, len;
    struct secret secrets[1 + HD__FIELDS_MAX];
    size_t secret_count, shown_len;
};

static void add(struct pieces *list, const char *text, size_t len) {
    list->items[list->count].text = text;
    list->items[list->count++].len = len;
    list->len += len;
    list->shown_len += len;
}

static void add_text(struct pieces *list, const char *text) {
    add(list, text, strlen(text));
}

static void add_secret(struct pieces *list, const char *text, const char *shown) {
    size_t len = strlen(text);
    list->secrets[list->secret_count++] = (struct secret){list->len, len, shown};
    add(list, text, len);
    list->shown_len += strlen(shown) - len;
}

static char *put(char *at, const char *text, size_t len) {
    memcpy(at, text, len);
    return at + len;
}

static void write_pieces(const struct pieces *list, size_t room, struct hd__buffer *out) {
    hd__buffer_renew(out, list->len + room);
    if (out->failed)
        return;
    char *at = out->data;
    for (size_t i = 0; i < list->count; i++)
        at = put(at, list->items[i].text, list->items[i].len);
    *at = '\0';
    out->len = list->len;
}

static void show(const struct pieces *list, const char *written, struct hd__buffer *out) {
    size_t from = 0;
    hd__buffer_renew(out, list->shown_len);
    if (out->failed)
        return;
    char *at = out->data;
    for (size_t i = 0; i < list->secret_count; i++) {
        const struct secret *secret = &list->secrets[i];
        at = put(at, written + from, secret->at - from);
        at = put(at, secret->shown, strlen(secret->shown));
        from = secret->at + secret->len;
    }
    at = put(at, written + from, list->len - from);
    *at = '\0';
    out->len = list->shown_len;
}

static int is_blank(const struct hd__field *field) {
    return field->value[0] <= ' ' && !field->value[strspn(field->value, " \t")];
}

/* In front of a value that is not blank stands a blank, which a mask in its place has too. */
static void add_field(struct pieces *list, const struct hd__field *field) {
    int blank = is_blank(field);
    add_text(list, field->name);
    if (blank)
        LITERAL(list, ":");
    else
        LITERAL(list, ": ");
    if (field->is_secret)
        add_secret(list, blank ? "" : field->value, blank ? " " HD__HEAD_MASK : HD__HEAD_MASK);
    else if (!blank)
        add_text(list, field->value);
    LITERAL(list, "\r\n");
}

static int has_field(const struct hd__exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->field_count; i++)
        if (hd__equal_nocase(exchange->fields[i].name, name))
            return 1;
    return 0;
}

void hd__head_write(const struct hd__exchange *exchange, const char *user_agent, size_t room, struct hd__buffer *head) {
    struct pieces list;
    char digits[HD__DIGITS_SIZE];
    list.count = list.len = list.secret_count = list.shown_len = 0;
    add_text(&list, exchange->is_probe ? "HEAD " : "POST ");
    if (exchange->head)
        add_secret(&list, exchange->parts->target, exchange->masked_target);
    else
        add_text(&list, exchange->parts->target);
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
        add_field(&list, &exchange->fields[i]);
    if (!exchange->is_probe) {
        LITERAL(&list, "Content-Length: ");
        add_text(&list, hd__digits(exchange->body_len, digits));
        LITERAL(&list, "\r\n");
    }
    LITERAL(&list, "\r\n");
    write_pieces(&list, room, head);
    if (exchange->head && !head->failed)
        show(&list, head->data, exchange->head);
}
