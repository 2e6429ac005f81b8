#include "cli/accept.h"
#include "cli/answer.h"
#include "cli/arrival.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "cli/respond.h"
#include "cli/saving.h"
#include "cli/server.h"
#include "cli/slack.h"
#include "cli/stop.h"
#include "cli/target.h"

#ifndef HELMDESK_HAS_LISTEN

int cli_run_listen(const struct args *args) {
    (void)args;
    cli_error("this helmdesk cannot listen: it was built without libmicrohttpd");
    cli_hint("Install libmicrohttpd (Debian: libmicrohttpd-dev), and build it again.");
    return CLI_NOT_BUILT;
}

#else

#include "cli/fields.h"
#include "cli/json.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)
#define EVENTS_MAX 16
#define EXPLAINED_MAX ((size_t)256 * 1024)

struct listening {
    const struct args *args;
    struct secrets secrets;
    char secret_path[4096]; /* of the development secret; "" for another */
    hd_receiver *receiver;  /* NULL as Slack */
    struct responses responses;
    const char *forward_url; /* NULL for none */
    char *forward_shown;     /* as people may see it */
    hd_options *options;     /* for that */
    int events[EVENTS_MAX];  /* to show; none for all */
    size_t event_count;
    int is_as_slack, is_whole, is_silent;
    int64_t max_age_ms, count, timeout_ms; /* 0 for none */

    int wake[2];          /* a pipe that wakes the thread which waits for the end */
    pthread_mutex_t lock; /* guards these, and stdout */
    size_t next_response;
    int64_t received, refused; /* these with a wrong signature */
    int64_t under_way;         /* not answered yet */
    struct saving saving;
    int save_code; /* of what could not be kept */
    int has_reader;
};

/* ---- One request ---- */

/* As verify does; for bodies that are not so large that the sender would not wait for it. */
static void explain(const struct listening *listening, struct arrival *arrival) {
    const char *signature = cli_request_header(arrival->request, "X-Helmdesk-Signature");
    struct bytes body = arrival->request->body;
    int is_wrong = arrival->status == HD_E_SIGNATURE_MISMATCH || arrival->status == HD_E_SIGNATURE_FORMAT;
    if (!signature || !is_wrong || body.len > EXPLAINED_MAX)
        return;
    if (!body.data)
        body.data = ""; /* there was none; it is only read */
    for (size_t i = 0; i < listening->secrets.count; i++)
        if (cli_explain_mismatch(&body, signature, &listening->secrets.items[i], &arrival->explanation))
            return;
}

static void check(struct listening *listening, struct arrival *arrival) {
    if (listening->is_as_slack)
        return;
    arrival->status = cli_accept(listening->receiver, arrival->request, &arrival->acceptance);
    arrival->event = hd_acceptance_event(arrival->acceptance);
    arrival->is_signed = cli_is_signed(arrival->status);
    explain(listening, arrival);
}

/* What asks without posting, such as doctor and health checks, is no delivery. */
static int is_post(const struct request *request) {
    return strcmp(request->method, "POST") == 0;
}

/* Only what is posted can be sent on: nothing else is a delivery. */
static void forward(struct listening *listening, struct arrival *arrival) {
    if (!listening->forward_url || !is_post(arrival->request))
        return;
    char *url = cli_url_with(listening->forward_url, arrival->request->target);
    arrival->forward_url = listening->forward_shown;
    int status = url ? cli_post(listening->options, url, arrival->request, &arrival->forwarded) : HD_E_NO_MEMORY;
    if (status != HD_OK)
        arrival->forwarded.reason = HD_REASON_INTERNAL;
    free(url);
}

static void decide(struct listening *listening, struct arrival *arrival, const struct response *told,
                   struct reply *reply) {
    if (listening->is_as_slack)
        cli_answer_as_slack(arrival, reply);
    else if (arrival->forward_url)
        cli_answer_as_forwarded(arrival, reply);
    else
        cli_answer_as_receiver(arrival, reply);
    if (told)
        cli_answer_as_told(told, listening->is_as_slack, reply);
}

/* ---- What is kept and shown ---- */

static int is_shown(const struct listening *listening, const struct arrival *arrival) {
    const char *name = cli_arrival_event(arrival);
    for (size_t i = 0; i < listening->event_count; i++)
        if (name && strcmp(name, hd_event_type_name(listening->events[i])) == 0)
            return 1;
    return listening->event_count == 0;
}

