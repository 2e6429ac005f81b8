#include "engine/lane.h"

#include "base/reason.h"
#include "endpoint/webhook.h"
#include "store/report.h"

#include <stdlib.h>

#define MS INT64_C(1000)
#define SECOND (1000 * MS)

#define ALIVE_US (5 * SECOND)
#define THROTTLE_MAX_S 300 /* longer than that, a receiver cannot keep all of its deliveries waiting */
#define THROTTLE_DOUBLINGS 6

#define KEPT_LEAST 16
#define KEPT_MOST 1024 /* of an ordered one, most may wait for another one of their ticket */

/* ---- What the webhook says ---- */

/* As if the last start had used up all that the rate allows. */
static void use_up(struct hd__lane *lane) {
    lane->full_at_us = lane->counted_us ? lane->counted_us + lane->burst * lane->space_us : 0;
}

void hd__lane_use_up(struct hd__lane *lane, int64_t at_us) {
    lane->counted_us = at_us;
    use_up(lane);
}

/* After a change, at most one space passes until the next request may start. */
static void follow_rate(struct hd__lane *lane, struct hd__rate rate) {
    int64_t space_us = rate.count ? (rate.period_ms * MS + rate.count - 1) / rate.count : 0;
    if (lane->space_us == space_us && lane->burst == rate.burst)
        return;
    lane->space_us = space_us;
    lane->burst = rate.burst;
    use_up(lane);
}

void hd__lane_follow(struct hd__lane *lane, hd_webhook *webhook) {
    if (lane->webhook == webhook)
        return;
    hd_webhook_free(lane->webhook);
    lane->webhook = hd__webhook_ref(webhook);
    lane->max_in_flight = webhook->max_in_flight;
    follow_rate(lane, hd__webhook_rate(webhook));
}

int hd__lane_is_open(const struct hd__lane *lane) {
    return lane->webhook->mode == HD_MODE_ON && lane->webhook->forbidden == HD_OK && lane->state != HD_WEBHOOK_PAUSED;
}

/* ---- Deliveries that have been made ---- */

void hd__lane_prepend(struct hd__lane *lane, struct hd__delivery *delivery) {
    delivery->previous = NULL;
    delivery->next = lane->first;
    *(lane->first ? &lane->first->previous : &lane->last) = delivery;
    lane->first = delivery;
}

void hd__lane_append(struct hd__lane *lane, struct hd__delivery *delivery) {
    delivery->next = NULL;
    delivery->previous = lane->last;
    *(lane->last ? &lane->last->next : &lane->first) = delivery;
    lane->last = delivery;
}

void hd__lane_take_out(struct hd__lane *lane, struct hd__delivery *delivery) {
    *(delivery->previous ? &delivery->previous->next : &lane->first) = delivery->next;
    *(delivery->next ? &delivery->next->previous : &lane->last) = delivery->previous;
}

/* ---- Fresh deliveries ---- */

#define FRESH_AT_FIRST 4
#define FRESH_KEPT 128 /* places that an empty ring keeps */

static struct hd__message **fresh_at(const struct hd__lane *lane, size_t index) {
    return &lane->fresh[(lane->fresh_head + index) & (lane->fresh_size - 1)]; /* a power of two */
}

/* A ring of another size, with the oldest at its beginning. */
static int resize(struct hd__lane *lane, size_t size) {
    struct hd__message **ring = malloc(size * sizeof ring[0]);
    if (!ring)
        return HD_E_NO_MEMORY;
    for (size_t i = 0; i < lane->fresh_count; i++)
        ring[i] = *fresh_at(lane, i);
    free(lane->fresh);
    lane->fresh = ring;
    lane->fresh_size = size;
    lane->fresh_head = 0;
    return HD_OK;
}

int hd__lane_push(struct hd__lane *lane, struct hd__message *message) {
    int status = HD_OK;
    if (lane->fresh_count == lane->fresh_size)
        status = resize(lane, lane->fresh_size ? lane->fresh_size * 2 : FRESH_AT_FIRST);
    if (status == HD_OK)
        *fresh_at(lane, lane->fresh_count++) = message;
    return status;
}

struct hd__message *hd__lane_oldest(const struct hd__lane *lane) {
    return *fresh_at(lane, 0);
}

struct hd__message *hd__lane_newest(const struct hd__lane *lane) {
    return *fresh_at(lane, lane->fresh_count - 1);
}

/* Gives back memory of a backlog; without memory for that, the ring stays as it is. */
static void shrink(struct hd__lane *lane) {
    if (lane->fresh_size > FRESH_KEPT && lane->fresh_count <= lane->fresh_size / 4)
        (void)resize(lane, lane->fresh_size / 2);
}

