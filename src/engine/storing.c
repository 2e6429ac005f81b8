#include "base/clock.h"
#include "endpoint/webhook.h"
#include "engine/retry.h"
#include "engine/worker_inside.h"
#include "event/event.h"
#include "store/durable.h"

#include <string.h>

#define INTAKE 256          /* events of a step, */
#define DELIVERIES_MAX 8192 /* and about so many deliveries */
#define TRY_AGAIN_US ((int64_t)200 * 1000)
#define MAINTAIN_US ((int64_t)1000 * 1000)
#define FRUITLESS_MAX 3 /* times that a closing worker tries to store what is left */

/* What was taken from the inbox for one step. */
struct batch {
    struct hd__accepted entries[INTAKE];
    struct hd__message *messages[INTAKE]; /* NULL for what needs none: tests, and what nobody wants */
    size_t count;
};

/* ---- Events that have come ---- */

static int add_delivery(struct hd__worker *worker, hd_webhook *webhook) {
    char text[HD__UUID_SIZE];
    unsigned char id[HD__UUID_BYTES];
    struct hd__lane *lane = hd__schedule_lane(&worker->schedule, webhook);
    int status = lane ? hd__uuid_new(&worker->source.uuids, worker->clock, text) : HD_E_NO_MEMORY;
    if (status != HD_OK)
        return status;
    hd__uuid_parse(text, id);
    return hd__outbox_add_delivery(&worker->outbox, lane, webhook, id);
}

static int add_deliveries(struct hd__worker *worker) {
    const struct hd_webhook_list *subscribers = &worker->subscribers;
    int status = HD_OK;
    size_t added = 0;
    while (added < subscribers->count && (status = add_delivery(worker, subscribers->items[added])) == HD_OK)
        added++;
    if (status != HD_OK)
        hd__outbox_drop_event(&worker->outbox, added);
    return status;
}

static void free_message(struct hd__worker *worker, struct hd__message *message, int keeps_event) {
    if (keeps_event)
        message->event = NULL;
    hd__message_free(&worker->source.messages, message);
}

static struct hd__message *new_message(struct hd__worker *worker, const struct hd__accepted *accepted) {
    struct hd__message *message = hd__message_new(&worker->source.messages, accepted);
    if (message) {
        message->accepted_at_ms = worker->now_ms - (worker->now_us - message->accepted_us) / 1000;
        message->deliveries = 0;
        message->bytes = 0;
        message->is_stored = 1;
    }
    return message;
}

/* Adds an event to the step. *message stays NULL if nobody wants it. */
static int add_event(struct hd__worker *worker, const struct hd__accepted *accepted, struct hd__message **message) {
    struct hd__message *made = NULL;
    int status = hd__worker_find_subscribers(worker, accepted);
    if (status == HD_OK && worker->subscribers.count > 0) {
        made = new_message(worker, accepted);
        status = made ? hd__outbox_add_event(&worker->outbox, &worker->source.messages, made) : HD_E_NO_MEMORY;
        if (status == HD_OK)
            status = add_deliveries(worker);
    }
    hd__webhook_list_clear(&worker->subscribers);
    if (status == HD_OK)
        *message = made;
    else if (made)
        free_message(worker, made, 1);
    return status;
}

/* A test is not stored: whoever waits for it is gone after a crash. Its report is. */
static int add(struct hd__worker *worker, const struct hd__accepted *accepted, struct hd__message **message) {
    *message = NULL;
    return accepted->is_test ? hd__worker_take_in(worker, accepted) : add_event(worker, accepted, message);
}

/* Tests are done with at once, and so must not be taken a second time when the step fails: they end a batch. */
static void collect(struct hd__worker *worker, struct batch *batch) {
    size_t available = hd__inbox_peek(&worker->inbox, batch->entries, INTAKE);
    worker->short_of_memory = 0;
    batch->count = 0;
    while (batch->count < available && worker->outbox.delivery_count < DELIVERIES_MAX) {
        if (batch->entries[batch->count].is_test && batch->count > 0)
            return;
        if (add(worker, &batch->entries[batch->count], &batch->messages[batch->count]) != HD_OK) {
            worker->short_of_memory = 1;
            return;
        }
        if (batch->entries[batch->count++].is_test)
            return;
    }
}

