/* SPDX-License-Identifier: MIT */
/* Jobs of the reference model. */
#include "support/store_model_world.h"

#include <stdlib.h>
#include <string.h>

#define SLICES 10 /* of a second */

/* ---- The list ---- */

static struct model_job *find_job(const struct store_model *model, const unsigned char *id) {
    for (size_t i = 0; i < model->job_count; i++)
        if (memcmp(model->jobs[i]->it.id, id, HD__STORE_ID_SIZE) == 0)
            return model->jobs[i];
    return NULL;
}

struct model_job *store_model_job(const struct store_model *model, int64_t key) {
    for (size_t i = 0; i < model->job_count; i++)
        if (model->jobs[i]->key == key)
            return model->jobs[i];
    return NULL;
}

uint64_t store_model_running_jobs(const struct store_model *model) {
    uint64_t count = 0;
    for (size_t i = 0; i < model->job_count; i++)
        count += model->jobs[i]->it.state == HD_JOB_RUNNING;
    return count;
}

void store_model_free_job(struct model_job *job) {
    free((void *)(uintptr_t)job->it.project);
    free((void *)(uintptr_t)job->it.webhook_id);
    free((void *)(uintptr_t)job->it.query);
    free(job);
}

static int may_be_same(const char *a, const char *b) {
    return !a || !b || strcmp(a, b) == 0;
}

static int is_in_the_way(const struct store_model *model, const struct hd__stored_job *job) {
    for (size_t i = 0; i < model->job_count; i++) {
        const struct hd__stored_job *other = &model->jobs[i]->it;
        if (other->state == HD_JOB_RUNNING && memcmp(other->id, job->id, HD__STORE_ID_SIZE) != 0 &&
            may_be_same(other->project, job->project) && may_be_same(other->webhook_id, job->webhook_id))
            return !model->faults.no_jobs_apart;
    }
    return 0;
}

static void forget_old(struct store_model *model) {
    for (size_t i = 0; i < model->job_count;)
        if (model->jobs[i]->key <= model->last_job - HD__JOBS_KEPT && model->jobs[i]->it.state != HD_JOB_RUNNING) {
            store_model_free_job(model->jobs[i]);
            memmove(model->jobs + i, model->jobs + i + 1, (--model->job_count - i) * sizeof model->jobs[0]);
        } else {
            i++;
        }
}

static int add(struct store_model *model, const struct hd__stored_job *job) {
    if (is_in_the_way(model, job))
        return HD_E_JOB_RUNNING;
    struct model_job *made = store_model_memory(NULL, 1, sizeof *made);
    *made = (struct model_job){.it = *job, .key = ++model->last_job};
    made->it.state = HD_JOB_RUNNING;
    made->it.project = job->project ? store_model_text(job->project) : NULL;
    made->it.webhook_id = job->webhook_id ? store_model_text(job->webhook_id) : NULL;
    made->it.query = store_model_text(job->query);
    memset(&made->it.counts[HD__JOB_SENT], 0, (HD__JOB_COUNTS - HD__JOB_SENT) * sizeof made->it.counts[0]);
    STORE_MODEL_GROW(model->jobs, model->job_count, model->job_size);
    model->jobs[model->job_count++] = made;
    forget_old(model);
    return HD_OK;
}

/* Its entry is about what it may send to. */
static void note_job(struct store_model *model, const struct hd__stored_job *job, const struct hd__change_note *note) {
    struct hd__stored_change change = note->it;
    change.project = job->project ? job->project : "";
    change.webhook_id = job->webhook_id ? job->webhook_id : "";
    store_model_write_change(model, &change, store_model_find(model, change.webhook_id, NULL));
}

int store_model_add_job(struct hd_store *base, const struct hd__stored_job *job, struct hd__change_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = handle->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY : add(handle->model, job);
    if (status == HD_OK && note)
        note_job(handle->model, job, note);
    store_model_unlock(handle);
    return status;
}

static int owns(const struct model_handle *handle, const struct model_job *job) {
    return handle->client && handle->model->owners[hd__shard_of(job->key)] == handle->client;
}

int store_model_find_jobs(struct hd_store *base, const unsigned char *id,
                          void (*tell)(void *user, const struct hd__stored_job *job), void *user) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = id ? HD_E_NO_JOB : HD_OK;
    for (size_t i = handle->model->job_count; i-- > 0;) {
        const struct model_job *job = handle->model->jobs[i];
        struct hd__stored_job it = job->it;
        int64_t left_ms = job->due_ms - store_model_now_ms(handle);
        it.is_own = owns(handle, job);
        it.due_in_ms = left_ms > 0 ? left_ms : 0;
        if (id && memcmp(it.id, id, HD__STORE_ID_SIZE) != 0)
            continue;
        tell(user, &it);
        status = HD_OK;
    }
    store_model_unlock(handle);
    return status;
}

