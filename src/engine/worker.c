#include "engine/worker.h"

#include "engine/keep_memory.h"
#include "engine/keep_store.h"
#include "engine/worker_inside.h"

#include <stdlib.h>

#define NAP_MS 1
#define NAPS_US ((int64_t)20 * 1000) /* how long the worker naps before it sleeps */
#define RETRY_MS 50                  /* until memory is tried again */
#define SLEEP_MS 60000               /* at the longest; what is waited for wakes the worker */

/* ---- Changes and questions of other threads ---- */

static void follow_changes(struct hd__worker *worker) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd_webhook_list *changes = &worker->changes;
    hd__webhooks_take_changes(ledger->webhooks, changes);
    for (size_t i = 0; i < changes->count; i++)
        hd__schedule_follow(&ledger->schedule, changes->items[i], ledger->now_us);
    hd__webhook_list_clear(changes);
}

static void count_waiting(const struct hd__ledger *ledger, const struct hd__lane *lane, struct hd__waiting *item) {
    int is_waiting = lane && lane->oldest_us != INT64_MAX;
    item->count = lane ? lane->held : 0;
    item->since_ms = is_waiting ? ledger->now_ms - (ledger->now_us - lane->oldest_us) / 1000 : 0;
}

static void answer(struct hd__worker *worker, struct hd__question *question) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__schedule *schedule = &ledger->schedule;
    struct hd__lane *lane;
    for (size_t i = 0; i < question->count; i++)
        if ((lane = hd__lanes_find(&schedule->lanes, question->items[i].webhook)))
            hd__schedule_note_fresh(lane);
    hd__schedule_note_retries(schedule);
    for (size_t i = 0; i < question->count; i++) {
        lane = hd__lanes_find(&schedule->lanes, question->items[i].webhook);
        count_waiting(ledger, lane, &question->items[i]);
        if (lane && question->is_discard)
            hd__schedule_discard(schedule, lane, (int64_t)question->up_to, ledger->now_us);
    }
}

