#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <string.h>

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define FAILING_AFTER 5 /* of the last ones, all failed */

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

/* The statistics of a project, or one webhook of it, over a range that ends now, on the edge of a bucket. */
static int summarize(struct hd__call *call, const char *webhook_id, const struct range *range, int64_t *since_ms,
                     hd_log_stats **stats) {
    int64_t until_ms = hd__dash_now_ms() / range->bucket_ms * range->bucket_ms + range->bucket_ms;
    hd_log_filter *filter = NULL;
    *since_ms = until_ms - range->length_ms;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_project(filter, call->params[0]);
    if (status == HD_OK)
        status = hd_log_filter_set_webhook(filter, webhook_id);
    if (status == HD_OK)
        status = hd_log_filter_set_time(filter, *since_ms, until_ms);
    if (status == HD_OK)
        status = hd_log_summarize(call->dashboard->client, filter, range->bucket_ms, stats);
    hd_log_filter_free(filter);
    return status;
}

static json_t *bucket_of(const hd_log_stats *stats, size_t index) {
    return json_pack("{s:o, s:I, s:I}", "t", hd__json_time(hd_log_stats_bucket_start_ms(stats, index)), "delivered",
                     (json_int_t)hd_log_stats_bucket_outcome(stats, index, HD_OUTCOME_DELIVERED), "failed",
                     (json_int_t)hd_log_stats_bucket_outcome(stats, index, HD_OUTCOME_FAILED));
}

static json_t *buckets_of(const hd_log_stats *stats) {
    json_t *list = json_array();
    int failed = list == NULL;
    for (size_t i = 0; i < hd_log_stats_bucket_count(stats) && !failed; i++)
        hd__json_add(list, bucket_of(stats, i), &failed);
    return hd__json_or_nothing(list, failed);
}

/* Of what has ended; null if nothing has. */
static json_t *success_of(const hd_log_stats *stats) {
    uint64_t good = hd_log_stats_outcome(stats, HD_OUTCOME_DELIVERED);
    uint64_t all =
        good + hd_log_stats_outcome(stats, HD_OUTCOME_FAILED) + hd_log_stats_outcome(stats, HD_OUTCOME_CANCELED);
    return all ? json_real((double)(good * 1000 / all) / 10) : json_null();
}

static json_t *reasons_of(const hd_log_stats *stats) {
    json_t *object = json_object();
    int failed = 0;
    for (int reason = HD_REASON_DELIVERED + 1; reason < HD_REASON_DELIVERED + hd_reason_count(); reason++)
        if (hd_log_stats_reason(stats, reason))
            hd__json_set(object, hd_reason_name(reason), json_integer((json_int_t)hd_log_stats_reason(stats, reason)),
                         &failed);
    return hd__json_or_nothing(object, failed);
}

static json_t *times_of(const hd_log_stats *stats) {
    return json_pack("{s:I, s:I, s:I, s:I}", "p50", (json_int_t)hd_log_stats_total_ms(stats, 500), "p95",
                     (json_int_t)hd_log_stats_total_ms(stats, 950), "p99",
                     (json_int_t)hd_log_stats_total_ms(stats, 990), "max",
                     (json_int_t)hd_log_stats_total_ms(stats, 1000));
}

static json_int_t outcome(const hd_log_stats *stats, int which) {
    return (json_int_t)hd_log_stats_outcome(stats, which);
}

/* ---- For the charts ---- */

static const struct range *find_range(struct hd__call *call) {
    const char *name = hd__call_query(call, "range");
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (strcmp(ranges[i].name, name ? name : "24h") == 0)
            return &ranges[i];
    hd__call_refuse(call, 400, "The range is malformed", "It is 1h, 24h or 7d.", NULL);
    return NULL;
}

/* What waits for the webhooks of a project, or for one of them. */
static int count_waiting(struct hd__call *call, const char *webhook_id, uint64_t *waiting) {
    hd_webhook_list *list = NULL;
    int status = hd_client_list_webhooks(call->dashboard->client, call->params[0], &list);
    *waiting = 0;
    for (size_t i = 0; i < hd_webhook_list_count(list) && status == HD_OK; i++) {
        const char *id = hd_webhook_id(hd_webhook_list_at(list, i));
        uint64_t count = 0;
        if (!webhook_id || strcmp(webhook_id, id) == 0)
            status = hd_client_waiting(call->dashboard->client, id, &count, NULL);
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
    hd__call_answer(call, 200,
                    json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I}", "since",
                              hd__json_time(since_ms), "until", hd__json_time(since_ms + range->length_ms), "delivered",
                              outcome(stats, HD_OUTCOME_DELIVERED), "failed", outcome(stats, HD_OUTCOME_FAILED),
                              "canceled", outcome(stats, HD_OUTCOME_CANCELED), "retrying",
                              outcome(stats, HD_OUTCOME_RETRYING), "success_percent", success_of(stats), "ms",
                              times_of(stats), "reasons", reasons_of(stats), "buckets", buckets_of(stats), "waiting",
                              (json_int_t)waiting));
    hd_log_stats_free(stats);
}