static void show(struct listening *listening, const struct arrival *arrival) {
    if (listening->is_silent || !listening->has_reader || !is_shown(listening, arrival))
        return;
    if (cli_is_json())
        cli_arrival_print_json(arrival);
    else
        cli_arrival_print(arrival, listening->is_whole);
    listening->has_reader = cli_output_works();
}

static void keep_and_show(struct listening *listening, struct arrival *arrival) {
    char path[4200];
    pthread_mutex_lock(&listening->lock);
    int code = cli_saving_add(&listening->saving, arrival->request, arrival->at_ms, path, sizeof path);
    if (code != CLI_OK)
        listening->save_code = code;
    arrival->saved = path;
    listening->refused += !listening->is_as_slack && !arrival->is_signed && is_post(arrival->request);
    show(listening, arrival);
    arrival->saved = "";
    pthread_mutex_unlock(&listening->lock);
}

/* ---- Called by the server ---- */

/* Counts a request, and finds what it is to be answered. Returns 0 if it is one too many. */
static int begin(struct listening *listening, const struct request *request, const struct response **told) {
    const struct responses *responses = &listening->responses;
    pthread_mutex_lock(&listening->lock);
    int is_wanted = listening->count == 0 || listening->received < listening->count;
    if (is_wanted && is_post(request)) {
        listening->received++;
        *told = responses->count ? &responses->items[listening->next_response++ % responses->count] : NULL;
    }
    listening->under_way++;
    pthread_mutex_unlock(&listening->lock);
    return is_wanted;
}

static void receive(void *user, const struct request *request, struct reply *reply) {
    struct listening *listening = user;
    struct arrival arrival = {
        .request = request,
        .at_ms = cli_wall_ms(),
        .is_as_slack = listening->is_as_slack,
        .reply = reply,
        .saved = "",
    };
    const struct response *told = NULL;
    int64_t began_us = cli_now_us();
    if (!begin(listening, request, &told)) {
        cli_answer_too_late(reply);
        return;
    }
    check(listening, &arrival);
    forward(listening, &arrival);
    decide(listening, &arrival, told, reply);
    arrival.took_us = cli_now_us() - began_us;
    keep_and_show(listening, &arrival);
    hd_acceptance_free(arrival.acceptance);
    cli_post_free(&arrival.forwarded);
}

/* With the lock. */
static int is_over(const struct listening *listening) {
    int is_done = listening->count > 0 && listening->received >= listening->count && listening->under_way == 0;
    return is_done || !listening->has_reader;
}

static void answered(void *user) {
    struct listening *listening = user;
    pthread_mutex_lock(&listening->lock);
    listening->under_way--;
    if (is_over(listening)) {
        ssize_t ignored = write(listening->wake[1], "", 1);
        (void)ignored; /* a full pipe wakes as well */
    }
    pthread_mutex_unlock(&listening->lock);
}

/* Its body is not kept. */
static void show_too_large(void *user, const struct request *request) {
    struct listening *listening = user;
    const struct response *told = NULL;
    struct request head = *request;
    struct reply reply = {.status = 413};
    head.body = (struct bytes){NULL, 0};
    struct arrival arrival = {.request = &head,
                              .at_ms = cli_wall_ms(),
                              .is_as_slack = listening->is_as_slack,
                              .status = HD_E_TOO_LARGE,
                              .reply = &reply,
                              .saved = ""};
    if (begin(listening, request, &told)) {
        pthread_mutex_lock(&listening->lock);
        listening->refused += !listening->is_as_slack && is_post(request);
        show(listening, &arrival);
        pthread_mutex_unlock(&listening->lock);
    }
    answered(listening);
}

/* ---- Before ---- */

static int find_secrets(struct listening *listening) {
    int code = cli_read_secrets(listening->args, &listening->secrets);
    if (code == CLI_OK && listening->secrets.count == 0)
        return cli_development_secret(1, &listening->secrets, listening->secret_path, sizeof listening->secret_path);
    return code;
}

static int make_receiver(struct listening *listening) {
    int code = cli_duration(listening->args, OPT_MAX_AGE, YEAR_MS, &listening->max_age_ms);
    if (code != CLI_OK || listening->is_as_slack)
        return code;
    code = find_secrets(listening);
    if (code != CLI_OK)
        return code;
    int status = cli_receiver_new(&listening->secrets, listening->max_age_ms, &listening->receiver);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "listen");
}

/* A server of yours is on this machine as a rule: private addresses are allowed. */
static int prepare_forward(struct listening *listening) {
    listening->forward_url = cli_value(listening->args, OPT_FORWARD_TO);
    if (!listening->forward_url)
        return CLI_OK;
    int code = cli_options_private(listening->args, &listening->options);
    if (code == CLI_OK)
        code = cli_check_url(NULL, listening->options, listening->forward_url);
    return code == CLI_OK ? cli_shown_url(listening->forward_url, &listening->forward_shown) : code;
}

