/* Which URLs may be saved. There is one parser, libcurl's own, so that what is checked is what is requested; only what
 * their hosts are is decided in host.h, and where a request really goes in address.h. */
#ifndef HD_ENDPOINT_URL_H
#define HD_ENDPOINT_URL_H

#include "endpoint/address.h"

/* Whether a URL is one that a webhook may have at all. Returns HD_OK or the HD_E_URL... that says what is wrong. */
int hd__url_check(const char *url);

/* Whether this client may use a URL that hd__url_check found good. Returns HD_OK or HD_E_URL_... */
int hd__url_allowed(const char *url, const struct hd__policy *policy);

/* The parts of a URL that a request needs. */
struct hd__url_parts {
    int uses_tls;
    char *host; /* the name to look up; NULL if the URL holds an address instead */
    uint16_t port;
    char *target;    /* path and query, which may be a secret */
    char *authority; /* host and port as the header Host has them */
};

/* The parts of a URL that hd__url_check found good. HD_OK or HD_E_NO_MEMORY, with nothing to free. */
int hd__url_split(const char *url, struct hd__url_parts *parts);
void hd__url_parts_free(struct hd__url_parts *parts);

/* NULL if the policy lets deliveries go to the address that the URL holds, or that localhost is; else the rule that
 * forbids it. All other names are allowed here: their addresses are checked later. */
const char *hd__url_parts_blocked(const struct hd__url_parts *parts, const struct hd__policy *policy);

/* Scheme, host and port, and the last 4 characters of a long rest; NULL without memory. free() it. */
char *hd__url_mask(const char *url);

/* The part of a masked URL that replaces path and query: it points into the text. */
const char *hd__url_masked_target(const char *masked_url);

#endif
