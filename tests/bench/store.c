/* SPDX-License-Identifier: MIT */
/* What a durable store costs, beside none: one figure a line, as "name value unit". Receivers are the benchmark's.
 *
 *   store PORT */
#include "store/store.h"
#include "crash/crash.h"

#include "support/database.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 100
#define MILLION 1000000
#define SENDERS 8

static char directory[64];

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void say(const char *name, double value, const char *unit) {
    printf("%s %.3f %s\n", name, value, unit);
    (void)fflush(stdout);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(int64_t *values, size_t count, double part) {
    qsort(values, count, sizeof *values, by_value);
    return (double)values[(size_t)((double)(count - 1) * part)] / 1000;
}

/* ---- The store alone: the whole life of a delivery, 100 at a time ---- */

static void no_webhook(void *user, const struct hd__stored_webhook *webhook) {
    (void)user, (void)webhook;
}

static int no_row(void *user, size_t claim, const struct hd__claimed *row) {
    (void)claim, (void)row;
    ++*(size_t *)user;
    return 1;
}

struct life {
    struct hd__stored_event events[BATCH];
    struct hd__new_delivery deliveries[BATCH];
    struct hd__result results[BATCH];
    struct hd__stored_report report;
    char body[512];
};

/* A step that adds as many as it ends. */
static void live(hd_store *store, struct life *life, int64_t webhook, uint64_t first, size_t count, size_t ended) {
    struct hd__store_state state;
    for (size_t i = 0; i < count; i++) {
        life->events[i] = (struct hd__stored_event){first + i, 1, 1, "p", {life->body, sizeof life->body}, {NULL, 0}};
        life->deliveries[i] = (struct hd__new_delivery){.event = i, .webhook = webhook};
        memcpy(life->deliveries[i].delivery_id, &life->events[i].id, sizeof life->events[i].id);
    }
    struct hd__step step = {
        .now_ms = 1,
        .events = life->events,
        .event_count = count,
        .deliveries = life->deliveries,
        .delivery_count = count,
        .results = life->results,
        .result_count = ended,
    };
    must(store->ops->step(store, &step, &state) == HD_OK);
    for (size_t i = 0; i < count; i++)
        life->results[i] = (struct hd__result){.kind = HD__RESULT_ENDED,
                                               .row = life->deliveries[i].row,
                                               .event_id = life->events[i].id,
                                               .report = &life->report};
}

static int64_t key_of(hd_store *store) {
    struct hd__store_keys keys = {0};
    const struct hd__stored_webhook webhook = {
        .id = "w", .project = "p", .name = "", .masked_url = "u", .max_in_flight = 4, .max_attempts = 1};
    must(store->ops->put_webhook(store, &webhook, &keys) == HD_OK);
    return keys.webhook;
}

static void measure_life(size_t batch, size_t total) {
    static struct life life;
    char name[64];
    hd_store *store;
    struct hd__store_state state;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    must(store->ops->begin(store, no_webhook, NULL, &state) == HD_OK);
    int64_t webhook = key_of(store);
    uint64_t first = state.newest_event + 1;
    memset(life.body, 'x', sizeof life.body);
    life.report = (struct hd__stored_report){
        .keys = {webhook, 1, 1}, .outcome = 1, .detail = "", .attempts = 1, .remote_address = "203.0.113.7:443"};
    int64_t begun = now_ns();
    for (size_t done = 0; done < total; done += batch)
        live(store, &life, webhook, first + done, batch, done ? batch : 0);
    (void)snprintf(name, sizeof name, "store_life_batch_%zu", batch);
    say(name, (double)total * 1e9 / (double)(now_ns() - begun), "deliveries/s");
    hd_store_free(store);
}

/* ---- Claims, with a thousand and a million that wait ---- */

static void fill_outbox(int64_t rows) {
    char statements[1024];
    (void)snprintf(statements, sizeof statements,
                   "DELETE FROM outbox; DELETE FROM event;"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
                   "INSERT INTO event(id, type, accepted_ms, project, body) SELECT i, 1, 0, 'p', zeroblob(300) FROM n;"
                   "INSERT INTO outbox SELECT id, 1, 0, id, zeroblob(16), 0, 0 FROM event",
                   (long long)rows);
    change_database(directory, statements);
}

static double claim_us(int64_t rows) {
    enum {
        CLAIMS = 2000
    };
    static int64_t took[CLAIMS];
    hd_store *store;
    struct hd__store_state state;
    size_t seen = 0;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    must(store->ops->begin(store, no_webhook, NULL, &state) == HD_OK);
    for (int i = 0; i < CLAIMS; i++) {
        struct hd__claim claim = {.webhook = 1, .max = 16, .after_row = (i * 7919) % (rows - 16)};
        struct hd__step step = {.now_ms = 1, .claims = &claim, .claim_count = 1, .claimed = no_row, .user = &seen};
        int64_t begun = now_ns();
        must(store->ops->step(store, &step, &state) == HD_OK);
        took[i] = now_ns() - begun;
    }
    must(seen == (size_t)CLAIMS * 16);
    hd_store_free(store);
    return percentile_us(took, CLAIMS, 0.5);
}

static void measure_claims(void) {
    fill_outbox(1000);
    double few = claim_us(1000);
    fill_outbox(MILLION);
    double many = claim_us(MILLION);
    say("claim_of_16_at_1k", few, "us");
    say("claim_of_16_at_1M", many, "us");
    say("claim_ratio", many / few, "ratio");
}

/* ---- Clients: what a send costs, and how many deliveries they make ---- */

static hd_client *client_of(int mode, hd_store **store) {
    *store = NULL;
    if (mode >= 0)
        return client_with_store(directory, mode, store);
    return client_for_tests(NULL);
}

static void free_client(hd_client *client, hd_store *store) {
    hd_client_free(client);
    hd_store_free(store);
}

static double measure_rate(int mode, const char *url, int events) {
    hd_store *store;
    hd_client *client = client_of(mode, &store);
    char id[16];
    for (int i = 0; i < 4; i++) {
        (void)snprintf(id, sizeof id, "w%d", i);
        put(client, id, url, 16);
    }
    int64_t begun = now_ns();
    for (int i = 0; i < events; i++) {
        hd_event *event = event_of(i + 1);
        must(hd_webhook_send(client, event, NULL) == HD_OK);
        hd_event_free(event);
    }
    must(hd_client_flush(client, 300000) == HD_OK);
    double rate = events * 4 * 1e9 / (double)(now_ns() - begun);
    free_client(client, store);
    return rate;
}

struct sender {
    hd_client *client;
    int64_t *took;
    int count;
};

/* About 20,000 sends a second over all senders. */
static void *send_paced(void *argument) {
    const struct sender *sender = argument;
    for (int i = 0; i < sender->count; i++) {
        const struct timespec pause = {.tv_nsec = 350000};
        hd_event *event = event_of(i + 1);
        int64_t begun = now_ns();
        must(hd_webhook_send(sender->client, event, NULL) == HD_OK);
        sender->took[i] = now_ns() - begun;
        hd_event_free(event);
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void measure_sends(const char *mode_name, int mode, const char *url) {
    enum {
        EACH = 1500
    };
    static int64_t took[SENDERS * EACH];
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    char name[64];
    hd_store *store;
    hd_client *client = client_of(mode, &store);
    put(client, "w0", url, 64);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){client, took + (size_t)i * EACH, EACH};
        must(pthread_create(&threads[i], NULL, send_paced, &senders[i]) == 0);
    }
    for (int i = 0; i < SENDERS; i++)
        must(pthread_join(threads[i], NULL) == 0);
    (void)snprintf(name, sizeof name, "send_%s_p50", mode_name);
    say(name, percentile_us(took, sizeof took / sizeof took[0], 0.5), "us");
    (void)snprintf(name, sizeof name, "send_%s_p99", mode_name);
    say(name, percentile_us(took, sizeof took / sizeof took[0], 0.99), "us");
    must(hd_client_flush(client, 300000) == HD_OK);
    free_client(client, store);
}

/* ---- The log ---- */

static void fill_log(void) {
    char body[1024], statements[3072];
    hd_event *event = event_of(7);
    must(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL) == HD_OK);
    hd_event_free(event);
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '-';
    (void)snprintf(statements, sizeof statements,
                   "DELETE FROM outbox; DELETE FROM event; DELETE FROM log;"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   "INSERT INTO event(id, type, accepted_ms, project, body) SELECT i, 1, 1700000000000 + i, 'p', "
                   "CAST('%s' AS BLOB) FROM n;"
                   "INSERT INTO log SELECT id, 1700000000000 + id, 1 + id %% 100, 1, 1, id, 1, randomblob(16), 0, 0, 0,"
                   "  CASE WHEN id %% 1000 = 0 THEN 2 ELSE 1 END, 0, '', 1, 200, 0, 0, 1, 1, 1, 1, 1, 1, "
                   "'203.0.113.7:443', x'', x'', 0 "
                   "FROM event",
                   MILLION, body);
    change_database(directory, statements);
}

