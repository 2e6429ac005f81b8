#include "engine/ledger.h"

#include "base/reason.h"
#include "engine/backlog.h"
#include "engine/naming.h"
#include "engine/retry.h"
#include "event/event.h"
#include "event/slack.h"
#include "store/report.h"

#include <stdlib.h>

#define POOL_MAX 1024

static void count_one(struct hd__ledger *ledger, int which) {
    atomic_fetch_add_explicit(&ledger->counters[which - HD_COUNTER_ACCEPTED], 1, memory_order_relaxed);
}

/* ---- Life ---- */

static int init_pools(struct hd__ledger *ledger) {
    int status = hd__pool_init(&ledger->source.pool, POOL_MAX);
    if (status == HD_OK)
        status = hd__pool_init(&ledger->source.messages.messages, POOL_MAX);
    if (status == HD_OK)
        status = hd__pool_init(&ledger->source.messages.rendered, POOL_MAX);
    return status;
}

static void destroy_pools(struct hd__ledger *ledger) {
    hd__pool_destroy(&ledger->source.pool, free);
    hd__pool_destroy(&ledger->source.messages.messages, free);
    hd__pool_destroy(&ledger->source.messages.rendered, hd__rendered_free);
}

static void set_up(struct hd__ledger *ledger, const struct hd__ledger_config *config) {
    ledger->source.clock = config->clock;
    ledger->source.ring = config->ring;
    ledger->max_events = config->max_events;
    ledger->max_bytes = config->max_bytes;
    ledger->clock = config->clock;
    ledger->webhooks = config->webhooks;
    ledger->jobs = config->jobs;
    ledger->notifier = config->notifier;
    ledger->log = config->log;
    ledger->ended_below = hd__inbox_next(&ledger->inbox);
    ledger->busy_us = INT64_MIN / 2;
    atomic_init(&ledger->closes_at_us, INT64_MAX);
    hd__ledger_look_at_clock(ledger);
}

int hd__ledger_init(struct hd__ledger *ledger, const struct hd__ledger_config *config) {
    const struct hd__schedule_config schedule = {
        .source = &ledger->source,
        .max_in_flight = config->max_in_flight,
        .rules = config->rules,
    };
    int status = hd__inbox_init(&ledger->inbox, config->max_events, config->max_bytes, config->clock);
    if (status != HD_OK)
        return status;
    status = hd__schedule_init(&ledger->schedule, &schedule);
    if (status != HD_OK)
        goto no_schedule;
    status = init_pools(ledger);
    if (status == HD_OK)
        status = hd__commits_init(&ledger->commits, config->max_commits, config->notifier);
    if (status != HD_OK)
        goto no_commits;
    status = hd__monitor_init(&ledger->progress);
    if (status == HD_OK) {
        set_up(ledger, config);
        return HD_OK;
    }
    hd__commits_destroy(&ledger->commits);
no_commits:
    destroy_pools(ledger);
    hd__schedule_destroy(&ledger->schedule);
no_schedule:
    hd__inbox_destroy(&ledger->inbox);
    return status;
}

/* Messages that could not be ended without memory. */
static void free_messages(struct hd__ledger *ledger, struct hd__message *message) {
    while (message) {
        struct hd__message *next = message->next;
        hd__message_free(&ledger->source.messages, message);
        message = next;
    }
}

void hd__ledger_destroy(struct hd__ledger *ledger) {
    hd__schedule_destroy(&ledger->schedule);
    free_messages(ledger, ledger->first_message);
    free_messages(ledger, ledger->stored_messages);
    destroy_pools(ledger);
    free(ledger->subscribers.items);
    hd__monitor_destroy(&ledger->progress);
    hd__commits_destroy(&ledger->commits);
    hd__inbox_destroy(&ledger->inbox);
}

void hd__ledger_look_at_clock(struct hd__ledger *ledger) {
    ledger->now_us = hd__monotonic_us(ledger->clock);
    ledger->now_ms = hd__wall_ms(ledger->clock);
}

/* ---- Messages ---- */

/* Tests pass by what waits in the inbox, so that an older message may come after a newer one. */
static void link_by_sequence(struct hd__ledger *ledger, struct hd__message *message) {
    struct hd__message *before = ledger->last_message;
    while (before && before->sequence > message->sequence)
        before = before->previous;
    message->previous = before;
    message->next = before ? before->next : ledger->first_message;
    *(before ? &before->next : &ledger->first_message) = message;
    *(message->next ? &message->next->previous : &ledger->last_message) = message;
    ledger->messages++;
    ledger->message_bytes += message->bytes;
}

static void link_stored(struct hd__ledger *ledger, struct hd__message *message) {
    message->previous = NULL;
    message->next = ledger->stored_messages;
    if (message->next)
        message->next->previous = message;
    ledger->stored_messages = message;
}

