/* SPDX-License-Identifier: MIT */
/** @file field_test.c Fields of an event one by one: names, lengths, what stays where it is, what is missing. */
#include "support/bodies.h"

#include <stdlib.h>
#include <string.h>

/** A text that every field takes but one: the sender has two words. */
static const char *good_text(int field) {
    return field == HD_FIELD_MESSAGE_SENDER ? "agent" : "abc";
}

static int field_at(int index) {
    return HD_FIELD_PROJECT + index;
}

/* Those of events about tickets; alert_event_test.c is about the others. */
#define FIELDS (HD_FIELD_IDEMPOTENCY_KEY - HD_FIELD_PROJECT + 1)

static hd_event *new_event(int type) {
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(type, &event), HD_OK);
    return event;
}

static hd_event *full_event(void) {
    hd_event *event = new_event(HD_MESSAGE_RECEIVED);
    for (int i = 0; i < FIELDS; i++)
        assert_int_equal(hd_event_set(event, field_at(i), good_text(field_at(i)), HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket_number(event, 7), HD_OK);
    return event;
}

/* A text with a NUL in it is never cut: it is refused, with the status that the field has for bad texts. */
static void test_no_nul_within(void **state) {
    (void)state;
    for (int i = 0; i < FIELDS; i++) {
        int field = field_at(i);
        hd_event *event = full_event();
        int status = hd_event_set(event, field, "\xFF", 1);
        assert_int_not_equal(status, HD_OK);
        assert_int_equal(hd_event_set(event, field, "\0agent", 6), status);
        assert_int_equal(hd_event_set(event, field, "agent\0agent", 11), status);
        assert_int_equal(hd_event_set(event, field, "agent\0", 6), status);
        assert_int_equal(hd_event_set(event, field, "\0", 1), status);
        assert_int_equal(hd_event_set(event, field, NULL, 0), status);
        assert_int_equal(hd_event_set(event, field, NULL, HD_TEXT_NUL), status);
        assert_string_equal(hd_event_get(event, field, NULL), good_text(field));
        assert_int_equal(hd_event_set(event, field, "agent", 5), HD_OK);
        assert_string_equal(hd_event_get(event, field, NULL), "agent");
        hd_event_free(event);
    }
}

/* Each status is one field's. */
static void test_each_field_has_its_status(void **state) {
    (void)state;
    for (int i = 0; i < FIELDS; i++)
        for (int j = 0; j < i; j++) {
            hd_event *event = new_event(HD_MESSAGE_RECEIVED);
            assert_int_not_equal(hd_event_set(event, field_at(i), "\xFF", 1),
                                 hd_event_set(event, field_at(j), "\xFF", 1));
            hd_event_free(event);
        }
}

/* Lengths are those of the bytes. */
static void test_length_is_given_back(void **state) {
    (void)state;
    size_t len = 1;
    hd_event *event = new_event(HD_TICKET_CREATED);
    assert_null(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, &len));
    assert_int_equal(len, 0);
    assert_int_equal(hd_event_set(event, HD_FIELD_TICKET_SUBJECT,
                                  "Gr\xC3\xBC\xC3\x9F"
                                  "e, and more",
                                  7),
                     HD_OK);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, &len), "Gr\xC3\xBC\xC3\x9F"
                                                                            "e");
    assert_int_equal(len, 7);
    assert_int_equal(hd_event_set(event, HD_FIELD_TICKET_SUBJECT, "xyz", 0), HD_OK);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, &len), "");
    assert_int_equal(len, 0);
    hd_event_free(event);
}

/* A character that the length cuts is refused. */
static void test_half_a_character(void **state) {
    (void)state;
    hd_event *event = new_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_set(event, HD_FIELD_TICKET_SUBJECT, "Gr\xC3\xBC", 3), HD_E_TICKET_SUBJECT);
    hd_event_free(event);
}

