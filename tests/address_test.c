/* P6: which socket addresses may be reached. Every range is tested at its first and last address and at both
 * neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "endpoint/address.h"
#include "helmdesk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Through the socket form, as libcurl hands addresses over. */
static const char *blocked(const struct hd__policy *policy, const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return hd__address_blocked(policy, (struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return hd__address_blocked(policy, (struct sockaddr *)&v6);
}

static void assert_blocked(const struct hd__policy *policy, const char *text, int expected) {
    int is_address;
    if ((blocked(policy, text) != NULL) != expected)
        fail_msg("%s should be %s", text, expected ? "blocked" : "allowed");
    assert_true((hd__address_text_blocked(policy, text, &is_address) != NULL) == expected);
    assert_true(is_address);
}

struct range {
    const char *before, *first, *last, *after; /* NULL: there is no neighbour, or another range begins there */
};

static const struct range special[] = {
    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "255.255.255.255", NULL},
    {NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

static void test_ranges_at_their_edges(void **state) {
    (void)state;
    static const struct hd__policy policy = {0};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        assert_blocked(&policy, special[i].first, 1);
        assert_blocked(&policy, special[i].last, 1);
        if (special[i].before)
            assert_blocked(&policy, special[i].before, 0);
        if (special[i].after)
            assert_blocked(&policy, special[i].after, 0);
    }
}

/* Forms that carry an IPv4 address inside, and ranges inside the default-deny of IPv6 that are worth naming. */
static void test_disguises(void **state) {
    (void)state;
    static const struct hd__policy policy = {0};
    static const char *const forbidden[] = {"::ffff:127.0.0.1", "::ffff:169.254.169.254",
                                            "::127.0.0.1",      "64:ff9b::7f00:1",
                                            "64:ff9b:1::1",     "100::1",
                                            "2002:7f00:1::",    "5f00::1",
                                            "fc00::1",          "fd00:ec2::254",
                                            "fe80::1",          "fec0::1",
                                            "ff02::1",          "::1"};
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        assert_blocked(&policy, forbidden[i], 1);
    assert_blocked(&policy, "::ffff:8.8.8.8", 0);
    assert_blocked(&policy, "2606:4700::1111", 0);
}

static void allow(struct hd__policy *policy, const char *cidr) {
    assert_int_equal(hd__network_parse(cidr, &policy->allowed[policy->allowed_count]), HD_OK);
    policy->allowed_count++;
}

static void test_allowance_opens_exactly_its_network(void **state) {
    (void)state;
    struct hd__policy policy = {0};
    allow(&policy, "10.1.0.0/16");
    allow(&policy, "fd12:3456::/33");
    assert_blocked(&policy, "10.1.0.0", 0);
    assert_blocked(&policy, "10.1.255.255", 0);
    assert_blocked(&policy, "::ffff:10.1.2.3", 0);
    assert_blocked(&policy, "10.0.255.255", 1);
    assert_blocked(&policy, "10.2.0.0", 1);
    assert_blocked(&policy, "fd12:3456:7fff:ffff::1", 0);
    assert_blocked(&policy, "fd12:3456:8000::", 1);
}

/* Link-local and metadata addresses stay forbidden whatever is allowed. */
static void test_allowance_never_opens_metadata(void **state) {
    (void)state;
    struct hd__policy policy = {0};
    allow(&policy, "0.0.0.0/0");
    allow(&policy, "::/0");
    static const char *const never[] = {
        "169.254.0.0", "169.254.169.254",        "169.254.255.255", "168.63.129.16", "100.100.100.200",
        "192.0.0.192", "::ffff:169.254.169.254", "fd00:ec2::254",   "fd20:ce::254",  "fe80::1",
        "febf:ffff::1"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_blocked(&policy, never[i], 1);
    assert_blocked(&policy, "127.0.0.1", 0);
    assert_blocked(&policy, "fd00:ec2::253", 0);
    assert_blocked(&policy, "fec0::1", 0);
}

/* Forms that carry an IPv4 address inside: each with 8.8.8.8, 10.1.2.3 and 169.254.169.254 there, and a network that
 * has them all. */
static const struct carrier {
    const char *network, *public, *private, *metadata;
} carriers[] = {
    /* IPv4-compatible, RFC 4291 2.5.5.1 */
    {"::/96", "::8.8.8.8", "::10.1.2.3", "::169.254.169.254"},
    /* IPv4-translated, RFC 2765 2.1 */
    {"::ffff:0:0:0/96", "::ffff:0:8.8.8.8", "::ffff:0:10.1.2.3", "::ffff:0:169.254.169.254"},
    /* NAT64 with the well-known prefix, RFC 6052 2.1 */
    {"64:ff9b::/96", "64:ff9b::8.8.8.8", "64:ff9b::10.1.2.3", "64:ff9b::169.254.169.254"},
    /* NAT64 with a prefix for local use, RFC 8215, of every length of RFC 6052 2.2 that fits in */
    {"64:ff9b:1::/48", "64:ff9b:1:808:8:800::", "64:ff9b:1:a01:2:300::", "64:ff9b:1:a9fe:a9:fe00::"},
    {"64:ff9b:1:ab00::/56", "64:ff9b:1:ab08:8:808::", "64:ff9b:1:ab0a:1:203::", "64:ff9b:1:aba9:fe:a9fe::"},
    {"64:ff9b:1:abcd::/64", "64:ff9b:1:abcd:8:808:800:0", "64:ff9b:1:abcd:a:102:300:0",
     "64:ff9b:1:abcd:a9:fea9:fe00:0"},
    {"64:ff9b:1:abcd::/96", "64:ff9b:1:abcd::8.8.8.8", "64:ff9b:1:abcd::10.1.2.3", "64:ff9b:1:abcd::169.254.169.254"},
    {"64:ff9b:1::/96", "64:ff9b:1::8.8.8.8", "64:ff9b:1::10.1.2.3", "64:ff9b:1::169.254.169.254"},
    /* 6to4, RFC 3056 2 */
    {"2002::/16", "2002:808:808::1", "2002:a01:203::1", "2002:a9fe:a9fe::1"},
    /* Teredo, RFC 4380 4: the server, then the client, with all bits inverted */
    {"2001::/32", "2001:0:808:808:0:ffff:f7f7:f7f7", "2001:0:a01:203:0:ffff:f7f7:f7f7",
     "2001:0:a9fe:a9fe:0:ffff:f7f7:f7f7"},
    {"2001::/32", "2001:0:808:808:0:ffff:f7f7:f7f7", "2001:0:808:808:0:ffff:f5fe:fdfc",
     "2001:0:808:808:0:ffff:5601:5601"},
    /* ISATAP, RFC 5214 6.1, with a private and with a unique identifier */
    {"fd00::/8", "fd00::5efe:8.8.8.8", "fd00::5efe:10.1.2.3", "fd00::5efe:169.254.169.254"},
    {"fd00::/8", "fd00::200:5efe:8.8.8.8", "fd00::200:5efe:10.1.2.3", "fd00::200:5efe:169.254.169.254"},
    {"2a00:1::/32", "2a00:1::5efe:8.8.8.8", "2a00:1::5efe:10.1.2.3", "2a00:1::5efe:169.254.169.254"},
    {"2a00:1::/32", "2a00:1::200:5efe:8.8.8.8", "2a00:1::200:5efe:10.1.2.3", "2a00:1::200:5efe:169.254.169.254"},
};

#define CARRIERS (sizeof carriers / sizeof carriers[0])
#define METADATA "link-local or cloud metadata, 169.254.0.0/16"

static void assert_rule(const struct hd__policy *policy, const char *text, const char *expected) {
    const char *rule = blocked(policy, text);
    if (expected == NULL ? rule != NULL : rule == NULL || strcmp(rule, expected) != 0)
        fail_msg("%s: %s, not %s", text, rule ? rule : "allowed", expected ? expected : "allowed");
}

static void test_metadata_is_found_in_every_carrier(void **state) {
    (void)state;
    static const struct hd__policy none = {0};
    struct hd__policy all = {0};
    allow(&all, "0.0.0.0/0");
    allow(&all, "::/0");
    for (size_t i = 0; i < CARRIERS; i++) {
        assert_rule(&none, carriers[i].metadata, METADATA);
        assert_rule(&all, carriers[i].metadata, METADATA);
        assert_rule(&all, carriers[i].private, NULL);
        assert_rule(&all, carriers[i].public, NULL);
    }
}

/* What is behind a translator or a tunnel has to be allowed as well. */
static void test_allowing_a_carrier_does_not_allow_what_is_inside(void **state) {
    (void)state;
    for (size_t i = 0; i < CARRIERS; i++) {
        struct hd__policy policy = {0};
        allow(&policy, carriers[i].network);
        assert_rule(&policy, carriers[i].metadata, METADATA);
        assert_rule(&policy, carriers[i].private, "private, 10.0.0.0/8");
        assert_rule(&policy, carriers[i].public, NULL);
        allow(&policy, "10.1.0.0/16");
        assert_rule(&policy, carriers[i].private, NULL);
    }
}

static void test_carriers_by_default(void **state) {
    (void)state;
    static const struct hd__policy policy = {0};
    assert_rule(&policy, "::8.8.8.8", "not public, outside 2000::/3");
    assert_rule(&policy, "64:ff9b::8.8.8.8", "not public, outside 2000::/3");
    assert_rule(&policy, "2002:808:808::1", "6to4, 2002::/16");
    assert_rule(&policy, "2a00:1::5efe:8.8.8.8", NULL);
    assert_rule(&policy, "2a00:1::5efe:10.1.2.3", "private, 10.0.0.0/8");
    assert_rule(&policy, "2a00:1::200:5efe:127.0.0.1", "loopback, 127.0.0.0/8");
    assert_rule(&policy, "2a00:1::100:5efe:10.1.2.3", NULL); /* not ISATAP */
    assert_rule(&policy, "2a00:1::5eff:10.1.2.3", NULL);
}

/* The unspecified address and loopback have the form of compatible ones, and are none. */
static void test_loopback_carries_nothing(void **state) {
    (void)state;
    struct hd__policy policy = {0};
    allow(&policy, "::/127");
    assert_rule(&policy, "::", NULL);
    assert_rule(&policy, "::1", NULL);
    allow(&policy, "::/126");
    assert_rule(&policy, "::2", "this network, 0.0.0.0/8");
}

/* Where the prefix of the translator is not known, every place in the address is looked at, for what is never reached
 * alone; translators ignore the other bits (RFC 6052 2.2). */
static void test_unknown_translators(void **state) {
    (void)state;
    struct hd__policy policy = {0};
    allow(&policy, "64:ff9b::/40");
    static const char *const never[] = {"64:ff9b:1:a9fe:ffa9:feff:ffff:ffff", "64:ff9b:1:ffa9:fffe:a9fe:ffff:ffff",
                                        "64:ff9b:1:ffff:ffa9:fea9:feff:ffff", "64:ff9b:1:ffff:ffff:ffff:a9fe:a9fe",
                                        "64:ff9b:1:6464:64:c800::",           "64:ff9b:1::168.63.129.16"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_blocked(&policy, never[i], 1);
    assert_rule(&policy, "64:ff9b:1::10.1.2.3", NULL);
    assert_rule(&policy, "64:ff9b:1::8.8.8.8", NULL);
    assert_rule(&policy, "64:ff9b:2:a9fe:a9:fe00::", NULL);
}

static void test_other_families_are_blocked(void **state) {
    (void)state;
    struct hd__policy policy = {0};
    allow(&policy, "0.0.0.0/0");
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
    assert_non_null(hd__address_blocked(&policy, (struct sockaddr *)&local));
}

static void test_malformed_networks_are_refused(void **state) {
    (void)state;
    static const char *const malformed[] = {"",
                                            "/",
                                            "10.0.0.0",
                                            "10.0.0.0/",
                                            "10.0.0.0/33",
                                            "10.0.0.0/-1",
                                            "10.0.0.0/08",
                                            "10.0.0.0/8x",
                                            "10.0.0.0/ 8",
                                            "10.0.0/8",
                                            "10.0.0.1/8",
                                            "256.0.0.0/8",
                                            "0x7f.0.0.0/8",
                                            "localhost/8",
                                            "fd00::/129",
                                            "fd00::1/8",
                                            "[fd00::]/8",
                                            "fe80::%1/10",
                                            "10.0.0.0/1000",
                                            "10.0.0.0/0008",
                                            "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/0"};
    struct hd__network network = {.prefix = 77};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        if (hd__network_parse(malformed[i], &network) != HD_E_NETWORK)
            fail_msg("\"%s\" should be refused", malformed[i]);
    assert_int_equal(network.prefix, 77); /* untouched */
    assert_int_equal(hd__network_parse("0.0.0.0/0", &network), HD_OK);
    assert_int_equal(network.prefix, 96);
    assert_int_equal(hd__network_parse("::1/128", &network), HD_OK);
    assert_int_equal(network.prefix, 128);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_at_their_edges),
        cmocka_unit_test(test_disguises),
        cmocka_unit_test(test_allowance_opens_exactly_its_network),
        cmocka_unit_test(test_allowance_never_opens_metadata),
        cmocka_unit_test(test_metadata_is_found_in_every_carrier),
        cmocka_unit_test(test_allowing_a_carrier_does_not_allow_what_is_inside),
        cmocka_unit_test(test_carriers_by_default),
        cmocka_unit_test(test_loopback_carries_nothing),
        cmocka_unit_test(test_unknown_translators),
        cmocka_unit_test(test_other_families_are_blocked),
        cmocka_unit_test(test_malformed_networks_are_refused),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
