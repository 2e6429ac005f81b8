/* SPDX-License-Identifier: MIT */
/** @file storm_test.c Everything at once: 16 threads send to 100 webhooks while others change webhooks, press Test,
 * read the log and pull reports, and the client is closed in the middle of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/server.h"
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENDERS 16
#define STEADY 90   /* webhooks that stay as they are */
#define CHANGING 10 /* webhooks that come, go and change */
#define EVENTS_MAX 40
#define BACKLOG 20 /* events */

struct sender {
    pthread_t thread;
    struct storm *storm;
    uint64_t accepted[EVENTS_MAX];
    size_t accepted_count;
    int last_status;
};

struct storm {
    hd_client *client;
    struct server *server;
    size_t events; /* of each sender */
    atomic_int over;
    struct sender senders[SENDERS];
    uint64_t *reported; /* event ids of the last reports of steady webhooks */
    size_t reported_count;
    size_t reported_max;
};

static hd_webhook *webhook_named(const struct storm *storm, const char *kind, size_t number, const char *secret) {
    char id[32];
    char path[32];
    char url[128];
    (void)snprintf(id, sizeof id, "%s-%zu", kind, number);
    (void)snprintf(path, sizeof path, number % 10 == 7 ? "/reset/%zu" : "/ok/%zu", number);
    hd_webhook *webhook = webhook_for_tests(id, PROJECT, server_url(storm->server, path, url, sizeof url));
    if (secret != NULL)
        assert_int_equal(hd_webhook_set_secret(webhook, secret, strlen(secret)), HD_OK);
    return webhook;
}

static void *send_all(void *argument) {
    struct sender *sender = argument;
    for (size_t i = 0; i < sender->storm->events && sender->last_status == HD_OK; i++) {
        char id[HD_ID_SIZE];
        while (counter(sender->storm->client, HD_COUNTER_PENDING) > BACKLOG)
            sleep_ms(1); /* so that not all is accepted before the close */
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, (int64_t)i + 1);
        sender->last_status = hd_webhook_send(sender->storm->client, event, id);
        hd_event_free(event);
        if (sender->last_status == HD_OK)
            sender->accepted[sender->accepted_count++] = number_of_id(id);
    }
    return NULL;
}

/* Under valgrind, which runs one thread at a time, one that never waits would leave nothing to the others. */
static void breathe(void) {
    if (runs_slowly())
        sleep_ms(5);
}

/* Webhooks come, get another secret and another mode, and go. */
static void *change_webhooks(void *argument) {
    struct storm *storm = argument;
    for (size_t i = 0; !atomic_load(&storm->over); i++) {
        char id[32];
        int state = -1;
        hd_webhook *webhook = webhook_named(storm, "changing", i % CHANGING, i % 2 ? "another secret" : NULL);
        assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_OFF + (int)(i % 3)), HD_OK);
        int status = hd_client_put_webhook(storm->client, webhook);
        hd_webhook_free(webhook);
        assert_true(status == HD_OK || status == HD_E_CLOSED);
        (void)snprintf(id, sizeof id, "changing-%zu", (i * 7) % CHANGING);
        status = hd_client_remove_webhook(storm->client, id);
        assert_true(status == HD_OK || status == HD_E_NOT_FOUND || status == HD_E_CLOSED);
        assert_int_equal(hd_client_webhook_state(storm->client, "steady-1", &state, NULL), HD_OK);
        breathe();
    }
    return NULL;
}

static void *press_test(void *argument) {
    struct storm *storm = argument;
    while (!atomic_load(&storm->over)) {
        hd_report *report = NULL;
        int status = hd_client_test(storm->client, "steady-2", HD_TICKET_RESOLVED, 50, &report);
        assert_true(status == HD_OK || status == HD_E_TIMEOUT || status == HD_E_CLOSED);
        hd_report_free(report);
        breathe();
    }
    return NULL;
}

