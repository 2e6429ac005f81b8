/* SPDX-License-Identifier: MIT */
#include "store/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Time and chance ---- */

static int64_t monotonic_us(void *self) {
    return ((struct world *)self)->now_us;
}

static int64_t wall_ms(void *self) {
    const struct world *world = self;
    return INT64_C(1750000000000) + world->now_us / 1000 + world->wall_jump_ms;
}

static int random_bytes(void *self, void *out, size_t len) {
    struct world *world = self;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++) {
        world->random_state = world->random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
        bytes[i] = (unsigned char)(world->random_state >> 33);
    }
    return HD_OK;
}

struct world *world_new(const struct store_kind *kind) {
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->kind = kind;
    world->now_us = INT64_C(3600) * 1000000;
    world->clock = (struct hd__clock){monotonic_us, wall_ms, random_bytes, world};
    world->place = kind->make();
    assert_non_null(world->place);
    return world;
}

static void forget(struct client *client) {
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (client->world->clients[i] == client)
            client->world->clients[i] = NULL;
    client->store->ops->free(client->store);
    free(client->heard);
    free(client);
}

void world_free(struct world *world) {
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (world->clients[i])
            forget(world->clients[i]);
    world->kind->destroy(world->place);
    free(world->known);
    free(world);
}

void world_pass(struct world *world, int64_t ms) {
    world->now_us += ms * 1000;
}

/* ---- What is heard ---- */

static struct heard *hear(struct client *client, int what, int64_t webhook) {
    if (client->heard_count == client->heard_size) {
        client->heard_size = client->heard_size ? 2 * client->heard_size : 64;
        client->heard = realloc(client->heard, client->heard_size * sizeof *client->heard);
        assert_non_null(client->heard);
    }
    struct heard *heard = &client->heard[client->heard_count++];
    *heard = (struct heard){.what = what, .webhook = webhook};
    return heard;
}

static void hear_webhook(void *user, const struct hd__stored_webhook *webhook) {
    struct heard *heard = hear(user, HEARD_WEBHOOK, webhook->keys.webhook);
    (void)snprintf(heard->id, sizeof heard->id, "%s", webhook->id);
    (void)snprintf(heard->name, sizeof heard->name, "%s", webhook->name);
    (void)snprintf(heard->project, sizeof heard->project, "%s", webhook->project);
    heard->version = webhook->version;
    heard->change = webhook->change;
    heard->mode = webhook->mode;
    heard->rate[0] = webhook->rate_count;
    heard->rate[1] = webhook->rate_period_ms;
    heard->rate[2] = webhook->rate_burst;
    heard->pause[0] = webhook->pause_failures;
    heard->pause[1] = webhook->pause_ms;
    heard->is_removed = webhook->is_removed;
    heard->discarded_up_to = webhook->discarded_up_to;
}

static void hear_lane(void *user, const struct hd__lane_note *note) {
    struct heard *heard = hear(user, HEARD_LANE, note->webhook);
    heard->state = note->state;
    heard->left_ms = note->left_ms;
    heard->throttled_ms = note->throttled_ms;
    heard->health = note->health;
}

static void hear_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    struct heard *heard = hear(user, HEARD_ARRIVED, webhook);
    heard->row = row;
    heard->is_test = has_tests;
}

static void know(struct world *world, int64_t row, const unsigned char *event_id, const unsigned char *delivery_id) {
    for (size_t i = 0; i < world->known_count; i++)
        if (world->known[i].row == row)
            return;
    if (world->known_count == world->known_size) {
        world->known_size = world->known_size ? 2 * world->known_size : 64;
        world->known = realloc(world->known, world->known_size * sizeof *world->known);
        assert_non_null(world->known);
    }
    struct known *known = &world->known[world->known_count++];
    known->row = row;
    memcpy(known->event_id, event_id, HD__STORE_ID_SIZE);
    memcpy(known->delivery_id, delivery_id, HD__STORE_ID_SIZE);
}

