/* SPDX-License-Identifier: MIT */
/* The reference model's steps: what waits for each webhook comes, is claimed, and goes. */
#include "support/store_model_world.h"

#include <stdlib.h>
#include <string.h>

/* ---- Events ---- */

struct model_event *store_model_event(struct store_model *model, const struct hd__stored_event *event) {
    struct model_event *copy = store_model_memory(NULL, 1, sizeof *copy);
    *copy = (struct model_event){.it = *event};
    copy->it.project = store_model_text(event->project);
    copy->it.search = store_model_text(event->search);
    store_model_bytes(&copy->it.body);
    copy->number = ++model->last_event;
    if (event->redelivery_of) {
        memcpy(copy->redelivery_of, event->redelivery_of, HD__STORE_ID_SIZE);
        copy->it.redelivery_of = copy->redelivery_of;
    }
    return copy;
}

void store_model_drop_event(struct model_event *event) {
    if (event->users > 0 && --event->users > 0)
        return;
    free((void *)(uintptr_t)event->it.project);
    free((void *)(uintptr_t)event->it.search);
    free((void *)(uintptr_t)event->it.body.data);
    free(event);
}

/* ---- What a step is remembered by ---- */

void store_model_forget_told(struct model_told *told) {
    free(told->added);
    free(told->events);
    free(told->lost);
    *told = (struct model_told){.number = 0};
}

static void remember(struct model_told *told, const struct hd__step *step) {
    told->number = step->number;
    told->is_known = 1;
    told->event_count = step->event_count;
    told->events = store_model_memory(NULL, step->event_count, sizeof *told->events);
    told->lost = store_model_memory(NULL, step->result_count, sizeof *told->lost);
    for (size_t i = 0; i < step->event_count; i++)
        told->events[i] = step->events[i];
    for (size_t i = 0; i < step->result_count; i++)
        told->lost[i] = step->results[i].is_lost;
}

static void tell_again(const struct model_told *told, struct hd__step *step) {
    for (size_t i = 0; i < step->event_count; i++) {
        step->events[i].added = told->events[i].added;
        step->events[i].is_known = told->events[i].is_known;
        memcpy(step->events[i].known_id, told->events[i].known_id, HD__STORE_ID_SIZE);
    }
    for (size_t i = 0; i < step->result_count; i++)
        step->results[i].is_lost = told->lost[i];
}

/* ---- Events come ---- */

struct model_row *store_model_add_row(struct model_handle *handle, struct model_webhook *webhook,
                                      struct model_event *event, int is_test,
                                      unsigned char delivery_id[HD__STORE_ID_SIZE]) {
    char text[HD__UUID_SIZE];
    if (hd__uuid_new(&handle->uuids, &handle->clock, text) != HD_OK || !hd__uuid_parse(text, delivery_id))
        abort();
    struct model_row row = {
        .row = ++handle->model->last_row, .is_test = is_test, .added_by = handle->client, .event = event};
    memcpy(row.delivery_id, delivery_id, HD__STORE_ID_SIZE);
    event->users++;
    handle->model->waiting++;
    STORE_MODEL_GROW(webhook->rows, webhook->count, webhook->size);
    webhook->rows[webhook->count++] = row;
    return &webhook->rows[webhook->count - 1];
}

/* Whether an event's key was used in the last day; else it is now. */
static int is_known(struct model_handle *handle, struct hd__new_event *event) {
    struct store_model *model = handle->model;
    int64_t now_ms = store_model_now_ms(handle);
    struct model_key *key = NULL;
    for (size_t i = 0; i < model->key_count && !key; i++)
        if (strcmp(model->keys[i].key, event->key) == 0 && strcmp(model->keys[i].project, event->event.project) == 0)
            key = &model->keys[i];
    if (key && now_ms - key->used_at_ms < handle->key_window_ms) {
        memcpy(event->known_id, key->id, HD__STORE_ID_SIZE);
        return 1;
    }
    if (!key) {
        STORE_MODEL_GROW(model->keys, model->key_count, model->key_size);
        key = &model->keys[model->key_count++];
        *key = (struct model_key){store_model_text(event->event.project), store_model_text(event->key), {0}, 0};
    }
    memcpy(key->id, event->event.id, HD__STORE_ID_SIZE);
    key->used_at_ms = now_ms;
    return 0;
}

