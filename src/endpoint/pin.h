/* Addresses that the program names for hosts, in the place of a name lookup. */
#ifndef HD_ENDPOINT_PIN_H
#define HD_ENDPOINT_PIN_H

#include <stddef.h>
#include <stdint.h>

#define HD__PINS_MAX 32
#define HD__PIN_HOST_SIZE 254   /* the longest name, and a NUL */
#define HD__PIN_ADDRESS_SIZE 48 /* the longest IPv6 address in brackets, and a NUL */

struct hd__pin {
    char host[HD__PIN_HOST_SIZE];
    uint16_t port; /* 0 for any */
    char address[HD__PIN_ADDRESS_SIZE];
};

struct hd__pins {
    struct hd__pin items[HD__PINS_MAX];
    size_t count;
};

/* Adds one: an IPv4 or IPv6 address, this without brackets. Returns HD_OK, HD_E_URL_HOST, or HD_E_NETWORK for what is
 * no address and where there are HD__PINS_MAX already. */
int hd__pins_add(struct hd__pins *pins, const char *host, uint16_t port, const char *address);

/* The address for this host and port, IPv6 in brackets; NULL if none was named. */
const char *hd__pins_find(const struct hd__pins *pins, const char *host, uint16_t port);

#endif
