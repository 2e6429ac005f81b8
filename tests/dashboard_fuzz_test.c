/* SPDX-License-Identifier: MIT */
/** @file dashboard_fuzz_test.c Requests that nobody means: whatever comes, there is an answer, and it is well formed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/route.h"
#include "support/bodies.h"
#include "support/support.h"

#include "helmdesk/dashboard.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed;

static unsigned below(unsigned bound) {
    return (unsigned)random_below(&seed, bound);
}

#define PICK(list) ((list)[below((unsigned)LENGTH_OF(list))])

/* ---- Parts ---- */

static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "get", "\x01"};
static const char *const parts[] = {"p",         "webhooks", "deliveries",   "known",
                                    "..",        "%2e%2e",   "%00",          "%",
                                    "%g",        "",         "a%2Fb",        "count",
                                    "redeliver", "secret",   "reveal",       "test",
                                    "hold",      "\xff",     "%F0%9F%8E%AB", "00000000-0000-7000-8000-000000000000",
                                    "stream"};
static const char *const queries[] = {"limit=1",
                                      "limit=-1",
                                      "cursor=x",
                                      "outcome=failed",
                                      "status=4xx",
                                      "status=999",
                                      "since=2025-01-01T00:00:00Z",
                                      "until=9999-12-31T23:59:60Z",
                                      "q=%F0%9F",
                                      "q=%00",
                                      "range=7d",
                                      "&&&",
                                      "=",
                                      "a",
                                      "webhook=known",
                                      "test=only",
                                      "reason=dns",
                                      "since=-1"};
static const char *const names[] = {"Host",
                                    "Content-Type",
                                    "Origin",
                                    "Sec-Fetch-Site",
                                    "Content-Length",
                                    "If-Match",
                                    "Last-Event-ID",
                                    "If-None-Match",
                                    "X",
                                    ""};
static const char *const values[] = {"localhost",
                                     "application/json",
                                     "http://localhost",
                                     "same-origin",
                                     "0",
                                     "\"1\"",
                                     "\"7\"",
                                     "cross-site",
                                     "[",
                                     "99999999999999999999",
                                     "",
                                     "localhost:",
                                     "[::1]:x"};
static const char *const atoms[] = {"null",
                                    "true",
                                    "-1",
                                    "1e999",
                                    "\"\"",
                                    "\"https://93.184.216.34/\"",
                                    "[]",
                                    "{}",
                                    "\"\\u0000\"",
                                    "\"\\ud800\"",
                                    "12345678901234567890",
                                    "\"ticket.created\"",
                                    "[[\"X-A\",null]]",
                                    "[\"ticket.created\"]",
                                    "\"slack\"",
                                    "\"2025-01-01T00:00:00Z\"",
                                    "{\"outcome\":\"failed\"}",
                                    "7"};
static const struct {
    const char *key, *good; /* a value that it may have */
} members[] = {{"url", "\"https://93.184.216.34/\""},
               {"name", "\"x\""},
               {"format", "\"slack\""},
               {"events", "[\"ticket.created\"]"},
               {"mode", "\"held\""},
               {"headers", "[[\"X-A\",\"b\"]]"},
               {"secret", "\"s\""},
               {"event", "\"ticket.created\""},
               {"filter", "{\"outcome\":\"failed\"}"},
               {"until", "\"2025-01-01T00:00:00Z\""},
               {"limit", "7"},
               {"cursor", "null"},
               {"confirm_count", "7"},
               {"max_attempts", "7"},
               {"ordered", "true"},
               {"x", "{}"}};

struct text {
    char data[2048];
    size_t len;
};

static void put(struct text *text, const char *more) {
    size_t length = strlen(more);
    if (text->len + length + 1 > sizeof text->data)
        return;
    memcpy(text->data + text->len, more, length + 1);
    text->len += length;
}

/* A route of the table with something in the place of its stars, or something that is like one. */
static void make_target(struct text *target) {
    put(target, below(8) ? "/m/api/v1/" : "/m/");
    if (below(4)) {
        for (const char *at = hd__routes[below((unsigned)hd__route_count)].pattern; *at; at++) {
            const char letter[2] = {*at, '\0'};
            put(target, *at == '*' ? (below(3) ? "known" : PICK(parts)) : letter);
        }
    } else {
        for (unsigned i = below(6); i > 0; i--) {
            put(target, PICK(parts));
            put(target, "/");
        }
    }
    for (unsigned i = below(4); i > 0; i--) {
        put(target, strchr(target->data, '?') ? "&" : "?");
        put(target, PICK(queries));
    }
}

