/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include "door.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct raw {
    const struct raw_script *script;
    struct door *door;
    atomic_uint posts;
};

static bool read_request(struct raw *raw, int fd) {
    if (!door_read_request(door_read, &fd))
        return false;
    atomic_fetch_add(&raw->posts, 1);
    return true;
}

static void read_slowly(struct door *door, int fd) {
    char byte;
    while (door_wait(door, 1000) && door_read(&fd, &byte, 1) == 1)
        ;
}

/* Whether there is somebody to talk to. */
static bool read_first(struct raw *raw, struct door *door, int fd) {
    char bytes[4096];
    size_t left;
    switch (raw->script->reads) {
    case RAW_READS_REQUEST:
        return read_request(raw, fd);
    case RAW_READS_HEAD:
        return door_read_head(door_read, &fd, &left);
    case RAW_READS_SOME:
        return door_read(&fd, bytes, sizeof bytes) > 0;
    case RAW_READS_NOTHING:
        return true;
    case RAW_READS_SLOWLY:
        read_slowly(door, fd);
        return false;
    }
    return false;
}

static bool say(const struct raw_script *script, struct door *door, int fd) {
    size_t length = script->says == NULL ? 0 : script->length > 0 ? script->length : strlen(script->says);
    if (!door_say(fd, script->says, length))
        return false;
    if (script->drips == NULL)
        return true;
    while (door_wait(door, script->drip_ms) && door_say(fd, script->drips, strlen(script->drips)))
        ;
    return false;
}

static void read_on(int fd) {
    char bytes[16 * 1024];
    while (door_read(&fd, bytes, sizeof bytes) > 0)
        ;
}

static void serve(struct door *door, void *user, int fd) {
    struct raw *raw = user;
    while (read_first(raw, door, fd) && say(raw->script, door, fd))
        switch (raw->script->ends) {
        case RAW_CLOSES:
            return;
        case RAW_FINISHES:
            (void)shutdown(fd, SHUT_WR);
            read_on(fd);
            return;
        case RAW_RESETS:
            door_reset_at_close(fd);
            return;
        case RAW_STAYS:
            (void)door_wait(door, -1);
            return;
        case RAW_REPEATS:
            break;
        }
}

struct raw *raw_start(const char *address, uint16_t port, const struct raw_script *script) {
    struct raw *raw = calloc(1, sizeof *raw);
    if (raw == NULL)
        abort();
    raw->script = script;
    raw->door = door_open(address, port, serve, raw);
    if (raw->door != NULL)
        return raw;
    free(raw);
    return NULL;
}

void raw_stop(struct raw *raw) {
    if (raw == NULL)
        return;
    door_shut(raw->door);
    free(raw);
}

uint16_t raw_port(const struct raw *raw) {
    return door_port(raw->door);
}

unsigned raw_posts(struct raw *raw) {
    return atomic_load(&raw->posts);
}

unsigned raw_connections(struct raw *raw) {
    if (!door_settle(raw->door))
        abort();
    return door_connections(raw->door);
}
