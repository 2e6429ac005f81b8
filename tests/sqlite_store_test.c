/* SPDX-License-Identifier: MIT */
/** @file sqlite_store_test.c The store in SQLite, step by step, with one client and with several in this process: rows,
 * webhooks, shards and their leases, the fence, the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/seam.h"

#include "store/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[64];
static struct seam a, b, c;

static int set_up(void **state) {
    (void)state;
    seam_make_directory(directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    seam_remove_directory(directory);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * One client
 */

static void test_life_of_a_delivery(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(a.state.owned, UINT64_MAX);
    int64_t webhook = seam_put(&a, "w");
    int64_t row = seam_send(&a, 1);
    assert_true(row > 0);
    assert_int_equal(a.state.waiting, 1);
    assert_int_equal(a.state.last_row, row);
    assert_int_equal(a.added[0].webhook, webhook);
    assert_int_equal(seam_claim(&a, webhook), 1);
    assert_int_equal(a.rows[0].row, row);
    assert_memory_equal(a.rows[0].delivery_id, a.added[0].delivery_id, HD__STORE_ID_SIZE);
    assert_int_equal(seam_end(&a, webhook, row, 1), 0);
    assert_int_equal(a.state.waiting, 0);
    assert_int_equal(seam_claim(&a, webhook), 0);
    assert_int_equal(seam_reports(&a, HD_OUTCOME_DELIVERED), 1);
    seam_close(&a);
}

static void test_ids_of_deliveries(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    for (int i = 0; i < 100; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "w%d", i);
        seam_put(&a, id);
    }
    seam_send(&a, 1);
    assert_int_equal(a.added_count, 100);
    struct hd__new_event event = seam_event(1);
    for (size_t i = 0; i < 100; i++) {
        const unsigned char *id = a.added[i].delivery_id;
        assert_memory_equal(id, event.event.id, 6); /* the time */
        assert_int_equal(id[6] >> 4, 7);
        assert_int_equal(id[8] >> 6, 2);
        assert_memory_not_equal(id, event.event.id, HD__STORE_ID_SIZE);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(id, a.added[k].delivery_id, HD__STORE_ID_SIZE);
        assert_true(i == 0 || a.added[i].row > a.added[i - 1].row);
    }
    seam_close(&a);
}

