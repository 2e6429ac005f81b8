/* SPDX-License-Identifier: MIT */
/* Four processes on one store: two deliver, one only accepts, one changes webhooks and sends again. For a minute one of
 * them is killed (kill -9) every 300 ms and started again. Then: what was accepted has arrived and has its one final
 * report at each webhook; what arrived more than once is marked, and did so after a kill; the events of a ticket
 * arrived in order where that was asked for; no webhook ever had more requests at once than its limit. SECONDS in the
 * environment makes it shorter. */
#include "crash/crash.h"

#include "support/bodies.h"
#include "support/database.h"
#include "support/server.h"
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define OPERATOR 3
#define DURATION_S 60
#define PAUSE_MS 300
#define WEBHOOKS 6
#define FILLERS 40 /* webhooks in between, so that each process that delivers has some of the others */
#define ORDERED 0  /* which of them keeps the order of tickets */
#define CHANGED 2  /* whose settings change */
#define LIMIT 4
#define SKEW_MS 5000 /* what requests may be out of the order of their arrival */
#define TICKETS 4    /* of each life of a process */
#define LIVES_MAX 4096
#define LATE_MS 100 /* the receiver may hear so late of what was sent */

static const int roles[PROCESSES] = {HD_CLIENT_DELIVER, HD_CLIENT_DELIVER, HD_CLIENT_ACCEPT, HD_CLIENT_OPERATE};

/* An event that was accepted. */
struct accepted {
    char id[HD_ID_SIZE];
    char deliveries;
    char unused[2];
};

/* ------------------------------------------------------------------------------------------------------------------
 * A process: many_test run DIRECTORY URL WHICH LIFE
 */

/* Its requests tell the receiver which life of which process they are from. */
static hd_client *join(const char *directory, int role, const char *life, hd_store **store) {
    hd_client *client = NULL;
    must(hd_store_sqlite_open(directory, NULL, 0, store) == HD_OK);
    hd_options *options = options_with_store(*store);
    must(hd_options_set_role(options, role) == HD_OK);
    must(hd_options_set_accept_mode(options, HD_ACCEPT_COMMITTED) == HD_OK);
    must(hd_options_set_user_agent(options, life) == HD_OK);
    must(hd_client_new(options, &client) == HD_OK);
    hd_options_free(options);
    return client;
}

static hd_webhook *make_webhook(const char *url, int index) {
    char id[32], path[256];
    hd_webhook *webhook = NULL;
    (void)snprintf(id, sizeof id, "webhook-%d", index);
    (void)snprintf(path, sizeof path, "%s/%d", url, index);
    must(hd_webhook_new(&webhook) == HD_OK);
    must(hd_webhook_set_id(webhook, id) == HD_OK);
    must(hd_webhook_set_project(webhook, "p") == HD_OK);
    must(hd_webhook_set_url(webhook, path) == HD_OK);
    must(hd_webhook_set_max_in_flight(webhook, LIMIT) == HD_OK);
    must(hd_webhook_set_ordered(webhook, index == ORDERED) == HD_OK);
    return webhook;
}

static void say_accepted(const char *id, int deliveries) {
    struct accepted accepted = {.deliveries = (char)deliveries};
    memcpy(accepted.id, id, HD_ID_SIZE);
    must(write(STDOUT_FILENO, &accepted, sizeof accepted) == sizeof accepted);
}

/* Events of a few tickets, one after the other, so that each ticket's have an order. */
static void send_for_ever(hd_client *client, int which, const char *life) {
    char ticket[64], id[HD_ID_SIZE];
    for (int64_t number = 1;; number++) {
        hd_event *event = NULL;
        (void)snprintf(ticket, sizeof ticket, "t-%d-%s-%d", which, life, (int)(number % TICKETS));
        must(hd_event_new(HD_TICKET_CREATED, &event) == HD_OK);
        must(hd_event_set(event, HD_FIELD_PROJECT, "p", HD_TEXT_NUL) == HD_OK);
        must(hd_event_set_ticket(event, ticket, number, "A ticket", "open", "high") == HD_OK);
        must(hd_event_set_customer(event, "user@example.com", "Jane Smith") == HD_OK);
        if (hd_webhook_send(client, event, id) == HD_OK)
            say_accepted(id, WEBHOOKS);
        hd_event_free(event);
        sleep_ms(10);
    }
}

