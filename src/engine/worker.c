#include "engine/worker.h"

#include "endpoint/webhook.h"
#include "engine/retry.h"
#include "engine/worker_inside.h"
#include "event/event.h"
#include "event/slack.h"
#include "store/durable.h"
#include "store/report.h"

#include <stdlib.h>

#define INTAKE 64 /* events taken in per turn, so that a flood of them does not keep results waiting */
#define POOL_MAX 1024
#define RESPONSE_KEPT 1024 /* bytes of memory that an attempt keeps for the next one */
#define NAP_MS 1
#define NAPS_US ((int64_t)20 * 1000) /* how long the worker naps before it sleeps */
#define FRUITLESS_MAX 3              /* times that a closing worker looks for memory in vain */
#define RETRY_MS 50                  /* until memory is tried again */
#define SLEEP_MS 60000               /* at the longest; what is waited for wakes the worker */
#define ABORT_MS 5000

static void count(struct hd__worker *worker, int which, uint64_t value) {
    atomic_store_explicit(&worker->counters[which], value, memory_order_relaxed);
}

static void count_one(struct hd__worker *worker, int which) {
    atomic_fetch_add_explicit(&worker->counters[which], 1, memory_order_relaxed);
}

static uint32_t ms_between(int64_t begin_us, int64_t end_us) {
    int64_t ms = (end_us - begin_us) / 1000;
    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* ---- Messages ---- */

void hd__worker_link_message(struct hd__worker *worker, struct hd__message *message) {
    message->previous = worker->last_message;
    if (worker->last_message)
        worker->last_message->next = message;
    else
        worker->first_message = message;
    worker->last_message = message;
    worker->messages++;
    worker->message_bytes += message->bytes;
}

static void unlink_message(struct hd__worker *worker, struct hd__message *message) {
    *(message->previous ? &message->previous->next : &worker->first_message) = message->next;
    *(message->next ? &message->next->previous : &worker->last_message) = message->previous;
    worker->messages--;
    worker->message_bytes -= message->bytes;
}

static void end_message_if_done(struct hd__worker *worker, struct hd__message *message) {
    if (message->deliveries > 0)
        return;
    unlink_message(worker, message);
    if (!message->is_stored)
        hd__inbox_release(&worker->inbox, message->bytes);
    hd__message_free(&worker->source.messages, message);
    worker->progressed = 1;
}

/* ---- Deliveries end ---- */

static void log_failure(struct hd__worker *worker, const hd_report *report) {
    int will_retry = report->outcome == HD_OUTCOME_RETRYING;
    hd__log(&worker->log, will_retry ? HD_LOG_INFO : HD_LOG_WARNING, "%s %s of %s to %s failed: %s%s%s",
            will_retry ? "an attempt at delivery" : "delivery", report->delivery_id, hd_event_name(report->event),
            report->label->masked_url, hd_reason_name(report->reason), *report->detail ? ", " : "", report->detail);
}

/* Whoever waits for this report gets it directly: the log may have forgotten it before they look. */
static void hand_to_waiter(struct hd__worker *worker, hd_report *report) {
    pthread_mutex_lock(&worker->progress.mutex);
    for (struct hd__waiter *waiter = worker->waiters; waiter; waiter = waiter->next)
        if (waiter->event_id == report->event_id)
            waiter->report = hd__report_ref(report);
    pthread_mutex_unlock(&worker->progress.mutex);
}

static const int counter_of[] = {
    [HD_OUTCOME_DELIVERED] = HD_COUNTER_DELIVERED,
    [HD_OUTCOME_FAILED] = HD_COUNTER_FAILED,
    [HD_OUTCOME_CANCELED] = HD_COUNTER_CANCELED,
    [HD_OUTCOME_RETRYING] = HD_COUNTER_RETRIED,
};

void hd__worker_close_report(struct hd__worker *worker, hd_report *report, int outcome) {
    report->finished_at_ms = worker->now_ms;
    report->outcome = outcome;
}

void hd__worker_publish_report(struct hd__worker *worker, hd_report *report) {
    count_one(worker, counter_of[report->outcome]);
    if (report->reason == HD_REASON_DROPPED)
        count_one(worker, HD_COUNTER_DROPPED);
    if (report->outcome == HD_OUTCOME_FAILED || report->outcome == HD_OUTCOME_RETRYING)
        log_failure(worker, report);
    if (report->is_test)
        hand_to_waiter(worker, report);
    hd__log_ring_append(worker->source.ring, report);
    worker->progressed = 1;
}

/* Writes a record, which is the log's from now on. */
static void record(struct hd__worker *worker, hd_report *report, int outcome) {
    hd__worker_close_report(worker, report, outcome);
    hd__worker_publish_report(worker, report);
}

int hd__worker_outcome_of(const hd_report *report) {
    return report->reason == HD_REASON_DELIVERED  ? HD_OUTCOME_DELIVERED
           : report->reason == HD_REASON_CANCELED ? HD_OUTCOME_CANCELED
                                                  : HD_OUTCOME_FAILED;
}

void hd__worker_forget_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    struct hd__message *message = delivery->message;
    hd__schedule_leave(&worker->schedule, delivery, worker->now_us);
    hd__delivery_free(&worker->source, delivery);
    message->deliveries--;
    end_message_if_done(worker, message);
}

