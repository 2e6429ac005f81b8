#include "cli/accept.h"
#include "cli/arrival.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/post.h"
#include "cli/progress.h"
#include "cli/respond.h"
#include "cli/server.h"
#include "cli/slack.h"
#include "cli/stop.h"
#include "cli/target.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#ifndef HELMDESK_HAS_LISTEN

int cli_run_listen(const struct args *args) {
    (void)args;
    cli_error("this helmdesk cannot listen: it was built without libmicrohttpd");
    cli_hint("Install libmicrohttpd (Debian: libmicrohttpd-dev), and build it again.");
    return CLI_NOT_BUILT;
}

#else

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)
#define LOOK_MS 100

struct listening {
    const struct args *args;
    struct secrets secrets;
    char secret_path[4096]; /* of the development secret; "" for another */
    hd_receiver *receiver;  /* NULL as Slack */
    struct responses responses;
    const char *forward_url; /* NULL for none */
    hd_options *options;     /* for that */
    const char *directory;   /* to save in; NULL for none */
    const char *events;      /* to show; NULL for all */
    int is_slack, is_whole, is_silent;
    int64_t max_age_ms, count, timeout_ms; /* 0 for none */

    pthread_mutex_t lock; /* guards these, and stdout */
    pthread_cond_t changed;
    size_t next_response, saved;
    int64_t received, refused; /* these with a wrong signature */
};

/* ---- One request ---- */

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_body(struct reply *reply, const char *type, const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (!copy)
        return;
    memcpy(copy, text, length);
    copy[length] = '\0';
    reply->type = type;
    reply->body = (struct bytes){copy, length};
}

static void set_text(struct reply *reply, int status, const char *type, const char *text) {
    reply->status = status;
    set_body(reply, type, text, strlen(text));
}

/* What a receiver answers by itself. */
static void reply_as_receiver(struct arrival *arrival, struct reply *reply) {
    if (strcmp(arrival->request->method, "POST") != 0) {
        reply->name = "Allow";
        reply->value = "POST";
        set_text(reply, 405, "text/plain", "Only POST\n");
    } else if (arrival->is_signed) {
        set_text(reply, 200, "text/plain", "OK\n");
    } else {
        set_text(reply, 401, "text/plain", "Invalid signature\n");
    }
}

static void reply_as_slack(struct arrival *arrival, struct reply *reply) {
    struct slack_answer answer;
    cli_slack_answer(arrival->request, &answer);
    arrival->warning = answer.warning;
    set_text(reply, answer.status, "text/html", answer.word);
}

static void reply_as_forwarded(const struct arrival *arrival, struct reply *reply) {
    const struct post_result *result = &arrival->forwarded;
    if (!result->http_status) {
        set_text(reply, 502, "text/plain", hd_reason_text(result->reason));
        return;
    }
    reply->status = result->http_status;
    set_body(reply, "application/octet-stream", result->body.data ? result->body.data : "", result->body.len);
}

static int next_response(struct listening *listening, struct response *response) {
    if (listening->responses.count == 0)
        return 0;
    pthread_mutex_lock(&listening->lock);
    *response = listening->responses.items[listening->next_response++ % listening->responses.count];
    pthread_mutex_unlock(&listening->lock);
    return 1;
}

static void set_told(const struct listening *listening, const struct response *told, struct reply *reply) {
    reply->kind = told->kind;
    reply->delay_ms = told->delay_ms;
    if (!told->status)
        return;
    free(reply->body.data);
    reply->body.data = NULL;
    if (listening->is_slack)
        set_text(reply, told->status, "text/html", cli_slack_word(told->status));
    else
        set_text(reply, told->status, "text/plain", "As told by --respond\n");
    if (told->status == 429) {
        reply->name = "Retry-After";
        reply->value = "1";
    }
}

static void check(struct listening *listening, struct arrival *arrival) {
    size_t index;
    if (listening->is_slack)
        return;
    arrival->status = cli_accept(listening->receiver, arrival->request, &index, &arrival->event);
    arrival->is_signed = cli_is_signed(arrival->status);
}

static void forward(struct listening *listening, struct arrival *arrival) {
    arrival->forward_url = listening->forward_url;
    if (!listening->forward_url)
        return;
    int status = cli_post(listening->options, listening->forward_url, arrival->request, &arrival->forwarded);
    if (status != HD_OK)
        arrival->forwarded.reason = HD_REASON_INTERNAL;
}

