/* Webhooks, deliveries and statistics as JSON, as the library writes them; and what is shown of them beside. */
#ifndef HD_DASHBOARD_FIELDS_H
#define HD_DASHBOARD_FIELDS_H

#include "dashboard/dashboard.h"

/* A webhook, without its secrets; its full URL only for users who may see it. */
void hd__field_webhook(const hd_webhook *webhook, int is_admin, struct hd__json_text *text);

/* A delivery, with flags as for hd_report_json(). */
void hd__field_delivery(const hd_report *report, int flags, struct hd__json_text *text);

/* Those of a page: {"data": [...]}. */
void hd__field_deliveries(const hd_log_page *page, int flags, struct hd__json_text *text);

void hd__field_stats(const hd_log_stats *stats, struct hd__json_text *text);
void hd__field_job(const hd_job *job, struct hd__json_text *text);
void hd__field_change(const hd_change *change, struct hd__json_text *text);

/* The secrets; NULL without memory. */
json_t *hd__field_secrets(const hd_webhook *webhook);

/* The body that was posted; to be freed. NULL without memory, and for what cannot be posted. */
char *hd__field_body(const hd_event *event, int format, size_t *length);

#endif