void hd__ledger_link_message(struct hd__ledger *ledger, struct hd__message *message) {
    if (message->is_stored)
        link_stored(ledger, message);
    else
        link_by_sequence(ledger, message);
}

static void unlink_message(struct hd__ledger *ledger, struct hd__message *message) {
    struct hd__message **first = message->is_stored ? &ledger->stored_messages : &ledger->first_message;
    *(message->previous ? &message->previous->next : first) = message->next;
    if (message->next)
        message->next->previous = message->previous;
    if (message->is_stored)
        return;
    if (!message->next)
        ledger->last_message = message->previous;
    ledger->messages--;
    ledger->message_bytes -= message->bytes;
}

struct hd__message *hd__ledger_new_message(struct hd__ledger *ledger, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__message_new(&ledger->source.messages, accepted);
    int64_t age_us = ledger->now_us - accepted->at_us;
    if (message)
        message->accepted_at_ms = ledger->now_ms - (age_us > 0 ? age_us / 1000 : 0);
    return message;
}

void hd__ledger_drop_message(struct hd__ledger *ledger, struct hd__message *message) {
    message->event = NULL;
    hd__message_free(&ledger->source.messages, message);
}

void hd__ledger_end_if_done(struct hd__ledger *ledger, struct hd__message *message) {
    if (message->deliveries > 0)
        return;
    unlink_message(ledger, message);
    if (!message->is_stored)
        hd__inbox_release(&ledger->inbox, message->bytes);
    hd__message_free(&ledger->source.messages, message);
    ledger->progressed = 1;
}

/* ---- Hold ---- */

static int find_subscribers(struct hd__ledger *ledger, const struct hd__accepted *accepted) {
    if (!accepted->target)
        return hd__webhooks_subscribers(ledger->webhooks, accepted->event, accepted->sequence, &ledger->subscribers);
    return hd__webhook_list_add(&ledger->subscribers, accepted->target);
}

/* The largest size of a body in Slack's format, if a subscriber has that format; the one in JSON is part of the event's
 * size. */
static size_t slack_body_size(const struct hd__ledger *ledger) {
    for (size_t i = 0; i < ledger->subscribers.count; i++)
        if (ledger->subscribers.items[i]->format == HD_FORMAT_SLACK)
            return HD__SLACK_BODY_MAX;
    return 0;
}

/* Memory of a delivery while it waits. A delivery that may wait after its object was made counts with the size of that
 * object. Objects of the others are made just before the attempt, so there are never more of them than attempts under
 * way. */
static size_t waiting_size(const struct hd__message *message, const hd_webhook *webhook) {
    int stays_made = message->is_test || webhook->ordered || webhook->max_attempts > 1;
    return stays_made ? hd__delivery_size() : HD__FRESH_SIZE;
}

static struct hd__message *new_message_in_memory(struct hd__ledger *ledger, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__ledger_new_message(ledger, accepted);
    if (!message)
        return NULL;
    message->deliveries = (uint32_t)ledger->subscribers.count;
    message->bytes = message->event->size + sizeof *message + slack_body_size(ledger);
    if (message->rendered)
        message->bytes += sizeof *message->rendered;
    for (size_t i = 0; i < ledger->subscribers.count; i++)
        message->bytes += waiting_size(message, ledger->subscribers.items[i]);
    return message;
}

static int push(struct hd__ledger *ledger, struct hd__message *message, hd_webhook *webhook) {
    if (message->is_test)
        return hd__schedule_push_ahead(&ledger->schedule, message, webhook, ledger->now_us);
    return hd__schedule_push(&ledger->schedule, message, webhook, ledger->now_us);
}

/* For all of ledger->subscribers, or none. */
static int push_all(struct hd__ledger *ledger, struct hd__message *message) {
    const struct hd_webhook_list *subscribers = &ledger->subscribers;
    int status = HD_OK;
    size_t pushed = 0;
    while (pushed < subscribers->count && (status = push(ledger, message, subscribers->items[pushed])) == HD_OK)
        pushed++;
    while (status != HD_OK && pushed > 0)
        hd__schedule_unpush(&ledger->schedule, subscribers->items[--pushed], ledger->now_us);
    return status;
}

static void trim_all(struct hd__ledger *ledger) {
    for (size_t i = 0; i < ledger->subscribers.count; i++)
        hd__ledger_trim(ledger, ledger->subscribers.items[i]);
}

