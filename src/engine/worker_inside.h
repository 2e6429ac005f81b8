/* What a worker is made of, for the files that are its parts: worker.c, the loop, and storing.c, what the loop does
 * with a durable store. */
#ifndef HD_ENGINE_WORKER_INSIDE_H
#define HD_ENGINE_WORKER_INSIDE_H

#include "base/thread.h"
#include "engine/outbox.h"
#include "engine/schedule.h"
#include "engine/worker.h"

#include <stdatomic.h>

/* A caller who waits for the report of an event of its own. */
struct hd__waiter {
    struct hd__waiter *next;
    uint64_t event_id;
    hd_report *report;
};

/* A caller who waits until an event is stored. */
struct hd__committer {
    struct hd__committer *next;
    uint64_t event_id;
    int is_done;
    int status;
};

struct hd__worker {
    /* any thread */
    struct hd__inbox inbox;
    struct hd__monitor progress; /* guards the rest of these; changes when deliveries have ended */
    uint64_t ended_below;        /* every event with a smaller id has ended */
    uint64_t reports_given;      /* number of the last one that hd__worker_next_report gave */
    uint64_t reports_missed;     /* forgotten by the log before it came to them */
    struct hd__waiter *waiters;
    struct hd__committer *committers;
    int ended;            /* the loop */
    int stopped;          /* the thread, which is joined */
    atomic_int is_joined; /* by whoever came first */
    atomic_int stop;
    atomic_int has_thread;                                /* until it was joined: its id may then be given to another */
    atomic_int_fast64_t closes_at_us;                     /* what would be tried again later than that is canceled */
    atomic_uint_fast64_t counters[HD_COUNTER_STORED + 1]; /* those that the loop counts */
    atomic_int store_status;                              /* of the last step */
    int commits;                                          /* callers wait until their events are stored */
    pthread_t thread;

    /* the loop alone */
    struct hd__schedule schedule;
    struct hd__message *first_message, *last_message; /* not ended, in the order of acceptance */
    size_t messages, message_bytes;                   /* how many, and what they are charged with */
    size_t max_events, max_bytes;
    int64_t now_us, now_ms;       /* monotonic and wall clock, as of the last look at them */
    int64_t busy_us;              /* when events came in last */
    struct hd__attempt *attempts; /* under way */
    struct hd__pool unused_attempts;
    struct hd__delivery_source source;
    struct hd_webhook_list subscribers; /* of the event at hand; kept for its memory */
    int progressed;                     /* something ended since the last hd__monitor broadcast */
    int short_of_memory;                /* an event or a delivery waits for it */
    struct hd__outbox outbox;           /* with a store */
    int is_closing;                     /* nothing comes into memory any more */

    const struct hd__clock *clock;
    struct hd__webhooks *webhooks;
    struct hd__transport *transport;
    struct hd__log log;
};

/* ---- worker.c ---- */

/* Fills worker->subscribers, which the caller clears. HD_OK or HD_E_NO_MEMORY. */
int hd__worker_find_subscribers(struct hd__worker *worker, const struct hd__accepted *accepted);

/* Turns an accepted event into waiting deliveries, in memory: all of them, or none and HD_E_NO_MEMORY (HD_E_RANDOM). */
int hd__worker_take_in(struct hd__worker *worker, const struct hd__accepted *accepted);

void hd__worker_link_message(struct hd__worker *worker, struct hd__message *message);

/* Gives up an attempt that is under way. Returns its delivery, which has none any more; NULL if none is under way. */
struct hd__delivery *hd__worker_abandon_attempt(struct hd__worker *worker);

/* A report is complete, but for its place in the log. */
void hd__worker_close_report(struct hd__worker *worker, hd_report *report, int outcome);

/* Tells everybody of it; it is the log's from now on. */
void hd__worker_publish_report(struct hd__worker *worker, hd_report *report);

/* A delivery leaves the memory, without a record. */
void hd__worker_forget_delivery(struct hd__worker *worker, struct hd__delivery *delivery);

/* How an outcome follows from a reason. */
int hd__worker_outcome_of(const hd_report *report);

/* ---- storing.c ---- */

/* Writes what has come and what is over, and takes in what the store has for lanes with room. Returns whether there is
 * more to do at once. */
int hd__storing_exchange(struct hd__worker *worker);

/* An attempt is over, and no longer under way: what becomes of its delivery is stored with the next exchange. */
void hd__storing_settle(struct hd__worker *worker, struct hd__delivery *delivery);

/* Whether attempts may begin: only if their results can be stored. */
int hd__storing_may_start(const struct hd__worker *worker);

/* When a failed exchange is tried again; INT64_MAX for none. */
int64_t hd__storing_wakes_at(const struct hd__worker *worker);

/* Gives up what is under way, and stores what is left. */
void hd__storing_cancel_all(struct hd__worker *worker);

#endif
