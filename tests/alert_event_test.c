/* SPDX-License-Identifier: MIT */
/** @file alert_event_test.c Alerts as events: their fields, their bodies, and reading them back. */
#include "support/bodies.h"
#include "support/support.h"

#include <limits.h>

static const int alerts[] = {HD_ALERT_FAILING, HD_ALERT_PAUSED, HD_ALERT_RECOVERED};

static const struct {
    int field;
    const char *text;
} fields[] = {
    {HD_FIELD_WEBHOOK_ID, "crm"},
    {HD_FIELD_WEBHOOK_NAME, "CRM \"new\""},
    {HD_FIELD_FAILURE_SINCE, "2025-01-15T10:30:00.000Z"},
    {HD_FIELD_FAILURE_COUNT, "12"},
    {HD_FIELD_FAILURE_REASON, "refused"},
    {HD_FIELD_FAILURE_EXPLANATION, "Nothing listens <there>."},
    {HD_FIELD_PAUSED_UNTIL, "2025-01-15T10:35:00.000Z"},
};

static hd_event *new_event(int type) {
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(type, &event), HD_OK);
    assert_int_equal(hd_event_set_timestamp_ms(event, INT64_C(1736937000000)), HD_OK); /* 2025-01-15T10:30:00Z */
    return event;
}

static size_t fields_of(int type) {
    return LENGTH_OF(fields) - (type == HD_ALERT_PAUSED ? 0 : 1);
}

static hd_event *full_event(int type) {
    hd_event *event = new_event(type);
    for (size_t i = 0; i < fields_of(type); i++)
        assert_int_equal(hd_event_set(event, fields[i].field, fields[i].text, HD_TEXT_NUL), HD_OK);
    return event;
}

/* An event has the fields of what it is about, and no others. */
static void test_fields_belong_to_types(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        hd_event *ticket = new_event(HD_MESSAGE_RECEIVED);
        assert_int_equal(hd_event_set(ticket, fields[i].field, fields[i].text, HD_TEXT_NUL), HD_E_FIELD);
        hd_event_free(ticket);
    }
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *alert = full_event(alerts[i]);
        for (int field = HD_FIELD_TICKET_ID; field <= HD_FIELD_MESSAGE_BODY; field++) {
            assert_int_equal(hd_event_set(alert, field, "agent", HD_TEXT_NUL), HD_E_FIELD);
            assert_null(hd_event_get(alert, field, NULL));
        }
        assert_int_equal(hd_event_set(alert, HD_FIELD_PAUSED_UNTIL, fields[6].text, HD_TEXT_NUL),
                         alerts[i] == HD_ALERT_PAUSED ? HD_OK : HD_E_FIELD);
        assert_true(hd_event_ticket_number(alert) == 0);
        hd_event_free(alert);
    }
}

static void test_texts_that_are_refused(void **state) {
    (void)state;
    static const struct {
        int field;
        const char *text;
        int status;
    } bad[] = {
        {HD_FIELD_WEBHOOK_ID, "", HD_E_WEBHOOK_ID},
        {HD_FIELD_WEBHOOK_ID, "a b", HD_E_WEBHOOK_ID},
        {HD_FIELD_WEBHOOK_NAME, "a\nb", HD_E_WEBHOOK_NAME},
        {HD_FIELD_FAILURE_SINCE, "yesterday", HD_E_TIMESTAMP},
        {HD_FIELD_FAILURE_SINCE, "2025-01-15T10:30:00Z", HD_E_TIMESTAMP},
        {HD_FIELD_FAILURE_SINCE, "2025-13-15T10:30:00.000Z", HD_E_TIMESTAMP},
        {HD_FIELD_FAILURE_COUNT, "", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_COUNT, "0", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_COUNT, "05", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_COUNT, "-5", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_COUNT, "5x", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_COUNT, "1234567890", HD_E_FAILURE_COUNT},
        {HD_FIELD_FAILURE_REASON, "Refused", HD_E_FAILURE_REASON},
        {HD_FIELD_FAILURE_EXPLANATION, "\xFF", HD_E_FAILURE_EXPLANATION},
        {HD_FIELD_PAUSED_UNTIL, "", HD_E_TIMESTAMP},
    };
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        hd_event *event = full_event(HD_ALERT_PAUSED);
        assert_int_equal(hd_event_set(event, bad[i].field, bad[i].text, HD_TEXT_NUL), bad[i].status);
        for (size_t j = 0; j < LENGTH_OF(fields); j++)
            assert_string_equal(hd_event_get(event, fields[j].field, NULL), fields[j].text);
        hd_event_free(event);
    }
}

static void test_missing_one_by_one(void **state) {
    (void)state;
    char body[1024];
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *event = new_event(alerts[i]);
        assert_string_equal(hd_event_missing(event), "project");
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "acme", HD_TEXT_NUL), HD_OK);
        for (size_t j = 0; j < fields_of(alerts[i]); j++) {
            assert_string_equal(hd_event_missing(event), hd_field_name(fields[j].field));
            assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_E_FIELD_MISSING);
            assert_int_equal(hd_event_set(event, fields[j].field, fields[j].text, HD_TEXT_NUL), HD_OK);
        }
        assert_null(hd_event_missing(event));
        hd_event_free(event);
    }
}

