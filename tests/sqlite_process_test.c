/* SPDX-License-Identifier: MIT */
/** @file sqlite_process_test.c Several processes on one store in SQLite: they share it, are killed, fork, and close
 * files that are not theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/seam.h"

#include "helmdesk/sqlite.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char directory[64];
static struct seam a, b;
static const char *program;

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

static int64_t now_ms(void) {
    return hd__system_clock.monotonic_us(NULL) / 1000;
}

static void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Another process
 */

struct other {
    pid_t pid;
    int said; /* what it says, byte by byte */
};

static struct other start(const char *what) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct other other = {.pid = fork(), .said = ends[0]};
    if (other.pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        execl(program, program, what, directory, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    return other;
}

static struct other start_adding(uint64_t first) {
    char what[32];
    (void)snprintf(what, sizeof what, "from%llu", (unsigned long long)first);
    return start(what);
}

static char listen_to(const struct other *other) {
    char byte = 0;
    assert_int_equal(read(other->said, &byte, 1), 1);
    return byte;
}

static void kill_other(struct other *other, int waits) {
    assert_int_equal(kill(other->pid, SIGKILL), 0);
    if (waits)
        assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
    (void)close(other->said);
}

static void say(char byte) {
    if (write(STDOUT_FILENO, &byte, 1) != 1)
        _exit(3);
}

/* Owns shards, and does nothing but stay. */
static int stay(void) {
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_send(&a, (uint64_t)getpid());
    say('r');
    for (;;) {
        if (seam_tend(&a) != HD_OK)
            return 1;
        sleep_ms(1000);
    }
}

/* Adds events as fast as it can, and says so after each hundred. */
static int add(uint64_t first, int rounds) {
    seam_open(&a, directory, HD__ROLE_ACCEPT, NULL);
    for (int round = 0; round < rounds; round++) {
        for (uint64_t i = 0; i < 100; i++)
            seam_send(&a, first++);
        say('a');
    }
    seam_close(&a);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 */

static void takes_over(int waits) {
    struct other other = start("stay");
    assert_int_equal(listen_to(&other), 'r');
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    seam_send(&a, 1);
    assert_int_equal(a.state.owned, 0);
    for (int i = 0; i < 3; i++) /* then there is nothing to do */
        assert_int_equal(seam_tend(&a), HD_OK);
    kill_other(&other, waits);
    int64_t killed = now_ms();
    while (a.state.owned != UINT64_MAX && now_ms() - killed < 30000) {
        sleep_ms(50);
        assert_int_equal(seam_tend(&a), HD_OK);
    }
    assert_true(now_ms() - killed < 2000);
    assert_int_equal(seam_claim(&a, webhook), 1);
    assert_int_equal(a.rows[0].may_be_repeated, 1);
    seam_close(&a);
    if (!waits)
        assert_int_equal(waitpid(other.pid, NULL, 0), other.pid);
}

static void test_take_over_after_kill(void **state_) {
    (void)state_;
    takes_over(1);
}

/* A dead process that its parent has not waited for is dead. */
static void test_take_over_from_zombie(void **state_) {
    (void)state_;
    takes_over(0);
}

/* A client that joins after a crash owns all at once. */
static void test_join_after_kill(void **state_) {
    (void)state_;
    struct other other = start("stay");
    assert_int_equal(listen_to(&other), 'r');
    kill_other(&other, 1);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(a.state.owned, UINT64_MAX);
    seam_close(&a);
}

/* Nobody loses a row, none comes twice, and their numbers have no gap: four processes add, one ends what they add. */
static void test_many_writers(void **state_) {
    (void)state_;
    struct other others[3];
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    for (int i = 0; i < 3; i++) {
        char what[16];
        (void)snprintf(what, sizeof what, "add%d", i);
        others[i] = start(what);
    }
    size_t ended = 0;
    int64_t begun = now_ms();
    while (ended < 900 && now_ms() - begun < 60000) {
        seam_forget(&a);
        a.takes = 40;
        (void)seam_claim(&a, webhook);
        for (size_t i = 0; i < a.row_count; i++) {
            struct hd__result result = seam_result(&a, HD__RESULT_ENDED, webhook, a.rows[i].row, 0);
            memcpy(result.event_id, a.rows[i].event_id, HD__STORE_ID_SIZE);
            struct hd__step step = {.results = &result, .result_count = 1};
            assert_int_equal(seam_step(&a, &step), HD_OK);
            assert_int_equal(result.is_lost, 0);
            ended++;
        }
    }
    assert_int_equal(ended, 900);
    for (int i = 0; i < 3; i++) {
        int status = 0;
        assert_int_equal(waitpid(others[i].pid, &status, 0), others[i].pid);
        assert_int_equal(status, 0);
        (void)close(others[i].said);
    }
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.state.last_row, 900);
    assert_int_equal(a.state.waiting, 0);
    assert_int_equal(seam_reports(&a, HD_OUTCOME_DELIVERED), 900);
    seam_close(&a);
}

/* ---- Writers that are killed ---- */

#define EVENTS_MAX 200000

/* Adds events until it is killed, and says the number of each that is committed. */
static int add_and_say(uint64_t first) {
    seam_open(&a, directory, HD__ROLE_ACCEPT, NULL);
    for (uint64_t number = first;; number++) {
        seam_forget(&a);
        seam_send(&a, number);
        if (write(STDOUT_FILENO, &number, sizeof number) != sizeof number)
            return 1;
    }
}

static unsigned char said[EVENTS_MAX], ended[EVENTS_MAX];

static uint64_t number_of(const unsigned char *id) {
    uint64_t number = 0;
    for (int i = 0; i < 7; i++)
        number |= (uint64_t)id[9 + i] << (8 * i);
    return number;
}

/* Claims what there is, and ends it. */
static void deliver_some(int64_t webhook) {
    static struct hd__result results[100];
    seam_forget(&a);
    a.takes = 100;
    (void)seam_claim(&a, webhook);
    size_t count = a.row_count;
    for (size_t i = 0; i < count; i++) {
        results[i] = seam_result(&a, HD__RESULT_ENDED, webhook, a.rows[i].row, 0);
        memcpy(results[i].event_id, a.rows[i].event_id, HD__STORE_ID_SIZE);
        assert_true(number_of(a.rows[i].event_id) < EVENTS_MAX);
        ended[number_of(a.rows[i].event_id)]++;
    }
    struct hd__step step = {.results = results, .result_count = count};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(results[i].is_lost, 0);
    assert_int_equal(seam_tend(&a), HD_OK);
}

static void kill_adder(struct other *other) {
    uint64_t number;
    assert_int_equal(kill(other->pid, SIGKILL), 0);
    assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
    while (read(other->said, &number, sizeof number) == sizeof number)
        said[number] = 1;
    (void)close(other->said);
}

/* What is committed is there once, whenever a process that writes is killed. */
static void test_killed_writers(void **state_) {
    (void)state_;
    struct other others[3];
    uint64_t first = 1;
    size_t total = 0;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    for (int i = 0; i < 3; i++, first += 2000)
        others[i] = start_adding(first);
    for (int round = 0; round < 45; round++, first += 2000) {
        deliver_some(webhook);
        sleep_ms(1 + round * 7 % 40);
        kill_adder(&others[round % 3]);
        if (round < 42)
            others[round % 3] = start_adding(first);
    }
    do
        deliver_some(webhook);
    while (a.row_count > 0);
    for (size_t i = 0; i < EVENTS_MAX; i++) {
        assert_true(ended[i] >= said[i]);
        assert_true(ended[i] <= 1);
        total += ended[i];
    }
    assert_true(total > 100);
    assert_int_equal(seam_reports(&a, HD_OUTCOME_DELIVERED), total);
    assert_int_equal(a.state.waiting, 0);
    seam_close(&a);
}

/* A child has the parent's handle, but may not use it, and does not keep its lock. */
static void test_fork(void **state_) {
    (void)state_;
    int ends[2];
    char byte;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    seam_send(&a, 1);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct hd__stored_webhook put;
        struct hd__lane_note note;
        struct hd__step step = {0};
        const struct hd__log_search search = {.max = 1};
        uint64_t number;
        int64_t oldest;
        int left, wrong = 0;
        const struct hd__join join = {.role = HD__ROLE_DELIVER, .clock = &hd__system_clock, .listener = &a.listener};
        const struct hd__store_ops *ops = a.store->ops;
        wrong += ops->join(a.store, &join, &a.state) != HD_E_FORKED;
        wrong += seam_step(&a, &step) != HD_E_FORKED;
        wrong += seam_look(&a) != HD_E_FORKED;
        wrong += seam_tend(&a) != HD_E_FORKED;
        wrong += seam_put_in(&a, "w", "p", HD_MODE_ON, HD__ANY_VERSION, &put) != HD_E_FORKED;
        wrong += ops->remove_webhook(a.store, "w", &number, NULL) != HD_E_FORKED;
        wrong += ops->discard(a.store, "w", &number, NULL) != HD_E_FORKED;
        wrong += ops->waiting(a.store, "w", &number, &oldest) != HD_E_FORKED;
        wrong += ops->lane_state(a.store, "w", &note) != HD_E_FORKED;
        wrong += ops->is_left(a.store, 1, 1, &left) != HD_E_FORKED;
        wrong += ops->query(a.store, &search, NULL, NULL) != HD_E_FORKED;
        wrong += ops->tally(a.store, &search, 0, NULL, NULL) != HD_E_FORKED;
        wrong += ops->leave(a.store, 1) != HD_E_FORKED;
        ops->interrupt(a.store);
        seam_drop(&a);
        seam_open(&b, directory, HD__ROLE_ACCEPT, NULL); /* one of its own works */
        seam_send(&b, 2);
        seam_close(&b);
        (void)!write(ends[1], wrong ? "w" : "r", 1);
        for (;;)
            sleep_ms(1000);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'r');
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.arrived_count, 1);
    assert_int_equal(seam_end(&a, webhook, 1, 1), 0);
    seam_close(&a);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL); /* the child lives */
    assert_int_equal(a.state.owned, UINT64_MAX);
    assert_int_equal(seam_claim(&a, webhook), 1);
    assert_int_equal(a.rows[0].may_be_repeated, 0);
    seam_close(&a);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* The host reads all files of the directory, as for a backup: that drops the record locks that SQLite has on them. */
