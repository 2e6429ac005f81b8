/* SPDX-License-Identifier: MIT */
/** @file store_oom_test.c A worker with a store, with every one of its allocations failing in turn, once and from then
 * on, the library's own and SQLite's: each event that was accepted ends in one report for each webhook, and nothing
 * leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/simulation.h"
#include "support/support.h"

#include "helmdesk/sqlite.h"
#include "store/durable.h"
#include "store/stats.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static char directory[64];

static void ignore_webhook(void *user, const struct hd__stored_webhook *webhook) {
    (void)user, (void)webhook;
}

static hd_store *open_store(struct hd__store_state *state) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    assert_int_equal(store->ops->begin(store, ignore_webhook, NULL, state), HD_OK);
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
        status = hd__durable_summarize(store, filter, stats);
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
    struct hd__store_state state;
    size_t accepted = 0, turns = 0;
    hd_log_filter *filter = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, "subject"), HD_OK);
    make_directory(directory);
    hd_store *store = open_store(&state);
    struct simulation *simulation = simulation_new_on(store);
    hd__worker_set_state(simulation->worker, &state);
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

static void test_every_allocation(void **state) {
    (void)state;
    failing_in_turn(live, NULL, runs_slowly() ? 7 : 1, 20);
}

/* A store as a process leaves it that is killed: what it wrote last is in the WAL alone. */
static void leave_store_open(void) {
    make_directory(directory);
    pid_t child = fork();
    if (child == 0) {
        struct hd__store_state state;
        (void)open_store(&state);
        _exit(0);
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
    struct hd__store_state state;
    failing.armed = 1;
    int status = hd_store_sqlite_open_reader(directory, NULL, 0, &store);
    if (status == HD_OK)
        status = store->ops->begin(store, ignore_webhook, NULL, &state);
    hd_store_free(store);
    failing.armed = 0;
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation),
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
