/* SPDX-License-Identifier: MIT */
#include "failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ALLOCATIONS_MAX 100000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

struct failing failing;

int failing_now(void) {
    if (!failing.armed)
        return 0;
    if (failing.until_failure > 0) {
        failing.until_failure--;
        return 0;
    }
    if (failing.only_once && failing.failures > 0)
        return 0;
    failing.failures++;
    return 1;
}

static void fail_one_after_the_other(void (*run)(void *user), void *user, long step, long least) {
    failing.at = -step;
    do {
        failing.at += step;
        failing.until_failure = failing.at;
        failing.failures = 0;
        run(user);
        assert_true(failing.at < ALLOCATIONS_MAX);
    } while (failing.failures > 0);
    assert_true(failing.at >= least);
}

void failing_in_turn(void (*run)(void *user), void *user, long step, long least) {
    for (failing.only_once = 0; failing.only_once <= 1; failing.only_once++)
        fail_one_after_the_other(run, user, step, least);
}

void *failing_malloc(size_t size) {
    return failing_now() ? NULL : __real_malloc(size);
}

void *__wrap_malloc(size_t size) {
    return failing_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return failing_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return failing_now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
    return failing_now() ? NULL : __real_strdup(text);
}
