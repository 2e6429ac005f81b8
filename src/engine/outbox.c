#include "engine/outbox.h"

#include "endpoint/webhook.h"
#include "event/event.h"
#include "store/durable.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more in two arrays that belong together. */
static int grow(void **first, size_t first_item, void **second, size_t second_item, size_t count, size_t *size) {
    if (count < *size)
        return HD_OK;
    size_t wanted = *size ? *size * 2 : 64;
    void *grown = realloc(*first, wanted * first_item);
    if (!grown)
        return HD_E_NO_MEMORY;
    *first = grown;
    grown = realloc(*second, wanted * second_item);
    if (!grown)
        return HD_E_NO_MEMORY;
    *second = grown;
    *size = wanted;
    return HD_OK;
}

/* ---- What comes ---- */

static void write_event(struct hd__stored_event *stored, const struct hd__message *message,
                        const struct hd__buffer *body) {
    *stored = (struct hd__stored_event){
        .id = message->id,
        .type = hd_event_type(message->event),
        .accepted_at_ms = message->accepted_at_ms,
        .project = hd_event_project(message->event),
        .body = {body->data, body->len},
    };
    stored->redelivery_of.data = hd__message_redelivery_of(message);
    stored->redelivery_of.len = stored->redelivery_of.data ? HD__UUID_BYTES : 0;
}

int hd__outbox_add_event(struct hd__outbox *outbox, struct hd__message_pool *pool, struct hd__message *message) {
    const struct hd__buffer *body;
    int status = hd__message_body(pool, message, HD_FORMAT_JSON, &body);
    if (status == HD_OK)
        status = grow((void **)&outbox->events, sizeof outbox->events[0], (void **)&outbox->messages,
                      sizeof outbox->messages[0], outbox->event_count, &outbox->event_size);
    if (status != HD_OK)
        return status;
    write_event(&outbox->events[outbox->event_count], message, body);
    outbox->messages[outbox->event_count++] = message;
    return HD_OK;
}

int hd__outbox_add_delivery(struct hd__outbox *outbox, struct hd__lane *lane, hd_webhook *webhook,
                            const unsigned char delivery_id[HD__STORE_ID_SIZE]) {
    int status = grow((void **)&outbox->deliveries, sizeof outbox->deliveries[0], (void **)&outbox->arrivals,
                      sizeof outbox->arrivals[0], outbox->delivery_count, &outbox->delivery_size);
    if (status != HD_OK)
        return status;
    struct hd__new_delivery *delivery = &outbox->deliveries[outbox->delivery_count];
    *delivery = (struct hd__new_delivery){.event = outbox->event_count - 1, .webhook = webhook->label->keys.webhook};
    memcpy(delivery->delivery_id, delivery_id, HD__STORE_ID_SIZE);
    outbox->arrivals[outbox->delivery_count++] = (struct hd__arrival){lane, hd__webhook_ref(webhook)};
    return HD_OK;
}

void hd__outbox_drop_event(struct hd__outbox *outbox, size_t deliveries) {
    outbox->event_count--;
    while (deliveries-- > 0)
        hd_webhook_free(outbox->arrivals[--outbox->delivery_count].webhook);
}

void hd__outbox_clear(struct hd__outbox *outbox) {
    while (outbox->delivery_count > 0)
        hd_webhook_free(outbox->arrivals[--outbox->delivery_count].webhook);
    outbox->event_count = 0;
}

/* ---- What is over ---- */

void hd__outbox_add_result(struct hd__outbox *outbox, struct hd__delivery *delivery) {
    delivery->next = NULL;
    *(outbox->last_result ? &outbox->last_result->next : &outbox->first_result) = delivery;
    outbox->last_result = delivery;
    outbox->result_count++;
}

struct hd__delivery *hd__outbox_take_result(struct hd__outbox *outbox) {
    struct hd__delivery *delivery = outbox->first_result;
    outbox->first_result = delivery->next;
    if (!outbox->first_result)
        outbox->last_result = NULL;
    outbox->result_count--;
    return delivery;
}

static int reserve_results(struct hd__outbox *outbox) {
    if (outbox->result_count <= outbox->result_size)
        return HD_OK;
    size_t size = outbox->result_count * 2;
    void *results = realloc(outbox->results, size * sizeof outbox->results[0]);
    if (results)
        outbox->results = results;
    void *reports = realloc(outbox->reports, size * sizeof outbox->reports[0]);
    if (reports)
        outbox->reports = reports;
    void *events = realloc(outbox->result_events, size * sizeof outbox->result_events[0]);
    if (events)
        outbox->result_events = events;
    if (!results || !reports || !events)
        return HD_E_NO_MEMORY;
    outbox->result_size = size;
    return HD_OK;
}

/* What never was in the outbox (a test) brings its event along. */
static int write_result(struct hd__outbox *outbox, struct hd__message_pool *pool, size_t index,
                        struct hd__delivery *delivery) {
    struct hd__result *result = &outbox->results[index];
    *result = (struct hd__result){
        .kind = delivery->result,
        .row = delivery->row,
        .tries = delivery->tries,
        .due_ms = delivery->due_ms,
        .event_id = delivery->message->id,
    };
    if (delivery->result != HD__RESULT_RELEASED) {
        hd__durable_write_report(delivery->report, &outbox->reports[index]);
        result->report = &outbox->reports[index];
    }
    if (delivery->row)
        return HD_OK;
    const struct hd__buffer *body;
    int status = hd__message_body(pool, delivery->message, HD_FORMAT_JSON, &body);
    if (status == HD_OK) {
        write_event(&outbox->result_events[index], delivery->message, body);
        result->event = &outbox->result_events[index];
    }
    return status;
}

static int write_results(struct hd__outbox *outbox, struct hd__message_pool *pool) {
    int status = reserve_results(outbox);
    size_t index = 0;
    for (struct hd__delivery *delivery = outbox->first_result; delivery && status == HD_OK; delivery = delivery->next)
        status = write_result(outbox, pool, index++, delivery);
    return status;
}

/* ---- The step ---- */

int hd__outbox_has_work(const struct hd__outbox *outbox) {
    return outbox->event_count + outbox->delivery_count + outbox->result_count + outbox->claim_count > 0;
}

int hd__outbox_step(struct hd__outbox *outbox, struct hd__message_pool *pool, int results_only,
                    int (*claimed)(void *user, size_t claim, const struct hd__claimed *row), void *user) {
    int status = write_results(outbox, pool);
    struct hd__step step = {
        .now_ms = outbox->now_ms,
        .events = outbox->events,
        .event_count = results_only ? 0 : outbox->event_count,
        .deliveries = outbox->deliveries,
        .delivery_count = results_only ? 0 : outbox->delivery_count,
        .results = outbox->results,
        .result_count = outbox->result_count,
        .claims = outbox->claims,
        .claim_count = results_only ? 0 : outbox->claim_count,
        .claimed = claimed,
        .user = user,
    };
    if (status == HD_OK)
        status = outbox->store->ops->step(outbox->store, &step, &outbox->state);
    return status;
}

void hd__outbox_destroy(struct hd__outbox *outbox) {
    hd__outbox_clear(outbox);
    free(outbox->events);
    free(outbox->messages);
    free(outbox->deliveries);
    free(outbox->arrivals);
    free(outbox->results);
    free(outbox->reports);
    free(outbox->result_events);
}
