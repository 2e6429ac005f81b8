/* SPDX-License-Identifier: MIT */
/** @file json_suite_test.c What JSONTestSuite says is JSON can stand in an event, under any key that is not documented;
 * what it says is not JSON can stand nowhere. */
#include "support/bodies.h"
#include "support/support.h"

#define TEXT_MAX 1024
#define COUNT_MIN 300

/* A text of the suite, in the events in which it is tried. */
static const char *const shapes[][2] = {
    {"{\"x\":", ",\"event\":\"ticket.created\",\"timestamp\":\"" PAGE_TIMESTAMP "\",\"data\":{\"ticket\":" PAGE_TICKET
                ",\"customer\":" PAGE_CUSTOMER "}}"},
    {"{\"event\":\"ticket.created\",\"timestamp\":\"" PAGE_TIMESTAMP "\",\"data\":{\"ticket\":" PAGE_TICKET
     ",\"customer\":" PAGE_CUSTOMER ",\"x\":{\"y\":",
     "}}}"},
};

static int parse_piece(const char *before, const char *text, size_t len, const char *after) {
    size_t first = strlen(before), last = strlen(after);
    char *body = must_malloc(first + len + last); /* of just that size, for the sanitizers */
    hd_event *event = NULL;
    memcpy(body, before, first);
    memcpy(body + first, text, len);
    memcpy(body + first + len, after, last);
    int status = hd_event_parse(body, first + len + last, &event);
    hd_event_free(event);
    free(body);
    return status;
}

static int is_refusal(int status) {
    return status == HD_E_JSON || status == HD_E_UTF8 || status == HD_E_JSON_DEPTH;
}

static void check(const char *name, const char *text, size_t len) {
    for (size_t i = 0; i < LENGTH_OF(shapes); i++) {
        int status = parse_piece(shapes[i][0], text, len, shapes[i][1]);
        int is_duplicate =
            strstr(name, "duplicated_key") != NULL; /* which RFC 8259 allows, and this library does not */
        if (*name == 'y' && status != (is_duplicate ? HD_E_JSON_DUPLICATE : HD_OK))
            fail_msg("%s: %s", name, hd_status_name(status));
        if (*name == 'n' && !is_refusal(status))
            fail_msg("%s: %s", name, hd_status_name(status));
    }
    int alone = parse_piece("", text, len, "");
    if (*name == 'n' && !is_refusal(alone))
        fail_msg("%s alone: %s", name, hd_status_name(alone));
    if (*name == 'y' && alone != HD_E_JSON_TYPE && alone != HD_E_JSON_KEY && alone != HD_E_JSON_DUPLICATE)
        fail_msg("%s alone: %s", name, hd_status_name(alone));
}

/* "NAME HEX". */
static void check_line(const char *line) {
    char name[128], text[TEXT_MAX] = {0};
    size_t len = 0;
    const char *hex = strchr(line, ' ');
    assert_non_null(hex);
    (void)snprintf(name, sizeof name, "%.*s", (int)(hex - line), line);
    for (unsigned byte; sscanf(hex + 1 + 2 * len, "%2x", &byte) == 1; len++) {
        assert_true(len < sizeof text);
        text[len] = (char)byte;
    }
    check(name, text, len);
}

static void test_texts_of_the_suite(void **state) {
    (void)state;
    char *file = file_text("tests/data/json_test_suite.txt"), *rest = NULL;
    int count = 0;
    for (char *line = strtok_r(file, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (*line == '#')
            continue;
        check_line(line);
        count++;
    }
    free(file);
    assert_true(count >= COUNT_MIN);
}

static void test_endless_nesting(void **state) {
    (void)state;
    char *arrays = repeated("[", 100000), *objects = repeated("[{\"\":", 50000);
    check("n_structure_100000_opening_arrays", arrays, strlen(arrays));
    check("n_structure_open_array_object", objects, strlen(objects));
    free(arrays);
    free(objects);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_the_suite),
        cmocka_unit_test(test_endless_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
