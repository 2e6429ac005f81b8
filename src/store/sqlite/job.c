/* Jobs as they are stored; what they do is in job_step.c. */
#include "store/sqlite/sqlite.h"

#include <string.h>

/* What a job is made of, in the order of tell_one(). */
#define JOB                                                                                                            \
    "SELECT key, id, source, state, project, webhook_id, query, with_later, per_second, created_ms, ended_ms, place, " \
    "last, due_ms, matching, webhooks, sent, delivered, failed, tests, removed, later, damaged, forgotten, "           \
    "s.now_ms, s.monotonic_us, s.wall_ms, s.boot, (SELECT owner FROM shard WHERE shard = (key & 63)) FROM job "        \
    "CROSS JOIN state s WHERE ?1 IS NULL OR id = ?1 ORDER BY key DESC"
#define COUNTS 14 /* the column where they begin */

/* ---- Adding ---- */

/* NULL stands for all. */
static void bind_name(sqlite3_stmt *statement, int index, const char *name) {
    if (name)
        hd__sql_text(statement, index, name);
    else
        sqlite3_bind_null(statement, index);
}

/* Whether one runs that may send to the same webhook. */
static int is_in_the_way(struct hd__sqlite *store, const unsigned char *id, const char *project, const char *webhook_id,
                         int64_t *is) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_JOB_IN_THE_WAY);
    *is = 0;
    hd__sql_int(statement, 1, HD_JOB_RUNNING - HD__SQL_JOB_STATE);
    bind_name(statement, 2, project);
    bind_name(statement, 3, webhook_id);
    hd__sql_id(statement, 4, id);
    return hd__sql_ask(statement, is);
}

struct adding {
    const struct hd__stored_job *job;
    struct hd__change_note *note; /* NULL for none */
    int64_t is_refused;
};

static int forget_old(struct hd__sqlite *store) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FORGET_JOBS);
    hd__sql_int(statement, 1, HD__JOBS_KEPT);
    hd__sql_int(statement, 2, HD_JOB_RUNNING - HD__SQL_JOB_STATE);
    return hd__sql_run(statement);
}

static int add_work(struct hd__sqlite *store, void *argument) {
    struct adding *adding = argument;
    const struct hd__stored_job *job = adding->job;
    int code = is_in_the_way(store, job->id, job->project, job->webhook_id, &adding->is_refused);
    if (code != SQLITE_OK || adding->is_refused)
        return code;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_ADD_JOB);
    hd__sql_id(statement, 1, job->id);
    hd__sql_int(statement, 2, job->source - HD__SQL_JOB_SOURCE);
    hd__sql_int(statement, 3, HD_JOB_RUNNING - HD__SQL_JOB_STATE);
    bind_name(statement, 4, job->project);
    bind_name(statement, 5, job->webhook_id);
    hd__sql_text(statement, 6, job->query);
    hd__sql_int(statement, 7, job->with_later);
    hd__sql_int(statement, 8, job->per_second);
    hd__sql_int(statement, 9, job->created_at_ms);
    hd__sql_int(statement, 10, job->place);
    hd__sql_int(statement, 11, job->end);
    hd__sql_int(statement, 12, (int64_t)job->counts[HD__JOB_MATCHING]);
    hd__sql_int(statement, 13, (int64_t)job->counts[HD__JOB_WEBHOOKS]);
    code = hd__sql_run(statement);
    store->state.jobs++;
    if (code == SQLITE_OK && adding->note)
        code = hd__sqlite_write_change(store, &adding->note->it, 1);
    return code == SQLITE_OK ? forget_old(store) : code;
}

/* A call that writes, by any thread. */
static int change(struct hd__sqlite *store, int (*work)(struct hd__sqlite *store, void *argument), void *argument) {
    int status = hd__sqlite_check(store);
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    status = !store->is_writer || store->role == HD__ROLE_READ ? HD_E_STORE_READ_ONLY
                                                               : hd__sqlite_write(store, work, argument, NULL);
    pthread_mutex_unlock(&store->writing);
    return status;
}

