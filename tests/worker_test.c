/* The worker's loop in simulated time: fan-out, turns, limits, and that every delivery ends in exactly one report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/simulation.h"

#include "endpoint/webhook.h"
#include "engine/delivery.h"
#include "store/report.h"

#include <stdio.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static uint64_t counter(struct simulation *simulation, int which) {
    return hd__worker_counter(simulation->worker, which);
}

static void finish_all(struct simulation *simulation, int reason) {
    while (simulation_has_more(simulation)) {
        while (simulation->under_way_count > 0)
            simulation_finish(simulation, 0, reason);
        simulation_turn(simulation);
    }
}

/* Delivers to every webhook until each is known to take all that it may get at once. */
static void prove(struct simulation *simulation) {
    for (int i = 0; i < 6; i++) { /* 1, 2, 4, 8, 16, 32, 64 */
        assert_int_equal(simulation_send(simulation, "proof"), HD_OK);
        simulation_turn(simulation);
        finish_all(simulation, HD_REASON_DELIVERED);
    }
    simulation_drain_reports(simulation);
}

static hd_webhook *webhook_with(const char *id);
static void answer(struct simulation *simulation, int http_status, int reason, uint32_t retry_after_s);
static int take_outcome(struct simulation *simulation, int reason, uint32_t attempts, int64_t *delay_ms);

/* P2: one event for three webhooks is three deliveries and three reports, no more and no fewer. */
static void test_event_goes_to_every_subscriber_once(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 4);
    simulation_put(simulation, "b", 4);
    simulation_put(simulation, "c", 4);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 3);
    assert_int_equal(counter(simulation, HD_COUNTER_IN_FLIGHT), 3);
    finish_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 3);
    assert_int_equal(simulation_drain_reports(simulation), 3);
    simulation_free(simulation);
}

/* An event that nobody wants ends at once, and leaves no record. */
static void test_event_without_subscriber_ends(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    assert_int_equal(hd__worker_flush(simulation->worker, 0), HD_E_TIMEOUT);
    simulation_turn(simulation);
    assert_int_equal(counter(simulation, HD_COUNTER_PENDING), 0);
    assert_int_equal(hd__worker_flush(simulation->worker, 0), HD_OK);
    assert_int_equal(simulation_drain_reports(simulation), 0);
    simulation_free(simulation);
}

/* The body is rendered once per format and shared: all deliveries of an event point to the same bytes. */
static void test_body_is_rendered_once(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 4);
    simulation_put(simulation, "b", 4);
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_ptr_equal(simulation->under_way[0]->body, simulation->under_way[1]->body);
    simulation_free(simulation);
}

static const char *field(const struct hd__exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->field_count; i++)
        if (strcmp(exchange->fields[i].name, name) == 0)
            return exchange->fields[i].value;
    return NULL;
}

/* Signatures are kept for webhooks that share a secret, and never handed to one that has another. */
static void test_each_secret_has_its_own_signature(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 64);
    char id[16];
    for (int i = 0; i < 40; i++) { /* more than are kept */
        snprintf(id, sizeof id, "w%02d", i);
        simulation_put(simulation, id, 4);
    }
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 40);
    for (size_t i = 0; i < 40; i++) {
        const struct hd__exchange *exchange = simulation->under_way[i];
        const char *secret = simulation_webhook_of(simulation, i);
        assert_int_equal(hd_verify(exchange->body, exchange->body_len, field(exchange, "X-Helmdesk-Signature"), 64,
                                   secret, strlen(secret)),
                         HD_OK);
    }
    simulation_free(simulation);
}

/* P4: a webhook holds no more than its own places, and the others take turns with it. */
static void test_lanes_take_turns(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 5);
    simulation_put(simulation, "a", 3);
    simulation_put(simulation, "b", 3);
    prove(simulation);
    for (int i = 0; i < 10; i++)
        simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 5); /* the limit of all */
    assert_string_equal(simulation_webhook_of(simulation, 0), "a");
    assert_string_equal(simulation_webhook_of(simulation, 1), "b");
    assert_string_equal(simulation_webhook_of(simulation, 2), "a");
    assert_string_equal(simulation_webhook_of(simulation, 3), "b");
    assert_int_equal(counter(simulation, HD_COUNTER_WAITING), 15);
    simulation_finish(simulation, 4, HD_REASON_DELIVERED);
    simulation_turn(simulation); /* takes the result */
    simulation_turn(simulation); /* and starts the next */
    assert_string_equal(simulation_webhook_of(simulation, 4), "b");
    simulation_free(simulation);
}

