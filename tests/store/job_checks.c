/* SPDX-License-Identifier: MIT */
/* Jobs: what they find and leave out, how they go on, and who runs them. */
#include "store/check.h"
#include "store/job_acts.h"
#include "store/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What they find ---- */

static void what_is_planned_is_sent(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    job_fail_many(client, key, 3);
    (void)job_end_with(client, key, HD_OUTCOME_DELIVERED);
    assert_int_equal(job_plan(client, &planned), 3);
    assert_int_equal(planned.counts[HD__JOB_MATCHING], 3);
    assert_int_equal(client->state.waiting, 0);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    client_look(client);
    assert_int_equal(client->state.jobs, 1);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(waiting(client, "webhook"), 3);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 3);
    assert_int_equal(job_find(client, &job).state, HD_JOB_RUNNING);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    assert_int_equal(job_counted(client, &job, HD__JOB_DELIVERED), 3);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
    assert_int_equal(job_find(client, &job).ended_at_ms, 777);
    client_look(client);
    assert_int_equal(client->state.jobs, 0);
}

static void a_job_is_kept_whole(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key), *other = client_join(world, HD__ROLE_READ);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    (void)job_plan(client, &planned);
    struct hd__stored_job job = job_of(world, &planned);
    job.project = PROJECT;
    job.webhook_id = "webhook";
    job.query = "a b\nc";
    job.with_later = 1;
    job.per_second = 7;
    job.counts[HD__JOB_MATCHING] = 5;
    job.counts[HD__JOB_WEBHOOKS] = 2;
    job.end = 9;
    assert_int_equal(job_add(client, &job), HD_OK);
    struct hd__stored_job found = {.state = 0};
    assert_int_equal(other->store->ops->find_jobs(other->store, NULL, job_copy, &found), HD_OK);
    assert_memory_equal(found.id, job.id, HD__STORE_ID_SIZE);
    assert_int_equal(found.source, HD_SOURCE_DELIVERIES);
    assert_int_equal(found.with_later, 1);
    assert_int_equal(found.per_second, 7);
    assert_int_equal(found.created_at_ms, 12345);
    assert_int_equal(found.ended_at_ms, 0);
    assert_int_equal(found.end, 9);
    assert_int_equal(found.counts[HD__JOB_MATCHING], 5);
    assert_int_equal(found.counts[HD__JOB_WEBHOOKS], 2);
    assert_false(found.is_own);
    job.id[0] ^= 1;
    assert_int_equal(other->store->ops->find_jobs(other->store, job.id, job_copy, &found), HD_E_NO_JOB);
}

/* The oldest first, with what they repeat, as new events. */
static void the_oldest_come_first(struct world *world) {
    int64_t key, rows[3];
    unsigned char ids[3][HD__STORE_ID_SIZE];
    struct client *client = job_client(world, &key);
    for (int i = 0; i < 3; i++)
        rows[i] = job_end_with(client, key, HD_OUTCOME_FAILED);
    for (int i = 0; i < 3; i++)
        memcpy(ids[i], report_of(world, key, rows[i]).delivery_id, HD__STORE_ID_SIZE);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step(client, &job, &job_failed);
    client_look(client);
    assert_int_equal(heard_count(client, HEARD_ARRIVED, key), 1);
    assert_int_equal(client_claim(client, key), 3);
    for (size_t i = 0; i < 3; i++) /* {"ticket":7} */
        assert_int_equal(atoi(heard(client, HEARD_CLAIMED, i)->body + 10), world->last_ticket - 2 + (int64_t)i);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    for (int i = 0; i < 3; i++) {
        struct hd__log_search again = job_all;
        again.redelivery_of = ids[i];
        struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &again};
        (void)job_plan(client, &planned);
        assert_int_equal(planned.counts[HD__JOB_MATCHING], 1);
    }
}

