/* The dashboard inside another HTTP server, in as few lines as it takes; here libmicrohttpd, with a thread for each
 * connection. examples/desk is a server with all that belongs around it.
 *
 *   HELMDESK_PASSWORD=... mount PORT   (0: any free port; the user's name is not asked) */
#include <helmdesk/dashboard.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hd_dashboard *dashboard;
static char key[HD_SECRET_SIZE], password[HD_SIGNATURE_SIZE]; /* of the password, only a hash */
static atomic_int stops;

struct stream {
    hd_dashboard_response *response;
    const char *piece; /* what is left to be sent */
    size_t length;
};

/* Your server knows who is signed in. This one has browsers ask for a password. */
static int role_of(struct MHD_Connection *connection) {
    char *given = NULL, *user = MHD_basic_auth_get_username_password(connection, &given);
    int is_right = given != NULL && hd_verify(given, strlen(given), password, strlen(password), key, strlen(key)) == 0;
    MHD_free(user);
    MHD_free(given);
    return is_right ? HD_ROLE_ADMIN : HD_ROLE_NONE;
}

/* The request remembers if a header cannot be added, and is refused then. */
static enum MHD_Result add_header(void *request, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len) {
    (void)kind;
    hd_request_add_header(request, name, name_len, value, value_len);
    return MHD_YES;
}

/* The waits are short, so that the server can stop. */
static ssize_t next_piece(void *context, uint64_t position, char *buffer, size_t size) {
    struct stream *stream = context;
    (void)position;
    if (stream->length == 0 &&
        (stops || hd_dashboard_response_next(stream->response, 1000, &stream->piece, &stream->length) != HD_OK))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t part = stream->length < size ? stream->length : size;
    memcpy(buffer, stream->piece, part);
    stream->piece += part;
    stream->length -= part;
    return (ssize_t)part;
}

static void free_stream(void *context) {
    hd_dashboard_response_free(((struct stream *)context)->response);
    free(context);
}

static struct MHD_Response *make_stream(hd_dashboard_response *response) {
    struct stream *stream = calloc(1, sizeof *stream);
    struct MHD_Response *made =
        stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, next_piece, stream, free_stream) : NULL;
    if (made != NULL)
        stream->response = response;
    else
        free(stream);
    return made;
}

static struct MHD_Response *make_copy(const hd_dashboard_response *response) {
    size_t length;
    const char *body = hd_dashboard_response_body(response, &length);
    return MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY); /* never written to */
}

/* Sends the response, and frees it. */
static enum MHD_Result send_response(struct MHD_Connection *connection, hd_dashboard_response *response) {
    enum MHD_Result result = MHD_NO;
    int is_stream = hd_dashboard_response_is_stream(response);
    struct MHD_Response *made = is_stream ? make_stream(response) : make_copy(response);
    int is_owned = is_stream && made != NULL; /* by the stream */
    for (size_t i = 0; made != NULL && i < hd_dashboard_response_header_count(response); i++)
        MHD_add_response_header(made, hd_dashboard_response_header_name(response, i),
                                hd_dashboard_response_header_value(response, i));
    if (made != NULL) {
        result = MHD_queue_response(connection, (unsigned int)hd_dashboard_response_status(response), made);
        MHD_destroy_response(made);
    }
    if (!is_owned)
        hd_dashboard_response_free(response);
    return result;
}

/* Anything else that your server has would be answered here. */
static enum MHD_Result answer(struct MHD_Connection *connection, const hd_request *request) {
    hd_dashboard_response *response;
    int role = role_of(connection);
    if (role != HD_ROLE_NONE && strncmp(hd_request_target(request), "/admin/hooks/", 13) == 0)
        return hd_dashboard_handle(dashboard, request, "admin", role, &response) == HD_OK
                   ? send_response(connection, response)
                   : MHD_NO;
    struct MHD_Response *empty = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = role == HD_ROLE_NONE ? MHD_queue_basic_auth_fail_response(connection, "webhooks", empty)
                                                  : MHD_queue_response(connection, MHD_HTTP_NOT_FOUND, empty);
    MHD_destroy_response(empty);
    return result;
}

/* The target as it is in the request line: libmicrohttpd decodes it later. */
static void *begin_request(void *unused, const char *target, struct MHD_Connection *connection) {
    hd_request *request = NULL;
    (void)unused, (void)connection;
    if (hd_request_new(&request) == HD_OK)
        hd_request_set_target(request, target, HD_TEXT_NUL);
    return request;
}

static void end_request(void *unused, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code) {
    (void)unused, (void)connection, (void)code;
    hd_request_free(*context);
}

/* Called for the headers, for each piece of the body, and at its end. The dashboard refuses what is too large. */
static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **context) {
    hd_request *request = *context;
    (void)unused, (void)url, (void)version;
    if (request == NULL || hd_request_target(request) == NULL)
        return MHD_NO;
    if (hd_request_method(request) == NULL) {
        hd_request_set_method(request, method, HD_TEXT_NUL);
        MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, request);
        return hd_request_method(request) == NULL ? MHD_NO : MHD_YES;
    }
    if (*data_len == 0)
        return answer(connection, request);
    hd_request_add_body(request, data, *data_len);
    *data_len = 0;
    return MHD_YES;
}

static int prepare(hd_client **client) {
    const char *given = getenv("HELMDESK_PASSWORD");
    return given != NULL && *given != '\0' && hd_generate_secret(key, sizeof key) == HD_OK &&
           hd_sign(given, strlen(given), key, strlen(key), password, sizeof password) == HD_OK &&
           hd_client_new(NULL, client) == HD_OK && hd_dashboard_new(*client, "/admin/hooks/", &dashboard) == HD_OK &&
           hd_dashboard_add_project(dashboard, "acme") == HD_OK;
}

int main(int argc, char **argv) {
    hd_client *client = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)(argc == 2 ? atoi(argv[1]) : 0));
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* in all threads, for sigwait() */

    struct MHD_Daemon *server = NULL;
    if (prepare(&client))
        server =
            MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL,
                             NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK,
                             begin_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
                             MHD_OPTION_CONNECTION_LIMIT, 100u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    int signal_number, has_started = server != NULL;
    if (has_started) {
        printf("http://127.0.0.1:%u/admin/hooks/\n", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
        fflush(stdout);
        sigwait(&signals, &signal_number);
        stops = 1;
        MHD_stop_daemon(server);
    } else {
        fputs("usage: HELMDESK_PASSWORD=... mount PORT   (0: any free port)\n", stderr);
    }
    hd_dashboard_free(dashboard);
    hd_client_free(client);
    return has_started ? 0 : 2;
}
