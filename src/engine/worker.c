#include "engine/worker.h"

#include "base/thread.h"
#include "endpoint/webhook.h"
#include "engine/retry.h"
#include "engine/schedule.h"
#include "event/event.h"
#include "event/slack.h"

#include <stdatomic.h>
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
#define COUNTERS (HD_COUNTER_DROPPED + 1)

/* A caller who waits for the report of an event of its own. */
struct waiter {
    struct waiter *next;
    uint64_t event_id;
    hd_report *report;
};

struct hd__worker {
    /* any thread */
    struct hd__inbox inbox;
    struct hd__monitor progress; /* guards the rest of these; changes when deliveries have ended */
    uint64_t ended_below;        /* every event with a smaller id has ended */
    uint64_t reports_given;      /* number of the last one that hd__worker_next_report gave */
    uint64_t reports_missed;     /* forgotten by the log before it came to them */
    struct waiter *waiters;
    int ended;            /* the loop */
    int stopped;          /* the thread, which is joined */
    atomic_int is_joined; /* by whoever came first */
    atomic_int stop;
    atomic_int has_thread;                   /* until it was joined: its id may then be given to another */
    atomic_int_fast64_t closes_at_us;        /* what would be tried again later than that is canceled */
    atomic_uint_fast64_t counters[COUNTERS]; /* those that the loop counts */
    pthread_t thread;

    /* the loop alone */
    struct hd__schedule schedule;
    struct hd__message *first_message, *last_message; /* not ended, in the order of acceptance */
    size_t messages, message_bytes;                   /* how many, and what they are charged with */
    size_t max_events, max_bytes;
    int64_t now_us, now_ms;       /* monotonic and wall clock, as of the last look at them */
    int64_t busy_us;              /* when events came in last */
    struct hd__attempt *attempts; /* under way */
    struct hd__pool unused_attempts;
    struct hd__delivery_source source;
    struct hd_webhook_list subscribers; /* of the event at hand; kept for its memory */
    int progressed;                     /* something ended since the last hd__monitor broadcast */
    int short_of_memory;                /* an event or a delivery waits for it */

    const struct hd__clock *clock;
    struct hd__webhooks *webhooks;
    struct hd__transport *transport;
    struct hd__log log;
};

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

