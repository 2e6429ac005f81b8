/* SPDX-License-Identifier: MIT */
/** @file parse_test.c hd_event_parse(): bodies as documented are read, all others are answered, whatever they hold. */
#include "support/bodies.h"
#include "support/support.h"

#include <time.h>

#define BODY_MAX ((size_t)2097152)

/** Parses a copy in a block of exactly its size, so that a sanitizer sees a byte read too many. */
static int parse_bytes(const char *body, size_t length, hd_event **event) {
    char *copy = must_malloc(length == 0 ? 1 : length);
    memcpy(copy, body, length);
    int status = hd_event_parse(copy, length, event);
    memset(copy, '#', length == 0 ? 1 : length); /* the event must not point into it */
    free(copy);
    return status;
}

static hd_event *parsed(const char *body) {
    hd_event *event = NULL;
    int status = parse_bytes(body, strlen(body), &event);
    if (status != HD_OK)
        fail_msg("%s for %.300s", hd_status_name(status), body);
    assert_non_null(event);
    return event;
}

static void assert_refused_bytes(const char *body, size_t length, int expected) {
    hd_event *keep = page_event(HD_TICKET_CREATED);
    hd_event *event = keep;
    int status = parse_bytes(body, length, &event);
    if (status != expected)
        fail_msg("%s, not %s, for %.300s", hd_status_name(status), hd_status_name(expected), body);
    assert_null(event);
    hd_event_free(keep);
}

static void assert_refused(const char *body, int expected) {
    assert_refused_bytes(body, strlen(body), expected);
}

static void assert_same_text(const char *a, const char *b) {
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

/** All that a body tells is the same in both events. */
static void assert_same_event(const hd_event *a, const hd_event *b) {
    assert_int_equal(hd_event_type(a), hd_event_type(b));
    assert_same_text(hd_event_name(a), hd_event_name(b));
    assert_true(hd_event_timestamp_ms(a) == hd_event_timestamp_ms(b));
    assert_same_text(hd_event_get(a, HD_FIELD_TICKET_ID, NULL), hd_event_get(b, HD_FIELD_TICKET_ID, NULL));
    assert_true(hd_event_ticket_number(a) == hd_event_ticket_number(b));
    assert_same_text(hd_event_get(a, HD_FIELD_TICKET_SUBJECT, NULL), hd_event_get(b, HD_FIELD_TICKET_SUBJECT, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_TICKET_STATUS, NULL), hd_event_get(b, HD_FIELD_TICKET_STATUS, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_TICKET_PRIORITY, NULL), hd_event_get(b, HD_FIELD_TICKET_PRIORITY, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_CUSTOMER_EMAIL, NULL), hd_event_get(b, HD_FIELD_CUSTOMER_EMAIL, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_CUSTOMER_NAME, NULL), hd_event_get(b, HD_FIELD_CUSTOMER_NAME, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_MESSAGE_ID, NULL), hd_event_get(b, HD_FIELD_MESSAGE_ID, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_MESSAGE_SENDER, NULL), hd_event_get(b, HD_FIELD_MESSAGE_SENDER, NULL));
    assert_same_text(hd_event_get(a, HD_FIELD_MESSAGE_BODY, NULL), hd_event_get(b, HD_FIELD_MESSAGE_BODY, NULL));
}

/* What is rendered is read back with every field, and rendered again to the same bytes. */
static void test_round_trip(void **state) {
    (void)state;
    static const int types[] = {HD_TICKET_CREATED, HD_TICKET_RESOLVED, HD_MESSAGE_RECEIVED, HD_MESSAGE_RECEIVED};
    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        hd_event *event = page_event(types[i]);
        assert_int_equal(hd_event_set_timestamp_ms(event, INT64_C(253402300799999)), HD_OK);
        assert_int_equal(hd_event_set_ticket(event, "\"\\</", INT64_C(9007199254740991),
                                             "\x01\t\n\"\\/\x7F\xC2\x85\xE2\x80\xA8\xEF\xBF\xBF\xF0\x9F\x98\x80",
                                             "waiting-for_3", "p-1"),
                         HD_OK);
        assert_int_equal(hd_event_set_customer(event, "", "\xE6\x97\xA5\xE6\x9C\xAC"), HD_OK);
        if (i == 3)
            assert_int_equal(hd_event_set_message(event, "m", "agent", "a\r\nb"), HD_OK);
        char *body = rendered(event, HD_FORMAT_JSON);
        hd_event *again = parsed(body);
        assert_same_event(event, again);
        assert_null(hd_event_get(again, HD_FIELD_PROJECT, NULL));
        char *second = rendered(again, HD_FORMAT_JSON);
        assert_string_equal(body, second);
        free(second);
        free(body);
        hd_event_free(again);
        hd_event_free(event);
    }
}

