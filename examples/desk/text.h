/* A text that grows. When memory runs out it stays what it is, and says so. */
#ifndef DESK_TEXT_H
#define DESK_TEXT_H

#include <stddef.h>

struct text {
    char *data; /* NULL while it is empty; a NUL follows the bytes */
    size_t length;
    int failed;
};

void text_add(struct text *text, const char *more);

void text_add_bytes(struct text *text, const void *bytes, size_t length);

void text_add_number(struct text *text, long long number);

/* As text within HTML, and within a quoted attribute: nothing in it is markup, and characters that
 * control or turn it are seen. */
void text_add_escaped(struct text *text, const char *more);

void text_free(struct text *text);

#endif
