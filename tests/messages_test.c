/* SPDX-License-Identifier: MIT */
/** @file messages_test.c The library's messages: which webhook they are about, and taking them instead of being called.
 */
#include "support/bodies.h"
#include "support/one_client.h"

#include <pthread.h>
#include <stdatomic.h>

/* Without messages about webhooks that fail often. */
static hd_options *keeping(size_t count) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_alert_rule(options, 0, 0), HD_OK);
    assert_int_equal(hd_options_keep_messages(options, count), HD_OK);
    return options;
}

static void put_named(const char *id, const char *name, const char *path) {
    hd_webhook *webhook = webhook_at(id, path);
    assert_int_equal(hd_webhook_set_name(webhook, name), HD_OK);
    put_webhook(client, webhook);
}

/* Takes the next message, which must be there. */
static int take(char text[HD_MESSAGE_SIZE]) {
    int level = -1;
    assert_int_equal(hd_client_next_message(client, &level, text), HD_OK);
    assert_null(strpbrk(text, "\r\n"));
    return level;
}

static void assert_none(void) {
    int level = -1;
    char text[HD_MESSAGE_SIZE] = "untouched";
    assert_int_equal(hd_client_next_message(client, &level, text), HD_E_TIMEOUT);
    assert_int_equal(level, -1);
    assert_string_equal(text, "untouched");
}

static void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* Two webhooks of one host are told apart by id and name, in a failure and when the rule pauses them. */
static void test_webhooks_are_named(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE], failure[256], pause[128];
    hd_options *options = keeping(100);
    assert_int_equal(hd_options_set_pause_rule(options, 1, 86400000), HD_OK);
    client = client_for_tests(options);
    static const char *const names[][2] = {{"w-1", "Sales"}, {"w-2", "Support"}};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        put_named(names[i][0], names[i][1], "/status/500");
        (void)send_ticket(client, 1);
        flush(client);
        (void)snprintf(pause, sizeof pause, "webhook %s \"%s\" is paused: it failed too often (http://127.0.0.1:%u/",
                       names[i][0], names[i][1], (unsigned)server_port(server));
        assert_int_equal(take(text), HD_LEVEL_WARNING);
        assert_contains(text, pause);
        (void)snprintf(failure, sizeof failure, " of ticket.created to webhook %s \"%s\" failed: http_5xx", names[i][0],
                       names[i][1]);
        assert_int_equal(take(text), HD_LEVEL_WARNING);
        assert_contains(text, failure);
        assert_none();
        assert_int_equal(hd_client_remove_webhook(client, names[i][0]), HD_OK);
    }
}

/* A webhook that fails is told once, and so is the end of it. */
static void test_failing_is_told(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE];
    hd_options *options = keeping(100);
    assert_int_equal(hd_options_set_alert_rule(options, 2, 0), HD_OK);
    client = client_for_tests(options);
    put_named("w-1", "Sales", "/status/500");
    for (int number = 1; number <= 3; number++) {
        (void)send_ticket(client, number);
        flush(client);
        if (number == 2) {
            assert_int_equal(take(text), HD_LEVEL_WARNING);
            assert_contains(text, "webhook w-1 \"Sales\" is failing: see the log of deliveries (http://127.0.0.1:");
        }
        assert_int_equal(take(text), HD_LEVEL_WARNING);
        assert_contains(text, " failed: http_5xx");
    }
    put_named("w-1", "Sales", "/ok");
    (void)send_ticket(client, 4);
    flush(client);
    assert_int_equal(take(text), HD_LEVEL_INFO);
    assert_contains(text, "webhook w-1 \"Sales\" is accepting deliveries again (http://127.0.0.1:");
    assert_none();
}