/* The body on the product's page is read as it stands there, whitespace and all. */
static void test_page_body(void **state) {
    (void)state;
    char *page = file_text("tests/data/page_payload.json");
    hd_event *event = parsed(page);
    assert_int_equal(hd_event_type(event), HD_TICKET_CREATED);
    assert_string_equal(hd_event_name(event), "ticket.created");
    assert_true(hd_event_timestamp_ms(event) == PAGE_TIMESTAMP_MS);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "uuid");
    assert_true(hd_event_ticket_number(event) == 42);
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), "Can't reset password");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "open");
    assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "high");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "user@example.com");
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "Jane Smith");
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL));
    assert_null(hd_event_get(event, HD_FIELD_PROJECT, NULL));
    hd_event_free(event);
    free(page);
}

/* Keys may stand in any order, and those of tomorrow are ignored, at every level. */
static void test_order_and_unknown_keys(void **state) {
    (void)state;
    hd_event *expected = page_event(HD_TICKET_CREATED);
    static const char *const bodies[] = {
        "{\"data\":{\"customer\":{\"name\":\"Jane "
        "Smith\",\"email\":\"user@example.com\"},\"ticket\":{\"priority\":\"high\","
        "\"status\":\"open\",\"subject\":\"Can't reset password\",\"number\":42,\"id\":\"uuid\"}},"
        "\"timestamp\":\"" PAGE_TIMESTAMP "\",\"event\":\"ticket.created\"}",
        "{\"v\":1,\"event\":\"ticket.created\",\"x\":null,\"timestamp\":\"" PAGE_TIMESTAMP
        "\",\"data\":{\"y\":[{},[],1.5],"
        "\"ticket\":{\"id\":\"uuid\",\"number\":42,\"subject\":\"Can't reset "
        "password\",\"status\":\"open\",\"priority\":"
        "\"high\",\"tags\":[\"a\"],\"Status\":7},\"customer\":{\"email\":\"user@example.com\",\"name\":\"Jane Smith\","
        "\"plan\":{\"id\":3}}},\"event \":3,\"\":0}",
        "\t\r\n {\"event\" : \"ticket\\u002ecreated\",\"time\\u0073tamp\":\"" PAGE_TIMESTAMP
        "\",\"data\":{\"ticket\":" PAGE_TICKET ",\"customer\":" PAGE_CUSTOMER "}} \r\n\t",
    };
    for (size_t i = 0; i < LENGTH_OF(bodies); i++) {
        hd_event *event = parsed(bodies[i]);
        assert_same_event(event, expected);
        hd_event_free(event);
    }
    hd_event_free(expected);
}

/* An event type of tomorrow is an event of unknown type with its name, and can be passed on as JSON. */
static void test_unknown_event_name(void **state) {
    (void)state;
    static const char *const names[] = {"ticket.deleted", "Ticket.created", "ticket.created ", "", "\xE2\x98\x83"};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        char *body = replaced(PAGE_BODY, "ticket.created", names[i]);
        hd_event *event = parsed(body);
        assert_int_equal(hd_event_type(event), HD_EVENT_UNKNOWN);
        assert_string_equal(hd_event_name(event), names[i]);
        assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "uuid");
        char *again = rendered(event, HD_FORMAT_JSON);
        assert_string_equal(again, body);
        size_t length = 123;
        assert_int_equal(hd_event_render(event, HD_FORMAT_SLACK, NULL, 0, &length), HD_E_EVENT_TYPE);
        assert_int_equal(length, 123);
        free(again);
        free(body);
        hd_event_free(event);
    }
}

/* What is newer than this library may be about something else than a ticket of a customer. */
/* With what the library does not know, and the blanks: an event that is newer than the library is usable. */
static void test_body_as_received(void **state) {
    (void)state;
    static const char body[] = " {\"event\":\"agent.away\", \"timestamp\":\"2025-01-15T10:30:00.000Z\",\n"
                               "\"data\":{\"agent\":\"\\ud83d\",\"number\":1e999}} ";
    size_t length = 99;
    hd_event *event = parsed(body);
    assert_int_equal(hd_event_type(event), HD_EVENT_UNKNOWN);
    const char *json = hd_event_json(event, &length);
    assert_string_equal(json, body);
    assert_int_equal(length, strlen(body));
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_ptr_equal(hd_event_json(event, NULL), json);
    hd_event_free(event);
    assert_int_equal(hd_event_new(HD_TICKET_CREATED, &event), HD_OK);
    assert_null(hd_event_json(event, &length));
    assert_int_equal(length, 0);
    hd_event_free(event);
    assert_null(hd_event_json(NULL, &length));
}

