#include "server.h"

#include "file.h"
#include "guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256u
/* Beyond that, libmicrohttpd closes a connection without a word. An office or a tunnel has one address, and each
 * browser there opens up to six connections, one of them for each tab's stream (MDN, "EventSource"): this is enough for
 * 21 browsers, and leaves as many connections to everybody else. */
#define CONNECTIONS_PER_ADDRESS_MAX (CONNECTIONS_MAX / 2)
#define IDLE_S 15u
#define STACK_SIZE ((size_t)512 * 1024)
#define DROPPED_MAX ((size_t)1024 * 1024) /* of a body that is too large, before the connection is closed */
#define PIECE_SIZE ((size_t)16 * 1024)    /* of a stream */
#define LOOK_MS 250                       /* how often a stream looks whether it is to end */
#define HEARTBEAT_MS 10000                /* shorter than IDLE_S */
#define ANSWER_MS 7000                    /* for answers when the server stops: longer than a test delivery */

struct server {
    struct MHD_Daemon *daemon;
    int listening; /* -1 when it is the daemon's */
    uint16_t port;
    int is_v6, has_proxy;
    const char *const (*headers)[2];
    struct server_user user;
    char *tls_cert, *tls_key; /* the files' text */
    atomic_int is_stopping;
    atomic_int answering; /* requests */
};

/* A request from its first line until its answer has left. */
struct exchange {
    struct http_request request;
    size_t dropped;
    int is_answering, is_too_large, has_too_many_headers;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Streams ---- */

struct stream {
    struct server *server;
    const struct http_request *request;
    hd_dashboard_response *response;
    int descriptor;
    const char *piece; /* what is left to be sent */
    size_t length;
    int64_t sent_ms;
};

/* Without this, a browser that has left is only noticed when something is sent to it, twice. Over TLS it stays so: its
 * farewell can be read first. */
static int has_left(int descriptor) {
    char byte;
    ssize_t got = recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static int is_over(const struct stream *stream) {
    const struct server_user *user = &stream->server->user;
    return atomic_load(&stream->server->is_stopping) || has_left(stream->descriptor) ||
           !user->may_go_on(user->user, stream->request);
}

/* The waits are short, so that the stream ends soon when it has to. The comments that come at the end of each are sent
 * now and then only. */
static int fetch_piece(struct stream *stream) {
    if (hd_dashboard_response_next(stream->response, LOOK_MS, &stream->piece, &stream->length) != HD_OK)
        return 0;
    if (stream->length > 0 && *stream->piece == ':' && now_ms() - stream->sent_ms < HEARTBEAT_MS)
        stream->length = 0;
    return 1;
}

static ssize_t send_piece(void *context, uint64_t position, char *buffer, size_t size) {
    struct stream *stream = context;
    (void)position;
    while (stream->length == 0) {
        if (is_over(stream))
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!fetch_piece(stream))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t part = stream->length < size ? stream->length : size;
    memcpy(buffer, stream->piece, part);
    stream->piece += part;
    stream->length -= part;
    stream->sent_ms = now_ms();
    return (ssize_t)part;
}

static void free_stream(void *context) {
    struct stream *stream = context;
    hd_dashboard_response_free(stream->response);
    free(stream);
}

static int descriptor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

static struct MHD_Response *make_stream(struct server *server, struct MHD_Connection *connection,
                                        const struct http_request *request, struct http_answer *answer) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){.server = server,
                              .request = request,
                              .response = answer->dashboard,
                              .descriptor = descriptor_of(connection),
                              .sent_ms = now_ms()};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_SIZE, send_piece, stream, free_stream);
    if (response == NULL)
        free(stream);
    else
        answer->dashboard = NULL; /* the stream frees it */
    return response;
}

/* ---- Answers ---- */

static struct MHD_Response *copy_body(const char *body, size_t length) {
    return MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY); /* never written to */
}

static struct MHD_Response *make_dashboard_response(struct server *server, struct MHD_Connection *connection,
                                                    const struct http_request *request, struct http_answer *answer) {
    hd_dashboard_response *from = answer->dashboard;
    size_t length;
    const char *body = hd_dashboard_response_body(from, &length);
    struct MHD_Response *response = hd_dashboard_response_is_stream(from)
                                        ? make_stream(server, connection, request, answer)
                                        : copy_body(body, length);
    for (size_t i = 0; response != NULL && i < hd_dashboard_response_header_count(from); i++)
        MHD_add_response_header(response, hd_dashboard_response_header_name(from, i),
                                hd_dashboard_response_header_value(from, i));
    return response;
}