static void what_is_left_out_is_counted(struct world *world) {
    int64_t key, other;
    struct client *client = job_client(world, &key);
    struct hd__stored_webhook gone = webhook_of("gone");
    uint64_t change;
    other = client_put(client, &gone);
    job_fail_many(client, key, 2);
    job_fail_many(client, other, 3);
    int64_t row = client_send_to(client, key);
    struct hd__stored_report report = report_of(world, key, row);
    report.outcome = HD_OUTCOME_FAILED;
    report.is_test = 1;
    assert_false(client_settle(client, result_of(world, HD__RESULT_ENDED, key, row, &report)));
    assert_int_equal(client->store->ops->remove_webhook(client->store, "gone", &change, NULL), HD_OK);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    assert_int_equal(job_plan(client, &planned), 2);
    assert_int_equal(planned.counts[HD__JOB_MATCHING], 6);
    assert_int_equal(planned.counts[HD__JOB_TESTS], 1);
    assert_int_equal(planned.counts[HD__JOB_REMOVED], 3);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    assert_int_equal(job_counted(client, &job, HD__JOB_TESTS), 1);
    assert_int_equal(job_counted(client, &job, HD__JOB_REMOVED), 3);
}

/* What was sent again by one job and delivered is not sent by the next; nor what is under way, or failed meanwhile. */
static void what_arrived_later_is_left_out(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    job_fail_many(client, key, 2);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_plan(client, &planned), 0);
    assert_int_equal(planned.counts[HD__JOB_LATER], 2);
    job_end_claimed(client, key, HD_OUTCOME_FAILED);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_FAILED), 2);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);

    job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed); /* finds the first two and those that repeat them */
    assert_int_equal(job_find(client, &job).counts[HD__JOB_MATCHING], 4);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    assert_int_equal(job_counted(client, &job, HD__JOB_LATER), 2);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
    assert_int_equal(job_plan(client, &planned), 0);
    assert_int_equal(planned.counts[HD__JOB_LATER], 4);
    planned.with_later = 1;
    assert_int_equal(job_plan(client, &planned), 4);
}

static void a_damaged_event_is_left_out(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, 3);
    char text[64];
    int len = snprintf(text, sizeof text, "{\"ticket\":%lld}", (long long)world->last_ticket);
    struct hd__bytes damaged = {text, (size_t)len};
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step_with(client, &job, &job_failed, JOB_IDS, &damaged);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    assert_int_equal(job_counted(client, &job, HD__JOB_DAMAGED), 1);
}

/* What the log has deleted meanwhile is counted when the job is done. */
static void what_was_deleted_is_counted(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, 5);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    client->store->max_reports = 2;
    client_tend(client);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_FORGOTTEN), 3);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
}

/* ---- What was missed ---- */

static void a_webhook_gets_what_it_missed(struct world *world) {
    int64_t keys[2];
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    client_put_many(client, 1, keys);
    for (int i = 0; i < 3; i++)
        (void)job_end_with(client, keys[0], HD_OUTCOME_DELIVERED); /* as if it were alone */
    (void)client_send(client);                                     /* and one that waits */
    struct hd__stored_webhook late = webhook_of("late");
    late.events = 1u << HD_TICKET_CREATED;
    keys[1] = client_put(client, &late);
    (void)client_send(client); /* which both get */
    struct hd__log_search missed = job_all;
    missed.webhook_ids = (const char *const[]){"late"};
    missed.webhook_count = 1;
    struct hd__job_plan planned = {.source = HD_SOURCE_MISSED, .search = &missed};
    assert_int_equal(job_plan(client, &planned), 4);
    assert_int_equal(planned.counts[HD__JOB_MATCHING], 4);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_MISSED, &missed);
    (void)job_step(client, &job, &missed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 4);
    assert_int_equal(waiting(client, "late"), 5);
    assert_int_equal(job_plan(client, &planned), 0);
    job_end_claimed(client, keys[1], HD_OUTCOME_FAILED);
    (void)job_step(client, &job, &missed);
    assert_int_equal(job_counted(client, &job, HD__JOB_FAILED), 4);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
    assert_int_equal(job_plan(client, &planned), 0); /* it has got them now, and that they failed is in the log */
    missed.webhook_ids = (const char *const[]){"nobody"};
    missed.webhook_count = 1;
    assert_int_equal(client->store->ops->plan_job(client->store, &planned), HD_E_NOT_FOUND);
}

