/* SPDX-License-Identifier: MIT */
/** @file dashboard_handles_test.c A call that fails leaves NULL in the place of a handle, whichever argument is wrong,
 * and all other out-parameters as they were: who throws on an error has nothing to free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/stored.h"

#include "helmdesk/dashboard.h"

#include <stdlib.h>
#include <string.h>

#define UNTOUCHED 77

static hd_store *store;
static hd_client *client, *closed, *reading;
static hd_dashboard *dashboard;
static char delivery_id[HD_ID_SIZE];

/* ---- Calls that fail, one a line ---- */

/* Each gets the address of a handle that is not NULL, and returns the status. */
#define FAILS(name, type, call)                                                                                        \
    static int name(void **handle) {                                                                                   \
        type *made = *handle, **out = &made;                                                                           \
        int status = call;                                                                                             \
        *handle = made;                                                                                                \
        return status;                                                                                                 \
    }

static hd_options *bad_options(void) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_role(options, HD_CLIENT_READ), HD_OK); /* which needs a store */
    return options;
}

static int new_client_with(hd_options *options, hd_client **out) {
    int status = hd_client_new(options, out);
    hd_options_free(options);
    return status;
}

FAILS(client_without_store, hd_client, new_client_with(bad_options(), out))
FAILS(client_of_a_used_store, hd_client, new_client_with(options_with_store(store), out))
FAILS(webhook_of_no_client, hd_webhook, hd_client_get_webhook(NULL, WEBHOOK, out))
FAILS(webhook_without_id, hd_webhook, hd_client_get_webhook(client, NULL, out))
FAILS(webhook_unknown, hd_webhook, hd_client_get_webhook(client, "unknown", out))
FAILS(webhooks_of_no_client, hd_webhook_list, hd_client_list_webhooks(NULL, NULL, out))
FAILS(copy_of_nothing, hd_webhook, hd_webhook_copy(NULL, out))
FAILS(test_of_no_client, hd_report, hd_client_test(NULL, WEBHOOK, HD_TICKET_CREATED, 0, out))
FAILS(test_of_no_webhook, hd_report, hd_client_test(client, NULL, HD_TICKET_CREATED, 0, out))
FAILS(test_of_unknown, hd_report, hd_client_test(client, "unknown", HD_TICKET_CREATED, 0, out))
FAILS(test_of_no_type, hd_report, hd_client_test(client, WEBHOOK, 0, 0, out))
FAILS(test_on_closed, hd_report, hd_client_test(closed, WEBHOOK, HD_TICKET_CREATED, 0, out))
FAILS(test_on_reading, hd_report, hd_client_test(reading, WEBHOOK, HD_TICKET_CREATED, 0, out))
FAILS(test_without_time, hd_report, hd_client_test(client, "silent", HD_TICKET_CREATED, 0, out))
FAILS(next_of_no_client, hd_report, hd_client_next_report(NULL, 0, out))
FAILS(next_of_none, hd_report, hd_client_next_report(client, 0, out))
FAILS(next_of_closed, hd_report, hd_client_next_report(closed, 0, out))
FAILS(next_of_reading, hd_report, hd_client_next_report(reading, 0, out))
FAILS(event_of_no_type, hd_event, hd_event_new(0, out))
FAILS(sample_of_no_type, hd_event, hd_event_new_sample(0, out))
FAILS(event_of_no_body, hd_event, hd_event_parse(NULL, 1, out))
FAILS(event_of_empty_body, hd_event, hd_event_parse("", 0, out))
FAILS(event_of_other_body, hd_event, hd_event_parse("[]", 2, out))
FAILS(event_of_bad_utf8, hd_event, hd_event_parse("\xFF", 1, out))
FAILS(event_of_large_body, hd_event, hd_event_parse("", SIZE_MAX, out))
FAILS(event_without_keys, hd_event, hd_event_parse("{\"event\":\"ticket.created\"}", 26, out))
FAILS(query_of_no_client, hd_log_page, hd_log_query(NULL, NULL, NULL, 1, out))
FAILS(query_of_none, hd_log_page, hd_log_query(client, NULL, NULL, 0, out))
FAILS(query_of_many, hd_log_page, hd_log_query(client, NULL, NULL, 1001, out))
FAILS(query_from_nowhere, hd_log_page, hd_log_query(client, NULL, "nowhere", 1, out))
FAILS(follow_of_no_client, hd_log_page, hd_log_follow(NULL, NULL, NULL, 1, out))
FAILS(follow_of_none, hd_log_page, hd_log_follow(client, NULL, NULL, 0, out))
FAILS(follow_from_nowhere, hd_log_page, hd_log_follow(client, NULL, "nowhere", 1, out))
FAILS(follow_in_a_store_from_nowhere, hd_log_page, hd_log_follow(reading, NULL, "nowhere", 1, out))
FAILS(job_of_no_source, hd_job, hd_job_new(0, NULL, out))
FAILS(job_of_all_that_was_missed, hd_job, hd_job_new(HD_SOURCE_MISSED, NULL, out))
FAILS(job_of_no_client, hd_job, hd_job_get(NULL, delivery_id, out))
FAILS(job_of_nobody, hd_job, hd_job_get(client, delivery_id, out))
FAILS(job_on_reading_of_nobody, hd_job, hd_job_get(reading, "nobody", out))
FAILS(jobs_of_no_client, hd_job_list, hd_job_list_all(NULL, NULL, out))
FAILS(sums_of_no_client, hd_log_stats, hd_log_summarize(NULL, NULL, 0, out))
FAILS(sums_without_bounds, hd_log_stats, hd_log_summarize(client, NULL, 1000, out))
FAILS(probe_of_nothing, hd_report, hd_probe(NULL, NULL, out))
FAILS(probe_of_no_url, hd_report, hd_probe(NULL, "x", out))
FAILS(probe_of_http, hd_report, hd_probe(NULL, "http://example.com/", out))
FAILS(acceptance_of_no_receiver, hd_acceptance, hd_receiver_accept(NULL, NULL, out))
FAILS(store_without_directory, hd_store, hd_store_sqlite_open(NULL, NULL, 0, out))
FAILS(store_with_half_a_key, hd_store, hd_store_sqlite_open(directory, "x", 1, out))
FAILS(store_nowhere, hd_store, hd_store_sqlite_open("/nowhere/at/all", NULL, 0, out))
FAILS(dashboard_of_no_client, hd_dashboard, hd_dashboard_new(NULL, "/", out))
FAILS(dashboard_without_mount, hd_dashboard, hd_dashboard_new(client, NULL, out))
FAILS(dashboard_at_no_path, hd_dashboard, hd_dashboard_new(client, "x", out))
FAILS(response_of_no_dashboard, hd_dashboard_response, hd_dashboard_handle(NULL, NULL, NULL, HD_ROLE_NONE, out))
FAILS(response_to_no_request, hd_dashboard_response, hd_dashboard_handle(dashboard, NULL, NULL, HD_ROLE_NONE, out))

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define ROW(function) {#function, function}
// clang-format on

static const struct {
    const char *name;
    int (*call)(void **handle);
} calls[] = {
    ROW(client_without_store),
    ROW(client_of_a_used_store),
    ROW(webhook_of_no_client),
    ROW(webhook_without_id),
    ROW(webhook_unknown),
    ROW(webhooks_of_no_client),
    ROW(copy_of_nothing),
    ROW(test_of_no_client),
    ROW(test_of_no_webhook),
    ROW(test_of_unknown),
    ROW(test_of_no_type),
    ROW(test_on_closed),
    ROW(test_on_reading),
    ROW(test_without_time),
    ROW(next_of_no_client),
    ROW(next_of_none),
    ROW(next_of_closed),
    ROW(next_of_reading),
    ROW(event_of_no_type),
    ROW(sample_of_no_type),
    ROW(event_of_no_body),
    ROW(event_of_empty_body),
    ROW(event_of_other_body),
    ROW(event_of_bad_utf8),
    ROW(event_of_large_body),
    ROW(event_without_keys),
    ROW(query_of_no_client),
    ROW(query_of_none),
    ROW(query_of_many),
    ROW(query_from_nowhere),
    ROW(follow_of_no_client),
    ROW(follow_of_none),
    ROW(follow_from_nowhere),
    ROW(follow_in_a_store_from_nowhere),
    ROW(job_of_no_source),
    ROW(job_of_all_that_was_missed),
    ROW(job_of_no_client),
    ROW(job_of_nobody),
    ROW(job_on_reading_of_nobody),
    ROW(jobs_of_no_client),
    ROW(sums_of_no_client),
    ROW(sums_without_bounds),
    ROW(probe_of_nothing),
    ROW(probe_of_no_url),
    ROW(probe_of_http),
    ROW(store_without_directory),
    ROW(store_with_half_a_key),
    ROW(store_nowhere),
    ROW(dashboard_of_no_client),
    ROW(dashboard_without_mount),
    ROW(dashboard_at_no_path),
    ROW(response_of_no_dashboard),
    ROW(response_to_no_request),
    ROW(acceptance_of_no_receiver),
};

/* ---- Fixtures: a client, one that is closed, and one of a store that only reads; one delivery is in each log ---- */

static hd_client *client_with_a_report(hd_options *options) {
    hd_client *made = client_for_tests(options);
    put_webhook(made, webhook_at(WEBHOOK, "/ok"));
    hd_webhook *silent = webhook_at("silent", "/hang");
    assert_int_equal(hd_webhook_set_project(silent, "another"), HD_OK);
    put_webhook(made, silent);
    send_ticket(made, 1);
    hd_report *report = next_report(made);
    strcpy(delivery_id, hd_report_delivery_id(report));
    hd_report_free(report);
    return made;
}

static int set_up_all(void **state) {
    if (set_up(state) != 0)
        return -1;
    store = open_store();
    hd_client *writing = client_with_a_report(options_with_store(store));
    hd_client_free(writing);
    reading = client_as(HD_CLIENT_READ, store);
    closed = client_with_a_report(options_for_tests());
    assert_int_equal(hd_client_close(closed, PATIENCE_MS), HD_OK);
    client = client_with_a_report(options_for_tests());
    return hd_dashboard_new(client, "/", &dashboard);
}

static int tear_down_all(void **state) {
    hd_dashboard_free(dashboard);
    hd_client_free(client);
    hd_client_free(closed);
    hd_client_free(reading);
    hd_store_free(store);
    return tear_down(state);
}

/* ---- Tests ---- */

static void test_handle_is_null(void **state) {
    (void)state;
    static char before;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        void *handle = &before;
        int status = calls[i].call(&handle);
        if (status == HD_OK || handle)
            fail_msg("%s: %s, and the handle is %s", calls[i].name, hd_status_name(status), handle ? "kept" : "NULL");
    }
}

