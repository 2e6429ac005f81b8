/* SPDX-License-Identifier: MIT */
/* The answers of the table that libcurl or Node see otherwise than the parser does, and why. Whatever is not here, they
 * see as it does. */
#ifndef TESTS_SUPPORT_ANSWERS_SEEN_H
#define TESTS_SUPPORT_ANSWERS_SEEN_H

#include <stddef.h>

/* Who sees it otherwise: those that this was tried with. */
enum reader {
    CURL_7_88 = 1, /* Debian 12's */
    CURL_8_14 = 2, /* Debian 13's */
    CURL_8_23 = 4,
    LLHTTP_9_3 = 8 /* Node's parser, of Node 20.20 */
};

struct difference {
    const char *answer; /* its name in the table */
    unsigned readers;
    const char *reason;
};

extern const struct difference differences[];
extern const size_t differences_count;

/* Why this reader sees the answer otherwise; NULL if it does not. */
const char *difference_of(const char *answer, enum reader reader);

#endif
