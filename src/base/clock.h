/* Time and chance: the one seam through which both come in, so that tests run hours in milliseconds. */
#ifndef HD_BASE_CLOCK_H
#define HD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct hd__clock {
    int64_t (*monotonic_us)(void *self);              /* for deadlines and durations */
    int64_t (*wall_ms)(void *self);                   /* for timestamps only: it may jump */
    int (*random)(void *self, void *out, size_t len); /* a status */
    void *self;
};

/* The real ones: CLOCK_MONOTONIC, CLOCK_REALTIME, the system's random source. */
extern const struct hd__clock hd__system_clock;

int64_t hd__monotonic_us(const struct hd__clock *clock);
int64_t hd__wall_ms(const struct hd__clock *clock);
int hd__random(const struct hd__clock *clock, void *out, size_t len);

/* Days from 1970-01-01 to a day of the years up to 9999; -1 for one that is not in the (Gregorian) calendar. */
int64_t hd__days_from_date(int year, int month, int day);

/* The last millisecond of the year 9999, the latest that the text form can say. */
#define HD__TIMESTAMP_MAX INT64_C(253402300799999)

/* "YYYY-MM-DDTHH:MM:SS.mmmZ" and a NUL. */
#define HD__TIMESTAMP_SIZE 25

/* ms must be 0 to HD__TIMESTAMP_MAX. */
void hd__timestamp_format(int64_t ms, char out[HD__TIMESTAMP_SIZE]);

/* Reads exactly the form that hd__timestamp_format writes. Returns HD_OK or HD_E_TIMESTAMP. */
int hd__timestamp_parse(const char *text, int64_t *ms);

#endif
