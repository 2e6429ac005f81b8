#include "engine/keep_memory.h"

#include "event/event.h"
#include "store/report.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define INTAKE 64       /* events taken in per turn, so that a flood of them does not keep results waiting */
#define FRUITLESS_MAX 3 /* times that the end looks for memory in vain */

struct hd__keep_memory {
    struct hd__keeper base;
    int64_t jobs_at_us; /* when a job has more to do */
};

static struct hd__keep_memory *of(const struct hd__keeper *keeper) {
    return (struct hd__keep_memory *)(uintptr_t)keeper;
}

/* Whether there is room for an event's deliveries; with none under way there must be, or nothing would ever move. */
static int may_take_in(struct hd__ledger *ledger) {
    return !ledger->first_message || hd__inbox_has_room(&ledger->inbox);
}

static int start(struct hd__keeper *keeper) {
    (void)keeper;
    return HD_OK;
}

static void take_in(struct hd__keeper *keeper) {
    struct hd__ledger *ledger = keeper->ledger;
    struct hd__accepted entries[INTAKE];
    size_t available = hd__inbox_peek(&ledger->inbox, entries, INTAKE), taken = 0;
    while (taken < available && may_take_in(ledger)) {
        if (hd__ledger_hold(ledger, &entries[taken]) != HD_OK) {
            ledger->short_of_memory = 1;
            break;
        }
        taken++;
    }
    if (taken > 0) {
        ledger->busy_us = ledger->now_us;
        hd__inbox_drop(&ledger->inbox, taken);
        hd__webhooks_forget(ledger->webhooks, hd__inbox_oldest(&ledger->inbox));
    }
}

/* ---- Jobs ---- */

static int send(void *user, hd_event *event, hd_webhook *webhook, const char *link, char event_id[HD__UUID_SIZE]) {
    struct hd__ledger *ledger = user;
    struct hd__accepted accepted = {.event = event, .target = webhook, .at_us = ledger->now_us};
    int must_wake; /* it is awake */
    hd__uuid_parse(link, accepted.redelivery_of);
    int status = hd__inbox_push(&ledger->inbox, &accepted, &must_wake);
    if (status == HD_OK)
        hd__uuid_format(accepted.event_id, event_id);
    return status;
}

static int is_under_way(void *user, const char *event_id) {
    const struct hd__ledger *ledger = user;
    unsigned char id[HD__UUID_BYTES];
    const struct hd__message *message = hd__uuid_parse(event_id, id) ? ledger->first_message : NULL;
    while (message && memcmp(message->event_id, id, sizeof id) != 0)
        message = message->next;
    return message != NULL;
}

static void turn(struct hd__keeper *keeper) {
    struct hd__ledger *ledger = keeper->ledger;
    const struct hd__jobs_loop loop = {.send = send, .is_under_way = is_under_way, .user = ledger};
    take_in(keeper);
    of(keeper)->jobs_at_us =
        ledger->jobs ? hd__jobs_step(ledger->jobs, ledger->now_us, ledger->now_ms, &loop) : INT64_MAX;
}

static int has_more(struct hd__keeper *keeper) {
    struct hd__inbox *inbox = &keeper->ledger->inbox;
    return hd__inbox_oldest(inbox) != hd__inbox_next(inbox) && may_take_in(keeper->ledger);
}

static int64_t wakes_at(const struct hd__keeper *keeper) {
    return of(keeper)->jobs_at_us;
}

static int may_begin(const struct hd__keeper *keeper) {
    (void)keeper;
    return 1;
}

static int is_busy(const struct hd__keeper *keeper) {
    (void)keeper;
    return 0;
}

static int keeps_retry(const struct hd__keeper *keeper, const struct hd__delivery *delivery) {
    (void)keeper, (void)delivery;
    return 1;
}

static void settle(struct hd__keeper *keeper, struct hd__delivery *delivery) {
    hd__ledger_kept(keeper->ledger, delivery);
}

static void note_state(struct hd__keeper *keeper, const struct hd__lane *lane) {
    (void)keeper, (void)lane;
}

static uint64_t ended_below(struct hd__keeper *keeper) {
    struct hd__ledger *ledger = keeper->ledger;
    uint64_t in_inbox = hd__inbox_oldest(&ledger->inbox);
    const struct hd__message *first = ledger->first_message;
    return first && first->sequence < in_inbox ? first->sequence : in_inbox;
}

/* The registry knows which webhooks there were when an event was accepted. */
static uint64_t decided_below(struct hd__keeper *keeper) {
    (void)keeper;
    return UINT64_MAX;
}

static void count(const struct hd__keeper *keeper, uint64_t *waiting, uint64_t *stored) {
    *waiting = keeper->ledger->schedule.held;
    *stored = 0;
}

/* ---- The end ---- */

