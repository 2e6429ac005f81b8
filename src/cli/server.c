#include "cli/server.h"

#ifdef HELMDESK_HAS_LISTEN

#include "cli/output.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX ((size_t)1024 * 1024)
#define HANG_MS 60000
#define LOOK_MS 50 /* how often a thread that waits looks whether its client has left */
#define CONNECTIONS_MAX 256u
#define IDLE_S 30u
#define ANSWER_S 6 /* for what is under way at the end: longer than a request that is sent on */

struct server {
    struct MHD_Daemon *daemon;
    reply_function *function;
    void *user;
    pthread_mutex_t mutex; /* guards this */
    pthread_cond_t changed;
    int is_stopping;
    size_t under_way; /* requests */
};

/* A request while it arrives. */
struct arriving {
    struct request request;
    int is_complete, is_too_large, is_out_of_memory;
};

/* ---- Answers ---- */

static enum MHD_Result queue(struct MHD_Connection *connection, const struct reply *reply,
                             struct MHD_Response *response) {
    if (!response)
        return MHD_NO;
    if (reply->type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    if (reply->name)
        MHD_add_response_header(response, reply->name, reply->value);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* The body becomes the response's. */
static enum MHD_Result answer(struct MHD_Connection *connection, struct reply *reply) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.data ? (void *)reply->body.data : (void *)"",
                                        reply->body.data ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response)
        reply->body.data = NULL;
    return queue(connection, reply, response);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, int status, const char *text) {
    struct reply reply = {.status = status,
                          .type = "text/plain",
                          .name = MHD_HTTP_HEADER_CONNECTION,
                          .value = "close",
                          .body = {strdup(text), strlen(text)}};
    enum MHD_Result result = answer(connection, &reply);
    free(reply.body.data);
    return result;
}

static int descriptor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

/* Lingering for no time, close() resets; so does connecting to nowhere, and before libmicrohttpd can say goodbye. */
static enum MHD_Result reset(struct MHD_Connection *connection) {
    struct linger none = {.l_onoff = 1};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int descriptor = descriptor_of(connection);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    (void)connect(descriptor, &nowhere, sizeof nowhere);
    return MHD_NO;
}

/* ---- Waiting ---- */

static int has_left(int descriptor) {
    char byte;
    ssize_t got = recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* Waits for a slice of time, unless the server stops. Returns whether it goes on. */
static int wait_slice(struct server *server, int64_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
    until.tv_nsec = (until.tv_nsec / 1000000 + ms) % 1000 * 1000000;
    pthread_mutex_lock(&server->mutex);
    if (!server->is_stopping)
        (void)pthread_cond_timedwait(&server->changed, &server->mutex, &until);
    int goes_on = !server->is_stopping;
    pthread_mutex_unlock(&server->mutex);
    return goes_on;
}

/* Returns 1 if the time is over and the client still there. */
static int wait_for(struct server *server, struct MHD_Connection *connection, int64_t ms) {
    int descriptor = descriptor_of(connection);
    for (int64_t left = ms; left > 0; left -= LOOK_MS)
        if (!wait_slice(server, left < LOOK_MS ? left : LOOK_MS) || has_left(descriptor))
            return 0;
    return 1;
}

static enum MHD_Result carry_out(struct server *server, struct MHD_Connection *connection, struct reply *reply) {
    if (reply->delay_ms > 0 && !wait_for(server, connection, reply->delay_ms))
        return MHD_NO;
    if (reply->kind == REPLY_RESETS)
        return reset(connection);
    if (reply->kind == REPLY_HANGS) {
        (void)wait_for(server, connection, HANG_MS);
        return MHD_NO;
    }
    return answer(connection, reply);
}

/* ---- Requests ---- */

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                   const char *value, size_t value_len) {
    struct arriving *arriving = user;
    (void)kind;
    arriving->is_out_of_memory |=
        !cli_request_add(&arriving->request, name, name_len, value ? value : "", value ? value_len : 0);
    return arriving->is_out_of_memory ? MHD_NO : MHD_YES;
}

static size_t count(const struct request *request, const char *name) {
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++)
        found += strcasecmp(request->headers[i].name, name) == 0;
    return found;
}

/* libmicrohttpd up to 1.0.3 takes these, which two servers in a row read in two ways (request smuggling). */
static int is_ambiguous(const struct request *request) {
    size_t lengths = count(request, "Content-Length");
    return lengths > 1 || (lengths == 1 && count(request, "Transfer-Encoding") > 0) || count(request, "Host") > 1;
}

