/* SPDX-License-Identifier: MIT */
/* Searches for text in a log of a million reports, with the index and without, and what the index costs. */
#include "crash/crash.h"
#include "figures.h"
#include "steps.h"
#include "store_parts.h"

#include "helmdesk/sqlite.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MILLION 1000000
#define TEXT_SIZE 512
#define RARE "zanzibar"
#define COMMON "password"

static struct steps steps;
static char searched[STEP_EVENTS][2 * TEXT_SIZE], responses[STEP_EVENTS][TEXT_SIZE];
static uint64_t any_state = 1;

static unsigned any(unsigned below) {
    any_state = any_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(any_state >> 33) % below;
}

/* ---- Filling it ---- */

/* One of 3,000 words of 3 to 10 letters, some of them often. */
static size_t add_word(char *out) {
    static const char *const vowels = "aeiouaeio", *const others = "bcdfghklmnprstvrstn";
    unsigned word = any(3) ? any(300) : any(3000);
    uint64_t letters = (word + 1) * UINT64_C(0x9E3779B97F4A7C15);
    size_t len = 3 + letters % 8;
    for (size_t i = 0; i < len; i++, letters = letters >> 5 | letters << 59)
        out[i] = i % 2 ? vowels[letters % 9] : others[letters % 19];
    return len;
}

static size_t add_words(char *out, unsigned count) {
    size_t len = 0;
    while (count-- > 0) {
        len += add_word(out + len);
        out[len++] = ' ';
    }
    out[len] = '\0';
    return len;
}

/* A subject, a customer, and with every third event a message of 300 bytes or so. */
static void write_search(uint64_t number, char out[2 * TEXT_SIZE]) {
    size_t at = (size_t)snprintf(out, TEXT_SIZE, "ticket-%llu\x1f#%llu\x1f", (unsigned long long)number / 4,
                                 (unsigned long long)number / 4);
    at += add_words(out + at, 6);
    if (number % 400000 == 123456)
        at += (size_t)snprintf(out + at, TEXT_SIZE, RARE);
    at += (size_t)snprintf(out + at, TEXT_SIZE, "\x1fuser%u@example.com\x1f", any(200000));
    at += add_words(out + at, 2);
    at += (size_t)snprintf(out + at, TEXT_SIZE, "\x1f");
    if (number % 3 == 0)
        at += add_words(out + at, 45);
    if (number % 20 == 0)
        (void)snprintf(out + at, TEXT_SIZE, "%s reset", COMMON);
}

static void write_one(uint64_t number, size_t at) {
    struct hd__stored_event *event = &steps.events[at].event;
    struct hd__stored_report *report = &steps.reports[at];
    write_search(number, searched[at]);
    event->search = searched[at];
    (void)snprintf(responses[at], TEXT_SIZE, "{\"status\":\"ok\",\"id\":\"%08x\",\"received\":true}", any(UINT32_MAX));
    report->response_body = (struct hd__bytes){responses[at], strlen(responses[at])};
    steps.results[at].row = 0;
    steps.results[at].event = event;
}

static double fill_us(void) {
    int64_t begun_ns = now_ns();
    for (uint64_t at = 0; at < MILLION; at += STEP_EVENTS) {
        steps_write_events(&steps, at, STEP_EVENTS);
        steps_write_results(&steps, at, 0, STEP_EVENTS);
        for (size_t i = 0; i < STEP_EVENTS; i++)
            write_one(at + i, i);
        steps_make(&steps, 0, STEP_EVENTS);
    }
    return (double)(now_ns() - begun_ns) / 1000 / MILLION;
}

