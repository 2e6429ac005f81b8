/* SPDX-License-Identifier: MIT */
/** @file sqlite_oom_test.c The store in SQLite with every one of its allocations failing in turn, once and from then
 * on, its own and SQLite's: what fails says so, is done when it is tried again, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/seam.h"
#include "support/support.h"

#include "helmdesk/sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static sqlite3_mem_methods real_sqlite;

static void *sqlite_malloc(int size) {
    return failing_now() ? NULL : real_sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size) {
    return failing_now() ? NULL : real_sqlite.xRealloc(old, size);
}

static char directory[64];
static struct seam a;

/* Either it worked, since SQLite can do without some memory, or it says that there is too little. Nothing takes that
 * for damage, or for a failure of the disk: where SQLite has a file in hand it calls it SQLITE_IOERR_NOMEM, but what is
 * called from outside makes SQLITE_NOMEM of that before it returns. */
static int check(int status) {
    if (status != HD_OK && failing.failures > 0)
        assert_int_equal(status, HD_E_NO_MEMORY);
    else
        assert_int_equal(status, HD_OK);
    return status == HD_OK;
}

static int open_and_join(void) {
    failing.armed = 1;
    int status = seam_join(&a, directory, HD__ROLE_DELIVER, NULL);
    failing.armed = 0;
    if (!check(status) && a.store)
        seam_drop(&a);
    return status == HD_OK;
}

static int64_t put(void) {
    struct hd__stored_webhook webhook;
    failing.armed = 1;
    int status = seam_put_in(&a, "w", "p", HD_MODE_ON, HD__ANY_VERSION, &webhook);
    failing.armed = 0;
    if (!check(status))
        status = seam_put_in(&a, "w", "p", HD_MODE_ON, HD__ANY_VERSION, &webhook);
    if (status != HD_OK)
        fail_msg("%s", a.store->error);
    a.report.keys = webhook.keys;
    return webhook.keys.webhook;
}

/* If it fails it is made again, under the same number, and then it is done, since there is memory. */
static void step_until_done(struct hd__step *step) {
    failing.armed = 1;
    a.number++;
    int status = seam_again(&a, step);
    failing.armed = 0;
    if (check(status))
        return;
    seam_forget(&a);
    assert_int_equal(seam_again(&a, step), HD_OK);
}

static void count_tally(void *user, const struct hd__log_tally *tally) {
    *(uint64_t *)user += tally->count;
}

static int count_row(void *user, const struct hd__log_row *row) {
    (void)row;
    ++*(uint64_t *)user;
    return 1;
}

static void count_standing(void *user, const struct hd__standing *standing) {
    *(uint64_t *)user += standing->waiting;
}

static void ask(void) {
    uint64_t rows = 0, sum = 0, waiting = 0;
    uint64_t surveyed = 0;
    int64_t oldest, newest, place;
    int left;
    const struct hd__log_search search = {.text = "x", .text_reasons = 1, .before_ms = INT64_MAX, .max = 10};
    const struct hd__store_ops *ops = a.store->ops;
    failing.armed = 1;
    if (check(ops->query(a.store, &search, count_row, &rows)))
        assert_int_equal(rows, 1);
    if (check(ops->tally(a.store, &search, 0, count_tally, &sum)))
        assert_int_equal(sum, 1);
    if (check(ops->ends(a.store, &oldest, &newest)))
        assert_true(oldest == 0 && newest == 1);
    if (check(ops->find_place(a.store, "consumer", &place)))
        assert_int_equal(place, 0);
    (void)check(ops->move_place(a.store, "consumer", 0));
    if (check(ops->survey(a.store, count_standing, &surveyed)))
        assert_int_equal(surveyed, 1);
    if (check(ops->waiting(a.store, "w", &waiting, &oldest)))
        assert_int_equal(waiting, 1);
    if (check(ops->is_left(a.store, UINT64_MAX, 100, &left)))
        assert_int_equal(left, 1);
    (void)check(seam_look(&a));
    (void)check(seam_tend(&a));
    failing.armed = 0;
}