static void make_body(struct text *body) {
    put(body, "{");
    for (unsigned i = below(6); i > 0; i--) {
        unsigned member = below(4) ? below((unsigned)(sizeof members / sizeof *members)) : 0;
        put(body, "\"");
        put(body, members[member].key);
        put(body, "\":");
        put(body, below(4) ? members[member].good : PICK(atoms));
        put(body, i > 1 ? "," : "");
    }
    put(body, below(20) ? "}" : "");
    if (body->len > 0 && below(10) == 0)
        body->data[below((unsigned)body->len)] = (char)below(256);
}

/* ---- One request ---- */

static hd_request *make_request(struct text *body) {
    struct text target = {.len = 0};
    hd_request *request = NULL;
    make_target(&target);
    assert_int_equal(hd_request_new(&request), HD_OK);
    (void)hd_request_set_method(request, PICK(methods), HD_TEXT_NUL);
    (void)hd_request_set_target(request, target.data, HD_TEXT_NUL);
    if (below(10))
        (void)hd_request_add_header(request, "Host", HD_TEXT_NUL, "localhost", HD_TEXT_NUL);
    if (below(10))
        (void)hd_request_add_header(request, "Content-Type", HD_TEXT_NUL, "application/json", HD_TEXT_NUL);
    if (below(2)) /* of a webhook that was not changed since it was put */
        (void)hd_request_add_header(request, "If-Match", HD_TEXT_NUL, "\"1\"", HD_TEXT_NUL);
    for (unsigned i = below(3); i > 0; i--)
        (void)hd_request_add_header(request, PICK(names), HD_TEXT_NUL, PICK(values), HD_TEXT_NUL);
    make_body(body);
    (void)hd_request_add_body(request, body->data, body->len);
    return request;
}

static int make_role(void) {
    static const int roles[] = {HD_ROLE_NONE, HD_ROLE_VIEWER, HD_ROLE_ADMIN};
    return below(10) ? HD_ROLE_ADMIN : PICK(roles);
}

static const char *type_of(const hd_dashboard_response *response) {
    for (size_t i = 0; i < hd_dashboard_response_header_count(response); i++)
        if (strcmp(hd_dashboard_response_header_name(response, i), "Content-Type") == 0)
            return hd_dashboard_response_header_value(response, i);
    return "";
}

static void check_response(hd_dashboard_response *response) {
    static const int statuses[] = {200, 201, 202, 204, 304, 400, 401, 403, 404,
                                   405, 409, 412, 413, 415, 421, 422, 428, 503};
    int status = hd_dashboard_response_status(response), is_known = 0;
    size_t length;
    const char *body = hd_dashboard_response_body(response, &length), *data = NULL;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        is_known |= statuses[i] == status;
    assert_true(is_known);
    for (size_t i = 0; i < hd_dashboard_response_header_count(response); i++)
        assert_null(strpbrk(hd_dashboard_response_header_value(response, i), "\r\n"));
    if (strncmp(type_of(response), "application/json", 16) == 0 || status >= 400) {
        json_t *value = json_loadb(body, length, 0, NULL);
        assert_non_null(value);
        if (status >= 400)
            assert_int_equal(json_integer_value(json_object_get(value, "status")), status);
        json_decref(value);
    }
    if (hd_dashboard_response_is_stream(response))
        assert_int_equal(hd_dashboard_response_next(response, 0, &data, &length), HD_OK);
}

static void test_anything(void **state) {
    (void)state;
    static const int wanted[] = {200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 415, 421, 422, 428};
    static size_t seen[600];
    hd_dashboard *dashboard = NULL;
    hd_client *client = client_for_tests(NULL);
    assert_int_equal(hd_dashboard_new(client, "/m/", &dashboard), HD_OK);
    put_webhook(client, webhook_for_tests("known", "known", "http://127.0.0.1:1025/"));
    for (size_t i = 0; i < 30000; i++) {
        struct text body = {.len = 0};
        hd_dashboard_response *response = NULL;
        seed = i;
        if (i % 100 == 0) /* it may have been deleted */
            put_webhook(client, webhook_for_tests("known", "known", "http://127.0.0.1:1025/"));
        hd_request *request = make_request(&body);
        assert_int_equal(hd_dashboard_handle(dashboard, request, "u", make_role(), &response), HD_OK);
        check_response(response);
        seen[hd_dashboard_response_status(response)]++;
        hd_dashboard_response_free(response);
        hd_request_free(request);
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) /* or it has not come far */
        if (seen[wanted[i]] == 0)
            fail_msg("%d was never answered", wanted[i]);
    hd_dashboard_free(dashboard);
    end_client(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
