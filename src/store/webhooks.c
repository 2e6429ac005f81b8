#include "store/webhooks.h"

#include "endpoint/webhook.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Two sorted arrays of the same webhooks: one finds an id, the other keeps each project's webhooks together. Changes
 * cost a memmove, but they are rare; what matters is that an event finds its project's webhooks at once. */
struct hd__webhooks {
    pthread_mutex_t mutex;
    struct hd_webhook_list by_id;      /* holds the references */
    struct hd_webhook_list by_project; /* then by id */
};

typedef int compare_function(const hd_webhook *webhook, const char *project, const char *id);

static int compare_id(const hd_webhook *webhook, const char *project, const char *id) {
    (void)project;
    return strcmp(webhook->id, id);
}

static int compare_project(const hd_webhook *webhook, const char *project, const char *id) {
    int order = strcmp(webhook->project, project);
    return order ? order : strcmp(webhook->id, id);
}

/* Index of the first webhook that does not come before this project and id. */
static size_t lower_bound(const struct hd_webhook_list *list, compare_function *compare, const char *project,
                          const char *id) {
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(list->items[middle], project, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int reserve(struct hd_webhook_list *list) {
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

int hd__webhook_list_add(struct hd_webhook_list *list, hd_webhook *webhook) {
    int status = reserve(list);
    if (status == HD_OK)
        list->items[list->count++] = hd__webhook_ref(webhook);
    return status;
}

static void insert(struct hd_webhook_list *list, size_t at, hd_webhook *webhook) {
    memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(hd_webhook *));
    list->items[at] = webhook;
    list->count++;
}

static hd_webhook *take_out(struct hd_webhook_list *list, size_t at) {
    hd_webhook *webhook = list->items[at];
    list->count--;
    memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(hd_webhook *));
    return webhook;
}

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
    hd__webhook_list_clear(&webhooks->by_id);
    free(webhooks->by_id.items);
    free(webhooks->by_project.items);
    pthread_mutex_destroy(&webhooks->mutex);
    free(webhooks);
}

/* Index in by_id; by_id.count if there is none. */
static size_t find(const struct hd__webhooks *webhooks, const char *id) {
    size_t at = lower_bound(&webhooks->by_id, compare_id, NULL, id);
    return at < webhooks->by_id.count && strcmp(webhooks->by_id.items[at]->id, id) == 0 ? at : webhooks->by_id.count;
}

static hd_webhook *take_out_both(struct hd__webhooks *webhooks, size_t at) {
    hd_webhook *webhook = take_out(&webhooks->by_id, at);
    take_out(&webhooks->by_project, lower_bound(&webhooks->by_project, compare_project, webhook->project, webhook->id));
    return webhook;
}

int hd__webhooks_put(struct hd__webhooks *webhooks, hd_webhook *snapshot) {
    hd_webhook *replaced = NULL;
    pthread_mutex_lock(&webhooks->mutex);
    int status = reserve(&webhooks->by_id);
    if (status == HD_OK)
        status = reserve(&webhooks->by_project);
    if (status == HD_OK) {
        size_t at = find(webhooks, snapshot->id);
        if (at < webhooks->by_id.count)
            replaced = take_out_both(webhooks, at);
        insert(&webhooks->by_id, lower_bound(&webhooks->by_id, compare_id, NULL, snapshot->id), snapshot);
        insert(&webhooks->by_project,
               lower_bound(&webhooks->by_project, compare_project, snapshot->project, snapshot->id), snapshot);
    }
    pthread_mutex_unlock(&webhooks->mutex);
    hd_webhook_free(replaced);
    return status;
}

hd_webhook *hd__webhooks_get(struct hd__webhooks *webhooks, const char *id) {
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = find(webhooks, id);
    hd_webhook *webhook = at < webhooks->by_id.count ? hd__webhook_ref(webhooks->by_id.items[at]) : NULL;
    pthread_mutex_unlock(&webhooks->mutex);
    return webhook;
}

int hd__webhooks_remove(struct hd__webhooks *webhooks, const char *id) {
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = find(webhooks, id);
    hd_webhook *removed = at < webhooks->by_id.count ? take_out_both(webhooks, at) : NULL;
    pthread_mutex_unlock(&webhooks->mutex);
    hd_webhook_free(removed);
    return removed ? HD_OK : HD_E_NOT_FOUND;
}

static int is_subscriber(const hd_webhook *webhook, int type) {
    return webhook->enabled && hd_webhook_event(webhook, type);
}

/* Appends references to a project's webhooks: those that subscribe to type, or all for HD_EVENT_UNKNOWN. */
static int collect(struct hd__webhooks *webhooks, const char *project, int type, struct hd_webhook_list *list) {
    const struct hd_webhook_list *all = &webhooks->by_project;
    int status = HD_OK;
    pthread_mutex_lock(&webhooks->mutex);
    size_t at = project ? lower_bound(all, compare_project, project, "") : 0;
    for (; at < all->count && (!project || strcmp(all->items[at]->project, project) == 0); at++) {
        if (type != HD_EVENT_UNKNOWN && !is_subscriber(all->items[at], type))
            continue;
        status = hd__webhook_list_add(list, all->items[at]);
        if (status != HD_OK)
            break;
    }
    pthread_mutex_unlock(&webhooks->mutex);
    if (status != HD_OK)
        hd__webhook_list_clear(list);
    return status;
}

int hd__webhooks_list(struct hd__webhooks *webhooks, const char *project, struct hd_webhook_list *list) {
    return collect(webhooks, project, HD_EVENT_UNKNOWN, list);
}

int hd__webhooks_subscribers(struct hd__webhooks *webhooks, const hd_event *event, struct hd_webhook_list *list) {
    return collect(webhooks, hd_event_project(event), hd_event_type(event), list);
}

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
