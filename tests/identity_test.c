/* SPDX-License-Identifier: MIT */
/** @file identity_test.c Client certificates: which PEM texts are one, what is shown of it, and who shares connections.
 */
#include "support/bodies.h"
#include "support/support.h"

#include "endpoint/identity.h"
#include "endpoint/webhook.h"

/* Made by openssl for this test, and good for nothing else. */
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBeTCCAR+gAwIBAgIUPqfPxXQLW2zwDfS9opNIyNjvhJowCgYIKoZIzj0EAwIw\n"
                                  "ETEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEzMDIwNDExNVoYDzIxMjYxMTA2MjA0\n"
                                  "MTE1WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                                  "AATWTL9wuMcm39OVj0y7ALvCwzTRRPhhPb9eJAolcrMttyWJQrEDCTXdkfE0AK4u\n"
                                  "NO7kIbCorf1glzZCzxzoTbbfo1MwUTAdBgNVHQ4EFgQUt5xJ6K9jRmWpPnTPBfUs\n"
                                  "ZYcSwmYwHwYDVR0jBBgwFoAUt5xJ6K9jRmWpPnTPBfUsZYcSwmYwDwYDVR0TAQH/\n"
                                  "BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBALixf7rFSUOV77bjIko4hObNAfq0m\n"
                                  "MjiGBHhsNrHIlAIhAJtmo4TpkqjWOTCfgdndAgMnhhtMbAfeQ2Z8hQVc5rvI\n"
                                  "-----END CERTIFICATE-----\n";

static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5F8peLhMnEFvc1om\n"
                          "QtBfHoy3dLQiCG73fM1a+yLUX7yhRANCAATWTL9wuMcm39OVj0y7ALvCwzTRRPhh\n"
                          "Pb9eJAolcrMttyWJQrEDCTXdkfE0AK4uNO7kIbCorf1glzZCzxzoTbbf\n"
                          "-----END PRIVATE KEY-----\n";

static const char ec_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIORfKXi4TJxBb3NaJkLQXx6Mt3S0Ighu93zNWvsi1F+8oAoGCCqGSM49\n"
                             "AwEHoUQDQgAE1ky/cLjHJt/TlY9MuwC7wsM00UT4YT2/XiQKJXKzLbcliUKxAwk1\n"
                             "3ZHxNACuLjTu5CGwqK39YJc2Qs8c6E223w==\n"
                             "-----END EC PRIVATE KEY-----\n";

static const char ed_key[] = "-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VwBCIEIN2qI3D7nmVZ1bAIuo5t/O81p6WVKPqlUtywED80cZnJ\n"
                             "-----END PRIVATE KEY-----\n";

static const char key_with_parameters[] = "-----BEGIN EC PARAMETERS-----\n"
                                          "BggqhkjOPQMBBw==\n"
                                          "-----END EC PARAMETERS-----\n"
                                          "-----BEGIN EC PRIVATE KEY-----\n"
                                          "MHcCAQEEIJZ0juCA3jsU17qVAxmV5qCZwntDJ9kKnbH5ibPZdUPgoAoGCCqGSM49\n"
                                          "AwEHoUQDQgAEvaClfBECPYZRZbBTQafMVcMb0MMrZZn95hO0iunob7P+NW5TFO0d\n"
                                          "8bU3w9+ccqtZEK4OyzBl8KVbBkvLUaMUhw==\n"
                                          "-----END EC PRIVATE KEY-----\n";

