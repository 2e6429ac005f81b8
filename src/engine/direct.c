#include "engine/direct.h"

#include "endpoint/webhook.h"
#include "engine/outbox.h"
#include "engine/storer.h"
#include "event/event.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES_US ((int64_t)10 * 1000 * 1000) /* how long a step is tried whose end is not known */
#define TRY_AGAIN_MS 50
#define ASK_AGAIN_MS 10

/* A caller, and what becomes of its event. */
struct caller {
    struct caller *next;
    struct hd__accepted accepted;
    int is_done;
    int status;
};

struct hd__direct {
    struct hd__storer *storer;
    const struct hd__clock *clock;
    struct hd__monitor monitor; /* guards the next */
    struct caller *first, *last;
    int is_led; /* a caller makes a step for all */
    int has_left;
    uint64_t accepted;

    /* used by the thread that leads */
    struct hd__uuid_source uuids;
    struct hd__message_pool messages;
    struct hd__outbox outbox;
    uint64_t step_number;
    struct caller *callers[HD__OUTBOX_EVENTS]; /* of the step */
};

/* ---- Life ---- */

static int init(struct hd__direct *direct, const struct hd__direct_config *config) {
    const struct hd__storer_config storer = {
        .store = config->store,
        .role = config->role,
        .key_window_ms = config->key_window_ms,
        .clock = config->clock,
        .webhooks = config->webhooks,
        .log = config->log,
    };
    int status = hd__pool_init(&direct->messages.messages, HD__OUTBOX_EVENTS);
    if (status == HD_OK)
        status = hd__pool_init(&direct->messages.rendered, HD__OUTBOX_EVENTS);
    if (status == HD_OK)
        status = hd__storer_new(&storer, &direct->storer);
    return status;
}

static void destroy(struct hd__direct *direct) {
    hd__pool_destroy(&direct->messages.messages, free);
    hd__pool_destroy(&direct->messages.rendered, hd__rendered_free);
    hd__outbox_destroy(&direct->outbox);
    hd__monitor_destroy(&direct->monitor);
    free(direct);
}

int hd__direct_new(const struct hd__direct_config *config, struct hd__direct **direct) {
    struct hd__direct *made = calloc(1, sizeof *made);
    if (!made || hd__monitor_init(&made->monitor) != HD_OK) {
        free(made);
        return HD_E_NO_MEMORY;
    }
    made->clock = config->clock;
    int status = init(made, config);
    if (status == HD_OK)
        *direct = made;
    else
        destroy(made);
    return status;
}

void hd__direct_leave(struct hd__direct *direct) {
    pthread_mutex_lock(&direct->monitor.mutex);
    direct->has_left = 1;
    while (direct->is_led || direct->first)
        hd__monitor_wait(&direct->monitor, INT64_MAX);
    pthread_mutex_unlock(&direct->monitor.mutex);
    (void)hd__storer_leave(direct->storer, 1);
}

void hd__direct_free(struct hd__direct *direct) {
    hd__storer_free(direct->storer);
    destroy(direct);
}

/* ---- A step for all callers of the moment ---- */

/* Puts a caller's event into the step. */
static int add(struct hd__direct *direct, struct caller *caller) {
    struct hd__accepted *accepted = &caller->accepted;
    int status = hd__uuid_make(&direct->uuids, direct->clock, accepted->event_id);
    struct hd__message *message = status == HD_OK ? hd__message_new(&direct->messages, accepted) : NULL;
    if (!message)
        return status == HD_OK ? HD_E_NO_MEMORY : status;
    message->accepted_at_ms = hd__wall_ms(direct->clock);
    status = hd__outbox_add_event(&direct->outbox, &direct->messages, accepted, message);
    if (status != HD_OK) {
        message->event = NULL; /* the caller's */
        hd__message_free(&direct->messages, message);
    }
    return status;
}

static void end(struct caller *caller, int status) {
    caller->status = status;
    caller->is_done = 1;
}

/* With the mutex held. */
static size_t collect(struct hd__direct *direct) {
    size_t count = 0;
    while (direct->first && hd__outbox_takes_event(&direct->outbox)) {
        struct caller *caller = direct->first;
        direct->first = caller->next;
        if (!direct->first)
            direct->last = NULL;
        int status = add(direct, caller);
        if (status == HD_OK)
            direct->callers[count++] = caller;
        else
            end(caller, status);
    }
    return count;
}

