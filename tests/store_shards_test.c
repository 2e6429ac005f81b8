/* SPDX-License-Identifier: MIT */
/** @file store_shards_test.c Shards that are to be left, and then stay: on each store, in simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define LONG (60 * SECOND)        /* longer than any lease */
#define WEBHOOKS (2 * HD__SHARDS) /* two of each shard: their keys follow each other */

static const char *const subjects[] = {"first", "second", "third"};

/* ---- Acts ---- */

/* Puts so many webhooks; their ids are numbers. */
static void put_many(struct simulation *simulation, int first, int count) {
    char id[16];
    for (int i = first; i < first + count; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        simulation_put(simulation, id, 1);
    }
}

static void turns(struct simulation *simulation, int count) {
    for (int i = 0; i < count; i++)
        simulation_turn(simulation);
}

static void hear_webhook(void *user, const struct hd__stored_webhook *webhook) {
    (void)user, (void)webhook;
}

static void hear_lane(void *user, const struct hd__lane_note *note) {
    (void)user, (void)note;
}

static void hear_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    (void)has_tests;
    (void)user, (void)webhook, (void)row;
}

/* Another client that delivers, as far as the first one can tell: it does no more than join. */
static struct hd_store *join_another(struct simulation *simulation) {
    static const struct hd__store_listener listener = {
        .webhook = hear_webhook, .lane = hear_lane, .arrived = hear_arrived};
    const struct hd__join join = {.role = HD__ROLE_DELIVER, .clock = &simulation->clock, .listener = &listener};
    struct hd__store_state state;
    struct hd_store *store = simulation_open_again();
    assert_int_equal(store->ops->join(store, &join, &state), HD_OK);
    return store;
}

/* Answers all attempts, and checks that each webhook gets its events in order. next: which one is next for each. */
static void answer_all(struct simulation *simulation, int next[WEBHOOKS]) {
    while (simulation->under_way_count > 0) {
        int webhook = atoi(simulation_webhook_of(simulation, 0));
        assert_string_equal(simulation_subject_of(simulation, 0), subjects[next[webhook]++]);
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        turns(simulation, 3);
    }
}

/* ---- A shard stays after all ---- */

/* A client owns all shards, and another one joins. Each shard has two lanes: one with an attempt under way, so that the
 * shard cannot be left yet, and one in which an event waits. Where the shard is to be left, that one is emptied. */
static struct hd_store *begin_to_leave(struct simulation *simulation) {
    put_many(simulation, 0, HD__SHARDS);
    assert_int_equal(simulation_send(simulation, subjects[0]), HD_OK);
    turns(simulation, 3);
    put_many(simulation, HD__SHARDS, HD__SHARDS);
    assert_int_equal(simulation_send(simulation, subjects[1]), HD_OK);
    turns(simulation, 3);
    assert_int_equal(simulation->under_way_count, HD__SHARDS);
    struct hd_store *other = join_another(simulation);
    simulation->now_us += SECOND;
    turns(simulation, 3);
    assert_int_equal(simulation->under_way_count, 3 * HD__SHARDS / 2); /* in half of them nothing more begins */
    return other;
}

/* Some events are sent while shards are to be left. The other client dies before it has taken any, and the first one
 * learns of that after so many turns. */
static void check_that_shards_stay(int sent, int turns_until) {
    int next[WEBHOOKS] = {0};
    struct simulation *simulation = simulation_new(1000, (size_t)1 << 20, HD__SHARDS);
    struct hd_store *other = begin_to_leave(simulation);
    for (int i = 0; i < sent; i++)
        assert_int_equal(simulation_send(simulation, subjects[2 + i]), HD_OK);
    turns(simulation, turns_until);
    hd_store_free(other);
    simulation->now_us += LONG;
    turns(simulation, 5);
    for (int i = HD__SHARDS; i < WEBHOOKS; i++)
        next[i] = 1;
    answer_all(simulation, next);
    for (int i = 0; i < WEBHOOKS; i++)
        assert_int_equal(next[i], 2 + sent);
    simulation_free(simulation);
}

/* What was in an emptied lane is delivered when its shard stays. */
static void test_emptied_lane_is_filled_again(void **state) {
    (void)state;
    check_that_shards_stay(0, 1);
}

/* And before what came while it was empty, which might otherwise be taken for all that there is. */
static void test_new_event_does_not_hide_older_ones(void **state) {
    (void)state;
    check_that_shards_stay(1, 1);
    check_that_shards_stay(1, 2);
}

int main(void) {
    int failed = 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emptied_lane_is_filled_again),
        cmocka_unit_test(test_new_event_does_not_hide_older_ones),
    };
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        if (!simulation_keepers[i].open)
            continue;
        print_message("on %s:\n", simulation_keepers[i].name);
        simulation_use(&simulation_keepers[i]);
        failed += cmocka_run_group_tests_name("shards", tests, NULL, NULL);
    }
    return failed != 0;
}
