/* SPDX-License-Identifier: MIT */
/* Who owns what: shares, leases, take-over, and what the next owner is told. */
#include "store/check.h"

#include "store/shards.h"

#define PATIENCE_S 120 /* no lease is longer */
#define FEW 12         /* webhooks */

static int bits(uint64_t shards) {
    int count = 0;
    for (; shards; shards &= shards - 1)
        count++;
    return count;
}

/* Leaves the shards that others are to have, as a client does that has nothing of them in memory. */
static void give(struct client *client) {
    struct hd__step step = {.left = client->state.leaving};
    if (client->state.leaving)
        client_step(client, &step);
}

/* Lets clients tend, and give what they are to give, until all have their share. */
static void settle(struct world *world, struct client **clients, int count) {
    for (int second = 0; second < PATIENCE_S; second++) {
        world_pass(world, 1000);
        uint64_t all = 0;
        int is_fair = 1;
        for (int i = 0; i < count; i++) {
            client_tend(clients[i]);
            give(clients[i]);
        }
        for (int i = 0; i < count; i++) {
            assert_true((all & clients[i]->state.owned) == 0); /* nothing has two owners */
            all |= clients[i]->state.owned;
            is_fair &= bits(clients[i]->state.owned) <= (HD__SHARDS + count - 1) / count;
        }
        if (all == UINT64_MAX && is_fair)
            return;
    }
    fail_msg("%d clients do not have their shares after %d s", count, PATIENCE_S);
}

/* Time passes without the first one, until the second one has all. Nothing is taken while the first is safe. */
static void take_over(struct world *world, const struct client *stalled, struct client *other) {
    uint64_t before = stalled->state.owned;
    for (int second = 0; second < PATIENCE_S && other->state.owned != UINT64_MAX; second++) {
        world_pass(world, 1000);
        client_tend(other);
        assert_true(world->now_us > stalled->state.safe_until_us || (other->state.owned & before) == 0);
    }
    assert_true(other->state.owned == UINT64_MAX);
}

/* ---- Shares ---- */

static void the_first_owns_all(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    assert_true(client->state.owned == UINT64_MAX);
    assert_int_equal(client->state.leaving, 0);
    assert_int_equal(client->state.lost, 0);
    assert_true(client->state.safe_until_us > world->now_us);
}

static void others_own_nothing(struct world *world) {
    struct client *accepts = client_join(world, HD__ROLE_ACCEPT), *reads = client_join(world, HD__ROLE_READ);
    client_tend(accepts);
    client_tend(reads);
    assert_int_equal(accepts->state.owned, 0);
    assert_int_equal(reads->state.owned, 0);
    struct client *delivers = client_join(world, HD__ROLE_DELIVER);
    client_tend(delivers);
    assert_true(delivers->state.owned == UINT64_MAX);
    assert_int_equal(delivers->state.leaving, 0);
}

static void shares_are_fair(struct world *world) {
    struct client *clients[4];
    for (int count = 1; count <= 4; count++) {
        clients[count - 1] = client_join(world, HD__ROLE_DELIVER);
        settle(world, clients, count);
    }
    for (int count = 3; count >= 1; count--) {
        client_leave(clients[count], 1);
        settle(world, clients, count);
    }
    assert_int_equal(clients[0]->state.leaving, 0);
}

static uint64_t shards_of(const int64_t *keys, int count) {
    uint64_t shards = 0;
    for (int i = 0; i < count; i++)
        shards |= UINT64_C(1) << hd__shard_of(keys[i]);
    return shards;
}

/* Of the first 8 webhooks, and of all, no client has more than its share and one. */
static void check_few(struct client **clients, int count, const int64_t keys[FEW]) {
    static const int few[] = {8, FEW};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < count; i++)
            assert_true(bits(clients[i]->state.owned & shards_of(keys, few[k])) <= (few[k] + count - 1) / count + 1);
}

