/* SPDX-License-Identifier: MIT */
#include "support/store_model_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Memory ---- */

void *store_model_memory(void *old, size_t count, size_t size) {
    void *memory = realloc(old, count ? count * size : 1);
    if (!memory)
        abort();
    return memory;
}

char *store_model_text(const char *text) {
    size_t size = strlen(text ? text : "") + 1;
    return memcpy(store_model_memory(NULL, size, 1), text ? text : "", size);
}

void store_model_bytes(struct hd__bytes *bytes) {
    if (!bytes->len)
        bytes->data = NULL;
    else
        bytes->data = memcpy(store_model_memory(NULL, bytes->len, 1), bytes->data, bytes->len);
}

/* ---- Processes, locks, time ---- */

static unsigned generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void count_fork(void) {
    generation++;
}

static void watch_forks(void) {
    (void)pthread_atfork(NULL, NULL, count_fork);
}

int store_model_lock(struct model_handle *handle) {
    if (handle->generation != generation)
        return HD_E_FORKED;
    pthread_mutex_lock(&handle->model->mutex);
    return HD_OK;
}

void store_model_unlock(struct model_handle *handle) {
    pthread_mutex_unlock(&handle->model->mutex);
}

int64_t store_model_now_ms(const struct model_handle *handle) {
    return STORE_MODEL_BEGINNING_MS + hd__monotonic_us(&handle->clock) / 1000;
}

/* ---- Handles ---- */

static void interrupt_nothing(struct hd_store *base) {
    (void)base; /* no call takes long */
}

static void forget_handle(const struct model_handle *handle) {
    struct store_model *model = handle->model;
    if (handle->generation != generation)
        return; /* the world is the parent's, and its lock may be held there */
    pthread_mutex_lock(&model->mutex);
    for (size_t i = 0; i < model->handle_count; i++)
        if (model->handles[i] == handle) {
            memmove(&model->handles[i], &model->handles[i + 1],
                    (model->handle_count - i - 1) * sizeof model->handles[0]);
            model->handle_count--;
        }
    pthread_mutex_unlock(&model->mutex);
}

static void free_handle(struct hd_store *base) {
    struct model_handle *handle = (struct model_handle *)base;
    store_model_forget_told(&handle->told);
    forget_handle(handle);
    pthread_mutex_destroy(&base->error_mutex);
    free(handle);
}

static const struct hd__store_ops ops = {
    .join = store_model_join,
    .step = store_model_step,
    .look = store_model_look,
    .tend = store_model_tend,
    .put_webhook = store_model_put,
    .remove_webhook = store_model_remove,
    .discard = store_model_discard,
    .pass_test = store_model_pass_test,
    .waiting = store_model_waiting,
    .lane_state = store_model_lane_state,
    .survey = store_model_survey,
    .is_left = store_model_is_left,
    .query = store_model_query,
    .tally = store_model_tally,
    .ends = store_model_ends,
    .find_place = store_model_find_place,
    .move_place = store_model_move_place,
    .add_job = store_model_add_job,
    .find_jobs = store_model_find_jobs,
    .set_job_state = store_model_set_job_state,
    .add_change = store_model_add_change,
    .find_changes = store_model_find_changes,
    .plan_job = store_model_plan_job,
    .step_job = store_model_step_job,
    .interrupt = interrupt_nothing,
    .leave = store_model_leave,
    .free = free_handle,
};

struct hd_store *store_model_open(struct store_model *model) {
    struct model_handle *handle = store_model_memory(NULL, 1, sizeof *handle);
    pthread_once(&once, watch_forks);
    *handle = (struct model_handle){.model = model, .generation = generation, .clock = hd__system_clock};
    handle->base.abi = HD__STORE_ABI;
    handle->base.ops = &ops;
    handle->base.pid = (long)getpid();
    handle->base.max_reports = HD__STORE_MAX_REPORTS;
    handle->base.max_age_ms = HD__STORE_MAX_AGE_MS;
    handle->base.max_log_bytes = HD__STORE_MAX_LOG_BYTES;
    pthread_mutex_init(&handle->base.error_mutex, NULL);
    pthread_mutex_lock(&model->mutex);
    STORE_MODEL_GROW(model->handles, model->handle_count, model->handle_size);
    model->handles[model->handle_count++] = handle;
    pthread_mutex_unlock(&model->mutex);
    return &handle->base;
}

/* ---- The world ---- */

struct store_model *store_model_new(void) {
    struct store_model *model = store_model_memory(NULL, 1, sizeof *model);
    *model = (struct store_model){.last_client = 0};
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&model->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return model;
}

void store_model_set_faults(struct store_model *model, struct store_model_faults faults) {
    model->faults = faults;
}

static void free_texts(char **texts, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void store_model_free(struct store_model *model) {
    if (!model)
        return;
    for (size_t i = 0; i < model->webhook_count; i++)
        store_model_free_webhook(model->webhooks[i]);
    for (size_t i = 0; i < model->log_count; i++)
        store_model_free_record(model->log[i]);
    for (size_t i = 0; i < model->key_count; i++) {
        free(model->keys[i].project);
        free(model->keys[i].key);
    }
    for (size_t i = 0; i < model->label_count; i++) {
        free(model->labels[i].id);
        free(model->labels[i].name);
        free(model->labels[i].masked_url);
    }
    for (size_t i = 0; i < model->consumer_count; i++)
        free(model->consumers[i].name);
    for (size_t i = 0; i < model->job_count; i++)
        store_model_free_job(model->jobs[i]);
    for (size_t i = 0; i < model->change_count; i++)
        store_model_free_change(&model->changes[i]);
    free(model->changes);
    free(model->jobs);
    free(model->consumers);
    free_texts(model->projects, model->project_count);
    free_texts(model->ids, model->id_count);
    free(model->webhooks);
    free(model->log);
    free(model->keys);
    free(model->labels);
    free(model->leases);
    free(model->handles);
    pthread_mutex_destroy(&model->mutex);
    free(model);
}
