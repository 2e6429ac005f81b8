/* What is said over a connection: the request leaves, the answer comes, and what both together mean. */
#include "transport/flight.h"

#include "base/clock.h"
#include "base/memory.h"
#include "transport/head.h"

#include <string.h>

#define COPIED_MAX ((size_t)16 * 1024) /* of a body, after the head: one record of TLS, one packet */
#define READ_SIZE ((size_t)16 * 1024)

/* ---- The request ---- */

int hd__talk_prepare(struct hd__flight *flight) {
    const struct hd__exchange *exchange = flight->exchange;
    flight->copied = exchange->body_len <= COPIED_MAX ? exchange->body_len : 0;
    hd__head_write(exchange, flight->ways->user_agent, flight->copied, &flight->head);
    hd__buffer_append(&flight->head, exchange->body, flight->copied);
    return flight->head.failed ? HD_E_NO_MEMORY : HD_OK;
}

static size_t request_len(const struct hd__flight *flight) {
    return flight->head.len + flight->exchange->body_len - flight->copied;
}

static int has_sent_all(const struct hd__flight *flight) {
    return flight->sent == request_len(flight);
}

static enum hd__link_result send_some(struct hd__flight *flight) {
    const struct hd__exchange *exchange = flight->exchange;
    size_t head = flight->head.len, done = flight->sent, sent;
    size_t behind = done > head ? done - head : 0, from = flight->copied + behind;
    enum hd__link_result result =
        hd__link_send(flight->link, flight->head.data + (done < head ? done : head), done < head ? head - done : 0,
                      exchange->body + from, exchange->body_len - from, &sent);
    flight->sent += sent;
    return result;
}

/* ---- The answer ---- */

/* Appends what still fits below limit. */
static void keep(struct hd__exchange *exchange, struct hd__buffer *buffer, const char *data, size_t len, size_t limit) {
    size_t room = limit - buffer->len;
    if (len > room)
        exchange->response_truncated = 1;
    hd__buffer_append(buffer, data, len < room ? len : room);
    if (buffer->failed)
        exchange->response_truncated = 1;
}

static void begin_head(void *user) {
    struct hd__flight *flight = user;
    flight->exchange->response_headers.len = 0;
}

static void take_head(void *user, const char *data, size_t len) {
    struct hd__exchange *exchange = ((struct hd__flight *)user)->exchange;
    keep(exchange, &exchange->response_headers, data, len, HD__RESPONSE_HEADERS_KEPT);
}

static void take_body(void *user, const char *data, size_t len) {
    struct hd__exchange *exchange = ((struct hd__flight *)user)->exchange;
    keep(exchange, &exchange->response_body, data, len, HD__RESPONSE_BODY_KEPT);
}

static const struct hd__http1_sink sink = {begin_head, take_head, take_body};

static int reason_of_status(int status) {
    switch (status) {
    case 400:
        return HD_REASON_HTTP_400;
    case 401:
    case 403:
        return HD_REASON_HTTP_401_403;
    case 404:
    case 410:
        return HD_REASON_HTTP_404_410;
    case 413:
        return HD_REASON_HTTP_413;
    case 429:
        return HD_REASON_HTTP_429;
    default:
        return status >= 200 && status < 300   ? HD_REASON_DELIVERED
               : status >= 300 && status < 400 ? HD_REASON_HTTP_3XX
               : status >= 400 && status < 500 ? HD_REASON_HTTP_4XX
               : status >= 500 && status < 600 ? HD_REASON_HTTP_5XX
                                               : HD_REASON_BAD_RESPONSE;
    }
}

/* ---- What it means ---- */

static void end_reset(struct hd__flight *flight, const char *detail) {
    flight->exchange->kept_connection_died = flight->is_kept;
    hd__flight_end(flight, HD_REASON_RESET, flight->is_kept ? "it was a kept connection" : detail);
}

/* A complete head decides, whatever happens to the body after it. */
static void end_by_status(struct hd__flight *flight) {
    struct hd__exchange *exchange = flight->exchange;
    exchange->http_status = flight->http.status;
    if (exchange->http_status >= 300)
        exchange->retry_after_s = hd__http1_retry_after_s(&flight->http, hd__wall_ms(&hd__system_clock) / 1000);
    flight->is_reusable &= has_sent_all(flight);
    hd__flight_end(flight, reason_of_status(exchange->http_status), "");
}

static void end_without_status(struct hd__flight *flight, int reason, const char *detail) {
    struct hd__exchange *exchange = flight->exchange;
    flight->is_reusable = 0;
    exchange->response_truncated = exchange->response_headers.len > 0;
    if (reason == HD_REASON_RESET)
        end_reset(flight, detail);
    else
        hd__flight_end(flight, reason, detail);
}

static int is_early_success(const struct hd__flight *flight) {
    return flight->http.status >= 200 && flight->http.status < 300 && !has_sent_all(flight);
}

/* What an answer that is not HTTP/1.1 is instead, by its first bytes: HTTP/2 begins with a frame of settings (RFC 9113
 * 3.4 and 6.5), TLS with a record of its own (RFC 8446 5.1). */
static const char *foreign_protocol(const char *bytes, size_t len) {
    static const char settings[] = {4, 0, 0, 0, 0, 0};
    if (len >= 9 && memcmp(bytes + 3, settings, sizeof settings) == 0)
        return "The receiver answers in HTTP/2; let it accept HTTP/1.1 on this port.";
    if (len >= 3 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 3)
        return "The receiver speaks TLS on this port; let the webhook's URL begin with https.";
    return "";
}

