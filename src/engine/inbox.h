/* The queue of accepted events that wait for the worker: bounded, filled by many threads, emptied by one. An event
 * counts in its limits until its last delivery has ended, wherever the event is by then, so that no later queue can
 * grow without bounds. */
#ifndef HD_ENGINE_INBOX_H
#define HD_ENGINE_INBOX_H

#include "base/uuid.h"
#include "helmdesk.h"

#include <pthread.h>

struct hd__accepted {
    hd_event *event;    /* a reference */
    hd_webhook *target; /* a reference to the only webhook that is to get it; else NULL */
    uint64_t sequence;  /* in which they were accepted, from 1: of this client alone */
    unsigned char event_id[HD__UUID_BYTES];
    int64_t at_us;                               /* monotonic */
    int is_test;                                 /* of the target */
    unsigned char redelivery_of[HD__UUID_BYTES]; /* the delivery that is made again; zeros for none */
    struct hd__accepted *next;                   /* of a test, which has memory of its own */
};

struct hd__inbox {
    pthread_mutex_t mutex;
    const struct hd__clock *clock;
    struct hd__uuid_source uuids;
    struct hd__accepted *ring;
    size_t capacity;  /* what it may hold, and has memory for */
    size_t ring_size; /* what of that is in use; it never shrinks */
    size_t head, count;
    struct hd__accepted *first_test, *last_test; /* they pass by the ring */
    size_t max_bytes;
    size_t pending;       /* events accepted and not ended */
    size_t pending_bytes; /* of them and of their deliveries */
    uint64_t next;        /* sequence of the next entry */
    uint64_t accepted, refused;
    int worker_sleeps;
    int closed;
};

int hd__inbox_init(struct hd__inbox *inbox, size_t max_events, size_t max_bytes, const struct hd__clock *clock);

/* Gives up the references of what is still in it. */
void hd__inbox_destroy(struct hd__inbox *inbox);

/* Freezes the event, and takes references to it and to target. The entry's sequence and the event's id are given here.
 * *wake tells whether the worker has to be woken. Returns HD_OK, HD_E_QUEUE_FULL, HD_E_CLOSED, HD_E_RANDOM, and for a
 * test HD_E_NO_MEMORY. */
int hd__inbox_push(struct hd__inbox *inbox, struct hd__accepted *entry, int *wake);

/* Counts an event that was refused with HD_E_QUEUE_FULL before it came here. */
void hd__inbox_refuse(struct hd__inbox *inbox);

/* Copies up to max of the oldest entries that are not tests; they stay in the inbox until they are dropped. Returns how
 * many. Only the worker calls this, so it is awake. */
size_t hd__inbox_peek(struct hd__inbox *inbox, struct hd__accepted *entries, size_t max);

/* Takes the oldest of them out; their references are the caller's now. */
void hd__inbox_drop(struct hd__inbox *inbox, size_t count);

/* Copies the oldest test, which stays in the inbox until it is dropped. Returns 0 if there is none. */
int hd__inbox_peek_test(struct hd__inbox *inbox, struct hd__accepted *entry);
void hd__inbox_drop_test(struct hd__inbox *inbox);

/* Says that the worker is about to sleep, so that the next push wakes it. Returns 0 if it should not, because something
 * has come in. */
int hd__inbox_sleep(struct hd__inbox *inbox);

/* Counts memory of an event's deliveries. */
void hd__inbox_charge(struct hd__inbox *inbox, size_t bytes);

/* An event and its deliveries have ended. */
void hd__inbox_release(struct hd__inbox *inbox, size_t bytes);

/* Whether the memory limit leaves room for more deliveries. */
int hd__inbox_has_room(struct hd__inbox *inbox);

/* Accepts no more. */
void hd__inbox_close(struct hd__inbox *inbox);

/* Sequence of the oldest entry; of the next one if there is none. */
uint64_t hd__inbox_oldest(struct hd__inbox *inbox);

/* The sequence that the next entry will get. */
uint64_t hd__inbox_next(struct hd__inbox *inbox);

/* One of HD_COUNTER_ACCEPTED, _REFUSED and _PENDING. */
uint64_t hd__inbox_counter(struct hd__inbox *inbox, int which);

#endif
