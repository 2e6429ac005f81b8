/* SPDX-License-Identifier: MIT */
#include "support/answer_model.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VALUES_MAX (80 * 1024) /* of all lines of a field together: more than a head may have */

struct model {
    const char *data;
    size_t len, at, outside;
    char *body; /* room for the largest one */
    size_t body_len;
    jmp_buf way_out;
    enum hd__http1_result result;
    bool has_begun; /* a head: something of it is there */
    int status;     /* of the answer */
    bool lone_lf, old_interim;
    bool is_reusable, is_open; /* open: up to the end of the connection */
};

/* What a head says. */
struct head {
    int minor, status;
    char lengths[VALUES_MAX], codings[VALUES_MAX], options[VALUES_MAX]; /* each with a comma behind each line */
    bool has_length, has_coding;
};

static void leave(struct model *model, enum hd__http1_result result) {
    model->result = result;
    longjmp(model->way_out, 1);
}

/* The next byte, which is still to be taken. */
static char look(struct model *model) {
    if (model->at == model->len)
        leave(model, HD__HTTP1_MORE);
    if (model->outside == HD__HTTP1_OUTSIDE_MAX)
        leave(model, HD__HTTP1_TOO_LARGE);
    return model->data[model->at];
}

static char take(struct model *model) {
    char byte = look(model);
    model->at++;
    model->outside++;
    return byte;
}

static void require(struct model *model, bool is_right) {
    if (!is_right)
        leave(model, HD__HTTP1_BAD);
}

/* Goes up to the line feed of a line, and not beyond it. */
static void find_end(struct model *model, bool may_be_alone) {
    for (char byte = look(model); byte != '\r' && byte != '\n'; byte = look(model)) {
        require(model, byte != '\0');
        (void)take(model);
    }
    bool is_alone = look(model) == '\n';
    if (is_alone)
        require(model, may_be_alone);
    else
        (void)take(model);
    require(model, look(model) == '\n');
    model->lone_lf |= is_alone;
}

static bool is_one_of(char byte, const char *set) {
    return byte != '\0' && strchr(set, byte) != NULL;
}

#define DIGITS "0123456789"
#define TOKEN "!#$%&'*+-.^_`|~" DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void read_status_line(struct model *model, struct head *head) {
    char status[4] = "";
    (void)look(model);
    for (const char *c = "HTTP/1."; *c; c++) {
        require(model, look(model) == *c);
        (void)take(model);
        model->has_begun = true;
    }
    require(model, is_one_of(look(model), "01"));
    head->minor = take(model) - '0';
    require(model, look(model) == ' ');
    (void)take(model);
    for (int i = 0; i < 3; i++) {
        require(model, is_one_of(look(model), i == 0 ? "123456789" : DIGITS));
        status[i] = take(model);
    }
    head->status = atoi(status);
    require(model, is_one_of(look(model), " \r\n"));
    find_end(model, true);
}

static void append(struct model *model, char *values, const char *value, size_t len) {
    size_t before = strlen(values);
    require(model, len <= HD__HTTP1_VALUE_MAX);
    if (before + len + 2 > VALUES_MAX)
        abort();
    (void)snprintf(values + before, VALUES_MAX - before, "%.*s,", (int)len, value);
}

/* To be cut into pieces, until the next one is made. */
static char *copy_of(const char *values) {
    static char copy[VALUES_MAX];
    return strcpy(copy, values);
}

/* Cuts the next element off a list, and the blanks off it; NULL behind the last one. */
static char *next_of(char **list) {
    char *element = *list, *comma = strchr(element, ',');
    if (!comma)
        return NULL;
    *comma = '\0';
    *list = comma + 1;
    element += strspn(element, " \t");
    for (size_t len = strlen(element); len > 0 && is_one_of(element[len - 1], " \t"); len--)
        element[len - 1] = '\0';
    return element;
}

static void check_lengths(struct model *model, const char *values) {
    char *list = copy_of(values);
    long long first = -1;
    for (char *element; (element = next_of(&list));) {
        size_t len = strlen(element);
        require(model, len >= 1 && len <= 18 && strspn(element, DIGITS) == len);
        require(model, first < 0 || atoll(element) == first);
        first = atoll(element);
    }
}

/* Whether chunked is the last one. */
static bool check_codings(struct model *model, const char *values) {
    char *list = copy_of(values);
    int chunked = 0;
    bool is_last = false;
    for (char *element; (element = next_of(&list));) {
        size_t name = strspn(element, TOKEN);
        const char *rest = element + name + strspn(element + name, " \t");
        if (!*element)
            continue;
        require(model, name > 0 && (!*rest || *rest == ';'));
        is_last = name == 7 && strncasecmp(element, "chunked", 7) == 0;
        require(model, !is_last || (!*rest && ++chunked == 1));
    }
    return is_last;
}

static bool has_option(const char *values, const char *option) {
    char *list = copy_of(values);
    for (char *element; (element = next_of(&list));)
        if (strcasecmp(element, option) == 0)
            return true;
    return false;
}

