/* Text. What is in any case is ASCII, as headers and hosts are: the functions of <strings.h> go by the program's
 * locale.
 */
#ifndef HD_DASHBOARD_TEXT_H
#define HD_DASHBOARD_TEXT_H

#include <stddef.h>

int hd__dash_equal_nocase(const char *a, const char *b);
int hd__dash_starts_nocase(const char *text, const char *prefix);

/* Writes text to out with U+FFFD in the place of each byte that belongs to no well-formed UTF-8 character (RFC 3629).
 * Returns how many bytes that is, at most 3 * length. */
size_t hd__dash_repair(const char *text, size_t length, char *out);

#endif
