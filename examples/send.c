/* Sends one event to one webhook, waits for the report and prints what became of it. */
#include <helmdesk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For a program as short as this one. A server would log the sentence and go on. */
static void check(int status, const char *step) {
    if (status != HD_OK) {
        fprintf(stderr, "send: %s: %s\n", step, hd_strerror(status));
        exit(1);
    }
}

int main(int argc, char **argv) {
    int local = argc > 1 && strcmp(argv[1], "--local") == 0;
    const char *secret = getenv("HELMDESK_SECRET");
    if (argc != 2 + local || secret == NULL) {
        fputs("usage: HELMDESK_SECRET=... send [--local] URL   (--local: also http://127.0.0.1)\n", stderr);
        return 2;
    }

    /* By default only https and public addresses are allowed. */
    hd_options *options;
    check(hd_options_new(&options), "options");
    if (local)
        check(hd_options_allow_loopback(options), "allow loopback");
    hd_client *client;
    check(hd_client_new(options, &client), "client");
    hd_options_free(options);

    hd_webhook *webhook;
    check(hd_webhook_new(&webhook), "webhook");
    check(hd_webhook_set_project(webhook, "acme"), "project");
    check(hd_webhook_set_url(webhook, argv[1 + local]), "URL");
    check(hd_webhook_set_secret(webhook, secret, strlen(secret)), "secret");
    check(hd_client_put_webhook(client, webhook), "webhook");
    hd_webhook_free(webhook);

    hd_event *event;
    check(hd_event_new(HD_TICKET_CREATED, &event), "event");
    check(hd_event_set(event, HD_FIELD_PROJECT, "acme", HD_TEXT_NUL), "project");
    check(hd_event_set_ticket(event, "t-42", 42, "Can't reset password", "open", "high"), "ticket");
    check(hd_event_set_customer(event, "user@example.com", "Jane Smith"), "customer");
    check(hd_webhook_send(client, event, NULL), "hd_webhook_send"); /* returns at once */
    hd_event_free(event);

    /* A delivery ends after 5 seconds at the latest. */
    hd_report *report;
    check(hd_client_next_report(client, 6000, &report), "report");
    int delivered = hd_report_outcome(report) == HD_OUTCOME_DELIVERED;
    printf("%s: %s\n", hd_outcome_name(hd_report_outcome(report)), hd_report_explanation(report));

    hd_report_free(report);
    hd_client_free(client);
    return delivered ? 0 : 1;
}
