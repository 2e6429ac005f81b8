/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_HEAD ((size_t)256 * 1024)
#define MAX_BODY ((size_t)8 * 1024 * 1024)
#define MAX_FILLERS 16

/* The requests at one path, or at all of them. */
struct tally {
    char *path;
    size_t requests;
    size_t open;
    size_t most_open;
};

struct connection {
    struct server *server;
    struct connection *next;
    pthread_t thread;
    unsigned number;
    unsigned requests;
    enum server_mode mode;
    int fd;        /* -1 once closed; the server's lock guards writing it */
    bool finished; /* the server's lock guards it */

    char *input; /* what was received and not yet taken as a request */
    size_t input_len;
    size_t input_size;
    struct request *unanswered; /* the request that is counted as open */
};

struct server {
    int listener;
    int wake[2];
    int fillers[MAX_FILLERS];
    size_t filler_count;
    uint16_t port;
    pthread_t acceptor;
    bool has_acceptor;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    enum server_mode mode;
    bool stopping;
    bool gate_open;
    struct connection *connections;
    unsigned connection_count;
    struct request **requests;
    size_t request_count;
    size_t request_capacity;
    struct tally all;
    struct tally *tallies;
    size_t tally_count;
};

/* ------------------------------------------------------------------------------------------------------------------
 * Small helpers
 */

/* A test without memory has nothing to say. */
static void *need(void *memory) {
    if (memory == NULL) {
        (void)fprintf(stderr, "test server: out of memory\n");
        abort();
    }
    return memory;
}

