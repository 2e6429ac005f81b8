/* SPDX-License-Identifier: MIT */
/* How far consumers of the log have come, and where the log begins and ends. */
#include "store/check.h"

static int64_t place_of(struct client *client, const char *name) {
    int64_t place = -7;
    assert_int_equal(client->store->ops->find_place(client->store, name, &place), HD_OK);
    return place;
}

static void move(struct client *client, const char *name, int64_t place) {
    assert_int_equal(client->store->ops->move_place(client->store, name, place), HD_OK);
}

static void ends_of(struct client *client, int64_t *deleted, int64_t *newest) {
    assert_int_equal(client->store->ops->ends(client->store, deleted, newest), HD_OK);
}

/* A client with so many records. */
static struct client *with_records(struct world *world, int count) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook);
    for (int i = 0; i < count; i++)
        assert_false(client_end(client, key, client_send_to(client, key)));
    return client;
}

static void a_new_name_is_before_the_oldest(struct world *world) {
    int64_t deleted, newest;
    struct client *client = with_records(world, 0);
    assert_int_equal(place_of(client, "early"), 0);
    struct client *other = with_records(world, 0);
    client_leave(client, 1);
    world_tend(world, 2);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(other, &webhook);
    for (int i = 0; i < 3; i++)
        assert_false(client_end(other, key, client_send_to(other, key)));
    ends_of(other, &deleted, &newest);
    assert_true(newest > 0);
    assert_int_equal(place_of(other, "late"), deleted);
    assert_int_equal(place_of(other, "early"), 0);
}

static void places_move_forwards_alone(struct world *world) {
    struct client *client = with_records(world, 3), *other = client_join(world, HD__ROLE_ACCEPT);
    int64_t deleted, newest;
    ends_of(client, &deleted, &newest);
    move(client, "a", newest - 1);
    assert_int_equal(place_of(other, "a"), newest - 1);
    move(other, "a", newest);
    move(client, "a", deleted);
    assert_int_equal(place_of(client, "a"), newest);
    move(client, "b", deleted + 1);
    assert_int_equal(place_of(other, "b"), deleted + 1);
    move(other, "a", HD__NO_PLACE);
    move(other, "nobody", HD__NO_PLACE);
    assert_int_equal(place_of(client, "a"), deleted);
    assert_int_equal(place_of(client, "b"), deleted + 1);
}

/* What was deleted is known, also when all of it was, and places stay where they were. */
static void what_was_deleted_is_known(struct world *world) {
    int64_t deleted, newest, deleted_later, newest_later;
    struct client *client = with_records(world, 4);
    ends_of(client, &deleted, &newest);
    assert_true(deleted < newest);
    move(client, "a", deleted + 1);
    client->store->max_reports = 2;
    client_tend(client);
    assert_int_equal(records(client), 2);
    ends_of(client, &deleted_later, &newest_later);
    assert_int_equal(newest_later, newest);
    assert_true(deleted_later > deleted + 1 && deleted_later < newest);
    world_pass(world, HD__STORE_MAX_AGE_MS + 1000);
    client_tend(client);
    assert_int_equal(records(client), 0);
    ends_of(client, &deleted_later, &newest_later);
    assert_int_equal(newest_later, newest);
    assert_int_equal(deleted_later, newest);
    assert_int_equal(place_of(client, "a"), deleted + 1);
}

static void a_reader_moves_nothing(struct world *world) {
    struct client *client = with_records(world, 1), *reader = client_join(world, HD__ROLE_READ);
    int64_t place;
    const struct hd__store_ops *ops = reader->store->ops;
    assert_int_equal(ops->find_place(reader->store, "a", &place), HD_E_STORE_READ_ONLY);
    assert_int_equal(ops->move_place(reader->store, "a", 0), HD_E_STORE_READ_ONLY);
    move(client, "a", 1);
    assert_int_equal(place_of(reader, "a"), 1);
    assert_int_equal(ops->move_place(reader->store, "a", HD__NO_PLACE), HD_E_STORE_READ_ONLY);
    assert_int_equal(place_of(client, "a"), 1);
}

/* A program that ends may still say how far it came. */
static void places_move_after_leave(struct world *world) {
    struct client *client = with_records(world, 2), *other = client_join(world, HD__ROLE_ACCEPT);
    int64_t deleted, newest;
    ends_of(client, &deleted, &newest);
    assert_int_equal(client->store->ops->leave(client->store, 1), HD_OK);
    assert_int_equal(place_of(client, "a"), deleted);
    move(client, "a", newest);
    assert_int_equal(place_of(other, "a"), newest);
    client_rejoin(client, HD__ROLE_DELIVER);
    assert_int_equal(place_of(client, "a"), newest);
}

static const struct check checks[] = {
    {"a new name is before the oldest record", a_new_name_is_before_the_oldest},
    {"places move forwards alone", places_move_forwards_alone},
    {"what was deleted is known", what_was_deleted_is_known},
    {"a reader moves nothing", a_reader_moves_nothing},
    {"places move after leave", places_move_after_leave},
};
const struct check_list consumer_checks = CHECK_LIST("consumers", checks);
