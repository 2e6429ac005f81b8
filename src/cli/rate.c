#include "cli/rate.h"

#include "cli/output.h"
#include "cli/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t period_ms;
} units[] = {{"s", 1000}, {"min", 60000}, {"h", 3600000}};

#define UNITS (sizeof units / sizeof *units)

struct rate {
    uint32_t count, period_ms, burst;
};

static int parse(const char *text, struct rate *rate) {
    char *end;
    errno = 0;
    unsigned long count = cli_is_digit(text[0]) ? strtoul(text, &end, 10) : 0;
    if (count == 0 || count > UINT32_MAX || errno || *end != '/')
        return 0;
    for (size_t i = 0; i < UNITS; i++)
        if (strcmp(end + 1, units[i].name) == 0) {
            rate->count = (uint32_t)count;
            rate->period_ms = units[i].period_ms;
            return 1;
        }
    return 0;
}

/* What is not given stays as it is; of a first rate, the burst is 1. */
static int read(const struct args *args, const char *text, struct rate *rate) {
    int64_t burst = rate->burst ? rate->burst : 1;
    int is_none = text && strcmp(text, "none") == 0;
    if (text && !is_none && !parse(text, rate)) {
        cli_error("--rate cannot be '%s'", text);
        cli_hint("It is a number of requests and a unit, such as 10/s, 30/min or 100/h, or none.");
        return CLI_USAGE;
    }
    if (is_none || rate->count == 0) {
        *rate = (struct rate){0};
        return cli_has(args, OPT_BURST) ? cli_fail(CLI_USAGE, "--burst goes with a rate: --rate says which") : CLI_OK;
    }
    int code = cli_number(args, OPT_BURST, 1, 1000, &burst);
    rate->burst = (uint32_t)burst;
    return code;
}

int cli_rate_set(const struct args *args, hd_webhook *webhook) {
    const char *text = cli_value(args, OPT_WEBHOOK_RATE);
    struct rate rate = {hd_webhook_rate_count(webhook), hd_webhook_rate_period_ms(webhook),
                        hd_webhook_rate_burst(webhook)};
    if (!text && !cli_has(args, OPT_BURST))
        return CLI_OK;
    int code = read(args, text, &rate);
    if (code != CLI_OK)
        return code;
    int status = hd_webhook_set_rate(webhook, rate.count, rate.period_ms, rate.burst);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "--rate");
}

void cli_rate_text(const hd_webhook *webhook, char text[RATE_SIZE]) {
    uint32_t count = hd_webhook_rate_count(webhook), period_ms = hd_webhook_rate_period_ms(webhook);
    char period[24];
    snprintf(period, sizeof period, "%u ms", period_ms);
    for (size_t i = 0; i < UNITS; i++)
        if (units[i].period_ms == period_ms)
            snprintf(period, sizeof period, "%s", units[i].name);
    if (count > 0)
        snprintf(text, RATE_SIZE, "%u/%s, burst %u", count, period, hd_webhook_rate_burst(webhook));
    else
        snprintf(text, RATE_SIZE, "%s",
                 hd_webhook_format(webhook) == HD_FORMAT_SLACK ? "1/s, burst 5, as Slack asks" : "");
}
