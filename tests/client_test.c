/* SPDX-License-Identifier: MIT */
/** @file client_test.c A client's life: options, webhooks, sending, limits, flush, close, fork, threads. */
#include "support/bodies.h"
#include "support/child.h"
#include "support/scene.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Opens the scene's client and puts a webhook of PROJECT that posts to a path of the scene's server. */
static hd_client *open_client(struct scene *scene, hd_options *options, const char *path) {
    char url[256];
    scene->client = client_for_tests(options);
    put_webhook(scene->client, webhook_for_tests(WEBHOOK, PROJECT, server_url(scene->server, path, url, sizeof url)));
    return scene->client;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Options
 */

/* Every documented bound is the real bound: the value on it is taken, the value beyond it refused. */
static void test_options_keep_their_bounds(void **state) {
    (void)state;
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);

    assert_int_equal(hd_options_set_queue_limits(options, 0, 65536), HD_E_INVALID);
    assert_int_equal(hd_options_set_queue_limits(options, 1, 65536), HD_OK);
    assert_int_equal(hd_options_set_queue_limits(options, 1, 65535), HD_E_INVALID);
    assert_int_equal(hd_options_set_queue_limits(options, 10000000, SIZE_MAX), HD_OK);
    assert_int_equal(hd_options_set_queue_limits(options, 10000001, 65536), HD_E_INVALID);

    assert_int_equal(hd_options_set_max_in_flight(options, 0), HD_E_INVALID);
    assert_int_equal(hd_options_set_max_in_flight(options, 1), HD_OK);
    assert_int_equal(hd_options_set_max_in_flight(options, 65536), HD_OK);
    assert_int_equal(hd_options_set_max_in_flight(options, 65537), HD_E_INVALID);
    assert_int_equal(hd_options_set_max_connections(options, 0), HD_E_INVALID);
    assert_int_equal(hd_options_set_max_connections(options, 1), HD_OK);
    assert_int_equal(hd_options_set_max_connections(options, 65536), HD_OK);
    assert_int_equal(hd_options_set_max_connections(options, 65537), HD_E_INVALID);

    assert_int_equal(hd_options_set_timeout_ms(options, 0), HD_E_INVALID);
    assert_int_equal(hd_options_set_timeout_ms(options, 1), HD_OK);
    assert_int_equal(hd_options_set_timeout_ms(options, 5000), HD_OK);
    assert_int_equal(hd_options_set_timeout_ms(options, 5001), HD_E_INVALID);

    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 0), HD_OK);
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 3600000), HD_OK);
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 3600001), HD_E_INVALID);

    assert_int_equal(hd_options_set_log_limits(options, 0, 65536), HD_E_INVALID);
    assert_int_equal(hd_options_set_log_limits(options, 1, 65536), HD_OK);
    assert_int_equal(hd_options_set_log_limits(options, 1, 65535), HD_E_INVALID);
    assert_int_equal(hd_options_set_log_limits(options, 10000000, SIZE_MAX), HD_OK);
    assert_int_equal(hd_options_set_log_limits(options, 10000001, 65536), HD_E_INVALID);

    assert_int_equal(hd_options_allow_http(options, 0), HD_OK);
    assert_int_equal(hd_options_allow_http(options, 1), HD_OK);
    assert_int_equal(hd_options_allow_http(options, 2), HD_E_INVALID);
    assert_int_equal(hd_options_allow_http(options, -1), HD_E_INVALID);

    assert_int_equal(hd_options_set_ca_file(options, "/etc/ssl/own.pem"), HD_OK);
    assert_int_equal(hd_options_set_ca_file(options, NULL), HD_OK);
    assert_int_equal(hd_options_set_logger(options, NULL, NULL), HD_OK);
    hd_options_free(options);
}

/* A user agent goes into a header as it is: nothing may be in it that could end the header. */
static void test_user_agent_is_visible_ascii(void **state) {
    (void)state;
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    char *longest = repeated("a", 256);
    char *too_long = repeated("a", 257);

    assert_int_equal(hd_options_set_user_agent(options, "a"), HD_OK);
    assert_int_equal(hd_options_set_user_agent(options, "acme/1.0 (support; ~!)"), HD_OK);
    assert_int_equal(hd_options_set_user_agent(options, longest), HD_OK);
    const char *const wrong[] = {"", too_long, "a\r\nX-Evil: 1", "a\nb", "tab\there", "caf\xC3\xA9", "\x7F"};
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        if (hd_options_set_user_agent(options, wrong[i]) != HD_E_HEADER)
            fail_msg("\"%s\" was taken for a user agent", wrong[i]);

    free(longest);
    free(too_long);
    hd_options_free(options);
}

/* Only whole networks in the documented form open a door, and at most 64 of them. */
static void test_networks_are_read_strictly(void **state) {
    (void)state;
    static const char *const right[] = {"127.0.0.0/8", "10.0.0.0/8", "192.168.1.1/32", "0.0.0.0/0",
                                        "::1/128",     "::/0",       "fd12:3456::/32", "2001:db8::/127"};
    static const char *const wrong[] = {"",
                                        "127.0.0.1",
                                        "127.0.0.0/33",
                                        "127.0.0.0/",
                                        "/8",
                                        "127.0.0.0/-1",
                                        "127.0.0.0/8 ",
                                        " 127.0.0.0/8",
                                        "127.0.0.0/8x",
                                        "127.0.0/8",
                                        "fd00::/129",
                                        "localhost/8",
                                        "127.0.0.0/+8",
                                        "256.0.0.0/8",
                                        "fd00::",
                                        "127.0.0.0/8/8",
                                        "127.0.0.0/0x8",
                                        "::1%lo/128",
                                        "127.0.0.0/4294967304"};
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(wrong); i++)
        if (hd_options_allow_network(options, wrong[i]) != HD_E_NETWORK)
            fail_msg("\"%s\" was taken for a network", wrong[i]);
    for (size_t i = 0; i < LENGTH_OF(right); i++)
        if (hd_options_allow_network(options, right[i]) != HD_OK)
            fail_msg("\"%s\" was not taken for a network", right[i]);
    for (size_t i = LENGTH_OF(right); i < 64; i++)
        assert_int_equal(hd_options_allow_network(options, "10.0.0.0/8"), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "10.0.0.0/8"), HD_E_LIMIT);
    hd_options_free(options);
}

/* ------------------------------------------------------------------------------------------------------------------
 * NULL
 */

static void log_nothing(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
}

