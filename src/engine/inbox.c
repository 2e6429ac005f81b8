#include "engine/inbox.h"

#include "endpoint/webhook.h"
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#define RING_AT_FIRST 1024

int hd__inbox_init(struct hd__inbox *inbox, size_t max_events, size_t max_bytes, const struct hd__clock *clock) {
    *inbox = (struct hd__inbox){.capacity = max_events,
                                .ring_size = max_events < RING_AT_FIRST ? max_events : RING_AT_FIRST,
                                .max_bytes = max_bytes,
                                .clock = clock,
                                .next = 1};
    inbox->ring = calloc(max_events, sizeof inbox->ring[0]);
    if (!inbox->ring)
        return HD_E_NO_MEMORY;
    if (pthread_mutex_init(&inbox->mutex, NULL) != 0) {
        free(inbox->ring);
        return HD_E_NO_MEMORY;
    }
    return HD_OK;
}

static struct hd__accepted *entry(struct hd__inbox *inbox, size_t index) {
    return &inbox->ring[(inbox->head + index) % inbox->ring_size];
}

/* The ring's memory was allocated at the start, and only the part that a backlog needs is touched. When the ring is
 * widened, the entries before the oldest one move after the newest one. */
static void widen(struct hd__inbox *inbox) {
    size_t size = inbox->ring_size * 2 < inbox->capacity ? inbox->ring_size * 2 : inbox->capacity;
    size_t wrapped = inbox->head; /* since it is full */
    size_t room = size - inbox->ring_size;
    size_t moved = wrapped < room ? wrapped : room;
    memcpy(inbox->ring + inbox->ring_size, inbox->ring, moved * sizeof inbox->ring[0]);
    memmove(inbox->ring, inbox->ring + moved, (wrapped - moved) * sizeof inbox->ring[0]);
    inbox->ring_size = size;
}

static void give_up(const struct hd__accepted *accepted) {
    hd_event_free(accepted->event);
    hd_webhook_free(accepted->target);
}

void hd__inbox_destroy(struct hd__inbox *inbox) {
    for (size_t i = 0; i < inbox->count; i++)
        give_up(entry(inbox, i));
    for (; inbox->first_test; hd__inbox_drop_test(inbox))
        give_up(inbox->first_test);
    free(inbox->ring);
    pthread_mutex_destroy(&inbox->mutex);
}

/* An event that is larger than the limit passes alone. */
static int is_full(const struct hd__inbox *inbox, size_t bytes) {
    return inbox->pending == inbox->capacity || (inbox->pending > 0 && inbox->pending_bytes + bytes > inbox->max_bytes);
}

static void put_in_ring(struct hd__inbox *inbox, const struct hd__accepted *accepted) {
    if (inbox->count == inbox->ring_size)
        widen(inbox);
    *entry(inbox, inbox->count) = *accepted;
    inbox->count++;
}

static void put_among_tests(struct hd__inbox *inbox, struct hd__accepted *test, const struct hd__accepted *accepted) {
    *test = *accepted;
    test->next = NULL;
    *(inbox->last_test ? &inbox->last_test->next : &inbox->first_test) = test;
    inbox->last_test = test;
}

/* Takes an entry in, with the mutex held. test is memory for it if it is one. */
static void take_in(struct hd__inbox *inbox, struct hd__accepted *accepted, struct hd__accepted *test) {
    hd__event_freeze(accepted->event);
    hd__event_ref(accepted->event);
    if (accepted->target)
        hd__webhook_ref(accepted->target);
    accepted->sequence = inbox->next++;
    if (test)
        put_among_tests(inbox, test, accepted);
    else
        put_in_ring(inbox, accepted);
    inbox->pending++;
    inbox->pending_bytes += accepted->event->size;
    inbox->accepted++;
}

static int push(struct hd__inbox *inbox, struct hd__accepted *accepted, struct hd__accepted *test) {
    if (inbox->closed)
        return HD_E_CLOSED;
    if (is_full(inbox, accepted->event->size)) {
        inbox->refused++;
        return HD_E_QUEUE_FULL;
    }
    int status = hd__uuid_make(&inbox->uuids, inbox->clock, accepted->event_id);
    if (status == HD_OK)
        take_in(inbox, accepted, test);
    return status;
}

