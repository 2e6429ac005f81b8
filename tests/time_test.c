/* SPDX-License-Identifier: MIT */
/** @file time_test.c Times as text: RFC 3339 in, the form of bodies out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helmdesk.h"

#include <string.h>

#define LAST_MS INT64_C(253402300799999) /* of the year 9999 */

static void writes_the_form_of_bodies(void **state) {
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1736937000000), "2025-01-15T10:30:00.000Z"},
        {INT64_C(1709251199999), "2024-02-29T23:59:59.999Z"},
        {LAST_MS, "9999-12-31T23:59:59.999Z"},
    };
    char text[HD_TIME_SIZE];
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(hd_time_format(cases[i].ms, text, sizeof text), HD_OK);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(hd_time_parse(text, strlen(text), &ms), HD_OK);
        assert_true(ms == cases[i].ms);
    }
}

static void reads_what_rfc_3339_allows(void **state) {
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2025-01-15T10:30:00Z", INT64_C(1736937000000)},
        {"2025-01-15t10:30:00z", INT64_C(1736937000000)},
        {"2025-01-15T10:30:00.5Z", INT64_C(1736937000500)},
        {"2025-01-15T10:30:00.123999999Z", INT64_C(1736937000123)},
        {"2025-01-15T12:30:00+02:00", INT64_C(1736937000000)},
        {"2025-01-15T05:00:00.000-05:30", INT64_C(1736937000000)},
        {"1970-01-01T00:00:00-00:01", 60000},
        {"9999-12-31T23:59:59.999+00:00", LAST_MS},
    };
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        size_t len = strlen(cases[i].text);
        memset(text, '7', sizeof text); /* no NUL follows it */
        memcpy(text, cases[i].text, len);
        assert_int_equal(hd_time_parse(text, len, &ms), HD_OK);
        assert_true(ms == cases[i].ms);
    }
}

static void refuses_everything_else(void **state) {
    static const char *const texts[] = {
        "",
        "2025-01-15",
        "2025-01-15T10:30Z",
        "2025-01-15T10:30:00",
        "2025-01-15 10:30:00Z",
        "2025-01-15T10:30:00.Z",
        "2025-01-15T10:30:00ZZ",
        "2025-01-15T10:30:00 Z",
        "2025-01-15T10:30:60Z",
        "2025-01-15T24:00:00Z",
        "2025-01-15T10:60:00Z",
        "2025-02-29T10:30:00Z",
        "2025-13-01T10:30:00Z",
        "2025-00-01T10:30:00Z",
        "2025-01-00T10:30:00Z",
        "2025-01-15T10:30:00+2:00",
        "2025-01-15T10:30:00+24:00",
        "2025-01-15T10:30:00+02:60",
        "2025-01-15T10:30:00+0200",
        "+025-01-15T10:30:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "\xd9\xa2\xd9\xa0-01-15T10:30:00Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t ms = 7;
        assert_int_equal(hd_time_parse(texts[i], strlen(texts[i]), &ms), HD_E_TIMESTAMP);
        assert_true(ms == 7);
    }
}

static void each_beginning_of_a_time_is_none(void **state) {
    static const char text[] = "2025-01-15T12:30:00.000+02:00";
    (void)state;
    for (size_t len = 0; len + 1 < sizeof text; len++) {
        int64_t ms;
        assert_int_equal(hd_time_parse(text, len, &ms), HD_E_TIMESTAMP);
    }
}

static void checks_its_parameters(void **state) {
    char text[HD_TIME_SIZE] = "before";
    int64_t ms;
    (void)state;
    assert_int_equal(hd_time_format(0, NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_time_format(0, text, sizeof text - 1), HD_E_BUFFER);
    assert_int_equal(hd_time_format(-1, text, sizeof text), HD_E_TIMESTAMP);
    assert_int_equal(hd_time_format(LAST_MS + 1, text, sizeof text), HD_E_TIMESTAMP);
    assert_string_equal(text, "before");
    assert_int_equal(hd_time_parse(NULL, 0, &ms), HD_E_INVALID);
    assert_int_equal(hd_time_parse("", 0, NULL), HD_E_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_form_of_bodies), cmocka_unit_test(reads_what_rfc_3339_allows),
        cmocka_unit_test(refuses_everything_else),   cmocka_unit_test(each_beginning_of_a_time_is_none),
        cmocka_unit_test(checks_its_parameters),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
