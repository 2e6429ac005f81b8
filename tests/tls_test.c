/* SPDX-License-Identifier: MIT */
/** @file tls_test.c Connections with TLS that fail: each report tells the cause, and what to do. The receivers are
 * OpenSSL's; what it cannot be made to do comes from a plain socket. */
#include "support/openssl.h"
#include "support/support.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof(array)[0])

struct scene {
    char directory[64];
    bool has_openssl;
};

#define EXPIRED "The receiver's certificate expired on 2021-02-03; renew it."
#define EXPIRED_BETWEEN "An intermediate certificate in the receiver's chain expired on 2022-03-04; install the chain"
#define EARLY "The receiver's certificate is not valid before 2098-07-06, and this machine's clock says 20"
#define SELF_SIGNED "signed by itself"
#define OWN_AUTHORITY "an authority that this machine does not know"
#define WEAK_HASH "weak hash such as SHA-1"
#define NO_CIPHER "no cipher, curve or signature in common"
#define WANTED "The receiver wants a client certificate; give"
#define WANTED_LATER "wants a client certificate; give"
#define CUT_OFF "closed the connection during the TLS handshake;"

/* A receiver, and what the report of a delivery to it says. */
struct row {
    const char *certificate, *options;
    int reason;
    const char *says; /* a part of the detail */
};

/* Where libcurl has GnuTLS, the messages of the handshake are not seen, and there is less to tell. */
static const struct {
    const char *says;
    int reason;
    const char *says_less;
} with_gnutls[] = {
    {EXPIRED, HD_REASON_TLS_EXPIRED, "A certificate of the receiver has expired; renew it"},
    {EXPIRED_BETWEEN, HD_REASON_TLS_EXPIRED, "A certificate of the receiver has expired; renew it"},
    {EARLY, HD_REASON_TLS_NOT_YET_VALID, "A certificate of the receiver is not valid yet"},
    {SELF_SIGNED, HD_REASON_TLS_UNTRUSTED, "The issuer of the receiver's certificate is not known"},
    {OWN_AUTHORITY, HD_REASON_TLS_UNTRUSTED, "The issuer of the receiver's certificate is not known"},
    {WEAK_HASH, HD_REASON_TLS_UNFIT, "a weak key or signature"},
    {NO_CIPHER, HD_REASON_TLS_PROTOCOL, "no cipher in common with this program, or wants a client certificate"},
    {WANTED, HD_REASON_TLS_PROTOCOL, "no cipher in common with this program, or wants a client certificate"},
    {WANTED_LATER, HD_REASON_RESET, "as one does that wants a client certificate"},
    {CUT_OFF, HD_REASON_TLS_PROTOCOL, "not known here; libcurl says: \""},
};

static bool has_gnutls(void) {
    return strstr(curl_version(), "GnuTLS") != NULL;
}

static int set_up(void **state) {
    struct scene *scene = calloc(1, sizeof *scene);
    *state = scene;
    make_directory(scene->directory);
    scene->has_openssl = openssl_certify(scene->directory);
    return 0;
}

static int tear_down(void **state) {
    struct scene *scene = *state;
    remove_directory(scene->directory);
    free(scene);
    return 0;
}

static hd_options *options_with_authority(const struct scene *scene) {
    char file[128];
    hd_options *options = options_for_tests();
    (void)snprintf(file, sizeof file, "%s/authority.pem", scene->directory);
    assert_int_equal(hd_options_set_ca_file(options, file), HD_OK);
    return options;
}

/* A client that knows where receiver.example is, at a port. */
static hd_client *client_of(const struct scene *scene, uint16_t port) {
    hd_options *options = options_with_authority(scene);
    assert_int_equal(hd_options_resolve(options, "receiver.example", port, "127.0.0.1"), HD_OK);
    return client_for_tests(options);
}

/* The report of one delivery to a port, as receiver.example. */
static hd_report *deliver_with(const struct scene *scene, const char *scheme, uint16_t port) {
    char url[64];
    hd_client *client = client_of(scene, port);
    (void)snprintf(url, sizeof url, "%s://receiver.example:%u/hook", scheme, (unsigned)port);
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    end_client(client);
    return report;
}

static hd_report *deliver(const struct scene *scene, uint16_t port) {
    return deliver_with(scene, "https", port);
}

