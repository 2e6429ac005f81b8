/* SPDX-License-Identifier: MIT */
/** @file sqlite_idle_test.c What a client of a store in SQLite does while nothing happens, counted in calls and
 * statements, which do not depend on how fast the machine is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/seam.h"
#include "support/stored.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RENEWAL_S 10 /* seconds from one renewal of a lease to the next */

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);
int __real_sqlite3_exec(sqlite3 *connection, const char *text, int (*row)(void *, int, char **, char **), void *user,
                        char **error);
int __wrap_sqlite3_exec(sqlite3 *connection, const char *text, int (*row)(void *, int, char **, char **), void *user,
                        char **error);

/* What the library has asked of SQLite. */
static atomic_size_t statements, updates, synced_commits;
static atomic_int is_synced;

int __wrap_sqlite3_step(sqlite3_stmt *statement) {
    statements++;
    updates += strncmp(sqlite3_sql(statement), "UPDATE", 6) == 0;
    synced_commits += is_synced && strcmp(sqlite3_sql(statement), "COMMIT") == 0;
    return __real_sqlite3_step(statement);
}

int __wrap_sqlite3_exec(sqlite3 *connection, const char *text, int (*row)(void *, int, char **, char **), void *user,
                        char **error) {
    if (strstr(text, "PRAGMA synchronous"))
        is_synced = strstr(text, "synchronous = FULL") != NULL;
    statements++;
    return __real_sqlite3_exec(connection, text, row, user, error);
}

int __real_hd__sqlite_look(struct hd_store *store, struct hd__store_state *state);
int __wrap_hd__sqlite_look(struct hd_store *store, struct hd__store_state *state);
int __real_hd__sqlite_tend(struct hd_store *store, struct hd__store_state *state, int *more);
int __wrap_hd__sqlite_tend(struct hd_store *store, struct hd__store_state *state, int *more);

/* How often the engine has asked the store what there is. */
static atomic_size_t calls;

int __wrap_hd__sqlite_look(struct hd_store *store, struct hd__store_state *state) {
    calls++;
    return __real_hd__sqlite_look(store, state);
}

int __wrap_hd__sqlite_tend(struct hd_store *store, struct hd__store_state *state, int *more) {
    calls++;
    return __real_hd__sqlite_tend(store, state, more);
}

static struct seam a, b;
static struct seam_time times;

static int begin(void **state) {
    times = seam_time();
    return set_up(state);
}

static void open_as(struct seam *seam, int role) {
    seam_open(seam, directory, role, seam_clock(&times));
}

/* How many statements it takes. */
static size_t tend(struct seam *seam) {
    size_t before = statements;
    assert_int_equal(seam_tend(seam), HD_OK);
    return statements - before;
}

