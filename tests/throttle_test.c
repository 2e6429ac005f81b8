/* Receivers that ask for patience with 429 or 503: what is held back, until when, and who is told. The same on each
 * keeper, in simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"

#include "endpoint/webhook.h"

#include <string.h>

#define MIB ((size_t)1 << 20)
#define SECOND INT64_C(1000000)

/* ---- Acts ---- */

static void send(struct simulation *simulation, int count) {
    for (int i = 0; i < count; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_turns(simulation);
}

/* Finishes the first exchange with an HTTP status. */
static void answer(struct simulation *simulation, int status, uint32_t retry_after_s) {
    struct hd__exchange *exchange = simulation->under_way[0];
    simulation_finish(simulation, 0, status == 429 ? HD_REASON_HTTP_429 : HD_REASON_HTTP_5XX);
    exchange->http_status = status;
    exchange->retry_after_s = retry_after_s;
    simulation_turns(simulation);
}

static void deliver_all(struct simulation *simulation) {
    while (simulation->under_way_count > 0) {
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
    }
}

static int state_of(struct simulation *simulation, int64_t *left_ms) {
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    struct hd__condition condition = {.state = -1};
    assert_int_equal(hd__worker_condition(simulation->worker, webhook, &condition), HD_OK);
    *left_ms = condition.left_ms;
    hd_webhook_free(webhook);
    return condition.state;
}

static void expect(struct simulation *simulation, int state, int64_t left_ms) {
    int64_t left;
    int found = state_of(simulation, &left);
    if (found != state || left != left_ms)
        fail_msg("state %d for %lld ms, not %d for %lld", found, (long long)left, state, (long long)left_ms);
}

/* ---- How long ---- */

/* As long as the receiver says, and no longer; at most 5 minutes. Without a number, 429 asks for a second. */
static void test_as_long_as_it_asks(void **state) {
    (void)state;
    static const struct {
        int status;
        uint32_t retry_after_s;
        int64_t held_ms;
    } cases[] = {
        {429, 7, 7000},     {429, 1, 1000},       {429, 0, 1000},   {429, 300, 300000},
        {429, 301, 300000}, {429, 86400, 300000}, {503, 20, 20000}, {503, 86400, 300000},
        {503, 0, 0},        {500, 20, 0},         {502, 20, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulation *simulation = simulation_new(100, MIB, 16);
        simulation_put(simulation, "a", 1);
        send(simulation, 2);
        expect(simulation, HD_WEBHOOK_ACTIVE, 0);
        answer(simulation, cases[i].status, cases[i].retry_after_s);
        if (cases[i].held_ms > 0) {
            expect(simulation, HD_WEBHOOK_THROTTLED, cases[i].held_ms);
            assert_int_equal(simulation->started, 1);
            simulation_pass(simulation, cases[i].held_ms * 1000 - 1000);
            expect(simulation, HD_WEBHOOK_THROTTLED, 1);
            assert_int_equal(simulation->started, 1);
            simulation_pass(simulation, 1000);
        }
        assert_int_equal(simulation->started, 2);
        expect(simulation, HD_WEBHOOK_ACTIVE, 0);
        deliver_all(simulation);
        simulation_free(simulation);
    }
}

/* Of several answers, the one that asks for the latest time counts. */
static void test_latest_time_counts(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 2);
    send(simulation, 1);
    deliver_all(simulation);
    send(simulation, 3);
    assert_int_equal(simulation->under_way_count, 2);
    answer(simulation, 429, 100);
    answer(simulation, 429, 1);
    expect(simulation, HD_WEBHOOK_THROTTLED, 100000);
    simulation_pass(simulation, 99 * SECOND);
    assert_int_equal(simulation->under_way_count, 0);
    simulation_pass(simulation, SECOND);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_free(simulation);
}

/* A test does not wait, and what it is answered counts. */
static void test_tests_do_not_wait(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    hd_event *event;
    hd_report *report;
    simulation_put(simulation, "a", 1);
    send(simulation, 2);
    answer(simulation, 429, 10);
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd__worker_test(simulation->worker, event, webhook, 0, &report), HD_E_TIMEOUT);
    hd_event_free(event);
    hd_webhook_free(webhook);
    simulation_turns(simulation);
    assert_int_equal(simulation->under_way_count, 1);
    answer(simulation, 429, 20);
    expect(simulation, HD_WEBHOOK_THROTTLED, 20000);
    simulation_free(simulation);
}

/* ---- Beside a pause ---- */

/* The pause is told first; what the receiver asked for beyond it, after it; then the next delivery decides. */
static void test_pause_and_patience(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new_with(100, MIB, 16, (struct hd__pause_rule){1, 60000});
    simulation_put(simulation, "a", 1);
    send(simulation, 2);
    answer(simulation, 429, 100);
    expect(simulation, HD_WEBHOOK_PAUSED, 60000);
    simulation_pass(simulation, 61 * SECOND);
    expect(simulation, HD_WEBHOOK_THROTTLED, 39000);
    assert_int_equal(simulation->started, 1);
    simulation_pass(simulation, 39 * SECOND);
    expect(simulation, HD_WEBHOOK_PROBING, 0);
    assert_int_equal(simulation->started, 2);
    deliver_all(simulation);
    expect(simulation, HD_WEBHOOK_ACTIVE, 0);
    simulation_free(simulation);
}

/* ---- Several clients ---- */

/* Who does not own the webhook reads the same in the store, and who takes it over waits as long. */
static void test_other_clients_know(void **state) {
    (void)state;
    struct simulation *first = simulation_new(100, MIB, 16);
    int64_t left_ms;
    struct hd__condition found;
    if (!first->store) { /* nobody else can know */
        simulation_free(first);
        return;
    }
    simulation_put(first, "a", 1);
    send(first, 2);
    answer(first, 429, 60);
    struct hd_store *store = simulation_open_again();
    struct simulation *second = simulation_new_on(store);
    second->now_us = first->now_us;
    simulation_turns(second);
    assert_int_equal(hd__store_condition(store, "a", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_THROTTLED);
    assert_in_range(found.left_ms, 59000, 60000);
    hd__worker_cancel_all(first->worker);
    simulation_pass(second, SECOND);
    assert_int_equal(state_of(second, &left_ms), HD_WEBHOOK_THROTTLED);
    assert_in_range(left_ms, 58000, 59000);
    simulation_pass(second, 57 * SECOND);
    assert_int_equal(second->started, 0);
    simulation_pass(second, 2 * SECOND);
    assert_int_equal(second->started, 1);
    deliver_all(second);
    assert_int_equal(hd__store_condition(store, "a", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
    simulation_free_both(first, second, store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_as_long_as_it_asks), cmocka_unit_test(test_latest_time_counts),
    cmocka_unit_test(test_tests_do_not_wait),  cmocka_unit_test(test_pause_and_patience),
    cmocka_unit_test(test_other_clients_know),
};

int main(void) {
    int failed = 0;
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        print_message("on %s:\n", simulation_keepers[i].name);
        const struct simulation_keeper *keeper = &simulation_keepers[i];
        simulation_use(keeper);
        failed += cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
    }
    return failed;
}
