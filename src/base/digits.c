#include "base/digits.h"

const char *hd__digits(uint64_t number, char digits[HD__DIGITS_SIZE]) {
    char *at = digits + HD__DIGITS_SIZE - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return at;
}

/* The four digits of two bytes, the first in the lowest byte. */
static uint32_t four_digits(uint32_t first, uint32_t second) {
    uint32_t nibbles = first >> 4 | (first & 15) << 8 | (second >> 4) << 16 | (second & 15) << 24;
    uint32_t letters = (nibbles + 0x06060606) >> 4 & 0x01010101; /* 1 for each nibble from 10 on */
    return nibbles + 0x30303030 + letters * ('a' - '9' - 1);     /* 0x30 is '0' */
}

char *hd__hex(const unsigned char *bytes, size_t len, char *out) {
    for (size_t i = 0; i < len; i += 2, out += 4) {
        uint32_t digits = four_digits(bytes[i], bytes[i + 1]);
        out[0] = (char)(digits & 255);
        out[1] = (char)(digits >> 8 & 255);
        out[2] = (char)(digits >> 16 & 255);
        out[3] = (char)(digits >> 24);
    }
    return out;
}