static void test_unknown_event_without_ticket(void **state) {
    (void)state;
    hd_event *event = parsed("{\"event\":\"customer.created\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{"
                             "\"customer\":{\"email\":\"user@example.com\",\"name\":\"Jane Smith\"}}}");
    assert_int_equal(hd_event_type(event), HD_EVENT_UNKNOWN);
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "user@example.com");
    assert_null(hd_event_get(event, HD_FIELD_TICKET_ID, NULL));
    assert_null(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL));
    hd_event_free(event);
    event = parsed("{\"event\":\"a.b\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{}}");
    assert_string_equal(hd_event_name(event), "a.b");
    hd_event_free(event);
    static const char *const wrong[] = {"{\"ticket\":1}", "{\"customer\":{}}", "1"};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        char body[256];
        (void)snprintf(body, sizeof body, "{\"event\":\"a.b\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":%s}",
                       wrong[i]);
        int status = parse_bytes(body, strlen(body), &event);
        assert_true(status == HD_E_JSON_TYPE || status == HD_E_JSON_KEY);
    }
}

/* A message belongs to message.received and is optional there; elsewhere the key is one of tomorrow's. */
static void test_message(void **state) {
    (void)state;
    hd_event *event = parsed(MESSAGE_BODY);
    assert_int_equal(hd_event_type(event), HD_MESSAGE_RECEIVED);
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL), "msg-1");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL), "customer");
    assert_string_equal(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL), "It works again.");
    hd_event_free(event);
    event = parsed(PAGE_BODY_OF("message.received"));
    assert_int_equal(hd_event_type(event), HD_MESSAGE_RECEIVED);
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL));
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_SENDER, NULL));
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL));
    hd_event_free(event);
    char *elsewhere = replaced(MESSAGE_BODY, MESSAGE_MEMBER, "\"message\":\"tomorrow's\"");
    char *created = replaced(elsewhere, "message.received", "ticket.created");
    event = parsed(created);
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL));
    hd_event_free(event);
    free(created);
    free(elsewhere);
}

/* Each documented key, as it stands in MESSAGE_BODY. */
static const struct {
    const char *member;
    const char *key;
    char type; /* 's'tring, 'n'umber, 'o'bject */
} members[] = {
    {"\"event\":\"message.received\"", "event", 's'},
    {"\"timestamp\":\"" PAGE_TIMESTAMP "\"", "timestamp", 's'},
    {"\"data\":{\"ticket\":" PAGE_TICKET ",\"customer\":" PAGE_CUSTOMER "," MESSAGE_MEMBER "}", "data", 'o'},
    {"\"ticket\":" PAGE_TICKET, "ticket", 'o'},
    {"\"id\":\"uuid\"", "id", 's'},
    {"\"number\":42", "number", 'n'},
    {"\"subject\":\"Can't reset password\"", "subject", 's'},
    {"\"status\":\"open\"", "status", 's'},
    {"\"priority\":\"high\"", "priority", 's'},
    {"\"customer\":" PAGE_CUSTOMER, "customer", 'o'},
    {"\"email\":\"user@example.com\"", "email", 's'},
    {"\"name\":\"Jane Smith\"", "name", 's'},
    {"\"id\":\"msg-1\"", "id", 's'},
    {"\"sender\":\"customer\"", "sender", 's'},
    {"\"body\":\"It works again.\"", "body", 's'},
};

/* A documented key that is missing, or has another name, is named as such: no field is ever made up. */
static void test_missing_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        char *body = replaced(MESSAGE_BODY, members[i].member, "\"x\":0");
        assert_refused(body, HD_E_JSON_KEY);
        free(body);
    }
    assert_refused("{}", HD_E_JSON_KEY);
    char *upper = replaced(PAGE_BODY, "\"subject\"", "\"Subject\"");
    assert_refused(upper, HD_E_JSON_KEY);
    free(upper);
}

/* A documented key with a value of another type is refused, null included: nothing is converted. */
static void test_wrong_types(void **state) {
    (void)state;
    static const struct {
        const char *value;
        char type;
    } values[] = {
        {"null", 0}, {"true", 0}, {"false", 0},    {"[]", 0},     {"[\"a\"]", 0}, {"1.5", 0},  {"42.0", 0},
        {"1e2", 0},  {"-0.0", 0}, {"\"42\"", 's'}, {"\"\"", 's'}, {"42", 'n'},    {"{}", 'o'},
    };
    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        for (size_t j = 0; j < LENGTH_OF(values); j++) {
            if (values[j].type == members[i].type)
                continue;
            char member[64];
            (void)snprintf(member, sizeof member, "\"%s\":%s", members[i].key, values[j].value);
            char *body = replaced(MESSAGE_BODY, members[i].member, member);
            assert_refused(body, HD_E_JSON_TYPE);
            free(body);
        }
    }
    char *message = replaced(MESSAGE_BODY, MESSAGE_MEMBER, "\"message\":null");
    assert_refused(message, HD_E_JSON_TYPE);
    free(message);
    assert_refused("[]", HD_E_JSON_TYPE);
    assert_refused("[" PAGE_BODY "]", HD_E_JSON_TYPE);
}

