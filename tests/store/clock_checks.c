/* SPDX-License-Identifier: MIT */
/* Time as it passes, and a wall clock that jumps by ten years; what the log keeps. */
#include "store/check.h"

#include <string.h>

#define TEN_YEARS_MS (INT64_C(3653) * DAY_MS)

static const int64_t jumps[] = {0, TEN_YEARS_MS, -TEN_YEARS_MS};
#define JUMPS (sizeof jumps / sizeof jumps[0])

static struct client *begin(struct world *world, int64_t *webhook) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook put = webhook_of("webhook");
    *webhook = client_put(client, &put);
    return client;
}

static void jumps_do_not_move_due_times(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    for (size_t i = 0; i < JUMPS; i++) {
        int64_t row = client_send(client);
        struct hd__result result = result_of(world, HD__RESULT_RETRY, webhook, row, NULL);
        result.delay_ms = 60000;
        assert_false(client_settle(client, result));
        world->wall_jump_ms += jumps[i];
        world_tend(world, 58);
        assert_int_equal(client_claim(client, webhook), 0);
        world_tend(world, 3);
        assert_int_equal(client_claim(client, webhook), 1);
        assert_false(client_end(client, webhook, row));
    }
}

static void jumps_do_not_end_leases(struct world *world) {
    struct client *owner = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_DELIVER);
    for (size_t i = 0; i < JUMPS; i++) {
        world->wall_jump_ms += jumps[i];
        for (int second = 0; second < 30; second++) {
            world_pass(world, 500);
            client_tend(other); /* before the owner has looked at the clock again */
            assert_int_equal(other->state.owned, 0);
            world_pass(world, 500);
            client_tend(owner);
            assert_true(owner->state.owned == UINT64_MAX);
            assert_int_equal(owner->state.lost, 0);
            assert_true(owner->state.safe_until_us > world->now_us);
            assert_true(owner->state.safe_until_us < world->now_us + 120 * INT64_C(1000000));
        }
    }
}

/* A lease runs out whatever the wall clock does. */
static void jumps_do_not_keep_the_dead_alive(struct world *world) {
    struct client *dead = client_join(world, HD__ROLE_DELIVER), *other = client_join(world, HD__ROLE_DELIVER);
    client_die(dead);
    world->wall_jump_ms = -TEN_YEARS_MS;
    world_tend(world, 120);
    assert_true(other->state.owned == UINT64_MAX);
}

static void jumps_do_not_change_the_order(struct world *world) {
    int64_t webhook, rows[JUMPS];
    struct client *client = begin(world, &webhook);
    for (size_t i = 0; i < JUMPS; i++) {
        world->wall_jump_ms += 2 * jumps[i];
        rows[i] = client_send(client);
    }
    assert_int_equal(client_claim(client, webhook), JUMPS);
    for (size_t i = 0; i < JUMPS; i++)
        assert_int_equal(heard(client, HEARD_CLAIMED, i)->row, rows[i]);
}

static int use_key(struct client *client, const char *key) {
    struct hd__new_event event = event_of(client->world, PROJECT, HD_TICKET_CREATED);
    struct hd__step step = {.events = &event, .event_count = 1};
    event.key = key;
    client_step(client, &step);
    return event.is_known;
}

static void jumps_do_not_change_keys(struct world *world) {
    static const char *const keys[] = {"none", "ahead", "back"};
    struct client *client = client_join(world, HD__ROLE_ACCEPT);
    for (size_t i = 0; i < JUMPS; i++) {
        assert_false(use_key(client, keys[i]));
        world->wall_jump_ms += jumps[i];
        client_tend(client);
        assert_true(use_key(client, keys[i]));
        world_pass(world, DAY_MS - 5000);
        client_tend(client);
        assert_true(use_key(client, keys[i]));
        world_pass(world, 10000);
        client_tend(client);
        assert_false(use_key(client, keys[i]));
    }
}

static void jumps_do_not_change_pauses(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    for (size_t i = 0; i < JUMPS; i++) {
        struct hd__lane_note found, note = {.webhook = webhook, .state = HD_WEBHOOK_PAUSED, .left_ms = 60000};
        struct hd__step step = {.notes = &note, .note_count = 1};
        client_step(client, &step);
        world->wall_jump_ms += jumps[i];
        world_tend(world, 10);
        assert_int_equal(client->store->ops->lane_state(client->store, "webhook", &found), HD_OK);
        assert_true(found.left_ms > 48000 && found.left_ms <= 50000);
    }
}

/* ---- What the log keeps ---- */

static void tend_until_done(struct client *client) {
    int more = 1;
    for (int i = 0; i < 1000 && more; i++)
        assert_int_equal(client->store->ops->tend(client->store, &client->state, &more), HD_OK);
    assert_false(more);
}