#define BODY(name)                                                                                                     \
    "{\"event\":\"webhook." name "\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"webhook\":{\"id\":"        \
    "\"crm\",\"name\":\"CRM \\\"new\\\"\"},\"failure\":{\"since\":\"2025-01-15T10:30:00.000Z\",\"count\":12,"          \
    "\"reason\":\"refused\",\"explanation\":\"Nothing listens <there>.\"}"

static const char *const bodies[] = {
    BODY("failing") "}}", BODY("paused") ",\"paused_until\":\"2025-01-15T10:35:00.000Z\"}}", BODY("recovered") "}}"};

static void test_json_body(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *event = full_event(alerts[i]);
        char *body = rendered(event, HD_FORMAT_JSON);
        assert_string_equal(body, bodies[i]);
        free(body);
        hd_event_free(event);
    }
}

/* What a receiver reads is what was sent. */
static void test_body_is_read_back(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *event = NULL;
        assert_int_equal(hd_event_parse(bodies[i], strlen(bodies[i]), &event), HD_OK);
        assert_int_equal(hd_event_type(event), alerts[i]);
        for (size_t j = 0; j < fields_of(alerts[i]); j++)
            assert_string_equal(hd_event_get(event, fields[j].field, NULL), fields[j].text);
        char *body = rendered(event, HD_FORMAT_JSON);
        assert_string_equal(body, bodies[i]);
        free(body);
        hd_event_free(event);
    }
}

static void test_bodies_that_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *old, *new;
        int status;
    } changes[] = {
        {"\"count\":12", "\"count\":\"12\"", HD_E_JSON_TYPE},
        {"\"count\":12", "\"count\":12.5", HD_E_JSON_TYPE},
        {"\"count\":12,", "", HD_E_JSON_KEY},
        {"\"id\":\"crm\",", "", HD_E_JSON_KEY},
        {"\"webhook\":{", "\"ticket\":{", HD_E_JSON_KEY},
        {"\"paused_until\"", "\"until\"", HD_E_JSON_KEY},
    };
    for (size_t i = 0; i < LENGTH_OF(changes); i++) {
        char *body = replaced(bodies[1], changes[i].old, changes[i].new);
        hd_event *event = NULL;
        assert_int_equal(hd_event_parse(body, strlen(body), &event), changes[i].status);
        assert_null(event);
        free(body);
    }
    char *huge = replaced(bodies[0], "12", "9223372036854775807");
    hd_event *event = NULL;
    assert_int_equal(hd_event_parse(huge, strlen(huge), &event), HD_OK); /* as the sender wrote it */
    assert_string_equal(hd_event_get(event, HD_FIELD_FAILURE_COUNT, NULL), "9223372036854775807");
    hd_event_free(event);
    free(huge);
}

#define SLACK(title)                                                                                                   \
    "{\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":\"*Webhook " title                      \
    "*\\n> *Webhook:* CRM \\\"new\\\"\\n> *Failed in a row:* 12, since 2025-01-15T10:30:00.000Z\\n> *Reason:* "        \
    "Nothing listens &lt;there&gt;."

static void test_slack_body(void **state) {
    (void)state;
    static const char *const expected[] = {SLACK("Failing") "\"}}]}",
                                           SLACK("Paused") "\\n> *Paused until:* 2025-01-15T10:35:00.000Z\"}}]}",
                                           SLACK("Recovered") "\"}}]}"};
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *event = full_event(alerts[i]);
        char *body = rendered(event, HD_FORMAT_SLACK);
        assert_string_equal(body, expected[i]);
        free(body);
        hd_event_free(event);
    }
}

/* A name cannot mention a channel, or look like a line of its own. */
static void test_names_in_slack(void **state) {
    (void)state;
    hd_event *event = full_event(HD_ALERT_FAILING);
    assert_int_equal(hd_event_set(event, HD_FIELD_WEBHOOK_NAME, "<!channel> *x*", HD_TEXT_NUL), HD_OK);
    char *body = rendered(event, HD_FORMAT_SLACK);
    assert_null(strstr(body, "<!"));
    assert_null(strstr(body, " *x*"));
    free(body);
    hd_event_free(event);
}

static void test_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(alerts); i++) {
        hd_event *event = NULL;
        assert_int_equal(hd_event_new_sample(alerts[i], &event), HD_OK);
        assert_string_equal(hd_event_missing(event), "project");
        assert_string_equal(hd_event_get(event, HD_FIELD_FAILURE_COUNT, NULL), "5");
        assert_int_equal(hd_event_get(event, HD_FIELD_PAUSED_UNTIL, NULL) != NULL, alerts[i] == HD_ALERT_PAUSED);
        free(rendered(event, HD_FORMAT_JSON));
        free(rendered(event, HD_FORMAT_SLACK));
        hd_event_free(event);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_belong_to_types),
        cmocka_unit_test(test_texts_that_are_refused),
        cmocka_unit_test(test_missing_one_by_one),
        cmocka_unit_test(test_json_body),
        cmocka_unit_test(test_body_is_read_back),
        cmocka_unit_test(test_bodies_that_are_refused),
        cmocka_unit_test(test_slack_body),
        cmocka_unit_test(test_names_in_slack),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests_name("alert events", tests, NULL, NULL);
}
