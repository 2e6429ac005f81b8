#include "store/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hd_log_page {
    hd_report **reports;
    size_t count;
    size_t limit;
    char cursor[24]; /* "" on the last page */
};

hd_log_page *hd__log_page_new(size_t limit) {
    hd_log_page *page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->reports = calloc(limit, sizeof(hd_report *));
    if (!page->reports) {
        free(page);
        return NULL;
    }
    page->limit = limit;
    return page;
}

int hd__log_page_add(hd_log_page *page, hd_report *report) {
    if (page->count == page->limit) {
        snprintf(page->cursor, sizeof page->cursor, "%" PRIu64, page->reports[page->count - 1]->sequence);
        return 0;
    }
    page->reports[page->count++] = hd__report_ref(report);
    return 1;
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

void hd_log_page_free(hd_log_page *page) {
    if (!page)
        return;
    for (size_t i = 0; i < page->count; i++)
        hd_report_free(page->reports[i]);
    free(page->reports);
    free(page);
}
