/* SPDX-License-Identifier: MIT */
/** @file shared_fault_test.c Faults that were seen with a store, as tests: forks, slow disks, rules that became
 * narrower, files that the program closes, tests under way, pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/child.h"
#include "support/process.h"
#include "support/store_cut.h"
#include "support/stored.h"

#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Forks
 */

/* In a child: ends it with the number of the line if something is not as it must be. */
#define child_must(expression)                                                                                         \
    do {                                                                                                               \
        if (!(expression))                                                                                             \
            _exit(__LINE__ % 255 + 1);                                                                                 \
    } while (0)

/* Every call on a store and on a client that the parent has made. */
static void use_inherited(hd_store *store, hd_store *unused, hd_client *client) {
    hd_options *options = options_with_store(unused);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/ok"), *copy = NULL;
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 2);
    hd_client *made = NULL;
    hd_report *report = NULL;
    hd_log_page *page = NULL;
    hd_log_stats *stats = NULL;
    hd_webhook_list *list = NULL;
    hd_job *job = NULL;
    hd_job_list *jobs = NULL;
    uint64_t count = 0;
    child_must(hd_job_new(HD_SOURCE_DELIVERIES, NULL, &job) == HD_OK);
    int state = 0;
    for (int role = HD_CLIENT_DELIVER; role <= HD_CLIENT_OPERATE; role++) {
        child_must(hd_options_set_role(options, role) == HD_OK);
        child_must(hd_client_new(options, &made) == HD_E_FORKED && made == NULL);
    }
    child_must(hd_store_set_retention(unused, 1, 1, 1) == HD_E_FORKED);
    child_must(hd_client_put_webhook(client, webhook) == HD_E_FORKED);
    child_must(hd_client_replace_webhook(client, webhook) == HD_E_FORKED);
    child_must(hd_client_remove_webhook(client, WEBHOOK) == HD_E_FORKED);
    child_must(hd_client_get_webhook(client, WEBHOOK, &copy) == HD_E_FORKED);
    child_must(hd_client_list_webhooks(client, NULL, &list) == HD_E_FORKED);
    child_must(hd_client_check_url(client, "https://example.com/") == HD_E_FORKED);
    child_must(hd_client_webhook_state(client, WEBHOOK, &state, NULL) == HD_E_FORKED);
    child_must(hd_client_waiting(client, WEBHOOK, &count, NULL) == HD_E_FORKED);
    child_must(hd_client_discard(client, WEBHOOK, &count) == HD_E_FORKED);
    child_must(hd_client_store_status(client) == HD_E_FORKED);
    child_must(hd_webhook_send(client, event, NULL) == HD_E_FORKED);
    child_must(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 100, &report) == HD_E_FORKED);
    child_must(hd_client_redeliver(client, "01890000-0000-7000-8000-000000000000", NULL) == HD_E_FORKED);
    child_must(hd_job_plan(client, job) == HD_E_FORKED);
    child_must(hd_job_start(client, job) == HD_E_FORKED);
    child_must(hd_job_stop(client, "01890000-0000-7000-8000-000000000000") == HD_E_FORKED);
    child_must(hd_job_list_all(client, NULL, &jobs) == HD_E_FORKED);
    child_must(hd_log_query(client, NULL, NULL, 10, &page) == HD_E_FORKED);
    child_must(hd_log_follow(client, NULL, NULL, 10, &page) == HD_E_FORKED);
    child_must(hd_log_summarize(client, NULL, 0, &stats) == HD_E_FORKED);
    child_must(hd_client_next_report(client, 0, &report) == HD_E_FORKED);
    child_must(hd_client_flush(client, 0) == HD_E_FORKED);
    child_must(hd_client_close(client, 0) == HD_E_FORKED);
    child_must(hd_client_counter(client, HD_COUNTER_ACCEPTED) == 0);
    hd_job_free(job);
    hd_client_free(client);
    hd_store_free(store);
    hd_store_free(unused);
    hd_options_free(options);
    hd_webhook_free(webhook);
    hd_event_free(event);
}

/* What a child opens itself works beside its parent's. */
static void use_own(void) {
    hd_store *store = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, store);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 3);
    child_must(hd_webhook_send(client, event, NULL) == HD_OK);
    child_must(hd_client_flush(client, PATIENCE_MS) == HD_OK);
    hd_event_free(event);
    end(client, store);
}

