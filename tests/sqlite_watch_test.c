/* SPDX-License-Identifier: MIT */
/** @file sqlite_watch_test.c The descriptor of a store in SQLite that says when others have written: where it comes
 * from, when it is not there, and what a forked child has of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/child.h"
#include "support/seam.h"
#include "support/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);

static atomic_int has_none; /* as many as this user may have are taken */

int __wrap_inotify_init1(int flags) {
    if (!atomic_load(&has_none))
        return __real_inotify_init1(flags);
    errno = EMFILE;
    return -1;
}

static struct seam a, b;

static int watch(struct seam *seam) {
    return seam->store->ops->watch(seam->store);
}

static void drain(struct seam *seam) {
    seam->store->ops->drain(seam->store);
}

static int is_told(int fd) {
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    return poll(&waited, 1, 0) == 1;
}

static const char *path_of(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static off_t size_of(const char *name) {
    struct stat found;
    assert_int_equal(stat(path_of(name), &found), 0);
    return found.st_size;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Where it comes from
 */

/* It does not come before what was written can be seen, and what is only read is not told. */
static void test_commits_are_told(void **state) {
    (void)state;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    int fd = watch(&a);
    assert_true(fd >= 0);
    assert_false(is_told(fd));
    (void)seam_reports(&b, 0);
    assert_int_equal(seam_look(&b), HD_OK);
    assert_false(is_told(fd));
    seam_put(&b, "w");
    assert_true(is_told(fd));
    seam_close(&b);
    seam_close(&a);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* The renewal of a lease is of no interest to others. */
static void test_renewals_are_not_told(void **state) {
    (void)state;
    struct seam_time time = seam_time();
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    seam_open(&b, directory, HD__ROLE_DELIVER, seam_clock(&time));
    assert_int_equal(seam_tend(&b), HD_OK);
    int fd = watch(&a);
    drain(&a);
    int64_t safe_until_us = b.state.safe_until_us;
    seam_pass(&time, 10000);
    assert_int_equal(seam_tend(&b), HD_OK);
    assert_true(b.state.safe_until_us > safe_until_us);
    assert_false(is_told(fd));
    seam_close(&b);
    assert_true(is_told(fd));
    seam_close(&a);
}

/* The WAL is emptied, and the file that is watched is removed: it is made anew by the next tend of a client. */
static void test_files_are_removed(void **state) {
    (void)state;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_open(&b, directory, HD__ROLE_DELIVER, NULL);
    seam_put(&b, "w");
    int fd = watch(&a);
    drain(&a);
    seam_close(&b); /* it moves all into the database */
    assert_int_equal(size_of("helmdesk.db-wal"), 0);
    drain(&a);
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    seam_send(&b, 1);
    assert_true(is_told(fd));
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_tend(&a), HD_OK); /* there is nothing to do */
    drain(&a);
    assert_int_equal(unlink(path_of("write.lock")), 0);
    assert_true(is_told(fd));
    drain(&a);
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(seam_tend(&b), HD_OK);
    assert_int_equal(watch(&a), fd);
    drain(&a);
    seam_send(&b, 2);
    assert_true(is_told(fd));
    seam_close(&b);
    seam_close(&a);
}

/* A file as older versions made it has nothing in it to be read. */
static void test_file_is_empty(void **state) {
    (void)state;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_close(&a);
    assert_int_equal(truncate(path_of("write.lock"), 0), 0);
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int fd = watch(&a);
    drain(&a);
    seam_put(&b, "w");
    assert_true(is_told(fd));
    seam_close(&b);
    seam_close(&a);
}

/* A forked child has it closed, and the parent goes on to be told. */
static void test_child_has_none(void **state) {
    (void)state;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    int fd = watch(&a), status = 0;
    pid_t child = fork();
    if (child == 0) {
        int is_closed = fcntl(fd, F_GETFD) == -1 && errno == EBADF && watch(&a) == -1;
        drain(&a);
        end_child(is_closed ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    drain(&a);
    seam_put(&b, "w");
    assert_true(is_told(fd));
    seam_close(&b);
    seam_close(&a);
}

static void test_none_is_left(void **state) {
    (void)state;
    atomic_store(&has_none, 1);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(watch(&a), -1);
    drain(&a);
    atomic_store(&has_none, 0);
    assert_true(watch(&a) >= 0);
    seam_close(&a);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What clients make of it
 */

static int by_number(const void *first, const void *second) {
    int64_t one = *(const int64_t *)first, other = *(const int64_t *)second;
    return (one > other) - (one < other);
}

/* How long events of one client take to another one, half of them at the most. */
static int64_t median_ms(void) {
    enum {
        TIMES = 11
    };
    int64_t took_ms[TIMES];
    hd_store *store = open_store(), *other_store = open_store();
    hd_client *delivers = client_on(store), *accepts = client_as(HD_CLIENT_ACCEPT, other_store);
    hd_webhook *webhook = webhook_at("w", "/ok");
    assert_int_equal(hd_client_put_webhook(accepts, webhook), HD_OK);
    hd_webhook_free(webhook);
    for (size_t i = 0; i < TIMES; i++) {
        sleep_ms(100);
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, (int64_t)i + 1);
        assert_int_equal(hd_webhook_send(accepts, event, NULL), HD_OK);
        hd_event_free(event);
        int64_t sent_ms = now_ms();
        assert_true(server_wait_requests(server, i + 1, PATIENCE_MS));
        took_ms[i] = now_ms() - sent_ms;
    }
    end(accepts, other_store);
    end(delivers, store);
    qsort(took_ms, TIMES, sizeof took_ms[0], by_number);
    return took_ms[TIMES / 2];
}

/* Whoever is not told looks often: an event of another client does not wait for the look that comes each second. */
static void test_events_of_others_start_soon(void **state) {
    (void)state;
    for (int is_missing = 0; is_missing < 2; is_missing++) {
        atomic_store(&has_none, is_missing);
        int64_t took_ms = median_ms();
        atomic_store(&has_none, 0);
        server_stop(server);
        server = server_start();
        print_message("%s inotify: after %lld ms\n", is_missing ? "without" : "with", (long long)took_ms);
        assert_true(runs_slowly() || took_ms < 400);
    }
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_commits_are_told),
        TEST(test_renewals_are_not_told),
        TEST(test_files_are_removed),
        TEST(test_file_is_empty),
        TEST(test_child_has_none),
        TEST(test_none_is_left),
        TEST(test_events_of_others_start_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
    return 0;
}

#endif
