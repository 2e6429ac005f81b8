/* One request that listen has received, and what became of it: as a line, whole, and as JSON. */
#ifndef HD_CLI_ARRIVAL_H
#define HD_CLI_ARRIVAL_H

#include "cli/mistakes.h"
#include "cli/post.h"
#include "cli/request.h"
#include "cli/server.h"

#include <stdint.h>

struct arrival {
    const struct request *request;
    int64_t at_ms, took_us; /* when it came, and how long until the answer was there */
    int is_as_slack;        /* no signature is looked at */
    int status;             /* of the receiver: HD_OK, or why not */
    int is_signed;
    hd_acceptance *acceptance; /* NULL if it is refused */
    const hd_event *event;     /* of that; NULL if none can be read */
    const struct reply *reply;
    const char *remark;             /* static text; NULL for none */
    struct explanation explanation; /* of a wrong signature */
    const char *forward_url;        /* as people may see it; NULL if it was not sent on */
    struct post_result forwarded;
    const char *saved; /* the file's name; "" for none */
};

/* The name of its event: that in the body, or else that in its headers; NULL for none. */
const char *cli_arrival_event(const struct arrival *arrival);

/* "14:32:15 --> ticket.created #42 Can't reset password  ✓ signature  [200] 3 ms"; with is_whole headers and body too.
 * On stdout. One at a time, as the next. */
void cli_arrival_print(const struct arrival *arrival, int is_whole);
void cli_arrival_print_json(const struct arrival *arrival);

#endif
