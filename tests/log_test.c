/* SPDX-License-Identifier: MIT */
/** @file log_test.c The delivery log: what it keeps, how it is searched and paged, and reports pulled one by one. */
#include "support/bodies.h"
#include "support/scene.h"

#include "store/stats.h"

#include <pthread.h>

/* Puts a webhook that posts to a path of the scene's server, one delivery after the other. */
static void put_at(struct scene *scene, const char *id, const char *project, const char *name, const char *path) {
    char url[256];
    hd_webhook *webhook = webhook_for_tests(id, project, server_url(scene->server, path, url, sizeof url));
    assert_int_equal(hd_webhook_set_name(webhook, name), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(scene->client, webhook);
}

/* Opens the scene's client with one webhook of PROJECT that answers 200. */
static hd_client *open_client(struct scene *scene, hd_options *options) {
    scene->client = client_for_tests(options);
    put_at(scene, WEBHOOK, PROJECT, "first", "/ok");
    return scene->client;
}

/* Sends tickets with the numbers first to last and waits until they have ended. */
static void deliver_tickets(hd_client *client, int64_t first, int64_t last) {
    for (int64_t number = first; number <= last; number++)
        (void)send_ticket(client, number);
    flush(client);
}

static int64_t number_of(const hd_report *report) {
    return hd_event_ticket_number(hd_report_event(report));
}

static hd_log_page *query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit) {
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_query(client, filter, cursor, limit, &page), HD_OK);
    assert_non_null(page);
    assert_true(hd_log_page_count(page) <= limit);
    assert_null(hd_log_page_at(page, hd_log_page_count(page)));
    return page;
}

static hd_log_filter *new_filter(void) {
    hd_log_filter *filter = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    return filter;
}

/* How many reports match; the filter is freed. */
static size_t count_matches(hd_client *client, hd_log_filter *filter) {
    hd_log_page *page = query(client, filter, NULL, 1000);
    size_t count = hd_log_page_count(page);
    assert_null(hd_log_page_cursor(page));
    hd_log_page_free(page);
    hd_log_filter_free(filter);
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits
 */

/* The log keeps the newest reports and forgets the oldest; it never grows past its number of reports. */
static void test_oldest_reports_are_forgotten(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 10, (size_t)1 << 26), HD_OK);
    hd_client *client = open_client(scene, options);
    deliver_tickets(client, 1, 10);
    hd_log_page *page = query(client, NULL, NULL, 1000);
    assert_int_equal(hd_log_page_count(page), 10);
    assert_int_equal(number_of(hd_log_page_at(page, 9)), 1);
    hd_log_page_free(page);

    deliver_tickets(client, 11, 23);
    page = query(client, NULL, NULL, 1000);
    assert_int_equal(hd_log_page_count(page), 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(number_of(hd_log_page_at(page, i)), 23 - i);
    assert_null(hd_log_page_cursor(page));
    hd_log_page_free(page);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 23);
}

/* Long messages count with their length: the log never grows past its bytes either. */
static void test_log_has_a_limit_of_bytes(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 1000, 65536), HD_OK);
    hd_client *client = open_client(scene, options);
    for (int64_t number = 1; number <= 40; number++)
        (void)send_event(client, message_for_tests(PROJECT, number, 8192));
    flush(client);
    hd_log_page *page = query(client, NULL, NULL, 1000);
    size_t count = hd_log_page_count(page);
    assert_in_range(count, 1, 7);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(number_of(hd_log_page_at(page, i)), 40 - i);
    hd_log_page_free(page);

    deliver_tickets(client, 41, 60);
    page = query(client, NULL, NULL, 1000);
    assert_true(hd_log_page_count(page) > 7);
    assert_int_equal(number_of(hd_log_page_at(page, 0)), 60);
    hd_log_page_free(page);
}

/* What was handed out stays whole, even if the log forgets it at that very moment. */
static void test_forgotten_reports_stay_readable(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 3, 65536), HD_OK);
    hd_client *client = open_client(scene, options);
    deliver_tickets(client, 1, 3);
    hd_log_page *page = query(client, NULL, NULL, 3);
    hd_report *report = next_report(client);
    deliver_tickets(client, 4, 20);
    assert_int_equal(number_of(report), 1);
    assert_string_equal(hd_report_webhook_name(report), "first");
    assert_string_equal(hd_report_response_body(report, NULL), "ok");
    for (size_t i = 0; i < 3; i++) {
        char *body = rendered(hd_report_event(hd_log_page_at(page, i)), HD_FORMAT_JSON);
        assert_non_null(strstr(body, "Can't reset password"));
        free(body);
    }
    hd_report_free(report);
    hd_log_page_free(page);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Search
 */

/* Fills the log with eight reports of two projects, three webhooks, all event types and two outcomes. */
static hd_client *open_mixed_client(struct scene *scene) {
    hd_client *client = scene->client = client_for_tests(NULL);
    put_at(scene, "w-good", "blue", "Caf\xC3\xA9 ORDERS", "/ok");
    put_at(scene, "w-bad", "blue", "billing", "/status/500");
    put_at(scene, "w-other", "green", "", "/status/404");
    static const struct {
        const char *project;
        int type;
        const char *id;
        int64_t number;
        const char *subject;
        const char *email;
        const char *name;
    } events[] = {
        {"blue", HD_TICKET_CREATED, "tk-100", 42, "Printer on FIRE", "ann@example.com", "Ann Archer"},
        {"blue", HD_TICKET_RESOLVED, "tk-101", 420, "printer is cold", "bob@example.org", "Bob Baker"},
        {"blue", HD_MESSAGE_RECEIVED, "tk-102", 7, "\xC3\x84pfel", "Cyd@Example.com", "Cyd \xC3\x84rger"},
        {"green", HD_TICKET_CREATED, "tk-103", 1042, "nothing special", "dan@example.net", "Dan Dyer"},
        {"green", HD_TICKET_CREATED, "tk-104", 8, "", "", ""},
    };
    for (size_t i = 0; i < LENGTH_OF(events); i++) {
        hd_event *event = NULL;
        assert_int_equal(hd_event_new(events[i].type, &event), HD_OK);
        assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, events[i].project, HD_TEXT_NUL), HD_OK);
        assert_int_equal(hd_event_set_ticket(event, events[i].id, events[i].number, events[i].subject, "open", "high"),
                         HD_OK);
        assert_int_equal(hd_event_set_customer(event, events[i].email, events[i].name), HD_OK);
        if (events[i].type == HD_MESSAGE_RECEIVED)
            assert_int_equal(hd_event_set_message(event, "m", "customer", "T\xC3\x89st:\nthank you"), HD_OK);
        (void)send_event(client, event);
        flush(client);
        sleep_ms(2); /* so that the times of the reports differ */
    }
    return client;
}