static void hear_added(void *user, const struct hd__added *added) {
    const struct client *client = user;
    struct heard *heard = hear(user, HEARD_ADDED, added->webhook);
    assert_true(added->event < client->step->event_count);
    know(client->world, added->row, client->step->events[added->event].event.id, added->delivery_id);
    heard->row = added->row;
    heard->index = added->event;
    memcpy(heard->delivery_id, added->delivery_id, HD__STORE_ID_SIZE);
}

static int hear_claimed(void *user, size_t claim, const struct hd__claimed *claimed) {
    struct client *client = user;
    struct heard *heard = hear(client, HEARD_CLAIMED, 0);
    assert_true(claim < client->step->claim_count);
    know(client->world, claimed->row, claimed->event.id, claimed->delivery_id);
    heard->index = claim;
    heard->webhook = client->step->claims[claim].webhook;
    heard->row = claimed->row;
    heard->due_ms = claimed->due_ms;
    heard->tries = claimed->tries;
    heard->may_be_repeated = claimed->may_be_repeated;
    heard->is_test = claimed->is_test;
    memcpy(heard->delivery_id, claimed->delivery_id, HD__STORE_ID_SIZE);
    memcpy(heard->event_id, claimed->event.id, HD__STORE_ID_SIZE);
    (void)snprintf(heard->project, sizeof heard->project, "%s", claimed->event.project);
    (void)snprintf(heard->body, sizeof heard->body, "%.*s", (int)claimed->event.body.len,
                   (const char *)claimed->event.body.data);
    if (client->takes == 0)
        return 0;
    client->takes--;
    return 1;
}

size_t heard_count(const struct client *client, int what, int64_t webhook) {
    size_t count = 0;
    for (size_t i = 0; i < client->heard_count; i++)
        count += client->heard[i].what == what && (!webhook || client->heard[i].webhook == webhook);
    return count;
}

const struct heard *heard(const struct client *client, int what, size_t index) {
    for (size_t i = 0; i < client->heard_count; i++)
        if (client->heard[i].what == what && index-- == 0)
            return &client->heard[i];
    fail_msg("nothing of kind %d was heard in this place", what);
    return NULL;
}

/* ---- Clients come and go ---- */

static void must(struct client *client, int status) {
    if (status != HD_OK)
        fail_msg("%s: %s", hd_status_name(status), client->store->error);
}

void client_rejoin(struct client *client, int role) {
    const struct hd__join join = {.role = role, .clock = &client->world->clock, .listener = &client->listener};
    client->heard_count = 0;
    client->steps = 0;
    must(client, client->store->ops->join(client->store, &join, &client->state));
}

struct client *client_join(struct world *world, int role) {
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    client->world = world;
    client->takes = SIZE_MAX;
    client->listener = (struct hd__store_listener){hear_webhook, hear_lane, hear_arrived, client};
    client->store = world->kind->open(world->place);
    assert_non_null(client->store);
    int place = 0;
    while (world->clients[place])
        assert_true(++place < CLIENTS_MAX);
    world->clients[place] = client;
    client_rejoin(client, role);
    return client;
}

void client_leave(struct client *client, int is_clean) {
    must(client, client->store->ops->leave(client->store, is_clean));
    forget(client);
}

void client_die(struct client *client) {
    forget(client);
}

/* ---- Calls ---- */

void client_look(struct client *client) {
    client->heard_count = 0;
    must(client, client->store->ops->look(client->store, &client->state));
}

void client_tend(struct client *client) {
    int more = 0;
    client->heard_count = 0;
    must(client, client->store->ops->tend(client->store, &client->state, &more));
}

void world_tend(struct world *world, int seconds) {
    for (int second = 0; second < seconds; second++) {
        world_pass(world, 1000);
        for (int i = 0; i < CLIENTS_MAX; i++)
            if (world->clients[i])
                client_tend(world->clients[i]);
    }
}

void client_repeat(struct client *client, struct hd__step *step) {
    client->heard_count = 0;
    client->step = step;
    step->number = client->steps;
    step->added = hear_added;
    step->claimed = hear_claimed;
    step->user = client;
    must(client, client->store->ops->step(client->store, step, &client->state));
}

void client_step(struct client *client, struct hd__step *step) {
    client->steps++;
    client_repeat(client, step);
}
