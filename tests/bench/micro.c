/* SPDX-License-Identifier: MIT */
/* The small parts, each beside what it is measured against: sending, as its caller sees it, signing, verifying,
 * payload, memory, and allocations of the worker.
 *
 *   micro PORT TLS_PORT CA_FILE      of two receivers; prints lines "NAME VALUE" */
#define _GNU_SOURCE /* mallinfo2 */
#include "descriptors.h"
#include "event/json.h"
#include "helmdesk.h"
#include "sign/hmac.h"

#include <jansson.h>
#include <malloc.h>
#include <mbedtls/md.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECRET "benchmark secret"
#define SUBJECT "Can't reset passwordxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* makes the body 312 bytes long */
#define ROUNDS 21
#define CALLERS 16
#define CALLS 20000

static int port, tls_port;
static const char *ca_file;

static void must(int status, const char *what) {
    if (status == HD_OK)
        return;
    (void)fprintf(stderr, "micro: %s: %s\n", what, hd_strerror(status));
    exit(1);
}

static int64_t ns_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_us(long duration_us) {
    nanosleep(&(struct timespec){.tv_sec = duration_us / 1000000, .tv_nsec = duration_us % 1000000 * 1000}, NULL);
}

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The value below which so many of 1,000 lie. The values become sorted. */
static double per_mille(int64_t *values, size_t count, size_t share) {
    qsort(values, count, sizeof values[0], compare);
    size_t index = count * share / 1000;
    return (double)values[index < count ? index : count - 1];
}

/* ---- Allocations, counted where this program is linked with --wrap ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static pthread_t main_thread;
static atomic_long allocations; /* of ours (not libcurl's) by other threads than the main one */

static void count_allocation(void) {
    if (!pthread_equal(pthread_self(), main_thread))
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

void *__wrap_malloc(size_t size) {
    count_allocation();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    count_allocation();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    count_allocation();
    return __real_realloc(memory, size);
}

/* ---- Clients and events ---- */

static hd_client *make_client(size_t queue, size_t reports) {
    hd_options *options = NULL;
    hd_client *client = NULL;
    must(hd_options_new(&options), "options");
    must(hd_options_allow_http(options, 1), "http");
    must(hd_options_allow_network(options, "127.0.0.0/8"), "network");
    must(hd_options_allow_ports(options, 1024, 65535), "ports");
    must(hd_options_set_queue_limits(options, queue, (size_t)16 << 30), "queue");
    must(hd_options_set_log_limits(options, reports, (size_t)1 << 30), "log");
    must(hd_options_set_ca_file(options, ca_file), "authorities");
    must(hd_client_new(options, &client), "client");
    hd_options_free(options);
    return client;
}

static void put_webhook(hd_client *client, int number, const char *path) {
    char url[128];
    hd_webhook *webhook = NULL;
    (void)snprintf(url, sizeof url, "http://127.2.%d.%d:%d%s", number / 250, number % 250 + 1, port, path);
    must(hd_webhook_new(&webhook), "webhook");
    must(hd_webhook_set_project(webhook, "project"), "project");
    must(hd_webhook_set_url(webhook, url), "url");
    must(hd_webhook_set_secret(webhook, SECRET, sizeof SECRET - 1), "secret");
    must(hd_client_put_webhook(client, webhook), "put");
    hd_webhook_free(webhook);
}

static hd_event *make_event(void) {
    hd_event *event = NULL;
    must(hd_event_new(HD_TICKET_CREATED, &event), "event");
    must(hd_event_set(event, HD_FIELD_PROJECT, "project", HD_TEXT_NUL), "project");
    must(hd_event_set_ticket(event, "0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10", 10000000, SUBJECT, "open", "high"),
         "ticket");
    must(hd_event_set_customer(event, "user@example.com", "Jane Smith"), "customer");
    return event;
}

static void end_client(hd_client *client) {
    (void)hd_client_close(client, 0);
    hd_client_free(client);
}

/* ---- Sending ---- */

static void measure_busy(void) {
    int64_t times[200];
    hd_client *client = make_client(1000000, 1000);
    hd_event *event = make_event();
    put_webhook(client, 0, "/ok");
    for (size_t i = 0; i < 200; i++) {
        int64_t begin = ns_of(CLOCK_MONOTONIC);
        for (int k = 0; k < 100; k++)
            must(hd_webhook_send(client, event, NULL), "send");
        times[i] = (ns_of(CLOCK_MONOTONIC) - begin) / 100;
        pause_us(500);
    }
    printf("send_busy_ns %.0f\n", per_mille(times, 200, 500));
    hd_event_free(event);
    end_client(client);
}

/* The caller has something else to do for a while. */
static void work_us(long duration_us) {
    int64_t end = ns_of(CLOCK_MONOTONIC) + duration_us * 1000;
    while (ns_of(CLOCK_MONOTONIC) < end)
        ;
}

/* Sends to a worker that came to rest so long ago. */
static void measure_resting(const char *name, long rest_us, size_t count) {
    int64_t *times = calloc(count, sizeof times[0]);
    hd_client *client = make_client(1000000, 1000);
    hd_event *event = make_event();
    put_webhook(client, 0, "/ok");
    for (size_t i = 0; i < count + 10; i++) {
        work_us(rest_us);
        int64_t begin = ns_of(CLOCK_THREAD_CPUTIME_ID);
        must(hd_webhook_send(client, event, NULL), "send");
        if (i >= 10)
            times[i - 10] = ns_of(CLOCK_THREAD_CPUTIME_ID) - begin;
    }
    printf("send_%s_p50_ns %.0f\nsend_%s_p99_ns %.0f\n", name, per_mille(times, count, 500), name,
           per_mille(times, count, 990));
    hd_event_free(event);
    free(times);
    end_client(client);
}

struct caller {
    pthread_t thread;
    hd_client *client;
    hd_event *event;
    int64_t times[CALLS];
};

static void *call(void *argument) {
    struct caller *caller = argument;
    for (size_t i = 0; i < CALLS; i++) {
        int64_t begin = ns_of(CLOCK_THREAD_CPUTIME_ID);
        must(hd_webhook_send(caller->client, caller->event, NULL), "send");
        caller->times[i] = ns_of(CLOCK_THREAD_CPUTIME_ID) - begin;
    }
    return NULL;
}

static void measure_callers(void) {
    struct caller *callers = calloc(CALLERS, sizeof callers[0]);
    int64_t *times = calloc((size_t)CALLERS * CALLS, sizeof times[0]);
    hd_client *client = make_client((size_t)CALLERS * CALLS, 1000);
    hd_event *event = make_event();
    put_webhook(client, 0, "/ok");
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i].client = client;
        callers[i].event = event;
        if (pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        memcpy(times + i * CALLS, callers[i].times, sizeof callers[i].times);
    }
    printf("send_16_callers_p999_ns %.0f\n", per_mille(times, (size_t)CALLERS * CALLS, 999));
    hd_event_free(event);
    end_client(client);
    free(times);
    free(callers);
}

