/* SPDX-License-Identifier: MIT */
/* Runs the lists of checks, each check in a world of its own. */
#include "store/check.h"

#include <stdio.h>
#include <stdlib.h>

static const struct check_list *const lists[] = {&event_checks,   &claim_checks,    &step_checks, &result_checks,
                                                 &webhook_checks, &change_checks,   &test_checks, &shard_checks,
                                                 &log_checks,     &consumer_checks, &job_checks,  &clock_checks,
                                                 &role_checks,    &thread_checks,   &watch_checks};
#define LISTS (sizeof lists / sizeof lists[0])

struct run {
    const struct store_kind *kind;
    const struct check *check;
    struct world *world;
};

static int set_up(void **state) {
    struct run *run = *state;
    run->world = world_new(run->kind);
    return 0;
}

static void run_check(void **state) {
    struct run *run = *state;
    run->check->run(run->world);
}

static int tear_down(void **state) {
    struct run *run = *state;
    world_free(run->world);
    return 0;
}

static int run_list(const struct store_kind *kind, const struct check_list *list) {
    struct CMUnitTest *tests = calloc(list->count, sizeof *tests);
    struct run *runs = calloc(list->count, sizeof *runs);
    char(*names)[128] = calloc(list->count, sizeof *names), group[64];
    if (!tests || !runs || !names)
        abort();
    for (size_t i = 0; i < list->count; i++) {
        runs[i] = (struct run){.kind = kind, .check = &list->checks[i]};
        (void)snprintf(names[i], sizeof names[i], "%s: %s", kind->name, list->checks[i].name);
        tests[i] = (struct CMUnitTest){names[i], run_check, set_up, tear_down, &runs[i]};
    }
    (void)snprintf(group, sizeof group, "%s: %s", kind->name, list->about);
    int failed = _cmocka_run_group_tests(group, tests, list->count, NULL, NULL);
    free(tests);
    free(runs);
    free(names);
    return failed;
}

int check_store(const struct store_kind *kind) {
    int failed = 0;
    for (size_t i = 0; i < LISTS; i++)
        failed += run_list(kind, lists[i]);
    return failed;
}
