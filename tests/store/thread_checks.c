/* SPDX-License-Identifier: MIT */
/* Calls from several threads, in real time: those that any thread may make beside a client's steps, and the steps of
 * two clients at the same time. */
#include "store/check.h"

#include <pthread.h>
#include <stdatomic.h>

#define STEPS 60

/* ---- A client on a thread of its own ---- */

struct worker {
    struct hd_store *store;
    int64_t rows[STEPS];
    int failures;
    size_t added;
    struct hd__new_event events[STEPS];
};

static void note_row(void *user, const struct hd__added *added) {
    struct worker *worker = user;
    if (worker->added < STEPS)
        worker->rows[worker->added++] = added->row;
}

static int take_row(void *user, size_t claim, const struct hd__claimed *row) {
    (void)user, (void)claim, (void)row;
    return 1;
}

static void *make_steps(void *user) {
    struct worker *worker = user;
    const struct hd__store_ops *ops = worker->store->ops;
    for (uint64_t i = 0; i < STEPS; i++) {
        struct hd__store_state state;
        struct hd__claim claim = {.webhook = worker->events[i].webhook, .max = 10};
        struct hd__step step = {.number = i + 1,
                                .events = &worker->events[i],
                                .event_count = 1,
                                .claims = &claim,
                                .claim_count = 1,
                                .added = note_row,
                                .claimed = take_row,
                                .user = worker};
        int more;
        worker->failures += ops->step(worker->store, &step, &state) != HD_OK || worker->events[i].added != 1;
        worker->failures += ops->look(worker->store, &state) != HD_OK;
        worker->failures += i % 20 == 0 && ops->tend(worker->store, &state, &more) != HD_OK;
    }
    return NULL;
}

static void prepare(struct worker *worker, struct client *client, int64_t webhook) {
    *worker = (struct worker){.store = client->store};
    for (int i = 0; i < STEPS; i++) {
        worker->events[i] = event_of(client->world, PROJECT, HD_TICKET_CREATED);
        worker->events[i].event.body = (struct hd__bytes){"{}", 2};
        worker->events[i].webhook = webhook;
    }
}

/* In real time: the clock of a world belongs to one thread. */
static struct client *join_in_real_time(struct world *world, int role) {
    world->clock = hd__system_clock;
    return client_join(world, role);
}

/* ---- */

static void two_clients_step_at_once(struct world *world) {
    static struct worker workers[2];
    pthread_t threads[2];
    struct client *clients[2] = {join_in_real_time(world, HD__ROLE_DELIVER), join_in_real_time(world, HD__ROLE_ACCEPT)};
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(clients[0], &webhook);
    for (int i = 0; i < 2; i++) {
        prepare(&workers[i], clients[i], key);
        assert_int_equal(pthread_create(&threads[i], NULL, make_steps, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[0].failures, 0);
    assert_int_equal(workers[1].failures, 0);
    assert_int_equal(workers[0].added, STEPS);
    for (size_t i = 1; i < STEPS; i++)
        assert_true(workers[0].rows[i] > workers[0].rows[i - 1]);
    assert_int_equal(waiting(clients[0], "webhook"), 2 * STEPS);
    client_tend(clients[0]);
    assert_int_equal(clients[0]->state.waiting, 2 * STEPS);
}

/* ---- What any thread may call ---- */

struct visitor {
    struct hd_store *store;
    atomic_int is_done;
    int failures, rounds;
};

static int count_row(void *user, const struct hd__log_row *row) {
    (void)row;
    ++*(size_t *)user;
    return 1;
}

static void count_tally(void *user, const struct hd__log_tally *tally) {
    *(size_t *)user += tally->count;
}

static void count_standing(void *user, const struct hd__standing *standing) {
    *(size_t *)user += standing->waiting;
}

static void *visit(void *user) {
    struct visitor *visitor = user;
    struct hd_store *store = visitor->store;
    const struct hd__store_ops *ops = store->ops;
    const struct hd__log_search search = {.before_ms = INT64_MAX, .max = 10};
    for (; !atomic_load(&visitor->is_done) || visitor->rounds < 3; visitor->rounds++) {
        struct hd__stored_webhook webhook = webhook_of("visited");
        struct hd__lane_note note;
        size_t found = 0;
        uint64_t count, change;
        int64_t oldest_ms, id;
        int is_left;
        visitor->failures += ops->put_webhook(store, &webhook, HD__ANY_VERSION, NULL) != HD_OK;
        visitor->failures += ops->query(store, &search, count_row, &found) != HD_OK;
        visitor->failures += ops->tally(store, &search, 0, count_tally, &found) != HD_OK;
        visitor->failures += ops->ends(store, &oldest_ms, &id) != HD_OK;
        visitor->failures += ops->find_place(store, "visitor", &id) != HD_OK;
        visitor->failures += ops->move_place(store, "visitor", id) != HD_OK;
        visitor->failures += ops->survey(store, count_standing, &found) != HD_OK;
        visitor->failures += ops->waiting(store, "webhook", &count, &oldest_ms) != HD_OK;
        visitor->failures += ops->lane_state(store, "webhook", &note) != HD_OK;
        visitor->failures += ops->is_left(store, UINT64_MAX, INT64_MAX, &is_left) != HD_OK || !is_left;
        visitor->failures += ops->discard(store, "visited", &count, NULL) != HD_OK;
        visitor->failures += ops->remove_webhook(store, "visited", &change, NULL) != HD_OK;
    }
    return NULL;
}

static void any_thread_may_ask(struct world *world) {
    static struct worker worker;
    struct client *client = join_in_real_time(world, HD__ROLE_DELIVER);
    struct hd__stored_webhook webhook = webhook_of("webhook");
    int64_t key = client_put(client, &webhook);
    client_send(client);
    client_leave(client, 1); /* numbers of steps begin anew */
    client = join_in_real_time(world, HD__ROLE_DELIVER);
    struct visitor visitor = {.store = client->store};
    pthread_t thread;
    prepare(&worker, client, key);
    assert_int_equal(pthread_create(&thread, NULL, visit, &visitor), 0);
    (void)make_steps(&worker);
    atomic_store(&visitor.is_done, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(worker.failures, 0);
    assert_int_equal(visitor.failures, 0);
}

static const struct check checks[] = {
    {"two clients step at the same time", two_clients_step_at_once},
    {"any thread may ask and change while a step is made", any_thread_may_ask},
};
const struct check_list thread_checks = CHECK_LIST("threads", checks);
