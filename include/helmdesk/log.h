/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/log.h
 * The delivery log: its reports, what they add up to, and sending again.
 */
#ifndef HELMDESK_LOG_H
#define HELMDESK_LOG_H

#include <helmdesk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which reports hd_log_query() and hd_log_summarize() are to find. */
typedef struct hd_log_filter hd_log_filter;

/** Some reports that hd_log_query() found. */
typedef struct hd_log_page hd_log_page;

/** What the reports that a filter matches add up to, as hd_log_summarize() counted them. */
typedef struct hd_log_stats hd_log_stats;

/**
 * Makes a filter that matches every report.
 * @param filter  receives the filter; free it with hd_log_filter_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_filter_new(hd_log_filter **filter);

/**
 * Frees a filter.
 * @param filter  the filter; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_filter_free(hd_log_filter *filter);

/** Whether a filter finds deliveries of hd_client_test(). */
enum hd_tests {
    HD_TESTS_INCLUDED = 32,
    HD_TESTS_EXCLUDED = 33,
    HD_TESTS_ONLY = 34
};

/** @name Filter setters
 * Each narrows the filter; what was set before for the same property is replaced.
 * @param filter  the filter
 * Returns: HD_OK; HD_E_INVALID for a value that cannot match; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** Only this project; NULL for all; copied. */
HD_API int hd_log_filter_set_project(hd_log_filter *filter, const char *project);
/** Only the webhook with this id; NULL for all; copied. */
HD_API int hd_log_filter_set_webhook(hd_log_filter *filter, const char *webhook_id);
/** Only this event type; HD_EVENT_UNKNOWN for all. */
HD_API int hd_log_filter_set_event(hd_log_filter *filter, int type);
/** Only this outcome; 0 for all. */
HD_API int hd_log_filter_set_outcome(hd_log_filter *filter, int outcome);
/** Only this reason, one of HD_REASON_...; 0 for all. */
HD_API int hd_log_filter_set_reason(hd_log_filter *filter, int reason);
/** Only responses with an HTTP status from first to last, both 100 to 999; 0 and 0 for all, and for no response too. */
HD_API int hd_log_filter_set_http_status(hd_log_filter *filter, int first, int last);
/** Only the reports of this delivery, one for each attempt; NULL for all; copied. HD_E_INVALID if it is no UUID as
 * hd_report_delivery_id() gives it. */
HD_API int hd_log_filter_set_delivery(hd_log_filter *filter, const char *delivery_id);
/** Only redeliveries of this delivery (see hd_report_redelivery_of()); NULL for all; copied. HD_E_INVALID as above. */
HD_API int hd_log_filter_set_redelivery_of(hd_log_filter *filter, const char *delivery_id);
/** With deliveries of hd_client_test(), without them, or these alone: one of HD_TESTS_... */
HD_API int hd_log_filter_set_tests(hd_log_filter *filter, int which);
/** Only deliveries that ended at since_ms or later and before until_ms (milliseconds since 1970); 0 for no bound. */
HD_API int hd_log_filter_set_time(hd_log_filter *filter, int64_t since_ms, int64_t until_ms);
/** Only reports with this text of at most 256 bytes, whatever its ASCII case, in the ticket's id, its subject, "#" and
 * its number, the customer's e-mail or name, the delivery id, the webhook's name or the reason, or with this event id,
 * whole; NULL or "" for all; copied. */
HD_API int hd_log_filter_set_text(hd_log_filter *filter, const char *text);
/** @} */

/**
 * Reads the delivery log, newest first. New reports never shift the pages that follow.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param cursor  NULL for the first page, then hd_log_page_cursor() of the page before
 * @param limit   how many reports at the most, 1 to 1,000
 * @param page    receives the page; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR if it is not one of hd_log_page_cursor(); HD_E_STORE if the store
 * cannot be read; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no I/O; looks at what the log holds, on the
 * calling thread; disk with a store, where a search for text reads all that the rest of the filter leaves. Threads:
 * any. Since: 0.1.0
 */
HD_API int hd_log_query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                        hd_log_page **page);

/**
 * Reads the delivery log forwards: the reports that were added after a place, the oldest first, in the order in which
 * they were added. It misses none and gives none twice, whatever the clocks say.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param after   hd_log_page_cursor() of the page that this function gave before; NULL to begin with what comes from
 * now on: the page is empty, and its cursor is the place
 * @param limit   how many reports at the most, 1 to 1,000
 * @param page    receives the page, which always has a cursor; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR; HD_E_STORE if the store cannot be read; HD_E_FORKED;
 * HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as hd_log_query(). Threads: any. Since: 0.1.0
 */
