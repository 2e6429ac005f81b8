/* Which deliveries: the filters of the command line. */
#ifndef HD_CLI_FILTER_H
#define HD_CLI_FILTER_H

#include "cli/args.h"
#include "helmdesk.h"

/* Makes the filter that the options say; to be freed. Returns CLI_OK, or says what is wrong. What names a webhook or a
 * delivery is left for cli_find_filter(), which needs the store. */
int cli_filter_new(const struct args *args, hd_log_filter **filter);

/* Whether any of them was given. */
int cli_filters(const struct args *args);

/* The time that an option names, in milliseconds since 1970; 0 without it. */
int cli_filter_time(const struct args *args, enum option_id id, int64_t *ms);

#endif
