#include "cli/summary.h"

#include "cli/json.h"
#include "cli/output.h"

void cli_summary_add(struct summary *summary, const hd_report *report) {
    int outcome = hd_report_outcome(report), reason = hd_report_reason(report);
    uint32_t ms = hd_report_total_ms(report);
    if (hd_report_has_attempt(report)) {
        summary->attempts++;
        summary->times[ms < SUMMARY_MAX_MS ? ms : SUMMARY_MAX_MS]++;
    }
    if (outcome == HD_OUTCOME_RETRYING)
        return;
    summary->delivered += outcome == HD_OUTCOME_DELIVERED;
    summary->failed += outcome == HD_OUTCOME_FAILED;
    summary->canceled += outcome == HD_OUTCOME_CANCELED;
    reason -= HD_REASON_DELIVERED;
    if (outcome != HD_OUTCOME_DELIVERED && reason >= 0 && reason < SUMMARY_REASONS)
        summary->reasons[reason]++;
}

/* The time that this share of all attempts did not exceed. */
static int percentile(const struct summary *summary, unsigned percent) {
    uint64_t wanted = (summary->attempts * percent + 99) / 100, seen = 0;
    for (int ms = 0; ms <= SUMMARY_MAX_MS; ms++)
        if (summary->attempts > 0 && (seen += summary->times[ms]) >= wanted)
            return ms;
    return 0;
}

static json_t *reasons_json(const struct summary *summary) {
    json_t *object = json_object();
    for (int i = 0; i < SUMMARY_REASONS; i++)
        if (summary->reasons[i])
            json_object_set_new(object, hd_reason_name(HD_REASON_DELIVERED + i),
                                json_integer((json_int_t)summary->reasons[i]));
    return object;
}

static int print_json(const struct summary *summary, double seconds) {
    return cli_json_print(json_pack("{s:{s:I, s:I, s:I, s:I, s:o, s:f, s:{s:i, s:i, s:i, s:i}}}", "summary",
                                    "delivered", (json_int_t)summary->delivered, "failed", (json_int_t)summary->failed,
                                    "canceled", (json_int_t)summary->canceled, "left", (json_int_t)summary->left,
                                    "reasons", reasons_json(summary), "seconds", seconds, "ms", "p50",
                                    percentile(summary, 50), "p95", percentile(summary, 95), "p99",
                                    percentile(summary, 99), "max", percentile(summary, 100)));
}

static void print_text(const struct summary *summary, double seconds) {
    uint64_t all = summary->delivered + summary->failed + summary->canceled + summary->left;
    printf("%llu deliveries in %.1f s (%.0f/s): %s%llu delivered%s, %s%llu failed%s", (unsigned long long)all, seconds,
           seconds > 0 ? (double)all / seconds : 0, cli_color(stdout, COLOR_GOOD),
           (unsigned long long)summary->delivered, cli_plain(stdout),
           cli_color(stdout, summary->failed ? COLOR_BAD : COLOR_DIM), (unsigned long long)summary->failed,
           cli_plain(stdout));
    if (summary->canceled)
        printf(", %llu given up", (unsigned long long)summary->canceled);
    if (summary->left)
        printf(", %llu left in the store", (unsigned long long)summary->left);
    putchar('\n');
    for (int i = 0; i < SUMMARY_REASONS; i++)
        if (summary->reasons[i])
            printf("  %llu %s: %s\n", (unsigned long long)summary->reasons[i], hd_reason_name(HD_REASON_DELIVERED + i),
                   hd_reason_text(HD_REASON_DELIVERED + i));
    printf("p50 %d ms, p95 %d ms, p99 %d ms, max %d ms\n", percentile(summary, 50), percentile(summary, 95),
           percentile(summary, 99), percentile(summary, 100));
}

int cli_summary_print(const struct summary *summary, int64_t elapsed_us) {
    double seconds = (double)elapsed_us / 1e6;
    if (cli_is_json())
        print_json(summary, seconds);
    else
        print_text(summary, seconds);
    return summary->failed + summary->canceled + summary->left ? CLI_NEGATIVE : CLI_OK;
}
