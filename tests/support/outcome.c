/* SPDX-License-Identifier: MIT */
#include "support/outcome.h"

#include <string.h>
#include <strings.h>

/* Whether a head has a line of Transfer-Encoding that is not chunked. */
static bool is_coded(const struct hd__buffer *head) {
    static const char name[] = "transfer-encoding:";
    for (const char *at = head->data, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        const char *value = at + sizeof name - 1;
        if (strncasecmp(at, name, sizeof name - 1) != 0)
            continue;
        value += strspn(value, " \t");
        if (strncasecmp(value, "chunked", 7) != 0 || !strchr(" \t\r\n", value[7]))
            return true;
    }
    return false;
}

void we_read(const char *data, size_t len, struct outcome *outcome) {
    struct reading reading;
    read_answer(&reading, data, len, 0, 0);
    *outcome = (struct outcome){.waits = reading.open == HD__HTTP1_MORE,
                                .status = reading.http.status,
                                .is_whole = reading.ended == HD__HTTP1_WHOLE,
                                .is_kept = reading.http.is_reusable,
                                .is_refused = reading.open != HD__HTTP1_MORE && reading.open != HD__HTTP1_WHOLE,
                                .is_coded = is_coded(&reading.head),
                                .body = reading.body};
    reading.body = (struct hd__buffer){0};
    reading_free(&reading);
}

const char *differing_outcome(const struct outcome *ours, const struct outcome *theirs) {
    const struct hd__buffer *x = &ours->body, *y = &theirs->body;
    if (ours->status != theirs->status)
        return "status";
    if (ours->status == 0)
        return NULL;
    return ours->is_whole != theirs->is_whole                                          ? "whole or not"
           : ours->waits != theirs->waits                                              ? "waiting for more"
           : x->len != y->len || (x->len > 0 && memcmp(x->data, y->data, x->len) != 0) ? "body"
           : ours->is_kept != theirs->is_kept                                          ? "use of the connection"
                                                                                       : NULL;
}
