/* What the engine calls, and the loop. */
#include "transport/flight.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LOOKUP_CHECK_MS 100
#define CONNECTIONS_DEFAULT_MAX 16384
#define EVENTS_MAX 64                      /* that are handled before results are looked at */
#define REST_US ((int64_t)3 * 1000 * 1000) /* an idle transport gives back what it keeps */
#define HEAD_KEPT ((size_t)4 * 1024)       /* bytes of memory that a flight keeps for the next one */

/* ---- What the engine calls ---- */

static int start_entered(struct hd__ways *ways, struct hd__exchange *exchange) {
    struct hd__flight *flight = hd__flight_new(ways, exchange);
    int status = flight ? hd__flight_begin(flight) : HD_E_NO_MEMORY;
    ways->busy_us = ways->now_us;
    if (status != HD_OK && exchange->head)
        exchange->head->len = 0;
    return status;
}

static int start(struct hd__transport *base, struct hd__exchange *exchange) {
    hd__connect_enter();
    int status = start_entered((struct hd__ways *)base, exchange);
    hd__connect_leave();
    return status;
}

static struct hd__exchange *finished(struct hd__transport *base) {
    return hd__flights_take_ended((struct hd__ways *)base);
}

static void cancel(struct hd__transport *base, struct hd__exchange *exchange) {
    (void)base;
    hd__connect_enter();
    hd__flight_cancel(exchange->transfer);
    hd__connect_leave();
}

/* ---- The loop ---- */

static void take_links(struct hd__ways *ways) {
    struct hd__link *link;
    while ((link = hd__connector_next(ways->connector)))
        hd__flight_take_link(link->owner);
}

static void end_all_late(struct hd__ways *ways) {
    for (struct hd__flight *flight = ways->oldest; flight && hd__flight_deadline_us(flight) <= ways->now_us;
         flight = flight->newer)
        hd__flight_end_late(flight);
}

static int earlier(const struct hd__ways *ways, int timeout_ms, int64_t due_us) {
    int64_t left_ms = due_us == INT64_MAX ? INT64_MAX : (due_us - ways->now_us + 999) / 1000;
    return left_ms < 0 ? 0 : left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

static int is_at_rest(const struct hd__ways *ways) {
    return !ways->oldest && !ways->pool.oldest;
}

/* How long there is nothing to do but on a socket. Threads may become free for a name at any time. */
static int time_to_wait(const struct hd__ways *ways, int timeout_ms) {
    if (ways->first_ended)
        return 0;
    if (ways->looking)
        timeout_ms = timeout_ms < LOOKUP_CHECK_MS ? timeout_ms : LOOKUP_CHECK_MS;
    if (ways->oldest)
        timeout_ms = earlier(ways, timeout_ms, hd__flight_deadline_us(ways->oldest));
    timeout_ms = earlier(ways, timeout_ms, hd__links_due_us(&ways->pool));
    return earlier(ways, timeout_ms, hd__connector_due_us(ways->connector));
}

static void look_at_clock(struct hd__ways *ways) {
    ways->now_us = hd__monotonic_us(&hd__system_clock);
}

/* What is due, and what that has brought. */
static void run(struct hd__ways *ways) {
    hd__flights_follow_lookups(ways);
    hd__connector_run(ways->connector, ways->now_us);
    take_links(ways);
}

static void handle(struct hd__ways *ways, const struct hd__socket_event *events, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct hd__watcher *watcher = hd__poller_user(ways->poller, events[i].fd);
        if (watcher) /* else an earlier event has closed it */
            watcher->ready(watcher, events[i].fd, events[i].events);
    }
}

static void wait_for(struct hd__transport *base, int timeout_ms) {
    struct hd__ways *ways = (struct hd__ways *)base;
    struct hd__socket_event events[EVENTS_MAX];
    look_at_clock(ways);
    hd__connect_enter();
    run(ways);
    hd__connect_leave();
    size_t count = hd__poller_wait(ways->poller, time_to_wait(ways, timeout_ms), events, EVENTS_MAX);
    look_at_clock(ways);
    hd__connect_enter();
    handle(ways, events, count);
    run(ways);
    end_all_late(ways);
    hd__links_expire(&ways->pool, ways->now_us);
    if (!is_at_rest(ways))
        ways->busy_us = ways->now_us;
    else if (ways->now_us - ways->busy_us >= REST_US)
        hd__connector_rest(ways->connector);
    hd__connect_leave();
}

static void wake(struct hd__transport *base) {
    hd__poller_wake(((struct hd__ways *)base)->poller);
}

static void wake_from_resolver(void *user) {
    wake(user);
}

/* ---- Life ---- */

static void free_transport(struct hd__transport *base) {
    struct hd__ways *ways = (struct hd__ways *)base;
    if (ways->resolver)
        hd__resolver_free(ways->resolver);
    hd__flights_free_unused(ways);
    hd__connect_enter();
    hd__links_destroy(&ways->pool);
    if (ways->connector)
        hd__connector_free(ways->connector);
    hd__connect_leave();
    if (ways->poller)
        hd__poller_free(ways->poller);
    free(ways->user_agent);
    free(ways);
}

static uint32_t default_connections(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / 2 > CONNECTIONS_DEFAULT_MAX)
        return CONNECTIONS_DEFAULT_MAX;
    return limit.rlim_cur < 4 ? 2 : (uint32_t)(limit.rlim_cur / 2);
}

static int set_up(struct hd__ways *ways, const struct hd__transport_config *config) {
    ways->base = (struct hd__transport){start, finished, wait_for, wake, cancel, free_transport};
    ways->timeout_ms = config->timeout_ms;
    ways->pins = config->pins;
    ways->policy = config->policy;
    ways->proxy = config->proxy;
    look_at_clock(ways);
    ways->user_agent = strdup(config->user_agent);
    ways->resolver =
        hd__resolver_new(config->proxy ? NULL : config->policy, &hd__system_clock, wake_from_resolver, ways);
    uint32_t kept = config->max_connections ? config->max_connections : default_connections();
    if (!ways->user_agent || !ways->resolver || hd__links_init(&ways->pool, kept) != HD_OK)
        return HD_E_NO_MEMORY;
    ways->poller = hd__poller_new();
    if (!ways->poller)
        return HD_E_TRANSPORT;
    const struct hd__connector_config connector = {
        .poller = ways->poller,
        .policy = config->policy,
        .proxy = config->proxy,
        .ca_file = config->ca_file,
        .identity = config->identity,
        .certificate_file = config->certificate_file,
        .key_file = config->key_file,
    };
    ways->connector = hd__connector_new(&connector);
    return ways->connector ? HD_OK : HD_E_NO_MEMORY;
}

int hd__transport_new(const struct hd__transport_config *config, struct hd__transport **transport) {
    int status = hd__connect_prepare(config->proxy);
    if (status != HD_OK)
        return status;
    struct hd__ways *ways = calloc(1, sizeof *ways);
    if (!ways)
        return HD_E_NO_MEMORY;
    status = set_up(ways, config);
    if (status == HD_OK)
        *transport = &ways->base;
    else
        free_transport(&ways->base);
    return status;
}
