#include "cli/pause.h"

#include "cli/output.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOR_MS 300000 /* of a first rule */

static int parse(const char *text, uint32_t *failures) {
    char *end;
    unsigned long number = cli_is_digit(text[0]) ? strtoul(text, &end, 10) : 0;
    if (strcmp(text, "never") == 0)
        *failures = HD_PAUSE_NEVER;
    else if (strcmp(text, "default") == 0)
        *failures = 0;
    else if (number >= 1 && number <= 1000000 && *end == '\0')
        *failures = (uint32_t)number;
    else
        return 0;
    return 1;
}

/* What is not given stays as it is. */
static int read(const struct args *args, uint32_t *failures, int64_t *for_ms) {
    const char *text = cli_value(args, OPT_WEBHOOK_PAUSE);
    if (text && !parse(text, failures)) {
        cli_error("--pause-after cannot be '%s'", text);
        cli_hint(
            "It is a number of failed attempts in a row, from 1 to 1000000; never; or default, for the rule of the "
            "server.");
        return CLI_USAGE;
    }
    if (*failures == 0 || *failures == HD_PAUSE_NEVER) {
        *for_ms = 0;
        return cli_has(args, OPT_PAUSE_FOR) ? cli_fail(CLI_USAGE, "--pause-for goes with --pause-after N") : CLI_OK;
    }
    *for_ms = *for_ms ? *for_ms : FOR_MS;
    return cli_duration(args, OPT_PAUSE_FOR, 86400000, for_ms);
}

int cli_pause_set(const struct args *args, hd_webhook *webhook) {
    uint32_t failures = hd_webhook_pause_failures(webhook);
    int64_t for_ms = hd_webhook_pause_ms(webhook);
    if (!cli_has(args, OPT_WEBHOOK_PAUSE) && !cli_has(args, OPT_PAUSE_FOR))
        return CLI_OK;
    int code = read(args, &failures, &for_ms);
    if (code != CLI_OK)
        return code;
    int status = hd_webhook_set_pause_rule(webhook, failures, (uint32_t)for_ms);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "--pause-for");
}

void cli_pause_text(const hd_webhook *webhook, char text[PAUSE_SIZE]) {
    uint32_t failures = hd_webhook_pause_failures(webhook);
    if (failures == 0)
        snprintf(text, PAUSE_SIZE, "as the server's rule says");
    else if (failures == HD_PAUSE_NEVER)
        snprintf(text, PAUSE_SIZE, "never");
    else
        snprintf(text, PAUSE_SIZE, "after %u failed attempts in a row, for %g s", failures,
                 hd_webhook_pause_ms(webhook) / 1000.0);
}
