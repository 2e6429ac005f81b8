/* The life of a client, and what every call has to check. */
#include "client.h"

#include "base/thread.h"
#include "store/changes.h"

#include <stdlib.h>
#include <string.h>

/* ---- Checks ---- */

static int is_forked(const hd_client *client) {
    return client->fork_count != hd__fork_count();
}

int hd__client_check(hd_client *client) {
    return !client ? HD_E_INVALID : is_forked(client) ? HD_E_FORKED : HD_OK;
}

int hd__client_check_writing(hd_client *client) {
    int status = hd__client_check(client);
    return status == HD_OK && client->options->role == HD_CLIENT_READ ? HD_E_STORE_READ_ONLY : status;
}

int hd__client_check_waiting(hd_client *client) {
    int status = hd__client_check(client);
    return status == HD_OK && client->worker && hd__worker_is_self(client->worker) ? HD_E_WRONG_THREAD : status;
}

/* ---- Life ---- */

static int make_transport(hd_client *client) {
    const struct hd__transport_config transport = hd__options_for_transport(client->options);
    return hd__transport_new(&transport, &client->transport);
}

/* An operator's tool has to know what became of its event when the call returns. */
static int accept_mode(const hd_options *options) {
    int is_tool = options->role == HD_CLIENT_OPERATE && options->accept_mode == HD_ACCEPT_FAST;
    return is_tool ? HD_ACCEPT_COMMITTED : options->accept_mode;
}

static int make_worker(hd_client *client) {
    const hd_options *own = client->options;
    const struct hd__worker_config worker = {
        .max_events = own->max_events,
        .max_bytes = own->max_bytes,
        .max_in_flight = own->max_in_flight,
        .rules = own->rules,
        .policy = &own->policy,
        .clock = &hd__system_clock,
        .webhooks = client->webhooks,
        .ring = client->ring,
        .jobs = client->jobs,
        .notifier = &client->notifier,
        .store = client->store,
        .role = own->role == HD_CLIENT_OPERATE ? HD__ROLE_ACCEPT : HD__ROLE_DELIVER,
        .accept_mode = accept_mode(own),
        .key_window_ms = own->key_window_ms,
        .transport = client->transport,
        .log = own->log,
    };
    int status = hd__worker_new(&worker, &client->worker);
    return status == HD_OK ? hd__worker_start(client->worker) : status;
}

static int make_direct(hd_client *client) {
    const hd_options *own = client->options;
    const struct hd__direct_config direct = {
        .store = client->store,
        .role = own->role == HD_CLIENT_READ ? HD__ROLE_READ : HD__ROLE_ACCEPT,
        .clock = &hd__system_clock,
        .key_window_ms = own->key_window_ms,
        .webhooks = client->webhooks,
        .log = own->log,
    };
    return hd__direct_new(&direct, &client->direct);
}

static int take_store(hd_client *client) {
    hd_store *store = client->options->store;
    int status = store ? hd__store_take(store) : HD_OK;
    if (status == HD_OK) {
        client->store = hd__store_ref(store);
        client->has_store = store != NULL;
    }
    return status;
}

static void leave_store(hd_client *client) {
    if (client->has_store)
        hd__store_release(client->store);
    client->has_store = 0;
}

static int make_parts(hd_client *client, const hd_options *options) {
    int status = hd__options_copy(options, &client->options);
    if (status != HD_OK)
        return status;
    const hd_options *own = client->options;
    if (!own->store && own->role != HD_CLIENT_DELIVER)
        return HD_E_INVALID;
    if (own->kept_messages > 0) {
        client->messages = hd__messages_new(own->kept_messages, &client->notifier);
        client->options->log.kept = client->messages;
        if (!client->messages)
            return HD_E_NO_MEMORY;
    }
    client->webhooks = hd__webhooks_new();
    client->ring = hd__log_ring_new(own->log_max_reports, own->log_max_bytes);
    if (!own->store)
        client->changes = hd__changes_new();
    if (client->webhooks && client->ring && !own->store)
        client->jobs = hd__jobs_new(client->ring, client->webhooks);
    if (!client->webhooks || !client->ring || (!own->store && (!client->jobs || !client->changes)))
        return HD_E_NO_MEMORY;
    status = take_store(client);
    if (status != HD_OK)
        return status;
    if (own->role == HD_CLIENT_ACCEPT || own->role == HD_CLIENT_READ)
        return make_direct(client);
    status = make_transport(client);
    return status == HD_OK ? make_worker(client) : status;
}

static void stop_at_exit(void *user) {
    hd_client *client = user;
    if (client->worker)
        hd__worker_abort(client->worker);
}

