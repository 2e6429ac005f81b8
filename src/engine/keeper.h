/* Where deliveries are kept: the interface between the ledger, which decides what happens to a delivery, and the keeper
 * that stores it. There are two keepers, keep_memory.c and keep_store.c, and no other file knows which one is in use.
 *
 * Only the loop calls these, except those about webhooks and status, which any thread may call. */
#ifndef HD_ENGINE_KEEPER_H
#define HD_ENGINE_KEEPER_H

#include "endpoint/webhook.h"
#include "engine/delivery.h"

struct hd__change_note; /* goes with a change to a store: see store/stored_change.h */
struct hd__condition;   /* see store/store.h */
struct hd__ledger;
struct hd__keeper;

struct hd__keeper_ops {
    /* The loop is about to have a thread: starts what the keeper has. Without it the keeper works in turn alone.
     * Returns HD_OK or HD_E_THREAD. */
    int (*start)(struct hd__keeper *keeper);

    /* Takes events out of the inbox and holds their deliveries; finds out what has been kept, and tells the ledger. */
    void (*turn)(struct hd__keeper *keeper);

    /* Whether another turn would do something at once. */
    int (*has_more)(struct hd__keeper *keeper);

    /* When turn has to be called again at the latest; INT64_MAX if only what wakes the loop asks for it. */
    int64_t (*wakes_at)(const struct hd__keeper *keeper);

    /* Whether attempts may begin: only if the keeper can keep their results. */
    int (*may_begin)(const struct hd__keeper *keeper);

    /* Whether it is in the middle of keeping something. */
    int (*is_busy)(const struct hd__keeper *keeper);

    /* Whether a delivery that is to be tried again stays in memory. */
    int (*keeps_retry)(const struct hd__keeper *keeper, const struct hd__delivery *delivery);

    /* Keeps the result of a delivery, and then calls hd__ledger_kept(), at once or in a later turn. */
    void (*settle)(struct hd__keeper *keeper, struct hd__delivery *delivery);

    /* What keeps a webhook from being sent to, or how it does, has changed. */
    void (*note_state)(struct hd__keeper *keeper, const struct hd__lane *lane);

    /* Every event with a smaller sequence has ended, with all of its deliveries. */
    uint64_t (*ended_below)(struct hd__keeper *keeper);

    /* For every event with a smaller sequence it is decided which webhooks get it. */
    uint64_t (*decided_below)(struct hd__keeper *keeper);

    /* How many deliveries wait, and how many of all are in a store. */
    void (*count)(const struct hd__keeper *keeper, uint64_t *waiting, uint64_t *stored);

    /* The loop ends: cancels what is under way and what waits, unless a store keeps it. Returns whether something is
     * left. */
    int (*close)(struct hd__keeper *keeper);

    /* Adds or replaces a webhook, taking over the reference on success, or removes one, for all events that are
     * accepted from now on. With an expected version, HD_E_CONFLICT if it has another one. */
    int (*put_webhook)(struct hd__keeper *keeper, hd_webhook *snapshot, uint64_t expected,
                       struct hd__change_note *note);
    int (*remove_webhook)(struct hd__keeper *keeper, const char *id, struct hd__change_note *note);

    /* Whether what waits for a webhook is delivered here. */
    int (*owns)(const struct hd__keeper *keeper, const hd_webhook *webhook);

    /* How a webhook does. */
    int (*condition)(struct hd__keeper *keeper, const hd_webhook *webhook, struct hd__condition *condition);

    /* How many deliveries wait for a webhook, and since when (wall clock; 0 if none does); and has them end without an
     * attempt. NULL: all of them are in memory, where the loop knows. */
    int (*waiting)(struct hd__keeper *keeper, const hd_webhook *webhook, uint64_t *count, int64_t *since_ms);
    int (*discard)(struct hd__keeper *keeper, const hd_webhook *webhook, uint64_t *count, struct hd__change_note *note);

    /* Whether it keeps what it is given: HD_OK, or why not. */
    int (*status)(struct hd__keeper *keeper);

    void (*free)(struct hd__keeper *keeper);
};

struct hd__keeper {
    const struct hd__keeper_ops *ops;
    struct hd__ledger *ledger;
};

#endif