static double query_us(hd_client *client, const hd_log_filter *filter, const char *cursor) {
    enum {
        QUERIES = 201
    };
    static int64_t took[QUERIES];
    for (int i = 0; i < QUERIES; i++) {
        hd_log_page *page = NULL;
        int64_t begun = now_ns();
        must(hd_log_query(client, filter, cursor, 50, &page) == HD_OK);
        took[i] = now_ns() - begun;
        hd_log_page_free(page);
    }
    return percentile_us(took, QUERIES, 0.5);
}

static void measure_filter(hd_client *client, const char *name, const char *webhook, int outcome, int64_t since_ms,
                           int64_t until_ms) {
    hd_log_filter *filter;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_set_webhook(filter, webhook) == HD_OK);
    must(hd_log_filter_set_outcome(filter, outcome) == HD_OK);
    must(hd_log_filter_set_time(filter, since_ms, until_ms) == HD_OK);
    say(name, query_us(client, filter, NULL), "us");
    hd_log_filter_free(filter);
}

static void measure_text(hd_client *client) {
    hd_log_filter *filter;
    hd_log_page *page = NULL;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_set_text(filter, "is nowhere") == HD_OK);
    int64_t begun = now_ns();
    must(hd_log_query(client, filter, NULL, 50, &page) == HD_OK);
    say("log_1M_text_that_is_nowhere", (double)(now_ns() - begun) / 1e6, "ms");
    hd_log_page_free(page);
    hd_log_filter_free(filter);
}

