/* SPDX-License-Identifier: MIT */
/** @file consumer_test.c The log read by consumers that go by names, in memory and with a durable store: each gets
 * every report at least once, in order, over restarts and crashes, and hears of what was deleted before it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/process.h"
#include "support/stored.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* One after the other, so that they end in this order. */
static void happen(hd_client *client, int first, int last) {
    for (int i = first; i <= last; i++) {
        send_ticket(client, i);
        flush(client);
    }
}

static hd_log_page *read_log(hd_client *client, const char *name, size_t limit) {
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_read(client, name, NULL, limit, &page), HD_OK);
    return page;
}

/* Fails unless the page has the tickets with these numbers, in this order. */
static void assert_tickets(const hd_log_page *page, int first, int last) {
    assert_int_equal(hd_log_page_count(page), last - first + 1);
    for (size_t i = 0; i < hd_log_page_count(page); i++)
        assert_int_equal(hd_event_ticket_number(hd_report_event(hd_log_page_at(page, i))), first + (int)i);
}

/* A name's next page, which is committed if that is asked for. */
static void assert_reads(hd_client *client, const char *name, size_t limit, int first, int last, int commits) {
    hd_log_page *page = read_log(client, name, limit);
    assert_tickets(page, first, last);
    assert_int_equal(hd_log_page_missed(page), 0);
    if (commits)
        assert_int_equal(hd_log_commit(client, name, page), HD_OK);
    hd_log_page_free(page);
}

static void on_each_keeper(void (*check)(hd_client *client)) {
    hd_client *client = client_for_tests(NULL);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    check(client);
    end_client(client);
    hd_store *store = open_store();
    client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    check(client);
    end(client, store);
}

/* ---- One, two ---- */

static void check_two(hd_client *client) {
    assert_reads(client, "billing", 10, 1, 0, 0);
    happen(client, 1, 5);
    assert_reads(client, "billing", 2, 1, 2, 1);
    assert_reads(client, "billing", 2, 3, 4, 0);
    assert_reads(client, "billing", 2, 3, 4, 0); /* which was not committed */
    assert_reads(client, "export", 10, 1, 5, 1); /* a new name begins with the oldest */
    assert_reads(client, "billing", 2, 3, 4, 1);
    assert_reads(client, "export", 10, 6, 5, 1);
    happen(client, 6, 7);
    assert_reads(client, "export", 10, 6, 7, 1);
    assert_reads(client, "billing", 10, 5, 7, 1);
    assert_reads(client, "billing", 10, 8, 7, 1);
}

static void test_two_consumers(void **state) {
    (void)state;
    on_each_keeper(check_two);
}

/* A place never moves back; a name that is forgotten begins anew. */
static void check_places(hd_client *client) {
    happen(client, 1, 4);
    hd_log_page *early = read_log(client, "a", 2);
    assert_reads(client, "a", 10, 1, 4, 1);
    assert_int_equal(hd_log_commit(client, "a", early), HD_OK);
    hd_log_page_free(early);
    assert_reads(client, "a", 10, 5, 4, 1);
    assert_int_equal(hd_log_commit(client, "a", NULL), HD_OK);
    assert_int_equal(hd_log_commit(client, "nobody", NULL), HD_OK);
    assert_reads(client, "a", 10, 1, 4, 1);
    hd_log_page *now = NULL; /* one that begins with what comes from now on */
    assert_int_equal(hd_log_follow(client, NULL, NULL, 1, &now), HD_OK);
    assert_int_equal(hd_log_commit(client, "late", now), HD_OK);
    hd_log_page_free(now);
    happen(client, 5, 5);
    assert_reads(client, "late", 10, 5, 5, 1);
}

static void test_places(void **state) {
    (void)state;
    on_each_keeper(check_places);
}

/* What a filter leaves out is done with as well. */
static void check_filter(hd_client *client) {
    char url[256];
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_project(filter, "other"), HD_OK);
    put_webhook(client, webhook_for_tests("other", "other", server_url(server, "/ok", url, sizeof url)));
    happen(client, 1, 3);
    send_event(client, event_for_tests(HD_TICKET_CREATED, "other", 4));
    flush(client);
    happen(client, 5, 6);
    assert_int_equal(hd_log_read(client, "a", filter, 10, &page), HD_OK);
    assert_tickets(page, 4, 4);
    assert_int_equal(hd_log_commit(client, "a", page), HD_OK);
    hd_log_page_free(page);
    assert_reads(client, "a", 10, 7, 6, 0);
    hd_log_filter_free(filter);
}

static void test_filter(void **state) {
    (void)state;
    on_each_keeper(check_filter);
}

/* ---- What is refused ---- */

static void assert_no_name(hd_client *client, const char *name) {
    hd_log_page *page = (hd_log_page *)(uintptr_t)1;
    assert_int_equal(hd_log_read(client, name, NULL, 10, &page), HD_E_INVALID);
    assert_null(page);
    assert_int_equal(hd_log_commit(client, name, NULL), HD_E_INVALID);
}