/* P4: one that never answers keeps nobody waiting. */
static void test_hanging_webhook_holds_its_own_places_only(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put(simulation, "hangs", 2);
    simulation_put(simulation, "works", 2);
    prove(simulation);
    for (int i = 0; i < 50; i++)
        simulation_send(simulation, "s");
    for (int turn = 0; turn < 200 && counter(simulation, HD_COUNTER_DELIVERED) < 12 + 50; turn++) {
        simulation_turn(simulation);
        for (size_t i = simulation->under_way_count; i > 0; i--)
            if (strcmp(simulation_webhook_of(simulation, i - 1), "works") == 0)
                simulation_finish(simulation, i - 1, HD_REASON_DELIVERED);
    }
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 12 + 50);
    assert_int_equal(simulation->under_way_count, 2);
    assert_string_equal(simulation_webhook_of(simulation, 0), "hangs");
    simulation_free(simulation);
}

/* A receiver that is not known yet gets one delivery, and twice as many at once with each that it takes; one that lets
 * an attempt time out begins anew. */
static void test_slow_start(void **state) {
    (void)state;
    static const size_t at_once[] = {1, 2, 4, 6, 6};
    struct simulation *simulation = simulation_new(1000, MIB, 64);
    simulation_put(simulation, "a", 6);
    for (int i = 0; i < 50; i++)
        simulation_send(simulation, "s");
    for (size_t i = 0; i < sizeof at_once / sizeof at_once[0]; i++) {
        simulation_turn(simulation);
        assert_int_equal(simulation->under_way_count, at_once[i]);
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turn(simulation);
    }
    while (simulation->under_way_count > 0)
        simulation_finish(simulation, 0, HD_REASON_TIMEOUT_TOTAL);
    simulation_turn(simulation);
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_free(simulation);
}

/* Within a webhook, deliveries start in the order of acceptance; a test goes ahead. */
static void test_lane_keeps_order_and_test_goes_ahead(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put(simulation, "a", 1);
    simulation_send(simulation, "first");
    simulation_send(simulation, "second");
    simulation_send(simulation, "third");
    simulation_turn(simulation);
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    hd_event *event;
    hd_report *report;
    assert_int_equal(hd_event_new_sample(HD_TICKET_CREATED, &event), HD_OK);
    assert_int_equal(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL), HD_OK);
    assert_int_equal(hd__worker_test(simulation->worker, event, webhook, 0, &report), HD_E_TIMEOUT);
    hd_event_free(event);
    hd_webhook_free(webhook);
    static const char *const expected[] = {"first", "Can't reset password", "second", "third"};
    for (size_t i = 0; i < 4; i++) {
        simulation_turn(simulation);
        assert_int_equal(simulation->under_way_count, 1);
        assert_string_equal(simulation_subject_of(simulation, 0), expected[i]);
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turn(simulation);
    }
    simulation_free(simulation);
}

/* P1: what is accepted and not ended is bounded by count, wherever it is; what ends makes room. */
static void test_count_limit_holds_until_deliveries_end(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(3, MIB, 16);
    simulation_put(simulation, "a", 1);
    prove(simulation);
    for (int i = 0; i < 3; i++)
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    assert_int_equal(simulation_send(simulation, "s"), HD_E_QUEUE_FULL);
    simulation_turn(simulation); /* moves them out of the inbox, but not out of the limit */
    assert_int_equal(simulation_send(simulation, "s"), HD_E_QUEUE_FULL);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    assert_int_equal(counter(simulation, HD_COUNTER_REFUSED), 2);
    assert_int_equal(counter(simulation, HD_COUNTER_ACCEPTED), 6 + 4);
    simulation_free(simulation);
}

