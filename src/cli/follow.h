/* Reads the log of a store as it grows, whichever process writes it. */
#ifndef HD_CLI_FOLLOW_H
#define HD_CLI_FOLLOW_H

#include "cli/place.h"

struct follow {
    const struct place *place;
    const hd_log_filter *filter;
    char *cursor;
};

/* Begins at the end of the log: what is added from now on is read. filter may be NULL; it is not copied. Returns
 * CLI_OK, or says what is wrong. */
int cli_follow_begin(const struct place *place, const hd_log_filter *filter, struct follow *follow);

/* What was added since, the oldest first, or an empty page; to be freed. Returns CLI_OK, or says what is wrong. */
int cli_follow_next(struct follow *follow, hd_log_page **page);

void cli_follow_end(struct follow *follow);

#endif
