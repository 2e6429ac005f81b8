/* A job as it passes the seam to a store (store.h), and what is asked of it. */
#ifndef HD_STORE_STORED_JOB_H
#define HD_STORE_STORED_JOB_H

#include "base/store_keys.h"
#include "helmdesk.h"

#include <stddef.h>
#include <stdint.h>

struct hd__log_search;
struct hd__stored_event;

#define HD__JOB_UNDER_WAY 100 /* deliveries of one job that wait or are under way at the same time, at the most */
#define HD__JOB_LOOKS 2000    /* records, or events, that one step of a job looks at, at the most */
#define HD__JOBS_KEPT 1000    /* of those that are over, the oldest are forgotten */

/* The types of events that can be missed, a bit for each: those about tickets. An alert of some time ago helps nobody.
 */
#define HD__JOB_MISSED_TYPES (1u << HD_TICKET_CREATED | 1u << HD_TICKET_RESOLVED | 1u << HD_MESSAGE_RECEIVED)

/* What a job counts. The first two are counted when it is planned, and the rest while it runs. */
enum {
    HD__JOB_MATCHING, /* deliveries that have ended, or events, that its query finds */
    HD__JOB_WEBHOOKS, /* that are to get something */
    HD__JOB_SENT,
    HD__JOB_DELIVERED, /* of those; the next ended in another way */
    HD__JOB_FAILED,
    HD__JOB_TESTS,   /* left out: tests, ... */
    HD__JOB_REMOVED, /* whose webhook is not there any more, or in another project, ... */
    HD__JOB_LATER, /* of which a later delivery was delivered, or is under way, or was made since the job began, ... */
    HD__JOB_DAMAGED,   /* whose event cannot be read, ... */
    HD__JOB_FORGOTTEN, /* and what the log has deleted meanwhile */
    HD__JOB_COUNTS
};

/* A job: a query, and how far it has come. It makes new deliveries of what the query finds, the oldest first.
 *
 * With HD_SOURCE_DELIVERIES it finds deliveries by the records of their ends. A new delivery is of a new event, whose
 * redelivery_of is the delivery, for the webhook with that id, if it is in the project of the event.
 *
 * With HD_SOURCE_MISSED it finds events about tickets that one webhook subscribes to, of its project, accepted in the
 * search's time, and never given to it. A new delivery is of a new event, whose redelivery_of is the id of the event.
 */
struct hd__stored_job {
    unsigned char id[HD__STORE_ID_SIZE];
    int source, state;                  /* HD_JOB_... */
    const char *project, *webhook_id;   /* what it may send to; NULL for all */
    const char *query;                  /* the filter, as the core writes it: it means nothing here */
    int with_later;                     /* HD__JOB_LATER are not left out */
    uint32_t per_second;                /* its pace; 0 for as fast as they end */
    int64_t created_at_ms, ended_at_ms; /* wall clock; the second is 0 before its end */
    int64_t place, end;                 /* the last record, or event, that it has looked at, and that it will */
    uint64_t counts[HD__JOB_COUNTS];
    int is_own;        /* out: it is this client that is to run it: it owns the job's shard */
    int64_t due_in_ms; /* out: by its pace; 0 for now */
};

/* What a job would do. */
struct hd__job_plan {
    int source, with_later;
    const struct hd__log_search *search;
    uint64_t counts[HD__JOB_COUNTS]; /* out: _MATCHING, and what would be left out */
    int64_t end;                     /* out: of a job that begins now */
    /* Gets the webhook of each that would be sent, by its key. */
    void (*webhook)(void *user, int64_t key);
    void *user;
};

/* A step of a job that runs: looks at what comes next, and adds new deliveries, up to as many as there are ids, as the
 * pace allows, and as may be under way; all in one transaction with its place and its counts. After the last one has
 * ended, the job is HD_JOB_DONE. */
struct hd__job_step {
    const unsigned char *id;
    const struct hd__log_search *search;           /* its query, read */
    unsigned char (*event_ids)[HD__STORE_ID_SIZE]; /* of new events: UUIDv7 */
    size_t max;
    int64_t now_ms; /* wall clock */
    /* Whether an event can be read. */
    int (*is_sound)(void *user, const struct hd__stored_event *event);
    void *user;
    int64_t next_in_ms; /* out: when there may be more to do; INT64_MAX for when something of it has ended */
};

#endif