static const char encrypted_key[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgbnzE3gHJfuwICCAAw\n"
                                    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIyzcLcDXNhQcR93+EavCBoEgZBp\n"
                                    "WHa0c49KrQ8y0NkSPbVvavpnkF2+NAkUOUEeyJ9dMa1GsAT1nOIUF1N4VrZaGpkP\n"
                                    "gKuDU892NWzeUFMDqX2UvjU+67ZfuvtIBUJIvI1rYaNO+mtY0r2yMEexII47N/z4\n"
                                    "Fh445oa2MyayaG4/uZSLI2pc0HamBivORoRN/SpJqf7+Drnl1M5Y0RFo6Y+HIk8=\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char old_encrypted_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                                        "Proc-Type: 4,ENCRYPTED\n"
                                        "DEK-Info: AES-256-CBC,65CD0D5AEADD6A5B0F8D59A0388B32B7\n"
                                        "\n"
                                        "pZApMsK+2FAkQGycqmElL45U6mjSQ2wI4EDsZgNdJBIe3A0klUGlXjqaxrjfe0RF\n"
                                        "DNzETEDZfrIof4lP2YVzEIWlBUZOuZm//WSVPBk1Ub5Kn1ZSb95YmpyhFl6XjAaG\n"
                                        "v5r2XkSSQnLnD9g7hJHyijPtlhOZMacGHinwUEkhWz8=\n"
                                        "-----END EC PRIVATE KEY-----\n";

static char text[65536];

/* Some texts, one behind the other, in memory that stays until the next call. */
static const char *join(const char *const *parts, size_t count) {
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(text, parts[i]);
    return text;
}

#define JOIN(...) join((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static int set(hd_webhook *webhook, const char *pem) {
    return hd_webhook_set_client_certificate(webhook, pem, strlen(pem));
}

static hd_webhook *new_webhook(void) {
    return webhook_for_tests(WEBHOOK, PROJECT, "https://example.com/");
}

static void test_what_is_one(void **state) {
    (void)state;
    hd_webhook *webhook = new_webhook();
    assert_null(hd_webhook_client_certificate(webhook));
    assert_int_equal(set(webhook, JOIN(certificate, key)), HD_OK);
    assert_string_equal(hd_webhook_client_certificate(webhook), certificate);
    assert_int_equal(set(webhook, JOIN(key, certificate)), HD_OK);
    assert_string_equal(hd_webhook_client_certificate(webhook), certificate);
    assert_int_equal(set(webhook, JOIN("Bag Attributes\n", ec_key, "\r\nsubject=CN = client\n", certificate)), HD_OK);
    assert_string_equal(hd_webhook_client_certificate(webhook), certificate);
    assert_int_equal(set(webhook, JOIN(ed_key, certificate)), HD_OK);
    assert_int_equal(set(webhook, JOIN(key_with_parameters, certificate)), HD_OK);
    assert_int_equal(set(webhook, JOIN(certificate, certificate, key)), HD_OK); /* with the one of its authority */
    assert_string_equal(hd_webhook_client_certificate(webhook), JOIN(certificate, certificate));
    assert_int_equal(hd_webhook_set_client_certificate(webhook, NULL, 0), HD_OK);
    assert_null(hd_webhook_client_certificate(webhook));
    hd_webhook_free(webhook);
}

/* A text that is none leaves what was there. */
static void test_what_is_none(void **state) {
    (void)state;
    static char long_text[40000], changed[sizeof certificate], cut[sizeof key];
    memset(long_text, '\n', sizeof long_text - 1);
    strcpy(changed, certificate);
    *strchr(changed, 'M') = '!'; /* the first character of the base64 */
    strcpy(cut, key);
    strcpy(strstr(cut, "-----END"), "-----END CERTIFICATE-----\n");
    hd_webhook *webhook = new_webhook();
    assert_int_equal(set(webhook, JOIN(certificate, key)), HD_OK);
    static const struct {
        const char *parts[4];
        int status;
    } cases[] = {
        {{""}, HD_E_CLIENT_CERTIFICATE},
        {{"hello"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate}, HD_E_CLIENT_CERTIFICATE},
        {{key}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, key, key}, HD_E_CLIENT_CERTIFICATE},
        {{changed, key}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, cut}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\n"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\nMAIFAAA=\n-----END PRIVATE KEY-----\n"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\nMAMFAA==\n-----END PRIVATE KEY-----\n"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\nMYAFAA==\n-----END PRIVATE KEY-----\n"}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, "-----BEGIN PRIVATE KEY-----\nMAIFAA==\n-----END PRIVATE KEY---"}, HD_E_CLIENT_CERTIFICATE},
        {{"-----BEGIN CERTIFICATE REQUEST-----\nMAIFAA==\n-----END CERTIFICATE REQUEST-----\n", key},
         HD_E_CLIENT_CERTIFICATE},
        {{long_text, certificate, key}, HD_E_CLIENT_CERTIFICATE},
        {{certificate, encrypted_key}, HD_E_CLIENT_KEY},
        {{certificate, old_encrypted_key}, HD_E_CLIENT_KEY},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        text[0] = '\0';
        for (size_t j = 0; j < 4 && cases[i].parts[j] != NULL; j++)
            strcat(text, cases[i].parts[j]);
        int status = set(webhook, text);
        if (status != cases[i].status)
            fail_msg("%s: %s", text, hd_status_name(status));
        assert_string_equal(hd_webhook_client_certificate(webhook), certificate);
    }
    const char *good = JOIN(certificate, key);
    for (size_t length = 0; length + 1 < strlen(good); length++) /* the line break at the end may be missing */
        assert_int_equal(hd_webhook_set_client_certificate(webhook, good, length), HD_E_CLIENT_CERTIFICATE);
    assert_int_equal(hd_webhook_set_client_certificate(webhook, good, strlen(good) + 1), HD_E_CLIENT_CERTIFICATE);
    assert_int_equal(hd_webhook_set_client_certificate(webhook, NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_webhook_set_client_certificate(NULL, good, strlen(good)), HD_E_INVALID);
    assert_null(hd_webhook_client_certificate(NULL));
    hd_webhook_free(webhook);
}

