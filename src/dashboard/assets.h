/* The page's own files, which are in the library. */
#ifndef HD_DASHBOARD_ASSETS_H
#define HD_DASHBOARD_ASSETS_H

#include "dashboard/dashboard.h"

/* Answers with the file at this path below assets/: "VERSION/NAME". Returns 0 if there is none. */
int hd__asset_answer(struct hd__call *call, const char *path);

/* Whether the page has texts in a language, such as "de". */
int hd__asset_has_language(const char *language);

/* Answers with the page. */
void hd__asset_page(struct hd__call *call);

#endif
