/* SPDX-License-Identifier: MIT */
/* A million deliveries: they wait for a webhook, are claimed, and are in the log then. */
#include "crash/crash.h"
#include "figures.h"
#include "steps.h"
#include "store_parts.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MILLION 1000000
#define FEW 1000

static struct steps steps;
static int64_t first_row; /* of all that wait; they have one row after the other */

/* ---- They wait ---- */

void put_webhooks(const char *directory, const struct urls *urls) {
    char id[16];
    hd_store *store;
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    for (int i = 0; i < WEBHOOKS; i++) {
        (void)snprintf(id, sizeof id, "w%d", i);
        put(client, id, urls->hang, 4);
    }
    end_client(client);
    hd_store_free(store);
}

static void fill(uint64_t from, uint64_t to) {
    for (uint64_t at = from; at < to; at += STEP_EVENTS) {
        steps_write_events(&steps, at, STEP_EVENTS);
        steps_make(&steps, STEP_EVENTS, 0);
        if (at == 0)
            first_row = steps.added[0].row;
        must(steps.added[0].row == first_row + (int64_t)at);
    }
}

static int take_claimed(void *user, size_t claim, const struct hd__claimed *row) {
    (void)claim, (void)row;
    ++*(size_t *)user;
    return 1;
}

static double claim_us(int64_t rows) {
    enum {
        CLAIMS = 2000
    };
    static int64_t took_ns[CLAIMS];
    size_t seen = 0;
    for (int i = 0; i < CLAIMS; i++) {
        struct hd__claim claim = {
            .webhook = steps.keys[0].webhook, .max = 16, .after_row = first_row + (i * INT64_C(7919)) % (rows - 16)};
        struct hd__step step = {
            .number = ++steps.number, .claims = &claim, .claim_count = 1, .claimed = take_claimed, .user = &seen};
        int64_t begun_ns = now_ns();
        must(steps.store->ops->step(steps.store, &step, &steps.state) == HD_OK);
        took_ns[i] = now_ns() - begun_ns;
    }
    must(seen == (size_t)CLAIMS * 16);
    return (double)percentile(took_ns, CLAIMS, 0.5) / 1000;
}

/* ---- Memory ---- */

void measure_memory(const char *directory, const char *name) {
    hd_store *store;
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    sleep_ms(2000);
    say(name, (double)resident_kib(), "KiB");
    end_client(client);
    hd_store_free(store);
}

/* In a process of its own, with memory of its own. */
static void measure_memory_of(const char *directory, const char *name) {
    pid_t child = fork();
    int status;
    must(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "store", "memory", directory, name, (char *)NULL);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- They are in the log ---- */

static void end_all(void) {
    for (uint64_t at = 0; at < MILLION; at += STEP_EVENTS) {
        steps_write_results(&steps, at, first_row + (int64_t)at, STEP_EVENTS);
        steps_make(&steps, 0, STEP_EVENTS);
    }
}

static double query_us(hd_client *client, const hd_log_filter *filter, const char *cursor) {
    enum {
        QUERIES = 201
    };
    static int64_t took_ns[QUERIES];
    for (int i = 0; i < QUERIES; i++) {
        hd_log_page *page = NULL;
        int64_t begun_ns = now_ns();
        must(hd_log_query(client, filter, cursor, 50, &page) == HD_OK);
        took_ns[i] = now_ns() - begun_ns;
        must(hd_log_page_count(page) == 50);
        hd_log_page_free(page);
    }
    return (double)percentile(took_ns, QUERIES, 0.5) / 1000;
}

static void measure_filter(hd_client *client, const char *name, const char *webhook, int outcome, int64_t since_ms,
                           int64_t until_ms) {
    hd_log_filter *filter;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_add_webhook(filter, webhook) == HD_OK);
    must(hd_log_filter_add_outcome(filter, outcome) == HD_OK);
    must(hd_log_filter_set_time(filter, since_ms, until_ms) == HD_OK);
    say(name, query_us(client, filter, NULL), "us");
    hd_log_filter_free(filter);
}

static void measure_log(const char *directory) {
    hd_store *store;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    must(hd_store_set_retention(store, 0, 0, 0) == HD_OK);
    hd_client *client = client_for_tests(options_with_store(store));
    say("log_1M_page_of_50", query_us(client, NULL, NULL), "us");
    say("log_1M_page_in_the_middle", query_us(client, NULL, "1700000500000-500000"), "us");
    measure_filter(client, "log_1M_one_webhook", "w0", 0, 0, 0);
    measure_filter(client, "log_1M_failed", NULL, HD_OUTCOME_FAILED, 0, 0);
    measure_filter(client, "log_1M_time_range", NULL, 0, 1700000300000, 1700000300100);
    end_client(client);
    hd_store_free(store);
}

static void measure_log_in_memory(const char *url) {
    hd_client *client = client_for_tests(NULL);
    put(client, "w0", url, 64);
    for (int i = 0; i < 10000; i++) {
        hd_event *event = event_numbered(i + 1);
        must(hd_webhook_send(client, event, NULL) == HD_OK);
        hd_event_free(event);
    }
    must(hd_client_flush(client, 300000) == HD_OK);
    say("log_memory_10k_page_of_50", query_us(client, NULL, NULL), "us");
    end_client(client);
}

/* ---- All of it ---- */

static void measure_waiting(const char *directory) {
    measure_memory_of(directory, "memory_with_none_queued");
    steps_begin(&steps, directory);
    fill(0, FEW);
    double few = claim_us(FEW);
    fill(FEW, MILLION);
    double many = claim_us(MILLION);
    steps_end(&steps);
    say("claim_of_16_at_1k", few, "us");
    say("claim_of_16_at_1M", many, "us");
    measure_memory_of(directory, "memory_with_1M_queued");
}

void measure_million(const struct urls *urls) {
    char directory[64];
    make_directory(directory);
    put_webhooks(directory, urls);
    measure_waiting(directory);
    steps_begin(&steps, directory);
    end_all();
    steps_end(&steps);
    measure_log_in_memory(urls->ok);
    measure_log(directory);
    remove_directory(directory);
}
