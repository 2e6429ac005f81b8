#include "store/jobs_inside.h"

#include "base/hash.h"
#include "endpoint/webhook.h"

#include <stdlib.h>
#include <string.h>

#define SLICES 10 /* of a second: a job with a pace sends in so many parts */
#define LOOKS 64  /* reports that a step looks at */
#define AGAIN_US ((int64_t)50 * 1000)

/* ---- Life ---- */

struct hd__jobs *hd__jobs_new(struct hd__log_ring *ring, struct hd__webhooks *webhooks) {
    struct hd__jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs || pthread_mutex_init(&jobs->mutex, NULL) != 0) {
        free(jobs);
        return NULL;
    }
    jobs->ring = ring;
    jobs->webhooks = webhooks;
    return jobs;
}

static void free_job(struct hd__job *job) {
    hd_job_free(job->job);
    hd_log_filter_free(job->filter);
    free(job);
}

void hd__jobs_free(struct hd__jobs *jobs) {
    if (!jobs)
        return;
    for (struct hd__job *job; (job = jobs->first);) {
        jobs->first = job->next;
        free_job(job);
    }
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}

/* ---- The list, with the mutex held ---- */

static struct hd__job *find(const struct hd__jobs *jobs, const unsigned char *id) {
    struct hd__job *job = jobs->first;
    while (job && memcmp(job->job->it.id, id, HD__UUID_BYTES) != 0)
        job = job->next;
    return job;
}

static int is_in_the_way(const struct hd__jobs *jobs, const struct hd__stored_job *wanted) {
    const struct hd__job *job = jobs->first;
    for (; job; job = job->next)
        if (job->job->it.state == HD_JOB_RUNNING && &job->job->it != wanted &&
            hd__jobs_may_be_same(job->job->project, wanted->project) &&
            hd__jobs_may_be_same(job->job->webhook_id, wanted->webhook_id))
            return 1;
    return 0;
}

static void forget_old(struct hd__jobs *jobs) {
    struct hd__job **at = &jobs->first;
    for (size_t place = 0; *at; place++) {
        struct hd__job *job = *at;
        if (place < HD__JOBS_KEPT || job->job->it.state == HD_JOB_RUNNING || job->sent_count > 0) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        free_job(job);
    }
}

static struct hd__job *make(const struct hd__stored_job *stored) {
    struct hd__job *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->job = hd__job_copy(stored);
    if (made->job && hd__job_query_read(made->job->query, &made->filter) == HD_OK) {
        hd__job_begin(made->job);
        made->job->it.is_own = 1;
        return made;
    }
    free_job(made);
    return NULL;
}

int hd__jobs_add(struct hd__jobs *jobs, const struct hd__stored_job *stored) {
    struct hd__job *made = make(stored);
    if (!made)
        return HD_E_NO_MEMORY;
    pthread_mutex_lock(&jobs->mutex);
    int is_refused = is_in_the_way(jobs, stored);
    if (!is_refused) {
        made->next = jobs->first;
        jobs->first = made;
        atomic_fetch_add(&jobs->running, 1);
    }
    pthread_mutex_unlock(&jobs->mutex);
    if (is_refused)
        free_job(made);
    return is_refused ? HD_E_JOB_RUNNING : HD_OK;
}