/* A forgotten option object is an error and not a crash. */
static void test_null_options(void **state) {
    (void)state;
    assert_int_equal(hd_options_new(NULL), HD_E_INVALID);
    assert_int_equal(hd_options_set_queue_limits(NULL, 1, 65536), HD_E_INVALID);
    assert_int_equal(hd_options_set_max_in_flight(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_max_connections(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_timeout_ms(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_shutdown_timeout_ms(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_log_limits(NULL, 1, 65536), HD_E_INVALID);
    assert_int_equal(hd_options_allow_http(NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_allow_network(NULL, "10.0.0.0/8"), HD_E_INVALID);
    assert_int_equal(hd_options_allow_ports(NULL, 1, 1), HD_E_INVALID);
    assert_int_equal(hd_options_allow_loopback(NULL), HD_E_INVALID);
    assert_int_equal(hd_options_set_alert_rule(NULL, 5, 1000), HD_E_INVALID);
    assert_int_equal(hd_options_set_ca_file(NULL, "/a"), HD_E_INVALID);
    assert_int_equal(hd_options_set_user_agent(NULL, "a"), HD_E_INVALID);
    assert_int_equal(hd_options_set_logger(NULL, log_nothing, NULL), HD_E_INVALID);
    hd_options_free(NULL);
}

/* A forgotten argument of a client's function is an error, not a crash; what a handle pointed to before is gone. */
static void test_null_arguments(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    hd_webhook *webhook = NULL;
    hd_webhook_list *list = NULL;
    hd_report *report = NULL;
    hd_log_page *page = NULL;

    assert_int_equal(hd_client_new(NULL, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_put_webhook(client, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_check_url(NULL, "https://example.com/"), HD_E_INVALID);
    assert_int_equal(hd_client_check_url(client, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_check_url(client, "no URL"), HD_E_URL);
    assert_int_equal(hd_client_get_webhook(NULL, WEBHOOK, &webhook), HD_E_INVALID);
    assert_int_equal(hd_client_get_webhook(client, NULL, &webhook), HD_E_INVALID);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    assert_int_equal(hd_client_put_webhook(NULL, webhook), HD_E_INVALID);
    hd_webhook_free(webhook);
    webhook = (hd_webhook *)&scene;
    assert_int_equal(hd_client_get_webhook(client, "no such", &webhook), HD_E_NOT_FOUND);
    assert_null(webhook);
    assert_int_equal(hd_client_remove_webhook(NULL, WEBHOOK), HD_E_INVALID);
    assert_int_equal(hd_client_remove_webhook(client, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_list_webhooks(NULL, NULL, &list), HD_E_INVALID);
    assert_int_equal(hd_client_list_webhooks(client, NULL, NULL), HD_E_INVALID);

    assert_int_equal(hd_webhook_send(NULL, event, NULL), HD_E_INVALID);
    assert_int_equal(hd_webhook_send(client, NULL, NULL), HD_E_INVALID);
    assert_int_equal(hd_client_test(NULL, WEBHOOK, HD_TICKET_CREATED, 0, &report), HD_E_INVALID);
    assert_int_equal(hd_client_test(client, NULL, HD_TICKET_CREATED, 0, &report), HD_E_INVALID);
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 0, NULL), HD_E_INVALID);
    report = (hd_report *)&scene;
    assert_int_equal(hd_client_test(client, "no such", HD_TICKET_CREATED, 0, &report), HD_E_NOT_FOUND);
    assert_null(report);

    assert_int_equal(hd_client_flush(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_client_close(NULL, 0), HD_E_INVALID);
    assert_int_equal(hd_client_next_report(NULL, 0, &report), HD_E_INVALID);
    assert_int_equal(hd_client_next_report(client, 0, NULL), HD_E_INVALID);
    report = (hd_report *)&scene;
    assert_int_equal(hd_client_next_report(client, 0, &report), HD_E_TIMEOUT);
    assert_null(report);
    assert_int_equal(hd_log_query(NULL, NULL, NULL, 1, &page), HD_E_INVALID);
    assert_int_equal(hd_log_query(client, NULL, NULL, 1, NULL), HD_E_INVALID);
    page = (hd_log_page *)&scene;
    assert_int_equal(hd_log_query(client, NULL, "no cursor", 1, &page), HD_E_CURSOR);
    assert_null(page);

    assert_int_equal(hd_client_counter(NULL, HD_COUNTER_ACCEPTED), 0);
    assert_int_equal(hd_client_counter(client, -1), 0);
    assert_int_equal(hd_client_counter(client, HD_COUNTER_REPORTS_MISSED + 1), 0);
    assert_int_equal(hd_webhook_list_count(NULL), 0);
    assert_null(hd_webhook_list_at(NULL, 0));
    hd_webhook_list_free(NULL);
    hd_client_free(NULL);
    hd_event_free(event);
}

/* The options of a client are a copy: they may be freed, and NULL stands for the defaults, which allow https only. */
static void test_default_client(void **state) {
    struct scene *scene = *state;
    assert_int_equal(hd_client_new(NULL, &scene->client), HD_OK);
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, "http://hooks.example.com/x");
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_E_URL_SCHEME);
    assert_int_equal(hd_webhook_set_url(webhook, "https://hooks.example.com/x"), HD_OK);
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_OK);
    hd_webhook_free(webhook);
    for (int which = HD_COUNTER_ACCEPTED; which <= HD_COUNTER_REPORTS_MISSED; which++)
        assert_int_equal(counter(scene->client, which), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Webhooks
 */

/* What comes out of the client is what went in, field by field. */
static void test_webhook_comes_back_whole(void **state) {
    struct scene *scene = *state;
    scene->client = client_for_tests(NULL);
    static const char secret[] = "with\0NUL\xFF";
    hd_webhook *webhook = webhook_for_tests("id-1", "project-1", "https://hooks.example.com/services/T0/B0/abcd");
    assert_int_equal(hd_webhook_set_name(webhook, "Caf\xC3\xA9 team"), HD_OK);
    assert_int_equal(hd_webhook_set_secret(webhook, secret, sizeof secret - 1), HD_OK);
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_RESOLVED, 0), HD_OK);
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_HELD), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Team", "blue"), HD_OK);
    assert_int_equal(hd_webhook_set_header(webhook, "X-Empty", ""), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 64), HD_OK);
    put_webhook(scene->client, webhook);

    hd_webhook *copy = NULL;
    assert_int_equal(hd_client_get_webhook(scene->client, "id-1", &copy), HD_OK);
    assert_string_equal(hd_webhook_id(copy), "id-1");
    assert_string_equal(hd_webhook_project(copy), "project-1");
    assert_string_equal(hd_webhook_name(copy), "Caf\xC3\xA9 team");
    assert_string_equal(hd_webhook_url(copy), "https://hooks.example.com/services/T0/B0/abcd");
    size_t length = 0;
    const void *bytes = hd_webhook_secret(copy, &length);
    assert_int_equal(length, sizeof secret - 1);
    assert_memory_equal(bytes, secret, sizeof secret);
    assert_int_equal(hd_webhook_subscribed(copy, HD_TICKET_CREATED), 1);
    assert_int_equal(hd_webhook_subscribed(copy, HD_TICKET_RESOLVED), 0);
    assert_int_equal(hd_webhook_subscribed(copy, HD_MESSAGE_RECEIVED), 1);
    assert_int_equal(hd_webhook_format(copy), HD_FORMAT_SLACK);
    assert_int_equal(hd_webhook_mode(copy), HD_MODE_HELD);
    assert_int_equal(hd_webhook_max_in_flight(copy), 64);
    assert_int_equal(hd_webhook_header_count(copy), 2);
    assert_string_equal(hd_webhook_header_name(copy, 0), "X-Team");
    assert_string_equal(hd_webhook_header_value(copy, 0), "blue");
    assert_string_equal(hd_webhook_header_name(copy, 1), "X-Empty");
    assert_string_equal(hd_webhook_header_value(copy, 1), "");
    hd_webhook_free(copy);
}

/* The ids of a project's webhooks (NULL: of all) with a space behind each. */
static const char *listed(hd_client *client, const char *project, char *buf, size_t size) {
    hd_webhook_list *list = NULL;
    assert_int_equal(hd_client_list_webhooks(client, project, &list), HD_OK);
    size_t count = hd_webhook_list_count(list);
    size_t used = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(buf + used, size - used, "%s ", hd_webhook_id(hd_webhook_list_at(list, i)));
    assert_null(hd_webhook_list_at(list, count));
    hd_webhook_list_free(list);
    return buf;
}

/* Lists are ordered by project and id, so that a page of webhooks looks the same on every visit. */
static void test_webhooks_are_listed_in_order(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    char ids[256];
    assert_string_equal(listed(client, NULL, ids, sizeof ids), "");

    static const char *const put[][2] = {
        {"m", "project-2"}, {"z", "project-1"}, {"a", "project-3"}, {"b", "project-1"}, {"c", "project-2"}};
    for (size_t i = 0; i < LENGTH_OF(put); i++)
        put_webhook(client, webhook_for_tests(put[i][0], put[i][1], "https://hooks.example.com/"));

    assert_string_equal(listed(client, NULL, ids, sizeof ids), "b z c m a ");
    assert_string_equal(listed(client, "project-1", ids, sizeof ids), "b z ");
    assert_string_equal(listed(client, "project-2", ids, sizeof ids), "c m ");
    assert_string_equal(listed(client, "project", ids, sizeof ids), "");

    put_webhook(client, webhook_for_tests("z", "project-3", "https://hooks.example.com/moved"));
    assert_string_equal(listed(client, NULL, ids, sizeof ids), "b c m a z ");
    assert_int_equal(hd_client_remove_webhook(client, "c"), HD_OK);
    assert_int_equal(hd_client_remove_webhook(client, "c"), HD_E_NOT_FOUND);
    assert_string_equal(listed(client, NULL, ids, sizeof ids), "b m a z ");
}

/* The client keeps a copy of its own: who changes an object changes nothing before the next put. */
static void test_copies_are_independent(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    hd_webhook *mine = webhook_for_tests(WEBHOOK, PROJECT, "https://hooks.example.com/first");
    assert_int_equal(hd_client_put_webhook(client, mine), HD_OK);
    assert_int_equal(hd_webhook_set_url(mine, "https://hooks.example.com/second"), HD_OK);
    assert_int_equal(hd_webhook_set_header(mine, "X-Mine", "1"), HD_OK);

    hd_webhook *first = NULL;
    hd_webhook_list *list = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &first), HD_OK);
    assert_int_equal(hd_client_list_webhooks(client, NULL, &list), HD_OK);
    assert_string_equal(hd_webhook_url(first), "https://hooks.example.com/first");
    assert_int_equal(hd_webhook_header_count(first), 0);

    assert_int_equal(hd_webhook_set_url(first, "https://hooks.example.com/third"), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, mine), HD_OK);
    hd_webhook_free(mine);
    assert_string_equal(hd_webhook_url(first), "https://hooks.example.com/third");
    assert_string_equal(hd_webhook_url(hd_webhook_list_at(list, 0)), "https://hooks.example.com/first");
    hd_webhook_free(first);

    hd_webhook *second = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &second), HD_OK);
    assert_string_equal(hd_webhook_url(second), "https://hooks.example.com/second");
    assert_int_equal(hd_webhook_header_count(second), 1);
    hd_webhook_free(second);
    hd_webhook_list_free(list);
}

