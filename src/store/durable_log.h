/* The delivery log in a durable store, as the public calls want it. */
#ifndef HD_STORE_DURABLE_LOG_H
#define HD_STORE_DURABLE_LOG_H

#include "store/report.h"
#include "store/store.h"

/* Behind hd_log_query(). */
int hd__durable_query(struct hd_store *store, const hd_log_filter *filter, const char *cursor, size_t limit,
                      hd_log_page **page);

/* Behind hd_log_follow(). */
int hd__durable_follow(struct hd_store *store, const hd_log_filter *filter, const char *after, size_t limit,
                       hd_log_page **page);

/* Behind hd_log_read() and hd_log_commit(); the place is that of a page, or HD__NO_PLACE to forget the name. */
int hd__durable_read(struct hd_store *store, const char *name, const hd_log_filter *filter, size_t limit,
                     hd_log_page **page);
int hd__durable_commit(struct hd_store *store, const char *name, int64_t place);

/* Counts what a filter matches, into buckets of so many milliseconds (0 for none). Returns a status. */
int hd__durable_summarize(struct hd_store *store, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats *stats);

/* The newest report of a delivery. Returns a status: HD_E_NO_DELIVERY if there is none. */
int hd__durable_find(struct hd_store *store, const char *delivery_id, hd_report **report);

#endif
