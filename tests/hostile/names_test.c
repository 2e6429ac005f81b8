/* SPDX-License-Identifier: MIT */
/** @file names_test.c P3: names with 1 to 64 addresses, of which some or all are dead in one way or another, that are
 * found at once or after up to five seconds: each delivery ends in time and says why, nothing stays under way, and
 * nothing is sent twice. Many of them are under way at once. */
#include "silent.h"
#include "support/server.h"
#include "support/support.h"
#include "zone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

#define LENGTH_OF(array) (sizeof(array) / sizeof(array)[0])
#define ADDRESSES_MOST 64
#define ADDRESSES_TRIED 32 /* of a name, by the library */
#define NAMES_OF_CLIENT 32 /* as many lookups are under way at once */
#define AMPLE_MS 300       /* to connect to an address of this machine, and to be answered */

EXPORTED int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)service, (void)hints;
    return zone_find(host, found);
}

EXPORTED void freeaddrinfo(struct addrinfo *found) {
    zone_free(found);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The rows
 */

/* What the addresses of a name are. */
enum kind {
    REFUSED,
    SILENT,
    FORBIDDEN,
    IN_TURN,            /* refused, silent, forbidden, refused and so on */
    REFUSED_AND_GOOD,   /* all refuse but the last one */
    SILENT_AND_GOOD,    /* all are silent but the last one */
    FORBIDDEN_AND_GOOD, /* all are forbidden but the last one */
    KINDS
};

static const char *const kind_names[KINDS] = {"refused",          "silent",          "forbidden",         "in turn",
                                              "refused and good", "silent and good", "forbidden and good"};
static const int counts[] = {1, 2, 4, 8, 16, 32, 64};

#define ROWS (KINDS * LENGTH_OF(counts))

struct row {
    uint32_t timeout_ms;
    long late_ms; /* how long its name takes to be found */
    enum kind kind;
    int count; /* of addresses */
};

static struct server *server; /* at 127.0.0.1, the good address */

static bool has_good(const struct row *row) {
    return row->kind >= REFUSED_AND_GOOD;
}

/* 127.3.0.1 and so on refuse, since nobody listens there. */
static void write_address(enum kind kind, int index, char *text, size_t size) {
    switch (kind) {
    case SILENT:
    case SILENT_AND_GOOD:
        (void)snprintf(text, size, "127.2.0.%d", index + 1);
        break;
    case FORBIDDEN:
    case FORBIDDEN_AND_GOOD:
        (void)snprintf(text, size, index % 2 == 0 ? "10.0.0.%d" : "fd00::%d", index + 1);
        break;
    case IN_TURN:
        write_address((enum kind)(index % 3), index, text, size);
        break;
    default:
        (void)snprintf(text, size, "127.3.0.%d", index + 1);
    }
}

static void write_host(const struct row *row, char *text, size_t size) {
    (void)snprintf(text, size, "t%u-l%ld-k%d-n%d.example.com", (unsigned)row->timeout_ms, row->late_ms, (int)row->kind,
                   row->count);
}

static void set_name(const struct row *row) {
    char host[64], addresses[ADDRESSES_MOST * 16] = "";
    write_host(row, host, sizeof host);
    for (int i = 0; i < row->count; i++) {
        size_t len = strlen(addresses);
        addresses[len] = i > 0 ? ',' : '\0';
        if (i + 1 == row->count && has_good(row))
            (void)snprintf(addresses + len + (i > 0), sizeof addresses - len - 1, "127.0.0.1");
        else
            write_address(row->kind, i, addresses + len + (i > 0), sizeof addresses - len - 1);
    }
    zone_set(host, addresses);
    zone_delay(host, row->late_ms);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is right
 */

/* By the time that was left when the name had been found. A silent address takes half of it as long as there are more
 * (all of it when it is short, by libcurl), so that the next may be reached or not. */
static bool is_right(const struct row *row, int reason, int64_t left_ms) {
    bool is_short = left_ms < AMPLE_MS, timed_out = reason == HD_REASON_TIMEOUT_CONNECT;
    switch (row->kind) {
    case FORBIDDEN:
        return reason == HD_REASON_BLOCKED;
    case SILENT:
        return timed_out;
    case REFUSED:
        return reason == HD_REASON_REFUSED || (is_short && timed_out);
    case IN_TURN:
        return row->count == 1 ? reason == HD_REASON_REFUSED || (is_short && timed_out)
                               : timed_out || (row->count > 2 && reason == HD_REASON_REFUSED);
    case REFUSED_AND_GOOD:
        if (row->count > ADDRESSES_TRIED)
            return reason == HD_REASON_REFUSED || (is_short && timed_out);
        break;
    case SILENT_AND_GOOD:
        if (row->count > 1 && timed_out)
            return row->count > 2 || left_ms < 2000;
        break;
    default:
        break;
    }
    return reason == HD_REASON_DELIVERED ||
           (is_short && (timed_out || reason == HD_REASON_TIMEOUT_TOTAL)); /* of those with a good address */
}

static void fail_row(const struct row *row, const hd_report *report, const char *what) {
    fail_msg("%d addresses, %s, found after %ld of %u ms: %s: %s (%s), %u ms, of which lookup %u", row->count,
             kind_names[row->kind], row->late_ms, (unsigned)row->timeout_ms, what,
             hd_reason_name(hd_report_reason(report)), hd_report_detail(report), (unsigned)hd_report_total_ms(report),
             (unsigned)hd_report_dns_ms(report));
}

static void check_time(const struct row *row, const hd_report *report) {
    int reason = hd_report_reason(report);
    bool is_late = reason == HD_REASON_DNS || reason == HD_REASON_TIMEOUT_CONNECT || reason == HD_REASON_TIMEOUT_TOTAL;
    uint32_t total_ms = hd_report_total_ms(report);
    if (total_ms > row->timeout_ms + (runs_slowly() ? 60000 : 1000))
        fail_row(row, report, "too late");
    if (is_late && total_ms < row->timeout_ms)
        fail_row(row, report, "too early");
    if (reason == HD_REASON_BLOCKED && total_ms != hd_report_dns_ms(report))
        fail_row(row, report, "it waited");
}

/* On a slow machine a name may be found later than it was to be. */
static void check_reason(const struct row *row, const hd_report *report) {
    int64_t left_ms = (int64_t)row->timeout_ms - hd_report_dns_ms(report);
    if (hd_report_reason(report) == HD_REASON_DNS) {
        if (left_ms > 0 || strcmp(hd_report_detail(report), "no answer in time") != 0)
            fail_row(row, report, "it had been found");
    } else if (row->late_ms >= (long)row->timeout_ms + AMPLE_MS || !is_right(row, hd_report_reason(report), left_ms)) {
        fail_row(row, report, "wrong reason");
    }
    if (hd_report_reason(report) == HD_REASON_BLOCKED)
        assert_string_equal(hd_report_detail(report), "private, 10.0.0.0/8");
}

/* A POST that left at the last moment was not answered any more. */
static void check_posts(const struct row *row, const hd_report *report) {
    char host[64], path[80];
    write_host(row, host, sizeof host);
    (void)snprintf(path, sizeof path, "/ok/%s", host);
    size_t posts = server_requests_at(server, path);
    size_t right = hd_report_reason(report) == HD_REASON_DELIVERED ? 1 : 0;
    if (posts != right && (hd_report_reason(report) != HD_REASON_TIMEOUT_TOTAL || posts > 1))
        fail_row(row, report, posts > 1 ? "it was sent twice" : "what was sent is wrong");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Clients
 */

struct crowd {
    hd_client *client;
    struct row rows[NAMES_OF_CLIENT];
    size_t count;
};

/* What became of all names of one timeout and one time to be found. */
struct summary {
    unsigned reasons[HD_REASON_DISCARDED + 1];
    uint32_t longest_ms;
};

static void put_row(struct crowd *crowd, size_t index) {
    char host[64], url[160], id[16];
    set_name(&crowd->rows[index]);
    write_host(&crowd->rows[index], host, sizeof host);
    (void)snprintf(url, sizeof url, "http://%s:%u/ok/%s", host, (unsigned)server_port(server), host);
    (void)snprintf(id, sizeof id, "%zu", index);
    put_webhook(crowd->client, webhook_for_tests(id, PROJECT, url));
}

/* One event for all of them. */
static void begin(struct crowd *crowd) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_timeout_ms(options, crowd->rows[0].timeout_ms), HD_OK);
    crowd->client = client_for_tests(options);
    for (size_t i = 0; i < crowd->count; i++)
        put_row(crowd, i);
    (void)send_ticket(crowd->client, 1);
}

static void end(struct crowd *crowd, struct summary *summary) {
    for (size_t i = 0; i < crowd->count; i++) {
        hd_report *report = next_report(crowd->client);
        const struct row *row = &crowd->rows[strtoul(hd_report_webhook_id(report), NULL, 10)];
        check_time(row, report);
        check_reason(row, report);
        check_posts(row, report);
        summary->reasons[hd_report_reason(report)]++;
        if (hd_report_total_ms(report) > summary->longest_ms)
            summary->longest_ms = hd_report_total_ms(report);
        hd_report_free(report);
    }
    flush(crowd->client);
    assert_int_equal(counter(crowd->client, HD_COUNTER_IN_FLIGHT), 0);
    end_client(crowd->client);
    crowd->client = NULL;
}

/* Two clients for one timeout and one time to be found: each looks up 32 names at once, and the process 96. */
struct pair {
    struct crowd crowds[2];
    uint32_t timeout_ms;
    long late_ms;
};

static void begin_pair(struct pair *pair) {
    pair->crowds[0].count = pair->crowds[1].count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct crowd *crowd = &pair->crowds[i % 2];
        struct row row = {pair->timeout_ms, pair->late_ms, (enum kind)(i % KINDS), counts[i / KINDS]};
        bool is_known = row.count == 1 && row.kind > REFUSED_AND_GOOD; /* one good address, again */
        if (!is_known)
            crowd->rows[crowd->count++] = row;
    }
    begin(&pair->crowds[0]);
    begin(&pair->crowds[1]);
}

