/* What other threads ask of a worker: the door to the loop. */
#include "engine/worker_inside.h"

#include "event/event.h"
#include "store/report.h"

#include <string.h>

#define ABORT_MS 5000
#define ASKED_US ((int64_t)1000 * 1000)

int hd__worker_is_self(struct hd__worker *worker) {
    return atomic_load(&worker->has_thread) && pthread_equal(pthread_self(), worker->thread);
}

static void wake(struct hd__worker *worker) {
    worker->attempts.transport->wake(worker->attempts.transport);
}

static int64_t deadline(uint32_t timeout_ms) {
    return hd__monotonic_us(&hd__system_clock) + (int64_t)timeout_ms * 1000;
}

/* ---- Events come in ---- */

static int submit(struct hd__worker *worker, struct hd__accepted *accepted) {
    int must_wake;
    accepted->at_us = hd__monotonic_us(worker->ledger.clock);
    int status = hd__inbox_push(&worker->ledger.inbox, accepted, &must_wake);
    if (must_wake)
        wake(worker);
    return status;
}

/* The worker cannot be done with the event before the caller is listed, since it needs the mutex for that. */
static int submit_and_wait(struct hd__worker *worker, struct hd__accepted *accepted) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__committer committer = {0};
    if (hd__worker_is_self(worker))
        return HD_E_WRONG_THREAD;
    if (pthread_cond_init(&committer.told, NULL) != 0)
        return HD_E_NO_MEMORY;
    pthread_mutex_lock(&ledger->progress.mutex);
    int status = submit(worker, accepted);
    if (status == HD_OK) {
        committer.sequence = accepted->sequence;
        memcpy(committer.event_id, accepted->event_id, sizeof committer.event_id);
        committer.next = ledger->committers;
        ledger->committers = &committer; // cppcheck-suppress autoVariables ; the worker takes it out
        while (!committer.is_done)
            pthread_cond_wait(&committer.told, &ledger->progress.mutex);
        status = committer.status;
        memcpy(accepted->event_id, committer.event_id, sizeof committer.event_id);
    }
    pthread_mutex_unlock(&ledger->progress.mutex);
    pthread_cond_destroy(&committer.told);
    return status;
}

/* An event whose key was used lately is that event, and does not come in again. */
static int submit_once(struct hd__worker *worker, struct hd__accepted *accepted, const char *key) {
    struct hd__known_keys *keys = &worker->known_keys;
    const char *project = hd_event_get(accepted->event, HD_FIELD_PROJECT, NULL);
    int status = HD_OK;
    pthread_mutex_lock(&keys->mutex);
    if (!hd__known_keys_find(keys, project, key, worker->key_window_ms, accepted->event_id)) {
        status = submit(worker, accepted);
        if (status == HD_OK)
            (void)hd__known_keys_add(keys, project, key, accepted->event_id);
    }
    pthread_mutex_unlock(&keys->mutex);
    return status;
}

static int submit_at_once(struct hd__worker *worker, struct hd__accepted *accepted) {
    const char *key = accepted->target ? NULL : hd_event_get(accepted->event, HD_FIELD_IDEMPOTENCY_KEY, NULL);
    return key ? submit_once(worker, accepted, key) : submit(worker, accepted);
}

/* With a store, hd__commits gets the outcome later; without one it gets it at once. */
static int submit_and_tell(struct hd__worker *worker, struct hd__accepted *accepted) {
    struct hd__ledger *ledger = &worker->ledger;
    int status = HD_E_QUEUE_FULL;
    pthread_mutex_lock(&ledger->commits.mutex);
    if (!hd__commits_has_room(&ledger->commits))
        hd__inbox_refuse(&ledger->inbox);
    else
        status = worker->tells ? submit(worker, accepted) : submit_at_once(worker, accepted);
    if (status == HD_OK)
        hd__commits_add(&ledger->commits, accepted, !worker->tells);
    pthread_mutex_unlock(&ledger->commits.mutex);
    return status;
}

static int enter(struct hd__worker *worker, struct hd__accepted *accepted, unsigned char id[HD__UUID_BYTES]) {
    int is_async = worker->ledger.commits.capacity > 0;
    int status = is_async        ? submit_and_tell(worker, accepted)
                 : worker->waits ? submit_and_wait(worker, accepted)
                                 : submit_at_once(worker, accepted);
    memcpy(id, accepted->event_id, HD__UUID_BYTES);
    return status;
}

int hd__worker_submit(struct hd__worker *worker, hd_event *event, unsigned char id[HD__UUID_BYTES]) {
    struct hd__accepted accepted = {.event = event};
    return enter(worker, &accepted, id);
}

int hd__worker_redeliver(struct hd__worker *worker, const hd_report *report, hd_webhook *webhook,
                         unsigned char id[HD__UUID_BYTES]) {
    struct hd__accepted accepted = {.event = report->event, .target = webhook};
    hd__uuid_parse(report->delivery_id, accepted.redelivery_of);
    return enter(worker, &accepted, id);
}

