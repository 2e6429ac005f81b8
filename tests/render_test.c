/* SPDX-License-Identifier: MIT */
/** @file render_test.c The JSON body, byte for byte, and what hd_event_render() does with its buffer. */
#include "support/bodies.h"
#include "support/support.h"

#include <pthread.h>
#include <time.h>

#include <jansson.h>

static void assert_rendered(const hd_event *event, const char *expected) {
    char *body = rendered(event, HD_FORMAT_JSON);
    assert_string_equal(body, expected);
    free(body);
}

/* The example on the product's page, in its key order and with its values, is what a receiver gets. */
static void test_page_example(void **state) {
    (void)state;
    char *page = file_text("tests/data/page_payload.json");
    squeeze(page);
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_rendered(event, page);
    hd_event_free(event);
    free(page);
}

/* The same example as literal text: compact, keys in order, for all three types. */
static void test_three_types(void **state) {
    (void)state;
    static const struct {
        int type;
        const char *body;
    } cases[] = {
        {HD_TICKET_CREATED,
         "{\"event\":\"ticket.created\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"ticket\":{\"id\":"
         "\"uuid\","
         "\"number\":42,\"subject\":\"Can't reset password\",\"status\":\"open\",\"priority\":\"high\"},\"customer\":{"
         "\"email\":\"user@example.com\",\"name\":\"Jane Smith\"}}}"},
        {HD_TICKET_RESOLVED, PAGE_BODY_OF("ticket.resolved")},
        {HD_MESSAGE_RECEIVED, PAGE_BODY_OF("message.received")},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_event *event = page_event(cases[i].type);
        assert_rendered(event, cases[i].body);
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "project", HD_TEXT_NUL),
                         HD_OK); /* which is nobody's business outside */
        assert_rendered(event, cases[i].body);
        hd_event_free(event);
    }
}

/* A message is the last member of data; without one the documented shape stays exactly as it is. */
static void test_message(void **state) {
    (void)state;
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set_message(event, "msg-1", "customer", "It works again."), HD_OK);
    assert_rendered(event, MESSAGE_BODY);
    assert_int_equal(hd_event_set_message(event, "msg-2", "agent", ""), HD_OK);
    char *expected =
        replaced(MESSAGE_BODY, MESSAGE_MEMBER, "\"message\":{\"id\":\"msg-2\",\"sender\":\"agent\",\"body\":\"\"}");
    assert_rendered(event, expected);
    free(expected);
    hd_event_free(event);
}

/* Timestamps are YYYY-MM-DDTHH:MM:SS.mmmZ, always 24 characters, always UTC. */
static void test_timestamps(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {999, "1970-01-01T00:00:00.999Z"},
        {INT64_C(31449600000), "1970-12-31T00:00:00.000Z"},
        {INT64_C(68169600000), "1972-02-29T00:00:00.000Z"},
        {INT64_C(946684799010), "1999-12-31T23:59:59.010Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
        {INT64_C(1709210096100), "2024-02-29T12:34:56.100Z"},
        {PAGE_TIMESTAMP_MS, PAGE_TIMESTAMP},
        {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z"},
        {INT64_C(4107542399000), "2100-02-28T23:59:59.000Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {INT64_C(13574563200000), "2400-02-29T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    };
    hd_event *event = page_event(HD_TICKET_CREATED);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_int_equal(hd_event_set_timestamp_ms(event, cases[i].ms), HD_OK);
        char *expected = replaced(PAGE_BODY, PAGE_TIMESTAMP, cases[i].text);
        assert_rendered(event, expected);
        free(expected);
    }
    hd_event_free(event);
}

/* The days of 800 years, against the C library's calendar. */
static void test_timestamps_of_every_day(void **state) {
    (void)state;
    hd_event *event = page_event(HD_TICKET_CREATED);
    const int64_t step = 292194 / (int64_t)volume(292194); /* every day; fewer where the test runs slowly */
    for (int64_t day = 0; day < 292194; day += step) {
        int64_t second = day * 86400 + day % 86400;
        time_t clock = (time_t)second;
        struct tm parts;
        assert_non_null(gmtime_r(&clock, &parts));
        char expected[64];
        size_t length = strftime(expected, sizeof expected, "\"timestamp\":\"%Y-%m-%dT%H:%M:%S", &parts);
        (void)snprintf(expected + length, sizeof expected - length, ".%03dZ\"", (int)(day % 1000));
        char body[512];
        assert_int_equal(hd_event_set_timestamp_ms(event, second * 1000 + day % 1000), HD_OK);
        assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_OK);
        assert_non_null(strstr(body, expected));
    }
    hd_event_free(event);
}

/* The machine's time zone has no say. */
static void test_time_zone_has_no_say(void **state) {
    (void)state;
    const char *before = getenv("TZ");
    char *saved = before == NULL ? NULL : repeated(before, 1);
    static const char *const zones[] = {"PST8PDT", "UTC-14", "Asia/Kathmandu"};
    hd_event *event = page_event(HD_TICKET_CREATED);
    for (size_t i = 0; i < LENGTH_OF(zones); i++) {
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        assert_rendered(event, PAGE_BODY);
    }
    assert_int_equal(saved == NULL ? unsetenv("TZ") : setenv("TZ", saved, 1), 0);
    tzset();
    hd_event_free(event);
    free(saved);
}

