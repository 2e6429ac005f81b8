/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_MS 20 /* how often a thread looks whether it is to end */
#define CONNECTIONS_MAX 4096
#define HEAD_MAX 8192

struct proxy {
    const struct proxy_script *script;
    int listener;
    uint16_t port;
    atomic_int is_stopped;
    atomic_uint requests, connections;
    pthread_t thread;
    pthread_t threads[CONNECTIONS_MAX]; /* one for each connection */
    pthread_mutex_t mutex;              /* guards the head */
    char head[HEAD_MAX];
};

struct connection {
    struct proxy *proxy;
    int fd;
};

/* Waits until one of two descriptors can be read. False when the proxy ends. */
static int wait_for(struct proxy *proxy, struct pollfd pair[2]) {
    while (!atomic_load(&proxy->is_stopped))
        if (poll(pair, 2, TURN_MS) > 0)
            return 1;
    return 0;
}

static int send_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return 0;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 1;
}

/* The head ends with the last byte that is read: nothing may follow it before it is answered. */
static int read_head(struct proxy *proxy, int fd, char head[HEAD_MAX]) {
    size_t length = 0;
    struct pollfd pair[2] = {{.fd = fd, .events = POLLIN}, {.fd = -1}};
    while (length < HEAD_MAX - 1 && wait_for(proxy, pair)) {
        ssize_t got = recv(fd, head + length, HEAD_MAX - 1 - length, 0);
        if (got <= 0)
            return 0;
        length += (size_t)got;
        head[length] = '\0';
        if (length >= 4 && strcmp(head + length - 4, "\r\n\r\n") == 0)
            return 1;
    }
    return 0;
}

static void keep_head(struct proxy *proxy, const char *head) {
    (void)pthread_mutex_lock(&proxy->mutex);
    memcpy(proxy->head, head, strlen(head) + 1);
    (void)pthread_mutex_unlock(&proxy->mutex);
    (void)atomic_fetch_add(&proxy->requests, 1);
}

static int is_authorized(const struct proxy *proxy, const char *head) {
    char line[512];
    if (proxy->script->authorization == NULL)
        return 1;
    (void)snprintf(line, sizeof line, "\r\nProxy-Authorization: %s\r\n", proxy->script->authorization);
    return strstr(head, line) != NULL;
}

static int connect_to(const char *head) {
    unsigned port = 0;
    if (sscanf(head, "CONNECT %*[^ :]:%u ", &port) != 1 && sscanf(head, "CONNECT [%*[^]]]:%u ", &port) != 1)
        return -1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* Copies in both directions until one side ends. */
static void relay(struct proxy *proxy, int client, int server) {
    char bytes[16 * 1024];
    struct pollfd pair[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (wait_for(proxy, pair))
        for (int i = 0; i < 2; i++) {
            if (pair[i].revents == 0)
                continue;
            ssize_t got = recv(pair[i].fd, bytes, sizeof bytes, 0);
            if (got <= 0 || !send_all(pair[1 - i].fd, bytes, (size_t)got))
                return;
        }
}

static void make_tunnel(struct proxy *proxy, int client, const char *head) {
    static const char ready[] = "HTTP/1.1 200 Connection established\r\n\r\n",
                      bad[] = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
    int server = connect_to(head);
    if (server < 0) {
        (void)send_all(client, bad, sizeof bad - 1);
        return;
    }
    if (send_all(client, ready, sizeof ready - 1))
        relay(proxy, client, server);
    (void)close(server);
}

static void say(struct proxy *proxy, int fd) {
    const struct proxy_script *script = proxy->script;
    struct pollfd nothing[2] = {{.fd = -1}, {.fd = -1}};
    (void)send_all(fd, script->says, script->length ? script->length : strlen(script->says));
    if (script->stays)
        (void)wait_for(proxy, nothing);
}

static void *serve(void *argument) {
    static const char wants[] = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
                                "realm=\"proxy\"\r\nContent-Length: 9\r\n\r\nnot you!\n";
    struct connection connection = *(struct connection *)argument;
    char head[HEAD_MAX];
    free(argument);
    if (read_head(connection.proxy, connection.fd, head)) {
        keep_head(connection.proxy, head);
        if (connection.proxy->script->says != NULL)
            say(connection.proxy, connection.fd);
        else if (!is_authorized(connection.proxy, head))
            (void)send_all(connection.fd, wants, sizeof wants - 1);
        else
            make_tunnel(connection.proxy, connection.fd, head);
    }
    (void)close(connection.fd);
    return NULL;
}

static void *accept_all(void *argument) {
    struct proxy *proxy = argument;
    struct pollfd pair[2] = {{.fd = proxy->listener, .events = POLLIN}, {.fd = -1}};
    unsigned count = 0;
    while (count < CONNECTIONS_MAX && wait_for(proxy, pair)) {
        struct connection *connection = malloc(sizeof *connection);
        int fd = accept(proxy->listener, NULL, NULL);
        if (connection == NULL || fd < 0)
            abort();
        *connection = (struct connection){proxy, fd};
        if (pthread_create(&proxy->threads[count], NULL, serve, connection) != 0)
            abort();
        atomic_store(&proxy->connections, ++count);
    }
    return NULL;
}

static int listen_somewhere(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

struct proxy *proxy_start(const struct proxy_script *script) {
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL)
        return NULL;
    proxy->script = script;
    proxy->listener = listen_somewhere(&proxy->port);
    if (proxy->listener < 0 || pthread_mutex_init(&proxy->mutex, NULL) != 0 ||
        pthread_create(&proxy->thread, NULL, accept_all, proxy) != 0) {
        free(proxy);
        return NULL;
    }
    return proxy;
}

void proxy_stop(struct proxy *proxy) {
    if (proxy == NULL)
        return;
    atomic_store(&proxy->is_stopped, 1);
    (void)pthread_join(proxy->thread, NULL);
    for (unsigned i = 0; i < atomic_load(&proxy->connections); i++)
        (void)pthread_join(proxy->threads[i], NULL);
    (void)close(proxy->listener);
    (void)pthread_mutex_destroy(&proxy->mutex);
    free(proxy);
}

const char *proxy_url(const struct proxy *proxy, const char *user_info, char *buf, size_t size) {
    (void)snprintf(buf, size, "http://%s127.0.0.1:%u", user_info, (unsigned)proxy->port);
    return buf;
}

uint16_t proxy_port(const struct proxy *proxy) {
    return proxy->port;
}

unsigned proxy_requests(struct proxy *proxy) {
    return atomic_load(&proxy->requests);
}

const char *proxy_head(struct proxy *proxy) {
    static char head[HEAD_MAX];
    (void)pthread_mutex_lock(&proxy->mutex);
    memcpy(head, proxy->head, sizeof head);
    (void)pthread_mutex_unlock(&proxy->mutex);
    return head;
}

unsigned proxy_connections(struct proxy *proxy) {
    return atomic_load(&proxy->connections);
}
