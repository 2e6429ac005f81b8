#include "engine/attempts.h"

#include "endpoint/webhook.h"
#include "engine/alerts.h"
#include "engine/naming.h"
#include "event/event.h"
#include "store/report.h"

#include <stdlib.h>
#include <string.h>

#define POOL_MAX 1024
#define TEST_US ((int64_t)60 * 1000 * 1000)
#define RESPONSE_KEPT 1024 /* bytes of memory that an attempt keeps for the next one */

static void free_attempt(void *unused) {
    struct hd__attempt *attempt = unused;
    hd__buffer_free(&attempt->exchange.response_headers);
    hd__buffer_free(&attempt->exchange.response_body);
    free(attempt);
}

int hd__attempts_init(struct hd__attempts *attempts, struct hd__ledger *ledger, struct hd__transport *transport) {
    *attempts = (struct hd__attempts){.ledger = ledger, .transport = transport};
    return hd__pool_init(&attempts->unused, POOL_MAX);
}

void hd__attempts_destroy(struct hd__attempts *attempts) {
    hd__pool_destroy(&attempts->unused, free_attempt);
}

static struct hd__attempt *take(struct hd__attempts *attempts) {
    struct hd__attempt *attempt = hd__pool_take(&attempts->unused);
    return attempt ? attempt : calloc(1, sizeof *attempt);
}

static void give_back(struct hd__attempts *attempts, struct hd__attempt *attempt) {
    struct hd__buffer headers = attempt->exchange.response_headers, body = attempt->exchange.response_body;
    hd__buffer_clear(&headers, RESPONSE_KEPT);
    hd__buffer_clear(&body, RESPONSE_KEPT);
    *attempt = (struct hd__attempt){.exchange = {.response_headers = headers, .response_body = body}};
    if (!hd__pool_give(&attempts->unused, attempt))
        free_attempt(attempt);
}

static void link_attempt(struct hd__attempts *attempts, struct hd__attempt *attempt) {
    attempt->next = attempts->first;
    if (attempt->next)
        attempt->next->previous = attempt;
    attempts->first = attempt;
}

/* Takes an attempt that is over out of all lists. */
static void end(struct hd__attempts *attempts, struct hd__delivery *delivery) {
    struct hd__attempt *attempt = delivery->attempt;
    *(attempt->previous ? &attempt->previous->next : &attempts->first) = attempt->next;
    if (attempt->next)
        attempt->next->previous = attempt->previous;
    give_back(attempts, attempt);
    delivery->attempt = NULL;
}

/* ---- They begin ---- */

static int begin(struct hd__attempts *attempts, struct hd__delivery *delivery) {
    struct hd__ledger *ledger = attempts->ledger;
    struct hd__attempt *attempt = take(attempts);
    if (!attempt)
        return HD_E_NO_MEMORY;
    int status = hd__attempt_prepare(&ledger->source, attempt, delivery);
    attempt->exchange.fresh = delivery->lane->fresh_until_us > ledger->now_us;
    if (status == HD_OK)
        status = attempts->transport->start(attempts->transport, &attempt->exchange);
    if (status != HD_OK) {
        give_back(attempts, attempt);
        return status;
    }
    delivery->attempt = attempt;
    link_attempt(attempts, attempt);
    return HD_OK;
}

/* A test that another client passed on is sent while somebody may wait for it. */
static int is_stale_test(const struct hd__ledger *ledger, const struct hd__delivery *delivery) {
    return delivery->message->is_test && delivery->row && ledger->now_us - delivery->message->accepted_us > TEST_US;
}

static void fail(struct hd__attempts *attempts, struct hd__delivery *delivery, int reason, const char *detail) {
    delivery->report->reason = reason;
    delivery->report->detail = detail;
    hd__ledger_settle(attempts->ledger, delivery);
}

