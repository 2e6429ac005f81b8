/* SPDX-License-Identifier: MIT */
/** @file secrets_test.c Secrets are gone from memory when they are no longer needed, and stand in no text at all. */
#include "hidden.h"
#include "outside.h"
#include "support/bodies.h"
#include "support/proxy.h"
#include "support/server.h"
#include "support/support.h"

#include <curl/curl.h>
#include <pthread.h>

#define SHORT_SECRET 40 /* an HMAC key as it is */
#define LONG_SECRET 200 /* one that is hashed first */
#define TOKEN_SIZE 48
#define TIMEOUT_MS 300

/* ------------------------------------------------------------------------------------------------------------------
 * The receivers, and all lines that the library logs
 */

static struct outside *plain;
static struct outside *tls;

static int start_receivers(void **state) {
    (void)state;
    plain = outside_start(1);
    tls = outside_start_tls();
    return 0;
}

static int stop_receivers(void **state) {
    (void)state;
    outside_stop(plain);
    outside_stop(tls);
    return 0;
}

static pthread_mutex_t lines_mutex = PTHREAD_MUTEX_INITIALIZER;
static char lines[256 * 1024];
static size_t lines_length;
static size_t lines_count;

static void keep_line(void *user, int level, const char *line) {
    size_t length = strlen(line);
    (void)user, (void)level;
    (void)pthread_mutex_lock(&lines_mutex);
    if (lines_length + length < sizeof lines) {
        memcpy(lines + lines_length, line, length);
        lines_length += length;
        lines_count++;
    }
    (void)pthread_mutex_unlock(&lines_mutex);
}

static hd_client *new_client(const char *ca_file) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_ca_file(options, ca_file), HD_OK);
    assert_int_equal(hd_options_set_timeout_ms(options, TIMEOUT_MS), HD_OK);
    assert_int_equal(hd_options_set_logger(options, keep_line, NULL), HD_OK);
    return client_for_tests(options);
}

static void set_secret(hd_webhook *webhook, const struct hidden *secret) {
    char text[HIDDEN_MAX];
    hidden_reveal(secret, text);
    int status = hd_webhook_set_secret(webhook, text, secret->length);
    hidden_wipe(text, sizeof text);
    assert_int_equal(status, HD_OK);
}

static void put_with_secret(hd_client *client, const char *id, const char *url, const struct hidden *secret) {
    hd_webhook *webhook = webhook_for_tests(id, PROJECT, url);
    set_secret(webhook, secret);
    put_webhook(client, webhook);
}

/* Webhooks with one secret whose deliveries end in every way. */
static void put_all(hd_client *client, const struct hidden *secret) {
    static const char *const paths[] = {"/ok", "/reset", "/hang", "/echo"};
    char url[256];
    char id[32];
    for (size_t i = 0; i < LENGTH_OF(paths); i++) {
        (void)snprintf(id, sizeof id, "plain-%zu", i);
        put_with_secret(client, id, outside_url(plain, 0, paths[i], url, sizeof url), secret);
        (void)snprintf(id, sizeof id, "tls-%zu", i);
        put_with_secret(client, id, outside_url(tls, 0, paths[i], url, sizeof url), secret);
    }
}

static void remove_all(hd_client *client) {
    hd_webhook_list *list = NULL;
    assert_int_equal(hd_client_list_webhooks(client, NULL, &list), HD_OK);
    for (size_t i = 0; i < hd_webhook_list_count(list); i++)
        assert_int_equal(hd_client_remove_webhook(client, hd_webhook_id(hd_webhook_list_at(list, i))), HD_OK);
    hd_webhook_list_free(list);
}

