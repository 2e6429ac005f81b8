/* Jobs in the store, on its thread: between steps, those that are this client's make one step each. */
#include "engine/storer_inside.h"

#include "event/event.h"
#include "store/durable.h"
#include "store/filter.h"
#include "store/job.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_US ((int64_t)1000 * 1000) /* for what others may have changed, and nobody has told */
#define SOON_US ((int64_t)20 * 1000)   /* after something has happened: some of it may be a job's */

void hd__storer_wake_jobs(struct hd__storer *storer) {
    int64_t soon_us = hd__monotonic_us(storer->clock) + SOON_US;
    if (storer->jobs_at_us > soon_us)
        storer->jobs_at_us = soon_us;
}

/* What is damaged is not sent again. One that there is no memory for is tried when it is delivered. */
static int is_sound(void *user, const struct hd__stored_event *stored) {
    hd_event *event = NULL;
    (void)user;
    int status = hd__durable_read_event(stored, &event);
    hd_event_free(event);
    return status != HD_E_STORE;
}

static void take_job(void *list, const struct hd__stored_job *job) {
    if (job->state == HD_JOB_RUNNING && job->is_own)
        (void)hd__job_list_add(list, job); /* without memory it waits */
}

/* Returns how long nothing is to be done for it, in microseconds. */
static int64_t step_with(struct hd__storer *storer, const hd_job *job, const hd_log_filter *filter,
                         unsigned char (*ids)[HD__UUID_BYTES]) {
    struct hd__log_search search = {.tests = HD_TESTS_INCLUDED};
    hd__log_filter_search(filter, &search);
    struct hd__job_step step = {.id = job->it.id,
                                .search = &search,
                                .event_ids = ids,
                                .max = HD__JOB_UNDER_WAY,
                                .now_ms = hd__wall_ms(storer->clock),
                                .is_sound = is_sound};
    for (size_t i = 0; i < step.max; i++)
        if (hd__uuid_make(&storer->uuids, storer->clock, ids[i]) != HD_OK)
            return WAIT_US;
    int status = storer->store->ops->step_job(storer->store, &step);
    storer->look_at_us = 0; /* what was added is told by a look */
    return status != HD_OK || step.next_in_ms > WAIT_US / 1000 ? WAIT_US : step.next_in_ms * 1000;
}

static int is_full(const struct hd__stored_job *job) {
    const uint64_t *counts = job->counts;
    return counts[HD__JOB_SENT] - counts[HD__JOB_DELIVERED] - counts[HD__JOB_FAILED] >=
           (job->place < job->end ? HD__JOB_UNDER_WAY : 1);
}

static int64_t step(struct hd__storer *storer, const hd_job *job) {
    hd_log_filter *filter = NULL;
    unsigned char(*ids)[HD__UUID_BYTES];
    if (is_full(&job->it))
        return WAIT_US;
    if (job->it.due_in_ms > 0)
        return job->it.due_in_ms * 1000;
    ids = malloc(HD__JOB_UNDER_WAY * sizeof *ids);
    int status = ids ? hd__job_query_read(job->query, &filter) : HD_E_NO_MEMORY;
    int64_t wait_us = status == HD_OK ? step_with(storer, job, filter, ids) : WAIT_US;
    hd_log_filter_free(filter);
    free(ids);
    return wait_us;
}

void hd__storer_run_jobs(struct hd__storer *storer) {
    int64_t wait_us = WAIT_US;
    hd_job_list *list = hd__job_list_new();
    if (list)
        (void)storer->store->ops->find_jobs(storer->store, NULL, take_job, list);
    for (size_t i = hd_job_list_count(list); i-- > 0;) { /* the oldest first */
        int64_t own_us = step(storer, hd_job_list_at(list, i));
        wait_us = own_us < wait_us ? own_us : wait_us;
    }
    hd_job_list_free(list);
    storer->jobs_at_us = hd__monotonic_us(storer->clock) + wait_us;
}

int hd__storer_has_jobs(struct hd__storer *storer) {
    pthread_mutex_lock(&storer->monitor.mutex);
    int has = storer->state.jobs > 0;
    pthread_mutex_unlock(&storer->monitor.mutex);
    return has;
}
