/* SPDX-License-Identifier: MIT */
/* The library as the benchmark measures it: events are made, sent, delivered and logged, as a program does it.
 *
 *   sender PORT COUNT WARMUP [webhooks=1] [silent=0] [in_flight=64] [queue=4096] [kept=N] [ca=FILE]
 *
 * Every event is for one project, which has one webhook at a receiver of its own; `silent` more webhooks at receivers
 * that never answer get an event each as often as the others do. With ca=FILE it speaks HTTPS. Prints "COUNT CPU_US
 * WALL_US" of the deliveries after the warm-up that were answered. */
#include "descriptors.h"
#include "helmdesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECRET "benchmark secret"
#define SUBJECT "Can't reset passwordxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* makes the body 312 bytes long */
#define TICKET "0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10"
#define FIRST_NUMBER 10000000
#define PROJECT_SIZE 32

struct run {
    int port;
    long count, warmup;
    long webhooks, silent, in_flight, queue, kept;
    const char *ca;
    char (*projects)[PROJECT_SIZE]; /* their names: the library is measured, and not how they are written */
    hd_client *client;
    long sent; /* to webhooks that answer */
};

static void must(int status, const char *what) {
    if (status == HD_OK)
        return;
    (void)fprintf(stderr, "sender: %s: %s\n", what, hd_strerror(status));
    exit(1);
}

static long long us_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void pause_ms(long duration_ms) {
    nanosleep(&(struct timespec){.tv_nsec = duration_ms * 1000000}, NULL);
}

/* Receivers are told apart by their address. */
static void put_webhook(const struct run *run, long number, const char *path) {
    char url[128];
    hd_webhook *webhook = NULL;
    long host = run->webhooks + run->silent == 1 ? 0 : number + 1;
    (void)snprintf(run->projects[number], PROJECT_SIZE, "project-%ld", number);
    if (run->ca || host == 0)
        (void)snprintf(url, sizeof url, "%s://127.0.0.1:%d%s", run->ca ? "https" : "http", run->port, path);
    else
        (void)snprintf(url, sizeof url, "http://127.1.%ld.%ld:%d%s", host / 250, host % 250 + 1, run->port, path);
    must(hd_webhook_new(&webhook), "hd_webhook_new");
    must(hd_webhook_set_project(webhook, run->projects[number]), "project");
    must(hd_webhook_set_url(webhook, url), "url");
    must(hd_webhook_set_secret(webhook, SECRET, sizeof SECRET - 1), "secret");
    if (run->webhooks == 1)
        must(hd_webhook_set_max_in_flight(webhook, (uint32_t)run->in_flight), "in_flight");
    must(hd_client_put_webhook(run->client, webhook), "put");
    hd_webhook_free(webhook);
}

static void make_client(struct run *run) {
    hd_options *options = NULL;
    must(hd_options_new(&options), "options");
    must(hd_options_allow_http(options, 1), "http");
    must(hd_options_allow_network(options, "127.0.0.0/8"), "network");
    must(hd_options_allow_ports(options, 1024, 65535), "ports");
    must(hd_options_set_max_in_flight(options, (uint32_t)run->in_flight), "in_flight");
    if (run->kept)
        must(hd_options_set_max_connections(options, (uint32_t)run->kept), "kept");
    if (run->ca)
        must(hd_options_set_ca_file(options, run->ca), "ca");
    must(hd_client_new(options, &run->client), "client");
    hd_options_free(options);
    run->projects = calloc((size_t)(run->webhooks + run->silent), sizeof *run->projects);
    must(run->projects ? HD_OK : HD_E_NO_MEMORY, "projects");
    for (long i = 0; i < run->webhooks; i++)
        put_webhook(run, i, "/ok");
    for (long i = 0; i < run->silent; i++)
        put_webhook(run, run->webhooks + i, "/hang");
}

