#include "cli/server.h"

#ifdef HELMDESK_HAS_LISTEN

#include "cli/output.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/text.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX ((size_t)2 * 1024 * 1024)
#define HANG_MS 60000
#define CONNECTIONS_MAX 256u
#define IDLE_S 30u
#define ANSWER_US 7000000 /* for answers at the end: longer than a request that is sent on */
#define ARRIVE_US 1000000 /* for what has only begun to arrive */

struct server {
    struct MHD_Daemon *daemon;
    struct server_user user;
    int stop[2];           /* a pipe whose writing end is closed to wake waiting threads */
    pthread_mutex_t mutex; /* guards these */
    int is_stopping;
    size_t arriving, answering; /* requests */
};

/* A request while it arrives. */
struct arriving {
    struct request request;
    int is_too_large, is_out_of_memory, is_answering;
};

/* ---- Answers ---- */

static int is_stopping(struct server *server) {
    pthread_mutex_lock(&server->mutex);
    int stopping = server->is_stopping;
    pthread_mutex_unlock(&server->mutex);
    return stopping;
}

/* The body becomes the response's. */
static struct MHD_Response *make_response(struct reply *reply) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.len, reply->body.data ? (void *)reply->body.data : (void *)"",
                                        reply->body.data ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response)
        reply->body = (struct bytes){NULL, 0};
    return response;
}

static int is_at_end(void *user) {
    return is_stopping(user);
}

