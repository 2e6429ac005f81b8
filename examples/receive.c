/* Receives webhooks over HTTP: checks each signature, reads the event, answers, and only then does its work. Made to be
 * copied.
 *
 * HELMDESK_SECRET_OLD may hold the secret before a rotation. It listens on 127.0.0.1 only. In production, put it behind
 * the web server that does TLS, reads requests whole, and limits their number and size. */
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
    MAX_WAITING = 1000,  /* events whose work is not done yet */
    REMEMBERED = 10000,  /* requests that are not accepted twice */
    MAX_AGE_MS = 3600000 /* older ones are not accepted at all: longer than the sender goes on trying */
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

/* This is where your program does its work, for as long as it needs: the sender has its answer already. */
static void handle_event(const hd_event *event) {
    flockfile(stdout); /* one line at a time: every connection has its own thread */
    switch (hd_event_type(event)) {
    case HD_TICKET_CREATED:
        printf("new ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL));
        break;
    case HD_TICKET_RESOLVED:
        printf("resolved ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL));
        break;
    case HD_MESSAGE_RECEIVED: /* its text is an optional part of the body */
        printf("new message on ticket #%lld: ", (long long)hd_event_ticket_number(event));
        print_text(hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL)
                       ? hd_event_get(event, HD_FIELD_MESSAGE_BODY, NULL)
                       : hd_event_get(event, HD_FIELD_TICKET_SUBJECT, NULL));
        break;
    default: /* newer than this program: answer 200 all the same */
        fputs("ignored: ", stdout);
        print_text(hd_event_name(event));
        break;
    }
    putchar('\n');
    funlockfile(stdout);
}

/* What has been answered and waits for its work. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    hd_acceptance *accepted[MAX_WAITING];
    size_t first, count;
    int ends;
} work = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Takes over what was accepted. Returns 0 if too many wait already. */
static int do_later(hd_acceptance *acceptance) {
    pthread_mutex_lock(&work.lock);
    int has_room = work.count < MAX_WAITING;
    if (has_room)
        work.accepted[(work.first + work.count++) % MAX_WAITING] = acceptance;
    pthread_cond_signal(&work.changed);
    pthread_mutex_unlock(&work.lock);
    return has_room;
}

static void *work_off(void *unused) {
    (void)unused;
    pthread_mutex_lock(&work.lock);
    while (!work.ends || work.count > 0) {
        if (work.count == 0) {
            pthread_cond_wait(&work.changed, &work.lock);
            continue;
        }
        hd_acceptance *acceptance = work.accepted[work.first];
        work.first = (work.first + 1) % MAX_WAITING;
        work.count--;
        pthread_mutex_unlock(&work.lock);
        handle_event(hd_acceptance_event(acceptance));
        hd_acceptance_free(acceptance);
        pthread_mutex_lock(&work.lock);
    }
    pthread_mutex_unlock(&work.lock);
    return NULL;
}

static void end_work(pthread_t worker) {
    pthread_mutex_lock(&work.lock);
    work.ends = 1;
    pthread_cond_signal(&work.changed);
    pthread_mutex_unlock(&work.lock);
    pthread_join(worker, NULL);
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

/* Each header that came: the request remembers if one cannot be added, and is not accepted then. */
static enum MHD_Result add_header(void *request, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len) {
    (void)kind;
    hd_request_add_header(request, name, name_len, value, value_len);
    return MHD_YES;
}

/* The body is here. Nothing in it is read before the signature of its raw bytes has been verified. */
static enum MHD_Result receive(struct MHD_Connection *connection, const hd_request *request, hd_receiver *receiver) {
    hd_acceptance *acceptance;
    int status = hd_receiver_accept(receiver, request, &acceptance);
    if (status == HD_OK && !do_later(acceptance)) {
        hd_acceptance_forget(acceptance); /* so that it is accepted when the sender tries again */
        hd_acceptance_free(acceptance);
        return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Too much to do");
    }
    return answer(connection, (unsigned int)hd_receiver_http_status(status), hd_strerror(status));
}

/* libmicrohttpd calls this once for the headers, then for each piece of the body, then once at its end. */
static enum MHD_Result on_request(void *receiver, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *data_len,
                                  void **context) {
    (void)url, (void)version;
    hd_request *request = *context;
    if (request == NULL) {
        if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
            return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only POST");
        if (hd_request_new(&request) != HD_OK)
            return MHD_NO;
        MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, request);
        *context = request;
        return MHD_YES;
    }
    if (*data_len == 0)
        return receive(connection, request, receiver);
    hd_request_add_body(request, data, *data_len); /* of a body that is too large, the rest is read and dropped */
    *data_len = 0;
    return MHD_YES;
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)unused, (void)connection, (void)code;
    hd_request_free(*context);
}

/* With the secret, and during a rotation the one before. */
static hd_receiver *make_receiver(const char *secret, const char *old_secret) {
    hd_receiver *receiver = NULL;
    int status = hd_receiver_new(&receiver);
    if (status == HD_OK)
        status = hd_receiver_add_secret(receiver, secret, strlen(secret));
    if (status == HD_OK && old_secret != NULL && *old_secret != '\0')
        status = hd_receiver_add_secret(receiver, old_secret, strlen(old_secret));
    if (status == HD_OK)
        status = hd_receiver_set_max_age_ms(receiver, HD_SCHEME_HELMDESK, MAX_AGE_MS);
    if (status == HD_OK)
        status = hd_receiver_set_replay_memory(receiver, REMEMBERED);
    if (status == HD_OK)
        return receiver;
    fprintf(stderr, "receive: %s\n", hd_strerror(status));
    hd_receiver_free(receiver);
    return NULL;
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

    hd_receiver *receiver = make_receiver(secret, getenv("HELMDESK_SECRET_OLD"));
    pthread_t worker;
    if (receiver == NULL || pthread_create(&worker, NULL, work_off, NULL) != 0)
        return 1;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, (uint16_t)port, NULL, NULL,
        on_request, receiver, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
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
    end_work(worker);
    hd_receiver_free(receiver);
    puts("stopped");
    return 0;
}
