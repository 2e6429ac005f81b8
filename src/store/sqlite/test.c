/* A test that the owner of its webhook is to make: no other client sends anything to it. */
#include "store/sqlite/sqlite.h"

#include <string.h>

struct passing {
    const struct hd__stored_event *event;
    int64_t webhook, is_there;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int is_passed;
};

/* Its event counts as shared, although it has one row: so its report is found by it, and a job knows that no webhook
 * has missed it. */
static int add_test(struct hd__sqlite *store, struct passing *passing) {
    struct hd__added added = {.webhook = passing->webhook};
    int64_t key = store->state.next_event;
    int is_new;
    int code = hd__sqlite_write_event(store, passing->event, store->state.next_row, 2, &is_new);
    if (code == SQLITE_OK)
        code = hd__sqlite_add_row(store, passing->event->id, key, HD__DUE_TEST, &added);
    memcpy(passing->delivery_id, added.delivery_id, HD__STORE_ID_SIZE);
    return code;
}

/* One that was killed owns nothing. */
static int pass_work(struct hd__sqlite *store, void *argument) {
    struct passing *passing = argument;
    int found;
    int code = hd__sqlite_end_gone(store, 1, &found);
    if (code == SQLITE_OK)
        code = hd__sqlite_has_webhook(store, passing->webhook, passing->event->project, &passing->is_there);
    int64_t owner = store->shards.owners[hd__shard_of(passing->webhook)];
    int has_taker = owner ? owner != store->client : store->shards.client_count > 0;
    passing->is_passed = code == SQLITE_OK && passing->is_there && has_taker;
    return passing->is_passed ? add_test(store, passing) : code;
}

static int pass(struct hd__sqlite *store, struct passing *passing) {
    return store->role < 0                ? HD_E_CLOSED
           : store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                          : hd__sqlite_write(store, pass_work, passing, NULL);
}

int hd__sqlite_pass_test(struct hd_store *base, const struct hd__stored_event *event, int64_t webhook,
                         unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    struct passing passing = {.event = event, .webhook = webhook};
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    status = pass(store, &passing);
    pthread_mutex_unlock(&store->writing);
    if (status != HD_OK)
        return status;
    memcpy(delivery_id, passing.delivery_id, HD__STORE_ID_SIZE);
    *is_passed = passing.is_passed;
    return passing.is_there ? HD_OK : HD_E_NOT_FOUND;
}
