#include "store/store.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int hd__store_check(hd_store *store) {
    return !store                         ? HD_E_INVALID
           : store->abi != HD__STORE_ABI  ? HD_E_STORE_VERSION
           : store->pid != (long)getpid() ? HD_E_FORKED
                                          : HD_OK;
}

int hd__store_take(hd_store *store) {
    int status = hd__store_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&mutex);
    int is_free = !store->in_use;
    store->in_use = 1;
    pthread_mutex_unlock(&mutex);
    return is_free ? HD_OK : HD_E_IN_USE;
}

void hd__store_release(hd_store *store) {
    pthread_mutex_lock(&mutex);
    store->in_use = 0;
    pthread_mutex_unlock(&mutex);
}

int hd_store_set_retention(hd_store *store, uint64_t max_reports, int64_t max_age_ms, uint64_t max_bytes) {
    int status = hd__store_check(store);
    if (status != HD_OK)
        return status;
    if (max_age_ms < 0)
        return HD_E_INVALID;
    if (store->in_use)
        return HD_E_IN_USE;
    store->max_reports = max_reports;
    store->max_age_ms = max_age_ms;
    store->max_log_bytes = max_bytes;
    return HD_OK;
}

size_t hd__store_error(hd_store *store, char *text, size_t size) {
    pthread_mutex_lock(&store->error_mutex);
    int len = snprintf(text, size, "%s", store->error);
    pthread_mutex_unlock(&store->error_mutex);
    return len < 0 ? 0 : (size_t)len;
}

size_t hd_store_error(hd_store *store, char *text, size_t size) {
    if (text && size > 0)
        *text = '\0';
    return hd__store_check(store) == HD_OK && (text || size == 0) ? hd__store_error(store, text, size) : 0;
}

hd_store *hd__store_ref(hd_store *store) {
    if (store)
        atomic_fetch_add_explicit(&store->sharers, 1, memory_order_relaxed);
    return store;
}

/* Of a store that another version of the library made, nothing is known but that it is one. */
void hd_store_free(hd_store *store) {
    if (!store || store->abi != HD__STORE_ABI)
        return;
    if (atomic_fetch_sub_explicit(&store->sharers, 1, memory_order_acq_rel) != 0)
        return;
    hd__wipe(store->key, sizeof store->key);
    store->ops->free(store);
}

struct hd__condition hd__condition_of(const struct hd__lane_note *note) {
    int is_paused = note->state == HD_WEBHOOK_PAUSED && note->left_ms > 0;
    int is_active = note->state == HD_WEBHOOK_ACTIVE;
    return (struct hd__condition){
        .state = is_paused                              ? HD_WEBHOOK_PAUSED
                 : note->throttled_ms > 0               ? HD_WEBHOOK_THROTTLED
                 : note->state == HD_WEBHOOK_PAUSED     ? HD_WEBHOOK_PROBING
                 : is_active && note->health.is_failing ? HD_WEBHOOK_FAILING
                                                        : note->state,
        .left_ms = is_paused ? note->left_ms : note->throttled_ms,
        .health = note->health,
    };
}

int hd__store_condition(hd_store *store, const char *id, struct hd__condition *condition) {
    struct hd__lane_note note = {.state = HD_WEBHOOK_ACTIVE};
    int status = store->ops->lane_state(store, id, &note);
    *condition = hd__condition_of(&note);
    return status;
}
