#include "store/filter.h"

#include "base/fold.h"
#include "base/memory.h"
#include "base/reason.h"
#include "base/text.h"
#include "base/uuid.h"
#include "event/event.h"
#include "event/search.h"
#include "store/report.h"
#include "store/sought.h"
#include "store/statuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEBHOOKS_MAX 1000

/* The id of one, as text and bytes. */
struct delivery {
    char id[HD__UUID_SIZE]; /* "" for all */
    unsigned char bytes[HD__UUID_BYTES];
};

struct hd_log_filter {
    char *project;
    char **webhook_ids; /* any of these */
    size_t webhook_count;
    char text[HD__FOLDED_MAX + 1]; /* folded; "" for all */
    unsigned types, outcomes;      /* bits, as in struct hd__log_search */
    uint64_t reasons;
    struct hd__statuses statuses;
    struct delivery delivery, redelivery_of;
    int tests;
    int64_t since_ms, until_ms;
    int64_t time_limit_ms; /* 0 for none */
    atomic_int is_canceled;
};

int hd_log_filter_new(hd_log_filter **filter) {
    if (!filter)
        return HD_E_INVALID;
    *filter = calloc(1, sizeof **filter);
    if (!*filter)
        return HD_E_NO_MEMORY;
    (*filter)->tests = HD_TESTS_INCLUDED;
    return HD_OK;
}

static void forget_webhooks(hd_log_filter *filter) {
    while (filter->webhook_count > 0)
        free(filter->webhook_ids[--filter->webhook_count]);
    free(filter->webhook_ids);
    filter->webhook_ids = NULL;
}

void hd_log_filter_free(hd_log_filter *filter) {
    if (!filter)
        return;
    free(filter->project);
    forget_webhooks(filter);
    free(filter);
}

int hd_log_filter_set_project(hd_log_filter *filter, const char *project) {
    return filter ? hd__replace_text(&filter->project, project) : HD_E_INVALID;
}

