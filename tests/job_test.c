/* SPDX-License-Identifier: MIT */
/** @file job_test.c Jobs that send many deliveries again, in memory and with a store, with real receivers; and over the
 * end of the processes that run them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/both.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What jobs find ---- */

static hd_log_filter *failed_of(const char *webhook_id) {
    hd_log_filter *filter;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, webhook_id), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
    return filter;
}

static hd_job *job_with(int source, hd_log_filter *filter) {
    hd_job *job = NULL;
    assert_int_equal(hd_job_new(source, filter, &job), HD_OK);
    assert_int_equal(hd_job_state(job), HD_JOB_PLANNED);
    assert_string_equal(hd_job_id(job), "");
    hd_log_filter_free(filter);
    return job;
}

static hd_job *again(const char *webhook_id) {
    return job_with(HD_SOURCE_DELIVERIES, failed_of(webhook_id));
}

/* How far it has come. */
static hd_job *look(hd_client *client, const char *id) {
    hd_job *job = NULL;
    assert_int_equal(hd_job_get(client, id, &job), HD_OK);
    return job;
}

static uint64_t count_of(hd_client *client, const char *id, int which) {
    hd_job *job = look(client, id);
    uint64_t count = hd_job_count(job, which);
    hd_job_free(job);
    return count;
}

static int state_of(hd_client *client, const char *id) {
    hd_job *job = look(client, id);
    int state = hd_job_state(job);
    hd_job_free(job);
    return state;
}

static void fail_some(hd_client *client, const char *webhook_id, int first, int last) {
    put_webhook(client, webhook_at(webhook_id, "/status/500"));
    for (int number = first; number <= last; number++)
        send_ticket(client, number);
    flush(client);
    put_webhook(client, webhook_at(webhook_id, "/ok"));
}

/* Starts it, and waits until it is done. */
static void run(hd_client *client, hd_job *job) {
    assert_int_equal(hd_job_start(client, job), HD_OK);
    assert_int_equal(hd_job_state(job), HD_JOB_RUNNING);
    assert_int_equal(strlen(hd_job_id(job)), HD_ID_SIZE - 1);
    assert_eventually(state_of(client, hd_job_id(job)) == HD_JOB_DONE);
}

static void test_run(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        size_t before;
        fail_some(both[i], WEBHOOK, 1, 130);
        hd_job *job = again(WEBHOOK);
        assert_int_equal(hd_job_plan(both[i], job), HD_OK);
        assert_int_equal(hd_job_count(job, HD_COUNT_MATCHING), 130);
        assert_int_equal(hd_job_count(job, HD_COUNT_LEFT), 130);
        assert_int_equal(hd_job_count(job, HD_COUNT_WEBHOOKS), 1);
        assert_int_equal(counter(both[i], HD_COUNTER_DELIVERED), 0);
        before = server_requests(server);
        run(both[i], job);
        assert_int_equal(server_requests(server) - before, 130);
        hd_job *done = look(both[i], hd_job_id(job));
        assert_int_equal(hd_job_count(done, HD_COUNT_SENT), 130);
        assert_int_equal(hd_job_count(done, HD_COUNT_DELIVERED), 130);
        assert_int_equal(hd_job_count(done, HD_COUNT_FAILED), 0);
        assert_int_equal(hd_job_count(done, HD_COUNT_LEFT), 0);
        assert_int_equal(hd_job_count(done, HD_COUNT_LEFT_OUT), 0);
        assert_true(hd_job_ended_at_ms(done) >= hd_job_created_at_ms(done));
        assert_string_equal(hd_job_webhook_id(done), WEBHOOK);
        assert_null(hd_job_project(done));
        hd_job_free(done);
        hd_job_free(job);

        job = again(WEBHOOK); /* all of it has arrived since */
        assert_int_equal(hd_job_plan(both[i], job), HD_OK);
        assert_int_equal(hd_job_count(job, HD_COUNT_LEFT), 0);
        assert_int_equal(hd_job_count(job, HD_COUNT_LEFT_OUT_LATER), 130);
        run(both[i], job);
        assert_int_equal(server_requests(server) - before, 130);
        hd_job_free(job);
        job = again(WEBHOOK);
        assert_int_equal(hd_job_set_with_later(job, 1), HD_OK);
        assert_int_equal(hd_job_plan(both[i], job), HD_OK);
        assert_int_equal(hd_job_count(job, HD_COUNT_LEFT), 130);
        hd_job_free(job);
    }
    end_both();
}

