/* SPDX-License-Identifier: MIT */
/* A client that is as simple as one can be: at most one attempt at a time in each lane, one event in each step. */
#include "store/explorer.h"

#include "store/shards.h"

#include <string.h>

#define MAX_ATTEMPTS 2
#define RETRY_MS 1000
#define CLAIM_MAX 2

enum {
    TOLD_ARRIVED,
    TOLD_ADDED,
    TOLD_CLAIMED
};

static uint64_t bit_of(const struct stage *stage, int lane) {
    return UINT64_C(1) << hd__shard_of(stage->webhooks[lane].keys.webhook);
}

/* ---- What is told ---- */

static struct told *note(struct sender *sender, int what, int lane) {
    static struct told nowhere;
    if (lane < 0 || sender->told_count == TOLD_MAX) {
        stage_break(sender->stage, "too much or nonsense is told");
        return &nowhere;
    }
    struct told *told = &sender->told[sender->told_count++];
    *told = (struct told){.what = what, .lane = lane, .row = {.post = -1}};
    return told;
}

static void hear_webhook(void *user, const struct hd__stored_webhook *webhook) {
    struct sender *sender = user;
    int lane = stage_lane(sender->stage, webhook->keys.webhook);
    if (lane != 0 || webhook->version < sender->counter_version)
        return;
    sender->counter = (int64_t)webhook->retry_max_ms;
    sender->counter_version = webhook->version;
}

static void hear_lane(void *user, const struct hd__lane_note *told) {
    (void)user, (void)told;
}

static void hear_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    struct sender *sender = user;
    (void)has_tests;
    note(sender, TOLD_ARRIVED, stage_lane(sender->stage, webhook))->row.row = row;
}

const struct hd__store_listener sender_listener = {hear_webhook, hear_lane, hear_arrived, NULL};

static void hear_added(void *user, const struct hd__added *added) {
    struct sender *sender = user;
    struct told *told = note(sender, TOLD_ADDED, stage_lane(sender->stage, added->webhook));
    told->row.row = added->row;
    told->row.event = stage_event(sender->stage, sender->event.event.id);
    memcpy(told->row.delivery_id, added->delivery_id, HD__STORE_ID_SIZE);
}

static int hear_claimed(void *user, size_t claim, const struct hd__claimed *claimed) {
    struct sender *sender = user;
    struct told *told = note(sender, TOLD_CLAIMED, sender->claim_lanes[claim]);
    told->due_ms = claimed->due_ms;
    told->row.row = claimed->row;
    told->row.event = stage_event(sender->stage, claimed->event.id);
    told->row.tries = claimed->tries;
    told->row.is_marked = claimed->may_be_repeated;
    memcpy(told->row.delivery_id, claimed->delivery_id, HD__STORE_ID_SIZE);
    return 1;
}

/* ---- Rows in memory ---- */

static struct row *row_in(struct lane *lane, int64_t row) {
    for (int i = 0; i < lane->count; i++)
        if (lane->rows[i].row == row)
            return &lane->rows[i];
    return NULL;
}

static void hold(struct sender *sender, struct lane *lane, const struct row *row) {
    if (row_in(lane, row->row))
        return;
    if (lane->count == ROWS_MAX)
        stage_break(sender->stage, "too many rows are told");
    else
        lane->rows[lane->count++] = *row;
}

static void drop(struct lane *lane, int64_t row) {
    struct row *held = row_in(lane, row);
    if (held)
        *held = lane->rows[--lane->count];
}

/* Forgets a lane; what is under way goes on alone. */
static void forget_lane(struct sender *sender, struct lane *lane) {
    for (int i = 0; i < lane->count; i++)
        if (lane->rows[i].phase == ROW_FLIES)
            sender->orphans[sender->orphan_count++] = lane->rows[i];
    *lane = (struct lane){.next_due_us = INT64_MAX, .hint = INT64_MAX};
}

/* Forgets what was lost or left. What is owned again begins anew, whichever hints were told before. */
static void forget_shards(struct sender *sender, uint64_t shards) {
    for (int i = 0; i < sender->stage->scenario->lanes; i++)
        if (shards & bit_of(sender->stage, i)) {
            forget_lane(sender, &sender->lanes[i]);
            sender->lanes[i].hint = sender->state.owned & bit_of(sender->stage, i) ? 1 : INT64_MAX;
        }
}

