/* An HTTP request that came in, as a server hands it over. */
#include "helmdesk.h"

#include "base/buffer.h"
#include "base/text.h"
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#define METHOD_MAX 16
#define TARGET_MAX 8192
#define HEADERS_MAX 200
#define HEADER_BYTES_MAX 65536
#define HEADERS_STEP 16

/* Memory that a reset keeps: consecutive requests are similar in size, and large ones are rare. */
#define BODY_KEPT 65536
#define HEADER_KEPT 1024

struct header {
    struct hd__buffer text; /* the name, a NUL, the value */
    size_t value_at;
};

struct hd_request {
    int status; /* of the first call that failed */
    struct hd__buffer method, target, body;
    struct header *headers; /* after the first `count`, up to `made`, memory of earlier requests */
    size_t count, made;
    size_t bytes; /* of names and values */
};

/* ---- Life ---- */

int hd_request_new(hd_request **request) {
    if (!request)
        return HD_E_INVALID;
    *request = calloc(1, sizeof **request);
    return *request ? HD_OK : HD_E_NO_MEMORY;
}

void hd_request_free(hd_request *request) {
    if (!request)
        return;
    for (size_t i = 0; i < request->made; i++)
        hd__buffer_free(&request->headers[i].text);
    free(request->headers);
    hd__buffer_free(&request->method);
    hd__buffer_free(&request->target);
    hd__buffer_free(&request->body);
    free(request);
}

void hd_request_reset(hd_request *request) {
    if (!request)
        return;
    for (size_t i = 0; i < request->count; i++)
        hd__buffer_clear(&request->headers[i].text, HEADER_KEPT);
    hd__buffer_clear(&request->method, METHOD_MAX + 1);
    hd__buffer_clear(&request->target, TARGET_MAX + 1);
    hd__buffer_clear(&request->body, BODY_KEPT);
    request->count = request->bytes = 0;
    request->status = HD_OK;
}

/* ---- Setters ---- */

static int note(hd_request *request, int status) {
    return request->status = status;
}

static size_t length_of(const char *text, size_t len) {
    return text && len == HD_TEXT_NUL ? strlen(text) : len;
}

/* Nothing that ends a line or a C string. */
static int is_on_one_line(const char *text, size_t len) {
    return !memchr(text, '\0', len) && !memchr(text, '\r', len) && !memchr(text, '\n', len);
}

static int set(struct hd__buffer *buffer, const char *text, size_t len) {
    hd__buffer_renew(buffer, len);
    hd__buffer_append(buffer, text, len);
    return buffer->failed ? HD_E_NO_MEMORY : HD_OK;
}

int hd_request_set_method(hd_request *request, const char *method, size_t method_len) {
    if (!request || request->status != HD_OK)
        return hd_request_status(request);
    size_t len = length_of(method, method_len);
    if (!method || len > METHOD_MAX || len == 0 || !hd__is_ident(method, len))
        return note(request, HD_E_INVALID);
    return note(request, set(&request->method, method, len));
}

int hd_request_set_target(hd_request *request, const char *target, size_t target_len) {
    if (!request || request->status != HD_OK)
        return hd_request_status(request);
    size_t len = length_of(target, target_len);
    if (!target || len < 1 || len > TARGET_MAX || !is_on_one_line(target, len))
        return note(request, HD_E_INVALID);
    return note(request, set(&request->target, target, len));
}

/* A place for one more header; NULL without memory. */
static struct header *place(hd_request *request) {
    if (request->count == request->made) {
        struct header *grown = realloc(request->headers, (request->made + HEADERS_STEP) * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + request->made, 0, HEADERS_STEP * sizeof *grown);
        request->headers = grown;
        request->made += HEADERS_STEP;
    }
    return &request->headers[request->count];
}

static int add_header(hd_request *request, const char *name, size_t name_len, const char *value, size_t value_len) {
    hd__trim_blanks(&value, &value_len);
    if (request->count == HEADERS_MAX || name_len > HEADER_BYTES_MAX || value_len > HEADER_BYTES_MAX ||
        name_len + value_len > HEADER_BYTES_MAX - request->bytes)
        return HD_E_LIMIT;
    if (name_len == 0 || !hd__is_ident(name, name_len) || !is_on_one_line(value, value_len))
        return HD_E_HEADER;
    struct header *header = place(request);
    if (!header)
        return HD_E_NO_MEMORY;
    hd__buffer_renew(&header->text, name_len + 1 + value_len);
    hd__buffer_append(&header->text, name, name_len);
    hd__buffer_append(&header->text, "", 1);
    hd__buffer_append(&header->text, value, value_len);
    if (header->text.failed)
        return HD_E_NO_MEMORY;
    header->value_at = name_len + 1;
    request->bytes += name_len + value_len;
    request->count++;
    return HD_OK;
}

int hd_request_add_header(hd_request *request, const char *name, size_t name_len, const char *value, size_t value_len) {
    if (!request || request->status != HD_OK)
        return hd_request_status(request);
    if (!name || (!value && value_len))
        return note(request, HD_E_INVALID);
    return note(request,
                add_header(request, name, length_of(name, name_len), value ? value : "", length_of(value, value_len)));
}

int hd_request_add_body(hd_request *request, const void *bytes, size_t bytes_len) {
    if (!request || request->status != HD_OK)
        return hd_request_status(request);
    if (!bytes && bytes_len)
        return note(request, HD_E_INVALID);
    if (bytes_len > HD__EVENT_BODY_MAX - request->body.len)
        return note(request, HD_E_TOO_LARGE);
    hd__buffer_append(&request->body, bytes, bytes_len);
    return note(request, request->body.failed ? HD_E_NO_MEMORY : HD_OK);
}

/* ---- Getters ---- */

int hd_request_status(const hd_request *request) {
    return request ? request->status : HD_E_INVALID;
}

static const char *text_of(const struct hd__buffer *buffer) {
    return buffer->len > 0 ? buffer->data : NULL;
}

const char *hd_request_method(const hd_request *request) {
    return request ? text_of(&request->method) : NULL;
}

const char *hd_request_target(const hd_request *request) {
    return request ? text_of(&request->target) : NULL;
}

const char *hd_request_header(const hd_request *request, const char *name, size_t index) {
    size_t value_at = name ? strlen(name) + 1 : 0;
    for (size_t i = 0; request && name && i < request->count; i++) {
        const struct header *header = &request->headers[i];
        if (header->value_at == value_at && hd__equal_nocase(header->text.data, name) && index-- == 0)
            return header->text.data + value_at;
    }
    return NULL;
}

const char *hd_request_body(const hd_request *request, size_t *length) {
    if (length)
        *length = request ? request->body.len : 0;
    return !request ? NULL : request->body.len > 0 ? request->body.data : "";
}
