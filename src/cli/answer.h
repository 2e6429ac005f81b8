/* What listen answers: by itself, as Slack would, as the server that it sends requests on to does, or as it is told. */
#ifndef HD_CLI_ANSWER_H
#define HD_CLI_ANSWER_H

#include "cli/arrival.h"
#include "cli/respond.h"

/* 200, or 401 for a wrong signature. */
void cli_answer_as_receiver(const struct arrival *arrival, struct reply *reply);

/* Also sets the arrival's remark. */
void cli_answer_as_slack(struct arrival *arrival, struct reply *reply);

/* Up to 16 KiB of what was answered there; 502 if nothing was. */
void cli_answer_as_forwarded(const struct arrival *arrival, struct reply *reply);

/* Changes an answer of the above as --respond says. */
void cli_answer_as_told(const struct response *told, int is_as_slack, struct reply *reply);

/* To a request that comes after the last one that was asked for. */
void cli_answer_too_late(struct reply *reply);

#endif
