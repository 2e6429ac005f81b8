/* SPDX-License-Identifier: MIT */
/** @file process_test.c What the library does to its process: exit, fork, exec, signals, unloading. Rows of table 3F.
 */
#define _DEFAULT_SOURCE /* SO_DOMAIN */
#include "scenario.h"
#include "support/bodies.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORK_ROUNDS 50
#define FORK_WEBHOOKS 4

/* ------------------------------------------------------------------------------------------------------------------
 * 88: the process ends without closing its client
 */

/* Sends for a random 0 to 20 ms, in half of the runs after a first delivery, so that handshakes and transfers of all
 * stages are under way, and ends. Connections may be kept: those that are reset have others follow them. */
static int end_in_flight(const char *scheme) {
    uint64_t random = place.number;
    struct timespec pause = {.tv_nsec = 250000};
    hd_client *client = client_here(scheme, "/delay/2", 4);
    put_here(client, "reset", scheme, "/reset");
    put_here(client, "reset-too", scheme, "/reset");
    send_tickets(client, 2);
    if (place.number % 4 < 2)
        require_eventually(counter(client, HD_COUNTER_DELIVERED) > 0);
    int64_t end = now_ms() + (int64_t)random_below(&random, 21);
    do {
        send_tickets(client, 2);
        (void)nanosleep(&pause, NULL);
    } while (now_ms() < end);
    if (place.number % 2 == 0)
        return 0; /* from main() */
    exit(0);
}

static int exit_with_https(void) {
    return end_in_flight("https");
}

static int exit_with_http(void) {
    return end_in_flight("http");
}

static void test_row_88_exit_with_https_in_flight(void **state) {
    (void)state;
    uint64_t before = https_requests();
    assert_scenarios("exit_with_https", volume(300));
    assert_true(https_requests() > before); /* there was something in flight */
}

static void test_row_88_exit_with_http_in_flight(void **state) {
    (void)state;
    assert_scenarios("exit_with_http", volume(50));
}

/* ------------------------------------------------------------------------------------------------------------------
 * 86: fork, exec, daemon()
 */

/* The child can send nothing, and its exit() neither hangs nor ends what the parent has under way. */
static void fork_and_exit(hd_client *client, int round) {
    (void)fflush(NULL);
    pid_t child = fork();
    require(child >= 0);
    if (child == 0) {
        hd_event *event = event_for_tests(HD_TICKET_CREATED, PROJECT, 1);
        require(hd_webhook_send(client, event, NULL) == HD_E_FORKED);
        hd_event_free(event);
        if (round % 2 == 0)
            hd_client_free(client);
        exit(0);
    }
    require(wait_for_child(child, PATIENCE_MS) == 0);
}

static int forks(void) {
    hd_client *client = client_here("https", "/delay/5", FORK_WEBHOOKS);
    fork_and_exit(client, 0);
    fork_and_exit(client, 1);
    for (int i = 0; i < FORK_ROUNDS; i++) {
        send_tickets(client, 2);
        fork_and_exit(client, i);
    }
    flush(client);
    fork_and_exit(client, 0);
    fork_and_exit(client, 1);
    require(counter(client, HD_COUNTER_DELIVERED) == 2 * FORK_ROUNDS * FORK_WEBHOOKS);
    require(hd_client_close(client, PATIENCE_MS) == HD_OK);
    hd_client_free(client);
    return 0;
}

static void test_row_86_forked_children_exit(void **state) {
    (void)state;
    uint64_t before = https_requests();
    assert_scenario("forks", 0);
    assert_int_equal(https_requests() - before, 2 * FORK_ROUNDS * FORK_WEBHOOKS);
}

/* As after daemon(): a grandchild in a session of its own, with a client of its own beside the one it inherited. */
static void run_daemon(hd_client *inherited, int answer) {
    (void)alarm(2 * PATIENCE_MS / 1000); /* nobody waits for it */
    hd_client *client = client_here("https", "/ok", 1);
    put_here(client, "plain", "http", "/ok");
    send_tickets(client, 2);
    flush(client);
    bool delivered = counter(client, HD_COUNTER_DELIVERED) == 4;
    hd_client_free(client);
    hd_client_free(inherited);
    require(write(answer, delivered ? "y" : "n", 1) == 1);
    exit(0);
}

static void fork_twice(hd_client *client, int answer) {
    pid_t child = fork();
    require(child >= 0);
    if (child == 0) {
        require(setsid() > 0);
        pid_t grandchild = fork();
        if (grandchild == 0)
            run_daemon(client, answer);
        _exit(grandchild < 0);
    }
    require(wait_for_child(child, PATIENCE_MS) == 0);
}