static void decide(struct listening *listening, struct arrival *arrival, struct reply *reply) {
    struct response told;
    if (listening->is_slack)
        reply_as_slack(arrival, reply);
    else if (arrival->forward_url)
        reply_as_forwarded(arrival, reply);
    else
        reply_as_receiver(arrival, reply);
    if (next_response(listening, &told))
        set_told(listening, &told, reply);
}

/* ---- What is kept and shown ---- */

/* With the lock. Names go on from what is there. */
static int save(struct listening *listening, const struct arrival *arrival, char *path, size_t size) {
    const char *received_at = cli_rfc3339(arrival->at_ms);
    struct stat found;
    if (!listening->directory)
        return 0;
    do
        snprintf(path, size, "%s/%06zu.http", listening->directory, ++listening->saved);
    while (stat(path, &found) == 0);
    return cli_request_save(arrival->request, received_at, path) == CLI_OK;
}

static int is_shown(const struct listening *listening, const struct arrival *arrival) {
    if (listening->is_silent)
        return 0;
    if (!listening->events)
        return 1;
    const char *name = cli_arrival_event(arrival);
    size_t length = strlen(name);
    for (const char *at = listening->events; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        if (strcspn(at, ",") == length && strncmp(at, name, length) == 0)
            return 1;
    return 0;
}

static void tell(struct listening *listening, struct arrival *arrival) {
    char path[4200];
    pthread_mutex_lock(&listening->lock);
    if (save(listening, arrival, path, sizeof path))
        arrival->saved = path;
    if (is_shown(listening, arrival) && cli_is_json())
        cli_arrival_print_json(arrival);
    else if (is_shown(listening, arrival))
        cli_arrival_print(arrival, listening->is_whole);
    fflush(stdout);
    listening->received++;
    listening->refused += !listening->is_slack && !arrival->is_signed;
    pthread_cond_broadcast(&listening->changed);
    pthread_mutex_unlock(&listening->lock);
}

static void receive(void *user, const struct request *request, struct reply *reply) {
    struct listening *listening = user;
    struct arrival arrival = {
        .request = request,
        .at_ms = wall_ms(),
        .is_slack = listening->is_slack,
        .reply = reply,
        .forwarded = {.detail = ""},
    };
    int64_t began_us = cli_now_us();
    check(listening, &arrival);
    forward(listening, &arrival);
    decide(listening, &arrival, reply);
    arrival.took_us = cli_now_us() - began_us;
    tell(listening, &arrival);
    hd_event_free(arrival.event);
    cli_post_free(&arrival.forwarded);
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
    if (code == CLI_OK)
        code = find_secrets(listening);
    if (code != CLI_OK || listening->is_slack)
        return code;
    int status = cli_receiver_new(&listening->secrets, listening->max_age_ms, &listening->receiver);
    return status == HD_OK ? CLI_OK : cli_fail_status(status, "listen");
}

/* A server of yours is on this machine as a rule. */
static int prepare_forward(struct listening *listening) {
    listening->forward_url = cli_value(listening->args, OPT_FORWARD_TO);
    if (!listening->forward_url)
        return CLI_OK;
    int code = cli_options_private(listening->args, &listening->options);
    return code == CLI_OK ? cli_check_url(listening->options, listening->forward_url) : code;
}

static int prepare_directory(struct listening *listening) {
    listening->directory = cli_value(listening->args, OPT_SAVE);
    if (listening->directory && mkdir(listening->directory, 0700) != 0 && errno != EEXIST)
        return cli_fail_file(listening->directory, "make");
    return CLI_OK;
}

static int prepare_events(struct listening *listening) {
    listening->events = cli_value(listening->args, OPT_EVENTS_SHOWN);
    for (const char *at = listening->events; at && *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(strcspn(at, ",") < 63 ? strcspn(at, ",") : 63), at);
        if (hd_event_type_from_name(name) == HD_EVENT_UNKNOWN) {
            cli_error("--events: there is no event '%s'", name);
            cli_hint("It is one of: ticket.created, ticket.resolved, message.received.");
            return CLI_USAGE;
        }
    }
    return CLI_OK;
}