static struct MHD_Response *make_own_response(const struct server *server, const struct http_answer *answer) {
    struct MHD_Response *response = copy_body(answer->body.data ? answer->body.data : "", answer->body.length);
    if (response == NULL)
        return NULL;
    for (size_t i = 0; server->headers != NULL && server->headers[i][0] != NULL; i++)
        MHD_add_response_header(response, server->headers[i][0], server->headers[i][1]);
    if (answer->type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    if (*answer->location != '\0')
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
    if (*answer->cookie != '\0')
        MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, answer->cookie);
    return response;
}

static enum MHD_Result send_answer(struct server *server, struct MHD_Connection *connection,
                                   const struct http_request *request, struct http_answer *answer, int is_last) {
    int status = answer->dashboard ? hd_dashboard_response_status(answer->dashboard) : answer->status;
    struct MHD_Response *response = answer->dashboard     ? make_dashboard_response(server, connection, request, answer)
                                    : answer->body.failed ? NULL
                                                          : make_own_response(server, answer);
    enum MHD_Result result = MHD_NO;
    if (response != NULL) {
        if (is_last)
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        result = MHD_queue_response(connection, (unsigned int)status, response);
        MHD_destroy_response(response);
    }
    hd_dashboard_response_free(answer->dashboard);
    text_free(&answer->body);
    return result;
}

/* What the server itself says no to; the connection ends with it. */
static enum MHD_Result refuse(struct server *server, struct MHD_Connection *connection, int status, const char *words) {
    struct http_answer answer = {.status = status, .type = "text/plain; charset=utf-8"};
    text_add(&answer.body, words);
    return send_answer(server, connection, NULL, &answer, 1);
}

/* ---- Requests ---- */

static void free_exchange(struct exchange *exchange) {
    for (size_t i = 0; i < exchange->request.header_count; i++) {
        free(exchange->request.headers[i].name);
        free(exchange->request.headers[i].value);
    }
    free(exchange->request.method);
    free(exchange->request.target);
    text_free(&exchange->request.body);
    free(exchange);
}

/* Called with the target, before anything else. What it returns is the request's context. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *connection) {
    struct exchange *exchange = calloc(1, sizeof *exchange);
    (void)user, (void)connection;
    if (exchange != NULL)
        exchange->request.target = strdup(target);
    return exchange;
}

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct exchange *exchange = user;
    struct http_request *request = &exchange->request;
    (void)kind;
    exchange->has_too_many_headers = request->header_count == HTTP_HEADERS_MAX;
    if (exchange->has_too_many_headers)
        return MHD_NO;
    struct http_header header = {strdup(name), strdup(value ? value : "")};
    request->headers[request->header_count++] = header;
    exchange->request.body.failed |= header.name == NULL || header.value == NULL;
    return exchange->request.body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_head(struct server *server, struct MHD_Connection *connection, const char *method,
                                 struct exchange *exchange) {
    exchange->request.method = strdup(method);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, exchange);
    if (exchange->request.method == NULL || exchange->request.body.failed)
        return MHD_NO;
    if (exchange->has_too_many_headers)
        return refuse(server, connection, 431, "These are too many headers.\n");
    if (guard_is_ambiguous(&exchange->request))
        return refuse(server, connection, 400, "The request has no host or two, or two lengths.\n");
    return MHD_YES;
}

/* A part of a body that is too large is read and dropped, so that the client gets the response. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t length) {
    struct text *body = &exchange->request.body;
    if (exchange->is_too_large || length > HTTP_BODY_MAX - body->length) {
        exchange->is_too_large = 1;
        exchange->dropped += length;
        return exchange->dropped > DROPPED_MAX ? MHD_NO : MHD_YES;
    }
    text_add_bytes(body, data, length);
    return body->failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result answer_whole(struct server *server, struct MHD_Connection *connection,
                                    struct exchange *exchange) {
    struct http_answer answer = {.status = 500};
    if (exchange->is_too_large)
        return refuse(server, connection, 413, "The request is too large: 262,144 bytes are the most.\n");
    exchange->is_answering = 1;
    atomic_fetch_add(&server->answering, 1);
    server->user.answer(server->user.user, &exchange->request, &answer);
    return send_answer(server, connection, &exchange->request, &answer, atomic_load(&server->is_stopping));
}

/* Called for the headers, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **context) {
    struct exchange *exchange = *context;
    (void)url, (void)version;
    if (exchange == NULL || exchange->request.target == NULL)
        return MHD_NO;
    if (exchange->request.method == NULL)
        return take_head(user, connection, method, exchange);
    if (*data_len > 0) {
        size_t length = *data_len;
        *data_len = 0; /* all taken */
        return take_body(exchange, data, length);
    }
    return answer_whole(user, connection, exchange);
}

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code) {
    struct exchange *exchange = *context;
    struct server *server = user;
    (void)connection, (void)code;
    *context = NULL;
    if (exchange == NULL)
        return;
    if (exchange->is_answering)
        atomic_fetch_sub(&server->answering, 1);
    free_exchange(exchange);
}

