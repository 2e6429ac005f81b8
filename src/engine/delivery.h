/* One event for one webhook, from acceptance to its report; and an attempt, while it is under way. */
#ifndef HD_ENGINE_DELIVERY_H
#define HD_ENGINE_DELIVERY_H

#include "base/clock.h"
#include "base/pool.h"
#include "base/uuid.h"
#include "engine/message.h"
#include "engine/timer.h"
#include "sign/standard.h"
#include "store/log.h"
#include "transport/transport.h"

struct hd__lane;
struct hd__attempt;

struct hd__delivery {
    struct hd__delivery *previous, *next; /* in its lane; or under way, in the order of the start */
    struct hd__lane *lane;
    struct hd__timer timer; /* while it waits for a retry */
    int64_t started_us;     /* the attempt under way */
    int is_old;             /* which counts as a slow one */
    int is_ordered;
    struct hd__delivery *next_of_ticket, *last_of_ticket, *next_same_bucket; /* see order.h */
    uint32_t tries;                                                          /* attempts */
    int kept_connection_died;                                                /* under the last attempt */
    int64_t row;                                                             /* in the store; 0 for none */
    int result;             /* HD__RESULT_..., when it is settled and waits to be kept */
    int is_lost;            /* it is another client's by now */
    int64_t delay_ms;       /* of a retry, from when it was settled */
    int64_t retry_at_us;    /* the same, monotonic */
    hd_report *next_report; /* of a retry that stays in memory: made first, so that it cannot fail later */
    struct hd__message *message;
    hd_webhook *webhook;         /* a reference */
    hd_report *report;           /* a reference: made first, so that the record cannot fail later */
    struct hd__attempt *attempt; /* while one is under way */
};

/* What the transport needs as long as an attempt is under way. */
struct hd__attempt {
    struct hd__attempt *previous, *next; /* in the worker's list */
    struct hd__exchange exchange;
    char signature[HD_SIGNATURE_SIZE];
    char timestamp[24]; /* these for Standard Webhooks */
    char standard_signature[HD__STANDARD_SIZE];
};

/* The pools that deliveries are allocated from. For one thread. */
struct hd__delivery_source {
    struct hd__pool pool;
    struct hd__message_pool messages;
    struct hd__uuid_source uuids;
    const struct hd__clock *clock;
    struct hd__log_ring *ring;
};

/* A delivery of a message for a webhook, without lane, with an id that is given or, for NULL, a new one. Returns a
 * status. */
int hd__delivery_new(struct hd__delivery_source *source, struct hd__message *message, hd_webhook *webhook,
                     const char *delivery_id, struct hd__delivery **delivery);

/* Has it go by the webhook as it is now. Not while an attempt is under way. */
void hd__delivery_follow(struct hd__delivery *delivery, hd_webhook *webhook);

/* Its place among those of its webhook, in the order of acceptance: its row in a store, else its message's sequence. */
int64_t hd__delivery_place(const struct hd__delivery *delivery);

/* Gives up the references. */
void hd__delivery_free(struct hd__delivery_source *source, struct hd__delivery *delivery);

/* Memory that a delivery takes. */
size_t hd__delivery_size(void);

/* Fills an empty attempt with the request of a delivery. Returns a status. */
int hd__attempt_prepare(struct hd__delivery_source *source, struct hd__attempt *attempt, struct hd__delivery *delivery);

/* Has the report of the next attempt take the place of the last one's, which is returned: it is the caller's. NULL
 * without memory, and then nothing is changed. */
hd_report *hd__delivery_next_report(struct hd__delivery_source *source, struct hd__delivery *delivery);

/* Copies the result of an exchange to the delivery's report. */
void hd__delivery_take_result(struct hd__delivery *delivery, const struct hd__exchange *exchange);

#endif