static int set_state(const struct store_model *model, struct model_job *job, int state, int64_t now_ms) {
    if (!job)
        return HD_E_NO_JOB;
    if (job->it.state != (state == HD_JOB_STOPPED ? HD_JOB_RUNNING : HD_JOB_STOPPED))
        return HD_OK;
    if (state == HD_JOB_RUNNING && is_in_the_way(model, &job->it))
        return HD_E_JOB_RUNNING;
    job->it.state = state;
    job->it.ended_at_ms = state == HD_JOB_STOPPED ? now_ms : 0;
    return HD_OK;
}

int store_model_set_job_state(struct hd_store *base, const unsigned char *id, int state, int64_t now_ms,
                              struct hd__change_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    struct model_job *job = find_job(handle->model, id);
    int before = job ? job->it.state : 0;
    status = handle->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY : set_state(handle->model, job, state, now_ms);
    if (status == HD_OK && note && job->it.state != before)
        note_job(handle->model, &job->it, note);
    store_model_unlock(handle);
    return status;
}

/* ---- What is left out ---- */

struct look {
    const struct store_model *model;
    int source, with_later;
    const struct hd__log_search *search;
    int64_t end;
};

struct found {
    int64_t place;
    struct model_webhook *webhook;
    struct model_event *event;
    const unsigned char *link;
    int what; /* HD__JOB_SENT, or why it is left out; -1 if it does not match */
};

static int is_same(const unsigned char *a, const unsigned char *b) {
    return memcmp(a, b, HD__STORE_ID_SIZE) == 0;
}

static const struct model_record *record_of(const struct store_model *model, const unsigned char *delivery_id) {
    for (size_t i = 0; i < model->log_count; i++)
        if (is_same(model->log[i]->it.report.delivery_id, delivery_id))
            return model->log[i];
    return NULL;
}

/* What the event of a delivery repeats, as far as the log knows; NULL for nothing. */
static const unsigned char *repeated_by(const struct store_model *model, const unsigned char *delivery_id) {
    const struct model_record *record = record_of(model, delivery_id);
    return record ? record->event->it.redelivery_of : NULL;
}

static int is_or_repeats(const struct store_model *model, const unsigned char *delivery_id, const unsigned char *id) {
    while (delivery_id && !is_same(delivery_id, id))
        delivery_id = repeated_by(model, delivery_id);
    return delivery_id != NULL;
}

/* Whether an event was made to repeat a delivery, or what that one repeats. */
static int is_again(const struct store_model *model, const struct model_event *event,
                    const unsigned char *delivery_id) {
    for (const unsigned char *of = delivery_id; of && event->it.redelivery_of; of = repeated_by(model, of))
        if (is_or_repeats(model, event->it.redelivery_of, of))
            return 1;
    return 0;
}

static int is_under_way(const struct store_model *model, const struct model_webhook *only,
                        int (*is)(const struct store_model *model, const struct model_event *event,
                                  const unsigned char *id),
                        const unsigned char *id) {
    for (size_t i = 0; i < model->webhook_count; i++)
        for (size_t j = 0; (!only || only == model->webhooks[i]) && j < model->webhooks[i]->count; j++)
            if (is(model, model->webhooks[i]->rows[j].event, id))
                return 1;
    return 0;
}

static int is_later(const struct look *look, const struct model_record *record) {
    const struct store_model *model = look->model;
    const unsigned char *id = record->it.report.delivery_id;
    for (size_t i = 0; i < model->log_count; i++) {
        const struct model_record *other = model->log[i];
        if (other->it.id > record->it.id &&
            (other->it.report.outcome == HD_OUTCOME_DELIVERED || other->it.id > look->end) &&
            is_again(model, other->event, id))
            return 1;
    }
    return is_under_way(model, NULL, is_again, id);
}

static struct found look_at_record(const struct look *look, const struct model_record *record) {
    const struct hd__log_row row = store_model_row(look->model, record);
    struct found found = {.place = record->it.id, .event = record->event, .link = record->it.report.delivery_id};
    if (!store_model_matches(look->search, &row) || row.report.outcome == HD_OUTCOME_RETRYING)
        found.what = -1;
    else if (row.report.is_test)
        found.what = HD__JOB_TESTS;
    else if (!(found.webhook = store_model_find(look->model, row.webhook_id, NULL)) ||
             strcmp(found.webhook->it.project, row.event.project) != 0)
        found.what = HD__JOB_REMOVED;
    else
        found.what = !look->with_later && is_later(look, record) ? HD__JOB_LATER : HD__JOB_SENT;
    return found;
}

