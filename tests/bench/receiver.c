/* SPDX-License-Identifier: MIT */
/* The receiver of the benchmark: one thread, epoll, answers 200 to every POST, and hangs on the path /hang. It counts
 * requests without the headers that every delivery has, and with `verify` also those whose signature is wrong.
 *
 *   receiver [verify]       prints its port; GET /stats answers "REQUESTS MISSING WRONG"
 *
 * It listens on every address of the loopback device, so that 127.0.0.1 and 127.1.2.3 are receivers of their own. */
#define _GNU_SOURCE /* SO_BINDTODEVICE, accept4 */
#include "descriptors.h"
#include "helmdesk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECRET "benchmark secret"
#define REQUEST_MAX 4096
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

struct connection {
    int fd;
    size_t len;
    char data[REQUEST_MAX + 1];
};

static unsigned long long requests, missing, wrong;
static int verifies;

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* The value of a header, NULL if there is none; the header ends before `end`. */
static const char *header(const char *head, const char *end, const char *name, size_t *len) {
    size_t name_len = strlen(name);
    for (const char *line = head; line && line < end; line = strstr(line, "\r\n")) {
        line += *line == '\r' ? 2 : 0;
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            const char *value = line + name_len + 1 + strspn(line + name_len + 1, " ");
            *len = strcspn(value, "\r");
            return value;
        }
    }
    return NULL;
}

static void look_at(const char *head, const char *body, size_t body_len) {
    size_t event_len, signature_len;
    const char *event = header(head, body, "X-Helmdesk-Event", &event_len);
    const char *signature = header(head, body, "X-Helmdesk-Signature", &signature_len);
    requests++;
    if (!event || !signature)
        missing++;
    else if (verifies && hd_verify(body, body_len, signature, signature_len, SECRET, sizeof SECRET - 1) != HD_OK)
        wrong++;
}

static void answer(const struct connection *connection, const char *text) {
    if (send(connection->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        (void)shutdown(connection->fd, SHUT_RDWR);
}

static void answer_stats(const struct connection *connection) {
    char text[256];
    char numbers[96];
    (void)snprintf(numbers, sizeof numbers, "%llu %llu %llu", requests, missing, wrong);
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(numbers), numbers);
    answer(connection, text);
}

/* Handles the first request if it is complete. Returns its length, 0 if more has to come. */
static size_t handle(struct connection *connection) {
    connection->data[connection->len] = '\0';
    const char *end = strstr(connection->data, "\r\n\r\n");
    if (!end)
        return 0;
    const char *body = end + 4;
    size_t value_len;
    const char *length = header(connection->data, body, "Content-Length", &value_len);
    size_t body_len = length ? strtoul(length, NULL, 10) : 0;
    size_t total = (size_t)(body - connection->data) + body_len;
    if (total > connection->len)
        return 0;
    if (strncmp(connection->data, "GET /stats", 10) == 0) {
        answer_stats(connection);
    } else if (strncmp(connection->data, "POST /hang", 10) != 0) {
        look_at(connection->data, body, body_len);
        answer(connection, ANSWER);
    }
    return total;
}

static void close_connection(struct connection *connection) {
    close(connection->fd);
    free(connection);
}

static void read_from(struct connection *connection) {
    ssize_t count =
        recv(connection->fd, connection->data + connection->len, REQUEST_MAX - connection->len, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0) {
        close_connection(connection);
        return;
    }
    connection->len += (size_t)count;
    size_t used;
    while ((used = handle(connection)) > 0) {
        connection->len -= used;
        memmove(connection->data, connection->data + used, connection->len);
    }
}

static void accept_all(int poller, int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            die("calloc");
        connection->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll_ctl");
    }
}

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0)
        die("cannot bind to the loopback device");
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return listener;
}

int main(int argc, char **argv) {
    struct epoll_event events[256];
    verifies = argc > 1 && strcmp(argv[1], "verify") == 0;
    raise_descriptors();
    int listener = listen_on_loopback();
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0)
        die("epoll");
    for (;;) {
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                read_from(events[i].data.ptr);
            else
                accept_all(poller, listener);
        }
    }
}
