/* HTTP by libcurl: multi handles over a pool of easy handles, and one poller for all of them. Facts named T1 to T8 were
 * measured on libcurl 7.88.1 with OpenSSL 3.0. */
#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"
#include "base/text.h"
#include "helmdesk.h"
#include "transport/head.h"
#include "transport/poller.h"
#include "transport/resolver.h"
#include "transport/sockets.h"
#include "transport/transport.h"

#include <curl/curl.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libhelmdesk needs libcurl 7.85 or later (CURLOPT_PROTOCOLS_STR)"
#endif

#define HEADERS_MAX ((size_t)64 * 1024) /* libcurl's own cap leaves out chunked trailers: 617 MB in 5 s (T3) */
#define BODY_MAX ((size_t)64 * 1024)
#define INFORMATIONAL_MAX 32 /* 1xx answers before the real one */

/* A kept connection is used again for less than 2 s: servers close idle ones after 2 s (gunicorn), 5 s (Node, Apache)
 * or more, and a POST that meets a closing connection is lost. */
#define IDLE_MAX_S 1L
#define KEPT_MAX_US ((int64_t)3 * 1000 * 1000) /* then an idle transport closes the ones that it has kept */
#define LOOKUP_CHECK_MS 100
#define LATER_MS 100                       /* than the deadline: when libcurl would end a connect itself */
#define NOWHERE "https://webhook.invalid/" /* CURLOPT_CURLU counts; without this, libcurl would make a text of it */
#define ABSURD_MS 10000
#define EXPECT_FROM ((size_t)512 * 1024) /* libcurl would ask before it sends more than 1 MiB */
#define SOCKETS_MAX 8                    /* that one transfer tries, as far as they are remembered */
#define NAMES_KEPT_S 60L
#define PRUNE_EVERY 64
#define SHARDS 256
#define CONNECTIONS_PER_SHARD 32
#define CONNECTIONS_DEFAULT_MAX 16384
#define EVENTS_MAX 64 /* that are handled before results are looked at */

enum stage {
    LOOKING,
    FAILED,
    RUNNING,
    DONE
};

/* Held for reading around all work in libcurl, and for writing while the process forks: OpenSSL has locks of its own,
 * and a child that inherited one of them from a thread that it does not have would wait for it for ever. */
static pthread_rwlock_t fork_lock = PTHREAD_RWLOCK_INITIALIZER;

static void enter(void) {
    pthread_rwlock_rdlock(&fork_lock);
}

static void leave(void) {
    pthread_rwlock_unlock(&fork_lock);
}

static void before_fork(void) {
    pthread_rwlock_wrlock(&fork_lock);
}

/* There the lock belongs to a thread that has another id now, and cannot be given back. */
static void after_fork_in_child(void) {
    pthread_rwlock_init(&fork_lock, NULL);
}

struct transfer {
    CURL *easy;
    struct curl_slist headers[HD__FIELDS_MAX + 1]; /* a list whose texts are those of lines */
    struct hd__buffer lines;
    struct curl_slist *resolve;
    struct hd__exchange *exchange;
    struct curl_transport *transport;
    struct shard *shard;
    struct transfer *previous, *next; /* in one of the transport's lists */
    struct transfer *older, *newer;   /* among all that have started and not been given back */
    enum stage stage;
    CURLcode code; /* when it is DONE */

    struct hd__name *name; /* while it is looked up */
    int64_t started_us;
    uint32_t looked_up_ms;
    unsigned asked; /* how often a request was about to be sent */

    const char *blocked; /* the rule that forbade an address */
    int sockets[SOCKETS_MAX];
    int socket_count; /* opened */
    int socket_error; /* errno of a failed socket() */
    int repeats;      /* what was sent before was about to be sent again */
    int is_late;      /* it was ended at its deadline */
    int is_unclean;   /* the kept connection was closed, or something was said over it that nobody asked for */
    size_t header_bytes;
    size_t body_bytes;
    unsigned informational;
    int in_header;       /* between a status line and the empty line that ends its header */
    int header_complete; /* of the real answer, not of a 1xx */
};

/* The transfers to some of the servers. Each time that a transfer ends, libcurl 7.88 walks all names and all kept
 * connections of its multi handle: 10,000 of them in one made a delivery 20 times as expensive. */
struct shard {
    struct curl_transport *transport;
    CURLM *multi;               /* made when it is needed */
    struct transfer *transfers; /* those that libcurl has */
    unsigned launches;
    int running;     /* transfers that libcurl has */
    int has_results; /* some of them have finished: it is in the transport's list */
    struct shard *next_with_results;
    int64_t due_us;        /* when libcurl wants to look after its time limits; INT64_MAX for never */
    int64_t kept_since_us; /* when the last one ended, if its connection may be kept; else 0 */
};

struct curl_transport {
    struct hd__transport base;
    struct hd__poller *poller;
    struct shard shards[SHARDS];
    struct shard *with_results;
    size_t multi_count;
    size_t shard_count; /* a power of two; it grows with the number of connections, since each has its price */
    struct hd__resolver *resolver;
    struct transfer *looking; /* up a name */
    struct transfer *failed;  /* before libcurl had them */
    struct transfer *done;    /* with a result of libcurl's */
    struct transfer *free;
    struct transfer *oldest, *newest; /* in the order of their deadlines, since all have the same time */
    struct hd__sockets sockets;
    int64_t now_us; /* as of the last look at the clock: each costs a hundredth of a delivery */
    uint32_t timeout_ms;
    uint32_t max_connections;
    const struct hd__policy *policy;
    const struct hd__pins *pins; /* NULL for none */
    char *ca_file;
    char *user_agent;
    int clear_capath;
    int prunes_always;
};

/* ---- Callbacks of a transfer ---- */