/* ---- What the step has written ---- */

static void take_arrival(struct hd__worker *worker, size_t index) {
    struct hd__outbox *outbox = &worker->outbox;
    const struct hd__arrival *arrival = &outbox->arrivals[index];
    const struct hd__new_delivery *delivery = &outbox->deliveries[index];
    struct hd__message *message = outbox->messages[delivery->event];
    char text[HD__UUID_SIZE];
    hd__uuid_format(delivery->delivery_id, text);
    const struct hd__stored_delivery stored = {.row = delivery->row, .delivery_id = text};
    if (delivery->row <= arrival->lane->backlog.after_row) /* a claim of this step has brought it */
        return;
    if (!worker->is_closing && hd__schedule_takes(&worker->schedule, arrival->lane) &&
        hd__schedule_push_stored(&worker->schedule, arrival->lane, message, arrival->webhook, &stored,
                                 worker->now_us) == HD_OK)
        message->deliveries++;
    else
        hd__schedule_leave_stored(&worker->schedule, arrival->lane, worker->now_us);
}

static void take_arrivals(struct hd__worker *worker) {
    struct hd__outbox *outbox = &worker->outbox;
    for (size_t i = 0; i < outbox->delivery_count; i++)
        take_arrival(worker, i);
    hd__outbox_clear(outbox);
}

/* The events of a batch are no longer the inbox's. */
static void leave_inbox(struct hd__worker *worker, const struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        const struct hd__accepted *accepted = &batch->entries[i];
        struct hd__message *message = batch->messages[i];
        if (accepted->is_test)
            continue;
        hd__inbox_release(&worker->inbox, accepted->event->size);
        hd_webhook_free(accepted->target);
        if (!message)
            hd_event_free(accepted->event);
        else if (message->deliveries > 0)
            hd__worker_link_message(worker, message);
        else
            free_message(worker, message, 0);
    }
    hd__inbox_drop(&worker->inbox, batch->count);
    if (batch->count > 0) {
        worker->busy_us = worker->now_us;
        worker->progressed = 1;
        hd__webhooks_forget(worker->webhooks, hd__inbox_oldest(&worker->inbox));
    }
}

/* The step has failed: the next one has the same events, unless somebody is told that they were not accepted. */
static void give_up_batch(struct hd__worker *worker, struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++)
        if (batch->messages[i] && !worker->commits) {
            free_message(worker, batch->messages[i], 1);
            batch->messages[i] = NULL;
        }
    hd__outbox_clear(&worker->outbox);
    if (worker->commits || (batch->count > 0 && batch->entries[0].is_test))
        leave_inbox(worker, batch);
}

/* Those whose events have these numbers are told. */
static void tell(struct hd__worker *worker, uint64_t first, uint64_t last, int status) {
    pthread_mutex_lock(&worker->progress.mutex);
    for (struct hd__committer **at = &worker->committers; *at;) {
        struct hd__committer *committer = *at;
        if (committer->event_id >= first && committer->event_id <= last) {
            *at = committer->next;
            committer->status = status;
            committer->is_done = 1;
        } else {
            at = &committer->next;
        }
    }
    pthread_cond_broadcast(&worker->progress.changed);
    pthread_mutex_unlock(&worker->progress.mutex);
}

static void tell_committers(struct hd__worker *worker, const struct batch *batch, int status) {
    if (worker->commits && batch->count > 0)
        tell(worker, batch->entries[0].id, batch->entries[batch->count - 1].id, status);
}

/* ---- Deliveries that are over ---- */

