/* The response to a request. */
#ifndef HD_DASHBOARD_MESSAGE_H
#define HD_DASHBOARD_MESSAGE_H

#include "helmdesk/dashboard.h"

#define HD__RESPONSE_HEADERS_MAX 24

struct hd__dash_header {
    char *name, *value;
};

struct hd__dash_stream; /* see stream.h */

struct hd_dashboard_response {
    int status;
    struct hd__dash_header headers[HD__RESPONSE_HEADERS_MAX];
    size_t header_count;
    char *body;
    size_t body_len;
    struct hd__dash_stream *stream; /* NULL for none */
    int failed;                     /* memory */
};

/* Adds a header of the response. */
void hd__dash_set_header(hd_dashboard_response *response, const char *name, const char *value);

/* Sets status, type and body, which is copied. */
void hd__dash_set_body(hd_dashboard_response *response, int status, const char *type, const void *body, size_t length);

#endif
