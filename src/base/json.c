#include "base/json.h"

#include "base/digits.h"
#include "base/text.h"
#include "helmdesk.h"

#include <string.h>

#define EXACT_MAX ((UINT64_C(1) << 53) - 1)

/* ---- What has to be escaped: RFC 8259 section 7, and nothing else ---- */

static int is_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Whether all of eight bytes are plain. (x - n in each byte) & ~x has a top bit set exactly if a byte of x is below n,
 * for n up to 0x80. XOR with 2 puts the quote, 0x22, to 0x20, next to the control characters, and nothing else there;
 * XOR with the backslash makes it 0. */
static int are_plain(const char *text) {
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t x;
    memcpy(&x, text, sizeof x);
    uint64_t low = x ^ (each * 2), backslash = x ^ (each * '\\');
    uint64_t found = ((low - each * 0x21) & ~low) | ((backslash - each) & ~backslash);
    return (found & (each * 0x80)) == 0;
}

size_t hd__json_plain(const char *text, size_t len) {
    size_t at = 0;
    while (at + 8 <= len && are_plain(text + at))
        at += 8;
    if (at + 8 > len && len >= 8 && are_plain(text + len - 8))
        return len;
    while (at < len && is_plain((unsigned char)text[at]))
        at++;
    return at;
}

char *hd__json_escape(char *at, unsigned char c) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789ABCDEF";
    const char *found = c ? strchr(from, c) : NULL;
    *at++ = '\\';
    if (found) {
        *at++ = to[found - from];
        return at;
    }
    memcpy(at, "u00", 3);
    at[3] = hex[c >> 4];
    at[4] = hex[c & 15];
    return at + 5;
}

/* ---- Writing ---- */

static void put(struct hd__out *out, const char *text, size_t len) {
    size_t room = out->size > out->len ? out->size - out->len : 0;
    if (room > 0 && len > 0)
        memcpy(out->buf + out->len, text, len < room ? len : room);
    out->len += len;
}

static void put_text(struct hd__out *out, const char *text) {
    put(out, text, strlen(text));
}

/* Writes what comes before a value: a comma or a key. */
static void begin(struct hd__out *out, const char *key) {
    if (out->follows)
        put(out, ",", 1);
    out->follows = 1;
    if (key) {
        put(out, "\"", 1);
        put_text(out, key);
        put(out, "\":", 2);
    }
}

void hd__out_open(struct hd__out *out, const char *key, char bracket) {
    begin(out, key);
    put(out, &bracket, 1);
    out->follows = 0;
}

void hd__out_close(struct hd__out *out, char bracket) {
    put(out, &bracket, 1);
    out->follows = 1;
}

static void put_escaped(struct hd__out *out, unsigned char c) {
    char text[HD__JSON_ESCAPE_MAX];
    size_t length = (size_t)(hd__json_escape(text, c) - text);
    put(out, text, length);
}

static void put_valid(struct hd__out *out, const char *text, size_t len) {
    for (;;) {
        size_t plain = hd__json_plain(text, len);
        put(out, text, plain);
        if (plain == len)
            return;
        put_escaped(out, (unsigned char)text[plain]);
        text += plain + 1;
        len -= plain + 1;
    }
}

static void put_repaired(struct hd__out *out, const char *text, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t bytes = hd__utf8_char(text + at, len - at, NULL);
        if (bytes == 0)
            put_text(out, "\xEF\xBF\xBD");
        else
            put_valid(out, text + at, bytes);
        at += bytes ? bytes : 1;
    }
}

void hd__out_bytes(struct hd__out *out, const char *key, const char *text, size_t len) {
    if (!text) {
        hd__out_null(out, key);
        return;
    }
    begin(out, key);
    put(out, "\"", 1);
    if (hd__utf8_valid(text, len))
        put_valid(out, text, len);
    else
        put_repaired(out, text, len);
    put(out, "\"", 1);
}

void hd__out_string(struct hd__out *out, const char *key, const char *text) {
    hd__out_bytes(out, key, text, text ? strlen(text) : 0);
}

void hd__out_raw(struct hd__out *out, const char *key, const char *text) {
    begin(out, key);
    put_text(out, text);
}

void hd__out_number(struct hd__out *out, const char *key, uint64_t number) {
    char digits[HD__DIGITS_SIZE];
    const char *text = hd__digits(number, digits);
    if (number > EXACT_MAX)
        hd__out_string(out, key, text);
    else
        hd__out_raw(out, key, text);
}

void hd__out_bool(struct hd__out *out, const char *key, int value) {
    hd__out_raw(out, key, value ? "true" : "false");
}

void hd__out_null(struct hd__out *out, const char *key) {
    hd__out_raw(out, key, "null");
}

void hd__out_time(struct hd__out *out, const char *key, int64_t ms) {
    char text[HD_TIME_SIZE];
    hd__out_string(out, key, ms > 0 && hd_time_format(ms, text, sizeof text) == HD_OK ? text : NULL);
}

int hd__out_end(struct hd__out *out, size_t *length) {
    if (length)
        *length = out->len;
    int has_room = out->size > out->len;
    if (out->size > 0)
        out->buf[has_room ? out->len : 0] = '\0';
    return has_room ? HD_OK : HD_E_BUFFER;
}
