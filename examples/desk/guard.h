/* Checks each request before it is handled: the rules of the dashboard, for the pages beside it. */
#ifndef DESK_GUARD_H
#define DESK_GUARD_H

#include "http.h"

#define GUARD_HOSTS_MAX 16

struct guard {
    const char *hosts[GUARD_HOSTS_MAX]; /* without ports, beside this machine's own names */
    size_t host_count;
};

/* Whether two servers in a row could read the request in two ways (request smuggling). libmicrohttpd up to 1.0.3 takes
 * such requests. */
int guard_is_ambiguous(const struct http_request *request);

/* Whether the request is made to a name that this server goes by. Any other one was made to lead here (DNS rebinding).
 */
int guard_knows_host(const struct guard *guard, const struct http_request *request);

/* Whether another site made a browser send it (request forgery). */
int guard_is_cross_site(const struct http_request *request);

/* What browsers are told with each page: pairs of name and value, closed by NULL. */
extern const char *const guard_headers[][2];

#endif
