/* SPDX-License-Identifier: MIT */
/* A store with some clients, in time that only passes when it is told to: what a check of the conformance suite plays
 * with. The functions fail the running check if the store refuses what must work. */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "store/stores.h"

#include "base/uuid.h"

#define CLIENTS_MAX 8
#define KEYS_MAX 256
#define PROJECT "project"
#define DAY_MS INT64_C(86400000)

struct world {
    const struct store_kind *kind;
    void *place;
    struct hd__clock clock;
    int64_t now_us, wall_jump_ms;
    uint64_t random_state;
    struct hd__uuid_source uuids; /* of events */
    struct client *clients[CLIENTS_MAX];
    int64_t last_ticket;
    struct known *known; /* rows that were added or claimed, each once */
    size_t known_count, known_size;
    struct hd__store_keys keys[KEYS_MAX]; /* of webhooks that were put, as they were last */
    size_t key_count;
};

/* What must be said of a row in its result. */
struct known {
    int64_t row;
    unsigned char event_id[HD__STORE_ID_SIZE], delivery_id[HD__STORE_ID_SIZE];
};

/* What a client was told, in this order. */
enum {
    HEARD_WEBHOOK = 1,
    HEARD_LANE,
    HEARD_ARRIVED,
    HEARD_ADDED,
    HEARD_CLAIMED
};

struct heard {
    int what;
    int64_t webhook, row;
    char id[32], name[32], project[32], body[64]; /* of a webhook; of a claimed event */
    uint64_t version, change;
    int mode, is_removed, state, may_be_repeated, is_test; /* is_test: has_tests, if it has arrived */
    int64_t discarded_up_to, left_ms, throttled_ms, due_ms;
    uint32_t tries, rate[3], pause[2];
    struct hd__health health;
    size_t index; /* of the event or the claim */
    unsigned char delivery_id[HD__STORE_ID_SIZE], event_id[HD__STORE_ID_SIZE];
};

struct client {
    struct world *world;
    struct hd_store *store;
    struct hd__store_listener listener;
    struct hd__store_state state; /* lost is of the last call alone */
    uint64_t steps;               /* the number of the last one */
    struct heard *heard;          /* by the last call */
    size_t heard_count, heard_size;
    size_t takes;                /* so many claimed rows are taken, then no more */
    const struct hd__step *step; /* the one that is being made */
};

struct world *world_new(const struct store_kind *kind);
void world_free(struct world *world);
void world_pass(struct world *world, int64_t ms);

/* Joins with a handle of its own. */
struct client *client_join(struct world *world, int role);
/* Joins again with the handle of a client that has left. */
void client_rejoin(struct client *client, int role);
/* Leaves, and frees the handle. */
void client_leave(struct client *client, int is_clean);
/* Frees the handle and does not leave. */
void client_die(struct client *client);

void client_look(struct client *client);
void client_tend(struct client *client);
/* Lets all clients tend each second, for so many of them. */
void world_tend(struct world *world, int seconds);
/* The next step. */
void client_step(struct client *client, struct hd__step *step);
/* The last step once more. */
void client_repeat(struct client *client, struct hd__step *step);

/* A webhook of PROJECT that is on and subscribes to all types; change it before it is put. */
struct hd__stored_webhook webhook_of(const char *id);
/* Puts it whatever is there. Returns its key. */
int64_t client_put(struct client *client, struct hd__stored_webhook *webhook);
/* Puts so many of webhook_of(), "w0" and so on. */
void client_put_many(struct client *client, int count, int64_t *keys);

/* A new event, with a ticket of its own in its body: {"ticket":7}. */
struct hd__new_event event_of(struct world *world, const char *project, int type);
/* A step with one event of PROJECT. Returns the row of the only one that was added, if that was told; else 0. */
int64_t client_send(struct client *client);
/* The same, to one webhook. */
int64_t client_send_to(struct client *client, int64_t webhook);

/* The record of an attempt that was delivered, for a row that was heard of; or for none, 0. */
struct hd__stored_report report_of(const struct world *world, int64_t webhook, int64_t row);
/* A result with this record, or with none. */
struct hd__result result_of(const struct world *world, int kind, int64_t webhook, int64_t row,
                            const struct hd__stored_report *report);
/* A step with one result. Returns whether it was lost. */
int client_settle(struct client *client, struct hd__result result);
/* A step with the end of a row. Returns whether it was lost. */
int client_end(struct client *client, int64_t webhook, int64_t row);

/* A step with a claim from the beginning. Returns how many rows there were. */
size_t client_claim(struct client *client, int64_t webhook);

/* How many of this kind were heard; of this webhook, or of all if it is 0. */
size_t heard_count(const struct client *client, int what, int64_t webhook);
/* One of them, from 0. Fails if it is not there. */
const struct heard *heard(const struct client *client, int what, size_t index);

/* How many records there are; how many with this outcome. */
size_t records(struct client *client);
size_t records_with(struct client *client, int outcome);

/* How many deliveries wait for a webhook. */
uint64_t waiting(struct client *client, const char *id);

#endif