/* What was told in a call, after losses were seen to. */
static void take_in(struct sender *sender) {
    for (int i = 0; i < sender->told_count; i++) {
        const struct told *told = &sender->told[i];
        struct lane *lane = &sender->lanes[told->lane];
        int64_t row = told->row.row;
        if (told->what == TOLD_ARRIVED) {
            lane->hint = row < lane->hint ? row : lane->hint;
        } else if (told->what == TOLD_CLAIMED) {
            hold(sender, lane, &told->row);
            if (told->due_ms) {
                lane->after_due_ms = told->due_ms;
                lane->after_retry_row = row;
            } else {
                lane->after_row = row > lane->after_row ? row : lane->after_row;
            }
        } else if (!lane->has_backlog && lane->hint == INT64_MAX) {
            hold(sender, lane, &told->row);
            lane->after_row = row;
        }
    }
    sender->told_count = 0;
}

/* ---- Attempts ---- */

static int flies(const struct sender *sender, int lane) {
    for (int i = 0; i < sender->lanes[lane].count; i++)
        if (sender->lanes[lane].rows[i].phase == ROW_FLIES)
            return 1;
    for (int i = 0; i < sender->orphan_count; i++)
        if (sender->stage->posts[sender->orphans[i].post].lane == lane)
            return 1;
    return 0;
}

int sender_flies(const struct sender *sender) {
    int count = sender->orphan_count;
    for (int i = 0; i < sender->stage->scenario->lanes; i++)
        for (int j = 0; j < sender->lanes[i].count; j++)
            count += sender->lanes[i].rows[j].phase == ROW_FLIES;
    return count;
}

/* The row that is next; NULL for none. With order, that is the oldest one, once all older ones are in memory. */
static struct row *next_row(const struct sender *sender, struct lane *lane) {
    struct row *next = NULL;
    int is_ordered = sender->stage->scenario->is_ordered;
    for (int i = 0; i < lane->count; i++)
        if ((is_ordered || lane->rows[i].phase == ROW_WAITS) && (!next || lane->rows[i].row < next->row))
            next = &lane->rows[i];
    if (!next || next->phase != ROW_WAITS || next->due_us > sender->stage->now_us ||
        (is_ordered && (next->row > lane->hint || (lane->has_backlog && next->row > lane->after_row))))
        return NULL;
    return next;
}

static void settle(struct sender *sender, struct row *row, int lane, int is_delivered) {
    struct stage *stage = sender->stage;
    struct pending *pending = &sender->pending[sender->pending_count++];
    int is_last = is_delivered || row->tries + 1 == MAX_ATTEMPTS;
    stage->posts[row->post].has_ended = 1;
    stage->posts[row->post].was_delivered = is_delivered;
    *pending = (struct pending){.lane = lane};
    pending->report = (struct hd__stored_report){.keys = stage->webhooks[lane].keys,
                                                 .outcome = is_delivered ? HD_OUTCOME_DELIVERED
                                                            : is_last    ? HD_OUTCOME_FAILED
                                                                         : HD_OUTCOME_RETRYING,
                                                 .reason = is_delivered ? HD_REASON_DELIVERED : HD_REASON_RESET,
                                                 .detail = "",
                                                 .remote_address = "",
                                                 .attempts = row->tries + 1,
                                                 .may_be_repeated = row->is_marked,
                                                 .finished_at_ms = hd__wall_ms(&stage->clock),
                                                 .wait_ms = (uint32_t)row->post};
    memcpy(pending->report.delivery_id, row->delivery_id, HD__STORE_ID_SIZE);
    pending->result = (struct hd__result){.kind = is_last ? HD__RESULT_ENDED : HD__RESULT_RETRY,
                                          .webhook = stage->webhooks[lane].keys.webhook,
                                          .row = row->row,
                                          .tries = row->tries + 1,
                                          .delay_ms = stage->scenario->is_ordered ? 0 : RETRY_MS};
    memcpy(pending->result.event_id, stage->events[row->event].id, HD__STORE_ID_SIZE);
    row->phase = ROW_SETTLES;
}