/* The one place where a delivery ends that no store has: it writes the one last record. */
static void end_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    hd_report *report = delivery->report;
    delivery->report = NULL;
    record(worker, report, hd__worker_outcome_of(report));
    hd__worker_forget_delivery(worker, delivery);
}

static void drop_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    delivery->report->reason = HD_REASON_DROPPED;
    end_delivery(worker, delivery);
}

/* What of the limits is not used by what has been taken in. */
static size_t free_events(const struct hd__worker *worker) {
    return worker->messages < worker->max_events ? worker->max_events - worker->messages : 0;
}

static size_t free_bytes(const struct hd__worker *worker) {
    return worker->message_bytes < worker->max_bytes ? worker->max_bytes - worker->message_bytes : 0;
}

/* P4: a webhook that takes nothing does not fill the queue for the others. */
static void trim(struct hd__worker *worker, const hd_webhook *webhook) {
    struct hd__delivery *surplus;
    while ((worker->schedule.held > free_events(worker) || worker->message_bytes > free_bytes(worker)) &&
           (surplus =
                hd__schedule_trim(&worker->schedule, webhook, free_events(worker), free_bytes(worker), worker->now_us)))
        drop_delivery(worker, surplus);
}

/* ---- Intake: accepted events become deliveries ---- */

int hd__worker_find_subscribers(struct hd__worker *worker, const struct hd__accepted *accepted) {
    if (!accepted->target)
        return hd__webhooks_subscribers(worker->webhooks, accepted->event, accepted->id, &worker->subscribers);
    return hd__webhook_list_add(&worker->subscribers, accepted->target);
}

/* What a body in Slack's format may take, if a subscriber has that format; the one in JSON is part of the event's size.
 */
static size_t slack_body_size(const struct hd__worker *worker) {
    for (size_t i = 0; i < worker->subscribers.count; i++)
        if (worker->subscribers.items[i]->format == HD_FORMAT_SLACK)
            return HD__SLACK_BODY_MAX;
    return 0;
}

static int push(struct hd__worker *worker, struct hd__message *message, hd_webhook *webhook) {
    if (message->is_test)
        return hd__schedule_push_ahead(&worker->schedule, message, webhook, worker->now_us);
    return hd__schedule_push(&worker->schedule, message, webhook, worker->now_us);
}

/* For all of worker->subscribers, or none. */
static int push_all(struct hd__worker *worker, struct hd__message *message) {
    const struct hd_webhook_list *subscribers = &worker->subscribers;
    int status = HD_OK;
    size_t pushed = 0;
    while (pushed < subscribers->count && (status = push(worker, message, subscribers->items[pushed])) == HD_OK)
        pushed++;
    while (status != HD_OK && pushed > 0)
        hd__schedule_unpush(&worker->schedule, subscribers->items[--pushed], worker->now_us);
    return status;
}

/* Memory of a delivery while it waits. Those that may wait after they have been made count with all that they take
 * then; of the others no more are made at a time than may be under way. */
static size_t waiting_size(const struct hd__message *message, const hd_webhook *webhook) {
    int stays_made = message->is_test || webhook->ordered || webhook->max_attempts > 1;
    return stays_made ? hd__delivery_size() : HD__FRESH_SIZE;
}

static struct hd__message *new_message(struct hd__worker *worker, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__message_new(&worker->source.messages, accepted);
    if (!message)
        return NULL;
    message->accepted_at_ms = worker->now_ms - ms_between(message->accepted_us, worker->now_us);
    message->deliveries = (uint32_t)worker->subscribers.count;
    message->bytes = message->event->size + sizeof *message + slack_body_size(worker);
    if (message->rendered)
        message->bytes += sizeof *message->rendered;
    for (size_t i = 0; i < worker->subscribers.count; i++)
        message->bytes += waiting_size(message, worker->subscribers.items[i]);
    return message;
}

static void trim_all(struct hd__worker *worker) {
    for (size_t i = 0; i < worker->subscribers.count; i++)
        trim(worker, worker->subscribers.items[i]);
}

/* Has the deliveries of a message for worker->subscribers wait. On failure there is no message any more. */
static int take_in_message(struct hd__worker *worker, const struct hd__accepted *accepted,
                           struct hd__message *message) {
    size_t bytes = message->bytes - message->event->size; /* which the inbox has counted itself */
    hd__worker_link_message(worker, message);
    int status = push_all(worker, message);
    if (status != HD_OK) {
        unlink_message(worker, message);
        message->event = NULL; /* stays the inbox's */
        hd__message_free(&worker->source.messages, message);
        return status;
    }
    hd__inbox_charge(&worker->inbox, bytes);
    end_message_if_done(worker, message); /* that nobody wants */
    if (!accepted->target)
        trim_all(worker);
    hd_webhook_free(accepted->target);
    return HD_OK;
}

