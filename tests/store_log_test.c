/* SPDX-License-Identifier: MIT */
/** @file store_log_test.c The log of a client with a durable store: it answers as one in memory does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/both.h"
#include "support/database.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int same_page(const hd_log_page *a, const hd_log_page *b) {
    if (hd_log_page_count(a) != hd_log_page_count(b))
        return 0;
    for (size_t i = 0; i < hd_log_page_count(a); i++) {
        const hd_report *x = hd_log_page_at(a, i), *y = hd_log_page_at(b, i);
        if (hd_event_ticket_number(hd_report_event(x)) != hd_event_ticket_number(hd_report_event(y)) ||
            strcmp(hd_report_webhook_id(x), hd_report_webhook_id(y)) != 0 ||
            hd_report_outcome(x) != hd_report_outcome(y) || hd_report_reason(x) != hd_report_reason(y) ||
            hd_report_is_test(x) != hd_report_is_test(y) || hd_report_http_status(x) != hd_report_http_status(y))
            return 0;
    }
    return (hd_log_page_cursor(a) != NULL) == (hd_log_page_cursor(b) != NULL);
}

/* All pages of both, side by side; each has a filter of its own, since ids of deliveries are. */
static size_t compare_logs(hd_log_filter *const filters[2], size_t limit) {
    hd_log_page *a = page_of(both[0], filters[0], NULL, limit), *b = page_of(both[1], filters[1], NULL, limit);
    size_t found = hd_log_page_count(a);
    assert_true(same_page(a, b));
    while (hd_log_page_cursor(a) != NULL) {
        hd_log_page *next_a = page_of(both[0], filters[0], hd_log_page_cursor(a), limit);
        hd_log_page *next_b = page_of(both[1], filters[1], hd_log_page_cursor(b), limit);
        hd_log_page_free(a);
        hd_log_page_free(b);
        a = next_a;
        b = next_b;
        assert_true(same_page(a, b));
        found += hd_log_page_count(a);
    }
    hd_log_page_free(a);
    hd_log_page_free(b);
    return found;
}

static hd_log_stats *stats_of(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms) {
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(client, filter, bucket_ms, &stats), HD_OK);
    return stats;
}

/* Both tell the same, and as much as they find. */
static void compare_stats(hd_log_filter *const filters[2], size_t found) {
    hd_log_stats *a = stats_of(both[0], filters[0], 0), *b = stats_of(both[1], filters[1], 0);
    assert_int_equal(hd_log_stats_count(a), found);
    assert_int_equal(hd_log_stats_count(b), found);
    assert_int_equal(hd_log_stats_attempts(b), hd_log_stats_attempts(a));
    for (int outcome = HD_OUTCOME_DELIVERED; outcome <= HD_OUTCOME_RETRYING; outcome++)
        assert_int_equal(hd_log_stats_outcome(b, outcome), hd_log_stats_outcome(a, outcome));
    for (int reason = HD_REASON_DELIVERED; reason <= HD_REASON_TLS_CLIENT_CERTIFICATE; reason++)
        assert_int_equal(hd_log_stats_reason(b, reason), hd_log_stats_reason(a, reason));
    for (int reason = HD_REASON_DELIVERED; reason <= HD_REASON_TLS_CLIENT_CERTIFICATE; reason++)
        assert_int_equal(hd_log_stats_retry_reason(b, reason), hd_log_stats_retry_reason(a, reason));
    hd_log_stats_free(a);
    hd_log_stats_free(b);
}

/* How many reports the log shows with these. */
static uint64_t listed(hd_client *client, const char *webhook, int tests, const int *outcomes, int reason) {
    hd_log_filter *filter = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, webhook), HD_OK);
    assert_int_equal(hd_log_filter_set_tests(filter, tests), HD_OK);
    for (; *outcomes; outcomes++)
        assert_int_equal(hd_log_filter_add_outcome(filter, *outcomes), HD_OK);
    assert_int_equal(hd_log_filter_add_reason(filter, reason), HD_OK);
    hd_log_page *page = page_of(client, filter, NULL, 1000);
    uint64_t count = hd_log_page_count(page);
    hd_log_page_free(page);
    hd_log_filter_free(filter);
    return count;
}

