#include "sign/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hd__base64_encode(const unsigned char *in, size_t len, char *out) {
    for (size_t i = 0; i < len; i += 3) {
        unsigned group = (unsigned)in[i] << 16;
        group |= i + 1 < len ? (unsigned)in[i + 1] << 8 : 0;
        group |= i + 2 < len ? (unsigned)in[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? alphabet[group & 63] : '=';
    }
    *out = '\0';
}

/* -1 for a character that is none of the alphabet. */
static int value_of(char c) {
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Four characters, of which the last padding ones are '='. Returns 0 if they are not base64. */
static int decode_group(const char *text, size_t padding, unsigned char out[3]) {
    unsigned long group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i + padding < 4 ? value_of(text[i]) : 0;
        if (value < 0)
            return 0;
        group = group << 6 | (unsigned)value;
    }
    out[0] = (unsigned char)(group >> 16);
    out[1] = (unsigned char)(group >> 8);
    out[2] = (unsigned char)group;
    return (group & ((1UL << (8 * padding)) - 1)) == 0;
}

int hd__base64_decode(const char *text, size_t len, unsigned char *out, size_t *out_len) {
    unsigned char bytes[3];
    *out_len = 0;
    if (len % 4 != 0)
        return 0;
    for (size_t i = 0; i < len; i += 4) {
        int is_last = i + 4 == len;
        size_t padding = !is_last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        if (!decode_group(text + i, padding, bytes))
            return 0;
        memcpy(out + *out_len, bytes, 3 - padding);
        *out_len += 3 - padding;
    }
    return 1;
}
