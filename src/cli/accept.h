/* The library's own receiver, for requests as the tool holds them. */
#ifndef HD_CLI_ACCEPT_H
#define HD_CLI_ACCEPT_H

#include "cli/input.h"
#include "cli/request.h"
#include "helmdesk.h"

/* Makes a receiver with these secrets. max_age_ms is 0 for what the library has without it. Returns a status. */
int cli_receiver_new(const struct secrets *secrets, int64_t max_age_ms, hd_receiver **receiver);

/* Makes a request with its headers and body; to be freed. Returns a status. */
int cli_request_make(const struct request *request, hd_request **made);

/* As hd_receiver_accept(). */
int cli_accept(hd_receiver *receiver, const struct request *request, hd_acceptance **acceptance);

/* Whether a status says that the signature was right: HD_OK, or that the body is not an event (but a Slack message,
 * say). */
int cli_is_signed(int status);

#endif
