/* helmdesk deliveries redeliver --all */
#ifndef HD_CLI_REDELIVER_ALL_H
#define HD_CLI_REDELIVER_ALL_H

#include "cli/args.h"

int cli_redeliver_all(const struct args *args);

#endif