/* A key that stands twice is refused at every level, also when one is written with an escape: readers would differ. */
static void test_duplicate_keys(void **state) {
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"\"event\":\"ticket.created\"", "\"event\":\"ticket.created\",\"event\":\"ticket.resolved\""},
        {"\"event\":\"ticket.created\"", "\"event\":\"ticket.created\",\"\\u0065vent\":\"ticket.created\""},
        {"\"timestamp\"", "\"timest\\u0061mp\":\"\",\"timestamp\""},
        {"\"number\":42", "\"number\":42,\"number\":42"},
        {"\"name\":\"Jane Smith\"", "\"name\":\"Jane Smith\",\"n\\u0061me\":\"Jane Smith\""},
        {"\"data\":{", "\"x\":[{\"a\":1,\"\\u0061\":2}],\"data\":{"},
        {"\"data\":{", "\"data\":{},\"data\":{"},
        {"\"data\":{", "\"\":0,\"\":0,\"data\":{"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char *body = replaced(PAGE_BODY, cases[i].from, cases[i].to);
        assert_refused(body, HD_E_JSON_DUPLICATE);
        free(body);
    }
}

/** The page's body with one more key, whose value lies so deep that the whole body has this many levels. */
static char *nested(size_t levels, const char *open, const char *close) {
    char *opened = repeated(open, levels - 1);
    char *closed = repeated(close, levels - 1);
    size_t size = strlen(opened) + strlen(closed) + 64;
    char *member = must_malloc(size);
    (void)snprintf(member, size, "\"x\":%s%s%s,\"data\":{", opened, *open == '[' ? "" : "1", closed);
    char *body = replaced(PAGE_BODY, "\"data\":{", member);
    free(member);
    free(opened);
    free(closed);
    return body;
}

/* 32 levels are read, 33 are not, of arrays and of objects. */
static void test_depth(void **state) {
    (void)state;
    static const char *const brackets[][2] = {{"[", "]"}, {"{\"x\":", "}"}};
    for (size_t i = 0; i < LENGTH_OF(brackets); i++) {
        char *most = nested(32, brackets[i][0], brackets[i][1]);
        char *more = nested(33, brackets[i][0], brackets[i][1]);
        hd_event_free(parsed(most));
        assert_refused(more, HD_E_JSON_DEPTH);
        free(most);
        free(more);
    }
}

/* Depth is how deep it is, not how many brackets there are, and brackets in strings are text. */
static void test_depth_counts_levels_only(void **state) {
    (void)state;
    static const char *const values[] = {
        "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
        "\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
        "\"\\\\\",\"y\":\"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{\"",
        "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]",
    };
    for (size_t i = 0; i < LENGTH_OF(values); i++) {
        char member[256];
        (void)snprintf(member, sizeof member, "\"x\":%s,\"data\":{", values[i]);
        char *body = replaced(PAGE_BODY, "\"data\":{", member);
        hd_event_free(parsed(body));
        free(body);
    }
    /* A string that ends where it does not seem to: the brackets behind \\" do count. */
    char *deep = repeated("[", 40);
    char *body = must_malloc(128);
    (void)snprintf(body, 128, "{\"x\":\"\\\\\",\"y\":%s", deep);
    assert_refused(body, HD_E_JSON_DEPTH);
    free(body);
    free(deep);
}

/* A million brackets are answered at once, without a stack that grows with them. */
static void test_a_million_brackets(void **state) {
    (void)state;
    static const char *const texts[] = {"[", "{\"a\":", "[{\"\":"};
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        char *body = repeated(texts[i], 1000000 / strlen(texts[i]));
        int64_t before = now_ms();
        assert_refused(body, HD_E_JSON_DEPTH);
        assert_true(now_ms() - before < 1000);
        free(body);
    }
    /* Many at one level are no depth: refused for what they are. */
    char *closing = repeated("]", 1000000);
    assert_refused(closing, HD_E_JSON);
    free(closing);
}

/* A body that is not UTF-8 is refused, wherever the bad bytes are. */
static void test_invalid_utf8(void **state) {
    (void)state;
    static const char *const places[] = {"Jane Smith", "ticket.created", "\"subject\"", "{\"event\""};
    static const char *const forms[] = {"%s", "%s", "\"%s\":0,\"subject\"", "%s{\"event\""};
    for (size_t i = 0; i < LENGTH_OF(places); i++) {
        for (size_t j = 0; j < LENGTH_OF(invalid_utf8); j++) {
            char text[64];
            const char *at = strstr(forms[i], "%s");
            (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - forms[i]), forms[i], invalid_utf8[j], at + 2);
            char *body = replaced(PAGE_BODY, places[i], text);
            assert_refused(body, HD_E_UTF8);
            free(body);
        }
    }
    /* A character that the end of the body cuts. */
    assert_refused("{\"event\":\"\xF0\x9F\x98", HD_E_UTF8);
    assert_refused("\xC3", HD_E_UTF8);
}

