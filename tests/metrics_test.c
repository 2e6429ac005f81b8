/* SPDX-License-Identifier: MIT */
/** @file metrics_test.c The figures of a client for monitoring, in memory and with a durable store: as text, which a
 * strict reader of OpenMetrics reads, and as numbers of a webhook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/openmetrics.h"
#include "support/stored.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The text ---- */

static char *text_of(hd_client *client, size_t *length) {
    size_t size = 0;
    char *text = NULL;
    int status;
    while ((status = hd_client_metrics(client, text, size, length)) == HD_E_BUFFER) {
        assert_true(*length >= size);
        free(text);
        text = malloc(size = *length + 1);
        assert_non_null(text);
    }
    assert_int_equal(status, HD_OK);
    return text;
}

static struct metrics *read_metrics(hd_client *client) {
    size_t length;
    char *text = text_of(client, &length);
    struct metrics *metrics = metrics_read(text, length);
    free(text);
    return metrics;
}

static double value_once(hd_client *client, const char *name) {
    struct metrics *metrics = read_metrics(client);
    double value = metrics_value(metrics, name, NULL);
    metrics_free(metrics);
    return value;
}

static uint64_t counter_of(hd_client *client, const char *id, int which) {
    uint64_t value = 77;
    assert_int_equal(hd_client_webhook_counter(client, id, which, &value), HD_OK);
    return value;
}

static hd_webhook *patient_webhook(const char *id, const char *path, uint32_t attempts) {
    hd_webhook *webhook = webhook_at(id, path);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, attempts), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1, 1), HD_OK);
    return webhook;
}

static hd_webhook *held_webhook(const char *id) {
    hd_webhook *webhook = webhook_at(id, "/ok");
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    return webhook;
}

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OF(id) "webhook=" id, "project=" PROJECT, "name="

/* ---- Each keeper ---- */

static void on_each_keeper(void (*check)(hd_client *client)) {
    hd_client *client = client_for_tests(NULL);
    check(client);
    end_client(client);
    hd_store *store = open_store();
    client = client_on(store);
    check(client);
    end(client, store);
}

static void check_nothing(hd_client *client) {
    struct metrics *metrics = read_metrics(client);
    assert_true(metrics_value(metrics, "helmdesk_events_accepted_total", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_events_pending", NULL) == 0);
    assert_int_equal(metrics_count(metrics, "helmdesk_webhook_waiting"), 0);
    metrics_free(metrics);
}

static void test_nothing(void **state) {
    (void)state;
    on_each_keeper(check_nothing);
}

static void check_client(const struct metrics *metrics) {
    assert_true(metrics_value(metrics, "helmdesk_events_accepted_total", NULL) == 3);
    assert_true(metrics_value(metrics, "helmdesk_events_refused_total", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_events_pending", NULL) >= 0);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_delivered_total", NULL) == 3);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_failed_total", NULL) == 3);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_canceled_total", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_dropped_total", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_attempts_retried_total", NULL) == 3);
    assert_true(metrics_value(metrics, "helmdesk_reports_missed_total", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_waiting", NULL) == 3);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_in_flight", NULL) == 0);
    assert_true(metrics_value(metrics, "helmdesk_deliveries_stored", NULL) >= 0);
}

