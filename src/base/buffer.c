#include "base/buffer.h"

#include "helmdesk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct hd__buffer *buffer, size_t wanted) {
    size_t size = buffer->size ? buffer->size : 256;
    while (size < wanted)
        size *= 2;
    char *data = realloc(buffer->data, size);
    if (!data)
        return 0;
    buffer->data = data;
    buffer->size = size;
    return 1;
}

void hd__buffer_append(struct hd__buffer *buffer, const void *data, size_t len) {
    if (buffer->failed)
        return;
    if (len > SIZE_MAX / 4 - buffer->len ||
        (buffer->len + len + 1 > buffer->size && !grow(buffer, buffer->len + len + 1))) {
        buffer->failed = 1;
        return;
    }
    if (len)
        memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
}

void hd__buffer_reserve(struct hd__buffer *buffer, size_t len) {
    if (!buffer->failed && len >= buffer->size && !grow(buffer, len + 1))
        buffer->failed = 1;
}

void hd__buffer_text(struct hd__buffer *buffer, const char *text) {
    hd__buffer_append(buffer, text, strlen(text));
}

void hd__buffer_renew(struct hd__buffer *buffer, size_t len) {
    if (len >= buffer->size) {
        free(buffer->data);
        buffer->data = malloc(len + 1);
        buffer->size = buffer->data ? len + 1 : 0;
    }
    buffer->len = 0;
    buffer->failed = buffer->data == NULL;
}

void hd__buffer_trim(struct hd__buffer *buffer) {
    char *data = buffer->len > 0 ? realloc(buffer->data, buffer->len + 1) : NULL;
    if (!data)
        return;
    buffer->data = data;
    buffer->size = buffer->len + 1;
}

void hd__buffer_clear(struct hd__buffer *buffer, size_t kept) {
    if (buffer->size > kept)
        hd__buffer_free(buffer);
    buffer->len = 0;
    buffer->failed = 0;
}

int hd__buffer_copy_out(const struct hd__buffer *buffer, char *buf, size_t size, size_t *length) {
    if (buffer->failed)
        return HD_E_NO_MEMORY;
    if (length)
        *length = buffer->len;
    if (size <= buffer->len)
        return HD_E_BUFFER;
    memcpy(buf, buffer->data, buffer->len + 1);
    return HD_OK;
}

void hd__buffer_free(struct hd__buffer *buffer) {
    free(buffer->data);
    *buffer = (struct hd__buffer){0};
}