static int is_wanted(const struct model_webhook *webhook, const struct hd__new_event *event) {
    const struct hd__stored_webhook *it = &webhook->it;
    if (it->is_removed || strcmp(it->project, event->event.project) != 0)
        return 0;
    if (event->about && strcmp(event->about, it->id) == 0)
        return 0;
    return event->webhook ? it->keys.webhook == event->webhook
                          : it->mode != HD_MODE_OFF && (it->events >> event->event.type & 1);
}

static void add_event(struct model_handle *handle, struct hd__step *step, size_t index) {
    struct hd__new_event *event = &step->events[index];
    struct model_told *told = &handle->told;
    event->added = 0;
    event->is_known = event->key && is_known(handle, event);
    if (event->is_known)
        return;
    struct model_event *copy = store_model_event(handle->model, &event->event);
    copy->users++; /* this function */
    for (size_t i = 0; i < handle->model->webhook_count; i++) {
        struct model_webhook *webhook = handle->model->webhooks[i];
        if (!is_wanted(webhook, event))
            continue;
        struct hd__added added = {.event = index, .webhook = webhook->it.keys.webhook};
        added.row = store_model_add_row(handle, webhook, copy, 0, added.delivery_id)->row;
        STORE_MODEL_GROW(told->added, told->added_count, told->added_size);
        told->added[told->added_count++] = added;
        event->added++;
    }
    store_model_drop_event(copy);
}

/* ---- Results ---- */

