/* Jobs that a client plans, starts and stops. They lie in its store, or in its memory. */
#include "client_changes.h"

#include "store/filter.h"
#include "store/job.h"
#include "store/jobs.h"

#include <stdlib.h>
#include <string.h>

static int read_id(const char *id, unsigned char bytes[HD__UUID_BYTES]) {
    if (!id)
        return HD_E_INVALID;
    return hd__uuid_parse(id, bytes) ? HD_OK : HD_E_NO_JOB;
}

/* ---- Plans ---- */

/* The webhooks that would get something, each once: an open table of keys. */
struct webhooks {
    int64_t *keys; /* 0 for none */
    size_t count, size;
    int is_short; /* of memory */
};

static size_t place_of(const struct webhooks *webhooks, int64_t key) {
    size_t at = (size_t)((uint64_t)key * 0x9E3779B97F4A7C15U) & (webhooks->size - 1);
    while (webhooks->keys[at] && webhooks->keys[at] != key)
        at = (at + 1) & (webhooks->size - 1);
    return at;
}

static void grow(struct webhooks *webhooks) {
    struct webhooks larger = {.size = webhooks->size ? 2 * webhooks->size : 64};
    larger.keys = calloc(larger.size, sizeof *larger.keys);
    if (!larger.keys) {
        webhooks->is_short = 1;
        return;
    }
    for (size_t i = 0; i < webhooks->size; i++)
        if (webhooks->keys[i])
            larger.keys[place_of(&larger, webhooks->keys[i])] = webhooks->keys[i];
    free(webhooks->keys);
    webhooks->keys = larger.keys;
    webhooks->size = larger.size;
}

static void note_webhook(void *user, int64_t key) {
    struct webhooks *webhooks = user;
    if (2 * webhooks->count >= webhooks->size)
        grow(webhooks);
    if (webhooks->is_short)
        return;
    size_t at = place_of(webhooks, key);
    webhooks->count += webhooks->keys[at] == 0;
    webhooks->keys[at] = key;
}

static int plan_with(hd_client *client, hd_job *job, const hd_log_filter *filter) {
    struct hd__log_search search = {.before_ms = INT64_MAX, .before_id = INT64_MAX};
    struct webhooks webhooks = {0};
    struct hd__job_plan plan = {.source = job->it.source,
                                .with_later = job->it.with_later,
                                .search = &search,
                                .webhook = note_webhook,
                                .user = &webhooks};
    hd__log_filter_search(filter, &search);
    int status =
        client->store ? client->store->ops->plan_job(client->store, &plan) : hd__jobs_plan(client->jobs, filter, &plan);
    free(webhooks.keys);
    if (status == HD_OK && webhooks.is_short)
        status = HD_E_NO_MEMORY;
    if (status != HD_OK)
        return status;
    for (int i = 0; i < HD__JOB_COUNTS; i++)
        job->it.counts[i] = plan.counts[i];
    job->it.counts[HD__JOB_WEBHOOKS] = webhooks.count;
    job->it.end = plan.end;
    return HD_OK;
}

int hd_job_plan(hd_client *client, hd_job *job) {
    hd_log_filter *filter = NULL;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!job || job->it.state != HD_JOB_PLANNED)
        return HD_E_INVALID;
    status = hd__job_query_read(job->query, &filter);
    if (status == HD_OK)
        status = plan_with(client, job, filter);
    hd_log_filter_free(filter);
    return status;
}

/* ---- Changes ---- */

static int check_changing(hd_client *client) {
    int status = hd__client_check_writing(client);
    return status == HD_OK && atomic_load(&client->whole->is_closed) ? HD_E_CLOSED : status;
}

/* The loop has its jobs in memory. */
static void wake(hd_client *client) {
    if (client->jobs)
        client->transport->wake(client->transport);
}

static void begin_note(struct hd__noting *noting, hd_client *client, int action, const struct hd__stored_job *job) {
    hd__noting_begin(noting, client, action, job->webhook_id);
    if (job->project)
        noting->note.it.project = job->project;
}

static int add_noted(hd_client *client, hd_job *job) {
    struct hd__noting noting;
    begin_note(&noting, client, HD_CHANGE_JOB_STARTED, &job->it);
    char id[HD_ID_SIZE];
    hd__uuid_format(job->it.id, id);
    noting.note.it.object = id;
    int status = hd__noting_prepare(&noting);
    if (status == HD_OK)
        status = client->store ? client->store->ops->add_job(client->store, &job->it, &noting.note)
                               : hd__jobs_add(client->jobs, &job->it);
    hd__noting_end(&noting, status);
    return status;
}

