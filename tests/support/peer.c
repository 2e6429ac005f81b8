/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* FIONREAD */
#include "support/peer.h"

#include "support/support.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLED 4 /* turns of libcurl's without anything to read: then it waits */

struct peer {
    int listener;
    uint16_t port;
    CURLM *multi;
    int fd; /* libcurl's; -1 when it has closed it */
    struct outcome *outcome;
    bool in_header, header_complete;
    int line_status;
};

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct peer *peer = user;
    (void)purpose;
    return peer->fd = socket(address->family, address->socktype, address->protocol);
}

static int close_socket(void *user, curl_socket_t fd) {
    struct peer *peer = user;
    if (fd == peer->fd)
        peer->fd = -1;
    return close(fd);
}

static int status_of(const char *line, size_t len) {
    const char *space = memchr(line, ' ', len);
    return space && (size_t)(line + len - space) > 3 ? atoi(space + 1) : 0; /* a line end follows */
}

/* As the transport over libcurl does it: what ends the last head, of an answer that is no interim one, counts. */
static size_t take_header(char *line, size_t size, size_t count, void *user) {
    struct peer *peer = user;
    size_t len = size * count;
    if (peer->header_complete)
        return len; /* a trailer */
    if (!peer->in_header) {
        peer->in_header = true;
        peer->line_status = status_of(line, len);
    } else if (line[0] == '\r' || line[0] == '\n') {
        peer->in_header = false;
        peer->header_complete = peer->line_status >= 200;
        if (peer->header_complete)
            peer->outcome->status = peer->line_status;
    }
    return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *user) {
    struct peer *peer = user;
    hd__buffer_append(&peer->outcome->body, data, size * count);
    return size * count;
}

struct peer *peer_new(void) {
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (!peer)
        return NULL;
    peer->fd = -1;
    peer->multi = curl_multi_init();
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->multi && peer->listener >= 0 && bind(peer->listener, (struct sockaddr *)&address, size) == 0 &&
        listen(peer->listener, 8) == 0 && getsockname(peer->listener, (struct sockaddr *)&address, &size) == 0) {
        peer->port = ntohs(address.sin_port);
        return peer;
    }
    peer_free(peer);
    return NULL;
}

void peer_free(struct peer *peer) {
    curl_multi_cleanup(peer->multi);
    if (peer->listener >= 0)
        (void)close(peer->listener);
    free(peer);
}

static bool set_options(struct peer *peer, CURL *easy) {
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", peer->port);
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "x") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, peer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, peer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, peer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, peer) == CURLE_OK;
}

/* One turn of libcurl's. True when the exchange has ended. */
static bool turn(struct peer *peer, CURLcode *code) {
    int running, more;
    CURLMsg *message =
        curl_multi_perform(peer->multi, &running) == CURLM_OK ? curl_multi_info_read(peer->multi, &more) : NULL;
    if (message)
        *code = message->data.result;
    return message != NULL;
}

/* The connection, once a whole request has come over it; -1 if none has. */
static int accept_request(struct peer *peer) {
    char request[4096];
    size_t len = 0;
    int fd = -1;
    CURLcode code;
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end && !turn(peer, &code);) {
        struct pollfd waited = {.fd = fd < 0 ? peer->listener : fd, .events = POLLIN};
        if (poll(&waited, 1, 1) < 1)
            continue;
        if (fd < 0) {
            fd = accept(peer->listener, NULL, NULL);
            continue;
        }
        ssize_t got = recv(fd, request + len, sizeof request - 1 - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        request[len] = '\0';
        const char *body = strstr(request, "\r\n\r\n");
        if (body && body[4] == 'x')
            return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static size_t readable(const struct peer *peer) {
    int count = 0;
    return peer->fd >= 0 && ioctl(peer->fd, FIONREAD, &count) == 0 && count > 0 ? (size_t)count : 0;
}

/* Sends the answer, and lets libcurl see it when all of it is there. */
static bool send_answer(const struct peer *peer, int fd, const char *data, size_t len) {
    if (len > 0 && send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        return false;
    for (int64_t end = now_ms() + PATIENCE_MS; readable(peer) < len && now_ms() < end;)
        sleep_ms(1);
    return readable(peer) == len;
}

static bool is_settled(struct peer *peer, CURLcode *code, bool *has_ended) {
    *has_ended = false;
    for (int idle = 0; idle < SETTLED && !*has_ended;) {
        *has_ended = turn(peer, code);
        idle = readable(peer) > 0 ? 0 : idle + 1;
    }
    return *has_ended;
}

static bool read_answer_of(struct peer *peer, int fd, const char *data, size_t len, CURLcode *code) {
    bool has_ended;
    if (!send_answer(peer, fd, data, len))
        return false;
    peer->outcome->waits = !is_settled(peer, code, &has_ended);
    if (peer->outcome->waits && shutdown(fd, SHUT_WR) != 0)
        return false;
    for (int64_t end = now_ms() + PATIENCE_MS; !has_ended && now_ms() < end;) {
        (void)curl_multi_poll(peer->multi, NULL, 0, 10, NULL);
        has_ended = turn(peer, code);
    }
    return has_ended;
}

bool peer_reads(struct peer *peer, const char *data, size_t len, struct outcome *outcome) {
    CURLcode code = CURLE_OK;
    CURL *easy = curl_easy_init();
    *outcome = (struct outcome){0};
    peer->outcome = outcome;
    peer->in_header = peer->header_complete = false;
    if (!easy || !set_options(peer, easy) || curl_multi_add_handle(peer->multi, easy) != CURLM_OK) {
        curl_easy_cleanup(easy);
        return false;
    }
    int fd = accept_request(peer);
    bool done = fd >= 0 && read_answer_of(peer, fd, data, len, &code);
    (void)curl_multi_remove_handle(peer->multi, easy);
    outcome->is_whole = peer->header_complete && code == CURLE_OK;
    outcome->is_kept = peer->fd >= 0 && !outcome->waits;
    curl_easy_cleanup(easy);
    if (fd >= 0)
        (void)close(fd);
    return done;
}
