/* SPDX-License-Identifier: MIT */
/** @file json_forms_test.c Reports, webhooks, statistics and jobs as JSON: the text is JSON whatever the bytes of
 * others are, every size of buffer is respected, and no secret is in it. What the page and the tool make of it is in
 * json_forms_test.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "endpoint/webhook.h"
#include "store/job.h"
#include "store/report.h"
#include "store/stats.h"
#include "support/support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "a secret of sixteen bytes"
#define SLACK_URL "https://hooks.slack.com/services/T00/B00/XXXXsecret"

/* ---- Ways to write ---- */

static int write_report(const void *object, int flags, char *buf, size_t size, size_t *length) {
    return hd_report_json(object, flags, buf, size, length);
}

static int write_webhook(const void *object, int flags, char *buf, size_t size, size_t *length) {
    return hd_webhook_json(object, flags, buf, size, length);
}

static int write_stats(const void *object, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_log_stats_json(object, buf, size, length);
}

static int write_job(const void *object, int flags, char *buf, size_t size, size_t *length) {
    (void)flags;
    return hd_job_json(object, buf, size, length);
}

typedef int writer(const void *object, int flags, char *buf, size_t size, size_t *length);

/* The text, to be freed, in memory of just its size. Buffers of every smaller size are left as they say. */
static char *text_of(writer *write, const void *object, int flags) {
    size_t length = 0, again = 0;
    assert_int_equal(write(object, flags, NULL, 0, &length), HD_E_BUFFER);
    assert_true(length > 2);
    for (size_t size = 1; size <= length; size += size < length - 3 ? 97 : 1) {
        char *small = malloc(size);
        assert_non_null(small);
        assert_int_equal(write(object, flags, small, size, &again), HD_E_BUFFER);
        assert_int_equal(again, length);
        assert_string_equal(small, "");
        free(small);
    }
    char *text = malloc(length + 1);
    assert_non_null(text);
    assert_int_equal(write(object, flags, text, length + 1, NULL), HD_OK);
    assert_int_equal(strlen(text), length);
    return text;
}

static json_t *read_back(char *text) {
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    assert_int_equal(json_integer_value(json_object_get(object, "schema")), HD_JSON_SCHEMA);
    free(text);
    return object;
}

static const char *string_at(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* ---- Reports ---- */

static hd_report *report_with(hd_event *event) {
    static const char headers[] = "HTTP/1.1 500 \xff\r\nX: y\r\n", body[] = "\0\x01\"\\\xc3\xa9\xed\xa0\x80 end";
    struct hd__label *label = hd__label_new("webhook-1", "name \xc3\xa9", "https://example.com/\xe2\x80\xa6");
    hd_report *report = hd__report_new(NULL, event, label);
    assert_non_null(report);
    hd__label_free(label);
    report->outcome = HD_OUTCOME_FAILED;
    report->reason = HD_REASON_HTTP_5XX;
    report->http_status = 500;
    report->attempts = 1;
    report->finished_at_ms = INT64_C(1736937000000);
    static const char head[] = "POST /x HTTP/1.1\r\nHost: example.com\r\nX-Key: ***\r\nEmpty:\r\n\r\n";
    hd__report_set_request(report, head, sizeof head - 1);
    hd__report_set_response(report, headers, sizeof headers - 1, body, sizeof body - 1);
    return report;
}

static void reports_hold_any_bytes(void **state) {
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 42);
    hd_report *report = report_with(event);
    (void)state;
    json_t *object = read_back(text_of(write_report, report, HD_JSON_EXCHANGE));
    json_t *request = json_object_get(object, "request"), *response = json_object_get(object, "response");
    json_t *body = json_object_get(response, "body");
    static const char repaired[] = "\0\x01\"\\\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd end";
    assert_int_equal(json_string_length(body), sizeof repaired - 1);
    assert_memory_equal(json_string_value(body), repaired, sizeof repaired - 1);
    assert_int_equal(json_integer_value(json_object_get(response, "bytes")), 13);
    assert_string_equal(string_at(response, "headers"), "HTTP/1.1 500 \xef\xbf\xbd\r\nX: y\r\n");
    assert_string_equal(string_at(request, "line"), "POST /x HTTP/1.1");
    char *headers = json_dumps(json_object_get(request, "headers"), JSON_COMPACT);
    assert_string_equal(headers, "[[\"Host\",\"example.com\"],[\"X-Key\",null],[\"Empty\",\"\"]]");
    free(headers);

    size_t length = 0;
    char posted[4096];
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, posted, sizeof posted, &length), HD_OK);
    assert_string_equal(string_at(request, "body"), posted);
    assert_int_equal(json_integer_value(json_object_get(request, "bytes")), length);
    assert_string_equal(string_at(object, "result"), "500");
    assert_string_equal(string_at(object, "finished_at"), "2025-01-15T10:30:00.000Z");
    assert_true(json_is_null(json_object_get(object, "created_at")));
    assert_int_equal(json_integer_value(json_object_get(object, "ticket_number")), 42);
    json_decref(object);
    hd_report_free(report);
    hd_event_free(event);
}

