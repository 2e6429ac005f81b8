/* SPDX-License-Identifier: MIT */
#include "support/store_cut.h"

#include <stdlib.h>
#include <string.h>

struct cutter {
    struct hd_store base;
    struct hd_store *inner;
    struct store_cut cut;
    uint64_t lost; /* told by calls whose reply was lost */
};

static struct hd_store *inner_of(struct hd_store *base) {
    return ((struct cutter *)base)->inner;
}

/* How to cut a call. What the program has set in the outer store is so in the inner one too. */
static int begin(struct hd_store *base, int call) {
    struct cutter *cutter = (struct cutter *)base;
    cutter->inner->max_reports = base->max_reports;
    cutter->inner->max_age_ms = base->max_age_ms;
    cutter->inner->max_log_bytes = base->max_log_bytes;
    return cutter->cut.before ? cutter->cut.before(cutter->cut.user, call) : STORE_CUT_NOT;
}

static int fail(struct hd_store *base, int status, const char *words) {
    pthread_mutex_lock(&base->error_mutex);
    memcpy(base->error, words, strlen(words) + 1);
    pthread_mutex_unlock(&base->error_mutex);
    return status;
}

static int not_made(struct hd_store *base, int how) {
    return how == STORE_CUT_UNDONE ? fail(base, HD_E_STORE_BUSY, "somebody else is writing")
                                   : fail(base, HD_E_STORE_LOST, "the connection was lost");
}

/* The end of a call that was made. */
static int end(struct hd_store *base, int call, int how, int status) {
    struct cutter *cutter = (struct cutter *)base;
    if (cutter->cut.after)
        cutter->cut.after(cutter->cut.user, call);
    if (status != HD_OK)
        memcpy(base->error, cutter->inner->error, sizeof base->error);
    return how == STORE_CUT_AFTER ? fail(base, HD_E_STORE_LOST, "the connection was lost") : status;
}

static int is_made(int how) {
    return how == STORE_CUT_NOT || how == STORE_CUT_AFTER;
}

/* Hands a state on, or keeps what would never be told again. */
static void pass_state(struct hd_store *base, int how, int status, const struct hd__store_state *told,
                       struct hd__store_state *state) {
    struct cutter *cutter = (struct cutter *)base;
    if (status != HD_OK)
        return;
    cutter->lost |= told->lost;
    if (how != STORE_CUT_NOT)
        return;
    *state = *told;
    state->lost = cutter->lost;
    cutter->lost = 0;
}

/* ---- Calls that tell the state ---- */

static int join(struct hd_store *base, const struct hd__join *joined, struct hd__store_state *state) {
    struct hd__store_state told;
    int how = begin(base, STORE_CUT_JOIN);
    if (!is_made(how))
        return not_made(base, how);
    ((struct cutter *)base)->lost = 0;
    int status = inner_of(base)->ops->join(inner_of(base), joined, &told);
    pass_state(base, how, status, &told, state);
    return end(base, STORE_CUT_JOIN, how, status);
}

static void ignore_added(void *user, const struct hd__added *added) {
    (void)user, (void)added;
}

static int ignore_claimed(void *user, size_t claim, const struct hd__claimed *row) {
    (void)user, (void)claim, (void)row;
    return 0;
}

static void *copy(const void *data, size_t count, size_t size) {
    void *made = malloc(count ? count * size : 1);
    if (!made)
        abort();
    return count ? memcpy(made, data, count * size) : made;
}

/* Makes a copy of a step, so that nothing is written to the given one. */
static int step_unheard(struct hd_store *base, const struct hd__step *step, struct hd__store_state *told) {
    struct hd__step made = *step;
    made.events = copy(step->events, step->event_count, sizeof *step->events);
    made.results = copy(step->results, step->result_count, sizeof *step->results);
    made.claims = copy(step->claims, step->claim_count, sizeof *step->claims);
    made.added = ignore_added;
    made.claimed = ignore_claimed;
    int status = inner_of(base)->ops->step(inner_of(base), &made, told);
    free(made.events);
    free(made.results);
    free(made.claims);
    return status;
}

