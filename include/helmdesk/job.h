/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/job.h
 * Jobs: sending many deliveries again, or what a webhook has missed, at a pace.
 *
 * A job lies in the store, and a client that delivers runs it: it goes on when the client that started it ends, and is
 * visible to all clients. Without a store it lies in the client. Of one job, at most 100 deliveries wait or are under
 * way at the same time, so that new events do not wait behind a long job, and a stopped job stops soon. If the client
 * that runs it is killed, another one goes on with it: what was already under way may be delivered twice, as any
 * delivery may be then, and nothing else is.
 */
#ifndef HELMDESK_JOB_H
#define HELMDESK_JOB_H

#include <helmdesk/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a job sends. */
enum hd_job_source {
    HD_SOURCE_DELIVERIES = 300, /**< again the deliveries that a filter matches */
    HD_SOURCE_MISSED = 301      /**< the events that one webhook has never got: since it was off, or made later */
};

/** What a job does at the moment. */
enum hd_job_state {
    HD_JOB_PLANNED = 304, /**< nothing: it was not started */
    HD_JOB_RUNNING = 305, /**< it sends, or waits for the last deliveries to end */
    HD_JOB_STOPPED = 306, /**< nothing: hd_job_stop() */
    HD_JOB_DONE = 307     /**< nothing: all that it was to send has ended */
};

/** What hd_job_count() counts. */
enum hd_job_count {
    HD_COUNT_MATCHING = 312,         /**< what was found: deliveries that have ended, or events */
    HD_COUNT_WEBHOOKS = 313,         /**< webhooks that were to get something when it was planned */
    HD_COUNT_SENT = 314,             /**< new deliveries */
    HD_COUNT_DELIVERED = 315,        /**< of those, the ones that were delivered */
    HD_COUNT_FAILED = 316,           /**< of those, the ones that ended in another way */
    HD_COUNT_LEFT = 317,             /**< what is still to be sent */
    HD_COUNT_LEFT_OUT = 318,         /**< all that is not sent, for one of the following reasons */
    HD_COUNT_LEFT_OUT_TEST = 319,    /**< it is a test */
    HD_COUNT_LEFT_OUT_REMOVED = 320, /**< its webhook no longer exists, or is in a different project */
    HD_COUNT_LEFT_OUT_LATER = 321,   /**< a later delivery of the same event to the same webhook was delivered, is under
                                      way, or was made while the job ran */
    HD_COUNT_LEFT_OUT_DAMAGED = 322, /**< its event is damaged in the store; only known while the job runs */
    HD_COUNT_LEFT_OUT_DELETED = 323  /**< the log's limits deleted it while the job ran */
};

/** @name Names of these constants
 * The names are "deliveries", "missed"; "planned", "running", "stopped", "done"; "matching", "left_out_test" and so on.
 * The first functions return static text, "unknown" for any other number, the next ones 0 for any other name (may be
 * NULL), and the last ones how many constants there are: their numbers follow each other.
 * Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_job_source_name(int source);
HD_API int hd_job_source_from_name(const char *name);
HD_API int hd_job_source_count(void);
HD_API const char *hd_job_state_name(int state);
HD_API int hd_job_state_from_name(const char *name);
HD_API int hd_job_state_count(void);
HD_API const char *hd_job_count_name(int which);
HD_API int hd_job_count_from_name(const char *name);
HD_API int hd_job_count_count(void);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