static void take_body(struct arriving *arriving, const char *data, size_t len) {
    struct bytes *body = &arriving->request.body;
    arriving->is_too_large |= len > BODY_MAX - body->len;
    if (arriving->is_too_large)
        return;
    char *grown = realloc(body->data, body->len + len + 1);
    arriving->is_out_of_memory |= grown == NULL;
    if (!grown)
        return;
    memcpy(grown + body->len, data, len);
    body->data = grown;
    body->len += len;
    body->data[body->len] = '\0';
}

static enum MHD_Result reply_to(struct server *server, struct MHD_Connection *connection,
                                const struct arriving *arriving) {
    struct reply reply = {.status = 200, .type = "text/plain"};
    if (arriving->is_out_of_memory)
        return refuse(connection, 500, "Out of memory\n");
    if (arriving->is_too_large)
        return refuse(connection, 413, "The body is larger than 1 MiB\n");
    server->function(server->user, &arriving->request, &reply);
    enum MHD_Result result = carry_out(server, connection, &reply);
    free(reply.body.data);
    return result;
}

static void count_under_way(struct server *server, int change) {
    pthread_mutex_lock(&server->mutex);
    server->under_way += (size_t)change;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

/* Called with the request line, before anything else. What it returns is the request's context. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *connection) {
    struct arriving *arriving = calloc(1, sizeof *arriving);
    (void)connection;
    if (!arriving)
        return NULL;
    arriving->request.target = strdup(target);
    count_under_way(user, 1);
    return arriving;
}

/* Called for the headers, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **context) {
    struct arriving *arriving = *context;
    (void)url, (void)version;
    if (!arriving || !arriving->request.target)
        return MHD_NO;
    if (!arriving->request.method) {
        arriving->request.method = strdup(method);
        MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, arriving);
        if (!arriving->request.method)
            return MHD_NO;
        return is_ambiguous(&arriving->request) ? refuse(connection, 400, "The length or the host is ambiguous\n")
                                                : MHD_YES;
    }
    if (*data_len > 0) {
        take_body(arriving, data, *data_len);
        *data_len = 0; /* of a body that is too large, the rest is read and dropped */
        return MHD_YES;
    }
    return reply_to(user, connection, arriving);
}

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code) {
    struct arriving *arriving = *context;
    (void)connection, (void)code;
    if (!arriving)
        return;
    cli_request_free(&arriving->request);
    free(arriving);
    count_under_way(user, -1);
}

/* ---- Life ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int read_address(const char *host, uint16_t port, union address *address) {
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return 1;
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1)
        return 0;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return 1;
}

static int start_daemon(struct server *server, const union address *address) {
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
    if (address->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address->any,
                                      MHD_OPTION_URI_LOG_CALLBACK, begin_request, server, MHD_OPTION_NOTIFY_COMPLETED,
                                      end_request, server, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                      MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
    return server->daemon != NULL;
}

static int fail_start(const char *host, uint16_t port, int reason) {
    cli_error("cannot listen on %s port %u: %s", host, port, strerror(reason));
    if (reason == EADDRINUSE)
        cli_hint("Something else listens there. Try another --port, or --port 0 for any free one.");
    return CLI_USAGE;
}

int cli_server_start(const char *host, uint16_t *port, reply_function *function, void *user, struct server **server) {
    union address address;
    if (!read_address(host, *port, &address)) {
        cli_error("--host cannot be '%s'", host);
        cli_hint("It is an address of this machine, such as 127.0.0.1 or ::1.");
        return CLI_USAGE;
    }
    struct server *made = calloc(1, sizeof *made);
    if (!made)
        return cli_no_memory();
    made->function = function;
    made->user = user;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    errno = 0;
    if (!start_daemon(made, &address)) {
        int reason = errno;
        free(made);
        return fail_start(host, *port, reason);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(made->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *port = info ? info->port : *port;
    *server = made;
    return CLI_OK;
}

/* MHD_stop_daemon() cuts off what it finds. */
static void wait_until_answered(struct server *server) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ANSWER_S;
    pthread_mutex_lock(&server->mutex);
    server->is_stopping = 1;
    pthread_cond_broadcast(&server->changed);
    while (server->under_way > 0 && pthread_cond_timedwait(&server->changed, &server->mutex, &until) == 0)
        continue;
    pthread_mutex_unlock(&server->mutex);
}

void cli_server_stop(struct server *server) {
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    wait_until_answered(server);
    MHD_stop_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

#endif
