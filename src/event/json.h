/* JSON bodies, byte for byte as the product documents them. */
#ifndef HD_EVENT_JSON_H
#define HD_EVENT_JSON_H

#include "base/buffer.h"
#include "helmdesk.h"

/* Appends the documented body of an event that has ticket and customer. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__json_event(const hd_event *event, struct hd__buffer *out);

/* Appends the documented Slack message with this text. Returns HD_OK or HD_E_NO_MEMORY. */
int hd__json_slack(const char *text, struct hd__buffer *out);

/* What a text takes in JSON at the most, without the quotes. */
size_t hd__json_size(const char *text, size_t len);

#endif
