/* helmdesk serve: delivers what waits in a store, with the page and the metrics, for those who write no C. */
#include "cli/output.h"

#ifndef HELMDESK_HAS_LISTEN

#include "cli/cli.h"

int cli_run_serve(const struct args *args) {
    (void)args;
    cli_error("this helmdesk cannot serve: it was built without libmicrohttpd");
    cli_hint("Install libmicrohttpd (Debian: libmicrohttpd-dev), and build it again.");
    return CLI_NOT_BUILT;
}

#else

#include "cli/json.h"
#include "cli/notify.h"
#include "cli/place.h"
#include "cli/serving.h"
#include "cli/stop.h"

#include <inttypes.h>
#include <string.h>

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)
#define KEEP_MS ((int64_t)30 * 24 * 3600 * 1000)
#define KEEP_REPORTS 1000000
#define KEEP_BYTES ((uint64_t)4 << 30)
#define SHUTDOWN_MS 5000

/* ---- The client ---- */

/* The line is text without control characters, and names no secret. */
static void log_line(void *user, int level, const char *line) {
    (void)user;
    if (level != HD_LEVEL_INFO || !cli_is_quiet())
        cli_log(hd_level_name(level), line);
}

static int set_pause_rule(const struct args *args, hd_options *options) {
    int64_t failures = 0, pause_ms = 300000;
    int code = cli_number(args, OPT_PAUSE_AFTER, 1, 1000000, &failures);
    if (code == CLI_OK)
        code = cli_duration(args, OPT_PAUSE_FOR, 86400000, &pause_ms);
    if (code == CLI_OK && pause_ms < 1000)
        code = cli_fail(CLI_USAGE, "--pause-for is 1s at least");
    if (code == CLI_OK && failures == 0 && cli_has(args, OPT_PAUSE_FOR))
        code = cli_fail(CLI_USAGE, "--pause-for goes with --pause-after");
    if (code == CLI_OK && failures > 0 &&
        hd_options_set_pause_rule(options, (uint32_t)failures, (uint32_t)pause_ms) != HD_OK)
        code = cli_no_memory();
    return code;
}

static int set_alert_rule(const struct args *args, hd_options *options) {
    int64_t failures = 5, window_ms = 600000;
    int code = cli_number(args, OPT_ALERT_AFTER, 0, 1000000, &failures);
    if (code == CLI_OK)
        code = cli_duration(args, OPT_ALERT_EVERY, 86400000, &window_ms);
    if (code == CLI_OK && hd_options_set_alert_rule(options, (uint32_t)failures, (uint32_t)window_ms) != HD_OK)
        code = cli_no_memory();
    return code;
}

static int set_retention(const struct args *args, hd_store *store) {
    int64_t keep_ms = KEEP_MS, reports = KEEP_REPORTS;
    int code = cli_duration(args, OPT_KEEP, 10 * YEAR_MS, &keep_ms);
    if (code == CLI_OK)
        code = cli_number(args, OPT_KEEP_REPORTS, 1, INT64_C(1000000000000), &reports);
    if (code != CLI_OK)
        return code;
    int status = hd_store_set_retention(store, (uint64_t)reports, keep_ms, KEEP_BYTES);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "--keep");
}

static int read_shutdown(const struct args *args, int64_t *ms) {
    *ms = SHUTDOWN_MS;
    return cli_duration(args, OPT_SHUTDOWN, 60000, ms);
}

/* Who posts an event and is told so has it on disk. */
static int configure(const struct args *args, hd_options *options, hd_store *store) {
    int code = set_pause_rule(args, options);
    if (code == CLI_OK)
        code = set_alert_rule(args, options);
    if (code == CLI_OK)
        code = set_retention(args, store);
    if (code != CLI_OK)
        return code;
    int status = hd_options_set_accept_mode(options, HD_ACCEPT_COMMITTED);
    if (status == HD_OK)
        status = hd_options_set_logger(options, log_line, NULL);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "serve");
}

/* ---- The page ---- */

