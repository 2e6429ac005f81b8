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

/** A job: what it is to do, and how far it has come. It is a copy, which does not change by itself. */
typedef struct hd_job hd_job;

/** Some jobs. */
typedef struct hd_job_list hd_job_list;

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

/**
 * Makes a job that was not started.
 * @param source  HD_SOURCE_DELIVERIES or HD_SOURCE_MISSED
 * @param filter  what it sends; NULL for all deliveries in the log; copied. With HD_SOURCE_MISSED it must name a
 * webhook (hd_log_filter_add_webhook()) and may name its project, a type of event, and a time, which is then that of
 * the event's acceptance; nothing else
 * @param job     receives the job; free it with hd_job_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_job_new(int source, const hd_log_filter *filter, hd_job **job);

/**
 * Sets how many deliveries a job begins per second, at the most.
 * @param job         a job that was not started
 * @param per_second  1 to 1,000; 0, the default, for as many as the receivers take
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_job_set_pace(hd_job *job, uint32_t per_second);

/**
 * Sets whether a job also sends what HD_COUNT_LEFT_OUT_LATER stands for.
 * @param job         a job that was not started, with HD_SOURCE_DELIVERIES
 * @param with_later  0, the default, to leave it out; else 1
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_job_set_with_later(hd_job *job, int with_later);

/**
 * Counts what a job would send if it were started now, and sends nothing. HD_COUNT_LEFT is then what would be sent.
 * @param client  the client
 * @param job     a job that was not started; receives the counts
 * Returns: HD_OK; HD_E_NOT_FOUND if HD_SOURCE_MISSED names no existing webhook; HD_E_STORE and other failures of the
 * store; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: as hd_log_summarize(). Threads: any, one per job.
 * Since: 0.1.0
 */
HD_API int hd_job_plan(hd_client *client, hd_job *job);

/**
 * Starts a job. It sends what is in the log now, oldest first: in the order in which the old deliveries ended, or the
 * events were accepted. At most one job at a time sends to a webhook.
 * @param client  the client, which need not deliver
 * @param job     a job that was not started; it is planned again, and receives its id
 * Returns: HD_OK; HD_E_JOB_RUNNING if a running job may send to the same webhook; as hd_job_plan();
 * HD_E_STORE_READ_ONLY; HD_E_CLOSED. Blocks: as hd_job_plan(). Threads: any, one per job. Since: 0.1.0
 */
HD_API int hd_job_start(hd_client *client, hd_job *job);

/**
 * Reads how far a job has come.
 * @param client  the client
 * @param id      from hd_job_id()
 * @param job     receives the job; free it with hd_job_free()
 * Returns: HD_OK; HD_E_NO_JOB; HD_E_STORE and other failures of the store; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY.
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_job_get(hd_client *client, const char *id, hd_job **job);

/**
 * Reads all jobs, newest first. Of those that are over, the last 1,000 are kept.
 * @param client   the client
 * @param project  only those that a filter limits to this project; NULL for all
 * @param list     receives the jobs; free it with hd_job_list_free()
 * Returns: as hd_job_get(). Blocks: as hd_job_get(). Threads: any. Since: 0.1.0
 */
HD_API int hd_job_list_all(hd_client *client, const char *project, hd_job_list **list);

/**
 * Stops a running job: it sends nothing more. What it has sent already goes on, and is still counted.
 * @param client  the client, which need not deliver
 * @param id      from hd_job_id()
 * Returns: HD_OK, also if the job does not run; HD_E_NO_JOB; HD_E_STORE_READ_ONLY; HD_E_CLOSED; HD_E_STORE and other
 * failures of the store; HD_E_FORKED; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no; disk with a store. Threads: any.
 * Since: 0.1.0
 */
HD_API int hd_job_stop(hd_client *client, const char *id);

/**
 * Has a stopped job go on where it was.
 * @param client  the client, which need not deliver
 * @param id      from hd_job_id()
 * Returns: HD_OK, also if the job was not stopped; HD_E_JOB_RUNNING as hd_job_start(); as hd_job_stop().
 * Blocks: no; disk with a store. Threads: any. Since: 0.1.0
 */
HD_API int hd_job_resume(hd_client *client, const char *id);

/** @name Job getters
 * @param job  the job; NULL gives 0, NULL or ""
 * Returns: a value as described below; text belongs to the job. Blocks: no. Threads: one per object. Since: 0.1.0
 * @{ */
/** Its id, a UUID; "" if it was not started. */
HD_API const char *hd_job_id(const hd_job *job);
/** One of HD_SOURCE_DELIVERIES and HD_SOURCE_MISSED. */
HD_API int hd_job_source(const hd_job *job);
/** One of HD_JOB_PLANNED, HD_JOB_RUNNING, HD_JOB_STOPPED and HD_JOB_DONE. */
HD_API int hd_job_state(const hd_job *job);
/** The project and the webhook that its filter names; NULL for all. */
HD_API const char *hd_job_project(const hd_job *job);
HD_API const char *hd_job_webhook_id(const hd_job *job);
/** As set. */
HD_API uint32_t hd_job_pace(const hd_job *job);
HD_API int hd_job_with_later(const hd_job *job);
/** When it was started, and when it was done or stopped, in milliseconds since 1970; 0 if it was not. */
HD_API int64_t hd_job_created_at_ms(const hd_job *job);
HD_API int64_t hd_job_ended_at_ms(const hd_job *job);
/** A number, one of HD_COUNT_MATCHING and the following; 0 for any other. */
HD_API uint64_t hd_job_count(const hd_job *job, int which);
/** @} */

/**
 * Frees a job.
 * @param job  the job; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_job_free(hd_job *job);

/**
 * The number of jobs in a list.
 * @param list  the list; NULL gives 0
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_job_list_count(const hd_job_list *list);

/**
 * One job of a list.
 * @param list   the list
 * @param index  0 to hd_job_list_count() - 1
 * Returns: the job, which belongs to the list; NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_job *hd_job_list_at(const hd_job_list *list, size_t index);

/**
 * Frees a list of jobs.
 * @param list  the list; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_job_list_free(hd_job_list *list);

#ifdef __cplusplus
}
#endif

#endif
