/* SPDX-License-Identifier: MIT */
/** @file http1_fuzz.c Bytes that a receiver may answer with: the parser makes the same of them in any pieces, and the
 * same as a reader that is as simple as can be. A file of the corpus is an answer, byte for byte. */
#include "support/answer_model.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_none(const char *difference) {
    if (!difference)
        return;
    (void)fprintf(stderr, "http1_fuzz: %s\n", difference);
    abort();
}

static void compare(const struct reading *whole, const char *data, size_t len, size_t first, size_t size) {
    struct reading cut;
    read_answer(&cut, data, len, first, size);
    require_none(differing(whole, &cut));
    reading_free(&cut);
}

/* Where it is cut follows from the bytes, so that what was found is found again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    struct reading whole;
    size_t mixed = size;
    for (size_t i = 0; i < size; i++)
        mixed = mixed * 31 + data[i];
    read_answer(&whole, bytes, size, 0, 0);
    require_none(differing_from_model(bytes, size, &whole));
    compare(&whole, bytes, size, 1, 1);
    compare(&whole, bytes, size, mixed % (size + 1), 0);
    compare(&whole, bytes, size, mixed % 7, 1 + mixed % 13);
    reading_free(&whole);
    return 0;
}
