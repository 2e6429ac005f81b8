/* The public face: what a call has to check, and the life of a client. */
#include "base/exit.h"
#include "base/thread.h"
#include "endpoint/url.h"
#include "endpoint/webhook.h"
#include "engine/worker.h"
#include "event/event.h"
#include "options.h"
#include "store/durable.h"
#include "store/page.h"
#include "store/stats.h"

#include <pthread.h>
#include <stdlib.h>

#define PAGE_MAX 1000

struct hd_client {
    unsigned fork_count; /* of the process that made it */
    hd_options *options;
    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__transport *transport;
    struct hd__worker *worker;
    struct hd__exit_hook exit_hook;
    hd_store *store;             /* NULL for none */
    pthread_mutex_t put_mutex;   /* held while a webhook is changed */
    pthread_mutex_t close_mutex; /* held while one caller closes and others wait */
    int is_closed;
    int close_status;
};

/* ---- Life ---- */

/* What was in the store when the client took it. */
struct recovered {
    hd_client *client;
    struct hd__store_state state;
    struct hd_webhook_list waiting; /* webhooks that it has deliveries of */
    int has_begun;
    int status;
};

/* What the options no longer allow is kept, and gets nothing. */
static int take_webhook(struct recovered *recovered, const struct hd__stored_webhook *stored, hd_webhook *webhook) {
    hd_client *client = recovered->client;
    hd_webhook *snapshot;
    if (!client->store->is_reader && hd__url_allowed(webhook->url, &client->options->policy) != HD_OK) {
        hd__log(&client->options->log, HD_LOG_WARNING, "webhook %s is off: its URL is not allowed any more",
                webhook->id);
        (void)hd_webhook_set_mode(webhook, HD_MODE_OFF);
    }
    int status = hd__webhook_snapshot(webhook, &snapshot);
    if (status != HD_OK)
        return status;
    snapshot->label->keys = stored->keys;
    if (stored->has_waiting)
        status = hd__webhook_list_add(&recovered->waiting, snapshot);
    if (status == HD_OK && !stored->is_removed && (status = hd__webhooks_put(client->webhooks, snapshot, 0)) == HD_OK)
        return HD_OK; /* the reference is theirs now */
    hd_webhook_free(snapshot);
    return status;
}

static void take_stored(void *user, const struct hd__stored_webhook *stored) {
    struct recovered *recovered = user;
    hd_webhook *webhook = NULL;
    if (recovered->status != HD_OK)
        return;
    int status = hd__durable_read_webhook(recovered->client->store, stored, &webhook);
    if (status == HD_E_STORE) /* the others are not to suffer from it */
        hd__log(&recovered->client->options->log, HD_LOG_ERROR,
                "webhook %s in the store cannot be read: it is left out", stored->id);
    else
        recovered->status = status == HD_OK ? take_webhook(recovered, stored, webhook) : status;
    hd_webhook_free(webhook);
}

/* Reads what is in the store. */
static int take_store(hd_client *client, struct recovered *recovered) {
    hd_store *store = client->options->store;
    recovered->client = client;
    if (!store)
        return HD_OK;
    int status = hd__store_take(store);
    if (status != HD_OK)
        return status;
    client->store = store;
    status = store->ops->begin(store, take_stored, recovered, &recovered->state);
    recovered->has_begun = status == HD_OK;
    return status == HD_OK ? recovered->status : status;
}

/* Where the backlog is left, only ordered webhooks have to know of it: what comes for them stays behind it. */
static int recover(hd_client *client, const struct recovered *recovered) {
    int status = HD_OK;
    for (size_t i = 0; i < recovered->waiting.count && status == HD_OK; i++) {
        hd_webhook *webhook = recovered->waiting.items[i];
        if (client->options->deliver_backlog || webhook->ordered)
            status = hd__worker_recover(client->worker, webhook);
    }
    return status;
}