static void test_fork(void **state) {
    (void)state;
    int status = -1;
    hd_store *store = open_store(), *unused = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    flush(client);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        use_inherited(store, unused, client);
        use_own();
        end_child(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    send_ticket(client, 4); /* the parent has lost nothing by it */
    flush(client);
    assert_int_equal(server_requests(server), 3);
    assert_int_equal(hd_store_set_retention(unused, 1, 1, 1), HD_OK);
    hd_store_free(unused);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * A slow disk
 */

#define SLOW_MS 6000

static struct hd__store_ops slow_ops;
static int (*fast_step)(struct hd_store *store, struct hd__step *step, struct hd__store_state *state);
static atomic_int is_slow, is_stuck; /* the next step of a kind is to be slow; it is */

enum {
    SLOW_EVENTS = 1,
    SLOW_RESULTS
};

static int64_t processor_us(void) {
    struct timespec used;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static int slow_step(struct hd_store *store, struct hd__step *step, struct hd__store_state *state) {
    if (atomic_load(&is_slow) == (step->event_count > 0 ? SLOW_EVENTS : SLOW_RESULTS) && atomic_exchange(&is_slow, 0)) {
        atomic_store(&is_stuck, 1);
        sleep_ms(SLOW_MS);
        atomic_store(&is_stuck, 0);
    }
    return fast_step(store, step, state);
}

static hd_store *open_slow_store(void) {
    hd_store *store = open_store();
    slow_ops = *store->ops;
    fast_step = slow_ops.step;
    slow_ops.step = slow_step;
    store->ops = &slow_ops;
    return store;
}

/* While a step takes 6 s, what is under way ends when it ends, and what waits in memory begins. */
static void test_slow_disk(void **state) {
    (void)state;
    hd_store *store = open_slow_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/delay/300");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 3; i++)
        send_ticket(client, i + 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    assert_eventually(waiting_for(client, WEBHOOK) == 3);
    atomic_store(&is_slow, SLOW_EVENTS);
    send_event(client, event_for_tests(HD_TICKET_CREATED, "another", 4));
    assert_eventually(atomic_load(&is_stuck));
    int64_t begun_ms = now_ms();
    assert_true(server_wait_requests(server, 3, PATIENCE_MS));
    int64_t took_ms = now_ms() - begun_ms;
    int was_stuck = atomic_load(&is_stuck);
    print_message("two more attempts began within %lld ms of a step of %d ms\n", (long long)took_ms, SLOW_MS);
    assert_true(was_stuck || runs_slowly());
    flush(client);
    for (int i = 0; i < 3; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        assert_in_range(hd_report_total_ms(report), 300, 4999);
        hd_report_free(report);
    }
    end(client, store);
}

/* What has ended while a step takes 6 s, and waits to be written by the next one, does not keep the loop busy. */
static void test_slow_disk_and_results_that_wait(void **state) {
    (void)state;
    hd_store *store = open_slow_store();
    hd_client *client = committing_client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/delay/1000"));
    send_ticket(client, 1);
    sleep_ms(300);
    send_ticket(client, 2);
    atomic_store(&is_slow, SLOW_RESULTS);
    assert_eventually(atomic_load(&is_stuck));
    sleep_ms(SLOW_MS / 4); /* the second one has ended */
    int64_t before_us = processor_us(), begun_ms = now_ms();
    sleep_ms(SLOW_MS / 4);
    int64_t took_us = processor_us() - before_us, passed_ms = now_ms() - begun_ms;
    print_message("%lld us of processor time in %lld ms of a slow step\n", (long long)took_us, (long long)passed_ms);
    assert_true(took_us < passed_ms * 1000 / 20);
    flush(client);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rules, pauses, tests
 */

static int state_of(hd_client *client) {
    int state = -1;
    assert_int_equal(hd_client_webhook_state(client, WEBHOOK, &state, NULL), HD_OK);
    return state;
}

/* What the rules of a client forbid is not sent by it: what waits is kept, its state says why, and a test says so. */
static void test_rules_became_narrower(void **state) {
    (void)state;
    hd_report *report = NULL;
    hd_options *options = NULL;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/gate"));
    for (int i = 0; i < 5; i++)
        send_ticket(client, i + 1);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    server_open_gate(server);
    size_t requests = server_requests(server);

    store = open_store();
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_allow_http(options, 1), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "127.0.0.0/8"), HD_OK); /* but not the port */
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    client = client_for_tests(options);
    assert_int_equal(state_of(client), HD_WEBHOOK_FORBIDDEN);
    send_ticket(client, 6);
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_reason(report), HD_REASON_BLOCKED);
    assert_true(*hd_report_detail(report) != '\0');
    hd_report_free(report);
    sleep_ms(500);
    assert_int_equal(waiting_for(client, WEBHOOK), 6);
    assert_int_equal(server_requests(server), requests);
    end_early(client, store);

    store = open_store();
    client = client_on(store);
    assert_int_equal(state_of(client), HD_WEBHOOK_ACTIVE);
    flush(client);
    assert_int_equal(server_requests(server), requests + 6);
    end(client, store);
}

/* A pause of the rule holds for every process, outlives a kill, uses up nothing, and ends by a test that succeeds. */
static void test_pause_is_for_all(void **state) {
    (void)state;
    char url[256];
    struct process first, second, operating;
    process_start(&first, directory, HD_CLIENT_DELIVER, "r");
    assert_int_equal(process_status(&first, "put %s %s %s in-flight=1", WEBHOOK, PROJECT,
                                    server_url(server, "/status/500", url, sizeof url)),
                     HD_OK);
    assert_int_equal(process_status(&first, "send-many %s 1 10", PROJECT), HD_OK);
    assert_eventually(process_number(&first, "state %s", WEBHOOK) == HD_WEBHOOK_PAUSED);
    assert_eventually(process_number(&first, "waiting %s", WEBHOOK) == 7);
    process_start(&operating, directory, HD_CLIENT_OPERATE, "r");
    assert_eventually(process_number(&operating, "state %s", WEBHOOK) == HD_WEBHOOK_PAUSED);
    process_kill(&first);
    process_start(&second, directory, HD_CLIENT_DELIVER, "r");
    assert_eventually(process_number(&second, "state %s", WEBHOOK) == HD_WEBHOOK_PAUSED);
    sleep_ms(500);
    assert_int_equal(server_requests(server), 3);
    assert_int_equal(process_number(&second, "waiting %s", WEBHOOK), 7);
    assert_int_equal(
        process_status(&operating, "put %s %s %s", WEBHOOK, PROJECT, server_url(server, "/ok", url, sizeof url)),
        HD_OK);
    assert_eventually(process_number(&second, "test %s", WEBHOOK) == HD_OUTCOME_DELIVERED);
    assert_eventually(process_number(&second, "waiting %s", WEBHOOK) == 0);
    assert_int_equal(process_number(&operating, "state %s", WEBHOOK), HD_WEBHOOK_ACTIVE);
    process_end(&operating);
    process_end(&second);
}

static hd_client *tested;

static void *test_slowly(void *outcome) {
    hd_report *report = NULL;
    if (hd_client_test(tested, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report) == HD_OK)
        *(int *)outcome = hd_report_outcome(report);
    hd_report_free(report);
    return NULL;
}

/* Flush and close wait for a test that is under way, with a store as without. */
static void wait_for_tests(hd_client *client) {
    pthread_t thread;
    int outcome[2] = {0, 0};
    size_t requests = server_requests(server);
    tested = client;
    put_webhook(client, webhook_at(WEBHOOK, "/delay/700"));
    assert_int_equal(pthread_create(&thread, NULL, test_slowly, &outcome[0]), 0);
    assert_true(server_wait_requests(server, requests + 1, PATIENCE_MS));
    assert_int_equal(hd_client_flush(client, 0), HD_E_TIMEOUT);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, test_slowly, &outcome[1]), 0);
    assert_true(server_wait_requests(server, requests + 2, PATIENCE_MS));
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(outcome[0], HD_OUTCOME_DELIVERED);
    assert_int_equal(outcome[1], HD_OUTCOME_DELIVERED);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 2);
}