static void end_pair(struct pair *pair) {
    struct summary summary = {{0}, 0};
    end(&pair->crowds[0], &summary);
    end(&pair->crowds[1], &summary);
    printf("# names found after %4ld ms, %4u ms for all | ", pair->late_ms, (unsigned)pair->timeout_ms);
    for (int reason = 0; reason <= HD_REASON_DISCARDED; reason++)
        if (summary.reasons[reason] > 0)
            printf("%u %s, ", summary.reasons[reason], hd_reason_name(reason));
    printf("the last after %u ms\n", (unsigned)summary.longest_ms);
}

static void try_together(struct pair *pairs, size_t count) {
    for (size_t i = 0; i < count; i++)
        begin_pair(&pairs[i]);
    for (size_t i = 0; i < count; i++)
        end_pair(&pairs[i]);
    zone_forget();
}

/* ------------------------------------------------------------------------------------------------------------------
 * The tests
 */

static struct silent *silent;

static int set_up(void **state) {
    (void)state;
    server = server_start();
    silent = server == NULL ? NULL : silent_start(ADDRESSES_MOST, server_port(server));
    return server == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    silent_stop(silent);
    server_stop(server);
    return 0;
}

static void test_found_at_once(void **state) {
    static struct pair pairs[] = {
        {.timeout_ms = 400}, {.timeout_ms = 1000}, {.timeout_ms = 2000}, {.timeout_ms = 5000}};
    (void)state;
    if (silent == NULL)
        skip();
    try_together(pairs, LENGTH_OF(pairs));
}

