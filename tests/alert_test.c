/* SPDX-License-Identifier: MIT */
/** @file alert_test.c When a webhook is failing, and which alerts are sent about it: on each keeper, in simulated time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"

#include "endpoint/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const struct hd__rules three = {.alert = {3, 600000}};

/* ---- Acts ---- */

static hd_webhook *webhook_with(const char *id) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, id), HD_OK);
    assert_int_equal(hd_webhook_set_name(webhook, id), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "p"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/hooks"), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, "secret", 6), HD_OK);
    return webhook;
}

/* Gets alerts; and the events of tickets too, or not. */
static void put_watcher(struct simulation *simulation, const char *id, int gets_tickets) {
    hd_webhook *webhook = webhook_with(id);
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
        assert_int_equal(hd_webhook_set_subscribed(webhook, type, gets_tickets || type >= HD_ALERT_FAILING), HD_OK);
    simulation_put_webhook(simulation, webhook);
}

/* A webhook that fails or not, and one that watches. */
static struct simulation *begin(struct hd__rules rules) {
    struct simulation *simulation = simulation_new_ruled(rules);
    put_watcher(simulation, "a", 1); /* it asks for alerts: it gets none about itself */
    put_watcher(simulation, "ops", 0);
    return simulation;
}

/* Ends all that is under way: for "a" with this reason, for others with that one. */
static void answer(struct simulation *simulation, int reason, int others) {
    while (simulation->under_way_count > 0) {
        int is_a = strcmp(simulation_webhook_of(simulation, 0), "a") == 0;
        simulation_finish(simulation, 0, is_a ? reason : others);
        simulation_turns(simulation);
    }
}

static void send_each(struct simulation *simulation, int count, int reason) {
    for (int i = 0; i < count; i++) {
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
        simulation_turns(simulation);
        answer(simulation, reason, HD_REASON_DELIVERED);
        simulation_pass(simulation, SECOND);
    }
    answer(simulation, reason, HD_REASON_DELIVERED);
}

static struct hd__condition condition_of(struct simulation *simulation, const char *id) {
    struct hd__condition condition;
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, id);
    assert_int_equal(hd__worker_condition(simulation->worker, webhook, &condition), HD_OK);
    hd_webhook_free(webhook);
    return condition;
}

/* ---- What was told ---- */

/* The alerts since the last look, as "failing:a>ops " and so on, in the order of the reports. */
static const char *told(struct simulation *simulation) {
    static char text[1024];
    hd_report *report;
    *text = '\0';
    while ((report = simulation_report(simulation))) {
        const hd_event *event = hd_report_event(report);
        if (hd_event_type(event) >= HD_ALERT_FAILING)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s:%s>%s ",
                     hd_event_name(event) + strlen("webhook."), hd_event_get(event, HD_FIELD_WEBHOOK_ID, NULL),
                     hd_report_webhook_id(report));
        hd_report_free(report);
    }
    return text;
}

/* ---- Tests ---- */

