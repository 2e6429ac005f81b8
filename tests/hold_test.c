/* What keeps deliveries back: a webhook that is held or off, the pause rule, a rule of the program; and what somebody
 * discards. The same on each keeper, in simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"

#include "endpoint/webhook.h"
#include "store/report.h"

#include <string.h>

#define MIB ((size_t)1 << 20)
#define SECOND INT64_C(1000000)

static const struct hd__pause_rule three_failures = {3, 60000};

/* ---- Acts ---- */

static uint64_t counter(struct simulation *simulation, int which) {
    return hd__worker_counter(simulation->worker, which);
}

static hd_webhook *webhook_in(const char *project, int mode) {
    hd_webhook *webhook;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, "a"), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, project), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/hooks"), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, mode), HD_OK);
    return webhook;
}

/* A second at a time, as a loop that sleeps until its timers. */
static void pass_seconds(struct simulation *simulation, int seconds) {
    for (int i = 0; i < seconds; i++)
        simulation_pass(simulation, SECOND);
}

static void send(struct simulation *simulation, int count) {
    for (int i = 0; i < count; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_turns(simulation);
}

/* Answers all that is under way, and what starts because of that. Returns how many those were. */
static size_t answer_all(struct simulation *simulation, int reason) {
    size_t count = 0;
    while (simulation->under_way_count > 0) {
        simulation_finish(simulation, 0, reason);
        simulation_turns(simulation);
        count++;
    }
    return count;
}

static uint64_t waiting(struct simulation *simulation) {
    uint64_t count = 77;
    int64_t since_ms;
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    simulation_ask(simulation, webhook, 0, &count, &since_ms);
    hd_webhook_free(webhook);
    assert_int_equal(since_ms == 0, count == 0);
    return count;
}

static uint64_t discard(struct simulation *simulation) {
    uint64_t count = 77;
    int64_t since_ms;
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    simulation_ask(simulation, webhook, 1, &count, &since_ms);
    hd_webhook_free(webhook);
    return count;
}

/* How many reports that were not taken yet have this outcome and reason. The others are none of ours. */
static size_t count_reports(struct simulation *simulation, int outcome, int reason) {
    size_t count = 0;
    hd_report *report;
    while ((report = simulation_report(simulation))) {
        count += hd_report_outcome(report) == outcome && hd_report_reason(report) == reason;
        hd_report_free(report);
    }
    return count;
}

/* ---- Held and off ---- */

/* A held webhook accepts events and sends nothing; when it is on again, they are sent. */
static void test_held_webhook_keeps_its_events(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_HELD));
    send(simulation, 40);
    assert_int_equal(simulation->started, 0);
    assert_int_equal(waiting(simulation), 40);
    simulation_pass(simulation, SECOND);
    assert_int_equal(simulation->started, 0);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    simulation_turns(simulation);
    assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 40);
    assert_int_equal(waiting(simulation), 0);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 40);
    simulation_free(simulation);
}

/* One that is off accepts nothing; what waited before stays, and is sent when it is on again. */
static void test_webhook_that_is_off_accepts_nothing(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_HELD));
    send(simulation, 5);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_OFF));
    send(simulation, 3);
    assert_int_equal(waiting(simulation), 5);
    assert_int_equal(simulation->started, 0);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    simulation_turns(simulation);
    assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 5);
    simulation_free(simulation);
}

/* To hold or switch off counts within a turn, for what waits as well; what is under way ends. */
static void test_hold_stops_a_backlog(void **state) {
    (void)state;
    static const int modes[] = {HD_MODE_HELD, HD_MODE_OFF};
    for (int i = 0; i < 2; i++) {
        struct simulation *simulation = simulation_new(1000, MIB, 16);
        simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
        send(simulation, 100);
        assert_int_equal(simulation->under_way_count, 1);
        simulation_put_webhook(simulation, webhook_in("p", modes[i]));
        simulation_turns(simulation);
        size_t started = simulation->started;
        assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 1);
        assert_int_equal(simulation->started, started);
        assert_int_equal(waiting(simulation), 99);
        simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
        simulation_turns(simulation);
        assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 99);
        simulation_free(simulation);
    }
}

/* Other settings count for what waits, within a turn. */
static void test_settings_count_for_a_backlog(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 64);
    hd_webhook *webhook = webhook_in("p", HD_MODE_ON);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    simulation_put_webhook(simulation, webhook);
    send(simulation, 200);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(simulation->under_way_count, 1);
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
    }
    webhook = webhook_in("p", HD_MODE_ON);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 16), HD_OK);
    simulation_put_webhook(simulation, webhook);
    simulation_turns(simulation);
    for (int i = 0; i < 6; i++) {
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
    }
    assert_int_equal(simulation->under_way_count, 16);
    answer_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 200);
    simulation_free(simulation);
}

/* ---- The pause rule ---- */