/* Ends one attempt: the first, or the first that has taken too long. Returns whether there was one. */
static int end_one(struct sender *sender, int is_delivered, int only_late) {
    struct stage *stage = sender->stage;
    for (int i = 0; i < sender->orphan_count; i++)
        if (!only_late || stage->now_us >= stage->posts[sender->orphans[i].post].began_us + POST_US) {
            struct row row = sender->orphans[i];
            sender->orphans[i] = sender->orphans[--sender->orphan_count];
            settle(sender, &row, stage->posts[row.post].lane, is_delivered);
            return 1;
        }
    for (int lane = 0; lane < stage->scenario->lanes; lane++)
        for (int i = 0; i < sender->lanes[lane].count; i++) {
            struct row *row = &sender->lanes[lane].rows[i];
            if (row->phase == ROW_FLIES &&
                (!only_late || stage->now_us >= stage->posts[row->post].began_us + POST_US)) {
                settle(sender, row, lane, is_delivered);
                return 1;
            }
        }
    return 0;
}

void sender_end_one(struct sender *sender, int is_delivered) {
    end_one(sender, is_delivered, 0);
}

/* What a sender does first of all whenever it wakes up: attempts that have taken too long are given up. */
static void wake(struct sender *sender) {
    while (end_one(sender, 0, 1))
        continue;
}

/* Whether an earlier attempt of a row is under way, or its result is not known to be written: a lane that was lost and
 * is owned again has such rows. */
static int is_unsettled(const struct sender *sender, int64_t row) {
    for (int i = 0; i < sender->orphan_count; i++)
        if (sender->orphans[i].row == row)
            return 1;
    for (int i = 0; i < sender->pending_count; i++)
        if (sender->pending[i].result.row == row)
            return 1;
    for (size_t i = 0; sender->is_frozen && i < sender->step.result_count; i++)
        if (sender->results[i].row == row)
            return 1;
    return 0;
}

void sender_begin(struct sender *sender) {
    struct stage *stage = sender->stage;
    uint64_t mine = sender->state.owned & ~sender->state.leaving & ~(sender->is_frozen ? sender->step.left : 0);
    wake(sender);
    for (int i = 0; i < stage->scenario->lanes; i++) {
        struct row *row = next_row(sender, &sender->lanes[i]);
        if (!row || !(mine & bit_of(stage, i)) || flies(sender, i) || is_unsettled(sender, row->row) ||
            stage->now_us > sender->state.safe_until_us)
            continue;
        row->post = receive(sender, i, row);
        row->phase = ROW_FLIES;
    }
}

/* ---- Steps ---- */

static int wants_claim(const struct sender *sender, int lane) {
    const struct lane *held = &sender->lanes[lane];
    return (sender->state.owned & ~sender->state.leaving & bit_of(sender->stage, lane)) && held->count < ROWS_MAX / 2 &&
           (held->has_backlog || held->hint != INT64_MAX || held->next_due_us <= sender->stage->now_us);
}

/* Shards that are to be left, and of which nothing is under way. */
static uint64_t can_leave(const struct sender *sender) {
    uint64_t left = sender->state.leaving;
    for (int i = 0; i < sender->stage->scenario->lanes; i++)
        if (flies(sender, i))
            left &= ~bit_of(sender->stage, i);
    return left;
}

int sender_has_work(const struct sender *sender) {
    if (sender->is_frozen || sender->next_event < sender->last_event || sender->pending_count || can_leave(sender))
        return 1;
    for (int i = 0; i < sender->stage->scenario->lanes; i++)
        if (wants_claim(sender, i))
            return 1;
    return 0;
}

