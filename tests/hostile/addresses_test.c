/* SPDX-License-Identifier: MIT */
/**
 * @file addresses_test.c No packet ever reaches a forbidden address, as those see it who listen there. This program
 * stands between the library and libc: it answers the name lookups, sees every connect(), and lets none leave the
 * machine.
 */
#define _DEFAULT_SOURCE /* syscall */
#include "notations.h"
#include "raw.h"
#include "support/bodies.h"
#include "support/support.h"
#include "zone.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FORBIDDEN "127.0.0.1"
#define ALLOWED "127.0.0.2"
#define LIMIT_MS 5100 /* five seconds, and what it takes to notice that they are over */
#define SLOW_MS 60000 /* the same where the test runs slowly */
#define RECORDS 1000
#define EXPORTED __attribute__((visibility("default")))

/* ------------------------------------------------------------------------------------------------------------------
 * In place of libc's functions
 */

EXPORTED int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)service;
    (void)hints;
    return zone_find(host, found);
}

EXPORTED void freeaddrinfo(struct addrinfo *found) {
    zone_free(found);
}

static pthread_t tester; /* whose own connections do not count */
static atomic_uint connects_to_allowed, connects_elsewhere;

static bool is_v4_at(const struct sockaddr *address, const char *text) {
    struct sockaddr_in v4;
    if (address->sa_family != AF_INET)
        return false;
    memcpy(&v4, address, sizeof v4);
    return v4.sin_addr.s_addr == inet_addr(text);
}

/* Whether a packet to it stays on this machine. */
static bool stays_here(const struct sockaddr *address) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return v4.sin_addr.s_addr == 0 || ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family != AF_INET6)
        return true;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr);
}

EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t length) {
    if (!pthread_equal(pthread_self(), tester)) {
        atomic_fetch_add(is_v4_at(address, ALLOWED) ? &connects_to_allowed : &connects_elsewhere, 1);
        if (!stays_here(address)) {
            errno = ENETUNREACH;
            return -1;
        }
    }
    return (int)syscall(SYS_connect, fd, address, length);
}

static atomic_int_fast64_t jump_s;

/* The clock by which answers of name servers age. */
EXPORTED int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock != CLOCK_REALTIME)
        now->tv_sec += (time_t)atomic_load(&jump_s);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Listeners and clients
 */

struct scene {
    struct raw *forbidden, *forbidden_v6, *allowed; /* at one port; that of IPv6 may be missing */
    uint16_t port;
    hd_client *client;
};

static const struct raw_script says_ok = {.says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                                          .ends = RAW_REPEATS};

static void stop_listeners(struct scene *scene) {
    raw_stop(scene->forbidden);
    raw_stop(scene->forbidden_v6);
    raw_stop(scene->allowed);
    scene->forbidden = scene->forbidden_v6 = scene->allowed = NULL;
}

/* The free port of one address may be in use at the other. */
static bool start_listeners(struct scene *scene) {
    for (int i = 0; i < 100; i++) {
        scene->forbidden = raw_start(FORBIDDEN, 0, &says_ok);
        scene->port = scene->forbidden != NULL ? raw_port(scene->forbidden) : 0;
        scene->forbidden_v6 = raw_start("::1", scene->port, &says_ok);
        scene->allowed = raw_start(ALLOWED, scene->port, &says_ok);
        if (scene->forbidden != NULL && scene->allowed != NULL)
            return true;
        stop_listeners(scene);
    }
    return false;
}

static int set_up(void **state) {
    struct scene *scene = calloc(1, sizeof *scene);
    *state = scene;
    atomic_store(&connects_to_allowed, 0);
    atomic_store(&connects_elsewhere, 0);
    return scene != NULL && start_listeners(scene) ? 0 : -1;
}

static const char *const proxy_variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                              "all_proxy",  "ALL_PROXY",   "NO_PROXY"};

static int tear_down(void **state) {
    struct scene *scene = *state;
    end_client(scene->client);
    atomic_store(&jump_s, 0); /* by which waits with a deadline took longer */
    zone_forget();
    stop_listeners(scene);
    for (size_t i = 0; i < LENGTH_OF(proxy_variables); i++)
        (void)unsetenv(proxy_variables[i]);
    free(scene);
    return 0;
}