/* Oldest first, and each repeats what it names. */
static void test_order_and_links(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        fail_some(both[i], WEBHOOK, 1, 5);
        hd_log_page *old = page_of(both[i], NULL, NULL, 10);
        hd_webhook *slow = webhook_at(WEBHOOK, "/ok");
        assert_int_equal(hd_webhook_set_max_in_flight(slow, 1), HD_OK);
        put_webhook(both[i], slow);
        hd_job *job = again(WEBHOOK);
        run(both[i], job);
        hd_log_page *all =
            page_of(both[i], NULL, NULL, 10); /* newest first: what was sent again comes before the old */
        assert_int_equal(hd_log_page_count(all), 10);
        for (size_t k = 0; k < 5; k++) {
            const hd_report *new = hd_log_page_at(all, k), *was = hd_log_page_at(old, k);
            assert_string_equal(hd_report_redelivery_of(new), hd_report_delivery_id(was));
            assert_int_equal(hd_event_ticket_number(hd_report_event(new)),
                             hd_event_ticket_number(hd_report_event(was)));
        }
        hd_log_page_free(all);
        hd_log_page_free(old);
        hd_job_free(job);
    }
    end_both();
}

static void test_left_out(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_report *report = NULL;
        fail_some(both[i], "gone", 1, 3);
        assert_int_equal(hd_client_remove_webhook(both[i], "gone"), HD_OK);
        fail_some(both[i], WEBHOOK, 4, 5);
        put_webhook(both[i], webhook_at(WEBHOOK, "/status/500"));
        assert_int_equal(hd_client_test(both[i], WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
        hd_report_free(report);
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        hd_job *job = job_with(HD_SOURCE_DELIVERIES, NULL);
        run(both[i], job);
        hd_job *done = look(both[i], hd_job_id(job));
        assert_int_equal(hd_job_count(done, HD_COUNT_MATCHING), 6);
        assert_int_equal(hd_job_count(done, HD_COUNT_DELIVERED), 2);
        assert_int_equal(hd_job_count(done, HD_COUNT_LEFT_OUT), 4);
        assert_int_equal(hd_job_count(done, HD_COUNT_LEFT_OUT_TEST), 1);
        assert_int_equal(hd_job_count(done, HD_COUNT_LEFT_OUT_REMOVED), 3);
        hd_job_free(done);
        hd_job_free(job);
    }
    end_both();
}

/* A job whose deliveries fail repeats each of them once. */
static void test_failing_again(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        fail_some(both[i], WEBHOOK, 1, 3);
        for (uint64_t round = 1; round <= 2; round++) {
            put_webhook(both[i], webhook_at(WEBHOOK, "/status/503"));
            hd_job *job = again(WEBHOOK);
            run(both[i], job);
            assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_MATCHING), round * 3);
            assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_FAILED), 3);
            assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_LEFT_OUT_LATER), (round - 1) * 3);
            hd_job_free(job);
        }
    }
    end_both();
}

/* ---- What was missed ---- */

