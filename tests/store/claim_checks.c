/* SPDX-License-Identifier: MIT */
/* Claims: which rows, in which order, up to where. */
#include "store/check.h"

#include <string.h>

static struct client *begin(struct world *world, int64_t *webhook) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook put = webhook_of("webhook");
    *webhook = client_put(client, &put);
    return client;
}

static struct hd__claim claim(struct client *client, struct hd__claim claim) {
    struct hd__step step = {.claims = &claim, .claim_count = 1};
    client_step(client, &step);
    assert_int_equal(claim.status, HD_OK);
    return claim;
}

static void retry(struct client *client, int64_t webhook, int64_t row, int64_t delay_ms) {
    struct hd__stored_report report = report_of(client->world, webhook, row);
    report.outcome = HD_OUTCOME_RETRYING;
    struct hd__result result = result_of(client->world, HD__RESULT_RETRY, webhook, row, &report);
    result.delay_ms = delay_ms;
    result.tries = 1;
    assert_false(client_settle(client, result));
}

static int64_t claimed_row(const struct client *client, size_t index) {
    return heard(client, HEARD_CLAIMED, index)->row;
}

/* ---- */

static void new_rows_in_pages(struct world *world) {
    int64_t webhook, rows[10], after = 0;
    struct client *client = begin(world, &webhook);
    for (int i = 0; i < 10; i++)
        rows[i] = client_send(client);
    for (int i = 0; i < 9; i += 3) {
        struct hd__claim page = claim(client, (struct hd__claim){.webhook = webhook, .max = 3, .after_row = after});
        assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 3);
        for (int j = 0; j < 3; j++)
            assert_int_equal(after = claimed_row(client, (size_t)j), rows[i + j]);
        assert_true(page.has_more);
    }
    struct hd__claim last = claim(client, (struct hd__claim){.webhook = webhook, .max = 3, .after_row = after});
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 1);
    assert_false(last.has_more);
    assert_true(last.next_due_in_ms == INT64_MAX);
}

static void claiming_changes_nothing(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    client_send(client);
    client_send(client);
    for (int i = 0; i < 3; i++)
        assert_int_equal(client_claim(client, webhook), 2);
    assert_false(heard(client, HEARD_CLAIMED, 0)->may_be_repeated);
    assert_int_equal(client->state.waiting, 2);
}

static void retries_wait_for_their_time(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    int64_t first = client_send(client), second = client_send(client), third = client_send(client);
    retry(client, webhook, first, 60000);
    retry(client, webhook, second, 30000);
    struct hd__claim none = claim(client, (struct hd__claim){.webhook = webhook, .max = 9, .after_row = third});
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 0);
    assert_true(none.next_due_in_ms > 29000 && none.next_due_in_ms <= 30000);
    world_pass(world, 29000);
    client_tend(client);
    none = claim(client, (struct hd__claim){.webhook = webhook, .max = 9, .after_row = third});
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 0);
    assert_true(none.next_due_in_ms > 0 && none.next_due_in_ms <= 1000);
    world_pass(world, none.next_due_in_ms);
    struct hd__claim one = claim(client, (struct hd__claim){.webhook = webhook, .max = 9, .after_row = third});
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 1);
    assert_int_equal(claimed_row(client, 0), second);
    assert_int_equal(heard(client, HEARD_CLAIMED, 0)->tries, 1);
    assert_true(heard(client, HEARD_CLAIMED, 0)->due_ms > 0);
    assert_true(one.next_due_in_ms > 29000 && one.next_due_in_ms <= 30000);
}

/* Those that are due by the order of their time, whatever that of their rows, and before all new ones. */
static void retries_come_first_by_their_time(struct world *world) {
    int64_t webhook, rows[5];
    struct client *client = begin(world, &webhook);
    for (int i = 0; i < 5; i++)
        rows[i] = client_send(client);
    retry(client, webhook, rows[1], 3000);
    retry(client, webhook, rows[3], 1000);
    retry(client, webhook, rows[2], 2000);
    world_pass(world, 5000);
    assert_int_equal(client_claim(client, webhook), 5);
    const int64_t expected[] = {rows[3], rows[2], rows[1], rows[0], rows[4]};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(claimed_row(client, i), expected[i]);
}