static int make_worker(hd_client *client, const struct recovered *recovered) {
    const hd_options *own = client->options;
    struct hd__worker_config worker = {
        .max_events = own->max_events,
        .max_bytes = own->max_bytes,
        .max_in_flight = own->max_in_flight,
        .pause_rule = {own->pause_failures, own->pause_ms},
        .clock = &hd__system_clock,
        .webhooks = client->webhooks,
        .ring = client->ring,
        .store = client->store,
        .commits = own->accept_mode == HD_ACCEPT_COMMITTED,
        .leaves_backlog = !own->deliver_backlog,
        .first_event_id = recovered->state.newest_event + 1,
        .transport = client->transport,
        .log = own->log,
    };
    int status = hd__worker_new(&worker, &client->worker);
    if (status == HD_OK && client->store) {
        hd__worker_set_state(client->worker, &recovered->state);
        status = recover(client, recovered);
    }
    return status == HD_OK ? hd__worker_start(client->worker) : status;
}

static int make_parts(hd_client *client, const hd_options *options) {
    int status = hd__options_copy(options, &client->options);
    if (status != HD_OK)
        return status;
    const hd_options *own = client->options;
    client->webhooks = hd__webhooks_new();
    client->ring = hd__log_ring_new(own->log_max_reports, own->log_max_bytes);
    if (!client->webhooks || !client->ring)
        return HD_E_NO_MEMORY;
    struct hd__transport_config transport = {
        .timeout_ms = own->timeout_ms,
        .max_connections = own->max_connections,
        .policy = &own->policy,
        .pins = &own->pins,
        .ca_file = own->ca_file,
        .user_agent = own->user_agent,
    };
    status = hd__curl_new(&transport, &client->transport);
    if (status != HD_OK)
        return status;
    struct recovered recovered = {.status = HD_OK};
    status = take_store(client, &recovered);
    if (status == HD_OK)
        status = make_worker(client, &recovered);
    if (status != HD_OK && recovered.has_begun) /* nothing was sent */
        (void)client->store->ops->end(client->store, 1);
    hd__webhook_list_clear(&recovered.waiting);
    free(recovered.waiting.items);
    return status;
}

static void stop_at_exit(void *user) {
    hd__worker_abort(((hd_client *)user)->worker);
}

/* The worker must not be running. */
static void free_parts(hd_client *client) {
    if (client->worker)
        hd__worker_free(client->worker);
    if (client->store)
        hd__store_release(client->store);
    if (client->transport)
        client->transport->free(client->transport);
    hd__log_ring_free(client->ring);
    hd__webhooks_free(client->webhooks);
    hd_options_free(client->options);
}

int hd_client_new(const hd_options *options, hd_client **client) {
    if (!client)
        return HD_E_INVALID;
    *client = NULL;
    hd_client *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->fork_count = hd__fork_count();
    if (pthread_mutex_init(&made->close_mutex, NULL) != 0 || pthread_mutex_init(&made->put_mutex, NULL) != 0) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    int status = make_parts(made, options);
    if (status == HD_OK) {
        made->exit_hook = (struct hd__exit_hook){.stop = stop_at_exit, .user = made};
        hd__exit_add(&made->exit_hook);
        *client = made;
        return HD_OK;
    }
    free_parts(made);
    pthread_mutex_destroy(&made->put_mutex);
    pthread_mutex_destroy(&made->close_mutex);
    free(made);
    return status;
}

static int is_forked(const hd_client *client) {
    return client->fork_count != hd__fork_count();
}

/* Whether a call may use this client, and wait for its worker if that is what it does. */
static int check(hd_client *client) {
    return !client ? HD_E_INVALID : is_forked(client) ? HD_E_FORKED : HD_OK;
}

/* The same for a call that changes something. */
static int check_writing(hd_client *client) {
    int status = check(client);
    return status != HD_OK ? status : client->store && client->store->is_reader ? HD_E_STORE_READ_ONLY : HD_OK;
}