static void test_failing_and_recovered(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    send_each(simulation, 2, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(condition_of(simulation, "a").health.failures, 2);
    send_each(simulation, 1, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "failing:a>ops ");
    struct hd__condition condition = condition_of(simulation, "a");
    assert_int_equal(condition.state, HD_WEBHOOK_FAILING);
    assert_int_equal(condition.health.reason, HD_REASON_HTTP_5XX);
    assert_true(condition.health.since_ms > 0);
    send_each(simulation, 20, HD_REASON_REFUSED); /* once is enough */
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").health.failures, 23);
    assert_int_equal(condition_of(simulation, "a").health.reason, HD_REASON_REFUSED);
    assert_true(condition_of(simulation, "a").health.since_ms == condition.health.since_ms);
    send_each(simulation, 1, HD_REASON_DELIVERED);
    assert_string_equal(told(simulation), "recovered:a>ops ");
    assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(condition_of(simulation, "a").health.failures, 0);
    assert_int_equal(condition_of(simulation, "a").health.reason, 0);
    send_each(simulation, 3, HD_REASON_DELIVERED);
    assert_string_equal(told(simulation), "");
    simulation_free(simulation);
}

/* A failure or two, and a success, are nothing to tell. */
static void test_short_runs_are_not_told(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    for (int i = 0; i < 5; i++) {
        send_each(simulation, 2, HD_REASON_HTTP_5XX);
        send_each(simulation, 1, HD_REASON_DELIVERED);
    }
    assert_string_equal(told(simulation), "");
    simulation_free(simulation);
}

static void assert_field(const hd_event *event, int field, const char *text) {
    assert_string_equal(hd_event_get(event, field, NULL), text);
}

/* What an alert says is what happened, with the end of the run in the last one. */
static void test_what_alerts_say(void **state) {
    (void)state;
    static const struct {
        int type;
        const char *count;
    } expected[] = {{HD_ALERT_FAILING, "3"}, {HD_ALERT_RECOVERED, "5"}};
    struct simulation *simulation = begin(three);
    int64_t began_ms = hd__wall_ms(&simulation->clock);
    hd_report *report;
    size_t seen = 0;
    send_each(simulation, 5, HD_REASON_REFUSED);
    send_each(simulation, 1, HD_REASON_DELIVERED);
    while ((report = simulation_report(simulation))) {
        const hd_event *event = hd_report_event(report);
        int64_t since_ms = 0;
        if (hd_event_type(event) >= HD_ALERT_FAILING) {
            assert_int_equal(hd_event_type(event), expected[seen].type);
            assert_field(event, HD_FIELD_PROJECT, "p");
            assert_field(event, HD_FIELD_WEBHOOK_NAME, "a");
            assert_field(event, HD_FIELD_FAILURE_COUNT, expected[seen].count);
            assert_field(event, HD_FIELD_FAILURE_REASON, "refused");
            assert_non_null(strstr(hd_event_get(event, HD_FIELD_FAILURE_EXPLANATION, NULL), "refused"));
            const char *since = hd_event_get(event, HD_FIELD_FAILURE_SINCE, NULL);
            assert_int_equal(hd_time_parse(since, strlen(since), &since_ms), HD_OK);
            assert_true(since_ms >= began_ms && since_ms < began_ms + 1000);
            assert_true(hd_event_timestamp_ms(event) > since_ms);
            seen++;
        }
        hd_report_free(report);
    }
    assert_int_equal(seen, 2);
    simulation_free(simulation);
}

/* One that goes up and down is told once in ten minutes; and if it stays down, then after those. */
static void test_no_storm(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    send_each(simulation, 3, HD_REASON_HTTP_5XX);
    send_each(simulation, 1, HD_REASON_DELIVERED);
    assert_string_equal(told(simulation), "failing:a>ops recovered:a>ops ");
    for (int i = 0; i < 10; i++) {
        send_each(simulation, 4, HD_REASON_HTTP_5XX);
        assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_FAILING);
        send_each(simulation, 1, HD_REASON_DELIVERED);
        assert_string_equal(told(simulation), "");
    }
    send_each(simulation, 4, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "");
    simulation_pass(simulation, 10 * MINUTE);
    send_each(simulation, 1, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "failing:a>ops ");
    simulation_free(simulation);
}

/* A webhook that gets alerts and fails is no news to anybody. */
static void test_no_alert_about_alerts(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    put_watcher(simulation, "ops-too", 0);
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 3; j++) {
            assert_int_equal(simulation_send(simulation, "s"), HD_OK);
            simulation_turns(simulation);
            answer(simulation, HD_REASON_HTTP_5XX, HD_REASON_REFUSED);
        }
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
        simulation_turns(simulation);
        answer(simulation, HD_REASON_DELIVERED, HD_REASON_REFUSED);
        simulation_pass(simulation, 11 * MINUTE);
    }
    const char *text = told(simulation);
    assert_null(strstr(text, ":ops"));
    assert_non_null(strstr(text, "failing:a>ops "));
    assert_non_null(strstr(text, "failing:a>ops-too "));
    assert_int_equal(condition_of(simulation, "ops").state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(condition_of(simulation, "ops").health.failures, 0);
    simulation_free(simulation);
}