static size_t count_text(hd_client *client, const char *text) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_text(filter, text), HD_OK);
    return count_matches(client, filter);
}

/* A search finds what people type: parts of any text that the page shows, whatever their case. */
static void test_search_by_text(void **state) {
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {"printer", 4},      {"PRINTER ON", 2},   {"fire", 2},       {"#42", 2},     {"#420", 2},
        {"#7", 2},           {"#8", 1},           {"#10", 0},        {"tk-10", 0},   {"TK-103", 1},
        {"ann@", 2},         {"@EXAMPLE.COM", 4}, {"example", 7},    {"baker", 2},   {"dyer", 1},
        {"\xC3\x84pfel", 2}, {"ARGER", 2},        {"cafe order", 3}, {"Billing", 3}, {"http_5xx", 3},
        {"HTTP_404_410", 2}, {"no such text", 0}, {"", 8},           {"blue", 0},    {"8.0.0.1", 0},
        {"delivered", 3},    {"W-BAD", 3},        {"w-ba", 0},       {"hank y", 2},  {"ank yo\xCC\x88u", 2},
        {"com Cyd", 0},      {"fire ann", 0},
    };
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    assert_int_equal(count_text(client, NULL), 8);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        size_t count = count_text(client, cases[i].text);
        if (count != cases[i].count)
            fail_msg("\"%s\" finds %zu reports", cases[i].text, count);
    }
    hd_log_page *page = query(client, NULL, NULL, 1);
    char id[64], event_id[64];
    (void)snprintf(id, sizeof id, "%s", hd_report_delivery_id(hd_log_page_at(page, 0)));
    (void)snprintf(event_id, sizeof event_id, "%s", hd_report_event_id(hd_log_page_at(page, 0)));
    hd_log_page_free(page);
    assert_int_equal(count_text(client, id), 1);
    assert_int_equal(count_text(client, id + 24), 0);
    assert_int_equal(count_text(client, event_id), 1);
}

/* Each property narrows the search, alone and together with others, and can be widened again. */
static void test_search_by_property(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    assert_int_equal(count_matches(client, NULL), 8);
    assert_int_equal(count_matches(client, new_filter()), 8);

    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_project(filter, "blue"), HD_OK);
    assert_int_equal(count_matches(client, filter), 6);
    filter = new_filter();
    assert_int_equal(hd_log_filter_set_project(filter, "blu"), HD_OK);
    assert_int_equal(count_matches(client, filter), 0);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-bad"), HD_OK);
    assert_int_equal(count_matches(client, filter), 3);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_CREATED), HD_OK);
    assert_int_equal(count_matches(client, filter), 4);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_DELIVERED), HD_OK);
    assert_int_equal(count_matches(client, filter), 3);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
    assert_int_equal(count_matches(client, filter), 5);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_CANCELED), HD_OK);
    assert_int_equal(count_matches(client, filter), 0);

    filter = new_filter();
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-bad"), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-other"), HD_OK);
    assert_int_equal(count_matches(client, filter), 5);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_CREATED), HD_OK);
    assert_int_equal(hd_log_filter_add_event(filter, HD_MESSAGE_RECEIVED), HD_OK);
    assert_int_equal(count_matches(client, filter), 6);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_CANCELED), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_DELIVERED), HD_OK);
    assert_int_equal(count_matches(client, filter), 3);
    filter = new_filter();
    assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_HTTP_404_410), HD_OK);
    assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_HTTP_5XX), HD_OK);
    assert_int_equal(count_matches(client, filter), 5);

    filter = new_filter();
    assert_int_equal(hd_log_filter_set_project(filter, "blue"), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_FAILED), HD_OK);
    assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_RESOLVED), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, "printer"), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-bad"), HD_OK);
    assert_int_equal(count_matches(client, filter), 1);

    filter = new_filter();
    assert_int_equal(hd_log_filter_set_project(filter, "green"), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-bad"), HD_OK);
    assert_int_equal(hd_log_filter_add_event(filter, HD_TICKET_RESOLVED), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_CANCELED), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, "nothing"), HD_OK);
    assert_int_equal(hd_log_filter_set_time(filter, 1, 2), HD_OK);
    assert_int_equal(hd_log_filter_set_project(filter, NULL), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, NULL), HD_OK);
    assert_int_equal(hd_log_filter_add_event(filter, HD_EVENT_UNKNOWN), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, 0), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, ""), HD_OK);
    assert_int_equal(hd_log_filter_set_time(filter, 0, 0), HD_OK);
    assert_int_equal(count_matches(client, filter), 8);
}

static size_t count_reason(hd_client *client, int reason) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_add_reason(filter, reason), HD_OK);
    return count_matches(client, filter);
}

static size_t count_status(hd_client *client, const char *list) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_http_statuses(filter, list), HD_OK);
    return count_matches(client, filter);
}

static size_t count_tests(hd_client *client, int which) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_tests(filter, which), HD_OK);
    return count_matches(client, filter);
}

static size_t count_delivery(hd_client *client, const char *delivery_id) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_delivery(filter, delivery_id), HD_OK);
    return count_matches(client, filter);
}

/* What became of a delivery narrows the search too. 0 is every reason. */
static void test_search_by_result(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    assert_int_equal(count_reason(client, 0), 8);
    assert_int_equal(count_reason(client, HD_REASON_DELIVERED), 3);
    assert_int_equal(count_reason(client, HD_REASON_HTTP_5XX), 3);
    assert_int_equal(count_reason(client, HD_REASON_HTTP_404_410), 2);
    assert_int_equal(count_reason(client, HD_REASON_PAUSED), 0);
    assert_int_equal(count_status(client, NULL), 8);
    assert_int_equal(count_status(client, "1xx-9xx"), 8);
    assert_int_equal(count_status(client, "200-299"), 3);
    assert_int_equal(count_status(client, "404"), 2);
    assert_int_equal(count_status(client, " 404 , 2XX"), 5);
    assert_int_equal(count_status(client, "404-500"), 5);
    assert_int_equal(count_status(client, "405-499"), 0);
    put_at(scene, "w-strange", "red", "", "/status/799");
    put_at(scene, "w-closed", "red", "", "/reset");
    (void)send_event(client, event_for_tests(HD_TICKET_CREATED, "red", 1));
    flush(client);
    assert_int_equal(count_status(client, NULL), 10); /* the one without an answer too */
    assert_int_equal(count_status(client, "1xx-9xx"), 9);
    assert_int_equal(count_status(client, "600-9xx"), 1);
}

