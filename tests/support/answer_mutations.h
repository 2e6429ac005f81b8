/* SPDX-License-Identifier: MIT */
/* Answers that nobody has thought of, made out of those of the table; the same ones for the same seed. */
#ifndef TESTS_SUPPORT_ANSWER_MUTATIONS_H
#define TESTS_SUPPORT_ANSWER_MUTATIONS_H

#include <stddef.h>
#include <stdint.h>

#define MUTATION_MAX 4096

struct mutation {
    char data[MUTATION_MAX];
    size_t len;
};

/* How many answers the table has, and one of them, unchanged. */
size_t answers_count(void);
const struct answer *answer_at(size_t index);
void whole_answer(struct mutation *bytes, const struct answer *answer);

/* Another one. */
void mutated_answer(struct mutation *bytes, uint64_t *seed);

#endif