/* A client that may use http and any port, and go to public addresses and one network; NULL for none. */
static hd_client *open_client(struct scene *scene, const char *network) {
    hd_options *options = NULL;
    assert_int_equal(hd_options_new(&options), HD_OK);
    assert_int_equal(hd_options_allow_http(options, 1), HD_OK);
    assert_int_equal(hd_options_allow_ports(options, 1024, 65535), HD_OK);
    if (network != NULL)
        assert_int_equal(hd_options_allow_network(options, network), HD_OK);
    scene->client = client_for_tests(options);
    return scene->client;
}

static void close_client(struct scene *scene) {
    end_client(scene->client);
    scene->client = NULL;
}

static const char *url_of(const struct scene *scene, const char *host, char *buf, size_t size) {
    (void)snprintf(buf, size, "http://%s:%u/hook", host, (unsigned)scene->port);
    return buf;
}

static void put_url(struct scene *scene, const char *url) {
    put_webhook(scene->client, webhook_for_tests(WEBHOOK, PROJECT, url));
}

/* Sends an event to the webhook. */
static hd_report *deliver(struct scene *scene) {
    (void)send_ticket(scene->client, 1);
    hd_report *report = next_report(scene->client);
    assert_true(hd_report_total_ms(report) <= (runs_slowly() ? SLOW_MS : LIMIT_MS));
    assert_int_equal(zone_strangers(), 0);
    return report;
}

static int deliver_for_reason(struct scene *scene) {
    hd_report *report = deliver(scene);
    int reason = hd_report_reason(report);
    hd_report_free(report);
    return reason;
}

/* Saves the webhook of a name that has these addresses, and sends it an event. */
static hd_report *deliver_to_name(struct scene *scene, const char *host, const char *addresses) {
    char url[256];
    zone_set(host, addresses);
    put_url(scene, url_of(scene, host, url, sizeof url));
    return deliver(scene);
}

static void assert_blocked(const char *what, hd_report *report) {
    if (hd_report_outcome(report) != HD_OUTCOME_FAILED || hd_report_reason(report) != HD_REASON_BLOCKED)
        fail_msg("%s: %s", what, hd_reason_name(hd_report_reason(report)));
    assert_string_equal(hd_report_remote_address(report), "");
    hd_report_free(report);
}

static void assert_delivered_to_allowed(const struct scene *scene, hd_report *report) {
    char address[64];
    (void)snprintf(address, sizeof address, ALLOWED ":%u", (unsigned)scene->port);
    if (hd_report_reason(report) != HD_REASON_DELIVERED)
        fail_msg("%s %s", hd_reason_name(hd_report_reason(report)), hd_report_detail(report));
    assert_string_equal(hd_report_remote_address(report), address);
    hd_report_free(report);
}

