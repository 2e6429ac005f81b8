/* SPDX-License-Identifier: MIT */
/* The reference model of a store: all that src/store/store.h asks for, in memory, as simply as can be. Several handles
 * share one world, as several processes share one database. */
#ifndef TESTS_SUPPORT_STORE_MODEL_H
#define TESTS_SUPPORT_STORE_MODEL_H

#include "store/store.h"

/* How long a client that does not tend keeps its shards, and how long of that it may begin attempts. */
#define STORE_MODEL_LEASE_MS 15000
#define STORE_MODEL_SAFE_MS 8000

/* What every handle sees. It outlives them. */
struct store_model;

/* Safeguards that a model can be without, so that a test can show that it would find that out. */
struct store_model_faults {
    int no_fence;          /* results are believed, whoever owns the row by now */
    int no_applied_once;   /* a repeated step is a new one */
    int no_hints;          /* nobody hears of rows that others have added */
    int no_marks;          /* what a dead owner may have begun is not marked */
    int no_notes;          /* a removal leaves no entry */
    int notes_conflicts;   /* what was refused leaves one */
    int unbounded_changes; /* entries are kept for ever */
    int no_versions;       /* webhooks are replaced, whatever was expected */
    int no_changes;        /* nobody hears of webhooks that others have changed */
    int no_lease;          /* shards are taken over from owners that are still alive */
    int no_lost;           /* nobody hears that shards were lost */
    int no_memory;         /* who has lost its lease is no more known by the steps that it has made */
    int no_jobs_apart;     /* jobs run at once for the same webhook */
    int no_job_owner;      /* any client runs a job */
    int no_doubt;          /* a repeated step tells of rows that another owner may have begun */
};

struct store_model *store_model_new(void);
void store_model_free(struct store_model *model);
void store_model_set_faults(struct store_model *model, struct store_model_faults faults);

/* A new handle. Free it with store->ops->free or hd_store_free(); a client that has not left by then has died: its
 * lease runs out. */
struct hd_store *store_model_open(struct store_model *model);

/* A number for all that has an influence on what will be told, but for the time itself and ids: worlds that differ have
 * different ones, as far as 64 bits go. */
uint64_t store_model_digest(struct store_model *model, int64_t now_us);

#endif