static bool is_named(const char *name, size_t len, const char *wanted) {
    return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

static void take_value(struct model *model, struct head *head, const char *name, size_t name_len, const char *value,
                       size_t len) {
    if (is_named(name, name_len, "Content-Length")) {
        head->has_length = true;
        append(model, head->lengths, value, len);
        check_lengths(model, head->lengths);
    } else if (is_named(name, name_len, "Transfer-Encoding")) {
        head->has_coding = true;
        append(model, head->codings, value, len);
        (void)check_codings(model, head->codings);
    } else if (is_named(name, name_len, "Connection")) {
        bool is_long = len > HD__HTTP1_VALUE_MAX;
        append(model, head->options, is_long ? "close" : value, is_long ? 5 : len);
    }
}

/* Fields up to the line feed of the empty line. */
static void read_fields(struct model *model, struct head *head) {
    for (; !is_one_of(look(model), "\r\n"); (void)take(model)) {
        const char *name = model->data + model->at;
        require(model, is_one_of(look(model), TOKEN));
        while (is_one_of(look(model), TOKEN))
            (void)take(model);
        const char *colon = model->data + model->at;
        require(model, look(model) == ':');
        (void)take(model);
        find_end(model, true);
        const char *end = model->data + model->at - (model->data[model->at - 1] == '\r');
        if (head)
            take_value(model, head, name, (size_t)(colon - name), colon + 1, (size_t)(end - colon - 1));
    }
    find_end(model, true);
}

static void take_body(struct model *model, unsigned long long count) {
    for (; count > 0; count--) {
        if (model->at == model->len)
            leave(model, HD__HTTP1_MORE);
        if (model->body_len == HD__HTTP1_BODY_MAX)
            leave(model, HD__HTTP1_TOO_LARGE);
        model->body[model->body_len++] = model->data[model->at++];
    }
}

/* Up to the line feed of the line; the size of the chunk. */
static unsigned long long read_size(struct model *model) {
    char digits[18] = "";
    for (size_t i = 0; is_one_of(look(model), DIGITS "abcdefABCDEF"); i++) {
        require(model, i < 15 || (i == 15 && digits[0] < '8'));
        digits[i] = take(model);
    }
    require(model, digits[0] != '\0');
    while (is_one_of(look(model), " \t"))
        (void)take(model);
    require(model, is_one_of(look(model), "\r;"));
    find_end(model, false);
    return strtoull(digits, NULL, 16);
}

static void read_chunks(struct model *model) {
    for (unsigned long long size; (size = read_size(model)) > 0; (void)take(model)) {
        (void)take(model);
        take_body(model, size);
        require(model, look(model) == '\r');
        find_end(model, false);
    }
    (void)take(model);
    read_fields(model, NULL);
    (void)take(model);
}

static void read_whole(struct model *model) {
    static struct head head; /* too large for a stack that sanitizers look after */
    for (int interim = 0;; interim++) {
        head.lengths[0] = head.codings[0] = head.options[0] = '\0';
        head.has_length = head.has_coding = false;
        model->has_begun = false;
        read_status_line(model, &head);
        require(model, head.status != 101);
        if (head.status < 200 && interim == HD__HTTP1_INTERIM_MAX)
            leave(model, HD__HTTP1_TOO_LARGE);
        model->old_interim |= head.status < 200 && head.minor == 0;
        (void)take(model);
        read_fields(model, head.status < 200 ? NULL : &head);
        if (head.status >= 200)
            break;
        (void)take(model);
    }
    bool is_chunked = check_codings(model, head.codings);
    require(model, !head.has_coding || !head.has_length);
    model->status = head.status;
    (void)take(model);
    bool has_body = head.status != 204 && head.status != 304;
    bool is_close = has_option(head.options, "close"), is_kept = has_option(head.options, "keep-alive");
    model->is_reusable = !is_close && !model->old_interim && (head.minor == 1 || (is_kept && !head.has_coding)) &&
                         (has_body || (!head.has_coding && atoll(head.lengths) == 0));
    model->is_open = has_body && !is_chunked && !head.has_length;
    if (has_body && is_chunked)
        read_chunks(model);
    else if (has_body)
        take_body(model, model->is_open ? (unsigned long long)-1 : (unsigned long long)atoll(head.lengths));
    model->is_reusable &= !model->lone_lf;
    leave(model, HD__HTTP1_WHOLE);
}

static enum hd__http1_result ended(const struct model *model) {
    if (model->result != HD__HTTP1_MORE)
        return model->result;
    if (model->status > 0)
        return model->is_open ? HD__HTTP1_WHOLE : HD__HTTP1_CUT;
    return model->has_begun ? HD__HTTP1_BAD : HD__HTTP1_NOTHING;
}

static void run(struct model *model) {
    if (setjmp(model->way_out) == 0)
        read_whole(model);
}

const char *differing_from_model(const char *data, size_t len, const struct reading *reading) {
    static char body[HD__HTTP1_BODY_MAX];
    struct model model = {.data = data, .len = len, .body = body};
    const struct hd__http1 *http = &reading->http;
    run(&model);
    bool is_reusable = model.result == HD__HTTP1_WHOLE && model.is_reusable;
    return reading->broken                        ? reading->broken
           : reading->open != model.result        ? "result"
           : reading->ended != ended(&model)      ? "result at the end"
           : reading->used != model.at            ? "bytes used"
           : http->status != model.status         ? "status"
           : http->is_reusable != is_reusable     ? "use of the connection"
           : http->outside_bytes != model.outside ? "bytes outside of the body"
           : reading->body.len != model.body_len ||
                   (model.body_len > 0 && memcmp(reading->body.data, model.body, model.body_len) != 0)
               ? "body"
               : NULL;
}
