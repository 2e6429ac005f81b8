/* SPDX-License-Identifier: MIT */
/* The log of the reference model, its keys that are old, and questions about it. */
#include "support/store_model_world.h"

#include "store/sought.h"

#include <stdlib.h>
#include <string.h>

#define SLICE 500
#define ROW_BYTES 300 /* what a record takes besides its texts */

/* ---- Records ---- */

static void copy_report(struct hd__stored_report *report) {
    report->detail = store_model_text(report->detail);
    report->remote_address = store_model_text(report->remote_address);
    store_model_bytes(&report->request);
    store_model_bytes(&report->response_headers);
    store_model_bytes(&report->response_body);
}

void store_model_free_record(struct model_record *record) {
    const struct hd__stored_report *report = &record->it.report;
    const void *parts[] = {report->detail, report->remote_address, report->request.data, report->response_headers.data,
                           report->response_body.data};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        free((void *)(uintptr_t)parts[i]);
    store_model_drop_event(record->event);
    free(record);
}

static uint64_t bytes_of(const struct model_record *record) {
    const struct hd__stored_report *report = &record->it.report;
    return ROW_BYTES + record->event->it.body.len + report->request.len + report->response_headers.len +
           report->response_body.len;
}

void store_model_record(struct model_handle *handle, struct model_event *event, const struct hd__stored_report *report,
                        int is_lost) {
    struct store_model *model = handle->model;
    struct model_record *record = store_model_memory(NULL, 1, sizeof *record);
    *record = (struct model_record){.event = event, .stored_at_ms = store_model_now_ms(handle)};
    record->it.id = ++model->last_record;
    record->it.report = *report;
    copy_report(&record->it.report);
    if (is_lost)
        record->it.report.outcome = HD_OUTCOME_RETRYING;
    record->it.event = event->it;
    event->users++;
    STORE_MODEL_GROW(model->log, model->log_count, model->log_size);
    model->log[model->log_count++] = record;
    model->log_bytes += bytes_of(record);
}

/* ---- Retention ---- */

static int is_beyond(const struct model_handle *handle) {
    const struct store_model *model = handle->model;
    const struct hd_store *limits = &handle->base;
    return model->log_count > 0 &&
           ((limits->max_reports && model->log_count > limits->max_reports) ||
            (limits->max_log_bytes && model->log_bytes > limits->max_log_bytes) ||
            (limits->max_age_ms && store_model_now_ms(handle) - model->log[0]->stored_at_ms > limits->max_age_ms));
}

void store_model_cut_log(struct model_handle *handle, int *more) {
    struct store_model *model = handle->model;
    for (int i = 0; i < SLICE && is_beyond(handle); i++) {
        model->log_bytes -= bytes_of(model->log[0]);
        store_model_free_record(model->log[0]);
        memmove(model->log, model->log + 1, --model->log_count * sizeof model->log[0]);
    }
    *more = is_beyond(handle);
    for (size_t i = model->key_count; i-- > 0;)
        if (store_model_now_ms(handle) - model->keys[i].used_at_ms >= HD__STORE_KNOWN_KEYS_MS) {
            free(model->keys[i].project);
            free(model->keys[i].key);
            model->keys[i] = model->keys[--model->key_count];
        }
}

/* ---- Searching ---- */

static int is_same_id(const unsigned char *wanted, const unsigned char *id) {
    return !wanted || (id && memcmp(wanted, id, HD__STORE_ID_SIZE) == 0);
}

static int has_text(const struct hd__log_search *search, const struct hd__log_row *row) {
    const struct hd__stored_report *report = &row->report;
    struct hd__sought sought = {.id_count = 0};
    char delivery_id[HD__UUID_SIZE], event_id[HD__UUID_SIZE];
    if (!search->text)
        return 1;
    hd__uuid_format(report->delivery_id, delivery_id);
    hd__uuid_format(row->event.id, event_id);
    hd__sought_add_event(&sought, row->event.search);
    hd__sought_add_id(&sought, delivery_id);
    hd__sought_add_id(&sought, event_id);
    hd__sought_add_id(&sought, row->webhook_id);
    hd__sought_add_text(&sought, row->webhook_name, strlen(row->webhook_name));
    hd__sought_add_text(&sought, report->detail, strlen(report->detail));
    hd__sought_add_text(&sought, report->response_body.data, report->response_body.len);
    return hd__sought_has(&sought, search->text) ||
           (row->report.reason - HD_REASON_DELIVERED < 64 &&
            (search->text_reasons >> (row->report.reason - HD_REASON_DELIVERED) & 1));
}

