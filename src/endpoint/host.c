#include "endpoint/host.h"

#include "base/text.h"
#include "helmdesk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HOST_MAX 253 /* RFC 1035 2.3.4, in text form */
#define LABEL_MAX 63
#define PARTS_MAX 4

/* Whether it is a digit of a number with this base. */
static int is_digit(char c, int base) {
    int digit = hd__hex_digit(c);
    return digit >= 0 && digit < base;
}

/* Reads one number of at most 32 bits. Returns where it ends, NULL if there is none. To the WHATWG "0x" alone is 0, to
 * resolvers it is nothing: it is not taken. */
static const char *read_number(const char *at, uint32_t *number) {
    int base = at[0] != '0' ? 10 : hd__ascii_lower(at[1]) == 'x' ? 16 : 8;
    uint64_t value = 0;
    at += base == 16 ? 2 : 0;
    if (!is_digit(*at, base))
        return NULL;
    for (; is_digit(*at, base); at++) {
        value = value * (unsigned)base + (unsigned)hd__hex_digit(*at);
        if (value > UINT32_MAX)
            return NULL;
    }
    *number = (uint32_t)value;
    return at;
}

/* Returns how many numbers there are, with dots between them; 0 if there is anything else. */
static unsigned read_numbers(const char *host, uint32_t parts[PARTS_MAX]) {
    for (unsigned count = 0; count < PARTS_MAX; host++) {
        host = read_number(host, &parts[count++]);
        if (!host || (*host != '.' && *host != '\0'))
            return 0;
        if (*host == '\0')
            return count;
    }
    return 0;
}

int hd__host_dotted(const char *host, char dotted[HD__DOTTED_SIZE]) {
    uint32_t parts[PARTS_MAX], address = 0;
    unsigned count = read_numbers(host, parts);
    if (count == 0 || parts[count - 1] > UINT32_MAX >> 8 * (count - 1)) /* the last one fills what is left */
        return 0;
    for (unsigned i = 0; i + 1 < count; i++) {
        if (parts[i] > 255)
            return 0;
        address |= parts[i] << (24 - 8 * i);
    }
    address |= parts[count - 1];
    (void)snprintf(dotted, HD__DOTTED_SIZE, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
                   (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
    return 1;
}

/* Whether resolvers might take the last label for a number: such a host is an address or nothing. */
static int ends_in_number(const char *host) {
    const char *dot = strrchr(host, '.');
    const char *label = dot ? dot + 1 : host;
    if (label[0] == '0' && hd__ascii_lower(label[1]) == 'x')
        return label[2 + strspn(label + 2, "0123456789abcdefABCDEF")] == '\0';
    return label[strspn(label, "0123456789")] == '\0';
}

/* Labels of 1 to 63 letters, digits, hyphens and underscores, with dots between them. */
static int is_name(const char *host) {
    for (;;) {
        size_t label = strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        if (label < 1 || label > LABEL_MAX)
            return 0;
        host += label;
        if (*host == '\0')
            return 1;
        if (*host++ != '.')
            return 0;
    }
}

/* A percent sign without two digits after it stays; it is in no valid name. The same goes for everything but printable
 * ASCII. */
static int decode(const char *text, size_t length, char host[HOST_MAX + 1]) {
    size_t to = 0;
    for (size_t at = 0; at < length; at++) {
        char c = text[at];
        if (c == '%' && length - at > 2 && is_digit(text[at + 1], 16) && is_digit(text[at + 2], 16)) {
            c = (char)(hd__hex_digit(text[at + 1]) << 4 | hd__hex_digit(text[at + 2]));
            at += 2;
        }
        if (c <= ' ' || c > '~' || to == HOST_MAX)
            return 0;
        host[to++] = c;
    }
    host[to] = '\0';
    return 1;
}

/* An IPv6 address in brackets, without a zone. */
static int is_bracketed(const char *text, size_t length) {
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    if (length < 2 || length - 2 >= sizeof address || text[length - 1] != ']')
        return 0;
    memcpy(address, text + 1, length - 2);
    address[length - 2] = '\0';
    return inet_pton(AF_INET6, address, bytes) == 1;
}

int hd__host_check(const char *text, size_t length) {
    char host[HOST_MAX + 1], dotted[HD__DOTTED_SIZE];
    if (length > 0 && text[0] == '[')
        return is_bracketed(text, length) ? HD_OK : HD_E_URL_HOST;
    if (!decode(text, length, host))
        return HD_E_URL_HOST;
    return ends_in_number(host) ? (hd__host_dotted(host, dotted) ? HD_OK : HD_E_URL_HOST)
           : is_name(host)      ? HD_OK
                                : HD_E_URL_HOST;
}

int hd__host_is_localhost(const char *host) {
    size_t len = strlen(host);
    return hd__equal_nocase(host, "localhost") || (len > 10 && hd__equal_nocase(host + len - 10, ".localhost"));
}
