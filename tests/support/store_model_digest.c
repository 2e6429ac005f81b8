/* SPDX-License-Identifier: MIT */
/* A number for the state of the reference model, so that whoever explores it knows where it has been. */
#include "support/store_model_world.h"

static void add(uint64_t *digest, int64_t value) {
    *digest = (*digest ^ (uint64_t)value) * UINT64_C(0x9E3779B97F4A7C15);
    *digest ^= *digest >> 29;
}

static void add_time(uint64_t *digest, int64_t at, int64_t now) {
    add(digest, at == 0 ? 0 : at - now);
}

/* Events are told apart by the end of their ids, which is random. */
static void add_event(uint64_t *digest, const struct model_event *event) {
    for (int i = 8; i < HD__STORE_ID_SIZE; i++)
        add(digest, event->it.id[i]);
}

static void add_webhook(uint64_t *digest, const struct model_webhook *webhook, int64_t now_ms) {
    add(digest, (int64_t)webhook->it.version);
    add(digest, (int64_t)webhook->it.change);
    add(digest, webhook->it.is_removed + 2 * webhook->it.mode);
    add(digest, webhook->it.retry_max_ms);
    add(digest, webhook->changed_by);
    add(digest, webhook->state);
    for (size_t i = 0; i < webhook->count; i++) {
        const struct model_row *row = &webhook->rows[i];
        add(digest, row->row);
        add(digest, row->due_ms <= now_ms ? row->due_ms != 0 : row->due_ms - now_ms);
        add(digest, 2 * (int64_t)row->tries + row->may_be_repeated);
        add(digest, row->added_by);
        add(digest, row->job);
        add_event(digest, row->event);
    }
}

static void add_job(uint64_t *digest, const struct model_job *job) {
    add(digest, job->it.state);
    add(digest, job->it.place);
    add(digest, job->due_ms);
    for (int i = 0; i < HD__JOB_COUNTS; i++)
        add(digest, (int64_t)job->it.counts[i]);
}

static void add_handle(uint64_t *digest, const struct model_handle *handle, int64_t now_us) {
    add(digest, handle->client);
    add(digest, handle->role);
    add(digest, (int64_t)handle->owned);
    add(digest, (int64_t)handle->leaving);
    add(digest, (int64_t)handle->lost);
    add_time(digest, handle->safe_until_us, now_us);
    add(digest, handle->seen_row);
    add(digest, (int64_t)handle->seen_change);
    add(digest, (int64_t)handle->told.number);
    add(digest, (int64_t)handle->told.shards);
    for (size_t i = 0; i < handle->told.added_count; i++)
        add(digest, handle->told.added[i].row);
}

static void add_record(uint64_t *digest, const struct model_record *record) {
    add(digest, record->it.report.outcome);
    add(digest, record->it.report.wait_ms);
    add(digest, record->it.report.may_be_repeated);
    add_event(digest, record->event);
}

uint64_t store_model_digest(struct store_model *model, int64_t now_us) {
    uint64_t digest = 1;
    pthread_mutex_lock(&model->mutex);
    for (size_t i = 0; i < model->webhook_count; i++)
        add_webhook(&digest, model->webhooks[i], STORE_MODEL_BEGINNING_MS + now_us / 1000);
    for (size_t i = 0; i < model->handle_count; i++)
        add_handle(&digest, model->handles[i], now_us);
    for (size_t i = 0; i < model->log_count; i++)
        add_record(&digest, model->log[i]);
    for (size_t i = 0; i < model->lease_count; i++) {
        add(&digest, model->leases[i].client);
        add_time(&digest, model->leases[i].until_us, now_us);
    }
    for (size_t i = 0; i < model->job_count; i++)
        add_job(&digest, model->jobs[i]);
    for (int i = 0; i < HD__SHARDS; i++)
        add(&digest, model->owners[i]);
    add(&digest, model->last_row);
    add(&digest, (int64_t)model->last_change);
    pthread_mutex_unlock(&model->mutex);
    return digest;
}
