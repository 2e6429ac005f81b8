/* Who changed what, in words. */
#ifndef HD_CLI_CHANGES_H
#define HD_CLI_CHANGES_H

#include "cli/place.h"

#define CLI_LAST_CHANGE_SIZE 300

/* Who last changed the webhook, how and when, such as "by ann (secret_staged) at 2026-01-15 10:30"; "" if that is not
 * known. Returns text. */
const char *cli_last_change(const struct place *place, const char *webhook_id, char text[CLI_LAST_CHANGE_SIZE]);

#endif
