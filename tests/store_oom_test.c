/* SPDX-License-Identifier: MIT */
/** @file store_oom_test.c A worker with a store, with every one of its allocations failing in turn, once and from then
 * on, the library's own and SQLite's: each event that was accepted ends in one report for each webhook, and nothing
 * leaks. Clients that accept only, and those that only read, say what they lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/child.h"
#include "support/failing.h"
#include "support/simulation.h"
#include "support/support.h"

#include "helmdesk/sqlite.h"
#include "store/durable_log.h"
#include "store/stats.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 3
#define WEBHOOKS 2

static sqlite3_mem_methods real_sqlite;

static void *sqlite_malloc(int size) {
    return failing_now() ? NULL : real_sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size) {
    return failing_now() ? NULL : real_sqlite.xRealloc(old, size);
}

/* What the store tells is waited for with naps: meanwhile memory comes back. Here they take no time. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left) {
    (void)time, (void)left;
    failing.armed = 0;
    return 0;
}

static char directory[64];

static hd_store *open_store(void) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    return store;
}

/* Time goes on, and what is under way is answered. */
static void turn(struct simulation *simulation) {
    simulation->now_us += 300000;
    simulation_turn(simulation);
    while (simulation->under_way_count > 0)
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
}

static int is_done(struct simulation *simulation) {
    return hd__worker_counter(simulation->worker, HD_COUNTER_STORED) == 0 &&
           hd__worker_counter(simulation->worker, HD_COUNTER_PENDING) == 0 &&
           hd__worker_store_status(simulation->worker) == HD_OK;
}

/* Statistics say what they lack, or are there. A filter is the caller's, and made before. */
static void summarize(hd_store *store, const hd_log_filter *filter) {
    hd_log_stats *stats = NULL;
    int status = hd__log_stats_new(filter, 0, &stats);
    if (status == HD_OK)
        status = hd__durable_summarize(store, filter, 0, stats);
    if (failing.failures == 0)
        assert_int_equal(status, HD_OK);
    if (status == HD_OK)
        assert_true(hd_log_stats_count(stats) <= EVENTS * WEBHOOKS);
    else
        assert_int_equal(status, HD_E_NO_MEMORY);
    hd_log_stats_free(stats);
}

/* A life of some events, in the middle of which memory runs out, and comes back. */
static void live(void *user) {
    (void)user;
    size_t accepted = 0, turns = 0;
    hd_log_filter *filter = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, "subject"), HD_OK);
    make_fast_directory(directory);
    hd_store *store = open_store();
    struct simulation *simulation = simulation_new_on(store);
    simulation_put(simulation, "a", 1);
    simulation_put(simulation, "b", 4);
    failing.armed = 1;
    for (int i = 0; i < EVENTS; i++) {
        failing.armed = 0; /* the event itself is the caller's */
        accepted += simulation_send(simulation, "subject") == HD_OK;
        failing.armed = 1;
        turn(simulation);
    }
    summarize(store, NULL);
    summarize(store, filter);
    failing.armed = 0;
    while (!is_done(simulation) && turns++ < 100)
        turn(simulation);
    assert_true(is_done(simulation));
    assert_int_equal(accepted, EVENTS);
    assert_int_equal(simulation_drain_reports(simulation), accepted * WEBHOOKS);
    hd__worker_cancel_all(simulation->worker);
    simulation_free(simulation);
    hd_store_free(store);
    hd_log_filter_free(filter);
    remove_directory(directory);
}

/* Takes the outcomes that there are. Returns how many events are stored. */
static size_t take_outcomes(struct simulation *simulation, size_t *taken) {
    struct hd__commit commit;
    size_t stored = 0;
    for (; hd__worker_next_commit(simulation->worker, &commit) == HD_OK; ++*taken) {
        stored += commit.status == HD_OK;
        assert_true(commit.status == HD_OK || commit.status == HD_E_NO_MEMORY);
    }
    return stored;
}

