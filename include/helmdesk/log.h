/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/log.h
 * The delivery log: reading reports, statistics, and sending events again.
 */
#ifndef HELMDESK_LOG_H
#define HELMDESK_LOG_H

#include <helmdesk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Selects the reports that hd_log_query(), hd_log_summarize() and others find. */
typedef struct hd_log_filter hd_log_filter;

/** Some reports that hd_log_query() found. */
typedef struct hd_log_page hd_log_page;

/** Statistics of the reports that a filter matches, as hd_log_summarize() counted them. */
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
 * Each narrows the filter. Those that set replace what was set before for the same property. Those that add widen it
 * again: a report matches if it has any of the values that were added.
 * @param filter  the filter
 * Returns: HD_OK; HD_E_INVALID for a value that cannot match; HD_E_LIMIT for more than 1,000 webhooks; HD_E_NO_MEMORY.
 * Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** Only this project; NULL for all; copied. */
HD_API int hd_log_filter_set_project(hd_log_filter *filter, const char *project);
/** Adds the webhook with this id; NULL removes all that were added; copied. */
HD_API int hd_log_filter_add_webhook(hd_log_filter *filter, const char *webhook_id);
/** Adds an event type; HD_EVENT_UNKNOWN removes all that were added. */
HD_API int hd_log_filter_add_event(hd_log_filter *filter, int type);
/** Adds an outcome; 0 removes all that were added. */
HD_API int hd_log_filter_add_outcome(hd_log_filter *filter, int outcome);
/** Adds a reason, one of HD_REASON_...; 0 removes all that were added. */
HD_API int hd_log_filter_add_reason(hd_log_filter *filter, int reason);
/** Only responses with one of these HTTP statuses: statuses, classes and ranges from 100 to 999 with commas between
 * them, such as "404,5xx,500-503". NULL or "" for all reports, with or without a response. HD_E_HTTP_STATUSES for a
 * list that is written in a different way, or has more than 32 parts. */
HD_API int hd_log_filter_set_http_statuses(hd_log_filter *filter, const char *list);
/** Only the reports of this delivery, one for each attempt; NULL for all; copied. HD_E_INVALID if it is not a UUID as
 * hd_report_delivery_id() returns it. */
HD_API int hd_log_filter_set_delivery(hd_log_filter *filter, const char *delivery_id);
/** Only redeliveries of this delivery (see hd_report_redelivery_of()); NULL for all; copied. HD_E_INVALID as above. */
HD_API int hd_log_filter_set_redelivery_of(hd_log_filter *filter, const char *delivery_id);
/** With deliveries of hd_client_test(), without them, or only those: one of HD_TESTS_... */
HD_API int hd_log_filter_set_tests(hd_log_filter *filter, int which);
/** Only deliveries that ended at since_ms or later and before until_ms (milliseconds since 1970); 0 for no bound. */
HD_API int hd_log_filter_set_time(hd_log_filter *filter, int64_t since_ms, int64_t until_ms);
/** Only reports that contain this text, of at most 256 bytes, in the ticket's subject, the customer's e-mail or name,
 * the message, the webhook's name, the reason or its detail, or the body of the response; or whose event, delivery,
 * webhook or ticket has exactly this id. "#42" finds only the ticket with this number. Case and accents do not matter
 * in Latin, Greek and Cyrillic: "arger" finds "Ärger". NULL or "" for all; copied. */
HD_API int hd_log_filter_set_text(hd_log_filter *filter, const char *text);
/** Ends each search with HD_E_TIMEOUT that takes longer than this, in milliseconds; 0, the default, for no limit. */
HD_API int hd_log_filter_set_time_limit_ms(hd_log_filter *filter, uint32_t limit_ms);
/** @} */

/**
 * Ends the searches that are made with a filter, such as when nobody waits for their results any more: those that are
 * in progress return HD_E_CANCELED soon, and so do all later ones. The filter must exist until this returns.
 * @param filter  the filter; NULL does nothing
 * Blocks: no. Threads: any, also while another thread searches with the filter. Since: 0.1.0
 */
HD_API void hd_log_filter_cancel(hd_log_filter *filter);

