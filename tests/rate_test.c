/* How fast a webhook gets its deliveries: its rate, Slack's pace. The same on each keeper, in simulated time. */
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

static hd_webhook *webhook_with(const char *id) {
    hd_webhook *webhook;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, id), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "p"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/hooks"), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 64), HD_OK);
    return webhook;
}

static hd_webhook *limited(const char *id, uint32_t count, uint32_t period_ms, uint32_t burst) {
    hd_webhook *webhook = webhook_with(id);
    assert_int_equal(hd_webhook_set_rate(webhook, count, period_ms, burst), HD_OK);
    return webhook;
}

static hd_webhook *slack_webhook(int mode) {
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, mode), HD_OK);
    return webhook;
}

/* A world in which the webhooks have been this client's for long. */
static struct simulation *old_simulation(void) {
    struct simulation *simulation = simulation_new(1000, MIB, 64);
    simulation_turns(simulation);
    simulation->now_us += 3600 * SECOND;
    simulation_turns(simulation);
    return simulation;
}

static void send(struct simulation *simulation, int count) {
    for (int i = 0; i < count; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_turns(simulation);
}

static void deliver_all(struct simulation *simulation) {
    while (simulation->under_way_count > 0) {
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
    }
}

/* Has a test begin, and does not wait for it. */
static void send_test(struct simulation *simulation) {
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    hd_event *event;
    hd_report *report;
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd__worker_test(simulation->worker, event, webhook, 0, &report), HD_E_TIMEOUT);
    hd_event_free(event);
    hd_webhook_free(webhook);
    simulation_turns(simulation);
}

/* Lets time pass; what starts meanwhile is delivered. Returns how many started. */
static size_t pass(struct simulation *simulation, int64_t us) {
    size_t before = simulation->started;
    simulation->now_us += us;
    simulation_turns(simulation);
    deliver_all(simulation);
    return simulation->started - before;
}

static uint64_t discard(struct simulation *simulation) {
    uint64_t count = 77;
    int64_t since_ms;
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    simulation_ask(simulation, webhook, 1, &count, &since_ms);
    hd_webhook_free(webhook);
    simulation_turns(simulation);
    return count;
}

/* ---- The pace ---- */

/* The burst at once, then one each period / count, as long as something waits. */
static void test_burst_and_then_one_each_space(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 10, 1000, 3));
    send(simulation, 20);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 3);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(pass(simulation, 99000), 0);
        assert_int_equal(pass(simulation, 1000), 1);
    }
    assert_int_equal(pass(simulation, SECOND), 3); /* a loop that was late */
    assert_int_equal(pass(simulation, 100000), 1);
    simulation_free(simulation);
}

/* What a quiet time gives back is the burst and no more, also to a queue that was empty meanwhile. */
static void test_quiet_time_fills_the_burst(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 2, 120000, 2));
    send(simulation, 2);
    deliver_all(simulation);
    assert_int_equal(pass(simulation, 30 * SECOND), 0);
    send(simulation, 1);
    assert_int_equal(pass(simulation, 0), 0);
    assert_int_equal(pass(simulation, 29 * SECOND), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    assert_int_equal(pass(simulation, 3600 * SECOND), 0);
    send(simulation, 9);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 5);
    simulation_free(simulation);
}

/* Whenever events come: in no time are there more than the burst and what the rate gives in it. */
static void test_no_window_has_more(void **state) {
    (void)state;
    enum {
        STEPS = 2000
    };
    static size_t starts[STEPS + 1];
    uint32_t random = 1;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 7, 1000, 5));
    for (int i = 0; i < STEPS; i++) { /* 10 ms each */
        random = random * 1664525 + 1013904223;
        if (random >> 24 < 2)
            send(simulation, (int)(random >> 20 & 15));
        pass(simulation, 10000);
        starts[i + 1] = simulation->started;
    }
    assert_in_range(starts[STEPS], 80, 145);
    for (int from = 0; from < STEPS; from++)
        for (int to = from + 1; to <= STEPS; to++)
            assert_true(starts[to] - starts[from] <= 5 + (size_t)(to - from) * 7 / 100);
    simulation_free(simulation);
}

