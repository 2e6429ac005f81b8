/* The store's clock: milliseconds that never go back, and do not follow the wall clock's jumps. Due times, leases and
 * ages go by it. Within one boot of the machine it goes on with the monotonic clock; from one boot to the next by what
 * the wall clock says has passed, a day at most. */
#ifndef HD_STORE_SQLITE_TIME_H
#define HD_STORE_SQLITE_TIME_H

#include "base/clock.h"

#include <stdint.h>

/* A moment by the store's clock, and by the other clocks at the same time. */
struct hd__store_time {
    int64_t ms;
    int64_t monotonic_us, wall_ms;
    int64_t boot; /* a number for it; 0 if it is not known */
};

/* The first moment of a new store. */
struct hd__store_time hd__store_time_begin(const struct hd__clock *clock, int64_t boot);

/* Brings a moment to the present. */
void hd__store_time_go_on(struct hd__store_time *time, const struct hd__clock *clock, int64_t boot);

#endif