/* Each needs a report; what is canceled makes memory free for the next. */
static void cancel_waiting(struct hd__ledger *ledger) {
    struct hd__schedule *schedule = &ledger->schedule;
    struct hd__delivery *delivery;
    int fruitless = 0;
    do {
        size_t before = schedule->held;
        schedule->short_of_memory = 0;
        while ((delivery = hd__schedule_take_any(schedule)))
            hd__ledger_end(ledger, delivery, HD_REASON_CANCELED);
        fruitless = schedule->held < before ? 0 : fruitless + 1;
    } while (schedule->short_of_memory && fruitless < FRUITLESS_MAX);
}

/* Events still in the inbox become deliveries first, so that each ends in its record. */
static void cancel_accepted(struct hd__ledger *ledger) {
    struct hd__accepted accepted;
    int fruitless = 0;
    hd__ledger_hold_tests(ledger);
    cancel_waiting(ledger);
    while (fruitless < FRUITLESS_MAX && hd__inbox_peek(&ledger->inbox, &accepted, 1) == 1) {
        if (hd__ledger_hold(ledger, &accepted) != HD_OK) {
            fruitless++;
            continue;
        }
        fruitless = 0;
        hd__inbox_drop(&ledger->inbox, 1);
        cancel_waiting(ledger);
    }
}

static int close_keeper(struct hd__keeper *keeper) {
    struct hd__ledger *ledger = keeper->ledger;
    cancel_waiting(ledger);
    cancel_accepted(ledger);
    if (hd__inbox_counter(&ledger->inbox, HD_COUNTER_PENDING) > 0)
        hd__log(&ledger->log, HD_LEVEL_ERROR, "out of memory: events that were left at close are not in the log");
    return 0;
}

/* ---- Webhooks ---- */

/* The version that is there; 0 if there is none. Changes come one at a time. */
static uint64_t present_version(struct hd__ledger *ledger, const char *id) {
    hd_webhook *present = hd__webhooks_get(ledger->webhooks, id);
    uint64_t version = present ? present->version : 0;
    hd_webhook_free(present);
    return version;
}

static int put_webhook(struct hd__keeper *keeper, hd_webhook *snapshot, uint64_t expected,
                       struct hd__change_note *note) {
    struct hd__ledger *ledger = keeper->ledger;
    uint64_t version = present_version(ledger, snapshot->id);
    (void)note; /* without a store, the client records its changes itself */
    if (expected != HD__ANY_VERSION && expected != version)
        return HD_E_CONFLICT;
    snapshot->version = version + 1;
    int status = hd__webhooks_put(ledger->webhooks, snapshot, hd__inbox_next(&ledger->inbox));
    hd__webhooks_forget(ledger->webhooks, hd__inbox_oldest(&ledger->inbox));
    return status;
}

static int remove_webhook(struct hd__keeper *keeper, const char *id, struct hd__change_note *note) {
    struct hd__ledger *ledger = keeper->ledger;
    (void)note;
    int status = hd__webhooks_remove(ledger->webhooks, id, hd__inbox_next(&ledger->inbox));
    hd__webhooks_forget(ledger->webhooks, hd__inbox_oldest(&ledger->inbox));
    return status;
}

static int condition_of(struct hd__keeper *keeper, const hd_webhook *webhook, struct hd__condition *condition) {
    struct hd__ledger *ledger = keeper->ledger;
    *condition = hd__lanes_condition(&ledger->schedule.lanes, webhook, hd__monotonic_us(ledger->clock));
    return HD_OK;
}

static int status_of(struct hd__keeper *keeper) {
    (void)keeper;
    return HD_OK;
}

static void free_keeper(struct hd__keeper *keeper) {
    free(keeper);
}

static int owns(const struct hd__keeper *keeper, const hd_webhook *webhook) {
    (void)keeper, (void)webhook;
    return 1;
}

static const struct hd__keeper_ops ops = {
    .start = start,
    .turn = turn,
    .wakes_at = wakes_at,
    .has_more = has_more,
    .may_begin = may_begin,
    .is_busy = is_busy,
    .keeps_retry = keeps_retry,
    .settle = settle,
    .note_state = note_state,
    .ended_below = ended_below,
    .decided_below = decided_below,
    .count = count,
    .close = close_keeper,
    .put_webhook = put_webhook,
    .remove_webhook = remove_webhook,
    .owns = owns,
    .condition = condition_of,
    .status = status_of,
    .free = free_keeper,
};

int hd__keep_memory_new(struct hd__ledger *ledger, struct hd__keeper **keeper) {
    struct hd__keep_memory *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    *made = (struct hd__keep_memory){.base = {.ops = &ops, .ledger = ledger}, .jobs_at_us = INT64_MAX};
    *keeper = &made->base;
    return HD_OK;
}
