/* SPDX-License-Identifier: MIT */
/** @file text_test.c UTF-8 that others have written: what is none of it is replaced, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/bodies.h"

#include <string.h>

#define BAD "\xEF\xBF\xBD" /* U+FFFD */

static void expect_repair(const char *text, size_t length, const char *wanted, size_t wanted_length) {
    char *out = must_malloc(3 * length + 1); /* as large as is promised to be enough, for the sanitizers */
    assert_int_equal(hd__utf8_repair(text, length, out), wanted_length);
    assert_memory_equal(out, wanted, wanted_length);
    free(out);
}

static void test_well_formed_text_stays(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "ascii",
                                        "\x7F",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        BAD,
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "a\xC3\xA4z\xE2\x82\xAC\xF0\x9F\x98\x80!"};
    for (size_t i = 0; i < LENGTH_OF(texts); i++)
        expect_repair(texts[i], strlen(texts[i]), texts[i], strlen(texts[i]));
    expect_repair("a\0b", 3, "a\0b", 3);
}

/* Each of the list, alone and between letters: a U+FFFD for each byte that is no letter. */
static void test_bad_bytes_are_replaced(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(invalid_utf8); i++) {
        char text[16], wanted[40] = "a";
        (void)snprintf(text, sizeof text, "a%sz", invalid_utf8[i]);
        for (const char *at = invalid_utf8[i]; *at; at++) {
            const char letter[2] = {*at, '\0'};
            strcat(wanted, *at >= ' ' ? letter : BAD);
        }
        strcat(wanted, "z");
        expect_repair(text, strlen(text), wanted, strlen(wanted));
        expect_repair(text + 1, strlen(text) - 2, wanted + 1, strlen(wanted) - 2);
    }
}

/* What is behind the end of a text is none of it, even if it would make a character whole. */
static void test_end_is_an_end(void **state) {
    (void)state;
    expect_repair("\xE2\x82\xAC", 2, BAD BAD, 6);
    expect_repair("\xC3\xA4", 1, BAD, 3);
}

static void test_any_bytes_become_utf8(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < 20000; i++) {
        char text[24], out[sizeof text * 3], again[sizeof out * 3];
        size_t length = random_below(&seed, sizeof text);
        for (size_t j = 0; j < length; j++)
            text[j] = (char)next_random(&seed);
        size_t repaired = hd__utf8_repair(text, length, out);
        assert_true(hd__utf8_valid(out, repaired));
        assert_int_equal(hd__utf8_repair(out, repaired, again), repaired);
        assert_memory_equal(again, out, repaired);
        if (hd__utf8_valid(text, length)) {
            assert_int_equal(repaired, length);
            assert_memory_equal(out, text, length);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed_text_stays),
        cmocka_unit_test(test_bad_bytes_are_replaced),
        cmocka_unit_test(test_end_is_an_end),
        cmocka_unit_test(test_any_bytes_become_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
