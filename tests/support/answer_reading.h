/* SPDX-License-Identifier: MIT */
/* Reads an answer with the parser, in any pieces, and remembers all that it says. Nothing here knows cmocka. */
#ifndef TESTS_SUPPORT_ANSWER_READING_H
#define TESTS_SUPPORT_ANSWER_READING_H

#include "base/buffer.h"
#include "transport/http1.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READING_NOW INT64_C(1000000000) /* 2001-09-09T01:46:40Z: what time it is for Retry-After */

struct reading {
    struct hd__http1 http;
    enum hd__http1_result open;  /* after the last piece */
    enum hd__http1_result ended; /* after the end of the connection */
    size_t used;
    unsigned begins;
    struct hd__buffer heads; /* all of them */
    struct hd__buffer head;  /* the last one */
    struct hd__buffer body;
    const char *broken; /* the first rule of the parser's that it broke itself; NULL for none */
};

void reading_begin(struct reading *reading);

/* Hands the parser one piece. A byte more than that is memory that may not be touched. */
void reading_take(struct reading *reading, const char *data, size_t len);

/* Ends the connection. */
void reading_end(struct reading *reading);

void reading_free(struct reading *reading);

/* Reads all of it: in pieces of so many bytes, the first one maybe of another size; 0 stands for all the rest. */
void read_answer(struct reading *reading, const char *data, size_t len, size_t first, size_t size);

/* The first thing that two readings of the same bytes do not agree about; NULL for none. */
const char *differing(const struct reading *a, const struct reading *b);

const char *result_name(enum hd__http1_result result);

#endif
