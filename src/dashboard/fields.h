/* Webhooks and deliveries as the API names their fields. All return NULL without memory. */
#ifndef HD_DASHBOARD_FIELDS_H
#define HD_DASHBOARD_FIELDS_H

#include "dashboard/dashboard.h"

/* A webhook, without its secrets; its whole address only for who may see it. */
json_t *hd__field_webhook(const hd_webhook *webhook, int is_admin);

/* The secrets. */
json_t *hd__field_secrets(const hd_webhook *webhook);

/* A delivery. */
json_t *hd__field_delivery(const hd_report *report);

/* The same with request and answer. */
json_t *hd__field_whole_delivery(const hd_report *report);

/* "200", "410 channel_is_archived" or "timeout_total". */
json_t *hd__field_result(const hd_report *report);

/* The body that was posted; to be freed. NULL without memory, and for what cannot be posted. */
char *hd__field_body(const hd_event *event, int format, size_t *length);

extern const int hd__field_types[3];

#endif
