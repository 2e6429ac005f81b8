/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/time.h
 * Times as text, in the form that events, reports and JSON have them.
 */
#ifndef HELMDESK_TIME_H
#define HELMDESK_TIME_H

#include <helmdesk/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a time as text, with the NUL: "2025-01-15T10:30:00.000Z". */
#define HD_TIME_SIZE 25

/**
 * Writes a time in the form of the timestamps of events: UTC, with milliseconds.
 * @param ms    milliseconds since 1970-01-01T00:00:00Z, up to the end of the year 9999
 * @param text  receives the text and a NUL
 * @param size  bytes at text: HD_TIME_SIZE or more
 * Returns: HD_OK; HD_E_TIMESTAMP for a time outside this range; HD_E_BUFFER if size is too small; HD_E_INVALID.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_time_format(int64_t ms, char *text, size_t size);

/**
 * Reads a time in the form of RFC 3339, section 5.6: with or without a fraction, in UTC ("Z") or with an offset.
 * Fractions of a millisecond are dropped. There are no leap seconds.
 * @param text  the text; needs no NUL
 * @param len   its length in bytes
 * @param ms    receives milliseconds since 1970-01-01T00:00:00Z
 * Returns: HD_OK; HD_E_TIMESTAMP if it is not a time in this form, if the day does not exist, or if it is outside the
 * years 1970 to 9999; HD_E_INVALID. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_time_parse(const char *text, size_t len, int64_t *ms);

#ifdef __cplusplus
}
#endif

#endif