static const int ended[] = {HD_OUTCOME_DELIVERED, HD_OUTCOME_FAILED, HD_OUTCOME_CANCELED, 0};
static const int retrying[] = {HD_OUTCOME_RETRYING, 0};

/* What the statistics of a webhook tell, with tests or without, is what the log lists. */
static void check_numbers(hd_client *client, const char *webhook, int tests) {
    hd_log_filter *filter = NULL;
    uint64_t reasons = 0, retry_reasons = 0;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, webhook), HD_OK);
    assert_int_equal(hd_log_filter_set_tests(filter, tests), HD_OK);
    hd_log_stats *stats = stats_of(client, filter, 0);
    for (int reason = HD_REASON_DELIVERED; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++) {
        assert_int_equal(hd_log_stats_reason(stats, reason), listed(client, webhook, tests, ended, reason));
        assert_int_equal(hd_log_stats_retry_reason(stats, reason), listed(client, webhook, tests, retrying, reason));
        reasons += hd_log_stats_reason(stats, reason);
        retry_reasons += hd_log_stats_retry_reason(stats, reason);
    }
    assert_int_equal(hd_log_stats_ended(stats), listed(client, webhook, tests, ended, 0));
    assert_int_equal(hd_log_stats_ended(stats), reasons);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_RETRYING), retry_reasons);
    assert_int_equal(hd_log_stats_ended(stats) + retry_reasons, hd_log_stats_count(stats));
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

static void check_all_numbers(void) {
    static const char *const webhooks[] = {NULL, WEBHOOK, "failing", "elsewhere", "retrying", "none"};
    for (size_t i = 0; i < sizeof webhooks / sizeof webhooks[0]; i++)
        for (int tests = HD_TESTS_INCLUDED; tests <= HD_TESTS_ONLY; tests++) {
            check_numbers(both[0], webhooks[i], tests);
            check_numbers(both[1], webhooks[i], tests);
        }
}

/* The longest time of a bucket, and its reasons, are those of the reports that ended in it. */
static void check_bucket(const hd_log_stats *stats, size_t bucket, int64_t bucket_ms, const hd_log_page *page) {
    int64_t start_ms = hd_log_stats_bucket_start_ms(stats, bucket);
    uint64_t attempts = 0, reasons[64] = {0};
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        const hd_report *report = hd_log_page_at(page, i);
        int64_t at_ms = hd_report_finished_at_ms(report);
        if (at_ms < start_ms || at_ms >= start_ms + bucket_ms)
            continue;
        attempts += hd_report_has_attempt(report) != 0;
        longest_ms = hd_report_total_ms(report) > longest_ms ? hd_report_total_ms(report) : longest_ms;
        reasons[hd_report_reason(report) - HD_REASON_DELIVERED] += hd_report_outcome(report) != HD_OUTCOME_RETRYING;
    }
    uint32_t told_ms = hd_log_stats_bucket_total_ms(stats, bucket, 1000);
    assert_int_equal(hd_log_stats_bucket_attempts(stats, bucket), attempts);
    assert_true(told_ms >= longest_ms && told_ms <= longest_ms + longest_ms / 32);
    for (int reason = HD_REASON_DELIVERED; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++)
        assert_int_equal(hd_log_stats_bucket_reason(stats, bucket, reason), reasons[reason - HD_REASON_DELIVERED]);
}

/* Times differ between the two: what the stored one tells is compared with its own reports. */
static void check_times(hd_log_filter *filter, int64_t since_ms, int64_t until_ms, int64_t parts) {
    int64_t bucket_ms = (until_ms - since_ms) / parts + 1;
    assert_int_equal(hd_log_filter_set_time(filter, since_ms, until_ms), HD_OK);
    hd_log_stats *stats = stats_of(both[1], filter, bucket_ms);
    hd_log_page *page = page_of(both[1], filter, NULL, 1000);
    uint64_t left = hd_log_page_count(page);
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        uint32_t ms = hd_report_total_ms(hd_log_page_at(page, i));
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), longest_ms);
    for (size_t bucket = 0; bucket < hd_log_stats_bucket_count(stats); bucket++) {
        int64_t start_ms = hd_log_stats_bucket_start_ms(stats, bucket);
        uint64_t counts[HD_OUTCOME_RETRYING + 1] = {0};
        for (size_t i = 0; i < hd_log_page_count(page); i++) {
            int64_t at_ms = hd_report_finished_at_ms(hd_log_page_at(page, i));
            counts[hd_report_outcome(hd_log_page_at(page, i))] += at_ms >= start_ms && at_ms < start_ms + bucket_ms;
        }
        check_bucket(stats, bucket, bucket_ms, page);
        for (int outcome = 0; outcome <= HD_OUTCOME_RETRYING; outcome++) {
            assert_int_equal(hd_log_stats_bucket_outcome(stats, bucket, outcome), counts[outcome]);
            left -= counts[outcome];
        }
    }
    assert_int_equal(left, 0);
    hd_log_page_free(page);
    hd_log_stats_free(stats);
}

