/* SPDX-License-Identifier: MIT */
/* A step is applied once, however often it is made. */
#include "store/check.h"

#include <string.h>

/* The parts of a step that writes something of each kind. */
struct parts {
    int64_t keys[2], row;
    struct hd__new_event events[2];
    struct hd__stored_report report;
    struct hd__result result;
    struct hd__step step;
};

static void prepare(struct client *client, struct parts *parts) {
    struct world *world = client->world;
    client_put_many(client, 2, parts->keys);
    parts->row = client_send_to(client, parts->keys[0]);
    parts->events[0] = event_of(world, PROJECT, HD_TICKET_CREATED);
    parts->events[1] = event_of(world, PROJECT, HD_TICKET_CREATED);
    parts->events[1].key = "key";
    parts->report = report_of(world, parts->keys[0], parts->row);
    parts->result = result_of(world, HD__RESULT_ENDED, parts->keys[0], parts->row, &parts->report);
    parts->step =
        (struct hd__step){.events = parts->events, .event_count = 2, .results = &parts->result, .result_count = 1};
}

/* What was told of added rows is the same as then. */
static void is_told_again(const struct client *client, const struct heard *before, size_t count) {
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), count);
    for (size_t i = 0; i < count; i++) {
        const struct heard *added = heard(client, HEARD_ADDED, i);
        assert_int_equal(added->webhook, before[i].webhook);
        assert_int_equal(added->row, before[i].row);
        assert_int_equal(added->index, before[i].index);
        assert_memory_equal(added->delivery_id, before[i].delivery_id, HD__STORE_ID_SIZE);
    }
}

static void a_repeated_step_is_applied_once(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct parts parts;
    struct heard before[4];
    prepare(client, &parts);
    client_step(client, &parts.step);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 4);
    for (size_t i = 0; i < 4; i++)
        before[i] = *heard(client, HEARD_ADDED, i);
    for (int times = 0; times < 3; times++) {
        parts.events[0].added = parts.events[1].added = 99;
        parts.events[1].is_known = parts.result.is_lost = 1;
        client_repeat(client, &parts.step);
        is_told_again(client, before, 4);
        assert_int_equal(parts.events[0].added, 2);
        assert_int_equal(parts.events[1].added, 2);
        assert_false(parts.events[1].is_known);
        assert_false(parts.result.is_lost);
        assert_int_equal(client->state.waiting, 4);
        assert_int_equal(records(client), 1);
    }
    client_send(client); /* the next one is another one */
    assert_int_equal(client->state.waiting, 6);
}

/* What it was told of keys and losses before is told again as well. */
static void what_was_known_and_lost_is_told_again(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct parts parts;
    prepare(client, &parts);
    client_step(client, &parts.step);
    unsigned char first[HD__STORE_ID_SIZE];
    memcpy(first, parts.events[1].event.id, sizeof first);
    parts.events[1] = event_of(world, PROJECT, HD_TICKET_CREATED);
    parts.events[1].key = "key";
    parts.events[0] = event_of(world, PROJECT, HD_TICKET_CREATED);
    client_step(client, &parts.step); /* its row is gone */
    for (int times = 0; times < 2; times++) {
        assert_true(parts.result.is_lost);
        assert_true(parts.events[1].is_known);
        assert_memory_equal(parts.events[1].known_id, first, sizeof first);
        assert_int_equal(records(client), 2);
        parts.result.is_lost = parts.events[1].is_known = 0;
        memset(parts.events[1].known_id, 0, sizeof first);
        client_repeat(client, &parts.step);
    }
}

/* Claims are made anew: what they find is of now. */
static void a_repeated_step_claims_anew(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    struct hd__claim claim = {.webhook = client_put(client, &webhook), .max = 9};
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1, .claims = &claim, .claim_count = 1};
    client_step(client, &step);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 1);
    client_send(other);
    client_repeat(client, &step);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 2);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 1);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, 0), 1);
}

