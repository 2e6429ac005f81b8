/* SPDX-License-Identifier: MIT */
/** @file text_test.c UTF-8 that others have written: what is none of it is replaced, and nothing else is. ASCII's two
 * cases and digits, whatever the locale. */
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
        char text[24] = {0}, out[sizeof text * 3], again[sizeof out * 3];
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

/* Each byte against each other one: the letters of ASCII alone are equal to another byte. */
static void test_case_is_that_of_ascii(void **state) {
    (void)state;
    for (int a = 1; a < 256; a++) {
        for (int b = 1; b < 256; b++) {
            const char one[] = {'x', (char)a, '\0'}, other[] = {'X', (char)b, '\0'};
            int are_equal = a == b || (a >= 'A' && a <= 'Z' && b == a + 32) || (b >= 'A' && b <= 'Z' && a == b + 32);
            assert_int_equal(hd__equal_nocase(one, other), are_equal);
            assert_int_equal(hd__starts_nocase(one, other), are_equal);
            assert_int_equal(hd__contains_nocase(one, other), are_equal);
        }
    }
    assert_false(hd__equal_nocase("title", "TITLES"));
    assert_false(hd__equal_nocase("titles", "TITLE"));
    assert_true(hd__starts_nocase("titles", "TITLE"));
    assert_false(hd__starts_nocase("title", "TITLES"));
    assert_true(hd__starts_nocase("", ""));
}

/* Each byte at each place of texts that are shorter and longer than what is looked at in one piece. */
static void test_one_byte_decides(void **state) {
    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 1; c < 256; c++) {
                char *text = must_malloc(len + 1);
                memset(text, 'a', len);
                text[len] = '\0';
                text[at] = (char)c;
                assert_int_equal(hd__ident_fits(text, 1, 20), c >= 0x21 && c <= 0x7E);
                assert_int_equal(hd__header_value_fits(text, 1, 20), (c >= 0x20 && c <= 0x7E) || c == '\t');
                assert_int_equal(hd__line_fits(text, 1, 20), c >= 0x20 && c <= 0x7E);
                assert_int_equal(hd__utf8_valid(text, strlen(text)), c <= 0x7F);
                free(text);
            }
        }
    }
}

static void test_digits_and_upper_case(void **state) {
    (void)state;
    static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    for (int c = -128; c < 256; c++) {
        const char *lower_at = c > 0 && c < 128 ? strchr(digits, c) : NULL;
        const char *upper_at = c > 0 && c < 128 ? strchr(upper, c) : NULL;
        int value = lower_at ? (int)(lower_at - digits) : upper_at ? (int)(upper_at - upper) : -1;
        assert_int_equal(hd__hex_digit(c), value);
        assert_int_equal(hd__is_digit(c), value >= 0 && value < 10);
        assert_int_equal(hd__is_upper(c), c >= 'A' && c <= 'Z');
    }
}

/* What ends a line, or makes it look like another one, is not in it any more; all else stays. */
static void test_line_is_one_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"", ""},
        {"Jos\xC3\xA9 \xF0\x9F\x98\x80 \"a\\b\"", "Jos\xC3\xA9 \xF0\x9F\x98\x80 \"a\\b\""},
        {"a\r\nb\tc\x1B[2Jd\x7F", "a??b?c?[2Jd?"},
        {"a\xC2\x85"
         "b\xE2\x80\xA8"
         "c\xE2\x80\xA9"
         "d",
         "a?b?c?d"}, /* NEL, line and paragraph separator */
        {"\xE2\x80\xAA|\xE2\x80\xAE|\xE2\x81\xA6|\xE2\x81\xA9", "?|?|?|?"},
        {"\xE2\x80\xA7|\xE2\x80\xAF|\xE2\x81\xA5|\xE2\x81\xAA", "\xE2\x80\xA7|\xE2\x80\xAF|\xE2\x81\xA5|\xE2\x81\xAA"},
        {"cut \xE2\x82", "cut ??"},
        {"\xFF\xC0\x80", "???"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s", cases[i].text);
        hd__make_line(text);
        assert_string_equal(text, cases[i].line);
    }
}

/* Quotes are closed by the quote at the end alone, whatever is in between and however little room there is. */
static void test_quotes_hold(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *quoted;
    } cases[] = {
        {"Sales", 64, "\"Sales\""},
        {"", 64, "\"\""},
        {"", 3, "\"\""},
        {"a\"b\\c", 64, "\"a\\\"b\\\\c\""},
        {"Sales", 8, "\"Sales\""},
        {"Sales", 7, "\"Sale\""},
        {"Sales", 3, "\"\""},
        {"a\"", 6, "\"a\\\"\""},
        {"a\"", 5, "\"a\""},
        {"a\\", 5, "\"a\""},
        {"\"\"\"", 7, "\"\\\"\\\"\""},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char out[65];
        memset(out, 'x', sizeof out);
        assert_string_equal(hd__quote(cases[i].text, out, cases[i].size), cases[i].quoted);
        assert_int_equal(out[cases[i].size], 'x');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed_text_stays),
        cmocka_unit_test(test_bad_bytes_are_replaced),
        cmocka_unit_test(test_end_is_an_end),
        cmocka_unit_test(test_any_bytes_become_utf8),
        cmocka_unit_test(test_case_is_that_of_ascii),
        cmocka_unit_test(test_digits_and_upper_case),
        cmocka_unit_test(test_one_byte_decides),
        cmocka_unit_test(test_line_is_one_line),
        cmocka_unit_test(test_quotes_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
