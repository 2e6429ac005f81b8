#include "store/statuses.h"

#include "base/text.h"

#define SMALLEST 100 /* what three digits can say: responses beyond 599 are in the log too */

/* "404" or "5xx". Returns what comes after it, NULL if there is neither. */
static const char *read_one(const char *at, struct hd__status_range *range) {
    if (!hd__is_digit((unsigned char)at[0]))
        return NULL;
    int is_class =
        at[1] && hd__ascii_lower((unsigned char)at[1]) == 'x' && hd__ascii_lower((unsigned char)at[2]) == 'x';
    if (!is_class && (!hd__is_digit((unsigned char)at[1]) || !hd__is_digit((unsigned char)at[2])))
        return NULL;
    range->first = (at[0] - '0') * 100 + (is_class ? 0 : (at[1] - '0') * 10 + at[2] - '0');
    range->last = range->first + (is_class ? 99 : 0);
    return range->first >= SMALLEST ? at + 3 : NULL;
}

/* One of the list, with the blanks around it. */
static const char *read_range(const char *at, struct hd__status_range *range) {
    while (*at == ' ')
        at++;
    at = read_one(at, range);
    if (at && *at == '-') {
        struct hd__status_range end;
        at = read_one(at + 1, &end);
        range->last = at ? end.last : 0;
    }
    while (at && *at == ' ')
        at++;
    return at && range->first <= range->last ? at : NULL;
}

int hd__statuses_parse(const char *text, struct hd__statuses *statuses) {
    struct hd__statuses read = {.count = 0};
    const char *at = text && *text ? text : NULL;
    while (at && read.count < HD__STATUSES_MAX) {
        at = read_range(at, &read.ranges[read.count++]);
        if (!at || (*at && *at != ','))
            return HD_E_HTTP_STATUSES;
        at = *at ? at + 1 : NULL;
    }
    if (at)
        return HD_E_HTTP_STATUSES;
    *statuses = read;
    return HD_OK;
}