/**
 * Reads the delivery log, newest first. Reports that are added meanwhile do not shift the later pages.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param cursor  NULL for the first page, then hd_log_page_cursor() of the previous page
 * @param limit   the largest number of reports to return, 1 to 1,000
 * @param page    receives the page; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR if the cursor is not from hd_log_page_cursor(); HD_E_TIMEOUT (see
 * hd_log_filter_set_time_limit_ms()); HD_E_CANCELED (see hd_log_filter_cancel()); HD_E_STORE if the store cannot be
 * read; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no I/O; searches the log in memory, on the
 * calling thread. With a store, disk. A search for text that a store has no index for, such as one of two characters,
 * reads only some thousands of the newest reports for a page: the page may then have fewer than limit, or none, and a
 * cursor to continue with. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                        hd_log_page **page);

/**
 * Reads the delivery log forwards: the reports that were added after a position, oldest first, in the order in which
 * they were added. It skips none and returns none twice, even if clocks are wrong.
 * @param client  the client
 * @param filter  which reports; NULL for all; not kept
 * @param after   hd_log_page_cursor() of the previous page of this function; NULL to begin with the reports added from
 *                now on: the page is then empty, and its cursor is the current end of the log
 * @param limit   the largest number of reports to return, 1 to 1,000
 * @param page    receives the page, which always has a cursor; free it with hd_log_page_free()
 * Returns: HD_OK, also for an empty page; HD_E_CURSOR; HD_E_TIMEOUT and HD_E_CANCELED as hd_log_query(); HD_E_STORE if
 * the store cannot be read; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as hd_log_query(). Threads: any. Since:
 * 0.1.0
 */
HD_API int hd_log_follow(hd_client *client, const hd_log_filter *filter, const char *after, size_t limit,
                         hd_log_page **page);

/**
 * Reads the log forwards for a named consumer, such as an exporter: the reports added since its last hd_log_commit(),
 * oldest first. Each name has its own position; with a store it survives restarts, and all processes share it. A page
 * that was not committed is returned again, so that each report is handled at least once. A new name begins with the
 * oldest report in the log. To begin with the reports added from now on instead, commit the page that hd_log_follow()
 * returns for a NULL position.
 * @param client  the client
 * @param name    1 to 64 characters from 0x21 to 0x7E; copied
 * @param filter  which reports; NULL for all; not kept
 * @param limit   the largest number of reports to return, 1 to 1,000
 * @param page    receives the page, empty if nothing is new; free it with hd_log_page_free(). If the log's limits
 *                deleted reports that were not committed, hd_log_page_missed() returns how many
 * Returns: HD_OK, also for an empty page; HD_E_TIMEOUT and HD_E_CANCELED as hd_log_query(); HD_E_STORE_READ_ONLY;
 * HD_E_STORE, HD_E_STORE_FULL and other failures of the store; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as
 * hd_log_query(). Threads: any. Since: 0.1.0
 */
HD_API int hd_log_read(hd_client *client, const char *name, const hd_log_filter *filter, size_t limit,
                       hd_log_page **page);

/**
 * Records that a consumer is done with a page: hd_log_read() continues after it. The position never moves back. Commit
 * empty pages too, so that reports that the filter does not match are not searched again.
 * @param client  the client, which may be closed by now
 * @param name    as for hd_log_read(); a new one is added
 * @param page    a page from hd_log_read() or hd_log_follow(); NULL deletes the name and its position
 * Returns: HD_OK when the position is saved, with a store on disk; HD_E_CURSOR if the page is from a different log;
 * HD_E_STORE_READ_ONLY; HD_E_STORE, HD_E_STORE_FULL and other failures of the store; HD_E_FORKED; HD_E_INVALID, also
 * for a page of hd_log_query(); HD_E_NO_MEMORY. Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_commit(hd_client *client, const char *name, const hd_log_page *page);

/**
 * How many reports are missing from a page of hd_log_follow() or hd_log_read(), because the log's limits deleted them
 * before they were read. Reports that the filter does not match count too.
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
 * Returns: the report, which belongs to the page (hd_report_ref() keeps it); NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_report *hd_log_page_at(const hd_log_page *page, size_t index);

/**
 * Where the next page begins.
 * @param page  the page; may be NULL
 * Returns: the cursor, which belongs to the page; NULL if no older report matches.
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
 * Sends the event of a delivery in the log again, to the same webhook with its present settings. This is a new delivery
 * like any other, with its own id; its report names the old one (hd_report_redelivery_of()). The webhook's
 * subscriptions do not matter. hd_job_start() sends many.
 * @param client       the client
 * @param delivery_id  the id of the old delivery, from hd_report_delivery_id()
 * @param event_id     receives an id as from hd_webhook_send(); may be NULL
 * Returns: as hd_webhook_send(); HD_E_NO_DELIVERY if the log has no delivery with this id; HD_E_NOT_FOUND if its
 * webhook no longer exists; HD_E_STORE if the log cannot be read, or the change not recorded; HD_E_STORE_DAMAGED if the
 * event is damaged there (see hd_report_event()), or the whole store. Blocks: as hd_webhook_send(); disk with a store.
 * Threads: any. Since: 0.1.0
 */
HD_API int hd_client_redeliver(hd_client *client, const char *delivery_id, char event_id[HD_ID_SIZE]);