int hd__jobs_find(struct hd__jobs *jobs, const unsigned char *id,
                  void (*tell)(void *user, const struct hd__stored_job *job), void *user) {
    int is_found = 0;
    pthread_mutex_lock(&jobs->mutex);
    for (const struct hd__job *job = jobs->first; job; job = job->next) {
        if (id && memcmp(id, job->job->it.id, HD__UUID_BYTES) != 0)
            continue;
        is_found = 1;
        tell(user, &job->job->it);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return id && !is_found ? HD_E_NO_JOB : HD_OK;
}

static int set_state(struct hd__jobs *jobs, struct hd__stored_job *job, int state, int64_t now_ms) {
    int is_stop = state == HD_JOB_STOPPED;
    if (job->state != (is_stop ? HD_JOB_RUNNING : HD_JOB_STOPPED))
        return HD_OK;
    if (!is_stop && is_in_the_way(jobs, job))
        return HD_E_JOB_RUNNING;
    job->state = state;
    job->ended_at_ms = is_stop ? now_ms : 0;
    atomic_fetch_add(&jobs->running, is_stop ? UINT32_MAX : 1);
    return HD_OK;
}

int hd__jobs_set_state(struct hd__jobs *jobs, const unsigned char *id, int state, int64_t now_ms, int *is_changed) {
    pthread_mutex_lock(&jobs->mutex);
    struct hd__job *job = find(jobs, id);
    int before = job ? job->job->it.state : 0;
    int status = job ? set_state(jobs, &job->job->it, state, now_ms) : HD_E_NO_JOB;
    *is_changed = status == HD_OK && job->job->it.state != before;
    pthread_mutex_unlock(&jobs->mutex);
    return status;
}

void hd__jobs_note_end(struct hd__jobs *jobs, const hd_report *report) {
    if (report->outcome == HD_OUTCOME_RETRYING || atomic_load_explicit(&jobs->under_way, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&jobs->mutex);
    for (struct hd__job *job = jobs->first; job; job = job->next)
        for (size_t i = job->sent_count; i-- > 0;)
            if (strcmp(job->sent[i].event_id, report->event_id) == 0) {
                job->job->it.counts[report->outcome == HD_OUTCOME_DELIVERED ? HD__JOB_DELIVERED : HD__JOB_FAILED]++;
                job->sent[i] = job->sent[--job->sent_count];
                atomic_fetch_sub(&jobs->under_way, 1);
            }
    pthread_mutex_unlock(&jobs->mutex);
}

/* ---- A plan ---- */

struct planning {
    struct hd__jobs_look look;
    struct hd__job_plan *plan;
};

static int plan_report(void *user, hd_report *report) {
    struct planning *planning = user;
    hd_webhook *webhook;
    int what = hd__jobs_look_at(&planning->look, report, &webhook);
    if (what >= 0)
        planning->plan->counts[HD__JOB_MATCHING]++;
    if (what == HD__JOB_SENT)
        planning->plan->webhook(planning->plan->user, (int64_t)hd__hash(HD__HASH_BEGIN, webhook->id));
    else if (what >= 0)
        planning->plan->counts[what]++;
    hd_webhook_free(webhook);
    return 1;
}

int hd__jobs_plan(struct hd__jobs *jobs, const hd_log_filter *filter, struct hd__job_plan *plan) {
    struct planning planning = {hd__jobs_look_begin(jobs, filter, plan->source, plan->with_later), plan};
    memset(plan->counts, 0, sizeof plan->counts);
    plan->end = (int64_t)hd__log_ring_newest(jobs->ring);
    if (plan->source == HD_SOURCE_MISSED && !planning.look.webhook)
        return HD_E_NOT_FOUND;
    hd__log_ring_walk(jobs->ring, 0, (uint64_t)plan->end, plan_report, &planning);
    hd_webhook_free(planning.look.webhook);
    return HD_OK;
}

/* ---- A step ---- */

struct step {
    struct hd__jobs_look look;
    struct hd__job *job;
    const struct hd__jobs_loop *loop;
    uint64_t free;
    size_t looks;
    int must_wait;
};

static void note_sent(struct step *step, const struct hd__job_sent *sent) {
    struct hd__jobs *jobs = step->look.jobs;
    pthread_mutex_lock(&jobs->mutex);
    step->job->sent[step->job->sent_count++] = *sent;
    step->job->job->it.counts[HD__JOB_SENT]++;
    pthread_mutex_unlock(&jobs->mutex);
    atomic_fetch_add(&jobs->under_way, 1);
}

/* Returns 0 if it cannot be sent now. */
static int send(struct step *step, const hd_report *report, hd_webhook *webhook) {
    int is_event = step->look.source == HD_SOURCE_MISSED;
    struct hd__job_sent sent;
    memcpy(sent.link, is_event ? report->event_id : report->delivery_id, sizeof sent.link);
    if (is_event && step->loop->is_under_way(step->loop->user, report->event_id))
        return 0;
    if (step->loop->send(step->loop->user, report->event, webhook, sent.link, sent.event_id) != HD_OK)
        return 0;
    note_sent(step, &sent);
    step->free--;
    return 1;
}

static int step_report(void *user, hd_report *report) {
    struct step *step = user;
    hd_webhook *webhook;
    if (step->free == 0 || step->looks == 0)
        return 0;
    int what = hd__jobs_look_at(&step->look, report, &webhook);
    step->must_wait = what == HD__JOB_SENT && !send(step, report, webhook);
    hd_webhook_free(webhook);
    if (step->must_wait)
        return 0;
    step->looks--;
    pthread_mutex_lock(&step->look.jobs->mutex);
    step->job->job->it.place = (int64_t)report->sequence;
    if (what >= 0 && what != HD__JOB_SENT)
        step->job->job->it.counts[what]++;
    pthread_mutex_unlock(&step->look.jobs->mutex);
    return 1;
}

static uint64_t room(const struct hd__stored_job *job, size_t sent_count) {
    uint64_t free = HD__JOB_UNDER_WAY - sent_count, slice = (job->per_second + SLICES - 1) / SLICES;
    return job->per_second && slice < free ? slice : free;
}

static void finish(struct hd__jobs *jobs, struct hd__stored_job *job, int64_t now_ms) {
    uint64_t seen = job->counts[HD__JOB_SENT];
    for (int i = HD__JOB_TESTS; i < HD__JOB_COUNTS; i++)
        seen += job->counts[i];
    if (seen < job->counts[HD__JOB_MATCHING])
        job->counts[HD__JOB_FORGOTTEN] += job->counts[HD__JOB_MATCHING] - seen;
    job->state = HD_JOB_DONE;
    job->ended_at_ms = now_ms;
    atomic_fetch_sub(&jobs->running, 1);
}

/* Looks at what comes next. Returns when there is more to do. */
static int64_t go_on(struct hd__jobs *jobs, struct hd__job *job, int64_t now_us, const struct hd__jobs_loop *loop) {
    struct hd__stored_job *it = &job->job->it;
    struct step step = {.look = hd__jobs_look_begin(jobs, job->filter, it->source, it->with_later),
                        .job = job,
                        .loop = loop,
                        .free = room(it, job->sent_count),
                        .looks = LOOKS};
    uint64_t free = step.free;
    step.look.end = (uint64_t)it->end;
    hd__log_ring_walk(jobs->ring, (uint64_t)it->place, (uint64_t)it->end, step_report, &step);
    hd_webhook_free(step.look.webhook);
    if (it->per_second)
        job->due_us =
            (job->due_us > now_us ? job->due_us : now_us) + (int64_t)(free - step.free) * 1000 * 1000 / it->per_second;
    if (step.free > 0 && step.looks > 0 && !step.must_wait) { /* there is no more */
        pthread_mutex_lock(&jobs->mutex);
        it->place = it->end;
        pthread_mutex_unlock(&jobs->mutex);
    }
    return step.must_wait                         ? now_us + AGAIN_US
           : job->sent_count == HD__JOB_UNDER_WAY ? INT64_MAX
           : job->due_us > now_us                 ? job->due_us
                                                  : now_us;
}

static int64_t step_job(struct hd__jobs *jobs, struct hd__job *job, int64_t now_us, int64_t now_ms,
                        const struct hd__jobs_loop *loop) {
    struct hd__stored_job *it = &job->job->it;
    int64_t next_us = INT64_MAX;
    if (it->place < it->end && job->due_us > now_us)
        return job->due_us;
    if (it->place < it->end && job->sent_count < HD__JOB_UNDER_WAY)
        next_us = go_on(jobs, job, now_us, loop);
    if (it->place < it->end)
        return next_us;
    pthread_mutex_lock(&jobs->mutex);
    if (it->state == HD_JOB_RUNNING && job->sent_count == 0)
        finish(jobs, it, now_ms);
    pthread_mutex_unlock(&jobs->mutex);
    return INT64_MAX;
}

/* The next one that runs, after one or from the beginning. Only the loop ends those that run, but any thread may stop
 * one, and what is forgotten has neither run nor sent anything. */
static struct hd__job *next_running(struct hd__jobs *jobs, const struct hd__job *after) {
    pthread_mutex_lock(&jobs->mutex);
    struct hd__job *job = after ? after->next : jobs->first;
    while (job && job->job->it.state != HD_JOB_RUNNING)
        job = job->next;
    pthread_mutex_unlock(&jobs->mutex);
    return job;
}

int64_t hd__jobs_step(struct hd__jobs *jobs, int64_t now_us, int64_t now_ms, const struct hd__jobs_loop *loop) {
    int64_t next_us = INT64_MAX;
    if (atomic_load_explicit(&jobs->running, memory_order_relaxed) == 0)
        return next_us;
    pthread_mutex_lock(&jobs->mutex);
    forget_old(jobs); /* here, since the loop uses jobs without the mutex */
    pthread_mutex_unlock(&jobs->mutex);
    for (struct hd__job *job = next_running(jobs, NULL); job; job = next_running(jobs, job)) {
        int64_t own_us = step_job(jobs, job, now_us, now_ms, loop);
        next_us = own_us < next_us ? own_us : next_us;
    }
    return next_us;
}
