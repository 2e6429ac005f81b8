#include "event/json_adapt.h"

#include "base/text.h"

#include <string.h>

#define ESCAPE_LEN ((size_t)6)      /* \u and four digits */
#define INTEGER_DIGITS ((size_t)19) /* of the largest 64-bit integers */

/* ---- Texts ---- */

/* The value of \u and four digits, -1 if there is no such thing. */
static long escape_at(const char *at, const char *end) {
    long value = 0;
    if ((size_t)(end - at) < ESCAPE_LEN || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (size_t i = 2; i < ESCAPE_LEN; i++) {
        int digit = hd__hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static int is_high(long value) {
    return value >= 0xD800 && value <= 0xDBFF;
}

static int is_low(long value) {
    return value >= 0xDC00 && value <= 0xDFFF;
}

/* Past one escape, or two that make one character together. */
static char *adapt_escape(char *at, const char *end) {
    long value = escape_at(at, end);
    if (value < 0)
        return end - at < 2 ? at + 1 : at + 2;
    if (is_high(value) && is_low(escape_at(at + ESCAPE_LEN, end)))
        return at + 2 * ESCAPE_LEN;
    if (value == 0 || is_high(value) || is_low(value))
        memcpy(at + 2, "FFFD", 4);
    return at + ESCAPE_LEN;
}

/* From after the opening quote to after the closing one. */
static char *adapt_string(char *at, const char *end) {
    while (at < end && *at != '"')
        at = *at == '\\' ? adapt_escape(at, end) : at + 1;
    return at < end ? at + 1 : at;
}

/* ---- Numbers ---- */

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && hd__is_digit(*at))
        at++;
    return at;
}

/* One or more; NULL for none. */
static const char *need_digits(const char *at, const char *end) {
    const char *after = skip_digits(at, end);
    return after > at ? after : NULL;
}

/* Behind the fraction and the exponent of a number, as far as it has them; NULL if one is not whole. */
static const char *skip_fraction(const char *at, const char *end) {
    if (at < end && *at == '.')
        at = need_digits(at + 1, end);
    if (at && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = need_digits(at, end);
    }
    return at;
}

/* Of digits without a leading 0. -2^63 may be written with one more than 2^63 - 1. */
static int fits(const char *digits, size_t len, int is_negative) {
    const char *most = is_negative ? "9223372036854775808" : "9223372036854775807";
    return len < INTEGER_DIGITS || (len == INTEGER_DIGITS && memcmp(digits, most, INTEGER_DIGITS) <= 0);
}

/* Whether all of it is a number (RFC 8259 section 6), but none that fits into a 64-bit integer. */
static int is_other_number(const char *at, const char *end) {
    int is_negative = *at == '-';
    const char *digits = at + is_negative, *after = skip_digits(digits, end);
    if (after == digits || (*digits == '0' && after > digits + 1) || skip_fraction(after, end) != end)
        return 0;
    return after < end || !fits(digits, (size_t)(after - digits), is_negative);
}

static int is_in_word(char c) {
    return hd__is_letter_or_digit(c) || c == '-' || c == '+' || c == '.';
}

/* A number, true, false or null, or something that JSON does not have. */
static char *adapt_word(char *at, const char *end) {
    char *after = at;
    while (after < end && is_in_word(*after))
        after++;
    if (is_other_number(at, after)) { /* the shortest one, 1e1, has three characters */
        memset(at, ' ', (size_t)(after - at));
        memcpy(at, "0.5", 3);
    }
    return after;
}

void hd__json_adapt(char *text, size_t len) {
    const char *end = text + len;
    while (text < end)
        text = *text == '"' ? adapt_string(text + 1, end) : is_in_word(*text) ? adapt_word(text, end) : text + 1;
}
