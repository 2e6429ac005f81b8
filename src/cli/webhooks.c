/* helmdesk webhooks: list, get, create, update, delete, hold, on, off, test. */
#include "cli/columns.h"
#include "cli/condition.h"
#include "cli/fields.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/text.h"
#include "cli/webhook.h"

#include <stdlib.h>
#include <string.h>

#define TEST_MS 6000
#define TRIES 10
#define SLACK_HOST "https://hooks.slack.com/"

/* ---- Reading ---- */

enum {
    COLUMNS = 7
};

/* The texts of the columns live as long as the list and these. */
struct row {
    char events[WEBHOOK_EVENTS_SIZE];
    struct condition condition;
};

static int fill_row(const struct place *place, const hd_webhook *webhook, struct row *row, const char *texts[COLUMNS]) {
    int code = cli_condition_read(place, webhook, &row->condition);
    cli_webhook_events(webhook, row->events);
    texts[0] = hd_webhook_name(webhook);
    texts[1] = hd_webhook_id(webhook);
    texts[2] = hd_webhook_project(webhook);
    texts[3] = hd_webhook_format(webhook) == HD_FORMAT_SLACK ? "slack" : "json";
    texts[4] = row->events;
    texts[5] = cli_condition_word(webhook, &row->condition);
    texts[6] = hd_webhook_masked_url(webhook);
    return code;
}

static int print_list(const struct place *place, const hd_webhook_list *list) {
    static const char *const heading[COLUMNS] = {"NAME", "ID", "PROJECT", "FORMAT", "EVENTS", "STATE", "ADDRESS"};
    size_t count = hd_webhook_list_count(list);
    const char **texts = calloc((count + 1) * COLUMNS, sizeof *texts);
    struct row *rows = calloc(count, sizeof *rows);
    int code = texts && rows ? CLI_OK : cli_no_memory();
    if (code == CLI_OK)
        memcpy(texts, heading, sizeof heading);
    for (size_t i = 0; i < count && code == CLI_OK; i++)
        code = fill_row(place, hd_webhook_list_at(list, i), &rows[i], &texts[(i + 1) * COLUMNS]);
    if (code == CLI_OK)
        cli_print_columns(texts, count + 1, COLUMNS);
    free(texts);
    free(rows);
    return code;
}

static int print_json(const struct place *place, const hd_webhook *webhook, int reveals) {
    struct condition condition;
    int code = cli_condition_read(place, webhook, &condition);
    if (code != CLI_OK)
        return code;
    return cli_json_print_webhook(webhook, reveals ? HD_JSON_URL | HD_JSON_HEADER_VALUES : 0,
                                  cli_condition_json(webhook, &condition));
}

static int tell_list(const struct args *args, const struct place *place, const hd_webhook_list *list) {
    size_t count = hd_webhook_list_count(list);
    int code = CLI_OK;
    if (!cli_is_json() && count > 0)
        return print_list(place, list);
    if (count == 0 && cli_has(args, OPT_PROJECT))
        cli_note("There is no webhook in project %s.", cli_value(args, OPT_PROJECT));
    else if (count == 0)
        cli_note("There are no webhooks yet. 'helmdesk webhooks create' adds one.");
    for (size_t i = 0; i < count && code == CLI_OK; i++)
        code = print_json(place, hd_webhook_list_at(list, i), 0);
    return code;
}

int cli_run_webhooks_list(const struct args *args) {
    struct place place;
    hd_webhook_list *list = NULL;
    int code = cli_place_open(args, ACCESS_READ, &place);
    if (code == CLI_OK) {
        int status = hd_client_list_webhooks(place.client, cli_value(args, OPT_PROJECT), &list);
        code = status == HD_OK ? tell_list(args, &place, list) : cli_fail_place(&place, status);
    }
    hd_webhook_list_free(list);
    cli_place_close(&place);
    return code;
}

static int tell(const struct place *place, const hd_webhook *webhook, int reveals) {
    struct condition condition;
    if (cli_is_json())
        return print_json(place, webhook, reveals);
    int code = cli_condition_read(place, webhook, &condition);
    if (code != CLI_OK)
        return code;
    cli_webhook_print(webhook, reveals);
    cli_condition_print(webhook, &condition);
    return CLI_OK;
}

static int get(const struct args *args, const struct place *place, const hd_webhook *webhook) {
    return tell(place, webhook, cli_has(args, OPT_REVEAL));
}

int cli_run_webhooks_get(const struct args *args) {
    return cli_place_act(args, ACCESS_READ, get);
}

/* ---- Changing ---- */

/* Slack returns 400 for plain JSON (fluxcd/flagger#1031), and only Slack reads Slack messages. */
static void warn_of_format(const hd_webhook *webhook) {
    int is_slack = hd_webhook_format(webhook) == HD_FORMAT_SLACK;
    int is_slack_host = cli_starts_nocase(hd_webhook_url(webhook), SLACK_HOST);
    if (is_slack_host && !is_slack)
        cli_note("Slack will refuse these deliveries: their format is json. Is --format slack meant?");
    else if (is_slack && !is_slack_host)
        cli_note("The format is slack, and the address none of Slack's: is that meant?");
}