/* The worker must not be running. */
static void free_parts(hd_client *client) {
    if (client->worker)
        hd__worker_free(client->worker);
    if (client->direct)
        hd__direct_free(client->direct);
    leave_store(client);
    hd_store_free(client->store);
    if (client->transport)
        client->transport->free(client->transport);
    hd__jobs_free(client->jobs);
    hd__changes_free(client->changes);
    hd__log_ring_free(client->ring);
    hd__webhooks_free(client->webhooks);
    hd__messages_free(client->messages);
    hd_options_free(client->options);
}

static int init(hd_client *client) {
    atomic_init(&client->references, 1);
    client->fork_count = hd__fork_count();
    client->whole = client;
    client->by = strdup("");
    if (!client->by)
        return HD_E_NO_MEMORY;
    if (pthread_mutex_init(&client->put_mutex, NULL) != 0)
        return HD_E_NO_MEMORY;
    int status = hd__notifier_init(&client->notifier);
    if (status != HD_OK)
        pthread_mutex_destroy(&client->put_mutex);
    return status;
}

static void free_all(hd_client *client) {
    free_parts(client);
    hd__notifier_destroy(&client->notifier);
    pthread_mutex_destroy(&client->put_mutex);
    free(client->by);
    free(client);
}

int hd_client_new(const hd_options *options, hd_client **client) {
    if (!client)
        return HD_E_INVALID;
    *client = NULL;
    hd_client *made = calloc(1, sizeof *made);
    if (!made || init(made) != HD_OK) {
        free(made ? made->by : NULL);
        free(made);
        return HD_E_NO_MEMORY;
    }
    int status = make_parts(made, options);
    if (status != HD_OK) {
        free_all(made);
        return status;
    }
    made->exit_hook = (struct hd__exit_hook){.stop = stop_at_exit, .user = made};
    hd__exit_add(&made->exit_hook);
    *client = made;
    return HD_OK;
}

/* ---- The end ---- */

int hd_client_begin_close(hd_client *client, uint32_t timeout_ms) {
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    atomic_store(&client->whole->is_closed, 1);
    if (client->worker)
        hd__worker_begin_stop(client->worker, timeout_ms);
    return HD_OK;
}

/* Once, when the worker has ended: another client may use the store from then on. Changes of webhooks that began before
 * have been made by then, since they hold the mutex. */
static void leave(hd_client *client) {
    pthread_mutex_lock(&client->put_mutex);
    if (!client->has_left) {
        client->has_left = 1;
        if (client->direct)
            hd__direct_leave(client->direct);
        leave_store(client);
    }
    pthread_mutex_unlock(&client->put_mutex);
}

int hd_client_close(hd_client *client, uint32_t timeout_ms) {
    int status = hd__client_check_waiting(client);
    if (status != HD_OK)
        return status;
    (void)hd_client_begin_close(client, timeout_ms);
    if (client->worker)
        status = hd__worker_await_stop(client->worker);
    leave(client->whole);
    return status;
}

static int is_on_worker(const hd_client *client, const char *call) {
    if (is_forked(client) || !client->worker || !hd__worker_is_self(client->worker))
        return 0;
    hd__log(&client->options->log, HD_LEVEL_ERROR, "%s was called in the log function: nothing was freed", call);
    return 1;
}

/* In a forked child, the worker may have been changing all but the options at the moment of the fork. */
static void destroy(hd_client *client) {
    if (is_forked(client)) {
        hd_options_free(client->options);
        free(client->by);
        free(client);
        return;
    }
    hd_client_close(client, client->options->shutdown_timeout_ms);
    hd__exit_remove(&client->exit_hook);
    free_all(client);
}

/* One of hd_client_as(). */
static void free_handle(hd_client *client) {
    hd_client_unref(client->whole);
    free(client->by);
    free(client);
}

hd_client *hd_client_ref(hd_client *client) {
    if (client)
        atomic_fetch_add_explicit(&client->references, 1, memory_order_relaxed);
    return client;
}

void hd_client_unref(hd_client *client) {
    if (!client || is_on_worker(client, "hd_client_unref"))
        return;
    if (atomic_fetch_sub_explicit(&client->references, 1, memory_order_acq_rel) != 1)
        return;
    if (client->whole == client)
        destroy(client);
    else
        free_handle(client);
}

void hd_client_free(hd_client *client) {
    if (!client || is_on_worker(client, "hd_client_free"))
        return;
    if (client->whole == client)
        hd_client_close(client, client->options->shutdown_timeout_ms);
    hd_client_unref(client);
}
