/* What the core's objects are in a durable store, and back. */
#ifndef HD_STORE_DURABLE_H
#define HD_STORE_DURABLE_H

#include "endpoint/webhook.h"
#include "store/report.h"
#include "store/store.h"

/* Stores a snapshot, and notes its keys in its label. Returns a status. */
int hd__durable_put_webhook(struct hd_store *store, hd_webhook *snapshot);

/* A webhook as it was stored, for the program to read: without label. Returns a status. */
int hd__durable_read_webhook(const struct hd_store *store, const struct hd__stored_webhook *stored,
                             hd_webhook **webhook);

/* The event of a row. Returns a status. */
int hd__durable_read_event(const struct hd__stored_event *stored, hd_event **event);

/* The id of the delivery that an event makes again; NULL for none. */
const unsigned char *hd__durable_redelivery_of(const struct hd__stored_event *stored);

/* A report as the store wants it; what it points to is the report's. */
void hd__durable_write_report(const hd_report *report, struct hd__stored_report *stored);

/* Behind hd_log_query(), with a store. */
int hd__durable_query(struct hd_store *store, const hd_log_filter *filter, const char *cursor, size_t limit,
                      hd_log_page **page);

/* Counts what a filter matches. Returns a status. */
int hd__durable_summarize(struct hd_store *store, const hd_log_filter *filter, hd_log_stats *stats);

/* The newest report of a delivery. Returns a status: HD_E_NO_DELIVERY if there is none. */
int hd__durable_find(struct hd_store *store, const char *delivery_id, hd_report **report);

#endif