/* A name cannot close its quotes, or be taken for a line of its own; and a webhook without one has its id. */
static void test_names_forge_nothing(void **state) {
    (void)state;
    static const struct {
        const char *name, *part;
    } cases[] = {
        {"x\" failed: delivered, \"", "to webhook w \"x\\\" failed: delivered, \\\"\" failed: "},
        {"x\\", "to webhook w \"x\\\\\" failed: "},
        {"x\xE2\x80\xA8"
         "delivery 1 failed",
         "to webhook w \"x?delivery 1 failed\" failed: "},
        {"\xE2\x80\xAEselaS", "to webhook w \"?selaS\" failed: "},
        {"100 %s %n", "to webhook w \"100 %s %n\" failed: "},
        {"", "to webhook w failed: "},
    };
    char text[HD_MESSAGE_SIZE];
    client = client_for_tests(keeping(100));
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        put_named("w", cases[i].name, "/status/500");
        (void)send_ticket(client, 1);
        flush(client);
        (void)take(text);
        assert_contains(text, cases[i].part);
        assert_none();
    }
}

/* The longest names and ids leave room for what happened, and end where a character ends. */
static void test_longest_name(void **state) {
    (void)state;
    char *id = repeated("i", 128), *quotes = repeated("\"", 256), *letters = repeated("\xE2\x82\xAC", 85);
    char text[HD_MESSAGE_SIZE];
    client = client_for_tests(keeping(100));
    put_named(id, quotes, "/status/500");
    (void)send_ticket(client, 1);
    flush(client);
    (void)take(text);
    assert_contains(text, "\\\"\" failed: http_5xx");
    put_named(id, letters, "/status/500");
    (void)send_ticket(client, 1);
    flush(client);
    (void)take(text);
    assert_contains(text, "\xE2\x82\xAC\" failed: http_5xx");
    free(id);
    free(quotes);
    free(letters);
}

/* A webhook that the store has and that cannot be used here is named, too. */
static void test_webhook_of_a_store_is_named(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE];
    hd_options *strict;
    store = open_store();
    client = client_on(store);
    put_named("w-1", "Sales", "/ok");
    end(client, store);

    store = open_store();
    assert_int_equal(hd_options_new(&strict), HD_OK);
    assert_int_equal(hd_options_set_store(strict, store), HD_OK);
    assert_int_equal(hd_options_keep_messages(strict, 10), HD_OK);
    client = client_for_tests(strict);
    assert_int_equal(take(text), HD_LEVEL_WARNING);
    assert_contains(text, "nothing is sent to webhook w-1 \"Sales\", since this program does not allow its URL");
}

/* ---- Taking them ---- */

/* They come in order, once each, and the descriptor tells of them as long as there are any. */
static void test_messages_are_taken_in_order(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE], part[32];
    int fd;
    client = client_for_tests(keeping(10000));
    put_named("w", "Sales", "/status/500");
    assert_int_equal(hd_client_poll_fd(client, &fd), HD_OK);
    assert_none();
    assert_false(is_readable(fd, 0));
    for (int number = 1; number <= 3; number++) {
        (void)snprintf(part, sizeof part, "/status/50%d", number);
        put_named("w", part, part);
        (void)send_ticket(client, number);
        flush(client);
        hd_report_free(next_report(client));
    }
    for (int number = 1; number <= 3; number++) {
        assert_true(is_readable(fd, 0));
        (void)snprintf(part, sizeof part, "\"/status/50%d\"", number);
        assert_int_equal(take(text), HD_LEVEL_WARNING);
        assert_contains(text, part);
    }
    assert_none();
    assert_false(is_readable(fd, 0));
}

/* Where they had no room, the oldest are missing, and the next one that is taken says how many. */
static void test_oldest_messages_are_dropped(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE], part[32];
    int fd;
    client = client_for_tests(keeping(2));
    for (int number = 1; number <= 5; number++) {
        (void)snprintf(part, sizeof part, "name %d", number);
        put_named("w", part, "/status/500");
        (void)send_ticket(client, number);
        flush(client);
    }
    assert_int_equal(take(text), HD_LEVEL_WARNING);
    assert_string_equal(text, "3 messages are missing here: there was no room for them");
    (void)take(text);
    assert_contains(text, "\"name 4\"");
    (void)send_ticket(client, 6);
    flush(client);
    (void)take(text);
    assert_contains(text, "\"name 5\"");
    (void)take(text);
    assert_contains(text, "\"name 5\"");
    assert_none();
    for (int i = 0; i < 6; i++)
        hd_report_free(next_report(client));
    assert_int_equal(hd_client_poll_fd(client, &fd), HD_OK);
    assert_false(is_readable(fd, 0));
}