static void test_tests_are_waited_for(void **state) {
    (void)state;
    hd_client *client = client_for_tests(NULL);
    wait_for_tests(client);
    end_client(client);
    hd_store *store = open_store();
    client = client_on(store);
    wait_for_tests(client);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

/* As a backup does: POSIX drops a process's record locks on a file when it closes any descriptor of it. */
static void open_and_close_all(void) {
    char path[512];
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        int file = open(path, O_RDONLY);
        if (file >= 0)
            (void)close(file);
    }
    closedir(folder);
}

/* The program closes files of the directory while it and another process deliver: nothing is delivered by two. */
static void test_host_closes_the_files(void **state) {
    (void)state;
    enum {
        EVENTS = 200
    };
    struct process other;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/delay/1"));
    open_and_close_all();
    process_start(&other, directory, HD_CLIENT_DELIVER, "");
    for (int i = 0; i < EVENTS; i++) {
        send_ticket(client, i + 1);
        if (i % 20 == 0)
            open_and_close_all();
        if (i % 50 == 0)
            assert_int_equal(process_status(&other, "send %s %d", PROJECT, 1000 + i), HD_OK);
    }
    flush(client);
    assert_int_equal(process_status(&other, "flush %d", PATIENCE_MS), HD_OK);
    assert_int_equal(server_requests(server), EVENTS + 4);
    for (size_t i = 0; i < EVENTS + 4; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(id_of(i), id_of(k));
    process_end(&other);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * A store that fails for a while
 */

static int refuse_steps(void *user, int call) {
    return call == STORE_CUT_STEP && atomic_load((atomic_int *)user) ? STORE_CUT_UNDONE : STORE_CUT_NOT;
}

/* Each caller who waits for a commit is told that there is none; and the client finds out by itself that the store
 * works again, also where nothing is left to be written. */
static void test_store_is_tried_again(void **state) {
    (void)state;
    atomic_int fails = 0;
    hd_store *store = store_cut_new(open_store(), (struct store_cut){.before = refuse_steps, .user = &fails});
    hd_client *client = committing_client_on(store);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    atomic_store(&fails, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_STORE_BUSY);
    assert_int_equal(hd_client_store_status(client), HD_E_STORE_BUSY);
    atomic_store(&fails, 0);
    assert_eventually(hd_client_store_status(client) == HD_OK);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK);
    hd_event_free(event);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
    end(client, store);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_fork),
        TEST(test_slow_disk),
        TEST(test_slow_disk_and_results_that_wait),
        TEST(test_rules_became_narrower),
        TEST(test_pause_is_for_all),
        TEST(test_tests_are_waited_for),
        TEST(test_host_closes_the_files),
        TEST(test_store_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
