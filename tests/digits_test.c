/* SPDX-License-Identifier: MIT */
/** @file digits_test.c Numbers and bytes, written as digits: the same as printf writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digits.h"
#include "support/bodies.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void test_all_pairs_of_bytes(void **state) {
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const unsigned char bytes[] = {(unsigned char)first, (unsigned char)second, (unsigned char)~first,
                                           (unsigned char)(first ^ second)};
            char wanted[16], got[] = "?????????";
            (void)snprintf(wanted, sizeof wanted, "%02x%02x%02x%02x?", bytes[0], bytes[1], bytes[2], bytes[3]);
            assert_ptr_equal(hd__hex(bytes, 4, got), got + 8);
            assert_string_equal(got, wanted);
        }
    }
}

static void test_bytes_by_fours(void **state) {
    (void)state;
    const unsigned char bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    for (size_t len = 0; len <= sizeof bytes; len += 4) {
        char got[] = "0123456789abcdef?";
        memset(got, '?', strlen(got));
        assert_ptr_equal(hd__hex(bytes, len, got), got + 2 * len);
        assert_memory_equal(got, "0123456789abcdef", 2 * len);
        assert_int_equal(got[2 * len], '?');
    }
}

static void test_numbers(void **state) {
    (void)state;
    for (uint64_t power = 1;; power *= 10) {
        const uint64_t numbers[] = {power - 1, power, power + 1, UINT64_MAX - power};
        for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
            char wanted[32], digits[HD__DIGITS_SIZE];
            (void)snprintf(wanted, sizeof wanted, "%" PRIu64, numbers[i]);
            assert_string_equal(hd__digits(numbers[i], digits), wanted);
        }
        if (power > UINT64_MAX / 10)
            break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pairs_of_bytes),
        cmocka_unit_test(test_bytes_by_fours),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
