/* SPDX-License-Identifier: MIT */
/* The floor of everything that sends by libcurl: its multi interface with handles that are kept, as few options as can
 * be, and nothing else. No log, no limits, no checks.
 *
 *   libcurl PORT COUNT CONNECTIONS WARMUP */
#include "body.h"

#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS 4
#define SIGNATURE "X-Helmdesk-Signature: "

struct sender {
    CURL *easy;
    struct curl_slist headers[HEADERS];
    char signature[sizeof SIGNATURE + SIGNATURE_DIGITS];
    char body[BODY_SIZE];
};

static CURLM *multi;
static CURLU *url;
static long started, answered;

static void die(const char *what) {
    (void)fprintf(stderr, "libcurl: %s\n", what);
    exit(1);
}

static size_t ignore(char *data, size_t size, size_t count, void *user) {
    (void)data;
    (void)user;
    return size * count;
}

static void set_headers(struct sender *sender) {
    static char type[] = "Content-Type: application/json", event[] = "X-Helmdesk-Event: ticket.created";
    static char delivery[] = "X-Helmdesk-Delivery: 0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10";
    char *const lines[HEADERS] = {type, event, sender->signature, delivery};
    memcpy(sender->signature, SIGNATURE, sizeof SIGNATURE);
    for (size_t i = 0; i < HEADERS; i++) {
        sender->headers[i].data = lines[i];
        sender->headers[i].next = i + 1 < HEADERS ? &sender->headers[i + 1] : NULL;
    }
}

static void prepare(struct sender *sender) {
    set_headers(sender);
    sender->easy = curl_easy_init();
    if (!sender->easy || curl_easy_setopt(sender->easy, CURLOPT_CURLU, url) != CURLE_OK)
        die("no handle");
    curl_easy_setopt(sender->easy, CURLOPT_PRIVATE, sender);
    curl_easy_setopt(sender->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDS, sender->body);
    curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDSIZE, (long)BODY_SIZE);
    curl_easy_setopt(sender->easy, CURLOPT_HTTPHEADER, sender->headers);
    curl_easy_setopt(sender->easy, CURLOPT_USERAGENT, "libhelmdesk/0.1.0");
    curl_easy_setopt(sender->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(sender->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(sender->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(sender->easy, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(sender->easy, CURLOPT_BUFFERSIZE, 1024L);
    curl_easy_setopt(sender->easy, CURLOPT_WRITEFUNCTION, ignore);
}

static void post(struct sender *sender) {
    body_next(sender->body, sender->signature + sizeof SIGNATURE - 1);
    started++;
    if (curl_multi_add_handle(multi, sender->easy) != CURLM_OK)
        die("no transfer");
}

static void take(const CURLMsg *message, long count) {
    struct sender *sender = NULL;
    CURL *easy = message->easy_handle;
    if (message->data.result != CURLE_OK)
        die(curl_easy_strerror(message->data.result));
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&sender);
    curl_multi_remove_handle(multi, easy);
    answered++;
    if (started < count)
        post(sender);
}

/* Posts until so many have been answered, counted from the last call on. */
static void run(struct sender *senders, int connections, long count) {
    const CURLMsg *message;
    int running, left;
    started = answered = 0;
    for (int i = 0; i < connections && started < count; i++)
        post(&senders[i]);
    while (answered < count) {
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)))
            take(message, count);
        if (answered < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

int main(int argc, char **argv) {
    char text[64];
    if (argc != 5)
        return 2;
    int connections = atoi(argv[3]);
    struct sender *senders = calloc((size_t)connections, sizeof senders[0]);
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%s/ok", argv[1]);
    if (!senders || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(multi = curl_multi_init()) ||
        !(url = curl_url()) || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
        die("cannot begin");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4L * connections);
    body_prepare();
    for (int i = 0; i < connections; i++)
        prepare(&senders[i]);
    run(senders, connections, atol(argv[4]));
    long long cpu_us = us_of(CLOCK_PROCESS_CPUTIME_ID), wall_us = us_of(CLOCK_MONOTONIC);
    run(senders, connections, atol(argv[2]));
    printf("%s %lld %lld\n", argv[2], us_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_us, us_of(CLOCK_MONOTONIC) - wall_us);
    for (int i = 0; i < connections; i++)
        curl_easy_cleanup(senders[i].easy);
    curl_multi_cleanup(multi);
    curl_url_cleanup(url);
    free(senders);
    return 0;
}