static void test_missed(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_log_filter *filter;
        put_webhook(both[i], webhook_at("early", "/ok/early"));
        for (int number = 1; number <= 4; number++)
            send_ticket(both[i], number);
        flush(both[i]);
        put_webhook(both[i], webhook_at("late", "/ok/late"));
        send_ticket(both[i], 5);
        flush(both[i]);
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, "late"), HD_OK);
        hd_job *job = job_with(HD_SOURCE_MISSED, filter);
        size_t before = server_requests(server);
        run(both[i], job);
        assert_int_equal(server_requests(server) - before, 4);
        for (size_t k = before; k < server_requests(server); k++)
            assert_string_equal(server_request(server, k)->path, "/ok/late");
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_DELIVERED), 4);
        assert_int_equal(hd_job_source(job), HD_SOURCE_MISSED);
        hd_job_free(job);
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, "late"), HD_OK);
        job = job_with(HD_SOURCE_MISSED, filter);
        assert_int_equal(hd_job_plan(both[i], job), HD_OK);
        assert_int_equal(hd_job_count(job, HD_COUNT_MATCHING), 0);
        hd_job_free(job);
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, "nobody"), HD_OK);
        job = job_with(HD_SOURCE_MISSED, filter);
        assert_int_equal(hd_job_plan(both[i], job), HD_E_NOT_FOUND);
        hd_job_free(job);
    }
    end_both();
}

/* ---- Stopping, and one at a time ---- */

static void test_stop(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_job_list *list = NULL;
        fail_some(both[i], WEBHOOK, 1, 8);
        hd_job *job = again(WEBHOOK), *second = again(WEBHOOK), *other = again("other");
        assert_int_equal(hd_job_set_pace(job, 1), HD_OK);
        assert_int_equal(hd_job_start(both[i], job), HD_OK);
        assert_int_equal(hd_job_start(both[i], second), HD_E_JOB_RUNNING);
        assert_int_equal(hd_job_state(second), HD_JOB_PLANNED);
        assert_string_equal(hd_job_id(second), "");
        assert_int_equal(hd_job_start(both[i], other), HD_OK);
        assert_eventually(count_of(both[i], hd_job_id(job), HD_COUNT_DELIVERED) > 0);
        assert_int_equal(hd_job_stop(both[i], hd_job_id(job)), HD_OK);
        assert_int_equal(hd_job_stop(both[i], hd_job_id(job)), HD_OK);
        assert_int_equal(state_of(both[i], hd_job_id(job)), HD_JOB_STOPPED);
        uint64_t sent = count_of(both[i], hd_job_id(job), HD_COUNT_SENT);
        assert_true(sent >= 1 && sent < 8);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_LEFT), 8 - sent);
        run(both[i], second); /* which sends what the first one has not */
        assert_int_equal(count_of(both[i], hd_job_id(second), HD_COUNT_SENT), 8 - sent);
        assert_int_equal(count_of(both[i], hd_job_id(second), HD_COUNT_LEFT_OUT_LATER), sent);
        assert_int_equal(hd_job_resume(both[i], hd_job_id(job)), HD_OK);
        assert_eventually(state_of(both[i], hd_job_id(job)) == HD_JOB_DONE);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_SENT), sent);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_LEFT_OUT_LATER), 8 - sent);
        assert_int_equal(hd_job_list_all(both[i], NULL, &list), HD_OK);
        assert_int_equal(hd_job_list_count(list), 3);
        assert_string_equal(hd_job_id(hd_job_list_at(list, 2)), hd_job_id(job));
        assert_int_equal(hd_job_pace(hd_job_list_at(list, 2)), 1);
        assert_null(hd_job_list_at(list, 3));
        hd_job_list_free(list);
        assert_int_equal(hd_job_list_all(both[i], PROJECT, &list), HD_OK);
        assert_int_equal(hd_job_list_count(list), 0);
        hd_job_list_free(list);
        hd_job_free(job);
        hd_job_free(second);
        hd_job_free(other);
    }
    end_both();
}

