/* What `serve` answers: the page at /, the metrics at /metrics, and events that are posted to /events. */
#ifndef HD_CLI_SERVING_H
#define HD_CLI_SERVING_H

#include "cli/server.h"
#include "cli/token.h"

struct serving {
    hd_client *client;
    hd_dashboard *dashboard;
    struct token token;
};

/* Called by the server with a struct serving. */
void cli_serving_reply(void *user, const struct request *request, struct reply *reply);
void cli_serving_answered(void *user);

#endif
