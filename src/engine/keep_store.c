/* The keeper that uses a store: the functions that the ledger calls. */
#include "engine/keep_store.h"

#include "endpoint/webhook.h"
#include "engine/keep_store_inside.h"

#include <stdlib.h>
#include <string.h>

#define ASK_AGAIN_US ((int64_t)5 * 1000)
#define RESULTS_WAIT_US ((int64_t)5 * 1000)

static struct hd__keep_store *of(const struct hd__keeper *keeper) {
    return (struct hd__keep_store *)keeper;
}

static int may_begin(const struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    int is_safe = keep->state.owned == 0 || /* then there are only tests to begin */
                  keeper->ledger->now_us < atomic_load_explicit(&keep->storer->safe_until_us, memory_order_relaxed);
    return keep->step_status == HD_OK && keep->look_status == HD_OK && is_safe;
}

static int status_of(struct hd__keeper *keeper) {
    return atomic_load(&of(keeper)->status);
}

static int has_events(const struct hd__keep_store *keep) {
    struct hd__inbox *inbox = &keep->base.ledger->inbox;
    return keep->outbox.event_count > 0 || hd__inbox_oldest(inbox) != hd__inbox_next(inbox);
}

/* If callers wait for commits, results are collected for a few milliseconds: the steps in between, which have events
 * only, write half as many pages. Returns until when; 0 if results do not wait. */
static int64_t results_wait_until(const struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    int64_t until_us = keep->settled_us + RESULTS_WAIT_US;
    int waits = keep->commits && keep->outbox.settled_count > 0 && !keep->is_urgent && !keep->is_closing &&
                !keep->is_frozen && !keep->results_only && keep->note_count == 0 && !keep->state.leaving &&
                !hd__backlog_has_hungry(&ledger->schedule) && !hd__ledger_is_asked(ledger);
    return waits && ledger->now_us < until_us ? until_us : 0;
}

int hd__keep_results_wait(const struct hd__keep_store *keep) {
    return results_wait_until(keep) != 0;
}

/* Until when there is nothing to do but to wait for results. */
static int64_t waits_until(const struct hd__keep_store *keep) {
    return has_events(keep) ? 0 : results_wait_until(keep);
}

static int may_hand_over(const struct hd__keep_store *keep) {
    int64_t now_us = keep->base.ledger->now_us;
    return hd__storer_phase(keep->storer) == HD__STORER_IDLE && now_us >= keep->try_at_us &&
           now_us >= waits_until(keep);
}

void hd__keep_turn(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    hd__storer_look(keep->storer);
    if (hd__storer_phase(keep->storer) == HD__STORER_FINISHED)
        hd__keep_take_step(keep);
    else
        hd__keep_take_news(keep);
    hd__keep_sweep(keep);
    if (may_hand_over(keep))
        hd__keep_hand_over(keep);
    if (hd__storer_phase(keep->storer) == HD__STORER_FINISHED) /* it was made at once */
        hd__keep_take_step(keep);
}

static int has_more(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    return hd__storer_phase(keep->storer) == HD__STORER_FINISHED ||
           (may_hand_over(keep) && (keep->outbox.settled_count > 0 || keep->note_count > 0 || has_events(keep) ||
                                    hd__backlog_has_hungry(&keeper->ledger->schedule)));
}

static uint64_t stored_below(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    return keep->outbox.event_count ? keep->outbox.entries[0].sequence : hd__inbox_oldest(&keep->base.ledger->inbox);
}

/* Whether somebody wants to know what has ended, and the store, which has nothing else to do, knows more than was
 * told. */
static int wants_to_ask(struct hd__keep_store *keep) {
    return hd__ledger_is_asked(keep->base.ledger) && !keep->flush.is_asked &&
           hd__storer_phase(keep->storer) == HD__STORER_IDLE && keep->flush.ended_below < stored_below(&keep->base);
}