HD_API int hd_log_follow(hd_client *client, const hd_log_filter *filter, const char *after, size_t limit,
                         hd_log_page **page);

/**
 * Reads the log forwards for a consumer that goes by a name, such as an exporter: all that came since its last
 * hd_log_commit(), the oldest first, whatever process it runs in, and over restarts with a store. Each name has a place
 * of its own. A page that was not committed is given again, so that each report is handled at least once. A new name
 * begins with the oldest report that is kept. To have one begin with what comes from now on, commit the page that
 * hd_log_follow() gives without a place.
 * @param client  the client
 * @param name    1 to 64 characters from 0x21 to 0x7E; copied
 * @param filter  which reports; NULL for all; not kept
 * @param limit   how many reports at the most, 1 to 1,000
 * @param page    receives the page, empty if nothing is new; free it with hd_log_page_free(). If the log's limits
 *                deleted reports that were not committed, hd_log_page_missed() tells how many
 * Returns: HD_OK, also for an empty page; HD_E_STORE_READ_ONLY; HD_E_STORE, HD_E_STORE_FULL and other failures of the
 * store; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as hd_log_query(). Threads: any. Since: 0.1.0
 */
HD_API int hd_log_read(hd_client *client, const char *name, const hd_log_filter *filter, size_t limit,
                       hd_log_page **page);

/**
 * Says that a consumer is done with a page: hd_log_read() goes on after it. The place never moves back. Commit an empty
 * page as well, so that what the filter leaves out is not looked at again.
 * @param client  the client, which may be closed by now
 * @param name    as for hd_log_read(); a new one is added
 * @param page    a page that hd_log_read() or hd_log_follow() gave; NULL forgets the name, so that it begins anew
 * Returns: HD_OK when it is kept, with a store on disk; HD_E_CURSOR if the page is of another log;
 * HD_E_STORE_READ_ONLY; HD_E_STORE, HD_E_STORE_FULL and other failures of the store; HD_E_FORKED; HD_E_INVALID, also
 * for a page of hd_log_query(); HD_E_NO_MEMORY. Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_commit(hd_client *client, const char *name, const hd_log_page *page);

/**
 * How many reports the log's limits deleted after the place at which a page of hd_log_follow() or hd_log_read() began,
 * before they could be on it. Those that the filter leaves out count as well.
 * @param page  the page; NULL gives 0
 * Returns: the number, or a little more; 0 if none is missing. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API uint64_t hd_log_page_missed(const hd_log_page *page);

/**
 * The number of reports on a page.
 * @param page  the page; NULL gives 0
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_log_page_count(const hd_log_page *page);

/**
 * One report of a page.
 * @param page   the page
 * @param index  0 to hd_log_page_count() - 1
 * Returns: the report, which stays the page's (hd_report_ref() keeps it); NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_report *hd_log_page_at(const hd_log_page *page, size_t index);

/**
 * Where the next page begins.
 * @param page  the page; may be NULL
 * Returns: the cursor, which stays the page's; NULL if no older report matches.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const char *hd_log_page_cursor(const hd_log_page *page);

/**
 * Frees a page.
 * @param page  the page; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_page_free(hd_log_page *page);

/**
 * Sends the event of a delivery in the log again, to the same webhook as it is now: a new delivery through the very
 * path of all others, with an id of its own; its report names the old one (hd_report_redelivery_of()). Whether the
 * webhook subscribes to such events is not asked.
 * @param client       the client
 * @param delivery_id  what hd_report_delivery_id() gives
 * @param event_id     receives an id as from hd_webhook_send(); may be NULL
 * Returns: as hd_webhook_send(); HD_E_NO_DELIVERY if the log has none with this id; HD_E_NOT_FOUND if its webhook is
 * not there any more; HD_E_STORE if the log cannot be read; HD_E_STORE_DAMAGED if the event is damaged there (see
 * hd_report_event()), or the whole store. Blocks: as hd_webhook_send(); disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_redeliver(hd_client *client, const char *delivery_id, char event_id[HD_ID_SIZE]);

/**
 * Sends all events of a page of the log again, as hd_client_redeliver() does one. Reports of tests, of attempts that
 * another one followed, of webhooks that are not there any more, and of events that are damaged in the store are left
 * out. For all that match a filter, begin with a filter that ends now (hd_log_filter_set_time()), so that the new
 * deliveries do not match, and go on with the cursor.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param cursor  NULL for the first page, then hd_log_page_cursor() of the page before
 * @param limit   how many reports to look at, 1 to 1,000
 * @param sent    receives how many were sent; may be NULL
 * @param page    receives the reports that were looked at; free it with hd_log_page_free(). If an event cannot be sent
 *                (HD_E_QUEUE_FULL), those before it, and its cursor goes on with that event
 * Returns: as hd_log_query() and hd_webhook_send(); an error only if the first event of the page cannot be sent.
 * Blocks: as they do. Threads: any. Since: 0.1.0
 */