/* Close-on-exec, so that programs that the host starts do not inherit connections (T7). Returns -1 with errno. */
static int make_socket(struct curl_transport *transport, const struct curl_sockaddr *address) {
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return -1;
    if (hd__poller_reserve(transport->poller, fd) && hd__sockets_add(&transport->sockets, fd))
        return fd;
    close(fd);
    errno = ENOMEM;
    return -1;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct transfer *transfer = user;
    (void)purpose;
    const char *blocked = hd__address_blocked(transfer->transport->policy, &address->addr);
    if (blocked) {
        transfer->blocked = blocked;
        return CURL_SOCKET_BAD;
    }
    int fd = make_socket(transfer->transport, address);
    if (fd < 0) {
        transfer->socket_error = errno;
        return CURL_SOCKET_BAD;
    }
    if (transfer->socket_count < SOCKETS_MAX)
        transfer->sockets[transfer->socket_count++] = fd;
    return fd;
}

static int close_socket(void *user, curl_socket_t fd) {
    struct curl_transport *transport = user;
    hd__sockets_remove(&transport->sockets, fd);
    hd__poller_forget(transport->poller, fd);
    return close(fd);
}

static uint16_t port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static void remember_connection(struct transfer *transfer, uint16_t local_port) {
    for (int i = 0; i < transfer->socket_count; i++)
        if (hd__sockets_has(&transfer->transport->sockets, transfer->sockets[i]) &&
            port_of(transfer->sockets[i]) == local_port)
            hd__sockets_connected(&transfer->transport->sockets, transfer->sockets[i], local_port);
}

/* Whether the request has begun to leave. Not by libcurl's times: of a transfer that ended early, its versions disagree
 * about them. */
static int has_sent(CURL *easy) {
    long bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
}

/* Is called each time a request is about to be sent, over a kept connection too. libcurl repeats a POST when a kept
 * connection dies under it (T4): one that may have arrived is not sent again. */
static int before_request(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port) {
    struct transfer *transfer = user;
    int is_address, is_kept = transfer->socket_count == 0;
    (void)local_ip, (void)remote_port;
    transfer->blocked = hd__address_text_blocked(transfer->transport->policy, remote_ip, &is_address);
    if (!is_address)
        transfer->blocked = "not an internet address";
    transfer->repeats = transfer->asked++ > 0 && has_sent(transfer->easy);
    if (transfer->blocked || transfer->repeats)
        return CURL_PREREQFUNC_ABORT;
    /* libcurl 7.88 would take an answer that nobody asked for, which came in over a kept connection meanwhile, as the
     * answer to this request. */
    transfer->is_unclean = is_kept && !hd__sockets_are_quiet(&transfer->transport->sockets, (uint16_t)local_port);
    if (!is_kept)
        remember_connection(transfer, (uint16_t)local_port);
    return transfer->is_unclean ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Appends what still fits below limit. */
static void keep(struct hd__exchange *exchange, struct hd__buffer *buffer, const char *data, size_t len, size_t limit) {
    size_t room = limit - buffer->len;
    if (len > room)
        exchange->response_truncated = 1;
    hd__buffer_append(buffer, data, len < room ? len : room);
    if (buffer->failed)
        exchange->response_truncated = 1;
}

/* The status of a line like "HTTP/1.1 200 OK"; 0 if it is none. */
static int status_of_line(const char *line, size_t len) {
    const char *space = len > 5 && memcmp(line, "HTTP/", 5) == 0 ? memchr(line, ' ', len) : NULL;
    if (!space || (size_t)(line + len - space) < 4)
        return 0;
    int status = 0;
    for (int i = 1; i <= 3; i++) {
        if (space[i] < '0' || space[i] > '9')
            return 0;
        status = status * 10 + (space[i] - '0');
    }
    return status;
}

/* Gets each header line, also of 1xx answers before the real one and of trailers after the body. */
static size_t take_header(char *line, size_t size, size_t count, void *user) {
    struct transfer *transfer = user;
    struct hd__exchange *exchange = transfer->exchange;
    size_t len = size * count;
    transfer->header_bytes += len;
    if (transfer->header_bytes > HEADERS_MAX)
        return 0;
    if (transfer->header_complete)
        return len;
    if (!transfer->in_header) {
        transfer->in_header = 1;
        exchange->http_status = status_of_line(line, len);
        exchange->response_headers.len = 0;
        if (exchange->http_status < 200 && ++transfer->informational > INFORMATIONAL_MAX)
            return 0;
    } else if (line[0] == '\r' || line[0] == '\n') {
        transfer->in_header = 0;
        transfer->header_complete = exchange->http_status >= 200;
    }
    keep(exchange, &exchange->response_headers, line, len, HD__RESPONSE_HEADERS_KEPT);
    return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *user) {
    struct transfer *transfer = user;
    size_t len = size * count;
    keep(transfer->exchange, &transfer->exchange->response_body, data, len, HD__RESPONSE_BODY_KEPT);
    transfer->body_bytes += len;
    return transfer->body_bytes > BODY_MAX ? 0 : len;
}

/* ---- The pool of easy handles ---- */

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                         \
            return 0;                                                                                                  \
    } while (0)

/* What is the same for all transfers, set once: the defaults of today are set too where another one tomorrow would
 * break a promise. */
static int set_fixed_options(struct curl_transport *transport, struct transfer *transfer) {
    CURL *easy = transfer->easy;
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_URL, NOWHERE);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HTTPHEADER, transfer->headers);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_USERAGENT, transport->user_agent);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_BUFFERSIZE, 1024L); /* answers are short, and a large buffer is allocated for each transfer */
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    /* Only there, only by HTTP, never on behalf of somebody else. */
    SET(CURLOPT_PROTOCOLS_STR, transport->policy->http ? "http,https" : "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_MAXREDIRS, 0L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, transport);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, transfer);
    SET(CURLOPT_PROXY, ""); /* whatever the environment says: the address check would see the proxy's address (T8) */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
    SET(CURLOPT_COOKIEFILE, NULL);
    SET(CURLOPT_UNIX_SOCKET_PATH, NULL);
    SET(CURLOPT_DOH_URL, NULL);
    SET(CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L); /* it corrupts the heap when memory runs out (T5) */
    if (transport->ca_file)
        SET(CURLOPT_CAINFO, transport->ca_file);
    if (transport->clear_capath)
        SET(CURLOPT_CAPATH, NULL);      /* with it, each handle parses the bundle anew: 18 ms (T6) */
    SET(CURLOPT_ACCEPT_ENCODING, NULL); /* a compressed bomb stays compressed */
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    return 1;
}

