#include "dashboard/text.h"

#include <string.h>

static int lower(int c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int hd__dash_starts_nocase(const char *text, const char *prefix) {
    for (; *prefix; text++, prefix++)
        if (lower(*text) != lower(*prefix))
            return 0;
    return 1;
}

int hd__dash_equal_nocase(const char *a, const char *b) {
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Bytes of the well-formed character at s; 0 if there is none. The second byte of some has a narrower range, which
 * leaves out overlong forms, surrogates and what is above U+10FFFF (RFC 3629, section 4). */
static size_t character(const unsigned char *s, size_t length) {
    size_t bytes = *s < 0x80 ? 1 : *s < 0xC2 ? 0 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : *s < 0xF5 ? 4 : 0;
    unsigned char least = *s == 0xE0 ? 0xA0 : *s == 0xF0 ? 0x90 : 0x80;
    unsigned char most = *s == 0xED ? 0x9F : *s == 0xF4 ? 0x8F : 0xBF;
    if (bytes > length || (bytes > 1 && (s[1] < least || s[1] > most)))
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return bytes;
}

size_t hd__dash_repair(const char *text, size_t length, char *out) {
    char *to = out;
    for (size_t at = 0; at < length;) {
        size_t bytes = character((const unsigned char *)text + at, length - at);
        memcpy(to, bytes ? text + at : "\xEF\xBF\xBD", bytes ? bytes : 3);
        to += bytes ? bytes : 3;
        at += bytes ? bytes : 1;
    }
    return (size_t)(to - out);
}
