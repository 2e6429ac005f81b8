/* SPDX-License-Identifier: MIT */
/* The floor of the benchmark: a client of nothing but sockets and epoll, which signs each body with OpenSSL's HMAC, key
 * schedule kept, and knows what the answer looks like. No timeouts, no log, no errors that it could survive.
 *
 *   raw PORT COUNT CONNECTIONS WARMUP */
#include <openssl/sha.h>

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

#define SECRET "benchmark secret"
#define BODY_BEFORE                                                                                                    \
    "{\"event\":\"ticket.created\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"ticket\":{\"id\":"           \
    "\"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10\",\"number\":"
#define BODY_AFTER                                                                                                     \
    ",\"subject\":\"Can't reset passwordxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"status\":\"open\",\"priority\":\"high\"}," \
    "\"customer\":{\"email\":\"user@example.com\",\"name\":\"Jane Smith\"}}}"
#define BODY_SIZE (sizeof BODY_BEFORE + 8 + sizeof BODY_AFTER - 2)

static char head[1024];
static size_t signature_at, head_len;
static SHA256_CTX inner, outer;
static long started, number = 10000000;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void prepare_key(void) {
    unsigned char block[64];
    for (int i = 0; i < 64; i++)
        block[i] = (unsigned char)((i < (int)sizeof SECRET - 1 ? SECRET[i] : 0) ^ 0x36);
    SHA256_Init(&inner);
    SHA256_Update(&inner, block, 64);
    for (int i = 0; i < 64; i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&outer);
    SHA256_Update(&outer, block, 64);
}

static void sign(const char *body, char *hex) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];
    SHA256_CTX context = inner;
    SHA256_Update(&context, body, BODY_SIZE);
    SHA256_Final(digest, &context);
    context = outer;
    SHA256_Update(&context, digest, 32);
    SHA256_Final(digest, &context);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
}

static void prepare_head(int port) {
    head_len = (size_t)snprintf(head, sizeof head,
                                "POST /ok HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: bench\r\nAccept: */*\r\n"
                                "Content-Type: application/json\r\nX-Helmdesk-Event: ticket.created\r\n"
                                "X-Helmdesk-Delivery: 0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10\r\n"
                                "X-Helmdesk-Signature: %064d\r\nContent-Length: %zu\r\n\r\n",
                                port, 0, BODY_SIZE);
    signature_at = (size_t)(strstr(head, "X-Helmdesk-Signature: ") - head) + strlen("X-Helmdesk-Signature: ");
}

static void post(int fd) {
    char request[2048];
    char *body = request + head_len;
    memcpy(request, head, head_len);
    memcpy(body, BODY_BEFORE, sizeof BODY_BEFORE - 1);
    long left = number++;
    for (size_t i = 8; i-- > 0; left /= 10)
        body[sizeof BODY_BEFORE - 1 + i] = (char)('0' + left % 10);
    memcpy(body + sizeof BODY_BEFORE - 1 + 8, BODY_AFTER, sizeof BODY_AFTER - 1);
    sign(body, request + signature_at);
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

static long long us_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    int connections = atoi(argv[3]), poller = epoll_create1(0);
    int *fds = calloc((size_t)connections, sizeof *fds);
    if (!fds || poller < 0)
        die("raw");
    prepare_key();
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
