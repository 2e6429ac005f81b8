#include "cli/webhook.h"

#include "cli/backoff.h"
#include "cli/output.h"
#include "cli/pause.h"
#include "cli/rate.h"

#include <string.h>

#define HIDDEN "********"

/* "all" is what a new webhook gets: the events of tickets. */
void cli_webhook_events(const hd_webhook *webhook, char text[WEBHOOK_EVENTS_SIZE]) {
    int is_all = 1;
    for (int type = HD_TICKET_CREATED; type < HD_ALERT_FAILING; type++)
        is_all = is_all && hd_webhook_subscribed(webhook, type);
    strcpy(text, is_all ? "all" : "");
    for (int type = is_all ? HD_ALERT_FAILING : HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count();
         type++)
        if (hd_webhook_subscribed(webhook, type)) {
            strcat(text, *text ? "," : "");
            strcat(text, hd_event_type_name(type));
        }
    if (!*text)
        strcpy(text, "none");
}

void cli_webhook_line(const char *name, const char *value) {
    printf("%s%-15s%s ", cli_color(stdout, COLOR_DIM), name, cli_plain(stdout));
    cli_print_text(stdout, value, strlen(value));
    putchar('\n');
}

static void print_number(const char *name, uint32_t number) {
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    cli_webhook_line(name, text);
}

static void print_headers(const hd_webhook *webhook, int reveals) {
    for (size_t i = 0; i < hd_webhook_header_count(webhook); i++) {
        char text[1200];
        snprintf(text, sizeof text, "%s: %s", hd_webhook_header_name(webhook, i),
                 reveals ? hd_webhook_header_value(webhook, i) : HIDDEN);
        cli_webhook_line("header", text);
    }
}

void cli_webhook_print(const hd_webhook *webhook, int reveals) {
    char events[WEBHOOK_EVENTS_SIZE], rate[RATE_SIZE], backoff[BACKOFF_SIZE], pause[PAUSE_SIZE];
    cli_webhook_events(webhook, events);
    cli_rate_text(webhook, rate);
    cli_backoff_text(webhook, backoff);
    cli_pause_text(webhook, pause);
    cli_webhook_line("id", hd_webhook_id(webhook));
    cli_webhook_line("name", hd_webhook_name(webhook));
    cli_webhook_line("project", hd_webhook_project(webhook));
    cli_webhook_line("url", reveals ? hd_webhook_url(webhook) : hd_webhook_masked_url(webhook));
    cli_webhook_line("format", hd_webhook_format(webhook) == HD_FORMAT_SLACK ? "slack" : "json");
    cli_webhook_line("events", events);
    cli_webhook_line("mode", hd_mode_name(hd_webhook_mode(webhook)));
    print_number("attempts", hd_webhook_max_attempts(webhook));
    cli_webhook_line("backoff", backoff);
    print_number("in flight", hd_webhook_max_in_flight(webhook));
    cli_webhook_line("rate", *rate ? rate : "no limit");
    cli_webhook_line("pause", pause);
    cli_webhook_line("ordered", hd_webhook_ordered(webhook) ? "yes" : "no");
    cli_webhook_line("standard", hd_webhook_standard_headers(webhook) ? "yes" : "no");
    print_headers(webhook, reveals);
    if (hd_webhook_client_certificate(webhook))
        cli_webhook_line("certificate", "set");
    if (hd_webhook_staged_secret(webhook, NULL))
        cli_webhook_line("next secret", "staged");
}