/* Which webhooks get an event: those of its project that are there, not off, and want its type. */
static void test_fan_out(void **state_) {
    (void)state_;
    struct hd__stored_webhook webhook;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    assert_int_equal(seam_put_in(&a, "on", "p", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_OK);
    int64_t on = webhook.keys.webhook;
    assert_int_equal(seam_put_in(&a, "off", "p", HD_MODE_OFF, HD__ANY_VERSION, &webhook), HD_OK);
    int64_t off = webhook.keys.webhook;
    assert_int_equal(seam_put_in(&a, "held", "p", HD_MODE_HELD, HD__ANY_VERSION, &webhook), HD_OK);
    int64_t held = webhook.keys.webhook;
    assert_int_equal(seam_put_in(&a, "other", "q", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_OK);
    assert_int_equal(seam_put_in(&a, "type", "p", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_OK);
    webhook.events = 1 << 2;
    assert_int_equal(a.store->ops->put_webhook(a.store, &webhook, HD__ANY_VERSION, NULL), HD_OK);
    int64_t type = webhook.keys.webhook;
    seam_send(&a, 1);
    assert_int_equal(a.added_count, 2);
    assert_int_equal(a.added[0].webhook, on);
    assert_int_equal(a.added[1].webhook, held);

    struct hd__new_event events[] = {seam_event(2), seam_event(3), seam_event(4), seam_event(5)};
    events[0].event.type = 2;
    events[1].webhook = off; /* the only one, whatever its mode */
    events[2].event.project = "nobody";
    events[3].webhook = 99999;
    struct hd__step step = {.events = events, .event_count = 4};
    seam_forget(&a);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(events[0].added, 3);
    assert_int_equal(events[1].added, 1);
    assert_int_equal(events[2].added, 0);
    assert_int_equal(events[3].added, 0);
    assert_int_equal(a.added_count, 4);
    assert_int_equal(a.added[2].webhook, type);
    assert_int_equal(a.added[3].webhook, off);
    assert_int_equal(a.added[3].event, 1);

    uint64_t change;
    assert_int_equal(a.store->ops->remove_webhook(a.store, "on", &change, NULL), HD_OK);
    assert_int_equal(a.store->ops->remove_webhook(a.store, "on", &change, NULL), HD_E_NOT_FOUND);
    seam_forget(&a);
    seam_send(&a, 6);
    assert_int_equal(a.added_count, 1);
    assert_int_equal(a.added[0].webhook, held);
    seam_close(&a);
}

static void test_known_keys(void **state_) {
    (void)state_;
    struct seam_time time = seam_time();
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    seam_put(&a, "w");
    struct hd__new_event events[] = {seam_event(1), seam_event(2), seam_event(3)};
    events[0].key = events[1].key = events[2].key = "key";
    events[2].event.project = "q";
    struct hd__step step = {.events = events, .event_count = 3};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(events[0].added, 1);
    assert_int_equal(events[0].is_known, 0);
    assert_int_equal(events[1].is_known, 1);
    assert_memory_equal(events[1].known_id, events[0].event.id, HD__STORE_ID_SIZE);
    assert_int_equal(events[2].is_known, 0); /* of another project; nobody wants it, but its key is known */

    struct hd__new_event later[] = {seam_event(4), seam_event(5)};
    later[0].key = later[1].key = "key";
    later[1].event.project = "q";
    step = (struct hd__step){.events = later, .event_count = 2};
    seam_pass(&time, HD__STORE_KNOWN_KEYS_MS - 1);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(later[0].is_known, 1);
    assert_memory_equal(later[0].known_id, events[0].event.id, HD__STORE_ID_SIZE);
    assert_int_equal(later[1].is_known, 1);
    assert_memory_equal(later[1].known_id, events[2].event.id, HD__STORE_ID_SIZE);
    seam_pass(&time, 1);
    assert_int_equal(seam_tend(&a), HD_OK);
    step.event_count = 1;
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(later[0].is_known, 0);
    assert_int_equal(later[0].added, 1);
    seam_close(&a);
}

/* A step that had been committed is told again, and not written again. */
static void test_repeated_step(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    int64_t row = seam_send(&a, 1);
    struct hd__new_event events[] = {seam_event(2), seam_event(3), seam_event(4)};
    events[1].key = events[2].key = "key";
    struct hd__result results[] = {seam_result(&a, HD__RESULT_ENDED, webhook, row, 1),
                                   seam_result(&a, HD__RESULT_ENDED, webhook, row + 77, 1)};
    struct hd__step step = {.events = events, .event_count = 3, .results = results, .result_count = 2};
    seam_forget(&a);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    for (int again = 0; again < 3; again++) {
        assert_int_equal(a.added_count, 2);
        assert_int_equal(events[0].added, 1);
        assert_int_equal(events[1].added, 1);
        assert_int_equal(events[1].is_known, 0);
        assert_int_equal(events[2].is_known, 1);
        assert_memory_equal(events[2].known_id, events[1].event.id, HD__STORE_ID_SIZE);
        assert_int_equal(results[0].is_lost, 0);
        assert_int_equal(results[1].is_lost, 1);
        assert_int_equal(a.state.waiting, 2);
        assert_int_equal(seam_reports(&a, 0), 2);
        struct hd__added added[2];
        memcpy(added, a.added, sizeof added);
        seam_forget(&a);
        results[0].is_lost = results[1].is_lost = events[2].is_known = 7;
        if (again < 2) {
            assert_int_equal(seam_again(&a, &step), HD_OK);
            for (size_t i = 0; i < 2; i++) {
                assert_int_equal(added[i].row, a.added[i].row);
                assert_int_equal(added[i].event, a.added[i].event);
                assert_memory_equal(added[i].delivery_id, a.added[i].delivery_id, HD__STORE_ID_SIZE);
            }
        }
    }
    assert_int_equal(seam_reports(&a, HD_OUTCOME_RETRYING), 1); /* the lost one's */
    seam_close(&a);
}

/* Retries come back in the order of their time, before what is new; one without delay is its owner's. */
static void test_retries(void **state_) {
    (void)state_;
    struct seam_time time = seam_time();
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    int64_t webhook = seam_put(&a, "w"), row = seam_send(&a, 1);
    for (uint64_t i = 2; i <= 5; i++)
        seam_send(&a, i);
    struct hd__result results[] = {seam_result(&a, HD__RESULT_RETRY, webhook, row, 1),
                                   seam_result(&a, HD__RESULT_RETRY, webhook, row + 1, 2),
                                   seam_result(&a, HD__RESULT_RETRY, webhook, row + 2, 3),
                                   seam_result(&a, HD__RESULT_RELEASED, webhook, row + 4, 5)};
    results[0].delay_ms = 2000;
    results[2].delay_ms = 0;
    results[3].report = NULL;
    struct hd__claim claim = {.webhook = webhook, .max = 10, .after_row = row + 4};
    struct hd__step step = {.results = results, .result_count = 4, .claims = &claim, .claim_count = 1};
    seam_forget(&a);
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(a.row_count, 0); /* the one without delay as well: after_row is not less */
    assert_int_equal(claim.next_due_in_ms, 1000);
    assert_int_equal(claim.has_more, 0);
    assert_int_equal(seam_claim(&a, webhook), 3);
    assert_int_equal(a.rows[0].row, row + 2);
    assert_int_equal(a.rows[1].row, row + 3);
    assert_int_equal(a.rows[2].row, row + 4);
    assert_int_equal(a.rows[2].may_be_repeated, 1);
    seam_pass(&time, 1000);
    time.wall_ms += (int64_t)10 * 365 * 86400000; /* the store's clock does not follow */
    assert_int_equal(seam_claim(&a, webhook), 4);
    assert_int_equal(a.rows[1].row, row + 1);
    assert_int_equal(a.rows[1].tries, 1);
    seam_pass(&time, 1000);
    time.wall_ms -= (int64_t)20 * 365 * 86400000;
    assert_int_equal(seam_claim(&a, webhook), 5);
    assert_int_equal(a.rows[2].row, row);
    seam_forget(&a);
    a.takes = 2;
    claim = (struct hd__claim){.webhook = webhook, .max = 10};
    step = (struct hd__step){.claims = &claim, .claim_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(a.row_count, 2);
    assert_int_equal(claim.has_more, 1);
    seam_close(&a);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Webhooks
 */

static void test_compare_and_set(void **state_) {
    (void)state_;
    struct hd__stored_webhook webhook;
    uint64_t change;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    assert_int_equal(seam_put_in(&a, "w", "p", HD_MODE_ON, 1, &webhook), HD_E_CONFLICT);
    assert_int_equal(seam_put_in(&a, "w", "p", HD_MODE_ON, 0, &webhook), HD_OK);
    assert_int_equal(webhook.version, 1);
    assert_int_equal(seam_put_in(&b, "w", "p", HD_MODE_ON, 0, &webhook), HD_E_CONFLICT);
    assert_int_equal(seam_put_in(&b, "w", "p", HD_MODE_ON, 1, &webhook), HD_OK);
    assert_int_equal(webhook.version, 2);
    assert_int_equal(seam_put_in(&a, "w", "p", HD_MODE_ON, 1, &webhook), HD_E_CONFLICT);
    assert_int_equal(b.store->ops->remove_webhook(b.store, "w", &change, NULL), HD_OK);
    assert_int_equal(seam_put_in(&a, "w", "p", HD_MODE_ON, 2, &webhook), HD_E_CONFLICT);
    assert_int_equal(seam_put_in(&a, "w", "p", HD_MODE_ON, 0, &webhook), HD_OK);
    assert_int_equal(webhook.version, 3);
    seam_close(&a);
    seam_close(&b);
}

static void test_changes_are_told(void **state_) {
    (void)state_;
    struct hd__stored_webhook webhook;
    uint64_t change;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    seam_put(&a, "w1");
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    seam_open(&c, directory, HD__ROLE_READ, NULL);
    assert_int_equal(b.webhook_count, 1);
    assert_int_equal(c.webhook_count, 1);
    assert_string_equal(b.webhooks[0].id, "w1");
    seam_forget(&b);
    assert_int_equal(seam_put_in(&b, "w2", "p", HD_MODE_HELD, HD__ANY_VERSION, &webhook), HD_OK);
    assert_int_equal(seam_look(&b), HD_OK);
    assert_int_equal(b.webhook_count, 0); /* its own */
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.webhook_count, 1);
    assert_string_equal(a.webhooks[0].id, "w2");
    assert_int_equal(a.webhooks[0].mode, HD_MODE_HELD);
    assert_int_equal(a.webhooks[0].change, webhook.change);
    assert_int_equal(b.store->ops->remove_webhook(b.store, "w1", &change, NULL), HD_OK);
    seam_send(&a, 1); /* a step tells as well */
    assert_int_equal(a.webhook_count, 2);
    assert_int_equal(a.webhooks[1].is_removed, 1);
    assert_int_equal(a.webhooks[1].change, change);
    assert_true(change > webhook.change);
    uint64_t count;
    struct hd__result result = seam_result(&a, HD__RESULT_RETRY, a.added[0].webhook, a.added[0].row, 1);
    result.delay_ms = 1000000;
    struct hd__step step = {.results = &result, .result_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    assert_int_equal(seam_claim(&a, a.added[0].webhook), 0);
    assert_int_equal(b.store->ops->discard(b.store, "w2", &count, NULL), HD_OK);
    struct hd__claim claim = {.webhook = a.added[0].webhook, .max = 1};
    while (claim.next_due_in_ms < 2 && a.row_count == 0) { /* due in a moment */
        step = (struct hd__step){.claims = &claim, .claim_count = 1};
        assert_int_equal(seam_step(&a, &step), HD_OK);
    }
    assert_int_equal(a.row_count, 1);
    assert_int_equal(count, 1);
    assert_int_equal(b.store->ops->discard(b.store, "w1", &count, NULL), HD_E_NOT_FOUND);
    seam_look(&b);
    assert_int_equal(b.webhook_count, 1); /* the removal was its own; discarding is told to all */
    assert_int_equal(b.webhooks[0].discarded_up_to, a.state.last_row);
    seam_forget(&c);
    assert_int_equal(seam_look(&c), HD_OK);
    assert_int_equal(c.webhook_count, 2);
    assert_int_equal(seam_look(&c), HD_OK);
    assert_int_equal(c.webhook_count, 2);
    seam_close(&c);
    seam_close(&b);
    seam_close(&a);
}

/* What waited when a webhook was put in another project belongs to the one that it was. */
static void test_moved_webhook(void **state_) {
    (void)state_;
    struct hd__stored_webhook webhook;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t first = seam_put(&a, "w");
    seam_send(&a, 1);
    struct hd__store_keys keys = a.report.keys;
    assert_int_equal(seam_put_in(&a, "w", "q", HD_MODE_ON, 1, &webhook), HD_OK);
    assert_true(webhook.keys.webhook != first);
    assert_int_equal(webhook.keys.history, keys.history);
    assert_true(webhook.keys.project != keys.project);
    assert_int_equal(webhook.version, 2);
    seam_forget(&a);
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.webhook_count, 1);
    assert_int_equal(a.webhooks[0].key, first);
    assert_int_equal(a.webhooks[0].is_removed, 1);
    assert_string_equal(a.webhooks[0].project, "p");
    seam_forget(&a);
    assert_int_equal(seam_send(&a, 2), 0); /* nobody in p */
    seam_drop(&a);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL); /* told for as long as something waits */
    a.report.keys = keys;
    assert_int_equal(a.webhook_count, 2);
    assert_int_equal(seam_shards(a.state.owned), 0); /* the other one may live */
    seam_drop(&a);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several clients
 */

static struct seam_time times[3];

static const struct hd__clock *clock_of(size_t index) {
    times[index] = seam_time();
    return seam_clock(&times[index]);
}

static void pass(int64_t ms) {
    for (size_t i = 0; i < 3; i++)
        seam_pass(&times[i], ms);
}

/* Each takes what is free, and gives back what is more than its part, until all have their part. */
static void share_out(struct seam **clients, size_t count) {
    for (int round = 0; round < 4; round++)
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(seam_look(clients[i]), HD_OK);
            if (clients[i]->state.leaving) {
                struct hd__step step = {.left = clients[i]->state.leaving};
                assert_int_equal(seam_step(clients[i], &step), HD_OK);
                assert_int_equal(clients[i]->state.leaving, 0);
            }
        }
}

static void test_shards_are_shared_out(void **state_) {
    (void)state_;
    struct seam *clients[] = {&a, &b, &c};
    seam_open(&a, directory, HD__ROLE_DELIVER, clock_of(0));
    for (int i = 0; i < 64; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "w%d", i);
        seam_put(&a, id);
    }
    seam_send(&a, 1);
    seam_open(&b, directory, HD__ROLE_DELIVER, clock_of(1));
    assert_int_equal(b.state.owned, 0);
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(seam_shards(a.state.leaving), 32);
    share_out(clients, 2);
    assert_int_equal(seam_shards(a.state.owned), 32);
    assert_int_equal(b.state.owned, ~a.state.owned);
    assert_int_equal(a.state.lost | b.state.lost, 0);
    assert_int_equal(b.arrived_count, 32);
    seam_open(&c, directory, HD__ROLE_DELIVER, clock_of(2));
    share_out(clients, 3);
    assert_int_equal(seam_shards(a.state.owned), 22);
    assert_int_equal(seam_shards(b.state.owned), 22);
    assert_int_equal(seam_shards(c.state.owned), 20);
    assert_int_equal(a.state.owned | b.state.owned | c.state.owned, UINT64_MAX);

    for (size_t i = 0; i < c.arrived_count; i++) { /* each claims its own only */
        assert_int_equal(seam_claim(&c, c.arrived[i].webhook), 1);
        assert_int_equal(c.rows[0].may_be_repeated, 0);
        assert_int_equal(seam_claim(&a, c.arrived[i].webhook), 0);
        assert_int_equal(seam_claim(&b, c.arrived[i].webhook), 0);
    }
    assert_int_equal(c.arrived_count, 20);
    seam_close(&b); /* in good order: nothing is marked */
    share_out((struct seam *[]){&a, &c}, 2);
    assert_int_equal(seam_shards(a.state.owned), 32);
    assert_int_equal(seam_shards(c.state.owned), 32);
    for (size_t i = 0; i < c.arrived_count; i++)
        assert_int_equal(seam_claim(&c, c.arrived[i].webhook) && c.rows[0].may_be_repeated, 0);
    assert_int_equal(c.arrived_count, 32);
    seam_close(&a);
    seam_close(&c);
}

/* Rows that one adds come to the owner of their shard. */
static void test_rows_of_others_arrive(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t w1 = seam_put(&a, "w1"), w2 = seam_put(&a, "w2");
    seam_open(&b, directory, HD__ROLE_ACCEPT, NULL);
    assert_int_equal(seam_send(&b, 1), 0); /* not in a shard of its own */
    seam_send(&b, 2);
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.arrived_count, 2);
    assert_int_equal(a.arrived[0].webhook, w1);
    assert_int_equal(a.arrived[0].row, 1);
    assert_int_equal(a.arrived[1].webhook, w2);
    assert_int_equal(a.arrived[1].row, 2);
    assert_int_equal(a.state.waiting, 4);
    seam_forget(&a);
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.arrived_count, 0);
    seam_send(&b, 3);
    seam_send(&a, 4); /* a step tells of the others' before its own */
    assert_int_equal(a.arrived_count, 2);
    assert_int_equal(a.arrived[0].row, 5);
    assert_int_equal(a.added_count, 2);
    assert_int_equal(a.added[0].row, 7);
    seam_forget(&a);
    assert_int_equal(seam_look(&a), HD_OK);
    assert_int_equal(a.arrived_count, 0);
    assert_int_equal(seam_claim(&a, w1), 4);
    assert_int_equal(seam_claim(&b, w1), 0);
    seam_close(&b);
    seam_close(&a);
}

