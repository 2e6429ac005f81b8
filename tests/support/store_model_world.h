/* SPDX-License-Identifier: MIT */
/* What the parts of the reference model (store_model.h) know of each other. */
#ifndef TESTS_SUPPORT_STORE_MODEL_WORLD_H
#define TESTS_SUPPORT_STORE_MODEL_WORLD_H

#include "support/store_model.h"

#include "base/uuid.h"
#include "store/shards.h"

struct model_event {
    struct hd__stored_event it; /* its own copy */
    unsigned char redelivery_of[HD__STORE_ID_SIZE];
    size_t users; /* rows and records */
    int64_t number;
};

/* A row of the outbox. */
struct model_row {
    int64_t row, due_ms;
    uint32_t tries;
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int may_be_repeated, is_test;
    int64_t added_by; /* client */
    int64_t job;      /* that made it; 0 for none */
    struct model_event *event;
};

/* A webhook in a project, and what waits for it. */
struct model_webhook {
    struct hd__stored_webhook it; /* its own copy */
    int64_t changed_by;           /* the client whose put or remove it was; 0 for none */
    struct model_row *rows;       /* in the order of their numbers */
    size_t count, size;
    int state;        /* of the pause rule */
    int64_t until_ms; /* of a pause */
    int64_t throttled_until_ms;
    struct hd__health health;
};

struct model_record {
    struct hd__log_row it; /* its own copy, but for the texts of its webhook */
    struct model_event *event;
    int64_t stored_at_ms; /* by the store's clock */
};

struct model_key {
    char *project, *key;
    unsigned char id[HD__STORE_ID_SIZE];
    int64_t used_at_ms;
};

struct model_consumer {
    char *name;
    int64_t place;
};

struct model_job {
    struct hd__stored_job it; /* its own copy */
    int64_t key, due_ms;
};

struct model_label {
    char *id, *name, *masked_url;
};

struct model_lease {
    int64_t client, until_us;
};

struct store_model {
    pthread_mutex_t mutex; /* recursive: what is told may ask */
    struct store_model_faults faults;
    struct model_webhook **webhooks; /* the key of one is its place, from 1 */
    size_t webhook_count, webhook_size;
    struct model_record **log; /* in the order in which they were stored */
    size_t log_count, log_size;
    struct model_key *keys;
    size_t key_count, key_size;
    struct model_consumer *consumers;
    size_t consumer_count, consumer_size;
    struct model_job **jobs;
    size_t job_count, job_size;
    struct hd__stored_change *changes; /* its own copies, the oldest first */
    size_t change_count, change_size;
    struct model_label *labels; /* keys are places, from 1; so it is with the next two */
    size_t label_count, label_size;
    char **projects, **ids;
    size_t project_count, project_size, id_count, id_size;
    struct model_lease *leases;
    size_t lease_count, lease_size;
    int64_t owners[HD__SHARDS];    /* clients; 0 for none */
    struct model_handle **handles; /* that are open */
    size_t handle_count, handle_size;
    int64_t last_client, last_row, last_record, last_event, last_job, last_entry;
    uint64_t last_change, waiting, log_bytes;
};

/* A step that was applied, so that it can be told again. */
struct model_told {
    uint64_t number;
    int is_known;    /* it was applied */
    uint64_t shards; /* owned since then: what was added to others may have been begun by another owner */
    struct hd__added *added;
    size_t added_count, added_size;
    struct hd__new_event *events; /* what was written to them is of use, not what they point to */
    size_t event_count;
    int *lost; /* of each result */
};

/* A handle, and the client that has joined with it. */
struct model_handle {
    struct hd_store base;
    struct store_model *model;
    unsigned generation; /* of processes: forked children have a later one */
    int64_t client;      /* 0 for none */
    int role;
    struct hd__clock clock;
    int64_t key_window_ms;
    struct hd__store_listener listener;
    uint64_t owned, leaving, lost; /* as told, or to be told */
    int64_t safe_until_us;
    int64_t seen_row;     /* rows of others up to this one have been told */
    uint64_t seen_change; /* so have changes */
    struct model_told told;
    struct hd__uuid_source uuids;
};

/* Memory, without which a test cannot go on. */
void *store_model_memory(void *old, size_t count, size_t size);
char *store_model_text(const char *text);
void store_model_bytes(struct hd__bytes *bytes); /* replaces them by a copy */

/* Makes room for one more in an array. */
#define STORE_MODEL_GROW(array, count, size)                                                                           \
    do {                                                                                                               \
        if ((count) == (size)) {                                                                                       \
            (size) = (size) ? 2 * (size) : 8;                                                                          \
            (array) = store_model_memory((array), (size), sizeof *(array));                                            \
        }                                                                                                              \
    } while (0)

/* Begins a call: HD_OK, with the world locked, or HD_E_FORKED. */
int store_model_lock(struct model_handle *handle);
void store_model_unlock(struct model_handle *handle);

#define STORE_MODEL_BEGINNING_MS 1000000 /* far enough from 0, which is no time */

/* By the store's clock, which no jump of the wall clock reaches. */
int64_t store_model_now_ms(const struct model_handle *handle);

