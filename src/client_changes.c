/* The record of changes: written with each change, and read. */
#include "client_changes.h"

#include "base/text.h"
#include "store/change.h"
#include "store/durable.h"

#include <stdlib.h>
#include <string.h>

#define MAX_AT_ONCE 1000

/* ---- Who ---- */

/* All but what one handle has for itself is that of the client. */
static hd_client *new_handle(hd_client *client, const char *by) {
    hd_client *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    atomic_init(&made->references, 1);
    made->by = strdup(by);
    made->fork_count = client->fork_count;
    made->options = client->options;
    made->webhooks = client->webhooks;
    made->ring = client->ring;
    made->jobs = client->jobs;
    made->changes = client->changes;
    made->transport = client->transport;
    made->worker = client->worker;
    made->direct = client->direct;
    made->messages = client->messages;
    made->store = client->store;
    if (!made->by) {
        free(made);
        return NULL;
    }
    hd__make_line(made->by);
    made->whole = hd_client_ref(client->whole);
    return made;
}

int hd_client_as(hd_client *client, const char *by, hd_client **as) {
    if (!as)
        return HD_E_INVALID;
    *as = NULL;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (by && strlen(by) > HD_BY_MAX)
        return HD_E_INVALID;
    *as = new_handle(client, by ? by : "");
    return *as ? HD_OK : HD_E_NO_MEMORY;
}

/* ---- One entry ---- */

static void begin(struct hd__noting *noting, hd_client *client, int action) {
    *noting = (struct hd__noting){.client = client};
    noting->note.it = (struct hd__stored_change){
        .at_ms = hd__wall_ms(&hd__system_clock),
        .action = action,
        .by = client->by,
        .project = "",
        .webhook_id = "",
        .webhook_name = "",
        .object = "",
    };
    noting->note.user = noting;
}

static void name(struct hd__stored_change *it, const hd_webhook *webhook) {
    it->project = webhook->project;
    it->webhook_id = webhook->id;
    it->webhook_name = webhook->name;
}

void hd__noting_begin(struct hd__noting *noting, hd_client *client, int action, const char *webhook_id) {
    begin(noting, client, action);
    noting->webhook = webhook_id && *webhook_id ? hd__client_webhook(client, webhook_id) : NULL;
    if (noting->webhook)
        name(&noting->note.it, noting->webhook);
    else if (webhook_id)
        noting->note.it.webhook_id = webhook_id;
}

static int describe_from(struct hd__noting *noting, const hd_webhook *before) {
    struct hd__stored_change *it = &noting->note.it;
    hd__buffer_clear(&noting->fields, SIZE_MAX);
    it->action = hd__change_describe(before, noting->after, &noting->fields);
    it->fields = noting->fields.data;
    it->fields_len = noting->fields.len;
    return noting->fields.failed ? HD_E_NO_MEMORY : HD_OK;
}

/* What is stored may be damaged, or sealed with another key: then nobody knows what is different. */
static int describe_stored(struct hd__change_note *note, const struct hd__stored_webhook *before) {
    struct hd__noting *noting = note->user;
    hd_webhook *read = NULL;
    int status = before ? hd__durable_read_webhook(noting->client->store, before, &read) : HD_OK;
    if (status == HD_E_NO_MEMORY)
        return status;
    if (status == HD_OK) {
        status = describe_from(noting, read);
    } else {
        note->it.action = HD_CHANGE_UPDATED;
        note->it.fields_len = 0;
        status = HD_OK;
    }
    hd_webhook_free(read);
    return status;
}

void hd__noting_begin_put(struct hd__noting *noting, hd_client *client, const hd_webhook *after) {
    begin(noting, client, HD_CHANGE_UPDATED);
    noting->after = after;
    noting->note.describe = describe_stored;
    name(&noting->note.it, after);
}

static int describe_present(struct hd__noting *noting) {
    hd_webhook *before = hd__webhooks_get(noting->client->webhooks, noting->after->id);
    int status = describe_from(noting, before);
    hd_webhook_free(before);
    return status;
}

int hd__noting_prepare(struct hd__noting *noting) {
    if (!noting->client->changes)
        return HD_OK;
    int status = noting->after ? describe_present(noting) : HD_OK;
    if (status != HD_OK || noting->note.it.action == 0)
        return status;
    noting->kept = hd__changes_prepare(&noting->note.it);
    return noting->kept ? HD_OK : HD_E_NO_MEMORY;
}

void hd__noting_drop(struct hd__noting *noting) {
    hd__changes_drop(noting->kept);
    noting->kept = NULL;
}

void hd__noting_end(struct hd__noting *noting, int status) {
    if (status == HD_OK && noting->kept)
        hd__changes_add(noting->client->changes, noting->kept, noting->note.it.count);
    else
        hd__changes_drop(noting->kept);
    hd__buffer_free(&noting->fields);
    hd_webhook_free(noting->webhook);
}

int hd__client_note(hd_client *client, int action, const char *webhook_id, const char *object) {
    struct hd__noting noting;
    hd__noting_begin(&noting, client, action, webhook_id);
    noting.note.it.object = object;
    int status = !noting.webhook                          ? HD_E_NOT_FOUND
                 : atomic_load(&client->whole->is_closed) ? HD_E_CLOSED
                                                          : hd__noting_prepare(&noting);
    if (status == HD_OK && client->store)
        status = client->store->ops->add_change(client->store, &noting.note.it);
    hd__noting_end(&noting, status);
    return status;
}

int hd_client_note_reveal(hd_client *client, const char *webhook_id) {
    int status = hd__client_check_writing(client);
    if (status != HD_OK)
        return status;
    return webhook_id ? hd__client_note(client, HD_CHANGE_SECRET_REVEALED, webhook_id, "") : HD_E_INVALID;
}

/* ---- Reading ---- */

struct listing {
    hd_change_list *list;
    int status;
};

static void take(void *user, const struct hd__stored_change *change) {
    struct listing *listing = user;
    if (listing->status == HD_OK)
        listing->status = hd__change_list_add(listing->list, change);
}

static int find(hd_client *client, const struct hd__change_search *search, struct listing *listing) {
    int status = client->store ? client->store->ops->find_changes(client->store, search, take, listing)
                               : hd__changes_find(client->changes, search, take, listing);
    return status == HD_OK ? listing->status : status;
}

int hd_client_changes(hd_client *client, const char *project, const char *webhook_id, int64_t before_id, size_t max,
                      hd_change_list **list) {
    const struct hd__change_search search = {project, webhook_id, before_id, max};
    if (!list)
        return HD_E_INVALID;
    *list = NULL;
    int status = hd__client_check(client);
    if (status != HD_OK)
        return status;
    if (before_id < 0 || max < 1 || max > MAX_AT_ONCE)
        return HD_E_INVALID;
    struct listing listing = {.list = hd__change_list_new()};
    if (!listing.list)
        return HD_E_NO_MEMORY;
    status = find(client, &search, &listing);
    if (status == HD_OK)
        *list = listing.list;
    else
        hd_change_list_free(listing.list);
    return status;
}
