/* SPDX-License-Identifier: MIT */
/* Webhooks: who may replace what, and who hears of it. */
#include "store/check.h"

#include <string.h>

static int put_expecting(struct client *client, struct hd__stored_webhook *webhook, uint64_t expected) {
    return client->store->ops->put_webhook(client->store, webhook, expected, NULL);
}

static uint64_t remove_webhook(struct client *client, const char *id) {
    uint64_t change = 0;
    assert_int_equal(client->store->ops->remove_webhook(client->store, id, &change, NULL), HD_OK);
    return change;
}

/* ---- Compare and set ---- */

static void a_put_writes_keys_version_and_change(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook first = webhook_of("first"), second = webhook_of("second");
    client_put(client, &first);
    client_put(client, &second);
    assert_true(first.keys.history && first.keys.project && first.keys.label && first.version && first.change);
    assert_int_not_equal(first.keys.webhook, second.keys.webhook);
    assert_int_not_equal(first.keys.history, second.keys.history);
    assert_int_not_equal(first.keys.label, second.keys.label);
    assert_int_equal(first.keys.project, second.keys.project);
    assert_true(second.change > first.change);
    struct hd__stored_webhook again = webhook_of("first");
    client_put(client, &again);
    assert_memory_equal(&again.keys, &first.keys, sizeof first.keys);
    assert_int_equal(again.version, first.version + 1);
    assert_true(again.change > second.change);
}

static void a_put_expects_a_version(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_ACCEPT), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    assert_int_equal(put_expecting(a, &webhook, 1), HD_E_CONFLICT);
    assert_int_equal(put_expecting(a, &webhook, 0), HD_OK);
    uint64_t first = webhook.version;
    assert_int_equal(put_expecting(b, &webhook, 0), HD_E_CONFLICT);
    assert_int_equal(put_expecting(b, &webhook, first), HD_OK);
    assert_int_equal(webhook.version, first + 1);
    assert_int_equal(put_expecting(a, &webhook, first), HD_E_CONFLICT);
    assert_int_equal(put_expecting(a, &webhook, first + 2), HD_E_CONFLICT);
    assert_int_equal(put_expecting(a, &webhook, HD__ANY_VERSION), HD_OK);
    assert_int_equal(webhook.version, first + 2);
}

/* A refused put has changed nothing, and nobody hears of it. */
static void a_conflict_changes_nothing(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_ACCEPT), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook"), wrong = webhook_of("webhook");
    client_put(a, &webhook);
    client_look(b);
    wrong.mode = HD_MODE_OFF;
    assert_int_equal(put_expecting(a, &wrong, webhook.version + 1), HD_E_CONFLICT);
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 0);
    client_send(a);
    assert_int_equal(a->state.waiting, 1);
}

static void what_was_removed_is_not_there(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    uint64_t change = 0;
    assert_int_equal(client->store->ops->remove_webhook(client->store, "webhook", &change, NULL), HD_E_NOT_FOUND);
    client_put(client, &webhook);
    uint64_t version = webhook.version;
    assert_true(remove_webhook(client, "webhook") > webhook.change);
    assert_int_equal(client->store->ops->remove_webhook(client->store, "webhook", &change, NULL), HD_E_NOT_FOUND);
    assert_int_equal(put_expecting(client, &webhook, version), HD_E_CONFLICT);
    assert_int_equal(put_expecting(client, &webhook, 0), HD_OK);
    assert_true(webhook.version > version); /* else one that knows the first would replace the second */
}

/* ---- What is heard ---- */

static void join_tells_all(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_ACCEPT);
    int64_t keys[3];
    client_put_many(a, 3, keys);
    remove_webhook(a, "w1");
    struct client *b = client_join(world, HD__ROLE_READ);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 2);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, keys[0]), 1);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, keys[2]), 1);
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 0); /* once */
}

