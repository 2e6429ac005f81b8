/* Looks at what deliveries need: this build, this machine, a store, and one receiver. */
#include "cli/doctor.h"
#include "cli/date.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAYS_FEW 14
#define CLOCK_OFF_S 120 /* Standard Webhooks' receivers refuse what is 300 s off */

void cli_find(struct findings *findings, enum verdict verdict, const char *what, const char *format, ...) {
    static const char *const names[] = {"ok", "warning", "error"};
    static const enum color colors[] = {COLOR_GOOD, COLOR_WARN, COLOR_BAD};
    const char *marks[] = {cli_tick(), "!", cli_cross()};
    char value[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(value, sizeof value, format, values);
    va_end(values);
    if (findings->json) {
        json_array_append_new(findings->json, json_pack("{s:s, s:s, s:o}", "check", what, "verdict", names[verdict],
                                                        "value", cli_json_string(value)));
        return;
    }
    printf("%s%-2s%s %-12s ", cli_color(stdout, colors[verdict]), marks[verdict], cli_plain(stdout), what);
    cli_print_text(stdout, value, strlen(value));
    putchar('\n');
}

void cli_worsen(struct findings *findings, int code) {
    if (findings->code == CLI_OK)
        findings->code = code;
}

/* ---- This machine ---- */

static void check_versions(struct findings *findings) {
    char text[512];
    snprintf(text, sizeof text, "libhelmdesk %s", hd_version());
    cli_find(findings, GOOD, "version", "%s", text);
    snprintf(text, sizeof text, "%s, Jansson %s", hd_transport_libraries(), jansson_version_str());
    cli_find(findings, GOOD, "libraries", "%s", text);
}

static void check_authorities(struct findings *findings, const struct args *args) {
    const char *own = cli_value(args, OPT_CA_FILE), *place = own ? own : hd_transport_authorities();
    int is_there = access(*place ? place : "/etc/ssl/certs/ca-certificates.crt", R_OK) == 0;
    cli_find(findings, is_there ? GOOD : BAD, "authorities", "%s",
             is_there ? place : "there are no certificate authorities: install ca-certificates, or use --ca-file");
    if (!is_there)
        cli_worsen(findings, CLI_NEGATIVE);
}

static void check_clock(struct findings *findings) {
    time_t now = time(NULL);
    int is_plausible = now > 1735689600; /* 2025-01-01: before this program */
    cli_find(findings, is_plausible ? GOOD : BAD, "clock", "%s", cli_rfc3339((int64_t)now * 1000));
    if (!is_plausible)
        cli_worsen(findings, CLI_NEGATIVE);
}

static void check_secret(struct findings *findings) {
    char path[4096], text[4200];
    struct secrets secrets = {.count = 0};
    int code = cli_development_secret(0, &secrets, path, sizeof path);
    if (code == CLI_OK && secrets.count > 0)
        snprintf(text, sizeof text, "development secret in %s", path);
    else
        snprintf(text, sizeof text, "no development secret yet: listen makes it");
    cli_find(findings, code == CLI_OK ? GOOD : DOUBTFUL, "secret", "%s", text);
    cli_secrets_free(&secrets);
}

/* ---- One receiver ---- */

static void tell_times(struct findings *findings, const hd_report *report) {
    char text[256];
    snprintf(text, sizeof text, "%s (name %u ms, connection %u ms, TLS %u ms)", hd_report_remote_address(report),
             (unsigned)hd_report_dns_ms(report), (unsigned)hd_report_connect_ms(report),
             (unsigned)hd_report_tls_ms(report));
    cli_find(findings, GOOD, "connection", "%s", text);
}

static void tell_certificate(struct findings *findings, const hd_report *report) {
    char text[256];
    int64_t until_ms = hd_report_certificate_until_ms(report);
    if (until_ms == 0)
        return;
    int64_t days_left = (until_ms / 1000 - time(NULL)) / 86400;
    snprintf(text, sizeof text, "good for %" PRId64 " days", days_left);
    cli_find(findings, days_left < DAYS_FEW ? DOUBTFUL : GOOD, "certificate", "%s", text);
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7), in this line or a later one. Returns milliseconds since 1970;
 * -1 for none. */
static int64_t read_date(const char *headers) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4], text[40];
    int day, year, hour, minute, second;
    for (const char *line = headers; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (cli_starts_nocase(line, "Date:") && sscanf(line + 5, " %*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT",
                                                       &day, month, &year, &hour, &minute, &second) == 6) {
            const char *found = strstr(months, month);
            snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year,
                     found ? (int)(found - months) / 3 + 1 : 0, day, hour, minute, second);
            return cli_date_parse(text);
        }
    }
    return -1;
}

