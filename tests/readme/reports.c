/* SPDX-License-Identifier: MIT */
/** @file reports.c Runs README's loop over reports, with one report of an address that is not allowed. */
#include "block.c"

int main(void) {
    hd_options *options;
    hd_client *client;
    hd_webhook *webhook;
    hd_event *event;
    if (hd_options_new(&options) != HD_OK || hd_options_resolve(options, "example.com", 0, "127.0.0.1") != HD_OK ||
        hd_client_new(options, &client) != HD_OK || hd_webhook_new(&webhook) != HD_OK ||
        hd_webhook_set_project(webhook, "acme") != HD_OK ||
        hd_webhook_set_url(webhook, "https://example.com/") != HD_OK ||
        hd_client_put_webhook(client, webhook) != HD_OK || hd_event_new_sample(HD_TICKET_CREATED, &event) != HD_OK ||
        hd_event_set(event, HD_FIELD_PROJECT, "acme", HD_TEXT_NUL) != HD_OK ||
        hd_webhook_send(client, event, NULL) != HD_OK || hd_client_flush(client, 10000) != HD_OK)
        return 1;
    print_reports(client);
    hd_event_free(event);
    hd_webhook_free(webhook);
    hd_options_free(options);
    hd_client_free(client);
    return 0;
}
