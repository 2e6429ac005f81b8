/* SPDX-License-Identifier: MIT */
/** @file limits_test.c A process that runs out of threads, memory or descriptors; clocks that jump; a client's end. */
#define _DEFAULT_SOURCE /* syscall, setgroups */
#include "scenario.h"
#include "support/bodies.h"
#include "support/server.h"

#include <curl/curl.h>
#include <dirent.h>
#include <grp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define TEN_YEARS_S (INT64_C(3653) * 86400)
#define CLOSERS 8

/* ------------------------------------------------------------------------------------------------------------------
 * The clock of this program, and so of the library that is linked into it
 */

static atomic_int_fast64_t wall_jump_s;

/* Stands before libc's: the wall clock can be made to jump while the others go on. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += (time_t)atomic_load(&wall_jump_s);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What the process has
 */

static size_t open_descriptors(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    require(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

/* A number from /proc/self/status: "Threads", or sizes in KiB. */
static size_t own_status(const char *name) {
    char line[256];
    size_t value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    require(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtoul(line + strlen(name) + 1, NULL, 10);
    (void)fclose(file);
    return value;
}

static void set_limit(int which, rlim_t limit) {
    struct rlimit limits;
    require(getrlimit(which, &limits) == 0);
    limits.rlim_cur = limit < limits.rlim_max ? limit : limits.rlim_max;
    require(setrlimit(which, &limits) == 0);
}

static rlim_t limit_of(int which) {
    struct rlimit limits;
    require(getrlimit(which, &limits) == 0);
    return limits.rlim_cur;
}

static uint64_t ended(hd_client *client) {
    return counter(client, HD_COUNTER_DELIVERED) + counter(client, HD_COUNTER_FAILED) +
           counter(client, HD_COUNTER_CANCELED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 83: no more threads, no more address space
 */

/* Limits of processes do not hold for root. */
static bool become_nobody(void) {
    if (getuid() != 0)
        return true;
    return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

static int no_thread(void) {
    hd_options *options = options_here();
    hd_client *client = NULL;
    if (!become_nobody())
        return SCENARIO_SKIPPED;
    rlim_t usual = limit_of(RLIMIT_NPROC);
    hd_client_free(client_here("http", "/ok", 1)); /* so that libcurl is ready, and what it keeps is not counted */
    size_t before = open_descriptors();
    set_limit(RLIMIT_NPROC, 1);
    for (int i = 0; i < 100; i++) {
        require(hd_client_new(options, &client) == HD_E_THREAD);
        require(client == NULL);
    }
    require(open_descriptors() == before);
    set_limit(RLIMIT_NPROC, usual);
    hd_options_free(options);
    client = client_here("http", "/ok", 1);
    send_tickets(client, 10);
    flush(client);
    require(counter(client, HD_COUNTER_DELIVERED) == 10);
    end_client(client);
    return 0;
}

static void test_row_83_no_thread_can_be_started(void **state) {
    (void)state;
    assert_scenario("no_thread", 0);
}

/* How a scenario with little memory ends well. */
enum {
    WAS_DELIVERED = 0,
    WAS_REFUSED = 3,
    BROKE_TLS = 4, /* when there is memory again, http works and https does not */
    BROKE_LIBCURL  /* libcurl alone, without the library, crashes with as little */
};

/* All that one delivery needs but the client; made while there is memory. */
struct parcel {
    hd_options *options;
    hd_event *event;
    hd_webhook *webhook;
};

static struct parcel pack(const char *scheme, int port) {
    char url[64];
    (void)snprintf(url, sizeof url, "%s://127.0.0.1:%d/ok", scheme, port);
    return (struct parcel){.options = options_here(),
                           .event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1),
                           .webhook = webhook_for_tests(WEBHOOK, PROJECT, url)};
}

static void unpack(struct parcel *parcel) {
    hd_options_free(parcel->options);
    hd_event_free(parcel->event);
    hd_webhook_free(parcel->webhook);
}

static hd_client *client_if_possible(const hd_options *options) {
    hd_client *client = NULL;
    int status = hd_client_new(options, &client);
    require(status == HD_OK || status == HD_E_NO_MEMORY || status == HD_E_THREAD || status == HD_E_TRANSPORT);
    require((status == HD_OK) == (client != NULL));
    return client;
}

/* Each call works, or says that memory or threads ran out. */
static bool is_delivered(struct parcel *parcel) {
    hd_client *client = client_if_possible(parcel->options);
    if (client == NULL)
        return false;
    int status = hd_client_put_webhook(client, parcel->webhook);
    require(status == HD_OK || status == HD_E_NO_MEMORY);
    require(hd_webhook_send(client, parcel->event, NULL) == HD_OK);
    (void)hd_client_flush(client, 5000);
    (void)hd_client_close(client, 0);
    bool delivered = counter(client, HD_COUNTER_DELIVERED) == 1;
    hd_client_free(client);
    return delivered;
}

/* A process that may grow by so many KiB. */
static int ending_with(uint64_t kib) {
    struct parcel https = pack("https", place.https_port);
    struct parcel http = pack("http", place.http_port);
    set_limit(RLIMIT_AS, (rlim_t)(own_status("VmSize") + kib) * 1024);
    bool delivered = is_delivered(&https);
    set_limit(RLIMIT_AS, RLIM_INFINITY);
    require(is_delivered(&http));
    bool recovered = is_delivered(&https);
    unpack(&https);
    unpack(&http);
    return !recovered ? BROKE_TLS : delivered ? WAS_DELIVERED : WAS_REFUSED;
}

static int little_memory_from_the_start(void) {
    return ending_with(place.number);
}

static int little_memory_later(void) {
    struct parcel first = pack("https", place.https_port);
    require(is_delivered(&first));
    unpack(&first);
    return ending_with(place.number);
}

/* OpenSSL 3.6 calls itself without end if there is no memory for a thread's first error: it allocates room for errors
 * and reports as an error that it cannot (ERR_new, CRYPTO_zalloc). */
static int libcurl_alone(void) {
    static void *volatile taken;
    set_limit(RLIMIT_AS, (rlim_t)(own_status("VmSize") + place.number) * 1024);
    for (size_t size = 4096; size >= 1024; size /= 2)
        do
            taken = malloc(size);
        while (taken != NULL);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    return 0;
}

static int ending_of(const char *name, uint64_t kib) {
    int status = wait_for_child(start_scenario(name, kib), PATIENCE_MS);
    if (status != HUNG && WIFSIGNALED(status) &&
        WIFSIGNALED(wait_for_child(start_scenario("libcurl_alone", kib), PATIENCE_MS)))
        return BROKE_LIBCURL;
    int ending = status != HUNG && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (ending != WAS_DELIVERED && ending != WAS_REFUSED && ending != BROKE_TLS)
        fail_msg("%s with %llu KiB: wait status 0x%x", name, (unsigned long long)kib, (unsigned)status);
    return ending;
}

static void try_limits(const char *name, size_t endings[BROKE_LIBCURL + 1]) {
    for (uint64_t kib = 0; kib < 28000; kib += 700)
        endings[ending_of(name, kib)]++;
    (void)printf("# %-28s delivered with %zu limits, refused with %zu; with %zu OpenSSL never recovered, and with %zu "
                 "libcurl crashes alone\n",
                 name, endings[WAS_DELIVERED], endings[WAS_REFUSED], endings[BROKE_TLS], endings[BROKE_LIBCURL]);
}

/* OpenSSL does not get over a first use for which there was no memory: no matter of the library's. */
static void test_row_83_little_address_space_from_the_start(void **state) {
    (void)state;
    size_t endings[BROKE_LIBCURL + 1] = {0};
    if (runs_slowly())
        skip(); /* sanitizers want terabytes of it */
    try_limits("little_memory_from_the_start", endings);
    assert_true(endings[WAS_REFUSED] > 0);
}

static void test_row_83_little_address_space_later(void **state) {
    (void)state;
    size_t endings[BROKE_LIBCURL + 1] = {0};
    if (runs_slowly())
        skip();
    try_limits("little_memory_later", endings);
    assert_true(endings[WAS_DELIVERED] > 0);
    assert_true(endings[WAS_REFUSED] > 0);
    assert_int_equal(endings[BROKE_TLS], 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 84: no more descriptors
 */

static void require_ended(hd_client *client, uint64_t deliveries) {
    require_eventually(hd_client_flush(client, 1000) == HD_OK);
    require(ended(client) == deliveries);
}

/* Takes all reports there are. How many deliveries failed for want of a descriptor; all others end as their paths say.
 */
static uint64_t without_descriptor(hd_client *client) {
    uint64_t count = 0;
    hd_report *report = NULL;
    while (hd_client_next_report(client, 0, &report) == HD_OK) {
        int reason = hd_report_reason(report);
        require(reason == HD_REASON_DELIVERED || reason == HD_REASON_RESET || reason == HD_REASON_INTERNAL);
        require(reason != HD_REASON_INTERNAL || strcmp(hd_report_detail(report), "too many open files") == 0);
        count += reason == HD_REASON_INTERNAL;
        hd_report_free(report);
    }
    return count;
}

/* What is open stays open, and connections may be kept: those that are reset need new ones. */
static int no_descriptors(void) {
    const int events = 100;
    const uint64_t deliveries = 100 * 4;
    hd_client *second = NULL;
    hd_options *options = options_here();
    hd_client *client = client_here("https", "/delay/5", 2);
    put_here(client, "reset", "https", "/reset");
    put_here(client, "plain-reset", "http", "/reset");
    rlim_t usual = limit_of(RLIMIT_NOFILE);

    send_tickets(client, events);
    require_eventually(counter(client, HD_COUNTER_DELIVERED) > 0);
    set_limit(RLIMIT_NOFILE, 3);
    require(hd_client_new(options, &second) == HD_E_TRANSPORT && second == NULL);
    require_ended(client, deliveries);
    set_limit(RLIMIT_NOFILE, usual);
    uint64_t during = without_descriptor(client);

    send_tickets(client, events);
    require_ended(client, 2 * deliveries);
    uint64_t after = without_descriptor(client);
    (void)printf("# descriptors        %llu of %llu deliveries failed while there were none, %llu of as many after\n",
                 (unsigned long long)during, (unsigned long long)deliveries, (unsigned long long)after);
    require(during > 0 && after == 0);
    end_client(client);
    hd_options_free(options);
    return 0;
}

static void test_row_84_no_descriptors_for_a_while(void **state) {
    (void)state;
    assert_scenario("no_descriptors", 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 90: the wall clock jumps by years
 */

#define SHORT_TIMEOUT_MS 1000
#define DELAY_MS 300

/* A reasonable time: not less than it must be, and late only as a machine is slow. */
static void require_took(int64_t took_ms, int64_t least_ms) {
    if (took_ms < least_ms - 20 || took_ms > least_ms + 4000)
        (void)fprintf(stderr, "%lld ms in place of %lld\n", (long long)took_ms, (long long)least_ms);
    require(took_ms >= least_ms - 20 && took_ms <= least_ms + 4000);
}

static void require_report(hd_client *client, const char *webhook_id, int reason, int64_t least_ms) {
    hd_report *report = NULL;
    require(hd_client_next_report(client, PATIENCE_MS, &report) == HD_OK);
    require(strcmp(hd_report_webhook_id(report), webhook_id) == 0);
    require(hd_report_reason(report) == reason);
    require_took(hd_report_total_ms(report), least_ms);
    require_took(hd_report_queued_ms(report), 0);
    hd_report_free(report);
}

/* In the middle of a delivery that ends well and of one that never ends. */
static void jump_in_mid_delivery(hd_client *client, int64_t jump_s) {
    int64_t begin = now_ms();
    (void)send_ticket(client, 1);
    require_eventually(counter(client, HD_COUNTER_IN_FLIGHT) == 2);
    sleep_ms(50);
    (void)atomic_fetch_add(&wall_jump_s, jump_s);
    require_report(client, "delayed", HD_REASON_DELIVERED, DELAY_MS);
    require_report(client, "hanging", HD_REASON_TIMEOUT_TOTAL, SHORT_TIMEOUT_MS);
    require_took(now_ms() - begin, SHORT_TIMEOUT_MS);
}

struct jump {
    int64_t by_s;
};

static void *jump_soon(void *argument) {
    const struct jump *jump = argument;
    sleep_ms(100);
    (void)atomic_fetch_add(&wall_jump_s, jump->by_s);
    return NULL;
}

/* While the program itself waits: for a report that does not come, and in close. */
static void jump_in_mid_wait(hd_client *client, int64_t jump_s) {
    struct jump jump = {.by_s = jump_s};
    hd_report *report = NULL;
    pthread_t jumper;
    int64_t begin = now_ms();
    require(pthread_create(&jumper, NULL, jump_soon, &jump) == 0);
    require(hd_client_next_report(client, 400, &report) == HD_E_TIMEOUT);
    require_took(now_ms() - begin, 400);
    require(pthread_join(jumper, NULL) == 0);

    (void)send_ticket(client, 2);
    begin = now_ms();
    require(pthread_create(&jumper, NULL, jump_soon, &jump) == 0);
    require(hd_client_close(client, 500) == HD_E_TIMEOUT);
    require_took(now_ms() - begin, 500);
    require(pthread_join(jumper, NULL) == 0);
}

static int clock_jumps(void) {
    hd_options *options = options_here();
    int64_t jump_s = place.number == 0 ? TEN_YEARS_S : -TEN_YEARS_S;
    int64_t wall = wall_ms();
    require(hd_options_set_timeout_ms(options, SHORT_TIMEOUT_MS) == HD_OK);
    hd_client *client = client_for_tests(options);
    put_here(client, "delayed", "https", "/delay/300");
    put_here(client, "hanging", "http", "/hang");
    jump_in_mid_delivery(client, jump_s);
    require(place.number == 0 ? wall_ms() > wall + TEN_YEARS_S * 1000 : wall_ms() < wall); /* it did jump */
    jump_in_mid_delivery(client, -jump_s);
    jump_in_mid_wait(client, jump_s);
    hd_client_free(client);
    return 0;
}

static void test_row_90_clock_jumps_ten_years_forth(void **state) {
    (void)state;
    assert_scenario("clock_jumps", 0);
}

static void test_row_90_clock_jumps_ten_years_back(void **state) {
    (void)state;
    assert_scenario("clock_jumps", 1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * A client's end
 */

/* Receivers that hang in connect, in the handshake and before the answer. */
static int close_while_all_hang(void) {
    char url[64];
    struct server *silent = server_start();
    struct server *busy = server_start_busy();
    hd_client *client = client_here("https", "/hang", 20);
    require(silent != NULL);
    server_set_mode(silent, SERVER_SILENT);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(silent));
    put_webhook(client, webhook_for_tests("silent", PROJECT, url));
    put_here(client, "plain", "http", "/hang");
    put_webhook(client, webhook_for_tests("lookup", PROJECT, "https://nowhere.invalid/"));
    if (busy != NULL)
        put_webhook(client, webhook_for_tests("busy", PROJECT, server_url(busy, "/", url, sizeof url)));

    send_tickets(client, 10);
    require_eventually(counter(client, HD_COUNTER_IN_FLIGHT) >= 22);
    int64_t begin = now_ms();
    require(hd_client_close(client, 300) == HD_E_TIMEOUT);
    int64_t took_ms = now_ms() - begin;
    (void)printf("# close(300)         took %lld ms while all receivers hung\n", (long long)took_ms);
    require(took_ms >= 300 && took_ms < 1300);
    require(ended(client) == (uint64_t)(busy != NULL ? 24 : 23) * 10);
    hd_client_free(client);
    server_stop(silent);
    server_stop(busy);
    return 0;
}

static void test_close_keeps_its_deadline(void **state) {
    (void)state;
    assert_scenario("close_while_all_hang", 0);
}

/* What each of the threads does that meet at a client's end. */
static void *close_too(void *argument) {
    static const int answers[] = {HD_OK, HD_E_TIMEOUT};
    int status = hd_client_close(argument, 100);
    require(status == HD_OK || status == HD_E_TIMEOUT);
    return (void *)(uintptr_t)&answers[status == HD_E_TIMEOUT];
}

static void *read_to_the_end(void *argument) {
    hd_report *report = NULL;
    int status;
    while ((status = hd_client_next_report(argument, PATIENCE_MS, &report)) == HD_OK)
        hd_report_free(report);
    require(status == HD_E_CLOSED);
    return NULL;
}

static void close_from_many_threads(const char *path) {
    pthread_t closers[CLOSERS];
    pthread_t reader;
    void *first = NULL;
    hd_client *client = client_here("https", path, 4);
    send_tickets(client, 20);
    require(pthread_create(&reader, NULL, read_to_the_end, client) == 0);
    for (int i = 0; i < CLOSERS; i++)
        require(pthread_create(&closers[i], NULL, close_too, client) == 0);
    for (int i = 0; i < CLOSERS; i++) {
        void *answer = NULL;
        require(pthread_join(closers[i], &answer) == 0);
        first = i == 0 ? answer : first;
        require(answer == first); /* one closes, and all answer what it did */
    }
    require(pthread_join(reader, NULL) == 0);
    require(ended(client) == 80);
    hd_client_free(client);
}

static int closers(void) {
    for (int i = 0; i < 20; i++)
        close_from_many_threads(i % 2 == 0 ? "/ok" : "/hang");
    return 0;
}

static void test_close_from_many_threads(void **state) {
    (void)state;
    assert_scenario("closers", 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 1,000 clients
 */

static void live(const char *scheme) {
    hd_client *client = client_here(scheme, "/ok", 1);
    (void)send_ticket(client, 1);
    flush(client);
    require(counter(client, HD_COUNTER_DELIVERED) == 1);
    hd_client_free(client);
}

/* Threads that were joined may still be listed for a moment. */
static int cycles(void) {
    const int count = (int)volume(1000);
    size_t descriptors = 0;
    size_t memory_kib = 0;
    for (int i = 1; i <= count; i++) {
        live(i % 4 == 0 ? "https" : "http");
        if (i != count / 10)
            continue;
        descriptors = open_descriptors();
        memory_kib = own_status("VmRSS");
    }
    long growth_kib = (long)own_status("VmRSS") - (long)memory_kib;
    (void)printf("# %d clients       %+ld KiB from the %dth on, %zu descriptors before, %zu after\n", count, growth_kib,
                 count / 10, descriptors, open_descriptors());
    require(open_descriptors() == descriptors);
    require_eventually(own_status("Threads") == 1 || runs_slowly());
    require(growth_kib < 1024 || runs_slowly());
    return 0;
}

static void test_a_thousand_clients_leave_nothing(void **state) {
    (void)state;
    assert_scenario("cycles", 0);
}

int main(int count, char **arguments) {
    static const struct scenario scenarios[] = {
        {"no_thread", no_thread},
        {"little_memory_from_the_start", little_memory_from_the_start},
        {"little_memory_later", little_memory_later},
        {"libcurl_alone", libcurl_alone},
        {"no_descriptors", no_descriptors},
        {"clock_jumps", clock_jumps},
        {"close_while_all_hang", close_while_all_hang},
        {"closers", closers},
        {"cycles", cycles},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_83_no_thread_can_be_started),
        cmocka_unit_test(test_row_83_little_address_space_from_the_start),
        cmocka_unit_test(test_row_83_little_address_space_later),
        cmocka_unit_test(test_row_84_no_descriptors_for_a_while),
        cmocka_unit_test(test_row_90_clock_jumps_ten_years_forth),
        cmocka_unit_test(test_row_90_clock_jumps_ten_years_back),
        cmocka_unit_test(test_close_keeps_its_deadline),
        cmocka_unit_test(test_close_from_many_threads),
        cmocka_unit_test(test_a_thousand_clients_leave_nothing),
    };
    if (count > 1)
        return run_scenario(arguments, scenarios, LENGTH_OF(scenarios));
    return cmocka_run_group_tests(tests, start_receivers, stop_receivers);
}