/* A webhook without project or URL cannot get anything, and is refused as long as that is so. */
static void test_incomplete_webhook_is_refused(void **state) {
    struct scene *scene = *state;
    scene->client = client_for_tests(NULL);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_E_FIELD_MISSING);
    assert_int_equal(hd_webhook_set_url(webhook, "https://hooks.example.com/"), HD_OK);
    assert_string_equal(hd_webhook_missing(webhook), "project");
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_E_FIELD_MISSING);
    hd_webhook_free(webhook);

    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, PROJECT), HD_OK);
    assert_string_equal(hd_webhook_missing(webhook), "url");
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_E_FIELD_MISSING);
    assert_int_equal(hd_webhook_set_url(webhook, "https://hooks.example.com/"), HD_OK);
    assert_int_equal(hd_client_put_webhook(scene->client, webhook), HD_OK);
    hd_webhook_free(webhook);
}

/* No URL is saved that the client's options forbid; link-local and metadata addresses no option can allow. */
static void test_forbidden_urls_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *url;
        int http;
        const char *network;
        int expected;
    } cases[] = {
        {"https://hooks.example.com/x", 0, NULL, HD_OK},
        {"https://8.8.8.8/x", 0, NULL, HD_OK},
        {"https://[2606:4700::1111]/x", 0, NULL, HD_OK},
        {"http://hooks.example.com/x", 0, NULL, HD_E_URL_SCHEME},
        {"http://hooks.example.com/x", 1, NULL, HD_OK},
        {"http://127.0.0.1/x", 0, "127.0.0.0/8", HD_E_URL_SCHEME},
        {"http://127.0.0.1/x", 1, NULL, HD_E_URL_ADDRESS},
        {"http://127.0.0.1/x", 1, "127.0.0.0/8", HD_OK},
        {"https://127.0.0.1/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://10.1.2.3/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://10.1.2.3/x", 0, "127.0.0.0/8", HD_E_URL_ADDRESS},
        {"https://10.1.2.3/x", 0, "10.0.0.0/8", HD_OK},
        {"https://10.1.2.3/x", 0, "10.1.2.3/32", HD_OK},
        {"https://10.1.2.4/x", 0, "10.1.2.3/32", HD_E_URL_ADDRESS},
        {"https://192.168.0.1/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://172.16.0.1/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://100.64.0.1/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://0.0.0.0/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://224.0.0.1/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://[::1]/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://[::1]/x", 0, "::1/128", HD_OK},
        {"https://[::ffff:127.0.0.1]/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://[::ffff:10.0.0.1]/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://[fd12:3456::1]/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://[fd12:3456::1]/x", 0, "fd12:3456::/32", HD_OK},
        {"https://[64:ff9b::a9fe:a9fe]/x", 0, NULL, HD_E_URL_ADDRESS},
        {"https://169.254.169.254/", 0, NULL, HD_E_URL_ADDRESS},
        {"https://169.254.169.254/", 0, "0.0.0.0/0", HD_E_URL_ADDRESS},
        {"https://169.254.1.1/", 0, "169.254.1.1/32", HD_E_URL_ADDRESS},
        {"https://168.63.129.16/", 0, NULL, HD_E_URL_ADDRESS},
        {"https://168.63.129.16/", 0, "0.0.0.0/0", HD_E_URL_ADDRESS},
        {"https://[::ffff:169.254.169.254]/", 0, "::/0", HD_E_URL_ADDRESS},
        {"https://[fe80::1]/", 0, "::/0", HD_E_URL_ADDRESS},
        {"https://[fd00:ec2::254]/", 0, "fd00::/8", HD_E_URL_ADDRESS},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_options *options = NULL;
        assert_int_equal(hd_options_new(&options), HD_OK);
        assert_int_equal(hd_options_allow_http(options, cases[i].http), HD_OK);
        if (cases[i].network != NULL)
            assert_int_equal(hd_options_allow_network(options, cases[i].network), HD_OK);
        hd_client *client = client_for_tests(options);
        hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, cases[i].url);
        int status = hd_client_put_webhook(client, webhook);
        assert_int_equal(hd_client_check_url(client, cases[i].url), status);
        hd_webhook_free(webhook);
        end_client(client);
        if (status != cases[i].expected)
            fail_msg("%s with %s allowed: %s", cases[i].url, cases[i].network == NULL ? "nothing" : cases[i].network,
                     hd_status_name(status));
    }
}

/* Row 23: deliveries speak to web servers only, unless the program opens more ports. */
static void test_ports_are_few(void **state) {
    (void)state;
    static const struct {
        const char *url;
        int http;
        uint16_t first, last;
        int expected;
    } cases[] = {
        {"https://a.example.com/", 0, 0, 0, HD_OK},
        {"https://a.example.com:443/", 0, 0, 0, HD_OK},
        {"https://a.example.com:80/", 0, 0, 0, HD_E_URL_PORT},
        {"https://a.example.com:8443/", 0, 0, 0, HD_E_URL_PORT},
        {"https://a.example.com:22/", 0, 0, 0, HD_E_URL_PORT},
        {"https://a.example.com:25/", 1, 0, 0, HD_E_URL_PORT},
        {"https://a.example.com:6379/", 1, 0, 0, HD_E_URL_PORT},
        {"http://a.example.com/", 1, 0, 0, HD_OK},
        {"http://a.example.com:8080/", 1, 0, 0, HD_OK},
        {"https://a.example.com:8443/", 1, 0, 0, HD_OK},
        {"http://a.example.com:443/", 1, 0, 0, HD_OK},
        {"http://a.example.com:81/", 1, 0, 0, HD_E_URL_PORT},
        {"https://a.example.com:8999/", 0, 9000, 9002, HD_E_URL_PORT},
        {"https://a.example.com:9000/", 0, 9000, 9002, HD_OK},
        {"https://a.example.com:9002/", 0, 9000, 9002, HD_OK},
        {"https://a.example.com:9003/", 0, 9000, 9002, HD_E_URL_PORT},
        {"https://a.example.com:65535/", 0, 65535, 65535, HD_OK},
        {"https://a.example.com:1/", 0, 1, 65535, HD_OK},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        hd_options *options = NULL;
        assert_int_equal(hd_options_new(&options), HD_OK);
        assert_int_equal(hd_options_allow_http(options, cases[i].http), HD_OK);
        if (cases[i].first > 0)
            assert_int_equal(hd_options_allow_ports(options, cases[i].first, cases[i].last), HD_OK);
        hd_client *client = client_for_tests(options);
        hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, cases[i].url);
        int status = hd_client_put_webhook(client, webhook);
        hd_webhook_free(webhook);
        end_client(client);
        if (status != cases[i].expected)
            fail_msg("%s: %s", cases[i].url, hd_status_name(status));
    }
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_allow_ports(options, 0, 1), HD_E_INVALID);
    assert_int_equal(hd_options_allow_ports(options, 2, 1), HD_E_INVALID);
    for (uint16_t port = 1; port <= 32; port++)
        assert_int_equal(hd_options_allow_ports(options, port, port), HD_OK);
    assert_int_equal(hd_options_allow_ports(options, 33, 33), HD_E_LIMIT);
    hd_options_free(options);
}

static void assert_loopback_url(const hd_options *options, const char *url, int expected) {
    int status = hd_options_check_url(options, url);
    if (status != expected)
        fail_msg("%s: %s", url, hd_status_name(status));
}

