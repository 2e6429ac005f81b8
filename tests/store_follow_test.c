/* SPDX-License-Identifier: MIT */
/** @file store_follow_test.c The log read forwards, in memory and with a durable store: which place a look ends at, and
 * which places are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/stored.h"

#include <string.h>

static hd_log_page *follow(hd_client *client, const hd_log_filter *filter, const char *after, size_t limit) {
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_follow(client, filter, after, limit, &page), HD_OK);
    return page;
}

/* Follows from a place, and finds tickets with these numbers, which end with 0. */
static void assert_follows(hd_client *client, const hd_log_filter *filter, char place[48], const int *tickets) {
    hd_log_page *page = follow(client, filter, place, 2);
    for (size_t i = 0; i < hd_log_page_count(page); i++)
        assert_int_equal(hd_event_ticket_number(hd_report_event(hd_log_page_at(page, i))), *tickets++);
    assert_int_equal(*tickets, 0);
    strcpy(place, hd_log_page_cursor(page));
    hd_log_page_free(page);
}

static void happen_in(hd_client *client, const char *project, int64_t number) {
    send_event(client, event_for_tests(HD_TICKET_CREATED, project, number));
    flush(client);
}

static void assert_newest(hd_client *client, const char *place) {
    hd_log_page *page = follow(client, NULL, NULL, 1);
    assert_string_equal(place, hd_log_page_cursor(page));
    hd_log_page_free(page);
}

/* What a filter leaves out is looked at once: the next look begins behind it. */
static void check_follow(hd_client *client) {
    char url[256], place[48] = "0";
    hd_log_filter *filter = NULL;
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    put_webhook(client, webhook_for_tests("other", "other", server_url(server, "/ok", url, sizeof url)));
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_project(filter, PROJECT), HD_OK);
    assert_follows(client, filter, place, (int[]){0});
    assert_newest(client, place);
    for (int i = 1; i <= 5; i++)
        happen_in(client, "other", i);
    assert_follows(client, filter, place, (int[]){0});
    assert_newest(client, place);
    happen_in(client, PROJECT, 6);
    happen_in(client, "other", 7);
    assert_follows(client, filter, place, (int[]){6, 0});
    assert_newest(client, place);
    for (int i = 8; i <= 10; i++)
        happen_in(client, PROJECT, i);
    happen_in(client, "other", 11);
    assert_follows(client, filter, place, (int[]){8, 9, 0}); /* a page that is full ends with its last report */
    assert_follows(client, filter, place, (int[]){10, 0});
    assert_newest(client, place);
    assert_follows(client, filter, place, (int[]){0});
    hd_log_filter_free(filter);
}

static void test_follow_ends_at_newest(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    check_follow(client);
    end(client, store);
    client = client_for_tests(NULL);
    check_follow(client);
    end_client(client);
}

static void assert_refused(hd_client *client, const char *place) {
    hd_log_page *page;
    assert_int_equal(hd_log_follow(client, NULL, place, 10, &page), HD_E_CURSOR);
    assert_null(page);
}

/* Three reports, and the place behind them. */
static void fill_three(hd_client *client, char place[48]) {
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    for (int i = 1; i <= 3; i++)
        happen_in(client, PROJECT, i);
    strcpy(place, "1");
    assert_follows(client, NULL, place, (int[]){2, 3, 0});
    assert_string_equal(place, "3");
}

static void check_places(hd_client *client) {
    char place[48] = "0";
    assert_follows(client, NULL, place, (int[]){0});
    assert_refused(client, "1");
    fill_three(client, place);
    assert_follows(client, NULL, place, (int[]){0});
    assert_refused(client, "4");
    assert_refused(client, "922337203685477579");
}

/* A place behind the newest report is of another log. */
static void test_places_beyond_newest(void **state) {
    (void)state;
    char cursor[48];
    hd_log_page *page;
    hd_store *store = open_store();
    hd_client *client = client_for_tests(NULL);
    check_places(client);
    end_client(client);
    client = client_on(store);
    check_places(client);
    page = page_of(client, NULL, NULL, 1);
    strcpy(cursor, hd_log_page_cursor(page));
    hd_log_page_free(page);
    page = page_of(client, NULL, cursor, 10);
    assert_int_equal(hd_log_page_count(page), 2);
    hd_log_page_free(page);
    strcpy(strchr(cursor, '-'), "-4");
    assert_int_equal(hd_log_query(client, NULL, cursor, 10, &page), HD_E_CURSOR);
    end(client, store);
}

/* When retention has deleted all, the places that were told before are good, and no others. */
static void test_places_outlive_reports(void **state) {
    (void)state;
    char place[48];
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    fill_three(client, place);
    hd_log_page *page = page_of(client, NULL, NULL, 1);
    end(client, store);
    store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 1, 0), HD_OK);
    client = client_on(store);
    assert_eventually(count_log(client) == 0);
    hd_log_page_free(page_of(client, NULL, hd_log_page_cursor(page), 1));
    hd_log_page_free(page);
    assert_follows(client, NULL, place, (int[]){0});
    assert_refused(client, "4");
    assert_newest(client, "3");
    end(client, store);
    store = open_store();
    client = client_on(store);
    happen_in(client, PROJECT, 4);
    assert_follows(client, NULL, place, (int[]){4, 0});
    end(client, store);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_follow_ends_at_newest),
        TEST(test_places_beyond_newest),
        TEST(test_places_outlive_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
