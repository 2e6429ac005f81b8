/* SPDX-License-Identifier: MIT */
/** @file store_client_test.c A client with a durable store: what outlives it, and what it promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/process.h"
#include "support/stored.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------
 * What outlives the client
 */

static void test_webhooks_outlive_the_client(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = full_webhook(), *again = NULL;
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    put_webhook(client, webhook_at("plain", "/ok"));
    put_webhook(client, webhook_at("removed", "/ok"));
    assert_int_equal(hd_client_remove_webhook(client, "removed"), HD_OK);
    end(client, store);

    store = open_store();
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    assert_same_webhook(webhook, again);
    assert_int_equal(hd_webhook_version(again), 1);
    hd_webhook_free(again);
    assert_int_equal(hd_client_get_webhook(client, "removed", &again), HD_E_NOT_FOUND);
    put_webhook(client, webhook); /* a second time, and it comes back a second time */
    end(client, store);

    store = open_store();
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    assert_int_equal(hd_webhook_version(again), 2);
    hd_webhook_free(again);
    end(client, store);
}

static void test_log_outlives_the_client(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/word/500/why%20not"));
    send_event(client, message_for_tests(PROJECT, 42, 300));
    flush(client);
    hd_report *before = next_report(client);
    end(client, store);

    store = open_store();
    client = client_on(store);
    hd_log_page *page = page_of(client, NULL, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 1);
    const hd_report *after = hd_log_page_at(page, 0);
    size_t before_len, after_len;
    assert_string_equal(hd_report_delivery_id(after), hd_report_delivery_id(before));
    assert_int_equal(event_of(after), event_of(before));
    assert_string_equal(hd_report_webhook_id(after), WEBHOOK);
    assert_string_equal(hd_report_webhook_name(after), hd_report_webhook_name(before));
    assert_string_equal(hd_report_masked_url(after), hd_report_masked_url(before));
    assert_int_equal(hd_report_outcome(after), HD_OUTCOME_FAILED);
    assert_int_equal(hd_report_reason(after), hd_report_reason(before));
    assert_string_equal(hd_report_detail(after), hd_report_detail(before));
    assert_int_equal(hd_report_http_status(after), 500);
    assert_int_equal(hd_report_attempt(after), 1);
    assert_int_equal(hd_report_accepted_at_ms(after), hd_report_accepted_at_ms(before));
    assert_int_equal(hd_report_finished_at_ms(after), hd_report_finished_at_ms(before));
    assert_int_equal(hd_report_total_ms(after), hd_report_total_ms(before));
    assert_string_equal(hd_report_remote_address(after), hd_report_remote_address(before));
    assert_string_equal(hd_report_response_headers(after, &after_len), hd_report_response_headers(before, &before_len));
    assert_int_equal(after_len, before_len);
    assert_string_equal(hd_report_response_body(after, NULL), hd_report_response_body(before, NULL));
    assert_string_equal(hd_event_get(hd_report_event(after), HD_FIELD_MESSAGE_BODY, NULL),
                        hd_event_get(hd_report_event(before), HD_FIELD_MESSAGE_BODY, NULL));
    assert_string_equal(hd_event_get(hd_report_event(after), HD_FIELD_PROJECT, NULL), PROJECT);
    assert_int_equal(hd_report_may_be_repeated(after), 0);
    hd_log_page_free(page);
    hd_report_free(before);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What was not delivered
 */

/* How many of the next reports are marked as repeated. */
static size_t count_marked(hd_client *client, size_t reports) {
    size_t marked = 0;
    for (size_t i = 0; i < reports; i++) {
        hd_report *report = next_report(client);
        marked += hd_report_may_be_repeated(report) != 0;
        hd_report_free(report);
    }
    return marked;
}

/* An orderly end leaves what is not delivered in the store; what was under way then may come twice, and says so. */
static void test_rest_is_delivered_by_the_next_client(void **state) {
    (void)state;
    enum {
        EVENTS = 300
    };
    char first_id[64];
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 1; i <= EVENTS; i++)
        send_ticket(client, i);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    (void)snprintf(first_id, sizeof first_id, "%s", id_of(0));
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_CANCELED), 0);
    assert_int_equal(counter(client, HD_COUNTER_STORED), EVENTS);
    end(client, store);

    store = open_store();
    client = client_on(store);
    assert_eventually(counter(client, HD_COUNTER_STORED) == EVENTS);
    assert_int_equal(waiting_for(client, WEBHOOK), EVENTS);
    server_open_gate(server);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), EVENTS);
    assert_eventually(counter(client, HD_COUNTER_STORED) == 0);
    assert_int_equal(waiting_for(client, WEBHOOK), 0);
    assert_int_equal(server_requests(server), EVENTS + 1);
    size_t repeated = 0;
    for (int i = 0; i < EVENTS; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_event_ticket_number(hd_report_event(report)), i + 1); /* in the order of acceptance */
        if (hd_report_may_be_repeated(report)) {
            assert_string_equal(hd_report_delivery_id(report), first_id);
            repeated++;
        }
        hd_report_free(report);
    }
    assert_int_equal(repeated, 1);
    end(client, store);
}

