#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <string.h>

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)

struct range {
    const char *name;
    int64_t length_ms, bucket_ms;
};

static const struct range ranges[] = {
    {"1h", HOUR_MS, 5 * MINUTE_MS},
    {"24h", 24 * HOUR_MS, HOUR_MS},
    {"7d", 7 * 24 * HOUR_MS, 3 * HOUR_MS},
};

/* ---- Counting ---- */

/* The statistics of a project, or one webhook of it, without tests, over a range that ends now, on the edge of a
 * bucket. */
static int summarize(struct hd__call *call, const char *webhook_id, const struct range *range, int64_t *since_ms,
                     hd_log_stats **stats) {
    int64_t until_ms = hd__dash_now_ms() / range->bucket_ms * range->bucket_ms + range->bucket_ms;
    hd_log_filter *filter = NULL;
    *since_ms = until_ms - range->length_ms;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_project(filter, call->params[0]);
    if (status == HD_OK)
        status = hd_log_filter_add_webhook(filter, webhook_id);
    if (status == HD_OK)
        status = hd_log_filter_set_time(filter, *since_ms, until_ms);
    if (status == HD_OK)
        status = hd_log_filter_set_tests(filter, HD_TESTS_EXCLUDED);
    if (status == HD_OK)
        status = hd_log_summarize(call->client, filter, range->bucket_ms, stats);
    hd_log_filter_free(filter);
    return status;
}

/* ---- For the charts ---- */

static const struct range *find_range(struct hd__call *call) {
    const char *name = hd__call_query(call, "range");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (strcmp(ranges[i].name, name ? name : "24h") == 0)
            return &ranges[i];
    hd__call_refuse(call, 400, "The range is malformed", "It must be 1h, 24h or 7d.", NULL);
    return NULL;
}

/* What waits for the webhooks of a project, or for one of them. */
static int count_waiting(struct hd__call *call, const char *webhook_id, uint64_t *waiting) {
    hd_webhook_list *list = NULL;
    int status = hd_client_list_webhooks(call->client, call->params[0], &list);
    *waiting = 0;
    for (size_t i = 0; i < hd_webhook_list_count(list) && status == HD_OK; i++) {
        const char *id = hd_webhook_id(hd_webhook_list_at(list, i));
        uint64_t count = 0;
        if (!webhook_id || strcmp(webhook_id, id) == 0)
            status = hd_client_waiting(call->client, id, &count, NULL);
        status = status == HD_E_NOT_FOUND ? HD_OK : status; /* it was deleted at this moment */
        *waiting += count;
    }
    hd_webhook_list_free(list);
    return status;
}

void hd__api_stats(struct hd__call *call) {
    const struct range *range = find_range(call);
    const char *webhook = hd__call_query(call, "webhook");
    hd_log_stats *stats = NULL;
    int64_t since_ms;
    uint64_t waiting;
    if (!range)
        return;
    webhook = webhook && *webhook ? webhook : NULL;
    int status = summarize(call, webhook, range, &since_ms, &stats);
    if (status == HD_OK)
        status = count_waiting(call, webhook, &waiting);
    if (status != HD_OK) {
        hd_log_stats_free(stats);
        hd__call_fail(call, status, NULL);
        return;
    }
    struct hd__json_text text = {.len = 0};
    hd__field_stats(stats, &text);
    hd__json_join(json_pack("{s:o, s:o, s:I}", "since", hd__json_time(since_ms), "until",
                            hd__json_time(since_ms + range->length_ms), "waiting", (json_int_t)waiting),
                  &text);
    hd__call_answer_text(call, 200, &text);
    hd_log_stats_free(stats);
}

/* ---- For the list of webhooks ---- */

