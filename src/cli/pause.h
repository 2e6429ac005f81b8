/* When a webhook is paused, as people write it: after N failures, "never", or "default" for the rule of the server. */
#ifndef HD_CLI_PAUSE_H
#define HD_CLI_PAUSE_H

#include "cli/args.h"
#include "helmdesk.h"

/* Sets what --pause-after and --pause-for say, if they are given. Returns CLI_OK, or says what is wrong. */
int cli_pause_set(const struct args *args, hd_webhook *webhook);

#define PAUSE_SIZE 80

/* A webhook's rule, in words. */
void cli_pause_text(const hd_webhook *webhook, char text[PAUSE_SIZE]);

#endif
