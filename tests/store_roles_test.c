/* SPDX-License-Identifier: MIT */
/** @file store_roles_test.c Clients that only read a durable store, or only put something into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/database.h"
#include "support/process.h"
#include "support/stored.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

static void write_file(const char *name, const char *text) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

/* Over all bytes. While this process has the database open it must not be called: closing the file ends all of SQLite's
 * own locks on it. */
static uint64_t sum_of_file(const char *name) {
    char path[512];
    uint64_t sum = 1;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;)
        sum = sum * 31 + (unsigned)byte;
    (void)fclose(file);
    return sum;
}

static uint64_t sum_of_database(void) {
    return sum_of_file("helmdesk.db");
}

/* What the directory holds: names, and all bytes but those of the index that readers share (-shm). */
static uint64_t sum_of_files(void) {
    uint64_t sum = 0;
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.' || strstr(entry->d_name, "-shm"))
            continue;
        uint64_t of_file = sum_of_file(entry->d_name);
        for (const char *letter = entry->d_name; *letter; letter++)
            of_file = of_file * 31 + (unsigned char)*letter;
        sum += of_file; /* whatever their order */
    }
    closedir(folder);
    return sum;
}

static void assert_nothing_can_be_written(hd_client *client, const char *delivery_id) {
    hd_webhook *webhook = NULL;
    hd_report *report = NULL;
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_replace_webhook(client, webhook), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_remove_webhook(client, WEBHOOK), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_discard(client, WEBHOOK, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 0, &report), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_client_redeliver(client, delivery_id, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_job_stop(client, delivery_id), HD_E_STORE_READ_ONLY);
    hd_event_free(event);
    hd_webhook_free(webhook);
}

/* Another process that delivers, with WEBHOOK at a path of the receiver. */
static void start_writer(struct process *writer, const char *path) {
    char url[256];
    (void)server_url(server, path, url, sizeof url);
    process_start(writer, directory, HD_CLIENT_DELIVER, "");
    assert_int_equal(process_status(writer, "put %s %s %s", WEBHOOK, PROJECT, url), HD_OK);
}

/* One that is killed while it delivers the first of so many events. */
static void crash_with(int events, const char *path) {
    struct process writer;
    start_writer(&writer, path);
    assert_int_equal(process_status(&writer, "send-many %s 1 %d", PROJECT, events), HD_OK);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    process_kill(&writer);
}

/* The log is read while the writer writes it, and what waits stays where it is. */
static void test_reader_beside_a_writer(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_store *reading = open_store(), *another = open_store();
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    hd_client *reader = client_as(HD_CLIENT_READ, reading);
    send_ticket(client, 1);
    flush(client);
    assert_int_equal(count_log(reader), 1);
    send_ticket(client, 2);
    flush(client);
    hd_log_page *page = page_of(reader, NULL, NULL, 10);
    assert_int_equal(hd_log_page_count(page), 2);
    assert_int_equal(hd_event_ticket_number(hd_report_event(hd_log_page_at(page, 0))), 2);
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(reader, NULL, 0, &stats), HD_OK);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED), 2);
    hd_log_stats_free(stats);
    assert_nothing_can_be_written(reader, hd_report_delivery_id(hd_log_page_at(page, 0)));
    hd_log_page_free(page);
    assert_int_equal(count_log(client), 2);
    end_client(reader);
    hd_store_free(reading);
    hd_store_free(another);
    send_ticket(client, 3); /* the writer has lost nothing by that */
    flush(client);
    end(client, store);
    assert_int_equal(server_requests(server), 3);
}

/* Readers of one process see what another one delivers, and are in nobody's way: not of its end either. */
static void test_reader_beside_a_process(void **state) {
    (void)state;
    hd_webhook *webhook = NULL;
    struct process writer;
    start_writer(&writer, "/ok");
    hd_store *reading[2] = {open_store(), open_store()};
    hd_client *readers[2] = {client_as(HD_CLIENT_READ, reading[0]), client_as(HD_CLIENT_READ, reading[1])};
    for (size_t delivered = 1; delivered <= 20; delivered++) {
        assert_int_equal(process_status(&writer, "send %s %zu", PROJECT, delivered), HD_OK);
        assert_int_equal(process_status(&writer, "flush %d", PATIENCE_MS), HD_OK);
        assert_int_equal(count_log(readers[delivered % 2]), delivered);
    }
    assert_int_equal(hd_client_get_webhook(readers[0], WEBHOOK, &webhook), HD_OK);
    hd_webhook_free(webhook);
    end(readers[0], reading[0]);
    assert_int_equal(process_status(&writer, "send %s 21", PROJECT), HD_OK);
    assert_int_equal(process_status(&writer, "flush %d", PATIENCE_MS), HD_OK);
    process_end(&writer);
    assert_int_equal(count_log(readers[1]), 21);
    assert_int_equal(hd_client_flush(readers[1], 0), HD_OK);
    end(readers[1], reading[1]);
    assert_int_equal(server_requests(server), 21);
}

