#include "cli/filter.h"
#include "cli/find.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define YEAR_MS (366 * DAY_MS)
#define BAR_CELLS 40

struct window {
    int64_t since_ms, until_ms, bucket_ms; /* 0 buckets: none */
};

static uint64_t outcome(const hd_log_stats *stats, int which) {
    return hd_log_stats_outcome(stats, which);
}

/* Of what has ended, how much arrived; in percent. */
static double success(const hd_log_stats *stats) {
    return 100.0 * (double)outcome(stats, HD_OUTCOME_DELIVERED) / (double)hd_log_stats_ended(stats);
}

static long long ms(const hd_log_stats *stats, int permille) {
    return (long long)hd_log_stats_total_ms(stats, permille);
}

/* ---- Text ---- */

static void print_reasons(const hd_log_stats *stats, uint64_t (*count)(const hd_log_stats *stats, int reason)) {
    for (int reason = HD_REASON_DELIVERED + 1; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++)
        if (count(stats, reason))
            printf("  %8llu  %-18s %s\n", (unsigned long long)count(stats, reason), hd_reason_name(reason),
                   hd_reason_text(reason));
}

static void print_retries(const hd_log_stats *stats) {
    if (outcome(stats, HD_OUTCOME_RETRYING) == 0)
        return;
    printf("%llu attempts failed and were tried again\n", (unsigned long long)outcome(stats, HD_OUTCOME_RETRYING));
    print_reasons(stats, hd_log_stats_retry_reason);
}

static uint64_t largest_bucket(const hd_log_stats *stats) {
    uint64_t largest = 1;
    for (size_t i = 0; i < hd_log_stats_bucket_count(stats); i++) {
        uint64_t all = hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_DELIVERED) +
                       hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_FAILED);
        largest = all > largest ? all : largest;
    }
    return largest;
}

static void print_cells(enum color color, const char *cell, uint64_t count, uint64_t largest) {
    fputs(cli_color(stdout, color), stdout);
    for (uint64_t i = 0; i < (count * BAR_CELLS + largest - 1) / largest; i++)
        fputs(cell, stdout);
    fputs(cli_plain(stdout), stdout);
}

static void print_buckets(const hd_log_stats *stats) {
    uint64_t largest = largest_bucket(stats);
    if (hd_log_stats_bucket_count(stats) > 0)
        putchar('\n');
    for (size_t i = 0; i < hd_log_stats_bucket_count(stats); i++) {
        uint64_t good = hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_DELIVERED);
        uint64_t bad = hd_log_stats_bucket_outcome(stats, i, HD_OUTCOME_FAILED);
        printf("%s  %8llu delivered %6llu failed  ", cli_date(hd_log_stats_bucket_start_ms(stats, i)),
               (unsigned long long)good, (unsigned long long)bad);
        print_cells(COLOR_GOOD, cli_is_utf8() ? "\xe2\x96\x88" : "#", good, largest);
        print_cells(COLOR_BAD, cli_is_utf8() ? "\xe2\x96\x93" : "x", bad, largest);
        putchar('\n');
    }
}

static void tell_text(const hd_log_stats *stats, const struct window *window, uint64_t waiting) {
    printf("Since %s: %s%llu delivered%s, %s%llu failed%s", cli_date(window->since_ms), cli_color(stdout, COLOR_GOOD),
           (unsigned long long)outcome(stats, HD_OUTCOME_DELIVERED), cli_plain(stdout),
           cli_color(stdout, outcome(stats, HD_OUTCOME_FAILED) ? COLOR_BAD : COLOR_DIM),
           (unsigned long long)outcome(stats, HD_OUTCOME_FAILED), cli_plain(stdout));
    if (outcome(stats, HD_OUTCOME_CANCELED))
        printf(", %llu canceled", (unsigned long long)outcome(stats, HD_OUTCOME_CANCELED));
    if (hd_log_stats_ended(stats) > 0)
        printf("; %.1f %% arrived", success(stats));
    putchar('\n');
    print_reasons(stats, hd_log_stats_reason);
    print_retries(stats);
    if (hd_log_stats_attempts(stats) > 0)
        printf("p50 %lld ms, p95 %lld ms, p99 %lld ms, max %lld ms\n", ms(stats, 500), ms(stats, 950), ms(stats, 990),
               ms(stats, 1000));
    printf("%llu waiting\n", (unsigned long long)waiting);
    print_buckets(stats);
}

