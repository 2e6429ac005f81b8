/* The figures of a client for monitoring. */
#include "client.h"

#include "base/openmetrics.h"
#include "endpoint/webhook.h"

#include <stdlib.h>
#include <string.h>

/* A webhook and its state. */
struct row {
    struct hd__waiting waiting;
    uint64_t age_ms; /* of the oldest that waits; 0 for none */
    int state;
    struct hd__label_pair labels[4];
};

struct rows {
    struct hd_webhook_list webhooks;
    struct row *items; /* one for each, in the order of their ids */
    size_t count;
};

/* ---- Finding out ---- */

static int by_id(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    return strcmp(x->waiting.webhook->id, y->waiting.webhook->id);
}

static int list_webhooks(hd_client *client, struct rows *rows) {
    int status = client->direct ? hd__direct_look(client->direct) : HD_OK;
    if (status == HD_OK)
        status = hd__webhooks_list(client->webhooks, NULL, &rows->webhooks);
    if (status != HD_OK || rows->webhooks.count == 0)
        return status;
    rows->items = calloc(rows->webhooks.count, sizeof rows->items[0]);
    if (!rows->items)
        return HD_E_NO_MEMORY;
    for (; rows->count < rows->webhooks.count; rows->count++) {
        const hd_webhook *webhook = rows->webhooks.items[rows->count];
        rows->items[rows->count] = (struct row){
            .waiting = {.webhook = webhook},
            .state = HD_WEBHOOK_ACTIVE,
            .labels = {{"webhook", webhook->id}, {"project", webhook->project}, {"name", webhook->name}},
        };
    }
    qsort(rows->items, rows->count, sizeof rows->items[0], by_id);
    return HD_OK;
}

static void take_standing(void *user, const struct hd__standing *standing) {
    const struct rows *rows = user;
    const hd_webhook wanted = {.id = (char *)(uintptr_t)standing->id};
    const struct row key = {.waiting = {.webhook = &wanted}};
    struct row *row = rows->count ? bsearch(&key, rows->items, rows->count, sizeof key, by_id) : NULL;
    if (!row)
        return; /* it came meanwhile */
    row->waiting.count = standing->waiting;
    row->waiting.since_ms = standing->oldest_ms;
    row->state = hd__condition_of(&standing->note).state;
}

static int ask_worker(hd_client *client, struct rows *rows) {
    struct hd__waiting *waiting = calloc(rows->count + 1, sizeof *waiting);
    struct hd__condition condition;
    int status = waiting ? HD_OK : HD_E_NO_MEMORY;
    for (size_t i = 0; waiting && i < rows->count; i++)
        waiting[i] = rows->items[i].waiting;
    if (waiting)
        hd__worker_count_waiting(client->worker, waiting, rows->count);
    for (size_t i = 0; i < rows->count && status == HD_OK; i++) {
        rows->items[i].waiting = waiting[i];
        status = hd__worker_condition(client->worker, waiting[i].webhook, &condition);
        rows->items[i].state = status == HD_OK ? condition.state : HD_WEBHOOK_ACTIVE;
    }
    free(waiting);
    return status;
}

static void complete(const hd_client *client, struct row *row) {
    int64_t since_ms = row->waiting.since_ms, now_ms = hd__wall_ms(&hd__system_clock);
    row->age_ms = since_ms && since_ms < now_ms ? (uint64_t)(now_ms - since_ms) : 0;
    if (hd__url_allowed(row->waiting.webhook->url, &client->options->policy) != HD_OK)
        row->state = HD_WEBHOOK_FORBIDDEN;
}

static int find_rows(hd_client *client, struct rows *rows) {
    int status = list_webhooks(client, rows);
    if (status == HD_OK)
        status =
            client->store ? client->store->ops->survey(client->store, take_standing, rows) : ask_worker(client, rows);
    for (size_t i = 0; i < rows->count; i++)
        complete(client, &rows->items[i]);
    return status;
}

static void free_rows(struct rows *rows) {
    hd__webhook_list_clear(&rows->webhooks);
    free(rows->webhooks.items);
    free(rows->items);
}

/* ---- Of the client ---- */

