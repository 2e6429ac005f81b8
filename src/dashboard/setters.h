/* From the members of a body to the settings of a webhook. */
#ifndef HD_DASHBOARD_SETTERS_H
#define HD_DASHBOARD_SETTERS_H

#include "dashboard/dashboard.h"

/* Applies each member that is there. A new webhook needs an address. Returns 1, or has answered what is wrong with
 * which fields: all of them, not only the first. */
int hd__setters_apply(struct hd__call *call, hd_webhook *webhook, int is_new);

/* What may be meant otherwise: an array of {code, message}. NULL without memory. */
json_t *hd__setters_warnings(const hd_webhook *webhook);

#endif