/* A limited webhook costs nobody else anything, and wakes nobody before its time. */
static void test_others_do_not_wait(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 1, 30000, 1));
    simulation_put(simulation, "b", 64);
    send(simulation, 50);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 51);
    simulation_turn(simulation);
    send(simulation, 1);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 52);
    assert_int_equal(pass(simulation, 29 * SECOND), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    simulation_free(simulation);
}

/* The loop sleeps until the next one may start, as a timer for each event would not let it. */
static void test_sleeps_until_the_next_one(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 1, 30000, 1));
    send(simulation, 500);
    deliver_all(simulation);
    simulation->now_us += SECOND; /* later than any nap */
    simulation_turns(simulation);
    hd__worker_turn(simulation->worker, 60000);
    if (!simulation->store) /* which is looked at more often */
        assert_int_equal(simulation->last_timeout_ms, 29000);
    assert_int_equal(simulation->started, 1);
    assert_int_equal(discard(simulation), 499);
    simulation_free(simulation);
}

/* ---- Changes ---- */

/* A rate that is changed counts for what waits: one more space at the most passes, the new one. */
static void test_changed_rate_counts_at_once(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 1, 60000, 10));
    send(simulation, 100);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 10);
    simulation_put_webhook(simulation, limited("a", 10, 1000, 1));
    assert_int_equal(pass(simulation, 100000), 1);
    assert_int_equal(pass(simulation, 100000), 1);
    simulation_put_webhook(simulation, limited("a", 1, 1000, 1));
    assert_int_equal(pass(simulation, 999000), 0);
    assert_int_equal(pass(simulation, 1000), 1);
    hd_webhook *renamed = limited("a", 1, 1000, 1);
    assert_int_equal(hd_webhook_set_name(renamed, "no change of the rate"), HD_OK);
    pass(simulation, 999000);
    simulation_put_webhook(simulation, renamed);
    assert_int_equal(pass(simulation, 1000), 1);
    simulation_put_webhook(simulation, webhook_with("a"));
    assert_int_equal(pass(simulation, 0), 86);
    simulation_put_webhook(simulation, limited("a", 1, 1000, 1)); /* what was sent without a rate counts */
    send(simulation, 2);
    assert_int_equal(pass(simulation, 0), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    simulation_free(simulation);
}

/* Slack's pace is what a Slack webhook has as long as it has no other. */
static void test_slack_webhook_has_a_rate(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, slack_webhook(HD_MODE_ON));
    send(simulation, 30);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 5);
    assert_int_equal(pass(simulation, SECOND), 1);
    hd_webhook *own = slack_webhook(HD_MODE_ON);
    assert_int_equal(hd_webhook_set_rate(own, 4, 1000, 1), HD_OK);
    simulation_put_webhook(simulation, own);
    assert_int_equal(pass(simulation, 250000), 1);
    assert_int_equal(pass(simulation, 250000), 1);
    simulation_free(simulation);
}

/* ---- What counts ---- */

/* A retry is a request as any other. */
static void test_retries_count(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    hd_webhook *webhook = limited("a", 1, 10000, 1);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 3), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
    simulation_put_webhook(simulation, webhook);
    send(simulation, 2);
    assert_int_equal(simulation->started, 1);
    simulation_finish(simulation, 0, HD_REASON_REFUSED);
    simulation_turns(simulation);
    assert_int_equal(pass(simulation, 9 * SECOND), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    assert_int_equal(pass(simulation, 9 * SECOND), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    simulation_free(simulation);
}

/* A test does not wait. It counts, but however many there are, the next event waits for one space. */
static void test_tests_count_and_do_not_wait(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, limited("a", 1, 10000, 1));
    send(simulation, 2);
    deliver_all(simulation);
    for (size_t i = 0; i < 5; i++) {
        send_test(simulation);
        assert_int_equal(simulation->started, 2 + i);
        deliver_all(simulation);
    }
    assert_int_equal(pass(simulation, 9 * SECOND), 0);
    assert_int_equal(pass(simulation, SECOND), 1);
    simulation_free(simulation);
}