static uint32_t ms_between(int64_t begin_us, int64_t end_us) {
    int64_t ms = (end_us - begin_us) / 1000;
    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* Only a test comes here for a webhook whose URL is not allowed: its deliveries wait. */
static void begin_or_fail(struct hd__attempts *attempts, struct hd__delivery *delivery) {
    const struct hd__ledger *ledger = attempts->ledger;
    hd_report *report = delivery->report;
    report->queued_ms = ms_between(delivery->message->accepted_us, ledger->now_us);
    if (hd__schedule_is_discarded(delivery)) {
        fail(attempts, delivery, HD_REASON_DISCARDED, "");
        return;
    }
    if (is_stale_test(ledger, delivery)) {
        fail(attempts, delivery, HD_REASON_CANCELED, "");
        return;
    }
    if (delivery->message->event->is_stand_in) {
        delivery->tries = UINT32_MAX; /* the last: it never gets better */
        fail(attempts, delivery, HD_REASON_INTERNAL, "the store cannot read its event");
        return;
    }
    delivery->tries++;
    if (delivery->webhook->forbidden != HD_OK)
        fail(attempts, delivery, HD_REASON_BLOCKED, "the rules of this program");
    else if (begin(attempts, delivery) != HD_OK)
        fail(attempts, delivery, HD_REASON_INTERNAL, "out of memory");
    else
        report->attempts++;
}

void hd__attempts_begin(struct hd__attempts *attempts) {
    struct hd__ledger *ledger = attempts->ledger;
    struct hd__schedule *schedule = &ledger->schedule;
    struct hd__delivery *delivery;
    schedule->short_of_memory = 0;
    if (!ledger->keeper->ops->may_begin(ledger->keeper))
        return;
    while ((delivery = hd__schedule_next(schedule, ledger->now_us)))
        begin_or_fail(attempts, delivery);
    ledger->short_of_memory |= schedule->short_of_memory;
}

/* ---- They end ---- */

/* What a lane was like before an attempt ended. */
struct before {
    int state;
    int64_t throttled_until_us;
    struct hd__health health;
};

static const char *words_for(const struct hd__lane *lane, const struct before *before) {
    if (before->state != lane->state && lane->state != HD_WEBHOOK_PROBING)
        return lane->state == HD_WEBHOOK_PAUSED ? "paused: it failed too often" : "active again";
    if (before->health.is_failing != lane->health.is_failing)
        return lane->health.is_failing ? "failing: see the log of deliveries" : "accepting deliveries again";
    return NULL;
}

static void log_state(struct hd__ledger *ledger, const struct hd__lane *lane, const struct before *before,
                      const struct hd__label *label) {
    const char *words = words_for(lane, before);
    int is_bad = lane->state == HD_WEBHOOK_PAUSED || lane->health.is_failing;
    char naming[HD__NAMING_SIZE];
    if (words)
        hd__log(&ledger->log, is_bad ? HD_LEVEL_WARNING : HD_LEVEL_INFO, "webhook %s is %s (%s)",
                hd__name_webhook(label->webhook_id, label->webhook_name, naming), words, label->masked_url);
}

static void tell_state(struct hd__ledger *ledger, const struct hd__delivery *delivery, const struct before *before) {
    const struct hd__lane *lane = delivery->lane;
    if (before->state != lane->state || before->throttled_until_us != lane->throttled_until_us ||
        memcmp(&before->health, &lane->health, sizeof lane->health) != 0)
        ledger->keeper->ops->note_state(ledger->keeper, lane);
    log_state(ledger, lane, before, delivery->report->label);
}

void hd__attempts_collect(struct hd__attempts *attempts) {
    struct hd__ledger *ledger = attempts->ledger;
    struct hd__exchange *exchange;
    while ((exchange = attempts->transport->finished(attempts->transport))) {
        struct hd__delivery *delivery = exchange->owner;
        const struct hd__lane *lane = delivery->lane;
        const struct before before = {lane->state, lane->throttled_until_us, lane->health};
        hd__delivery_take_result(delivery, exchange);
        end(attempts, delivery);
        hd__schedule_learn(&ledger->schedule, delivery, ledger->now_us, ledger->now_ms);
        hd__alerts_send(ledger, delivery, &before.health);
        tell_state(ledger, delivery, &before);
        hd__ledger_settle(ledger, delivery);
    }
}

void hd__attempts_abandon(struct hd__attempts *attempts) {
    while (attempts->first) {
        struct hd__exchange *exchange = &attempts->first->exchange;
        struct hd__delivery *delivery = exchange->owner;
        attempts->transport->cancel(attempts->transport, exchange);
        end(attempts, delivery);
        hd__ledger_abandon(attempts->ledger, delivery);
    }
}