static void deliver(hd_client *client, int events) {
    for (int i = 1; i <= events; i++)
        (void)send_ticket(client, i);
    flush(client);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

/* The positive control: a copy is found wherever it is, and also in a block that was freed with it inside. */
static void test_a_planted_secret_is_found(void **state) {
    (void)state;
    static char in_data[HIDDEN_MAX];
    char on_stack[HIDDEN_MAX];
    struct hidden secret = hidden_new(SHORT_SECRET);
    assert_int_equal(hidden_copies(&secret), 0);

    hidden_reveal(&secret, in_data);
    assert_int_equal(hidden_copies(&secret), 1);
    hidden_reveal(&secret, on_stack);
    assert_int_equal(hidden_copies(&secret), 2);
    hidden_wipe(in_data, sizeof in_data);
    hidden_wipe(on_stack, sizeof on_stack);
    assert_int_equal(hidden_copies(&secret), 0);

    char *on_heap = must_malloc(HIDDEN_MAX);
    hidden_reveal(&secret, on_heap);
    assert_int_equal(hidden_copies(&secret), 1);
    uintptr_t where = (uintptr_t)on_heap;
    free(on_heap);
    if (!runs_slowly()) /* sanitizers do not give such a block back at once */
        assert_int_equal(hidden_copies(&secret), 1);
    char *again = must_malloc(HIDDEN_MAX);
    hidden_wipe(again, HIDDEN_MAX);
    if (!runs_slowly() && (uintptr_t)again == where)
        assert_int_equal(hidden_copies(&secret), 0);
    free(again);
}

/* The objects and functions that take secrets, without any client. */
static void test_objects_wipe_their_secrets(void **state) {
    (void)state;
    char text[HIDDEN_MAX];
    char signature[HD_SIGNATURE_SIZE];
    const size_t sizes[] = {SHORT_SECRET, LONG_SECRET};
    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        struct hidden old = hidden_new(sizes[i]);
        struct hidden new = hidden_new(sizes[i]);
        hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/");
        set_secret(webhook, &old);
        assert_true(hidden_copies(&old) > 0);
        set_secret(webhook, &new);
        assert_int_equal(hidden_copies(&old), 0);
        hd_webhook_free(webhook);
        assert_int_equal(hidden_copies(&new), 0);

        hidden_reveal(&old, text);
        assert_int_equal(hd_sign("body", 4, text, old.length, signature, sizeof signature), HD_OK);
        assert_int_equal(hd_verify("body", 4, signature, HD_SIGNATURE_SIZE - 1, text, old.length), HD_OK);
        hidden_wipe(text, sizeof text);
        assert_int_equal(hidden_copies(&old), 0);

        hd_receiver *receiver = NULL;
        hidden_reveal(&old, text);
        assert_int_equal(hd_receiver_new(&receiver), HD_OK);
        assert_int_equal(hd_receiver_add_secret(receiver, text, old.length), HD_OK);
        hidden_wipe(text, sizeof text);
        assert_int_equal(hidden_copies(&old), 0); /* it keeps no secret as it stands */
        hd_receiver_free(receiver);
    }
}

/* A key that is good in form: a SEQUENCE of 49 bytes. Its base64 is what is hidden. */
static void set_client_key(hd_webhook *webhook, struct hidden *key) {
    struct hidden made = hidden_new(64);
    char base64[HIDDEN_MAX], pem[512];
    hidden_reveal(&made, base64);
    for (char *at = base64; *at; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    *key = hidden_of(base64);
    int length = snprintf(pem, sizeof pem,
                          "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\nMDEA%s\n-----END PRIVATE KEY-----\n",
                          base64);
    int status = hd_webhook_set_client_certificate(webhook, pem, (size_t)length);
    hidden_wipe(base64, sizeof base64);
    hidden_wipe(pem, sizeof pem);
    assert_int_equal(status, HD_OK);
}

/* From 8.21.0 on libcurl keeps a copy of the key with each connection, and does not wipe it (commit 7541ae569d): what
 * stays then is libcurl's. */
static bool libcurl_copies_keys(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x081500;
}

/* The key of a client certificate: with an object, with a client, and where it could not be used. */
static void test_the_key_of_a_certificate_is_wiped(void **state) {
    (void)state;
    struct hidden old, new;
    char url[256];
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, outside_url(tls, 0, "/ok", url, sizeof url));
    set_client_key(webhook, &old);
    assert_true(hidden_copies(&old) > 0);
    set_client_key(webhook, &new);
    assert_int_equal(hidden_copies(&old), 0);
    assert_false(
        hidden_shows(&new, hd_webhook_client_certificate(webhook), strlen(hd_webhook_client_certificate(webhook))));

    lines_length = 0;
    hd_client *client = new_client(outside_ca_file(tls));
    put_webhook(client, webhook);
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    assert_int_equal(hd_report_reason(report), HD_REASON_INTERNAL);
    assert_false(hidden_shows(&new, hd_report_detail(report), strlen(hd_report_detail(report))));
    assert_false(hidden_shows(&new, hd_report_request(report, NULL), strlen(hd_report_request(report, NULL))));
    assert_false(hidden_shows(&new, lines, lines_length));
    assert_true(hidden_copies(&new) > 0);
    hd_report_free(report);
    size_t copies = hidden_copies(&new);
    end_client(client);
    size_t left = hidden_copies(&new);
    (void)printf("# pieces of a key      %zu with a client, %zu after it was freed\n", copies, left);
    assert_true(left == 0 || (libcurl_copies_keys() && left < copies));
}

