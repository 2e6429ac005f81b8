/* SPDX-License-Identifier: MIT */
/** @file health_test.c Webhooks that fail, as a program sees them, with real receivers: in memory and with a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/both.h"

#include <stdio.h>
#include <string.h>

/* In the tests' clients, three failures in a row are failing. */
static hd_client *client_with_rule(hd_options *options) {
    assert_int_equal(hd_options_set_alert_rule(options, 3, 0), HD_OK);
    return client_for_tests(options);
}

static void open_both_with_rule(void) {
    hd_store *store = open_store();
    take_both(client_with_rule(options_for_tests()), client_with_rule(options_with_store(store)), store);
}

static int state_of(hd_client *client, const char *id) {
    int state = -1;
    int64_t until_ms;
    assert_int_equal(hd_client_webhook_state(client, id, &state, &until_ms), HD_OK);
    return state;
}

static uint32_t failures_of(hd_client *client, const char *id) {
    uint32_t count = 77;
    assert_int_equal(hd_client_webhook_failures(client, id, &count, NULL, NULL), HD_OK);
    return count;
}

static void send_some(hd_client *client, int count) {
    for (int number = 1; number <= count; number++)
        send_ticket(client, number);
    flush(client);
}

static void press_test(hd_client *client, int outcome) {
    hd_report *report = NULL;
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 60000, &report), HD_OK);
    assert_int_equal(hd_report_outcome(report), outcome);
    hd_report_free(report);
}

static void test_failures(void **state) {
    (void)state;
    open_both_with_rule();
    for (int i = 0; i < 2; i++) {
        uint32_t count = 77;
        int reason = 77;
        int64_t since_ms = 77, began_ms = wall_ms();
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/503"));
        assert_int_equal(hd_client_webhook_failures(both[i], WEBHOOK, &count, &reason, &since_ms), HD_OK);
        assert_int_equal(count, 0);
        assert_int_equal(reason, 0);
        assert_true(since_ms == 0);
        send_some(both[i], 4);
        assert_int_equal(state_of(both[i], WEBHOOK), HD_WEBHOOK_FAILING);
        assert_int_equal(hd_client_webhook_failures(both[i], WEBHOOK, &count, &reason, &since_ms), HD_OK);
        assert_int_equal(count, 4);
        assert_int_equal(reason, HD_REASON_HTTP_5XX);
        assert_true(since_ms >= began_ms && since_ms <= wall_ms());
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        send_some(both[i], 1);
        assert_int_equal(state_of(both[i], WEBHOOK), HD_WEBHOOK_ACTIVE);
        assert_int_equal(failures_of(both[i], WEBHOOK), 0);
    }
    end_both();
}

/* Tests count nowhere but as tests: neither as failures, nor as the end of them. */
static void test_tests_do_not_count(void **state) {
    (void)state;
    open_both_with_rule();
    for (int i = 0; i < 2; i++) {
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/500"));
        for (int j = 0; j < 5; j++)
            press_test(both[i], HD_OUTCOME_FAILED);
        assert_int_equal(state_of(both[i], WEBHOOK), HD_WEBHOOK_ACTIVE);
        assert_int_equal(failures_of(both[i], WEBHOOK), 0);
        send_some(both[i], 3);
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        press_test(both[i], HD_OUTCOME_DELIVERED);
        assert_int_equal(failures_of(both[i], WEBHOOK), 3);
        assert_int_equal(state_of(both[i], WEBHOOK), HD_WEBHOOK_FAILING);
    }
    end_both();
}

/* With a store, everybody sees it: a process that only reads, and the next one. */
static void test_seen_by_others(void **state) {
    (void)state;
    hd_store *first = open_store();
    hd_client *client = client_with_rule(options_with_store(first));
    put_webhook(client, webhook_at(WEBHOOK, "/status/500"));
    send_some(client, 3);
    hd_store *second = open_store();
    hd_client *reader = client_as(HD_CLIENT_READ, second);
    assert_eventually(state_of(reader, WEBHOOK) == HD_WEBHOOK_FAILING);
    assert_int_equal(failures_of(reader, WEBHOOK), 3);
    end(client, first);
    client = client_with_rule(options_with_store(first = open_store()));
    assert_eventually(state_of(client, WEBHOOK) == HD_WEBHOOK_FAILING);
    assert_int_equal(failures_of(client, WEBHOOK), 3);
    end(client, first);
    end(reader, second);
}

/* An alert is signed and delivered like any event, and a receiver reads it. */
static void test_alert_arrives(void **state) {
    (void)state;
    open_both_with_rule();
    for (int i = 0; i < 2; i++) {
        hd_webhook *watcher = webhook_at("watcher", "/ok/alerts");
        for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++)
            assert_int_equal(hd_webhook_set_subscribed(watcher, type, type == HD_ALERT_FAILING), HD_OK);
        put_webhook(both[i], watcher);
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/500"));
        size_t before = server_requests_at(server, "/ok/alerts");
        send_some(both[i], 5);
        flush(both[i]);
        assert_eventually(server_requests_at(server, "/ok/alerts") == before + 1);
    }
    size_t seen = 0;
    for (size_t i = 0; i < server_requests(server); i++) {
        const struct request *request = server_request(server, i);
        hd_event *event = NULL;
        if (strcmp(request->path, "/ok/alerts") != 0)
            continue;
        assert_string_equal(request_header(request, "X-Helmdesk-Event"), "webhook.failing");
        assert_int_equal(hd_event_parse(request->body, request->body_len, &event), HD_OK);
        assert_string_equal(hd_event_get(event, HD_FIELD_WEBHOOK_ID, NULL), WEBHOOK);
        assert_string_equal(hd_event_get(event, HD_FIELD_FAILURE_REASON, NULL), "http_5xx");
        hd_event_free(event);
        seen++;
    }
    assert_int_equal(seen, 2);
    end_both();
}

static void test_bounds_of_the_rule(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_alert_rule(options, 1000000, 86400000), HD_OK);
    assert_int_equal(hd_options_set_alert_rule(options, 1000001, 1000), HD_E_INVALID);
    assert_int_equal(hd_options_set_alert_rule(options, 1, 86400001), HD_E_INVALID);
    assert_int_equal(hd_options_set_alert_rule(options, 0, 0), HD_OK);
    hd_options_free(options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tests_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seen_by_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alert_arrives, set_up, tear_down),
        cmocka_unit_test(test_bounds_of_the_rule),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