static void reports_without_flags_have_no_exchange(void **state) {
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 42);
    hd_report *report = report_with(event);
    (void)state;
    json_t *object = read_back(text_of(write_report, report, 0));
    assert_null(json_object_get(object, "request"));
    assert_null(json_object_get(object, "response"));
    json_decref(object);
    hd_report_free(report);
    hd_event_free(event);
}

/* hd_probe() gives such reports. */
static void reports_may_have_no_event(void **state) {
    hd_report *report = report_with(NULL);
    (void)state;
    json_t *object = read_back(text_of(write_report, report, HD_JSON_EXCHANGE));
    assert_true(json_is_null(json_object_get(object, "event")));
    assert_true(json_is_null(json_object_get(object, "subject")));
    assert_true(json_is_null(json_object_get(json_object_get(object, "request"), "body")));
    json_decref(object);
    hd_report_free(report);
}

/* ---- Webhooks ---- */

static hd_webhook *secretive_webhook(void) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, SLACK_URL), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, PROJECT), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, SECRET "0", sizeof SECRET), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, SECRET "1", sizeof SECRET), HD_OK);
    assert_int_equal(hd_webhook_activate_secret(webhook), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, SECRET "2", sizeof SECRET), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Key", "a key of somebody"), HD_OK);
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_RESOLVED, 0), HD_OK);
    assert_int_equal(hd_webhook_set_rate(webhook, 10, 1000, 5), HD_OK);
    return webhook;
}

static void webhooks_keep_their_secrets(void **state) {
    static const int flags[] = {0, HD_JSON_URL, HD_JSON_HEADER_VALUES, HD_JSON_URL | HD_JSON_HEADER_VALUES};
    hd_webhook *webhook = secretive_webhook();
    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char *text = text_of(write_webhook, webhook, flags[i]);
        assert_null(strstr(text, SECRET));
        assert_int_equal(strstr(text, SLACK_URL) != NULL, (flags[i] & HD_JSON_URL) != 0);
        assert_int_equal(strstr(text, "XXXXs") != NULL, (flags[i] & HD_JSON_URL) != 0);
        assert_int_equal(strstr(text, "a key of somebody") != NULL, (flags[i] & HD_JSON_HEADER_VALUES) != 0);
        json_t *object = read_back(text);
        assert_true(json_is_true(json_object_get(object, "secret_staged")));
        assert_true(json_is_true(json_object_get(object, "secret_previous")));
        assert_int_equal(json_array_size(json_object_get(object, "events")), 2);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "rate"), "burst")), 5);
        json_decref(object);
    }
    hd_webhook_free(webhook);
}

/* ---- Statistics ---- */

static void statistics_add_up(void **state) {
    hd_log_filter *filter = NULL;
    hd_log_stats *stats = NULL;
    (void)state;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_time(filter, 1000, 3000), HD_OK);
    assert_int_equal(hd__log_stats_new(filter, 1000, &stats), HD_OK);
    json_t *object = read_back(text_of(write_stats, stats, 0));
    assert_true(json_is_null(json_object_get(object, "success_percent")));
    assert_true(json_is_null(json_object_get(json_object_get(object, "ms"), "p50")));
    json_decref(object);
    const struct hd__log_tally good = {
        .outcome = HD_OUTCOME_DELIVERED, .reason = HD_REASON_DELIVERED, .has_attempts = 1, .bucket = 1, .count = 1999};
    const struct hd__log_tally bad = {.outcome = HD_OUTCOME_FAILED,
                                      .reason = HD_REASON_DNS,
                                      .has_attempts = 1,
                                      .total_ms = 70,
                                      .bucket = 2,
                                      .count = 1};
    const struct hd__log_tally again = {
        .outcome = HD_OUTCOME_RETRYING, .reason = HD_REASON_HTTP_5XX, .has_attempts = 1, .bucket = 2, .count = 3};
    hd__log_stats_add(stats, &good);
    hd__log_stats_add(stats, &bad);
    hd__log_stats_add(stats, &again);
    char *text = text_of(write_stats, stats, 0);
    assert_string_equal(
        text, "{\"schema\":1,\"reports\":2003,\"attempts\":2003,\"deliveries\":2000,\"delivered\":1999,\"failed\":1,"
              "\"canceled\":0,\"tried_again\":3,\"success_percent\":99.9,"
              "\"ms\":{\"p50\":0,\"p95\":0,\"p99\":0,\"max\":70},"
              "\"reasons\":{\"dns\":1},\"retry_reasons\":{\"http_5xx\":3},\"buckets\":["
              "{\"t\":\"1970-01-01T00:00:01.000Z\",\"delivered\":1999,\"failed\":0,\"canceled\":0,"
              "\"p50\":0,\"p95\":0},"
              "{\"t\":\"1970-01-01T00:00:02.000Z\",\"delivered\":0,\"failed\":1,\"canceled\":0,"
              "\"p50\":0,\"p95\":71,\"reasons\":{\"dns\":1}}]}");
    free(text);
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