static const struct {
    int which;
    const char *name, *type, *help;
} client_families[] = {
    {HD_COUNTER_ACCEPTED, "helmdesk_events_accepted", "counter", "Events that were accepted."},
    {HD_COUNTER_REFUSED, "helmdesk_events_refused", "counter", "Events that were refused because the queue was full."},
    {HD_COUNTER_PENDING, "helmdesk_events_pending", "gauge", "Events whose deliveries have not all ended."},
    {HD_COUNTER_WAITING, "helmdesk_deliveries_waiting", "gauge", "Deliveries that wait for their turn."},
    {HD_COUNTER_IN_FLIGHT, "helmdesk_deliveries_in_flight", "gauge", "Deliveries under way."},
    {HD_COUNTER_STORED, "helmdesk_deliveries_stored", "gauge", "Deliveries in the store that have not ended."},
    {HD_COUNTER_DELIVERED, "helmdesk_deliveries_delivered", "counter", "Deliveries that a receiver confirmed."},
    {HD_COUNTER_FAILED, "helmdesk_deliveries_failed", "counter", "Deliveries that failed."},
    {HD_COUNTER_DROPPED, "helmdesk_deliveries_dropped", "counter",
     "Deliveries that failed because too many waited for their webhook."},
    {HD_COUNTER_CANCELED, "helmdesk_deliveries_canceled", "counter",
     "Deliveries that were canceled by a shutdown or discarded."},
    {HD_COUNTER_RETRIED, "helmdesk_attempts_retried", "counter", "Failed attempts that another one follows."},
    {HD_COUNTER_REPORTS_MISSED, "helmdesk_reports_missed", "counter",
     "Reports that were forgotten before they were read."},
};

static const char *suffix_of(const char *type) {
    return strcmp(type, "counter") == 0 ? "_total" : NULL;
}

static void write_client(hd_client *client, struct hd__buffer *out) {
    for (size_t i = 0; i < sizeof client_families / sizeof client_families[0]; i++) {
        const char *type = client_families[i].type;
        const struct hd__sample sample = {client_families[i].name, NULL};
        hd__openmetrics_family(out, sample.name, type, NULL, client_families[i].help);
        hd__openmetrics_sample(out, &sample, suffix_of(type), NULL,
                               hd_client_counter(client, client_families[i].which));
    }
}

/* ---- Of each webhook ---- */

static void write_ends(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    static const int outcomes[] = {HD_OUTCOME_DELIVERED, HD_OUTCOME_FAILED, HD_OUTCOME_CANCELED};
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        const struct hd__label_pair outcome = {"outcome", hd_outcome_name(outcomes[i])};
        uint64_t count = hd__meter_outcome(row->waiting.webhook->meter, outcomes[i]);
        hd__openmetrics_sample(out, sample, "_total", &outcome, count);
    }
}

static void write_attempts(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    struct hd__histogram durations;
    hd__meter_histogram(row->waiting.webhook->meter, HD__METER_DURATION, &durations);
    hd__openmetrics_sample(out, sample, "_total", NULL, durations.count);
}

static void write_retries(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    hd__openmetrics_sample(out, sample, "_total", NULL,
                           hd__meter_outcome(row->waiting.webhook->meter, HD_OUTCOME_RETRYING));
}

static void write_failures(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    for (int reason = HD_REASON_DELIVERED; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++) {
        uint64_t count = hd__meter_failures(row->waiting.webhook->meter, reason);
        const struct hd__label_pair label = {"reason", hd_reason_name(reason)};
        if (count > 0)
            hd__openmetrics_sample(out, sample, "_total", &label, count);
    }
}

static void write_waiting(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    hd__openmetrics_sample(out, sample, NULL, NULL, row->waiting.count);
}

static void write_age(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    hd__openmetrics_seconds(out, sample, NULL, row->age_ms);
}

/* A state set has a sample for each state, whose label has the name of the family. */
static void write_state(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    for (int state = HD_WEBHOOK_ACTIVE; state < HD_WEBHOOK_ACTIVE + hd_webhook_state_count(); state++) {
        const struct hd__label_pair label = {sample->name, hd_webhook_state_name(state)};
        hd__openmetrics_sample(out, sample, NULL, &label, row->state == state);
    }
}

static void write_histogram(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row,
                            enum hd__meter_time time) {
    struct hd__histogram histogram;
    char bound[HD__SECONDS_SIZE];
    uint64_t below = 0;
    hd__meter_histogram(row->waiting.webhook->meter, time, &histogram);
    for (size_t i = 0; i < HD__METER_BOUNDS && histogram.count > 0; i++) {
        const struct hd__label_pair label = {"le", bound};
        hd__openmetrics_number(hd__meter_bound_ms(time, i), bound);
        hd__openmetrics_sample(out, sample, "_bucket", &label, below += histogram.buckets[i]);
    }
    if (histogram.count == 0)
        return; /* one that is empty says nothing, on many lines */
    hd__openmetrics_sample(out, sample, "_bucket", &(struct hd__label_pair){"le", "+Inf"}, histogram.count);
    hd__openmetrics_sample(out, sample, "_count", NULL, histogram.count);
    hd__openmetrics_seconds(out, sample, "_sum", histogram.sum_ms);
}

