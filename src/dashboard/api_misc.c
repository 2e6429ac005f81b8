/* Calls that are not about a webhook or a delivery: the current user, the events, previews, the list of changes. */
#include "dashboard/api.h"
#include "dashboard/fields.h"
#include "dashboard/setters.h"
#include "dashboard/stream.h"

#include <stdlib.h>
#include <string.h>

/* ---- The current user ---- */

static int is_listed(const json_t *list, const char *text) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            return 1;
    return 0;
}

static void add_project(json_t *names, const char *project, int *failed) {
    if (!is_listed(names, project))
        hd__json_add(names, json_string(project), failed);
}

/* Those that were named, and those of all webhooks. */
static json_t *projects_of(struct hd__call *call) {
    const hd_dashboard *dashboard = call->dashboard;
    hd_webhook_list *list = NULL;
    json_t *names = json_array();
    int failed = !names || hd_client_list_webhooks(dashboard->client, NULL, &list) != HD_OK;
    for (size_t i = 0; i < dashboard->project_count; i++)
        add_project(names, dashboard->projects[i], &failed);
    for (size_t i = 0; i < hd_webhook_list_count(list); i++)
        add_project(names, hd_webhook_project(hd_webhook_list_at(list, i)), &failed);
    hd_webhook_list_free(list);
    return hd__json_or_nothing(names, failed);
}

void hd__api_me(struct hd__call *call) {
    int status = hd_client_store_status(call->client);
    hd__call_answer(call, 200,
                    json_pack("{s:o, s:s, s:o, s:s, s:o, s:{s:b, s:s, s:s}, s:I}", "user", hd__json_string(call->user),
                              "role", hd__call_is_admin(call) ? "admin" : "viewer", "projects", projects_of(call),
                              "version", hd_version(), "position", hd__dash_position(call->dashboard), "store", "ok",
                              status == HD_OK, "code", hd_status_name(status), "message",
                              status == HD_OK ? "" : hd_strerror(status), "waiting",
                              (json_int_t)hd_client_counter(call->client, HD_COUNTER_WAITING)));
}

/* ---- Events ---- */

/* The `data` of its body, which is the last member there. */
static void put_sample(int type, struct hd__json_text *text) {
    static const char key[] = "\"data\":";
    char body[2048];
    size_t length = 0;
    hd_event *event = NULL;
    int status = hd_event_new_sample(type, &event);
    if (status == HD_OK)
        status = hd_event_render(event, HD_FORMAT_JSON, body, sizeof body, &length);
    hd_event_free(event);
    text->failed |= status != HD_OK;
    if (status != HD_OK)
        return;
    body[length - 1] = '\0'; /* the brace that closes the body */
    hd__json_put(strstr(body, key) + strlen(key), text);
}

static void put_event(int type, struct hd__json_text *text) {
    hd__json_put("{\"name\":\"", text);
    hd__json_put(hd_event_type_name(type), text);
    hd__json_put("\",\"sample\":", text);
    put_sample(type, text);
    hd__json_put("}", text);
}

void hd__api_events(struct hd__call *call) {
    struct hd__json_text text = {.len = 0};
    hd__json_put("{\"data\":[", &text);
    for (int type = HD_TICKET_CREATED; type < HD_TICKET_CREATED + hd_event_type_count(); type++) {
        hd__json_put(type == HD_TICKET_CREATED ? "" : ",", &text);
        put_event(type, &text);
    }
    hd__json_put("]}", &text);
    hd__call_answer_text(call, 200, &text);
}

/* ---- Previews ---- */

/* The text of the only block of a Slack message; null for JSON. */
static json_t *slack_text_of(const char *body, int format) {
    json_t *whole = format == HD_FORMAT_SLACK ? json_loads(body, 0, NULL) : NULL;
    json_t *block = json_array_get(json_object_get(whole, "blocks"), 0);
    json_t *text = json_object_get(json_object_get(block, "text"), "text");
    json_t *answer = text ? json_incref(text) : json_null();
    json_decref(whole);
    return answer;
}

static json_t *preview_of(const hd_event *event, int format, const char *secret) {
    char signature[HD_SIGNATURE_SIZE] = "";
    size_t length;
    char *body = hd__field_body(event, format, &length);
    if (!body)
        return NULL;
    (void)hd_sign(body, length, secret, strlen(secret), signature, sizeof signature);
    json_t *object =
        json_pack("{s:o, s:I, s:[[s,s],[s,s],[s,s]], s:o}", "body", hd__json_text(body, length), "bytes",
                  (json_int_t)length, "headers", "Content-Type", "application/json", "X-Helmdesk-Event",
                  hd_event_name(event), "X-Helmdesk-Signature", signature, "slack_text", slack_text_of(body, format));
    free(body);
    return object;
}

void hd__api_preview(struct hd__call *call) {
    const char *event_name = json_string_value(hd__call_member(call, "event"));
    const char *format_name = json_string_value(hd__call_member(call, "format"));
    const char *secret = json_string_value(hd__call_member(call, "secret"));
    int format = format_name && strcmp(format_name, "slack") == 0 ? HD_FORMAT_SLACK : HD_FORMAT_JSON;
    hd_event *event = NULL;
    int status = hd_event_new_sample(hd_event_type_from_name(event_name), &event);
    if (status == HD_OK)
        hd__call_answer(call, 200, preview_of(event, format, secret && *secret ? secret : "sample secret"));
    else
        hd__call_fail(call, status, "/event");
    hd_event_free(event);
}

/* What creating a webhook with this address would say; nothing is kept. */
void hd__api_check_url(struct hd__call *call) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status != HD_OK)
        call->response->failed = 1;
    else if (hd__setters_apply(call, webhook, 1) &&
             (status = hd_client_check_url(call->client, hd_webhook_url(webhook))) == HD_OK)
        hd__call_answer(call, 200, json_pack("{s:b, s:o}", "ok", 1, "warnings", hd__setters_warnings(webhook)));
    if (status != HD_OK && !call->response->failed)
        hd__call_fail(call, status, "/url");
    hd_webhook_free(webhook);
}
