/* SPDX-License-Identifier: MIT */
/* Who owns what in the reference model, and what clients are told of each other. */
#include "support/store_model_world.h"

#include <stdlib.h>

#define BIT(shard) (UINT64_C(1) << (shard))

int store_model_owns(const struct model_handle *handle, int64_t webhook) {
    return webhook > 0 && handle->model->owners[hd__shard_of(webhook)] == handle->client && handle->client;
}

static uint64_t owned_by(const struct store_model *model, int64_t client) {
    uint64_t owned = 0;
    for (int i = 0; i < HD__SHARDS; i++)
        if (model->owners[i] == client)
            owned |= BIT(i);
    return owned;
}

/* ---- Losing and giving up ---- */

void store_model_notice_losses(struct model_handle *handle) {
    uint64_t lost = handle->owned & ~owned_by(handle->model, handle->client);
    handle->owned &= ~lost;
    handle->leaving &= ~lost;
    handle->told.shards &= ~lost;
    if (lost && handle->model->faults.no_memory)
        handle->told.is_known = 0;
    if (!handle->model->faults.no_lost)
        handle->lost |= lost;
}

static void mark(struct store_model *model, uint64_t shards) {
    for (size_t i = 0; i < model->webhook_count; i++)
        if (shards & BIT(hd__shard_of(model->webhooks[i]->it.keys.webhook)))
            for (size_t j = 0; j < model->webhooks[i]->count; j++)
                model->webhooks[i]->rows[j].may_be_repeated = !model->faults.no_marks;
}

static struct model_lease *lease_of(const struct store_model *model, int64_t client) {
    for (size_t i = 0; i < model->lease_count; i++)
        if (model->leases[i].client == client)
            return &model->leases[i];
    return NULL;
}

void store_model_give_up(struct model_handle *handle, int64_t client, int is_clean) {
    struct store_model *model = handle->model;
    struct model_lease *lease = lease_of(model, client);
    if (!is_clean)
        mark(model, owned_by(model, client));
    for (int i = 0; i < HD__SHARDS; i++)
        if (model->owners[i] == client)
            model->owners[i] = 0;
    for (; lease && lease < &model->leases[model->lease_count - 1]; lease++)
        lease[0] = lease[1];
    model->lease_count -= lease != NULL;
}

/* ---- Getting and sharing ---- */

static void renew(struct model_handle *handle) {
    struct store_model *model = handle->model;
    int64_t now_us = hd__monotonic_us(&handle->clock);
    struct model_lease *lease = lease_of(model, handle->client);
    if (!lease) {
        STORE_MODEL_GROW(model->leases, model->lease_count, model->lease_size);
        lease = &model->leases[model->lease_count++];
        lease->client = handle->client;
    }
    lease->until_us = now_us + INT64_C(1000) * STORE_MODEL_LEASE_MS;
    handle->safe_until_us = now_us + INT64_C(1000) * STORE_MODEL_SAFE_MS;
}

static void bury_the_dead(struct model_handle *handle) {
    struct store_model *model = handle->model;
    int64_t now_us = hd__monotonic_us(&handle->clock);
    for (size_t i = model->lease_count; i-- > 0;)
        if (model->leases[i].client != handle->client && (model->leases[i].until_us < now_us || model->faults.no_lease))
            store_model_give_up(handle, model->leases[i].client, 0);
}

/* Takes what is free up to a fair share, or names what is beyond it. */
static void share(struct model_handle *handle) {
    struct store_model *model = handle->model;
    struct hd__shards shards = {.client_count = 0};
    for (int i = 0; i < HD__SHARDS; i++)
        shards.owners[i] = model->owners[i];
    for (size_t i = 0; i < model->lease_count; i++)
        hd__shards_add_client(&shards, model->leases[i].client);
    uint64_t taken = hd__shards_to_take(&shards, handle->client);
    for (int i = 0; i < HD__SHARDS; i++)
        if (taken & BIT(i))
            model->owners[i] = handle->client;
    handle->leaving = hd__shards_to_leave(&shards, handle->client, handle->leaving);
}

/* ---- Telling ---- */

static int is_change_told(const struct model_handle *handle, const struct model_webhook *webhook) {
    return webhook->it.change > handle->seen_change && !handle->model->faults.no_changes &&
           (webhook->changed_by == 0 || webhook->changed_by != handle->client);
}

static int by_change(const void *a, const void *b) {
    const struct model_webhook *const *x = a, *const *y = b;
    return ((*x)->it.change > (*y)->it.change) - ((*x)->it.change < (*y)->it.change);
}

/* Tells changes, and those removed ones of new shards for which something waits: the oldest change first. */
static void tell_webhooks(struct model_handle *handle, uint64_t gained, int is_joining) {
    struct store_model *model = handle->model;
    if (!gained && !is_joining && model->last_change == handle->seen_change)
        return;
    struct model_webhook **told = store_model_memory(NULL, model->webhook_count, sizeof(struct model_webhook *));
    size_t told_count = 0;
    for (size_t i = 0; i < model->webhook_count; i++) {
        struct model_webhook *webhook = model->webhooks[i];
        int is_gained =
            webhook->it.is_removed && webhook->count && (gained & BIT(hd__shard_of(webhook->it.keys.webhook)));
        int is_there = !webhook->it.is_removed || webhook->count;
        if (is_joining ? is_there : is_gained || is_change_told(handle, webhook))
            told[told_count++] = webhook;
    }
    qsort(told, told_count, sizeof(struct model_webhook *), by_change);
    handle->seen_change = model->last_change;
    for (size_t i = 0; i < told_count && handle->listener.webhook; i++)
        handle->listener.webhook(handle->listener.user, &told[i]->it);
    free(told);
}

