#include "base/text.h"

#include "helmdesk/base.h"

#include <stdint.h>
#include <string.h>

size_t hd__utf8_char(const char *s, size_t len, unsigned long *code_point) {
    static const unsigned long smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0)
        return 0;
    unsigned char first = (unsigned char)s[0];
    size_t bytes = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : 4;
    if (bytes == 4 && (first < 0xF0 || first > 0xF4))
        return 0;
    if (bytes > len)
        return 0;
    unsigned long value = bytes == 1 ? first : first & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        unsigned char next = (unsigned char)s[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < smallest[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    if (code_point)
        *code_point = value;
    return bytes;
}

/* How many bytes at the beginning are from first to last for sure, which are ASCII: eight at a time. A byte that is
 * less than first leaves its top bit set in (x - first in each byte) & ~x, one that is more than last in x + (0x7F -
 * last in each byte); and if there is none, no top bit is set. */
static size_t skip_range(const char *s, size_t len, char first, char last) {
    const uint64_t each = UINT64_C(0x0101010101010101), low = each * (uint64_t)first,
                   high = each * (0x7F - (uint64_t)last);
    size_t at = 0;
    uint64_t x;
    while (at + sizeof x <= len) {
        memcpy(&x, s + at, sizeof x);
        if ((((x - low) & ~x) | (x + high) | x) & (each * 0x80))
            break;
        at += sizeof x;
    }
    return at;
}

int hd__utf8_valid(const char *s, size_t len) {
    for (size_t at = skip_range(s, len, 0, 0x7F); at < len;) {
        size_t bytes = hd__utf8_char(s + at, len - at, NULL);
        if (bytes == 0)
            return 0;
        at += bytes;
    }
    return 1;
}

size_t hd__utf8_repair(const char *s, size_t len, char *out) {
    char *to = out;
    for (size_t at = 0; at < len;) {
        size_t bytes = hd__utf8_char(s + at, len - at, NULL), written = bytes ? bytes : 3;
        memcpy(to, bytes ? s + at : "\xEF\xBF\xBD", written);
        to += written;
        at += bytes ? bytes : 1;
    }
    return (size_t)(to - out);
}

/* strlen() that stops at max, so that a very long text costs nothing. */
int hd__text_measure(const char *s, size_t len, size_t max, size_t *length) {
    if (!s || (len != HD_TEXT_NUL && len > max))
        return 0;
    const char *end = memchr(s, '\0', len == HD_TEXT_NUL ? max + 1 : len);
    *length = len == HD_TEXT_NUL && end ? (size_t)(end - s) : len;
    return (len == HD_TEXT_NUL) == (end != NULL);
}

static int length_fits(const char *s, size_t min, size_t max, size_t *len) {
    return hd__text_measure(s, HD_TEXT_NUL, max, len) && *len >= min;
}

int hd__is_line(const char *s, size_t len) {
    for (size_t at = skip_range(s, len, ' ', '~'); at < len;) {
        unsigned long c;
        if (s[at] >= ' ' && s[at] <= '~') {
            at++;
            continue;
        }
        size_t bytes = hd__utf8_char(s + at, len - at, &c);
        if (bytes == 0 || c < 0x20 || (c >= 0x7F && c <= 0x9F))
            return 0;
        at += bytes;
    }
    return 1;
}

static int leaves_line(unsigned long c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void hd__make_line(char *s) {
    size_t len = strlen(s);
    char *to = s;
    for (size_t at = 0; at < len;) {
        unsigned long c;
        size_t bytes = hd__utf8_char(s + at, len - at, &c);
        int is_replaced = bytes == 0 || leaves_line(c);
        size_t written = is_replaced ? 1 : bytes;
        memmove(to, is_replaced ? "?" : s + at, written);
        to += written;
        at += bytes ? bytes : 1;
    }
    *to = '\0';
}

const char *hd__quote(const char *s, char *out, size_t size) {
    size_t len = 0;
    out[len++] = '"';
    for (; *s; s++) {
        size_t is_escaped = *s == '"' || *s == '\\';
        if (len + is_escaped + 1 + sizeof "\"" > size)
            break;
        if (is_escaped)
            out[len++] = '\\';
        out[len++] = *s;
    }
    memcpy(out + len, "\"", sizeof "\"");
    return out;
}

int hd__line_fits(const char *s, size_t min, size_t max) {
    size_t len;
    return length_fits(s, min, max, &len) && hd__is_line(s, len);
}

static int is_ascii(const char *s, size_t len, char first, int tab) {
    for (size_t i = skip_range(s, len, first, '~'); i < len; i++)
        if ((s[i] < first || s[i] > 0x7E) && !(tab && s[i] == '\t'))
            return 0;
    return 1;
}

int hd__is_ident(const char *s, size_t len) {
    return is_ascii(s, len, 0x21, 0);
}

int hd__ident_fits(const char *s, size_t min, size_t max) {
    size_t len;
    return length_fits(s, min, max, &len) && hd__is_ident(s, len);
}

static int is_blank(char c) {
    return c == ' ' || c == '\t';
}

void hd__trim_blanks(const char **value, size_t *len) {
    for (; *len > 0 && is_blank(**value); --*len)
        ++*value;
    while (*len > 0 && is_blank((*value)[*len - 1]))
        --*len;
}

int hd__token_fits(const char *s, size_t min, size_t max) {
    size_t len = strspn(s, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return s[len] == '\0' && len >= min && len <= max;
}

int hd__header_value_fits(const char *s, size_t min, size_t max) {
    size_t len;
    return length_fits(s, min, max, &len) && is_ascii(s, len, 0x20, 1);
}

int hd__is_digit(int c) {
    return c >= '0' && c <= '9';
}

int hd__is_upper(int c) {
    return c >= 'A' && c <= 'Z';
}

int hd__is_letter_or_digit(int c) {
    return hd__is_digit(c) || hd__is_upper(c) || (c >= 'a' && c <= 'z');
}

int hd__ascii_lower(int c) {
    return hd__is_upper(c) ? c - 'A' + 'a' : c;
}

int hd__hex_digit(int c) {
    int lower = hd__ascii_lower(c);
    return hd__is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int hd__starts_nocase(const char *s, const char *prefix) {
    for (; *prefix; s++, prefix++)
        if (hd__ascii_lower(*s) != hd__ascii_lower(*prefix))
            return 0;
    return 1;
}

int hd__equal_nocase(const char *a, const char *b) {
    while (*a && hd__ascii_lower(*a) == hd__ascii_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

int hd__contains_nocase(const char *haystack, const char *needle) {
    if (!needle || !*needle)
        return 1;
    if (!haystack)
        return 0;
    for (; *haystack; haystack++)
        if (hd__starts_nocase(haystack, needle))
            return 1;
    return 0;
}
