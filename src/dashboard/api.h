/* The functions of the routes (see route.c). Each writes the response to its call. */
#ifndef HD_DASHBOARD_API_H
#define HD_DASHBOARD_API_H

#include "dashboard/dashboard.h"

void hd__api_me(struct hd__call *call);
void hd__api_events(struct hd__call *call);
void hd__api_preview(struct hd__call *call);
void hd__api_check_url(struct hd__call *call);
void hd__api_list_changes(struct hd__call *call);
void hd__api_stats(struct hd__call *call);
void hd__api_stream(struct hd__call *call);

void hd__api_list_webhooks(struct hd__call *call);
void hd__api_create_webhook(struct hd__call *call);
void hd__api_get_webhook(struct hd__call *call);
void hd__api_update_webhook(struct hd__call *call);
void hd__api_delete_webhook(struct hd__call *call);
void hd__api_hold_webhook(struct hd__call *call);
void hd__api_turn_on_webhook(struct hd__call *call);
void hd__api_turn_off_webhook(struct hd__call *call);
void hd__api_discard(struct hd__call *call);
void hd__api_test_webhook(struct hd__call *call);

void hd__api_reveal_secret(struct hd__call *call);
void hd__api_stage_secret(struct hd__call *call);
void hd__api_unstage_secret(struct hd__call *call);
void hd__api_activate_secret(struct hd__call *call);
void hd__api_undo_secret(struct hd__call *call);
void hd__api_forget_secret(struct hd__call *call);
void hd__api_replace_secret(struct hd__call *call);

void hd__api_list_deliveries(struct hd__call *call);
void hd__api_count_deliveries(struct hd__call *call);
void hd__api_export_deliveries(struct hd__call *call);
void hd__api_get_delivery(struct hd__call *call);
void hd__api_request_body(struct hd__call *call);
void hd__api_response_body(struct hd__call *call);
void hd__api_redeliver(struct hd__call *call);

void hd__api_list_jobs(struct hd__call *call);
void hd__api_create_job(struct hd__call *call);
void hd__api_get_job(struct hd__call *call);
void hd__api_stop_job(struct hd__call *call);
void hd__api_resume_job(struct hd__call *call);

/* The webhook that the call's second parameter names, if it is of the call's project; to be freed. NULL if the call has
 * been answered. */
hd_webhook *hd__api_find_webhook(struct hd__call *call);

/* If-Match names the version that was looked at. Returns 1, also without If-Match; or has answered that the webhook is
 * another one by now. */
int hd__api_is_same_version(struct hd__call *call, const hd_webhook *webhook);

/* Answers that somebody else has changed the webhook, and who, what and when. */
void hd__api_refuse_conflict(struct hd__call *call, const char *webhook_id);

/* Writes a changed webhook. Returns 1, or has answered why not. */
int hd__api_put_webhook(struct hd__call *call, const hd_webhook *webhook);

/* Adds to the fields of a webhook, at the end of text, what the last day was like for it, and its last delivery. */
void hd__api_activity(struct hd__call *call, const hd_webhook *webhook, struct hd__json_text *text);

#endif
