/* SPDX-License-Identifier: MIT */
/* The floor of the benchmark: a client of nothing but sockets and epoll, which signs each body with OpenSSL's HMAC, key
 * schedule kept, and knows what the answer looks like. No timeouts, no log, no errors that it could survive.
 *
 *   raw PORT COUNT CONNECTIONS WARMUP */
#include "body.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char head[1024];
static size_t signature_at, head_len;
static long started;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void prepare_head(int port) {
    head_len = (size_t)snprintf(head, sizeof head,
                                "POST /ok HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: bench\r\nAccept: */*\r\n"
                                "Content-Type: application/json\r\nX-Helmdesk-Event: ticket.created\r\n"
                                "X-Helmdesk-Delivery: 0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10\r\n"
                                "X-Helmdesk-Signature: %064d\r\nContent-Length: %d\r\n\r\n",
                                port, 0, BODY_SIZE);
    signature_at = (size_t)(strstr(head, "X-Helmdesk-Signature: ") - head) + strlen("X-Helmdesk-Signature: ");
}

static void post(int fd) {
    char request[2048];
    memcpy(request, head, head_len);
    body_next(request + head_len, request + signature_at);
    started++;
    if (send(fd, request, head_len + BODY_SIZE, MSG_NOSIGNAL) != (ssize_t)(head_len + BODY_SIZE))
        die("send");
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* Posts until so many have been answered, counted from the last call on. */
static void run(int poller, const int *fds, int connections, long count) {
    struct epoll_event events[64];
    char answer[1024];
    long answered = 0;
    started = 0;
    for (int i = 0; i < connections && started < count; i++)
        post(fds[i]);
    while (answered < count) {
        int ready = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            ssize_t len = recv(fd, answer, sizeof answer, 0);
            if (len < 16 || memcmp(answer, "HTTP/1.1 200", 12) != 0 || memcmp(answer + len - 2, "ok", 2) != 0)
                die("answer");
            answered++;
            if (started < count)
                post(fd);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    int connections = atoi(argv[3]), poller = epoll_create1(0);
    int *fds = calloc((size_t)connections, sizeof *fds);
    if (!fds || poller < 0)
        die("raw");
    body_prepare();
    prepare_head(atoi(argv[1]));
    for (int i = 0; i < connections; i++) {
        fds[i] = connect_to(atoi(argv[1]));
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &event) != 0)
            die("epoll_ctl");
    }
    run(poller, fds, connections, atol(argv[4]));
    long long cpu_us = us_of(CLOCK_PROCESS_CPUTIME_ID), wall_us = us_of(CLOCK_MONOTONIC);
    run(poller, fds, connections, atol(argv[2]));
    printf("%s %lld %lld\n", argv[2], us_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_us, us_of(CLOCK_MONOTONIC) - wall_us);
    free(fds);
    return 0;
}