static int64_t processor_ns(void) {
    struct timespec now;
    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Puts all into the index: the processor time of a report, and how long 99 of 100 pieces of the work take at most. */
static void index_all(double *each_us, double *piece_ms) {
    static int64_t took_ns[4096];
    int64_t begun_ns = processor_ns();
    size_t count = 0;
    for (int more = HD__MORE_AT_ONCE; more != HD__MORE_NONE && count < 4096; count++) {
        int64_t one_ns = now_ns();
        must(steps.store->ops->tend(steps.store, &steps.state, &more) == HD_OK);
        took_ns[count] = now_ns() - one_ns;
    }
    *each_us = (double)(processor_ns() - begun_ns) / 1000 / MILLION;
    *piece_ms = (double)percentile(took_ns, count, 0.99) / 1e6;
}

/* ---- Searching ---- */

/* The first page; or as many as it takes to have 50 reports, or to see that there are none. */
static double search_ms(hd_client *client, const char *text, size_t least, int is_whole, int rounds) {
    static int64_t took_ns[101];
    hd_log_filter *filter;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_set_text(filter, text) == HD_OK);
    for (int i = 0; i < rounds; i++) {
        hd_log_page *page = NULL;
        char cursor[64] = "";
        size_t count = 0;
        int64_t begun_ns = now_ns();
        do {
            hd_log_page_free(page);
            must(hd_log_query(client, filter, *cursor ? cursor : NULL, 50, &page) == HD_OK);
            count += hd_log_page_count(page);
            (void)snprintf(cursor, sizeof cursor, "%s", hd_log_page_cursor(page) ? hd_log_page_cursor(page) : "");
        } while (is_whole && count < 50 && *cursor);
        took_ns[i] = now_ns() - begun_ns;
        must(count >= least);
        hd_log_page_free(page);
    }
    hd_log_filter_free(filter);
    return (double)percentile(took_ns, (size_t)rounds, 0.5) / 1e6;
}

/* The statistics of all reports, or of those of one webhook. */
static double stats_ms(hd_client *client, const char *webhook, int rounds) {
    static int64_t took_ns[101];
    hd_log_filter *filter;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_add_webhook(filter, webhook) == HD_OK);
    for (int i = 0; i < rounds; i++) {
        hd_log_stats *stats = NULL;
        int64_t begun_ns = now_ns();
        must(hd_log_summarize(client, filter, 0, &stats) == HD_OK);
        took_ns[i] = now_ns() - begun_ns;
        must(hd_log_stats_count(stats) > 0);
        hd_log_stats_free(stats);
    }
    hd_log_filter_free(filter);
    return (double)percentile(took_ns, (size_t)rounds, 0.5) / 1e6;
}

static void measure_texts(const char *directory, const char *with, int rounds) {
    static const struct {
        const char *name, *text;
        size_t least;
    } texts[] = {
        {"rare", RARE, 2},         {"common", COMMON, 50},   {"absent", "is nowhere", 0}, {"number", "#123456", 4},
        {"id", "ticket-77777", 4}, {"mail", "user4711@", 0}, {"two", "sw", 50},           {"two_absent", "%%", 0},
    };
    char name[64];
    hd_store *store;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    must(hd_store_set_retention(store, 0, 0, 0) == HD_OK);
    hd_options *options = options_with_store(store);
    must(hd_options_set_role(options, HD_CLIENT_READ) == HD_OK);
    hd_client *client = client_for_tests(options);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)snprintf(name, sizeof name, "search_%s_%s", texts[i].name, with);
        say(name, search_ms(client, texts[i].text, texts[i].least, rounds == 1, rounds), "ms");
    }
    (void)snprintf(name, sizeof name, "stats_all_%s", with);
    say(name, stats_ms(client, NULL, rounds), "ms");
    (void)snprintf(name, sizeof name, "stats_webhook_%s", with);
    say(name, stats_ms(client, "w0", rounds), "ms");
    end_client(client);
    hd_store_free(store);
}

void measure_search(const struct urls *urls) {
    char directory[64];
    double each_us, piece_ms;
    make_directory(directory);
    put_webhooks(directory, urls);
    steps_begin(&steps, directory);
    say("search_fill", fill_us(), "us");
    steps_end(&steps);
    double before = file_bytes(directory) / 1e6;
    measure_texts(directory, "without", 1);
    steps_begin(&steps, directory);
    index_all(&each_us, &piece_ms);
    steps_end(&steps);
    say("search_index", each_us, "us");
    say("search_index_piece", piece_ms, "ms");
    say("search_size_without", before, "MB");
    say("search_size_with", file_bytes(directory) / 1e6, "MB");
    measure_texts(directory, "with", 51);
    remove_directory(directory);
}
