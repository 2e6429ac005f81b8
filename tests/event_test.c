/* SPDX-License-Identifier: MIT */
/** @file event_test.c Events: what setters take, what getters give back, what is missing. */
#include "event/event.h"
#include "support/bodies.h"

#include <time.h>

#define END_OF_9999_MS INT64_C(253402300799999)
#define MAX_NUMBER INT64_C(9007199254740991)

static const struct {
    int type;
    const char *name;
} types[] = {
    {HD_TICKET_CREATED, "ticket.created"},
    {HD_TICKET_RESOLVED, "ticket.resolved"},
    {HD_MESSAGE_RECEIVED, "message.received"},
};

static hd_event *new_event(int type) {
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(type, &event), HD_OK);
    assert_non_null(event);
    return event;
}

/** An event with every field set to known values, which a failed setter must not change. */
static hd_event *full_event(void) {
    hd_event *event = page_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "project", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_message(event, "msg-1", "customer", "It works again."), HD_OK);
    return event;
}

static void assert_full_event(const hd_event *event) {
    assert_int_equal(hd_event_type(event), HD_MESSAGE_RECEIVED);
    assert_string_equal(hd_event_name(event), "message.received");
    assert_string_equal(hd_event_get(event, HD_FIELD_PROJECT, NULL), "project");
    assert_true(hd_event_timestamp_ms(event) == PAGE_TIMESTAMP_MS);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "uuid");
    assert_true(hd_event_ticket_number(event) == 42);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "Can't reset password");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "open");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "high");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "user@example.com");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "Jane Smith");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL), "msg-1");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), "customer");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL), "It works again.");
}

/* One text in one setter. Fields that are not in the case have good values. */
typedef int (*text_setter)(hd_event *event, const char *text);

static int set_project(hd_event *event, const char *text) {
    return hd_event_set(event, HD_FIELD_PROJECT, text, HD_TEXT_NUL);
}

static int set_ticket_id(hd_event *event, const char *text) {
    return hd_event_set_ticket(event, text, 7, "s", "s", "p");
}

static int set_subject(hd_event *event, const char *text) {
    return hd_event_set_ticket(event, "i", 7, text, "s", "p");
}

static int set_status(hd_event *event, const char *text) {
    return hd_event_set_ticket(event, "i", 7, "s", text, "p");
}

static int set_priority(hd_event *event, const char *text) {
    return hd_event_set_ticket(event, "i", 7, "s", "s", text);
}

static int set_email(hd_event *event, const char *text) {
    return hd_event_set_customer(event, text, "n");
}

static int set_customer_name(hd_event *event, const char *text) {
    return hd_event_set_customer(event, "e", text);
}

static int set_message_id(hd_event *event, const char *text) {
    return hd_event_set_message(event, text, "agent", "b");
}

static int set_sender(hd_event *event, const char *text) {
    return hd_event_set_message(event, "i", text, "b");
}

static int set_message_body(hd_event *event, const char *text) {
    return hd_event_set_message(event, "i", "agent", text);
}

static int set_key(hd_event *event, const char *text) {
    return hd_event_set(event, HD_FIELD_IDEMPOTENCY_KEY, text, HD_TEXT_NUL);
}

/* What a field holds. */
enum {
    PRINTABLE,
    WORD,
    UTF8,
    UTF8_NO_CONTROLS
};