static void free_transfer(struct transfer *transfer) {
    curl_easy_cleanup(transfer->easy);
    hd__buffer_free(&transfer->lines);
    free(transfer);
}

static struct transfer *new_transfer(struct curl_transport *transport) {
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return NULL;
    transfer->transport = transport;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || !set_fixed_options(transport, transfer)) {
        free_transfer(transfer);
        return NULL;
    }
    return transfer;
}

static void link_to(struct transfer **list, struct transfer *transfer) {
    transfer->previous = NULL;
    transfer->next = *list;
    if (*list)
        (*list)->previous = transfer;
    *list = transfer;
}

static void unlink_from(struct transfer **list, struct transfer *transfer) {
    *(transfer->previous ? &transfer->previous->next : list) = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
}

static void set_deadline(struct curl_transport *transport, struct transfer *transfer) {
    transfer->older = transport->newest;
    *(transport->newest ? &transport->newest->newer : &transport->oldest) = transfer;
    transport->newest = transfer;
}

static void clear_deadline(struct curl_transport *transport, struct transfer *transfer) {
    if (transport->oldest != transfer && !transfer->older)
        return; /* it has none */
    *(transfer->older ? &transfer->older->newer : &transport->oldest) = transfer->newer;
    *(transfer->newer ? &transfer->newer->older : &transport->newest) = transfer->older;
}

static struct transfer *take_transfer(struct curl_transport *transport) {
    struct transfer *transfer = transport->free;
    if (!transfer)
        return new_transfer(transport);
    unlink_from(&transport->free, transfer);
    return transfer;
}

/* Also forgets what it was used for: headers may hold keys. What the handle still points to is set anew before it is
 * looked at. A handle that has repeated a request is not used again: libcurl 7.88 counts its repetitions over all of
 * its transfers, and gives up at the sixth. */
static void give_back(struct curl_transport *transport, struct transfer *transfer) {
    int is_worn = transfer->asked > 1;
    clear_deadline(transport, transfer);
    if (transfer->resolve)
        curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, NULL);
    curl_slist_free_all(transfer->resolve);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, NOWHERE); /* in place of a copy of the webhook's */
    if (transfer->lines.data)
        hd__wipe(transfer->lines.data, transfer->lines.len);
    *transfer = (struct transfer){.easy = transfer->easy, .transport = transport, .lines = transfer->lines};
    if (is_worn)
        free_transfer(transfer);
    else
        link_to(&transport->free, transfer);
}

/* ---- Shards ---- */

static int to_events(int what) {
    return (what & CURL_POLL_IN ? HD__POLLER_READ : 0) | (what & CURL_POLL_OUT ? HD__POLLER_WRITE : 0);
}

/* libcurl waits for a socket. Those that it has made itself it also closes itself, unseen. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *unused) {
    struct shard *shard = user;
    struct curl_transport *transport = shard->transport;
    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE && !hd__sockets_has(&transport->sockets, fd))
        hd__poller_forget(transport->poller, fd);
    else
        hd__poller_watch(transport->poller, fd, what == CURL_POLL_REMOVE ? 0 : to_events(what), shard);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *user) {
    struct shard *shard = user;
    (void)multi;
    shard->due_us = timeout_ms < 0 ? INT64_MAX : shard->transport->now_us + timeout_ms * INT64_C(1000);
    return 0;
}

/* A multi handle ignores SIGPIPE in the whole process while it is cleaned up, unless it has seen a transfer that has
 * CURLOPT_NOSIGNAL. */
static int forbid_signals(struct curl_transport *transport, CURLM *multi) {
    struct transfer *transfer = take_transfer(transport);
    int done = transfer && curl_multi_add_handle(multi, transfer->easy) == CURLM_OK &&
               curl_multi_remove_handle(multi, transfer->easy) == CURLM_OK;
    if (transfer)
        give_back(transport, transfer);
    return done;
}

#define SET_MULTI(option, value) (curl_multi_setopt(multi, option, value) == CURLM_OK)

/* How many connections a multi handle may keep. Servers are not spread quite evenly over several. */
static long connections_per_multi(const struct curl_transport *transport) {
    size_t share = transport->max_connections / transport->shard_count;
    return (long)(transport->shard_count == 1 ? share : share + share / 2 + 1);
}

static int has_multi(struct curl_transport *transport, struct shard *shard) {
    CURLM *multi = shard->multi ? shard->multi : curl_multi_init();
    if (shard->multi || !multi)
        return multi != NULL;
    if (SET_MULTI(CURLMOPT_MAXCONNECTS, connections_per_multi(transport)) && SET_MULTI(CURLMOPT_SOCKETDATA, shard) &&
        SET_MULTI(CURLMOPT_SOCKETFUNCTION, watch_socket) && SET_MULTI(CURLMOPT_TIMERDATA, shard) &&
        SET_MULTI(CURLMOPT_TIMERFUNCTION, set_timer) && forbid_signals(transport, multi)) {
        shard->multi = multi;
        shard->kept_since_us = transport->now_us;
        transport->multi_count++;
        return 1;
    }
    curl_multi_cleanup(multi);
    return 0;
}

static void double_shards(struct curl_transport *transport) {
    transport->shard_count *= 2;
    for (size_t i = 0; i < transport->shard_count; i++)
        if (transport->shards[i].multi)
            curl_multi_setopt(transport->shards[i].multi, CURLMOPT_MAXCONNECTS, connections_per_multi(transport));
}

