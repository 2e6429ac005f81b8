/* Who changed what. */
#include "dashboard/api.h"
#include "dashboard/fields.h"

#include <stdio.h>
#include <stdlib.h>

#define LIMIT 50
#define LIMIT_MAX 200
#define LOOKS 50 /* entries among which the last change of a webhook is sought */

/* ---- The list ---- */

/* A number that the query names, from 1 to max; HD_E_INVALID for anything else. */
static int read_number(const struct hd__call *call, const char *name, long long max, long long *number) {
    const char *text = hd__call_query(call, name);
    char *end;
    if (!text)
        return HD_OK;
    long long value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < 1 || value > max)
        return HD_E_INVALID;
    *number = value;
    return HD_OK;
}

static void answer_list(struct hd__call *call, const hd_change_list *list, long long limit) {
    struct hd__json_text text = {.len = 0};
    size_t count = hd_change_list_count(list);
    char next[40];
    hd__json_put("{\"data\":[", &text);
    for (size_t i = 0; i < count && !text.failed; i++) {
        hd__json_put(i > 0 ? "," : "", &text);
        hd__field_change(hd_change_list_at(list, i), &text);
    }
    snprintf(next, sizeof next, "],\"next\":%lld}",
             (long long)(count > 0 ? hd_change_id(hd_change_list_at(list, count - 1)) : 0));
    hd__json_put(count == (size_t)limit ? next : "],\"next\":null}", &text);
    hd__call_answer_text(call, 200, &text);
}

void hd__api_list_changes(struct hd__call *call) {
    long long before = 0, limit = LIMIT;
    hd_change_list *list = NULL;
    if (read_number(call, "before", INT64_MAX, &before) != HD_OK ||
        read_number(call, "limit", LIMIT_MAX, &limit) != HD_OK) {
        hd__call_refuse(call, 400, "The request is malformed",
                        "\"before\" is the \"next\" of a list, and \"limit\" a number from 1 to 200.", NULL);
        return;
    }
    int status =
        hd_client_changes(call->client, call->params[0], hd__call_query(call, "webhook"), before, (size_t)limit, &list);
    if (status == HD_OK)
        answer_list(call, list, limit);
    else
        hd__call_fail(call, status, NULL);
    hd_change_list_free(list);
}

/* ---- Somebody was faster ---- */

/* Whether it has made another version of the webhook. */
static int is_new_version(const hd_change *change) {
    int action = hd_change_action(change);
    return (action >= HD_CHANGE_CREATED && action <= HD_CHANGE_SECRET_REPLACED) || action == HD_CHANGE_DELETED;
}

static const hd_change *find_last(const hd_change_list *list) {
    for (size_t i = 0; i < hd_change_list_count(list); i++)
        if (is_new_version(hd_change_list_at(list, i)))
            return hd_change_list_at(list, i);
    return NULL;
}

void hd__api_refuse_conflict(struct hd__call *call, const char *webhook_id) {
    struct hd__json_text text = {.len = 0};
    hd_change_list *list = NULL;
    char detail[400], at[HD_TIME_SIZE] = "";
    int status = hd_client_changes(call->client, call->params[0], webhook_id, 0, LOOKS, &list);
    const hd_change *last = status == HD_OK ? find_last(list) : NULL;
    snprintf(detail, sizeof detail, "%s", hd_strerror(HD_E_CONFLICT));
    if (last) {
        const char *by = hd_change_by(last);
        (void)hd_time_format(hd_change_at_ms(last), at, sizeof at);
        snprintf(detail, sizeof detail, "%s changed it at %s (%s). Load it again, and decide anew.",
                 *by ? by : "The program", at, hd_change_action_name(hd_change_action(last)));
        hd__field_change(last, &text);
    }
    hd__call_conflict(call, detail, last ? &text : NULL);
    free(text.data);
    hd_change_list_free(list);
}
