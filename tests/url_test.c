/* SPDX-License-Identifier: MIT */
/** @file url_test.c What the host of a URL is. The answers are the library's own: the versions of libcurl do not agree
 * about them. */
#include "support/bodies.h"
#include "support/support.h"

#include "endpoint/url.h"

static const struct hd__policy only_public = {0};

/* A URL with this host. */
static const char *url_of(const char *host, char url[512]) {
    (void)snprintf(url, 512, "https://%s/hook", host);
    return url;
}

static void expect_status(const char *host, int wanted) {
    char url[512];
    int status = hd__url_check(url_of(host, url));
    if (status != wanted)
        fail_msg("%s: %s, not %s", url, hd_status_name(status), hd_status_name(wanted));
}

/* What a request for this host names in its header Host; no name is looked up if it is an address. */
static void expect_request(const char *host, const char *wanted, int is_address) {
    char url[512];
    struct hd__url_parts parts;
    assert_int_equal(hd__url_split(url_of(host, url), &parts), HD_OK);
    if (strcmp(parts.authority, wanted) != 0 || (parts.host == NULL) != is_address)
        fail_msg("%s: the request is for %s, the lookup for %s", host, parts.authority,
                 parts.host ? parts.host : "nothing");
    hd__url_parts_free(&parts);
}

/* Every notation of an IPv4 address that programs read, with the address that it is. */
static void test_ipv4_notations(void **state) {
    (void)state;
    static const struct {
        const char *host, *address;
        int status; /* of hd__url_allowed() where only public addresses may be reached */
    } cases[] = {
        /* one to four parts */
        {"127.0.0.1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"127.0.1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"127.1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"2130706433", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0", "0.0.0.0", HD_E_URL_ADDRESS},
        {"10.65535", "10.0.255.255", HD_E_URL_ADDRESS},
        {"10.16777215", "10.255.255.255", HD_E_URL_ADDRESS},
        {"10.1.65535", "10.1.255.255", HD_E_URL_ADDRESS},
        {"4294967295", "255.255.255.255", HD_E_URL_ADDRESS},
        {"255.255.255.255", "255.255.255.255", HD_E_URL_ADDRESS},
        /* hexadecimal, in either case */
        {"0x7f000001", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0X7F000001", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0X7f.0x00.0X0.0x1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0xA.1", "10.0.0.1", HD_E_URL_ADDRESS},
        {"0xffffffff", "255.255.255.255", HD_E_URL_ADDRESS},
        {"0x000000000000000000007f000001", "127.0.0.1", HD_E_URL_ADDRESS},
        /* octal */
        {"017700000001", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0177.0.0.01", "127.0.0.1", HD_E_URL_ADDRESS},
        {"127.000.000.001", "127.0.0.1", HD_E_URL_ADDRESS},
        {"00", "0.0.0.0", HD_E_URL_ADDRESS},
        {"0251.0376.0251.0376", "169.254.169.254", HD_E_URL_ADDRESS},
        /* all at once */
        {"0177.0X0.1", "127.0.0.1", HD_E_URL_ADDRESS},
        /* percent-encoded */
        {"127%2e0%2E0%2e1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"%31%32%37.0.0.1", "127.0.0.1", HD_E_URL_ADDRESS},
        {"%32130706433", "127.0.0.1", HD_E_URL_ADDRESS},
        {"%30x7f000001", "127.0.0.1", HD_E_URL_ADDRESS},
        {"0%587F000001", "127.0.0.1", HD_E_URL_ADDRESS},
        /* public ones are no worse than others */
        {"8.8.8.8", "8.8.8.8", HD_OK},
        {"134744072", "8.8.8.8", HD_OK},
        {"0x08080808", "8.8.8.8", HD_OK},
        {"0X08080808", "8.8.8.8", HD_OK},
        {"010.010.2056", "8.8.8.8", HD_OK},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char url[512];
        expect_status(cases[i].host, HD_OK);
        int status = hd__url_allowed(url_of(cases[i].host, url), &only_public);
        if (status != cases[i].status)
            fail_msg("%s: %s", url, hd_status_name(status));
        expect_request(cases[i].host, cases[i].address, 1);
    }
}

/* Whose last label is a number is an address or nothing, as the WHATWG's URL standard has it: some resolver may still
 * make an address of it. */
static void test_numbers_that_are_no_address(void **state) {
    (void)state;
    static const char *const hosts[] = {
        /* too large */
        "4294967296", "18446744073709551616", "0x100000000", "0X100000000", "040000000000", "127.16777216",
        "127.0.65536", "127.0.0.256", "256.1", "256.256.256.256", "0x100.1",
        /* too many parts, empty parts */
        "1.2.3.4.5", "0.0.0.0.0", "127..1", "127.0.0.", "127.0.0.1.", "127.1.", "2130706433.", "0x7f000001.",
        "127.0.0.1%2e", ".127.0.0.1",
        /* digits that are none of their base, no digits, signs, blanks */
        "08", "127.0.0.09", "0177.0.0.08", "0x", "0X", "127.0.0.0x", "0x7f.0x", "%30x", "-1.1", "127.0.0.%2B1",
        "%20127.0.0.1", "127.0.0.1%20", "127.0.0.1%00", "127.0.0.1%00.example.com",
        /* a number behind a name */
        "example.1", "example.0x7f", "example.0X7F", "example.0x", "xn--a.127.0.0.1", "0xg.1"};
    for (size_t i = 0; i < LENGTH_OF(hosts); i++)
        expect_status(hosts[i], HD_E_URL_HOST);
}

static void test_names_with_numbers(void **state) {
    (void)state;
    static const char *const hosts[] = {
        "1.example", "0x7f.example",  "127.0.0.1.nip.io", "0x7fg", "example.0x7f-", "1e1",           "127.0.0.1a",
        "0b1",       "0o177.0.0.0o1", "1_000.1_0",        "a0x7f", "x7f",           "2130706433.com"};
    for (size_t i = 0; i < LENGTH_OF(hosts); i++) {
        expect_status(hosts[i], HD_OK);
        expect_request(hosts[i], hosts[i], 0);
    }
    expect_request("%65xample.com", "example.com", 0);
}

/* IPv6 addresses stand in brackets, as they are. */
static void test_brackets(void **state) {
    (void)state;
    static const char *const good[] = {"[::1]", "[2001:DB8::1]", "[::ffff:127.0.0.1]", "[::]:8443",
                                       "[0:0:0:0:0:0:0:1]:443"};
    static const char *const bad[] = {"[",           "[]",         "[::1",           "[::1]x",
                                      "[::1].",      "[::1]%3A1",  "%5B::1%5D",      "%5B%3A%3A1%5D",
                                      "[%3A%3A1]",   "[::1%25lo]", "[::1%lo]",       "[fe80::1%251]",
                                      "[127.0.0.1]", "[::127.1]",  "[::0x7f000001]", "[v1.a]",
                                      "[[::1]]",     "[::1]]",     "[:::1]",         "[::1::]",
                                      "[12345::]",   "[::g]",      "%5B127.0.0.1%5D"};
    for (size_t i = 0; i < LENGTH_OF(good); i++)
        expect_status(good[i], HD_OK);
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        expect_status(bad[i], HD_E_URL_HOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_notations),
        cmocka_unit_test(test_numbers_that_are_no_address),
        cmocka_unit_test(test_names_with_numbers),
        cmocka_unit_test(test_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
