#include "dashboard/message.h"

#include "base/text.h"
#include "dashboard/stream.h"

#include <stdlib.h>
#include <string.h>

/* ---- The request ---- */

int hd_dashboard_request_new(const char *method, const char *target, hd_dashboard_request **request) {
    if (!request)
        return HD_E_INVALID;
    *request = NULL;
    if (!method || !*method || strlen(method) > 16 || !target || *target != '/' || strlen(target) > HD__TARGET_MAX)
        return HD_E_INVALID;
    hd_dashboard_request *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->method = strdup(method);
    made->target = strdup(target);
    if (!made->method || !made->target) {
        hd_dashboard_request_free(made);
        return HD_E_NO_MEMORY;
    }
    *request = made;
    return HD_OK;
}

static void free_header(struct hd__dash_header *header) {
    free(header->name);
    free(header->value);
}

void hd_dashboard_request_free(hd_dashboard_request *request) {
    if (!request)
        return;
    for (size_t i = 0; i < request->header_count; i++)
        free_header(&request->headers[i]);
    free(request->headers);
    free(request->method);
    free(request->target);
    free(request);
}

int hd_dashboard_request_add_header(hd_dashboard_request *request, const char *name, const char *value) {
    if (!request || !name || !value)
        return HD_E_INVALID;
    if (request->header_count == HD__REQUEST_HEADERS_MAX)
        return HD_E_HEADER;
    struct hd__dash_header *grown = realloc(request->headers, (request->header_count + 1) * sizeof *grown);
    if (!grown)
        return HD_E_NO_MEMORY;
    request->headers = grown;
    struct hd__dash_header header = {strdup(name), strdup(value)};
    if (!header.name || !header.value) {
        free_header(&header);
        return HD_E_NO_MEMORY;
    }
    grown[request->header_count++] = header;
    return HD_OK;
}

int hd_dashboard_request_set_body(hd_dashboard_request *request, const void *body, size_t body_len) {
    if (!request || (!body && body_len))
        return HD_E_INVALID;
    request->body = body;
    request->body_len = body_len;
    return HD_OK;
}

int hd_dashboard_request_set_user(hd_dashboard_request *request, const char *name, int role) {
    if (!request || !name || strlen(name) >= HD__USER_SIZE || role < HD_ROLE_NONE || role > HD_ROLE_ADMIN)
        return HD_E_INVALID;
    strcpy(request->user, name);
    request->role = role;
    return HD_OK;
}

const char *hd__dash_header(const hd_dashboard_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (hd__equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

size_t hd__dash_header_count(const hd_dashboard_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += hd__equal_nocase(request->headers[i].name, name) ? 1 : 0;
    return count;
}

/* ---- The response ---- */

void hd__dash_set_header(hd_dashboard_response *response, const char *name, const char *value) {
    struct hd__dash_header header = {strdup(name), strdup(value)};
    if (!header.name || !header.value || response->header_count == HD__RESPONSE_HEADERS_MAX) {
        free_header(&header);
        response->failed = 1;
        return;
    }
    response->headers[response->header_count++] = header;
}

void hd__dash_set_body(hd_dashboard_response *response, int status, const char *type, const void *body, size_t length) {
    free(response->body);
    response->body_len = 0;
    response->status = status;
    response->body = malloc(length + 1);
    if (!response->body) {
        response->failed = 1;
        return;
    }
    if (length > 0)
        memcpy(response->body, body, length);
    response->body[length] = '\0';
    response->body_len = length;
    hd__dash_set_header(response, "Content-Type", type);
}

void hd_dashboard_response_free(hd_dashboard_response *response) {
    if (!response)
        return;
    for (size_t i = 0; i < response->header_count; i++)
        free_header(&response->headers[i]);
    free(response->body);
    hd__dash_stream_free(response->stream);
    free(response);
}

int hd_dashboard_response_status(const hd_dashboard_response *response) {
    return response ? response->status : 0;
}

size_t hd_dashboard_response_header_count(const hd_dashboard_response *response) {
    return response ? response->header_count : 0;
}

const char *hd_dashboard_response_header_name(const hd_dashboard_response *response, size_t index) {
    return response && index < response->header_count ? response->headers[index].name : NULL;
}

const char *hd_dashboard_response_header_value(const hd_dashboard_response *response, size_t index) {
    return response && index < response->header_count ? response->headers[index].value : NULL;
}

const char *hd_dashboard_response_body(const hd_dashboard_response *response, size_t *length) {
    if (length)
        *length = response ? response->body_len : 0;
    return !response ? NULL : response->body ? response->body : "";
}

int hd_dashboard_response_is_stream(const hd_dashboard_response *response) {
    return response && response->stream;
}

int hd_dashboard_response_next(hd_dashboard_response *response, uint32_t timeout_ms, const char **data,
                               size_t *length) {
    if (!response || !data || !length)
        return HD_E_INVALID;
    return response->stream ? hd__dash_stream_next(response->stream, timeout_ms, data, length) : HD_E_INVALID;
}