static int step(struct hd_store *base, struct hd__step *given, struct hd__store_state *state) {
    struct hd__store_state told;
    int how = begin(base, STORE_CUT_STEP);
    given->undone = how == STORE_CUT_UNDONE;
    if (!is_made(how))
        return not_made(base, how);
    int status = how == STORE_CUT_AFTER ? step_unheard(base, given, &told)
                                        : inner_of(base)->ops->step(inner_of(base), given, &told);
    pass_state(base, how, status, &told, state);
    return end(base, STORE_CUT_STEP, how, status);
}

static int look(struct hd_store *base, struct hd__store_state *state) {
    struct hd__store_state told;
    int how = begin(base, STORE_CUT_LOOK);
    if (!is_made(how))
        return not_made(base, how);
    int status = inner_of(base)->ops->look(inner_of(base), &told);
    pass_state(base, how, status, &told, state);
    return end(base, STORE_CUT_LOOK, how, status);
}

static int tend(struct hd_store *base, struct hd__store_state *state, int *more) {
    struct hd__store_state told;
    int how = begin(base, STORE_CUT_TEND);
    if (!is_made(how))
        return not_made(base, how);
    int status = inner_of(base)->ops->tend(inner_of(base), &told, more);
    pass_state(base, how, status, &told, state);
    return end(base, STORE_CUT_TEND, how, status);
}

/* ---- The others ---- */

static int put_webhook(struct hd_store *base, struct hd__stored_webhook *webhook, uint64_t expected,
                       struct hd__change_note *note) {
    int how = begin(base, STORE_CUT_PUT);
    if (!is_made(how))
        return not_made(base, how);
    struct hd__stored_webhook unheard = *webhook;
    int status =
        inner_of(base)->ops->put_webhook(inner_of(base), how == STORE_CUT_AFTER ? &unheard : webhook, expected, note);
    return end(base, STORE_CUT_PUT, how, status);
}

static int remove_webhook(struct hd_store *base, const char *id, uint64_t *change, struct hd__change_note *note) {
    uint64_t unheard;
    int how = begin(base, STORE_CUT_REMOVE);
    if (!is_made(how))
        return not_made(base, how);
    int status =
        inner_of(base)->ops->remove_webhook(inner_of(base), id, how == STORE_CUT_AFTER ? &unheard : change, note);
    return end(base, STORE_CUT_REMOVE, how, status);
}

static int discard(struct hd_store *base, const char *id, uint64_t *count, struct hd__change_note *note) {
    return inner_of(base)->ops->discard(inner_of(base), id, count, note);
}

static int pass_test(struct hd_store *base, const struct hd__stored_event *event, int64_t webhook,
                     unsigned char delivery_id[HD__STORE_ID_SIZE], int *is_passed) {
    return inner_of(base)->ops->pass_test(inner_of(base), event, webhook, delivery_id, is_passed);
}

static int waiting(struct hd_store *base, const char *id, uint64_t *count, int64_t *oldest_ms) {
    return inner_of(base)->ops->waiting(inner_of(base), id, count, oldest_ms);
}

static int lane_state(struct hd_store *base, const char *id, struct hd__lane_note *note) {
    return inner_of(base)->ops->lane_state(inner_of(base), id, note);
}

static int survey(struct hd_store *base, void (*tell)(void *user, const struct hd__standing *standing), void *user) {
    return inner_of(base)->ops->survey(inner_of(base), tell, user);
}

static int is_left(struct hd_store *base, uint64_t shards, int64_t up_to_row, int *left) {
    return inner_of(base)->ops->is_left(inner_of(base), shards, up_to_row, left);
}

static int query(struct hd_store *base, const struct hd__log_search *search,
                 int (*row)(void *user, const struct hd__log_row *row), void *user) {
    return inner_of(base)->ops->query(inner_of(base), search, row, user);
}

