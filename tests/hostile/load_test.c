/* SPDX-License-Identifier: MIT */
/** @file load_test.c Many webhooks, many events, and receivers that never answer. The receiver is another process. */
#include "outside.h"
#include "support/bodies.h"
#include "support/support.h"

#include <time.h>
#include <unistd.h>

#define PROJECTS 100
#define HEALTHY_PER_PROJECT 9 /* and one that is silent */
#define PORTS 20
#define OUTSTANDING_MAX 256 /* healthy deliveries */
#define RUN_MS 6000         /* more than the time limit of an attempt */
#define RUNS 3              /* of each kind */
#define LATENCIES_MAX ((size_t)1000000)

static struct outside *receiver;

static int start_receiver(void **state) {
    (void)state;
    receiver = outside_start(PORTS);
    return 0;
}

static int stop_receiver(void **state) {
    (void)state;
    outside_stop(receiver);
    return 0;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The value below which so many of 1,000 lie. The values become sorted. */
static int64_t per_mille(int64_t *values, size_t count, size_t share) {
    assert_true(count > 0);
    qsort(values, count, sizeof values[0], compare);
    return values[least(count * share / 1000, count - 1)];
}

static int64_t now_us(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Resident memory of this process. */
static long resident_kib(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*s %ld", &pages), 1);
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Processor time of this process. */
static int64_t cpu_us(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void put_at(hd_client *client, const char *id, const char *project, size_t port, const char *path) {
    char url[256];
    put_webhook(client, webhook_for_tests(id, project, outside_url(receiver, port, path, url, sizeof url)));
}

/* ------------------------------------------------------------------------------------------------------------------
 * 93: 1,000 webhooks of which 100 never answer
 */

/* One run: what it did, and what came out. */
struct run {
    hd_client *client;
    size_t sent;        /* events, one project after the other */
    size_t delivered;   /* of the healthy ones, as all below */
    int64_t *latencies; /* from hd_webhook_send to the end, in ms */
    size_t latency_count;
    double per_second;
    double cpu_us; /* of this process, for each of them */
    int64_t p50_ms;
    int64_t p99_ms;
};

static void put_project(hd_client *client, size_t number, bool with_silent) {
    char project[32];
    char id[32];
    char path[64];
    (void)snprintf(project, sizeof project, "project-%zu", number);
    for (size_t i = 0; i < HEALTHY_PER_PROJECT; i++) {
        size_t webhook = number * HEALTHY_PER_PROJECT + i;
        (void)snprintf(id, sizeof id, "healthy-%zu", webhook);
        (void)snprintf(path, sizeof path, "/ok/%zu", webhook);
        put_at(client, id, project, webhook % PORTS, path);
    }
    (void)snprintf(id, sizeof id, "silent-%zu", number);
    (void)snprintf(path, sizeof path, "/hang/%zu", number);
    if (with_silent)
        put_at(client, id, project, number % PORTS, path);
}

static void send_next(struct run *run) {
    char project[32];
    (void)snprintf(project, sizeof project, "project-%d", (int)(run->sent % PROJECTS));
    run->sent++;
    (void)send_event(run->client, event_for_tests(HD_TICKET_CREATED, project, (int64_t)run->sent));
}

static void note_latency(struct run *run, const hd_report *report) {
    if (run->latency_count < LATENCIES_MAX)
        run->latencies[run->latency_count++] = hd_report_finished_at_ms(report) - hd_report_accepted_at_ms(report);
}

/* Whether there was one. */
static bool take_report(struct run *run, uint32_t timeout_ms) {
    hd_report *report = NULL;
    if (hd_client_next_report(run->client, timeout_ms, &report) != HD_OK)
        return false;
    if (hd_report_webhook_id(report)[0] == 'h') {
        assert_int_not_equal(hd_report_outcome(report), HD_OUTCOME_FAILED);
        run->delivered += hd_report_outcome(report) == HD_OUTCOME_DELIVERED;
        note_latency(run, report);
    }
    hd_report_free(report);
    return true;
}

/* As many events as keep the healthy webhooks busy, and never more deliveries outstanding than the bound. */
static void keep_busy(struct run *run) {
    int64_t end = now_ms() + RUN_MS;
    while (now_ms() < end) {
        while (run->sent * HEALTHY_PER_PROJECT < run->delivered + OUTSTANDING_MAX)
            send_next(run);
        (void)take_report(run, 10);
    }
}

static void end_run(struct run *run) {
    assert_int_equal(counter(run->client, HD_COUNTER_REPORTS_MISSED), 0);
    (void)hd_client_close(run->client, 0);
    hd_client_free(run->client);
}

static struct run run_for_a_while(bool with_silent) {
    struct run run = {.client = client_for_tests(NULL)};
    run.latencies = must_malloc(LATENCIES_MAX * sizeof run.latencies[0]);
    for (size_t i = 0; i < PROJECTS; i++)
        put_project(run.client, i, with_silent);
    int64_t begin_us = cpu_us();
    keep_busy(&run);
    run.cpu_us = (double)(cpu_us() - begin_us) / (double)run.delivered;
    run.per_second = (double)run.delivered * 1000.0 / RUN_MS;
    end_run(&run);
    run.p50_ms = per_mille(run.latencies, run.latency_count, 500);
    run.p99_ms = per_mille(run.latencies, run.latency_count, 990);
    free(run.latencies);
    run.latencies = NULL;
    (void)printf("# %s silent ones   %6.0f healthy deliveries/s, %3.0f us of CPU each, p50 %4lld ms, p99 %4lld ms\n",
                 with_silent ? "   with" : "without", run.per_second, run.cpu_us, (long long)run.p50_ms,
                 (long long)run.p99_ms);
    return run;
}

/* The middle one of each figure. */
static struct run median(const struct run runs[RUNS]) {
    int64_t rates[RUNS];
    int64_t p50s[RUNS];
    int64_t p99s[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        rates[i] = (int64_t)runs[i].per_second;
        p50s[i] = runs[i].p50_ms;
        p99s[i] = runs[i].p99_ms;
    }
    return (struct run){.per_second = (double)per_mille(rates, RUNS, 500),
                        .p50_ms = per_mille(p50s, RUNS, 500),
                        .p99_ms = per_mille(p99s, RUNS, 500)};
}

static void test_row_93_silent_receivers_cost_the_others_nothing(void **state) {
    (void)state;
    struct run without[RUNS];
    struct run with[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        without[i] = run_for_a_while(false);
        with[i] = run_for_a_while(true);
    }
    struct run a = median(without);
    struct run b = median(with);
    double throughput = b.per_second / a.per_second;
    double p99 = (double)b.p99_ms / (double)(a.p99_ms > 0 ? a.p99_ms : 1);
    (void)printf(
        "# medians, without and with: %.0f and %.0f/s (%.2f), p50 %lld and %lld ms, p99 %lld and %lld ms (%.2f)\n",
        a.per_second, b.per_second, throughput, (long long)a.p50_ms, (long long)b.p50_ms, (long long)a.p99_ms,
        (long long)b.p99_ms, p99);
    /* Far from what is seen, which other programs move by a fifth, and far from what a breach does: a hundredth. */
    if (!runs_slowly()) {
        assert_true(throughput >= 0.5);
        assert_true(p99 <= 5.0);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * A neighbour of a webhook with very much to do
 */

static hd_client *client_with_backlog(const char *path, size_t events) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, events + 10, (size_t)1 << 30), HD_OK);
    hd_client *client = client_for_tests(options);
    put_at(client, "busy", PROJECT, 0, path);
    put_at(client, "neighbour", "project-2", 1, "/ok");
    for (size_t i = 1; i <= events; i++)
        (void)send_ticket(client, (int64_t)i);
    return client;
}

static uint64_t ended(hd_client *client) {
    return counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED);
}

static int64_t neighbours_time_ms(hd_client *client, uint64_t *others_ended) {
    uint64_t before = ended(client);
    hd_report *report = NULL;
    uint64_t id = send_event(client, event_for_tests(HD_TICKET_CREATED, "project-2", 1));
    do {
        hd_report_free(report);
        report = next_report(client);
    } while (event_of(report) != id);
    *others_ended = ended(client) - before - 1;
    assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
    int64_t took_ms = hd_report_finished_at_ms(report) - hd_report_accepted_at_ms(report);
    hd_report_free(report);
    return took_ms;
}

/* The neighbour is first sent to when most of the backlog is still to be taken in, then when all of it waits. */
static void measure_neighbour(const char *path, size_t events) {
    uint64_t others[2];
    hd_client *client = client_with_backlog(path, events);
    int64_t at_once = neighbours_time_ms(client, &others[0]);
    assert_eventually(counter(client, HD_COUNTER_WAITING) + ended(client) + 64 >= events);
    int64_t later = neighbours_time_ms(client, &others[1]);
    (void)printf(
        "# neighbour of %zu events at %-5s  %lld ms right after them (%llu of them ended meanwhile), %lld ms when "
        "all were taken in (%llu)\n",
        events, path, (long long)at_once, (unsigned long long)others[0], (long long)later,
        (unsigned long long)others[1]);
    assert_true(ended(client) < events); /* else there was no backlog any more */
    end_client(client);
}

static void test_row_93_neighbour_of_a_busy_webhook(void **state) {
    (void)state;
    measure_neighbour("/ok", volume(100000));
}

static void test_row_93_neighbour_of_a_silent_webhook(void **state) {
    (void)state;
    measure_neighbour("/hang", volume(100000));
}

/* ------------------------------------------------------------------------------------------------------------------
 * 92: the queue is full
 */

#define FULL_EVENTS 1000
#define REFUSALS 10000

/* A receiver that answers, but slowly: what waits for it is not dropped. */
static void test_row_92_full_queue_answers_at_once(void **state) {
    (void)state;
    static int64_t times_us[REFUSALS];
    size_t refused = 0;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, FULL_EVENTS, (size_t)64 << 20), HD_OK);
    hd_client *client = client_for_tests(options);
    hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
    put_at(client, WEBHOOK, PROJECT, 0, "/delay/50");
    assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK);
    flush(client);
    for (size_t i = 0; i < FULL_EVENTS; i++)
        assert_int_equal(hd_webhook_send(client, event, NULL), HD_OK);
    for (size_t i = 0; i < REFUSALS; i++) {
        int64_t begin = now_us();
        int status = hd_webhook_send(client, event, NULL);
        times_us[i] = now_us() - begin;
        refused += status == HD_E_QUEUE_FULL;
        assert_true(status == HD_E_QUEUE_FULL || status == HD_OK); /* when one has been delivered meanwhile */
    }
    int64_t median_us = per_mille(times_us, REFUSALS, 500);
    (void)printf("# queue full         refused within %lld us (median), %lld us (99.9 %%), %lld us (slowest of %d)\n",
                 (long long)median_us, (long long)per_mille(times_us, REFUSALS, 999), (long long)times_us[REFUSALS - 1],
                 REFUSALS);
    assert_true(median_us < 1000); /* far from any wait for a receiver or a worker */
    assert_true(refused > 0);
    assert_int_equal(counter(client, HD_COUNTER_REFUSED), refused);
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_DROPPED), 0); /* what was accepted was not pushed out */
    assert_int_equal(counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_CANCELED),
                     1 + FULL_EVENTS + REFUSALS - refused);
    hd_event_free(event);
    end_client(client);
}

