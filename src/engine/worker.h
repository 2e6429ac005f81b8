/* The one loop that delivers: inbox -> lanes -> transport -> keeper -> log. A worker without a thread can be driven
 * turn by turn, with a transport and a clock of a test's making. */
#ifndef HD_ENGINE_WORKER_H
#define HD_ENGINE_WORKER_H

#include "base/clock.h"
#include "base/log.h"
#include "engine/commits.h"
#include "engine/lane.h"
#include "store/jobs.h"
#include "store/log.h"
#include "store/store.h"
#include "store/webhooks.h"
#include "transport/transport.h"

struct hd__worker;

struct hd__worker_config {
    size_t max_events, max_bytes;
    uint32_t max_in_flight;
    struct hd__rules rules;
    const struct hd__policy *policy; /* which URLs are allowed; NULL for all */
    const struct hd__clock *clock;   /* these must outlive the worker */
    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__jobs *jobs; /* NULL with a store */
    struct hd__notifier *notifier;
    struct hd_store *store; /* NULL for none: all is in memory */
    int role;               /* HD__ROLE_... with a store */
    int accept_mode;        /* HD_ACCEPT_... */
    int64_t key_window_ms;  /* how long an idempotency key is remembered */
    struct hd__transport *transport;
    struct hd__log log;
};

/* Does not start a thread yet. With a store, joins it, and reads its webhooks. Returns a status. */
int hd__worker_new(const struct hd__worker_config *config, struct hd__worker **worker);

/* Starts the thread. Returns HD_OK or HD_E_THREAD. */
int hd__worker_start(struct hd__worker *worker);

/* Whether the caller is the worker's thread. */
int hd__worker_is_self(struct hd__worker *worker);

/* Queues an event for its subscribers, and with HD_ACCEPT_COMMITTED waits until it is stored. From any thread. HD_OK,
 * HD_E_QUEUE_FULL, HD_E_CLOSED or HD_E_RANDOM; with HD_ACCEPT_COMMITTED also HD_E_WRONG_THREAD on the worker's own
 * thread, or why the event could not be stored, and is not accepted. */
int hd__worker_submit(struct hd__worker *worker, hd_event *event, unsigned char id[HD__UUID_BYTES]);

/* The same with the event of a report, for this webhook alone. */
int hd__worker_redeliver(struct hd__worker *worker, const hd_report *report, hd_webhook *webhook,
                         unsigned char id[HD__UUID_BYTES]);

/* Whether the worker's keeper keeps what it is given: HD_OK, or why not. From any thread. */
int hd__worker_store_status(struct hd__worker *worker);

/* Queues an event for one webhook, ahead of what waits there, and waits for its report. From any other thread. The
 * same as submit, or HD_E_TIMEOUT. */
int hd__worker_test(struct hd__worker *worker, hd_event *event, hd_webhook *webhook, uint32_t timeout_ms,
                    hd_report **report);

/* Adds a snapshot (taking over the reference on success) or removes a webhook, for all events accepted from now on, in
 * the store first. HD_E_CONFLICT if the webhook has not the expected version (0: it must not be there;
 * HD__ANY_VERSION). From any thread. */
int hd__worker_put_webhook(struct hd__worker *worker, hd_webhook *snapshot, uint64_t expected,
                           struct hd__change_note *note);
int hd__worker_remove_webhook(struct hd__worker *worker, const char *id, struct hd__change_note *note);

/* How a webhook does. From any thread. */
int hd__worker_condition(struct hd__worker *worker, const hd_webhook *webhook, struct hd__condition *condition);

/* Whether this client delivers to a webhook. From any thread. */
int hd__worker_owns(struct hd__worker *worker, const hd_webhook *webhook);

/* What waits for a webhook in memory. */
struct hd__waiting {
    const hd_webhook *webhook;
    uint64_t count;
    int64_t since_ms; /* wall clock: when the event of the oldest was accepted; 0 if none waits */
};

/* Fills in all of these, for a client without a store. From any thread but the worker. */
void hd__worker_count_waiting(struct hd__worker *worker, struct hd__waiting *items, size_t count);

/* How many deliveries wait for a webhook, and since when by the wall clock (0 if none does). From any other thread. */
int hd__worker_waiting(struct hd__worker *worker, const hd_webhook *webhook, uint64_t *count, int64_t *since_ms);

/* Ends what waits for a webhook without an attempt, and counts it. From any other thread. */
int hd__worker_discard(struct hd__worker *worker, const hd_webhook *webhook, uint64_t *count,
                       struct hd__change_note *note);

/* Waits until every event accepted before the call has ended. HD_OK or HD_E_TIMEOUT. */
int hd__worker_flush(struct hd__worker *worker, uint32_t timeout_ms);

/* Waits for the next report that this function has not given yet. HD_OK, HD_E_TIMEOUT, or HD_E_CLOSED when the loop has
 * ended and there will be no more. */
int hd__worker_next_report(struct hd__worker *worker, uint32_t timeout_ms, hd_report **report);

/* Takes the oldest outcome of an event, with HD_ACCEPT_ASYNC. HD_OK, HD_E_TIMEOUT if there is none now, or HD_E_CLOSED
 * when there will be no more. From any thread. */
int hd__worker_next_commit(struct hd__worker *worker, struct hd__commit *commit);

/* The notifier has just been opened: brings it up to date. From any thread. */
void hd__worker_notify(struct hd__worker *worker);

/* Accepts no more, delivers for up to timeout_ms, and cancels the rest; returns at once. From any thread, also again:
 * the earliest end counts. */
void hd__worker_begin_stop(struct hd__worker *worker, uint32_t timeout_ms);

/* Waits until the loop has ended, and joins the thread. HD_OK, or HD_E_TIMEOUT if something was canceled or left. From
 * any other thread, or several. */
int hd__worker_await_stop(struct hd__worker *worker);

/* Accepts no more, cancels what is left and stops the thread, for an exit() that cannot wait: if the thread is held up
 * in the program's log function, it is left behind after a few seconds. From any thread, also while another one is in
 * hd__worker_await_stop. */
void hd__worker_abort(struct hd__worker *worker);

/* One turn of the loop, which waits for at most timeout_ms. For the thread, and for tests without one. */
void hd__worker_turn(struct hd__worker *worker, int timeout_ms);

/* Cancels all that is left, each with its record. For the thread, and for tests without one. */
void hd__worker_cancel_all(struct hd__worker *worker);

uint64_t hd__worker_counter(struct hd__worker *worker, int which);

/* After hd__worker_await_stop, or if it was never started. */
void hd__worker_free(struct hd__worker *worker);

#endif
