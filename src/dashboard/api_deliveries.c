#include "dashboard/api.h"
#include "dashboard/fields.h"
#include "dashboard/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define ATTEMPTS_MAX 100

/* ---- Lists ---- */

/* Returns 1, or has answered. */
static int read_limit(struct hd__call *call, size_t *limit) {
    const char *text = hd__call_query(call, "limit");
    char *end = NULL;
    *limit = LIMIT_DEFAULT;
    if (!text)
        return 1;
    unsigned long value = strtoul(text, &end, 10);
    *limit = value;
    if (*end == '\0' && end != text && value >= 1 && value <= LIMIT_MAX)
        return 1;
    hd__call_refuse(call, 400, "The limit is malformed", "It must be a number from 1 to 200.", NULL);
    return 0;
}

/* A page of what the call asks for; NULL if it has been answered. */
static hd_log_page *query(struct hd__call *call, size_t limit) {
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    if (!hd__filter_read(call, NULL, 0, &filter))
        return NULL;
    const char *cursor = hd__call_query(call, "cursor");
    int status = hd_log_query(call->client, filter, cursor && *cursor ? cursor : NULL, limit, &page);
    if (status != HD_OK)
        hd__call_fail(call, status, NULL);
    hd_log_filter_free(filter);
    return page;
}

void hd__api_list_deliveries(struct hd__call *call) {
    size_t limit;
    hd_log_page *page = read_limit(call, &limit) ? query(call, limit) : NULL;
    if (page) {
        struct hd__json_text text = {.len = 0};
        hd__field_deliveries(page, 0, &text);
        hd__json_join(json_pack("{s:o}", "next_cursor", hd__json_string(hd_log_page_cursor(page))), &text);
        hd__call_answer_text(call, 200, &text);
    }
    hd_log_page_free(page);
}

/* How many match; returns 1, or has answered. */
static int count(struct hd__call *call, const hd_log_filter *filter, uint64_t *matching) {
    hd_log_stats *stats = NULL;
    int status = hd_log_summarize(call->client, filter, 0, &stats);
    *matching = hd_log_stats_count(stats);
    hd_log_stats_free(stats);
    if (status != HD_OK)
        hd__call_fail(call, status, NULL);
    return status == HD_OK;
}

void hd__api_count_deliveries(struct hd__call *call) {
    hd_log_filter *filter = NULL;
    uint64_t matching;
    if (hd__filter_read(call, NULL, 0, &filter) && count(call, filter, &matching))
        hd__call_answer(call, 200, json_pack("{s:I}", "count", (json_int_t)matching));
    hd_log_filter_free(filter);
}

/* ---- Export ---- */

/* A page at a time, so that nothing grows with the log; the header tells where the next one begins. */
void hd__api_export_deliveries(struct hd__call *call) {
    hd_log_page *page = query(call, LIMIT_MAX);
    struct hd__json_text text = {.len = 0};
    if (!page)
        return;
    for (size_t i = 0; i < hd_log_page_count(page); i++) {
        hd__field_delivery(hd_log_page_at(page, i), HD_JSON_EXCHANGE, &text);
        hd__json_put("\n", &text);
    }
    call->response->failed |= text.failed;
    hd__dash_set_body(call->response, 200, "application/x-ndjson", text.data ? text.data : "", text.len);
    hd__dash_set_header(call->response, "Content-Disposition", "attachment; filename=\"deliveries.ndjson\"");
    if (hd_log_page_cursor(page))
        hd__dash_set_header(call->response, "X-Next-Cursor", hd_log_page_cursor(page));
    free(text.data);
    hd_log_page_free(page);
}

/* ---- One delivery ---- */

/* Its attempts, the newest first; NULL if the call has been answered. */
static hd_log_page *find_delivery(struct hd__call *call) {
    hd_log_filter *filter = NULL;
    hd_log_page *page = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_project(filter, call->params[0]);
    if (status == HD_OK && hd_log_filter_set_delivery(filter, call->params[1]) != HD_OK)
        status = HD_E_NO_DELIVERY;
    if (status == HD_OK)
        status = hd_log_query(call->client, filter, NULL, ATTEMPTS_MAX, &page);
    if (status == HD_OK && hd_log_page_count(page) == 0)
        status = HD_E_NO_DELIVERY;
    hd_log_filter_free(filter);
    if (status == HD_OK)
        return page;
    hd_log_page_free(page);
    hd__call_fail(call, status, NULL);
    return NULL;
}

/* Only what is known to be deleted is. */
static int webhook_exists(struct hd__call *call, const hd_report *report) {
    hd_webhook *webhook = NULL;
    int status = hd_client_get_webhook(call->client, hd_report_webhook_id(report), &webhook);
    hd_webhook_free(webhook);
    return status != HD_E_NOT_FOUND;
}

void hd__api_get_delivery(struct hd__call *call) {
    hd_log_page *page = find_delivery(call);
    if (!page)
        return;
    struct hd__json_text text = {.len = 0};
    hd__field_deliveries(page, HD_JSON_EXCHANGE, &text);
    hd__json_member("webhook_exists", &text);
    hd__json_put(webhook_exists(call, hd_log_page_at(page, 0)) ? "true}" : "false}", &text);
    hd__call_answer_text(call, 200, &text);
    hd_log_page_free(page);
}

/* Bodies are untrusted: they are sent as plain text, as a file to save. */
static void answer_file(struct hd__call *call, const char *bytes, size_t length) {
    hd__dash_set_body(call->response, 200, "text/plain; charset=utf-8", bytes, length);
    hd__dash_set_header(call->response, "Content-Disposition", "attachment; filename=\"body.txt\"");
}

void hd__api_request_body(struct hd__call *call) {
    hd_log_page *page = find_delivery(call);
    const hd_report *report = hd_log_page_at(page, 0);
    size_t length;
    char *body = report ? hd__field_body(hd_report_event(report), hd_report_format(report), &length) : NULL;
    if (body)
        answer_file(call, body, length);
    else if (report)
        call->response->failed = 1;
    free(body);
    hd_log_page_free(page);
}

void hd__api_response_body(struct hd__call *call) {
    hd_log_page *page = find_delivery(call);
    size_t length;
    if (page) {
        const char *body = hd_report_response_body(hd_log_page_at(page, 0), &length);
        answer_file(call, body, length);
    }
    hd_log_page_free(page);
}

/* ---- Redelivery ---- */

void hd__api_redeliver(struct hd__call *call) {
    hd_log_page *page = find_delivery(call);
    char event_id[HD_ID_SIZE];
    if (!page)
        return;
    int status = hd_client_redeliver(call->client, call->params[1], event_id);
    if (status == HD_OK)
        hd__call_answer(call, 202, json_pack("{s:o}", "event_id", json_string(event_id)));
    else
        hd__call_fail(call, status, NULL);
    hd_log_page_free(page);
}
