/* Posts a captured request again: hd_post(), and what came of it. */
#ifndef HD_CLI_POST_H
#define HD_CLI_POST_H

#include "cli/request.h"
#include "helmdesk.h"

struct post_result {
    int reason;        /* HD_REASON_... */
    hd_report *report; /* NULL if the request could not be made */
    size_t left_out;   /* headers that there was no room for */
};

/* A URL as people may see it, to be freed: masked, since it may be a secret, unless it is of this machine. Returns
 * CLI_OK, or says what is wrong. */
int cli_shown_url(const char *url, char **shown);

/* Posts the body of a request with its headers, whatever its method was, but for those headers that belong to the
 * connection it came over. Returns HD_OK if there is a result, which is to be freed; else a status. From any thread. */
int cli_post(const hd_options *options, const char *url, const struct request *request, struct post_result *result);
void cli_post_free(struct post_result *result);

/* The exit code of a result: CLI_OK for 2xx. */
int cli_post_code(const struct post_result *result);

/* Whether a whole answer came, good or bad. */
int cli_post_is_answered(const struct post_result *result);

/* "200", or the reason; static memory. */
const char *cli_post_text(const struct post_result *result);

/* What happened and what to do. */
const char *cli_post_explanation(const struct post_result *result);

/* The value of a header of the answer, as a string; 0 if there is none that fits. */
int cli_post_header(const struct post_result *result, const char *name, char *value, size_t size);

#endif