/* A receiver that takes nothing leaves the queue to the others, and what it loses by that is on record. */
static void test_row_93_silent_webhook_does_not_fill_the_queue(void **state) {
    (void)state;
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_queue_limits(options, FULL_EVENTS, (size_t)64 << 20), HD_OK);
    hd_client *client = client_for_tests(options);
    put_at(client, "silent", PROJECT, 0, "/hang");
    put_at(client, "neighbour", "project-2", 1, "/ok");
    size_t accepted = 0;
    while (counter(client, HD_COUNTER_DROPPED) < FULL_EVENTS) {
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
        accepted += hd_webhook_send(client, event, NULL) == HD_OK;
        hd_event_free(event);
    }
    assert_eventually(counter(client, HD_COUNTER_PENDING) < FULL_EVENTS);
    (void)send_event(client, event_for_tests(HD_TICKET_CREATED, "project-2", 1));
    assert_eventually(counter(client, HD_COUNTER_DELIVERED) == 1);
    (void)printf("# silent webhook     %zu accepted, %llu dropped and recorded, %llu of at most %d still waiting\n",
                 accepted, (unsigned long long)counter(client, HD_COUNTER_DROPPED),
                 (unsigned long long)counter(client, HD_COUNTER_WAITING), FULL_EVENTS);
    assert_int_equal(hd_client_close(client, 0), HD_E_TIMEOUT);
    assert_int_equal(counter(client, HD_COUNTER_FAILED) + counter(client, HD_COUNTER_CANCELED), accepted);
    end_client(client);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 94: 100,000 events, then none
 */

