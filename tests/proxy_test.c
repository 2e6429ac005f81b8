/* SPDX-License-Identifier: MIT */
/** @file proxy_test.c Deliveries through a proxy: what it is asked for, what it may not be asked for, and whose fault
 * it is when none arrives. */
#include "support/bodies.h"
#include "support/proxy.h"
#include "support/server.h"
#include "support/support.h"

#define TIMEOUT_MS 300u

static const struct proxy_script makes_tunnels = {0};

static hd_options *options_through(const char *url) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_proxy(options, url), HD_OK);
    return options;
}

static hd_client *client_through(const struct proxy *proxy, const char *user_info) {
    char url[256];
    return client_for_tests(options_through(proxy_url(proxy, user_info, url, sizeof url)));
}

/* The report of one event that goes to a URL. */
static hd_report *deliver(hd_client *client, const char *url) {
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
    (void)send_ticket(client, 1);
    return next_report(client);
}

static void assert_report(const hd_report *report, int reason, const char *detail) {
    if (hd_report_reason(report) != reason || strstr(hd_report_detail(report), detail) == NULL)
        fail_msg("%s, \"%s\" in place of %s, \"%s\"", hd_reason_name(hd_report_reason(report)),
                 hd_report_detail(report), hd_reason_name(reason), detail);
}

/* A proxy is asked for a tunnel by the receiver's own name, which nobody here could look up. */
static void test_http_through_a_tunnel(void **state) {
    (void)state;
    char url[256], line[256], address[64];
    struct proxy *proxy = proxy_start(&makes_tunnels);
    struct server *server = server_start();
    hd_client *client = client_through(proxy, "");
    (void)snprintf(url, sizeof url, "http://receiver.invalid:%u/ok", (unsigned)server_port(server));
    hd_report *report = deliver(client, url);
    assert_report(report, HD_REASON_DELIVERED, "");
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)proxy_port(proxy));
    assert_string_equal(hd_report_remote_address(report), address); /* the proxy's */
    hd_report_free(report);

    (void)snprintf(line, sizeof line, "CONNECT receiver.invalid:%u HTTP/1.1\r\n", (unsigned)server_port(server));
    assert_memory_equal(proxy_head(proxy), line, strlen(line));
    assert_null(strstr(proxy_head(proxy), "Proxy-Authorization"));
    const struct request *request = server_request(server, 0);
    assert_string_equal(request->path, "/ok");
    assert_int_equal(request_header_count(request, "Proxy-Connection"), 0);
    assert_int_equal(request_header_count(request, "Proxy-Authorization"), 0);

    for (int i = 0; i < 20; i++) /* over the tunnel that stands */
        (void)send_ticket(client, 2 + i);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 21);
    assert_true(proxy_connections(proxy) < 10);
    end_client(client);
    proxy_stop(proxy);
    server_stop(server);
}

static void test_one_tunnel_serves_one_after_the_other(void **state) {
    (void)state;
    char url[256];
    struct proxy *proxy = proxy_start(&makes_tunnels);
    struct server *server = server_start();
    hd_client *client = client_through(proxy, "");
    for (int i = 0; i < 5; i++) {
        hd_report *report = deliver(client, server_url(server, "/ok", url, sizeof url));
        assert_report(report, HD_REASON_DELIVERED, "");
        hd_report_free(report);
    }
    assert_int_equal(server_requests(server), 5);
    if (!runs_slowly()) /* else one may have idled for too long */
        assert_int_equal(proxy_connections(proxy), 1);
    end_client(client);
    proxy_stop(proxy);
    server_stop(server);
}

/* An address of this machine that no network rule allows, and a name that our own lookup finds. */
static void test_the_proxy_may_be_anywhere(void **state) {
    (void)state;
    char url[256], at_name[64], at_other[64];
    struct proxy *proxy = proxy_start(&makes_tunnels);
    (void)snprintf(at_name, sizeof at_name, "http://localhost:%u", (unsigned)proxy_port(proxy));
    (void)snprintf(at_other, sizeof at_other, "http://proxy.invalid:%u/", (unsigned)proxy_port(proxy));
    const char *const urls[] = {proxy_url(proxy, "", url, sizeof url), at_name, at_other};
    for (size_t i = 0; i < LENGTH_OF(urls); i++) {
        hd_options *options = NULL;
        assert_int_equal(hd_options_new(&options), HD_OK);
        assert_int_equal(hd_options_set_proxy(options, urls[i]), HD_OK);
        assert_int_equal(hd_options_resolve(options, "proxy.invalid", 0, "127.0.0.1"), HD_OK);
        hd_client *client = client_for_tests(options);
        hd_report *report = deliver(client, "https://receiver.example/");
        assert_report(report, HD_REASON_PROXY_GATEWAY, "could not connect to the receiver (502)");
        assert_int_equal(proxy_requests(proxy), i + 1);
        hd_report_free(report);
        end_client(client);
    }
    proxy_stop(proxy);
}

