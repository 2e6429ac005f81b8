#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *http_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

size_t http_header_count(const struct http_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

int http_is_path(const struct http_request *request, const char *path) {
    size_t length = strcspn(request->target, "?");
    return strlen(path) == length && memcmp(path, request->target, length) == 0;
}

int http_is_read(const struct http_request *request) {
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* ---- Forms ---- */

static int digit(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter = (char)(letter | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Decodes "%41" at the place. Returns 0 for what is none, and for a NUL, which would end the text too early. */
static int decode_hex(const char *place, const char *end, char *byte) {
    int high = end - place > 2 ? digit(place[1]) : -1, low = high < 0 ? -1 : digit(place[2]);
    *byte = (char)(high * 16 + low);
    return low >= 0 && *byte != '\0';
}

static char *decode(const char *from, const char *end) {
    char *text = malloc((size_t)(end - from) + 1), *to = text;
    for (; text != NULL && from < end; from++, to++) {
        *to = *from == '+' ? ' ' : *from;
        if (*from == '%' && decode_hex(from, end, to)) {
            from += 2;
        } else if (*from == '%' || *from == '\0') {
            free(text);
            return NULL;
        }
    }
    if (text != NULL)
        *to = '\0';
    return text;
}

char *http_form_value(const struct http_request *request, const char *name) {
    const char *place = request->body.data, *end = place ? place + request->body.length : NULL;
    size_t length = strlen(name);
    while (place < end) {
        const char *next = memchr(place, '&', (size_t)(end - place));
        const char *field_end = next ? next : end;
        if ((size_t)(field_end - place) > length && memcmp(place, name, length) == 0 && place[length] == '=')
            return decode(place + length + 1, field_end);
        place = next ? next + 1 : end;
    }
    return NULL;
}