/* With HD_ACCEPT_ASYNC each event has its outcome, and is delivered exactly if the outcome says that it is stored. */
static void tell(void *user) {
    (void)user;
    size_t taken = 0, stored = 0, turns = 0;
    make_fast_directory(directory);
    hd_store *store = open_store();
    struct simulation *simulation = simulation_new_async_on(store);
    simulation_put(simulation, "a", 1);
    for (int i = 0; i < EVENTS; i++) {
        assert_int_equal(simulation_send(simulation, "subject"), HD_OK);
        failing.armed = 1;
        turn(simulation);
        failing.armed = 0;
        stored += take_outcomes(simulation, &taken);
    }
    while (!is_done(simulation) && turns++ < 100)
        turn(simulation);
    assert_true(is_done(simulation));
    stored += take_outcomes(simulation, &taken);
    assert_int_equal(taken, EVENTS);
    assert_int_equal(simulation_drain_reports(simulation), stored);
    hd__worker_cancel_all(simulation->worker);
    simulation_free(simulation);
    hd_store_free(store);
    remove_directory(directory);
}

static void test_outcomes(void **state) {
    (void)state;
    failing_in_turn(tell, NULL, runs_slowly() ? 23 : 1, 20);
}

static void test_every_allocation(void **state) {
    (void)state;
    failing_in_turn(live, NULL, runs_slowly() ? 23 : 1, 20);
}

static hd_options *options_to_accept(hd_store *store) {
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_ACCEPT), HD_OK);
    return options;
}

static void end_accepting(hd_client *client, hd_store *store, hd_options *options) {
    hd_client_free(client);
    hd_store_free(store);
    hd_options_free(options);
    remove_directory(directory);
}

/* A client that finds no memory to join with joins later. */
static void join_to_accept(void *user) {
    hd_client *client = NULL;
    (void)user;
    make_fast_directory(directory);
    hd_store *store = open_store();
    hd_options *options = options_to_accept(store);
    failing.armed = 1;
    int status = hd_client_new(options, &client);
    failing.armed = 0;
    if (status != HD_OK) {
        assert_int_equal(status, HD_E_NO_MEMORY);
        assert_null(client);
        if (hd_client_new(options, &client) != HD_OK) /* it ends a transaction that there was no memory to end */
            assert_int_equal(hd_client_new(options, &client), HD_OK);
    }
    end_accepting(client, store, options);
}

static void test_joining(void **state) {
    (void)state;
    failing_in_turn(join_to_accept, NULL, runs_slowly() ? 211 : 23, 20);
}

/* Metrics are whole, or say what they lack. */
static void measure(hd_client *client) {
    char text[8192];
    size_t length = 0;
    failing.armed = 1;
    int status = hd_client_metrics(client, text, sizeof text, &length);
    failing.armed = 0;
    if (status == HD_OK)
        assert_string_equal(text + length - 6, "# EOF\n");
    else
        assert_int_equal(status, HD_E_NO_MEMORY);
}

/* A consumer's place is kept or not, and the same call works later. */
static void consume(hd_client *client) {
    hd_log_page *page = NULL;
    failing.armed = 1;
    int status = hd_log_read(client, "consumer", NULL, 10, &page);
    int committed = status == HD_OK ? hd_log_commit(client, "consumer", page) : HD_OK;
    failing.armed = 0;
    if (status != HD_OK) {
        assert_int_equal(status, HD_E_NO_MEMORY);
        assert_null(page);
        assert_int_equal(hd_log_read(client, "consumer", NULL, 10, &page), HD_OK);
    }
    if (committed != HD_OK)
        assert_int_equal(committed, HD_E_NO_MEMORY);
    assert_int_equal(hd_log_commit(client, "consumer", page), HD_OK);
    hd_log_page_free(page);
}

/* An event that a client without a loop stores is stored once or not at all, and so is a webhook. */
/* A job that is refused for want of memory is not there, or is. */
static void start_job(hd_client *client) {
    hd_job *job = NULL;
    hd_job_list *list = NULL;
    assert_int_equal(hd_job_new(HD_SOURCE_DELIVERIES, NULL, &job), HD_OK);
    failing.armed = 1;
    int status = hd_job_start(client, job);
    int listed = hd_job_list_all(client, NULL, &list);
    failing.armed = 0;
    assert_true(status == HD_OK || status == HD_E_NO_MEMORY);
    assert_true(listed == HD_OK || listed == HD_E_NO_MEMORY);
    if (listed == HD_OK)
        assert_int_equal(hd_job_list_count(list), status == HD_OK);
    hd_job_list_free(list);
    hd_job_free(job);
}

