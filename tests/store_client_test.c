/* SPDX-License-Identifier: MIT */
/** @file store_client_test.c A client with a durable store: what outlives it, what it promises, and that it answers as
 * one without a store does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/server.h"
#include "support/support.h"

#include "helmdesk/sqlite.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static struct server *server;

static int set_up(void **state) {
    (void)state;
    make_directory(directory);
    server = server_start();
    return server == NULL;
}

static int tear_down(void **state) {
    (void)state;
    server_stop(server);
    remove_directory(directory);
    return 0;
}

static hd_store *open_store(void) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    return store;
}

static hd_client *client_on(hd_store *store) {
    return client_for_tests(options_with_store(store));
}

static hd_client *committing_client_on(hd_store *store) {
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_options_set_accept_mode(options, HD_ACCEPT_COMMITTED), HD_OK);
    return client_for_tests(options);
}

static void end(hd_client *client, hd_store *store) {
    end_client(client);
    hd_store_free(store);
}

/* While something is still to be delivered. */
static void end_early(hd_client *client, hd_store *store) {
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    end(client, store);
}

static hd_webhook *webhook_at(const char *id, const char *path) {
    char url[256];
    return webhook_for_tests(id, PROJECT, server_url(server, path, url, sizeof url));
}

static hd_log_page *page_of(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit) {
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_query(client, filter, cursor, limit, &page), HD_OK);
    return page;
}

static size_t count_log(hd_client *client) {
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    size_t count = hd_log_page_count(page);
    hd_log_page_free(page);
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What outlives the client
 */

static void assert_same_webhook(const hd_webhook *a, const hd_webhook *b) {
    static const void *(*const secrets[])(const hd_webhook *, size_t *) = {hd_webhook_secret, hd_webhook_staged_secret,
                                                                           hd_webhook_previous_secret};
    assert_string_equal(hd_webhook_id(a), hd_webhook_id(b));
    assert_string_equal(hd_webhook_project(a), hd_webhook_project(b));
    assert_string_equal(hd_webhook_name(a), hd_webhook_name(b));
    assert_string_equal(hd_webhook_url(a), hd_webhook_url(b));
    for (int type = HD_TICKET_CREATED; type <= HD_MESSAGE_RECEIVED; type++)
        assert_int_equal(hd_webhook_event(a, type), hd_webhook_event(b, type));
    assert_int_equal(hd_webhook_format(a), hd_webhook_format(b));
    assert_int_equal(hd_webhook_mode(a), hd_webhook_mode(b));
    assert_int_equal(hd_webhook_max_in_flight(a), hd_webhook_max_in_flight(b));
    assert_int_equal(hd_webhook_max_attempts(a), hd_webhook_max_attempts(b));
    assert_int_equal(hd_webhook_retry_first_ms(a), hd_webhook_retry_first_ms(b));
    assert_int_equal(hd_webhook_retry_max_ms(a), hd_webhook_retry_max_ms(b));
    assert_int_equal(hd_webhook_ordered(a), hd_webhook_ordered(b));
    assert_int_equal(hd_webhook_standard_headers(a), hd_webhook_standard_headers(b));
    assert_int_equal(hd_webhook_header_count(a), hd_webhook_header_count(b));
    for (size_t i = 0; i < hd_webhook_header_count(a); i++) {
        assert_string_equal(hd_webhook_header_name(a, i), hd_webhook_header_name(b, i));
        assert_string_equal(hd_webhook_header_value(a, i), hd_webhook_header_value(b, i));
    }
    for (size_t i = 0; i < 3; i++) {
        size_t a_len, b_len;
        const void *a_secret = secrets[i](a, &a_len), *b_secret = secrets[i](b, &b_len);
        assert_int_equal(a_secret != NULL, b_secret != NULL);
        assert_int_equal(a_len, b_len);
        if (a_secret != NULL)
            assert_memory_equal(a_secret, b_secret, a_len);
    }
}

/* With every setting there is. */
static hd_webhook *full_webhook(void) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, "full"), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "other"), HD_OK);
    assert_int_equal(hd_webhook_set_name(webhook, "N\xC3\xA4me"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/services/T0/B0/url-key"), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, "whsec_Zmlyc3QgZmlyc3QgZmlyc3Q=", 30), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, "whsec_c2Vjb25kIHNlY29uZCBzZQ==", 30), HD_OK);
    assert_int_equal(hd_webhook_activate_secret(webhook), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, "with\0NUL", 8), HD_OK);
    assert_int_equal(hd_webhook_set_event(webhook, HD_TICKET_RESOLVED, 0), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 7), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 5), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 2000, 9000), HD_OK);
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_standard_headers(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-One", "header-key"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Two", ""), HD_OK);
    return webhook;
}

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
    assert_int_equal(hd_report_event_id(after), hd_report_event_id(before));
    assert_string_equal(hd_report_webhook_id(after), WEBHOOK);
    assert_string_equal(hd_report_webhook_name(after), hd_report_webhook_name(before));
    assert_string_equal(hd_report_masked_url(after), hd_report_masked_url(before));
    assert_int_equal(hd_report_outcome(after), HD_OUTCOME_FAILED);
    assert_int_equal(hd_report_reason(after), hd_report_reason(before));
    assert_string_equal(hd_report_detail(after), hd_report_detail(before));
    assert_int_equal(hd_report_http_status(after), 500);
    assert_int_equal(hd_report_attempts(after), 1);
    assert_int_equal(hd_report_accepted_at_ms(after), hd_report_accepted_at_ms(before));
    assert_int_equal(hd_report_finished_at_ms(after), hd_report_finished_at_ms(before));
    assert_int_equal(hd_report_total_ms(after), hd_report_total_ms(before));
    assert_string_equal(hd_report_remote_address(after), hd_report_remote_address(before));
    assert_string_equal(hd_report_response_headers(after, &after_len), hd_report_response_headers(before, &before_len));
    assert_int_equal(after_len, before_len);
    assert_string_equal(hd_report_response_body(after, NULL), hd_report_response_body(before, NULL));
    assert_string_equal(hd_event_message_body(hd_report_event(after)), hd_event_message_body(hd_report_event(before)));
    assert_string_equal(hd_event_project(hd_report_event(after)), PROJECT);
    assert_int_equal(hd_report_may_be_repeated(after), 0);
    hd_log_page_free(page);
    hd_report_free(before);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What was not delivered
 */