static void freeze(struct sender *sender) {
    struct stage *stage = sender->stage;
    sender->step = (struct hd__step){.number = sender->steps + 1,
                                     .events = &sender->event,
                                     .results = sender->results,
                                     .claims = sender->claims,
                                     .added = hear_added,
                                     .claimed = hear_claimed,
                                     .user = sender};
    if (sender->next_event < sender->last_event) {
        sender->event = (struct hd__new_event){.event = stage->events[sender->next_event++]};
        sender->step.event_count = 1;
    }
    for (int i = 0; i < sender->pending_count; i++) {
        sender->settled[i] = sender->pending[i];
        sender->results[i] = sender->settled[i].result;
        sender->results[i].report =
            sender->settled[i].result.kind == HD__RESULT_RELEASED ? NULL : &sender->settled[i].report;
    }
    sender->step.result_count = (size_t)sender->pending_count;
    sender->pending_count = 0;
    sender->step.left = can_leave(sender);
    for (int i = 0; i < stage->scenario->lanes; i++) {
        struct lane *lane = &sender->lanes[i];
        if (!wants_claim(sender, i))
            continue;
        if (lane->hint != INT64_MAX) {
            lane->after_row = lane->hint - 1 < lane->after_row ? lane->hint - 1 : lane->after_row;
            lane->after_due_ms = lane->after_retry_row = 0; /* a step that was under way may have moved them on */
            lane->has_backlog = 1;
            lane->hint = INT64_MAX;
        }
        sender->claim_lanes[sender->step.claim_count] = i;
        sender->claims[sender->step.claim_count++] = (struct hd__claim){.webhook = stage->webhooks[i].keys.webhook,
                                                                        .max = CLAIM_MAX,
                                                                        .after_row = lane->after_row,
                                                                        .after_due_ms = lane->after_due_ms,
                                                                        .after_retry_row = lane->after_retry_row};
    }
    sender->is_frozen = 1;
}

/* Nothing has happened: what was in the step is put back. */
static void thaw(struct sender *sender) {
    int count = (int)sender->step.result_count;
    sender->next_event -= (int)sender->step.event_count;
    for (int i = sender->pending_count; i-- > 0;)
        sender->pending[i + count] = sender->pending[i];
    for (int i = 0; i < count; i++)
        sender->pending[i] = sender->settled[i];
    sender->pending_count += count;
    sender->is_frozen = 0;
}

static void note_results(struct sender *sender) {
    struct stage *stage = sender->stage;
    for (size_t i = 0; i < sender->step.result_count; i++) {
        const struct hd__result *result = &sender->results[i];
        struct lane *lane = &sender->lanes[sender->settled[i].lane];
        struct row *row = row_in(lane, result->row);
        if (!row || (row->phase != ROW_SETTLES && result->is_lost))
            continue; /* it is another client's by now, or was claimed anew */
        if (result->kind == HD__RESULT_RETRY && !result->is_lost && stage->scenario->is_ordered) {
            row->phase = ROW_WAITS;
            row->tries = result->tries;
            row->due_us = stage->now_us + INT64_C(1000) * RETRY_MS;
        } else {
            drop(lane, result->row);
        }
        if (result->kind == HD__RESULT_RETRY && !stage->scenario->is_ordered) /* it is claimed when its time comes */
            lane->next_due_us = stage->now_us + INT64_C(1000) * RETRY_MS;
    }
}

static void note_claims(struct sender *sender) {
    for (size_t i = 0; i < sender->step.claim_count; i++) {
        const struct hd__claim *claim = &sender->claims[i];
        struct lane *lane = &sender->lanes[sender->claim_lanes[i]];
        if (!(sender->state.owned & bit_of(sender->stage, sender->claim_lanes[i])))
            continue;
        lane->has_backlog = claim->has_more;
        lane->next_due_us =
            claim->next_due_in_ms == INT64_MAX ? INT64_MAX : sender->stage->now_us + claim->next_due_in_ms * 1000;
    }
}

static void step_is_made(struct sender *sender) {
    sender->is_frozen = 0;
    sender->steps++;
    if (sender->step.event_count)
        sender->stage->is_accepted[stage_event(sender->stage, sender->event.event.id)] = 1;
    forget_shards(sender, sender->state.lost);
    note_results(sender);
    note_claims(sender);
    take_in(sender);
    forget_shards(sender, sender->step.left);
}