/**
 * Counts the reports that a filter matches, for statistics and charts. To get the success rate of a webhook, filter by
 * it, leave out tests (hd_log_filter_set_tests()), and divide the number with HD_OUTCOME_DELIVERED by
 * hd_log_stats_ended().
 * @param client     the client
 * @param filter     which reports; NULL for all; not kept
 * @param bucket_ms  the length of a bucket in milliseconds, or 0 for no buckets. Buckets divide the filter's time,
 *                   which then needs both bounds, into at most 10,000 parts; each begins at a multiple of bucket_ms
 *                   since 1970-01-01T00:00:00Z
 * @param stats      receives the statistics; free them with hd_log_stats_free()
 * Returns: HD_OK, also if nothing matches; HD_E_TIMEOUT and HD_E_CANCELED as hd_log_query(); HD_E_STORE if the store
 * cannot be read; HD_E_FORKED; HD_E_INVALID, also for
 * buckets without both bounds, and for too many; HD_E_NO_MEMORY. Blocks: no I/O; searches the log in memory, on the
 * calling thread. With a store, disk: it reads a few numbers of each report that matches, from the index of texts
 * if there is one; a search for text reads every report that the rest of the filter matches. Threads: any. Since: 0.1.0
 */
HD_API int hd_log_summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats);

/** @name Statistics getters
 * @param stats  the statistics; NULL gives 0
 * Returns: a number as described below. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
/** Reports that match. There is one for each attempt: a delivery that was tried three times has two with
 * HD_OUTCOME_RETRYING and one with its final outcome. */
HD_API uint64_t hd_log_stats_count(const hd_log_stats *stats);
/** Those with this outcome, one of HD_OUTCOME_...; 0 for any other number. HD_OUTCOME_RETRYING are attempts that
 * another one followed, or is to follow; each other outcome is of a delivery that has ended. */
HD_API uint64_t hd_log_stats_outcome(const hd_log_stats *stats, int outcome);
/** Deliveries that have ended: the sum over all outcomes but HD_OUTCOME_RETRYING. */
HD_API uint64_t hd_log_stats_ended(const hd_log_stats *stats);
/** Deliveries that have ended with this reason, one of HD_REASON_...; 0 for any other number. Over all reasons this is
 * hd_log_stats_ended(). */
HD_API uint64_t hd_log_stats_reason(const hd_log_stats *stats, int reason);
/** Attempts with HD_OUTCOME_RETRYING that failed for this reason, one of HD_REASON_...; 0 for any other number. */
HD_API uint64_t hd_log_stats_retry_reason(const hd_log_stats *stats, int reason);
/** Those of an attempt that had a result, success or failure, also with HD_OUTCOME_RETRYING: hd_report_attempt() is not
 * 0, and the reason is none of HD_REASON_CANCELED, HD_REASON_INTERNAL, HD_REASON_DROPPED, HD_REASON_PAUSED,
 * HD_REASON_DISCARDED. */
HD_API uint64_t hd_log_stats_attempts(const hd_log_stats *stats);
/** How long these attempts took (hd_report_total_ms()), as a quantile: the shortest time that the given permille of
 * them did not exceed. 0 gives the shortest, 500 the median, 1000 the longest. Times above 5,000 ms count as 5,000.
 * Returns 0 if there was no attempt, and for a permille that is not 0 to 1000. */
HD_API uint32_t hd_log_stats_total_ms(const hd_log_stats *stats, int permille);
/** The number of buckets, including empty ones; 0 if none were asked for. */
HD_API size_t hd_log_stats_bucket_count(const hd_log_stats *stats);
/** When a bucket begins, in milliseconds since 1970-01-01T00:00:00Z; 0 if there is none at that index. The first may
 * begin before the filter's time, and the last end after it; reports outside that time are not counted. */
HD_API int64_t hd_log_stats_bucket_start_ms(const hd_log_stats *stats, size_t index);
/** Reports with this outcome that ended in a bucket; 0 if there is none at that index. */
HD_API uint64_t hd_log_stats_bucket_outcome(const hd_log_stats *stats, size_t index, int outcome);
/** As hd_log_stats_reason(), of a bucket. */
HD_API uint64_t hd_log_stats_bucket_reason(const hd_log_stats *stats, size_t index, int reason);
/** As hd_log_stats_attempts(), of a bucket. */
HD_API uint64_t hd_log_stats_bucket_attempts(const hd_log_stats *stats, size_t index);
/** As hd_log_stats_total_ms(), of a bucket; from 64 ms on up to a thirty-second too long. */
HD_API uint32_t hd_log_stats_bucket_total_ms(const hd_log_stats *stats, size_t index, int permille);
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
