#include "dashboard/route.h"

#include "dashboard/api.h"
#include "dashboard/assets.h"

#include <string.h>

#define API "api/v1/"
#define ASSETS "assets/"

#define VIEWER HD_ROLE_VIEWER
#define ADMIN HD_ROLE_ADMIN
#define WEBHOOKS "projects/*/webhooks"
#define DELIVERIES "projects/*/deliveries"
#define JOBS "projects/*/jobs"

const struct hd__route hd__routes[] = {
    {"GET", "me", VIEWER, hd__api_me},
    {"GET", "projects/*/events", VIEWER, hd__api_events},
    {"GET", "projects/*/stats", VIEWER, hd__api_stats},
    {"GET", "projects/*/stream", VIEWER, hd__api_stream},
    {"GET", "projects/*/changes", ADMIN, hd__api_list_changes},
    {"POST", "projects/*/preview", VIEWER, hd__api_preview},
    {"POST", "projects/*/check-url", ADMIN, hd__api_check_url},
    {"GET", WEBHOOKS, VIEWER, hd__api_list_webhooks},
    {"POST", WEBHOOKS, ADMIN, hd__api_create_webhook},
    {"GET", WEBHOOKS "/*", VIEWER, hd__api_get_webhook},
    {"PATCH", WEBHOOKS "/*", ADMIN, hd__api_update_webhook},
    {"DELETE", WEBHOOKS "/*", ADMIN, hd__api_delete_webhook},
    {"POST", WEBHOOKS "/*/hold", ADMIN, hd__api_hold_webhook},
    {"POST", WEBHOOKS "/*/on", ADMIN, hd__api_turn_on_webhook},
    {"POST", WEBHOOKS "/*/off", ADMIN, hd__api_turn_off_webhook},
    {"POST", WEBHOOKS "/*/discard", ADMIN, hd__api_discard},
    {"POST", WEBHOOKS "/*/test", ADMIN, hd__api_test_webhook},
    {"POST", WEBHOOKS "/*/secret/reveal", ADMIN, hd__api_reveal_secret},
    {"POST", WEBHOOKS "/*/secret/stage", ADMIN, hd__api_stage_secret},
    {"POST", WEBHOOKS "/*/secret/unstage", ADMIN, hd__api_unstage_secret},
    {"POST", WEBHOOKS "/*/secret/activate", ADMIN, hd__api_activate_secret},
    {"POST", WEBHOOKS "/*/secret/undo", ADMIN, hd__api_undo_secret},
    {"POST", WEBHOOKS "/*/secret/forget", ADMIN, hd__api_forget_secret},
    {"POST", WEBHOOKS "/*/secret/replace", ADMIN, hd__api_replace_secret},
    {"GET", DELIVERIES, VIEWER, hd__api_list_deliveries},
    {"GET", DELIVERIES "/count", VIEWER, hd__api_count_deliveries},
    {"GET", "projects/*/deliveries.ndjson", VIEWER, hd__api_export_deliveries},
    {"GET", DELIVERIES "/*", VIEWER, hd__api_get_delivery},
    {"GET", DELIVERIES "/*/request-body", VIEWER, hd__api_request_body},
    {"GET", DELIVERIES "/*/response-body", VIEWER, hd__api_response_body},
    {"POST", DELIVERIES "/*/redeliver", ADMIN, hd__api_redeliver},
    {"GET", JOBS, VIEWER, hd__api_list_jobs},
    {"POST", JOBS, ADMIN, hd__api_create_job},
    {"GET", JOBS "/*", VIEWER, hd__api_get_job},
    {"POST", JOBS "/*/stop", ADMIN, hd__api_stop_job},
    {"POST", JOBS "/*/resume", ADMIN, hd__api_resume_job},
};

const size_t hd__route_count = sizeof hd__routes / sizeof *hd__routes;

/* ---- Matching ---- */

/* Whether a path has the form of a pattern; params receives where the parts begin that match its stars. */
static int matches(const char *pattern, char *path, char *params[HD__PARAMS_MAX]) {
    for (size_t count = 0;; pattern++, path++) {
        size_t wanted = strcspn(pattern, "/"), length = strcspn(path, "/");
        int is_star = wanted == 1 && *pattern == '*';
        if (is_star ? length == 0 || count == HD__PARAMS_MAX : wanted != length || memcmp(pattern, path, length) != 0)
            return 0;
        if (is_star)
            params[count++] = path;
        pattern += wanted;
        path += length;
        if (*pattern != *path)
            return 0;
        if (*path == '\0')
            return 1;
    }
}

/* Cuts the parts out of their path. */
static void take_params(struct hd__call *call, char *const params[HD__PARAMS_MAX]) {
    for (size_t i = 0; i < HD__PARAMS_MAX && params[i]; i++) {
        params[i][strcspn(params[i], "/")] = '\0';
        call->params[i] = params[i];
    }
}

/* The route of a path, which is cut into its parameters; of those that have another method, *other_method tells. */
static const struct hd__route *find(struct hd__call *call, char *path, int *other_method) {
    *other_method = 0;
    for (size_t i = 0; i < hd__route_count; i++) {
        char *params[HD__PARAMS_MAX] = {NULL};
        if (!matches(hd__routes[i].pattern, path, params))
            continue;
        if (strcmp(hd__routes[i].method, call->method) == 0) {
            take_params(call, params);
            return &hd__routes[i];
        }
        *other_method = 1;
    }
    return NULL;
}

/* ---- Calls of the API ---- */

static int read_body(struct hd__call *call) {
    json_error_t error;
    if (strcmp(call->method, "GET") == 0 || strcmp(call->method, "DELETE") == 0)
        return 1;
    size_t length;
    const char *body = hd_request_body(call->request, &length);
    call->body = json_loadb(length ? body : "{}", length ? length : 2, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(call->body))
        return 1;
    hd__call_refuse(call, 400, "The request is malformed", "Its body must be a JSON object.", NULL);
    return 0;
}

static int may_call(struct hd__call *call, const struct hd__route *route) {
    if (call->role >= route->role)
        return 1;
    if (call->role == HD_ROLE_NONE)
        hd__call_refuse(call, 401, "You are not signed in", "Sign in, and try again.", NULL);
    else
        hd__call_refuse(call, 403, "Not allowed", "Your role can only view. Ask an administrator.", NULL);
    return 0;
}

static void call_api(struct hd__call *call, char *path) {
    int other_method;
    const struct hd__route *route = find(call, path, &other_method);
    hd__dash_set_header(call->response, "Cache-Control", "no-store");
    if (!route && other_method)
        hd__call_refuse(call, 405, "Method not allowed", NULL, NULL);
    else if (!route)
        hd__call_refuse(call, 404, "Not found", NULL, NULL);
    else if (may_call(call, route) && read_body(call))
        route->answer(call);
}

/* ---- Everything ---- */

void hd__route(struct hd__call *call) {
    int is_read = strcmp(call->method, "GET") == 0;
    if (strncmp(call->path, API, sizeof API - 1) == 0)
        call_api(call, call->path + sizeof API - 1);
    else if (!is_read)
        hd__call_refuse(call, 405, "Method not allowed", NULL, NULL);
    else if (strncmp(call->path, ASSETS, sizeof ASSETS - 1) == 0 &&
             hd__asset_answer(call, call->path + sizeof ASSETS - 1))
        return;
    else if (*call->path == '\0' || strncmp(call->path, "projects/", 9) == 0)
        hd__asset_page(call);
    else
        hd__call_refuse(call, 404, "Not found", NULL, NULL);
}
