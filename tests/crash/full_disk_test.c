/* SPDX-License-Identifier: MIT */
/* A file system of 6 MB that is filled to the brim under a working client, and freed again: the client says so, begins
 * nothing, goes on by itself, and each event arrives exactly once. Needs the right to mount. */
#define _GNU_SOURCE /* unshare */
#include "crash/crash.h"

#include "support/database.h"
#include "support/server.h"
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define SKIPPED 77
#define EACH 400

static int fill(const char *path) {
    static const char block[4096];
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    must(file >= 0);
    while (write(file, block, sizeof block) > 0)
        continue;
    while (write(file, block, 1) > 0)
        continue;
    close(file);
    return errno;
}

static void send_some(hd_client *client, int64_t first) {
    for (int64_t number = first; number < first + EACH; number++) {
        hd_event *event = event_numbered(number);
        must(hd_webhook_send(client, event, NULL) == HD_OK);
        hd_event_free(event);
    }
}

static int status_becomes(hd_client *client, int is_ok) {
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while ((hd_client_store_status(client) == HD_OK) != is_ok && now_ms() < until_ms)
        sleep_ms(5);
    return (hd_client_store_status(client) == HD_OK) == is_ok;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_different(struct server *server) {
    size_t count = server_requests(server), different = 0;
    const char **ids = calloc(count + 1, sizeof *ids);
    must(ids != NULL);
    for (size_t i = 0; i < count; i++)
        ids[i] = request_header(server_request(server, i), "X-Helmdesk-Delivery");
    qsort(ids, count, sizeof *ids, by_text);
    for (size_t i = 0; i < count; i++)
        different += i == 0 || strcmp(ids[i], ids[i - 1]) != 0;
    free(ids);
    return different;
}

int main(void) {
    char directory[64], url[128], filler[128];
    struct server *server = server_start();
    hd_store *store;
    must(server != NULL);
    make_directory(directory);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", directory, "tmpfs", 0, "size=6m") != 0) {
        printf("a file system cannot be mounted here: %s\n", strerror(errno));
        remove_directory(directory);
        return SKIPPED;
    }
    (void)snprintf(filler, sizeof filler, "%s/filler", directory);
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    put(client, "w", server_url(server, "/delay/2", url, sizeof url), 4);
    send_some(client, 1);
    must(server_wait_requests(server, EACH / 4, PATIENCE_MS)); /* it is filled in the middle of the work */
    must(fill(filler) == ENOSPC);
    int64_t sent = EACH;
    while (hd_client_store_status(client) == HD_OK && sent < 20 * EACH) { /* until the reserve is used up too */
        send_some(client, sent + 1);
        sent += EACH;
        sleep_ms(50);
        (void)fill(filler);
    }
    must(status_becomes(client, 0));
    size_t arrived = server_requests(server);
    sleep_ms(500);
    size_t later = server_requests(server);
    printf("# full after %lld events: %s; %zu had arrived, %zu came in the next 500 ms\n", (long long)sent,
           hd_strerror(hd_client_store_status(client)), arrived, later - arrived);
    must(unlink(filler) == 0);
    must(status_becomes(client, 1));
    must(hd_client_flush(client, 10 * PATIENCE_MS) == HD_OK);
    printf("# freed: %zu requests for %lld events, %zu different\n", server_requests(server), (long long)sent,
           count_different(server));
    must((int64_t)server_requests(server) == sent && (int64_t)count_different(server) == sent);
    must(hd_client_counter(client, HD_COUNTER_DELIVERED) == (uint64_t)sent);
    hd_client_free(client);
    hd_store_free(store);
    must(ask_database(directory, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
    int64_t logged = ask_database(directory, "SELECT count(*) FROM log"); /* it has made room for deliveries */
    must(logged > 0 && logged <= sent);
    must(umount(directory) == 0);
    server_stop(server);
    remove_directory(directory);
    return 0;
}
