#include "dashboard/message.h"

#include "dashboard/stream.h"
#include "dashboard/text.h"

#include <stdlib.h>
#include <string.h>

static void free_header(struct hd__dash_header *header) {
    free(header->name);
    free(header->value);
}

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
