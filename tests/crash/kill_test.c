/* SPDX-License-Identifier: MIT */
/* A helpdesk under load is killed (kill -9) at 200 random moments, each time started again on the same store. Then:
 * what hd_webhook_send() had accepted has arrived at least once and has its one final report; what arrived more than
 * once is marked; the database is intact. */
#include "crash/crash.h"

#include "support/bodies.h"
#include "support/database.h"
#include "support/server.h"
#include "support/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200
#define SENDERS 3
#define LIFE_MS 120 /* at the longest */
#define NUMBERS_MAX ((int64_t)4 * 1000 * 1000)

/* ---- The helpdesk that is killed: kill_test run DIRECTORY URL FIRST ---- */

struct sender {
    hd_client *client;
    int64_t first;
};

/* Writes the number of each event that was accepted to standard output. */
static void *send_for_ever(void *argument) {
    const struct sender *sender = argument;
    for (int64_t number = sender->first;; number += SENDERS) {
        hd_event *event = event_numbered(number);
        if (hd_webhook_send(sender->client, event, NULL) == HD_OK)
            must(write(STDOUT_FILENO, &number, sizeof number) == sizeof number);
        hd_event_free(event);
    }
    return NULL;
}

static int run(const char *directory, const char *url, int64_t first) {
    hd_store *store;
    pthread_t threads[SENDERS];
    struct sender senders[SENDERS];
    hd_client *client = client_with_store(directory, HD_ACCEPT_COMMITTED, &store);
    put(client, "w", url, 16);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){client, first + i};
        must(pthread_create(&threads[i], NULL, send_for_ever, &senders[i]) == 0);
    }
    pause();
    return 0;
}

/* ---- The one that kills ---- */

static char is_accepted[NUMBERS_MAX];
static int64_t next_number = 1;
static uint64_t accepted, random_state;

static pid_t start(const char *program, const char *directory, const char *url, int out) {
    char first[32];
    (void)snprintf(first, sizeof first, "%lld", (long long)next_number);
    pid_t child = fork();
    must(child >= 0);
    if (child > 0)
        return child;
    dup2(out, STDOUT_FILENO);
    execl(program, program, "run", directory, url, first, (char *)NULL);
    _exit(127);
}

static void note_accepted(int in) {
    int64_t number;
    while (read(in, &number, sizeof number) == sizeof number) {
        must(number > 0 && number < NUMBERS_MAX && !is_accepted[number]);
        is_accepted[number] = 1;
        accepted++;
        if (number >= next_number)
            next_number = number + 1;
    }
    next_number += SENDERS; /* what was under way may be in the store */
}

static void kill_once(const char *program, const char *directory, const char *url) {
    int ends[2];
    must(pipe(ends) == 0);
    pid_t child = start(program, directory, url, ends[1]);
    close(ends[1]);
    sleep_ms(1 + (long)random_below(&random_state, LIFE_MS));
    must(kill(child, SIGKILL) == 0);
    note_accepted(ends[0]); /* a pipe keeps what was written */
    close(ends[0]);
    int status;
    must(waitpid(child, &status, 0) == child);
    must(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- What is found then ---- */

struct arrival {
    char id[40];
    int64_t number;
};

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct arrival *)a)->id, ((const struct arrival *)b)->id);
}

static int64_t number_in(const char *body) {
    const char *at = strstr(body, "\"number\":");
    must(at != NULL);
    return strtoll(at + 9, NULL, 10);
}

static struct arrival *arrivals_of(struct server *server, size_t *count) {
    *count = server_requests(server);
    struct arrival *arrivals = calloc(*count + 1, sizeof *arrivals);
    must(arrivals != NULL);
    for (size_t i = 0; i < *count; i++) {
        const struct request *request = server_request(server, i);
        (void)snprintf(arrivals[i].id, sizeof arrivals[i].id, "%s", request_header(request, "X-Helmdesk-Delivery"));
        arrivals[i].number = number_in(request->body);
    }
    qsort(arrivals, *count, sizeof *arrivals, by_id);
    return arrivals;
}

/* How often a delivery arrived. */
static size_t times_arrived(const struct arrival *arrivals, size_t count, const char *id) {
    struct arrival wanted = {.number = 0};
    (void)snprintf(wanted.id, sizeof wanted.id, "%s", id);
    const struct arrival *at = bsearch(&wanted, arrivals, count, sizeof *arrivals, by_id);
    if (at == NULL)
        return 0;
    while (at > arrivals && strcmp(at[-1].id, id) == 0)
        at--;
    size_t times = 0;
    while (at + times < arrivals + count && strcmp(at[times].id, id) == 0)
        times++;
    return times;
}

struct findings {
    uint64_t reports, repeated, marked, unmarked, lost;
};

/* Goes through the log: each delivery once, delivered, and arrived. */
static void check_log(hd_client *client, const struct arrival *arrivals, size_t count, struct findings *findings) {
    static char is_logged[NUMBERS_MAX];
    hd_log_page *page = NULL;
    char cursor[64] = "";
    do {
        must(hd_log_query(client, NULL, *cursor ? cursor : NULL, 1000, &page) == HD_OK);
        for (size_t i = 0; i < hd_log_page_count(page); i++) {
            const hd_report *report = hd_log_page_at(page, i);
            int64_t number = hd_event_ticket_number(hd_report_event(report));
            size_t times = times_arrived(arrivals, count, hd_report_delivery_id(report));
            must(hd_report_outcome(report) == HD_OUTCOME_DELIVERED);
            must(number > 0 && number < NUMBERS_MAX && !is_logged[number]);
            must(times >= 1);
            is_logged[number] = 1;
            findings->reports++;
            findings->marked += hd_report_may_be_repeated(report) != 0;
            findings->repeated += times > 1;
            findings->unmarked += times > 1 && !hd_report_may_be_repeated(report);
        }
        (void)snprintf(cursor, sizeof cursor, "%s", hd_log_page_cursor(page) ? hd_log_page_cursor(page) : "");
        hd_log_page_free(page);
    } while (*cursor);
    for (int64_t number = 1; number < NUMBERS_MAX; number++)
        findings->lost += is_accepted[number] && !is_logged[number];
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "run") == 0)
        return run(argv[2], argv[3], strtoll(argv[4], NULL, 10));
    char directory[64], url[128];
    struct server *server = server_start();
    struct findings findings = {0};
    hd_store *store;
    size_t count;
    must(server != NULL);
    make_directory(directory);
    (void)server_url(server, "/ok", url, sizeof url);
    for (int round = 0; round < ROUNDS; round++)
        kill_once(argv[0], directory, url);
    hd_client *client = client_with_store(directory, HD_ACCEPT_FAST, &store);
    must(hd_client_flush(client, 10 * PATIENCE_MS) == HD_OK);
    struct arrival *arrivals = arrivals_of(server, &count);
    check_log(client, arrivals, count, &findings);
    hd_client_free(client);
    hd_store_free(store);
    must(ask_database(directory, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
    printf("# %d kills: %llu events accepted, %llu reports, %llu lost\n", ROUNDS, (unsigned long long)accepted,
           (unsigned long long)findings.reports, (unsigned long long)findings.lost);
    printf("# %llu deliveries arrived more than once, %llu of them not marked; %llu marked in all; database intact\n",
           (unsigned long long)findings.repeated, (unsigned long long)findings.unmarked,
           (unsigned long long)findings.marked);
    must(accepted > ROUNDS && findings.lost == 0 && findings.unmarked == 0);
    free(arrivals);
    server_stop(server);
    remove_directory(directory);
    return 0;
}
