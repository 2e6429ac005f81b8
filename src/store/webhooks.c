#include "store/webhooks.h"

#include "endpoint/webhook.h"
#include "event/event.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER UINT64_MAX

/* A webhook as it was or is, and the ids of the events for which it counts: from since to before until. */
struct version {
    hd_webhook *webhook;   /* a reference */
    uint64_t since, until; /* FOREVER for the present one */
};

/* Two sorted arrays: one finds the present version of an id, the other keeps each project's versions together. Changes
 * cost a memmove, but they are rare; what matters is that an event finds its project's webhooks at once. */
struct hd__webhooks {
    pthread_mutex_t mutex;
    struct hd_webhook_list by_id; /* present versions; the references are those of the other array */
    struct version *by_project;   /* then by id, the newest first */
    size_t count, capacity;
    size_t past;                    /* how many of them are no longer present */
    uint64_t last_change;           /* since of the newest version */
    struct hd_webhook_list changes; /* since hd__webhooks_take_changes was called last */
    atomic_int has_changes;
};

struct hd__webhooks *hd__webhooks_new(void) {
    struct hd__webhooks *webhooks = calloc(1, sizeof *webhooks);
    if (webhooks && pthread_mutex_init(&webhooks->mutex, NULL) != 0) {
        free(webhooks);
        return NULL;
    }
    return webhooks;
}

void hd__webhooks_free(struct hd__webhooks *webhooks) {
    if (!webhooks)
        return;
    for (size_t i = 0; i < webhooks->count; i++)
        hd_webhook_free(webhooks->by_project[i].webhook);
    hd__webhook_list_clear(&webhooks->changes);
    free(webhooks->changes.items);
    free(webhooks->by_project);
    free(webhooks->by_id.items);
    pthread_mutex_destroy(&webhooks->mutex);
    free(webhooks);
}

/* ---- The two arrays ---- */

