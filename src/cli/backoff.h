/* How long a webhook's delivery waits after a failed attempt: "10s-1h" (10 s, then twice as long each time, up to 1 h),
 * or "default". */
#ifndef HD_CLI_BACKOFF_H
#define HD_CLI_BACKOFF_H

#include "cli/args.h"
#include "helmdesk.h"

/* Sets what --backoff says. Returns CLI_OK, or says what is wrong. */
int cli_backoff_set(const struct args *args, hd_webhook *webhook);

#define BACKOFF_SIZE 64

/* A webhook's, as the option takes it. */
void cli_backoff_text(const hd_webhook *webhook, char text[BACKOFF_SIZE]);

#endif