/* Deliveries of hd_client_test are told apart from those of real events. */
static void test_search_for_tests(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    hd_report *report = NULL;
    deliver_tickets(client, 1, 3);
    assert_int_equal(count_tests(client, HD_TESTS_ONLY), 0);
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    flush(client);
    assert_int_equal(count_tests(client, HD_TESTS_INCLUDED), 4);
    assert_int_equal(count_tests(client, HD_TESTS_EXCLUDED), 3);
    assert_int_equal(count_tests(client, HD_TESTS_ONLY), 1);
    assert_int_equal(count_delivery(client, hd_report_delivery_id(report)), 1);
    hd_report_free(report);
}

/* A delivery has one report for each of its attempts. */
static void test_search_by_delivery(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    char url[256];
    hd_webhook *webhook =
        webhook_for_tests(WEBHOOK, PROJECT, server_url(scene->server, "/status/503", url, sizeof url));
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 1000), HD_OK);
    put_webhook(client, webhook);
    deliver_tickets(client, 1, 2);
    hd_report *report = next_report(client);
    assert_int_equal(count_delivery(client, hd_report_delivery_id(report)), 2);
    assert_int_equal(count_delivery(client, "01890000-0000-7000-8000-000000000000"), 0);
    assert_int_equal(count_delivery(client, NULL), 4);
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_delivery(filter, hd_report_delivery_id(report)), HD_OK);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_RETRYING), HD_OK);
    assert_int_equal(count_matches(client, filter), 1);
    hd_report_free(report);
}

static size_t count_time(hd_client *client, int64_t since_ms, int64_t until_ms) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_time(filter, since_ms, until_ms), HD_OK);
    return count_matches(client, filter);
}

/* A time span takes in its first millisecond and leaves out its last, so that spans can follow one another. */
static void test_search_by_time(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    hd_log_page *all = query(client, NULL, NULL, 1000);
    size_t count = hd_log_page_count(all);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = hd_report_finished_at_ms(hd_log_page_at(all, i));
        size_t before = 0;
        size_t same = 0;
        for (size_t k = 0; k < count; k++) {
            before += hd_report_finished_at_ms(hd_log_page_at(all, k)) < at_ms ? 1 : 0;
            same += hd_report_finished_at_ms(hd_log_page_at(all, k)) == at_ms ? 1 : 0;
        }
        assert_int_equal(count_time(client, 0, at_ms), before);
        assert_int_equal(count_time(client, at_ms, 0), count - before);
        assert_int_equal(count_time(client, at_ms, at_ms + 1), same);
        assert_int_equal(count_time(client, 1, at_ms + 1), before + same);
    }
    hd_log_page_free(all);
}