static void test_refused(void **state) {
    (void)state;
    static const char none[] = "01890000-0000-7000-8000-000000000000";
    open_both();
    hd_job *job = NULL;
    hd_log_filter *filter = failed_of(WEBHOOK);
    assert_int_equal(hd_job_new(HD_SOURCE_MISSED, filter, &job), HD_E_INVALID);
    assert_int_equal(hd_job_new(HD_SOURCE_MISSED, NULL, &job), HD_E_INVALID);
    assert_int_equal(hd_job_new(HD_JOB_RUNNING, filter, &job), HD_E_INVALID);
    assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, filter, NULL), HD_E_INVALID);
    hd_log_filter_free(filter);
    for (int i = 0; i < 2; i++) {
        job = again(WEBHOOK);
        assert_int_equal(hd_job_set_pace(job, 1001), HD_E_INVALID);
        assert_int_equal(hd_job_set_pace(NULL, 1), HD_E_INVALID);
        assert_int_equal(hd_job_plan(both[i], NULL), HD_E_INVALID);
        assert_int_equal(hd_job_plan(NULL, job), HD_E_INVALID);
        assert_int_equal(hd_job_start(both[i], job), HD_OK);
        assert_int_equal(hd_job_start(both[i], job), HD_E_INVALID);
        assert_int_equal(hd_job_set_pace(job, 1), HD_E_INVALID);
        hd_job_free(job);
        job = (hd_job *)1;
        assert_int_equal(hd_job_get(both[i], none, &job), HD_E_NO_JOB);
        assert_null(job);
        assert_int_equal(hd_job_get(both[i], "none", &job), HD_E_NO_JOB);
        assert_int_equal(hd_job_get(both[i], NULL, &job), HD_E_INVALID);
        assert_int_equal(hd_job_stop(both[i], none), HD_E_NO_JOB);
        assert_int_equal(hd_job_resume(both[i], none), HD_E_NO_JOB);
        assert_int_equal(hd_client_close(both[i], PATIENCE_MS), HD_OK);
        job = again("other");
        assert_int_equal(hd_job_start(both[i], job), HD_E_CLOSED);
        assert_int_equal(hd_job_stop(both[i], none), HD_E_CLOSED);
        hd_job_free(job);
    }
    hd_job_free(NULL);
    hd_job_list_free(NULL);
    assert_int_equal(hd_job_count(NULL, HD_COUNT_SENT), 0);
    assert_int_equal(hd_job_state(NULL), 0);
    end_both();
}

/* Every property of a filter is the job's, whatever is in its texts. */
static void test_filter_is_kept(void **state) {
    (void)state;
    open_both();
    for (int i = 0; i < 2; i++) {
        hd_log_filter *filter;
        fail_some(both[i], WEBHOOK, 1, 3);
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_set_project(filter, PROJECT), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, WEBHOOK), HD_OK);
        assert_int_equal(hd_log_filter_add_webhook(filter, "another"), HD_OK);
        assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_CREATED), HD_OK);
        assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_RESOLVED), HD_OK);
        assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
        assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_CANCELED), HD_OK);
        assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_HTTP_5XX), HD_OK);
        assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_DNS), HD_OK);
        assert_int_equal(hd_log_filter_set_http_statuses(filter, "404,5xx"), HD_OK);
        assert_int_equal(hd_log_filter_set_tests(filter, HD_TESTS_EXCLUDED), HD_OK);
        assert_int_equal(hd_log_filter_set_time(filter, 1, INT64_C(4000000000000)), HD_OK);
        assert_int_equal(hd_log_filter_set_text(filter, "#2"), HD_OK);
        hd_job *job = NULL;
        assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, filter, &job), HD_OK);
        run(both[i], job);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_MATCHING), 1);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_DELIVERED), 1);
        hd_job_free(job);
        assert_int_equal(hd_log_filter_set_text(filter, " a %\n\x7f\xc3\xa4"), HD_OK);
        assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, filter, &job), HD_OK);
        run(both[i], job);
        assert_int_equal(count_of(both[i], hd_job_id(job), HD_COUNT_MATCHING), 0);
        hd_job_free(job);
        hd_log_filter_free(filter);
    }
    end_both();
}

/* ---- Over the end of processes ---- */

