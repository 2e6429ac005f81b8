/* What happens, as it happens: server-sent events (WHATWG HTML section 9.2). */
#ifndef HD_DASHBOARD_STREAM_H
#define HD_DASHBOARD_STREAM_H

#include "dashboard/dashboard.h"

#include <stddef.h>
#include <stdint.h>

struct hd__dash_stream;

int hd__dash_stream_next(struct hd__dash_stream *stream, uint32_t timeout_ms, const char **data, size_t *length);
void hd__dash_stream_free(struct hd__dash_stream *stream);

/* Where a stream has to begin that tells of all that happens from now on, as the page gives it; null if the log cannot
 * be read. Returns NULL if memory runs out. */
json_t *hd__dash_position(hd_dashboard *dashboard);

#endif
