#include "engine/storer_inside.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_US ((int64_t)20 * 1000)      /* while something happens, */
#define IDLE_LOOK_US ((int64_t)80 * 1000) /* and when nothing has for this long: */
#define ACTIVE_US ((int64_t)1000 * 1000)
#define TEND_US ((int64_t)1000 * 1000)
#define BROUGHT_BYTES ((size_t)4 * 1024 * 1024) /* of one step, about */

/* ---- A step ---- */

/* Makes room for one more. Returns whether there is. */
static int reserve(struct hd__storer *storer, void **items, size_t item, size_t count, size_t *size) {
    if (count < *size)
        return 1;
    size_t wanted = *size ? *size * 2 : 64;
    void *grown = hd__storer_realloc(storer, *items, wanted * item);
    if (!grown)
        return 0;
    *items = grown;
    *size = wanted;
    return 1;
}

static void take_added(void *user, const struct hd__added *added) {
    struct hd__storer *storer = user;
    if (reserve(storer, (void **)&storer->added, sizeof storer->added[0], storer->added_count, &storer->added_size))
        storer->added[storer->added_count++] = *added;
}

static void read_claimed(const struct hd__claimed *row, struct hd__brought *brought) {
    brought->stored = (struct hd__stored_delivery){
        .row = row->row, .due_ms = row->due_ms, .tries = row->tries, .may_be_repeated = row->may_be_repeated};
    memcpy(brought->stored.delivery_id, row->delivery_id, sizeof row->delivery_id);
    memcpy(brought->event_id, row->event.id, sizeof brought->event_id);
    brought->accepted_at_ms = row->event.accepted_at_ms;
    brought->is_test = row->is_test;
    if (row->event.redelivery_of)
        memcpy(brought->redelivery_of, row->event.redelivery_of, sizeof brought->redelivery_of);
}

/* Without memory the row stays for the next claim. */
static int take_claimed(void *user, size_t claim, const struct hd__claimed *row) {
    struct hd__storer *storer = user;
    struct hd__brought brought = {.claim = claim};
    if (storer->brought_bytes > BROUGHT_BYTES ||
        !reserve(storer, (void **)&storer->brought, sizeof brought, storer->brought_count, &storer->brought_size))
        return 0;
    read_claimed(row, &brought);
    if (hd__recent_read(&storer->recent, &row->event, &brought.event) == HD_E_NO_MEMORY)
        return 0;
    storer->brought_bytes += row->event.body.len;
    storer->brought[storer->brought_count++] = brought;
    return 1;
}

static void finish(struct hd__storer *storer, int status) {
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->status = status;
    storer->phase = HD__STORER_FINISHED;
    pthread_cond_broadcast(&storer->monitor.changed);
    pthread_mutex_unlock(&storer->monitor.mutex);
    if (storer->transport)
        storer->transport->wake(storer->transport);
}

static void make_step(struct hd__storer *storer) {
    struct hd__store_state state = {0};
    storer->step.added = take_added;
    storer->step.claimed = take_claimed;
    storer->step.user = storer;
    pthread_mutex_lock(&storer->changes);
    int status = storer->store->ops->step(storer->store, &storer->step, &state);
    pthread_mutex_unlock(&storer->changes);
    storer->has_stepped = 1;
    if (status == HD_OK)
        hd__storer_take_state(storer, &state);
    if (status == HD_OK && storer->committed)
        storer->committed(storer->user);
    finish(storer, status);
}

enum hd__storer_phase hd__storer_phase(struct hd__storer *storer) {
    pthread_mutex_lock(&storer->monitor.mutex);
    enum hd__storer_phase phase = storer->phase;
    pthread_mutex_unlock(&storer->monitor.mutex);
    return phase;
}

void hd__storer_hand(struct hd__storer *storer) {
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->phase = HD__STORER_BUSY;
    pthread_mutex_unlock(&storer->monitor.mutex);
    if (storer->has_thread)
        hd__poller_wake(storer->poller);
    else
        make_step(storer);
}

void hd__storer_release(struct hd__storer *storer) {
    while (storer->brought_count > 0)
        hd_event_free(storer->brought[--storer->brought_count].event);
    storer->brought_bytes = 0;
    storer->added_count = 0;
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->phase = HD__STORER_IDLE;
    pthread_mutex_unlock(&storer->monitor.mutex);
}

int hd__storer_wait(struct hd__storer *storer, int64_t until_us) {
    int in_time = 1;
    pthread_mutex_lock(&storer->monitor.mutex);
    while (storer->phase == HD__STORER_BUSY && in_time)
        in_time = hd__monitor_wait(&storer->monitor, until_us);
    int is_finished = storer->phase == HD__STORER_FINISHED;
    pthread_mutex_unlock(&storer->monitor.mutex);
    return is_finished;
}

/* ---- Between steps ---- */

static void note_look(struct hd__storer *storer, int status) {
    pthread_mutex_lock(&storer->monitor.mutex);
    if (status != storer->look_status)
        atomic_store(&storer->has_news, 1);
    storer->look_status = status;
    pthread_mutex_unlock(&storer->monitor.mutex);
}

