#include "base/digits.h"

const char *hd__digits(uint64_t number, char digits[HD__DIGITS_SIZE]) {
    char *at = digits + HD__DIGITS_SIZE - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return at;
}

/* The digits of four bytes, the first in the lowest byte. */
static uint64_t eight_digits(uint32_t bytes) {
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t wide = (bytes | (uint64_t)bytes << 16) & UINT64_C(0x0000FFFF0000FFFF);
    wide = (wide | wide << 8) & UINT64_C(0x00FF00FF00FF00FF);
    uint64_t nibbles = (wide >> 4 & each * 15) | (wide << 8 & UINT64_C(0x0F000F000F000F00));
    uint64_t letters = (nibbles + each * 6) >> 4 & each; /* 1 for each nibble from 10 on */
    return nibbles + each * '0' + letters * ('a' - '9' - 1);
}

/* Compilers make one store of it. */
static void write_lowest_first(uint64_t eight, char *out) {
    out[0] = (char)(eight & 255);
    out[1] = (char)(eight >> 8 & 255);
    out[2] = (char)(eight >> 16 & 255);
    out[3] = (char)(eight >> 24 & 255);
    out[4] = (char)(eight >> 32 & 255);
    out[5] = (char)(eight >> 40 & 255);
    out[6] = (char)(eight >> 48 & 255);
    out[7] = (char)(eight >> 56);
}

char *hd__hex(const unsigned char *bytes, size_t len, char *out) {
    for (size_t i = 0; i < len; i += 4, out += 8) {
        uint32_t four =
            bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
        write_lowest_first(eight_digits(four), out);
    }
    return out;
}
