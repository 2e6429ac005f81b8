/* SPDX-License-Identifier: MIT */
/** @file receivers_test.c Receivers that behave badly: what they cost the sender, and what the log says of them. */
#include "stage.h"
#include "support/bodies.h"
#include "support/head.h"
#include "support/support.h"
#include "tls.h"

#include <fcntl.h>
#include <unistd.h>

#define RUNS 3          /* of each behaviour */
#define LIMIT_MS 5100   /* five seconds, and what it takes to notice that they are over */
#define SLOW_MS 60000   /* the same where the test runs slowly */
#define GROWTH_KIB 1024 /* per delivery */
#define LARGE 262144    /* letters of a message */
#define RESULTS_MAX 128

/* A behaviour, and what is to become of a delivery that meets it. */
struct attack {
    const char *behaviour;
    struct actor actor;
    int reason;    /* 0 for delivered */
    int or_reason; /* 0 for none: a second one that is true as well, since libcurl's versions or the time decide */
    int status;
    int posts;  /* whole ones that the receiver reads; ANY if the time decides */
    bool waits; /* until the time limit: all such deliveries of a row are made at once */
    bool is_large;
    bool is_cut; /* the report says that the answer is not whole */
    int format;  /* 0 for JSON */
    uint32_t retry_after_s;
    const char *detail; /* NULL for "" or anything */
    const char *body;   /* how the kept body begins; NULL for anything */
};

#define ANY (-1)

/* Of a Retry-After of more than a day, the library keeps a day. A libcurl that caps it too may leave less. */
#define AGES 86400
#define AGES_AT_LEAST 21600

/* What became of all deliveries that met one behaviour. */
struct result {
    const char *row;
    const struct attack *attack;
    int outcome, reason; /* of the last one */
    uint32_t worst_ms;
    long worst_growth_kib;
    unsigned posts, attempts, delivered;
};

struct scene {
    struct tls_authority *authority;
    struct stage *stage;
    hd_client *client;
    bool has_failed;
};

static struct result results[RESULTS_MAX];
static size_t result_count;
static char gzip_bomb[60000];

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

/* Of this process, in KiB, from /proc/self/status. */
static long memory_kib(const char *name) {
    char line[256];
    long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    (void)fclose(file);
    return value;
}

/* Has the kernel forget the peak so far; false if it cannot. */
static bool forget_peak(void) {
    int fd = open("/proc/self/clear_refs", O_WRONLY);
    if (fd < 0)
        return false;
    bool is_done = write(fd, "5", 1) == 1;
    return close(fd) == 0 && is_done;
}

/* What to hand to grown_kib(): the memory now, or -1 where it means nothing. */
static long begin_measuring(void) {
    return runs_slowly() || !forget_peak() ? -1 : memory_kib("VmRSS:");
}

/* How much more there has been at the peak since, 0 if it was not measured. */
static long grown_kib(long before_kib) {
    long grown = before_kib < 0 ? 0 : memory_kib("VmHWM:") - before_kib;
    return grown > 0 ? grown : 0;
}