/* The deliveries of the daemon end well, whatever the parent's worker was doing at the moment of the fork. */
static void require_daemon_delivers(hd_client *client) {
    int ends[2];
    char answer = 0;
    require(pipe(ends) == 0);
    fork_twice(client, ends[1]);
    require(close(ends[1]) == 0);
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    require(poll(&readable, 1, PATIENCE_MS / 3) == 1); /* else a delivery of it hangs, though each has 5 s */
    require(read(ends[0], &answer, 1) == 1);
    require(answer == 'y');
    require(close(ends[0]) == 0);
}

/* Forks within the first milliseconds, in which much happens for the first time, and under locks. */
static int daemon_early(void) {
    uint64_t random = place.number;
    struct timespec pause = {.tv_nsec = (long)random_below(&random, 8000000)};
    hd_client *client = client_here("https", "/reset", 3);
    put_here(client, "good", "https", "/ok");
    (void)fflush(NULL);
    send_tickets(client, 4);
    (void)nanosleep(&pause, NULL);
    require_daemon_delivers(client);
    flush(client);
    require(counter(client, HD_COUNTER_DELIVERED) == 4);
    require(counter(client, HD_COUNTER_FAILED) == 12);
    end_client(client);
    return 0;
}

static void test_row_86_daemons_make_clients(void **state) {
    (void)state;
    assert_scenarios("daemon_early", volume(50));
}

/* What a program started by exec has inherited, beyond the first three: sockets of AF_UNIX, and 16 times all others. */
static int descriptors(void) {
    int pairs = 0;
    int others = 0;
    for (int fd = 3; fd < 4096; fd++) {
        int domain = 0;
        socklen_t size = sizeof domain;
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX)
            pairs++;
        else
            others++;
    }
    return (pairs < 15 ? pairs : 15) + 16 * (others < 15 ? others : 15);
}