/* A filter that could never match is refused where it is made. */
static void test_impossible_filters_are_refused(void **state) {
    (void)state;
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_new(NULL), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_event(filter, HD_ALERT_RECOVERED + 1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_event(filter, -1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_outcome(filter, HD_OUTCOME_RETRYING + 1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_outcome(filter, -1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 200, 100), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_project(NULL, "p"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_webhook(NULL, "w"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_event(NULL, HD_TICKET_CREATED), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_outcome(NULL, HD_OUTCOME_FAILED), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(NULL, 1, 2), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_text(NULL, "t"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_reason(filter, -2), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_reason(filter, HD_REASON_PROXY_GATEWAY + 1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_add_reason(NULL, HD_REASON_DNS), HD_E_INVALID);
    static const char *const lists[] = {"5",    "5x",   "0-200",   "099",     "1000", "300-299", "200-", "-299", "2xx,",
                                        ",404", "404;", "200 299", "4xx-3xx", "xxx",  "0xx",     "4 04", ",",    " "};
    for (size_t i = 0; i < LENGTH_OF(lists); i++)
        if (hd_log_filter_set_http_statuses(filter, lists[i]) != HD_E_HTTP_STATUSES)
            fail_msg("\"%s\" is taken", lists[i]);
    char *many = repeated("404,", 32);
    assert_int_equal(hd_log_filter_set_http_statuses(filter, many), HD_E_HTTP_STATUSES);
    many[strlen(many) - 1] = '\0';
    assert_int_equal(hd_log_filter_set_http_statuses(filter, many), HD_OK);
    assert_int_equal(hd_log_filter_set_http_statuses(filter, NULL), HD_OK);
    assert_int_equal(hd_log_filter_set_http_statuses(NULL, "200"), HD_E_INVALID);
    free(many);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(hd_log_filter_add_webhook(filter, "w"), HD_OK);
    assert_int_equal(hd_log_filter_add_webhook(filter, "w"), HD_E_LIMIT);
    assert_int_equal(hd_log_filter_set_delivery(filter, ""), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_delivery(filter, "no-uuid"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_delivery(filter, "01890000-0000-7000-8000-0000000000001"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_delivery(NULL, NULL), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_redelivery_of(filter, "no-uuid"), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_redelivery_of(NULL, NULL), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_tests(filter, -1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_tests(filter, HD_TESTS_ONLY + 1), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_tests(NULL, HD_TESTS_ONLY), HD_E_INVALID);
    char *longest = repeated("t", 256);
    char *too_long = repeated("t", 257);
    assert_int_equal(hd_log_filter_set_text(filter, longest), HD_OK);
    assert_int_equal(hd_log_filter_set_text(filter, too_long), HD_E_INVALID);
    free(longest);
    free(too_long);
    hd_log_filter_free(filter);
    hd_log_filter_free(NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Pages
 */

/* Pages neither shift nor repeat while new reports arrive: who turns them sees each old report once, newest first. */
static void test_pages_do_not_shift(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    deliver_tickets(client, 1, 50);
    int64_t expected = 50;
    int64_t arriving = 1000;
    char cursor[64] = "";
    do {
        hd_log_page *page = query(client, NULL, cursor[0] == '\0' ? NULL : cursor, 7);
        size_t count = hd_log_page_count(page);
        assert_int_equal(count, expected >= 7 ? 7 : expected);
        for (size_t i = 0; i < count; i++, expected--)
            assert_int_equal(number_of(hd_log_page_at(page, i)), expected);
        const char *next = hd_log_page_cursor(page);
        assert_int_equal(next != NULL, expected > 0);
        (void)snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
        hd_log_page_free(page);
        deliver_tickets(client, arriving, arriving + 4);
        arriving += 5;
    } while (cursor[0] != '\0');
    assert_int_equal(expected, 0);

    hd_log_page *page = query(client, NULL, NULL, 1);
    assert_int_equal(number_of(hd_log_page_at(page, 0)), arriving - 1);
    hd_log_page_free(page);
}

/* A search looks at many reports bit by bit, and misses none where two bits meet. */
static void test_long_searches_miss_nothing(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    deliver_tickets(client, 1, 200);
    for (size_t limit = 62; limit <= 66; limit++) {
        hd_log_page *page = query(client, NULL, NULL, limit);
        int64_t expected = 200;
        for (; hd_log_page_count(page) > 0; expected -= (int64_t)limit) {
            for (size_t i = 0; i < hd_log_page_count(page); i++)
                assert_int_equal(number_of(hd_log_page_at(page, i)), expected - (int64_t)i);
            if (hd_log_page_cursor(page) == NULL)
                break;
            hd_log_page *next = query(client, NULL, hd_log_page_cursor(page), limit);
            hd_log_page_free(page);
            page = next;
        }
        assert_int_equal(hd_log_page_count(page), expected);
        hd_log_page_free(page);
    }
}

/* There is a cursor only if there is something behind it that matches. */
static void test_last_page_has_no_cursor(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    hd_log_page *page = query(client, NULL, NULL, 8);
    assert_int_equal(hd_log_page_count(page), 8);
    assert_null(hd_log_page_cursor(page));
    hd_log_page_free(page);

    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_project(filter, "green"), HD_OK);
    page = query(client, filter, NULL, 2); /* six reports of the other project are older */
    assert_int_equal(hd_log_page_count(page), 2);
    assert_null(hd_log_page_cursor(page));
    hd_log_page_free(page);
    page = query(client, filter, NULL, 1);
    assert_non_null(hd_log_page_cursor(page));
    hd_log_page *last = query(client, filter, hd_log_page_cursor(page), 1);
    assert_int_equal(hd_log_page_count(last), 1);
    assert_null(hd_log_page_cursor(last));
    assert_string_not_equal(hd_report_delivery_id(hd_log_page_at(page, 0)),
                            hd_report_delivery_id(hd_log_page_at(last, 0)));
    hd_log_page_free(page);
    hd_log_page_free(last);
    hd_log_filter_free(filter);
}

/* A cursor whose neighbours were forgotten meanwhile still leads on: to what is left, which may be nothing. */
static void test_cursor_outlives_what_it_points_to(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 10, (size_t)1 << 26), HD_OK);
    hd_client *client = open_client(scene, options);
    deliver_tickets(client, 1, 10);
    hd_log_page *first = query(client, NULL, NULL, 3);
    deliver_tickets(client, 11, 14);
    hd_log_page *next = query(client, NULL, hd_log_page_cursor(first), 100);
    assert_int_equal(hd_log_page_count(next), 3); /* 10, 9, 8 were on the first page; 4 to 1 are forgotten */
    assert_int_equal(number_of(hd_log_page_at(next, 0)), 7);
    assert_int_equal(number_of(hd_log_page_at(next, 2)), 5);
    hd_log_page_free(next);
    deliver_tickets(client, 15, 40);
    next = query(client, NULL, hd_log_page_cursor(first), 100);
    assert_int_equal(hd_log_page_count(next), 0);
    assert_null(hd_log_page_cursor(next));
    hd_log_page_free(next);
    hd_log_page_free(first);
}

/* A cursor comes back from a browser: whatever stands there, only our own is taken. */
static void test_bad_cursors_are_refused(void **state) {
    static const char *const wrong[] = {"",
                                        "x",
                                        "-1",
                                        "0",
                                        "1x",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "0x1",
                                        "1.0",
                                        "01",
                                        "99999999999999999999",
                                        "18446744073709551616",
                                        "1000",
                                        "\xC3\xA9",
                                        "' OR 1=1 --"};
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    deliver_tickets(client, 1, 5);
    char *longest = repeated("9", 10000);
    hd_log_page *page = NULL;
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        if (hd_log_query(client, NULL, wrong[i], 10, &page) != HD_E_CURSOR)
            fail_msg("\"%s\" was taken for a cursor", wrong[i]);
    assert_int_equal(hd_log_query(client, NULL, longest, 10, &page), HD_E_CURSOR);
    assert_null(page);
    free(longest);
}

/* The size of a page has bounds, which keep a query short. */
static void test_page_size_has_bounds(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_query(client, NULL, NULL, 0, &page), HD_E_INVALID);
    assert_int_equal(hd_log_query(client, NULL, NULL, 1001, &page), HD_E_INVALID);
    assert_int_equal(hd_log_query(client, NULL, NULL, SIZE_MAX, &page), HD_E_INVALID);
    assert_null(page);
    hd_log_page_free(query(client, NULL, NULL, 1));
    page = query(client, NULL, NULL, 1000);
    assert_int_equal(hd_log_page_count(page), 0);
    assert_null(hd_log_page_cursor(page));
    hd_log_page_free(page);
    assert_int_equal(hd_log_page_count(NULL), 0);
    assert_null(hd_log_page_at(NULL, 0));
    assert_null(hd_log_page_cursor(NULL));
    hd_log_page_free(NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Statistics
 */

static hd_log_stats *summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms) {
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(client, filter, bucket_ms, &stats), HD_OK);
    assert_non_null(stats);
    return stats;
}

/* What was delivered, what failed, and why: of all, and of one webhook. */
static void test_summary(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    hd_log_stats *stats = summarize(client, NULL, 0);
    assert_int_equal(hd_log_stats_count(stats), 8);
    assert_int_equal(hd_log_stats_attempts(stats), 8);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED), 3);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_FAILED), 5);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_CANCELED), 0);
    assert_int_equal(hd_log_stats_outcome(stats, 0), 0);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_RETRYING + 1), 0);
    assert_int_equal(hd_log_stats_outcome(stats, -1), 0);
    assert_int_equal(hd_log_stats_reason(stats, HD_REASON_DELIVERED), 3);
    assert_int_equal(hd_log_stats_reason(stats, HD_REASON_HTTP_5XX), 3);
    assert_int_equal(hd_log_stats_reason(stats, HD_REASON_HTTP_404_410), 2);
    assert_int_equal(hd_log_stats_reason(stats, -1), 0);
    assert_int_equal(hd_log_stats_reason(stats, HD_REASON_PAUSED + 1), 0);
    assert_int_equal(hd_log_stats_bucket_count(stats), 0);
    assert_int_equal(hd_log_stats_bucket_outcome(stats, 0, HD_OUTCOME_FAILED), 0);
    hd_log_stats_free(stats);

    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_add_webhook(filter, "w-bad"), HD_OK);
    stats = summarize(client, filter, 0);
    assert_int_equal(hd_log_stats_count(stats), 3);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED), 0);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_FAILED), 3);
    hd_log_stats_free(stats);
    assert_int_equal(hd_log_filter_set_text(filter, "fire"), HD_OK);
    stats = summarize(client, filter, 0);
    assert_int_equal(hd_log_stats_count(stats), 1);
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

