/* The whole of libhelmdesk in one process, on 127.0.0.1 only: a client with three webhooks, a receiver that verifies
 * and parses, a stand-in for Slack, and an address where nobody listens. Exits with 0 only if everything came out as
 * it should. The programs to copy from are send.c and receive.c. */
#include <helmdesk.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_BODY = 64 * 1024,
    MAX_ARRIVALS = 16,
    MAX_SLACK_TEXT = 3000,
    LINE_WIDTH = 86
};

/* What one request brought. */
struct arrival {
    int verified;    /* its signature is valid ... */
    int accepted;    /* ... and its body can be read */
    hd_event *event; /* at the receiver: what happened */
    char *text;      /* at the Slack stand-in: the message */
};

/* The receiver, or the Slack stand-in. */
struct server {
    int is_slack;
    char secret[HD_SECRET_SIZE];
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* guards what follows: every connection has its own thread */
    struct arrival arrivals[MAX_ARRIVALS];
    size_t count, printed;
};

/* One request while its body arrives. */
struct request {
    size_t length;
    int too_large;
    char body[MAX_BODY + 1];
};

static void require(int ok, const char *step, const char *why) {
    if (!ok) {
        fprintf(stderr, "demo: %s: %s\n", step, why);
        exit(1);
    }
}

static void check(int status, const char *step) {
    require(status == HD_OK, step, hd_strerror(status));
}

/* ------------------------------------------------------------------------------------------------------------------
 * The two servers
 */

/* The start of the value of the next key of this name; enough for bodies as plain as these. */
static const char *next_value(const char *json, const char *quoted_key) {
    const char *key = json ? strstr(json, quoted_key) : NULL;
    return key ? key + strlen(quoted_key) + strspn(key + strlen(quoted_key), ": \t\r\n") : NULL;
}

/* The message in a body for Slack, to be freed; NULL if Slack would call the blocks invalid. Slack checks more than
 * this stand-in, which wants an array of blocks and in the first of them a text of 1 to 3,000 characters. */
static char *slack_message(const char *body) {
    const char *blocks = next_value(body, "\"blocks\"");
    const char *object = blocks && *blocks == '[' ? next_value(blocks, "\"text\"") : NULL;
    const char *in = object && *object == '{' ? next_value(object, "\"text\"") : NULL;
    char *text = in && *in == '"' ? malloc(strlen(in)) : NULL;
    if (text == NULL)
        return NULL;
    size_t length = 0, characters = 0;
    for (in++; *in != '\0' && *in != '"'; in++) {
        char byte = *in;
        if (byte == '\\' && *++in == '\0')
            break;
        text[length++] = byte == '\\' && *in == 'n' ? '\n' : *in;
        characters += ((unsigned char)*in & 0xc0) != 0x80; /* UTF-8: not a continuation byte */
    }
    text[length] = '\0';
    if (*in == '"' && characters >= 1 && characters <= MAX_SLACK_TEXT)
        return text;
    free(text);
    return NULL;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, const char *text) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT); /* never written to */
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void forget(struct arrival *arrival) {
    hd_event_free(arrival->event);
    free(arrival->text);
}

/* The body is here: verifies it, reads it, and keeps what it says. */
static enum MHD_Result receive(struct server *server, struct MHD_Connection *connection,
                               const struct request *request) {
    const char *signature = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Helmdesk-Signature");
    struct arrival arrival = {0};
    arrival.verified = hd_verify(request->body, request->length, signature, signature ? strlen(signature) : 0,
                                 server->secret, strlen(server->secret)) == HD_OK;
    int status = HD_OK;
    if (arrival.verified && server->is_slack)
        arrival.accepted = (arrival.text = slack_message(request->body)) != NULL;
    else if (arrival.verified)
        arrival.accepted = (status = hd_event_parse(request->body, request->length, &arrival.event)) == HD_OK;

    pthread_mutex_lock(&server->lock);
    if (server->count < MAX_ARRIVALS)
        server->arrivals[server->count++] = arrival;
    else
        forget(&arrival);
    pthread_mutex_unlock(&server->lock);

    if (!arrival.verified)
        return answer(connection, MHD_HTTP_UNAUTHORIZED, "Invalid signature");
    if (!arrival.accepted)
        return answer(connection, MHD_HTTP_BAD_REQUEST, server->is_slack ? "invalid_blocks" : hd_strerror(status));
    return answer(connection, MHD_HTTP_OK, server->is_slack ? "ok" : "OK");
}

