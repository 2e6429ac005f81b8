#include "demo.h"

#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICKETS 60 /* beside those on the desk */
#define DAY_MS 86400000

struct demo {
    hd_client *client;
    const char *project;
    struct server *receivers;
    unsigned int dead_port;
    int dead_socket; /* has a port where nobody listens, and nobody can */
    atomic_uint arrived;
};

/* ---- The receivers ---- */

/* What one of them answers. */
struct reply {
    int status;
    const char *type, *words;
};

/* A real receiver is told the secret once, and keeps it. This one looks it up, so that it goes on working when somebody
 * changes it in the dashboard. */
static int is_signed(struct demo *demo, const char *id, const struct http_request *request) {
    const char *signature = http_header(request, "X-Helmdesk-Signature");
    const struct text *body = &request->body;
    hd_webhook *webhook = NULL;
    size_t length = 0;
    if (signature == NULL || hd_client_get_webhook(demo->client, id, &webhook) != HD_OK)
        return 0;
    const void *secret = hd_webhook_secret(webhook, &length);
    int is_valid = hd_verify(body->data, body->length, signature, strlen(signature), secret, length) == HD_OK;
    hd_webhook_free(webhook);
    return is_valid;
}

/* Answers take a while, not always the same one. */
static void take_time(unsigned int number) {
    struct timespec pause = {.tv_nsec = (long)(2 + number * 37 % 60) * 1000000};
    nanosleep(&pause, NULL);
}

static struct reply reply_to(struct demo *demo, const struct http_request *request) {
    static const struct reply accepted = {200, "application/json", "{\"accepted\":true}"};
    static const struct reply slack_ok = {200, "text/html", "ok"};
    static const struct reply slack_gone = {410, "text/html", "channel_is_archived"};
    static const struct reply unsigned_one = {401, "text/plain", "invalid signature"};
    static const struct reply overloaded = {503, "text/plain", "busy, try again"};
    static const struct reply nothing = {404, "text/plain", "no such receiver"};
    unsigned int number = atomic_fetch_add(&demo->arrived, 1);
    take_time(number);
    if (http_is_path(request, "/crm"))
        return is_signed(demo, "demo-crm", request) ? accepted : unsigned_one;
    if (http_is_path(request, "/statistics"))
        return number % 4 == 0 ? overloaded : accepted;
    if (http_is_path(request, "/services/T0/B0/support"))
        return slack_ok;
    if (http_is_path(request, "/services/T0/B1/archive"))
        return slack_gone;
    return nothing;
}

static void receive(void *user, const struct http_request *request, struct http_answer *answer) {
    struct reply reply = reply_to(user, request);
    answer->status = reply.status;
    answer->type = reply.type;
    text_add(&answer->body, reply.words);
}

static int start_receivers(struct demo *demo) {
    struct server_options options = {.address = "127.0.0.1", .has_proxy = 1};
    struct server_user user = {.answer = receive, .user = demo};
    demo->receivers = server_listen(&options);
    return demo->receivers != NULL && server_start(demo->receivers, &user);
}

static int reserve_dead_port(struct demo *demo) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    demo->dead_socket = socket(AF_INET, SOCK_STREAM, 0);
    if (demo->dead_socket < 0 || bind(demo->dead_socket, (struct sockaddr *)&address, length) != 0 ||
        getsockname(demo->dead_socket, (struct sockaddr *)&address, &length) != 0)
        return 0;
    demo->dead_port = ntohs(address.sin_port);
    return 1;
}

/* ---- The webhooks ---- */

struct wanted {
    const char *id, *name, *path;
    int format, created, resolved, message;
    uint32_t attempts;
    int is_dead;
};

