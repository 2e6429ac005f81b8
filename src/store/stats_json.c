/* Statistics as JSON. */
#include "base/json.h"
#include "helmdesk.h"

#include <stdio.h>

/* Of what has ended, with one digit after the point, rounded down: 100.0 is all. null if nothing has. */
static void write_success(struct hd__out *out, const hd_log_stats *stats) {
    uint64_t good = hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED);
    uint64_t all = hd_log_stats_ended(stats);
    char text[16];
    if (all == 0) {
        hd__out_null(out, "success_percent");
        return;
    }
    unsigned permille = (unsigned)(good * 1000 / all);
    snprintf(text, sizeof text, "%u.%u", permille / 10, permille % 10);
    hd__out_raw(out, "success_percent", text);
}

/* What has failed, and why: those that are counted. */
static void write_reasons(struct hd__out *out, const char *key, const hd_log_stats *stats,
                          uint64_t (*count)(const hd_log_stats *stats, int reason)) {
    hd__out_open(out, key, '{');
    for (int reason = HD_REASON_DELIVERED + 1; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++)
        if (count(stats, reason))
            hd__out_number(out, hd_reason_name(reason), count(stats, reason));
    hd__out_close(out, '}');
}

/* null if there was no attempt: 0 ms is what the fastest take. */
static void write_duration(struct hd__out *out, const char *key, const hd_log_stats *stats, int permille) {
    if (hd_log_stats_attempts(stats) > 0)
        hd__out_number(out, key, hd_log_stats_total_ms(stats, permille));
    else
        hd__out_null(out, key);
}

static void write_durations(struct hd__out *out, const hd_log_stats *stats) {
    hd__out_open(out, "ms", '{');
    write_duration(out, "p50", stats, 500);
    write_duration(out, "p95", stats, 950);
    write_duration(out, "p99", stats, 990);
    write_duration(out, "max", stats, 1000);
    hd__out_close(out, '}');
}

/* Most buckets of a quiet webhook have neither attempts nor failures: what would be empty is left out. */
static void write_bucket_details(struct hd__out *out, const hd_log_stats *stats, size_t index) {
    if (hd_log_stats_bucket_attempts(stats, index) > 0) {
        hd__out_number(out, "p50", hd_log_stats_bucket_total_ms(stats, index, 500));
        hd__out_number(out, "p95", hd_log_stats_bucket_total_ms(stats, index, 950));
    }
    int has_reasons = 0;
    for (int reason = HD_REASON_DELIVERED + 1; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++) {
        if (!hd_log_stats_bucket_reason(stats, index, reason))
            continue;
        if (!has_reasons++)
            hd__out_open(out, "reasons", '{');
        hd__out_number(out, hd_reason_name(reason), hd_log_stats_bucket_reason(stats, index, reason));
    }
    if (has_reasons)
        hd__out_close(out, '}');
}

static void write_buckets(struct hd__out *out, const hd_log_stats *stats) {
    hd__out_open(out, "buckets", '[');
    for (size_t i = 0; i < hd_log_stats_bucket_count(stats); i++) {
        hd__out_open(out, NULL, '{');
        hd__out_time(out, "t", hd_log_stats_bucket_start_ms(stats, i));
        hd__out_number(out, "delivered", hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_DELIVERED));
        hd__out_number(out, "failed", hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_FAILED));
        hd__out_number(out, "canceled", hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_CANCELED));
        write_bucket_details(out, stats, i);
        hd__out_close(out, '}');
    }
    hd__out_close(out, ']');
}

int hd_log_stats_json(const hd_log_stats *stats, char *buf, size_t size, size_t *length) {
    struct hd__out out = {.buf = buf, .size = size};
    if (!stats || (!buf && size))
        return HD_E_INVALID;
    hd__out_open(&out, NULL, '{');
    hd__out_number(&out, "schema", HD_JSON_SCHEMA);
    hd__out_number(&out, "reports", hd_log_stats_count(stats));
    hd__out_number(&out, "attempts", hd_log_stats_attempts(stats));
    hd__out_number(&out, "deliveries", hd_log_stats_ended(stats));
    hd__out_number(&out, "delivered", hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED));
    hd__out_number(&out, "failed", hd_log_stats_outcome(stats, HD_OUTCOME_FAILED));
    hd__out_number(&out, "canceled", hd_log_stats_outcome(stats, HD_OUTCOME_CANCELED));
    hd__out_number(&out, "tried_again", hd_log_stats_outcome(stats, HD_OUTCOME_RETRYING));
    write_success(&out, stats);
    write_durations(&out, stats);
    write_reasons(&out, "reasons", stats, hd_log_stats_reason);
    write_reasons(&out, "retry_reasons", stats, hd_log_stats_retry_reason);
    write_buckets(&out, stats);
    hd__out_close(&out, '}');
    return hd__out_end(&out, length);
}