/* The answer is whole, or there will not be more of it. A success counts when the receiver has everything: until then
 * the body goes on. */
static void take_end(struct hd__flight *flight, enum hd__http1_result result) {
    flight->is_over = 1;
    flight->is_reusable = result == HD__HTTP1_WHOLE && flight->http.is_reusable;
    if (result != HD__HTTP1_WHOLE && flight->http.status)
        flight->exchange->response_truncated = 1;
    if (is_early_success(flight))
        return;
    if (flight->http.status)
        end_by_status(flight);
    else
        end_without_status(flight,
                           result == HD__HTTP1_BAD         ? HD_REASON_BAD_RESPONSE
                           : result == HD__HTTP1_TOO_LARGE ? HD_REASON_RESPONSE_TOO_LARGE
                                                           : HD_REASON_RESET,
                           flight->said);
}

/* The connection is broken. */
static void take_death(struct hd__flight *flight) {
    hd__link_explain(flight->link);
    if (is_early_success(flight))
        end_without_status(flight, HD_REASON_RESET, "it answered before it had everything");
    else if (*flight->link->detail && !flight->http.status)
        end_without_status(flight, flight->link->reason, flight->link->detail);
    else
        take_end(flight, HD__HTTP1_NOTHING);
}

static void take_bytes(struct hd__flight *flight, const char *bytes, size_t len) {
    size_t used;
    int is_first = !flight->answered_us;
    if (is_first)
        flight->answered_us = flight->ways->now_us;
    enum hd__http1_result result = hd__http1_read(&flight->http, bytes, len, &used);
    if (flight->exchange->is_probe && flight->http.status)
        result = HD__HTTP1_WHOLE; /* an answer to HEAD has no body (RFC 9110 9.3.2) */
    if (result == HD__HTTP1_MORE)
        return;
    flight->http.is_reusable &= used == len;
    if (is_first && result == HD__HTTP1_BAD)
        flight->said = foreign_protocol(bytes, len);
    take_end(flight, result);
}

/* Reads what has come, until the exchange has ended or there is no more: over TLS, some may be in libcurl's own memory,
 * which no poller sees. It is not much, since an answer has its limits. Returns whether the connection is still good.
 */
static int pull(struct hd__flight *flight) {
    char bytes[READ_SIZE];
    size_t received;
    enum hd__link_result result = HD__LINK_DONE;
    while (!flight->is_over && result == HD__LINK_DONE) {
        result = hd__link_receive(flight->link, bytes, sizeof bytes, &received);
        if (result == HD__LINK_DONE)
            take_bytes(flight, bytes, received);
        else if (result == HD__LINK_ENDED)
            take_end(flight, hd__http1_end(&flight->http));
    }
    return result != HD__LINK_DEAD;
}

/* Sends what can leave. Returns whether the connection is still good. */
static int push(struct hd__flight *flight) {
    enum hd__link_result result = HD__LINK_DONE;
    while (result == HD__LINK_DONE && !has_sent_all(flight))
        result = send_some(flight);
    return result == HD__LINK_DONE || result == HD__LINK_AGAIN;
}

/* ---- The turns of a talk ---- */

static void watch(struct hd__flight *flight) {
    int events = (flight->is_over ? 0 : HD__POLLER_READ) | (has_sent_all(flight) ? 0 : HD__POLLER_WRITE);
    hd__poller_watch(flight->ways->poller, flight->link->fd, events, &flight->link->watcher);
}

/* What could not be sent may have been answered. */
static void lose(struct hd__flight *flight) {
    if (flight->sent == 0 && flight->is_kept) {
        hd__flight_reconnect(flight);
        return;
    }
    if (!flight->is_over)
        (void)pull(flight);
    if (flight->stage == HD__STAGE_TALK)
        take_death(flight);
}

static void go_on(struct hd__flight *flight) {
    if (!push(flight)) {
        lose(flight);
        return;
    }
    if (flight->is_over && has_sent_all(flight)) {
        end_by_status(flight);
        return;
    }
    watch(flight);
}

static void ready(struct hd__watcher *watcher, int fd, int events) {
    struct hd__flight *flight = ((struct hd__link *)watcher)->owner;
    (void)fd;
    if (events & HD__POLLER_READ && flight->sent == 0 && flight->is_kept) {
        hd__flight_reconnect(flight); /* nobody can have answered yet */
        return;
    }
    if (events & HD__POLLER_READ && !flight->is_over && !pull(flight)) {
        take_death(flight);
        return;
    }
    if (flight->stage == HD__STAGE_TALK)
        go_on(flight);
}

void hd__talk_begin(struct hd__flight *flight) {
    flight->stage = HD__STAGE_TALK;
    flight->link->owner = flight;
    flight->link->watcher.ready = ready;
    flight->talking_us = flight->ways->now_us;
    flight->sent = 0;
    flight->said = "";
    flight->is_over = flight->is_reusable = 0;
    hd__http1_begin(&flight->http, &sink, flight);
    go_on(flight);
}

void hd__talk_end_late(struct hd__flight *flight) {
    if (flight->http.status && !is_early_success(flight)) {
        flight->exchange->response_truncated = 1;
        end_by_status(flight);
    } else {
        end_without_status(flight, flight->sent > 0 ? HD_REASON_TIMEOUT_TOTAL : HD_REASON_TIMEOUT_CONNECT, "");
    }
}