/* libmicrohttpd calls this once for the headers, then for each piece of the body, then once at its end. */
static enum MHD_Result on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
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
            memcpy(request->body + request->length, data, *data_len);
            request->length += *data_len;
        }
        *data_len = 0;
        return MHD_YES;
    }
    if (request->too_large)
        return answer(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Body too large");
    return receive(server, connection, request);
}

static void on_completed(void *server, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)server, (void)connection, (void)code;
    free(*context);
}

static struct sockaddr_in any_loopback_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Starts a server that knows the webhook's secret. Returns its port. */
static unsigned int start_server(struct server *server, const hd_webhook *webhook) {
    size_t length = 0;
    const void *secret = hd_webhook_secret(webhook, &length);
    require(secret != NULL && length < sizeof server->secret, "secret", "too long");
    memcpy(server->secret, secret, length);
    struct sockaddr_in address = any_loopback_port();
    server->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
                                      NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
                                      MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    require(server->daemon != NULL, "server", "cannot listen on 127.0.0.1");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    require(info != NULL, "server", "has no port");
    return info->port;
}

static void stop_server(struct server *server) {
    MHD_stop_daemon(server->daemon);
    for (size_t i = 0; i < server->count; i++)
        forget(&server->arrivals[i]);
    pthread_mutex_destroy(&server->lock);
}

/* A port where nobody listens, and where nobody can as long as this socket is open. */
static int reserve_dead_port(unsigned int *port) {
    struct sockaddr_in address = any_loopback_port();
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    require(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &length) == 0,
            "dead address", "cannot reserve a port");
    *port = ntohs(address.sin_port);
    return fd;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The sender
 */

static hd_client *new_client(void) {
    hd_options *options;
    check(hd_options_new(&options), "options");
    check(hd_options_allow_loopback(options), "allow loopback");
    hd_client *client;
    check(hd_client_new(options, &client), "client");
    hd_options_free(options);
    return client;
}

/* A webhook comes with an id and a secret of its own. */
static hd_webhook *new_webhook(const char *name, int format) {
    hd_webhook *webhook;
    check(hd_webhook_new(&webhook), "webhook");
    check(hd_webhook_set_project(webhook, "demo"), "project");
    check(hd_webhook_set_name(webhook, name), "name");
    check(hd_webhook_set_format(webhook, format), "format");
    check(hd_webhook_set_max_in_flight(webhook, 1), "limit"); /* one after the other: nice to read */
    return webhook;
}

static void put_webhook(hd_client *client, hd_webhook *webhook, unsigned int port, const char *path, const char *note) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    check(hd_webhook_set_url(webhook, url), "URL");
    check(hd_client_put_webhook(client, webhook), "webhook");
    printf("  %-8s  %-5s  %-42s  %s\n", hd_webhook_name(webhook),
           hd_webhook_format(webhook) == HD_FORMAT_SLACK ? "Slack" : "JSON", url, note);
}

