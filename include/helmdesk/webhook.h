/* SPDX-License-Identifier: MIT */
/**
 * @file helmdesk/webhook.h
 * Webhooks: where events are sent, and which ones.
 */
#ifndef HELMDESK_WEBHOOK_H
#define HELMDESK_WEBHOOK_H

#include <helmdesk/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One configured webhook. The object is yours; hd_client_put_webhook() takes a copy. */
typedef struct hd_webhook hd_webhook;

/** What a webhook does with events. hd_client_test() works in every mode. */
enum hd_mode {
    HD_MODE_OFF = 24, /**< accepts no events; what waits stays, unsent, until it is on again or is discarded */
    HD_MODE_ON = 25,  /**< accepts events and sends them */
    HD_MODE_HELD = 26 /**< accepts events and sends nothing until it is on again; nothing is lost */
};

/** @name Names of modes
 * The name of a number, the number of a name, and how many there are: their numbers follow HD_MODE_OFF without a gap.
 * @param number  any number; "unknown" is returned for one that is none of these
 * @param name    such as "held"; NULL and unknown names give 0
 * Returns: static text, never NULL; a number. Blocks: no. Threads: any. Since: 0.1.0
 * @{ */
HD_API const char *hd_mode_name(int number);
HD_API int hd_mode_from_name(const char *name);
HD_API int hd_mode_count(void);
/** @} */

/**
 * Makes a webhook: on, JSON format, all events about tickets, a new id, a new secret, the name "", at most 4 deliveries
 * at once.
 * @param webhook  receives the webhook; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY; HD_E_RANDOM. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API int hd_webhook_new(hd_webhook **webhook);

/**
 * Copies a webhook, to keep or to change one that belongs to a list. The copy has the same id, secrets and version.
 * @param webhook  the webhook
 * @param copy     receives the copy; free it with hd_webhook_free()
 * Returns: HD_OK; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: any, as long as nobody changes the webhook.
 * Since: 0.1.0
 */
HD_API int hd_webhook_copy(const hd_webhook *webhook, hd_webhook **copy);

/**
 * Frees a webhook and wipes its secrets.
 * @param webhook  the webhook; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_webhook_free(hd_webhook *webhook);

/**
 * Sets the id by which the client knows the webhook.
 * @param webhook  the webhook
 * @param id       1 to 128 visible ASCII characters (no space), unique in the client; copied
 * Returns: HD_OK; HD_E_WEBHOOK_ID; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_id(hd_webhook *webhook, const char *id);

/**
 * Sets the project whose events the webhook gets. Required.
 * @param webhook  the webhook
 * @param project  1 to 128 visible ASCII characters (no space); copied
 * Returns: HD_OK; HD_E_PROJECT; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_project(hd_webhook *webhook, const char *project);

/**
 * Sets the name that people see.
 * @param webhook  the webhook
 * @param name     valid UTF-8 without control characters, 0 to 256 bytes; copied
 * Returns: HD_OK; HD_E_WEBHOOK_NAME; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_name(hd_webhook *webhook, const char *name);

/**
 * Sets the address that deliveries are posted to. Required. hd_client_put_webhook() checks whether the client may
 * connect to it, and the client checks again for each connection.
 * @param webhook  the webhook
 * @param url      an absolute http or https URL of at most 2,048 visible ASCII characters, without user name,
 *                 password and fragment; international host names in punycode; copied
 * Returns: HD_OK; HD_E_URL, HD_E_URL_SCHEME, HD_E_URL_USERINFO, HD_E_URL_HOST or HD_E_URL_PORT for what is wrong with
 * it; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_url(hd_webhook *webhook, const char *url);

/**
 * Sets the secret that signs the deliveries. A new webhook has one of hd_generate_secret(). The new secret replaces the
 * old one at once, as is needed after a leak; staged and previous secrets are wiped. To rotate a secret without a
 * failed delivery, use hd_webhook_stage_secret().
 * @param webhook     the webhook
 * @param secret      any bytes; copied
 * @param secret_len  1 to 1,024; below 16 it is easily guessed, 32 random bytes are recommended
 * Returns: HD_OK; HD_E_SECRET; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_secret(hd_webhook *webhook, const void *secret, size_t secret_len);

/**
 * Sets the next secret: the first step of a rotation without a failed delivery. Deliveries are still signed with the
 * present secret. Add the new one to the receiver (hd_receiver_add_secret()), which keeps the present one too; then
 * call hd_webhook_activate_secret(). The receiver has to be first, because Helmdesk's header has only one signature.
 * @param webhook     the webhook
 * @param secret      any bytes; copied. NULL removes a staged secret
 * @param secret_len  1 to 1,024; 0 with NULL
 * Returns: HD_OK; HD_E_SECRET; HD_E_INVALID; HD_E_NO_MEMORY. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_stage_secret(hd_webhook *webhook, const void *secret, size_t secret_len);

/**
 * Makes the staged secret the present one: the second step of a rotation. A client signs with it after the next
 * hd_client_put_webhook(). The old secret is kept for hd_webhook_undo_secret(), until
 * hd_webhook_forget_previous_secret().
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_NO_SECRET if none is staged; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_activate_secret(hd_webhook *webhook);

/**
 * Undoes hd_webhook_activate_secret(): the previous secret signs again, and the present one is staged.
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_NO_SECRET if there is no previous one; HD_E_INVALID. Blocks: no. Threads: one per object. Since:
 * 0.1.0
 */
