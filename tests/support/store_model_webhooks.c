/* SPDX-License-Identifier: MIT */
/* Webhooks of the reference model. */
#include "support/store_model_world.h"

#include <stdlib.h>
#include <string.h>

struct model_webhook *store_model_webhook(const struct store_model *model, int64_t key) {
    return key > 0 && (size_t)key <= model->webhook_count ? model->webhooks[key - 1] : NULL;
}

struct model_webhook *store_model_find(const struct store_model *model, const char *id, const char *project) {
    for (size_t i = 0; i < model->webhook_count; i++) {
        struct model_webhook *webhook = model->webhooks[i];
        if (strcmp(webhook->it.id, id) == 0 &&
            (project ? strcmp(webhook->it.project, project) == 0 : !webhook->it.is_removed))
            return webhook;
    }
    return NULL;
}

/* ---- Keys ---- */

static int64_t key_of_text(char ***texts, size_t *count, size_t *size, const char *text) {
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*texts)[i], text) == 0)
            return (int64_t)i + 1;
    STORE_MODEL_GROW(*texts, *count, *size);
    (*texts)[*count] = store_model_text(text);
    *count += 1;
    return (int64_t)*count;
}

static int64_t key_of_label(struct store_model *model, const struct hd__stored_webhook *webhook) {
    for (size_t i = 0; i < model->label_count; i++)
        if (strcmp(model->labels[i].id, webhook->id) == 0 && strcmp(model->labels[i].name, webhook->name) == 0 &&
            strcmp(model->labels[i].masked_url, webhook->masked_url) == 0)
            return (int64_t)i + 1;
    STORE_MODEL_GROW(model->labels, model->label_count, model->label_size);
    model->labels[model->label_count] = (struct model_label){
        store_model_text(webhook->id), store_model_text(webhook->name), store_model_text(webhook->masked_url)};
    return (int64_t)++model->label_count;
}

static void give_keys(struct store_model *model, struct hd__stored_webhook *webhook, int64_t key) {
    webhook->keys.webhook = key;
    webhook->keys.history = key_of_text(&model->ids, &model->id_count, &model->id_size, webhook->id);
    webhook->keys.project =
        key_of_text(&model->projects, &model->project_count, &model->project_size, webhook->project);
    webhook->keys.label = key_of_label(model, webhook);
}

/* ---- Copies ---- */

static void copy(struct hd__stored_webhook *webhook) {
    webhook->id = store_model_text(webhook->id);
    webhook->project = store_model_text(webhook->project);
    webhook->name = store_model_text(webhook->name);
    webhook->masked_url = store_model_text(webhook->masked_url);
    store_model_bytes(&webhook->url);
    store_model_bytes(&webhook->secret);
    store_model_bytes(&webhook->staged);
    store_model_bytes(&webhook->previous);
    store_model_bytes(&webhook->headers);
    store_model_bytes(&webhook->client_certificate);
}

static void free_copy(struct hd__stored_webhook *webhook) {
    const void *parts[] = {webhook->id,           webhook->project,
                           webhook->name,         webhook->masked_url,
                           webhook->url.data,     webhook->secret.data,
                           webhook->staged.data,  webhook->previous.data,
                           webhook->headers.data, webhook->client_certificate.data};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        free((void *)(uintptr_t)parts[i]);
}

void store_model_free_webhook(struct model_webhook *webhook) {
    for (size_t i = 0; i < webhook->count; i++)
        store_model_drop_event(webhook->rows[i].event);
    free(webhook->rows);
    free_copy(&webhook->it);
    free(webhook);
}

/* ---- Changes ---- */

static uint64_t newest_version(const struct store_model *model, const char *id) {
    uint64_t newest = 0;
    for (size_t i = 0; i < model->webhook_count; i++)
        if (strcmp(model->webhooks[i]->it.id, id) == 0 && model->webhooks[i]->it.version > newest)
            newest = model->webhooks[i]->it.version;
    return newest;
}

static void change(struct model_handle *handle, struct model_webhook *webhook, int is_told_to_all) {
    webhook->it.change = ++handle->model->last_change;
    webhook->changed_by = is_told_to_all ? 0 : handle->client;
}

