/* SPDX-License-Identifier: MIT */
/** @file handshake_test.c What is read out of the messages of a TLS handshake, and what libcurl's words and numbers
 * mean; in tls_test.c, servers say them. */
#include "transport/tls.h"

#include "helmdesk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof(array)[0])
#define TEXT(bytes) bytes, sizeof(bytes) - 1
#define NOW_S INT64_C(1800000000) /* 2027-01-15 */

/* Certificates up to their validity, which is all that is read of them: version, serial number, algorithm, issuer. */
#define START_OF_BODY "\xa0\x03\x02\x01\x02\x02\x01\x07\x30\x02\x05\x00\x30\x00"
#define OF_2020_TO_2049                                                                                                \
    "\x30\x3c\x30\x3a" START_OF_BODY "\x30\x1e\x17\x0d"                                                                \
    "200229235959Z"                                                                                                    \
    "\x17\x0d"                                                                                                         \
    "491231235959Z"                                                                                                    \
    "\x30\x0a\x04\x08........"
#define OF_1950_TO_9999                                                                                                \
    "\x30\x32\x30\x30" START_OF_BODY "\x30\x20\x17\x0d"                                                                \
    "500101000000Z"                                                                                                    \
    "\x18\x0f"                                                                                                         \
    "99991231235959Z"

/* The message of both in TLS 1.2, and in TLS 1.3 with an extension behind the second. */
#define CHAIN_1_2 "\x0b\x00\x00\x7b\x00\x00\x78\x00\x00\x3e" OF_2020_TO_2049 "\x00\x00\x34" OF_1950_TO_9999
#define CHAIN_1_3                                                                                                      \
    "\x0b\x00\x00\x83\x00\x00\x00\x7f\x00\x00\x3e" OF_2020_TO_2049 "\x00\x00\x00\x00\x34" OF_1950_TO_9999              \
    "\x00\x03\x01\x02\x03"

/* Hears a copy whose end is the end of its memory. */
static void hear(struct hd__handshake *handshake, const char *bytes, size_t len) {
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    hd__handshake_hear(handshake, copy, len);
    free(copy);
}

static const struct {
    const char *bytes;
    size_t len;
} chains[] = {{TEXT(CHAIN_1_2)}, {TEXT(CHAIN_1_3)}};

static void test_chain(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(chains); i++) {
        struct hd__handshake handshake = {0};
        hear(&handshake, chains[i].bytes, chains[i].len);
        assert_int_equal(handshake.chain_len, 2);
        assert_int_equal(handshake.chain[0].from_s, INT64_C(1583020799));
        assert_int_equal(handshake.chain[0].until_s, INT64_C(2524607999));
        assert_int_equal(handshake.chain[1].from_s, INT64_C(-631152000));
        assert_int_equal(handshake.chain[1].until_s, INT64_C(253402300799));
        assert_int_equal(handshake.messages, 1);
    }
}

/* Cut off anywhere, or with any byte changed, it is read no further than it goes. */
static void test_bad_chains(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(chains); i++) {
        for (size_t len = 0; len < chains[i].len; len++) {
            struct hd__handshake handshake = {0};
            hear(&handshake, chains[i].bytes, len);
            assert_int_equal(handshake.chain_len, 0); /* its length would not be the message's */
        }
        for (size_t at = 0; at < chains[i].len; at++) {
            for (int value = 0; value < 256; value++) {
                char changed[256];
                struct hd__handshake handshake = {0};
                memcpy(changed, chains[i].bytes, chains[i].len);
                changed[at] = (char)value;
                hear(&handshake, changed, chains[i].len);
                assert_true(handshake.chain_len <= 6);
            }
        }
    }
}

static void test_long_chain(void **state) {
    char message[4 + 3 + 3 * (HD__CHAIN_MAX + 3)] = {
        11, 0, 0, 3 + 3 * (HD__CHAIN_MAX + 3), 0, 0, 3 * (HD__CHAIN_MAX + 3)};
    struct hd__handshake handshake = {0};
    (void)state;
    hear(&handshake, message, sizeof message); /* certificates without a byte */
    assert_int_equal(handshake.chain_len, HD__CHAIN_MAX);
    assert_int_equal(handshake.chain[0].until_s, 0);
}

