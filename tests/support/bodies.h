/* SPDX-License-Identifier: MIT */
/** @file bodies.h Values, bodies and small helpers that several tests share. */
#ifndef HELMDESK_TESTS_BODIES_H
#define HELMDESK_TESTS_BODIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helmdesk.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The values of the example on the product's page about webhooks. */
#define PAGE_TIMESTAMP_MS INT64_C(1736937000000)
#define PAGE_TIMESTAMP "2025-01-15T10:30:00.000Z"
#define PAGE_TICKET                                                                                                    \
    "{\"id\":\"uuid\",\"number\":42,\"subject\":\"Can't reset password\",\"status\":\"open\",\"priority\":\"high\"}"
#define PAGE_CUSTOMER "{\"email\":\"user@example.com\",\"name\":\"Jane Smith\"}"
#define PAGE_BODY_OF(name)                                                                                             \
    "{\"event\":\"" name "\",\"timestamp\":\"" PAGE_TIMESTAMP "\",\"data\":{\"ticket\":" PAGE_TICKET                   \
    ",\"customer\":" PAGE_CUSTOMER "}}"
#define PAGE_BODY PAGE_BODY_OF("ticket.created")

/* A message.received body with a message, which the page does not show. */
#define MESSAGE_MEMBER "\"message\":{\"id\":\"msg-1\",\"sender\":\"customer\",\"body\":\"It works again.\"}"
#define MESSAGE_BODY                                                                                                   \
    "{\"event\":\"message.received\",\"timestamp\":\"" PAGE_TIMESTAMP "\",\"data\":{\"ticket\":" PAGE_TICKET           \
    ",\"customer\":" PAGE_CUSTOMER "," MESSAGE_MEMBER "}}"

/** Byte sequences that are not valid UTF-8. */
static const char *const invalid_utf8[] = {
    "\xC0\x80",             /* overlong NUL */
    "\xC1\xBF",             /* overlong DEL */
    "\xE0\x80\xAF",         /* overlong slash in three bytes */
    "\xE0\x9F\xBF",         /* the last overlong of three bytes */
    "\xF0\x80\x80\xAF",     /* overlong slash in four bytes */
    "\xF0\x8F\xBF\xBF",     /* the last overlong of four bytes */
    "\xED\xA0\x80",         /* the first surrogate */
    "\xED\xBF\xBF",         /* the last surrogate */
    "\xF4\x90\x80\x80",     /* U+110000 */
    "\xF5\x80\x80\x80",     /* beyond every plane */
    "\xF8\x88\x80\x80\x80", /* five bytes */
    "\xFE",
    "\xFF",
    "\x80",
    "\xBF",
    "\xC3",         /* cut after the first of two bytes */
    "\xE2\x82",     /* cut after the second of three bytes */
    "\xF0\x9F\x98", /* cut after the third of four bytes */
    "\xC3(",        /* a letter where a continuation byte belongs */
    "\xE2(\xA1",
    "\xE2\x82(",
    "\xF0(\x8C\xBC",
    "\xF0\x90(\xBC",
    "\xF0\x90\x8C(",
};

/** The next number of a deterministic sequence (splitmix64). */
static inline uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/** A number from 0 to bound - 1. */
static inline size_t random_below(uint64_t *state, size_t bound) {
    return (size_t)(next_random(state) % bound);
}

/** Memory that the test cannot do without. */
static inline void *must_malloc(size_t size) {
    void *memory = malloc(size);
    assert_non_null(memory);
    return memory;
}

/** A new string that repeats text so many times. */
static inline char *repeated(const char *text, size_t times) {
    size_t length = strlen(text);
    char *out = must_malloc(length * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * length, text, length);
    out[length * times] = '\0';
    return out;
}

/** A new string in which the only occurrence of `from` has become `to`. */
static inline char *replaced(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (at == NULL || strstr(at + 1, from) != NULL)
        fail_msg("\"%s\" does not stand exactly once in %s", from, text);
    size_t before = (size_t)(at - text);
    size_t size = strlen(text) - strlen(from) + strlen(to) + 1;
    char *out = must_malloc(size);
    (void)snprintf(out, size, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    return out;
}

/** A new string with what a file holds. */
static inline char *file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened; tests run in the root of the repository", path);
    size_t size = 0;
    char *text = NULL;
    for (;;) {
        char *more = realloc(text, size + 4096);
        assert_non_null(more);
        text = more;
        size_t got = fread(text + size, 1, 4095, file);
        size += got;
        if (got == 0)
            break;
    }
    assert_int_equal(ferror(file), 0);
    (void)fclose(file);
    text[size] = '\0';
    return text;
}

/** Removes the whitespace that stands outside strings. */
static inline void squeeze(char *json) {
    int in_string = 0;
    char *to = json;
    for (const char *from = json; *from != '\0'; from++) {
        if (!in_string && strchr(" \t\r\n", *from) != NULL)
            continue;
        if (in_string && *from == '\\')
            *to++ = *from++;
        else if (*from == '"')
            in_string = !in_string;
        *to++ = *from;
    }
    *to = '\0';
}

/** An event with the values of the page; its project is not set. */
static inline hd_event *page_event(int type) {
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(type, &event), HD_OK);
    assert_int_equal(hd_event_set_timestamp_ms(event, PAGE_TIMESTAMP_MS), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, "uuid", 42, "Can't reset password", "open", "high"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "user@example.com", "Jane Smith"), HD_OK);
    return event;
}

/** The body of an event, as a new string in a block of exactly its size. */
static inline char *rendered(const hd_event *event, int format) {
    size_t length = 0;
    assert_int_equal(hd_event_render(event, format, NULL, 0, &length), HD_E_BUFFER);
    char *body = must_malloc(length + 1);
    size_t again = 0;
    assert_int_equal(hd_event_render(event, format, body, length + 1, &again), HD_OK);
    assert_int_equal(again, length);
    assert_int_equal(strlen(body), length);
    return body;
}

#endif