/* The same happens to both, one event at a time, so that their logs have the same order. */
static void happen(int type, const char *project, int64_t number) {
    for (int i = 0; i < 2; i++) {
        send_event(both[i], event_for_tests(type, project, number));
        flush(both[i]);
    }
}

#define FIRST_COMBINATIONS (4 * 5 * 4 * 5 * 5)
#define MORE_COMBINATIONS (5 * 5 * 3 * 4)

/* Narrows a search by what happened, as a number below FIRST_COMBINATIONS says. */
static void narrow(hd_log_filter *filter, unsigned combination) {
    static const char *const projects[] = {PROJECT, "other", "none"};
    static const char *const webhooks[] = {WEBHOOK, "failing", "elsewhere", "none"};
    static const char *const texts[] = {"#7", "WEBHOOK", "http_5", "nowhere"};
    unsigned rest = combination;
    if (rest % 4)
        assert_int_equal(hd_log_filter_set_project(filter, projects[rest % 4 - 1]), HD_OK);
    rest /= 4;
    if (rest % 5)
        assert_int_equal(hd_log_filter_add_webhook(filter, webhooks[rest % 5 - 1]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_add_event(filter, (int)(rest % 4)), HD_OK);
    rest /= 4;
    assert_int_equal(hd_log_filter_add_outcome(filter, rest % 5 ? HD_OUTCOME_DELIVERED + (int)(rest % 5) - 1 : 0),
                     HD_OK);
    rest /= 5;
    if (rest % 5)
        assert_int_equal(hd_log_filter_set_text(filter, texts[rest % 5 - 1]), HD_OK);
    if (combination % 7 == 0)
        assert_int_equal(hd_log_filter_add_webhook(filter, WEBHOOK), HD_OK);
    if (combination % 7 == 1)
        assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
    if (combination % 7 == 2)
        assert_int_equal(hd_log_filter_add_event(filter, HD_MESSAGE_RECEIVED), HD_OK);
    if (combination % 7 == 3)
        assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_HTTP_5XX), HD_OK);
}

/* And by what became of it, as one below MORE_COMBINATIONS says; now and then by the delivery of one of all reports. */
static void narrow_more(hd_log_filter *filter, const hd_log_page *all, unsigned combination, unsigned report) {
    static const int reasons[] = {0, HD_REASON_DELIVERED, HD_REASON_HTTP_5XX, HD_REASON_HTTP_404_410, HD_REASON_DNS};
    static const char *const statuses[] = {NULL, "2xx", "404", "4xx,500-599", "1xx"};
    unsigned rest = combination;
    assert_int_equal(hd_log_filter_add_reason(filter, reasons[rest % 5]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_set_http_statuses(filter, statuses[rest % 5]), HD_OK);
    rest /= 5;
    assert_int_equal(hd_log_filter_set_tests(filter, HD_TESTS_INCLUDED + (int)(rest % 3)), HD_OK);
    rest /= 3;
    if (rest % 4 == 3)
        assert_int_equal(hd_log_filter_set_delivery(filter, hd_report_delivery_id(hd_log_page_at(
                                                                all, report % (unsigned)hd_log_page_count(all)))),
                         HD_OK);
}

static hd_log_page *all_reports[2];

/* Everything that both can be asked about what two numbers stand for. Returns how many reports that finds. */
static size_t compare(unsigned first, unsigned second) {
    hd_log_filter *filters[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hd_log_filter_new(&filters[i]), HD_OK);
        narrow(filters[i], first);
        narrow_more(filters[i], all_reports[i], second, first + second);
    }
    size_t found = compare_logs(filters, 1 + first % 9);
    compare_stats(filters, found);
    const hd_report *newest = hd_log_page_at(all_reports[1], 0);
    const hd_report *oldest = hd_log_page_at(all_reports[1], hd_log_page_count(all_reports[1]) - 1);
    check_times(filters[1], hd_report_finished_at_ms(oldest) + (first % 3 ? 0 : 20),
                hd_report_finished_at_ms(newest) + 1, 1 + second % 20);
    hd_log_filter_free(filters[0]);
    hd_log_filter_free(filters[1]);
    return found;
}

