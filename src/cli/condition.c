#include "cli/condition.h"

#include "cli/output.h"
#include "cli/rate.h"
#include "cli/webhook.h"

#include <inttypes.h>
#include <stdio.h>

int cli_condition_read(const struct place *place, const hd_webhook *webhook, struct condition *condition) {
    const char *id = hd_webhook_id(webhook);
    *condition = (struct condition){.state = HD_WEBHOOK_ACTIVE};
    int status = hd_client_webhook_state(place->client, id, &condition->state, &condition->until_ms);
    if (status == HD_OK)
        status = hd_client_webhook_failures(place->client, id, &condition->failures, &condition->reason,
                                            &condition->failing_since_ms);
    if (status == HD_OK)
        status = hd_client_waiting(place->client, id, &condition->waiting, &condition->since_ms);
    return status == HD_OK || status == HD_E_NOT_FOUND ? CLI_OK : cli_fail_place(place, status);
}

const char *cli_condition_word(const hd_webhook *webhook, const struct condition *condition) {
    int is_on = hd_webhook_mode(webhook) == HD_MODE_ON;
    return is_on && condition->state != HD_WEBHOOK_ACTIVE ? hd_webhook_state_name(condition->state)
                                                          : hd_mode_name(hd_webhook_mode(webhook));
}

static void print_state(const struct condition *condition) {
    char text[128];
    switch (condition->state) {
    case HD_WEBHOOK_PAUSED:
        snprintf(text, sizeof text, "paused until %s: deliveries to it kept failing", cli_date(condition->until_ms));
        break;
    case HD_WEBHOOK_PROBING:
        snprintf(text, sizeof text, "probing: the pause is over, and the next delivery decides");
        break;
    case HD_WEBHOOK_FORBIDDEN:
        snprintf(text, sizeof text, "forbidden: no delivery may go to its address; what waits is kept");
        break;
    case HD_WEBHOOK_THROTTLED:
        snprintf(text, sizeof text, "throttled until %s: its receiver asked for that (429 or 503)",
                 cli_date(condition->until_ms));
        break;
    case HD_WEBHOOK_FAILING:
        snprintf(text, sizeof text, "failing: it is sent to as before, but the last attempts failed");
        break;
    default:
        return;
    }
    cli_webhook_line("state", text);
}

static void print_failures(const struct condition *condition) {
    char text[160];
    if (condition->failures == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu32 " in a row since %s, the last one: %s", condition->failures,
             cli_date(condition->failing_since_ms), hd_reason_name(condition->reason));
    cli_webhook_line("failed", text);
}

void cli_condition_print(const hd_webhook *webhook, const struct condition *condition) {
    char text[256] = "0", rate[RATE_SIZE];
    print_state(condition);
    print_failures(condition);
    cli_rate_text(webhook, rate);
    if (condition->waiting > 0)
        snprintf(text, sizeof text, "%" PRIu64 ", the oldest since %s%s%s", condition->waiting,
                 cli_date(condition->since_ms), *rate ? "; limited to " : "", rate);
    cli_webhook_line("waiting", text);
}

json_t *cli_condition_json(const hd_webhook *webhook, const struct condition *condition) {
    int is_paused = condition->state == HD_WEBHOOK_PAUSED, is_throttled = condition->state == HD_WEBHOOK_THROTTLED;
    json_t *reason = condition->reason ? json_string(hd_reason_name(condition->reason)) : json_null();
    return json_pack("{s:s, s:o, s:o, s:I, s:o, s:I, s:o, s:o}", "state", cli_condition_word(webhook, condition),
                     "paused_until", cli_json_time(is_paused ? condition->until_ms : 0), "throttled_until",
                     cli_json_time(is_throttled ? condition->until_ms : 0), "waiting", (json_int_t)condition->waiting,
                     "waiting_since", cli_json_time(condition->since_ms), "failures", (json_int_t)condition->failures,
                     "failures_reason", reason, "failures_since", cli_json_time(condition->failing_since_ms));
}
