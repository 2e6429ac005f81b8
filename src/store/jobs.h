/* Jobs in memory, of a client without a store: what store/store.h says of jobs, over the log in memory. The loop makes
 * their steps; any thread makes the other calls. */
#ifndef HD_STORE_JOBS_H
#define HD_STORE_JOBS_H

#include "store/job.h"
#include "store/log.h"
#include "store/webhooks.h"

struct hd__jobs;

/* What a step asks of the loop. */
struct hd__jobs_loop {
    /* Accepts an event for one webhook, and tells its id. Returns a status. */
    int (*send)(void *user, hd_event *event, hd_webhook *webhook, const char *link, char event_id[HD__UUID_SIZE]);
    /* Whether something of the event with this id has not ended. */
    int (*is_under_way)(void *user, const char *event_id);
    void *user;
};

/* Both must outlive it. NULL without memory. */
struct hd__jobs *hd__jobs_new(struct hd__log_ring *ring, struct hd__webhooks *webhooks);
void hd__jobs_free(struct hd__jobs *jobs);

/* As those of a store. */
int hd__jobs_add(struct hd__jobs *jobs, const struct hd__stored_job *job);
int hd__jobs_find(struct hd__jobs *jobs, const unsigned char *id,
                  void (*tell)(void *user, const struct hd__stored_job *job), void *user);
/* *is_changed says whether it was in another state. */
int hd__jobs_set_state(struct hd__jobs *jobs, const unsigned char *id, int state, int64_t now_ms, int *is_changed);

/* The same; the plan's search is not used, but the filter. What is under way is not known to a plan. */
int hd__jobs_plan(struct hd__jobs *jobs, const hd_log_filter *filter, struct hd__job_plan *plan);

/* Makes a step of each job that runs. Returns when there is more to do; INT64_MAX for when something has ended, or has
 * been changed. */
int64_t hd__jobs_step(struct hd__jobs *jobs, int64_t now_us, int64_t now_ms, const struct hd__jobs_loop *loop);

/* A delivery has ended, that may be a job's. */
void hd__jobs_note_end(struct hd__jobs *jobs, const hd_report *report);

#endif