#define SUSTAINED_OUTSTANDING 1000
#define SUSTAINED_WEBHOOKS 20
#define LOG_REPORTS 1000

/* How often each event was reported. */
static void take_reports(hd_client *client, unsigned char *reported, size_t count, size_t *taken) {
    hd_report *report = NULL;
    while (hd_client_next_report(client, 0, &report) == HD_OK) {
        uint64_t index = (uint64_t)hd_event_ticket_number(hd_report_event(report)) - 1;
        assert_true(index < count);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        reported[index]++;
        (*taken)++;
        hd_report_free(report);
    }
}

/* Sends events that one webhook each gets, as fast as they are delivered. Each ends in one report. */
static void sustain(hd_client *client, size_t count) {
    unsigned char *reported = calloc(count, 1);
    size_t taken = 0;
    assert_non_null(reported);
    for (size_t i = 0; i < count; i++) {
        char project[32];
        (void)snprintf(project, sizeof project, "project-%zu", i % SUSTAINED_WEBHOOKS);
        (void)send_event(client, event_for_tests(HD_TICKET_CREATED, project, (int64_t)i + 1));
        while (i + 1 - taken >= SUSTAINED_OUTSTANDING) {
            take_reports(client, reported, count, &taken);
            sleep_ms(1);
        }
    }
    flush(client);
    take_reports(client, reported, count, &taken);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(reported[i], 1);
    free(reported);
}

