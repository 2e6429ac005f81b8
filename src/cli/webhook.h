/* One configured webhook, for people. */
#ifndef HD_CLI_WEBHOOK_H
#define HD_CLI_WEBHOOK_H

#include "helmdesk.h"

/* The events it has: "all", "none", or their names with commas. */
#define WEBHOOK_EVENTS_SIZE 128
void cli_webhook_events(const hd_webhook *webhook, char text[WEBHOOK_EVENTS_SIZE]);

/* Without its secrets. reveals shows its address and added headers whole. */
void cli_webhook_print(const hd_webhook *webhook, int reveals);

/* One line of it: a name and a value. */
void cli_webhook_line(const char *name, const char *value);

#endif
