/* SPDX-License-Identifier: MIT */
/* An event finds its webhooks, and a key finds the first event with it. */
#include "store/check.h"

#include <string.h>

static struct hd__new_event one(struct client *client, const char *project, int type) {
    struct hd__new_event event = event_of(client->world, project, type);
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    return event;
}

/* ---- Who gets it ---- */

static void fan_out_by_type(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook all = webhook_of("all"), created = webhook_of("created"), nothing = webhook_of("nothing");
    created.events = 1U << HD_TICKET_CREATED;
    nothing.events = 0;
    int64_t all_key = client_put(client, &all), created_key = client_put(client, &created);
    client_put(client, &nothing);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 2);
    assert_int_equal(heard_count(client, HEARD_ADDED, all_key), 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, created_key), 1);
    assert_int_equal(one(client, PROJECT, HD_MESSAGE_RECEIVED).added, 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, all_key), 1);
}

/* An alert goes to all that take it but the webhook that it is about. */
static void fan_out_of_alerts(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook subject = webhook_of("subject"), other = webhook_of("other"), deaf = webhook_of("deaf");
    subject.events |= 1U << HD_ALERT_FAILING;
    other.events |= 1U << HD_ALERT_FAILING;
    int64_t subject_key = client_put(client, &subject), other_key = client_put(client, &other);
    client_put(client, &deaf);
    struct hd__new_event event = event_of(world, PROJECT, HD_ALERT_FAILING);
    event.about = "subject";
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    assert_int_equal(event.added, 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, other_key), 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, subject_key), 0);
    event = event_of(world, PROJECT, HD_ALERT_FAILING);
    event.about = "gone";
    client_step(client, &step);
    assert_int_equal(event.added, 2);
}

static void fan_out_by_mode(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook on = webhook_of("on"), held = webhook_of("held"), off = webhook_of("off");
    held.mode = HD_MODE_HELD;
    off.mode = HD_MODE_OFF;
    client_put(client, &on);
    int64_t held_key = client_put(client, &held), off_key = client_put(client, &off);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 2);
    assert_int_equal(heard_count(client, HEARD_ADDED, held_key), 1);
    assert_int_equal(heard_count(client, HEARD_ADDED, off_key), 0);
}

static void fan_out_by_project(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook mine = webhook_of("mine"), other = webhook_of("other");
    other.project = "another";
    int64_t mine_key = client_put(client, &mine), other_key = client_put(client, &other);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 1);
    assert_int_equal(heard(client, HEARD_ADDED, 0)->webhook, mine_key);
    assert_int_equal(one(client, "another", HD_TICKET_CREATED).added, 1);
    assert_int_equal(heard(client, HEARD_ADDED, 0)->webhook, other_key);
    assert_int_equal(one(client, "a third", HD_TICKET_CREATED).added, 0);
}

/* The webhooks of the moment: not one that is gone, and one that has just come. */
static void fan_out_follows_changes(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook first = webhook_of("first"), second = webhook_of("second");
    uint64_t change = 0;
    client_put(client, &first);
    client_put(other, &second);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 2);
    assert_int_equal(other->store->ops->remove_webhook(other->store, "first", &change, NULL), HD_OK);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 1);
    second.mode = HD_MODE_OFF;
    client_put(other, &second);
    assert_int_equal(one(client, PROJECT, HD_TICKET_CREATED).added, 0);
}

static void one_webhook_whatever_its_mode(struct world *world) {
    static const int modes[] = {HD_MODE_ON, HD_MODE_HELD, HD_MODE_OFF};
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook other = webhook_of("other"), webhook = webhook_of("webhook");
    client_put(client, &other);
    webhook.events = 0;
    for (int i = 0; i < 3; i++) {
        webhook.mode = modes[i];
        int64_t key = client_put(client, &webhook);
        assert_true(client_send_to(client, key) > 0);
        assert_int_equal(heard(client, HEARD_ADDED, 0)->webhook, key);
    }
}