void hd__lane_drop_oldest(struct hd__lane *lane) {
    lane->fresh_head = (lane->fresh_head + 1) & (lane->fresh_size - 1);
    lane->fresh_count--;
    shrink(lane);
}

void hd__lane_drop_newest(struct hd__lane *lane) {
    lane->fresh_count--;
    shrink(lane);
}

/* ---- When, and how many ---- */

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

int64_t hd__lane_opens_at(const struct hd__lane *lane) {
    int64_t spaced_us = lane->space_us ? lane->full_at_us - (lane->burst - 1) * lane->space_us : 0;
    return later(spaced_us, lane->throttled_until_us);
}

/* Tests do not wait for the rate: those beyond it use up no more than there is. */
void hd__lane_started(struct hd__lane *lane, int64_t now_us) {
    int64_t full_at_us = later(lane->full_at_us, now_us) + lane->space_us,
            used_up_us = now_us + lane->burst * lane->space_us;
    lane->full_at_us = full_at_us < used_up_us ? full_at_us : used_up_us;
    lane->counted_us = now_us;
}

/* 429, or 503 with a Retry-After, asks for patience: as long as it says, else 1 s and twice as long each time. */
static int64_t asked_s(struct hd__lane *lane, const hd_report *report) {
    if (report->http_status != 429 && (report->http_status != 503 || report->retry_after_s == 0))
        return 0;
    uint32_t doublings = lane->throttles < THROTTLE_DOUBLINGS ? lane->throttles : THROTTLE_DOUBLINGS;
    lane->throttles++;
    lane->window = 1;
    if (report->retry_after_s == 0)
        return INT64_C(1) << doublings;
    return report->retry_after_s < THROTTLE_MAX_S ? report->retry_after_s : THROTTLE_MAX_S;
}

int64_t hd__lane_throttle(struct hd__lane *lane, const hd_report *report, int64_t now_us) {
    int64_t until_us = later(lane->throttled_until_us, now_us + asked_s(lane, report) * SECOND);
    return until_us > now_us ? until_us : 0;
}

static int is_timeout(const hd_report *report) {
    return report->reason == HD_REASON_TIMEOUT_CONNECT || report->reason == HD_REASON_TIMEOUT_TOTAL;
}

static void learn_success(struct hd__lane *lane, int64_t now_us) {
    if (lane->window < lane->max_in_flight)
        lane->window *= 2;
    lane->alive_until_us = now_us + ALIVE_US;
    lane->throttles = 0;
}

static void learn_failure(struct hd__lane *lane, const hd_report *report, int64_t now_us) {
    lane->failed_us = now_us;
    if (is_timeout(report))
        lane->window = 1;
}

/* A test that fails says nothing that people do not see at once. */
static int is_to_be_paused(const struct hd__lane *lane, const hd_report *report, const struct hd__pause_rule *rule) {
    int is_enough =
        lane->health.failures >= rule->failures || report->http_status == 410 || lane->state == HD_WEBHOOK_PROBING;
    return rule->failures > 0 && is_enough && !report->is_test && lane->state != HD_WEBHOOK_PAUSED;
}

int hd__lane_learn(struct hd__lane *lane, const hd_report *report, const struct hd__pause_rule *rule, int64_t now_us,
                   int64_t *paused_until_us) {
    *paused_until_us = lane->paused_until_us;
    if (report->reason == HD_REASON_DELIVERED) {
        learn_success(lane, now_us);
        return HD_WEBHOOK_ACTIVE;
    }
    if (hd__reason_is_ours(report->reason))
        return lane->state;
    learn_failure(lane, report, now_us);
    if (!is_to_be_paused(lane, report, rule))
        return lane->state;
    lane->window = 1;
    *paused_until_us = now_us + rule->pause_ms * MS;
    return HD_WEBHOOK_PAUSED;
}

/* What is told of a webhook that fails is untold by its next success only. */
int64_t hd__lane_remembered_until(const struct hd__lane *lane, const struct hd__alert_rule *rule) {
    const struct hd__health *health = &lane->health;
    if (health->failures > 0 || health->told)
        return INT64_MAX;
    int64_t until_us =
        later(later(lane->throttled_until_us, lane->fresh_until_us), later(lane->full_at_us, lane->alive_until_us));
    return health->alerted_ms ? later(until_us, lane->failed_us + rule->window_ms * MS) : until_us;
}

/* Enough for a turn of the worker in which all that are under way end, and the next. */
size_t hd__lane_kept(const struct hd__lane *lane) {
    size_t kept = (size_t)lane->max_in_flight * 4;
    if (lane->webhook->ordered || lane->discarded_up_to > lane->backlog.after_row)
        return KEPT_MOST;
    return kept < KEPT_LEAST ? KEPT_LEAST : kept;
}