/* One call allows receivers on this machine, and nothing of the networks around it. */
static void test_loopback_is_allowed_in_one_call(void **state) {
    (void)state;
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_loopback_url(options, "http://127.0.0.1:8787/", HD_E_URL_SCHEME);
    assert_int_equal(hd_options_allow_loopback(options), HD_OK);
    assert_loopback_url(options, "http://127.0.0.1:8787/", HD_OK);
    assert_loopback_url(options, "https://127.1.2.3:65535/", HD_OK);
    assert_loopback_url(options, "http://[::1]:1024/", HD_OK);
    assert_loopback_url(options, "http://localhost:1024/", HD_OK);
    assert_loopback_url(options, "http://127.0.0.1:1023/", HD_E_URL_PORT);
    assert_loopback_url(options, "http://10.0.0.1:8787/", HD_E_URL_ADDRESS);
    assert_loopback_url(options, "http://[fd12:3456::1]:8787/", HD_E_URL_ADDRESS);
    hd_options_free(options);
}

/* Without room for all of it, nothing is allowed. */
static void test_loopback_is_allowed_as_a_whole(void **state) {
    (void)state;
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    for (int i = 0; i < 63; i++)
        assert_int_equal(hd_options_allow_network(options, "10.0.0.0/8"), HD_OK);
    assert_int_equal(hd_options_allow_loopback(options), HD_E_LIMIT);
    assert_loopback_url(options, "https://127.0.0.1/", HD_E_URL_ADDRESS);
    assert_loopback_url(options, "http://10.0.0.1/", HD_E_URL_SCHEME);
    assert_int_equal(hd_options_allow_network(options, "10.0.0.0/8"), HD_OK); /* the 64th is still free */
    hd_options_free(options);
}

/* A webhook that was put again counts as it is now, also for what waits. */
static void test_replaced_webhook_takes_effect(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok/old");
    char url[256];
    for (int64_t i = 1; i <= 200; i++)
        (void)send_ticket(client, i);
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, server_url(scene->server, "/ok/new", url, sizeof url)));
    (void)send_ticket(client, 201);
    flush(client);
    size_t requests = server_requests(scene->server);
    assert_int_equal(requests, 201);
    assert_true(server_requests_at(scene->server, "/ok/new") >= 1);
    assert_string_equal(server_request(scene->server, requests - 1)->path, "/ok/new");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sending
 */

/* An event that lacks something is refused and stays changeable; nothing of it is counted or delivered. */
static void test_incomplete_event_is_refused(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    hd_event *event = NULL;
    char id[HD_ID_SIZE] = "untouched";
    assert_int_equal(hd_event_new(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, id), HD_E_FIELD_MISSING);
    assert_int_equal(hd_event_set_customer(event, "", ""), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, id), HD_E_FIELD_MISSING);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, id), HD_E_FIELD_MISSING);
    assert_string_equal(id, "untouched");
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 0);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), 0);

    assert_int_equal(hd_event_set_ticket(event, "t", 1, "", "open", "low"), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, id), HD_OK);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 1);
    hd_event_free(event);
    flush(client);
    assert_int_equal(server_requests(scene->server), 1);
}

/* An event of a type that this version does not know cannot be sent: no webhook could have subscribed to it. */
static void test_unknown_event_is_refused(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    static const char body[] = PAGE_BODY_OF("ticket.exploded");
    hd_event *event = NULL;
    assert_int_equal(hd_event_parse(body, sizeof body - 1, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_EVENT_TYPE);
    hd_event_free(event);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 0);
}

/* What was sent cannot be changed any more: the body that is logged is the body that was posted. */
static void test_sent_event_is_frozen(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    hd_event *event = event_for_tests(HD_MESSAGE_RECEIVED, PROJECT, 1);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK);

    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "other", HD_TEXT_NUL), HD_E_SENT);
    assert_int_equal(hd_event_set_timestamp_ms(event, 1), HD_E_SENT);
    assert_int_equal(hd_event_set_ticket(event, "t", 2, "s", "open", "low"), HD_E_SENT);
    assert_int_equal(hd_event_set_customer(event, "other@example.com", "Other"), HD_E_SENT);
    assert_int_equal(hd_event_set_message(event, "m", "agent", "text"), HD_E_SENT);
    assert_string_equal(hd_event_get(event, HD_FIELD_PROJECT, NULL), PROJECT);
    assert_int_equal(hd_event_ticket_number(event), 1);
    assert_string_equal(hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "user@example.com");
    assert_null(hd_event_get(event, HD_FIELD_MESSAGE_ID, NULL));
    hd_event_free(event);
}

/* The same event object may be sent again: it is two events, with two ids and two deliveries. */
static void test_event_can_be_sent_twice(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    char first[HD_ID_SIZE], second[HD_ID_SIZE];
    assert_int_equal(hd_webhook_send(client, event, first), HD_OK);
    assert_int_equal(hd_webhook_send(client, event, second), HD_OK);
    hd_event_free(event);
    assert_string_not_equal(first, second);

    hd_report *one = next_report(client);
    hd_report *other = next_report(client);
    assert_string_not_equal(hd_report_delivery_id(one), hd_report_delivery_id(other));
    assert_int_equal(event_of(one) + event_of(other), number_of_id(first) + number_of_id(second));
    hd_report_free(one);
    hd_report_free(other);
    assert_int_equal(server_requests(scene->server), 2);
}

/* An event goes to the webhooks of its own project that are not off and subscribe to its type, and to no other. */
static void test_event_reaches_its_subscribers_only(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok/subscribed");
    char url[256];

    put_webhook(client, webhook_for_tests("twin", PROJECT, server_url(scene->server, "/ok/twin", url, sizeof url)));
    put_webhook(client,
                webhook_for_tests("other", "project-2", server_url(scene->server, "/ok/other", url, sizeof url)));
    hd_webhook *webhook = webhook_for_tests("off", PROJECT, server_url(scene->server, "/ok/off", url, sizeof url));
    assert_int_equal(hd_webhook_set_mode(webhook, HD_MODE_OFF), HD_OK);
    put_webhook(client, webhook);
    webhook = webhook_for_tests("unsubscribed", PROJECT, server_url(scene->server, "/ok/un", url, sizeof url));
    assert_int_equal(hd_webhook_set_subscribed(webhook, HD_TICKET_CREATED, 0), HD_OK);
    put_webhook(client, webhook);

    (void)send_ticket(client, 1);
    (void)send_event(client, event_for_tests(HD_TICKET_CREATED, "project-without-webhooks", 1));
    flush(client);
    assert_int_equal(server_requests_at(scene->server, "/ok/subscribed"), 1);
    assert_int_equal(server_requests_at(scene->server, "/ok/twin"), 1);
    assert_int_equal(server_requests(scene->server), 2);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 2);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 2);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
}

static void put_in_mode(struct scene *scene, int mode) {
    char url[256];
    hd_webhook *webhook = webhook_for_tests("moody", PROJECT, server_url(scene->server, "/ok", url, sizeof url));
    assert_int_equal(hd_webhook_set_mode(webhook, mode), HD_OK);
    put_webhook(scene->client, webhook);
}

/* What happens while a webhook is held is delivered when it is on again; what happens while it is off is not. */
static void test_held_keeps_events_and_off_takes_none(void **state) {
    struct scene *scene = *state;
    hd_client *client = scene->client = client_for_tests(NULL);
    put_in_mode(scene, HD_MODE_HELD);
    for (int64_t i = 1; i <= 3; i++)
        (void)send_ticket(client, i);
    put_in_mode(scene, HD_MODE_ON);
    flush(client);
    assert_int_equal(server_requests(scene->server), 3);
    put_in_mode(scene, HD_MODE_OFF);
    (void)send_ticket(client, 4);
    put_in_mode(scene, HD_MODE_ON);
    flush(client);
    assert_int_equal(server_requests(scene->server), 3);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 4);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 3);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits of the queue
 */

#define MANY 24

/* Of many projects, each with a webhook of its own: one alone cannot fill the queue. */
static const char *project_number(uint64_t number) {
    static char project[32];
    (void)snprintf(project, sizeof project, "many-%u", (unsigned)(number % MANY));
    return project;
}

static void put_many_webhooks(struct scene *scene, hd_client *client, const char *path) {
    char url[256];
    for (uint64_t i = 0; i < MANY; i++)
        put_webhook(client, webhook_for_tests(project_number(i), project_number(i),
                                              server_url(scene->server, path, url, sizeof url)));
}

/* Sends tickets to one project after the other until the queue is full. Returns how many were accepted. */
static uint64_t send_until_full(hd_client *client, uint64_t most) {
    uint64_t accepted = 0;
    int status = HD_OK;
    while (status == HD_OK && accepted <= most) {
        hd_event *event = event_for_tests(HD_TICKET_CREATED, project_number(accepted), 1);
        status = hd_webhook_send(client, event, NULL);
        hd_event_free(event);
        accepted += status == HD_OK ? 1 : 0;
    }
    assert_int_equal(status, HD_E_QUEUE_FULL);
    return accepted;
}