/* What is discarded is not sent, and uses nothing of what may be sent. */
static void test_discarding_uses_up_nothing(void **state) {
    (void)state;
    struct simulation *simulation = old_simulation();
    simulation_put_webhook(simulation, slack_webhook(HD_MODE_HELD));
    send(simulation, 40);
    assert_int_equal(discard(simulation), 40);
    simulation_put_webhook(simulation, slack_webhook(HD_MODE_ON));
    send(simulation, 5);
    deliver_all(simulation);
    pass(simulation, 10 * SECOND);
    assert_int_equal(simulation->started, 5);
    simulation_free(simulation);
}

/* ---- Several clients ---- */

enum {
    WEBHOOKS = 8,
    EVENTS = 10
};

/* Delivers what is under way, and checks when each webhook got its last one, by whichever client. */
static size_t deliver_spaced(struct simulation *simulation, int64_t last_us[WEBHOOKS]) {
    size_t count = 0;
    while (simulation->under_way_count > 0) {
        int64_t *last = &last_us[simulation_webhook_of(simulation, 0)[0] - 'a'];
        assert_true(*last == 0 || simulation->now_us - *last >= 2 * SECOND);
        *last = simulation->now_us;
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
        count++;
    }
    return count;
}

static size_t pass_spaced(struct simulation *simulation, int64_t last_us[WEBHOOKS]) {
    simulation->now_us += 100000;
    simulation_turns(simulation);
    return deliver_spaced(simulation, last_us);
}

/* Webhooks go from one client to another one and back. Who gets one does not know what was sent before, and begins with
 * nothing of the burst. */
static void test_limit_is_not_multiplied(void **state) {
    (void)state;
    int64_t last_us[WEBHOOKS] = {0};
    size_t by_first = 0, by_second = 0;
    struct simulation *first = old_simulation();
    if (!first->store) { /* nobody else can have them */
        simulation_free(first);
        return;
    }
    for (int i = 0; i < WEBHOOKS; i++)
        simulation_put_webhook(first, limited((char[]){(char)('a' + i), '\0'}, 1, 2000, 1));
    send(first, EVENTS);
    by_first += deliver_spaced(first, last_us);
    struct hd_store *store = simulation_open_again();
    struct simulation *second = simulation_new_on(store);
    second->now_us = first->now_us;
    for (int i = 0; i < 50; i++) {
        by_first += pass_spaced(first, last_us);
        by_second += pass_spaced(second, last_us);
    }
    assert_true(by_second > 0);
    hd__worker_cancel_all(second->worker);
    for (int i = 0; i < 50 * EVENTS && by_first + by_second < WEBHOOKS * EVENTS; i++)
        by_first += pass_spaced(first, last_us);
    assert_int_equal(by_first + by_second, WEBHOOKS * EVENTS);
    simulation_free(second);
    hd_store_free(store);
    simulation_free(first);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_burst_and_then_one_each_space),
    cmocka_unit_test(test_quiet_time_fills_the_burst),
    cmocka_unit_test(test_no_window_has_more),
    cmocka_unit_test(test_others_do_not_wait),
    cmocka_unit_test(test_sleeps_until_the_next_one),
    cmocka_unit_test(test_changed_rate_counts_at_once),
    cmocka_unit_test(test_slack_webhook_has_a_rate),
    cmocka_unit_test(test_retries_count),
    cmocka_unit_test(test_tests_count_and_do_not_wait),
    cmocka_unit_test(test_discarding_uses_up_nothing),
    cmocka_unit_test(test_limit_is_not_multiplied),
};

int main(void) {
    int failed = 0;
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        print_message("on %s:\n", simulation_keepers[i].name);
        simulation_use(&simulation_keepers[i]);
        failed += cmocka_run_group_tests_name("rate", tests, NULL, NULL);
    }
    return failed;
}