/* It looks at the log bit by bit, counts each report once, and takes the time from the reports. */
static void test_summary_counts_each_report_once(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    deliver_tickets(client, 1, 200);
    put_at(scene, WEBHOOK, PROJECT, "", "/delay/120");
    deliver_tickets(client, 201, 201);
    hd_log_stats *stats = summarize(client, NULL, 0);
    assert_int_equal(hd_log_stats_count(stats), 201);
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED), 201);
    assert_true(hd_log_stats_total_ms(stats, 1000) >= 115);
    hd_log_page *page = query(client, NULL, NULL, 1000);
    uint32_t longest_ms = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        uint32_t ms = hd_report_total_ms(hd_log_page_at(page, i));
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), longest_ms);
    hd_log_page_free(page);
    hd_log_stats_free(stats);
}

/* Reports of the same outcome on a page between two times. */
static uint64_t count_on_page(const hd_log_page *page, int outcome, int64_t since_ms, int64_t until_ms) {
    uint64_t count = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        const hd_report *report = hd_log_page_at(page, i);
        int64_t at_ms = hd_report_finished_at_ms(report);
        count += hd_report_outcome(report) == outcome && at_ms >= since_ms && at_ms < until_ms;
    }
    return count;
}

/* Buckets follow one another, begin at multiples of their length, and have what the filter's time leaves in them. */
static void check_buckets(hd_client *client, int64_t since_ms, int64_t until_ms, int64_t bucket_ms) {
    hd_log_filter *filter = new_filter();
    assert_int_equal(hd_log_filter_set_time(filter, since_ms, until_ms), HD_OK);
    hd_log_stats *stats = summarize(client, filter, bucket_ms);
    hd_log_page *page = query(client, filter, NULL, 1000);
    size_t count = hd_log_stats_bucket_count(stats);
    int64_t start_ms = since_ms - since_ms % bucket_ms;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++, start_ms += bucket_ms) {
        assert_int_equal(hd_log_stats_bucket_start_ms(stats, i), start_ms);
        for (int outcome = 0; outcome <= HD_OUTCOME_RETRYING; outcome++)
            assert_int_equal(hd_log_stats_bucket_outcome(stats, i, outcome),
                             count_on_page(page, outcome, start_ms, start_ms + bucket_ms));
    }
    assert_true(start_ms >= until_ms && start_ms - bucket_ms < until_ms);
    assert_int_equal(hd_log_stats_bucket_start_ms(stats, count), 0);
    assert_int_equal(hd_log_stats_bucket_outcome(stats, count, HD_OUTCOME_FAILED), 0);
    hd_log_page_free(page);
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

static void test_buckets(void **state) {
    static const int64_t lengths_ms[] = {1, 2, 3, 7, 60, 1000, 86400000};
    struct scene *scene = *state;
    hd_client *client = open_mixed_client(scene);
    hd_log_page *page = query(client, NULL, NULL, 1000);
    int64_t last_ms = hd_report_finished_at_ms(hd_log_page_at(page, 0));
    int64_t first_ms = hd_report_finished_at_ms(hd_log_page_at(page, 7));
    hd_log_page_free(page);
    for (size_t i = 0; i < LENGTH_OF(lengths_ms); i++) {
        check_buckets(client, first_ms - 3, last_ms + 4, lengths_ms[i]);
        check_buckets(client, first_ms + 1, last_ms + 1, lengths_ms[i]); /* without the first */
        check_buckets(client, last_ms, last_ms + 1, lengths_ms[i]);
    }
}

