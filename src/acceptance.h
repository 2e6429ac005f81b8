/* What a receiver returns for a request that it accepts. */
#ifndef HD_ACCEPTANCE_H
#define HD_ACCEPTANCE_H

#include "helmdesk.h"
#include "replay.h"

#define HD__REQUEST_ID_MAX 256
#define HD__MARKS_MAX 2 /* of a request */

struct hd_acceptance {
    hd_event *event;
    size_t secret;
    unsigned schemes;
    char delivery_id[HD__REQUEST_ID_MAX + 1]; /* "" for none */
    struct hd__replay *replay;                /* a reference to the memory that has its marks; NULL for none */
    struct hd__mark marks[HD__MARKS_MAX];
    size_t mark_count;
};

#endif