/* The delivery id of the request with this index. */
static const char *id_of(size_t index) {
    return request_header(server_request(server, index), "X-Helmdesk-Delivery");
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

    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    assert_int_equal(counter(client, HD_COUNTER_STORED), EVENTS);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), EVENTS);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 0);
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

/* Another process that opens the store: this program with an argument. */
static int be_second(const char *path) {
    hd_store *store = NULL;
    int status = hd_store_sqlite_open(path, NULL, 0, &store);
    hd_store_free(store);
    return status == HD_E_STORE_BUSY ? 0 : 1;
}

/* The process that is killed: this program with arguments. It says a byte when all is accepted. */
static int be_killed(int argc, char **argv) {
    hd_store *store = NULL;
    if (argc != 5 || hd_store_sqlite_open(argv[2], NULL, 0, &store) != HD_OK)
        return 1;
    hd_client *client = committing_client_on(store);
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, argv[3]));
    for (int i = atoi(argv[4]); i > 0; i--)
        send_ticket(client, i);
    (void)!write(STDOUT_FILENO, "x", 1);
    pause();
    return 1;
}

static const char *program;

static void crash_with(const char *events, const char *path) {
    int ready[2];
    char byte, url[256];
    (void)server_url(server, path, url, sizeof url);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ready[1], STDOUT_FILENO);
        execl(program, program, "be-killed", directory, url, events, (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[0]);
}

static void test_crash_loses_nothing(void **state) {
    (void)state;
    enum {
        EVENTS = 50
    };
    crash_with("50", "/gate");
    server_open_gate(server);
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), EVENTS);
    for (int i = 0; i < EVENTS; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_may_be_repeated(report), 1);
        hd_report_free(report);
    }
    send_ticket(client, 1000); /* is not in doubt */
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_may_be_repeated(report), 0);
    hd_report_free(report);
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
        assert_int_equal(hd_report_attempts(report), attempt);
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

/* What was damaged on the disk is left there, and the others pass. */
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
                    "UPDATE event SET body = x'7B' WHERE id IN (SELECT event FROM outbox ORDER BY id LIMIT 70)");
    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    assert_eventually(counter(client, HD_COUNTER_DELIVERED) == EVENTS - 70);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 70);
    assert_int_equal(hd_client_get_webhook(client, "damaged", &webhook), HD_E_NOT_FOUND);
    end(client, store);
}

/* When nothing waits for it any more, nothing of a removed webhook's keys is left. */
static void test_removed_webhook_leaves_no_key(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = full_webhook();
    put_webhook(client, webhook);
    assert_int_equal(hd_client_remove_webhook(client, "full"), HD_OK);
    end(client, store);
    assert_int_equal(ask_database(directory, "SELECT max(length(url) + length(secret) + length(headers)) FROM webhook"),
                     0);
    store = open_store();
    client = client_on(store);
    put_webhook(client, full_webhook()); /* it may come again */
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
    assert_int_equal(hd_store_sqlite_set_max_bytes(store, 1048576), HD_E_STATE);
    assert_int_equal(hd_store_set_retention(store, 1, 1), HD_E_STATE);
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

/* ------------------------------------------------------------------------------------------------------------------
 * As a client without a store
 */

static hd_client *both[2]; /* without, with */

static int same_page(const hd_log_page *a, const hd_log_page *b) {
    if (hd_log_page_count(a) != hd_log_page_count(b))
        return 0;
    for (size_t i = 0; i < hd_log_page_count(a); i++) {
        const hd_report *x = hd_log_page_at(a, i), *y = hd_log_page_at(b, i);
        if (hd_event_ticket_number(hd_report_event(x)) != hd_event_ticket_number(hd_report_event(y)) ||
            strcmp(hd_report_webhook_id(x), hd_report_webhook_id(y)) != 0 ||
            hd_report_outcome(x) != hd_report_outcome(y) || hd_report_reason(x) != hd_report_reason(y) ||
            hd_report_is_test(x) != hd_report_is_test(y) || hd_report_http_status(x) != hd_report_http_status(y))
            return 0;
    }
    return (hd_log_page_cursor(a) != NULL) == (hd_log_page_cursor(b) != NULL);
}

/* All pages of both, side by side; each has a filter of its own, since ids of deliveries are. */
static size_t compare_logs(hd_log_filter *const filters[2], size_t limit) {
    hd_log_page *a = page_of(both[0], filters[0], NULL, limit), *b = page_of(both[1], filters[1], NULL, limit);
    size_t found = hd_log_page_count(a);
    assert_true(same_page(a, b));
    while (hd_log_page_cursor(a) != NULL) {
        hd_log_page *next_a = page_of(both[0], filters[0], hd_log_page_cursor(a), limit);
        hd_log_page *next_b = page_of(both[1], filters[1], hd_log_page_cursor(b), limit);
        hd_log_page_free(a);
        hd_log_page_free(b);
        a = next_a;
        b = next_b;
        assert_true(same_page(a, b));
        found += hd_log_page_count(a);
    }
    hd_log_page_free(a);
    hd_log_page_free(b);
    return found;
}

static hd_log_stats *stats_of(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms) {
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(client, filter, bucket_ms, &stats), HD_OK);
    return stats;
}

/* Both tell the same, and as much as they find. */
static void compare_stats(hd_log_filter *const filters[2], size_t found) {
    hd_log_stats *a = stats_of(both[0], filters[0], 0), *b = stats_of(both[1], filters[1], 0);
    assert_int_equal(hd_log_stats_count(a), found);
    assert_int_equal(hd_log_stats_count(b), found);
    assert_int_equal(hd_log_stats_attempts(b), hd_log_stats_attempts(a));
    for (int outcome = HD_OUTCOME_DELIVERED; outcome <= HD_OUTCOME_RETRYING; outcome++)
        assert_int_equal(hd_log_stats_outcome(b, outcome), hd_log_stats_outcome(a, outcome));
    for (int reason = HD_REASON_DELIVERED; reason <= HD_REASON_PAUSED; reason++)
        assert_int_equal(hd_log_stats_reason(b, reason), hd_log_stats_reason(a, reason));
    hd_log_stats_free(a);
    hd_log_stats_free(b);
}

