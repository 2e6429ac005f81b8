/* Text: UTF-8, and the few ASCII rules that fields share. */
#ifndef HD_BASE_TEXT_H
#define HD_BASE_TEXT_H

#include <stddef.h>

/* Length in bytes of the well-formed UTF-8 character at s (RFC 3629: no overlong form, no surrogate, at most U+10FFFF);
 * 0 if there is none within len bytes. Its code point goes to *code_point, which may be NULL. */
size_t hd__utf8_char(const char *s, size_t len, unsigned long *code_point);

int hd__utf8_valid(const char *s, size_t len);

/* Writes s to out with U+FFFD in the place of each byte that belongs to no well-formed character. Returns how many
 * bytes that is, at most 3 * len. */
size_t hd__utf8_repair(const char *s, size_t len, char *out);

/* How long a text is: len bytes, or up to its NUL with HD_TEXT_NUL. 0 if it is NULL, longer than max, or has a NUL
 * within. */
int hd__text_measure(const char *s, size_t len, size_t max, size_t *length);

/* Valid UTF-8 without control characters (C0, DEL, C1). */
int hd__is_line(const char *s, size_t len);

/* Only 0x21 to 0x7E: identifiers of the program. */
int hd__is_ident(const char *s, size_t len);

/* The same of texts that end in a NUL, with so many bytes: a line, an identifier. */
int hd__line_fits(const char *s, size_t min, size_t max);

/* Makes valid UTF-8 without control characters, line separators (U+2028, U+2029) and characters that turn the direction
 * of writing out of any bytes before a NUL: each of these becomes "?". */
void hd__make_line(char *s);

/* Writes s in double quotes to out, with a backslash before each '"' and '\\'; what has no room in size bytes (3 or
 * more) is left out. Returns out. */
const char *hd__quote(const char *s, char *out, size_t size);
int hd__ident_fits(const char *s, size_t min, size_t max);

/* Leaves out the blanks and tabs around a value (OWS, RFC 9110 5.6.3). */
void hd__trim_blanks(const char **value, size_t *len);

/* min to max characters of a token, such as a header's name (RFC 9110 5.6.2). */
int hd__token_fits(const char *s, size_t min, size_t max);

/* min to max characters of 0x20 to 0x7E and tabs, as a header's value may have (RFC 9110 5.5, less obs-text). */
int hd__header_value_fits(const char *s, size_t min, size_t max);

/* Whether haystack has needle, in any ASCII case. Either may be NULL; an empty needle is in everything. */
int hd__contains_nocase(const char *haystack, const char *needle);

/* These know ASCII alone. Their namesakes in <ctype.h> and <strings.h> go by the locale of the program: in a Turkish
 * one, "TITLE" and "title" are two words. */
int hd__is_digit(int c);
int hd__is_upper(int c);
int hd__is_letter_or_digit(int c);
int hd__ascii_lower(int c);

/* The value of a hexadecimal digit in either case, -1 if it is none. */
int hd__hex_digit(int c);

int hd__equal_nocase(const char *a, const char *b);
int hd__starts_nocase(const char *s, const char *prefix);

#endif