/* A client that only accepts starts one, another process runs it and is killed, a third one goes on. */
static void test_kill(void **state) {
    (void)state;
    enum {
        EVENTS = 60
    };
    struct process first, second;
    char id[HD_ID_SIZE];
    hd_store *own = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, own);
    process_start(&first, directory, HD_CLIENT_DELIVER, "");
    put_webhook(client, webhook_at(WEBHOOK, "/status/500"));
    for (int number = 1; number <= EVENTS; number++)
        send_ticket(client, number);
    assert_int_equal(process_status(&first, "flush %d", PATIENCE_MS), HD_OK);
    assert_eventually(waiting_for(client, WEBHOOK) == 0);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    assert_int_equal(server_requests(server), EVENTS);

    hd_job *job = again(WEBHOOK);
    assert_int_equal(hd_job_set_pace(job, 20), HD_OK);
    assert_int_equal(hd_job_start(client, job), HD_OK);
    (void)snprintf(id, sizeof id, "%s", hd_job_id(job));
    hd_job_free(job);
    assert_eventually(count_of(client, id, HD_COUNT_DELIVERED) >= 6);
    process_kill(&first);
    uint64_t sent = count_of(client, id, HD_COUNT_SENT);
    assert_true(sent < EVENTS);
    assert_int_equal(state_of(client, id), HD_JOB_RUNNING);

    process_start(&second, directory, HD_CLIENT_DELIVER, "");
    const char *refused = process_ask(&second, "job %s 0", WEBHOOK);
    assert_int_equal(strtol(refused, NULL, 10), HD_E_JOB_RUNNING);
    assert_eventually(state_of(client, id) == HD_JOB_DONE);
    assert_int_equal(count_of(client, id, HD_COUNT_SENT), EVENTS);
    assert_int_equal(count_of(client, id, HD_COUNT_DELIVERED), EVENTS);
    assert_int_equal(count_of(client, id, HD_COUNT_LEFT), 0);
    process_end(&second);

    /* Each came again, and twice only what was under way at that moment. */
    static int came[EVENTS + 1];
    size_t repeated = 0;
    memset(came, 0, sizeof came);
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    for (size_t i = 0; i < hd_log_page_count(page); i++)
        if (hd_report_outcome(hd_log_page_at(page, i)) == HD_OUTCOME_DELIVERED)
            came[hd_event_ticket_number(hd_report_event(hd_log_page_at(page, i)))]++;
    for (int number = 1; number <= EVENTS; number++)
        assert_int_equal(came[number], 1);
    hd_log_page_free(page);
    repeated = server_requests(server) - 2 * (size_t)EVENTS;
    print_message("%zu of %d came twice\n", repeated, EVENTS);
    assert_true(repeated <= 5);
    end(client, own);
}

/* A reader sees jobs and plans them, and starts none. */
static void test_reader(void **state) {
    (void)state;
    hd_store *own = open_store(), *others = open_store();
    hd_client *client = client_on(own);
    fail_some(client, WEBHOOK, 1, 2);
    hd_client *reader = client_as(HD_CLIENT_READ, others);
    hd_job *job = again(WEBHOOK);
    assert_int_equal(hd_job_plan(reader, job), HD_OK);
    assert_int_equal(hd_job_count(job, HD_COUNT_LEFT), 2);
    assert_int_equal(hd_job_start(reader, job), HD_E_STORE_READ_ONLY);
    run(client, job);
    assert_int_equal(count_of(reader, hd_job_id(job), HD_COUNT_DELIVERED), 2);
    assert_int_equal(hd_job_stop(reader, hd_job_id(job)), HD_E_STORE_READ_ONLY);
    hd_job_free(job);
    end(reader, others);
    end(client, own);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
    const struct CMUnitTest tests[] = {
        TEST(test_run),           TEST(test_order_and_links), TEST(test_left_out),
        TEST(test_failing_again), TEST(test_missed),          TEST(test_stop),
        TEST(test_refused),       TEST(test_filter_is_kept),  TEST(test_kill),
        TEST(test_reader),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