static void answer_questions(struct hd__worker *worker) {
    struct hd__monitor *progress = &worker->ledger.progress;
    if (!atomic_load_explicit(&worker->has_questions, memory_order_relaxed))
        return;
    pthread_mutex_lock(&progress->mutex);
    atomic_store(&worker->has_questions, 0);
    for (struct hd__question *question; (question = worker->questions);) {
        worker->questions = question->next;
        answer(worker, question);
        question->is_answered = 1;
    }
    pthread_cond_broadcast(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
}

/* ---- The loop ---- */

/* How long the loop may sleep, at most timeout_ms, if something is to be done at due_us. */
static int until(const struct hd__worker *worker, int64_t due_us, int timeout_ms) {
    int64_t now_us = hd__monotonic_us(worker->ledger.clock);
    int64_t left_ms = due_us <= now_us ? 0 : due_us == INT64_MAX ? INT64_MAX : (due_us - now_us + 999) / 1000;
    return left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

static int at_most(int timeout_ms, int limit_ms) {
    return timeout_ms < limit_ms ? timeout_ms : limit_ms;
}

/* The worker naps before it sleeps: to be woken costs the caller of hd_webhook_send() more than a thousand times what a
 * look costs the worker, and where one event came, another one often follows. */
static int time_to_sleep(struct hd__worker *worker, int timeout_ms) {
    struct hd__ledger *ledger = &worker->ledger;
    timeout_ms = until(worker, hd__schedule_advance(&ledger->schedule, ledger->now_us), timeout_ms);
    timeout_ms = until(worker, ledger->keeper->ops->wakes_at(ledger->keeper), timeout_ms);
    timeout_ms = until(worker, atomic_load(&ledger->closes_at_us), timeout_ms);
    if (ledger->progressed)
        return 0;
    if (ledger->short_of_memory)
        return at_most(timeout_ms, RETRY_MS);
    if (ledger->keeper->ops->has_more(ledger->keeper))
        return 0;
    if (!worker->waits && ledger->now_us - ledger->busy_us < NAPS_US)
        return at_most(timeout_ms, NAP_MS);
    if (!hd__inbox_sleep(&ledger->inbox) && ledger->keeper->ops->has_more(ledger->keeper))
        return 0;
    return timeout_ms;
}

void hd__worker_turn(struct hd__worker *worker, int timeout_ms) {
    struct hd__ledger *ledger = &worker->ledger;
    struct hd__transport *transport = worker->attempts.transport;
    hd__ledger_look_at_clock(ledger);
    ledger->short_of_memory = 0;
    follow_changes(worker);
    hd__ledger_hold_tests(ledger);
    ledger->keeper->ops->turn(ledger->keeper);
    answer_questions(worker);
    hd__schedule_advance(&ledger->schedule, ledger->now_us);
    hd__attempts_begin(&worker->attempts);
    timeout_ms = time_to_sleep(worker, timeout_ms);
    hd__ledger_publish(ledger);
    transport->wait(transport, hd__ledger_is_over(ledger) ? 0 : timeout_ms);
    hd__ledger_look_at_clock(ledger);
    hd__attempts_collect(&worker->attempts);
    hd__ledger_publish(ledger);
}

void hd__worker_cancel_all(struct hd__worker *worker) {
    struct hd__ledger *ledger = &worker->ledger;
    uint64_t before = hd__ledger_counter(ledger, HD_COUNTER_CANCELED);
    hd__ledger_look_at_clock(ledger);
    hd__attempts_abandon(&worker->attempts);
    int is_left = ledger->keeper->ops->close(ledger->keeper);
    uint64_t canceled = hd__ledger_counter(ledger, HD_COUNTER_CANCELED) - before;
    worker->left_something = is_left || canceled > 0;
    if (canceled > 0)
        hd__log(&ledger->log, HD_LEVEL_WARNING, "closed with %llu deliveries canceled", (unsigned long long)canceled);
    ledger->progressed = 1;
    hd__ledger_publish(ledger);
}

static void *run(void *argument) {
    struct hd__worker *worker = argument;
    struct hd__monitor *progress = &worker->ledger.progress;
    pthread_mutex_lock(&progress->mutex); /* until hd__worker_start has written the thread's id */
    pthread_mutex_unlock(&progress->mutex);
    do
        hd__worker_turn(worker, SLEEP_MS);
    while (!hd__ledger_is_over(&worker->ledger));
    hd__worker_cancel_all(worker);
    answer_questions(worker);
    pthread_mutex_lock(&progress->mutex);
    worker->ended = 1;
    hd__notifier_set(worker->ledger.notifier, HD__NOTIFY_END, 1);
    pthread_cond_broadcast(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

int hd__worker_start(struct hd__worker *worker) {
    struct hd__monitor *progress = &worker->ledger.progress;
    struct hd__keeper *keeper = worker->ledger.keeper;
    int status = keeper->ops->start(keeper);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&progress->mutex);
    status = hd__thread_start(&worker->thread, run, worker);
    atomic_store(&worker->has_thread, status == HD_OK);
    pthread_mutex_unlock(&progress->mutex);
    return status;
}

/* ---- Life ---- */

static int make_keeper(struct hd__worker *worker, const struct hd__worker_config *config) {
    struct hd__ledger *ledger = &worker->ledger;
    if (!config->store)
        return hd__keep_memory_new(ledger, &ledger->keeper);
    const struct hd__keep_store_config store = {
        .store = config->store,
        .role = config->role,
        .policy = config->policy,
        .transport = config->transport,
        .commits = config->accept_mode == HD_ACCEPT_COMMITTED || config->accept_mode == HD_ACCEPT_ASYNC,
        .key_window_ms = config->key_window_ms,
    };
    return hd__keep_store_new(ledger, &store, &ledger->keeper);
}

static int init_ledger(struct hd__ledger *ledger, const struct hd__worker_config *config) {
    const struct hd__ledger_config own = {
        .max_events = config->max_events,
        .max_bytes = config->max_bytes,
        .max_commits = config->accept_mode == HD_ACCEPT_ASYNC ? config->max_events : 0,
        .max_in_flight = config->max_in_flight,
        .rules = config->rules,
        .clock = config->clock,
        .webhooks = config->webhooks,
        .ring = config->ring,
        .jobs = config->jobs,
        .notifier = config->notifier,
        .log = config->log,
    };
    return hd__ledger_init(ledger, &own);
}

static void set_up(struct hd__worker *worker, const struct hd__worker_config *config) {
    struct hd__ledger *ledger = &worker->ledger;
    worker->key_window_ms = config->key_window_ms;
    worker->waits = config->store && config->accept_mode == HD_ACCEPT_COMMITTED;
    worker->tells = config->store && config->accept_mode == HD_ACCEPT_ASYNC;
    ledger->ended_below = ledger->keeper->ops->ended_below(ledger->keeper);
    ledger->decided_below = ledger->keeper->ops->decided_below(ledger->keeper);
}

int hd__worker_new(const struct hd__worker_config *config, struct hd__worker **worker) {
    struct hd__worker *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    int status = init_ledger(&made->ledger, config);
    if (status != HD_OK)
        goto no_ledger;
    status = hd__attempts_init(&made->attempts, &made->ledger, config->transport);
    if (status != HD_OK)
        goto no_attempts;
    status = hd__known_keys_init(&made->known_keys, config->clock);
    if (status != HD_OK)
        goto no_keys;
    status = make_keeper(made, config);
    if (status == HD_OK) {
        set_up(made, config);
        *worker = made;
        return HD_OK;
    }
    hd__known_keys_destroy(&made->known_keys);
no_keys:
    hd__attempts_destroy(&made->attempts);
no_attempts:
    hd__ledger_destroy(&made->ledger);
no_ledger:
    free(made);
    return status;
}

void hd__worker_free(struct hd__worker *worker) {
    worker->ledger.keeper->ops->free(worker->ledger.keeper);
    hd__known_keys_destroy(&worker->known_keys);
    hd__attempts_destroy(&worker->attempts);
    hd__ledger_destroy(&worker->ledger);
    hd__webhook_list_clear(&worker->changes);
    free(worker->changes.items);
    free(worker);
}