static void few_webhooks_are_divided_evenly(struct world *world) {
    int64_t keys[FEW];
    struct client *clients[4] = {client_join(world, HD__ROLE_DELIVER)};
    client_put_many(clients[0], FEW, keys);
    for (int count = 2; count <= 4; count++) {
        clients[count - 1] = client_join(world, HD__ROLE_DELIVER);
        settle(world, clients, count);
        check_few(clients, count, keys);
    }
    for (int count = 3; count >= 2; count--) {
        client_leave(clients[count], 1);
        settle(world, clients, count);
        check_few(clients, count, keys);
    }
}

/* All join at once, and the first one leaves those shards last in which something is under way. */
static void few_busy_webhooks_are_divided_evenly(struct world *world) {
    for (int count = 2; count <= 4; count++) {
        int64_t keys[FEW];
        struct client *clients[4];
        for (int i = 0; i < count; i++)
            clients[i] = client_join(world, HD__ROLE_DELIVER);
        client_put_many(clients[0], FEW, keys);
        world_pass(world, 1000);
        client_tend(clients[0]);
        struct hd__step step = {.left = clients[0]->state.leaving & ~shards_of(keys, FEW)};
        client_step(clients[0], &step);
        for (int i = 1; i < count; i++)
            for (int round = 0; round < 3; round++)
                client_tend(clients[i]); /* before another one does */
        settle(world, clients, count);
        check_few(clients, count, keys);
        for (int i = 0; i < count; i++)
            client_leave(clients[i], 1);
    }
}

/* A shard stays with its owner until that has left it, for as long as it tends. */
static void a_shard_is_left_when_its_owner_says_so(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *newcomer = client_join(world, HD__ROLE_DELIVER);
    for (int second = 0; second < PATIENCE_S; second++) {
        world_pass(world, 1000);
        client_tend(owner);
        client_tend(newcomer);
        assert_true(owner->state.owned == UINT64_MAX);
        assert_int_equal(newcomer->state.owned, 0);
        assert_int_equal(owner->state.lost, 0);
    }
    assert_int_equal(bits(owner->state.leaving), HD__SHARDS / 2);
    uint64_t left = owner->state.leaving & (~owner->state.leaving + 1); /* one of them */
    struct hd__step step = {.left = left};
    client_step(owner, &step);
    assert_true(owner->state.owned == ~left);
    assert_int_equal(owner->state.lost, 0);
    client_tend(newcomer);
    assert_true(newcomer->state.owned == left);
}

/* The last results of a shard and the word that it is left may be in one step. */
static void results_come_before_left(struct world *world) {
    int64_t keys[64];
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *newcomer = client_join(world, HD__ROLE_DELIVER);
    client_put_many(owner, 64, keys);
    client_send(owner);
    struct hd__result results[64];
    struct hd__stored_report reports[64];
    client_tend(owner);
    client_send(owner);
    struct hd__step step = {.results = results, .left = owner->state.leaving};
    for (int i = 0; i < 64; i++)
        if (owner->state.leaving >> hd__shard_of(keys[i]) & 1) {
            assert_int_equal(client_claim(owner, keys[i]), 2);
            int64_t row = heard(owner, HEARD_CLAIMED, 0)->row;
            reports[i] = report_of(world, keys[i], row);
            results[step.result_count++] = result_of(world, HD__RESULT_ENDED, keys[i], row, &reports[i]);
        }
    assert_true(step.result_count > 0);
    client_step(owner, &step);
    for (size_t i = 0; i < step.result_count; i++)
        assert_false(results[i].is_lost);
    client_tend(newcomer);
    assert_true(newcomer->state.owned == step.left);
    assert_int_equal(heard_count(newcomer, HEARD_ARRIVED, 0), step.result_count);
    assert_int_equal(records_with(owner, HD_OUTCOME_RETRYING), 0);
}

/* ---- Leases ---- */

static void a_lease_is_renewed(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    int64_t before_us = client->state.safe_until_us;
    for (int second = 0; second < PATIENCE_S; second++) {
        world_pass(world, 1000);
        client_tend(client);
        assert_true(client->state.safe_until_us > world->now_us);
        assert_true(client->state.safe_until_us >= before_us);
        before_us = client->state.safe_until_us;
    }
}