/* A new webhook makes a secret itself. */
static void test_a_generated_secret_is_wiped(void **state) {
    (void)state;
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    struct hidden secret = hidden_of(hd_webhook_secret(webhook, NULL));
    assert_int_equal(hidden_copies(&secret), 1);
    hd_webhook_free(webhook);
    assert_int_equal(hidden_copies(&secret), 0);
}

/* Deliveries that end in every way, then a new secret, then no webhook, then no client. */
static void follow_secret(size_t size) {
    struct hidden old = hidden_new(size);
    struct hidden new = hidden_new(size);
    hd_client *client = new_client(outside_ca_file(tls));
    put_all(client, &old);
    deliver(client, 5);
    assert_true(hidden_copies(&old) > 0); /* another control: it is in use */

    put_all(client, &new);
    assert_eventually(hidden_copies(&old) == 0);
    deliver(client, 5);
    assert_int_equal(hidden_copies(&old), 0);
    assert_true(hidden_copies(&new) > 0);

    remove_all(client);
    assert_eventually(hidden_copies(&new) == 0);
    hd_client_free(client);
    assert_int_equal(hidden_copies(&old), 0);
    assert_int_equal(hidden_copies(&new), 0);
}

static void test_rotated_and_removed_secrets_are_gone(void **state) {
    (void)state;
    follow_secret(SHORT_SECRET);
    follow_secret(LONG_SECRET);
}

/* A client that is freed with its webhooks in place, and with deliveries under way. */
static void test_a_freed_client_leaves_no_secret(void **state) {
    (void)state;
    struct hidden secret = hidden_new(SHORT_SECRET);
    hd_client *client = new_client(outside_ca_file(tls));
    put_all(client, &secret);
    for (int i = 1; i <= 50; i++)
        (void)send_ticket(client, i);
    assert_eventually(counter(client, HD_COUNTER_IN_FLIGHT) > 0);
    assert_true(hidden_copies(&secret) > 0);
    end_client(client);
    assert_int_equal(hidden_copies(&secret), 0);
}

/* Copies that the program asked for are its own; they end with it. */
static void test_copies_for_the_program_are_wiped(void **state) {
    (void)state;
    char url[256];
    hd_webhook *copy = NULL;
    hd_webhook_list *list = NULL;
    struct hidden secret = hidden_new(SHORT_SECRET);
    hd_client *client = new_client(NULL);
    put_with_secret(client, WEBHOOK, outside_url(plain, 0, "/ok", url, sizeof url), &secret);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &copy), HD_OK);
    assert_int_equal(hd_client_list_webhooks(client, NULL, &list), HD_OK);
    end_client(client);
    assert_true(hidden_copies(&secret) > 0);
    hd_webhook_list_free(list);
    hd_webhook_free(copy);
    assert_int_equal(hidden_copies(&secret), 0);
}

/* An attempt that began before the rotation keeps the old secret; those that begin later have the new one, and the old
 * one is gone when the last of the others has ended. */
