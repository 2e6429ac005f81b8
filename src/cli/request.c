#include "cli/request.h"

#include "cli/output.h"
#include "cli/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 10000

/* ---- Reading ---- */

/* Takes a line, without its end. Returns 0 if there is none. */
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

static int fail_line(const char *name, size_t number, const char *what) {
    cli_error("%s is no HTTP request: line %zu %s", name, number, what);
    cli_hint("It is a line such as 'POST /hooks HTTP/1.1', then headers, a blank line and the body.");
    return CLI_USAGE;
}

static const char *last_space(const char *line, size_t length) {
    for (const char *at = line + length; at > line; at--)
        if (at[-1] == ' ')
            return at - 1;
    return NULL;
}

/* "POST /hooks HTTP/1.1". A target from elsewhere may have spaces, though it should not. */
static int read_first_line(struct request *request, const char *line, size_t length, const char *name) {
    const char *first = memchr(line, ' ', length), *last = last_space(line, length);
    if (!first || first == line || last == first || line + length - last < 6 || memcmp(last + 1, "HTTP/", 5) != 0 ||
        memchr(line, '\0', length))
        return fail_line(name, 1, "is no request line");
    request->method = strndup(line, (size_t)(first - line));
    request->target = strndup(first + 1, (size_t)(last - first - 1));
    return request->method && request->target ? CLI_OK : cli_no_memory();
}

static int is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

/* The blanks around a value are not part of it (RFC 9110 section 5.5). */
int cli_request_add(struct request *request, const char *name, size_t name_len, const char *value, size_t value_len) {
    struct request_header *grown = request->header_count < HEADERS_MAX
                                       ? realloc(request->headers, (request->header_count + 1) * sizeof *grown)
                                       : NULL;
    if (!grown)
        return 0;
    for (; value_len > 0 && is_blank(*value); value_len--)
        value++;
    while (value_len > 0 && is_blank(value[value_len - 1]))
        value_len--;
    request->headers = grown;
    struct request_header *header = &grown[request->header_count++];
    *header = (struct request_header){strndup(name, name_len), strndup(value, value_len)};
    return header->name && header->value;
}

static int read_header_line(struct request *request, const char *line, size_t length, const char *name, size_t number) {
    const char *colon = memchr(line, ':', length);
    if (!colon || colon == line || is_blank(*line))
        return fail_line(name, number, "is no header, which is a name, a colon and a value");
    if (memchr(line, '\0', length) || memchr(line, '\r', length))
        return fail_line(name, number, "has a control character in it");
    const char *value = colon + 1;
    return cli_request_add(request, line, (size_t)(colon - line), value, (size_t)(line + length - value))
               ? CLI_OK
               : cli_no_memory();
}

/* How long the body is: what is cut off at the end of the file is no request; what follows the body is none of it. */
static int read_length(const struct request *request, const char *name, size_t *length) {
    const char *given = cli_request_header(request, "Content-Length");
    char *stop;
    if (!given)
        return CLI_OK;
    errno = 0;
    unsigned long long value = strtoull(given, &stop, 10);
    if (errno != 0 || *given < '0' || *given > '9' || *stop || value > *length)
        return cli_fail(CLI_USAGE, "%s: Content-Length is %s, and %zu bytes follow the headers", name, given, *length);
    *length = (size_t)value;
    return CLI_OK;
}

static int read_body(struct request *request, const char *at, size_t left, const char *name) {
    int code = read_length(request, name, &left);
    if (code != CLI_OK)
        return code;
    request->body.data = malloc(left + 1);
    if (!request->body.data)
        return cli_no_memory();
    memcpy(request->body.data, at, left);
    request->body.data[left] = '\0';
    request->body.len = left;
    return CLI_OK;
}

int cli_request_parse(const struct bytes *file, const char *name, struct request *request) {
    const char *at = file->data, *end = at + file->len, *line = at;
    size_t length = 0, number = 1;
    *request = (struct request){0};
    if (!next_line(&at, end, &line, &length))
        return fail_line(name, 1, "does not end");
    int code = read_first_line(request, line, length, name);
    while (code == CLI_OK) {
        number++;
        if (!next_line(&at, end, &line, &length))
            return fail_line(name, number, "should be the blank line before the body");
        if (length == 0)
            return read_body(request, at, (size_t)(end - at), name);
        code = read_header_line(request, line, length, name, number);
    }
    return code;
}

int cli_request_read(const char *path, struct request *request) {
    struct bytes whole;
    int code = cli_read_file(path, &whole);
    if (code != CLI_OK)
        return code;
    code = cli_request_parse(&whole, path, request);
    cli_bytes_free(&whole);
    return code;
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
        if (cli_equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

/* ---- Writing ---- */

/* The time comes first: of two headers of that name, it is the one that is read. */
static int write_to(const struct request *request, const char *received_at, FILE *file) {
    fprintf(file, "%s %s HTTP/1.1\r\n%s: %s\r\n", request->method, request->target, REQUEST_RECEIVED_AT, received_at);
    for (size_t i = 0; i < request->header_count; i++)
        fprintf(file, "%s: %s\r\n", request->headers[i].name, request->headers[i].value);
    fputs("\r\n", file);
    return fwrite(request->body.data ? request->body.data : "", 1, request->body.len, file) == request->body.len;
}

static int write_and_close(const struct request *request, const char *received_at, int descriptor) {
    FILE *file = fdopen(descriptor, "w");
    if (!file) {
        close(descriptor);
        return 0;
    }
    int is_written = write_to(request, received_at, file);
    return fclose(file) == 0 && is_written;
}

int cli_request_save(const struct request *request, const char *received_at, const char *path) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return errno;
    if (write_and_close(request, received_at, descriptor))
        return 0;
    int reason = errno;
    unlink(path); /* half a request is none */
    return reason ? reason : EIO;
}