/* What the URL itself says is forbidden stays so, and the proxy hears nothing of it. */
static void test_the_host_rule_stays(void **state) {
    (void)state;
    static const char *const urls[] = {"http://169.254.169.254/latest", "https://[fe80::1]/", "http://10.0.0.1/",
                                       "http://0xa9fea9fe/", "https://[::ffff:169.254.169.254]/"};
    struct proxy *proxy = proxy_start(&makes_tunnels);
    hd_client *client = client_through(proxy, "");
    for (size_t i = 0; i < LENGTH_OF(urls); i++) {
        hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, urls[i]);
        assert_int_equal(hd_client_put_webhook(client, webhook), HD_E_URL_ADDRESS);
        hd_webhook_free(webhook);
    }
    end_client(client);
    assert_int_equal(proxy_connections(proxy), 0);

    /* localhost is this machine, not the proxy's, and the address of it that is allowed here is another one */
    char url[256];
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_set_proxy(options, proxy_url(proxy, "", url, sizeof url)), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "10.0.0.0/8"), HD_OK);
    client = client_for_tests(options);
    hd_report *report = deliver(client, "https://localhost/");
    assert_report(report, HD_REASON_BLOCKED, "loopback");
    hd_report_free(report);
    report = deliver(client, "https://a.localhost/");
    assert_report(report, HD_REASON_BLOCKED, "loopback");
    hd_report_free(report);
    end_client(client);
    assert_int_equal(proxy_connections(proxy), 0);
    proxy_stop(proxy);
}

static void test_credentials(void **state) {
    (void)state;
    static const struct proxy_script wants = {.authorization = "Basic YWxpOmE6YiBAw6k="}; /* ali, "a:b @é" */
    char url[256];
    struct proxy *proxy = proxy_start(&wants);
    struct server *server = server_start();
    const struct {
        const char *user_info;
        int reason;
        const char *detail;
    } cases[] = {
        {"ali:a:b%20%40%C3%A9@", HD_REASON_DELIVERED, ""},
        {"ali:other@", HD_REASON_PROXY_REFUSED,
         "does not accept the user name and the password that it was given (407)"},
        {"", HD_REASON_PROXY_REFUSED, "wants a user name and a password (407)"},
    };
    (void)server_url(server, "/ok", url, sizeof url);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_client *client = client_through(proxy, cases[i].user_info);
        hd_report *report = deliver(client, url);
        assert_report(report, cases[i].reason, cases[i].detail);
        assert_int_equal(hd_report_http_status(report), i == 0 ? 200 : 0);
        hd_report_free(report);
        end_client(client);
    }
    assert_int_equal(proxy_requests(proxy), LENGTH_OF(cases));
    assert_int_equal(server_requests(server), 1);
    proxy_stop(proxy);
    server_stop(server);
}

/* A proxy that makes no tunnel: the reason tells whether the receiver, the proxy's rule or the proxy itself is at
 * fault.
 */