static void read_all_files(void) {
    char path[512], bytes[4096];
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        int file = open(path, O_RDONLY);
        while (file >= 0 && read(file, bytes, sizeof bytes) > 0)
            ;
        if (file >= 0)
            (void)close(file);
    }
    (void)closedir(folder);
}

static void test_host_reads_the_files(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    for (uint64_t i = 1; i <= 200; i++) {
        seam_send(&a, i);
        read_all_files();
        if (i % 20 == 0) { /* others come and go meanwhile, and are the last to close as far as SQLite knows */
            struct other other = start("visit");
            int status = 0;
            assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
            assert_int_equal(status, 0);
            (void)close(other.said);
        }
    }
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.state.waiting, 210);
    seam_drop(&a);
    seam_open(&a, directory, HD__ROLE_READ, NULL);
    assert_int_equal(a.state.waiting, 210);
    seam_close(&a);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_true(webhook > 0);
    seam_close(&a);
}

static int visit(void) {
    seam_open(&b, directory, HD__ROLE_DELIVER, NULL);
    seam_send(&b, (uint64_t)getpid());
    seam_close(&b);
    return 0;
}

/* ---- Waiting that ends ---- */

static void *call_off(void *argument) {
    (void)argument;
    sleep_ms(200);
    a.store->ops->interrupt(a.store);
    return NULL;
}