static void test_no_such_field(void **state) {
    (void)state;
    static const int others[] = {
        0, 1, -1, HD_FIELD_PROJECT - 1, HD_FIELD_PAUSED_UNTIL + 1, HD_TICKET_CREATED, INT32_MAX, INT32_MIN};
    hd_event *event = full_event();
    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        size_t len = 1;
        assert_int_equal(hd_event_set(event, others[i], "abc", HD_TEXT_NUL), HD_E_INVALID);
        assert_null(hd_event_get(event, others[i], &len));
        assert_int_equal(len, 0);
    }
    assert_int_equal(hd_event_set(NULL, HD_FIELD_PROJECT, "abc", HD_TEXT_NUL), HD_E_INVALID);
    assert_int_equal(hd_event_set_ticket_number(NULL, 1), HD_E_INVALID);
    hd_event_free(event);
}

/* A message is part of one type of event alone. */
static void test_message_fields_elsewhere(void **state) {
    (void)state;
    static const int fields[] = {HD_FIELD_MESSAGE_ID, HD_FIELD_MESSAGE_SENDER, HD_FIELD_MESSAGE_BODY};
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        hd_event *event = new_event(HD_TICKET_RESOLVED);
        assert_int_equal(hd_event_set(event, fields[i], "agent", HD_TEXT_NUL), HD_E_FIELD);
        assert_null(hd_event_get(event, fields[i], NULL));
        hd_event_free(event);
    }
}

/* What a getter returned lives until its own field is set, whatever else is set meanwhile, short or long. */
static void test_texts_stay_where_they_are(void **state) {
    (void)state;
    char *large = repeated("a", 128);
    for (int i = 0; i < FIELDS; i++) {
        hd_event *event = full_event();
        const char *kept = hd_event_get(event, field_at(i), NULL);
        for (int round = 0; round < 20; round++)
            for (int j = 0; j < FIELDS; j++) {
                int field = field_at(j), takes_large = field != HD_FIELD_MESSAGE_SENDER &&
                                                       field != HD_FIELD_TICKET_STATUS &&
                                                       field != HD_FIELD_TICKET_PRIORITY;
                const char *text = takes_large && round % 2 ? large : good_text(field);
                if (j != i)
                    assert_int_equal(hd_event_set(event, field, text, HD_TEXT_NUL), HD_OK);
            }
        assert_int_equal(hd_event_set_ticket_number(event, 8), HD_OK);
        assert_int_equal(hd_event_set_timestamp_ms(event, 8), HD_OK);
        assert_int_not_equal(hd_event_set(event, field_at(i), "\xFF", 1), HD_OK);
        assert_ptr_equal(hd_event_get(event, field_at(i), NULL), kept);
        assert_string_equal(kept, good_text(field_at(i)));
        hd_event_free(event);
    }
    free(large);
}

/* A field may be set to its own text, or to a part of it. */
static void test_own_text(void **state) {
    (void)state;
    hd_event *event = new_event(HD_TICKET_CREATED);
    char *large = repeated("ab", 1000);
    assert_int_equal(hd_event_set(event, HD_FIELD_TICKET_SUBJECT, large, HD_TEXT_NUL), HD_OK);
    const char *own = hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL);
    assert_int_equal(hd_event_set(event, HD_FIELD_TICKET_SUBJECT, own, 1999), HD_OK);
    large[1999] = '\0';
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), large);
    hd_event_free(event);
    free(large);
}