static void check_refused(hd_client *client) {
    char longest[66];
    hd_log_page *page = NULL;
    memset(longest, 'x', sizeof longest);
    longest[65] = '\0';
    assert_no_name(client, longest);
    longest[64] = '\0';
    assert_reads(client, longest, 10, 1, 0, 1);
    assert_reads(client, "!'\"\\~", 10, 1, 0, 1);
    assert_no_name(client, "");
    assert_no_name(client, NULL);
    assert_no_name(client, "a b");
    assert_no_name(client, "\xC3\xA4");
    assert_int_equal(hd_log_read(client, "a", NULL, 0, &page), HD_E_INVALID);
    assert_int_equal(hd_log_read(client, "a", NULL, 1001, &page), HD_E_INVALID);
    assert_int_equal(hd_log_read(client, "a", NULL, 1, NULL), HD_E_INVALID);
    assert_int_equal(hd_log_read(NULL, "a", NULL, 1, &page), HD_E_INVALID);
    assert_int_equal(hd_log_commit(NULL, "a", NULL), HD_E_INVALID);
    assert_int_equal(hd_log_query(client, NULL, NULL, 10, &page), HD_OK); /* backwards */
    assert_int_equal(hd_log_commit(client, "a", page), HD_E_INVALID);
    hd_log_page_free(page);
    assert_int_equal(hd_log_page_missed(NULL), 0);
    hd_client *other = client_for_tests(NULL);
    put_webhook(other, webhook_at(WEBHOOK, "/ok"));
    happen(other, 1, 1);
    page = read_log(other, "a", 10);
    assert_int_equal(hd_log_commit(client, "a", page), HD_E_CURSOR); /* of another log */
    hd_log_page_free(page);
    end_client(other);
}

static void test_refused(void **state) {
    (void)state;
    on_each_keeper(check_refused);
}

/* One that only reads cannot say what it is done with. */
static void test_roles(void **state) {
    (void)state;
    hd_log_page *page = NULL;
    hd_store *store = open_store(), *second = open_store(), *third = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 3);
    hd_client *reader = client_as(HD_CLIENT_READ, second), *accepting = client_as(HD_CLIENT_ACCEPT, third);
    assert_int_equal(hd_log_read(reader, "a", NULL, 10, &page), HD_E_STORE_READ_ONLY);
    assert_null(page);
    assert_int_equal(hd_log_commit(reader, "a", NULL), HD_E_STORE_READ_ONLY);
    assert_reads(accepting, "a", 2, 1, 2, 1);
    assert_reads(client, "a", 10, 3, 3, 1); /* the place is the store's */
    assert_reads(accepting, "a", 2, 4, 3, 0);
    end(accepting, third);
    end(reader, second);
    end(client, store);
}

/* ---- Over restarts and crashes ---- */

static void test_restart(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 5);
    assert_reads(client, "a", 3, 1, 3, 1);
    assert_reads(client, "b", 1, 1, 1, 1);
    hd_log_page *page = read_log(client, "a", 1);
    assert_tickets(page, 4, 4);
    assert_int_equal(hd_client_close(client, 0), HD_OK); /* the last page is handled while the program ends */
    assert_int_equal(hd_log_commit(client, "a", page), HD_OK);
    hd_log_page_free(page);
    end(client, store);
    store = open_store();
    client = client_on(store);
    assert_reads(client, "a", 10, 5, 5, 1);
    assert_reads(client, "b", 10, 2, 5, 1);
    end(client, store);
}

/* Killed before it committed, it gets the page again; killed after, the next one. */
static void test_kill(void **state) {
    (void)state;
    struct process exporter;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 6);
    for (int i = 0; i < 3; i++) {
        process_start(&exporter, directory, HD_CLIENT_ACCEPT, "");
        assert_int_equal(process_number(&exporter, "read billing 2"), 2);
        process_kill(&exporter);
        assert_reads(client, "billing", 2, 2 * i + 1, 2 * i + 2, 0);
        process_start(&exporter, directory, HD_CLIENT_ACCEPT, "");
        assert_int_equal(process_number(&exporter, "read billing 2"), 2);
        assert_int_equal(process_status(&exporter, "commit billing"), HD_OK);
        process_kill(&exporter);
    }
    assert_reads(client, "billing", 2, 7, 6, 0);
    end(client, store);
}

/* A store of the version before, which has no places. */
static void test_older_store(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 3);
    end(client, store);
    change_database(directory,
                    "DROP TABLE consumer; DROP TABLE search_block; DROP TABLE search_part; "
                    "DROP TABLE change; DROP TABLE job; DROP TABLE job_row; "
                    "ALTER TABLE state DROP COLUMN jobs; ALTER TABLE state DROP COLUMN job_rows; "
                    "ALTER TABLE state DROP COLUMN discarded; ALTER TABLE lane DROP COLUMN failures; "
                    "ALTER TABLE lane DROP COLUMN reason; ALTER TABLE lane DROP COLUMN since_ms; "
                    "ALTER TABLE lane DROP COLUMN is_failing; ALTER TABLE lane DROP COLUMN told; "
                    "ALTER TABLE lane DROP COLUMN alerted_ms; ALTER TABLE webhook DROP COLUMN pause_failures; "
                    "ALTER TABLE webhook DROP COLUMN pause_ms; PRAGMA user_version = 4");
    store = open_store();
    client = client_on(store);
    assert_reads(client, "a", 2, 1, 2, 1);
    happen(client, 4, 4);
    assert_reads(client, "a", 10, 3, 4, 1);
    end(client, store);
}

