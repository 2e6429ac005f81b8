/* Numbers and bytes, written as digits. */
#ifndef HD_BASE_DIGITS_H
#define HD_BASE_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#define HD__DIGITS_SIZE 21 /* of 2^64 - 1, and a NUL */

/* Writes a number in decimal, followed by a NUL, to the end of digits. Returns where it begins. */
const char *hd__digits(uint64_t number, char digits[HD__DIGITS_SIZE]);

/* Writes bytes, whose number is a multiple of four, as lower-case hexadecimal digits, without a NUL. No branch and no
 * address depends on their values, so that the time that this takes tells nothing of a secret. Returns the end. */
char *hd__hex(const unsigned char *bytes, size_t len, char *out);

#endif
