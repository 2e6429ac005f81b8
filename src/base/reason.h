/* Why deliveries end as they do, in words. */
#ifndef HD_BASE_REASON_H
#define HD_BASE_REASON_H

#include "helmdesk.h"

#include <stddef.h>

/* How many reasons there are: their numbers have no gap. */
#define HD__REASON_COUNT (HD_REASON_PROXY_GATEWAY - HD_REASON_DELIVERED + 1)

/* Whether a number is one of HD_REASON_..., of HD_OUTCOME_... */
int hd__reason_known(int reason);
int hd__outcome_known(int outcome);

/* The error word of Slack's incoming webhooks that the body of a response begins with; NULL if there is none. Words:
 * api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, slackapi/slack-github-action #249
 * (no_text, no_service), sourcegraph#49979 (invalid_blocks), strapi#12679 (missing_text_or_...). For a webhook in
 * HD_FORMAT_JSON only those count that Slack returns for JSON. */
const char *hd__slack_word(const char *body, size_t len, int format);

/* Whether a report with this reason and an attempt tells what came of that. A delivery that ends while it waits for
 * another attempt keeps the number of the one before, and one that the close cuts short says nothing about the
 * receiver.
 */
int hd__reason_tells_of_attempt(int reason);

/* Whether a failure with this reason is the fault of this program or its proxy, and not of the receiver. */
int hd__reason_is_ours(int reason);

/* The sentence for people of a reason and the detail beside it, which may be the sentence itself. */
const char *hd__explain(int reason, const char *detail);

#endif
