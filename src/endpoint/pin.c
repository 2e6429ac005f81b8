#include "endpoint/pin.h"

#include "base/text.h"
#include "helmdesk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Copies the address as libcurl wants to read it. */
static int take_address(const char *address, char out[HD__PIN_ADDRESS_SIZE]) {
    unsigned char bytes[16];
    int is_v4 = inet_pton(AF_INET, address, bytes) == 1, is_v6 = !is_v4 && inet_pton(AF_INET6, address, bytes) == 1;
    if (!is_v4 && !is_v6)
        return 0;
    const char *open = is_v6 ? "[" : "", *close = is_v6 ? "]" : "";
    return snprintf(out, HD__PIN_ADDRESS_SIZE, "%s%s%s", open, address, close) < HD__PIN_ADDRESS_SIZE;
}

/* Without what means something where libcurl reads such lines (CURLOPT_RESOLVE). */
static int is_host(const char *host) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(host);
    return length > 0 && length < HD__PIN_HOST_SIZE && strspn(host, allowed) == length;
}

int hd__pins_add(struct hd__pins *pins, const char *host, uint16_t port, const char *address) {
    if (!is_host(host))
        return HD_E_URL_HOST;
    if (pins->count == HD__PINS_MAX)
        return HD_E_LIMIT;
    if (!take_address(address, pins->items[pins->count].address))
        return HD_E_ADDRESS;
    struct hd__pin *pin = &pins->items[pins->count++];
    strcpy(pin->host, host);
    pin->port = port;
    return HD_OK;
}

const char *hd__pins_find(const struct hd__pins *pins, const char *host, uint16_t port) {
    for (size_t i = 0; i < pins->count; i++) {
        const struct hd__pin *pin = &pins->items[i];
        if (hd__equal_nocase(pin->host, host) && (pin->port == 0 || pin->port == port))
            return pin->address;
    }
    return NULL;
}
