/* Whether a failed attempt is followed by another one, and when. */
#ifndef HD_ENGINE_RETRY_H
#define HD_ENGINE_RETRY_H

#include "base/clock.h"
#include "endpoint/webhook.h"
#include "store/report.h"

/* Whether the attempt that this report is about, the webhook's attempt-th, may be followed by another one. */
int hd__retry_allowed(const hd_webhook *webhook, const hd_report *report, uint32_t attempt);

/* How long to wait after the attempt-th: the backoff with jitter, or what the receiver asked for if that is longer. */
int64_t hd__retry_delay_ms(const hd_webhook *webhook, const hd_report *report, uint32_t attempt,
                           const struct hd__clock *clock);

#endif