/* The newest delivery of the webhook that is changed. */
static void send_one_again(hd_client *client, const hd_log_filter *filter) {
    char id[HD_ID_SIZE];
    hd_log_page *page = NULL;
    if (hd_log_query(client, filter, NULL, 1, &page) != HD_OK)
        return;
    if (hd_log_page_count(page) > 0 &&
        hd_client_redeliver(client, hd_report_delivery_id(hd_log_page_at(page, 0)), id) == HD_OK)
        say_accepted(id, 1);
    hd_log_page_free(page);
}

/* Other limits, held for a moment and on again, another name; a delivery that is made again; a test, for which the
 * webhook's limit holds as well. */
static void operate_for_ever(hd_client *client, const char *url) {
    static const int modes[] = {HD_MODE_ON, HD_MODE_HELD, HD_MODE_ON, HD_MODE_ON};
    char name[32];
    hd_log_filter *filter = NULL;
    hd_report *report = NULL;
    must(hd_log_filter_new(&filter) == HD_OK);
    must(hd_log_filter_add_webhook(filter, "webhook-2") == HD_OK);
    must(hd_log_filter_set_tests(filter, HD_TESTS_EXCLUDED) == HD_OK);
    for (int round = 0;; round++) {
        hd_webhook *webhook = make_webhook(url, CHANGED);
        (void)snprintf(name, sizeof name, "round %d", round);
        must(hd_webhook_set_name(webhook, name) == HD_OK);
        must(hd_webhook_set_max_in_flight(webhook, (uint32_t)(1 + round % LIMIT)) == HD_OK);
        must(hd_webhook_set_mode(webhook, modes[round % 4]) == HD_OK);
        (void)hd_client_put_webhook(client, webhook);
        hd_webhook_free(webhook);
        send_one_again(client, filter);
        if (round % 5 == 0 && hd_client_test(client, "webhook-2", HD_TICKET_CREATED, 1000, &report) == HD_OK)
            hd_report_free(report);
        sleep_ms(20);
    }
}

