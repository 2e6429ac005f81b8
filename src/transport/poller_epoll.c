/* By epoll. A socket stays registered while nothing is waited for, since libcurl waits anew with each transfer on a
 * kept connection: to register and remove it each time made a delivery a quarter more expensive. */
#include "transport/poller.h"

#include "base/wakeup.h"

#if defined(__linux__) && !defined(HD_USE_POLL)

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX 64

struct watched {
    void *user;
    unsigned char wanted;
    unsigned char registered; /* what the kernel waits for; 0 if it does not know the socket */
};

struct hd__poller {
    int epoll;
    struct hd__wakeup wakeup;
    struct watched *sockets; /* by descriptor */
    size_t size;
};

struct hd__poller *hd__poller_new(void) {
    struct hd__poller *poller = calloc(1, sizeof *poller);
    if (!poller)
        return NULL;
    if (!hd__wakeup_open(&poller->wakeup)) {
        free(poller);
        return NULL;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = poller->wakeup.read_fd};
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll >= 0 && epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wakeup.read_fd, &event) == 0)
        return poller;
    hd__poller_free(poller);
    return NULL;
}

void hd__poller_free(struct hd__poller *poller) {
    if (poller->epoll >= 0)
        close(poller->epoll);
    hd__wakeup_close(&poller->wakeup);
    free(poller->sockets);
    free(poller);
}

int hd__poller_reserve(struct hd__poller *poller, int fd) {
    size_t size = (size_t)fd + 64;
    if ((size_t)fd < poller->size)
        return 1;
    struct watched *sockets = realloc(poller->sockets, size * sizeof sockets[0]);
    if (!sockets)
        return 0;
    memset(sockets + poller->size, 0, (size - poller->size) * sizeof sockets[0]);
    poller->sockets = sockets;
    poller->size = size;
    return 1;
}

static void enroll(struct hd__poller *poller, int fd, int events) {
    struct watched *socket = &poller->sockets[fd];
    struct epoll_event event = {.data.fd = fd};
    int operation = events == 0 ? EPOLL_CTL_DEL : socket->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    event.events = (events & HD__POLLER_READ ? EPOLLIN : 0U) | (events & HD__POLLER_WRITE ? EPOLLOUT : 0U);
    if (epoll_ctl(poller->epoll, operation, fd, &event) == 0)
        socket->registered = (unsigned char)events;
}

void hd__poller_watch(struct hd__poller *poller, int fd, int events, void *user) {
    if (!hd__poller_reserve(poller, fd))
        return;
    struct watched *socket = &poller->sockets[fd];
    socket->wanted = (unsigned char)events;
    socket->user = user;
    if (events != 0 && (events & ~socket->registered || socket->registered & ~events & HD__POLLER_WRITE))
        enroll(poller, fd, events);
}

void *hd__poller_user(const struct hd__poller *poller, int fd) {
    return (size_t)fd < poller->size ? poller->sockets[fd].user : NULL;
}

void hd__poller_forget(struct hd__poller *poller, int fd) {
    if ((size_t)fd >= poller->size)
        return;
    if (poller->sockets[fd].registered)
        enroll(poller, fd, 0);
    poller->sockets[fd] = (struct watched){0};
}

static int wanted_of(const struct watched *socket, uint32_t ready) {
    int events = (ready & EPOLLIN ? HD__POLLER_READ : 0) | (ready & EPOLLOUT ? HD__POLLER_WRITE : 0);
    if (ready & (EPOLLERR | EPOLLHUP))
        events = HD__POLLER_READ | HD__POLLER_WRITE;
    return events & socket->wanted;
}

size_t hd__poller_wait(struct hd__poller *poller, int timeout_ms, struct hd__socket_event *events, size_t max) {
    struct epoll_event ready[EVENTS_MAX];
    size_t written = 0;
    int count = epoll_wait(poller->epoll, ready, max < EVENTS_MAX ? (int)max : EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        int fd = ready[i].data.fd;
        if (fd == poller->wakeup.read_fd) {
            hd__wakeup_clear(&poller->wakeup);
            continue;
        }
        struct watched *socket = &poller->sockets[fd];
        int wanted = wanted_of(socket, ready[i].events);
        if (wanted)
            events[written++] = (struct hd__socket_event){fd, wanted};
        else
            enroll(poller, fd, socket->wanted); /* it would not let the kernel rest */
    }
    return written;
}

void hd__poller_wake(struct hd__poller *poller) {
    hd__wakeup_set(&poller->wakeup);
}

#endif