int hd__sqlite_add_job(struct hd_store *base, const struct hd__stored_job *job, struct hd__change_note *note) {
    struct adding adding = {.job = job, .note = note};
    int status = change((struct hd__sqlite *)base, add_work, &adding);
    return status == HD_OK && adding.is_refused ? HD_E_JOB_RUNNING : status;
}

/* ---- Stopping, and going on ---- */

struct setting {
    const unsigned char *id;
    int state;
    int64_t now_ms;
    struct hd__change_note *note; /* NULL for none */
    int64_t is_refused;
    int is_there;
};

static int set_state(struct hd__sqlite *store, int64_t key, const struct setting *setting) {
    int is_stopped = setting->state == HD_JOB_STOPPED;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_SET_JOB_STATE);
    hd__sql_int(statement, 1, key);
    hd__sql_int(statement, 2, setting->state - HD__SQL_JOB_STATE);
    hd__sql_int(statement, 3, is_stopped ? setting->now_ms : 0);
    store->state.jobs += is_stopped ? -1 : 1;
    return hd__sql_run(statement);
}

/* Of what it may send to: project and webhook. */
static int write_note(struct hd__sqlite *store, const struct hd__change_note *note, const char *const scope[2]) {
    struct hd__stored_change change = note->it;
    change.project = scope[0] ? scope[0] : "";
    change.webhook_id = scope[1] ? scope[1] : "";
    return hd__sqlite_write_change(store, &change, 1);
}

static int set_work(struct hd__sqlite *store, void *argument) {
    struct setting *setting = argument;
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_FIND_JOB);
    char names[2][256];
    const char *scope[2];
    hd__sql_id(statement, 1, setting->id);
    int code = hd__sql_next(statement);
    setting->is_there = code == SQLITE_ROW;
    int64_t key = setting->is_there ? hd__sql_get_int(statement, 0) : 0;
    int before = setting->is_there ? HD__SQL_JOB_STATE + (int)hd__sql_get_int(statement, 2) : 0;
    for (int i = 0; i < 2; i++) {
        int is_null = !setting->is_there || sqlite3_column_type(statement, 3 + i) == SQLITE_NULL;
        sqlite3_snprintf(sizeof names[i], names[i], "%s", is_null ? "" : hd__sql_get_text(statement, 3 + i));
        scope[i] = is_null ? NULL : names[i];
    }
    code = hd__sql_end(statement, code);
    int is_change = setting->state == HD_JOB_STOPPED ? before == HD_JOB_RUNNING : before == HD_JOB_STOPPED;
    if (code != SQLITE_OK || !is_change)
        return code;
    if (setting->state == HD_JOB_RUNNING)
        code = is_in_the_way(store, setting->id, scope[0], scope[1], &setting->is_refused);
    if (code != SQLITE_OK || setting->is_refused)
        return code;
    code = set_state(store, key, setting);
    return code == SQLITE_OK && setting->note ? write_note(store, setting->note, scope) : code;
}

int hd__sqlite_set_job_state(struct hd_store *base, const unsigned char *id, int state, int64_t now_ms,
                             struct hd__change_note *note) {
    struct setting setting = {.id = id, .state = state, .now_ms = now_ms, .note = note};
    int status = change((struct hd__sqlite *)base, set_work, &setting);
    return status != HD_OK ? status : !setting.is_there ? HD_E_NO_JOB : setting.is_refused ? HD_E_JOB_RUNNING : HD_OK;
}

/* ---- Telling ---- */

static const char *name_at(sqlite3_stmt *row, int column) {
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NULL : hd__sql_get_text(row, column);
}

