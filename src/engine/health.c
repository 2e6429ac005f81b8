#include "engine/health.h"

#define FAILURES_MAX 999999999 /* what HD_FIELD_FAILURE_COUNT has room for */

void hd__health_learn(struct hd__health *health, int reason, const struct hd__alert_rule *rule, int64_t now_ms) {
    if (reason == HD_REASON_DELIVERED) {
        health->failures = 0;
        health->reason = 0;
        health->since_ms = 0;
        health->is_failing = 0;
        return;
    }
    if (health->failures == 0)
        health->since_ms = now_ms;
    health->failures += health->failures < FAILURES_MAX;
    health->reason = reason;
    health->is_failing = rule->failures > 0 && health->failures >= rule->failures;
}

/* A clock that was set back ends the time of silence. */
static int is_silent(const struct hd__health *health, const struct hd__alert_rule *rule, int64_t now_ms) {
    return health->alerted_ms != 0 && now_ms >= health->alerted_ms && now_ms - health->alerted_ms < rule->window_ms;
}

int hd__health_alert(const struct hd__health *health, int is_paused, const struct hd__alert_rule *rule,
                     int64_t now_ms) {
    if (health->failures == 0)
        return health->told ? HD_ALERT_RECOVERED : 0;
    if (rule->failures == 0 || health->told == HD_ALERT_PAUSED || (!health->told && is_silent(health, rule, now_ms)))
        return 0;
    if (is_paused)
        return HD_ALERT_PAUSED;
    return health->is_failing && !health->told ? HD_ALERT_FAILING : 0;
}

void hd__health_told(struct hd__health *health, int alert, int64_t now_ms) {
    int is_over = alert == HD_ALERT_RECOVERED;
    health->told = is_over ? 0 : alert;
    health->alerted_ms = is_over ? health->alerted_ms : now_ms;
}