/* Two at a time, each with less than half of the lookups that a process has. The times are those at which libcurl has
 * been seen to forget its timers, and others around the limits. */
static void test_found_late(void **state) {
    static struct pair pairs[] = {
        {.timeout_ms = 5000, .late_ms = 480},  {.timeout_ms = 400, .late_ms = 150},
        {.timeout_ms = 5000, .late_ms = 500},  {.timeout_ms = 400, .late_ms = 380},
        {.timeout_ms = 5000, .late_ms = 2495}, {.timeout_ms = 1000, .late_ms = 480},
        {.timeout_ms = 5000, .late_ms = 3480}, {.timeout_ms = 1000, .late_ms = 995},
        {.timeout_ms = 5000, .late_ms = 4580}, {.timeout_ms = 2000, .late_ms = 1000},
        {.timeout_ms = 5000, .late_ms = 5000}, {.timeout_ms = 400, .late_ms = 5000},
        {.timeout_ms = 2000, .late_ms = 1995}, {.timeout_ms = 1000, .late_ms = 2000},
    };
    (void)state;
    if (silent == NULL)
        skip();
    for (size_t i = 0; i < LENGTH_OF(pairs); i += 2)
        try_together(&pairs[i], 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_at_once),
        cmocka_unit_test(test_found_late),
    };
    return cmocka_run_group_tests_name("names", tests, set_up, tear_down);
}
