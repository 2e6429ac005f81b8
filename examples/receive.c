/* Receives webhooks over HTTP: checks each signature, then reads the event. Made to be copied.
 *
 * It listens on 127.0.0.1 only. In production, put it behind the web server that does TLS. */
#include <helmdesk.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MAX_BODY = 1024 * 1024
};

/* One request while its body arrives. */
struct request {
    char *body;
    size_t length;
    int too_large;
};

/* Subjects and messages are a customer's text: no control character in them may reach the terminal. */
static void print_text(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        int wide_control = byte == 0xc2 && (unsigned char)text[1] < 0xa0; /* U+0080 to U+009F in UTF-8 */
        putchar(byte < 0x20 || byte == 0x7f || wide_control ? ' ' : byte);
        text += wide_control;
    }
}

/* This is where your program does its work. Answer within 5 seconds: put what takes longer into a queue. */
static void handle_event(const hd_event *event) {
    flockfile(stdout); /* one line at a time: every connection has its own thread */
    switch (hd_event_type(event)) {
    case HD_TICKET_CREATED:
        printf("new ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_ticket_subject(event));
        break;
    case HD_TICKET_RESOLVED:
        printf("resolved ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_ticket_subject(event));
        break;
    case HD_MESSAGE_RECEIVED: /* its text is an optional part of the body */
        printf("new message on ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_message_body(event) ? hd_event_message_body(event) : hd_event_ticket_subject(event));
        break;
    default: /* newer than this program: answer 200 all the same */
        fputs("ignored: ", stdout);
        print_text(hd_event_name(event));
        break;
    }
    putchar('\n');
    funlockfile(stdout);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, const char *text) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT); /* never written to */
    if (response == NULL)
        return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The body is here. Verify the raw bytes first: nothing in them can be trusted before. */
static enum MHD_Result receive(struct MHD_Connection *connection, const struct request *request, const char *secret) {
    const char *signature = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Helmdesk-Signature");
    size_t signature_len = signature ? strlen(signature) : 0;
    if (hd_verify(request->body, request->length, signature, signature_len, secret, strlen(secret)) != HD_OK)
        return answer(connection, MHD_HTTP_UNAUTHORIZED, "Invalid signature");

    hd_event *event;
    int status = hd_event_parse(request->body, request->length, &event);
    if (status != HD_OK)
        return answer(connection, MHD_HTTP_BAD_REQUEST, hd_strerror(status));
    handle_event(event);
    hd_event_free(event);
    return answer(connection, MHD_HTTP_OK, "OK");
}

/* libmicrohttpd calls this once for the headers, then for each piece of the body, then once at its end. */
static enum MHD_Result on_request(void *secret, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **context) {
    (void)url, (void)version;
    struct request *request = *context;
    if (request == NULL) {
        if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
            return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only POST");
        *context = calloc(1, sizeof *request);
        return *context ? MHD_YES : MHD_NO;
    }
    if (*data_len > 0) {
        request->too_large = request->too_large || *data_len > MAX_BODY - request->length;
        if (!request->too_large) {
            char *body = realloc(request->body, request->length + *data_len);
            if (body == NULL)
                return MHD_NO;
            memcpy(body + request->length, data, *data_len);
            request->body = body;
            request->length += *data_len;
        }
        *data_len = 0; /* all taken; of a body that is too large, the rest is read and dropped */
        return MHD_YES;
    }
    if (request->too_large)
        return answer(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Body too large");
    return receive(connection, request, secret);
}

static void on_completed(void *secret, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)secret, (void)connection, (void)code;
    struct request *request = *context;
    if (request != NULL)
        free(request->body);
    free(request);
}

int main(int argc, char **argv) {
    char *secret = getenv("HELMDESK_SECRET");
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    if (port < 0 || port > 65535 || end == argv[1] || *end != '\0' || secret == NULL || *secret == '\0') {
        fputs("usage: HELMDESK_SECRET=... receive PORT   (0: any free port)\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);

    /* Every thread started from here on blocks these signals, so that sigwait() below gets them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, (uint16_t)port, NULL, NULL,
        on_request, secret, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_CONNECTION_LIMIT, 100u, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
    if (server == NULL) {
        fprintf(stderr, "receive: cannot listen on 127.0.0.1:%ld\n", port);
        return 1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    printf("listening on http://127.0.0.1:%u\n", info ? info->port : (unsigned int)port);

    int signal_number;
    sigwait(&signals, &signal_number);
    MHD_stop_daemon(server);
    puts("stopped");
    return 0;
}