/* Has the deliveries of a message for ledger->subscribers wait. On failure there is no message any more. */
static int hold_message(struct hd__ledger *ledger, const struct hd__accepted *accepted, struct hd__message *message) {
    size_t bytes = message->bytes - message->event->size; /* which the inbox has counted itself */
    hd__ledger_link_message(ledger, message);
    int status = push_all(ledger, message);
    if (status != HD_OK) {
        unlink_message(ledger, message);
        hd__ledger_drop_message(ledger, message); /* the event stays the inbox's */
        return status;
    }
    hd__inbox_charge(&ledger->inbox, bytes);
    hd__ledger_end_if_done(ledger, message); /* that nobody wants */
    if (!accepted->target)
        trim_all(ledger);
    hd_webhook_free(accepted->target);
    return HD_OK;
}

int hd__ledger_hold(struct hd__ledger *ledger, const struct hd__accepted *accepted) {
    struct hd__message *message = NULL;
    int status = find_subscribers(ledger, accepted);
    if (status == HD_OK && !(message = new_message_in_memory(ledger, accepted)))
        status = HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = hold_message(ledger, accepted, message);
    hd__webhook_list_clear(&ledger->subscribers);
    return status;
}

void hd__ledger_hold_tests(struct hd__ledger *ledger) {
    struct hd__accepted test;
    while (hd__inbox_peek_test(&ledger->inbox, &test)) {
        if (hd__ledger_hold(ledger, &test) != HD_OK) {
            ledger->short_of_memory = 1;
            return;
        }
        hd__inbox_drop_test(&ledger->inbox);
        ledger->busy_us = ledger->now_us;
    }
}

/* ---- Settle ---- */

static int outcome_of(const hd_report *report) {
    return report->reason == HD_REASON_DELIVERED                                           ? HD_OUTCOME_DELIVERED
           : report->reason == HD_REASON_CANCELED || report->reason == HD_REASON_DISCARDED ? HD_OUTCOME_CANCELED
                                                                                           : HD_OUTCOME_FAILED;
}

static void close_report(struct hd__ledger *ledger, hd_report *report, int outcome) {
    report->finished_at_ms = ledger->now_ms;
    report->outcome = outcome;
}

/* It ends with the report that it has. */
static void settle_end(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    delivery->result = HD__RESULT_ENDED;
    close_report(ledger, delivery->report, outcome_of(delivery->report));
    ledger->keeper->ops->settle(ledger->keeper, delivery);
}

/* The delivery is to be tried again. If it stays in memory, its next report is allocated now, so that it cannot lack
 * memory later. Without memory for it, a delivery from a store goes back there. Returns 0 for a delivery that is in
 * memory only. */
static int settle_retry(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    hd_report *report = delivery->report;
    int64_t delay_ms = hd__retry_delay_ms(delivery->webhook, report, delivery->tries, ledger->clock);
    if (ledger->keeper->ops->keeps_retry(ledger->keeper, delivery)) {
        if (hd__delivery_next_report(&ledger->source, delivery)) {
            delivery->next_report = delivery->report;
            delivery->report = report;
        } else if (!delivery->row) {
            return 0;
        }
    }
    delivery->result = HD__RESULT_RETRY;
    delivery->delay_ms = delay_ms > 0 ? delay_ms : 1;
    delivery->retry_at_us = ledger->now_us + delivery->delay_ms * 1000;
    report->next_attempt_at_ms = ledger->now_ms + delivery->delay_ms;
    close_report(ledger, report, HD_OUTCOME_RETRYING);
    ledger->keeper->ops->settle(ledger->keeper, delivery);
    return 1;
}

void hd__ledger_settle(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    hd__schedule_done(&ledger->schedule, delivery, ledger->now_us);
    if (!delivery->message->is_stored)
        hd__ledger_trim(ledger, delivery->webhook);
    if (!hd__retry_allowed(delivery->webhook, delivery->report, delivery->tries) || !settle_retry(ledger, delivery))
        settle_end(ledger, delivery);
}

void hd__ledger_abandon(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    hd__schedule_done(&ledger->schedule, delivery, ledger->now_us);
    if (!delivery->row) {
        hd__ledger_end(ledger, delivery, HD_REASON_CANCELED);
        return;
    }
    delivery->result = HD__RESULT_RELEASED;
    ledger->keeper->ops->settle(ledger->keeper, delivery);
}

void hd__ledger_end(struct hd__ledger *ledger, struct hd__delivery *delivery, int reason) {
    delivery->report->reason = reason;
    settle_end(ledger, delivery);
}

/* ---- Publish ---- */

static void log_failure(struct hd__ledger *ledger, const hd_report *report) {
    int will_retry = report->outcome == HD_OUTCOME_RETRYING;
    const struct hd__label *label = report->label;
    char naming[HD__NAMING_SIZE];
    hd__log(&ledger->log, will_retry ? HD_LEVEL_INFO : HD_LEVEL_WARNING,
            "%s %s of %s to webhook %s failed: %s%s%s (%s)", will_retry ? "an attempt at delivery" : "delivery",
            report->delivery_id, hd_event_name(report->event),
            hd__name_webhook(label->webhook_id, label->webhook_name, naming), hd_reason_name(report->reason),
            *report->detail ? ", " : "", report->detail, label->masked_url);
}

