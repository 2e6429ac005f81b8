/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/answer_reading.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM ((size_t)256 * 1024) /* for the largest piece */

static void take_begin(void *user) {
    struct reading *reading = user;
    reading->begins++;
    reading->head.len = 0;
}

static void take_head(void *user, const char *data, size_t len) {
    struct reading *reading = user;
    hd__buffer_append(&reading->heads, data, len);
    hd__buffer_append(&reading->head, data, len);
    if (reading->begins == 0 || len == 0)
        reading->broken = "a head that has not begun";
    if (reading->http.body_bytes > 0)
        reading->broken = "a head behind a body";
}

static void take_body(void *user, const char *data, size_t len) {
    struct reading *reading = user;
    hd__buffer_append(&reading->body, data, len);
    if (reading->http.status < 200 || len == 0)
        reading->broken = "a body that has no head";
}

static const struct hd__http1_sink sink = {take_begin, take_head, take_body};

/* A piece of memory that ends where no more may be read. Made once. */
static char *fence(void) {
    static char *end;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (end)
        return end;
    char *room = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || mprotect(room + ROOM, page, PROT_NONE) != 0)
        abort();
    return end = room + ROOM;
}

void reading_begin(struct reading *reading) {
    *reading = (struct reading){0};
    hd__http1_begin(&reading->http, &sink, reading);
}

static void check(struct reading *reading, size_t len, size_t used) {
    const struct hd__http1 *http = &reading->http;
    if (used > len)
        reading->broken = "used more than there is";
    if (reading->open == HD__HTTP1_MORE && used != len)
        reading->broken = "wants more, and has left something";
    if (http->outside_bytes > HD__HTTP1_OUTSIDE_MAX || http->body_bytes > HD__HTTP1_BODY_MAX)
        reading->broken = "took more than it may";
    if (http->body_bytes != reading->body.len || reading->heads.len > http->outside_bytes)
        reading->broken = "did not hand on what it took";
    if (http->is_reusable && reading->open != HD__HTTP1_WHOLE)
        reading->broken = "can be used again before the answer is whole";
    if (reading->open == HD__HTTP1_WHOLE && http->status < 200)
        reading->broken = "whole without a status";
}

void reading_take(struct reading *reading, const char *data, size_t len) {
    size_t used = len + 1;
    char *piece = fence() - len;
    if (len > ROOM)
        abort();
    if (len > 0)
        memcpy(piece, data, len);
    enum hd__http1_result before = reading->http.result;
    reading->open = hd__http1_read(&reading->http, piece, len, &used);
    if (before != HD__HTTP1_MORE && (reading->open != before || used > 0))
        reading->broken = "went on after the end";
    reading->used += used;
    check(reading, len, used);
}

void reading_end(struct reading *reading) {
    reading->open = reading->http.result;
    reading->ended = hd__http1_end(&reading->http);
    if (reading->ended == HD__HTTP1_MORE)
        reading->broken = "wants more after the end";
    if (reading->ended != hd__http1_end(&reading->http))
        reading->broken = "ends in two ways";
}

void reading_free(struct reading *reading) {
    hd__buffer_free(&reading->heads);
    hd__buffer_free(&reading->head);
    hd__buffer_free(&reading->body);
}

void read_answer(struct reading *reading, const char *data, size_t len, size_t first, size_t size) {
    reading_begin(reading);
    for (size_t at = 0, next = first; at < len; at += next, next = size) {
        if (next == 0 || next > len - at)
            next = len - at;
        reading_take(reading, data + at, next);
    }
    reading_end(reading);
}

static bool same(const struct hd__buffer *a, const struct hd__buffer *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

const char *differing(const struct reading *a, const struct reading *b) {
    const struct hd__http1 *x = &a->http, *y = &b->http;
    return a->broken                              ? a->broken
           : b->broken                            ? b->broken
           : a->open != b->open                   ? "result"
           : a->ended != b->ended                 ? "result at the end"
           : a->used != b->used                   ? "bytes used"
           : a->begins != b->begins               ? "number of heads"
           : !same(&a->heads, &b->heads)          ? "heads"
           : !same(&a->head, &b->head)            ? "last head"
           : !same(&a->body, &b->body)            ? "body"
           : x->status != y->status               ? "status"
           : x->is_reusable != y->is_reusable     ? "use of the connection"
           : x->idle_s != y->idle_s               ? "Keep-Alive"
           : x->interim != y->interim             ? "interim answers"
           : x->outside_bytes != y->outside_bytes ? "bytes outside of the body"
           : hd__http1_retry_after_s(x, READING_NOW) != hd__http1_retry_after_s(y, READING_NOW) ? "Retry-After"
                                                                                                : NULL;
}

const char *result_name(enum hd__http1_result result) {
    static const char *const names[] = {"more", "whole", "bad", "too large", "cut", "nothing"};
    return names[result];
}
