/* Customers' text as part of a line of Slack's mrkdwn (docs.slack.dev/messaging/formatting-message-text), in which it
 * is nothing but text. */
#ifndef HD_EVENT_MRKDWN_H
#define HD_EVENT_MRKDWN_H

#include "base/buffer.h"

/* Appends the first max_chars characters of a text, in max_bytes bytes, with an ellipsis if that is not all; never cut
 * inside a character or an entity. Line breaks become spaces, a text without anything to show becomes a dash, and:
 *   - & < > become entities, so that there is no <!here>, <@user> or <url|label>;
 *   - * _ ~ that could begin or end a span become characters that look like them: those between two letters or digits,
 *     or two spaces, cannot (so e-mail addresses stay as they are); a backtick always does;
 *   - @ and #, unless a letter or digit stands before them, get an invisible character behind them, so that no name of
 * a person, a group or a channel follows. */
void hd__mrkdwn_text(struct hd__buffer *out, const char *text, size_t max_chars, size_t max_bytes);

#endif