HD_API int hd_webhook_undo_secret(hd_webhook *webhook);

/**
 * Ends a rotation: wipes the previous secret.
 * @param webhook  the webhook
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_forget_previous_secret(hd_webhook *webhook);

/**
 * Subscribes the webhook to an event type, or ends the subscription. A new webhook subscribes to all
 * events about tickets, and to no alerts (HD_ALERT_...).
 * @param webhook  the webhook
 * @param type     any type but HD_EVENT_UNKNOWN
 * @param on       0 or 1
 * Returns: HD_OK; HD_E_EVENT_TYPE; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_subscribed(hd_webhook *webhook, int type, int on);

/**
 * Sets the body format. Use HD_FORMAT_SLACK for the URL of a Slack incoming webhook.
 * @param webhook  the webhook
 * @param format   HD_FORMAT_JSON or HD_FORMAT_SLACK
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_format(hd_webhook *webhook, int format);

/**
 * Sets whether the webhook accepts events, and whether it sends them. A new webhook is on. The mode takes effect when
 * the webhook is put into a client, and then applies to what already waits for it too.
 * @param webhook  the webhook
 * @param mode     HD_MODE_OFF, HD_MODE_ON or HD_MODE_HELD
 * Returns: HD_OK; HD_E_INVALID. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API int hd_webhook_set_mode(hd_webhook *webhook, int mode);

/**
 * The first required field that is not set yet: "project" or "url".
 * @param webhook  the webhook; may be NULL
 * Returns: static text; NULL if the webhook is complete. Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API const char *hd_webhook_missing(const hd_webhook *webhook);

/** @name Webhook getters
 * @param webhook  the webhook; NULL gives NULL or 0
 * Returns: what was set; NULL or 0 if it was not. hd_webhook_masked_url() is the form for lists and logs, since a
 * URL may itself be a secret (Slack's is): scheme, host and, if 12 or more characters follow, the last 4 of them.
 * Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 * @{ */
HD_API const char *hd_webhook_id(const hd_webhook *webhook);
HD_API const char *hd_webhook_project(const hd_webhook *webhook);
HD_API const char *hd_webhook_name(const hd_webhook *webhook);
HD_API const char *hd_webhook_url(const hd_webhook *webhook);
HD_API const char *hd_webhook_masked_url(const hd_webhook *webhook);
HD_API int hd_webhook_subscribed(const hd_webhook *webhook, int type);
HD_API int hd_webhook_format(const hd_webhook *webhook);
HD_API int hd_webhook_mode(const hd_webhook *webhook);
/** @} */

/**
 * The webhook's secret, the staged one, and the previous one.
 * @param webhook     the webhook; NULL gives NULL
 * @param secret_len  receives its length in bytes; may be NULL
 * Returns: the bytes, followed by a NUL, which belong to the webhook. NULL if there is none. Blocks: no. Threads: any,
 * as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API const void *hd_webhook_secret(const hd_webhook *webhook, size_t *secret_len);
HD_API const void *hd_webhook_staged_secret(const hd_webhook *webhook, size_t *secret_len);
HD_API const void *hd_webhook_previous_secret(const hd_webhook *webhook, size_t *secret_len);

/**
 * The version of a client's webhook: how many times it has been put.
 * @param webhook  the webhook; NULL gives 0
 * Returns: the number; 0 for one that did not come from a client. Blocks: no.
 * Threads: any, as long as nobody changes the webhook. Since: 0.1.0
 */
HD_API uint64_t hd_webhook_version(const hd_webhook *webhook);

/** Several webhooks, as hd_client_list_webhooks() found them. */
typedef struct hd_webhook_list hd_webhook_list;

/**
 * The number of webhooks in a list.
 * @param list  the list; NULL gives 0
 * Returns: the number. Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API size_t hd_webhook_list_count(const hd_webhook_list *list);

/**
 * One webhook of a list.
 * @param list   the list
 * @param index  0 to hd_webhook_list_count() - 1
 * Returns: the webhook, which belongs to the list (hd_webhook_copy() keeps it); NULL if there is none at that index.
 * Blocks: no. Threads: any. Since: 0.1.0
 */
HD_API const hd_webhook *hd_webhook_list_at(const hd_webhook_list *list, size_t index);

/**
 * Frees a list and its webhooks.
 * @param list  the list; NULL does nothing
 * Blocks: no. Threads: one per object. Since: 0.1.0
 */
HD_API void hd_webhook_list_free(hd_webhook_list *list);

#ifdef __cplusplus
}
#endif

#endif
