/* SPDX-License-Identifier: MIT */
/** @file sqlite_log_test.c Searches and sums of the log in SQLite, beside what a loop over all reports finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helmdesk/sqlite.h"
#include "store/sought.h"
#include "store/sqlite/sqlite.h"
#include "support/database.h"
#include "support/seam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW 400
#define REPORTS 9700 /* one block of the index that is put together, some that are not yet, and a rest */
#define SEARCHES 4000
#define WEBHOOKS 4

static char directory[64];
static struct seam seam;

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

static uint64_t seed;

static size_t any(size_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed >> 11) % below;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reports of all kinds
 */

static const char *const projects[] = {"p", "q"};
static const char *const searches[] = {"t_1\x1f#42\x1fthe printer is on fire\x1f"
                                       "ada@example.com\x1f"
                                       "ada",
                                       "t_2\x1f#43\x1fhello\x1f"
                                       "bob@example.com\x1f",
                                       "",
                                       "t_12\x1f#4\x1fgr\xc3\xbc\xc3\x9f"
                                       "e\x1f"
                                       "eve@example.com\x1f"
                                       "eve"};
static const char *const names[] = {"Name 0", "Name 1", "PRINTER 2", "Name 3"};

struct one {
    struct hd__stored_event event;
    struct hd__stored_report report;
    int webhook;
    unsigned char redelivery_of[HD__STORE_ID_SIZE];
};

static struct one all[REPORTS];
static size_t reports, deleted; /* how many there are, and how many of them were deleted */
static struct hd__stored_webhook webhooks[WEBHOOKS];

static void put_webhooks(void) {
    static char ids[WEBHOOKS][8];
    for (int i = 0; i < WEBHOOKS; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "w%d", i);
        assert_int_equal(seam_put_in(&seam, ids[i], projects[i % 2], HD_MODE_ON, 0, &webhooks[i]), HD_OK);
        webhooks[i].name = names[i];
        assert_int_equal(seam.store->ops->put_webhook(seam.store, &webhooks[i], 1, NULL), HD_OK);
    }
}

static void make_one(size_t index) {
    struct one *one = &all[index];
    one->webhook = (int)any(WEBHOOKS);
    one->event = seam_event(index + 1).event;
    one->event.type = 1 + (int)any(3);
    one->event.project = webhooks[one->webhook].project;
    one->event.search = searches[any(4)];
    if (index > 10 && any(10) == 0) {
        memcpy(one->redelivery_of, all[any(10)].report.delivery_id, HD__STORE_ID_SIZE);
        one->event.redelivery_of = one->redelivery_of;
    }
    static const int statuses[] = {0, 200, 204, 404, 500};
    int is_delivered = any(3) > 0;
    one->report = (struct hd__stored_report){
        .keys = webhooks[one->webhook].keys,
        .outcome = is_delivered ? HD_OUTCOME_DELIVERED : HD_OUTCOME_FAILED + (int)any(3),
        .reason = is_delivered ? HD_REASON_DELIVERED : HD_REASON_HTTP_3XX + (int)any(20),
        .http_status = is_delivered ? 200 + 4 * (int)any(2) : statuses[any(5) == 1 ? 0 : 3 + any(2)],
        .is_test = any(5) == 0,
        .attempts = (uint32_t)any(3),
        .total_ms = (uint32_t)any(9000),
        .finished_at_ms =
            1700000000000 + (int64_t)(index / 4 + any(300)), /* not in the order in which they are stored */
        .detail = "",
        .remote_address = "203.0.113.7:443",
        .request = {"POST / HTTP/1.1", 15},
        .response_headers = {"A: b", 4},
        .response_body = any(9) ? (struct hd__bytes){"ok", 2} : (struct hd__bytes){"OK, f\xc3\xbcr ADA", 12},
    };
    seam_id(100000 + index, one->report.delivery_id);
}