/* Times differ between the two: what the stored one tells is compared with its own reports. */
static void check_times(hd_log_filter *filter, int64_t since_ms, int64_t until_ms, int64_t parts) {
    int64_t bucket_ms = (until_ms - since_ms) / parts + 1;
    assert_int_equal(hd_log_filter_set_time(filter, since_ms, until_ms), HD_OK);
    hd_log_stats *stats = stats_of(both[1], filter, bucket_ms);
    hd_log_page *page = page_of(both[1], filter, NULL, 1000);
    uint64_t left = hd_log_page_count(page);
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        uint32_t ms = hd_report_total_ms(hd_log_page_at(page, i));
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), longest_ms);
    for (size_t bucket = 0; bucket < hd_log_stats_bucket_count(stats); bucket++) {
        int64_t start_ms = hd_log_stats_bucket_start_ms(stats, bucket);
        uint64_t counts[HD_OUTCOME_RETRYING + 1] = {0};
        for (size_t i = 0; i < hd_log_page_count(page); i++) {
            int64_t at_ms = hd_report_finished_at_ms(hd_log_page_at(page, i));
            counts[hd_report_outcome(hd_log_page_at(page, i))] += at_ms >= start_ms && at_ms < start_ms + bucket_ms;
        }
        for (int outcome = 0; outcome <= HD_OUTCOME_RETRYING; outcome++) {
            assert_int_equal(hd_log_stats_bucket_outcome(stats, bucket, outcome), counts[outcome]);
            left -= counts[outcome];
        }
    }
    assert_int_equal(left, 0);
    hd_log_page_free(page);
    hd_log_stats_free(stats);
}

/* The same happens to both, one event at a time, so that their logs have the same order. */
static void happen(int type, const char *project, int64_t number) {
    for (int i = 0; i < 2; i++) {
        send_event(both[i], event_for_tests(type, project, number));
        flush(both[i]);
    }
}

#define FIRST_COMBINATIONS (4 * 5 * 4 * 5 * 5)
#define MORE_COMBINATIONS (5 * 5 * 3 * 4)

/* Narrows a search by what happened, as a number below FIRST_COMBINATIONS says. */
static void narrow(hd_log_filter *filter, unsigned combination) {
    static const char *const projects[] = {PROJECT, "other", "none"};
    static const char *const webhooks[] = {WEBHOOK, "failing", "elsewhere", "none"};
    static const char *const texts[] = {"#7", "WEBHOOK", "http_5", "nowhere"};
    unsigned rest = combination;
    if (rest % 4)
        assert_int_equal(hd_log_filter_set_project(filter, projects[rest % 4 - 1]), HD_OK);
    rest /= 4;
    if (rest % 5)
        assert_int_equal(hd_log_filter_set_webhook(filter, webhooks[rest % 5 - 1]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_set_event(filter, (int)(rest % 4)), HD_OK);
    rest /= 4;
    assert_int_equal(hd_log_filter_set_outcome(filter, (int)(rest % 5)), HD_OK);
    rest /= 5;
    if (rest % 5)
        assert_int_equal(hd_log_filter_set_text(filter, texts[rest % 5 - 1]), HD_OK);
}

/* And by what became of it, as one below MORE_COMBINATIONS says; now and then by the delivery of one of all reports. */
static void narrow_more(hd_log_filter *filter, const hd_log_page *all, unsigned combination, unsigned report) {
    static const int reasons[] = {-1, HD_REASON_DELIVERED, HD_REASON_HTTP_5XX, HD_REASON_HTTP_404_410, HD_REASON_DNS};
    static const int statuses[][2] = {{0, 0}, {200, 299}, {404, 404}, {400, 599}, {100, 199}};
    unsigned rest = combination;
    assert_int_equal(hd_log_filter_set_reason(filter, reasons[rest % 5]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_set_http_status(filter, statuses[rest % 5][0], statuses[rest % 5][1]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_set_tests(filter, (int)(rest % 3)), HD_OK);
    rest /= 3;
    if (rest % 4 == 3)
        assert_int_equal(hd_log_filter_set_delivery(filter, hd_report_delivery_id(hd_log_page_at(
                                                                all, report % (unsigned)hd_log_page_count(all)))),
                         HD_OK);
}

static hd_log_page *all_reports[2];

/* Everything that both can be asked about what two numbers stand for. Returns how many reports that finds. */
static size_t compare(unsigned first, unsigned second) {
    hd_log_filter *filters[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hd_log_filter_new(&filters[i]), HD_OK);
        narrow(filters[i], first);
        narrow_more(filters[i], all_reports[i], second, first + second);
    }
    size_t found = compare_logs(filters, 1 + first % 9);
    compare_stats(filters, found);
    const hd_report *newest = hd_log_page_at(all_reports[1], 0);
    const hd_report *oldest = hd_log_page_at(all_reports[1], hd_log_page_count(all_reports[1]) - 1);
    check_times(filters[1], hd_report_finished_at_ms(oldest) + (first % 3 ? 0 : 20),
                hd_report_finished_at_ms(newest) + 1, 1 + second % 20);
    hd_log_filter_free(filters[0]);
    hd_log_filter_free(filters[1]);
    return found;
}

/* An attempt that another follows, so that a delivery has two reports. */
static void retry_once(void) {
    for (int i = 0; i < 2; i++) {
        char url[256];
        hd_webhook *webhook =
            webhook_for_tests("retrying", "third", server_url(server, "/status/503", url, sizeof url));
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
        assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
        put_webhook(both[i], webhook);
    }
    happen(HD_TICKET_CREATED, "third", 7);
}

static void test_log_answers_as_in_memory(void **state) {
    (void)state;
    static const unsigned one_more[11] = {1, 2, 3, 4, 5, 10, 15, 20, 25, 50, 225}; /* that narrow by one thing */
    hd_store *store = open_store();
    both[0] = client_for_tests(NULL);
    both[1] = client_on(store);
    retry_once();
    for (int i = 0; i < 2; i++) {
        hd_report *report;
        char url[256];
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        put_webhook(both[i], webhook_at("failing", "/status/500"));
        put_webhook(both[i],
                    webhook_for_tests("elsewhere", "other", server_url(server, "/status/404", url, sizeof url)));
        assert_int_equal(hd_webhook_test(both[i], WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
        hd_report_free(report);
        flush(both[i]);
    }
    for (int i = 0; i < 12; i++) {
        happen(HD_TICKET_CREATED + i % 3, "other", i + 1);
        for (int k = 0; k < 2; k++) /* two webhooks end in any order: one after the other */
            assert_int_equal(hd_client_remove_webhook(both[k], "failing"), HD_OK);
        happen(HD_TICKET_CREATED + i % 3, PROJECT, i + 1);
        for (int k = 0; k < 2; k++) {
            put_webhook(both[k], webhook_at("failing", "/status/500"));
            assert_int_equal(hd_client_remove_webhook(both[k], WEBHOOK), HD_OK);
        }
        happen(HD_TICKET_CREATED + i % 3, PROJECT, i + 1);
        for (int k = 0; k < 2; k++)
            put_webhook(both[k], webhook_at(WEBHOOK, "/ok"));
    }
    for (int i = 0; i < 2; i++)
        all_reports[i] = page_of(both[i], NULL, NULL, 1000);
    assert_int_equal(compare_logs((hd_log_filter *[2]){NULL, NULL}, 1000), 39);
    for (unsigned first = 0; first < FIRST_COMBINATIONS; first++)
        (void)compare(first, 0);
    for (unsigned second = 0; second < MORE_COMBINATIONS; second++)
        (void)compare(0, second);
    size_t found = 0;
    for (unsigned first = 0; first < FIRST_COMBINATIONS; first++)
        found += compare(first, one_more[first % 11]);
    assert_true(found > 100); /* or nothing was compared */
    for (int i = 0; i < 2; i++)
        hd_log_page_free(all_reports[i]);
    end_client(both[0]);
    end(both[1], store);
}

/* Statistics read a store in parts; where two meet, at a time that several reports have, nothing is lost or counted
 * twice. */
static void test_summary_of_many(void **state) {
    (void)state;
    enum {
        REPORTS = 25000
    };
    static const char fill[] =
        "INSERT INTO project VALUES(1, 'p'); INSERT INTO label VALUES(1, 'w', '', 'u');"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
        "INSERT INTO log SELECT i, 1000000 + i / 7, 1, 1, 1, i, 1, zeroblob(16), 0, 0, 0, 1 + i % 4, 0, '', 1, 200, 0, "
        "0, 0, 0, 0, 0, 0, i % 1000, '', x'', x'', 0 FROM n";
    hd_store_free(open_store());
    change_database(directory, fill);
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 0), HD_OK);
    hd_client *client = client_on(store);
    hd_log_stats *stats = stats_of(client, NULL, 0);
    assert_int_equal(hd_log_stats_count(stats), REPORTS);
    for (int outcome = HD_OUTCOME_DELIVERED; outcome <= HD_OUTCOME_RETRYING; outcome++)
        assert_int_equal(hd_log_stats_outcome(stats, outcome), REPORTS / 4);
    assert_int_equal(hd_log_stats_total_ms(stats, 500), 499);
    assert_int_equal(hd_log_stats_total_ms(stats, 990), 989);
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), 999);
    hd_log_stats_free(stats);
    end(client, store);
}

