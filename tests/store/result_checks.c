/* SPDX-License-Identifier: MIT */
/* Results of attempts: what they do to their row, and the record that they leave. */
#include "store/check.h"

#include <string.h>

static struct client *begin(struct world *world, int64_t *webhook, int64_t *row) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook put = webhook_of("webhook");
    *webhook = client_put(client, &put);
    *row = client_send(client);
    return client;
}

static void an_end_takes_the_row_away(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    assert_false(client_end(client, webhook, row));
    assert_int_equal(client->state.waiting, 0);
    assert_int_equal(client->state.last_row, row);
    assert_int_equal(client_claim(client, webhook), 0);
    assert_int_equal(records_with(client, HD_OUTCOME_DELIVERED), 1);
    assert_true(client_send(client) > row); /* no number is used twice */
}

static void an_end_without_a_record(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    assert_false(client_settle(client, result_of(world, HD__RESULT_ENDED, webhook, row, NULL)));
    assert_int_equal(client->state.waiting, 0);
    assert_int_equal(records(client), 0);
}

static void a_retry_stays(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    struct hd__stored_report report = report_of(world, webhook, row);
    report.outcome = HD_OUTCOME_RETRYING;
    struct hd__result result = result_of(world, HD__RESULT_RETRY, webhook, row, &report);
    result.tries = 3;
    result.delay_ms = 1000;
    assert_false(client_settle(client, result));
    assert_int_equal(client->state.waiting, 1);
    assert_int_equal(records_with(client, HD_OUTCOME_RETRYING), 1);
    assert_int_equal(client_claim(client, webhook), 0);
    world_pass(world, 1000);
    assert_int_equal(client_claim(client, webhook), 1);
    assert_int_equal(heard(client, HEARD_CLAIMED, 0)->tries, 3);
    assert_false(heard(client, HEARD_CLAIMED, 0)->may_be_repeated);
}

static void a_released_row_may_be_repeated(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    assert_false(client_settle(client, result_of(world, HD__RESULT_RELEASED, webhook, row, NULL)));
    assert_int_equal(client->state.waiting, 1);
    assert_int_equal(client_claim(client, webhook), 1);
    assert_true(heard(client, HEARD_CLAIMED, 0)->may_be_repeated);
    struct hd__result retry = result_of(world, HD__RESULT_RETRY, webhook, row, NULL);
    retry.delay_ms = 1000;
    assert_false(client_settle(client, retry)); /* the doubt remains */
    world_pass(world, 1000);
    assert_int_equal(client_claim(client, webhook), 1);
    assert_true(heard(client, HEARD_CLAIMED, 0)->may_be_repeated);
}

static void a_result_for_a_row_that_is_gone_is_lost(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    assert_false(client_end(client, webhook, row));
    assert_true(client_end(client, webhook, row));
    assert_int_equal(records_with(client, HD_OUTCOME_DELIVERED), 1);
    assert_int_equal(records_with(client, HD_OUTCOME_RETRYING), 1);
    assert_int_equal(client->state.waiting, 0);
}

/* The same when both are in one step. */
static void the_second_result_of_a_step_is_lost(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    const struct hd__stored_report report = report_of(world, webhook, row);
    struct hd__result results[] = {result_of(world, HD__RESULT_ENDED, webhook, row, &report),
                                   result_of(world, HD__RESULT_ENDED, webhook, row, &report)};
    struct hd__step step = {.results = results, .result_count = 2};
    client_step(client, &step);
    assert_false(results[0].is_lost);
    assert_true(results[1].is_lost);
    assert_int_equal(records_with(client, HD_OUTCOME_DELIVERED), 1);
}

