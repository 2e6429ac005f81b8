/* A request and its response, as they pass the door. */
#ifndef HD_DASHBOARD_MESSAGE_H
#define HD_DASHBOARD_MESSAGE_H

#include "helmdesk/dashboard.h"

#define HD__TARGET_MAX 8192
#define HD__REQUEST_HEADERS_MAX 200
#define HD__RESPONSE_HEADERS_MAX 24
#define HD__BODY_MAX 262144
#define HD__USER_SIZE 129

struct hd__dash_header {
    char *name, *value;
};

struct hd_dashboard_request {
    char *method, *target;
    struct hd__dash_header *headers;
    size_t header_count;
    const char *body; /* the program's */
    size_t body_len;
    char user[HD__USER_SIZE];
    int role;
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

/* The value of the first header of this name; NULL for none. And how many there are. */
const char *hd__dash_header(const hd_dashboard_request *request, const char *name);
size_t hd__dash_header_count(const hd_dashboard_request *request, const char *name);

/* Adds a header of the response. */
void hd__dash_set_header(hd_dashboard_response *response, const char *name, const char *value);

/* Sets status, type and body, which is copied. */
void hd__dash_set_body(hd_dashboard_response *response, int status, const char *type, const void *body, size_t length);

#endif
