/* The proxy that a program names for all connections. */
#ifndef HD_ENDPOINT_PROXY_H
#define HD_ENDPOINT_PROXY_H

#include <stdint.h>

struct hd__proxy {
    int uses_tls;          /* between this program and the proxy */
    char *url;             /* "http://host:port", without user name and password */
    const char *authority; /* "host:port": it points into the URL */
    char *host;            /* the name to look up; NULL if the URL holds an address instead */
    uint16_t port;
    char *credentials; /* the header "Proxy-Authorization: Basic ..."; NULL for none */
};

/* Reads "http://user:password@host:port", or https. Returns HD_OK; HD_E_PROXY; HD_E_NO_MEMORY. */
int hd__proxy_parse(const char *url, struct hd__proxy **proxy);

/* A copy of one that is not NULL; NULL without memory. */
struct hd__proxy *hd__proxy_copy(const struct hd__proxy *proxy);

/* NULL does nothing. */
void hd__proxy_free(struct hd__proxy *proxy);

#endif
