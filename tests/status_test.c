/* SPDX-License-Identifier: MIT */
/** @file status_test.c Every number of the public enums has a name, and those for people a text; the headers are the
 * list. */
#include "support/bodies.h"

#define CODES_MAX 256

/** Enumerators of one prefix, as they stand in the header. */
typedef struct codes {
    struct {
        char name[64];
        int number;
    } at[CODES_MAX];
    size_t count;
} codes;

/** Reads each line of a header that is "    PREFIX... = number". */
static void read_codes(const char *topic, const char *prefix, codes *found) {
    char path[64];
    (void)snprintf(path, sizeof path, "include/helmdesk/%s.h", topic);
    char *header = file_text(path);
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
    read_codes("base", "HD_E_", &found);
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
    read_codes("base", "HD_E_", &found);
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
    read_codes("base", "HD_E_", &found);
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

/** The functions that name a family of numbers. */
typedef struct family {
    const char *topic;
    const char *prefix;
    const char *(*name)(int number);
    int (*from_name)(const char *name);
    int (*count)(void);
    int first;
} family;

static const family families[] = {
    {"event", "HD_FIELD_", hd_field_name, hd_field_from_name, hd_field_count, HD_FIELD_PROJECT},
    {"event", "HD_FORMAT_", hd_format_name, hd_format_from_name, hd_format_count, HD_FORMAT_JSON},
    {"webhook", "HD_MODE_", hd_mode_name, hd_mode_from_name, hd_mode_count, HD_MODE_OFF},
    {"options", "HD_LEVEL_", hd_level_name, hd_level_from_name, hd_level_count, HD_LEVEL_ERROR},
    {"report", "HD_OUTCOME_", hd_outcome_name, hd_outcome_from_name, hd_outcome_count, HD_OUTCOME_DELIVERED},
    {"report", "HD_REASON_", hd_reason_name, hd_reason_from_name, hd_reason_count, HD_REASON_DELIVERED},
    {"job", "HD_SOURCE_", hd_job_source_name, hd_job_source_from_name, hd_job_source_count, HD_SOURCE_DELIVERIES},
    {"job", "HD_JOB_", hd_job_state_name, hd_job_state_from_name, hd_job_state_count, HD_JOB_PLANNED},
    {"job", "HD_COUNT_", hd_job_count_name, hd_job_count_from_name, hd_job_count_count, HD_COUNT_MATCHING},
    {"client", "HD_WEBHOOK_", hd_webhook_state_name, hd_webhook_state_from_name, hd_webhook_state_count,
     HD_WEBHOOK_ACTIVE},
    {"client", "HD_COUNTER_", hd_counter_name, hd_counter_from_name, hd_counter_count, HD_COUNTER_ACCEPTED},
};

/* A name is its spelling in the header without the prefix, in lower case, and leads back to its number. */
static void test_every_family(void **state) {
    (void)state;
    static codes found;
    for (size_t f = 0; f < LENGTH_OF(families); f++) {
        read_codes(families[f].topic, families[f].prefix, &found);
        assert_int_equal(found.count, families[f].count());
        for (size_t i = 0; i < found.count; i++) {
            assert_int_equal(found.at[i].number, families[f].first + (int)i);
            char expected[64];
            (void)snprintf(expected, sizeof expected, "%s", found.at[i].name + strlen(families[f].prefix));
            for (char *c = expected; *c != '\0'; c++)
                *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
            assert_string_equal(families[f].name(found.at[i].number), expected);
            assert_int_equal(families[f].from_name(expected), found.at[i].number);
        }
        const int unknown[] = {0,         -1,       families[f].first - 1, families[f].first + (int)found.count,
                               INT32_MAX, INT32_MIN};
        for (size_t i = 0; i < LENGTH_OF(unknown); i++)
            assert_string_equal(families[f].name(unknown[i]), "unknown");
        static const char *const strangers[] = {NULL, "", "unknown", "DELIVERED", " json"};
        for (size_t i = 0; i < LENGTH_OF(strangers); i++)
            assert_int_equal(families[f].from_name(strangers[i]), 0);
    }
}

/* No number is in two families, so that one of a wrong family is known for what it is. */
static void test_no_number_is_shared(void **state) {
    (void)state;
    static const char *const topics[] = {"event",  "receiver", "webhook", "options", "store",
                                         "report", "client",   "log",     "job",     "dashboard"};
    static codes found;
    static char taken[1024];
    memset(taken, 0, sizeof taken);
    for (size_t t = 0; t < LENGTH_OF(topics); t++) {
        read_codes(topics[t], "HD_", &found);
        assert_true(found.count > 0);
        for (size_t i = 0; i < found.count; i++) {
            int number = found.at[i].number;
            if (number < 0 || number >= (int)sizeof taken || taken[number])
                fail_msg("%s = %d", found.at[i].name, number);
            taken[number] = 1;
        }
    }
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, HD_MODE_ON), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_FORMAT_SLACK), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_OUTCOME_DELIVERED, 1), HD_E_EVENT_TYPE);
    hd_webhook_free(webhook);
}

/* Each reason has a sentence of its own. */
static void test_every_reason(void **state) {
    (void)state;
    static const int unknown[] = {0, -1, HD_REASON_DELIVERED - 1, 1000, INT32_MAX, INT32_MIN};
    for (int i = 0; i < hd_reason_count(); i++) {
        assert_sentence(hd_reason_text(HD_REASON_DELIVERED + i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(hd_reason_text(HD_REASON_DELIVERED + i), hd_reason_text(HD_REASON_DELIVERED + j));
        for (size_t j = 0; j < LENGTH_OF(unknown); j++)
            assert_string_not_equal(hd_reason_text(HD_REASON_DELIVERED + i), hd_reason_text(unknown[j]));
    }
    for (size_t j = 0; j < LENGTH_OF(unknown); j++)
        assert_sentence(hd_reason_text(unknown[j]));
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
        cmocka_unit_test(test_every_family),
        cmocka_unit_test(test_no_number_is_shared),
        cmocka_unit_test(test_every_reason),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