static void *read_log(void *argument) {
    struct storm *storm = argument;
    while (!atomic_load(&storm->over)) {
        hd_log_page *page = NULL;
        hd_webhook_list *list = NULL;
        assert_int_equal(hd_log_query(storm->client, NULL, NULL, 20, &page), HD_OK);
        hd_log_page_free(page);
        assert_int_equal(hd_client_list_webhooks(storm->client, NULL, &list), HD_OK);
        hd_webhook_list_free(list);
        (void)counter(storm->client, HD_COUNTER_IN_FLIGHT);
        breathe();
    }
    return NULL;
}

/* Until the client is closed and there are no more. */
static void *pull_reports(void *argument) {
    struct storm *storm = argument;
    hd_report *report = NULL;
    while (hd_client_next_report(storm->client, PATIENCE_MS, &report) == HD_OK) {
        if (strncmp(hd_report_webhook_id(report), "steady", 6) == 0 && !hd_report_is_test(report) &&
            storm->reported_count < storm->reported_max)
            storm->reported[storm->reported_count++] = event_of(report);
        hd_report_free(report);
    }
    return NULL;
}

static int compare(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* P2: each steady webhook has exactly one last report of each accepted event. */
static size_t check_reports(struct storm *storm) {
    size_t accepted = 0;
    qsort(storm->reported, storm->reported_count, sizeof storm->reported[0], compare);
    for (size_t i = 0; i < SENDERS; i++) {
        const struct sender *sender = &storm->senders[i];
        assert_true(sender->last_status == HD_OK || sender->last_status == HD_E_CLOSED);
        accepted += sender->accepted_count;
        for (size_t k = 0; k < sender->accepted_count; k++) {
            const uint64_t *found = bsearch(&sender->accepted[k], storm->reported, storm->reported_count,
                                            sizeof storm->reported[0], compare);
            assert_non_null(found);
        }
    }
    assert_int_equal(storm->reported_count, accepted * STEADY);
    for (size_t i = 0; i < storm->reported_count; i++)
        assert_int_equal(storm->reported[i], storm->reported[i - i % STEADY]);
    return accepted;
}

static hd_client *client_of_storm(size_t reports) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, reports, (size_t)1 << 30), HD_OK);
    return client_for_tests(options);
}

static void test_storm(void **state) {
    (void)state;
    static struct storm storm;
    pthread_t others[4];
    void *(*const tasks[4])(void *) = {change_webhooks, press_test, read_log, pull_reports};
    storm.events = volume(EVENTS_MAX);
    storm.reported_max = SENDERS * storm.events * STEADY + 1;
    storm.reported = calloc(storm.reported_max, sizeof storm.reported[0]);
    storm.server = server_start();
    storm.client = client_of_storm(4 * storm.reported_max);
    assert_non_null(storm.reported);
    assert_non_null(storm.server);
    for (size_t i = 0; i < STEADY; i++)
        put_webhook(storm.client, webhook_named(&storm, "steady", i, NULL));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&others[i], NULL, tasks[i], &storm), 0);
    for (size_t i = 0; i < SENDERS; i++) {
        storm.senders[i].storm = &storm;
        assert_int_equal(pthread_create(&storm.senders[i].thread, NULL, send_all, &storm.senders[i]), 0);
    }

    assert_eventually(counter(storm.client, HD_COUNTER_DELIVERED) >= volume(2000));
    int status = hd_client_close(storm.client, 100);
    assert_true(status == HD_OK || status == HD_E_TIMEOUT);
    atomic_store(&storm.over, 1);
    for (size_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_join(storm.senders[i].thread, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(others[i], NULL), 0);

    assert_int_equal(counter(storm.client, HD_COUNTER_REPORTS_MISSED), 0);
    size_t accepted = check_reports(&storm);
    print_message("             %zu of %zu events accepted, %llu deliveries made, %llu failed, %llu canceled\n",
                  accepted, SENDERS * storm.events, (unsigned long long)counter(storm.client, HD_COUNTER_DELIVERED),
                  (unsigned long long)counter(storm.client, HD_COUNTER_FAILED),
                  (unsigned long long)counter(storm.client, HD_COUNTER_CANCELED));
    hd_client_free(storm.client);
    server_stop(storm.server);
    free(storm.reported);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
