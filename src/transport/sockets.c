#include "transport/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct hd__socket {
    int next_same_port;  /* descriptor + 1; 0 for none */
    uint16_t local_port; /* 0 if it is not connected */
    unsigned char is_open;
};

void hd__sockets_free(struct hd__sockets *sockets) {
    free(sockets->items);
}

static int reserve(struct hd__sockets *sockets, int fd) {
    size_t size = (size_t)fd + 64;
    if ((size_t)fd < sockets->size)
        return 1;
    struct hd__socket *items = realloc(sockets->items, size * sizeof items[0]);
    if (!items)
        return 0;
    memset(items + sockets->size, 0, (size - sockets->size) * sizeof items[0]);
    sockets->items = items;
    sockets->size = size;
    return 1;
}

int hd__sockets_add(struct hd__sockets *sockets, int fd) {
    if (!reserve(sockets, fd))
        return 0;
    sockets->items[fd] = (struct hd__socket){.is_open = 1};
    sockets->count++;
    return 1;
}

int hd__sockets_has(const struct hd__sockets *sockets, int fd) {
    return (size_t)fd < sockets->size && sockets->items[fd].is_open;
}

static int *list_of(struct hd__sockets *sockets, uint16_t local_port) {
    return &sockets->by_port[local_port % HD__SOCKET_PORTS];
}

void hd__sockets_connected(struct hd__sockets *sockets, int fd, uint16_t local_port) {
    int *list = list_of(sockets, local_port);
    if (sockets->items[fd].local_port) /* it is in its list already */
        return;
    sockets->items[fd].local_port = local_port;
    sockets->items[fd].next_same_port = *list;
    *list = fd + 1;
}

void hd__sockets_remove(struct hd__sockets *sockets, int fd) {
    struct hd__socket *socket = &sockets->items[fd];
    if (socket->local_port) {
        int *at = list_of(sockets, socket->local_port);
        while (*at != fd + 1)
            at = &sockets->items[*at - 1].next_same_port;
        *at = socket->next_same_port;
    }
    *socket = (struct hd__socket){0};
    sockets->count--;
}

static int is_quiet(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

int hd__sockets_are_quiet(const struct hd__sockets *sockets, uint16_t local_port) {
    int next = sockets->by_port[local_port % HD__SOCKET_PORTS];
    for (; next; next = sockets->items[next - 1].next_same_port)
        if (sockets->items[next - 1].local_port == local_port && !is_quiet(next - 1))
            return 0;
    return 1;
}
