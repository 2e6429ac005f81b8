/* SPDX-License-Identifier: MIT */
/** @file flush_test.c Whether everything has ended, asked between any two turns of a worker: on each keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"
#include "support/support.h"

#include "endpoint/webhook.h"

#include <pthread.h>
#include <stdatomic.h>

static struct simulation *simulation;

static int begin(void **state) {
    (void)state;
    simulation = simulation_new(100, (size_t)1 << 20, 10);
    simulation_put(simulation, "a", 4);
    return 0;
}

static int finish(void **state) {
    (void)state;
    simulation_free(simulation);
    return 0;
}

static void turn(int times) {
    for (int i = 0; i < times; i++)
        simulation_turn(simulation);
}

/* What a flush finds out in the next turns. */
static int ask(void) {
    (void)hd__worker_flush(simulation->worker, 0);
    turn(3);
    return hd__worker_flush(simulation->worker, 0);
}

/* One event comes in the step in which another one ends, so that as many wait after it as before. */
static void test_one_comes_as_another_ends(void **state) {
    (void)state;
    assert_int_equal(ask(), HD_OK);
    assert_int_equal(simulation_send(simulation, "first"), HD_OK);
    turn(3);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(simulation->under_way_count, 1);
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        turn(1); /* it is settled, and not written */
        assert_int_equal(simulation_send(simulation, "another"), HD_OK);
        turn(1);
        assert_int_equal(ask(), HD_E_TIMEOUT);
        simulation->now_us += 10000000;
    }
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    turn(3);
    assert_int_equal(ask(), HD_OK);
}

struct flusher {
    int status;
    atomic_int is_done;
};

static void *flush_once(void *user) {
    struct flusher *flusher = user;
    flusher->status = hd__worker_flush(simulation->worker, PATIENCE_MS);
    atomic_store(&flusher->is_done, 1);
    return NULL;
}

/* Whoever waits for what was accepted before waits for nothing that comes later, though something always waits. */
static void test_others_keep_coming(void **state) {
    (void)state;
    struct flusher flusher = {.status = HD_E_INVALID};
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        assert_int_equal(simulation_send(simulation, "before"), HD_OK);
    turn(3);
    assert_int_equal(pthread_create(&thread, NULL, flush_once, &flusher), 0);
    int64_t until_ms = now_ms() + PATIENCE_MS / 2;
    while (!atomic_load(&flusher.is_done) && now_ms() < until_ms) {
        assert_int_equal(simulation_send(simulation, "later"), HD_OK);
        turn(1);
        if (simulation->under_way_count > 0)
            simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation->now_us += 100;
    }
    int was_done = atomic_load(&flusher.is_done);
    while (simulation->under_way_count > 0 || simulation_has_more(simulation)) {
        turn(1);
        if (simulation->under_way_count > 0)
            simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(was_done);
    assert_int_equal(flusher.status, HD_OK);
}

/* A retry, and what is held, have not ended. */
static void test_what_waits_has_not_ended(void **state) {
    (void)state;
    hd_webhook *webhook = NULL, *snapshot = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, "b"), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "p"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/b"), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd__webhook_snapshot(webhook, &snapshot), HD_OK);
    assert_int_equal(hd__worker_remove_webhook(simulation->worker, "a", NULL), HD_OK);
    assert_int_equal(hd__worker_put_webhook(simulation->worker, snapshot, HD__ANY_VERSION, NULL), HD_OK);
    assert_int_equal(simulation_send(simulation, "retried"), HD_OK);
    turn(3);
    simulation_finish(simulation, 0, HD_REASON_HTTP_5XX);
    turn(3);
    assert_int_equal(ask(), HD_E_TIMEOUT);
    simulation->now_us += 60000000;
    turn(3);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    turn(3);
    assert_int_equal(ask(), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    assert_int_equal(hd__webhook_snapshot(webhook, &snapshot), HD_OK);
    assert_int_equal(hd__worker_put_webhook(simulation->worker, snapshot, HD__ANY_VERSION, NULL), HD_OK);
    assert_int_equal(simulation_send(simulation, "held"), HD_OK);
    turn(3);
    assert_int_equal(ask(), HD_E_TIMEOUT);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_ON), HD_OK);
    assert_int_equal(hd__webhook_snapshot(webhook, &snapshot), HD_OK);
    assert_int_equal(hd__worker_put_webhook(simulation->worker, snapshot, HD__ANY_VERSION, NULL), HD_OK);
    turn(3);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    turn(3);
    assert_int_equal(ask(), HD_OK);
    hd_webhook_free(webhook);
}

int main(void) {
    int failed = 0;
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(test_one_comes_as_another_ends),
        TEST(test_others_keep_coming),
        TEST(test_what_waits_has_not_ended),
    };
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        print_message("on %s:\n", simulation_keepers[i].name);
        simulation_use(&simulation_keepers[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed != 0;
}