static const struct field {
    const char *name;
    text_setter set;
    int number;
    int kind;
    size_t min, max; /* bytes */
    int status;      /* of a bad value */
} fields[] = {
    {"project", set_project, HD_FIELD_PROJECT, PRINTABLE, 1, 128, HD_E_PROJECT},
    {"ticket id", set_ticket_id, HD_FIELD_TICKET_ID, PRINTABLE, 1, 128, HD_E_TICKET_ID},
    {"subject", set_subject, HD_FIELD_TICKET_SUBJECT, UTF8, 0, 65536, HD_E_TICKET_SUBJECT},
    {"status", set_status, HD_FIELD_TICKET_STATUS, WORD, 1, 32, HD_E_TICKET_STATUS},
    {"priority", set_priority, HD_FIELD_TICKET_PRIORITY, WORD, 1, 32, HD_E_TICKET_PRIORITY},
    {"e-mail", set_email, HD_FIELD_CUSTOMER_EMAIL, UTF8_NO_CONTROLS, 0, 320, HD_E_CUSTOMER_EMAIL},
    {"customer name", set_customer_name, HD_FIELD_CUSTOMER_NAME, UTF8, 0, 1024, HD_E_CUSTOMER_NAME},
    {"message id", set_message_id, HD_FIELD_MESSAGE_ID, PRINTABLE, 1, 128, HD_E_MESSAGE_ID},
    {"idempotency key", set_key, HD_FIELD_IDEMPOTENCY_KEY, PRINTABLE, 1, 255, HD_E_IDEMPOTENCY_KEY},
    {"message body", set_message_body, HD_FIELD_MESSAGE_BODY, UTF8, 0, 262144, HD_E_MESSAGE_BODY},
};

static void assert_holds(const hd_event *event, const struct field *field, int status, const char *text) {
    size_t len = 0;
    if (status != HD_OK)
        fail_msg("%s: %s for a good value of %zu bytes", field->name, hd_status_name(status), strlen(text));
    assert_string_equal(hd_event_get(event, field->number, &len), text);
    assert_int_equal(len, strlen(text));
}

/** By its setter, and alone: with a NUL behind it, and with a length and none. */
static void assert_taken(const struct field *field, const char *text) {
    hd_event *event = new_event(HD_MESSAGE_RECEIVED);
    assert_holds(event, field, field->set(event, text), text);
    hd_event_free(event);
    event = new_event(HD_MESSAGE_RECEIVED);
    assert_holds(event, field, hd_event_set(event, field->number, text, HD_TEXT_NUL), text);
    hd_event_free(event);
    event = new_event(HD_MESSAGE_RECEIVED);
    size_t len = strlen(text);
    char *bare = must_malloc(len + 1);
    memcpy(bare, text, len);
    bare[len] = 'x';
    assert_holds(event, field, hd_event_set(event, field->number, bare, len), text);
    free(bare);
    hd_event_free(event);
}

/** Also: nothing is changed on failure, in no field. */
static void assert_refused(const struct field *field, const char *text) {
    hd_event *event = full_event();
    int status = field->set(event, text);
    if (status == field->status)
        status = hd_event_set(event, field->number, text, HD_TEXT_NUL);
    if (status == field->status)
        status = hd_event_set(event, field->number, text, text == NULL ? 0 : strlen(text));
    if (status != field->status) {
        fail_msg("%s: %s, not %s, for the value \"%.40s\"", field->name, hd_status_name(status),
                 hd_status_name(field->status), text == NULL ? "(null)" : text);
    }
    assert_full_event(event);
    hd_event_free(event);
}

/* Every text is taken up to its documented length and refused one byte beyond, with the status of its field. */
static void test_lengths(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        const struct field *field = &fields[i];
        char *most = repeated("a", field->max);
        char *more = repeated("a", field->max + 1);
        assert_taken(field, most);
        assert_refused(field, more);
        free(most);
        free(more);
        if (field->min == 0) {
            assert_taken(field, "");
        } else {
            assert_taken(field, "a");
            assert_refused(field, "");
        }
        assert_refused(field, NULL);
    }
}

/* Lengths count bytes, and a character that would cross the bound is not cut but refused. */
static void test_lengths_count_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        const struct field *field = &fields[i];
        if (field->kind != UTF8 && field->kind != UTF8_NO_CONTROLS)
            continue;
        char *most = repeated("\xF0\x9F\x98\x80", field->max / 4); /* each maximum is a multiple of 4 */
        char *more = repeated("\xF0\x9F\x98\x80", field->max / 4 + 1);
        assert_int_equal(strlen(most), field->max);
        assert_taken(field, most);
        assert_refused(field, more);
        free(most);
        free(more);
    }
}