/* Pages of retries go on after the mark, and do not begin anew with the new ones. */
static void retries_in_pages(struct world *world) {
    int64_t webhook, rows[7];
    struct client *client = begin(world, &webhook);
    for (int i = 0; i < 7; i++)
        rows[i] = client_send(client);
    struct hd__result results[5];
    for (int i = 0; i < 5; i++) {
        results[i] = result_of(world, HD__RESULT_RETRY, webhook, rows[i], NULL);
        results[i].delay_ms = 1000; /* all at the same time: in the order of rows */
    }
    struct hd__step step = {.results = results, .result_count = 5};
    client_step(client, &step);
    world_pass(world, 2000);
    struct hd__claim mark = {.webhook = webhook, .max = 2};
    int64_t told[7];
    size_t count = 0;
    for (int page = 0; page < 5 && count < 7; page++) {
        struct hd__claim made = claim(client, mark);
        for (size_t i = 0; i < heard_count(client, HEARD_CLAIMED, 0); i++) {
            const struct heard *one = heard(client, HEARD_CLAIMED, i);
            told[count++] = one->row;
            if (one->due_ms) {
                mark.after_due_ms = one->due_ms;
                mark.after_retry_row = one->row;
            } else {
                mark.after_row = one->row;
            }
        }
        assert_int_equal(made.has_more != 0, count < 7);
    }
    assert_int_equal(count, 7);
    assert_memory_equal(told, rows, sizeof rows);
}

static void a_row_that_is_not_taken_ends_its_claim_alone(struct world *world) {
    int64_t keys[2];
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    client_put_many(client, 2, keys);
    client_send(client);
    client_send(client);
    struct hd__claim claims[] = {{.webhook = keys[0], .max = 9}, {.webhook = keys[1], .max = 9}};
    struct hd__step step = {.claims = claims, .claim_count = 2};
    client->takes = 0;
    client_step(client, &step);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, keys[0]), 1);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, keys[1]), 1);
    client->takes = SIZE_MAX;
    client_step(client, &step);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, keys[0]), 2);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, keys[1]), 2);
}

/* A claim sees what the same step has written. */
static void claims_come_last(struct world *world) {
    int64_t webhook;
    struct client *client = begin(world, &webhook);
    int64_t first = client_send(client);
    struct hd__result end = result_of(world, HD__RESULT_ENDED, webhook, first, NULL);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__claim claim = {.webhook = webhook, .max = 9};
    struct hd__step step = {
        .events = &event, .event_count = 1, .results = &end, .result_count = 1, .claims = &claim, .claim_count = 1};
    client_step(client, &step);
    assert_int_equal(heard_count(client, HEARD_CLAIMED, 0), 1);
    assert_int_equal(claimed_row(client, 0), heard(client, HEARD_ADDED, 0)->row);
    assert_int_equal(client->heard[client->heard_count - 1].what, HEARD_CLAIMED);
}

static void nothing_is_claimed_of_others(struct world *world) {
    int64_t webhook;
    struct client *owner = begin(world, &webhook), *accepts = client_join(world, HD__ROLE_ACCEPT);
    client_send(owner);
    assert_int_equal(client_claim(accepts, webhook), 0);
    assert_int_equal(client_claim(owner, webhook), 1);
}

/* A retry with no delay is ahead of all new ones, for whoever owns it after that. */
static void a_retry_at_once_is_first_for_the_next_owner(struct world *world) {
    int64_t webhook, rows[3];
    struct client *client = begin(world, &webhook);
    for (int i = 0; i < 3; i++)
        rows[i] = client_send(client);
    retry(client, webhook, rows[1], 0);
    client_leave(client, 1);
    client = client_join(world, HD__ROLE_DELIVER);
    assert_int_equal(client_claim(client, webhook), 3);
    assert_int_equal(claimed_row(client, 0), rows[1]);
    assert_int_equal(heard(client, HEARD_CLAIMED, 0)->tries, 1);
    assert_int_equal(claimed_row(client, 1), rows[0]);
    assert_int_equal(claimed_row(client, 2), rows[2]);
}

static const struct check checks[] = {
    {"new rows come in pages, in the order of acceptance", new_rows_in_pages},
    {"claiming changes nothing", claiming_changes_nothing},
    {"retries wait for their time, which is told", retries_wait_for_their_time},
    {"retries come first, in the order of their time", retries_come_first_by_their_time},
    {"retries come in pages", retries_in_pages},
    {"a row that is not taken ends its claim alone", a_row_that_is_not_taken_ends_its_claim_alone},
    {"claims come last in a step", claims_come_last},
    {"nothing is claimed of shards of others", nothing_is_claimed_of_others},
    {"a retry with no delay is first for the next owner", a_retry_at_once_is_first_for_the_next_owner},
};
const struct check_list claim_checks = CHECK_LIST("claims", checks);
