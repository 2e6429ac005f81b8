/* The inside of the keeper that uses a store, for its files: keep_store.c, what the ledger calls; keep_news.c, what the
 * store has reported; keep_step.c, the current step; keep_end.c, the end. */
#ifndef HD_ENGINE_KEEP_STORE_INSIDE_H
#define HD_ENGINE_KEEP_STORE_INSIDE_H

#include "engine/keep_store.h"
#include "engine/outbox.h"
#include "engine/roster.h"
#include "engine/storer.h"
#include "store/shards.h"

#include <stdatomic.h>

#define HD__CLAIMS_MAX 64 /* lanes that one step looks up */
#define HD__NOTES_MAX 64

/* For callers that wait until everything has ended the store is asked whether something is left, but only while there
 * are such callers. */
struct hd__flush {
    int is_asked;
    int is_open;       /* something of what it is about was left when it was asked last */
    uint64_t sequence; /* events below are in the store, in rows up to the one asked about */
    int64_t row;
    uint64_t ended_below;
    int64_t ask_at_us;
};

struct hd__keep_store {
    struct hd__keeper base;
    struct hd__storer *storer;
    int commits;
    int is_closing; /* nothing comes into memory any more */
    struct hd__roster roster;
    struct hd__outbox outbox;
    struct hd__claim claims[HD__CLAIMS_MAX];
    struct hd__lane *claiming[HD__CLAIMS_MAX]; /* one for each */
    size_t claim_count;
    struct hd__lane_note notes[HD__NOTES_MAX]; /* that the next step is to write */
    size_t note_count;
    struct hd__lane_note step_notes[HD__NOTES_MAX]; /* those of the step at hand */
    size_t step_note_count;
    uint64_t step_number;
    uint64_t left;    /* shards that the current step leaves, even if the store has reported something else since */
    int is_frozen;    /* it is not known whether the step has happened: it is made again as it is */
    int results_only; /* the last one had events and failed: results are tried alone, for which there may be room */
    int step_status, look_status;
    size_t damaged;           /* lanes that cannot be read */
    struct hd__told *untaken; /* news that there was no memory for */
    int has_missed;           /* something arrived that there was no memory for */
    int64_t try_at_us;        /* after a failure */
    int64_t settled_us;       /* when the first was that is settled and in no step */
    int is_urgent;            /* one of those must not wait for more results */
    struct hd__store_state state;
    size_t busy_rows; /* deliveries that the store counts as waiting, and that are settled and not written */
    struct hd__flush flush;
    atomic_int status;
    atomic_uint_fast64_t owned;
};

/* ---- keep_news.c ---- */

/* Tells status and program when the store begins to fail, or works again. */
void hd__keep_note_status(struct hd__keep_store *keep);

/* The lane of a webhook; NULL if the webhook is not known, or without memory. */
struct hd__lane *hd__keep_lane(struct hd__keep_store *keep, int64_t key);

/* Something waits for a webhook in the store; tests may be among it. */
void hd__keep_note_arrival(struct hd__keep_store *keep, int64_t key, int has_tests);

/* Processes what the store has reported. */
void hd__keep_take_news(struct hd__keep_store *keep);

/* Empties what is to be left of what has come back into it, and looks for what was missed without memory. */
void hd__keep_sweep(struct hd__keep_store *keep);

/* Of the shards that are to be left, those of which nothing is in memory any more. */
uint64_t hd__keep_empty_shards(const struct hd__keep_store *keep);

/* ---- keep_step.c ---- */

/* Hands over what there is, or the same step again if it is not known what became of it. */
void hd__keep_hand_over(struct hd__keep_store *keep);

/* Adds a note to some that are to be written. */
void hd__keep_add_note(struct hd__lane_note notes[HD__NOTES_MAX], size_t *count, const struct hd__lane_note *note);

/* Processes the result of the step. */
void hd__keep_take_step(struct hd__keep_store *keep);

/* The claims at hand are over, made or given up. */
void hd__keep_end_claims(struct hd__keep_store *keep, int is_done);

/* Tells what became of the events of the current step; removes these events from the inbox's limits. */
void hd__keep_tell_committers(struct hd__keep_store *keep, int status);
void hd__keep_let_events_go(struct hd__keep_store *keep);

/* ---- keep_end.c ---- */

/* The keeper's close. */
int hd__keep_close(struct hd__keeper *keeper);

/* ---- keep_store.c ---- */

/* Whether the store counts a settled delivery as waiting until its result is written. */
size_t hd__keep_counts(const struct hd__delivery *delivery);

/* Whether what is settled is to wait for a later step. */
int hd__keep_results_wait(const struct hd__keep_store *keep);

void hd__keep_turn(struct hd__keeper *keeper);

#endif
