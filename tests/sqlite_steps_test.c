/* SPDX-License-Identifier: MIT */
/** @file sqlite_steps_test.c Random steps of the store in SQLite beside a model of it in memory, and the end of the
 * process around each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/seam.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WEBHOOKS 3
#define ROWS_MAX 2048
#define STEP_MAX 6
#define STEPS 400
#define KILLS 40

static char directory[64];
static struct seam seam;
static struct seam_time seam_now;

static int set_up(void **state) {
    (void)state;
    seam_make_directory(directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    seam_remove_directory(directory);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The model
 */

struct row {
    int64_t row, due_ms;
    uint64_t event;
    int webhook;
    uint32_t tries;
    int is_released;
};

struct model {
    struct row rows[ROWS_MAX]; /* in the order of their numbers */
    size_t count;
    size_t reports;
    uint64_t next_event;
    int64_t next_row;
};

static void model_remove(struct model *model, size_t index) {
    model->count--;
    memmove(&model->rows[index], &model->rows[index + 1], (model->count - index) * sizeof model->rows[0]);
}

static int by_due(const void *x_, const void *y_) {
    const struct row *x = x_, *y = y_;
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
static int64_t keys[WEBHOOKS];

static size_t any(size_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed >> 11) % below;
}

static void open_store(int64_t steps) {
    uint64_t number = seam.number;
    seam_now = seam_time();
    seam_pass(&seam_now, steps);
    seam_open(&seam, directory, HD__ROLE_DELIVER, seam_clock(&seam_now));
    seam.number = number;
    for (int i = 0; i < WEBHOOKS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "w%d", i);
        keys[i] = seam_put(&seam, id);
        assert_int_equal(keys[i], i + 1);
    }
}

struct plan {
    struct hd__new_event events[STEP_MAX];
    struct hd__result results[STEP_MAX];
    int webhooks[STEP_MAX];
    size_t changed[STEP_MAX]; /* indexes in the model, from the greatest */
    struct hd__step step;
};

static void plan_events(struct plan *plan, const struct model *model) {
    plan->step.event_count = any(STEP_MAX);
    for (size_t i = 0; i < plan->step.event_count; i++) {
        plan->events[i] = seam_event(model->next_event + i);
        plan->webhooks[i] = (int)any(WEBHOOKS);
        plan->events[i].webhook = keys[plan->webhooks[i]];
    }
}

static void plan_results(struct plan *plan, const struct model *model) {
    size_t wanted = any(STEP_MAX), at = model->count;
    while (plan->step.result_count < wanted && at > 0) {
        at -= 1 + any(at < 8 ? at : 8);
        const struct row *row = &model->rows[at];
        struct hd__result *result = &plan->results[plan->step.result_count];
        *result = seam_result(&seam, (int)any(3), keys[row->webhook], row->row, row->event);
        result->tries = row->tries + 1;
        result->delay_ms = any(3) ? (int64_t)any(40) : 0;
        if (result->kind == HD__RESULT_RELEASED)
            result->report = NULL;
        plan->changed[plan->step.result_count++] = at;
    }
}

static void make_plan(struct plan *plan, const struct model *model) {
    *plan = (struct plan){0};
    plan_events(plan, model);
    plan_results(plan, model);
    plan->step.events = plan->events;
    plan->step.results = plan->results;
}

/* What the step does, to the model. */
static void apply(const struct plan *plan, struct model *model, int64_t now_ms) {
    for (size_t i = 0; i < plan->step.result_count; i++) {
        struct row *row = &model->rows[plan->changed[i]];
        const struct hd__result *result = &plan->results[i];
        model->reports += result->report != NULL;
        if (result->kind == HD__RESULT_ENDED) {
            model_remove(model, plan->changed[i]);
        } else if (result->kind == HD__RESULT_RETRY) {
            row->due_ms = result->delay_ms ? now_ms + result->delay_ms : 1;
            row->tries = result->tries;
        } else {
            row->is_released = 1;
        }
    }
    for (size_t i = 0; i < plan->step.event_count; i++)
        model->rows[model->count++] =
            (struct row){.row = model->next_row++, .event = model->next_event + i, .webhook = plan->webhooks[i]};
    model->next_event += plan->step.event_count;
    assert_true(model->count < ROWS_MAX - STEP_MAX);
}

static int64_t store_ms(int64_t steps) {
    return seam_time().wall_ms + steps;
}

static int is_same(const struct seam_row *seen, const struct row *row, int is_marked) {
    unsigned char event[HD__STORE_ID_SIZE];
    seam_id(row->event, event);
    return seen->row == row->row && seen->due_ms == row->due_ms && seen->tries == row->tries &&
           memcmp(seen->event_id, event, sizeof event) == 0 && seen->may_be_repeated == (row->is_released || is_marked);
}