/* ---- Start ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int read_address(const struct server_options *options, union address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, options->address, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(options->port);
        return 1;
    }
    if (inet_pton(AF_INET6, options->address, &address->v6.sin6_addr) != 1)
        return 0;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(options->port);
    return 1;
}

static int read_pem(const char *path, char **text) {
    *text = file_read(path);
    if (*text == NULL)
        fprintf(stderr, "helmdesk-desk: cannot read %s: %s\n", path, strerror(errno));
    return *text != NULL;
}

static int read_tls(struct server *server, const struct server_options *options) {
    if (options->tls_cert == NULL)
        return 1;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        fputs("helmdesk-desk: this libmicrohttpd was built without TLS\n", stderr);
        return 0;
    }
    return read_pem(options->tls_cert, &server->tls_cert) && read_pem(options->tls_key, &server->tls_key);
}

static void say_why(const struct server_options *options, int reason) {
    fprintf(stderr, "helmdesk-desk: cannot listen on %s, port %u: %s\n", options->address, options->port,
            strerror(reason));
    if (reason == EADDRINUSE)
        fputs("Something listens there already. Try another --port, or --port 0 for any that is free.\n", stderr);
    if (reason == EACCES)
        fputs("Ports below 1024 are not for everybody. Try another --port.\n", stderr);
    if (reason == EADDRNOTAVAIL)
        fputs("This machine does not have that address. Without --host, it is 127.0.0.1.\n", stderr);
}

static int take_port(struct server *server, const union address *address) {
    int on = 1;
    union address got;
    socklen_t length = sizeof got;
    server->is_v6 = address->any.sa_family == AF_INET6;
    server->listening = socket(address->any.sa_family, SOCK_STREAM, 0);
    if (server->listening < 0)
        return 0;
    (void)fcntl(server->listening, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(server->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* after a restart */
    if (bind(server->listening, &address->any, server->is_v6 ? sizeof address->v6 : sizeof address->v4) != 0 ||
        listen(server->listening, SOMAXCONN) != 0 || getsockname(server->listening, &got.any, &length) != 0)
        return 0;
    server->port = ntohs(server->is_v6 ? got.v6.sin6_port : got.v4.sin_port);
    return 1;
}

static void free_server(struct server *server) {
    if (server->listening >= 0)
        close(server->listening);
    free(server->tls_cert);
    free(server->tls_key);
    free(server);
}

struct server *server_listen(const struct server_options *options) {
    union address address;
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->listening = -1;
    server->has_proxy = options->has_proxy;
    server->headers = options->headers;
    if (read_address(options, &address) && read_tls(server, options)) {
        if (take_port(server, &address))
            return server;
        say_why(options, errno);
    }
    free_server(server);
    return NULL;
}

uint16_t server_port(const struct server *server) {
    return server->port;
}

static unsigned int flags_of(const struct server *server) {
    return MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC |
           (server->is_v6 ? (unsigned int)MHD_USE_IPv6 : 0u) | (server->tls_cert ? (unsigned int)MHD_USE_TLS : 0u);
}

int server_start(struct server *server, const struct server_user *user) {
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    server->user = *user;
    server->daemon = MHD_start_daemon(
        flags_of(server), 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->listening,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, server, MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        server->has_proxy ? 0u : CONNECTIONS_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
        MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, MHD_OPTION_ARRAY, server->tls_cert ? tls : none, MHD_OPTION_END);
    if (server->daemon == NULL) {
        fprintf(stderr, "helmdesk-desk: the server cannot be started%s\n",
                server->tls_cert ? ": do the certificate and the key fit together?" : "");
        return 0;
    }
    server->listening = -1;
    return 1;
}

/* ---- Stop ---- */

/* MHD_stop_daemon() cuts off what it finds. */
static void wait_until_answered(struct server *server) {
    struct timespec pause = {.tv_nsec = 10000000};
    int64_t ends_ms = now_ms() + ANSWER_MS;
    while (atomic_load(&server->answering) > 0 && now_ms() < ends_ms)
        nanosleep(&pause, NULL);
}

static void stop_daemon(struct server *server) {
    server->listening = MHD_quiesce_daemon(server->daemon);
    if (server->listening >= 0)
        shutdown(server->listening, SHUT_RDWR); /* new connections are refused, and do not wait for a response */
    atomic_store(&server->is_stopping, 1);
    wait_until_answered(server);
    MHD_stop_daemon(server->daemon);
}

void server_stop(struct server *server) {
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        stop_daemon(server);
    free_server(server);
}
