/* SPDX-License-Identifier: MIT */
/* Prints the table of answers, and what the parser makes of them, as answers.mjs reads it. */
#include "support/answers.h"
#include "support/answers_seen.h"
#include "support/outcome.h"

#include <stdio.h>

static void print_hex(const char *data, size_t len) {
    for (size_t i = 0; i < len; i++)
        printf("%02x", (unsigned char)data[i]);
}

static void print_answer(const struct answer *answer) {
    char bytes[4096];
    struct outcome outcome;
    const char *reason = difference_of(answer->name, LLHTTP_9_3);
    size_t len = answer->taken_len + answer->left_len;
    for (size_t i = 0; i < len && i < sizeof bytes; i++)
        bytes[i] = i < answer->taken_len ? answer->taken[i] : answer->left[i - answer->taken_len];
    we_read(bytes, len, &outcome);
    printf("%s\t", answer->name);
    print_hex(bytes, len);
    printf("\t%d\t%d\t%d\t", outcome.waits, outcome.status, outcome.is_whole);
    print_hex(outcome.body.data, outcome.body.len);
    printf("\t%d\t%s\n", outcome.is_kept, reason ? reason : "");
    hd__buffer_free(&outcome.body);
}

static void print_all(const struct answer *answers, size_t count) {
    for (size_t i = 0; i < count; i++)
        print_answer(&answers[i]);
}

int main(void) {
    print_all(good_answers, good_answers_count);
    print_all(bad_answers, bad_answers_count);
    print_all(bad_bodies, bad_bodies_count);
    return 0;
}