static int check_waiting(hd_client *client) {
    int status = check(client);
    return status != HD_OK ? status : hd__worker_is_self(client->worker) ? HD_E_STATE : HD_OK;
}

int hd_client_close(hd_client *client, uint32_t timeout_ms) {
    int status = check_waiting(client);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&client->close_mutex);
    if (!client->is_closed) {
        client->close_status = hd__worker_stop(client->worker, timeout_ms);
        if (client->store && client->store->is_reader) /* what waits there is another one's */
            client->close_status = HD_OK;
        client->is_closed = 1;
    }
    status = client->close_status;
    pthread_mutex_unlock(&client->close_mutex);
    return status;
}

void hd_client_free(hd_client *client) {
    if (!client)
        return;
    if (is_forked(client)) {
        /* The worker may have been changing everything else at the moment of the fork. */
        hd_options_free(client->options);
        free(client);
        return;
    }
    if (hd__worker_is_self(client->worker)) {
        hd__log(&client->options->log, HD_LOG_ERROR,
                "hd_client_free was called in the log function: nothing was freed");
        return;
    }
    hd_client_close(client, client->options->shutdown_timeout_ms);
    hd__exit_remove(&client->exit_hook);
    free_parts(client);
    pthread_mutex_destroy(&client->put_mutex);
    pthread_mutex_destroy(&client->close_mutex);
    free(client);
}

/* ---- Webhooks ---- */

/* The version that a client has of a webhook; 0 if it has none. */
static uint64_t present_version(hd_client *client, const char *id) {
    hd_webhook *present = hd__webhooks_get(client->webhooks, id);
    uint64_t version = present ? present->version : 0;
    hd_webhook_free(present);
    return version;
}

/* With put_mutex held. */
static int put_snapshot(hd_client *client, hd_webhook *snapshot, int only_if_same) {
    uint64_t version = present_version(client, snapshot->id);
    if (only_if_same && version != snapshot->version)
        return HD_E_CONFLICT;
    snapshot->version = version + 1;
    return hd__worker_put_webhook(client->worker, snapshot);
}

static int put_webhook(hd_client *client, const hd_webhook *webhook, int only_if_same) {
    int status = check_writing(client);
    if (status != HD_OK)
        return status;
    if (!webhook)
        return HD_E_INVALID;
    if (hd_webhook_missing(webhook))
        return HD_E_FIELD_MISSING;
    status = hd__url_allowed(webhook->url, &client->options->policy);
    if (status != HD_OK)
        return status;
    hd_webhook *snapshot;
    status = hd__webhook_snapshot(webhook, &snapshot);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&client->put_mutex);
    status = put_snapshot(client, snapshot, only_if_same);
    pthread_mutex_unlock(&client->put_mutex);
    if (status != HD_OK)
        hd_webhook_free(snapshot);
    return status;
}

int hd_client_check_url(hd_client *client, const char *url) {
    int status = check(client);
    if (status == HD_OK)
        status = url ? hd__url_check(url) : HD_E_INVALID;
    return status == HD_OK ? hd__url_allowed(url, &client->options->policy) : status;
}

int hd_client_put_webhook(hd_client *client, const hd_webhook *webhook) {
    return put_webhook(client, webhook, 0);
}

int hd_client_replace_webhook(hd_client *client, const hd_webhook *webhook) {
    return put_webhook(client, webhook, 1);
}

int hd_client_get_webhook(hd_client *client, const char *id, hd_webhook **webhook) {
    if (!webhook)
        return HD_E_INVALID;
    *webhook = NULL;
    int status = check(client);
    if (status != HD_OK)
        return status;
    if (!id)
        return HD_E_INVALID;
    hd_webhook *snapshot = hd__webhooks_get(client->webhooks, id);
    if (!snapshot)
        return HD_E_NOT_FOUND;
    *webhook = hd__webhook_copy(snapshot);
    hd_webhook_free(snapshot);
    return *webhook ? HD_OK : HD_E_NO_MEMORY;
}

