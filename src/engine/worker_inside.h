/* The inside of a worker, for its two files: worker.c, the loop, and door.c, what other threads call. */
#ifndef HD_ENGINE_WORKER_INSIDE_H
#define HD_ENGINE_WORKER_INSIDE_H

#include "engine/attempts.h"
#include "engine/known_keys.h"
#include "engine/ledger.h"
#include "engine/worker.h"

/* A question of another thread to the loop about the deliveries that wait for webhooks in memory. */
struct hd__question {
    struct hd__question *next;
    struct hd__waiting *items; /* gets the answer */
    size_t count;
    int is_discard; /* they are to end without an attempt */
    uint64_t up_to; /* the last sequence that the question is about */
    int is_answered;
};

struct hd__worker {
    struct hd__ledger ledger;
    struct hd__attempts attempts;
    struct hd__known_keys known_keys;
    int64_t key_window_ms;
    int waits; /* submit waits until the event is in the store */
    int tells; /* the keeper tells when an event is in the store, and finds keys that were used before */

    /* guarded by ledger.progress */
    struct hd__question *questions;
    int ended;   /* the loop: there will be no more reports */
    int stopped; /* the thread, which is joined */

    atomic_int has_questions;
    atomic_int is_joined;  /* by the first caller */
    atomic_int has_thread; /* until it was joined: after that, its id may be that of another thread */
    pthread_t thread;
    int left_something;             /* at the end of the loop */
    struct hd_webhook_list changes; /* of webhooks; kept for its memory */
};

#endif