/* By scheme, host and port: what shares connections shares a shard. When their number grows, some servers move to
 * others, and what was kept for them is closed when it has idled for long enough. */
static struct shard *shard_for(struct curl_transport *transport, const char *url) {
    if (transport->sockets.count > transport->shard_count * CONNECTIONS_PER_SHARD && transport->shard_count < SHARDS)
        double_shards(transport);
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (int slashes = 0; *url && (slashes += *url == '/') < 3; url++)
        hash = (hash ^ (unsigned char)*url) * UINT64_C(1099511628211);
    return &transport->shards[(hash >> 32) & (transport->shard_count - 1)];
}

/* ---- Starting ---- */

static void add_field(struct hd__buffer *lines, const struct hd__field *field) {
    hd__buffer_text(lines, field->name);
    if (!hd__field_is_blank(field)) {
        hd__buffer_text(lines, ": ");
        hd__buffer_text(lines, field->value);
    } else {
        hd__buffer_text(lines, ";"); /* to send a header without a value; "Name: " would mean not to send one */
    }
    hd__buffer_append(lines, "", 1);
}

static size_t lines_size(const struct hd__exchange *exchange) {
    size_t size = sizeof "Expect:";
    for (size_t i = 0; i < exchange->field_count; i++)
        size += strlen(exchange->fields[i].name) + strlen(exchange->fields[i].value) + sizeof ": ";
    return size;
}

/* Writes all headers into memory that the transfer keeps, and makes the list of them that libcurl wants. */
static int set_headers(struct transfer *transfer, const struct hd__exchange *exchange) {
    struct hd__buffer *lines = &transfer->lines;
    size_t begins[HD__FIELDS_MAX + 1], count = 0;
    lines->len = 0;
    lines->failed = 0;
    hd__buffer_reserve(lines, lines_size(exchange)); /* growing would leave copies of keys behind */
    for (; count < exchange->field_count; count++) {
        begins[count] = lines->len;
        add_field(lines, &exchange->fields[count]);
    }
    if (exchange->body_len > EXPECT_FROM) {
        begins[count++] = lines->len;
        hd__buffer_text(lines, "Expect:");
    }
    for (size_t i = 0; i < count && !lines->failed; i++) {
        transfer->headers[i].data = lines->data + begins[i];
        transfer->headers[i].next = i + 1 < count ? &transfer->headers[i + 1] : NULL;
    }
    return !lines->failed;
}

static int set_request(struct transfer *transfer, struct hd__exchange *exchange) {
    CURL *easy = transfer->easy;
    transfer->exchange = exchange;
    exchange->transfer = transfer;
    if (!set_headers(transfer, exchange))
        return 0;
    SET(CURLOPT_CURLU, exchange->parsed_url);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_len);
    SET(CURLOPT_POSTFIELDS, exchange->body);
    return 1;
}

static int64_t deadline_us(const struct curl_transport *transport, const struct transfer *transfer) {
    return transfer->started_us + (int64_t)transport->timeout_ms * 1000;
}

static uint32_t spent_ms(const struct transfer *transfer) {
    return (uint32_t)((hd__monotonic_us(&hd__system_clock) - transfer->started_us) / 1000);
}

/* libcurl looks through all addresses that it knows when a transfer ends, unless that keeps them for ever: those of a
 * name are replaced by our own at each transfer, and now and then a transfer forgets the old ones for all. libcurl
 * 8.16.0 refuses -1, and from there on it also keeps what it has not found. */
static long names_kept_s(const struct curl_transport *transport, struct shard *shard) {
    return transport->prunes_always || ++shard->launches % PRUNE_EVERY == 0 ? NAMES_KEPT_S : -1L;
}

/* libcurl gives an address half of the time that is left for connecting, as long as there are others to try
 * (github.com/curl/curl/commit/b3e7c2c44be2): that is all it needs to know of the deadline, which is kept here. Its own
 * limit comes a little later, so that the reason does not depend on which of the two is noticed first. It is at least
 * 1, since 0 would stand for 300 s (CURLOPT_CONNECTTIMEOUT_MS). */
static long connect_limit_ms(const struct curl_transport *transport, const struct transfer *transfer) {
    int64_t left_ms = (deadline_us(transport, transfer) - transport->now_us) / 1000 + LATER_MS;
    return left_ms < 1 ? 1L : (long)left_ms;
}

/* Hands a transfer to libcurl. */
static int launch(const struct curl_transport *transport, struct transfer *transfer) {
    CURL *easy = transfer->easy;
    SET(CURLOPT_FRESH_CONNECT, (long)(transfer->exchange->fresh || transfer->is_unclean));
    SET(CURLOPT_FORBID_REUSE, (long)transfer->exchange->fresh);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, names_kept_s(transport, transfer->shard));
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_limit_ms(transport, transfer));
    if (curl_multi_add_handle(transfer->shard->multi, easy) != CURLM_OK)
        return 0;
    transfer->stage = RUNNING;
    transfer->shard->running++;
    link_to(&transfer->shard->transfers, transfer);
    return 1;
}

/* The shard is found only now: while a name was looked up, multi handles may have come and gone. */
static int launch_first(struct curl_transport *transport, struct transfer *transfer) {
    transfer->shard = shard_for(transport, transfer->exchange->url);
    return has_multi(transport, transfer->shard) && launch(transport, transfer);
}

/* How libcurl is told the addresses of a host, so that it looks up nothing itself. The plus lets what was told age. */
static void begin_addresses(const struct hd__exchange *exchange, struct hd__buffer *line) {
    char port[16];
    snprintf(port, sizeof port, ":%u:", exchange->port);
    hd__buffer_text(line, "+");
    hd__buffer_text(line, exchange->host);
    hd__buffer_text(line, port);
}

static int set_addresses(struct transfer *transfer, const struct hd__buffer *line) {
    CURL *easy = transfer->easy;
    transfer->resolve = line->failed ? NULL : curl_slist_append(NULL, line->data);
    if (!transfer->resolve)
        return 0;
    SET(CURLOPT_RESOLVE, transfer->resolve);
    return 1;
}

