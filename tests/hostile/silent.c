/* SPDX-License-Identifier: MIT */
#include "silent.h"

#include "support/support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESSES_MAX 64
#define FILLERS_MAX 8 /* of an address */
#define SETTLE_MS 250 /* how long one that can be established may take */

struct silent {
    size_t count, filler_rounds;
    int listeners[ADDRESSES_MAX];
    int fillers[FILLERS_MAX][ADDRESSES_MAX];
};

static struct sockaddr_in address_of(size_t index, uint16_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(UINT32_C(0x7F020001) + (uint32_t)index)};
}

static int new_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

static int listen_at(struct sockaddr_in address) {
    int fd = new_socket();
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 0) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int connect_to(struct sockaddr_in address) {
    int fd = new_socket();
    if (fd >= 0)
        (void)connect(fd, (struct sockaddr *)&address, sizeof address);
    return fd;
}

/* One more connection to each. Returns whether any was established: then the backlogs may not be full. */
static bool fill(struct silent *silent, uint16_t port) {
    int *fds = silent->fillers[silent->filler_rounds++];
    bool any = false;
    for (size_t i = 0; i < silent->count; i++)
        fds[i] = connect_to(address_of(i, port));
    sleep_ms(SETTLE_MS);
    for (size_t i = 0; i < silent->count; i++) {
        struct pollfd watched = {.fd = fds[i], .events = POLLOUT};
        any |= fds[i] < 0 || poll(&watched, 1, 0) != 0;
    }
    return any;
}

struct silent *silent_start(size_t count, uint16_t port) {
    struct silent *silent = calloc(1, sizeof *silent);
    if (silent == NULL || count > ADDRESSES_MAX)
        abort();
    for (; silent->count < count; silent->count++) {
        silent->listeners[silent->count] = listen_at(address_of(silent->count, port));
        if (silent->listeners[silent->count] < 0)
            break;
    }
    while (silent->count == count && silent->filler_rounds < FILLERS_MAX)
        if (!fill(silent, port))
            return silent;
    silent_stop(silent);
    return NULL;
}

void silent_stop(struct silent *silent) {
    if (silent == NULL)
        return;
    for (size_t i = 0; i < silent->count; i++)
        (void)close(silent->listeners[i]);
    for (size_t round = 0; round < silent->filler_rounds; round++)
        for (size_t i = 0; i < silent->count; i++)
            if (silent->fillers[round][i] >= 0)
                (void)close(silent->fillers[round][i]);
    free(silent);
}
