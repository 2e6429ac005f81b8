/* What the reports of a search add up to: counts, and how long attempts took. The memory that this takes depends on the
 * number of buckets, and not on that of the reports. */
#ifndef HD_STORE_STATS_H
#define HD_STORE_STATS_H

#include "store/store.h"

/* Empty statistics of what a filter finds. Returns HD_OK; HD_E_INVALID if the filter's time cannot be cut into buckets
 * like that; HD_E_NO_MEMORY. */
int hd__log_stats_new(const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats);

/* Counts reports that the filter matches. */
void hd__log_stats_add(hd_log_stats *stats, const struct hd__log_tally *tally);

/* The same for one report, as what goes through reports calls it: stats is a hd_log_stats. Returns 1: it has room for
 * more. */
int hd__log_stats_add_report(void *stats, hd_report *report);

#endif
