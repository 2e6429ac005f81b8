/* The ledger of events and deliveries: the one state machine, from acceptance through hold, attempt and settlement to
 * the published report. A keeper keeps what it decides, in memory or in a store; a report is published after its
 * settlement was kept. Only the loop calls these functions, unless the comment says otherwise. */
#ifndef HD_ENGINE_LEDGER_H
#define HD_ENGINE_LEDGER_H

#include "base/log.h"
#include "base/notifier.h"
#include "base/thread.h"
#include "engine/commits.h"
#include "engine/keeper.h"
#include "engine/schedule.h"
#include "store/jobs.h"
#include "store/webhooks.h"

#include <stdatomic.h>

/* A caller that waits for the report of its own event. */
struct hd__waiter {
    struct hd__waiter *next;
    uint64_t sequence;
    hd_report *report;
};

/* A caller that waits until its event is kept. */
struct hd__committer {
    struct hd__committer *next;
    uint64_t sequence;
    pthread_cond_t told; /* its own, so that nothing else wakes it */
    int is_done;
    int status;
    unsigned char event_id[HD__UUID_BYTES]; /* which may be that of an earlier event with its key */
};

struct hd__ledger {
    /* any thread */
    struct hd__inbox inbox;
    struct hd__monitor progress; /* guards the next; changes when deliveries have ended */
    uint64_t ended_below;        /* every event with a smaller sequence has ended */
    uint64_t reports_given;      /* number of the last one that hd__worker_next_report gave */
    uint64_t reports_missed;     /* forgotten by the log before it came to them */
    struct hd__waiter *waiters;
    struct hd__committer *committers;
    struct hd__commits commits;         /* has a mutex of its own */
    uint64_t decided_below;             /* for every event below it is decided which webhooks get it */
    atomic_int end_waiters;             /* how many callers wait for ended_below */
    atomic_int_fast64_t asked_until_us; /* until then callers may ask for it again */
    atomic_int_fast64_t closes_at_us;   /* nothing that is due later will be done; INT64_MAX for open */
    atomic_uint_fast64_t counters[HD_COUNTER_STORED - HD_COUNTER_ACCEPTED + 1]; /* those that the loop counts */

    /* the loop */
    struct hd__schedule schedule;
    struct hd__message *first_message, *last_message; /* not ended, and in no store, in the order of acceptance */
    struct hd__message *stored_messages;              /* those in a store */
    size_t messages, message_bytes;                   /* how many, and what they are charged with */
    size_t max_events, max_bytes;
    int64_t now_us, now_ms; /* monotonic and wall clock, as of the last look at them */
    int64_t busy_us;        /* when events came in last */
    struct hd__delivery_source source;
    struct hd_webhook_list subscribers; /* of the event at hand; kept for its memory */
    int progressed;                     /* something ended since the last broadcast */
    int short_of_memory;                /* an event or a delivery waits for it */

    const struct hd__clock *clock;
    struct hd__webhooks *webhooks;
    struct hd__jobs *jobs; /* in memory; NULL with a store */
    struct hd__keeper *keeper;
    struct hd__notifier *notifier;
    struct hd__log log;
};

struct hd__ledger_config {
    size_t max_events, max_bytes;
    size_t max_commits; /* events whose outcome the program takes; 0 if it does not */
    uint32_t max_in_flight;
    struct hd__rules rules;
    const struct hd__clock *clock; /* these must outlive the ledger */
    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__jobs *jobs; /* NULL for none */
    struct hd__notifier *notifier;
    struct hd__log log;
};

/* Without keeper yet. Returns a status. */
int hd__ledger_init(struct hd__ledger *ledger, const struct hd__ledger_config *config);
void hd__ledger_destroy(struct hd__ledger *ledger);

void hd__ledger_look_at_clock(struct hd__ledger *ledger);

/* ---- Accept and hold ---- */

/* A message of an accepted event; NULL without memory. The entry's reference to the event is its own now. */
struct hd__message *hd__ledger_new_message(struct hd__ledger *ledger, const struct hd__accepted *accepted);

/* Frees a message that was not linked, but not its event. */
void hd__ledger_drop_message(struct hd__ledger *ledger, struct hd__message *message);

/* It has deliveries, or will have. */
void hd__ledger_link_message(struct hd__ledger *ledger, struct hd__message *message);

/* Ends a message whose deliveries have all ended. */
void hd__ledger_end_if_done(struct hd__ledger *ledger, struct hd__message *message);

/* Has the deliveries of an accepted event wait in memory: all of them, or none and HD_E_NO_MEMORY. */
int hd__ledger_hold(struct hd__ledger *ledger, const struct hd__accepted *accepted);

/* The same for all tests that have come. A test is kept in memory only, since the caller that waits for it does not
 * outlive the process. */
void hd__ledger_hold_tests(struct hd__ledger *ledger);

/* ---- Settle and publish ---- */

/* An attempt has ended, or could not be made: decides what happens to its delivery. */
void hd__ledger_settle(struct hd__ledger *ledger, struct hd__delivery *delivery);

/* A delivery that never comes to an attempt ends for this reason. */
void hd__ledger_end(struct hd__ledger *ledger, struct hd__delivery *delivery, int reason);

/* An attempt was canceled and may have arrived. A delivery in memory ends; one from a store is left to the next client.
 */
void hd__ledger_abandon(struct hd__ledger *ledger, struct hd__delivery *delivery);

/* The settlement has been kept: publishes the report, and goes on with the delivery or forgets it. */
void hd__ledger_kept(struct hd__ledger *ledger, struct hd__delivery *delivery);

/* A delivery leaves the memory, without a record. */
void hd__ledger_forget(struct hd__ledger *ledger, struct hd__delivery *delivery);

/* Drops what the queue's limits leave no room for, of a webhook that takes nothing. */
void hd__ledger_trim(struct hd__ledger *ledger, const hd_webhook *webhook);

/* Nothing that is due after this time is done. If it is called several times, the earliest time applies. From any
 * thread. */
void hd__ledger_close_at(struct hd__ledger *ledger, int64_t closes_at_us);

/* Whether a closing client has nothing more to do, or no more time. */
int hd__ledger_is_over(struct hd__ledger *ledger);

/* Whether somebody wants to know whether events have ended. */
int hd__ledger_is_asked(const struct hd__ledger *ledger);

/* Publishes the progress to other threads. */
void hd__ledger_publish(struct hd__ledger *ledger);

/* Tells the program's event loop whether there is a report to take. From any thread, with progress locked. */
void hd__ledger_notify(struct hd__ledger *ledger);

/* Tells whoever sent the event with this sequence what became of it, and which id it has: a caller who waits, or
 * hd__commits. The second tells this of all events of which it is not known. */
void hd__ledger_tell_committer(struct hd__ledger *ledger, uint64_t sequence, int status,
                               const unsigned char event_id[HD__UUID_BYTES]);
void hd__ledger_tell_committers(struct hd__ledger *ledger, int status);

uint64_t hd__ledger_counter(struct hd__ledger *ledger, int which);

#endif
