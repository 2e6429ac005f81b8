#include "store/job.h"

#include "base/memory.h"
#include "store/filter.h"

#include <stdlib.h>
#include <string.h>

#define PACE_MAX 1000

struct hd_job_list {
    hd_job **items;
    size_t count, size;
};

/* ---- Life ---- */

static void point(hd_job *job) {
    job->it.project = job->project;
    job->it.webhook_id = job->webhook_id;
    job->it.query = job->query;
}

/* Of one webhook, and by nothing that only a delivery has. */
static int can_be_missed(const struct hd__log_search *search) {
    return search->webhook_count == 1 && !search->outcomes && !search->reasons && search->status_count == 0 &&
           !search->delivery_id && !search->redelivery_of && !search->text && search->tests == HD_TESTS_INCLUDED;
}

static int fill(hd_job *job, const hd_log_filter *filter, const struct hd__log_search *search) {
    int status = hd__replace_text(&job->project, search->project);
    if (status == HD_OK)
        status = hd__replace_text(&job->webhook_id, search->webhook_count == 1 ? search->webhook_ids[0] : NULL);
    if (status == HD_OK && !(job->query = hd__job_query_write(filter)))
        status = HD_E_NO_MEMORY;
    point(job);
    return status;
}

int hd_job_new(int source, const hd_log_filter *filter, hd_job **job) {
    struct hd__log_search search = {.tests = HD_TESTS_INCLUDED};
    if (!job)
        return HD_E_INVALID;
    *job = NULL;
    hd__log_filter_search(filter, &search);
    if (source != HD_SOURCE_DELIVERIES && !(source == HD_SOURCE_MISSED && can_be_missed(&search)))
        return HD_E_INVALID;
    hd_job *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->it.source = source;
    made->it.state = HD_JOB_PLANNED;
    int status = fill(made, filter, &search);
    if (status == HD_OK)
        *job = made;
    else
        hd_job_free(made);
    return status;
}

void hd_job_free(hd_job *job) {
    if (!job)
        return;
    free(job->project);
    free(job->webhook_id);
    free(job->query);
    free(job);
}

hd_job *hd__job_copy(const struct hd__stored_job *stored) {
    hd_job *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->it = *stored;
    int status = hd__replace_text(&made->project, stored->project);
    if (status == HD_OK)
        status = hd__replace_text(&made->webhook_id, stored->webhook_id);
    if (status == HD_OK)
        status = hd__replace_text(&made->query, stored->query);
    point(made);
    hd__uuid_format(stored->id, made->id);
    if (status == HD_OK)
        return made;
    hd_job_free(made);
    return NULL;
}

int hd__job_name(hd_job *job, const struct hd__clock *clock) {
    struct hd__uuid_source uuids = {.left = 0};
    job->it.created_at_ms = hd__wall_ms(clock);
    return hd__uuid_make(&uuids, clock, job->it.id);
}

void hd__job_begin(hd_job *job) {
    hd__uuid_format(job->it.id, job->id);
    job->it.state = HD_JOB_RUNNING;
    for (int i = HD__JOB_SENT; i < HD__JOB_COUNTS; i++)
        job->it.counts[i] = 0;
}

/* ---- Settings ---- */

int hd_job_set_pace(hd_job *job, uint32_t per_second) {
    if (!job || job->it.state != HD_JOB_PLANNED || per_second > PACE_MAX)
        return HD_E_INVALID;
    job->it.per_second = per_second;
    return HD_OK;
}

int hd_job_set_with_later(hd_job *job, int with_later) {
    if (!job || job->it.state != HD_JOB_PLANNED || job->it.source != HD_SOURCE_DELIVERIES)
        return HD_E_INVALID;
    job->it.with_later = with_later != 0;
    return HD_OK;
}

/* ---- Getters ---- */

const char *hd_job_id(const hd_job *job) {
    return job ? job->id : "";
}

int hd_job_source(const hd_job *job) {
    return job ? job->it.source : 0;
}

int hd_job_state(const hd_job *job) {
    return job ? job->it.state : 0;
}

const char *hd_job_project(const hd_job *job) {
    return job ? job->project : NULL;
}

const char *hd_job_webhook_id(const hd_job *job) {
    return job ? job->webhook_id : NULL;
}

uint32_t hd_job_pace(const hd_job *job) {
    return job ? job->it.per_second : 0;
}

int hd_job_with_later(const hd_job *job) {
    return job ? job->it.with_later : 0;
}

int64_t hd_job_created_at_ms(const hd_job *job) {
    return job ? job->it.created_at_ms : 0;
}

int64_t hd_job_ended_at_ms(const hd_job *job) {
    return job ? job->it.ended_at_ms : 0;
}

static uint64_t left_out(const hd_job *job) {
    uint64_t count = 0;
    for (int i = HD__JOB_TESTS; i < HD__JOB_COUNTS; i++)
        count += job->it.counts[i];
    return count;
}

static uint64_t left(const hd_job *job) {
    uint64_t all = job->it.counts[HD__JOB_MATCHING], seen = job->it.counts[HD__JOB_SENT] + left_out(job);
    return all > seen ? all - seen : 0;
}

uint64_t hd_job_count(const hd_job *job, int which) {
    static const struct {
        int which, index;
    } counted[] = {
        {HD_COUNT_MATCHING, HD__JOB_MATCHING},
        {HD_COUNT_WEBHOOKS, HD__JOB_WEBHOOKS},
        {HD_COUNT_SENT, HD__JOB_SENT},
        {HD_COUNT_DELIVERED, HD__JOB_DELIVERED},
        {HD_COUNT_FAILED, HD__JOB_FAILED},
        {HD_COUNT_LEFT_OUT_TEST, HD__JOB_TESTS},
        {HD_COUNT_LEFT_OUT_REMOVED, HD__JOB_REMOVED},
        {HD_COUNT_LEFT_OUT_LATER, HD__JOB_LATER},
        {HD_COUNT_LEFT_OUT_DAMAGED, HD__JOB_DAMAGED},
        {HD_COUNT_LEFT_OUT_DELETED, HD__JOB_FORGOTTEN},
    };
    if (job && (which == HD_COUNT_LEFT || which == HD_COUNT_LEFT_OUT))
        return which == HD_COUNT_LEFT ? left(job) : left_out(job);
    for (size_t i = 0; job && i < sizeof counted / sizeof counted[0]; i++)
        if (counted[i].which == which)
            return job->it.counts[counted[i].index];
    return 0;
}

/* ---- Lists ---- */

hd_job_list *hd__job_list_new(void) {
    return calloc(1, sizeof(hd_job_list));
}

int hd__job_list_add(hd_job_list *list, const struct hd__stored_job *stored) {
    if (list->count == list->size) {
        size_t size = list->size ? 2 * list->size : 16;
        hd_job **grown = realloc(list->items, size * sizeof *grown);
        if (!grown)
            return HD_E_NO_MEMORY;
        list->items = grown;
        list->size = size;
    }
    hd_job *job = hd__job_copy(stored);
    if (!job)
        return HD_E_NO_MEMORY;
    list->items[list->count++] = job;
    return HD_OK;
}

size_t hd_job_list_count(const hd_job_list *list) {
    return list ? list->count : 0;
}

const hd_job *hd_job_list_at(const hd_job_list *list, size_t index) {
    return list && index < list->count ? list->items[index] : NULL;
}

void hd_job_list_free(hd_job_list *list) {
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        hd_job_free(list->items[i]);
    free(list->items);
    free(list);
}
