/* SPDX-License-Identifier: MIT */
/** @file shared_accept_test.c What is accepted into a store by many callers and many processes: commits that are
 * shared, keys that name an event once, processes that live for a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/process.h"
#include "support/stored.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Callers who wait for the disk
 */

#define CALLERS 8
#define EACH 40

struct caller {
    hd_client *client;
    int64_t took_us[EACH];
};

static int64_t now_us(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void *call(void *user) {
    struct caller *caller = user;
    for (int i = 0; i < EACH; i++) {
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, i + 1);
        int64_t begun_us = now_us();
        int status = hd_webhook_send(caller->client, event, NULL);
        caller->took_us[i] = now_us() - begun_us;
        hd_event_free(event);
        if (status != HD_OK)
            return caller;
    }
    return NULL;
}

static int by_time(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t middle(int64_t *times, size_t count) {
    qsort(times, count, sizeof *times, by_time);
    return times[count / 2];
}

/* How long this disk takes for a page that is written and synchronized. */
static int64_t measure_fsync(void) {
    char path[128];
    static char page[4096];
    int64_t times[EACH];
    (void)snprintf(path, sizeof path, "%s/measure", directory);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    for (int i = 0; i < EACH; i++) {
        int64_t begun_us = now_us();
        assert_int_equal(write(file, page, sizeof page), sizeof page);
        assert_int_equal(fsync(file), 0);
        times[i] = now_us() - begun_us;
    }
    (void)close(file);
    return middle(times, EACH);
}

static void share_commits(const char *name, hd_client *client) {
    static struct caller callers[CALLERS];
    static int64_t times[CALLERS * EACH];
    pthread_t threads[CALLERS];
    int64_t fsync_us = measure_fsync();
    for (int i = 0; i < CALLERS; i++) {
        callers[i].client = client;
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
        memcpy(times + (size_t)i * EACH, callers[i].took_us, sizeof callers[i].took_us);
    }
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), CALLERS * EACH);
    int64_t middle_us = middle(times, sizeof times / sizeof times[0]);
    print_message("%s: %d callers, p50 of hd_webhook_send() %lld us; one fsync of this disk %lld us: %.1f times\n",
                  name, CALLERS, (long long)middle_us, (long long)fsync_us, (double)middle_us / (double)fsync_us);
}

/* Each returns when its event is on disk; all of a moment share a commit. With the webhook held only that is measured.
 */
