#include "crash/crash.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must_be(int holds, const char *what, const char *file, int line) {
    if (holds)
        return;
    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    exit(1);
}

hd_client *client_with_store(const char *directory, int accept_mode, hd_store **store) {
    must(hd_store_sqlite_open(directory, NULL, 0, store) == HD_OK);
    hd_options *options = options_with_store(*store);
    must(hd_options_set_accept_mode(options, accept_mode) == HD_OK);
    return client_for_tests(options);
}

void put(hd_client *client, const char *id, const char *url, uint32_t max_in_flight) {
    hd_webhook *webhook = NULL;
    must(hd_webhook_new(&webhook) == HD_OK);
    must(hd_webhook_set_id(webhook, id) == HD_OK);
    must(hd_webhook_set_project(webhook, "p") == HD_OK);
    must(hd_webhook_set_url(webhook, url) == HD_OK);
    must(hd_webhook_set_secret(webhook, "secret", 6) == HD_OK);
    must(hd_webhook_set_max_in_flight(webhook, max_in_flight) == HD_OK);
    must(hd_client_put_webhook(client, webhook) == HD_OK);
    hd_webhook_free(webhook);
}

hd_event *event_numbered(int64_t number) {
    hd_event *event = NULL;
    must(hd_event_new(HD_TICKET_CREATED, &event) == HD_OK);
    must(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL) == HD_OK);
    must(hd_event_set_ticket(event, "ticket", number, "Can't reset password", "open", "high") == HD_OK);
    must(hd_event_set_customer(event, "user@example.com", "Jane Smith") == HD_OK);
    return event;
}

size_t resident_kib(void) {
    char line[256];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    must(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    (void)fclose(file);
    return kib;
}
