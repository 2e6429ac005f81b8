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

static hd_webhook *slack_webhook(int mode) {
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, mode), HD_OK);
    return webhook;
}

static void put(struct simulation *simulation, hd_webhook *webhook) {
    hd_webhook *snapshot;
    assert_int_equal(hd__webhook_snapshot(webhook, &snapshot), HD_OK);
    assert_int_equal(hd__worker_put_webhook(simulation->worker, snapshot, HD__ANY_VERSION), HD_OK);
    hd_webhook_free(webhook);
}

static void turns(struct simulation *simulation) {
    for (int i = 0; i < 4; i++)
        simulation_turn(simulation);
}

static void send(struct simulation *simulation, int count) {
    for (int i = 0; i < count; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    turns(simulation);
}

static void deliver_all(struct simulation *simulation) {
    while (simulation->under_way_count > 0) {
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        turns(simulation);
    }
}

/* Lets time pass; what starts meanwhile is delivered. Returns how many started. */
static size_t pass(struct simulation *simulation, int64_t us) {
    size_t before = simulation->started;
    simulation->now_us += us;
    turns(simulation);
    deliver_all(simulation);
    return simulation->started - before;
}

static uint64_t discard(struct simulation *simulation) {
    uint64_t count = 77;
    int64_t since_ms;
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    simulation_ask(simulation, webhook, 1, &count, &since_ms);
    hd_webhook_free(webhook);
    turns(simulation);
    return count;
}

/* ---- What counts ---- */

/* What is discarded is not sent, and uses nothing of what may be sent. */
static void test_discarding_uses_up_nothing(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 64);
    put(simulation, slack_webhook(HD_MODE_HELD));
    send(simulation, 40);
    assert_int_equal(discard(simulation), 40);
    put(simulation, slack_webhook(HD_MODE_ON));
    send(simulation, 5);
    deliver_all(simulation);
    pass(simulation, 10 * SECOND);
    assert_int_equal(simulation->started, 5);
    simulation_free(simulation);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_discarding_uses_up_nothing),
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