/* A stream ends when the server stops. */
static struct MHD_Response *make_page(struct server *server, struct reply *reply) {
    hd_dashboard_response *page = reply->page;
    reply->page = NULL;
    return cli_page_response(page, is_at_end, server);
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection, struct reply *reply,
                              int is_last) {
    struct MHD_Response *response = reply->page ? make_page(server, reply) : make_response(reply);
    if (!response)
        return MHD_NO;
    if (*reply->type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    if (reply->name)
        MHD_add_response_header(response, reply->name, reply->value);
    if (is_last)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* What the server itself says no to. */
static enum MHD_Result refuse(struct server *server, struct MHD_Connection *connection, int status, const char *text) {
    struct reply reply = {.status = status, .type = "text/plain", .body = {strdup(text), strlen(text)}};
    if (!reply.body.data)
        return MHD_NO;
    enum MHD_Result result = answer(server, connection, &reply, 1);
    free(reply.body.data);
    return result;
}

static int descriptor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

/* Lingering for no time makes close() reset. libmicrohttpd says goodbye before it closes: where the system can,
 * connecting to nowhere resets at once. */
static enum MHD_Result reset(struct MHD_Connection *connection) {
    struct linger none = {.l_onoff = 1};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int descriptor = descriptor_of(connection);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    (void)connect(descriptor, &nowhere, sizeof nowhere);
    return MHD_NO;
}

/* ---- Waiting ---- */

enum wait_end {
    TIME_IS_OVER,
    CLIENT_LEFT,
    SERVER_STOPS
};

/* Something can be read: the end, or more than was asked for. */
static int has_left(int descriptor) {
    char byte;
    ssize_t got = recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static enum wait_end wait_for(const struct server *server, struct MHD_Connection *connection, int64_t ms) {
    struct pollfd watched[] = {{.fd = server->stop[0], .events = POLLIN},
                               {.fd = descriptor_of(connection), .events = POLLIN}};
    int64_t until_us = cli_now_us() + ms * 1000, left_us;
    while ((left_us = until_us - cli_now_us()) > 0) {
        if (poll(watched, 2, (int)(left_us / 1000 + 1)) <= 0)
            continue;
        if (watched[0].revents)
            return SERVER_STOPS;
        if (has_left(watched[1].fd))
            return CLIENT_LEFT;
        watched[1].fd = -1; /* its end cannot be seen before the bytes that it has sent */
    }
    return TIME_IS_OVER;
}

static enum MHD_Result carry_out(struct server *server, struct MHD_Connection *connection, struct reply *reply) {
    if (reply->delay_ms > 0 && wait_for(server, connection, reply->delay_ms) == CLIENT_LEFT)
        return MHD_NO;
    if (reply->kind == REPLY_RESETS)
        return reset(connection);
    if (reply->kind == REPLY_HANGS) {
        (void)wait_for(server, connection, HANG_MS);
        return MHD_NO;
    }
    return answer(server, connection, reply, is_stopping(server));
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
        found += cli_equal_nocase(request->headers[i].name, name) ? 1 : 0;
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
    if (arriving->is_too_large || arriving->is_out_of_memory)
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

static void count_answering(struct server *server, struct arriving *arriving) {
    arriving->is_answering = 1;
    pthread_mutex_lock(&server->mutex);
    server->arriving--;
    server->answering++;
    pthread_mutex_unlock(&server->mutex);
}

static enum MHD_Result reply_to(struct server *server, struct MHD_Connection *connection, struct arriving *arriving) {
    struct reply reply = {.status = 200};
    if (arriving->is_out_of_memory)
        return refuse(server, connection, 500, "There is not enough memory\n");
    if (arriving->is_too_large && server->user.too_large)
        server->user.too_large(server->user.user, &arriving->request);
    if (arriving->is_too_large)
        return refuse(server, connection, 413, "The body is larger than 2 MiB\n");
    count_answering(server, arriving);
    server->user.reply(server->user.user, &arriving->request, &reply);
    enum MHD_Result result = carry_out(server, connection, &reply);
    free(reply.body.data);
    return result;
}

/* Called with the request line, before anything else. What it returns is the request's context. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *connection) {
    struct arriving *arriving = calloc(1, sizeof *arriving);
    struct server *server = user;
    (void)connection;
    if (!arriving)
        return NULL;
    arriving->request.target = strdup(target);
    pthread_mutex_lock(&server->mutex);
    server->arriving++;
    pthread_mutex_unlock(&server->mutex);
    return arriving;
}

static enum MHD_Result take_head(struct server *server, struct MHD_Connection *connection, const char *method,
                                 struct arriving *arriving) {
    arriving->request.method = strdup(method);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, arriving);
    if (!arriving->request.method)
        return MHD_NO;
    return is_ambiguous(&arriving->request) ? refuse(server, connection, 400, "The length or the host is ambiguous\n")
                                            : MHD_YES;
}

/* Called for the headers, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **context) {
    struct arriving *arriving = *context;
    (void)url, (void)version;
    if (!arriving || !arriving->request.target)
        return MHD_NO;
    if (!arriving->request.method)
        return take_head(user, connection, method, arriving);
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
    struct server *server = user;
    (void)connection, (void)code;
    if (!arriving)
        return;
    if (arriving->is_answering)
        server->user.answered(server->user.user);
    pthread_mutex_lock(&server->mutex);
    *(arriving->is_answering ? &server->answering : &server->arriving) -= 1;
    pthread_mutex_unlock(&server->mutex);
    cli_request_free(&arriving->request);
    free(arriving);
    *context = NULL;
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

/* Of libmicrohttpd, only old versions tell why an address cannot be listened on. errno says it here. */
static int open_listener(const union address *address) {
    const int on = 1;
    int is_v6 = address->any.sa_family == AF_INET6;
    int listener = socket(address->any.sa_family, SOCK_STREAM, 0);
    if (listener < 0)
        return -1;
    (void)fcntl(listener, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (is_v6)
        (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(listener, &address->any, is_v6 ? sizeof address->v6 : sizeof address->v4) == 0 &&
        listen(listener, SOMAXCONN) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

/* Signals are for the thread that waits for them: those of the daemon are born with all of them blocked. */
static int start_daemon(struct server *server, const union address *address) {
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;
    sigset_t all, before;
    if (address->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    int listener = open_listener(address);
    if (listener < 0)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
                                      MHD_OPTION_URI_LOG_CALLBACK, begin_request, server, MHD_OPTION_NOTIFY_COMPLETED,
                                      end_request, server, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                      MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!server->daemon) {
        close(listener);
        errno = 0;
    }
    return server->daemon != NULL;
}

static int fail_start(const char *host, uint16_t port, int reason) {
    cli_error("cannot listen on %s, port %u: %s", host, port, reason ? strerror(reason) : "the system refuses");
    if (reason == EADDRINUSE)
        cli_hint("Something listens there already. Try another --port, or --port 0 for any that is free.");
    if (reason == EACCES)
        cli_hint("Ports below 1024 are not for everybody. Try another --port, or --port 0 for any that is free.");
    if (reason == EADDRNOTAVAIL)
        cli_hint("This machine does not have that address. Without --host, it is 127.0.0.1.");
    return CLI_USAGE;
}

static void free_server(struct server *server) {
    for (int i = 0; i < 2; i++)
        if (server->stop[i] >= 0)
            close(server->stop[i]);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

static struct server *new_server(const struct server_user *user) {
    struct server *server = calloc(1, sizeof *server);
    if (!server || pthread_mutex_init(&server->mutex, NULL) != 0) {
        free(server);
        return NULL;
    }
    server->user = *user;
    if (pipe(server->stop) != 0) {
        server->stop[0] = server->stop[1] = -1;
        free_server(server);
        return NULL;
    }
    (void)fcntl(server->stop[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(server->stop[1], F_SETFD, FD_CLOEXEC);
    return server;
}

int cli_server_start(const char *host, uint16_t *port, const struct server_user *user, struct server **server) {
    union address address;
    if (!read_address(host, *port, &address)) {
        cli_error("--host cannot be '%s'", host);
        cli_hint("It is an address of this machine, such as 127.0.0.1 or ::1.");
        return CLI_USAGE;
    }
    struct server *made = new_server(user);
    if (!made)
        return cli_no_memory();
    if (!start_daemon(made, &address)) {
        int reason = errno;
        free_server(made);
        return fail_start(host, *port, reason);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(made->daemon, MHD_DAEMON_INFO_BIND_PORT);
    *port = info ? info->port : *port;
    *server = made;
    return CLI_OK;
}

static void wake_waiting(struct server *server) {
    pthread_mutex_lock(&server->mutex);
    server->is_stopping = 1;
    close(server->stop[1]);
    server->stop[1] = -1;
    pthread_mutex_unlock(&server->mutex);
}

/* Looks from time to time, since it is the end. */
static void wait_until_none(struct server *server, const size_t *requests, int64_t until_us) {
    const struct timespec nap = {.tv_nsec = 5000000};
    pthread_mutex_lock(&server->mutex);
    while (*requests > 0 && cli_now_us() < until_us) {
        pthread_mutex_unlock(&server->mutex);
        nanosleep(&nap, NULL);
        pthread_mutex_lock(&server->mutex);
    }
    pthread_mutex_unlock(&server->mutex);
}

/* MHD_stop_daemon() cuts off what it finds. */
static void wait_until_answered(struct server *server) {
    int64_t now_us = cli_now_us();
    wait_until_none(server, &server->arriving, now_us + ARRIVE_US);
    wait_until_none(server, &server->answering, now_us + ANSWER_US);
}

void cli_server_stop(struct server *server) {
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET)
        shutdown(listening, SHUT_RDWR); /* new connections are refused, and do not wait for a response */
    wake_waiting(server);
    wait_until_answered(server);
    MHD_stop_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    free_server(server);
}

#endif