/* The queue never grows past its limit: what is too much is refused at once, and room is made by what ends. */
static void test_queue_has_a_limit_of_events(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, 8, 1 << 20), HD_OK);
    hd_client *client = open_client(scene, options, "/gate");
    put_many_webhooks(scene, client, "/gate");

    int64_t start = now_ms();
    uint64_t accepted = send_until_full(client, 8 + 8); /* they may have ended on a machine that stood still */
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), accepted);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), 1);
    /* That the worker has taken them over makes no room: they have not ended. */
    assert_eventually(counter(client, HD_COUNTER_WAITING) + counter(client, HD_COUNTER_IN_FLIGHT) >= 8 ||
                      now_ms() - start > 4000);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    int status = hd_webhook_send(client, event, NULL);
    if (now_ms() - start < 4000) {
        assert_int_equal(accepted, 8);
        assert_int_equal(counter(client, HD_COUNTER_PENDING), 8);
        assert_int_equal(status, HD_E_QUEUE_FULL);
        assert_int_equal(hd_event_set_timestamp_ms(event, 1), HD_OK); /* it was not sent: it may be changed */
    }
    hd_event_free(event);

    server_open_gate(scene->server);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
    accepted = counter(client, HD_COUNTER_ACCEPTED);
    (void)send_ticket(client, 2);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), accepted + 1);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED), accepted + 1);
}

/* A test is limited like any event: it is refused when the queue is full, and is not lost on the way. */
static void test_full_queue_refuses_tests(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, 1, 65536), HD_OK);
    hd_client *client = open_client(scene, options, "/gate");
    (void)send_ticket(client, 1);
    hd_report *report = NULL;
    int64_t start = now_ms();
    int status = hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 0, &report);
    if (now_ms() - start < 4000)
        assert_int_equal(status, HD_E_QUEUE_FULL);
    server_open_gate(scene->server);
    flush(client);
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    hd_report_free(report);
}

/* The queue is limited in memory too, so that a few huge messages count as what they are. */
static void test_queue_has_a_limit_of_bytes(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, 1000, 65536), HD_OK);
    hd_client *client = open_client(scene, options, "/gate");

    (void)send_ticket(client, 1);
    hd_event *huge = message_for_tests(PROJECT, 1, 65536); /* more than the limit: it would pass alone */
    assert_int_equal(hd_webhook_send(client, huge, NULL), HD_E_QUEUE_FULL);
    hd_event_free(huge);

    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 1);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), 1);

    server_open_gate(scene->server);
    flush(client);
    (void)send_event(client, message_for_tests(PROJECT, 1, 8192));
    flush(client);
    assert_int_equal(server_requests(scene->server), 2);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Flush
 */

/* Flush tells the truth about what is pending, and loses nothing. */
static void test_flush_waits_for_all(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/gate");
    assert_int_equal(hd_client_flush(client, 0), HD_OK);
    for (int64_t i = 1; i <= 10; i++)
        (void)send_ticket(client, i);
    assert_int_equal(hd_client_flush(client, 0), HD_E_TIMEOUT);
    assert_int_equal(hd_client_flush(client, 20), HD_E_TIMEOUT);
    server_open_gate(scene->server);
    assert_int_equal(hd_client_flush(client, PATIENCE_MS), HD_OK);
    assert_int_equal(hd_client_flush(client, 0), HD_OK);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED), 10);
    assert_int_equal(server_requests(scene->server), 10);
}

static void *send_a_moment_later(void *argument) {
    hd_client *client = argument;
    sleep_ms(100);
    hd_event *event = NULL;
    if (hd_event_new_sample(HD_TICKET_CREATED, &event) == HD_OK &&
        hd_event_set(event, HD_FIELD_PROJECT, "hanging", HD_TEXT_NUL) == HD_OK)
        (void)hd_webhook_send(client, event, NULL);
    hd_event_free(event);
    return NULL;
}

/* Flush waits for what was accepted before it, and not for what others send meanwhile. */
static void test_flush_does_not_wait_for_later_events(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/delay/500");
    char url[256];
    put_webhook(client, webhook_for_tests("hanging", "hanging", server_url(scene->server, "/hang", url, sizeof url)));

    bool left_before_the_later_one = false;
    for (int tries = 0; tries < 5 && !left_before_the_later_one; tries++) { /* flush may have begun after the sending */
        pthread_t thread;
        (void)send_ticket(client, 1);
        assert_int_equal(pthread_create(&thread, NULL, send_a_moment_later, client), 0);
        int status = hd_client_flush(client, PATIENCE_MS);
        left_before_the_later_one = counter(client, HD_COUNTER_PENDING) > 0;
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(status, HD_OK);
    }
    assert_true(left_before_the_later_one);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Close and free
 */

/* What the remaining reports of a closed client say, in numbers. */
struct tally {
    unsigned delivered;
    unsigned failed;
    unsigned canceled;
    unsigned canceled_unattempted;
};

static struct tally take_reports(hd_client *client) {
    struct tally tally = {0};
    hd_report *report = NULL;
    int status;
    while ((status = hd_client_next_report(client, 0, &report)) == HD_OK) {
        int outcome = hd_report_outcome(report);
        tally.delivered += outcome == HD_OUTCOME_DELIVERED ? 1 : 0;
        tally.failed += outcome == HD_OUTCOME_FAILED ? 1 : 0;
        if (outcome == HD_OUTCOME_CANCELED) {
            assert_int_equal(hd_report_reason(report), HD_REASON_CANCELED);
            assert_int_equal(hd_report_http_status(report), 0);
            assert_in_range(hd_report_attempt(report), 0, 1);
            tally.canceled++;
            tally.canceled_unattempted += hd_report_attempt(report) == 0 ? 1 : 0;
        }
        hd_report_free(report);
    }
    assert_int_equal(status, HD_E_CLOSED);
    assert_null(report);
    return tally;
}

/* Close delivers what was accepted before it ends the client's work. */
static void test_close_delivers_what_was_accepted(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/delay/20");
    for (int64_t i = 1; i <= 20; i++)
        (void)send_ticket(client, i);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(server_requests(scene->server), 20);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), 20);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
    assert_int_equal(take_reports(client).delivered, 20);
}

/* What close can no longer deliver is canceled and recorded, once each; nothing is dropped silently. */
static void test_close_records_what_it_cancels(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/hang");
    for (int64_t i = 1; i <= 10; i++)
        (void)send_ticket(client, i);
    int64_t start = now_ms();
    assert_true(server_wait_requests(scene->server, 4, PATIENCE_MS));
    assert_int_equal(hd_client_close(client, 50), HD_E_TIMEOUT);
    bool before_attempts_time_out = now_ms() - start < 4500;

    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
    assert_int_equal(counter(client, HD_COUNTER_WAITING), 0);
    assert_int_equal(counter(client, HD_COUNTER_IN_FLIGHT), 0);
    struct tally tally = take_reports(client);
    assert_int_equal(tally.delivered, 0);
    if (before_attempts_time_out)
        assert_int_equal(tally.failed, 0);
    assert_int_equal(tally.canceled + tally.failed, 10);
    assert_int_equal(tally.canceled, counter(client, HD_COUNTER_CANCELED));
    assert_int_equal(10 - tally.canceled_unattempted, server_requests(scene->server));
    assert_true(tally.canceled_unattempted > 0);
    hd_log_page *page = NULL;
    assert_int_equal(hd_log_query(client, NULL, NULL, 1000, &page), HD_OK);
    assert_int_equal(hd_log_page_count(page), 10);
    hd_log_page_free(page);
}

/* Close with no time cancels at once, even what has not left the queue yet. */
static void test_close_without_time(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/hang");
    for (int64_t i = 1; i <= 100; i++)
        (void)send_ticket(client, i);
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    struct tally tally = take_reports(client);
    assert_int_equal(tally.canceled + tally.failed, 100);
    assert_int_equal(counter(client, HD_COUNTER_CANCELED), tally.canceled);
}

/* Close on a client that has nothing to do is HD_OK, whatever the time. */
static void test_close_of_an_idle_client(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    assert_int_equal(take_reports(client).delivered, 0);
}

/* A closed client takes no more events, stays readable, and answers a second close like the first. */
static void test_closed_client(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/hang");
    (void)send_ticket(client, 1);
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);

    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 2);
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_E_CLOSED);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "still-changeable", HD_TEXT_NUL), HD_OK);
    hd_event_free(event);
    hd_report *report = NULL;
    assert_int_equal(hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 0, &report), HD_E_CLOSED);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    hd_webhook_free(webhook);
    hd_webhook_list *list = NULL;
    assert_int_equal(hd_client_list_webhooks(client, PROJECT, &list), HD_OK);
    assert_int_equal(hd_webhook_list_count(list), 1);
    hd_webhook_list_free(list);

    assert_int_equal(hd_client_flush(client, 0), HD_OK);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 1);
    assert_int_equal(take_reports(client).canceled, 1);
}