int hd__worker_take_in(struct hd__worker *worker, const struct hd__accepted *accepted) {
    struct hd__message *message = NULL;
    int status = hd__worker_find_subscribers(worker, accepted);
    if (status == HD_OK && !(message = new_message(worker, accepted)))
        status = HD_E_NO_MEMORY;
    if (status == HD_OK)
        status = take_in_message(worker, accepted, message);
    hd__webhook_list_clear(&worker->subscribers);
    return status;
}

/* Whether there is room for an event's deliveries; with none under way there must be, or nothing would ever move. */
static int may_take_in(struct hd__worker *worker) {
    return !worker->first_message || hd__inbox_has_room(&worker->inbox);
}

/* Returns whether more can be taken in at once. */
static int intake(struct hd__worker *worker) {
    struct hd__accepted entries[INTAKE];
    size_t available = hd__inbox_peek(&worker->inbox, entries, INTAKE), taken = 0;
    worker->short_of_memory = 0;
    while (taken < available && may_take_in(worker)) {
        if (hd__worker_take_in(worker, &entries[taken]) != HD_OK) {
            worker->short_of_memory = 1;
            break;
        }
        taken++;
    }
    if (taken > 0) {
        worker->busy_us = worker->now_us;
        hd__inbox_drop(&worker->inbox, taken);
        hd__webhooks_forget(worker->webhooks, hd__inbox_oldest(&worker->inbox));
    }
    return taken == INTAKE;
}

/* ---- Attempts begin and end ---- */

static struct hd__attempt *take_attempt(struct hd__worker *worker) {
    struct hd__attempt *attempt = hd__pool_take(&worker->unused_attempts);
    return attempt ? attempt : calloc(1, sizeof *attempt);
}

static void free_attempt(void *unused) {
    struct hd__attempt *attempt = unused;
    hd__buffer_free(&attempt->exchange.response_headers);
    hd__buffer_free(&attempt->exchange.response_body);
    free(attempt);
}

static void give_back_attempt(struct hd__worker *worker, struct hd__attempt *attempt) {
    struct hd__buffer headers = attempt->exchange.response_headers, body = attempt->exchange.response_body;
    hd__buffer_clear(&headers, RESPONSE_KEPT);
    hd__buffer_clear(&body, RESPONSE_KEPT);
    *attempt = (struct hd__attempt){.exchange = {.response_headers = headers, .response_body = body}};
    if (!hd__pool_give(&worker->unused_attempts, attempt))
        free_attempt(attempt);
}

static void link_attempt(struct hd__worker *worker, struct hd__attempt *attempt) {
    attempt->next = worker->attempts;
    if (attempt->next)
        attempt->next->previous = attempt;
    worker->attempts = attempt;
}

static void unlink_attempt(struct hd__worker *worker, struct hd__attempt *attempt) {
    *(attempt->previous ? &attempt->previous->next : &worker->attempts) = attempt->next;
    if (attempt->next)
        attempt->next->previous = attempt->previous;
}

static int begin_attempt(struct hd__worker *worker, struct hd__delivery *delivery) {
    struct hd__attempt *attempt = take_attempt(worker);
    if (!attempt)
        return HD_E_NO_MEMORY;
    int status = hd__attempt_prepare(&worker->source, attempt, delivery);
    attempt->exchange.fresh = delivery->lane->fresh_until_us > worker->now_us;
    if (status == HD_OK)
        status = worker->transport->start(worker->transport, &attempt->exchange);
    if (status != HD_OK) {
        give_back_attempt(worker, attempt);
        return status;
    }
    delivery->attempt = attempt;
    link_attempt(worker, attempt);
    return HD_OK;
}

/* An attempt, or what stands for one, is over: what becomes of its delivery. */
static void settle_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    hd__schedule_done(&worker->schedule, delivery, worker->now_us);
    if (worker->outbox.store) {
        hd__storing_settle(worker, delivery);
        return;
    }
    trim(worker, delivery->webhook);
    hd_report *last = NULL;
    if (hd__retry_allowed(delivery->webhook, delivery->report, delivery->tries))
        last = hd__delivery_next_report(&worker->source, delivery);
    if (!last) {
        end_delivery(worker, delivery);
        return;
    }
    int64_t delay_ms = hd__retry_delay_ms(delivery->webhook, last, delivery->tries, worker->clock);
    last->next_attempt_at_ms = worker->now_ms + delay_ms;
    record(worker, last, HD_OUTCOME_RETRYING);
    hd__schedule_retry(&worker->schedule, delivery, worker->now_us + delay_ms * 1000);
}