/* store_model_lanes.c: events and the outbox. The event is used once more by whoever keeps it. */
struct model_event *store_model_event(struct store_model *model, const struct hd__stored_event *event);
struct model_row *store_model_add_row(struct model_handle *handle, struct model_webhook *webhook,
                                      struct model_event *event, int is_test,
                                      unsigned char delivery_id[HD__STORE_ID_SIZE]);
void store_model_drop_event(struct model_event *event);
int store_model_step(struct hd_store *base, struct hd__step *step, struct hd__store_state *state);
int store_model_pass_test(struct hd_store *base, const struct hd__stored_event *event, int64_t webhook,
                          unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed);
void store_model_forget_told(struct model_told *told);

/* store_model_shards.c: who owns what, and what is told of it. */
int store_model_owns(const struct model_handle *handle, int64_t webhook);
void store_model_notice_losses(struct model_handle *handle);
void store_model_tell(struct model_handle *handle); /* changes, and what has arrived */
void store_model_state(struct model_handle *handle, struct hd__store_state *state);
int store_model_join(struct hd_store *base, const struct hd__join *join, struct hd__store_state *state);
int store_model_look(struct hd_store *base, struct hd__store_state *state);
int store_model_tend(struct hd_store *base, struct hd__store_state *state, int *more);
int store_model_leave(struct hd_store *base, int is_clean);
void store_model_give_up(struct model_handle *handle, int64_t client, int is_clean); /* its shards and its lease */

/* store_model_webhooks.c. find: the one of this id and project, or the one that is not removed if project is NULL. */
struct model_webhook *store_model_find(const struct store_model *model, const char *id, const char *project);
struct model_webhook *store_model_webhook(const struct store_model *model, int64_t key);
int store_model_put(struct hd_store *base, struct hd__stored_webhook *webhook, uint64_t expected,
                    struct hd__change_note *note);
int store_model_remove(struct hd_store *base, const char *id, uint64_t *change, struct hd__change_note *note);
int store_model_counts(const struct model_webhook *webhook, const struct model_row *row); /* as waiting */
int store_model_discard(struct hd_store *base, const char *id, uint64_t *count, struct hd__change_note *note);
int store_model_waiting(struct hd_store *base, const char *id, uint64_t *count, int64_t *oldest_ms);
struct hd__lane_note store_model_note(const struct model_webhook *webhook, int64_t now_ms);
int store_model_lane_state(struct hd_store *base, const char *id, struct hd__lane_note *note);
int store_model_survey(struct hd_store *base, void (*tell)(void *user, const struct hd__standing *standing),
                       void *user);
int store_model_is_left(struct hd_store *base, uint64_t shards, int64_t up_to_row, int *is_left);
void store_model_free_webhook(struct model_webhook *webhook);

/* store_model_log.c */
void store_model_record(struct model_handle *handle, struct model_event *event, const struct hd__stored_report *report,
                        int is_lost);
void store_model_cut_log(struct model_handle *handle, int *more);
void store_model_free_record(struct model_record *record);
int store_model_query(struct hd_store *base, const struct hd__log_search *search,
                      int (*row)(void *user, const struct hd__log_row *row), void *user);
int store_model_tally(struct hd_store *base, const struct hd__log_search *search, int64_t bucket_ms,
                      void (*tell)(void *user, const struct hd__log_tally *tally), void *user);
struct hd__log_row store_model_row(const struct store_model *model, const struct model_record *record);
int store_model_matches(const struct hd__log_search *search, const struct hd__log_row *row);
int store_model_ends(struct hd_store *base, int64_t *deleted, int64_t *newest);
int store_model_find_place(struct hd_store *base, const char *name, int64_t *place);
int store_model_move_place(struct hd_store *base, const char *name, int64_t place);

/* store_model_changes.c. stored: the webhook whose name and project the entry gets; NULL for those that it has. */
void store_model_write_change(struct store_model *model, const struct hd__stored_change *change,
                              const struct model_webhook *stored);
void store_model_free_change(struct hd__stored_change *change);
int store_model_add_change(struct hd_store *base, const struct hd__stored_change *change);
int store_model_find_changes(struct hd_store *base, const struct hd__change_search *search,
                             void (*tell)(void *user, const struct hd__stored_change *change), void *user);

/* store_model_jobs.c */
struct model_job *store_model_job(const struct store_model *model, int64_t key);
uint64_t store_model_running_jobs(const struct store_model *model);
void store_model_free_job(struct model_job *job);
int store_model_add_job(struct hd_store *base, const struct hd__stored_job *job, struct hd__change_note *note);
int store_model_find_jobs(struct hd_store *base, const unsigned char *id,
                          void (*tell)(void *user, const struct hd__stored_job *job), void *user);
int store_model_set_job_state(struct hd_store *base, const unsigned char *id, int state, int64_t now_ms,
                              struct hd__change_note *note);
int store_model_plan_job(struct hd_store *base, struct hd__job_plan *plan);
int store_model_step_job(struct hd_store *base, struct hd__job_step *step);
void store_model_count_job_row(struct store_model *model, const struct model_row *row,
                               const struct hd__stored_report *report);

#endif
