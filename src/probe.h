/* Requests that are no deliveries. */
#ifndef HD_PROBE_H
#define HD_PROBE_H

#include "endpoint/webhook.h"
#include "options.h"
#include "store/report.h"
#include "transport/connect.h"

/* Carries out an exchange, of which all is set but the address, with a URL that the options' rules allow. user_agent
 * may be NULL for that of the options, which may be NULL for defaults. Returns HD_OK with a report, or a status. */
int hd__ask(const hd_options *options, const char *url, const char *user_agent, struct hd__exchange *exchange,
            hd_report **report);

#endif
