#include "cli/request.h"

#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADERS_MAX 200

/* ---- Reading ---- */

/* A line without its end; goes on behind it. 0 if there is none. */
static int next_line(const char **at, const char *end, const char **line, size_t *length) {
    const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (!stop)
        return 0;
    *line = *at;
    *length = (size_t)(stop - *at);
    if (*length > 0 && stop[-1] == '\r')
        (*length)--;
    *at = stop + 1;
    return 1;
}

/* "POST /hooks HTTP/1.1" */
static int read_first_line(struct request *request, const char *line, size_t length) {
    const char *space = memchr(line, ' ', length);
    if (!space)
        return 0;
    const char *target = space + 1, *end = line + length, *stop = memchr(target, ' ', (size_t)(end - target));
    if (!stop || end - stop < 6 || memcmp(stop + 1, "HTTP/", 5) != 0)
        return 0;
    request->method = strndup(line, (size_t)(space - line));
    request->target = strndup(target, (size_t)(stop - target));
    return request->method && request->target;
}

int cli_request_add(struct request *request, const char *name, size_t name_len, const char *value, size_t value_len) {
    struct request_header *grown = request->header_count < HEADERS_MAX
                                       ? realloc(request->headers, (request->header_count + 1) * sizeof *grown)
                                       : NULL;
    if (!grown)
        return 0;
    request->headers = grown;
    struct request_header *header = &grown[request->header_count++];
    *header = (struct request_header){strndup(name, name_len), strndup(value, value_len)};
    return header->name && header->value;
}

static int is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static int read_header_line(struct request *request, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if (!colon || colon == line)
        return 0;
    const char *value = colon + 1, *end = line + length;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    return cli_request_add(request, line, (size_t)(colon - line), value, (size_t)(end - value));
}

/* What is cut off at the end of the file is no request; what follows the body is none of it. */
static int read_body(struct request *request, const char *at, const char *end, const char *name) {
    const char *given = cli_request_header(request, "Content-Length");
    size_t left = (size_t)(end - at), length = left;
    if (given) {
        char *stop;
        errno = 0;
        unsigned long long value = strtoull(given, &stop, 10);
        if (errno != 0 || stop == given || *stop || value > left)
            return cli_fail(CLI_USAGE, "%s: Content-Length is %s, and %zu bytes follow", name, given, left);
        length = (size_t)value;
    }
    request->body.data = malloc(length + 1);
    if (!request->body.data)
        return cli_no_memory();
    memcpy(request->body.data, at, length);
    request->body.data[length] = '\0';
    request->body.len = length;
    return CLI_OK;
}

static int refuse(const char *name) {
    cli_error("%s is no HTTP request", name);
    cli_hint("It begins with a line such as 'POST /hooks HTTP/1.1', then headers, a blank line and the body.");
    return CLI_USAGE;
}

int cli_request_parse(const struct bytes *file, const char *name, struct request *request) {
    const char *at = file->data, *end = at + file->len, *line;
    size_t length;
    *request = (struct request){0};
    if (memchr(file->data, '\0', file->len) && strlen(file->data) < 16) /* no text at all */
        return refuse(name);
    if (!next_line(&at, end, &line, &length) || !read_first_line(request, line, length))
        return refuse(name);
    while (next_line(&at, end, &line, &length)) {
        if (length == 0)
            return read_body(request, at, end, name);
        if (!read_header_line(request, line, length))
            return refuse(name);
    }
    return refuse(name);
}

void cli_request_free(struct request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    free(request->headers);
    free(request->method);
    free(request->target);
    cli_bytes_free(&request->body);
    *request = (struct request){0};
}

const char *cli_request_header(const struct request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

/* ---- Writing ---- */

static int write_to(const struct request *request, const char *received_at, FILE *file) {
    fprintf(file, "%s %s HTTP/1.1\r\n", request->method, request->target);
    for (size_t i = 0; i < request->header_count; i++)
        fprintf(file, "%s: %s\r\n", request->headers[i].name, request->headers[i].value);
    fprintf(file, "%s: %s\r\n\r\n", REQUEST_RECEIVED_AT, received_at);
    return fwrite(request->body.data ? request->body.data : "", 1, request->body.len, file) == request->body.len;
}

int cli_request_save(const struct request *request, const char *received_at, const char *path) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!file) {
        int code = cli_fail_file(path, "make");
        if (descriptor >= 0)
            close(descriptor);
        return code;
    }
    int is_written = write_to(request, received_at, file);
    is_written &= fclose(file) == 0;
    return is_written ? CLI_OK : cli_fail_file(path, "write");
}
