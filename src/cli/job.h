/* A job that sends many deliveries: its plan, which is shown before, its start, and how far it comes. */
#ifndef HD_CLI_JOB_H
#define HD_CLI_JOB_H

#include "cli/place.h"

/* Plans the job by --rate and --again, shows the plan, asks, starts it, and waits for its end; with --dry-run, only
 * shows the plan. Returns the exit code, with what is wrong said. */
int cli_job_run(const struct args *args, const struct place *place, hd_job *job);

/* Writes one line about it, or its JSON. Returns an exit code. */
int cli_job_print(const hd_job *job);

#endif