static int set_url(const struct args *args, const char *given, hd_webhook *webhook) {
    char *url = NULL;
    int code = cli_read_url(given, &url);
    if (code == CLI_OK)
        code = cli_check_url_of(args, url); /* the server's rules are not known here */
    if (code == CLI_OK && hd_webhook_set_url(webhook, url) != HD_OK)
        code = cli_no_memory();
    free(url);
    return code;
}

static int set_secret(const struct args *args, hd_webhook *webhook) {
    struct secrets secrets = {.count = 0};
    if (!cli_has(args, OPT_SECRET_FILE))
        return CLI_OK; /* it has a new one */
    int code = cli_read_secrets(args, &secrets);
    if (code == CLI_OK && secrets.count > 1)
        code = cli_fail(CLI_USAGE, "a webhook has one secret; there are %zu", secrets.count);
    if (code == CLI_OK && hd_webhook_set_secret(webhook, secrets.items[0].data, secrets.items[0].len) != HD_OK)
        code = cli_no_memory();
    cli_secrets_free(&secrets);
    return code;
}

/* An empty name takes it away. */
static int set_client_certificate(const struct args *args, hd_webhook *webhook) {
    const char *path = cli_value(args, OPT_WEBHOOK_CERTIFICATE);
    struct bytes pem = {0};
    if (!path)
        return CLI_OK;
    int code = *path ? cli_read_file(path, &pem) : CLI_OK;
    int status = code == CLI_OK ? hd_webhook_set_client_certificate(webhook, *path ? pem.data : NULL, pem.len) : HD_OK;
    cli_bytes_free(&pem);
    return status == HD_OK ? code : cli_fail_status(status, "--client-certificate");
}

/* The only time that its secret is shown without being asked for. */
static int tell_created(const hd_webhook *webhook) {
    size_t length;
    const char *secret = hd_webhook_secret(webhook, &length);
    if (cli_is_json())
        return cli_json_print_webhook(webhook, 0, json_pack("{s:o}", "secret", cli_json_text(secret, length)));
    cli_webhook_print(webhook, 0);
    printf("%s%-15s%s ", cli_color(stdout, COLOR_DIM), "secret", cli_plain(stdout));
    fwrite(secret, 1, length, stdout);
    putchar('\n');
    cli_note("Give the secret to the receiver: it verifies with it.");
    return CLI_OK;
}

static int fill_new(const struct args *args, hd_webhook *webhook) {
    const char *project = cli_value(args, OPT_WEBHOOK_PROJECT);
    if (!project) {
        cli_error("webhooks create: of which project? --project PROJECT is missing");
        return CLI_USAGE;
    }
    int status = hd_webhook_set_project(webhook, project);
    if (status != HD_OK)
        return cli_fail_status(status, "--project");
    int code = set_url(args, cli_operand(args, 0), webhook);
    if (code == CLI_OK)
        code = cli_set_webhook(args, webhook);
    if (code == CLI_OK)
        code = set_client_certificate(args, webhook);
    if (code == CLI_OK)
        code = set_secret(args, webhook);
    return code;
}

int cli_run_webhooks_create(const struct args *args) {
    struct place place = {0};
    hd_webhook *webhook = NULL, *created = NULL;
    int code = hd_webhook_new(&webhook) == HD_OK ? fill_new(args, webhook) : cli_no_memory();
    if (code == CLI_OK)
        code = cli_place_open(args, ACCESS_MAKE, &place);
    if (code == CLI_OK)
        code = cli_place_put(&place, webhook);
    if (code == CLI_OK && hd_client_get_webhook(place.client, hd_webhook_id(webhook), &created) != HD_OK)
        code = cli_no_memory();
    if (code == CLI_OK) {
        warn_of_format(created);
        code = tell_created(created);
    }
    hd_webhook_free(created);
    hd_webhook_free(webhook);
    cli_place_close(&place);
    return code;
}

/* Finds the webhook, has it changed, and puts it. If somebody else does the same at that moment, once more. */
static int change_found(const struct args *args, const struct place *place,
                        int (*apply)(const struct args *args, hd_webhook *webhook)) {
    int code, status = HD_E_CONFLICT;
    for (int tries = 0; status == HD_E_CONFLICT && tries < TRIES; tries++) {
        hd_webhook *webhook = NULL;
        code = cli_place_find(args, place, &webhook);
        if (code == CLI_OK)
            code = apply(args, webhook);
        status = code == CLI_OK ? hd_client_replace_webhook(place->client, webhook) : HD_OK;
        hd_webhook_free(webhook);
    }
    return status == HD_OK ? code : cli_fail_put(place, status);
}