static void test_what_a_proxy_says(void **state) {
    (void)state;
    static char huge[200 * 1024] = "HTTP/1.1 200 OK\r\nX-Long: ";
    memset(huge + strlen(huge), 'x', sizeof huge - strlen(huge) - 1);
    static const struct {
        struct proxy_script script;
        int reason;
        const char *detail;
    } cases[] = {
        {{.says = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"},
         HD_REASON_PROXY_REFUSED,
         "forbids this connection (403)"},
        {{.says = "HTTP/1.1 407 Wants\r\nProxy-Authenticate: Negotiate\r\n\r\n"}, HD_REASON_PROXY_REFUSED, "(407)"},
        {{.says = "HTTP/1.0 405 No\r\n\r\n"}, HD_REASON_PROXY_REFUSED, "(405)"},
        {{.says = "HTTP/1.1 429 Slow\r\n\r\n"}, HD_REASON_PROXY_REFUSED, "(429)"},
        {{.says = "HTTP/1.1 502 Bad\r\n\r\n"}, HD_REASON_PROXY_GATEWAY, "could not connect to the receiver (502)"},
        {{.says = "HTTP/1.1 503 Bad\r\n\r\n"}, HD_REASON_PROXY_GATEWAY, "(503)"},
        {{.says = "HTTP/1.1 504 Late\r\n\r\n"}, HD_REASON_PROXY_GATEWAY, "(504)"},
        {{.says = "HTTP/1.1 500 Oh\r\n\r\n"}, HD_REASON_PROXY_FAILED, "makes no tunnel (500)"},
        {{.says = "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1/\r\n\r\n"},
         HD_REASON_PROXY_FAILED,
         "makes no tunnel (302)"},
        {{.says = ""}, HD_REASON_PROXY_FAILED, "closed the connection"},
        {{.says = "HTTP/1.1 200 O"}, HD_REASON_PROXY_FAILED, "closed the connection"},
        {{.says = "SSH-2.0-OpenSSH_9.2\r\n"}, HD_REASON_PROXY_FAILED, "the proxy 127.0.0.1:"},
        {{.says = "\r\n\r\n\r\n"}, HD_REASON_PROXY_FAILED, "the proxy 127.0.0.1:"},
        {{.says = huge}, HD_REASON_PROXY_FAILED, "the proxy 127.0.0.1:"},
        {{.says = "", .stays = 1}, HD_REASON_PROXY_GATEWAY, "has connected to no receiver in time"},
        {{.says = "HTTP/1.1 2", .stays = 1}, HD_REASON_PROXY_GATEWAY, "has connected to no receiver in time"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char url[256], port[32];
        struct proxy *proxy = proxy_start(&cases[i].script);
        hd_options *options = options_through(proxy_url(proxy, "", url, sizeof url));
        if (cases[i].script.stays)
            assert_int_equal(hd_options_set_timeout_ms(options, TIMEOUT_MS), HD_OK);
        hd_client *client = client_for_tests(options);
        hd_report *report = deliver(client, "https://receiver.example/");
        (void)snprintf(port, sizeof port, "the proxy 127.0.0.1:%u ", (unsigned)proxy_port(proxy));
        assert_report(report, cases[i].reason, cases[i].detail);
        assert_report(report, cases[i].reason, port);
        assert_int_equal(hd_report_http_status(report), 0);
        assert_int_equal(proxy_requests(proxy), 1);
        if (cases[i].script.stays && !runs_slowly())
            assert_in_range(hd_report_total_ms(report), TIMEOUT_MS, TIMEOUT_MS + 200);
        hd_report_free(report);
        end_client(client);
        proxy_stop(proxy);
    }
}

static void test_no_proxy_there(void **state) {
    (void)state;
    char refusing[64], busy[64];
    struct server *none = server_start_refusing(), *full = server_start_busy();
    (void)snprintf(refusing, sizeof refusing, "http://127.0.0.1:%u", (unsigned)server_port(none));
    (void)snprintf(busy, sizeof busy, "http://127.0.0.1:%u", full ? (unsigned)server_port(full) : 0);
    const struct {
        const char *proxy, *detail;
    } cases[] = {{refusing, "refuses connections: nothing listens on its port"},
                 {"http://proxy.invalid:3128", "has a name for which no address was found"},
                 {busy, "could not be connected to in time"}};
    for (size_t i = 0; i < (full ? 3 : 2); i++) {
        hd_options *options = options_through(cases[i].proxy);
        if (cases[i].proxy == busy)
            assert_int_equal(hd_options_set_timeout_ms(options, TIMEOUT_MS), HD_OK);
        hd_client *client = client_for_tests(options);
        hd_report *report = deliver(client, "https://receiver.example/");
        assert_report(report, HD_REASON_PROXY_FAILED, cases[i].detail);
        assert_report(report, HD_REASON_PROXY_FAILED, cases[i].proxy + strlen("http://"));
        hd_report_free(report);
        end_client(client);
    }
    server_stop(none);
    server_stop(full);
}

/* The receiver's faults stay its own. */
static void test_the_receiver_behind_it(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int reason, status;
    } cases[] = {{"/status/500", HD_REASON_HTTP_5XX, 500},
                 {"/close", HD_REASON_RESET, 0},
                 {"/garbage", HD_REASON_BAD_RESPONSE, 0},
                 {"/status/407", HD_REASON_HTTP_4XX, 407}};
    struct proxy *proxy = proxy_start(&makes_tunnels);
    struct server *server = server_start();
    hd_client *client = client_through(proxy, "");
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char url[256];
        hd_report *report = deliver(client, server_url(server, cases[i].path, url, sizeof url));
        assert_report(report, cases[i].reason, "");
        assert_int_equal(hd_report_http_status(report), cases[i].status);
        hd_report_free(report);
    }
    end_client(client);
    proxy_stop(proxy);
    server_stop(server);
}