static int append_webhook(hd_log_filter *filter, char *copy) {
    char **grown = copy ? realloc(filter->webhook_ids, (filter->webhook_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(copy);
        return HD_E_NO_MEMORY;
    }
    filter->webhook_ids = grown;
    grown[filter->webhook_count++] = copy;
    return HD_OK;
}

int hd_log_filter_add_webhook(hd_log_filter *filter, const char *webhook_id) {
    if (!filter)
        return HD_E_INVALID;
    if (webhook_id)
        return filter->webhook_count < WEBHOOKS_MAX ? append_webhook(filter, strdup(webhook_id)) : HD_E_LIMIT;
    forget_webhooks(filter);
    return HD_OK;
}

int hd_log_filter_add_event(hd_log_filter *filter, int type) {
    if (!filter || (type != HD_EVENT_UNKNOWN && !hd__event_type_known(type)))
        return HD_E_INVALID;
    filter->types = type == HD_EVENT_UNKNOWN ? 0 : filter->types | 1U << type;
    return HD_OK;
}

static unsigned outcome_bit(int outcome) {
    return 1U << (outcome - HD_OUTCOME_DELIVERED);
}

int hd_log_filter_add_outcome(hd_log_filter *filter, int outcome) {
    if (!filter || (outcome != 0 && !hd__outcome_known(outcome)))
        return HD_E_INVALID;
    filter->outcomes = outcome == 0 ? 0 : filter->outcomes | outcome_bit(outcome);
    return HD_OK;
}

static uint64_t reason_bit(int reason) {
    return UINT64_C(1) << (reason - HD_REASON_DELIVERED);
}

int hd_log_filter_add_reason(hd_log_filter *filter, int reason) {
    if (!filter || (reason != 0 && !hd__reason_known(reason)))
        return HD_E_INVALID;
    filter->reasons = reason == 0 ? 0 : filter->reasons | reason_bit(reason);
    return HD_OK;
}

int hd_log_filter_set_http_statuses(hd_log_filter *filter, const char *list) {
    return filter ? hd__statuses_parse(list, &filter->statuses) : HD_E_INVALID;
}

static int set_delivery(struct delivery *delivery, const char *id) {
    struct delivery given = {.id = ""};
    if (id && !hd__uuid_parse(id, given.bytes))
        return HD_E_INVALID;
    snprintf(given.id, sizeof given.id, "%s", id ? id : "");
    *delivery = given;
    return HD_OK;
}

int hd_log_filter_set_delivery(hd_log_filter *filter, const char *delivery_id) {
    return filter ? set_delivery(&filter->delivery, delivery_id) : HD_E_INVALID;
}

int hd_log_filter_set_redelivery_of(hd_log_filter *filter, const char *delivery_id) {
    return filter ? set_delivery(&filter->redelivery_of, delivery_id) : HD_E_INVALID;
}

int hd_log_filter_set_tests(hd_log_filter *filter, int which) {
    if (!filter || which < HD_TESTS_INCLUDED || which > HD_TESTS_ONLY)
        return HD_E_INVALID;
    filter->tests = which;
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
    if (!filter || (text && strlen(text) > HD__FOLDED_MAX))
        return HD_E_INVALID;
    size_t len = text ? hd__fold(text, strlen(text), filter->text) : 0;
    filter->text[len] = '\0';
    return HD_OK;
}

int hd_log_filter_set_time_limit_ms(hd_log_filter *filter, uint32_t limit_ms) {
    if (!filter)
        return HD_E_INVALID;
    filter->time_limit_ms = limit_ms;
    return HD_OK;
}

void hd_log_filter_cancel(hd_log_filter *filter) {
    if (filter)
        atomic_store_explicit(&filter->is_canceled, 1, memory_order_relaxed);
}

static void add_text(struct hd__sought *sought, const char *text) {
    hd__sought_add_text(sought, text, text ? strlen(text) : 0);
}

static int has_text(const hd_report *report, const char *text) {
    const hd_event *event = hd_report_event(report);
    struct hd__sought sought = {.id_count = 0};
    char number[32];
    size_t len;
    snprintf(number, sizeof number, "#%lld", (long long)hd_event_ticket_number(event));
    const char *ids[] = {hd_report_event_id(report), hd_report_delivery_id(report), hd_report_webhook_id(report),
                         event->texts[HD__EVENT_TICKET_ID], number};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        hd__sought_add_id(&sought, ids[i]);
    for (size_t i = 0; i < HD__EVENT_SOUGHT; i++)
        add_text(&sought, event->texts[hd__event_sought[i]]);
    add_text(&sought, hd_report_webhook_name(report));
    add_text(&sought, hd_report_detail(report));
    const char *body = hd_report_response_body(report, &len);
    hd__sought_add_text(&sought, body, len);
    return hd__sought_has(&sought, text) || hd__contains_nocase(hd_reason_name(hd_report_reason(report)), text);
}

static int has_status(int status, const struct hd__statuses *statuses) {
    for (size_t i = 0; i < statuses->count; i++)
        if (status >= statuses->ranges[i].first && status <= statuses->ranges[i].last)
            return 1;
    return statuses->count == 0;
}

/* What became of the delivery. */
static int has_result(const hd_report *report, const hd_log_filter *filter) {
    return (!filter->outcomes || filter->outcomes & outcome_bit(hd_report_outcome(report))) &&
           (!filter->reasons || filter->reasons & reason_bit(hd_report_reason(report))) &&
           has_status(hd_report_http_status(report), &filter->statuses);
}

static int is_of_webhook(const hd_log_filter *filter, const char *id) {
    for (size_t i = 0; i < filter->webhook_count; i++)
        if (strcmp(filter->webhook_ids[i], id) == 0)
            return 1;
    return filter->webhook_count == 0;
}

static int is_wanted_test(const hd_report *report, int tests) {
    return tests == HD_TESTS_INCLUDED || (tests == HD_TESTS_ONLY) == hd_report_is_test(report);
}

static int is_wanted_delivery(const hd_report *report, const hd_log_filter *filter) {
    return (!*filter->delivery.id || strcmp(filter->delivery.id, report->delivery_id) == 0) &&
           (!*filter->redelivery_of.id || strcmp(filter->redelivery_of.id, report->redelivery_of) == 0);
}

int hd__log_filter_matches(const hd_log_filter *filter, const hd_report *report) {
    if (!filter)
        return 1;
    const hd_event *event = hd_report_event(report);
    int64_t finished = hd_report_finished_at_ms(report);
    return (!filter->project || strcmp(filter->project, hd_event_get(event, HD_FIELD_PROJECT, NULL)) == 0) &&
           is_of_webhook(filter, hd_report_webhook_id(report)) &&
           (!filter->types || filter->types >> hd_event_type(event) & 1) && is_wanted_delivery(report, filter) &&
           has_result(report, filter) && is_wanted_test(report, filter->tests) &&
           (!filter->since_ms || finished >= filter->since_ms) && (!filter->until_ms || finished < filter->until_ms) &&
           (!*filter->text || has_text(report, filter->text));
}

/* A bit for each reason, from the first, whose name has the text in it. */
static uint64_t reasons_with(const char *text) {
    uint64_t reasons = 0;
    for (int i = 0; i < HD__REASON_COUNT; i++)
        if (hd__contains_nocase(hd_reason_name(HD_REASON_DELIVERED + i), text))
            reasons |= UINT64_C(1) << i;
    return reasons;
}

void hd__log_filter_search(const hd_log_filter *filter, struct hd__log_search *search) {
    if (!filter)
        return;
    search->project = filter->project;
    search->webhook_ids = (const char *const *)filter->webhook_ids;
    search->webhook_count = filter->webhook_count;
    search->delivery_id = *filter->delivery.id ? filter->delivery.bytes : NULL;
    search->redelivery_of = *filter->redelivery_of.id ? filter->redelivery_of.bytes : NULL;
    search->types = filter->types;
    search->outcomes = filter->outcomes;
    search->reasons = filter->reasons;
    search->statuses = filter->statuses.ranges;
    search->status_count = filter->statuses.count;
    search->tests = filter->tests;
    search->since_ms = filter->since_ms;
    search->until_ms = filter->until_ms;
    search->text = *filter->text ? filter->text : NULL;
    search->text_reasons = *filter->text ? reasons_with(filter->text) : 0;
}

struct hd__deadline hd__log_filter_deadline(const hd_log_filter *filter) {
    if (!filter)
        return (struct hd__deadline){.until_us = 0};
    return (struct hd__deadline){
        .is_canceled = &filter->is_canceled,
        .until_us = filter->time_limit_ms ? hd__monotonic_us(&hd__system_clock) + filter->time_limit_ms * 1000 : 0,
    };
}
