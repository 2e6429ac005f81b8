/* Processes what the store has reported to the loop. */
#include "engine/keep_store_inside.h"

/* ---- Status ---- */

/* The program's log function is called with no lock held. */
void hd__keep_note_status(struct hd__keep_store *keep) {
    struct hd__ledger *ledger = keep->base.ledger;
    char words[HD__STORE_ERROR_SIZE];
    int before = atomic_load(&keep->status);
    int after = keep->step_status != HD_OK   ? keep->step_status
                : keep->look_status != HD_OK ? keep->look_status
                : keep->damaged > 0          ? HD_E_STORE_DAMAGED
                                             : HD_OK;
    if (before == after)
        return;
    hd__store_error(keep->storer->store, words, sizeof words);
    atomic_store(&keep->status, after);
    if (after == HD_OK)
        hd__log(&ledger->log, HD_LEVEL_INFO, "the store works again");
    else if (keep->step_status != HD_OK || keep->look_status != HD_OK)
        hd__log(&ledger->log, HD_LEVEL_ERROR, "the store fails, and no attempt is begun until it works: %s (%s)",
                hd_strerror(after), words);
}

/* ---- What the store has told ---- */

/* NULL if the webhook is not known, or without memory. */
struct hd__lane *hd__keep_lane(struct hd__keep_store *keep, int64_t key) {
    struct hd__schedule *schedule = &keep->base.ledger->schedule;
    struct hd__member *member = hd__roster_member(&keep->roster, key);
    struct hd__lane *lane = member && member->webhook ? hd__schedule_lane(schedule, member->webhook) : NULL;
    if (lane && member->discarded_up_to > lane->discarded_up_to)
        lane->discarded_up_to = member->discarded_up_to;
    return lane;
}

static void note_backlog(struct hd__ledger *ledger, struct hd__lane *lane, int has_tests) {
    if (has_tests)
        hd__backlog_note_tests(&ledger->schedule, lane, ledger->now_us);
    hd__backlog_leave(&ledger->schedule, lane, ledger->now_us);
}

void hd__keep_note_arrival(struct hd__keep_store *keep, int64_t key, int has_tests) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__lane *lane = hd__keep_lane(keep, key);
    struct hd__member *member = hd__roster_member(&keep->roster, key);
    if (lane)
        note_backlog(ledger, lane, has_tests);
    else if (member && !member->webhook)
        member->has_arrived = 1;
    else
        keep->has_missed = 1;
}

/* Claims what the store has for any webhook of these shards. Without memory all is looked through later. */
static void look_in(struct hd__keep_store *keep, uint64_t shards) {
    struct hd__ledger *ledger = keep->base.ledger;
    for (size_t i = 0; shards && i < keep->roster.count; i++) {
        const struct hd__member *member = &keep->roster.members[i];
        if (!member->webhook || !(shards >> hd__shard_of(member->key) & 1))
            continue;
        struct hd__lane *lane = hd__keep_lane(keep, member->key);
        if (lane) {
            note_backlog(ledger, lane, 1);
        } else {
            ledger->short_of_memory = 1;
            keep->has_missed = 1;
            return;
        }
    }
}

/* Deliveries whose arrival could not be noted without memory may be in any shard. */
static void look_everywhere(struct hd__keep_store *keep) {
    keep->has_missed = 0;
    look_in(keep, keep->state.owned);
}

static void take_webhook(struct hd__keep_store *keep, struct hd__told *told) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__schedule *schedule = &ledger->schedule;
    struct hd__member *member = hd__roster_member(&keep->roster, told->key);
    if (!member || !told->webhook)
        return;
    hd_webhook_free(member->webhook);
    member->webhook = hd__webhook_ref(told->webhook);
    schedule->has_forgotten |= member->webhook->is_removed;
    if (told->discarded_up_to > member->discarded_up_to)
        member->discarded_up_to = told->discarded_up_to;
    hd__schedule_follow(schedule, told->webhook, ledger->now_us);
    struct hd__lane *lane = hd__lanes_find(&schedule->lanes, told->webhook);
    if (lane)
        hd__schedule_discard(schedule, lane, member->discarded_up_to, ledger->now_us);
    if (member->has_arrived) {
        member->has_arrived = 0;
        hd__keep_note_arrival(keep, told->key, 1);
    }
}

/* A pause that is over by now is one that the next delivery decides. Something may wait for it: a lane that has nothing
 * would be forgotten, with its state. */
static void take_lane(struct hd__keep_store *keep, const struct hd__told *told) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__lane *lane = hd__keep_lane(keep, told->key);
    if (!lane)
        return;
    const struct hd__lane_note *note = &told->note;
    int is_paused = note->state == HD_WEBHOOK_PAUSED && note->left_ms > 0;
    int state = note->state == HD_WEBHOOK_PAUSED && !is_paused ? HD_WEBHOOK_PROBING : note->state;
    hd__lanes_set_state(&ledger->schedule.lanes, lane, state, is_paused ? ledger->now_us + note->left_ms * 1000 : 0);
    if (note->throttled_ms > 0)
        hd__lanes_throttle(&ledger->schedule.lanes, lane, ledger->now_us + note->throttled_ms * 1000);
    lane->failed_us = ledger->now_us;
    hd__lanes_set_health(&ledger->schedule.lanes, lane, &note->health);
    hd__backlog_leave(&ledger->schedule, lane, ledger->now_us);
}

static void take_told(struct hd__keep_store *keep, struct hd__told *told) {
    switch (told->kind) {
    case HD__TOLD_WEBHOOK:
        take_webhook(keep, told);
        break;
    case HD__TOLD_LANE:
        take_lane(keep, told);
        break;
    case HD__TOLD_ARRIVED:
        hd__keep_note_arrival(keep, told->key, told->has_tests);
        break;
    }
    hd__told_free(told);
}

