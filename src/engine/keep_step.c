/* The step at hand: it is collected, handed over, and what it has brought is taken in. */
#include "engine/keep_store_inside.h"

#include "engine/naming.h"
#include "event/event.h"

#include <string.h>

#define TRY_AGAIN_US ((int64_t)200 * 1000)

/* ---- What the step has brought ---- */

static int push_brought(struct hd__keep_store *keep, struct hd__lane *lane, struct hd__brought *brought) {
    struct hd__ledger *ledger = keep->base.ledger;
    int64_t age_ms = ledger->now_ms - brought->accepted_at_ms;
    struct hd__accepted accepted = {.event = brought->event,
                                    .is_test = brought->is_test,
                                    .at_us = ledger->now_us - (age_ms > 0 ? age_ms : 0) * 1000};
    memcpy(accepted.event_id, brought->event_id, sizeof accepted.event_id);
    memcpy(accepted.redelivery_of, brought->redelivery_of, sizeof accepted.redelivery_of);
    struct hd__message *message = hd__ledger_new_message(ledger, &accepted);
    if (!message)
        return HD_E_NO_MEMORY;
    message->is_stored = 1;
    message->accepted_at_ms = brought->accepted_at_ms;
    message->deliveries = 1;
    int status = hd__backlog_push(&ledger->schedule, lane, message, &brought->stored, ledger->now_us);
    if (status != HD_OK) {
        hd__ledger_drop_message(ledger, message);
        return status;
    }
    hd__ledger_link_message(ledger, message);
    brought->event = NULL; /* the message's now */
    return HD_OK;
}

static int take_brought(struct hd__keep_store *keep, struct hd__brought *brought) {
    struct hd__lane *lane = keep->claiming[brought->claim];
    return lane->backlog.is_void || keep->is_closing ? HD_OK : push_brought(keep, lane, brought);
}

/* Without memory, what a claim has brought from there on stays for the next one. */
static void take_claims(struct hd__keep_store *keep) {
    struct hd__storer *storer = keep->storer;
    struct hd__ledger *ledger = keep->base.ledger;
    for (size_t i = 0; i < storer->brought_count; i++) {
        struct hd__brought *brought = &storer->brought[i];
        struct hd__claim *claim = &keep->claims[brought->claim];
        if (claim->status == HD_E_NO_MEMORY)
            continue;
        if (take_brought(keep, brought) == HD_OK)
            continue;
        claim->status = HD_E_NO_MEMORY;
        ledger->short_of_memory = 1;
    }
}

/* If deliveries cannot be read, that is logged once, with the store's words, and tried again after a while; the other
 * lanes go on. */
static void note_damage(struct hd__keep_store *keep, struct hd__lane *lane, int status) {
    char words[HD__STORE_ERROR_SIZE], naming[HD__NAMING_SIZE];
    int is_damaged = status != HD_OK && status != HD_E_NO_MEMORY;
    if (is_damaged == lane->backlog.is_damaged || lane->backlog.is_void)
        return;
    lane->backlog.is_damaged = is_damaged;
    keep->damaged += is_damaged ? 1 : (size_t)-1;
    hd__store_error(keep->storer->store, words, sizeof words);
    if (is_damaged)
        hd__log(&keep->base.ledger->log, HD_LEVEL_ERROR,
                "what waits for webhook %s in the store cannot be read, and is tried again: %s (%s)",
                hd__name_webhook(lane->webhook_id, lane->webhook->name, naming), hd_strerror(status), words);
}

void hd__keep_end_claims(struct hd__keep_store *keep, int is_done) {
    struct hd__ledger *ledger = keep->base.ledger;
    while (keep->claim_count > 0) {
        size_t last = --keep->claim_count;
        if (is_done)
            note_damage(keep, keep->claiming[last], keep->claims[last].status);
        hd__backlog_claimed(&ledger->schedule, keep->claiming[last], &keep->claims[last], is_done, ledger->now_us);
    }
}