static int64_t wakes_at(const struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    int64_t results_us = waits_until(keep);
    int64_t at_us = keep->step_status != HD_OK ? keep->try_at_us : results_us ? results_us : INT64_MAX;
    return wants_to_ask(keep) && keep->flush.ask_at_us < at_us ? keep->flush.ask_at_us : at_us;
}

/* ---- Settlements ---- */

static int keeps_retry(const struct hd__keeper *keeper, const struct hd__delivery *delivery) {
    const struct hd__keep_store *keep = of(keeper);
    return !keep->is_closing && delivery->webhook->ordered &&
           hd__schedule_shard_is_open(&keeper->ledger->schedule, delivery->lane);
}

size_t hd__keep_counts(const struct hd__delivery *delivery) {
    return delivery->row && delivery->report->reason != HD_REASON_DISCARDED;
}

static void settle(struct hd__keeper *keeper, struct hd__delivery *delivery) {
    struct hd__keep_store *keep = of(keeper);
    keep->busy_rows += hd__keep_counts(delivery);
    if (keep->outbox.settled_count == 0)
        keep->settled_us = keeper->ledger->now_us;
    keep->is_urgent |= delivery->webhook->ordered || delivery->message->is_test; /* somebody waits for it */
    hd__outbox_add_settled(&keep->outbox, delivery);
}

static int is_busy(const struct hd__keeper *keeper) {
    const struct hd__keep_store *keep = of(keeper);
    return keep->outbox.settled_count + keep->outbox.result_count + keep->outbox.event_count + keep->claim_count > 0;
}

static void note_state(struct hd__keeper *keeper, const struct hd__lane *lane) {
    struct hd__keep_store *keep = of(keeper);
    const struct hd__lane_note note = hd__lane_note_of(lane, keeper->ledger->now_us);
    if (note.webhook == 0)
        return;
    hd__keep_add_note(keep->notes, &keep->note_count, &note);
}

static void count(const struct hd__keeper *keeper, uint64_t *waiting, uint64_t *stored) {
    const struct hd__keep_store *keep = of(keeper);
    const struct hd__schedule *schedule = &keeper->ledger->schedule;
    uint64_t busy = keep->busy_rows + schedule->young + schedule->old;
    *stored = keep->state.waiting;
    *waiting = *stored > busy ? *stored - busy : 0;
}

/* ---- Whether everything has ended ---- */

/* A question is asked again until all that it is about has ended; what came meanwhile is the next one's. */
static void ask(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__flush *flush = &keep->flush;
    if (!wants_to_ask(keep) || ledger->now_us < flush->ask_at_us)
        return;
    if (!flush->is_open) {
        flush->is_open = 1;
        flush->sequence = stored_below(&keep->base);
        flush->row = keep->state.last_row;
    }
    flush->is_asked = 1;
    hd__storer_ask_left(keep->storer, ~UINT64_C(0), flush->row); /* other clients deliver some of it */
}

static void take_answer(struct hd__keep_store *keep) {
    struct hd__flush *flush = &keep->flush;
    int is_left = flush->is_asked ? hd__storer_answer(keep->storer) : -1;
    if (is_left < 0 || hd__storer_phase(keep->storer) == HD__STORER_FINISHED)
        return; /* it may be about a step whose results nobody has been told yet */
    flush->is_asked = 0;
    flush->ask_at_us = keep->base.ledger->now_us + (is_left ? ASK_AGAIN_US : 0);
    flush->is_open = is_left;
    if (!is_left)
        flush->ended_below = flush->sequence;
}

static uint64_t ended_below(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    const struct hd__message *test = keeper->ledger->first_message;
    take_answer(keep);
    ask(keep);
    take_answer(keep);
    return test && test->sequence < keep->flush.ended_below ? test->sequence : keep->flush.ended_below;
}

static int start(struct hd__keeper *keeper) {
    return hd__storer_start(of(keeper)->storer);
}

/* ---- Webhooks ---- */

