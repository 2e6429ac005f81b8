/* The way of an exchange: a name is looked up, a connection is found or made, the talk begins; and it ends, at its
 * deadline at the latest. */
#include "transport/flight.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_KEPT ((size_t)4 * 1024) /* bytes of memory that a flight keeps for the next one */

/* ---- Lists ---- */

static void link_to(struct hd__flight **list, struct hd__flight *flight) {
    flight->previous = NULL;
    flight->next = *list;
    if (*list)
        (*list)->previous = flight;
    *list = flight;
}

static void unlink_from(struct hd__flight **list, struct hd__flight *flight) {
    *(flight->previous ? &flight->previous->next : list) = flight->next;
    if (flight->next)
        flight->next->previous = flight->previous;
}

static void link_ended(struct hd__ways *ways, struct hd__flight *flight) {
    flight->next = NULL;
    flight->previous = ways->last_ended;
    *(ways->last_ended ? &ways->last_ended->next : &ways->first_ended) = flight;
    ways->last_ended = flight;
}

static void unlink_ended(struct hd__ways *ways, struct hd__flight *flight) {
    *(flight->previous ? &flight->previous->next : &ways->first_ended) = flight->next;
    *(flight->next ? &flight->next->previous : &ways->last_ended) = flight->previous;
}

static void set_deadline(struct hd__ways *ways, struct hd__flight *flight) {
    flight->newer = NULL;
    flight->older = ways->newest;
    *(ways->newest ? &ways->newest->newer : &ways->oldest) = flight;
    ways->newest = flight;
}

static void clear_deadline(struct hd__ways *ways, struct hd__flight *flight) {
    *(flight->older ? &flight->older->newer : &ways->oldest) = flight->newer;
    *(flight->newer ? &flight->newer->older : &ways->newest) = flight->older;
}

int64_t hd__flight_deadline_us(const struct hd__flight *flight) {
    return flight->started_us + (int64_t)flight->ways->timeout_ms * 1000;
}

/* ---- Flights ---- */

struct hd__flight *hd__flight_new(struct hd__ways *ways, struct hd__exchange *exchange) {
    struct hd__flight *flight = ways->unused;
    if (flight)
        unlink_from(&ways->unused, flight);
    else
        flight = calloc(1, sizeof *flight);
    if (!flight)
        return NULL;
    flight->ways = ways;
    flight->exchange = exchange;
    exchange->transfer = flight;
    flight->started_us = hd__monotonic_us(&hd__system_clock);
    set_deadline(ways, flight);
    return flight;
}

/* Also forgets what it was used for: the head of the request holds keys. */
static void give_back(struct hd__flight *flight) {
    struct hd__ways *ways = flight->ways;
    struct hd__buffer head = flight->head;
    clear_deadline(ways, flight);
    if (flight->origin)
        hd__origin_release(&ways->pool, flight->origin);
    if (head.data)
        hd__wipe(head.data, head.len);
    hd__buffer_clear(&head, HEAD_KEPT);
    *flight = (struct hd__flight){.ways = ways, .head = head};
    link_to(&ways->unused, flight);
}

static uint32_t to_ms(int64_t us) {
    return us > 0 ? (uint32_t)((us + 500) / 1000) : 0;
}

/* As of the last look at the clock, which may have been before the start. */
static uint32_t spent_ms(const struct hd__flight *flight) {
    return to_ms(flight->ways->now_us - flight->started_us);
}

static void take_times(const struct hd__flight *flight) {
    struct hd__exchange *exchange = flight->exchange;
    exchange->dns_ms = flight->looked_up_ms;
    if (flight->link && !flight->is_kept) {
        exchange->connect_ms = flight->link->connect_ms;
        exchange->tls_ms = flight->link->tls_ms;
        exchange->certificate_until_s = hd__link_certificate_until_s(flight->link);
    }
    if (flight->answered_us)
        exchange->wait_ms = to_ms(flight->answered_us - flight->talking_us);
    exchange->total_ms = spent_ms(flight);
}

static void close_link(struct hd__ways *ways, struct hd__link *link) {
    struct hd__origin *origin = link->origin;
    hd__link_close(link);
    hd__origin_release(&ways->pool, origin);
}

/* ---- Connections that idle ---- */

static void idle_ready(struct hd__watcher *watcher, int fd, int events) {
    struct hd__link *link = (struct hd__link *)watcher;
    struct hd__ways *ways = link->owner;
    (void)fd, (void)events;
    if (!hd__link_is_quiet(link))
        hd__links_lost(&ways->pool, link, ways->now_us);
}

static void keep_link(struct hd__ways *ways, struct hd__link *link) {
    link->watcher.ready = idle_ready;
    link->owner = ways;
    hd__poller_watch(ways->poller, link->fd, HD__POLLER_READ, &link->watcher);
    hd__links_put(&ways->pool, link, ways->now_us);
}

