/* The sockets that were opened for connections, and what has to be known of them while libcurl keeps them. */
#ifndef HD_TRANSPORT_SOCKETS_H
#define HD_TRANSPORT_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#define HD__SOCKET_PORTS 4096

struct hd__socket;

struct hd__sockets {
    struct hd__socket *items; /* by descriptor */
    size_t size;
    size_t count;                  /* that are open */
    int by_port[HD__SOCKET_PORTS]; /* lists of the connected ones, by their port on this side: descriptor + 1 */
};

/* Of a struct that is all zero before the first call. */
void hd__sockets_free(struct hd__sockets *sockets);

/* Remembers a socket. Returns 0 without memory. */
int hd__sockets_add(struct hd__sockets *sockets, int fd);

/* Is called before a socket is closed that was added. */
void hd__sockets_remove(struct hd__sockets *sockets, int fd);

int hd__sockets_has(const struct hd__sockets *sockets, int fd);

/* A socket that was added is connected. Once is enough; more does no harm. */
void hd__sockets_connected(struct hd__sockets *sockets, int fd, uint16_t local_port);

/* Whether nothing waits to be read from connections that have this port on this side. */
int hd__sockets_are_quiet(const struct hd__sockets *sockets, uint16_t local_port);

#endif
