/* SPDX-License-Identifier: MIT */
/** @file store.c Runs README's store: a webhook is there when the directory is opened again. */
#include "block.c"

#include <stdio.h>

int main(int argc, char **argv) {
    hd_client *client;
    hd_webhook *webhook;
    if (argc != 2 || make_client(argv[1], &client) != HD_OK || hd_webhook_new(&webhook) != HD_OK ||
        hd_webhook_set_id(webhook, "kept") != HD_OK || hd_webhook_set_project(webhook, "acme") != HD_OK ||
        hd_webhook_set_url(webhook, "https://example.com/") != HD_OK || hd_client_put_webhook(client, webhook) != HD_OK)
        return 1;
    hd_webhook_free(webhook);
    hd_client_free(client);
    if (make_client(argv[1], &client) != HD_OK || hd_client_get_webhook(client, "kept", &webhook) != HD_OK)
        return 1;
    printf("store: %s\n", hd_webhook_id(webhook));
    hd_webhook_free(webhook);
    hd_client_free(client);
    return 0;
}
