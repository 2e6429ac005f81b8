#include "support/simulation.h"

#include "endpoint/webhook.h"
#include "engine/delivery.h"
#include "helmdesk/sqlite.h"
#include "support/store_model.h"
#include "support/support.h"
#include "transport/head.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void must(int holds) {
    if (!holds)
        abort();
}

/* ---- What keeps the deliveries ---- */

static struct store_model *model;
static char directory[64];

static struct hd_store *open_model_again(void) {
    return store_model_open(model);
}

static struct hd_store *open_model(void) {
    must((model = store_model_new()) != NULL);
    return open_model_again();
}

static void destroy_model(void) {
    store_model_free(model);
}

static struct hd_store *open_sqlite_again(void) {
    struct hd_store *store;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    return store;
}

static struct hd_store *open_sqlite(void) {
    make_directory(directory);
    return open_sqlite_again();
}

static void destroy_sqlite(void) {
    remove_directory(directory);
}

const struct simulation_keeper simulation_keepers[SIMULATION_KEEPERS] = {
    {"memory", NULL, NULL, NULL},
    {"model of a store", open_model, open_model_again, destroy_model},
    {"SQLite", open_sqlite, open_sqlite_again, destroy_sqlite},
};

static const struct simulation_keeper *used = &simulation_keepers[0];

void simulation_use(const struct simulation_keeper *keeper) {
    used = keeper;
}

struct hd_store *simulation_open_again(void) {
    return used->open_again();
}

/* ---- Clock and transport ---- */

static int64_t monotonic_us(void *self) {
    return ((struct simulation *)self)->now_us;
}

static int64_t simulated_wall_ms(void *self) {
    return INT64_C(1750000000000) + ((struct simulation *)self)->now_us / 1000;
}

static int random_bytes(void *self, void *out, size_t len) {
    struct simulation *simulation = self;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++) {
        simulation->random_state = simulation->random_state * UINT64_C(6364136223846793005) + 1;
        bytes[i] = (unsigned char)(simulation->random_state >> 33);
    }
    return HD_OK;
}

static struct simulation *of(struct hd__transport *transport) {
    return (struct simulation *)((char *)transport - offsetof(struct simulation, transport));
}

static int start(struct hd__transport *transport, struct hd__exchange *exchange) {
    struct simulation *simulation = of(transport);
    if (simulation->refuse_starts)
        return HD_E_NO_MEMORY;
    must(simulation->under_way_count < SIMULATION_MAX);
    simulation->under_way[simulation->under_way_count++] = exchange;
    simulation->started++;
    struct hd__buffer head = {0};
    hd__head_write(exchange, "simulation", 0, &head);
    hd__buffer_free(&head);
    return HD_OK;
}

static struct hd__exchange *finished(struct hd__transport *transport) {
    struct simulation *simulation = of(transport);
    return simulation->finished_count ? simulation->finished[--simulation->finished_count] : NULL;
}

static void wait_for(struct hd__transport *transport, int timeout_ms) {
    of(transport)->last_timeout_ms = timeout_ms;
}

static void wake(struct hd__transport *transport) {
    (void)transport;
}

static void take_out(struct simulation *simulation, size_t index) {
    simulation->under_way_count--;
    memmove(&simulation->under_way[index], &simulation->under_way[index + 1],
            (simulation->under_way_count - index) * sizeof(struct hd__exchange *));
}

static void cancel(struct hd__transport *transport, struct hd__exchange *exchange) {
    struct simulation *simulation = of(transport);
    size_t index = 0;
    while (simulation->under_way[index] != exchange)
        index++;
    take_out(simulation, index);
    simulation->canceled++;
}

static void free_nothing(struct hd__transport *transport) {
    (void)transport;
}