int hd_client_remove_webhook(hd_client *client, const char *id) {
    int status = check_writing(client);
    if (status != HD_OK)
        return status;
    if (!id)
        return HD_E_INVALID;
    pthread_mutex_lock(&client->put_mutex);
    status = hd__worker_remove_webhook(client->worker, id);
    pthread_mutex_unlock(&client->put_mutex);
    return status;
}

int hd_client_list_webhooks(hd_client *client, const char *project, hd_webhook_list **list) {
    if (!list)
        return HD_E_INVALID;
    *list = NULL;
    int status = check(client);
    if (status != HD_OK)
        return status;
    hd_webhook_list *found = calloc(1, sizeof *found);
    if (!found)
        return HD_E_NO_MEMORY;
    status = hd__webhooks_list(client->webhooks, project, found);
    if (status == HD_OK)
        *list = found;
    else
        hd_webhook_list_free(found);
    return status;
}

/* ---- Events ---- */

int hd_webhook_send(hd_client *client, hd_event *event, uint64_t *event_id) {
    uint64_t id;
    int status = check_writing(client);
    if (status != HD_OK)
        return status;
    if (!event)
        return HD_E_INVALID;
    if (!hd__event_type_known(event->type))
        return HD_E_EVENT_TYPE;
    if (hd_event_missing(event))
        return HD_E_FIELD_MISSING;
    status = hd__worker_submit(client->worker, event, &id);
    if (status == HD_OK && event_id)
        *event_id = id;
    return status;
}

/* Sends the event of a report to its webhook again. */
static int redeliver(hd_client *client, const hd_report *report, uint64_t *id) {
    hd_webhook *webhook = hd__webhooks_get(client->webhooks, hd_report_webhook_id(report));
    int status = webhook ? hd__worker_redeliver(client->worker, report, webhook, id) : HD_E_NOT_FOUND;
    hd_webhook_free(webhook);
    return status;
}

static int find_report(hd_client *client, const char *delivery_id, hd_report **report) {
    if (client->store)
        return hd__durable_find(client->store, delivery_id, report);
    *report = hd__log_ring_find(client->ring, delivery_id);
    return *report ? HD_OK : HD_E_NO_DELIVERY;
}

int hd_webhook_redeliver(hd_client *client, const char *delivery_id, uint64_t *event_id) {
    hd_report *report = NULL;
    uint64_t id = 0;
    int status = check_writing(client);
    if (status != HD_OK)
        return status;
    if (!delivery_id)
        return HD_E_INVALID;
    status = find_report(client, delivery_id, &report);
    if (status == HD_OK)
        status = redeliver(client, report, &id);
    if (status == HD_OK && event_id)
        *event_id = id;
    hd_report_free(report);
    return status;
}

static int is_final(const hd_report *report) {
    return !report->is_test && report->outcome != HD_OUTCOME_RETRYING;
}

/* Sends what is on a page again, and cuts the page where that fails. */
static int redeliver_all(hd_client *client, hd_log_page *page, size_t *sent, size_t *done) {
    uint64_t id;
    int status = HD_OK;
    for (*done = 0; *done < hd_log_page_count(page) && status == HD_OK; *done += status == HD_OK) {
        const hd_report *report = hd_log_page_at(page, *done);
        int result = is_final(report) ? redeliver(client, report, &id) : HD_E_NOT_FOUND;
        *sent += result == HD_OK;
        status = result == HD_E_NOT_FOUND ? HD_OK : result;
    }
    return status;
}

int hd_webhook_redeliver_page(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit,
                              size_t *sent, hd_log_page **page) {
    size_t done = 0, count = 0;
    if (page)
        *page = NULL;
    int status = check_writing(client);
    if (status == HD_OK)
        status = hd_log_query(client, filter, cursor, limit, page);
    if (status == HD_OK)
        status = redeliver_all(client, *page, &count, &done);
    if (status != HD_OK && page && *page && done > 0)
        hd__log_page_cut(*page, done);
    if (status != HD_OK && page && done == 0) {
        hd_log_page_free(*page);
        *page = NULL;
    }
    if (sent)
        *sent = count;
    return status;
}