static struct model_webhook *add(struct store_model *model) {
    struct model_webhook *webhook = store_model_memory(NULL, 1, sizeof *webhook);
    *webhook = (struct model_webhook){.state = HD_WEBHOOK_ACTIVE};
    STORE_MODEL_GROW(model->webhooks, model->webhook_count, model->webhook_size);
    model->webhooks[model->webhook_count++] = webhook;
    webhook->it.keys.webhook = (int64_t)model->webhook_count;
    return webhook;
}

static void put(struct model_handle *handle, struct hd__stored_webhook *given) {
    struct store_model *model = handle->model;
    struct model_webhook *old = store_model_find(model, given->id, NULL);
    struct model_webhook *webhook = store_model_find(model, given->id, given->project);
    given->version = newest_version(model, given->id) + 1;
    if (old && old != webhook) {
        old->it.is_removed = 1;
        change(handle, old, 0);
    }
    if (!webhook)
        webhook = add(model);
    struct hd__stored_webhook kept = *given, before = webhook->it;
    give_keys(model, &kept, webhook->it.keys.webhook);
    given->keys = kept.keys;
    kept.discarded_up_to = before.discarded_up_to;
    kept.is_removed = 0;
    copy(&kept); /* before the old one goes: the given one may be made of it */
    free_copy(&before);
    webhook->it = kept;
    change(handle, webhook, 0);
    given->change = webhook->it.change;
}

static int may_change(const struct model_handle *handle) {
    return handle->client == 0 || handle->role != HD__ROLE_READ;
}

/* Writes what describes it, if that is something. */
static int put_noted(struct model_handle *handle, struct hd__stored_webhook *webhook, const struct model_webhook *old,
                     struct hd__change_note *note) {
    int status = note ? note->describe(note, old ? &old->it : NULL) : HD_OK;
    if (status != HD_OK)
        return status;
    put(handle, webhook);
    if (note && note->it.action)
        store_model_write_change(handle->model, &note->it, NULL);
    return HD_OK;
}

int store_model_put(struct hd_store *base, struct hd__stored_webhook *webhook, uint64_t expected,
                    struct hd__change_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    const struct model_webhook *old = store_model_find(handle->model, webhook->id, NULL);
    int is_expected = expected == HD__ANY_VERSION || expected == (old ? old->it.version : 0);
    if (!may_change(handle))
        status = HD_E_STORE_READ_ONLY;
    else if (!is_expected && !handle->model->faults.no_versions)
        status = HD_E_CONFLICT;
    else
        status = put_noted(handle, webhook, old, note);
    if (status == HD_E_CONFLICT && note && handle->model->faults.notes_conflicts)
        store_model_write_change(handle->model, &note->it, NULL);
    store_model_unlock(handle);
    return status;
}

int store_model_remove(struct hd_store *base, const char *id, uint64_t *changed, struct hd__change_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    struct model_webhook *webhook = store_model_find(handle->model, id, NULL);
    status = !may_change(handle) ? HD_E_STORE_READ_ONLY : !webhook ? HD_E_NOT_FOUND : HD_OK;
    if (status == HD_OK) {
        webhook->it.is_removed = 1;
        change(handle, webhook, 0);
        *changed = webhook->it.change;
        if (note && !handle->model->faults.no_notes)
            store_model_write_change(handle->model, &note->it, webhook);
    }
    store_model_unlock(handle);
    return status;
}

/* ---- What waits ---- */

/* The webhooks that have had this id; more than one if it has moved. Returns HD_OK or HD_E_NOT_FOUND. */
static int each_of(struct model_handle *handle, const char *id,
                   void (*found)(struct model_handle *handle, struct model_webhook *webhook, void *user), void *user) {
    int status = HD_E_NOT_FOUND;
    for (size_t i = 0; i < handle->model->webhook_count; i++)
        if (strcmp(handle->model->webhooks[i]->it.id, id) == 0) {
            found(handle, handle->model->webhooks[i], user);
            status = HD_OK;
        }
    return status;
}

int store_model_counts(const struct model_webhook *webhook, const struct model_row *row) {
    return row->row > webhook->it.discarded_up_to;
}