/* The largest number is written digit by digit, not as 9.007199254740991e15. */
static void test_largest_number(void **state) {
    (void)state;
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(
        hd_event_set_ticket(event, "uuid", INT64_C(9007199254740991), "Can't reset password", "open", "high"), HD_OK);
    char *expected = replaced(PAGE_BODY, "\"number\":42", "\"number\":9007199254740991");
    assert_rendered(event, expected);
    free(expected);
    hd_event_free(event);
}

/* Characters as they go over the wire: only what JSON demands is escaped, all else is plain UTF-8. */
static void test_characters(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"say \"hi\"", "say \\\"hi\\\""},
        {"C:\\temp", "C:\\\\temp"},
        {"\\u0041", "\\\\u0041"},
        {"a\nb\tc\rd\be\ff", "a\\nb\\tc\\rd\\be\\ff"},
        {"\x01", "\\u0001"},
        {"\x10", "\\u0010"},
        {"\x7F", "\x7F"},
        {"a/b", "a/b"},
        {"</script>", "</script>"},
        {"&lt;", "&lt;"},
        {"\xC2\x85", "\xC2\x85"},
        {"\xE2\x80\xA8\xE2\x80\xA9", "\xE2\x80\xA8\xE2\x80\xA9"},
        {"\xE2\x80\xAE", "\xE2\x80\xAE"},
        {"\xEF\xBB\xBF", "\xEF\xBB\xBF"},
        {"\xEF\xBF\xBF", "\xEF\xBF\xBF"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
        {"", ""},
        {"%s%n%d", "%s%n%d"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_event *event = page_event(HD_MESSAGE_RECEIVED);
        assert_int_equal(hd_event_set_ticket(event, "uuid", 42, cases[i].text, "open", "high"), HD_OK);
        assert_int_equal(hd_event_set_customer(event, "user@example.com", cases[i].text), HD_OK);
        assert_int_equal(hd_event_set_message(event, "msg-1", "customer", cases[i].text), HD_OK);
        char *with_subject = replaced(MESSAGE_BODY, "Can't reset password", cases[i].json);
        char *with_name = replaced(with_subject, "Jane Smith", cases[i].json);
        char *expected = replaced(with_name, "It works again.", cases[i].json);
        assert_rendered(event, expected);
        free(with_subject);
        free(with_name);
        free(expected);
        hd_event_free(event);
    }
}

/* Ids may hold any printable character, quotes and backslashes too; they cannot break out of their string. */
static void test_ids_are_escaped(void **state) {
    (void)state;
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set_ticket(event, "a\",\"b\":\"\\", 42, "Can't reset password", "open", "high"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "\"a\\b\"@example.com", "Jane Smith"), HD_OK);
    assert_int_equal(hd_event_set_message(event, "\"\\", "customer", "It works again."), HD_OK);
    char *with_ticket = replaced(MESSAGE_BODY, "uuid", "a\\\",\\\"b\\\":\\\"\\\\");
    char *with_email = replaced(with_ticket, "user@example.com", "\\\"a\\\\b\\\"@example.com");
    char *expected = replaced(with_email, "msg-1", "\\\"\\\\");
    assert_rendered(event, expected);
    free(with_ticket);
    free(with_email);
    free(expected);
    hd_event_free(event);
}

/* Each control character comes out of another JSON reader as it went in, and none is in the body itself. */
static void test_control_characters(void **state) {
    (void)state;
    for (int byte = 1; byte < 0x20; byte++) {
        const char subject[] = {'a', (char)byte, 'b', '\0'};
        hd_event *event = page_event(HD_TICKET_CREATED);
        assert_int_equal(hd_event_set_ticket(event, "uuid", 42, subject, "open", "high"), HD_OK);
        char *body = rendered(event, HD_FORMAT_JSON);
        assert_null(strchr(body, byte));
        json_t *root = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
        const json_t *ticket = json_object_get(json_object_get(root, "data"), "ticket");
        const char *read = json_string_value(json_object_get(ticket, "subject"));
        assert_non_null(read);
        assert_string_equal(read, subject);
        json_decref(root);
        free(body);
        hd_event_free(event);
    }
}

/* The longest texts that setters take are rendered whole, also where each byte becomes six. */
static void test_longest_texts(void **state) {
    (void)state;
    char *subject = repeated("\x01", 65536);
    char *name = repeated("\xF0\x9F\x98\x80", 256);
    char *message = repeated("\"", 262144);
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set_ticket(event, "uuid", 42, subject, "open", "high"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "user@example.com", name), HD_OK);
    assert_int_equal(hd_event_set_message(event, "msg-1", "customer", message), HD_OK);
    char *subject_json = repeated("\\u0001", 65536);
    char *message_json = repeated("\\\"", 262144);
    char *with_subject = replaced(MESSAGE_BODY, "Can't reset password", subject_json);
    char *with_name = replaced(with_subject, "Jane Smith", name);
    char *expected = replaced(with_name, "It works again.", message_json);
    char *body = rendered(event, HD_FORMAT_JSON);
    assert_int_equal(strlen(body), strlen(expected));
    assert_true(strcmp(body, expected) == 0);
    free(subject);
    free(name);
    free(message);
    free(subject_json);
    free(message_json);
    free(with_subject);
    free(with_name);
    free(expected);
    free(body);
    hd_event_free(event);
}