static void check(const hd_report *report, const struct row *row) {
    const char *detail = hd_report_detail(report), *says = row->says;
    int reason = row->reason;
    for (size_t i = 0; has_gnutls() && i < LENGTH_OF(with_gnutls); i++)
        if (strcmp(with_gnutls[i].says, row->says) == 0) {
            reason = with_gnutls[i].reason;
            says = with_gnutls[i].says_less;
        }
    if (hd_report_reason(report) != reason || !strstr(detail, says))
        fail_msg("%s %s: %s, '%s', which does not say '%s'", row->certificate, row->options,
                 hd_reason_name(hd_report_reason(report)), detail, says);
    for (const char *at = detail; *at; at++)
        assert_in_range(*at, ' ', '~');
    if (hd_report_reason(report) != HD_REASON_RESET && hd_report_reason(report) != HD_REASON_BAD_RESPONSE)
        assert_string_equal(hd_report_explanation(report), detail);
    print_message("# %s %s: %s: %s\n", row->certificate, row->options, hd_reason_name(hd_report_reason(report)),
                  detail);
}

static void meet(void **state, const struct row *rows, size_t count) {
    struct scene *scene = *state;
    if (!scene->has_openssl)
        skip();
    for (size_t i = 0; i < count; i++) {
        struct openssl *server = openssl_start(scene->directory, rows[i].certificate, rows[i].options);
        hd_report *report = deliver(scene, openssl_port(server));
        openssl_stop(server);
        check(report, &rows[i]);
        hd_report_free(report);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Certificates
 */

static void test_dates(void **state) {
    static const struct row rows[] = {
        {"expired", "", HD_REASON_TLS_EXPIRED, EXPIRED},
        {"expired", "-tls1_2", HD_REASON_TLS_EXPIRED, EXPIRED},
        {"below_old", "", HD_REASON_TLS_EXPIRED, EXPIRED_BETWEEN},
        {"early", "", HD_REASON_TLS_NOT_YET_VALID, EARLY},
        {"early", "-tls1_2", HD_REASON_TLS_NOT_YET_VALID, EARLY},
    };
    meet(state, rows, LENGTH_OF(rows));
}

static void test_issuers(void **state) {
    static const struct row rows[] = {
        {"self", "", HD_REASON_TLS_UNTRUSTED, SELF_SIGNED},
        {"own", "", HD_REASON_TLS_UNTRUSTED, OWN_AUTHORITY},
        {"unknown", "", HD_REASON_TLS_UNTRUSTED,
         "issuer of the receiver's certificate is not known; install the whole"},
        {"incomplete", "", HD_REASON_TLS_UNTRUSTED, "install the whole chain"},
    };
    meet(state, rows, LENGTH_OF(rows));
}

static void test_unfit(void **state) {
    static const struct row rows[] = {
        {"elsewhere", "", HD_REASON_TLS_NAME, "for another host name"},
        {"sha1", "-cipher DEFAULT@SECLEVEL=0", HD_REASON_TLS_UNFIT, WEAK_HASH},
    };
    meet(state, rows, LENGTH_OF(rows));
}

/* libcurl has GnuTLS accept these. */
static void test_unfit_for_openssl(void **state) {
    static const struct row rows[] = {
        {"purpose", "", HD_REASON_TLS_UNFIT, "not made for servers"},
        {"weak_key", "-cipher DEFAULT@SECLEVEL=0", HD_REASON_TLS_UNFIT, "is too small; use RSA with 2048 bits"},
        {"below_weak", "-cipher DEFAULT@SECLEVEL=0", HD_REASON_TLS_UNFIT,
         "The key of an authority in the receiver's chain is too small"},
    };
    if (has_gnutls())
        skip();
    meet(state, rows, LENGTH_OF(rows));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Agreement
 */

/* A server of TLS 1.2 says so in the handshake, one of TLS 1.3 after it. */
static void test_client_certificate(void **state) {
    static const struct row rows[] = {
        {"good", "-Verify 1 -tls1_2", HD_REASON_TLS_CLIENT_CERTIFICATE, WANTED},
        {"good", "-Verify 1 -tls1_3", HD_REASON_TLS_CLIENT_CERTIFICATE, WANTED_LATER},
    };
    for (int i = 0; i < 5; i++) /* with TLS 1.3, the alert and the end of the connection may come in either order */
        meet(state, rows, LENGTH_OF(rows));
}

static void test_agreement(void **state) {
    static const struct row rows[] = {
        {"good", "-alpn h2", HD_REASON_TLS_PROTOCOL, "does not offer HTTP/1.1"},
        {"good", "-alpn h2 -tls1_2", HD_REASON_TLS_PROTOCOL, "does not offer HTTP/1.1"},
        {"good", "-tls1_1 -cipher DEFAULT@SECLEVEL=0", HD_REASON_TLS_PROTOCOL, "no version of TLS in common"},
        {"good", "-tls1_2 -cipher NULL@SECLEVEL=0", HD_REASON_TLS_PROTOCOL, NO_CIPHER},
    };
    meet(state, rows, LENGTH_OF(rows));
}

static void test_unknown_name(void **state) {
    struct scene *scene = *state;
    char options[512];
    (void)snprintf(options, sizeof options,
                   "-servername other.example -servername_fatal -cert2 %s/good.pem -key2 %s/good.key", scene->directory,
                   scene->directory);
    const struct row rows[] = {{"good", options, HD_REASON_TLS_NAME, "knows no such host name"}};
    meet(state, rows, LENGTH_OF(rows));
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is no TLS, or none that OpenSSL would speak
 */

/* Says something to whoever has said something, and closes. */
struct speaker {
    int listener;
    uint16_t port;
    const char *text;
    size_t len;
    pthread_t thread;
};

static void *speak(void *user) {
    struct speaker *speaker = user;
    char bytes[4096];
    int fd = accept(speaker->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    (void)!read(fd, bytes, sizeof bytes);
    (void)!write(fd, speaker->text, speaker->len);
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    (void)close(fd);
    return NULL;
}

static void listen_for(struct speaker *speaker) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    speaker->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(speaker->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(speaker->listener, 128), 0);
    assert_int_equal(getsockname(speaker->listener, (struct sockaddr *)&address, &size), 0);
    speaker->port = ntohs(address.sin_port);
}

static void start_speaker(struct speaker *speaker) {
    listen_for(speaker);
    assert_int_equal(pthread_create(&speaker->thread, NULL, speak, speaker), 0);
}

static void stop_speaker(struct speaker *speaker) {
    (void)shutdown(speaker->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(speaker->thread, NULL), 0);
    (void)close(speaker->listener);
}

#define TEXT(bytes) bytes, sizeof(bytes) - 1
#define ALERT(number) "\x15\x03\x03\x00\x02\x02" number
#define HALF_A_HELLO "\x16\x03\x03\x00\x5A\x02\x00\x00\x56\x03\x03half of a ServerHello"

static void test_no_tls(void **state) {
    static const struct {
        const char *text;
        size_t len;
        struct row row;
    } rows[] = {
        {TEXT("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
         {"plain HTTP", "", HD_REASON_TLS_PROTOCOL, "does not speak TLS on this port"}},
        {TEXT("220 mail.example ESMTP\r\n"), {"SMTP", "", HD_REASON_TLS_PROTOCOL, "does not speak TLS on this port"}},
        {TEXT(""), {"closes", "", HD_REASON_RESET, "during the TLS handshake"}},
        {TEXT(HALF_A_HELLO), {"closes in its hello", "", HD_REASON_RESET, CUT_OFF}},
        {TEXT(ALERT("\x46")), {"protocol_version", "", HD_REASON_TLS_PROTOCOL, "no version of TLS in common"}},
        {TEXT(ALERT("\x28")), {"handshake_failure", "", HD_REASON_TLS_PROTOCOL, "in common"}},
        {TEXT(ALERT("\x50")), {"internal_error", "", HD_REASON_TLS_PROTOCOL, "a fault of its own"}},
        {TEXT(ALERT("\x70")), {"unrecognized_name", "", HD_REASON_TLS_NAME, "knows no such host name"}},
        {TEXT(ALERT("\x0A")), {"unexpected_message", "", HD_REASON_TLS_PROTOCOL, "not known here; libcurl says: \""}},
        {TEXT(ALERT("\xC8")),
         {"an alert of no standard", "", HD_REASON_TLS_PROTOCOL, "not known here; libcurl says: \""}},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct speaker speaker = {.text = rows[i].text, .len = rows[i].len};
        start_speaker(&speaker);
        hd_report *report = deliver(*state, speaker.port);
        stop_speaker(&speaker);
        check(report, &rows[i].row);
        hd_report_free(report);
    }
}

static const char settings[] = "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64"; /* a frame of HTTP/2 */

/* A server that speaks HTTP/2 without having agreed on it. */
static void test_http2(void **state) {
    struct scene *scene = *state;
    if (!scene->has_openssl)
        skip();
    struct openssl *server = openssl_start(scene->directory, "good", "");
    openssl_send(server, TEXT(settings));
    hd_report *report = deliver(scene, openssl_port(server));
    openssl_stop(server);
    check(report, &(struct row){"HTTP/2", "", HD_REASON_BAD_RESPONSE, "answers in HTTP/2; let it accept HTTP/1.1"});
    hd_report_free(report);
}

/* The same without TLS, and TLS where none is expected. */
static void test_foreign_protocols(void **state) {
    static const struct {
        const char *text;
        size_t len;
        struct row row;
    } rows[] = {
        {TEXT(settings), {"HTTP/2", "", HD_REASON_BAD_RESPONSE, "answers in HTTP/2"}},
        {TEXT(ALERT("\x0A")), {"TLS", "", HD_REASON_BAD_RESPONSE, "speaks TLS on this port"}},
        {TEXT("220 mail.example ESMTP\r\n"), {"SMTP", "", HD_REASON_BAD_RESPONSE, ""}},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct speaker speaker = {.text = rows[i].text, .len = rows[i].len};
        start_speaker(&speaker);
        hd_report *report = deliver_with(*state, "http", speaker.port);
        stop_speaker(&speaker);
        check(report, &rows[i].row);
        hd_report_free(report);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sessions
 */

#define CROWD 40 /* connections: more than libcurl has in one of its multi handles */

#define RECORD "\n    17 03 03" /* of data, as -msg shows it */

/* Sends an event to the server, which ends the connection after its answer. It takes a "q" that it reads alone for the
 * command to do so. */
static void deliver_once(hd_client *client, struct openssl *server) {
    size_t count = openssl_says(server, "POST /hook HTTP/1.1");
    (void)send_ticket(client, 1);
    assert_eventually(openssl_says(server, "POST /hook HTTP/1.1") > count);
    count = openssl_says(server, RECORD);
    openssl_send(server, TEXT("HTTP/1.1 200 OK\r\n\r\n"));
    assert_eventually(openssl_says(server, RECORD) > count);
    openssl_send(server, TEXT("q\n"));
    hd_report *report = next_report(client);
    assert_string_equal(hd_report_detail(report), "");
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    hd_report_free(report);
}

static hd_client *client_with_hook(const struct scene *scene, const struct openssl *server) {
    char url[64];
    hd_client *client = client_of(scene, openssl_port(server));
    (void)snprintf(url, sizeof url, "https://receiver.example:%u/hook", (unsigned)openssl_port(server));
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
    return client;
}

/* Before 8.12.0 libcurl has no place for sessions that outlives a connection; with GnuTLS it has no limit of their age
 * that a test could rely on. */
static bool resumes(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080c00 && !has_gnutls();
}

/* A connection to a server that was met before goes on with its TLS session: in 1.3 with a ticket, in 1.2 as well. */
static void test_sessions(void **state) {
    static const char *const versions[] = {"-msg -tls1_3", "-msg -tls1_2"};
    struct scene *scene = *state;
    if (!scene->has_openssl)
        skip();
    for (size_t i = 0; i < LENGTH_OF(versions); i++) {
        struct openssl *server = openssl_start(scene->directory, "good", versions[i]);
        hd_client *client = client_with_hook(scene, server);
        for (int round = 0; round < 4; round++)
            deliver_once(client, server);
        print_message("# %s %s: %zu of 4 resumed\n", curl_version(), versions[i],
                      openssl_says(server, "Reused session"));
        assert_int_equal(openssl_says(server, "Reused session"), resumes() ? 3 : 0);
        end_client(client);
        openssl_stop(server);
    }
}

/* Connections to a port where nobody accepts one, all at the same time, until their time is over. */
static void crowd(hd_client *client, uint16_t port) {
    char url[64], id[32];
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", (unsigned)port);
        (void)snprintf(id, sizeof id, "crowd-%d", i);
        put_webhook(client, webhook_for_tests(id, "crowd", url));
    }
    (void)send_event(client, event_for_tests(HD_TICKET_CREATED, "crowd", 1));
    for (int i = 0; i < CROWD; i++) {
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_reason(report), HD_REASON_TIMEOUT_CONNECT);
        hd_report_free(report);
    }
}

/* The session is found, whatever other connections there have been: it is in the multi handle of the last one. */
static void test_session_among_many(void **state) {
    struct scene *scene = *state;
    if (!scene->has_openssl || !resumes())
        skip();
    struct openssl *server = openssl_start(scene->directory, "good", "-msg");
    struct speaker silent = {.text = ""};
    listen_for(&silent);
    hd_client *client = client_with_hook(scene, server);
    deliver_once(client, server);
    crowd(client, silent.port);
    deliver_once(client, server);
    assert_int_equal(openssl_says(server, "Reused session"), 1);
    end_client(client);
    openssl_stop(server);
    (void)close(silent.listener);
}

/* HTTP/1.1 is all that is offered. */
static void test_offers_http_1_1_alone(void **state) {
    struct scene *scene = *state;
    if (!scene->has_openssl)
        skip();
    struct openssl *server = openssl_start(scene->directory, "good", "-msg -alpn h2,http/1.1");
    hd_client *client = client_with_hook(scene, server);
    deliver_once(client, server);
    assert_int_equal(openssl_says(server, "ALPN protocols advertised by the client: http/1.1\n"), 1);
    end_client(client);
    openssl_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_issuers),
        cmocka_unit_test(test_unfit),
        cmocka_unit_test(test_unfit_for_openssl),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_no_tls),
        cmocka_unit_test(test_http2),
        cmocka_unit_test(test_foreign_protocols),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_session_among_many),
        cmocka_unit_test(test_offers_http_1_1_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
