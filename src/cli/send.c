#include "cli/events.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/preview.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stop.h"
#include "cli/summary.h"
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#define PROJECT "helmdesk"
#define LOOK_MS 50 /* how often signals and the bar are looked at */

struct sending {
    const struct args *args;
    const char *url;
    hd_client *client;
    hd_webhook *webhook;
    struct events events;
    size_t window;      /* accepted and not finished, at the most */
    double interval_us; /* between two; 0 for none */
    int64_t started_us;
    size_t sent, finished;
    int code; /* of what went wrong on the way, or of the one delivery */
    struct progress progress;
    struct summary summary;
};

/* ---- Before ---- */

/* What goes to this machine is signed with what listen expects there; Slack asks for no signature. */
static int find_secret(const struct sending *sending, struct secrets *secrets) {
    char path[4096];
    int code = cli_read_secrets(sending->args, secrets);
    if (code != CLI_OK || secrets->count > 0)
        return code;
    if (cli_is_local(sending->url)) {
        code = cli_development_secret(1, secrets, path, sizeof path);
        if (code == CLI_OK && secrets->count > 0 && cli_is_verbose())
            cli_note("Signed with the development secret (%s).", path);
    }
    if (code != CLI_OK || secrets->count > 0 || cli_has(sending->args, OPT_SLACK))
        return code;
    return cli_ask_secret(sending->args, secrets);
}

static int set_secret(struct sending *sending) {
    struct secrets secrets;
    int code = find_secret(sending, &secrets);
    if (code == CLI_OK && secrets.count > 1)
        code = cli_fail(CLI_USAGE, "one secret signs; there are %zu", secrets.count);
    if (code == CLI_OK && secrets.count == 1 &&
        hd_webhook_set_secret(sending->webhook, secrets.items[0].data, secrets.items[0].len) != HD_OK)
        code = cli_no_memory();
    cli_secrets_free(&secrets);
    return code;
}

static int make_webhook(struct sending *sending) {
    int64_t concurrency = 4;
    int code = cli_number(sending->args, OPT_CONCURRENCY, 1, 64, &concurrency);
    if (code != CLI_OK)
        return code;
    int status = hd_webhook_new(&sending->webhook);
    if (status == HD_OK)
        status = hd_webhook_set_project(sending->webhook, PROJECT);
    if (status == HD_OK)
        status = hd_webhook_set_max_in_flight(sending->webhook, (uint32_t)concurrency);
    if (status != HD_OK)
        return cli_fail_status(status, "send");
    status = hd_webhook_set_url(sending->webhook, sending->url);
    if (status != HD_OK)
        return cli_fail_status(status, "the URL");
    sending->window = (size_t)concurrency * 2;
    code = cli_set_webhook(sending->args, sending->webhook);
    return code == CLI_OK ? set_secret(sending) : code;
}

static int make_client(struct sending *sending) {
    hd_options *options = NULL;
    int code = cli_options_new(sending->args, &options);
    if (code != CLI_OK)
        return code;
    int status = hd_client_new(options, &sending->client);
    hd_options_free(options);
    if (status != HD_OK)
        return cli_fail_status(status, "send");
    status = hd_client_put_webhook(sending->client, sending->webhook);
    if (status == HD_E_SECRET) {
        cli_error("--standard needs a secret that is whsec_ and base64");
        return CLI_USAGE;
    }
    return status == HD_OK ? CLI_OK : cli_fail_url(cli_has(sending->args, OPT_ALLOW_PRIVATE), status, sending->url);
}

/* "100" and "100/s". */
static int read_rate(struct sending *sending) {
    const char *text = cli_value(sending->args, OPT_RATE);
    char *end;
    if (!text)
        return CLI_OK;
    double rate = strtod(text, &end);
    if (end == text || (*end && strcmp(end, "/s") != 0) || !(rate > 0 && rate <= 1e6)) {
        cli_error("--rate cannot be '%s'", text);
        cli_hint("It is how many deliveries a second are begun at the most, such as 50/s.");
        return CLI_USAGE;
    }
    sending->interval_us = 1e6 / rate;
    return CLI_OK;
}

/* ---- Many ---- */

static int has_more(const struct sending *sending) {
    return sending->code == CLI_OK && cli_stops() == 0 && sending->sent < sending->events.total;
}

/* How long until the next one may begin; 0 for now. */
static int64_t due_in_us(const struct sending *sending) {
    int64_t due = sending->started_us + (int64_t)((double)sending->sent * sending->interval_us);
    int64_t left = due - cli_now_us();
    return left > 0 ? left : 0;
}

static void send_one(struct sending *sending) {
    hd_event *event = NULL;
    int code = cli_events_next(sending->args, &sending->events, &event);
    int status = code == CLI_OK ? hd_event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL) : HD_OK;
    if (code == CLI_OK && status == HD_OK)
        status = hd_webhook_send(sending->client, event, NULL);
    hd_event_free(event);
    if (code == CLI_OK && status != HD_OK)
        code = cli_fail_status(status, "send");
    sending->code = code;
    sending->sent += code == CLI_OK;
}

