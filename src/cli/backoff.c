#include "cli/backoff.h"

#include "cli/output.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static int parse(const char *text, int64_t *first_ms, int64_t *max_ms) {
    char first[32];
    const char *dash = strchr(text, '-');
    if (!dash || (size_t)(dash - text) >= sizeof first)
        return 0;
    snprintf(first, sizeof first, "%.*s", (int)(dash - text), text);
    return cli_parse_duration(first, first_ms) && cli_parse_duration(dash + 1, max_ms) && *first_ms >= 1 &&
           *first_ms <= *max_ms && *max_ms <= DAY_MS;
}

int cli_backoff_set(const struct args *args, hd_webhook *webhook) {
    const char *text = cli_value(args, OPT_BACKOFF);
    int64_t first_ms = 0, max_ms = 0;
    if (!text)
        return CLI_OK;
    if (strcmp(text, "default") != 0 && !parse(text, &first_ms, &max_ms)) {
        cli_error("--backoff cannot be '%s'", text);
        cli_hint("It is the first wait and the longest, such as 10s-1h, at most 24h; or default.");
        return CLI_USAGE;
    }
    int status = hd_webhook_set_retry_backoff(webhook, (uint32_t)first_ms, (uint32_t)max_ms);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "--backoff");
}

/* In the largest unit that divides it. */
static void write_duration(uint32_t ms, char *text, size_t size) {
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    snprintf(text, size, "%u%s", ms / units[i].ms, units[i].name);
}

void cli_backoff_text(const hd_webhook *webhook, char text[BACKOFF_SIZE]) {
    char first[24], longest[24];
    if (hd_webhook_retry_first_ms(webhook) == 0) {
        strcpy(text, "default");
        return;
    }
    write_duration(hd_webhook_retry_first_ms(webhook), first, sizeof first);
    write_duration(hd_webhook_retry_max_ms(webhook), longest, sizeof longest);
    snprintf(text, BACKOFF_SIZE, "%s-%s", first, longest);
}
