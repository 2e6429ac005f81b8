#include "cli/date.h"

#include "cli/text.h"
#include "helmdesk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct date {
    int year, month, day, hour, minute, second, ms;
    int is_local;
    int offset_minutes; /* from UTC, of one that is not */
};

/* Each of these moves *at on if what it looks for is there. */
static int skip(const char **at, const char *any) {
    if (!**at || !strchr(any, **at))
        return 0;
    ++*at;
    return 1;
}

static int read_number(const char **at, int width, int least, int most, int *number) {
    int read = 0;
    for (int i = 0; i < width; i++) {
        if (!cli_is_digit((*at)[i]))
            return 0;
        read = read * 10 + ((*at)[i] - '0');
    }
    *at += width;
    *number = read;
    return read >= least && read <= most;
}

/* Since 1970; -1 for a day that is not in the calendar. */
static int64_t days_of(const struct date *date) {
    char text[64];
    int64_t ms;
    int length = snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", date->year, date->month, date->day);
    return hd_time_parse(text, (size_t)length, &ms) == HD_OK ? ms / 86400000 : -1;
}

static int read_day(const char **at, struct date *date) {
    return read_number(at, 4, 1970, 9999, &date->year) && skip(at, "-") && read_number(at, 2, 1, 12, &date->month) &&
           skip(at, "-") && read_number(at, 2, 1, 31, &date->day) && days_of(date) >= 0;
}

/* ".5" and ".500123": what is less than a millisecond is left out. */
static int read_fraction(const char **at, int *ms) {
    int digits = 0;
    for (; cli_is_digit(**at); ++*at, digits++)
        if (digits < 3)
            *ms = *ms * 10 + (**at - '0');
    for (int i = digits; i < 3; i++)
        *ms *= 10;
    return digits > 0;
}

static int read_time(const char **at, struct date *date) {
    if (!read_number(at, 2, 0, 23, &date->hour) || !skip(at, ":") || !read_number(at, 2, 0, 59, &date->minute))
        return 0;
    if (!skip(at, ":"))
        return 1;
    return read_number(at, 2, 0, 59, &date->second) && (!skip(at, ".") || read_fraction(at, &date->ms));
}

/* "Z", "+02:00", or nothing. */
static int read_zone(const char **at, struct date *date) {
    int hours, minutes, sign = **at == '-' ? -1 : 1;
    date->is_local = !**at;
    if (date->is_local || skip(at, "Zz"))
        return 1;
    if (!skip(at, "+-") || !read_number(at, 2, 0, 23, &hours) || !skip(at, ":") || !read_number(at, 2, 0, 59, &minutes))
        return 0;
    date->offset_minutes = sign * (hours * 60 + minutes);
    return 1;
}

static int64_t local_seconds(const struct date *date) {
    struct tm parts = {.tm_year = date->year - 1900,
                       .tm_mon = date->month - 1,
                       .tm_mday = date->day,
                       .tm_hour = date->hour,
                       .tm_min = date->minute,
                       .tm_sec = date->second,
                       .tm_isdst = -1};
    return (int64_t)mktime(&parts);
}

/* timegm is not in POSIX. */
static int64_t utc_seconds(const struct date *date) {
    return days_of(date) * 86400 + date->hour * 3600 + (date->minute - date->offset_minutes) * 60 + date->second;
}

int64_t cli_date_parse(const char *text) {
    struct date date = {.is_local = 1};
    if (!read_day(&text, &date))
        return -1;
    if (skip(&text, "Tt ") && !(read_time(&text, &date) && read_zone(&text, &date)))
        return -1;
    if (*text)
        return -1;
    int64_t seconds = date.is_local ? local_seconds(&date) : utc_seconds(&date);
    return seconds < 0 ? -1 : seconds * 1000 + date.ms;
}