struct late_caller {
    hd_client *client;
    int report_status, close_status;
};

static void *call_closed_client(void *argument) {
    struct late_caller *caller = argument;
    hd_report *report = NULL;
    caller->report_status = hd_client_next_report(caller->client, 0, &report);
    caller->close_status = hd_client_close(caller->client, 0);
    hd_client_free(caller->client);
    return NULL;
}

/* A thread that begins after close may be given the id that the worker's thread had, and is not taken for it. */
static void test_closed_client_in_a_new_thread(void **state) {
    (void)state;
    struct late_caller caller;
    caller.client = client_for_tests(NULL);
    assert_int_equal(hd_client_close(caller.client, PATIENCE_MS), HD_OK);
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 262144), 0); /* the worker's, which glibc then reuses */
    assert_int_equal(pthread_create(&thread, &attributes, call_closed_client, &caller), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_int_equal(caller.report_status, HD_E_CLOSED);
    assert_int_equal(caller.close_status, HD_OK);
}

struct closer {
    pthread_t thread;
    hd_client *client;
    uint32_t timeout_ms;
    int status;
};

static void *close_client(void *argument) {
    struct closer *closer = argument;
    closer->status = hd_client_close(closer->client, closer->timeout_ms);
    return NULL;
}

/* Several threads may close at once: one does, the others wait for it, and all get the same answer. */
static void test_concurrent_close(void **state) {
    const struct {
        const char *path;
        uint32_t timeout_ms;
        int expected;
    } cases[] = {{"/delay/50", PATIENCE_MS, HD_OK}, {"/hang", 50, HD_E_TIMEOUT}};
    struct scene *scene = *state;
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct closer closers[8];
        hd_client *client = open_client(scene, NULL, cases[i].path);
        for (int64_t number = 1; number <= 12; number++)
            (void)send_ticket(client, number);
        for (size_t k = 0; k < LENGTH_OF(closers); k++) {
            closers[k].client = client;
            closers[k].timeout_ms = cases[i].timeout_ms;
            assert_int_equal(pthread_create(&closers[k].thread, NULL, close_client, &closers[k]), 0);
        }
        for (size_t k = 0; k < LENGTH_OF(closers); k++)
            assert_int_equal(pthread_join(closers[k].thread, NULL), 0);
        for (size_t k = 0; k < LENGTH_OF(closers); k++)
            assert_int_equal(closers[k].status, cases[i].expected);
        struct tally tally = take_reports(client);
        assert_int_equal(tally.delivered + tally.failed + tally.canceled, 12);
        end_client(client);
        scene->client = NULL;
    }
}

struct racer {
    pthread_t thread;
    hd_client *client;
    unsigned accepted;
    int last;
};

static void *send_until_closed(void *argument) {
    struct racer *racer = argument;
    hd_event *event = NULL;
    racer->last = hd_event_new_sample(HD_TICKET_CREATED, &event);
    if (racer->last == HD_OK)
        racer->last = hd_event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL);
    while (racer->last == HD_OK || racer->last == HD_E_QUEUE_FULL) {
        racer->last = hd_webhook_send(racer->client, event, NULL);
        racer->accepted += racer->last == HD_OK ? 1 : 0;
        if (racer->last == HD_E_QUEUE_FULL)
            sleep_ms(1);
    }
    hd_event_free(event);
    return NULL;
}

/* Whatever races with close is either refused or reported; no event falls between. */
static void test_sending_races_with_close(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, 100, 1 << 24), HD_OK);
    assert_int_equal(hd_options_set_log_limits(options, 10000000, (size_t)1 << 30), HD_OK);
    hd_client *client = open_client(scene, options, "/ok");
    struct racer racers[4];
    memset(racers, 0, sizeof racers);
    for (size_t i = 0; i < LENGTH_OF(racers); i++) {
        racers[i].client = client;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, send_until_closed, &racers[i]), 0);
    }
    bool started = server_wait_requests(scene->server, 20, PATIENCE_MS);
    int status = hd_client_close(client, 1);
    unsigned accepted = 0;
    for (size_t i = 0; i < LENGTH_OF(racers); i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        assert_int_equal(racers[i].last, HD_E_CLOSED);
        accepted += racers[i].accepted;
    }
    assert_true(started);
    struct tally tally = take_reports(client);
    assert_int_equal(tally.delivered + tally.failed + tally.canceled, accepted);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), accepted);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 0);
    assert_int_equal(status, tally.canceled == 0 ? HD_OK : HD_E_TIMEOUT);
}

/* The naive program that frees its client right after sending does not lose its last events. */
static void test_free_delivers_first(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, PATIENCE_MS), HD_OK);
    hd_client *client = open_client(scene, options, "/delay/50");
    scene->client = NULL;
    for (int64_t i = 1; i <= 20; i++)
        (void)send_ticket(client, i);
    hd_client_free(client);
    assert_int_equal(server_requests(scene->server), 20);
}

/* Free waits no longer than the shutdown timeout: here it does not even wait for the attempts that hang. */
static void test_free_keeps_the_shutdown_timeout(void **state) {
    struct scene *scene = *state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 1), HD_OK);
    hd_client *client = open_client(scene, options, "/hang");
    scene->client = NULL;
    for (int64_t i = 1; i <= 20; i++)
        (void)send_ticket(client, i);
    int64_t start = now_ms();
    hd_client_free(client);
    assert_true(now_ms() - start < 5000);
    assert_true(server_requests(scene->server) <= 4);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The log function
 */

/* What happened when the log function called what it must not call. */
struct meddler {
    pthread_mutex_t lock;
    pthread_t main_thread;
    hd_client *client; /* NULL until the client may be meddled with */
    bool done;
    int close_status;
    int flush_status;
    int next_status;
    int test_status;
    int send_status;
    unsigned errors; /* lines of HD_LEVEL_ERROR that came while hd_client_free() was called */
};

/* Calls everything that waits, the first time that it runs on the worker thread. */
static void meddle(void *user, int level, const char *line) {
    struct meddler *meddler = user;
    (void)line;
    if (pthread_equal(pthread_self(), meddler->main_thread))
        return;
    (void)pthread_mutex_lock(&meddler->lock);
    hd_client *client = meddler->done ? NULL : meddler->client;
    if (client != NULL)
        meddler->done = true;
    else if (level == HD_LEVEL_ERROR)
        meddler->errors++;
    (void)pthread_mutex_unlock(&meddler->lock);
    if (client == NULL)
        return;

    hd_report *report = NULL;
    hd_event *event = NULL;
    int close_status = hd_client_close(client, 1000);
    int flush_status = hd_client_flush(client, 1000);
    int next_status = hd_client_next_report(client, 1000, &report);
    if (next_status == HD_OK) /* one was there already, so that it did not have to wait */
        hd_report_free(report);
    int test_status = hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 1000, &report);
    int send_status = hd_event_new_sample(HD_TICKET_CREATED, &event);
    if (send_status == HD_OK)
        send_status = hd_event_set(event, HD_FIELD_PROJECT, "quiet", HD_TEXT_NUL);
    if (send_status == HD_OK)
        send_status = hd_webhook_send(client, event, NULL);
    hd_event_free(event);
    hd_client_free(client);

    (void)pthread_mutex_lock(&meddler->lock);
    meddler->close_status = close_status;
    meddler->flush_status = flush_status;
    meddler->next_status = next_status;
    meddler->test_status = test_status;
    meddler->send_status = send_status;
    meddler->client = NULL;
    (void)pthread_mutex_unlock(&meddler->lock);
}

static bool has_meddled(struct meddler *meddler) {
    (void)pthread_mutex_lock(&meddler->lock);
    bool has = meddler->done && meddler->client == NULL;
    (void)pthread_mutex_unlock(&meddler->lock);
    return has;
}