static void test_crash_loses_nothing(void **state) {
    (void)state;
    enum {
        EVENTS = 50
    };
    struct process other;
    char url[256];
    process_start(&other, directory, HD_CLIENT_DELIVER, "");
    assert_int_equal(
        process_status(&other, "put %s %s %s", WEBHOOK, PROJECT, server_url(server, "/gate", url, sizeof url)), HD_OK);
    assert_int_equal(process_status(&other, "send-many %s 1 %d", PROJECT, EVENTS), HD_OK);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    process_kill(&other);
    server_open_gate(server);
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), EVENTS);
    assert_int_equal(count_marked(client, EVENTS), EVENTS);
    send_ticket(client, 1000); /* is not in doubt */
    assert_int_equal(count_marked(client, 1), 0);
    end(client, store);
}

/* Retries wait in the store, with their number, over a restart. */
static void test_retries_go_on(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/status/500");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 3), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
    put_webhook(client, webhook);
    send_ticket(client, 1);
    hd_report *first = next_report(client);
    assert_int_equal(hd_report_outcome(first), HD_OUTCOME_RETRYING);
    end_early(client, store);

    store = open_store();
    client = client_on(store);
    flush(client);
    for (uint32_t attempt = 2; attempt <= 3; attempt++) {
        hd_report *report = next_report(client);
        assert_string_equal(hd_report_delivery_id(report), hd_report_delivery_id(first));
        assert_int_equal(hd_report_attempt(report), attempt);
        assert_int_equal(hd_report_outcome(report), attempt == 3 ? HD_OUTCOME_FAILED : HD_OUTCOME_RETRYING);
        hd_report_free(report);
    }
    assert_int_equal(server_requests(server), 3);
    assert_int_equal(count_log(client), 3);
    hd_report_free(first);
    end(client, store);
}

/* The events of a ticket wait for one that is tried again, and those of other tickets do not. */
static void test_order_with_retries(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/status/503");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 40; i++)
        send_ticket(client, 7);
    assert_true(server_wait_requests(server, 2, PATIENCE_MS));
    end_early(client, store);
    assert_true(server_requests(server) < 8);
}

/* A ticket that fails, and all that waits for it, keeps no other ticket in the store. */
static void test_tickets_do_not_wait_for_each_other(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/status/503");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 3600000, 3600000), HD_OK);
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 100; i++)
        send_ticket(client, 1);
    send_ticket(client, 2);
    assert_true(server_wait_requests(server, 2, PATIENCE_MS));
    assert_non_null(strstr(server_request(server, 1)->body, "\"number\":2"));
    int64_t begun_ms = now_ms();
    assert_int_equal(hd_client_close(client, 4 * PATIENCE_MS), HD_E_TIMEOUT); /* there is nothing to wait for */
    assert_true(now_ms() - begun_ms < 2 * PATIENCE_MS);
    end(client, store);
}

/* A webhook that was removed still gets what was accepted for it, also by the next client. */
static void test_removed_webhook_gets_the_rest(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    put_webhook(client, webhook);
    for (int i = 0; i < 20; i++)
        send_ticket(client, i + 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    assert_int_equal(hd_client_remove_webhook(client, WEBHOOK), HD_OK);
    end_early(client, store);
    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    hd_webhook_list *list;
    assert_int_equal(hd_client_list_webhooks(client, NULL, &list), HD_OK);
    assert_int_equal(hd_webhook_list_count(list), 0);
    hd_webhook_list_free(list);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
    end(client, store);
}

/* An event that was damaged on the disk ends with a record that says so, and the others pass; a damaged webhook is left
 * out. */
static void test_damaged_events(void **state) {
    (void)state;
    enum {
        EVENTS = 100
    };
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < EVENTS; i++)
        send_ticket(client, i + 1);
    put_webhook(client, webhook_at("damaged", "/ok"));
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    change_database(directory,
                    "UPDATE webhook SET url = x'00' WHERE id = 'damaged';"
                    "UPDATE event SET body = x'7B' WHERE key IN (SELECT event FROM outbox ORDER BY id LIMIT 70)");
    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), EVENTS - 70);
    assert_int_equal(counter(client, HD_COUNTER_FAILED), 70);
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_reason(report), HD_REASON_INTERNAL);
    assert_true(*hd_report_detail(report) != '\0');
    assert_int_equal(hd_report_attempt(report), 0);
    hd_report_free(report);
    assert_int_equal(hd_client_get_webhook(client, "damaged", &webhook), HD_E_NOT_FOUND);
    end(client, store);
}

