/* Text: ASCII rules, UTF-8, base64. The functions of <ctype.h> and <strings.h> go by the program's locale: in a Turkish
 * one, "TITLE" and "title" are two words. */
#ifndef HD_CLI_TEXT_H
#define HD_CLI_TEXT_H

#include <stddef.h>

int cli_is_digit(int c);
int cli_is_number(const char *text); /* digits and nothing else */
int cli_is_upper(int c);
int cli_lower(int c);

/* The value of a hexadecimal digit in either case, -1 if it is none. */
int cli_hex_digit(int c);

int cli_equal_nocase(const char *a, const char *b);
int cli_starts_nocase(const char *text, const char *prefix);

/* Bytes of the well-formed UTF-8 character (RFC 3629) at text, whose code point goes to *point; 0 if there is none. */
size_t cli_character(const char *text, size_t length, unsigned long *point);

/* Writes text to out with U+FFFD in the place of each byte that belongs to no well-formed character. Returns how many
 * bytes that is, at most 3 * length. */
size_t cli_repair(const char *text, size_t length, char *out);

/* Decodes base64 with its padding (RFC 4648, section 4). bytes has room for 3 / 4 of length. Returns 0 if it is none.
 */
int cli_base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded);

#endif
