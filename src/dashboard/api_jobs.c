/* Jobs that send many deliveries again, or what a webhook has missed: planned, started, watched and stopped. */
#include "dashboard/api.h"
#include "dashboard/fields.h"
#include "dashboard/filter.h"

#include <string.h>

#define PACE_MAX 1000

static void answer_job(struct hd__call *call, int status, const hd_job *job) {
    struct hd__json_text text = {.len = 0};
    hd__field_job(job, &text);
    hd__call_answer_text(call, status, &text);
}

/* ---- A new one ---- */

static void refuse(struct hd__call *call, const char *detail) {
    hd__call_refuse(call, 400, "The request is malformed", detail, NULL);
}

/* What it sends; 0 if it has answered. */
static int read_source(struct hd__call *call) {
    const json_t *given = hd__call_member(call, "source");
    int source = given ? hd_job_source_from_name(json_string_value(given)) : HD_SOURCE_DELIVERIES;
    if (!source)
        refuse(call, "The source is \"deliveries\" or \"missed\".");
    return source;
}

/* Returns 1, or has answered. */
static int read_settings(struct hd__call *call, hd_job *job) {
    const json_t *pace = hd__call_member(call, "pace"), *later = hd__call_member(call, "with_later");
    json_int_t per_second = json_integer_value(pace);
    if ((pace && !json_is_integer(pace)) || per_second < 0 || per_second > PACE_MAX ||
        (later && !json_is_boolean(later))) {
        refuse(call, "The pace is a number of deliveries per second, 0 to 1000, and with_later is true or false.");
        return 0;
    }
    (void)hd_job_set_pace(job, (uint32_t)per_second);
    if (json_is_true(later))
        (void)hd_job_set_with_later(job, 1);
    return 1;
}

/* The job that the call describes; NULL if it has been answered. */
static hd_job *read_job(struct hd__call *call) {
    const json_t *object = hd__call_member(call, "filter");
    hd_log_filter *filter = NULL;
    hd_job *job = NULL;
    int source = read_source(call);
    if (!source)
        return NULL;
    if (!json_is_object(object)) {
        refuse(call, "It needs a filter.");
        return NULL;
    }
    if (!hd__filter_read(call, object, 0, &filter))
        return NULL;
    int status = hd_job_new(source, filter, &job);
    hd_log_filter_free(filter);
    if (status == HD_E_INVALID)
        refuse(call, "For what was missed, the filter has a webhook, and else only an event and times.");
    else if (status != HD_OK)
        hd__call_fail(call, status, NULL);
    if (job && read_settings(call, job))
        return job;
    hd_job_free(job);
    return NULL;
}

/* What was confirmed must still be what would be sent. Returns 1, or has answered. */
static int is_confirmed(struct hd__call *call, const hd_job *job) {
    const json_t *confirmed = hd__call_member(call, "confirm_count");
    if (!confirmed ||
        (json_is_integer(confirmed) && json_integer_value(confirmed) == (json_int_t)hd_job_count(job, HD_COUNT_LEFT)))
        return 1;
    hd__call_refuse(call, 409, "The number has changed", "Look at what matches now, and confirm again.", NULL);
    return 0;
}

static void start(struct hd__call *call, hd_job *job) {
    int status = hd_job_start(call->client, job);
    if (status != HD_OK) {
        hd__call_fail(call, status, NULL);
        return;
    }
    answer_job(call, 201, job);
}

/* With "plan": true, it is only planned. */
void hd__api_create_job(struct hd__call *call) {
    hd_job *job = read_job(call);
    if (!job)
        return;
    int status = hd_job_plan(call->client, job);
    if (status != HD_OK)
        hd__call_fail(call, status, NULL);
    else if (json_is_true(hd__call_member(call, "plan")))
        answer_job(call, 200, job);
    else if (is_confirmed(call, job))
        start(call, job);
    hd_job_free(job);
}

/* ---- Those that there are ---- */

void hd__api_list_jobs(struct hd__call *call) {
    struct hd__json_text text = {.len = 0};
    hd_job_list *list = NULL;
    int status = hd_job_list_all(call->client, call->params[0], &list);
    if (status != HD_OK) {
        hd__call_fail(call, status, NULL);
        return;
    }
    hd__json_put("{\"data\":[", &text);
    for (size_t i = 0; i < hd_job_list_count(list) && !text.failed; i++) {
        hd__json_put(i > 0 ? "," : "", &text);
        hd__field_job(hd_job_list_at(list, i), &text);
    }
    hd__json_put("]}", &text);
    hd__call_answer_text(call, 200, &text);
    hd_job_list_free(list);
}

/* The job that the call names, if it is of its project; NULL if it has been answered. */
static hd_job *find_job(struct hd__call *call) {
    hd_job *job = NULL;
    int status = hd_job_get(call->client, call->params[1], &job);
    if (status == HD_OK && (!hd_job_project(job) || strcmp(hd_job_project(job), call->params[0]) != 0))
        status = HD_E_NO_JOB;
    if (status == HD_OK)
        return job;
    hd_job_free(job);
    hd__call_fail(call, status, NULL);
    return NULL;
}

void hd__api_get_job(struct hd__call *call) {
    hd_job *job = find_job(call);
    if (job)
        answer_job(call, 200, job);
    hd_job_free(job);
}

static void change(struct hd__call *call, int (*act)(hd_client *client, const char *id)) {
    hd_job *job = find_job(call);
    if (!job)
        return;
    int status = act(call->client, hd_job_id(job));
    hd_job_free(job);
    if (status != HD_OK) {
        hd__call_fail(call, status, NULL);
        return;
    }
    hd__api_get_job(call);
}

void hd__api_stop_job(struct hd__call *call) {
    change(call, hd_job_stop);
}

void hd__api_resume_job(struct hd__call *call) {
    change(call, hd_job_resume);
}
