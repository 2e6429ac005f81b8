/* What is done with a store while no client of this process uses it: deleting what is beyond the log's limits, and a
 * new key. */
#include "sign/seal.h"
#include "store/store.h"

#include "base/memory.h"

#include <string.h>

/* ---- A client that does nothing else ---- */

static void ignore_webhook(void *user, const struct hd__stored_webhook *webhook) {
    (void)user, (void)webhook;
}

static void ignore_lane(void *user, const struct hd__lane_note *note) {
    (void)user, (void)note;
}

static void ignore_arrival(void *user, int64_t webhook, int64_t row, int has_tests) {
    (void)user, (void)webhook, (void)row, (void)has_tests;
}

/* Has the work done between joining and leaving. */
static int as_client(hd_store *store, int (*work)(hd_store *store, void *argument), void *argument) {
    static const struct hd__store_listener listener = {ignore_webhook, ignore_lane, ignore_arrival, NULL};
    const struct hd__join join = {.role = HD__ROLE_ACCEPT, .clock = &hd__system_clock, .listener = &listener};
    struct hd__store_state state;
    int status = hd__store_take(store);
    if (status != HD_OK)
        return status;
    status = store->ops->join(store, &join, &state);
    if (status == HD_OK) {
        status = work(store, argument);
        int left = store->ops->leave(store, 1);
        status = status == HD_OK ? left : status;
    }
    hd__store_release(store);
    return status;
}

/* ---- Prune ---- */

static int prune(hd_store *store, void *argument) {
    struct hd__store_state state;
    int status, more;
    (void)argument;
    do
        status = store->ops->tend(store, &state, &more);
    while (status == HD_OK && more);
    return status;
}

int hd_store_prune(hd_store *store) {
    return as_client(store, prune, NULL);
}

/* ---- Rekey ---- */

struct rekeying {
    const unsigned char *before, *after; /* NULL for none */
    struct hd__buffer plain, sealed;
};

static int seal_again(void *user, const char *id, const char *name, struct hd__bytes sealed, struct hd__bytes *again) {
    struct rekeying *rekeying = user;
    const struct hd__seal_place place = {id, name};
    hd__buffer_clear(&rekeying->plain, SIZE_MAX);
    hd__buffer_clear(&rekeying->sealed, SIZE_MAX);
    int status = hd__unseal(rekeying->before, place, sealed.data, sealed.len, &rekeying->plain);
    if (status == HD_OK)
        status = hd__seal(rekeying->after, place, rekeying->plain.data, rekeying->plain.len, &rekeying->sealed);
    if (rekeying->plain.data)
        hd__wipe(rekeying->plain.data, rekeying->plain.size);
    *again = (struct hd__bytes){rekeying->sealed.data, rekeying->sealed.len};
    return status;
}

static int rekey(hd_store *store, void *argument) {
    return store->ops->reseal(store, seal_again, argument);
}

int hd_store_rekey(hd_store *store, const void *key, size_t key_len) {
    unsigned char before[HD__STORE_KEY_SIZE];
    int status = hd__store_check(store);
    if (status != HD_OK)
        return status;
    if (key_len != (key ? HD__STORE_KEY_SIZE : 0) || !store->ops->reseal)
        return HD_E_INVALID;
    memcpy(before, store->key, sizeof before);
    struct rekeying rekeying = {.before = store->has_key ? before : NULL, .after = key};
    status = as_client(store, rekey, &rekeying);
    if (status == HD_OK) {
        store->has_key = key != NULL;
        hd__wipe(store->key, sizeof store->key);
        if (key)
            memcpy(store->key, key, key_len);
    }
    hd__wipe(before, sizeof before);
    hd__buffer_free(&rekeying.plain);
    hd__buffer_free(&rekeying.sealed);
    return status;
}