static void let_link_go(struct hd__flight *flight) {
    struct hd__ways *ways = flight->ways;
    struct hd__link *link = flight->link;
    flight->link = NULL;
    if (!link)
        return;
    if (flight->is_reusable && !flight->exchange->fresh) {
        if (flight->http.idle_s >= 0)
            hd__origin_keeps(link->origin, (uint32_t)flight->http.idle_s);
        keep_link(ways, link);
    } else {
        close_link(ways, link);
    }
}

/* ---- The end ---- */

static int is_of_proxy(int reason) {
    return reason >= HD_REASON_PROXY_FAILED && reason <= HD_REASON_PROXY_GATEWAY;
}

/* What a connection knows of its end goes with it. A proxy is named, by host and port. */
static const char *keep_detail(const struct hd__flight *flight, int reason, const char *detail) {
    struct hd__exchange *exchange = flight->exchange;
    const int status = flight->link ? flight->link->proxy_status : 0;
    if (is_of_proxy(reason))
        (void)snprintf(exchange->said, sizeof exchange->said, status ? "the proxy %.90s %s (%d)" : "the proxy %.90s %s",
                       flight->ways->proxy->authority, detail, status);
    else if (*detail && flight->link && detail == flight->link->detail)
        (void)snprintf(exchange->said, sizeof exchange->said, "%s", detail);
    else
        return detail;
    return exchange->said;
}

void hd__flight_end(struct hd__flight *flight, int reason, const char *detail) {
    struct hd__exchange *exchange = flight->exchange;
    if (flight->stage == HD__STAGE_ENDED)
        return;
    exchange->reason = reason;
    exchange->detail = keep_detail(flight, reason, detail);
    take_times(flight);
    if (flight->link)
        memcpy(exchange->remote_address, flight->link->remote_address, sizeof exchange->remote_address);
    let_link_go(flight);
    flight->stage = HD__STAGE_ENDED;
    link_ended(flight->ways, flight);
}

/* ---- The way to a connection ---- */

static void took(struct hd__flight *flight, struct hd__link *link, int is_kept) {
    flight->link = link;
    flight->is_kept = is_kept;
    link->owner = flight;
}

/* The name of what is connected to, the proxy or the receiver, and its port; NULL if an address is known instead. */
static const char *host_of(const struct hd__flight *flight, uint16_t *port) {
    const struct hd__proxy *proxy = flight->ways->proxy;
    const struct hd__url_parts *parts = flight->exchange->parts;
    *port = proxy ? proxy->port : parts->port;
    return proxy ? proxy->host : parts->host;
}

/* What libcurl is told instead of looking up the name itself. The plus lets that age. */
static void write_place(const struct hd__flight *flight, const char *addresses, struct hd__buffer *line) {
    char port[16];
    uint16_t number;
    const char *host = host_of(flight, &number);
    snprintf(port, sizeof port, ":%u:", number);
    hd__buffer_text(line, "+");
    hd__buffer_text(line, host);
    hd__buffer_text(line, port);
    hd__buffer_text(line, addresses);
}

/* addresses: NULL if the URL holds one. */
static int open_link(struct hd__flight *flight, const char *addresses) {
    struct hd__ways *ways = flight->ways;
    struct hd__buffer line = {0}, url = {0};
    struct hd__link *link = NULL;
    hd__buffer_text(&url, flight->origin->uses_tls ? "https://" : "http://");
    hd__buffer_text(&url, flight->origin->authority);
    hd__buffer_text(&url, "/");
    if (addresses)
        write_place(flight, addresses, &line);
    const struct hd__place place = {.url = url.data,
                                    .addresses = addresses ? line.data : NULL,
                                    .identity = flight->origin->identity,
                                    .left_ms = (hd__flight_deadline_us(flight) - ways->now_us) / 1000};
    if (!url.failed && !line.failed)
        link = hd__link_open(ways->connector, &place);
    hd__buffer_free(&url);
    hd__buffer_free(&line);
    if (!link)
        return 0;
    flight->origin->users++;
    link->origin = flight->origin;
    took(flight, link, 0);
    flight->stage = HD__STAGE_CONNECT;
    return 1;
}

static void open_link_or_end(struct hd__flight *flight, const char *addresses) {
    if (!open_link(flight, addresses))
        hd__flight_end(flight, HD_REASON_INTERNAL, "out of memory");
}

static void end_lookup(struct hd__flight *flight) {
    unlink_from(&flight->ways->looking, flight);
    hd__resolver_release(flight->ways->resolver, flight->name);
    flight->name = NULL;
    flight->looked_up_ms = spent_ms(flight);
}

static void end_unfound(struct hd__flight *flight, const char *failure) {
    if (flight->ways->proxy)
        hd__flight_end(flight, HD_REASON_PROXY_FAILED, "has a name for which no address was found");
    else
        hd__flight_end(flight, HD_REASON_DNS, failure);
}

