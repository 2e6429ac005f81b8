/* SPDX-License-Identifier: MIT */
/** @file async_test.c Sending with HD_ACCEPT_ASYNC: the call never waits, and the descriptor tells when there is an
 * outcome to take; without a store and with one. */
#include "support/bodies.h"
#include "support/child.h"
#include "support/one_client.h"
#include "support/store_cut.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static hd_options *async_options(void) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_accept_mode(options, HD_ACCEPT_ASYNC), HD_OK);
    return options;
}

/* Sends a ticket, with an idempotency key if there is one. Returns a status. */
static int send_with_key(int64_t number, const char *key, char id[HD_ID_SIZE]) {
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, number);
    if (key)
        assert_int_equal(hd_event_set(event, HD_FIELD_IDEMPOTENCY_KEY, key, HD_TEXT_NUL), HD_OK);
    int status = hd_webhook_send(client, event, id);
    hd_event_free(event);
    return status;
}

static int take(int *result) {
    char sent_id[HD_ID_SIZE];
    return hd_client_next_commit(client, result, sent_id, NULL);
}

/* Waits for an outcome as an event loop does. */
static int await_outcome(char sent_id[HD_ID_SIZE], char event_id[HD_ID_SIZE]) {
    int fd = poll_fd(), status, result = 1;
    hd_report *report = NULL;
    while ((status = hd_client_next_commit(client, &result, sent_id, event_id)) == HD_E_TIMEOUT) {
        while (hd_client_next_report(client, 0, &report) == HD_OK)
            hd_report_free(report);
        assert_true(is_readable(fd, PATIENCE_MS));
    }
    assert_int_equal(status, HD_OK);
    return result;
}

static int await_result(void) {
    char sent_id[HD_ID_SIZE];
    return await_outcome(sent_id, NULL);
}

/* ---- On both keepers ---- */

/* Each event has one outcome, in the order of the calls, and the descriptor is readable as long as there is one. */
static void test_each_has_its_outcome(void **state) {
    (void)state;
    char sent[3][HD_ID_SIZE], sent_id[HD_ID_SIZE], event_id[HD_ID_SIZE];
    int result;
    open_client(async_options(), "/gate");
    int fd = poll_fd();
    assert_false(is_readable(fd, 0));
    for (size_t i = 0; i < LENGTH_OF(sent); i++)
        assert_int_equal(send_with_key((int64_t)i + 1, NULL, sent[i]), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(sent); i++) {
        assert_int_equal(await_outcome(sent_id, event_id), HD_OK);
        assert_string_equal(sent_id, sent[i]);
        assert_string_equal(event_id, sent[i]);
    }
    assert_false(is_readable(fd, 0));
    assert_int_equal(take(&result), HD_E_TIMEOUT);
    server_open_gate(server);
    flush(client);
    assert_true(is_readable(fd, 0));
    hd_report_free(next_report(client));
    assert_int_equal(take(&result), HD_E_TIMEOUT);
}

/* It may be asked for late: outcomes that are there already count. */
static void test_asked_for_late(void **state) {
    (void)state;
    int result = 1, status;
    open_client(async_options(), "/hang");
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    while ((status = take(&result)) == HD_E_TIMEOUT)
        sleep_ms(1);
    assert_int_equal(status, HD_OK);
    assert_int_equal(send_with_key(2, NULL, NULL), HD_OK);
    if (has_store)
        assert_eventually(counter(client, HD_COUNTER_STORED) == 2);
    assert_true(is_readable(poll_fd(), PATIENCE_MS));
    assert_int_equal(take(&result), HD_OK);
    assert_int_equal(result, HD_OK);
    assert_false(is_readable(poll_fd(), 0));
}

/* An event whose key was used before has an outcome as well, which names the first one. */
static void test_key_was_used(void **state) {
    (void)state;
    char first[HD_ID_SIZE], second[HD_ID_SIZE], sent_id[HD_ID_SIZE], event_id[HD_ID_SIZE];
    open_client(async_options(), "/ok");
    assert_int_equal(send_with_key(1, "key", first), HD_OK);
    assert_int_equal(send_with_key(2, "key", second), HD_OK);
    assert_int_equal(await_outcome(sent_id, event_id), HD_OK);
    assert_string_equal(sent_id, first);
    assert_string_equal(event_id, first);
    assert_int_equal(await_outcome(sent_id, event_id), HD_OK);
    assert_string_equal(sent_id, second);
    assert_string_equal(event_id, first);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
}