static const struct wanted all_wanted[] = {
    {"demo-crm", "CRM sync", "/crm", HD_FORMAT_JSON, 1, 1, 1, 1, 0},
    {"demo-support", "#support", "/services/T0/B0/support", HD_FORMAT_SLACK, 1, 1, 0, 1, 0},
    {"demo-archive", "#archive", "/services/T0/B1/archive", HD_FORMAT_SLACK, 0, 1, 0, 1, 0},
    {"demo-statistics", "Statistics", "/statistics", HD_FORMAT_JSON, 1, 0, 1, 3, 0},
    {"demo-intranet", "Old intranet", "/hooks/helmdesk", HD_FORMAT_JSON, 0, 0, 1, 1, 1},
};

static int set_up(hd_webhook *webhook, const struct demo *demo, const struct wanted *wanted) {
    int status = hd_webhook_set_id(webhook, wanted->id);
    if (status == HD_OK)
        status = hd_webhook_set_project(webhook, demo->project);
    if (status == HD_OK)
        status = hd_webhook_set_name(webhook, wanted->name);
    if (status == HD_OK)
        status = hd_webhook_set_format(webhook, wanted->format);
    if (status == HD_OK)
        status = hd_webhook_set_subscribed(webhook, HD_TICKET_CREATED, wanted->created);
    if (status == HD_OK)
        status = hd_webhook_set_subscribed(webhook, HD_TICKET_RESOLVED, wanted->resolved);
    if (status == HD_OK)
        status = hd_webhook_set_subscribed(webhook, HD_MESSAGE_RECEIVED, wanted->message);
    if (status == HD_OK)
        status = hd_webhook_set_max_attempts(webhook, wanted->attempts);
    return status == HD_OK ? hd_webhook_set_retry_backoff(webhook, 500, 5000) : status;
}

/* In a store there may be one already: only its address is another one now. */
static int put_webhook(const struct demo *demo, const struct wanted *wanted) {
    hd_webhook *webhook = NULL;
    char url[128];
    int status = hd_client_get_webhook(demo->client, wanted->id, &webhook);
    if (status == HD_E_NOT_FOUND) {
        status = hd_webhook_new(&webhook);
        if (status == HD_OK)
            status = set_up(webhook, demo, wanted);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", wanted->is_dead ? demo->dead_port : server_port(demo->receivers),
             wanted->path);
    if (status == HD_OK)
        status = hd_webhook_set_url(webhook, url);
    if (status == HD_OK)
        status = hd_client_put_webhook(demo->client, webhook);
    hd_webhook_free(webhook);
    return status;
}

static int put_webhooks(const struct demo *demo) {
    int status = HD_OK;
    for (size_t i = 0; i < sizeof all_wanted / sizeof *all_wanted && status == HD_OK; i++)
        status = put_webhook(demo, &all_wanted[i]);
    if (status != HD_OK)
        fprintf(stderr, "helmdesk-desk: the demo's webhooks cannot be made: %s\n", hd_strerror(status));
    return status == HD_OK;
}

/* ---- What has happened ---- */

/* Some of what people write. */
static const struct sample {
    const char *subject, *email, *name, *priority;
} samples[] = {
    {"Can't reset password", "jane@example.com", "Jane Smith", "high"},
    {"Invoice 2024-117 shows the wrong address", "k.tanaka@example.com", "田中 健", "medium"},
    {"<img src=x onerror=alert(1)>", "\"><script>alert(2)</script>@example.com", "<b>Bobby</b> & \"Sons\"", "low"},
    {"Paket kam beschädigt an – was nun?", "jörg@example.com", "Jörg Müller", "medium"},
    {"\xe2\x80\xae"
     "detrevni si txet siht",
     "rtl@example.com", "يوسف", "low"},
    {"Export stops at 90 %", "ops@example.com", "Maria Oliveira", "high"},
};

#define SAMPLES (sizeof samples / sizeof *samples)

