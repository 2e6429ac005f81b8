/* SPDX-License-Identifier: MIT */
/*
 * A listening socket that serves each connection in a thread of its own, for receivers that need to do to a socket what
 * no path of support/server.h asks for. Plain POSIX; it knows nothing of libhelmdesk.
 */
#ifndef TESTS_HOSTILE_DOOR_H
#define TESTS_HOSTILE_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* An open door. */
struct door;

/* Serves one connection, which is closed when this returns. Runs in the connection's thread. */
typedef void door_serve(struct door *door, void *user, int fd);

/* Opens a door at an IPv4 or IPv6 address of this machine; port 0 stands for a free one. Its receive buffers are small,
 * so that a large request does not vanish in them. NULL if the system refuses. */
struct door *door_open(const char *address, uint16_t port, door_serve *serve, void *user);

/* Ends all connections, joins all threads and frees the door. NULL does nothing. */
void door_shut(struct door *door);

uint16_t door_port(const struct door *door);

/* How many connections were accepted. */
unsigned door_connections(struct door *door);

/* Waits until every connection is counted that was made before this call. False if the system refuses. */
bool door_settle(struct door *door);

/* Waits for so many milliseconds, -1 for ever; false if the door is shut meanwhile. */
bool door_wait(struct door *door, int duration_ms);

/* Sends all bytes; false if the peer is gone. */
bool door_say(int fd, const void *bytes, size_t length);

/* Makes the close of a connection a reset. */
void door_reset_at_close(int fd);

/* Reads as recv() does: 0 or less at the end. */
typedef ssize_t door_reader(void *from, void *bytes, size_t size);

/* The door_reader of a socket; from points to its descriptor. */
ssize_t door_read(void *from, void *bytes, size_t size);

/* Reads a request's line and headers, and reports how many bytes of its body are still to come. False if the connection
 * ends before. */
bool door_read_head(door_reader *reader, void *from, size_t *body_left);

/* Reads a whole request. False if the connection ends before. */
bool door_read_request(door_reader *reader, void *from);

#endif
