/* SPDX-License-Identifier: MIT */
/* A store that waits: what an idle client costs, and when it sees what another process has put in. */
#include "crash/crash.h"
#include "figures.h"
#include "store_parts.h"

#include "support/server.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Nothing happens ---- */

void measure_idle(const struct urls *urls) {
    enum {
        SECONDS = 10
    };
    char directory[64];
    hd_store *store;
    make_directory(directory);
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    put(client, "w0", urls->ok, 4);
    sleep_ms(1500);
    int64_t before_us = cpu_us();
    sleep_ms(SECONDS * 1000);
    say("idle_cpu", (double)(cpu_us() - before_us) / (double)SECONDS, "us/s");
    end_client(client);
    hd_store_free(store);
    remove_directory(directory);
}

/* ---- Another process puts events in ---- */

#define OTHERS 50
#define PAUSE_MS 80 /* and up to as much again */

/* The number of each event is the time at which it was sent. */
void send_as_other(const char *directory) {
    hd_store *store;
    must(hd_store_sqlite_open(directory, NULL, 0, &store) == HD_OK);
    hd_options *options = options_with_store(store);
    must(hd_options_set_role(options, HD_CLIENT_ACCEPT) == HD_OK);
    hd_client *client = client_for_tests(options);
    for (int i = 0; i < OTHERS; i++) {
        sleep_ms(PAUSE_MS + rand() % PAUSE_MS);
        hd_event *event = event_numbered(now_ms());
        must(hd_webhook_send(client, event, NULL) == HD_OK);
        hd_event_free(event);
    }
    end_client(client);
    hd_store_free(store);
}

static int64_t number_in(const char *body) {
    const char *at = strstr(body, "\"number\":");
    must(at != NULL);
    return strtoll(at + 9, NULL, 10);
}

static void say_waits(struct server *server) {
    int64_t took_ms[OTHERS];
    for (size_t i = 0; i < OTHERS; i++) {
        const struct request *request = server_request(server, i);
        took_ms[i] = request->arrived_ms - number_in(request->body);
    }
    say("other_process_p50", (double)percentile(took_ms, OTHERS, 0.5), "ms");
    say("other_process_max", (double)percentile(took_ms, OTHERS, 1), "ms");
}

void measure_others(const struct urls *urls) {
    char directory[64], url[128];
    hd_store *store;
    int status;
    (void)urls;
    make_directory(directory);
    struct server *server = server_start();
    must(server != NULL);
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    put(client, "w0", server_url(server, "/ok", url, sizeof url), 4);
    pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "store", "others", directory, (char *)NULL);
        _exit(127);
    }
    must(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    must(server_wait_requests(server, OTHERS, PATIENCE_MS));
    say_waits(server);
    end_client(client);
    hd_store_free(store);
    server_stop(server);
    remove_directory(directory);
}
