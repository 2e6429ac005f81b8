/* Verifies a request as the module of a web server has it: with pointers into its buffer and lengths, and no NUL after
 * anything. Reads one HTTP request from standard input, as it was on the wire.
 *
 *   HELMDESK_SECRET=... receive_raw < request */
#include <helmdesk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_REQUEST = 2200 * 1024
};

/* One line of the header, without the line break. The blanks around a value need no care. */
static void read_line(hd_request *request, const char *line, size_t len) {
    const char *colon = memchr(line, ':', len);
    if (colon != NULL)
        hd_request_add_header(request, line, (size_t)(colon - line), colon + 1, (size_t)(line + len - colon) - 1);
}

/* Where the next line begins; NULL if this one does not end. */
static const char *next_line(const char *line, const char *end) {
    const char *feed = memchr(line, '\n', (size_t)(end - line));
    return feed == NULL ? NULL : feed + 1;
}

/* Reads the headers. Returns where the body begins; NULL if the empty line before it is missing. */
static const char *read_headers(hd_request *request, const char *text, const char *end) {
    const char *next, *line = next_line(text, end); /* after the request line */
    for (; line != NULL && (next = next_line(line, end)) != NULL; line = next) {
        size_t len = (size_t)(next - line) - 1;
        len -= len > 0 && line[len - 1] == '\r';
        if (len == 0)
            return next;
        read_line(request, line, len);
    }
    return NULL;
}

/* Each call on the request may fail: it remembers that, and hd_receiver_accept() returns it. */
static int accept_request(hd_receiver *receiver, hd_request *request, const char *text, size_t len) {
    const char *end = text + len, *body = read_headers(request, text, end);
    hd_acceptance *acceptance;
    if (body == NULL) {
        fputs("receive_raw: this is no HTTP request\n", stderr);
        return 1;
    }
    hd_request_add_body(request, body, (size_t)(end - body));
    int status = hd_receiver_accept(receiver, request, &acceptance);
    const hd_event *event = hd_acceptance_event(acceptance);
    printf("%s: %s\n", hd_status_name(status), hd_strerror(status));
    if (event != NULL)
        printf("%s of ticket #%lld\n", hd_event_name(event), (long long)hd_event_ticket_number(event));
    hd_acceptance_free(acceptance);
    return status == HD_OK ? 0 : 1;
}

int main(void) {
    static char text[MAX_REQUEST];
    const char *secret = getenv("HELMDESK_SECRET");
    hd_receiver *receiver = NULL;
    hd_request *request = NULL;
    int result = 2;
    if (secret == NULL || hd_receiver_new(&receiver) != HD_OK || hd_request_new(&request) != HD_OK ||
        hd_receiver_add_secret(receiver, secret, strlen(secret)) != HD_OK) {
        fputs("usage: HELMDESK_SECRET=... receive_raw < request\n", stderr);
    } else {
        result = accept_request(receiver, request, text, fread(text, 1, sizeof text, stdin));
    }
    hd_request_free(request);
    hd_receiver_free(receiver);
    return result;
}