/* A new delivery comes into memory at once if there is room and nothing of its webhook is before it. */
static void take_added(struct hd__keep_store *keep, const struct hd__added *added) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__message *message = keep->outbox.messages[added->event];
    struct hd__stored_delivery stored = {.row = added->row};
    struct hd__lane *lane = keep->is_closing ? NULL : hd__keep_lane(keep, added->webhook);
    memcpy(stored.delivery_id, added->delivery_id, sizeof stored.delivery_id);
    if (lane && added->row <= lane->backlog.after_row) /* a claim of this step has brought it */
        return;
    if (!lane)
        hd__keep_note_arrival(keep, added->webhook, 0);
    else if (lane->backlog.is_claiming || !hd__backlog_takes(&ledger->schedule, lane) ||
             hd__backlog_push(&ledger->schedule, lane, message, &stored, ledger->now_us) != HD_OK)
        hd__backlog_leave(&ledger->schedule, lane, ledger->now_us);
    else
        message->deliveries++;
}

static void take_all_added(struct hd__keep_store *keep) {
    for (size_t i = 0; i < keep->storer->added_count; i++)
        take_added(keep, &keep->storer->added[i]);
}

/* ---- The events of a step ---- */

/* They are no longer the inbox's. */
void hd__keep_let_events_go(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__outbox *outbox = &keep->outbox;
    for (size_t i = 0; i < outbox->event_count; i++) {
        struct hd__message *message = outbox->messages[i];
        hd__inbox_release(&ledger->inbox, outbox->entries[i].event->size);
        hd_webhook_free(outbox->entries[i].target);
        if (message->deliveries > 0)
            hd__ledger_link_message(ledger, message);
        else
            hd__message_free(&ledger->source.messages, message);
    }
    if (outbox->event_count > 0)
        ledger->progressed = 1;
    hd__outbox_clear_events(outbox);
}

void hd__keep_tell_committers(struct hd__keep_store *keep, int status) {
    const struct hd__outbox *outbox = &keep->outbox;
    for (size_t i = 0; keep->commits && i < outbox->event_count; i++) {
        const struct hd__new_event *event = &outbox->events[i];
        hd__ledger_tell_committer(keep->base.ledger, outbox->entries[i].sequence, status,
                                  event->is_known ? event->known_id : event->event.id);
    }
}

static int add_event(struct hd__keep_store *keep, const struct hd__accepted *entry) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__message *message = hd__ledger_new_message(ledger, entry);
    if (!message)
        return HD_E_NO_MEMORY;
    message->is_stored = 1;
    int status = hd__outbox_add_event(&keep->outbox, &ledger->source.messages, entry, message);
    if (status != HD_OK)
        hd__ledger_drop_message(ledger, message);
    return status;
}

static void collect_events(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__accepted entry;
    while (hd__outbox_takes_event(&keep->outbox) && hd__inbox_peek(&ledger->inbox, &entry, 1) == 1) {
        if (add_event(keep, &entry) != HD_OK) {
            ledger->short_of_memory = 1;
            return;
        }
        hd__inbox_drop(&ledger->inbox, 1);
        ledger->busy_us = ledger->now_us;
    }
}

/* ---- A step ---- */

/* After a failure there is always something to do: to find out whether the store works again. */
static int has_work(const struct hd__keep_store *keep) {
    return keep->outbox.event_count + keep->outbox.result_count + keep->claim_count + keep->step_note_count > 0 ||
           keep->storer->step.left != 0 || keep->step_status != HD_OK;
}

/* Only the newest note of a webhook is kept. If there are more notes than a step takes, the oldest are dropped: the
 * states that they tell will come about again. */
void hd__keep_add_note(struct hd__lane_note notes[HD__NOTES_MAX], size_t *count, const struct hd__lane_note *note) {
    size_t old = 0;
    while (old < *count && notes[old].webhook != note->webhook)
        old++;
    if (old == HD__NOTES_MAX)
        old = 0;
    if (old < *count)
        memmove(notes + old, notes + old + 1, (--*count - old) * sizeof notes[0]);
    notes[(*count)++] = *note;
}