static void who_stalls_loses_all(struct world *world) {
    int64_t keys[2];
    struct client *stalled = client_join(world, HD__ROLE_DELIVER);
    client_put_many(stalled, 2, keys);
    int64_t row = client_send_to(stalled, keys[0]);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    take_over(world, stalled, other);
    assert_int_equal(client_claim(other, keys[0]), 1);
    assert_true(heard(other, HEARD_CLAIMED, 0)->may_be_repeated);
    assert_true(client_end(stalled, keys[0], row)); /* comes back late */
    assert_true(stalled->state.lost == UINT64_MAX);
    assert_int_equal(stalled->state.owned, 0);
    assert_int_equal(records_with(other, HD_OUTCOME_RETRYING), 1);
    assert_int_equal(records_with(other, HD_OUTCOME_DELIVERED), 0);
    assert_false(client_end(other, keys[0], row));
    client_look(stalled);
    assert_int_equal(stalled->state.lost, 0); /* told once */
}

/* Also if it hears of it in look or tend; and it gets its share again, from the beginning. */
static void who_comes_back_begins_anew(struct world *world) {
    int64_t keys[1];
    struct client *stalled = client_join(world, HD__ROLE_DELIVER);
    client_put_many(stalled, 1, keys);
    client_send(stalled);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    take_over(world, stalled, other);
    client_look(stalled);
    assert_true(stalled->state.lost == UINT64_MAX);
    client_leave(other, 1);
    client_tend(stalled);
    assert_true(stalled->state.owned == UINT64_MAX);
    assert_int_equal(stalled->state.lost, 0);
    assert_int_equal(heard_count(stalled, HEARD_ARRIVED, keys[0]), 1);
    assert_int_equal(client_claim(stalled, keys[0]), 1);
}

/* Lost and owned again before it was told: it is lost all the same. */
static void what_was_lost_in_between_is_told(struct world *world) {
    int64_t keys[1];
    struct client *stalled = client_join(world, HD__ROLE_DELIVER);
    client_put_many(stalled, 1, keys);
    int64_t row = client_send(stalled);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    take_over(world, stalled, other);
    assert_false(client_end(other, keys[0], row));
    client_send(other);
    client_leave(other, 1);
    client_tend(stalled);
    assert_true(stalled->state.lost == UINT64_MAX);
    for (int second = 0; second < 3 && stalled->state.owned != UINT64_MAX; second++)
        client_tend(stalled);
    assert_true(stalled->state.owned == UINT64_MAX);
    assert_int_equal(client_claim(stalled, keys[0]), 1);
}

static void who_dies_is_followed(struct world *world) {
    int64_t keys[1];
    struct client *dead = client_join(world, HD__ROLE_DELIVER);
    client_put_many(dead, 1, keys);
    client_send(dead);
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    client_die(dead);
    for (int second = 0; second < PATIENCE_S && other->state.owned != UINT64_MAX; second++) {
        world_pass(world, 1000);
        client_tend(other);
    }
    assert_true(other->state.owned == UINT64_MAX);
    assert_int_equal(other->state.waiting, 1);
    assert_int_equal(client_claim(other, keys[0]), 1);
    assert_true(heard(other, HEARD_CLAIMED, 0)->may_be_repeated);
    client_send(other);
    assert_int_equal(client_claim(other, keys[0]), 2);
    assert_false(heard(other, HEARD_CLAIMED, 1)->may_be_repeated); /* it came later */
}

static void who_leaves_cleanly_leaves_no_doubt(struct world *world) {
    for (int is_clean = 1; is_clean >= 0; is_clean--) {
        int64_t keys[1];
        struct client *client = client_join(world, HD__ROLE_DELIVER);
        client_put_many(client, 1, keys);
        int64_t row = client_send(client);
        client_leave(client, is_clean);
        client = client_join(world, HD__ROLE_DELIVER);
        assert_true(client->state.owned == UINT64_MAX); /* at once */
        assert_int_equal(client_claim(client, keys[0]), 1);
        assert_int_equal(heard(client, HEARD_CLAIMED, 0)->may_be_repeated != 0, !is_clean);
        assert_false(client_end(client, keys[0], row));
        client_leave(client, 1);
    }
}

