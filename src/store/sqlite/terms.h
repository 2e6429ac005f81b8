/* What the index of the log knows of a report: numbers that stand for parts of its texts, and for what filters ask. */
#ifndef HD_STORE_SQLITE_TERMS_H
#define HD_STORE_SQLITE_TERMS_H

#include "store/sought.h"

#include <stddef.h>
#include <stdint.h>

/* Families of terms. Three characters of a folded text are a number below the first one. Different characters or ids
 * may have the same number: whatever the index finds is looked at once more. */
#define HD__TERM_ID ((uint32_t)1 << 28)   /* and 28 bits of a folded id */
#define HD__TERM_LONG ((uint32_t)2 << 28) /* a report with too many different parts: its texts are not in the index */
#define HD__TERM_REASON (HD__TERM_LONG + 0x100) /* and the number in the database */
#define HD__TERM_OUTCOME (HD__TERM_LONG + 0x200)
#define HD__TERM_HISTORY ((uint32_t)3 << 28) /* and the key */
#define HD__TERM_PROJECT ((uint32_t)4 << 28)
/* As many keys; one that is beyond has the term of another. */
#define HD__TERM_KEYS ((int64_t)1 << 28)

#define HD__TERMS_MAX 4096 /* of one report's texts */

/* A set of terms, each once; all zero at first. */
struct hd__terms {
    uint32_t *items;
    size_t count, size;
    uint32_t *slots; /* a table of them: one more than the index in items, of those of this report */
    size_t first;    /* of this report */
    char *folded;
    size_t folded_size;
};

/* Begins the next report; what was added stays in items. */
void hd__terms_begin(struct hd__terms *terms);

/* Adds a term of this report. These return 0 without memory. */
int hd__terms_add(struct hd__terms *terms, uint32_t term);

/* Adds the terms of all texts and ids. */
int hd__terms_add_sought(struct hd__terms *terms, const struct hd__sought *sought);

void hd__terms_free(struct hd__terms *terms);

/* The term of a folded id. */
uint32_t hd__term_of_id(const char *folded, size_t len);

/* The terms of a folded text, one for each three characters in it, with repetitions. Returns how many: 0 of a text that
 * is shorter; at most as many as it has bytes. */
size_t hd__terms_of_text(const char *folded, size_t len, uint32_t *terms);

#endif