/* A pause postpones: with one attempt each, all but those that failed are delivered when it is over. */
static void test_pause_ends_no_delivery(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new_with(1000, MIB, 16, three_failures);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    send(simulation, 50);
    for (int i = 0; i < 3; i++) {
        simulation_finish(simulation, 0, HD_REASON_HTTP_5XX);
        simulation_turns(simulation);
    }
    assert_int_equal(simulation->under_way_count, 0);
    pass_seconds(simulation, 58);
    assert_int_equal(simulation->under_way_count, 0);
    assert_int_equal(waiting(simulation), 47);
    pass_seconds(simulation, 3);
    assert_int_equal(simulation->under_way_count, 1); /* which decides */
    assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 47);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 47);
    assert_int_equal(counter(simulation, HD_COUNTER_FAILED), 3);
    assert_int_equal(simulation_drain_reports(simulation), 50);
    simulation_free(simulation);
}

/* Retries that come due in a pause use up no attempt and leave no report. */
static void test_pause_uses_up_no_attempt(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new_with(1000, MIB, 16, three_failures);
    hd_webhook *webhook = webhook_in("p", HD_MODE_ON);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 4), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
    simulation_put_webhook(simulation, webhook);
    send(simulation, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(simulation->under_way_count, 1);
        simulation_finish(simulation, 0, HD_REASON_HTTP_5XX);
        simulation_turns(simulation);
        pass_seconds(simulation, 2);
    }
    assert_int_equal(simulation->under_way_count, 0); /* its fourth attempt is due, and waits */
    pass_seconds(simulation, 50);
    assert_int_equal(simulation_drain_reports(simulation), 3);
    pass_seconds(simulation, 10);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turns(simulation);
    hd_report *report = simulation_report(simulation);
    assert_non_null(report);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    assert_int_equal(hd_report_attempt(report), 4);
    hd_report_free(report);
    simulation_free(simulation);
}

/* ---- Discard ---- */

/* What waits ends without an attempt, each with its report; what is under way, and what comes later, does not. */
static void test_discard(void **state) {
    (void)state;
    static const int modes[] = {HD_MODE_ON, HD_MODE_HELD, HD_MODE_OFF};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct simulation *simulation = simulation_new(1000, MIB, 16);
        simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
        send(simulation, 30);
        simulation_put_webhook(simulation, webhook_in("p", modes[i]));
        uint64_t waited = waiting(simulation);
        assert_int_equal(discard(simulation), waited);
        simulation_turns(simulation);
        for (int k = 0; k < 100 && hd__worker_counter(simulation->worker, HD_COUNTER_CANCELED) < 29; k++)
            simulation_turns(simulation);
        assert_int_equal(simulation->started, 1);
        assert_int_equal(waiting(simulation), 0);
        assert_int_equal(count_reports(simulation, HD_OUTCOME_CANCELED, HD_REASON_DISCARDED), 29);
        simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
        send(simulation, 2);
        assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 3);
        assert_int_equal(count_reports(simulation, HD_OUTCOME_DELIVERED, HD_REASON_DELIVERED), 3);
        simulation_free(simulation);
    }
}

/* What waits for a retry waits no longer: its last report has the number of the attempt that was made. */
static void test_discard_of_a_retry(void **state) {
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        struct simulation *simulation = simulation_new(1000, MIB, 16);
        hd_webhook *webhook = webhook_in("p", HD_MODE_ON);
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 4), HD_OK);
        assert_int_equal(hd_webhook_set_ordered(webhook, ordered), HD_OK);
        simulation_put_webhook(simulation, webhook);
        send(simulation, 1);
        simulation_finish(simulation, 0, HD_REASON_HTTP_5XX);
        simulation_turns(simulation);
        assert_int_equal(discard(simulation), 1);
        simulation_pass(simulation, 100 * 1000); /* a store's clock goes by milliseconds */
        simulation_pass(simulation, 100 * 1000);
        hd_report *tried = simulation_report(simulation), *last = simulation_report(simulation);
        assert_int_equal(hd_report_outcome(tried), HD_OUTCOME_RETRYING);
        assert_int_equal(hd_report_outcome(last), HD_OUTCOME_CANCELED);
        assert_int_equal(hd_report_reason(last), HD_REASON_DISCARDED);
        assert_int_equal(hd_report_attempt(last), 1);
        assert_int_equal(waiting(simulation), 0);
        assert_int_equal(simulation->started, 1);
        assert_int_equal(simulation_drain_reports(simulation), 0);
        hd_report_free(tried);
        hd_report_free(last);
        simulation_free(simulation);
    }
}

/* ---- Projects ---- */

/* A webhook that moves to another project takes nothing along: what waited is its old project's, with its old URL. */
static void test_moved_webhook_takes_nothing_along(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    send(simulation, 40);
    hd_webhook *moved = webhook_in("q", HD_MODE_ON);
    assert_int_equal(hd_webhook_set_url(moved, "https://other.example.com/"), HD_OK);
    simulation_put_webhook(simulation, moved);
    simulation_turns(simulation);
    size_t count = 0;
    while (simulation->under_way_count > 0) {
        assert_string_equal(simulation->under_way[0]->url, "https://example.com/hooks");
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turns(simulation);
        count++;
    }
    assert_int_equal(count, 40);
    send(simulation, 1); /* of project p, where there is no webhook any more */
    assert_int_equal(simulation->under_way_count, 0);
    hd_report *report;
    while ((report = simulation_report(simulation))) {
        assert_string_equal(hd_event_get(hd_report_event(report), HD_FIELD_PROJECT, NULL), "p");
        hd_report_free(report);
    }
    simulation_free(simulation);
}