static void changes_of_others_are_heard(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_DELIVER), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(a, &webhook);
    client_look(a);
    assert_int_equal(heard_count(a, HEARD_WEBHOOK, 0), 0); /* its own */
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 1);
    const struct heard *told = heard(b, HEARD_WEBHOOK, 0);
    assert_string_equal(told->id, "webhook");
    assert_string_equal(told->project, PROJECT);
    assert_int_equal(told->version, webhook.version);
    assert_int_equal(told->change, webhook.change);
    assert_int_equal(told->mode, HD_MODE_ON);
    assert_false(told->is_removed);
    webhook.mode = HD_MODE_HELD;
    webhook.rate_count = 30;
    webhook.rate_period_ms = 60000;
    webhook.rate_burst = 4;
    webhook.pause_failures = HD_PAUSE_NEVER;
    webhook.pause_ms = 7;
    client_put(b, &webhook);
    client_tend(a);
    assert_int_equal(heard(a, HEARD_WEBHOOK, 0)->mode, HD_MODE_HELD);
    assert_memory_equal(heard(a, HEARD_WEBHOOK, 0)->rate, ((uint32_t[]){30, 60000, 4}), sizeof(uint32_t[3]));
    assert_memory_equal(heard(a, HEARD_WEBHOOK, 0)->pause, ((uint32_t[]){HD_PAUSE_NEVER, 7}), sizeof(uint32_t[2]));
    uint64_t change = remove_webhook(b, "webhook");
    struct hd__step step = {0};
    client_step(a, &step);
    assert_int_equal(heard_count(a, HEARD_WEBHOOK, 0), 1);
    assert_true(heard(a, HEARD_WEBHOOK, 0)->is_removed);
    assert_int_equal(heard(a, HEARD_WEBHOOK, 0)->change, change);
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 0);
}

/* Of two changes, the newer one alone or the newer one last; and no change of another after the own newer one. */
static void no_older_change_after_a_newer_one(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_ACCEPT), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook"), other = webhook_of("other");
    client_put(a, &webhook);
    client_put(a, &other);
    webhook.name = "second";
    client_put(a, &webhook);
    client_look(b);
    uint64_t last = 0;
    for (size_t i = 0; i < heard_count(b, HEARD_WEBHOOK, 0); i++) {
        const struct heard *told = heard(b, HEARD_WEBHOOK, i);
        if (told->webhook == webhook.keys.webhook) {
            assert_true(told->change > last);
            last = told->change;
        }
    }
    assert_int_equal(last, webhook.change);
    webhook.name = "of a";
    client_put(a, &webhook);
    struct hd__stored_webhook mine = webhook;
    mine.name = "of b";
    client_put(b, &mine);
    assert_true(mine.change > webhook.change);
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 0);
    client_look(a);
    assert_string_equal(heard(a, HEARD_WEBHOOK, 0)->name, "of b");
}

/* A step tells of a new webhook before it tells of rows for it. */
static void a_webhook_is_heard_of_before_its_rows(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_DELIVER), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(b, &webhook);
    client_send(b);
    client_send(a);
    static const int order[] = {HEARD_WEBHOOK, HEARD_ARRIVED, HEARD_ADDED};
    assert_int_equal(a->heard_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(a->heard[i].what, order[i]);
}

/* ---- Removed and moved, with something waiting ---- */

static void a_removed_one_is_kept_for_what_waits(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(a, &webhook), row = client_send(a);
    remove_webhook(a, "webhook");
    assert_int_equal(client_send_to(a, key), 0);
    assert_int_equal(a->state.waiting, 1);
    assert_int_equal(client_claim(a, key), 1);
    client_leave(a, 1);
    a = client_join(world, HD__ROLE_DELIVER);
    assert_true(heard_count(a, HEARD_WEBHOOK, key) >= 1); /* as one that is there, or with its shard */
    assert_true(heard(a, HEARD_WEBHOOK, 0)->is_removed);
    assert_int_equal(client_claim(a, key), 1);
    assert_false(client_end(a, key, row));
    client_leave(a, 1);
    a = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(a, HEARD_WEBHOOK, 0), 0);
}