static struct model_row *find_row(const struct model_webhook *webhook, int64_t row) {
    for (size_t low = 0, high = webhook ? webhook->count : 0; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (webhook->rows[middle].row == row)
            return &webhook->rows[middle];
        if (webhook->rows[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The event that a result is about: that of its row, its own, or one that is still there. */
static struct model_event *event_of(struct model_handle *handle, const struct hd__result *result,
                                    const struct model_row *row) {
    const struct store_model *model = handle->model;
    if (row)
        return row->event;
    for (size_t i = model->log_count; i-- > 0;)
        if (memcmp(model->log[i]->event->it.id, result->event_id, HD__STORE_ID_SIZE) == 0)
            return model->log[i]->event;
    for (size_t i = 0; i < model->webhook_count; i++)
        for (size_t j = 0; j < model->webhooks[i]->count; j++)
            if (memcmp(model->webhooks[i]->rows[j].event->it.id, result->event_id, HD__STORE_ID_SIZE) == 0)
                return model->webhooks[i]->rows[j].event;
    return result->event ? store_model_event(handle->model, result->event) : NULL;
}

static void remove_row(struct model_handle *handle, struct model_webhook *webhook, struct model_row *row) {
    handle->model->waiting -= (uint64_t)store_model_counts(webhook, row);
    store_model_drop_event(row->event);
    size_t after = (size_t)(&webhook->rows[webhook->count] - (row + 1));
    memmove(row, row + 1, after * sizeof *row);
    webhook->count--;
}

#define AT_ONCE_MS 1 /* before any time of the clock */

static void change_row(struct model_handle *handle, const struct hd__result *result, struct model_row *row) {
    if (result->kind == HD__RESULT_ENDED) {
        store_model_count_job_row(handle->model, row, result->report);
        remove_row(handle, store_model_webhook(handle->model, result->webhook), row);
    } else if (result->kind == HD__RESULT_RELEASED) {
        row->may_be_repeated = !handle->model->faults.no_marks;
    } else {
        row->tries = result->tries;
        row->due_ms = result->delay_ms ? store_model_now_ms(handle) + result->delay_ms : AT_ONCE_MS;
    }
}

static void write_result(struct model_handle *handle, struct hd__result *result) {
    struct model_webhook *webhook = store_model_webhook(handle->model, result->webhook);
    struct model_row *row = result->row ? find_row(webhook, result->row) : NULL;
    int is_mine = handle->model->faults.no_fence || store_model_owns(handle, result->webhook);
    result->is_lost = result->row && (!row || !is_mine);
    struct model_event *event = result->report ? event_of(handle, result, row) : NULL;
    if (event)
        store_model_record(handle, event, result->report, result->is_lost && !handle->model->faults.no_fence);
    if (row && !result->is_lost)
        change_row(handle, result, row);
}

static void write_note(struct model_handle *handle, const struct hd__lane_note *note) {
    struct model_webhook *webhook = store_model_webhook(handle->model, note->webhook);
    if (!webhook || !store_model_owns(handle, note->webhook))
        return;
    webhook->state = note->state;
    webhook->until_ms = store_model_now_ms(handle) + note->left_ms;
    webhook->throttled_until_ms = store_model_now_ms(handle) + note->throttled_ms;
    webhook->health = note->health;
}

static void leave_shards(struct model_handle *handle, uint64_t left) {
    for (int i = 0; i < HD__SHARDS; i++)
        if ((left >> i & 1) && handle->model->owners[i] == handle->client) {
            handle->model->owners[i] = 0;
            handle->owned &= ~(UINT64_C(1) << i);
            handle->told.shards &= ~(UINT64_C(1) << i);
            handle->leaving &= ~(UINT64_C(1) << i);
        }
}

static void apply(struct model_handle *handle, struct hd__step *step) {
    store_model_forget_told(&handle->told);
    handle->told.shards = handle->owned;
    for (size_t i = 0; i < step->event_count; i++)
        add_event(handle, step, i);
    for (size_t i = 0; i < step->result_count; i++)
        write_result(handle, &step->results[i]);
    for (size_t i = 0; i < step->note_count; i++)
        write_note(handle, &step->notes[i]);
    leave_shards(handle, step->left);
    remember(&handle->told, step);
}

/* ---- Claims ---- */

static int comes_after(int64_t due_ms, int64_t row, int64_t than_due_ms, int64_t than_row) {
    return due_ms > than_due_ms || (due_ms == than_due_ms && row > than_row);
}

/* The next row after the claim's marks that was tried before; NULL if there is none that is due. */
static const struct model_row *next_retry(const struct model_webhook *webhook, struct hd__claim *claim,
                                          int64_t now_ms) {
    const struct model_row *next = NULL;
    for (size_t i = 0; i < webhook->count; i++) {
        const struct model_row *row = &webhook->rows[i];
        if (row->due_ms > now_ms && row->due_ms - now_ms < claim->next_due_in_ms)
            claim->next_due_in_ms = row->due_ms - now_ms;
        if (row->due_ms && row->due_ms <= now_ms &&
            comes_after(row->due_ms, row->row, claim->after_due_ms, claim->after_retry_row) &&
            (!next || !comes_after(row->due_ms, row->row, next->due_ms, next->row)))
            next = row;
    }
    return next;
}

/* The next one that waits for no time: a test, or a new one. */
static const struct model_row *next_at_once(const struct model_webhook *webhook, int is_test, int64_t after_row) {
    for (size_t i = 0; i < webhook->count; i++)
        if (webhook->rows[i].is_test == is_test && !webhook->rows[i].due_ms && webhook->rows[i].row > after_row)
            return &webhook->rows[i];
    return NULL;
}

static int hand_out(struct hd__step *step, size_t claim, const struct model_row *row) {
    struct hd__claimed claimed = {.row = row->row,
                                  .is_test = row->is_test,
                                  .due_ms = row->due_ms,
                                  .tries = row->tries,
                                  .may_be_repeated = row->may_be_repeated,
                                  .event = row->event->it};
    memcpy(claimed.delivery_id, row->delivery_id, HD__STORE_ID_SIZE);
    return step->claimed(step->user, claim, &claimed);
}

static size_t claim_at_once(struct hd__step *step, size_t index, const struct model_webhook *webhook, int is_test,
                            size_t left) {
    const struct hd__claim *claim = &step->claims[index];
    int64_t after = is_test ? claim->after_test : claim->after_row;
    const struct model_row *row;
    while (left > 0 && (row = next_at_once(webhook, is_test, after))) {
        after = row->row;
        left = hand_out(step, index, row) ? left - 1 : 0;
    }
    return left;
}

static size_t claim_tried(struct hd__step *step, size_t index, const struct model_webhook *webhook, int64_t now_ms) {
    struct hd__claim *given = &step->claims[index], at = *given;
    size_t left = at.max;
    const struct model_row *row = next_retry(webhook, &at, now_ms);
    given->next_due_in_ms = at.next_due_in_ms;
    for (; row && left > 0; row = next_retry(webhook, &at, now_ms)) {
        at.after_due_ms = row->due_ms;
        at.after_retry_row = row->row;
        left = hand_out(step, index, row) ? left - 1 : 0;
    }
    return left;
}

static void claim(struct model_handle *handle, struct hd__step *step, size_t index) {
    const struct model_webhook *webhook = store_model_webhook(handle->model, step->claims[index].webhook);
    struct hd__claim *given = &step->claims[index];
    given->next_due_in_ms = INT64_MAX;
    given->has_more = given->has_more_tests = 0;
    given->status = HD_OK;
    if (!webhook || !store_model_owns(handle, given->webhook))
        return;
    given->has_more_tests = given->max_tests > 0 && claim_at_once(step, index, webhook, 1, given->max_tests) == 0;
    if (given->max == 0)
        return;
    size_t left = claim_tried(step, index, webhook, store_model_now_ms(handle));
    given->has_more = claim_at_once(step, index, webhook, 0, left) == 0;
}

/* ---- A test for its owner ---- */

static int pass_test(struct model_handle *handle, const struct hd__stored_event *event, struct model_webhook *webhook,
                     unsigned char delivery_id[HD__STORE_ID_SIZE]) {
    int64_t owner = handle->model->owners[hd__shard_of(webhook->it.keys.webhook)];
    if (owner ? owner == handle->client : handle->model->lease_count == 0)
        return 0;
    (void)store_model_add_row(handle, webhook, store_model_event(handle->model, event), 1, delivery_id);
    return 1;
}

int store_model_pass_test(struct hd_store *base, const struct hd__stored_event *event, int64_t webhook,
                          unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    struct model_webhook *found = store_model_webhook(handle->model, webhook);
    status = !handle->client                  ? HD_E_CLOSED
             : handle->role == HD__ROLE_READ  ? HD_E_STORE_READ_ONLY
             : !found || found->it.is_removed ? HD_E_NOT_FOUND
                                              : HD_OK;
    *is_passed = status == HD_OK && pass_test(handle, event, found, delivery_id);
    store_model_unlock(handle);
    return status;
}

/* ---- All of it ---- */

static void tell_added(struct model_handle *handle, struct hd__step *step) {
    for (size_t i = 0; i < handle->told.added_count; i++)
        if ((handle->told.shards >> hd__shard_of(handle->told.added[i].webhook) & 1) ||
            (handle->model->faults.no_doubt && store_model_owns(handle, handle->told.added[i].webhook)))
            step->added(step->user, &handle->told.added[i]);
}

static int check_step(const struct model_handle *handle, const struct hd__step *step) {
    if (!handle->client)
        return HD_E_CLOSED;
    if (handle->role == HD__ROLE_READ)
        return HD_E_STORE_READ_ONLY;
    return step->number == handle->told.number || step->number == handle->told.number + 1 ? HD_OK : HD_E_INVALID;
}

int store_model_step(struct hd_store *base, struct hd__step *step, struct hd__store_state *state) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    status = check_step(handle, step);
    step->undone = status != HD_OK;
    if (status == HD_OK) {
        store_model_notice_losses(handle);
        if (handle->model->faults.no_applied_once || step->number != handle->told.number || !handle->told.is_known)
            apply(handle, step);
        else
            tell_again(&handle->told, step);
        store_model_tell(handle);
        tell_added(handle, step);
        for (size_t i = 0; i < step->claim_count; i++)
            claim(handle, step, i);
        store_model_state(handle, state);
    }
    store_model_unlock(handle);
    return status;
}
