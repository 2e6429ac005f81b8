#include "engine/backlog.h"

#include "endpoint/webhook.h"
#include "store/report.h"

/* So many stored deliveries are in memory at once, over all lanes, and a few more. */
#define STORED_MAX 65536

/* Until a lane that could not be read is tried again. */
#define CLOSED_US ((int64_t)2000 * 1000)

/* Of one claim. */
#define TESTS_MAX 16

int hd__backlog_is_there(const struct hd__lane *lane) {
    return lane->backlog.has_new || lane->backlog.has_tests || lane->backlog.retry_at_us != INT64_MAX ||
           lane->backlog.is_claiming;
}

/* A lane that is not open needs nothing in memory, unless it is to be discarded. */
static int is_wanted(const struct hd__lane *lane, int64_t now_us) {
    const struct hd__backlog *backlog = &lane->backlog;
    return (backlog->has_new || backlog->retry_at_us <= now_us) &&
           (hd__lane_is_open(lane) || lane->discarded_up_to > 0) && lane->held < hd__lane_kept(lane) / 2;
}

int hd__backlog_is_hungry(const struct hd__schedule *schedule, const struct hd__lane *lane, int64_t now_us) {
    const struct hd__backlog *backlog = &lane->backlog;
    return !backlog->is_claiming && !backlog->is_draining && backlog->closed_until_us <= now_us &&
           hd__schedule_shard_is_open(schedule, lane) && (backlog->has_tests || is_wanted(lane, now_us));
}

/* Into a lane that was emptied nothing may come but what a claim brings: what was there before is older. */
int hd__backlog_takes(const struct hd__schedule *schedule, const struct hd__lane *lane) {
    return hd__schedule_shard_is_open(schedule, lane) && !lane->backlog.has_new && !lane->backlog.is_claiming &&
           !lane->backlog.is_draining && lane->held < hd__lane_kept(lane) && schedule->deliveries < STORED_MAX;
}

void hd__backlog_leave(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    lane->backlog.has_new = 1;
    hd__schedule_settle(schedule, lane, now_us);
}

void hd__backlog_note_tests(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    lane->backlog.has_tests = 1;
    hd__schedule_settle(schedule, lane, now_us);
}

static void note_taken(struct hd__backlog *backlog, const struct hd__stored_delivery *stored, int is_test) {
    if (is_test) {
        backlog->after_test = stored->row;
    } else if (stored->due_ms == 0) {
        backlog->after_row = stored->row;
    } else {
        backlog->after_due_ms = stored->due_ms;
        backlog->after_retry_row = stored->row;
    }
}

/* A delivery that was tried before goes to the beginning: it is older. In an ordered lane it never left the memory, or
 * comes in the order of rows. */
int hd__backlog_push(struct hd__schedule *schedule, struct hd__lane *lane, struct hd__message *message,
                     const struct hd__stored_delivery *stored, int64_t now_us) {
    char id[HD__UUID_SIZE];
    struct hd__delivery *delivery;
    hd__uuid_format(stored->delivery_id, id);
    int status = hd__schedule_make(schedule, lane, message, id, &delivery);
    if (status != HD_OK)
        return status;
    delivery->row = stored->row;
    delivery->tries = stored->tries;
    delivery->report->attempts = stored->tries;
    delivery->report->may_be_repeated = stored->may_be_repeated;
    note_taken(&lane->backlog, stored, message->is_test);
    hd__schedule_enter(schedule, delivery, stored->due_ms != 0 || message->is_test);
    hd__schedule_settle(schedule, lane, now_us);
    return HD_OK;
}

void hd__backlog_comes_back(struct hd__lane *lane, int64_t at_us) {
    if (at_us < lane->backlog.retry_at_us)
        lane->backlog.retry_at_us = at_us;
}

/* ---- Claims ---- */