static int put_webhook(struct hd__keeper *keeper, hd_webhook *snapshot, uint64_t expected,
                       struct hd__change_note *note) {
    return hd__storer_put_webhook(of(keeper)->storer, snapshot, expected, hd__inbox_next(&keeper->ledger->inbox), note);
}

static int remove_webhook(struct hd__keeper *keeper, const char *id, struct hd__change_note *note) {
    return hd__storer_remove_webhook(of(keeper)->storer, id, hd__inbox_next(&keeper->ledger->inbox), note);
}

static int owns(const struct hd__keeper *keeper, const hd_webhook *webhook) {
    return (int)(atomic_load(&of(keeper)->owned) >> hd__shard_of(webhook->label->keys.webhook) & 1);
}

static int condition_of(struct hd__keeper *keeper, const hd_webhook *webhook, struct hd__condition *condition) {
    const struct hd__ledger *ledger = keeper->ledger;
    if (!owns(keeper, webhook))
        return hd__store_condition(of(keeper)->storer->store, webhook->id, condition);
    *condition = hd__lanes_condition(&keeper->ledger->schedule.lanes, webhook, hd__monotonic_us(ledger->clock));
    return HD_OK;
}

static int waiting(struct hd__keeper *keeper, const hd_webhook *webhook, uint64_t *count_, int64_t *since_ms) {
    struct hd_store *store = of(keeper)->storer->store;
    return store->ops->waiting(store, webhook->id, count_, since_ms);
}

static int discard(struct hd__keeper *keeper, const hd_webhook *webhook, uint64_t *count_,
                   struct hd__change_note *note) {
    return hd__storer_discard(of(keeper)->storer, webhook, count_, note);
}

/* ---- Life ---- */

static void free_keeper(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = of(keeper);
    hd__storer_stop(keep->storer);
    hd__storer_free(keep->storer);
    for (struct hd__told *told = keep->untaken, *next; told; told = next) {
        next = told->next;
        hd__told_free(told);
    }
    hd__outbox_destroy(&keep->outbox);
    hd__roster_destroy(&keep->roster);
    free(keep);
}

static const struct hd__keeper_ops ops = {
    .start = start,
    .turn = hd__keep_turn,
    .wakes_at = wakes_at,
    .has_more = has_more,
    .may_begin = may_begin,
    .is_busy = is_busy,
    .keeps_retry = keeps_retry,
    .settle = settle,
    .note_state = note_state,
    .ended_below = ended_below,
    .decided_below = stored_below,
    .count = count,
    .close = hd__keep_close,
    .put_webhook = put_webhook,
    .remove_webhook = remove_webhook,
    .owns = owns,
    .condition = condition_of,
    .waiting = waiting,
    .discard = discard,
    .status = status_of,
    .free = free_keeper,
};

/* Called on the thread of the store, so that a caller that waits for a commit does not have to wait for the loop too.
 */
static void tell_committed(void *user) {
    struct hd__keep_store *keep = user;
    if (keep->storer->step.event_count > 0)
        hd__keep_tell_committers(keep, HD_OK);
}

int hd__keep_store_new(struct hd__ledger *ledger, const struct hd__keep_store_config *config,
                       struct hd__keeper **keeper) {
    struct hd__keep_store *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    const struct hd__storer_config storer = {
        .store = config->store,
        .role = config->role,
        .key_window_ms = config->key_window_ms,
        .clock = ledger->clock,
        .policy = config->policy,
        .transport = config->transport,
        .webhooks = ledger->webhooks,
        .log = ledger->log,
        .committed = config->commits ? tell_committed : NULL,
        .user = made,
    };
    int status = hd__storer_new(&storer, &made->storer);
    if (status != HD_OK) {
        free(made);
        return status;
    }
    made->base = (struct hd__keeper){.ops = &ops, .ledger = ledger};
    made->commits = config->commits;
    ledger->schedule.open_shards = 0;
    hd__keep_take_news(made);
    *keeper = &made->base;
    return HD_OK;
}