static void test_options(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    const char *good = JOIN(certificate, key);
    assert_int_equal(hd_options_set_client_certificate(options, good, strlen(good)), HD_OK);
    assert_int_equal(hd_options_set_client_certificate(options, certificate, strlen(certificate)),
                     HD_E_CLIENT_CERTIFICATE);
    assert_int_equal(hd_options_set_client_certificate(options, NULL, 1), HD_E_INVALID);
    assert_int_equal(hd_options_set_client_certificate(NULL, good, strlen(good)), HD_E_INVALID);
    assert_int_equal(hd_options_set_client_certificate_file(options, "/c.pem", "/k.pem"), HD_OK);
    assert_int_equal(hd_options_set_client_certificate_file(options, "/both.pem", NULL), HD_OK);
    assert_int_equal(hd_options_set_client_certificate_file(options, NULL, "/k.pem"), HD_E_INVALID);
    assert_int_equal(hd_options_set_client_certificate_file(NULL, "/c.pem", NULL), HD_E_INVALID);
    assert_int_equal(hd_options_set_client_certificate(options, NULL, 0), HD_OK);
    assert_int_equal(hd_options_set_client_certificate_file(options, NULL, NULL), HD_OK);
    hd_options_free(options);
}

/* Each object holds what it needs, and the client's copy is one more. */
static void test_copies(void **state) {
    (void)state;
    hd_client *client = client_for_tests(NULL);
    hd_webhook *webhook = new_webhook(), *copy = NULL;
    assert_int_equal(set(webhook, JOIN(certificate, key)), HD_OK);
    put_webhook(client, webhook);
    assert_int_equal(hd_client_get_webhook(client, WEBHOOK, &copy), HD_OK);
    end_client(client);
    assert_string_equal(hd_webhook_client_certificate(copy), certificate);
    hd_webhook_free(copy);
}

static void test_sameness(void **state) {
    (void)state;
    struct hd__identity *one = NULL, *again = NULL, *other = NULL;
    const char *pem = JOIN(certificate, key);
    assert_int_equal(hd__identity_parse(pem, strlen(pem), &one), HD_OK);
    pem = JOIN(key, certificate);
    assert_int_equal(hd__identity_parse(pem, strlen(pem), &again), HD_OK);
    pem = JOIN(certificate, ed_key);
    assert_int_equal(hd__identity_parse(pem, strlen(pem), &other), HD_OK);
    assert_true(hd__identity_is_same(one, again));
    assert_true(hd__identity_is_same(NULL, NULL));
    assert_false(hd__identity_is_same(one, other));
    other->hash = one->hash;
    assert_false(hd__identity_is_same(one, other));
    assert_false(hd__identity_is_same(one, NULL));
    assert_false(hd__identity_is_same(NULL, one));
    hd__identity_free(one);
    hd__identity_free(again);
    hd__identity_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_one), cmocka_unit_test(test_what_is_none), cmocka_unit_test(test_options),
        cmocka_unit_test(test_copies),      cmocka_unit_test(test_sameness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