static void remove_waiter(struct hd__ledger *ledger, struct hd__waiter *waiter) {
    struct hd__waiter **at = &ledger->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

int hd__worker_test(struct hd__worker *worker, hd_event *event, hd_webhook *webhook, uint32_t timeout_ms,
                    hd_report **report) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__waiter waiter = {0};
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    struct hd__accepted accepted = {.event = event, .target = webhook, .is_test = 1};
    int status = hd__worker_store_status(worker);
    if (status != HD_OK) /* it would wait in vain */
        return status;
    pthread_mutex_lock(&ledger->progress.mutex); /* the report cannot be handed over before the waiter is listed */
    status = submit(worker, &accepted);
    if (status == HD_OK) {
        waiter.sequence = accepted.sequence;
        waiter.next = ledger->waiters;
        ledger->waiters = &waiter; // cppcheck-suppress autoVariables ; it is taken out below
        while (!waiter.report && in_time)
            in_time = hd__monitor_wait(&ledger->progress, until);
        remove_waiter(ledger, &waiter);
        status = waiter.report ? HD_OK : HD_E_TIMEOUT;
    }
    pthread_mutex_unlock(&ledger->progress.mutex);
    *report = waiter.report;
    return status;
}

/* ---- Webhooks ---- */

/* A change applies to the events that are accepted after it. For the events before it, it has to be decided first which
 * webhooks get them. If the store fails, that is not possible, and the change will fail as well. */
static void decide_accepted(struct hd__worker *worker) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__keeper *keeper = ledger->keeper;
    uint64_t target = hd__inbox_next(&ledger->inbox);
    if (!atomic_load(&worker->has_thread) && !worker->ended)
        keeper->ops->turn(keeper);
    if (!atomic_load(&worker->has_thread) || hd__worker_is_self(worker))
        return;
    pthread_mutex_lock(&ledger->progress.mutex);
    while (ledger->decided_below < target && !worker->ended && keeper->ops->status(keeper) == HD_OK)
        hd__monitor_wait(&ledger->progress, hd__monotonic_us(&hd__system_clock) + ASKED_US);
    pthread_mutex_unlock(&ledger->progress.mutex);
}

int hd__worker_put_webhook(struct hd__worker *worker, hd_webhook *snapshot, uint64_t expected,
                           struct hd__change_note *note) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    decide_accepted(worker);
    int status = keeper->ops->put_webhook(keeper, snapshot, expected, note);
    if (status == HD_OK)
        wake(worker);
    return status;
}

int hd__worker_remove_webhook(struct hd__worker *worker, const char *id, struct hd__change_note *note) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    decide_accepted(worker);
    int status = keeper->ops->remove_webhook(keeper, id, note);
    if (status == HD_OK)
        wake(worker);
    return status;
}

int hd__worker_condition(struct hd__worker *worker, const hd_webhook *webhook, struct hd__condition *condition) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    return keeper->ops->condition(keeper, webhook, condition);
}

int hd__worker_owns(struct hd__worker *worker, const hd_webhook *webhook) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    return keeper->ops->owns(keeper, webhook);
}

/* ---- What waits for a webhook ---- */

/* Lets the loop answer a question. After the loop has ended, nothing waits. */
static void ask(struct hd__worker *worker, struct hd__question *question) {
    struct hd__monitor *progress = &worker->ledger.progress;
    pthread_mutex_lock(&progress->mutex);
    int is_open = !worker->ended;
    if (is_open) {
        question->next = worker->questions;
        worker->questions = question;
        atomic_store(&worker->has_questions, 1);
        wake(worker);
    }
    while (is_open && !question->is_answered)
        hd__monitor_wait(progress, INT64_MAX);
    pthread_mutex_unlock(&progress->mutex);
}

static void ask_in_memory(struct hd__worker *worker, int is_discard, struct hd__waiting *items, size_t count) {
    struct hd__question question = {
        .items = items,
        .count = count,
        .is_discard = is_discard,
        .up_to = hd__inbox_next(&worker->ledger.inbox) - 1,
    };
    ask(worker, &question);
}

void hd__worker_count_waiting(struct hd__worker *worker, struct hd__waiting *items, size_t count) {
    ask_in_memory(worker, 0, items, count);
}

int hd__worker_waiting(struct hd__worker *worker, const hd_webhook *webhook, uint64_t *count, int64_t *since_ms) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    if (keeper->ops->waiting)
        return keeper->ops->waiting(keeper, webhook, count, since_ms);
    struct hd__waiting waiting = {.webhook = webhook};
    ask_in_memory(worker, 0, &waiting, 1);
    *count = waiting.count;
    *since_ms = waiting.since_ms;
    return HD_OK;
}

int hd__worker_discard(struct hd__worker *worker, const hd_webhook *webhook, uint64_t *count,
                       struct hd__change_note *note) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    if (keeper->ops->discard)
        return keeper->ops->discard(keeper, webhook, count, note);
    struct hd__waiting waiting = {.webhook = webhook};
    ask_in_memory(worker, 1, &waiting, 1);
    *count = waiting.count;
    return HD_OK;
}

/* ---- How far things have come ---- */

int hd__worker_store_status(struct hd__worker *worker) {
    struct hd__keeper *keeper = worker->ledger.keeper;
    return keeper->ops->status(keeper);
}