static void follow_lookup(struct hd__flight *flight) {
    struct hd__buffer addresses = {0};
    const char *failure;
    int answer = hd__resolver_answer(flight->ways->resolver, flight->name, &addresses, &failure);
    if (answer != HD__NAME_PENDING) {
        end_lookup(flight);
        if (answer == HD__NAME_FAILED)
            end_unfound(flight, failure);
        else if (answer == HD__NAME_BLOCKED)
            hd__flight_end(flight, HD_REASON_BLOCKED, failure);
        else if (addresses.failed)
            hd__flight_end(flight, HD_REASON_INTERNAL, "out of memory");
        else
            open_link_or_end(flight, addresses.data);
    }
    hd__buffer_free(&addresses);
}

/* Begins a new connection: to the address in the URL, to the one that the program has named, or to those that a lookup
 * finds. Through a proxy, the socket's address is the proxy's: what the URL itself says is checked here. HD_OK or
 * HD_E_NO_MEMORY. */
static int connect_anew(struct hd__flight *flight) {
    struct hd__ways *ways = flight->ways;
    uint16_t port;
    const char *host = host_of(flight, &port);
    const char *blocked = ways->proxy ? hd__url_parts_blocked(flight->exchange->parts, ways->policy) : NULL;
    if (blocked) {
        hd__flight_end(flight, HD_REASON_BLOCKED, blocked);
        return HD_OK;
    }
    const char *pinned = host && ways->pins ? hd__pins_find(ways->pins, host, port) : NULL;
    if (!host || pinned)
        return open_link(flight, pinned) ? HD_OK : HD_E_NO_MEMORY;
    flight->name = hd__resolver_ask(ways->resolver, host);
    if (!flight->name)
        return HD_E_NO_MEMORY;
    flight->stage = HD__STAGE_LOOKUP;
    link_to(&ways->looking, flight);
    follow_lookup(flight);
    return HD_OK;
}

void hd__flight_reconnect(struct hd__flight *flight) {
    struct hd__link *link = flight->link;
    flight->link = NULL;
    flight->is_kept = 0;
    flight->talking_us = 0;
    close_link(flight->ways, link);
    if (connect_anew(flight) != HD_OK)
        hd__flight_end(flight, HD_REASON_INTERNAL, "out of memory");
}

static int begin(struct hd__flight *flight) {
    struct hd__ways *ways = flight->ways;
    const struct hd__exchange *exchange = flight->exchange;
    flight->origin = hd__origin_of(&ways->pool, exchange->parts, exchange->identity);
    if (!flight->origin || hd__talk_prepare(flight) != HD_OK)
        return HD_E_NO_MEMORY;
    struct hd__link *link = exchange->fresh ? NULL : hd__links_take(&ways->pool, flight->origin, ways->now_us);
    if (!link)
        return connect_anew(flight);
    took(flight, link, 1);
    hd__talk_begin(flight);
    return HD_OK;
}

int hd__flight_begin(struct hd__flight *flight) {
    int status = begin(flight);
    if (status != HD_OK)
        give_back(flight);
    return status;
}

void hd__flight_take_link(struct hd__flight *flight) {
    const struct hd__link *link = flight->link;
    if (link->state == HD__LINK_READY)
        hd__talk_begin(flight);
    else
        hd__flight_end(flight, link->reason, link->detail);
}

void hd__flights_follow_lookups(struct hd__ways *ways) {
    struct hd__flight *next;
    for (struct hd__flight *flight = ways->looking; flight; flight = next) {
        next = flight->next;
        follow_lookup(flight);
    }
}

/* ---- The end, from outside ---- */

/* Ends an exchange that has no result at its deadline, even if libcurl still waits: in 7.88, a connect whose eight or
 * more addresses all fail can lose its timers and never end. */
void hd__flight_end_late(struct hd__flight *flight) {
    const char *detail = "";
    int reason;
    switch (flight->stage) {
    case HD__STAGE_LOOKUP:
        end_lookup(flight);
        end_unfound(flight, "no answer in time");
        break;
    case HD__STAGE_CONNECT:
        reason = hd__link_late_reason(flight->link, &detail);
        hd__flight_end(flight, reason, detail);
        break;
    case HD__STAGE_TALK:
        hd__talk_end_late(flight);
        break;
    case HD__STAGE_ENDED:
        break;
    }
}

struct hd__exchange *hd__flights_take_ended(struct hd__ways *ways) {
    struct hd__flight *flight = ways->first_ended;
    if (!flight)
        return NULL;
    struct hd__exchange *exchange = flight->exchange;
    unlink_ended(ways, flight);
    give_back(flight);
    return exchange;
}

void hd__flight_cancel(struct hd__flight *flight) {
    if (flight->stage == HD__STAGE_LOOKUP)
        end_lookup(flight);
    if (flight->stage == HD__STAGE_ENDED)
        unlink_ended(flight->ways, flight);
    if (flight->link)
        close_link(flight->ways, flight->link);
    give_back(flight);
}

void hd__flights_free_unused(struct hd__ways *ways) {
    while (ways->unused) {
        struct hd__flight *flight = ways->unused;
        unlink_from(&ways->unused, flight);
        hd__buffer_free(&flight->head);
        free(flight);
    }
}