/* An attempt that another follows, so that a delivery has two reports. */
static void retry_once(void) {
    for (int i = 0; i < 2; i++) {
        char url[256];
        hd_webhook *webhook =
            webhook_for_tests("retrying", "third", server_url(server, "/status/503", url, sizeof url));
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
        assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
        put_webhook(both[i], webhook);
    }
    happen(HD_TICKET_CREATED, "third", 7);
}

static void test_log_answers_as_in_memory(void **state) {
    (void)state;
    static const unsigned one_more[11] = {1, 2, 3, 4, 5, 10, 15, 20, 25, 50, 225}; /* that narrow by one thing */
    open_both();
    retry_once();
    for (int i = 0; i < 2; i++) {
        hd_report *report;
        char url[256];
        put_webhook(both[i], webhook_at(WEBHOOK, "/ok"));
        put_webhook(both[i], webhook_at("failing", "/status/500"));
        put_webhook(both[i],
                    webhook_for_tests("elsewhere", "other", server_url(server, "/status/404", url, sizeof url)));
        assert_int_equal(hd_client_test(both[i], WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
        hd_report_free(report);
        flush(both[i]);
    }
    for (int i = 0; i < 12; i++) {
        happen(HD_TICKET_CREATED + i % 3, "other", i + 1);
        for (int k = 0; k < 2; k++) /* two webhooks end in any order: one after the other */
            assert_int_equal(hd_client_remove_webhook(both[k], "failing"), HD_OK);
        happen(HD_TICKET_CREATED + i % 3, PROJECT, i + 1);
        for (int k = 0; k < 2; k++) {
            put_webhook(both[k], webhook_at("failing", "/status/500"));
            assert_int_equal(hd_client_remove_webhook(both[k], WEBHOOK), HD_OK);
        }
        happen(HD_TICKET_CREATED + i % 3, PROJECT, i + 1);
        for (int k = 0; k < 2; k++)
            put_webhook(both[k], webhook_at(WEBHOOK, "/ok"));
    }
    for (int i = 0; i < 2; i++)
        all_reports[i] = page_of(both[i], NULL, NULL, 1000);
    assert_int_equal(compare_logs((hd_log_filter *[2]){NULL, NULL}, 1000), 39);
    check_all_numbers();
    for (unsigned first = 0; first < FIRST_COMBINATIONS; first++)
        (void)compare(first, 0);
    for (unsigned second = 0; second < MORE_COMBINATIONS; second++)
        (void)compare(0, second);
    size_t found = 0;
    for (unsigned first = 0; first < FIRST_COMBINATIONS; first++)
        found += compare(first, one_more[first % 11]);
    assert_true(found > 100); /* or nothing was compared */
    for (int i = 0; i < 2; i++)
        hd_log_page_free(all_reports[i]);
    end_both();
}

/* Statistics read a store in parts; where two meet, at a time that several reports have, nothing is lost or counted
 * twice. */
static void test_summary_of_many(void **state) {
    (void)state;
    enum {
        REPORTS = 25000
    };
    static const char fill[] =
        "INSERT INTO project VALUES(1, 'p'); INSERT INTO label VALUES(1, 'w', '', 'u');"
        "INSERT INTO history VALUES(1, 'w', 1);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
        "INSERT INTO log SELECT i, i, 1000000 + i / 7, 1, 1, 1, 1, i, 1, zeroblob(16), 0, 0, 0, 1 + i % 4, 0, 1, 200, "
        "0, 0, 0, 0, 0, 0, 0, i % 1000, 0, 100, 1, '', '', x'', x'', x'' FROM n; "
        "UPDATE state SET next_log = 25001";
    hd_store *store = open_store();
    end(client_on(store), store);
    change_database(directory, fill);
    store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 0, 0), HD_OK);
    hd_client *client = client_on(store);
    hd_log_stats *stats = stats_of(client, NULL, 0);
    assert_int_equal(hd_log_stats_count(stats), REPORTS);
    for (int outcome = HD_OUTCOME_DELIVERED; outcome <= HD_OUTCOME_RETRYING; outcome++)
        assert_int_equal(hd_log_stats_outcome(stats, outcome), REPORTS / 4);
    assert_int_equal(hd_log_stats_total_ms(stats, 500), 499);
    assert_int_equal(hd_log_stats_total_ms(stats, 990), 989);
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), 999);
    hd_log_stats_free(stats);
    end(client, store);
}

