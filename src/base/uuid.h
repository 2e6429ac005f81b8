/* UUIDs in their text form. */
#ifndef HD_BASE_UUID_H
#define HD_BASE_UUID_H

#include "base/clock.h"

/* 36 characters and a NUL. */
#define HD__UUID_SIZE 37

/* Writes a new UUID of version 7 (RFC 9562 5.7): milliseconds since 1970, then 74 random bits. Returns a status. */
int hd__uuid_new(const struct hd__clock *clock, char out[HD__UUID_SIZE]);

#endif
