/* How fast a webhook gets its deliveries, as people write it: 10/s, 30/min, 100/h. */
#ifndef HD_CLI_RATE_H
#define HD_CLI_RATE_H

#include "cli/args.h"
#include "helmdesk.h"

#define RATE_SIZE 80

/* Sets the rate to what --rate and --burst say, if they are given. Returns CLI_OK, or says what is wrong. */
int cli_rate_set(const struct args *args, hd_webhook *webhook);

/* Its own rate, or that of its format; "" for none. */
void cli_rate_text(const hd_webhook *webhook, char text[RATE_SIZE]);

#endif
