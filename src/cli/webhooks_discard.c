/* helmdesk webhooks discard */
#include "cli/condition.h"
#include "cli/input.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>

static int tell(const hd_webhook *webhook, uint64_t count) {
    if (cli_is_json())
        return cli_json_print(json_pack("{s:s, s:I}", "id", hd_webhook_id(webhook), "discarded", (json_int_t)count));
    if (count == 0)
        cli_note("Nothing waits for it.");
    else
        cli_note("Discarded: %" PRIu64 ". The log shows them as canceled, once a server has the store open.", count);
    return CLI_OK;
}

static int confirm(const struct args *args, const hd_webhook *webhook, const struct condition *condition) {
    char question[512];
    snprintf(question, sizeof question, "Discard %" PRIu64 " %s for webhook '%s' (%s)? They are never sent.",
             condition->waiting, condition->waiting == 1 ? "delivery that waits" : "deliveries that wait",
             hd_webhook_name(webhook), hd_webhook_masked_url(webhook));
    return cli_confirm(args, question);
}

static int discard(const struct args *args, const struct place *place, const hd_webhook *webhook) {
    struct condition condition;
    uint64_t count = 0;
    int code = cli_condition_read(place, webhook, &condition);
    if (code == CLI_OK && condition.waiting > 0)
        code = confirm(args, webhook, &condition);
    if (code != CLI_OK)
        return code;
    int status = condition.waiting > 0 ? hd_client_discard(place->client, hd_webhook_id(webhook), &count) : HD_OK;
    return status == HD_OK ? tell(webhook, count) : cli_fail_place(place, status);
}

int cli_run_webhooks_discard(const struct args *args) {
    return cli_place_act(args, ACCESS_CHANGE, discard);
}