/* An event belongs to its project: a webhook of another one does not get it, though it is named. */
static void one_webhook_of_another_project(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    webhook.project = "another";
    int64_t key = client_put(client, &webhook);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    event.webhook = key;
    client_step(client, &step);
    assert_int_equal(event.added, 0);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 0);
}

/* ---- What comes of it ---- */

#define EVENTS 20
#define WEBHOOKS 3

static void rows_are_in_order(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    int64_t keys[WEBHOOKS], last = 0;
    struct hd__new_event events[EVENTS];
    client_put_many(client, WEBHOOKS, keys);
    for (int step = 0; step < 3; step++) {
        struct hd__step made = {.events = events, .event_count = EVENTS};
        for (int i = 0; i < EVENTS; i++)
            events[i] = event_of(world, PROJECT, HD_TICKET_CREATED);
        client_step(client, &made);
        assert_int_equal(heard_count(client, HEARD_ADDED, 0), EVENTS * WEBHOOKS);
        int64_t before = last;
        for (int w = 0; w < WEBHOOKS; w++) {
            int64_t row = before;
            size_t event = 0;
            for (size_t i = 0; i < EVENTS * WEBHOOKS; i++) {
                const struct heard *added = heard(client, HEARD_ADDED, i);
                if (added->webhook != keys[w])
                    continue;
                assert_int_equal(added->index, event++);
                assert_true(added->row > row);
                row = added->row;
            }
            assert_int_equal(event, EVENTS);
            last = row > last ? row : last;
        }
        assert_int_equal(client->state.last_row, last);
        assert_int_equal(client->state.waiting, (step + 1) * EVENTS * WEBHOOKS);
    }
}

static void ids_are_uuids_of_version_7(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    int64_t keys[8];
    client_put_many(client, 8, keys);
    client_send(client);
    for (size_t i = 0; i < 8; i++) {
        const unsigned char *id = heard(client, HEARD_ADDED, i)->delivery_id;
        assert_int_equal(id[6] >> 4, 7);
        assert_int_equal(id[8] >> 6, 2);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(id, heard(client, HEARD_ADDED, j)->delivery_id, HD__STORE_ID_SIZE);
    }
}

/* What is claimed is what was accepted. */
static void an_event_is_kept_whole(struct world *world) {
    static const unsigned char again[HD__STORE_ID_SIZE] = {1, 2, 3};
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_RESOLVED);
    event.event.body = (struct hd__bytes){"{\"text\":\"\xc3\xa4\"}", 13};
    event.event.redelivery_of = again;
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    const struct heard added = *heard(client, HEARD_ADDED, 0);
    assert_int_equal(client_claim(client, key), 1);
    const struct heard *claimed = heard(client, HEARD_CLAIMED, 0);
    assert_int_equal(claimed->row, added.row);
    assert_memory_equal(claimed->delivery_id, added.delivery_id, HD__STORE_ID_SIZE);
    assert_memory_equal(claimed->event_id, event.event.id, HD__STORE_ID_SIZE);
    assert_string_equal(claimed->body, "{\"text\":\"\xc3\xa4\"}");
    assert_string_equal(claimed->project, PROJECT);
    assert_int_equal(claimed->tries, 0);
    assert_int_equal(claimed->due_ms, 0);
    assert_false(claimed->may_be_repeated);
}

/* Rows of shards of another client are not this one's to hear of. */
static void added_is_told_to_the_owner_alone(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *accepts = client_join(world, HD__ROLE_ACCEPT);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(owner, &webhook);
    struct hd__new_event event = one(accepts, PROJECT, HD_TICKET_CREATED);
    assert_int_equal(event.added, 1);
    assert_int_equal(heard_count(accepts, HEARD_ADDED, 0), 0);
    assert_int_equal(accepts->state.waiting, 1);
    client_send(owner);
    assert_int_equal(heard_count(owner, HEARD_ADDED, 0), 1);
}

/* ---- Keys ---- */