/* What went wrong at the proxy is told after the client is gone too, and comes again from what was kept. */
static void test_a_report_outlives_its_client(void **state) {
    (void)state;
    static const struct proxy_script forbids = {.says = "HTTP/1.1 403 No\r\n\r\n"};
    struct proxy *proxy = proxy_start(&forbids);
    hd_client *client = client_through(proxy, "");
    hd_report *report = deliver(client, "https://receiver.example/");
    end_client(client);
    proxy_stop(proxy);
    assert_report(report, HD_REASON_PROXY_REFUSED, "forbids this connection (403)");
    hd_report_free(report);
}

/* With a proxy of our own too, those of the environment count for nothing. */
static void test_the_environment_counts_for_nothing(void **state) {
    (void)state;
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    char url[256];
    struct proxy *named = proxy_start(&makes_tunnels), *other = proxy_start(&makes_tunnels);
    struct server *server = server_start();
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        assert_int_equal(setenv(names[i], proxy_url(other, "", url, sizeof url), 1), 0);
    assert_int_equal(setenv("no_proxy", "*", 1), 0);
    assert_int_equal(setenv("NO_PROXY", "*", 1), 0);
    hd_client *client = client_through(named, "");
    hd_report *report = deliver(client, server_url(server, "/ok", url, sizeof url));
    assert_report(report, HD_REASON_DELIVERED, "");
    assert_int_equal(proxy_requests(named), 1);
    assert_int_equal(proxy_connections(other), 0);
    hd_report_free(report);
    end_client(client);
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        (void)unsetenv(names[i]);
    (void)unsetenv("no_proxy");
    (void)unsetenv("NO_PROXY");
    proxy_stop(named);
    proxy_stop(other);
    server_stop(server);
}

/* A fault of the proxy says nothing about the receiver. */
static void test_a_proxy_that_fails_pauses_nobody(void **state) {
    (void)state;
    char url[256];
    struct server *none = server_start_refusing();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)server_port(none));
    hd_options *options = options_through(url);
    assert_int_equal(hd_options_set_pause_rule(options, 1, 60000), HD_OK);
    hd_client *client = client_for_tests(options);
    int webhook_state = -1;
    hd_report_free(deliver(client, "https://receiver.example/"));
    assert_int_equal(hd_client_webhook_state(client, WEBHOOK, &webhook_state, NULL), HD_OK);
    assert_int_equal(webhook_state, HD_WEBHOOK_ACTIVE);
    end_client(client);
    server_stop(none);
}

static void test_urls(void **state) {
    (void)state;
    static const char *const good[] = {"http://proxy.example:3128",  "https://proxy.example",   "HTTP://10.0.0.1:1/",
                                       "http://u:p@[::1]:3128",      "http://u:@proxy.example", "http://u:p:q@h:8080",
                                       "http://u%2f:%25%20@proxy:80"};
    static const char *const bad[] = {"",
                                      "proxy.example:3128",
                                      "socks5://proxy.example:1080",
                                      "ftp://proxy.example",
                                      "http://",
                                      "http://:3128",
                                      "http://proxy.example:0",
                                      "http://proxy.example:99999",
                                      "http://proxy.example:3128/path",
                                      "http://proxy.example:3128?",
                                      "http://proxy.example/#f",
                                      "http://user@proxy.example",
                                      "http://:password@proxy.example",
                                      "http://a@b:c@proxy.example",
                                      "http://u%3:p@proxy.example",
                                      "http://u%0d%0aX:p@proxy.example",
                                      "http://u%3A:p@proxy.example",
                                      "http://pr oxy:1",
                                      "http://u:p@proxy example"};
    hd_options *options = options_for_tests();
    for (size_t i = 0; i < LENGTH_OF(good); i++)
        if (hd_options_set_proxy(options, good[i]) != HD_OK)
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        if (hd_options_set_proxy(options, bad[i]) != HD_E_PROXY)
            fail_msg("%s", bad[i]);
    assert_int_equal(hd_options_set_proxy(NULL, good[0]), HD_E_INVALID);
    assert_int_equal(hd_options_set_proxy(options, NULL), HD_OK);
    hd_options_free(options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_http_through_a_tunnel),
        cmocka_unit_test(test_one_tunnel_serves_one_after_the_other),
        cmocka_unit_test(test_the_proxy_may_be_anywhere),
        cmocka_unit_test(test_the_host_rule_stays),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_what_a_proxy_says),
        cmocka_unit_test(test_no_proxy_there),
        cmocka_unit_test(test_the_receiver_behind_it),
        cmocka_unit_test(test_a_report_outlives_its_client),
        cmocka_unit_test(test_the_environment_counts_for_nothing),
        cmocka_unit_test(test_a_proxy_that_fails_pauses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
