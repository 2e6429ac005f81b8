/* SPDX-License-Identifier: MIT */
/** @file probe_test.c A receiver that is asked without delivering anything: hd_probe() meets what deliveries meet. */
#include "support/no_client.h"
#include "support/openssl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

static hd_report *probe(const char *url) {
    hd_report *report = NULL;
    assert_int_equal(hd_probe(options, url, &report), HD_OK);
    assert_non_null(report);
    assert_null(hd_report_event(report));
    return report;
}

static hd_report *probe_path(const char *path) {
    char url[128];
    return probe(server_url(server, path, url, sizeof url));
}

/* Its answer is as it is, and its body is not waited for: to HEAD there is none. */
static void test_answers(void **state) {
    static const struct {
        const char *path;
        int status, reason, outcome;
    } rows[] = {
        {"/ok", 200, HD_REASON_DELIVERED, HD_OUTCOME_DELIVERED},
        {"/status/405", 405, HD_REASON_HTTP_4XX, HD_OUTCOME_FAILED},
        {"/slow-body", 200, HD_REASON_DELIVERED, HD_OUTCOME_DELIVERED},
        {"/garbage", 0, HD_REASON_BAD_RESPONSE, HD_OUTCOME_FAILED},
        {"/close", 0, HD_REASON_RESET, HD_OUTCOME_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[32];
        hd_report *report = probe_path(rows[i].path);
        (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)server_port(server));
        assert_int_equal(hd_report_http_status(report), rows[i].status);
        assert_int_equal(hd_report_reason(report), rows[i].reason);
        assert_int_equal(hd_report_outcome(report), rows[i].outcome);
        assert_string_equal(hd_report_remote_address(report), address);
        assert_int_equal(hd_report_certificate_until_ms(report), 0);
        hd_report_free(report);
    }
}

/* What leaves is a HEAD with the program's name, and nothing of a delivery. */
static void test_request(void **state) {
    (void)state;
    size_t index = server_requests(server);
    hd_report_free(probe_path("/ok/and?more=1"));
    const struct request *request = server_request(server, index);
    assert_non_null(request);
    assert_string_equal(request->method, "HEAD");
    assert_string_equal(request->path, "/ok/and?more=1");
    assert_int_equal(request->body_len, 0);
    assert_null(request_header(request, "Content-Length"));
    assert_null(request_header(request, "X-Helmdesk-Signature"));
    assert_int_equal(strncmp(request_header(request, "User-Agent"), "libhelmdesk/", 12), 0);
}

static void test_rules(void **state) {
    (void)state;
    hd_report *report = NULL;
    assert_int_equal(hd_probe(NULL, "http://example.com/", &report), HD_E_URL_SCHEME);
    assert_int_equal(hd_probe(NULL, "https://127.0.0.1/", &report), HD_E_URL_ADDRESS);
    assert_int_equal(hd_probe(NULL, "https://example.com:444/", &report), HD_E_URL_PORT);
    assert_int_equal(hd_probe(options, "nonsense", &report), HD_E_URL);
    assert_int_equal(hd_probe(options, NULL, &report), HD_E_INVALID);
    assert_int_equal(hd_probe(options, "https://example.com/", NULL), HD_E_INVALID);
    assert_null(report);
    assert_int_equal(hd_options_resolve(options, "shop.example", 443, "10.0.0.1"), HD_OK);
    report = probe("https://shop.example/");
    assert_int_equal(hd_report_reason(report), HD_REASON_BLOCKED);
    assert_non_null(strstr(hd_report_detail(report), "10.0.0.0/8"));
    hd_report_free(report);
}

/* Silence ends at the time limit. */
static void test_silence(void **state) {
    (void)state;
    assert_int_equal(hd_options_set_timeout_ms(options, 200), HD_OK);
    hd_report *report = probe_path("/hang");
    assert_int_equal(hd_report_reason(report), HD_REASON_TIMEOUT_TOTAL);
    assert_int_equal(hd_options_set_timeout_ms(options, 5000), HD_OK);
    hd_report_free(report);
}

/* Probes are TLS's business as deliveries are; the good certificate is one of 30 days. */
static void test_certificates(void **state) {
    char file[128], url[64];
    const int64_t day_ms = INT64_C(86400000);
    (void)state;
    if (!openssl_certify(directory))
        skip();
    (void)snprintf(file, sizeof file, "%s/authority.pem", directory);
    assert_int_equal(hd_options_set_ca_file(options, file), HD_OK);
    struct openssl *good = openssl_start(directory, "good", ""), *expired = openssl_start(directory, "expired", "");
    openssl_send(good, "HTTP/1.1 405 No\r\n\r\n", 19);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", (unsigned)openssl_port(good));
    hd_report *answered = probe(url);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", (unsigned)openssl_port(expired));
    hd_report *refused = probe(url);
    openssl_stop(good);
    openssl_stop(expired);
    assert_int_equal(hd_report_http_status(answered), 405);
    int64_t left_ms = hd_report_certificate_until_ms(answered) - wall_ms();
    if (!strstr(curl_version(), "GnuTLS"))
        assert_in_range(left_ms, 29 * day_ms, 30 * day_ms);
    assert_int_equal(hd_report_reason(refused), HD_REASON_TLS_EXPIRED);
    hd_report_free(answered);
    hd_report_free(refused);
}

static void test_libraries(void **state) {
    (void)state;
    assert_int_equal(strncmp(hd_transport_libraries(), "libcurl/", 8), 0);
    assert_non_null(hd_transport_authorities());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_request),      cmocka_unit_test(test_rules),
        cmocka_unit_test(test_silence), cmocka_unit_test(test_certificates), cmocka_unit_test(test_libraries),
    };
    return cmocka_run_group_tests(tests, begin_without_client, end_without_client);
}