static void assert_empty_and_private(const char *name) {
    char path[128];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_true(strstr(name, "-shm") || found.st_size == 0);
    assert_int_equal(unlink(path), 0);
}

/* After a good end, when nothing is beside the database, a reader leaves SQLite's own files there, and no more. */
static void test_reader_after_a_good_end(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    flush(client);
    end(client, store);
    assert_empty_and_private("helmdesk.db-wal"); /* they stay after a good end as well, and are not needed then */
    assert_empty_and_private("helmdesk.db-shm");
    uint64_t before = sum_of_files();
    store = open_store();
    client = client_as(HD_CLIENT_READ, store);
    assert_int_equal(count_log(client), 1);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 0);
    end(client, store);
    assert_empty_and_private("helmdesk.db-wal");
    assert_empty_and_private("helmdesk.db-shm");
    assert_true(sum_of_files() == before);
}

/* After a crash, and without its writing a byte. */
static void test_reader_after_a_crash(void **state) {
    (void)state;
    crash_with(20, "/gate");
    uint64_t before = sum_of_files();
    size_t requests = server_requests(server);
    server_open_gate(server);
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK); /* http is not allowed; the webhook is shown as it is */
    hd_store *store = open_store();
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_READ), HD_OK);
    hd_client *client = client_for_tests(options);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    assert_int_equal(hd_webhook_mode(webhook), HD_MODE_ON);
    hd_webhook_free(webhook);
    assert_int_equal(counter(client, HD_COUNTER_STORED), 20);
    assert_int_equal(waiting_for(client, WEBHOOK), 20);
    assert_int_equal(count_log(client), 0);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    end(client, store);
    assert_int_equal(server_requests(server), requests);
    assert_true(sum_of_files() == before);
    store = open_store(); /* everything is still there for a writer */
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
    end(client, store);
}

static void test_reader_of_nothing(void **state) {
    (void)state;
    hd_store *store = open_store();
    uint64_t before = sum_of_files();
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_STORE_MISSING);
    assert_true(sum_of_files() == before); /* and nothing was made */
    hd_client *client = client_on(store);  /* who writes makes it */
    hd_store *reading = open_store();
    hd_client *reader = client_as(HD_CLIENT_READ, reading);
    assert_int_equal(count_log(reader), 0);
    end(reader, reading);
    end(client, store);
}

/* As it is for a moment when a store is made; and no database. */
static void test_reader_of_something_else(void **state) {
    (void)state;
    hd_store *store = NULL;
    write_file("helmdesk.db", "");
    store = open_store();
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_STORE_MISSING);
    hd_store_free(store);
    write_file("helmdesk.db", "no database, but longer than nothing");
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_DAMAGED);
    assert_null(store);
}

/* A reader brings nothing up to date, and nobody uses what is newer. */
static void test_reader_of_another_version(void **state) {
    (void)state;
    hd_store *store = open_store();
    end(client_on(store), store);
    change_database(directory, "PRAGMA user_version = 1000");
    uint64_t before = sum_of_database();
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_E_STORE_VERSION);
    assert_null(store);
    assert_true(sum_of_database() == before);
    change_database(directory, "PRAGMA user_version = 1");
    before = sum_of_database();
    store = open_store();
    assert_int_equal(refusal_of(HD_CLIENT_READ, store), HD_E_STORE_VERSION);
    hd_store_free(store);
    assert_true(sum_of_database() == before);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Accepting and operating
 */

/* What an earlier client left is left alone, and so is what such a client accepts itself. One that operates can test a
 * webhook; the next one that delivers has the rest. */
static void leaves_backlog(int role) {
    enum {
        LEFT = 30,
        OWN = 200
    };
    crash_with(LEFT, "/gate");
    size_t requests = server_requests(server);
    server_open_gate(server);
    hd_store *store = open_store();
    hd_client *client = client_as(role, store);
    hd_report *report = NULL;
    int is_tested = role == HD_CLIENT_OPERATE;
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report),
                     is_tested ? HD_OK : HD_E_ROLE);
    assert_int_equal(hd_report_outcome(report), is_tested ? HD_OUTCOME_DELIVERED : 0);
    hd_report_free(report);
    for (int i = 0; i < OWN; i++)
        send_ticket(client, 1000 + i);
    assert_int_equal(waiting_for(client, WEBHOOK), LEFT + OWN);
    assert_eventually(counter(client, HD_COUNTER_STORED) == LEFT + OWN);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), OWN + is_tested);
    assert_int_equal(hd_client_flush(client, 100), HD_E_TIMEOUT);
    int64_t begun_ms = now_ms();
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK); /* it is for others, and not waited for */
    assert_true(now_ms() - begun_ms < PATIENCE_MS / 2);
    end(client, store);
    assert_int_equal(server_requests(server), requests + (size_t)is_tested);

    store = open_store();
    client = client_on(store);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), LEFT + OWN);
    end(client, store);
}