static void jumps_do_not_empty_the_log(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    for (size_t i = 0; i < JUMPS; i++) {
        int64_t row = client_send(client);
        assert_false(client_end(client, webhook, row));
        world->wall_jump_ms += jumps[i];
        world_tend(world, 3);
        tend_until_done(client);
        assert_int_equal(records(client), i + 1);
    }
}

static void old_records_go(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    client->store->max_age_ms = 10 * DAY_MS;
    int64_t row = client_send(client);
    assert_false(client_end(client, webhook, row));
    world_pass(world, 9 * DAY_MS);
    tend_until_done(client);
    row = client_send(client);
    assert_false(client_end(client, webhook, row));
    assert_int_equal(records(client), 2);
    world_pass(world, 2 * DAY_MS);
    tend_until_done(client);
    assert_int_equal(records(client), 1);
}

#define MANY 1200

static void fill_log(struct client *client, int64_t webhook, size_t count) {
    struct hd__result result[100];
    struct hd__new_event event = event_of(client->world, PROJECT, HD_TICKET_CREATED);
    struct hd__stored_report report = report_of(client->world, webhook, 0);
    for (size_t i = 0; i < 100; i++) {
        result[i] = result_of(client->world, HD__RESULT_ENDED, webhook, 0, &report);
        result[i].event = &event.event;
        memcpy(result[i].event_id, event.event.id, HD__STORE_ID_SIZE);
    }
    for (size_t i = 0; i < count; i += 100) {
        struct hd__step step = {.results = result, .result_count = 100};
        client_step(client, &step);
    }
}

static void records_beyond_the_number_go(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    client->store->max_reports = 100;
    fill_log(client, webhook, MANY);
    tend_until_done(client);
    assert_int_equal(records(client), 100);
    client->store->max_reports = 0; /* any number */
    fill_log(client, webhook, MANY);
    tend_until_done(client);
    assert_int_equal(records(client), 100 + MANY);
}

/* The bound in bytes is a rough one: far beyond it, something goes, and what is new stays. */
static void records_beyond_the_bytes_go(struct world *world) {
    static const char answer[2000];
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    client->store->max_log_bytes = UINT64_C(400000);
    for (size_t i = 0; i < 1000; i++) {
        struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
        struct hd__stored_report report = report_of(world, webhook, 0);
        struct hd__result result = result_of(world, HD__RESULT_ENDED, webhook, 0, &report);
        report.response_body = (struct hd__bytes){answer, sizeof answer};
        result.event = &event.event;
        memcpy(result.event_id, event.event.id, HD__STORE_ID_SIZE);
        assert_false(client_settle(client, result));
    }
    tend_until_done(client);
    size_t count = records(client);
    assert_true(count > 20 && count < 400);
    int64_t row = client_send(client);
    assert_false(client_end(client, webhook, row));
    tend_until_done(client);
    assert_true(records(client) >= count - 1);
}

/* What waits does not go with the log. */
static void what_waits_stays(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    client->store->max_age_ms = DAY_MS;
    client->store->max_reports = 1;
    int64_t row = client_send(client);
    struct hd__stored_report report = report_of(world, webhook, row);
    report.outcome = HD_OUTCOME_RETRYING;
    struct hd__result retry = result_of(world, HD__RESULT_RETRY, webhook, row, &report);
    retry.delay_ms = 1000;
    assert_false(client_settle(client, retry));
    world_pass(world, 3 * DAY_MS);
    tend_until_done(client);
    assert_int_equal(records(client), 0);
    assert_int_equal(client_claim(client, webhook), 1);
    assert_string_equal(heard(client, HEARD_CLAIMED, 0)->body, "{\"ticket\":1}");
    assert_false(client_end(client, webhook, row));
    assert_int_equal(records(client), 1);
}

static const struct check checks[] = {
    {"jumps of the wall clock do not move due times", jumps_do_not_move_due_times},
    {"jumps do not end leases", jumps_do_not_end_leases},
    {"jumps do not keep the dead alive", jumps_do_not_keep_the_dead_alive},
    {"jumps do not change the order", jumps_do_not_change_the_order},
    {"jumps do not change keys", jumps_do_not_change_keys},
    {"jumps do not change pauses", jumps_do_not_change_pauses},
    {"jumps do not empty the log", jumps_do_not_empty_the_log},
    {"records that are too old go", old_records_go},
    {"records beyond the number go", records_beyond_the_number_go},
    {"records beyond the bytes go", records_beyond_the_bytes_go},
    {"what waits does not go with the log", what_waits_stays},
};
const struct check_list clock_checks = CHECK_LIST("time", checks);
