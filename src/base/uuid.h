/* UUIDs in their text form. */
#ifndef HD_BASE_UUID_H
#define HD_BASE_UUID_H

#include "base/clock.h"

/* 36 characters and a NUL. */
#define HD__UUID_SIZE 37

/* Random bytes that are asked for many at once, since each question is a system call. For one thread. */
struct hd__uuid_source {
    unsigned char bytes[240]; /* getentropy() gives up to 256 */
    size_t left;
};

#define HD__UUID_BYTES 16

/* Makes a new UUID of version 7 (RFC 9562 5.7): milliseconds since 1970, then 74 random bits. Returns a status. */
int hd__uuid_make(struct hd__uuid_source *source, const struct hd__clock *clock, unsigned char out[HD__UUID_BYTES]);

/* The same as text. */
int hd__uuid_new(struct hd__uuid_source *source, const struct hd__clock *clock, char out[HD__UUID_SIZE]);

void hd__uuid_format(const unsigned char bytes[HD__UUID_BYTES], char out[HD__UUID_SIZE]);

/* No UUID of a delivery is all zeros: zeros mean that there is none. */
int hd__uuid_is_none(const unsigned char bytes[HD__UUID_BYTES]);

/* Reads exactly the form that hd__uuid_format() writes. Returns 0 for anything else. */
int hd__uuid_parse(const char *text, unsigned char bytes[HD__UUID_BYTES]);

#endif
