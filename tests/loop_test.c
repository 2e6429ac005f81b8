/* SPDX-License-Identifier: MIT */
/** @file loop_test.c A client in a program with an event loop: its descriptor, and its end in two steps; without a
 * store and with one. */
#include "support/bodies.h"
#include "support/child.h"
#include "support/one_client.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int take(void) {
    hd_report *report = NULL;
    int status = hd_client_next_report(client, 0, &report);
    hd_report_free(report);
    return status;
}

/* What an event loop does when the descriptor is readable. Returns how many reports it took; false to *goes_on at the
 * end. */
static unsigned take_all(bool *goes_on) {
    unsigned taken = 0;
    int status;
    while ((status = take()) == HD_OK)
        taken++;
    assert_true(status == HD_E_TIMEOUT || status == HD_E_CLOSED);
    *goes_on = status == HD_E_TIMEOUT;
    return taken;
}

/* ---- The descriptor ---- */

/* It is readable exactly as long as there is a report, and again for the next one; and it stays the same. */
static void test_readable_while_there_is_a_report(void **state) {
    (void)state;
    open_client(NULL, "/ok");
    int fd = poll_fd();
    assert_int_equal(poll_fd(), fd);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_false(is_readable(fd, 0));
    for (int round = 0; round < 3; round++) {
        (void)send_ticket(client, 1);
        (void)send_ticket(client, 2);
        flush(client);
        assert_true(is_readable(fd, PATIENCE_MS));
        assert_int_equal(take(), HD_OK);
        assert_true(is_readable(fd, 0));
        assert_int_equal(take(), HD_OK);
        assert_false(is_readable(fd, 0));
        assert_int_equal(take(), HD_E_TIMEOUT);
    }
}

/* It may be asked for late: what is there already counts, and what was taken before does not. */
static void test_asked_for_late(void **state) {
    (void)state;
    open_client(NULL, "/ok");
    (void)send_ticket(client, 1);
    hd_report_free(next_report(client));
    (void)send_ticket(client, 2);
    flush(client);
    int fd = poll_fd();
    assert_true(is_readable(fd, 0));
    assert_int_equal(take(), HD_OK);
    assert_false(is_readable(fd, 0));
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    assert_true(is_readable(fd, 0));
}

/* A client that is closed already has one, too: its loop would wait forever otherwise. */
static void test_asked_for_after_close(void **state) {
    (void)state;
    open_client(NULL, "/ok");
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    assert_true(is_readable(poll_fd(), 0));
    assert_int_equal(take(), HD_E_CLOSED);
}

/* Reports that the log forgets before they are taken leave it right: it tells of those that are there. */
static void test_forgotten_reports(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    bool goes_on;
    assert_int_equal(hd_options_set_log_limits(options, 2, 65536), HD_OK);
    open_client(options, "/ok");
    int fd = poll_fd();
    for (int64_t number = 1; number <= 20; number++)
        (void)send_ticket(client, number);
    flush(client);
    assert_true(is_readable(fd, 0));
    assert_int_equal(take_all(&goes_on), 2);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 18);
    assert_false(is_readable(fd, 0));
}

/* Those that wait in next_report take them too, and leave it as it has to be. */
static void test_beside_one_who_waits(void **state) {
    (void)state;
    open_client(NULL, "/ok");
    int fd = poll_fd();
    (void)send_ticket(client, 1);
    hd_report_free(next_report(client));
    flush(client);
    assert_false(is_readable(fd, 0));
}

struct consumer {
    pthread_t thread;
    int fd;
    unsigned taken;
    bool has_ended;
};

static void *consume(void *argument) {
    struct consumer *consumer = argument;
    bool goes_on = true;
    while (goes_on && is_readable(consumer->fd, PATIENCE_MS))
        consumer->taken += take_all(&goes_on);
    consumer->has_ended = !goes_on;
    return NULL;
}

/* Several threads watch it: each report is taken once, none is left lying, and all of them see the end. */
static void test_several_consumers(void **state) {
    (void)state;
    struct consumer consumers[4];
    unsigned taken = 0;
    int64_t count = (int64_t)volume(2000);
    open_client(NULL, "/ok");
    for (size_t i = 0; i < LENGTH_OF(consumers); i++) {
        consumers[i] = (struct consumer){.fd = poll_fd()};
        assert_int_equal(pthread_create(&consumers[i].thread, NULL, consume, &consumers[i]), 0);
    }
    for (int64_t number = 1; number <= count; number++)
        (void)send_ticket(client, number);
    assert_int_equal(hd_client_begin_close(client, PATIENCE_MS), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(consumers); i++) {
        assert_int_equal(pthread_join(consumers[i].thread, NULL), 0);
        assert_true(consumers[i].has_ended);
        taken += consumers[i].taken;
    }
    assert_int_equal(taken, count);
    assert_int_equal(hd_client_close(client, 0), HD_OK);
}

static void *ask_for_it(void *argument) {
    *(int *)argument = poll_fd();
    return NULL;
}

