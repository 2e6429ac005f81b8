/* Memory that several modules share: counted references, copies, wiping. */
#ifndef HD_BASE_MEMORY_H
#define HD_BASE_MEMORY_H

#include <stddef.h>

/* Overwrites memory that held a secret; the compiler cannot leave it out. */
void hd__wipe(void *data, size_t len);

/* 1 if any byte differs, 0 if none does. It looks at every byte and does not branch on one, so that its time tells
 * nothing about them. */
int hd__differ(const void *a, const void *b, size_t len);

/* Replaces *slot by a copy of text (NULL for none). On failure *slot is as before. Returns a status. */
int hd__replace_text(char **slot, const char *text);

/* The same for a text that may hold a key, as URLs of Slack do, and headers: what goes is wiped. */
int hd__replace_key(char **slot, const char *text);
void hd__free_key(char *text);

/* A copy of len bytes with a NUL after them; NULL without memory. */
char *hd__copy_bytes(const void *data, size_t len);

#endif
