/* Sending events, and how many of them have ended. */
#include "client_changes.h"

#include "endpoint/webhook.h"
#include "event/event.h"
#include "store/durable.h"
#include "store/durable_log.h"
#include "store/page.h"

#include <string.h>
#include <time.h>

#define TEST_NAP_MS 10 /* between looks for the report of a test */

static int submit_direct(hd_client *client, hd_event *event, hd_webhook *webhook,
                         const unsigned char redelivery_of[HD__UUID_BYTES], unsigned char id[HD__UUID_BYTES]) {
    if (atomic_load(&client->whole->is_closed)) /* or about to be */
        return HD_E_CLOSED;
    return hd__direct_submit(client->direct, event, webhook, redelivery_of, id);
}

static int submit(hd_client *client, hd_event *event, unsigned char id[HD__UUID_BYTES]) {
    return client->direct ? submit_direct(client, event, NULL, NULL, id) : hd__worker_submit(client->worker, event, id);
}

int hd_webhook_send(hd_client *client, hd_event *event, char event_id[HD_ID_SIZE]) {
    unsigned char id[HD__UUID_BYTES];
    int status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    if (!event)
        return HD_E_INVALID;
    if (!hd__event_type_known(event->type))
        return HD_E_EVENT_TYPE;
    if (hd_event_missing(event))
        return HD_E_FIELD_MISSING;
    if (event->is_stand_in)
        return HD_E_STORE_DAMAGED;
    status = submit(client, event, id);
    if (status == HD_OK && event_id)
        hd__uuid_format(id, event_id);
    return status;
}

/* ---- Again ---- */

static int find_report(hd_client *client, const char *delivery_id, hd_report **report) {
    if (client->store)
        return hd__durable_find(client->store, delivery_id, report);
    *report = hd__log_ring_find(client->ring, delivery_id);
    return *report ? HD_OK : HD_E_NO_DELIVERY;
}

static int submit_again(hd_client *client, const hd_report *report, hd_webhook *webhook,
                        unsigned char id[HD__UUID_BYTES]) {
    unsigned char again[HD__UUID_BYTES];
    if (client->worker)
        return hd__worker_redeliver(client->worker, report, webhook, id);
    hd__uuid_parse(report->delivery_id, again);
    return submit_direct(client, report->event, webhook, again, id);
}

/* To its webhook, as it is now. An event belongs to its project for good: a webhook that has moved does not get it. */
static int redeliver(hd_client *client, const hd_report *report, unsigned char id[HD__UUID_BYTES]) {
    if (report->event->is_stand_in)
        return HD_E_STORE_DAMAGED;
    hd_webhook *webhook = hd__client_webhook(client, hd_report_webhook_id(report));
    int is_there = webhook && strcmp(webhook->project, hd_event_get(report->event, HD_FIELD_PROJECT, NULL)) == 0;
    int status =
        is_there ? hd__client_note(client, HD_CHANGE_REDELIVERED, webhook->id, report->delivery_id) : HD_E_NOT_FOUND;
    if (status == HD_OK)
        status = submit_again(client, report, webhook, id);
    hd_webhook_free(webhook);
    return status;
}

int hd_client_redeliver(hd_client *client, const char *delivery_id, char event_id[HD_ID_SIZE]) {
    hd_report *report = NULL;
    unsigned char id[HD__UUID_BYTES];
    int status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    if (!delivery_id)
        return HD_E_INVALID;
    status = find_report(client, delivery_id, &report);
    if (status == HD_OK)
        status = redeliver(client, report, id);
    if (status == HD_OK && event_id)
        hd__uuid_format(id, event_id);
    hd_report_free(report);
    return status;
}

/* ---- Test ---- */

static int new_test_event(const hd_webhook *webhook, int type, hd_event **event) {
    int status = hd_event_new_sample(type, event);
    if (status != HD_OK)
        return status;
    return hd_event_set(*event, HD_FIELD_PROJECT, webhook->project, HD_TEXT_NUL);
}

/* The owner's report comes with the log. Of one whose owner has lost it, another one follows. */
static int await_report(hd_client *client, const unsigned char delivery_id[HD__UUID_BYTES], uint32_t timeout_ms,
                        hd_report **report) {
    static const struct timespec nap = {.tv_nsec = (long)TEST_NAP_MS * 1000 * 1000};
    char id[HD_ID_SIZE];
    int64_t until_us = hd__monotonic_us(&hd__system_clock) + (int64_t)timeout_ms * 1000;
    hd__uuid_format(delivery_id, id);
    for (;;) {
        int status = hd__durable_find(client->store, id, report);
        if (status == HD_OK && (*report)->outcome != HD_OUTCOME_RETRYING)
            return HD_OK;
        hd_report_free(*report);
        *report = NULL;
        if (status != HD_OK && status != HD_E_NO_DELIVERY)
            return status;
        if (hd__monotonic_us(&hd__system_clock) >= until_us)
            return HD_E_TIMEOUT;
        nanosleep(&nap, NULL);
    }
}

/* The client that delivers to the webhook makes the test, so that its limits hold for it, too; if there is none, this
 * one does. */
static int make_test(hd_client *client, hd_event *event, hd_webhook *webhook, uint32_t timeout_ms, hd_report **report) {
    unsigned char id[HD__UUID_BYTES];
    int is_passed = 0, status = HD_OK;
    if (atomic_load(&client->whole->is_closed))
        return HD_E_CLOSED;
    if (client->store && !(client->worker && hd__worker_owns(client->worker, webhook)))
        status = hd__durable_pass_test(client->store, event, webhook, id, &is_passed);
    if (status != HD_OK)
        return status;
    if (is_passed)
        return await_report(client, id, timeout_ms, report);
    return client->worker ? hd__worker_test(client->worker, event, webhook, timeout_ms, report) : HD_E_ROLE;
}

int hd_client_test(hd_client *client, const char *webhook_id, int type, uint32_t timeout_ms, hd_report **report) {
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    int status = hd__client_check_writing(client);
    if (status == HD_OK)
        status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id)
        return HD_E_INVALID;
    if (!hd__event_type_known(type))
        return HD_E_EVENT_TYPE;
    hd_webhook *webhook = hd__client_webhook(client, webhook_id);
    if (!webhook)
        return HD_E_NOT_FOUND;
    hd_event *event = NULL;
    status = new_test_event(webhook, type, &event);
    if (status == HD_OK)
        status = hd__client_note(client, HD_CHANGE_TESTED, webhook->id, "");
    if (status == HD_OK)
        status = make_test(client, event, webhook, timeout_ms, report);
    hd_event_free(event);
    hd_webhook_free(webhook);
    return status;
}

/* ---- How far things have come ---- */

int hd_client_store_status(hd_client *client) {
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    return client->direct ? hd__direct_look(client->direct) : hd__worker_store_status(client->worker);
}

int hd_client_flush(hd_client *client, uint32_t timeout_ms) {
    int status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    return client->worker ? hd__worker_flush(client->worker, timeout_ms) : hd__direct_flush(client->direct, timeout_ms);
}

uint64_t hd_client_counter(hd_client *client, int which) {
    if (hd__client_check(client) != HD_OK)
        return 0;
    if (client->worker)
        return hd__worker_counter(client->worker, which);
    return which == HD_COUNTER_ACCEPTED ? hd__direct_accepted(client->direct)
           : which == HD_COUNTER_STORED ? hd__direct_stored(client->direct)
                                        : 0;
}