/* A store of an older version gets what newer searches need. */
static void test_older_store(void **state) {
    (void)state;
    hd_log_filter *filter = NULL;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/status/500"));
    send_ticket(client, 1);
    flush(client);
    end(client, store);
    change_database(directory, "DROP INDEX log_trouble_time; DROP INDEX event_redelivery; "
                               "ALTER TABLE event DROP COLUMN redelivery_of; PRAGMA user_version = 1");
    store = open_store();
    client = client_on(store);
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_reason(filter, HD_REASON_HTTP_5XX), HD_OK);
    hd_log_page *page = page_of(client, filter, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 1);
    hd_log_page_free(page);
    hd_log_filter_free(filter);
    end(client, store);
}

/* Bounds of time, each report's own and those beside it. */
static void test_log_by_time(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 0; i < 10; i++) {
        send_ticket(client, i + 1);
        flush(client);
        sleep_ms(3);
    }
    hd_log_page *all = page_of(client, NULL, NULL, 100);
    for (size_t i = 0; i < 10; i++) {
        hd_log_filter *filter;
        int64_t at_ms = hd_report_finished_at_ms(hd_log_page_at(all, i));
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_set_time(filter, at_ms, 0), HD_OK);
        hd_log_page *page = page_of(client, filter, NULL, 100);
        assert_int_equal(hd_log_page_count(page), i + 1);
        hd_log_page_free(page);
        assert_int_equal(hd_log_filter_set_time(filter, 0, at_ms), HD_OK);
        page = page_of(client, filter, NULL, 100);
        assert_int_equal(hd_log_page_count(page), 9 - i);
        hd_log_page_free(page);
        hd_log_filter_free(filter);
    }
    hd_log_page_free(all);
    static const char *const cursors[] = {"",     "1",    "-",    "1-",  "-1",
                                          "01-1", "1-01", "1-1 ", "a-b", "99999999999999999999-1"};
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
        hd_log_page *page;
        assert_int_equal(hd_log_query(client, NULL, cursors[i], 10, &page), HD_E_CURSOR);
    }
    end(client, store);
}

/* Two people change the same webhook: with both kinds of client, the second one is told. */
static void test_replace(void **state) {
    (void)state;
    hd_store *store = open_store();
    both[0] = client_for_tests(NULL);
    both[1] = client_on(store);
    for (int i = 0; i < 2; i++) {
        hd_webhook *first, *second, *new_one = webhook_at(WEBHOOK, "/ok");
        assert_int_equal(hd_client_replace_webhook(both[i], new_one), HD_OK);
        assert_int_equal(hd_client_replace_webhook(both[i], new_one), HD_E_CONFLICT);
        hd_webhook_free(new_one);
        assert_int_equal(hd_client_get_webhook(both[i], WEBHOOK, &first), HD_OK);
        assert_int_equal(hd_client_get_webhook(both[i], WEBHOOK, &second), HD_OK);
        assert_int_equal(hd_webhook_set_name(first, "first"), HD_OK);
        assert_int_equal(hd_webhook_set_name(second, "second"), HD_OK);
        assert_int_equal(hd_client_replace_webhook(both[i], first), HD_OK);
        assert_int_equal(hd_client_replace_webhook(both[i], second), HD_E_CONFLICT);
        assert_int_equal(hd_client_put_webhook(both[i], second), HD_OK);
        assert_int_equal(hd_client_remove_webhook(both[i], WEBHOOK), HD_OK);
        assert_int_equal(hd_client_replace_webhook(both[i], second), HD_E_CONFLICT);
        assert_int_equal(hd_client_remove_webhook(both[i], WEBHOOK), HD_E_NOT_FOUND);
        hd_webhook_free(first);
        hd_webhook_free(second);
    }
    assert_int_equal(hd_client_replace_webhook(NULL, NULL), HD_E_INVALID);
    end_client(both[0]);
    end(both[1], store);
}

