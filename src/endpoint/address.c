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

/* Never reached, whatever the program allows: link-local, and where clouds keep their machines' credentials. */
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

/* The only IPv6 range that is given out as public unicast; all others are special or not assigned. */
static const struct hd__network public_v6 = {{0x20}, 3};

static int contains(const struct hd__network *network, const unsigned char address[16]) {
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

/* The IPv4 address that a translator would make of an IPv6 one (NAT64, RFC 6052; 6to4, RFC 3056); NULL if none would.
 */
static const unsigned char *translated(const unsigned char address[16]) {
    static const struct hd__network nat64 = {{0x00, 0x64, 0xFF, 0x9B}, 96}, six_to_four = {{0x20, 0x02}, 16};
    return contains(&nat64, address) ? address + 12 : contains(&six_to_four, address) ? address + 2 : NULL;
}

static void map_v4(const void *address, unsigned char out[16]) {
    memcpy(out, all_v4.bytes, 12);
    memcpy(out + 12, address, 4);
}

static const char *blocked(const struct hd__policy *policy, const unsigned char address[16]) {
    const unsigned char *inner = translated(address);
    if (inner) { /* allowing the translator does not allow what is behind it */
        unsigned char mapped[16];
        map_v4(inner, mapped);
        const char *inner_rule = blocked(policy, mapped);
        if (inner_rule)
            return inner_rule;
    }
    const char *rule = find(never, sizeof never / sizeof never[0], address);
    if (rule)
        return rule;
    for (size_t i = 0; i < policy->allowed_count; i++)
        if (contains(&policy->allowed[i], address))
            return NULL;
    if (!contains(&all_v4, address) && !contains(&public_v6, address))
        return "not public, outside 2000::/3";
    return find(special, sizeof special / sizeof special[0], address);
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

/* Bits behind the prefix are refused: "10.1.2.3/8" is more likely a slip than a wish for all of 10.0.0.0/8. */
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
