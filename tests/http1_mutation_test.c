/* SPDX-License-Identifier: MIT */
/** @file http1_mutation_test.c Answers that nobody has thought of: what the parser makes of them does not depend on how
 * they are cut, and is what a reader makes of them that is as simple as can be. */
#include "support/answer_model.h"
#include "support/answer_mutations.h"
#include "support/bodies.h"
#include "support/support.h"

#define SEEDS 4
#define CUTS 3 /* ways of cutting each */

static void read_cut(struct reading *reading, const struct mutation *bytes, uint64_t *seed) {
    size_t longest = 1 + random_below(seed, random_below(seed, 4) == 0 ? bytes->len + 1 : 16);
    reading_begin(reading);
    for (size_t at = 0, next; at < bytes->len; at += next) {
        next = random_below(seed, longest + 1); /* also none */
        if (next > bytes->len - at)
            next = bytes->len - at;
        reading_take(reading, bytes->data + at, next);
    }
    reading_end(reading);
}

static void fail_with(const struct mutation *bytes, const char *what) {
    for (size_t i = 0; i < bytes->len; i++)
        print_error("%02x", (unsigned char)bytes->data[i]);
    fail_msg(": %s", what);
}

static void check_bytes(const struct mutation *bytes, uint64_t *seed) {
    struct reading whole;
    read_answer(&whole, bytes->data, bytes->len, 0, 0);
    const char *difference = differing_from_model(bytes->data, bytes->len, &whole);
    for (int i = 0; i < CUTS && !difference; i++) {
        struct reading cut;
        read_cut(&cut, bytes, seed);
        difference = differing(&whole, &cut);
        reading_free(&cut);
    }
    reading_free(&whole);
    if (difference)
        fail_with(bytes, difference);
}

static void test_any_answer(void **state) {
    (void)state;
    struct mutation bytes;
    for (uint64_t first = 1; first <= SEEDS; first++) {
        uint64_t seed = first;
        for (size_t i = 0; i < volume(30000); i++) {
            mutated_answer(&bytes, &seed);
            check_bytes(&bytes, &seed);
        }
    }
}

/* Else the others would have tried nothing. */
static void test_all_results_come_about(void **state) {
    (void)state;
    size_t seen[HD__HTTP1_NOTHING + 1] = {0};
    struct mutation bytes;
    uint64_t seed = 1;
    for (size_t i = 0; i < 5000; i++) {
        struct reading reading;
        mutated_answer(&bytes, &seed);
        read_answer(&reading, bytes.data, bytes.len, 0, 0);
        seen[reading.ended]++;
        reading_free(&reading);
    }
    for (size_t i = HD__HTTP1_WHOLE; i < LENGTH_OF(seen); i++)
        if (seen[i] < 5)
            fail_msg("%s: %zu", result_name((enum hd__http1_result)i), seen[i]);
}

/* Each answer of the table as well, whole and cut off anywhere. */
static void test_the_table(void **state) {
    (void)state;
    uint64_t seed = 1;
    struct mutation bytes;
    for (size_t i = 0; i < answers_count(); i++) {
        whole_answer(&bytes, answer_at(i));
        for (;; bytes.len--) {
            check_bytes(&bytes, &seed);
            if (bytes.len == 0)
                break;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_any_answer),
        cmocka_unit_test(test_all_results_come_about),
    };
    return cmocka_run_group_tests_name("http1_mutation", tests, NULL, NULL);
}
