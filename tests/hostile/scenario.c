/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "outside.h"
#include "support/bodies.h"

#include <signal.h>
#include <sys/wait.h>

#define SCENARIO_PATIENCE_MS 120000
#define END_PATIENCE_MS 20000
#define LONG_ENDINGS_MAX 2 /* what hangs or gives up after a while need not be waited for more often */

struct place place;

static struct outside *http_receiver;
static struct outside *https_receiver;

int start_receivers(void **state) {
    (void)state;
    http_receiver = outside_start(1);
    https_receiver = outside_start_tls();
    place.http_port = outside_port(http_receiver, 0);
    place.https_port = outside_port(https_receiver, 0);
    place.ca_file = outside_ca_file(https_receiver);
    return 0;
}

int stop_receivers(void **state) {
    (void)state;
    outside_stop(http_receiver);
    outside_stop(https_receiver);
    return 0;
}

uint64_t http_requests(void) {
    return outside_requests(http_receiver);
}

uint64_t https_requests(void) {
    return outside_requests(https_receiver);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

int run_scenario(char **arguments, const struct scenario *scenarios, size_t count) {
    const char *name = arguments[1];
    place.http_port = atoi(arguments[2]);
    place.https_port = atoi(arguments[3]);
    place.ca_file = arguments[4];
    place.number = strtoull(arguments[5], NULL, 10);
    for (size_t i = 0; i < count; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return scenarios[i].run();
    (void)fprintf(stderr, "there is no scenario %s\n", name);
    return 2;
}

pid_t start_scenario(const char *name, uint64_t number) {
    char http_port[16];
    char https_port[16];
    char text[32];
    (void)snprintf(http_port, sizeof http_port, "%d", place.http_port);
    (void)snprintf(https_port, sizeof https_port, "%d", place.https_port);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)execl("/proc/self/exe", "scenario", name, http_port, https_port, place.ca_file, text, (char *)NULL);
        _exit(127);
    }
    return child;
}

int wait_for_child(pid_t child, int patience_ms) {
    int status = 0;
    int64_t end = now_ms() + patience_ms;
    pid_t got;
    while ((got = waitpid(child, &status, WNOHANG)) == 0 && now_ms() < end)
        sleep_ms(1);
    if (got == child)
        return status;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return HUNG;
}

void assert_scenario(const char *name, uint64_t number) {
    pid_t child = start_scenario(name, number);
    assert_true(child > 0);
    int status = wait_for_child(child, SCENARIO_PATIENCE_MS);
    if (status == HUNG)
        fail_msg("scenario %s hung", name);
    if (WIFSIGNALED(status))
        fail_msg("scenario %s was ended by signal %d", name, WTERMSIG(status));
    if (WEXITSTATUS(status) == SCENARIO_SKIPPED)
        skip();
    if (WEXITSTATUS(status) != 0)
        fail_msg("scenario %s ended with %d", name, WEXITSTATUS(status));
}

/* How often what happened, in many runs. */
struct endings {
    size_t crashed;
    size_t hung;
    size_t wrong; /* another exit status than 0 */
    int64_t slowest_ms;
};

static void add_ending(struct endings *endings, int status, int64_t took_ms) {
    if (status == HUNG)
        endings->hung++;
    else if (WIFSIGNALED(status))
        endings->crashed++;
    else if (WEXITSTATUS(status) != 0)
        endings->wrong++;
    if (took_ms > endings->slowest_ms)
        endings->slowest_ms = took_ms;
}

void assert_scenarios(const char *name, size_t runs) {
    struct endings endings = {0};
    size_t run = 0;
    for (; run < runs && endings.hung + endings.wrong < LONG_ENDINGS_MAX; run++) {
        int64_t begin = now_ms();
        int status = wait_for_child(start_scenario(name, run), END_PATIENCE_MS);
        add_ending(&endings, status, now_ms() - begin);
    }
    (void)printf("# %-18s %zu runs: %zu crashed, %zu hung, %zu with another status; slowest %lld ms\n", name, run,
                 endings.crashed, endings.hung, endings.wrong, (long long)endings.slowest_ms);
    assert_int_equal(endings.crashed, 0);
    assert_int_equal(endings.hung, 0);
    assert_int_equal(endings.wrong, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Clients
 */

hd_options *options_here(void) {
    hd_options *options = options_for_tests();
    assert_int_equal(hd_options_set_ca_file(options, place.ca_file), HD_OK);
    assert_int_equal(hd_options_set_shutdown_timeout_ms(options, 50), HD_OK);
    return options;
}

void put_here(hd_client *client, const char *id, const char *scheme, const char *path) {
    char url[256];
    int port = strcmp(scheme, "https") == 0 ? place.https_port : place.http_port;
    (void)snprintf(url, sizeof url, "%s://127.0.0.1:%d%s", scheme, port, path);
    put_webhook(client, webhook_for_tests(id, PROJECT, url));
}

hd_client *client_here(const char *scheme, const char *path, int webhooks) {
    hd_client *client = client_for_tests(options_here());
    for (int i = 0; i < webhooks; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "webhook-%d", i);
        put_here(client, id, scheme, path);
    }
    return client;
}

void send_tickets(hd_client *client, int count) {
    for (int i = 1; i <= count; i++)
        (void)send_ticket(client, i);
}