/* The same number is the same descriptor, which is watched already. */
static void watch(struct hd__storer *storer) {
    int fd = storer->store->ops->watch ? storer->store->ops->watch(storer->store) : -1;
    if (fd == storer->watched)
        return;
    if (storer->watched >= 0)
        hd__poller_forget(storer->poller, storer->watched);
    storer->watched = fd >= 0 && hd__poller_reserve(storer->poller, fd) ? fd : -1;
    if (storer->watched >= 0)
        hd__poller_watch(storer->poller, fd, HD__POLLER_READ, storer);
}

/* How long the next tend is to wait: what should not be in the way of steps takes a fifth of the time at most while
 * there are any. */
static int64_t pause_after(struct hd__storer *storer, int more, int64_t took_us) {
    int has_stepped = storer->has_stepped;
    storer->has_stepped = 0;
    return more == HD__MORE_NONE ? TEND_US : more == HD__MORE_WHEN_IDLE && has_stepped ? 4 * took_us : 0;
}

/* Returns how long the next look may wait; -1 if there is nothing more to tend. */
static int64_t look(struct hd__storer *storer) {
    struct hd__store_state state = {0};
    int64_t now_us = hd__monotonic_us(storer->clock);
    int64_t pause_us = -1;
    int more = HD__MORE_NONE, tends = now_us >= storer->tend_at_us;
    if (tends && storer->poller)
        watch(storer);
    pthread_mutex_lock(&storer->changes);
    int status = tends ? storer->store->ops->tend(storer->store, &state, &more)
                       : storer->store->ops->look(storer->store, &state);
    pthread_mutex_unlock(&storer->changes);
    if (tends) {
        int64_t ended_us = hd__monotonic_us(storer->clock);
        pause_us = pause_after(storer, more, ended_us - now_us);
        storer->tend_at_us = ended_us + pause_us;
        pause_us = more ? pause_us : -1;
        hd__recent_forget(&storer->recent);
    }
    if (status == HD_OK)
        hd__storer_take_state(storer, &state);
    note_look(storer, status);
    return pause_us;
}

/* If the store cannot say, something counts as left, and the question is asked again. */
static void answer(struct hd__storer *storer) {
    int is_left = 1;
    pthread_mutex_lock(&storer->monitor.mutex);
    uint64_t shards = storer->question_shards;
    int64_t row = storer->question_row;
    pthread_mutex_unlock(&storer->monitor.mutex);
    if (storer->store->ops->is_left(storer->store, shards, row, &is_left) != HD_OK)
        is_left = 1;
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->is_left = is_left;
    storer->has_question = 0;
    atomic_store(&storer->has_news, 1);
    pthread_mutex_unlock(&storer->monitor.mutex);
}

void hd__storer_ask_left(struct hd__storer *storer, uint64_t shards, int64_t up_to_row) {
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->has_question = 1;
    storer->is_left = -1;
    storer->question_shards = shards;
    storer->question_row = up_to_row;
    pthread_mutex_unlock(&storer->monitor.mutex);
    if (storer->has_thread)
        hd__poller_wake(storer->poller);
    else
        answer(storer);
}

int hd__storer_answer(struct hd__storer *storer) {
    pthread_mutex_lock(&storer->monitor.mutex);
    int is_left = storer->has_question ? -1 : storer->is_left;
    pthread_mutex_unlock(&storer->monitor.mutex);
    return is_left;
}

/* ---- The thread ---- */

enum work {
    WORK_NONE,
    WORK_STEP,
    WORK_ANSWER,
    WORK_LOOK,
    WORK_JOBS,
    WORK_END
};

/* While the loop has not taken what came of a step, nothing newer is told: it would overtake. */
static enum work find_work(struct hd__storer *storer, int64_t *wait_us) {
    int64_t now_us = hd__monotonic_us(&hd__system_clock);
    int64_t jobs_at_us = hd__storer_has_jobs(storer) ? storer->jobs_at_us : INT64_MAX;
    pthread_mutex_lock(&storer->monitor.mutex);
    int is_idle = storer->phase == HD__STORER_IDLE;
    enum work work = storer->phase == HD__STORER_BUSY          ? WORK_STEP
                     : storer->is_stopping                     ? WORK_END
                     : storer->has_question                    ? WORK_ANSWER
                     : is_idle && now_us >= storer->look_at_us ? WORK_LOOK
                     : is_idle && now_us >= jobs_at_us         ? WORK_JOBS
                                                               : WORK_NONE;
    pthread_mutex_unlock(&storer->monitor.mutex);
    int64_t next_us = jobs_at_us < storer->look_at_us ? jobs_at_us : storer->look_at_us;
    *wait_us = is_idle ? next_us - now_us : LOOK_US;
    return work;
}

