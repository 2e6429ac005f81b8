/* One page of the delivery log, and the cursor to the next: the number of the last report on it, in decimal. */
#ifndef HD_STORE_PAGE_H
#define HD_STORE_PAGE_H

#include "store/report.h"

hd_log_page *hd__log_page_new(size_t limit); /* NULL without memory */

/* Adds a reference to a report. Returns 0 if the page was full already: then it gets a cursor. */
int hd__log_page_add(hd_log_page *page, hd_report *report);

/* Sets *before to the number that all reports of the page must be below; NULL means the first page. last is the newest
 * report's number. Returns HD_OK or HD_E_CURSOR. */
int hd__log_cursor_parse(const char *cursor, uint64_t last, uint64_t *before);

#endif