/* A pause is told once, however often the webhook is tried in vain; and no lesser alert follows it. */
static void test_paused(void **state) {
    (void)state;
    struct simulation *simulation = begin((struct hd__rules){.pause = {2, 60000}, .alert = {3, 600000}});
    send_each(simulation, 2, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "paused:a>ops ");
    assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_PAUSED);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    for (int i = 0; i < 5; i++) {
        simulation_pass(simulation, 61 * SECOND);
        answer(simulation, HD_REASON_HTTP_5XX, HD_REASON_DELIVERED);
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    }
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").health.failures, 7);
    simulation_pass(simulation, 61 * SECOND);
    answer(simulation, HD_REASON_DELIVERED, HD_REASON_DELIVERED);
    assert_string_equal(told(simulation), "recovered:a>ops ");
    assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_ACTIVE);
    simulation_free(simulation);
}

/* First failing, then worse. */
static void test_failing_then_paused(void **state) {
    (void)state;
    struct simulation *simulation = begin((struct hd__rules){.pause = {5, 60000}, .alert = {3, 600000}});
    send_each(simulation, 5, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "failing:a>ops paused:a>ops ");
    simulation_free(simulation);
}

static void test_without_a_rule(void **state) {
    (void)state;
    struct simulation *simulation = begin((struct hd__rules){.pause = {5, 60000}});
    send_each(simulation, 5, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").state, HD_WEBHOOK_PAUSED);
    simulation_free(simulation);
}

/* Faults of this program and its proxy say nothing about the receiver. */
static void test_own_faults_do_not_count(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    send_each(simulation, 5, HD_REASON_PROXY_FAILED);
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").health.failures, 0);
    simulation_free(simulation);
}

/* What is known of a webhook outlives its owner: nothing is told again, and the end of it is told. */
static void test_another_owner(void **state) {
    (void)state;
    struct simulation *first = begin(three);
    if (!first->store) { /* nobody else can know */
        simulation_free(first);
        return;
    }
    send_each(first, 4, HD_REASON_HTTP_5XX);
    assert_string_equal(told(first), "failing:a>ops ");
    struct hd_store *store = simulation_open_again();
    struct simulation *second = simulation_new_ruled_on(store, three);
    second->now_us = first->now_us;
    simulation_turns(second);
    assert_int_equal(condition_of(second, "a").state, HD_WEBHOOK_FAILING);
    assert_int_equal(condition_of(second, "a").health.failures, 4);
    hd__worker_cancel_all(first->worker);
    simulation_pass(second, SECOND);
    send_each(second, 2, HD_REASON_HTTP_5XX);
    assert_string_equal(told(second), "");
    assert_int_equal(condition_of(second, "a").health.failures, 6);
    send_each(second, 1, HD_REASON_DELIVERED);
    assert_string_equal(told(second), "recovered:a>ops ");
    struct hd__condition found;
    assert_int_equal(hd__store_condition(store, "a", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(found.health.failures, 0);
    simulation_free_both(first, second, store);
}

/* A webhook that was removed and comes again begins anew. */
static void test_removed(void **state) {
    (void)state;
    struct simulation *simulation = begin(three);
    send_each(simulation, 2, HD_REASON_HTTP_5XX);
    assert_int_equal(hd__worker_remove_webhook(simulation->worker, "a", NULL), HD_OK);
    simulation_turns(simulation);
    assert_int_equal(condition_of(simulation, "ops").state, HD_WEBHOOK_ACTIVE); /* nothing of it is left to be found */
    put_watcher(simulation, "a", 1);
    send_each(simulation, 2, HD_REASON_HTTP_5XX);
    assert_string_equal(told(simulation), "");
    assert_int_equal(condition_of(simulation, "a").health.failures, 2);
    simulation_free(simulation);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_and_recovered),
        cmocka_unit_test(test_short_runs_are_not_told),
        cmocka_unit_test(test_what_alerts_say),
        cmocka_unit_test(test_no_storm),
        cmocka_unit_test(test_no_alert_about_alerts),
        cmocka_unit_test(test_paused),
        cmocka_unit_test(test_failing_then_paused),
        cmocka_unit_test(test_without_a_rule),
        cmocka_unit_test(test_own_faults_do_not_count),
        cmocka_unit_test(test_another_owner),
        cmocka_unit_test(test_removed),
    };
    int failed = 0;
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        const struct simulation_keeper *keeper = &simulation_keepers[i];
        simulation_use(keeper);
        failed |= cmocka_run_group_tests_name(keeper->name, tests, NULL, NULL);
    }
    return failed;
}