int hd__inbox_push(struct hd__inbox *inbox, struct hd__accepted *accepted, int *wake) {
    struct hd__accepted *test = accepted->is_test ? malloc(sizeof *test) : NULL;
    *wake = 0;
    if (accepted->is_test && !test)
        return HD_E_NO_MEMORY;
    pthread_mutex_lock(&inbox->mutex);
    int status = push(inbox, accepted, test);
    if (status == HD_OK) {
        *wake = inbox->worker_sleeps;
        inbox->worker_sleeps = 0;
    }
    pthread_mutex_unlock(&inbox->mutex);
    if (status != HD_OK)
        free(test);
    return status;
}

void hd__inbox_refuse(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->refused++;
    pthread_mutex_unlock(&inbox->mutex);
}

size_t hd__inbox_peek(struct hd__inbox *inbox, struct hd__accepted *entries, size_t max) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->worker_sleeps = 0;
    size_t count = inbox->count < max ? inbox->count : max;
    for (size_t i = 0; i < count; i++)
        entries[i] = *entry(inbox, i);
    pthread_mutex_unlock(&inbox->mutex);
    return count;
}

void hd__inbox_drop(struct hd__inbox *inbox, size_t count) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->head = (inbox->head + count) % inbox->ring_size;
    inbox->count -= count;
    pthread_mutex_unlock(&inbox->mutex);
}

int hd__inbox_peek_test(struct hd__inbox *inbox, struct hd__accepted *test) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->worker_sleeps = 0;
    int found = inbox->first_test != NULL;
    if (found)
        *test = *inbox->first_test;
    pthread_mutex_unlock(&inbox->mutex);
    return found;
}

void hd__inbox_drop_test(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    struct hd__accepted *test = inbox->first_test;
    inbox->first_test = test->next;
    if (!inbox->first_test)
        inbox->last_test = NULL;
    pthread_mutex_unlock(&inbox->mutex);
    free(test);
}

int hd__inbox_sleep(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->worker_sleeps = inbox->count == 0 && !inbox->first_test;
    int sleeps = inbox->worker_sleeps;
    pthread_mutex_unlock(&inbox->mutex);
    return sleeps;
}

void hd__inbox_charge(struct hd__inbox *inbox, size_t bytes) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->pending_bytes += bytes;
    pthread_mutex_unlock(&inbox->mutex);
}

void hd__inbox_release(struct hd__inbox *inbox, size_t bytes) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->pending--;
    inbox->pending_bytes -= bytes;
    pthread_mutex_unlock(&inbox->mutex);
}

int hd__inbox_has_room(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    int room = inbox->pending_bytes < inbox->max_bytes;
    pthread_mutex_unlock(&inbox->mutex);
    return room;
}

void hd__inbox_close(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    inbox->closed = 1;
    pthread_mutex_unlock(&inbox->mutex);
}

uint64_t hd__inbox_oldest(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    uint64_t oldest = inbox->count ? entry(inbox, 0)->sequence : inbox->next;
    if (inbox->first_test && inbox->first_test->sequence < oldest)
        oldest = inbox->first_test->sequence;
    pthread_mutex_unlock(&inbox->mutex);
    return oldest;
}

uint64_t hd__inbox_next(struct hd__inbox *inbox) {
    pthread_mutex_lock(&inbox->mutex);
    uint64_t next = inbox->next;
    pthread_mutex_unlock(&inbox->mutex);
    return next;
}

uint64_t hd__inbox_counter(struct hd__inbox *inbox, int which) {
    pthread_mutex_lock(&inbox->mutex);
    uint64_t value = which == HD_COUNTER_ACCEPTED  ? inbox->accepted
                     : which == HD_COUNTER_REFUSED ? inbox->refused
                                                   : inbox->pending;
    pthread_mutex_unlock(&inbox->mutex);
    return value;
}
