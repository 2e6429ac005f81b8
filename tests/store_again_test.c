/* SPDX-License-Identifier: MIT */
/** @file store_again_test.c Webhooks that are replaced and deliveries that are made again, in memory and with a durable
 * store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/both.h"
#include "support/database.h"

#include <stdio.h>
#include <string.h>

/* Two people change the same webhook: with both kinds of client, the second one is told. */
static void test_replace(void **state) {
    (void)state;
    open_both();
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
    end_both();
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

/* The same event, to the same webhook, as a new delivery. */
static void test_redeliver(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        char id[HD_ID_SIZE] = "";
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/500"));
        for (int number = 1; number <= 10; number++)
            send_ticket(both[i], number);
        flush(both[i]);
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok")); /* fixed */
        hd_report *report = next_report(both[i]);
        assert_int_equal(hd_client_redeliver(both[i], hd_report_delivery_id(report), id), HD_OK);
        assert_int_equal(strlen(id), HD_ID_SIZE - 1);
        assert_string_not_equal(id, hd_report_event_id(report));
        flush(both[i]);
        assert_int_equal(counter(both[i], HD_COUNTER_DELIVERED), 1);
        assert_int_equal(hd_client_redeliver(both[i], "no-such-id", id), HD_E_NO_DELIVERY);
        assert_int_equal(hd_client_redeliver(both[i], "01890000-0000-7000-8000-000000000000", id), HD_E_NO_DELIVERY);
        assert_int_equal(hd_client_redeliver(both[i], NULL, id), HD_E_INVALID);

        assert_int_equal(hd_client_remove_webhook(both[i], WEBHOOK), HD_OK);
        assert_int_equal(hd_client_redeliver(both[i], hd_report_delivery_id(report), id), HD_E_NOT_FOUND);
        hd_report_free(report);
    }
    end_both();
}

/* A redelivery names what it repeats: in memory and in a store, after all of its attempts. */
static void test_redelivery_is_linked(void **state) {
    (void)state;
    open_both();
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
        assert_int_equal(hd_client_redeliver(both[i], hd_report_delivery_id(first), NULL), HD_OK);
        flush(both[i]);

        hd_log_page *page = redeliveries_of(both[i], hd_report_delivery_id(first));
        assert_int_equal(hd_log_page_count(page), 2); /* attempts */
        const hd_report *second = hd_log_page_at(page, 0);
        for (size_t k = 0; k < 2; k++)
            assert_string_equal(hd_report_redelivery_of(hd_log_page_at(page, k)), hd_report_delivery_id(first));
        assert_string_not_equal(hd_report_delivery_id(second), hd_report_delivery_id(first));

        /* One that repeats a redelivery names that. */
        assert_int_equal(hd_client_redeliver(both[i], hd_report_delivery_id(second), NULL), HD_OK);
        flush(both[i]);
        hd_log_page *third = redeliveries_of(both[i], hd_report_delivery_id(second));
        assert_int_equal(hd_log_page_count(third), 2);
        assert_string_equal(hd_report_redelivery_of(hd_log_page_at(third, 0)), hd_report_delivery_id(second));
        hd_log_page_free(third);
        hd_log_page_free(page);
        hd_report_free(first);
    }
    assert_null(hd_report_redelivery_of(NULL));
    end_both();
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
    assert_int_equal(hd_client_redeliver(client, first_id, NULL), HD_OK);
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

/* Three deliveries, of which the second one's event is damaged on the disk. */
static void make_damage(void) {
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int number = 1; number <= 3; number++) {
        send_ticket(client, number);
        flush(client);
    }
    end(client, store);
    change_database(directory, "UPDATE event SET body = x'7B' WHERE key = 2");
}

/* Of so many reports, the oldest but one cannot be sent again: alone, or by a job. */
static void send_again_beside_damage(hd_client *client, size_t reports, char job_id[HD_ID_SIZE]) {
    hd_log_page *all = page_of(client, NULL, NULL, 10);
    hd_job *job;
    char id[HD_ID_SIZE] = "";
    const char *damaged = hd_report_delivery_id(hd_log_page_at(all, reports - 2));
    assert_int_equal(hd_log_page_count(all), reports);
    assert_int_equal(hd_client_redeliver(client, damaged, id), HD_E_STORE_DAMAGED);
    assert_string_equal(id, "");
    assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, NULL, &job), HD_OK);
    assert_int_equal(hd_job_set_with_later(job, 1), HD_OK);
    assert_int_equal(hd_job_start(client, job), HD_OK);
    (void)snprintf(job_id, HD_ID_SIZE, "%s", hd_job_id(job));
    hd_job_free(job);
    hd_log_page_free(all);
}

static int is_done(hd_client *client, const char *job_id) {
    hd_job *job = NULL;
    assert_int_equal(hd_job_get(client, job_id, &job), HD_OK);
    int is = hd_job_state(job) == HD_JOB_DONE;
    if (is)
        assert_int_equal(hd_job_count(job, HD_COUNT_LEFT_OUT_DAMAGED), 1);
    hd_job_free(job);
    return is;
}

/* What stands for an event that cannot be read has not happened: no client sends it. */
static void test_damaged_event(void **state) {
    (void)state;
    char job_id[HD_ID_SIZE];
    make_damage();
    hd_store *store = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, store);
    send_again_beside_damage(client, 3, job_id);
    end(client, store);
    store = open_store();
    client = client_on(store);
    assert_eventually(is_done(client, job_id));
    send_again_beside_damage(client, 5, job_id);
    assert_eventually(is_done(client, job_id));
    end(client, store);
    assert_int_equal(server_requests(server), 3 + 2 + 4);
    for (size_t i = 0; i < server_requests(server); i++)
        assert_null(strstr(server_request(server, i)->body, "unreadable"));
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_replace),
        TEST(test_redeliver),
        TEST(test_redelivery_is_linked),
        TEST(test_redelivery_outlives_the_client),
        TEST(test_damaged_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
