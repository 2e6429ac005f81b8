/* A client's webhooks: put, get, list, remove; what waits for one. */
#include "client_changes.h"

#include "endpoint/url.h"
#include "endpoint/webhook.h"

#include <stdlib.h>

/* A client without a loop looks when it is asked. */
hd_webhook *hd__client_webhook(hd_client *client, const char *id) {
    if (client->direct)
        (void)hd__direct_look(client->direct);
    return hd__webhooks_get(client->webhooks, id);
}

/* With the mutex held: none is under way when a client has been closed. */
static int put_snapshot(hd_client *client, hd_webhook *snapshot, uint64_t expected, struct hd__change_note *note) {
    if (atomic_load(&client->whole->is_closed))
        return HD_E_CLOSED;
    return client->direct ? hd__direct_put_webhook(client->direct, snapshot, expected, note)
                          : hd__worker_put_webhook(client->worker, snapshot, expected, note);
}

/* Takes over the snapshot on success. */
static int put_noted(hd_client *client, hd_webhook *snapshot, uint64_t expected) {
    struct hd__noting noting;
    pthread_mutex_lock(&client->whole->put_mutex);
    hd__noting_begin_put(&noting, client, snapshot);
    int status = hd__noting_prepare(&noting);
    if (status == HD_OK)
        status = put_snapshot(client, snapshot, expected, &noting.note);
    hd__noting_end(&noting, status);
    pthread_mutex_unlock(&client->whole->put_mutex);
    return status;
}

static int put_webhook(hd_client *client, const hd_webhook *webhook, int only_if_same) {
    int status = hd__client_check_writing(client);
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
    status = put_noted(client, snapshot, only_if_same ? webhook->version : HD__ANY_VERSION);
    if (status != HD_OK)
        hd_webhook_free(snapshot);
    return status;
}

int hd_client_check_url(hd_client *client, const char *url) {
    int status = hd__client_check(client);
    if (status == HD_OK)
        status = hd_options_check_url(client->options, url);
    return status;
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
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!id)
        return HD_E_INVALID;
    hd_webhook *snapshot = hd__client_webhook(client, id);
    if (!snapshot)
        return HD_E_NOT_FOUND;
    *webhook = hd__webhook_copy(snapshot);
    hd_webhook_free(snapshot);
    return *webhook ? HD_OK : HD_E_NO_MEMORY;
}

static int remove_by_id(hd_client *client, const char *id, struct hd__change_note *note) {
    if (atomic_load(&client->whole->is_closed))
        return HD_E_CLOSED;
    return client->direct ? hd__direct_remove_webhook(client->direct, id, note)
                          : hd__worker_remove_webhook(client->worker, id, note);
}

int hd_client_remove_webhook(hd_client *client, const char *id) {
    int status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    if (!id)
        return HD_E_INVALID;
    struct hd__noting noting;
    pthread_mutex_lock(&client->whole->put_mutex);
    hd__noting_begin(&noting, client, HD_CHANGE_DELETED, id);
    status = hd__noting_prepare(&noting);
    if (status == HD_OK)
        status = remove_by_id(client, id, &noting.note);
    hd__noting_end(&noting, status);
    pthread_mutex_unlock(&client->whole->put_mutex);
    return status;
}

int hd_client_list_webhooks(hd_client *client, const char *project, hd_webhook_list **list) {
    if (!list)
        return HD_E_INVALID;
    *list = NULL;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    hd_webhook_list *found = calloc(1, sizeof *found);
    if (!found)
        return HD_E_NO_MEMORY;
    if (client->direct)
        (void)hd__direct_look(client->direct);
    status = hd__webhooks_list(client->webhooks, project, found);
    if (status == HD_OK)
        *list = found;
    else
        hd_webhook_list_free(found);
    return status;
}

/* ---- State, and what waits ---- */

/* Without a loop there is no owner to ask here. */
static int find_condition(hd_client *client, const hd_webhook *webhook, struct hd__condition *condition) {
    int status = client->direct ? hd__store_condition(client->store, webhook->id, condition)
                                : hd__worker_condition(client->worker, webhook, condition);
    if (hd__url_allowed(webhook->url, &client->options->policy) != HD_OK) {
        condition->state = HD_WEBHOOK_FORBIDDEN;
        condition->left_ms = 0;
    }
    return status;
}

/* Of a webhook by its id. */
static int ask_condition(hd_client *client, const char *webhook_id, struct hd__condition *condition) {
    hd_webhook *webhook = hd__client_webhook(client, webhook_id);
    int status = webhook ? find_condition(client, webhook, condition) : HD_E_NOT_FOUND;
    hd_webhook_free(webhook);
    return status;
}

int hd_client_webhook_state(hd_client *client, const char *webhook_id, int *state, int64_t *until_ms) {
    struct hd__condition condition;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id || !state)
        return HD_E_INVALID;
    status = ask_condition(client, webhook_id, &condition);
    if (status != HD_OK)
        return status;
    *state = condition.state;
    if (until_ms)
        *until_ms = condition.left_ms > 0 ? hd__wall_ms(&hd__system_clock) + condition.left_ms : 0;
    return HD_OK;
}

int hd_client_webhook_failures(hd_client *client, const char *webhook_id, uint32_t *count, int *reason,
                               int64_t *since_ms) {
    struct hd__condition condition;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id || !count)
        return HD_E_INVALID;
    status = ask_condition(client, webhook_id, &condition);
    if (status != HD_OK)
        return status;
    *count = condition.health.failures;
    if (reason)
        *reason = condition.health.reason;
    if (since_ms)
        *since_ms = condition.health.since_ms;
    return HD_OK;
}

int hd_client_waiting(hd_client *client, const char *webhook_id, uint64_t *count, int64_t *since_ms) {
    uint64_t waiting = 0;
    int64_t since = 0;
    int status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id || !count)
        return HD_E_INVALID;
    hd_webhook *webhook = hd__client_webhook(client, webhook_id);
    if (!webhook)
        return HD_E_NOT_FOUND;
    status = client->direct ? client->store->ops->waiting(client->store, webhook_id, &waiting, &since)
                            : hd__worker_waiting(client->worker, webhook, &waiting, &since);
    hd_webhook_free(webhook);
    if (status == HD_OK)
        *count = waiting;
    if (since_ms && status == HD_OK)
        *since_ms = since;
    return status;
}

static int discard(hd_client *client, const hd_webhook *webhook, uint64_t *count, struct hd__change_note *note) {
    if (atomic_load(&client->whole->is_closed))
        return HD_E_CLOSED;
    return client->direct ? client->store->ops->discard(client->store, webhook->id, count, note)
                          : hd__worker_discard(client->worker, webhook, count, note);
}

static int discard_noted(hd_client *client, const char *webhook_id, uint64_t *count) {
    struct hd__noting noting;
    hd__noting_begin(&noting, client, HD_CHANGE_DISCARDED, webhook_id);
    int status = noting.webhook ? hd__noting_prepare(&noting) : HD_E_NOT_FOUND;
    if (status == HD_OK)
        status = discard(client, noting.webhook, count, &noting.note);
    noting.note.it.count = *count;
    if (*count == 0)
        hd__noting_drop(&noting);
    hd__noting_end(&noting, status);
    return status;
}

int hd_client_discard(hd_client *client, const char *webhook_id, uint64_t *count) {
    uint64_t discarded = 0;
    int status = hd__client_check_writing(client);
    if (status == HD_OK)
        status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    if (!webhook_id)
        return HD_E_INVALID;
    status = discard_noted(client, webhook_id, &discarded);
    if (count && status == HD_OK)
        *count = discarded;
    return status;
}