static void count_line(void *user, int level, const char *line) {
    (void)level;
    assert_contains(line, "to webhook w");
    atomic_fetch_add((atomic_int *)user, 1);
}

/* They go to the log function as well, and stay there to be taken after the client was closed. */
static void test_beside_the_log_function(void **state) {
    (void)state;
    char text[HD_MESSAGE_SIZE];
    atomic_int lines = 0;
    hd_options *options = keeping(10);
    assert_int_equal(hd_options_set_logger(options, count_line, &lines), HD_OK);
    client = client_for_tests(options);
    put_named("w", "", "/status/500");
    (void)send_ticket(client, 1);
    flush(client);
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    assert_int_equal(atomic_load(&lines), 1);
    (void)take(text);
    assert_contains(text, "to webhook w failed");
    assert_none();
}

static void test_bounds(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_keep_messages(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_keep_messages(options, 10001), HD_E_INVALID);
    assert_int_equal(hd_options_keep_messages(options, 10000), HD_OK);
    assert_int_equal(hd_options_keep_messages(options, 0), HD_OK);
    client = client_for_tests(options);
    int level;
    char text[HD_MESSAGE_SIZE];
    assert_int_equal(hd_client_next_message(client, &level, text), HD_E_TIMEOUT);
}

struct taker {
    pthread_t thread;
    atomic_uint *missing;
    unsigned taken;
};

static void *take_until_closed(void *argument) {
    struct taker *taker = argument;
    hd_report *report;
    char text[HD_MESSAGE_SIZE];
    int level, status;
    bool is_closed;
    do {
        report = NULL;
        is_closed = hd_client_next_report(client, 1, &report) == HD_E_CLOSED;
        hd_report_free(report);
        while ((status = hd_client_next_message(client, &level, text)) == HD_OK) {
            unsigned long missing = strtoul(text, NULL, 10); /* "an attempt ..." and "delivery ..." are no number */
            if (strstr(text, " messages are missing here"))
                atomic_fetch_add(taker->missing, (unsigned)missing);
            else
                taker->taken++;
        }
    } while (!is_closed);
    return NULL;
}

/* Several threads take them while they come in: each is taken once or counted as missing. */
static void test_several_take(void **state) {
    (void)state;
    struct taker takers[3];
    atomic_uint missing = 0;
    unsigned taken = 0;
    int64_t count = (int64_t)volume(2000);
    client = client_for_tests(keeping(5));
    put_named("w", "Sales", "/status/500");
    for (size_t i = 0; i < LENGTH_OF(takers); i++) {
        takers[i] = (struct taker){.missing = &missing};
        assert_int_equal(pthread_create(&takers[i].thread, NULL, take_until_closed, &takers[i]), 0);
    }
    for (int64_t number = 1; number <= count; number++)
        (void)send_ticket(client, number);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(takers); i++) {
        assert_int_equal(pthread_join(takers[i].thread, NULL), 0);
        taken += takers[i].taken;
    }
    assert_int_equal(taken + atomic_load(&missing), count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_client, end_with_client)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_webhooks_are_named),
        TEST(test_failing_is_told),
        TEST(test_names_forge_nothing),
        TEST(test_longest_name),
        TEST(test_webhook_of_a_store_is_named),
        TEST(test_messages_are_taken_in_order),
        TEST(test_oldest_messages_are_dropped),
        TEST(test_beside_the_log_function),
        TEST(test_bounds),
        TEST(test_several_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