int hd_job_start(hd_client *client, hd_job *job) {
    int status = check_changing(client);
    if (status == HD_OK)
        status = hd_job_plan(client, job);
    if (status != HD_OK)
        return status;
    status = hd__job_name(job, &hd__system_clock);
    if (status == HD_OK)
        status = add_noted(client, job);
    if (status != HD_OK)
        return status;
    hd__job_begin(job);
    wake(client);
    return HD_OK;
}

static int set_state_in_store(hd_client *client, const char *id, const unsigned char *bytes, int state) {
    struct hd__noting noting;
    hd__noting_begin(&noting, client, state == HD_JOB_STOPPED ? HD_CHANGE_JOB_STOPPED : HD_CHANGE_JOB_RESUMED, NULL);
    noting.note.it.object = id;
    int status = client->store->ops->set_job_state(client->store, bytes, state, noting.note.it.at_ms, &noting.note);
    hd__noting_end(&noting, status);
    return status;
}

static int set_state_in_memory(hd_client *client, const char *id, const unsigned char *bytes, int state) {
    struct hd__noting noting;
    hd_job *job = NULL;
    int status = hd_job_get(client, id, &job), is_changed = 0;
    if (status != HD_OK)
        return status;
    begin_note(&noting, client, state == HD_JOB_STOPPED ? HD_CHANGE_JOB_STOPPED : HD_CHANGE_JOB_RESUMED, &job->it);
    noting.note.it.object = id;
    status = hd__noting_prepare(&noting);
    if (status == HD_OK)
        status = hd__jobs_set_state(client->jobs, bytes, state, noting.note.it.at_ms, &is_changed);
    if (!is_changed)
        hd__noting_drop(&noting);
    hd__noting_end(&noting, status);
    hd_job_free(job);
    return status;
}

static int set_state(hd_client *client, const char *id, int state) {
    unsigned char bytes[HD__UUID_BYTES];
    int status = check_changing(client);
    if (status == HD_OK)
        status = read_id(id, bytes);
    if (status != HD_OK)
        return status;
    status =
        client->store ? set_state_in_store(client, id, bytes, state) : set_state_in_memory(client, id, bytes, state);
    if (status == HD_OK)
        wake(client);
    return status;
}

int hd_job_stop(hd_client *client, const char *id) {
    return set_state(client, id, HD_JOB_STOPPED);
}

int hd_job_resume(hd_client *client, const char *id) {
    return set_state(client, id, HD_JOB_RUNNING);
}

/* ---- Reading ---- */

struct listing {
    hd_job_list *list;
    const char *project; /* NULL for all */
    int status;
};

static void take_job(void *user, const struct hd__stored_job *job) {
    struct listing *listing = user;
    int is_wanted = !listing->project || (job->project && strcmp(job->project, listing->project) == 0);
    if (is_wanted && listing->status == HD_OK)
        listing->status = hd__job_list_add(listing->list, job);
}

static int find_jobs(hd_client *client, const unsigned char *id, const char *project, hd_job_list **list) {
    struct listing listing = {.list = hd__job_list_new(), .project = project};
    if (!listing.list)
        return HD_E_NO_MEMORY;
    int status = client->store ? client->store->ops->find_jobs(client->store, id, take_job, &listing)
                               : hd__jobs_find(client->jobs, id, take_job, &listing);
    if (status == HD_OK)
        status = listing.status;
    if (status == HD_OK)
        *list = listing.list;
    else
        hd_job_list_free(listing.list);
    return status;
}

int hd_job_list_all(hd_client *client, const char *project, hd_job_list **list) {
    if (!list)
        return HD_E_INVALID;
    *list = NULL;
    int status = hd__client_check(client);
    return status == HD_OK ? find_jobs(client, NULL, project, list) : status;
}

int hd_job_get(hd_client *client, const char *id, hd_job **job) {
    unsigned char bytes[HD__UUID_BYTES];
    hd_job_list *list = NULL;
    if (!job)
        return HD_E_INVALID;
    *job = NULL;
    int status = hd__client_check(client);
    if (status == HD_OK)
        status = read_id(id, bytes);
    if (status == HD_OK)
        status = find_jobs(client, bytes, NULL, &list);
    if (status != HD_OK)
        return status;
    *job = hd__job_copy(&hd_job_list_at(list, 0)->it);
    hd_job_list_free(list);
    return *job ? HD_OK : HD_E_NO_MEMORY;
}
