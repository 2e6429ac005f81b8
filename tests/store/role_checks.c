/* SPDX-License-Identifier: MIT */
/* What clients of each role may do, what is there after all have gone, and what a forked child may not. */
#include "store/check.h"
#include "support/child.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_store_says_what_it_is(struct world *world) {
    const struct hd_store *store = client_join(world, HD__ROLE_ACCEPT)->store;
    const struct hd__store_ops *ops = store->ops;
    assert_int_equal(store->abi, HD__STORE_ABI);
    assert_int_equal(store->pid, getpid());
    assert_int_equal(store->max_reports, HD__STORE_MAX_REPORTS);
    assert_int_equal(store->max_age_ms, HD__STORE_MAX_AGE_MS);
    assert_int_equal(store->max_log_bytes, HD__STORE_MAX_LOG_BYTES);
    assert_true(ops->join && ops->step && ops->look && ops->tend && ops->leave && ops->free && ops->interrupt);
    assert_true(ops->put_webhook && ops->remove_webhook && ops->discard && ops->pass_test && ops->waiting &&
                ops->lane_state && ops->survey);
    assert_true(ops->is_left && ops->query && ops->tally && ops->ends && ops->find_place && ops->move_place);
}

static void a_reader_changes_nothing(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *reader = client_join(world, HD__ROLE_READ);
    struct hd__stored_webhook webhook = webhook_of("webhook"), other = webhook_of("other");
    const struct hd__store_ops *ops = reader->store->ops;
    unsigned char id[HD__STORE_ID_SIZE];
    int is_passed;
    uint64_t number = 0;
    int64_t key = client_put(owner, &webhook), row = client_send(owner);
    client_look(reader);
    assert_int_equal(heard_count(reader, HEARD_WEBHOOK, 0), 1);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.number = 1, .events = &event, .event_count = 1};
    assert_int_equal(ops->step(reader->store, &step, &reader->state), HD_E_STORE_READ_ONLY);
    assert_int_equal(ops->put_webhook(reader->store, &other, HD__ANY_VERSION, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(ops->remove_webhook(reader->store, "webhook", &number, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(ops->discard(reader->store, "webhook", &number, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(ops->pass_test(reader->store, &event.event, key, id, &is_passed), HD_E_STORE_READ_ONLY);
    client_look(owner);
    assert_int_equal(owner->heard_count, 0);
    assert_int_equal(owner->state.waiting, 1);
    assert_int_equal(waiting(reader, "webhook"), 1);
    assert_false(client_end(owner, key, row));
    assert_int_equal(records(reader), 1);
    client_tend(reader);
    assert_int_equal(reader->state.waiting, 0);
}

static void many_accept(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(owner, &webhook);
    for (int i = 0; i < 30; i++) {
        struct client *accepts = client_join(world, HD__ROLE_ACCEPT);
        client_send(accepts);
        client_leave(accepts, 1);
    }
    client_look(owner);
    assert_int_equal(heard_count(owner, HEARD_ARRIVED, key), 1);
    assert_int_equal(client_claim(owner, key), 30);
    assert_true(owner->state.owned == UINT64_MAX);
}

static void nothing_is_interrupted(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    client->store->ops->interrupt(client->store);
    client_tend(client);
    client_look(client);
    client_send(client);
}

static void all_is_there_again(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook"), gone = webhook_of("gone");
    uint64_t change = 0;
    int64_t key = client_put(client, &webhook), first = client_send(client), second = client_send(client);
    client_put(client, &gone);
    assert_int_equal(client->store->ops->remove_webhook(client->store, "gone", &change, NULL), HD_OK);
    assert_false(client_end(client, key, first));
    struct hd__new_event keyed = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__lane_note note = {.webhook = key, .state = HD_WEBHOOK_PAUSED, .left_ms = 600000};
    struct hd__step step = {.events = &keyed, .event_count = 1, .notes = &note, .note_count = 1};
    keyed.key = "key";
    client_step(client, &step);
    struct hd__result retry = result_of(world, HD__RESULT_RETRY, key, second, NULL);
    retry.delay_ms = 60000;
    assert_false(client_settle(client, retry));
    int64_t last_row = client->state.last_row;
    client_leave(client, 1);
    world_pass(world, 20000);
    client = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(heard_count(client, HEARD_WEBHOOK, 0), 1);
    assert_int_equal(heard(client, HEARD_WEBHOOK, 0)->version, webhook.version);
    assert_int_equal(heard_count(client, HEARD_LANE, key), 1);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, key), 1);
    assert_int_equal(client->state.waiting, 2);
    assert_int_equal(client->state.last_row, last_row);
    assert_int_equal(records(client), 1);
    struct hd__new_event again = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__step second_step = {.events = &again, .event_count = 1};
    again.key = "key";
    client_step(client, &second_step);
    assert_true(again.is_known);
    assert_memory_equal(again.known_id, keyed.event.id, HD__STORE_ID_SIZE);
    assert_int_equal(client_claim(client, key), 1);
    world_pass(world, 41000);
    assert_int_equal(client_claim(client, key), 2);
    struct hd__stored_webhook next = webhook_of("next");
    assert_int_equal(client->store->ops->put_webhook(client->store, &webhook, webhook.version, NULL), HD_OK);
    client_put(client, &next);
    assert_true(next.change > change);
    assert_true(client_send_to(client, key) > last_row);
}

/* ---- A child ---- */

static int is_forked(int status) {
    return status == HD_E_FORKED;
}

static int ignore_row(void *user, const struct hd__log_row *row) {
    (void)user, (void)row;
    return 1;
}

static void ignore_standing(void *user, const struct hd__standing *standing) {
    (void)user, (void)standing;
}

static void ignore_tally(void *user, const struct hd__log_tally *tally) {
    (void)user, (void)tally;
}

/* How many calls did not refuse a child. */
static int count_accepting(struct client *client) {
    struct hd_store *store = client->store;
    const struct hd__store_ops *ops = store->ops;
    const struct hd__join join = {
        .role = HD__ROLE_DELIVER, .clock = &client->world->clock, .listener = &client->listener};
    const struct hd__log_search search = {.before_ms = INT64_MAX, .max = 1};
    struct hd__stored_webhook webhook = webhook_of("webhook");
    struct hd__step step = {.number = 1};
    struct hd__lane_note note;
    struct hd__stored_event event = {.project = PROJECT};
    unsigned char id_of_test[HD__STORE_ID_SIZE];
    uint64_t number;
    int64_t oldest_ms, id;
    int flag;
    const int refused[] = {
        is_forked(ops->join(store, &join, &client->state)),
        is_forked(ops->step(store, &step, &client->state)),
        is_forked(ops->look(store, &client->state)),
        is_forked(ops->tend(store, &client->state, &flag)),
        is_forked(ops->put_webhook(store, &webhook, HD__ANY_VERSION, NULL)),
        is_forked(ops->remove_webhook(store, "webhook", &number, NULL)),
        is_forked(ops->discard(store, "webhook", &number, NULL)),
        is_forked(ops->pass_test(store, &event, 1, id_of_test, &flag)),
        is_forked(ops->waiting(store, "webhook", &number, &oldest_ms)),
        is_forked(ops->lane_state(store, "webhook", &note)),
        is_forked(ops->survey(store, ignore_standing, NULL)),
        is_forked(ops->is_left(store, UINT64_MAX, 1, &flag)),
        is_forked(ops->query(store, &search, ignore_row, NULL)),
        is_forked(ops->tally(store, &search, 0, ignore_tally, NULL)),
        is_forked(ops->ends(store, &oldest_ms, &id)),
        is_forked(ops->find_place(store, "name", &id)),
        is_forked(ops->move_place(store, "name", 0)),
        is_forked(ops->leave(store, 1)),
    };
    int accepting = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        accepting += !refused[i];
    ops->free(store);
    return accepting;
}

static void a_forked_child_is_refused(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        end_child(count_accepting(client));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    int64_t row = client_send(client); /* the parent's is as it was */
    struct client *other = client_join(world, HD__ROLE_DELIVER);
    world_tend(world, 5);
    assert_int_equal(other->state.owned, 0);
    assert_false(client_end(client, key, row));
}

static const struct check checks[] = {
    {"a store says what it is", a_store_says_what_it_is},
    {"a reader changes nothing and sees all", a_reader_changes_nothing},
    {"many clients accept, one after the other", many_accept},
    {"an interrupt does nothing to calls that come later", nothing_is_interrupted},
    {"all is there again after all have left", all_is_there_again},
    {"a forked child is refused", a_forked_child_is_refused},
};
const struct check_list role_checks = CHECK_LIST("roles", checks);
