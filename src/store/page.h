/* One page of the delivery log, and the cursor to the next: the place of the last report on it. In memory that is its
 * number, in a store the time when it ended and its number there. */
#ifndef HD_STORE_PAGE_H
#define HD_STORE_PAGE_H

#include "store/report.h"

/* NULL without memory. */
hd_log_page *hd__log_page_new(size_t limit, int is_of_store);

/* Adds a reference to a report, as what goes through reports calls it: page is a hd_log_page. Returns 0 if it was full
 * already: then it gets a cursor. */
int hd__log_page_add(void *page, hd_report *report);

/* Lets the next page of a store begin at a place, however few reports this one has. */
void hd__log_page_go_on(hd_log_page *page, int64_t before_ms, int64_t before_id);

/* The number that a cursor of hd__log_page_end_at() names. HD_OK; HD_E_CURSOR if it names none, or one beyond
 * the newest report's. */
int hd__log_number_parse(const char *cursor, int64_t newest, int64_t *number);

/* Makes it a page forwards: the next one begins after this number, and so many reports were missed before. */
void hd__log_page_end_at(hd_log_page *page, int64_t place, uint64_t missed);

/* That number. Returns 0 for a page backwards, which has none. */
int hd__log_page_place(const hd_log_page *page, int64_t *place);

/* The place that a cursor of a store names; NULL means the first page. Returns HD_OK or HD_E_CURSOR. */
int hd__log_place_parse(const char *cursor, int64_t *ms, int64_t *id);

/* Sets *before to the number that all reports of the page must be below; NULL means the first page. last is the newest
 * report's number. Returns HD_OK or HD_E_CURSOR. */
int hd__log_cursor_parse(const char *cursor, uint64_t last, uint64_t *before);

#endif