/* A caller that waits for this report gets it directly: the log may have deleted it before the caller looks. */
static void hand_to_waiter(struct hd__ledger *ledger, uint64_t sequence, hd_report *report) {
    pthread_mutex_lock(&ledger->progress.mutex);
    for (struct hd__waiter *waiter = ledger->waiters; waiter; waiter = waiter->next)
        if (waiter->sequence == sequence)
            waiter->report = hd__report_ref(report);
    pthread_mutex_unlock(&ledger->progress.mutex);
}

static const int counter_of[] = {
    [HD_OUTCOME_DELIVERED - HD_OUTCOME_DELIVERED] = HD_COUNTER_DELIVERED,
    [HD_OUTCOME_FAILED - HD_OUTCOME_DELIVERED] = HD_COUNTER_FAILED,
    [HD_OUTCOME_CANCELED - HD_OUTCOME_DELIVERED] = HD_COUNTER_CANCELED,
    [HD_OUTCOME_RETRYING - HD_OUTCOME_DELIVERED] = HD_COUNTER_RETRIED,
};

static void measure(const hd_webhook *webhook, const hd_report *report) {
    const struct hd__measured measured = {
        .outcome = report->outcome,
        .reason = report->reason,
        .is_attempt = report->attempts > 0 && hd__reason_tells_of_attempt(report->reason),
        .is_first = report->attempts == 1,
        .total_ms = report->total_ms,
        .queued_ms = report->queued_ms,
    };
    hd__meter_count(webhook->meter, &measured);
}

/* The report is the log's from now on. */
static void publish(struct hd__ledger *ledger, const struct hd__delivery *delivery, hd_report *report) {
    count_one(ledger, counter_of[report->outcome - HD_OUTCOME_DELIVERED]);
    if (report->reason == HD_REASON_DROPPED)
        count_one(ledger, HD_COUNTER_DROPPED);
    measure(delivery->webhook, report);
    if (report->outcome == HD_OUTCOME_FAILED || report->outcome == HD_OUTCOME_RETRYING)
        log_failure(ledger, report);
    if (report->is_test)
        hand_to_waiter(ledger, delivery->message->sequence, report);
    if (ledger->jobs)
        hd__jobs_note_end(ledger->jobs, report);
    hd__log_ring_append(ledger->source.ring, report);
    ledger->progressed = 1;
}

void hd__ledger_forget(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    struct hd__message *message = delivery->message;
    hd__schedule_leave(&ledger->schedule, delivery, ledger->now_us);
    hd__delivery_free(&ledger->source, delivery);
    message->deliveries--;
    hd__ledger_end_if_done(ledger, message);
}

void hd__ledger_kept(struct hd__ledger *ledger, struct hd__delivery *delivery) {
    hd_report *report = delivery->report, *next = delivery->next_report;
    if (delivery->is_lost || delivery->result == HD__RESULT_RELEASED) {
        hd__ledger_forget(ledger, delivery);
        return;
    }
    delivery->report = next;
    delivery->next_report = NULL;
    publish(ledger, delivery, report);
    if (next) {
        hd__schedule_retry(&ledger->schedule, delivery, delivery->retry_at_us);
        return;
    }
    if (delivery->result == HD__RESULT_RETRY)
        hd__backlog_comes_back(delivery->lane, delivery->retry_at_us);
    hd__ledger_forget(ledger, delivery);
}

/* ---- Deliveries beyond the limits ---- */

/* How much of the queue's limits is free for a lane. */
static size_t free_events(const struct hd__ledger *ledger) {
    return ledger->messages < ledger->max_events ? ledger->max_events - ledger->messages : 0;
}

static size_t free_bytes(const struct hd__ledger *ledger) {
    return ledger->message_bytes < ledger->max_bytes ? ledger->max_bytes - ledger->message_bytes : 0;
}

/* A webhook whose receiver accepts nothing must not fill the queue that it shares with other webhooks. What is in a
 * store needs no room here. */
void hd__ledger_trim(struct hd__ledger *ledger, const hd_webhook *webhook) {
    struct hd__schedule *schedule = &ledger->schedule;
    struct hd__delivery *surplus;
    do {
        struct hd__lane *lane = hd__lanes_find(&schedule->lanes, webhook);
        int is_tight = schedule->held > free_events(ledger) || ledger->message_bytes > free_bytes(ledger);
        surplus = lane && is_tight
                      ? hd__schedule_trim(schedule, lane, free_events(ledger), free_bytes(ledger), ledger->now_us)
                      : NULL;
        if (surplus)
            hd__ledger_end(ledger, surplus, HD_REASON_DROPPED);
    } while (surplus);
}