void sender_step(struct sender *sender, int cut) {
    wake(sender);
    if (!sender->is_frozen)
        freeze(sender);
    sender->cut = cut;
    int status = sender->store->ops->step(sender->store, &sender->step, &sender->state);
    sender->cut = STORE_CUT_NOT;
    if (status == HD_OK)
        step_is_made(sender);
    else if (sender->step.undone)
        thaw(sender);
    if (status != HD_OK && cut == STORE_CUT_NOT)
        stage_break(sender->stage, "a step failed: %s: %s", hd_status_name(status), sender->store->error);
    if (status != HD_OK)
        take_in(sender); /* hints that were told before it failed */
}

void sender_look(struct sender *sender, int cut) {
    wake(sender);
    sender->cut = cut;
    int status = sender->store->ops->look(sender->store, &sender->state);
    sender->cut = STORE_CUT_NOT;
    if (status == HD_OK)
        forget_shards(sender, sender->state.lost);
    else if (cut == STORE_CUT_NOT)
        stage_break(sender->stage, "a look failed: %s: %s", hd_status_name(status), sender->store->error);
    take_in(sender);
}

void sender_tend(struct sender *sender, int cut) {
    int more = 0;
    wake(sender);
    sender->cut = cut;
    int status = sender->store->ops->tend(sender->store, &sender->state, &more);
    sender->cut = STORE_CUT_NOT;
    if (status == HD_OK)
        forget_shards(sender, sender->state.lost);
    else if (cut == STORE_CUT_NOT)
        stage_break(sender->stage, "tend failed: %s: %s", hd_status_name(status), sender->store->error);
    take_in(sender);
}

/* ---- The rest ---- */

/* Counts up in the first webhook. One that conflicts is tried again later, when its change was heard. */
void sender_put(struct sender *sender) {
    struct hd__stored_webhook webhook = sender->stage->webhooks[0];
    webhook.retry_max_ms = (uint32_t)(sender->counter + 1);
    int status = sender->store->ops->put_webhook(sender->store, &webhook, sender->counter_version, NULL);
    if (status == HD_OK) {
        sender->counter++;
        sender->counter_version = webhook.version;
        sender->stage->puts_made++;
        sender->puts_left--;
    } else if (status != HD_E_CONFLICT) {
        stage_break(sender->stage, "a put failed: %s", hd_status_name(status));
    }
}

void sender_run(struct sender *sender) {
    for (int i = 0; i < 40; i++) {
        if (sender->is_paused || sender_has_work(sender))
            sender_step(sender, STORE_CUT_NOT);
        sender->is_paused = 0;
        sender_begin(sender);
        if (sender_flies(sender))
            sender_end_one(sender, 1);
        else if (!sender_has_work(sender))
            return;
    }
}

static void release(struct sender *sender) {
    for (int lane = 0; lane < sender->stage->scenario->lanes; lane++)
        for (int i = 0; i < sender->lanes[lane].count; i++) {
            struct row *row = &sender->lanes[lane].rows[i];
            if (row->phase != ROW_FLIES)
                continue;
            settle(sender, row, lane, 0);
            sender->pending[sender->pending_count - 1].result.kind = HD__RESULT_RELEASED;
            sender->stage->posts[row->post].is_released = 1;
        }
}

/* Gives up what is under way, writes all that it has to say, and leaves. */
void sender_leave(struct sender *sender) {
    while (sender->orphan_count)
        sender_end_one(sender, 0);
    for (int i = 0; i < 20 && (sender->is_frozen || sender->next_event < sender->last_event || sender->pending_count ||
                               sender_flies(sender));
         i++) {
        release(sender);
        sender_step(sender, STORE_CUT_NOT);
    }
    int status = sender->store->ops->leave(sender->store, 1);
    if (status != HD_OK)
        stage_break(sender->stage, "leaving failed: %s", hd_status_name(status));
    sender->store->ops->free(sender->store);
    sender->store = NULL;
    sender->is_alive = 0;
}

void sender_die(struct sender *sender) {
    for (int i = 0; i < sender->stage->post_count; i++)
        if (sender->stage->posts[i].sender == sender->index)
            sender->stage->posts[i].has_ended = 1;
    sender->store->ops->free(sender->store);
    sender->store = NULL;
    sender->is_alive = 0;
}