/* The size may be asked for first; a buffer one byte too small stays as it was, one of the exact size is filled. */
static void test_sizes(void **state) {
    (void)state;
    static const int formats[] = {HD_FORMAT_JSON, HD_FORMAT_SLACK};
    hd_event *event = page_event(HD_TICKET_CREATED);
    for (size_t i = 0; i < LENGTH_OF(formats); i++) {
        size_t length = 0;
        assert_int_equal(hd_event_render(event, formats[i], NULL, 0, &length), HD_E_BUFFER);
        assert_true(length > 0);
        char buf[1024];
        const size_t too_small[] = {0, 1, length - 1, length};
        for (size_t j = 0; j < LENGTH_OF(too_small); j++) {
            size_t again = 0;
            memset(buf, '#', sizeof buf);
            assert_int_equal(hd_event_render(event, formats[i], buf, too_small[j], &again), HD_E_BUFFER);
            assert_int_equal(again, length);
            for (size_t k = 0; k < sizeof buf; k++)
                assert_int_equal(buf[k], '#');
        }
        size_t again = 0;
        assert_int_equal(hd_event_render(event, formats[i], buf, length + 1, &again), HD_OK);
        assert_int_equal(again, length);
        assert_int_equal(strlen(buf), length);
        assert_int_equal(buf[length + 1], '#');
        assert_int_equal(hd_event_render(event, formats[i], buf, sizeof buf, NULL), HD_OK);
        assert_int_equal(hd_event_render(event, formats[i], NULL, 0, NULL), HD_E_BUFFER);
    }
    hd_event_free(event);
}

/* Ticket and customer must be there, in both formats; the project need not. */
static void test_missing_fields(void **state) {
    (void)state;
    static const int formats[] = {HD_FORMAT_JSON, HD_FORMAT_SLACK};
    for (size_t i = 0; i < LENGTH_OF(formats); i++) {
        char buf[16] = "untouched";
        size_t length = 123;
        hd_event *event = NULL;
        assert_int_equal(hd_event_new(HD_TICKET_CREATED, &event), HD_OK);
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "project", HD_TEXT_NUL), HD_OK);
        assert_int_equal(hd_event_render(event, formats[i], buf, sizeof buf, &length), HD_E_FIELD_MISSING);
        assert_int_equal(hd_event_set_ticket(event, "i", 1, "s", "s", "p"), HD_OK);
        assert_int_equal(hd_event_render(event, formats[i], buf, sizeof buf, &length), HD_E_FIELD_MISSING);
        hd_event_free(event);
        assert_int_equal(hd_event_new(HD_TICKET_CREATED, &event), HD_OK);
        assert_int_equal(hd_event_set_customer(event, "e", "n"), HD_OK);
        assert_int_equal(hd_event_render(event, formats[i], buf, sizeof buf, &length), HD_E_FIELD_MISSING);
        hd_event_free(event);
        assert_string_equal(buf, "untouched");
        assert_int_equal(length, 123);
    }
}

/* Wrong arguments are answered, not followed. */
static void test_invalid_arguments(void **state) {
    (void)state;
    char buf[1024] = "untouched";
    size_t length = 123;
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_render(NULL, HD_FORMAT_JSON, buf, sizeof buf, &length), HD_E_INVALID);
    assert_int_equal(hd_event_render(event, 2, buf, sizeof buf, &length), HD_E_INVALID);
    assert_int_equal(hd_event_render(event, -1, buf, sizeof buf, &length), HD_E_INVALID);
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, NULL, sizeof buf, &length), HD_E_INVALID);
    assert_string_equal(buf, "untouched");
    assert_int_equal(length, 123);
    hd_event_free(event);
}

static void *render_many(void *argument) {
    const hd_event *event = argument;
    uintptr_t failures = 0;
    for (int i = 0; i < 200; i++) {
        char body[1024];
        char slack[1024];
        if (hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL) != HD_OK || strcmp(body, PAGE_BODY) != 0 ||
            hd_event_render(event, HD_FORMAT_SLACK, slack, sizeof slack, NULL) != HD_OK)
            failures++;
    }
    return (void *)failures; /* NOLINT(performance-no-int-to-ptr) */
}

/* Several threads may render one event at once. */
static void test_threads(void **state) {
    (void)state;
    enum {
        THREADS = 4
    };
    hd_event *event = page_event(HD_TICKET_CREATED);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_many, event), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failures = NULL;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    hd_event_free(event);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_example),
        cmocka_unit_test(test_three_types),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_timestamps_of_every_day),
        cmocka_unit_test(test_time_zone_has_no_say),
        cmocka_unit_test(test_largest_number),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_ids_are_escaped),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_longest_texts),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_missing_fields),
        cmocka_unit_test(test_invalid_arguments),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
