/* The keeper over a store: what it is given is written in steps, on the store's own thread, and what has been written
 * comes back in a later turn. */
#ifndef HD_ENGINE_KEEP_STORE_H
#define HD_ENGINE_KEEP_STORE_H

#include "engine/ledger.h"
#include "store/store.h"
#include "transport/transport.h"

struct hd__keep_store_config {
    struct hd_store *store;
    int role;                        /* HD__ROLE_... */
    int64_t key_window_ms;           /* how long idempotency keys count */
    int commits;                     /* callers wait until their events are in the store */
    const struct hd__policy *policy; /* which URLs are allowed; NULL for all */
    struct hd__transport *transport; /* whose wait is ended when the store has something to tell */
};

/* Joins the store. Returns a status. */
int hd__keep_store_new(struct hd__ledger *ledger, const struct hd__keep_store_config *config,
                       struct hd__keeper **keeper);

#endif