static void discard_one(struct model_handle *handle, struct model_webhook *webhook, void *user) {
    uint64_t *count = user;
    if (webhook->count == 0)
        return;
    for (size_t i = 0; i < webhook->count; i++) {
        handle->model->waiting -= (uint64_t)store_model_counts(webhook, &webhook->rows[i]);
        *count += store_model_counts(webhook, &webhook->rows[i]) && !webhook->rows[i].is_test;
    }
    webhook->it.discarded_up_to = webhook->rows[webhook->count - 1].row;
    for (size_t i = 0; i < webhook->count; i++)
        if (webhook->rows[i].due_ms > store_model_now_ms(handle) + 1)
            webhook->rows[i].due_ms = store_model_now_ms(handle) + 1;
    change(handle, webhook, 1);
}

int store_model_discard(struct hd_store *base, const char *id, uint64_t *count, struct hd__change_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    *count = 0;
    status = may_change(handle) ? each_of(handle, id, discard_one, count) : HD_E_STORE_READ_ONLY;
    if (status == HD_OK && *count > 0 && note) {
        note->it.count = *count;
        store_model_write_change(handle->model, &note->it, store_model_find(handle->model, id, NULL));
    }
    store_model_unlock(handle);
    return status;
}

struct waiting {
    uint64_t count;
    int64_t first_row, oldest_ms;
};

static void count_waiting(struct model_handle *handle, struct model_webhook *webhook, void *user) {
    struct waiting *waiting = user;
    (void)handle;
    for (size_t i = 0; i < webhook->count; i++) {
        const struct model_row *row = &webhook->rows[i];
        if (!store_model_counts(webhook, row))
            continue;
        waiting->count++;
        if (row->row < waiting->first_row) {
            waiting->first_row = row->row;
            waiting->oldest_ms = row->event->it.accepted_at_ms;
        }
    }
}

int store_model_waiting(struct hd_store *base, const char *id, uint64_t *count, int64_t *oldest_ms) {
    struct model_handle *handle = (struct model_handle *)base;
    struct waiting waiting = {.first_row = INT64_MAX};
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = each_of(handle, id, count_waiting, &waiting);
    if (status == HD_OK) {
        *count = waiting.count;
        *oldest_ms = waiting.oldest_ms;
    }
    store_model_unlock(handle);
    return status;
}

static int64_t left(int64_t until_ms, int64_t now_ms) {
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

struct hd__lane_note store_model_note(const struct model_webhook *webhook, int64_t now_ms) {
    return (struct hd__lane_note){webhook->it.keys.webhook, webhook->state, left(webhook->until_ms, now_ms),
                                  left(webhook->throttled_until_ms, now_ms), webhook->health};
}

int store_model_lane_state(struct hd_store *base, const char *id, struct hd__lane_note *note) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    const struct model_webhook *webhook = store_model_find(handle->model, id, NULL);
    if (webhook) {
        *note = store_model_note(webhook, store_model_now_ms(handle));
    }
    store_model_unlock(handle);
    return webhook ? HD_OK : HD_E_NOT_FOUND;
}

int store_model_survey(struct hd_store *base, void (*tell)(void *user, const struct hd__standing *standing),
                       void *user) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    for (size_t i = 0; i < handle->model->webhook_count && status == HD_OK; i++) {
        const struct model_webhook *webhook = handle->model->webhooks[i];
        struct hd__standing standing = {.id = webhook->it.id};
        if (webhook->it.is_removed)
            continue;
        status = store_model_waiting(base, standing.id, &standing.waiting, &standing.oldest_ms);
        standing.note = store_model_note(webhook, store_model_now_ms(handle));
        tell(user, &standing);
    }
    store_model_unlock(handle);
    return status;
}

int store_model_is_left(struct hd_store *base, uint64_t shards, int64_t up_to_row, int *is_left) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    *is_left = 0;
    for (size_t i = 0; i < handle->model->webhook_count; i++) {
        const struct model_webhook *webhook = handle->model->webhooks[i];
        *is_left |= webhook->count && webhook->rows[0].row <= up_to_row &&
                    (shards >> hd__shard_of(webhook->it.keys.webhook) & 1);
    }
    store_model_unlock(handle);
    return HD_OK;
}