/* What is missing is named in the order of the fields, until nothing is; a body needs all but the project. */
static void test_missing_one_by_one(void **state) {
    (void)state;
    static const int required[] = {HD_FIELD_PROJECT,       HD_FIELD_TICKET_ID,       HD_FIELD_TICKET_SUBJECT,
                                   HD_FIELD_TICKET_STATUS, HD_FIELD_TICKET_PRIORITY, HD_FIELD_CUSTOMER_EMAIL,
                                   HD_FIELD_CUSTOMER_NAME};
    char body[1024];
    hd_event *event = new_event(HD_MESSAGE_RECEIVED);
    for (size_t i = 0; i < LENGTH_OF(required); i++) {
        assert_string_equal(hd_event_missing(event), hd_field_name(required[i]));
        assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_E_FIELD_MISSING);
        assert_int_equal(hd_event_set(event, required[i], good_text(required[i]), HD_TEXT_NUL), HD_OK);
        if (required[i] != HD_FIELD_TICKET_ID)
            continue;
        assert_string_equal(hd_event_missing(event), "ticket_number");
        assert_int_equal(hd_event_set_ticket_number(event, 0), HD_E_TICKET_NUMBER);
        assert_string_equal(hd_event_missing(event), "ticket_number");
        assert_int_equal(hd_event_set_ticket_number(event, 1), HD_OK);
    }
    assert_null(hd_event_missing(event));
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_OK);
    assert_null(strstr(body, "message\":{"));
    hd_event_free(event);
}

/* A message that is begun must be finished. */
static void test_part_of_a_message(void **state) {
    (void)state;
    static const int parts[] = {HD_FIELD_MESSAGE_ID, HD_FIELD_MESSAGE_SENDER, HD_FIELD_MESSAGE_BODY};
    char body[1024];
    for (unsigned set = 1; set < 7; set++) {
        hd_event *event = page_event(HD_MESSAGE_RECEIVED);
        const char *missing = NULL;
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
        for (size_t i = 0; i < LENGTH_OF(parts); i++) {
            if (set >> i & 1)
                assert_int_equal(hd_event_set(event, parts[i], "agent", HD_TEXT_NUL), HD_OK);
            else if (missing == NULL)
                missing = hd_field_name(parts[i]);
        }
        assert_string_equal(hd_event_missing(event), missing);
        assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL), HD_E_FIELD_MISSING);
        assert_int_equal(hd_event_render(event, HD_FORMAT_SLACK, body, sizeof body, NULL), HD_E_FIELD_MISSING);
        hd_event_free(event);
    }
}

/* One by one or several at once, it is the same event. */
static void test_both_ways_are_one(void **state) {
    (void)state;
    hd_event *one = new_event(HD_MESSAGE_RECEIVED), *several = new_event(HD_MESSAGE_RECEIVED);
    char first[1024], second[1024];
    assert_int_equal(hd_event_set_timestamp_ms(one, 1), HD_OK);
    assert_int_equal(hd_event_set_timestamp_ms(several, 1), HD_OK);
    for (int i = 0; i < FIELDS; i++)
        assert_int_equal(hd_event_set(one, field_at(i), good_text(field_at(i)), HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket_number(one, 7), HD_OK);
    assert_int_equal(hd_event_set_ticket(several, "abc", 7, "abc", "abc", "abc"), HD_OK);
    assert_int_equal(hd_event_set_customer(several, "abc", "abc"), HD_OK);
    assert_int_equal(hd_event_set_message(several, "abc", "agent", "abc"), HD_OK);
    assert_int_equal(hd_event_render(one, HD_FORMAT_JSON, first, sizeof first, NULL), HD_OK);
    assert_int_equal(hd_event_render(several, HD_FORMAT_JSON, second, sizeof second, NULL), HD_OK);
    assert_string_equal(first, second);
    hd_event_free(one);
    hd_event_free(several);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_nul_within),
        cmocka_unit_test(test_each_field_has_its_status),
        cmocka_unit_test(test_length_is_given_back),
        cmocka_unit_test(test_half_a_character),
        cmocka_unit_test(test_no_such_field),
        cmocka_unit_test(test_message_fields_elsewhere),
        cmocka_unit_test(test_texts_stay_where_they_are),
        cmocka_unit_test(test_own_text),
        cmocka_unit_test(test_missing_one_by_one),
        cmocka_unit_test(test_part_of_a_message),
        cmocka_unit_test(test_both_ways_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