/* Index in by_id of the first that does not come before id. */
static size_t id_bound(const struct hd__webhooks *webhooks, const char *id) {
    size_t low = 0, high = webhooks->by_id.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(webhooks->by_id.items[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index in by_id; by_id.count if there is none. */
static size_t find(const struct hd__webhooks *webhooks, const char *id) {
    size_t at = id_bound(webhooks, id);
    return at < webhooks->by_id.count && strcmp(webhooks->by_id.items[at]->id, id) == 0 ? at : webhooks->by_id.count;
}

/* Index in by_project of the first version that does not come before project and id. */
static size_t project_bound(const struct hd__webhooks *webhooks, const char *project, const char *id) {
    size_t low = 0, high = webhooks->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const hd_webhook *webhook = webhooks->by_project[middle].webhook;
        int order = strcmp(webhook->project, project);
        if (order < 0 || (order == 0 && strcmp(webhook->id, id) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int reserve_list(struct hd_webhook_list *list) {
    if (list->count < list->capacity)
        return HD_OK;
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    hd_webhook **items = realloc(list->items, capacity * sizeof(hd_webhook *));
    if (!items)
        return HD_E_NO_MEMORY;
    list->items = items;
    list->capacity = capacity;
    return HD_OK;
}

static int reserve_version(struct hd__webhooks *webhooks) {
    if (webhooks->count < webhooks->capacity)
        return HD_OK;
    size_t capacity = webhooks->capacity ? webhooks->capacity * 2 : 16;
    struct version *versions = realloc(webhooks->by_project, capacity * sizeof *versions);
    if (!versions)
        return HD_E_NO_MEMORY;
    webhooks->by_project = versions;
    webhooks->capacity = capacity;
    return HD_OK;
}

/* ---- Changes ---- */

/* The id from which a change counts: callers may come here in another order than they asked for it. */
static uint64_t change_at(struct hd__webhooks *webhooks, uint64_t next_event) {
    if (webhooks->last_change < next_event)
        webhooks->last_change = next_event;
    return webhooks->last_change;
}

static void note_change(struct hd__webhooks *webhooks, hd_webhook *webhook) {
    (void)hd__webhook_list_add(&webhooks->changes, webhook);
    atomic_store(&webhooks->has_changes, 1);
}

/* Without memory to list the change, a holder of a reference finds out when it looks at the webhook next. */
static void note_removal(struct hd__webhooks *webhooks, hd_webhook *webhook) {
    atomic_store(&webhook->is_removed, 1);
    note_change(webhooks, webhook);
}

/* Takes the version at this index of by_id out of the present. */
static void end_version(struct hd__webhooks *webhooks, size_t at, uint64_t until) {
    struct hd_webhook_list *list = &webhooks->by_id;
    const hd_webhook *webhook = list->items[at];
    size_t version = project_bound(webhooks, webhook->project, webhook->id);
    while (webhooks->by_project[version].webhook != webhook)
        version++;
    webhooks->by_project[version].until = until;
    webhooks->past++;
    list->count--;
    memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(hd_webhook *));
}

static void begin_version(struct hd__webhooks *webhooks, hd_webhook *webhook, uint64_t since) {
    struct hd_webhook_list *list = &webhooks->by_id;
    size_t at = id_bound(webhooks, webhook->id);
    memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(hd_webhook *));
    list->items[at] = webhook;
    list->count++;
    size_t version = project_bound(webhooks, webhook->project, webhook->id);
    memmove(&webhooks->by_project[version + 1], &webhooks->by_project[version],
            (webhooks->count - version) * sizeof(struct version));
    webhooks->by_project[version] = (struct version){webhook, since, FOREVER};
    webhooks->count++;
}

static int reserve(struct hd__webhooks *webhooks) {
    int status = reserve_list(&webhooks->by_id);
    if (status == HD_OK)
        status = reserve_list(&webhooks->changes);
    return status == HD_OK ? reserve_version(webhooks) : status;
}

int hd__webhooks_reserve(struct hd__webhooks *webhooks) {
    pthread_mutex_lock(&webhooks->mutex);
    int status = reserve(webhooks);
    pthread_mutex_unlock(&webhooks->mutex);
    return status;
}

/* One in another project is as if it was removed. */
static void replace(struct hd__webhooks *webhooks, size_t at, hd_webhook *snapshot, uint64_t since) {
    hd_webhook *present = at < webhooks->by_id.count ? webhooks->by_id.items[at] : NULL;
    if (!present)
        return;
    if (strcmp(present->project, snapshot->project) != 0)
        note_removal(webhooks, present);
    else
        hd__webhook_share_meter(snapshot, present);
    end_version(webhooks, at, since);
}

int hd__webhooks_put(struct hd__webhooks *webhooks, hd_webhook *snapshot, uint64_t next_event) {
    pthread_mutex_lock(&webhooks->mutex);
    int status = reserve(webhooks);
    if (status == HD_OK) {
        uint64_t since = change_at(webhooks, next_event);
        note_change(webhooks, snapshot); /* for which there is room */
        replace(webhooks, find(webhooks, snapshot->id), snapshot, since);
        begin_version(webhooks, snapshot, since);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    return status;
}

static void remove_at(struct hd__webhooks *webhooks, size_t at, uint64_t next_event) {
    note_removal(webhooks, webhooks->by_id.items[at]);
    end_version(webhooks, at, change_at(webhooks, next_event));
}

int hd__webhooks_remove(struct hd__webhooks *webhooks, const char *id, uint64_t next_event) {
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = find(webhooks, id);
    int found = at < webhooks->by_id.count;
    if (found)
        remove_at(webhooks, at, next_event);
    pthread_mutex_unlock(&webhooks->mutex);
    return found ? HD_OK : HD_E_NOT_FOUND;
}

void hd__webhooks_remove_old(struct hd__webhooks *webhooks, const char *id, int64_t key) {
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = find(webhooks, id);
    if (at < webhooks->by_id.count && webhooks->by_id.items[at]->label->keys.webhook == key)
        remove_at(webhooks, at, 0);
    pthread_mutex_unlock(&webhooks->mutex);
}

void hd__webhooks_forget(struct hd__webhooks *webhooks, uint64_t oldest_event) {
    pthread_mutex_lock(&webhooks->mutex);
    if (webhooks->past > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < webhooks->count; i++) {
            struct version *version = &webhooks->by_project[i];
            if (version->until <= oldest_event) {
                hd_webhook_free(version->webhook);
                webhooks->past--;
            } else {
                webhooks->by_project[kept++] = *version;
            }
        }
        webhooks->count = kept;
    }
    pthread_mutex_unlock(&webhooks->mutex);
}

void hd__webhooks_take_changes(struct hd__webhooks *webhooks, struct hd_webhook_list *changes) {
    if (!atomic_load(&webhooks->has_changes))
        return;
    pthread_mutex_lock(&webhooks->mutex);
    struct hd_webhook_list taken = webhooks->changes;
    webhooks->changes = *changes;
    *changes = taken;
    atomic_store(&webhooks->has_changes, 0);
    pthread_mutex_unlock(&webhooks->mutex);
}

/* ---- Looking up ---- */

hd_webhook *hd__webhooks_get(struct hd__webhooks *webhooks, const char *id) {
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = find(webhooks, id);
    hd_webhook *webhook = at < webhooks->by_id.count ? hd__webhook_ref(webhooks->by_id.items[at]) : NULL;
    pthread_mutex_unlock(&webhooks->mutex);
    return webhook;
}

int hd__webhook_list_add(struct hd_webhook_list *list, hd_webhook *webhook) {
    int status = reserve_list(list);
    if (status == HD_OK)
        list->items[list->count++] = hd__webhook_ref(webhook);
    return status;
}

int hd__webhooks_list(struct hd__webhooks *webhooks, const char *project, struct hd_webhook_list *list) {
    int status = HD_OK;
    pthread_mutex_lock(&webhooks->mutex);
    for (size_t i = project ? project_bound(webhooks, project, "") : 0; i < webhooks->count && status == HD_OK; i++) {
        const struct version *version = &webhooks->by_project[i];
        if (project && strcmp(version->webhook->project, project) != 0)
            break;
        if (version->until == FOREVER)
            status = hd__webhook_list_add(list, version->webhook);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    if (status != HD_OK)
        hd__webhook_list_clear(list);
    return status;
}

/* Whether an event was to get this version when it was accepted. */
static int subscribed(const struct version *version, const hd_event *event, uint64_t sequence) {
    const hd_webhook *webhook = version->webhook;
    return version->since <= sequence && sequence < version->until && webhook->mode != HD_MODE_OFF &&
           hd_webhook_subscribed(webhook, hd_event_type(event)) && !hd__event_is_about(event, webhook->id);
}

/* The first of its adjacent versions: the newest. */
static const struct version *newest(const struct hd__webhooks *webhooks, size_t index) {
    const struct version *at = &webhooks->by_project[index];
    while (at > webhooks->by_project && strcmp(at[-1].webhook->id, at->webhook->id) == 0 &&
           strcmp(at[-1].webhook->project, at->webhook->project) == 0)
        at--;
    return at;
}

int hd__webhooks_subscribers(struct hd__webhooks *webhooks, const hd_event *event, uint64_t sequence,
                             struct hd_webhook_list *list) {
    const char *project = hd_event_get(event, HD_FIELD_PROJECT, NULL);
    int status = HD_OK;
    pthread_mutex_lock(&webhooks->mutex);
    for (size_t i = project_bound(webhooks, project, ""); i < webhooks->count && status == HD_OK; i++) {
        const struct version *version = &webhooks->by_project[i];
        if (strcmp(version->webhook->project, project) != 0)
            break;
        if (subscribed(version, event, sequence))
            status = hd__webhook_list_add(list, newest(webhooks, i)->webhook);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    if (status != HD_OK)
        hd__webhook_list_clear(list);
    return status;
}

/* ---- Lists ---- */

void hd__webhook_list_clear(struct hd_webhook_list *list) {
    while (list->count > 0)
        hd_webhook_free(list->items[--list->count]);
}

size_t hd_webhook_list_count(const hd_webhook_list *list) {
    return list ? list->count : 0;
}

const hd_webhook *hd_webhook_list_at(const hd_webhook_list *list, size_t index) {
    return list && index < list->count ? list->items[index] : NULL;
}

void hd_webhook_list_free(hd_webhook_list *list) {
    if (!list)
        return;
    hd__webhook_list_clear(list);
    free(list->items);
    free(list);
}
