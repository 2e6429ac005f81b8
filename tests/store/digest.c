/* SPDX-License-Identifier: MIT */
/* Where a schedule has come to: two that have come to the same place go on in the same ways. */
#include "store/explorer.h"

static void add(uint64_t *digest, int64_t value) {
    *digest = (*digest ^ (uint64_t)value) * UINT64_C(0x9E3779B97F4A7C15);
    *digest ^= *digest >> 29;
}

static void add_row(uint64_t *digest, const struct row *row, int64_t now_us) {
    add(digest, row->row);
    add(digest, row->due_us <= now_us ? 0 : row->due_us - now_us);
    add(digest, row->event);
    add(digest, row->phase == ROW_FLIES ? row->post : -1);
    add(digest, row->phase);
    add(digest, row->is_marked + 2 * (int64_t)row->tries);
}

static void add_lane(uint64_t *digest, const struct lane *lane, int64_t now_us) {
    for (int i = 0; i < lane->count; i++)
        add_row(digest, &lane->rows[i], now_us);
    add(digest, lane->after_row);
    add(digest, lane->after_due_ms ? lane->after_due_ms - now_us / 1000 : 0);
    add(digest, lane->after_retry_row);
    add(digest, lane->next_due_us == INT64_MAX ? -1 : lane->next_due_us - now_us);
    add(digest, lane->has_backlog);
    add(digest, lane->hint);
}

static void add_pending(uint64_t *digest, const struct pending *pending) {
    add(digest, pending->result.kind);
    add(digest, pending->result.row);
    add(digest, pending->report.wait_ms);
    add(digest, pending->report.outcome);
    add(digest, pending->lane);
}

static void add_sender(uint64_t *digest, const struct sender *sender) {
    int64_t now_us = sender->stage->now_us;
    add(digest, sender->is_alive + 2 * sender->is_paused + 4 * sender->is_frozen);
    if (!sender->is_alive)
        return;
    add(digest, (int64_t)sender->state.owned);
    add(digest, (int64_t)sender->state.leaving);
    add(digest, sender->state.safe_until_us < now_us ? -1 : sender->state.safe_until_us - now_us);
    add(digest, (int64_t)sender->steps);
    add(digest, sender->next_event);
    add(digest, sender->puts_left);
    add(digest, sender->counter);
    add(digest, (int64_t)sender->counter_version);
    for (int i = 0; i < sender->stage->scenario->lanes; i++)
        add_lane(digest, &sender->lanes[i], now_us);
    for (int i = 0; i < sender->orphan_count; i++)
        add_row(digest, &sender->orphans[i], now_us);
    add(digest, sender->pending_count);
    for (int i = 0; i < sender->pending_count; i++)
        add_pending(digest, &sender->pending[i]);
    if (!sender->is_frozen)
        return;
    add(digest, (int64_t)sender->step.event_count);
    add(digest, (int64_t)sender->step.left);
    add(digest, (int64_t)sender->step.claim_count);
    for (size_t i = 0; i < sender->step.result_count; i++)
        add_pending(digest, &sender->settled[i]);
    for (size_t i = 0; i < sender->step.claim_count; i++)
        add(digest, sender->claim_lanes[i] + 2 * sender->claims[i].after_row);
}

uint64_t stage_digest(const struct stage *stage) {
    uint64_t digest = stage->kind->digest(stage->place, stage->now_us);
    for (int i = 0; i < stage->sender_count; i++)
        add_sender(&digest, &stage->senders[i]);
    for (int i = 0; i < EVENTS_MAX; i++)
        add(&digest, stage->is_accepted[i]);
    for (int i = 0; i < stage->post_count; i++) {
        const struct post *post = &stage->posts[i];
        add(&digest, post->sender + 8 * post->event + 64 * post->lane);
        add(&digest, post->row);
        add(&digest, post->has_ended ? -1 : stage->now_us - post->began_us);
        add(&digest, post->is_marked + 2 * post->was_delivered + 4 * post->is_released);
    }
    add(&digest, stage->puts_made);
    return digest;
}