/* When nothing waits for it any more, nothing of a removed webhook's keys is left, and it may come again. */
static void test_removed_webhook_leaves_no_key(void **state) {
    (void)state;
    static const char keys[] = "SELECT max(length(url) + length(secret) + length(headers)) FROM webhook";
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = full_webhook();
    put_webhook(client, webhook);
    assert_true(ask_database(directory, keys) > 0);
    assert_int_equal(hd_client_remove_webhook(client, "full"), HD_OK);
    assert_eventually(ask_database(directory, keys) == 0);
    put_webhook(client, full_webhook());
    assert_true(ask_database(directory, keys) > 0);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Accepting
 */

#define SENDERS 8
#define EVENTS_EACH 25

static void *send_many(void *client) {
    for (int i = 0; i < EVENTS_EACH; i++)
        send_event(client, event_for_tests(HD_TICKET_CREATED, PROJECT, i + 1));
    return NULL;
}

/* Callers share commits; when one returns, its event is on disk: in another connection's eyes too. */
static void test_committed(void **state) {
    (void)state;
    pthread_t senders[SENDERS];
    hd_store *store = open_store();
    hd_client *client = committing_client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    put_webhook(client, webhook_at("second", "/ok/2"));
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&senders[i], NULL, send_many, client), 0);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_join(senders[i], NULL), 0);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), SENDERS * EVENTS_EACH * 2);
    assert_int_equal(count_log(client), SENDERS * EVENTS_EACH * 2);
    end(client, store);
}

/* Nobody wants it: it is accepted all the same. */
static void test_committed_without_subscriber(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = committing_client_on(store);
    send_ticket(client, 1);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
    assert_int_equal(count_log(client), 0);
    end(client, store);
}

/* A database that is full refuses events, says so, and goes on with what it has. */
static void test_full_store(void **state) {
    (void)state;
    int status = HD_OK, sent = 0;
    hd_store *store = open_store();
    assert_int_equal(hd_store_sqlite_set_max_bytes(store, 1000), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_set_max_bytes(store, 1048576), HD_OK);
    hd_client *client = committing_client_on(store);
    assert_int_equal(hd_store_sqlite_set_max_bytes(store, 1048576), HD_E_IN_USE);
    assert_int_equal(hd_store_set_retention(store, 1, 1, 1), HD_E_IN_USE);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (; status == HD_OK && sent < 1000; sent++) {
        hd_event *event = message_for_tests(PROJECT, sent + 1, 20000);
        status = hd_webhook_send(client, event, NULL);
        hd_event_free(event);
    }
    assert_int_equal(status, HD_E_STORE_FULL);
    assert_int_equal(hd_client_store_status(client), HD_E_STORE_FULL);
    assert_in_range(sent, 10, 60);
    assert_int_equal(counter(client, HD_COUNTER_STORED), sent - 1);
    end_early(client, store);
    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), sent - 1);
    end(client, store);
}

static uint64_t oldest_ticket(hd_client *client) {
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    size_t count = hd_log_page_count(page);
    int64_t number = count > 0 ? hd_event_ticket_number(hd_report_event(hd_log_page_at(page, count - 1))) : 0;
    hd_log_page_free(page);
    return (uint64_t)number;
}

/* The log keeps what the limits say, and the events that it still needs. */
static void test_retention(void **state) {
    (void)state;
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(NULL, 0, 0, 0), HD_E_INVALID);
    assert_int_equal(hd_store_set_retention(store, 0, -1, 0), HD_E_INVALID);
    assert_int_equal(hd_store_set_retention(store, 30, 0, 0), HD_OK);
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 1; i <= 200; i++)
        send_ticket(client, i);
    flush(client);
    assert_eventually(count_log(client) == 30);
    assert_true(oldest_ticket(client) > 100);
    end(client, store);
    store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 1, 0), HD_OK);
    client = client_on(store);
    assert_eventually(count_log(client) == 0);
    end(client, store);
}

/* The same by bytes: of reports whose events are of 20 KB, 200 KB keep no more than ten. */
static void test_retention_by_bytes(void **state) {
    (void)state;
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 0, 200000), HD_OK);
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 1; i <= 50; i++)
        send_event(client, message_for_tests(PROJECT, i, 20000));
    flush(client);
    assert_eventually(count_log(client) <= 10);
    assert_in_range(count_log(client), 1, 10);
    assert_true(oldest_ticket(client) > 30);
    end(client, store);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_webhooks_outlive_the_client),
        TEST(test_log_outlives_the_client),
        TEST(test_rest_is_delivered_by_the_next_client),
        TEST(test_crash_loses_nothing),
        TEST(test_retries_go_on),
        TEST(test_order_with_retries),
        TEST(test_tickets_do_not_wait_for_each_other),
        TEST(test_removed_webhook_gets_the_rest),
        TEST(test_damaged_events),
        TEST(test_removed_webhook_leaves_no_key),
        TEST(test_committed),
        TEST(test_committed_without_subscriber),
        TEST(test_full_store),
        TEST(test_retention),
        TEST(test_retention_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