/* ---- What was deleted ---- */

/* A page after some were deleted. */
static void assert_missed(hd_client *client, uint64_t missed, int first, int last) {
    hd_log_page *page = read_log(client, "a", 100);
    assert_int_equal(hd_log_page_missed(page), missed);
    assert_tickets(page, first, last);
    assert_int_equal(hd_log_commit(client, "a", page), HD_OK);
    hd_log_page_free(page);
}

static void test_missed_in_memory(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 3, (size_t)16 << 20), HD_OK);
    hd_client *client = client_for_tests(options);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 2);
    assert_reads(client, "a", 1, 1, 1, 1);
    happen(client, 3, 4);
    assert_reads(client, "new", 10, 2, 4, 0); /* it was not there for the first: it misses nothing */
    happen(client, 5, 7);
    assert_missed(client, 3, 5, 7);
    assert_missed(client, 0, 8, 7);
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_follow(client, NULL, "2", 10, &page), HD_OK);
    assert_int_equal(hd_log_page_missed(page), 2);
    hd_log_page_free(page);
    end_client(client);
}

static hd_client *client_keeping(uint64_t reports, hd_store **store) {
    *store = open_store();
    assert_int_equal(hd_store_set_retention(*store, reports, 0, 0), HD_OK);
    return client_on(*store);
}

static void test_missed_in_a_store(void **state) {
    (void)state;
    hd_store *store;
    hd_client *client = client_keeping(0, &store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 10);
    assert_reads(client, "a", 2, 1, 2, 1);
    assert_reads(client, "b", 4, 1, 4, 0); /* it has only looked */
    end(client, store);
    client = client_keeping(3, &store);
    assert_eventually(count_log(client) == 3);
    assert_missed(client, 5, 8, 10);
    assert_missed(client, 0, 11, 10);
    hd_log_page *page = read_log(client, "b", 10);
    assert_int_equal(hd_log_page_missed(page), 7);
    hd_log_page_free(page);
    assert_reads(client, "new", 10, 8, 10, 0);
    assert_int_equal(hd_log_follow(client, NULL, "7", 10, &page), HD_OK);
    assert_int_equal(hd_log_page_missed(page), 0);
    hd_log_page_free(page);
    end(client, store);
}

/* All of it is deleted: the page is empty, and says so. */
static void test_missed_everything(void **state) {
    (void)state;
    hd_store *store;
    hd_client *client = client_keeping(0, &store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    happen(client, 1, 4);
    assert_reads(client, "a", 1, 1, 1, 1);
    end(client, store);
    store = open_store();
    assert_int_equal(hd_store_set_retention(store, 0, 1, 0), HD_OK);
    client = client_on(store);
    assert_eventually(count_log(client) == 0);
    assert_missed(client, 3, 5, 4);
    assert_missed(client, 0, 5, 4);
    end(client, store);
}

/* ---- Threads ---- */

struct reading {
    hd_client *client;
    const char *name;
    int64_t last, missed;
    int is_wrong;
};

static void *consume(void *user) {
    struct reading *reading = user;
    int64_t until = now_ms() + PATIENCE_MS;
    while (reading->last < (int64_t)volume(300) && now_ms() < until) {
        hd_log_page *page = NULL;
        reading->is_wrong |= hd_log_read(reading->client, reading->name, NULL, 7, &page) != HD_OK;
        reading->missed += (int64_t)hd_log_page_missed(page);
        for (size_t i = 0; i < hd_log_page_count(page); i++) {
            int64_t number = hd_event_ticket_number(hd_report_event(hd_log_page_at(page, i)));
            reading->is_wrong |= number != reading->last + 1;
            reading->last = number;
        }
        reading->is_wrong |= hd_log_commit(reading->client, reading->name, page) != HD_OK;
        hd_log_page_free(page);
    }
    return NULL;
}

/* While deliveries end, in order, each consumer gets each of them. */
static void check_threads(hd_client *client) {
    struct reading readings[] = {{.client = client, .name = "a"}, {.client = client, .name = "b"}};
    pthread_t threads[2];
    hd_webhook *webhook = webhook_at(WEBHOOK, "/ok");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, consume, &readings[i]), 0);
    for (size_t i = 1; i <= volume(300); i++)
        send_ticket(client, (int64_t)i);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readings[i].last, volume(300));
        assert_false(readings[i].is_wrong || readings[i].missed);
    }
}

static void test_threads(void **state) {
    (void)state;
    on_each_keeper(check_threads);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_two_consumers),
        TEST(test_places),
        TEST(test_filter),
        TEST(test_refused),
        TEST(test_roles),
        TEST(test_restart),
        TEST(test_kill),
        TEST(test_older_store),
        TEST(test_missed_in_memory),
        TEST(test_missed_in_a_store),
        TEST(test_missed_everything),
        TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