uint64_t hd__worker_counter(struct hd__worker *worker, int which) {
    return hd__ledger_counter(&worker->ledger, which);
}

/* Makes the loop find out what has ended, for a limited time: a caller that polls will call again. */
static void ask_for_end(struct hd__worker *worker) {
    struct hd__ledger *ledger = &worker->ledger;
    int64_t wanted_us = hd__monotonic_us(ledger->clock) + ASKED_US;
    int_fast64_t before_us = atomic_load(&ledger->asked_until_us);
    while (before_us < wanted_us && !atomic_compare_exchange_weak(&ledger->asked_until_us, &before_us, wanted_us))
        ;
}

int hd__worker_flush(struct hd__worker *worker, uint32_t timeout_ms) {
    struct hd__ledger *ledger = &worker->ledger;
    uint64_t target = hd__inbox_next(&ledger->inbox);
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    atomic_fetch_add(&ledger->end_waiters, 1);
    ask_for_end(worker);
    wake(worker);
    pthread_mutex_lock(&ledger->progress.mutex);
    while (ledger->ended_below < target && in_time)
        in_time = hd__monitor_wait(&ledger->progress, until);
    int ended = ledger->ended_below >= target;
    pthread_mutex_unlock(&ledger->progress.mutex);
    atomic_fetch_sub(&ledger->end_waiters, 1);
    return ended ? HD_OK : HD_E_TIMEOUT;
}

int hd__worker_next_report(struct hd__worker *worker, uint32_t timeout_ms, hd_report **report) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__log_ring *ring = ledger->source.ring;
    int64_t until = deadline(timeout_ms);
    int in_time = 1;
    pthread_mutex_lock(&ledger->progress.mutex);
    *report = hd__log_ring_next(ring, &ledger->reports_given, &ledger->reports_missed);
    while (!*report && !worker->ended && in_time) {
        in_time = hd__monitor_wait(&ledger->progress, until);
        *report = hd__log_ring_next(ring, &ledger->reports_given, &ledger->reports_missed);
    }
    int ended = worker->ended;
    hd__ledger_notify(ledger);
    pthread_mutex_unlock(&ledger->progress.mutex);
    return *report ? HD_OK : ended ? HD_E_CLOSED : HD_E_TIMEOUT;
}

/* After the loop has ended, all outcomes are there; so whether it has ended must be read before the queue. */
int hd__worker_next_commit(struct hd__worker *worker, struct hd__commit *commit) {
    struct hd__ledger *ledger = &worker->ledger;
    pthread_mutex_lock(&ledger->progress.mutex);
    int ended = worker->ended;
    pthread_mutex_unlock(&ledger->progress.mutex);
    return hd__commits_take(&ledger->commits, commit) ? HD_OK : ended ? HD_E_CLOSED : HD_E_TIMEOUT;
}

void hd__worker_notify(struct hd__worker *worker) {
    struct hd__ledger *ledger = &worker->ledger;
    hd__commits_notify(&ledger->commits);
    pthread_mutex_lock(&ledger->progress.mutex);
    hd__ledger_notify(ledger);
    hd__notifier_set(ledger->notifier, HD__NOTIFY_END, worker->ended);
    pthread_mutex_unlock(&ledger->progress.mutex);
}

/* ---- The end ---- */

/* Waits for a flag that progress guards. Returns it. */
static int wait_for_flag(struct hd__worker *worker, const int *flag, int64_t until) {
    struct hd__monitor *progress = &worker->ledger.progress;
    int in_time = 1;
    pthread_mutex_lock(&progress->mutex);
    while (!*flag && in_time)
        in_time = hd__monitor_wait(progress, until);
    int is_set = *flag;
    pthread_mutex_unlock(&progress->mutex);
    return is_set;
}

/* Joins the thread, whose loop is about to end. */
static void join(struct hd__worker *worker) {
    struct hd__monitor *progress = &worker->ledger.progress;
    if (atomic_exchange(&worker->is_joined, 1)) {
        wait_for_flag(worker, &worker->stopped, deadline(UINT32_MAX));
        return;
    }
    pthread_join(worker->thread, NULL);
    atomic_store(&worker->has_thread, 0);
    pthread_mutex_lock(&progress->mutex);
    worker->stopped = 1;
    pthread_cond_broadcast(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
}

void hd__worker_begin_stop(struct hd__worker *worker, uint32_t timeout_ms) {
    struct hd__ledger *ledger = &worker->ledger;
    hd__inbox_close(&ledger->inbox);
    hd__ledger_close_at(ledger, hd__monotonic_us(ledger->clock) + (int64_t)timeout_ms * 1000);
    wake(worker);
}

int hd__worker_await_stop(struct hd__worker *worker) {
    join(worker);
    return worker->left_something ? HD_E_TIMEOUT : HD_OK;
}

void hd__worker_abort(struct hd__worker *worker) {
    if (hd__worker_is_self(worker))
        return;
    hd__worker_begin_stop(worker, 0);
    if (wait_for_flag(worker, &worker->ended, deadline(ABORT_MS)))
        join(worker);
}