/* ---- Signature and payload: two ways in turn, round after round ---- */

static char body[312];
static struct hd__hmac_key *key;
static hd_event *event;

static void hmac_ours(void) {
    unsigned char mac[HD__HMAC_SIZE];
    body[200]++;
    must(hd__hmac_keyed(key, body, sizeof body, mac), "hmac");
}

static void sign_ours(void) {
    char signature[HD_SIGNATURE_SIZE];
    body[200]++;
    must(hd_sign(body, sizeof body, SECRET, sizeof SECRET - 1, signature, sizeof signature), "sign");
}

static void hmac_mbedtls(void) {
    unsigned char mac[32];
    body[200]++;
    must(mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)SECRET, sizeof SECRET - 1,
                         (const unsigned char *)body, sizeof body, mac),
         "mbedtls");
}

static void verify_ours(void) {
    static const char signature[] = "0000000000000000000000000000000000000000000000000000000000000000";
    if (hd_verify(body, sizeof body, signature, 64, SECRET, sizeof SECRET - 1) == HD_OK)
        exit(1);
}

static void payload_ours(void) {
    static struct hd__buffer out;
    out.len = 0;
    must(hd__json_event(event, &out), "json");
}

static void payload_jansson(void) {
    json_t *root = json_pack(
        "{s:s, s:s, s:{s:{s:s, s:I, s:s, s:s, s:s}, s:{s:s, s:s}}}", "event", "ticket.created", "timestamp",
        "2025-01-15T10:30:00.000Z", "data", "ticket", "id", hd_event_get(event, HD_FIELD_TICKET_ID, NULL), "number",
        (json_int_t)hd_event_ticket_number(event), "subject", hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL),
        "status", hd_event_get(event, HD_FIELD_TICKET_STATUS, NULL), "priority",
        hd_event_get(event, HD_FIELD_TICKET_PRIORITY, NULL), "customer", "email",
        hd_event_get(event, HD_FIELD_CUSTOMER_EMAIL, NULL), "name", hd_event_get(event, HD_FIELD_CUSTOMER_NAME, NULL));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    free(text);
}

static double ns_each(void (*run)(void)) {
    int64_t begin = ns_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 2000; i++)
        run();
    return (double)(ns_of(CLOCK_THREAD_CPUTIME_ID) - begin) / 2000;
}

static void measure_pair(const char *name, void (*ours)(void), void (*theirs)(void)) {
    int64_t a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        double left = ns_each(ours), right = ns_each(theirs);
        a[i] = (int64_t)left;
        b[i] = (int64_t)right;
        ratio[i] = (int64_t)(1000 * left / right);
    }
    printf("%s_ns %.0f\n%s_peer_ns %.0f\n%s_ratio %.3f\n", name, per_mille(a, ROUNDS, 500), name,
           per_mille(b, ROUNDS, 500), name, per_mille(ratio, ROUNDS, 500) / 1000);
}

/* ---- Memory ---- */

static double heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd);
}

#define QUEUED 1000000

/* One webhook that never answers, and a million events for it. The event is the same each time, so that what grows is
 * what the queue needs for each. */