static int prepare(struct listening *listening) {
    const char *respond = cli_value(listening->args, OPT_RESPOND), *output = cli_value(listening->args, OPT_OUTPUT);
    listening->is_slack = cli_has(listening->args, OPT_AS);
    listening->is_whole = output && strcmp(output, "pretty") == 0;
    listening->is_silent = output && strcmp(output, "quiet") == 0;
    int code = respond ? cli_responses_read(respond, &listening->responses) : CLI_OK;
    if (code == CLI_OK)
        code = cli_number(listening->args, OPT_COUNT_RECEIVED, 1, 1000000000, &listening->count);
    if (code == CLI_OK)
        code = cli_duration(listening->args, OPT_TIMEOUT_LISTEN, YEAR_MS, &listening->timeout_ms);
    if (code == CLI_OK)
        code = prepare_events(listening);
    if (code == CLI_OK)
        code = make_receiver(listening);
    if (code == CLI_OK)
        code = prepare_forward(listening);
    return code == CLI_OK ? prepare_directory(listening) : code;
}

/* ---- The life of it ---- */

static void tell_address(const struct listening *listening, const char *host, unsigned port) {
    const char *open = strchr(host, ':') ? "[" : "", *close = *open ? "]" : "";
    const char *path = listening->is_slack ? SLACK_PATH : "/";
    if (cli_is_json()) {
        printf("{\"listening\":\"http://%s%s%s:%u%s\"}\n", open, host, close, port, path);
        fflush(stdout);
        return;
    }
    cli_note("Listening on http://%s%s%s:%u%s", open, host, close, port, path);
    if (listening->is_slack)
        return;
    if (*listening->secret_path)
        cli_note("The secret is in %s; 'helmdesk listen --print-secret' writes it.", listening->secret_path);
}

static int is_done(const struct listening *listening) {
    return listening->count > 0 && listening->received >= listening->count;
}

/* Until the count or the time is reached, a signal comes, or nobody reads any more. */
static void wait_for_end(struct listening *listening) {
    int64_t ends_us = listening->timeout_ms ? cli_now_us() + listening->timeout_ms * 1000 : INT64_MAX;
    pthread_mutex_lock(&listening->lock);
    while (!is_done(listening) && cli_stops() == 0 && cli_now_us() < ends_us && !ferror(stdout)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)LOOK_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&listening->changed, &listening->lock, &until);
    }
    pthread_mutex_unlock(&listening->lock);
}

static int tell_end(const struct listening *listening) {
    cli_note("%lld received, %lld of them with a wrong signature.", (long long)listening->received,
             (long long)listening->refused);
    if (cli_stops())
        return cli_stop_code();
    return listening->count > 0 && (listening->received < listening->count || listening->refused > 0) ? CLI_NEGATIVE
                                                                                                      : CLI_OK;
}

static int serve(struct listening *listening) {
    const char *given = cli_value(listening->args, OPT_HOST), *host = given ? given : "127.0.0.1";
    int64_t number = 8787;
    struct server *server = NULL;
    int code = cli_number(listening->args, OPT_PORT, 0, 65535, &number);
    uint16_t port = (uint16_t)number;
    cli_stop_begin(2);
    if (code == CLI_OK)
        code = cli_server_start(host, &port, receive, listening, &server);
    if (code != CLI_OK)
        return code;
    tell_address(listening, host, port);
    wait_for_end(listening);
    cli_server_stop(server);
    return tell_end(listening);
}

static int print_secret(struct listening *listening) {
    int code = find_secrets(listening);
    const struct bytes *secret = &listening->secrets.items[0];
    if (code == CLI_OK && cli_is_json())
        return cli_json_print(json_pack("{s:o}", "secret", cli_json_text(secret->data, secret->len)));
    if (code == CLI_OK)
        printf("%s\n", secret->data);
    return code;
}

static int listen_or_print(struct listening *listening) {
    if (cli_has(listening->args, OPT_PRINT_SECRET))
        return print_secret(listening);
    int code = prepare(listening);
    return code == CLI_OK ? serve(listening) : code;
}

int cli_run_listen(const struct args *args) {
    struct listening *listening = calloc(1, sizeof *listening);
    if (!listening)
        return cli_no_memory();
    listening->args = args;
    pthread_mutex_init(&listening->lock, NULL);
    pthread_cond_init(&listening->changed, NULL);
    int code = listen_or_print(listening);
    hd_receiver_free(listening->receiver);
    hd_options_free(listening->options);
    cli_secrets_free(&listening->secrets);
    pthread_cond_destroy(&listening->changed);
    pthread_mutex_destroy(&listening->lock);
    free(listening);
    return code;
}

#endif
