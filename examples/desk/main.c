/* A helpdesk server that shows what libhelmdesk is for: tickets that fire webhooks, and the dashboard at /admin/.
 *
 *   build/helmdesk-desk --demo
 *
 * main.c starts and ends it; server.c speaks HTTP; desk.c handles requests; session.c knows who is signed in; tickets.c
 * is the helpdesk, which sends the events. */
#include "demo.h"
#include "desk.h"
#include "file.h"
#include "options.h"
#include "pages.h"
#include "server.h"

#ifdef HELMDESK_HAS_SQLITE
#include <helmdesk/sqlite.h>
#endif

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_MS 3000 /* for deliveries that are under way at the end */

struct life {
    struct options options;
    struct text store_directory;
    hd_store *store;
    struct desk desk;
    struct demo *demo;
    struct server *server;
    char cookie[40], base[300];
};

static int fail(const char *what, int status) {
    fprintf(stderr, "helmdesk-desk: %s: %s\n", what, hd_strerror(status));
    return 0;
}

/* ---- The store ---- */

static int uses_memory(const struct options *options) {
    return options->store != NULL ? strcmp(options->store, "none") == 0 : options->demo;
}

/* Where programs keep their state (XDG Base Directory Specification). */
static int find_directory(struct life *life) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct text *directory = &life->store_directory;
    if (life->options.store != NULL) {
        text_add(directory, life->options.store);
    } else if (state != NULL && *state == '/') {
        text_add(directory, state);
        text_add(directory, "/helmdesk-desk");
    } else if (home != NULL && *home == '/') {
        text_add(directory, home);
        text_add(directory, "/.local/state/helmdesk-desk");
    } else {
        fputs("helmdesk-desk: there is no home to keep webhooks in: name a directory with --store, or --store none\n",
              stderr);
        return 0;
    }
    if (!directory->failed && life->options.store == NULL)
        file_make_parents(directory->data);
    return !directory->failed;
}

#ifdef HELMDESK_HAS_SQLITE

static int open_store(struct life *life) {
    if (!find_directory(life))
        return 0;
    int status = hd_store_sqlite_open(life->store_directory.data, NULL, 0, &life->store);
    return status == HD_OK || fail(life->store_directory.data, status);
}

#else

static int open_store(struct life *life) {
    (void)find_directory;
    (void)life;
    fputs("helmdesk-desk: it was built without SQLite: add --store none to keep everything in memory\n", stderr);
    return 0;
}

#endif

/* ---- The client ---- */

static int allow_private(hd_options *options) {
    static const char *const networks[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                                           "fc00::/7"};
    int status = hd_options_allow_loopback(options);
    for (size_t i = 0; i < sizeof networks / sizeof *networks && status == HD_OK; i++)
        status = hd_options_allow_network(options, networks[i]);
    return status == HD_OK ? hd_options_allow_ports(options, 1, 1023) : status;
}

static int allow_what_is_asked(hd_options *options, const struct options *given) {
    if (given->allow_private)
        return allow_private(options);
    return given->demo ? hd_options_allow_loopback(options) : HD_OK;
}

/* With the cause, if the store knows it. */
static int fail_client(const struct life *life, int status) {
    char words[256];
    if (hd_store_error(life->store, words, sizeof words) > 0)
        fprintf(stderr, "helmdesk-desk: %s\n", words);
    return fail("the webhooks cannot be started", status);
}

static int make_client(struct life *life) {
    hd_options *options = NULL;
    int status = hd_options_new(&options);
    if (status == HD_OK)
        status = allow_what_is_asked(options, &life->options);
    if (status == HD_OK)
        status = hd_options_set_store(options, life->store);
    if (status == HD_OK)
        status = hd_options_set_shutdown_timeout_ms(options, CLOSE_MS);
    if (status == HD_OK)
        status = hd_client_new(options, &life->desk.client);
    hd_options_free(options);
    return status == HD_OK || fail_client(life, status);
}

/* ---- The desk ---- */

/* Both guards know the same names. */
static int add_host(struct life *life, const char *host) {
    struct guard *guard = &life->desk.guard;
    int status = hd_dashboard_add_host(life->desk.dashboard, host);
    if (status == HD_OK)
        guard->hosts[guard->host_count++] = host;
    return status == HD_OK || fail(host, status);
}