static struct simulation *make(size_t max_events, size_t max_bytes, uint32_t max_in_flight, struct hd__rules rules,
                               struct hd_store *store, int accept_mode) {
    struct simulation *simulation = calloc(1, sizeof *simulation);
    must(simulation != NULL);
    simulation->clock = (struct hd__clock){monotonic_us, simulated_wall_ms, random_bytes, simulation};
    simulation->now_us = 1000000;
    simulation->transport = (struct hd__transport){start, finished, wait_for, wake, cancel, free_nothing};
    simulation->webhooks = hd__webhooks_new();
    simulation->ring = hd__log_ring_new(10000, (size_t)64 << 20);
    must(simulation->webhooks && simulation->ring);
    struct hd__worker_config config = {
        .max_events = max_events,
        .max_bytes = max_bytes,
        .max_in_flight = max_in_flight,
        .rules = rules,
        .clock = &simulation->clock,
        .webhooks = simulation->webhooks,
        .ring = simulation->ring,
        .store = store,
        .accept_mode = accept_mode,
        .key_window_ms = 1000,
        .transport = &simulation->transport,
    };
    must(hd__worker_new(&config, &simulation->worker) == HD_OK);
    return simulation;
}

struct simulation *simulation_new_on(struct hd_store *store) {
    return make(1000, (size_t)1 << 20, 100, (struct hd__rules){0}, store, HD_ACCEPT_FAST);
}

struct simulation *simulation_new_async_on(struct hd_store *store) {
    return make(1000, (size_t)1 << 20, 100, (struct hd__rules){0}, store, HD_ACCEPT_ASYNC);
}

/* On a store of its own, if that is what is used. */
static struct simulation *make_on_used(size_t max_events, size_t max_bytes, uint32_t max_in_flight,
                                       struct hd__rules rules) {
    struct hd_store *store = used->open ? used->open() : NULL;
    struct simulation *simulation = make(max_events, max_bytes, max_in_flight, rules, store, HD_ACCEPT_FAST);
    simulation->store = store;
    return simulation;
}

struct simulation *simulation_new(size_t max_events, size_t max_bytes, uint32_t max_in_flight) {
    return simulation_new_with(max_events, max_bytes, max_in_flight, (struct hd__pause_rule){0});
}

struct simulation *simulation_new_with(size_t max_events, size_t max_bytes, uint32_t max_in_flight,
                                       struct hd__pause_rule rule) {
    return make_on_used(max_events, max_bytes, max_in_flight, (struct hd__rules){.pause = rule});
}

struct simulation *simulation_new_ruled(struct hd__rules rules) {
    return make_on_used(1000, (size_t)1 << 20, 100, rules);
}

struct simulation *simulation_new_ruled_on(struct hd_store *store, struct hd__rules rules) {
    return make(1000, (size_t)1 << 20, 100, rules, store, HD_ACCEPT_FAST);
}

int simulation_has_more(const struct simulation *simulation) {
    return hd__worker_counter(simulation->worker, HD_COUNTER_PENDING) > 0 ||
           (simulation->store && hd__worker_counter(simulation->worker, HD_COUNTER_STORED) > 0);
}

void simulation_free(struct simulation *simulation) {
    while (simulation_has_more(simulation)) {
        while (simulation->under_way_count > 0)
            simulation_finish(simulation, 0, HD_REASON_DELIVERED);
        simulation->refuse_starts = 0;
        simulation->now_us += INT64_C(90000) * 1000000; /* later than any retry */
        simulation_turn(simulation);
    }
    if (simulation->store)
        hd__worker_cancel_all(simulation->worker);
    hd__worker_free(simulation->worker);
    if (simulation->store) {
        hd_store_free(simulation->store);
        used->destroy();
    }
    hd__log_ring_free(simulation->ring);
    hd__webhooks_free(simulation->webhooks);
    free(simulation);
}

void simulation_free_both(struct simulation *first, struct simulation *second, struct hd_store *of_second) {
    struct hd_store *own = first->store;
    hd__worker_cancel_all(second->worker);
    simulation_free(second);
    hd_store_free(of_second);
    first->store = NULL;
    simulation_free(first);
    hd_store_free(own);
    used->destroy();
}

void simulation_put_webhook(struct simulation *simulation, hd_webhook *webhook) {
    hd_webhook *snapshot;
    must(hd__webhook_snapshot(webhook, &snapshot) == HD_OK &&
         hd__worker_put_webhook(simulation->worker, snapshot, HD__ANY_VERSION, NULL) == HD_OK);
    hd_webhook_free(webhook);
}

