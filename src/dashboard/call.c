#include "dashboard/dashboard.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t hd__dash_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *hd__call_query(const struct hd__call *call, const char *name) {
    for (size_t i = 0; i < call->query_count; i++)
        if (strcmp(call->queries[i].name, name) == 0)
            return call->queries[i].value;
    return NULL;
}

const json_t *hd__call_member(const struct hd__call *call, const char *name) {
    return json_object_get(call->body, name);
}

int hd__call_is_admin(const struct hd__call *call) {
    return call->role == HD_ROLE_ADMIN;
}

/* ---- Answers ---- */

static void answer_as(struct hd__call *call, int status, const char *type, struct hd__json_text *text) {
    if (text->failed)
        call->response->failed = 1;
    else
        hd__dash_set_body(call->response, status, type, text->data, text->len);
    free(text->data);
    text->data = NULL;
}

static void answer_value(struct hd__call *call, int status, const char *type, json_t *value) {
    struct hd__json_text text = {.len = 0};
    hd__json_write(value, &text);
    json_decref(value);
    answer_as(call, status, type, &text);
}

void hd__call_answer_text(struct hd__call *call, int status, struct hd__json_text *text) {
    answer_as(call, status, "application/json", text);
}

void hd__call_answer(struct hd__call *call, int status, json_t *value) {
    answer_value(call, status, "application/json", value);
}

/* code: the name of the library's status, which the page looks up in its own language, or NULL. */
static void answer_problem(struct hd__call *call, int status, const char *title, const char *detail, const char *code,
                           json_t *errors) {
    json_t *problem = json_pack("{s:s, s:s, s:i}", "type", "about:blank", "title", title, "status", status);
    int failed = problem == NULL;
    if (detail)
        hd__json_set(problem, "detail", json_string(detail), &failed);
    if (code)
        hd__json_set(problem, "code", json_string(code), &failed);
    if (errors)
        hd__json_set(problem, "errors", errors, &failed);
    answer_value(call, status, "application/problem+json", hd__json_or_nothing(problem, failed));
}

void hd__call_refuse(struct hd__call *call, int status, const char *title, const char *detail, json_t *errors) {
    answer_problem(call, status, title, detail, NULL, errors);
}

/* ---- Errors of the library ---- */

static int http_status_of(int status) {
    switch (status) {
    case HD_E_NO_MEMORY:
    case HD_E_QUEUE_FULL:
    case HD_E_CLOSED:
    case HD_E_STORE:
    case HD_E_STORE_FULL:
    case HD_E_STORE_BUSY:
    case HD_E_STORE_LOST:
    case HD_E_STORE_ACCESS:
    case HD_E_STORE_MISSING:
    case HD_E_STORE_DAMAGED:
    case HD_E_TIMEOUT:
        return 503;
    case HD_E_NOT_FOUND:
    case HD_E_NO_DELIVERY:
    case HD_E_NO_JOB:
        return 404;
    case HD_E_CONFLICT:
        return 412;
    case HD_E_STORE_READ_ONLY:
        return 403;
    case HD_E_CURSOR:
        return 400;
    case HD_E_SENT:
    case HD_E_NO_SECRET:
    case HD_E_JOB_RUNNING:
        return 409;
    default:
        return 422;
    }
}

static const char *title_of(int http_status) {
    switch (http_status) {
    case 400:
        return "The request is malformed";
    case 403:
        return "Not allowed";
    case 404:
        return "Not found";
    case 409:
        return "Not possible now";
    case 412:
        return "Somebody else has changed it";
    case 503:
        return "Temporarily unavailable";
    default:
        return "Check the highlighted fields";
    }
}

void hd__call_fail(struct hd__call *call, int status, const char *pointer) {
    int http_status = http_status_of(status);
    json_t *errors = pointer ? json_pack("[{s:s, s:s, s:s}]", "pointer", pointer, "code", hd_status_name(status),
                                         "message", hd_strerror(status))
                             : NULL;
    answer_problem(call, http_status, title_of(http_status), hd_strerror(status), hd_status_name(status), errors);
}

void hd__call_conflict(struct hd__call *call, const char *detail, const struct hd__json_text *change) {
    json_t *problem = json_pack("{s:i, s:s, s:s, s:s}", "status", 412, "title", title_of(412), "detail", detail, "code",
                                hd_status_name(HD_E_CONFLICT));
    int failed = problem == NULL || (change && change->failed);
    if (change && !failed)
        hd__json_set(problem, "change", json_loadb(change->data, change->len, 0, NULL), &failed);
    answer_value(call, 412, "application/problem+json", hd__json_or_nothing(problem, failed));
}
