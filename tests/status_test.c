/* SPDX-License-Identifier: MIT */
/** @file status_test.c Every status and reason of the header has a name and a text; the header itself is the list. */
#include "support/bodies.h"

#define HEADER "include/helmdesk.h"
#define CODES_MAX 256

/** Enumerators of one prefix, as they stand in the header. */
typedef struct codes {
    struct {
        char name[64];
        int number;
    } at[CODES_MAX];
    size_t count;
} codes;

/** Reads each line of the header that is "    PREFIX... = number". */
static void read_codes(const char *prefix, codes *found) {
    char *header = file_text(HEADER);
    found->count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(header, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char name[64];
        char number[16];
        if (sscanf(line, " %63[A-Z0-9_] = %15[-0-9]", name, number) != 2 || strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        assert_true(found->count < CODES_MAX);
        memcpy(found->at[found->count].name, name, sizeof name);
        found->at[found->count].number = (int)strtol(number, NULL, 10);
        found->count++;
    }
    free(header);
}

/** Whether a text is a sentence for people: it begins with a capital, ends with a full stop, and fits on one line. */
static void assert_sentence(const char *text) {
    assert_non_null(text);
    size_t length = strlen(text);
    if (length < 10 || text[0] < 'A' || text[0] > 'Z' || text[length - 1] != '.' || strpbrk(text, "\r\n\t") != NULL)
        fail_msg("\"%s\" is no sentence", text);
}

/** Whether a text may stand behind "helmdesk: ": one line, without a full stop. */
static void assert_phrase(const char *text) {
    assert_non_null(text);
    size_t length = strlen(text);
    if (length < 5 || text[length - 1] == '.' || text[length - 1] == ' ' || text[0] == ' ' ||
        strpbrk(text, "\r\n\t") != NULL)
        fail_msg("\"%s\" cannot stand in a line", text);
}

/* hd_status_name() answers the very spelling of the header, and each text is one line of its own. */
static void test_every_status(void **state) {
    (void)state;
    static codes found;
    read_codes("HD_E_", &found);
    assert_true(found.count >= 55); /* those of 0.1.0; codes are only ever appended */
    for (size_t i = 0; i < found.count; i++) {
        int number = found.at[i].number;
        assert_string_equal(hd_status_name(number), found.at[i].name);
        assert_phrase(hd_strerror(number));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(hd_strerror(number), hd_strerror(found.at[j].number));
        assert_string_not_equal(hd_strerror(number), hd_strerror(HD_OK));
    }
}

/* The numbers count down from -1 without a gap, so that none was used twice or left out. */
static void test_status_numbers(void **state) {
    (void)state;
    static codes found;
    read_codes("HD_E_", &found);
    for (size_t i = 0; i < found.count; i++)
        assert_int_equal(found.at[i].number, -1 - (int)i);
}

/* Some numbers as programs have been compiled with them. */
static void test_status_numbers_are_frozen(void **state) {
    (void)state;
    assert_int_equal(HD_OK, 0);
    assert_int_equal(HD_E_INVALID, -1);
    assert_int_equal(HD_E_QUEUE_FULL, -4);
    assert_int_equal(HD_E_SECRET, -14);
    assert_int_equal(HD_E_SIGNATURE_MISMATCH, -16);
    assert_int_equal(HD_E_JSON, -33);
    assert_int_equal(HD_E_URL, -41);
    assert_int_equal(HD_E_CURSOR, -48);
    assert_int_equal(HD_E_EVENT_MISMATCH, -55);
}

/* Success has a name and a text too. */
static void test_ok(void **state) {
    (void)state;
    assert_string_equal(hd_status_name(HD_OK), "HD_OK");
    assert_phrase(hd_strerror(HD_OK));
}

/* Numbers that are no status are answered, and not with the name of one. */
static void test_unknown_status(void **state) {
    (void)state;
    static codes found;
    read_codes("HD_E_", &found);
    const int unknown[] = {1, 2, 100, -1 - (int)found.count, -1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(unknown); i++) {
        const char *name = hd_status_name(unknown[i]);
        assert_non_null(name);
        assert_true(*name != '\0');
        assert_phrase(hd_strerror(unknown[i]));
        assert_string_not_equal(name, "HD_OK");
        assert_string_not_equal(hd_strerror(unknown[i]), hd_strerror(HD_OK));
        for (size_t j = 0; j < found.count; j++) {
            assert_string_not_equal(name, found.at[j].name);
            assert_string_not_equal(hd_strerror(unknown[i]), hd_strerror(found.at[j].number));
        }
    }
}

/* A reason's name is its spelling in the header without HD_REASON_, in lower case; each text is a sentence of its own.
 */
static void test_every_reason(void **state) {
    (void)state;
    static codes found;
    read_codes("HD_REASON_", &found);
    assert_true(found.count >= 25);
    for (size_t i = 0; i < found.count; i++) {
        assert_int_equal(found.at[i].number, (int)i);
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%s", found.at[i].name + strlen("HD_REASON_"));
        for (char *c = expected; *c != '\0'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        assert_string_equal(hd_reason_name(found.at[i].number), expected);
        assert_sentence(hd_reason_text(found.at[i].number));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(hd_reason_text(found.at[i].number), hd_reason_text(found.at[j].number));
    }
    const int unknown[] = {-1, (int)found.count, 1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(unknown); i++) {
        assert_string_equal(hd_reason_name(unknown[i]), "unknown");
        assert_sentence(hd_reason_text(unknown[i]));
        for (size_t j = 0; j < found.count; j++)
            assert_string_not_equal(hd_reason_text(unknown[i]), hd_reason_text(found.at[j].number));
    }
}

/* The outcomes, by the names of the header. */
static void test_outcomes(void **state) {
    (void)state;
    static codes found;
    read_codes("HD_OUTCOME_", &found);
    assert_int_equal(found.count, 4);
    assert_string_equal(hd_outcome_name(HD_OUTCOME_DELIVERED), "delivered");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_FAILED), "failed");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_CANCELED), "canceled");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_RETRYING), "retrying");
    static const int unknown[] = {0, 5, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < LENGTH_OF(unknown); i++)
        assert_string_equal(hd_outcome_name(unknown[i]), "unknown");
}

/* The library that runs says which one it is, and it is the one of this header. */
static void test_version(void **state) {
    (void)state;
    char expected[32];
    (void)snprintf(expected, sizeof expected, "%d.%d.%d", HD_VERSION_MAJOR, HD_VERSION_MINOR, HD_VERSION_PATCH);
    assert_string_equal(hd_version(), expected);
    assert_true(hd_version_number() == HD_VERSION_MAJOR * 65536U + HD_VERSION_MINOR * 256U + HD_VERSION_PATCH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_status_numbers),
        cmocka_unit_test(test_status_numbers_are_frozen),
        cmocka_unit_test(test_ok),
        cmocka_unit_test(test_unknown_status),
        cmocka_unit_test(test_every_reason),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