static void be_quiet(struct seam *seam) {
    int tends = 0;
    assert_int_equal(seam_look(seam), HD_OK);
    while (tend(seam) > 0)
        assert_true(++tends < 5);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Nothing happens
 */

/* For a minute. Returns in how many of its seconds the database was asked anything. */
static size_t pass_a_minute(struct seam *seam) {
    size_t rounds = 0;
    be_quiet(seam);
    statements = updates = 0;
    for (int second = 0; second < 60; second++) {
        seam_pass(&times, 1000);
        rounds += tend(seam) > 0;
        size_t before = statements;
        assert_int_equal(seam_look(seam), HD_OK);
        assert_int_equal(statements - before, 0);
    }
    assert_true(statements <= rounds * 20);
    return rounds;
}

/* Who owns shards renews its lease: the row of the client, and the state. Its first round is not a second late. */
static void test_owner(void **state) {
    (void)state;
    open_as(&a, HD__ROLE_DELIVER);
    seam_put(&a, "w");
    size_t rounds = pass_a_minute(&a);
    assert_in_range(rounds, 60 / RENEWAL_S - 1, 60 / RENEWAL_S);
    assert_int_equal(updates, 2 * rounds);
    seam_close(&a);
}

/* So does one that has added something; who has written nothing has no lease. */
static void test_other_roles(void **state) {
    (void)state;
    open_as(&a, HD__ROLE_ACCEPT);
    assert_in_range(pass_a_minute(&a), 60 / RENEWAL_S - 1, 60 / RENEWAL_S);
    assert_int_equal(updates, 0);
    seam_put(&a, "w");
    seam_send(&a, 1);
    size_t rounds = pass_a_minute(&a);
    assert_in_range(rounds, 60 / RENEWAL_S - 1, 60 / RENEWAL_S);
    assert_int_equal(updates, 2 * rounds);
    seam_close(&a);
    open_as(&b, HD__ROLE_READ);
    assert_in_range(pass_a_minute(&b), 60 / RENEWAL_S - 1, 60 / RENEWAL_S);
    assert_int_equal(updates, 0);
    seam_close(&b);
}

/* A renewal is of no use after a loss of power, and is not synced. All else is. */
static void test_renewals_are_not_synced(void **state) {
    (void)state;
    open_as(&a, HD__ROLE_DELIVER);
    seam_put(&a, "w");
    be_quiet(&a);
    for (uint64_t i = 1; i <= 2; i++) {
        seam_pass(&times, (int64_t)RENEWAL_S * 1000);
        updates = synced_commits = 0;
        assert_true(tend(&a) > 0);
        assert_int_equal(updates, 2);
        assert_int_equal(synced_commits, 0);
        seam_send(&a, i);
        assert_int_equal(synced_commits, 1);
    }
    seam_close(&a);
}

#ifdef __linux__
/* What others write is told, so that a client asks once a second, and mostly not the database. */
static void test_client(void **state) {
    (void)state;
    enum {
        SECONDS = 3
    };
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    int64_t until_ms = now_ms() + PATIENCE_MS;
    int is_idle = 0;
    while (!is_idle && now_ms() < until_ms) {
        statements = calls = 0;
        int64_t begun_ms = now_ms();
        sleep_ms(SECONDS * 1000);
        size_t most = (size_t)(now_ms() - begun_ms) / 1000 + 1;
        is_idle = calls >= 1 && calls <= most && statements == 0;
    }
    assert_true(is_idle);
    end(client, store);
}
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Something happens
 */

/* Another client writes, or somebody without this library, or the client itself. */
static void test_changes_are_seen(void **state) {
    (void)state;
    open_as(&a, HD__ROLE_DELIVER);
    open_as(&b, HD__ROLE_ACCEPT);
    be_quiet(&a);
    seam_put(&b, "w");
    seam_forget(&a);
    assert_true(tend(&a) > 0);
    assert_int_equal(a.webhook_count, 1);
    be_quiet(&a);
    seam_send(&b, 1);
    assert_true(tend(&a) > 0);
    assert_int_equal(a.arrived_count, 1);
    be_quiet(&a);
    change_database(directory, "UPDATE state SET change = change + 1;"
                               "UPDATE webhook SET name = 'by hand', change = (SELECT change FROM state)");
    seam_forget(&a);
    assert_true(tend(&a) > 0);
    assert_int_equal(a.webhook_count, 1);
    assert_string_equal(a.webhooks[0].name, "by hand");
    be_quiet(&a);
    seam_send(&a, 2);
    assert_true(tend(&a) > 0);
    be_quiet(&a);
    seam_close(&b);
    seam_close(&a);
}

/* Retention goes on slice by slice, and what is too old by then goes with the next round. */
static void test_old_reports_go(void **state) {
    (void)state;
    open_as(&a, HD__ROLE_DELIVER);
    int64_t webhook = seam_put(&a, "w");
    for (uint64_t i = 1; i <= 3; i++)
        assert_int_equal(seam_end(&a, webhook, seam_send(&a, i), i), 0);
    be_quiet(&a);
    seam_pass(&times, HD__STORE_MAX_AGE_MS - 1000);
    be_quiet(&a);
    assert_int_equal(seam_reports(&a, 0), 3);
    for (int second = 0; second < RENEWAL_S + 1; second++) {
        seam_pass(&times, 1000);
        (void)tend(&a);
    }
    assert_int_equal(seam_reports(&a, 0), 0);
    seam_close(&a);
}

/* The lease of another client that cannot be asked about runs out: this one's round is not due yet. */
static void test_lease_of_another_runs_out(void **state) {
    (void)state;
    open_as(&b, HD__ROLE_DELIVER);
    seam_pass(&times, 3000);
    open_as(&a, HD__ROLE_DELIVER);
    change_database(directory, "UPDATE client SET place = 'elsewhere' WHERE id = (SELECT min(id) FROM client)");
    for (int second = 3; second <= 30; second++) {
        (void)tend(&a);
        assert_int_equal(a.state.owned, 0);
        seam_pass(&times, 1000);
    }
    (void)tend(&a);
    assert_true(a.state.owned == UINT64_MAX);
    seam_close(&a);
    seam_drop(&b);
}

static void test_file_goes(void **state) {
    (void)state;
    char path[128], elsewhere[128];
    (void)snprintf(path, sizeof path, "%s/helmdesk.db", directory);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    open_as(&a, HD__ROLE_DELIVER);
    be_quiet(&a);
    assert_int_equal(rename(path, elsewhere), 0);
    assert_int_equal(seam_tend(&a), HD_E_STORE);
    assert_int_equal(rename(elsewhere, path), 0);
    assert_int_equal(seam_tend(&a), HD_OK);
    seam_close(&a);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_owner),
        TEST(test_other_roles),
        TEST(test_renewals_are_not_synced),
        TEST(test_changes_are_seen),
        TEST(test_old_reports_go),
        TEST(test_lease_of_another_runs_out),
        TEST(test_file_goes),
#ifdef __linux__
        TEST(test_client),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
