#include "endpoint/address.h"

#include "helmdesk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Its versions disagree about the braces: */
/* clang-format off */
#define V4(a, b, c, d) {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}
/* clang-format on */
#define V4_PREFIX(bits) (96 + (bits))

struct rule {
    const char *name;
    struct hd__network network;
};

/* Always forbidden, whatever the program allows: link-local addresses, and those where clouds serve the credentials of
 * their machines. */
static const struct rule never[] = {
    {"link-local or cloud metadata, 169.254.0.0/16", {V4(169, 254, 0, 0), V4_PREFIX(16)}},
    {"cloud metadata (Azure), 168.63.129.16", {V4(168, 63, 129, 16), V4_PREFIX(32)}},
    {"cloud metadata (Alibaba), 100.100.100.200", {V4(100, 100, 100, 200), V4_PREFIX(32)}},
    {"cloud metadata (Oracle), 192.0.0.192", {V4(192, 0, 0, 192), V4_PREFIX(32)}},
    {"cloud metadata (AWS), fd00:ec2::254", {{0xFD, 0x00, 0x0E, 0xC2, [14] = 0x02, [15] = 0x54}, 128}},
    {"cloud metadata (Google), fd20:ce::254", {{0xFD, 0x20, 0x00, 0xCE, [14] = 0x02, [15] = 0x54}, 128}},
    {"link-local, fe80::/10", {{0xFE, 0x80}, 10}},
};

/* What is not public: the IANA special-purpose address registries and multicast. */
static const struct rule special[] = {
    {"this network, 0.0.0.0/8", {V4(0, 0, 0, 0), V4_PREFIX(8)}},
    {"private, 10.0.0.0/8", {V4(10, 0, 0, 0), V4_PREFIX(8)}},
    {"carrier-grade NAT, 100.64.0.0/10", {V4(100, 64, 0, 0), V4_PREFIX(10)}},
    {"loopback, 127.0.0.0/8", {V4(127, 0, 0, 0), V4_PREFIX(8)}},
    {"private, 172.16.0.0/12", {V4(172, 16, 0, 0), V4_PREFIX(12)}},
    {"protocol assignments, 192.0.0.0/24", {V4(192, 0, 0, 0), V4_PREFIX(24)}},
    {"documentation, 192.0.2.0/24", {V4(192, 0, 2, 0), V4_PREFIX(24)}},
    {"6to4 relay, 192.88.99.0/24", {V4(192, 88, 99, 0), V4_PREFIX(24)}},
    {"private, 192.168.0.0/16", {V4(192, 168, 0, 0), V4_PREFIX(16)}},
    {"benchmarking, 198.18.0.0/15", {V4(198, 18, 0, 0), V4_PREFIX(15)}},
    {"documentation, 198.51.100.0/24", {V4(198, 51, 100, 0), V4_PREFIX(24)}},
    {"documentation, 203.0.113.0/24", {V4(203, 0, 113, 0), V4_PREFIX(24)}},
    {"multicast, 224.0.0.0/4", {V4(224, 0, 0, 0), V4_PREFIX(4)}},
    {"reserved, 240.0.0.0/4", {V4(240, 0, 0, 0), V4_PREFIX(4)}},
    {"protocol assignments (Teredo and others), 2001::/23", {{0x20, 0x01}, 23}},
    {"documentation, 2001:db8::/32", {{0x20, 0x01, 0x0D, 0xB8}, 32}},
    {"6to4, 2002::/16", {{0x20, 0x02}, 16}},
    {"documentation, 3fff::/20", {{0x3F, 0xFF}, 20}},
};

static const struct hd__network all_v4 = {V4(0, 0, 0, 0), V4_PREFIX(0)};

/* The only IPv6 range that is assigned as public unicast; all other ranges are special or not assigned. */
static const struct hd__network public_v6 = {{0x20}, 3};

