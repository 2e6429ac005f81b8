#include "engine/commits.h"

#include <stdlib.h>
#include <string.h>

int hd__commits_init(struct hd__commits *commits, size_t capacity, struct hd__notifier *notifier) {
    *commits = (struct hd__commits){.notifier = notifier, .capacity = capacity};
    if (capacity > 0 && !(commits->ring = calloc(capacity, sizeof commits->ring[0])))
        return HD_E_NO_MEMORY;
    if (pthread_mutex_init(&commits->mutex, NULL) == 0)
        return HD_OK;
    free(commits->ring);
    return HD_E_NO_MEMORY;
}

void hd__commits_destroy(struct hd__commits *commits) {
    pthread_mutex_destroy(&commits->mutex);
    free(commits->ring);
}

static struct hd__commit *at(struct hd__commits *commits, uint64_t number) {
    return &commits->ring[number % commits->capacity];
}

static void notify(struct hd__commits *commits) {
    hd__notifier_set(commits->notifier, HD__NOTIFY_COMMIT, commits->first != commits->told);
}

int hd__commits_has_room(const struct hd__commits *commits) {
    return commits->next - commits->first < commits->capacity;
}

/* With the mutex held. */
static void tell_next(struct hd__commits *commits, int status) {
    at(commits, commits->told++)->status = status;
    notify(commits);
}

void hd__commits_add(struct hd__commits *commits, const struct hd__accepted *accepted, int is_kept) {
    struct hd__commit *commit = at(commits, commits->next++);
    commit->sequence = accepted->sequence;
    memcpy(commit->sent_id, accepted->event_id, sizeof commit->sent_id);
    memcpy(commit->event_id, accepted->event_id, sizeof commit->event_id);
    if (is_kept)
        tell_next(commits, HD_OK);
}

void hd__commits_tell(struct hd__commits *commits, uint64_t sequence, int status,
                      const unsigned char event_id[HD__UUID_BYTES]) {
    if (commits->capacity == 0)
        return;
    pthread_mutex_lock(&commits->mutex);
    struct hd__commit *commit = commits->told != commits->next ? at(commits, commits->told) : NULL;
    if (commit && commit->sequence == sequence) {
        memcpy(commit->event_id, event_id, sizeof commit->event_id);
        tell_next(commits, status);
    }
    pthread_mutex_unlock(&commits->mutex);
}

void hd__commits_tell_all(struct hd__commits *commits, int status) {
    pthread_mutex_lock(&commits->mutex);
    while (commits->told != commits->next)
        tell_next(commits, status);
    pthread_mutex_unlock(&commits->mutex);
}

int hd__commits_take(struct hd__commits *commits, struct hd__commit *commit) {
    pthread_mutex_lock(&commits->mutex);
    int is_there = commits->first != commits->told;
    if (is_there)
        *commit = *at(commits, commits->first++);
    notify(commits);
    pthread_mutex_unlock(&commits->mutex);
    return is_there;
}

void hd__commits_notify(struct hd__commits *commits) {
    pthread_mutex_lock(&commits->mutex);
    notify(commits);
    pthread_mutex_unlock(&commits->mutex);
}