/* What repeats a delivery, the newest first. */
static hd_log_page *redeliveries_of(hd_client *client, const char *delivery_id) {
    hd_log_filter *filter;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_redelivery_of(filter, delivery_id), HD_OK);
    hd_log_page *page = page_of(client, filter, NULL, 10);
    hd_log_filter_free(filter);
    return page;
}

/* A redelivery names what it repeats: in memory and in a store, after all of its attempts. */
static void test_redelivery_is_linked(void **state) {
    (void)state;
    hd_store *store = open_store();
    both[0] = client_for_tests(NULL);
    both[1] = client_on(store);
    for (int i = 0; i < 2; i++) {
        hd_webhook *webhook = webhook_at(WEBHOOK, "/status/500");
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
        assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1, 1), HD_OK);
        put_webhook(both[i], webhook);
        send_ticket(both[i], 1);
        send_ticket(both[i], 2);
        flush(both[i]);
        hd_report *first = next_report(both[i]);
        assert_null(hd_report_redelivery_of(first));
        assert_int_equal(hd_webhook_redeliver(both[i], hd_report_delivery_id(first), NULL), HD_OK);
        flush(both[i]);

        hd_log_page *page = redeliveries_of(both[i], hd_report_delivery_id(first));
        assert_int_equal(hd_log_page_count(page), 2); /* attempts */
        const hd_report *second = hd_log_page_at(page, 0);
        for (size_t k = 0; k < 2; k++)
            assert_string_equal(hd_report_redelivery_of(hd_log_page_at(page, k)), hd_report_delivery_id(first));
        assert_string_not_equal(hd_report_delivery_id(second), hd_report_delivery_id(first));

        /* One that repeats a redelivery names that. */
        assert_int_equal(hd_webhook_redeliver(both[i], hd_report_delivery_id(second), NULL), HD_OK);
        flush(both[i]);
        hd_log_page *third = redeliveries_of(both[i], hd_report_delivery_id(second));
        assert_int_equal(hd_log_page_count(third), 2);
        assert_string_equal(hd_report_redelivery_of(hd_log_page_at(third, 0)), hd_report_delivery_id(second));
        hd_log_page_free(third);
        hd_log_page_free(page);
        hd_report_free(first);
    }
    assert_null(hd_report_redelivery_of(NULL));
    end_client(both[0]);
    end(both[1], store);
}

/* One that waits when the client ends is still linked when the next one makes it. */
static void test_redelivery_outlives_the_client(void **state) {
    (void)state;
    char first_id[64];
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    flush(client);
    hd_report *first = next_report(client);
    (void)snprintf(first_id, sizeof first_id, "%s", hd_report_delivery_id(first));
    hd_report_free(first);
    put_webhook(client, webhook_at(WEBHOOK, "/gate"));
    assert_int_equal(hd_webhook_redeliver(client, first_id, NULL), HD_OK);
    assert_true(server_wait_requests(server, 2, PATIENCE_MS));
    end_early(client, store);

    server_open_gate(server);
    store = open_store();
    client = client_on(store);
    flush(client);
    hd_log_page *page = redeliveries_of(client, first_id);
    assert_int_equal(hd_log_page_count(page), 1);
    assert_string_equal(hd_report_redelivery_of(hd_log_page_at(page, 0)), first_id);
    hd_log_page_free(page);
    end(client, store);
}