/* IPv6 addresses that a translator or a tunnel turns into IPv4 addresses on the way. Prefixes that operators take from
 * their own networks (NAT64, 6rd) look like any other network, and are not known here. */
struct carrier {
    struct hd__network network;
    unsigned char from;  /* the first byte of the address that the network is compared with */
    unsigned char at[4]; /* the bytes of the address that are the IPv4 address */
    unsigned char flip;  /* the bits of each that are inverted */
    unsigned translator; /* the length of the translator's prefix, if that is not the network itself; else 0 */
};

/* clang-format off */
#define LOCAL_NAT64 {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48}
/* clang-format on */

static const struct carrier carriers[] = {
    /* IPv4-compatible, RFC 4291 2.5.5.1 */
    {{{0}, 96}, 0, {12, 13, 14, 15}, 0, 0},
    /* IPv4-translated (SIIT), RFC 2765 2.1 */
    {{{[8] = 0xFF, [9] = 0xFF}, 96}, 0, {12, 13, 14, 15}, 0, 0},
    /* NAT64 with the well-known prefix, RFC 6052 2.1 */
    {{{0x00, 0x64, 0xFF, 0x9B}, 96}, 0, {12, 13, 14, 15}, 0, 0},
    /* NAT64 with a prefix for local use, RFC 8215: one of these lengths, each with places of its own, RFC 6052 2.2 */
    {LOCAL_NAT64, 0, {6, 7, 9, 10}, 0, 48},
    {LOCAL_NAT64, 0, {7, 9, 10, 11}, 0, 56},
    {LOCAL_NAT64, 0, {9, 10, 11, 12}, 0, 64},
    {LOCAL_NAT64, 0, {12, 13, 14, 15}, 0, 96},
    /* 6to4, RFC 3056 2 */
    {{{0x20, 0x02}, 16}, 0, {2, 3, 4, 5}, 0, 0},
    /* Teredo, RFC 4380 4: the server, and the client with all bits inverted */
    {{{0x20, 0x01}, 32}, 0, {4, 5, 6, 7}, 0, 0},
    {{{0x20, 0x01}, 32}, 0, {12, 13, 14, 15}, 0xFF, 0},
    /* ISATAP, RFC 5214 6.1: an interface identifier in any network, in two forms */
    {{{0x00, 0x00, 0x5E, 0xFE}, 32}, 8, {12, 13, 14, 15}, 0, 0},
    {{{0x02, 0x00, 0x5E, 0xFE}, 32}, 8, {12, 13, 14, 15}, 0, 0},
};

/* The unspecified address and loopback, which look like IPv4-compatible addresses. */
static const struct hd__network not_compatible = {{0}, 127};

