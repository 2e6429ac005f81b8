/* SPDX-License-Identifier: MIT */
/* Allocations that fail when a test wants them to. A program that is linked with --wrap for malloc, calloc, realloc and
 * strdup has those of the library's own files pass through here. */
#ifndef TESTS_SUPPORT_FAILING_H
#define TESTS_SUPPORT_FAILING_H

#include <stddef.h>

struct failing {
    int armed;
    long until_failure; /* allocations that still succeed */
    int only_once;      /* or all from then on */
    int failures;
};

extern struct failing failing;

/* Whether the allocation that is made now fails. */
int failing_now(void);

/* For other libraries, which take a function. */
void *failing_malloc(size_t size);

#endif
