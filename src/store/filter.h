/* Which reports a query finds. */
#ifndef HD_STORE_FILTER_H
#define HD_STORE_FILTER_H

#include "helmdesk.h"

/* filter may be NULL: everything matches. */
int hd__log_filter_matches(const hd_log_filter *filter, const hd_report *report);

#endif