/* The notes of a step that was not made are still there. */
static void collect_notes(struct hd__keep_store *keep) {
    for (size_t i = 0; i < keep->note_count; i++)
        hd__keep_add_note(keep->step_notes, &keep->step_note_count, &keep->notes[i]);
    keep->note_count = 0;
}

static void collect(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    if (!keep->results_only)
        collect_events(keep);
    if (!hd__keep_results_wait(keep)) {
        hd__outbox_write_results(&keep->outbox, &ledger->source.messages);
        keep->is_urgent = keep->outbox.settled_count > 0;
    }
    collect_notes(keep);
    if (!keep->results_only && !keep->is_closing)
        keep->claim_count =
            hd__backlog_claims(&ledger->schedule, keep->claims, keep->claiming, HD__CLAIMS_MAX, ledger->now_us);
}

static void write_step(struct hd__keep_store *keep) {
    struct hd__outbox *outbox = &keep->outbox;
    int with_events = !keep->results_only || outbox->result_count == 0;
    keep->storer->step = (struct hd__step){
        .number = keep->step_number + 1,
        .events = outbox->events,
        .event_count = with_events ? outbox->event_count : 0,
        .results = outbox->results,
        .result_count = outbox->result_count,
        .notes = keep->step_notes,
        .note_count = keep->step_note_count,
        .left = keep->state.leaving ? hd__keep_empty_shards(keep) : 0,
        .claims = keep->claims,
        .claim_count = keep->claim_count,
    };
}

/* Hands over what there is. */
void hd__keep_hand_over(struct hd__keep_store *keep) {
    if (!keep->is_frozen) {
        collect(keep);
        write_step(keep);
    }
    keep->left = keep->storer->step.left;
    if (has_work(keep))
        hd__storer_hand(keep->storer);
}

/* The results of the step are in the store: publishes them. */
static void take_results(struct hd__keep_store *keep) {
    struct hd__outbox *outbox = &keep->outbox;
    for (size_t i = 0; i < outbox->result_count; i++) {
        struct hd__delivery *delivery = outbox->written[i];
        delivery->is_lost = outbox->results[i].is_lost;
        keep->busy_rows -= hd__keep_counts(delivery);
        hd__ledger_kept(keep->base.ledger, delivery);
    }
    if (outbox->result_count > 0 && keep->base.ledger->schedule.deliveries == 0)
        keep->flush.ask_at_us = 0; /* that may have been the last */
    outbox->result_count = 0;
}

static void take_done(struct hd__keep_store *keep) {
    int with_events = keep->storer->step.event_count > 0;
    keep->step_number++;
    keep->step_note_count = 0;
    take_claims(keep);
    take_all_added(keep); /* before claims end: a lane may go when a claim has found nothing */
    take_results(keep);
    hd__keep_end_claims(keep, 1);
    if (with_events)
        hd__keep_let_events_go(keep);
    hd__keep_note_status(keep);
}

/* The step was not made: callers that wait for their event are told that it was not accepted; the events that nobody
 * waits for stay for the next step. */
static void take_undone(struct hd__keep_store *keep, int status) {
    hd__keep_end_claims(keep, 0);
    hd__outbox_take_back(&keep->outbox);
    if (!keep->commits)
        return;
    hd__keep_tell_committers(keep, status);
    hd__keep_let_events_go(keep);
}

void hd__keep_take_step(struct hd__keep_store *keep) {
    int status = keep->storer->status;
    keep->is_frozen = status != HD_OK && !keep->storer->step.undone;
    if (!keep->is_frozen)
        keep->left = 0;
    keep->step_status = status;
    keep->results_only = status != HD_OK && keep->storer->step.event_count > 0;
    if (status != HD_OK)
        keep->try_at_us = keep->base.ledger->now_us + TRY_AGAIN_US;
    hd__keep_take_news(keep);
    hd__keep_note_status(keep); /* before anybody is told that it failed */
    if (status == HD_OK)
        take_done(keep);
    else if (!keep->is_frozen)
        take_undone(keep, status);
    hd__storer_release(keep->storer);
}
