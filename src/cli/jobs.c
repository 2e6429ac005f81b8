/* helmdesk jobs, and what starts one for a webhook */
#include "cli/job.h"
#include "cli/output.h"

/* ---- The list ---- */

static int list_all(const struct args *args, const struct place *place) {
    hd_job_list *list = NULL;
    int status = hd_job_list_all(place->client, cli_value(args, OPT_PROJECT), &list);
    if (status != HD_OK)
        return cli_fail_place(place, status);
    int code = CLI_OK;
    if (hd_job_list_count(list) == 0 && !cli_is_json())
        cli_note("There are no jobs.");
    for (size_t i = 0; i < hd_job_list_count(list) && code == CLI_OK; i++)
        code = cli_job_print(hd_job_list_at(list, i));
    hd_job_list_free(list);
    return code;
}

/* Opens the store, has it acted on, and closes it. */
static int with_place(const struct args *args, enum access access,
                      int (*act)(const struct args *args, const struct place *place)) {
    struct place place;
    int code = cli_place_open(args, access, &place);
    if (code == CLI_OK)
        code = act(args, &place);
    cli_place_close(&place);
    return code;
}

int cli_run_jobs_list(const struct args *args) {
    return with_place(args, ACCESS_READ, list_all);
}

/* ---- One of them ---- */

static int fail_job(const struct args *args, const struct place *place, int status) {
    if (status == HD_E_NO_JOB)
        return cli_fail(CLI_NEGATIVE, "there is no job %s", cli_operand(args, 0));
    if (status == HD_E_JOB_RUNNING)
        return cli_fail(CLI_NEGATIVE, "a job that may send to the same webhook runs already");
    return cli_fail_place(place, status);
}

static int show(const struct args *args, const struct place *place) {
    hd_job *job = NULL;
    int status = hd_job_get(place->client, cli_operand(args, 0), &job);
    int code = status == HD_OK ? cli_job_print(job) : fail_job(args, place, status);
    hd_job_free(job);
    return code;
}

static int stop(const struct args *args, const struct place *place) {
    int status = hd_job_stop(place->client, cli_operand(args, 0));
    return status == HD_OK ? show(args, place) : fail_job(args, place, status);
}

static int resume(const struct args *args, const struct place *place) {
    int status = hd_job_resume(place->client, cli_operand(args, 0));
    return status == HD_OK ? show(args, place) : fail_job(args, place, status);
}

int cli_run_jobs_get(const struct args *args) {
    return with_place(args, ACCESS_READ, show);
}

int cli_run_jobs_stop(const struct args *args) {
    return with_place(args, ACCESS_CHANGE, stop);
}

int cli_run_jobs_resume(const struct args *args) {
    return with_place(args, ACCESS_CHANGE, resume);
}