/* Ids and projects are printable ASCII (no blank), states are [a-z0-9_-]: every byte is tried in every such field. */
static void test_every_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        const struct field *field = &fields[i];
        if (field->kind != PRINTABLE && field->kind != WORD)
            continue;
        for (int byte = 1; byte < 256; byte++) {
            const char text[] = {'a', (char)byte, 'z', '\0'};
            int good = field->kind == PRINTABLE
                           ? byte > ' ' && byte <= '~'
                           : (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
            if (good)
                assert_taken(field, text);
            else
                assert_refused(field, text);
        }
    }
}

/* Text is valid UTF-8 or it is refused: a receiver that hashes decoded text could never verify the body. */
static void test_invalid_utf8(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        for (size_t j = 0; j < LENGTH_OF(invalid_utf8); j++) {
            char text[32];
            (void)snprintf(text, sizeof text, "ab%s", invalid_utf8[j]);
            assert_refused(&fields[i], text);
            (void)snprintf(text, sizeof text, "%sab", invalid_utf8[j]);
            assert_refused(&fields[i], text);
        }
    }
}

/* The first and last character of each UTF-8 length, non-characters and unusual ones are text like any other. */
static void test_valid_utf8(void **state) {
    (void)state;
    static const char *const texts[] = {
        "\xC2\xA0",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xEF\xBF\xBE",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "\xEF\xBB\xBF"
        "bom",
        "\xE2\x80\xAE"
        "rtl",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9",
        "\xE6\x97\xA5\xE6\x9C\xAC",
        "<script>'\"\\&",
    };
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        if (fields[i].kind != UTF8 && fields[i].kind != UTF8_NO_CONTROLS)
            continue;
        for (size_t j = 0; j < LENGTH_OF(texts); j++)
            assert_taken(&fields[i], texts[j]);
    }
}

/* Control characters are lossless in subject, name and message, and refused in the e-mail address. */
static void test_control_characters(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        for (int byte = 1; byte <= 0x9F; byte++) {
            if (byte >= 0x20 && byte < 0x7F)
                continue;
            char text[8];
            if (byte < 0x80)
                (void)snprintf(text, sizeof text, "a%cb", byte);
            else
                (void)snprintf(text, sizeof text, "a\xC2%cb", byte);
            if (fields[i].kind == UTF8)
                assert_taken(&fields[i], text);
            else
                assert_refused(&fields[i], text);
        }
    }
}

/* The ticket's number is 1 to 2^53 - 1, which every JSON reader can hold. */
static void test_ticket_number(void **state) {
    (void)state;
    static const struct {
        int64_t number;
        int status;
    } cases[] = {
        {1, HD_OK},
        {42, HD_OK},
        {INT64_C(2147483648), HD_OK},
        {MAX_NUMBER, HD_OK},
        {0, HD_E_TICKET_NUMBER},
        {-1, HD_E_TICKET_NUMBER},
        {MAX_NUMBER + 1, HD_E_TICKET_NUMBER},
        {INT64_MAX, HD_E_TICKET_NUMBER},
        {INT64_MIN, HD_E_TICKET_NUMBER},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_event *event = full_event();
        assert_int_equal(hd_event_set_ticket(event, "i", cases[i].number, "s", "s", "p"), cases[i].status);
        if (cases[i].status == HD_OK)
            assert_true(hd_event_ticket_number(event) == cases[i].number);
        else
            assert_full_event(event);
        hd_event_free(event);
    }
}

/* The time is 1970 to the end of 9999, in milliseconds. */
static void test_timestamp(void **state) {
    (void)state;
    static const struct {
        int64_t timestamp_ms;
        int status;
    } cases[] = {
        {0, HD_OK},
        {1, HD_OK},
        {END_OF_9999_MS, HD_OK},
        {-1, HD_E_TIMESTAMP},
        {END_OF_9999_MS + 1, HD_E_TIMESTAMP},
        {INT64_MIN, HD_E_TIMESTAMP},
        {INT64_MAX, HD_E_TIMESTAMP},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_event *event = full_event();
        assert_int_equal(hd_event_set_timestamp_ms(event, cases[i].timestamp_ms), cases[i].status);
        assert_true(hd_event_timestamp_ms(event) ==
                    (cases[i].status == HD_OK ? cases[i].timestamp_ms : PAGE_TIMESTAMP_MS));
        hd_event_free(event);
    }
}