/* What is not JSON as RFC 8259 has it is refused, whatever some readers would let pass. */
static void test_not_json(void **state) {
    (void)state;
    static const char *const bodies[] = {
        " ",
        "\xEF\xBB\xBF" PAGE_BODY,
        PAGE_BODY "x",
        PAGE_BODY PAGE_BODY,
        PAGE_BODY ",",
        PAGE_BODY "}",
        "{",
        "}",
        "[",
        "{]",
        "NaN",
        "{\"x\":NaN}",
        "{\"x\":Infinity}",
        "{\"x\":-Infinity}",
        "{\"x\":01}",
        "{\"x\":+1}",
        "{\"x\":.5}",
        "{\"x\":1.}",
        "{\"x\":0x10}",
        "{\"x\":True}",
        "{\"x\":1,}",
        "{\"x\":[1,]}",
        "{,}",
        "{x:1}",
        "{'x':1}",
        "{\"x\" 1}",
        "{\"x\":1 \"y\":2}",
        "{\"x\":\"a\nb\"}",
        "{\"x\":\"a\tb\"}",
        "{\"x\":\"\x01\"}",
        "{\"x\":\"\\x41\"}",
        "{\"x\":\"\\u12\"}",
        "{\"x\":\"\\u00zz\"}",
        "{\"x\":\"open",
        "{\"x\":\"open\\",
        "// comment\n" PAGE_BODY,
        "/* comment */" PAGE_BODY,
        "{\"x\":1 /* comment */}",
        "# comment\n" PAGE_BODY,
        "\x0B" PAGE_BODY,
        "\xC2\xA0" PAGE_BODY,
        "event=ticket.created",
        "<html></html>",
    };
    for (size_t i = 0; i < LENGTH_OF(bodies); i++)
        assert_refused(bodies[i], HD_E_JSON);
    static const char with_nul[] = PAGE_BODY "\0";
    assert_refused_bytes(with_nul, sizeof with_nul - 1, HD_E_JSON);
    assert_refused_bytes("\0", 1, HD_E_JSON);
    assert_refused_bytes("{\"x\":\"a\0b\"}", 11, HD_E_JSON);
    assert_refused_bytes("{\"x\":1\0}", 8, HD_E_JSON);
}

/* RFC 8259 section 2: any value is a JSON text. */
static void test_no_object(void **state) {
    (void)state;
    static const char *const bodies[] = {"null", "42", "\"text\"", "[]", " true "};
    for (size_t i = 0; i < LENGTH_OF(bodies); i++)
        assert_refused(bodies[i], HD_E_JSON_TYPE);
}

/* A key that the library does not know may have any value that JSON has. */
static void test_any_value_of_unknown_keys(void **state) {
    (void)state;
    static const char *const unknown[] = {
        "\"x\":1e400",
        "\"x\":-1.5E+999",
        "\"x\":0.1e1",
        "\"x\":-0",
        "\"x\":\"\\u0000\"",
        "\"\\u0000\":1",
        "\"x\":\"\\ud83d\"",
        "\"x\":\"\\uDE00x\"",
        "\"x\":\"\\ud800\\u0041\"",
        "\"x\":\"\\ud83d\\ud83d\\ude00\"",
        "\"x\":\"a\\\\u0000\"",
        "\"\\ud800\":[1e999,{}]",
    };
    for (size_t i = 0; i < LENGTH_OF(unknown); i++) {
        char member[80];
        (void)snprintf(member, sizeof member, "%s,\"data\":{", unknown[i]);
        char *body = replaced(PAGE_BODY, "\"data\":{", member);
        hd_event_free(parsed(body));
        free(body);
    }
}

/* What is no character in a text that is read becomes U+FFFD; what is one stays. */
static void test_no_characters(void **state) {
    (void)state;
    static const char *const subjects[][2] = {
        {"Great \\ud83d", "Great \xEF\xBF\xBD"},
        {"\\ude00\\ud83d", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\\ud83d\\u0041", "\xEF\xBF\xBD"
                           "A"},
        {"\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"\\uD83D\\uDE00", "\xF0\x9F\x98\x80"},
        {"a\\u0000b", "a\xEF\xBF\xBD"
                      "b"},
        {"\\\\u0000\\\\ud83d", "\\u0000\\ud83d"},
        {"1e400 18446744073709551616", "1e400 18446744073709551616"},
        {"\\\"1e400", "\"1e400"},
    };
    for (size_t i = 0; i < LENGTH_OF(subjects); i++) {
        char *body = replaced(PAGE_BODY, "Can't reset password", subjects[i][0]);
        hd_event *event = parsed(body);
        assert_string_equal(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), subjects[i][1]);
        hd_event_free(event);
        free(body);
    }
}