/* Without this, "0 KiB" could mean that nobody looked. */
static void test_growth_is_seen(void **state) {
    (void)state;
    size_t size = (size_t)4 * GROWTH_KIB * 1024;
    long before_kib = begin_measuring();
    if (before_kib < 0)
        skip();
    char *memory = must_malloc(size);
    for (size_t i = 0; i < size; i += 1024)
        ((volatile char *)memory)[i] = 1;
    free(memory);
    assert_true(grown_kib(before_kib) > 3 * GROWTH_KIB);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Deliveries
 */

/* Each run has a webhook and a project of its own, so that none has to wait for another. */
static void name_run(size_t index, int run, char name[32]) {
    (void)snprintf(name, 32, "%zu.%d", index, run);
}

static size_t index_of_run(const hd_report *report) {
    return strtoul(hd_report_webhook_id(report), NULL, 10);
}

static void put_run(struct scene *scene, size_t index, int run, int format) {
    char url[256];
    char name[32];
    name_run(index, run, name);
    hd_webhook *webhook = webhook_for_tests(name, name, stage_url(scene->stage, index, url, sizeof url));
    assert_int_equal(hd_webhook_set_format(webhook, format != 0 ? format : HD_FORMAT_JSON), HD_OK);
    put_webhook(scene->client, webhook);
}

static hd_event *event_of_run(size_t index, int run, bool is_large) {
    char name[32];
    name_run(index, run, name);
    return is_large ? message_for_tests(name, 1, LARGE) : event_for_tests(HD_TICKET_CREATED, name, 1);
}

static const char *describe(const hd_report *report) {
    static char line[256];
    (void)snprintf(line, sizeof line, "%s, %s, status %d, %u ms, truncated %d, retry after %u s, detail \"%s\"",
                   hd_outcome_name(hd_report_outcome(report)), hd_reason_name(hd_report_reason(report)),
                   hd_report_http_status(report), (unsigned)hd_report_total_ms(report),
                   hd_report_response_truncated(report), (unsigned)hd_report_retry_after_ms(report) / 1000,
                   hd_report_detail(report));
    return line;
}

/* Goes on after a failure, so that one run shows all of them. */
static void require(struct scene *scene, bool is_true, const struct attack *attack, const char *what,
                    const hd_report *report) {
    if (is_true)
        return;
    print_error("%s: wrong %s: %s\n", attack->behaviour, what, report != NULL ? describe(report) : "");
    scene->has_failed = true;
}

static bool is_asked_for(const struct attack *attack, uint32_t retry_after_s) {
    if (attack->retry_after_s == AGES)
        return retry_after_s >= AGES_AT_LEAST && retry_after_s <= AGES;
    return retry_after_s == attack->retry_after_s;
}

static void check_answer(struct scene *scene, const struct attack *attack, const hd_report *report) {
    size_t head = 0;
    size_t length = 0;
    const char *body = hd_report_response_body(report, &length);
    (void)hd_report_response_headers(report, &head);
    require(scene, head <= 8192 && length <= 16384, attack, "size of what is kept", report);
    require(scene, attack->body == NULL || strncmp(body, attack->body, strlen(attack->body)) == 0, attack, "body",
            report);
    require(scene, !attack->is_cut || hd_report_response_truncated(report) == 1, attack, "truncation", report);
    require(scene, is_asked_for(attack, hd_report_retry_after_ms(report) / 1000), attack, "Retry-After", report);
}

static void check_report(struct scene *scene, const struct attack *attack, const hd_report *report) {
    int reason = hd_report_reason(report);
    int status = hd_report_http_status(report);
    int outcome = reason == HD_REASON_DELIVERED ? HD_OUTCOME_DELIVERED : HD_OUTCOME_FAILED;
    bool is_other = attack->or_reason != 0 && reason == attack->or_reason;
    int expected = attack->reason != 0 ? attack->reason : HD_REASON_DELIVERED;
    require(scene, reason == expected || is_other, attack, "reason", report);
    require(scene, hd_report_outcome(report) == outcome, attack, "outcome", report);
    require(scene, status == attack->status || (is_other && status == 0), attack, "status", report);
    require(scene, hd_report_attempt(report) == 1, attack, "number of attempts", report);
    require(scene, hd_report_total_ms(report) <= (runs_slowly() ? SLOW_MS : LIMIT_MS), attack, "time", report);
    require(scene, attack->detail == NULL || strcmp(hd_report_detail(report), attack->detail) == 0, attack, "detail",
            report);
    check_answer(scene, attack, report);
}

/* Takes a report into the result of its behaviour. */
static void take_report(struct scene *scene, struct result *result, hd_report *report) {
    check_report(scene, result->attack, report);
    result->outcome = hd_report_outcome(report);
    result->reason = hd_report_reason(report);
    result->attempts += hd_report_attempt(report);
    result->delivered += result->outcome == HD_OUTCOME_DELIVERED ? 1 : 0;
    if (hd_report_total_ms(report) > result->worst_ms)
        result->worst_ms = hd_report_total_ms(report);
    hd_report_free(report);
}

static void take_growth(struct scene *scene, struct result *result, long growth_kib) {
    if (growth_kib > result->worst_growth_kib)
        result->worst_growth_kib = growth_kib;
    require(scene, growth_kib < GROWTH_KIB, result->attack, "growth of memory", NULL);
}

static void deliver_alone(struct scene *scene, size_t index, int run, struct result *result) {
    put_run(scene, index, run, result->attack->format);
    hd_event *event = event_of_run(index, run, result->attack->is_large);
    long before_kib = begin_measuring();
    (void)send_event(scene->client, event);
    hd_report *report = next_report(scene->client);
    take_growth(scene, result, grown_kib(before_kib));
    take_report(scene, result, report);
}

/* One delivery after the other, so that each one's memory is known, of all that do not wait for the time limit. */
static void deliver_in_turn(struct scene *scene, struct result *row, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (int run = 0; run < RUNS && !row[i].attack->waits && stage_has(scene->stage, i); run++)
            deliver_alone(scene, i, run, &row[i]);
}

/* All the others at once; each one's memory is then its share. */
static void deliver_at_once(struct scene *scene, struct result *row, size_t count) {
    long sent = 0;
    long before_kib = begin_measuring();
    for (size_t i = 0; i < count; i++)
        for (int run = 0; run < RUNS && row[i].attack->waits && stage_has(scene->stage, i); run++, sent++) {
            put_run(scene, i, run, row[i].attack->format);
            (void)send_event(scene->client, event_of_run(i, run, row[i].attack->is_large));
        }
    for (long i = 0; i < sent; i++) {
        hd_report *report = next_report(scene->client);
        take_report(scene, &row[index_of_run(report)], report);
    }
    for (size_t i = 0; i < count && sent > 0; i++)
        if (row[i].attack->waits)
            take_growth(scene, &row[i], grown_kib(before_kib) / sent);
}

/* What the receivers have read and what the log says must be the same story. */
static void compare_posts(struct scene *scene, struct result *row, size_t count) {
    unsigned posts[STAGE_MAX];
    assert_true(stage_count_posts(scene->stage, posts));
    for (size_t i = 0; i < count; i++) {
        const struct attack *attack = row[i].attack;
        unsigned expected = attack->posts == ANY ? posts[i] : row[i].attempts * (unsigned)attack->posts;
        row[i].posts = posts[i];
        if (posts[i] != expected || posts[i] > row[i].attempts || posts[i] < row[i].delivered) {
            print_error("%s: the receiver has read %u POSTs of %u\n", attack->behaviour, posts[i], row[i].attempts);
            scene->has_failed = true;
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rows. Receivers that close after a good answer say so, or the next delivery could meet a closing connection: that is
 * a behaviour of its own, in row 72.
 */

/* Well-behaved ones, behind those of the row: what the first deliveries of a program cost is nobody's attack. */
static const struct attack warm_ups[] = {
    {.behaviour = "HTTP", .actor = {.kind = SCRIPTED}, .status = 200, .posts = 1, .is_large = true},
    {.behaviour = "HTTPS", .actor = {.kind = TLS}, .status = 200, .posts = 1, .is_large = true},
};

static void open_scene(struct scene *scene, const struct attack *attacks, size_t count) {
    static struct actor actors[STAGE_MAX]; /* outlives the stage */
    assert_true(count + LENGTH_OF(warm_ups) <= STAGE_MAX);
    for (size_t i = 0; i < count + LENGTH_OF(warm_ups); i++)
        actors[i] = i < count ? attacks[i].actor : warm_ups[i - count].actor;
    scene->stage = stage_open(scene->authority, actors, count + LENGTH_OF(warm_ups));
    assert_non_null(scene->stage);
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_ca_file(options, tls_authority_file(scene->authority)), HD_OK);
    assert_int_equal(hd_options_allow_network(options, "224.0.0.0/4"), HD_OK);
    scene->client = client_for_tests(options);
}

static void warm_up(struct scene *scene, size_t first) {
    for (size_t i = 0; i < LENGTH_OF(warm_ups); i++) {
        put_run(scene, first + i, 0, HD_FORMAT_JSON);
        (void)send_event(scene->client, event_of_run(first + i, 0, true));
        hd_report *report = next_report(scene->client);
        check_report(scene, &warm_ups[i], report);
        hd_report_free(report);
    }
    assert_false(scene->has_failed); /* what follows would mean nothing */
}

static void meet(void **state, const char *row_name, const struct attack *attacks, size_t count) {
    struct scene *scene = *state;
    struct result *row = &results[result_count];
    assert_true(result_count + count <= RESULTS_MAX);
    result_count += count;
    for (size_t i = 0; i < count; i++)
        row[i] = (struct result){.row = row_name, .attack = &attacks[i]};
    open_scene(scene, attacks, count);
    warm_up(scene, count);
    deliver_in_turn(scene, row, count);
    deliver_at_once(scene, row, count);
    compare_posts(scene, row, count);
    assert_false(scene->has_failed);
}

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define TEXT(text) {.kind = RAW, .raw = {.says = (text), .length = sizeof(text) - 1}}
#define PATH(text) {.kind = SCRIPTED, .path = (text)}
#define HTTPS(kind_of_certificate, kind_of_manners) \
    {.kind = TLS, .certificate = (kind_of_certificate), .manners = (kind_of_manners)}
// clang-format on

static void test_row_71_no_connection(void **state) {
    static const struct attack attacks[] = {
        {"refuses the connection", {.kind = REFUSING}, .reason = HD_REASON_REFUSED},
        {"no way to the address", {.kind = NOWHERE}, .reason = HD_REASON_UNREACHABLE},
        {"answers no SYN", {.kind = BUSY}, .reason = HD_REASON_TIMEOUT_CONNECT, .waits = true},
    };
    meet(state, "71", attacks, LENGTH_OF(attacks));
}

static void test_row_72_connection_ends(void **state) {
    static const struct attack attacks[] = {
        {"resets before the request", {.kind = MODE, .mode = SERVER_RESETS}, .reason = HD_REASON_RESET},
        {"closes before the request", {.kind = MODE, .mode = SERVER_CLOSES}, .reason = HD_REASON_RESET},
        {"resets in mid-request",
         {.kind = RAW, .raw = {.reads = RAW_READS_HEAD, .ends = RAW_RESETS}},
         .reason = HD_REASON_RESET,
         .is_large = true},
        {"finishes in mid-request",
         {.kind = RAW, .raw = {.reads = RAW_READS_HEAD, .ends = RAW_FINISHES}},
         .reason = HD_REASON_RESET,
         .is_large = true},
        {"resets after the request", PATH("/reset"), .reason = HD_REASON_RESET, .posts = 1},
        {"closes after the request", PATH("/close"), .reason = HD_REASON_RESET, .posts = 1},
        {"finishes in mid-header", PATH("/broken-header"), .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
        {"resets after the request (TLS)", HTTPS(TLS_GOOD, TLS_RESETS_UNANSWERED), .reason = HD_REASON_RESET,
         .posts = 1},
        {"closes after the request (TLS)", HTTPS(TLS_GOOD, TLS_CLOSES_UNANSWERED), .reason = HD_REASON_RESET,
         .posts = 1},
        {"closes under the second request", PATH("/close-reused"), .or_reason = HD_REASON_RESET, .status = 200,
         .posts = 1},
        {"closes what it keeps", PATH("/close-idle"), .or_reason = HD_REASON_RESET, .status = 200, .posts = ANY},
        {"closes what it keeps (TLS)", HTTPS(TLS_GOOD, TLS_CLOSES_IDLE), .or_reason = HD_REASON_RESET, .status = 200,
         .posts = ANY},
    };
    meet(state, "72", attacks, LENGTH_OF(attacks));
}

static void test_row_73_tls(void **state) {
    static const struct attack attacks[] = {
        {"good certificate", HTTPS(TLS_GOOD, TLS_ANSWERS), .status = 200, .posts = 1},
        {"certificate has expired", HTTPS(TLS_EXPIRED, TLS_ANSWERS), .reason = HD_REASON_TLS_EXPIRED},
        {"certificate is not valid yet", HTTPS(TLS_NOT_YET_VALID, TLS_ANSWERS), .reason = HD_REASON_TLS_NOT_YET_VALID},
        {"certificate is self-signed", HTTPS(TLS_SELF_SIGNED, TLS_ANSWERS), .reason = HD_REASON_TLS_UNTRUSTED},
        {"certificate of an unknown authority", HTTPS(TLS_UNKNOWN_ISSUER, TLS_ANSWERS),
         .reason = HD_REASON_TLS_UNTRUSTED},
        {"certificate for another host", HTTPS(TLS_OTHER_HOST, TLS_ANSWERS), .reason = HD_REASON_TLS_NAME},
        {"speaks TLS 1.0 only", HTTPS(TLS_GOOD, TLS_REFUSES_VERSION), .reason = HD_REASON_TLS_PROTOCOL},
        {"plain HTTP on the TLS port", HTTPS(TLS_GOOD, TLS_SPEAKS_PLAIN_HTTP), .reason = HD_REASON_TLS_PROTOCOL},
        {"closes in mid-handshake", HTTPS(TLS_GOOD, TLS_CLOSES_IN_HELLO), .reason = HD_REASON_RESET},
        {"resets in mid-handshake", HTTPS(TLS_GOOD, TLS_RESETS_IN_HELLO), .reason = HD_REASON_RESET},
        {"stalls before the handshake", HTTPS(TLS_GOOD, TLS_STALLS), .reason = HD_REASON_TIMEOUT_CONNECT,
         .waits = true},
        {"stalls in mid-handshake", HTTPS(TLS_GOOD, TLS_STOPS_IN_HELLO), .reason = HD_REASON_TIMEOUT_CONNECT,
         .waits = true},
        {"never answers (TLS)", HTTPS(TLS_GOOD, TLS_HANGS), .reason = HD_REASON_TIMEOUT_TOTAL, .posts = 1,
         .waits = true},
    };
    meet(state, "73", attacks, LENGTH_OF(attacks));
}

/* One delivery to a receiver with this certificate, as other.example.com at 127.0.0.1. */
static hd_report *deliver_to_named_address(struct scene *scene, enum tls_certificate certificate) {
    char url[128];
    hd_options *options = options_for_tests();
    struct tls *tls = tls_start(scene->authority, certificate, TLS_ANSWERS);
    assert_non_null(tls);
    assert_int_equal(hd_options_set_ca_file(options, tls_authority_file(scene->authority)), HD_OK);
    assert_int_equal(hd_options_resolve(options, "other.example.com", tls_port(tls), "127.0.0.1"), HD_OK);
    hd_client *client = client_for_tests(options);
    (void)snprintf(url, sizeof url, "https://other.example.com:%u/", (unsigned)tls_port(tls));
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, url));
    (void)send_ticket(client, 1);
    hd_report *report = next_report(client);
    assert_int_equal(tls_posts(tls), hd_report_outcome(report) == HD_OUTCOME_DELIVERED ? 1 : 0);
    end_client(client);
    tls_stop(tls);
    return report;
}

/* An address that the program has named for a host changes nothing about whose certificate that host must have. */
static void test_certificate_behind_a_named_address(void **state) {
    struct scene *scene = *state;
    hd_report *own = deliver_to_named_address(scene, TLS_OTHER_HOST);
    hd_report *not_own = deliver_to_named_address(scene, TLS_GOOD);
    assert_int_equal(hd_report_outcome(own), HD_OUTCOME_DELIVERED);
    assert_int_equal(hd_report_reason(not_own), HD_REASON_TLS_NAME);
    hd_report_free(own);
    hd_report_free(not_own);
}

/* What a report has as the head of its request is what came out of TLS: at a port that Host names, and at its own one.
 */
static void compare_head(struct scene *scene, const char *address, uint16_t port, const char *path) {
    char url[128];
    hd_options *options = options_for_tests();
    struct tls *tls = tls_start_at(scene->authority, address, port);
    if (!tls) {
        print_message("             port %d cannot be had: it is left out\n", port);
        hd_options_free(options);
        return;
    }
    assert_int_equal(hd_options_set_ca_file(options, tls_authority_file(scene->authority)), HD_OK);
    assert_int_equal(hd_options_resolve(options, "localhost", tls_port(tls), address), HD_OK);
    hd_client *client = client_for_tests(options);
    (void)snprintf(url, sizeof url, "https://localhost:%u%s", (unsigned)tls_port(tls), path);
    hd_webhook *webhook = webhook_for_tests(WEBHOOK, PROJECT, url);
    assert_int_equal(hd_webhook_set_header(webhook, "Authorization", "Bearer the-key"), HD_OK);
    assert_int_equal(hd_client_put_webhook(client, webhook), HD_OK);
    for (unsigned i = 1; i <= 2; i++) { /* the second one over the kept connection */
        (void)send_ticket(client, i);
        hd_report *report = next_report(client);
        assert_int_equal(hd_report_outcome(report), HD_OUTCOME_DELIVERED);
        assert_int_equal(tls_posts(tls), i);
        assert_head_is(report, webhook, tls_head(tls));
        hd_report_free(report);
    }
    assert_int_equal(strstr(tls_head(tls), "\r\nHost: localhost\r\n") != NULL, port == 443);
    hd_webhook_free(webhook);
    end_client(client);
    tls_stop(tls);
}

static void test_head_of_the_request(void **state) {
    compare_head(*state, "127.0.0.1", 0, "/services/T0/B0/a-long-secret?key=value");
    compare_head(*state, "127.0.0.2", 443, "/hooks");
}

#define READS(how)                                                                                                     \
    {                                                                                                                  \
        .kind = RAW, .raw = {.reads = (how), .ends = RAW_STAYS }                                                       \
    }

static void test_row_74_does_not_read(void **state) {
    static const struct attack attacks[] = {
        {"never reads, 256 KiB", READS(RAW_READS_NOTHING), .reason = HD_REASON_TIMEOUT_TOTAL, .waits = true,
         .is_large = true},
        {"reads 1 byte a second, 256 KiB", READS(RAW_READS_SLOWLY), .reason = HD_REASON_TIMEOUT_TOTAL, .waits = true,
         .is_large = true},
        {"reads the header only, 256 KiB", READS(RAW_READS_HEAD), .reason = HD_REASON_TIMEOUT_TOTAL, .waits = true,
         .is_large = true},
        {"never reads", READS(RAW_READS_NOTHING), .reason = HD_REASON_TIMEOUT_TOTAL, .waits = true},
        {"reads all, never answers", PATH("/hang"), .reason = HD_REASON_TIMEOUT_TOTAL, .posts = 1, .waits = true},
    };
    meet(state, "74", attacks, LENGTH_OF(attacks));
}

#define DRIPS(first, more, ms)                                                                                         \
    {                                                                                                                  \
        .kind = RAW, .raw = {.says = (first), .drips = (more), .drip_ms = (ms) }                                       \
    }
#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LETTERS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_row_75_floods_and_bombs(void **state) {
    static const struct attack attacks[] = {
        {"1xx without end", PATH("/interim-flood"), .reason = HD_REASON_RESPONSE_TOO_LARGE, .posts = 1},
        {"1xx now and then", DRIPS("", "HTTP/1.1 100 Continue\r\n\r\n", 250), .reason = HD_REASON_TIMEOUT_TOTAL,
         .posts = 1, .waits = true},
        {"101 and silence", PATH("/status/101"), .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
        {"101 and the end", TEXT(SWITCHING), .reason = HD_REASON_BAD_RESPONSE, .or_reason = HD_REASON_RESET,
         .posts = 1},
        {"headers without end", PATH("/header-flood"), .reason = HD_REASON_RESPONSE_TOO_LARGE, .posts = 1},
        {"a header line without end", PATH("/long-header"), .reason = HD_REASON_RESPONSE_TOO_LARGE, .posts = 1},
        {"a header that drips", PATH("/drip-header"), .reason = HD_REASON_TIMEOUT_TOTAL, .posts = 1, .waits = true},
        {"trailers without end", PATH("/trailer-flood"), .status = 200, .posts = 1, .is_cut = true},
        {"a body without end", PATH("/endless-body"), .status = 200, .posts = 1, .is_cut = true},
        {"a chunk's extension without end", DRIPS(CHUNKED "1;", LETTERS, 1), .status = 200, .posts = 1, .waits = true,
         .is_cut = true},
        {"a gzip bomb",
         {.kind = RAW, .raw = {.says = gzip_bomb, .length = sizeof gzip_bomb}},
         .status = 200,
         .posts = 1,
         .body = "\x1F\x8B\x08"},
    };
    meet(state, "75", attacks, LENGTH_OF(attacks));
}

static void test_row_76_unfinished_body(void **state) {
    static const struct attack attacks[] = {
        {"200, the body drips", PATH("/drip"), .status = 200, .posts = 1, .waits = true, .is_cut = true},
        {"200, the body stops", PATH("/slow-body"), .status = 200, .posts = 1, .waits = true, .is_cut = true},
        {"200, the body is short", PATH("/short-body"), .status = 200, .posts = 1, .is_cut = true},
        {"200, a reset in the body", PATH("/broken-body"), .status = 200, .posts = 1, .is_cut = true},
        {"200, a chunk that is none", PATH("/bad-chunk"), .status = 200, .posts = 1, .is_cut = true},
        {"200, cut off in the body (TLS)", HTTPS(TLS_GOOD, TLS_CUT_OFF_AFTER_HEADER), .status = 200, .posts = 1,
         .is_cut = true},
    };
    meet(state, "76", attacks, LENGTH_OF(attacks));
}

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define STATUS(number, why) \
    {"answers " #number, PATH("/status/" #number), .reason = (why), .status = number, .posts = 1}
#define REDIRECT(number) \
    {"redirects with " #number, PATH("/redirect/" #number), .reason = HD_REASON_HTTP_3XX, .status = number, .posts = 1}
// clang-format on

static void test_row_77_statuses(void **state) {
    static const struct attack attacks[] = {
        STATUS(200, HD_REASON_DELIVERED),
        STATUS(201, HD_REASON_DELIVERED),
        STATUS(202, HD_REASON_DELIVERED),
        STATUS(204, HD_REASON_DELIVERED),
        STATUS(299, HD_REASON_DELIVERED),
        REDIRECT(301),
        REDIRECT(302),
        REDIRECT(303),
        REDIRECT(307),
        REDIRECT(308),
        STATUS(304, HD_REASON_HTTP_3XX),
        STATUS(400, HD_REASON_HTTP_400),
        STATUS(401, HD_REASON_HTTP_401_403),
        STATUS(404, HD_REASON_HTTP_404_410),
        STATUS(418, HD_REASON_HTTP_4XX),
        STATUS(500, HD_REASON_HTTP_5XX),
        STATUS(599, HD_REASON_HTTP_5XX),
        {"answers 000", TEXT("HTTP/1.1 000 Nothing\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
         .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
        {"answers 999", TEXT("HTTP/1.1 999 Denied\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
         .reason = HD_REASON_BAD_RESPONSE, .status = 999, .posts = 1},
        {"answers without a status", TEXT("HTTP/1.1\r\n\r\n"), .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
        {"answers as HTTP/0.9 does", TEXT("ok"), .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
        {"answers garbage", PATH("/garbage"), .reason = HD_REASON_BAD_RESPONSE, .posts = 1},
    };
    meet(state, "77", attacks, LENGTH_OF(attacks));
}

#define TOO_LARGE "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

static void test_row_78_refuses_the_body(void **state) {
    static const struct attack attacks[] = {
        {"413 before the body, then reads on",
         {.kind = RAW, .raw = {.reads = RAW_READS_HEAD, .says = TOO_LARGE, .ends = RAW_FINISHES}},
         .reason = HD_REASON_HTTP_413,
         .status = 413,
         .is_large = true},
        {"413 before the body, then stays",
         {.kind = RAW, .raw = {.reads = RAW_READS_HEAD, .says = TOO_LARGE, .ends = RAW_STAYS}},
         .reason = HD_REASON_HTTP_413,
         .status = 413,
         .is_large = true},
        /* What is not read makes the close a reset, which may overtake the answer. */
        {"413 before the body, then closes",
         {.kind = RAW, .raw = {.reads = RAW_READS_HEAD, .says = TOO_LARGE, .ends = RAW_CLOSES}},
         .reason = HD_REASON_HTTP_413,
         .or_reason = HD_REASON_RESET,
         .status = 413,
         .is_large = true},
    };
    meet(state, "78", attacks, LENGTH_OF(attacks));
}

#define AFTER(status_and_word, when)                                                                                   \
    TEXT("HTTP/1.1 " status_and_word "\r\nConnection: close\r\nRetry-After: " when "\r\nContent-Length: 0\r\n\r\n")
/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define TOO_MANY(when, seconds) \
    {"429, Retry-After: " when, AFTER("429 Too Many", when), .reason = HD_REASON_HTTP_429, .status = 429, .posts = 1, \
     .retry_after_s = (seconds)}
// clang-format on

static void test_row_79_asks_for_patience(void **state) {
    static const struct attack attacks[] = {
        STATUS(410, HD_REASON_HTTP_404_410),
        STATUS(429, HD_REASON_HTTP_429),
        TOO_MANY("120", 120),
        TOO_MANY("-1", 0),
        TOO_MANY("1000000000", AGES),
        TOO_MANY("Thu, 31 Dec 2099 23:59:59 GMT", AGES),
        TOO_MANY("Sat, 01 Jan 2000 00:00:00 GMT", 0),
        TOO_MANY("soon", 0),
        {"503, Retry-After: 30", AFTER("503 Unavailable", "30"), .reason = HD_REASON_HTTP_5XX, .status = 503,
         .posts = 1, .retry_after_s = 30},
    };
    meet(state, "79", attacks, LENGTH_OF(attacks));
}

/* Apart from the others: it is more than a day, and nothing is what libcurl makes of it. */
static void test_row_79_asks_for_more_than_fits(void **state) {
    static const struct attack attacks[] = {TOO_MANY("99999999999999999999", AGES)};
    meet(state, "79", attacks, LENGTH_OF(attacks));
}

#define ODD(headers) TEXT("HTTP/1.1 200 OK\r\nConnection: close\r\n" headers "\r\n\r\nok")

static void test_row_80_odd_headers(void **state) {
    static const struct attack attacks[] = {
        {"a NUL in a header", ODD("X-Nul: a\0b\r\nContent-Length: 2"), .or_reason = HD_REASON_BAD_RESPONSE,
         .status = 200, .posts = 1},
        {"a negative Content-Length", ODD("Content-Length: -5"), .or_reason = HD_REASON_BAD_RESPONSE, .status = 200,
         .posts = 1},
        {"a Content-Length of 20 digits", ODD("Content-Length: 99999999999999999999"),
         .or_reason = HD_REASON_BAD_RESPONSE, .status = 200, .posts = 1},
        {"two different Content-Lengths", ODD("Content-Length: 2\r\nContent-Length: 7"),
         .or_reason = HD_REASON_BAD_RESPONSE, .status = 200, .posts = 1},
        {"an unknown Transfer-Encoding", ODD("Transfer-Encoding: bogus"), .or_reason = HD_REASON_BAD_RESPONSE,
         .status = 200, .posts = 1},
    };
    meet(state, "80", attacks, LENGTH_OF(attacks));
}

/* Versions of clang-format disagree on initializers in macros. */
// clang-format off
#define SLACK(number, word, how) \
    {"Slack: " #number " " word, PATH("/word/" #number "/" word), .reason = HD_REASON_SLACK, .status = number, \
     .posts = 1, .format = (how), .detail = (word), .body = (word)}
// clang-format on

static void test_row_81_slack(void **state) {
    static const struct attack attacks[] = {
        SLACK(400, "invalid_blocks", HD_FORMAT_SLACK),
        SLACK(400, "missing_text_or_fallback_or_attachments", HD_FORMAT_JSON),
        SLACK(403, "action_prohibited", HD_FORMAT_SLACK),
        SLACK(404, "channel_not_found", HD_FORMAT_SLACK),
    };
    meet(state, "81", attacks, LENGTH_OF(attacks));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The program
 */

/* Appends a Huffman code of DEFLATE, which stands with its first bit first, at a place counted in bits. */
static size_t append_code(char *bytes, size_t at, unsigned code, int length) {
    for (int bit = length - 1; bit >= 0; bit--, at++)
        if ((code >> bit & 1) != 0)
            bytes[at / 8] = (char)(bytes[at / 8] | 1 << at % 8);
    return at;
}

/* An answer of 60,000 bytes that would unfold to 9 MB of the letter "A" (RFC 1951, 3.2.6). */
static void make_gzip_bomb(void) {
    int head = snprintf(gzip_bomb, sizeof gzip_bomb,
                        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n\x1F\x8B\x08");
    size_t at = ((size_t)head + 7) * 8;       /* what follows in the header of gzip may be zero */
    at = append_code(gzip_bomb, at, 6, 3);    /* the last block, of the fixed code */
    at = append_code(gzip_bomb, at, 0x71, 8); /* the letter */
    while (at + 13 <= sizeof gzip_bomb * 8)
        at = append_code(gzip_bomb, at, 0xC5 << 5, 13); /* 258 times what stands before */
}

static int set_up(void **state) {
    struct scene *scene = calloc(1, sizeof *scene);
    *state = scene;
    if (scene == NULL)
        return -1;
    scene->authority = tls_authority_new();
    return scene->authority != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    struct scene *scene = *state;
    end_client(scene->client);
    stage_close(scene->stage);
    tls_authority_free(scene->authority);
    free(scene);
    return 0;
}

static void print_result(const struct result *result) {
    char outcome[64];
    if (result->attempts == 0) {
        printf("# %2s %-50s | not tried: this system cannot do it\n", result->row, result->attack->behaviour);
        return;
    }
    (void)snprintf(outcome, sizeof outcome, "%s (%s)", hd_outcome_name(result->outcome),
                   hd_reason_name(result->reason));
    printf("# %2s %-50s | %-27s | %4u | %4ld | %u / %u\n", result->row, result->attack->behaviour, outcome,
           (unsigned)result->worst_ms, result->worst_growth_kib, result->posts, result->attempts);
}

static void print_results(void) {
    printf("# %-53s | %-27s | %4s | %4s | %s\n", "row, behaviour", "outcome (reason)", "ms", "KiB",
           "POSTs seen / logged");
    for (size_t i = 0; i < result_count; i++)
        print_result(&results[i]);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth_is_seen),
        ROW(test_row_71_no_connection),
        ROW(test_row_72_connection_ends),
        ROW(test_row_73_tls),
        ROW(test_certificate_behind_a_named_address),
        ROW(test_head_of_the_request),
        ROW(test_row_74_does_not_read),
        ROW(test_row_75_floods_and_bombs),
        ROW(test_row_76_unfinished_body),
        ROW(test_row_77_statuses),
        ROW(test_row_78_refuses_the_body),
        ROW(test_row_79_asks_for_patience),
        ROW(test_row_79_asks_for_more_than_fits),
        ROW(test_row_80_odd_headers),
        ROW(test_row_81_slack),
    };
    make_gzip_bomb();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    print_results();
    return failed;
}
