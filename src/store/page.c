#include "store/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hd_log_page {
    hd_report **reports;
    size_t count;
    size_t limit;
    int is_of_store;
    int is_forward;
    int64_t place;   /* of one that is: where the next one begins */
    uint64_t missed; /* what was deleted before it could be on the page */
    char cursor[48]; /* "" on the last page */
};

hd_log_page *hd__log_page_new(size_t limit, int is_of_store) {
    hd_log_page *page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->reports = calloc(limit, sizeof(hd_report *));
    if (!page->reports) {
        free(page);
        return NULL;
    }
    page->limit = limit;
    page->is_of_store = is_of_store;
    return page;
}

static void write_cursor(hd_log_page *page) {
    const hd_report *last = page->reports[page->count - 1];
    if (page->is_of_store)
        snprintf(page->cursor, sizeof page->cursor, "%" PRIi64 "-%" PRIu64, last->finished_at_ms, last->sequence);
    else
        snprintf(page->cursor, sizeof page->cursor, "%" PRIu64, last->sequence);
}

int hd__log_page_add(void *user, hd_report *report) {
    hd_log_page *page = user;
    if (page->count == page->limit) {
        write_cursor(page);
        return 0;
    }
    page->reports[page->count++] = hd__report_ref(report);
    return 1;
}

void hd__log_page_go_on(hd_log_page *page, int64_t before_ms, int64_t before_id) {
    snprintf(page->cursor, sizeof page->cursor, "%" PRIi64 "-%" PRIi64, before_ms, before_id);
}

/* A number without leading zeros, up to a character. */
static const char *read_number(const char *text, char end, int64_t *number) {
    *number = 0;
    for (const char *at = text; *at != end; at++) {
        if (*at < '0' || *at > '9' || *number > INT64_MAX / 10 - 1 || (at == text && *at == '0' && at[1] != end))
            return NULL;
        *number = *number * 10 + (*at - '0');
    }
    return text[0] == end ? NULL : strchr(text, end);
}

int hd__log_number_parse(const char *cursor, int64_t newest, int64_t *number) {
    return cursor && read_number(cursor, '\0', number) && *number <= newest ? HD_OK : HD_E_CURSOR;
}

void hd__log_page_end_at(hd_log_page *page, int64_t place, uint64_t missed) {
    snprintf(page->cursor, sizeof page->cursor, "%" PRIi64, place);
    page->is_forward = 1;
    page->place = place;
    page->missed = missed;
}

int hd__log_page_place(const hd_log_page *page, int64_t *place) {
    *place = page->place;
    return page->is_forward;
}

int hd__log_place_parse(const char *cursor, int64_t *ms, int64_t *id) {
    *ms = *id = INT64_MAX;
    if (!cursor)
        return HD_OK;
    const char *dash = read_number(cursor, '-', ms);
    return dash && read_number(dash + 1, '\0', id) ? HD_OK : HD_E_CURSOR;
}

int hd__log_cursor_parse(const char *cursor, uint64_t last, uint64_t *before) {
    uint64_t number = 0;
    if (!cursor) {
        *before = last + 1;
        return HD_OK;
    }
    for (const char *at = cursor; *at; at++) {
        if (*at < '0' || *at > '9' || number > last || (at == cursor && *at == '0'))
            return HD_E_CURSOR;
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (number < 1 || number > last)
        return HD_E_CURSOR;
    *before = number;
    return HD_OK;
}

size_t hd_log_page_count(const hd_log_page *page) {
    return page ? page->count : 0;
}

const hd_report *hd_log_page_at(const hd_log_page *page, size_t index) {
    return page && index < page->count ? page->reports[index] : NULL;
}

const char *hd_log_page_cursor(const hd_log_page *page) {
    return page && page->cursor[0] ? page->cursor : NULL;
}

uint64_t hd_log_page_missed(const hd_log_page *page) {
    return page ? page->missed : 0;
}

void hd_log_page_free(hd_log_page *page) {
    if (!page)
        return;
    for (size_t i = 0; i < page->count; i++)
        hd_report_free(page->reports[i]);
    free(page->reports);
    free(page);
}
