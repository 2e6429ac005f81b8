/* SPDX-License-Identifier: MIT */
/** @file request_test.c hd_request: what it holds, what it refuses, that it remembers the first failure, and that it is
 * used again without new memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/support.h"

#include "helmdesk.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)2 * 1024 * 1024)

static hd_request *new_request(void) {
    hd_request *request = NULL;
    assert_int_equal(hd_request_new(&request), HD_OK);
    return request;
}

/* What one header makes of a request of its own. */
static int add_one(const char *name, size_t name_len, const char *value, size_t value_len) {
    hd_request *request = new_request();
    int status = hd_request_add_header(request, name, name_len, value, value_len);
    assert_int_equal(hd_request_status(request), status);
    hd_request_free(request);
    return status;
}

static void test_what_it_holds(void **state) {
    (void)state;
    size_t length = 99;
    hd_request *request = new_request();
    assert_null(hd_request_method(request));
    assert_null(hd_request_target(request));
    assert_null(hd_request_header(request, "Host", 0));
    assert_string_equal(hd_request_body(request, &length), "");
    assert_int_equal(length, 0);
    assert_int_equal(hd_request_set_method(request, "POST /hook", 4), HD_OK);
    assert_int_equal(hd_request_set_target(request, "/hook?a=%20 HTTP/1.1", 11), HD_OK);
    assert_int_equal(hd_request_add_header(request, "Host: desk", 4, "desk.example.com\r\n", 16), HD_OK);
    assert_int_equal(hd_request_add_header(request, "X-Empty", HD_TEXT_NUL, NULL, 0), HD_OK);
    assert_int_equal(hd_request_add_header(request, "X-Twice", HD_TEXT_NUL, "1", HD_TEXT_NUL), HD_OK);
    const char *host = hd_request_header(request, "HOST", 0);
    assert_int_equal(hd_request_add_header(request, "x-twice", HD_TEXT_NUL, "2", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_body(request, "a\0b", 3), HD_OK);
    assert_int_equal(hd_request_add_body(request, NULL, 0), HD_OK);
    assert_int_equal(hd_request_add_body(request, "c", 1), HD_OK);
    assert_string_equal(hd_request_method(request), "POST");
    assert_string_equal(hd_request_target(request), "/hook?a=%20");
    assert_string_equal(host, "desk.example.com"); /* where it was */
    assert_ptr_equal(hd_request_header(request, "host", 0), host);
    assert_string_equal(hd_request_header(request, "X-Empty", 0), "");
    assert_string_equal(hd_request_header(request, "X-Twice", 0), "1");
    assert_string_equal(hd_request_header(request, "X-Twice", 1), "2");
    assert_null(hd_request_header(request, "X-Twice", 2));
    assert_null(hd_request_header(request, "X-Twic", 0));
    assert_memory_equal(hd_request_body(request, &length), "a\0bc", 5);
    assert_int_equal(length, 4);
    assert_int_equal(hd_request_set_target(request, "/other", HD_TEXT_NUL), HD_OK);
    assert_string_equal(hd_request_target(request), "/other");
    hd_request_free(request);
}

/* RFC 9110 section 5.5. */
static void test_blanks(void **state) {
    (void)state;
    static const char *const values[][2] = {
        {" a", "a"}, {"a ", "a"}, {"\t a b\t \t", "a b"}, {"   ", ""}, {"\xa0z", "\xa0z"}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        hd_request *request = new_request();
        assert_int_equal(hd_request_add_header(request, "X", HD_TEXT_NUL, values[i][0], HD_TEXT_NUL), HD_OK);
        assert_string_equal(hd_request_header(request, "X", 0), values[i][1]);
        hd_request_free(request);
    }
}

static void test_malformed(void **state) {
    (void)state;
    char target[8194];
    memset(target, '/', sizeof target);
    assert_int_equal(add_one("", 0, "v", 1), HD_E_HEADER);
    assert_int_equal(add_one("X ", 2, "v", 1), HD_E_HEADER);
    assert_int_equal(add_one("X\0Y", 3, "v", 1), HD_E_HEADER);
    assert_int_equal(add_one("X\nY", 3, "v", 1), HD_E_HEADER);
    assert_int_equal(add_one("\xc3\xa4", 2, "v", 1), HD_E_HEADER);
    assert_int_equal(add_one("X", 1, "a\0b", 3), HD_E_HEADER);
    assert_int_equal(add_one("X", 1, "a\nb", 3), HD_E_HEADER);
    assert_int_equal(add_one("X", 1, "a\r", 2), HD_E_HEADER);
    assert_int_equal(add_one(NULL, 0, "v", 1), HD_E_INVALID);
    assert_int_equal(add_one(NULL, HD_TEXT_NUL, "v", 1), HD_E_INVALID);
    assert_int_equal(add_one("X", 1, NULL, 1), HD_E_INVALID);
    assert_int_equal(add_one("X", 1, NULL, HD_TEXT_NUL), HD_E_INVALID);
    static const struct {
        const char *method;
        size_t len;
    } methods[] = {
        {NULL, HD_TEXT_NUL}, {"", 0}, {"GET POST", HD_TEXT_NUL}, {"SEVENTEEN-LETTERS", HD_TEXT_NUL}, {"G\0T", 3}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        hd_request *request = new_request();
        assert_int_equal(hd_request_set_method(request, methods[i].method, methods[i].len), HD_E_INVALID);
        assert_int_equal(hd_request_status(request), HD_E_INVALID);
        hd_request_free(request);
    }
    static const char *const targets[] = {NULL, "", "/a\nb", "/a\rb"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        hd_request *request = new_request();
        assert_int_equal(hd_request_set_target(request, targets[i], HD_TEXT_NUL), HD_E_INVALID);
        hd_request_free(request);
    }
    hd_request *request = new_request();
    assert_int_equal(hd_request_set_target(request, target, 8192), HD_OK);
    assert_int_equal(hd_request_set_target(request, target, 8193), HD_E_INVALID);
    hd_request_free(request);
}

static void test_limits(void **state) {
    (void)state;
    char *large = malloc(BODY_MAX + 1);
    assert_non_null(large);
    memset(large, 'x', BODY_MAX + 1);
    hd_request *request = new_request();
    for (int i = 0; i < 200; i++)
        assert_int_equal(hd_request_add_header(request, "X", 1, "y", 1), HD_OK);
    assert_int_equal(hd_request_add_header(request, "X", 1, "y", 1), HD_E_LIMIT);
    hd_request_reset(request);
    assert_int_equal(hd_request_add_header(request, "X", 1, large, 65535), HD_OK);
    assert_int_equal(hd_request_add_header(request, "Y", 1, "", 0), HD_E_LIMIT);
    assert_int_equal(add_one("X", 1, large, 65536), HD_E_LIMIT);
    assert_int_equal(add_one(large, 65536, "", 0), HD_OK);
    assert_int_equal(add_one(large, BODY_MAX, large, BODY_MAX), HD_E_LIMIT);
    hd_request_reset(request);
    assert_int_equal(hd_request_add_body(request, large, BODY_MAX), HD_OK);
    assert_int_equal(hd_request_add_body(request, large, 0), HD_OK);
    assert_int_equal(hd_request_add_body(request, large, 1), HD_E_TOO_LARGE);
    hd_request_reset(request);
    assert_int_equal(hd_request_add_body(request, large, SIZE_MAX), HD_E_TOO_LARGE);
    hd_request_free(request);
    free(large);
}

/* Nothing is added after a failure: neither what would be right, nor a part of a body whose middle is missing. */
static void test_first_failure(void **state) {
    (void)state;
    size_t length;
    hd_request *request = new_request();
    assert_int_equal(hd_request_add_body(request, "abc", 3), HD_OK);
    assert_int_equal(hd_request_add_body(request, NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_request_add_header(request, "X\n", HD_TEXT_NUL, "", 0), HD_E_INVALID);
    assert_int_equal(hd_request_add_header(request, "X", 1, "y", 1), HD_E_INVALID);
    assert_int_equal(hd_request_add_body(request, "def", 3), HD_E_INVALID);
    assert_int_equal(hd_request_set_method(request, "GET", 3), HD_E_INVALID);
    assert_int_equal(hd_request_set_target(request, "/", 1), HD_E_INVALID);
    assert_int_equal(hd_request_status(request), HD_E_INVALID);
    assert_null(hd_request_header(request, "X", 0));
    assert_string_equal(hd_request_body(request, &length), "abc");
    hd_request_reset(request);
    assert_int_equal(hd_request_status(request), HD_OK);
    assert_string_equal(hd_request_body(request, &length), "");
    assert_int_equal(hd_request_add_header(request, "X", 1, "y", 1), HD_OK);
    hd_request_free(request);
}

static void test_nothing(void **state) {
    (void)state;
    size_t length = 99;
    assert_int_equal(hd_request_new(NULL), HD_E_INVALID);
    assert_int_equal(hd_request_set_method(NULL, "GET", 3), HD_E_INVALID);
    assert_int_equal(hd_request_set_target(NULL, "/", 1), HD_E_INVALID);
    assert_int_equal(hd_request_add_header(NULL, "X", 1, "y", 1), HD_E_INVALID);
    assert_int_equal(hd_request_add_body(NULL, "x", 1), HD_E_INVALID);
    assert_int_equal(hd_request_status(NULL), HD_E_INVALID);
    assert_null(hd_request_method(NULL));
    assert_null(hd_request_target(NULL));
    assert_null(hd_request_header(NULL, "X", 0));
    assert_null(hd_request_body(NULL, &length));
    assert_int_equal(length, 0);
    hd_request *request = new_request();
    assert_null(hd_request_header(request, NULL, 0));
    hd_request_reset(NULL);
    hd_request_free(NULL);
    hd_request_free(request);
}

static void fill(hd_request *request, const char *const values[3], const char *body) {
    assert_int_equal(hd_request_set_method(request, "POST", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_set_target(request, "/hook", HD_TEXT_NUL), HD_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hd_request_add_header(request, "X", HD_TEXT_NUL, values[i], HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_request_add_body(request, body, strlen(body)), HD_OK);
}

/* Nothing of a request is in the next one, whatever their sizes. */
static void test_reset(void **state) {
    (void)state;
    static const char *const values[][3] = {{"a", "bb", "ccc"}, {"longer than the first", "", "c"}, {"", "b", "dddd"}};
    hd_request *request = new_request();
    for (size_t i = 0; i < 30; i++) {
        const char *const *wanted = values[i % 3];
        fill(request, wanted, wanted[0]);
        for (size_t k = 0; k < 3; k++)
            assert_string_equal(hd_request_header(request, "X", k), wanted[k]);
        assert_null(hd_request_header(request, "X", 3));
        assert_string_equal(hd_request_body(request, NULL), wanted[0]);
        hd_request_reset(request);
        assert_null(hd_request_method(request));
        assert_null(hd_request_target(request));
        assert_null(hd_request_header(request, "X", 0));
    }
    hd_request_free(request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_holds), cmocka_unit_test(test_blanks),        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_first_failure), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
