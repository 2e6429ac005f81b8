/* SPDX-License-Identifier: MIT */
/* The record of changes of the reference model. */
#include "support/store_model_world.h"

#include <stdlib.h>
#include <string.h>

static void copy(struct hd__stored_change *change) {
    struct hd__bytes fields = {change->fields, change->fields_len};
    store_model_bytes(&fields);
    change->fields = fields.data;
    change->by = store_model_text(change->by);
    change->project = store_model_text(change->project);
    change->webhook_id = store_model_text(change->webhook_id);
    change->webhook_name = store_model_text(change->webhook_name);
    change->object = store_model_text(change->object);
}

void store_model_free_change(struct hd__stored_change *change) {
    const void *parts[] = {change->fields,     change->by,           change->project,
                           change->webhook_id, change->webhook_name, change->object};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        free((void *)(uintptr_t)parts[i]);
}

static int is_of(const char *wanted, const char *text) {
    return !wanted || strcmp(wanted, text) == 0;
}

/* Whether one is beyond the bounds. */
static int is_beyond(const struct store_model *model, size_t index) {
    const struct hd__stored_change *it = &model->changes[index];
    size_t of_webhook = 0, of_project = 0;
    for (size_t i = index + 1; i < model->change_count; i++) {
        of_webhook += (size_t)is_of(it->webhook_id, model->changes[i].webhook_id);
        of_project += (size_t)is_of(it->project, model->changes[i].project);
    }
    return (*it->webhook_id && of_webhook >= HD__CHANGES_OF_WEBHOOK) || of_project >= HD__CHANGES_OF_PROJECT ||
           it->id <= model->last_entry - HD__CHANGES_KEPT;
}

void store_model_write_change(struct store_model *model, const struct hd__stored_change *change,
                              const struct model_webhook *stored) {
    struct hd__stored_change made = *change;
    if (stored) {
        made.project = stored->it.project;
        made.webhook_name = stored->it.name;
    }
    copy(&made);
    made.id = ++model->last_entry;
    STORE_MODEL_GROW(model->changes, model->change_count, model->change_size);
    model->changes[model->change_count++] = made;
    if (model->faults.unbounded_changes)
        return;
    for (size_t i = 0; i < model->change_count;) {
        if (!is_beyond(model, i)) {
            i++;
            continue;
        }
        store_model_free_change(&model->changes[i]);
        memmove(&model->changes[i], &model->changes[i + 1], (--model->change_count - i) * sizeof *model->changes);
    }
}

int store_model_add_change(struct hd_store *base, const struct hd__stored_change *change) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = handle->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY : HD_OK;
    if (status == HD_OK)
        store_model_write_change(handle->model, change, NULL);
    store_model_unlock(handle);
    return status;
}

int store_model_find_changes(struct hd_store *base, const struct hd__change_search *search,
                             void (*tell)(void *user, const struct hd__stored_change *change), void *user) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    size_t told = 0;
    if (status != HD_OK)
        return status;
    for (size_t i = handle->model->change_count; i-- > 0 && told < search->max;) {
        const struct hd__stored_change *it = &handle->model->changes[i];
        if ((search->before_id && it->id >= search->before_id) || !is_of(search->project, it->project) ||
            !is_of(search->webhook_id, it->webhook_id))
            continue;
        tell(user, it);
        told++;
    }
    store_model_unlock(handle);
    return status;
}