static void tell_lanes(struct model_handle *handle, uint64_t gained) {
    for (size_t i = 0; i < handle->model->webhook_count && gained; i++) {
        const struct model_webhook *webhook = handle->model->webhooks[i];
        const struct hd__lane_note note = store_model_note(webhook, store_model_now_ms(handle));
        if ((gained & BIT(hd__shard_of(note.webhook))) && !hd__note_is_empty(&note) && handle->listener.lane)
            handle->listener.lane(handle->listener.user, &note);
    }
}

/* The first row of a lane that this client does not know; 0 for none. */
static int64_t first_unknown(const struct model_handle *handle, const struct model_webhook *webhook, uint64_t gained) {
    if (gained & BIT(hd__shard_of(webhook->it.keys.webhook)))
        return webhook->count ? webhook->rows[0].row : 0;
    int64_t first = 0;
    for (size_t i = webhook->count; i-- > 0 && webhook->rows[i].row > handle->seen_row;)
        if (webhook->rows[i].added_by != handle->client)
            first = webhook->rows[i].row;
    return handle->model->faults.no_hints ? 0 : first;
}

static int has_tests(const struct model_webhook *webhook) {
    int found = 0;
    for (size_t i = 0; i < webhook->count; i++)
        found |= webhook->rows[i].is_test;
    return found;
}

static void tell_arrived(struct model_handle *handle, uint64_t gained) {
    struct store_model *model = handle->model;
    for (size_t i = 0; i < model->webhook_count && (gained || handle->seen_row < model->last_row); i++) {
        const struct model_webhook *webhook = model->webhooks[i];
        if (!(handle->owned & BIT(hd__shard_of(webhook->it.keys.webhook))))
            continue;
        int64_t first = first_unknown(handle, webhook, gained);
        if (first && handle->listener.arrived)
            handle->listener.arrived(handle->listener.user, webhook->it.keys.webhook, first, has_tests(webhook));
    }
    handle->seen_row = model->last_row;
}

static void tell(struct model_handle *handle, int is_joining) {
    uint64_t gained = owned_by(handle->model, handle->client) & ~handle->owned;
    handle->owned |= gained;
    tell_webhooks(handle, gained, is_joining);
    tell_lanes(handle, gained);
    tell_arrived(handle, gained);
}

void store_model_tell(struct model_handle *handle) {
    tell(handle, 0);
}

void store_model_state(struct model_handle *handle, struct hd__store_state *state) {
    *state = (struct hd__store_state){
        .owned = handle->owned,
        .leaving = handle->leaving,
        .lost = handle->lost,
        .safe_until_us = handle->safe_until_us,
        .waiting = handle->model->waiting,
        .jobs = store_model_running_jobs(handle->model),
        .last_row = handle->model->last_row,
    };
    handle->lost = 0;
}

/* ---- The calls ---- */

static void own(struct model_handle *handle) {
    if (handle->role != HD__ROLE_DELIVER)
        return;
    renew(handle);
    bury_the_dead(handle);
    share(handle);
}

int store_model_join(struct hd_store *base, const struct hd__join *join, struct hd__store_state *state) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    if (handle->client) {
        status = HD_E_CLOSED;
    } else {
        store_model_forget_told(&handle->told);
        handle->client = ++handle->model->last_client;
        handle->role = join->role;
        handle->clock = *join->clock;
        handle->key_window_ms = join->key_window_ms ? join->key_window_ms : HD__STORE_KNOWN_KEYS_MS;
        handle->listener = join->listener ? *join->listener : (struct hd__store_listener){.user = NULL};
        handle->owned = handle->leaving = handle->lost = 0;
        handle->safe_until_us = 0;
        own(handle);
        tell(handle, 1);
        store_model_state(handle, state);
    }
    store_model_unlock(handle);
    return status;
}

int store_model_look(struct hd_store *base, struct hd__store_state *state) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    if (!handle->client) {
        status = HD_E_CLOSED;
    } else {
        store_model_notice_losses(handle);
        tell(handle, 0);
        store_model_state(handle, state);
    }
    store_model_unlock(handle);
    return status;
}

int store_model_tend(struct hd_store *base, struct hd__store_state *state, int *more) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    *more = 0;
    if (!handle->client) {
        status = HD_E_CLOSED;
    } else {
        store_model_notice_losses(handle);
        own(handle);
        if (handle->role != HD__ROLE_READ)
            store_model_cut_log(handle, more);
        tell(handle, 0);
        store_model_state(handle, state);
    }
    store_model_unlock(handle);
    return status;
}

int store_model_leave(struct hd_store *base, int is_clean) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    if (handle->client)
        store_model_give_up(handle, handle->client, is_clean);
    handle->client = 0;
    handle->owned = handle->leaving = handle->lost = 0;
    store_model_unlock(handle);
    return HD_OK;
}