static void a_moved_one_is_two(struct world *world) {
    struct client *a = client_join(world, HD__ROLE_DELIVER), *b = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t old_key = client_put(a, &webhook), row = client_send(a);
    uint64_t version = webhook.version;
    int64_t history = webhook.keys.history;
    client_look(b);
    webhook.project = "another";
    assert_int_equal(put_expecting(a, &webhook, version), HD_OK);
    int64_t new_key = webhook.keys.webhook;
    assert_int_not_equal(new_key, old_key);
    assert_int_equal(webhook.keys.history, history);
    assert_int_equal(webhook.version, version + 1);
    client_look(b);
    assert_int_equal(heard_count(b, HEARD_WEBHOOK, 0), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct heard *told = heard(b, HEARD_WEBHOOK, i);
        assert_int_equal(told->is_removed != 0, told->webhook == old_key);
        assert_string_equal(told->project, told->webhook == old_key ? PROJECT : "another");
    }
    assert_int_equal(client_send(a), 0); /* of the old project */
    assert_int_equal(client_claim(a, old_key), 1);
    assert_int_equal(heard(a, HEARD_CLAIMED, 0)->row, row);
    assert_int_equal(client_claim(a, new_key), 0);
    assert_false(client_end(a, old_key, row));
}

/* ---- What waits ---- */

static void what_waits_is_counted(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook"), other = webhook_of("other");
    int64_t key = client_put(client, &webhook), oldest_ms = 1;
    client_put(client, &other);
    uint64_t count = 1;
    assert_int_equal(client->store->ops->waiting(client->store, "nobody", &count, &oldest_ms), HD_E_NOT_FOUND);
    assert_int_equal(client->store->ops->waiting(client->store, "webhook", &count, &oldest_ms), HD_OK);
    assert_int_equal(count, 0);
    assert_int_equal(oldest_ms, 0);
    int64_t first_ms = hd__wall_ms(&world->clock);
    int64_t row = client_send_to(client, key);
    world_pass(world, 5000);
    client_send_to(client, key);
    assert_int_equal(client->store->ops->waiting(client->store, "webhook", &count, &oldest_ms), HD_OK);
    assert_int_equal(count, 2);
    assert_int_equal(oldest_ms, first_ms);
    assert_int_equal(waiting(client, "other"), 0);
    assert_false(client_end(client, key, row));
    assert_int_equal(client->store->ops->waiting(client->store, "webhook", &count, &oldest_ms), HD_OK);
    assert_int_equal(count, 1);
    assert_int_equal(oldest_ms, first_ms + 5000);
}

static void discard_marks_what_waits(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook), first = client_send(owner), second = client_send(owner);
    uint64_t count = 0;
    assert_int_equal(tool->store->ops->discard(tool->store, "nobody", &count, NULL), HD_E_NOT_FOUND);
    client_look(owner);
    client_look(tool);
    assert_int_equal(tool->store->ops->discard(tool->store, "webhook", &count, NULL), HD_OK);
    assert_int_equal(count, 2);
    int64_t third = client_send(owner);
    const struct heard *told = heard(owner, HEARD_WEBHOOK, 0);
    assert_true(told->discarded_up_to >= second && told->discarded_up_to < third);
    assert_int_equal(told->version, webhook.version);
    assert_true(told->change > webhook.change);
    client_look(tool); /* its own discard too: only puts and removes say what has become of the webhook */
    assert_int_equal(heard_count(tool, HEARD_WEBHOOK, key), 1);
    client_put(tool, &webhook); /* does not take it back */
    client_look(owner);
    assert_true(heard(owner, HEARD_WEBHOOK, 0)->discarded_up_to >= second);
    assert_int_equal(waiting(tool, "webhook"), 1); /* though the owner has still to end the others */
    assert_int_equal(client_claim(owner, key), 3);
    assert_false(client_end(owner, key, first));
}

