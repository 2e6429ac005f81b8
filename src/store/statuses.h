/* A list of HTTP statuses, as people write it: "404,5xx,500-503". */
#ifndef HD_STORE_STATUSES_H
#define HD_STORE_STATUSES_H

#include "store/store.h"

#define HD__STATUSES_MAX 32 /* in one list */

struct hd__statuses {
    struct hd__status_range ranges[HD__STATUSES_MAX];
    size_t count; /* 0 for all */
};

/* Reads a list: statuses, classes and ranges, separated by commas, with blanks around them. NULL and "" mean all.
 * Returns HD_OK or HD_E_HTTP_STATUSES. */
int hd__statuses_parse(const char *text, struct hd__statuses *statuses);

#endif