/* ---- Jobs ---- */

static json_int_t number_of(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static void jobs_tell_all_counts(void **state) {
    struct hd_job job = {.it = {.source = HD_SOURCE_DELIVERIES, .state = HD_JOB_PLANNED, .per_second = 7},
                         .project = "p\"1"};
    (void)state;
    json_t *object = read_back(text_of(write_job, &job, 0));
    assert_true(json_is_null(json_object_get(object, "id")));
    assert_true(json_is_null(json_object_get(object, "created_at")));
    assert_string_equal(json_string_value(json_object_get(object, "state")), "planned");
    assert_string_equal(json_string_value(json_object_get(object, "project")), "p\"1");
    json_decref(object);
    for (int i = 0; i < HD__JOB_COUNTS; i++)
        job.it.counts[i] = 100 + (uint64_t)i;
    job.it.counts[HD__JOB_MATCHING] = 1000;
    object = read_back(text_of(write_job, &job, 0));
    assert_int_equal(number_of(object, "matching"), 1000);
    assert_int_equal(number_of(object, "webhooks"), 101);
    assert_int_equal(number_of(object, "sent"), 102);
    assert_int_equal(number_of(object, "delivered"), 103);
    assert_int_equal(number_of(object, "failed"), 104);
    assert_int_equal(number_of(object, "left_out"), 105 + 106 + 107 + 108 + 109);
    assert_int_equal(number_of(object, "left"), 1000 - 102 - (105 + 106 + 107 + 108 + 109));
    assert_int_equal(number_of(object, "pace"), 7);
    const json_t *because = json_object_get(object, "left_out_because");
    assert_int_equal(number_of(because, "test"), 105);
    assert_int_equal(number_of(because, "deleted"), 109);
    json_decref(object);
}

/* ---- Numbers, and what is refused ---- */

static void numbers_stay_exact(void **state) {
    char text[128];
    struct hd__out out = {.buf = text, .size = sizeof text};
    (void)state;
    hd__out_open(&out, NULL, '[');
    hd__out_number(&out, NULL, 0);
    hd__out_number(&out, NULL, (UINT64_C(1) << 53) - 1);
    hd__out_number(&out, NULL, UINT64_C(1) << 53);
    hd__out_number(&out, NULL, UINT64_MAX);
    hd__out_close(&out, ']');
    assert_int_equal(hd__out_end(&out, NULL), HD_OK);
    assert_string_equal(text, "[0,9007199254740991,\"9007199254740992\",\"18446744073709551615\"]");
}

static void every_byte_is_written_as_json(void **state) {
    char text[64];
    (void)state;
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second += 5) {
            const char bytes[] = {'a', (char)first, (char)second};
            struct hd__out out = {.buf = text, .size = sizeof text};
            hd__out_open(&out, NULL, '[');
            hd__out_bytes(&out, NULL, bytes, sizeof bytes);
            hd__out_close(&out, ']');
            assert_int_equal(hd__out_end(&out, NULL), HD_OK);
            json_t *array = json_loads(text, JSON_ALLOW_NUL, NULL), *wanted = json_stringn(bytes, sizeof bytes);
            assert_non_null(array);
            if (wanted)
                assert_true(json_equal(json_array_get(array, 0), wanted));
            else
                assert_non_null(strstr(json_string_value(json_array_get(array, 0)) + 1 + (first == 0), "\xef\xbf\xbd"));
            json_decref(wanted);
            json_decref(array);
        }
}

static void what_makes_no_sense_is_refused(void **state) {
    hd_webhook *webhook = secretive_webhook();
    char text[16] = "before";
    size_t length = 7;
    (void)state;
    assert_int_equal(hd_report_json(NULL, 0, text, sizeof text, &length), HD_E_INVALID);
    assert_int_equal(hd_webhook_json(NULL, 0, text, sizeof text, &length), HD_E_INVALID);
    assert_int_equal(hd_log_stats_json(NULL, text, sizeof text, &length), HD_E_INVALID);
    assert_int_equal(hd_job_json(NULL, text, sizeof text, &length), HD_E_INVALID);
    assert_int_equal(hd_change_json(NULL, text, sizeof text, &length), HD_E_INVALID);
    assert_int_equal(hd_webhook_json(webhook, 0, NULL, 5, &length), HD_E_INVALID);
    assert_int_equal(hd_webhook_json(webhook, HD_JSON_EXCHANGE, text, sizeof text, &length), HD_E_INVALID);
    assert_string_equal(text, "before");
    assert_int_equal(length, 7);
    hd_webhook_free(webhook);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_hold_any_bytes),
        cmocka_unit_test(reports_without_flags_have_no_exchange),
        cmocka_unit_test(reports_may_have_no_event),
        cmocka_unit_test(webhooks_keep_their_secrets),
        cmocka_unit_test(statistics_add_up),
        cmocka_unit_test(jobs_tell_all_counts),
        cmocka_unit_test(numbers_stay_exact),
        cmocka_unit_test(every_byte_is_written_as_json),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("json_forms", tests, NULL, NULL);
}
