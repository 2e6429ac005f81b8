/* Times as text, for programs: RFC 3339. */
#include "base/clock.h"
#include "base/text.h"
#include "helmdesk.h"

/* The rest of the text. Each function below reads something; if it is there, the function moves `at` and returns 1. */
struct rest {
    const char *at, *end;
};

static int skip(struct rest *rest, const char *either) {
    if (rest->at == rest->end || (*rest->at != either[0] && *rest->at != either[1]))
        return 0;
    rest->at++;
    return 1;
}

static int number(struct rest *rest, int width, int most, int *value) {
    *value = 0;
    for (; width > 0; width--) {
        if (rest->at == rest->end || !hd__is_digit(*rest->at))
            return 0;
        *value = *value * 10 + (*rest->at++ - '0');
    }
    return *value <= most;
}

static int read_day(struct rest *rest, int64_t *days) {
    int year, month, day;
    if (!number(rest, 4, 9999, &year) || !skip(rest, "--") || !number(rest, 2, 12, &month) || !skip(rest, "--") ||
        !number(rest, 2, 31, &day))
        return 0;
    *days = hd__days_from_date(year, month, day);
    return *days >= 0;
}

static int read_fraction(struct rest *rest, int *ms) {
    int digits = 0;
    *ms = 0;
    for (; rest->at < rest->end && hd__is_digit(*rest->at); rest->at++, digits++)
        if (digits < 3)
            *ms = *ms * 10 + (*rest->at - '0');
    for (int i = digits; i < 3; i++)
        *ms *= 10;
    return digits > 0;
}

static int read_clock(struct rest *rest, int64_t *of_day) {
    int hour, minute, second, ms = 0;
    if (!number(rest, 2, 23, &hour) || !skip(rest, "::") || !number(rest, 2, 59, &minute) || !skip(rest, "::") ||
        !number(rest, 2, 59, &second) || (skip(rest, "..") && !read_fraction(rest, &ms)))
        return 0;
    *of_day = ((int64_t)(hour * 60 + minute) * 60 + second) * 1000 + ms;
    return 1;
}

static int read_offset(struct rest *rest, int64_t *offset) {
    int hours, minutes, sign = rest->at < rest->end && *rest->at == '-' ? -1 : 1;
    *offset = 0;
    if (skip(rest, "Zz"))
        return 1;
    if (!skip(rest, "+-") || !number(rest, 2, 23, &hours) || !skip(rest, "::") || !number(rest, 2, 59, &minutes))
        return 0;
    *offset = (int64_t)sign * (hours * 60 + minutes) * 60000;
    return 1;
}

int hd_time_parse(const char *text, size_t len, int64_t *ms) {
    if (!text || !ms)
        return HD_E_INVALID;
    struct rest rest = {text, text + len};
    int64_t days, of_day, offset;
    if (!read_day(&rest, &days) || !skip(&rest, "Tt") || !read_clock(&rest, &of_day) || !read_offset(&rest, &offset) ||
        rest.at != rest.end)
        return HD_E_TIMESTAMP;
    int64_t time = days * 86400000 + of_day - offset;
    if (time < 0 || time > HD__TIMESTAMP_MAX)
        return HD_E_TIMESTAMP;
    *ms = time;
    return HD_OK;
}

int hd_time_format(int64_t ms, char *text, size_t size) {
    if (!text)
        return HD_E_INVALID;
    if (ms < 0 || ms > HD__TIMESTAMP_MAX)
        return HD_E_TIMESTAMP;
    if (size < HD__TIMESTAMP_SIZE)
        return HD_E_BUFFER;
    hd__timestamp_format(ms, text);
    return HD_OK;
}