static void finish_result(struct hd__worker *worker, struct hd__delivery *delivery) {
    hd_report *report = delivery->report;
    if (delivery->next_report && !worker->is_closing) {
        delivery->report = delivery->next_report;
        delivery->next_report = NULL;
        hd__worker_publish_report(worker, report);
        hd__schedule_retry(&worker->schedule, delivery, delivery->retry_at_us);
        return;
    }
    if (delivery->result != HD__RESULT_RELEASED) {
        delivery->report = NULL;
        hd__worker_publish_report(worker, report);
    }
    if (delivery->result == HD__RESULT_RETRY)
        hd__schedule_comes_back(delivery->lane, delivery->retry_at_us);
    hd__worker_forget_delivery(worker, delivery);
}

static void finish_results(struct hd__worker *worker) {
    for (size_t left = worker->outbox.result_count; left > 0; left--)
        finish_result(worker, hd__outbox_take_result(&worker->outbox));
}

/* The store's clock: the wall's, but for its steps back. */
static int64_t store_now_ms(const struct hd__worker *worker) {
    const struct hd__outbox *outbox = &worker->outbox;
    int64_t steady_ms = outbox->now_ms ? outbox->now_ms + (worker->now_us - outbox->now_at_us) / 1000 : 0;
    return worker->now_ms > steady_ms ? worker->now_ms : steady_ms;
}

/* An ordered delivery stays in memory and keeps its place in the store before all that is new, so that after a restart
 * it is tried again at once. Without memory for its next report it leaves, as others do. */
static void plan_retry(struct hd__worker *worker, struct hd__delivery *delivery) {
    hd_report *report = delivery->report;
    int64_t delay_ms = hd__retry_delay_ms(delivery->webhook, report, delivery->tries, worker->clock);
    if (delay_ms < 1)
        delay_ms = 1;
    report->next_attempt_at_ms = worker->now_ms + delay_ms;
    delivery->result = HD__RESULT_RETRY;
    delivery->due_ms = store_now_ms(worker) + delay_ms;
    delivery->retry_at_us = worker->now_us + delay_ms * 1000;
    if (delivery->webhook->ordered && hd__delivery_next_report(&worker->source, delivery)) {
        delivery->next_report = delivery->report;
        delivery->report = report;
        delivery->due_ms = 0;
    }
}

void hd__storing_settle(struct hd__worker *worker, struct hd__delivery *delivery) {
    hd_report *report = delivery->report;
    if (hd__retry_allowed(delivery->webhook, report, delivery->tries)) {
        plan_retry(worker, delivery);
        hd__worker_close_report(worker, report, HD_OUTCOME_RETRYING);
    } else {
        delivery->result = HD__RESULT_ENDED;
        hd__worker_close_report(worker, report, hd__worker_outcome_of(report));
    }
    hd__outbox_add_result(&worker->outbox, delivery);
}

/* ---- Claims ---- */

static int push_claimed(struct hd__worker *worker, struct hd__lane *lane, hd_webhook *webhook, hd_event *event,
                        const struct hd__claimed *row, const struct hd__stored_delivery *stored) {
    int64_t age_ms = worker->now_ms - row->event.accepted_at_ms;
    struct hd__accepted accepted = {
        .event = event, .id = row->event.id, .at_us = worker->now_us - (age_ms > 0 ? age_ms : 0) * 1000};
    const unsigned char *redelivery_of = hd__durable_redelivery_of(&row->event);
    if (redelivery_of)
        memcpy(accepted.redelivery_of, redelivery_of, sizeof accepted.redelivery_of);
    struct hd__message *message = new_message(worker, &accepted);
    if (!message)
        return HD_E_NO_MEMORY;
    message->accepted_at_ms = row->event.accepted_at_ms;
    int status = hd__schedule_push_stored(&worker->schedule, lane, message, webhook, stored, worker->now_us);
    if (status != HD_OK) {
        free_message(worker, message, 1);
        return status;
    }
    message->deliveries = 1;
    hd__worker_link_message(worker, message);
    return HD_OK;
}

