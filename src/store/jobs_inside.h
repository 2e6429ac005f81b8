/* What jobs in memory are made of, for the files that are their parts: jobs.c, the list and what jobs do; jobs_look.c,
 * what they find. */
#ifndef HD_STORE_JOBS_INSIDE_H
#define HD_STORE_JOBS_INSIDE_H

#include "store/jobs.h"

#include <pthread.h>
#include <stdatomic.h>

/* A delivery of a job that has not ended. */
struct hd__job_sent {
    char event_id[HD__UUID_SIZE];
    char link[HD__UUID_SIZE]; /* what it repeats */
};

struct hd__job {
    struct hd__job *next; /* an older one */
    struct hd_job *job;
    hd_log_filter *filter;
    int64_t due_us;
    struct hd__job_sent sent[HD__JOB_UNDER_WAY];
    size_t sent_count;
};

struct hd__jobs {
    pthread_mutex_t mutex; /* guards the list */
    struct hd__job *first; /* the newest */
    size_t count;
    atomic_uint running, under_way; /* jobs that run, deliveries of all */
    struct hd__log_ring *ring;
    struct hd__webhooks *webhooks;
};

/* What a job looks for. */
struct hd__jobs_look {
    struct hd__jobs *jobs;
    const hd_log_filter *filter;
    int source, with_later;
    uint64_t end;
    struct hd__log_search search; /* of HD_SOURCE_MISSED, as the next */
    hd_webhook *webhook;          /* NULL if it is not there */
};

/* Begins to look; the reference to the webhook is the caller's. */
struct hd__jobs_look hd__jobs_look_begin(struct hd__jobs *jobs, const hd_log_filter *filter, int source,
                                         int with_later);

/* What is to become of a report: HD__JOB_SENT, to a webhook, to which there is a reference then; why it is left out; or
 * -1 if it does not match. */
int hd__jobs_look_at(const struct hd__jobs_look *look, hd_report *report, hd_webhook **webhook);

/* Whether two names may be the same, of which NULL stands for all. */
int hd__jobs_may_be_same(const char *a, const char *b);

#endif