/* ---- What was missed ---- */

static int is_of(const struct store_model *model, const struct model_event *event, const unsigned char *id) {
    (void)model;
    return is_same(event->it.id, id) || (event->it.redelivery_of && is_same(event->it.redelivery_of, id));
}

static int is_waiting_test(const struct store_model *model, const struct model_event *event) {
    for (size_t i = 0; i < model->webhook_count; i++)
        for (size_t j = 0; j < model->webhooks[i]->count; j++)
            if (model->webhooks[i]->rows[j].event == event && model->webhooks[i]->rows[j].is_test)
                return 1;
    return 0;
}

static int has_got(const struct look *look, const struct model_webhook *webhook, const struct model_event *event) {
    const struct store_model *model = look->model;
    for (size_t i = 0; i < model->log_count; i++) {
        const struct model_record *record = model->log[i];
        if (is_of(model, record->event, event->it.id) &&
            (record->it.report.keys.webhook == webhook->it.keys.webhook || record->it.report.is_test))
            return 1;
    }
    return is_under_way(model, webhook, is_of, event->it.id) || is_waiting_test(model, event);
}

static int is_wanted(const struct hd__log_search *search, const struct model_webhook *webhook,
                     const struct hd__stored_event *event) {
    return strcmp(webhook->it.project, event->project) == 0 &&
           (webhook->it.events & HD__JOB_MISSED_TYPES) >> event->type & 1 && !event->redelivery_of &&
           (!search->types || search->types >> event->type & 1) &&
           (!search->since_ms || event->accepted_at_ms >= search->since_ms) &&
           (!search->until_ms || event->accepted_at_ms < search->until_ms);
}

static struct model_webhook *named(const struct look *look) {
    struct model_webhook *webhook = store_model_find(look->model, look->search->webhook_ids[0], NULL);
    return webhook && may_be_same(look->search->project, webhook->it.project) ? webhook : NULL;
}

static struct found look_at_event(const struct look *look, struct model_event *event) {
    struct found found = {
        .place = event->number, .event = event, .link = event->it.id, .webhook = named(look), .what = -1};
    if (found.webhook && is_wanted(look->search, found.webhook, &event->it) && !has_got(look, found.webhook, event))
        found.what = HD__JOB_SENT;
    return found;
}

/* ---- One after the other ---- */

static void take_if_next(struct model_event *event, int64_t after, struct model_event **next) {
    if (event->number > after && (!*next || event->number < (*next)->number))
        *next = event;
}

static struct model_event *next_event(const struct store_model *model, int64_t after) {
    struct model_event *next = NULL;
    for (size_t i = 0; i < model->log_count; i++)
        take_if_next(model->log[i]->event, after, &next);
    for (size_t i = 0; i < model->webhook_count; i++)
        for (size_t j = 0; j < model->webhooks[i]->count; j++)
            take_if_next(model->webhooks[i]->rows[j].event, after, &next);
    return next;
}

static int next_record(const struct look *look, int64_t after, struct found *found) {
    for (size_t i = 0; i < look->model->log_count; i++)
        if (look->model->log[i]->it.id > after) {
            *found = look_at_record(look, look->model->log[i]);
            return 1;
        }
    return 0;
}

/* What comes after a place, up to another. Returns 0 if there is nothing. */
static int next(const struct look *look, int64_t after, int64_t up_to, struct found *found) {
    if (look->source == HD_SOURCE_DELIVERIES)
        return next_record(look, after, found) && found->place <= up_to;
    struct model_event *event = next_event(look->model, after);
    if (!event || event->number > up_to)
        return 0;
    *found = look_at_event(look, event);
    return 1;
}

/* ---- A plan ---- */

static int plan_all(const struct store_model *model, struct hd__job_plan *plan) {
    struct look look = {model, plan->source, plan->with_later, plan->search, INT64_MAX};
    struct found found = {.place = 0};
    memset(plan->counts, 0, sizeof plan->counts);
    plan->end = plan->source == HD_SOURCE_MISSED ? model->last_event : model->last_record;
    if (plan->source == HD_SOURCE_MISSED && !named(&look))
        return HD_E_NOT_FOUND;
    while (next(&look, found.place, plan->end, &found)) {
        plan->counts[HD__JOB_MATCHING] += found.what >= 0;
        if (found.what == HD__JOB_SENT)
            plan->webhook(plan->user, found.webhook->it.keys.webhook);
        else if (found.what >= 0)
            plan->counts[found.what]++;
    }
    return HD_OK;
}

int store_model_plan_job(struct hd_store *base, struct hd__job_plan *plan) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = plan_all(handle->model, plan);
    store_model_unlock(handle);
    return status;
}