/* Outcomes that nobody takes are limited as events are: nothing is lost, and nothing more is accepted. */
static void test_untaken_outcomes_fill_the_queue(void **state) {
    (void)state;
    hd_options *options = async_options();
    int result;
    assert_int_equal(hd_options_set_queue_limits(options, 2, 1 << 20), HD_OK);
    open_client(options, "/ok");
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    assert_int_equal(send_with_key(2, NULL, NULL), HD_OK);
    flush(client);
    assert_int_equal(send_with_key(3, NULL, NULL), HD_E_QUEUE_FULL);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), 1);
    assert_int_equal(take(&result), HD_OK);
    assert_int_equal(send_with_key(4, NULL, NULL), HD_OK);
    assert_int_equal(send_with_key(5, NULL, NULL), HD_E_QUEUE_FULL);
    assert_int_equal(await_result(), HD_OK);
    assert_int_equal(await_result(), HD_OK);
    assert_int_equal(take(&result), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 3);
}

/* A redelivery is an event of the client's, too. */
static void test_redelivery(void **state) {
    (void)state;
    char again[HD_ID_SIZE], sent_id[HD_ID_SIZE];
    open_client(async_options(), "/ok");
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    assert_int_equal(await_result(), HD_OK);
    flush(client);
    assert_int_equal(hd_client_redeliver(client, id_of(0), again), HD_OK);
    assert_int_equal(await_outcome(sent_id, NULL), HD_OK);
    assert_string_equal(sent_id, again);
}