/* Each of three deliveries arrives. */
static void check_good(const struct metrics *metrics) {
    assert_true(metrics_value(metrics, "helmdesk_webhook_deliveries_total", LABELS(OF("good"), "outcome=delivered")) ==
                3);
    assert_true(metrics_value(metrics, "helmdesk_webhook_deliveries_total", LABELS(OF("good"), "outcome=failed")) == 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_deliveries_total", LABELS(OF("good"), "outcome=canceled")) ==
                0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempts_total", LABELS(OF("good"))) == 3);
    assert_true(metrics_value(metrics, "helmdesk_webhook_retries_total", LABELS(OF("good"))) == 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_waiting", LABELS(OF("good"))) == 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_oldest_waiting_seconds", LABELS(OF("good"))) == 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_state", LABELS(OF("good"), "helmdesk_webhook_state=active")) ==
                1);
    assert_true(metrics_value(metrics, "helmdesk_webhook_state", LABELS(OF("good"), "helmdesk_webhook_state=paused")) ==
                0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_queue_duration_seconds_count", LABELS(OF("good"))) == 3);
}

/* Each of three deliveries is tried twice. */
static void check_bad(const struct metrics *metrics) {
    assert_true(metrics_value(metrics, "helmdesk_webhook_deliveries_total", LABELS(OF("bad"), "outcome=failed")) == 3);
    assert_true(metrics_value(metrics, "helmdesk_webhook_deliveries_total", LABELS(OF("bad"), "outcome=delivered")) ==
                0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempts_total", LABELS(OF("bad"))) == 6);
    assert_true(metrics_value(metrics, "helmdesk_webhook_retries_total", LABELS(OF("bad"))) == 3);
    assert_true(metrics_value(metrics, "helmdesk_webhook_failures_total", LABELS(OF("bad"), "reason=http_5xx")) == 6);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempt_duration_seconds_count", LABELS(OF("bad"))) == 6);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempt_duration_seconds_sum", LABELS(OF("bad"))) >= 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_queue_duration_seconds_count", LABELS(OF("bad"))) == 3);
}

/* All three wait. */
static void check_held(const struct metrics *metrics) {
    assert_true(metrics_value(metrics, "helmdesk_webhook_waiting", LABELS(OF("held"))) == 3);
    assert_true(metrics_value(metrics, "helmdesk_webhook_oldest_waiting_seconds", LABELS(OF("held"))) > 0);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempts_total", LABELS(OF("held"))) == 0);
}

static void check_deliveries(hd_client *client) {
    put_webhook(client, webhook_at("good", "/ok"));
    put_webhook(client, patient_webhook("bad", "/status/500", 2));
    put_webhook(client, held_webhook("held"));
    for (int i = 1; i <= 3; i++)
        send_ticket(client, i);
    assert_eventually(counter_of(client, "bad", HD_COUNTER_FAILED) == 3);
    assert_eventually(counter_of(client, "good", HD_COUNTER_DELIVERED) == 3);
    assert_eventually(value_once(client, "helmdesk_deliveries_in_flight") == 0);
    assert_eventually(value_once(client, "helmdesk_deliveries_waiting") == 3);
    struct metrics *metrics = read_metrics(client);
    check_client(metrics);
    check_good(metrics);
    check_bad(metrics);
    check_held(metrics);
    assert_int_equal(metrics_count(metrics, "helmdesk_webhook_failures_total"), 1);
    metrics_free(metrics);
    assert_int_equal(counter_of(client, "bad", HD_COUNTER_RETRIED), 3);
    assert_int_equal(counter_of(client, "bad", HD_COUNTER_DELIVERED), 0);
    assert_int_equal(counter_of(client, "bad", HD_COUNTER_DROPPED), 0);
    assert_int_equal(hd_client_discard(client, "held", NULL), HD_OK);
    assert_eventually(counter_of(client, "held", HD_COUNTER_CANCELED) == 3);
}

static void test_deliveries(void **state) {
    (void)state;
    on_each_keeper(check_deliveries);
}

/* A bucket has all that took at most so long. */
static void check_slow(hd_client *client) {
    put_webhook(client, webhook_at("slow", "/delay/300"));
    send_ticket(client, 1);
    flush(client);
    assert_eventually(counter_of(client, "slow", HD_COUNTER_DELIVERED) == 1);
    struct metrics *metrics = read_metrics(client);
#define BUCKET "helmdesk_webhook_attempt_duration_seconds_bucket"
    assert_true(metrics_value(metrics, BUCKET, LABELS(OF("slow"), "le=0.01")) == 0);
    assert_true(metrics_value(metrics, BUCKET, LABELS(OF("slow"), "le=0.25")) == 0);
    assert_true(metrics_value(metrics, BUCKET, LABELS(OF("slow"), "le=5.0")) == 1);
    assert_true(metrics_value(metrics, BUCKET, LABELS(OF("slow"), "le=+Inf")) == 1);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempt_duration_seconds_sum", LABELS(OF("slow"))) >= 0.299);
    metrics_free(metrics);
}

static void test_histogram(void **state) {
    (void)state;
    on_each_keeper(check_slow);
}

/* Put again it goes on; removed, or in another project, it ends. */
static void check_life(hd_client *client) {
    put_webhook(client, webhook_at("w", "/ok"));
    send_ticket(client, 1);
    assert_eventually(counter_of(client, "w", HD_COUNTER_DELIVERED) == 1);
    hd_webhook *renamed = webhook_at("w", "/ok/2");
    assert_int_equal(hd_webhook_set_name(renamed, "new"), HD_OK);
    put_webhook(client, renamed);
    send_ticket(client, 2);
    assert_eventually(counter_of(client, "w", HD_COUNTER_DELIVERED) == 2);
    struct metrics *metrics = read_metrics(client);
    assert_true(metrics_value(metrics, "helmdesk_webhook_attempts_total",
                              LABELS("webhook=w", "project=" PROJECT, "name=new")) == 2);
    assert_int_equal(metrics_count(metrics, "helmdesk_webhook_attempts_total"), 1);
    metrics_free(metrics);
    char url[256];
    put_webhook(client, webhook_for_tests("w", "other", server_url(server, "/ok", url, sizeof url)));
    assert_int_equal(counter_of(client, "w", HD_COUNTER_DELIVERED), 0);
    assert_int_equal(hd_client_remove_webhook(client, "w"), HD_OK);
    assert_int_equal(hd_client_webhook_counter(client, "w", HD_COUNTER_DELIVERED, &(uint64_t){0}), HD_E_NOT_FOUND);
    assert_true(value_once(client, "helmdesk_deliveries_delivered_total") == 2);
    put_webhook(client, webhook_at("w", "/ok"));
    assert_int_equal(counter_of(client, "w", HD_COUNTER_DELIVERED), 0);
}

static void test_life_of_a_series(void **state) {
    (void)state;
    on_each_keeper(check_life);
}

/* Names and ids are the customers' and the program's. Control characters are not let in. */
static void check_names(hd_client *client) {
    static const char hostile[] = "a \"quote\", a \\ and \\n}{=, N\xC3\xA4me \xF0\x9F\x99\x82 \xE2\x80\xA8#";
    hd_webhook *webhook = webhook_at("w\"\\n,}", "/ok/key-in-the-path");
    assert_int_equal(hd_webhook_set_name(webhook, "two\nlines"), HD_E_WEBHOOK_NAME);
    assert_int_equal(hd_webhook_set_name(webhook, hostile), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "p\"\\"), HD_OK);
    put_webhook(client, webhook);
    char name[256];
    snprintf(name, sizeof name, "name=%s", hostile);
    size_t length;
    char *text = text_of(client, &length);
    struct metrics *metrics = metrics_read(text, length);
    assert_true(metrics_value(metrics, "helmdesk_webhook_waiting", LABELS("webhook=w\"\\n,}", "project=p\"\\", name)) ==
                0);
    assert_null(strstr(text, "key-in-the-path"));
    assert_null(strstr(text, "127.0.0.1"));
    assert_null(strstr(text, "secret of"));
    metrics_free(metrics);
    free(text);
}

