/* What a job finds, and what is to become of it: the same for a plan and for a step. */
#ifndef HD_STORE_SQLITE_JOB_LOOK_H
#define HD_STORE_SQLITE_JOB_LOOK_H

#include "store/sqlite/sqlite.h"

enum {
    HD__JOB_FIND,         /* records, or events */
    HD__JOB_FIND_WEBHOOK, /* of a record */
    HD__JOB_FIND_OTHER,   /* deliveries of the same event to the same webhook */
    HD__JOB_STATEMENTS
};

struct hd__job_look {
    sqlite3 *connection;
    int source, with_later;
    const struct hd__log_search *search;
    int64_t after, up_to; /* these records, or events, are looked at */
    int64_t end;          /* what comes after it was made since the job began */
    int is_ordered;       /* the oldest first */

    /* begin fills in the rest */
    int64_t webhook; /* of HD_SOURCE_MISSED: its key, 0 if it is not there; what it subscribes to; its project */
    int64_t events;
    char *project;
    sqlite3_stmt *statements[HD__JOB_STATEMENTS];
};

/* One that was found. */
struct hd__job_found {
    int64_t place;                         /* its number */
    int64_t event;                         /* key */
    int64_t webhook;                       /* that is to get it, by its key */
    unsigned char link[HD__STORE_ID_SIZE]; /* what a new delivery of it repeats: a delivery, or an event */
    int what;                              /* HD__JOB_SENT: it is to be sent; or why it is left out */
};

/* Begins. Returns a result code; whatever it is, the look is to be ended. */
int hd__job_look_begin(struct hd__job_look *look);

/* The next one: SQLITE_ROW, SQLITE_DONE, or what failed. */
int hd__job_look_next(struct hd__job_look *look, struct hd__job_found *found);

void hd__job_look_end(struct hd__job_look *look);

#endif