HD_API int hd_client_redeliver_page(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                                    size_t *sent, hd_log_page **page);

/**
 * Counts what a filter matches, without giving the reports: for figures and charts. A filter for one webhook tells how
 * well that one does: of the deliveries that have ended, those with HD_OUTCOME_DELIVERED have succeeded.
 * @param client     the client
 * @param filter     which reports; NULL for all; not kept
 * @param bucket_ms  0; or cuts the filter's time, which then needs both bounds, into at most 10,000 buckets of so many
 *                   milliseconds, which begin at multiples of that since 1970-01-01T00:00:00Z
 * @param stats      receives the statistics; free them with hd_log_stats_free()
 * Returns: HD_OK, also if nothing matches; HD_E_STORE if the store cannot be read; HD_E_FORKED; HD_E_INVALID, also for
 * buckets without both bounds, and for too many; HD_E_NO_MEMORY. Blocks: no I/O; looks at what the log holds, on the
 * calling thread; disk with a store, where it reads a few numbers of each report that matches, and all of what the rest
 * of the filter leaves for a text. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats);

/** @name Statistics getters
 * @param stats  the statistics; NULL gives 0
 * Returns: a number as described below. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
/** Reports that match. There is one for each attempt: a delivery that was tried three times has two with
 * HD_OUTCOME_RETRYING and then the one of its end. */
HD_API uint64_t hd_log_stats_count(const hd_log_stats *stats);
/** Those with this outcome, one of HD_OUTCOME_...; 0 for any other number. What has ended is the sum over all but
 * HD_OUTCOME_RETRYING. */
HD_API uint64_t hd_log_stats_outcome(const hd_log_stats *stats, int outcome);
/** Those with this reason, one of HD_REASON_...; 0 for any other number. */
HD_API uint64_t hd_log_stats_reason(const hd_log_stats *stats, int reason);
/** Those that tell of an attempt that came to a result, whichever it was, HD_OUTCOME_RETRYING too: hd_report_attempt()
 * is not 0, and the reason is none of HD_REASON_CANCELED, HD_REASON_INTERNAL, HD_REASON_DROPPED, HD_REASON_PAUSED,
 * HD_REASON_DISCARDED. */
HD_API uint64_t hd_log_stats_attempts(const hd_log_stats *stats);
/** How long these attempts took, as hd_report_total_ms() tells it: the least time that so many permille of them did not
 * exceed, such as 500 for the median, 990, or 1000 for the longest; 0 gives the shortest. Times above 5,000 ms count as
 * 5,000. 0 if there was no attempt, and for a permille that is not 0 to 1000. */
HD_API uint32_t hd_log_stats_total_ms(const hd_log_stats *stats, int permille);
/** Buckets, the empty ones too; 0 if none were asked for. */
HD_API size_t hd_log_stats_bucket_count(const hd_log_stats *stats);
/** When a bucket begins, in milliseconds since 1970-01-01T00:00:00Z; 0 if there is none at that index. The first may
 * begin before the filter's time, and the last end after it; what is outside of that time is not counted. */
HD_API int64_t hd_log_stats_bucket_start_ms(const hd_log_stats *stats, size_t index);
/** Reports with this outcome that ended in a bucket; 0 if there is none at that index. */
HD_API uint64_t hd_log_stats_bucket_outcome(const hd_log_stats *stats, size_t index, int outcome);
/** @} */

/**
 * Frees statistics.
 * @param stats  the statistics; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_log_stats_free(hd_log_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