/* A message's sender is one of two words. */
static void test_sender(void **state) {
    (void)state;
    static const char *const bad[] = {"", "Customer", "AGENT", "customer ", " agent", "agents", "bot", NULL};
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        hd_event *event = full_event();
        assert_int_equal(set_sender(event, bad[i]), HD_E_MESSAGE_SENDER);
        assert_full_event(event);
        hd_event_free(event);
    }
    static const char *const good[] = {"customer", "agent"};
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        hd_event *event = full_event();
        assert_int_equal(set_sender(event, good[i]), HD_OK);
        assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), good[i]);
        hd_event_free(event);
    }
}

/* When several fields are wrong, the first one in the order of the parameters is named. */
static void test_first_wrong_field_is_named(void **state) {
    (void)state;
    hd_event *event = full_event();
    assert_int_equal(hd_event_set_ticket(event, "", 0, "\xFF", "?", "?"), HD_E_TICKET_ID);
    assert_int_equal(hd_event_set_ticket(event, "i", 0, "\xFF", "?", "?"), HD_E_TICKET_NUMBER);
    assert_int_equal(hd_event_set_ticket(event, "i", 1, "\xFF", "?", "?"), HD_E_TICKET_SUBJECT);
    assert_int_equal(hd_event_set_ticket(event, "i", 1, "s", "?", "?"), HD_E_TICKET_STATUS);
    assert_int_equal(hd_event_set_ticket(event, "i", 1, "s", "s", "?"), HD_E_TICKET_PRIORITY);
    assert_int_equal(hd_event_set_ticket(event, NULL, 0, NULL, NULL, NULL), HD_E_TICKET_ID);
    assert_int_equal(hd_event_set_customer(event, "\n", "\xFF"), HD_E_CUSTOMER_EMAIL);
    assert_int_equal(hd_event_set_customer(event, NULL, NULL), HD_E_CUSTOMER_EMAIL);
    assert_int_equal(hd_event_set_customer(event, "e", "\xFF"), HD_E_CUSTOMER_NAME);
    assert_int_equal(hd_event_set_message(event, "", "?", "\xFF"), HD_E_MESSAGE_ID);
    assert_int_equal(hd_event_set_message(event, NULL, NULL, NULL), HD_E_MESSAGE_ID);
    assert_int_equal(hd_event_set_message(event, "i", "?", "\xFF"), HD_E_MESSAGE_SENDER);
    assert_int_equal(hd_event_set_message(event, "i", "agent", "\xFF"), HD_E_MESSAGE_BODY);
    assert_full_event(event);
    hd_event_free(event);
}

/* Setters copy: the caller may reuse its buffers at once. */
static void test_setters_copy(void **state) {
    (void)state;
    char buffers[10][16] = {"project", "id", "subject", "status", "priority", "email", "name", "msg", "agent", "body"};
    hd_event *event = new_event(HD_MESSAGE_RECEIVED);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, buffers[0], HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, buffers[1], 1, buffers[2], buffers[3], buffers[4]), HD_OK);
    assert_int_equal(hd_event_set_customer(event, buffers[5], buffers[6]), HD_OK);
    assert_int_equal(hd_event_set_message(event, buffers[7], buffers[8], buffers[9]), HD_OK);
    memset(buffers, 'X', sizeof buffers);
    assert_string_equal(hd_event_get(event, HD_FIELD_PROJECT, NULL), "project");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "id");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "subject");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "status");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "priority");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "email");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "name");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL), "msg");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), "agent");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL), "body");
    hd_event_free(event);
}