static void test_a_rotated_secret_outlives_no_delivery(void **state) {
    (void)state;
    char url[256];
    const int events = 2000;
    struct hidden old = hidden_new(SHORT_SECRET);
    struct hidden new = hidden_new(SHORT_SECRET);
    struct server *server = server_start();
    hd_client *client = client_for_tests(NULL);
    assert_non_null(server);
    put_with_secret(client, WEBHOOK, server_url(server, "/gate", url, sizeof url), &old);
    for (int i = 1; i <= events; i++)
        (void)send_ticket(client, i);
    assert_true(server_wait_requests(server, 1, PATIENCE_MS));
    put_with_secret(client, WEBHOOK, server_url(server, "/gate", url, sizeof url), &new);
    assert_true(hidden_copies(&old) > 0);

    server_open_gate(server);
    flush(client);
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED), events);
    assert_eventually(hidden_copies(&old) == 0);
    assert_true(hidden_copies(&new) > 0);
    end_client(client);
    assert_int_equal(hidden_copies(&new), 0);
    server_stop(server);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Texts
 */

/* What a customer would not want to see anywhere. */
struct private_things {
    struct hidden secret;
    struct hidden in_path;
    struct hidden in_query;
    struct hidden in_header;
};

static struct private_things new_private_things(void) {
    return (struct private_things){hidden_new(SHORT_SECRET), hidden_new(TOKEN_SIZE), hidden_new(TOKEN_SIZE),
                                   hidden_new(TOKEN_SIZE)};
}

static void assert_private(const struct private_things *things, const char *what, const char *text, size_t length) {
    if (hidden_shows(&things->secret, text, length))
        fail_msg("%s shows the secret: %.*s", what, (int)length, text);
    if (hidden_shows(&things->in_path, text, length) || hidden_shows(&things->in_query, text, length))
        fail_msg("%s shows the URL: %.*s", what, (int)length, text);
    if (hidden_shows(&things->in_header, text, length))
        fail_msg("%s shows a header: %.*s", what, (int)length, text);
}

static void assert_text_private(const struct private_things *things, const char *what, const char *text) {
    if (text != NULL)
        assert_private(things, what, text, strlen(text));
}

/* Puts a webhook with all of them. The base ends where the token in the path goes. */
static void put_private(hd_client *client, const char *id, const char *base, const struct private_things *things) {
    char url[1024];
    char path[HIDDEN_MAX];
    char query[HIDDEN_MAX];
    char header[HIDDEN_MAX];
    hidden_reveal(&things->in_path, path);
    hidden_reveal(&things->in_query, query);
    hidden_reveal(&things->in_header, header);
    (void)snprintf(url, sizeof url, "%s/%s?token=%s", base, path, query);
    hd_webhook *webhook = webhook_for_tests(id, PROJECT, url);
    assert_int_equal(hd_webhook_set_header(webhook, "Authorization", header), HD_OK);
    set_secret(webhook, &things->secret);
    assert_text_private(things, "hd_webhook_masked_url", hd_webhook_masked_url(webhook));
    put_webhook(client, webhook);
    hidden_wipe(url, sizeof url);
    hidden_wipe(path, sizeof path);
    hidden_wipe(query, sizeof query);
    hidden_wipe(header, sizeof header);
}

/* Every way of ending that this machine can show, in both formats. */
static void put_every_ending(hd_client *client, const struct private_things *things, bool trusts) {
    static const char *const paths[] = {"/ok", "/reset", "/hang"};
    char base[256];
    char id[32];
    for (size_t i = 0; i < LENGTH_OF(paths); i++) {
        (void)snprintf(id, sizeof id, "plain-%zu", i);
        put_private(client, id, outside_url(plain, 0, paths[i], base, sizeof base), things);
        (void)snprintf(id, sizeof id, "%s-%zu", trusts ? "tls" : "untrusted", i);
        put_private(client, id, outside_url(tls, 0, paths[i], base, sizeof base), things);
    }
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", server_refused_port());
    put_private(client, "refused", base, things);
    put_private(client, "no-name", "https://nowhere.invalid", things);
    (void)snprintf(base, sizeof base, "https://127.0.0.1:%d", outside_port(plain, 0));
    put_private(client, "no-tls", base, things);
}

