/* What send would send, without sending it: --dry-run and --curl. */
#ifndef HD_CLI_PREVIEW_H
#define HD_CLI_PREVIEW_H

#include "cli/args.h"
#include "helmdesk.h"

int cli_preview(const struct args *args, const hd_webhook *webhook, const hd_event *event);

#endif