/* Buckets need both bounds of a time, and are not too many. */
static void test_impossible_buckets_are_refused(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    hd_log_filter *filter = new_filter();
    hd_log_stats *stats = NULL;
    assert_int_equal(hd_log_summarize(client, NULL, 1000, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_summarize(client, filter, 1000, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 5000, 0), HD_OK);
    assert_int_equal(hd_log_summarize(client, filter, 1000, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 0, 5000), HD_OK);
    assert_int_equal(hd_log_summarize(client, filter, 1000, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 5000, 6000), HD_OK);
    assert_int_equal(hd_log_summarize(client, filter, -1, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 5000, 5000 + 100000 + 1), HD_OK);
    assert_int_equal(hd_log_summarize(client, filter, 10, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_filter_set_time(filter, 1, INT64_MAX), HD_OK);
    assert_int_equal(hd_log_summarize(client, filter, 1, &stats), HD_E_INVALID);
    assert_int_equal(hd_log_summarize(client, filter, INT64_MAX, NULL), HD_E_INVALID);
    assert_int_equal(hd_log_summarize(NULL, filter, 0, &stats), HD_E_INVALID);
    assert_null(stats);
    stats = summarize(client, filter, INT64_MAX);
    assert_int_equal(hd_log_stats_bucket_count(stats), 1);
    hd_log_stats_free(stats);
    assert_int_equal(hd_log_filter_set_time(filter, 5000, 5000 + 100000), HD_OK);
    stats = summarize(client, filter, 10);
    assert_int_equal(hd_log_stats_bucket_count(stats), 10000);
    assert_int_equal(hd_log_stats_count(stats), 0);
    hd_log_stats_free(stats);
    hd_log_filter_free(filter);
}

static int by_ms(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static hd_log_stats *empty_stats(void) {
    hd_log_stats *stats = NULL;
    assert_int_equal(hd__log_stats_new(NULL, 0, &stats), HD_OK);
    return stats;
}

/* A percentile is the time at its rank among all times in order, however many there are. */
static void test_percentiles(void **state) {
    (void)state;
    uint32_t times[317] = {0};
    uint64_t random = 1;
    for (size_t count = 1; count <= LENGTH_OF(times); count++) {
        hd_log_stats *stats = empty_stats();
        for (size_t i = 0; i < count; i++) {
            times[i] = (uint32_t)random_below(&random, count % 2 ? 30 : 5001);
            hd__log_stats_add(
                stats, &(struct hd__log_tally){
                           .outcome = HD_OUTCOME_DELIVERED, .has_attempts = 1, .total_ms = times[i], .count = 1});
        }
        qsort(times, count, sizeof times[0], by_ms);
        for (int permille = 0; permille <= 1000; permille++) {
            size_t rank = 0; /* the first whose share is large enough */
            while ((rank + 1) * 1000 < count * (size_t)permille)
                rank++;
            assert_int_equal(hd_log_stats_total_ms(stats, permille), times[rank]);
        }
        hd_log_stats_free(stats);
    }
}

/* Times are those of attempts that came to a result; one that took too long by a little counts as the longest. */
static void test_times_are_of_attempts(void **state) {
    static const struct hd__log_tally others[] = {
        {.outcome = HD_OUTCOME_FAILED, .reason = HD_REASON_PAUSED, .has_attempts = 0, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_FAILED, .reason = HD_REASON_TIMEOUT_TOTAL, .has_attempts = 0, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_FAILED, .reason = HD_REASON_PAUSED, .has_attempts = 1, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_FAILED, .reason = HD_REASON_DROPPED, .has_attempts = 1, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_RETRYING, .reason = HD_REASON_INTERNAL, .has_attempts = 1, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_CANCELED, .reason = HD_REASON_CANCELED, .has_attempts = 1, .total_ms = 1, .count = 1},
        {.outcome = HD_OUTCOME_RETRYING + 1,
         .reason = HD_REASON_PROXY_GATEWAY + 1,
         .has_attempts = 0,
         .total_ms = 1,
         .count = 1},
        {.outcome = -1, .reason = -1, .has_attempts = 0, .total_ms = 1, .count = 1},
    };
    (void)state;
    hd_log_stats *stats = empty_stats();
    for (size_t i = 0; i < LENGTH_OF(others); i++)
        hd__log_stats_add(stats, &others[i]);
    assert_int_equal(hd_log_stats_count(stats), LENGTH_OF(others));
    assert_int_equal(hd_log_stats_outcome(stats, HD_OUTCOME_FAILED), 4);
    assert_int_equal(hd_log_stats_reason(stats, HD_REASON_PAUSED), 2);
    assert_int_equal(hd_log_stats_attempts(stats), 0);
    assert_int_equal(hd_log_stats_total_ms(stats, 1000), 0);
    hd__log_stats_add(stats, &(struct hd__log_tally){.outcome = HD_OUTCOME_RETRYING,
                                                     .reason = HD_REASON_HTTP_5XX,
                                                     .has_attempts = 1,
                                                     .total_ms = 40,
                                                     .count = 1});
    hd__log_stats_add(stats, &(struct hd__log_tally){.outcome = HD_OUTCOME_FAILED,
                                                     .reason = HD_REASON_TIMEOUT_TOTAL,
                                                     .has_attempts = 1,
                                                     .total_ms = 5003,
                                                     .count = 1});
    assert_int_equal(hd_log_stats_attempts(stats), 2);
    assert_int_equal(hd_log_stats_total_ms(stats, 500), 40);
    assert_int_equal(hd_log_stats_total_ms(stats, 501), 5000);
    assert_int_equal(hd_log_stats_total_ms(stats, 1001), 0);
    assert_int_equal(hd_log_stats_total_ms(stats, -1), 0);
    hd_log_stats_free(stats);
}

/* From 64 ms on, a bucket counts times of up to a thirty-second more as one. */
static void test_durations_of_a_bucket(void **state) {
    (void)state;
    hd_log_filter *filter = NULL;
    assert_int_equal(hd_log_filter_new(&filter), HD_OK);
    assert_int_equal(hd_log_filter_set_time(filter, 1000, 2000), HD_OK);
    for (uint32_t ms = 0; ms <= 5100; ms++) {
        hd_log_stats *stats = NULL;
        assert_int_equal(hd__log_stats_new(filter, 1000, &stats), HD_OK);
        const struct hd__log_tally one = {.bucket = 1,
                                          .outcome = HD_OUTCOME_DELIVERED,
                                          .reason = HD_REASON_DELIVERED,
                                          .has_attempts = 1,
                                          .total_ms = ms,
                                          .count = 1};
        hd__log_stats_add(stats, &one);
        uint32_t told_ms = hd_log_stats_bucket_total_ms(stats, 0, 500), exact_ms = ms < 5000 ? ms : 5000;
        assert_true(told_ms >= exact_ms && told_ms <= exact_ms + exact_ms / 32 && told_ms <= 5000);
        assert_true(ms >= 64 || told_ms == ms);
        assert_int_equal(hd_log_stats_bucket_total_ms(stats, 0, 0), told_ms);
        assert_int_equal(hd_log_stats_bucket_total_ms(stats, 1, 500), 0);
        assert_int_equal(hd_log_stats_bucket_total_ms(stats, 0, 1001), 0);
        hd_log_stats_free(stats);
    }
    hd_log_filter_free(filter);
}

/* The getters of statistics that are not there answer 0. */
static void test_null_stats(void **state) {
    (void)state;
    assert_int_equal(hd_log_stats_count(NULL), 0);
    assert_int_equal(hd_log_stats_outcome(NULL, HD_OUTCOME_FAILED), 0);
    assert_int_equal(hd_log_stats_ended(NULL), 0);
    assert_int_equal(hd_log_stats_reason(NULL, HD_REASON_DELIVERED), 0);
    assert_int_equal(hd_log_stats_retry_reason(NULL, HD_REASON_DELIVERED), 0);
    assert_int_equal(hd_log_stats_attempts(NULL), 0);
    assert_int_equal(hd_log_stats_total_ms(NULL, 500), 0);
    assert_int_equal(hd_log_stats_bucket_count(NULL), 0);
    assert_int_equal(hd_log_stats_bucket_start_ms(NULL, 0), 0);
    assert_int_equal(hd_log_stats_bucket_outcome(NULL, 0, HD_OUTCOME_FAILED), 0);
    assert_int_equal(hd_log_stats_bucket_reason(NULL, 0, HD_REASON_DNS), 0);
    assert_int_equal(hd_log_stats_bucket_attempts(NULL, 0), 0);
    assert_int_equal(hd_log_stats_bucket_total_ms(NULL, 0, 500), 0);
    hd_log_stats_free(NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reports
 */

/* A report says everything about its delivery. */
static void test_report_is_complete(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    put_at(scene, WEBHOOK, PROJECT, "Caf\xC3\xA9", "/delay/30");
    int64_t before_ms = wall_ms();
    uint64_t id = send_ticket(client, 42);
    hd_report *report = next_report(client);
    int64_t after_ms = wall_ms();
    char address[64];
    size_t length = 0;
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)server_port(scene->server));

    assert_string_equal(hd_report_delivery_id(report),
                        request_header(server_request(scene->server, 0), "X-Helmdesk-Delivery"));
    assert_int_equal(event_of(report), id);
    assert_int_equal(number_of(report), 42);
    assert_string_equal(hd_event_get(hd_report_event(report), HD_FIELD_PROJECT, NULL), PROJECT);
    assert_string_equal(hd_report_webhook_id(report), WEBHOOK);
    assert_string_equal(hd_report_webhook_name(report), "Caf\xC3\xA9");
    assert_int_equal(hd_report_format(report), HD_FORMAT_JSON);
    assert_int_equal(hd_report_is_test(report), 0);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    assert_int_equal(hd_report_reason(report), HD_REASON_DELIVERED);
    assert_string_equal(hd_report_detail(report), "");
    assert_string_equal(hd_report_explanation(report), hd_reason_text(HD_REASON_DELIVERED));
    assert_int_equal(hd_report_attempt(report), 1);
    assert_int_equal(hd_report_http_status(report), 200);
    assert_true(hd_report_accepted_at_ms(report) >= before_ms - 1);
    assert_true(hd_report_finished_at_ms(report) >= hd_report_accepted_at_ms(report));
    assert_true(hd_report_finished_at_ms(report) <= after_ms + 1);
    assert_true(hd_report_queued_ms(report) <= after_ms - before_ms + 1);
    assert_true(hd_report_wait_ms(report) >= 25);
    assert_true(hd_report_total_ms(report) >= hd_report_wait_ms(report));
    assert_true(hd_report_total_ms(report) >= hd_report_dns_ms(report) + hd_report_connect_ms(report));
    assert_int_equal(hd_report_tls_ms(report), 0);
    assert_string_equal(hd_report_remote_address(report), address);
    assert_non_null(strstr(hd_report_response_headers(report, &length), "HTTP/1.1 200 Scripted\r\n"));
    assert_true(length > 0);
    assert_string_equal(hd_report_response_body(report, &length), "ok");
    assert_int_equal(length, 2);
    assert_int_equal(hd_report_response_truncated(report), 0);
    hd_report_free(report);
}

/* How long a delivery waited for its turn is told apart from how long its attempt took. */
static void test_report_tells_waiting_from_delivering(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    put_at(scene, WEBHOOK, PROJECT, "", "/delay/100");
    (void)send_ticket(client, 1);
    (void)send_ticket(client, 2);
    hd_report_free(next_report(client));
    hd_report *second = next_report(client);
    assert_int_equal(number_of(second), 2);
    assert_true(hd_report_queued_ms(second) >= 90);
    assert_true(hd_report_total_ms(second) >= 90);
    assert_true(hd_report_finished_at_ms(second) - hd_report_accepted_at_ms(second) >= 180);
    hd_report_free(second);
}

/* The getters of a report that is not there answer NULL or 0. */
static void test_null_report(void **state) {
    (void)state;
    size_t length = 77;
    assert_null(hd_report_delivery_id(NULL));
    assert_null(hd_report_event_id(NULL));
    assert_null(hd_report_event(NULL));
    assert_null(hd_report_webhook_id(NULL));
    assert_null(hd_report_webhook_name(NULL));
    assert_null(hd_report_masked_url(NULL));
    assert_int_equal(hd_report_format(NULL), 0);
    assert_int_equal(hd_report_is_test(NULL), 0);
    assert_int_equal(hd_report_outcome(NULL), 0);
    assert_int_equal(hd_report_reason(NULL), 0);
    assert_null(hd_report_detail(NULL));
    assert_null(hd_report_explanation(NULL));
    assert_int_equal(hd_report_attempt(NULL), 0);
    assert_int_equal(hd_report_http_status(NULL), 0);
    assert_int_equal(hd_report_accepted_at_ms(NULL), 0);
    assert_int_equal(hd_report_finished_at_ms(NULL), 0);
    assert_int_equal(hd_report_queued_ms(NULL), 0);
    assert_int_equal(hd_report_dns_ms(NULL), 0);
    assert_int_equal(hd_report_connect_ms(NULL), 0);
    assert_int_equal(hd_report_tls_ms(NULL), 0);
    assert_int_equal(hd_report_wait_ms(NULL), 0);
    assert_int_equal(hd_report_total_ms(NULL), 0);
    assert_null(hd_report_remote_address(NULL));
    assert_null(hd_report_response_headers(NULL, &length));
    assert_null(hd_report_response_body(NULL, &length));
    assert_null(hd_report_response_headers(NULL, NULL));
    assert_null(hd_report_response_body(NULL, NULL));
    assert_int_equal(hd_report_response_truncated(NULL), 0);
    hd_report_free(NULL);
}

/* Every outcome and reason has a name and a sentence; numbers of later versions have some too. */
static void test_outcomes_and_reasons_have_names(void **state) {
    (void)state;
    assert_string_equal(hd_outcome_name(HD_OUTCOME_DELIVERED), "delivered");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_FAILED), "failed");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_CANCELED), "canceled");
    assert_string_equal(hd_outcome_name(HD_OUTCOME_RETRYING), "retrying");
    assert_string_equal(hd_outcome_name(0), "unknown");
    assert_string_equal(hd_reason_name(HD_REASON_TIMEOUT_TOTAL), "timeout_total");
    assert_string_equal(hd_reason_name(HD_REASON_PROXY_GATEWAY + 1), "unknown");
    assert_string_equal(hd_reason_name(-1), "unknown");
    assert_true(strlen(hd_reason_text(HD_REASON_PROXY_GATEWAY + 1)) > 0);
    for (int reason = HD_REASON_DELIVERED; reason <= HD_REASON_PROXY_GATEWAY; reason++) {
        assert_true(strlen(hd_reason_text(reason)) > 20);
        assert_string_not_equal(hd_reason_name(reason), "unknown");
        for (int other = HD_REASON_DELIVERED; other < reason; other++) {
            assert_string_not_equal(hd_reason_name(other), hd_reason_name(reason));
            assert_string_not_equal(hd_reason_text(other), hd_reason_text(reason));
        }
    }
}

