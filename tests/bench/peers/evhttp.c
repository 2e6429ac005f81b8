/* SPDX-License-Identifier: MIT */
/** @file evhttp.c Peer of `make bench`: the HTTP client of libevent 2.1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define BODY_SIZE 312
#define NUMBER_DIGITS 8
#define HMAC_SIZE 32

static const char head[] =
    "{\"event\":\"ticket.created\",\"timestamp\":\"2025-01-15T10:30:00.000Z\",\"data\":{\"ticket\":{"
    "\"id\":\"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10\",\"number\":";
static const char subject[] = ",\"subject\":\"Can't reset password";
static const char tail[] = "\",\"status\":\"open\",\"priority\":\"high\"},\"customer\":{\"email\":\"user@example.com\","
                           "\"name\":\"Jane Smith\"}}}";

static struct event_base *base;
static struct evhttp_uri *uri;
static EVP_MAC_CTX *keyed;
static char body[BODY_SIZE];
static char delivery[] = "3f0a5c8e-52d1-4c77-8e0b-0000NNNNNNNN";
static char host[256];
static char path[1024];
static unsigned long number = 10000000;
static unsigned long unsent, unanswered;

static void give_up(const char *why) {
    (void)fprintf(stderr, "evhttp: %s\n", why);
    exit(1);
}

static void must(int good, const char *what) {
    if (!good) {
        give_up(what);
    }
}

static unsigned long number_from(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    must(end != text && *end == '\0', "COUNT, CONNECTIONS and WARMUP are numbers");
    return value;
}

static int64_t clock_us(clockid_t clock) {
    struct timespec now;
    must(clock_gettime(clock, &now) == 0, "no clock");
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/** What all bodies have in common; the number comes with each request. */
static void prepare_body(void) {
    memset(body, 'x', sizeof body);
    memcpy(body, head, sizeof head - 1);
    memcpy(body + sizeof head - 1 + NUMBER_DIGITS, subject, sizeof subject - 1);
    memcpy(body + sizeof body - (sizeof tail - 1), tail, sizeof tail - 1);
}

static void prepare_hmac(void) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    static const unsigned char key[] = "benchmark secret";
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    keyed = EVP_MAC_CTX_new(mac);
    must(keyed && EVP_MAC_init(keyed, key, sizeof key - 1, params), "no HMAC");
    EVP_MAC_free(mac);
}

static void sign(char hex[2 * HMAC_SIZE + 1]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char out[HMAC_SIZE];
    size_t len;
    /* Without a key, init goes back to the one that is there. */
    must(EVP_MAC_init(keyed, NULL, 0, NULL) && EVP_MAC_update(keyed, (const unsigned char *)body, sizeof body) &&
             EVP_MAC_final(keyed, out, &len, sizeof out),
         "no HMAC");
    for (size_t i = 0; i < sizeof out; i++) {
        hex[2 * i] = digits[out[i] >> 4];
        hex[2 * i + 1] = digits[out[i] & 15];
    }
    hex[2 * HMAC_SIZE] = '\0';
}

static void on_answer(struct evhttp_request *request, void *connection);

static void send_next(struct evhttp_connection *connection) {
    char digits[NUMBER_DIGITS];
    char signature[2 * HMAC_SIZE + 1];
    unsigned long rest = number++;
    for (size_t i = sizeof digits; i-- > 0; rest /= 10) {
        digits[i] = (char)('0' + rest % 10);
    }
    memcpy(body + sizeof head - 1, digits, sizeof digits);
    memcpy(delivery + sizeof delivery - 1 - sizeof digits, digits, sizeof digits);
    sign(signature);

    struct evhttp_request *request = evhttp_request_new(on_answer, connection);
    must(request != NULL, "out of memory");
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    must(evhttp_add_header(headers, "Host", host) == 0 &&
             evhttp_add_header(headers, "Content-Type", "application/json") == 0 &&
             evhttp_add_header(headers, "X-Helmdesk-Event", "ticket.created") == 0 &&
             evhttp_add_header(headers, "X-Helmdesk-Signature", signature) == 0 &&
             evhttp_add_header(headers, "X-Helmdesk-Delivery", delivery) == 0 &&
             evhttp_add_header(headers, "User-Agent", "bench") == 0 &&
             evbuffer_add(evhttp_request_get_output_buffer(request), body, sizeof body) == 0 &&
             evhttp_make_request(connection, request, EVHTTP_REQ_POST, path) == 0,
         "cannot send");
    unsent--;
}

static void on_answer(struct evhttp_request *request, void *connection) {
    must(request && evhttp_request_get_response_code(request) != 0, "a connection failed");
    must(evhttp_request_get_response_code(request) == 200, "a status is not 200");
    if (--unanswered == 0) {
        (void)event_base_loopbreak(base);
    } else if (unsent > 0) {
        send_next(connection);
    }
}

static void run(struct evhttp_connection **connections, unsigned long many, unsigned long count) {
    unsent = unanswered = count;
    for (unsigned long i = 0; i < many && unsent > 0; i++) {
        send_next(connections[i]);
    }
    if (count > 0) {
        must(event_base_dispatch(base) == 0 && unanswered == 0, "the loop ended early");
    }
}

int main(int argc, char **argv) {
    must(argc == 5, "usage: evhttp URL COUNT CONNECTIONS WARMUP");
    unsigned long count = number_from(argv[2]);
    unsigned long many = number_from(argv[3]);
    unsigned long warmup = number_from(argv[4]);
    must(many > 0 && many <= 65535, "CONNECTIONS is from 1 to 65535");

    uri = evhttp_uri_parse(argv[1]);
    must(uri && evhttp_uri_get_host(uri) && evhttp_uri_get_port(uri) > 0, "URL needs a host and a port");
    const char *name = evhttp_uri_get_host(uri);
    unsigned short port = (unsigned short)evhttp_uri_get_port(uri);
    const char *query = evhttp_uri_get_query(uri);
    (void)snprintf(host, sizeof host, "%s:%d", name, port);
    (void)snprintf(path, sizeof path, "%s%s%s", *evhttp_uri_get_path(uri) ? evhttp_uri_get_path(uri) : "/",
                   query ? "?" : "", query ? query : "");

    prepare_body();
    prepare_hmac();
    base = event_base_new();
    struct evhttp_connection **connections = calloc(many, sizeof *connections);
    must(base && connections, "out of memory");
    for (unsigned long i = 0; i < many; i++) {
        connections[i] = evhttp_connection_base_new(base, NULL, name, port);
        must(connections[i] != NULL, "out of memory");
    }

    run(connections, many, warmup);
    int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    int64_t wall = clock_us(CLOCK_MONOTONIC);
    run(connections, many, count);
    cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = clock_us(CLOCK_MONOTONIC) - wall;
    (void)printf("%lu %lld %lld\n", count, (long long)cpu, (long long)wall);

    for (unsigned long i = 0; i < many; i++) {
        evhttp_connection_free(connections[i]);
    }
    free(connections);
    event_base_free(base);
    evhttp_uri_free(uri);
    EVP_MAC_CTX_free(keyed);
    return 0;
}