static void nap(long ms) {
    const struct timespec time = {.tv_nsec = ms * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* The same step until it is known what became of it, or for some seconds. */
static int make_step(struct hd__direct *direct) {
    struct hd__storer *storer = direct->storer;
    int64_t until_us = hd__monotonic_us(&hd__system_clock) + TRIES_US;
    int status;
    storer->step = (struct hd__step){
        .number = direct->step_number + 1,
        .events = direct->outbox.events,
        .event_count = direct->outbox.event_count,
    };
    do {
        hd__storer_hand(storer);
        status = storer->status;
        hd__storer_release(storer);
        if (status == HD_OK || storer->step.undone)
            break;
        nap(TRY_AGAIN_MS);
    } while (hd__monotonic_us(&hd__system_clock) < until_us);
    direct->step_number += status == HD_OK || !storer->step.undone;
    return status;
}

static void tell_callers(struct hd__direct *direct, size_t count, int status) {
    struct hd__outbox *outbox = &direct->outbox;
    for (size_t i = 0; i < count; i++) {
        const struct hd__new_event *event = &outbox->events[i];
        memcpy(direct->callers[i]->accepted.event_id, event->is_known ? event->known_id : event->event.id,
               HD__UUID_BYTES);
        outbox->messages[i]->event = NULL; /* the caller's */
        hd__message_free(&direct->messages, outbox->messages[i]);
        end(direct->callers[i], status);
    }
    hd__outbox_clear_events(outbox);
    if (status == HD_OK)
        direct->accepted += count;
}

/* With the mutex held, which is given up while the step is made. */
static void lead(struct hd__direct *direct) {
    direct->is_led = 1;
    size_t count = collect(direct);
    pthread_mutex_unlock(&direct->monitor.mutex);
    int status = count > 0 ? make_step(direct) : HD_OK;
    hd__storer_forget_news(direct->storer);
    pthread_mutex_lock(&direct->monitor.mutex);
    tell_callers(direct, count, status);
    direct->is_led = 0;
    pthread_cond_broadcast(&direct->monitor.changed);
}

int hd__direct_submit(struct hd__direct *direct, hd_event *event, hd_webhook *target,
                      const unsigned char redelivery_of[HD__UUID_BYTES], unsigned char id[HD__UUID_BYTES]) {
    struct caller caller = {.accepted = {.event = event, .target = target}};
    if (redelivery_of)
        memcpy(caller.accepted.redelivery_of, redelivery_of, HD__UUID_BYTES);
    hd__event_freeze(event);
    pthread_mutex_lock(&direct->monitor.mutex);
    if (direct->has_left) {
        pthread_mutex_unlock(&direct->monitor.mutex);
        return HD_E_CLOSED;
    }
    *(direct->last ? &direct->last->next : &direct->first) = &caller;
    direct->last = &caller; // cppcheck-suppress autoVariables ; it waits here until it is taken out
    while (!caller.is_done) {
        if (direct->is_led)
            hd__monitor_wait(&direct->monitor, INT64_MAX);
        else
            lead(direct);
    }
    pthread_mutex_unlock(&direct->monitor.mutex);
    memcpy(id, caller.accepted.event_id, HD__UUID_BYTES);
    return caller.status;
}

uint64_t hd__direct_accepted(struct hd__direct *direct) {
    pthread_mutex_lock(&direct->monitor.mutex);
    uint64_t accepted = direct->accepted;
    pthread_mutex_unlock(&direct->monitor.mutex);
    return accepted;
}

/* ---- Changes by other clients ---- */

/* Looks and steps are made one at a time. After it has left the store, a client returns what it saw last. */
static int look(struct hd__direct *direct, struct hd__store_state *state) {
    pthread_mutex_lock(&direct->monitor.mutex);
    while (direct->is_led)
        hd__monitor_wait(&direct->monitor, INT64_MAX);
    direct->is_led = 1;
    int has_left = direct->has_left;
    pthread_mutex_unlock(&direct->monitor.mutex);
    if (!has_left)
        hd__storer_look(direct->storer);
    int status = direct->storer->look_status;
    *state = direct->storer->state;
    hd__storer_forget_news(direct->storer);
    pthread_mutex_lock(&direct->monitor.mutex);
    direct->is_led = 0;
    pthread_cond_broadcast(&direct->monitor.changed);
    pthread_mutex_unlock(&direct->monitor.mutex);
    return status;
}

int hd__direct_look(struct hd__direct *direct) {
    struct hd__store_state state;
    return look(direct, &state);
}

static struct hd__store_state find_state(struct hd__direct *direct) {
    struct hd__store_state state;
    (void)look(direct, &state);
    return state;
}

uint64_t hd__direct_stored(struct hd__direct *direct) {
    return find_state(direct).waiting;
}

int hd__direct_flush(struct hd__direct *direct, uint32_t timeout_ms) {
    struct hd_store *store = direct->storer->store;
    int64_t until_us = hd__monotonic_us(&hd__system_clock) + (int64_t)timeout_ms * 1000;
    int64_t last_row = find_state(direct).last_row;
    int is_left = 1;
    for (;;) {
        if (store->ops->is_left(store, ~UINT64_C(0), last_row, &is_left) == HD_OK && !is_left)
            return HD_OK;
        int64_t left_ms = (until_us - hd__monotonic_us(&hd__system_clock)) / 1000;
        if (left_ms <= 0)
            return HD_E_TIMEOUT;
        nap(left_ms < ASK_AGAIN_MS ? (long)left_ms : ASK_AGAIN_MS);
    }
}

int hd__direct_put_webhook(struct hd__direct *direct, hd_webhook *snapshot, uint64_t expected,
                           struct hd__change_note *note) {
    return hd__storer_put_webhook(direct->storer, snapshot, expected, 0, note);
}

int hd__direct_remove_webhook(struct hd__direct *direct, const char *id, struct hd__change_note *note) {
    return hd__storer_remove_webhook(direct->storer, id, 0, note);
}