/* One that stalls past its lease has lost all; what it then says is stored as one attempt of several. */
static void test_fence(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, clock_of(0));
    int64_t webhook = seam_put(&a, "w"), row = seam_send(&a, 1);
    seam_send(&a, 2);
    struct hd__store_keys keys = a.report.keys;
    seam_open(&b, directory, HD__ROLE_DELIVER, clock_of(1));
    b.report.keys = keys;
    assert_true(a.state.safe_until_us <= times[0].us + 24000000);
    pass(29000);
    assert_int_equal(seam_tend(&b), HD_OK);
    assert_int_equal(b.state.owned, 0);
    pass(1001);
    assert_true(a.state.safe_until_us < times[0].us);
    assert_int_equal(seam_tend(&b), HD_OK);
    assert_int_equal(b.state.owned, UINT64_MAX);
    assert_int_equal(b.arrived_count, 1);
    assert_int_equal(seam_claim(&b, webhook), 2);
    assert_int_equal(b.rows[0].may_be_repeated, 1);
    assert_int_equal(seam_send(&b, 3) > 0, 1);
    assert_int_equal(seam_claim(&b, webhook), 3);
    assert_int_equal(b.rows[2].may_be_repeated, 0); /* it came after */

    assert_int_equal(seam_end(&a, webhook, row, 1), 1); /* late */
    assert_int_equal(a.state.lost, UINT64_MAX);
    assert_int_equal(a.state.owned, 0);
    assert_int_equal(seam_reports(&a, HD_OUTCOME_RETRYING), 1);
    assert_int_equal(seam_reports(&a, 0), 1);
    assert_int_equal(seam_claim(&b, webhook), 3);
    assert_int_equal(seam_end(&b, webhook, row, 1), 0);
    assert_int_equal(seam_end(&b, webhook, row, 1), 1); /* it is gone */
    assert_int_equal(b.state.waiting, 2);

    assert_int_equal(seam_look(&b), HD_OK);
    assert_int_equal(seam_shards(b.state.leaving), 32); /* the other one lives again, under a new identity */
    share_out((struct seam *[]){&a, &b}, 2);
    assert_int_equal(seam_shards(a.state.owned), 32);
    assert_true(a.state.safe_until_us > times[0].us);
    seam_close(&a);
    seam_close(&b);
}

