#include "cli/serving.h"

#ifdef HELMDESK_HAS_LISTEN

#include "cli/accept.h"

#include "cli/json.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

#define PROJECT_SIZE 129
#define METRICS_ROOM 4096 /* the next text may be longer */

/* ---- Answers ---- */

static void set_text(struct reply *reply, int status, const char *type, char *text) {
    reply->status = text ? status : 500;
    reply->body = (struct bytes){text, text ? strlen(text) : 0};
    snprintf(reply->type, sizeof reply->type, "%s", type);
}

static void set_json(struct reply *reply, int status, json_t *object) {
    set_text(reply, status, "application/json", json_dumps(object, JSON_COMPACT));
    json_decref(object);
}

static void set_error(struct reply *reply, int status, const char *name, const char *message) {
    set_json(reply, status, json_pack("{s:s, s:s}", "error", name, "message", message));
}

static void refuse_unknown(struct reply *reply) {
    set_error(reply, 401, "unauthorized",
              "show the token: as password with any name (Basic), or in Authorization: Bearer TOKEN");
    reply->name = "WWW-Authenticate";
    strcpy(reply->value, "Basic realm=\"helmdesk\", charset=\"UTF-8\"");
}

static void refuse_method(struct reply *reply, const char *allowed) {
    set_error(reply, 405, "method", "this method is not for this address");
    reply->name = "Allow";
    snprintf(reply->value, sizeof reply->value, "%s", allowed);
}

/* ---- /metrics ---- */

static void answer_metrics(const struct serving *serving, struct reply *reply) {
    size_t length = 0, room = 0;
    char *text = NULL;
    int status = hd_client_metrics(serving->client, NULL, 0, &length);
    for (int i = 0; status == HD_E_BUFFER && i < 10; i++) {
        free(text);
        room = length + METRICS_ROOM;
        text = malloc(room);
        status = text ? hd_client_metrics(serving->client, text, room, &length) : HD_E_NO_MEMORY;
    }
    if (status == HD_OK) {
        set_text(reply, 200, HD_METRICS_CONTENT_TYPE, text);
        return;
    }
    free(text);
    set_error(reply, 503, hd_status_name(status), hd_strerror(status));
}

/* ---- /events ---- */

/* Reads "project=..." of a query, with %XX decoded. Returns 0 if it is missing or too long. */
static int read_project(const char *target, char project[PROJECT_SIZE]) {
    const char *at = strchr(target, '?');
    size_t length = 0;
    if (!at || strncmp(at + 1, "project=", 8) != 0)
        return 0;
    for (at += 9; *at && *at != '&' && length < PROJECT_SIZE - 1; at++) {
        int high = *at == '%' ? cli_hex_digit(at[1]) : -1, low = high >= 0 ? cli_hex_digit(at[2]) : -1;
        project[length++] = (char)(low >= 0 ? high << 4 | low : *at);
        at += low >= 0 ? 2 : 0;
    }
    project[length] = '\0';
    return length > 0 && (!*at || *at == '&');
}

static int make_event(const struct request *request, hd_event **event) {
    char project[PROJECT_SIZE];
    const char *key = cli_request_header(request, "Idempotency-Key");
    *event = NULL;
    if (!read_project(request->target, project))
        return HD_E_PROJECT;
    int status = hd_event_parse(request->body.data, request->body.len, event);
    if (status == HD_OK)
        status = hd_event_set(*event, HD_FIELD_PROJECT, project, HD_TEXT_NUL);
    if (status == HD_OK && key)
        status = hd_event_set(*event, HD_FIELD_IDEMPOTENCY_KEY, key, HD_TEXT_NUL);
    return status;
}

/* What the sender can mend is 400; what passes by itself is 503. */
static int status_of(int status) {
    switch (status) {
    case HD_E_QUEUE_FULL:
    case HD_E_CLOSED:
    case HD_E_NO_MEMORY:
    case HD_E_STORE:
    case HD_E_STORE_FULL:
    case HD_E_STORE_BUSY:
    case HD_E_STORE_LOST:
    case HD_E_STORE_ACCESS:
    case HD_E_STORE_DAMAGED:
        return 503;
    default:
        return 400;
    }
}

/* When it is answered, the event is on disk. */
static void answer_event(const struct serving *serving, const struct request *request, struct reply *reply) {
    char id[HD_ID_SIZE];
    hd_event *event = NULL;
    int status = make_event(request, &event);
    if (status == HD_OK)
        status = hd_webhook_send(serving->client, event, id);
    if (status == HD_OK)
        set_json(reply, 202, json_pack("{s:s}", "event_id", id));
    else if (status == HD_E_PROJECT)
        set_error(reply, 400, hd_status_name(status), "name the project: /events?project=acme");
    else
        set_error(reply, status_of(status), hd_status_name(status), hd_strerror(status));
    hd_event_free(event);
}

/* ---- The page ---- */

static void answer_page(const struct serving *serving, const struct request *request, enum credentials credentials,
                        const char *user, struct reply *reply) {
    hd_request *made = NULL;
    int is_known = credentials != CREDENTIALS_WRONG;
    int status = cli_request_make(request, &made);
    if (status == HD_OK)
        status = hd_request_set_method(made, request->method, HD_TEXT_NUL);
    if (status == HD_OK)
        status = hd_request_set_target(made, request->target, HD_TEXT_NUL);
    if (status == HD_OK)
        status = hd_dashboard_handle(serving->dashboard, made, is_known ? (*user ? user : "admin") : NULL,
                                     is_known ? HD_ROLE_ADMIN : HD_ROLE_NONE, &reply->page);
    hd_request_free(made);
    if (status == HD_OK)
        reply->status = hd_dashboard_response_status(reply->page);
    else
        set_error(reply, 500, hd_status_name(status), hd_strerror(status));
}

/* ---- Which ---- */

static int is_path(const struct request *request, const char *path) {
    size_t length = strcspn(request->target, "?");
    return strlen(path) == length && memcmp(request->target, path, length) == 0;
}

static int is_read(const struct request *request) {
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* A browser adds a password by itself, also to what another site makes it send: events are taken with a bearer token
 * only. The page checks where its requests come from. */
void cli_serving_reply(void *user, const struct request *request, struct reply *reply) {
    struct serving *serving = user;
    char name[TOKEN_USER_SIZE];
    enum credentials credentials = cli_token_check(&serving->token, request, name);
    int is_events = is_path(request, "/events"), is_metrics = is_path(request, "/metrics");
    if (credentials == CREDENTIALS_WRONG)
        refuse_unknown(reply);
    else if (is_events && strcmp(request->method, "POST") != 0)
        refuse_method(reply, "POST");
    else if (is_events && credentials != CREDENTIALS_BEARER)
        set_error(reply, 401, "unauthorized", "events are taken with Authorization: Bearer TOKEN only");
    else if (is_events)
        answer_event(serving, request, reply);
    else if (is_metrics && !is_read(request))
        refuse_method(reply, "GET, HEAD");
    else if (is_metrics)
        answer_metrics(serving, reply);
    else
        answer_page(serving, request, credentials, name, reply);
}

void cli_serving_answered(void *user) {
    (void)user;
}

#endif