/* In the log function on the worker thread, what would wait for that thread refuses; sending works. */
static void test_log_function_cannot_deadlock(void **state) {
    struct scene *scene = *state;
    struct meddler meddler;
    memset(&meddler, 0, sizeof meddler);
    assert_int_equal(pthread_mutex_init(&meddler.lock, NULL), 0);
    meddler.main_thread = pthread_self();
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_logger(options, meddle, &meddler), HD_OK);
    hd_client *client = open_client(scene, options, "/status/500");
    (void)pthread_mutex_lock(&meddler.lock);
    meddler.client = client;
    (void)pthread_mutex_unlock(&meddler.lock);

    (void)send_ticket(client, 1);
    assert_eventually(has_meddled(&meddler));
    (void)send_ticket(client, 2);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 3);
    end_client(client);
    scene->client = NULL;

    assert_int_equal(meddler.close_status, HD_E_WRONG_THREAD);
    assert_int_equal(meddler.flush_status, HD_E_WRONG_THREAD);
    assert_int_equal(meddler.test_status, HD_E_WRONG_THREAD);
    assert_int_equal(meddler.send_status, HD_OK);
    assert_true(meddler.next_status == HD_E_WRONG_THREAD || meddler.next_status == HD_OK);
    assert_true(meddler.errors > 0);
    assert_int_equal(pthread_mutex_destroy(&meddler.lock), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Fork
 */

/* Calls everything on the parent's client. Returns the number of the first call that did not refuse; 0 if all did. */
static int use_inherited_client(hd_client *client, hd_event *event, const hd_webhook *webhook) {
    hd_report *report = NULL;
    hd_webhook *copy = NULL;
    hd_webhook_list *list = NULL;
    hd_log_page *page = NULL;
    const int statuses[] = {
        hd_webhook_send(client, event, NULL),
        hd_client_flush(client, 10000),
        hd_client_close(client, 10000),
        hd_client_next_report(client, 10000, &report),
        hd_client_test(client, WEBHOOK, HD_TICKET_CREATED, 10000, &report),
        hd_client_put_webhook(client, webhook),
        hd_client_get_webhook(client, WEBHOOK, &copy),
        hd_client_remove_webhook(client, WEBHOOK),
        hd_client_list_webhooks(client, NULL, &list),
        hd_log_query(client, NULL, NULL, 10, &page),
    };
    for (size_t i = 0; i < LENGTH_OF(statuses); i++)
        if (statuses[i] != HD_E_FORKED)
            return (int)i + 1;
    if (hd_client_counter(client, HD_COUNTER_ACCEPTED) != 0)
        return 100;
    hd_client_free(client);
    return 0;
}

/* A forked child can do nothing with its parent's client but free it, which does not disturb the parent. */
static void test_fork(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/gate");
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 99);
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &webhook), HD_OK);
    for (int64_t i = 1; i <= 6; i++)
        (void)send_ticket(client, i);
    assert_true(server_wait_requests(scene->server, 4, PATIENCE_MS));

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        end_child(use_inherited_client(client, event, webhook));
    }
    int exit_status = -1;
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_true(WIFEXITED(exit_status));
    assert_int_equal(WEXITSTATUS(exit_status), 0);

    server_open_gate(scene->server);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 6);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED), 6);
    assert_int_equal(server_requests(scene->server), 6);
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    hd_webhook_free(webhook);
    hd_event_free(event);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What a client does to its process
 */

static volatile sig_atomic_t signals_taken;

static void take_signal(int number) {
    (void)number;
    signals_taken = signals_taken + 1;
}

/* The program's signal handlers never run on the worker thread: a signal that the program blocks stays pending. */
static void test_worker_takes_no_signals(void **state) {
    struct scene *scene = *state;
    struct sigaction action;
    struct sigaction before;
    sigset_t blocked;
    sigset_t pending;
    memset(&action, 0, sizeof action);
    action.sa_handler = take_signal;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    server_stop(scene->server); /* its threads would take the signal */
    scene->server = NULL;
    scene->client = client_for_tests(NULL);

    assert_int_equal(sigemptyset(&blocked), 0);
    assert_int_equal(sigaddset(&blocked, SIGUSR1), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    (void)send_ticket(scene->client, 1); /* gives the worker something to run for */
    flush(scene->client);
    sig_atomic_t taken_by_the_worker = signals_taken;
    int is_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &blocked, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_int_equal(taken_by_the_worker, 0);
    assert_int_equal(is_pending, 1);
    assert_int_equal(signals_taken, 1);
}

/* The lowest descriptor that is free: it rises with each one that somebody forgets to close. */
static int lowest_free_descriptor(void) {
    int fd = open("/dev/null", O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

/* Clients come and go without leaving descriptors behind. */
static void test_free_leaves_no_descriptors(void **state) {
    (void)state;
    struct server *refusing = server_start_refusing();
    assert_non_null(refusing);
    char url[64];
    (void)server_url(refusing, "/", url, sizeof url);
    int lowest = 0;
    for (int i = 0; i < 20; i++) {
        hd_client *client = client_for_tests(NULL);
        put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
        (void)send_ticket(client, 1);
        if (i % 2 == 0)
            flush(client);
        end_client(client);
        if (i == 0)
            lowest = lowest_free_descriptor(); /* what libcurl opens once for all stays open */
    }
    assert_int_equal(lowest_free_descriptor(), lowest);
    server_stop(refusing);
}

/* A process without free descriptors gets an error instead of a client that would never answer. */
static void test_client_without_descriptors(void **state) {
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    end_client(client_for_tests(NULL)); /* what libcurl opens once for all is open */
    struct rlimit none = before;
    none.rlim_cur = (rlim_t)lowest_free_descriptor();
    hd_options *options = options_for_tests();
    hd_client *client = NULL;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = hd_client_new(options, &client);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_not_equal(status, HD_OK);
    assert_null(client);
    assert_int_equal(hd_client_new(options, &client), HD_OK);
    hd_options_free(options);
    end_client(client);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reports and counters
 */

/* next_report waits as long as it was asked to, wakes up for a report, and tells the end. */
static void test_next_report_waits(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/delay/50");
    hd_report *report = NULL;
    assert_int_equal(hd_client_next_report(client, 0, &report), HD_E_TIMEOUT);
    int64_t start = now_ms();
    assert_int_equal(hd_client_next_report(client, 30, &report), HD_E_TIMEOUT);
    assert_true(now_ms() - start >= 29);

    uint64_t id = send_ticket(client, 1);
    report = next_report(client);
    assert_int_equal(event_of(report), id);
    hd_report_free(report);
    assert_int_equal(hd_client_next_report(client, 0, &report), HD_E_TIMEOUT);
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    assert_int_equal(hd_client_next_report(client, PATIENCE_MS, &report), HD_E_CLOSED);
}

static void *wait_for_report(void *argument) {
    struct closer *waiter = argument;
    hd_report *report = NULL;
    waiter->status = hd_client_next_report(waiter->client, waiter->timeout_ms, &report);
    if (waiter->status == HD_OK)
        hd_report_free(report);
    return NULL;
}

/* Who waits for a report while the client is closed is told so, and does not wait for ever. */
static void test_close_wakes_waiting_readers(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/ok");
    struct closer waiters[4];
    for (size_t i = 0; i < LENGTH_OF(waiters); i++) {
        waiters[i].client = client;
        waiters[i].timeout_ms = 600000;
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_for_report, &waiters[i]), 0);
    }
    sleep_ms(20);
    assert_int_equal(hd_client_close(client, 0), HD_OK);
    for (size_t i = 0; i < LENGTH_OF(waiters); i++)
        assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
    for (size_t i = 0; i < LENGTH_OF(waiters); i++)
        assert_int_equal(waiters[i].status, HD_E_CLOSED);
}

/* The counters add up at every stage of a delivery's life. */
static void test_counters(void **state) {
    struct scene *scene = *state;
    hd_client *client = open_client(scene, NULL, "/gate");
    char url[256];
    put_webhook(client, webhook_for_tests("bad", PROJECT, server_url(scene->server, "/status/500", url, sizeof url)));
    for (int64_t i = 1; i <= 10; i++)
        (void)send_ticket(client, i);
    assert_int_equal(counter(client, HD_COUNTER_ACCEPTED), 10);
    assert_eventually(counter(client, HD_COUNTER_FAILED) >= 10);
    assert_eventually(counter(client, HD_COUNTER_IN_FLIGHT) == 4 || counter(client, HD_COUNTER_FAILED) > 10);
    if (counter(client, HD_COUNTER_FAILED) == 10) { /* else the machine stood still until attempts timed out */
        assert_int_equal(counter(client, HD_COUNTER_WAITING), 6);
        assert_int_equal(counter(client, HD_COUNTER_PENDING), 10);
    }
    server_open_gate(scene->server);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED), 20);
    assert_true(counter(client, HD_COUNTER_DELIVERED) > 0);
    assert_int_equal(counter(client, HD_COUNTER_IN_FLIGHT), 0);
    assert_int_equal(counter(client, HD_COUNTER_WAITING), 0);
    assert_int_equal(counter(client, HD_COUNTER_PENDING), 0);
    assert_int_equal(counter(client, HD_COUNTER_CANCELED), 0);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), 0);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Many threads
 */

