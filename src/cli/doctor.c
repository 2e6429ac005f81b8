/* Looks at what deliveries need: this build, this machine, and one receiver. */
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/probe.h"
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAYS_FEW 14
#define CLOCK_OFF_S 120 /* Standard Webhooks' receivers refuse what is 300 s off */

/* What was found, and the worst exit code of it. */
struct findings {
    json_t *json; /* NULL for text */
    int code;
};

enum verdict {
    GOOD,
    DOUBTFUL,
    BAD
};

static void find(struct findings *findings, enum verdict verdict, const char *what, const char *value) {
    static const char *const names[] = {"ok", "warning", "error"};
    static const enum color colors[] = {COLOR_GOOD, COLOR_WARN, COLOR_BAD};
    const char *marks[] = {cli_tick(), "!", cli_cross()};
    if (findings->json) {
        json_array_append_new(findings->json, json_pack("{s:s, s:s, s:o}", "check", what, "verdict", names[verdict],
                                                        "value", cli_json_string(value)));
        return;
    }
    printf("%s%-2s%s %-12s ", cli_color(stdout, colors[verdict]), marks[verdict], cli_plain(stdout), what);
    cli_print_text(stdout, value, strlen(value));
    putchar('\n');
}

static void worsen(struct findings *findings, int code) {
    if (findings->code == CLI_OK)
        findings->code = code;
}

/* ---- This machine ---- */

static void check_versions(struct findings *findings) {
    char text[512];
    snprintf(text, sizeof text, "libhelmdesk %s", hd_version());
    find(findings, GOOD, "version", text);
    probe_versions(text, sizeof text);
    find(findings, GOOD, "libraries", text);
}

static void check_authorities(struct findings *findings, const struct args *args) {
    char text[512];
    const char *own = cli_value(args, OPT_CA_FILE);
    probe_authorities(own, text, sizeof text);
    int is_there = access(own ? own : text, R_OK) == 0;
    find(findings, is_there ? GOOD : BAD, "authorities",
         is_there ? text : "there are no certificate authorities: install ca-certificates, or use --ca-file");
    if (!is_there)
        worsen(findings, CLI_NEGATIVE);
}

static void check_clock(struct findings *findings) {
    time_t now = time(NULL);
    int is_plausible = now > 1735689600; /* 2025-01-01: before this program */
    find(findings, is_plausible ? GOOD : BAD, "clock", cli_rfc3339((int64_t)now * 1000));
    if (!is_plausible)
        worsen(findings, CLI_NEGATIVE);
}

static void check_secret(struct findings *findings) {
    char path[4096], text[4200];
    struct secrets secrets = {.count = 0};
    int code = cli_development_secret(0, &secrets, path, sizeof path);
    if (code == CLI_OK && secrets.count > 0)
        snprintf(text, sizeof text, "development secret in %s", path);
    else
        snprintf(text, sizeof text, "no development secret yet: listen makes it");
    find(findings, code == CLI_OK ? GOOD : DOUBTFUL, "secret", text);
    cli_secrets_free(&secrets);
}

/* ---- One receiver ---- */

static void tell_times(struct findings *findings, const struct probe *probe) {
    char text[256];
    snprintf(text, sizeof text, "%s (name %ld ms, connection %ld ms, TLS %ld ms)", probe->address, probe->dns_ms,
             probe->connect_ms, probe->tls_ms);
    find(findings, GOOD, "connection", text);
}

static void tell_certificate(struct findings *findings, const struct probe *probe) {
    char text[256];
    if (probe->days_left < 0)
        return;
    snprintf(text, sizeof text, "good for %ld days", probe->days_left);
    find(findings, probe->days_left < DAYS_FEW ? DOUBTFUL : GOOD, "certificate", text);
}

static void tell_clock(struct findings *findings, const struct probe *probe) {
    char text[256];
    if (!probe->has_date)
        return;
    long off = labs(probe->clock_off_s);
    snprintf(text, sizeof text, off > CLOCK_OFF_S ? "%ld s apart: one of the two is wrong" : "%ld s apart", off);
    find(findings, off > CLOCK_OFF_S ? DOUBTFUL : GOOD, "clocks", text);
}

static void ask_receiver(struct findings *findings, const hd_options *options, const char *url) {
    struct probe probe;
    int code = probe_url(url, options, &probe);
    if (code == CLI_BLOCKED) {
        find(findings, BAD, "rules", probe.error);
        worsen(findings, code);
        return;
    }
    find(findings, GOOD, "rules", "deliveries may have this address");
    if (code != CLI_OK) {
        find(findings, BAD, "connection", probe.error);
        worsen(findings, code);
        return;
    }
    tell_times(findings, &probe);
    tell_certificate(findings, &probe);
    tell_clock(findings, &probe);
}

static void check_receiver(struct findings *findings, const struct args *args, const char *url) {
    hd_options *options = NULL;
    int code = cli_options_new(args, &options);
    if (code == CLI_OK)
        code = cli_check_url(options, url);
    if (code == CLI_OK)
        ask_receiver(findings, options, url);
    else if (code == CLI_BLOCKED)
        find(findings, BAD, "rules", "deliveries may not have this address");
    worsen(findings, code);
    hd_options_free(options);
}

int cli_run_doctor(const struct args *args) {
    struct findings findings = {.json = cli_is_json() ? json_array() : NULL};
    const char *url = cli_operand(args, 0);
    check_versions(&findings);
    check_authorities(&findings, args);
    check_clock(&findings);
    check_secret(&findings);
    if (url)
        check_receiver(&findings, args, url);
    if (findings.json)
        cli_json_print(json_pack("{s:b, s:o}", "ok", findings.code == CLI_OK, "checks", findings.json));
    return findings.code;
}