static void tests_and_other_types_are_not_missed(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    struct hd__stored_webhook late = webhook_of("late");
    late.events = 1u << HD_MESSAGE_RECEIVED;
    (void)client_send(client);
    struct hd__new_event test = event_of(world, PROJECT, HD_MESSAGE_RECEIVED);
    struct hd__stored_report report = report_of(world, key, 0);
    report.is_test = 1;
    struct hd__result result = result_of(world, HD__RESULT_ENDED, key, 0, &report);
    result.event = &test.event;
    memcpy(result.event_id, test.event.id, HD__STORE_ID_SIZE);
    (void)client_settle(client, result);
    (void)client_put(client, &late);
    struct client *tester = client_join(world, HD__ROLE_ACCEPT);
    struct hd__new_event passed = event_of(world, PROJECT, HD_MESSAGE_RECEIVED);
    unsigned char delivery_id[HD__STORE_ID_SIZE];
    int is_passed = 0;
    assert_int_equal(tester->store->ops->pass_test(tester->store, &passed.event, key, delivery_id, &is_passed), HD_OK);
    assert_true(is_passed);
    struct hd__log_search missed = job_all;
    missed.webhook_ids = (const char *const[]){"late"};
    missed.webhook_count = 1;
    struct hd__job_plan planned = {.source = HD_SOURCE_MISSED, .search = &missed};
    assert_int_equal(job_plan(client, &planned), 0);
    struct hd__new_event event = event_of(world, PROJECT, HD_MESSAGE_RECEIVED);
    event.webhook = key;
    struct hd__step step = {.events = &event, .event_count = 1};
    client_step(client, &step);
    assert_int_equal(job_plan(client, &planned), 1);
}

/* ---- How they go on ---- */

/* No more are under way than may be. */
static void few_are_under_way(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, HD__JOB_UNDER_WAY + 30);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    assert_true(job_step(client, &job, &job_failed) == INT64_MAX);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), HD__JOB_UNDER_WAY);
    assert_true(job_step(client, &job, &job_failed) == INT64_MAX);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), HD__JOB_UNDER_WAY);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), HD__JOB_UNDER_WAY + 30);
}

static void the_pace_is_kept(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, 8);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    (void)job_plan(client, &planned);
    struct hd__stored_job job = job_of(world, &planned);
    job.per_second = 2;
    assert_int_equal(job_add(client, &job), HD_OK);
    assert_int_equal(job_step(client, &job, &job_failed), 500);
    assert_int_equal(job_step(client, &job, &job_failed), 500);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 1);
    assert_int_equal(job_find(client, &job).due_in_ms, 500);
    world_pass(world, 200);
    assert_int_equal(job_step(client, &job, &job_failed), 300);
    world_pass(world, 300);
    assert_int_equal(job_step(client, &job, &job_failed), 500);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    world_pass(world, 5000); /* what was not sent then is not sent at once later */
    (void)job_step(client, &job, &job_failed);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 3);
}

/* A long log is gone through in parts. */
static void a_step_looks_at_a_part(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, 5);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    assert_int_equal(job_step_with(client, &job, &job_failed, 2, NULL), 0);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 2);
    int64_t place = job_find(client, &job).place;
    assert_true(place < job.end);
    (void)job_step_with(client, &job, &job_failed, 2, NULL);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 4);
    assert_true(job_find(client, &job).place > place);
}

