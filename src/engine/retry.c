#include "engine/retry.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* The schedule of Svix and Standard Webhooks: more than a day in all. */
static const int64_t default_delays_ms[] = {5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR,
                                            5 * HOUR,   10 * HOUR,  10 * HOUR};
#define DELAYS (sizeof default_delays_ms / sizeof default_delays_ms[0])

/* Slack posts a message again that it had taken before a timeout (hyperdxio/hyperdx#2534): only what was surely not
 * taken goes there a second time. */
static int is_surely_not_taken(const hd_report *report) {
    switch (report->reason) {
    case HD_REASON_DNS:
    case HD_REASON_REFUSED:
    case HD_REASON_UNREACHABLE:
    case HD_REASON_TIMEOUT_CONNECT:
    case HD_REASON_TLS_UNTRUSTED:
    case HD_REASON_TLS_NAME:
    case HD_REASON_TLS_EXPIRED:
    case HD_REASON_TLS_PROTOCOL:
    case HD_REASON_BLOCKED:
    case HD_REASON_PAUSED:
    case HD_REASON_INTERNAL:
    case HD_REASON_PROXY_FAILED:
    case HD_REASON_PROXY_REFUSED:
    case HD_REASON_PROXY_GATEWAY:
        return 1;
    default:
        return report->http_status == 429 || report->http_status >= 500;
    }
}

int hd__retry_allowed(const hd_webhook *webhook, const hd_report *report, uint32_t attempt) {
    if (report->is_test || attempt >= webhook->max_attempts || report->reason == HD_REASON_DELIVERED ||
        report->reason == HD_REASON_DISCARDED)
        return 0;
    if (report->http_status == 410) /* Gone: the receiver says that it wants no more (Standard Webhooks) */
        return 0;
    return webhook->format != HD_FORMAT_SLACK || is_surely_not_taken(report);
}

static int64_t backoff_ms(const hd_webhook *webhook, uint32_t attempt) {
    if (webhook->retry_first_ms == 0)
        return default_delays_ms[attempt <= DELAYS ? attempt - 1 : DELAYS - 1];
    int64_t delay_ms = webhook->retry_first_ms;
    for (uint32_t i = 1; i < attempt && delay_ms < webhook->retry_max_ms; i++)
        delay_ms *= 2;
    return delay_ms < webhook->retry_max_ms ? delay_ms : webhook->retry_max_ms;
}

/* A fifth more or less, so that deliveries that failed together do not come back together. */
static int64_t with_jitter(int64_t delay_ms, const struct hd__clock *clock) {
    uint16_t chance = UINT16_MAX / 2;
    (void)hd__random(clock, &chance, sizeof chance);
    return delay_ms * 4 / 5 + delay_ms * 2 / 5 * chance / UINT16_MAX;
}

int64_t hd__retry_delay_ms(const hd_webhook *webhook, const hd_report *report, uint32_t attempt,
                           const struct hd__clock *clock) {
    int64_t delay_ms = with_jitter(backoff_ms(webhook, attempt), clock);
    int64_t asked_ms = (int64_t)report->retry_after_s * SECOND;
    return asked_ms > delay_ms ? asked_ms : delay_ms;
}
