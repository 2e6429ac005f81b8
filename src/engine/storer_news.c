/* Keeps what the store reports until the loop takes it, and the changes of webhooks that this client makes itself. */
#include "engine/storer_inside.h"

#include "endpoint/url.h"
#include "engine/naming.h"
#include "store/durable.h"

#include <stdlib.h>
#include <time.h>

#define PATIENCE 200 /* times that memory is waited for, 10 ms each */

/* ---- Memory ---- */

static void nap(void) {
    static const struct timespec time = {.tv_nsec = 10 * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* The store reports everything only once: so this thread, which may block, waits for memory. */
void *hd__storer_realloc(struct hd__storer *storer, void *memory, size_t size) {
    void *grown = NULL;
    for (int i = 0; !grown && i <= PATIENCE; i++) {
        if (i > 0)
            nap();
        grown = realloc(memory, size);
    }
    if (!grown)
        hd__log(&storer->log, HD_LEVEL_ERROR, "out of memory: something that the store told was missed");
    return grown;
}

/* ---- What the store tells ---- */

void hd__told_free(struct hd__told *told) {
    hd_webhook_free(told->webhook);
    free(told);
}

static void tell(struct hd__storer *storer, const struct hd__told *what) {
    struct hd__told *told = hd__storer_realloc(storer, NULL, sizeof *told);
    if (!told) {
        hd_webhook_free(what->webhook);
        return;
    }
    *told = *what;
    told->next = NULL;
    pthread_mutex_lock(&storer->monitor.mutex);
    *(storer->last_told ? &storer->last_told->next : &storer->first_told) = told;
    storer->last_told = told;
    atomic_store(&storer->has_news, 1);
    pthread_mutex_unlock(&storer->monitor.mutex);
}

/* A snapshot of a webhook as it is stored, under the rules of this program. */
static int read_once(struct hd__storer *storer, const struct hd__stored_webhook *stored, hd_webhook **snapshot) {
    hd_webhook *webhook = NULL;
    int status = hd__durable_read_webhook(storer->store, stored, &webhook);
    if (status == HD_OK)
        status = hd__webhook_snapshot(webhook, snapshot);
    hd_webhook_free(webhook);
    if (status != HD_OK)
        return status;
    (*snapshot)->label->keys = stored->keys;
    (*snapshot)->is_removed = stored->is_removed;
    (*snapshot)->forbidden = storer->policy ? hd__url_allowed((*snapshot)->url, storer->policy) : HD_OK;
    if ((*snapshot)->forbidden != HD_E_NO_MEMORY)
        return HD_OK;
    hd_webhook_free(*snapshot);
    *snapshot = NULL;
    return HD_E_NO_MEMORY;
}

static int read_webhook(struct hd__storer *storer, const struct hd__stored_webhook *stored, hd_webhook **snapshot) {
    int status = read_once(storer, stored, snapshot);
    for (int i = 0; status == HD_E_NO_MEMORY && i < PATIENCE; i++) {
        nap();
        status = read_once(storer, stored, snapshot);
    }
    return status;
}

/* The registry has what is there; the loop has all. */
static void register_webhook(struct hd__storer *storer, const struct hd__stored_webhook *stored, hd_webhook *snapshot) {
    if (stored->is_removed)
        hd__webhooks_remove_old(storer->webhooks, stored->id, stored->keys.webhook);
    else if (snapshot && hd__webhooks_put(storer->webhooks, hd__webhook_ref(snapshot), 0) != HD_OK)
        hd_webhook_free(snapshot);
    hd__webhooks_forget(storer->webhooks, UINT64_MAX - 1);
}

static void take_webhook(void *user, const struct hd__stored_webhook *stored) {
    struct hd__storer *storer = user;
    hd_webhook *snapshot = NULL;
    char naming[HD__NAMING_SIZE];
    int status = read_webhook(storer, stored, &snapshot);
    if ((status == HD_E_STORE_KEY || status == HD_E_NO_MEMORY) && !storer->has_joined)
        storer->join_status = status;
    if (status != HD_OK)
        hd__log(&storer->log, HD_LEVEL_ERROR, "webhook %s in the store cannot be read: it is left out (%s)",
                hd__name_webhook(stored->id, stored->name, naming), hd_strerror(status));
    if (snapshot && snapshot->forbidden != HD_OK)
        hd__log(&storer->log, HD_LEVEL_WARNING,
                "nothing is sent to webhook %s, since this program does not allow its URL: what waits for it is kept "
                "(%s)",
                hd__name_webhook(stored->id, stored->name, naming), hd_strerror(snapshot->forbidden));
    register_webhook(storer, stored, snapshot);
    const struct hd__told told = {
        .kind = HD__TOLD_WEBHOOK,
        .key = stored->keys.webhook,
        .webhook = snapshot,
        .discarded_up_to = stored->discarded_up_to,
    };
    tell(storer, &told);
}

static void take_lane(void *user, const struct hd__lane_note *note) {
    const struct hd__told told = {.kind = HD__TOLD_LANE, .key = note->webhook, .note = *note};
    tell(user, &told);
}

static void take_arrived(void *user, int64_t webhook, int64_t row, int has_tests) {
    const struct hd__told told = {.kind = HD__TOLD_ARRIVED, .key = webhook, .has_tests = has_tests};
    (void)row;
    tell(user, &told);
}

struct hd__store_listener hd__storer_listener(struct hd__storer *storer) {
    return (struct hd__store_listener){take_webhook, take_lane, take_arrived, storer};
}

void hd__storer_take_state(struct hd__storer *storer, const struct hd__store_state *state) {
    pthread_mutex_lock(&storer->monitor.mutex);
    uint64_t lost = storer->state.lost | state->lost;
    int is_new = lost != storer->state.lost || state->owned != storer->state.owned ||
                 state->leaving != storer->state.leaving || state->waiting != storer->state.waiting ||
                 state->last_row != storer->state.last_row;
    storer->state = *state;
    storer->state.lost = lost;
    atomic_store(&storer->safe_until_us, state->safe_until_us);
    if (is_new)
        atomic_store(&storer->has_news, 1);
    pthread_mutex_unlock(&storer->monitor.mutex);
}

/* ---- What this client changes itself ---- */

static void tell_webhook(struct hd__storer *storer, hd_webhook *webhook) {
    const struct hd__told told = {
        .kind = HD__TOLD_WEBHOOK, .key = webhook->label->keys.webhook, .webhook = hd__webhook_ref(webhook)};
    tell(storer, &told);
}

static int put(struct hd__storer *storer, hd_webhook *snapshot, uint64_t expected, uint64_t sequence,
               struct hd__change_note *note) {
    int status = hd__webhooks_reserve(storer->webhooks);
    if (status == HD_OK)
        status = hd__durable_put_webhook(storer->store, snapshot, expected, note);
    if (status != HD_OK)
        return status;
    hd_webhook *told = hd__webhook_ref(snapshot); /* another thread may replace it at once */
    status = hd__webhooks_put(storer->webhooks, snapshot, sequence);
    tell_webhook(storer, told);
    hd_webhook_free(told);
    return status;
}

int hd__storer_put_webhook(struct hd__storer *storer, hd_webhook *snapshot, uint64_t expected, uint64_t sequence,
                           struct hd__change_note *note) {
    pthread_mutex_lock(&storer->changes);
    int status = put(storer, snapshot, expected, sequence, note);
    hd__webhooks_forget(storer->webhooks, UINT64_MAX - 1);
    pthread_mutex_unlock(&storer->changes);
    return status;
}

int hd__storer_remove_webhook(struct hd__storer *storer, const char *id, uint64_t sequence,
                              struct hd__change_note *note) {
    uint64_t change;
    pthread_mutex_lock(&storer->changes);
    hd_webhook *webhook = hd__webhooks_get(storer->webhooks, id);
    int status = storer->store->ops->remove_webhook(storer->store, id, &change, note);
    if (status == HD_OK)
        (void)hd__webhooks_remove(storer->webhooks, id, sequence);
    if (status == HD_OK && webhook)
        tell_webhook(storer, webhook);
    hd__webhooks_forget(storer->webhooks, UINT64_MAX - 1);
    pthread_mutex_unlock(&storer->changes);
    hd_webhook_free(webhook);
    return status;
}

int hd__storer_discard(struct hd__storer *storer, const hd_webhook *webhook, uint64_t *count,
                       struct hd__change_note *note) {
    return storer->store->ops->discard(storer->store, webhook->id, count, note);
}

/* ---- The loop takes it ---- */

int hd__storer_take_news(struct hd__storer *storer, struct hd__told **told, struct hd__store_state *state,
                         int *look_status) {
    if (!atomic_exchange(&storer->has_news, 0))
        return 0;
    pthread_mutex_lock(&storer->monitor.mutex);
    *told = storer->first_told;
    storer->first_told = storer->last_told = NULL;
    *state = storer->state;
    storer->state.lost = 0;
    *look_status = storer->look_status;
    pthread_mutex_unlock(&storer->monitor.mutex);
    return 1;
}

void hd__storer_forget_news(struct hd__storer *storer) {
    struct hd__told *told = NULL;
    struct hd__store_state state;
    struct hd_webhook_list changes = {0};
    int look_status;
    hd__webhooks_take_changes(storer->webhooks, &changes);
    hd__webhook_list_clear(&changes);
    free(changes.items);
    (void)hd__storer_take_news(storer, &told, &state, &look_status);
    while (told) {
        struct hd__told *next = told->next;
        hd__told_free(told);
        told = next;
    }
}