static void test_accepting_leaves_backlog(void **state) {
    (void)state;
    leaves_backlog(HD_CLIENT_ACCEPT);
}

static void test_operating_leaves_backlog(void **state) {
    (void)state;
    leaves_backlog(HD_CLIENT_OPERATE);
}

/* What comes for an ordered webhook does not overtake what is left for it, however it comes. */
static void test_order_behind_what_is_left(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/gate");
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int i = 0; i < 3; i++)
        send_ticket(client, 7);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    end_early(client, store);
    server_open_gate(server);

    store = open_store();
    client = client_as(HD_CLIENT_OPERATE, store);
    send_event(client, event_for_tests(HD_TICKET_RESOLVED, PROJECT, 7));
    hd_report *report = NULL; /* a test goes ahead of all, as ever */
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    hd_report_free(report);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
    assert_int_equal(waiting_for(client, WEBHOOK), 4);
    end(client, store);

    store = open_store();
    client = client_on(store);
    flush(client);
    for (int i = 0; i < 4; i++) {
        report = next_report(client);
        assert_int_equal(hd_event_type(hd_report_event(report)), i < 3 ? HD_TICKET_CREATED : HD_TICKET_RESOLVED);
        hd_report_free(report);
    }
    end(client, store);
}

/* A client that accepts changes webhooks, discards, sends again, and reads the log; one without a store has one role.
 */
static void test_accepting_client(void **state) {
    (void)state;
    uint64_t discarded = 0;
    char delivery_id[HD_ID_SIZE];
    hd_options *options = options_for_tests();
    hd_client *none = NULL;
    hd_store *store = open_store(), *second = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, store), *other = client_on(second);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_ticket(client, 1);
    hd_report *report = next_report(other);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    assert_int_equal(hd_client_redeliver(client, hd_report_delivery_id(report), NULL), HD_OK);
    hd_report *again = next_report(other);
    assert_string_equal(hd_report_redelivery_of(again), hd_report_delivery_id(report));
    assert_int_equal(count_log(client), 2);
    (void)snprintf(delivery_id, sizeof delivery_id, "%s", hd_report_delivery_id(report));
    hd_report_free(report);
    hd_report_free(again);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/ok");
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    put_webhook(client, webhook);
    send_ticket(client, 2);
    assert_int_equal(hd_client_discard(client, WEBHOOK, &discarded), HD_OK);
    assert_int_equal(discarded, 1);
    report = next_report(other);
    assert_int_equal(hd_report_reason(report), HD_REASON_DISCARDED);
    hd_report_free(report);
    assert_int_equal(hd_client_remove_webhook(client, WEBHOOK), HD_OK);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    assert_int_equal(hd_client_next_report(client, 0, &report), HD_E_CLOSED); /* it has none of its own */
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 3);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_CLOSED);
    assert_int_equal(hd_client_redeliver(client, delivery_id, NULL), HD_E_CLOSED);
    hd_event_free(event);
    end(client, store);
    end(other, second);
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_OPERATE + 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_role(options, -1), HD_E_INVALID);
    for (int role = HD_CLIENT_ACCEPT; role <= HD_CLIENT_OPERATE; role++) {
        assert_int_equal(hd_options_set_role(options, role), HD_OK);
        assert_int_equal(hd_client_new(options, &none), HD_E_INVALID);
    }
    hd_options_free(options);
}

/* What a client hears late of a webhook that moved away says nothing of the one that came back since. */
static void test_webhook_that_came_back(void **state) {
    (void)state;
    char url[256];
    hd_webhook *found = NULL;
    hd_store *store = open_store();
    hd_client *client = client_as(HD_CLIENT_ACCEPT, store);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    put_webhook(client, webhook_for_tests(WEBHOOK, "other", server_url(server, "/ok", url, sizeof url)));
    assert_int_equal(hd_client_remove_webhook(client, WEBHOOK), HD_OK);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &found), HD_OK);
    assert_string_equal(hd_webhook_project(found), PROJECT);
    hd_webhook_free(found);
    end(client, store);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_reader_beside_a_writer),    TEST(test_reader_beside_a_process),  TEST(test_reader_after_a_good_end),
        TEST(test_reader_after_a_crash),      TEST(test_reader_of_nothing),        TEST(test_reader_of_something_else),
        TEST(test_reader_of_another_version), TEST(test_accepting_leaves_backlog), TEST(test_operating_leaves_backlog),
        TEST(test_order_behind_what_is_left), TEST(test_accepting_client),         TEST(test_webhook_that_came_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