/* P1: memory is bounded too, deliveries included: a fan-out to many webhooks waits for room, and is not lost. */
static void test_memory_limit_counts_deliveries(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(10000, 65536, 16);
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "w%03d", i);
        simulation_put(simulation, id, 1);
    }
    prove(simulation);
    int sent = 0;
    for (int i = 0; i < 40; i++)
        sent += simulation_send(simulation, "s") == HD_OK;
    assert_int_equal(sent, 40);
    for (int i = 0; i < 10; i++)
        simulation_turn(simulation);
    uint64_t waiting = counter(simulation, HD_COUNTER_WAITING), under_way = counter(simulation, HD_COUNTER_IN_FLIGHT);
    assert_true(waiting > 0 &&
                waiting * HD__FRESH_SIZE + under_way * hd__delivery_size() < 65536 + 100 * HD__FRESH_SIZE);
    assert_int_equal(simulation_send(simulation, "s"), HD_E_QUEUE_FULL);
    finish_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 600 + 4000);
    simulation_free(simulation);
}

/* P1: what waits for a retry counts with all that it takes, report included. */
static void test_memory_limit_counts_retries(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100000, 8 * MIB, 256);
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "w%03d", i);
        hd_webhook *webhook = webhook_with(id);
        assert_int_equal(hd_webhook_set_max_attempts(webhook, 5), HD_OK);
        simulation_put_webhook(simulation, webhook);
    }
    for (int i = 0; i < 1000; i++) {
        int status = simulation_send(simulation, "s");
        assert_true(status == HD_OK || status == HD_E_QUEUE_FULL);
        simulation_turn(simulation);
        while (simulation->under_way_count > 0)
            simulation_finish(simulation, 0, HD_REASON_HTTP_5XX);
        simulation_turn(simulation);
        assert_true(counter(simulation, HD_COUNTER_WAITING) * hd__delivery_size() < 9 * MIB);
    }
    assert_true(counter(simulation, HD_COUNTER_WAITING) > 10000);
    simulation_free(simulation);
}

/* P1: bodies count with what they take as JSON, where a control character is six bytes long. */
static void test_memory_limit_counts_bodies(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    static char subject[10001];
    memset(subject, 1, sizeof subject - 1);
    simulation_put(simulation, "a", 16);
    prove(simulation);
    size_t sent = 0;
    while (simulation_send(simulation, subject) == HD_OK)
        sent++;
    assert_in_range(sent, 1, MIB / (7 * (sizeof subject - 1))); /* once as it is, once as \u0001 */
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, sent);
    size_t bodies = 0;
    for (size_t i = 0; i < sent; i++)
        bodies += simulation->under_way[i]->body_len;
    assert_true(bodies > MIB / 2 && bodies < MIB);
    simulation_free(simulation);
}

/* An event larger than the memory limit passes alone instead of never. */
static void test_oversized_event_passes_alone(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, 65536, 16);
    static char subject[65536];
    memset(subject, 'x', sizeof subject - 1);
    simulation_put(simulation, "a", 1);
    assert_int_equal(simulation_send(simulation, subject), HD_OK);
    assert_int_equal(simulation_send(simulation, "s"), HD_E_QUEUE_FULL);
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    assert_int_equal(simulation_send(simulation, "s"), HD_OK);
    simulation_free(simulation);
}

/* P2: an attempt that cannot even begin is a failure with its record. */
static void test_start_failure_is_recorded(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 1);
    simulation->refuse_starts = 1;
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    simulation_turn(simulation); /* in which it has been kept */
    assert_int_equal(counter(simulation, HD_COUNTER_FAILED), 1);
    hd_report *report = simulation_report(simulation);
    assert_non_null(report);
    assert_int_equal(hd_report_reason(report), HD_REASON_INTERNAL);
    assert_int_equal(hd_report_attempt(report), 0);
    hd_report_free(report);
    simulation_free(simulation);
}