/* By the store's clock, which no transaction has told here. */
static int64_t due_in(const struct hd__sqlite *store, sqlite3_stmt *row) {
    struct hd__store_time time = {
        .ms = hd__sql_get_int(row, COUNTS + HD__JOB_COUNTS),
        .monotonic_us = hd__sql_get_int(row, COUNTS + HD__JOB_COUNTS + 1),
        .wall_ms = hd__sql_get_int(row, COUNTS + HD__JOB_COUNTS + 2),
        .boot = hd__sql_get_int(row, COUNTS + HD__JOB_COUNTS + 3),
    };
    hd__store_time_go_on(&time, store->clock, store->self.boot);
    int64_t left_ms = hd__sql_get_int(row, 13) - time.ms;
    return left_ms > 0 ? left_ms : 0;
}

static void tell_one(const struct hd__sqlite *store, sqlite3_stmt *row, int64_t client,
                     void (*tell)(void *user, const struct hd__stored_job *job), void *user) {
    struct hd__stored_job job = {
        .source = HD__SQL_JOB_SOURCE + (int)hd__sql_get_int(row, 2),
        .state = HD__SQL_JOB_STATE + (int)hd__sql_get_int(row, 3),
        .project = name_at(row, 4),
        .webhook_id = name_at(row, 5),
        .query = hd__sql_get_text(row, 6),
        .with_later = (int)hd__sql_get_int(row, 7),
        .per_second = (uint32_t)hd__sql_get_int(row, 8),
        .created_at_ms = hd__sql_get_int(row, 9),
        .ended_at_ms = hd__sql_get_int(row, 10),
        .place = hd__sql_get_int(row, 11),
        .end = hd__sql_get_int(row, 12),
        .is_own = client != 0 && hd__sql_get_int(row, COUNTS + HD__JOB_COUNTS + 4) == client,
        .due_in_ms = store->clock ? due_in(store, row) : 0,
    };
    hd__sql_get_id(row, 1, job.id);
    for (int i = 0; i < HD__JOB_COUNTS; i++)
        job.counts[i] = (uint64_t)hd__sql_get_int(row, COUNTS + i);
    tell(user, &job);
}

int hd__sqlite_find_jobs(struct hd_store *base, const unsigned char *id,
                         void (*tell)(void *user, const struct hd__stored_job *job), void *user) {
    struct hd__sqlite *store = (struct hd__sqlite *)base;
    sqlite3_stmt *statement = NULL;
    int status = hd__sqlite_check(store), is_found = 0;
    if (status != HD_OK)
        return status;
    pthread_mutex_lock(&store->writing);
    int64_t client = store->client;
    pthread_mutex_unlock(&store->writing);
    sqlite3 *reader = hd__sqlite_take_reader(store, &store->reader, &status);
    if (!reader)
        return status;
    int code = sqlite3_prepare_v2(reader, JOB, -1, &statement, NULL);
    if (code == SQLITE_OK)
        hd__sql_id(statement, 1, id);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        tell_one(store, statement, client, tell, user);
        is_found = 1;
        code = SQLITE_OK;
    }
    status = hd__sqlite_status(store, reader, code);
    sqlite3_finalize(statement);
    hd__sqlite_drop_reader(&store->reader);
    return status == HD_OK && id && !is_found ? HD_E_NO_JOB : status;
}

/* ---- What has become of its deliveries ---- */

int hd__sqlite_count_job_row(struct hd__sqlite *store, int64_t row, int is_delivered) {
    sqlite3_stmt *statement = hd__sql(store, HD__SQL_END_JOB_ROW);
    hd__sql_int(statement, 1, row);
    int code = hd__sql_next(statement), is_found = code == SQLITE_ROW;
    int64_t job = is_found ? hd__sql_get_int(statement, 0) : 0;
    while (code == SQLITE_ROW) /* to its end: else it is taken back */
        code = hd__sql_next(statement);
    code = hd__sql_end(statement, code);
    if (code != SQLITE_OK || !is_found)
        return code;
    store->state.job_rows--;
    statement = hd__sql(store, HD__SQL_COUNT_JOB_ROW);
    hd__sql_int(statement, 1, job);
    hd__sql_int(statement, 2, is_delivered);
    return hd__sql_run(statement);
}
