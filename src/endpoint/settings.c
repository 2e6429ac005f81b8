/* How deliveries to a webhook are made: how many at once, how often each is tried, how fast, in which order. */
#include "endpoint/webhook.h"

#define DAY_MS 86400000
#define FAILURES_MAX 1000000
#define PAUSE_MIN_MS 1000
#define MINUTE_MS 60000
#define BURST_MAX 1000

/* Slack takes one message a second from a webhook, and bursts that it does not number (api.slack.com/docs/rate-limits).
 */
static const struct hd__rate slack_rate = {1, 1000, 5};

int hd_webhook_set_max_in_flight(hd_webhook *webhook, uint32_t limit) {
    if (!webhook || limit < 1 || limit > 64)
        return HD_E_INVALID;
    webhook->max_in_flight = limit;
    return HD_OK;
}

int hd_webhook_set_max_attempts(hd_webhook *webhook, uint32_t attempts) {
    if (!webhook || attempts < 1 || attempts > 20)
        return HD_E_INVALID;
    webhook->max_attempts = attempts;
    return HD_OK;
}

int hd_webhook_set_retry_backoff(hd_webhook *webhook, uint32_t first_ms, uint32_t max_ms) {
    if (!webhook || max_ms < first_ms || max_ms > DAY_MS || (first_ms == 0 && max_ms > 0))
        return HD_E_INVALID;
    webhook->retry_first_ms = first_ms;
    webhook->retry_max_ms = max_ms;
    return HD_OK;
}

/* A limit below one a minute would let a webhook starve whose clients are started anew more often than that, since each
 * of them begins with nothing of it left. */
static int rate_fits(uint32_t count, uint32_t period_ms, uint32_t burst) {
    return count >= 1 && count <= period_ms && period_ms <= DAY_MS && period_ms <= (uint64_t)count * MINUTE_MS &&
           burst >= 1 && burst <= BURST_MAX;
}

int hd_webhook_set_rate(hd_webhook *webhook, uint32_t count, uint32_t period_ms, uint32_t burst) {
    if (!webhook)
        return HD_E_INVALID;
    if (!rate_fits(count, period_ms, burst) && (count || period_ms || burst))
        return HD_E_RATE;
    webhook->rate = (struct hd__rate){count, period_ms, burst};
    return HD_OK;
}

struct hd__rate hd__webhook_rate(const hd_webhook *webhook) {
    return webhook->rate.count == 0 && webhook->format == HD_FORMAT_SLACK ? slack_rate : webhook->rate;
}

int hd__pause_rule_fits(uint32_t failures, uint32_t pause_ms) {
    return failures >= 1 && failures <= FAILURES_MAX && pause_ms >= PAUSE_MIN_MS && pause_ms <= DAY_MS;
}

int hd_webhook_set_pause_rule(hd_webhook *webhook, uint32_t failures, uint32_t pause_ms) {
    if (!webhook)
        return HD_E_INVALID;
    if (!hd__pause_rule_fits(failures, pause_ms) && !((failures == 0 || failures == HD_PAUSE_NEVER) && pause_ms == 0))
        return HD_E_PAUSE_RULE;
    webhook->pause = (struct hd__pause_rule){failures, pause_ms};
    return HD_OK;
}

struct hd__pause_rule hd__webhook_pause_rule(const hd_webhook *webhook, const struct hd__pause_rule *of_client) {
    static const struct hd__pause_rule never = {0, 0};
    return webhook->pause.failures == 0                ? *of_client
           : webhook->pause.failures == HD_PAUSE_NEVER ? never
                                                       : webhook->pause;
}

int hd_webhook_set_ordered(hd_webhook *webhook, int on) {
    if (!webhook || (on != 0 && on != 1))
        return HD_E_INVALID;
    webhook->ordered = on;
    return HD_OK;
}

int hd_webhook_set_standard_headers(hd_webhook *webhook, int on) {
    if (!webhook || (on != 0 && on != 1))
        return HD_E_INVALID;
    webhook->standard_headers = on;
    return HD_OK;
}

uint32_t hd_webhook_max_in_flight(const hd_webhook *webhook) {
    return webhook ? webhook->max_in_flight : 0;
}

uint32_t hd_webhook_max_attempts(const hd_webhook *webhook) {
    return webhook ? webhook->max_attempts : 0;
}

uint32_t hd_webhook_retry_first_ms(const hd_webhook *webhook) {
    return webhook ? webhook->retry_first_ms : 0;
}

uint32_t hd_webhook_retry_max_ms(const hd_webhook *webhook) {
    return webhook ? webhook->retry_max_ms : 0;
}

uint32_t hd_webhook_rate_count(const hd_webhook *webhook) {
    return webhook ? webhook->rate.count : 0;
}

uint32_t hd_webhook_rate_period_ms(const hd_webhook *webhook) {
    return webhook ? webhook->rate.period_ms : 0;
}

uint32_t hd_webhook_rate_burst(const hd_webhook *webhook) {
    return webhook ? webhook->rate.burst : 0;
}

uint32_t hd_webhook_pause_failures(const hd_webhook *webhook) {
    return webhook ? webhook->pause.failures : 0;
}

uint32_t hd_webhook_pause_ms(const hd_webhook *webhook) {
    return webhook ? webhook->pause.pause_ms : 0;
}

int hd_webhook_ordered(const hd_webhook *webhook) {
    return webhook ? webhook->ordered : 0;
}

int hd_webhook_standard_headers(const hd_webhook *webhook) {
    return webhook ? webhook->standard_headers : 0;
}