static int add_event(struct listening *listening, const char *text, size_t length) {
    char name[64];
    if (listening->event_count == EVENTS_MAX)
        return cli_fail(CLI_USAGE, "--events can have %d names and no more", EVENTS_MAX);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), text);
    int type = cli_event_type(name); /* which says what is wrong */
    listening->events[listening->event_count++] = type;
    return type == HD_EVENT_UNKNOWN ? CLI_USAGE : CLI_OK;
}

static int prepare_events(struct listening *listening) {
    const char *at = cli_value(listening->args, OPT_EVENTS_SHOWN);
    int code = CLI_OK;
    while (at && code == CLI_OK) {
        size_t length = strcspn(at, ",");
        code = add_event(listening, at, length);
        at = at[length] ? at + length + 1 : NULL;
    }
    return code;
}

static int prepare_end(struct listening *listening) {
    const struct args *args = listening->args;
    int code = cli_number(args, OPT_COUNT_RECEIVED, 1, 1000000000, &listening->count);
    if (code == CLI_OK)
        code = cli_duration(args, OPT_TIMEOUT_LISTEN, YEAR_MS, &listening->timeout_ms);
    if (code == CLI_OK && cli_has(args, OPT_TIMEOUT_LISTEN) && listening->timeout_ms == 0)
        code = cli_fail(CLI_USAGE, "--timeout cannot be 0");
    return code;
}

static int prepare(struct listening *listening) {
    const char *respond = cli_value(listening->args, OPT_RESPOND), *output = cli_value(listening->args, OPT_OUTPUT);
    listening->is_as_slack = cli_has(listening->args, OPT_AS);
    listening->is_whole = output && strcmp(output, "pretty") == 0;
    listening->is_silent = output && strcmp(output, "quiet") == 0;
    int code = respond ? cli_responses_read(respond, &listening->responses) : CLI_OK;
    if (code == CLI_OK)
        code = prepare_end(listening);
    if (code == CLI_OK)
        code = prepare_events(listening);
    if (code == CLI_OK)
        code = make_receiver(listening);
    if (code == CLI_OK)
        code = prepare_forward(listening);
    return code == CLI_OK ? cli_saving_begin(&listening->saving, cli_value(listening->args, OPT_SAVE)) : code;
}

/* ---- The life of it ---- */

static void tell_secret(const struct listening *listening) {
    const char *file = cli_value(listening->args, OPT_SECRET_FILE);
    if (listening->is_as_slack)
        return;
    if (*listening->secret_path)
        cli_note("The secret is in %s; 'helmdesk listen --print-secret' writes it.", listening->secret_path);
    else if (listening->secrets.count > 1)
        cli_note("There are %zu secrets, from --secret-file.", listening->secrets.count);
    else if (file)
        cli_note("The secret is in %s.", file);
    else
        cli_note("The secret is that of HELMDESK_SECRET.");
}

static void tell_address(const struct listening *listening, const char *host, unsigned port) {
    const char *open = strchr(host, ':') ? "[" : "", *close = *open ? "]" : "";
    char url[256];
    snprintf(url, sizeof url, "http://%s%s%s:%u%s", open, host, close, port, listening->is_as_slack ? SLACK_PATH : "/");
    cli_note("Listening on %s", url);
    tell_secret(listening);
    if (cli_is_json())
        (void)cli_json_print(json_pack("{s:s}", "listening", url));
}

static int has_ended(struct listening *listening) {
    pthread_mutex_lock(&listening->lock);
    int has = is_over(listening);
    pthread_mutex_unlock(&listening->lock);
    return has || cli_stops() > 0;
}

static void note_reader(struct listening *listening, struct pollfd *out) {
    if (!out->revents)
        return;
    pthread_mutex_lock(&listening->lock);
    if (out->revents & (POLLERR | POLLHUP))
        listening->has_reader = 0;
    else
        out->fd = -1; /* it cannot be watched */
    pthread_mutex_unlock(&listening->lock);
}

static void drain(const struct pollfd *wake) {
    char bytes[64];
    if (wake->revents)
        while (read(wake->fd, bytes, sizeof bytes) > 0)
            continue;
}

