#define _DEFAULT_SOURCE /* getentropy */
#include "base/clock.h"

#include "helmdesk.h"

#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

static int64_t system_monotonic_us(void *self) {
    (void)self;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_ms(void *self) {
    (void)self;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int system_random(void *self, void *out, size_t len) {
    (void)self;
    return getentropy(out, len) == 0 ? HD_OK : HD_E_RANDOM;
}

const struct hd__clock hd__system_clock = {system_monotonic_us, system_wall_ms, system_random, NULL};

int64_t hd__monotonic_us(const struct hd__clock *clock) {
    return clock->monotonic_us(clock->self);
}

int64_t hd__wall_ms(const struct hd__clock *clock) {
    int64_t ms = clock->wall_ms(clock->self);
    return ms < 0 ? 0 : ms > HD__TIMESTAMP_MAX ? HD__TIMESTAMP_MAX : ms;
}

int hd__random(const struct hd__clock *clock, void *out, size_t len) {
    return clock->random(clock->self, out, len);
}

/* Days since 1970-01-01 and back in the proleptic Gregorian calendar, by Howard Hinnant's public-domain algorithms
 * ("chrono-compatible low-level date algorithms"): gmtime depends on the width of time_t, timegm is not in POSIX. */
static int64_t count_days(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day) {
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int64_t hd__days_from_date(int year, int month, int day) {
    int same_year, same_month, same_day;
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
        return -1;
    int64_t days = count_days(year, month, day);
    date_from_days(days, &same_year, &same_month, &same_day);
    return same_month == month ? days : -1; /* the 31st of a shorter month */
}

static void put_digits(char *out, int width, int value) {
    while (width-- > 0) {
        out[width] = (char)('0' + value % 10);
        value /= 10;
    }
}

void hd__timestamp_format(int64_t ms, char out[HD__TIMESTAMP_SIZE]) {
    int year, month, day;
    date_from_days(ms / 86400000, &year, &month, &day);
    int of_day = (int)(ms % 86400000);
    memcpy(out, "0000-00-00T00:00:00.000Z", HD__TIMESTAMP_SIZE);
    put_digits(out, 4, year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, of_day / 3600000);
    put_digits(out + 14, 2, of_day / 60000 % 60);
    put_digits(out + 17, 2, of_day / 1000 % 60);
    put_digits(out + 20, 3, of_day % 1000);
}

static int digits(const char *s, int width) {
    int value = 0;
    for (int i = 0; i < width; i++)
        value = value * 10 + (s[i] - '0');
    return value;
}

int hd__timestamp_parse(const char *text, int64_t *ms) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (strlen(text) != sizeof form - 1)
        return HD_E_TIMESTAMP;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return HD_E_TIMESTAMP;
    int64_t days = hd__days_from_date(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
    int hour = digits(text + 11, 2), minute = digits(text + 14, 2), second = digits(text + 17, 2);
    if (days < 0 || hour > 23 || minute > 59 || second > 59)
        return HD_E_TIMESTAMP;
    *ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000 + digits(text + 20, 3);
    return HD_OK;
}