/* A shard that was left has no doubt either. */
static void what_is_handed_over_is_not_marked(struct world *world) {
    int64_t keys[64];
    struct client *clients[2] = {client_join(world, HD__ROLE_DELIVER), NULL};
    client_put_many(clients[0], 64, keys);
    client_send(clients[0]);
    clients[1] = client_join(world, HD__ROLE_DELIVER);
    settle(world, clients, 2);
    size_t claimed = 0;
    for (int i = 0; i < 64; i++)
        if (clients[1]->state.owned >> hd__shard_of(keys[i]) & 1) {
            assert_int_equal(client_claim(clients[1], keys[i]), 1);
            assert_false(heard(clients[1], HEARD_CLAIMED, 0)->may_be_repeated);
            assert_int_equal(client_claim(clients[0], keys[i]), 0);
            claimed++;
        }
    assert_true(claimed > 0);
}

/* ---- What is told ---- */

static void rows_of_others_are_told(struct world *world) {
    int64_t keys[2];
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *accepts = client_join(world, HD__ROLE_ACCEPT);
    client_put_many(owner, 2, keys);
    int64_t before = client_send_to(owner, keys[0]);
    client_look(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, 0), 0); /* its own, which were added */
    client_send_to(accepts, keys[0]);
    client_send_to(accepts, keys[0]);
    client_look(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, 0), 1);
    assert_int_equal(heard(owner, HEARD_ARRIVED, 0)->webhook, keys[0]);
    int64_t first = heard(owner, HEARD_ARRIVED, 0)->row;
    assert_true(first > before && first <= owner->state.last_row - 1);
    client_look(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, 0), 0); /* once */
    client_send_to(accepts, keys[1]);
    client_tend(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, keys[1]), 1);
}

/* So that what came first is first in its lane. */
static void rows_of_others_are_told_before_own_ones(struct world *world) {
    int64_t keys[1];
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *accepts = client_join(world, HD__ROLE_ACCEPT);
    client_put_many(owner, 1, keys);
    client_send(accepts);
    client_send(owner);
    assert_int_equal(owner->heard[owner->heard_count - 1].what, HEARD_ADDED);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, keys[0]), 1);
    assert_true(heard(owner, HEARD_ARRIVED, 0)->row < heard(owner, HEARD_ADDED, 0)->row);
}

static void the_next_owner_is_told_of_all(struct world *world) {
    int64_t keys[3];
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    client_put_many(client, 3, keys);
    int64_t rows[2] = {client_send_to(client, keys[0]), client_send_to(client, keys[0])};
    client_send_to(client, keys[2]);
    struct hd__result retry = result_of(world, HD__RESULT_RETRY, keys[2], rows[1] + 1, NULL);
    retry.delay_ms = 1000000;
    client_settle(client, retry);
    client_leave(client, 1);
    client = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, 0), 2);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, keys[0]), 1);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, keys[2]), 1);
    for (size_t i = 0; i < 2; i++)
        if (heard(client, HEARD_ARRIVED, i)->webhook == keys[0])
            assert_int_equal(heard(client, HEARD_ARRIVED, i)->row, rows[0]);
}

static void the_next_owner_is_told_of_pauses(struct world *world) {
    int64_t keys[3];
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    client_put_many(client, 3, keys);
    struct hd__lane_note notes[] = {{.webhook = keys[0], .state = HD_WEBHOOK_PAUSED, .left_ms = 60000},
                                    {.webhook = keys[1], .state = HD_WEBHOOK_ACTIVE}};
    struct hd__step step = {.notes = notes, .note_count = 2};
    client_step(client, &step);
    world_pass(world, 20000);
    client_tend(client);
    client_leave(client, 1);
    client = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(client, HEARD_LANE, 0), 1);
    assert_int_equal(heard(client, HEARD_LANE, 0)->webhook, keys[0]);
    assert_int_equal(heard(client, HEARD_LANE, 0)->state, HD_WEBHOOK_PAUSED);
    assert_true(heard(client, HEARD_LANE, 0)->left_ms > 39000 && heard(client, HEARD_LANE, 0)->left_ms <= 40000);
}