/* ---- A step ---- */

static uint64_t under_way(const struct hd__stored_job *job) {
    return job->counts[HD__JOB_SENT] - job->counts[HD__JOB_DELIVERED] - job->counts[HD__JOB_FAILED];
}

static uint64_t room(const struct hd__stored_job *job, size_t ids) {
    uint64_t free = HD__JOB_UNDER_WAY - under_way(job), slice = (job->per_second + SLICES - 1) / SLICES;
    uint64_t most = job->per_second && slice < free ? slice : free;
    return most < ids ? most : ids;
}

static void send(struct model_handle *handle, struct model_job *job, const struct found *found,
                 struct hd__job_step *step, size_t index) {
    struct hd__stored_event event = found->event->it;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    if (!step->is_sound(step->user, &event)) {
        job->it.counts[HD__JOB_DAMAGED]++;
        return;
    }
    memcpy(event.id, step->event_ids[index], HD__STORE_ID_SIZE);
    event.accepted_at_ms = step->now_ms;
    event.redelivery_of = found->link;
    struct model_row *row =
        store_model_add_row(handle, found->webhook, store_model_event(handle->model, &event), 0, delivery_id);
    row->job = job->key;
    row->added_by = 0; /* who made the step hears of it when it looks */
    job->it.counts[HD__JOB_SENT]++;
}

static void go_on(struct model_handle *handle, struct model_job *job, struct hd__job_step *step) {
    struct hd__stored_job *it = &job->it;
    const struct look look = {handle->model, it->source, it->with_later, step->search, it->end};
    int64_t up_to = it->end - it->place > HD__JOB_LOOKS ? it->place + HD__JOB_LOOKS : it->end;
    int64_t now_ms = store_model_now_ms(handle);
    uint64_t before = it->counts[HD__JOB_SENT], free = room(it, step->max);
    struct found found;
    while (it->counts[HD__JOB_SENT] < before + free && it->place < up_to) {
        int is_found = next(&look, it->place, up_to, &found);
        if (is_found && found.what == HD__JOB_SENT)
            send(handle, job, &found, step, (size_t)(it->counts[HD__JOB_SENT] - before));
        else if (is_found && found.what >= 0)
            it->counts[found.what]++;
        it->place = is_found ? found.place : up_to;
    }
    if (it->per_second)
        job->due_ms = (job->due_ms > now_ms ? job->due_ms : now_ms) +
                      (int64_t)(it->counts[HD__JOB_SENT] - before) * 1000 / it->per_second;
    step->next_in_ms = it->place >= it->end || under_way(it) >= HD__JOB_UNDER_WAY ? INT64_MAX
                       : job->due_ms > now_ms                                     ? job->due_ms - now_ms
                                                                                  : 0;
}

static void finish(struct hd__stored_job *job, int64_t now_ms) {
    uint64_t seen = job->counts[HD__JOB_SENT];
    for (int i = HD__JOB_TESTS; i < HD__JOB_COUNTS; i++)
        seen += job->counts[i];
    if (seen < job->counts[HD__JOB_MATCHING])
        job->counts[HD__JOB_FORGOTTEN] += job->counts[HD__JOB_MATCHING] - seen;
    job->state = HD_JOB_DONE;
    job->ended_at_ms = now_ms;
}

static void step_once(struct model_handle *handle, struct hd__job_step *step) {
    struct model_job *job = find_job(handle->model, step->id);
    step->next_in_ms = INT64_MAX;
    if (!job || job->it.state != HD_JOB_RUNNING || (!owns(handle, job) && !handle->model->faults.no_job_owner))
        return;
    int64_t left_ms = job->due_ms - store_model_now_ms(handle);
    if (job->it.place < job->it.end && left_ms > 0)
        step->next_in_ms = left_ms;
    else if (job->it.place < job->it.end && room(&job->it, step->max) > 0)
        go_on(handle, job, step);
    if (job->it.place >= job->it.end && under_way(&job->it) == 0)
        finish(&job->it, step->now_ms);
}

int store_model_step_job(struct hd_store *base, struct hd__job_step *step) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = !handle->client ? HD_E_CLOSED : handle->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY : HD_OK;
    if (status == HD_OK) {
        store_model_notice_losses(handle);
        step_once(handle, step);
    }
    store_model_unlock(handle);
    return status;
}

void store_model_count_job_row(struct store_model *model, const struct model_row *row,
                               const struct hd__stored_report *report) {
    struct model_job *job = store_model_job(model, row->job);
    int is_delivered = report && report->outcome == HD_OUTCOME_DELIVERED;
    if (job)
        job->it.counts[is_delivered ? HD__JOB_DELIVERED : HD__JOB_FAILED]++;
}