/* The same event, to the same webhook, as a new delivery: of one report, and of a page of them. */
static void test_redeliver(void **state) {
    (void)state;
    hd_store *store = open_store();
    both[0] = client_for_tests(NULL);
    both[1] = client_on(store);
    for (int i = 0; i < 2; i++) {
        hd_log_filter *filter;
        hd_log_page *page = NULL;
        uint64_t id = 0;
        size_t sent, total = 0;
        char cursor[64];
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/500"));
        for (int number = 1; number <= 10; number++)
            send_ticket(both[i], number);
        flush(both[i]);
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok")); /* mended */
        hd_report *report = next_report(both[i]);
        assert_int_equal(hd_webhook_redeliver(both[i], hd_report_delivery_id(report), &id), HD_OK);
        assert_true(id > hd_report_event_id(report));
        flush(both[i]);
        assert_int_equal(counter(both[i], HD_COUNTER_DELIVERED), 1);
        assert_int_equal(hd_webhook_redeliver(both[i], "no-such-id", &id), HD_E_NO_DELIVERY);
        assert_int_equal(hd_webhook_redeliver(both[i], "01890000-0000-7000-8000-000000000000", &id), HD_E_NO_DELIVERY);
        assert_int_equal(hd_webhook_redeliver(both[i], NULL, &id), HD_E_INVALID);

        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_set_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
        strcpy(cursor, "");
        do {
            assert_int_equal(hd_webhook_redeliver_page(both[i], filter, *cursor ? cursor : NULL, 4, &sent, &page),
                             HD_OK);
            total += sent;
            (void)snprintf(cursor, sizeof cursor, "%s", hd_log_page_cursor(page) ? hd_log_page_cursor(page) : "");
            hd_log_page_free(page);
        } while (*cursor);
        assert_int_equal(total, 10);
        flush(both[i]);
        assert_int_equal(counter(both[i], HD_COUNTER_DELIVERED), 11);
        assert_int_equal(hd_client_remove_webhook(both[i], WEBHOOK), HD_OK);
        assert_int_equal(hd_webhook_redeliver(both[i], hd_report_delivery_id(report), &id), HD_E_NOT_FOUND);
        hd_report_free(report);
        hd_log_filter_free(filter);
    }
    end_client(both[0]);
    end(both[1], store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The directory
 */

static size_t find_in_files(const char *needle) {
    size_t found = 0, needle_len = strlen(needle);
    char path[512];
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        assert_int_equal(info.st_mode & 0777, 0600);
        FILE *file = fopen(path, "rb");
        char *data = malloc((size_t)info.st_size + 1);
        assert_non_null(file);
        assert_non_null(data);
        size_t len = fread(data, 1, (size_t)info.st_size, file);
        for (size_t i = 0; i + needle_len <= len; i++)
            found += memcmp(data + i, needle, needle_len) == 0;
        free(data);
        (void)fclose(file);
    }
    closedir(folder);
    return found;
}

static void test_sealed_secrets(void **state) {
    (void)state;
    static const char *const keys[] = {"whsec_Zmlyc3Q", "whsec_c2Vjb25k", "with\0NUL", "url-key", "header-key"};
    unsigned char key[HD_STORE_KEY_SIZE];
    hd_store *store = NULL;
    hd_client *client;
    hd_webhook *webhook = full_webhook(), *again;
    memset(key, 7, sizeof key);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(find_in_files(keys[i]), 0);
    end(client, store);

    for (int wrong = 0; wrong < 2; wrong++) { /* none, and another */
        key[0] = 8;
        assert_int_equal(hd_store_sqlite_open(directory, wrong ? key : NULL, wrong ? sizeof key : 0, &store), HD_OK);
        hd_options *options = options_with_store(store);
        assert_int_equal(hd_client_new(options, &client), HD_E_STORE_KEY);
        hd_options_free(options);
        hd_store_free(store);
    }

    key[0] = 7;
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    assert_same_webhook(webhook, again);
    hd_webhook_free(again);
    end(client, store);
    hd_webhook_free(webhook);
}

/* Whoever tries the wrong key has sent nothing: nothing is in doubt by it. */
static void test_wrong_key_is_no_crash(void **state) {
    (void)state;
    unsigned char key[HD_STORE_KEY_SIZE] = {1};
    hd_store *store = NULL;
    hd_client *client = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 10; i++)
        send_ticket(client, i + 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    store = open_store();
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_client_new(options, &client), HD_E_STORE_KEY);
    hd_options_free(options);
    hd_store_free(store);
    server_open_gate(server);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    flush(client);
    size_t marked = 0;
    for (int i = 0; i < 10; i++) {
        hd_report *report = next_report(client);
        marked += hd_report_may_be_repeated(report) != 0;
        hd_report_free(report);
    }
    assert_int_equal(marked, 1); /* the one that was under way at the close */
    end(client, store);
}

/* A store without key keeps secrets as they are; opened with one, it seals what is put from then on. */
static void test_key_comes_later(void **state) {
    (void)state;
    unsigned char key[HD_STORE_KEY_SIZE] = {1};
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = full_webhook(), *again;
    put_webhook(client, webhook);
    assert_true(find_in_files("url-key") > 0);
    end(client, store);
    assert_int_equal(hd_store_sqlite_open(directory, key, sizeof key, &store), HD_OK);
    client = client_on(store);
    assert_int_equal(hd_client_get_webhook(client, "full", &again), HD_OK);
    put_webhook(client, again);
    end(client, store);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_client_new(options, &client), HD_E_STORE_KEY);
    hd_options_free(options);
    hd_store_free(store);
}

static void write_file(const char *name, const char *text) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading beside the process that writes
 */

static hd_store *open_reader(void) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, &store), HD_OK);
    return store;
}

/* Over all bytes. While this process has the file's database open it must not be called: closing the file ends all of
 * SQLite's locks on it. */
static uint64_t sum_of_file(const char *name) {
    char path[512];
    uint64_t sum = 1;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;)
        sum = sum * 31 + (unsigned)byte;
    (void)fclose(file);
    return sum;
}

static uint64_t sum_of_database(void) {
    return sum_of_file("helmdesk.db");
}

/* What the directory holds: names, and all bytes but those of the index that readers share (-shm). */
static uint64_t sum_of_files(void) {
    uint64_t sum = 0;
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.' || strstr(entry->d_name, "-shm"))
            continue;
        uint64_t of_file = sum_of_file(entry->d_name);
        for (const char *letter = entry->d_name; *letter; letter++)
            of_file = of_file * 31 + (unsigned char)*letter;
        sum += of_file; /* whatever their order */
    }
    closedir(folder);
    return sum;
}

static void assert_nothing_can_be_written(hd_client *client, const char *delivery_id) {
    hd_webhook *webhook = NULL;
    hd_report *report = NULL;
    hd_log_page *page = NULL;
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_replace_webhook(client, webhook), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_remove_webhook(client, WEBHOOK), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_test(client, WEBHOOK, HD_TICKET_CREATED, 0, &report), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_redeliver(client, delivery_id, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_redeliver_page(client, NULL, NULL, 10, NULL, &page), HD_E_STORE_READ_ONLY);
    assert_null(page);
    hd_event_free(event);
    hd_webhook_free(webhook);
}

/* The log is read while the writer writes it, and what waits stays where it is. */
static void test_reader_beside_a_writer(void **state) {
    (void)state;
    hd_store *store = open_store(), *reading = open_reader(), *another = open_reader();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    hd_client *reader = client_on(reading);
    send_ticket(client, 1);
    flush(client);
    assert_int_equal(count_log(reader), 1);
    send_ticket(client, 2);
    flush(client);
    hd_log_page *page = page_of(reader, NULL, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 2);
    assert_int_equal(hd_event_ticket_number(hd_report_event(hd_log_page_at(page, 0))), 2);
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(reader, NULL, 0, &stats), HD_OK);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED), 2);
    hd_log_stats_free(stats);
    assert_nothing_can_be_written(reader, hd_report_delivery_id(hd_log_page_at(page, 0)));
    hd_log_page_free(page);
    assert_int_equal(count_log(client), 2);
    end_client(reader);
    hd_store_free(reading);
    hd_store_free(another);
    send_ticket(client, 3); /* the writer has lost nothing by that */
    flush(client);
    end(client, store);
    assert_int_equal(server_requests(server), 3);
}

