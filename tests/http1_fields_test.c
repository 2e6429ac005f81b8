/* SPDX-License-Identifier: MIT */
/** @file http1_fields_test.c What Keep-Alive and Retry-After say, and what they do not. */
#include "support/answer_reading.h"
#include "support/bodies.h"

#define OK11 "HTTP/1.1 200 OK\r\n"

static void read_fields(struct reading *reading, const char *fields) {
    char bytes[1024];
    size_t len = (size_t)snprintf(bytes, sizeof bytes, OK11 "%s\r\nContent-Length: 0\r\n\r\n", fields);
    read_answer(reading, bytes, len, 0, 1);
    assert_int_equal(reading->open, HD__HTTP1_WHOLE);
    assert_int_equal(reading->http.is_reusable, 1);
    assert_null(reading->broken);
}

static void test_keep_alive(void **state) {
    (void)state;
    static const struct {
        const char *fields;
        int32_t idle_s;
    } cases[] = {
        {"A: b", -1},
        {"Keep-Alive: timeout=5", 5},
        {"keep-alive:max=100 ,\tTimeOut = 65 ", 65},
        {"Keep-Alive: timeout=0", 0},
        {"Keep-Alive: timeout=5, timeout=3, timeout=4", 3},
        {"Keep-Alive: timeout=0, timeout=4", 0},
        {"Keep-Alive: timeout=5\r\nKeep-Alive: timeout=7", 5},
        {"Keep-Alive: timeout=2147483647", INT32_MAX},
        {"Keep-Alive: timeout=999999999999999999", INT32_MAX},
        {"Keep-Alive: timeout=9999999999999999999", -1},
        {"Keep-Alive: timeout=", -1},
        {"Keep-Alive: timeout", -1},
        {"Keep-Alive: timeout=-1", -1},
        {"Keep-Alive: timeout=5s", -1},
        {"Keep-Alive: timeout=\"5\"", -1},
        {"Keep-Alive: timeout=1.5", -1},
        {"Keep-Alive: timeouts=5", -1},
        {"Keep-Alive: =5", -1},
        {"Keep-Alive: 5", -1},
        {"Keep-Alive:", -1},
        {"X-Keep-Alive: timeout=5", -1},
        {"Leep-Alive: timeout=5", -1},
        {"Keep_Alive: timeout=5", -1},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct reading reading;
        read_fields(&reading, cases[i].fields);
        if (reading.http.idle_s != cases[i].idle_s)
            fail_msg("%s: %d", cases[i].fields, (int)reading.http.idle_s);
        reading_free(&reading);
    }
}

#define NOW READING_NOW /* Sun, 09 Sep 2001 01:46:40 GMT */
#define DAY 86400