/* A setter may be given what a getter of the same event answered. */
static void test_setters_take_their_own_values(void **state) {
    (void)state;
    hd_event *event = full_event();
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, hd_event_get(event, HD_FIELD_PROJECT, NULL), HD_TEXT_NUL),
                     HD_OK);
    assert_int_equal(hd_event_set_ticket(event, hd_event_get(event, HD_FIELD_TICKET_ID, NULL),
                                         hd_event_ticket_number(event),
                                         hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL),
                                         hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL),
                                         hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL)),
                     HD_OK);
    assert_int_equal(hd_event_set_customer(event, hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL),
                                           hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL)),
                     HD_OK);
    assert_int_equal(hd_event_set_message(event, hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL),
                                          hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL),
                                          hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL)),
                     HD_OK);
    assert_full_event(event);
    hd_event_free(event);
}

/* What is set again replaces what was set before. */
static void test_setting_again_replaces(void **state) {
    (void)state;
    hd_event *event = full_event();
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p2", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, "i2", 2, "s2", "closed", "low"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "e2", "n2"), HD_OK);
    assert_int_equal(hd_event_set_message(event, "m2", "agent", "b2"), HD_OK);
    assert_string_equal(hd_event_get(event, HD_FIELD_PROJECT, NULL), "p2");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "i2");
    assert_true(hd_event_ticket_number(event) == 2);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "s2");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "closed");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "low");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "e2");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "n2");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL), "m2");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), "agent");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL), "b2");
    hd_event_free(event);
}

/* What a getter returned stays where it is until its own field is set; setting others moves nothing. */
static void test_texts_stay_where_they_are(void **state) {
    (void)state;
    char *subject = must_malloc(1001);
    memset(subject, 's', 1000);
    subject[1000] = '\0';
    hd_event *event = full_event();
    const char *project = hd_event_get(event, HD_FIELD_PROJECT, NULL),
               *email = hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(hd_event_set_ticket(event, "i", 1, i % 2 ? subject : "short", "open", "high"), HD_OK);
        assert_int_equal(hd_event_set_message(event, "m", "agent", i % 3 ? subject : "b"), HD_OK);
    }
    assert_string_equal(project, "project");
    assert_string_equal(email, "user@example.com");
    assert_ptr_equal(project, hd_event_get(event, HD_FIELD_PROJECT, NULL));
    assert_ptr_equal(email, hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL));
    hd_event_free(event);
    free(subject);
}

/* An event counts for as much memory as it takes, however often its texts were set before. */
static void test_size_is_that_of_the_last_texts(void **state) {
    (void)state;
    char body[301];
    memset(body, '"', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    hd_event *once = full_event(), *often = full_event();
    assert_int_equal(hd_event_set_message(once, "m", "agent", body), HD_OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(hd_event_set_message(often, "m", "agent", i % 2 ? body : "b"), HD_OK);
    assert_int_equal(often->body_size, once->body_size);
    assert_true(once->size >= 2 * strlen(body) + strlen(body));
    assert_true(often->size >= once->size && often->size <= once->size + HD__EVENT_OWN);
    hd_event_free(once);
    hd_event_free(often);
}

/* Only a message.received event has a message. */
static void test_message_belongs_to_message_received(void **state) {
    (void)state;
    static const int others[] = {HD_TICKET_CREATED, HD_TICKET_RESOLVED};
    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        hd_event *event = new_event(others[i]);
        assert_int_equal(hd_event_set_message(event, "i", "agent", "b"), HD_E_FIELD);
        assert_null(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL));
        assert_null(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL));
        assert_null(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL));
        hd_event_free(event);
    }
}

/* Project, then ticket, then customer, whatever was set first; nothing else is required. */
static void test_missing(void **state) {
    (void)state;
    for (unsigned set = 0; set < 8; set++) {
        hd_event *event = new_event(HD_MESSAGE_RECEIVED);
        if (set & 4)
            assert_int_equal(hd_event_set_customer(event, "", ""), HD_OK);
        if (set & 2)
            assert_int_equal(hd_event_set_ticket(event, "i", 1, "", "s", "p"), HD_OK);
        if (set & 1)
            assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
        const char *expected = !(set & 1) ? "project" : !(set & 2) ? "ticket_id" : !(set & 4) ? "customer_email" : NULL;
        if (expected == NULL)
            assert_null(hd_event_missing(event));
        else
            assert_string_equal(hd_event_missing(event), expected);
        hd_event_free(event);
    }
    assert_string_equal(hd_event_missing(NULL), "project"); /* nothing is set in no event */
}

