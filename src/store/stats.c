#include "store/stats.h"

#include "base/reason.h"
#include "store/filter.h"

#include <stdlib.h>

#define OUTCOMES (HD_OUTCOME_RETRYING - HD_OUTCOME_DELIVERED + 1)
#define ATTEMPT_MAX_MS 5000 /* no attempt is given more time */
#define BUCKETS_MAX 10000
#define PERMILLE_MAX 1000

/* By outcome, from the first. */
struct counts {
    uint64_t of[OUTCOMES];
};

struct hd_log_stats {
    uint64_t count;
    struct counts outcomes;
    uint64_t reasons[HD__REASON_COUNT];       /* of what has ended */
    uint64_t retry_reasons[HD__REASON_COUNT]; /* of attempts that another one followed */
    uint64_t attempts;
    uint64_t took[ATTEMPT_MAX_MS + 1]; /* how many of the attempts took so many milliseconds */
    int64_t bucket_ms;
    int64_t first_bucket; /* in bucket_ms since 1970 */
    size_t bucket_count;
    struct counts buckets[];
};

/* ---- Counting ---- */

static int count_buckets(const struct hd__log_search *search, int64_t bucket_ms, int64_t *count) {
    *count = 0;
    if (bucket_ms == 0)
        return HD_OK;
    if (bucket_ms < 0 || !search->since_ms || !search->until_ms)
        return HD_E_INVALID;
    *count = (search->until_ms - 1) / bucket_ms - search->since_ms / bucket_ms + 1;
    return *count <= BUCKETS_MAX ? HD_OK : HD_E_INVALID;
}

int hd__log_stats_new(const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats) {
    struct hd__log_search search = {0};
    int64_t count;
    hd__log_filter_search(filter, &search);
    int status = count_buckets(&search, bucket_ms, &count);
    if (status != HD_OK)
        return status;
    hd_log_stats *made = calloc(1, sizeof *made + (size_t)count * sizeof made->buckets[0]);
    if (!made)
        return HD_E_NO_MEMORY;
    made->bucket_ms = bucket_ms;
    made->first_bucket = count ? search.since_ms / bucket_ms : 0;
    made->bucket_count = (size_t)count;
    *stats = made;
    return HD_OK;
}

static void count_outcome(hd_log_stats *stats, const struct hd__log_tally *tally) {
    int outcome = tally->outcome - HD_OUTCOME_DELIVERED;
    stats->outcomes.of[outcome] += tally->count;
    int64_t bucket = tally->bucket - stats->first_bucket;
    if (bucket >= 0 && (size_t)bucket < stats->bucket_count)
        stats->buckets[bucket].of[outcome] += tally->count;
}

static void count_reason(hd_log_stats *stats, const struct hd__log_tally *tally) {
    int reason = tally->reason - HD_REASON_DELIVERED;
    if (tally->outcome == HD_OUTCOME_RETRYING)
        stats->retry_reasons[reason] += tally->count;
    else
        stats->reasons[reason] += tally->count;
}

/* A store may hold what a newer version wrote: outcomes and reasons without a name here. */
void hd__log_stats_add(hd_log_stats *stats, const struct hd__log_tally *tally) {
    stats->count += tally->count;
    if (hd__outcome_known(tally->outcome))
        count_outcome(stats, tally);
    if (hd__reason_known(tally->reason))
        count_reason(stats, tally);
    if (tally->has_attempts && hd__reason_tells_of_attempt(tally->reason)) {
        stats->attempts += tally->count;
        stats->took[tally->total_ms < ATTEMPT_MAX_MS ? tally->total_ms : ATTEMPT_MAX_MS] += tally->count;
    }
}

int hd__log_stats_add_report(void *user, hd_report *report) {
    hd_log_stats *stats = user;
    const struct hd__log_tally tally = {
        .bucket = stats->bucket_ms ? hd_report_finished_at_ms(report) / stats->bucket_ms : 0,
        .outcome = hd_report_outcome(report),
        .reason = hd_report_reason(report),
        .has_attempts = hd_report_attempt(report) > 0,
        .total_ms = hd_report_total_ms(report),
        .count = 1,
    };
    hd__log_stats_add(stats, &tally);
    return 1;
}

/* ---- For programs ---- */

void hd_log_stats_free(hd_log_stats *stats) {
    free(stats);
}

uint64_t hd_log_stats_count(const hd_log_stats *stats) {
    return stats ? stats->count : 0;
}

static uint64_t count_of(const struct counts *counts, int outcome) {
    return hd__outcome_known(outcome) ? counts->of[outcome - HD_OUTCOME_DELIVERED] : 0;
}

uint64_t hd_log_stats_outcome(const hd_log_stats *stats, int outcome) {
    return stats ? count_of(&stats->outcomes, outcome) : 0;
}

uint64_t hd_log_stats_ended(const hd_log_stats *stats) {
    return stats ? stats->count - count_of(&stats->outcomes, HD_OUTCOME_RETRYING) : 0;
}

uint64_t hd_log_stats_reason(const hd_log_stats *stats, int reason) {
    return stats && hd__reason_known(reason) ? stats->reasons[reason - HD_REASON_DELIVERED] : 0;
}

uint64_t hd_log_stats_retry_reason(const hd_log_stats *stats, int reason) {
    return stats && hd__reason_known(reason) ? stats->retry_reasons[reason - HD_REASON_DELIVERED] : 0;
}

uint64_t hd_log_stats_attempts(const hd_log_stats *stats) {
    return stats ? stats->attempts : 0;
}

uint32_t hd_log_stats_total_ms(const hd_log_stats *stats, int permille) {
    if (!stats || stats->attempts == 0 || permille < 0 || permille > PERMILLE_MAX)
        return 0;
    uint64_t wanted = (stats->attempts * (uint64_t)permille + PERMILLE_MAX - 1) / PERMILLE_MAX;
    uint64_t seen = stats->took[0];
    uint32_t ms = 0;
    while (seen < (wanted ? wanted : 1))
        seen += stats->took[++ms];
    return ms;
}

size_t hd_log_stats_bucket_count(const hd_log_stats *stats) {
    return stats ? stats->bucket_count : 0;
}

int64_t hd_log_stats_bucket_start_ms(const hd_log_stats *stats, size_t index) {
    return stats && index < stats->bucket_count ? (stats->first_bucket + (int64_t)index) * stats->bucket_ms : 0;
}

uint64_t hd_log_stats_bucket_outcome(const hd_log_stats *stats, size_t index, int outcome) {
    return stats && index < stats->bucket_count ? count_of(&stats->buckets[index], outcome) : 0;
}