static void a_stopped_job_goes_on_where_it_was(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key), *other = client_join(world, HD__ROLE_ACCEPT);
    job_fail_many(client, key, 4);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step_with(client, &job, &job_failed, 1, NULL);
    assert_int_equal(job_set_state(other, &job, HD_JOB_STOPPED), HD_OK);
    assert_int_equal(job_find(client, &job).state, HD_JOB_STOPPED);
    assert_int_equal(job_find(client, &job).ended_at_ms, 999);
    client_look(client);
    assert_int_equal(client->state.jobs, 0);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 1);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED); /* what was under way still counts */
    assert_int_equal(job_counted(client, &job, HD__JOB_DELIVERED), 1);
    assert_int_equal(job_set_state(other, &job, HD_JOB_RUNNING), HD_OK);
    assert_int_equal(job_set_state(other, &job, HD_JOB_RUNNING), HD_OK);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_counted(client, &job, HD__JOB_SENT), 4);
    job_end_claimed(client, key, HD_OUTCOME_DELIVERED);
    (void)job_step(client, &job, &job_failed);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
    assert_int_equal(job_set_state(other, &job, HD_JOB_RUNNING), HD_OK);
    assert_int_equal(job_find(client, &job).state, HD_JOB_DONE);
    job.id[0] ^= 1;
    assert_int_equal(job_set_state(other, &job, HD_JOB_STOPPED), HD_E_NO_JOB);
}

/* ---- Who runs them ---- */

static void one_at_a_time_sends_to_a_webhook(struct world *world) {
    struct client *client = client_join(world, HD__ROLE_DELIVER);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    (void)job_plan(client, &planned);
    struct hd__stored_job jobs[5];
    for (int i = 0; i < 5; i++)
        jobs[i] = job_of(world, &planned);
    jobs[0].webhook_id = "a";
    jobs[0].project = PROJECT;
    jobs[1].webhook_id = "b";
    jobs[1].project = PROJECT;
    jobs[2].project = PROJECT;
    jobs[3].project = "another";
    assert_int_equal(job_add(client, &jobs[0]), HD_OK);
    assert_int_equal(job_add(client, &jobs[1]), HD_OK);
    assert_int_equal(job_add(client, &jobs[2]), HD_E_JOB_RUNNING);
    assert_int_equal(job_add(client, &jobs[3]), HD_OK);
    assert_int_equal(job_add(client, &jobs[4]), HD_E_JOB_RUNNING);
    assert_int_equal(job_set_state(client, &jobs[0], HD_JOB_STOPPED), HD_OK);
    assert_int_equal(job_set_state(client, &jobs[1], HD_JOB_STOPPED), HD_OK);
    assert_int_equal(job_add(client, &jobs[2]), HD_OK);
    assert_int_equal(job_set_state(client, &jobs[0], HD_JOB_RUNNING), HD_E_JOB_RUNNING);
    assert_int_equal(job_find(client, &jobs[0]).state, HD_JOB_STOPPED);
}

/* The one that owns its shard; after its end another one, from where the job is. */
static void one_client_runs_a_job(struct world *world) {
    int64_t key;
    struct client *first = job_client(world, &key), *second = client_join(world, HD__ROLE_DELIVER);
    world_tend(world, 3);
    struct client *owner = first->state.owned >> hd__shard_of(key) & 1 ? first : second;
    job_fail_many(owner, key, 4);
    struct hd__stored_job job = job_begin(first, HD_SOURCE_DELIVERIES, &job_failed);
    struct client *runs = job_find(first, &job).is_own ? first : second, *rests = runs == first ? second : first;
    assert_true(job_find(runs, &job).is_own);
    assert_false(job_find(rests, &job).is_own);
    (void)job_step(rests, &job, &job_failed);
    assert_int_equal(job_counted(rests, &job, HD__JOB_SENT), 0);
    (void)job_step_with(runs, &job, &job_failed, 3, NULL);
    assert_int_equal(job_counted(rests, &job, HD__JOB_SENT), 3);
    client_die(runs);
    world_tend(world, 40);
    assert_true(job_find(rests, &job).is_own);
    (void)job_step(rests, &job, &job_failed);
    assert_int_equal(job_counted(rests, &job, HD__JOB_SENT), 4);
    assert_int_equal(waiting(rests, "webhook"), 4);
    job_end_claimed(rests, key, HD_OUTCOME_DELIVERED);
    (void)job_step(rests, &job, &job_failed);
    assert_int_equal(job_counted(rests, &job, HD__JOB_DELIVERED), 4);
    assert_int_equal(job_find(rests, &job).state, HD_JOB_DONE);
}