#define SENDERS 16
#define EVENTS_PER_SENDER 500

struct sender {
    pthread_t thread;
    hd_client *client;
    size_t count;
    uint64_t ids[EVENTS_PER_SENDER];
    int status;
};

static void *send_many(void *argument) {
    struct sender *sender = argument;
    for (size_t i = 0; i < sender->count && sender->status == HD_OK; i++) {
        hd_event *event = NULL;
        sender->status = hd_event_new_sample(HD_TICKET_CREATED + (int)(i % 3), &event);
        if (sender->status == HD_OK)
            sender->status = hd_event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL);
        char id[HD_ID_SIZE] = "";
        if (sender->status == HD_OK)
            sender->status = hd_webhook_send(sender->client, event, id);
        sender->ids[i] = number_of_id(id);
        hd_event_free(event);
    }
    return NULL;
}

static int compare_ids(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sixteen threads send at once: no event id is given twice, and every delivery is made once and reported once. */
static void test_many_threads_send_at_once(void **state) {
    struct scene *scene = *state;
    size_t per_sender = volume(EVENTS_PER_SENDER);
    size_t events = SENDERS * per_sender;
    size_t deliveries = 2 * events;
    char url[256];
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, 100000, (size_t)1 << 30), HD_OK);
    hd_client *client = open_client(scene, options, "/ok/1");
    put_webhook(client, webhook_for_tests("webhook-2", PROJECT, server_url(scene->server, "/ok/2", url, sizeof url)));

    struct sender *senders = calloc(SENDERS, sizeof *senders);
    uint64_t *sent = calloc(events, sizeof *sent);
    uint64_t *reported = calloc(deliveries, sizeof *reported);
    char **reported_deliveries = calloc(deliveries, sizeof *reported_deliveries);
    const char **posted_deliveries = calloc(deliveries, sizeof *posted_deliveries);
    assert_true(senders && sent && reported && reported_deliveries && posted_deliveries);
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i].client = client;
        senders[i].count = per_sender;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
    }
    for (size_t i = 0; i < deliveries; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        reported[i] = event_of(report);
        reported_deliveries[i] = strdup(hd_report_delivery_id(report));
        hd_report_free(report);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
        assert_int_equal(senders[i].status, HD_OK);
        memcpy(sent + i * per_sender, senders[i].ids, per_sender * sizeof *sent);
    }
    assert_int_equal(hd_client_close(client, PATIENCE_MS), HD_OK);
    assert_int_equal(take_reports(client).delivered, 0);
    assert_int_equal(server_requests(scene->server), deliveries);
    assert_int_equal(server_requests_at(scene->server, "/ok/1"), events);

    for (size_t i = 0; i < deliveries; i++)
        posted_deliveries[i] = request_header(server_request(scene->server, i), "X-Helmdesk-Delivery");
    qsort(sent, events, sizeof *sent, compare_ids);
    qsort(reported, deliveries, sizeof *reported, compare_ids);
    qsort(reported_deliveries, deliveries, sizeof *reported_deliveries, compare_texts);
    qsort(posted_deliveries, deliveries, sizeof *posted_deliveries, compare_texts);
    for (size_t i = 0; i < events; i++) {
        assert_true(i == 0 || sent[i] != sent[i - 1]);
        assert_int_equal(reported[2 * i], sent[i]);
        assert_int_equal(reported[2 * i + 1], sent[i]);
    }
    for (size_t i = 0; i < deliveries; i++) {
        assert_true(i == 0 || strcmp(posted_deliveries[i], posted_deliveries[i - 1]) != 0);
        assert_string_equal(reported_deliveries[i], posted_deliveries[i]);
        free(reported_deliveries[i]);
    }
    free(senders);
    free(sent);
    free(reported);
    free(reported_deliveries);
    free(posted_deliveries);
}

struct resender {
    pthread_t thread;
    hd_client *client;
    hd_event *event;
    size_t count;
    int status;
};

static void *send_again_and_again(void *argument) {
    struct resender *resender = argument;
    for (size_t i = 0; i < resender->count && resender->status == HD_OK; i++)
        resender->status = hd_webhook_send(resender->client, resender->event, NULL);
    return NULL;
}

/* One event object may be sent by many threads, on many clients, and be given up while deliveries are under way. */
static void test_one_event_for_many_threads(void **state) {
    struct scene *scene = *state;
    hd_client *clients[2] = {open_client(scene, NULL, "/ok/1"), client_for_tests(NULL)};
    char url[256];
    put_webhook(clients[1], webhook_for_tests(WEBHOOK, PROJECT, server_url(scene->server, "/ok/2", url, sizeof url)));
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    struct resender resenders[8];
    for (size_t i = 0; i < LENGTH_OF(resenders); i++) {
        resenders[i] = (struct resender){.client = clients[i % 2], .event = event, .count = 50};
        assert_int_equal(pthread_create(&resenders[i].thread, NULL, send_again_and_again, &resenders[i]), 0);
    }
    for (size_t i = 0; i < LENGTH_OF(resenders); i++)
        assert_int_equal(pthread_join(resenders[i].thread, NULL), 0);
    hd_event_free(event);
    for (size_t i = 0; i < LENGTH_OF(resenders); i++)
        assert_int_equal(resenders[i].status, HD_OK);
    assert_int_equal(hd_client_close(clients[1], PATIENCE_MS), HD_OK);
    hd_client_free(clients[1]);
    flush(clients[0]);
    assert_int_equal(server_requests_at(scene->server, "/ok/1"), 200);
    assert_int_equal(server_requests_at(scene->server, "/ok/2"), 200);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_set_up, scene_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_keep_their_bounds),
        cmocka_unit_test(test_user_agent_is_visible_ascii),
        cmocka_unit_test(test_networks_are_read_strictly),
        cmocka_unit_test(test_null_options),
        SCENE_TEST(test_null_arguments),
        SCENE_TEST(test_default_client),
        SCENE_TEST(test_webhook_comes_back_whole),
        SCENE_TEST(test_webhooks_are_listed_in_order),
        SCENE_TEST(test_copies_are_independent),
        SCENE_TEST(test_incomplete_webhook_is_refused),
        cmocka_unit_test(test_forbidden_urls_are_refused),
        cmocka_unit_test(test_ports_are_few),
        cmocka_unit_test(test_loopback_is_allowed_in_one_call),
        cmocka_unit_test(test_loopback_is_allowed_as_a_whole),
        SCENE_TEST(test_replaced_webhook_takes_effect),
        SCENE_TEST(test_incomplete_event_is_refused),
        SCENE_TEST(test_unknown_event_is_refused),
        SCENE_TEST(test_sent_event_is_frozen),
        SCENE_TEST(test_event_can_be_sent_twice),
        SCENE_TEST(test_event_reaches_its_subscribers_only),
        SCENE_TEST(test_held_keeps_events_and_off_takes_none),
        SCENE_TEST(test_queue_has_a_limit_of_events),
        SCENE_TEST(test_full_queue_refuses_tests),
        SCENE_TEST(test_queue_has_a_limit_of_bytes),
        SCENE_TEST(test_flush_waits_for_all),
        SCENE_TEST(test_flush_does_not_wait_for_later_events),
        SCENE_TEST(test_close_delivers_what_was_accepted),
        SCENE_TEST(test_close_records_what_it_cancels),
        SCENE_TEST(test_close_without_time),
        SCENE_TEST(test_close_of_an_idle_client),
        SCENE_TEST(test_closed_client),
        cmocka_unit_test(test_closed_client_in_a_new_thread),
        SCENE_TEST(test_concurrent_close),
        SCENE_TEST(test_sending_races_with_close),
        SCENE_TEST(test_free_delivers_first),
        SCENE_TEST(test_free_keeps_the_shutdown_timeout),
        SCENE_TEST(test_log_function_cannot_deadlock),
        SCENE_TEST(test_fork),
        SCENE_TEST(test_worker_takes_no_signals),
        cmocka_unit_test(test_free_leaves_no_descriptors),
        cmocka_unit_test(test_client_without_descriptors),
        SCENE_TEST(test_next_report_waits),
        SCENE_TEST(test_close_wakes_waiting_readers),
        SCENE_TEST(test_counters),
        SCENE_TEST(test_many_threads_send_at_once),
        SCENE_TEST(test_one_event_for_many_threads),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
