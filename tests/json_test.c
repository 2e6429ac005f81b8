/* The bodies that are written directly are, byte for byte, what Jansson writes: with texts of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event/json.h"
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 64

static uint64_t seed;

/* xorshift64*, so that a failure can be repeated. */
static uint64_t any(uint64_t below) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * UINT64_C(2685821657736338717) >> 16) % below;
}

/* A code point: mostly of the kinds that need care. */
static unsigned long any_character(void) {
    static const char special[] = "\"\\/\b\f\n\r\t<>&'";
    switch (any(6)) {
    case 0:
        return (unsigned char)special[any(sizeof special - 1)];
    case 1:
        return 1 + any(0x1F);
    case 2:
        return 0x20 + any(0x60);
    case 3:
        return 0x7F + any(0x781);
    case 4:
        return any(2) ? 0x2028 + any(2) : 0x800 + any(0xD000);
    default:
        return 0x10000 + any(0x100000);
    }
}

static size_t encode(unsigned long c, char *out) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00 >> len & 0xFF) | c);
    return len;
}

static const char *any_text(char *out) {
    size_t len = 0;
    for (uint64_t left = any(12); left > 0; left--)
        len += encode(any_character(), out + len);
    out[len] = '\0';
    return out;
}

static hd_event *any_event(void) {
    char a[TEXT_MAX];
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(HD_TICKET_CREATED + (int)any(3), &event), HD_OK);
    assert_int_equal(hd_event_set_timestamp_ms(event, (int64_t)any(INT64_C(4000000000000))), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, "ti\"ck\\et", 1 + (int64_t)any(INT64_C(9007199254740990)), any_text(a),
                                         "open", "high"),
                     HD_OK);
    while (hd_event_set_customer(event, "\"user\\\"@example.com", any_text(a)) != HD_OK)
        ; /* a name is one line */
    if (hd_event_type(event) == HD_MESSAGE_RECEIVED && any(4) > 0)
        assert_int_equal(hd_event_set_message(event, "m1", any(2) ? "customer" : "agent", any_text(a)), HD_OK);
    return event;
}

/* The value of "timestamp" in a body, which Jansson cannot be asked for. */
static const char *timestamp_of(const char *body, char out[32]) {
    const char *at = strstr(body, "\"timestamp\":\"");
    assert_non_null(at);
    (void)snprintf(out, 32, "%.24s", at + strlen("\"timestamp\":\""));
    return out;
}

static char *by_jansson(const hd_event *event, const char *timestamp) {
    json_t *root = json_pack(
        "{s:s, s:s, s:{s:{s:s, s:I, s:s, s:s, s:s}, s:{s:s, s:s}}}", "event", hd_event_name(event), "timestamp",
        timestamp, "data", "ticket", "id", hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "number",
        (json_int_t)hd_event_ticket_number(event), "subject", hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL),
        "status", hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "priority",
        hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "customer", "email",
        hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "name", hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL));
    assert_non_null(root);
    if (hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL) != NULL)
        assert_int_equal(
            json_object_set_new(json_object_get(root, "data"), "message",
                                json_pack("{s:s, s:s, s:s}", "id", hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL),
                                          "sender", hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), "body",
                                          hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL))),
            0);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    assert_non_null(text);
    return text;
}

static void test_events(void **state) {
    (void)state;
    for (uint64_t i = 1; i <= volume(50000); i++) {
        seed = i * UINT64_C(0x9E3779B97F4A7C15);
        char timestamp[32];
        struct hd__buffer body = {0};
        hd_event *event = any_event();
        assert_int_equal(hd__json_event(event, &body), HD_OK);
        char *expected = by_jansson(event, timestamp_of(body.data, timestamp));
        assert_string_equal(body.data, expected);
        free(expected);
        hd__buffer_free(&body);
        hd_event_free(event);
    }
}

/* The Slack message with a text, beside Jansson's. */
static void expect_as_jansson(const char *text) {
    struct hd__buffer body = {0};
    assert_int_equal(hd__json_slack(text, &body), HD_OK);
    json_t *root =
        json_pack("{s:[{s:s, s:{s:s, s:s}}]}", "blocks", "type", "section", "text", "type", "mrkdwn", "text", text);
    char *expected = json_dumps(root, JSON_COMPACT);
    assert_non_null(expected);
    assert_string_equal(body.data, expected);
    free(expected);
    json_decref(root);
    hd__buffer_free(&body);
}

static void test_slack_messages(void **state) {
    (void)state;
    for (uint64_t i = 1; i <= volume(50000); i++) {
        seed = i * UINT64_C(0x9E3779B97F4A7C15);
        char text[TEXT_MAX];
        expect_as_jansson(any_text(text));
    }
}

/* Each of ASCII at each place of texts that are shorter and longer than what is looked at in one piece. */
static void test_one_character(void **state) {
    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 1; c < 128; c++) {
                char text[24];
                memset(text, 'a', len);
                text[len] = '\0';
                text[at] = (char)c;
                expect_as_jansson(text);
                assert_int_equal(hd__json_size(text, len), len - 1 + (c < ' ' ? 6 : c == '"' || c == '\\' ? 2 : 1));
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_slack_messages),
        cmocka_unit_test(test_one_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
