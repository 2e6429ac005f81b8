/* Verifies a request where it lies: as the module of a web server has it, with pointers into its buffer and lengths,
 * and no NUL behind anything. Reads one HTTP request from standard input, as it was on the wire.
 *
 *   HELMDESK_SECRET=... receive_raw < request */
#include <helmdesk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_REQUEST = 1100 * 1024,
    MAX_HEADERS = 100
};

struct header_list {
    const char *names[MAX_HEADERS], *values[MAX_HEADERS];
    size_t name_lens[MAX_HEADERS], value_lens[MAX_HEADERS];
    size_t count;
    int too_many; /* those that are left out might contradict the others */
};

static int is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* One line of the header, without the line break. */
static void read_line(struct header_list *list, const char *line, size_t len) {
    const char *colon = memchr(line, ':', len), *end = line + len;
    list->too_many |= list->count == MAX_HEADERS;
    if (colon == NULL || list->too_many)
        return;
    const char *value = colon + 1;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    list->names[list->count] = line;
    list->name_lens[list->count] = (size_t)(colon - line);
    list->values[list->count] = value;
    list->value_lens[list->count++] = (size_t)(end - value);
}

/* Where the next line begins; NULL if this one does not end. */
static const char *next_line(const char *line, const char *end) {
    const char *feed = memchr(line, '\n', (size_t)(end - line));
    return feed == NULL ? NULL : feed + 1;
}

/* Reads the headers. Returns where the body begins; NULL if the empty line before it is missing. */
static const char *read_headers(struct header_list *list, const char *request, const char *end) {
    const char *next, *line = next_line(request, end); /* behind the request line */
    for (; line != NULL && (next = next_line(line, end)) != NULL; line = next) {
        size_t len = (size_t)(next - line) - 1;
        len -= len > 0 && line[len - 1] == '\r';
        if (len == 0)
            return next;
        read_line(list, line, len);
    }
    return NULL;
}

static int accept_request(hd_receiver *receiver, const char *request, size_t len) {
    static struct header_list list;
    const char *end = request + len, *body = read_headers(&list, request, end);
    hd_event *event;
    if (body == NULL || list.too_many) {
        fputs("receive_raw: this is no HTTP request, or one with too many headers\n", stderr);
        return 1;
    }
    int status = hd_receiver_accept(receiver, body, (size_t)(end - body), list.names, list.name_lens, list.values,
                                    list.value_lens, list.count, NULL, &event);
    printf("%s: %s\n", hd_status_name(status), hd_strerror(status));
    if (status == HD_OK)
        printf("%s of ticket #%lld\n", hd_event_name(event), (long long)hd_event_ticket_number(event));
    hd_event_free(status == HD_OK ? event : NULL);
    return status == HD_OK ? 0 : 1;
}

int main(void) {
    static char request[MAX_REQUEST];
    const char *secret = getenv("HELMDESK_SECRET");
    hd_receiver *receiver = NULL;
    int result = 1;
    if (secret == NULL || hd_receiver_new(&receiver) != HD_OK ||
        hd_receiver_add_secret(receiver, secret, strlen(secret)) != HD_OK) {
        fputs("usage: HELMDESK_SECRET=... receive_raw < request\n", stderr);
    } else {
        result = accept_request(receiver, request, fread(request, 1, sizeof request, stdin));
    }
    hd_receiver_free(receiver);
    return result;
}
