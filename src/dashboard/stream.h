/* What happens, as it happens: server-sent events (WHATWG HTML section 9.2). */
#ifndef HD_DASHBOARD_STREAM_H
#define HD_DASHBOARD_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct hd__dash_stream;

int hd__dash_stream_next(struct hd__dash_stream *stream, uint32_t timeout_ms, const char **data, size_t *length);
void hd__dash_stream_free(struct hd__dash_stream *stream);

#endif
