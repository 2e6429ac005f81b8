/* SPDX-License-Identifier: MIT */
/** @file constant_time_test.c No branch and no address depends on a secret while a signature is compared. Under
 * valgrind, which is told that secrets are undefined, it would complain; a comparison that stops at the first
 * difference shows that it does. Elsewhere there is nothing to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helmdesk.h"
#include "sign/standard.h"
#include "support/support.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAS_MEMCHECK
#endif
#endif

#ifndef HAS_MEMCHECK
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0
#define VALGRIND_MAKE_MEM_UNDEFINED(address, size) (void)(address)
#define VALGRIND_MAKE_MEM_DEFINED(address, size) (void)(address)
#endif

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define WRONG "0000000000000000000000000000000000000000000000000000000000000000"

static const char body[] = "{\"event\":\"ticket.created\"}";

/* The status is not secret any more. */
static int told(int status) {
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    return status;
}

static void test_verify(void **state) {
    (void)state;
    char secret[] = SECRET;
    char right[HD_SIGNATURE_SIZE];
    if (!RUNNING_ON_VALGRIND)
        skip();
    assert_int_equal(hd_sign(body, strlen(body), secret, strlen(SECRET), right, sizeof right), HD_OK);
    unsigned long before = VALGRIND_COUNT_ERRORS;
    VALGRIND_MAKE_MEM_UNDEFINED(secret, strlen(SECRET));
    int good = told(hd_verify(body, strlen(body), right, 64, secret, strlen(SECRET)));
    int bad = told(hd_verify(body, strlen(body), WRONG, 64, secret, strlen(SECRET)));
    assert_int_equal(VALGRIND_COUNT_ERRORS, before);
    assert_int_equal(good, HD_OK);
    assert_int_equal(bad, HD_E_SIGNATURE_MISMATCH);
}

static void test_standard_verify(void **state) {
    (void)state;
    unsigned char bytes[32];
    char entry[HD__STANDARD_SIZE];
    struct hd__signed_parts parts = {
        .id = "msg_1", .id_len = 5, .timestamp = "1", .timestamp_len = 1, .body = body, .body_len = strlen(body)};
    if (!RUNNING_ON_VALGRIND)
        skip();
    memset(bytes, 7, sizeof bytes);
    struct hd__hmac_key *known = hd__hmac_key_new(bytes, sizeof bytes);
    assert_non_null(known);
    assert_int_equal(hd__standard_sign(known, &parts, entry), HD_OK);
    unsigned long before = VALGRIND_COUNT_ERRORS;
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, sizeof bytes);
    struct hd__hmac_key *secret = hd__hmac_key_new(bytes, sizeof bytes);
    assert_non_null(secret);
    int good = told(hd__standard_verify(secret, &parts, entry, strlen(entry)));
    parts.id = "msg_2";
    int bad = told(hd__standard_verify(secret, &parts, entry, strlen(entry)));
    assert_int_equal(VALGRIND_COUNT_ERRORS, before);
    assert_int_equal(good, HD_OK);
    assert_int_equal(bad, HD_E_SIGNATURE_MISMATCH);
    hd__hmac_key_free(secret);
    hd__hmac_key_free(known);
}

/* What nobody should do. */
static int equal_until_the_first_difference(const volatile char *a, const volatile char *b, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

/* In a process of its own, so that the complaint is not this one's. */
static void test_negative_control(void **state) {
    (void)state;
    int status;
    if (!RUNNING_ON_VALGRIND)
        skip();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char expected[] = WRONG;
        VALGRIND_MAKE_MEM_UNDEFINED(expected, strlen(WRONG));
        (void)equal_until_the_first_difference(expected, WRONG, strlen(WRONG));
        _exit(VALGRIND_COUNT_ERRORS > 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1); /* 0, or what valgrind was told to end with after errors */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_standard_verify),
        cmocka_unit_test(test_negative_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