/* Nothing at all is not JSON; where nothing lies does not matter. */
static void test_empty_body(void **state) {
    (void)state;
    assert_refused_bytes("", 0, HD_E_JSON);
    hd_event *event = NULL;
    assert_int_equal(hd_event_parse(NULL, 0, &event), HD_E_JSON);
    assert_null(event);
}

/* Integers that 64 bits cannot hold are refused and never wrapped, under any key; the largest ones are read. */
static void test_large_integers(void **state) {
    (void)state;
    static const struct {
        const char *number;
        int status; /* as the number of a ticket */
    } cases[] = {
        {"9223372036854775807", HD_OK},
        {"-9223372036854775808", HD_OK},
        {"9223372036854775808", HD_E_JSON_TYPE},
        {"-9223372036854775809", HD_E_JSON_TYPE},
        {"18446744073709551658", HD_E_JSON_TYPE},
        {"100000000000000000000000000000000000000042", HD_E_JSON_TYPE},
        {"42.0", HD_E_JSON_TYPE},
        {"4.2e1", HD_E_JSON_TYPE},
        {"1e1", HD_E_JSON_TYPE},
        {"-0", HD_OK},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char member[80];
        (void)snprintf(member, sizeof member, "\"x\":%s,\"data\":{", cases[i].number);
        char *body = replaced(PAGE_BODY, "\"data\":{", member);
        hd_event_free(parsed(body));
        free(body);
        (void)snprintf(member, sizeof member, "\"number\":%s", cases[i].number);
        body = replaced(PAGE_BODY, "\"number\":42", member);
        if (cases[i].status == HD_OK)
            hd_event_free(parsed(body));
        else
            assert_refused(body, cases[i].status);
        free(body);
    }
    char *largest = replaced(PAGE_BODY, "\"number\":42", "\"number\":9007199254740991");
    hd_event *event = parsed(largest);
    assert_true(hd_event_ticket_number(event) == INT64_C(9007199254740991));
    hd_event_free(event);
    free(largest);
}

/* 2,097,152 bytes are read, one more is refused without a look at them. */
static void test_body_size(void **state) {
    (void)state;
    char *body = must_malloc(BODY_MAX + 1);
    size_t length = strlen(PAGE_BODY);
    memcpy(body, PAGE_BODY, length);
    memset(body + length, ' ', BODY_MAX + 1 - length);
    hd_event *event = NULL;
    assert_int_equal(parse_bytes(body, BODY_MAX, &event), HD_OK);
    assert_int_equal(hd_event_type(event), HD_TICKET_CREATED);
    hd_event_free(event);
    assert_int_equal(parse_bytes(body, BODY_MAX + 1, &event), HD_E_TOO_LARGE);
    assert_null(event);
    assert_int_equal(hd_event_parse(body, SIZE_MAX, &event), HD_E_TOO_LARGE);
    assert_null(event);
    free(body);
}

/* A large subject, and as many keys as fit, are read in good time. */
/* Whatever the setters take, the library reads: also if each byte of it is written as \\u001B. */
static void test_largest_event(void **state) {
    (void)state;
    static const char *const units[] = {"x", "\"", "\n", "\x1B"};
    for (size_t i = 0; i < LENGTH_OF(units); i++) {
        char *subject = repeated(units[i], 65536), *message = repeated(units[i], 262144),
             *name = repeated(units[i], 1024);
        hd_event *event = page_event(HD_MESSAGE_RECEIVED);
        assert_int_equal(hd_event_set_ticket(event, "i", 1, subject, "open", "high"), HD_OK);
        assert_int_equal(hd_event_set_customer(event, "user@example.com", name), HD_OK);
        assert_int_equal(hd_event_set_message(event, "m", "agent", message), HD_OK);
        char *body = rendered(event, HD_FORMAT_JSON);
        hd_event *again = parsed(body);
        assert_same_event(event, again);
        hd_event_free(again);
        hd_event_free(event);
        free(body);
        free(name);
        free(message);
        free(subject);
    }
}

static void test_large_bodies(void **state) {
    (void)state;
    char *subject = repeated("\xF0\x9F\x98\x80", 250000);
    char *body = replaced(PAGE_BODY, "Can't reset password", subject);
    hd_event *event = parsed(body);
    assert_true(strcmp(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL), subject) == 0);
    hd_event_free(event);
    free(body);
    free(subject);
    char *keys = must_malloc(BODY_MAX);
    size_t at = 0;
    for (int i = 0; i < 80000; i++)
        at += (size_t)snprintf(keys + at, BODY_MAX - at, "\"%d\":%d,", i, i % 10);
    (void)snprintf(keys + at, BODY_MAX - at, "\"data\":{");
    body = replaced(PAGE_BODY, "\"data\":{", keys);
    hd_event_free(parsed(body));
    free(body);
    free(keys);
}