static void test_hostile_names(void **state) {
    (void)state;
    on_each_keeper(check_names);
}

/* ---- States ---- */

static int has_state(hd_client *client, const char *id, const char *state) {
    char label[64], pair[64];
    struct metrics *metrics = read_metrics(client);
    snprintf(label, sizeof label, "webhook=%s", id);
    snprintf(pair, sizeof pair, "helmdesk_webhook_state=%s", state);
    double value = metrics_value(metrics, "helmdesk_webhook_state", LABELS(label, "project=" PROJECT, "name=", pair));
    metrics_free(metrics);
    return value == 1;
}

static hd_options *with_pause_rule(hd_options *options) {
    assert_int_equal(hd_options_set_pause_rule(options, 1, 3600000), HD_OK);
    return options;
}

static void check_states(hd_client *client) {
    put_webhook(client, webhook_at("failing", "/status/500"));
    put_webhook(client, webhook_at("busy", "/busy/200"));
    assert_true(has_state(client, "failing", "active"));
    send_ticket(client, 1);
    assert_eventually(has_state(client, "failing", "paused"));
    assert_false(has_state(client, "failing", "active"));
    assert_eventually(has_state(client, "busy", "throttled") || has_state(client, "busy", "paused"));
}

static void test_states(void **state) {
    (void)state;
    hd_client *client = client_for_tests(with_pause_rule(options_for_tests()));
    check_states(client);
    end_client(client);
    hd_store *store = open_store(), *second = open_store();
    client = client_for_tests(with_pause_rule(options_with_store(store)));
    check_states(client);
    hd_client *reader = client_as(HD_CLIENT_READ, second); /* what waits and the state are the store's */
    assert_true(has_state(reader, "failing", "paused"));
    assert_int_equal(counter_of(reader, "failing", HD_COUNTER_FAILED), 0);
    end(reader, second);
    end(client, store);
}