/* It is made once, whoever comes first, while reports come in. */
static void test_asked_for_by_several(void **state) {
    (void)state;
    pthread_t threads[8];
    int fds[LENGTH_OF(threads)];
    bool goes_on;
    open_client(NULL, "/ok");
    for (int64_t number = 1; number <= 50; number++)
        (void)send_ticket(client, number);
    for (size_t i = 0; i < LENGTH_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_it, &fds[i]), 0);
    for (size_t i = 0; i < LENGTH_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < LENGTH_OF(threads); i++)
        assert_int_equal(fds[i], fds[0]);
    flush(client);
    assert_true(is_readable(fds[0], 0));
    assert_int_equal(take_all(&goes_on), 50);
    assert_false(is_readable(fds[0], 0));
}

/* Without descriptors the call says so, nothing else breaks, and it works as soon as there are some. */
static void test_without_descriptors(void **state) {
    (void)state;
    struct rlimit before, none;
    int fd = 7;
    open_client(NULL, "/ok");
    (void)send_ticket(client, 1);
    flush(client);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = hd_client_poll_fd(client, &fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, HD_E_LIMIT);
    assert_int_equal(fd, -1);
    assert_true(is_readable(poll_fd(), 0));
}

static int use_in_child(int fd) {
    int other = 7;
    char text[HD_MESSAGE_SIZE];
    int level;
    return hd_client_poll_fd(client, &other) == HD_E_FORKED && other == -1 &&
                   hd_client_begin_close(client, 0) == HD_E_FORKED &&
                   hd_client_next_message(client, &level, text) == HD_E_FORKED && is_readable(fd, 0)
               ? 0
               : 1;
}

/* A forked child gets none, can do nothing to that of its parent, and frees the handle. */
static void test_forked_child(void **state) {
    (void)state;
    int status;
    open_client(NULL, "/ok");
    int fd = poll_fd();
    (void)send_ticket(client, 1);
    flush(client);
    pid_t child = fork();
    if (child == 0) {
        int failed = use_in_child(fd);
        hd_client_free(client);
        end_child(failed);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_readable(fd, 0));
    assert_int_equal(take(), HD_OK);
    assert_false(is_readable(fd, 0));
}

static void test_wrong_calls(void **state) {
    (void)state;
    int fd = 7, level;
    char text[HD_MESSAGE_SIZE];
    open_client(NULL, "/ok");
    assert_int_equal(hd_client_poll_fd(NULL, &fd), HD_E_INVALID);
    assert_int_equal(fd, -1);
    assert_int_equal(hd_client_poll_fd(client, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_begin_close(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_client_next_message(NULL, &level, text), HD_E_INVALID);
    assert_int_equal(hd_client_next_message(client, &level, text), HD_E_TIMEOUT);
    assert_int_equal(hd_client_next_message(client, NULL, text), HD_E_INVALID);
    assert_int_equal(hd_client_next_message(client, &level, NULL), HD_E_INVALID);
}

/* A client that only accepts or reads has no loop, no reports and so no descriptor; to close it takes no time. */
static void test_roles_without_a_loop(void **state) {
    (void)state;
    static const int roles[] = {HD_CLIENT_ACCEPT, HD_CLIENT_READ};
    open_client(NULL, "/ok");
    for (size_t i = 0; i < LENGTH_OF(roles); i++) {
        hd_store *own = open_store();
        hd_client *direct = client_as(roles[i], own);
        int fd = 7;
        assert_int_equal(hd_client_poll_fd(direct, &fd), HD_E_ROLE);
        assert_int_equal(fd, -1);
        assert_int_equal(hd_client_begin_close(direct, 1000), HD_OK);
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
        assert_int_equal(hd_webhook_send(direct, event, NULL),
                         roles[i] == HD_CLIENT_READ ? HD_E_STORE_READ_ONLY : HD_E_CLOSED);
        hd_event_free(event);
        assert_int_equal(hd_client_close(direct, 0), HD_OK);
        end(direct, own);
    }
}

/* ---- The end in two steps ---- */

/* What was accepted is delivered, nothing more is accepted, and the loop hears of it by its descriptor alone. */
static void test_begin_close_delivers(void **state) {
    (void)state;
    unsigned taken = 0;
    bool goes_on = true;
    open_client(NULL, "/gate");
    int fd = poll_fd();
    for (int64_t number = 1; number <= 20; number++)
        (void)send_ticket(client, number);
    assert_int_equal(hd_client_begin_close(client, PATIENCE_MS), HD_OK);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 21);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_CLOSED);
    hd_event_free(event);
    assert_int_equal(take(), HD_E_TIMEOUT);
    server_open_gate(server);
    while (goes_on && is_readable(fd, PATIENCE_MS))
        taken += take_all(&goes_on);
    assert_false(goes_on);
    assert_int_equal(taken, 20);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
    assert_true(is_readable(fd, 0));
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(take(), HD_E_CLOSED);
    assert_true(is_readable(fd, 0));
}