/* Results of each kind, of rows that another client owns: nothing is done to them. */
static void a_result_for_a_row_of_another_is_lost(struct world *world) {
    static const int kinds[] = {HD__RESULT_ENDED, HD__RESULT_RETRY, HD__RESULT_RELEASED};
    int64_t webhook, row;
    struct client *owner = begin(world, &webhook, &row), *late = client_join(world, HD__ROLE_ACCEPT);
    for (size_t i = 0; i < 3; i++) {
        const struct hd__stored_report report = report_of(world, webhook, row);
        struct hd__result result = result_of(world, kinds[i], webhook, row, &report);
        result.tries = 9;
        result.delay_ms = 1000000;
        assert_true(client_settle(late, result));
        assert_int_equal(records_with(late, HD_OUTCOME_RETRYING), i + 1);
        assert_int_equal(records(late), i + 1);
        assert_int_equal(client_claim(owner, webhook), 1);
        assert_int_equal(heard(owner, HEARD_CLAIMED, 0)->tries, 0);
        assert_int_equal(heard(owner, HEARD_CLAIMED, 0)->due_ms, 0);
        assert_false(heard(owner, HEARD_CLAIMED, 0)->may_be_repeated);
    }
    assert_true(client_settle(late, result_of(world, HD__RESULT_ENDED, webhook, row, NULL)));
    assert_int_equal(records(late), 3);
}

/* ---- Records ---- */

struct found {
    size_t count;
    int64_t id;
    int is_test, may_be_repeated, reason;
    char body[32], webhook_id[32], name[32], url[32], detail[32], request[32], headers[32], answer[32];
    struct hd__stored_report numbers; /* its texts are gone */
    unsigned char event_id[HD__STORE_ID_SIZE], redelivery_of[HD__STORE_ID_SIZE];
    int has_redelivery_of;
};

static void keep(char out[32], struct hd__bytes bytes) {
    size_t len = bytes.len < 31 ? bytes.len : 31;
    if (len)
        memcpy(out, bytes.data, len);
    out[len] = '\0';
}

static int find(void *user, const struct hd__log_row *row) {
    struct found *found = user;
    found->count++;
    found->id = row->id;
    found->numbers = row->report;
    keep(found->body, row->event.body);
    keep(found->webhook_id, (struct hd__bytes){row->webhook_id, strlen(row->webhook_id)});
    keep(found->name, (struct hd__bytes){row->webhook_name, strlen(row->webhook_name)});
    keep(found->url, (struct hd__bytes){row->masked_url, strlen(row->masked_url)});
    keep(found->detail, (struct hd__bytes){row->report.detail, strlen(row->report.detail)});
    keep(found->request, row->report.request);
    keep(found->headers, row->report.response_headers);
    keep(found->answer, row->report.response_body);
    memcpy(found->event_id, row->event.id, HD__STORE_ID_SIZE);
    found->has_redelivery_of = row->event.redelivery_of != NULL;
    if (row->event.redelivery_of)
        memcpy(found->redelivery_of, row->event.redelivery_of, HD__STORE_ID_SIZE);
    return 1;
}

static struct found newest(struct client *client) {
    struct found found = {0};
    const struct hd__log_search search = {.before_ms = INT64_MAX, .max = 1};
    assert_int_equal(client->store->ops->query(client->store, &search, find, &found), HD_OK);
    assert_int_equal(found.count, 1);
    return found;
}

static void a_record_is_kept_whole(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    struct hd__stored_report report = report_of(world, webhook, row);
    report.detail = "detail";
    report.request = (struct hd__bytes){"POST / HTTP/1.1\r\n", 17};
    report.response_headers = (struct hd__bytes){"a: b\r\n", 6};
    report.response_body = (struct hd__bytes){"\0\xff", 2};
    report.outcome = HD_OUTCOME_FAILED;
    report.reason = HD_REASON_TIMEOUT_TOTAL;
    report.attempts = 3;
    report.http_status = 503;
    report.retry_after_s = 4;
    report.next_attempt_at_ms = 5;
    report.queued_ms = 6;
    report.dns_ms = 7;
    report.connect_ms = 8;
    report.tls_ms = 9;
    report.wait_ms = 10;
    report.total_ms = 5001;
    report.may_be_repeated = report.response_truncated = 1;
    assert_false(client_settle(client, result_of(world, HD__RESULT_ENDED, webhook, row, &report)));
    struct found found = newest(client);
    const struct hd__stored_report *is = &found.numbers;
    assert_memory_equal(is->delivery_id, report.delivery_id, HD__STORE_ID_SIZE);
    assert_string_equal(found.webhook_id, "webhook");
    assert_string_equal(found.name, "name");
    assert_string_equal(found.url, "https://masked");
    assert_string_equal(found.body, "{\"ticket\":1}");
    assert_string_equal(found.detail, "detail");
    assert_string_equal(found.request, "POST / HTTP/1.1\r\n");
    assert_string_equal(found.headers, "a: b\r\n");
    assert_int_equal(is->response_body.len, 2);
    assert_memory_equal(found.answer, "\0\xff", 2);
    assert_false(found.has_redelivery_of);
    assert_int_equal(is->outcome, report.outcome);
    assert_int_equal(is->reason, report.reason);
    assert_int_equal(is->attempts, 3);
    assert_int_equal(is->http_status, 503);
    assert_int_equal(is->retry_after_s, 4);
    assert_int_equal(is->next_attempt_at_ms, 5);
    assert_int_equal(is->queued_ms + 10 * is->dns_ms + 100 * is->connect_ms, 876);
    assert_int_equal(is->tls_ms + 10 * is->wait_ms, 109);
    assert_int_equal(is->total_ms, 5001);
    assert_int_equal(is->finished_at_ms, report.finished_at_ms);
    assert_true(is->may_be_repeated && is->response_truncated);
    assert_false(is->is_test);
}