static void test_interrupt(void **state_) {
    (void)state_;
    char path[128];
    pthread_t thread;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_put(&a, "w");
    struct other other = start("hold");
    assert_int_equal(listen_to(&other), 'r');
    struct hd__new_event event = seam_event(1);
    struct hd__step step = {.events = &event, .event_count = 1};
    int64_t begun = now_ms();
    assert_int_equal(pthread_create(&thread, NULL, call_off, NULL), 0);
    assert_int_equal(seam_step(&a, &step), HD_E_STORE_BUSY);
    assert_true(now_ms() - begun < 3000);
    assert_int_equal(step.undone, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seam_step(&a, &step), HD_E_STORE_BUSY); /* after five seconds, by itself */
    assert_true(now_ms() - begun > 4000);
    assert_true(strlen(a.store->error) > 0);
    kill_other(&other, 1);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    (void)snprintf(path, sizeof path, "%s/write.lock", directory);
    assert_int_equal(unlink(path), 0); /* it comes back */
    assert_int_equal(seam_tend(&a), HD_OK);
    assert_int_equal(access(path, F_OK), 0);
    seam_close(&a);
}

/* Has the lock, for ever. */
static int hold(void) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/write.lock", directory);
    int file = open(path, O_RDWR);
    if (file < 0 || flock(file, LOCK_EX) != 0)
        return 1;
    say('r');
    for (;;)
        sleep_ms(1000);
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 3) {
        (void)snprintf(directory, sizeof directory, "%s", argv[2]);
        return strcmp(argv[1], "stay") == 0       ? stay()
               : strcmp(argv[1], "visit") == 0    ? visit()
               : strcmp(argv[1], "hold") == 0     ? hold()
               : strncmp(argv[1], "from", 4) == 0 ? add_and_say(strtoull(argv[1] + 4, NULL, 10))
                                                  : add(1 + 1000 * (uint64_t)(argv[1][3] - '0'), 3);
    }
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_take_over_after_kill), TEST(test_take_over_from_zombie),
        TEST(test_join_after_kill),      TEST(test_many_writers),
        TEST(test_killed_writers),       TEST(test_fork),
        TEST(test_host_reads_the_files), TEST(test_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
