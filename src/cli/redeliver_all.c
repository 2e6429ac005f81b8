/* helmdesk deliveries redeliver --all, and deliveries missed: what starts a job */
#include "cli/redeliver_all.h"

#include "cli/filter.h"
#include "cli/find.h"
#include "cli/job.h"
#include "cli/output.h"

/* Narrows the filter to what the command line names. */
typedef int narrow(const struct args *args, const struct place *place, hd_log_filter *filter);

static int run_in(const struct args *args, const struct place *place, int source, hd_log_filter *filter) {
    hd_job *job = NULL;
    int code = hd_job_new(source, filter, &job) == HD_OK ? cli_job_run(args, place, job) : cli_no_memory();
    hd_job_free(job);
    return code;
}

static int run(const struct args *args, int source, narrow *narrows) {
    struct place place;
    hd_log_filter *filter = NULL;
    enum access access = cli_has(args, OPT_DRY_RUN)   ? ACCESS_READ
                         : cli_has(args, OPT_DELIVER) ? ACCESS_DELIVER
                                                      : ACCESS_CHANGE;
    int code = cli_filter_new(args, &filter);
    if (code != CLI_OK)
        return code;
    code = cli_place_open(args, access, &place);
    if (code == CLI_OK)
        code = narrows(args, &place, filter);
    if (code == CLI_OK)
        code = run_in(args, &place, source, filter);
    cli_place_close(&place);
    hd_log_filter_free(filter);
    return code;
}

int cli_redeliver_all(const struct args *args) {
    return run(args, HD_SOURCE_DELIVERIES, cli_find_filter);
}

static int find_webhook(const struct args *args, const struct place *place, hd_log_filter *filter) {
    hd_webhook *webhook = NULL;
    int code = cli_place_find(args, place, &webhook);
    if (code == CLI_OK && hd_log_filter_add_webhook(filter, hd_webhook_id(webhook)) != HD_OK)
        code = cli_no_memory();
    hd_webhook_free(webhook);
    return code;
}

int cli_run_deliveries_missed(const struct args *args) {
    return run(args, HD_SOURCE_MISSED, find_webhook);
}