static void assert_event_private(const struct private_things *things, const hd_event *event) {
    char *body = rendered(event, HD_FORMAT_JSON);
    assert_text_private(things, "the event's body", body);
    free(body);
    body = rendered(event, HD_FORMAT_SLACK);
    assert_text_private(things, "the event's body for Slack", body);
    free(body);
    assert_text_private(things, "the event's project", hd_event_get(event, HD_FIELD_PROJECT, NULL));
}

static void assert_report_private(const struct private_things *things, const hd_report *report) {
    size_t length = 0;
    assert_text_private(things, "hd_report_delivery_id", hd_report_delivery_id(report));
    assert_text_private(things, "hd_report_webhook_id", hd_report_webhook_id(report));
    assert_text_private(things, "hd_report_webhook_name", hd_report_webhook_name(report));
    assert_text_private(things, "hd_report_masked_url", hd_report_masked_url(report));
    assert_text_private(things, "hd_report_detail", hd_report_detail(report));
    assert_text_private(things, "hd_report_explanation", hd_report_explanation(report));
    assert_text_private(things, "hd_report_remote_address", hd_report_remote_address(report));
    const char *bytes = hd_report_request(report, &length);
    assert_private(things, "hd_report_request", bytes, length);
    bytes = hd_report_response_headers(report, &length);
    assert_private(things, "hd_report_response_headers", bytes, length);
    bytes = hd_report_response_body(report, &length);
    assert_private(things, "hd_report_response_body", bytes, length);
    assert_event_private(things, hd_report_event(report));
}

/* Returns how many reports there were. */
static size_t assert_reports_private(const struct private_things *things, hd_client *client, unsigned *reasons) {
    size_t count = 0;
    hd_report *report = NULL;
    while (hd_client_next_report(client, 0, &report) == HD_OK) {
        assert_report_private(things, report);
        *reasons |= 1U << hd_report_reason(report);
        count++;
        hd_report_free(report);
    }
    return count;
}

/* The texts that do not depend on any delivery, beside those of the log. */
static void assert_fixed_texts_private(const struct private_things *things) {
    for (int status = 5; status > -100; status--) {
        assert_text_private(things, "hd_strerror", hd_strerror(status));
        assert_text_private(things, "hd_status_name", hd_status_name(status));
    }
    for (int reason = -1; reason < 64; reason++) {
        assert_text_private(things, "hd_reason_text", hd_reason_text(reason));
        assert_text_private(things, "hd_reason_name", hd_reason_name(reason));
    }
}

