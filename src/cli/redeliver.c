/* helmdesk deliveries redeliver */
#include "cli/filter.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stop.h"
#include "cli/summary.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 16 /* under way at once: as many as a webhook surely keeps in memory (see engine/lane.c) */
#define LOOK_MS 50
#define QUIET_US 5000000 /* that nothing happens for so long says that nothing will */
#define CLOSE_MS 5000

struct redelivery {
    const struct args *args;
    struct place place;
    hd_log_filter *filter;
    size_t total, sent, finished;
    size_t stuck; /* of those that were sent: they are not waited for any more */
    int64_t started_us;
    int code; /* of the only one */
    struct progress progress;
    struct summary summary;
};

/* ---- Results ---- */

/* An attempt that is to be repeated ends the matter here, and the rest is the next server's; but for an ordered
 * webhook, which tries again before it goes on. */
static void take_report(struct redelivery *redelivery, const hd_report *report) {
    int is_first = hd_report_attempts(report) <= 1, is_end = hd_report_outcome(report) != HD_OUTCOME_RETRYING;
    redelivery->finished += (size_t)is_first;
    redelivery->summary.left += is_first && !is_end;
    redelivery->summary.left -= !is_first && is_end;
    redelivery->code = cli_report_code(report);
    cli_summary_add(&redelivery->summary, report);
    if (cli_is_json())
        cli_json_print(cli_report_json(report, 0));
    else if (redelivery->total == 1 || cli_is_verbose()) {
        cli_progress_hide(&redelivery->progress);
        cli_report_print(report);
    }
    if (is_first)
        cli_progress_step(&redelivery->progress, redelivery->code != CLI_OK);
}

/* Until all that were sent have ended, or a second signal comes, or nothing happens: what comes for an ordered webhook
 * waits in the store if something older does. A store that fails lets no attempt begin. */
static int wait_for_results(struct redelivery *redelivery) {
    hd_client *client = redelivery->place.client;
    int64_t active_us = cli_now_us();
    int status = HD_OK;
    while (redelivery->sent - redelivery->finished > redelivery->stuck && cli_stops() < 2 && status == HD_OK) {
        hd_report *report = NULL;
        status = hd_client_next_report(client, LOOK_MS, &report);
        if (status == HD_OK)
            take_report(redelivery, report);
        if (status == HD_OK || hd_client_counter(client, HD_COUNTER_IN_FLIGHT) > 0)
            active_us = cli_now_us();
        if (status == HD_E_TIMEOUT)
            status = hd_client_store_status(client);
        if (cli_now_us() - active_us >= (redelivery->stuck ? QUIET_US / 5 : QUIET_US))
            redelivery->stuck = redelivery->sent - redelivery->finished;
        hd_report_free(report);
        cli_progress_draw(&redelivery->progress);
    }
    if (status == HD_OK)
        return CLI_OK;
    redelivery->stuck = redelivery->sent - redelivery->finished; /* no more will come */
    return cli_fail_place(&redelivery->place, status);
}

/* The close leaves in the store what has not begun; what has, is told of. */
static void close_client(struct redelivery *redelivery) {
    hd_report *report = NULL;
    if (redelivery->finished == redelivery->sent || cli_stops() >= 2)
        return;
    (void)hd_client_close(redelivery->place.client, CLOSE_MS);
    while (hd_client_next_report(redelivery->place.client, 0, &report) == HD_OK) {
        take_report(redelivery, report);
        hd_report_free(report);
    }
    size_t left = redelivery->sent - redelivery->finished;
    if (left == 0)
        return;
    redelivery->summary.left += left;
    redelivery->code = CLI_NEGATIVE;
    cli_note(
        "Left in the store for the next server: %zu. Something older for their webhook waits there, the webhook is not "
        "on, or its receiver has asked to wait.",
        left);
}

/* Both are to happen; the first that went wrong is what is told. */
static int first_of(int code, int other) {
    return code == CLI_OK ? other : code;
}

/* What was asked before does not count. */
static void begin(struct redelivery *redelivery) {
    redelivery->started_us = cli_now_us();
    cli_progress_begin(&redelivery->progress, redelivery->total);
}

/* ---- Those that are named ---- */

static int fail_one(const struct redelivery *redelivery, const char *id, int status) {
    if (status == HD_E_NO_DELIVERY)
        return cli_fail(CLI_NEGATIVE, "there is no delivery %s in the log", id);
    if (status == HD_E_NOT_FOUND)
        return cli_fail(CLI_NEGATIVE, "the webhook of delivery %s is not there any more", id);
    return cli_fail_place(&redelivery->place, status);
}

static int send_named(struct redelivery *redelivery) {
    int code = CLI_OK;
    redelivery->total = (size_t)redelivery->args->operand_count;
    begin(redelivery);
    for (int i = 0; i < redelivery->args->operand_count && code == CLI_OK && cli_stops() == 0; i++) {
        const char *id = redelivery->args->operands[i];
        int status = hd_webhook_redeliver(redelivery->place.client, id, NULL);
        code = status == HD_OK ? CLI_OK : fail_one(redelivery, id, status);
        redelivery->sent += status == HD_OK;
        if (redelivery->sent % BATCH == 0)
            code = first_of(code, wait_for_results(redelivery));
    }
    return first_of(code, wait_for_results(redelivery));
}

