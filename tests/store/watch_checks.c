/* SPDX-License-Identifier: MIT */
/* The descriptor that says when another client may have changed something. A store need not have one. */
#include "store/check.h"

#include <fcntl.h>
#include <poll.h>

#define PATIENCE_MS 10000

/* -1 if the store has none. */
static int watch(struct client *client) {
    const struct hd__store_ops *ops = client->store->ops;
    assert_true(!ops->watch == !ops->drain);
    return ops->watch ? ops->watch(client->store) : -1;
}

static int is_told(int fd, int timeout_ms) {
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    return poll(&waited, 1, timeout_ms) == 1;
}

/* It is told, and the look after that brings it. */
static void hear(struct client *client, int fd, int what, int64_t webhook) {
    assert_true(is_told(fd, PATIENCE_MS));
    client->store->ops->drain(client->store);
    client_look(client);
    assert_int_equal(heard_count(client, what, webhook), 1);
    assert_false(is_told(fd, 0));
}

static void changes_of_others_are_told(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    uint64_t change;
    int fd = watch(owner);
    if (fd < 0)
        return;
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    owner->store->ops->drain(owner->store);
    int64_t key = client_put(other, &webhook);
    hear(owner, fd, HEARD_WEBHOOK, key);
    for (int i = 0; i < 3; i++) {
        client_send(other);
        hear(owner, fd, HEARD_ARRIVED, key);
    }
    assert_int_equal(other->store->ops->remove_webhook(other->store, "webhook", &change, NULL), HD_OK);
    hear(owner, fd, HEARD_WEBHOOK, key);
}

static void a_reader_is_told(struct world *world) {
    struct client *writer = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(writer, &webhook);
    struct client *reader = client_join(world, HD__ROLE_READ);
    int fd = watch(reader);
    if (fd < 0)
        return;
    reader->store->ops->drain(reader->store);
    client_put(writer, &webhook);
    hear(reader, fd, HEARD_WEBHOOK, webhook.keys.webhook);
}

/* What was changed before the descriptor is drained may be told by the same look; what is changed after that is told
 * again. */
static void nothing_is_missed_between_drain_and_look(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(other, &webhook);
    client_look(owner);
    int fd = watch(owner);
    if (fd < 0)
        return;
    client_send(other);
    client_send(other);
    owner->store->ops->drain(owner->store);
    client_send(other);
    assert_true(is_told(fd, PATIENCE_MS));
    client_look(owner);
    assert_int_equal(client_claim(owner, key), 3);
}

/* A look and a drain change nothing that the client itself would be told of for ever. */
static void looks_come_to_an_end(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER);
    int fd = watch(owner), looks = 0;
    if (fd < 0)
        return;
    client_send(owner);
    for (; is_told(fd, 0) && looks < 10; looks++) {
        owner->store->ops->drain(owner->store);
        client_look(owner);
    }
    assert_true(looks <= 2);
}

/* Shards that one leaves are told to the one that is to have them. */
static void shards_that_are_free_are_told(struct world *world) {
    struct client *first = client_join(world, HD__ROLE_DELIVER), *second = client_join(world, HD__ROLE_DELIVER);
    int fd = watch(second);
    if (fd < 0)
        return;
    world_tend(world, 3);
    second->store->ops->drain(second->store);
    client_leave(first, 1);
    assert_true(is_told(fd, PATIENCE_MS));
    second->store->ops->drain(second->store);
    client_look(second);
    assert_true(second->state.owned == UINT64_MAX);
}

static void a_client_that_rejoins_is_told(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int fd = watch(client);
    if (fd < 0)
        return;
    assert_int_equal(client->store->ops->leave(client->store, 1), HD_OK);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    client_rejoin(client, HD__ROLE_DELIVER);
    fd = watch(client);
    client->store->ops->drain(client->store);
    int64_t key = client_put(other, &webhook);
    hear(client, fd, HEARD_WEBHOOK, key);
    assert_int_equal(watch(client), fd); /* asked once more, nothing is lost */
    client_send(other);
    hear(client, fd, HEARD_ARRIVED, key);
}

static const struct check checks[] = {
    {"changes of others are told", changes_of_others_are_told},
    {"a reader is told", a_reader_is_told},
    {"nothing is missed between drain and look", nothing_is_missed_between_drain_and_look},
    {"looks come to an end", looks_come_to_an_end},
    {"shards that are free are told", shards_that_are_free_are_told},
    {"a client that rejoins is told", a_client_that_rejoins_is_told},
};
const struct check_list watch_checks = CHECK_LIST("watch", checks);