int hd_client_store_status(hd_client *client) {
    int status = check(client);
    return status == HD_OK ? hd__worker_store_status(client->worker) : status;
}

static int new_test_event(const hd_webhook *webhook, int type, hd_event **event) {
    int status = hd_event_new_sample(type, event);
    if (status != HD_OK)
        return status;
    return hd_event_set_project(*event, webhook->project);
}

int hd_webhook_test(hd_client *client, const char *webhook_id, int type, uint32_t timeout_ms, hd_report **report) {
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    int status = check_writing(client);
    if (status == HD_OK)
        status = check_waiting(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id)
        return HD_E_INVALID;
    if (!hd__event_type_known(type))
        return HD_E_EVENT_TYPE;
    hd_webhook *webhook = hd__webhooks_get(client->webhooks, webhook_id);
    if (!webhook)
        return HD_E_NOT_FOUND;
    hd_event *event = NULL;
    status = new_test_event(webhook, type, &event);
    if (status == HD_OK)
        status = hd__worker_test(client->worker, event, webhook, timeout_ms, report);
    hd_event_free(event);
    hd_webhook_free(webhook);
    return status;
}

int hd_client_flush(hd_client *client, uint32_t timeout_ms) {
    int status = check_waiting(client);
    return status == HD_OK ? hd__worker_flush(client->worker, timeout_ms) : status;
}

int hd_client_webhook_state(hd_client *client, const char *webhook_id, int *state, int64_t *until_ms) {
    int64_t until;
    int status = check(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id || !state)
        return HD_E_INVALID;
    hd_webhook *webhook = hd__webhooks_get(client->webhooks, webhook_id);
    if (!webhook)
        return HD_E_NOT_FOUND;
    hd_webhook_free(webhook);
    *state = hd__worker_webhook_state(client->worker, webhook_id, &until);
    if (until_ms)
        *until_ms = until;
    return HD_OK;
}

uint64_t hd_client_counter(hd_client *client, int which) {
    return check(client) == HD_OK ? hd__worker_counter(client->worker, which) : 0;
}

/* ---- Reports ---- */

int hd_client_next_report(hd_client *client, uint32_t timeout_ms, hd_report **report) {
    if (!report)
        return HD_E_INVALID;
    *report = NULL;
    int status = timeout_ms > 0 ? check_waiting(client) : check(client);
    return status == HD_OK ? hd__worker_next_report(client->worker, timeout_ms, report) : status;
}

int hd_log_query(hd_client *client, const hd_log_filter *filter, const char *cursor, size_t limit, hd_log_page **page) {
    if (!page)
        return HD_E_INVALID;
    *page = NULL;
    int status = check(client);
    if (status != HD_OK)
        return status;
    if (limit < 1 || limit > PAGE_MAX)
        return HD_E_INVALID;
    if (client->store)
        return hd__durable_query(client->store, filter, cursor, limit, page);
    return hd__log_ring_query(client->ring, filter, cursor, limit, page);
}

static int fill_stats(hd_client *client, const hd_log_filter *filter, hd_log_stats *stats) {
    if (client->store)
        return hd__durable_summarize(client->store, filter, stats);
    hd__log_ring_summarize(client->ring, filter, stats);
    return HD_OK;
}

int hd_log_summarize(hd_client *client, const hd_log_filter *filter, int64_t bucket_ms, hd_log_stats **stats) {
    hd_log_stats *made = NULL;
    if (!stats)
        return HD_E_INVALID;
    *stats = NULL;
    int status = check(client);
    if (status == HD_OK)
        status = hd__log_stats_new(filter, bucket_ms, &made);
    if (status == HD_OK)
        status = fill_stats(client, filter, made);
    if (status == HD_OK)
        *stats = made;
    else
        hd_log_stats_free(made);
    return status;
}
