#include "store/stats.h"

#include "base/reason.h"
#include "store/filter.h"

#include <stdlib.h>

#define OUTCOMES (HD_OUTCOME_RETRYING - HD_OUTCOME_DELIVERED + 1)
#define ATTEMPT_MAX_MS 5000 /* no attempt is given more time */
#define BUCKETS_MAX 10000
#define PERMILLE_MAX 1000
#define EXACT_MS 64 /* of a bucket: what took less is counted by the millisecond, */
#define FINENESS 32 /* and what took longer in so many parts from each power of two to the next */
#define PLACES (EXACT_MS + 7 * FINENESS)

/* By outcome, from the first. */
struct counts {
    uint64_t of[OUTCOMES];
};

struct bucket {
    struct counts outcomes;
    uint64_t reasons[HD__REASON_COUNT]; /* of what has ended */
    uint64_t attempts;
    uint32_t took[PLACES];
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
    struct bucket buckets[];
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

/* The bucket of a tally; NULL if there is none. */
static struct bucket *bucket_of(hd_log_stats *stats, const struct hd__log_tally *tally) {
    int64_t index = tally->bucket - stats->first_bucket;
    return index >= 0 && (size_t)index < stats->bucket_count ? &stats->buckets[index] : NULL;
}

static void count_outcome(hd_log_stats *stats, struct bucket *bucket, const struct hd__log_tally *tally) {
    int outcome = tally->outcome - HD_OUTCOME_DELIVERED;
    stats->outcomes.of[outcome] += tally->count;
    if (bucket)
        bucket->outcomes.of[outcome] += tally->count;
}

static void count_reason(hd_log_stats *stats, struct bucket *bucket, const struct hd__log_tally *tally) {
    int reason = tally->reason - HD_REASON_DELIVERED;
    if (tally->outcome == HD_OUTCOME_RETRYING) {
        stats->retry_reasons[reason] += tally->count;
        return;
    }
    stats->reasons[reason] += tally->count;
    if (bucket)
        bucket->reasons[reason] += tally->count;
}

/* A long time is counted with those up to a thirty-second longer than it. */
static size_t place_of(uint32_t ms) {
    int power = 0;
    while (ms >> power >= 2 * FINENESS)
        power++;
    return ms < EXACT_MS ? ms : EXACT_MS + (size_t)(power - 1) * FINENESS + (ms >> power) - FINENESS;
}

/* The longest time that is counted at a place. */
static uint32_t longest_at(size_t place) {
    if (place < EXACT_MS)
        return (uint32_t)place;
    unsigned power = (unsigned)((place - EXACT_MS) / FINENESS) + 1;
    uint32_t ms = ((uint32_t)((place - EXACT_MS) % FINENESS) + FINENESS + 1) * (UINT32_C(1) << power) - 1;
    return ms < ATTEMPT_MAX_MS ? ms : ATTEMPT_MAX_MS;
}

static void count_attempt(hd_log_stats *stats, struct bucket *bucket, const struct hd__log_tally *tally) {
    uint32_t ms = tally->total_ms < ATTEMPT_MAX_MS ? tally->total_ms : ATTEMPT_MAX_MS;
    stats->attempts += tally->count;
    stats->took[ms] += tally->count;
    if (!bucket)
        return;
    bucket->attempts += tally->count;
    bucket->took[place_of(ms)] += (uint32_t)tally->count;
}

/* A store may hold what a newer version wrote: outcomes and reasons without a name here. */
void hd__log_stats_add(hd_log_stats *stats, const struct hd__log_tally *tally) {
    struct bucket *bucket = bucket_of(stats, tally);
    stats->count += tally->count;
    if (hd__outcome_known(tally->outcome))
        count_outcome(stats, bucket, tally);
    if (hd__reason_known(tally->reason))
        count_reason(stats, bucket, tally);
    if (tally->has_attempts && hd__reason_tells_of_attempt(tally->reason))
        count_attempt(stats, bucket, tally);
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

/* How many of so many attempts are to be seen, from the shortest on; 0 if there is no answer. */
static uint64_t rank(uint64_t attempts, int permille) {
    if (attempts == 0 || permille < 0 || permille > PERMILLE_MAX)
        return 0;
    uint64_t wanted = (attempts * (uint64_t)permille + PERMILLE_MAX - 1) / PERMILLE_MAX;
    return wanted ? wanted : 1;
}

uint32_t hd_log_stats_total_ms(const hd_log_stats *stats, int permille) {
    uint64_t wanted = stats ? rank(stats->attempts, permille) : 0, seen = 0;
    uint32_t ms = 0;
    while (wanted && (seen += stats->took[ms]) < wanted)
        ms++;
    return ms;
}

/* NULL if there is none. */
static const struct bucket *bucket_at(const hd_log_stats *stats, size_t index) {
    return stats && index < stats->bucket_count ? &stats->buckets[index] : NULL;
}

size_t hd_log_stats_bucket_count(const hd_log_stats *stats) {
    return stats ? stats->bucket_count : 0;
}

int64_t hd_log_stats_bucket_start_ms(const hd_log_stats *stats, size_t index) {
    return bucket_at(stats, index) ? (stats->first_bucket + (int64_t)index) * stats->bucket_ms : 0;
}

uint64_t hd_log_stats_bucket_outcome(const hd_log_stats *stats, size_t index, int outcome) {
    const struct bucket *bucket = bucket_at(stats, index);
    return bucket ? count_of(&bucket->outcomes, outcome) : 0;
}

uint64_t hd_log_stats_bucket_reason(const hd_log_stats *stats, size_t index, int reason) {
    const struct bucket *bucket = bucket_at(stats, index);
    return bucket && hd__reason_known(reason) ? bucket->reasons[reason - HD_REASON_DELIVERED] : 0;
}

uint64_t hd_log_stats_bucket_attempts(const hd_log_stats *stats, size_t index) {
    const struct bucket *bucket = bucket_at(stats, index);
    return bucket ? bucket->attempts : 0;
}

uint32_t hd_log_stats_bucket_total_ms(const hd_log_stats *stats, size_t index, int permille) {
    const struct bucket *bucket = bucket_at(stats, index);
    uint64_t wanted = bucket ? rank(bucket->attempts, permille) : 0, seen = 0;
    size_t place = 0;
    while (wanted && (seen += bucket->took[place]) < wanted)
        place++;
    return longest_at(place);
}