static int is_of_webhook(const struct hd__log_search *search, const char *id) {
    size_t i = 0;
    while (i < search->webhook_count && strcmp(search->webhook_ids[i], id) != 0)
        i++;
    return i < search->webhook_count || i == 0;
}

static int has_status(const struct hd__log_search *search, int status) {
    size_t i = 0;
    while (i < search->status_count && (status < search->statuses[i].first || status > search->statuses[i].last))
        i++;
    return i < search->status_count || i == 0;
}

static int is_of(const struct hd__log_search *search, const struct hd__log_row *row) {
    return (!search->project || strcmp(search->project, row->event.project) == 0) &&
           is_of_webhook(search, row->webhook_id) && (!search->types || search->types >> row->event.type & 1) &&
           is_same_id(search->delivery_id, row->report.delivery_id) &&
           is_same_id(search->redelivery_of, row->event.redelivery_of) && has_text(search, row);
}

static int has_result(const struct hd__log_search *search, const struct hd__stored_report *report) {
    return (!search->outcomes || search->outcomes >> (report->outcome - HD_OUTCOME_DELIVERED) & 1) &&
           (!search->reasons || search->reasons >> (report->reason - HD_REASON_DELIVERED) & 1) &&
           has_status(search, report->http_status) &&
           (search->tests <= HD_TESTS_INCLUDED || (search->tests == HD_TESTS_ONLY) == (report->is_test != 0));
}

int store_model_matches(const struct hd__log_search *search, const struct hd__log_row *row) {
    int64_t finished_ms = row->report.finished_at_ms;
    return is_of(search, row) && has_result(search, &row->report) &&
           (!search->since_ms || finished_ms >= search->since_ms) &&
           (!search->until_ms || finished_ms < search->until_ms);
}

/* A record as it is told. */
struct hd__log_row store_model_row(const struct store_model *model, const struct model_record *record) {
    struct hd__log_row row = record->it;
    int64_t label = row.report.keys.label;
    row.webhook_id = row.webhook_name = row.masked_url = "";
    if (label > 0 && (size_t)label <= model->label_count) {
        row.webhook_id = model->labels[label - 1].id;
        row.webhook_name = model->labels[label - 1].name;
        row.masked_url = model->labels[label - 1].masked_url;
    }
    return row;
}

static int by_id(const void *a, const void *b) {
    const struct hd__log_row *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int newest_first(const void *a, const void *b) {
    const struct hd__log_row *x = a, *y = b;
    return x->report.finished_at_ms != y->report.finished_at_ms
               ? (x->report.finished_at_ms < y->report.finished_at_ms) -
                     (x->report.finished_at_ms > y->report.finished_at_ms)
               : by_id(b, a);
}

static int is_after_place(const struct hd__log_search *search, const struct hd__log_row *row) {
    if (search->is_forward)
        return row->id > search->after_id && (!search->up_to_id || row->id <= search->up_to_id);
    return row->report.finished_at_ms < search->before_ms ||
           (row->report.finished_at_ms == search->before_ms && row->id < search->before_id);
}

/* Nobody can wait long for this store: it looks once. */
static int begin(struct model_handle *handle, const struct hd__log_search *search) {
    return search->is_over && search->is_over(search->over_user) ? HD_E_TIMEOUT : store_model_lock(handle);
}

int store_model_query(struct hd_store *base, const struct hd__log_search *search,
                      int (*tell)(void *user, const struct hd__log_row *row), void *user) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = begin(handle, search);
    if (status != HD_OK)
        return status;
    const struct store_model *model = handle->model;
    struct hd__log_row *found = store_model_memory(NULL, model->log_count, sizeof *found);
    size_t count = 0;
    for (size_t i = 0; i < model->log_count; i++) {
        found[count] = store_model_row(model, model->log[i]);
        count += store_model_matches(search, &found[count]) && is_after_place(search, &found[count]);
    }
    qsort(found, count, sizeof *found, search->is_forward ? by_id : newest_first);
    int goes_on = 1;
    for (size_t i = 0; i < count && i < search->max && goes_on; i++)
        goes_on = tell(user, &found[i]);
    free(found);
    store_model_unlock(handle);
    return HD_OK;
}