/* A setter that failed has not set its field. */
static void test_failed_setter_leaves_field_missing(void **state) {
    (void)state;
    hd_event *event = new_event(HD_TICKET_CREATED);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "", HD_TEXT_NUL), HD_E_PROJECT);
    assert_string_equal(hd_event_missing(event), "project");
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_event_set_ticket(event, "i", 1, "s", "s", "?"), HD_E_TICKET_PRIORITY);
    assert_string_equal(hd_event_missing(event), "ticket_id");
    assert_null(hd_event_get(event, HD_FIELD_TICKET_ID, NULL));
    assert_true(hd_event_ticket_number(event) == 0);
    assert_int_equal(hd_event_set_ticket(event, "i", 1, "s", "s", "p"), HD_OK);
    assert_int_equal(hd_event_set_customer(event, "e", "\xFF"), HD_E_CUSTOMER_NAME);
    assert_string_equal(hd_event_missing(event), "customer_email");
    assert_null(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL));
    hd_event_free(event);
}

/* A new event knows its type and the time, and nothing else. */
static void test_new_event(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        struct timespec before;
        struct timespec after;
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
        hd_event *event = new_event(types[i].type);
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
        assert_true(hd_event_timestamp_ms(event) >= (int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000);
        assert_true(hd_event_timestamp_ms(event) <= (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000);
        assert_int_equal(hd_event_type(event), types[i].type);
        assert_string_equal(hd_event_name(event), types[i].name);
        assert_true(hd_event_ticket_number(event) == 0);
        for (int j = 0; j < hd_field_count(); j++)
            if (hd_event_get(event, HD_FIELD_PROJECT + j, NULL) != NULL)
                fail_msg("%s is set in a new event", hd_field_name(HD_FIELD_PROJECT + j));
        hd_event_free(event);
    }
}

/* No event of an undocumented type can be made, and the handle is NULL then. */
static void test_types_refused(void **state) {
    (void)state;
    static const int bad[] = {HD_EVENT_UNKNOWN, 7, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        hd_event *keep = new_event(HD_TICKET_CREATED);
        hd_event *event = keep;
        assert_int_equal(hd_event_new(bad[i], &event), HD_E_EVENT_TYPE);
        assert_null(event);
        event = keep;
        assert_int_equal(hd_event_new_sample(bad[i], &event), HD_E_EVENT_TYPE);
        assert_null(event);
        hd_event_free(keep);
    }
    assert_int_equal(hd_event_new(HD_TICKET_CREATED, NULL), HD_E_INVALID);
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, NULL), HD_E_INVALID);
}

/* The documented names, both ways, and no others. */
static void test_type_names(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        assert_string_equal(hd_event_type_name(types[i].type), types[i].name);
        assert_int_equal(hd_event_type_from_name(types[i].name), types[i].type);
    }
    static const int bad_types[] = {HD_EVENT_UNKNOWN, 7, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(bad_types); i++)
        assert_string_equal(hd_event_type_name(bad_types[i]), "unknown");
    static const char *const bad_names[] = {
        "",
        "ticket",
        "Ticket.created",
        "TICKET.CREATED",
        "ticket.created ",
        " ticket.created",
        "ticket.create",
        "ticket.created.",
        "message",
        "ticket.deleted",
        NULL,
    };
    for (size_t i = 0; i < LENGTH_OF(bad_names); i++)
        assert_int_equal(hd_event_type_from_name(bad_names[i]), HD_EVENT_UNKNOWN);
}