static void copy_job(void *user, const struct hd__stored_job *job) {
    *(struct hd__stored_job *)user = *job;
}

static int is_sound(void *user, const struct hd__stored_event *event) {
    (void)user, (void)event;
    return 1;
}

static void count_webhook(void *user, int64_t key) {
    (void)key;
    ++*(uint64_t *)user;
}

/* What is missing ends a call; then it is made again. */
static void run_job(void) {
    unsigned char ids[1][HD__STORE_ID_SIZE];
    uint64_t webhooks = 0;
    const struct hd__log_search search = {.text = "x", .text_reasons = 1, .before_ms = INT64_MAX, .max = 10};
    const struct hd__store_ops *ops = a.store->ops;
    struct hd__job_plan plan = {
        .source = HD_SOURCE_DELIVERIES, .search = &search, .webhook = count_webhook, .user = &webhooks};
    struct hd__stored_job job = {.id = {1}, .source = HD_SOURCE_DELIVERIES, .query = "", .end = 1}, found;
    struct hd__job_step step = {.id = job.id, .search = &search, .event_ids = ids, .max = 1, .is_sound = is_sound};
    seam_id(100, ids[0]);
    failing.armed = 1;
    if (check(ops->plan_job(a.store, &plan)))
        assert_int_equal(webhooks, 1);
    int status = ops->add_job(a.store, &job, NULL);
    failing.armed = 0;
    if (!check(status))
        assert_int_equal(ops->add_job(a.store, &job, NULL), HD_OK);
    failing.armed = 1;
    status = ops->step_job(a.store, &step);
    failing.armed = 0;
    if (!check(status))
        assert_int_equal(ops->step_job(a.store, &step), HD_OK);
    failing.armed = 1;
    if (check(ops->find_jobs(a.store, job.id, copy_job, &found)))
        assert_int_equal(found.counts[HD__JOB_SENT], 1);
    (void)check(ops->set_job_state(a.store, job.id, HD_JOB_STOPPED, 1, NULL));
    failing.armed = 0;
    assert_int_equal(ops->find_jobs(a.store, job.id, copy_job, &found), HD_OK);
    assert_int_equal(found.counts[HD__JOB_SENT], 1);
}

static void live(void *user) {
    (void)user;
    make_fast_directory(directory);
    if (open_and_join()) {
        int64_t webhook = put();
        struct hd__new_event events[] = {seam_event(1), seam_event(2)};
        events[0].key = "key";
        struct hd__step step = {.events = events, .event_count = 2};
        step_until_done(&step);
        assert_int_equal(events[0].added, 1);
        assert_int_equal(a.added_count, 2);
        struct hd__result result = seam_result(&a, HD__RESULT_ENDED, webhook, a.added[0].row, 1);
        struct hd__claim claim = {.webhook = webhook, .max = 10};
        const struct hd__lane_note note = {.webhook = webhook, .state = HD_WEBHOOK_PAUSED, .left_ms = 1000};
        step = (struct hd__step){
            .results = &result, .result_count = 1, .claims = &claim, .claim_count = 1, .notes = &note, .note_count = 1};
        step_until_done(&step);
        (void)check(claim.status);
        assert_int_equal(result.is_lost, 0);
        ask();
        assert_int_equal(seam_look(&a), HD_OK);
        assert_int_equal(a.state.waiting, 1);
        assert_int_equal(seam_reports(&a, 0), 1);
        assert_int_equal(seam_claim(&a, webhook), 1);
        run_job();
        failing.armed = 1;
        (void)check(a.store->ops->leave(a.store, 1));
        failing.armed = 0;
        seam_drop(&a);
    }
    seam_remove_directory(directory);
}

/* ---- What an operator does ---- */

static char template[64]; /* a store with one webhook, whose key is all 1 */
static const unsigned char first_key[HD_STORE_KEY_SIZE] = {1}, second_key[HD_STORE_KEY_SIZE] = {2};

