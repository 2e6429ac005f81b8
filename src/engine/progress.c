/* The progress of a ledger, as other threads see it. */
#include "engine/ledger.h"

#include <string.h>

static void count(struct hd__ledger *ledger, int which, uint64_t value) {
    atomic_store_explicit(&ledger->counters[which - HD_COUNTER_ACCEPTED], value, memory_order_relaxed);
}

static void publish_counters(struct hd__ledger *ledger) {
    uint64_t waiting, stored;
    ledger->keeper->ops->count(ledger->keeper, &waiting, &stored);
    count(ledger, HD_COUNTER_IN_FLIGHT, ledger->schedule.young + ledger->schedule.old);
    count(ledger, HD_COUNTER_WAITING, waiting);
    count(ledger, HD_COUNTER_STORED, stored);
}

/* Whether nothing is to be done before this time. */
static int is_idle_until(struct hd__ledger *ledger, int64_t closes_at_us) {
    const struct hd__schedule *schedule = &ledger->schedule;
    const struct hd__timer *timer = hd__timers_first(&schedule->timers);
    return schedule->young + schedule->old == 0 && !schedule->ready[0].first && !schedule->ready[1].first &&
           !schedule->first_hungry && hd__inbox_oldest(&ledger->inbox) == hd__inbox_next(&ledger->inbox) &&
           (!timer || timer->due_us > closes_at_us) && !ledger->keeper->ops->is_busy(ledger->keeper);
}

/* ---- The end ---- */

static int64_t closes_at(const struct hd__ledger *ledger) {
    return atomic_load(&ledger->closes_at_us);
}

void hd__ledger_close_at(struct hd__ledger *ledger, int64_t closes_at_us) {
    int_fast64_t before_us = atomic_load(&ledger->closes_at_us);
    while (closes_at_us < before_us && !atomic_compare_exchange_weak(&ledger->closes_at_us, &before_us, closes_at_us))
        ;
}

int hd__ledger_is_over(struct hd__ledger *ledger) {
    int64_t closes_at_us = closes_at(ledger);
    return closes_at_us != INT64_MAX &&
           (ledger->now_us >= closes_at_us || ledger->ended_below >= hd__inbox_next(&ledger->inbox) ||
            is_idle_until(ledger, closes_at_us));
}

/* ---- What other threads are told ---- */

int hd__ledger_is_asked(const struct hd__ledger *ledger) {
    return closes_at(ledger) != INT64_MAX || atomic_load_explicit(&ledger->end_waiters, memory_order_relaxed) > 0 ||
           ledger->now_us < atomic_load_explicit(&ledger->asked_until_us, memory_order_relaxed);
}

void hd__ledger_publish(struct hd__ledger *ledger) {
    publish_counters(ledger);
    if (!ledger->progressed && !hd__ledger_is_asked(ledger))
        return;
    uint64_t ended_below = ledger->keeper->ops->ended_below(ledger->keeper);
    uint64_t decided_below = ledger->keeper->ops->decided_below(ledger->keeper);
    if (!ledger->progressed && ended_below == ledger->ended_below && decided_below == ledger->decided_below)
        return;
    ledger->progressed = 0;
    pthread_mutex_lock(&ledger->progress.mutex);
    ledger->ended_below = ended_below;
    ledger->decided_below = decided_below;
    hd__ledger_notify(ledger);
    pthread_cond_broadcast(&ledger->progress.changed);
    pthread_mutex_unlock(&ledger->progress.mutex);
}

void hd__ledger_notify(struct hd__ledger *ledger) {
    if (hd__notifier_is_open(ledger->notifier))
        hd__notifier_set(ledger->notifier, HD__NOTIFY_REPORT,
                         hd__log_ring_newest(ledger->source.ring) > ledger->reports_given);
}

static void tell(struct hd__committer **at, int status) {
    struct hd__committer *committer = *at;
    *at = committer->next;
    committer->status = status;
    committer->is_done = 1;
    pthread_cond_signal(&committer->told);
}

void hd__ledger_tell_committer(struct hd__ledger *ledger, uint64_t sequence, int status,
                               const unsigned char event_id[HD__UUID_BYTES]) {
    pthread_mutex_lock(&ledger->progress.mutex);
    struct hd__committer **at = &ledger->committers;
    while (*at && (*at)->sequence != sequence)
        at = &(*at)->next;
    if (*at) {
        memcpy((*at)->event_id, event_id, HD__UUID_BYTES);
        tell(at, status);
    }
    pthread_mutex_unlock(&ledger->progress.mutex);
    hd__commits_tell(&ledger->commits, sequence, status, event_id);
}

void hd__ledger_tell_committers(struct hd__ledger *ledger, int status) {
    pthread_mutex_lock(&ledger->progress.mutex);
    while (ledger->committers)
        tell(&ledger->committers, status);
    pthread_mutex_unlock(&ledger->progress.mutex);
    hd__commits_tell_all(&ledger->commits, status);
}

static uint64_t reports_missed(struct hd__ledger *ledger) {
    pthread_mutex_lock(&ledger->progress.mutex);
    uint64_t missed = ledger->reports_missed;
    pthread_mutex_unlock(&ledger->progress.mutex);
    return missed;
}

uint64_t hd__ledger_counter(struct hd__ledger *ledger, int which) {
    switch (which) {
    case HD_COUNTER_ACCEPTED:
    case HD_COUNTER_REFUSED:
    case HD_COUNTER_PENDING:
        return hd__inbox_counter(&ledger->inbox, which);
    case HD_COUNTER_REPORTS_MISSED:
        return reports_missed(ledger);
    case HD_COUNTER_WAITING:
    case HD_COUNTER_IN_FLIGHT:
    case HD_COUNTER_DELIVERED:
    case HD_COUNTER_FAILED:
    case HD_COUNTER_CANCELED:
    case HD_COUNTER_RETRIED:
    case HD_COUNTER_DROPPED:
    case HD_COUNTER_STORED:
        return atomic_load_explicit(&ledger->counters[which - HD_COUNTER_ACCEPTED], memory_order_relaxed);
    default:
        return 0;
    }
}
