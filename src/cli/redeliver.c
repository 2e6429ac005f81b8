/* helmdesk deliveries redeliver */
#include "cli/filter.h"
#include "cli/find.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/pending.h"
#include "cli/progress.h"
#include "cli/redeliver_all.h"
#include "cli/report.h"
#include "cli/stop.h"
#include "cli/summary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW 16 /* awaited at once: what Ctrl-C leaves to be waited for */
#define LOOK_MS 50
#define HINT_US 2000000  /* after so long without a sign, one may ask whether a server runs */
#define QUIET_US 7000000 /* longer than an attempt takes: if nothing happens for so long, nothing will */
#define CLOSE_US 5000000 /* what an attempt takes at the most */

struct redelivery {
    const struct args *args;
    struct place place;
    hd_log_filter *filter;
    struct pending pending;
    size_t total, sent;
    int64_t started_us;
    int is_hinted, has_waited_in_vain;
    int code; /* of the last result */
    struct progress progress;
    struct summary summary;
};

/* Both are to happen; the first that went wrong is what is told. */
static int first_of(int code, int other) {
    return code == CLI_OK ? other : code;
}

/* ---- Results ---- */

static void take_report(void *user, const hd_report *report, int was_awaited) {
    struct redelivery *redelivery = user;
    redelivery->code = cli_report_code(report);
    cli_summary_add(&redelivery->summary, report);
    if (cli_is_json())
        cli_json_print_report(report, 0);
    else if (redelivery->total == 1 || cli_is_verbose()) {
        cli_progress_hide(&redelivery->progress);
        cli_report_print(report);
    }
    if (was_awaited)
        cli_progress_step(&redelivery->progress, redelivery->code != CLI_OK);
}

static int look(struct redelivery *redelivery) {
    return cli_pending_look(&redelivery->pending, take_report, redelivery);
}

static void watch_the_time(struct redelivery *redelivery) {
    int64_t quiet_us = cli_now_us() - redelivery->pending.active_us;
    int is_first = redelivery->pending.awaited > 0 && redelivery->progress.done == 0;
    if (quiet_us >= HINT_US && is_first && !redelivery->is_hinted++ && !cli_has(redelivery->args, OPT_DELIVER))
        cli_note("Waiting for a server to deliver. If none has the store open, --deliver has this command do it.");
    if (quiet_us < (redelivery->has_waited_in_vain ? QUIET_US / 5 : QUIET_US))
        return;
    redelivery->has_waited_in_vain = 1;
    cli_pending_give_up(&redelivery->pending);
}

static void take_a_break(void) {
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    nanosleep(&pause, NULL);
}

/* Until fewer than this many are awaited, or a second signal comes. */
static int wait_for(struct redelivery *redelivery, size_t fewer) {
    int code = look(redelivery);
    while (code == CLI_OK && redelivery->pending.awaited >= fewer && cli_stops() < 2) {
        take_a_break();
        code = look(redelivery);
        watch_the_time(redelivery);
        cli_progress_draw(&redelivery->progress);
    }
    return code;
}

/* ---- Putting one in ---- */

/* What comes for a webhook that sends nothing now is not worth waiting for. */
static int is_sending(const struct redelivery *redelivery, const char *webhook_id) {
    hd_webhook *webhook = NULL;
    int state = HD_WEBHOOK_ACTIVE;
    (void)hd_client_get_webhook(redelivery->place.client, webhook_id, &webhook);
    (void)hd_client_webhook_state(redelivery->place.client, webhook_id, &state, NULL);
    int is_on = !webhook || hd_webhook_mode(webhook) == HD_MODE_ON;
    hd_webhook_free(webhook);
    return is_on && (state == HD_WEBHOOK_ACTIVE || state == HD_WEBHOOK_PROBING || state == HD_WEBHOOK_THROTTLED);
}

static int send_one(struct redelivery *redelivery, const char *id, const char *webhook_id) {
    char event_id[HD_ID_SIZE];
    int status = hd_client_redeliver(redelivery->place.client, id, event_id);
    if (status != HD_OK)
        return status;
    redelivery->sent++;
    cli_pending_add(&redelivery->pending, event_id, webhook_id, is_sending(redelivery, webhook_id));
    return HD_OK;
}

/* What was asked before does not count. */
static void begin(struct redelivery *redelivery) {
    redelivery->started_us = cli_now_us();
    cli_progress_begin(&redelivery->progress, redelivery->total);
}

static int fail_one(const struct redelivery *redelivery, const char *id, int status) {
    if (status == HD_E_NO_DELIVERY)
        return cli_fail(CLI_NEGATIVE, "there is no delivery %s in the log", id);
    if (status == HD_E_NOT_FOUND)
        return cli_fail(CLI_NEGATIVE, "the webhook of delivery %s is not there any more", id);
    if (status == HD_E_STORE_DAMAGED)
        cli_error("the event of delivery %s cannot be read, and is not sent again", id);
    return cli_fail_place(&redelivery->place, status);
}