/* Flush means the events accepted before it, in whatever order they end. */
static void test_flush_waits_for_the_oldest(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 4);
    prove(simulation);
    simulation_send(simulation, "first");
    simulation_send(simulation, "second");
    simulation_turn(simulation);
    simulation_finish(simulation, 1, HD_REASON_DELIVERED); /* the second ends first */
    simulation_turn(simulation);
    assert_int_equal(hd__worker_flush(simulation->worker, 0), HD_E_TIMEOUT);
    simulation_finish(simulation, 0, HD_REASON_RESET);
    simulation_turn(simulation);
    simulation_turn(simulation);
    assert_int_equal(hd__worker_flush(simulation->worker, 0), HD_OK);
    simulation_free(simulation);
}

/* Times come from the monotonic clock: the queue's part is told apart from the attempt's. */
static void test_queued_time_is_measured(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put(simulation, "a", 1);
    simulation_send(simulation, "s");
    simulation->now_us += 1500 * 1000;
    simulation_turn(simulation);
    simulation->now_us += 250 * 1000;
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    simulation_turn(simulation);
    hd_report *report = simulation_report(simulation);
    assert_non_null(report);
    assert_int_equal(hd_report_queued_ms(report), 1500);
    assert_int_equal(hd_report_finished_at_ms(report) - hd_report_accepted_at_ms(report), 1750);
    hd_report_free(report);
    simulation_free(simulation);
}

/* A worker with nothing to do sleeps, after a few naps if something came in not long before; one with work left does
 * not. */
static void test_sleeps_only_when_idle(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, MIB, 16);
    simulation_put(simulation, "a", 1);
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 60000);
    for (int i = 0; i < 65; i++) /* one more than a turn takes in */
        simulation_send(simulation, "s");
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 0);
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 1); /* a nap */
    simulation->now_us += 19 * 1000;
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 1);
    simulation->now_us += 1000;
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 480); /* then the attempt under way counts as slow */
    simulation->now_us += 480 * 1000;
    hd__worker_turn(simulation->worker, 60000);
    assert_int_equal(simulation->last_timeout_ms, 60000);
    simulation_free(simulation);
}

/* With thousands of webhooks the table of lanes grows, and everything still ends. */
static void test_many_lanes(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, 64 * MIB, SIMULATION_MAX);
    char id[16];
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "w%04d", i);
        simulation_put(simulation, id, 1);
    }
    simulation_send(simulation, "s");
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 3000);
    assert_int_equal(counter(simulation, HD_COUNTER_WAITING), 3000);
    finish_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 6000);
    simulation_free(simulation);
}

static void remove_webhook(struct simulation *simulation, const char *id) {
    assert_int_equal(hd__worker_remove_webhook(simulation->worker, id, NULL), HD_OK);
}

/* P2: an event gets the webhooks that there were when it was accepted, whenever the worker comes to it. */
static void test_changes_count_from_the_next_event(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 64);
    simulation_put(simulation, "removed", 4);
    simulation_put(simulation, "replaced", 4);
    prove(simulation);
    simulation_send(simulation, "before");
    remove_webhook(simulation, "removed");
    simulation_put(simulation, "replaced", 4);
    simulation_put(simulation, "replaced", 4); /* the one in between counts for no event */
    simulation_put(simulation, "added", 4);
    simulation_send(simulation, "after");
    simulation_turn(simulation);
    static const char *const expected[][2] = {
        {"removed", "before"}, {"replaced", "before"}, {"replaced", "after"}, {"added", "after"}};
    assert_int_equal(simulation->under_way_count, 4);
    for (size_t i = 0; i < 4; i++) {
        int found = 0;
        for (size_t j = 0; j < 4; j++)
            found += strcmp(simulation_webhook_of(simulation, j), expected[i][0]) == 0 &&
                     strcmp(simulation_subject_of(simulation, j), expected[i][1]) == 0;
        assert_int_equal(found, 1);
    }
    simulation_free(simulation);
}

/* ---- Retries, in simulated time ---- */

#define SECOND INT64_C(1000000)

static hd_webhook *webhook_with(const char *id) {
    hd_webhook *webhook;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, id), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, "p"), HD_OK);
    assert_int_equal(hd_webhook_set_url(webhook, "https://example.com/hooks"), HD_OK);
    return webhook;
}