/* A closed client gives the outcomes that are left, and then says that there are no more. */
static void test_close(void **state) {
    (void)state;
    int result = 1;
    open_client(async_options(), "/ok");
    for (int64_t number = 1; number <= 20; number++)
        assert_int_equal(send_with_key(number, NULL, NULL), HD_OK);
    assert_int_equal(hd_client_begin_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(send_with_key(21, NULL, NULL), HD_E_CLOSED);
    for (int i = 0; i < 20; i++)
        assert_int_equal(await_result(), HD_OK);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(take(&result), HD_E_CLOSED);
    assert_true(is_readable(poll_fd(), 0));
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
}

struct sender {
    pthread_t thread;
    unsigned sent;
};

static void *send_many(void *argument) {
    struct sender *sender = argument;
    while (sender->sent < volume(500)) {
        int status = send_with_key(1, NULL, NULL);
        assert_true(status == HD_OK || status == HD_E_QUEUE_FULL);
        sender->sent += status == HD_OK;
        if (status != HD_OK)
            sleep_ms(1);
    }
    return NULL;
}

/* Several threads send while one takes: each event has one outcome, also where the queue is full again and again. */
static void test_several_senders(void **state) {
    (void)state;
    struct sender senders[4] = {{0}};
    hd_options *options = async_options();
    int result;
    assert_int_equal(hd_options_set_queue_limits(options, 50, 1 << 20), HD_OK);
    open_client(options, "/ok");
    for (size_t i = 0; i < LENGTH_OF(senders); i++)
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    for (size_t taken = 0; taken < LENGTH_OF(senders) * volume(500); taken++)
        assert_int_equal(await_result(), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(senders); i++)
        assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
    assert_int_equal(take(&result), HD_E_TIMEOUT);
}

static void *take_many(void *argument) {
    atomic_size_t *taken = argument;
    int fd = poll_fd(), result, status;
    while (is_readable(fd, PATIENCE_MS)) {
        hd_report *report = NULL;
        while (hd_client_next_report(client, 0, &report) == HD_OK)
            hd_report_free(report);
        while ((status = take(&result)) == HD_OK)
            atomic_fetch_add(taken, 1);
        if (status == HD_E_CLOSED)
            break;
    }
    return NULL;
}

/* Several threads take: each outcome is given once, and all of them see the end. */
static void test_several_takers(void **state) {
    (void)state;
    pthread_t takers[4];
    struct sender sender = {0};
    atomic_size_t taken = 0;
    open_client(async_options(), "/ok");
    for (size_t i = 0; i < LENGTH_OF(takers); i++)
        assert_int_equal(pthread_create(&takers[i], NULL, take_many, &taken), 0);
    (void)send_many(&sender);
    assert_int_equal(hd_client_begin_close(client, PATIENCE_MS), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(takers); i++)
        assert_int_equal(pthread_join(takers[i], NULL), 0);
    assert_int_equal(atomic_load(&taken), sender.sent);
}

static int use_in_child(void) {
    int result;
    return take(&result) == HD_E_FORKED ? 0 : 1;
}

static void test_forked_child(void **state) {
    (void)state;
    int status;
    open_client(async_options(), "/ok");
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    pid_t child = fork();
    if (child == 0) {
        int failed = use_in_child();
        hd_client_free(client);
        end_child(failed);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(await_result(), HD_OK);
}

/* In the other modes the call itself says what becomes of the event. */
static void test_other_modes(void **state) {
    (void)state;
    static const int modes[] = {HD_ACCEPT_FAST, HD_ACCEPT_COMMITTED};
    char id[HD_ID_SIZE];
    int result = 7;
    for (size_t i = 0; i < LENGTH_OF(modes); i++) {
        hd_options *options = options_for_tests();
        assert_int_equal(hd_options_set_accept_mode(options, modes[i]), HD_OK);
        open_client(options, "/ok");
        assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
        flush(client);
        assert_int_equal(take(&result), HD_E_TIMEOUT);
        assert_int_equal(hd_client_close(client, 0), HD_OK);
        assert_int_equal(take(&result), HD_E_CLOSED);
        assert_int_equal(result, 7);
        assert_int_equal(hd_client_next_commit(NULL, &result, id, NULL), HD_E_INVALID);
        assert_int_equal(hd_client_next_commit(client, NULL, id, NULL), HD_E_INVALID);
        assert_int_equal(hd_client_next_commit(client, &result, NULL, NULL), HD_E_INVALID);
        end(client, store);
        client = NULL;
        store = NULL;
    }
}

/* ---- On a store ---- */

/* A store whose steps wait, fail or get lost as a test says. */
struct cutter {
    atomic_int cut;   /* one of STORE_CUT_... for the steps that have events */
    atomic_int waits; /* they wait as long as this is set */
    atomic_int begun; /* how many began */
};

static int cut_step(void *user, int call) {
    struct cutter *cutter = user;
    if (call != STORE_CUT_STEP)
        return STORE_CUT_NOT;
    atomic_fetch_add(&cutter->begun, 1);
    while (atomic_load(&cutter->waits))
        sleep_ms(1);
    return atomic_load(&cutter->cut);
}

static void open_cut(struct cutter *cutter) {
    hd_options *options = async_options();
    store = store_cut_new(open_store(), (struct store_cut){.before = cut_step, .user = cutter});
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    client = client_for_tests(options);
    put_webhook(client, webhook_at(WEBHOOK, "/ok"));
}

/* However long the disk takes, the call returns, and there is no outcome before the event is in the store. */
static void test_call_does_not_wait_for_the_disk(void **state) {
    (void)state;
    static struct cutter cutter = {.waits = 1};
    int result;
    open_cut(&cutter);
    int fd = poll_fd();
    for (int64_t number = 1; number <= 10; number++)
        assert_int_equal(send_with_key(number, NULL, NULL), HD_OK);
    assert_eventually(atomic_load(&cutter.begun) > 0);
    assert_false(is_readable(fd, 50));
    assert_int_equal(take(&result), HD_E_TIMEOUT);
    atomic_store(&cutter.waits, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(await_result(), HD_OK);
}

/* What the outcome says is true for other processes: they see the event. */
static void test_others_see_it(void **state) {
    (void)state;
    open_client(async_options(), "/hang");
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    assert_int_equal(await_result(), HD_OK);
    hd_store *own = open_store();
    hd_client *reader = client_as(HD_CLIENT_READ, own);
    assert_int_equal(waiting_for(reader, WEBHOOK), 1);
    end(reader, own);
}

/* A step that did not happen says so of each of its events. They are not accepted, and later ones are. */
static void test_undone_step(void **state) {
    (void)state;
    static struct cutter cutter = {.cut = STORE_CUT_UNDONE};
    open_cut(&cutter);
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    assert_int_equal(send_with_key(2, NULL, NULL), HD_OK);
    assert_int_equal(await_result(), HD_E_STORE_BUSY);
    assert_int_equal(await_result(), HD_E_STORE_BUSY);
    atomic_store(&cutter.cut, STORE_CUT_NOT);
    assert_int_equal(send_with_key(3, NULL, NULL), HD_OK);
    assert_int_equal(await_result(), HD_OK);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
}

/* Of a step whose reply was lost there is no outcome before it is known; and its event is stored once. */
static void test_lost_reply(void **state) {
    (void)state;
    static struct cutter cutter = {.cut = STORE_CUT_AFTER};
    int result;
    open_cut(&cutter);
    assert_int_equal(send_with_key(1, NULL, NULL), HD_OK);
    assert_eventually(atomic_load(&cutter.begun) > 1);
    assert_int_equal(take(&result), HD_E_TIMEOUT);
    atomic_store(&cutter.cut, STORE_CUT_NOT);
    assert_int_equal(await_result(), HD_OK);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 1);
}

/* A client that ends while its store fails has an outcome for each event. */
static void test_close_on_a_failing_store(void **state) {
    (void)state;
    static struct cutter cutter = {.cut = STORE_CUT_UNDONE, .waits = 1};
    int result = HD_OK;
    open_cut(&cutter);
    for (int64_t number = 1; number <= 300; number++)
        assert_int_equal(send_with_key(number, NULL, NULL), HD_OK);
    assert_int_equal(hd_client_begin_close(client, 0), HD_OK);
    atomic_store(&cutter.waits, 0);
    (void)hd_client_close(client, 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(take(&result), HD_OK);
        assert_int_equal(result, HD_E_STORE_BUSY);
    }
    assert_int_equal(take(&result), HD_E_CLOSED);
}

/* A full store refuses events, and exactly those for which the outcome is HD_OK are in it. */
static void test_full_store(void **state) {
    (void)state;
    int result = HD_OK, stored = 0;
    hd_options *options = async_options();
    store = open_store();
    assert_int_equal(hd_store_sqlite_set_max_bytes(store, 1048576), HD_OK);
    assert_int_equal(hd_options_set_store(options, store), HD_OK);
    client = client_for_tests(options);
    put_webhook(client, webhook_at(WEBHOOK, "/hang"));
    for (; result == HD_OK && stored < 1000; stored += result == HD_OK) {
        send_event(client, message_for_tests(PROJECT, stored + 1, 20000));
        result = await_result();
    }
    assert_int_equal(result, HD_E_STORE_FULL);
    assert_in_range(stored, 10, 60);
    assert_eventually(counter(client, HD_COUNTER_STORED) == (uint64_t)stored);
}

/* A client without a thread waits for the disk; an operator's client tells later if it is asked to. */
static void test_roles(void **state) {
    (void)state;
    int result = 7;
    open_client(async_options(), "/ok");
    end(client, store);
    for (int role = HD_CLIENT_ACCEPT; role <= HD_CLIENT_OPERATE; role++) {
        hd_options *options = async_options();
        store = open_store();
        assert_int_equal(hd_options_set_store(options, store), HD_OK);
        assert_int_equal(hd_options_set_role(options, role), HD_OK);
        client = client_for_tests(options);
        assert_int_equal(send_with_key(role, NULL, NULL), role == HD_CLIENT_READ ? HD_E_STORE_READ_ONLY : HD_OK);
        if (role == HD_CLIENT_OPERATE)
            assert_int_equal(await_result(), HD_OK);
        else
            assert_int_equal(take(&result), HD_E_ROLE);
        end(client, store);
    }
    client = NULL;
    store = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_client, end_with_client)

static const struct CMUnitTest tests[] = {
    TEST(test_each_has_its_outcome), TEST(test_asked_for_late),
    TEST(test_key_was_used),         TEST(test_untaken_outcomes_fill_the_queue),
    TEST(test_redelivery),           TEST(test_close),
    TEST(test_several_senders),      TEST(test_several_takers),
    TEST(test_forked_child),         TEST(test_other_modes),
};

static const struct CMUnitTest store_tests[] = {
    TEST(test_call_does_not_wait_for_the_disk), TEST(test_others_see_it), TEST(test_undone_step), TEST(test_lost_reply),
    TEST(test_close_on_a_failing_store),        TEST(test_full_store),    TEST(test_roles),
};

int main(void) {
    int failed = cmocka_run_group_tests_name("async, in memory", tests, NULL, NULL);
    has_store = true;
    failed += cmocka_run_group_tests_name("async, on SQLite", tests, NULL, NULL);
    return failed + cmocka_run_group_tests_name("async, what a store says", store_tests, NULL, NULL);
}