void simulation_put(struct simulation *simulation, const char *id, uint32_t max_in_flight) {
    hd_webhook *webhook;
    must(hd_webhook_new(&webhook) == HD_OK);
    must(hd_webhook_set_id(webhook, id) == HD_OK);
    must(hd_webhook_set_name(webhook, id) == HD_OK);
    must(hd_webhook_set_project(webhook, "p") == HD_OK);
    must(hd_webhook_set_url(webhook, "https://example.com/hooks") == HD_OK);
    must(hd_webhook_set_secret(webhook, id, strlen(id)) == HD_OK);
    must(hd_webhook_set_max_in_flight(webhook, max_in_flight) == HD_OK);
    simulation_put_webhook(simulation, webhook);
}

int simulation_send(struct simulation *simulation, const char *subject) {
    return simulation_send_ticket(simulation, "t", subject);
}

int simulation_send_ticket(struct simulation *simulation, const char *ticket, const char *subject) {
    hd_event *event;
    unsigned char id[HD__UUID_BYTES];
    must(hd_event_new(HD_TICKET_CREATED, &event) == HD_OK);
    must(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL) == HD_OK);
    must(hd_event_set_ticket(event, ticket, 1, subject, "open", "high") == HD_OK);
    must(hd_event_set_customer(event, "user@example.com", "User") == HD_OK);
    int status = hd__worker_submit(simulation->worker, event, id);
    hd_event_free(event);
    return status;
}

void simulation_turn(struct simulation *simulation) {
    hd__worker_turn(simulation->worker, 0);
}

void simulation_turns(struct simulation *simulation) {
    for (int i = 0; i < 4; i++)
        simulation_turn(simulation);
}

void simulation_pass(struct simulation *simulation, int64_t us) {
    simulation->now_us += us;
    simulation_turns(simulation);
}

void simulation_finish(struct simulation *simulation, size_t index, int reason) {
    struct hd__exchange *exchange = simulation->under_way[index];
    take_out(simulation, index);
    exchange->reason = reason;
    exchange->detail = "";
    exchange->http_status = reason == HD_REASON_DELIVERED ? 200 : 0;
    simulation->finished[simulation->finished_count++] = exchange;
}

struct asking {
    struct simulation *simulation;
    const hd_webhook *webhook;
    int is_discard;
    uint64_t count;
    int64_t since_ms;
    atomic_int is_done;
};

static void *ask(void *user) {
    struct asking *asking = user;
    struct hd__worker *worker = asking->simulation->worker;
    int status = asking->is_discard ? hd__worker_discard(worker, asking->webhook, &asking->count, NULL)
                                    : hd__worker_waiting(worker, asking->webhook, &asking->count, &asking->since_ms);
    must(status == HD_OK);
    atomic_store(&asking->is_done, 1);
    return NULL;
}

/* The loop answers another thread. */
void simulation_ask(struct simulation *simulation, const hd_webhook *webhook, int is_discard, uint64_t *count,
                    int64_t *since_ms) {
    struct asking asking = {.simulation = simulation, .webhook = webhook, .is_discard = is_discard};
    pthread_t thread;
    must(pthread_create(&thread, NULL, ask, &asking) == 0);
    while (!atomic_load(&asking.is_done))
        simulation_turn(simulation);
    must(pthread_join(thread, NULL) == 0);
    *count = asking.count;
    *since_ms = asking.since_ms;
}

static const struct hd__delivery *delivery_of(const struct simulation *simulation, size_t index) {
    must(index < simulation->under_way_count);
    return simulation->under_way[index]->owner;
}

const char *simulation_webhook_of(const struct simulation *simulation, size_t index) {
    return hd_webhook_id(delivery_of(simulation, index)->webhook);
}

const char *simulation_subject_of(const struct simulation *simulation, size_t index) {
    return hd_event_get(delivery_of(simulation, index)->message->event, HD_FIELD_TICKET_SUBJECT, NULL);
}

hd_report *simulation_report(struct simulation *simulation) {
    hd_report *report = NULL;
    (void)hd__worker_next_report(simulation->worker, 0, &report);
    return report;
}

size_t simulation_drain_reports(struct simulation *simulation) {
    size_t count = 0;
    hd_report *report;
    while ((report = simulation_report(simulation))) {
        hd_report_free(report);
        count++;
    }
    return count;
}
