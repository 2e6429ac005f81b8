/* SPDX-License-Identifier: MIT */
/* The checks of the conformance suite: each file has a list of them, about one part of src/store/store.h. */
#ifndef TESTS_STORE_CHECK_H
#define TESTS_STORE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/world.h"

struct check {
    const char *name;
    void (*run)(struct world *world);
};

struct check_list {
    const char *about;
    const struct check *checks;
    size_t count;
};

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define CHECK_LIST(about, checks) {about, checks, sizeof checks / sizeof checks[0]}
// clang-format on

extern const struct check_list change_checks, claim_checks, clock_checks, consumer_checks, event_checks, job_checks,
    log_checks, result_checks, role_checks, shard_checks, step_checks, test_checks, thread_checks, watch_checks,
    webhook_checks;

#endif
