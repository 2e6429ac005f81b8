#include "store/sqlite/time.h"

#define OFF_MAX_MS ((int64_t)24 * 3600 * 1000) /* as long as a machine is believed to have been off */

static int64_t wall_ms(const struct hd__clock *clock) {
    int64_t ms = clock->wall_ms(clock->self);
    return ms < 1 ? 1 : ms > HD__TIMESTAMP_MAX ? HD__TIMESTAMP_MAX : ms;
}

struct hd__store_time hd__store_time_begin(const struct hd__clock *clock, int64_t boot) {
    int64_t ms = wall_ms(clock);
    return (struct hd__store_time){
        .ms = ms, .monotonic_us = clock->monotonic_us(clock->self), .wall_ms = ms, .boot = boot};
}

/* Parts of a millisecond stay to be counted the next time. */
void hd__store_time_go_on(struct hd__store_time *time, const struct hd__clock *clock, int64_t boot) {
    int64_t us = clock->monotonic_us(clock->self), wall = wall_ms(clock);
    if (time->boot == boot && us >= time->monotonic_us) {
        int64_t passed_ms = (us - time->monotonic_us) / 1000;
        time->ms += passed_ms;
        time->monotonic_us += passed_ms * 1000;
    } else {
        int64_t off_ms = wall - time->wall_ms;
        time->ms += off_ms < 0 ? 0 : off_ms > OFF_MAX_MS ? OFF_MAX_MS : off_ms;
        time->monotonic_us = us;
        time->boot = boot;
    }
    time->wall_ms = wall;
}
