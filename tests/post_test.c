/* SPDX-License-Identifier: MIT */
/** @file post_test.c Bytes that are posted as they are: hd_post() changes nothing of them, and keeps the rules of
 * deliveries. And what hd_options_check_url() says of addresses. */
#include "support/no_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static hd_report *post(const char *path, const char *headers, const void *body, size_t body_len) {
    char url[128];
    hd_report *report = NULL;
    assert_int_equal(hd_post(options, server_url(server, path, url, sizeof url), headers, body, body_len, &report),
                     HD_OK);
    assert_non_null(report);
    return report;
}

static void sends_what_it_is_given(void **state) {
    static const char body[] = "\0any bytes\xff\r\n";
    (void)state;
    size_t index = server_requests(server), length;
    hd_report *report = post("/status/418",
                             "X-Helmdesk-Signature: not ours\r\n"
                             "content-type:text/plain\n"
                             "Empty:\r\n"
                             "Twice: \t one \r\n"
                             "Twice: \xc3\xa9\r\n"
                             "user-agent: somebody/1.0\r\n",
                             body, sizeof body);
    const struct request *request = server_request(server, index);
    assert_non_null(request);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->path, "/status/418");
    assert_int_equal(request->body_len, sizeof body);
    assert_memory_equal(request->body, body, sizeof body);
    assert_non_null(strstr(request->head, "\r\nX-Helmdesk-Signature: not ours\r\n"
                                          "content-type: text/plain\r\nEmpty:\r\nTwice: one\r\nTwice: \xc3\xa9\r\n"));
    assert_non_null(strstr(request->head, "\r\nUser-Agent: somebody/1.0\r\n"));
    assert_null(strstr(request->head, "libhelmdesk"));

    assert_int_equal(hd_report_http_status(report), 418);
    assert_int_equal(hd_report_reason(report), HD_REASON_HTTP_4XX);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_FAILED);
    assert_string_equal(hd_report_response_body(report, &length), "status 418");
    assert_int_equal(length, strlen("status 418"));
    assert_non_null(strstr(hd_report_response_headers(report, NULL), "HTTP/1.1 418"));
    assert_null(hd_report_event(report));
    hd_report_free(report);
}

static void needs_neither_headers_nor_body(void **state) {
    (void)state;
    size_t index = server_requests(server);
    hd_report *report = post("/ok", NULL, NULL, 0);
    const struct request *request = server_request(server, index);
    assert_int_equal(hd_report_reason(report), HD_REASON_DELIVERED);
    assert_int_equal(request->body_len, 0);
    assert_string_equal(request_header(request, "Content-Length"), "0");
    assert_int_equal(strncmp(request_header(request, "User-Agent"), "libhelmdesk/", 12), 0);
    hd_report_free(report);
}

static void refuses_lines_that_are_no_headers(void **state) {
    static const char *const lines[] = {
        "no colon\r\n",
        "Name: no end of line",
        ": no name\r\n",
        "Name : a blank before the colon\r\n",
        " Name: a fold\r\n",
        "Good: one\r\n\r\nBody: two\r\n",
        "Name: a CR \r inside\r\n",
        "Host: example.com\r\n",
        "content-length: 7\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Proxy-Authorization: Basic eA==\r\n",
        "N\xc3\xa4me: value\r\n",
    };
    char url[128];
    (void)state;
    size_t before = server_requests(server);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        hd_report *report = (hd_report *)&url; /* anything */
        assert_int_equal(hd_post(options, server_url(server, "/ok", url, sizeof url), lines[i], "", 0, &report),
                         HD_E_HEADER);
        assert_null(report);
    }
    assert_int_equal(server_requests(server), before);
}

static void takes_as_many_headers_as_it_says(void **state) {
    char headers[16 * (HD_POST_HEADERS_MAX + 1)] = "", url[128];
    size_t length = 0;
    hd_report *report = NULL;
    (void)state;
    for (int i = 0; i < HD_POST_HEADERS_MAX; i++)
        length += (size_t)snprintf(headers + length, sizeof headers - length, "X-%d: %d\r\n", i, i);
    size_t index = server_requests(server);
    hd_report_free(post("/ok", headers, "", 0));
    assert_string_equal(request_header(server_request(server, index), "X-22"), "22");
    strcpy(headers + length, "X: one\r\n");
    assert_int_equal(hd_post(options, server_url(server, "/ok", url, sizeof url), headers, "", 0, &report),
                     HD_E_HEADER);
}

static void keeps_the_rules_of_deliveries(void **state) {
    static const struct {
        const char *url;
        int status;
    } rows[] = {
        {"https://example.com/", HD_OK},
        {"http://example.com/", HD_E_URL_SCHEME},
        {"https://127.0.0.1/", HD_E_URL_ADDRESS},
        {"https://localhost/", HD_E_URL_HOST},
        {"https://example.com:444/", HD_E_URL_PORT},
        {"https://user@example.com/", HD_E_URL_USERINFO},
        {"nonsense", HD_E_URL},
        {NULL, HD_E_INVALID},
    };
    hd_options *defaults = NULL;
    (void)state;
    assert_int_equal(hd_options_new(&defaults), HD_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hd_report *report = NULL;
        assert_int_equal(hd_options_check_url(NULL, rows[i].url), rows[i].status);
        assert_int_equal(hd_options_check_url(defaults, rows[i].url), rows[i].status);
        if (rows[i].status != HD_OK)
            assert_int_equal(hd_post(NULL, rows[i].url, NULL, "", 0, &report), rows[i].status);
        assert_null(report);
    }
    assert_int_equal(hd_options_check_url(options, "http://127.0.0.1:8000/"), HD_OK);
    assert_int_equal(hd_post(options, "http://127.0.0.1:1/", NULL, NULL, 1, &(hd_report *){NULL}), HD_E_INVALID);
    assert_int_equal(hd_post(options, "http://127.0.0.1:1/", NULL, "", 0, NULL), HD_E_INVALID);
    hd_options_free(defaults);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_it_is_given),
        cmocka_unit_test(needs_neither_headers_nor_body),
        cmocka_unit_test(refuses_lines_that_are_no_headers),
        cmocka_unit_test(takes_as_many_headers_as_it_says),
        cmocka_unit_test(keeps_the_rules_of_deliveries),
    };
    return cmocka_run_group_tests_name("post", tests, begin_without_client, end_without_client);
}