/* A store brings back what is due in a turn of its own. */
static void pass(struct simulation *simulation, int64_t us) {
    simulation->now_us += us;
    simulation_turn(simulation);
    simulation_turn(simulation);
}

/* Finishes the first exchange with an HTTP status. */
static void answer(struct simulation *simulation, int status, int reason, uint32_t retry_after_s) {
    struct hd__exchange *exchange = simulation->under_way[0];
    simulation_finish(simulation, 0, reason);
    exchange->http_status = status;
    exchange->retry_after_s = retry_after_s;
    simulation_turn(simulation);
    simulation_turn(simulation);
}

/* The next report: its outcome, and how long until the next attempt. */
static int take_outcome(struct simulation *simulation, int reason, uint32_t attempts, int64_t *delay_ms) {
    hd_report *report = simulation_report(simulation);
    assert_non_null(report);
    assert_int_equal(hd_report_reason(report), reason);
    assert_int_equal(hd_report_attempt(report), attempts);
    *delay_ms = hd_report_next_attempt_at_ms(report) - hd_report_finished_at_ms(report);
    int outcome = hd_report_outcome(report);
    hd_report_free(report);
    return outcome;
}

/* The default schedule, a fifth more or less each time; then the delivery has failed. */
static void test_retries_follow_the_schedule(void **state) {
    (void)state;
    static const int64_t delays_s[] = {5, 300, 1800, 7200, 18000, 36000, 36000};
    struct simulation *simulation = simulation_new(100, MIB, 16);
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 8), HD_OK);
    simulation_put_webhook(simulation, webhook);
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    for (uint32_t attempt = 1; attempt <= 8; attempt++) {
        int64_t delay_ms;
        assert_int_equal(simulation->under_way_count, 1);
        answer(simulation, 500, HD_REASON_HTTP_5XX, 0);
        int outcome = take_outcome(simulation, HD_REASON_HTTP_5XX, attempt, &delay_ms);
        if (attempt == 8) {
            assert_int_equal(outcome, HD_OUTCOME_FAILED);
            break;
        }
        assert_int_equal(outcome, HD_OUTCOME_RETRYING);
        assert_in_range(delay_ms, delays_s[attempt - 1] * 800, delays_s[attempt - 1] * 1200);
        pass(simulation, delay_ms * 1000 - 2000);
        assert_int_equal(simulation->under_way_count, 0);
        pass(simulation, 4000);
    }
    assert_int_equal(counter(simulation, HD_COUNTER_PENDING), 0);
    assert_int_equal(counter(simulation, HD_COUNTER_FAILED), 1);
    assert_int_equal(counter(simulation, HD_COUNTER_RETRIED), 7);
    simulation_free(simulation);
}

/* Retry-After is honoured where it is longer than the backoff, 410 ends a delivery, and one attempt is the default. */
static void test_answers_that_change_the_schedule(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    int64_t delay_ms;
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 5), HD_OK);
    assert_int_equal(hd_webhook_set_retry_backoff(webhook, 1000, 4000), HD_OK);
    simulation_put_webhook(simulation, webhook);
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    answer(simulation, 503, HD_REASON_HTTP_5XX, 100);
    assert_int_equal(take_outcome(simulation, HD_REASON_HTTP_5XX, 1, &delay_ms), HD_OUTCOME_RETRYING);
    assert_int_equal(delay_ms, 100000);
    pass(simulation, 101 * SECOND);
    answer(simulation, 0, HD_REASON_REFUSED, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_REFUSED, 2, &delay_ms), HD_OUTCOME_RETRYING);
    assert_in_range(delay_ms, 1600, 2400);
    pass(simulation, 3 * SECOND);
    answer(simulation, 0, HD_REASON_TIMEOUT_TOTAL, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_TIMEOUT_TOTAL, 3, &delay_ms), HD_OUTCOME_RETRYING);
    assert_in_range(delay_ms, 3200, 4800);
    pass(simulation, 5 * SECOND);
    answer(simulation, 410, HD_REASON_HTTP_404_410, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_HTTP_404_410, 4, &delay_ms), HD_OUTCOME_FAILED);
    simulation_put_webhook(simulation, webhook_with("a"));
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    answer(simulation, 500, HD_REASON_HTTP_5XX, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_HTTP_5XX, 1, &delay_ms), HD_OUTCOME_FAILED);
    simulation_free(simulation);
}

