/* SPDX-License-Identifier: MIT */
#include "failing.h"

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