static void test_retry_after(void **state) {
    (void)state;
    static const struct {
        const char *value;
        uint32_t seconds;
    } cases[] = {
        {"0", 0},
        {"1", 1},
        {" 120 ", 120},
        {"000000120", 120},
        {"86399", 86399},
        {"86400", DAY},
        {"86401", DAY},
        {"999999999", DAY},
        {"1000000000", DAY},
        {"99999999999999999999999999999999999999999999", DAY},
        {"", 0},
        {"-1", 0},
        {"+1", 0},
        {"1.5", 0},
        {"120 s", 0},
        {"120, 30", 0},
        {"soon", 0},
        /* the three forms, a minute later */
        {"Sun, 09 Sep 2001 01:47:40 GMT", 60},
        {"Sunday, 09-Sep-01 01:47:40 GMT", 60},
        {"Sun Sep  9 01:47:40 2001", 60},
        {"Mon Sep 10 01:46:39 2001", 86399},
        {"Mon, 10 Sep 2001 01:46:41 GMT", DAY},
        {"Thu, 31 Dec 2099 23:59:59 GMT", DAY},
        {"Fri, 31 Dec 9999 23:59:59 GMT", DAY},
        {"Wednesday, 31-Dec-51 23:59:59 GMT", DAY},
        {"Sun, 09 Sep 2001 01:46:60 GMT", 20},
        /* over */
        {"Sun, 09 Sep 2001 01:46:40 GMT", 0},
        {"Sun, 09 Sep 2001 01:46:39 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
        {"Sunday, 01-Jan-52 00:00:00 GMT", 0},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", 0},
        /* no dates */
        {"Sun, 09 Sep 2001 01:47:40", 0},
        {"Sun, 09 Sep 2001 01:47:40 UTC", 0},
        {"Sun, 09 Sep 2001 01:47:40 GMT+1", 0},
        {"sun, 09 sep 2001 01:47:40 gmt", 0},
        {"Sun, 9 Sep 2001 01:47:40 GMT", 0},
        {"Sun, 09 Xyz 2001 01:47:40 GMT", 0},
        {"Xyz, 09 Sep 2001 01:47:40 GMT", 0},
        {"Son, 09 Sep 2001 01:47:40 GMT", 0},
        {"Sun, 31 Sep 2001 01:47:40 GMT", 0},
        {"Sun, 00 Sep 2001 01:47:40 GMT", 0},
        {"Sun, 09 Sep 2001 24:00:00 GMT", 0},
        {"Sun, 09 Sep 2001 01:60:40 GMT", 0},
        {"Sun, 09 Sep 2001 01:47:61 GMT", 0},
        {"Sun, 09 Sep 201 01:47:40 GMT", 0},
        {"Sunday, 09-Sep-2001 01:47:40 GMT", 0},
        {"Sun Sep 9 01:47:40 2001", 0},
        {"Sun Sep  9 01:47:40 2001 GMT", 0},
        {"Sun, 09", 0},
        {"Sun, 0", 0},
        {"Sun Sep ", 0},
        {"Wednesday, 31-Dec-49 23:59:59 GMT and more", 0},
        /* several: the last one */
        {"7\r\nRetry-After: 9", 9},
        {"7\r\nRetry-After: soon", 0},
        {"soon\r\nRetry-After: 7", 7},
        {"Sun, 09 Sep 2001 01:47:40 GMT\r\nRETRY-AFTER: 7", 7},
        {"7\r\nRetry-After: Sun, 09 Sep 2001 01:47:40 GMT", 60},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char field[256];
        struct reading reading;
        (void)snprintf(field, sizeof field, "Retry-After: %s", cases[i].value);
        read_fields(&reading, field);
        uint32_t seconds = hd__http1_retry_after_s(&reading.http, NOW);
        if (seconds != cases[i].seconds)
            fail_msg("%s: %u", cases[i].value, (unsigned)seconds);
        reading_free(&reading);
    }
}

/* Of a year of two digits, what stands for it depends on what year it is. */
static void test_years_of_two_digits(void **state) {
    (void)state;
    static const int64_t in_1999 = 915148800 + 30 * DAY, in_2099 = INT64_C(4070908800) + 30 * DAY;
    static const struct {
        const char *date;
        int64_t now_s;
        uint32_t seconds;
    } cases[] = {
        {"Monday, 01-Feb-99 00:00:00 GMT", in_1999, DAY}, /* 1999 */
        {"Monday, 01-Jan-01 00:00:00 GMT", in_1999, DAY}, /* 2001 */
        {"Monday, 01-Jan-49 00:00:00 GMT", in_1999, DAY}, /* 2049 */
        {"Monday, 01-Jan-50 00:00:00 GMT", in_1999, 0},   /* 1950 */
        {"Monday, 01-Jan-98 00:00:00 GMT", in_1999, 0},   /* 1998 */
        {"Monday, 01-Jan-01 00:00:00 GMT", in_2099, DAY}, /* 2101 */
        {"Monday, 01-Jan-98 00:00:00 GMT", in_2099, 0},   /* 2098 */
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char field[256];
        struct reading reading;
        (void)snprintf(field, sizeof field, "Retry-After: %s", cases[i].date);
        read_fields(&reading, field);
        assert_int_equal(hd__http1_retry_after_s(&reading.http, cases[i].now_s), cases[i].seconds);
        reading_free(&reading);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_years_of_two_digits),
    };
    return cmocka_run_group_tests_name("http1_fields", tests, NULL, NULL);
}