/* A page with the last report of a delivery, or with nothing. */
static int find_delivery(struct redelivery *redelivery, const char *id, hd_log_page **page) {
    int status = hd_log_filter_set_delivery(redelivery->filter, id);
    return status == HD_OK ? hd_log_query(redelivery->place.client, redelivery->filter, NULL, 1, page) : status;
}

static int send_named_one(struct redelivery *redelivery, const char *text) {
    hd_log_page *page = NULL;
    char id[HD_ID_SIZE];
    int code = cli_find_delivery(&redelivery->place, text, id);
    if (code != CLI_OK)
        return code;
    int status = find_delivery(redelivery, id, &page);
    const hd_report *report = hd_log_page_at(page, 0);
    if (status == HD_OK)
        status = report ? send_one(redelivery, id, hd_report_webhook_id(report)) : HD_E_NO_DELIVERY;
    hd_log_page_free(page);
    return status == HD_OK ? CLI_OK : fail_one(redelivery, id, status);
}

static int send_named(struct redelivery *redelivery) {
    int code = CLI_OK;
    redelivery->total = (size_t)redelivery->args->operand_count;
    begin(redelivery);
    for (int i = 0; i < redelivery->args->operand_count && code == CLI_OK && cli_stops() == 0; i++) {
        code = send_named_one(redelivery, redelivery->args->operands[i]);
        code = first_of(code, wait_for(redelivery, WINDOW));
    }
    return first_of(code, wait_for(redelivery, 1));
}

/* ---- The end ---- */

/* Attempts that this command has begun end first, also those of what else waits; the rest stays in the store. */
static void close_client(struct redelivery *redelivery) {
    hd_client *client = redelivery->place.client;
    int64_t end_us = cli_now_us() + CLOSE_US;
    if (!cli_has(redelivery->args, OPT_DELIVER))
        return;
    while (hd_client_counter(client, HD_COUNTER_IN_FLIGHT) > 0 && cli_now_us() < end_us && cli_stops() < 2)
        take_a_break();
    (void)hd_client_close(client, 0);
    (void)cli_pending_look(&redelivery->pending, take_report, redelivery);
}

static void tell_what_is_left(struct redelivery *redelivery) {
    cli_pending_give_up(&redelivery->pending);
    redelivery->summary.left = redelivery->pending.left;
    if (redelivery->pending.left == 0)
        return;
    redelivery->code = CLI_NEGATIVE;
    cli_note(
        "Left in the store, to be delivered later: %zu. Either no server has the store open, or the webhook is not on, "
        "is paused, tries again later, or has something older to deliver first.",
        redelivery->pending.left);
}

/* ---- The command ---- */

static int check_usage(const struct args *args) {
    int is_all = cli_has(args, OPT_ALL);
    const char *tests = cli_value(args, OPT_TESTS);
    if (is_all == (args->operand_count > 0) || (!is_all && cli_filters(args)))
        return cli_fail(CLI_USAGE, "deliveries redeliver: which? Name them by their ids, or filter them and say --all");
    if (!is_all && (cli_has(args, OPT_RATE) || cli_has(args, OPT_AGAIN) || cli_has(args, OPT_DRY_RUN)))
        return cli_fail(CLI_USAGE, "deliveries redeliver: --rate, --again and --dry-run go with --all");
    if (!tests || strcmp(tests, "only") != 0)
        return CLI_OK;
    cli_error("deliveries redeliver: --all leaves tests out");
    cli_hint("'helmdesk webhooks test WEBHOOK' makes a new one.");
    return CLI_USAGE;
}

static int open_all(struct redelivery *redelivery) {
    const struct args *args = redelivery->args;
    int code = cli_filter_new(args, &redelivery->filter);
    if (code == CLI_OK)
        code = cli_place_open(args, cli_has(args, OPT_DELIVER) ? ACCESS_DELIVER : ACCESS_CHANGE, &redelivery->place);
    return code == CLI_OK ? cli_pending_begin(&redelivery->place, &redelivery->pending) : code;
}

static int run(struct redelivery *redelivery) {
    int code = open_all(redelivery);
    if (code != CLI_OK)
        return code;
    cli_stop_begin(3);
    code = send_named(redelivery);
    close_client(redelivery);
    cli_progress_end(&redelivery->progress);
    tell_what_is_left(redelivery);
    if (redelivery->total > 1 && redelivery->sent > 0) {
        int summary = cli_summary_print(&redelivery->summary, cli_now_us() - redelivery->started_us);
        code = first_of(code, summary);
    }
    if (code == CLI_OK && redelivery->total == 1)
        code = redelivery->code;
    return cli_stops() ? cli_stop_code() : code;
}

int cli_run_deliveries_redeliver(const struct args *args) {
    int usage = check_usage(args);
    if (usage != CLI_OK || cli_has(args, OPT_ALL))
        return usage == CLI_OK ? cli_redeliver_all(args) : usage;
    struct redelivery *redelivery = calloc(1, sizeof *redelivery);
    if (!redelivery)
        return cli_no_memory();
    redelivery->args = args;
    int code = run(redelivery);
    cli_pending_end(&redelivery->pending);
    hd_log_filter_free(redelivery->filter);
    cli_place_close(&redelivery->place);
    free(redelivery);
    return code;
}