/* Waits for work. The store tells of this client's own changes, too: looks are some time apart from them. */
static void wait_for_work(struct hd__storer *storer, int64_t wait_us) {
    struct hd__socket_event event;
    if (hd__poller_wait(storer->poller, (int)((wait_us + 999) / 1000), &event, 1) == 0)
        return;
    storer->store->ops->drain(storer->store);
    if (storer->look_at_us > storer->looked_at_us + LOOK_US)
        storer->look_at_us = storer->looked_at_us + LOOK_US;
}

static void note_work(struct hd__storer *storer, enum work work, int64_t pause_us) {
    int64_t now_us = hd__monotonic_us(&hd__system_clock);
    storer->looked_at_us = now_us;
    if (work == WORK_STEP || atomic_load(&storer->has_news)) {
        storer->active_until_us = now_us + ACTIVE_US;
        hd__storer_wake_jobs(storer);
    }
    if (work == WORK_LOOK)
        storer->look_at_us = pause_us >= 0                      ? now_us + pause_us
                             : storer->watched >= 0             ? now_us + TEND_US
                             : now_us < storer->active_until_us ? now_us + LOOK_US
                                                                : now_us + IDLE_LOOK_US;
}

static void *run(void *argument) {
    struct hd__storer *storer = argument;
    int64_t wait_us;
    for (enum work work; (work = find_work(storer, &wait_us)) != WORK_END;) {
        int64_t pause_us = -1;
        if (work == WORK_STEP)
            make_step(storer);
        else if (work == WORK_ANSWER)
            answer(storer);
        else if (work == WORK_LOOK)
            pause_us = look(storer);
        else if (work == WORK_JOBS)
            hd__storer_run_jobs(storer);
        else
            wait_for_work(storer, wait_us);
        if (work != WORK_NONE)
            note_work(storer, work, pause_us);
        if (atomic_load(&storer->has_news))
            storer->transport->wake(storer->transport);
    }
    return NULL;
}

int hd__storer_start(struct hd__storer *storer) {
    storer->poller = hd__poller_new();
    if (!storer->poller)
        return HD_E_NO_MEMORY;
    int status = hd__thread_start(&storer->thread, run, storer);
    storer->has_thread = status == HD_OK;
    return status;
}

void hd__storer_look(struct hd__storer *storer) {
    if (storer->has_thread || hd__storer_phase(storer) != HD__STORER_IDLE)
        return;
    look(storer);
    if (hd__storer_has_jobs(storer)) {
        hd__storer_run_jobs(storer);
        look(storer);
    }
}

void hd__storer_stop(struct hd__storer *storer) {
    if (!storer->has_thread)
        return;
    pthread_mutex_lock(&storer->monitor.mutex);
    storer->is_stopping = 1;
    pthread_mutex_unlock(&storer->monitor.mutex);
    hd__poller_wake(storer->poller);
    if (hd__storer_phase(storer) == HD__STORER_BUSY)
        storer->store->ops->interrupt(storer->store);
    pthread_join(storer->thread, NULL);
    storer->has_thread = 0;
}

/* ---- Life ---- */

static int join_store(struct hd__storer *storer, const struct hd__storer_config *config) {
    struct hd__store_state state = {0};
    storer->listener = hd__storer_listener(storer);
    const struct hd__join join = {.role = config->role,
                                  .clock = storer->clock,
                                  .listener = &storer->listener,
                                  .key_window_ms = config->key_window_ms};
    int status = storer->store->ops->join(storer->store, &join, &state);
    if (status != HD_OK)
        return status;
    hd__storer_take_state(storer, &state);
    storer->has_joined = 1;
    if (storer->join_status != HD_OK)
        (void)storer->store->ops->leave(storer->store, 1);
    return storer->join_status;
}

int hd__storer_new(const struct hd__storer_config *config, struct hd__storer **storer) {
    struct hd__storer *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    made->store = config->store;
    made->watched = -1;
    made->clock = config->clock;
    made->policy = config->policy;
    made->transport = config->transport;
    made->webhooks = config->webhooks;
    made->log = config->log;
    made->committed = config->committed;
    made->user = config->user;
    if (hd__monitor_init(&made->monitor) != HD_OK) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    int status = pthread_mutex_init(&made->changes, NULL) == 0 ? join_store(made, config) : HD_E_NO_MEMORY;
    if (status == HD_OK)
        *storer = made;
    else
        hd__storer_free(made);
    return status;
}

int hd__storer_leave(struct hd__storer *storer, int is_clean) {
    return storer->store->ops->leave(storer->store, is_clean);
}

void hd__storer_free(struct hd__storer *storer) {
    hd__storer_release(storer);
    hd__recent_forget(&storer->recent);
    while (storer->first_told) {
        struct hd__told *told = storer->first_told;
        storer->first_told = told->next;
        hd__told_free(told);
    }
    free(storer->added);
    free(storer->brought);
    if (storer->poller)
        hd__poller_free(storer->poller);
    pthread_mutex_destroy(&storer->changes);
    hd__monitor_destroy(&storer->monitor);
    free(storer);
}