static int inherited(void) {
    int status = wait_for_child(start_scenario("descriptors", 0), PATIENCE_MS);
    assert_true(status != HUNG && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The most that of many programs, started while deliveries are under way, any has inherited. */
static void most_inherited(hd_client *client, int *pairs, int *others) {
    *pairs = *others = 0;
    for (int i = 0; i < 40; i++) {
        send_tickets(client, 2);
        int now = inherited();
        *pairs = now % 16 > *pairs ? now % 16 : *pairs;
        *others = now / 16 > *others ? now / 16 : *others;
    }
}

/* No connection survives exec. libcurl 7.88 makes its own socket pairs without close-on-exec: one to be woken by. */
static void test_row_86_exec_inherits_no_connection(void **state) {
    (void)state;
    int pairs;
    int others;
    int before = inherited();
    hd_client *client = client_here("https", "/delay/5", 4);
    put_here(client, "plain", "http", "/delay/5");
    most_inherited(client, &pairs, &others);
    end_client(client);
    (void)printf("# exec inherits    %d connections, %d descriptors of libcurl's socket pairs\n", others - before / 16,
                 pairs - before % 16);
    assert_int_equal(others, before / 16);
    assert_true(pairs - before % 16 <= 2);
}

/* libcurl also makes a pair for each name that is being looked up. */
static void test_row_86_exec_during_lookups(void **state) {
    (void)state;
    int pairs;
    int others;
    int before = inherited();
    hd_client *client = client_for_tests(options_here());
    put_webhook(client, webhook_for_tests(WEBHOOK, PROJECT, "https://nowhere.invalid/"));
    most_inherited(client, &pairs, &others);
    end_client(client);
    (void)printf("# ... in lookups   %d connections, %d descriptors of libcurl's socket pairs\n", others - before / 16,
                 pairs - before % 16);
    assert_int_equal(others, before / 16);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 87: signals
 */

static const int stormy[] = {SIGPIPE, SIGTERM, SIGCHLD, SIGALRM};
static pthread_t main_thread;
static atomic_uint signals_taken;
static atomic_uint signals_astray; /* on another thread than main's */

static void take_signal(int number) {
    (void)number;
    (void)atomic_fetch_add(pthread_equal(pthread_self(), main_thread) ? &signals_taken : &signals_astray, 1);
}

static void read_actions(struct sigaction actions[65]) {
    memset(actions, 0, 65 * sizeof actions[0]);
    for (int number = 1; number <= 64; number++)
        (void)sigaction(number, NULL, &actions[number]);
}

static void require_same_actions(struct sigaction before[65]) {
    struct sigaction now[65];
    read_actions(now);
    for (int number = 1; number <= 64; number++)
        require(now[number].sa_handler == before[number].sa_handler && now[number].sa_flags == before[number].sa_flags);
}

static void handle_storm(void) {
    struct sigaction action = {.sa_handler = take_signal}; /* without SA_RESTART: calls are interrupted */
    main_thread = pthread_self();
    for (size_t i = 0; i < LENGTH_OF(stormy); i++)
        require(sigaction(stormy[i], &action, NULL) == 0);
}

static void set_timer(suseconds_t interval_us) {
    struct itimerval timer = {.it_interval = {.tv_usec = interval_us}, .it_value = {.tv_usec = interval_us}};
    require(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static hd_client *client_for_resets(void) {
    hd_client *client = client_here("https", "/reset", 2);
    put_here(client, "plain-reset", "http", "/reset");
    put_here(client, "good", "https", "/ok");
    return client;
}

/* Every event ends in four reports, one of them good. */
static void require_all_reported(hd_client *client, uint64_t events) {
    require_eventually(hd_client_flush(client, 1000) == HD_OK);
    require(counter(client, HD_COUNTER_DELIVERED) == events);
    require(counter(client, HD_COUNTER_FAILED) == events * 3);
}

/* The program has not touched SIGPIPE: a receiver that resets its connections does not end it. */
static int resets_without_handler(void) {
    struct sigaction before[65];
    read_actions(before);
    hd_client *client = client_for_resets();
    send_tickets(client, 100);
    require_all_reported(client, 100);
    require_same_actions(before);
    end_client(client);
    require_same_actions(before);
    return 0;
}

static int signal_storm(void) {
    const int events = 300;
    struct sigaction before[65];
    handle_storm();
    read_actions(before);
    hd_client *client = client_for_resets();
    set_timer(1000);
    for (int i = 1; i <= events; i++) {
        (void)send_ticket(client, i);
        for (size_t j = 0; j < LENGTH_OF(stormy); j++)
            (void)kill(getpid(), stormy[j]);
        sleep_ms(1);
    }
    require_all_reported(client, (uint64_t)events);
    require(hd_client_close(client, PATIENCE_MS) == HD_OK);
    set_timer(0);
    hd_client_free(client);
    require_same_actions(before);
    (void)printf("# signals          %u taken by the program's thread, %u by another\n", atomic_load(&signals_taken),
                 atomic_load(&signals_astray));
    require(atomic_load(&signals_astray) == 0 && atomic_load(&signals_taken) >= 4);
    return 0;
}

static void test_row_87_resets_raise_no_sigpipe(void **state) {
    (void)state;
    assert_scenario("resets_without_handler", 0);
}

static void test_row_87_signal_storm(void **state) {
    (void)state;
    assert_scenario("signal_storm", 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * 91: the shared library is loaded and unloaded
 */

/* What a plugin would find by name. */
struct library {
    void *handle;
    int (*options_new)(hd_options **);
    void (*options_free)(hd_options *);
    int (*options_allow_network)(hd_options *, const char *);
    int (*options_allow_ports)(hd_options *, uint16_t, uint16_t);
    int (*options_set_ca_file)(hd_options *, const char *);
    int (*client_new)(const hd_options *, hd_client **);
    int (*client_put_webhook)(hd_client *, const hd_webhook *);
    int (*client_flush)(hd_client *, uint32_t);
    uint64_t (*client_counter)(hd_client *, int);
    void (*client_free)(hd_client *);
    int (*webhook_new)(hd_webhook **);
    int (*webhook_set_project)(hd_webhook *, const char *);
    int (*webhook_set_url)(hd_webhook *, const char *);
    void (*webhook_free)(hd_webhook *);
    int (*send)(hd_client *, hd_event *, uint64_t *);
    int (*event_new_sample)(int, hd_event **);
    int (*event_set)(hd_event *, int, const char *, size_t);
    void (*event_free)(hd_event *);
};

/* POSIX lets a function be taken out of a pointer to void, C does not. */
static void find(const struct library *library, const char *name, void *function) {
    void *found = dlsym(library->handle, name);
    require(found != NULL);
    memcpy(function, &found, sizeof found);
}

static struct library load(void) {
    char path[4096];
    struct library library;
    (void)snprintf(path, sizeof path, "%s/libhelmdesk.so", getenv("BUILD"));
    library.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(library.handle != NULL);
    find(&library, "hd_options_new", &library.options_new);
    find(&library, "hd_options_free", &library.options_free);
    find(&library, "hd_options_allow_network", &library.options_allow_network);
    find(&library, "hd_options_allow_ports", &library.options_allow_ports);
    find(&library, "hd_options_set_ca_file", &library.options_set_ca_file);
    find(&library, "hd_client_new", &library.client_new);
    find(&library, "hd_client_put_webhook", &library.client_put_webhook);
    find(&library, "hd_client_flush", &library.client_flush);
    find(&library, "hd_client_counter", &library.client_counter);
    find(&library, "hd_client_free", &library.client_free);
    find(&library, "hd_webhook_new", &library.webhook_new);
    find(&library, "hd_webhook_set_project", &library.webhook_set_project);
    find(&library, "hd_webhook_set_url", &library.webhook_set_url);
    find(&library, "hd_webhook_free", &library.webhook_free);
    find(&library, "hd_webhook_send", &library.send);
    find(&library, "hd_event_new_sample", &library.event_new_sample);
    find(&library, "hd_event_set", &library.event_set);
    find(&library, "hd_event_free", &library.event_free);
    return library;
}

static hd_client *open_loaded(const struct library *library) {
    char url[64];
    hd_options *options = NULL;
    hd_client *client = NULL;
    hd_webhook *webhook = NULL;
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/delay/2", place.https_port);
    require(library->options_new(&options) == HD_OK);
    require(library->options_allow_network(options, "127.0.0.0/8") == HD_OK);
    require(library->options_allow_ports(options, 1024, 65535) == HD_OK);
    require(library->options_set_ca_file(options, place.ca_file) == HD_OK);
    require(library->client_new(options, &client) == HD_OK);
    library->options_free(options);
    require(library->webhook_new(&webhook) == HD_OK);
    require(library->webhook_set_project(webhook, PROJECT) == HD_OK);
    require(library->webhook_set_url(webhook, url) == HD_OK);
    require(library->client_put_webhook(client, webhook) == HD_OK);
    library->webhook_free(webhook);
    return client;
}

static void send_loaded(const struct library *library, hd_client *client, int count) {
    hd_event *event = NULL;
    require(library->event_new_sample(HD_TICKET_CREATED, &event) == HD_OK);
    require(library->event_set(event, HD_FIELD_PROJECT, PROJECT, HD_TEXT_NUL) == HD_OK);
    for (int i = 0; i < count; i++)
        require(library->send(client, event, NULL) == HD_OK);
    library->event_free(event);
}

static int load_and_unload(void) {
    if (getenv("BUILD") == NULL)
        return SCENARIO_SKIPPED;
    for (int i = 0; i < 50; i++) {
        struct library library = load();
        hd_client *client = open_loaded(&library);
        send_loaded(&library, client, 4);
        require(library.client_flush(client, PATIENCE_MS) == HD_OK);
        require(library.client_counter(client, HD_COUNTER_DELIVERED) == 4);
        library.client_free(client);
        require(dlclose(library.handle) == 0);
    }
    return 0;
}

/* A plugin that was unloaded with its client open, in a process that then ends. */
static int unload_in_flight(void) {
    uint64_t random = place.number;
    if (getenv("BUILD") == NULL)
        return SCENARIO_SKIPPED;
    struct library library = load();
    hd_client *client = open_loaded(&library);
    send_loaded(&library, client, 50);
    require(dlclose(library.handle) == 0);
    sleep_ms((long)random_below(&random, 21));
    return 0;
}

static void test_row_91_load_and_unload(void **state) {
    (void)state;
    assert_scenario("load_and_unload", 0);
}

static void test_row_91_unload_with_an_open_client(void **state) {
    (void)state;
    if (getenv("BUILD") == NULL)
        skip();
    assert_scenarios("unload_in_flight", volume(30));
}

int main(int count, char **arguments) {
    static const struct scenario scenarios[] = {
        {"exit_with_https", exit_with_https},
        {"exit_with_http", exit_with_http},
        {"forks", forks},
        {"daemon_early", daemon_early},
        {"descriptors", descriptors},
        {"resets_without_handler", resets_without_handler},
        {"signal_storm", signal_storm},
        {"load_and_unload", load_and_unload},
        {"unload_in_flight", unload_in_flight},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_86_forked_children_exit),
        cmocka_unit_test(test_row_86_daemons_make_clients),
        cmocka_unit_test(test_row_86_exec_inherits_no_connection),
        cmocka_unit_test(test_row_86_exec_during_lookups),
        cmocka_unit_test(test_row_87_resets_raise_no_sigpipe),
        cmocka_unit_test(test_row_87_signal_storm),
        cmocka_unit_test(test_row_88_exit_with_https_in_flight),
        cmocka_unit_test(test_row_88_exit_with_http_in_flight),
        cmocka_unit_test(test_row_91_load_and_unload),
        cmocka_unit_test(test_row_91_unload_with_an_open_client),
    };
    if (count > 1)
        return run_scenario(arguments, scenarios, LENGTH_OF(scenarios));
    return cmocka_run_group_tests(tests, start_receivers, stop_receivers);
}