void hd__backlog_note(struct hd__schedule *schedule, struct hd__lane *lane, int64_t now_us) {
    if (lane->backlog.is_hungry || !hd__backlog_is_hungry(schedule, lane, now_us))
        return;
    lane->backlog.is_hungry = 1;
    lane->backlog.next_hungry = NULL;
    *(schedule->last_hungry ? &schedule->last_hungry->backlog.next_hungry : &schedule->first_hungry) = lane;
    schedule->last_hungry = lane;
}

static struct hd__lane *unlink_hungry(struct hd__schedule *schedule) {
    struct hd__lane *lane = schedule->first_hungry;
    schedule->first_hungry = lane->backlog.next_hungry;
    if (!schedule->first_hungry)
        schedule->last_hungry = NULL;
    lane->backlog.is_hungry = 0;
    return lane;
}

int hd__backlog_has_hungry(const struct hd__schedule *schedule) {
    return schedule->first_hungry && schedule->deliveries < STORED_MAX;
}

static void write_claim(const struct hd__lane *lane, struct hd__claim *claim, int64_t now_us) {
    size_t kept = hd__lane_kept(lane);
    *claim = (struct hd__claim){
        .webhook = lane->webhook->label->keys.webhook,
        .max_tests = lane->backlog.has_tests ? TESTS_MAX : 0,
        .max = !is_wanted(lane, now_us) ? 0
               : lane->held < kept      ? kept - lane->held
                                        : 1,
        .after_test = lane->backlog.after_test,
        .after_row = lane->backlog.after_row,
        .after_due_ms = lane->backlog.after_due_ms,
        .after_retry_row = lane->backlog.after_retry_row,
    };
}

size_t hd__backlog_claims(struct hd__schedule *schedule, struct hd__claim *claims, struct hd__lane **lanes, size_t max,
                          int64_t now_us) {
    size_t count = 0, deliveries = schedule->deliveries;
    while (schedule->first_hungry && count < max && deliveries < STORED_MAX) {
        struct hd__lane *lane = unlink_hungry(schedule);
        if (!hd__backlog_is_hungry(schedule, lane, now_us)) {
            hd__schedule_settle(schedule, lane, now_us); /* its shard has left since, or all of it is in memory */
            continue;
        }
        write_claim(lane, &claims[count], now_us);
        lane->backlog.is_claiming = 1;
        lane->backlog.has_tests = 0; /* what arrives from here on may be more than the claim finds */
        lane->backlog.has_new &= claims[count].max == 0;
        deliveries += claims[count].max + claims[count].max_tests;
        lanes[count++] = lane;
    }
    return count;
}

static void note_found(struct hd__backlog *backlog, const struct hd__claim *claim, int64_t now_us) {
    backlog->has_new |= claim->has_more;
    backlog->retry_at_us = claim->has_more                      ? now_us
                           : claim->next_due_in_ms == INT64_MAX ? INT64_MAX
                                                                : now_us + claim->next_due_in_ms * 1000;
}

void hd__backlog_claimed(struct hd__schedule *schedule, struct hd__lane *lane, const struct hd__claim *claim,
                         int is_done, int64_t now_us) {
    struct hd__backlog *backlog = &lane->backlog;
    backlog->is_claiming = 0;
    if (backlog->is_void) {
        backlog->is_void = 0;
    } else if (is_done && claim->status == HD_OK) {
        backlog->has_tests |= claim->has_more_tests;
        if (claim->max > 0)
            note_found(backlog, claim, now_us);
    } else {
        backlog->has_new = 1;
        backlog->has_tests |= claim->max_tests > 0;
        if (is_done)
            backlog->closed_until_us = now_us + CLOSED_US;
    }
    hd__schedule_settle(schedule, lane, now_us);
}

void hd__backlog_reset(struct hd__lane *lane) {
    struct hd__backlog *backlog = &lane->backlog;
    backlog->has_new = backlog->has_tests = 0;
    backlog->after_row = backlog->after_test = 0;
    backlog->retry_at_us = INT64_MAX;
    backlog->after_due_ms = backlog->after_retry_row = 0;
    backlog->is_void = backlog->is_claiming;
    backlog->is_draining = 1;
}
