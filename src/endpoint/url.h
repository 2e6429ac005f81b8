/* Which URLs may be saved. There is one parser, libcurl's own, so that what is checked is what is requested; only what
 * their hosts are is decided in host.h, and where a request really goes in address.h. */
#ifndef HD_ENDPOINT_URL_H
#define HD_ENDPOINT_URL_H

#include "endpoint/address.h"

/* Whether a URL is one that a webhook may have at all. Returns HD_OK or the HD_E_URL... that says what is wrong. */
int hd__url_check(const char *url);

/* Whether this client may use a URL that hd__url_check found good. Returns HD_OK or HD_E_URL_... */
int hd__url_allowed(const char *url, const struct hd__policy *policy);

/* A good URL in parts, libcurl's CURLU, which nobody changes: any number of threads may read it at once. NULL without
 * memory. */
void *hd__url_parse(const char *url);
void hd__url_free(void *parsed);

/* The host name that a parsed URL asks for, NULL if it holds an address instead, and the port. Returns HD_OK or
 * HD_E_NO_MEMORY. free() the name. */
int hd__url_target(void *parsed, char **name, uint16_t *port);

/* What a request for a parsed URL names: path and query, which may be a secret, and host and port as the header Host
 * has them. Returns HD_OK or HD_E_NO_MEMORY. Free the target with hd__free_key() and the authority with free(). */
int hd__url_request(void *parsed, char **target, char **authority);

/* Scheme, host and port, and the last 4 characters of a long rest; NULL without memory. free() it. */
char *hd__url_mask(const char *url);

/* The part of a masked URL that stands for path and query: it points into the text. */
const char *hd__url_masked_target(const char *masked_url);

#endif
