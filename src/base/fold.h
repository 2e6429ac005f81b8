/* Text as it is searched: without case, without accents. Latin, Greek and Cyrillic letters become lower-case ones,
 * those of Latin plain ASCII where there is such a letter; control characters become blanks, and combining accents
 * vanish. */
#ifndef HD_BASE_FOLD_H
#define HD_BASE_FOLD_H

#include <stddef.h>

#define HD__FOLDED_MAX 256      /* bytes of a text that is searched for */
#define HD__FOLD_INVALID '\x1d' /* stands for a byte that belongs to no character */

/* Writes the folded text, which is not longer, to out. Returns its length. */
size_t hd__fold(const char *text, size_t len, char *out);

/* Whether a text has another in it, or is the other. The wanted one is folded, of at most HD__FOLDED_MAX bytes, and
 * ends in a NUL. */
int hd__fold_contains(const char *text, size_t len, const char *wanted);
int hd__fold_equals(const char *text, size_t len, const char *wanted);

#endif