/* With the webhook as it is now, or, if it is gone, as it was last. */
static int take_event(struct hd__worker *worker, struct hd__lane *lane, hd_event *event, const struct hd__claimed *row,
                      const struct hd__stored_delivery *stored) {
    hd_webhook *webhook = hd__webhooks_get(worker->webhooks, lane->webhook_id);
    int status = push_claimed(worker, lane, webhook ? webhook : lane->webhook, event, row, stored);
    hd_webhook_free(webhook);
    return status;
}

/* Without memory the row stays for the next claim. One that cannot be read is left until the next start: it must not
 * hold up the others. */
static int take_claimed(void *user, size_t claim, const struct hd__claimed *row) {
    struct hd__worker *worker = user;
    struct hd__lane *lane = hd__schedule_claiming(&worker->schedule, claim);
    char text[HD__UUID_SIZE];
    hd_event *event = NULL;
    hd__uuid_format(row->delivery_id, text);
    const struct hd__stored_delivery stored = {
        .row = row->row,
        .due_ms = row->due_ms,
        .delivery_id = text,
        .tries = row->tries,
        .may_be_repeated = row->may_be_repeated,
    };
    int status = hd__durable_read_event(&row->event, &event);
    if (status == HD_E_STORE) {
        worker->outbox.unreadable++;
        hd__schedule_skip_stored(lane, &stored);
        return 1;
    }
    if (status == HD_OK && (status = take_event(worker, lane, event, row, &stored)) != HD_OK)
        hd_event_free(event);
    return status == HD_OK;
}

static void collect_claims(struct hd__worker *worker) {
    struct hd__outbox *outbox = &worker->outbox;
    outbox->claim_count =
        worker->is_closing ? 0 : hd__schedule_claims(&worker->schedule, outbox->claims, HD__CLAIMS_MAX);
}

/* ---- The exchange ---- */

static void note_status(struct hd__worker *worker, int status) {
    struct hd__outbox *outbox = &worker->outbox;
    if (status != HD_OK)
        outbox->try_at_us = worker->now_us + TRY_AGAIN_US;
    if (status != HD_OK && outbox->status == HD_OK)
        hd__log(&worker->log, HD_LOG_ERROR, "the store fails, and no attempt is begun until it works: %s (%s)",
                hd_strerror(status), outbox->store->error);
    if (status == HD_OK && outbox->status != HD_OK)
        hd__log(&worker->log, HD_LOG_INFO, "the store works again");
    outbox->status = status;
    atomic_store_explicit(&worker->store_status, status, memory_order_relaxed);
}

/* Behind the step, since the program's log function must not be called with a lock held. */
static void log_unreadable(struct hd__worker *worker) {
    if (worker->outbox.unreadable > 0)
        hd__log(&worker->log, HD_LOG_ERROR,
                "the events of %zu deliveries in the store cannot be read: they are left there",
                worker->outbox.unreadable);
    worker->outbox.unreadable = 0;
}

static void maintain(struct hd__worker *worker) {
    struct hd__outbox *outbox = &worker->outbox;
    int more = 0;
    if (worker->now_us < outbox->maintain_us)
        return;
    (void)outbox->store->ops->maintain(outbox->store, outbox->now_ms, &more);
    outbox->maintain_us = worker->now_us + (more ? 0 : MAINTAIN_US);
}

int hd__storing_may_start(const struct hd__worker *worker) {
    return worker->outbox.status == HD_OK;
}

static int step(struct hd__worker *worker, int results_only) {
    return hd__outbox_step(&worker->outbox, &worker->source.messages, results_only, take_claimed, worker);
}

/* Results come first: when the disk is full, what the store keeps free for that is theirs. */
static int step_or_results(struct hd__worker *worker, int *wrote_results) {
    int status = step(worker, 0);
    *wrote_results = status == HD_OK;
    if (status == HD_E_STORE_FULL && worker->outbox.result_count > 0)
        *wrote_results = step(worker, 1) == HD_OK;
    return status;
}

