/* SPDX-License-Identifier: MIT */
/** @file sqlite_trouble_test.c The store in SQLite when something is wrong: damage, files that go, no access, no room,
 * older and newer versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/child.h"
#include "support/seam.h"

#include "helmdesk/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static struct seam a, b;

static int set_up(void **state) {
    (void)state;
    seam_make_directory(directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    seam_remove_directory(directory);
    return 0;
}

/* A path in the directory. */
static const char *path_of(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static sqlite3 *open_database(void) {
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path_of("helmdesk.db"), &database), SQLITE_OK);
    return database;
}

static int64_t ask(const char *question) {
    sqlite3 *database = open_database();
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, question, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return answer;
}

static void run(const char *statements) {
    char *error = NULL;
    sqlite3 *database = open_database();
    if (sqlite3_exec(database, statements, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void assert_says(const struct seam *seam, const char *word) {
    if (!strstr(seam->store->error, word))
        fail_msg("\"%s\" has no \"%s\"", seam->store->error, word);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Damage
 */

/* Overwrites a page of the database file. */
static void damage(int64_t page) {
    char bytes[4096];
    memset(bytes, 0xA5, sizeof bytes);
    int file = open(path_of("helmdesk.db"), O_WRONLY);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, sizeof bytes, (page - 1) * 4096), sizeof bytes);
    (void)close(file);
}

/* One page of events cannot be read: the claim that meets it says so, and the others go on. */
static void test_damaged_page(void **state_) {
    (void)state_;
    static char body[3000];
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t w1 = seam_put(&a, "w1");
    struct hd__stored_webhook webhook;
    assert_int_equal(seam_put_in(&a, "w2", "q", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_OK);
    memset(body, 'x', sizeof body);
    for (uint64_t i = 1; i <= 20; i++) {
        struct hd__new_event event = seam_event(i);
        event.event.project = i > 10 ? "q" : "p";
        event.event.body = (struct hd__bytes){body, sizeof body};
        struct hd__step step = {.events = &event, .event_count = 1};
        assert_int_equal(seam_step(&a, &step), HD_OK);
    }
    seam_close(&a);
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    /* the leaf in which the fifth event lies */
    int64_t page =
        ask("SELECT pageno FROM dbstat WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 4");
    damage(page);

    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    struct hd__claim claims[] = {{.webhook = w1, .max = 100}, {.webhook = webhook.keys.webhook, .max = 100}};
    struct hd__step step = {.claims = claims, .claim_count = 2};
    seam_forget(&a);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(claims[0].status, HD_E_STORE);
    assert_says(&a, "malformed");
    assert_int_equal(claims[1].status, HD_OK);
    size_t of_second = 0;
    for (size_t i = 0; i < a.row_count; i++)
        of_second += a.rows[i].claim == 1;
    assert_int_equal(of_second, 10);
    seam_close(&a);
}

static void test_not_a_database(void **state_) {
    (void)state_;
    hd_store *store = &a.store[0];
    int file = open(path_of("helmdesk.db"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(file, "This is a text, and no database.", 32), 32);
    (void)close(file);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_DAMAGED);
    assert_null(store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files that go
 */

static void test_removed_file(void **state_) {
    (void)state_;
    struct hd__new_event event = seam_event(1);
    struct hd__step step = {.events = &event, .event_count = 1};
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_put(&a, "w");
    char elsewhere[128];
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    assert_int_equal(rename(path_of("helmdesk.db"), elsewhere), 0);
    assert_int_equal(seam_tend(&a), HD_E_STORE);
    assert_says(&a, "helmdesk.db");
    assert_says(&a, "No such file");
    assert_int_equal(seam_step(&a, &step), HD_E_STORE);
    assert_int_equal(step.undone, 1);
    int file = open(path_of("helmdesk.db"), O_WRONLY | O_CREAT, 0600);
    (void)close(file);
    assert_int_equal(seam_tend(&a), HD_E_STORE);
    assert_says(&a, "another file");
    assert_int_equal(rename(elsewhere, path_of("helmdesk.db")), 0); /* somebody has put it back */
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    seam_close(&a);
}

/* A relative path means what it meant when the store was opened. */
static void test_process_goes_elsewhere(void **state_) {
    (void)state_;
    char here[512], path[128];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(directory), 0);
    seam_open(&a, "store", HD__ROLE_DELIVER, NULL);
    assert_int_equal(chdir(here), 0);
    seam_put(&a, "w");
    seam_send(&a, 1);
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_reports(&a, 0), 0);
    seam_close(&a);
    (void)snprintf(path, sizeof path, "%s/store", directory);
    seam_remove_directory(path);
}

static void test_missing(void **state_) {
    (void)state_;
    hd_store *store;
    char path[160];
    (void)snprintf(path, sizeof path, "%s/no/store", directory);
    assert_int_equal(hd_store_sqlite_open(path, NULL, 0, &store), HD_E_STORE_MISSING);
    (void)snprintf(path, sizeof path, "%s/new/", directory);
    assert_int_equal(seam_join(&a, path, HD__ROLE_READ, NULL), HD_E_STORE_MISSING);
    assert_int_not_equal(access(path, F_OK), 0);
    seam_drop(&a);
    seam_open(&a, path, HD__ROLE_ACCEPT, NULL);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    static const char *const files[] = {"helmdesk.db", "helmdesk.db-wal", "helmdesk.db-shm",
                                        "write.lock",  "turn.lock",       "ballast"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char file[256];
        (void)snprintf(file, sizeof file, "%s%s", path, files[i]);
        assert_int_equal(stat(file, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
    seam_close(&a);
    seam_remove_directory(path);
    assert_int_equal(hd_store_sqlite_open("/etc/passwd", NULL, 0, &store), HD_E_STORE);
    assert_int_equal(hd_store_sqlite_open("/etc/passwd/x", NULL, 0, &store), HD_E_STORE);
    assert_int_equal(hd_store_sqlite_open(NULL, NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open("", NULL, 0, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, "short", 5, &store), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, NULL), HD_E_INVALID);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Access: as somebody else, since root may do all
 */

static int as_nobody(int (*test)(void)) {
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(90);
        end_child(test());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* And it is said why. */
static int opens_none(void) {
    hd_store *store;
    char words[256], cut[8];
    if (hd_store_sqlite_open(directory, NULL, 0, &store) != HD_E_STORE_ACCESS)
        return 1;
    size_t len = hd_store_sqlite_explain(directory, words, sizeof words);
    int names_file = strstr(words, directory + 5) || strstr(words, "helmdesk.db");
    if (len != strlen(words) || !names_file || !strstr(words, strerror(EACCES)))
        return 2;
    return hd_store_sqlite_explain(directory, cut, sizeof cut) == len && strncmp(cut, words, 7) == 0 && cut[7] == '\0'
               ? 0
               : 3;
}

static void test_explain_what_is_no_failure(void **state_) {
    (void)state_;
    char words[8] = "before";
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(hd_store_sqlite_explain(directory, words, sizeof words), 0);
    assert_string_equal(words, "");
    assert_int_equal(hd_store_sqlite_explain(NULL, words, sizeof words), 0);
    assert_int_equal(hd_store_sqlite_explain("", NULL, 0), 0);
    assert_int_equal(hd_store_sqlite_explain("/nowhere/at/all", NULL, 0) > 0, 1);
    seam_close(&a);
}

static int only_reads(void) {
    if (seam_join(&b, directory, HD__ROLE_DELIVER, NULL) != HD_E_STORE_ACCESS)
        return 1;
    if (!strstr(b.store->error, "helmdesk.db") && !strstr(b.store->error, directory + 5))
        return 2;
    seam_drop(&b);
    if (seam_join(&b, directory, HD__ROLE_READ, NULL) != HD_OK)
        return 3;
    return b.webhook_count == 1 && b.state.waiting == 1 && seam_look(&b) == HD_OK && seam_tend(&b) == HD_OK ? 0 : 4;
}

static void test_no_access(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_put(&a, "w");
    seam_send(&a, 1);
    assert_int_equal(chmod(directory, 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(as_nobody(opens_none), 0);
    assert_int_equal(chmod(directory, 0755), 0);
    if (geteuid() == 0)
        assert_int_equal(as_nobody(opens_none), 0);
    assert_int_equal(chmod(path_of("helmdesk.db"), 0644), 0); /* may be read, beside who writes */
    assert_int_equal(chmod(path_of("helmdesk.db-wal"), 0666), 0);
    assert_int_equal(chmod(path_of("helmdesk.db-shm"), 0666), 0);
    if (geteuid() == 0)
        assert_int_equal(as_nobody(only_reads), 0);
    seam_drop(&a); /* and after a crash */
    if (geteuid() == 0)
        assert_int_equal(as_nobody(only_reads), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Room
 */

static int send_large(struct seam *seam, uint64_t number, int ends) {
    static char body[2000];
    memset(body, 'x', sizeof body);
    struct hd__new_event event = seam_event(number);
    event.event.body = (struct hd__bytes){body, sizeof body};
    struct hd__step step = {.events = &event, .event_count = 1};
    seam_forget(seam);
    int status = seam_step(seam, &step);
    if (status == HD_OK && ends)
        assert_int_equal(seam_end(seam, seam->added[0].webhook, seam->added[0].row, number), 0);
    return status;
}

/* At its bound the store goes on, and the oldest reports go; only what waits can fill it. */
static void test_bound(void **state_) {
    (void)state_;
    seam_open_bounded(&a, directory, 2000000);
    assert_int_equal(hd_store_sqlite_set_max_bytes(a.store, 1000), HD_E_INVALID);
    seam_put(&a, "w");
    for (uint64_t i = 1; i <= 1500; i++)
        assert_int_equal(send_large(&a, i, 1), HD_OK);
    size_t kept = seam_reports(&a, 0);
    assert_true(kept > 100 && kept < 1000);
    struct stat found;
    assert_int_equal(stat(path_of("helmdesk.db"), &found), 0);
    assert_true(found.st_size <= 2000000);
    uint64_t number = 4000;
    while (send_large(&a, number, 0) == HD_OK)
        number++;
    assert_int_equal(send_large(&a, number, 0), HD_E_STORE_FULL);
    assert_says(&a, "full");
    assert_int_equal(seam_reports(&a, 0), 0);
    assert_true(a.state.waiting > 300);
    int64_t webhook = a.report.keys.webhook;
    seam_forget(&a);
    a.takes = 50;
    (void)seam_claim(&a, webhook);
    for (size_t i = 0; i < 50; i++) { /* what waited is sent: there is room again */
        struct hd__result result = seam_result(&a, HD__RESULT_ENDED, webhook, a.rows[i].row, 0);
        memcpy(result.event_id, a.rows[i].event_id, HD__STORE_ID_SIZE);
        struct hd__step step = {.results = &result, .result_count = 1};
        assert_int_equal(seam_step(&a, &step), HD_OK);
    }
    assert_int_equal(send_large(&a, number, 0), HD_OK);
    seam_close(&a);
}

static int take_id(void *user, const struct hd__log_row *row) {
    *(int64_t *)user = row->id;
    return 0;
}

static int64_t oldest_report(struct seam *seam) {
    int64_t id = 0;
    const struct hd__log_search search = {.is_forward = 1, .max = 1};
    assert_int_equal(seam->store->ops->query(seam->store, &search, take_id, &id), HD_OK);
    return id;
}

/* By number, by size, and by age, whatever the wall clock said when they were finished. */
static void test_retention(void **state_) {
    (void)state_;
    struct seam_time time = seam_time();
    int more;
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    seam_put(&a, "w");
    a.store->max_reports = 100;
    for (uint64_t i = 1; i <= 150; i++)
        assert_int_equal(send_large(&a, i, 1), HD_OK);
    assert_int_equal(a.store->ops->tend(a.store, &a.state, &more), HD_OK);
    assert_int_equal(more, 0);
    assert_int_equal(seam_reports(&a, 0), 100);
    assert_int_equal(oldest_report(&a), 51);
    a.store->max_log_bytes = 50 * 2400;
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_reports(&a, 0), 50);
    a.report.finished_at_ms = (int64_t)4000000000000; /* a wrong moment */
    assert_int_equal(send_large(&a, 151, 1), HD_OK);
    a.report.finished_at_ms = 1;
    assert_int_equal(send_large(&a, 152, 1), HD_OK);
    seam_pass(&time, HD__STORE_MAX_AGE_MS / 2);
    a.report.finished_at_ms = time.wall_ms;
    assert_int_equal(send_large(&a, 153, 1), HD_OK);
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(oldest_report(&a), 104);
    seam_pass(&time, HD__STORE_MAX_AGE_MS / 2 + 1);
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(oldest_report(&a), 153);
    seam_pass(&time, HD__STORE_MAX_AGE_MS);
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_reports(&a, 0), 0);
    assert_int_equal(send_large(&a, 154, 1), HD_OK);
    assert_int_equal(oldest_report(&a), 154); /* numbers are not used again */
    seam_close(&a);
    assert_int_equal(ask("SELECT count(*) FROM event"), 1);
    assert_int_equal(ask("SELECT log_bytes - (SELECT sum(size) FROM log) FROM state"), 0);
}

/* Events go with their last report, however many deliveries and attempts they had. */
static void test_events_go_with_their_reports(void **state_) {
    (void)state_;
    struct seam_time time = seam_time();
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    int64_t w1 = seam_put(&a, "w1"), w2 = seam_put(&a, "w2");
    seam_send(&a, 1);                           /* rows 1 and 2 */
    struct hd__new_event event = seam_event(2); /* row 3, retried once */
    event.webhook = w1;
    struct hd__stored_event test = seam_event(3).event;
    struct hd__result results[] = {seam_result(&a, HD__RESULT_ENDED, w1, 1, 1),
                                   seam_result(&a, HD__RESULT_ENDED, 0, 0, 3)};
    results[1].event = &test;
    struct hd__step step = {.events = &event, .event_count = 1, .results = results, .result_count = 2};
    assert_int_equal(seam_step(&a, &step), HD_OK); /* reports 1 and 2 */
    assert_int_equal(results[1].is_lost, 0);
    struct hd__result later[] = {seam_result(&a, HD__RESULT_RETRY, w1, 3, 2),
                                 seam_result(&a, HD__RESULT_ENDED, w2, 2, 1),
                                 seam_result(&a, HD__RESULT_ENDED, w1, 3, 2)};
    step = (struct hd__step){.results = later, .result_count = 3};
    assert_int_equal(seam_step(&a, &step), HD_OK); /* 3, 4, 5 */
    static const int64_t events[] = {3, 3, 2, 2, 1, 0};
    for (int64_t left = 5; left >= 0; left--) {
        a.store->max_reports = (uint64_t)left;
        if (left == 0)
            a.store->max_age_ms = -1; /* all */
        seam_pass(&time, 10000);      /* while nobody writes, it is not looked for more often */
        assert_int_equal(seam_tend(&a), HD_OK);
        assert_int_equal(seam_reports(&a, 0), left);
        assert_int_equal(ask("SELECT count(*) FROM event"), events[5 - left]);
    }
    seam_close(&a);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Versions
 */

/* Runs the statements of a file. */
static void run_file(const char *path) {
    static char statements[65536];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(statements, 1, sizeof statements - 1, file);
    statements[len] = '\0';
    int closed = fclose(file);
    assert_int_equal(closed, 0);
    run(statements);
}

static int take_first(void *user, const struct hd__log_row *row) {
    struct hd__log_row *taken = user;
    *taken = *row;
    taken->webhook_id = NULL;
    return 1;
}

static size_t count_with(struct seam *seam, const char *project, const char *webhook, const char *text) {
    struct hd__log_row row;
    size_t count = 0;
    struct hd__log_search search = {.project = project,
                                    .webhook_ids = &webhook,
                                    .webhook_count = webhook != NULL,
                                    .text = text,
                                    .before_ms = INT64_MAX,
                                    .before_id = INT64_MAX};
    for (search.max = 1; search.max < 100; search.max++) {
        row.id = 0;
        assert_int_equal(seam->store->ops->query(seam->store, &search, take_first, &row), HD_OK);
        if (row.id == 0)
            break;
        count++;
        search.before_ms = row.report.finished_at_ms;
        search.before_id = row.id;
        search.max = 0;
    }
    return count;
}

static void test_migration(void **state_) {
    (void)state_;
    run_file("tests/data/sqlite_0_1_0.sql");
    assert_int_equal(seam_join(&a, directory, HD__ROLE_READ, NULL), HD_E_STORE_VERSION);
    seam_drop(&a);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(a.webhook_count, 3); /* one of them removed, for which something waits */
    assert_string_equal(a.webhooks[0].id, "w1");
    assert_int_equal(a.webhooks[0].mode, HD_MODE_ON);
    assert_int_equal(a.webhooks[1].mode, HD_MODE_OFF);
    assert_int_equal(a.webhooks[2].is_removed, 1);
    assert_int_equal(a.state.waiting, 4);
    assert_int_equal(a.state.last_row, 15);
    assert_int_equal(seam_claim(&a, 1), 3); /* the one that was in memory, then a retry that is due, then a new one */
    assert_int_equal(a.rows[0].row, 12);
    assert_int_equal(a.rows[0].tries, 1);
    assert_int_equal(a.rows[1].row, 11);
    assert_int_equal(a.rows[2].row, 13);
    assert_int_equal(a.rows[2].may_be_repeated, 1); /* that process did not end well */
    for (size_t i = 0; i < a.row_count; i++) {
        assert_int_equal(a.rows[i].event_id[6] >> 4, 7);
        assert_int_equal(a.rows[i].event_id[8] >> 6, 2);
    }
    assert_int_equal(seam_reports(&a, 0), 3);
    assert_int_equal(count_with(&a, "p", NULL, NULL), 2);
    assert_int_equal(count_with(&a, "q", NULL, NULL), 1); /* of the event, not of the webhook, which had moved */
    assert_int_equal(count_with(&a, NULL, "w1", NULL), 3);
    assert_int_equal(count_with(&a, NULL, NULL, "printer"), 1);
    assert_int_equal(count_with(&a, NULL, NULL, "#42"), 1);
    struct hd__result result = seam_result(&a, HD__RESULT_ENDED, 1, 13, 0);
    memcpy(result.event_id, a.rows[2].event_id, HD__STORE_ID_SIZE);
    struct hd__step step = {.results = &result, .result_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(result.is_lost, 0);
    assert_int_equal(seam_send(&a, 1), 16);
    seam_close(&a);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'old_%' OR name = 'meta'"), 0);
    assert_int_equal(ask("SELECT count(DISTINCT id) = count(*) FROM event"), 1);
    seam_open(&a, directory, HD__ROLE_READ, NULL);
    seam_close(&a);
}

static void test_newer_version(void **state_) {
    (void)state_;
    hd_store *store;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_close(&a);
    run("PRAGMA user_version = 1000");
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_VERSION);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged_page),
        TEST(test_not_a_database),
        TEST(test_removed_file),
        TEST(test_missing),
        TEST(test_process_goes_elsewhere),
        TEST(test_no_access),
        TEST(test_explain_what_is_no_failure),
        TEST(test_bound),
        TEST(test_retention),
        TEST(test_events_go_with_their_reports),
        TEST(test_migration),
        TEST(test_newer_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
