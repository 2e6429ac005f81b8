/* The delivery log in memory: the last reports, numbered without gaps in the order in which deliveries ended. Any
 * thread may call. */
#ifndef HD_STORE_LOG_H
#define HD_STORE_LOG_H

#include "store/report.h"

struct hd__log_ring;

struct hd__log_ring *hd__log_ring_new(size_t max_reports, size_t max_bytes); /* NULL without memory */
void hd__log_ring_free(struct hd__log_ring *ring);

/* An empty report of an event for a webhook, in the memory of a forgotten one if there is one; NULL without memory. Of
 * the worker's thread only, as the next one. */
hd_report *hd__log_ring_new_report(struct hd__log_ring *ring, hd_event *event, struct hd__label *label);

/* Adds a report, taking over the reference, and forgets the oldest beyond the limits. */
void hd__log_ring_append(struct hd__log_ring *ring, hd_report *report);

/* A reference to the oldest report after number *cursor, which is set to its number; NULL if there is none. *missed
 * grows by the reports that were forgotten in between. */
hd_report *hd__log_ring_next(struct hd__log_ring *ring, uint64_t *cursor, uint64_t *missed);

/* Number of the newest report; 0 if there never was one. */
uint64_t hd__log_ring_newest(struct hd__log_ring *ring);

/* A reference to the newest report of a delivery; NULL if there is none. */
hd_report *hd__log_ring_find(struct hd__log_ring *ring, const char *delivery_id);

/* Counts what a filter matches. Returns HD_OK, or why it ended early. */
int hd__log_ring_summarize(struct hd__log_ring *ring, const hd_log_filter *filter, hd_log_stats *stats);

/* Goes through the reports after a place, up to another, the oldest first. found returns 0 to end. */
void hd__log_ring_walk(struct hd__log_ring *ring, uint64_t after, uint64_t up_to,
                       int (*found)(void *user, hd_report *report), void *user);

/* Behind hd_log_follow. */
int hd__log_ring_follow(struct hd__log_ring *ring, const hd_log_filter *filter, const char *after, size_t limit,
                        hd_log_page **page);

/* Behind hd_log_read() and hd_log_commit(); a place below 0 forgets the name. */
int hd__log_ring_read(struct hd__log_ring *ring, const char *name, const hd_log_filter *filter, size_t limit,
                      hd_log_page **page);
int hd__log_ring_commit(struct hd__log_ring *ring, const char *name, int64_t place);

/* Behind hd_log_query. */
int hd__log_ring_query(struct hd__log_ring *ring, const hd_log_filter *filter, const char *cursor, size_t limit,
                       hd_log_page **page);

#endif
