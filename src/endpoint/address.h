/* Which socket addresses deliveries may reach. The check is made on the address that is about to be connected to, since
 * names, redirects and numerals can all be made to mean something else than they seem to. */
#ifndef HD_ENDPOINT_ADDRESS_H
#define HD_ENDPOINT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* An IPv6 network; an IPv4 one is stored as ::ffff:a.b.c.d, so that one comparison works for both. */
struct hd__network {
    unsigned char bytes[16];
    unsigned prefix; /* bits */
};

#define HD__NETWORKS_MAX 64

struct hd__ports {
    uint16_t first, last;
};

#define HD__PORTS_MAX 32

/* What the program allows beyond https to port 443 of public addresses. */
struct hd__policy {
    int http;
    struct hd__network allowed[HD__NETWORKS_MAX];
    size_t allowed_count;
    struct hd__ports ports[HD__PORTS_MAX];
    size_t ports_count;
};

/* Reads "10.0.0.0/8" or "fd00::/8". Returns HD_OK or HD_E_NETWORK. */
int hd__network_parse(const char *cidr, struct hd__network *network);

/* NULL if the policy lets deliveries go to this address; else a word and the network that forbids it. */
const char *hd__address_blocked(const struct hd__policy *policy, const struct sockaddr *address);

/* The same for an address in text form, without brackets. *is_address tells whether it is one at all. */
const char *hd__address_text_blocked(const struct hd__policy *policy, const char *text, int *is_address);

#endif
