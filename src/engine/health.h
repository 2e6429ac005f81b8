/* How a webhook's own deliveries go, and which alert about it is due. Tests do not count, and alerts do not: a webhook
 * that gets nothing else is never failing, and no alert causes another one. */
#ifndef HD_ENGINE_HEALTH_H
#define HD_ENGINE_HEALTH_H

#include "helmdesk.h"
#include "store/store.h"

/* When a webhook is failing, and how often alerts about it are sent. */
struct hd__alert_rule {
    uint32_t failures; /* in a row; 0 for never */
    int64_t window_ms; /* after an alert, a new run of failures is not told before it is over */
};

/* An attempt has ended, at this time by the wall clock. */
void hd__health_learn(struct hd__health *health, int reason, const struct hd__alert_rule *rule, int64_t now_ms);

/* The alert that is due: one of HD_ALERT_..., or 0. Of one run of failures, each is told once, and a pause is not
 * followed by a lesser one. */
int hd__health_alert(const struct hd__health *health, int is_paused, const struct hd__alert_rule *rule, int64_t now_ms);

/* It has been sent. */
void hd__health_told(struct hd__health *health, int alert, int64_t now_ms);

#endif