/* A process that delivers: this program with arguments. It reads how often, a byte for each time, says a byte when each
 * is in the log, and ends well. */
static int be_writer(int argc, char **argv) {
    char byte;
    hd_store *store = NULL;
    if (argc != 4 || hd_store_sqlite_open(argv[2], NULL, 0, &store) != HD_OK)
        return 1;
    hd_client *client = client_on(store);
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, argv[3]));
    (void)!write(STDOUT_FILENO, "x", 1);
    for (int number = 1; read(STDIN_FILENO, &byte, 1) == 1; number++) {
        send_ticket(client, number);
        flush(client);
        (void)!write(STDOUT_FILENO, "x", 1);
    }
    end(client, store);
    return 0;
}

struct writer {
    pid_t process;
    int to, from; /* pipes */
};

static void await(const struct writer *writer) {
    char byte;
    assert_int_equal(read(writer->from, &byte, 1), 1);
}

static void have_deliver(const struct writer *writer) {
    assert_int_equal(write(writer->to, "x", 1), 1);
    await(writer);
}

static struct writer start_writer(const char *path) {
    int to[2], from[2];
    char url[256];
    (void)server_url(server, path, url, sizeof url);
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[1]);
        close(from[0]);
        execl(program, program, "be-writer", directory, url, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    const struct writer writer = {child, to[1], from[0]};
    await(&writer);
    return writer;
}

static void end_writer(const struct writer *writer) {
    int status = -1;
    close(writer->to);
    assert_int_equal(waitpid(writer->process, &status, 0), writer->process);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(writer->from);
}

/* Readers of one process see what another one delivers, and are in nobody's way: not of its end either. */
static void test_reader_beside_a_process(void **state) {
    (void)state;
    hd_webhook *webhook = NULL;
    hd_store *store = NULL;
    struct writer writer = start_writer("/ok");
    hd_store *reading[2] = {open_reader(), open_reader()};
    hd_client *readers[2] = {client_on(reading[0]), client_on(reading[1])};
    for (size_t delivered = 1; delivered <= 20; delivered++) {
        have_deliver(&writer);
        assert_int_equal(count_log(readers[delivered % 2]), delivered);
    }
    assert_int_equal(hd_client_get_webhook(readers[0], WEBHOOK, &webhook), HD_OK);
    hd_webhook_free(webhook);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_BUSY); /* the writer has it still */
    end(readers[0], reading[0]);
    have_deliver(&writer);
    end_writer(&writer);
    assert_int_equal(count_log(readers[1]), 21);
    assert_int_equal(hd_client_flush(readers[1], 0), HD_OK);
    end(readers[1], reading[1]);
    assert_int_equal(server_requests(server), 21);
}

static void assert_empty_and_private(const char *name) {
    char path[128];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_true(strstr(name, "-shm") || found.st_size == 0);
    assert_int_equal(unlink(path), 0);
}

/* After a good end, when nothing is beside the database, a reader leaves SQLite's own files there, and no more. */
static void test_reader_after_a_good_end(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    flush(client);
    end(client, store);
    uint64_t before = sum_of_files();
    store = open_reader();
    client = client_on(store);
    assert_int_equal(count_log(client), 1);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 0);
    end(client, store);
    assert_empty_and_private("helmdesk.db-wal");
    assert_empty_and_private("helmdesk.db-shm");
    assert_true(sum_of_files() == before);
}

/* After a crash, and without its writing a byte. */
static void test_reader_after_a_crash(void **state) {
    (void)state;
    crash_with("20", "/gate");
    uint64_t before = sum_of_files();
    size_t requests = server_requests(server);
    server_open_gate(server);
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK); /* http is not allowed; the webhook is shown as it is */
    hd_store *store = open_reader();
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    hd_client *client = client_for_tests(options);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_ON);
    hd_webhook_free(webhook);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 20);
    assert_int_equal(count_log(client), 0);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    end(client, store);
    assert_int_equal(server_requests(server), requests);
    assert_true(sum_of_files() == before);
    store = open_store(); /* everything is still there for a writer */
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
    end(client, store);
}

static void test_reader_of_nothing(void **state) {
    (void)state;
    hd_store *store = NULL;
    uint64_t before = sum_of_files();
    assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, &store), HD_E_STORE);
    assert_null(store);
    assert_true(sum_of_files() == before); /* and nothing was made */
    assert_int_equal(hd_store_sqlite_open_reader(NULL, NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open_reader(directory, "short", 5, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, NULL), HD_E_INVALID);
    write_file("helmdesk.db", ""); /* as it is for a moment when a store is made */
    assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, &store), HD_E_STORE);
    write_file("helmdesk.db", "no database, but longer than nothing");
    assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, &store), HD_E_STORE);
}

/* A reader brings nothing up to date. */
static void test_reader_of_another_version(void **state) {
    (void)state;
    static const char *const versions[] = {"PRAGMA user_version = 1000", "PRAGMA user_version = 1"};
    hd_store_free(open_store());
    for (size_t i = 0; i < 2; i++) {
        hd_store *store = NULL;
        change_database(directory, versions[i]);
        uint64_t before = sum_of_database();
        assert_int_equal(hd_store_sqlite_open_reader(directory, NULL, 0, &store), HD_E_STORE_VERSION);
        assert_null(store);
        assert_true(sum_of_database() == before);
    }
}

/* A webhook in a store whose URL the next client's options do not allow. */
static void test_http_is_not_allowed_any_more(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    end(client, store);
    hd_options *options = NULL;
    hd_report *report = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    store = open_store();
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    client = client_for_tests(options);
    assert_int_equal(hd_webhook_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_reason(report), HD_REASON_BLOCKED);
    assert_string_equal(hd_report_detail(report), "http is not allowed");
    hd_report_free(report);
    end(client, store);
    assert_int_equal(server_requests(server), 0);
}