static int tally(struct hd_store *base, const struct hd__log_search *search, int64_t bucket_ms,
                 void (*tell)(void *user, const struct hd__log_tally *tally), void *user) {
    return inner_of(base)->ops->tally(inner_of(base), search, bucket_ms, tell, user);
}

static int ends(struct hd_store *base, int64_t *deleted, int64_t *newest) {
    return inner_of(base)->ops->ends(inner_of(base), deleted, newest);
}

static int find_place(struct hd_store *base, const char *name, int64_t *place) {
    return inner_of(base)->ops->find_place(inner_of(base), name, place);
}

static int move_place(struct hd_store *base, const char *name, int64_t place) {
    return inner_of(base)->ops->move_place(inner_of(base), name, place);
}

static int add_job(struct hd_store *base, const struct hd__stored_job *job, struct hd__change_note *note) {
    return inner_of(base)->ops->add_job(inner_of(base), job, note);
}

static int find_jobs(struct hd_store *base, const unsigned char *id,
                     void (*tell)(void *user, const struct hd__stored_job *job), void *user) {
    return inner_of(base)->ops->find_jobs(inner_of(base), id, tell, user);
}

static int set_job_state(struct hd_store *base, const unsigned char *id, int state, int64_t now_ms,
                         struct hd__change_note *note) {
    return inner_of(base)->ops->set_job_state(inner_of(base), id, state, now_ms, note);
}

static int add_change(struct hd_store *base, const struct hd__stored_change *change) {
    return inner_of(base)->ops->add_change(inner_of(base), change);
}

static int find_changes(struct hd_store *base, const struct hd__change_search *search,
                        void (*tell)(void *user, const struct hd__stored_change *change), void *user) {
    return inner_of(base)->ops->find_changes(inner_of(base), search, tell, user);
}

static int plan_job(struct hd_store *base, struct hd__job_plan *plan) {
    return inner_of(base)->ops->plan_job(inner_of(base), plan);
}

static int step_job(struct hd_store *base, struct hd__job_step *step_) {
    struct hd__job_step unheard = *step_;
    int how = begin(base, STORE_CUT_STEP_JOB);
    if (!is_made(how))
        return not_made(base, how);
    int status = inner_of(base)->ops->step_job(inner_of(base), how == STORE_CUT_AFTER ? &unheard : step_);
    return end(base, STORE_CUT_STEP_JOB, how, status);
}

static void interrupt(struct hd_store *base) {
    inner_of(base)->ops->interrupt(inner_of(base));
}

static int leave(struct hd_store *base, int is_clean) {
    return inner_of(base)->ops->leave(inner_of(base), is_clean);
}

static void free_cutter(struct hd_store *base) {
    inner_of(base)->ops->free(inner_of(base));
    pthread_mutex_destroy(&base->error_mutex);
    free(base);
}

struct hd_store *store_cut_new(struct hd_store *inner, struct store_cut cut) {
    static const struct hd__store_ops ops = {
        .join = join,
        .step = step,
        .look = look,
        .tend = tend,
        .put_webhook = put_webhook,
        .remove_webhook = remove_webhook,
        .discard = discard,
        .pass_test = pass_test,
        .waiting = waiting,
        .lane_state = lane_state,
        .survey = survey,
        .is_left = is_left,
        .query = query,
        .tally = tally,
        .ends = ends,
        .find_place = find_place,
        .move_place = move_place,
        .add_job = add_job,
        .find_jobs = find_jobs,
        .set_job_state = set_job_state,
        .add_change = add_change,
        .find_changes = find_changes,
        .plan_job = plan_job,
        .step_job = step_job,
        .interrupt = interrupt,
        .leave = leave,
        .free = free_cutter,
    };
    struct cutter *cutter = malloc(sizeof *cutter);
    if (!cutter)
        abort();
    *cutter = (struct cutter){.base = *inner, .inner = inner, .cut = cut};
    cutter->base.ops = &ops;
    cutter->base.in_use = 0;
    cutter->base.error[0] = '\0';
    pthread_mutex_init(&cutter->base.error_mutex, NULL);
    return &cutter->base;
}
