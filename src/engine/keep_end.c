/* The end of a keeper over a store: what is not written yet is written, and the store is left. */
#include "engine/keep_store_inside.h"

#define FRUITLESS_MAX 3                 /* times that it is tried to store what is left */
#define CLOSE_US ((int64_t)5000 * 1000) /* until a step is interrupted */

/* Forgets waiting deliveries, which are in the store. Only tests are not: they are canceled. */
static void leave_waiting(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__delivery *delivery;
    hd__ledger_hold_tests(ledger);
    while ((delivery = hd__schedule_take_any(&ledger->schedule))) {
        if (delivery->row)
            hd__ledger_forget(ledger, delivery);
        else
            hd__ledger_end(ledger, delivery, HD_REASON_CANCELED);
    }
}

static int has_unwritten(struct hd__keep_store *keep) {
    return keep->outbox.settled_count + keep->outbox.result_count > 0 ||
           hd__inbox_counter(&keep->base.ledger->inbox, HD_COUNTER_PENDING) > 0;
}

/* Waits until the step that is under way has ended; one that takes too long is interrupted. */
static void await_step(struct hd__keep_store *keep) {
    int64_t now_us = hd__monotonic_us(&hd__system_clock);
    if (hd__storer_phase(keep->storer) != HD__STORER_BUSY)
        return;
    if (!hd__storer_wait(keep->storer, now_us + CLOSE_US)) {
        keep->storer->store->ops->interrupt(keep->storer->store);
        hd__storer_wait(keep->storer, now_us + 2 * CLOSE_US);
    }
}

static void write_rest(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    int fruitless = 0;
    while (has_unwritten(keep) && fruitless < FRUITLESS_MAX) {
        keep->try_at_us = 0;
        ledger->short_of_memory = 0;
        hd__keep_turn(&keep->base);
        await_step(keep);
        hd__keep_turn(&keep->base);
        leave_waiting(keep);
        fruitless = keep->step_status == HD_OK && !ledger->short_of_memory ? 0 : fruitless + 1;
    }
}

/* Forgets results that could not be written: their deliveries are in the store, and are made again. */
static void drop_rest(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    int status = keep->step_status != HD_OK ? keep->step_status : HD_E_NO_MEMORY;
    hd__keep_end_claims(keep, 0);
    hd__outbox_take_back(&keep->outbox);
    hd__keep_tell_committers(keep, status);
    hd__keep_let_events_go(keep);
    for (struct hd__delivery *delivery = keep->outbox.first_settled, *next; delivery; delivery = next) {
        next = delivery->next;
        hd__ledger_forget(ledger, delivery);
    }
    keep->outbox.first_settled = keep->outbox.last_settled = NULL;
    keep->outbox.settled_count = 0;
    hd__ledger_tell_committers(ledger, status); /* whose events were not even tried */
    leave_waiting(keep);                        /* those that waited for another one of their ticket */
}

int hd__keep_close(struct hd__keeper *keeper) {
    struct hd__keep_store *keep = (struct hd__keep_store *)keeper;
    struct hd__ledger *ledger = keeper->ledger;
    int is_left = 1;
    keep->is_closing = 1;
    ledger->schedule.open_shards = 0;
    leave_waiting(keep);
    await_step(keep);
    hd__keep_turn(keeper);
    leave_waiting(keep);
    write_rest(keep);
    int is_clean = !has_unwritten(keep);
    hd__storer_stop(keep->storer);
    drop_rest(keep);
    if (keep->storer->store->ops->is_left(keep->storer->store, keep->state.owned, INT64_MAX, &is_left) != HD_OK)
        is_left = 1;
    if (hd__storer_leave(keep->storer, is_clean) != HD_OK || !is_clean)
        hd__log(
            &ledger->log, HD_LEVEL_ERROR,
            "the store failed at close: what was under way is delivered again, and events of the last moment may be "
            "lost");
    if (is_left)
        hd__log(&ledger->log, HD_LEVEL_INFO, "closed with deliveries left in the store");
    return is_left || !is_clean;
}
