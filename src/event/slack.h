/* The text of a Slack message, in Slack's mrkdwn. */
#ifndef HD_EVENT_SLACK_H
#define HD_EVENT_SLACK_H

#include "base/buffer.h"
#include "helmdesk.h"

/* Slack refuses a longer text; counted in bytes, the limit holds whatever Slack counts as a character
 * (docs.slack.dev/reference/block-kit/composition-objects/text-object). */
#define HD__SLACK_TEXT_MAX 3000

/* The same in its JSON envelope, with quotation marks, backslashes and line breaks escaped. */
#define HD__SLACK_BODY_MAX (2 * HD__SLACK_TEXT_MAX + 128)

/* Appends the text for an event of a known type that has ticket and customer. */
void hd__slack_text_of(const hd_event *event, struct hd__buffer *out);

#endif
