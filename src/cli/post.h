/* Posts bytes as they are, through the transport of real deliveries: its rules of addresses, its 5 seconds, its
 * reasons. */
#ifndef HD_CLI_POST_H
#define HD_CLI_POST_H

#include "cli/request.h"
#include "helmdesk.h"

struct post_result {
    int reason; /* HD_REASON_... */
    int http_status;
    const char *detail;
    unsigned dns_ms, connect_ms, tls_ms, wait_ms, total_ms;
    struct bytes headers, body; /* of the answer, capped */
};

/* Posts the body of a request with its headers, but for those that belong to the connection that it came over. Returns
 * HD_OK if there is a result, which is to be freed; else a status. */
int cli_post(const hd_options *options, const char *url, const struct request *request, struct post_result *result);
void cli_post_free(struct post_result *result);

/* The exit code of a result: CLI_OK for 2xx. */
int cli_post_code(const struct post_result *result);

/* "200", or the reason; static memory. */
const char *cli_post_text(const struct post_result *result);

#endif
