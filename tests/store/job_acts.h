/* SPDX-License-Identifier: MIT */
/* What checks of jobs play with. */
#ifndef TESTS_STORE_JOB_ACTS_H
#define TESTS_STORE_JOB_ACTS_H

#include "store/world.h"

#define JOB_IDS 200

extern const struct hd__log_search job_all, job_failed;

/* A client with a webhook. */
struct client *job_client(struct world *world, int64_t *key);

/* A delivery to one webhook that has ended so; its row. Many that have failed. What a claim brings ends so. */
int64_t job_end_with(struct client *client, int64_t key, int outcome);
void job_fail_many(struct client *client, int64_t key, int count);
void job_end_claimed(struct client *client, int64_t key, int outcome);

/* Plans, and returns how many would be sent. */
uint64_t job_plan(struct client *client, struct hd__job_plan *plan);
/* The job of a plan; one of what a search finds now, which runs. */
struct hd__stored_job job_of(struct world *world, const struct hd__job_plan *plan);
struct hd__stored_job job_begin(struct client *client, int source, const struct hd__log_search *search);
int job_add(struct client *client, const struct hd__stored_job *job);
int job_set_state(struct client *client, const struct hd__stored_job *job, int state);

void job_copy(void *user, const struct hd__stored_job *job);
struct hd__stored_job job_find(struct client *client, const struct hd__stored_job *job);
uint64_t job_counted(struct client *client, const struct hd__stored_job *job, int which);

/* A step with so many ids, in a store in which one body is damaged. Returns when the next may have something to do. */
int64_t job_step_with(struct client *client, const struct hd__stored_job *job, const struct hd__log_search *search,
                      size_t max, const struct hd__bytes *damaged);
int64_t job_step(struct client *client, const struct hd__stored_job *job, const struct hd__log_search *search);
int job_is_sound(void *user, const struct hd__stored_event *event);

#endif
