/* SPDX-License-Identifier: MIT */
/** @file deadline_test.c P3: a delivery ends at its time limit though libcurl's timers are lost, in whatever phase it
 * is and however many addresses its host has. This program stands between the library and libcurl's timers, and answers
 * the name lookups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/bodies.h"
#include "support/server.h"
#include "support/support.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------------------------------------------------------
 * In place of libcurl's timers
 */

static curl_multi_timer_callback real_timer;

/* Of all times that libcurl wants to be called at, only "at once" gets through, by which a transfer begins. */
static int lose_timer(CURLM *multi, long timeout_ms, void *user) {
    return real_timer(multi, timeout_ms == 0 ? 0 : -1, user);
}

CURLMcode __real_curl_multi_setopt(CURLM *multi, CURLMoption option, ...);
CURLMcode __wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, ...);

/* CURLMOPTTYPE of an option is its number without the last four digits (curl/multi.h). */
CURLMcode __wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
    CURLMcode code;
    va_list arguments;
    va_start(arguments, option);
    if (option == CURLMOPT_TIMERFUNCTION) {
        real_timer = va_arg(arguments, curl_multi_timer_callback);
        code = __real_curl_multi_setopt(multi, option, lose_timer);
    } else if ((int)option < CURLOPTTYPE_OBJECTPOINT) {
        code = __real_curl_multi_setopt(multi, option, va_arg(arguments, long));
    } else {
        code = __real_curl_multi_setopt(multi, option, va_arg(arguments, void *));
    }
    va_end(arguments);
    return code;
}

/* ------------------------------------------------------------------------------------------------------------------
 * In place of name servers
 */

#define ADDRESSES 50

static struct {
    struct sockaddr_in addresses[ADDRESSES];
    struct addrinfo infos[ADDRESSES];
} zone; /* what each name has */

static atomic_int gate_is_open;     /* lookups wait for it */
static atomic_uint lookups_running; /* of them, until their answers have been read */

/* Gives names the addresses PREFIX1, PREFIX2 and so on, and one more behind them unless it is NULL. */
static void set_addresses(const char *prefix, int count, const char *last) {
    char text[INET_ADDRSTRLEN];
    int all = last != NULL ? count + 1 : count;
    memset(&zone, 0, sizeof zone);
    for (int i = 0; i < all; i++) {
        (void)snprintf(text, sizeof text, "%s%d", prefix, i + 1);
        zone.addresses[i].sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, i < count ? text : last, &zone.addresses[i].sin_addr), 1);
        zone.infos[i] = (struct addrinfo){.ai_family = AF_INET,
                                          .ai_addr = (struct sockaddr *)&zone.addresses[i],
                                          .ai_next = i + 1 < all ? &zone.infos[i + 1] : NULL};
    }
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    (void)node, (void)service, (void)hints;
    (void)atomic_fetch_add(&lookups_running, 1);
    while (!atomic_load(&gate_is_open))
        sleep_ms(1);
    *result = zone.infos;
    return 0;
}

/* What getaddrinfo() gave has been read. */
void freeaddrinfo(struct addrinfo *result) {
    (void)result;
    (void)atomic_fetch_sub(&lookups_running, 1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Deliveries
 */

/* Long enough to connect and send. */
static uint32_t limit_ms(void) {
    return runs_slowly() ? 2000 : 1000;
}

struct scene {
    struct server *server;
    hd_client *client;
};

static int set_up(void **state) {
    struct scene *scene = calloc(1, sizeof *scene);
    *state = scene;
    atomic_store(&gate_is_open, 1);
    if (scene != NULL)
        scene->server = server_start();
    return scene == NULL || scene->server == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    struct scene *scene = *state;
    atomic_store(&gate_is_open, 1);
    end_client(scene->client);
    for (int64_t end = now_ms() + PATIENCE_MS; atomic_load(&lookups_running) > 0 && now_ms() < end;)
        sleep_ms(1);
    server_stop(scene->server);
    free(scene);
    return 0;
}

static void open_client(struct scene *scene, const char *url) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_timeout_ms(options, limit_ms()), HD_OK);
    scene->client = client_for_tests(options);
    put_webhook(scene->client, webhook_for_tests(WEBHOOK, PROJECT, url));
}

