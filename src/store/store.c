#include "store/store.h"

#include "base/memory.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int hd__store_take(hd_store *store) {
    if (store->abi != HD__STORE_ABI)
        return HD_E_STORE_VERSION;
    pthread_mutex_lock(&mutex);
    int is_free = !store->in_use;
    store->in_use = 1;
    pthread_mutex_unlock(&mutex);
    return is_free ? HD_OK : HD_E_STATE;
}

void hd__store_release(hd_store *store) {
    pthread_mutex_lock(&mutex);
    store->in_use = 0;
    pthread_mutex_unlock(&mutex);
}

int hd_store_set_retention(hd_store *store, uint64_t max_reports, int64_t max_age_ms) {
    if (!store || max_age_ms < 0)
        return HD_E_INVALID;
    if (store->in_use)
        return HD_E_STATE;
    store->max_reports = max_reports;
    store->max_age_ms = max_age_ms;
    return HD_OK;
}

void hd_store_free(hd_store *store) {
    if (!store)
        return;
    hd__wipe(store->key, sizeof store->key);
    store->ops->free(store);
}