/* Numbers and texts stay as they were. */
static void test_others_are_untouched(void **state) {
    (void)state;
    int number = UNTOUCHED;
    int64_t ms = UNTOUCHED;
    uint64_t count = UNTOUCHED;
    size_t size = UNTOUCHED;
    char id[HD_ID_SIZE] = "untouched";
    const char *data = id;
    hd_event *event = NULL;
    assert_int_equal(hd_event_new(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_client_webhook_state(client, "unknown", &number, &ms), HD_E_NOT_FOUND);
    assert_int_equal(hd_client_webhook_state(NULL, WEBHOOK, &number, &ms), HD_E_INVALID);
    uint32_t failures = 77;
    assert_int_equal(hd_client_webhook_failures(client, "unknown", &failures, &number, &ms), HD_E_NOT_FOUND);
    assert_int_equal(hd_client_webhook_failures(NULL, WEBHOOK, &failures, &number, &ms), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_failures(client, NULL, &failures, &number, &ms), HD_E_INVALID);
    assert_int_equal(hd_client_webhook_failures(client, WEBHOOK, NULL, &number, &ms), HD_E_INVALID);
    assert_int_equal(failures, 77);
    assert_int_equal(hd_client_waiting(client, "unknown", &count, &ms), HD_E_NOT_FOUND);
    assert_int_equal(hd_client_waiting(NULL, WEBHOOK, &count, &ms), HD_E_INVALID);
    assert_int_equal(hd_client_discard(client, "unknown", &count), HD_E_NOT_FOUND);
    assert_int_equal(hd_client_discard(closed, WEBHOOK, &count), HD_E_CLOSED);
    assert_int_equal(hd_client_discard(reading, WEBHOOK, &count), HD_E_STORE_READ_ONLY);
    assert_int_equal(hd_webhook_send(client, event, id), HD_E_FIELD_MISSING);
    assert_int_equal(hd_client_redeliver(client, "unknown", id), HD_E_NO_DELIVERY);
    assert_int_equal(hd_client_redeliver(closed, delivery_id, id), HD_E_NO_DELIVERY); /* another client's */
    assert_int_equal(hd_event_render(event, HD_FORMAT_JSON, NULL, 0, &size), HD_E_FIELD_MISSING);
    assert_int_equal(hd_dashboard_response_next(NULL, 0, &data, &size), HD_E_INVALID);
    assert_int_equal(number, UNTOUCHED);
    assert_int_equal(ms, UNTOUCHED);
    assert_int_equal(count, UNTOUCHED);
    assert_int_equal(size, UNTOUCHED);
    assert_string_equal(id, "untouched");
    assert_ptr_equal(data, id);
    hd_event_free(event);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handle_is_null),
        cmocka_unit_test(test_others_are_untouched),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
