/* A request as it came, whole, and what is answered to it. */
#ifndef DESK_HTTP_H
#define DESK_HTTP_H

#include "text.h"

#include <helmdesk/dashboard.h>

/* More than that, the dashboard does not take either. */
#define HTTP_BODY_MAX ((size_t)262144)
#define HTTP_HEADERS_MAX 100

struct http_header {
    char *name, *value;
};

struct http_request {
    char *method;
    char *target; /* path and query, as they are in the request */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct text body;
};

struct http_answer {
    int status;
    const char *type; /* static */
    struct text body;
    char location[64]; /* "" for no such header */
    char cookie[256];
    hd_dashboard_response *dashboard; /* if it is there, this is the answer, and nothing of the above */
};

/* The first header of that name; NULL if there is none. */
const char *http_header(const struct http_request *request, const char *name);

size_t http_header_count(const struct http_request *request, const char *name);

/* Whether the request's path, without its query, is this one. */
int http_is_path(const struct http_request *request, const char *path);

int http_is_read(const struct http_request *request);

/* The decoded value of a field of a form (application/x-www-form-urlencoded), to be freed. NULL if it is missing,
 * malformed, or has a NUL in it; or if memory ran out. */
char *http_form_value(const struct http_request *request, const char *name);

#endif