static int fill_event(const struct demo *demo, hd_event *event, unsigned int number, int64_t at_ms) {
    const struct sample *sample = &samples[number % SAMPLES];
    char id[32];
    snprintf(id, sizeof id, "demo-%u", number);
    int is_resolved = hd_event_type(event) == HD_TICKET_RESOLVED;
    int status = hd_event_set(event, HD_FIELD_PROJECT, demo->project, HD_TEXT_NUL);
    if (status == HD_OK)
        status = hd_event_set_timestamp_ms(event, at_ms);
    if (status == HD_OK)
        status = hd_event_set_ticket(event, id, number, sample->subject, is_resolved ? "resolved" : "open",
                                     sample->priority);
    if (status == HD_OK)
        status = hd_event_set_customer(event, sample->email, sample->name);
    if (status == HD_OK && hd_event_type(event) == HD_MESSAGE_RECEIVED)
        status = hd_event_set_message(event, "demo-message", "customer", "Any news about this?");
    return status;
}

static int send_event(const struct demo *demo, int type, unsigned int number, int64_t at_ms) {
    hd_event *event = NULL;
    int status = hd_event_new(type, &event);
    if (status == HD_OK)
        status = fill_event(demo, event, number, at_ms);
    if (status == HD_OK)
        status = hd_webhook_send(demo->client, event, NULL);
    hd_event_free(event);
    return status;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int send_past(const struct demo *demo) {
    int status = HD_OK;
    for (unsigned int i = 0; i < TICKETS && status == HD_OK; i++) {
        int64_t at_ms = now_ms() - DAY_MS + (int64_t)i * (DAY_MS / TICKETS);
        status = send_event(demo, HD_TICKET_CREATED, 1001 + i, at_ms);
        if (status == HD_OK)
            status = send_event(demo, HD_MESSAGE_RECEIVED, 1001 + i, at_ms + 300000);
        if (status == HD_OK)
            status = send_event(demo, HD_TICKET_RESOLVED, 1001 + i, at_ms + 900000);
    }
    return status;
}

static int has_deliveries(const struct demo *demo) {
    hd_log_page *page = NULL;
    int has_some = hd_log_query(demo->client, NULL, NULL, 1, &page) == HD_OK && hd_log_page_count(page) > 0;
    hd_log_page_free(page);
    return has_some;
}

static int fill_desk(struct tickets *tickets) {
    long long number = 0;
    int status = HD_OK;
    for (size_t i = 0; i < SAMPLES && status == HD_OK; i++) {
        const struct sample *sample = &samples[i];
        status = tickets_create(tickets, sample->subject, sample->email, sample->name, sample->priority, &number);
        if (status == HD_OK && i % 2 == 0)
            status = tickets_reply(tickets, number, "customer", "Can somebody help, please?");
    }
    return status == HD_OK ? tickets_resolve(tickets, number) : status;
}

/* A store that has deliveries already keeps those. */
int demo_fill(struct demo *demo, struct tickets *tickets) {
    int status = has_deliveries(demo) ? HD_OK : send_past(demo);
    if (status == HD_OK)
        status = fill_desk(tickets);
    if (status != HD_OK)
        fprintf(stderr, "helmdesk-desk: the demo's events cannot be sent: %s\n", hd_strerror(status));
    return status == HD_OK;
}

/* ---- Life ---- */

struct demo *demo_start(hd_client *client, const char *project) {
    struct demo *demo = calloc(1, sizeof *demo);
    if (demo == NULL)
        return NULL;
    demo->client = client;
    demo->project = project;
    demo->dead_socket = -1;
    if (!start_receivers(demo) || !reserve_dead_port(demo))
        fputs("helmdesk-desk: the demo's receivers cannot listen on 127.0.0.1\n", stderr);
    else if (put_webhooks(demo))
        return demo;
    demo_stop(demo);
    return NULL;
}

void demo_stop(struct demo *demo) {
    if (demo == NULL)
        return;
    server_stop(demo->receivers);
    if (demo->dead_socket >= 0)
        close(demo->dead_socket);
    free(demo);
}