/* A step that was committed, but whose answer was lost, is told again even if the client is held for gone meanwhile. */
static void test_repeated_by_a_fenced_one(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, clock_of(0));
    int64_t webhook = seam_put(&a, "w"), row = seam_send(&a, 1);
    struct hd__new_event event = seam_event(2);
    struct hd__result result = seam_result(&a, HD__RESULT_ENDED, webhook, row, 1);
    struct hd__step step = {.events = &event, .event_count = 1, .results = &result, .result_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    seam_open(&b, directory, HD__ROLE_DELIVER, clock_of(1));
    pass(30001);
    assert_int_equal(seam_tend(&b), HD_OK);
    seam_send(&b, 3);
    seam_forget(&a);
    result.is_lost = 7;
    assert_int_equal(seam_again(&a, &step), HD_OK);
    assert_int_equal(result.is_lost, 0);
    assert_int_equal(event.added, 1);
    assert_int_equal(a.added_count, 0); /* another one's by now */
    assert_int_equal(a.state.lost, UINT64_MAX);
    assert_int_equal(seam_reports(&a, 0), 1);
    assert_int_equal(a.state.waiting, 2);
    seam_drop(&a);
    seam_close(&b);
}

/* It is renewed by tend and by steps. */
static void test_lease_is_renewed(void **state_) {
    (void)state_;
    seam_open(&a, directory, HD__ROLE_DELIVER, clock_of(0));
    seam_open(&b, directory, HD__ROLE_DELIVER, clock_of(1));
    seam_put(&a, "w");
    for (uint64_t i = 0; i < 100; i++) {
        pass(1000);
        if (i < 50)
            assert_int_equal(seam_tend(&a), HD_OK);
        else
            seam_send(&a, i + 1);
        assert_true(a.state.safe_until_us >= times[0].us + 13000000);
        assert_int_equal(seam_tend(&b), HD_OK);
        assert_int_equal(b.state.owned, 0);
    }
    assert_int_equal(a.state.owned, UINT64_MAX);
    pass(40000);
    assert_int_equal(seam_tend(&a), HD_OK); /* nobody was there to take it */
    assert_int_equal(a.state.owned, UINT64_MAX);
    assert_int_equal(a.state.lost, 0);
    seam_drop(&a);
    seam_drop(&b);
}