static hd_report *deliver_to_url(struct scene *scene, const char *url) {
    open_client(scene, url);
    (void)send_ticket(scene->client, 1);
    return next_report(scene->client);
}

static hd_report *deliver_to_name(struct scene *scene, uint16_t port) {
    char url[64];
    (void)snprintf(url, sizeof url, "http://many.example.com:%u/ok", (unsigned)port);
    return deliver_to_url(scene, url);
}

static hd_report *deliver_to_path(struct scene *scene, const char *path) {
    char url[64];
    return deliver_to_url(scene, server_url(scene->server, path, url, sizeof url));
}

/* The delivery has ended at its limit; it is freed, and nothing is in flight. */
static void assert_ended_at_limit(struct scene *scene, hd_report *report, int reason) {
    if (hd_report_reason(report) != reason)
        fail_msg("%s: %s", hd_reason_name(hd_report_reason(report)), hd_report_detail(report));
    assert_true(hd_report_total_ms(report) >= limit_ms());
    assert_true(hd_report_total_ms(report) <= (runs_slowly() ? 60000 : limit_ms() + 1000));
    assert_true(hd_report_dns_ms(report) + hd_report_connect_ms(report) + hd_report_tls_ms(report) +
                    hd_report_wait_ms(report) <=
                hd_report_total_ms(report) + 2); /* each is rounded */
    hd_report_free(report);
    flush(scene->client);
    assert_int_equal(counter(scene->client, HD_COUNTER_IN_FLIGHT), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Each phase
 */

static void test_looking_up(void **state) {
    struct scene *scene = *state;
    atomic_store(&gate_is_open, 0);
    hd_report *report = deliver_to_name(scene, server_port(scene->server));
    assert_string_equal(hd_report_detail(report), "no answer in time");
    assert_true(hd_report_dns_ms(report) >= limit_ms());
    assert_ended_at_limit(scene, report, HD_REASON_DNS);
}

static void test_connecting(void **state) {
    struct server *busy = server_start_busy();
    if (busy == NULL)
        skip();
    char url[64];
    hd_report *report = deliver_to_url(*state, server_url(busy, "/ok", url, sizeof url));
    server_stop(busy);
    assert_string_equal(hd_report_remote_address(report), "");
    assert_ended_at_limit(*state, report, HD_REASON_TIMEOUT_CONNECT);
}

static void test_tls(void **state) {
    struct scene *scene = *state;
    char url[64];
    server_set_mode(scene->server, SERVER_SILENT);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/ok", (unsigned)server_port(scene->server));
    hd_report *report = deliver_to_url(scene, url);
    assert_int_equal(hd_report_tls_ms(report), 0);
    assert_ended_at_limit(scene, report, HD_REASON_TIMEOUT_CONNECT);
}

/* More than what the system holds for a receiver that does not read. */
static void test_sending(void **state) {
    struct scene *scene = *state;
    char url[64];
    server_set_mode(scene->server, SERVER_SILENT);
    open_client(scene, server_url(scene->server, "/ok", url, sizeof url));
    hd_event *event = event_for_tests(HD_MESSAGE_RECEIVED, PROJECT, 1);
    char *controls = repeated("\x01", 262144); /* each becomes six bytes of JSON */
    assert_int_equal(hd_event_set_message(event, "m", "agent", controls), HD_OK);
    free(controls);
    (void)send_event(scene->client, event);
    assert_ended_at_limit(scene, next_report(scene->client), HD_REASON_TIMEOUT_TOTAL);
}

static void test_waiting_for_an_answer(void **state) {
    struct scene *scene = *state;
    hd_report *report = deliver_to_path(scene, "/hang");
    assert_int_equal(hd_report_http_status(report), 0);
    assert_ended_at_limit(scene, report, HD_REASON_TIMEOUT_TOTAL);
    assert_int_equal(server_requests(scene->server), 1);
}

/* Its head has arrived, which decides. */
static void test_receiving_a_body(void **state) {
    struct scene *scene = *state;
    hd_report *report = deliver_to_path(scene, "/slow-body");
    assert_int_equal(hd_report_http_status(report), 200);
    assert_int_equal(hd_report_response_truncated(report), 1);
    assert_ended_at_limit(scene, report, HD_REASON_DELIVERED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Many addresses
 */

/* Each refuses, and libcurl goes on to the next when a timer tells it to. */
static void test_addresses_that_all_refuse(void **state) {
    struct scene *scene = *state;
    struct server *refusing = server_start_refusing();
    assert_non_null(refusing);
    set_addresses("127.0.0.", 20, NULL);
    hd_report *report = deliver_to_name(scene, server_port(refusing));
    server_stop(refusing);
    if (hd_report_reason(report) != HD_REASON_REFUSED) {
        assert_ended_at_limit(scene, report, HD_REASON_TIMEOUT_CONNECT);
        return;
    }
    hd_report_free(report);
}

/* The limit counts from the start: a lookup that takes half of it leaves half of it for connecting. */
static void test_addresses_that_are_found_late(void **state) {
    struct scene *scene = *state;
    struct server *busy = server_start_busy();
    if (busy == NULL)
        skip();
    char url[64];
    set_addresses("127.0.0.", 1, NULL);
    atomic_store(&gate_is_open, 0);
    (void)snprintf(url, sizeof url, "http://late.example.com:%u/ok", (unsigned)server_port(busy));
    open_client(scene, url);
    (void)send_ticket(scene->client, 1);
    assert_eventually(atomic_load(&lookups_running) == 1);
    sleep_ms(limit_ms() / 2);
    atomic_store(&gate_is_open, 1);
    hd_report *report = next_report(scene->client);
    server_stop(busy);
    int was_found = hd_report_reason(report) != HD_REASON_DNS; /* else the machine was very slow */
    if (was_found)
        assert_true(hd_report_dns_ms(report) >= limit_ms() / 4);
    assert_ended_at_limit(scene, report, was_found ? HD_REASON_TIMEOUT_CONNECT : HD_REASON_DNS);
}

/* Forbidden ones cost nothing beyond the lookup, and the report names the rule. */
static void test_addresses_that_are_all_forbidden(void **state) {
    struct scene *scene = *state;
    set_addresses("10.0.0.", 20, NULL);
    hd_report *report = deliver_to_name(scene, server_port(scene->server));
    assert_int_equal(hd_report_reason(report), HD_REASON_BLOCKED);
    assert_string_equal(hd_report_detail(report), "private, 10.0.0.0/8");
    assert_string_equal(hd_report_remote_address(report), "");
    assert_int_equal(hd_report_total_ms(report), hd_report_dns_ms(report));
    hd_report_free(report);
}

/* Any number of them does not stand in the way of the one that is allowed. */
static void test_addresses_of_which_one_is_allowed(void **state) {
    struct scene *scene = *state;
    set_addresses("10.0.0.", ADDRESSES - 1, "127.0.0.1");
    hd_report *report = deliver_to_name(scene, server_port(scene->server));
    assert_int_equal(hd_report_reason(report), HD_REASON_DELIVERED);
    assert_int_equal(server_requests(scene->server), 1);
    hd_report_free(report);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_looking_up),
        SCENE_TEST(test_connecting),
        SCENE_TEST(test_tls),
        SCENE_TEST(test_sending),
        SCENE_TEST(test_waiting_for_an_answer),
        SCENE_TEST(test_receiving_a_body),
        SCENE_TEST(test_addresses_that_all_refuse),
        SCENE_TEST(test_addresses_that_are_found_late),
        SCENE_TEST(test_addresses_that_are_all_forbidden),
        SCENE_TEST(test_addresses_of_which_one_is_allowed),
    };
    return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
