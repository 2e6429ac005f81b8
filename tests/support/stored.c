/* SPDX-License-Identifier: MIT */
#include "stored.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

char directory[64];
struct server *server;

int set_up(void **state) {
    (void)state;
    make_directory(directory);
    server = server_start();
    return server == NULL;
}

int tear_down(void **state) {
    (void)state;
    server_stop(server);
    remove_directory(directory);
    return 0;
}

/* ---- Stores and clients ---- */

hd_store *open_store(void) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    return store;
}

hd_client *client_on(hd_store *store) {
    return client_for_tests(options_with_store(store));
}

hd_client *committing_client_on(hd_store *store) {
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_options_set_accept_mode(options, HD_ACCEPT_COMMITTED), HD_OK);
    return client_for_tests(options);
}

hd_client *client_as(int role, hd_store *store) {
    hd_options *options = options_with_store(store);
    assert_int_equal(hd_options_set_role(options, role), HD_OK);
    return client_for_tests(options);
}

int refusal_of(int role, hd_store *store) {
    hd_options *options = options_with_store(store);
    hd_client *client = NULL;
    assert_int_equal(hd_options_set_role(options, role), HD_OK);
    int status = hd_client_new(options, &client);
    hd_options_free(options);
    assert_null(client);
    return status;
}

void end(hd_client *client, hd_store *store) {
    end_client(client);
    hd_store_free(store);
}

void end_early(hd_client *client, hd_store *store) {
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    end(client, store);
}

/* ---- Webhooks ---- */

hd_webhook *webhook_at(const char *id, const char *path) {
    char url[256];
    return webhook_for_tests(id, PROJECT, server_url(server, path, url, sizeof url));
}

/* In form, and no more: the smallest SEQUENCE that holds something. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\nMAIFAA==\n-----END PRIVATE KEY-----\n";

hd_webhook *full_webhook(void) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, "full"), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "other"), HD_OK);
    assert_int_equal(hd_webhook_set_name(webhook, "N\xC3\xA4me"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/services/T0/B0/url-key"), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, "whsec_Zmlyc3QgZmlyc3QgZmlyc3Q=", 30), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, "whsec_c2Vjb25kIHNlY29uZCBzZQ==", 30), HD_OK);
    assert_int_equal(hd_webhook_activate_secret(webhook), HD_OK);
    assert_int_equal(hd_webhook_stage_secret(webhook, "with\0NUL", 8), HD_OK);
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_RESOLVED, 0), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 7), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 5), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 2000, 9000), HD_OK);
    assert_int_equal(hd_webhook_set_rate(webhook, 30, 60000, 4), HD_OK);
    assert_int_equal(hd_webhook_set_pause_rule(webhook, 20, 90000), HD_OK);
    assert_int_equal(hd_webhook_set_client_certificate(webhook, pem, sizeof pem - 1), HD_OK);
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_standard_headers(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-One", "header-key"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Two", ""), HD_OK);
    return webhook;
}

static void assert_same_secrets(const hd_webhook *a, const hd_webhook *b) {
    static const void *(*const secrets[])(const hd_webhook *, size_t *) = {hd_webhook_secret, hd_webhook_staged_secret,
                                                                           hd_webhook_previous_secret};
    for (size_t i = 0; i < 3; i++) {
        size_t a_len, b_len;
        const void *a_secret = secrets[i](a, &a_len), *b_secret = secrets[i](b, &b_len);
        assert_int_equal(a_secret != NULL, b_secret != NULL);
        assert_int_equal(a_len, b_len);
        if (a_secret != NULL)
            assert_memory_equal(a_secret, b_secret, a_len);
    }
}

void assert_same_webhook(const hd_webhook *a, const hd_webhook *b) {
    assert_string_equal(hd_webhook_id(a), hd_webhook_id(b));
    assert_string_equal(hd_webhook_project(a), hd_webhook_project(b));
    assert_string_equal(hd_webhook_name(a), hd_webhook_name(b));
    assert_string_equal(hd_webhook_url(a), hd_webhook_url(b));
    for (int type = HD_TICKET_CREATED; type <= HD_ALERT_RECOVERED; type++)
        assert_int_equal(hd_webhook_subscribed(a, type), hd_webhook_subscribed(b, type));
    assert_int_equal(hd_webhook_format(a), hd_webhook_format(b));
    assert_int_equal(hd_webhook_mode(a), hd_webhook_mode(b));
    assert_int_equal(hd_webhook_max_in_flight(a), hd_webhook_max_in_flight(b));
    assert_int_equal(hd_webhook_max_attempts(a), hd_webhook_max_attempts(b));
    assert_int_equal(hd_webhook_retry_first_ms(a), hd_webhook_retry_first_ms(b));
    assert_int_equal(hd_webhook_retry_max_ms(a), hd_webhook_retry_max_ms(b));
    assert_int_equal(hd_webhook_rate_count(a), hd_webhook_rate_count(b));
    assert_int_equal(hd_webhook_rate_period_ms(a), hd_webhook_rate_period_ms(b));
    assert_int_equal(hd_webhook_rate_burst(a), hd_webhook_rate_burst(b));
    assert_int_equal(hd_webhook_pause_failures(a), hd_webhook_pause_failures(b));
    assert_int_equal(hd_webhook_pause_ms(a), hd_webhook_pause_ms(b));
    assert_int_equal(hd_webhook_ordered(a), hd_webhook_ordered(b));
    assert_int_equal(hd_webhook_client_certificate(a) != NULL, hd_webhook_client_certificate(b) != NULL);
    if (hd_webhook_client_certificate(a))
        assert_string_equal(hd_webhook_client_certificate(a), hd_webhook_client_certificate(b));
    assert_int_equal(hd_webhook_standard_headers(a), hd_webhook_standard_headers(b));
    assert_int_equal(hd_webhook_header_count(a), hd_webhook_header_count(b));
    for (size_t i = 0; i < hd_webhook_header_count(a); i++) {
        assert_string_equal(hd_webhook_header_name(a, i), hd_webhook_header_name(b, i));
        assert_string_equal(hd_webhook_header_value(a, i), hd_webhook_header_value(b, i));
    }
    assert_same_secrets(a, b);
}

/* ---- What came of it ---- */

const char *id_of(size_t index) {
    return request_header(server_request(server, index), "X-Helmdesk-Delivery");
}

hd_log_page *page_of(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit) {
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_query(client, filter, cursor, limit, &page), HD_OK);
    return page;
}

size_t count_log(hd_client *client) {
    hd_log_page *page = page_of(client, NULL, NULL, 1000);
    size_t count = hd_log_page_count(page);
    hd_log_page_free(page);
    return count;
}

uint64_t waiting_for(hd_client *client, const char *webhook_id) {
    uint64_t count = 0;
    assert_int_equal(hd_client_waiting(client, webhook_id, &count, NULL), HD_OK);
    return count;
}