/* All rows of a webhook, by claims of some size, each from the end of the one before. */
static void claim_all(int webhook, size_t max) {
    struct hd__claim claim = {.webhook = keys[webhook], .max = max};
    struct hd__step step = {.claims = &claim, .claim_count = 1};
    seam_forget(&seam);
    do {
        size_t before = seam.row_count;
        assert_int_equal(seam_step(&seam, &step), HD_OK);
        for (size_t i = before; i < seam.row_count; i++) {
            if (seam.rows[i].due_ms == 0) {
                claim.after_row = seam.rows[i].row;
            } else {
                claim.after_due_ms = seam.rows[i].due_ms;
                claim.after_retry_row = seam.rows[i].row;
            }
        }
    } while (claim.has_more);
}

static void add_count(void *user, const struct hd__log_tally *tally) {
    *(size_t *)user += (size_t)tally->count;
}

/* Whether the store tells of the model: all rows, and the log. */
static int agrees(const struct model *model, int64_t now_ms, int is_marked) {
    static struct row expected[ROWS_MAX];
    const struct hd__log_search search = {0};
    size_t tallied = 0;
    for (int webhook = 0; webhook < WEBHOOKS; webhook++) {
        size_t count = model_claim(model, webhook, now_ms, expected);
        claim_all(webhook, 1 + any(20));
        if (seam.row_count != count)
            return 0;
        for (size_t i = 0; i < count; i++)
            if (!is_same(&seam.rows[i], &expected[i], is_marked))
                return 0;
    }
    assert_int_equal(seam.store->ops->tally(seam.store, &search, 0, add_count, &tallied), HD_OK);
    return seam.state.waiting == model->count && seam_reports(&seam, 0) == model->reports && tallied == model->reports;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 */

static struct model model;
static struct plan plan;

static void test_random_steps(void **state_) {
    (void)state_;
    seed = 88172645463325252;
    model = (struct model){.next_event = 1, .next_row = 1};
    open_store(0);
    for (int64_t step = 1; step <= STEPS; step++) {
        seam_pass(&seam_now, 1);
        make_plan(&plan, &model);
        seam_forget(&seam);
        assert_int_equal(seam_step(&seam, &plan.step), HD_OK);
        assert_int_equal(seam.added_count, plan.step.event_count);
        for (size_t i = 0; i < seam.added_count; i++)
            assert_int_equal(seam.added[i].row, model.next_row + (int64_t)i);
        for (size_t i = 0; i < plan.step.result_count; i++)
            assert_int_equal(plan.results[i].is_lost, 0);
        if (any(4) == 0) { /* once more, as if the answer had been lost */
            assert_int_equal(seam_again(&seam, &plan.step), HD_OK);
            for (size_t i = 0; i < plan.step.result_count; i++)
                assert_int_equal(plan.results[i].is_lost, 0);
        }
        apply(&plan, &model, store_ms(step));
        assert_true(agrees(&model, store_ms(step), 0));
        if (step % 50 == 0) { /* an orderly end changes nothing */
            seam_close(&seam);
            open_store(step);
            assert_true(agrees(&model, store_ms(step), 0));
        }
    }
    assert_true(model.reports > STEPS / 4);
    seam_close(&seam);
}

/* The process that makes steps until it is killed: it says a byte before each and one when it is done. */
static int make_steps(const char *seed_text) {
    seed = strtoull(seed_text, NULL, 10);
    model = (struct model){.next_event = 1, .next_row = 1};
    open_store(0);
    for (int64_t step = 1;; step++) {
        seam_pass(&seam_now, 1);
        make_plan(&plan, &model);
        if (write(STDOUT_FILENO, "b", 1) != 1 || seam_step(&seam, &plan.step) != HD_OK)
            return 1;
        apply(&plan, &model, store_ms(step));
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

/* The model after so many steps, and the seed for the next. */
static void replay(uint64_t from, int64_t steps) {
    seed = from;
    model = (struct model){.next_event = 1, .next_row = 1};
    for (int64_t step = 1; step <= steps; step++) {
        make_plan(&plan, &model);
        apply(&plan, &model, store_ms(step));
    }
}

/* Whatever step the process was in: it is there as a whole, or not at all, and what ended is there. */
static void test_kill_around_steps(void **state_) {
    (void)state_;
    for (size_t round = 0; round < KILLS; round++) {
        char seed_text[32];
        int begun;
        uint64_t from = 1234567 + round * 7919;
        (void)snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)from);
        int64_t steps = kill_around(seed_text, 1 + round, round % 4 ? (long)round * 13 : 0, &begun);
        open_store(steps + 1);
        assert_int_equal(seam.state.owned, UINT64_MAX);
        replay(from, steps);
        int is_before = agrees(&model, store_ms(steps + 1), 1), is_after = 0;
        if (begun) {
            replay(from, steps + 1);
            is_after = agrees(&model, store_ms(steps + 1), 1);
        }
        if (!is_before && !is_after)
            fail_msg("round %zu: after %lld steps%s the store is something else", round, (long long)steps,
                     begun ? " and one that had begun" : "");
        seam_close(&seam);
        assert_int_equal(tear_down(NULL), 0);
        assert_int_equal(set_up(NULL), 0);
    }
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 3) {
        (void)snprintf(directory, sizeof directory, "%s", argv[1]);
        return make_steps(argv[2]);
    }
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_random_steps),
        TEST(test_kill_around_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
