#include "crash/crash.h"

#include "support/support.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

void must_be(int holds, const char *what, const char *file, int line) {
    if (holds)
        return;
    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    exit(1);
}

hd_client *client_with_store(const char *directory, int accept_mode, hd_store **store) {
    hd_client *client = NULL;
    hd_options *options = NULL;
    must(hd_store_sqlite_open(directory, NULL, 0, store) == HD_OK);
    must(hd_options_new(&options) == HD_OK);
    must(hd_options_allow_http(options, 1) == HD_OK);
    must(hd_options_allow_network(options, "127.0.0.0/8") == HD_OK);
    must(hd_options_allow_ports(options, 1024, 65535) == HD_OK);
    must(hd_options_set_store(options, *store) == HD_OK);
    must(hd_options_set_accept_mode(options, accept_mode) == HD_OK);
    must(hd_client_new(options, &client) == HD_OK);
    hd_options_free(options);
    return client;
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

hd_event *event_of(int64_t number) {
    hd_event *event = NULL;
    must(hd_event_new(HD_TICKET_CREATED, &event) == HD_OK);
    must(hd_event_set_project(event, "p") == HD_OK);
    must(hd_event_set_ticket(event, "ticket", number, "Can't reset password", "open", "high") == HD_OK);
    must(hd_event_set_customer(event, "user@example.com", "Jane Smith") == HD_OK);
    return event;
}

static sqlite3 *open_database(const char *directory) {
    char path[512];
    sqlite3 *database = NULL;
    (void)snprintf(path, sizeof path, "%s/helmdesk.db", directory);
    must(sqlite3_open(path, &database) == SQLITE_OK);
    return database;
}

int64_t ask_database(const char *directory, const char *question) {
    sqlite3 *database = open_database(directory);
    sqlite3_stmt *statement = NULL;
    must(sqlite3_prepare_v2(database, question, -1, &statement, NULL) == SQLITE_OK);
    must(sqlite3_step(statement) == SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    must(sqlite3_close(database) == SQLITE_OK);
    return answer;
}

void change_database(const char *directory, const char *statements) {
    char *error = NULL;
    sqlite3 *database = open_database(directory);
    if (sqlite3_exec(database, statements, NULL, NULL, &error) != SQLITE_OK)
        (void)fprintf(stderr, "%s\n", error);
    must(error == NULL);
    must(sqlite3_close(database) == SQLITE_OK);
}
