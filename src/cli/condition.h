/* How a webhook is doing: whether deliveries to it are made, and what waits for it. */
#ifndef HD_CLI_CONDITION_H
#define HD_CLI_CONDITION_H

#include "cli/json.h"
#include "cli/place.h"

struct condition {
    int state;        /* HD_WEBHOOK_... */
    int64_t until_ms; /* of a pause, or of what its receiver asked for; 0 for none */
    uint64_t waiting;
    int64_t since_ms;  /* when the event of the oldest that waits was accepted; 0 for none */
    uint32_t failures; /* attempts in a row that failed; 0 if the last one was delivered */
    int reason;        /* of the last of them; 0 for none */
    int64_t failing_since_ms;
};

/* Returns CLI_OK, or says what is wrong. A webhook that is gone meanwhile has nothing to tell. */
int cli_condition_read(const struct place *place, const hd_webhook *webhook, struct condition *condition);

/* One word: the mode, or for a webhook that is on, what keeps it from sending. */
const char *cli_condition_word(const hd_webhook *webhook, const struct condition *condition);

/* What is to be said, in lines as those of cli_webhook_print(); and for JSON, as members of the webhook's object. */
void cli_condition_print(const hd_webhook *webhook, const struct condition *condition);
json_t *cli_condition_json(const hd_webhook *webhook, const struct condition *condition);

#endif