/* Sample events carry the page's example, lack only the project, and can be rendered in both formats. */
static void test_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        hd_event *event = NULL;
        assert_int_equal(hd_event_new_sample(types[i].type, &event), HD_OK);
        assert_int_equal(hd_event_type(event), types[i].type);
        assert_string_equal(hd_event_name(event), types[i].name);
        assert_null(hd_event_get(event, HD_FIELD_PROJECT, NULL));
        assert_string_equal(hd_event_missing(event), "project");
        assert_true(hd_event_ticket_number(event) == 42);
        assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "Can't reset password");
        assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL),
                            types[i].type == HD_TICKET_RESOLVED ? "resolved" : "open");
        assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "high");
        assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "user@example.com");
        assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "Jane Smith");
        assert_int_equal(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL) != NULL,
                         types[i].type == HD_MESSAGE_RECEIVED);
        free(rendered(event, HD_FORMAT_JSON));
        free(rendered(event, HD_FORMAT_SLACK));
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
        assert_null(hd_event_missing(event));
        hd_event_free(event);
    }
}

/* Every getter answers NULL or 0 for a NULL event, and every setter HD_E_INVALID; free does nothing. */
static void test_null_event(void **state) {
    (void)state;
    for (int i = 0; i < hd_field_count(); i++)
        assert_null(hd_event_get(NULL, HD_FIELD_PROJECT + i, NULL));
    assert_null(hd_event_name(NULL));
    assert_int_equal(hd_event_type(NULL), 0);
    assert_true(hd_event_timestamp_ms(NULL) == 0);
    assert_true(hd_event_ticket_number(NULL) == 0);
    assert_int_equal(hd_event_set(NULL, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_E_INVALID);
    assert_int_equal(hd_event_set_timestamp_ms(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_event_set_ticket(NULL, "i", 1, "s", "s", "p"), HD_E_INVALID);
    assert_int_equal(hd_event_set_customer(NULL, "e", "n"), HD_E_INVALID);
    assert_int_equal(hd_event_set_message(NULL, "i", "agent", "b"), HD_E_INVALID);
    hd_event_free(NULL);
}

/* From the moment an event was sent it cannot be changed, so that every webhook gets the same bytes. */
static void test_sent_event_cannot_be_changed(void **state) {
    (void)state;
    hd_client *client = NULL;
    assert_int_equal(hd_client_new(NULL, &client), HD_OK);
    hd_event *event = full_event();
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK); /* to no webhook: nothing leaves this program */
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p2", HD_TEXT_NUL), HD_E_SENT);
    assert_int_equal(hd_event_set_timestamp_ms(event, 0), HD_E_SENT);
    assert_int_equal(hd_event_set_ticket(event, "i2", 2, "s2", "closed", "low"), HD_E_SENT);
    assert_int_equal(hd_event_set_customer(event, "e2", "n2"), HD_E_SENT);
    assert_int_equal(hd_event_set_message(event, "m2", "agent", "b2"), HD_E_SENT);
    assert_full_event(event);
    hd_client_free(client);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p2", HD_TEXT_NUL), HD_E_SENT);
    assert_full_event(event);
    hd_event_free(event);
}

/* An event that hd_webhook_send() refused was not sent, and can be completed. */
static void test_refused_event_can_be_completed(void **state) {
    (void)state;
    hd_client *client = NULL;
    assert_int_equal(hd_client_new(NULL, &client), HD_OK);
    hd_event *event = page_event(HD_TICKET_CREATED);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_FIELD_MISSING);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK); /* it may be sent again */
    hd_event_free(event);
    hd_client_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_lengths_count_bytes),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_valid_utf8),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_ticket_number),
        cmocka_unit_test(test_timestamp),
        cmocka_unit_test(test_sender),
        cmocka_unit_test(test_first_wrong_field_is_named),
        cmocka_unit_test(test_setters_copy),
        cmocka_unit_test(test_setters_take_their_own_values),
        cmocka_unit_test(test_setting_again_replaces),
        cmocka_unit_test(test_texts_stay_where_they_are),
        cmocka_unit_test(test_size_is_that_of_the_last_texts),
        cmocka_unit_test(test_message_belongs_to_message_received),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_failed_setter_leaves_field_missing),
        cmocka_unit_test(test_new_event),
        cmocka_unit_test(test_types_refused),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_null_event),
        cmocka_unit_test(test_sent_event_cannot_be_changed),
        cmocka_unit_test(test_refused_event_can_be_completed),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
