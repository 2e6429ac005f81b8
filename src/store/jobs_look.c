/* What jobs in memory find, and what is to become of it. */
#include "store/jobs_inside.h"

#include "endpoint/webhook.h"
#include "event/event.h"
#include "store/filter.h"

#include <string.h>

int hd__jobs_may_be_same(const char *a, const char *b) {
    return !a || !b || strcmp(a, b) == 0;
}

/* Whether a delivery is another one, or was made to repeat it, as far as the log knows. */
static int is_or_repeats(struct hd__jobs *jobs, const char *delivery_id, const char *other) {
    char id[HD__UUID_SIZE];
    memcpy(id, delivery_id, sizeof id);
    while (*id && strcmp(id, other) != 0) {
        hd_report *report = hd__log_ring_find(jobs->ring, id);
        memcpy(id, report ? report->redelivery_of : "", report ? sizeof id : 1);
        hd_report_free(report);
    }
    return *id != '\0';
}

/* The first of those that a delivery was made to repeat. */
static void find_root(struct hd__jobs *jobs, const hd_report *report, char root[HD__UUID_SIZE]) {
    hd_report *at = hd__report_ref((hd_report *)(uintptr_t)report);
    while (at) {
        memcpy(root, at->delivery_id, HD__UUID_SIZE);
        hd_report *before = *at->redelivery_of ? hd__log_ring_find(jobs->ring, at->redelivery_of) : NULL;
        hd_report_free(at);
        at = before;
    }
}

struct later {
    const struct hd__jobs_look *look;
    const hd_report *report;
    char root[HD__UUID_SIZE];
    int is_later;
};

static int is_later_report(void *user, hd_report *report) {
    struct later *later = user;
    later->is_later = *report->redelivery_of && report->outcome != HD_OUTCOME_RETRYING &&
                      (report->outcome == HD_OUTCOME_DELIVERED || report->sequence > later->look->end) &&
                      strcmp(hd_report_webhook_id(report), hd_report_webhook_id(later->report)) == 0 &&
                      is_or_repeats(later->look->jobs, report->redelivery_of, later->root);
    return !later->is_later;
}

/* Jobs alone know what they have sent and what has not ended. */
static int is_sent(const struct hd__jobs_look *look, const char *root) {
    int is = 0;
    pthread_mutex_lock(&look->jobs->mutex);
    for (const struct hd__job *job = look->jobs->first; job; job = job->next)
        for (size_t i = 0; i < job->sent_count && !is; i++)
            is = is_or_repeats(look->jobs, job->sent[i].link, root);
    pthread_mutex_unlock(&look->jobs->mutex);
    return is;
}

static int is_later(const struct hd__jobs_look *look, const hd_report *report) {
    struct later later = {.look = look, .report = report};
    find_root(look->jobs, report, later.root);
    hd__log_ring_walk(look->jobs->ring, report->sequence, UINT64_MAX, is_later_report, &later);
    return later.is_later || is_sent(look, later.root);
}

static int look_at_delivery(const struct hd__jobs_look *look, const hd_report *report, hd_webhook **webhook) {
    if (report->outcome == HD_OUTCOME_RETRYING || !hd__log_filter_matches(look->filter, report))
        return -1;
    if (report->is_test)
        return HD__JOB_TESTS;
    *webhook = hd__webhooks_get(look->jobs->webhooks, hd_report_webhook_id(report));
    if (!*webhook || strcmp((*webhook)->project, hd_event_get(report->event, HD_FIELD_PROJECT, NULL)) != 0)
        return HD__JOB_REMOVED;
    return !look->with_later && is_later(look, report) ? HD__JOB_LATER : HD__JOB_SENT;
}

/* ---- What was missed ---- */

struct got {
    const hd_report *report;
    const char *webhook_id;
    int has_got; /* or was looked at before, by an earlier report of the event */
};

static int is_of_event(void *user, hd_report *report) {
    struct got *got = user;
    int is_same = strcmp(report->event_id, got->report->event_id) == 0;
    int is_webhook = strcmp(hd_report_webhook_id(report), got->webhook_id) == 0;
    got->has_got = (is_same && (is_webhook || report->sequence < got->report->sequence)) ||
                   (is_webhook && strcmp(report->redelivery_of, got->report->event_id) == 0);
    return !got->has_got;
}

static int is_wanted(const struct hd__jobs_look *look, const hd_report *report) {
    const struct hd__log_search *search = &look->search;
    int type = hd_event_type(report->event);
    return !report->is_test && !*report->redelivery_of && (HD__JOB_MISSED_TYPES >> type & 1) &&
           hd_webhook_subscribed(look->webhook, type) && (!search->types || search->types >> type & 1) &&
           (!search->since_ms || report->accepted_at_ms >= search->since_ms) &&
           (!search->until_ms || report->accepted_at_ms < search->until_ms) &&
           strcmp(look->webhook->project, hd_event_get(report->event, HD_FIELD_PROJECT, NULL)) == 0;
}

static int look_at_event(const struct hd__jobs_look *look, const hd_report *report) {
    struct got got = {.report = report, .webhook_id = look->webhook->id};
    if (!is_wanted(look, report))
        return -1;
    hd__log_ring_walk(look->jobs->ring, 0, UINT64_MAX, is_of_event, &got);
    return got.has_got || is_sent(look, report->event_id) ? -1 : HD__JOB_SENT;
}

/* ---- One after the other ---- */

int hd__jobs_look_at(const struct hd__jobs_look *look, hd_report *report, hd_webhook **webhook) {
    *webhook = NULL;
    if (look->source == HD_SOURCE_DELIVERIES)
        return look_at_delivery(look, report, webhook);
    int what = look->webhook ? look_at_event(look, report) : -1;
    if (what == HD__JOB_SENT)
        *webhook = hd__webhook_ref(look->webhook);
    return what;
}

struct hd__jobs_look hd__jobs_look_begin(struct hd__jobs *jobs, const hd_log_filter *filter, int source,
                                         int with_later) {
    struct hd__jobs_look look = {.jobs = jobs,
                                 .filter = filter,
                                 .source = source,
                                 .with_later = with_later,
                                 .end = UINT64_MAX,
                                 .search = {.tests = HD_TESTS_INCLUDED}};
    hd__log_filter_search(filter, &look.search);
    if (source == HD_SOURCE_MISSED)
        look.webhook = hd__webhooks_get(jobs->webhooks, look.search.webhook_ids[0]);
    if (look.webhook && !hd__jobs_may_be_same(look.search.project, look.webhook->project)) {
        hd_webhook_free(look.webhook);
        look.webhook = NULL;
    }
    return look;
}
