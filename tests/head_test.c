/* SPDX-License-Identifier: MIT */
/** @file head_test.c The head of a request is written in one place, as it goes over the wire. */
#include "support/bodies.h"
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
    char *host = NULL, *target = NULL, *authority = NULL;
    exchange->url = url;
    exchange->parsed_url = hd__url_parse(url);
    assert_int_equal(hd__url_target(exchange->parsed_url, &host, &exchange->port), HD_OK);
    assert_int_equal(hd__url_request(exchange->parsed_url, &target, &authority), HD_OK);
    exchange->host = host;
    exchange->target = target;
    exchange->authority = authority;
    assert_int_equal(transport->start(transport, exchange), HD_OK);
    while (!transport->finished(transport))
        transport->wait(transport, 1000);
    assert_int_equal(exchange->reason, HD_REASON_DELIVERED);
}

static void free_exchange(struct hd__exchange *exchange) {
    hd__url_free(exchange->parsed_url);
    free((void *)exchange->host);
    free((void *)exchange->target);
    free((void *)exchange->authority);
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
    assert_int_equal(hd__curl_new(&config, &transport), HD_OK);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_written_as_it_is_sent),
    };
    return cmocka_run_group_tests_name("head", tests, set_up, tear_down);
}
