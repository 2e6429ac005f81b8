/* SPDX-License-Identifier: MIT */
/** @file store_step_test.c What src/store/store.h asks of a store, step by step, beside a model of it in memory: random
 * steps, and the end of the process around each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/support.h"

#include "helmdesk/sqlite.h"
#include "store/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WEBHOOKS 3
#define ROWS_MAX 4096
#define STEP_MAX 6

static char directory[64];

static int set_up(void **state) {
    (void)state;
    make_directory(directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    remove_directory(directory);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The model
 */

struct row {
    int64_t row, due_ms;
    uint64_t event_id;
    int webhook;
    uint32_t tries;
    int is_released;
};

struct model {
    struct row rows[ROWS_MAX]; /* in the order of their numbers */
    size_t count;
    size_t reports;
    uint64_t next_event;
};

static void model_remove(struct model *model, size_t index) {
    model->count--;
    memmove(&model->rows[index], &model->rows[index + 1], (model->count - index) * sizeof model->rows[0]);
}

static int by_due(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    return x->due_ms != y->due_ms ? (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* The rows of a webhook that a claim from the beginning gives: those that are due, then new ones. */
static size_t model_claim(const struct model *model, int webhook, int64_t now_ms, struct row *found) {
    size_t count = 0;
    for (size_t i = 0; i < model->count; i++)
        if (model->rows[i].webhook == webhook && model->rows[i].due_ms > 0 && model->rows[i].due_ms <= now_ms)
            found[count++] = model->rows[i];
    qsort(found, count, sizeof found[0], by_due);
    for (size_t i = 0; i < model->count; i++)
        if (model->rows[i].webhook == webhook && model->rows[i].due_ms == 0)
            found[count++] = model->rows[i];
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The store beside it
 */

static uint64_t seed;

static size_t any(size_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed >> 11) % below;
}

static void ignore_webhook(void *user, const struct hd__stored_webhook *webhook) {
    (void)user, (void)webhook;
}

static int64_t keys[WEBHOOKS];

static hd_store *open_store(struct hd__store_state *state) {
    hd_store *store = NULL;
    assert_int_equal(hd_store_sqlite_open(directory, NULL, 0, &store), HD_OK);
    assert_int_equal(store->ops->begin(store, ignore_webhook, NULL, state), HD_OK);
    for (int i = 0; i < WEBHOOKS; i++) {
        char id[16];
        struct hd__store_keys found = {0};
        (void)snprintf(id, sizeof id, "w%d", i);
        const struct hd__stored_webhook webhook = {
            .id = id, .project = "p", .name = "", .masked_url = "u", .max_in_flight = 4, .max_attempts = 1};
        assert_int_equal(store->ops->put_webhook(store, &webhook, &found), HD_OK);
        assert_true(keys[i] == 0 || keys[i] == found.webhook);
        keys[i] = found.webhook;
    }
    return store;
}

struct plan {
    struct hd__stored_event events[STEP_MAX];
    struct hd__new_delivery deliveries[STEP_MAX];
    struct hd__result results[STEP_MAX];
    struct hd__stored_report report;
    int webhooks[STEP_MAX];
    size_t changed[STEP_MAX]; /* indexes in the model, from the greatest */
    struct hd__step step;
};

static void plan_events(struct plan *plan, const struct model *model) {
    plan->step.event_count = any(STEP_MAX);
    plan->step.delivery_count = plan->step.event_count;
    for (size_t i = 0; i < plan->step.event_count; i++) {
        plan->events[i] = (struct hd__stored_event){model->next_event + i, 1, 1, "p", {"{}", 2}, {NULL, 0}};
        plan->webhooks[i] = (int)any(WEBHOOKS);
        plan->deliveries[i] = (struct hd__new_delivery){.event = i, .webhook = keys[plan->webhooks[i]]};
    }
}

static void plan_results(struct plan *plan, const struct model *model, int64_t now_ms) {
    size_t wanted = any(STEP_MAX), at = model->count;
    plan->report = (struct hd__stored_report){.keys = {keys[0], 1, 1}, .detail = "", .remote_address = ""};
    while (plan->step.result_count < wanted && at > 0) {
        at -= 1 + any(at < 8 ? at : 8);
        const struct row *row = &model->rows[at];
        int kind = (int)any(3);
        plan->changed[plan->step.result_count] = at;
        plan->results[plan->step.result_count++] = (struct hd__result){
            .kind = kind,
            .row = row->row,
            .tries = row->tries + 1,
            .due_ms = any(3) ? now_ms + (int64_t)any(40) : 0,
            .event_id = row->event_id,
            .report = kind == HD__RESULT_RELEASED ? NULL : &plan->report,
        };
    }
}

static void make_plan(struct plan *plan, const struct model *model, int64_t now_ms) {
    *plan = (struct plan){.step = {.now_ms = now_ms}};
    plan_events(plan, model);
    plan_results(plan, model, now_ms);
    plan->step.events = plan->events;
    plan->step.deliveries = plan->deliveries;
    plan->step.results = plan->results;
}

/* What the step does, to the model. first_row is the number of its first new row. */
static void apply(const struct plan *plan, struct model *model, int64_t first_row) {
    for (size_t i = 0; i < plan->step.result_count; i++) {
        struct row *row = &model->rows[plan->changed[i]];
        const struct hd__result *result = &plan->results[i];
        model->reports += result->report != NULL;
        if (result->kind == HD__RESULT_ENDED) {
            model_remove(model, plan->changed[i]);
        } else if (result->kind == HD__RESULT_RETRY) {
            row->due_ms = result->due_ms;
            row->tries = result->tries;
        } else {
            row->is_released = 1;
        }
    }
    for (size_t i = 0; i < plan->step.delivery_count; i++)
        model->rows[model->count++] =
            (struct row){.row = first_row + (int64_t)i, .event_id = plan->events[i].id, .webhook = plan->webhooks[i]};
    model->next_event += plan->step.event_count;
    assert_true(model->count < ROWS_MAX - STEP_MAX);
}

struct seen {
    struct row rows[ROWS_MAX];
    size_t count;
};

static int see(void *user, size_t claim, const struct hd__claimed *claimed) {
    struct seen *seen = user;
    seen->rows[seen->count++] = (struct row){claimed->row, claimed->due_ms, claimed->event.id,
                                             (int)claim,   claimed->tries,  claimed->may_be_repeated};
    return 1;
}

static int same_row(const struct row *a, const struct row *b, int is_marked) {
    return a->row == b->row && a->due_ms == b->due_ms && a->event_id == b->event_id && a->tries == b->tries &&
           a->is_released == (b->is_released || is_marked);
}

static int count_row(void *user, const struct hd__log_row *row) {
    (void)row;
    ++*(size_t *)user;
    return 1;
}

static void count_figures(void *user, const struct hd__log_figures *figures) {
    (void)figures;
    ++*(size_t *)user;
}

/* Whether the store tells of the model: all rows, by claims of every size, and the log. */
static int agrees(hd_store *store, const struct model *model, int64_t now_ms, int is_marked) {
    static struct seen seen;
    static struct row expected[ROWS_MAX];
    struct hd__store_state state;
    size_t reports = 0, figures = 0;
    const struct hd__log_search search = {.before_ms = INT64_MAX, .before_id = INT64_MAX, .max = 1000000};
    for (int webhook = 0; webhook < WEBHOOKS; webhook++) {
        struct hd__claim claim = {.webhook = keys[webhook], .max = 1 + any(20)};
        struct hd__step step = {.now_ms = now_ms, .claims = &claim, .claim_count = 1, .claimed = see, .user = &seen};
        size_t count = model_claim(model, webhook, now_ms, expected);
        seen.count = 0;
        do { /* from the end of the claim before */
            size_t before = seen.count;
            assert_int_equal(store->ops->step(store, &step, &state), HD_OK);
            for (size_t i = before; i < seen.count; i++) {
                if (seen.rows[i].due_ms == 0) {
                    claim.after_row = seen.rows[i].row;
                } else {
                    claim.after_due_ms = seen.rows[i].due_ms;
                    claim.after_retry_row = seen.rows[i].row;
                }
            }
        } while (claim.has_more);
        if (seen.count != count)
            return 0;
        for (size_t i = 0; i < count; i++)
            if (!same_row(&seen.rows[i], &expected[i], is_marked))
                return 0;
    }
    assert_int_equal(store->ops->query(store, &search, count_row, &reports), HD_OK);
    assert_int_equal(store->ops->figures(store, &search, count_figures, &figures), HD_OK);
    return state.waiting == model->count && reports == model->reports && figures == model->reports &&
           state.oldest_event == (model->count ? model->rows[0].event_id : UINT64_MAX);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 */

static void test_random_steps(void **state_) {
    (void)state_;
    static struct model model;
    static struct plan plan;
    struct hd__store_state state;
    seed = 88172645463325252;
    memset(keys, 0, sizeof keys);
    model = (struct model){.next_event = 1};
    hd_store *store = open_store(&state);
    for (int64_t now_ms = 1; now_ms <= (int64_t)volume(400); now_ms++) {
        make_plan(&plan, &model, now_ms);
        assert_int_equal(store->ops->step(store, &plan.step, &state), HD_OK);
        apply(&plan, &model, plan.step.delivery_count ? plan.deliveries[0].row : 0);
        for (size_t i = 1; i < model.count; i++)
            assert_true(model.rows[i].row > model.rows[i - 1].row);
        assert_true(agrees(store, &model, now_ms, 0));
        if (now_ms % 50 == 0) { /* an orderly end changes nothing */
            assert_int_equal(store->ops->end(store, 1), HD_OK);
            hd_store_free(store);
            store = open_store(&state);
            assert_true(agrees(store, &model, now_ms, 0));
        }
    }
    assert_true(model.reports > volume(100));
    hd_store_free(store);
}

/* A step that fails has changed nothing, and goes through unchanged later: here its last event is one that is there. */
static void test_failed_step(void **state_) {
    (void)state_;
    static struct model model;
    static struct plan plan;
    struct hd__store_state state;
    seed = 362436069;
    memset(keys, 0, sizeof keys);
    model = (struct model){.next_event = 1};
    hd_store *store = open_store(&state);
    for (int64_t now_ms = 1; now_ms <= 60; now_ms++) {
        make_plan(&plan, &model, now_ms);
        if (plan.step.event_count > 1) {
            uint64_t id = plan.events[plan.step.event_count - 1].id;
            plan.events[plan.step.event_count - 1].id = plan.events[0].id;
            assert_int_equal(store->ops->step(store, &plan.step, &state), HD_E_STORE);
            assert_true(strlen(store->error) > 0);
            assert_true(agrees(store, &model, now_ms, 0));
            plan.events[plan.step.event_count - 1].id = id;
        }
        assert_int_equal(store->ops->step(store, &plan.step, &state), HD_OK);
        apply(&plan, &model, plan.step.delivery_count ? plan.deliveries[0].row : 0);
        assert_true(agrees(store, &model, now_ms, 0));
    }
    hd_store_free(store);
}

/* The process that makes steps until it is killed: it says a byte before each and one when it is done. */
static int make_steps(const char *path, const char *seed_text) {
    static struct model model;
    static struct plan plan;
    struct hd__store_state state;
    (void)snprintf(directory, sizeof directory, "%s", path);
    seed = strtoull(seed_text, NULL, 10);
    model = (struct model){.next_event = 1};
    hd_store *store = open_store(&state);
    for (int64_t now_ms = 1;; now_ms++) {
        make_plan(&plan, &model, now_ms);
        if (write(STDOUT_FILENO, "b", 1) != 1 || store->ops->step(store, &plan.step, &state) != HD_OK)
            return 1;
        apply(&plan, &model, plan.step.delivery_count ? plan.deliveries[0].row : 0);
        if (write(STDOUT_FILENO, "e", 1) != 1)
            return 1;
    }
}

static const char *program;

/* Kills it after so many bytes, and so many microseconds. Returns how many steps had ended; *begun tells of one more.
 */
static int64_t kill_around(const char *seed_text, size_t bytes, long wait_us, int *begun) {
    int ends[2];
    char byte = 0;
    int64_t ended = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, directory, seed_text, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (size_t i = 0; i < bytes; i++) {
        assert_int_equal(read(ends[0], &byte, 1), 1);
        ended += byte == 'e';
    }
    const struct timespec wait = {.tv_nsec = wait_us * 1000};
    (void)nanosleep(&wait, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &byte, 1) == 1) /* what it said meanwhile */
        ended += byte == 'e';
    *begun = byte == 'b';
    close(ends[0]);
    return ended;
}

/* Whatever step the process was in: it is there as a whole, or not at all, and what ended is there. */
static void test_kill_around_steps(void **state_) {
    (void)state_;
    static struct model model;
    static struct plan plan;
    size_t kills = volume(40);
    for (size_t round = 0; round < kills; round++) {
        struct hd__store_state state;
        char seed_text[32];
        int begun;
        memset(keys, 0, sizeof keys);
        (void)snprintf(seed_text, sizeof seed_text, "%zu", 1234567 + round * 7919);
        int64_t steps = kill_around(seed_text, 1 + round, round % 4 ? (long)round * 13 : 0, &begun);
        hd_store *store = open_store(&state);
        seed = strtoull(seed_text, NULL, 10);
        model = (struct model){.next_event = 1};
        int64_t row = 1;
        for (int64_t now_ms = 1; now_ms <= steps; now_ms++) {
            make_plan(&plan, &model, now_ms);
            apply(&plan, &model, row);
            row += (int64_t)plan.step.delivery_count;
        }
        uint64_t kept = seed;
        int is_before = agrees(store, &model, steps + 1, 1), is_after = 0;
        if (begun) {
            seed = kept;
            make_plan(&plan, &model, steps + 1);
            apply(&plan, &model, row);
            is_after = agrees(store, &model, steps + 1, 1);
        }
        if (!is_before && !is_after)
            fail_msg("round %zu: after %lld steps%s the store is something else", round, (long long)steps,
                     begun ? " and one that had begun" : "");
        hd_store_free(store);
        assert_int_equal(tear_down(NULL), 0);
        assert_int_equal(set_up(NULL), 0);
    }
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 3)
        return make_steps(argv[1], argv[2]);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_random_steps),
        TEST(test_failed_step),
        TEST(test_kill_around_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
