#include "transport/http1_fields.h"

#include "base/clock.h"
#include "base/text.h"
#include "transport/transport.h"

#include <string.h>

#define LENGTH_DIGITS_MAX 18 /* as fit into 63 bits */
#define DIGITS_MAX 9         /* of seconds; more of them are as good as for ever */

/* Part of a value; not followed by a NUL. */
struct span {
    const char *at;
    size_t len;
};

/* RFC 9110 5.6.2. */
static const unsigned char is_of_token[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
    ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0'] = 1,  ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,
    ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['A'] = 1,  ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1,
    ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1,  ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1,
    ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1,  ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1,
    ['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1,  ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,
    ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1,  ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1,
    ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1,  ['z'] = 1};

size_t hd__http1_token_len(const char *data, size_t len) {
    size_t count = 0;
    while (count < len && is_of_token[(unsigned char)data[count]])
        count++;
    return count;
}

static int is(struct span span, const char *text, size_t len) {
    if (span.len != len)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (span.at[i] != text[i] && hd__ascii_lower(span.at[i]) != text[i])
            return 0;
    return 1;
}

#define IS(span, text) is((span), (text), sizeof(text) - 1)

int hd__http1_field_of(const char *name, size_t len) {
    struct span span = {name, len};
    switch (len) {
    case 10:
        return IS(span, "connection")   ? HD__HTTP1_CONNECTION
               : IS(span, "keep-alive") ? HD__HTTP1_KEEP_ALIVE
                                        : HD__HTTP1_OTHER;
    case 11:
        return IS(span, "retry-after") ? HD__HTTP1_RETRY_AFTER : HD__HTTP1_OTHER;
    case 14:
        return IS(span, "content-length") ? HD__HTTP1_CONTENT_LENGTH : HD__HTTP1_OTHER;
    case 17:
        return IS(span, "transfer-encoding") ? HD__HTTP1_TRANSFER_ENCODING : HD__HTTP1_OTHER;
    default:
        return HD__HTTP1_OTHER;
    }
}

static void skip(struct span *span, size_t count) {
    span->at += count;
    span->len -= count;
}

static struct span trimmed(struct span span) {
    hd__trim_blanks(&span.at, &span.len);
    return span;
}

/* Takes the next element of a list that commas divide, which may be an empty one. 0 if there was none left. */
static int next_element(struct span *list, struct span *element) {
    if (!list->at)
        return 0;
    const char *comma = memchr(list->at, ',', list->len);
    *element = *list;
    if (comma) {
        element->len = (size_t)(comma - list->at);
        skip(list, element->len + 1);
    } else {
        list->at = NULL;
    }
    *element = trimmed(*element);
    return 1;
}

/* How many digits a span begins with. */
static size_t count_digits(struct span span) {
    size_t count = 0;
    while (count < span.len && hd__is_digit(span.at[count]))
        count++;
    return count;
}

/* The number that a span is, of at most 18 digits. */
static int read_number(struct span span, uint64_t *number) {
    if (span.len == 0 || span.len > LENGTH_DIGITS_MAX || count_digits(span) != span.len)
        return 0;
    *number = 0;
    for (size_t i = 0; i < span.len; i++)
        *number = *number * 10 + (uint64_t)(span.at[i] - '0');
    return 1;
}

/* RFC 9112 6.3: it may occur several times, as lines or as a list, if it is always the same. */
static int take_length(struct hd__http1 *http, struct span list) {
    struct span element;
    uint64_t length;
    while (next_element(&list, &element)) {
        if (!read_number(element, &length) || (http->has_length && length != http->length))
            return 0;
        http->has_length = 1;
        http->length = length;
    }
    return 1;
}

/* RFC 9112 7: a token, and then maybe parameters. Chunked has none, and is there once at the most (6.1, 7.1). */
static int take_coding(struct hd__http1 *http, struct span coding) {
    struct span name = {coding.at, hd__http1_token_len(coding.at, coding.len)};
    skip(&coding, name.len);
    coding = trimmed(coding);
    if (name.len == 0 || (coding.len > 0 && coding.at[0] != ';'))
        return 0;
    http->is_chunked = IS(name, "chunked");
    if (http->is_chunked && (http->was_chunked || coding.len > 0))
        return 0;
    http->was_chunked |= http->is_chunked;
    return 1;
}

static int take_codings(struct hd__http1 *http, struct span list) {
    struct span element;
    http->has_coding = 1;
    while (next_element(&list, &element))
        if (element.len > 0 && !take_coding(http, element))
            return 0;
    return 1;
}

static void take_connection(struct hd__http1 *http, struct span list) {
    struct span element;
    while (next_element(&list, &element)) {
        http->says_close |= IS(element, "close");
        http->says_keep_alive |= IS(element, "keep-alive");
    }
}

/* "timeout=5, max=100" (RFC 2068 19.7.1.1). Of several, the least. */
static void take_keep_alive(struct hd__http1 *http, struct span list) {
    struct span element;
    uint64_t seconds;
    while (next_element(&list, &element)) {
        const char *equals = memchr(element.at, '=', element.len);
        struct span name = {element.at, equals ? (size_t)(equals - element.at) : 0};
        if (!IS(trimmed(name), "timeout"))
            continue;
        skip(&element, name.len + 1);
        if (!read_number(trimmed(element), &seconds))
            continue;
        if (seconds > INT32_MAX)
            seconds = INT32_MAX;
        if (http->idle_s < 0 || (int32_t)seconds < http->idle_s)
            http->idle_s = (int32_t)seconds;
    }
}

/* ---- Retry-After ---- */

/* A date waits until somebody asks, since it means nothing without a clock. Of several, the last one counts. */
static void take_retry_after(struct hd__http1 *http, struct span value) {
    uint64_t seconds = HD__RETRY_AFTER_MAX_S;
    http->retry_after_s = 0;
    http->date_len = 0;
    if (value.len > 0 && count_digits(value) == value.len) {
        if (value.len <= DIGITS_MAX)
            (void)read_number(value, &seconds);
        http->retry_after_s = seconds < HD__RETRY_AFTER_MAX_S ? (uint32_t)seconds : HD__RETRY_AFTER_MAX_S;
    } else if (value.len <= sizeof http->date) {
        memcpy(http->date, value.at, value.len);
        http->date_len = value.len;
    }
}

struct date {
    int year, month, day, hour, minute, second;
};

static int take_digits(struct span *text, size_t count, int *number) {
    *number = 0;
    if (text->len < count)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!hd__is_digit(text->at[i]))
            return 0;
        *number = *number * 10 + (text->at[i] - '0');
    }
    skip(text, count);
    return 1;
}