static void fail_without_attempt(struct hd__worker *worker, struct hd__delivery *delivery, int reason,
                                 const char *detail) {
    delivery->report->reason = reason;
    delivery->report->detail = detail;
    settle_delivery(worker, delivery);
}

static void start_deliveries(struct hd__worker *worker) {
    struct hd__delivery *delivery;
    worker->schedule.short_of_memory = 0;
    if (worker->outbox.store && !hd__storing_may_start(worker))
        return;
    while ((delivery = hd__schedule_next(&worker->schedule, worker->now_us))) {
        hd_report *report = delivery->report;
        delivery->tries++;
        report->queued_ms = ms_between(delivery->message->accepted_us, worker->now_us);
        if (delivery->lane->state == HD_WEBHOOK_PAUSED && !report->is_test)
            fail_without_attempt(worker, delivery, HD_REASON_PAUSED, "");
        else if (begin_attempt(worker, delivery) != HD_OK)
            fail_without_attempt(worker, delivery, HD_REASON_INTERNAL, "out of memory");
        else
            report->attempts++;
    }
    worker->short_of_memory |= worker->schedule.short_of_memory;
}

/* Takes an attempt that is over out of all lists. */
static void end_attempt(struct hd__worker *worker, struct hd__delivery *delivery) {
    unlink_attempt(worker, delivery->attempt);
    give_back_attempt(worker, delivery->attempt);
    delivery->attempt = NULL;
}

static void log_state(struct hd__worker *worker, const struct hd__delivery *delivery, int before) {
    int after = delivery->lane->state;
    if (before != after && after != HD_WEBHOOK_PROBING)
        hd__log(&worker->log, after == HD_WEBHOOK_PAUSED ? HD_LOG_WARNING : HD_LOG_INFO, "webhook %s, %s, is %s",
                delivery->report->label->webhook_id, delivery->report->label->masked_url,
                after == HD_WEBHOOK_PAUSED ? "paused: it failed too often" : "active again");
}

static void collect_results(struct hd__worker *worker) {
    struct hd__exchange *exchange;
    while ((exchange = worker->transport->finished(worker->transport))) {
        struct hd__delivery *delivery = exchange->owner;
        int before = delivery->lane->state;
        hd__delivery_take_result(delivery, exchange);
        end_attempt(worker, delivery);
        hd__schedule_learn(&worker->schedule, delivery, worker->now_us);
        log_state(worker, delivery, before);
        settle_delivery(worker, delivery);
    }
}

/* Whether a closing worker has nothing to do before its time is over. */
static int is_idle_until_close(struct hd__worker *worker) {
    const struct hd__schedule *schedule = &worker->schedule;
    int64_t closes_at_us = atomic_load_explicit(&worker->closes_at_us, memory_order_relaxed);
    const struct hd__timer *timer = hd__timers_first(&schedule->timers);
    return closes_at_us != INT64_MAX && schedule->young + schedule->old + worker->outbox.result_count == 0 &&
           !schedule->ready[0].first && !schedule->ready[1].first && !schedule->first_hungry &&
           hd__inbox_counter(&worker->inbox, HD_COUNTER_PENDING) == 0 && (!timer || timer->due_us > closes_at_us);
}

/* Every event with a smaller id has ended. */
static uint64_t oldest_event(struct hd__worker *worker) {
    uint64_t in_inbox = hd__inbox_oldest(&worker->inbox);
    if (!worker->outbox.store)
        return worker->first_message ? worker->first_message->id : in_inbox;
    uint64_t stored = worker->outbox.state.oldest_event;
    return is_idle_until_close(worker) || stored > in_inbox ? in_inbox : stored;
}

static void publish_counters(struct hd__worker *worker) {
    uint64_t under_way = worker->schedule.young + worker->schedule.old;
    uint64_t stored = worker->outbox.store ? worker->outbox.state.waiting : 0;
    uint64_t over = under_way + worker->outbox.result_count;
    count(worker, HD_COUNTER_IN_FLIGHT, under_way);
    count(worker, HD_COUNTER_STORED, stored);
    count(worker, HD_COUNTER_WAITING,
          !worker->outbox.store ? worker->schedule.held
          : stored > over       ? stored - over
                                : 0);
}

static void publish(struct hd__worker *worker) {
    int is_closing = atomic_load_explicit(&worker->closes_at_us, memory_order_relaxed) != INT64_MAX;
    publish_counters(worker);
    if (!worker->progressed && !is_closing)
        return;
    worker->progressed = 0;
    uint64_t oldest = oldest_event(worker);
    pthread_mutex_lock(&worker->progress.mutex);
    worker->ended_below = oldest;
    pthread_cond_broadcast(&worker->progress.changed);
    pthread_mutex_unlock(&worker->progress.mutex);
}

/* ---- Cancellation ---- */

static void cancel_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    delivery->report->reason = HD_REASON_CANCELED;
    end_delivery(worker, delivery);
}