static char *copy_text(const char *text, size_t length) {
    char *copy = need(malloc(length + 1));
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for a change of the server, with its lock held, for a short while. */
static void wait_for_change(struct server *server) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&server->changed, &server->lock, &until);
}

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A socket bound to an address, with a free port in the place of 0; or -1. */
static int bind_to(struct sockaddr_in address, uint16_t *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    int on = address.sin_port != 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        (void)close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static void free_request(struct request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        free(request->header_names[i]);
        free(request->header_values[i]);
    }
    free(request->header_names);
    free(request->header_values);
    free(request->method);
    free(request->path);
    free(request->version);
    free(request->head);
    free(request->body);
    free(request);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Counting
 */

/* The tally of a path, with the server's lock held; NULL if nothing was counted there. */
static struct tally *find_tally(struct server *server, const char *path) {
    for (size_t i = 0; i < server->tally_count; i++)
        if (strcmp(server->tallies[i].path, path) == 0)
            return &server->tallies[i];
    return NULL;
}

static struct tally *find_or_add_tally(struct server *server, const char *path) {
    struct tally *tally = find_tally(server, path);
    if (tally != NULL)
        return tally;
    server->tallies = need(realloc(server->tallies, (server->tally_count + 1) * sizeof *server->tallies));
    tally = &server->tallies[server->tally_count++];
    memset(tally, 0, sizeof *tally);
    tally->path = copy_text(path, strlen(path));
    return tally;
}

static void count_arrival(struct tally *tally) {
    tally->requests++;
    tally->open++;
    if (tally->open > tally->most_open)
        tally->most_open = tally->open;
}

/* Remembers a request and counts it as open. */
static void record(struct connection *connection, struct request *request) {
    struct server *server = connection->server;
    (void)pthread_mutex_lock(&server->lock);
    if (server->request_count == server->request_capacity) {
        server->request_capacity = server->request_capacity == 0 ? 64 : server->request_capacity * 2;
        server->requests = need(realloc(server->requests, server->request_capacity * sizeof *server->requests));
    }
    server->requests[server->request_count++] = request;
    count_arrival(&server->all);
    count_arrival(find_or_add_tally(server, request->path));
    connection->unanswered = request;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
}

/* Counts the request as no longer open. Must come before anything by which its sender could tell that it has ended, or
 * the sender's next request would be counted beside it. */
static void leave(struct connection *connection) {
    if (connection->unanswered == NULL)
        return;
    struct server *server = connection->server;
    (void)pthread_mutex_lock(&server->lock);
    server->all.open--;
    find_tally(server, connection->unanswered->path)->open--;
    connection->unanswered->answered_ms = monotonic_ms();
    (void)pthread_mutex_unlock(&server->lock);
    connection->unanswered = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Talking
 */

/* Sends all bytes; false if the peer is gone or the server stops. */
static bool say(struct connection *connection, const char *bytes, size_t length) {
    leave(connection);
    while (length > 0) {
        ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool say_text(struct connection *connection, const char *text) {
    return say(connection, text, strlen(text));
}

/* Reads and forgets until the peer closes or the server stops. */
static void wait_for_the_end(struct connection *connection) {
    char bytes[4096];
    for (;;) {
        ssize_t received = recv(connection->fd, bytes, sizeof bytes, 0);
        if (received == 0 || (received < 0 && errno != EINTR))
            return;
    }
}

/* Waits for so many milliseconds; false if the peer closes or the server stops before. */
static bool pause_ms(struct connection *connection, int64_t duration_ms) {
    int64_t end = monotonic_ms() + duration_ms;
    for (;;) {
        int64_t left = end - monotonic_ms();
        if (left <= 0)
            return true;
        struct pollfd watched = {.fd = connection->fd, .events = POLLIN};
        if (poll(&watched, 1, (int)left) > 0)
            return false;
    }
}

/* Waits until the server stops, without ever looking at the connection. */
static void wait_for_stop(struct connection *connection) {
    struct server *server = connection->server;
    (void)pthread_mutex_lock(&server->lock);
    while (!server->stopping)
        (void)pthread_cond_wait(&server->changed, &server->lock);
    (void)pthread_mutex_unlock(&server->lock);
}

/* Makes the close of the connection a reset. */
static void make_close_a_reset(struct connection *connection) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Behaviours: each answers one request and tells whether the connection can take another
 */

typedef bool behaviour(struct connection *connection, const char *argument);

static bool has_no_body(long status) {
    return status < 200 || status == 204 || status == 304;
}

/* Answers with a status, further header lines (each with its CR LF) and a body. */
static bool answer(struct connection *connection, long status, const char *headers, const char *body, size_t length) {
    char head[512];
    int head_len = has_no_body(status)
                       ? snprintf(head, sizeof head, "HTTP/1.1 %03ld Scripted\r\n%s\r\n", status, headers)
                       : snprintf(head, sizeof head, "HTTP/1.1 %03ld Scripted\r\n%sContent-Length: %zu\r\n\r\n", status,
                                  headers, length);
    size_t body_len = has_no_body(status) ? 0 : length;
    char *bytes = need(malloc((size_t)head_len + body_len + 1));
    memcpy(bytes, head, (size_t)head_len);
    memcpy(bytes + head_len, body, body_len);
    bool sent = say(connection, bytes, (size_t)head_len + body_len);
    free(bytes);
    return sent;
}

static bool answer_ok(struct connection *connection, const char *argument) {
    (void)argument;
    return answer(connection, 200, "Content-Type: text/plain\r\n", "ok", 2);
}

static bool answer_status(struct connection *connection, const char *argument) {
    char body[64];
    long status = strtol(argument, NULL, 10);
    int length = snprintf(body, sizeof body, "status %ld", status);
    return answer(connection, status, "Content-Type: text/plain\r\n", body, (size_t)length);
}

static bool answer_word(struct connection *connection, const char *argument) {
    char *word;
    long status = strtol(argument, &word, 10);
    if (*word == '/')
        word++;
    return answer(connection, status, "Content-Type: text/html\r\n", word, strlen(word));
}

static bool answer_redirect(struct connection *connection, const char *argument) {
    char header[128];
    (void)snprintf(header, sizeof header, "Location: http://127.0.0.1:%u/landing\r\n",
                   (unsigned)connection->server->port);
    return answer(connection, strtol(argument, NULL, 10), header, "moved", 5);
}

static bool answer_busy(struct connection *connection, const char *argument) {
    char header[64];
    (void)snprintf(header, sizeof header, "Retry-After: %ld\r\n", strtol(argument, NULL, 10));
    return answer(connection, 429, header, "busy", 4);
}

static bool answer_later(struct connection *connection, const char *argument) {
    return pause_ms(connection, strtol(argument, NULL, 10)) && answer_ok(connection, "");
}

static bool answer_at_gate(struct connection *connection, const char *argument) {
    struct server *server = connection->server;
    (void)pthread_mutex_lock(&server->lock);
    while (!server->gate_open && !server->stopping)
        (void)pthread_cond_wait(&server->changed, &server->lock);
    (void)pthread_mutex_unlock(&server->lock);
    return answer_ok(connection, argument);
}

static bool hang(struct connection *connection, const char *argument) {
    (void)argument;
    wait_for_the_end(connection);
    return false;
}

static bool close_now(struct connection *connection, const char *argument) {
    (void)connection;
    (void)argument;
    return false;
}

static bool close_reused(struct connection *connection, const char *argument) {
    return connection->requests == 1 && answer_ok(connection, argument);
}

static bool close_idle(struct connection *connection, const char *argument) {
    (void)argument;
    (void)answer(connection, 200, "Connection: keep-alive\r\n", "ok", 2);
    return false;
}

static bool reset(struct connection *connection, const char *argument) {
    (void)argument;
    make_close_a_reset(connection);
    return false;
}

static bool say_garbage(struct connection *connection, const char *argument) {
    (void)argument;
    (void)say_text(connection, "220 mail.example.com ESMTP\r\nthis is not HTTP\r\n\r\n");
    return false;
}

static bool break_header(struct connection *connection, const char *argument) {
    (void)argument;
    (void)say_text(connection, "HTTP/1.1 200 OK\r\nContent-Le");
    return false;
}

static bool drip_header(struct connection *connection, const char *argument) {
    (void)argument;
    if (!say_text(connection, "HTTP/1.1 200 OK\r\nX-Drip: "))
        return false;
    while (pause_ms(connection, 20) && say_text(connection, "x"))
        ;
    return false;
}

static bool flood_headers(struct connection *connection, const char *argument) {
    (void)argument;
    if (!say_text(connection, "HTTP/1.1 200 OK\r\n"))
        return false;
    while (say_text(connection, "X-Flood: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"))
        ;
    return false;
}

static bool flood_header_line(struct connection *connection, const char *argument) {
    (void)argument;
    if (!say_text(connection, "HTTP/1.1 200 OK\r\nX-Long: "))
        return false;
    while (say_text(connection, "0123456789012345678901234567890123456789012345678901234567890123456789"))
        ;
    return false;
}

static bool answer_big_header(struct connection *connection, const char *argument) {
    size_t size = strtoul(argument, NULL, 10);
    char *line = need(malloc(size + 1));
    memset(line, 'h', size);
    line[size] = '\0';
    bool sent = say_text(connection, "HTTP/1.1 200 OK\r\nX-Big: ") && say_text(connection, line) &&
                say_text(connection, "\r\nContent-Length: 2\r\n\r\nok");
    free(line);
    return sent;
}

static bool answer_after_interim(struct connection *connection, const char *argument) {
    return say_text(connection, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n") &&
           answer_ok(connection, argument);
}

static bool flood_interim(struct connection *connection, const char *argument) {
    (void)argument;
    while (say_text(connection, "HTTP/1.1 100 Continue\r\n\r\n"))
        ;
    return false;
}

static bool answer_big_body(struct connection *connection, const char *argument) {
    size_t size = strtoul(argument, NULL, 10);
    char *body = need(malloc(size + 1));
    memset(body, 'b', size);
    bool sent = answer(connection, 200, "", body, size);
    free(body);
    return sent;
}

static const char unfinished[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789";

static bool stop_in_body(struct connection *connection, const char *argument) {
    return say_text(connection, unfinished) && hang(connection, argument);
}

static bool close_in_body(struct connection *connection, const char *argument) {
    (void)argument;
    (void)say_text(connection, unfinished);
    return false;
}

static bool reset_in_body(struct connection *connection, const char *argument) {
    /* A reset may overtake what was sent before it: let the header arrive first. */
    return say_text(connection, unfinished) && pause_ms(connection, 100) && reset(connection, argument);
}

static bool break_chunk(struct connection *connection, const char *argument) {
    (void)argument;
    (void)say_text(connection,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nno chunk\r\n\r\n");
    return false;
}

static bool drip_body(struct connection *connection, const char *argument) {
    (void)argument;
    if (!say_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"))
        return false;
    while (pause_ms(connection, 20) && say_text(connection, "x"))
        ;
    return false;
}

static bool flood_body(struct connection *connection, const char *argument) {
    (void)argument;
    char bytes[8192];
    memset(bytes, 'e', sizeof bytes);
    if (!say_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
        return false;
    while (say(connection, bytes, sizeof bytes))
        ;
    return false;
}

static bool flood_trailers(struct connection *connection, const char *argument) {
    (void)argument;
    if (!say_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"))
        return false;
    while (say_text(connection, "X-Flood: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"))
        ;
    return false;
}

static const struct {
    const char *path;
    behaviour *behave;
} behaviours[] = {
    {"/status", answer_status},
    {"/word", answer_word},
    {"/redirect", answer_redirect},
    {"/busy", answer_busy},
    {"/delay", answer_later},
    {"/gate", answer_at_gate},
    {"/hang", hang},
    {"/close", close_now},
    {"/close-reused", close_reused},
    {"/close-idle", close_idle},
    {"/reset", reset},
    {"/garbage", say_garbage},
    {"/broken-header", break_header},
    {"/drip-header", drip_header},
    {"/header-flood", flood_headers},
    {"/long-header", flood_header_line},
    {"/big-header", answer_big_header},
    {"/interim", answer_after_interim},
    {"/interim-flood", flood_interim},
    {"/big-body", answer_big_body},
    {"/slow-body", stop_in_body},
    {"/short-body", close_in_body},
    {"/broken-body", reset_in_body},
    {"/bad-chunk", break_chunk},
    {"/drip", drip_body},
    {"/endless-body", flood_body},
    {"/trailer-flood", flood_trailers},
};

static bool behave(struct connection *connection, const struct request *request) {
    for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++) {
        size_t length = strlen(behaviours[i].path);
        if (strncmp(request->path, behaviours[i].path, length) != 0)
            continue;
        char next = request->path[length];
        if (next == '\0' || next == '/' || next == '?')
            return behaviours[i].behave(connection, request->path + length + (next == '\0' ? 0 : 1));
    }
    return answer_ok(connection, "");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading requests
 */

/* Receives something more; false at the end of the connection. */
static bool receive_more(struct connection *connection) {
    if (connection->input_size - connection->input_len < 4096) {
        connection->input_size = connection->input_size == 0 ? 8192 : connection->input_size * 2;
        connection->input = need(realloc(connection->input, connection->input_size));
    }
    for (;;) {
        ssize_t received = recv(connection->fd, connection->input + connection->input_len,
                                connection->input_size - connection->input_len, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return false;
        connection->input_len += (size_t)received;
        return true;
    }
}

/* Length of the request line and headers with the empty line, or 0 if they have not all arrived. */
static size_t head_length(const char *bytes, size_t length) {
    for (size_t i = 3; i < length; i++)
        if (memcmp(bytes + i - 3, "\r\n\r\n", 4) == 0)
            return i + 1;
    return 0;
}

/* Takes the text up to a separator off the front of *rest; NULL if the separator is not there. */
static char *take_until(const char **rest, const char *separator) {
    const char *end = strstr(*rest, separator);
    if (end == NULL)
        return NULL;
    char *text = copy_text(*rest, (size_t)(end - *rest));
    *rest = end + strlen(separator);
    return text;
}

/* Reads request line and headers into their fields; false if they are malformed. */
static bool parse_head(struct request *request) {
    const char *rest = request->head;
    request->method = take_until(&rest, " ");
    request->path = take_until(&rest, " ");
    request->version = take_until(&rest, "\r\n");
    if (request->method == NULL || request->path == NULL || request->version == NULL)
        return false;
    while (strcmp(rest, "\r\n") != 0) {
        char *line = take_until(&rest, "\r\n");
        char *colon = line == NULL ? NULL : strchr(line, ':');
        if (colon == NULL) {
            free(line);
            return false;
        }
        const char *value = colon + 1;
        value += strspn(value, " \t");
        size_t count = request->header_count + 1;
        request->header_names = need(realloc(request->header_names, count * sizeof *request->header_names));
        request->header_values = need(realloc(request->header_values, count * sizeof *request->header_values));
        request->header_names[count - 1] = copy_text(line, (size_t)(colon - line));
        request->header_values[count - 1] = copy_text(value, strlen(value));
        request->header_count = count;
        free(line);
    }
    return true;
}

/* The next whole request of the connection, or NULL when it ends or is malformed. */
static struct request *read_request(struct connection *connection) {
    size_t head_len;
    while ((head_len = head_length(connection->input, connection->input_len)) == 0)
        if (connection->input_len > MAX_HEAD || !receive_more(connection))
            return NULL;

    struct request *request = need(calloc(1, sizeof *request));
    request->head = copy_text(connection->input, head_len);
    request->head_len = head_len;
    request->connection = connection->number;
    if (!parse_head(request)) {
        free_request(request);
        return NULL;
    }

    const char *length_text = request_header(request, "Content-Length");
    size_t body_len = length_text == NULL ? 0 : strtoul(length_text, NULL, 10);
    while (body_len <= MAX_BODY && connection->input_len < head_len + body_len && receive_more(connection))
        ;
    if (connection->input_len < head_len + body_len) {
        free_request(request);
        return NULL;
    }
    request->body = copy_text(connection->input + head_len, body_len);
    request->body_len = body_len;
    request->arrived_ms = monotonic_ms();
    connection->input_len -= head_len + body_len;
    memmove(connection->input, connection->input + head_len + body_len, connection->input_len);
    connection->requests++;
    return request;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Connections
 */

static void serve_requests(struct connection *connection) {
    bool goes_on = true;
    while (goes_on) {
        struct request *request = read_request(connection);
        if (request == NULL)
            return;
        record(connection, request);
        goes_on = behave(connection, request);
        leave(connection);
    }
}

static void *serve_connection(void *argument) {
    struct connection *connection = argument;
    struct server *server = connection->server;
    int on = 1;
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    switch (connection->mode) {
    case SERVER_READS:
        serve_requests(connection);
        break;
    case SERVER_SILENT:
        wait_for_stop(connection);
        break;
    case SERVER_CLOSES:
        break;
    case SERVER_RESETS:
        make_close_a_reset(connection);
        break;
    case SERVER_GREETS:
        if (say_text(connection, "220 mail.example.com ESMTP\r\n")) {
            (void)shutdown(connection->fd, SHUT_WR);
            wait_for_the_end(connection);
        }
        break;
    }

    (void)pthread_mutex_lock(&server->lock);
    (void)close(connection->fd);
    connection->fd = -1;
    connection->finished = true;
    (void)pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* Joins the threads of connections that have ended, or of all. */
static void join_connections(struct server *server, bool all) {
    struct connection *ended = NULL;
    (void)pthread_mutex_lock(&server->lock);
    struct connection **link = &server->connections;
    while (*link != NULL) {
        struct connection *connection = *link;
        if (all || connection->finished) {
            *link = connection->next;
            connection->next = ended;
            ended = connection;
        } else {
            link = &connection->next;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);

    while (ended != NULL) {
        struct connection *next = ended->next;
        (void)pthread_join(ended->thread, NULL);
        free(ended->input);
        free(ended);
        ended = next;
    }
}

static void start_connection(struct server *server, int fd) {
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    struct connection *connection = need(calloc(1, sizeof *connection));
    connection->server = server;
    connection->fd = fd;

    (void)pthread_mutex_lock(&server->lock);
    connection->number = ++server->connection_count;
    connection->mode = server->mode;
    if (pthread_create(&connection->thread, NULL, serve_connection, connection) == 0) {
        connection->next = server->connections;
        server->connections = connection;
    } else {
        (void)fprintf(stderr, "test server: no thread for connection %u\n", connection->number);
        (void)close(fd);
        free(connection);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static void *accept_connections(void *argument) {
    struct server *server = argument;
    for (;;) {
        struct pollfd watched[2] = {{.fd = server->listener, .events = POLLIN},
                                    {.fd = server->wake[0], .events = POLLIN}};
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (watched[1].revents != 0)
            return NULL;
        if (watched[0].revents != 0) {
            int fd = accept(server->listener, NULL, NULL);
            if (fd >= 0)
                start_connection(server, fd);
        }
        join_connections(server, false);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The server's life
 */

/* A server that is bound, does not listen and has no threads yet. */
static struct server *make_server(struct sockaddr_in address) {
    struct server *server = need(calloc(1, sizeof *server));
    server->wake[0] = server->wake[1] = -1;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->changed, NULL);
    server->listener = bind_to(address, &server->port);
    if (server->listener < 0 || pipe(server->wake) != 0) {
        server_stop(server);
        return NULL;
    }
    (void)fcntl(server->wake[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(server->wake[1], F_SETFD, FD_CLOEXEC);
    return server;
}

static struct server *start_at(struct sockaddr_in address) {
    struct server *server = make_server(address);
    if (server == NULL)
        return NULL;
    int flags = fcntl(server->listener, F_GETFL);
    (void)fcntl(server->listener, F_SETFL, flags | O_NONBLOCK);
    if (listen(server->listener, 1024) != 0 ||
        pthread_create(&server->acceptor, NULL, accept_connections, server) != 0) {
        server_stop(server);
        return NULL;
    }
    server->has_acceptor = true;
    return server;
}

struct server *server_start(void) {
    return start_at(loopback(0));
}

struct server *server_start_at(const char *address, uint16_t port) {
    struct sockaddr_in there = loopback(port);
    return inet_pton(AF_INET, address, &there.sin_addr) == 1 ? start_at(there) : NULL;
}

struct server *server_start_refusing(void) {
    return make_server(loopback(0));
}

/* Begins one more connection to the server; true if it was established. */
static bool fill_backlog(struct server *server) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return true;
    server->fillers[server->filler_count++] = fd;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    struct sockaddr_in address = loopback(server->port);
    (void)connect(fd, (struct sockaddr *)&address, sizeof address);
    struct pollfd watched = {.fd = fd, .events = POLLOUT};
    return poll(&watched, 1, 250) != 0;
}

struct server *server_start_busy(void) {
    struct server *server = make_server(loopback(0));
    if (server == NULL)
        return NULL;
    if (listen(server->listener, 0) == 0)
        while (server->filler_count < MAX_FILLERS)
            if (!fill_backlog(server))
                return server;
    server_stop(server);
    return NULL;
}

static void close_if_open(int fd) {
    if (fd >= 0)
        (void)close(fd);
}

void server_stop(struct server *server) {
    if (server == NULL)
        return;
    (void)pthread_mutex_lock(&server->lock);
    server->stopping = true;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);

    if (server->has_acceptor) {
        while (write(server->wake[1], "", 1) < 0 && errno == EINTR)
            ;
        (void)pthread_join(server->acceptor, NULL);
    }
    close_if_open(server->listener);

    (void)pthread_mutex_lock(&server->lock);
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        if (connection->fd >= 0)
            (void)shutdown(connection->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&server->lock);
    join_connections(server, true);

    for (size_t i = 0; i < server->filler_count; i++)
        (void)close(server->fillers[i]);
    close_if_open(server->wake[0]);
    close_if_open(server->wake[1]);
    for (size_t i = 0; i < server->request_count; i++)
        free_request(server->requests[i]);
    free(server->requests);
    for (size_t i = 0; i < server->tally_count; i++)
        free(server->tallies[i].path);
    free(server->tallies);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

uint16_t server_port(const struct server *server) {
    return server->port;
}

const char *server_url(const struct server *server, const char *path, char *buf, size_t size) {
    (void)snprintf(buf, size, "http://127.0.0.1:%u%s", (unsigned)server->port, path);
    return buf;
}

void server_set_mode(struct server *server, enum server_mode mode) {
    (void)pthread_mutex_lock(&server->lock);
    server->mode = mode;
    (void)pthread_mutex_unlock(&server->lock);
}

void server_open_gate(struct server *server) {
    (void)pthread_mutex_lock(&server->lock);
    server->gate_open = true;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What arrived
 */

size_t server_connections(struct server *server) {
    (void)pthread_mutex_lock(&server->lock);
    size_t count = server->connection_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t server_open_connections(struct server *server) {
    size_t count = 0;
    (void)pthread_mutex_lock(&server->lock);
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        count += connection->finished ? 0 : 1;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t server_requests(struct server *server) {
    (void)pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t server_requests_at(struct server *server, const char *path) {
    (void)pthread_mutex_lock(&server->lock);
    const struct tally *tally = find_tally(server, path);
    size_t count = tally == NULL ? 0 : tally->requests;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

bool server_wait_requests(struct server *server, size_t count, int timeout_ms) {
    int64_t end = monotonic_ms() + timeout_ms;
    (void)pthread_mutex_lock(&server->lock);
    while (server->request_count < count && monotonic_ms() < end)
        wait_for_change(server);
    bool reached = server->request_count >= count;
    (void)pthread_mutex_unlock(&server->lock);
    return reached;
}

const struct request *server_request(struct server *server, size_t index) {
    (void)pthread_mutex_lock(&server->lock);
    const struct request *request = index < server->request_count ? server->requests[index] : NULL;
    (void)pthread_mutex_unlock(&server->lock);
    return request;
}

size_t server_most_at_once(struct server *server, const char *path) {
    (void)pthread_mutex_lock(&server->lock);
    const struct tally *tally = path == NULL ? &server->all : find_tally(server, path);
    size_t most = tally == NULL ? 0 : tally->most_open;
    (void)pthread_mutex_unlock(&server->lock);
    return most;
}

const char *request_header(const struct request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->header_names[i], name) == 0)
            return request->header_values[i];
    return NULL;
}

size_t request_header_count(const struct request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += strcasecmp(request->header_names[i], name) == 0 ? 1 : 0;
    return count;
}

uint16_t server_refused_port(void) {
    uint16_t port = 0;
    int fd = bind_to(loopback(0), &port);
    if (fd < 0)
        return 0;
    (void)close(fd);
    return port;
}
