#include "dashboard/api.h"
#include "dashboard/fields.h"
#include "dashboard/setters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_MS 6000

/* ---- Finding and writing ---- */

static void refuse_unknown(struct hd__call *call) {
    hd__call_refuse(call, 404, "There is no such webhook", "It was deleted, or belongs to another project.", NULL);
}

hd_webhook *hd__api_find_webhook(struct hd__call *call) {
    hd_webhook *webhook = NULL;
    int status = hd_client_get_webhook(call->client, call->params[1], &webhook);
    if (status == HD_OK && strcmp(hd_webhook_project(webhook), call->params[0]) == 0)
        return webhook;
    if (status == HD_OK || status == HD_E_NOT_FOUND)
        refuse_unknown(call);
    else
        hd__call_fail(call, status, NULL);
    hd_webhook_free(webhook);
    return NULL;
}

static const char *pointer_of(int status) {
    switch (status) {
    case HD_E_URL:
    case HD_E_URL_SCHEME:
    case HD_E_URL_USERINFO:
    case HD_E_URL_HOST:
    case HD_E_URL_PORT:
    case HD_E_URL_ADDRESS:
        return "/url";
    case HD_E_SECRET:
        return "/secret";
    default:
        return NULL;
    }
}

int hd__api_put_webhook(struct hd__call *call, const hd_webhook *webhook) {
    int status = hd_client_replace_webhook(call->client, webhook);
    if (status == HD_E_CONFLICT)
        hd__api_refuse_conflict(call, hd_webhook_id(webhook));
    else if (status != HD_OK)
        hd__call_fail(call, status, pointer_of(status));
    return status == HD_OK;
}

/* ---- Reading ---- */

static void write_whole(struct hd__call *call, const hd_webhook *webhook, struct hd__json_text *text) {
    hd__field_webhook(webhook, hd__call_is_admin(call), text);
    hd__api_activity(call, webhook, text);
}

void hd__api_list_webhooks(struct hd__call *call) {
    hd_webhook_list *list = NULL;
    int status = hd_client_list_webhooks(call->client, call->params[0], &list);
    if (status != HD_OK) {
        hd__call_fail(call, status, NULL);
        return;
    }
    struct hd__json_text text = {.len = 0};
    hd__json_put("{\"data\":[", &text);
    for (size_t i = 0; i < hd_webhook_list_count(list) && !text.failed; i++) {
        hd__json_put(i > 0 ? "," : "", &text);
        write_whole(call, hd_webhook_list_at(list, i), &text);
    }
    hd__json_put("]}", &text);
    hd_webhook_list_free(list);
    hd__call_answer_text(call, 200, &text);
}

/* The version of a webhook, as headers name it. */
static void write_tag(const hd_webhook *webhook, char tag[32]) {
    snprintf(tag, 32, "\"%llu\"", (unsigned long long)hd_webhook_version(webhook));
}

/* Answers with a webhook, a new one with its secret. */
static void answer(struct hd__call *call, int http_status, const hd_webhook *webhook) {
    char tag[32];
    size_t length;
    const void *secret = hd_webhook_secret(webhook, &length);
    struct hd__json_text text = {.len = 0};
    write_whole(call, webhook, &text);
    if (http_status == 201)
        hd__json_join(json_pack("{s:o}", "secret", hd__json_text(secret, length)), &text);
    write_tag(webhook, tag);
    hd__dash_set_header(call->response, "ETag", tag);
    hd__call_answer_text(call, http_status, &text);
}

/* Answers with the webhook as it is after a change. */
static void answer_present(struct hd__call *call, int http_status, const char *id) {
    hd_webhook *webhook = NULL;
    int status = hd_client_get_webhook(call->client, id, &webhook);
    if (status == HD_OK)
        answer(call, http_status, webhook);
    else
        hd__call_fail(call, status, NULL);
    hd_webhook_free(webhook);
}

void hd__api_get_webhook(struct hd__call *call) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    if (webhook)
        answer(call, 200, webhook);
    hd_webhook_free(webhook);
}