/* One of these words, each of which ends with a space. Their numbers begin at 1. */
static int take_word(struct span *text, const char *words, int *number) {
    for (*number = 1; *words; ++*number) {
        size_t len = strcspn(words, " ");
        if (text->len >= len && memcmp(text->at, words, len) == 0) {
            skip(text, len);
            return 1;
        }
        words += len + 1;
    }
    return 0;
}

/* A part of a date, or the letter itself. */
static int take_part(struct span *text, char part, struct date *date) {
    int day;
    switch (part) {
    case 'w':
        return take_word(text, "Mon Tue Wed Thu Fri Sat Sun ", &day);
    case 'W':
        return take_word(text, "Monday Tuesday Wednesday Thursday Friday Saturday Sunday ", &day);
    case 'n':
        return take_word(text, "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ", &date->month);
    case 'd':
        return take_digits(text, 2, &date->day);
    case 'D': /* the first digit may be a space */
        return take_part(text, ' ', date) ? take_digits(text, 1, &date->day) : take_digits(text, 2, &date->day);
    case 'y':
        return take_digits(text, 2, &date->year);
    case 'Y':
        return take_digits(text, 4, &date->year);
    case 'h':
        return take_digits(text, 2, &date->hour);
    case 'm':
        return take_digits(text, 2, &date->minute);
    case 's':
        return take_digits(text, 2, &date->second);
    default:
        if (text->len == 0 || text->at[0] != part)
            return 0;
        skip(text, 1);
        return 1;
    }
}

static int take_date(struct span text, const char *form, struct date *date) {
    for (; *form; form++)
        if (!take_part(&text, *form, date))
            return 0;
    return text.len == 0;
}

/* A year of two digits is one of those from 49 years ago to 50 years ahead. */
static int whole_year(int year, int64_t now_s) {
    int this_year = 1970 + (int)(now_s / 31556952); /* the mean year */
    year += this_year - this_year % 100;
    return year > this_year + 50 ? year - 100 : year <= this_year - 50 ? year + 100 : year;
}

/* The three forms of RFC 9110 5.6.7, as seconds since 1970. */
static int read_date(struct span text, int64_t now_s, int64_t *at_s) {
    struct date date;
    if (take_date(text, "W, d-n-y h:m:s GMT", &date))
        date.year = whole_year(date.year, now_s);
    else if (!take_date(text, "w, d n Y h:m:s GMT", &date) && !take_date(text, "w n D h:m:s Y", &date))
        return 0;
    int64_t days = hd__days_from_date(date.year, date.month, date.day);
    if (days < 0 || date.hour > 23 || date.minute > 59 || date.second > 60)
        return 0;
    *at_s = ((days * 24 + date.hour) * 60 + date.minute) * 60 + date.second;
    return 1;
}

uint32_t hd__http1_retry_after_s(const struct hd__http1 *http, int64_t now_s) {
    int64_t at_s;
    if (http->date_len == 0)
        return http->retry_after_s;
    if (!read_date((struct span){http->date, http->date_len}, now_s, &at_s) || at_s <= now_s)
        return 0;
    return at_s - now_s < HD__RETRY_AFTER_MAX_S ? (uint32_t)(at_s - now_s) : HD__RETRY_AFTER_MAX_S;
}

/* ---- All of them ---- */

int hd__http1_take_field(struct hd__http1 *http, const char *text, size_t len) {
    int is_whole = len <= HD__HTTP1_VALUE_MAX;
    struct span value = trimmed((struct span){text, is_whole ? len : 0});
    switch (http->field) {
    case HD__HTTP1_CONTENT_LENGTH:
        return take_length(http, value);
    case HD__HTTP1_TRANSFER_ENCODING:
        return is_whole && take_codings(http, value);
    case HD__HTTP1_CONNECTION:
        http->says_close |= !is_whole;
        take_connection(http, value);
        return 1;
    case HD__HTTP1_KEEP_ALIVE:
        take_keep_alive(http, value);
        return 1;
    case HD__HTTP1_RETRY_AFTER:
        take_retry_after(http, value);
        return 1;
    default:
        return 1;
    }
}