/* What is discarded does not count as waiting, from then on, nor when it ends. */
static void discarded_rows_do_not_wait(struct world *world) {
    struct client *tool = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook"), other = webhook_of("other");
    uint64_t count = 0;
    int64_t oldest_ms = -1, key = client_put(tool, &webhook), rows[2];
    client_put(tool, &other);
    client_send(tool); /* to both */
    client_send(tool);
    assert_int_equal(tool->state.waiting, 4);
    assert_int_equal(tool->store->ops->discard(tool->store, "webhook", &count, NULL), HD_OK);
    assert_int_equal(count, 2);
    assert_int_equal(tool->store->ops->waiting(tool->store, "webhook", &count, &oldest_ms), HD_OK);
    assert_true(count == 0 && oldest_ms == 0);
    client_look(tool);
    assert_int_equal(tool->state.waiting, 2);
    assert_int_equal(tool->store->ops->discard(tool->store, "webhook", &count, NULL), HD_OK);
    assert_int_equal(count, 0); /* not again */
    world_pass(world, 7000);
    client_send_to(tool, key);
    assert_int_equal(tool->store->ops->waiting(tool->store, "webhook", &count, &oldest_ms), HD_OK);
    assert_true(count == 1 && oldest_ms == hd__wall_ms(&world->clock));
    struct client *owner = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(owner->state.waiting, 3);
    assert_int_equal(client_claim(owner, key), 3);
    for (size_t i = 0; i < 2; i++)
        rows[i] = heard(owner, HEARD_CLAIMED, i)->row;
    for (size_t i = 0; i < 2; i++)
        assert_false(client_end(owner, key, rows[i]));
    assert_int_equal(owner->state.waiting, 3);
    assert_int_equal(waiting(tool, "webhook"), 1);
}

/* ---- What keeps them from being sent to ---- */

static void notes_of_lanes_are_kept(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_READ);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    struct hd__lane_note found, note = {.webhook = key, .state = HD_WEBHOOK_PAUSED, .left_ms = 60000};
    struct hd__step step = {.notes = &note, .note_count = 1};
    assert_int_equal(tool->store->ops->lane_state(tool->store, "nobody", &found), HD_E_NOT_FOUND);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
    client_step(owner, &step);
    world_pass(world, 10000);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_PAUSED);
    assert_int_equal(found.webhook, key);
    assert_true(found.left_ms > 49000 && found.left_ms <= 50000);
    note = (struct hd__lane_note){.webhook = key, .state = HD_WEBHOOK_ACTIVE};
    client_step(owner, &step);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
}

/* How a webhook does is kept until all is well again. */
static void health_is_kept(struct world *world) {
    static const struct hd__health health = {.failures = 7,
                                             .reason = HD_REASON_REFUSED,
                                             .since_ms = 1700000000000,
                                             .is_failing = 1,
                                             .told = HD_ALERT_FAILING,
                                             .alerted_ms = 1700000001000};
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_READ);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    struct hd__lane_note found, note = {.webhook = key, .state = HD_WEBHOOK_ACTIVE, .health = health};
    struct hd__step step = {.notes = &note, .note_count = 1};
    client_step(owner, &step);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
    assert_memory_equal(&found.health, &health, sizeof health);
    client_tend(owner);
    client_leave(owner, 1);
    owner = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(owner, HEARD_LANE, key), 1);
    assert_memory_equal(&heard(owner, HEARD_LANE, 0)->health, &health, sizeof health);
    note.health = (struct hd__health){0};
    client_step(owner, &step);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_memory_equal(&found.health, &note.health, sizeof health);
}

struct surveyed {
    struct hd__standing webhook, other;
    size_t count;
};

static void take_standing(void *user, const struct hd__standing *standing) {
    struct surveyed *surveyed = user;
    surveyed->count++;
    *(strcmp(standing->id, "webhook") == 0 ? &surveyed->webhook : &surveyed->other) = *standing;
}

static struct surveyed survey(struct client *client) {
    struct surveyed surveyed = {.count = 0};
    assert_int_equal(client->store->ops->survey(client->store, take_standing, &surveyed), HD_OK);
    return surveyed;
}