/* ---- Changing ---- */

static void answer_created(struct hd__call *call, const char *id) {
    char location[600];
    snprintf(location, sizeof location, "%sapi/v1/projects/%s/webhooks/%s", call->dashboard->mount, call->params[0],
             id);
    hd__dash_set_header(call->response, "Location", location);
    answer_present(call, 201, id);
}

void hd__api_create_webhook(struct hd__call *call) {
    hd_webhook *webhook = NULL;
    int status = hd_webhook_new(&webhook);
    if (status == HD_OK && (status = hd_webhook_set_project(webhook, call->params[0])) != HD_OK)
        hd__call_fail(call, status, NULL);
    else if (status != HD_OK)
        call->response->failed = 1;
    if (status == HD_OK && hd__setters_apply(call, webhook, 1) && hd__api_put_webhook(call, webhook))
        answer_created(call, hd_webhook_id(webhook));
    hd_webhook_free(webhook);
}

int hd__api_is_same_version(struct hd__call *call, const hd_webhook *webhook) {
    const char *wanted = hd_request_header(call->request, "If-Match", 0);
    char tag[32];
    write_tag(webhook, tag);
    if (!wanted || strcmp(wanted, tag) == 0)
        return 1;
    hd__api_refuse_conflict(call, hd_webhook_id(webhook));
    return 0;
}

void hd__api_update_webhook(struct hd__call *call) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    if (webhook && hd__api_is_same_version(call, webhook) && hd__setters_apply(call, webhook, 0) &&
        hd__api_put_webhook(call, webhook))
        answer_present(call, 200, hd_webhook_id(webhook));
    hd_webhook_free(webhook);
}

static void change_mode(struct hd__call *call, int mode) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    if (webhook && hd_webhook_set_mode(webhook, mode) == HD_OK && hd__api_put_webhook(call, webhook))
        answer_present(call, 200, hd_webhook_id(webhook));
    hd_webhook_free(webhook);
}

void hd__api_hold_webhook(struct hd__call *call) {
    change_mode(call, HD_MODE_HELD);
}

void hd__api_turn_on_webhook(struct hd__call *call) {
    change_mode(call, HD_MODE_ON);
}

void hd__api_turn_off_webhook(struct hd__call *call) {
    change_mode(call, HD_MODE_OFF);
}

void hd__api_delete_webhook(struct hd__call *call) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    if (!webhook)
        return;
    int status = hd_client_remove_webhook(call->client, hd_webhook_id(webhook));
    if (status == HD_OK)
        call->response->status = 204;
    else
        hd__call_fail(call, status, NULL);
    hd_webhook_free(webhook);
}

void hd__api_discard(struct hd__call *call) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    uint64_t count = 0;
    if (!webhook)
        return;
    int status = hd_client_discard(call->client, hd_webhook_id(webhook), &count);
    if (status == HD_OK)
        hd__call_answer(call, 200, json_pack("{s:I}", "discarded", (json_int_t)count));
    else
        hd__call_fail(call, status, NULL);
    hd_webhook_free(webhook);
}

/* ---- Testing ---- */

/* A receiver that fails is a result, not an error of this page. */
void hd__api_test_webhook(struct hd__call *call) {
    const char *name = json_string_value(hd__call_member(call, "event"));
    int type = hd_event_type_from_name(name);
    if (type == HD_EVENT_UNKNOWN) {
        hd__call_fail(call, HD_E_EVENT_TYPE, "/event");
        return;
    }
    hd_webhook *webhook = hd__api_find_webhook(call);
    hd_report *report = NULL;
    if (!webhook)
        return;
    int status = hd_client_test(call->client, hd_webhook_id(webhook), type, TEST_MS, &report);
    struct hd__json_text text = {.len = 0};
    if (status == HD_OK) {
        hd__field_delivery(report, HD_JSON_EXCHANGE, &text);
        hd__call_answer_text(call, 200, &text);
    } else {
        hd__call_fail(call, status, NULL);
    }
    hd_report_free(report);
    hd_webhook_free(webhook);
}