static void store_up_to(size_t count) {
    static struct hd__result results[100];
    while (reports < count) {
        struct hd__step step = {.results = results};
        for (; step.result_count < 100 && reports < count; reports++) {
            struct hd__result *result = &results[step.result_count++];
            make_one(reports);
            *result = (struct hd__result){
                .kind = HD__RESULT_ENDED, .event = &all[reports].event, .report = &all[reports].report};
            memcpy(result->event_id, result->event->id, HD__STORE_ID_SIZE);
        }
        assert_int_equal(seam_step(&seam, &step), HD_OK);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The loop
 */

static void format(const unsigned char *id, char out[37]) {
    for (int i = 0; i < HD__STORE_ID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        (void)snprintf(out, 3, "%02x", id[i]);
        out += 2;
    }
}

static int has_text(const struct one *one, const struct hd__log_search *search) {
    struct hd__sought sought = {.id_count = 0};
    char delivery[37], event[37];
    format(one->report.delivery_id, delivery);
    format(one->event.id, event);
    hd__sought_add_event(&sought, one->event.search);
    hd__sought_add_id(&sought, event);
    hd__sought_add_id(&sought, delivery);
    hd__sought_add_id(&sought, webhooks[one->webhook].id);
    hd__sought_add_text(&sought, names[one->webhook], strlen(names[one->webhook]));
    hd__sought_add_text(&sought, one->report.response_body.data, one->report.response_body.len);
    return (search->text_reasons >> (one->report.reason - HD_REASON_DELIVERED) & 1) ||
           hd__sought_has(&sought, search->text);
}

static int matches(const struct one *one, const struct hd__log_search *search) {
    const struct hd__stored_report *report = &one->report;
    return (!search->project || strcmp(search->project, one->event.project) == 0) &&
           (!search->webhook_count || strcmp(search->webhook_ids[0], webhooks[one->webhook].id) == 0 ||
            (search->webhook_count > 1 && strcmp(search->webhook_ids[1], webhooks[one->webhook].id) == 0)) &&
           (!search->delivery_id || memcmp(search->delivery_id, report->delivery_id, HD__STORE_ID_SIZE) == 0) &&
           (!search->redelivery_of ||
            (one->event.redelivery_of && memcmp(search->redelivery_of, one->redelivery_of, HD__STORE_ID_SIZE) == 0)) &&
           (!search->text || has_text(one, search)) && (!search->types || search->types >> one->event.type & 1) &&
           (!search->outcomes || search->outcomes >> (report->outcome - HD_OUTCOME_DELIVERED) & 1) &&
           (!search->reasons || search->reasons >> (report->reason - HD_REASON_DELIVERED) & 1) &&
           (!search->status_count ||
            (report->http_status >= search->statuses->first && report->http_status <= search->statuses->last)) &&
           (search->tests <= HD_TESTS_INCLUDED || (search->tests == HD_TESTS_ONLY) == report->is_test) &&
           (!search->since_ms || report->finished_at_ms >= search->since_ms) &&
           (!search->until_ms || report->finished_at_ms < search->until_ms);
}

/* Whether it comes after the search's place: ids are places in `all`, from 1. */
static int is_after_place(size_t index, const struct hd__log_search *search) {
    int64_t ms = all[index].report.finished_at_ms, id = (int64_t)index + 1;
    if (search->is_forward)
        return id > search->after_id;
    return ms < search->before_ms || (ms == search->before_ms && id < search->before_id);
}

static int by_time(const void *x_, const void *y_) {
    int64_t x = *(const int64_t *)x_, y = *(const int64_t *)y_;
    int64_t x_ms = all[x - 1].report.finished_at_ms, y_ms = all[y - 1].report.finished_at_ms;
    return x_ms != y_ms ? (x_ms < y_ms) - (x_ms > y_ms) : (x < y) - (x > y);
}

static size_t expect(const struct hd__log_search *search, int64_t ids[REPORTS]) {
    size_t count = 0;
    for (size_t i = deleted; i < reports; i++)
        if (matches(&all[i], search) && is_after_place(i, search))
            ids[count++] = (int64_t)i + 1;
    if (!search->is_forward)
        qsort(ids, count, sizeof ids[0], by_time);
    return count < search->max ? count : search->max;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Beside the store
 */

struct found {
    int64_t ids[REPORTS];
    size_t count;
};

static int take(void *user, const struct hd__log_row *row) {
    struct found *found = user;
    const struct one *one = &all[row->id - 1];
    assert_string_equal(row->webhook_id, webhooks[one->webhook].id);
    assert_string_equal(row->webhook_name, names[one->webhook]);
    assert_string_equal(row->event.project, one->event.project);
    assert_string_equal(row->event.search, one->event.search);
    assert_memory_equal(row->event.id, one->event.id, HD__STORE_ID_SIZE);
    assert_int_equal(row->event.redelivery_of != NULL, one->event.redelivery_of != NULL);
    assert_memory_equal(row->report.delivery_id, one->report.delivery_id, HD__STORE_ID_SIZE);
    assert_int_equal(row->report.finished_at_ms, one->report.finished_at_ms);
    assert_int_equal(row->report.total_ms, one->report.total_ms);
    assert_int_equal(row->report.request.len, 15);
    assert_int_equal(row->report.response_body.len, one->report.response_body.len);
    assert_memory_equal(row->report.response_body.data, one->report.response_body.data, one->report.response_body.len);
    assert_int_equal(row->report.keys.history, one->report.keys.history);
    found->ids[found->count++] = row->id;
    return 1;
}

static struct hd__log_search any_search(void) {
    static const char *const texts[] = {"printer", "#4",    "ada@",    "t_1", "name",
                                        "ok, fur", "gruss", "nowhere", "w1",  "1"};
    static char whole[37];
    static const char *ids[2];
    static struct hd__status_range statuses;
    struct hd__log_search search = {
        .before_ms = INT64_MAX, .before_id = INT64_MAX, .max = 1 + any(any(2) ? 50 : reports)};
    if (any(4) == 0)
        search.project = any(5) ? projects[any(2)] : "nobody";
    if (any(4) == 0)
        search.webhook_count = 1 + any(2);
    ids[0] = any(5) ? webhooks[any(WEBHOOKS)].id : "none";
    ids[1] = webhooks[any(WEBHOOKS)].id;
    search.webhook_ids = ids;
    if (any(10) == 0)
        search.delivery_id = all[any(reports)].report.delivery_id;
    if (any(10) == 0)
        search.redelivery_of = all[any(12)].report.delivery_id;
    if (any(3) == 0)
        search.text = texts[any(sizeof texts / sizeof texts[0])];
    if (any(20) == 0) {
        format(all[any(reports)].event.id, whole);
        search.text = whole;
    }
    if (any(5) == 0)
        search.text_reasons = UINT64_C(1) << any(20);
    search.types = any(4) == 0 ? 2 * (unsigned)any(8) : 0;
    search.outcomes = any(3) ? 0 : any(2) ? 1U << any(4) : (unsigned)any(16);
    search.reasons = any(6) == 0 ? UINT64_C(1) << any(20) | UINT64_C(1) << any(20) : 0;
    if (any(5) == 0) {
        statuses.first = 100 + 100 * (int)any(5);
        statuses.last = statuses.first + 99 + 100 * (int)any(2);
        search.statuses = &statuses;
        search.status_count = 1;
    }
    search.tests = HD_TESTS_INCLUDED + (int)any(3);
    search.since_ms = any(3) ? 0 : 1700000000000 + (int64_t)any(reports / 4 + 300);
    search.until_ms = any(3) ? 0 : 1700000000000 + (int64_t)any(reports / 4 + 300);
    search.is_forward = any(4) == 0;
    search.after_id = any(3) ? (int64_t)any(reports) : 0;
    if (any(2)) {
        search.before_ms = 1700000000000 + (int64_t)any(reports / 4 + 300);
        search.before_id = (int64_t)any(reports);
    }
    return search;
}

static struct hd__log_tally tallies[REPORTS];
static size_t tally_count;

static void take_tally(void *user, const struct hd__log_tally *tally) {
    (void)user;
    tallies[tally_count++] = *tally;
}

static struct hd__log_tally tally_of(const struct hd__stored_report *report, int64_t bucket_ms) {
    return (struct hd__log_tally){
        .bucket = bucket_ms ? report->finished_at_ms / bucket_ms : 0,
        .outcome = report->outcome,
        .reason = report->reason,
        .has_attempts = report->attempts != 0,
        .total_ms = report->total_ms < 5000 ? report->total_ms : 5000,
    };
}

static int is_same(const struct hd__log_tally *x, const struct hd__log_tally *y) {
    return x->bucket == y->bucket && x->outcome == y->outcome && x->reason == y->reason &&
           x->has_attempts == y->has_attempts && x->total_ms == y->total_ms;
}

static void check_tally(const struct hd__log_search *search) {
    int64_t bucket_ms = any(2) ? 0 : 1 + (int64_t)any(50);
    tally_count = 0;
    assert_int_equal(seam.store->ops->tally(seam.store, search, bucket_ms, take_tally, NULL), HD_OK);
    for (size_t i = deleted; i < reports; i++) {
        struct hd__log_tally wanted = tally_of(&all[i].report, bucket_ms);
        size_t at = 0;
        if (!matches(&all[i], search))
            continue;
        while (at < tally_count && !is_same(&tallies[at], &wanted))
            at++;
        assert_true(at < tally_count && tallies[at].count > 0);
        tallies[at].count--;
    }
    for (size_t i = 0; i < tally_count; i++)
        assert_int_equal(tallies[i].count, 0);
}

static struct found found;

/* Returns how many reports it finds. */
static size_t check_search(const struct hd__log_search *search) {
    static int64_t expected[REPORTS];
    size_t count = expect(search, expected);
    found.count = 0;
    assert_int_equal(seam.store->ops->query(seam.store, search, take, &found), HD_OK);
    assert_int_equal(found.count, count);
    assert_memory_equal(found.ids, expected, count * sizeof expected[0]);
    return count;
}

static void open_with(size_t count) {
    seed = 88172645463325252;
    reports = deleted = 0;
    seam_open(&seam, directory, HD__ROLE_DELIVER, NULL);
    put_webhooks();
    store_up_to(count);
}

static void test_searches(void **state_) {
    (void)state_;
    size_t hits = 0;
    open_with(FEW);
    for (int i = 0; i < SEARCHES; i++) {
        struct hd__log_search search = any_search();
        hits += check_search(&search);
        check_tally(&search);
    }
    assert_true(hits > SEARCHES);
    seam_close(&seam);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The index
 */

static void tend_all(void) {
    int more = HD__MORE_AT_ONCE;
    for (int i = 0; more != HD__MORE_NONE && i < 1000; i++)
        assert_int_equal(seam.store->ops->tend(seam.store, &seam.state, &more), HD_OK);
    assert_int_equal(more, HD__MORE_NONE);
}

static void count_tally(void *user, const struct hd__log_tally *tally) {
    *(size_t *)user += tally->count;
}

static void check_many(int rounds) {
    size_t hits = 0;
    for (int i = 0; i < rounds; i++) {
        struct hd__log_search search = any_search();
        size_t count = 0, wanted = 0;
        hits += check_search(&search);
        assert_int_equal(seam.store->ops->tally(seam.store, &search, 0, count_tally, &count), HD_OK);
        for (size_t k = deleted; k < reports; k++)
            wanted += matches(&all[k], &search) != 0;
        assert_int_equal(count, wanted);
    }
    assert_true(hits > (size_t)rounds);
}

/* The same is found with the index as without: while it is filled, after many blocks have become one, when old reports
 * are deleted, and when it is switched off. */
static void test_index(void **state_) {
    (void)state_;
    open_with(3000);
    tend_all();
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM search_block WHERE units = 1"), 5);
    check_many(40);
    store_up_to(REPORTS);
    check_many(10);
    tend_all();
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM search_block WHERE units = 16"), 1);
    assert_int_equal(ask_database(directory, "SELECT max(number + units) FROM search_block"), (REPORTS + 1) / 512);
    check_many(100);
    seam_close(&seam);

    seam_open(&seam, directory, HD__ROLE_DELIVER, NULL);
    deleted = 5000;
    seam.store->max_reports = REPORTS - deleted;
    tend_all();
    check_many(30);
    deleted = 8300;
    seam.store->max_reports = REPORTS - deleted;
    tend_all();
    assert_int_equal(ask_database(directory, "SELECT min(number) FROM search_block"), deleted / 512);
    assert_int_equal(ask_database(directory, "SELECT count(*) FROM search_part WHERE id >> 32 < 16"), 0);
    check_many(30);
    seam_close(&seam);

    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &seam.store), HD_OK);
    assert_int_equal(hd_store_sqlite_set_search_index(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_store_sqlite_set_search_index(seam.store, 0), HD_OK);
    hd_store_free(seam.store);
    seam_open(&seam, directory, HD__ROLE_DELIVER, NULL);
    seam.store->max_reports = REPORTS - deleted;
    ((struct hd__sqlite *)seam.store)->has_no_index = 1;
    tend_all();
    assert_int_equal(ask_database(directory, "SELECT (SELECT count(*) FROM search_block) + count(*) FROM search_part"),
                     0);
    check_many(20);
    seam_close(&seam);
}

/* Blocks that are left of a log without reports count for nothing. */
static void test_index_of_an_empty_log(void **state_) {
    (void)state_;
    const struct hd__log_search search = {.before_ms = INT64_MAX};
    size_t count = 0;
    open_with(3000);
    tend_all();
    assert_int_equal(seam.store->ops->tally(seam.store, &search, 0, count_tally, &count), HD_OK);
    assert_int_equal(count, 3000);
    seam_close(&seam);
    change_database(directory, "DELETE FROM log");
    seam_open(&seam, directory, HD__ROLE_READ, NULL);
    count = 0;
    assert_int_equal(seam.store->ops->tally(seam.store, &search, 0, count_tally, &count), HD_OK);
    assert_int_equal(count, 0);
    seam_close(&seam);
}

/* A text that is not in the index is searched for in the newest reports, and the search says where it is to go on. */
static void test_windows(void **state_) {
    (void)state_;
    static int64_t expected[REPORTS];
    open_with(REPORTS);
    tend_all();
    for (int i = 0; i < 2; i++) {
        struct hd__log_rest rest = {1, INT64_MAX, INT64_MAX};
        struct hd__log_search search = {.text = i ? "f" : "zz", .max = REPORTS, .rest = &rest};
        size_t rounds = 0, count;
        for (found.count = 0; rest.is_there; rounds++) {
            search.before_ms = rest.before_ms;
            search.before_id = rest.before_id;
            rest.is_there = 0;
            assert_int_equal(seam.store->ops->query(seam.store, &search, take, &found), HD_OK);
        }
        search.before_ms = search.before_id = INT64_MAX;
        count = expect(&search, expected);
        assert_int_equal(rounds, 2);
        assert_int_equal(found.count, count);
        assert_memory_equal(found.ids, expected, count * sizeof expected[0]);
    }
    seam_close(&seam);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_searches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_index_of_an_empty_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_windows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
