#include "store/filter.h"

#include "base/memory.h"
#include "base/text.h"
#include "event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256 /* a search takes its length times that of what is searched, in the worst case */

struct hd_log_filter {
    char *project, *webhook_id, *text;
    int type;
    int outcome;
    int64_t since_ms, until_ms;
};

int hd_log_filter_new(hd_log_filter **filter) {
    if (!filter)
        return HD_E_INVALID;
    *filter = calloc(1, sizeof **filter);
    return *filter ? HD_OK : HD_E_NO_MEMORY;
}

void hd_log_filter_free(hd_log_filter *filter) {
    if (!filter)
        return;
    free(filter->project);
    free(filter->webhook_id);
    free(filter->text);
    free(filter);
}

int hd_log_filter_set_project(hd_log_filter *filter, const char *project) {
    return filter ? hd__replace_text(&filter->project, project) : HD_E_INVALID;
}

int hd_log_filter_set_webhook(hd_log_filter *filter, const char *webhook_id) {
    return filter ? hd__replace_text(&filter->webhook_id, webhook_id) : HD_E_INVALID;
}

int hd_log_filter_set_event(hd_log_filter *filter, int type) {
    if (!filter || (type != HD_EVENT_UNKNOWN && !hd__event_type_known(type)))
        return HD_E_INVALID;
    filter->type = type;
    return HD_OK;
}

int hd_log_filter_set_outcome(hd_log_filter *filter, int outcome) {
    if (!filter || outcome < 0 || outcome > HD_OUTCOME_RETRYING)
        return HD_E_INVALID;
    filter->outcome = outcome;
    return HD_OK;
}

int hd_log_filter_set_time(hd_log_filter *filter, int64_t since_ms, int64_t until_ms) {
    if (!filter || since_ms < 0 || until_ms < 0 || (until_ms && until_ms <= since_ms))
        return HD_E_INVALID;
    filter->since_ms = since_ms;
    filter->until_ms = until_ms;
    return HD_OK;
}

int hd_log_filter_set_text(hd_log_filter *filter, const char *text) {
    if (!filter || (text && strlen(text) > TEXT_MAX))
        return HD_E_INVALID;
    return hd__replace_text(&filter->text, text);
}

static int has_text(const hd_report *report, const char *text) {
    const hd_event *event = hd_report_event(report);
    char number[32];
    snprintf(number, sizeof number, "#%lld", (long long)hd_event_ticket_number(event));
    return hd__contains_nocase(hd_event_ticket_id(event), text) ||
           hd__contains_nocase(hd_event_ticket_subject(event), text) || hd__contains_nocase(number, text) ||
           hd__contains_nocase(hd_event_customer_email(event), text) ||
           hd__contains_nocase(hd_event_customer_name(event), text) ||
           hd__contains_nocase(hd_report_delivery_id(report), text) ||
           hd__contains_nocase(hd_report_webhook_name(report), text) ||
           hd__contains_nocase(hd_reason_name(hd_report_reason(report)), text);
}

int hd__log_filter_matches(const hd_log_filter *filter, const hd_report *report) {
    if (!filter)
        return 1;
    const hd_event *event = hd_report_event(report);
    int64_t finished = hd_report_finished_at_ms(report);
    return (!filter->project || strcmp(filter->project, hd_event_project(event)) == 0) &&
           (!filter->webhook_id || strcmp(filter->webhook_id, hd_report_webhook_id(report)) == 0) &&
           (!filter->type || filter->type == hd_event_type(event)) &&
           (!filter->outcome || filter->outcome == hd_report_outcome(report)) &&
           (!filter->since_ms || finished >= filter->since_ms) && (!filter->until_ms || finished < filter->until_ms) &&
           (!filter->text || has_text(report, filter->text));
}

int hd__log_filter_search(const hd_log_filter *filter, struct hd__log_search *search) {
    if (!filter)
        return 0;
    search->project = filter->project;
    search->webhook_id = filter->webhook_id;
    search->type = filter->type;
    search->outcome = filter->outcome;
    search->since_ms = filter->since_ms;
    search->until_ms = filter->until_ms;
    return filter->text && *filter->text;
}
