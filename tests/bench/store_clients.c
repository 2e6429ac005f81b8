/* SPDX-License-Identifier: MIT */
/* Clients with a store, beside those without: how many deliveries they make, and what a send costs. */
#include "crash/crash.h"
#include "figures.h"
#include "store_parts.h"

#include "support/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IN_MEMORY (-1)
#define SENDERS 8

struct client {
    hd_client *client;
    hd_store *store;
    char directory[64];
};

static void open_client(struct client *client, int mode) {
    memset(client, 0, sizeof *client);
    if (mode == IN_MEMORY) {
        client->client = client_for_tests(NULL);
        return;
    }
    make_directory(client->directory);
    client->client = client_with_store(client->directory, mode, &client->store);
}

static void close_client(struct client *client) {
    end_client(client->client);
    if (!client->store)
        return;
    hd_store_free(client->store);
    remove_directory(client->directory);
}

/* ---- Deliveries ---- */

#define EVENTS 20000
#define RECEIVERS 4

static void send_all(hd_client *client) {
    for (int i = 0; i < EVENTS; i++) {
        hd_event *event = event_numbered(i + 1);
        must(hd_webhook_send(client, event, NULL) == HD_OK);
        hd_event_free(event);
    }
    must(hd_client_flush(client, 300000) == HD_OK);
}

static void measure_rate(const char *name, int mode, const char *url) {
    struct client client;
    char text[64];
    open_client(&client, mode);
    for (int i = 0; i < RECEIVERS; i++) {
        (void)snprintf(text, sizeof text, "w%d", i);
        put(client.client, text, url, 16);
    }
    int64_t begun_ns = now_ns(), begun_cpu_us = cpu_us();
    send_all(client.client);
    (void)snprintf(text, sizeof text, "deliveries_%s", name);
    say(text, EVENTS * RECEIVERS * 1e9 / (double)(now_ns() - begun_ns), "deliveries/s");
    (void)snprintf(text, sizeof text, "cpu_%s", name);
    say(text, (double)(cpu_us() - begun_cpu_us) / (EVENTS * RECEIVERS), "us");
    close_client(&client);
}

void measure_rates(const struct urls *urls) {
    measure_rate("memory", IN_MEMORY, urls->ok);
    measure_rate("stored", HD_ACCEPT_FAST, urls->ok);
}

/* ---- What the disk takes ---- */

/* A page written in a file that is there, and synced, as a commit does at the least. Tells all that it took. */
static size_t sync_pages(const char *directory, int64_t *took_ns, size_t count) {
    static const char page[4096];
    char path[128];
    (void)snprintf(path, sizeof path, "%s/sync", directory);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    must(file >= 0);
    for (size_t i = 0; i < count; i++)
        must(pwrite(file, page, sizeof page, (off_t)(i * sizeof page)) == sizeof page);
    must(fsync(file) == 0);
    for (size_t i = 0; i < count; i++) {
        int64_t begun_ns = now_ns();
        must(pwrite(file, page, sizeof page, (off_t)(i * sizeof page)) == sizeof page);
        must(fdatasync(file) == 0);
        took_ns[i] = now_ns() - begun_ns;
    }
    must(close(file) == 0);
    return count;
}

static void measure_syncs(void) {
    static int64_t took_ns[400];
    char directory[64];
    make_directory(directory);
    size_t count = sync_pages(directory, took_ns, sizeof took_ns / sizeof took_ns[0]);
    remove_directory(directory);
    say("sync_p50", (double)percentile(took_ns, count, 0.5) / 1000, "us");
}

/* ---- Sends ---- */

struct sender {
    hd_client *client;
    int64_t *took_ns;
    int count;
};

/* About 20,000 sends a second over all senders, if they do not wait for the disk. */
static void *send_paced(void *argument) {
    const struct sender *sender = argument;
    for (int i = 0; i < sender->count; i++) {
        const struct timespec pause = {.tv_nsec = 350000};
        hd_event *event = event_numbered(i + 1);
        int64_t begun_ns = now_ns();
        must(hd_webhook_send(sender->client, event, NULL) == HD_OK);
        sender->took_ns[i] = now_ns() - begun_ns;
        hd_event_free(event);
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void say_send(const char *mode, const char *part, int64_t took_ns) {
    char name[64];
    (void)snprintf(name, sizeof name, "send_%s_%s", mode, part);
    say(name, (double)took_ns / 1000, "us");
}

static void measure_mode(const char *name, int mode, const char *url) {
    enum {
        EACH = 1500
    };
    static int64_t took_ns[SENDERS * EACH];
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    struct client client;
    open_client(&client, mode);
    put(client.client, "w0", url, 64);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){client.client, took_ns + (size_t)i * EACH, EACH};
        must(pthread_create(&threads[i], NULL, send_paced, &senders[i]) == 0);
    }
    for (int i = 0; i < SENDERS; i++)
        must(pthread_join(threads[i], NULL) == 0);
    say_send(name, "p50", percentile(took_ns, SENDERS * EACH, 0.5));
    say_send(name, "p99", percentile(took_ns, SENDERS * EACH, 0.99));
    must(hd_client_flush(client.client, 300000) == HD_OK);
    close_client(&client);
}

void measure_sends(const struct urls *urls) {
    measure_mode("memory", IN_MEMORY, urls->ok);
    measure_mode("fast", HD_ACCEPT_FAST, urls->ok);
    measure_syncs();
    measure_mode("committed", HD_ACCEPT_COMMITTED, urls->ok);
    measure_syncs();
}