static int change(const struct args *args, int (*apply)(const struct args *args, hd_webhook *webhook)) {
    struct place place;
    hd_webhook *changed = NULL;
    int code = cli_place_open(args, ACCESS_CHANGE, &place);
    if (code == CLI_OK)
        code = change_found(args, &place, apply);
    if (code == CLI_OK)
        code = cli_place_find(args, &place, &changed);
    if (code == CLI_OK)
        code = tell(&place, changed, 0);
    hd_webhook_free(changed);
    cli_place_close(&place);
    return code;
}

static int has_change(const struct args *args) {
    for (size_t i = 0; i < args->given_count; i++)
        switch (args->given[i].id) {
        case OPT_URL:
        case OPT_NAME:
        case OPT_FORMAT:
        case OPT_EVENTS:
        case OPT_MODE:
        case OPT_HEADER:
        case OPT_STANDARD:
        case OPT_NO_STANDARD:
        case OPT_ATTEMPTS:
        case OPT_IN_FLIGHT:
        case OPT_WEBHOOK_RATE:
        case OPT_BURST:
        case OPT_WEBHOOK_PAUSE:
        case OPT_PAUSE_FOR:
        case OPT_BACKOFF:
        case OPT_ORDERED:
        case OPT_WEBHOOK_CERTIFICATE:
            return 1;
        default:
            break;
        }
    return 0;
}

static int apply_update(const struct args *args, hd_webhook *webhook) {
    const char *url = cli_value(args, OPT_URL);
    int code = url ? set_url(args, url, webhook) : CLI_OK;
    if (code == CLI_OK)
        code = cli_set_webhook(args, webhook);
    if (code == CLI_OK)
        code = set_client_certificate(args, webhook);
    if (code == CLI_OK)
        warn_of_format(webhook);
    return code;
}

int cli_run_webhooks_update(const struct args *args) {
    if (has_change(args))
        return change(args, apply_update);
    cli_error("webhooks update: nothing is to be changed");
    cli_hint("'helmdesk help webhooks update' lists what can be.");
    return CLI_USAGE;
}

static int apply_hold(const struct args *args, hd_webhook *webhook) {
    (void)args;
    (void)hd_webhook_set_mode(webhook, HD_MODE_HELD);
    return CLI_OK;
}

int cli_run_webhooks_hold(const struct args *args) {
    return change(args, apply_hold);
}

static int apply_on(const struct args *args, hd_webhook *webhook) {
    (void)args;
    (void)hd_webhook_set_mode(webhook, HD_MODE_ON);
    return CLI_OK;
}

int cli_run_webhooks_on(const struct args *args) {
    return change(args, apply_on);
}

static int apply_off(const struct args *args, hd_webhook *webhook) {
    (void)args;
    (void)hd_webhook_set_mode(webhook, HD_MODE_OFF);
    return CLI_OK;
}

int cli_run_webhooks_off(const struct args *args) {
    return change(args, apply_off);
}

static int remove_found(const struct args *args, const struct place *place, const hd_webhook *webhook) {
    char question[512];
    snprintf(question, sizeof question, "Delete webhook '%s' (%s)?", hd_webhook_name(webhook),
             hd_webhook_masked_url(webhook));
    int code = cli_confirm(args, question);
    if (code != CLI_OK)
        return code;
    int status = hd_client_remove_webhook(place->client, hd_webhook_id(webhook));
    if (status != HD_OK)
        return cli_fail_place(place, status);
    if (cli_is_json())
        return cli_json_print(json_pack("{s:s}", "deleted", hd_webhook_id(webhook)));
    cli_note("Deleted.");
    return CLI_OK;
}

int cli_run_webhooks_delete(const struct args *args) {
    return cli_place_act(args, ACCESS_CHANGE, remove_found);
}

/* ---- Testing ---- */

/* HD_EVENT_UNKNOWN, which has been said, for a name that is none. */
static int test_type(const struct args *args) {
    const char *event = cli_operand(args, 1);
    return event ? cli_event_type(event) : HD_TICKET_CREATED;
}

static int test(const struct args *args, const struct place *place, const hd_webhook *webhook) {
    hd_report *report = NULL;
    int status = hd_client_test(place->client, hd_webhook_id(webhook), test_type(args), TEST_MS, &report);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    if (cli_is_json())
        cli_json_print_report(report, HD_JSON_EXCHANGE);
    else
        cli_report_print(report);
    int code = cli_report_code(report);
    if (code == CLI_BLOCKED && !cli_is_quiet())
        cli_hint_blocked(cli_has(args, OPT_ALLOW_PRIVATE));
    hd_report_free(report);
    return code;
}

int cli_run_webhooks_test(const struct args *args) {
    return test_type(args) == HD_EVENT_UNKNOWN ? CLI_USAGE : cli_place_act(args, ACCESS_TEST, test);
}
