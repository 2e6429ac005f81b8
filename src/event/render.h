/* The bytes that an event becomes. */
#ifndef HD_EVENT_RENDER_H
#define HD_EVENT_RENDER_H

#include "base/buffer.h"
#include "helmdesk.h"

/* How many formats there are; the first has the number HD_FORMAT_JSON. */
#define HD__FORMATS (HD_FORMAT_SLACK - HD_FORMAT_JSON + 1)

/* Appends the body of an event in a format. The event need not have a project. Returns a status. */
int hd__event_body(const hd_event *event, int format, struct hd__buffer *out);

#endif
