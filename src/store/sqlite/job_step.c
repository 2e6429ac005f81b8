/* What jobs would do, and do. */
#include "store/sqlite/job_look.h"

#include <string.h>

#define SLICES 10 /* of a second: a job with a pace sends in so many parts */

/* ---- A plan ---- */

static void take_number(struct hd__sqlite *store, sqlite3_stmt *row, void *into) {
    (void)store;
    *(int64_t *)into = hd__sql_get_int(row, 0);
}

static int walk_plan(sqlite3 *counter, struct hd__job_plan *plan, int *is_there) {
    struct hd__job_found found;
    struct hd__job_look look = {.connection = counter,
                                .source = plan->source,
                                .with_later = plan->with_later,
                                .search = plan->search,
                                .up_to = plan->end,
                                .end = INT64_MAX};
    int code = hd__job_look_begin(&look);
    *is_there = plan->source != HD_SOURCE_MISSED || look.webhook != 0;
    while (code == SQLITE_OK && (code = hd__job_look_next(&look, &found)) == SQLITE_ROW) {
        plan->counts[HD__JOB_MATCHING]++;
        if (found.what == HD__JOB_SENT)
            plan->webhook(plan->user, found.webhook);
        else
            plan->counts[found.what]++;
        code = SQLITE_OK;
    }
    hd__job_look_end(&look);
    return code;
}

int hd__sqlite_plan_job(struct hd_store *base, struct hd__job_plan *plan) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int is_there = 1, status;
    memset(plan->counts, 0, sizeof plan->counts);
    plan->end = 0;
    status = hd__sqlite_read_row(
        store, plan->source == HD_SOURCE_MISSED ? "SELECT next_event - 1 FROM state" : "SELECT next_log - 1 FROM state",
        NULL, take_number, &plan->end);
    if (status != HD_OK)
        return status;
    sqlite3 *counter = hd__sqlite_take_reader(store, &store->counter, &status);
    if (!counter)
        return status;
    status = hd__sqlite_status(store, counter, walk_plan(counter, plan, &is_there));
    hd__sqlite_drop_reader(&store->counter);
    return status == HD_OK && !is_there ? HD_E_NOT_FOUND : status;
}

/* ---- A job that runs ---- */

struct job {
    struct hd__job_step *step;
    int64_t key, place, end, due_ms;
    int source, state, with_later;
    uint32_t per_second;
    uint64_t counts[HD__JOB_COUNTS];
};

static int read_job(struct hd__sqlite *store, struct job *job) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_JOB);
    hd__sql_id(statement, 1, job->step->id);
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW) {
        job->key = hd__sql_get_int(statement, 0);
        job->source = HD__SQL_JOB_SOURCE + (int)hd__sql_get_int(statement, 1);
        job->state = HD__SQL_JOB_STATE + (int)hd__sql_get_int(statement, 2);
        job->with_later = (int)hd__sql_get_int(statement, 5);
        job->per_second = (uint32_t)hd__sql_get_int(statement, 6);
        job->place = hd__sql_get_int(statement, 7);
        job->end = hd__sql_get_int(statement, 8);
        job->due_ms = hd__sql_get_int(statement, 9);
        job->counts[HD__JOB_MATCHING] = (uint64_t)hd__sql_get_int(statement, 10);
        for (int i = HD__JOB_SENT; i < HD__JOB_COUNTS; i++)
            job->counts[i] = (uint64_t)hd__sql_get_int(statement, 11 + i - HD__JOB_SENT);
    }
    return hd__sql_end(statement, code);
}

static uint64_t under_way(const struct job *job) {
    return job->counts[HD__JOB_SENT] - job->counts[HD__JOB_DELIVERED] - job->counts[HD__JOB_FAILED];
}

static uint64_t looked_at(const struct job *job) {
    uint64_t count = job->counts[HD__JOB_SENT];
    for (int i = HD__JOB_TESTS; i < HD__JOB_COUNTS; i++)
        count += job->counts[i];
    return count;
}

/* How many may be sent now. */
static uint64_t room(const struct job *job) {
    uint64_t free = HD__JOB_UNDER_WAY - under_way(job), slice = (job->per_second + SLICES - 1) / SLICES;
    uint64_t most = job->per_second && slice < free ? slice : free;
    return most < job->step->max ? most : job->step->max;
}

/* ---- Sending ---- */

/* The event that is made again, as long as the statement stands. */
static int read_event(sqlite3_stmt *statement, int64_t key, struct hd__stored_event *event) {
    hd__sql_int(statement, 1, key);
    int code = hd__sql_next(statement);
    if (code == SQLITE_ROW)
        *event = (struct hd__stored_event){
            .type = (int)hd__sql_get_int(statement, 0),
            .project = hd__sql_get_text(statement, 1),
            .search = hd__sql_get_text(statement, 2),
            .body = hd__sql_get_bytes(statement, 3),
        };
    return code;
}

