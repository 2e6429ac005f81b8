#include "store/changes.h"

#include "store/change.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A list, the newest first. */
struct hd__kept_change {
    struct hd__kept_change *next;
    hd_change_list *list; /* its only entry */
    struct hd__stored_change it;
};

struct hd__changes {
    pthread_mutex_t mutex;
    struct hd__kept_change *first;
    int64_t last_id;
};

struct hd__changes *hd__changes_new(void) {
    struct hd__changes *changes = calloc(1, sizeof *changes);
    if (changes && pthread_mutex_init(&changes->mutex, NULL) != 0) {
        free(changes);
        return NULL;
    }
    return changes;
}

void hd__changes_drop(struct hd__kept_change *prepared) {
    if (prepared)
        hd_change_list_free(prepared->list);
    free(prepared);
}

void hd__changes_free(struct hd__changes *changes) {
    if (!changes)
        return;
    while (changes->first) {
        struct hd__kept_change *change = changes->first;
        changes->first = change->next;
        hd__changes_drop(change);
    }
    pthread_mutex_destroy(&changes->mutex);
    free(changes);
}

struct hd__kept_change *hd__changes_prepare(const struct hd__stored_change *stored) {
    struct hd__kept_change *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->list = hd__change_list_new();
    if (!made->list || hd__change_list_add(made->list, stored) != HD_OK) {
        hd__changes_drop(made);
        return NULL;
    }
    hd__change_list_stored(made->list, &made->it);
    return made;
}

static int is_of(const char *wanted, const char *text) {
    return !wanted || strcmp(wanted, text) == 0;
}

/* What is beyond the bounds, now that there is one more of its webhook and its project. */
static void cut(struct hd__changes *changes) {
    const struct hd__stored_change *newest = &changes->first->it;
    size_t of_webhook = 0, of_project = 0, in_all = 0;
    for (struct hd__kept_change **at = &changes->first; *at;) {
        struct hd__kept_change *change = *at;
        int is_same_project = is_of(newest->project, change->it.project);
        int is_same_webhook = *newest->webhook_id && is_of(newest->webhook_id, change->it.webhook_id);
        in_all++;
        of_project += (size_t)is_same_project;
        of_webhook += (size_t)is_same_webhook;
        if (in_all > HD__CHANGES_KEPT || (is_same_project && of_project > HD__CHANGES_OF_PROJECT) ||
            (is_same_webhook && of_webhook > HD__CHANGES_OF_WEBHOOK)) {
            *at = change->next;
            hd__changes_drop(change);
        } else {
            at = &change->next;
        }
    }
}

void hd__changes_add(struct hd__changes *changes, struct hd__kept_change *prepared, uint64_t count) {
    pthread_mutex_lock(&changes->mutex);
    prepared->it.count = count;
    prepared->it.id = ++changes->last_id;
    prepared->next = changes->first;
    changes->first = prepared;
    cut(changes);
    pthread_mutex_unlock(&changes->mutex);
}

int hd__changes_find(struct hd__changes *changes, const struct hd__change_search *search,
                     void (*tell)(void *user, const struct hd__stored_change *change), void *user) {
    size_t count = 0;
    pthread_mutex_lock(&changes->mutex);
    for (const struct hd__kept_change *at = changes->first; at && count < search->max; at = at->next)
        if ((search->before_id == 0 || at->it.id < search->before_id) && is_of(search->project, at->it.project) &&
            is_of(search->webhook_id, at->it.webhook_id)) {
            tell(user, &at->it);
            count++;
        }
    pthread_mutex_unlock(&changes->mutex);
    return HD_OK;
}