/* The state of the pause rule goes with the shard. */
static void test_lanes_go_along(void **state_) {
    (void)state_;
    struct hd__lane_note note;
    seam_open(&a, directory, HD__ROLE_DELIVER, clock_of(0));
    int64_t webhook = seam_put(&a, "w");
    seam_put(&a, "v");
    const struct hd__lane_note notes[] = {{.webhook = webhook, .state = HD_WEBHOOK_PAUSED, .left_ms = 60000}};
    struct hd__step step = {.notes = notes, .note_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    seam_open(&b, directory, HD__ROLE_DELIVER, clock_of(1));
    assert_int_equal(b.note_count, 0);
    pass(20000);
    assert_int_equal(b.store->ops->lane_state(b.store, "w", &note), HD_OK);
    assert_int_equal(note.state, HD_WEBHOOK_PAUSED);
    assert_int_equal(note.left_ms, 40000);
    assert_int_equal(b.store->ops->lane_state(b.store, "v", &note), HD_OK);
    assert_int_equal(note.state, HD_WEBHOOK_ACTIVE);
    assert_int_equal(b.store->ops->lane_state(b.store, "x", &note), HD_E_NOT_FOUND);
    seam_close(&a);
    assert_int_equal(seam_look(&b), HD_OK);
    assert_int_equal(b.state.owned, UINT64_MAX);
    assert_int_equal(b.note_count, 1);
    assert_int_equal(b.notes[0].webhook, webhook);
    assert_int_equal(b.notes[0].left_ms, 40000);
    const struct hd__lane_note active[] = {{.webhook = webhook, .state = HD_WEBHOOK_ACTIVE}};
    step = (struct hd__step){.notes = active, .note_count = 1};
    assert_int_equal(seam_step(&b, &step), HD_OK);
    assert_int_equal(b.store->ops->lane_state(b.store, "w", &note), HD_OK);
    assert_int_equal(note.state, HD_WEBHOOK_ACTIVE);
    seam_close(&b);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What others may ask
 */

static void test_what_waits(void **state_) {
    (void)state_;
    uint64_t count;
    int64_t oldest;
    int left;
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t webhook = seam_put(&a, "w");
    seam_put(&a, "v");
    for (uint64_t i = 1; i <= 5; i++)
        seam_send(&a, i);
    assert_int_equal(a.store->ops->waiting(a.store, "w", &count, &oldest), HD_OK);
    assert_int_equal(count, 5);
    assert_int_equal(oldest, 1700000000001);
    assert_int_equal(a.store->ops->waiting(a.store, "x", &count, &oldest), HD_E_NOT_FOUND);
    uint64_t shard = UINT64_C(1) << hd__shard_of(webhook);
    assert_int_equal(a.store->ops->is_left(a.store, shard, 3, &left), HD_OK);
    assert_int_equal(left, 1);
    assert_int_equal(seam_end(&a, webhook, 1, 1), 0);
    assert_int_equal(a.store->ops->is_left(a.store, shard, 2, &left), HD_OK);
    assert_int_equal(left, 0);
    assert_int_equal(a.store->ops->is_left(a.store, shard, 3, &left), HD_OK);
    assert_int_equal(left, 1);
    assert_int_equal(a.store->ops->is_left(a.store, UINT64_MAX, 2, &left), HD_OK);
    assert_int_equal(left, 1);
    assert_int_equal(a.store->ops->is_left(a.store, ~shard & ~(shard << 1), 100, &left), HD_OK);
    assert_int_equal(left, 0);
    assert_int_equal(a.store->ops->waiting(a.store, "w", &count, &oldest), HD_OK);
    assert_int_equal(count, 4);
    assert_int_equal(oldest, 1700000000002);
    seam_close(&a);
}

static void test_reader(void **state_) {
    (void)state_;
    struct hd__stored_webhook webhook;
    uint64_t number;
    assert_int_equal(seam_join(&a, directory, HD__ROLE_READ, NULL), HD_E_STORE_MISSING);
    seam_drop(&a);
    seam_open(&a, directory, HD__ROLE_DELIVER, NULL);
    int64_t key = seam_put(&a, "w");
    seam_send(&a, 1);
    seam_open(&b, directory, HD__ROLE_READ, NULL);
    assert_int_equal(b.state.waiting, 1);
    assert_int_equal(seam_end(&a, key, 1, 1), 0);
    assert_int_equal(seam_reports(&b, 0), 1);
    assert_int_equal(seam_look(&b), HD_OK);
    assert_int_equal(b.state.waiting, 0);
    assert_int_equal(seam_tend(&b), HD_OK);
    assert_int_equal(seam_put_in(&b, "w", "p", HD_MODE_ON, HD__ANY_VERSION, &webhook), HD_E_STORE_READ_ONLY);
    assert_int_equal(b.store->ops->remove_webhook(b.store, "w", &number, NULL), HD_E_STORE_READ_ONLY);
    assert_int_equal(b.store->ops->discard(b.store, "w", &number, NULL), HD_E_STORE_READ_ONLY);
    struct hd__step step = {0};
    assert_int_equal(seam_step(&b, &step), HD_E_STORE_READ_ONLY);
    assert_int_equal(step.undone, 1);
    seam_drop(&a);
    seam_close(&b);
    seam_open(&b, directory, HD__ROLE_READ, NULL); /* after one that ended without a word */
    assert_int_equal(seam_reports(&b, 0), 1);
    seam_close(&b);
}

/* The store's clock across boots: a day at most, and never back. */
static void test_clock_across_boots(void **state_) {
    (void)state_;
    struct seam_time time = seam_time();
    seam_open(&a, directory, HD__ROLE_DELIVER, seam_clock(&time));
    int64_t webhook = seam_put(&a, "w"), row = seam_send(&a, 1);
    struct hd__result result = seam_result(&a, HD__RESULT_RETRY, webhook, row, 1);
    result.delay_ms = 3600000;
    struct hd__step step = {.results = &result, .result_count = 1};
    assert_int_equal(seam_step(&a, &step), HD_OK);
    seam_close(&a);
    time.us = 5; /* a new boot, with a wall clock that is far back */
    time.wall_ms -= (int64_t)10 * 365 * 86400000;
    seam_open(&a, directory, HD__ROLE_DELIVER, &time.clock);
    assert_int_equal(seam_claim(&a, webhook), 0);
    seam_put(&a, "w"); /* writes its moment */
    seam_close(&a);
    time.us = 4;
    time.wall_ms += 1800000;
    seam_open(&a, directory, HD__ROLE_DELIVER, &time.clock);
    assert_int_equal(seam_claim(&a, webhook), 0);
    seam_put(&a, "w");
    seam_close(&a);
    time.us = 3; /* one that is far ahead: a day */
    time.wall_ms += (int64_t)10 * 365 * 86400000;
    seam_open(&a, directory, HD__ROLE_DELIVER, &time.clock);
    assert_int_equal(seam_claim(&a, webhook), 1);
    seam_close(&a);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_life_of_a_delivery),
        TEST(test_ids_of_deliveries),
        TEST(test_fan_out),
        TEST(test_known_keys),
        TEST(test_repeated_step),
        TEST(test_retries),
        TEST(test_compare_and_set),
        TEST(test_changes_are_told),
        TEST(test_moved_webhook),
        TEST(test_shards_are_shared_out),
        TEST(test_rows_of_others_arrive),
        TEST(test_fence),
        TEST(test_repeated_by_a_fenced_one),
        TEST(test_lease_is_renewed),
        TEST(test_lanes_go_along),
        TEST(test_what_waits),
        TEST(test_reader),
        TEST(test_clock_across_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