/* A receiver that answers 429 is left in peace for as long as it asks, at most 5 minutes; without a number, for 1 s and
 * twice as long each time. */
static void test_throttled_lane_waits(void **state) {
    (void)state;
    static const struct {
        uint32_t retry_after_s;
        int64_t wait_s;
    } cases[] = {{0, 1}, {0, 2}, {0, 4}, {7, 7}, {86400, 300}};
    struct simulation *simulation = simulation_new(100, MIB, 16);
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 1), HD_OK);
    simulation_put_webhook(simulation, webhook);
    for (size_t i = 0; i < 6; i++)
        simulation_send(simulation, "s");
    simulation_turn(simulation);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer(simulation, 429, HD_REASON_HTTP_429, cases[i].retry_after_s);
        pass(simulation, cases[i].wait_s * SECOND - 1000);
        assert_int_equal(simulation->under_way_count, 0);
        pass(simulation, 2000);
        assert_int_equal(simulation->under_way_count, 1);
    }
    simulation_free(simulation);
}

/* Delivers what is under way, and what starts because of that. */
static void deliver_all(struct simulation *simulation) {
    while (simulation->under_way_count > 0) {
        simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation_turn(simulation);
        simulation_turn(simulation);
    }
}

/* Slack: bursts of 5, then one a second; and what it may have taken is not sent again. */
static void test_slack_is_spaced_and_not_repeated(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 64);
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_format(webhook, HD_FORMAT_SLACK), HD_OK);
    assert_int_equal(hd_webhook_set_max_in_flight(webhook, 64), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 3), HD_OK);
    simulation_put_webhook(simulation, webhook);
    simulation_turn(simulation);
    pass(simulation, 5 * SECOND); /* a client that has just begun has used up the burst */
    for (int i = 0; i < 10; i++)
        simulation_send(simulation, "s");
    simulation_turn(simulation);
    deliver_all(simulation);
    assert_int_equal(simulation->started, 5);
    for (size_t seconds = 1; seconds <= 3; seconds++) {
        pass(simulation, SECOND);
        deliver_all(simulation);
        assert_int_equal(simulation->started, 5 + seconds);
    }
    assert_int_equal(simulation_drain_reports(simulation), 8);
    pass(simulation, SECOND);
    pass(simulation, SECOND);
    int64_t delay_ms;
    answer(simulation, 0, HD_REASON_TIMEOUT_TOTAL, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_TIMEOUT_TOTAL, 1, &delay_ms), HD_OUTCOME_FAILED);
    answer(simulation, 0, HD_REASON_REFUSED, 0);
    assert_int_equal(take_outcome(simulation, HD_REASON_REFUSED, 1, &delay_ms), HD_OUTCOME_RETRYING);
    simulation_free(simulation);
}

