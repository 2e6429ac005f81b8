/* SPDX-License-Identifier: MIT */
#include "store/job_acts.h"

#include "store/check.h"

#include <string.h>

/* ---- Deliveries that have ended ---- */

/* A delivery to one webhook that has ended so; its row. */
int64_t job_end_with(struct client *client, int64_t key, int outcome) {
    int64_t row = client_send_to(client, key);
    struct hd__stored_report report = report_of(client->world, key, row);
    report.outcome = outcome;
    report.reason = outcome == HD_OUTCOME_DELIVERED ? HD_REASON_DELIVERED : HD_REASON_HTTP_5XX;
    assert_false(client_settle(client, result_of(client->world, HD__RESULT_ENDED, key, row, &report)));
    return row;
}

void job_fail_many(struct client *client, int64_t key, int count) {
    for (int i = 0; i < count; i++)
        (void)job_end_with(client, key, HD_OUTCOME_FAILED);
}

/* What was claimed last ends so, all of it. */
void job_end_claimed(struct client *client, int64_t key, int outcome) {
    struct hd__result results[JOB_IDS];
    struct hd__stored_report reports[JOB_IDS];
    size_t count = client_claim(client, key);
    for (size_t i = 0; i < count; i++) {
        int64_t row = heard(client, HEARD_CLAIMED, i)->row;
        reports[i] = report_of(client->world, key, row);
        reports[i].outcome = outcome;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = result_of(client->world, HD__RESULT_ENDED, key, heard(client, HEARD_CLAIMED, i)->row, &reports[i]);
    struct hd__step step = {.results = results, .result_count = count};
    if (count > 0)
        client_step(client, &step);
}

/* ---- Jobs ---- */

const struct hd__log_search job_all = {.before_ms = INT64_MAX, .before_id = INT64_MAX};
const struct hd__log_search job_failed = {
    .outcomes = 1U << (HD_OUTCOME_FAILED - HD_OUTCOME_DELIVERED), .before_ms = INT64_MAX, .before_id = INT64_MAX};

static void count_webhook(void *user, int64_t key) {
    (void)key;
    ++*(uint64_t *)user;
}

/* Plans, and returns how many would be sent. */
uint64_t job_plan(struct client *client, struct hd__job_plan *plan_) {
    static uint64_t sent;
    sent = 0;
    plan_->webhook = count_webhook;
    plan_->user = &sent;
    assert_int_equal(client->store->ops->plan_job(client->store, plan_), HD_OK);
    return sent;
}

struct hd__stored_job job_of(struct world *world, const struct hd__job_plan *plan_) {
    struct hd__stored_job job = {.source = plan_->source,
                                 .state = HD_JOB_RUNNING,
                                 .query = "query",
                                 .with_later = plan_->with_later,
                                 .created_at_ms = 12345,
                                 .end = plan_->end};
    char text[HD__UUID_SIZE];
    assert_int_equal(hd__uuid_new(&world->uuids, &world->clock, text), HD_OK);
    assert_true(hd__uuid_parse(text, job.id));
    job.counts[HD__JOB_MATCHING] = plan_->counts[HD__JOB_MATCHING];
    return job;
}

int job_add(struct client *client, const struct hd__stored_job *job) {
    return client->store->ops->add_job(client->store, job, NULL);
}

/* A job of what a search finds now. */
struct hd__stored_job job_begin(struct client *client, int source, const struct hd__log_search *search) {
    struct hd__job_plan planned = {.source = source, .search = search};
    (void)job_plan(client, &planned);
    struct hd__stored_job job = job_of(client->world, &planned);
    assert_int_equal(job_add(client, &job), HD_OK);
    return job;
}

void job_copy(void *user, const struct hd__stored_job *job) {
    *(struct hd__stored_job *)user = *job;
}

struct hd__stored_job job_find(struct client *client, const struct hd__stored_job *job) {
    struct hd__stored_job found = {.state = 0};
    assert_int_equal(client->store->ops->find_jobs(client->store, job->id, job_copy, &found), HD_OK);
    return found;
}

uint64_t job_counted(struct client *client, const struct hd__stored_job *job, int which) {
    return job_find(client, job).counts[which];
}

int job_is_sound(void *user, const struct hd__stored_event *event) {
    const struct hd__bytes *damaged = user;
    return !damaged || damaged->len != event->body.len || memcmp(damaged->data, event->body.data, damaged->len) != 0;
}

/* A step. Returns when the next may have something to do. */
int64_t job_step_with(struct client *client, const struct hd__stored_job *job, const struct hd__log_search *search,
                      size_t max, const struct hd__bytes *damaged) {
    unsigned char ids[JOB_IDS][HD__STORE_ID_SIZE];
    struct world *world = client->world;
    char text[HD__UUID_SIZE];
    for (size_t i = 0; i < max; i++) {
        assert_int_equal(hd__uuid_new(&world->uuids, &world->clock, text), HD_OK);
        assert_true(hd__uuid_parse(text, ids[i]));
    }
    struct hd__job_step step = {.id = job->id,
                                .search = search,
                                .event_ids = ids,
                                .max = max,
                                .now_ms = 777,
                                .is_sound = job_is_sound,
                                .user = (void *)(uintptr_t)damaged};
    assert_int_equal(client->store->ops->step_job(client->store, &step), HD_OK);
    return step.next_in_ms;
}

int64_t job_step(struct client *client, const struct hd__stored_job *job, const struct hd__log_search *search) {
    return job_step_with(client, job, search, JOB_IDS, NULL);
}

int job_set_state(struct client *client, const struct hd__stored_job *job, int state) {
    return client->store->ops->set_job_state(client->store, job->id, state, 999, NULL);
}

/* A client with a webhook. */
struct client *job_client(struct world *world, int64_t *key) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    *key = client_put(client, &webhook);
    return client;
}
