/* What came of many deliveries. */
#ifndef HD_CLI_SUMMARY_H
#define HD_CLI_SUMMARY_H

#include "helmdesk.h"

#include <stdint.h>

#define SUMMARY_MAX_MS 5001 /* no attempt takes longer; then the last counter counts */
#define SUMMARY_REASONS 64

struct summary {
    uint64_t delivered, failed, canceled;
    uint64_t left; /* in the store, to be delivered later; the caller counts them */
    uint64_t reasons[SUMMARY_REASONS];
    uint64_t attempts; /* that were timed */
    uint64_t times[SUMMARY_MAX_MS + 1];
};

/* One with HD_OUTCOME_RETRYING counts as an attempt, since its end follows, if not here. */
void cli_summary_add(struct summary *summary, const hd_report *report);

/* Writes it. elapsed_us is how long all of it took. Returns the exit code. */
int cli_summary_print(const struct summary *summary, int64_t elapsed_us);

#endif
