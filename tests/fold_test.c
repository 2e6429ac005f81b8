/* SPDX-License-Identifier: MIT */
/** @file fold_test.c Text without case and accents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fold.h"
#include "support/bodies.h"

#include <string.h>

static void expect(const char *text, const char *wanted) {
    char *out = must_malloc(strlen(text) + 1); /* as large as is promised to be enough, for the sanitizers */
    size_t len = hd__fold(text, strlen(text), out);
    out[len] = '\0';
    if (strcmp(out, wanted) != 0)
        fail_msg("\"%s\" became \"%s\", not \"%s\"", text, out, wanted);
    assert_true(hd__fold_equals(text, strlen(text), wanted));
    free(out);
}

static void test_letters(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"The PRINTER, 42 @[`{", "the printer, 42 @[`{"},
        {"line\none\ttwo\x7F", "line one two "},
        {"Ärger über Größe ẞ", "arger uber grosse ss"},
        {"ÀÉÎÕÇñý ÿŸ", "aeiocny yy"},
        {"Æsop œuvre Þor Ĳ ǅ", "aesop oeuvre thor ij dz"},
        {"Łódź Ørsted Đặng", "lodz orsted dang"},
        {"Žluťoučký kůň", "zlutoucky kun"},
        {"Tiếng Việt ỸỹỲ", "tieng viet yyy"},
        {"İstanbul ıșț", "istanbul ist"},
        {"e\xCC\x81 A\xCC\x8A", "e a"},
        {"× ÷", "× ÷"},
        {"ΑΒΓΔΩ άέήίόύώ ΐΰ ΌΣ ς", "αβγδω αεηιουω ιυ οσ σ"},
        {"ᾼ ὥρα", "α ωρα"},
        {"ПРИВЕТ Ёлка ѐ ѝ Йод", "привет елка е и йод"},
        {"Їжак Ґ Ѣ Ҋ Ӏ Ӂ Ӝ Ԯ", "їжак ґ ѣ ҋ ӏ ӂ ӝ ԯ"},
        {"ђ ѐ ҁ ҈ ӎ", "ђ е ҁ ҈ ӎ"},
        {"日本語 ก 🙂", "日本語 ก 🙂"},
        {"a\xFFz\xC3", "a\x1dz\x1d"},
        {"\xC2\x85x\xC2\xA0", " x\xC2\xA0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i][0], cases[i][1]);
}

/* Folding again changes nothing, and nothing becomes longer, of any character. */
static void test_every_character(void **state) {
    (void)state;
    for (unsigned long c = 1; c < 0x110000; c++) {
        char text[5] = {0}, once[5] = {0}, twice[5] = {0};
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = len; i-- > 1;)
            text[i] = (char)(0x80 | (c >> 6 * (len - 1 - i) & 0x3F));
        text[0] = (char)(len == 1 ? c : (0xF00UL >> len & 0xFF) | c >> 6 * (len - 1));
        if (c >= 0xD800 && c < 0xE000)
            continue;
        size_t once_len = hd__fold(text, len, once);
        assert_true(once_len <= len);
        assert_null(memchr(once, HD__FOLD_INVALID, once_len));
        size_t twice_len = hd__fold(once, once_len, twice);
        if (twice_len != once_len || memcmp(once, twice, once_len) != 0)
            fail_msg("U+%04lX becomes \"%s\", and that \"%s\"", c, once, twice);
    }
}

/* Wherever a text stands in a long one, it is found, and nothing else is. */
static void test_long_texts(void **state) {
    (void)state;
    enum {
        SIZE = 5000
    };
    char *text = must_malloc(SIZE), *wanted = must_malloc(HD__FOLDED_MAX + 1);
    for (size_t len = 1; len <= HD__FOLDED_MAX; len += 51)
        for (size_t at = 0; at + 2 * len + 1 < SIZE; at += 7) {
            memset(text, 'a', SIZE);
            for (size_t i = 0; i < len; i++)
                memcpy(text + at + 2 * i, "\xC3\x9C", 2); /* characters of two bytes, at any place of a part */
            memset(wanted, 'u', len);
            wanted[len] = '\0';
            assert_true(hd__fold_contains(text, SIZE, wanted));
            wanted[len - 1] = 'v';
            assert_false(hd__fold_contains(text, SIZE, wanted));
        }
    assert_false(hd__fold_contains("short", 5, "shorter"));
    assert_false(hd__fold_equals("short", 5, "shor"));
    assert_true(hd__fold_contains("Short", 5, "ort"));
    free(text);
    free(wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