static void end_lookup(struct curl_transport *transport, struct transfer *transfer) {
    unlink_from(&transport->looking, transfer);
    hd__resolver_release(transport->resolver, transfer->name);
    transfer->name = NULL;
    transfer->looked_up_ms = spent_ms(transfer);
}

/* Ends a transfer that libcurl never had. */
static void fail(struct curl_transport *transport, struct transfer *transfer, int reason, const char *detail) {
    struct hd__exchange *exchange = transfer->exchange;
    exchange->reason = reason;
    exchange->detail = detail;
    exchange->dns_ms = exchange->total_ms = transfer->looked_up_ms;
    transfer->stage = FAILED;
    link_to(&transport->failed, transfer);
}

static void follow_lookup(struct curl_transport *transport, struct transfer *transfer) {
    struct hd__buffer addresses = {0};
    const char *failure;
    begin_addresses(transfer->exchange, &addresses);
    int answer = hd__resolver_answer(transport->resolver, transfer->name, &addresses, &failure);
    if (answer != HD__NAME_PENDING) {
        end_lookup(transport, transfer);
        if (answer == HD__NAME_FAILED)
            fail(transport, transfer, HD_REASON_DNS, failure);
        else if (answer == HD__NAME_BLOCKED)
            fail(transport, transfer, HD_REASON_BLOCKED, failure);
        else if (!set_addresses(transfer, &addresses) || !launch_first(transport, transfer))
            fail(transport, transfer, HD_REASON_INTERNAL, "out of memory");
    }
    hd__buffer_free(&addresses);
}

/* The program has named the address. */
static int go_to(struct curl_transport *transport, struct transfer *transfer, const char *address) {
    struct hd__buffer line = {0};
    begin_addresses(transfer->exchange, &line);
    hd__buffer_text(&line, address);
    int launched = set_addresses(transfer, &line) && launch_first(transport, transfer);
    hd__buffer_free(&line);
    return launched;
}

static int look_up(struct curl_transport *transport, struct transfer *transfer) {
    const struct hd__exchange *exchange = transfer->exchange;
    const char *pinned = transport->pins ? hd__pins_find(transport->pins, exchange->host, exchange->port) : NULL;
    if (pinned)
        return go_to(transport, transfer, pinned);
    transfer->name = hd__resolver_ask(transport->resolver, transfer->exchange->host);
    if (!transfer->name)
        return 0;
    transfer->stage = LOOKING;
    link_to(&transport->looking, transfer);
    follow_lookup(transport, transfer);
    return 1;
}

static int start_entered(struct curl_transport *transport, struct hd__exchange *exchange) {
    struct transfer *transfer = take_transfer(transport);
    if (!transfer)
        return HD_E_NO_MEMORY;
    transfer->started_us = hd__monotonic_us(&hd__system_clock);
    set_deadline(transport, transfer);
    if (!set_request(transfer, exchange) ||
        !(exchange->host ? look_up(transport, transfer) : launch_first(transport, transfer))) {
        give_back(transport, transfer);
        return HD_E_NO_MEMORY;
    }
    if (exchange->head)
        hd__head_write(exchange, transport->user_agent, 1, exchange->head);
    return HD_OK;
}

static int start(struct hd__transport *base, struct hd__exchange *exchange) {
    enter();
    int status = start_entered((struct curl_transport *)base, exchange);
    leave();
    return status;
}

/* ---- Finishing ---- */

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

static long info_long(CURL *easy, CURLINFO which) {
    long value = 0;
    curl_easy_getinfo(easy, which, &value);
    return value;
}

static int64_t info_us(CURL *easy, CURLINFO which) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, which, &value);
    return (int64_t)value;
}

static int reason_of_connect(const struct transfer *transfer, const char **detail) {
    if (transfer->socket_error) {
        *detail =
            transfer->socket_error == EMFILE || transfer->socket_error == ENFILE ? "too many open files" : "no socket";
        return HD_REASON_INTERNAL;
    }
    if (transfer->blocked && transfer->socket_count == 0) {
        *detail = transfer->blocked;
        return HD_REASON_BLOCKED;
    }
    switch (info_long(transfer->easy, CURLINFO_OS_ERRNO)) {
    case ECONNREFUSED:
        return HD_REASON_REFUSED;
    case ECONNRESET: /* by a server that had accepted: libcurl 8 sees it before it sends */
        return HD_REASON_RESET;
    default:
        return HD_REASON_UNREACHABLE;
    }
}

/* libcurl hands on OpenSSL's numbers (X509_V_ERR_..., openssl/x509_vfy.h); it checks the name itself, and then there is
 * no such number. */
static int reason_of_certificate(CURL *easy) {
    switch (info_long(easy, CURLINFO_SSL_VERIFYRESULT)) {
    case 0:
    case 1:  /* X509_V_ERR_UNSPECIFIED: what libcurl 7.88 says then */
    case 62: /* X509_V_ERR_HOSTNAME_MISMATCH */
        return HD_REASON_TLS_NAME;
    case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
        return HD_REASON_TLS_EXPIRED;
    default:
        return HD_REASON_TLS_UNTRUSTED;
    }
}

/* No new connection, or only one for the repetition that was not allowed. */
static int reason_of_reset(const struct transfer *transfer, const char **detail) {
    transfer->exchange->kept_connection_died =
        transfer->repeats || info_long(transfer->easy, CURLINFO_NUM_CONNECTS) == 0;
    if (transfer->exchange->kept_connection_died)
        *detail = "it was a kept connection";
    return HD_REASON_RESET;
}