static void put_webhooks(hd_client *client, const char *path) {
    char id[32];
    char project[32];
    for (size_t i = 0; i < SUSTAINED_WEBHOOKS; i++) {
        (void)snprintf(id, sizeof id, "webhook-%zu", i);
        (void)snprintf(project, sizeof project, "project-%zu", i);
        put_at(client, id, project, i % PORTS, path);
    }
}

static void test_row_94_memory_comes_back_after_load(void **state) {
    (void)state;
    const size_t events = volume(100000);
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_log_limits(options, LOG_REPORTS, (size_t)64 << 20), HD_OK);
    hd_client *client = client_for_tests(options);
    put_webhooks(client, "/delay/10");
    sustain(client, events / 4); /* fills the log, and makes as many handles of libcurl as there ever will be */
    put_webhooks(client, "/ok");
    long baseline_kib = resident_kib();
    int64_t begin = now_ms();
    sustain(client, events);
    int64_t took_ms = now_ms() - begin;
    long after_kib = resident_kib();
    (void)printf(
        "# %zu events       in %lld ms (%lld/min), all reported once; resident %ld KiB before, %ld KiB after\n", events,
        (long long)took_ms, (long long)events * 60000 / (took_ms + 1), baseline_kib, after_kib);
    assert_int_equal(counter(client, HD_COUNTER_REPORTS_MISSED), 0);
    end_client(client);
    if (!runs_slowly())
        assert_true(after_kib <= baseline_kib + baseline_kib / 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_92_full_queue_answers_at_once),
        cmocka_unit_test(test_row_93_silent_webhook_does_not_fill_the_queue),
        cmocka_unit_test(test_row_94_memory_comes_back_after_load),
        cmocka_unit_test(test_row_93_neighbour_of_a_busy_webhook),
        cmocka_unit_test(test_row_93_neighbour_of_a_silent_webhook),
        cmocka_unit_test(test_row_93_silent_receivers_cost_the_others_nothing),
    };
    return cmocka_run_group_tests(tests, start_receiver, stop_receiver);
}
