/* SPDX-License-Identifier: MIT */
/* Tests, which the client that owns the webhook makes. */
#include "store/check.h"

#include <string.h>

static int pass(struct client *client, int64_t webhook, unsigned char id[HD__STORE_ID_SIZE]) {
    struct hd__new_event event = event_of(client->world, PROJECT, HD_TICKET_CREATED);
    int is_passed = -1;
    assert_int_equal(client->store->ops->pass_test(client->store, &event.event, webhook, id, &is_passed), HD_OK);
    return is_passed;
}

static struct hd__claim claim(struct client *client, struct hd__claim claim) {
    struct hd__step step = {.claims = &claim, .claim_count = 1};
    client_step(client, &step);
    assert_int_equal(claim.status, HD_OK);
    return claim;
}

static void the_owner_hears_of_a_test(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t key = client_put(owner, &webhook);
    client_send(tool);
    client_look(owner);
    assert_false(heard(owner, HEARD_ARRIVED, 0)->is_test);
    assert_true(pass(tool, key, id));
    client_look(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, key), 1);
    assert_true(heard(owner, HEARD_ARRIVED, 0)->is_test);
    claim(owner, (struct hd__claim){.webhook = key, .max_tests = 9, .max = 9});
    assert_int_equal(heard_count(owner, HEARD_CLAIMED, key), 2);
    const struct heard *test = heard(owner, HEARD_CLAIMED, 0), *other = heard(owner, HEARD_CLAIMED, 1);
    assert_true(test->is_test && test->due_ms == 0);
    assert_false(other->is_test);
    assert_memory_equal(test->delivery_id, id, sizeof id);
    int64_t row = test->row;
    assert_int_equal(waiting(tool, "webhook"), 2);
    assert_false(client_end(owner, key, row));
    assert_int_equal(waiting(tool, "webhook"), 1);
    assert_int_equal(records(tool), 1);
}

/* So that one that is held, or is full, has its tests and nothing else. */
static void tests_are_claimed_alone(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t key = client_put(owner, &webhook), after = 0;
    client_send(owner);
    for (int i = 0; i < 3; i++)
        assert_true(pass(tool, key, id));
    struct hd__claim some = claim(owner, (struct hd__claim){.webhook = key, .max_tests = 2});
    assert_int_equal(heard_count(owner, HEARD_CLAIMED, 0), 2);
    assert_true(some.has_more_tests && !some.has_more);
    for (size_t i = 0; i < 2; i++) {
        assert_true(heard(owner, HEARD_CLAIMED, i)->is_test && heard(owner, HEARD_CLAIMED, i)->row > after);
        after = heard(owner, HEARD_CLAIMED, i)->row;
    }
    some = claim(owner, (struct hd__claim){.webhook = key, .max_tests = 2, .after_test = after});
    assert_int_equal(heard_count(owner, HEARD_CLAIMED, 0), 1);
    assert_false(some.has_more_tests);
    claim(owner, (struct hd__claim){.webhook = key, .max = 9});
    assert_int_equal(heard_count(owner, HEARD_CLAIMED, 0), 1);
    assert_false(heard(owner, HEARD_CLAIMED, 0)->is_test);
}

/* Of one that nobody delivers to, or the one who asks, nothing is added. */
static void only_to_another_owner(struct world *world) {
    struct client *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t key = client_put(tool, &webhook);
    assert_false(pass(tool, key, id));
    struct client *owner = client_join(world, HD__ROLE_DELIVER);
    assert_false(pass(owner, key, id));
    assert_int_equal(waiting(tool, "webhook"), 0);
    assert_true(pass(tool, key, id));
    client_leave(owner, 1);
    assert_false(pass(tool, key, id));
    assert_int_equal(waiting(tool, "webhook"), 1);
    owner = client_join(world, HD__ROLE_DELIVER); /* what was left is told with the shard */
    assert_true(heard(owner, HEARD_ARRIVED, 0)->is_test);
}

/* While its shard goes from one client to another, nobody else makes it. */
static void to_the_next_owner(struct world *world) {
    struct client *tool = client_join(world, HD__ROLE_ACCEPT), *first = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t key = client_put(tool, &webhook);
    struct client *next = client_join(world, HD__ROLE_DELIVER);
    client_leave(first, 1);
    assert_true(pass(tool, key, id));
    client_tend(next);
    assert_int_equal(heard_count(next, HEARD_ARRIVED, key), 1);
    assert_true(heard(next, HEARD_ARRIVED, 0)->is_test);
}

static void not_for_a_removed_webhook(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    unsigned char id[HD__STORE_ID_SIZE];
    uint64_t change;
    int is_passed = -1;
    int64_t key = client_put(owner, &webhook);
    assert_int_equal(owner->store->ops->remove_webhook(owner->store, "webhook", &change, NULL), HD_OK);
    assert_int_equal(tool->store->ops->pass_test(tool->store, &event.event, key, id, &is_passed), HD_E_NOT_FOUND);
    assert_false(is_passed);
    assert_int_equal(owner->state.waiting, 0);
}

static const struct check checks[] = {
    {"the owner hears of a test", the_owner_hears_of_a_test}, {"tests are claimed alone", tests_are_claimed_alone},
    {"only to another owner", only_to_another_owner},         {"to the next owner", to_the_next_owner},
    {"not for a removed webhook", not_for_a_removed_webhook},
};
const struct check_list test_checks = CHECK_LIST("tests", checks);