static int reason_of_error(const struct transfer *transfer, CURLcode code, const char **detail) {
    CURL *easy = transfer->easy;
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL: /* also what libcurl says of an answer that is not HTTP */
        if (has_sent(easy))
            return HD_REASON_BAD_RESPONSE;
        *detail = "http is not allowed"; /* a webhook from a store: what may be put is checked before */
        return HD_REASON_BLOCKED;
    case CURLE_COULDNT_RESOLVE_HOST:
        return HD_REASON_DNS;
    case CURLE_COULDNT_CONNECT:
        return reason_of_connect(transfer, detail);
    case CURLE_ABORTED_BY_CALLBACK: /* before_request */
        if (transfer->repeats)
            return reason_of_reset(transfer, detail);
        *detail = transfer->blocked;
        return HD_REASON_BLOCKED;
    case CURLE_OPERATION_TIMEDOUT:
        return has_sent(easy) ? HD_REASON_TIMEOUT_TOTAL : HD_REASON_TIMEOUT_CONNECT;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return reason_of_reset(transfer, detail);
    case CURLE_PEER_FAILED_VERIFICATION:
        return reason_of_certificate(easy);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        return HD_REASON_TLS_PROTOCOL;
    case CURLE_SSL_CACERT_BADFILE:
        *detail = "the certificate authorities' file cannot be read";
        return HD_REASON_INTERNAL;
    case CURLE_WRITE_ERROR: /* take_header refused more */
        return HD_REASON_RESPONSE_TOO_LARGE;
    case CURLE_OUT_OF_MEMORY: /* also what libcurl says of one huge header line */
        return has_sent(easy) ? HD_REASON_RESPONSE_TOO_LARGE : HD_REASON_INTERNAL;
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
        return HD_REASON_RESPONSE_TOO_LARGE;
#endif
    default:
        return has_sent(easy) ? HD_REASON_BAD_RESPONSE : HD_REASON_INTERNAL;
    }
}

static uint32_t to_ms(int64_t us) {
    return us > 0 ? (uint32_t)((us + 500) / 1000) : 0;
}

/* libcurl 8.2x says that a transfer has taken as long as the machine runs, when memory ran out before it began. */
static void use_own_time(const struct transfer *transfer, struct hd__exchange *exchange) {
    exchange->total_ms = spent_ms(transfer);
    exchange->connect_ms = exchange->tls_ms = exchange->wait_ms = 0;
}

/* libcurl counts each of its times from the start; a phase that was not reached has 0. */
static void take_times(const struct transfer *transfer, struct hd__exchange *exchange) {
    CURL *easy = transfer->easy;
    int64_t dns = info_us(easy, CURLINFO_NAMELOOKUP_TIME_T), connect = info_us(easy, CURLINFO_CONNECT_TIME_T);
    int64_t tls = info_us(easy, CURLINFO_APPCONNECT_TIME_T), ready = info_us(easy, CURLINFO_PRETRANSFER_TIME_T);
    int64_t answer = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T);
    exchange->dns_ms = transfer->looked_up_ms;
    exchange->connect_ms = to_ms(connect - dns);
    exchange->tls_ms = to_ms(tls - connect);
    exchange->wait_ms = to_ms(answer - ready);
    exchange->total_ms = transfer->looked_up_ms + to_ms(info_us(easy, CURLINFO_TOTAL_TIME_T));
    if (exchange->total_ms > transfer->transport->timeout_ms + ABSURD_MS)
        use_own_time(transfer, exchange);
    if (transfer->is_late) /* libcurl did not see its end */
        exchange->total_ms = spent_ms(transfer);
}

static char *put_number(char *out, long number) {
    char digits[24];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

static void take_address(CURL *easy, struct hd__exchange *exchange) {
    char *ip = NULL, *out = exchange->remote_address;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    size_t len = ip ? strlen(ip) : 0;
    if (len == 0 || len + sizeof "[]:65535" > sizeof exchange->remote_address)
        return;
    int is_v6 = strchr(ip, ':') != NULL;
    if (is_v6)
        *out++ = '[';
    memcpy(out, ip, len);
    out += len;
    if (is_v6)
        *out++ = ']';
    *out++ = ':';
    *put_number(out, info_long(easy, CURLINFO_PRIMARY_PORT)) = '\0';
}

/* What the answer's Retry-After says, in seconds or as a date. */
static uint32_t retry_after(CURL *easy) {
    struct curl_header *header;
    curl_off_t seconds = 0;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
        strspn(header->value, "0123456789") > 9) /* libcurl takes what overflows for nothing */
        return HD__RETRY_AFTER_MAX_S;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    return seconds < 0 ? 0 : seconds > HD__RETRY_AFTER_MAX_S ? HD__RETRY_AFTER_MAX_S : (uint32_t)seconds;
}

/* A complete header decides, whatever becomes of the body behind it. */
static void take_result(struct transfer *transfer, CURLcode code) {
    struct hd__exchange *exchange = transfer->exchange;
    exchange->detail = "";
    if (transfer->header_complete) {
        exchange->reason = reason_of_status(exchange->http_status);
        exchange->retry_after_s = exchange->http_status < 300 ? 0 : retry_after(transfer->easy);
        if (code != CURLE_OK)
            exchange->response_truncated = 1;
    } else {
        exchange->reason =
            code == CURLE_OK ? HD_REASON_BAD_RESPONSE : reason_of_error(transfer, code, &exchange->detail);
        exchange->http_status = 0;
        exchange->response_truncated = exchange->response_headers.len > 0;
    }
    take_times(transfer, exchange);
    take_address(transfer->easy, exchange);
}

static void forget_failed(struct curl_transport *transport, struct transfer *transfer) {
    unlink_from(&transport->failed, transfer);
    give_back(transport, transfer);
}

/* Takes a transfer from libcurl. */
static void take_back(struct transfer *transfer) {
    struct shard *shard = transfer->shard;
    curl_multi_remove_handle(shard->multi, transfer->easy);
    unlink_from(&shard->transfers, transfer);
    shard->running--;
    shard->kept_since_us = shard->transport->now_us;
}

/* Starts a transfer again that found its kept connection unclean: nothing of it has left. In its shard, since libcurl
 * has been told the addresses there. */