static void tell_clock(struct findings *findings, const hd_report *report) {
    char text[256];
    int64_t theirs_ms = read_date(hd_report_response_headers(report, NULL));
    if (theirs_ms < 0)
        return;
    int64_t off = llabs(theirs_ms / 1000 - time(NULL));
    snprintf(text, sizeof text,
             off > CLOCK_OFF_S ? "%" PRId64 " s apart: one of the two is wrong" : "%" PRId64 " s apart", off);
    cli_find(findings, off > CLOCK_OFF_S ? DOUBTFUL : GOOD, "clocks", "%s", text);
}

/* Its sentence, and the detail where that says more. */
static void tell_failure(struct findings *findings, const char *check, const hd_report *report) {
    char text[640];
    const char *detail = hd_report_detail(report), *explanation = hd_report_explanation(report);
    int reason = hd_report_reason(report);
    snprintf(text, sizeof text, cli_report_says_more(reason, explanation, detail) ? "%s: %s (%s)" : "%s: %s",
             hd_reason_name(reason), explanation, detail);
    cli_find(findings, BAD, check, "%s", text);
    cli_worsen(findings, cli_report_code(report));
}

/* Any HTTP response is good: few receivers accept HEAD. */
static void tell_receiver(struct findings *findings, const char *proxy, const hd_report *report) {
    if (hd_report_reason(report) == HD_REASON_BLOCKED) {
        tell_failure(findings, "rules", report);
        return;
    }
    cli_find(findings, GOOD, "rules", "%s", "deliveries may have this address");
    if (proxy)
        cli_find(findings, GOOD, "proxy", "%s", cli_proxy_host(proxy));
    if (hd_report_http_status(report) == 0) {
        tell_failure(findings, "connection", report);
        return;
    }
    tell_times(findings, report);
    tell_certificate(findings, report);
    tell_clock(findings, report);
}

static void ask_receiver(struct findings *findings, const hd_options *options, const char *proxy, const char *url) {
    hd_report *report = NULL;
    int status = hd_probe(options, url, &report);
    if (status == HD_OK)
        tell_receiver(findings, proxy, report);
    else
        cli_worsen(findings, cli_fail_status(status, "doctor"));
    hd_report_free(report);
}

static void check_receiver(struct findings *findings, const struct args *args, const char *url) {
    hd_options *options = NULL;
    int code = cli_options_new(args, &options);
    if (code == CLI_OK)
        code = cli_check_url(args, options, url);
    if (code == CLI_OK)
        ask_receiver(findings, options, cli_proxy(args), url);
    else if (code == CLI_BLOCKED)
        cli_find(findings, BAD, "rules", "%s", "deliveries may not have this address");
    cli_worsen(findings, code);
    hd_options_free(options);
}

/* Whether the store that the environment names was made. What is no name of a store is refused by who reads it. */
static int is_made(const char *store) {
    const char *colon = strchr(store, ':');
    return !colon || access(colon + 1, F_OK) == 0;
}

int cli_run_doctor(const struct args *args) {
    struct findings findings = {.json = cli_is_json() ? json_array() : NULL};
    const char *url = cli_operand(args, 0), *store = getenv("HELMDESK_STORE");
    check_versions(&findings);
    check_authorities(&findings, args);
    check_clock(&findings);
    check_secret(&findings);
    if (cli_has(args, OPT_STORE) || (store && *store && is_made(store)))
        cli_doctor_store(&findings, args);
    else if (store && *store)
        cli_find(&findings, DOUBTFUL, "store", "there is none in %s yet: a server makes it", store);
    if (url)
        check_receiver(&findings, args, url);
    if (findings.json)
        cli_json_print(json_pack("{s:b, s:o}", "ok", findings.code == CLI_OK, "checks", findings.json));
    return findings.code;
}
