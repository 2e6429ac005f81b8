/* SPDX-License-Identifier: MIT */
/** @file curl_oom_test.c libcurl's own allocations fail, one after the other, in the middle of deliveries: each
 * delivery still ends in its time, and the next ones are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/proxy.h"
#include "support/server.h"
#include "support/support.h"

#include <curl/curl.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS (runs_slowly() ? 5000 : 1000)
#define POINTS_MAX 1000

static atomic_long left = -1; /* allocations until the one that fails; negative for none */
static atomic_int failed;

static int fails_now(void) {
    if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
        return 0;
    atomic_store(&failed, 1);
    return 1;
}

static void *malloc_or_not(size_t size) {
    return fails_now() ? NULL : malloc(size);
}

static void *calloc_or_not(size_t count, size_t size) {
    return fails_now() ? NULL : calloc(count, size);
}

static void *realloc_or_not(void *memory, size_t size) {
    return fails_now() ? NULL : realloc(memory, size);
}

static char *strdup_or_not(const char *text) {
    return fails_now() ? NULL : strdup(text);
}

static int deliver(hd_client *client) {
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    int reason = hd_report_reason(report);
    if (!runs_slowly())
        assert_true(hd_report_total_ms(report) <= TIMEOUT_MS + 100);
    hd_report_free(report);
    return reason;
}

/* Whether an allocation failed. */
static int fail_at(struct server *server, const char *proxy, long point, int after_another) {
    char url[128];
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_proxy(options, proxy), HD_OK);
    assert_int_equal(hd_options_set_timeout_ms(options, TIMEOUT_MS), HD_OK);
    hd_client *client = client_for_tests(options);
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, server_url(server, "/ok", url, sizeof url)));
    if (after_another)
        assert_int_equal(deliver(client), HD_REASON_DELIVERED);
    atomic_store(&failed, 0);
    atomic_store(&left, point);
    int reason = deliver(client);
    atomic_store(&left, -1);
    int has_failed = atomic_load(&failed);
    if (!has_failed)
        assert_int_equal(reason, HD_REASON_DELIVERED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(deliver(client), HD_REASON_DELIVERED);
    end_client(client);
    return has_failed;
}

/* Returns how many. */
static long torture(const char *proxy, int after_another) {
    struct server *server = server_start();
    long point = 0;
    assert_non_null(server);
    while (point < POINTS_MAX && fail_at(server, proxy, point, after_another))
        point++;
    server_stop(server);
    print_message("             %ld allocations of libcurl failed, one after the other\n", point);
    return point;
}

static void test_first_delivery(void **state) {
    (void)state;
    assert_in_range(torture(NULL, 0), 10, POINTS_MAX - 1);
}

/* With a plain one libcurl has nothing to do. */
static void test_delivery_over_a_kept_connection(void **state) {
    (void)state;
    assert_int_equal(torture(NULL, 1), 0);
}

static void test_delivery_through_a_proxy(void **state) {
    static const struct proxy_script wants = {.authorization = "Basic YTpi"};
    struct proxy *proxy = proxy_start(&wants);
    char url[128];
    (void)state;
    assert_in_range(torture(proxy_url(proxy, "a:b@", url, sizeof url), 0), 10, POINTS_MAX - 1);
    proxy_stop(proxy);
}

/* Before the library initializes libcurl itself, which then keeps these. */
static int set_up(void **state) {
    (void)state;
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc_or_not, free, realloc_or_not, strdup_or_not,
                                calloc_or_not) != CURLE_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_delivery),
        cmocka_unit_test(test_delivery_over_a_kept_connection),
        cmocka_unit_test(test_delivery_through_a_proxy),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