static int add_each(const struct args *args, enum option_id option, hd_dashboard *dashboard,
                    int (*add)(hd_dashboard *dashboard, const char *text)) {
    const char *text;
    size_t index = 0;
    while ((text = cli_next_value(args, option, &index))) {
        int status = add(dashboard, text);
        if (status != HD_OK)
            return cli_fail_status(status, text);
    }
    return CLI_OK;
}

static int make_dashboard(const struct args *args, struct serving *serving) {
    int status = hd_dashboard_new(serving->client, "/", &serving->dashboard);
    int code = status == HD_OK ? CLI_OK : cli_fail_status(status, "serve");
    if (code == CLI_OK)
        code = add_each(args, OPT_SERVE_PROJECT, serving->dashboard, hd_dashboard_add_project);
    if (code == CLI_OK)
        code = add_each(args, OPT_PUBLIC_HOST, serving->dashboard, hd_dashboard_add_host);
    return code;
}

/* ---- The life of it ---- */

static int is_loopback(const char *host) {
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void tell_start(const struct serving *serving, const char *host, unsigned port) {
    const char *open = strchr(host, ':') ? "[" : "", *close = *open ? "]" : "";
    char url[256], state[512];
    snprintf(url, sizeof url, "http://%s%s%s:%u/", open, host, close, port);
    cli_note("Serving on %s", url);
    if (*serving->token.path)
        cli_note("Sign in with any name, and the token in %s as password.", serving->token.path);
    if (!is_loopback(host))
        cli_note(
            "Other machines can reach it, and what is sent can be read on the way: put a proxy with TLS before it.");
    if (cli_is_json())
        (void)cli_json_print(json_pack("{s:s}", "serving", url));
    snprintf(state, sizeof state, "READY=1\nSTATUS=Serving on %s", url);
    cli_notify(state);
}

static void wait_for_signal(void) {
    while (cli_stops() == 0)
        cli_stop_wait(INT64_MAX);
}

/* The client is closed before the server, so that what people have asked for is still answered. */
static int end(struct serving *serving, struct server *server, int64_t shutdown_ms) {
    cli_notify("STOPPING=1");
    cli_note("Stopping; a second signal ends it at once.");
    int status = hd_client_close(serving->client, (uint32_t)shutdown_ms);
    cli_server_stop(server);
    uint64_t left = hd_client_counter(serving->client, HD_COUNTER_STORED);
    if (status == HD_E_TIMEOUT && left > 0)
        cli_note("%" PRIu64 " deliveries stay in the store, for the next one that serves it.", left);
    return CLI_OK;
}

static int serve(const struct args *args, struct serving *serving, int64_t shutdown_ms) {
    const struct server_user user = {cli_serving_reply, cli_serving_answered, NULL, serving};
    const char *given = cli_value(args, OPT_HOST), *host = given ? given : "127.0.0.1";
    int64_t number = 8080;
    struct server *server = NULL;
    int code = cli_number(args, OPT_SERVE_PORT, 0, 65535, &number);
    uint16_t port = (uint16_t)number;
    if (code == CLI_OK)
        code = cli_server_start(host, &port, &user, &server);
    if (code != CLI_OK)
        return code;
    tell_start(serving, host, port);
    wait_for_signal();
    return end(serving, server, shutdown_ms);
}

int cli_run_serve(const struct args *args) {
    struct serving serving = {.client = NULL};
    struct place place;
    int64_t shutdown_ms;
    int code = read_shutdown(args, &shutdown_ms);
    if (code != CLI_OK)
        return code;
    cli_stop_begin(2);
    code = cli_place_open_with(args, ACCESS_SERVE, configure, &place);
    serving.client = place.client;
    if (code == CLI_OK)
        code = cli_token_read(args, place.directory, &serving.token);
    if (code == CLI_OK)
        code = make_dashboard(args, &serving);
    if (code == CLI_OK)
        code = serve(args, &serving, shutdown_ms);
    hd_dashboard_free(serving.dashboard);
    cli_place_close(&place);
    return code;
}

#endif