/* Timestamps are read in the documented form only, and only if there is such a time. */
static void test_timestamps(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1 if it is refused */
    } cases[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"2000-02-29T00:00:00.000Z", INT64_C(951782400000)},
        {"2024-02-29T12:34:56.100Z", INT64_C(1709210096100)},
        {"2100-03-01T00:00:00.000Z", INT64_C(4107542400000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"", -1},
        {"2025", -1},
        {"2025-01-15", -1},
        {"2025-01-15T10:30:00", -1},
        {"2025-01-15T10:30:00Z", -1},
        {"2025-01-15T10:30:00.0Z", -1},
        {"2025-01-15T10:30:00.000", -1},
        {"2025-01-15T10:30:00.0000Z", -1},
        {"2025-01-15T10:30:00.000z", -1},
        {"2025-01-15t10:30:00.000Z", -1},
        {"2025-01-15 10:30:00.000Z", -1},
        {"2025-01-15T10:30:00,000Z", -1},
        {"2025-01-15T10:30:00.000+00:00", -1},
        {"2025-01-15T10:30:00.000ZZ", -1},
        {" 2025-01-15T10:30:00.000Z", -1},
        {"2025-01-15T10:30:00.000Z ", -1},
        {"2025-00-15T10:30:00.000Z", -1},
        {"2025-13-15T10:30:00.000Z", -1},
        {"2025-01-00T10:30:00.000Z", -1},
        {"2025-01-32T10:30:00.000Z", -1},
        {"2025-04-31T10:30:00.000Z", -1},
        {"2025-02-29T10:30:00.000Z", -1},
        {"2024-02-30T10:30:00.000Z", -1},
        {"2100-02-29T10:30:00.000Z", -1},
        {"2025-01-15T24:00:00.000Z", -1},
        {"2025-01-15T10:60:00.000Z", -1},
        {"2025-01-15T10:30:60.000Z", -1},
        {"1969-12-31T23:59:59.999Z", -1},
        {"0000-01-01T00:00:00.000Z", -1},
        {"-025-01-15T10:30:00.000Z", -1},
        {"+025-01-15T10:30:00.000Z", -1},
        {"10000-01-01T00:00:00.000Z", -1},
        {"2025-01-15T10:30: 0.000Z", -1},
        {"2025-01-15T10:30:00.-01Z", -1},
        {"2025-0a-15T10:30:00.000Z", -1},
        {"1736937000000", -1},
        {"\xD9\xA2\xD9\xA0\xD9\xA2\xD9\xA5-01-15T10:30:00.000Z", -1},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char *body = replaced(PAGE_BODY, PAGE_TIMESTAMP, cases[i].text);
        if (cases[i].ms < 0) {
            assert_refused(body, HD_E_TIMESTAMP);
        } else {
            hd_event *event = parsed(body);
            assert_true(hd_event_timestamp_ms(event) == cases[i].ms);
            hd_event_free(event);
        }
        free(body);
    }
}

/* Wrong arguments are answered, not followed. */
static void test_invalid_arguments(void **state) {
    (void)state;
    assert_int_equal(hd_event_parse(PAGE_BODY, strlen(PAGE_BODY), NULL), HD_E_INVALID);
    hd_event *keep = page_event(HD_TICKET_CREATED);
    hd_event *event = keep;
    assert_int_equal(hd_event_parse(NULL, 10, &event), HD_E_INVALID);
    assert_null(event);
    hd_event_free(keep);
}

/* A parsed event is an event of the caller's: it can be completed. */
static void test_parsed_event_can_be_changed(void **state) {
    (void)state;
    hd_event *event = parsed(PAGE_BODY);
    assert_string_equal(hd_event_missing(event), "project");
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_null(hd_event_missing(event));
    assert_int_equal(hd_event_set_customer(event, "e", "n"), HD_OK);
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL), "n");
    hd_event_free(event);
}