static void link_message(struct hd__worker *worker, struct hd__message *message) {
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
    for (struct waiter *waiter = worker->waiters; waiter; waiter = waiter->next)
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

/* Writes a record, which is the log's from now on. */
static void record(struct hd__worker *worker, hd_report *report, int outcome) {
    report->finished_at_ms = worker->now_ms;
    report->outcome = outcome;
    count_one(worker, counter_of[outcome]);
    if (report->reason == HD_REASON_DROPPED)
        count_one(worker, HD_COUNTER_DROPPED);
    if (outcome == HD_OUTCOME_FAILED || outcome == HD_OUTCOME_RETRYING)
        log_failure(worker, report);
    if (report->is_test)
        hand_to_waiter(worker, report);
    hd__log_ring_append(worker->source.ring, report);
    worker->progressed = 1;
}

/* The one place where a delivery ends: it writes the one last record. */
static void end_delivery(struct hd__worker *worker, struct hd__delivery *delivery) {
    struct hd__message *message = delivery->message;
    hd_report *report = delivery->report;
    delivery->report = NULL;
    record(worker, report,
           report->reason == HD_REASON_DELIVERED  ? HD_OUTCOME_DELIVERED
           : report->reason == HD_REASON_CANCELED ? HD_OUTCOME_CANCELED
                                                  : HD_OUTCOME_FAILED);
    hd__schedule_leave(&worker->schedule, delivery, worker->now_us);
    hd__delivery_free(&worker->source, delivery);
    message->deliveries--;
    end_message_if_done(worker, message);
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

static int find_subscribers(struct hd__worker *worker, const struct hd__accepted *accepted) {
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
    link_message(worker, message);
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

/* Turns an accepted event into waiting deliveries: all of them, or none and HD_E_NO_MEMORY (HD_E_RANDOM). */
static int take_in(struct hd__worker *worker, const struct hd__accepted *accepted) {
    struct hd__message *message = NULL;
    int status = find_subscribers(worker, accepted);
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
        if (take_in(worker, &entries[taken]) != HD_OK) {
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

/* Takes the attempt of a delivery out of all lists. */
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

static void publish(struct hd__worker *worker) {
    count(worker, HD_COUNTER_WAITING, worker->schedule.held);
    count(worker, HD_COUNTER_IN_FLIGHT, worker->schedule.young + worker->schedule.old);
    if (!worker->progressed)
        return;
    worker->progressed = 0;
    uint64_t oldest = worker->first_message ? worker->first_message->id : hd__inbox_oldest(&worker->inbox);
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

static void cancel_under_way(struct hd__worker *worker) {
    while (worker->attempts) {
        struct hd__exchange *exchange = &worker->attempts->exchange;
        struct hd__delivery *delivery = exchange->owner;
        worker->transport->cancel(worker->transport, exchange);
        end_attempt(worker, delivery);
        hd__schedule_done(&worker->schedule, delivery, worker->now_us);
        cancel_delivery(worker, delivery);
    }
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
        if (take_in(worker, &accepted) != HD_OK) {
            fruitless++;
            continue;
        }
        fruitless = 0;
        hd__inbox_drop(&worker->inbox, 1);
        cancel_waiting(worker);
    }
}

void hd__worker_cancel_all(struct hd__worker *worker) {
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
    int more = intake(worker);
    hd__schedule_advance(&worker->schedule, worker->now_us);
    start_deliveries(worker);
    cancel_late_retries(worker);
    timeout_ms = until(worker, hd__schedule_advance(&worker->schedule, worker->now_us), timeout_ms);
    if (more || worker->progressed)
        timeout_ms = 0;
    else if (worker->short_of_memory)
        timeout_ms = timeout_ms < RETRY_MS ? timeout_ms : RETRY_MS;
    else if (worker->now_us - worker->busy_us < NAPS_US)
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
    int status = hd__inbox_init(&made->inbox, config->max_events, config->max_bytes, first_id);
    if (status != HD_OK)
        goto no_inbox;
    status = hd__schedule_init(&made->schedule, &made->source, config->max_in_flight, &config->pause_rule);
    if (status != HD_OK)
        goto no_schedule;
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

static int submit(struct hd__worker *worker, hd_event *event, hd_webhook *target, uint64_t *id) {
    int wake;
    int status = hd__inbox_push(&worker->inbox, event, target, hd__monotonic_us(worker->clock), id, &wake);
    if (wake)
        worker->transport->wake(worker->transport);
    return status;
}

int hd__worker_submit(struct hd__worker *worker, hd_event *event, uint64_t *id) {
    return submit(worker, event, NULL, id);
}

static int64_t deadline(uint32_t timeout_ms) {
    return hd__monotonic_us(&hd__system_clock) + (int64_t)timeout_ms * 1000;
}

static void remove_waiter(struct hd__worker *worker, struct waiter *waiter) {
    struct waiter **at = &worker->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

int hd__worker_test(struct hd__worker *worker, hd_event *event, hd_webhook *webhook, uint32_t timeout_ms,
                    hd_report **report) {
    struct waiter waiter = {0};
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    pthread_mutex_lock(&worker->progress.mutex); /* the report cannot be handed over before the waiter is listed */
    int status = submit(worker, event, webhook, &waiter.event_id);
    if (status == HD_OK) {
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
    int status = hd__webhooks_put(worker->webhooks, snapshot, hd__inbox_next(&worker->inbox));
    hd__webhooks_forget(worker->webhooks, hd__inbox_oldest(&worker->inbox));
    return status;
}

int hd__worker_remove_webhook(struct hd__worker *worker, const char *id) {
    int status = hd__webhooks_remove(worker->webhooks, id, hd__inbox_next(&worker->inbox));
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
    return hd__worker_counter(worker, HD_COUNTER_CANCELED) > 0 ? HD_E_TIMEOUT : HD_OK;
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
    free_messages(worker);
    destroy_pools(worker);
    free(worker->subscribers.items);
    hd__monitor_destroy(&worker->progress);
    hd__inbox_destroy(&worker->inbox);
    free(worker);
}