static struct hd__new_event with_key(struct client *client, const char *project, const char *key) {
    struct hd__new_event event = event_of(client->world, project, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    event.key = key;
    client_step(client, &step);
    return event;
}

static void is_known_as(const struct hd__new_event *event, const struct hd__new_event *first) {
    assert_true(event->is_known);
    assert_int_equal(event->added, 0);
    assert_memory_equal(event->known_id, first->event.id, HD__STORE_ID_SIZE);
}

static void a_key_is_known_for_a_day(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(client, &webhook);
    struct hd__new_event first = with_key(client, PROJECT, "key");
    assert_false(first.is_known);
    assert_int_equal(first.added, 1);
    struct hd__new_event again = with_key(client, PROJECT, "key"), other = with_key(client, PROJECT, "Key");
    is_known_as(&again, &first);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 1); /* of the last, another key */
    assert_false(other.is_known);
    world_pass(world, DAY_MS - 2000);
    client_tend(client);
    again = with_key(client, PROJECT, "key");
    is_known_as(&again, &first);
    world_pass(world, 4000);
    client_tend(client);
    struct hd__new_event next_day = with_key(client, PROJECT, "key");
    assert_false(next_day.is_known);
    assert_int_equal(next_day.added, 1);
    again = with_key(client, PROJECT, "key");
    is_known_as(&again, &next_day);
}

/* A day is over even if nobody has cleaned up. */
static void a_key_is_old_without_tending(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    with_key(client, PROJECT, "key");
    world_pass(world, DAY_MS + 1000);
    assert_false(with_key(client, PROJECT, "key").is_known);
}

static void a_key_belongs_to_a_project(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__new_event first = with_key(client, PROJECT, "key"), other = with_key(client, "another", "key");
    assert_false(first.is_known);
    assert_false(other.is_known);
    struct hd__new_event again = with_key(client, "another", "key");
    is_known_as(&again, &other);
}

static void a_key_is_known_to_all_clients(struct world *world) {
    struct client *first = client_join(world, HD__ROLE_ACCEPT), *second = client_join(world, HD__ROLE_ACCEPT);
    struct hd__new_event event = with_key(first, PROJECT, "key"), again = with_key(second, PROJECT, "key");
    is_known_as(&again, &event);
    client_die(first);
    struct client *third = client_join(world, HD__ROLE_DELIVER);
    again = with_key(third, PROJECT, "key");
    is_known_as(&again, &event);
}

static void a_key_twice_in_a_step(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    client_put(client, &webhook);
    struct hd__new_event events[] = {event_of(world, PROJECT, HD_TICKET_CREATED),
                                     event_of(world, PROJECT, HD_TICKET_CREATED)};
    struct hd__step step = {.events = events, .event_count = 2};
    events[0].key = events[1].key = "key";
    client_step(client, &step);
    assert_false(events[0].is_known);
    is_known_as(&events[1], &events[0]);
    assert_int_equal(heard_count(client, HEARD_ADDED, 0), 1);
    assert_int_equal(client->state.waiting, 1);
}

static const struct check checks[] = {
    {"events go to webhooks that subscribe to their type", fan_out_by_type},
    {"an alert is not given to the webhook that it is about", fan_out_of_alerts},
    {"events go to webhooks that are on or held", fan_out_by_mode},
    {"events go to webhooks of their project", fan_out_by_project},
    {"events go to the webhooks of the moment", fan_out_follows_changes},
    {"an event for one webhook goes to it whatever its mode", one_webhook_whatever_its_mode},
    {"an event for one webhook of another project goes to nobody", one_webhook_of_another_project},
    {"rows have larger and larger numbers, in the order of events", rows_are_in_order},
    {"deliveries have UUIDs of version 7", ids_are_uuids_of_version_7},
    {"an event is claimed as it was accepted", an_event_is_kept_whole},
    {"rows are told to the owner of their shard alone", added_is_told_to_the_owner_alone},
    {"a key is known for a day", a_key_is_known_for_a_day},
    {"a key is old after a day though nobody tends", a_key_is_old_without_tending},
    {"a key belongs to its project", a_key_belongs_to_a_project},
    {"a key is known to all clients", a_key_is_known_to_all_clients},
    {"a key that is used twice in a step is known the second time", a_key_twice_in_a_step},
};
const struct check_list event_checks = CHECK_LIST("events", checks);