static void measure_queue(void) {
    hd_client *client = make_client(2 * QUEUED, 1000);
    hd_event *queued = make_event();
    put_webhook(client, 0, "/hang");
    pause_us(100000);
    double before = heap_bytes();
    for (long i = 0; i < QUEUED; i++)
        must(hd_webhook_send(client, queued, NULL), "send");
    while (hd_client_counter(client, HD_COUNTER_WAITING) + 1000 < QUEUED)
        pause_us(10000);
    printf("queued_event_bytes %.0f\n", (heap_bytes() - before) / QUEUED);
    hd_event_free(queued);
    end_client(client);
}

#define RECEIVERS 2000

/* One delivery to each of many receivers; then all connections are idle. */
static void measure_connections(void) {
    hd_client *client = make_client(10000, 1);
    hd_event *one = make_event();
    for (int i = 0; i < RECEIVERS; i++)
        put_webhook(client, i, "/ok");
    pause_us(100000);
    double before = heap_bytes();
    must(hd_webhook_send(client, one, NULL), "send");
    while (hd_client_counter(client, HD_COUNTER_DELIVERED) < RECEIVERS)
        pause_us(1000);
    printf("idle_connection_bytes %.0f\n", (heap_bytes() - before) / RECEIVERS);
    hd_event_free(one);
    end_client(client);
}

#define TLS_RECEIVERS 64

static void put_tls_webhook(hd_client *client, const char *project, int number) {
    char url[128];
    hd_webhook *webhook = NULL;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/delay/2000/%d", tls_port, number);
    must(hd_webhook_new(&webhook), "webhook");
    must(hd_webhook_set_project(webhook, project), "project");
    must(hd_webhook_set_url(webhook, url), "url");
    must(hd_webhook_set_secret(webhook, SECRET, sizeof SECRET - 1), "secret");
    must(hd_client_put_webhook(client, webhook), "put");
    hd_webhook_free(webhook);
}

static void send_and_wait(hd_client *client, const char *project, uint64_t delivered) {
    hd_event *one = make_event();
    must(hd_event_set(one, HD_FIELD_PROJECT, project, HD_TEXT_NUL), "project");
    must(hd_webhook_send(client, one, NULL), "send");
    must(hd_client_flush(client, 30000), "flush");
    must(hd_client_counter(client, HD_COUNTER_DELIVERED) == delivered ? HD_OK : HD_E_TIMEOUT, "a delivery over TLS");
    hd_event_free(one);
}

/* The receiver takes long enough for all connections to be there at once; one was made before. What is counted with
 * them is what libcurl has for each 32: the authorities that the system trusts, as well. */
static void measure_tls_connections(void) {
    hd_client *client = make_client(10000, 1);
    put_tls_webhook(client, "first", 0);
    send_and_wait(client, "first", 1);
    for (int i = 1; i <= TLS_RECEIVERS; i++)
        put_tls_webhook(client, "project", i);
    double before = heap_bytes();
    send_and_wait(client, "project", 1 + TLS_RECEIVERS);
    printf("idle_tls_connection_bytes %.0f\n", (heap_bytes() - before) / TLS_RECEIVERS);
    end_client(client);
}

/* ---- Allocations of the worker ---- */

static void deliver(hd_client *client, hd_event *one, long total) {
    for (long sent = (long)hd_client_counter(client, HD_COUNTER_ACCEPTED); sent < total; sent++) {
        while (sent - (long)hd_client_counter(client, HD_COUNTER_DELIVERED) > 100)
            pause_us(100);
        must(hd_webhook_send(client, one, NULL), "send");
    }
    while ((long)hd_client_counter(client, HD_COUNTER_DELIVERED) < total)
        pause_us(100);
}

static void measure_allocations(void) {
    hd_client *client = make_client(10000, 100);
    hd_event *one = make_event();
    put_webhook(client, 0, "/ok");
    deliver(client, one, 2000);
    long before = atomic_load(&allocations);
    deliver(client, one, 12000);
    printf("allocations_per_1000 %.1f\n", (double)(atomic_load(&allocations) - before) / 10);
    hd_event_free(one);
    end_client(client);
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    port = atoi(argv[1]);
    tls_port = atoi(argv[2]);
    ca_file = argv[3];
    main_thread = pthread_self();
    raise_descriptors();
    key = hd__hmac_key_new(SECRET, sizeof SECRET - 1);
    event = make_event();
    memset(body, 'x', sizeof body);
    measure_busy();
    measure_resting("napping", 5000, 1000);
    measure_resting("sleeping", 40000, 50);
    measure_callers();
    measure_pair("hmac", hmac_ours, hmac_mbedtls);
    measure_pair("sign", sign_ours, hmac_mbedtls);
    measure_pair("verify", verify_ours, hmac_mbedtls);
    measure_pair("payload", payload_ours, payload_jansson);
    measure_allocations();
    measure_connections();
    measure_tls_connections();
    measure_queue();
    hd_event_free(event);
    hd__hmac_key_free(key);
    return 0;
}