/* Of an attempt that was never in the outbox. */
static void a_test_brings_its_event(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    static const unsigned char again[HD__STORE_ID_SIZE] = {9, 8, 7};
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    event.event.redelivery_of = again;
    struct hd__stored_report report = report_of(world, webhook, 0);
    struct hd__result result = {.kind = HD__RESULT_ENDED, .webhook = webhook, .event = &event.event, .report = &report};
    report.is_test = 1;
    memcpy(report.delivery_id, event.event.id, HD__STORE_ID_SIZE);
    memcpy(result.event_id, event.event.id, HD__STORE_ID_SIZE);
    assert_false(client_settle(client, result));
    struct found found = newest(client);
    assert_true(found.numbers.is_test);
    assert_int_equal(found.numbers.outcome, HD_OUTCOME_DELIVERED);
    assert_memory_equal(found.event_id, event.event.id, HD__STORE_ID_SIZE);
    assert_memory_equal(found.redelivery_of, again, HD__STORE_ID_SIZE);
    assert_string_equal(found.body, "{\"ticket\":2}");
    assert_int_equal(client->state.waiting, 1);
}

/* A second record of the same event, which is there by then. */
static void a_test_of_two_attempts(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    struct hd__new_event event = event_of(world, PROJECT, HD_TICKET_CREATED);
    struct hd__stored_report report = report_of(world, webhook, 0);
    struct hd__result result = {.kind = HD__RESULT_ENDED, .webhook = webhook, .event = &event.event, .report = &report};
    memcpy(result.event_id, event.event.id, HD__STORE_ID_SIZE);
    client_settle(client, result);
    client_settle(client, result);
    assert_int_equal(records(client), 2);
}

/* Reports keep the name that their webhook had then. */
static void a_record_keeps_the_name_of_its_time(struct world *world) {
    int64_t webhook, row;
    struct client *client = begin(world, &webhook, &row);
    struct hd__stored_webhook renamed = webhook_of("webhook");
    assert_false(client_end(client, webhook, row));
    renamed.name = "another name";
    assert_int_equal(client_put(client, &renamed), webhook);
    assert_string_equal(newest(client).name, "name");
    row = client_send(client);
    assert_false(client_end(client, webhook, row));
    assert_string_equal(newest(client).name, "another name");
}

static const struct check checks[] = {
    {"an end takes the row away", an_end_takes_the_row_away},
    {"an end may have no record", an_end_without_a_record},
    {"a retry stays for its time", a_retry_stays},
    {"a released row may be repeated", a_released_row_may_be_repeated},
    {"a result for a row that is gone is lost", a_result_for_a_row_that_is_gone_is_lost},
    {"the second result for a row in a step is lost", the_second_result_of_a_step_is_lost},
    {"a result for a row of another client is lost", a_result_for_a_row_of_another_is_lost},
    {"a record is kept whole", a_record_is_kept_whole},
    {"a test brings its event", a_test_brings_its_event},
    {"a test of two attempts has two records", a_test_of_two_attempts},
    {"a record keeps the name of its time", a_record_keeps_the_name_of_its_time},
};
const struct check_list result_checks = CHECK_LIST("results", checks);
