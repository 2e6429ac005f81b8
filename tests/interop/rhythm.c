/* SPDX-License-Identifier: MIT */
/* Sends events at a rhythm, and prints what the library says of each attempt: a line with the delivery's id, the number
 * of the attempt, the HTTP status (0 for none) and the reason.
 *
 *   rhythm CA_FILE EVENTS FIRST_MS LAST_MS LETTERS ATTEMPTS URL...
 *
 * Each URL gets so many EVENTS, with a message of so many LETTERS; the first URL one each FIRST_MS, the last one each
 * LAST_MS, those between them at what lies between. 0 is as fast as they can be sent. ATTEMPTS are those of a delivery.
 */
#include <helmdesk.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 60000

struct flow {
    char project[32];
    long left;
    int64_t every_us, due_us;
};

struct plan {
    const char *ca_file;
    long events, first_ms, last_ms, letters, attempts;
    char **urls;
    long url_count;
};

static void must(int status, const char *what) {
    if (status == HD_OK)
        return;
    (void)fprintf(stderr, "rhythm: %s: %s\n", what, hd_strerror(status));
    exit(1);
}

static int64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static hd_client *make_client(const struct plan *plan) {
    hd_options *options = NULL;
    hd_client *client = NULL;
    must(hd_options_new(&options), "options");
    must(hd_options_allow_loopback(options), "loopback");
    must(hd_options_set_ca_file(options, plan->ca_file), "certificate authority");
    must(hd_client_new(options, &client), "client");
    hd_options_free(options);
    return client;
}

static void put_webhook(hd_client *client, const struct plan *plan, const char *project, const char *url) {
    hd_webhook *webhook = NULL;
    must(hd_webhook_new(&webhook), "webhook");
    must(hd_webhook_set_project(webhook, project), "project");
    must(hd_webhook_set_url(webhook, url), "URL");
    must(hd_webhook_set_secret(webhook, "secret", 6), "secret");
    must(hd_webhook_set_max_attempts(webhook, (uint32_t)plan->attempts), "attempts");
    must(hd_webhook_set_retry_backoff(webhook, 200, 1000), "backoff");
    must(hd_client_put_webhook(client, webhook), "put");
    hd_webhook_free(webhook);
}

/* They begin one after the other within the time of one event. */
static struct flow *make_flows(hd_client *client, const struct plan *plan) {
    struct flow *flows = calloc((size_t)plan->url_count, sizeof *flows);
    if (!flows)
        exit(1);
    for (long i = 0; i < plan->url_count; i++) {
        struct flow *flow = &flows[i];
        long between = plan->url_count > 1 ? (plan->last_ms - plan->first_ms) * 1000 * i / (plan->url_count - 1) : 0;
        (void)snprintf(flow->project, sizeof flow->project, "project-%ld", i);
        flow->left = plan->events;
        flow->every_us = plan->first_ms * 1000 + between;
        flow->due_us = now_us() + flow->every_us * i / plan->url_count;
        put_webhook(client, plan, flow->project, plan->urls[i]);
    }
    return flows;
}

static struct flow *next_flow(struct flow *flows, const struct plan *plan) {
    struct flow *next = NULL;
    for (long i = 0; i < plan->url_count; i++)
        if (flows[i].left > 0 && (!next || flows[i].due_us < next->due_us))
            next = &flows[i];
    return next;
}

/* Prints the next report. Returns whether there was one. */
static int print_report(hd_client *client, uint32_t timeout_ms) {
    hd_report *report = NULL;
    if (hd_client_next_report(client, timeout_ms, &report) != HD_OK)
        return 0;
    (void)printf("%s %u %d %s\n", hd_report_delivery_id(report), (unsigned)hd_report_attempt(report),
                 hd_report_http_status(report), hd_reason_name(hd_report_reason(report)));
    hd_report_free(report);
    return 1;
}

static void print_until(hd_client *client, int64_t due_us) {
    for (int64_t left_us; (left_us = due_us - now_us()) > 0;)
        (void)print_report(client, (uint32_t)(left_us / 1000 + 1));
}

static void send_event(hd_client *client, const struct flow *flow, const char *text) {
    hd_event *event = NULL;
    int status;
    must(hd_event_new_sample(HD_MESSAGE_RECEIVED, &event), "event");
    must(hd_event_set(event, HD_FIELD_PROJECT, flow->project, HD_TEXT_NUL), "project");
    must(hd_event_set_message(event, "message-1", "customer", text), "message");
    while ((status = hd_webhook_send(client, event, NULL)) == HD_E_QUEUE_FULL)
        (void)print_report(client, 10);
    must(status, "send");
    hd_event_free(event);
}

static void send_all(hd_client *client, const struct plan *plan, const char *text) {
    struct flow *flows = make_flows(client, plan), *flow;
    while ((flow = next_flow(flows, plan))) {
        print_until(client, flow->due_us);
        send_event(client, flow, text);
        flow->left--;
        flow->due_us += flow->every_us;
    }
    free(flows);
}

static char *make_text(long letters) {
    char *text = malloc((size_t)letters + 1);
    if (!text)
        exit(1);
    memset(text, 'm', (size_t)letters);
    text[letters] = '\0';
    return text;
}

int main(int argc, char **argv) {
    if (argc < 8) {
        (void)fputs("usage: rhythm CA_FILE EVENTS FIRST_MS LAST_MS LETTERS ATTEMPTS URL...\n", stderr);
        return 2;
    }
    const struct plan plan = {.ca_file = argv[1],
                              .events = atol(argv[2]),
                              .first_ms = atol(argv[3]),
                              .last_ms = atol(argv[4]),
                              .letters = atol(argv[5]),
                              .attempts = atol(argv[6]),
                              .urls = argv + 7,
                              .url_count = argc - 7};
    char *text = make_text(plan.letters);
    hd_client *client = make_client(&plan);
    send_all(client, &plan, text);
    free(text);
    must(hd_client_flush(client, PATIENCE_MS), "flush");
    while (print_report(client, 0))
        ;
    hd_client_free(client);
    return 0;
}
