/* A response of the dashboard as one of the server's. */
#ifndef HD_CLI_PAGE_H
#define HD_CLI_PAGE_H

#include "helmdesk/dashboard.h"

#include <microhttpd.h>

/* Makes it, and frees the page when it has left. A stream ends when is_over returns 1. NULL without memory. */
struct MHD_Response *cli_page_response(hd_dashboard_response *page, int (*is_over)(void *user), void *user);

#endif
