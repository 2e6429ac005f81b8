/* SPDX-License-Identifier: MIT */
/** @file exchange_test.c Answers that come before the request has left: a refusal decides at once, and a success counts
 * when the receiver has everything. */
#include "raw.h"
#include "support/bodies.h"
#include "support/support.h"

#include "options.h"
#include "transport/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY ((size_t)64 << 20) /* more than any kernel takes in advance */
#define LIMIT_MS 1000
#define FINE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#define FINE_AND_KEPT "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define STILL_COMING "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf"
#define REFUSED "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

static struct hd__transport *transport;
static hd_options *options;
static char *body;

static int set_up_with(uint32_t timeout_ms) {
    options = options_for_tests();
    const struct hd__transport_config config = {
        .timeout_ms = timeout_ms, .max_connections = 4, .policy = &options->policy, .user_agent = "exchange_test"};
    body = repeated("x", BODY);
    return hd__transport_new(&config, &transport) == HD_OK ? 0 : 1;
}

/* For receivers that never read everything. */
static int set_up(void **state) {
    (void)state;
    return set_up_with(LIMIT_MS);
}

/* For one that does, however long that takes here. */
static int set_up_patient(void **state) {
    (void)state;
    return set_up_with(PATIENCE_MS);
}

static int tear_down(void **state) {
    (void)state;
    transport->free(transport);
    hd_options_free(options);
    free(body);
    return 0;
}

static void post(struct hd__exchange *exchange) {
    assert_int_equal(transport->start(transport, exchange), HD_OK);
    while (!transport->finished(transport))
        transport->wait(transport, 1000);
    hd__buffer_free(&exchange->response_headers);
    hd__buffer_free(&exchange->response_body);
}

static void expect(const struct raw_script *script, int reason, int status, const char *detail) {
    char url[64];
    struct hd__url_parts parts;
    struct raw *raw = raw_start("127.0.0.1", 0, script);
    assert_non_null(raw);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)raw_port(raw));
    assert_int_equal(hd__url_split(url, &parts), HD_OK);
    struct hd__exchange exchange = {.url = url, .parts = &parts, .body = body, .body_len = BODY, .detail = ""};
    post(&exchange);
    assert_int_equal(exchange.reason, reason);
    assert_int_equal(exchange.http_status, status);
    assert_string_equal(exchange.detail, detail);
    hd__url_parts_free(&parts);
    raw_stop(raw);
}

static void test_early_success(void **state) {
    (void)state;
    const struct raw_script reads_on = {.reads = RAW_READS_HEAD, .says = FINE, .ends = RAW_FINISHES};
    expect(&reads_on, HD_REASON_DELIVERED, 200, "");
}

static void test_early_success_that_does_not_read(void **state) {
    (void)state;
    const struct raw_script stays = {.reads = RAW_READS_HEAD, .says = FINE, .ends = RAW_STAYS};
    const struct raw_script closes = {.reads = RAW_READS_HEAD, .says = FINE, .ends = RAW_CLOSES};
    expect(&stays, HD_REASON_TIMEOUT_TOTAL, 0, "");
    expect(&closes, HD_REASON_RESET, 0, "it answered before it had everything");
}

/* The connection is not used again, though the receiver would keep it: half a request is in it. */
static void test_early_success_over_a_kept_connection(void **state) {
    (void)state;
    char url[64];
    struct hd__url_parts parts;
    const struct raw_script stays = {.reads = RAW_READS_HEAD, .says = FINE_AND_KEPT, .ends = RAW_STAYS};
    struct raw *raw = raw_start("127.0.0.1", 0, &stays);
    assert_non_null(raw);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)raw_port(raw));
    assert_int_equal(hd__url_split(url, &parts), HD_OK);
    for (int i = 0; i < 2; i++) {
        struct hd__exchange exchange = {.url = url, .parts = &parts, .body = body, .body_len = BODY, .detail = ""};
        post(&exchange);
        assert_int_equal(exchange.reason, HD_REASON_TIMEOUT_TOTAL);
    }
    assert_int_equal(raw_connections(raw), 2);
    hd__url_parts_free(&parts);
    raw_stop(raw);
}

/* Nor if it goes on to answer while it does not read. */
static void test_early_success_without_end(void **state) {
    (void)state;
    const struct raw_script stays = {.reads = RAW_READS_HEAD, .says = STILL_COMING, .ends = RAW_STAYS};
    const struct raw_script resets = {.reads = RAW_READS_HEAD, .says = STILL_COMING, .ends = RAW_RESETS};
    expect(&stays, HD_REASON_TIMEOUT_TOTAL, 0, "");
    expect(&resets, HD_REASON_RESET, 0, "it answered before it had everything");
}

static void test_early_refusal(void **state) {
    (void)state;
    const struct raw_script reads_on = {.reads = RAW_READS_HEAD, .says = REFUSED, .ends = RAW_FINISHES};
    const struct raw_script stays = {.reads = RAW_READS_HEAD, .says = REFUSED, .ends = RAW_STAYS};
    expect(&reads_on, HD_REASON_HTTP_413, 413, "");
    expect(&stays, HD_REASON_HTTP_413, 413, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_early_success, set_up_patient, tear_down),
        cmocka_unit_test_setup_teardown(test_early_success_that_does_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_success_over_a_kept_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_success_without_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_refusal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