static void a_survey_tells_all(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_READ);
    assert_int_equal(survey(tool).count, 0);
    struct hd__stored_webhook webhook = webhook_of("webhook"), other = webhook_of("other"), gone = webhook_of("gone");
    int64_t key = client_put(owner, &webhook), other_key = client_put(owner, &other);
    client_put(owner, &gone);
    int64_t first_ms = hd__wall_ms(&world->clock);
    client_send_to(owner, key);
    world_pass(world, 5000);
    client_send_to(owner, key);
    struct hd__lane_note note = {.webhook = other_key, .state = HD_WEBHOOK_PAUSED, .left_ms = 60000};
    struct hd__step step = {.notes = &note, .note_count = 1};
    client_step(owner, &step);
    uint64_t change;
    assert_int_equal(owner->store->ops->remove_webhook(owner->store, "gone", &change, NULL), HD_OK);
    struct surveyed told = survey(tool);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.webhook.waiting, 2);
    assert_int_equal(told.webhook.oldest_ms, first_ms);
    assert_int_equal(told.webhook.note.state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(told.webhook.note.webhook, key);
    assert_int_equal(told.other.waiting, 0);
    assert_int_equal(told.other.oldest_ms, 0);
    assert_int_equal(told.other.note.state, HD_WEBHOOK_PAUSED);
    assert_true(told.other.note.left_ms > 50000 && told.other.note.left_ms <= 60000);
}

/* What a receiver asked for is kept beside the pause rule's state, as long as it lasts. */
static void patience_is_kept(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *tool = client_join(world, HD__ROLE_READ);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    struct hd__lane_note found, note = {.webhook = key, .state = HD_WEBHOOK_ACTIVE, .throttled_ms = 60000};
    struct hd__step step = {.notes = &note, .note_count = 1};
    client_step(owner, &step);
    world_pass(world, 10000);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
    assert_true(found.throttled_ms > 49000 && found.throttled_ms <= 50000);
    client_leave(owner, 1);
    struct client *next = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(next, HEARD_LANE, key), 1);
    const struct heard *told = heard(next, HEARD_LANE, 0);
    assert_int_equal(told->state, HD_WEBHOOK_ACTIVE);
    assert_true(told->throttled_ms > 48000 && told->throttled_ms <= 50000);
    client_leave(next, 1);
    world_pass(world, 50001);
    assert_int_equal(tool->store->ops->lane_state(tool->store, "webhook", &found), HD_OK);
    assert_int_equal(found.throttled_ms, 0);
    next = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(next, HEARD_LANE, key), 0);
}

/* Those of a client that does not own the lane are not believed. */
static void notes_of_others_do_nothing(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *late = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    struct hd__lane_note found, note = {.webhook = key, .state = HD_WEBHOOK_PAUSED, .left_ms = 60000};
    struct hd__step step = {.notes = &note, .note_count = 1};
    client_step(late, &step);
    assert_int_equal(owner->store->ops->lane_state(owner->store, "webhook", &found), HD_OK);
    assert_int_equal(found.state, HD_WEBHOOK_ACTIVE);
}

static const struct check checks[] = {
    {"a put writes keys, version and change", a_put_writes_keys_version_and_change},
    {"a put expects a version", a_put_expects_a_version},
    {"a put that is refused changes nothing", a_conflict_changes_nothing},
    {"a webhook that was removed is not there", what_was_removed_is_not_there},
    {"join tells all webhooks once", join_tells_all},
    {"changes of others are heard in look, tend and step", changes_of_others_are_heard},
    {"no older change is heard after a newer one", no_older_change_after_a_newer_one},
    {"a webhook is heard of before its rows", a_webhook_is_heard_of_before_its_rows},
    {"a removed webhook is kept for what waits", a_removed_one_is_kept_for_what_waits},
    {"a webhook that moves is two", a_moved_one_is_two},
    {"what waits is counted", what_waits_is_counted},
    {"discard marks what waits", discard_marks_what_waits},
    {"discarded rows do not wait", discarded_rows_do_not_wait},
    {"notes of lanes are kept", notes_of_lanes_are_kept},
    {"how a webhook does is kept", health_is_kept},
    {"a survey tells of all webhooks", a_survey_tells_all},
    {"what a receiver asked for is kept", patience_is_kept},
    {"notes of lanes of others do nothing", notes_of_others_do_nothing},
};
const struct check_list webhook_checks = CHECK_LIST("webhooks", checks);