static int relaunch(const struct curl_transport *transport, struct transfer *transfer) {
    transfer->socket_count = 0;
    transfer->asked = 0;
    return launch(transport, transfer);
}

static struct hd__exchange *take_failed(struct curl_transport *transport) {
    struct transfer *transfer = transport->failed;
    struct hd__exchange *exchange = transfer ? transfer->exchange : NULL;
    if (transfer)
        forget_failed(transport, transfer);
    return exchange;
}

static void set_result(struct transfer *transfer, CURLcode code) {
    take_back(transfer);
    transfer->stage = DONE;
    transfer->code = code;
    link_to(&transfer->transport->done, transfer);
}

/* Takes over all results that a shard's multi handle has. */
static void take_messages(struct shard *shard) {
    struct transfer *transfer;
    CURLMsg *message;
    int more;
    while (shard->multi && (message = curl_multi_info_read(shard->multi, &more))) {
        CURLcode code = message->data.result; /* the message does not outlive the removal */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        set_result(transfer, code);
    }
}

static void take_all_messages(struct curl_transport *transport) {
    struct shard *shard;
    while ((shard = transport->with_results)) {
        transport->with_results = shard->next_with_results;
        shard->has_results = 0;
        take_messages(shard);
    }
}

/* The result of a transfer; NULL if it has to begin again. */
static struct hd__exchange *end_transfer(struct curl_transport *transport, struct transfer *transfer) {
    struct hd__exchange *exchange = transfer->exchange;
    unlink_from(&transport->done, transfer);
    if (transfer->code == CURLE_ABORTED_BY_CALLBACK && transfer->is_unclean) {
        if (!transfer->shard->multi || !relaunch(transport, transfer))
            fail(transport, transfer, HD_REASON_INTERNAL, "out of memory");
        return NULL;
    }
    take_result(transfer, transfer->code);
    give_back(transport, transfer);
    return exchange;
}

static struct hd__exchange *finished_entered(struct curl_transport *transport) {
    struct hd__exchange *exchange = NULL;
    take_all_messages(transport);
    while (!exchange && !transport->failed && transport->done)
        exchange = end_transfer(transport, transport->done);
    return exchange ? exchange : take_failed(transport);
}

static struct hd__exchange *finished(struct hd__transport *base) {
    enter();
    struct hd__exchange *exchange = finished_entered((struct curl_transport *)base);
    leave();
    return exchange;
}

static void cancel(struct hd__transport *base, struct hd__exchange *exchange) {
    struct curl_transport *transport = (struct curl_transport *)base;
    struct transfer *transfer = exchange->transfer;
    enter();
    switch (transfer->stage) {
    case LOOKING:
        end_lookup(transport, transfer);
        give_back(transport, transfer);
        break;
    case FAILED:
        forget_failed(transport, transfer);
        break;
    case DONE:
        unlink_from(&transport->done, transfer);
        give_back(transport, transfer);
        break;
    case RUNNING:
        take_back(transfer);
        give_back(transport, transfer);
    }
    leave();
}

/* ---- The loop's part ---- */

static void close_multi(struct shard *shard) {
    curl_multi_cleanup(shard->multi);
    shard->multi = NULL;
    shard->kept_since_us = 0;
    shard->due_us = INT64_MAX;
    shard->transport->multi_count--;
}

/* libcurl 7.88 forgets its timers when memory runs out in such a call, and may divide by zero in the next one: what has
 * not finished fails, and another multi handle takes this one's place. */
static void give_up(struct shard *shard) {
    take_messages(shard);
    while (shard->transfers) {
        struct transfer *transfer = shard->transfers;
        take_back(transfer);
        fail(shard->transport, transfer, HD_REASON_INTERNAL, "out of memory");
    }
    close_multi(shard);
}

/* Lets libcurl work: on a socket, or on what is due. */
static void act(struct shard *shard, curl_socket_t fd, int events) {
    int running = shard->running;
    if (!shard->multi)
        return; /* it was given up in the same turn */
    if (curl_multi_socket_action(shard->multi, fd, events, &running) != CURLM_OK) {
        give_up(shard);
        return;
    }
    if (running == shard->running || shard->has_results)
        return;
    shard->has_results = 1;
    shard->next_with_results = shard->transport->with_results;
    shard->transport->with_results = shard;
}

static void handle_event(const struct hd__socket_event *event) {
    act(event->user, event->fd,
        (event->events & HD__POLLER_READ ? CURL_CSELECT_IN : 0) |
            (event->events & HD__POLLER_WRITE ? CURL_CSELECT_OUT : 0));
}

static void look_at_clock(struct curl_transport *transport) {
    transport->now_us = hd__monotonic_us(&hd__system_clock);
}

static void run_timers(struct curl_transport *transport) {
    for (struct shard *shard = transport->shards; shard < transport->shards + transport->shard_count; shard++)
        if (shard->due_us <= transport->now_us) {
            shard->due_us = INT64_MAX; /* libcurl sets it anew */
            act(shard, CURL_SOCKET_TIMEOUT, 0);
        }
}

static void follow_lookups(struct curl_transport *transport) {
    struct transfer *next;
    for (struct transfer *transfer = transport->looking; transfer; transfer = next) {
        next = transfer->next;
        follow_lookup(transport, transfer);
    }
}

/* Ends what has no result at its deadline, whatever libcurl waits for: a transfer of 7.88 whose eight or more addresses
 * all fail can lose its timers and never end. */
static void end_late(struct curl_transport *transport, struct transfer *transfer) {
    if (transfer->stage == LOOKING) {
        end_lookup(transport, transfer);
        fail(transport, transfer, HD_REASON_DNS, "no answer in time");
    }
    if (transfer->stage == RUNNING)
        take_messages(transfer->shard); /* its result may be there by now */
    if (transfer->stage == RUNNING) {
        transfer->is_late = 1;
        set_result(transfer, CURLE_OPERATION_TIMEDOUT);
    }
}

