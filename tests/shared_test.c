/* SPDX-License-Identifier: MIT */
/** @file shared_test.c Several processes with clients on one store: they divide what is to be delivered, one takes over
 * from another that is killed, and each hears of what the others change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/process.h"
#include "support/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MS 1000  /* until a change is effective in every process */
#define TAKEN_MS 2000 /* until what a process had is another one's */

/* Webhooks. Each has something under way at a time, which this receiver answers in time even where it is slow. */
static int many(void) {
    return runs_slowly() ? 8 : 48;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What arrived
 */

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many different deliveries arrived. */
static size_t count_different(void) {
    size_t count = server_requests(server), different = 0;
    const char **ids = calloc(count + 1, sizeof *ids);
    assert_non_null(ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = id_of(i);
    qsort(ids, count, sizeof *ids, by_text);
    for (size_t i = 0; i < count; i++)
        different += i == 0 || strcmp(ids[i], ids[i - 1]) != 0;
    free(ids);
    return different;
}

/* How often a delivery arrived. */
static size_t times_arrived(const char *delivery_id) {
    size_t times = 0;
    for (size_t i = 0; i < server_requests(server); i++)
        times += strcmp(id_of(i), delivery_id) == 0;
    return times;
}

/* Of so many reports in the log each is the end of another delivery, which arrived; once, if it is not marked. */
static void check_log(size_t count) {
    hd_store *store = open_store();
    hd_client *client = client_as(HD_CLIENT_READ, store);
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    assert_int_equal(hd_log_page_count(page), count);
    for (size_t i = 0; i < count; i++) {
        const hd_report *report = hd_log_page_at(page, i);
        size_t times = times_arrived(hd_report_delivery_id(report));
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        assert_true(times == 1 || (times > 1 && hd_report_may_be_repeated(report)));
    }
    hd_log_page_free(page);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What the processes do
 */

static void put_at(struct process *process, const char *id, const char *project, const char *path,
                   const char *settings) {
    char url[256];
    assert_int_equal(
        process_status(process, "put %s %s %s %s", id, project, server_url(server, path, url, sizeof url), settings),
        HD_OK);
}

static void put_many(struct process *process, const char *path) {
    char id[32];
    for (int i = 0; i < many(); i++) {
        (void)snprintf(id, sizeof id, "webhook-%d", i);
        put_at(process, id, PROJECT, path, "");
    }
}

/* Waits until all that this process has accepted was delivered, by whomever. */
static void must_flush(struct process *process) {
    assert_int_equal(process_status(process, "flush %d", PATIENCE_MS), HD_OK);
}

static int64_t delivered_by(struct process *process) {
    return process_number(process, "counter %d", HD_COUNTER_DELIVERED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * They share the work
 */

/* Two that deliver and one that only accepts: everything is delivered once, and each of the two has its part. */
static void test_work_is_divided(void **state) {
    (void)state;
    enum {
        EVENTS = 6
    };
    struct process a, b, accepts;
    process_start(&a, directory, HD_CLIENT_DELIVER, "");
    process_start(&b, directory, HD_CLIENT_DELIVER, "");
    process_start(&accepts, directory, HD_CLIENT_ACCEPT, "");
    put_many(&accepts, "/ok");
    struct process *senders[] = {&a, &b, &accepts};
    for (int i = 0; i < 3; i++)
        assert_int_equal(process_status(senders[i], "send-many %s %d %d", PROJECT, i * EVENTS + 1, EVENTS), HD_OK);
    for (int i = 0; i < 3; i++)
        must_flush(senders[i]); /* whoever delivers it */
    assert_int_equal(server_requests(server), 3 * EVENTS * many());
    assert_int_equal(count_different(), 3 * EVENTS * many());
    assert_eventually(delivered_by(&a) + delivered_by(&b) == 3 * EVENTS * many());
    int64_t by_a = delivered_by(&a), by_b = delivered_by(&b);
    print_message("one process delivered %lld, the other %lld\n", (long long)by_a, (long long)by_b);
    assert_true(by_a > 0 && by_b > 0);
    process_end(&accepts);
    process_end(&a);
    process_end(&b);
    check_log((size_t)(3 * EVENTS * many()));
}

/* One that closes in good order gives back what it had: the other goes on with it, and nothing comes twice. */
static void test_good_end_gives_all_back(void **state) {
    (void)state;
    char id[32];
    struct process a, b;
    process_start(&a, directory, HD_CLIENT_DELIVER, "");
    for (int i = 0; i < many(); i++) {
        (void)snprintf(id, sizeof id, "webhook-%d", i);
        put_at(&a, id, PROJECT, "/status/503", "attempts=2 backoff=6000");
    }
    process_start(&b, directory, HD_CLIENT_DELIVER, "");
    assert_int_equal(process_status(&b, "send-many %s 1 5", PROJECT), HD_OK);
    assert_true(server_wait_requests(server, (size_t)(5 * many()), PATIENCE_MS)); /* of each one attempt */
    assert_eventually(process_number(&a, "counter %d", HD_COUNTER_IN_FLIGHT) == 0);
    process_end(&a);
    must_flush(&b);
    assert_int_equal(process_number(&b, "counter %d", HD_COUNTER_STORED), 0);
    assert_int_equal(server_requests(server), 2 * 5 * many());
    assert_int_equal(count_different(), 5 * many());
    process_end(&b);
}

/* One is killed in the middle of its work: the other one has it all within two seconds. What arrived twice is marked.
 */
static void kill_one(int is_first) {
    struct process killed, other;
    process_start(is_first ? &killed : &other, directory, HD_CLIENT_DELIVER, "");
    process_start(is_first ? &other : &killed, directory, HD_CLIENT_DELIVER, "");
    put_many(&other, "/gate");
    assert_int_equal(process_status(&other, "send-many %s 1 5", PROJECT), HD_OK);
    assert_true(server_wait_requests(server, (size_t)many(), PATIENCE_MS)); /* each has one under way, or more */
    assert_eventually(process_number(&killed, "counter %d", HD_COUNTER_IN_FLIGHT) > 0);
    process_kill(&killed);
    int64_t killed_ms = now_ms();
    server_open_gate(server);
    must_flush(&other);
    int64_t took_ms = now_ms() - killed_ms;
    print_message("taken over and delivered within %lld ms\n", (long long)took_ms);
    assert_true(runs_slowly() || took_ms < TAKEN_MS + PATIENCE_MS / 2);
    assert_int_equal(count_different(), 5 * many());
    process_end(&other);
    check_log((size_t)(5 * many()));
}

static void test_first_one_is_killed(void **state) {
    (void)state;
    kill_one(1);
}

static void test_second_one_is_killed(void **state) {
    (void)state;
    kill_one(0);
}

static int by_number(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* An event that one process accepts is under way in another one soon: it does not wait for the look that comes each
 * second, for which it would take about as long. */
static void test_event_of_another_process_starts_soon(void **state) {
    (void)state;
    enum {
        TIMES = 20
    };
    struct process delivers, accepts;
    int64_t took_ms[TIMES];
    process_start(&delivers, directory, HD_CLIENT_DELIVER, "");
    process_start(&accepts, directory, HD_CLIENT_ACCEPT, "");
    put_at(&accepts, WEBHOOK, PROJECT, "/ok", "");
    for (size_t i = 0; i < TIMES; i++) {
        sleep_ms(60); /* it is idle again */
        assert_int_equal(process_status(&accepts, "send %s %zu", PROJECT, i + 1), HD_OK);
        int64_t sent_ms = now_ms();
        assert_true(server_wait_requests(server, i + 1, PATIENCE_MS));
        took_ms[i] = server_request(server, i)->arrived_ms - sent_ms;
    }
    qsort(took_ms, TIMES, sizeof took_ms[0], by_number);
    print_message("an event of another process arrived after %lld ms (median), %lld ms at the most\n",
                  (long long)took_ms[TIMES / 2], (long long)took_ms[TIMES - 1]);
    assert_true(runs_slowly() || took_ms[TIMES / 2] < 400);
    must_flush(&accepts);
    process_end(&accepts);
    process_end(&delivers);
}

/* What a client costs that has nothing to do. A figure, not a test. */
static void test_idle_client(void **state) {
    (void)state;
    struct process delivers;
    process_start(&delivers, directory, HD_CLIENT_DELIVER, "");
    put_at(&delivers, WEBHOOK, PROJECT, "/ok", "");
    sleep_ms(300);
    int64_t before_us = process_number(&delivers, "cpu");
    sleep_ms(2000);
    int64_t used_us = process_number(&delivers, "cpu") - before_us;
    print_message("an idle client took %lld us of processor time in 2 s: %.2f %% of a core\n", (long long)used_us,
                  (double)used_us / 20000.0);
    process_end(&delivers);
}

/* ------------------------------------------------------------------------------------------------------------------
 * They hear of each other's changes
 */

static struct process delivering[2], operating;

static void start_all(void) {
    process_start(&delivering[0], directory, HD_CLIENT_DELIVER, "");
    process_start(&delivering[1], directory, HD_CLIENT_DELIVER, "");
    process_start(&operating, directory, HD_CLIENT_OPERATE, "");
}

static void end_all(void) {
    process_end(&operating);
    process_end(&delivering[0]);
    process_end(&delivering[1]);
}

/* Nothing is under way, and a look later nothing has arrived. */
static int is_quiet(void) {
    size_t requests = server_requests(server);
    sleep_ms(100);
    return process_number(&delivering[0], "counter %d", HD_COUNTER_IN_FLIGHT) == 0 &&
           process_number(&delivering[1], "counter %d", HD_COUNTER_IN_FLIGHT) == 0 &&
           server_requests(server) == requests;
}

static void note_time(const char *what, int64_t begun_ms) {
    int64_t took_ms = now_ms() - begun_ms;
    print_message("%s: after %lld ms\n", what, (long long)took_ms);
    assert_true(took_ms < TOLD_MS + PATIENCE_MS / 2);
}

/* Held and on again: nothing is sent in between, and what came meanwhile is sent then. */
static void test_hold(void **state) {
    (void)state;
    start_all();
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "held");
    assert_int_equal(process_status(&delivering[0], "send-many %s 1 5", PROJECT), HD_OK);
    assert_int_equal(process_status(&operating, "send-many %s 6 5", PROJECT), HD_OK);
    sleep_ms(2 * TOLD_MS);
    assert_int_equal(server_requests(server), 0);
    assert_int_equal(process_number(&delivering[1], "waiting %s", WEBHOOK), 10);
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "on");
    int64_t begun_ms = now_ms();
    assert_true(server_wait_requests(server, 10, PATIENCE_MS));
    note_time("on again", begun_ms);
    must_flush(&delivering[0]);
    must_flush(&operating);
    end_all();
}

/* What waits goes by the newest settings of any process: to the new address, as many at a time as they say, or not at
 * all. */
static void test_newest_settings(void **state) {
    (void)state;
    enum {
        EVENTS = 1500
    };
    start_all();
    put_at(&delivering[0], WEBHOOK, PROJECT, "/delay/50", "in-flight=1");
    assert_int_equal(process_status(&delivering[0], "send-many %s 1 %d", PROJECT, EVENTS), HD_OK);
    assert_true(server_wait_requests(server, 2, PATIENCE_MS));
    put_at(&operating, WEBHOOK, PROJECT, "/delay/51", "in-flight=8");
    int64_t begun_ms = now_ms();
    assert_eventually(server_requests_at(server, "/delay/51") >= 1);
    note_time("another address", begun_ms);
    assert_int_equal(server_most_at_once(server, "/delay/50"), 1);
    assert_eventually(server_most_at_once(server, "/delay/51") > 1);
    put_at(&operating, WEBHOOK, PROJECT, "/delay/51", "in-flight=8 off");
    begun_ms = now_ms();
    assert_eventually(is_quiet());
    note_time("off", begun_ms);
    size_t requests = server_requests(server);
    assert_true(requests < EVENTS);
    assert_int_equal(process_status(&delivering[1], "send %s 10000", PROJECT), HD_OK); /* nobody gets it */
    assert_int_equal(process_number(&operating, "waiting %s", WEBHOOK), EVENTS - requests);
    assert_int_equal(server_requests(server), requests);
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "in-flight=8");
    must_flush(&delivering[0]);
    assert_int_equal(server_requests_at(server, "/ok"), EVENTS - requests);
    assert_true(server_most_at_once(server, NULL) <= 8);
    end_all();
}

/* What is discarded ends in the log, with its reason, whoever discards it. */
static void test_discard(void **state) {
    (void)state;
    start_all();
    put_at(&delivering[1], WEBHOOK, PROJECT, "/ok", "held");
    assert_int_equal(process_status(&delivering[0], "send-many %s 1 20", PROJECT), HD_OK);
    assert_eventually(process_status(&operating, "waiting %s", WEBHOOK) == HD_OK); /* it has heard of it */
    assert_int_equal(process_number(&operating, "discard %s", WEBHOOK), 20);
    assert_int_equal(process_number(&operating, "waiting %s", WEBHOOK), 0);
    assert_eventually(process_number(&delivering[0], "counter %d", HD_COUNTER_CANCELED) +
                          process_number(&delivering[1], "counter %d", HD_COUNTER_CANCELED) ==
                      20);
    assert_int_equal(server_requests(server), 0);
    end_all();
}

/* The same where nobody delivers that could end them: they are no more said to wait, and end later. */
static void test_discard_while_nobody_delivers(void **state) {
    (void)state;
    struct process deliverer;
    process_start(&operating, directory, HD_CLIENT_OPERATE, "");
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "");
    put_at(&operating, "other", PROJECT, "/ok", "held");
    assert_int_equal(process_status(&operating, "send-many %s 1 20", PROJECT), HD_OK);
    assert_int_equal(process_number(&operating, "discard %s", WEBHOOK), 20);
    assert_int_equal(process_number(&operating, "waiting %s", WEBHOOK), 0);
    assert_int_equal(process_number(&operating, "waiting other"), 20);
    assert_eventually(process_number(&operating, "counter %d", HD_COUNTER_STORED) == 20);
    assert_eventually(process_number(&operating, "counter %d", HD_COUNTER_WAITING) == 20);
    process_start(&deliverer, directory, HD_CLIENT_DELIVER, "");
    assert_eventually(process_number(&deliverer, "counter %d", HD_COUNTER_CANCELED) == 20);
    assert_int_equal(process_number(&deliverer, "counter %d", HD_COUNTER_STORED), 20);
    assert_int_equal(server_requests(server), 0);
    process_end(&deliverer);
    process_end(&operating);
}

/* One that is removed gets what was accepted before, and nothing of what comes later, wherever it is accepted. */
static void test_remove(void **state) {
    (void)state;
    start_all();
    put_at(&delivering[0], WEBHOOK, PROJECT, "/gate", "in-flight=1");
    assert_int_equal(process_status(&delivering[1], "send-many %s 1 10", PROJECT), HD_OK);
    assert_eventually(process_status(&operating, "waiting %s", WEBHOOK) == HD_OK);
    assert_int_equal(process_status(&operating, "remove %s", WEBHOOK), HD_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(process_status(&delivering[i], "send %s 100", PROJECT), HD_OK);
    int64_t begun_ms = now_ms();
    assert_eventually(process_status(&delivering[0], "waiting %s", WEBHOOK) == HD_E_NOT_FOUND &&
                      process_status(&delivering[1], "waiting %s", WEBHOOK) == HD_E_NOT_FOUND);
    note_time("removed", begun_ms);
    server_open_gate(server);
    must_flush(&delivering[1]);
    assert_int_equal(server_requests(server), 10);
    end_all();
}

/* Reports of a project: as many as are listed, and as many as are counted. */
static void check_project(hd_client *client, const char *project, size_t count) {
    hd_log_filter *filter = NULL;
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_project(filter, project), HD_OK);
    hd_log_page *page = page_of(client, filter, NULL, 1000);
    assert_int_equal(hd_log_summarize(client, filter, 0, &stats), HD_OK);
    assert_int_equal(hd_log_page_count(page), count);
    assert_int_equal(hd_log_stats_count(stats), count);
    hd_log_page_free(page);
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

/* A webhook that moves to another project: what waits stays with the old project, its address and its secret. */
static void test_move_to_another_project(void **state) {
    (void)state;
    start_all();
    put_at(&delivering[0], WEBHOOK, PROJECT, "/gate", "in-flight=1");
    assert_int_equal(process_status(&delivering[0], "send-many %s 1 10", PROJECT), HD_OK);
    put_at(&operating, WEBHOOK, "other", "/ok", "");
    assert_int_equal(process_status(&delivering[1], "send-many other 1 3"), HD_OK);
    assert_int_equal(process_status(&delivering[1], "send-many %s 100 3", PROJECT), HD_OK); /* nobody gets these */
    int64_t begun_ms = now_ms();
    assert_eventually(server_requests_at(server, "/ok") == 3);
    note_time("moved", begun_ms);
    server_open_gate(server);
    must_flush(&delivering[0]);
    assert_int_equal(server_requests_at(server, "/gate"), 10);
    assert_int_equal(server_requests(server), 13);
    must_flush(&delivering[1]);
    hd_store *store = open_store();
    hd_client *client = client_as(HD_CLIENT_READ, store);
    check_project(client, PROJECT, 10);
    check_project(client, "other", 3);
    end(client, store);
    end_all();
}

/* A test, and a delivery that is made again, from a process that delivers nothing else. */
static void test_operator(void **state) {
    (void)state;
    char id[64];
    start_all();
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "");
    assert_int_equal(process_number(&operating, "test %s", WEBHOOK), HD_OUTCOME_DELIVERED);
    assert_int_equal(process_status(&delivering[0], "send %s 1", PROJECT), HD_OK);
    must_flush(&delivering[0]);
    (void)snprintf(id, sizeof id, "%s", id_of(1));
    assert_int_equal(process_status(&operating, "redeliver %s", id), HD_OK);
    must_flush(&operating);
    assert_int_equal(server_requests(server), 3);
    assert_int_equal(count_different(), 3);
    end_all();
}

/* A test counts for the limit, whichever process asks for it. */
static void test_tests_keep_the_limit(void **state) {
    (void)state;
    enum {
        EVENTS = 100,
        TESTS = 4
    };
    start_all();
    put_at(&operating, WEBHOOK, PROJECT, "/delay/20", "in-flight=1");
    assert_int_equal(process_status(&delivering[0], "send-many %s 1 %d", PROJECT, EVENTS), HD_OK);
    assert_true(server_wait_requests(server, 2, PATIENCE_MS));
    struct process *asking[] = {&operating, &delivering[0], &delivering[1]};
    for (int i = 0; i < 3 * TESTS; i++)
        assert_int_equal(process_number(asking[i % 3], "test %s", WEBHOOK), HD_OUTCOME_DELIVERED);
    must_flush(&operating);
    assert_int_equal(server_requests(server), EVENTS + 3 * TESTS);
    assert_int_equal(count_different(), EVENTS + 3 * TESTS);
    assert_int_equal(server_most_at_once(server, "/delay/20"), 1);
    end_all();
}

/* It passes by what waits, also where a person holds the webhook; and it is made where nobody delivers. */
static void test_tests_of_a_held_webhook(void **state) {
    (void)state;
    struct process accepting;
    start_all();
    process_start(&accepting, directory, HD_CLIENT_ACCEPT, "");
    put_at(&operating, WEBHOOK, PROJECT, "/ok", "held");
    assert_int_equal(process_status(&accepting, "send-many %s 1 200", PROJECT), HD_OK);
    assert_int_equal(process_number(&operating, "test %s", WEBHOOK), HD_OUTCOME_DELIVERED);
    assert_int_equal(process_number(&accepting, "test %s", WEBHOOK), HD_OUTCOME_DELIVERED);
    assert_int_equal(process_number(&operating, "waiting %s", WEBHOOK), 200);
    assert_int_equal(server_requests(server), 2);
    process_end(&delivering[0]);
    process_kill(&delivering[1]);
    assert_int_equal(process_number(&operating, "test %s", WEBHOOK), HD_OUTCOME_DELIVERED);
    assert_int_equal(process_status(&accepting, "test %s", WEBHOOK), HD_E_ROLE);
    assert_int_equal(process_number(&accepting, "waiting %s", WEBHOOK), 200);
    assert_int_equal(server_requests(server), 3);
    process_end(&accepting);
    process_end(&operating);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_work_is_divided),
        TEST(test_good_end_gives_all_back),
        TEST(test_first_one_is_killed),
        TEST(test_second_one_is_killed),
        TEST(test_event_of_another_process_starts_soon),
        TEST(test_idle_client),
        TEST(test_hold),
        TEST(test_newest_settings),
        TEST(test_discard),
        TEST(test_discard_while_nobody_delivers),
        TEST(test_remove),
        TEST(test_move_to_another_project),
        TEST(test_operator),
        TEST(test_tests_keep_the_limit),
        TEST(test_tests_of_a_held_webhook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
