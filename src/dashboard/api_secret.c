#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <string.h>

static void answer(struct hd__call *call, const hd_webhook *webhook) {
    hd__call_answer(call, 200, hd__field_secrets(webhook));
}

void hd__api_reveal_secret(struct hd__call *call) {
    hd_webhook *webhook = hd__api_find_webhook(call);
    int status = webhook ? hd_client_note_reveal(call->client, hd_webhook_id(webhook)) : HD_OK;
    if (status != HD_OK)
        hd__call_fail(call, status, NULL);
    else if (webhook)
        answer(call, webhook);
    hd_webhook_free(webhook);
}

/* The one in the body, or a new one. */
static int set_secret(struct hd__call *call, hd_webhook *webhook,
                      int (*set)(hd_webhook *webhook, const void *secret, size_t secret_len)) {
    const json_t *given = hd__call_member(call, "secret");
    char fresh[HD_SECRET_SIZE];
    if (json_is_string(given) && json_string_length(given) > 0)
        return set(webhook, json_string_value(given), json_string_length(given));
    int status = hd_generate_secret(fresh, sizeof fresh);
    return status == HD_OK ? set(webhook, fresh, strlen(fresh)) : status;
}

static int stage(struct hd__call *call, hd_webhook *webhook) {
    return set_secret(call, webhook, hd_webhook_stage_secret);
}

static int replace(struct hd__call *call, hd_webhook *webhook) {
    return set_secret(call, webhook, hd_webhook_set_secret);
}

static int activate(struct hd__call *call, hd_webhook *webhook) {
    (void)call;
    return hd_webhook_activate_secret(webhook);
}

static int unstage(struct hd__call *call, hd_webhook *webhook) {
    (void)call;
    return hd_webhook_staged_secret(webhook, NULL) ? hd_webhook_stage_secret(webhook, NULL, 0) : HD_E_NO_SECRET;
}

static int undo(struct hd__call *call, hd_webhook *webhook) {
    (void)call;
    return hd_webhook_undo_secret(webhook);
}

static int forget(struct hd__call *call, hd_webhook *webhook) {
    (void)call;
    return hd_webhook_forget_previous_secret(webhook);
}

/* Of two people who change a secret at the same time, the second must hear of the first: a step says which version it
 * has seen (RFC 6585 section 3). Returns 1, or has answered. */
static int says_version(struct hd__call *call) {
    if (hd_request_header(call->request, "If-Match", 0))
        return 1;
    hd__call_refuse(call, 428, "Say which version you have seen",
                    "Get the webhook, and send its ETag as If-Match: a secret that somebody else changed meanwhile is "
                    "not overwritten.",
                    NULL);
    return 0;
}

static void change(struct hd__call *call, int (*apply)(struct hd__call *call, hd_webhook *webhook)) {
    hd_webhook *webhook = says_version(call) ? hd__api_find_webhook(call) : NULL;
    if (!webhook || !hd__api_is_same_version(call, webhook)) {
        hd_webhook_free(webhook);
        return;
    }
    int status = apply(call, webhook);
    if (status != HD_OK)
        hd__call_fail(call, status, status == HD_E_SECRET ? "/secret" : NULL);
    else if (hd__api_put_webhook(call, webhook))
        answer(call, webhook);
    hd_webhook_free(webhook);
}

void hd__api_stage_secret(struct hd__call *call) {
    change(call, stage);
}

void hd__api_unstage_secret(struct hd__call *call) {
    change(call, unstage);
}

void hd__api_activate_secret(struct hd__call *call) {
    change(call, activate);
}

void hd__api_undo_secret(struct hd__call *call) {
    change(call, undo);
}

void hd__api_forget_secret(struct hd__call *call) {
    change(call, forget);
}

void hd__api_replace_secret(struct hd__call *call) {
    change(call, replace);
}