static void end_all_late(struct curl_transport *transport) {
    for (struct transfer *transfer = transport->oldest;
         transfer && deadline_us(transport, transfer) <= transport->now_us; transfer = transfer->newer)
        end_late(transport, transfer);
}

static int earlier(int timeout_ms, int64_t left_ms) {
    return left_ms < 0 ? 0 : left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

/* Until the first deadline. */
static int deadline_timeout(const struct curl_transport *transport, int timeout_ms) {
    const struct transfer *oldest = transport->oldest;
    return oldest ? earlier(timeout_ms, (deadline_us(transport, oldest) - transport->now_us + 999) / 1000) : timeout_ms;
}

/* Until threads may have become free for a name. */
static int lookup_timeout(const struct curl_transport *transport, int timeout_ms) {
    return transport->looking ? earlier(timeout_ms, LOOKUP_CHECK_MS) : timeout_ms;
}

static int keeps_connections(const struct shard *shard) {
    return shard->multi && shard->running == 0 && shard->kept_since_us > 0;
}

/* Until a shard has something to do. */
static int shard_timeout(const struct curl_transport *transport, int timeout_ms) {
    int64_t now_us = transport->now_us;
    for (const struct shard *shard = transport->shards; shard < transport->shards + transport->shard_count; shard++) {
        if (shard->due_us != INT64_MAX)
            timeout_ms = earlier(timeout_ms, (shard->due_us - now_us + 999) / 1000);
        if (keeps_connections(shard))
            timeout_ms = earlier(timeout_ms, (shard->kept_since_us + KEPT_MAX_US - now_us + 999) / 1000);
    }
    return timeout_ms;
}

/* libcurl closes connections that it keeps only when it opens others: a program that has nothing to send would hold
 * them open for ever. */
static void close_kept(struct curl_transport *transport) {
    for (struct shard *shard = transport->shards; shard < transport->shards + transport->shard_count; shard++)
        if (keeps_connections(shard) && shard->kept_since_us + KEPT_MAX_US <= transport->now_us)
            close_multi(shard);
    if (transport->multi_count == 0)
        transport->shard_count = 1;
}

static void wait_for(struct hd__transport *base, int timeout_ms) {
    struct curl_transport *transport = (struct curl_transport *)base;
    struct hd__socket_event events[EVENTS_MAX];
    look_at_clock(transport);
    enter();
    follow_lookups(transport);
    run_timers(transport);
    leave();
    int has_results = transport->with_results || transport->done || transport->failed;
    timeout_ms = deadline_timeout(transport, lookup_timeout(transport, timeout_ms));
    timeout_ms = has_results ? 0 : shard_timeout(transport, timeout_ms);
    size_t count = hd__poller_wait(transport->poller, timeout_ms, events, EVENTS_MAX);
    look_at_clock(transport);
    enter();
    for (size_t i = 0; i < count; i++)
        handle_event(&events[i]);
    run_timers(transport);
    follow_lookups(transport);
    end_all_late(transport);
    close_kept(transport);
    leave();
}

static void wake(struct hd__transport *base) {
    hd__poller_wake(((struct curl_transport *)base)->poller);
}

static void wake_from_resolver(void *user) {
    wake(user);
}

static void free_transport(struct hd__transport *base) {
    struct curl_transport *transport = (struct curl_transport *)base;
    if (transport->resolver)
        hd__resolver_free(transport->resolver);
    enter();
    while (transport->free) {
        struct transfer *transfer = transport->free;
        unlink_from(&transport->free, transfer);
        free_transfer(transfer);
    }
    for (size_t i = 0; i < SHARDS; i++)
        curl_multi_cleanup(transport->shards[i].multi);
    leave();
    if (transport->poller)
        hd__poller_free(transport->poller);
    hd__sockets_free(&transport->sockets);
    free(transport->ca_file);
    free(transport->user_agent);
    free(transport);
}

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

/* Never undone: the program may use libcurl too. OpenSSL has its exit handler after this; ours has to run before it,
 * and the last one that was registered is the first that runs. */
static void init_global(void) {
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_atfork(before_fork, leave, after_fork_in_child);
    hd__exit_prepare();
}

static uint32_t default_connections(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur / 2 > CONNECTIONS_DEFAULT_MAX)
        return CONNECTIONS_DEFAULT_MAX;
    return limit.rlim_cur < 4 ? 2 : (uint32_t)(limit.rlim_cur / 2);
}

int hd__curl_new(const struct hd__transport_config *config, struct hd__transport **transport) {
    pthread_once(&global_once, init_global);
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (global_result != CURLE_OK || !(info->features & CURL_VERSION_SSL))
        return HD_E_TRANSPORT;
    struct curl_transport *made = calloc(1, sizeof *made);
    if (!made)
        return HD_E_NO_MEMORY;
    for (size_t i = 0; i < SHARDS; i++)
        made->shards[i] = (struct shard){.transport = made, .due_us = INT64_MAX};
    made->shard_count = 1;
    made->base = (struct hd__transport){start, finished, wait_for, wake, cancel, free_transport};
    look_at_clock(made);
    made->timeout_ms = config->timeout_ms;
    made->max_connections = config->max_connections ? config->max_connections : default_connections();
    made->policy = config->policy;
    made->pins = config->pins;
    made->user_agent = strdup(config->user_agent);
    made->ca_file = config->ca_file ? strdup(config->ca_file) : NULL;
    made->prunes_always = info->version_num >= 0x081000;
    made->clear_capath = config->ca_file || info->cainfo; /* else the directory is all there is */
    made->resolver = hd__resolver_new(config->policy, &hd__system_clock, wake_from_resolver, made);
    int status = !made->user_agent || (config->ca_file && !made->ca_file) || !made->resolver ? HD_E_NO_MEMORY : HD_OK;
    made->poller = hd__poller_new();
    if (status == HD_OK && !made->poller)
        status = HD_E_TRANSPORT;
    if (status == HD_OK)
        *transport = &made->base;
    else
        free_transport(&made->base);
    return status;
}