struct hd__delivery *hd__worker_abandon_attempt(struct hd__worker *worker) {
    if (!worker->attempts)
        return NULL;
    struct hd__exchange *exchange = &worker->attempts->exchange;
    struct hd__delivery *delivery = exchange->owner;
    worker->transport->cancel(worker->transport, exchange);
    end_attempt(worker, delivery);
    hd__schedule_done(&worker->schedule, delivery, worker->now_us);
    return delivery;
}

static void cancel_under_way(struct hd__worker *worker) {
    struct hd__delivery *delivery;
    while ((delivery = hd__worker_abandon_attempt(worker)))
        cancel_delivery(worker, delivery);
}

/* Each needs a report; what is canceled makes memory free for the next. */
static void cancel_waiting(struct hd__worker *worker) {
    struct hd__schedule *schedule = &worker->schedule;
    struct hd__delivery *delivery;
    int fruitless = 0;
    do {
        size_t before = schedule->held;
        schedule->short_of_memory = 0;
        while ((delivery = hd__schedule_take_any(schedule)))
            cancel_delivery(worker, delivery);
        fruitless = schedule->held < before ? 0 : fruitless + 1;
    } while (schedule->short_of_memory && fruitless < FRUITLESS_MAX);
}

/* A closing client does not wait for attempts that would come too late. */
static void cancel_late_retries(struct hd__worker *worker) {
    struct hd__delivery *delivery;
    int64_t closes_at_us = atomic_load_explicit(&worker->closes_at_us, memory_order_relaxed);
    while (closes_at_us != INT64_MAX && (delivery = hd__schedule_take_later(&worker->schedule, closes_at_us)))
        cancel_delivery(worker, delivery);
}

/* Events still in the inbox become deliveries first, so that each ends in its record. */
static void cancel_accepted(struct hd__worker *worker) {
    struct hd__accepted accepted;
    int fruitless = 0;
    while (fruitless < FRUITLESS_MAX && hd__inbox_peek(&worker->inbox, &accepted, 1) == 1) {
        if (hd__worker_take_in(worker, &accepted) != HD_OK) {
            fruitless++;
            continue;
        }
        fruitless = 0;
        hd__inbox_drop(&worker->inbox, 1);
        cancel_waiting(worker);
    }
}

void hd__worker_cancel_all(struct hd__worker *worker) {
    if (worker->outbox.store) {
        hd__storing_cancel_all(worker);
        worker->progressed = 1;
        return;
    }
    cancel_under_way(worker);
    cancel_waiting(worker);
    cancel_accepted(worker);
    if (hd__inbox_counter(&worker->inbox, HD_COUNTER_PENDING) > 0)
        hd__log(&worker->log, HD_LOG_ERROR, "out of memory: events that were left at close are not in the log");
    uint64_t canceled = hd__worker_counter(worker, HD_COUNTER_CANCELED);
    if (canceled > 0)
        hd__log(&worker->log, HD_LOG_WARNING, "closed with %llu deliveries canceled", (unsigned long long)canceled);
}

/* ---- The loop ---- */