/* The last delivery of a webhook that has ended, on a page, without tests. */
static int last_delivery(struct hd__call *call, const hd_webhook *webhook, hd_log_page **page) {
    static const int ended[] = {HD_OUTCOME_DELIVERED, HD_OUTCOME_FAILED, HD_OUTCOME_CANCELED};
    hd_log_filter *filter = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_add_webhook(filter, hd_webhook_id(webhook));
    if (status == HD_OK)
        status = hd_log_filter_set_tests(filter, HD_TESTS_EXCLUDED);
    for (size_t i = 0; i < sizeof ended / sizeof *ended && status == HD_OK; i++)
        status = hd_log_filter_add_outcome(filter, ended[i]);
    if (status == HD_OK)
        status = hd_log_query(call->client, filter, NULL, 1, page);
    hd_log_filter_free(filter);
    return status;
}

/* The mode; of a webhook that is on, what keeps it from sending, or how it does. */
static const char *state_of(const hd_webhook *webhook, int state) {
    if (hd_webhook_mode(webhook) != HD_MODE_ON)
        return hd_mode_name(hd_webhook_mode(webhook));
    return state == HD_WEBHOOK_ACTIVE ? hd_mode_name(HD_MODE_ON) : hd_webhook_state_name(state);
}

/* What keeps a webhook from sending, and what waits for it. One that is deleted at this moment has neither. */
struct condition {
    int state;
    int64_t until_ms, since_ms;
    uint64_t waiting;
    uint32_t failures;
    int reason;
    int64_t failing_since_ms;
};

static int read_condition(struct hd__call *call, const hd_webhook *webhook, struct condition *condition) {
    hd_client *client = call->client;
    const char *id = hd_webhook_id(webhook);
    *condition = (struct condition){.state = HD_WEBHOOK_ACTIVE};
    int status = hd_client_webhook_state(client, id, &condition->state, &condition->until_ms);
    if (status == HD_OK)
        status = hd_client_webhook_failures(client, id, &condition->failures, &condition->reason,
                                            &condition->failing_since_ms);
    if (status == HD_OK)
        status = hd_client_waiting(client, id, &condition->waiting, &condition->since_ms);
    return status == HD_E_NOT_FOUND ? HD_OK : status;
}

static json_t *until_of(const struct condition *condition, int state) {
    return hd__json_time(condition->state == state ? condition->until_ms : 0);
}

/* The attempts that failed in a row; null if the last one was delivered. */
static json_t *failures_of(const struct condition *condition) {
    if (condition->failures == 0)
        return json_null();
    return json_pack("{s:I, s:s, s:s, s:o}", "count", (json_int_t)condition->failures, "reason",
                     hd_reason_name(condition->reason), "explanation", hd_reason_text(condition->reason), "since",
                     hd__json_time(condition->failing_since_ms));
}

static void write_members(const struct condition *condition, const hd_webhook *webhook, const hd_log_stats *stats,
                          const hd_log_page *page, struct hd__json_text *text) {
    hd__json_join(json_pack("{s:s, s:o, s:o, s:o, s:I, s:o}", "state", state_of(webhook, condition->state), "failures",
                            failures_of(condition), "paused_until", until_of(condition, HD_WEBHOOK_PAUSED),
                            "throttled_until", until_of(condition, HD_WEBHOOK_THROTTLED), "waiting",
                            (json_int_t)condition->waiting, "waiting_since", hd__json_time(condition->since_ms)),
                  text);
    hd__json_member("stats24h", text);
    hd__field_stats(stats, text);
    hd__json_put(",\"last_delivery\":", text);
    if (hd_log_page_count(page) > 0)
        hd__field_delivery(hd_log_page_at(page, 0), 0, text);
    else
        hd__json_put("null", text);
    hd__json_put("}", text);
}

void hd__api_activity(struct hd__call *call, const hd_webhook *webhook, struct hd__json_text *text) {
    struct condition condition;
    hd_log_stats *stats = NULL;
    hd_log_page *page = NULL;
    int64_t since_ms;
    if (summarize(call, hd_webhook_id(webhook), &ranges[1], &since_ms, &stats) == HD_OK &&
        last_delivery(call, webhook, &page) == HD_OK && read_condition(call, webhook, &condition) == HD_OK)
        write_members(&condition, webhook, stats, page, text);
    else
        text->failed = 1;
    hd_log_page_free(page);
    hd_log_stats_free(stats);
}
