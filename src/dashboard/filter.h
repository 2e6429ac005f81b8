/* The filters of the log, in the query or in a body. */
#ifndef HD_DASHBOARD_FILTER_H
#define HD_DASHBOARD_FILTER_H

#include "dashboard/dashboard.h"

/* Makes the filter of a call, for its project. Where `object` is given, its members count, and not the query; until_ms,
 * if it is not 0, is a bound besides. Returns 1, or has answered why not. */
int hd__filter_read(struct hd__call *call, const json_t *object, int64_t until_ms, hd_log_filter **filter);

#endif