static void measure_log(const char *url) {
    hd_store *store;
    hd_client *memory = client_for_tests(NULL);
    put(memory, "w0", url, 64);
    for (int i = 0; i < 10000; i++) {
        hd_event *event = event_of(i + 1);
        must(hd_webhook_send(memory, event, NULL) == HD_OK);
        hd_event_free(event);
    }
    must(hd_client_flush(memory, 300000) == HD_OK);
    say("log_memory_10k_page_of_50", query_us(memory, NULL, NULL), "us");
    hd_client_free(memory);

    fill_log();
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    must(hd_store_set_retention(store, 0, 0) == HD_OK); /* its reports are old */
    hd_client *client = client_for_tests(options_with_store(store));
    say("log_1M_page_of_50", query_us(client, NULL, NULL), "us");
    say("log_1M_page_in_the_middle", query_us(client, NULL, "1700000500000-500000"), "us");
    measure_filter(client, "log_1M_one_webhook", "w0", 0, 0, 0);
    measure_filter(client, "log_1M_failed", NULL, HD_OUTCOME_FAILED, 0, 0);
    measure_filter(client, "log_1M_time_range", NULL, 0, 1700000300000, 1700000300100);
    measure_text(client);
    free_client(client, store);
}

int main(int argc, char **argv) {
    char url[64];
    if (argc != 2) {
        (void)fputs("usage: store PORT\n", stderr);
        return 2;
    }
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%s/ok", argv[1]);
    make_directory(directory);
    measure_life(1, 2000);
    measure_life(10, 20000);
    measure_life(BATCH, 100000);
    measure_claims();
    remove_directory(directory);

    make_directory(directory);
    double without = measure_rate(-1, url, 20000), with = measure_rate(HD_ACCEPT_FAST, url, 20000);
    say("deliveries_memory", without, "deliveries/s");
    say("deliveries_stored", with, "deliveries/s");
    say("deliveries_stored_of_memory", with / without, "ratio");
    measure_sends("memory", -1, url);
    measure_sends("fast", HD_ACCEPT_FAST, url);
    measure_sends("committed", HD_ACCEPT_COMMITTED, url);
    measure_log(url);
    remove_directory(directory);
    return 0;
}