/* Nobody has knocked where nobody may, and nobody has tried to. */
static void assert_untouched(struct scene *scene) {
    assert_int_equal(raw_connections(scene->forbidden), 0);
    if (scene->forbidden_v6 != NULL)
        assert_int_equal(raw_connections(scene->forbidden_v6), 0);
    assert_int_equal(atomic_load(&connects_elsewhere), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * This program itself
 */

static bool is_ours(const char *name, const void *function) {
    void *handle = dlopen(NULL, RTLD_NOW);
    void *found = dlsym(handle, name);
    bool is_it = memcmp(&found, function, sizeof found) == 0;
    (void)dlclose(handle);
    return is_it;
}

/* libcurl.so too gets the functions of this program, and a packet that is sent is seen. */
static void test_this_program_sees_everything(void **state) {
    struct scene *scene = *state;
    int (*look_up)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = getaddrinfo;
    int (*connect_to)(int, const struct sockaddr *, socklen_t) = connect;
    assert_true(is_ours("getaddrinfo", &look_up));
    assert_true(is_ours("connect", &connect_to));

    open_client(scene, FORBIDDEN "/32");
    hd_report *report = deliver_to_name(scene, "seen.example.com", FORBIDDEN);
    assert_int_equal(hd_report_reason(report), HD_REASON_DELIVERED);
    hd_report_free(report);
    assert_int_equal(zone_lookups("seen.example.com"), 1);
    assert_int_equal(raw_connections(scene->forbidden), 1);
    assert_int_equal(atomic_load(&connects_elsewhere), 1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rows 24 to 32: one address, many ways to write it
 */

/* The status with which a URL is refused, or HD_OK if the client takes it. */
static int save(struct scene *scene, const char *url) {
    hd_webhook *webhook = NULL;
    assert_int_equal(hd_webhook_new(&webhook), HD_OK);
    assert_int_equal(hd_webhook_set_id(webhook, WEBHOOK), HD_OK);
    assert_int_equal(hd_webhook_set_project(webhook, PROJECT), HD_OK);
    int status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK)
        status = hd_client_put_webhook(scene->client, webhook);
    hd_webhook_free(webhook);
    return status;
}

/* The test button takes the same way. */
static void assert_test_is_blocked(struct scene *scene, const char *url) {
    hd_report *report = NULL;
    assert_int_equal(hd_client_test(scene->client, WEBHOOK, HD_TICKET_CREATED, PATIENCE_MS, &report), HD_OK);
    assert_blocked(url, report);
    report = next_report(scene->client);
    assert_int_equal(hd_report_is_test(report), 1);
    hd_report_free(report);
}

/* Returns whether it was saved. */
static bool try_notation(struct scene *scene, const struct notation *notation) {
    char url[256];
    (void)snprintf(url, sizeof url, "%s:%u%s", notation->before, (unsigned)scene->port, notation->behind);
    int status = save(scene, url);
    if (status == HD_OK) {
        assert_blocked(url, deliver(scene));
        assert_test_is_blocked(scene, url);
    }
    if (status != notation->status)
        fail_msg("%s: %s", url, hd_status_name(status));
    return status == HD_OK;
}

/* What a host name means can depend on the locale of the program: libcurl reads international names by it. */
static void test_rows_24_to_32_notations(void **state) {
    static const char *const locales[] = {"C", "C.UTF-8"};
    struct scene *scene = *state;
    unsigned saved = 0;
    notations_name();
    open_client(scene, NULL);
    for (size_t i = 0; i < LENGTH_OF(locales); i++) {
        (void)setlocale(LC_ALL, locales[i]);
        for (size_t j = 0; j < notations_count; j++)
            saved += try_notation(scene, &notations[j]) ? 1 : 0;
    }
    (void)setlocale(LC_ALL, "C");
    assert_untouched(scene);
    printf(
        "# 24-32 notations of loopback, in %zu locales | %zu tried, %u saved, all blocked when sent | %u connections\n",
        LENGTH_OF(locales), LENGTH_OF(locales) * notations_count, saved, raw_connections(scene->forbidden));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rows 33 to 35: names that change their mind, or have many addresses
 */

#define REBINDING "rebinding.example.com"

/* Saving asks no name server, so nothing that one said then can be relied on. */
static void test_row_33_name_changes_after_it_was_saved(void **state) {
    struct scene *scene = *state;
    char url[256];
    open_client(scene, NULL);
    zone_set(REBINDING, "93.184.215.14");
    put_url(scene, url_of(scene, REBINDING, url, sizeof url));
    assert_int_equal(zone_lookups(REBINDING), 0);
    zone_set(REBINDING, FORBIDDEN);
    assert_blocked(url, deliver(scene));
    assert_int_equal(zone_lookups(REBINDING), 1);
    assert_untouched(scene);
    printf("# 33 a name changes to loopback after it was saved | failed (blocked) | %u connections\n",
           raw_connections(scene->forbidden));
}

/* Half a minute later, no connection is kept any more for the next delivery, however long the server keeps them. The
 * new answer may take a moment to come; the clock of this program jumps, so that tries are counted. */
static int is_blocked_later(struct scene *scene) {
    for (int tries = 0; tries < 9; tries++) {
        sleep_ms(100);
        atomic_fetch_add(&jump_s, 31);
        if (deliver_for_reason(scene) == HD_REASON_BLOCKED)
            return 1;
    }
    return 0;
}

/* Nor does it help to be allowed once: the old answer or the new one counts, and the new one is forbidden. */
static void test_row_33_name_changes_between_deliveries(void **state) {
    struct scene *scene = *state;
    open_client(scene, ALLOWED "/32");
    assert_delivered_to_allowed(scene, deliver_to_name(scene, REBINDING, ALLOWED));
    zone_set(REBINDING, FORBIDDEN);
    assert_delivered_to_allowed(scene, deliver(scene));
    assert_int_equal(zone_lookups(REBINDING), 1);

    atomic_fetch_add(&jump_s, 61); /* from now on the answer is old, and asked for again */
    assert_delivered_to_allowed(scene, deliver(scene));
    assert_true(is_blocked_later(scene));
    assert_true(zone_lookups(REBINDING) >= 2);
    assert_untouched(scene);
    printf("# 33 a name changes to loopback between two deliveries | failed (blocked) | %u connections\n",
           raw_connections(scene->forbidden));
}

/* Of several addresses the forbidden ones are skipped, wherever they stand. */
static void test_row_34_forbidden_and_allowed(void **state) {
    static const char *const mixtures[][2] = {
        {"first.example.com", FORBIDDEN "," ALLOWED},
        {"last.example.com", ALLOWED "," FORBIDDEN},
        {"v6.example.com", "::1," ALLOWED},
        {"mapped.example.com", "::ffff:127.0.0.1,::1," ALLOWED},
        {"many.example.com", "10.0.0.1,169.254.169.254,fd00::1,::1,127.0.0.1," ALLOWED ",192.168.0.1"},
    };
    struct scene *scene = *state;
    open_client(scene, ALLOWED "/32");
    for (size_t i = 0; i < LENGTH_OF(mixtures); i++)
        assert_delivered_to_allowed(scene, deliver_to_name(scene, mixtures[i][0], mixtures[i][1]));
    assert_untouched(scene);
    assert_int_equal(atomic_load(&connects_to_allowed), LENGTH_OF(mixtures));
    printf("# 34 %zu names with forbidden and allowed addresses | delivered | %u connections at forbidden ones\n",
           LENGTH_OF(mixtures), raw_connections(scene->forbidden));
}

/* The addresses PREFIX.0.0 to PREFIX.3.231, as a new string. */
static char *thousand_addresses(const char *prefix) {
    size_t size = RECORDS * sizeof "255.255.255.255,";
    size_t length = 0;
    char *text = must_malloc(size);
    for (unsigned i = 0; i < RECORDS; i++)
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s.%u.%u", i == 0 ? "" : ",", prefix, i / 256, i % 256);
    return text;
}

static void print_thousand(const char *what, const hd_report *report) {
    printf("# 35 a name with %d addresses, %s | failed (%s) | %u ms | %u connections tried\n", RECORDS, what,
           hd_reason_name(hd_report_reason(report)), (unsigned)hd_report_total_ms(report),
           atomic_load(&connects_elsewhere));
}

/* A thousand addresses take no longer than the lookup if they are forbidden, and no more than the time limit if nobody
 * listens there. libcurl takes its time to go on to the next one, so that the limit may come first. */
static void test_row_35_thousand_addresses(void **state) {
    struct scene *scene = *state;
    char *private = thousand_addresses("10.0");
    char *deaf = thousand_addresses("127.9");
    open_client(scene, NULL);
    hd_report *report = deliver_to_name(scene, "private.example.com", private);
    print_thousand("all forbidden", report);
    assert_string_equal(hd_report_detail(report), "private, 10.0.0.0/8");
    assert_int_equal(hd_report_total_ms(report), hd_report_dns_ms(report));
    assert_blocked("private.example.com", report);
    assert_untouched(scene);
    close_client(scene);

    open_client(scene, "127.9.0.0/16");
    report = deliver_to_name(scene, "deaf.example.com", deaf);
    int reason = hd_report_reason(report);
    print_thousand("where nobody listens", report);
    hd_report_free(report);
    assert_true(reason == HD_REASON_REFUSED || reason == HD_REASON_TIMEOUT_CONNECT);
    free(private);
    free(deaf);
}

#define LATE_NAMES 20
#define LATE_MS 2500 /* half of the time limit */

static const char *late_name(unsigned i, char host[32]) {
    (void)snprintf(host, 32, "late%u.example.com", i);
    return host;
}

static unsigned late_lookups(void) {
    char host[32];
    unsigned lookups = 0;
    for (unsigned i = 0; i < LATE_NAMES; i++)
        lookups += zone_lookups(late_name(i, host));
    return lookups;
}

/* Sends an event to webhooks of as many names, whose lookups are held. */
static void deliver_to_late_names(struct scene *scene) {
    char host[32];
    char url[256];
    for (unsigned i = 0; i < LATE_NAMES; i++) {
        zone_hold(late_name(i, host));
        put_webhook(scene->client, webhook_for_tests(host, PROJECT, url_of(scene, host, url, sizeof url)));
    }
    (void)send_ticket(scene->client, 1);
    assert_eventually(late_lookups() == LATE_NAMES);
}

/* Addresses that nobody can reach, found late: libcurl 7.88 then loses the timers of some transfers. */
static void test_row_35_addresses_found_late(void **state) {
    struct scene *scene = *state;
    char host[32];
    char *unreachable = thousand_addresses("8.8");
    open_client(scene, NULL);
    deliver_to_late_names(scene);
    sleep_ms(LATE_MS);
    for (unsigned i = 0; i < LATE_NAMES; i++)
        zone_set(late_name(i, host), unreachable);
    free(unreachable);
    for (unsigned i = 0; i < LATE_NAMES; i++) {
        hd_report *report = next_report(scene->client);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_FAILED);
        assert_true(hd_report_total_ms(report) <= (runs_slowly() ? SLOW_MS : LIMIT_MS));
        hd_report_free(report);
    }
    flush(scene->client);
    assert_int_equal(counter(scene->client, HD_COUNTER_IN_FLIGHT), 0);
    printf("# 35 %d names with %d unreachable addresses, found after %d ms | failed, all of them in time\n", LATE_NAMES,
           RECORDS, LATE_MS);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What stays forbidden whatever is allowed
 */

/* A client that may go anywhere. */
static void open_reckless_client(struct scene *scene) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_allow_network(options, "0.0.0.0/0"), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "::/0"), HD_OK);
    scene->client = client_for_tests(options);
}

static void assert_out_of_reach(struct scene *scene, const char *address) {
    char url[256];
    char host[64];
    bool is_v6 = strchr(address, ':') != NULL;
    (void)snprintf(url, sizeof url, is_v6 ? "http://[%s]/" : "http://%s/", address);
    if (save(scene, url) != HD_E_URL_ADDRESS)
        fail_msg("%s was saved", url);
    (void)snprintf(host, sizeof host, "host%u.example.com", (unsigned)zone_size());
    assert_blocked(address, deliver_to_name(scene, host, address));
}

static void test_link_local_and_metadata(void **state) {
    static const char *const addresses[] = {
        "169.254.169.254", "169.254.0.1",   "::ffff:169.254.169.254", "168.63.129.16", "100.100.100.200",
        "192.0.0.192",     "fd00:ec2::254", "fd20:ce::254",           "fe80::1",       "febf::1",
    };
    struct scene *scene = *state;
    open_reckless_client(scene);
    for (size_t i = 0; i < LENGTH_OF(addresses); i++)
        assert_out_of_reach(scene, addresses[i]);
    assert_untouched(scene);
    printf("# 25 link-local and metadata, 0.0.0.0/0 and ::/0 allowed | %zu tried, all blocked | %u connections\n",
           LENGTH_OF(addresses), atomic_load(&connects_elsewhere));
}

/* What translates IPv6 to IPv4 on the way gets them there too: NAT64 (RFC 6052, RFC 8215 with prefixes of each length),
 * 6to4 (RFC 3056), IPv4-compatible and IPv4-translated addresses (RFC 4291, RFC 2765), Teredo (RFC 4380: server,
 * client) and ISATAP (RFC 5214). */
static void test_metadata_behind_translators(void **state) {
    static const char *const addresses[] = {
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::a9fe:a9fe",
        "::ffff:0:a9fe:a9fe",
        "2001:0:a9fe:a9fe::",
        "2001::5601:5601",
        "2a00:1::5efe:a9fe:a9fe",
        "2a00:1::200:5efe:a9fe:a9fe",
    };
    struct scene *scene = *state;
    open_reckless_client(scene);
    for (size_t i = 0; i < LENGTH_OF(addresses); i++)
        assert_out_of_reach(scene, addresses[i]);
    assert_untouched(scene);
    printf("# 25 metadata behind translators, 0.0.0.0/0 and ::/0 allowed | %zu tried, all blocked | %u connections\n",
           LENGTH_OF(addresses), atomic_load(&connects_elsewhere));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Row 37 and redirects: others who name an address
 */

static void test_row_37_proxies(void **state) {
    struct scene *scene = *state;
    char proxy[64];
    (void)snprintf(proxy, sizeof proxy, "http://" FORBIDDEN ":%u", (unsigned)scene->port);
    for (size_t i = 0; i < LENGTH_OF(proxy_variables) - 1; i++)
        assert_int_equal(setenv(proxy_variables[i], proxy, 1), 0);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            assert_int_equal(setenv("NO_PROXY", "*", 1), 0);
        open_client(scene, ALLOWED "/32");
        assert_delivered_to_allowed(scene, deliver_to_name(scene, "direct.example.com", ALLOWED));
        assert_blocked("private", deliver_to_name(scene, "private.example.com", "10.0.0.1"));
        close_client(scene);
    }
    assert_untouched(scene);
    printf("# 37 proxy variables, with and without NO_PROXY | ignored | %u connections to the proxy\n",
           raw_connections(scene->forbidden));
}

/* Sends an event to a receiver that sends it on to where it must not go. */
static void deliver_to_redirect(struct scene *scene, int status, const char *scheme) {
    char says[256];
    char url[64];
    (void)snprintf(says, sizeof says,
                   "HTTP/1.1 %d Elsewhere\r\nConnection: close\r\nLocation: %s//" FORBIDDEN
                   ":%u/\r\nContent-Length: 0\r\n\r\n",
                   status, scheme, (unsigned)scene->port);
    const struct raw_script script = {.says = says};
    struct raw *redirecting = raw_start(ALLOWED, 0, &script);
    assert_non_null(redirecting);
    (void)snprintf(url, sizeof url, "http://" ALLOWED ":%u/", (unsigned)raw_port(redirecting));
    put_url(scene, url);
    hd_report *report = deliver(scene);
    int reason = hd_report_reason(report);
    hd_report_free(report);
    raw_stop(redirecting);
    assert_int_equal(reason, HD_REASON_HTTP_3XX);
}

/* Even where the new address would be allowed: it is not the one that somebody entered. */
static void test_redirects(void **state) {
    static const int statuses[] = {301, 302, 303, 307, 308};
    static const char *const schemes[] = {"http:", "https:", ""};
    struct scene *scene = *state;
    open_client(scene, "127.0.0.0/8");
    for (size_t i = 0; i < LENGTH_OF(statuses); i++)
        for (size_t j = 0; j < LENGTH_OF(schemes); j++)
            deliver_to_redirect(scene, statuses[i], schemes[j]);
    assert_untouched(scene);
    printf("# 77 redirects (301, 302, 303, 307, 308) | failed (http_3xx) | %u connections to the new address\n",
           raw_connections(scene->forbidden));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Row 70: name servers that fail
 */

static void test_row_70_failing_lookups(void **state) {
    static const struct {
        const char *host;
        int code;
    } cases[] = {
        {"nxdomain.example.com", EAI_NONAME}, {"servfail.example.com", EAI_AGAIN}, {"refused.example.com", EAI_FAIL},
        {"memory.example.com", EAI_MEMORY},   {"system.example.com", EAI_SYSTEM},
    };
    struct scene *scene = *state;
    char url[256];
    open_client(scene, NULL);
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        zone_fail(cases[i].host, cases[i].code);
        put_url(scene, url_of(scene, cases[i].host, url, sizeof url));
        hd_report *report = deliver(scene);
        assert_int_equal(hd_report_reason(report), HD_REASON_DNS);
        printf("# 70 %-50s | failed (%s: %s) | %u ms\n", cases[i].host, hd_reason_name(hd_report_reason(report)),
               hd_report_detail(report), (unsigned)hd_report_total_ms(report));
        hd_report_free(report);
    }
    assert_untouched(scene);
}

/* The lookup does not end before this test lets it: that the delivery and the close do is all that has to be shown. */
static void test_row_70_silent_resolver(void **state) {
    struct scene *scene = *state;
    char url[256];
    zone_hold("silent.example.com");
    open_client(scene, NULL);
    put_url(scene, url_of(scene, "silent.example.com", url, sizeof url));
    hd_report *report = deliver(scene);
    assert_int_equal(hd_report_reason(report), HD_REASON_DNS);
    uint32_t took_ms = hd_report_total_ms(report);
    hd_report_free(report);

    (void)send_ticket(scene->client, 2);
    int64_t began_ms = now_ms();
    assert_int_equal(hd_client_close(scene->client, 0), HD_E_TIMEOUT);
    close_client(scene);
    printf("# 70 %-50s | failed (dns) | %u ms | the close took %lld ms\n", "silent.example.com, which never answers",
           (unsigned)took_ms, (long long)(now_ms() - began_ms));
    assert_int_equal(zone_lookups("silent.example.com"), 1);
}

/* The first address refuses, and its socket's number is used again for the second. Both deliveries end; the second one
 * goes over the connection that the first has left. */
static void test_row_71_first_address_refuses(void **state) {
    struct scene *scene = *state;
    open_client(scene, "127.0.0.0/8");
    for (int i = 0; i < 3; i++) {
        hd_report *report = deliver_to_name(scene, "two.example.com", "127.0.0.3," ALLOWED);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        hd_report_free(report);
    }
}

#define KEPT_MS 3500 /* after that an idle transport has nothing left of earlier deliveries */

/* The lookup takes longer than anything is kept of the delivery before it. */
static void test_row_70_slow_lookup_after_a_delivery(void **state) {
    struct scene *scene = *state;
    char url[256];
    open_client(scene, ALLOWED "/32");
    assert_delivered_to_allowed(scene, deliver_to_name(scene, "quick.example.com", ALLOWED));
    zone_hold("slow.example.com");
    put_url(scene, url_of(scene, "slow.example.com", url, sizeof url));
    (void)send_ticket(scene->client, 2);
    sleep_ms(KEPT_MS);
    zone_set("slow.example.com", ALLOWED);
    hd_report *report = next_report(scene->client);
    if (!runs_slowly())
        assert_int_equal(hd_report_reason(report), HD_REASON_DELIVERED);
    assert_string_equal(hd_report_detail(report),
                        hd_report_reason(report) == HD_REASON_DELIVERED ? "" : "no answer in time");
    printf("# 70 %-50s | %s | %u ms\n", "slow.example.com, which answers after 3.5 s",
           hd_reason_name(hd_report_reason(report)), (unsigned)hd_report_total_ms(report));
    hd_report_free(report);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_this_program_sees_everything),
        TEST(test_rows_24_to_32_notations),
        TEST(test_row_33_name_changes_after_it_was_saved),
        TEST(test_row_33_name_changes_between_deliveries),
        TEST(test_row_34_forbidden_and_allowed),
        TEST(test_row_35_thousand_addresses),
        TEST(test_row_35_addresses_found_late),
        TEST(test_link_local_and_metadata),
        TEST(test_metadata_behind_translators),
        TEST(test_row_37_proxies),
        TEST(test_redirects),
        TEST(test_row_70_failing_lookups),
        TEST(test_row_70_silent_resolver),
        TEST(test_row_70_slow_lookup_after_a_delivery),
        TEST(test_row_71_first_address_refuses),
    };
    tester = pthread_self();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