static size_t deliver_private(const struct private_things *things, bool trusts, unsigned *reasons) {
    hd_client *client = new_client(trusts ? outside_ca_file(tls) : NULL);
    hd_report *report = NULL;
    put_every_ending(client, things, trusts);
    assert_int_equal(hd_client_test(client, "plain-0", HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_report_private(things, report);
    hd_report_free(report);
    deliver(client, 3);
    for (int i = 1; i <= 3; i++)
        (void)send_ticket(client, i);
    (void)hd_client_close(client, 0);
    size_t count = assert_reports_private(things, client, reasons);
    hd_client_free(client);
    return count;
}

static size_t bits_in(unsigned bits) {
    size_t count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* No eight characters of what is private, anywhere but in the getters that are meant for it. */
static void test_no_text_shows_what_is_private(void **state) {
    (void)state;
    struct private_things things = new_private_things();
    unsigned reasons = 0;
    lines_length = lines_count = 0;
    size_t reports = deliver_private(&things, true, &reasons) + deliver_private(&things, false, &reasons);
    assert_fixed_texts_private(&things);
    (void)printf("# private texts      in none of %zu reports with %zu reasons, in none of %zu lines of the log\n",
                 reports, bits_in(reasons), lines_count);
    assert_true(lines_count > 0);
    assert_true(bits_in(reasons) >= 7);
    assert_private(&things, "the log", lines, lines_length);
    (void)printf(
        "# copies left in memory after free: %zu of the secret, %zu of the URL's path, %zu of its query, %zu of a "
        "header's value\n",
        hidden_copies(&things.secret), hidden_copies(&things.in_path), hidden_copies(&things.in_query),
        hidden_copies(&things.in_header));
    assert_int_equal(hidden_copies(&things.secret), 0);
}

/* A client whose proxy's URL has a password. */
static hd_client *client_through(const struct proxy *proxy, const struct hidden *password) {
    char user_info[HIDDEN_MAX + 8], url[HIDDEN_MAX + 64], text[HIDDEN_MAX];
    hd_options *options = options_for_tests();
    hidden_reveal(password, text);
    (void)snprintf(user_info, sizeof user_info, "ali:%s@", text);
    int status = hd_options_set_proxy(options, proxy_url(proxy, user_info, url, sizeof url));
    hidden_wipe(text, sizeof text);
    hidden_wipe(user_info, sizeof user_info);
    hidden_wipe(url, sizeof url);
    assert_int_equal(status, HD_OK);
    assert_int_equal(hidden_copies(password), 0); /* from here on it is base64 */
    assert_int_equal(hd_options_set_logger(options, keep_line, NULL), HD_OK);
    return client_for_tests(options);
}

/* What stands in the proxy's URL is sent to the proxy, and shown nowhere, neither as it was given nor as it is sent. */
static void test_no_text_shows_the_proxys_password(void **state) {
    (void)state;
    static const struct proxy_script scripts[] = {
        {0}, {.authorization = "Basic another"}, {.says = "HTTP/1.1 403 No\r\n\r\n"}, {.says = ""}};
    struct private_things things = new_private_things();
    lines_length = lines_count = 0;
    for (size_t i = 0; i < LENGTH_OF(scripts); i++) {
        char url[256];
        struct proxy *proxy = proxy_start(&scripts[i]);
        hd_client *client = client_through(proxy, &things.secret);
        put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, outside_url(plain, 0, "/ok", url, sizeof url)));
        (void)send_ticket(client, 1);
        hd_report *report = next_report(client);
        char sent[HIDDEN_MAX];
        struct private_things sealed = things;
        assert_int_equal(sscanf(strstr(proxy_head(proxy), "Basic "), "Basic %255s", sent), 1);
        sealed.secret = hidden_of(sent + 8); /* behind the user name */
        assert_int_equal(hd_report_outcome(report), i == 0 ? HD_OUTCOME_DELIVERED : HD_OUTCOME_FAILED);
        assert_report_private(&things, report);
        assert_report_private(&sealed, report);
        hd_report_free(report);
        end_client(client);
        assert_private(&things, "the log", lines, lines_length);
        assert_private(&sealed, "the log", lines, lines_length);
        proxy_stop(proxy);
    }
    assert_true(lines_count > 0);
    assert_fixed_texts_private(&things);
    assert_int_equal(hidden_copies(&things.secret), 0);
}

/* What a receiver says of itself is kept as it was said. Many frameworks name the path when they answer 404. */
static void test_what_a_receiver_repeats(void **state) {
    (void)state;
    char base[256];
    size_t length = 0;
    struct private_things things = new_private_things();
    hd_client *client = new_client(NULL);
    put_private(client, WEBHOOK, outside_url(plain, 0, "/echo", base, sizeof base), &things);
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    const char *body = hd_report_response_body(report, &length);
    bool shows = hidden_shows(&things.in_path, body, length);
    (void)printf("# a receiver that repeats the path in its answer: the report's body %s it\n",
                 shows ? "shows" : "hides");
    hd_report_free(report);
    end_client(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_planted_secret_is_found),
        cmocka_unit_test(test_objects_wipe_their_secrets),
        cmocka_unit_test(test_the_key_of_a_certificate_is_wiped),
        cmocka_unit_test(test_a_generated_secret_is_wiped),
        cmocka_unit_test(test_rotated_and_removed_secrets_are_gone),
        cmocka_unit_test(test_a_freed_client_leaves_no_secret),
        cmocka_unit_test(test_copies_for_the_program_are_wiped),
        cmocka_unit_test(test_a_rotated_secret_outlives_no_delivery),
        cmocka_unit_test(test_no_text_shows_what_is_private),
        cmocka_unit_test(test_no_text_shows_the_proxys_password),
        cmocka_unit_test(test_what_a_receiver_repeats),
    };
    return cmocka_run_group_tests(tests, start_receivers, stop_receivers);
}