/* ---- All that match ---- */

/* What is to be sent: no tests, and of each delivery its end. It is what ended before now, so that what is sent does
 * not match itself. */
static int count(struct redelivery *redelivery) {
    hd_log_stats *stats = NULL;
    int64_t since_ms = 0, until_ms = 0;
    (void)cli_filter_time(redelivery->args, OPT_SINCE, &since_ms); /* they were read before */
    (void)cli_filter_time(redelivery->args, OPT_UNTIL, &until_ms);
    int status = hd_log_filter_set_tests(redelivery->filter, HD_TESTS_EXCLUDED);
    if (status == HD_OK)
        status = hd_log_filter_set_time(redelivery->filter, since_ms, until_ms ? until_ms : cli_wall_ms());
    if (status == HD_OK)
        status = hd_log_summarize(redelivery->place.client, redelivery->filter, 0, &stats);
    if (status != HD_OK)
        return cli_fail_place(&redelivery->place, status);
    redelivery->total = (size_t)(hd_log_stats_count(stats) - hd_log_stats_outcome(stats, HD_OUTCOME_RETRYING));
    hd_log_stats_free(stats);
    return CLI_OK;
}

static int send_page(struct redelivery *redelivery, char **cursor) {
    hd_log_page *page = NULL;
    size_t sent = 0;
    int status = hd_webhook_redeliver_page(redelivery->place.client, redelivery->filter, *cursor, BATCH, &sent, &page);
    const char *next = hd_log_page_cursor(page);
    redelivery->sent += sent;
    free(*cursor);
    *cursor = next ? strdup(next) : NULL;
    int is_out_of_memory = next && !*cursor;
    hd_log_page_free(page);
    int code = status == HD_OK ? CLI_OK : cli_fail_place(&redelivery->place, status);
    code = first_of(code, wait_for_results(redelivery));
    return code == CLI_OK && is_out_of_memory ? cli_no_memory() : code;
}

static int send_pages(struct redelivery *redelivery) {
    char *cursor = NULL;
    int code;
    begin(redelivery);
    do
        code = send_page(redelivery, &cursor);
    while (code == CLI_OK && cursor && cli_stops() == 0);
    if (code == CLI_OK && !cursor && redelivery->sent < redelivery->total)
        cli_note("Left out, since their webhooks are not there any more: %zu.", redelivery->total - redelivery->sent);
    free(cursor);
    return code;
}

static int send_matching(struct redelivery *redelivery) {
    char question[64];
    int code = count(redelivery);
    if (code != CLI_OK)
        return code;
    if (redelivery->total == 0) {
        cli_note("No delivery matches.");
        return CLI_OK;
    }
    snprintf(question, sizeof question, "Redeliver %zu %s?", redelivery->total,
             redelivery->total == 1 ? "delivery" : "deliveries");
    code = cli_confirm(redelivery->args, question);
    return code == CLI_OK ? send_pages(redelivery) : code;
}

/* ---- The command ---- */

static int check_usage(const struct args *args) {
    int is_all = cli_has(args, OPT_ALL);
    const char *tests = cli_value(args, OPT_TESTS);
    if (is_all == (args->operand_count > 0) || (!is_all && cli_filters(args)))
        return cli_fail(CLI_USAGE, "deliveries redeliver: which? Name them by their ids, or filter them and say --all");
    if (!tests || strcmp(tests, "only") != 0)
        return CLI_OK;
    cli_error("deliveries redeliver: --all leaves tests out");
    cli_hint("'helmdesk webhooks test ID' makes a new one.");
    return CLI_USAGE;
}

static int run(struct redelivery *redelivery) {
    int code = check_usage(redelivery->args);
    if (code == CLI_OK)
        code = cli_filter_new(redelivery->args, &redelivery->filter);
    if (code == CLI_OK)
        code = cli_place_open(redelivery->args, ACCESS_SEND, &redelivery->place);
    if (code != CLI_OK)
        return code;
    cli_stop_begin(3);
    code = cli_has(redelivery->args, OPT_ALL) ? send_matching(redelivery) : send_named(redelivery);
    close_client(redelivery);
    cli_progress_end(&redelivery->progress);
    if (redelivery->total > 1 && redelivery->sent > 0) {
        int summary = cli_summary_print(&redelivery->summary, cli_now_us() - redelivery->started_us);
        code = first_of(code, summary);
    }
    if (code == CLI_OK && redelivery->total == 1)
        code = redelivery->code;
    return cli_stops() ? cli_stop_code() : code;
}

int cli_run_deliveries_redeliver(const struct args *args) {
    struct redelivery *redelivery = calloc(1, sizeof *redelivery);
    if (!redelivery)
        return cli_no_memory();
    redelivery->args = args;
    int code = run(redelivery);
    hd_log_filter_free(redelivery->filter);
    cli_place_close(&redelivery->place);
    free(redelivery);
    return code;
}
