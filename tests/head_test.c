/* SPDX-License-Identifier: MIT */
/** @file head_test.c The head of a request is written in one place, as it goes over the wire; a report has it with its
 * secrets masked. */
#include "support/bodies.h"
#include "support/head.h"
#include "support/server.h"
#include "support/support.h"

#include "endpoint/url.h"
#include "options.h"
#include "transport/head.h"

#define DEFAULT_PORT 80
#define DEFAULT_ADDRESS "127.0.0.2" /* where the port is free */
#define NAME "Hooks.Example"

static struct server *server, *at_default_port; /* that one is NULL where the system refuses */

static int set_up(void **state) {
    (void)state;
    server = server_start();
    at_default_port = server_start_at(DEFAULT_ADDRESS, DEFAULT_PORT);
    if (!at_default_port)
        print_message("             port %d cannot be had: it is left out\n", DEFAULT_PORT);
    return server == NULL;
}

static int tear_down(void **state) {
    (void)state;
    server_stop(server);
    server_stop(at_default_port);
    return 0;
}

/* The URLs, each with this rest behind the port. */
static const struct place {
    const char *scheme_and_host;
    int has_default_port; /* it is not written */
} places[] = {{"http://127.0.0.1", 0}, {"http://" NAME, 0}, {"http://" NAME, 1}, {"HTTP://" NAME ":80", 1}};

static const char *const rests[] = {
    "",
    "/",
    "/ok/a",
    "/ok?",
    "?token=one",
    "/ok/services/T0/B0/secret-secret?token=a%20b&%c3%a4='%27",
    "/ok/a/../b/./c",
};

static struct server *server_at(const struct place *place, const char *rest, char *url, size_t size) {
    struct server *there = place->has_default_port ? at_default_port : server;
    if (there && place->has_default_port)
        (void)snprintf(url, size, "%s%s", place->scheme_and_host, rest);
    else if (there)
        (void)snprintf(url, size, "%s:%u%s", place->scheme_and_host, server_port(there), rest);
    return there;
}

static hd_options *options_here(void) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_resolve(options, NAME, DEFAULT_PORT, DEFAULT_ADDRESS), HD_OK);
    assert_int_equal(hd_options_resolve(options, NAME, 0, "127.0.0.1"), HD_OK);
    assert_int_equal(hd_options_allow_ports(options, DEFAULT_PORT, DEFAULT_PORT), HD_OK);
    return options;
}

/* ---- As it is sent ---- */

static const struct hd__field some_fields[] = {{"Content-Type", "application/json", 0},
                                               {"X-Helmdesk-Event", "ticket.created", 0},
                                               {"Authorization", "Bearer a:b", 1},
                                               {"Cookie", "a=b", 1},
                                               {"X-Empty", "", 1},
                                               {"X-Blank", " \t ", 0},
                                               {"x-spaced", "  two  words ", 1}};
static const struct hd__field own_accept[] = {{"Content-Type", "text/plain", 0}, {"ACCEPT", "text/html", 1}};
static const struct hd__field no_accept[] = {{"Accept", "", 0}, {"Content-Type", "text/plain", 0}};

static const struct {
    const struct hd__field *fields;
    size_t count;
} headers[] = {
    {some_fields, LENGTH_OF(some_fields)},
    {own_accept, LENGTH_OF(own_accept)},
    {no_accept, LENGTH_OF(no_accept)},
};

static void post(struct hd__transport *transport, const char *url, struct hd__exchange *exchange) {
    static struct hd__url_parts parts;
    assert_int_equal(hd__url_split(url, &parts), HD_OK);
    exchange->url = url;
    exchange->parts = &parts;
    assert_int_equal(transport->start(transport, exchange), HD_OK);
    while (!transport->finished(transport))
        transport->wait(transport, 1000);
    assert_int_equal(exchange->reason, HD_REASON_DELIVERED);
}

static void free_exchange(struct hd__exchange *exchange) {
    hd__url_parts_free((struct hd__url_parts *)(uintptr_t)exchange->parts);
    hd__buffer_free(&exchange->response_headers);
    hd__buffer_free(&exchange->response_body);
}

static void check_head(struct hd__transport *transport, const struct place *place, const char *rest, size_t which,
                       size_t body_len, const char *agent) {
    char url[256];
    struct hd__buffer head = {0};
    struct server *there = server_at(place, rest, url, sizeof url);
    char *body = repeated("x", body_len);
    struct hd__exchange exchange = {.body = body, .body_len = body_len, .field_count = headers[which].count};
    if (there) {
        memcpy(exchange.fields, headers[which].fields, headers[which].count * sizeof exchange.fields[0]);
        post(transport, url, &exchange);
        hd__head_write(&exchange, agent, 0, &head);
        assert_string_equal(head.data, server_request(there, server_requests(there) - 1)->head);
        assert_int_equal(head.len, strlen(head.data));
        assert_int_equal(head.size, head.len + 1);
        free_exchange(&exchange);
        hd__buffer_free(&head);
    }
    free(body);
}

