/* SPDX-License-Identifier: MIT */
/* What clients of a check do: webhooks, events, results, questions. */
#include "store/check.h"

#include <stdio.h>
#include <string.h>

/* ---- Webhooks ---- */

struct hd__stored_webhook webhook_of(const char *id) {
    return (struct hd__stored_webhook){
        .id = id,
        .project = PROJECT,
        .name = "name",
        .masked_url = "https://masked",
        .url = {"https://example.test/", 21},
        .secret = {"secret", 6},
        .events = 1U << HD_TICKET_CREATED | 1U << HD_TICKET_RESOLVED | 1U << HD_MESSAGE_RECEIVED,
        .format = HD_FORMAT_JSON,
        .mode = HD_MODE_ON,
        .max_in_flight = 4,
        .max_attempts = 3,
        .retry_first_ms = 1000,
        .retry_max_ms = 60000,
    };
}

static void remember_keys(struct world *world, const struct hd__store_keys *keys) {
    size_t place = 0;
    while (place < world->key_count && world->keys[place].webhook != keys->webhook)
        place++;
    assert_true(place < KEYS_MAX);
    world->keys[place] = *keys;
    world->key_count += place == world->key_count;
}

static const struct hd__store_keys *keys_of(const struct world *world, int64_t webhook) {
    for (size_t i = 0; i < world->key_count; i++)
        if (world->keys[i].webhook == webhook)
            return &world->keys[i];
    fail_msg("no webhook was put that has the key %lld", (long long)webhook);
    return NULL;
}

int64_t client_put(struct client *client, struct hd__stored_webhook *webhook) {
    assert_int_equal(client->store->ops->put_webhook(client->store, webhook, HD__ANY_VERSION, NULL), HD_OK);
    assert_true(webhook->keys.webhook > 0);
    remember_keys(client->world, &webhook->keys);
    return webhook->keys.webhook;
}

void client_put_many(struct client *client, int count, int64_t *keys) {
    for (int i = 0; i < count; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "w%d", i);
        struct hd__stored_webhook webhook = webhook_of(id);
        keys[i] = client_put(client, &webhook);
    }
}

uint64_t waiting(struct client *client, const char *id) {
    uint64_t count = UINT64_MAX;
    int64_t oldest_ms = 0;
    assert_int_equal(client->store->ops->waiting(client->store, id, &count, &oldest_ms), HD_OK);
    return count;
}

/* ---- Events ---- */

struct hd__new_event event_of(struct world *world, const char *project, int type) {
    static char bodies[64][32]; /* until 64 later events */
    char text[HD__UUID_SIZE];
    char *body = bodies[world->last_ticket % 64];
    struct hd__new_event event = {.event = {.type = type,
                                            .accepted_at_ms = hd__wall_ms(&world->clock),
                                            .project = project,
                                            .search = "ticket\x1f#1\x1fprinter on fire"}};
    (void)snprintf(body, sizeof bodies[0], "{\"ticket\":%lld}", (long long)++world->last_ticket);
    event.event.body = (struct hd__bytes){body, strlen(body)};
    assert_int_equal(hd__uuid_new(&world->uuids, &world->clock, text), HD_OK);
    assert_true(hd__uuid_parse(text, event.event.id));
    return event;
}

static int64_t send_event(struct client *client, struct hd__new_event event) {
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    return heard_count(client, HEARD_ADDED, 0) == 1 ? heard(client, HEARD_ADDED, 0)->row : 0;
}

int64_t client_send(struct client *client) {
    return send_event(client, event_of(client->world, PROJECT, HD_TICKET_CREATED));
}

int64_t client_send_to(struct client *client, int64_t webhook) {
    struct hd__new_event event = event_of(client->world, PROJECT, HD_TICKET_CREATED);
    event.webhook = webhook;
    return send_event(client, event);
}

/* ---- Results ---- */

static const struct known *known_row(const struct world *world, int64_t row) {
    static const struct known none;
    for (size_t i = 0; i < world->known_count; i++)
        if (world->known[i].row == row)
            return &world->known[i];
    return &none;
}

struct hd__stored_report report_of(const struct world *world, int64_t webhook, int64_t row) {
    struct hd__stored_report report = {.keys = *keys_of(world, webhook),
                                       .format = HD_FORMAT_JSON,
                                       .outcome = HD_OUTCOME_DELIVERED,
                                       .reason = HD_REASON_DELIVERED,
                                       .detail = "",
                                       .attempts = 1,
                                       .http_status = 200,
                                       .finished_at_ms = hd__wall_ms(&world->clock),
                                       .total_ms = 12,
                                       .remote_address = "192.0.2.1"};
    memcpy(report.delivery_id, known_row(world, row)->delivery_id, HD__STORE_ID_SIZE);
    return report;
}

struct hd__result result_of(const struct world *world, int kind, int64_t webhook, int64_t row,
                            const struct hd__stored_report *report) {
    struct hd__result result = {.kind = kind, .webhook = webhook, .row = row, .tries = 1, .report = report};
    memcpy(result.event_id, known_row(world, row)->event_id, HD__STORE_ID_SIZE);
    return result;
}

int client_settle(struct client *client, struct hd__result result) {
    struct hd__step step = {.results = &result, .result_count = 1};
    client_step(client, &step);
    return result.is_lost;
}

int client_end(struct client *client, int64_t webhook, int64_t row) {
    const struct hd__stored_report report = report_of(client->world, webhook, row);
    return client_settle(client, result_of(client->world, HD__RESULT_ENDED, webhook, row, &report));
}

/* ---- Questions ---- */

size_t client_claim(struct client *client, int64_t webhook) {
    struct hd__claim claim = {.webhook = webhook, .max = 1000};
    struct hd__step step = {.claims = &claim, .claim_count = 1};
    client_step(client, &step);
    assert_int_equal(claim.status, HD_OK);
    return heard_count(client, HEARD_CLAIMED, 0);
}

struct counted {
    size_t count;
    int outcome;
};

static int count_record(void *user, const struct hd__log_row *row) {
    struct counted *counted = user;
    counted->count += !counted->outcome || row->report.outcome == counted->outcome;
    return 1;
}

size_t records_with(struct client *client, int outcome) {
    struct counted counted = {0, outcome};
    const struct hd__log_search search = {.before_ms = INT64_MAX, .max = SIZE_MAX / 2};
    assert_int_equal(client->store->ops->query(client->store, &search, count_record, &counted), HD_OK);
    return counted.count;
}

size_t records(struct client *client) {
    return records_with(client, 0);
}
