/* SPDX-License-Identifier: MIT */
/* Answers to a POST, good and bad, byte for byte, and what is to become of each: one table for all who read answers. */
#ifndef TESTS_SUPPORT_ANSWERS_H
#define TESTS_SUPPORT_ANSWERS_H

#include "transport/http1.h"

#include <stdbool.h>
#include <stddef.h>

struct answer {
    const char *name;
    const char *taken; /* what belongs to it: up to its end, or to the first wrong byte */
    size_t taken_len;
    const char *left; /* what comes after that */
    size_t left_len;
    enum hd__http1_result open;  /* when all of it has come, and the connection stays open */
    enum hd__http1_result ended; /* when that has ended, too */
    int status;
    const char *body; /* NULL for none */
    bool is_reusable;
};

/* Good ones, those that are refused, and those with a good head and a bad body. */
extern const struct answer good_answers[], bad_answers[], bad_bodies[];
extern const size_t good_answers_count, bad_answers_count, bad_bodies_count;

#endif