static int64_t last_deleted(const struct store_model *model) {
    return model->log_count ? model->log[0]->it.id - 1 : model->last_record;
}

int store_model_ends(struct hd_store *base, int64_t *deleted, int64_t *newest) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    *deleted = last_deleted(handle->model);
    *newest = handle->model->last_record;
    store_model_unlock(handle);
    return HD_OK;
}

/* ---- Consumers ---- */

static struct model_consumer *find_consumer(struct store_model *model, const char *name) {
    for (size_t i = 0; i < model->consumer_count; i++)
        if (strcmp(model->consumers[i].name, name) == 0)
            return &model->consumers[i];
    return NULL;
}

static struct model_consumer *add_consumer(struct store_model *model, const char *name, int64_t place) {
    STORE_MODEL_GROW(model->consumers, model->consumer_count, model->consumer_size);
    model->consumers[model->consumer_count] = (struct model_consumer){store_model_text(name), place};
    return &model->consumers[model->consumer_count++];
}

static int may_write(const struct model_handle *handle) {
    return handle->role != HD__ROLE_READ;
}

int store_model_find_place(struct hd_store *base, const char *name, int64_t *place) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    struct model_consumer *consumer = find_consumer(handle->model, name);
    if (!consumer && may_write(handle))
        consumer = add_consumer(handle->model, name, last_deleted(handle->model));
    if (consumer)
        *place = consumer->place;
    store_model_unlock(handle);
    return consumer ? HD_OK : HD_E_STORE_READ_ONLY;
}

static void move(struct store_model *model, const char *name, int64_t place) {
    struct model_consumer *consumer = find_consumer(model, name);
    if (place == HD__NO_PLACE && consumer) {
        free(consumer->name);
        *consumer = model->consumers[--model->consumer_count];
    } else if (place != HD__NO_PLACE && !consumer) {
        add_consumer(model, name, place);
    } else if (consumer && consumer->place < place) {
        consumer->place = place;
    }
}

int store_model_move_place(struct hd_store *base, const char *name, int64_t place) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = store_model_lock(handle);
    if (status != HD_OK)
        return status;
    if (may_write(handle))
        move(handle->model, name, place);
    store_model_unlock(handle);
    return may_write(handle) ? HD_OK : HD_E_STORE_READ_ONLY;
}

/* ---- Sums ---- */

#define LONGEST_MS 5000

static int64_t bucket_of(int64_t finished_ms, int64_t bucket_ms) {
    return bucket_ms ? finished_ms / bucket_ms : 0;
}

static int is_same_tally(const struct hd__log_tally *a, const struct hd__log_tally *b) {
    return a->bucket == b->bucket && a->outcome == b->outcome && a->reason == b->reason &&
           a->has_attempts == b->has_attempts && a->total_ms == b->total_ms;
}

static size_t count_in(struct hd__log_tally *tallies, size_t count, const struct hd__log_tally *one) {
    for (size_t i = count; i-- > 0;)
        if (is_same_tally(&tallies[i], one)) {
            tallies[i].count++;
            return count;
        }
    tallies[count] = *one;
    return count + 1;
}

int store_model_tally(struct hd_store *base, const struct hd__log_search *search, int64_t bucket_ms,
                      void (*tell)(void *user, const struct hd__log_tally *tally), void *user) {
    struct model_handle *handle = (struct model_handle *)base;
    int status = begin(handle, search);
    if (status != HD_OK)
        return status;
    const struct store_model *model = handle->model;
    struct hd__log_tally *tallies = store_model_memory(NULL, model->log_count, sizeof *tallies);
    size_t count = 0;
    for (size_t i = 0; i < model->log_count; i++) {
        struct hd__log_row row = store_model_row(model, model->log[i]);
        const struct hd__stored_report *report = &row.report;
        const struct hd__log_tally one = {.bucket = bucket_of(report->finished_at_ms, bucket_ms),
                                          .outcome = report->outcome,
                                          .reason = report->reason,
                                          .has_attempts = report->attempts != 0,
                                          .total_ms = report->total_ms < LONGEST_MS ? report->total_ms : LONGEST_MS,
                                          .count = 1};
        if (store_model_matches(search, &row))
            count = count_in(tallies, count, &one);
    }
    for (size_t i = 0; i < count; i++)
        tell(user, &tallies[i]);
    free(tallies);
    store_model_unlock(handle);
    return HD_OK;
}
