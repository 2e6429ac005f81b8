/* A server with one thread. Its epoll loop has a ticket every 200 ms sent to the webhooks, and prints what became of
 * it. SIGTERM ends it cleanly: the loop goes on until everything is delivered, for up to 5 seconds. */
#include <helmdesk.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* For the start. Later, a server logs the sentence and goes on. */
static void check(int status, const char *step) {
    if (status != HD_OK) {
        fprintf(stderr, "epoll: %s: %s\n", step, hd_strerror(status));
        exit(1);
    }
}

static hd_client *open_client(const char *secret, int local, char **urls) {
    hd_options *options;
    hd_client *client;
    check(hd_options_new(&options), "options");
    if (local) /* by default only https and public addresses are allowed */
        check(hd_options_allow_loopback(options), "allow loopback");
    check(hd_client_new(options, &client), "client");
    hd_options_free(options);
    for (; *urls; urls++) {
        hd_webhook *webhook;
        check(hd_webhook_new(&webhook), "webhook");
        check(hd_webhook_set_project(webhook, "acme"), "project");
        check(hd_webhook_set_url(webhook, *urls), *urls);
        check(hd_webhook_set_secret(webhook, secret, strlen(secret)), "secret");
        check(hd_client_put_webhook(client, webhook), *urls);
        hd_webhook_free(webhook);
    }
    return client;
}

static void file_ticket(hd_client *client) {
    hd_event *event;
    check(hd_event_new_sample(HD_TICKET_CREATED, &event), "event");
    check(hd_event_set(event, HD_FIELD_PROJECT, "acme", HD_TEXT_NUL), "project");
    int status = hd_webhook_send(client, event, NULL); /* does not wait; HD_E_CLOSED once the end has begun */
    printf("ticket: %s\n", hd_strerror(status));
    hd_event_free(event);
}

/* Returns 0 when the client has ended: there will be no more reports. */
static int print_reports(hd_client *client) {
    hd_report *report;
    int status;
    while ((status = hd_client_next_report(client, 0, &report)) == HD_OK) {
        printf("%s: %s\n", hd_outcome_name(hd_report_outcome(report)), hd_report_explanation(report));
        hd_report_free(report);
    }
    return status != HD_E_CLOSED;
}

int main(int argc, char **argv) {
    int local = argc > 1 && strcmp(argv[1], "--local") == 0, reports;
    const char *secret = getenv("HELMDESK_SECRET");
    if (argc < 2 + local || !secret)
        return fputs("usage: HELMDESK_SECRET=... epoll [--local] URL...\n", stderr), 2;
    hd_client *client = open_client(secret, local, argv + 1 + local);
    check(hd_client_poll_fd(client, &reports), "descriptor");
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    int signals = signalfd(-1, &stop, SFD_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    timerfd_settime(timer, 0, &(struct itimerspec){{0, 200000000}, {0, 200000000}}, NULL);
    int loop = epoll_create1(EPOLL_CLOEXEC), fds[] = {reports, signals, timer}, goes_on = 1;
    for (int i = 0; i < 3; i++) {
        struct epoll_event readable = {.events = EPOLLIN, .data.fd = fds[i]};
        if (epoll_ctl(loop, EPOLL_CTL_ADD, fds[i], &readable) != 0)
            return perror("epoll"), 1;
    }
    while (goes_on) {
        struct epoll_event ready;
        char unused[sizeof(struct signalfd_siginfo)]; /* what timer and signals tell more */
        if (epoll_wait(loop, &ready, 1, -1) != 1)
            continue;
        if (ready.data.fd == reports)
            goes_on = print_reports(client);
        else if (read(ready.data.fd, unused, sizeof unused) > 0 && ready.data.fd == timer)
            file_ticket(client);
        else
            hd_client_begin_close(client, 5000); /* returns at once; print_reports() sees the end */
    }
    hd_client_free(client); /* has nothing left to wait for */
    return 0;
}
