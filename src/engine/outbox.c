#include "engine/outbox.h"

#include "event/event.h"
#include "event/search.h"
#include "store/durable.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_KEPT 1024 /* bytes of memory that are kept for the next event */

/* ---- Events ---- */

static int write_event(struct hd__stored_event *stored, struct hd__buffer *search, struct hd__message_pool *pool,
                       struct hd__message *message) {
    const struct hd__buffer *body;
    int status = hd__message_body(pool, message, HD_FORMAT_JSON, &body);
    if (status != HD_OK)
        return status;
    hd__buffer_clear(search, SEARCH_KEPT);
    hd__event_write_search(message->event, search);
    if (search->failed) {
        hd__buffer_free(search);
        return HD_E_NO_MEMORY;
    }
    *stored = (struct hd__stored_event){
        .type = hd_event_type(message->event),
        .accepted_at_ms = message->accepted_at_ms,
        .project = hd_event_get(message->event, HD_FIELD_PROJECT, NULL),
        .body = {body->data, body->len},
        .search = search->data,
        .redelivery_of = hd__message_redelivery_of(message),
    };
    memcpy(stored->id, message->event_id, sizeof stored->id);
    return HD_OK;
}

int hd__outbox_takes_event(const struct hd__outbox *outbox) {
    return outbox->event_count < HD__OUTBOX_EVENTS && outbox->event_bytes < HD__OUTBOX_BYTES;
}

int hd__outbox_add_event(struct hd__outbox *outbox, struct hd__message_pool *pool, const struct hd__accepted *entry,
                         struct hd__message *message) {
    size_t index = outbox->event_count;
    struct hd__new_event *event = &outbox->events[index];
    *event = (struct hd__new_event){
        .key = entry->target ? NULL : hd_event_get(entry->event, HD_FIELD_IDEMPOTENCY_KEY, NULL),
        .about = entry->target ? NULL : hd_event_get(entry->event, HD_FIELD_WEBHOOK_ID, NULL),
        .webhook = entry->target ? entry->target->label->keys.webhook : 0,
    };
    int status = write_event(&event->event, &outbox->searches[index], pool, message);
    if (status != HD_OK)
        return status;
    outbox->entries[index] = *entry;
    outbox->messages[index] = message;
    outbox->event_count++;
    outbox->event_bytes += entry->event->size;
    return HD_OK;
}

void hd__outbox_clear_events(struct hd__outbox *outbox) {
    outbox->event_count = 0;
    outbox->event_bytes = 0;
}

/* ---- Results ---- */

void hd__outbox_add_settled(struct hd__outbox *outbox, struct hd__delivery *delivery) {
    delivery->next = NULL;
    *(outbox->last_settled ? &outbox->last_settled->next : &outbox->first_settled) = delivery;
    outbox->last_settled = delivery;
    outbox->settled_count++;
}

static struct hd__delivery *take_settled(struct hd__outbox *outbox) {
    struct hd__delivery *delivery = outbox->first_settled;
    outbox->first_settled = delivery->next;
    if (!outbox->first_settled)
        outbox->last_settled = NULL;
    outbox->settled_count--;
    return delivery;
}

static void *grow(void *items, size_t item, size_t size) {
    return realloc(items, size * item);
}

/* Each array that could be made larger is kept, so that a failure in between loses nothing. */
static int reserve_results(struct hd__outbox *outbox) {
    size_t size = outbox->result_size ? outbox->result_size * 2 : 64, old = outbox->result_size;
    if (outbox->result_count < old)
        return HD_OK;
    void *written = grow(outbox->written, sizeof outbox->written[0], size);
    outbox->written = written ? written : outbox->written;
    void *results = grow(outbox->results, sizeof outbox->results[0], size);
    outbox->results = results ? results : outbox->results;
    void *reports = grow(outbox->reports, sizeof outbox->reports[0], size);
    outbox->reports = reports ? reports : outbox->reports;
    void *events = grow(outbox->result_events, sizeof outbox->result_events[0], size);
    outbox->result_events = events ? events : outbox->result_events;
    void *searches = grow(outbox->result_searches, sizeof outbox->result_searches[0], size);
    outbox->result_searches = searches ? searches : outbox->result_searches;
    if (!written || !results || !reports || !events || !searches)
        return HD_E_NO_MEMORY;
    memset(outbox->result_searches + old, 0, (size - old) * sizeof outbox->result_searches[0]);
    outbox->result_size = size;
    return HD_OK;
}

static void write_result(struct hd__outbox *outbox, size_t index, const struct hd__delivery *delivery) {
    struct hd__result *result = &outbox->results[index];
    *result = (struct hd__result){
        .kind = delivery->result,
        .webhook = delivery->webhook->label->keys.webhook,
        .row = delivery->row,
        .tries = delivery->tries,
        .delay_ms = delivery->webhook->ordered
                        ? 0
                        : delivery->delay_ms, /* its ticket waits for it, in this client or another */
    };
    memcpy(result->event_id, delivery->message->event_id, sizeof result->event_id);
    if (delivery->result == HD__RESULT_RELEASED)
        return;
    hd__durable_write_report(delivery->report, &outbox->reports[index]);
}

/* Takes the first of the settled ones into the step. */
static int add_result(struct hd__outbox *outbox, struct hd__message_pool *pool) {
    struct hd__delivery *delivery = outbox->first_settled;
    size_t index = outbox->result_count;
    int status = reserve_results(outbox);
    if (status == HD_OK && !delivery->row)
        status = write_event(&outbox->result_events[index], &outbox->result_searches[index], pool, delivery->message);
    if (status != HD_OK)
        return status;
    write_result(outbox, index, delivery);
    outbox->written[index] = take_settled(outbox);
    outbox->result_count++;
    return HD_OK;
}

/* The arrays do not move any more. */
static void point_results(struct hd__outbox *outbox) {
    for (size_t i = 0; i < outbox->result_count; i++) {
        outbox->results[i].report = outbox->results[i].kind == HD__RESULT_RELEASED ? NULL : &outbox->reports[i];
        outbox->results[i].event = outbox->results[i].row ? NULL : &outbox->result_events[i];
    }
}

void hd__outbox_write_results(struct hd__outbox *outbox, struct hd__message_pool *pool) {
    size_t bytes = outbox->event_bytes;
    while (outbox->first_settled && outbox->result_count < HD__OUTBOX_RESULTS &&
           (outbox->result_count == 0 || bytes < HD__OUTBOX_BYTES)) {
        bytes += hd__report_size(outbox->first_settled->report);
        if (add_result(outbox, pool) != HD_OK)
            break;
    }
    point_results(outbox);
}

void hd__outbox_take_back(struct hd__outbox *outbox) {
    while (outbox->result_count > 0) {
        struct hd__delivery *delivery = outbox->written[--outbox->result_count];
        delivery->next = outbox->first_settled;
        outbox->first_settled = delivery;
        if (!outbox->last_settled)
            outbox->last_settled = delivery;
        outbox->settled_count++;
    }
}

void hd__outbox_destroy(struct hd__outbox *outbox) {
    for (size_t i = 0; i < HD__OUTBOX_EVENTS; i++)
        hd__buffer_free(&outbox->searches[i]);
    for (size_t i = 0; i < outbox->result_size; i++)
        hd__buffer_free(&outbox->result_searches[i]);
    free(outbox->written);
    free(outbox->results);
    free(outbox->reports);
    free(outbox->result_events);
    free(outbox->result_searches);
}