/* A result that comes twice counts once. */
static void a_repeated_step_counts_once(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key);
    job_fail_many(client, key, 1);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    (void)job_step(client, &job, &job_failed);
    client_look(client);
    assert_int_equal(client_claim(client, key), 1);
    int64_t row = heard(client, HEARD_CLAIMED, 0)->row;
    struct hd__stored_report report = report_of(world, key, row);
    struct hd__result result = result_of(world, HD__RESULT_RETRY, key, row, &report);
    report.outcome = HD_OUTCOME_RETRYING;
    (void)client_settle(client, result);
    assert_int_equal(job_counted(client, &job, HD__JOB_DELIVERED) + job_counted(client, &job, HD__JOB_FAILED), 0);
    report.outcome = HD_OUTCOME_DELIVERED;
    result = result_of(world, HD__RESULT_ENDED, key, row, &report);
    struct hd__step step = {.results = &result, .result_count = 1};
    client_step(client, &step);
    client_repeat(client, &step);
    assert_int_equal(job_counted(client, &job, HD__JOB_DELIVERED), 1);
}

static void a_reader_changes_no_job(struct world *world) {
    int64_t key;
    struct client *client = job_client(world, &key), *reader = client_join(world, HD__ROLE_READ);
    struct hd__stored_job job = job_begin(client, HD_SOURCE_DELIVERIES, &job_failed);
    struct hd__job_step step = {.id = job.id, .search = &job_failed, .is_sound = job_is_sound};
    assert_int_equal(job_add(reader, &job), HD_E_STORE_READ_ONLY);
    assert_int_equal(job_set_state(reader, &job, HD_JOB_STOPPED), HD_E_STORE_READ_ONLY);
    assert_int_equal(reader->store->ops->step_job(reader->store, &step), HD_E_STORE_READ_ONLY);
    struct hd__job_plan planned = {.source = HD_SOURCE_DELIVERIES, .search = &job_failed};
    assert_int_equal(job_plan(reader, &planned), 0);
}

static const struct check checks[] = {
    {"what is planned is sent", what_is_planned_is_sent},
    {"a job is kept whole", a_job_is_kept_whole},
    {"the oldest come first", the_oldest_come_first},
    {"what is left out is counted", what_is_left_out_is_counted},
    {"what arrived later is left out", what_arrived_later_is_left_out},
    {"a damaged event is left out", a_damaged_event_is_left_out},
    {"what was deleted is counted", what_was_deleted_is_counted},
    {"a webhook gets what it missed", a_webhook_gets_what_it_missed},
    {"tests and other types are not missed", tests_and_other_types_are_not_missed},
    {"few are under way", few_are_under_way},
    {"the pace is kept", the_pace_is_kept},
    {"a step looks at a part", a_step_looks_at_a_part},
    {"a stopped job goes on where it was", a_stopped_job_goes_on_where_it_was},
    {"one at a time sends to a webhook", one_at_a_time_sends_to_a_webhook},
    {"one client runs a job", one_client_runs_a_job},
    {"a repeated step counts once", a_repeated_step_counts_once},
    {"a reader changes no job", a_reader_changes_no_job},
};
const struct check_list job_checks = CHECK_LIST("jobs", checks);