/* Until the count or the time is reached, a signal comes, or nobody reads any more. */
static void wait_for_end(struct listening *listening) {
    struct pollfd watched[] = {{.fd = cli_stop_descriptor(), .events = POLLIN},
                               {.fd = listening->wake[0], .events = POLLIN},
                               {.fd = listening->is_silent ? -1 : STDOUT_FILENO}};
    int64_t until_us = listening->timeout_ms ? cli_now_us() + listening->timeout_ms * 1000 : INT64_MAX, left_us;
    while (!has_ended(listening) && (left_us = until_us - cli_now_us()) > 0) {
        int64_t wait_ms = left_us / 1000 + 1;
        if (poll(watched, 3, wait_ms < 3600000 ? (int)wait_ms : 3600000) <= 0)
            continue;
        note_reader(listening, &watched[2]);
        drain(&watched[1]);
    }
}

static void tell_waiting(struct listening *listening) {
    pthread_mutex_lock(&listening->lock);
    if (cli_stops() > 0 && listening->under_way > 0)
        cli_note("Waiting for what is under way; Ctrl-C again ends it at once.");
    pthread_mutex_unlock(&listening->lock);
}

static void tell_summary(const struct listening *listening) {
    long long received = listening->received, refused = listening->refused;
    if (listening->is_silent && cli_is_json())
        (void)cli_json_print(
            json_pack("{s:I, s:I}", "received", (json_int_t)received, "signature_wrong", (json_int_t)refused));
    else if (listening->is_silent)
        printf("%lld received, %lld with a wrong signature\n", received, refused);
    else if (listening->has_reader)
        cli_note("%lld received, %lld with a wrong signature.", received, refused);
}

static int end_code(const struct listening *listening) {
    if (cli_stops())
        return cli_stop_code();
    if (listening->save_code != CLI_OK || !listening->has_reader)
        return listening->save_code;
    return listening->count > 0 && (listening->received < listening->count || listening->refused > 0) ? CLI_NEGATIVE
                                                                                                      : CLI_OK;
}

static int serve(struct listening *listening) {
    const struct server_user user = {receive, answered, show_too_large, listening};
    const char *given = cli_value(listening->args, OPT_HOST), *host = given ? given : "127.0.0.1";
    int64_t number = 8787;
    struct server *server = NULL;
    int code = cli_number(listening->args, OPT_PORT, 0, 65535, &number);
    uint16_t port = (uint16_t)number;
    cli_stop_begin(2);
    if (code == CLI_OK)
        code = cli_server_start(host, &port, &user, &server);
    if (code != CLI_OK)
        return code;
    tell_address(listening, host, port);
    wait_for_end(listening);
    tell_waiting(listening);
    cli_server_stop(server);
    tell_summary(listening);
    return end_code(listening);
}

static int print_secret(struct listening *listening) {
    int code = find_secrets(listening);
    const struct bytes *secret = &listening->secrets.items[0];
    if (code != CLI_OK)
        return code;
    if (cli_is_json())
        return cli_json_print(json_pack("{s:o}", "secret", cli_json_text(secret->data, secret->len)));
    fwrite(secret->data, 1, secret->len, stdout);
    putchar('\n');
    return CLI_OK;
}

static int open_wake(struct listening *listening) {
    if (pipe(listening->wake) != 0) {
        listening->wake[0] = listening->wake[1] = -1;
        return cli_fail(CLI_INTERNAL, "the system gives no pipe");
    }
    for (int i = 0; i < 2; i++) {
        (void)fcntl(listening->wake[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(listening->wake[i], F_SETFL, O_NONBLOCK);
    }
    return CLI_OK;
}

static int listen_or_print(struct listening *listening) {
    if (cli_has(listening->args, OPT_PRINT_SECRET))
        return print_secret(listening);
    int code = prepare(listening);
    return code == CLI_OK ? serve(listening) : code;
}

static void free_listening(struct listening *listening) {
    hd_receiver_free(listening->receiver);
    hd_options_free(listening->options);
    free(listening->forward_shown);
    cli_secrets_free(&listening->secrets);
    for (int i = 0; i < 2; i++)
        if (listening->wake[i] >= 0)
            close(listening->wake[i]);
    pthread_mutex_destroy(&listening->lock);
    free(listening);
}

int cli_run_listen(const struct args *args) {
    struct listening *listening = calloc(1, sizeof *listening);
    if (!listening)
        return cli_no_memory();
    listening->args = args;
    listening->has_reader = 1;
    pthread_mutex_init(&listening->lock, NULL);
    int code = open_wake(listening);
    if (code == CLI_OK)
        code = listen_or_print(listening);
    free_listening(listening);
    return code;
}

#endif