/* Looks at all reports, and once more if nobody has ended that yet. */
static void *search_long(void *filter) {
    hd_log_stats *stats;
    int status;
    do {
        stats = NULL;
        status = hd_log_summarize(both[1], filter, 0, &stats);
        hd_log_stats_free(stats);
    } while (status == HD_OK);
    return (void *)(intptr_t)status;
}

/* A search over many reports, which would take long, ends in time, and when another thread says so. */
static void test_search_ends(void **state) {
    (void)state;
    static const char fill[] =
        "INSERT INTO project VALUES(1, 'p'); INSERT INTO label VALUES(1, 'w', '', 'u');"
        "INSERT INTO history VALUES(1, 'w', 1); INSERT INTO event VALUES(1, zeroblob(16), 1, 1, 'p', 0, 0, NULL, "
        "'', x'');"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) "
        "INSERT INTO log SELECT i, i, i, 1, 1, 1, 1, 1, 1, zeroblob(16), 0, 0, 0, 1, 0, 1, 200, 0, 0, 0, 0, 0, 0, 0, "
        "0, 0, 100, 1, '', '', x'', x'', zeroblob(200) FROM n; UPDATE state SET next_log = 400001";
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    hd_log_stats *stats = NULL;
    pthread_t searching;
    void *status;
    hd_store *store = open_store();
    end(client_on(store), store);
    change_database(directory, fill);
    store = open_store();
    take_both(client_for_tests(NULL), client_as(HD_CLIENT_READ, store), store);
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_time_limit_ms(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_text(filter, "is nowhere"), HD_OK);
    assert_int_equal(hd_log_filter_set_time_limit_ms(filter, 1), HD_OK);
    assert_int_equal(hd_log_query(both[1], filter, NULL, 10, &page), HD_E_TIMEOUT);
    assert_null(page);
    assert_int_equal(hd_log_summarize(both[1], filter, 0, &stats), HD_E_TIMEOUT);
    assert_null(stats);
    assert_int_equal(hd_log_filter_set_time_limit_ms(filter, 0), HD_OK);
    assert_int_equal(pthread_create(&searching, NULL, search_long, filter), 0);
    sleep_ms(5);
    hd_log_filter_cancel(filter);
    assert_int_equal(pthread_join(searching, &status), 0);
    assert_int_equal((intptr_t)status, HD_E_CANCELED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hd_log_query(both[i], filter, NULL, 10, &page), HD_E_CANCELED);
        assert_int_equal(hd_log_summarize(both[i], filter, 0, &stats), HD_E_CANCELED);
        assert_int_equal(hd_log_follow(both[i], filter, "0", 10, &page), HD_E_CANCELED);
    }
    hd_log_filter_cancel(NULL);
    hd_log_filter_free(filter);
    end_both();
}

/* Runs the statements in a file, which may be longer than any text that a compiler must take. */
static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long len = ftell(file);
    char *statements = calloc((size_t)len + 1, 1);
    assert_non_null(statements);
    rewind(file);
    assert_int_equal(fread(statements, 1, (size_t)len, file), len);
    (void)fclose(file);
    change_database(directory, statements);
    free(statements);
}

/* A store that 0.1.0 has made is brought up to date, by a client that delivers nothing, too: its log, its webhooks and
 * what waits are there. */