int hd__storing_exchange(struct hd__worker *worker) {
    struct hd__outbox *outbox = &worker->outbox;
    struct batch batch;
    int status = HD_OK, wrote_results = 0;
    if (outbox->status != HD_OK && worker->now_us < outbox->try_at_us)
        return 0;
    outbox->now_ms = store_now_ms(worker);
    outbox->now_at_us = worker->now_us;
    if (outbox->status == HD_E_STORE_FULL && outbox->result_count > 0 && step(worker, 1) == HD_OK)
        finish_results(worker); /* before new events take the room */
    collect(worker, &batch);
    collect_claims(worker);
    if (hd__outbox_has_work(outbox))
        status = step_or_results(worker, &wrote_results);
    note_status(worker, status);
    log_unreadable(worker);
    if (status == HD_OK) {
        take_arrivals(worker); /* first: their lanes may go when claims have found nothing */
        hd__schedule_claimed(&worker->schedule, outbox->claims, outbox->claim_count, worker->now_us, outbox->now_ms);
        leave_inbox(worker, &batch);
    } else {
        give_up_batch(worker, &batch);
    }
    if (wrote_results)
        finish_results(worker);
    tell_committers(worker, &batch, status);
    maintain(worker);
    return batch.count == INTAKE;
}

/* ---- The end ---- */

static void cancel(struct hd__worker *worker, struct hd__delivery *delivery) {
    if (delivery->row) {
        delivery->result = HD__RESULT_RELEASED;
    } else {
        delivery->result = HD__RESULT_ENDED;
        delivery->report->reason = HD_REASON_CANCELED;
        hd__worker_close_report(worker, delivery->report, HD_OUTCOME_CANCELED);
    }
    hd__outbox_add_result(&worker->outbox, delivery);
}

static void cancel_under_way(struct hd__worker *worker) {
    struct hd__delivery *delivery;
    while ((delivery = hd__worker_abandon_attempt(worker)))
        cancel(worker, delivery);
}

/* What waits is in the store; only tests are not. */
static void leave_waiting(struct hd__worker *worker) {
    struct hd__delivery *delivery;
    while ((delivery = hd__schedule_take_any(&worker->schedule))) {
        if (delivery->row)
            hd__worker_forget_delivery(worker, delivery);
        else
            cancel(worker, delivery);
    }
}

static int has_unwritten(struct hd__worker *worker) {
    return worker->outbox.result_count > 0 || hd__inbox_counter(&worker->inbox, HD_COUNTER_PENDING) > 0;
}

void hd__storing_cancel_all(struct hd__worker *worker) {
    struct hd__outbox *outbox = &worker->outbox;
    int fruitless = 0;
    worker->is_closing = 1;
    cancel_under_way(worker);
    leave_waiting(worker);
    while (has_unwritten(worker) && fruitless < FRUITLESS_MAX) {
        outbox->try_at_us = 0;
        hd__storing_exchange(worker);
        leave_waiting(worker); /* tests that were still in the inbox */
        fruitless = outbox->status == HD_OK && !worker->short_of_memory ? 0 : fruitless + 1;
    }
    tell(worker, 0, UINT64_MAX, outbox->status != HD_OK ? outbox->status : HD_E_NO_MEMORY); /* what was not tried */
    int is_clean = !has_unwritten(worker);
    while (outbox->result_count > 0)
        hd__worker_forget_delivery(worker, hd__outbox_take_result(outbox));
    leave_waiting(worker); /* those that waited for another one of their ticket */
    if (outbox->store->ops->end(outbox->store, is_clean) != HD_OK || !is_clean)
        hd__log(
            &worker->log, HD_LOG_ERROR,
            "the store failed at close: what was under way is delivered again, and events of the last moment may be "
            "lost");
    if (outbox->state.waiting > 0 && !outbox->store->is_reader)
        hd__log(&worker->log, HD_LOG_INFO, "closed with %llu deliveries left in the store",
                (unsigned long long)outbox->state.waiting);
}
