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
    long at; /* the allocation whose turn it is in failing_in_turn() */
};

extern struct failing failing;

/* Whether the allocation that is made now fails. */
int failing_now(void);

/* Runs something with its first allocation failing, then its second, and so on until it has none that fails: first with
 * all that come after it failing too, then with that one alone. A step above 1 leaves some out. What is run sets armed
 * where they may fail. Fails the test if there are fewer than `least` allocations, since nothing was tested then. */
void failing_in_turn(void (*run)(void *user), void *user, long step, long least);

/* For other libraries, which take a function. */
void *failing_malloc(size_t size);

#endif