static void test_older_store(void **state) {
    (void)state;
    hd_log_filter *filter = NULL;
    hd_webhook *webhook = NULL;
    run_file("tests/data/sqlite_0_1_0.sql"); /* which was made without a client: no text is marked as not sealed */
    change_database(directory, "UPDATE webhook SET url = CAST(x'00' || url AS BLOB), headers = x'00',"
                               "  secret = CAST(x'00' || secret AS BLOB);"
                               "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), 'null', '\"Bob\"') AS BLOB)");
    hd_store *store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 0, 0), HD_OK); /* the reports are old */
    hd_client *client = client_as(HD_CLIENT_ACCEPT, store);
    assert_int_equal(hd_client_get_webhook(client, "w1", &webhook), HD_OK);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_ON);
    assert_string_equal(hd_webhook_url(webhook), "https://example.com/x");
    hd_webhook_free(webhook);
    assert_int_equal(hd_client_get_webhook(client, "w2", &webhook), HD_OK);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_OFF);
    hd_webhook_free(webhook);
    assert_int_equal(hd_client_get_webhook(client, "w3", &webhook), HD_E_NOT_FOUND); /* was removed */
    assert_int_equal(waiting_for(client, "w1"), 3);
    assert_int_equal(count_log(client), 3);
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, "printer"), HD_OK);
    hd_log_page *page = page_of(client, filter, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 1);
    assert_string_equal(hd_event_get(hd_report_event(hd_log_page_at(page, 0)), HD_FIELD_TICKET_SUBJECT, NULL),
                        "The PRINTER is on fire");
    assert_int_equal(strlen(hd_report_event_id(hd_log_page_at(page, 0))), HD_ID_SIZE - 1);
    hd_log_page_free(page);
    hd_log_filter_free(filter);
    end(client, store);
}

/* Bounds of time, each report's own and those beside it. */
static void test_log_by_time(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 0; i < 10; i++) {
        send_ticket(client, i + 1);
        flush(client);
        sleep_ms(3);
    }
    hd_log_page *all = page_of(client, NULL, NULL, 100);
    for (size_t i = 0; i < 10; i++) {
        hd_log_filter *filter;
        int64_t at_ms = hd_report_finished_at_ms(hd_log_page_at(all, i));
        assert_int_equal(hd_log_filter_new(&filter), HD_OK);
        assert_int_equal(hd_log_filter_set_time(filter, at_ms, 0), HD_OK);
        hd_log_page *page = page_of(client, filter, NULL, 100);
        assert_int_equal(hd_log_page_count(page), i + 1);
        hd_log_page_free(page);
        assert_int_equal(hd_log_filter_set_time(filter, 0, at_ms), HD_OK);
        page = page_of(client, filter, NULL, 100);
        assert_int_equal(hd_log_page_count(page), 9 - i);
        hd_log_page_free(page);
        hd_log_filter_free(filter);
    }
    hd_log_page_free(all);
    static const char *const cursors[] = {"",     "1",    "-",    "1-",  "-1",
                                          "01-1", "1-01", "1-1 ", "a-b", "99999999999999999999-1"};
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
        hd_log_page *page;
        assert_int_equal(hd_log_query(client, NULL, cursors[i], 10, &page), HD_E_CURSOR);
    }
    end(client, store);
}

/* Of an event that was damaged on the disk the log keeps the report, with an event that stands for it; all others are
 * beside it. */
static void test_damaged_event(void **state) {
    (void)state;
    static const char *const tickets[] = {"ticket-3", "unreadable", "ticket-1"};
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 0; i < 3; i++) {
        send_ticket(client, i + 1);
        flush(client);
    }
    end(client, store);
    change_database(directory, "UPDATE event SET body = x'7B' WHERE key = 2");
    store = open_store();
    client = client_on(store);
    hd_log_page *page = page_of(client, NULL, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 3);
    for (size_t i = 0; i < 3; i++) {
        const hd_report *report = hd_log_page_at(page, i);
        assert_string_equal(hd_event_get(hd_report_event(report), HD_FIELD_TICKET_ID, NULL), tickets[i]);
        assert_string_equal(hd_event_get(hd_report_event(report), HD_FIELD_PROJECT, NULL), PROJECT);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    }
    hd_log_page_free(page);
    end(client, store);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_log_answers_as_in_memory),
        TEST(test_summary_of_many),
        TEST(test_search_ends),
        TEST(test_older_store),
        TEST(test_log_by_time),
        TEST(test_damaged_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
