/* Decides whether the host of a URL is a name, an address, or neither, since versions of libcurl read numbers
 * differently. */
#ifndef HD_ENDPOINT_HOST_H
#define HD_ENDPOINT_HOST_H

#include <stddef.h>

#define HD__DOTTED_SIZE 16 /* "255.255.255.255" and a NUL */

/* Checks a host as it is written in a URL: percent-encoded, or an IPv6 address in brackets. Returns HD_OK or
 * HD_E_URL_HOST. */
int hd__host_check(const char *text, size_t length);

/* Reads an IPv4 address in any notation of the WHATWG's URL standard: one to four numbers, each decimal, octal or
 * hexadecimal. Returns whether it is one, and writes it in four decimal numbers. */
int hd__host_dotted(const char *host, char dotted[HD__DOTTED_SIZE]);

/* RFC 6761 6.3: such names are this machine, and no name server is asked for them. */
int hd__host_is_localhost(const char *host);

#endif
