/* By poll(), for systems without epoll. */
#include "transport/poller.h"

#include "base/wakeup.h"

#if !defined(__linux__) || defined(HD_USE_POLL)

#include <poll.h>
#include <stdlib.h>

struct hd__poller {
    struct hd__wakeup wakeup; /* which is sockets[0] */
    struct pollfd *sockets;   /* those that are watched */
    void **users;             /* of the same index */
    size_t count, size;
    size_t turn; /* with whom the next wait begins, so that nobody is left out */
};

struct hd__poller *hd__poller_new(void) {
    struct hd__poller *poller = calloc(1, sizeof *poller);
    if (!poller)
        return NULL;
    if (!hd__wakeup_open(&poller->wakeup)) {
        free(poller);
        return NULL;
    }
    if (hd__poller_reserve(poller, poller->wakeup.read_fd)) {
        hd__poller_watch(poller, poller->wakeup.read_fd, HD__POLLER_READ, NULL);
        return poller;
    }
    hd__poller_free(poller);
    return NULL;
}

void hd__poller_free(struct hd__poller *poller) {
    hd__wakeup_close(&poller->wakeup);
    free(poller->sockets);
    free(poller->users);
    free(poller);
}

/* One more than there are. */
int hd__poller_reserve(struct hd__poller *poller, int fd) {
    (void)fd;
    if (poller->count < poller->size)
        return 1;
    size_t size = poller->size + 64;
    struct pollfd *sockets = realloc(poller->sockets, size * sizeof sockets[0]);
    poller->sockets = sockets ? sockets : poller->sockets;
    void **users = sockets ? realloc(poller->users, size * sizeof users[0]) : NULL;
    if (!users)
        return 0;
    poller->users = users;
    poller->size = size;
    return 1;
}

static size_t index_of(const struct hd__poller *poller, int fd) {
    size_t i = 0;
    while (i < poller->count && poller->sockets[i].fd != fd)
        i++;
    return i;
}

void hd__poller_watch(struct hd__poller *poller, int fd, int events, void *user) {
    size_t i = index_of(poller, fd);
    if (events == 0) {
        hd__poller_forget(poller, fd);
        return;
    }
    if (i == poller->count && !hd__poller_reserve(poller, fd))
        return;
    poller->count += i == poller->count;
    poller->sockets[i] = (struct pollfd){.fd = fd};
    poller->sockets[i].events =
        (short)((events & HD__POLLER_READ ? POLLIN : 0) | (events & HD__POLLER_WRITE ? POLLOUT : 0));
    poller->users[i] = user;
}

void *hd__poller_user(const struct hd__poller *poller, int fd) {
    size_t i = index_of(poller, fd);
    return i < poller->count ? poller->users[i] : NULL;
}

void hd__poller_forget(struct hd__poller *poller, int fd) {
    size_t i = index_of(poller, fd);
    if (i == poller->count)
        return;
    poller->count--;
    poller->sockets[i] = poller->sockets[poller->count];
    poller->users[i] = poller->users[poller->count];
}

static int events_of(const struct pollfd *socket) {
    short ready = socket->revents & (POLLERR | POLLHUP | POLLNVAL) ? socket->events : socket->revents;
    return (ready & POLLIN ? HD__POLLER_READ : 0) | (ready & POLLOUT ? HD__POLLER_WRITE : 0);
}

size_t hd__poller_wait(struct hd__poller *poller, int timeout_ms, struct hd__socket_event *events, size_t max) {
    size_t written = 0;
    if (poll(poller->sockets, (nfds_t)poller->count, timeout_ms) <= 0)
        return 0;
    if (poller->sockets[0].revents)
        hd__wakeup_clear(&poller->wakeup);
    for (size_t n = 1; n < poller->count && written < max; n++) {
        size_t i = 1 + poller->turn++ % (poller->count - 1);
        if (poller->sockets[i].revents)
            events[written++] = (struct hd__socket_event){poller->sockets[i].fd, events_of(&poller->sockets[i])};
    }
    return written;
}

void hd__poller_wake(struct hd__poller *poller) {
    hd__wakeup_set(&poller->wakeup);
}

#endif