/* How long the loop may sleep, at most timeout_ms, if something is to be done at due_us. */
static int until(const struct hd__worker *worker, int64_t due_us, int timeout_ms) {
    int64_t now_us = hd__monotonic_us(worker->clock);
    int64_t left_ms = due_us <= now_us ? 0 : due_us == INT64_MAX ? INT64_MAX : (due_us - now_us + 999) / 1000;
    return left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

static void look_at_clock(struct hd__worker *worker) {
    worker->now_us = hd__monotonic_us(worker->clock);
    worker->now_ms = hd__wall_ms(worker->clock);
}

/* The worker naps before it sleeps: to be woken costs the caller of hd_webhook_send() more than a thousand times what a
 * look costs the worker, and where one event came, another one often follows. */
void hd__worker_turn(struct hd__worker *worker, int timeout_ms) {
    look_at_clock(worker);
    int more = worker->outbox.store ? hd__storing_exchange(worker) : intake(worker);
    hd__schedule_advance(&worker->schedule, worker->now_us);
    start_deliveries(worker);
    if (!worker->outbox.store)
        cancel_late_retries(worker);
    timeout_ms = until(worker, hd__schedule_advance(&worker->schedule, worker->now_us), timeout_ms);
    if (worker->outbox.store && !hd__storing_may_start(worker))
        timeout_ms = until(worker, worker->outbox.try_at_us, timeout_ms);
    else if (more || worker->progressed || worker->outbox.result_count || hd__schedule_is_hungry(&worker->schedule))
        timeout_ms = 0;
    else if (worker->short_of_memory)
        timeout_ms = timeout_ms < RETRY_MS ? timeout_ms : RETRY_MS;
    else if (!worker->commits && worker->now_us - worker->busy_us < NAPS_US)
        timeout_ms = timeout_ms < NAP_MS ? timeout_ms : NAP_MS;
    else if (!hd__inbox_sleep(&worker->inbox) && may_take_in(worker))
        timeout_ms = 0;
    publish(worker);
    worker->transport->wait(worker->transport, timeout_ms);
    look_at_clock(worker);
    collect_results(worker);
    publish(worker);
}

static void *run(void *argument) {
    struct hd__worker *worker = argument;
    pthread_mutex_lock(&worker->progress.mutex); /* until hd__worker_start has written the thread's id */
    pthread_mutex_unlock(&worker->progress.mutex);
    while (!atomic_load(&worker->stop))
        hd__worker_turn(worker, SLEEP_MS);
    hd__worker_cancel_all(worker);
    publish(worker);
    pthread_mutex_lock(&worker->progress.mutex);
    worker->ended = 1;
    pthread_cond_broadcast(&worker->progress.changed);
    pthread_mutex_unlock(&worker->progress.mutex);
    return NULL;
}

/* ---- From other threads ---- */

static int init_pools(struct hd__worker *worker, const struct hd__worker_config *config) {
    worker->source.clock = config->clock;
    worker->source.ring = config->ring;
    int status = hd__pool_init(&worker->source.pool, POOL_MAX);
    if (status == HD_OK)
        status = hd__pool_init(&worker->source.messages.messages, POOL_MAX);
    if (status == HD_OK)
        status = hd__pool_init(&worker->source.messages.rendered, POOL_MAX);
    if (status == HD_OK)
        status = hd__pool_init(&worker->unused_attempts, POOL_MAX);
    return status;
}

static void destroy_pools(struct hd__worker *worker) {
    hd__pool_destroy(&worker->source.pool, free);
    hd__pool_destroy(&worker->source.messages.messages, free);
    hd__pool_destroy(&worker->source.messages.rendered, hd__rendered_free);
    hd__pool_destroy(&worker->unused_attempts, free_attempt);
}

int hd__worker_new(const struct hd__worker_config *config, struct hd__worker **worker) {
    struct hd__worker *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    /* Ids go on from where an earlier client cannot have come to: it would have had to send 2^20 events per ms. */
    uint64_t first_id = (uint64_t)hd__wall_ms(config->clock) << 20;
    if (first_id < config->first_event_id)
        first_id = config->first_event_id;
    int status = hd__inbox_init(&made->inbox, config->max_events, config->max_bytes, first_id);
    if (status != HD_OK)
        goto no_inbox;
    status = hd__schedule_init(&made->schedule, &made->source, config->max_in_flight, &config->pause_rule);
    if (status != HD_OK)
        goto no_schedule;
    made->schedule.leaves_backlog = config->leaves_backlog;
    status = init_pools(made, config);
    if (status != HD_OK)
        goto no_pools;
    status = hd__monitor_init(&made->progress);
    if (status != HD_OK)
        goto no_pools;
    made->ended_below = first_id;
    made->busy_us = hd__monotonic_us(config->clock) - NAPS_US;
    atomic_init(&made->closes_at_us, INT64_MAX);
    made->max_events = config->max_events;
    made->max_bytes = config->max_bytes;
    made->clock = config->clock;
    made->webhooks = config->webhooks;
    made->transport = config->transport;
    made->log = config->log;
    made->outbox.store = config->store;
    made->commits = config->store && config->commits;
    *worker = made;
    return HD_OK;

no_pools:
    destroy_pools(made);
    hd__schedule_destroy(&made->schedule);
no_schedule:
    hd__inbox_destroy(&made->inbox);
no_inbox:
    free(made);
    return status;
}

int hd__worker_start(struct hd__worker *worker) {
    pthread_mutex_lock(&worker->progress.mutex);
    int status = hd__thread_start(&worker->thread, run, worker);
    atomic_store(&worker->has_thread, status == HD_OK);
    pthread_mutex_unlock(&worker->progress.mutex);
    return status;
}

int hd__worker_is_self(struct hd__worker *worker) {
    return atomic_load(&worker->has_thread) && pthread_equal(pthread_self(), worker->thread);
}

static int submit(struct hd__worker *worker, struct hd__accepted *accepted) {
    int wake;
    accepted->at_us = hd__monotonic_us(worker->clock);
    int status = hd__inbox_push(&worker->inbox, accepted, &wake);
    if (wake)
        worker->transport->wake(worker->transport);
    return status;
}

/* The worker cannot be done with the event before the caller is listed, since it needs the mutex for that. */
static int submit_and_wait(struct hd__worker *worker, struct hd__accepted *accepted) {
    struct hd__committer committer = {0};
    if (hd__worker_is_self(worker))
        return HD_E_STATE;
    pthread_mutex_lock(&worker->progress.mutex);
    int status = submit(worker, accepted);
    if (status == HD_OK) {
        committer.event_id = accepted->id;
        committer.next = worker->committers;
        worker->committers = &committer; // cppcheck-suppress autoVariables ; the worker takes it out
        while (!committer.is_done)
            hd__monitor_wait(&worker->progress, INT64_MAX);
        status = committer.status;
    }
    pthread_mutex_unlock(&worker->progress.mutex);
    return status;
}

static int enter(struct hd__worker *worker, struct hd__accepted *accepted, uint64_t *id) {
    int status = worker->commits ? submit_and_wait(worker, accepted) : submit(worker, accepted);
    *id = accepted->id;
    return status;
}

int hd__worker_submit(struct hd__worker *worker, hd_event *event, uint64_t *id) {
    struct hd__accepted accepted = {.event = event};
    return enter(worker, &accepted, id);
}

int hd__worker_redeliver(struct hd__worker *worker, const hd_report *report, hd_webhook *webhook, uint64_t *id) {
    struct hd__accepted accepted = {.event = report->event, .target = webhook};
    hd__uuid_parse(report->delivery_id, accepted.redelivery_of);
    return enter(worker, &accepted, id);
}

int hd__worker_recover(struct hd__worker *worker, hd_webhook *webhook) {
    struct hd__lane *lane = hd__schedule_lane(&worker->schedule, webhook);
    if (!lane)
        return HD_E_NO_MEMORY;
    lane->backlog.retry_at_us = 0;
    hd__schedule_leave_stored(&worker->schedule, lane, hd__monotonic_us(worker->clock));
    return HD_OK;
}

void hd__worker_set_state(struct hd__worker *worker, const struct hd__store_state *state) {
    worker->outbox.state = *state;
    if (state->oldest_event < worker->ended_below)
        worker->ended_below = state->oldest_event;
    publish_counters(worker);
}

int hd__worker_store_status(struct hd__worker *worker) {
    return atomic_load_explicit(&worker->store_status, memory_order_relaxed);
}

static int64_t deadline(uint32_t timeout_ms) {
    return hd__monotonic_us(&hd__system_clock) + (int64_t)timeout_ms * 1000;
}

static void remove_waiter(struct hd__worker *worker, struct hd__waiter *waiter) {
    struct hd__waiter **at = &worker->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

int hd__worker_test(struct hd__worker *worker, hd_event *event, hd_webhook *webhook, uint32_t timeout_ms,
                    hd_report **report) {
    struct hd__waiter waiter = {0};
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    struct hd__accepted accepted = {.event = event, .target = webhook, .is_test = 1};
    if (hd__worker_store_status(worker) != HD_OK) /* it would wait in vain */
        return hd__worker_store_status(worker);
    pthread_mutex_lock(&worker->progress.mutex); /* the report cannot be handed over before the waiter is listed */
    int status = submit(worker, &accepted);
    if (status == HD_OK) {
        waiter.event_id = accepted.id;
        waiter.next = worker->waiters;
        worker->waiters = &waiter; // cppcheck-suppress autoVariables ; it is taken out below
        while (!waiter.report && in_time)
            in_time = hd__monitor_wait(&worker->progress, until);
        remove_waiter(worker, &waiter);
        status = waiter.report ? HD_OK : HD_E_TIMEOUT;
    }
    pthread_mutex_unlock(&worker->progress.mutex);
    *report = waiter.report;
    return status;
}

int hd__worker_put_webhook(struct hd__worker *worker, hd_webhook *snapshot) {
    struct hd_store *store = worker->outbox.store;
    int status = hd__webhooks_reserve(worker->webhooks);
    if (status == HD_OK && store)
        status = hd__durable_put_webhook(store, snapshot);
    if (status == HD_OK)
        status = hd__webhooks_put(worker->webhooks, snapshot, hd__inbox_next(&worker->inbox));
    hd__webhooks_forget(worker->webhooks, hd__inbox_oldest(&worker->inbox));
    return status;
}

int hd__worker_remove_webhook(struct hd__worker *worker, const char *id) {
    struct hd_store *store = worker->outbox.store;
    hd_webhook *webhook = store ? hd__webhooks_get(worker->webhooks, id) : NULL;
    int status = webhook ? store->ops->remove_webhook(store, webhook->label->keys.webhook) : HD_OK;
    hd_webhook_free(webhook);
    if (status == HD_OK)
        status = hd__webhooks_remove(worker->webhooks, id, hd__inbox_next(&worker->inbox));
    hd__webhooks_forget(worker->webhooks, hd__inbox_oldest(&worker->inbox));
    return status;
}

int hd__worker_webhook_state(struct hd__worker *worker, const char *webhook_id, int64_t *until_ms) {
    int64_t until_us;
    int state = hd__schedule_state(&worker->schedule, webhook_id, &until_us);
    *until_ms = until_us == 0 ? 0 : hd__wall_ms(worker->clock) + (until_us - hd__monotonic_us(worker->clock)) / 1000;
    return state;
}

int hd__worker_flush(struct hd__worker *worker, uint32_t timeout_ms) {
    int64_t until = deadline(timeout_ms);
    uint64_t target = hd__inbox_next(&worker->inbox);
    int in_time = 1;
    pthread_mutex_lock(&worker->progress.mutex);
    while (worker->ended_below < target && in_time)
        in_time = hd__monitor_wait(&worker->progress, until);
    int ended = worker->ended_below >= target;
    pthread_mutex_unlock(&worker->progress.mutex);
    return ended ? HD_OK : HD_E_TIMEOUT;
}

int hd__worker_next_report(struct hd__worker *worker, uint32_t timeout_ms, hd_report **report) {
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    pthread_mutex_lock(&worker->progress.mutex);
    *report = hd__log_ring_next(worker->source.ring, &worker->reports_given, &worker->reports_missed);
    while (!*report && !worker->stopped && in_time) {
        in_time = hd__monitor_wait(&worker->progress, until);
        *report = hd__log_ring_next(worker->source.ring, &worker->reports_given, &worker->reports_missed);
    }
    int stopped = worker->stopped;
    pthread_mutex_unlock(&worker->progress.mutex);
    return *report ? HD_OK : stopped ? HD_E_CLOSED : HD_E_TIMEOUT;
}

static void end_loop(struct hd__worker *worker) {
    hd__inbox_close(&worker->inbox);
    atomic_store(&worker->stop, 1);
    worker->transport->wake(worker->transport);
}

/* Waits for a flag that progress guards. Returns it. */
static int wait_for_flag(struct hd__worker *worker, const int *flag, int64_t until) {
    int in_time = 1;
    pthread_mutex_lock(&worker->progress.mutex);
    while (!*flag && in_time)
        in_time = hd__monitor_wait(&worker->progress, until);
    int is_set = *flag;
    pthread_mutex_unlock(&worker->progress.mutex);
    return is_set;
}

/* Of a thread whose loop ends. */
static void join(struct hd__worker *worker) {
    if (atomic_exchange(&worker->is_joined, 1)) {
        wait_for_flag(worker, &worker->stopped, deadline(UINT32_MAX));
        return;
    }
    pthread_join(worker->thread, NULL);
    atomic_store(&worker->has_thread, 0);
    pthread_mutex_lock(&worker->progress.mutex);
    worker->stopped = 1;
    pthread_cond_broadcast(&worker->progress.changed);
    pthread_mutex_unlock(&worker->progress.mutex);
}

int hd__worker_stop(struct hd__worker *worker, uint32_t timeout_ms) {
    hd__inbox_close(&worker->inbox);
    atomic_store(&worker->closes_at_us, hd__monotonic_us(worker->clock) + (int64_t)timeout_ms * 1000);
    worker->transport->wake(worker->transport);
    hd__worker_flush(worker, timeout_ms);
    end_loop(worker);
    join(worker);
    uint64_t left = hd__worker_counter(worker, HD_COUNTER_CANCELED) + hd__worker_counter(worker, HD_COUNTER_STORED);
    return left > 0 ? HD_E_TIMEOUT : HD_OK;
}

void hd__worker_abort(struct hd__worker *worker) {
    if (hd__worker_is_self(worker))
        return;
    end_loop(worker);
    if (wait_for_flag(worker, &worker->ended, deadline(ABORT_MS)))
        join(worker);
}

static uint64_t reports_missed(struct hd__worker *worker) {
    pthread_mutex_lock(&worker->progress.mutex);
    uint64_t missed = worker->reports_missed;
    pthread_mutex_unlock(&worker->progress.mutex);
    return missed;
}

uint64_t hd__worker_counter(struct hd__worker *worker, int which) {
    switch (which) {
    case HD_COUNTER_ACCEPTED:
    case HD_COUNTER_REFUSED:
    case HD_COUNTER_PENDING:
        return hd__inbox_counter(&worker->inbox, which);
    case HD_COUNTER_REPORTS_MISSED:
        return reports_missed(worker);
    case HD_COUNTER_WAITING:
    case HD_COUNTER_IN_FLIGHT:
    case HD_COUNTER_DELIVERED:
    case HD_COUNTER_FAILED:
    case HD_COUNTER_CANCELED:
    case HD_COUNTER_RETRIED:
    case HD_COUNTER_DROPPED:
    case HD_COUNTER_STORED:
        return atomic_load_explicit(&worker->counters[which], memory_order_relaxed);
    default:
        return 0;
    }
}

/* What there was no memory to cancel. */
static void free_messages(struct hd__worker *worker) {
    while (worker->first_message) {
        struct hd__message *message = worker->first_message;
        unlink_message(worker, message);
        hd__message_free(&worker->source.messages, message);
    }
}

void hd__worker_free(struct hd__worker *worker) {
    hd__schedule_destroy(&worker->schedule);
    hd__outbox_destroy(&worker->outbox);
    free_messages(worker);
    destroy_pools(worker);
    free(worker->subscribers.items);
    hd__monitor_destroy(&worker->progress);
    hd__inbox_destroy(&worker->inbox);
    free(worker);
}