/* ---- The command ---- */

static int read_window(const struct args *args, struct window *window) {
    int code = cli_filter_time(args, OPT_SINCE, &window->since_ms);
    if (code == CLI_OK)
        code = cli_filter_time(args, OPT_UNTIL, &window->until_ms);
    if (code == CLI_OK)
        code = cli_duration(args, OPT_BUCKET, YEAR_MS, &window->bucket_ms);
    if (!window->until_ms)
        window->until_ms = cli_wall_ms() + 1; /* what ended in this millisecond too */
    if (!window->since_ms)
        window->since_ms = window->until_ms - DAY_MS;
    if (code == CLI_OK && window->since_ms >= window->until_ms)
        code = cli_fail(CLI_USAGE, "--since is not before --until");
    if (code == CLI_OK && window->bucket_ms > 0 && (window->until_ms - window->since_ms) / window->bucket_ms > 5000)
        code = cli_fail(CLI_USAGE, "--bucket is too short for that time: there would be more than 5,000 of them");
    return code;
}

/* For the project or the webhooks that are asked for; else all that waits, for webhooks that were deleted too. */
static int count_waiting(const struct args *args, const struct place *place, const struct wanted *wanted,
                         uint64_t *waiting) {
    hd_webhook_list *list = NULL;
    if (wanted->count == 0 && !cli_has(args, OPT_PROJECT)) {
        *waiting = hd_client_counter(place->client, HD_COUNTER_STORED);
        return CLI_OK;
    }
    int status = hd_client_list_webhooks(place->client, cli_value(args, OPT_PROJECT), &list);
    *waiting = 0;
    for (size_t i = 0; i < hd_webhook_list_count(list) && status == HD_OK; i++) {
        const char *id = hd_webhook_id(hd_webhook_list_at(list, i));
        uint64_t count = 0;
        if (cli_is_wanted(wanted, id))
            status = hd_client_waiting(place->client, id, &count, NULL);
        status = status == HD_E_NOT_FOUND ? HD_OK : status; /* it was deleted at this moment */
        *waiting += count;
    }
    hd_webhook_list_free(list);
    return status == HD_OK ? CLI_OK : cli_fail_place(place, status);
}

static int summarize(const struct args *args, const struct place *place, const struct wanted *wanted,
                     hd_log_filter *filter, const struct window *window) {
    hd_log_stats *stats = NULL;
    uint64_t waiting;
    int status = hd_log_filter_set_time(filter, window->since_ms, window->until_ms);
    if (status == HD_OK)
        status = hd_log_summarize(place->client, filter, window->bucket_ms, &stats);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    int code = count_waiting(args, place, wanted, &waiting);
    if (code == CLI_OK && cli_is_json())
        code =
            cli_json_print_stats(stats, json_pack("{s:o, s:o, s:I}", "since", cli_json_time(window->since_ms), "until",
                                                  cli_json_time(window->until_ms), "waiting", (json_int_t)waiting));
    else if (code == CLI_OK)
        tell_text(stats, window, waiting);
    hd_log_stats_free(stats);
    return code;
}

int cli_run_stats(const struct args *args) {
    struct window window = {0};
    struct place place = {0};
    struct wanted wanted = {.count = 0};
    hd_log_filter *filter = NULL;
    int code = read_window(args, &window);
    if (code == CLI_OK)
        code = cli_filter_new(args, &filter);
    if (code == CLI_OK)
        code = cli_place_open(args, ACCESS_READ, &place);
    if (code == CLI_OK && !cli_has(args, OPT_TESTS))
        (void)hd_log_filter_set_tests(filter, HD_TESTS_EXCLUDED);
    if (code == CLI_OK)
        code = cli_find_wanted(args, &place, &wanted);
    if (code == CLI_OK)
        code = cli_narrow_filter(args, &place, &wanted, filter);
    if (code == CLI_OK)
        code = summarize(args, &place, &wanted, filter, &window);
    cli_wanted_free(&wanted);
    hd_log_filter_free(filter);
    cli_place_close(&place);
    return code;
}
