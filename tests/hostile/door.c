/* SPDX-License-Identifier: MIT */
#include "door.h"

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
#include <unistd.h>

#define RECEIVE_BUFFER (8 * 1024)
#define HEAD_MAX ((size_t)16 * 1024)

struct visitor {
    struct door *door;
    struct visitor *next;
    pthread_t thread;
    int fd; /* -1 once closed; the door's lock guards it */
};

struct door {
    door_serve *serve;
    void *user;
    int family;
    uint16_t port;
    int listener;
    int shutting[2]; /* a pipe that ends when the door is shut */
    pthread_t doorman;
    bool has_doorman;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct visitor *visitors;
    unsigned count;
    uint16_t fence_port; /* of the connection that door_settle() waits for; 0 for none */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static uint16_t port_of(const union address *address) {
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Talking
 */

bool door_wait(struct door *door, int duration_ms) {
    struct pollfd watched = {.fd = door->shutting[0], .events = POLLIN};
    int ready;
    do
        ready = poll(&watched, 1, duration_ms);
    while (ready < 0 && errno == EINTR);
    return ready == 0;
}

bool door_say(int fd, const void *bytes, size_t length) {
    const char *rest = bytes;
    while (length > 0) {
        ssize_t sent = send(fd, rest, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        rest += sent;
        length -= (size_t)sent;
    }
    return true;
}

void door_reset_at_close(int fd) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

ssize_t door_read(void *from, void *bytes, size_t size) {
    ssize_t got;
    do
        got = recv(*(int *)from, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

/* The value of Content-Length; 0 without one. */
static size_t content_length(const char *head) {
    static const char name[] = "content-length:";
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, sizeof name - 1) == 0)
            return strtoul(line + 2 + sizeof name - 1, NULL, 10);
    return 0;
}

bool door_read_head(door_reader *reader, void *from, size_t *body_left) {
    char head[HEAD_MAX + 1];
    size_t length = 0;
    while (length < HEAD_MAX) {
        ssize_t got = reader(from, head + length, HEAD_MAX - length);
        if (got <= 0)
            return false;
        length += (size_t)got;
        head[length] = '\0';
        const char *end = strstr(head, "\r\n\r\n");
        if (end == NULL)
            continue;
        size_t whole = (size_t)(end - head) + 4 + content_length(head);
        *body_left = whole > length ? whole - length : 0;
        return true;
    }
    return false;
}

bool door_read_request(door_reader *reader, void *from) {
    char bytes[16 * 1024];
    size_t left;
    if (!door_read_head(reader, from, &left))
        return false;
    while (left > 0) {
        ssize_t got = reader(from, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (got <= 0)
            return false;
        left -= (size_t)got;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Connections
 */

static void *receive_visitor(void *argument) {
    struct visitor *visitor = argument;
    struct door *door = visitor->door;
    door->serve(door, door->user, visitor->fd);
    (void)pthread_mutex_lock(&door->lock);
    (void)close(visitor->fd);
    visitor->fd = -1;
    (void)pthread_mutex_unlock(&door->lock);
    return NULL;
}

static void let_in(struct door *door, int fd) {
    struct visitor *visitor = calloc(1, sizeof *visitor);
    if (visitor == NULL)
        abort();
    int on = 1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    visitor->door = door;
    visitor->fd = fd;
    (void)pthread_mutex_lock(&door->lock);
    door->count++;
    if (pthread_create(&visitor->thread, NULL, receive_visitor, visitor) == 0) {
        visitor->next = door->visitors;
        door->visitors = visitor;
    } else {
        (void)close(fd);
        free(visitor);
    }
    (void)pthread_mutex_unlock(&door->lock);
}

/* Whether this is the connection that door_settle() waits for. */
static bool is_fence(struct door *door, const union address *peer) {
    (void)pthread_mutex_lock(&door->lock);
    bool is_it = door->fence_port != 0 && port_of(peer) == door->fence_port;
    if (is_it)
        door->fence_port = 0;
    (void)pthread_cond_broadcast(&door->changed);
    (void)pthread_mutex_unlock(&door->lock);
    return is_it;
}

static void answer_knock(struct door *door) {
    union address peer;
    socklen_t length = sizeof peer;
    int fd = accept(door->listener, &peer.any, &length);
    if (fd >= 0 && is_fence(door, &peer))
        (void)close(fd);
    else if (fd >= 0)
        let_in(door, fd);
}

static void *keep_door(void *argument) {
    struct door *door = argument;
    for (;;) {
        struct pollfd watched[2] = {{.fd = door->listener, .events = POLLIN},
                                    {.fd = door->shutting[0], .events = POLLIN}};
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (watched[1].revents != 0)
            return NULL;
        if (watched[0].revents != 0)
            answer_knock(door);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The door's life
 */

/* Reads an address in text form; its length, or 0 if it is none. */
static socklen_t parse(const char *text, uint16_t port, union address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return sizeof address->v4;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
        return 0;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return sizeof address->v6;
}

static bool listen_at(struct door *door, const char *text, uint16_t port) {
    union address address;
    int size = RECEIVE_BUFFER;
    socklen_t length = parse(text, port, &address);
    door->family = address.any.sa_family;
    door->listener = length > 0 ? socket(door->family, SOCK_STREAM, 0) : -1;
    if (door->listener < 0)
        return false;
    (void)fcntl(door->listener, F_SETFD, FD_CLOEXEC);
    (void)fcntl(door->listener, F_SETFL, O_NONBLOCK);
    (void)setsockopt(door->listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(door->listener, &address.any, length) != 0 || listen(door->listener, 128) != 0 ||
        getsockname(door->listener, &address.any, &length) != 0)
        return false;
    door->port = port_of(&address);
    return true;
}

struct door *door_open(const char *address, uint16_t port, door_serve *serve, void *user) {
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL)
        abort();
    door->serve = serve;
    door->user = user;
    door->listener = door->shutting[0] = door->shutting[1] = -1;
    (void)pthread_mutex_init(&door->lock, NULL);
    (void)pthread_cond_init(&door->changed, NULL);
    door->has_doorman = pipe(door->shutting) == 0 && listen_at(door, address, port) &&
                        pthread_create(&door->doorman, NULL, keep_door, door) == 0;
    if (door->has_doorman)
        return door;
    door_shut(door);
    return NULL;
}

static void close_if_open(int fd) {
    if (fd >= 0)
        (void)close(fd);
}

static void join_visitors(struct door *door) {
    while (door->visitors != NULL) {
        struct visitor *visitor = door->visitors;
        door->visitors = visitor->next;
        (void)pthread_join(visitor->thread, NULL);
        free(visitor);
    }
}

void door_shut(struct door *door) {
    if (door == NULL)
        return;
    close_if_open(door->shutting[1]);
    if (door->has_doorman)
        (void)pthread_join(door->doorman, NULL);
    close_if_open(door->listener);
    (void)pthread_mutex_lock(&door->lock);
    for (struct visitor *visitor = door->visitors; visitor != NULL; visitor = visitor->next)
        if (visitor->fd >= 0)
            (void)shutdown(visitor->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&door->lock);
    join_visitors(door);
    close_if_open(door->shutting[0]);
    (void)pthread_cond_destroy(&door->changed);
    (void)pthread_mutex_destroy(&door->lock);
    free(door);
}

uint16_t door_port(const struct door *door) {
    return door->port;
}

unsigned door_connections(struct door *door) {
    (void)pthread_mutex_lock(&door->lock);
    unsigned count = door->count;
    (void)pthread_mutex_unlock(&door->lock);
    return count;
}

/* Makes a connection that the doorman is to recognize by its port. */
static int connect_as_fence(struct door *door) {
    union address here, there;
    socklen_t length = sizeof there;
    if (getsockname(door->listener, &there.any, &length) != 0)
        return -1;
    int fd = socket(door->family, SOCK_STREAM, 0);
    here = there;
    if (door->family == AF_INET6)
        here.v6.sin6_port = 0;
    else
        here.v4.sin_port = 0;
    if (fd < 0 || bind(fd, &here.any, length) != 0 || getsockname(fd, &here.any, &length) != 0) {
        close_if_open(fd);
        return -1;
    }
    (void)pthread_mutex_lock(&door->lock);
    door->fence_port = port_of(&here);
    (void)pthread_mutex_unlock(&door->lock);
    if (connect(fd, &there.any, length) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* Connections are accepted in the order in which they were made: once one of our own has been, all before it have. */
bool door_settle(struct door *door) {
    int fd = connect_as_fence(door);
    if (fd < 0)
        return false;
    (void)pthread_mutex_lock(&door->lock);
    while (door->fence_port != 0)
        (void)pthread_cond_wait(&door->changed, &door->lock);
    (void)pthread_mutex_unlock(&door->lock);
    (void)close(fd);
    return true;
}