static void test_callers_share_commits(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = committing_client_on(store);
    hd_webhook *webhook = webhook_at(WEBHOOK, "/ok");
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    put_webhook(client, webhook);
    share_commits("HD_ACCEPT_COMMITTED", client);
    assert_int_equal(waiting_for(client, WEBHOOK), CALLERS * EACH);
    end(client, store);
    store = open_store();
    client = client_as(HD_CLIENT_ACCEPT, store);
    share_commits("HD_CLIENT_ACCEPT", client);
    assert_int_equal(waiting_for(client, WEBHOOK), 2 * CALLERS * EACH);
    end(client, store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Keys
 */

/* Sends an event with a key, and writes its id. */
static void send_with_key(hd_client *client, const char *project, const char *key, char id[HD_ID_SIZE]) {
    hd_event *event = event_for_tests(HD_TICKET_CREATED, project, 1);
    assert_int_equal(hd_event_set(event, HD_FIELD_IDEMPOTENCY_KEY, key, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, id), HD_OK);
    hd_event_free(event);
}

/* The same in memory and in a store, whatever waits for the disk. */
static void keys_of_client(hd_client *client) {
    char first[HD_ID_SIZE], second[HD_ID_SIZE];
    size_t before = server_requests(server);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
    send_with_key(client, PROJECT, "order-1", first);
    for (int i = 0; i < 3; i++) {
        send_with_key(client, PROJECT, "order-1", second);
        assert_string_equal(first, second);
        flush(client);
    }
    send_with_key(client, PROJECT, "order-2", second);
    assert_string_not_equal(first, second);
    send_with_key(client, "other", "order-1", second); /* a key is the project's own */
    assert_string_not_equal(first, second);
    flush(client);
    assert_int_equal(server_requests(server), before + 2);
}

static void test_keys_in_memory(void **state) {
    (void)state;
    hd_client *client = client_for_tests(NULL);
    keys_of_client(client);
    end_client(client);
}

static void test_keys_with_commit(void **state) {
    (void)state;
    hd_store *store = open_store();
    hd_client *client = committing_client_on(store);
    keys_of_client(client);
    end(client, store);
}

static void copy_id(struct process *process, char id[HD_ID_SIZE]) {
    (void)snprintf(id, HD_ID_SIZE, "%s", strchr(process->answer, ' ') + 1);
}

/* A key that one process has used is known to all, also after that one was killed and by one that came later. */
static void test_keys_over_processes(void **state) {
    (void)state;
    char first[HD_ID_SIZE], id[HD_ID_SIZE], url[256];
    struct process a, b, later;
    process_start(&a, directory, HD_CLIENT_DELIVER, "");
    process_start(&b, directory, HD_CLIENT_ACCEPT, "");
    assert_int_equal(process_status(&a, "put %s %s %s", WEBHOOK, PROJECT, server_url(server, "/ok", url, sizeof url)),
                     HD_OK);
    assert_int_equal(process_status(&b, "send %s 1 order-1", PROJECT), HD_OK);
    copy_id(&b, first);
    assert_int_equal(process_status(&a, "send %s 1 order-1", PROJECT), HD_OK);
    copy_id(&a, id);
    assert_string_equal(first, id);
    process_kill(&b);
    process_start(&later, directory, HD_CLIENT_ACCEPT, "");
    assert_int_equal(process_status(&later, "send %s 2 order-1", PROJECT), HD_OK);
    copy_id(&later, id);
    assert_string_equal(first, id);
    assert_int_equal(process_status(&later, "send %s 3 order-3", PROJECT), HD_OK);
    assert_int_equal(process_status(&later, "flush %d", PATIENCE_MS), HD_OK);
    process_end(&later);
    process_end(&a);
    assert_int_equal(server_requests(server), 2);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes that live for a moment
 */

/* Ten at a time, as a server that starts a process for each request. */
static void test_short_lived_processes(void **state) {
    (void)state;
    enum {
        ROUNDS = 5,
        AT_ONCE = 10
    };
    char url[256];
    struct process delivers, short_lived[AT_ONCE];
    process_start(&delivers, directory, HD_CLIENT_DELIVER, "");
    assert_int_equal(
        process_status(&delivers, "put %s %s %s", WEBHOOK, PROJECT, server_url(server, "/ok", url, sizeof url)), HD_OK);
    int64_t begun_ms = now_ms();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            process_start(&short_lived[i], directory, HD_CLIENT_ACCEPT, "");
        for (int i = 0; i < AT_ONCE; i++)
            assert_int_equal(process_status(&short_lived[i], "send %s %d", PROJECT, round * AT_ONCE + i + 1), HD_OK);
        for (int i = 0; i < AT_ONCE; i++)
            process_end(&short_lived[i]);
    }
    print_message("%d processes: %.1f ms for each\n", ROUNDS * AT_ONCE,
                  (double)(now_ms() - begun_ms) / (ROUNDS * AT_ONCE));
    assert_true(server_wait_requests(server, ROUNDS * AT_ONCE, PATIENCE_MS));
    assert_eventually(process_number(&delivers, "waiting %s", WEBHOOK) == 0);
    assert_int_equal(server_requests(server), ROUNDS * AT_ONCE);
    process_end(&delivers);
}

int main(int argc, char **argv) {
    if (is_process(argc, argv))
        return process_main(argv);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_callers_share_commits), TEST(test_keys_in_memory),        TEST(test_keys_with_commit),
        TEST(test_keys_over_processes),   TEST(test_short_lived_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