static void test_other_messages(void **state) {
    struct hd__handshake handshake = {0};
    (void)state;
    hear(&handshake, TEXT("\x16\x03\x03\x00\x7a")); /* headers of records */
    hear(&handshake, TEXT("\x16"));
    hear(&handshake, TEXT(""));
    assert_int_equal(handshake.messages, 0);
    hear(&handshake, TEXT("\x02\x00\x00\x01\x07"));
    assert_int_equal(handshake.messages, 1);
    assert_false(handshake.asks_certificate);
    hear(&handshake, TEXT("\x0d\x00\x00\x02\x01\x01"));
    assert_true(handshake.asks_certificate);
    hear(&handshake, TEXT("\x01\x70")); /* a warning */
    assert_int_equal(handshake.alert, 0);
    hear(&handshake, TEXT("\x02\x28"));
    assert_int_equal(handshake.alert, 40);
    assert_false(handshake.is_whole);
    hear(&handshake, TEXT("\x14\x00\x00\x01\x07"));
    assert_true(handshake.is_whole);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reasons
 */

struct row {
    enum hd__tls_library library;
    long result; /* of a certificate */
    const char *said;
    int reason;
    const char *says;
};

static void check(const struct row *row, int reason, const struct hd__tls *tls) {
    if (reason != row->reason || !strstr(tls->detail, row->says))
        fail_msg("%ld '%s': %s, '%s'", row->result, row->said, hd_reason_name(reason), tls->detail);
}

static void test_certificates(void **state) {
    static const struct row rows[] = {
        {HD__TLS_OPENSSL, 7, "", HD_REASON_TLS_UNTRUSTED, "signature in the receiver's chain is wrong"},
        {HD__TLS_OPENSSL, 23, "", HD_REASON_TLS_UNFIT, "was revoked"},
        {HD__TLS_OPENSSL, 79, "", HD_REASON_TLS_UNTRUSTED, "may not do so"},
        {HD__TLS_OPENSSL, 62, "", HD_REASON_TLS_NAME, "another host name"},
        {HD__TLS_OPENSSL, 0, "SSL: no alternative certificate subject name matches target host name 'x'",
         HD_REASON_TLS_NAME, "another host name"},
        {HD__TLS_OPENSSL, 1, "SSL: couldn't get peer certificate", HD_REASON_TLS_UNTRUSTED, "couldn't get peer"},
        {HD__TLS_OPENSSL, 9, "", HD_REASON_TLS_NOT_YET_VALID, "is not valid yet"},
        {HD__TLS_OPENSSL, 10, "", HD_REASON_TLS_EXPIRED, "has expired"},
        {HD__TLS_OPENSSL, 4711, "SSL certificate problem: news", HD_REASON_TLS_UNTRUSTED, "problem: news\"."},
        {HD__TLS_GNUTLS, 2 | 32 | 64, "", HD_REASON_TLS_UNFIT, "was revoked"},
        {HD__TLS_GNUTLS, 2 | 64 | 256, "", HD_REASON_TLS_UNFIT, "weak key or signature"},
        {HD__TLS_GNUTLS, 2 | 64, "", HD_REASON_TLS_UNTRUSTED, "install the whole chain"},
        {HD__TLS_GNUTLS, 2 | 1 << 18, "", HD_REASON_TLS_UNFIT, "not made for servers"},
        {HD__TLS_GNUTLS, -49, "no certificate", HD_REASON_TLS_UNTRUSTED, "libcurl says: \"no certificate\"."},
        {HD__TLS_OTHER, 10, "words", HD_REASON_TLS_UNTRUSTED, "libcurl says: \"words\"."},
        {HD__TLS_OTHER, 0, "", HD_REASON_TLS_UNTRUSTED, "for an unknown cause."},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct hd__tls tls = {0};
        (void)snprintf(tls.said, sizeof tls.said, "%s", rows[i].said);
        check(&rows[i], hd__tls_reason_of_certificate(&tls, rows[i].library, rows[i].result, NOW_S), &tls);
    }
}

/* Those that the receiver sends are valid; then it is the one that is known here. */
static void test_authority_has_expired(void **state) {
    struct hd__tls tls = {0};
    (void)state;
    hear(&tls.handshake, TEXT(CHAIN_1_2));
    assert_int_equal(hd__tls_reason_of_certificate(&tls, HD__TLS_OPENSSL, 10, NOW_S), HD_REASON_TLS_EXPIRED);
    assert_non_null(strstr(tls.detail, "The authority's certificate on this machine is not valid on 2027-01-15"));
}

static void test_handshakes(void **state) {
    static const struct row rows[] = {
        {HD__TLS_OPENSSL, 0, "error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate",
         HD_REASON_TLS_CLIENT_CERTIFICATE, "did not accept the client certificate"},
        {HD__TLS_OPENSSL, 0, "TLS connect error: error:0A00018A:SSL routines::dh key too small", HD_REASON_TLS_PROTOCOL,
         "key exchange is too weak"},
        {HD__TLS_OPENSSL, 0, "error:0A000102:SSL routines::unsupported protocol", HD_REASON_TLS_PROTOCOL,
         "no version of TLS"},
        {HD__TLS_OPENSSL, 0, "error:0A000410:SSL routines::ssl/tls alert handshake failure", HD_REASON_TLS_PROTOCOL,
         "or wants a client certificate"}, /* where libcurl shows no messages */
        {HD__TLS_OPENSSL, 0, "Recv failure: Connection reset by peer", HD_REASON_RESET, "during the TLS handshake"},
        {HD__TLS_GNUTLS, 0, "gnutls_handshake() failed: Certificate is required", HD_REASON_TLS_CLIENT_CERTIFICATE,
         "wants a client certificate"},
        {HD__TLS_OTHER, 0, "schannel: one\r\ntwo \"three\" \x7f\xc3\xa4", HD_REASON_TLS_PROTOCOL,
         "libcurl says: \"schannel: one??two 'three' ???\"."},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct hd__tls tls = {0};
        (void)snprintf(tls.said, sizeof tls.said, "%s", rows[i].said);
        check(&rows[i], hd__tls_reason_of_handshake(&tls, rows[i].library), &tls);
    }
}

static void test_words_are_bounded(void **state) {
    struct hd__tls tls = {0};
    (void)state;
    memset(tls.said, 'x', sizeof tls.said - 1);
    assert_int_equal(hd__tls_reason_of_handshake(&tls, HD__TLS_OTHER), HD_REASON_TLS_PROTOCOL);
    assert_in_range(strlen(tls.detail), 200, 280);
    assert_string_equal(tls.detail + strlen(tls.detail) - 4, "xx\".");
}

static void test_breaks(void **state) {
    struct hd__tls tls = {.said = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required"};
    (void)state;
    assert_int_equal(hd__tls_reason_of_break(&tls, HD__TLS_OPENSSL), HD_REASON_TLS_CLIENT_CERTIFICATE);
    tls = (struct hd__tls){.said = "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading"};
    assert_int_equal(hd__tls_reason_of_break(&tls, HD__TLS_OPENSSL), HD_REASON_RESET);
    assert_string_equal(tls.detail, "");
}

static void test_libraries(void **state) {
    (void)state;
    assert_int_equal(hd__tls_library_of("OpenSSL/3.0.19"), HD__TLS_OPENSSL);
    assert_int_equal(hd__tls_library_of("GnuTLS/3.7.9"), HD__TLS_GNUTLS);
    assert_int_equal(hd__tls_library_of("mbedTLS/3.6.3"), HD__TLS_OTHER);
    assert_int_equal(hd__tls_library_of("(OpenSSL/3.5.0) Schannel"), HD__TLS_OTHER);
    assert_int_equal(hd__tls_library_of(NULL), HD__TLS_OTHER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),        cmocka_unit_test(test_bad_chains),
        cmocka_unit_test(test_long_chain),   cmocka_unit_test(test_other_messages),
        cmocka_unit_test(test_certificates), cmocka_unit_test(test_authority_has_expired),
        cmocka_unit_test(test_handshakes),   cmocka_unit_test(test_words_are_bounded),
        cmocka_unit_test(test_breaks),       cmocka_unit_test(test_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