/* ---- Shards come and go ---- */

/* The waiting deliveries of the lane belong to another client, or will. Those under way or settled leave the memory
 * when their results are written. */
static void empty_lane(struct hd__keep_store *keep, struct hd__lane *lane) {
    struct hd__ledger *ledger = keep->base.ledger;
    struct hd__delivery *delivery;
    lane->assigned++; /* so that it stays while it is emptied */
    keep->damaged -= lane->backlog.is_damaged != 0;
    lane->backlog.is_damaged = 0;
    hd__backlog_reset(lane);
    while ((delivery = hd__schedule_take_stored(&ledger->schedule, lane)))
        hd__ledger_forget(ledger, delivery);
    lane->assigned--;
    hd__schedule_settle(&ledger->schedule, lane, ledger->now_us);
}

static void empty_lanes(struct hd__keep_store *keep, uint64_t shards) {
    const struct hd__lanes *lanes = &keep->base.ledger->schedule.lanes;
    struct hd__lane *next = shards ? hd__lanes_next(lanes, NULL) : NULL;
    while (next) {
        struct hd__lane *lane = next;
        next = hd__lanes_next(lanes, lane);
        if (shards >> lane->shard & 1)
            empty_lane(keep, lane);
    }
}

/* Of the shards that are to be left, those of which nothing is in memory any more. */
uint64_t hd__keep_empty_shards(const struct hd__keep_store *keep) {
    const struct hd__lanes *lanes = &keep->base.ledger->schedule.lanes;
    uint64_t empty = keep->state.leaving;
    for (struct hd__lane *lane = empty ? hd__lanes_next(lanes, NULL) : NULL; lane; lane = hd__lanes_next(lanes, lane))
        if (lane->assigned > 0 || lane->backlog.is_claiming)
            empty &= ~(UINT64_C(1) << lane->shard);
    return empty;
}

/* A shard that opens may have opened before: what its lanes left in the store then is claimed again. */
static void open_shards(struct hd__keep_store *keep, uint64_t lost) {
    struct hd__schedule *schedule = &keep->base.ledger->schedule;
    uint64_t before = schedule->open_shards;
    uint64_t open = keep->is_closing ? 0 : keep->state.owned & ~keep->state.leaving & ~keep->left;
    uint64_t opened = open & (lost | ~before);
    hd__schedule_open(schedule, open, opened, keep->base.ledger->now_us);
    empty_lanes(keep, lost | (before & ~open));
    look_in(keep, opened);
}

static void take_state(struct hd__keep_store *keep, const struct hd__store_state *state) {
    keep->state = *state;
    atomic_store(&keep->owned, state->owned);
    open_shards(keep, state->lost);
}

/* A webhook is reported only once: without memory for it, it stays, with all that was reported after it, until the next
 * turn. Returns whether nothing is left. */
static int take_all_told(struct hd__keep_store *keep, struct hd__told *told) {
    while (told && (!told->webhook || hd__roster_member(&keep->roster, told->key))) {
        struct hd__told *next = told->next;
        take_told(keep, told);
        told = next;
    }
    keep->untaken = told;
    keep->base.ledger->short_of_memory |= told != NULL;
    return !told;
}

/* The state first: what is told of a shard is told of it as it is owned now. */
void hd__keep_take_news(struct hd__keep_store *keep) {
    struct hd__told *told;
    struct hd__store_state state;
    if (!take_all_told(keep, keep->untaken) || !hd__storer_take_news(keep->storer, &told, &state, &keep->look_status)) {
        open_shards(keep, 0); /* a step may have ended that was to leave some */
        return;
    }
    take_state(keep, &state);
    (void)take_all_told(keep, told);
    hd__keep_note_status(keep);
}

/* Whether a member is of a webhook that was removed, and that nothing waits for any more. */
static int is_over(const struct hd__keep_store *keep, const struct hd__member *member) {
    const hd_webhook *webhook = member->webhook;
    return webhook && webhook->is_removed && !hd__lanes_find(&keep->base.ledger->schedule.lanes, webhook);
}

/* A webhook that was removed is known as long as something waits for it here: its secrets go with it. If there is more,
 * it is told again with its shard; but not with one that is about to be left, and then stays. */
static void forget_removed(struct hd__keep_store *keep) {
    uint64_t may_stay = keep->left | (keep->state.owned & keep->state.leaving);
    int is_left = 0;
    for (size_t i = 0; i < keep->roster.count; i++) {
        struct hd__member *member = &keep->roster.members[i];
        if (!is_over(keep, member))
            continue;
        if (may_stay >> hd__shard_of(member->key) & 1) {
            is_left = 1;
            continue;
        }
        hd_webhook_free(member->webhook);
        member->webhook = NULL;
    }
    keep->base.ledger->schedule.has_forgotten = is_left;
}

/* While a step is under way, it may bring something for a webhook that has just been removed. */
static int may_forget(const struct hd__keep_store *keep) {
    return keep->base.ledger->schedule.has_forgotten && !keep->has_missed &&
           hd__storer_phase(keep->storer) == HD__STORER_IDLE;
}

/* Each sweep empties lanes that are not open, into which deliveries of a ticket under way may have come back, and looks
 * for what was missed. */
void hd__keep_sweep(struct hd__keep_store *keep) {
    if (may_forget(keep))
        forget_removed(keep);
    if (keep->has_missed)
        look_everywhere(keep);
    if (keep->state.owned & keep->state.leaving)
        empty_lanes(keep, keep->state.leaving);
}