static hd_store *open_copy(const unsigned char *key) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, key, HD_STORE_KEY_SIZE, &store), HD_OK);
    return store;
}

static int keep_sealed(void *user, const char *id, const char *name, struct hd__bytes sealed, struct hd__bytes *again) {
    (void)user, (void)id, (void)name;
    *again = sealed;
    return HD_OK;
}

/* What an operator asks for, beside the client. A copy that failed leaves nothing. */
static void maintain(void) {
    char copy[80], file[96], text[512];
    (void)snprintf(copy, sizeof copy, "%s/copy", directory);
    (void)snprintf(file, sizeof file, "%s/helmdesk.db", copy);
    failing.armed = 1;
    int is_copied = check(hd_store_sqlite_backup(a.store, copy));
    (void)check(hd_store_sqlite_check(a.store));
    if (check(hd_store_sqlite_clients(a.store, text, sizeof text, NULL)))
        assert_non_null(strstr(text, "\"deliver\""));
    (void)check(a.store->ops->reseal(a.store, keep_sealed, NULL));
    failing.armed = 0;
    assert_int_equal(access(file, F_OK) == 0, is_copied);
    (void)unlink(file);
    (void)rmdir(copy);
}

/* A copy of the template in the directory. */
static void copy_template(void) {
    hd_store *store = NULL;
    make_fast_directory(directory);
    assert_int_equal(hd_store_sqlite_open(template, first_key, HD_STORE_KEY_SIZE, &store), HD_OK);
    assert_int_equal(hd_store_sqlite_backup(store, directory), HD_OK);
    hd_store_free(store);
}

static void maintain_joined(void *user) {
    (void)user;
    copy_template();
    assert_int_equal(seam_join(&a, directory, HD__ROLE_DELIVER, NULL), HD_OK);
    maintain();
    seam_drop(&a);
    seam_remove_directory(directory);
}

static int opens_with(const unsigned char *key) {
    hd_store *store = open_copy(key);
    hd_options *options = options_with_store(store);
    hd_client *client = NULL;
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_READ), HD_OK);
    int status = hd_client_new(options, &client);
    hd_client_free(client);
    hd_options_free(options);
    hd_store_free(store);
    return status == HD_OK;
}

/* Either all of it has the new key, or all of it the old one; pruning is tried beside it. */
static void rekey(void *user) {
    (void)user;
    copy_template();
    hd_store *store = open_copy(first_key);
    failing.armed = 1;
    (void)check(hd_store_prune(store));
    int is_done = check(hd_store_rekey(store, second_key, HD_STORE_KEY_SIZE));
    failing.armed = 0;
    hd_store_free(store);
    int has_new = opens_with(second_key);
    assert_true(has_new || !is_done);
    assert_int_not_equal(has_new, opens_with(first_key));
    seam_remove_directory(directory);
}

static void make_template(void) {
    hd_store *store = NULL;
    make_fast_directory(template);
    assert_int_equal(hd_store_sqlite_open(template, first_key, HD_STORE_KEY_SIZE, &store), HD_OK);
    hd_client *client = client_for_tests(options_with_store(store));
    put_webhook(client, webhook_for_tests("w", PROJECT, "https://example.com/hooks"));
    end_client(client);
    hd_store_free(store);
}

static void test_maintenance(void **state) {
    (void)state;
    make_template();
    failing_in_turn(maintain_joined, NULL, runs_slowly() ? 397 : 97, 20);
    failing_in_turn(rekey, NULL, runs_slowly() ? 397 : 97, 20);
    seam_remove_directory(template);
}

static void test_every_allocation(void **state) {
    (void)state;
    failing_in_turn(live, NULL, runs_slowly() ? 53 : 5, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation), cmocka_unit_test(test_maintenance)};
    sqlite3_mem_methods methods;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_sqlite) != SQLITE_OK)
        return 1;
    methods = real_sqlite;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