static void send_to(const struct run *run, long webhook, long number) {
    hd_event *event = NULL;
    must(hd_event_new(HD_TICKET_CREATED, &event), "event");
    must(hd_event_set(event, HD_FIELD_PROJECT, run->projects[webhook], HD_TEXT_NUL), "project");
    must(hd_event_set_ticket(event, TICKET, FIRST_NUMBER + number, SUBJECT, "open", "high"), "ticket");
    must(hd_event_set_customer(event, "user@example.com", "Jane Smith"), "customer");
    must(hd_webhook_send(run->client, event, NULL), "send");
    hd_event_free(event);
}

static long delivered(const struct run *run) {
    return (long)hd_client_counter(run->client, HD_COUNTER_DELIVERED);
}

/* Ends the program when a delivery has failed, which those to silent webhooks do: it would be waited for in vain. */
static void check(const struct run *run) {
    hd_report *report = NULL;
    if (run->silent || hd_client_counter(run->client, HD_COUNTER_FAILED) == 0)
        return;
    while (hd_client_next_report(run->client, 0, &report) == HD_OK) {
        if (hd_report_outcome(report) != HD_OUTCOME_DELIVERED)
            (void)fprintf(stderr, "sender: a delivery failed: %s (%s) after %u ms\n",
                          hd_reason_name(hd_report_reason(report)), hd_report_detail(report),
                          (unsigned)hd_report_total_ms(report));
        hd_report_free(report);
    }
    exit(1);
}

/* Sends until so many are sent in all; no more than the queue's length wait at any time. */
static void send_until(struct run *run, long total) {
    while (run->sent < total) {
        if (run->sent - delivered(run) >= run->queue) {
            check(run);
            pause_ms(1);
            continue;
        }
        for (int i = 0; i < 256 && run->sent < total; i++) {
            if (run->silent && run->sent % (run->webhooks / run->silent) == 0)
                send_to(run, run->webhooks + run->sent / (run->webhooks / run->silent) % run->silent, run->sent);
            send_to(run, run->sent % run->webhooks, run->sent);
            run->sent++;
        }
    }
}

static void wait_until(const struct run *run, long total) {
    while (delivered(run) < total) {
        check(run);
        pause_ms(1);
    }
}

static long option(int argc, char **argv, const char *name, long otherwise) {
    size_t len = strlen(name);
    for (int i = 4; i < argc; i++)
        if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
            return strtol(argv[i] + len + 1, NULL, 10);
    return otherwise;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        (void)fprintf(stderr, "usage: sender PORT COUNT WARMUP [NAME=VALUE...]\n");
        return 2;
    }
    raise_descriptors();
    struct run run = {.port = atoi(argv[1]), .count = atol(argv[2]), .warmup = atol(argv[3])};
    run.webhooks = option(argc, argv, "webhooks", 1);
    run.silent = option(argc, argv, "silent", 0);
    run.in_flight = option(argc, argv, "in_flight", 64);
    run.queue = option(argc, argv, "queue", 4096);
    run.kept = option(argc, argv, "kept", 0);
    for (int i = 4; i < argc; i++)
        if (strncmp(argv[i], "ca=", 3) == 0)
            run.ca = argv[i] + 3;
    make_client(&run);
    send_until(&run, run.warmup);
    wait_until(&run, run.warmup - run.queue / 2);
    long before = delivered(&run);
    long long cpu_us = us_of(CLOCK_PROCESS_CPUTIME_ID), wall_us = us_of(CLOCK_MONOTONIC);
    send_until(&run, run.warmup + run.count);
    wait_until(&run, run.warmup + run.count);
    cpu_us = us_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_us;
    wall_us = us_of(CLOCK_MONOTONIC) - wall_us;
    printf("%ld %lld %lld\n", delivered(&run) - before, cpu_us, wall_us);
    hd_client_close(run.client, 0);
    hd_client_free(run.client);
    free(run.projects);
    return 0;
}