static void write_durations(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    write_histogram(out, sample, row, HD__METER_DURATION);
}

static void write_queueing(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row) {
    write_histogram(out, sample, row, HD__METER_QUEUEING);
}

static const struct {
    const char *name, *type, *unit, *help;
    void (*write)(struct hd__buffer *out, const struct hd__sample *sample, const struct row *row);
} webhook_families[] = {
    {"helmdesk_webhook_deliveries", "counter", NULL, "Deliveries to the webhook that have ended.", write_ends},
    {"helmdesk_webhook_attempts", "counter", NULL, "Attempts that came to a result.", write_attempts},
    {"helmdesk_webhook_retries", "counter", NULL, "Failed attempts that another one follows.", write_retries},
    {"helmdesk_webhook_failures", "counter", NULL, "Attempts and deliveries that failed.", write_failures},
    {"helmdesk_webhook_waiting", "gauge", NULL, "Deliveries that wait for the webhook.", write_waiting},
    {"helmdesk_webhook_oldest_waiting_seconds", "gauge", "seconds", "How long the oldest of them has waited.",
     write_age},
    {"helmdesk_webhook_state", "stateset", NULL, "Whether deliveries to the webhook are made.", write_state},
    {"helmdesk_webhook_attempt_duration_seconds", "histogram", "seconds", "How long attempts took.", write_durations},
    {"helmdesk_webhook_queue_duration_seconds", "histogram", "seconds",
     "How long events waited for their first attempt.", write_queueing},
};

static void write_webhooks(const struct rows *rows, struct hd__buffer *out) {
    for (size_t i = 0; i < sizeof webhook_families / sizeof webhook_families[0]; i++) {
        const char *name = webhook_families[i].name;
        hd__openmetrics_family(out, name, webhook_families[i].type, webhook_families[i].unit, webhook_families[i].help);
        for (size_t k = 0; k < rows->count; k++) {
            const struct hd__sample sample = {name, rows->items[k].labels};
            webhook_families[i].write(out, &sample, &rows->items[k]);
        }
    }
}

/* ---- For programs ---- */

int hd_client_metrics(hd_client *client, char *buf, size_t size, size_t *length) {
    struct rows rows = {.count = 0};
    struct hd__buffer text = {0};
    int status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    if ((!buf && size > 0) || !length)
        return HD_E_INVALID;
    status = find_rows(client, &rows);
    if (status == HD_OK) {
        write_client(client, &text);
        write_webhooks(&rows, &text);
        hd__openmetrics_end(&text);
        status = hd__buffer_copy_out(&text, buf, size, length);
    }
    hd__buffer_free(&text);
    free_rows(&rows);
    return status;
}

/* A webhook's number of this kind. HD_E_INVALID if there is none. */
static int count_of(const struct hd__meter *meter, int which, uint64_t *value) {
    switch (which) {
    case HD_COUNTER_DELIVERED:
        *value = hd__meter_outcome(meter, HD_OUTCOME_DELIVERED);
        return HD_OK;
    case HD_COUNTER_FAILED:
        *value = hd__meter_outcome(meter, HD_OUTCOME_FAILED);
        return HD_OK;
    case HD_COUNTER_CANCELED:
        *value = hd__meter_outcome(meter, HD_OUTCOME_CANCELED);
        return HD_OK;
    case HD_COUNTER_RETRIED:
        *value = hd__meter_outcome(meter, HD_OUTCOME_RETRYING);
        return HD_OK;
    case HD_COUNTER_DROPPED:
        *value = hd__meter_failures(meter, HD_REASON_DROPPED);
        return HD_OK;
    default:
        return HD_E_INVALID;
    }
}

int hd_client_webhook_counter(hd_client *client, const char *webhook_id, int which, uint64_t *value) {
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id || !value)
        return HD_E_INVALID;
    hd_webhook *webhook = hd__client_webhook(client, webhook_id);
    if (!webhook)
        return HD_E_NOT_FOUND;
    uint64_t found = 0;
    status = count_of(webhook->meter, which, &found);
    hd_webhook_free(webhook);
    if (status == HD_OK)
        *value = found;
    return status;
}