/** Changes length bytes of body, in a buffer of room bytes, in one of several ways; returns the new length. */
static size_t mutate(uint64_t *random, char *body, size_t length, size_t room) {
    static const char *const pieces[] = {
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "true",
        "-",
        "0",
        "1e9",
        ".",
        "\\u0000",
        "\\ud83d",
        "\\ude00",
        "\xEF\xBB\xBF",
        "\xF0\x9F\x98\x80",
        "\xC3",
        "\x80",
        "\xFF",
        "\n",
        "\"event\":",
        "\"x\":{",
        "9223372036854775807",
    };
    size_t at = length == 0 ? 0 : random_below(random, length);
    size_t count = 1 + random_below(random, 8);
    switch (random_below(random, 6)) {
    case 0: /* flip a bit */
        if (length > 0)
            body[at] = (char)(body[at] ^ (1 << random_below(random, 8)));
        return length;
    case 1: /* any byte */
        if (length > 0)
            body[at] = (char)random_below(random, 256);
        return length;
    case 2: { /* insert what JSON readers stumble over */
        const char *piece = pieces[random_below(random, LENGTH_OF(pieces))];
        size_t size = strlen(piece);
        if (length + size > room)
            return length;
        memmove(body + at + size, body + at, length - at);
        memcpy(body + at, piece, size);
        return length + size;
    }
    case 3: /* delete some bytes */
        if (count > length - at)
            count = length - at;
        memmove(body + at, body + at + count, length - at - count);
        return length - count;
    case 4: /* repeat some bytes */
        if (count > length - at || length + count > room)
            return length;
        memmove(body + at + count, body + at, length - at);
        return length + count;
    default: /* cut the end, seldom */
        return random_below(random, 8) == 0 ? at : length;
    }
}

/* Valid bodies with random damage: each is read or refused with a documented status; what is read can be rendered, and
 * read again as the same event. */
static void test_mutated_bodies(void **state) {
    (void)state;
    static const char *const seeds[] = {PAGE_BODY, PAGE_BODY_OF("ticket.resolved"), MESSAGE_BODY};
    static const int documented[] = {HD_OK,         HD_E_UTF8,      HD_E_JSON,     HD_E_JSON_DEPTH, HD_E_JSON_DUPLICATE,
                                     HD_E_JSON_KEY, HD_E_JSON_TYPE, HD_E_TIMESTAMP};
    size_t seen[LENGTH_OF(documented)] = {0};
    uint64_t random = 20250115;
    for (size_t i = 0; i < 20000; i++) {
        char body[1024];
        size_t length = strlen(seeds[i % LENGTH_OF(seeds)]);
        memcpy(body, seeds[i % LENGTH_OF(seeds)], length);
        for (size_t changes = 1 + random_below(&random, 4); changes > 0; changes--)
            length = mutate(&random, body, length, sizeof body);
        hd_event *event = NULL;
        int status = parse_bytes(body, length, &event);
        size_t which = 0;
        while (which < LENGTH_OF(documented) && documented[which] != status)
            which++;
        if (which == LENGTH_OF(documented)) {
            fail_msg("round %zu: %s for %.*s", i, hd_status_name(status), (int)length, body);
            return;
        }
        seen[which]++;
        assert_int_equal(event != NULL, status == HD_OK);
        if (event != NULL && hd_event_type(event) == HD_EVENT_UNKNOWN &&
            (!hd_event_get(event, HD_FIELD_TICKET_ID, NULL) || !hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL))) {
            assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, NULL, 0, NULL), HD_E_FIELD_MISSING);
        } else if (event != NULL) {
            char *again = rendered(event, HD_FORMAT_JSON);
            hd_event *second = parsed(again);
            assert_same_event(event, second);
            if (hd_event_type(event) != HD_EVENT_UNKNOWN)
                free(rendered(event, HD_FORMAT_SLACK));
            hd_event_free(second);
            free(again);
        }
        hd_event_free(event);
    }
    /* The damage was neither too small nor too great to say anything. */
    for (size_t i = 0; i < LENGTH_OF(documented); i++)
        if (seen[i] == 0 && documented[i] != HD_E_JSON_DEPTH)
            fail_msg("no body was answered with %s", hd_status_name(documented[i]));
}

/* Every beginning of a valid body that is not the whole is refused, and nothing behind its end is read. */
static void test_truncated_bodies(void **state) {
    (void)state;
    for (size_t length = 0; length < strlen(MESSAGE_BODY); length++)
        assert_refused_bytes(MESSAGE_BODY, length, HD_E_JSON);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_page_body),
        cmocka_unit_test(test_order_and_unknown_keys),
        cmocka_unit_test(test_unknown_event_name),
        cmocka_unit_test(test_body_as_received),
        cmocka_unit_test(test_unknown_event_without_ticket),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_missing_keys),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_depth_counts_levels_only),
        cmocka_unit_test(test_a_million_brackets),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_no_object),
        cmocka_unit_test(test_any_value_of_unknown_keys),
        cmocka_unit_test(test_no_characters),
        cmocka_unit_test(test_empty_body),
        cmocka_unit_test(test_large_integers),
        cmocka_unit_test(test_body_size),
        cmocka_unit_test(test_largest_event),
        cmocka_unit_test(test_large_bodies),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_invalid_arguments),
        cmocka_unit_test(test_parsed_event_can_be_changed),
        cmocka_unit_test(test_mutated_bodies),
        cmocka_unit_test(test_truncated_bodies),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
