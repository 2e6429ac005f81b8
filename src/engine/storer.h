/* The thread of a store. It makes one step at a time, while the loop goes on. Between steps it reads what other clients
 * have changed: when the store reports a change, and otherwise often. Results are copied and wait here until the loop
 * takes them, so the loop never waits for the store. */
#ifndef HD_ENGINE_STORER_H
#define HD_ENGINE_STORER_H

#include "base/log.h"
#include "base/thread.h"
#include "engine/backlog.h"
#include "engine/recent.h"
#include "store/store.h"
#include "store/webhooks.h"
#include "transport/poller.h"
#include "transport/transport.h"

#include <stdatomic.h>

enum hd__told_kind {
    HD__TOLD_WEBHOOK, /* it is there, has changed, or is gone */
    HD__TOLD_LANE,    /* what keeps it from being sent to */
    HD__TOLD_ARRIVED  /* something waits for it */
};

/* Takes what the store has reported. */
struct hd__told {
    struct hd__told *next;
    enum hd__told_kind kind;
    int64_t key;         /* of the webhook */
    int has_tests;       /* tests of it are among what waits */
    hd_webhook *webhook; /* a reference; NULL if it cannot be read */
    int64_t discarded_up_to;
    struct hd__lane_note note;
};

/* A row that a claim has brought. */
struct hd__brought {
    size_t claim;
    struct hd__stored_delivery stored;
    hd_event *event; /* a reference */
    unsigned char event_id[HD__UUID_BYTES];
    int64_t accepted_at_ms;
    int is_test;
    unsigned char redelivery_of[HD__UUID_BYTES];
};

enum hd__storer_phase {
    HD__STORER_IDLE,     /* takes a step */
    HD__STORER_BUSY,     /* makes it */
    HD__STORER_FINISHED, /* has made it, and waits until the loop has taken what came of it */
};

struct hd__storer {
    struct hd_store *store;
    const struct hd__clock *clock;
    const struct hd__policy *policy; /* which URLs are allowed; NULL for all */
    struct hd__transport *transport; /* whose wait is ended when there is something to take; NULL for none */
    struct hd__webhooks *webhooks;
    struct hd__log log;
    void (*committed)(void *user);
    void *user;
    pthread_t thread;
    int has_thread;
    struct hd__poller *poller; /* with which it waits; NULL without a thread */
    int watched;               /* the descriptor that the store gave, which the poller watches; -1 for none */
    int64_t look_at_us;        /* the next look; the thread's alone, as are the next two */
    int64_t looked_at_us;      /* the last look or step */
    int64_t active_until_us;   /* something has happened lately */
    int64_t tend_at_us;
    int has_stepped;              /* since the last look */
    int64_t jobs_at_us;           /* the next steps of jobs, if any run */
    struct hd__uuid_source uuids; /* of the events that they make */
    struct hd__store_listener listener;
    int has_joined, join_status;
    pthread_mutex_t changes; /* held while the store tells of webhooks, or this client changes one: both come to the
                                registry and to the loop in one order */

    struct hd__monitor monitor; /* guards the next */
    enum hd__storer_phase phase;
    int is_stopping;
    struct hd__told *first_told, *last_told;
    struct hd__store_state state;
    int look_status; /* of the last look */
    int has_question, is_left;
    uint64_t question_shards;
    int64_t question_row;
    atomic_int_fast64_t safe_until_us; /* of the newest state */
    atomic_int has_news;               /* told, state or look_status have changed, or a question was answered */

    /* the step: the loop's, but the storer's while it is busy */
    struct hd__step step;
    int status;
    struct hd__added *added;
    size_t added_count, added_size;
    struct hd__brought *brought;
    size_t brought_count, brought_size, brought_bytes;
    struct hd__recent recent; /* the storer's alone */
};

struct hd__storer_config {
    struct hd_store *store;
    int role;
    int64_t key_window_ms; /* how long idempotency keys count */

    const struct hd__clock *clock;
    const struct hd__policy *policy;
    struct hd__transport *transport;
    struct hd__webhooks *webhooks;
    struct hd__log log;
    void (*committed)(void *user); /* the step has been made; on the storer's thread, before the loop takes it. NULL for
                                      none */
    void *user;
};

/* Joins the store, which tells its webhooks. Does not start the thread. Returns a status. */
int hd__storer_new(const struct hd__storer_config *config, struct hd__storer **storer);

/* Returns HD_OK or HD_E_THREAD. */
int hd__storer_start(struct hd__storer *storer);

/* Does what the thread does between steps, for a storer without a thread. */
void hd__storer_look(struct hd__storer *storer);

enum hd__storer_phase hd__storer_phase(struct hd__storer *storer);

/* Hands storer->step over. The storer must be idle. */
void hd__storer_hand(struct hd__storer *storer);

/* The result of the step has been taken: the storer is idle again. */
void hd__storer_release(struct hd__storer *storer);

/* Waits until the step is finished, up to a time. Returns whether it is. */
int hd__storer_wait(struct hd__storer *storer, int64_t until_us);

/* Takes what was told, the oldest first, and the state; nothing of it comes again. Returns 0 if there is nothing. */
int hd__storer_take_news(struct hd__storer *storer, struct hd__told **told, struct hd__store_state *state,
                         int *look_status);
void hd__told_free(struct hd__told *told);

/* Takes all of it, and forgets it. */
void hd__storer_forget_news(struct hd__storer *storer);

/* Asks whether a row up to this one waits in these shards. hd__storer_answer() returns the answer later. */
void hd__storer_ask_left(struct hd__storer *storer, uint64_t shards, int64_t up_to_row);
/* 1 or 0; -1 if there is no answer yet. */
int hd__storer_answer(struct hd__storer *storer);

/* Changes that this client makes itself. From any thread. */
int hd__storer_put_webhook(struct hd__storer *storer, hd_webhook *snapshot, uint64_t expected, uint64_t sequence,
                           struct hd__change_note *note);
int hd__storer_remove_webhook(struct hd__storer *storer, const char *id, uint64_t sequence,
                              struct hd__change_note *note);
int hd__storer_discard(struct hd__storer *storer, const hd_webhook *webhook, uint64_t *count,
                       struct hd__change_note *note);

/* Ends the thread; what the store is in the middle of is interrupted after a while. */
void hd__storer_stop(struct hd__storer *storer);

/* Leaves the store, and frees. */
int hd__storer_leave(struct hd__storer *storer, int is_clean);
void hd__storer_free(struct hd__storer *storer);

#endif
