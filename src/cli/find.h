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

/* The ids of the webhooks that --webhook names, each once; none for all. */
struct wanted {
    char (*ids)[WEBHOOK_ID_SIZE];
    size_t count;
};

/* Finds them. Also those of webhooks that were deleted, if the log has any. To be freed with cli_wanted_free(),
 * whatever is returned: CLI_OK, or what is wrong was said. */
int cli_find_wanted(const struct args *args, const struct place *place, struct wanted *wanted);
int cli_is_wanted(const struct wanted *wanted, const char *id);
void cli_wanted_free(struct wanted *wanted);

/* Narrows a filter to the wanted webhooks and the delivery of --redelivery-of. Returns CLI_OK, or says what is
 * wrong. */
int cli_narrow_filter(const struct args *args, const struct place *place, const struct wanted *wanted,
                      hd_log_filter *filter);

/* The same, with the webhooks of --webhook. */
int cli_find_filter(const struct args *args, const struct place *place, hd_log_filter *filter);

#endif
