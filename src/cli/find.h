/* Webhooks and deliveries by what people write: an id, its beginning or end, or a webhook's name. */
#ifndef HD_CLI_FIND_H
#define HD_CLI_FIND_H

#include "cli/place.h"

/* The webhook with this id or name, or whose id alone begins or ends with the text; to be freed. Returns CLI_OK, or
 * says that there is none, or which ones there are. */
int cli_find_webhook(const struct place *place, const char *text, hd_webhook **webhook);

/* The id of a delivery, of which the text is a part: at least 4 characters of its beginning or end. Parts are looked
 * for in the newest reports of the log. Returns CLI_OK, or says that there is none, or which ones there are. */
int cli_find_delivery(const struct place *place, const char *text, char id[HD_ID_SIZE]);

#define WEBHOOK_ID_SIZE 129 /* of the longest, with its NUL */

/* Narrows a filter to the webhook of --webhook, whose id goes to webhook_id, and the delivery of --redelivery-of.
 * Returns CLI_OK, or says what is wrong. */
int cli_find_filter(const struct args *args, const struct place *place, hd_log_filter *filter,
                    char webhook_id[WEBHOOK_ID_SIZE]);

#endif