static void check_agent(const char *agent) {
    hd_options *options = options_here();
    struct hd__transport_config config = {.timeout_ms = PATIENCE_MS,
                                          .max_connections = 4,
                                          .policy = &options->policy,
                                          .pins = &options->pins,
                                          .user_agent = agent};
    struct hd__transport *transport = NULL;
    assert_int_equal(hd__transport_new(&config, &transport), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(places); i++)
        for (size_t j = 0; j < LENGTH_OF(rests); j++)
            check_head(transport, &places[i], rests[j], 0, j, agent);
    for (size_t i = 0; i < LENGTH_OF(headers); i++)
        check_head(transport, &places[0], "/ok", i, 10, agent);
    check_head(transport, &places[0], "/ok", 0, 600000, agent);
    check_head(transport, &places[0], "/ok", 0, 1500000, agent);
    transport->free(transport);
    hd_options_free(options);
}

static void test_it_is_written_as_it_is_sent(void **state) {
    (void)state;
    check_agent("libhelmdesk/1");
    check_agent("Acme Support (1.0)");
    check_agent("");
}

/* ---- As a report has it ---- */

#define STANDARD_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void add_headers(hd_webhook *webhook) {
    assert_int_equal(hd_webhook_set_header(webhook, "Authorization", "Bearer the-key"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "x-api-key", "the-key: 1"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "Accept", "the-key"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Empty", ""), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Blank", " "), HD_OK);
}

static void send_and_compare(hd_client *client, const hd_webhook *webhook, struct server *there) {
    (void)send_event(client, message_for_tests(PROJECT, 7, 300));
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    assert_head_is(report, webhook, server_request(there, server_requests(there) - 1)->head);
    assert_null(strstr(hd_report_request(report, NULL), "the-key"));
    assert_null(strstr(hd_report_request(report, NULL), "secret"));
    assert_non_null(strstr(hd_report_request(report, NULL), "\r\nX-Helmdesk-Signature: "));
    hd_report_free(report);
}

/* A mixture of what changes a head, for a webhook of its own: Slack's pace is one message a second. */
static void compare(hd_client *client, const struct place *place, const char *rest, int mixture) {
    static int count;
    char url[256], id[16];
    struct server *there = server_at(place, rest, url, sizeof url);
    if (!there)
        return;
    (void)snprintf(id, sizeof id, "w%d", count++);
    hd_webhook *webhook = webhook_for_tests(id, PROJECT, url);
    assert_int_equal(hd_webhook_set_secret(webhook, STANDARD_SECRET, strlen(STANDARD_SECRET)), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, mixture & 1 ? HD_FORMAT_SLACK : HD_FORMAT_JSON), HD_OK);
    assert_int_equal(hd_webhook_set_standard_headers(webhook, (mixture & 2) != 0), HD_OK);
    if (mixture & 4)
        add_headers(webhook);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    send_and_compare(client, webhook, there);
    assert_int_equal(hd_client_remove_webhook(client, id), HD_OK);
    hd_webhook_free(webhook);
}

static void test_a_report_has_it_masked(void **state) {
    (void)state;
    hd_client *client = client_for_tests(options_here());
    for (size_t i = 0; i < LENGTH_OF(places); i++)
        for (size_t j = 0; j < LENGTH_OF(rests); j++)
            compare(client, &places[i], rests[j], (int)(i + j) % 8);
    for (int mixture = 0; mixture < 8; mixture++)
        compare(client, &places[0], rests[5], mixture);
    end_client(client);
}

/* Each attempt has its own, and one that finds nobody has it too. */
static void test_each_attempt_has_its_own(void **state) {
    (void)state;
    char url[64];
    hd_client *client = client_for_tests(NULL);
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, server_url(server, "/status/500", url, sizeof url));
    assert_int_equal(hd_webhook_set_secret(webhook, STANDARD_SECRET, strlen(STANDARD_SECRET)), HD_OK);
    assert_int_equal(hd_webhook_set_standard_headers(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1, 1), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    size_t before = server_requests(server);
    (void)send_ticket(client, 1);
    for (size_t i = 0; i < 2; i++) {
        hd_report *report = next_report(client);
        assert_head_is(report, webhook, server_request(server, before + i)->head);
        hd_report_free(report);
    }
    hd_webhook_free(webhook);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", server_refused_port());
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_reason(report), HD_REASON_REFUSED);
    assert_int_equal(strncmp(hd_report_request(report, NULL), "POST / HTTP/1.1\r\nHost: 127.0.0.1:", 33), 0);
    hd_report_free(report);
    end_client(client);
}

static void test_without_an_attempt_there_is_none(void **state) {
    (void)state;
    char url[64];
    size_t length = 1;
    hd_client *client = client_for_tests(NULL);
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, server_url(server, "/hang", url, sizeof url));
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    put_webhook(client, webhook);
    size_t before = server_requests(server);
    (void)send_ticket(client, 1);
    (void)send_ticket(client, 2);
    assert_true(server_wait_requests(server, before + 1, PATIENCE_MS));
    (void)hd_client_close(client, 0); /* what was left is canceled */
    for (int i = 0; i < 2; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_CANCELED);
        if (hd_report_attempt(report) > 0) {
            assert_non_null(strstr(hd_report_request(report, &length), "\r\n\r\n"));
        } else {
            assert_string_equal(hd_report_request(report, &length), "");
            assert_int_equal(length, 0);
        }
        hd_report_free(report);
    }
    hd_client_free(client);
    assert_null(hd_report_request(NULL, &length));
    assert_int_equal(length, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_written_as_it_is_sent),
        cmocka_unit_test(test_a_report_has_it_masked),
        cmocka_unit_test(test_each_attempt_has_its_own),
        cmocka_unit_test(test_without_an_attempt_there_is_none),
    };
    return cmocka_run_group_tests_name("head", tests, set_up, tear_down);
}