/* A webhook that is gone, and of which a newcomer was not told, is told with its shard. */
static void the_next_owner_is_told_of_removed_webhooks(struct world *world) {
    int64_t keys[64];
    uint64_t change = 0;
    struct client *clients[2] = {client_join(world, HD__ROLE_DELIVER), client_join(world, HD__ROLE_DELIVER)};
    client_put_many(clients[0], 64, keys);
    client_look(clients[1]);
    client_send(clients[0]);
    for (int i = 0; i < 64; i++) {
        char id[] = {'w', (char)('0' + (i < 10 ? i : i / 10)), (char)(i < 10 ? 0 : '0' + i % 10), 0};
        assert_int_equal(clients[0]->store->ops->remove_webhook(clients[0]->store, id, &change, NULL), HD_OK);
    }
    client_look(clients[1]);
    assert_int_equal(heard_count(clients[1], HEARD_WEBHOOK, 0), 64);
    client_tend(clients[0]);
    give(clients[0]);
    client_tend(clients[1]);
    for (int i = 0; i < 64; i++)
        if (clients[1]->state.owned >> hd__shard_of(keys[i]) & 1)
            assert_int_equal(heard_count(clients[1], HEARD_WEBHOOK, keys[i]), 1);
}

static void what_is_left_of_shards(struct world *world) {
    int64_t keys[2];
    int is_left = 9;
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    const struct hd__store_ops *ops = client->store->ops;
    client_put_many(client, 2, keys);
    uint64_t first = UINT64_C(1) << hd__shard_of(keys[0]), second = UINT64_C(1) << hd__shard_of(keys[1]);
    int64_t row = client_send_to(client, keys[0]);
    assert_int_equal(ops->is_left(client->store, first, row, &is_left), HD_OK);
    assert_true(is_left);
    assert_int_equal(ops->is_left(client->store, UINT64_MAX, row, &is_left), HD_OK);
    assert_true(is_left);
    assert_int_equal(ops->is_left(client->store, first, row - 1, &is_left), HD_OK);
    assert_false(is_left);
    assert_int_equal(ops->is_left(client->store, second, row, &is_left), HD_OK);
    assert_false(is_left);
    assert_false(client_end(client, keys[0], row));
    assert_int_equal(ops->is_left(client->store, first, row, &is_left), HD_OK);
    assert_false(is_left);
}

static const struct check checks[] = {
    {"the first client owns all shards", the_first_owns_all},
    {"clients that do not deliver own nothing", others_own_nothing},
    {"1 to 4 clients have fair shares", shares_are_fair},
    {"few webhooks are divided evenly", few_webhooks_are_divided_evenly},
    {"few webhooks are divided evenly, busy ones too", few_busy_webhooks_are_divided_evenly},
    {"a shard is left when its owner says so", a_shard_is_left_when_its_owner_says_so},
    {"results come before the word that a shard is left", results_come_before_left},
    {"a lease is renewed", a_lease_is_renewed},
    {"a client that stalls loses all, and nothing before its time", who_stalls_loses_all},
    {"a client that comes back begins anew", who_comes_back_begins_anew},
    {"what was lost and is owned again is told as lost", what_was_lost_in_between_is_told},
    {"a client that dies is followed", who_dies_is_followed},
    {"a client that leaves cleanly leaves no doubt", who_leaves_cleanly_leaves_no_doubt},
    {"what is handed over is not marked", what_is_handed_over_is_not_marked},
    {"rows of others are told once", rows_of_others_are_told},
    {"rows of others are told before own ones", rows_of_others_are_told_before_own_ones},
    {"the next owner is told of all that waits", the_next_owner_is_told_of_all},
    {"the next owner is told of pauses", the_next_owner_is_told_of_pauses},
    {"the next owner is told of removed webhooks", the_next_owner_is_told_of_removed_webhooks},
    {"what is left of shards", what_is_left_of_shards},
};
const struct check_list shard_checks = CHECK_LIST("shards", checks);
