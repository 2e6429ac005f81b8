/* SPDX-License-Identifier: MIT */
/* A million deliveries wait, 999,000 of them for a webhook that never answers: the client starts at once, the others
 * get theirs, and memory stays small. Prints the figures; it fails only if something does not arrive or memory grows.
 */
#include "crash/crash.h"

#include "support/database.h"
#include "support/server.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS 100
#define EACH 10
#define DEAD 999000
#define MEMORY_MAX_KIB (160 * 1024)

/* The webhooks by way of a client, the backlog by way of SQL: a copy of one event for each row. */
static void build(const char *directory, struct server *server) {
    char url[128], id[32], statements[2048];
    hd_store *store;
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    put(client, "dead", server_url(server, "/hang", url, sizeof url), 4);
    for (int i = 0; i < OTHERS; i++) {
        (void)snprintf(id, sizeof id, "other-%d", i);
        put(client, id, server_url(server, "/ok", url, sizeof url), 4);
    }
    hd_event *event = event_numbered(1);
    char body[1024];
    must(hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, NULL) == HD_OK);
    hd_event_free(event);
    hd_client_free(client);
    hd_store_free(store);
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '-';
    (void)snprintf(
        statements, sizeof statements,
        "BEGIN;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        "INSERT INTO event SELECT i, randomblob(16), 1, 0, 'p', i, 1, NULL, '', CAST('%s' AS BLOB) FROM n;"
        "INSERT INTO outbox SELECT e.key, CASE WHEN e.key <= %d THEN (SELECT key FROM webhook WHERE id = 'dead') "
        "ELSE (SELECT key FROM webhook WHERE id = 'other-' || (e.key %% %d)) END, 0, e.key, randomblob(16), 0, 0 "
        "FROM event e;"
        "UPDATE state SET next_row = %d, next_event = %d, waiting = %d;"
        "COMMIT;",
        DEAD + OTHERS * EACH, body, DEAD, OTHERS, DEAD + OTHERS * EACH + 1, DEAD + OTHERS * EACH + 1,
        DEAD + OTHERS * EACH);
    change_database(directory, statements);
}

int main(void) {
    char directory[64];
    struct server *server = server_start();
    hd_store *store;
    must(server != NULL);
    make_directory(directory);
    build(directory, server);
    must(ask_database(directory, "SELECT count(*) FROM outbox") == DEAD + OTHERS * EACH);

    size_t before_kib = resident_kib();
    int64_t begun_ms = now_ms();
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    int64_t started_ms = now_ms();
    must(server_wait_requests(server, 1, PATIENCE_MS));
    int64_t first_ms = now_ms();
    while (server_requests_at(server, "/ok") < OTHERS * EACH && now_ms() - begun_ms < PATIENCE_MS)
        sleep_ms(2);
    int64_t others_ms = now_ms();
    size_t after_kib = resident_kib();
    must(server_requests_at(server, "/ok") == OTHERS * EACH);
    must(hd_client_counter(client, HD_COUNTER_STORED) >= DEAD - 100);
    printf("# 1,000,000 deliveries in the store, %d of a webhook that never answers: started in %lld ms, first request "
           "after %lld ms, the others' %d delivered after %lld ms\n",
           DEAD, (long long)(started_ms - begun_ms), (long long)(first_ms - begun_ms), OTHERS * EACH,
           (long long)(others_ms - begun_ms));
    printf("# resident memory: %zu KiB before, %zu KiB then\n", before_kib, after_kib);
    must(after_kib - before_kib < MEMORY_MAX_KIB);
    (void)hd_client_close(client, 0);
    hd_client_free(client);
    hd_store_free(store);
    server_stop(server);
    remove_directory(directory);
    return 0;
}