/* Ordered: one delivery at a time for a ticket, in order, retries included; other tickets go on. */
static void test_ordered_webhook_keeps_each_tickets_order(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 64);
    hd_webhook *webhook = webhook_with("a");
    assert_int_equal(hd_webhook_set_ordered(webhook, 1), HD_OK);
    assert_int_equal(hd_webhook_set_max_attempts(webhook, 2), HD_OK);
    simulation_put_webhook(simulation, webhook);
    prove(simulation);
    static const char *const tickets[] = {"t1", "t1", "t2", "t1"};
    static const char *const subjects[] = {"t1 first", "t1 second", "t2 first", "t1 third"};
    for (size_t i = 0; i < 4; i++)
        simulation_send_ticket(simulation, tickets[i], subjects[i]);
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 2);
    assert_string_equal(simulation_subject_of(simulation, 0), "t1 first");
    assert_string_equal(simulation_subject_of(simulation, 1), "t2 first");
    answer(simulation, 500, HD_REASON_HTTP_5XX, 0);
    assert_int_equal(simulation->under_way_count, 1); /* the second waits for the first one's retry */
    pass(simulation, 7 * SECOND);
    assert_int_equal(simulation->under_way_count, 2);
    assert_string_equal(simulation_subject_of(simulation, 1), "t1 first");
    simulation_finish(simulation, 1, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    simulation_turn(simulation);
    assert_string_equal(simulation_subject_of(simulation, 1), "t1 second");
    simulation_finish(simulation, 1, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    simulation_turn(simulation);
    assert_string_equal(simulation_subject_of(simulation, 1), "t1 third");
    finish_all(simulation, HD_REASON_DELIVERED);
    assert_int_equal(counter(simulation, HD_COUNTER_DELIVERED), 6 + 4);
    simulation_free(simulation);
}

static int state_of(struct simulation *simulation, int64_t *until_ms) {
    struct hd__condition condition = {.state = -1};
    hd_webhook *webhook = hd__webhooks_get(simulation->webhooks, "a");
    assert_int_equal(hd__worker_condition(simulation->worker, webhook, &condition), HD_OK);
    *until_ms = condition.left_ms ? hd__wall_ms(&simulation->clock) + condition.left_ms : 0;
    hd_webhook_free(webhook);
    return condition.state;
}

/* The pause rule: after three failures in a row nothing is sent for a minute; then one delivery decides. */
static void test_failing_webhook_is_paused(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new_with(100, MIB, 16, (struct hd__pause_rule){3, 60000});
    simulation_put_webhook(simulation, webhook_with("a"));
    int64_t until_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(state_of(simulation, &until_ms), HD_WEBHOOK_ACTIVE);
        simulation_send(simulation, "s");
        simulation_turn(simulation);
        answer(simulation, 500, HD_REASON_HTTP_5XX, 0);
        pass(simulation, SECOND);
    }
    assert_int_equal(simulation_drain_reports(simulation), 3);
    assert_int_equal(state_of(simulation, &until_ms), HD_WEBHOOK_PAUSED);
    assert_int_equal(until_ms, hd__wall_ms(&simulation->clock) + 59000);
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 0);
    assert_int_equal(simulation_drain_reports(simulation), 0); /* it waits */
    pass(simulation, 60 * SECOND);
    assert_int_equal(state_of(simulation, &until_ms), HD_WEBHOOK_PROBING);
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 1);
    simulation_finish(simulation, 0, HD_REASON_DELIVERED);
    simulation_turn(simulation);
    assert_int_equal(state_of(simulation, &until_ms), HD_WEBHOOK_ACTIVE);
    finish_all(simulation, HD_REASON_DELIVERED);
    simulation_free(simulation);
}

/* A webhook's own rule counts in place of the client's, and from its next failure on. */
static void test_own_pause_rule(void **state) {
    (void)state;
    static const struct {
        uint32_t failures, pause_ms;
        int paused_after; /* 0 for never */
    } rules[] = {{0, 0, 3}, {1, 90000, 1}, {5, 90000, 5}, {HD_PAUSE_NEVER, 0, 0}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct simulation *simulation = simulation_new_with(100, MIB, 16, (struct hd__pause_rule){3, 60000});
        hd_webhook *webhook = webhook_with("a");
        assert_int_equal(hd_webhook_set_pause_rule(webhook, rules[i].failures, rules[i].pause_ms), HD_OK);
        simulation_put_webhook(simulation, webhook);
        int64_t until_ms = 0;
        int failed = 0;
        while (failed < 8 && state_of(simulation, &until_ms) == HD_WEBHOOK_ACTIVE) {
            simulation_send(simulation, "s");
            simulation_turn(simulation);
            answer(simulation, 500, HD_REASON_HTTP_5XX, 0);
            failed++;
        }
        assert_int_equal(failed, rules[i].paused_after ? rules[i].paused_after : 8);
        int64_t pause_ms = rules[i].pause_ms ? rules[i].pause_ms : 60000;
        if (rules[i].paused_after)
            assert_int_equal(until_ms, hd__wall_ms(&simulation->clock) + pause_ms);
        simulation_free(simulation);
    }
}