/* ---- For the list of webhooks ---- */

/* The last deliveries of a webhook that have ended, the newest first. */
static int last_deliveries(struct hd__call *call, const hd_webhook *webhook, hd_log_page **page) {
    hd_log_filter *filter = NULL;
    int status = hd_log_filter_new(&filter);
    if (status == HD_OK)
        status = hd_log_filter_set_webhook(filter, hd_webhook_id(webhook));
    if (status == HD_OK)
        status = hd_log_query(call->dashboard->client, filter, NULL, FAILING_AFTER, page);
    hd_log_filter_free(filter);
    return status;
}

static int is_failing(const hd_log_page *page) {
    size_t failed = 0;
    for (size_t i = 0; i < hd_log_page_count(page); i++)
        failed += hd_report_outcome(hd_log_page_at(page, i)) != HD_OUTCOME_DELIVERED;
    return failed == FAILING_AFTER;
}

/* The mode; of a webhook that is on, what keeps it from sending, or how it does. */
static const char *state_of(const hd_webhook *webhook, int state, const hd_log_page *page) {
    if (hd_webhook_mode(webhook) != HD_MODE_ON)
        return hd_mode_name(hd_webhook_mode(webhook));
    switch (state) {
    case HD_WEBHOOK_PAUSED:
        return "paused";
    case HD_WEBHOOK_PROBING:
        return "probing";
    case HD_WEBHOOK_FORBIDDEN:
        return "forbidden";
    case HD_WEBHOOK_THROTTLED:
        return "throttled";
    default:
        return is_failing(page) ? "failing" : "on";
    }
}

static json_t *last_of(const hd_log_page *page) {
    const hd_report *report = hd_log_page_at(page, 0);
    if (!report)
        return json_null();
    return json_pack("{s:s, s:s, s:o, s:o}", "id", hd_report_delivery_id(report), "outcome",
                     hd_outcome_name(hd_report_outcome(report)), "result", hd__field_result(report), "finished_at",
                     hd__json_time(hd_report_finished_at_ms(report)));
}

static json_t *day_of(const hd_log_stats *stats) {
    return json_pack("{s:I, s:I, s:o, s:o}", "delivered", outcome(stats, HD_OUTCOME_DELIVERED), "failed",
                     outcome(stats, HD_OUTCOME_FAILED), "success_percent", success_of(stats), "buckets",
                     buckets_of(stats));
}

/* What keeps a webhook from sending, and what waits for it. One that is deleted at this moment has neither. */
struct condition {
    int state;
    int64_t until_ms, since_ms;
    uint64_t waiting;
};

static int read_condition(struct hd__call *call, const hd_webhook *webhook, struct condition *condition) {
    hd_client *client = call->dashboard->client;
    const char *id = hd_webhook_id(webhook);
    *condition = (struct condition){.state = HD_WEBHOOK_ACTIVE};
    int status = hd_client_webhook_state(client, id, &condition->state, &condition->until_ms);
    if (status == HD_OK)
        status = hd_client_waiting(client, id, &condition->waiting, &condition->since_ms);
    return status == HD_E_NOT_FOUND ? HD_OK : status;
}

static json_t *until_of(const struct condition *condition, int state) {
    return hd__json_time(condition->state == state ? condition->until_ms : 0);
}

json_t *hd__api_activity(struct hd__call *call, const hd_webhook *webhook) {
    struct condition condition;
    hd_log_stats *stats = NULL;
    hd_log_page *page = NULL;
    int64_t since_ms;
    json_t *object = NULL;
    if (summarize(call, hd_webhook_id(webhook), &ranges[1], &since_ms, &stats) == HD_OK &&
        last_deliveries(call, webhook, &page) == HD_OK && read_condition(call, webhook, &condition) == HD_OK)
        object = json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:o}", "state", state_of(webhook, condition.state, page),
                           "paused_until", until_of(&condition, HD_WEBHOOK_PAUSED), "throttled_until",
                           until_of(&condition, HD_WEBHOOK_THROTTLED), "waiting", (json_int_t)condition.waiting,
                           "waiting_since", hd__json_time(condition.since_ms), "stats24h", day_of(stats),
                           "last_delivery", last_of(page));
    hd_log_page_free(page);
    hd_log_stats_free(stats);
    return object;
}
