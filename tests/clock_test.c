/* SPDX-License-Identifier: MIT */
/** @file clock_test.c The calendar: each day of the years 1970 to 9999 has its number, and nothing else has one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "support/bodies.h"

#include "helmdesk.h"

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

static void test_every_day(void **state) {
    (void)state;
    int64_t days = 0;
    for (int year = 1970; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            assert_int_equal(hd__days_from_date(year, month, 0), -1);
            for (int day = 1; day <= days_in(year, month); day++)
                if (hd__days_from_date(year, month, day) != days++)
                    fail_msg("%04d-%02d-%02d is not day %lld", year, month, day, (long long)days - 1);
            for (int day = days_in(year, month) + 1; day <= 99; day++)
                if (hd__days_from_date(year, month, day) != -1)
                    fail_msg("%04d-%02d-%02d is a day", year, month, day);
        }
    assert_int_equal(days * 86400000 - 1, HD__TIMESTAMP_MAX);
}

static void test_what_is_no_day(void **state) {
    (void)state;
    static const int dates[][3] = {{1969, 12, 31}, {10000, 1, 1}, {2025, 0, 1},  {2025, 13, 1},
                                   {2025, 1, -1},  {-1, 1, 1},    {2025, -1, 1}, {2025, 1, 1000000}};
    for (size_t i = 0; i < LENGTH_OF(dates); i++)
        assert_int_equal(hd__days_from_date(dates[i][0], dates[i][1], dates[i][2]), -1);
}

static void test_both_ways(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < 20000; i++) {
        char text[HD__TIMESTAMP_SIZE];
        int64_t ms = (int64_t)(next_random(&seed) % (uint64_t)(HD__TIMESTAMP_MAX + 1)), read = -1;
        hd__timestamp_format(ms, text);
        assert_int_equal(hd__timestamp_parse(text, &read), HD_OK);
        assert_int_equal(read, ms);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_what_is_no_day),
        cmocka_unit_test(test_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