/* A URL may be a secret itself: reports and lists show scheme, host and its end, and nothing between. */
static void test_urls_are_masked(void **state) {
    static const char path[] = "/ok/services/T0SECRET/B0SECRET/middle-of-the-url-9876?token=hidden-wxyz";
    static const char *const secret_parts[] = {"services", "SECRET", "middle", "9876", "token", "hidden"};
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    put_at(scene, WEBHOOK, PROJECT, "", path);
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    const char *masked = hd_report_masked_url(report);
    assert_string_equal(masked, hd_webhook_masked_url(webhook));
    assert_true(strncmp(masked, "http://127.0.0.1", 16) == 0);
    assert_true(strlen(masked) > 4 && strcmp(masked + strlen(masked) - 4, "wxyz") == 0);
    for (size_t i = 0; i < LENGTH_OF(secret_parts); i++)
        assert_null(strstr(masked, secret_parts[i]));
    hd_webhook_free(webhook);
    hd_report_free(report);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Pulling
 */

struct puller {
    pthread_t thread;
    hd_client *client;
    int64_t *numbers;
    size_t count;
    int status;
};

static void *pull_reports(void *argument) {
    struct puller *puller = argument;
    hd_report *report = NULL;
    while ((puller->status = hd_client_next_report(puller->client, PATIENCE_MS, &report)) == HD_OK) {
        puller->numbers[puller->count++] = number_of(report);
        hd_report_free(report);
    }
    return NULL;
}

/* Several threads may pull: each report comes once, to one of them, and to each in the order of the endings. */
static void test_each_report_is_pulled_once(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    struct puller pullers[4];
    size_t count = volume(1000);
    unsigned char *seen = calloc(count + 1, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < LENGTH_OF(pullers); i++) {
        pullers[i] = (struct puller){.client = client, .numbers = calloc(count, sizeof(int64_t))};
        assert_non_null(pullers[i].numbers);
        assert_int_equal(pthread_create(&pullers[i].thread, NULL, pull_reports, &pullers[i]), 0);
    }
    for (size_t number = 1; number <= count; number++)
        (void)send_ticket(client, (int64_t)number);
    assert_int_equal(hd_client_close(client, 2 * PATIENCE_MS), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(pullers); i++)
        assert_int_equal(pthread_join(pullers[i].thread, NULL), 0);

    size_t total = 0;
    for (size_t i = 0; i < LENGTH_OF(pullers); i++) {
        assert_int_equal(pullers[i].status, HD_E_CLOSED);
        for (size_t k = 0; k < pullers[i].count; k++) {
            assert_in_range(pullers[i].numbers[k], 1, count);
            assert_true(k == 0 || pullers[i].numbers[k] > pullers[i].numbers[k - 1]);
            assert_int_equal(seen[pullers[i].numbers[k]]++, 0);
        }
        total += pullers[i].count;
        free(pullers[i].numbers);
    }
    free(seen);
    assert_int_equal(total, count);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 0);
}