/* A change and its entry: both or neither. */
static void expect_changes(hd_client *client, size_t count) {
    hd_change_list *list = NULL;
    failing.armed = 1;
    int status = hd_client_changes(client, NULL, WEBHOOK, 0, 10, &list);
    failing.armed = 0;
    if (status != HD_OK) {
        assert_null(list);
        assert_int_equal(status, HD_E_NO_MEMORY);
        assert_int_equal(hd_client_changes(client, NULL, WEBHOOK, 0, 10, &list), HD_OK);
    }
    assert_int_equal(hd_change_list_count(list), count);
    hd_change_list_free(list);
}

static void accept_one(void *user) {
    hd_client *client = NULL;
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/");
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    uint64_t stored = 0;
    (void)user;
    make_fast_directory(directory);
    hd_store *store = open_store();
    hd_options *options = options_to_accept(store);
    assert_int_equal(hd_client_new(options, &client), HD_OK);
    failing.armed = 1;
    int status = hd_client_put_webhook(client, webhook);
    failing.armed = 0;
    expect_changes(client, status == HD_OK);
    if (status != HD_OK) {
        assert_int_equal(status, HD_E_NO_MEMORY);
        assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    }
    failing.armed = 1;
    status = hd_webhook_send(client, event, NULL);
    failing.armed = 0;
    if (status != HD_OK)
        assert_int_equal(status, HD_E_NO_MEMORY);
    measure(client);
    consume(client);
    start_job(client);
    assert_int_equal(hd_client_waiting(client, WEBHOOK, &stored, NULL), HD_OK);
    assert_int_equal(stored, status == HD_OK);
    hd_webhook_free(webhook);
    hd_event_free(event);
    end_accepting(client, store, options);
}

static void test_accepting(void **state) {
    (void)state;
    failing_in_turn(accept_one, NULL, runs_slowly() ? 23 : 1, 20);
}

/* A store as a process leaves it that is killed: what it wrote last is in the WAL alone. */
static void leave_store_open(void) {
    make_fast_directory(directory);
    pid_t child = fork();
    if (child == 0) {
        hd_store *store = open_store();
        (void)simulation_new_on(store);
        end_child(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static off_t size_of(const char *name) {
    char path[128];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return stat(path, &found) == 0 ? found.st_size : -1;
}

struct sizes {
    off_t database, wal;
};

/* Who reads a store writes nothing into it, also where that fails half-way. */
static void read_store(void *user) {
    const struct sizes *sizes = user;
    hd_store *store = NULL;
    hd_client *client = NULL;
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_READ), HD_OK);
    failing.armed = 1;
    int status = hd_store_sqlite_open(directory, NULL, 0, &store);
    if (status == HD_OK)
        status = hd_options_set_store(options, store);
    if (status == HD_OK)
        status = hd_client_new(options, &client);
    hd_client_free(client);
    hd_store_free(store);
    failing.armed = 0;
    hd_options_free(options);
    if (failing.failures == 0 || status != HD_E_NO_MEMORY) /* SQLite can do without some */
        assert_int_equal(status, HD_OK);
    assert_int_equal(size_of("helmdesk.db"), sizes->database);
    assert_int_equal(size_of("helmdesk.db-wal"), sizes->wal);
}

static void test_failing_reader_writes_nothing(void **state) {
    (void)state;
    leave_store_open();
    struct sizes sizes = {size_of("helmdesk.db"), size_of("helmdesk.db-wal")};
    assert_true(sizes.wal > 0);
    failing_in_turn(read_store, &sizes, 1, 20);
    remove_directory(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outcomes), cmocka_unit_test(test_every_allocation),
                                       cmocka_unit_test(test_joining), cmocka_unit_test(test_accepting),
                                       cmocka_unit_test(test_failing_reader_writes_nothing)};
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_sqlite) != SQLITE_OK)
        return 1;
    sqlite3_mem_methods methods = real_sqlite;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
