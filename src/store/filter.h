/* Which reports a query finds. */
#ifndef HD_STORE_FILTER_H
#define HD_STORE_FILTER_H

#include "store/deadline.h"

/* filter may be NULL: everything matches. */
int hd__log_filter_matches(const hd_log_filter *filter, const hd_report *report);

/* The same as a store wants it. Lives as long as the filter. */
void hd__log_filter_search(const hd_log_filter *filter, struct hd__log_search *search);

/* When a search that begins now is to end. Lives as long as the filter. */
struct hd__deadline hd__log_filter_deadline(const hd_log_filter *filter);

#endif