/* Who pulls too slowly for the log's limits is told how much was missed, and gets the rest in order. */
static void test_missed_reports_are_counted(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 10, (size_t)1 << 26), HD_OK);
    hd_client *client = open_client(scene, options);
    deliver_tickets(client, 1, 2);
    hd_report_free(next_report(client));
    deliver_tickets(client, 3, 31); /* 22 to 31 stay; 2 to 21 are missed */
    for (int64_t number = 22; number <= 31; number++) {
        hd_report *report = next_report(client);
        assert_int_equal(number_of(report), number);
        hd_report_free(report);
    }
    hd_report *report = NULL;
    assert_int_equal(hd_client_next_report(client, 0, &report), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 20);
}

/* Reading the log takes nothing away from those who pull, and a report pulled stays in the log. */
static void test_log_and_pulling_are_independent(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL);
    deliver_tickets(client, 1, 5);
    hd_log_page_free(query(client, NULL, NULL, 1000));
    for (int64_t number = 1; number <= 5; number++) {
        hd_report *report = next_report(client);
        assert_int_equal(number_of(report), number);
        hd_report_free(report);
    }
    assert_int_equal(count_matches(client, NULL), 5);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(count_matches(client, NULL), 5);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_set_up, scene_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_oldest_reports_are_forgotten),
        SCENE_TEST(test_log_has_a_limit_of_bytes),
        SCENE_TEST(test_forgotten_reports_stay_readable),
        SCENE_TEST(test_search_by_text),
        SCENE_TEST(test_search_by_property),
        SCENE_TEST(test_search_by_result),
        SCENE_TEST(test_search_for_tests),
        SCENE_TEST(test_search_by_delivery),
        SCENE_TEST(test_search_by_time),
        cmocka_unit_test(test_impossible_filters_are_refused),
        SCENE_TEST(test_pages_do_not_shift),
        SCENE_TEST(test_long_searches_miss_nothing),
        SCENE_TEST(test_last_page_has_no_cursor),
        SCENE_TEST(test_cursor_outlives_what_it_points_to),
        SCENE_TEST(test_bad_cursors_are_refused),
        SCENE_TEST(test_page_size_has_bounds),
        SCENE_TEST(test_summary),
        SCENE_TEST(test_summary_counts_each_report_once),
        SCENE_TEST(test_buckets),
        SCENE_TEST(test_impossible_buckets_are_refused),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_times_are_of_attempts),
        cmocka_unit_test(test_durations_of_a_bucket),
        cmocka_unit_test(test_null_stats),
        SCENE_TEST(test_report_is_complete),
        SCENE_TEST(test_report_tells_waiting_from_delivering),
        cmocka_unit_test(test_null_report),
        cmocka_unit_test(test_outcomes_and_reasons_have_names),
        SCENE_TEST(test_urls_are_masked),
        SCENE_TEST(test_each_report_is_pulled_once),
        SCENE_TEST(test_missed_reports_are_counted),
        SCENE_TEST(test_log_and_pulling_are_independent),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