static void send_event(hd_client *client, int type, const char *ticket_status) {
    hd_event *event;
    check(hd_event_new(type, &event), "event");
    check(hd_event_set(event, HD_FIELD_PROJECT, "demo", HD_TEXT_NUL), "project");
    check(hd_event_set_ticket(event, "3f0c8f6e-5f0b-4a8e-9c1d-2b7a64d0e842", 42, "Can't reset password", ticket_status,
                              "high"),
          "ticket");
    check(hd_event_set_customer(event, "user@example.com", "Jane Smith"), "customer");
    if (type == HD_MESSAGE_RECEIVED)
        check(hd_event_set_message(event, "m-1", "customer", "The new link works. Thank you!"), "message");

    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int status = hd_webhook_send(client, event, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    check(status, "hd_webhook_send");
    double us = (double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3;
    printf("  %-18s returned after %6.1f us\n", hd_event_name(event), us);
    hd_event_free(event);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is shown
 */

static void heading(const char *title, const char *remark) {
    const char *bold = isatty(STDOUT_FILENO) ? "\033[1m" : "", *plain = *bold ? "\033[0m" : "";
    printf("\n%s%s%s\n  %s\n\n", bold, title, plain, remark);
}

/* Prints text from `column` on, with the lines broken at spaces. The cursor is at `column` already. */
static void print_wrapped(const char *text, int column) {
    size_t room = (size_t)(LINE_WIDTH - column);
    while (strlen(text) > room) {
        size_t cut = room;
        while (cut > 0 && text[cut] != ' ')
            cut--;
        if (cut == 0)
            break;
        printf("%.*s\n%*s", (int)cut, text, column, "");
        text += cut + 1;
    }
    puts(text);
}

static void print_arrival(const struct arrival *arrival) {
    const char *verdict = arrival->verified ? "signature valid" : "SIGNATURE INVALID";
    if (!arrival->accepted) {
        printf("  %-18s %s\n", "(not readable)", verdict);
    } else if (arrival->event != NULL) {
        printf("  %-18s %-17s #%lld %s\n", hd_event_name(arrival->event), verdict,
               (long long)hd_event_ticket_number(arrival->event),
               hd_event_get(arrival->event, HD_FIELD_TICKET_SUBJECT, NULL));
        if (hd_event_get(arrival->event, HD_FIELD_MESSAGE_BODY, NULL) != NULL)
            printf("%43s%s: %s\n", "", hd_event_get(arrival->event, HD_FIELD_MESSAGE_SENDER, NULL),
                   hd_event_get(arrival->event, HD_FIELD_MESSAGE_BODY, NULL));
    } else {
        for (const char *line = arrival->text; line != NULL; verdict = "") {
            const char *end = strchr(line, '\n');
            printf("  %-18s %.*s\n", verdict, end ? (int)(end - line) : (int)strlen(line), line);
            line = end ? end + 1 : NULL;
        }
    }
}

/* Prints what arrived since the last call. */
static void print_arrivals(struct server *server) {
    pthread_mutex_lock(&server->lock);
    for (; server->printed < server->count; server->printed++)
        print_arrival(&server->arrivals[server->printed]);
    pthread_mutex_unlock(&server->lock);
}

static size_t count_verified(struct server *server) {
    pthread_mutex_lock(&server->lock);
    size_t verified = 0;
    for (size_t i = 0; i < server->count; i++)
        verified += server->arrivals[i].verified && server->arrivals[i].accepted;
    pthread_mutex_unlock(&server->lock);
    return verified;
}

static const char *number_text(char *text, size_t size, unsigned int number, const char *unit, const char *if_zero) {
    snprintf(text, size, "%u%s", number, unit);
    return number == 0 ? if_zero : text;
}

static void print_report(const hd_report *report) {
    char time[HD_TIME_SIZE], event[40], http[16], total[16];
    check(hd_time_format(hd_report_finished_at_ms(report), time, sizeof time), "time"); /* 2026-03-10T14:30:00.000Z */
    snprintf(event, sizeof event, "%s%s", hd_event_name(hd_report_event(report)),
             hd_report_is_test(report) ? " (test)" : "");
    printf("  %.12s  %-21s  %-8s  %-9s  %4s  %6s  %s\n", time + 11, event, hd_report_webhook_name(report),
           hd_outcome_name(hd_report_outcome(report)),
           number_text(http, sizeof http, (unsigned int)hd_report_http_status(report), "", "-"),
           number_text(total, sizeof total, hd_report_total_ms(report), " ms", "<1 ms"),
           hd_reason_name(hd_report_reason(report)));
    if (hd_report_outcome(report) != HD_OUTCOME_DELIVERED) {
        printf("%16s", "");
        print_wrapped(hd_report_explanation(report), 16);
    }
}

/* The page is newest first; people read from the top. */
static void print_log(const hd_log_page *page) {
    printf("  %-12s  %-21s  %-8s  %-9s  %4s  %6s  %s\n", "time (UTC)", "event", "webhook", "outcome", "HTTP", "total",
           "reason");
    for (size_t i = hd_log_page_count(page); i > 0; i--)
        print_report(hd_log_page_at(page, i - 1));
}

/* Prints the summary. Returns whether everything came out as it should. */
static int judge(const hd_log_page *page, size_t verified) {
    size_t deliveries = hd_log_page_count(page), delivered = 0, refused = 0;
    for (size_t i = 0; i < deliveries; i++) {
        const hd_report *report = hd_log_page_at(page, i);
        delivered += hd_report_outcome(report) == HD_OUTCOME_DELIVERED;
        refused += hd_report_outcome(report) == HD_OUTCOME_FAILED && hd_report_reason(report) == HD_REASON_REFUSED;
    }
    if (deliveries == 8 && delivered == 7 && verified == 7 && refused == 1) {
        puts("\n8 deliveries: 7 delivered and verified, 1 failed (refused), as expected.");
        return 1;
    }
    printf("\nNOT AS EXPECTED: of 8 deliveries, 7 should be delivered, 7 verified and 1 refused;\n"
           "of %zu, %zu were delivered, %zu verified and %zu refused.\n",
           deliveries, delivered, verified, refused);
    return 0;
}

int main(void) {
    struct server receiver = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct server slack = {.is_slack = 1, .lock = PTHREAD_MUTEX_INITIALIZER};
    hd_webhook *to_receiver = new_webhook("receiver", HD_FORMAT_JSON);
    hd_webhook *to_slack = new_webhook("slack", HD_FORMAT_SLACK);
    hd_webhook *to_nobody = new_webhook("nobody", HD_FORMAT_JSON);
    check(hd_webhook_set_subscribed(to_nobody, HD_TICKET_RESOLVED, 0), "subscription");
    check(hd_webhook_set_subscribed(to_nobody, HD_MESSAGE_RECEIVED, 0), "subscription");
    hd_client *client = new_client();
    unsigned int dead_port;
    int dead_socket = reserve_dead_port(&dead_port);

    printf("libhelmdesk %s: sender and receivers in one process; nothing leaves this machine\n", hd_version());
    heading("Three webhooks of one project", "Each has a secret of its own, made when this program started.");
    put_webhook(client, to_receiver, start_server(&receiver, to_receiver), "/helmdesk", "verifies and parses");
    put_webhook(client, to_slack, start_server(&slack, to_slack), "/services/T0/B0/demo", "stands in for Slack");
    put_webhook(client, to_nobody, dead_port, "/", "nobody listens; ticket.created only");

    heading("The Test button", "hd_client_test() sends a sample to one webhook and waits for the real result.");
    hd_report *report;
    check(hd_client_test(client, hd_webhook_id(to_receiver), HD_TICKET_CREATED, 6000, &report), "hd_client_test");
    print_arrivals(&receiver);
    printf("  result: %s. %s\n", hd_outcome_name(hd_report_outcome(report)), hd_report_explanation(report));
    hd_report_free(report);

    heading("What left this program",
            "hd_webhook_send() only queues: a worker thread delivers. The first call wakes it.");
    send_event(client, HD_TICKET_CREATED, "open");
    send_event(client, HD_MESSAGE_RECEIVED, "open");
    send_event(client, HD_TICKET_RESOLVED, "resolved");
    check(hd_client_flush(client, 10000), "hd_client_flush");

    heading("What arrived at the receiver",
            "Checked with hd_verify() over the raw bytes, then read with hd_event_parse().");
    print_arrivals(&receiver);
    heading("What arrived at the Slack stand-in",
            "The same events in Slack's format; this is the text that the channel gets.");
    print_arrivals(&slack);

    heading("Delivery log", "hd_log_query() has every delivery, successes and failures.");
    hd_log_page *page;
    check(hd_log_query(client, NULL, NULL, 100, &page), "hd_log_query");
    print_log(page);
    int as_expected = judge(page, count_verified(&receiver) + count_verified(&slack));

    hd_log_page_free(page);
    hd_client_free(client);
    stop_server(&receiver);
    stop_server(&slack);
    close(dead_socket);
    hd_webhook_free(to_receiver);
    hd_webhook_free(to_slack);
    hd_webhook_free(to_nobody);
    return as_expected ? 0 : 1;
}