/* The options of a program that allows no such URL. */
static void test_forbidden(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at("w", "/ok"));
    end(client, store);
    store = open_store();
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    client = client_for_tests(options);
    assert_true(has_state(client, "w", "forbidden"));
    end(client, store);
}

/* ---- Calls ---- */

static void check_calls(hd_client *client) {
    size_t length = 0, needed = 0;
    uint64_t value = 77;
    put_webhook(client, held_webhook("w"));
    assert_int_equal(hd_client_metrics(client, NULL, 0, &needed), HD_E_BUFFER);
    assert_true(needed > 1000);
    char *text = malloc(needed + 1);
    assert_non_null(text);
    text[0] = '\x55';
    assert_int_equal(hd_client_metrics(client, text, needed, &length), HD_E_BUFFER);
    assert_int_equal(length, needed);
    assert_int_equal(text[0], '\x55');
    assert_int_equal(hd_client_metrics(client, text, needed + 1, &length), HD_OK);
    assert_int_equal(strlen(text), length);
    free(text);
    assert_int_equal(hd_client_metrics(NULL, NULL, 0, &length), HD_E_INVALID);
    assert_int_equal(hd_client_metrics(client, NULL, 1, &length), HD_E_INVALID);
    assert_int_equal(hd_client_metrics(client, NULL, 0, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_counter(client, "w", HD_COUNTER_ACCEPTED, &value), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_counter(client, "w", -1, &value), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_counter(client, "none", HD_COUNTER_FAILED, &value), HD_E_NOT_FOUND);
    assert_int_equal(hd_client_webhook_counter(client, NULL, HD_COUNTER_FAILED, &value), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_counter(client, "w", HD_COUNTER_FAILED, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_counter(NULL, "w", HD_COUNTER_FAILED, &value), HD_E_INVALID);
    assert_int_equal(value, 77);
    (void)hd_client_close(client, 0);
    metrics_free(read_metrics(client)); /* of a client that is closed, too */
}

static void test_calls(void **state) {
    (void)state;
    on_each_keeper(check_calls);
}

static _Atomic int called_status;

static void call_in_logger(void *user, int level, const char *message) {
    size_t length;
    hd_client **client = user;
    (void)level, (void)message;
    if (*client)
        atomic_store(&called_status, hd_client_metrics(*client, NULL, 0, &length));
}

/* The worker would wait for itself. */
static void test_on_the_worker(void **state) {
    (void)state;
    static hd_client *client;
    hd_options *options = options_for_tests();
    client = NULL;
    atomic_store(&called_status, HD_OK);
    assert_int_equal(hd_options_set_logger(options, call_in_logger, &client), HD_OK);
    client = client_for_tests(options);
    put_webhook(client, webhook_at("w", "/status/500"));
    send_ticket(client, 1);
    flush(client);
    assert_int_equal(atomic_load(&called_status), HD_E_WRONG_THREAD);
    end_client(client);
}

/* ---- Threads ---- */

static atomic_int is_over;

static void *scrape(void *user) {
    hd_client *client = user;
    size_t length;
    while (!atomic_load(&is_over)) {
        free(text_of(client, &length));
        (void)hd_client_webhook_counter(client, "w", HD_COUNTER_DELIVERED, &(uint64_t){0});
    }
    return NULL;
}

/* While deliveries end, and the webhook is put and removed. */
static void check_threads(hd_client *client) {
    pthread_t threads[2];
    size_t rounds = volume(200);
    atomic_store(&is_over, 0);
    put_webhook(client, webhook_at("w", "/ok"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, scrape, client), 0);
    for (size_t i = 0; i < rounds; i++) {
        if (i % 20 == 10)
            assert_int_equal(hd_client_remove_webhook(client, "w"), HD_OK);
        if (i % 10 == 0)
            put_webhook(client, webhook_at("w", i % 3 ? "/ok" : "/status/500"));
        send_ticket(client, (int64_t)i + 1);
    }
    flush(client);
    atomic_store(&is_over, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), rounds);
}

static void test_threads(void **state) {
    (void)state;
    on_each_keeper(check_threads);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),       TEST(test_deliveries), TEST(test_histogram), TEST(test_life_of_a_series),
        TEST(test_hostile_names), TEST(test_states),     TEST(test_forbidden), TEST(test_calls),
        TEST(test_on_the_worker), TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
