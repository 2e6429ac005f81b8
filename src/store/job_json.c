/* A job as JSON. */
#include "base/json.h"
#include "helmdesk.h"

static void write_counts(struct hd__out *out, const hd_job *job) {
    for (int which = HD_COUNT_MATCHING; which < HD_COUNT_LEFT_OUT_TEST; which++)
        hd__out_number(out, hd_job_count_name(which), hd_job_count(job, which));
    hd__out_open(out, "left_out_because", '{');
    hd__out_number(out, "test", hd_job_count(job, HD_COUNT_LEFT_OUT_TEST));
    hd__out_number(out, "removed", hd_job_count(job, HD_COUNT_LEFT_OUT_REMOVED));
    hd__out_number(out, "later", hd_job_count(job, HD_COUNT_LEFT_OUT_LATER));
    hd__out_number(out, "damaged", hd_job_count(job, HD_COUNT_LEFT_OUT_DAMAGED));
    hd__out_number(out, "deleted", hd_job_count(job, HD_COUNT_LEFT_OUT_DELETED));
    hd__out_close(out, '}');
}

int hd_job_json(const hd_job *job, char *buf, size_t size, size_t *length) {
    struct hd__out out = {.buf = buf, .size = size};
    if (!job || (!buf && size))
        return HD_E_INVALID;
    hd__out_open(&out, NULL, '{');
    hd__out_number(&out, "schema", HD_JSON_SCHEMA);
    hd__out_string(&out, "id", *hd_job_id(job) ? hd_job_id(job) : NULL);
    hd__out_string(&out, "source", hd_job_source_name(hd_job_source(job)));
    hd__out_string(&out, "state", hd_job_state_name(hd_job_state(job)));
    hd__out_string(&out, "project", hd_job_project(job));
    hd__out_string(&out, "webhook_id", hd_job_webhook_id(job));
    hd__out_number(&out, "pace", hd_job_pace(job));
    hd__out_bool(&out, "with_later", hd_job_with_later(job));
    hd__out_time(&out, "created_at", hd_job_created_at_ms(job));
    hd__out_time(&out, "ended_at", hd_job_ended_at_ms(job));
    write_counts(&out, job);
    hd__out_close(&out, '}');
    return hd__out_end(&out, length);
}