static int is_any_address(const char *host) {
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static int add_hosts(struct life *life) {
    const struct options *options = &life->options;
    int ok = is_any_address(options->host) || strchr(options->host, ':') != NULL || add_host(life, options->host);
    for (size_t i = 0; ok && i < options->public_host_count; i++)
        ok = add_host(life, options->public_hosts[i]);
    return ok;
}

static int make_dashboard(struct life *life) {
    hd_dashboard *dashboard = NULL;
    int status = hd_dashboard_new(life->desk.client, PAGES_MOUNT, &dashboard);
    life->desk.dashboard = dashboard;
    if (status == HD_OK)
        status = hd_dashboard_add_project(dashboard, PAGES_PROJECT);
    if (status == HD_OK)
        status = hd_dashboard_set_home_url(dashboard, "/");
    if (status == HD_OK)
        status = hd_dashboard_set_sign_in_url(dashboard, "/login");
    if (status == HD_OK)
        status = hd_dashboard_set_ticket_url(dashboard, "/#ticket-{number}");
    return status == HD_OK ? add_hosts(life) : fail("the dashboard cannot be made", status);
}

static int make_desk(struct life *life) {
    struct links *links = &life->desk.links;
    life->desk.tickets = tickets_new(life->desk.client, PAGES_PROJECT);
    life->desk.sessions = sessions_new();
    links->sessions = life->desk.sessions;
    links->file = life->options.token_file;
    return (life->desk.tickets != NULL && life->desk.sessions != NULL) || fail("the desk", HD_E_NO_MEMORY);
}

static int start_demo(struct life *life) {
    if (!life->options.demo)
        return 1;
    life->demo = demo_start(life->desk.client, PAGES_PROJECT);
    return life->demo != NULL && demo_fill(life->demo, life->desk.tickets);
}

/* ---- The server ---- */

/* Browsers do not tell cookies apart by port: two desks on one machine need two names. */
static void name_cookie(struct life *life, unsigned int port) {
    life->desk.is_secure = life->options.tls_cert != NULL || life->options.has_proxy;
    snprintf(life->cookie, sizeof life->cookie, "%shelmdesk-%u", life->desk.is_secure ? "__Host-" : "", port);
    life->desk.cookie = life->cookie;
}

/* How people reach it: a proxy has a name and the usual port. */
static void name_base(struct life *life, unsigned int port) {
    const struct options *options = &life->options;
    const char *scheme = life->desk.is_secure ? "https" : "http";
    const char *host = options->public_host_count > 0  ? options->public_hosts[0]
                       : is_any_address(options->host) ? "localhost"
                                                       : options->host;
    int is_v6 = strchr(host, ':') != NULL && *host != '[';
    if (options->has_proxy && options->public_host_count > 0)
        snprintf(life->base, sizeof life->base, "https://%s", host);
    else
        snprintf(life->base, sizeof life->base, "%s://%s%s%s:%u", scheme, is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                 port);
    life->desk.links.base = life->base;
}

static int listen_for_requests(struct life *life) {
    const struct options *options = &life->options;
    struct server_options how = {options->host,    options->port,      options->tls_cert,
                                 options->tls_key, options->has_proxy, guard_headers};
    life->server = server_listen(&how);
    if (life->server == NULL)
        return 0;
    name_cookie(life, server_port(life->server));
    name_base(life, server_port(life->server));
    return 1;
}

static int start_server(struct life *life) {
    struct server_user user = {desk_answer, desk_may_go_on, &life->desk};
    return server_start(life->server, &user);
}

/* ---- Words ---- */

static void say_what_is_on(const struct life *life) {
    const struct options *options = &life->options;
    printf("helmdesk-desk listens on %s/\n", life->base);
    if (life->store == NULL)
        puts("Webhooks and deliveries are in memory, and gone at the end.");
    else
        printf("Webhooks and deliveries are kept in %s\n", life->store_directory.data);
    if (options->allow_private)
        puts(
            "WARNING: --allow-private: webhooks may lead into private networks, and to every service of this machine.");
    else if (options->demo)
        puts("WARNING: --demo: webhooks may lead to this machine from port 1024 on, over http.");
}

static int show_links(struct life *life) {
    struct links *links = &life->desk.links;
    if ((life->options.has_viewer && !links_renew(links, HD_ROLE_VIEWER)) || !links_renew(links, HD_ROLE_ADMIN))
        return 0;
    if (links->file != NULL)
        printf("The sign-in links are in %s\n", links->file);
    return 1;
}

/* ---- Life ---- */

static int start(struct life *life) {
    if (!listen_for_requests(life) || (!uses_memory(&life->options) && !open_store(life)) || !make_client(life) ||
        !make_dashboard(life) || !make_desk(life) || !start_demo(life) || !start_server(life))
        return 0;
    say_what_is_on(life);
    return show_links(life);
}

/* Deliveries that are under way need the demo's receivers, and those need the client. */
static void stop(struct life *life) {
    server_stop(life->server);
    if (life->desk.client != NULL)
        (void)hd_client_close(life->desk.client, CLOSE_MS);
    demo_stop(life->demo);
    hd_dashboard_free(life->desk.dashboard);
    tickets_free(life->desk.tickets);
    sessions_free(life->desk.sessions);
    hd_client_free(life->desk.client);
    hd_store_free(life->store);
    text_free(&life->store_directory);
}

/* Every thread started from here on blocks these signals, so that they wait for sigwait(). If the reader of the output
 * goes away, the desk goes on. */
static void block_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv) {
    static struct life life;
    sigset_t signals;
    int signal_number = 0, status = options_read(&life.options, argc, argv);
    if (status >= 0)
        return status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    block_signals(&signals);
    pthread_mutex_init(&life.desk.links.lock, NULL);
    int has_started = start(&life);
    if (has_started) {
        sigwait(&signals, &signal_number);
        puts("Stopping; once more to stop at once.");
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    }
    stop(&life);
    return has_started ? 0 : 1;
}