static int add_one(struct hd__sqlite *store, struct job *job, struct hd__stored_event *event,
                   const struct hd__job_found *found) {
    int64_t row;
    memcpy(event->id, job->step->event_ids[job->step->max - 1], sizeof event->id);
    job->step->max--; /* the ids are used from the last to the first */
    event->accepted_at_ms = job->step->now_ms;
    event->redelivery_of = found->link;
    int code = hd__sqlite_add_one(store, event, found->webhook, &row);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_JOB_ROW);
    hd__sql_int(statement, 1, row);
    hd__sql_int(statement, 2, job->key);
    store->state.job_rows++;
    job->counts[HD__JOB_SENT]++;
    return hd__sql_run(statement);
}

static int send_one(struct hd__sqlite *store, struct job *job, const struct hd__job_found *found) {
    struct hd__stored_event event;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_READ_EVENT);
    int code = read_event(statement, found->event, &event);
    if (code == SQLITE_ROW && job->step->is_sound(job->step->user, &event))
        code = add_one(store, job, &event, found);
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
        job->counts[HD__JOB_DAMAGED]++;
    return hd__sql_end(statement, code);
}

/* ---- A step ---- */

/* Looks at what comes next. The last one that there is room for ends the step where it is. */
static int walk(struct hd__sqlite *store, struct job *job, uint64_t free) {
    int64_t last = job->end - job->place > HD__JOB_LOOKS ? job->place + HD__JOB_LOOKS : job->end;
    uint64_t most = job->counts[HD__JOB_SENT] + free;
    struct hd__job_found found;
    struct hd__job_look look = {.connection = store->main,
                                .source = job->source,
                                .with_later = job->with_later,
                                .search = job->step->search,
                                .after = job->place,
                                .up_to = last,
                                .end = job->end,
                                .is_ordered = 1};
    int code = hd__job_look_begin(&look);
    while (code == SQLITE_OK && job->counts[HD__JOB_SENT] < most &&
           (code = hd__job_look_next(&look, &found)) == SQLITE_ROW) {
        if (found.what == HD__JOB_SENT)
            code = send_one(store, job, &found);
        else
            job->counts[found.what]++, code = SQLITE_OK;
        job->place = found.place;
    }
    if (code == SQLITE_DONE)
        job->place = last;
    hd__job_look_end(&look);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_job(struct hd__sqlite *store, struct job *job) {
    static const int written[] = {HD__JOB_SENT,  HD__JOB_TESTS,   HD__JOB_REMOVED,
                                  HD__JOB_LATER, HD__JOB_DAMAGED, HD__JOB_FORGOTTEN};
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_MOVE_JOB);
    hd__sql_int(statement, 1, job->key);
    hd__sql_int(statement, 2, job->place);
    hd__sql_int(statement, 3, job->due_ms);
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        hd__sql_int(statement, 4 + (int)i, (int64_t)job->counts[written[i]]);
    return hd__sql_run(statement);
}

/* All has been sent: what was counted and is not there any more has been deleted. */
static int finish(struct hd__sqlite *store, struct job *job) {
    if (looked_at(job) < job->counts[HD__JOB_MATCHING])
        job->counts[HD__JOB_FORGOTTEN] += job->counts[HD__JOB_MATCHING] - looked_at(job);
    int code = write_job(store, job);
    if (code != SQLITE_OK)
        return code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_SET_JOB_STATE);
    hd__sql_int(statement, 1, job->key);
    hd__sql_int(statement, 2, HD_JOB_DONE - HD__SQL_JOB_STATE);
    hd__sql_int(statement, 3, job->step->now_ms);
    store->state.jobs--;
    return hd__sql_run(statement);
}

static int go_on(struct hd__sqlite *store, struct job *job) {
    uint64_t before = job->counts[HD__JOB_SENT], free = room(job);
    if (free == 0)
        return SQLITE_OK;
    int code = walk(store, job, free);
    int64_t sent = (int64_t)(job->counts[HD__JOB_SENT] - before);
    if (job->per_second)
        job->due_ms = (job->due_ms > store->now.ms ? job->due_ms : store->now.ms) + sent * 1000 / job->per_second;
    int is_over = job->place >= job->end && under_way(job) == 0;
    int waits = job->place >= job->end || under_way(job) >= HD__JOB_UNDER_WAY;
    job->step->next_in_ms = waits ? INT64_MAX : job->due_ms > store->now.ms ? job->due_ms - store->now.ms : 0;
    return code != SQLITE_OK ? code : is_over ? finish(store, job) : write_job(store, job);
}

static int step_work(struct hd__sqlite *store, void *argument) {
    struct job job = {.step = argument};
    size_t max = job.step->max;
    job.step->next_in_ms = INT64_MAX;
    int code = read_job(store, &job);
    if (code != SQLITE_OK || job.state != HD_JOB_RUNNING || !(store->owned & HD__SHARD_BIT(job.key)))
        return code;
    int is_sent = job.place >= job.end;
    if (is_sent && under_way(&job) == 0)
        return finish(store, &job);
    if (job.due_ms > store->now.ms)
        job.step->next_in_ms = job.due_ms - store->now.ms;
    else if (!is_sent)
        code = go_on(store, &job);
    job.step->max = max; /* it may be done again */
    return code;
}

int hd__sqlite_step_job(struct hd_store *base, struct hd__job_step *step) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    hd__sqlite_enter(store);
    status = store->role < 0                ? HD_E_CLOSED
             : store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                            : hd__sqlite_write(store, step_work, step, NULL);
    hd__sqlite_leave(store);
    return status;
}