/* Others' steps in between, looks and tends change nothing of it. */
static void a_step_is_repeated_after_other_calls(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct parts parts;
    prepare(client, &parts);
    client_step(client, &parts.step);
    client_send(other);
    client_look(client);
    client_tend(client);
    client_repeat(client, &parts.step);
    assert_int_equal(client->state.waiting, 6);
    assert_int_equal(records(client), 1);
}

/* It was committed, the reply was lost, the client stalled, its lanes are another's: still it is the same step. */
static void a_step_is_known_after_its_client_lost_its_lanes(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct parts parts;
    prepare(client, &parts);
    client_step(client, &parts.step);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    for (int second = 0; second < 120 && other->state.owned != UINT64_MAX; second++) {
        world_pass(world, 1000);
        client_tend(other);
    }
    assert_true(other->state.owned == UINT64_MAX);
    client_repeat(client, &parts.step);
    assert_false(parts.result.is_lost);
    assert_int_equal(client->state.waiting, 4);
    assert_int_equal(records(client), 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 0); /* of lanes that are not its own any more */
    assert_true(client->state.lost == UINT64_MAX);
}

/* What was added to a shard of another client is not told as added by a step that is repeated as its owner: by then it
 * may have been begun, or have ended. */
static void rows_of_shards_that_came_later_are_not_told_again(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *next = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    assert_int_equal(next->state.owned, 0);
    client_step(next, &step);
    assert_int_equal(heard_count(next, HEARD_ADDED, 0), 0);
    client_leave(owner, 0);
    client_tend(next);
    assert_true(next->state.owned == UINT64_MAX);
    assert_int_equal(heard_count(next, HEARD_ARRIVED, key), 1);
    client_repeat(next, &step);
    assert_int_equal(event.added, 1);
    assert_int_equal(heard_count(next, HEARD_ADDED, 0), 0);
}

/* Nor what was added to an own shard that was lost since, though it is owned again. */
static void rows_of_shards_that_came_back_are_not_told_again(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    for (int second = 0; second < 120 && other->state.owned != UINT64_MAX; second++) {
        world_pass(world, 1000);
        client_tend(other);
    }
    assert_int_equal(client_claim(other, key), 1);
    client_leave(other, 0);
    client_tend(client);
    assert_true(client->state.lost == UINT64_MAX);
    client_tend(client);
    assert_true(client->state.owned == UINT64_MAX);
    client_repeat(client, &step);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 0);
    assert_int_equal(client_claim(client, key), 1);
    assert_true(heard(client, HEARD_CLAIMED, 0)->may_be_repeated);
}

/* Numbers are a client's: one that joins anew begins with 1. */
static void numbers_begin_anew_with_each_join(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(client, &webhook);
    client_send(client);
    assert_int_equal(client->store->ops->leave(client->store, 1), HD_OK);
    client_rejoin(client, HD__ROLE_DELIVER);
    client_send(client);
    assert_int_equal(client->state.waiting, 2);
    struct client *other = client_join(world, HD__ROLE_ACCEPT);
    client_send(other);
    assert_int_equal(other->state.waiting, 3);
}

static void an_empty_step_is_one(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(client, &webhook);
    for (int i = 0; i < 3; i++) {
        struct hd__step step = {.undone = 1};
        client_step(client, &step);
        client_repeat(client, &step);
        client_send(client);
    }
    assert_int_equal(client->state.waiting, 3);
}

static const struct check checks[] = {
    {"a repeated step is applied once, and told again", a_repeated_step_is_applied_once},
    {"a repeated step tells again what was known and lost", what_was_known_and_lost_is_told_again},
    {"a repeated step claims anew", a_repeated_step_claims_anew},
    {"a step is repeated after other calls", a_step_is_repeated_after_other_calls},
    {"a step is known after its client lost its lanes", a_step_is_known_after_its_client_lost_its_lanes},
    {"a repeated step tells of no rows whose shard came later", rows_of_shards_that_came_later_are_not_told_again},
    {"a repeated step tells of no rows whose shard came back", rows_of_shards_that_came_back_are_not_told_again},
    {"numbers of steps begin anew with each join", numbers_begin_anew_with_each_join},
    {"a step may be empty", an_empty_step_is_one},
};
const struct check_list step_checks = CHECK_LIST("steps", checks);