static int contains(const struct hd__network *network, const unsigned char *address) {
    unsigned whole = network->prefix / 8, rest = network->prefix % 8;
    if (memcmp(network->bytes, address, whole) != 0)
        return 0;
    return rest == 0 || (network->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static const char *find(const struct rule *rules, size_t count, const unsigned char address[16]) {
    for (size_t i = 0; i < count; i++)
        if (contains(&rules[i].network, address))
            return rules[i].name;
    return NULL;
}

static void map_v4(const void *address, unsigned char out[16]) {
    memcpy(out, all_v4.bytes, 12);
    memcpy(out + 12, address, 4);
}

static const char *blocked_always(const unsigned char address[16]) {
    return find(never, sizeof never / sizeof never[0], address);
}

/* The rule for the address itself, without an IPv4 address that it may contain. */
static const char *blocked_itself(const struct hd__policy *policy, const unsigned char address[16]) {
    const char *rule = blocked_always(address);
    if (rule)
        return rule;
    for (size_t i = 0; i < policy->allowed_count; i++)
        if (contains(&policy->allowed[i], address))
            return NULL;
    if (!contains(&all_v4, address) && !contains(&public_v6, address))
        return "not public, outside 2000::/3";
    return find(special, sizeof special / sizeof special[0], address);
}

/* Whether it is known which bytes are the IPv4 address. If prefixes of several lengths are possible, it is known only
 * if the program has allowed a network of one of these lengths: that is the translator's prefix. */
static int is_known(const struct hd__policy *policy, const struct carrier *carrier, const unsigned char address[16]) {
    if (carrier->translator == 0)
        return 1;
    for (size_t i = 0; i < policy->allowed_count; i++)
        if (policy->allowed[i].prefix == carrier->translator && contains(&policy->allowed[i], address))
            return 1;
    return 0;
}

/* The rule for the IPv4 address inside, if there is one: allowing a translator does not allow the networks behind it.
 * If it is not known which bytes hold the IPv4 address, none of the possible ones may be an address that is always
 * forbidden. */
static const char *blocked_inside(const struct hd__policy *policy, const unsigned char address[16]) {
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        const struct carrier *carrier = &carriers[i];
        unsigned char inner[4], mapped[16];
        if (!contains(&carrier->network, address + carrier->from) || contains(&not_compatible, address))
            continue;
        for (size_t j = 0; j < sizeof inner; j++)
            inner[j] = address[carrier->at[j]] ^ carrier->flip;
        map_v4(inner, mapped);
        const char *rule = is_known(policy, carrier, address) ? blocked_itself(policy, mapped) : blocked_always(mapped);
        if (rule)
            return rule;
    }
    return NULL;
}

static const char *blocked(const struct hd__policy *policy, const unsigned char address[16]) {
    const char *rule = blocked_inside(policy, address);
    return rule ? rule : blocked_itself(policy, address);
}

const char *hd__address_blocked(const struct hd__policy *policy, const struct sockaddr *address) {
    unsigned char bytes[16];
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        map_v4(&v4.sin_addr, bytes);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(bytes, &v6.sin6_addr, sizeof bytes);
    } else {
        return "not an internet address";
    }
    return blocked(policy, bytes);
}

static int parse_address(const char *text, unsigned char out[16], int *is_v4) {
    unsigned char v4[4];
    *is_v4 = inet_pton(AF_INET, text, v4) == 1;
    if (*is_v4) {
        map_v4(v4, out);
        return 1;
    }
    return inet_pton(AF_INET6, text, out) == 1;
}

const char *hd__address_text_blocked(const struct hd__policy *policy, const char *text, int *is_address) {
    unsigned char bytes[16];
    int is_v4;
    *is_address = parse_address(text, bytes, &is_v4);
    return *is_address ? blocked(policy, bytes) : NULL;
}

/* Bits after the prefix are refused: "10.1.2.3/8" is more likely a mistake than meant as all of 10.0.0.0/8. */
static int has_bits_behind(const struct hd__network *network) {
    for (unsigned bit = network->prefix; bit < 128; bit++)
        if (network->bytes[bit / 8] & 0x80 >> bit % 8)
            return 1;
    return 0;
}

int hd__network_parse(const char *cidr, struct hd__network *network) {
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(cidr, '/');
    if (!slash || (size_t)(slash - cidr) >= sizeof address)
        return HD_E_NETWORK;
    memcpy(address, cidr, (size_t)(slash - cidr));
    address[slash - cidr] = '\0';
    size_t digits = strspn(slash + 1, "0123456789");
    if (digits < 1 || digits > 3 || slash[1 + digits] != '\0' || (slash[1] == '0' && digits > 1))
        return HD_E_NETWORK;
    unsigned prefix = (unsigned)strtoul(slash + 1, NULL, 10);
    struct hd__network parsed;
    int is_v4;
    if (!parse_address(address, parsed.bytes, &is_v4) || prefix > (is_v4 ? 32u : 128u))
        return HD_E_NETWORK;
    parsed.prefix = is_v4 ? V4_PREFIX(prefix) : prefix;
    if (has_bits_behind(&parsed))
        return HD_E_NETWORK;
    *network = parsed;
    return HD_OK;
}