/* What cannot be delivered in time is canceled, or left in the store, with nobody waiting for it. */
static void test_begin_close_ends_in_time(void **state) {
    (void)state;
    unsigned taken = 0;
    bool goes_on = true;
    open_client(NULL, "/hang");
    int fd = poll_fd();
    for (int64_t number = 1; number <= 10; number++)
        (void)send_ticket(client, number);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    assert_int_equal(hd_client_begin_close(client, 50), HD_OK);
    while (goes_on && is_readable(fd, PATIENCE_MS))
        taken += take_all(&goes_on);
    assert_false(goes_on);
    assert_int_equal(taken + counter(client, HD_COUNTER_STORED), 10);
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
}

/* An idle client ends at once, however much time it has; and may have begun to end before it did anything. */
static void test_begin_close_of_an_idle_client(void **state) {
    (void)state;
    open_client(NULL, "/ok");
    assert_int_equal(hd_client_begin_close(client, UINT32_MAX), HD_OK);
    assert_true(is_readable(poll_fd(), PATIENCE_MS));
    assert_int_equal(take(), HD_E_CLOSED);
    assert_int_equal(hd_client_begin_close(client, 0), HD_OK);
    assert_int_equal(hd_client_close(client, 0), HD_OK);
}

struct closer {
    uint32_t timeout_ms;
    int status;
};

static void *close_client(void *argument) {
    struct closer *closer = argument;
    closer->status = hd_client_close(client, closer->timeout_ms);
    return NULL;
}

/* Has a close that would take minutes cut short, by a call with less time. One with more changes nothing. */
static void cut_short(int (*cut)(hd_client *, uint32_t), int expected) {
    pthread_t thread;
    struct closer closer = {.timeout_ms = 3600000};
    open_client(NULL, "/hang");
    hd_webhook *webhook = webhook_at(WEBHOOK, "/hang");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    for (int64_t number = 1; number <= 100; number++)
        (void)send_ticket(client, number);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    assert_int_equal(pthread_create(&thread, NULL, close_client, &closer), 0);
    assert_int_equal(hd_client_begin_close(client, UINT32_MAX), HD_OK);
    assert_int_equal(cut(client, 0), expected);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(closer.status, HD_E_TIMEOUT);
}

static void test_close_is_cut_short_by_close(void **state) {
    (void)state;
    cut_short(hd_client_close, HD_E_TIMEOUT);
}

static void test_close_is_cut_short_by_begin_close(void **state) {
    (void)state;
    cut_short(hd_client_begin_close, HD_OK);
}

/* A client that is freed without being closed, or while it closes, ends within the shutdown timeout. */
static void test_free_while_closing(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 10), HD_OK);
    open_client(options, "/hang");
    (void)poll_fd();
    (void)send_ticket(client, 1);
    assert_int_equal(hd_client_begin_close(client, 3600000), HD_OK);
    hd_client_free(client);
    client = NULL;
}

static atomic_int begin_status;

static void begin_close_in_logger(void *user, int level, const char *line) {
    (void)user, (void)level, (void)line;
    atomic_store(&begin_status, hd_client_begin_close(client, 0));
}

/* The worker's own thread may begin the end: it waits for nobody. */
static void test_begin_close_in_the_log_function(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    atomic_store(&begin_status, 1);
    assert_int_equal(hd_options_set_logger(options, begin_close_in_logger, NULL), HD_OK);
    open_client(options, "/status/500");
    int fd = poll_fd();
    bool goes_on = true;
    (void)send_ticket(client, 1);
    while (goes_on && is_readable(fd, PATIENCE_MS))
        (void)take_all(&goes_on);
    assert_false(goes_on);
    assert_int_equal(atomic_load(&begin_status), HD_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_client, end_with_client)

static const struct CMUnitTest tests[] = {
    TEST(test_readable_while_there_is_a_report),
    TEST(test_asked_for_late),
    TEST(test_asked_for_after_close),
    TEST(test_forgotten_reports),
    TEST(test_beside_one_who_waits),
    TEST(test_several_consumers),
    TEST(test_asked_for_by_several),
    TEST(test_without_descriptors),
    TEST(test_forked_child),
    TEST(test_wrong_calls),
    TEST(test_begin_close_delivers),
    TEST(test_begin_close_ends_in_time),
    TEST(test_begin_close_of_an_idle_client),
    TEST(test_close_is_cut_short_by_close),
    TEST(test_close_is_cut_short_by_begin_close),
    TEST(test_free_while_closing),
    TEST(test_begin_close_in_the_log_function),
};

/* There are no roles without a store. */
static const struct CMUnitTest role_tests[] = {
    TEST(test_roles_without_a_loop),
};

int main(void) {
    int failed = cmocka_run_group_tests_name("loop, in memory", tests, NULL, NULL);
    has_store = true;
    failed += cmocka_run_group_tests_name("loop, on SQLite", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("loop, without one", role_tests, NULL, NULL);
}