/* What an earlier client left is left by one that is told so, whatever it sends itself. */
static void test_backlog_is_left(void **state) {
    (void)state;
    enum {
        LEFT = 30,
        OWN = 200
    };
    crash_with("30", "/gate");
    size_t requests = server_requests(server);
    server_open_gate(server);
    hd_options *options = options_for_tests();
    hd_store *store = open_store();
    assert_int_equal(hd_options_set_deliver_backlog(options, 2), HD_E_INVALID);
    assert_int_equal(hd_options_set_deliver_backlog(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_options_set_deliver_backlog(options, 0), HD_OK);
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    hd_client *client = client_for_tests(options);
    hd_report *report = NULL;
    assert_int_equal(hd_webhook_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    hd_report_free(report);
    for (int i = 0; i < OWN; i++)
        send_ticket(client, 1000 + i);
    for (int i = 0; i < 2; i++) { /* the test's, and one of its own */
        report = next_report(client);
        assert_true(hd_report_is_test(report) || hd_event_ticket_number(hd_report_event(report)) >= 1000);
        hd_report_free(report);
    }
    assert_int_equal(hd_client_flush(client, 0), HD_E_TIMEOUT);
    assert_int_equal(hd_client_close(client, PATIENCE_MS),
                     HD_E_TIMEOUT); /* something is left, and nobody waits for it */
    uint64_t stored = counter(client, HD_COUNTER_STORED), delivered = counter(client, HD_COUNTER_DELIVERED);
    assert_true(stored >= LEFT);
    assert_int_equal(stored + delivered, LEFT + OWN + 1);
    end(client, store);
    assert_int_equal(server_requests(server), requests + delivered);

    store = open_store();
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), stored);
    end(client, store);
}

static hd_client *client_without_backlog_on(hd_store *store) {
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_options_set_deliver_backlog(options, 0), HD_OK);
    return client_for_tests(options);
}

/* What is to be tried again is left for the next client too, and nobody waits for it. */
static void test_retry_is_left(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_without_backlog_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/status/503");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 20000, 20000), HD_OK);
    put_webhook(client, webhook);
    send_ticket(client, 1);
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_RETRYING);
    hd_report_free(report);
    int64_t begun_ms = now_ms();
    assert_int_equal(hd_client_close(client, 2 * PATIENCE_MS), HD_E_TIMEOUT);
    assert_true(now_ms() - begun_ms < 14000); /* the earliest time of the retry is after 16 s */
    assert_int_equal(counter(client, HD_COUNTER_STORED), 1);
    end(client, store);
    assert_int_equal(server_requests(server), 1);
}

/* What comes for an ordered webhook does not overtake what is left for it, however it comes. */
static void test_order_behind_what_is_left(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 3; i++)
        send_ticket(client, 7);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    server_open_gate(server);

    store = open_store();
    client = client_without_backlog_on(store);
    send_event(client, event_for_tests(HD_TICKET_RESOLVED, PROJECT, 7));
    hd_report *report = NULL; /* a test goes ahead of all, as ever */
    assert_int_equal(hd_webhook_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    hd_report_free(report);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 4);
    end(client, store);

    store = open_store();
    client = client_on(store);
    flush(client);
    for (int i = 0; i < 4; i++) {
        report = next_report(client);
        assert_int_equal(hd_event_type(hd_report_event(report)), i < 3 ? HD_TICKET_CREATED : HD_TICKET_RESOLVED);
        hd_report_free(report);
    }
    end(client, store);
}

static void test_refusals(void **state) {
    (void)state;
    hd_store *store = NULL, *second = NULL;
    char path[512];
    hd_client *client = NULL;
    assert_int_equal(hd_store_sqlite_open(NULL, NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open("", NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, "short", 5, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 32, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, NULL), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open("/nonexistent/deeper", NULL, 0, &store), HD_E_STORE);
    assert_int_equal(hd_store_sqlite_open("/dev/null", NULL, 0, &store), HD_E_STORE);
    assert_null(store);
    store = open_store();
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &second), HD_E_STORE_BUSY);
    client = client_on(store);
    hd_options *options = options_for_tests();
    hd_client *other = NULL;
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    assert_int_equal(hd_client_new(options, &other), HD_E_STATE);
    hd_options_free(options);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, directory, (char *)NULL);
        _exit(127);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    end(client, store);
    store = open_store(); /* again, in the same process */
    hd_store_free(store);
    hd_store_free(NULL);
    (void)snprintf(path, sizeof path, "%s/helmdesk.db", directory);
    assert_int_equal(unlink(path), 0);
    write_file("helmdesk.db", "this is no database, and it is long enough to be taken for one: "
                              "0123456789012345678901234567890123456789012345678901234567890123456789");
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE);
}

/* The log keeps what the limits say, and the events that it still needs. */
static void test_retention(void **state) {
    (void)state;
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(NULL, 0, 0), HD_E_INVALID);
    assert_int_equal(hd_store_set_retention(store, 0, -1), HD_E_INVALID);
    assert_int_equal(hd_store_set_retention(store, 30, 0), HD_OK);
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 1; i <= 200; i++)
        send_ticket(client, i);
    flush(client);
    assert_eventually(count_log(client) == 30);
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    assert_int_equal(hd_event_ticket_number(hd_report_event(hd_log_page_at(page, 0))) > 150, 1);
    hd_log_page_free(page);
    end(client, store);
    store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 1), HD_OK);
    client = client_on(store);
    assert_eventually(count_log(client) == 0);
    end(client, store);
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc > 1)
        return argc == 2 ? be_second(argv[1]) : argc == 4 ? be_writer(argc, argv) : be_killed(argc, argv);
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
        TEST(test_log_answers_as_in_memory),
        TEST(test_summary_of_many),
        TEST(test_older_store),
        TEST(test_log_by_time),
        TEST(test_replace),
        TEST(test_redeliver),
        TEST(test_redelivery_is_linked),
        TEST(test_redelivery_outlives_the_client),
        TEST(test_sealed_secrets),
        TEST(test_wrong_key_is_no_crash),
        TEST(test_key_comes_later),
        TEST(test_reader_beside_a_writer),
        TEST(test_reader_after_a_crash),
        TEST(test_reader_beside_a_process),
        TEST(test_reader_after_a_good_end),
        TEST(test_reader_of_nothing),
        TEST(test_reader_of_another_version),
        TEST(test_http_is_not_allowed_any_more),
        TEST(test_backlog_is_left),
        TEST(test_retry_is_left),
        TEST(test_order_behind_what_is_left),
        TEST(test_refusals),
        TEST(test_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