/* ---- Removed ---- */

/* What is left of a webhook that was removed goes when nothing waits for it any more, and its secrets with it. */
static void test_removed_webhook_is_forgotten(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new_with(1000, MIB, 16, three_failures);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    send(simulation, 1);
    simulation_finish(simulation, 0, HD_REASON_REFUSED); /* which is remembered for a while */
    simulation_turns(simulation);
    send(simulation, 5);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    assert_int_equal(hd__worker_remove_webhook(simulation->worker, "a", NULL), HD_OK);
    simulation_turns(simulation);
    assert_true(atomic_load(&webhook->references) > 1);
    assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 4);
    simulation_turns(simulation);
    assert_int_equal(atomic_load(&webhook->references), 1);
    hd_webhook_free(webhook);
    simulation_free(simulation);
}

/* Nor does it stay if nothing waits when it is removed, or moved. */
static void test_idle_webhook_is_forgotten(void **state) {
    (void)state;
    for (int is_moved = 0; is_moved < 2; is_moved++) {
        struct simulation *simulation = simulation_new_with(1000, MIB, 16, three_failures);
        simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
        hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
        send(simulation, 1);
        assert_int_equal(answer_all(simulation, HD_REASON_REFUSED), 1);
        simulation_turns(simulation);
        assert_true(atomic_load(&webhook->references) > 1);
        if (is_moved)
            simulation_put_webhook(simulation, webhook_in("q", HD_MODE_ON));
        else
            assert_int_equal(hd__worker_remove_webhook(simulation->worker, "a", NULL), HD_OK);
        send(simulation, 1); /* memory knows then that no older event is to come */
        simulation_turns(simulation);
        assert_int_equal(atomic_load(&webhook->references), 1);
        hd_webhook_free(webhook);
        simulation_free(simulation);
    }
}

/* ---- Idempotency keys ---- */

/* What waited for a webhook that was removed is sent, though another one with its id has come. */
static void test_webhook_that_comes_again(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    send(simulation, 100);
    assert_int_equal(simulation->under_way_count, 1);
    assert_int_equal(hd__worker_remove_webhook(simulation->worker, "a", NULL), HD_OK);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    simulation_turns(simulation);
    send(simulation, 5);
    assert_int_equal(answer_all(simulation, HD_REASON_DELIVERED), 105);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 105);
    assert_false(simulation_has_more(simulation));
    simulation_free(simulation);
}

static void send_with_key(struct simulation *simulation, const char *project, const char *key, char id[HD_ID_SIZE]) {
    hd_event *event;
    unsigned char bytes[HD__UUID_BYTES];
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, project, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_IDEMPOTENCY_KEY, key, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd__worker_submit(simulation->worker, event, bytes), HD_OK);
    hd__uuid_format(bytes, id);
    hd_event_free(event);
    simulation_turns(simulation);
}

/* The same key of the same project is the same event, as long as it is remembered. */
static void test_key_is_sent_once(void **state) {
    (void)state;
    char first[HD_ID_SIZE], again[HD_ID_SIZE], other[HD_ID_SIZE];
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put_webhook(simulation, webhook_in("p", HD_MODE_ON));
    send_with_key(simulation, "p", "k", first);
    send_with_key(simulation, "p", "k", again);
    assert_string_equal(again, first);
    send_with_key(simulation, "p", "k2", other);
    assert_string_not_equal(other, first);
    send_with_key(simulation, "q", "k", other);
    assert_string_not_equal(other, first);
    answer_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 2);
    simulation_pass(simulation, 2 * SECOND); /* a second is the window of simulations */
    send_with_key(simulation, "p", "k", again);
    assert_string_not_equal(again, first);
    answer_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 3);
    simulation_free(simulation);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_held_webhook_keeps_its_events),
    cmocka_unit_test(test_webhook_that_is_off_accepts_nothing),
    cmocka_unit_test(test_hold_stops_a_backlog),
    cmocka_unit_test(test_settings_count_for_a_backlog),
    cmocka_unit_test(test_pause_ends_no_delivery),
    cmocka_unit_test(test_pause_uses_up_no_attempt),
    cmocka_unit_test(test_discard),
    cmocka_unit_test(test_discard_of_a_retry),
    cmocka_unit_test(test_moved_webhook_takes_nothing_along),
    cmocka_unit_test(test_removed_webhook_is_forgotten),
    cmocka_unit_test(test_idle_webhook_is_forgotten),
    cmocka_unit_test(test_webhook_that_comes_again),
    cmocka_unit_test(test_key_is_sent_once),
};

int main(void) {
    int failed = 0;
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        print_message("on %s:\n", simulation_keepers[i].name);
        simulation_use(&simulation_keepers[i]);
        failed += cmocka_run_group_tests_name("hold", tests, NULL, NULL);
    }
    return failed;
}
