/* SPDX-License-Identifier: MIT */
/** @file explorer_test.c All interleavings of two and three clients on one store, up to a length; longer ones at
 * random; and the same with each safeguard taken out of the model, which must be noticed.
 *
 * EXPLORE_LENGTH=6   goes as far with the model, and three less with other stores
 * EXPLORE_RANDOM=n   tries n schedules of each kind at random, from EXPLORE_SEED on
 * STORE=name         tries this store alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/controls.h"
#include "store/explorer.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_LENGTH 40
#define SLOWER 3 /* schedules are so much shorter where each takes milliseconds */

enum {
    COLD,
    HOT,
    LANES,
    THREE,
    ACCEPTS,
    COUNTS,
    SCENARIOS
};

static const struct scenario scenarios[SCENARIOS] = {
    [COLD] = {.name = "two clients",
              .length = 5,
              .senders = 2,
              .lanes = 1,
              .events = {2, 1},
              .is_ordered = 1,
              .cuts = 1,
              .failures = 1,
              .ends = 1,
              .stalls = 1,
              .passes = 1},
    [HOT] = {.name = "two clients, one is at work",
             .length = 4,
             .senders = 2,
             .lanes = 1,
             .events = {2, 1},
             .is_ordered = 1,
             .is_hot = 1,
             .cuts = 2,
             .failures = 1,
             .ends = 1,
             .stalls = 2,
             .passes = 1},
    [LANES] = {.name = "two clients, two lanes, no order",
               .length = 4,
               .senders = 2,
               .lanes = 2,
               .events = {2, 1},
               .is_hot = 1,
               .cuts = 1,
               .failures = 1,
               .ends = 1,
               .stalls = 1,
               .passes = 1},
    [THREE] = {.name = "three clients",
               .length = 4,
               .senders = 3,
               .lanes = 1,
               .events = {1, 1, 0},
               .is_ordered = 1,
               .is_hot = 1,
               .cuts = 1,
               .failures = 1,
               .ends = 2,
               .stalls = 1,
               .passes = 1},
    [ACCEPTS] = {.name = "two clients, one only accepts",
                 .length = 4,
                 .senders = 2,
                 .lanes = 1,
                 .events = {1, 2},
                 .roles = {HD__ROLE_DELIVER, HD__ROLE_ACCEPT},
                 .is_ordered = 1,
                 .is_hot = 1,
                 .cuts = 2,
                 .failures = 1,
                 .ends = 1,
                 .stalls = 1,
                 .passes = 1},
    [COUNTS] = {.name = "two clients count in a webhook",
                .length = 4,
                .senders = 2,
                .lanes = 1,
                .events = {1, 0},
                .puts = {2, 2},
                .is_ordered = 1,
                .cuts = 1,
                .failures = 1,
                .ends = 1,
                .stalls = 1,
                .passes = 1},
};

static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static int is_model(const struct store_kind *kind) {
    return kind->digest != NULL;
}

/* ---- The laws hold ---- */

struct family {
    const struct store_kind *kind;
    const struct scenario *scenario;
};

static void say(const struct exploration *exploration, const char *which) {
    print_message("# %s: %s: %llu schedules %s%d", exploration->kind->name, exploration->scenario->name,
                  (unsigned long long)exploration->count, which, exploration->length);
    if (exploration->merged)
        print_message(", %llu more came to where others had been", (unsigned long long)exploration->merged);
    print_message("\n");
    if (*exploration->broken)
        fail_msg("%s", exploration->broken);
}

static void laws_hold(void **state) {
    const struct family *family = *state;
    int fast = is_model(family->kind), shorter = (fast ? 0 : SLOWER) + (runs_slowly() ? 1 : 0);
    int length = (int)number("EXPLORE_LENGTH", (uint64_t)family->scenario->length) - shorter;
    length = length > 0 ? length : 1;
    struct exploration all = {.kind = family->kind, .scenario = family->scenario, .length = length};
    explore_all(&all, 0);
    say(&all, "of length ");
    struct exploration some = {.kind = family->kind, .scenario = family->scenario, .length = RANDOM_LENGTH};
    explore_some(&some, number("EXPLORE_SEED", 1), number("EXPLORE_RANDOM", volume(fast ? 5000 : 15)));
    say(&some, "at random, of length ");
}

/* ---- What is missing is noticed ---- */

#define FAR 4

/* In one family of schedules or another, the shortest first. */
static void it_is_noticed(void **state) {
    struct exploration exploration = {.kind = &store_kinds[0], .prepare = control_take_out};
    control_at_hand = *state;
    for (exploration.length = 1; exploration.length <= FAR && !*exploration.broken; exploration.length++)
        for (int i = 0; i < SCENARIOS && !*exploration.broken; i++) {
            exploration.scenario = &scenarios[i];
            explore_all(&exploration, 0);
        }
    print_message("# without a safeguard: %s: %s\n", control_at_hand->name,
                  *exploration.broken ? exploration.broken : "NOT NOTICED");
    assert_true(*exploration.broken);
}

/* ---- */

int main(void) {
    static struct family families[8 * SCENARIOS];
    static char names[8 * SCENARIOS][80];
    struct CMUnitTest tests[8 * SCENARIOS + 32];
    const char *only = getenv("STORE");
    size_t count = 0;
    for (size_t i = 0; i < store_kind_count && i < 8; i++)
        for (int j = 0; j < SCENARIOS && (!only || strcmp(only, store_kinds[i].name) == 0); j++) {
            families[count] = (struct family){&store_kinds[i], &scenarios[j]};
            (void)snprintf(names[count], sizeof names[0], "%s: %s", store_kinds[i].name, scenarios[j].name);
            tests[count] = (struct CMUnitTest){names[count], laws_hold, NULL, NULL, &families[count]};
            count++;
        }
    for (size_t i = 0; i < control_count && i < 32 && (!only || strcmp(only, store_kinds[0].name) == 0); i++)
        if (!controls[i].is_not_explored)
            tests[count++] =
                (struct CMUnitTest){controls[i].name, it_is_noticed, NULL, NULL, (void *)(uintptr_t)&controls[i]};
    return _cmocka_run_group_tests("interleavings", tests, count, NULL, NULL);
}