/* "Is the receiver running?" is what to ask here first. */
static void hint_refused(const struct sending *sending, const hd_report *report) {
    if (hd_report_reason(report) == HD_REASON_REFUSED && cli_is_local(sending->url))
        cli_hint("Is the receiver running? Try: helmdesk listen --port %u", cli_port_of(sending->url));
    if (hd_report_reason(report) == HD_REASON_BLOCKED && !cli_has(sending->args, OPT_ALLOW_PRIVATE))
        cli_hint_blocked(cli_has(sending->args, OPT_ALLOW_PRIVATE));
}

static void print_report(struct sending *sending, const hd_report *report) {
    cli_progress_hide(&sending->progress);
    cli_report_print(report);
}

static void take_report(struct sending *sending, const hd_report *report) {
    int is_only = sending->events.total == 1, is_last = hd_report_outcome(report) != HD_OUTCOME_RETRYING;
    cli_summary_add(&sending->summary, report);
    if (cli_is_json())
        cli_json_print_report(report, is_only ? HD_JSON_EXCHANGE : 0);
    else if (is_only || cli_is_verbose())
        print_report(sending, report);
    if (is_only && is_last)
        sending->code = cli_report_code(report);
    if (is_only && !cli_is_json() && !cli_is_quiet())
        hint_refused(sending, report);
    if (is_last) {
        sending->finished++;
        cli_progress_step(&sending->progress, hd_report_outcome(report) != HD_OUTCOME_DELIVERED);
    }
}

static void wait_for_report(struct sending *sending, uint32_t timeout_ms) {
    hd_report *report = NULL;
    if (hd_client_next_report(sending->client, timeout_ms, &report) == HD_OK)
        take_report(sending, report);
    hd_report_free(report);
}

/* After a second signal nothing is waited for: what is under way is given up, and told so. */
static void give_up(struct sending *sending) {
    hd_report *report;
    (void)hd_client_close(sending->client, 0);
    while (hd_client_next_report(sending->client, 0, &report) == HD_OK) {
        take_report(sending, report);
        hd_report_free(report);
    }
}

static void run(struct sending *sending) {
    int is_told = 0;
    sending->started_us = cli_now_us();
    while (has_more(sending) || sending->finished < sending->sent) {
        if (cli_stops() > 1) {
            give_up(sending);
            return;
        }
        if (cli_stops() == 1 && !is_told++) {
            cli_progress_hide(&sending->progress);
            cli_note("Waiting for what is under way; Ctrl-C again gives it up.");
        }
        int64_t wait_us = has_more(sending) ? due_in_us(sending) : LOOK_MS * 1000;
        if (wait_us == 0 && sending->sent - sending->finished < sending->window)
            send_one(sending);
        else
            wait_for_report(sending,
                            wait_us > 0 && wait_us < LOOK_MS * 1000 ? (uint32_t)(wait_us / 1000 + 1) : LOOK_MS);
        cli_progress_draw(&sending->progress);
    }
}

/* ---- The command ---- */

static int send_all(struct sending *sending) {
    cli_stop_begin(3); /* the second cancels what is under way, and says so */
    cli_progress_begin(&sending->progress, sending->events.total);
    run(sending);
    cli_progress_end(&sending->progress);
    if (sending->events.total > 1) {
        int code = cli_summary_print(&sending->summary, cli_now_us() - sending->started_us);
        sending->code = sending->code == CLI_OK ? code : sending->code;
    }
    return cli_stops() ? cli_stop_code() : sending->code;
}

static int preview(struct sending *sending) {
    hd_event *event = NULL;
    int code = cli_events_next(sending->args, &sending->events, &event);
    if (code == CLI_OK)
        code = cli_preview(sending->args, sending->webhook, event);
    hd_event_free(event);
    return code;
}

static int prepare_and_send(struct sending *sending) {
    int code = cli_events_begin(sending->args, cli_operand(sending->args, 1), &sending->events);
    if (code == CLI_OK)
        code = read_rate(sending);
    if (code == CLI_OK)
        code = make_webhook(sending);
    if (code == CLI_OK)
        code = make_client(sending);
    if (code != CLI_OK)
        return code;
    return cli_has(sending->args, OPT_DRY_RUN) || cli_has(sending->args, OPT_CURL) ? preview(sending)
                                                                                   : send_all(sending);
}

int cli_run_send(const struct args *args) {
    struct sending *sending = calloc(1, sizeof *sending);
    char *url = NULL;
    if (!sending)
        return cli_no_memory();
    int code = cli_read_url(cli_operand(args, 0), &url);
    sending->args = args;
    sending->url = url;
    if (code == CLI_OK)
        code = prepare_and_send(sending);
    hd_client_free(sending->client);
    hd_webhook_free(sending->webhook);
    cli_events_end(&sending->events);
    free(sending);
    free(url);
    return code;
}
