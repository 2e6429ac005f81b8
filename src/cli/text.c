#include "cli/text.h"

#include <string.h>

/* ---- ASCII ---- */

int cli_is_digit(int c) {
    return c >= '0' && c <= '9';
}

int cli_is_number(const char *text) {
    return *text && !text[strspn(text, "0123456789")];
}

int cli_is_upper(int c) {
    return c >= 'A' && c <= 'Z';
}

int cli_lower(int c) {
    return cli_is_upper(c) ? c - 'A' + 'a' : c;
}

int cli_hex_digit(int c) {
    int lower = cli_lower(c);
    return cli_is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int cli_starts_nocase(const char *text, const char *prefix) {
    for (; *prefix; text++, prefix++)
        if (cli_lower(*text) != cli_lower(*prefix))
            return 0;
    return 1;
}

int cli_equal_nocase(const char *a, const char *b) {
    while (*a && cli_lower(*a) == cli_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- UTF-8 ---- */

/* The second byte of some has a narrower range, which leaves out overlong forms, surrogates and what is above U+10FFFF
 * (RFC 3629, section 4). */
size_t cli_character(const char *text, size_t length, unsigned long *point) {
    const unsigned char *s = (const unsigned char *)text;
    if (length == 0)
        return 0;
    size_t bytes = *s < 0x80 ? 1 : *s < 0xC2 ? 0 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : *s < 0xF5 ? 4 : 0;
    unsigned char least = *s == 0xE0 ? 0xA0 : *s == 0xF0 ? 0x90 : 0x80;
    unsigned char most = *s == 0xED ? 0x9F : *s == 0xF4 ? 0x8F : 0xBF;
    if (bytes == 0 || bytes > length || (bytes > 1 && (s[1] < least || s[1] > most)))
        return 0;
    unsigned long value = bytes == 1 ? *s : *s & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3F);
    }
    *point = value;
    return bytes;
}

size_t cli_repair(const char *text, size_t length, char *out) {
    char *to = out;
    unsigned long point;
    for (size_t at = 0; at < length;) {
        size_t bytes = cli_character(text + at, length - at, &point), written = bytes ? bytes : 3;
        memcpy(to, bytes ? text + at : "\xEF\xBF\xBD", written);
        to += written;
        at += bytes ? bytes : 1;
    }
    return (size_t)(to - out);
}

/* ---- Base64 ---- */

int cli_base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned long bits = 0;
    size_t padding = 0;
    *decoded = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < length - padding; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return 0;
        bits = (bits << 6 | (unsigned long)(digit - digits)) & 0xFFFFFF;
        if (i % 4 > 0)
            bytes[(*decoded)++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    return length % 4 == 0;
}