static int run(char **argv) {
    hd_store *store = NULL;
    int which = atoi(argv[4]);
    hd_client *client = join(argv[2], roles[which], argv[5], &store);
    if (which == OPERATOR)
        operate_for_ever(client, argv[3]);
    send_for_ever(client, which, argv[5]);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The one that kills
 */

static char directory[64], url[128];
static struct server *server;
static const char *program;

static struct {
    pid_t pid;
    int from;
    int life;
} processes[PROCESSES];

struct killing {
    int64_t begin_ms, end_ms;
};

static struct accepted *accepted;
static size_t accepted_count, accepted_size;
static struct killing *kills;
static size_t kill_count;
static int64_t killed_ms[LIVES_MAX]; /* each life of a process; 0 for not */
static uint64_t random_state = 1;

static void *grow(void *items, size_t *size, size_t item) {
    *size = *size ? *size * 2 : 1024;
    void *grown = realloc(items, *size * item);
    must(grown != NULL);
    return grown;
}

static void start(int which) {
    static int life;
    int ends[2];
    char which_text[16], life_text[16];
    (void)snprintf(which_text, sizeof which_text, "%d", which);
    (void)snprintf(life_text, sizeof life_text, "%d", ++life);
    must(life < LIVES_MAX);
    must(pipe(ends) == 0);
    must(fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
    must(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "run", directory, url, which_text, life_text, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    processes[which].pid = child;
    processes[which].life = life;
    processes[which].from = ends[0];
}

static void hear(int which) {
    struct accepted one;
    while (read(processes[which].from, &one, sizeof one) == sizeof one) {
        if (accepted_count == accepted_size)
            accepted = grow(accepted, &accepted_size, sizeof *accepted);
        accepted[accepted_count++] = one;
    }
}

static void kill_one(int which) {
    static size_t size;
    int status;
    int64_t begin_ms = now_ms();
    must(kill(processes[which].pid, SIGKILL) == 0);
    must(waitpid(processes[which].pid, &status, 0) == processes[which].pid);
    must(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it had not ended by itself */
    if (kill_count == size)
        kills = grow(kills, &size, sizeof *kills);
    kills[kill_count++] = (struct killing){begin_ms, now_ms()};
    killed_ms[processes[which].life] = begin_ms;
    hear(which);
    (void)close(processes[which].from);
}

static void kill_for(int64_t duration_ms) {
    int64_t until_ms = now_ms() + duration_ms;
    for (int i = 0; i < PROCESSES; i++)
        start(i);
    while (now_ms() < until_ms) {
        for (int waited_ms = 0; waited_ms < PAUSE_MS; waited_ms += 20) {
            sleep_ms(20);
            for (int i = 0; i < PROCESSES; i++)
                hear(i);
        }
        int which = (int)random_below(&random_state, PROCESSES);
        kill_one(which);
        start(which);
    }
    for (int i = 0; i < PROCESSES; i++)
        kill_one(i);
}

static void set_up(void) {
    hd_store *store = NULL;
    hd_client *client = join(directory, HD_CLIENT_ACCEPT, "0", &store);
    for (int i = 0; i < WEBHOOKS + FILLERS; i++) {
        int is_filler = i >= WEBHOOKS / 2 && i < WEBHOOKS / 2 + FILLERS;
        hd_webhook *webhook = make_webhook(url, i < WEBHOOKS / 2 ? i : is_filler ? i + 1000 : i - FILLERS);
        if (is_filler)
            must(hd_webhook_set_project(webhook, "nothing") == HD_OK);
        must(hd_client_put_webhook(client, webhook) == HD_OK);
        hd_webhook_free(webhook);
    }
    hd_client_free(client);
    hd_store_free(store);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is found then
 */

struct arrival {
    char delivery[HD_ID_SIZE];
    int64_t at_ms;
    int is_marked; /* in the log */
};

struct ended {
    char event[HD_ID_SIZE];
    char delivery[HD_ID_SIZE];
    int is_marked;
};

static struct arrival *arrivals;
static struct ended *ends;
static size_t arrival_count, end_count;

static int by_delivery_and_time(const void *a, const void *b) {
    const struct arrival *x = a, *y = b;
    int order = strcmp(x->delivery, y->delivery);
    return order ? order : (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static int by_event(const void *a, const void *b) {
    const struct ended *x = a, *y = b;
    int order = strcmp(x->event, y->event);
    return order ? order : strcmp(x->delivery, y->delivery);
}

static int by_end_of_delivery(const void *a, const void *b) {
    return strcmp(((const struct ended *)a)->delivery, ((const struct ended *)b)->delivery);
}

static void read_arrivals(void) {
    arrival_count = server_requests(server);
    arrivals = calloc(arrival_count + 1, sizeof *arrivals);
    must(arrivals != NULL);
    for (size_t i = 0; i < arrival_count; i++) {
        const struct request *request = server_request(server, i);
        (void)snprintf(arrivals[i].delivery, HD_ID_SIZE, "%s", request_header(request, "X-Helmdesk-Delivery"));
        arrivals[i].at_ms = request->arrived_ms;
    }
    qsort(arrivals, arrival_count, sizeof *arrivals, by_delivery_and_time);
}

/* Each delivery ends once, delivered. */
static void read_log(hd_client *client) {
    static size_t size;
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    char cursor[64] = "";
    must(hd_log_filter_new(&filter) == HD_OK);
    do {
        must(hd_log_query(client, filter, *cursor ? cursor : NULL, 1000, &page) == HD_OK);
        for (size_t i = 0; i < hd_log_page_count(page); i++) {
            const hd_report *report = hd_log_page_at(page, i);
            if (hd_report_outcome(report) == HD_OUTCOME_RETRYING) /* of an owner that had lost it */
                continue;
            must(hd_report_outcome(report) == HD_OUTCOME_DELIVERED);
            if (end_count == size)
                ends = grow(ends, &size, sizeof *ends);
            struct ended *end = &ends[end_count++];
            (void)snprintf(end->event, HD_ID_SIZE, "%s", hd_report_event_id(report));
            (void)snprintf(end->delivery, HD_ID_SIZE, "%s", hd_report_delivery_id(report));
            end->is_marked = hd_report_may_be_repeated(report);
        }
        (void)snprintf(cursor, sizeof cursor, "%s", hd_log_page_cursor(page) ? hd_log_page_cursor(page) : "");
        hd_log_page_free(page);
    } while (*cursor);
    hd_log_filter_free(filter);
}

/* Of what was accepted, how many deliveries have no report, or more than one. */
static void count_lost(size_t *lost, size_t *surplus) {
    qsort(ends, end_count, sizeof *ends, by_event);
    *lost = *surplus = 0;
    for (size_t i = 1; i < end_count; i++)
        *surplus += by_event(&ends[i - 1], &ends[i]) == 0;
    for (size_t i = 0; i < accepted_count; i++) {
        size_t low = 0, high = end_count, found = 0;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (strcmp(ends[middle].event, accepted[i].id) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        while (low + found < end_count && strcmp(ends[low + found].event, accepted[i].id) == 0)
            found++;
        *lost += found < (size_t)accepted[i].deliveries ? (size_t)accepted[i].deliveries - found : 0;
        *surplus += found > (size_t)accepted[i].deliveries ? found - (size_t)accepted[i].deliveries : 0;
    }
}

static int was_kill_between(int64_t from_ms, int64_t to_ms) {
    for (size_t i = 0; i < kill_count; i++)
        if (kills[i].end_ms >= from_ms - 5 * LATE_MS && kills[i].begin_ms <= to_ms)
            return 1;
    return 0;
}

/* Of what arrived more than once: how many, how many of them are not marked, how many without a kill. */
static void count_repeated(size_t *repeated, size_t *unmarked, size_t *unexplained) {
    *repeated = *unmarked = *unexplained = 0;
    qsort(ends, end_count, sizeof *ends, by_end_of_delivery);
    for (size_t i = 1; i < arrival_count; i++) {
        if (strcmp(arrivals[i - 1].delivery, arrivals[i].delivery) != 0)
            continue;
        struct ended wanted = {.is_marked = 0};
        memcpy(wanted.delivery, arrivals[i].delivery, HD_ID_SIZE);
        const struct ended *end = bsearch(&wanted, ends, end_count, sizeof *ends, by_end_of_delivery);
        must(end != NULL);
        ++*repeated;
        *unmarked += !end->is_marked;
        *unexplained += !was_kill_between(arrivals[i - 1].at_ms, arrivals[i].at_ms);
    }
}

struct place {
    char ticket[64];
    int64_t number;
};

/* How often an event of a ticket arrived after a later one of it. */
static size_t count_out_of_order(void) {
    static struct place places[65536];
    char path[32];
    size_t wrong = 0;
    (void)snprintf(path, sizeof path, "/delay/5/%d", ORDERED);
    for (size_t i = 0; i < server_requests(server); i++) {
        const struct request *request = server_request(server, i);
        char ticket[64] = "";
        const char *id = strstr(request->body, "\"id\":\"t-");
        const char *number = strstr(request->body, "\"number\":");
        if (strcmp(request->path, path) != 0 || !id || !number)
            continue;
        (void)snprintf(ticket, sizeof ticket, "%.*s", (int)strcspn(id + 6, "\""), id + 6);
        struct place *place = &places[number_of_id(ticket) % 65536];
        while (*place->ticket && strcmp(place->ticket, ticket) != 0)
            place = place == &places[65535] ? places : place + 1;
        memcpy(place->ticket, ticket, sizeof ticket);
        int64_t is = strtoll(number + 9, NULL, 10);
        wrong += is < place->number;
        place->number = is > place->number ? is : place->number;
    }
    return wrong;
}

/* Whether whoever sent a request had been killed by a time. */
static int is_of_the_dead(const struct request *request, int64_t at_ms) {
    const char *life = request_header(request, "User-Agent");
    int64_t killed = killed_ms[strtoul(life, NULL, 10) % LIVES_MAX];
    return killed > 0 && killed <= at_ms;
}

/* Whether a request was with the receiver at a time: one that a killed process left behind does not count, however late
 * the receiver hears of its end. */
static int is_there(const struct request *request, int64_t at_ms) {
    return request->arrived_ms <= at_ms && !is_of_the_dead(request, at_ms) &&
           (request->answered_ms == 0 || request->answered_ms > at_ms);
}

/* The most requests that a webhook had at once. They are listed in the order in which the receiver began to read them,
 * which is nearly that of their arrival. */
static size_t count_at_once(int webhook) {
    char path[32];
    size_t most = 0;
    (void)snprintf(path, sizeof path, "/delay/5/%d", webhook);
    size_t count = server_requests(server), first = 0;
    for (size_t i = 0; i < count; i++) {
        const struct request *request = server_request(server, i);
        int64_t at_ms = request->arrived_ms;
        size_t at_once = 0;
        if (strcmp(request->path, path) != 0)
            continue;
        while (first < i && server_request(server, first)->arrived_ms < at_ms - SKEW_MS)
            first++;
        for (size_t k = first; k < count && server_request(server, k)->arrived_ms < at_ms + SKEW_MS; k++)
            at_once += strcmp(server_request(server, k)->path, path) == 0 && is_there(server_request(server, k), at_ms);
        most = at_once > most ? at_once : most;
    }
    return most;
}

static void check(void) {
    size_t lost, surplus, repeated, unmarked, unexplained, most = 0;
    read_arrivals();
    count_lost(&lost, &surplus);
    count_repeated(&repeated, &unmarked, &unexplained);
    size_t wrong = count_out_of_order();
    for (int i = 0; i < WEBHOOKS; i++) {
        size_t at_once = count_at_once(i);
        most = at_once > most ? at_once : most;
    }
    printf(
        "# %zu kills of %d processes: %zu events accepted, %zu deliveries ended, %zu arrived; %zu lost, %zu too many\n",
        kill_count, PROCESSES, accepted_count, end_count, arrival_count, lost, surplus);
    printf("# %zu arrived again, %zu of them not marked, %zu without a kill; %zu out of order; at most %zu at once of "
           "%d\n",
           repeated, unmarked, unexplained, wrong, most, LIMIT);
    must(accepted_count > kill_count);
    must(lost == 0 && surplus == 0 && unmarked == 0 && unexplained == 0 && wrong == 0 && most <= LIMIT);
}

int main(int argc, char **argv) {
    const char *seconds = getenv("SECONDS");
    hd_store *store = NULL;
    program = argv[0];
    if (argc == 6 && strcmp(argv[1], "run") == 0)
        return run(argv);
    server = server_start();
    must(server != NULL);
    make_directory(directory);
    (void)server_url(server, "/delay/5", url, sizeof url);
    set_up();
    kill_for((seconds ? atoi(seconds) : DURATION_S) * 1000);
    hd_client *client = join(directory, HD_CLIENT_DELIVER, "0", &store);
    hd_webhook *webhook = make_webhook(url, CHANGED);
    must(hd_client_put_webhook(client, webhook) == HD_OK); /* which may be held */
    hd_webhook_free(webhook);
    must(hd_client_flush(client, 10 * PATIENCE_MS) == HD_OK);
    read_log(client);
    hd_client_free(client);
    hd_store_free(store);
    check();
    must(ask_database(directory, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
    must(ask_database(directory, "SELECT count(*) FROM outbox") == 0);
    server_stop(server);
    remove_directory(directory);
    free(accepted);
    free(arrivals);
    free(ends);
    free(kills);
    return 0;
}