/* P4: a webhook that takes nothing holds as much of the queue as it leaves free; the rest is dropped, on record. */
static void test_dead_webhook_does_not_fill_the_queue(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(100, MIB, 16);
    simulation_put_webhook(simulation, webhook_with("a"));
    for (int i = 0; i < 300; i++) {
        assert_int_equal(simulation_send(simulation, "s"), HD_OK);
        simulation_turn(simulation);
    }
    uint64_t dropped = counter(simulation, HD_COUNTER_DROPPED);
    assert_int_equal(dropped + counter(simulation, HD_COUNTER_PENDING), 300);
    assert_true(counter(simulation, HD_COUNTER_PENDING) <= 60);
    assert_int_equal(simulation_drain_reports(simulation), dropped);
    simulation_free(simulation);
}

/* P4: attempts that hang leave the budget of the others. */
static void test_hanging_attempts_leave_the_budget(void **state) {
    (void)state;
    struct simulation *simulation = simulation_new(1000, 64 * MIB, 8);
    char id[16];
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "hangs%02d", i);
        simulation_put(simulation, id, 4);
    }
    simulation_send(simulation, "s");
    simulation_turn(simulation);
    assert_int_equal(simulation->under_way_count, 8);
    pass(simulation, SECOND);
    assert_int_equal(simulation->under_way_count, 16);
    pass(simulation, SECOND);
    assert_int_equal(simulation->under_way_count, 20);
    finish_all(simulation, HD_REASON_TIMEOUT_TOTAL);
    simulation_free(simulation);
}

/* What is the same wherever deliveries rest. */
static const struct CMUnitTest tests_of_all[] = {
    cmocka_unit_test(test_event_goes_to_every_subscriber_once),
    cmocka_unit_test(test_event_without_subscriber_ends),
    cmocka_unit_test(test_body_is_rendered_once),
    cmocka_unit_test(test_each_secret_has_its_own_signature),
    cmocka_unit_test(test_lanes_take_turns),
    cmocka_unit_test(test_hanging_webhook_holds_its_own_places_only),
    cmocka_unit_test(test_slow_start),
    cmocka_unit_test(test_lane_keeps_order_and_test_goes_ahead),
    cmocka_unit_test(test_start_failure_is_recorded),
    cmocka_unit_test(test_flush_waits_for_the_oldest),
    cmocka_unit_test(test_queued_time_is_measured),
    cmocka_unit_test(test_many_lanes),
    cmocka_unit_test(test_changes_count_from_the_next_event),
    cmocka_unit_test(test_retries_follow_the_schedule),
    cmocka_unit_test(test_answers_that_change_the_schedule),
    cmocka_unit_test(test_throttled_lane_waits),
    cmocka_unit_test(test_slack_is_spaced_and_not_repeated),
    cmocka_unit_test(test_ordered_webhook_keeps_each_tickets_order),
    cmocka_unit_test(test_failing_webhook_is_paused),
    cmocka_unit_test(test_own_pause_rule),
    cmocka_unit_test(test_hanging_attempts_leave_the_budget),
};

/* What bounds what is in memory. */
static const struct CMUnitTest tests_of_memory[] = {
    cmocka_unit_test(test_count_limit_holds_until_deliveries_end),
    cmocka_unit_test(test_memory_limit_counts_deliveries),
    cmocka_unit_test(test_memory_limit_counts_retries),
    cmocka_unit_test(test_memory_limit_counts_bodies),
    cmocka_unit_test(test_oversized_event_passes_alone),
    cmocka_unit_test(test_sleeps_only_when_idle),
    cmocka_unit_test(test_dead_webhook_does_not_fill_the_queue),
};

/* Every test of the engine runs on each keeper. */
int main(void) {
    int failed = 0;
    for (size_t i = 0; i < SIMULATION_KEEPERS; i++) {
        print_message("on %s:\n", simulation_keepers[i].name);
        simulation_use(&simulation_keepers[i]);
        failed += cmocka_run_group_tests_name("worker", tests_of_all, NULL, NULL);
    }
    simulation_use(&simulation_keepers[0]);
    return failed + cmocka_run_group_tests_name("worker in memory", tests_of_memory, NULL, NULL);
}
