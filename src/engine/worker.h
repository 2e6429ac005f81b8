/* The one loop that delivers: inbox -> lanes -> transport -> log. A worker without a thread can be driven turn by turn,
 * with a transport and a clock of a test's making. */
#ifndef HD_ENGINE_WORKER_H
#define HD_ENGINE_WORKER_H

#include "base/clock.h"
#include "base/log.h"
#include "store/log.h"
#include "store/webhooks.h"
#include "transport/transport.h"

struct hd__worker;

struct hd__worker_config {
    size_t max_events, max_bytes;
    uint32_t max_in_flight;
    const struct hd__clock *clock; /* these must outlive the worker */
    struct hd__webhooks *webhooks;
    struct hd__log_ring *ring;
    struct hd__transport *transport;
    struct hd__log log;
};

/* Does not start a thread yet. Returns a status. */
int hd__worker_new(const struct hd__worker_config *config, struct hd__worker **worker);

/* Starts the thread. Returns HD_OK or HD_E_THREAD. */
int hd__worker_start(struct hd__worker *worker);

/* Whether the caller is the worker's thread. */
int hd__worker_is_self(struct hd__worker *worker);

/* Queues an event; target is NULL for all subscribers. From any thread. HD_OK, HD_E_QUEUE_FULL or HD_E_CLOSED. */
int hd__worker_submit(struct hd__worker *worker, hd_event *event, hd_webhook *target, uint64_t *id);

/* Waits until every event accepted before the call has ended. HD_OK or HD_E_TIMEOUT. */
int hd__worker_flush(struct hd__worker *worker, uint32_t timeout_ms);

/* Where a reader of the reports has come to. */
struct hd__report_cursor {
    uint64_t number; /* of the report that was read last */
    uint64_t missed; /* reports that were forgotten before */
};

/* A cursor at the end of the log as it is now. */
struct hd__report_cursor hd__worker_cursor(struct hd__worker *worker);

/* Waits for the next report after cursor, which is moved; NULL for the cursor that hd_client_next_report() shares.
 * HD_OK, HD_E_TIMEOUT, or HD_E_CLOSED when the worker has stopped and there will be no more. */
int hd__worker_next_report(struct hd__worker *worker, struct hd__report_cursor *cursor, uint32_t timeout_ms,
                           hd_report **report);

/* Accepts no more, delivers for up to timeout_ms, cancels the rest and joins the thread. HD_OK, or HD_E_TIMEOUT if
 * something was canceled. To be called once. */
int hd__worker_stop(struct hd__worker *worker, uint32_t timeout_ms);

/* One turn of the loop, which waits for at most timeout_ms. For the thread, and for tests without one. */
void hd__worker_turn(struct hd__worker *worker, int timeout_ms);

uint64_t hd__worker_counter(struct hd__worker *worker, int which);

/* After hd__worker_stop, or if it was never started. */
void hd__worker_free(struct hd__worker *worker);

#endif
